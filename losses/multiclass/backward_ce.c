#include "losses/support/transition.h"

static const struct lb_same_as same_as[] = {
	{ .set = "rate=0", .other = "ce", .other_set = "" },
	{ .set = "rate=0 kind=pair", .other = "ce", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "matrix=[0.75,0.25,0.5,0.5]", .b = 1, .c = 2, .z = { 1, 0 }, .y = { 0 }, .value = -0.68673831248177717,
	  .source = "by hand: the first row of T^-1 is (2, -1), log(1 + e^-1) - 1" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.57172529280446405,
	  .source = "mpmath, 30 digits" },
};

/* The inverse of T. It is refused when its largest row sum, which is the condition number as T has
 * 1, is beyond 1e10. */
static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	const size_t c = stats->n_classes;
	double *t = lb_noise_matrix(par, stats, "backward_ce", err), *inverse = NULL, most = 0;

	if (!t || !(inverse = lb_alloc(c * c, sizeof *inverse, err)))
		goto fail;
	for (size_t k = 0; k < c; k++)
		inverse[k * c + k] = 1;
	bool singular = lb_invert(t, inverse, c) != 0;
	for (size_t i = 0; i < c; i++) {
		double sum = 0;
		for (size_t j = 0; j < c; j++)
			sum += fabs(inverse[i * c + j]);
		most = fmax(most, sum);
	}
	if (singular || most > 1e10) {
		lb_fail(err, LB_CONFIG, "backward_ce: the noise matrix of %zu classes has no inverse; forward_ce needs none", c);
		goto fail;
	}
	free(t);
	return inverse;
fail:
	free(t);
	free(inverse);
	return NULL;
}

/* The rows of T^-1 sum to 1, so with m the class of the largest score and d_k = z_m - z_k the value
 * is sum_k (T^-1)_yk d_k - log p_m. */
static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const size_t c = in->c;
	real *e = lb_terms(in, g);
	const struct lb_softmax s = lb_softmax_of(in, i, z, R(1.0), e);
	const double *w = (const double *)in->state + s.y * c;
	double others = 0, sum = 0;

	for (size_t k = 0; k < c; k++) {
		others += k == s.top ? 0 : (double)e[k];
		sum += w[k] * ((double)z[s.top] - (double)z[k]);
	}
	for (size_t k = 0; g && k < c; k++)
		g[k] = (real)(k == s.top ? 1 - w[k] - others / (1 + others) : (double)(e[k] / s.sum) - w[k]);
	return (real)(sum + log1p(others));
}

LB_SOFTMAX_ROW(backward_ce, row)

const struct lb_loss LB_LOSS(multiclass, backward_ce) = {
	.info = {
		.base = {
			.name = "backward_ce",
			.title = "Backward correction: cross-entropy reweighted by the inverse of the noise",
			.cite = "G. Patrini, A. Rozza, A. K. Menon, R. Nock, L. Qu, Making deep neural networks robust to label noise: "
				"a loss correction approach, CVPR 2017, theorem 1",
			.formula = "-sum_k (T^-1)_yk log p_k",
			.notes = "Its mean over labels with noise T is ce of the true label, row by row. T is the noise that the "
				 "training labels are believed to have; it is not taken from corrupt.labels, whose kinds uniform and "
				 "pair with the same rate it matches (without include_self and swap). Negative values are normal and "
				 "have no lower bound unless T is the unit matrix; the gradient of a row never vanishes then, so a "
				 "flexible model runs away: early stopping or weight decay is needed. A matrix has its rows divided by "
				 "their sums; one whose size is not C x C, with a row that does not sum to 1 (to 1e-6) or without "
				 "inverse (condition number above 1e10) is refused, as are uniform rate = (C - 1) / C and pair rate = "
				 "1/2 with an even number of classes.",
			.keywords = "backward_correction backward_loss noise_transition_matrix loss_correction unbiased_estimator",
			LB_PARAMS(lb_noise_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &backward_ce_form,
	.init = init,
	.free = free,
};
