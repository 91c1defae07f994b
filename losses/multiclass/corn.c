#include "core/base/mem.h"
#include "losses/support/several_outputs.h"

#include <stdlib.h>

enum { NORM };
enum norm { TERMS, ROWS };
static const char *const norms[] = { [TERMS] = "terms", [ROWS] = "rows", NULL };
static const struct lb_param params[] = {
	[NORM] = { .name = "norm", .symbol = "N", .type = LB_CHOICE_PARAM, .def = TERMS, .choices = norms,
		   .help = "divided by the terms, as published, or by the rows, which is minus the log-likelihood" },
};

/* Terms of a row of class y: the steps up to it, and the one beyond. */
static size_t terms_of(size_t y, size_t classes)
{
	return y + 1 < classes ? y + 1 : y;
}

/* The state: what a row's loss is multiplied by, rows over terms of the training split. */
static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	double *factor = lb_alloc(1, sizeof *factor, err), rows = 0, terms = 0;

	for (size_t k = 0; k < stats->n_classes; k++) {
		rows += stats->counts[k];
		terms += stats->counts[k] * (double)terms_of(k, stats->n_classes);
	}
	if (factor)
		*factor = (enum norm)par[NORM].v == TERMS && terms > 0 ? rows / terms : 1;
	return factor;
}

/* -log of the probability of class y; g (steps), unless NULL, gets its derivative. */
static double class_loss(size_t steps, const real *z, size_t y, double factor, real *g)
{
	double value = 0;

	for (size_t k = 0; k < steps; k++) {
		const bool there = k <= y;
		const double t = y > k ? 1 : -1, v = t * (double)z[k];
		value -= there ? lb_log_sigmoid(v) : 0;
		if (g)
			g[k] = (real)(there ? -t * factor * lb_sigmoid_of(-v) : 0);
	}
	return factor * value;
}

/* A score that is NaN shows although the row's class lies below its step. */
static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const double *factor = in->state;
	double value = class_loss(in->c, z, (size_t)in->y[i], *factor, g);

	for (size_t k = 0; k < in->c; k++)
		value += isnan(z[k]) ? (double)z[k] : 0;
	return (real)value;
}
LB_ROW(corn, row)

static void predict(const struct lb_batch *in, real *out)
{
	for (size_t i = 0; i < in->b; i++)
		for (size_t k = 0; k <= in->c; k++)
			*out++ = (real)-class_loss(in->c, in->output.value + i * in->output.stride, k, 1, NULL);
}

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 2 }, .classes = 3, .value = 0.69314718055994531, .source = "by hand: two terms log 2" },
	{ .set = "norm=rows", .b = 3, .c = 2, .z = { 0.3, -0.2, 1.5, 0.4, -0.6, 1.1 }, .y = { 1, 0, 2 }, .classes = 3, .value = 1.3929102224780625,
	  .source = "mpmath, 30 digits" },
};

const struct lb_loss LB_LOSS(multiclass, corn) = {
	.info = {
		.base = {
			.name = "corn",
			.title = "CORN: binary cross-entropies of \"beyond class k\" among the rows that reach it",
			.cite = "X. Shi, W. Cao, S. Raschka, Deep neural networks for rank-consistent ordinal regression based on conditional "
				"probabilities, Pattern Analysis and Applications 26, 2023 (arXiv 2111.08851)",
			.formula = "(1 / N) sum_{k <= min(y, C - 2)} log(1 + exp(-t_k z_k)),  t_k = 1 where y > k, else -1",
			.notes = "For classes that are ordered: numbers by their size, else by their bytes, as everywhere. The model has C - 1 scores, one for "
				 "each step from a class to the next: P(y > k given y >= k) = F(z_k), F the logistic function. N is 1, or the mean "
				 "number of terms of a training row, not of a row of the batch, so that the loss is a sum over rows. The metrics "
				 "judge the probabilities of the classes. The paper predicts the number of k with P(y > k) > 1/2, which is "
				 "evaluate.threshold: median. norm rows is minus the log-likelihood of the continuation-ratio model.",
			.keywords = "ordinal conditional rank_consistent ordered continuation_ratio sequential",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "ordered classes",
		.needs = LB_NEEDS_CLASS_COUNTS,
		.exceptions = LB_ORDER_MATTERS,
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.scores_for = LB_EACH_STEP,
		LB_EXAMPLES(examples),
	},
	.form = &corn_form,
	.init = init,
	.free = free,
	.predict = predict,
};
