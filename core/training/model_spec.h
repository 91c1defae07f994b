/* What a model is, free of precision: the descriptors of the model kinds and the shape that a trial
 * resolves to. */
#ifndef LB_MODEL_SPEC_H
#define LB_MODEL_SPEC_H

#include "core/base/err.h"
#include "core/base/component.h"

#include <stdbool.h>
#include <stdint.h>

enum lb_activation { LB_RELU, LB_TANH, LB_GELU, LB_IDENTITY, LB_COS };
enum lb_bias_init { LB_BIAS_SCHEME, LB_BIAS_ZERO, LB_BIAS_UNIFORM, LB_BIAS_NONE };
enum lb_init { LB_INIT_TORCH, LB_INIT_XAVIER, LB_INIT_HE, LB_INIT_ZERO };

#define LB_MAX_LAYERS 32
enum { LB_MOST_HEADS = 8 };

/* Models of Gaussian classes, and of one Gaussian (core/engine/fit/gaussian_classes.h), a layer of
 * random features under a ridge regression (core/engine/fit/random_features.h), and the training
 * rows themselves (core/engine/fit/training_rows.h). */
enum lb_closed_form { LB_NO_CLOSED_FORM, LB_NAIVE_BAYES, LB_LDA, LB_GAUSSIAN, LB_RANDOM_FEATURES, LB_TRAINING_ROWS };
enum lb_covariance { LB_LEDOIT_WOLF, LB_SHRUNK, LB_EMPIRICAL };
/* Principal components of one Gaussian that count: all, those of most variance, the others. */
enum lb_components { LB_ALL_COMPONENTS, LB_HIGH_COMPONENTS, LB_LOW_COMPONENTS };

/* A stack of affine layers width[0] -> width[1] -> ... -> width[n_layers]; the activation (and
 * dropout) follow every layer but the last. A linear model has one layer. */
struct lb_model_spec {
	size_t n_layers;
	size_t width[LB_MAX_LAYERS + 1];
	size_t heads;            /* groups of the output layer's columns, side by side, as wide each; 0: one */
	enum lb_activation activation;
	enum lb_init init;
	enum lb_bias_init bias_init;
	double dropout;          /* share of hidden units dropped in training; the others are scaled by 1/(1 - dropout) */
	uint64_t seed;           /* of initialisation and dropout */
	enum lb_closed_form closed_form; /* fitted without loss and optimiser; but for random features a linear model */
	double smoothing;        /* naive Bayes: added to the variances */
	enum lb_covariance covariance; /* LDA, one Gaussian */
	double shrinkage;        /* of a shrunk covariance */
	enum lb_components components; /* one Gaussian */
	double variance;         /* the share of the variance that high components have at least */
	struct {
		double weights, biases;  /* standard deviations: of a weight times sqrt(inputs), of a bias */
		double ridge;
		bool intercept;
	} random;                /* random features */
	const struct lb_info *head; /* how the output layer makes scores (core/training/head_info.h); NULL: linear */
	const struct lb_arg *head_par;
	bool factored;           /* the head trains the output layer by itself (core/engine/model/head/factored.h) */
	double cosine_scale;     /* the scores are this times cosines, and the output layer's biases stay 0; 0: they are no cosines */
};

/* A kind of model. */
struct lb_model_kind {
	struct lb_info base;     /* .traits of enum lb_model_trait */
	/* The shape for `inputs` features and `outputs` scores. */
	int (*make)(const struct lb_arg *par, size_t inputs, size_t outputs, struct lb_model_spec *out, struct lb_err *err);
};

enum lb_model_trait {
	LB_CLOSED_FORM = 1 << 0, /* fitted without loss, optimiser and steps */
	LB_FIXED_FEATURES = 1 << 1, /* its last layer, trained by a loss, reads the features of the data */
	LB_WHITENS = 1 << 2,     /* its outputs are whitened features: the squared length of a row is its Mahalanobis distance */
	LB_ONE_LAYER = 1 << 4,   /* its scores are linear in the features */
	LB_KEEPS_ROWS = 1 << 3   /* it has an output for each training row, so that `outputs` of .make is their number */
};

/* The registered kinds of models, each the .base of a struct lb_model_kind. */
extern const struct lb_info *const lb_models[];
#define MODEL(name) extern const struct lb_model_kind lb_model_kind_##name;
#include "core/training/models.def"
#undef MODEL

/* The shape of a model of lb_models for `inputs` features and `outputs` scores. par is in the order
 * of the descriptor. */
int lb_model_spec_make(const struct lb_info *info, const struct lb_arg *par, size_t inputs, size_t outputs,
		       struct lb_model_spec *out, struct lb_err *err);

/* Gives the model a head. Borrowed. */
void lb_model_spec_head(struct lb_model_spec *s, const struct lb_info *head, const struct lb_arg *par);

/* Columns of the output layer that a head has, the first of which are head 1's. */
size_t lb_model_spec_columns(const struct lb_model_spec *s);

/* Number of weights and biases. */
size_t lb_model_spec_size(const struct lb_model_spec *s);

/* Those of them that are no parameters: biases that a head does not have. */
size_t lb_model_spec_unused(const struct lb_model_spec *s);

#endif
