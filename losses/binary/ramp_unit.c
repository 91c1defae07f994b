#include "losses/support/margin.h"

enum { GAMMA };

static const struct lb_param params[] = {
	[GAMMA] = { .name = "gamma", .symbol = "g", .def = 1, .min = 0, .max = 1e3, .min_open = true, .log_scale = true,
		    .grid = { 0.1, 1, 10 }, .n_grid = 3, .help = "steepness: the ramp ends at s = 1/gamma" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0.25 }, .y = { 1 }, .value = 0.75, .source = "by hand: 1 - 0.25" },
	{ .set = "gamma=2", .b = 1, .c = 1, .z = { 0.25 }, .y = { 1 }, .value = 0.5, .source = "by hand: 1 - 2/4" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.5,
	  .source = "mpmath, 30 digits" },
};

static struct lb_margin phi(real s, const struct lb_arg *par)
{
	const real gamma = (real)par[GAMMA].v, u = 1 - gamma * s;
	const bool low = u <= 0, high = u >= 1;

	return (struct lb_margin){ .loss = low ? R(0.0) : high ? R(1.0) : u, .slope = low || high ? R(0.0) : -gamma };
}

LB_MARGIN(ramp_unit, phi)

const struct lb_loss LB_LOSS(binary, ramp_unit) = {
	.info = {
		.base = {
			.name = "ramp_unit",
			.title = "Unit ramp: falls from 1 at the decision to 0 at the margin 1/gamma",
			.cite = "A. H. Saberi et al., Out-of-domain unlabeled data improves generalization, ICLR 2024, arXiv "
				"2310.00027",
			.formula = "min(1, max(0, 1 - g s))",
			.notes = "The loss of the out-of-domain experiments of that paper. The slope at both kinks is 0. A "
				 "wrong row has no gradient at all, so from zero weights nothing moves.",
			.keywords = "clipped_hinge unit_hinge",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "robust self-training",
		.properties = LB_NONNEGATIVE | LB_BOUNDED | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &ramp_unit_form,
};
