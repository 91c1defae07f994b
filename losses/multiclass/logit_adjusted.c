#include "losses/support/class_counts.h"

enum { TAU };

static const struct lb_param params[] = {
	[TAU] = { .name = "tau", .symbol = "tau", .def = 1, .min = 0, .max = 10, .grid = { 0, 0.5, 1, 1.5, 2 }, .n_grid = 5,
		  .help = "strength of the adjustment; 0 is cross-entropy, 1 balances the classes" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "tau=0", .other = "ce", .other_set = "" },
	{ .set = "tau=1", .other = "balanced_softmax", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "tau=2", .b = 3, .c = 2, .z = { 0, 0, 0, 0, 0, 0 }, .y = { 0, 0, 1 }, .value = 0.68524167168750663,
	  .source = "by hand: priors (2/3, 1/3), squared and scaled 4/5 and 1/5, (2 log(5/4) + log 5)/3" },
	{ .set = "tau=1.5", .b = 4, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8, 0.5, 0, -0.7, 0.1, 0.6, -0.2 },
	  .y = { 0, 1, 0, 0 }, .value = 0.51585617150507094, .source = "mpmath, 30 digits: counts (3, 1, 0)" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_table_offset_row(in, i, z, g);
}

static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	return lb_log_counts(stats, par[TAU].v, err);
}

LB_ROW(logit_adjusted, row)

const struct lb_loss LB_LOSS(multiclass, logit_adjusted) = {
	.info = {
		.base = {
			.name = "logit_adjusted",
			.title = "Logit adjustment: cross-entropy of scores to which the log frequencies of the classes are added",
			.cite = "A. K. Menon, S. Jayasumana, A. S. Rawat, H. Jain, A. Veit, S. Kumar, Long-tail learning via logit adjustment, "
				"ICLR 2021",
			.formula = "-log(exp(a_y) / sum_k exp(a_k)),  a_k = z_k + tau log(n_k / n)",
			.notes = "n_k are the counts of the training rows, after corruption; n is their sum. A class without training rows "
				 "counts as one of a single row: log 0 would make its rows infinitely wrong. The unadjusted z decide: "
				 "trained with tau = 1 they are right for the balanced error, so it is neither proper nor calibrated for "
				 "the classes as they are. Other losses at scores adjusted only in testing are the paper's second "
				 "proposal and not this loss.",
			.keywords = "logit_adjustment la_loss prior_correction long_tail imbalance balanced_error",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "class imbalance",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		.needs = LB_NEEDS_CLASS_COUNTS,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &logit_adjusted_form,
	.init = init,
	.free = free,
};
