#include "losses/support/balanced.h"

enum { R, BETA };

static const struct lb_param params[] = {
	[R] = { .name = "r", .symbol = "r", .def = 0.7, .min = 0, .max = 1, .grid = { 0.1, 0.3, 0.5, 0.7, 0.9 }, .n_grid = 5,
		.help = "share of the metric" },
	[BETA] = { .name = "beta", .symbol = "b", .def = 1, .min = 0.01, .max = 100, .log_scale = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		   .help = "weight of recall against precision" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "r=0", .other = "batch_balanced_bce", .other_set = "" },
	{ .set = "r=1", .other = "metric_fbeta", .other_set = "amp=identity" },
};

static const struct lb_example examples[] = {
	{ .set = "r=0.5", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.42328679513998632,
	  .source = "by hand: (log 2 / 2) / 2 + (1/2) / 2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.34359109885490124,
	  .source = "mpmath, 30 digits" },
};

static struct lb_soft metric(const struct lb_counts *c, const struct lb_arg *par)
{
	return lb_soft_fbeta(c, par[BETA].v * par[BETA].v, 0);
}

static double batch(const struct lb_batch *in, real *g)
{
	static const struct lb_amp plain = { .kind = LB_AMP_IDENTITY };
	real *by_balanced = in->workspace;
	const double r = in->par[R].v, balanced = lb_balanced_bce(in, g ? by_balanced : NULL), soft = lb_soft_batch(in, g, &plain, metric);

	for (size_t i = 0; g && i < in->b; i++)
		g[i] = (real)((1 - r) * (double)by_balanced[i] + r * (double)g[i]);
	return (1 - r) * balanced + r * soft;
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->b * sizeof(real);
}

LB_BATCH(bce_fbeta_mix, batch)

const struct lb_loss LB_LOSS(binary, bce_fbeta_mix) = {
	.info = {
		.base = {
			.name = "bce_fbeta_mix",
			.title = "Mix of the balanced logistic loss and soft F-beta",
			.cite = "S. Han, N. Moniz, N. V. Chawla, AnyLoss: the 102-data-set extension study of the authors' "
				"repository (WBCEFL)",
			.formula = "(1 - r) L_balanced + r (1 - F_beta),  F_beta of the soft counts of p",
			.notes = "L_balanced is batch_balanced_bce, the other metric_fbeta with amp identity. The study "
				 "chose r = 0.7 for F1; its mixes for G-mean (0.3) and balanced accuracy (0.1) take those "
				 "metrics in the place of F1.",
			.keywords = "wbcefl anyloss soft_f1 combined",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "F-beta, class imbalance",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &bce_fbeta_mix_form,
	.workspace = workspace,
};
