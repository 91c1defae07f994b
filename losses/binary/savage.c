#include "losses/support/margin.h"

enum { SCALE };

static const struct lb_param params[] = {
	[SCALE] = { .name = "scale", .symbol = "k", .def = 2, .min = 0, .max = 100, .min_open = true, .grid = { 0.5, 1, 2, 4 },
		    .n_grid = 4, .help = "factor of the margin" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "scale=1", .other = "mse_sigmoid", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0 }, .y = { 1 }, .value = 0.25, .source = "by hand: (1/2)^2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.23963997808713294,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const struct lb_margin p = lb_sigmoid_margin(s, (real)par[SCALE].v);

	return (struct lb_margin){ .loss = p.loss * p.loss, .slope = 2 * p.loss * p.slope };
}

LB_MARGIN(savage, phi)

const struct lb_loss LB_LOSS(binary, savage) = {
	.info = {
		.base = {
			.name = "savage",
			.title = "Savage loss: the squared probability of the wrong label",
			.cite = "H. Masnadi-Shirazi, N. Vasconcelos, On the design of loss functions for classification: "
				"theory, robustness to outliers, and SavageBoost, NIPS 2008",
			.formula = "sigmoid(-k s)^2",
			.notes = "The paper's 1 / (1 + exp(2 s))^2 is k = 2; others write it without the 2, k = 1. Its minimiser "
				 "is the log-odds over k: proper under the sigmoid link at k = 1 only, where it is mse_sigmoid. "
				 "The gradient vanishes where a row is badly wrong: start from small weights.",
			.keywords = "savageboost",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &savage_form,
};
