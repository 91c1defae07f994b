#include "losses/support/softmax.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 2, 1, 0 }, .y = { 0 }, .value = 0.90760596444438031,
	  .source = "by hand: log(1 + e^-1 + e^-2) + (1^2 + 0^2) / 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 1.2756538642330355,
	  .source = "mpmath, 30 digits" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const size_t c = in->c;
	const real share = 1 / (real)(c - 1);
	real *e = lb_terms(in, g);
	const struct lb_softmax s = lb_softmax_of(in, i, z, R(1.0), e);
	double square = 0;

	for (size_t k = 0; k < c; k++)
		square += k == s.y ? 0 : (double)z[k] * (double)z[k];
	if (g) {
		for (size_t k = 0; k < c; k++)
			g[k] = e[k] / s.sum + 2 * share * z[k];
		g[s.y] = -s.q;
	}
	return -s.lp + share * (real)square;
}

LB_SOFTMAX_ROW(squentropy, row)

const struct lb_loss LB_LOSS(multiclass, squentropy) = {
	.info = {
		.base = {
			.name = "squentropy",
			.title = "Squentropy: cross-entropy plus the mean square of the wrong scores",
			.cite = "L. Hui, M. Belkin, S. Wright, Cut your losses with squentropy, ICML 2023",
			.formula = "-log p_y + (1/(C-1)) sum_{k != y} z_k^2",
			.notes = "No parameters. The squares hold the level of the scores, so adding a constant to all of them changes "
				 "the value. Not proper with softmax as its link: the squares pull probabilities towards uniform.",
			.keywords = "square_loss_plus_cross_entropy",
		},
		.kind = LB_MULTICLASS,
		.good_for = "calibrated probabilities",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &squentropy_form,
};
