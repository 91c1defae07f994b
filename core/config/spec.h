/* A resolved config as C values: one field for each option. The option table (options.c) says where
 * the field lies; the field's type says how it is filled. The resolved JSON stays, for ids and
 * records. An absent option leaves 0: a NULL text, a list without entries, a component without a
 * descriptor. */
#ifndef LB_SPEC_H
#define LB_SPEC_H

#include "core/config/config.h"
#include "core/config/pool.h"

/* The value of an option with a list of choices. */
struct lb_word {
	int at;                  /* place among the choices; 0 where it is absent */
	const char *text;        /* NULL where it is absent */
};

/* The value of an option that takes a list or a block {name: number or text}, or one value
 * instead. */
struct lb_list {
	size_t n;
	const char *const *text; /* (n) its texts, or the names of the block; NULL for numbers of a list */
	const char *const *named; /* (n) the texts of the block; NULL for a number */
	const double *number;    /* (n) its numbers, or those of the block */
	double value;            /* the one number instead */
	struct lb_word word;     /* the one choice instead */
	const char *one;         /* the one text instead */
	bool given;              /* a list or a block, not one value */
};

/* A component block. */
struct lb_component_use {
	const struct lb_info *info; /* NULL: there is none */
	struct lb_arg *par;      /* in the order of info's parameters */
	/* Parameters of the block itself (lb_option.extra), 1 where it has none. */
	double weight;
	size_t head;             /* of a term: the head of the model whose scores it reads, from 1 */
	int rows;                /* of a loss: enum lb_rows_word */
};

struct lb_component_uses {
	struct lb_component_use *use;
	size_t n;
};

struct lb_file_spec {
	const char *path, *label, *labels, *x, *y;
	struct lb_word format;
};

/* Places among the choices of an option. */
enum lb_decimal_mark { LB_DECIMAL_POINT, LB_DECIMAL_COMMA };
enum lb_unseen_word { LB_UNSEEN_IS_ERROR, LB_UNSEEN_IS_ZERO };
enum lb_anomalies_word { LB_ANOMALIES_LEFT_OUT, LB_ANOMALIES_UNLABELLED };
enum lb_target_word { LB_TARGET_AS_IS, LB_TARGET_STANDARDIZED };
enum lb_class_weight_word { LB_CLASS_WEIGHT_NONE, LB_CLASS_WEIGHT_BALANCED };
enum lb_rows_word { LB_ROWS_ALL, LB_ROWS_FORGET, LB_ROWS_RETAIN };
enum lb_precision_word { LB_PRECISION_32, LB_PRECISION_64 };

struct lb_data_spec {
	struct lb_file_spec train, valid, test;
	const char *teacher;
	struct { const char *teacher, *second_teacher, *teacher_features, *guide; struct lb_list soft_labels; } side; /* a file, or the columns of the classes */
	struct lb_component_use generator;
	struct lb_list labels, drop, categorical, normal, ignore_labels;
	struct lb_word anomalies, header, delimiter, decimal, thousands, index_base, unseen, missing;
	const cJSON *missing_values;
	uint64_t features;
	double max_bytes, max_memory;
	const char *group, *subgroup, *query, *time, *event, *weight, *offset, *exposure, *positive;
	struct {
		double train, valid;
		struct lb_list test;     /* a share, or residues */
		struct lb_list hold_out_classes; /* names, or the number of classes */
		uint64_t first, modulo, folds, fold, seed;
		bool stratify;
	} split;
	struct { uint64_t folds, fold; bool test; } cv;
	struct {
		struct lb_list classes, groups; /* names, or one */
		const char *rows;        /* a file */
		double rate;             /* 0: not given, all of them */
		uint64_t seed;
		struct lb_word train;    /* enum lb_forget_train; without text: nothing is to be forgotten */
	} forget;
	struct lb_component_use bags;
	struct {
		bool standardize;
		struct lb_word scale, target;
		double subtract, divide;
	} preprocess;
};

struct lb_train_spec {
	uint64_t epochs, batch, seed, per_class, clusters, checkpoint;
		double positive_rate;
	struct lb_word precision, sampler;
	bool shuffle;
	double clip_norm, loss_lr_factor;
	struct lb_list class_weight;
	double scale_pos_weight; /* 0: not given */
	struct lb_component_use miner, views, attack;
	struct { const char *metric; uint64_t patience; double min_delta; } early_stopping; /* NULL metric: none */
	struct lb_list curves;
};

enum { LB_SPEC_TOPS = 32 };

struct lb_spec {
	const cJSON *config;     /* the resolved config that it was filled from; borrowed, as its texts are */
	const char *name;
	struct lb_word task;
	struct lb_data_spec data;
	struct { struct lb_component_use imbalance, labels, bags; double pairs; } corrupt;
	struct lb_component_use model, head, loss, optimizer, schedule;
	struct lb_component_uses terms, procedures, regularisers, metrics;
	struct lb_train_spec train;
	struct {
		struct lb_word threshold;
		struct lb_component_use calibration, attack, embeddings, anomaly;
		const char *reference;   /* a saved model */
	} evaluate;
	struct {
		uint64_t trials, folds, seed; /* 0 trials: there is no tuning */
		struct lb_word method;
		const char *metric;
	} tune;
	struct {
		const char *dir;
		bool predictions, model;
	} output;
	/* What the fields below each top-level key refer to, and the block that they were filled
	 * from. */
	struct lb_spec_top {
		const cJSON *child;
		struct lb_pool pool;
	} top[LB_SPEC_TOPS];
};

/* Releases what the fields refer to, and makes the spec { 0 }. */
void lb_spec_free(struct lb_spec *spec);

/* Returns the kind of loss that the task is for. */
static inline enum lb_kind lb_spec_kind(const struct lb_spec *spec)
{
	return (enum lb_kind)spec->task.at;
}

/* Returns true if rows have soft labels, from a file or from columns of the table. */
static inline bool lb_labels_are_soft(const struct lb_spec *spec)
{
	return spec->data.side.soft_labels.one || spec->data.side.soft_labels.n;
}

/* Returns the component's parameter of that name; NULL where it has none, or there is no
 * component. */
const struct lb_arg *lb_use_arg(const struct lb_component_use *use, const char *name);

/* The number of such a parameter, or `otherwise`. */
double lb_use_number(const struct lb_component_use *use, const char *name, double otherwise);

/* Returns true if there is a component of that name. */
bool lb_use_is(const struct lb_component_use *use, const char *name);

#endif
