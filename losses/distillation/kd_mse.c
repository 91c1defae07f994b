#include "losses/loss.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 1, 0 }, .y = { 0 }, .t = { 3, -1 }, .value = 2.5, .source = "by hand: (4 + 1) / 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 2, 0.5, -1, 0.5, 0, 0.25 }, .y = { 0, 1 }, .t = { 3, 0, -2, 1, 0.5, -0.5 }, .value = 0.55208333333333333,
	  .source = "by hand: (1 + 1/4 + 1 + 1/4 + 1/4 + 9/16) / 6" },
};

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const real *t = in->teacher + i * in->c, share = 1 / (real)in->c;
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		const real d = z[k] - t[k];
		sum += (double)d * (double)d;
		if (g)
			g[k] = 2 * share * d;
	}
	return (real)(sum / (double)in->c);
}

LB_ROW(kd_mse, row)

const struct lb_loss LB_LOSS(distillation, kd_mse) = {
	.info = {
		.base = {
			.name = "kd_mse",
			.title = "Squared error between the student's scores and the teacher's",
			.cite = "J. Ba, R. Caruana, Do deep nets really need to be deep?, NeurIPS 2014",
			.formula = "1/C sum_k (z_k - t_k)^2,  t the teacher's scores",
			.notes = "The mean over classes. Where kd of a high temperature goes when both rows of scores have mean 0: kd tends to half of this. Labels are not "
				 "used; the metrics are.",
			.keywords = "logit_matching logits mse l2 distillation knowledge_distillation teacher student",
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(examples),
	},
	.form = &kd_mse_form,
};
