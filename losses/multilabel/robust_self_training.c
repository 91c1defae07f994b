#include "losses/support/label_matrix.h"

enum { GAMMA, GAMMA_U, LAMBDA, LABELLED };
enum { RAMP, HINGE };

static const struct lb_param params[] = {
	[GAMMA] = { .name = "gamma", .symbol = "g", .def = 1, .min = 0, .max = 1e3, .min_open = true, .log_scale = true,
		    .grid = { 0.1, 1, 10 }, .n_grid = 3, .help = "price of moving a row with a label; its loss ends at s = 1/gamma" },
	[GAMMA_U] = { .name = "gamma_u", .symbol = "g'", .def = 1, .min = 0, .max = 1e3, .min_open = true, .log_scale = true,
		      .grid = { 0.1, 1, 10 }, .n_grid = 3, .help = "the same of a row without one" },
	[LAMBDA] = { .name = "lam", .symbol = "l", .def = 1, .min = 0, .max = 1e3, .grid = { 0.1, 1, 10 }, .n_grid = 3,
		     .help = "weight of the rows without label" },
	[LABELLED] = { .name = "labelled", .type = LB_CHOICE_PARAM, .choices = (const char *const[]){ "ramp", "hinge", NULL },
		       .grid = { 0, 1 }, .n_grid = 2, .help = "of rows with a label: ramp min(1, h), or hinge h, which learns from wrong rows too" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 4, .c = 1, .z = { 0.25, -0.5, 0.5, -3 }, .t = { 1, 1, -1, -1 }, .value = 1.125,
	  .source = "by hand: (0.75 + 1) / 2 + (0.5 + 0) / 2" },
	{ .set = "labelled=hinge lam=2 gamma_u=0.5", .b = 3, .c = 1, .z = { 0.25, 0.5, -1 }, .t = { 1, 0, -1 }, .value = 2.125,
	  .source = "by hand: (0.75 + 1.5) / 2 + 2 (1 - 0.5)" },
};

/* min(1, max(0, 1 - g s)), without the 1 for a hinge; slope by s. */
static struct lb_cell falls(double gamma, double s, bool hinge)
{
	const double u = 1 - gamma * s;
	const bool low = u <= 0, high = !hinge && u >= 1;

	return (struct lb_cell){ .loss = low ? 0 : high ? 1 : u, .slope = low || high ? 0 : -gamma + 0 * u };
}

static struct lb_cell cell_of(const struct lb_arg *par, double z, real label)
{
	const bool known = label >= 0;
	const double sign = known ? label > 0 ? 1 : -1 : (double)((z > 0) - (z < 0));
	struct lb_cell c = falls(par[known ? GAMMA : GAMMA_U].v, known ? sign * z : fabs(z), known && (int)par[LABELLED].v == HINGE);

	c.slope *= sign;
	if (isnan(z))
		c.slope = z;
	return c;
}

/* The mean over known entries, and lam times the mean over the others. */
static double batch(const struct lb_batch *in, real *g)
{
	const size_t n = in->b * in->c;
	double sum[2] = { 0 }, count[2] = { 0 };

	for (size_t k = 0; k < n; k++) {
		const bool known = in->label_matrix[k] >= 0;
		sum[known] += cell_of(in->par, (double)in->output.value[k], in->label_matrix[k]).loss;
		count[known]++;
	}
	const double share[2] = { count[0] > 0 ? in->par[LAMBDA].v / count[0] : 0, count[1] > 0 ? 1 / count[1] : 0 };
	for (size_t k = 0; g && k < n; k++)
		g[k] = (real)(share[in->label_matrix[k] >= 0] * cell_of(in->par, (double)in->output.value[k], in->label_matrix[k]).slope);
	return share[1] * sum[1] + share[0] * sum[0];
}

LB_BATCH(robust_self_training, batch)

const struct lb_loss LB_LOSS(multilabel, robust_self_training) = {
	.info = {
		.base = {
			.name = "robust_self_training",
			.title = "Robust self-training: a ramp for known labels, and one for unknown labels taken as they are predicted",
			.cite = "A. H. Saberi et al., Out-of-domain unlabeled data improves generalization, ICLR 2024, arXiv "
				"2310.00027",
			.formula = "mean over known of min(1, max(0, 1 - g s)) + l mean over unknown of max(0, 1 - g' |z|)",
			.notes = "The worst 0-1 loss of a linear score when moving a row costs g times its distance: an unknown label is the "
				 "predicted one, so that the boundary is pushed out of where rows are dense. The distance is in units of "
				 "the score; with |w| = 1 it is Euclidean. The ramp has no slope at wrong rows; labelled: hinge learns from them. At "
				 "z = 0 the slope of an unknown label is 0.",
			.keywords = "semi_supervised unlabelled rss distributionally_robust out_of_domain ramp_unit",
			LB_PARAMS(params),
		},
		.kind = LB_MULTILABEL,
		.good_for = "unlabelled rows",
		.properties = LB_NONNEGATIVE,
		LB_EXAMPLES(examples),
	},
	.form = &robust_self_training_form,
};
