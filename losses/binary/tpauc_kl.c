#include "losses/support/degenerate_batch.h"

enum { LAM, TAU, MARGIN };

static const struct lb_param params[] = {
	[LAM] = { .name = "lam", .symbol = "lam", .def = 1, .min = 0.1, .max = 1e6, .log_scale = true, .grid = { 0.1, 1, 10 }, .n_grid = 3,
		  .help = "temperature of the negatives: how many of them count" },
	[TAU] = { .name = "tau", .symbol = "tau", .def = 1, .min = 0.1, .max = 1e6, .log_scale = true, .grid = { 0.1, 1, 10 }, .n_grid = 3,
		  .help = "temperature of the positives: how many of them count" },
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 100, .grid = { 0.1, 1, 5 }, .n_grid = 3,
		     .help = "what a positive should be above a negative" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 0.5, 0, 0 }, .y = { 1, 0, 0 }, .value = 0.25, .source = "by hand: both pairs (1 - 0.5)^2" },
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 1.965144405, .source = "mpmath, 80 digits" },
};

static double gap(const struct lb_batch *in, size_t i, size_t j)
{
	const double u = in->par[MARGIN].v - ((double)in->output.value[i] - (double)in->output.value[j]);

	return u > 0 ? u : 0;
}

/* The difference of the losses of two gaps, without cancellation. */
static double more(double u, double than)
{
	return (u - than) * (u + than);
}

/* The row of the class with the smallest score, or the largest. */
static size_t extreme(const struct lb_batch *in, int32_t y, bool largest)
{
	size_t at = in->b;

	for (size_t i = 0; i < in->b; i++) {
		const bool further = at < in->b && (largest ? in->output.value[i] > in->output.value[at] : in->output.value[i] < in->output.value[at]);
		at = in->y[i] == y && (at == in->b || further) ? i : at;
	}
	return at;
}

/* Of each positive its sum over negatives of exp((l_ij - l_i top) / lam), and of all positives
 * those sums against that of the worst one, whose pairs have the largest losses. */
static void weigh(const struct lb_batch *in, size_t top, size_t worst, double *sum, double *weight)
{
	const double lam = in->par[LAM].v, tau = in->par[TAU].v, most = gap(in, worst, top);

	for (size_t i = 0; i < in->b; i++) {
		sum[i] = 0;
		for (size_t j = 0; in->y[i] && j < in->b; j++)
			sum[i] += in->y[j] ? 0 : exp(more(gap(in, i, j), gap(in, i, top)) / lam);
	}
	for (size_t i = 0; i < in->b; i++)
		weight[i] = in->y[i] ? exp(more(gap(in, i, top), most) / tau + lam / tau * log(sum[i] / sum[worst])) : 0;
}

/* The gradient: a pair has the weight of its positive times that of the negative for it. */
static void slopes(const struct lb_batch *in, size_t top, const double *sum, const double *weight, double all, real *g)
{
	for (size_t s = 0; s < in->b; s++) {
		double total = 0;
		for (size_t k = 0; k < in->b; k++) {
			if (in->y[s] == in->y[k])
				continue;
			const size_t i = in->y[s] ? s : k, j = in->y[s] ? k : s;
			const double u = gap(in, i, j);
			total += weight[i] / all * exp(more(u, gap(in, i, top)) / in->par[LAM].v) / sum[i] * 2 * u;
		}
		g[s] = (real)(in->y[s] ? -total : total);
	}
}

static double batch(const struct lb_batch *in, real *g)
{
	const double n1 = (double)lb_positives(in), n0 = (double)in->b - n1, lam = in->par[LAM].v;
	double *sum = in->workspace, *weight = sum + in->b, all = 0;

	if (!(n1 > 0 && n0 > 0) || isnan(lb_nothing(in)))
		return lb_flat(in, g, 0);
	const size_t top = extreme(in, 0, true), worst = extreme(in, 1, false);
	weigh(in, top, worst, sum, weight);
	for (size_t i = 0; i < in->b; i++)
		all += weight[i];
	if (g)
		slopes(in, top, sum, weight, all, g);
	return gap(in, worst, top) * gap(in, worst, top) + lam * log(sum[worst] / n0) + in->par[TAU].v * log(all / n1);
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return 2 * shape->b * sizeof(double);
}

LB_BATCH(tpauc_kl, batch)

const struct lb_loss LB_LOSS(binary, tpauc_kl) = {
	.info = {
		.base = {
			.name = "tpauc_kl",
			.title = "Two-way partial AUC, soft: the worst positives against their worst negatives by KL balls",
			.cite = "D. Zhu, G. Li, B. Wang, X. Wu, T. Yang, When AUC meets DRO: optimizing partial AUC for deep learning with non-convex "
				"convergence guarantee, ICML 2022; LibAUC, tpAUC_KL_Loss",
			.formula = "tau log mean over positives i of (mean over negatives j of exp(l_ij / lam))^(lam / tau),  l_ij = max(0, m - (z_i - z_j))^2",
			.notes = "At lam = tau one soft maximum over all pairs; as tau grows it tends to pauc_kl, as both grow to pairwise_squared_hinge. All n1 n0 pairs are "
				 "evaluated, the largest taken out of the exponents. A batch that lacks a class has value and gradient 0. Adding one constant to all "
				 "scores changes nothing, so the threshold is not learnt.",
			.keywords = "tpauc two_way partial_auc sota_s dro libauc",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "ranking (partial AUC)",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.needs = LB_NEEDS_BOTH_CLASSES,
		LB_EXAMPLES(examples),
	},
	.form = &tpauc_kl_form,
	.workspace = workspace,
};
