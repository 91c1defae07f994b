/* Several cluster centres of a guide as the labels of a row, MLCD. */
#include "losses/support/clusters.h"
#include "losses/support/guide.h"
#include "losses/support/prototypes.h"

#include "core/base/mem.h"

#include <stdlib.h>

enum { CLUSTERS, NEAREST, SCALE, PAIRS };

static const struct lb_param params[] = {
	[CLUSTERS] = { .name = "clusters", .symbol = "K", .type = LB_INT_PARAM, .def = 64, .min = 1, .max = 1e4, .grid = { 16, 32, 64 }, .n_grid = 3, .help = "of what the guide says of the training rows" },
	[NEAREST] = { .name = "nearest", .symbol = "l", .type = LB_INT_PARAM, .def = 8, .min = 1, .max = 1e4, .grid = { 1, 4, 8 }, .n_grid = 3,
		      .help = "clusters that are a row's labels, those whose centres are most like it" },
	[SCALE] = { .name = "scale", .symbol = "s", .def = 16, .min = 0, .min_open = true, .max = 1e3, .log_scale = true, .grid = { 4, 16, 64 }, .n_grid = 3, .help = "cosines are multiplied by it" },
	[PAIRS] = { .name = "pairs", .symbol = "pairs", .type = LB_BOOL_PARAM, .def = 0, .help = "compares each label with each other cluster (eq. 4); false: labels and others apart (eq. 5)" },
};

static const struct lb_example examples[] = {
	{ .set = "clusters=2 nearest=1 scale=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1 }, .y = { 0, 1 }, .x = { 1, 0, 0, 1 }, .n_x = 2, .params = { 1, 0, 0, 1 }, .value = 1.0064088680781681,
	  .source = "by hand: log(1 + exp(-1)) + log 2" },
	{ .set = "clusters=2 nearest=1 scale=1 pairs=true", .b = 2, .c = 2, .z = { 1, 0, 0, 1 }, .y = { 0, 1 }, .x = { 1, 0, 0, 1 }, .n_x = 2, .params = { 1, 0, 0, 1 },
	  .value = 0.31326168751822286, .source = "by hand: log(1 + exp(0 - 1))" },
};

/* The centres of the guide's clusters. */
struct centres {
	size_t k, n;
	double row[];            /* (k, n) */
};

static size_t clusters_of(const struct lb_arg *par)
{
	return (size_t)par[CLUSTERS].v;
}

/* u (n) <- the direction of a row of numbers. */
static void direct(size_t n, double *u)
{
	const double squared = lb_dot(n, u, u);

	for (size_t j = 0; j < n; j++)
		u[j] *= squared > 1e-24 ? 1 / sqrt(squared) : 0;
}

static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	const size_t b = stats->n_rows, n = stats->guide_columns, k = clusters_of(par) < b ? clusters_of(par) : b;
	struct centres *found = lb_alloc(1, sizeof *found + k * n * sizeof *found->row, err);
	double *room = lb_alloc(b * n + 2 * b + n, sizeof *room, err), *u = room;

	for (size_t i = 0; room && i < b; i++) {
		memcpy(u + i * n, stats->guide + (stats->guide_row ? stats->guide_row[i] : i) * n, n * sizeof *u);
		direct(n, u + i * n);
	}
	if (found && room) {
		*found = (struct centres){ .k = k, .n = n };
		struct lb_clusters cl = { .b = b, .c = n, .k = k, .u = u, .centre = found->row, .of = room + b * n, .nearest = room + b * n + b };
		lb_divide_rows(&cl, room + b * n + 2 * b);
	}
	free(room);
	if (found && room)
		return found;
	free(found);
	return NULL;
}

/* label (K) <- 1 for the l clusters whose centres are most like what the guide says of the row,
 * ties to the lowest, else 0. like (K) is room. */
static void label_row(const struct lb_batch *in, size_t i, double *label, double *like)
{
	const struct centres *of = in->state;
	const real *row = in->inputs.value + i * in->inputs.stride;
	const size_t most = (size_t)in->par[NEAREST].v < of->k ? (size_t)in->par[NEAREST].v : of->k;

	for (size_t k = 0; k < clusters_of(in->par); k++) {
		label[k] = like[k] = 0;
		for (size_t j = 0; k < of->k && j < of->n; j++)
			like[k] += (double)row[j] * of->row[k * of->n + j];
	}
	for (size_t l = 0; l < most; l++) {
		size_t best = 0;
		for (size_t k = 1; k < of->k; k++)
			best = !(label[k] > 0) && (label[best] > 0 || like[k] > like[best]) ? k : best;
		label[best] = 1;
	}
}

/* log(1 + exp(x)); *slope gets its derivative. */
static double soft_plus(double x, double *slope)
{
	*slope = x > 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
	return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

/* The loss of a row's scores z (K), whose derivative goes to q. */
static double row_loss(size_t n, const double *z, const double *label, bool pairs, double *q)
{
	double top[2] = { -(double)INFINITY, -(double)INFINITY }, sum[2] = { 0, 0 }, by[2];

	for (size_t k = 0; k < n; k++)
		top[label[k] > 0] = fmax(top[label[k] > 0], label[k] > 0 ? -z[k] : z[k]);
	for (size_t k = 0; k < n; k++)
		sum[label[k] > 0] += q[k] = exp((label[k] > 0 ? -z[k] : z[k]) - top[label[k] > 0]);
	const double others = sum[0] > 0 ? top[0] + log(sum[0]) : -(double)INFINITY, own = sum[1] > 0 ? top[1] + log(sum[1]) : -(double)INFINITY;
	const double value = pairs ? soft_plus(others + own, &by[0]) : soft_plus(others, &by[0]) + soft_plus(own, &by[1]);
	for (size_t k = 0; k < n; k++)
		q[k] *= label[k] > 0 ? -by[!pairs] / sum[1] : by[0] / sum[0];
	return value;
}

static double batch(const struct lb_batch *in, real *g)
{
	const size_t b = in->b, c = in->c, k = clusters_of(in->par);
	const double scale = in->par[SCALE].v, share = 1 / (double)b;
	double *room = in->workspace, *p = lb_take(&room, k * c), *by_p = lb_take(&room, k * c), *inverse = lb_take(&room, k), *label = lb_take(&room, k);
	double *z = lb_take(&room, k), *q = lb_take(&room, k), *u = lb_take(&room, c), *by = room, sum = 0;

	for (size_t j = 0; j < b * c; j++)
		sum += 0 * (double)in->output.value[j];
	for (size_t j = 0; j < k * c; j++)
		sum += 0 * (p[j] = (double)in->params.value[j]);
	for (size_t m = 0; m < k; m++) {
		const double squared = lb_dot(c, p + m * c, p + m * c);
		inverse[m] = squared > 1e-24 ? 1 / sqrt(squared) : 0;
		for (size_t j = 0; j < c; j++)
			p[m * c + j] *= inverse[m], by_p[m * c + j] = 0;
	}
	for (size_t i = 0; i < b && !isnan(sum); i++) {
		for (size_t j = 0; j < c; j++)
			u[j] = (double)in->output.value[i * c + j], by[j] = 0;
		const double length = sqrt(lb_dot(c, u, u));
		direct(c, u);
		label_row(in, i, label, z);
		for (size_t m = 0; m < k; m++)
			z[m] = scale * lb_dot(c, u, p + m * c);
		sum += share * row_loss(k, z, label, in->par[PAIRS].v > 0, q);
		for (size_t m = 0; m < k; m++)
			for (size_t j = 0; j < c; j++) {
				by[j] += share * scale * q[m] * p[m * c + j];
				by_p[m * c + j] += share * scale * q[m] * u[j];
			}
		const double along = lb_dot(c, by, u);
		for (size_t j = 0; g && j < c; j++)
			g[i * c + j] = length > 1e-12 ? (real)((by[j] - along * u[j]) / length) : 0;
	}
	for (size_t m = 0; in->params.grad && m < k; m++) {
		const double along = lb_dot(c, by_p + m * c, p + m * c);
		for (size_t j = 0; j < c; j++)
			in->params.grad[m * c + j] = isnan(sum) ? (real)sum : (real)((by_p[m * c + j] - along * p[m * c + j]) * inverse[m]);
	}
	for (size_t j = 0; g && isnan(sum) && j < b * c; j++)
		g[j] = (real)sum;
	return sum;
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return (2 * clusters_of(par) * (shape->c + 2) + 2 * shape->c) * sizeof(double);
}

static size_t n_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return clusters_of(par) * shape->c;
}

static void init_params(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *codebook)
{
	lb_prototypes_draw(n_params(par, shape), 1, seed, codebook);
}

LB_BATCH(mlcd, batch)

const struct lb_loss LB_LOSS(embedding, mlcd) = {
	.info = {
		.base = {
			.name = "mlcd",
			.title = "Multi-label cluster discrimination: the nearest clusters of a guide are a row's labels",
			.cite = "X. An, K. Yang, X. Dai, Z. Feng, J. Deng, Multi-label cluster discrimination for visual representation learning, ECCV 2024, eq. 4 and 5",
			.formula = "mean_i of log(1 + sum_P exp(-z)) + log(1 + sum_N exp(z)),  z_k = s cos(e_i, w_k), P the l labels of row i, N the others; pairs: log(1 + sum_N exp(z) sum_P exp(-z))",
			.notes = LB_GUIDED "What it says of the training rows is divided into K clusters once, by spherical k-means from centres far apart, without a draw; the l centres most like what it says of a row are "
				 "the row's labels. The K x D prototypes w are a row of own parameters, codebook, drawn from N(0, 1) by model.seed, without weight decay; lengths do not count. The paper has a million "
				 "clusters, l 8, and draws a tenth of the negatives at each step; here all count, and the scale of the cosines is this program's choice. Labels of the data are not read, and judge alone. "
				 "With fewer rows than clusters the clusters beyond are nobody's label. Of scores as they are: zlpr and mlc_pair_lse.",
			.keywords = "multi_label_cluster_discrimination cluster_discrimination unicom several_centres pseudo_labels",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_GUIDE,
		.exceptions = LB_JUMPS_AT_ZERO | LB_SIZE_MATTERS,
		.params = "codebook",
		.params_for = LB_ALL_TOGETHER,
		LB_EXAMPLES(examples),
	},
	.form = &mlcd_form,
	.init = init,
	.free = free,
	.workspace = workspace,
	.n_params = n_params,
	.init_params = init_params,
};
