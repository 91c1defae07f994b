#include "losses/support/sorted_pairs.h"

enum { BETA, MARGIN };

static const struct lb_param params[] = {
	[BETA] = { .name = "beta", .symbol = "b", .def = 0.2, .min = 0, .max = 1, .min_open = true, .grid = { 0.05, 0.1, 0.2, 0.5, 1 },
		   .n_grid = 5, .help = "share of the negatives that count; 1 is pairwise_squared_hinge" },
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 100, .grid = { 0.1, 1, 5 }, .n_grid = 3,
		     .help = "what a positive should be above a negative" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "beta=1", .other = "pairwise_squared_hinge", .other_set = "" },
	{ .set = "beta=1 margin=3", .other = "pairwise_squared_hinge", .other_set = "margin=3" },
};

static const struct lb_example examples[] = {
	{ .set = "beta=0.5", .b = 3, .c = 1, .z = { 1, 0.5, 0 }, .y = { 1, 0, 0 }, .value = 0.25,
	  .source = "by hand: k = 1, (1 - 0.5)^2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 1.62,
	  .source = "mpmath, 30 digits" },
};

static double batch(const struct lb_batch *in, real *g)
{
	struct lb_pairs p;

	if (!lb_pairs(in, &p))
		return lb_flat(in, g, 0);
	const double share = floor(in->par[BETA].v * (double)p.n0);
	const size_t k = share > 1 ? (size_t)share : 1, out = p.n0 - k;
	struct lb_pairs best = p;
	best.neg += out;
	best.down += out;
	best.n0 = k;
	const double pairs = (double)p.n1 * (double)k, total = lb_hinge_pairs(&best, in->par[MARGIN].v, true);
	const size_t first = lb_first(p.neg, p.n0, best.neg[0]), tied = lb_up_to(p.neg, p.n0, best.neg[0]) - first;
	const double part = (double)(tied - (out - first)) / (double)tied, lowest = (double)best.down[0];
	for (size_t j = 0; j < first; j++)
		p.down[j] = 0;
	for (size_t j = first; j < first + tied; j++)
		p.down[j] = (real)(lowest * part);
	lb_scatter(in, &p, 1 / pairs, g);
	return total / pairs;
}

LB_BATCH(pauc_cvar, batch)

const struct lb_loss LB_LOSS(binary, pauc_cvar) = {
	.info = {
		.base = {
			.name = "pauc_cvar",
			.title = "One-way partial AUC: every positive against the highest negatives alone",
			.cite = "D. Zhu, G. Li, B. Wang, X. Wu, T. Yang, When AUC meets DRO: optimizing partial AUC for deep "
				"learning with non-convex convergence guarantee, ICML 2022",
			.formula = "mean over positives i, and over the k negatives j with the highest scores, of max(0, m - "
				   "(z_i - z_j))^2,  k = max(1, floor(b n0))",
			.notes = "The k largest pair losses of a positive are those with the k highest negatives, whatever "
				 "the positive: exact in O(n log n). Negatives that tie at the k-th place share alike, so "
				 "the order of rows does not matter. Estimates the area below the false positive rate b. A "
				 "batch that lacks a class has value and gradient 0. Adding one constant to all scores "
				 "changes nothing, so the threshold is not learnt.",
			.keywords = "pauc partial_auc sopa cvar dro libauc",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "ranking (partial AUC)",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		.needs = LB_NEEDS_BOTH_CLASSES,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &pauc_cvar_form,
	.workspace = lb_sorted_workspace,
};
