/* Regularisers: what is added to the losses and depends on weights, scores or the model's slope.
 * All arithmetic is in double, on matrices in plain order. Free of precision. */
#ifndef LB_REGULARISER_H
#define LB_REGULARISER_H

#include "core/base/component.h"

/* The weights of a layer, (out,in), a row an output. */
struct lb_layer_matrix {
	size_t out, in;
	double *w;
};

/* A model of at most one hidden layer at some rows: z = a f(w x + bias). */
struct lb_slope {
	size_t b, in, hidden, out; /* rows; hidden 0: z = a x, and only in, out and a are read */
	const double *w, *a;     /* (hidden,in), (out,hidden), or (out,in) */
	const double *x;         /* (b,in) */
	const double *first, *second; /* (b,hidden) derivatives of the activation */
};

/* Where its gradient is added: as the parameters, and (hidden) by the hidden layer's biases. */
struct lb_slope_gradient {
	double *w, *bias, *a;
};

/* A descriptor sets one of .value, .of_scores and .of_slope. */
struct lb_regulariser {
	struct lb_info base;
	bool skips_first;        /* leaves the first layer alone where `layers` is not given */
	bool mean;               /* the mean of the layers counts, not their sum */
	/* The value of a matrix; g (out,in) += factor times its gradient. room and state hold as
	 * many values as these functions say, or none; state is 0 before the first call. */
	double (*value)(const struct lb_arg *par, const struct lb_layer_matrix *m, double factor, double *g, double *room, double *state);
	/* m->w <- argmin over v of |v - w|^2 / 2 + t times the value of v. NULL: it has none. */
	void (*prox)(const struct lb_arg *par, const struct lb_layer_matrix *m, double t, double *room);
	size_t (*room)(size_t out, size_t in);
	size_t (*state)(size_t out, size_t in);
	/* The value of a row of c scores, of which 1 are those of two classes; dz (c) += factor
	 * times its gradient. */
	double (*of_scores)(const struct lb_arg *par, size_t c, const double *z, double factor, double *dz);
	/* The mean over the rows. room: 3 hidden^2 + hidden values. */
	double (*of_slope)(const struct lb_slope *s, double factor, const struct lb_slope_gradient *g, double *room);
};

/* The first parameter of those of matrices, and the second where there is a prox. */
enum { LB_REG_LAYERS, LB_REG_OWN, LB_REG_HOW = LB_REG_OWN };
enum lb_reg_how { LB_REG_BY_PROX, LB_REG_BY_GRADIENT };

extern const char *const lb_regulariser_hows[];

#define LB_REG_LAYERS_PARAM                                                                                                     \
	[LB_REG_LAYERS] = { .name = "layers", .type = LB_INTS_PARAM, .min = 1, .max = 64,                                       \
			    .help = "the layers whose weights count, from 1; empty: all that it is meant for" }
#define LB_REG_HOW_PARAM                                                                                                        \
	[LB_REG_HOW] = { .name = "how", .type = LB_CHOICE_PARAM, .choices = lb_regulariser_hows,                                \
			 .help = "prox: after each step the weights go to the proximal point at lr times weight, where many are exactly 0; " \
				 "gradient: its gradient joins that of the losses" }

/* A regulariser in use by a trial. Borrowed. */
struct lb_regulariser_use {
	const struct lb_info *info;
	const struct lb_arg *par;
	double weight;
};

enum { LB_MOST_REGULARISERS = 8 };

/* The registered regularisers, each the .base of a struct lb_regulariser. */
extern const struct lb_info *const lb_regularisers[];
#define REGULARISER(name) extern const struct lb_regulariser lb_regulariser_##name;
#include "core/training/regularisers.def"
#undef REGULARISER

/* Whether it goes by its proximal point. */
bool lb_regulariser_by_prox(const struct lb_regulariser *r, const struct lb_arg *par);

/* Whether it is of the weights of this layer, from 0. */
bool lb_regulariser_of_layer(const struct lb_regulariser *r, const struct lb_arg *par, size_t layer);

#endif
