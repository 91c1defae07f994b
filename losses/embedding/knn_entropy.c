#include "losses/support/pairs.h"

enum { NEIGHBOUR, EPS };

static const struct lb_param params[] = {
	[NEIGHBOUR] = { .name = "k", .symbol = "k", .type = LB_INT_PARAM, .def = 3, .min = 1, .max = 1000, .grid = { 1, 3, 5 }, .n_grid = 3,
			.help = "the neighbour whose distance counts, from 1" },
	[EPS] = { .name = "eps", .symbol = "eps", .def = 1e-8, .min = 1e-300, .max = 1, .help = "the least distance; rows nearer than this do not move" },
};

static const struct lb_example examples[] = {
	{ .set = "k=1", .b = 2, .c = 1, .z = { 0, 3 }, .y = { 0, 1 }, .classes = 2, .value = -2.7917594692280554,
	  .source = "by hand: psi(2) - psi(1) = 1, the volume of [-1, 1] is 2, both distances are 3: -(1 + log 2 + log 3)" },
};

/* Returns the k-th nearest row to row i, k from 1, by the distances that are held; the lower of
 * equals first. taken is a mark for each row. */
static size_t neighbour(const struct lb_row_pairs *p, size_t i, size_t k, uint32_t *taken)
{
	const double *d = p->held + i * p->b;
	size_t at = i;

	for (size_t j = 0; j < p->b; j++)
		taken[j] = j == i;
	while (k--) {
		at = p->b;
		for (size_t j = 0; j < p->b; j++)
			if (!taken[j] && (at == p->b || d[j] < d[at]))
				at = j;
		taken[at] = 1;
	}
	return at;
}

/* psi(n) - psi(k) + log of the volume of the unit ball in c dimensions. */
static double constant(size_t n, size_t k, size_t c)
{
	double sum = (double)c / 2 * log(3.14159265358979323846);
	int sign;

	for (size_t j = k; j < n; j++)
		sum += 1 / (double)j;
	return sum - lgamma_r((double)c / 2 + 1, &sign);
}

static double knn_entropy(const struct lb_row_pairs *p)
{
	const size_t asked = (size_t)p->in->par[NEIGHBOUR].v, k = asked < p->b ? asked : p->b - 1;
	const double least = p->in->par[EPS].v;
	double sum = 0;

	if (p->b < 2)
		return 0;
	for (size_t i = 0; i < p->b; i++) {
		const size_t j = neighbour(p, i, k, p->index);
		const double d = lb_to(p, i, j);
		sum -= log(d > least ? d : least);
		if (d > least)
			lb_slope(p, i, j, -1 / d);
	}
	return lb_mean_of(p, sum, (double)p->b) - constant(p->b, k, p->in->c) / (double)p->in->c;
}

static struct lb_measured measure(const struct lb_arg *par)
{
	(void)par;
	return (struct lb_measured){ .measure = LB_EUCLIDEAN };
}

LB_SIMILARITY(knn_entropy, measure, knn_entropy)

const struct lb_loss LB_LOSS(embedding, knn_entropy) = {
	.info = {
		.base = {
			.name = "knn_entropy",
			.title = "Less the entropy of the embeddings a column, estimated from distances to the k-th nearest neighbour",
			.cite = "L. F. Kozachenko, N. N. Leonenko, Sample estimate of the entropy of a random vector, Problems of Information Transmission 23, 1987; in the form of "
				"A. Kraskov, H. Stoegbauer, P. Grassberger, Estimating mutual information, Phys. Rev. E 69, 2004",
			.formula = "-( (psi(B) - psi(k) + log V) / D + (1/B) sum_i log max(|z_i - z_n(i)|, eps) ),  n(i) the k-th nearest other row, V the volume of the unit ball in D dimensions",
			.notes = "Labels have no part: it spreads the rows, and is to be added to another loss by terms; alone it has no least value. Rows are taken as they are. The choice of the "
				 "neighbour is held fixed in the gradient, the lower row on ties, and both rows move. With fewer than k others it is the farthest of them; one row alone gives 0. "
				 "koleo is the second term with k 1, of unit rows.",
			.keywords = "entropy kozachenko leonenko nearest_neighbour mode_collapse manifold spreading",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "spread of embeddings",
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_EXAMPLES(examples),
	},
	.form = &knn_entropy_form,
};
