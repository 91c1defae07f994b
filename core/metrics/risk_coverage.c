#include "core/base/mem.h"
#include "core/metrics/metric.h"

#include <math.h>
#include <stdlib.h>

/* A row and what it is sorted by. */
struct sure {
	double key;
	size_t row;
	bool right;
};

/* Falling keys, rows in their order where they tie. */
static int by_key(const void *a, const void *b)
{
	const struct sure *x = a, *y = b;

	return x->key < y->key ? 1 : x->key > y->key ? -1 : (x->row > y->row) - (x->row < y->row);
}

/* By falling confidence, or by rising confidence at sign -1; the caller frees. */
static struct sure *sorted(const struct lb_metric_inputs *o, double sign, struct lb_err *err)
{
	struct sure *v = lb_alloc(o->n, sizeof *v, err);

	for (size_t i = 0; v && i < o->n; i++)
		v[i] = (struct sure){ .key = sign * o->conf[i], .row = i, .right = o->pred[i] == o->label[i] };
	if (v)
		qsort(v, o->n, sizeof *v, by_key);
	return v;
}

/* Mean over k of errors among the k most confident rows over k; *best is that of an order with all
 * errors last. */
static int areas(const struct lb_metric_inputs *o, double *area, double *best, struct lb_err *err)
{
	struct sure *v = sorted(o, 1, err);
	const double n = (double)o->n;
	double errors = 0, sum = 0, least = 0;

	if (!v)
		return -1;
	for (size_t k = 0; k < o->n; k++) {
		errors += !v[k].right;
		sum += errors / (double)(k + 1);
	}
	for (double k = n - errors + 1; k <= n; k++)
		least += (k - (n - errors)) / k;
	*area = o->n ? sum / n : (double)NAN;
	*best = o->n ? least / n : (double)NAN;
	free(v);
	return 0;
}

static int aurc(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double best;

	(void)par;
	return areas(o, value, &best, err);
}

const struct lb_metric lb_metric_aurc = {
	.base = {
		.name = "aurc",
		.tasks = LB_CLASS_TASKS,
		.title = "Area under the risk-coverage curve: mean error of the k most confident rows, over all k",
		.cite = "Y. Geifman, G. Uziel, R. El-Yaniv, Bias-reduced uncertainty estimation for deep neural classifiers, "
			"ICLR 2019",
		.formula = "(1/n) sum over k = 1..n of (errors among the k most confident rows) / k",
		.notes = "The confidence is the probability of the predicted class; rows of equal confidence stand in the "
			 "order of the data.",
		.keywords = "risk_coverage selective_prediction selective_classification",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = aurc,
};

static int e_aurc(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double best;

	(void)par;
	if (areas(o, value, &best, err))
		return -1;
	*value -= best;
	return 0;
}

const struct lb_metric lb_metric_e_aurc = {
	.base = {
		.name = "e_aurc",
		.tasks = LB_CLASS_TASKS,
		.title = "Excess area under the risk-coverage curve: aurc less that of the best order",
		.cite = "Y. Geifman, G. Uziel, R. El-Yaniv, Bias-reduced uncertainty estimation for deep neural classifiers, "
			"ICLR 2019",
		.formula = "aurc - (1/n) sum over k of max(0, k - (n - e)) / k,  e the number of errors",
		.notes = "0 when every error is less confident than every right row, so accuracy itself does not count.",
		.keywords = "excess_aurc risk_coverage selective_prediction",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = e_aurc,
};

enum { GROUPS };
static const struct lb_param group_params[] = {
	[GROUPS] = { .name = "bins", .symbol = "M", .type = LB_INT_PARAM, .def = 15, .min = 1, .max = 10000, .grid = { 10, 15, 20 },
		     .n_grid = 3, .help = "number of groups of equal size" },
};

/* Groups of equal count in rising confidence, which is -key; the first n mod M have one row
 * more. */
static int adaptive_ece(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const size_t m = (size_t)par[GROUPS].v, n = o->n;
	struct sure *v = sorted(o, -1, err);
	double sum = 0;

	if (!v)
		return -1;
	for (size_t b = 0, i = 0; b < m; b++) {
		double gap = 0;
		for (size_t left = n / m + (b < n % m); left > 0; left--, i++)
			gap += v[i].right + v[i].key;
		sum += fabs(gap);
	}
	*value = n ? sum / (double)n : (double)NAN;
	free(v);
	return 0;
}

const struct lb_metric lb_metric_adaptive_ece = {
	.base = {
		.name = "adaptive_ece",
		.tasks = LB_CLASS_TASKS,
		.title = "Calibration error over groups of equal size: mean gap between confidence and accuracy",
		.cite = "K. Nguyen, B. O'Connor, Posterior calibration and exploratory analysis for natural language "
			"processing models, EMNLP 2015",
		.formula = "sum_b (n_b/n) |accuracy of group b - mean confidence of group b|",
		.notes = "Rows in the order of their confidence, cut in M groups of equal size (the first n mod M hold one "
			 "more), so that no bin is empty.",
		.keywords = "ace adaptive_calibration_error calibration",
		.on_request = true,
		LB_PARAMS(group_params),
	},
	.higher_is_better = false,
	.eval = adaptive_ece,
};
