#include "losses/support/label_gaps.h"

enum { ALPHA };

static const struct lb_param params[] = {
	[ALPHA] = { .name = "alpha", .symbol = "a", .def = 0.1, .min = 0, .max = 1, .max_open = true,
		    .grid = { 0, 0.05, 0.1, 0.2 }, .n_grid = 4,
		    .help = "share of the label's mass that is spread over all classes; 0 is cross-entropy" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "alpha=0", .other = "ce", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "alpha=0.5", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 3 }, .value = 1.3862943611198906,
	  .source = "by hand: every target gives log 4" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.84482053089970216,
	  .source = "mpmath, 30 digits" },
};

LB_BODY void body(size_t n, const struct lb_arg *par, struct lb_lane_rows *at)
{
	lb_label_gaps(n, 1, par[ALPHA].v / (double)at->c, at);
}

LB_SIDE_BY_SIDE(label_smoothing, true, body)

const struct lb_loss LB_LOSS(multiclass, label_smoothing) = {
	.info = {
		.base = {
			.name = "label_smoothing",
			.title = "Cross-entropy to a smoothed label",
			.cite = "C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna, Rethinking the Inception architecture for computer "
				"vision, CVPR 2016, section 7",
			.formula = "-sum_k t_k log p_k,  t = (1 - a) e + a/C",
			.notes = "The spread mass includes the label's own class, as in the paper: the label keeps 1 - a + a/C. The smallest "
				 "value is the entropy of t, not 0. Fitted probabilities are pulled towards uniform, so it is not proper "
				 "unless alpha = 0.",
			.keywords = "smoothing smoothed_cross_entropy lsr label_smoothed",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "overconfidence",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &label_smoothing_form,
};
