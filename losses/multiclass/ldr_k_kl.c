#include "losses/support/sorted_scores.h"

enum { K, LAMBDA, MARGIN };

static const struct lb_param params[] = {
	[K] = { .name = "k", .symbol = "k", .type = LB_INT_PARAM, .def = 2, .min = 1, .max = 1e6, .grid = { 1, 2, 3, 5, 10 }, .n_grid = 5,
		.help = "no class has a weight above 1/k; cut at the number of classes" },
	[LAMBDA] = { .name = "lam", .symbol = "lambda", .def = 1, .min = 0, .max = HUGE_VAL, .log_scale = true,
		     .grid = { 0.1, 1, 10 }, .n_grid = 3, .help = "temperature; 0 is ldr_k, inf the mean of all margins" },
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 0.1, .min = 0, .max = 1e3, .log_scale = true, .grid = { 0.1, 1, 10 },
		     .n_grid = 3, .help = "lead that the label's score must have over every other" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "k=1", .other = "ldr_kl", .other_set = "" },
	{ .set = "k=1 lam=10 margin=1", .other = "ldr_kl", .other_set = "lam=10 margin=1" },
	{ .set = "k=1 margin=0", .other = "ce", .other_set = "", .minus_log_classes = true },
	{ .set = "lam=0", .other = "ldr_k", .other_set = "margin=0.1" },
	{ .set = "k=3 lam=inf margin=1", .other = "ldr_k", .other_set = "k=1000000" },
	{ .set = "k=1000000 margin=1", .other = "ldr_k", .other_set = "k=1000000" },
};

static const struct lb_example examples[] = {
	{ .set = "k=2 margin=0", .b = 1, .c = 3, .z = { 0, 9, 0 }, .y = { 0 }, .value = 4.4411084821718087,
	  .source = "by hand: p = (1/4, 1/2, 1/4), 9/2 - (1/2) log(3/2) - (1/2) log(3/4)" },
	{ .set = "lam=0.1", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = -0.06552357054463513,
	  .source = "mpmath, 30 digits" },
};

/* The r largest margins have the weight 1/k, those after them (1 - r/k) exp((g - u) / lambda) / sum
 * with u the largest of these. */
struct cap {
	size_t k, r;
	double u, sum;
};

/* The least r for which the weight at u is no more than 1/k. From r = k - 1, where it always is,
 * up: both sums have only terms >= 0. */
static struct cap cap_of(const struct lb_ordered *o, size_t k, double lambda)
{
	struct cap at = { .k = k, .r = k - 1, .u = lb_nth(o, k - 1) };

	for (size_t j = k - 1; j <= o->n; j++)
		at.sum += exp((lb_nth(o, j) - at.u) / lambda);
	while (at.r > 0) {
		const double u = lb_nth(o, at.r - 1), sum = 1 + at.sum * exp((at.u - u) / lambda);
		if ((double)(k - at.r + 1) > sum)
			break;
		at = (struct cap){ .k = k, .r = at.r - 1, .u = u, .sum = sum };
	}
	return at;
}

/* log(C (1 - r/k) / sum) is taken from what the terms lack of 1, so that a large lambda multiplies
 * no rounding. */
static double value(const struct lb_ordered *o, const struct cap *at, double lambda)
{
	const double c = (double)(o->n + 1), k = (double)at->k, r = (double)at->r;
	double capped = 0, lack = 0;

	for (size_t j = 0; j < at->r; j++)
		capped += lb_nth(o, j);
	for (size_t j = at->r; j <= o->n; j++)
		lack += expm1((lb_nth(o, j) - at->u) / lambda);
	return (capped + (k - r) * (at->u + lambda * log1p((k * lack + r * (c - k)) / (c * (k - r)))) - lambda * r * log(c / k)) / k;
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const size_t c = in->c, y = (size_t)in->y[i], k = lb_cut_k(&in->par[K], c);
	const double lambda = in->par[LAMBDA].v, m = in->par[MARGIN].v;
	double others = 0;

	if (lambda <= 0 || isinf(lambda))
		return lb_ldr_k_row(in, i, z, g, lambda <= 0 ? k : c, m);
	const struct lb_ordered o = lb_ordered(z, c, y, k, m, in->terms);
	const struct cap at = cap_of(&o, k, lambda);
	for (size_t j = 0; g && j < c; j++) {
		const double gj = (double)z[j] - o.z_y + m, free = (double)(k - at.r) / at.sum * exp((gj - at.u) / lambda);
		const double p = (gj > at.u ? 1 : free) / (double)k;
		others += j == y ? 0 : p;
		g[j] = (real)p;
	}
	if (g)
		g[y] = (real)-others;
	return (real)value(&o, &at, lambda);
}

LB_ROW(ldr_k_kl, row)

const struct lb_loss LB_LOSS(multiclass, ldr_k_kl) = {
	.info = {
		.base = {
			.name = "ldr_k_kl",
			.title = "LDR-k-KL loss: tempered mean of margin violations, no class above weight 1/k",
			.cite = "D. Zhu, Y. Ying, T. Yang, Label distributionally robust losses for multi-class classification: consistency, "
				"robustness and adaptivity, ICML 2023",
			.formula = "max_p sum_j p_j g_j - lambda sum_j p_j log(C p_j),  p_j <= 1/k, sum_j p_j = 1,  g_j = z_j - z_y + m [j != y]",
			.notes = "p_j = min(1/k, exp((g_j - t) / lambda)) with t such that they sum to 1, found exactly from the sorted "
				 "margins; the gradient is p - e. Between ldr_k (lambda = 0) and ldr_kl (k = 1). A k above the number of "
				 "classes C is cut at C; then, as at lambda = inf, all weights are 1/C. Negative values are normal: the "
				 "loss has no lower bound for k > 1 and none above -lambda log C for k = 1. Smooth for 0 < lambda < inf.",
			.keywords = "ldr label_distributionally_robust top_k capped_softmax",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "top-k accuracy",
		.properties = LB_CONVEX | LB_SHIFT_INVARIANT,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &ldr_k_kl_form,
};
