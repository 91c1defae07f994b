/* Losses of probabilities against those of always giving the shares of the classes. */
#include "core/metrics/class_tally.h"

#include "core/base/mem.h"

#include <stdlib.h>

/* What a class of this share of the rows adds to the loss of the constant forecast. */
typedef double term_fn(double share);

static double entropy(double share)
{
	return -share * log(share);
}

static double spread(double share)
{
	return share * (1 - share);
}

/* 1 - sum / (n times the constant forecast's loss); undefined where all rows are of one class. */
static int skill(const struct lb_metric_inputs *o, double sum, double part, term_fn *term, double *value, struct lb_err *err)
{
	size_t *count = lb_alloc(lb_n_classes(o), sizeof *count, err);
	size_t classes = 0;
	double constant = 0;

	if (!count)
		return -1;
	for (size_t i = 0; i < o->n; i++)
		count[o->label[i]]++;
	for (size_t k = 0; k < lb_n_classes(o); k++) {
		constant += count[k] ? part * term((double)count[k] / (double)o->n) : 0;
		classes += count[k] > 0;
	}
	*value = classes > 1 ? 1 - sum / (double)o->n / constant : (double)NAN;
	free(count);
	return 0;
}

static int d2_log_loss(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double sum = 0;

	(void)par;
	for (size_t i = 0; i < o->n; i++)
		sum -= o->logp[i];
	return skill(o, sum, 1, entropy, value, err);
}

/* The Brier score of two classes and one score is half of that of the two classes. */
static int d2_brier(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double sum = 0;

	(void)par;
	for (size_t i = 0; i < o->n; i++)
		sum += o->brier[i];
	return skill(o, sum, o->kind == LB_BINARY ? 0.5 : 1, spread, value, err);
}

#define NOTE "1 is perfect, 0 is no better than always giving the shares of the classes in the split, below 0 is worse. Undefined where all rows are of one class."

const struct lb_metric lb_metric_d2_log_loss = {
	.base = {
		.name = "d2_log_loss",
		.tasks = LB_CLASS_TASKS,
		.title = "Share of the log loss that is explained",
		.cite = "D. McFadden, Conditional logit analysis of qualitative choice behavior, Frontiers in Econometrics, 1974",
		.formula = "1 - log_loss / (-sum_k s_k log s_k),  s_k the share of class k in the split",
		.notes = NOTE " McFadden's pseudo R^2, with the constant fitted to the rows that are judged.",
		.keywords = "d2_log_loss_score mcfadden pseudo_r2 skill",
		.on_request = true,
	},
	.higher_is_better = true,
	.eval = d2_log_loss,
};

const struct lb_metric lb_metric_d2_brier = {
	.base = {
		.name = "d2_brier",
		.tasks = LB_CLASS_TASKS,
		.title = "Brier skill score: share of the Brier score that is explained",
		.cite = "A. H. Murphy, A new vector partition of the probability score, Journal of Applied Meteorology 12, 1973",
		.formula = "1 - brier / sum_k s_k (1 - s_k),  s_k the share of class k in the split",
		.notes = NOTE " With two classes and one score both brier and the sum are half of that.",
		.keywords = "d2_brier_score brier_skill_score bss skill",
		.on_request = true,
	},
	.higher_is_better = true,
	.eval = d2_brier,
};
