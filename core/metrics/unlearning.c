/* How well rows are forgotten, and the others kept (data.forget). */
#include "core/metrics/metric.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdlib.h>

/* ---- accuracy of both kinds of rows ---- */

static double accuracy(const struct lb_metric_inputs *o)
{
	size_t right = 0;

	for (size_t i = 0; o && i < o->n; i++)
		right += o->pred[i] == o->label[i];
	return o && o->n ? (double)right / (double)o->n : (double)NAN;
}

static int forget_accuracy(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par, (void)err;
	*value = accuracy(o->forget);
	return 0;
}

static int retain_accuracy(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par, (void)err;
	*value = accuracy(o->retain);
	return 0;
}

const struct lb_metric lb_metric_forget_accuracy = {
	.base = {
		.name = "forget_accuracy",
		.tasks = LB_CLASS_TASKS,
		.title = "Accuracy on the training rows that are to be forgotten",
		.cite = "A. Golatkar, A. Achille, S. Soatto, Eternal sunshine of the spotless net, CVPR 2020",
		.formula = "(1/n_F) sum_{i in F} [argmax_k z_ik = y_i]",
		.notes = "F the rows of data.forget, of the training rows, whatever split the value stands with. What a model that never saw them would have is the "
			 "accuracy on test rows, of a class that is to be forgotten 0: neither higher nor lower is better in itself. Listed as one of which less "
			 "is better, for the purpose of forgetting.",
		.keywords = "unlearning forget_quality",
		.on_request = true,
	},
	.decisions = true,
	.forget = true,
	.eval = forget_accuracy,
};

const struct lb_metric lb_metric_retain_accuracy = {
	.base = {
		.name = "retain_accuracy",
		.tasks = LB_CLASS_TASKS,
		.title = "Accuracy on the training rows that are not to be forgotten",
		.cite = "A. Golatkar, A. Achille, S. Soatto, Eternal sunshine of the spotless net, CVPR 2020",
		.formula = "(1/n_R) sum_{i in R} [argmax_k z_ik = y_i]",
		.notes = "R the training rows without those of data.forget, whatever split the value stands with.",
		.keywords = "unlearning utility",
		.on_request = true,
	},
	.higher_is_better = true,
	.decisions = true,
	.retain = true,
	.eval = retain_accuracy,
};

/* ---- membership_gap ---- */

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Returns the largest distance of two empirical distribution functions; both are sorted. */
static double largest_gap(double *x, size_t n, double *y, size_t m)
{
	double gap = 0;

	qsort(x, n, sizeof *x, ascending);
	qsort(y, m, sizeof *y, ascending);
	for (size_t i = 0, j = 0; i < n && j < m;) {
		const double at = x[i] < y[j] ? x[i] : y[j];
		while (i < n && !(x[i] > at))
			i++;
		while (j < m && !(y[j] > at))
			j++;
		const double d = fabs((double)i / (double)n - (double)j / (double)m);
		gap = d > gap ? d : gap;
	}
	return gap;
}

/* to <- the losses of the rows of classes that `has` names, of all without it; returns how many. */
static size_t take_losses(const struct lb_metric_inputs *o, const bool *has, double *to)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++)
		if (!has || has[o->label[i]])
			to[n++] = -o->logp[i];
	return n;
}

static int membership_gap(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const struct lb_metric_inputs *f = o->forget;

	(void)par;
	*value = (double)NAN;
	if (!f || !f->n || !o->n)
		return 0;
	bool *has = lb_alloc(o->n_classes, sizeof *has, err);
	double *x = lb_alloc(f->n, sizeof *x, err), *y = lb_alloc(o->n, sizeof *y, err);
	const bool ok = has && x && y;
	for (size_t i = 0; ok && i < f->n; i++)
		has[f->label[i]] = true;
	const size_t n = ok ? take_losses(f, NULL, x) : 0, m = ok ? take_losses(o, has, y) : 0;
	if (n && m)
		*value = largest_gap(x, n, y, m);
	free(has);
	free(x);
	free(y);
	return ok ? 0 : -1;
}

const struct lb_metric lb_metric_membership_gap = {
	.base = {
		.name = "membership_gap",
		.tasks = LB_CLASS_TASKS,
		.title = "How well a threshold of the loss tells rows that are to be forgotten from rows that were never seen",
		.cite = "S. Yeom, I. Giacomelli, M. Fredrikson, S. Jha, Privacy risk in machine learning: analyzing the connection to overfitting, CSF 2018, "
			"definition 4 and adversary 2",
		.formula = "max_t |share of i in F with -log p_{y_i} <= t  -  share of i in S with -log p_{y_i} <= t|",
		.notes = "F the rows of data.forget, S the rows of the split that the value stands with whose class some row of F has. It is the advantage (true "
			 "less false positives) of the best adversary who knows a row, its label and the loss alone, and says that rows below a threshold of the "
			 "loss were seen, or that rows above one were: a loss that is suspiciously high betrays a row as well. Equal to the statistic of "
			 "Kolmogorov and Smirnov. Of n and m rows from one distribution it is about 0.87 sqrt(1/n + 1/m) in the mean, and not 0. Of the "
			 "training split, which holds F, it says nothing. The losses are calibrated where evaluate.calibration is.",
		.keywords = "unlearning membership_inference mia privacy kolmogorov_smirnov attack",
		.on_request = true,
	},
	.forget = true,
	.eval = membership_gap,
};
