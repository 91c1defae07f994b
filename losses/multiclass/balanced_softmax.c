#include "losses/support/class_counts.h"

static const struct lb_same_as same_as[] = {
	{ .set = "", .other = "logit_adjusted", .other_set = "tau=1" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 3, .c = 2, .z = { 0, 0, 0, 0, 0, 0 }, .y = { 0, 0, 1 }, .value = 0.63651416829481289,
	  .source = "by hand: counts (2, 1), (2 log(3/2) + log 3)/3" },
	{ .set = "", .b = 4, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8, 0.5, 0, -0.7, 0.1, 0.6, -0.2 },
	  .y = { 0, 1, 0, 0 }, .value = 0.57388311320380004, .source = "mpmath, 30 digits: counts (3, 1, 0)" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_table_offset_row(in, i, z, g);
}

static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	(void)par;
	return lb_log_counts(stats, 1, err);
}

LB_ROW(balanced_softmax, row)

const struct lb_loss LB_LOSS(multiclass, balanced_softmax) = {
	.info = {
		.base = {
			.name = "balanced_softmax",
			.title = "Balanced softmax: cross-entropy with each class weighed by its count within the softmax",
			.cite = "J. Ren, C. Yu, S. Sheng, X. Ma, H. Zhao, S. Yi, H. Li, Balanced meta-softmax for long-tailed visual "
				"recognition, NeurIPS 2020",
			.formula = "-log(n_y exp(z_y) / sum_k n_k exp(z_k))",
			.notes = "n_k are the counts of the training rows, after corruption; a class without any counts as one of a single "
				 "row. The paper's loss without its meta sampler. Neither proper nor calibrated for the classes as they "
				 "are: z decides as if they were equally frequent.",
			.keywords = "balms bal_softmax balanced_meta_softmax long_tail imbalance",
		},
		.kind = LB_MULTICLASS,
		.good_for = "class imbalance",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		.needs = LB_NEEDS_CLASS_COUNTS,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &balanced_softmax_form,
	.init = init,
	.free = free,
};
