/* Losses that are squared near 0 and absolute far away. */
#include "losses/support/residual.h"

static const struct lb_param beta[] = {
	{ .name = "beta", .symbol = "b", .def = 1, .min = 1e-6, .max = 1e6, .log_scale = true, .grid = { 0.1, 1, 10 }, .n_grid = 3,
	  .help = "residual from which the loss grows linearly" },
};
static const struct lb_param delta[] = {
	{ .name = "delta", .symbol = "d", .def = 1, .min = 1e-6, .max = 1e6, .log_scale = true, .grid = { 0.1, 1, 10 }, .n_grid = 3,
	  .help = "residual around which the loss begins to grow linearly" },
};
static const struct lb_param eps[] = {
	{ .name = "eps", .symbol = "eps", .def = 1e-3, .min = 1e-6, .max = 1e6, .log_scale = true, .grid = { 1e-3, 0.1, 1 }, .n_grid = 3,
	  .help = "the value at residual 0, and the width of the rounded corner" },
};
static const struct lb_param scale[] = {
	{ .name = "c", .symbol = "c", .def = 1, .min = 1e-6, .max = 1e6, .log_scale = true, .grid = { 0.1, 1, 1.3998 }, .n_grid = 3,
	  .help = "residual at which the slope is half of the largest one" },
};
static const struct lb_param wing_params[] = {
	{ .name = "width", .symbol = "w", .def = 10, .min = 1e-6, .max = 1e6, .log_scale = true, .grid = { 1, 5, 10 }, .n_grid = 3,
	  .help = "residual from which the loss grows linearly" },
	{ .name = "curvature", .symbol = "eps", .def = 2, .min = 1e-6, .max = 1e6, .log_scale = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
	  .help = "how far the curve is bent below width: the slope at residual 0 is width / curvature" },
};

/* ---- smooth_l1 ---- */

LB_ENTRIES_FUNCTION(smooth_l1)
{
	const real b = (real)in->par[0].v;

	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i], a = e > b ? R(1.0) : e < -b ? R(-1.0) : e / b;
		loss[i] = a * (e - a * b / 2);
		slope[i] = a;
	}
}
LB_RESIDUAL(smooth_l1)

static const struct lb_same_as smooth_same[] = {
	{ .set = "beta=2", .other = "huber", .other_set = "delta=2", .scale = 0.5 },
};
static const struct lb_example smooth_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0.5, 3 }, .t = { 0, 0 }, .value = 1.3125, .source = "by hand: (0.5^2 / 2 + 3 - 1/2) / 2" },
	{ .set = "beta=2", .b = 1, .c = 1, .z = { 1 }, .t = { 0 }, .value = 0.25, .source = "by hand: 1 / (2 * 2)" },
};

const struct lb_loss LB_LOSS(regression, smooth_l1) = {
	.info = {
		.base = {
			.name = "smooth_l1",
			.title = "Smooth L1: Huber loss divided by its width, of slope 1 far away",
			.cite = "R. Girshick, Fast R-CNN, ICCV 2015, eq. 3",
			.formula = "(1/T) sum_k h(e_k),  e = z - t,  h(e) = e^2 / (2 b) if |e| < b, else |e| - b/2",
			.notes = "The mean over the T targets of a row. As beta goes to 0 it becomes mae.",
			.keywords = "smoothl1loss huber robust",
			LB_PARAMS(beta),
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_SAME_AS(smooth_same),
		LB_EXAMPLES(smooth_examples),
	},
	.form = &smooth_l1_form,
};

/* ---- pseudo_huber, charbonnier ---- */

/* d^2 (sqrt(1 + q^2) - 1) = e^2 / (sqrt(1 + q^2) + 1), which loses nothing near 0. */
LB_ENTRIES_FUNCTION(pseudo_huber)
{
	const real per = 1 / (real)in->par[0].v;

	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i], q = e * per, root = sqrt(1 + q * q);
		loss[i] = e * (e / (1 + root));
		slope[i] = e / root;
	}
}
LB_RESIDUAL(pseudo_huber)

static const struct lb_same_as pseudo_same[] = {
	{ .set = "delta=2", .other = "charbonnier", .other_set = "eps=2", .scale = 2, .shift = -4 },
	{ .set = "delta=1", .other = "barron", .other_set = "alpha=1 c=1" },
};
static const struct lb_example pseudo_examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 1 }, .t = { 0 }, .value = 0.41421356237309505, .source = "by hand: sqrt(2) - 1" },
	{ .set = "delta=2", .b = 1, .c = 2, .z = { 0, 1.5 }, .t = { 0, 0 }, .value = 0.5, .source = "by hand: (0 + 4 (5/4 - 1)) / 2" },
};

const struct lb_loss LB_LOSS(regression, pseudo_huber) = {
	.info = {
		.base = {
			.name = "pseudo_huber",
			.title = "Pseudo-Huber loss: a smooth curve from squared to absolute error",
			.cite = "P. Charbonnier, L. Blanc-Feraud, G. Aubert, M. Barlaud, Deterministic edge-preserving regularization in computed "
				"imaging, IEEE Transactions on Image Processing 6(2), 1997",
			.formula = "(1/T) sum_k d^2 (sqrt(1 + (e_k / d)^2) - 1),  e = z - t",
			.notes = "The mean over the T targets of a row. All derivatives exist. Near 0 it is e^2 / 2, far away d |e|.",
			.keywords = "pseudohuber smooth_huber l1_l2 pseudohubererror robust",
			LB_PARAMS(delta),
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_SAME_AS(pseudo_same),
		LB_EXAMPLES(pseudo_examples),
	},
	.form = &pseudo_huber_form,
};

LB_ENTRIES_FUNCTION(charbonnier)
{
	const real c = (real)in->par[0].v;

	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i];
		loss[i] = sqrt(e * e + c * c);
		slope[i] = e / loss[i];
	}
}
LB_RESIDUAL(charbonnier)

static const struct lb_example root_examples[] = {
	{ .set = "eps=3", .b = 1, .c = 2, .z = { 4, 0 }, .t = { 0, 0 }, .value = 4, .source = "by hand: (5 + 3) / 2" },
};

const struct lb_loss LB_LOSS(regression, charbonnier) = {
	.info = {
		.base = {
			.name = "charbonnier",
			.title = "Charbonnier loss: absolute error with a rounded corner",
			.cite = "P. Charbonnier, L. Blanc-Feraud, G. Aubert, M. Barlaud, Two deterministic half-quadratic regularization algorithms for "
				"computed imaging, ICIP 1994",
			.formula = "(1/T) sum_k sqrt(e_k^2 + eps^2),  e = z - t",
			.notes = "The mean over the T targets of a row. Its smallest value is eps. eps times it, less eps^2, is pseudo_huber of delta eps.",
			.keywords = "l1_charbonnier smooth_l1 rounded robust",
			LB_PARAMS(eps),
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(root_examples),
	},
	.form = &charbonnier_form,
};

/* ---- log_cosh ---- */

/* With a = |e|: up to 1 by log(1 + (e^a - 1)^2 / (2 e^a)), beyond by a + log((1 + e^-2a) / 2). */
LB_ENTRIES_FUNCTION(log_cosh)
{
	real far[LB_ENTRIES], near[LB_ENTRIES];

	(void)in;
	for (size_t i = 0; i < n; i++) {
		slope[i] = z[i] - t[i];
		near[i] = -fabs(slope[i]);
		far[i] = 2 * near[i];
	}
	lb_kernel()->expm1_all(n, near, near);
	lb_kernel()->expm1_all(n, far, far);
	for (size_t i = 0; i < n; i++) {
		near[i] = near[i] * near[i] / (2 * (1 + near[i]));
		far[i] = 1 + far[i];
		loss[i] = fabs(slope[i]) < 1 ? near[i] : far[i];
	}
	lb_kernel()->log1p_all(n, loss, loss);
	for (size_t i = 0; i < n; i++)
		loss[i] += fabs(slope[i]) < 1 ? R(0.0) : fabs(slope[i]) - R(0.69314718055994530942);
	lb_kernel()->tanh_all(n, slope, slope);
}
LB_RESIDUAL(log_cosh)

static const struct lb_example cosh_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0.5, -3 }, .t = { 0, 0 }, .value = 1.2147215057680314, .source = "mpmath, 30 digits" },
};

const struct lb_loss LB_LOSS(regression, log_cosh) = {
	.info = {
		.base = {
			.name = "log_cosh",
			.title = "Logarithm of the hyperbolic cosine of the error",
			.cite = "R. A. Saleh, A. K. M. E. Saleh, Statistical properties of the log-cosh loss function used in machine learning, "
				"arXiv 2208.04564, 2022",
			.formula = "(1/T) sum_k log cosh(e_k),  e = z - t",
			.notes = "The mean over the T targets of a row. Near 0 it is e^2 / 2, far away |e| - log 2.",
			.keywords = "logcosh smooth robust",
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(cosh_examples),
	},
	.form = &log_cosh_form,
};

/* ---- fair ---- */

/* x - log(1 + x) of x < 0.4, with s = x / (2 + x): x s - 2 (s^3 / 3 + s^5 / 5 + ...). */
static inline real less_log1p_near(real x)
{
	const real s = x / (2 + x), sq = s * s;
	real p = 0;

	for (int k = 21; k >= 3; k -= 2)
		p = p * sq + 2 / (real)k;
	return x * s - s * sq * p;
}

LB_ENTRIES_FUNCTION(fair)
{
	const real c = (real)in->par[0].v;
	real x[LB_ENTRIES];

	for (size_t i = 0; i < n; i++)
		x[i] = fabs(z[i] - t[i]) / c;
	lb_kernel()->log1p_all(n, x, loss);
	for (size_t i = 0; i < n; i++) {
		const real near = less_log1p_near(x[i]);
		loss[i] = c * c * (x[i] < R(0.4) ? near : x[i] - loss[i]);
		slope[i] = (z[i] - t[i]) / (1 + x[i]);
	}
}
LB_RESIDUAL(fair)

static const struct lb_example fair_examples[] = {
	{ .set = "c=1", .b = 1, .c = 1, .z = { 3 }, .t = { 0 }, .value = 1.6137056388801094, .source = "by hand: 3 - log 4" },
	{ .set = "c=2", .b = 1, .c = 2, .z = { 0.5, -1 }, .t = { 0, 0 }, .value = 0.2427826811552517, .source = "mpmath, 30 digits" },
};

const struct lb_loss LB_LOSS(regression, fair) = {
	.info = {
		.base = {
			.name = "fair",
			.title = "Fair's loss: absolute error less a logarithm",
			.cite = "R. C. Fair, On the robust estimation of econometric models, Annals of Economic and Social Measurement 3(4), 1974",
			.formula = "(1/T) sum_k c^2 (|e_k| / c - log(1 + |e_k| / c)),  e = z - t",
			.notes = "The mean over the T targets of a row. Near 0 it is e^2 / 2, far away c |e|. c 1.3998 keeps 95 % efficiency for normal "
				 "residuals of unit variance. LightGBM's objective of the name, with c as fair_c.",
			.keywords = "fair_c robust",
			LB_PARAMS(scale),
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(fair_examples),
	},
	.form = &fair_form,
};

/* ---- wing ---- */

LB_ENTRIES_FUNCTION(wing)
{
	const real w = (real)in->par[0].v, bend = (real)in->par[1].v;
	const real drop = (real)(in->par[0].v - in->par[0].v * log1p(in->par[0].v / in->par[1].v));

	for (size_t i = 0; i < n; i++)
		slope[i] = fabs(z[i] - t[i]) / bend;
	lb_kernel()->log1p_all(n, slope, loss);
	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i], a = fabs(e);
		loss[i] = a < w ? w * loss[i] : a - drop;
		slope[i] = lb_sign(e) * (a < w ? w / (bend + a) : R(1.0));
	}
}
LB_RESIDUAL(wing)

static const struct lb_example wing_examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 2 }, .t = { 0 }, .value = 6.9314718055994531, .source = "by hand: 10 log(1 + 2/2)" },
	{ .set = "width=2 curvature=1", .b = 1, .c = 1, .z = { -5 }, .t = { 0 }, .value = 5.19722457733622, .source = "by hand: 5 - (2 - 2 log 3)" },
};

const struct lb_loss LB_LOSS(regression, wing) = {
	.info = {
		.base = {
			.name = "wing",
			.title = "Wing loss: a logarithm for small errors, which gives them more weight",
			.cite = "Z.-H. Feng, J. Kittler, M. Awais, P. Huber, X.-J. Wu, Wing loss for robust facial landmark localisation with "
				"convolutional neural networks, CVPR 2018, eq. 5",
			.formula = "(1/T) sum_k g(e_k),  e = z - t,  g(e) = w log(1 + |e| / eps) if |e| < w, else |e| - w + w log(1 + w / eps)",
			.notes = "The mean over the T targets of a row. The slope at 0 is w / eps, at w it jumps from w / (eps + w) to 1. No gradient at "
				 "e = 0. Not convex.",
			.keywords = "landmark wingloss",
			LB_PARAMS(wing_params),
		},
		.kind = LB_REGRESSION,
		.good_for = "small errors",
		.properties = LB_NONNEGATIVE,
		LB_EXAMPLES(wing_examples),
	},
	.form = &wing_form,
};

/* ---- lq ---- */

static const struct lb_param power_params[] = {
	{ .name = "q", .symbol = "q", .def = 2, .min = 1, .max = 8, .grid = { 1, 1.5, 2, 3 }, .n_grid = 4, .help = "power of the error: 1 mae, 2 mse" },
};

LB_ENTRIES_FUNCTION(lq)
{
	const real q = (real)in->par[0].v, less = (real)(in->par[0].v - 1);
	real size[LB_ENTRIES];

	for (size_t i = 0; i < n; i++) {
		const real a = fabs(z[i] - t[i]);
		size[i] = a < R(1e-30) ? R(1e-30) : a;
	}
	lb_kernel()->log_all(n, size, size);
	lb_kernel()->exp_terms(size, n, 0, less, n, slope);
	for (size_t i = 0; i < n; i++) {
		const real e = z[i] - t[i], a = fabs(e), by = less > 0 && a < R(1e-30) ? R(0.0) : slope[i];
		loss[i] = a * by;
		slope[i] = q * by * lb_sign(e);
	}
}
LB_RESIDUAL(lq)

static const struct lb_same_as power_same[] = {
	{ .set = "q=2", .other = "mse", .other_set = "" },
	{ .set = "q=1", .other = "mae", .other_set = "" },
};
static const struct lb_example power_examples[] = {
	{ .set = "q=3", .b = 1, .c = 2, .z = { 2, 0 }, .t = { 0, 1 }, .value = 4.5, .source = "by hand: (8 + 1) / 2" },
};

const struct lb_loss LB_LOSS(regression, lq) = {
	.info = {
		.base = {
			.name = "lq",
			.title = "Absolute error to a power",
			.cite = "CatBoost, documentation of regression objectives: Lq",
			.formula = "(1/T) sum_k |e_k|^q,  e = z - t",
			.notes = "The mean over the T targets of a row. No gradient at e = 0.",
			.keywords = "lp norm power",
			LB_PARAMS(power_params),
		},
		.kind = LB_REGRESSION,
		.good_for = "general use",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		LB_SAME_AS(power_same),
		LB_EXAMPLES(power_examples),
	},
	.form = &lq_form,
};
