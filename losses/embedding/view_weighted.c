/* A contrast of two views whose negatives weigh by the clusters they are in: weighted_info_nce. */
#include "losses/support/clusters.h"
#include "losses/support/view_words.h"

#include <string.h>

enum { TAU, CLUSTERS };

static const double default_clusters[] = { 4, 8 };

static const struct lb_param params[] = {
	[TAU] = LB_VIEW_TEMPERATURE(0.3),
	[CLUSTERS] = { .name = "clusters", .symbol = "K", .type = LB_INTS_PARAM, .def_list = default_clusters, .n_def_list = 2, .min = 1, .max = 1e5,
		       .help = "numbers of clusters that the batch is divided into, once for each" },
};

static const struct lb_example examples[] = {
	{ .set = "tau=1 clusters=[2]", .b = 3, .c = 2, .z = { 1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1 }, .views = 2, .value = -0.76895093981335156,
	  .source = "by hand: two rows are of one cluster: (2 (log 1 - 1) + log 2 - 1) / 3" },
	{ .set = "clusters=[1]", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = 0, .source = "by hand: no row is of another cluster" },
};

/* ---- the loss ---- */

/* w (b, b) <- in how many divisions of the held second view two rows are of different clusters. */
static void weigh(const struct lb_two_views *v, double *w, double *room)
{
	const struct lb_arg *of = &v->in->par[CLUSTERS];
	const size_t b = v->b, c = v->c;
	struct lb_clusters cl = { .b = b, .c = c, .u = v->held[1], .of = lb_take(&room, b), .centre = lb_take(&room, b * c), .nearest = lb_take(&room, b) };

	memset(w, 0, b * b * sizeof *w);
	for (size_t n = 0; n < of->n; n++) {
		cl.k = of->list[n] < (double)b ? (size_t)of->list[n] : b;
		lb_divide_rows(&cl, room);
		for (size_t i = 0; i < b; i++)
			for (size_t j = 0; j < b; j++)
				w[i * b + j] += (size_t)cl.of[i] != (size_t)cl.of[j];
	}
}

/* -s_ii/t + log sum_j w_ij exp(s_ij/t); slope (b) <- its derivative by s. 0 without a weight. */
static double row_loss(size_t b, size_t i, double t, const double *w, const double *s, double *slope)
{
	double most = -(double)INFINITY, sum = 0;

	for (size_t j = 0; j < b; j++)
		most = w[j] > 0 && s[j] > most ? s[j] : most;
	for (size_t j = 0; j < b; j++)
		sum += slope[j] = w[j] > 0 ? w[j] * exp((s[j] - most) / t) : 0;
	if (!(sum > 0))
		return 0;
	for (size_t j = 0; j < b; j++)
		slope[j] = slope[j] / (sum * t) - (j == i ? 1 / t : 0);
	return log(sum) + (most - s[i]) / t;
}

static double weighted_value(const struct lb_two_views *v)
{
	const size_t b = v->b, c = v->c;
	const double share = 1 / (double)b;
	double *room = v->room, *w = lb_take(&room, b * b), *s = lb_take(&room, b), *slope = lb_take(&room, b), sum = 0;

	weigh(v, w, room);
	for (size_t i = 0; i < b; i++) {
		const double *u = v->u[0] + i * c;
		for (size_t j = 0; j < b; j++)
			s[j] = lb_dot(c, u, v->u[1] + j * c);
		sum += share * row_loss(b, i, v->in->par[TAU].v, w + i * b, s, slope);
		for (size_t j = 0; v->by[0] && j < b; j++)
			for (size_t k = 0; k < c; k++) {
				v->by[0][i * c + k] += share * slope[j] * v->u[1][j * c + k];
				v->by[1][j * c + k] += share * slope[j] * u[k];
			}
	}
	return sum;
}

LB_OF_VIEWS(weighted_info_nce, true, weighted_value, b * b + 4 * b + b * c + c)

const struct lb_loss LB_LOSS(embedding, weighted_info_nce) = {
	.info = {
		.base = {
			.name = "weighted_info_nce",
			.title = "InfoNCE with negatives weighed by clusters: a row of the same cluster is no negative, MEOW",
			.cite = "J. Yu, X. Li, Heterogeneous graph contrastive learning with meta-path contexts and weighted negative samples, SDM 2023; "
				"the formula is that of the authors' program",
			.formula = "mean_i of log sum_j w_ij exp(s_ij / t) - s_ii / t,  w_ij the number of divisions into clusters in which i and j are apart",
			.notes = LB_VIEW_COSINES LB_ONE_VIEW "The batch's second view is divided by spherical k-means once for each number of clusters, held fixed in the gradient. The authors divide all nodes by a "
				 "library's k-means from random centres; here centres begin at the row most like the batch's sum and then at the row least like those chosen, so that a batch always gives the same, "
				 "and there are at most as many as rows. The positive is not in the sum (w_ii = 0), so that values below 0 are normal. A row all of whose weights are 0 counts as 0. The paper's second "
				 "part, a contrast with the clusters' centres, and its weights that a network learns (AdaMEOW) are left out.",
			.keywords = "meow false_negatives cluster_weights weighted_negatives graph_contrastive prototypical",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_EXAMPLES(examples),
	},
	.form = &weighted_info_nce_form,
	.workspace = weighted_info_nce_room,
};
