/* Normalised negative losses, one minus the label's share of what every class falls short of the
 * largest possible loss, and their sums with normalised losses. */
#include "losses/support/active_passive.h"
#include "losses/support/log_softmax.h"

#define CITE_YE "X. Ye, X. Li, S. Dai, T. Liu, Y. Sun, W. Tong, Active negative loss functions for learning with noisy labels, NeurIPS 2023"
#define MIN_PROB_PARAM \
	{ .name = "min_prob", .symbol = "e", .def = 1e-7, .min = 0, .max = 1e-3, .min_open = true, .log_scale = true, .grid = { 1e-7, 1e-4 }, \
	  .n_grid = 2, .help = "probabilities below it count as this: the largest possible loss is that of it" }

/* Of a loss f = -(1 - p)^g log p: what class k falls short of the loss of e, and the slope F of
 * that, so that its gradient is F (e_k - p). */
struct lack {
	double s, f;
};

struct bound {
	double g, log_least, most; /* log e; the loss of e */
};

static struct bound bound_of(double g, double least)
{
	return (struct bound){ .g = g, .log_least = log(least), .most = -exp(g * log1p(-least)) * log(least) };
}

static struct lack lack_of(const struct bound *x, double lp, double q)
{
	const double p = exp(lp), weight = !(x->g > 0) ? 1 : p < q ? exp(x->g * log1p(-p)) : pow(q, x->g);

	if (lp <= x->log_least)
		return (struct lack){ 0 };
	return (struct lack){ .s = x->most + weight * lp, .f = q > 0 ? weight * (1 - x->g * p * (lp / q)) : weight };
}

/* 1 - S_y / sum_k S_k of a row, times weight: the value is returned and its gradient added to
 * that of the active loss. */
struct negative {
	struct lb_log_softmax soft;
	struct bound bound;
	struct lack y;
	double total, slopes;    /* sums of s and of f */
};

static struct negative negative_of(const real *z, size_t c, size_t y, double g, double least)
{
	struct negative n = { .soft = lb_log_softmax(z, c), .bound = bound_of(g, least) };

	for (size_t k = 0; k < c; k++) {
		const struct lack at = lack_of(&n.bound, lb_log_p(z[k], &n.soft), lb_one_minus_p(k, z[k], &n.soft));
		n.total += at.s;
		n.slopes += at.f;
		if (k == y)
			n.y = at;
	}
	return n;
}

static double negative_value(const struct negative *n)
{
	return (n->total - n->y.s) / n->total + 0 * n->soft.more;
}

static double negative_slope(const struct negative *n, size_t k, real z, bool label)
{
	const double p = lb_p(z, &n->soft), q = lb_one_minus_p(k, z, &n->soft), f = lack_of(&n->bound, lb_log_p(z, &n->soft), q).f;
	const double all = f * q - p * (n->slopes - f), own = n->y.f * (label ? q : -p);

	return (n->y.s / n->total * all - own) / n->total;
}

static real negative_row(const struct lb_batch *in, size_t i, const real *z, real *g, double gamma, double least)
{
	const size_t y = (size_t)in->y[i];
	const struct negative n = negative_of(z, in->c, y, gamma, least);

	for (size_t k = 0; g && k < in->c; k++)
		g[k] = (real)negative_slope(&n, k, z[k], k == y);
	return (real)negative_value(&n);
}

/* alpha f_y / sum_k f_k + beta times the negative loss. */
static real both_row(const struct lb_batch *in, size_t i, const real *z, real *g, double gamma, double least)
{
	const size_t y = (size_t)in->y[i];
	const double alpha = in->par[LB_ALPHA].v, beta = in->par[LB_BETA].v;
	real *e = lb_terms(in, g);
	const struct lb_softmax s = lb_softmax_of(in, i, z, R(1.0), e);
	const struct lb_share a = lb_share(z, in->c, &s, e, gamma);
	const struct negative n = negative_of(z, in->c, y, gamma, least);
	double sum = 0;

	for (size_t k = 0; g && k < in->c; k++) {
		const double slope = k == y ? 0 : alpha * lb_share_slope(&a, (double)e[k], (double)z[k]);
		sum += slope;
		g[k] = (real)(slope + beta * negative_slope(&n, k, z[k], k == y));
	}
	if (g)
		g[y] = (real)(beta * negative_slope(&n, y, z[y], true) - sum);
	return (real)(alpha * (a.y.f / a.total) + beta * negative_value(&n));
}

/* ---- nnce ---- */

static const struct lb_param nnce_params[] = { MIN_PROB_PARAM };

static const struct lb_example nnce_examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 3 }, .value = 0.75, .source = "by hand: four equal terms" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.6550474557, .source = "mpmath, 80 digits" },
};

static real nnce_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return negative_row(in, i, z, g, 0, in->par[0].v);
}
LB_ROW(nnce, nnce_row)

const struct lb_loss LB_LOSS(multiclass, nnce) = {
	.info = {
		.base = {
			.name = "nnce",
			.title = "Normalised negative cross-entropy: one minus the label's share of what all classes fall short of the largest loss",
			.cite = CITE_YE,
			.formula = "1 - S_y / sum_k S_k,  S_k = log max(p_k, e) - log e",
			.notes = "Between 0 and 1; the sum over all labels is C - 1. Passive by itself: it pushes other classes down; anl_ce adds an active loss. e has to be "
				 "below 1/C. At p_k = e the slope is 0.",
			.keywords = "normalized_negative_cross_entropy normalised active_negative_loss anl",
			LB_PARAMS(nnce_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT | LB_SYMMETRIC | LB_BOUNDED,
		LB_EXAMPLES(nnce_examples),
	},
	.form = &nnce_form,
};

/* ---- nnfl ---- */

enum { NNFL_GAMMA, NNFL_MIN };
static const struct lb_param nnfl_params[] = {
	[NNFL_GAMMA] = { .name = "gamma", .symbol = "g", .def = 0.5, .min = 0, .max = 100, .grid = { 0, 0.5, 2 }, .n_grid = 3,
			 .help = "power of 1 - p; 0 is nnce" },
	[NNFL_MIN] = MIN_PROB_PARAM,
};

static const struct lb_same_as nnfl_same_as[] = {
	{ .set = "gamma=0", .other = "nnce", .other_set = "" },
};

static const struct lb_example nnfl_examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 3 }, .value = 0.75, .source = "by hand: four equal terms" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.654645162, .source = "mpmath, 80 digits" },
};

static real nnfl_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return negative_row(in, i, z, g, in->par[NNFL_GAMMA].v, in->par[NNFL_MIN].v);
}
LB_ROW(nnfl, nnfl_row)

const struct lb_loss LB_LOSS(multiclass, nnfl) = {
	.info = {
		.base = {
			.name = "nnfl",
			.title = "Normalised negative focal loss",
			.cite = CITE_YE,
			.formula = "1 - S_y / sum_k S_k,  S_k = f(e) - f(max(p_k, e)),  f(p) = -(1 - p)^g log p",
			.notes = "Between 0 and 1; the sum over all labels is C - 1. The powers are part of the derivative; the paper's program holds them fixed. e has to "
				 "be below 1/C. At p_k = e the slope is 0.",
			.keywords = "normalized_negative_focal_loss normalised active_negative_loss anl",
			LB_PARAMS(nnfl_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT | LB_SYMMETRIC | LB_BOUNDED,
		LB_SAME_AS(nnfl_same_as),
		LB_EXAMPLES(nnfl_examples),
	},
	.form = &nnfl_form,
};

/* ---- anl_ce ---- */

enum { ANL_CE_MIN = LB_BETA + 1 };
static const struct lb_param anl_ce_params[] = {
	[LB_ALPHA] = LB_ALPHA_PARAM(5),
	[LB_BETA] = LB_BETA_PARAM(5),
	[ANL_CE_MIN] = MIN_PROB_PARAM,
};

static const struct lb_same_as anl_ce_same_as[] = {
	{ .set = "alpha=0 beta=2", .other = "nnce", .other_set = "", .scale = 2 },
};

static const struct lb_example anl_ce_examples[] = {
	{ .set = "alpha=2 beta=4", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 3 }, .value = 3.5, .source = "by hand: 2/4 + 4 * 3/4" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 4.27714566, .source = "mpmath, 80 digits" },
};

static real anl_ce_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return both_row(in, i, z, g, 0, in->par[ANL_CE_MIN].v);
}
LB_SOFTMAX_ROW(anl_ce, anl_ce_row)

const struct lb_loss LB_LOSS(multiclass, anl_ce) = {
	.info = {
		.base = {
			.name = "anl_ce",
			.title = "Active negative loss: normalised cross-entropy plus normalised negative cross-entropy",
			.cite = CITE_YE,
			.formula = "alpha nce + beta nnce",
			.notes = "The sum over all labels is alpha + beta (C - 1). The paper sets (5, 5) for CIFAR-10, with a 1-norm of the parameters of 5e-5, which is the "
				 "run's matter, not the loss's.",
			.keywords = "active_negative_loss anl normalized_cross_entropy normalised_cross_entropy",
			LB_PARAMS(anl_ce_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT | LB_SYMMETRIC | LB_BOUNDED,
		LB_SAME_AS(anl_ce_same_as),
		LB_EXAMPLES(anl_ce_examples),
	},
	.form = &anl_ce_form,
};

/* ---- anl_fl ---- */

enum { ANL_FL_GAMMA = LB_BETA + 1, ANL_FL_MIN };
static const struct lb_param anl_fl_params[] = {
	[LB_ALPHA] = LB_ALPHA_PARAM(5),
	[LB_BETA] = LB_BETA_PARAM(5),
	[ANL_FL_GAMMA] = { .name = "gamma", .symbol = "g", .def = 0.5, .min = 0, .max = 100, .grid = { 0, 0.5, 2 }, .n_grid = 3,
			   .help = "power of 1 - p in both parts; 0 is anl_ce" },
	[ANL_FL_MIN] = MIN_PROB_PARAM,
};

static const struct lb_same_as anl_fl_same_as[] = {
	{ .set = "gamma=0", .other = "anl_ce", .other_set = "" },
	{ .set = "alpha=0 beta=2", .other = "nnfl", .other_set = "", .scale = 2 },
};

static const struct lb_example anl_fl_examples[] = {
	{ .set = "alpha=2 beta=4", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 3 }, .value = 3.5, .source = "by hand: 2/4 + 4 * 3/4" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 4.138405539, .source = "mpmath, 80 digits" },
};

static real anl_fl_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return both_row(in, i, z, g, in->par[ANL_FL_GAMMA].v, in->par[ANL_FL_MIN].v);
}
LB_SOFTMAX_ROW(anl_fl, anl_fl_row)

const struct lb_loss LB_LOSS(multiclass, anl_fl) = {
	.info = {
		.base = {
			.name = "anl_fl",
			.title = "Active negative loss: normalised focal loss plus normalised negative focal loss",
			.cite = CITE_YE,
			.formula = "alpha nfl + beta nnfl",
			.notes = "The sum over all labels is alpha + beta (C - 1). The powers are part of the derivative; the paper's program holds them fixed.",
			.keywords = "active_negative_loss anl normalized_focal_loss normalised_focal_loss",
			LB_PARAMS(anl_fl_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT | LB_SYMMETRIC | LB_BOUNDED,
		LB_SAME_AS(anl_fl_same_as),
		LB_EXAMPLES(anl_fl_examples),
	},
	.form = &anl_fl_form,
};
