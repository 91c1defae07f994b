#include "losses/multiclass/softmax.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 0.75, .source = "by hand: (3/4)^2 + 3 (1/4)^2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.50571429942638105,
	  .source = "mpmath, 30 digits" },
};

/* Over the wrong classes alone, r_k = p_k / q with largest r_m: square = sum r_k^2 and gap = sum r_k (r_m - r_k). Then
 * value = q^2 (1 + square), grad_y = -2 p_y q^2 (1 + square), grad_k = 2 q p_k (r_k - r_m + gap + p_y (1 + square)):
 * r_k - square = r_k - r_m + gap loses nothing when one wrong class holds all the mass. */
static real row(const struct X(lb_batch) *in, size_t i, const real *z, real *g)
{
	const size_t c = in->c;
	real *e = lb_terms(in, i, g);
	const struct lb_softmax s = lb_softmax_of(in, i, z, R(1.0), e);
	const real wrong = s.rest <= 0 ? R(1.0) : s.rest;
	real most = 0;
	double square = 0, gap = 0;

	for (size_t k = 0; k < c; k++)
		most = k != s.y && e[k] > most ? e[k] : most;
	for (size_t k = 0; k < c; k++) {
		const real r = k == s.y ? R(0.0) : e[k] / wrong;
		square += (double)(r * r);
		gap += (double)(r * ((most - e[k]) / wrong));
	}
	const real loss = s.q * s.q * (1 + (real)square);
	if (g) {
		for (size_t k = 0; k < c; k++)
			g[k] = 2 * s.q * (e[k] / s.sum) * ((e[k] - most) / wrong + (real)gap + s.p * (1 + (real)square));
		g[s.y] = -2 * s.p * loss;
	}
	return loss;
}

const struct X(lb_loss) X(lb_multiclass_brier) = {
	.info = {
		.base = {
			.name = "brier",
			.title = "Brier score: squared error of the probabilities",
			.cite = "G. W. Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78(1), 1950",
			.formula = "sum_k (p_k - e_k)^2",
			.notes = "The sum over classes, between 0 and 2; divide by C for the mean, by 2 for the half sum.",
			.keywords = "quadratic_score squared_error_softmax mse_softmax l2",
		},
		.kind = LB_MULTICLASS,
		.good_for = "calibrated probabilities",
		.claims = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_PROPER | LB_CALIBRATED,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.row = row,
	.softmax = true,
};
