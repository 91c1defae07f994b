/* Agreement of labels and predictions beyond that of chance, and of classes that have an order. */
#include "core/metrics/class_tally.h"

#include "core/base/mem.h"

#include <stdlib.h>

/* Sums of products of counts stay exact in double up to 2^53. */
static int cohen_kappa(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct lb_class_tally *t = lb_tally_classes(o, err);
	const double n = (double)o->n;
	double right = 0, chance = 0;

	(void)par;
	if (!t)
		return -1;
	for (size_t k = 0; k < lb_n_classes(o); k++) {
		right += (double)t[k].both;
		chance += (double)t[k].truth * (double)t[k].pred;
	}
	*value = n * n > chance ? (right * n - chance) / (n * n - chance) : (double)NAN;
	free(t);
	return 0;
}

const struct lb_metric lb_metric_cohen_kappa = {
	.base = {
		.name = "cohen_kappa",
		.tasks = LB_CLASS_TASKS,
		.title = "Cohen's kappa: accuracy above that of chance",
		.cite = "J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20(1), 1960",
		.formula = "(c n - sum_k t_k p_k) / (n^2 - sum_k t_k p_k),  c rows right, t_k of class k, p_k predicted k",
		.notes = "1 is perfect, 0 what predictions of the same shares would have by chance. Undefined where all labels and all predictions are of "
			 "one class.",
		.keywords = "kappa cohens_kappa cohen_kappa_score heidke",
		.on_request = true,
	},
	.higher_is_better = true,
	.decisions = true,
	.eval = cohen_kappa,
};

enum { POWER };
static const struct lb_param kappa_params[] = {
	[POWER] = { .name = "power", .symbol = "p", .def = 2, .min = 0, .max = 10, .min_open = true, .grid = { 1, 2 }, .n_grid = 2,
		    .help = "of the distance of two classes: 1 linear weights, 2 quadratic ones" },
};

static size_t distance(size_t a, size_t b)
{
	return a > b ? a - b : b - a;
}

static int weighted_kappa(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const size_t c = lb_n_classes(o);
	struct lb_class_tally *t = lb_tally_classes(o, err);
	double *weight = t ? lb_alloc(c, sizeof *weight, err) : NULL, seen = 0, chance = 0;

	*value = (double)NAN;
	if (weight) {
		for (size_t d = 1; d < c; d++)
			weight[d] = pow((double)d, par[POWER].v);
		for (size_t i = 0; i < o->n; i++)
			seen += weight[distance((size_t)o->label[i], (size_t)o->pred[i])];
		for (size_t j = 0; j < c; j++)
			for (size_t k = 0; k < c; k++)
				chance += weight[distance(j, k)] * ((double)t[j].truth * (double)t[k].pred);
		*value = chance > 0 ? 1 - (double)o->n * seen / chance : (double)NAN;
	}
	free(t);
	free(weight);
	return weight ? 0 : -1;
}

#define ORDER "Classes in the order of their names, unless these are numbers."

const struct lb_metric lb_metric_weighted_kappa = {
	.base = {
		.name = "weighted_kappa",
		.tasks = 1u << LB_MULTICLASS,
		.title = "Weighted kappa of ordered classes: a mistake costs a power of its distance",
		.cite = "J. Cohen, Weighted kappa: nominal scale agreement with provision for scaled disagreement or partial credit, Psychological Bulletin "
			"70(4), 1968",
		.formula = "1 - n sum_i |y_i - pred_i|^p / sum_j sum_k |j - k|^p t_j p_k,  t_j rows of class j, p_k predicted k",
		.notes = "1 is perfect, 0 what predictions of the same shares would have by chance. Undefined where all labels and all predictions are of "
			 "one class. " ORDER,
		.keywords = "quadratic_weighted_kappa qwk kappa ordinal cohen_kappa_score",
		.on_request = true,
		LB_PARAMS(kappa_params),
	},
	.higher_is_better = true,
	.decisions = true,
	.ordered = true,
	.eval = weighted_kappa,
};

static size_t error_of(const struct lb_metric_inputs *o, size_t i)
{
	return distance((size_t)o->label[i], (size_t)o->pred[i]);
}

static int off_by_one(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	size_t right = 0;

	(void)par, (void)err;
	for (size_t i = 0; i < o->n; i++)
		right += error_of(o, i) <= 1;
	*value = lb_fraction(right, o->n);
	return 0;
}

const struct lb_metric lb_metric_off_by_one = {
	.base = {
		.name = "off_by_one",
		.tasks = 1u << LB_MULTICLASS,
		.title = "Share of rows whose predicted class is the true one or next to it",
		.cite = "L. Gaudette, N. Japkowicz, Evaluation methods for ordinal classification, Canadian AI 2009",
		.formula = "(1/n) sum_i [|y_i - pred_i| <= 1]",
		.notes = "1 with two classes. " ORDER,
		.keywords = "one_off accuracy_within_one ordinal adjacent_accuracy",
		.on_request = true,
	},
	.higher_is_better = true,
	.decisions = true,
	.ordered = true,
	.eval = off_by_one,
};

static int rank_mae(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	size_t sum = 0;

	(void)par, (void)err;
	for (size_t i = 0; i < o->n; i++)
		sum += error_of(o, i);
	*value = lb_fraction(sum, o->n);
	return 0;
}

const struct lb_metric lb_metric_rank_mae = {
	.base = {
		.name = "rank_mae",
		.tasks = 1u << LB_MULTICLASS,
		.title = "Mean distance of the predicted class from the true one, in classes",
		.cite = "L. Gaudette, N. Japkowicz, Evaluation methods for ordinal classification, Canadian AI 2009",
		.formula = "(1/n) sum_i |y_i - pred_i|",
		.notes = ORDER,
		.keywords = "mae mean_absolute_error ordinal",
		.on_request = true,
	},
	.higher_is_better = false,
	.decisions = true,
	.ordered = true,
	.eval = rank_mae,
};

static int macro_rank_mae(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct lb_class_tally *t = lb_tally_classes(o, err);
	double *sum = t ? lb_alloc(o->n_classes, sizeof *sum, err) : NULL, all = 0, classes = 0;

	(void)par;
	if (sum) {
		for (size_t i = 0; i < o->n; i++)
			sum[o->label[i]] += (double)error_of(o, i);
		for (size_t k = 0; k < o->n_classes; k++) {
			all += t[k].truth ? sum[k] / (double)t[k].truth : 0;
			classes += t[k].truth > 0;
		}
		*value = classes > 0 ? all / classes : (double)NAN;
	}
	free(t);
	free(sum);
	return sum ? 0 : -1;
}

const struct lb_metric lb_metric_macro_rank_mae = {
	.base = {
		.name = "macro_rank_mae",
		.tasks = 1u << LB_MULTICLASS,
		.title = "Mean over classes of the mean distance of the predicted class from the true one",
		.cite = "S. Baccianella, A. Esuli, F. Sebastiani, Evaluation measures for ordinal regression, ISDA 2009",
		.formula = "mean over classes k with rows of  the mean over its rows of |k - pred_i|",
		.notes = "Rare classes count as much as others. " ORDER,
		.keywords = "macro_mae mmae macroaveraged ordinal",
		.on_request = true,
	},
	.higher_is_better = false,
	.decisions = true,
	.ordered = true,
	.eval = macro_rank_mae,
};
