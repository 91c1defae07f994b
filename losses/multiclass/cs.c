#include "losses/loss.h"

enum { MARGIN };

static const struct lb_param params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 1e3, .min_open = true, .log_scale = true,
		     .grid = { 0.1, 1, 10 }, .n_grid = 3, .help = "lead that the label's score must have over every other" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 1, -0.5, 0.2 }, .y = { 0 }, .value = 0.2, .source = "by hand: 0.2 - 1 + 1" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.85,
	  .source = "by hand: (0.2 + 1.5) / 2" },
};

static real row(const struct X(lb_batch) *in, size_t i, const real *z, real *g)
{
	const size_t y = (size_t)in->y[i];
	const real margin = (real)in->par[MARGIN].v;
	size_t worst = y;
	real loss = 0;

	for (size_t k = 0; k < in->c; k++) {
		const real u = z[k] - z[y] + margin;
		if (g)
			g[k] = 0;
		if (isnan(u))
			return u;
		if (k != y && u > loss) {
			loss = u;
			worst = k;
		}
	}
	if (g && worst != y) {
		g[worst] = 1;
		g[y] = -1;
	}
	return loss;
}

const struct X(lb_loss) X(lb_multiclass_cs) = {
	.info = {
		.base = {
			.name = "cs",
			.title = "Crammer-Singer hinge: the largest margin violation",
			.cite = "K. Crammer, Y. Singer, On the algorithmic implementation of multiclass kernel-based vector machines, "
				"JMLR 2, 2001",
			.formula = "max_k (z_k - z_y + m [k != y])",
			.notes = "The term k = y is 0, so the value is never negative. On ties the lowest index takes the slope; a hinge at "
				 "exactly 0 has slope 0. Not calibrated when no class has probability above 1/2.",
			.keywords = "crammer_singer multiclass_hinge multi_margin svm",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "large margins",
		.claims = LB_NONNEGATIVE | LB_CONVEX | LB_SHIFT_INVARIANT,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.row = row,
};
