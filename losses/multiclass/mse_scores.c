#include "losses/loss.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 0, 0, 0 }, .y = { 1 }, .value = 1, .source = "by hand: (0 - 1)^2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 1.21,
	  .source = "by hand: (0.25 + 0.04 + 1 + 0.49 + 0.64) / 2" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const size_t y = (size_t)in->y[i];
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		const real off = k == y ? z[k] - 1 : z[k];
		sum += (double)off * (double)off;
		if (g)
			g[k] = 2 * off;
	}
	return (real)sum;
}

static double spherical(const struct lb_arg *par, double classes, const struct lb_spherical *at, struct lb_spherical *slope)
{
	(void)par;
	(void)classes;
	if (slope)
		*slope = (struct lb_spherical){ .own = -2, .squares = 1 };
	return at->squares - 2 * at->own + 1;
}

LB_ROW(mse_scores, row)

const struct lb_loss LB_LOSS(multiclass, mse_scores) = {
	.info = {
		.base = {
			.name = "mse_scores",
			.title = "Squared error of the scores against the one-hot label",
			.cite = "Least squares classification: T. Hastie, R. Tibshirani, J. Friedman, The elements of statistical learning, "
				"2nd edition, 2009, section 4.2; as a spherical loss: P. Vincent, A. de Brebisson, X. Bouthillier, "
				"Efficient exact gradient update for training deep networks with very large sparse targets, NIPS 2015",
			.formula = "sum_k (z_k - e_k)^2",
			.notes = "The sum over classes; divide by C for the mean. The scores themselves estimate the probabilities: it is "
				 "proper for them; metrics on probabilities use softmax(z), which is not. brier is the squared error of "
				 "softmax(z).",
			.keywords = "squared_error l2 quadratic spherical_loss mean_squared_error",
		},
		.kind = LB_MULTICLASS,
		.spherical = spherical,
		.good_for = "very many classes",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &mse_scores_form,
};
