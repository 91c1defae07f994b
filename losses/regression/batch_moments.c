/* Losses by the moments of a whole batch. */
#include "losses/loss.h"

/* Sums over the batch of target k: of predictions and targets by their means. */
struct moments {
	double mean_p, mean_t, pp, tt, pt, ee; /* sums of squares and products; of squared errors */
};

static struct moments moments_of(const struct lb_batch *in, size_t k)
{
	struct moments m = { 0 };

	for (size_t i = 0; i < in->b; i++) {
		m.mean_p += (double)in->output.value[i * in->c + k];
		m.mean_t += (double)in->target[i * in->c + k];
	}
	m.mean_p /= (double)in->b;
	m.mean_t /= (double)in->b;
	for (size_t i = 0; i < in->b; i++) {
		const double p = (double)in->output.value[i * in->c + k], t = (double)in->target[i * in->c + k], a = p - m.mean_p, b = t - m.mean_t;
		m.pp += a * a;
		m.tt += b * b;
		m.pt += a * b;
		m.ee += (p - t) * (p - t);
	}
	return m;
}

/* value + by_p (p - mean p) + by_t (t - mean t) + by_e (p - t) + constant is the gradient by a
 * prediction p. */
struct slope {
	double value, by_p, by_t, by_e, constant;
};

/* The mean over the targets of what `of` makes of their moments. */
static double mean_of_targets(const struct lb_batch *in, real *g, struct slope (*of)(const struct moments *m, double b))
{
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		const struct moments m = moments_of(in, k);
		const struct slope s = of(&m, (double)in->b);
		sum += s.value;
		for (size_t i = 0; g && i < in->b; i++) {
			const double p = (double)in->output.value[i * in->c + k], t = (double)in->target[i * in->c + k];
			const double by = s.by_p * (p - m.mean_p) + s.by_t * (t - m.mean_t) + s.by_e * (p - t) + s.constant;
			g[i * in->c + k] = (real)((isnan(s.value) ? s.value : by) / (double)in->c);
		}
	}
	return sum / (double)in->c;
}

/* ---- rmse ---- */

static struct slope rmse_of(const struct moments *m, double b)
{
	const double rmse = sqrt(m->ee / b);

	return (struct slope){ .value = rmse, .by_e = rmse > 0 ? 1 / (b * rmse) : 0 };
}

static double rmse_batch(const struct lb_batch *in, real *g)
{
	return mean_of_targets(in, g, rmse_of);
}
LB_BATCH(rmse, rmse_batch)

static const struct lb_example rmse_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 3, 4 }, .t = { 0, 0 }, .value = 3.5355339059327378, .source = "by hand: sqrt(25 / 2)" },
};

const struct lb_loss LB_LOSS(regression, rmse) = {
	.info = {
		.base = {
			.name = "rmse",
			.title = "Root mean squared error of a batch",
			.cite = "T. Chai, R. R. Draxler, Root mean square error (RMSE) or mean absolute error (MAE)?, Geoscientific Model Development 7, 2014",
			.formula = "(1/T) sum_k sqrt((1/B) sum_i e_ik^2),  e = z - t",
			.notes = "The mean over the T targets. The square root is taken of the batch, so that it is no mean over rows: its minima are those "
				 "of mse, its steps are longer near them. No gradient where all errors are 0.",
			.keywords = "root_mean_squared_error",
		},
		.kind = LB_REGRESSION,
		.good_for = "general use",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		LB_EXAMPLES(rmse_examples),
	},
	.form = &rmse_form,
};

/* ---- r2 ---- */

static struct slope r2_of(const struct moments *m, double b)
{
	(void)b;
	if (m->tt == 0)
		return (struct slope){ .value = m->ee * 0 };
	return (struct slope){ .value = m->ee / m->tt, .by_e = 2 / m->tt };
}

static double r2_batch(const struct lb_batch *in, real *g)
{
	return mean_of_targets(in, g, r2_of);
}
LB_BATCH(r2, r2_batch)

static const struct lb_example r2_examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 1, 2, 4 }, .t = { 1, 2, 3 }, .value = 0.5, .source = "by hand: 1 / 2" },
};

const struct lb_loss LB_LOSS(regression, r2) = {
	.info = {
		.base = {
			.name = "r2",
			.title = "One minus the coefficient of determination of a batch",
			.cite = "S. Wright, Correlation and causation, Journal of Agricultural Research 20, 1921",
			.formula = "(1/T) sum_k (sum_i e_ik^2) / (sum_i (t_ik - mean t_k)^2),  e = z - t",
			.notes = "1 - R^2, the mean over the T targets: each counts by its own variance. A batch whose targets are all equal gives 0 and no "
				 "gradient.",
			.keywords = "coefficient_of_determination r_squared normalized_mse nmse explained",
		},
		.kind = LB_REGRESSION,
		.good_for = "several targets of different scale",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(r2_examples),
	},
	.form = &r2_form,
};

/* ---- one_minus_pearson ---- */

static struct slope pearson_of(const struct moments *m, double b)
{
	const double root = sqrt(m->pp) * sqrt(m->tt);

	(void)b;
	if (root == 0)
		return (struct slope){ .value = 1 };
	const double r = m->pt / root;
	return (struct slope){ .value = r > 1 ? 0 : 1 - r, .by_p = r / m->pp, .by_t = -1 / root };
}

static double pearson_batch(const struct lb_batch *in, real *g)
{
	return mean_of_targets(in, g, pearson_of);
}
LB_BATCH(one_minus_pearson, pearson_batch)

static const struct lb_example pearson_examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 1, 2, 4 }, .t = { 2, 4, 8 }, .value = 0, .source = "by hand: a line" },
	{ .set = "", .b = 4, .c = 1, .z = { 1, -0.5, 2, 0.25 }, .t = { 0.5, 0, 1, 2 }, .value = 0.7829811182353008, .source = "scipy.stats.pearsonr" },
};

const struct lb_loss LB_LOSS(regression, one_minus_pearson) = {
	.info = {
		.base = {
			.name = "one_minus_pearson",
			.title = "One minus the correlation of predictions and targets in a batch",
			.cite = "K. Pearson, Note on regression and inheritance in the case of two parents, Proceedings of the Royal Society 58, 1895",
			.formula = "(1/T) sum_k (1 - S_zt / sqrt(S_zz S_tt)),  S = sums of products of deviations from the batch's means",
			.notes = "The mean over the T targets, in [0, 2]. It sees neither the place nor the scale of predictions: predictions of a model "
				 "trained with it have to be calibrated. A batch whose predictions or targets are all equal gives 1 and no gradient; so "
				 "does a batch of one row.",
			.keywords = "pearson correlation correlation_loss pcc",
		},
		.kind = LB_REGRESSION,
		.good_for = "correlation",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		LB_EXAMPLES(pearson_examples),
	},
	.form = &one_minus_pearson_form,
};

/* ---- one_minus_ccc ---- */

/* 1 - 2 S_zt / D, D = S_zz + S_tt + B (mean z - mean t)^2 */
static struct slope ccc_of(const struct moments *m, double b)
{
	const double gap = m->mean_p - m->mean_t, whole = m->pp + m->tt + b * gap * gap;

	if (whole == 0)
		return (struct slope){ 0 };
	const double ccc = 2 * m->pt / whole;
	return (struct slope){ .value = 1 - ccc, .by_p = 2 * ccc / whole, .by_t = -2 / whole, .constant = 2 * ccc * gap / whole };
}

static double ccc_batch(const struct lb_batch *in, real *g)
{
	return mean_of_targets(in, g, ccc_of);
}
LB_BATCH(one_minus_ccc, ccc_batch)

static const struct lb_example ccc_examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 1, 2, 3 }, .t = { 2, 3, 4 }, .value = 0.42857142857142855, .source = "by hand: 1 - 2 * 2 / (2 + 2 + 3)" },
};

const struct lb_loss LB_LOSS(regression, one_minus_ccc) = {
	.info = {
		.base = {
			.name = "one_minus_ccc",
			.title = "One minus Lin's concordance correlation coefficient of a batch",
			.cite = "L. I.-K. Lin, A concordance correlation coefficient to evaluate reproducibility, Biometrics 45(1), 1989",
			.formula = "(1/T) sum_k (1 - 2 S_zt / (S_zz + S_tt + B (mean z - mean t)^2)),  S = sums of products of deviations",
			.notes = "The mean over the T targets, in [0, 2]. Unlike the correlation it asks for the place and the scale, too. A batch of one row, "
				 "or of equal targets, gives 1 and no gradient unless all predictions meet them, which gives 0.",
			.keywords = "concordance ccc lin emotion",
		},
		.kind = LB_REGRESSION,
		.good_for = "correlation",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		LB_EXAMPLES(ccc_examples),
	},
	.form = &one_minus_ccc_form,
};
