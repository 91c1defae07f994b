#include "losses/support/softmax.h"

enum { BETA };

static const struct lb_param params[] = {
	[BETA] = { .name = "beta", .symbol = "b", .def = 0.8, .min = 0, .max = 1, .min_open = true, .grid = { 0.5, 0.8, 0.95 },
		   .n_grid = 3, .help = "share of the given label in the target, the rest is the predicted class; 1 is cross-entropy" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "beta=1", .other = "ce", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "beta=0.5", .b = 1, .c = 2, .z = { 1.0986122886681098, 0 }, .y = { 1 }, .value = 0.8369882167858358,
	  .source = "by hand: p = (3/4, 1/4), (log 4 + log(4/3)) / 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.74315386423303551,
	  .source = "mpmath, 30 digits" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const real beta = (real)in->par[BETA].v, own = (real)(1 - in->par[BETA].v);
	real *e = lb_terms(in, g);
	const struct lb_softmax s = lb_softmax_of(in, i, z, R(1.0), e);
	double others = 0;

	for (size_t k = 0; k < in->c; k++)
		others += k == s.top ? 0 : (double)e[k];
	const real rest = (real)others;
	if (g) {
		for (size_t k = 0; k < in->c; k++)
			g[k] = e[k] / s.sum;
		g[s.y] -= beta;
		g[s.top] = (s.top == s.y ? 0 : beta) - rest / s.sum;
	}
	return -beta * s.lp + own * log1p(rest);
}

LB_SOFTMAX_ROW(bootstrap_hard, row)

const struct lb_loss LB_LOSS(multiclass, bootstrap_hard) = {
	.info = {
		.base = {
			.name = "bootstrap_hard",
			.title = "Hard bootstrapping: cross-entropy to a mix of the label and the predicted class",
			.cite = "S. Reed, H. Lee, D. Anguelov, C. Szegedy, D. Erhan, A. Rabinovich, Training deep neural networks on "
				"noisy labels with bootstrapping, ICLR 2015 workshop track",
			.formula = "-b log p_y - (1 - b) log max_k p_k",
			.notes = "On ties the lowest index is the predicted class. The predicted class is locally constant, so holding "
				 "it fixed is the derivative. The paper sets b = 0.8. Convex and proper only at beta = 1.",
			.keywords = "bootstrapping hard_bootstrapping self_training pseudo_label reed",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &bootstrap_hard_form,
};
