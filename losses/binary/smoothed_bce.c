#include "losses/support/margin.h"

enum { EPS };

static const struct lb_param params[] = {
	[EPS] = { .name = "eps", .symbol = "e", .def = 0.1, .min = 0, .max = 1, .max_open = true, .grid = { 0, 0.05, 0.1, 0.2 },
		  .n_grid = 4, .help = "share of the target that is spread evenly; 0 is logistic" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "eps=0", .other = "logistic", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0 }, .y = { 1 }, .value = 0.69314718055994531,
	  .source = "by hand: log 2, at any eps" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.58466067675740934,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const real e = (real)par[EPS].v, kept = (real)(1 - par[EPS].v), other = e / 2, u = exp(-fabs(s));
	const real lean = (1 - u) / (1 + u);

	return (struct lb_margin){ .loss = (kept + other) * lb_softplus(-s, u) + other * lb_softplus(s, u),
				   .slope = other * (s < 0 ? -lean : lean) - kept * lb_sigmoid(-s, u) };
}

LB_MARGIN(smoothed_bce, phi)

const struct lb_loss LB_LOSS(binary, smoothed_bce) = {
	.info = {
		.base = {
			.name = "smoothed_bce",
			.title = "Logistic loss with smoothed labels",
			.cite = "C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna, Rethinking the inception "
				"architecture for computer vision, CVPR 2016",
			.formula = "(1 - e/2) log(1 + exp(-s)) + (e/2) log(1 + exp(s))",
			.notes = "The target is 1 - e/2 for the label and e/2 for the other: the paper's label smoothing for "
				 "two classes. Its minimiser is the log-odds of (1 - e) P(1) + e/2, so the decision stays "
				 "right.",
			.keywords = "label_smoothing soft_labels",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "overconfidence",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &smoothed_bce_form,
};
