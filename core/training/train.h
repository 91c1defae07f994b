/* The cohort trainer: K trials that read the same minibatches in the same order (same rows,
 * features, batch size, epochs and order seed) and differ in loss, model, optimiser, labels and so
 * on. The batch is gathered once for all. A single trial is a cohort of one, and its result is the
 * same to the byte in any company. Free of precision; the trainer itself is compiled twice. */
#ifndef LB_TRAIN_H
#define LB_TRAIN_H

#include "core/base/err.h"
#include "core/metrics/decision_rule.h"
#include "core/metrics/metric.h"
#include "core/training/model_spec.h"
#include "core/training/miner_info.h"
#include "core/training/procedure_info.h"
#include "core/training/schedule.h"
#include "core/training/query_batches.h"
#include "core/training/sampler.h"
#include "core/training/survival_times.h"
#include "datasets/dataset.h"
#include "losses/loss_info.h"

#include <stdbool.h>

/* A metric asked for: its descriptor, parameters, and the key it has in the record
 * ("top_k(k=3)"). */
struct lb_metric_use {
	const struct lb_metric *metric;
	const struct lb_arg *par;
	const char *key;
};

struct lb_early_stopping {
	bool on;
	size_t metric;           /* index into metrics, evaluated on the validation rows */
	int64_t patience;        /* epochs without an improvement of more than min_delta; an undefined value is none */
	double min_delta;
};

/* The registered augmentations' descriptors, the same in both precisions; and the first parameters
 * of each. */
extern const struct lb_info *const lb_augmentations_f32[], *const lb_augmentations_f64[];
enum { LB_VIEW_COUNT, LB_VIEW_SEED, LB_VIEW_OWN };

/* The registered attacks' descriptors, the same in both precisions; .traits of enum
 * lb_attack_trait. The order of their parameters, of which each has the first ones. */
extern const struct lb_info *const lb_attacks_f32[], *const lb_attacks_f64[];
enum lb_attack_trait {
	LB_NO_ATTACK = 1 << 0,    /* rows stay as they are */
	LB_EXACT_ATTACK = 1 << 1  /* has no draws, and needs scores that are linear in the rows */
};
enum { LB_ATTACK_NORM, LB_ATTACK_EPS, LB_ATTACK_CLIP, LB_ATTACK_OBJECTIVE, LB_ATTACK_STEPS, LB_ATTACK_STEP, LB_ATTACK_RESTARTS, LB_ATTACK_START,
	LB_ATTACK_SEED, LB_ATTACK_PARAMS };
enum lb_attack_norm { LB_ATTACK_LINF, LB_ATTACK_L2 };
enum lb_attack_objective { LB_ATTACK_CE, LB_ATTACK_MARGIN, LB_ATTACK_DLR, LB_ATTACK_PROBABILITY_MARGIN, LB_ATTACK_DEVIATION, LB_ATTACK_ALL };
enum lb_attack_start { LB_ATTACK_RANDOM, LB_ATTACK_ROW };

/* One of the losses whose weighted sum a trial minimises. Borrowed. */
struct lb_term {
	const struct lb_loss_info *loss;
	const struct lb_arg *par;
	double weight;                   /* positive */
};
enum { LB_MOST_TERMS = 8 };

/* What a target is measured in: the training sees (target - mean) / sd. */
struct lb_unit {
	double mean, sd;
};

/* One trial of a cohort. Everything is borrowed and only read. */
struct lb_setup {
	const struct lb_loss_info *loss; /* the main one, which makes scores where it is of embeddings */
	const struct lb_arg *loss_par;
	const struct lb_term *term;      /* (n_terms) losses of the same scores whose weighted sum is minimised; none: `loss` alone */
	size_t n_terms;
	struct lb_model_spec model;
	const struct lb_info *optimizer;
	const struct lb_arg *optimizer_par;
	const struct lb_schedule *schedule;
	const struct lb_arg *schedule_par;
	const struct lb_info *view;      /* how further views of a row are made, or NULL for the row alone */
	const struct lb_arg *view_par;
	const struct lb_info *attack;    /* the training sees rows as it moves them, or, where the loss wants views, both; NULL: as they are */
	const struct lb_arg *attack_par;
	const struct lb_info *eval_attack; /* the attack that robust metrics are measured under, or NULL */
	const struct lb_arg *eval_attack_par;
	const struct lb_procedure_use *procedure; /* (n_procedures) that take part in each step, in this order */
	size_t n_procedures;
	const struct lb_info *miner;     /* chooses the triplets of a batch; NULL: all count */
	const struct lb_arg *miner_par;
	double clip_norm;                /* gradients longer than this are scaled down to it; 0: off */
	const int32_t *y;                /* label of every row of the dataset, as corrupted; NULL in regression */
	const double *target;            /* targets, or labels of a multi-label task, of every row of the dataset, as corrupted; NULL: the
	                                    dataset's (lb_setup_target) */
	const double *taught;            /* what the training sees in their place where it is something else, the means of bags; or NULL */
	const double *row_weight;        /* weight of every row, mean 1 over the training rows, or NULL */
	const struct lb_unit *unit;      /* regression: of each target, or NULL for targets as they are. Losses, and the objective, are of targets
	                                    in their units; the parameters kept, scores and metrics
	                                    are of targets as they are */
	const double *cuts;              /* survival: ends of the loss's intervals, from the training rows' event times; NULL: it has none */
	const struct lb_times *times;    /* survival: of the training rows; NULL: a model that was read */
	const struct lb_curve *survival_curve; /* survival: times that curves are told at; NULL: risks alone. hazard is that of a model that was read, else NULL:
	                                    made from the training rows when needed */
	const double *kaplan_meier;      /* survival: (survival_curve->n) the share of training rows without an event, with a curve */
	const double *teacher;           /* (rows of the dataset, columns) a teacher's scores, in distillation and ranking, or NULL */
	const double *soft_labels;       /* (rows of the dataset, classes) the probabilities of a row's label, over which its loss is a mean; NULL: y is
	                                    the label */
	const struct lb_metric_use *metric;
	size_t n_metrics;
	struct lb_early_stopping stop;
	bool curve[3];                   /* which splits get their metrics after every epoch */
	bool keep_scores;                /* of the test rows */
	const struct lb_calibration *calibration; /* fitted on the validation rows when the training has ended; NULL: none */
	const struct lb_threshold *threshold;     /* NULL: fixed */
	bool keep_model;                 /* the trained parameters */
	const char *checkpoint;          /* file that the state is kept in, or NULL; a training begins with what it holds, if it was written
					  * under the same tag */
	size_t checkpoint_every;         /* epochs after which the state is kept; 0: only as the cohort's keep_seconds say */
	const char *checkpoint_tag;      /* what the bytes of the training depend on: trial, build, processor */
};

struct lb_cohort {
	const struct lb_encoding *features;
	const struct lb_split *split;
	enum lb_kind kind;               /* of the data (lb_kind_of_data): a loss of embeddings or of distillation has classes too */
	size_t epochs, batch;            /* batch: the most rows of a step */
	const struct lb_query_batches *queries; /* steps read whole queries or bags; NULL: `batch` rows, the last of an epoch fewer */
	uint64_t order_seed;
	bool shuffle;
	size_t per_class;                /* rows of a class in a batch, for a sampler in groups */
	const struct lb_sampling *sampling; /* NULL: shuffle. With one by class all trials have the same labels in the training rows */
	const struct lb_setup *trial;    /* k */
	size_t k;
	size_t threads;                  /* that share the rows of products and batches; 0 and 1: one. The bytes are the same for any */
	/* Called after every epoch of trial i, unless NULL. */
	void (*progress)(void *arg, size_t i, size_t epoch, double train_loss, const double *valid_metric);
	void *progress_arg;
	/* Called once for every trial whose outcome is final, when the others may still be
	 * training; what is not 0 ends the training with err. NULL for none. */
	int (*ended)(void *arg, size_t i, struct lb_err *err);
	void *ended_arg;
	double keep_seconds;             /* after which the states of all trials are kept, also within an epoch; 0: never */
};

enum lb_status { LB_TRIAL_OK, LB_TRIAL_DIVERGED, LB_TRIAL_FAILED, LB_TRIAL_INTERRUPTED };
const char *lb_status_name(enum lb_status s);

/* What a training gave. Owned by the caller; release with lb_train_result_free. */
struct lb_train_result {
	enum lb_status status;
	size_t epochs;                   /* finished */
	size_t best_epoch;               /* whose parameters the metrics are of; from 1 */
	size_t undefined_epochs;         /* after which the metric of early stopping was undefined */
	int64_t steps;
	size_t n_params;
	size_t bad_epoch;                /* diverged: from 1 */
	int64_t bad_step;                /* diverged: from 1, over the whole training */
	char cause[160];                 /* diverged: in words */
	double *metric[3];               /* n_metrics values a split; NULL for a split without rows or a trial that is not ok */
	double *loss_curve;              /* mean training loss of each finished epoch, as seen in training */
	double *curve[3];                /* epochs x n_metrics, row-major, for the splits asked for */
	double *scores;                  /* (test rows, columns) if kept */
	double *w;                       /* n_params values in the plain order (core/engine/model/net.h), then the loss's own; if kept */
	double *hazard;                  /* survival: the baseline hazard at the times of the curves, with a kept model of proportional hazards */
	size_t resumed;                  /* epochs that came from a checkpoint */
	struct lb_decision decision;     /* how the metrics were taken from the scores; plain unless asked for */
	bool minimised;                  /* by a full-batch optimiser, which leaves the next two */
	double objective;                /* mean training loss plus penalty */
	double gradient;                 /* its largest gradient entry */
	size_t columns;
	double train_seconds, evaluate_seconds;
};
/* Makes room for the metrics of the parts that have rows and, as the setup asks, for the scores of
 * the test rows; by_epochs: also for the curves and the parameters to keep. */
int lb_train_result_open(struct lb_train_result *o, const struct lb_cohort *c, const struct lb_setup *setup, bool by_epochs, struct lb_err *err);
void lb_train_result_free(struct lb_train_result *o);

/* The trial has ended so; unless it ended well, its metrics are released. */
void lb_train_result_end(struct lb_train_result *o, enum lb_status status);
/* It diverged in that epoch, from 1, by a cause to be written into o->cause. */
void lb_train_result_diverged(struct lb_train_result *o, size_t epoch, const char *cause);
/* It diverged because the score of a row of that split is not finite. */
void lb_train_result_bad_score(struct lb_train_result *o, size_t epoch, int part, size_t row);

/* Trains the cohort; out has room for k outcomes, each to be freed even on failure. Divergence is
 * an outcome, not a failure; a pending stop request (core/base/interrupt.h) ends all trials as
 * interrupted. Trials of a cohort may go on from checkpoints of different steps: those that are
 * ahead sit out until the others are there. -1 only when memory runs out, a checkpoint that
 * checkpoint_every asked for cannot be written (one of keep_seconds is a warning), or `ended`
 * fails. */
int lb_train_f32(const struct lb_cohort *cohort, struct lb_train_result *out, struct lb_err *err);
int lb_train_f64(const struct lb_cohort *cohort, struct lb_train_result *out, struct lb_err *err);

/* Returns the steps of the epochs before this one; `epochs` gives those of the training. */
int64_t lb_cohort_steps_before(const struct lb_cohort *c, size_t epoch);
/* Returns the epoch, from 0, that the step from 0 is of. */
size_t lb_cohort_epoch_of(const struct lb_cohort *c, int64_t step);
/* Returns whether so many steps are those of whole epochs. */
bool lb_cohort_ends_epoch(const struct lb_cohort *c, int64_t steps);
/* order <- the positions of an epoch's training rows as they are read. */
void lb_cohort_draw(const struct lb_cohort *c, struct lb_sampler *sampler, size_t epoch, uint32_t *order);
/* Returns where the batch ends that begins at `start` of the order. */
size_t lb_cohort_batch_end(const struct lb_cohort *c, const uint32_t *order, size_t start);
/* Returns the query or the bag of a training row, from 0; of a task with queries or bags. */
int32_t lb_cohort_group(const struct lb_cohort *c, size_t id);
/* Returns what the mean of a batch of these training rows counts in that of an epoch of n: its
 * rows, or n times its share of the queries. */
double lb_cohort_batch_share(const struct lb_cohort *c, const uint32_t *id, size_t b);

/* Returns the times of the curves that scores of survival end with; 0: they are risks alone. */
size_t lb_setup_curve_times(const struct lb_setup *setup);

/* Whether some trial of the cohort is evaluated under an attack. */
bool lb_cohort_has_eval_attack(const struct lb_cohort *c);

/* Whether a metric of the trial, or of some trial of the cohort, asks for the probabilities of all
 * classes. */
bool lb_setup_reads_probabilities(const struct lb_setup *setup);
bool lb_cohort_reads_probabilities(const struct lb_cohort *c);

/* Targets, or labels of a multi-label task, of every row of the dataset, laid out as they are
 * there: what a trial is judged by. NULL for tasks with classes. */
const double *lb_setup_target(const struct lb_setup *setup, const struct lb_dataset *data);
/* What it is trained on: the same, or of the training rows the means of their bags. */
const double *lb_setup_taught(const struct lb_setup *setup, const struct lb_dataset *data);

/* Losses that the trial minimises, at least one; and the i-th of them. */
size_t lb_setup_terms(const struct lb_setup *setup);
struct lb_term lb_setup_term(const struct lb_setup *setup, size_t i);
/* What any of them needs, of enum lb_need. Returns 0 for a setup without a loss. */
unsigned lb_setup_needs(const struct lb_setup *setup);
/* Whether each of them is a mean of row losses. */
bool lb_setup_separable(const struct lb_setup *setup);

/* What its procedures do together, of enum lb_procedure_trait. */
unsigned lb_setup_traits(const struct lb_setup *setup);

/* Columns of the scores: those of the model's output, or one a class where the loss makes these of
 * embeddings or of other scores, or, with several outputs a target, the targets' predictions and
 * then the outputs. Embeddings without scores take their place. */
size_t lb_setup_columns(const struct lb_setup *setup, const struct lb_dataset *data);
/* The most that a trial of the cohort has. */
size_t lb_cohort_columns(const struct lb_cohort *c);
/* Targets of a regression or labels of a multi-label task that the model's output is for. */
size_t lb_setup_targets(const struct lb_setup *setup);
/* Columns of the model's output for each of them; 1 for a setup without a loss. */
size_t lb_setup_outputs(const struct lb_setup *setup);
/* The name of a column of the scores, from 0: "score_1", or what is told of a target beside its
 * prediction: "quantile_0.9_1", "sd_1"; the last number is the target's. */
enum { LB_COLUMN_NAME = 64 };
void lb_setup_column_name(const struct lb_setup *setup, size_t column, char name[LB_COLUMN_NAME]);
/* Turns parameters, in the plain order (core/engine/model/net.h), of a model of targets in their
 * units into those of targets as they are: the output layer gives mean + sd times what it gave, and
 * to a log variance 2 ln sd is added. */
void lb_setup_unscale(const struct lb_setup *setup, double *plain);
/* Parameters of the losses themselves, in the order of the terms; they follow the model's. */
struct lb_loss_shape lb_setup_loss_shape(const struct lb_setup *setup, size_t n_classes);
size_t lb_setup_loss_params(const struct lb_setup *setup, const struct lb_dataset *data);

/* True for a trial that is fitted to all training rows at once, by a full-batch optimiser or in
 * closed form: it goes to lb_fit, never to lb_train. */
bool lb_full_batch(const struct lb_setup *setup);

/* As lb_train, trial by trial; to the end in double whatever the precision, which is that of the
 * evaluation. epochs stays 0, steps counts the iterations. -1 also when a closed form has no
 * answer. */
int lb_fit_f32(const struct lb_cohort *cohort, struct lb_train_result *out, struct lb_err *err);
int lb_fit_f64(const struct lb_cohort *cohort, struct lb_train_result *out, struct lb_err *err);

#endif
