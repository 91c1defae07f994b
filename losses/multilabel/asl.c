#include "losses/support/focal_entry.h"

enum { GAMMA_POS, GAMMA_NEG, CLIP };

static const struct lb_param params[] = {
	[GAMMA_POS] = { .name = "gamma_pos", .symbol = "g+", .def = 0, .min = 0, .max = 10, .grid = { 0, 1 }, .n_grid = 2,
			.help = "down-weighting of easy labels that are there" },
	[GAMMA_NEG] = { .name = "gamma_neg", .symbol = "g-", .def = 4, .min = 0, .max = 10, .grid = { 0, 1, 2, 4 }, .n_grid = 4,
			.help = "down-weighting of easy labels that are not there" },
	[CLIP] = { .name = "clip", .symbol = "m", .def = 0.05, .min = 0, .max = 0.9, .grid = { 0, 0.05, 0.2 }, .n_grid = 3,
		   .help = "labels that are not there with p below this have no loss" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "gamma_pos=0 gamma_neg=0 clip=0", .other = "ml_bce", .other_set = "" },
	{ .set = "gamma_pos=1 gamma_neg=4", .other = "multi_focal_modifier", .other_set = "gamma_pos=1 gamma_neg=3 power=0 detach=false" },
};

static const struct lb_example examples[] = {
	{ .set = "gamma_pos=2 gamma_neg=2 clip=0", .b = 1, .c = 2, .z = { 0, 0 }, .t = { 1, 0 }, .value = 0.34657359027997264,
	  .source = "by hand: 2 (1/2)^2 log 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .t = { 1, 0, 0, 0, 1, 1 }, .value = 0.6435480225016122,
	  .source = "mpmath, 30 digits" },
};

static struct lb_cell cell(const struct lb_batch *in, double z, real label, size_t k)
{
	const struct lb_focal f = label > 0 ? lb_focal_there(z, in->par[GAMMA_POS].v) :
					      lb_focal_away(z, in->par[GAMMA_NEG].v, in->par[CLIP].v);

	(void)k;
	return lb_focal_cell(&f, 1);
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_cells_row(in, i, z, g, false, cell);
}

LB_ROW(asl, row)

const struct lb_loss LB_LOSS(multilabel, asl) = {
	.info = {
		.base = {
			.name = "asl",
			.title = "Asymmetric loss: focal powers of their own for labels that are there and that are not, and a shift",
			.cite = "E. Ben-Baruch, T. Ridnik, N. Zamir, A. Noy, I. Friedman, M. Protter, L. Zelnik-Manor, Asymmetric loss for "
				"multi-label classification, ICCV 2021",
			.formula = "-sum_k y_k (1 - p_k)^{g+} log p_k + (1 - y_k) t_k^{g-} log(1 - t_k),  t = max(p - m, 0),  p = sigmoid(z)",
			.notes = "The gradient goes through the powers, as in the paper; one of the two official implementations holds them fixed: "
				 "multi_focal_modifier with power = 0, gamma_neg less 1. That class defaults to g+ = 1; the paper's tables and "
				 "these defaults are g+ = 0, g- = 4. Its eps of 1e-8 is not needed. A label that is not known has no part.",
			.keywords = "asymmetric asymmetric_loss focal multilabel",
			LB_PARAMS(params),
		},
		.kind = LB_MULTILABEL,
		.good_for = "few labels of many",
		.properties = LB_NONNEGATIVE,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &asl_form,
};
