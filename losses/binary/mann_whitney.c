#include "losses/support/sorted_pairs.h"

enum { TAU, NEGATIVES };
enum { MEAN, SUM };

static const char *const negatives[] = { [MEAN] = "mean", [SUM] = "sum", NULL };

static const struct lb_param params[] = {
	[TAU] = { .name = "tau", .symbol = "tau", .def = 1, .min = 1e-3, .max = 1e3, .log_scale = true,
		  .grid = { 0.01, 0.1, 1 }, .n_grid = 3, .help = "temperature: score differences are divided by it" },
	[NEGATIVES] = { .name = "negatives", .symbol = "R", .type = LB_CHOICE_PARAM, .def = MEAN, .choices = negatives,
			.help = "mean over the negatives (R = n1 n0), or their sum (R = n1)" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.43840528795626208,
	  .source = "mpmath, 30 digits" },
	{ .set = "negatives=sum", .b = 3, .c = 1, .z = { 0, 0, 0 }, .y = { 1, 0, 0 }, .value = 1.3862943611198906,
	  .source = "by hand: two negatives, 2 log 2" },
};

/* sum over all pairs of softplus(x), x = (z_j - z_i) / tau, and the sums of sigmoid(x) for each
 * score: a tile of positives at a time, whose sums stay in double. */
static double all_pairs(const real *s, size_t n1, size_t n, real inv_tau, real *slope)
{
	enum { TILE = 64 };
	double total = 0;

	for (size_t start = 0; start < n1; start += TILE) {
		const size_t end = start + TILE < n1 ? start + TILE : n1;
		double up[TILE] = { 0 };
		for (size_t j = n1; j < n; j++) {
			double loss = 0, down = 0;
			for (size_t i = start; i < end; i++) {
				const real x = (s[j] - s[i]) * inv_tau, u = exp(-fabs(x));
				const double p = (double)lb_sigmoid(x, u);
				loss += (double)lb_softplus(x, u);
				up[i - start] += p;
				down += p;
			}
			total += loss;
			slope[j] += (real)down;
		}
		for (size_t i = start; i < end; i++)
			slope[i] = (real)-up[i - start];
	}
	return total;
}

static double batch(const struct lb_batch *in, real *g)
{
	real *s = in->workspace, *slope = s + in->b;
	const size_t n1 = lb_split_by_class(in, s), n0 = in->b - n1;
	const real inv_tau = (real)(1 / in->par[TAU].v);
	const double pairs = (double)n1 * (in->par[NEGATIVES].v > MEAN ? 1.0 : (double)n0);

	if (!n1 || !n0)
		return lb_flat(in, g, 0);
	for (size_t i = 0; i < in->b; i++)
		slope[i] = 0;
	const double total = all_pairs(s, n1, in->b, inv_tau, slope);
	for (size_t i = 0, up = 0, down = n1; g && i < in->b; i++)
		g[i] = slope[in->y[i] == 1 ? up++ : down++] * (real)(1 / (in->par[TAU].v * pairs));
	return total / pairs;
}

LB_BATCH(mw, batch)

const struct lb_loss LB_LOSS(binary, mw) = {
	.info = {
		.base = {
			.name = "mw",
			.title = "MW: the logistic loss over all pairs of a positive and a negative, after Mann and Whitney",
			.cite = "Sheikholeslami et al., Optimizing what matters: AUC-driven learning for robust neural retrieval, "
				"arXiv 2510.00137, 2025, eq. 3",
			.formula = "(1/R) sum over positives i, negatives j of log(1 + exp(-(z_i - z_j) / tau))",
			.notes = "All n1 n0 pairs are evaluated. The paper's eq. 3 sums over the negatives of the batch, which is "
				 "negatives=sum; its experiments use tau 0.01. A batch that lacks a class has value and gradient 0. "
				 "Adding one constant to all scores changes nothing, so the threshold is not learnt. With "
				 "negatives=mean the share of pairs in the wrong order or tied is at most value / log 2.",
			.keywords = "mann_whitney auc pairwise_logistic ranknet ranking bipartite_ranking",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "ranking (AUC)",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.needs = LB_NEEDS_BOTH_CLASSES,
		LB_EXAMPLES(examples),
	},
	.form = &mw_form,
	.workspace = lb_sorted_workspace,
};
