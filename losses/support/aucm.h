/* What the two versions of the AUC margin loss have in common. */
#ifndef LB_AUCM_H
#define LB_AUCM_H

#include "losses/support/class_moments.h"

enum { LB_AUCM_MARGIN, LB_AUCM_A, LB_AUCM_B, LB_AUCM_ALPHA, LB_AUCM_ACT };
enum { LB_AUCM_NONE, LB_AUCM_SIGMOID };

static const char *const lb_aucm_acts[] = { [LB_AUCM_NONE] = "none", [LB_AUCM_SIGMOID] = "sigmoid", NULL };

static const struct lb_param lb_aucm_params[] = {
	[LB_AUCM_MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 100, .grid = { 0.1, 1, 5 }, .n_grid = 3,
			     .help = "what a positive should be above a negative" },
	[LB_AUCM_A] = { .name = "a", .symbol = "a", .def = 1, .min = -1e3, .max = 1e3, .help = "what the positives should score" },
	[LB_AUCM_B] = { .name = "b", .symbol = "b", .def = 0, .min = -1e3, .max = 1e3, .help = "what the negatives should score" },
	[LB_AUCM_ALPHA] = { .name = "alpha", .symbol = "alpha", .def = 0, .min = 0, .max = 1e3, .grid = { 0, 0.5, 1 }, .n_grid = 3,
			    .help = "multiplier of the margin between the classes" },
	[LB_AUCM_ACT] = { .name = "act", .symbol = "h", .type = LB_CHOICE_PARAM, .def = LB_AUCM_SIGMOID, .choices = lb_aucm_acts,
			  .help = "h = sigmoid(z), or none: h = z" },
};

/* The second version; of_paper: times p (1 - p), the first. */
static inline double lb_aucm(const struct lb_batch *in, real *g, bool of_paper)
{
	const struct lb_arg *par = in->par;
	const bool squash = par[LB_AUCM_ACT].v > LB_AUCM_NONE;
	const struct lb_spread s = lb_spread(in, squash);
	const double centre[2] = { par[LB_AUCM_B].v, par[LB_AUCM_A].v }, alpha = par[LB_AUCM_ALPHA].v;
	const double gap = par[LB_AUCM_MARGIN].v + s.mean[0] - s.mean[1];
	const double weight = of_paper ? s.n[0] * s.n[1] / ((double)in->b * (double)in->b) : 1;
	double sum = alpha * (2 * gap - alpha);

	if (!(s.n[0] > 0 && s.n[1] > 0))
		return lb_flat(in, g, 0);
	for (int y = 0; y < 2; y++)
		sum += s.var[y] + (s.origin + s.mean[y] - centre[y]) * (s.origin + s.mean[y] - centre[y]);
	for (size_t i = 0; g && i < in->b; i++) {
		const int y = in->y[i] == 1;
		const struct lb_squashed h = lb_squash((double)in->output.value[i], squash);
		g[i] = (real)(weight * 2 / s.n[y] * (h.v - centre[y] + (y ? -alpha : alpha)) * h.slope);
	}
	return weight * sum;
}

#endif
