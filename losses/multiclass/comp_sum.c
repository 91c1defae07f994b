#include "losses/support/comp_sum_phi.h"

static const struct lb_param params[] = { LB_COMP_SUM_PARAMS };

static const struct lb_same_as same_as[] = {
	{ .set = "", .other = "ce", .other_set = "" },
	{ .set = "rho=2", .other = "ce", .other_set = "temperature=2" },
	{ .set = "tau=1.7", .other = "gce", .other_set = "" },
	{ .set = "tau=2", .other = "mae", .other_set = "", .scale = 0.5 },
};

static const struct lb_example examples[] = {
	{ .set = "tau=0", .b = 1, .c = 3, .z = { 0, 0, 0 }, .y = { 0 }, .value = 2,
	  .source = "by hand: exp(0) + exp(0)" },
	{ .set = "tau=3", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 0.46875,
	  .source = "by hand: p_y = 1/4, (1 - 1/16) / 2" },
	{ .set = "tau=0.5 rho=2", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 1.1389250431496365,
	  .source = "mpmath, 30 digits" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_comp_sum_row(in, i, z, g);
}

LB_SOFTMAX_ROW(comp_sum, row)

const struct lb_loss LB_LOSS(multiclass, comp_sum) = {
	.info = {
		.base = {
			.name = "comp_sum",
			.title = "Comp-sum loss: exponential, logistic, generalized cross-entropy and mean absolute error as one family",
			.cite = "A. Mao, M. Mohri, Y. Zhong, Cross-entropy loss functions: theoretical analysis and "
				"applications, ICML 2023",
			.formula = "((1 + u)^(1-tau) - 1) / (1 - tau),  u = sum_{k != y} exp((z_k - z_y) / rho);  log(1 + u) at tau = 1",
			.notes = "In terms of p = softmax(z / rho): (1 - p_y^(tau-1)) / (tau - 1). With tau < 1 the value grows "
				 "like exp((1 - tau) gap / rho) with the gap between the largest score and that of the label; "
				 "where it exceeds the largest number it is +inf, and each entry of the gradient is the true one "
				 "or, if that exceeds it too, infinite with its sign, never NaN; training then ends as diverged. "
				 "Above tau = 1 bounded by 1 / (tau - 1); convex for tau <= 1; symmetric at tau = 2. rho is that "
				 "of the paper's adversarial form.",
			.keywords = "comp_sum_loss sum_exponential multinomial_exponential tau_loss",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "general use",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_CALIBRATED,
		.exceptions = LB_OVERFLOWS,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &comp_sum_form,
};
