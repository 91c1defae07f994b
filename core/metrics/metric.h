/* Metrics: how good the scores of a split are. One file a family, one line each in
 * metrics/list.def. The direction (higher or lower is better) lives here and nowhere else. */
#ifndef LB_METRIC_H
#define LB_METRIC_H

#include "core/base/err.h"
#include "core/base/component.h"
#include "losses/loss_info.h"

#include <stdint.h>

/* Of the Hessian of a training loss. */
struct lb_curvature {
	double largest;          /* the eigenvalue of the largest size */
	double trace;
};

/* What a metric sees of a split: statistics of each row, so that the scores of a large split need
 * not be kept. Arrays have n entries; n may be 0. All values are finite: a diverged trial has no
 * metrics.
 *
 * Multi-class and binary (multi-class only: collapsed, peak, log_probability, teacher,
 * reference, feature, weight, embedding; NULL in binary tasks):
 *   label        true class
 *   pred         predicted class; multi-class: argmax, lowest index on ties; binary: 1 iff score >
 *   0
 *   rank         number of classes that precede the true one (of equal scores the lower index);
 *                binary: 0 or 1
 *   logp         log-probability of the true class under softmax (binary: sigmoid), from the
 *   scores,
 *                never clipped
 *   brier        sum over classes of (p_k - [k = y])^2; binary: (p - y)^2
 *   conf         probability of the predicted class
 *   score        binary only: the score; else NULL
 *   collapsed    the sum over classes of exp(z_k - max z) is exactly 1 in the working precision
 *   peak         the largest |z_k|
 *   log_probability  (n,n_classes) row-major, of every class under softmax, never clipped;
 *                multi-class only, NULL where no metric of the trial asks for it
 *   robust       predicted class at a place of the attack where it is wrong, if there is one, else
 *                the label
 *   robust_logp  the smallest logp of all places; both NULL where no attack was asked for
 *                (evaluate.attack), which is refused with metrics that read them
 *   judged       the class that the judge of embeddings says (evaluate.embeddings); NULL without
 *                one, and of training rows
 *   subgroup     number of the row's subgroup (data.subgroup), from 0; in regression too. NULL
 *                where there is no such column, which is refused with metrics that read it
 *   teacher      (n,n_classes) row-major, a teacher's scores; multi-class only, NULL without one
 *                (data.side.teacher), which is refused with metrics that read it, and where no
 *                metric of the trial asks for it
 *   reference    (n,n_classes) row-major, a reference model's scores (evaluate.reference); as
 *                teacher
 *   feature      (n,width) row-major, what the output layer read
 *   weight       (n_classes,width), its weights; both NULL where there is no such layer, or no
 *                metric of the trial asks for them
 *   embedding    (n,dimension) row-major, what the model gives in a task of embeddings, else what
 *                the output layer read; NULL where there is no such layer, or no metric of the
 *                trial
 *                asks for it. Where a loss makes no class scores, it and label are all there is
 *
 *   selected     sum of the weights that procedures gave the training rows in the last epoch, and
 *   selected_clean  of those of rows whose label is the true one; both 0 where none weighs rows
 *   n_weights    weights of the model's layers, and n_zeros of them that are 0; both 0 where no
 *                metric of the trial asks for them
 *   curvature    of the training loss at the model (core/training/curvature.h), whose values are
 *                NAN before the training is over, and where no metric of the trial asks for them;
 *                NULL: no training
 *
 * Regression: pred_t and target_t are (n,t) row-major, the others NULL. Multi-label: so too; pred_t
 * holds the scores, target_t the labels (1, 0, or -1 for not known). For a loss that has several
 * outputs a target (else 0 and NULL):
 *   outputs      their number
 *   output       what each says
 *   said         their values, (n,t,outputs) row-major, in units of the target, a log variance as
 *                the standard deviation */
struct lb_metric_inputs {
	enum lb_kind kind;
	size_t n, n_classes, t;
	const int32_t *label, *pred, *rank;
	const double *logp, *brier, *conf, *score;
	const bool *collapsed;
	const double *peak;
	const double *log_probability, *teacher, *reference;
	size_t width;
	const double *feature, *weight;
	size_t dimension;
	const double *embedding;
	const int32_t *judged;
	const int32_t *robust;
	const double *robust_logp;
	const int32_t *subgroup;
	const double *pred_t, *target_t;
	const int32_t *event;        /* (n) survival: 1 where the event was seen; pred_t holds the risks, target_t the times; else NULL */
	double selected, selected_clean;
	size_t n_weights, n_zeros;
	const struct lb_curvature *curvature;
	size_t n_times;              /* survival: of the curves; 0 where the loss makes none */
	const double *curve_time;    /* (n_times) ascending */
	const double *curve;         /* (n,n_times) row-major, the probability of no event up to each time */
	const int32_t *query;        /* (n) ranking: of each row, those of one side by side; pred_t holds the scores, target_t the grades; else NULL */
	size_t outputs;
	const struct lb_output *output;
	const double *said;
	/* The same of the training rows that are to be forgotten, and of the others (data.forget),
	 * whatever split this is of; NULL where no metric of the trial asks for them, and where
	 * there is no training. */
	const struct lb_metric_inputs *forget, *retain;
};

struct lb_metric {
	struct lb_info base;
	bool higher_is_better;
	bool decisions;              /* of classes: reads label, pred, rank, subgroup, teacher and reference alone, which cost less than the others */
	bool subgroups;              /* reads subgroup */
	bool teacher;                /* reads teacher */
	bool reference;              /* reads reference */
	bool forget, retain;         /* reads forget, retain */
	bool selection;              /* reads selected and selected_clean */
	bool zeros;                  /* reads n_weights and n_zeros */
	bool curvature;              /* reads curvature->largest, or with trace curvature->trace */
	bool trace;
	bool robust;                 /* reads robust or robust_logp */
	bool ordered;                /* of classes in an order: counts how far they are apart */
	bool features;               /* asks for feature and weight, which are kept for metrics that do only */
	bool probabilities;          /* asks for log_probability, n_classes numbers a row that are kept for metrics that do only */
	unsigned statistics;         /* outputs that it reads, bits 1 << LB_QUANTILE, ...; undefined where a loss lacks one of them */
	unsigned instead;            /* outputs that will do in their place; 0: none */
	bool curves;                 /* survival: asks for curves, which are made for metrics that do; undefined for a loss without them */
	bool embeddings;             /* reads label and embedding alone, which is kept for metrics that do */
	bool judged;                 /* reads judged */
	bool without_scores;         /* of embeddings: one of those that a trial without class scores has if it names none */
	/* The metric in *value; undefined (no rows, one class only, ...) gives NAN, which is null
	 * in JSON. -1 on lack of memory. */
	int (*eval)(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err);
};

/* The outputs that the metric lacks of those that it reads, where `statistics` are there; 0:
 * none. */
unsigned lb_metric_lacks(const struct lb_metric *m, unsigned statistics);
/* What the model would have to give, in words that follow "no": "quantiles". */
const char *lb_metric_lack_words(const struct lb_metric *m);

/* As m->eval, and undefined where the outputs lack what the metric reads. */
int lb_metric_compute(const struct lb_metric *m, const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err);

/* The statistics that a loss with these parameters has outputs of, as bits 1 << LB_QUANTILE, ...; 0
 * for most. */
unsigned lb_loss_statistics(const struct lb_loss_info *loss, const struct lb_arg *par);

/* The registered metrics, each the .base of a struct lb_metric; and the same by number, from 0. */
extern const struct lb_info *const lb_metrics[];
size_t lb_metric_count(void);
const struct lb_metric *lb_metric_at(size_t i);
const struct lb_metric *lb_metric_find(const char *name);

#endif
