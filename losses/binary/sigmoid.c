#include "losses/support/margin.h"

enum { SCALE };

static const struct lb_param params[] = {
	[SCALE] = { .name = "scale", .symbol = "k", .def = 1, .min = 0, .max = 100, .min_open = true, .grid = { 0.5, 1, 2, 4 },
		    .n_grid = 4, .help = "factor of the margin" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "scale=1", .other = "mae_sigmoid", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0 }, .y = { 1 }, .value = 0.5, .source = "by hand: sigmoid(0)" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.38689499663415337,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	return lb_sigmoid_margin(s, (real)par[SCALE].v);
}

LB_MARGIN(sigmoid, phi)

const struct lb_loss LB_LOSS(binary, sigmoid) = {
	.info = {
		.base = {
			.name = "sigmoid",
			.title = "Sigmoid loss: the probability of the wrong label",
			.cite = "L. Mason, J. Baxter, P. Bartlett, M. Frean, Boosting algorithms as gradient descent, NIPS "
				"1999",
			.formula = "sigmoid(-k s)",
			.notes = "phi(s) + phi(-s) = 1, so uniform label noise leaves the minimiser where it is. The "
				 "gradient vanishes where a row is badly wrong: start from small weights.",
			.keywords = "sigmoid_loss doom symmetric",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SYMMETRIC | LB_BOUNDED | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &sigmoid_form,
};
