#include "losses/support/degenerate_batch.h"

enum { LAM, MARGIN };

static const struct lb_param params[] = {
	[LAM] = { .name = "lam", .symbol = "lam", .def = 1, .min = 0.1, .max = 1e6, .log_scale = true, .grid = { 0.1, 1, 10 }, .n_grid = 3,
		  .help = "temperature: how many negatives count" },
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 100, .grid = { 0.1, 1, 5 }, .n_grid = 3,
		     .help = "what a positive should be above a negative" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 0.5, 0, 0 }, .y = { 1, 0, 0 }, .value = 0.25,
	  .source = "by hand: both pairs (1 - 0.5)^2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 1.2928239800579909,
	  .source = "mpmath, 30 digits" },
};

static double gap(const struct lb_batch *in, size_t i, double z)
{
	const double u = in->par[MARGIN].v - ((double)in->output.value[i] - z);

	return u > 0 ? u : 0;
}

/* exp((l - l_top) / lam), u and top being the gaps whose squares they are */
static double share(const struct lb_batch *in, double u, double top)
{
	return exp((u - top) * (u + top) / in->par[LAM].v);
}

static double largest_negative(const struct lb_batch *in)
{
	double top = -HUGE_VAL;

	for (size_t j = 0; j < in->b; j++)
		top = !in->y[j] && (double)in->output.value[j] > top ? (double)in->output.value[j] : top;
	return top;
}

/* For each positive the sum of the shares of its pairs, in sum; returns the sum of its losses over
 * positives. */
static double weigh(const struct lb_batch *in, double top, double n0, real *sum)
{
	double value = 0;

	for (size_t i = 0; i < in->b; i++) {
		const double worst = gap(in, i, top);
		double shares = 0;
		for (size_t j = 0; in->y[i] && j < in->b; j++)
			shares += in->y[j] ? 0 : share(in, gap(in, i, (double)in->output.value[j]), worst);
		sum[i] = (real)shares;
		value += in->y[i] ? worst * worst + in->par[LAM].v * log(shares / n0) : 0;
	}
	return value;
}

/* Sum over the pairs of row s of the weight of the pair times its slope by the gap. */
static double slope(const struct lb_batch *in, size_t s, double top, const real *sum)
{
	double total = 0;

	for (size_t k = 0; k < in->b; k++) {
		if (in->y[s] == in->y[k])
			continue;
		const size_t i = in->y[s] ? s : k, j = in->y[s] ? k : s;
		const double u = gap(in, i, (double)in->output.value[j]);
		total += share(in, u, gap(in, i, top)) / (double)sum[i] * 2 * u;
	}
	return in->y[s] ? -total : total;
}

static double batch(const struct lb_batch *in, real *g)
{
	const double n1 = (double)lb_positives(in), n0 = (double)in->b - n1, top = largest_negative(in);

	if (!(n1 > 0 && n0 > 0) || isnan(lb_nothing(in)))
		return lb_flat(in, g, 0);
	const double value = weigh(in, top, n0, in->workspace);
	for (size_t s = 0; g && s < in->b; s++)
		g[s] = (real)(slope(in, s, top, in->workspace) / n1);
	return value / n1;
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->b * sizeof(real);
}

LB_BATCH(pauc_kl, batch)

const struct lb_loss LB_LOSS(binary, pauc_kl) = {
	.info = {
		.base = {
			.name = "pauc_kl",
			.title = "One-way partial AUC, soft: every positive against its worst negatives by a KL ball",
			.cite = "D. Zhu, G. Li, B. Wang, X. Wu, T. Yang, When AUC meets DRO: optimizing partial AUC for deep "
				"learning with non-convex convergence guarantee, ICML 2022",
			.formula = "mean over positives i of lam log mean over negatives j of exp(l_ij / lam),  l_ij = "
				   "max(0, m - (z_i - z_j))^2",
			.notes = "Tends to the worst negative alone as lam falls to 0, and to pairwise_squared_hinge as it "
				 "grows. All n1 n0 pairs are evaluated, the largest taken out of the exponent. A batch that "
				 "lacks a class has value and gradient 0. Adding one constant to all scores changes nothing, "
				 "so the threshold is not learnt.",
			.keywords = "pauc partial_auc sopa_s dro libauc",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "ranking (partial AUC)",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.needs = LB_NEEDS_BOTH_CLASSES,
		LB_EXAMPLES(examples),
	},
	.form = &pauc_kl_form,
	.workspace = workspace,
};
