#include "losses/support/degenerate_batch.h"

enum { MARGIN };

static const struct lb_param params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 1e-3, .max = 100,
		     .grid = { 0.1, 1, 5 }, .n_grid = 3,
		     .help = "what a positive should be above a negative" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.5,
	  .source = "by hand: one positive, l = 1 and 1" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.10733157199471598,
	  .source = "mpmath, 30 digits" },
};

/* For positive i the sums of max(0, m - (z_i - z_s))^2 over positives and over negatives s. */
struct sums {
	double own, other;
};

static double gap(const struct lb_batch *in, size_t i, size_t s)
{
	const double u = in->par[MARGIN].v - ((double)in->output.value[i] - (double)in->output.value[s]);

	return u > 0 ? u : 0;
}

static struct sums sums_of(const struct lb_batch *in, size_t i)
{
	struct sums sum = { 0 };

	for (size_t s = 0; s < in->b; s++) {
		const double u = gap(in, i, s);
		*(in->y[s] ? &sum.own : &sum.other) += u * u;
	}
	return sum;
}

/* d(other / (own + other)) by l_is, for s a positive and for s a negative: kept for each positive
 * i. */
static double weigh(const struct lb_batch *in, real *by_own, real *by_other)
{
	double value = 0;

	for (size_t i = 0; i < in->b; i++) {
		const struct sums sum = in->y[i] ? sums_of(in, i) : (struct sums){ .own = 1 };
		const double all = sum.own + sum.other;
		by_own[i] = (real)(-sum.other / all / all);
		by_other[i] = (real)(sum.own / all / all);
		value += sum.other / all;
	}
	return value;
}

static double slope(const struct lb_batch *in, size_t s, const real *by_own, const real *by_other)
{
	double sum = 0;

	for (size_t i = 0; i < in->b; i++) {
		if (in->y[i])
			sum += (double)(in->y[s] ? by_own : by_other)[i] * 2 * gap(in, i, s);
		if (in->y[s])
			sum -= (double)(in->y[i] ? by_own : by_other)[s] * 2 * gap(in, s, i);
	}
	return sum;
}

static double batch(const struct lb_batch *in, real *g)
{
	const double n1 = (double)lb_positives(in), nothing = lb_nothing(in);
	real *by_own = in->workspace, *by_other = by_own + in->b;

	if (!(n1 > 0 && n1 < (double)in->b) || isnan(nothing))
		return lb_flat(in, g, 0);
	const double value = weigh(in, by_own, by_other);
	for (size_t s = 0; g && s < in->b; s++)
		g[s] = (real)(slope(in, s, by_own, by_other) / n1);
	return value / n1;
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return 2 * shape->b * sizeof(real);
}

LB_BATCH(ap_surrogate, batch)

const struct lb_loss LB_LOSS(binary, ap_surrogate) = {
	.info = {
		.base = {
			.name = "ap_surrogate",
			.title = "Average precision with a squared hinge in the place of the step (SOAP)",
			.cite = "Q. Qi, Y. Luo, Z. Xu, S. Ji, T. Yang, Stochastic optimization of areas under "
				"precision-recall curves with provable convergence, NeurIPS 2021",
			.formula = "1 - mean over positives i of sum_s l_is y_s / sum_s l_is,  l_is = max(0, m - (z_i - "
				   "z_s))^2",
			.notes = "Over all rows s, i itself among them, so the denominator is at least m^2. The paper's "
				 "stochastic form keeps moving averages of both sums for each positive; here they are those "
				 "of the batch. All n1 B pairs are evaluated. A batch that lacks a class has value and "
				 "gradient 0. Adding one constant to all scores changes nothing, so the threshold is not "
				 "learnt.",
			.keywords = "soap auprc average_precision libauc",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "ranking (average precision)",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_BOTH_CLASSES,
		LB_EXAMPLES(examples),
	},
	.form = &ap_surrogate_form,
	.workspace = workspace,
};
