#include "losses/support/soft_confusion.h"

enum { EPS };

static const struct lb_param params[] = {
	[EPS] = { .name = "eps", .symbol = "e", .def = 1, .min = 0, .max = 1e3, .grid = { 0, 1e-5, 1 }, .n_grid = 3,
		  .help = "added above and below" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.2,
	  .source = "by hand: (1/4 + 1/4) / (1/4 + 1/4 + 1 + 1)" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.17854497892602572,
	  .source = "mpmath, 30 digits" },
};

static const struct lb_amp plain = { .kind = LB_AMP_IDENTITY };

/* wrong = sum (p - y)^2, den = sum p^2 + sum y^2 + e */
static double batch(const struct lb_batch *in, real *g)
{
	double wrong = 0, den = in->par[EPS].v + (double)lb_positives(in);

	for (size_t i = 0; i < in->b; i++) {
		const struct lb_amplified p = lb_amplify((double)in->z[i], &plain);
		wrong += in->y[i] ? p.rest * p.rest : p.a * p.a;
		den += p.a * p.a;
	}
	if (!(den > 0))
		return lb_flat(in, g, 1);
	const double loss = wrong / den;
	for (size_t i = 0; g && i < in->b; i++) {
		const struct lb_amplified p = lb_amplify((double)in->z[i], &plain);
		g[i] = (real)(2 * ((in->y[i] ? -p.rest : p.a) - loss * p.a) / den * p.slope);
	}
	return loss;
}

const struct lb_loss LB_LOSS(binary, dice_squared) = {
	.info = {
		.base = {
			.name = "dice_squared",
			.title = "Dice loss with squares in the denominator",
			.cite = "F. Milletari, N. Navab, S.-A. Ahmadi, V-Net: fully convolutional neural networks for "
				"volumetric medical image segmentation, 3DV 2016",
			.formula = "1 - (2 sum p y + e) / (sum p^2 + sum y^2 + e)",
			.notes = "The paper's form with e added. By hand it is sum (p - y)^2 / (sum p^2 + sum y^2 + e). e "
				 "keeps a batch without positives finite and drives its p to 0; as it is a constant, a batch "
				 "written twice has another value. Where the denominator is 0 the value is 1. p = "
				 "sigmoid(z).",
			.keywords = "dice_loss vnet segmentation",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "overlap of regions",
		.claims = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		.limits = LB_SIZE_MATTERS,
		.examples = examples,
		.n_examples = sizeof examples / sizeof *examples,
	},
	.batch = batch,
};
