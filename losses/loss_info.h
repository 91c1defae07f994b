/* What a loss says of itself, free of precision: all that the command line, the config check, the
 * sweep and the catalogue need. See losses/loss.h for the functions, losses/README.md for the
 * vocabulary. */
#ifndef LB_LOSS_INFO_H
#define LB_LOSS_INFO_H

#include "core/base/component.h"

#include <stddef.h>
#include <stdint.h>

/* What a loss sees decides its kind; a name is unique within its kind. */
enum lb_kind {
	LB_MULTICLASS, /* scores B x C, labels 0..C-1 */
	LB_BINARY,     /* one score a row, labels 0/1 */
	LB_REGRESSION, /* predictions B x T, targets B x T */
	LB_EMBEDDING,  /* embeddings B x D, labels 0..C-1; the loss may make class scores for the metrics */
	LB_DISTILLATION, /* scores B x C, labels 0..C-1, a teacher's scores B x C */
	LB_MULTILABEL, /* scores B x C, labels B x C: 1, 0, or -1 where it is not known */
	LB_RANKING,    /* one score a row, a grade >= 0 a row, the rows of a query side by side */
	LB_SURVIVAL,   /* scores B x C, a time >= 0 a row, and whether its event was seen: 1, or 0 where it is censored */
	LB_ANOMALY,    /* of a task alone: its losses are of regression, and a row's targets are its features (lb_loss_reconstructs) */
	LB_N_KINDS
};

/* Sets of tasks, for lb_info.tasks. */
#define LB_EVERY_TASK ((1u << LB_N_KINDS) - 1)
#define LB_CLASS_TASKS (1u << LB_MULTICLASS | 1u << LB_BINARY)

/* Traits that hold for every parameter value in range. Each is tested for every loss that claims
 * it; one that holds but is not claimed is reported by the same test. A trait that holds only for
 * some parameters is a line in `notes`. */
enum lb_property {
	LB_NONNEGATIVE = 1 << 0,     /* value >= 0 */
	LB_CONVEX = 1 << 1,          /* convex in the scores */
	LB_SMOOTH = 1 << 2,          /* differentiable everywhere (no kinks) */
	LB_SHIFT_INVARIANT = 1 << 3, /* adding a constant to all scores of a row changes nothing */
	LB_SYMMETRIC = 1 << 4,       /* the sum of the loss over all labels does not depend on the scores */
	LB_BOUNDED = 1 << 5,         /* the value has a finite upper bound over all scores */
	LB_PROPER = 1 << 6,          /* the expected loss is smallest where the link's probabilities are the true ones */
	LB_CALIBRATED = 1 << 7       /* classification-calibrated: minimising it gives the Bayes decision */
};

enum lb_need {
	LB_NEEDS_CLASS_COUNTS = 1 << 0, /* training rows of each class */
	LB_NEEDS_SAMPLE_IDS = 1 << 1,   /* keeps state a training row */
	LB_NEEDS_BOTH_CLASSES = 1 << 2, /* a batch that lacks a class gives a constant (0; 1 for a metric) and no gradient */
	LB_NEEDS_FEATURES = 1 << 3,     /* the features that the output layer sees */
	LB_MOVES_FEATURES = 1 << 4,     /* its gradient by these features goes back to the hidden layers; else they are held fixed */
	LB_NEEDS_VIEWS = 1 << 5,        /* several views of each row, the first the row itself */
	LB_NEEDS_COSINES = 1 << 6,      /* scores of a cosine head: a scale times cosines */
	LB_TAKES_TRIPLETS = 1 << 7,     /* reads the triplets that a miner chose, where there is one */
	LB_NEEDS_BAGS = 1 << 8,         /* rows come in bags, those of one side by side */
	LB_TAKES_EXPOSURE = 1 << 9,     /* a model's first output for a target is the log of its size, which an exposure multiplies */
	LB_NEEDS_INPUTS = 1 << 10,      /* the rows as the model reads them, written out; it compares all pairs of a batch by them */
	LB_NEEDS_GUIDE = 1 << 13,       /* what a guide, another model, says of each row, in the place of inputs; in distillation the teacher's features */
	LB_TAKES_PAIRS = 1 << 16,       /* reads the pairs that a miner chose, where there is one */
	LB_NEEDS_MIXED_VIEW = 1 << 20,  /* a third view, each row of which is a mixture of a row of the first and one of the second (lb_batch.partner) */
	LB_TAKES_TARGET = 1 << 12,      /* holds its second view fixed, so that a second network may give it (procedure averaged_target) */
	LB_NEEDS_TEACHER = 1 << 11,     /* a teacher's score of each row in ranking, its predictions in regression, in multiclass its scores; of distillation it goes
	                                   without saying */
	LB_NEEDS_SECOND_TEACHER = 1 << 21, /* regression: those of another teacher too */
	LB_NEEDS_START = 1 << 22        /* its teacher is the model that the training begins with (model.start) */
};

/* Where the mathematics itself asks less of a loss than losses/loss.h does; `notes` says what is
 * done there. */
enum lb_exception {
	LB_OVERFLOWS = 1 << 0,     /* a finite value may lie beyond the largest number: it is +inf then, and the gradient is not NaN */
	LB_JUMPS_AT_TIES = 1 << 1, /* the value jumps where all scores of a row are equal: no slope is stated there */
	LB_UNDEFINED_AT_ZERO = 1 << 2, /* a row of zeros (of z, of the prototypes) has no direction: the value is NaN */
	LB_ORDER_MATTERS = 1 << 5, /* the classes are ordered: the value changes when they change places */
	LB_HOLDS_FACTORS = 1 << 4, /* the gradient takes factors of the value as constants; it is checked against differences with these held */
	LB_TIES_BY_ROW = 1 << 6,   /* rows of equal grade stand in the order of the data, or the first rows of a class have a part of their own: the value changes when they change places */
	LB_JUMPS_AT_ZERO = 1 << 7, /* a row of zeros (of z, of the prototypes; a sum of rows) has no direction: its cosines are 0, and the value jumps there; its gradient is 0 */
	LB_SIZE_MATTERS = 1 << 3   /* the value changes when every row of the batch is repeated: a term counts once a batch, or draws are made for rows */
};

/* "With these parameter values it is that loss": |a * scale + shift - b| is tested to be 0, and the
 * gradients alike. */
struct lb_same_as {
	const char *set;             /* "gamma=0" in the form of --param, several separated by blanks; "" for the defaults */
	const char *other;           /* name of the other loss, of the same kind */
	const char *other_set;       /* its parameters, "" for the defaults */
	double scale;                /* value = scale * other + shift; 0 means 1 */
	double shift;
	bool minus_log_classes;      /* also shift by -log C */
};

/* The targets that a loss of a regression is defined for. */
enum lb_targets { LB_ANY_TARGETS, LB_TARGETS_NOT_NEGATIVE, LB_TARGETS_POSITIVE, LB_TARGETS_ABOVE_MINUS_ONE, LB_TARGETS_SHARES, LB_N_TARGETS };

/* What a number that a regression model gives for a target says of it. */
enum lb_statistic {
	LB_MEAN,
	LB_LOG_VARIANCE, /* ln of the variance, or of a scale; told as the standard deviation */
	LB_QUANTILE,
	LB_PARAMETER,    /* of the distribution, told as it is; such outputs have no units, so that targets are not scaled */
	LB_N_STATISTICS
};

/* What there is one of something for: a score of the model, a row of a loss's own parameters. A
 * step leads from a class to the next in order; a target is one of a regression. Own parameters of
 * embeddings make scores of classes where each class has some; else they need not. */
enum lb_one_for { LB_EACH_CLASS, LB_EACH_STEP, LB_ALL_TOGETHER, LB_EACH_TARGET };

/* One of the outputs that a model has for each target. */
struct lb_output {
	enum lb_statistic says;
	double level;                        /* of a quantile, in (0, 1); the number of a parameter */
	bool of_scale;                       /* LB_LOG_VARIANCE: ln of a scale */
};

/* Rows of a batch, from 0: the anchor, another of its class, one of another class. */
struct lb_triplet {
	uint32_t anchor, positive, negative;
};

/* What a loss of the spherical family reads of a row's scores z (P. Vincent, A. de Brebisson, X.
 * Bouthillier, Efficient exact gradient update for training deep networks with very large sparse
 * targets, NIPS 2015); or its derivatives by these. */
struct lb_spherical {
	double own, sum, squares; /* z_y, sum_k z_k, sum_k z_k^2 */
};

/* The triplets that a miner chose from a batch: a list, or all for which `keeps` is true. */
struct lb_triplets {
	size_t n;
	const struct lb_triplet *triplet;
	bool (*keeps)(const void *arg, size_t anchor, size_t positive, size_t negative); /* NULL: the list */
	const void *arg;
};

/* The times that a survival curve is asked for. */
struct lb_curve {
	size_t n;
	const double *time;      /* (n) ascending, >= 0 */
	const double *hazard;    /* (n) the cumulative baseline hazard at these times, for info.baseline_hazard; else NULL */
};

#define LB_MOST_VIEWS 16
#define LB_MOST_OUTPUTS 100
#define LB_MOST_PER_CLASS 10 /* rows of parameters that a class may have */
#define LB_MOST_GRADE 1000 /* of a ranking: 2 to its power is a number */
#define LB_EXAMPLE_ROWS 4
#define LB_EXAMPLE_CELLS 12
/* A worked example; shown by `losses show` and in the catalogue, and run as a test to 1e-9
 * relative. */
struct lb_example {
	const char *set;                     /* parameters as above */
	int b, c;                            /* rows, columns */
	double z[LB_EXAMPLE_CELLS];          /* scores or predictions, b x c */
	int y[LB_EXAMPLE_ROWS];              /* labels, where a row has one */
	double t[LB_EXAMPLE_CELLS];          /* targets, regression; the teacher's scores, distillation; labels, multilabel; grades of one query, ranking; times, survival */
	double h[LB_EXAMPLE_CELLS];          /* features, b x n_h */
	int n_h;
	double x[LB_EXAMPLE_CELLS];          /* inputs, b x n_x, or what the guide says of the rows, or the teacher's features */
	int n_x;
	double teacher[LB_EXAMPLE_CELLS], second_teacher[LB_EXAMPLE_CELLS]; /* for LB_NEEDS_TEACHER: a score a row, in regression b x c; for
	                                        LB_NEEDS_SECOND_TEACHER */
	double params[LB_EXAMPLE_CELLS];     /* the loss's own, in rows as params_for says */
	int classes;                         /* 0: c */
	int views;                           /* z holds so many blocks of b rows; 0: 1 */
	double scale;                        /* of the cosines that z holds, for LB_NEEDS_COSINES; 0: 1 */
	double value;
	const char *source;                  /* where the value comes from: by hand, SciPy, a paper's table */
};

/* The sizes that a loss's parameters and workspace depend on. */
struct lb_loss_shape {
	size_t b, c, views;      /* rows of a batch, columns of the output, blocks of b rows in it; b and views the most there can be */
	size_t n_hidden;         /* features that the output layer sees; 0: not known */
	size_t n_guide;          /* columns of what a guide or the teacher's hidden layer says, where the loss reads it */
	size_t n_classes;
};

struct lb_loss_info {
	struct lb_info base;
	enum lb_kind kind;
	const char *good_for;                /* the purposes a reader looks it up by: "label noise", "class imbalance", ...; commas between */
	unsigned properties;                     /* of enum lb_property */
	unsigned needs;                      /* of enum lb_need */
	unsigned exceptions;                     /* of enum lb_exception */
	/* Names the loss's own parameters, trained with the model's: one row a class, as long as a
	 * row of embeddings, or of features where the loss needs these; one number a step; a row
	 * for each target, or for all together, of any length (params_for). NULL: it has none. */
	const char *params;
	enum lb_one_for params_for;
	size_t (*per_class)(const struct lb_arg *par); /* of LB_EACH_CLASS: rows of parameters that each class has, side by side; NULL: one */
	enum lb_one_for scores_for;          /* multiclass: what the model has a score for. Other than LB_EACH_CLASS: the loss makes the classes' scores of them */
	/* Returns the loss of a row of `classes` scores, and its slopes, unless NULL; the
	 * derivative by z_k is slope->sum + 2 slope->squares z_k, and slope->own more by z_y. NULL:
	 * it is not of the spherical family, or multiclass. */
	double (*spherical)(const struct lb_arg *par, double classes, const struct lb_spherical *at, struct lb_spherical *slope);
	size_t classes;                      /* that its data must have; 0: any number that its kind has */
	/* The k-th output that a regression model has for each target; false past the last, of
	 * which there are 1 to LB_MOST_OUTPUTS. The columns of z are those of the first target,
	 * then those of the second. NULL: one column a target, the prediction itself. */
	bool (*output)(const struct lb_arg *par, size_t k, struct lb_output *out);
	enum lb_targets targets;             /* in survival: the times */
	size_t (*columns)(const struct lb_arg *par); /* survival: scores of a row; NULL: one */
	bool baseline_hazard;                /* survival: its curves need the cumulative baseline hazard of the training rows, which training makes */
	bool weighs_rows;                    /* rows may have weights, though it is no mean of row losses: its function reads lb_batch.row_weight */
	size_t (*most_of_query)(const struct lb_arg *par); /* rows that a query may have; NULL: any number */
	const struct lb_same_as *same_as;
	int n_same_as;
	const struct lb_example *examples;
	int n_examples;
	bool by_formula;                     /* made of a config's formula (losses/formula.h): it is in no list */
};

/* Members of struct lb_loss_info from a table of that type. */
#define LB_SAME_AS(table) .same_as = (table), .n_same_as = sizeof(table) / sizeof *(table)
#define LB_EXAMPLES(table) .examples = (table), .n_examples = sizeof(table) / sizeof *(table)

/* The registered losses, each the .base of a struct lb_loss_info, the same in both precisions. */
extern const struct lb_info *lb_losses_f32[], *lb_losses_f64[];

/* Losses that all plug-ins together may have (losses/plugin.h). */
enum { LB_PLUGIN_LOSSES = 256 };

/* The registry, in the order of losses/list.def, then of the plug-ins. All borrowed and
 * constant. */
size_t lb_loss_count(void);
const struct lb_loss_info *lb_loss_at(size_t i);
/* NULL when there is none. */
const struct lb_loss_info *lb_loss_find(enum lb_kind kind, const char *name);
/* True when the loss is a mean of row losses. */
bool lb_loss_separable(const struct lb_loss_info *info);
/* True when rows can have weights: the loss is separable, or weighs them itself. */
bool lb_loss_weighs_rows(const struct lb_loss_info *info);

/* Returns how many there are, with so many classes; not of LB_EACH_TARGET. */
size_t lb_how_many(enum lb_one_for of, size_t n_classes);
/* Columns of z for each target in regression (`output`) and in survival (`columns`), else 1. */
size_t lb_loss_outputs(const struct lb_loss_info *info, const struct lb_arg *par);
/* "> 0", "between 0 and 1", ...: what the targets of a loss have to be; "any number". */
const char *lb_targets_text(enum lb_targets targets);
/* Returns whether the target is one of them. */
bool lb_targets_allow(enum lb_targets targets, double t);
/* "mean", "sd", "quantile": what is told of a target. */
const char *lb_statistic_name(enum lb_statistic says);
/* True when a loss of survival makes curves of its scores. */
bool lb_loss_gives_curves(const struct lb_loss_info *info);
/* True when metrics of classes apply: the model's output, or what the loss makes of embeddings, is
 * a score for each class. */
bool lb_loss_gives_scores(const struct lb_loss_info *info);
/* True when a model can be trained by it to give back the features of a row: a loss of regression,
 * of any targets, that reads nothing but these and keeps no state. */
bool lb_loss_reconstructs(const struct lb_loss_info *info);
/* True when the loss is one of the distances within a batch, for which a matrix is made. */
bool lb_loss_of_distances(const struct lb_loss_info *info);

/* Returns the rows that the loss's own parameters have, where it has some. */
size_t lb_loss_params_rows(const struct lb_loss_info *info, const struct lb_arg *par, const struct lb_loss_shape *shape);
/* Returns the number of the loss's own parameters, 0 for most. */
size_t lb_loss_n_params(const struct lb_loss_info *info, const struct lb_arg *par, const struct lb_loss_shape *shape);

/* The kind of a task's data, models' scores and metrics: multiclass for embedding and distillation,
 * else the kind itself. */
enum lb_kind lb_kind_of_data(enum lb_kind kind);

/* True when a row has numbers to learn instead of one class: regression's targets, multilabel's
 * labels, the grade of ranking, the time of survival. */
bool lb_kind_of_columns(enum lb_kind kind);
/* True when a row has a label in lb_batch.y: its class, or in survival whether the event was
 * seen. */
bool lb_kind_of_labels(enum lb_kind kind);
/* True when the numbers of a row are in lb_batch.target: not so the labels of multilabel. */
bool lb_kind_of_targets(enum lb_kind kind);

/* "multiclass", "binary", "regression", "embedding", "distillation", "multilabel", "ranking",
 * "survival", "anomaly". */
const char *lb_kind_name(enum lb_kind kind);
/* "convex", ...; bit is one bit of enum lb_property. */
const char *lb_property_name(unsigned bit);

#endif
