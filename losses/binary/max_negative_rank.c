#include "losses/support/balanced.h"

enum { W_POS, MU };

static const struct lb_param params[] = {
	[W_POS] = { .name = "w_pos", .symbol = "w_1", .def = 1, .min = 0, .max = 1e6, .grid = { 1, 2, 10 }, .n_grid = 3,
		    .help = "weight of rows with y = 1" },
	[MU] = { .name = "mu", .symbol = "mu", .def = 1, .min = 0, .max = 1e6, .grid = { 0, 1, 10 }, .n_grid = 3,
		 .help = "weight of the shortfall; 0 is weighted_bce" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "mu=0", .other = "logistic", .other_set = "" },
	{ .set = "mu=0 w_pos=3", .other = "weighted_bce", .other_set = "w_pos=3" },
};

static const struct lb_example examples[] = {
	{ .set = "mu=2", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.69314718055994531,
	  .source = "by hand: log 2, no shortfall" },
	{ .set = "w_pos=2", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.81290493655232987,
	  .source = "mpmath, 30 digits" },
};

static const struct lb_amp plain = { .kind = LB_AMP_IDENTITY };

static double logistic(const struct lb_batch *in, real *g)
{
	double sum = 0;

	for (size_t i = 0; i < in->b; i++) {
		const double weight = in->y[i] ? in->par[W_POS].v : 1;
		const struct lb_margin m = lb_logistic(lb_margin_of(in, i, in->output.value + i));
		sum += weight * (double)m.loss;
		if (g)
			g[i] = (real)(weight / (double)in->b * (double)(in->y[i] ? m.slope : -m.slope));
	}
	return sum / (double)in->b;
}

/* The highest score of a negative, and how many have it. */
static size_t highest(const struct lb_batch *in, real *top)
{
	size_t n = 0;

	for (size_t i = 0; i < in->b; i++) {
		const real z = in->output.value[i];
		if (in->y[i] || (n && z < *top))
			continue;
		n = n && z <= *top ? n + 1 : 1;
		*top = z;
	}
	return n;
}

static double batch(const struct lb_batch *in, real *g)
{
	const double scale = in->par[MU].v / (double)(lb_positives(in) + 1), bce = logistic(in, g);
	real top = 0;
	double sum = 0, back = 0;
	const size_t tied = highest(in, &top);
	const struct lb_amplified q = lb_amplify((double)top, &plain);

	for (size_t i = 0; tied && i < in->b; i++) {
		const struct lb_amplified p = lb_amplify((double)in->output.value[i], &plain);
		const double shortfall = in->output.value[i] < 0 ? q.a - p.a : p.rest - q.rest;
		if (!in->y[i] || !(shortfall > 0))
			continue;
		sum += shortfall * shortfall;
		back += 2 * shortfall;
		if (g)
			g[i] = (real)((double)g[i] - 2 * scale * shortfall * p.slope);
	}
	for (size_t i = 0; g && tied && i < in->b; i++)
		if (!in->y[i] && in->output.value[i] >= top)
			g[i] = (real)((double)g[i] + scale * back * q.slope / (double)tied);
	return bce + scale * sum;
}

LB_BATCH(max_negative_rank, batch)

const struct lb_loss LB_LOSS(binary, max_negative_rank) = {
	.info = {
		.base = {
			.name = "max_negative_rank",
			.title = "Weighted logistic loss and the squared shortfall of positives below the highest negative",
			.cite = "R. Entezari, O. Saukh, Class-dependent compression of deep neural networks, 2020; form of "
				"the authors' code",
			.formula = "(1/B) sum_i w_y log(1 + exp(-s_i)) + mu / (n1 + 1) sum over positives of max(0, q - "
				   "p_i)^2,  q = max over negatives of p",
			.notes = "p = sigmoid(z); the repository clamps raw outputs instead, multiplies the rank term by 0 "
				 "and takes it of detached scores, so what was run is the weighted logistic loss alone. w_0 "
				 "= 1. Negatives that tie for q share alike. The divisor n1 + 1 is the code's: a batch "
				 "written twice has another value.",
			.keywords = "auc false_negatives pruning compression",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "false negatives",
		.properties = LB_NONNEGATIVE,
		.exceptions = LB_SIZE_MATTERS,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &max_negative_rank_form,
};
