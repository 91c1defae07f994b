/* Losses of the probabilities after the likeliest class has got a share of 1 more: nearly one-hot
 * outputs, which make any loss nearly symmetric. */
#include "losses/support/log_softmax.h"

#define CITE "J. Wang, X. Zhou, D. Zhai, J. Jiang, X. Ji, X. Liu, epsilon-softmax: approximating one-hot vectors for mitigating label noise, NeurIPS 2024"
#define JUMPS "Which class is the likeliest is held fixed in the gradient, the lowest index on ties: the value jumps where another becomes it. "

/* What the likeliest class gets in addition to its p, before all are divided by 1 + m. */
#define M_PARAM(value) { .name = "m", .symbol = "m", .def = (value), .min = 0, .max = 1e6, .grid = { 0, 1, 1e3 }, .n_grid = 3, \
			 .help = "what is added to the largest p; 0 is the softmax" }

/* The label's share (p_y + m [likeliest]) / (1 + m): log Q, 1 - Q, and p_y / (1 + m) / Q. */
struct share {
	double log, rest, of;
};

static struct share share_of(double p, double lp, double q, bool likeliest, double m)
{
	if (likeliest)
		return (struct share){ .log = log1p(-q / (1 + m)), .rest = q / (1 + m), .of = p / (p + m) };
	return (struct share){ .log = lp - log1p(m), .rest = 1 - p / (1 + m), .of = 1 };
}

struct mix {
	double alpha, beta, gamma, m;
};

/* -alpha (1 - Q)^g log Q + 2 beta (1 - p_y) of a row, with slope F: the gradient is F (p - e). */
static real eps_row(const struct lb_batch *in, size_t i, const real *z, real *g, const struct mix *x)
{
	const size_t c = in->c, y = (size_t)in->y[i];
	const struct lb_log_softmax soft = lb_log_softmax(z, c);
	const size_t likeliest = in->held ? lb_log_softmax(in->held + i * c, c).at : soft.at;
	const double lp = lb_log_p(z[y], &soft), p = exp(lp), q = lb_one_minus_p(y, z[y], &soft);
	const struct share s = share_of(p, lp, q, y == likeliest, x->m);
	const double weight = s.rest > 0 ? pow(s.rest, x->gamma) : !(x->gamma > 0), per = s.rest > 0 ? s.log / s.rest : -1;
	const double f = x->alpha * weight * (s.of - x->gamma * p / (1 + x->m) * per) + 2 * x->beta * p;

	for (size_t k = 0; g && k < c; k++)
		g[k] = (real)(k == y ? -f * q : f * lb_p(z[k], &soft));
	return (real)(-x->alpha * weight * s.log + 2 * x->beta * q + 0 * soft.more);
}

/* ---- eps_ce ---- */

static const struct lb_param ce_params[] = { M_PARAM(1) };

static const struct lb_same_as ce_same_as[] = {
	{ .set = "m=0", .other = "ce", .other_set = "" },
};

static const struct lb_example ce_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 1 }, .value = 1.3862943611198906, .source = "by hand: (1/2) / 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.9948015104, .source = "mpmath, 80 digits" },
};

static real ce_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return eps_row(in, i, z, g, &(struct mix){ .alpha = 1, .m = in->par[0].v });
}
LB_ROW(eps_ce, ce_row)

const struct lb_loss LB_LOSS(multiclass, eps_ce) = {
	.info = {
		.base = {
			.name = "eps_ce",
			.title = "Cross-entropy of probabilities that are nearly one-hot (epsilon-softmax)",
			.cite = CITE,
			.formula = "-log Q_y,  Q_k = (p_k + m [k likeliest]) / (1 + m)",
			.notes = JUMPS "The paper's program cuts Q at 1e-8; here the log is exact.",
			.keywords = "epsilon_softmax one_hot symmetric ce_eps",
			LB_PARAMS(ce_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT,
		.exceptions = LB_HOLDS_FACTORS | LB_JUMPS_AT_TIES,
		LB_SAME_AS(ce_same_as),
		LB_EXAMPLES(ce_examples),
	},
	.form = &eps_ce_form,
};

/* ---- eps_ce_mae ---- */

#define ALPHA_PARAM(value) { .name = "alpha", .symbol = "alpha", .def = (value), .min = 0, .max = 1e3, .grid = { 0.01, 1 }, .n_grid = 2, \
			     .help = "weight of the loss of Q" }
#define BETA_PARAM(value) { .name = "beta", .symbol = "beta", .def = (value), .min = 0, .max = 1e3, .grid = { 0, 5 }, .n_grid = 2, \
			    .help = "weight of the mean absolute error of p" }

enum { M, ALPHA, BETA, GAMMA };
static const struct lb_param mae_params[] = { [M] = M_PARAM(1e5), [ALPHA] = ALPHA_PARAM(0.01), [BETA] = BETA_PARAM(5) };

static const struct lb_same_as mae_same_as[] = {
	{ .set = "m=2 alpha=1 beta=0", .other = "eps_ce", .other_set = "m=2" },
	{ .set = "alpha=0 beta=1", .other = "mae", .other_set = "" },
};

static const struct lb_example mae_examples[] = {
	{ .set = "m=1 alpha=1 beta=1", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 1 }, .value = 2.3862943611198906, .source = "by hand: log 4 + 2 / 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 5.361720805, .source = "mpmath, 80 digits" },
};

static real mae_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return eps_row(in, i, z, g, &(struct mix){ .alpha = in->par[ALPHA].v, .beta = in->par[BETA].v, .m = in->par[M].v });
}
LB_ROW(eps_ce_mae, mae_row)

const struct lb_loss LB_LOSS(multiclass, eps_ce_mae) = {
	.info = {
		.base = {
			.name = "eps_ce_mae",
			.title = "Cross-entropy of nearly one-hot probabilities plus mean absolute error",
			.cite = CITE,
			.formula = "-alpha log Q_y + 2 beta (1 - p_y),  Q as in eps_ce",
			.notes = JUMPS "The defaults are the paper's for CIFAR-10 with symmetric noise; for asymmetric noise m = 1e3, alpha = 0.02, beta = 5.",
			.keywords = "epsilon_softmax one_hot symmetric mean_absolute_error ce_eps_mae",
			LB_PARAMS(mae_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT,
		.exceptions = LB_HOLDS_FACTORS | LB_JUMPS_AT_TIES,
		LB_SAME_AS(mae_same_as),
		LB_EXAMPLES(mae_examples),
	},
	.form = &eps_ce_mae_form,
};

/* ---- eps_fl_mae ---- */

static const struct lb_param fl_params[] = {
	[M] = M_PARAM(1e5), [ALPHA] = ALPHA_PARAM(0.01), [BETA] = BETA_PARAM(5),
	[GAMMA] = { .name = "gamma", .symbol = "g", .def = 0.1, .min = 0, .max = 100, .grid = { 0, 0.1, 2 }, .n_grid = 3,
		    .help = "down-weighting of easy rows; 0 is eps_ce_mae" },
};

static const struct lb_same_as fl_same_as[] = {
	{ .set = "gamma=0", .other = "eps_ce_mae", .other_set = "" },
	{ .set = "m=0 alpha=1 beta=0 gamma=2", .other = "focal", .other_set = "gamma=2" },
};

static const struct lb_example fl_examples[] = {
	{ .set = "m=1 alpha=1 beta=1 gamma=1", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 1 }, .value = 2.0397207708399179,
	  .source = "by hand: (3/4) log 4 + 2 / 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 5.361720769, .source = "mpmath, 80 digits" },
};

static real fl_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct mix x = { .alpha = in->par[ALPHA].v, .beta = in->par[BETA].v, .gamma = in->par[GAMMA].v, .m = in->par[M].v };

	return eps_row(in, i, z, g, &x);
}
LB_ROW(eps_fl_mae, fl_row)

const struct lb_loss LB_LOSS(multiclass, eps_fl_mae) = {
	.info = {
		.base = {
			.name = "eps_fl_mae",
			.title = "Focal loss of nearly one-hot probabilities plus mean absolute error",
			.cite = CITE,
			.formula = "-alpha (1 - Q_y)^g log Q_y + 2 beta (1 - p_y),  Q as in eps_ce",
			.notes = JUMPS "The focal factor is part of the derivative; the paper's program holds it fixed.",
			.keywords = "epsilon_softmax one_hot symmetric focal mean_absolute_error fl_eps_mae",
			LB_PARAMS(fl_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT,
		.exceptions = LB_HOLDS_FACTORS | LB_JUMPS_AT_TIES,
		LB_SAME_AS(fl_same_as),
		LB_EXAMPLES(fl_examples),
	},
	.form = &eps_fl_mae_form,
};
