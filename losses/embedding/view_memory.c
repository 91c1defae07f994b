/* Losses of two views that remember something of earlier batches: a covariance, a centre,
 * embeddings. */
#include "losses/support/ring.h"
#include "losses/support/two_views.h"
#include "losses/support/view_words.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

/* ---- tico ---- */

enum { BETA, RHO };

static const struct lb_param tico_params[] = {
	[BETA] = { .name = "beta", .symbol = "beta", .def = 0.9, .min = 0, .max = 1, .grid = { 0.5, 0.9, 0.99 }, .n_grid = 3, .help = "share that is kept of the earlier covariance" },
	[RHO] = { .name = "rho", .symbol = "rho", .def = 8, .min = 0, .max = 1e3, .grid = { 1, 8, 20 }, .n_grid = 3, .help = "weight of the covariance" },
};

static const struct lb_example tico_examples[] = {
	{ .set = "beta=0 rho=2", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = 1, .source = "by hand: 1 - 1 + 2 (1/2 + 1/2)/2" },
};

static void *tico_init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	(void)par;
	return lb_alloc(stats->n_columns * stats->n_columns, sizeof(double), err);
}

static size_t tico_state(const struct lb_arg *par, const struct lb_loss_stats *stats)
{
	(void)par;
	return stats->n_columns * stats->n_columns * sizeof(double);
}

/* C <- beta C + (1 - beta) U'U / B, of the first view. */
static double tico_remember(const struct lb_two_views *v)
{
	const double beta = v->in->par[BETA].v;
	double *kept = v->in->state;

	for (size_t j = 0; j < v->c * v->c; j++)
		kept[j] *= beta;
	for (size_t i = 0; i < v->b; i++)
		for (size_t j = 0; j < v->c; j++)
			for (size_t k = 0; k < v->c; k++)
				kept[j * v->c + k] += (1 - beta) / (double)v->b * v->u[0][i * v->c + j] * v->u[0][i * v->c + k];
	return 0;
}

static void tico_update(const struct lb_batch *in)
{
	lb_of_views(in, NULL, true, tico_remember);
}

static double tico_value(const struct lb_two_views *v)
{
	const size_t c = v->c;
	const double rho = v->in->par[RHO].v, share = 1 / (double)v->b, *kept = v->in->state;
	double sum = 1;

	for (size_t i = 0; i < v->b * c; i += c) {
		const double *u = v->u[0] + i, *w = v->u[1] + i;
		for (size_t j = 0; j < c; j++) {
			const double along = kept ? lb_dot(c, kept + j * c, u) : 0;
			sum += share * u[j] * (rho * along - w[j]);
			if (!v->by[0])
				continue;
			v->by[0][i + j] = share * (2 * rho * along - w[j]);
			v->by[1][i + j] = -share * u[j];
		}
	}
	return sum;
}

static double tico_batch(const struct lb_batch *in, real *g)
{
	return lb_of_views(in, g, true, tico_value);
}

static size_t plain_room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_two_views_bytes(shape, 2 * shape->c + shape->b);
}

LB_BATCH(tico, tico_batch)

const struct lb_loss LB_LOSS(embedding, tico) = {
	.info = {
		.base = {
			.name = "tico",
			.title = "TiCo: views of a row together, along directions that are not used yet",
			.cite = "J. Zhu, R. M. Moraes, S. Karakulak, V. Sobol, A. Canziani, Y. LeCun, TiCo: transformation invariance and covariance contrast for self-supervised visual "
				"representation learning, arXiv:2206.10698, 2022, eq. 4",
			.formula = "1 - mean_i u_i.u'_i + rho mean_i u_i' C u_i,  C <- beta C + (1 - beta) U'U / B",
			.notes = LB_UNLABELLED LB_ONE_VIEW "u are the embeddings divided by their lengths. C is kept from batch to batch, 0 at first, and held fixed in the gradient after its update. "
				 "A row of zeros stays one and does not move.",
			.keywords = "covariance_contrast self_supervised memory",
			LB_PARAMS(tico_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		LB_EXAMPLES(tico_examples),
	},
	.form = &tico_form,
	.init = tico_init,
	.update_state = tico_update,
	.state_size = tico_state,
	.free = free,
	.workspace = plain_room,
};

/* ---- dino ---- */

enum { TAU_STUDENT, TAU_TEACHER, MOMENTUM };

static const struct lb_param dino_params[] = {
	[TAU_STUDENT] = { .name = "tau_s", .symbol = "ts", .def = 0.1, .min = 0.01, .max = 1e3, .log_scale = true, .grid = { 0.1, 0.3 }, .n_grid = 2, .help = "temperature of the first view" },
	[TAU_TEACHER] = { .name = "tau_t", .symbol = "tt", .def = 0.04, .min = 0.01, .max = 1e3, .log_scale = true, .grid = { 0.04, 0.07 }, .n_grid = 2,
			  .help = "temperature of the second, which is held" },
	[MOMENTUM] = { .name = "momentum", .symbol = "m", .def = 0.9, .min = 0, .max = 1, .grid = { 0.9, 0.99 }, .n_grid = 2, .help = "share that is kept of the earlier centre" },
};

static const struct lb_example dino_examples[] = {
	{ .set = "tau_s=1 tau_t=1", .b = 1, .c = 2, .z = { 0, 0, 3, -1 }, .views = 2, .value = 0.69314718055994531, .source = "by hand: log 2 whatever the target" },
};

/* Two rows: the centre of this batch, and that of the next. */
static void *dino_init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	(void)par;
	return lb_alloc(2 * stats->n_columns, sizeof(double), err);
}

static size_t dino_state(const struct lb_arg *par, const struct lb_loss_stats *stats)
{
	(void)par;
	return 2 * stats->n_columns * sizeof(double);
}

static double dino_remember(const struct lb_two_views *v)
{
	double *now = v->in->state, *next = now + v->c;

	for (size_t j = 0; j < v->c; j++) {
		double mean = 0;
		for (size_t i = 0; i < v->b; i++)
			mean += v->held[1][i * v->c + j] / (double)v->b;
		now[j] = next[j];
		next[j] = v->in->par[MOMENTUM].v * next[j] + (1 - v->in->par[MOMENTUM].v) * mean;
	}
	return 0;
}

static void dino_update(const struct lb_batch *in)
{
	lb_of_views(in, NULL, false, dino_remember);
}

static double dino_value(const struct lb_two_views *v)
{
	const size_t c = v->c;
	const double ts = v->in->par[TAU_STUDENT].v, tt = v->in->par[TAU_TEACHER].v, share = 1 / (double)v->b, *center = v->in->state;
	double *p = v->room, *q = p + c, sum = 0;

	for (size_t i = 0; i < v->b * c; i += c) {
		for (size_t j = 0; j < c; j++)
			p[j] = v->held[1][i + j] - (center ? center[j] : 0);
		lb_soft_maximum(c, p, NULL, tt, q);
		const double most = lb_soft_maximum(c, v->u[0] + i, NULL, ts, p);
		for (size_t j = 0; j < c; j++) {
			sum += share * q[j] * (most - v->u[0][i + j]) / ts;
			if (v->by[0])
				v->by[0][i + j] = share * (p[j] - q[j]) / ts;
		}
	}
	return sum;
}

static double dino_batch(const struct lb_batch *in, real *g)
{
	return lb_of_views(in, g, false, dino_value);
}

LB_BATCH(dino, dino_batch)

const struct lb_loss LB_LOSS(embedding, dino) = {
	.info = {
		.base = {
			.name = "dino",
			.title = "DINO: cross-entropy of the first view's softmax to the sharpened, centred one of a held second",
			.cite = "M. Caron, H. Touvron, I. Misra, H. Jegou, J. Mairal, P. Bojanowski, A. Joulin, Emerging properties in self-supervised vision transformers, ICCV 2021, eq. 3 and 4",
			.formula = "-mean_i sum_k q_ik log softmax(z_i / ts)_k,  q_i = softmax((z'_i - center) / tt) held,  center <- m center + (1 - m) mean z'",
			.notes = LB_UNLABELLED LB_ONE_VIEW "The columns of the embedding are the method's prototypes. The centre is kept from batch to batch, 0 at first; a batch's loss reads the one before. In the paper "
				 "the second view goes through a network of averaged weights (procedure averaged_target; else it is the same network, held), and both directions are taken.",
			.keywords = "self_distillation centering sharpening self_supervised",
			LB_PARAMS(dino_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT,
		.needs = LB_NEEDS_VIEWS | LB_TAKES_TARGET,
		.exceptions = LB_HOLDS_FACTORS,
		LB_EXAMPLES(dino_examples),
	},
	.form = &dino_form,
	.init = dino_init,
	.update_state = dino_update,
	.state_size = dino_state,
	.free = free,
	.workspace = plain_room,
};

/* ---- info_nce_memory ---- */

enum { TAU, SIZE };

static const struct lb_param memory_params[] = {
	[TAU] = LB_VIEW_TEMPERATURE(0.07),
	[SIZE] = { .name = "size", .symbol = "M", .type = LB_INT_PARAM, .def = 256, .min = 0, .max = 1e5, .grid = { 0, 16, 256 }, .n_grid = 3,
		   .help = "rows of earlier batches that are remembered; 0: info_nce in one direction" },
};

static const struct lb_same_as memory_same_as[] = {
	{ .set = "size=0", .other = "info_nce", .other_set = "symmetric=false" },
	{ .set = "size=16", .other = "info_nce", .other_set = "symmetric=false" },
};

static const struct lb_example memory_examples[] = {
	{ .set = "tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = 0.31326168751822286, .source = "by hand: nothing is remembered yet: log(1 + exp(-1))" },
};

static void *memory_init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	return lb_alloc(1, lb_ring_bytes((size_t)par[SIZE].v, stats->n_columns), err);
}

static size_t memory_state(const struct lb_arg *par, const struct lb_loss_stats *stats)
{
	return lb_ring_bytes((size_t)par[SIZE].v, stats->n_columns);
}

static double memory_remember(const struct lb_two_views *v)
{
	lb_ring_remember(v->in->state, (size_t)v->in->par[SIZE].v, v->c, v->b, v->u[1]);
	return 0;
}

static void memory_update(const struct lb_batch *in)
{
	lb_of_views(in, NULL, true, memory_remember);
}

static double memory_value(const struct lb_two_views *v)
{
	const struct lb_ring *m = v->in->state;
	const size_t b = v->b, c = v->c, old = m ? (size_t)m->filled : 0, n = b + old;
	const double share = 1 / (double)b;
	double *s = v->room, *slope = s + b + (size_t)v->in->par[SIZE].v, sum = 0;

	for (size_t i = 0; i < b; i++) {
		const double *u = v->u[0] + i * c;
		for (size_t k = 0; k < n; k++)
			s[k] = lb_dot(c, u, k < b ? v->u[1] + k * c : m->row + (k - b) * c);
		sum += share * lb_softmax_loss(n, s, i, v->in->par[TAU].v, slope);
		for (size_t k = 0; v->by[0] && k < n; k++) {
			const double *other = k < b ? v->u[1] + k * c : m->row + (k - b) * c;
			for (size_t j = 0; j < c; j++) {
				v->by[0][i * c + j] += share * slope[k] * other[j];
				if (k < b)
					v->by[1][k * c + j] += share * slope[k] * u[j];
			}
		}
	}
	return sum;
}

static double memory_batch(const struct lb_batch *in, real *g)
{
	return lb_of_views(in, g, true, memory_value);
}

static size_t memory_room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return lb_two_views_bytes(shape, 2 * (shape->b + (size_t)par[SIZE].v));
}

LB_BATCH(info_nce_memory, memory_batch)

const struct lb_loss LB_LOSS(embedding, info_nce_memory) = {
	.info = {
		.base = {
			.name = "info_nce_memory",
			.title = "InfoNCE with a memory: rows of earlier batches are further negatives",
			.cite = "X. Wang, H. Zhang, W. Huang, M. R. Scott, Cross-batch memory for embedding learning, CVPR 2020; as a queue of keys: K. He, H. Fan, Y. Wu, S. Xie, R. Girshick, Momentum contrast, "
				"CVPR 2020, eq. 1",
			.formula = "mean_i of log(sum_j exp(s_ij / t) + sum_m exp(u_i.m / t)) - s_ii / t,  m the last M embeddings of second views before this batch",
			.notes = LB_UNLABELLED LB_ONE_VIEW "u are the embeddings divided by their lengths, s_ij their products across the views. What is remembered is held fixed, as it was embedded then; both sides go through the same "
				 "network, not through one of averaged weights. The memory fills in the first batches. An earlier copy of a row is one of its negatives.",
			.keywords = "cross_batch_memory xbm moco queue memory_bank",
			LB_PARAMS(memory_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_SAME_AS(memory_same_as),
		LB_EXAMPLES(memory_examples),
	},
	.form = &info_nce_memory_form,
	.init = memory_init,
	.update_state = memory_update,
	.state_size = memory_state,
	.free = free,
	.workspace = memory_room,
};
