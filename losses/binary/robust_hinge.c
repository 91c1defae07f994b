#include "losses/support/margin.h"

enum { KAPPA };

static const struct lb_param params[] = {
	[KAPPA] = { .name = "kappa", .symbol = "k", .def = 0.1, .min = 0, .max = 100, .grid = { 0, 0.1, 0.3, 1 }, .n_grid = 4,
		    .help = "what an attack takes from every margin; 0 is hinge" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "kappa=0", .other = "hinge", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "kappa=0.5", .b = 1, .c = 1, .z = { 0.25 }, .y = { 0 }, .value = 1.75, .source = "by hand: 1 + 0.5 + 0.25" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.75,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	return lb_hinge((real)((double)s - par[KAPPA].v));
}

LB_MARGIN(robust_hinge, phi)

const struct lb_loss LB_LOSS(binary, robust_hinge) = {
	.info = {
		.base = {
			.name = "robust_hinge",
			.title = "Hinge loss at the worst margin within a ball",
			.cite = "H. Xu, C. Caramanis, S. Mannor, Robustness and regularization of support vector machines, "
				"JMLR 10, 2009",
			.formula = "max(0, 1 + k - s)",
			.notes = "A linear score whose rows may move by eps in a norm loses k = eps times the dual norm of "
				 "its weights: an l2 ball takes eps ||w||_2, an l-infinity ball eps ||w||_1. Here k is a "
				 "constant; a loss of scores cannot hand on the derivative by those weights.",
			.keywords = "adversarial worst_case robust_svm margin_shift",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "adversarial robustness",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &robust_hinge_form,
};
