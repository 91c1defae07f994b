#include "losses/support/softmax.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 1, 0, -1 }, .y = { 0 }, .value = 0.55961578793542266,
	  .source = "by hand: s = (2, 1, 1/2), log(3.5/2)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.83890760493941862,
	  .source = "mpmath, 30 digits" },
};

/* s(x) = 1 + x up from 0, 1/(1 - x) below. */
static real stable(real x)
{
	return x < 0 ? 1 / (1 - x) : 1 + x;
}

static real slope(real x)
{
	return x < 0 ? 1 / ((1 - x) * (1 - x)) : R(1.0);
}

/* With the sum over the wrong classes kept apart: log(1 + rest / s_y). */
static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const size_t y = (size_t)in->y[i];
	const double own = (double)stable(z[y]);
	double rest = 0;

	for (size_t k = 0; k < in->c; k++)
		rest += k == y ? 0 : (double)stable(z[k]);
	if (g) {
		for (size_t k = 0; k < in->c; k++)
			g[k] = (real)((double)slope(z[k]) / (rest + own));
		g[y] = (real)(-(double)slope(z[y]) / own * (rest / (rest + own)));
	}
	return (real)log1p(rest / own);
}

LB_ROW(stablemax_ce, row)

const struct lb_loss LB_LOSS(multiclass, stablemax_ce) = {
	.info = {
		.base = {
			.name = "stablemax_ce",
			.title = "StableMax cross-entropy: the exponential replaced by a function that grows like its argument",
			.cite = "L. Prieto, M. Barsbey, P. A. M. Mediano, T. Birdal, Grokking at the edge of numerical stability, ICLR 2025",
			.formula = "-log(s(z_y) / sum_k s(z_k)),  s(x) = 1 + x if x >= 0, 1/(1 - x) if x < 0",
			.notes = "The authors' code adds 1e-30 to 1 - x; nothing is added here. Its probabilities are s(z_k) / sum s, for "
				 "which it is proper; metrics on probabilities use softmax(z), which are others. The value falls with the "
				 "logarithm of the scores, so it nears 0 slowly. Adding a constant to the scores changes it.",
			.keywords = "stablemax stable_max stablemax_cross_entropy grokking softmax_collapse",
		},
		.kind = LB_MULTICLASS,
		.good_for = "numerical stability",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &stablemax_ce_form,
};
