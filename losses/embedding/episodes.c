/* Few-shot episodes: a batch whose classes' first rows are their support, the others queries. */
#include "losses/loss.h"

#include <string.h>

enum { SHOT };

/* Of the batch: which rows are support, and the mean of each class's. */
struct episode {
	size_t b, c, classes, queries;
	size_t *support;         /* (classes) rows of support; 0: the class is not in the episode */
	bool *is_query;          /* (b) */
	double *mean, *by_mean;  /* (classes, c) */
	double *d, *by_d;        /* (classes) of one query to the classes */
	double *by_z;            /* (b, c) */
};

static size_t episode_bytes(size_t b, size_t c, size_t classes)
{
	return (2 * classes * c + 2 * classes + b * c) * sizeof(double) + 2 * classes * sizeof(size_t) + b * sizeof(bool);
}

static struct episode room_of(const struct lb_batch *in)
{
	double *at = in->workspace;
	struct episode e = { .b = in->b, .c = in->c, .classes = in->stats->n_classes };

	e.mean = at;
	e.by_mean = e.mean + e.classes * e.c;
	e.d = e.by_mean + e.classes * e.c;
	e.by_d = e.d + e.classes;
	e.by_z = e.by_d + e.classes;
	e.support = (void *)(e.by_z + e.b * e.c);
	e.is_query = (void *)(e.support + 2 * e.classes);
	memset(e.mean, 0, (2 * e.classes * e.c + 2 * e.classes + e.b * e.c) * sizeof *at);
	memset(e.support, 0, 2 * e.classes * sizeof *e.support);
	return e;
}

static struct episode open_episode(const struct lb_batch *in)
{
	const size_t shot = (size_t)in->par[SHOT].v;
	struct episode e = room_of(in);
	size_t *rows = e.support + e.classes;

	for (size_t i = 0; i < e.b; i++)
		rows[in->y[i]]++;
	for (size_t i = 0; i < e.b; i++) {
		const size_t k = (size_t)in->y[i], most = shot ? shot : (rows[k] + 1) / 2;
		e.is_query[i] = e.support[k] >= most;
		e.queries += e.is_query[i];
		if (e.is_query[i])
			continue;
		e.support[k]++;
		for (size_t j = 0; j < e.c; j++)
			e.mean[k * e.c + j] += (double)in->output.value[i * in->output.stride + j];
	}
	for (size_t k = 0; k < e.classes; k++)
		for (size_t j = 0; e.support[k] && j < e.c; j++)
			e.mean[k * e.c + j] /= (double)e.support[k];
	return e;
}

/* Returns the loss of one query, and by_d: its derivative by the squared distances d. Classes whose
 * support is 0 are not there. */
typedef double query_fn(const struct lb_arg *par, const struct episode *e, size_t y);

/* d <- the squared distances of a row to the classes' means. */
static void measure(const struct lb_batch *in, const struct episode *e, size_t i)
{
	for (size_t k = 0; k < e->classes; k++) {
		e->d[k] = e->by_d[k] = 0;
		for (size_t j = 0; e->support[k] && j < e->c; j++) {
			const double off = (double)in->output.value[i * in->output.stride + j] - e->mean[k * e->c + j];
			e->d[k] += off * off;
		}
	}
}

static void pull(const struct lb_batch *in, const struct episode *e, size_t i)
{
	for (size_t k = 0; k < e->classes; k++)
		for (size_t j = 0; e->support[k] && j < e->c; j++) {
			const double off = (double)in->output.value[i * in->output.stride + j] - e->mean[k * e->c + j], slope = 2 * e->by_d[k] * off;
			e->by_z[i * e->c + j] += slope;
			e->by_mean[k * e->c + j] -= slope;
		}
}

static double episode_loss(const struct lb_batch *in, real *g, query_fn *query)
{
	const struct episode e = open_episode(in);
	double sum = 0, nan = 0;

	for (size_t i = 0; i < e.b * e.c; i++)
		nan += 0 * (double)in->output.value[i / e.c * in->output.stride + i % e.c];
	for (size_t i = 0; i < e.b; i++) {
		if (!e.is_query[i])
			continue;
		measure(in, &e, i);
		sum += query(in->par, &e, (size_t)in->y[i]);
		pull(in, &e, i);
	}
	for (size_t i = 0; g && i < e.b; i++) {
		const size_t k = (size_t)in->y[i];
		for (size_t j = 0; j < e.c; j++) {
			const double own = e.is_query[i] ? e.by_z[i * e.c + j] : e.by_mean[k * e.c + j] / (double)e.support[k];
			g[i * in->output.stride + j] = (real)(nan + (e.queries ? own / (double)e.queries : 0));
		}
	}
	return nan + (e.queries ? sum / (double)e.queries : 0);
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return episode_bytes(shape->b, shape->c, shape->n_classes);
}

/* ---- protonet ---- */

enum { SCALE = SHOT + 1 };

static double nearest_mean(const struct lb_arg *par, const struct episode *e, size_t y)
{
	const double scale = par[SCALE].v;
	double least = (double)INFINITY, rest = 0;

	for (size_t k = 0; k < e->classes; k++)
		least = e->support[k] && e->d[k] < least ? e->d[k] : least;
	for (size_t k = 0; k < e->classes; k++)
		rest += k != y && e->support[k] ? exp(scale * (least - e->d[k])) : 0;
	const double own = exp(scale * (least - e->d[y])), sum = own + rest;
	for (size_t k = 0; k < e->classes; k++)
		e->by_d[k] = k == y ? scale * rest / sum : e->support[k] ? -scale * exp(scale * (least - e->d[k])) / sum : 0;
	return own >= 1 ? log1p(rest) : log(sum) + scale * (e->d[y] - least);
}

static double proto_batch(const struct lb_batch *in, real *g)
{
	return episode_loss(in, g, nearest_mean);
}

/* ---- proto_triplet ---- */

enum { MARGIN = SHOT + 1, EPSILON };

static double triplet(const struct lb_arg *par, const struct episode *e, size_t y)
{
	const double eps = par[EPSILON].v;
	size_t near = e->classes;

	for (size_t k = 0; k < e->classes; k++)
		if (k != y && e->support[k] && (near == e->classes || e->d[k] < e->d[near]))
			near = k;
	if (near == e->classes)
		return 0;
	const double own = sqrt(e->d[y] + eps), other = sqrt(e->d[near] + eps), v = own - other + par[MARGIN].v;
	if (!(v > 0))
		return 0;
	e->by_d[y] = 1 / (2 * own);
	e->by_d[near] = -1 / (2 * other);
	return v;
}

static double triplet_batch(const struct lb_batch *in, real *g)
{
	return episode_loss(in, g, triplet);
}

#define SHOT_PARAM \
	{ .name = "shot", .symbol = "K", .type = LB_INT_PARAM, .def = 0, .min = 0, .max = 1e4, .grid = { 0, 1, 2 }, .n_grid = 3, \
	  .help = "rows of each class that are its support, the first of it in the batch; 0: half of them, rounded up" }
#define EPISODE \
	"p_k is the mean of the support of class k, the first K rows of it in the batch; the loss is the mean over the other rows, the queries. Classes " \
	"that the batch lacks have no part. Without a query it is 0. Made for train.sampler episodes: an episode of N ways has " \
	"train.per_class of shot + query rows, and train.batch is N times that. Embeddings as they are, not divided by their length."

static const struct lb_param proto_params[] = {
	[SHOT] = SHOT_PARAM,
	[SCALE] = { .name = "scale", .symbol = "s", .def = 1, .min = 0, .min_open = true, .max = 1e3, .grid = { 0.1, 1, 8 }, .n_grid = 3, .log_scale = true,
		    .help = "squared distances are multiplied by it" },
};
static const struct lb_param triplet_params[] = {
	[SHOT] = SHOT_PARAM,
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 0.5, .min = 0, .max = (double)INFINITY, .max_open = true, .grid = { 0.1, 0.5, 1 }, .n_grid = 3,
		     .help = "how much farther the nearest other class has to be than the own" },
	[EPSILON] = { .name = "epsilon", .symbol = "eps", .def = 1e-6, .min = 0, .min_open = true, .max = 1, .help = "added to squared distances, so that the root has a slope" },
};
static const struct lb_example proto_examples[] = {
	{ .set = "", .b = 3, .c = 2, .z = { 1, 0, -1, 0, 0, 5 }, .y = { 0, 1, 0 }, .classes = 2, .value = 0.69314718055994531,
	  .source = "by hand: the third row is as far from the first as from the second, log 2" },
};
static const struct lb_example triplet_examples[] = {
	{ .set = "epsilon=1e-30", .b = 3, .c = 2, .z = { 1, 0, -1, 0, 0.9, 0 }, .y = { 1, 0, 0 }, .classes = 2, .value = 2.3,
	  .source = "by hand: distances 1.9 to the own class and 0.1 to the other, plus 0.5" },
};

LB_BATCH(protonet, proto_batch)
LB_BATCH(proto_triplet, triplet_batch)

const struct lb_loss LB_LOSS(embedding, protonet) = {
	.info = {
		.base = {
			.name = "protonet",
			.title = "Prototypical networks: cross-entropy of squared distances to the means of a few rows of each class",
			.cite = "J. Snell, K. Swersky, R. Zemel, Prototypical networks for few-shot learning, NeurIPS 2017, eq. 2",
			.formula = "-log( exp(-s |z - p_y|^2) / sum_k exp(-s |z - p_k|^2) )",
			.notes = EPISODE,
			.keywords = "few_shot episodes prototypical meta_learning prototype",
			LB_PARAMS(proto_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "few-shot learning",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		.exceptions = LB_TIES_BY_ROW | LB_SIZE_MATTERS,
		LB_EXAMPLES(proto_examples),
	},
	.form = &protonet_form,
	.workspace = workspace,
};

const struct lb_loss LB_LOSS(embedding, proto_triplet) = {
	.info = {
		.base = {
			.name = "proto_triplet",
			.title = "Proto-triplet: a query's own class mean is nearer than the nearest other, by a margin",
			.cite = "M. Mendez-Ruiz, J. Gonzalez-Zapata, I. Reyes-Amezcua, D. Flores-Araiza, F. Lopez-Tiro, A. Mendez-Vazquez, G. Ochoa-Ruiz, SuSana "
				"Distancia is all you need: enforcing class separability in metric learning via two novel distance-based loss functions for "
				"few-shot image classification, arXiv 2305.09062, 2023",
			.formula = "max(0, |z - p_y| - min_{k != y} |z - p_k| + m),  |x| = sqrt(x'x + eps)",
			.notes = EPISODE " One class alone in the batch gives 0. Of equal distances the lowest class counts.",
			.keywords = "susana_distancia few_shot episodes triplet prototype",
			LB_PARAMS(triplet_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "few-shot learning",
		.properties = LB_NONNEGATIVE,
		.exceptions = LB_TIES_BY_ROW | LB_SIZE_MATTERS,
		LB_EXAMPLES(triplet_examples),
	},
	.form = &proto_triplet_form,
	.workspace = workspace,
};
