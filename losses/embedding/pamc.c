#include "losses/loss.h"

#include <string.h>

enum { TAU, EPS };

static const struct lb_param params[] = {
	[TAU] = { .name = "tau", .symbol = "tau", .def = 1, .min = 1e-3, .max = 100, .log_scale = true, .grid = { 0.25, 0.5, 1, 1.5 }, .n_grid = 4,
		  .help = "cosines are multiplied by it" },
	[EPS] = { .name = "eps", .symbol = "eps", .def = 1e-10, .min = 0, .max = 1, .help = "added within the logarithms" },
};

static const struct lb_example examples[] = {
	{ .set = "eps=0", .b = 3, .c = 2, .z = { 1, 0, 0, 1, -1, -1 }, .y = { 0, 0, 1 }, .classes = 2, .value = -0.14883643285507397,
	  .source = "by hand: sums 2, 2, 1 over the class; blocks (1, 1) and (-1, -1) have cosine -1: -(2/3) log 2 + log(1 + 1/e)" },
};

/* A batch taken apart: rows, and the sums of the rows of each class, each with its direction. */
struct blocks {
	size_t b, c, k;
	double *u, *inverse, *by_u; /* (b,c), (b), (b,c) */
	double *sum, *sum_inverse, *by_sum; /* (k,c) directions, (k), (k,c) */
	double *n;               /* (k) rows of a class */
};

static double dot(size_t c, const double *x, const double *y)
{
	double sum = 0;

	for (size_t j = 0; j < c; j++)
		sum += x[j] * y[j];
	return sum;
}

/* x (c) <- its direction; returns what it was multiplied by, 0 where it has none. */
static double directed(size_t c, double *x)
{
	const double squared = dot(c, x, x), inverse = squared > 1e-24 ? 1 / sqrt(squared) : 0;

	for (size_t j = 0; j < c; j++)
		x[j] *= inverse;
	return inverse;
}

static struct blocks blocks_of(const struct lb_batch *in)
{
	const size_t b = in->b, c = in->c, k = in->stats->n_classes;
	double *room = in->workspace;
	struct blocks s = { .b = b, .c = c, .k = k, .u = room, .by_u = room + b * c, .sum = room + 2 * b * c };

	s.by_sum = s.sum + k * c;
	s.inverse = s.by_sum + k * c;
	s.sum_inverse = s.inverse + b;
	s.n = s.sum_inverse + k;
	memset(room, 0, (2 * b * c + 2 * k * c + b + 2 * k) * sizeof *room);
	for (size_t i = 0; i < b; i++) {
		const size_t y = (size_t)in->y[i];
		for (size_t j = 0; j < c; j++) {
			s.u[i * c + j] = (double)in->output.value[i * c + j];
			s.sum[y * c + j] += s.u[i * c + j];
		}
		s.inverse[i] = directed(c, s.u + i * c);
		s.n[y]++;
	}
	for (size_t y = 0; y < k; y++)
		s.sum_inverse[y] = directed(c, s.sum + y * c);
	return s;
}

/* by_x and by_y (c) += w times the derivatives of x.y. */
static void add_both(size_t c, double w, const double *x, const double *y, double *by_x, double *by_y)
{
	for (size_t j = 0; j < c; j++) {
		by_x[j] += w * y[j];
		by_y[j] += w * x[j];
	}
}

/* Returns `weight` times log(1 + sum of exp(tau cosine) + eps) of a row and the others of its
 * class, or of a class and the other classes. Its derivatives are added. */
static double log_sum(const struct blocks *s, const struct lb_batch *in, bool rows, size_t i, double weight)
{
	const size_t n = rows ? s->b : s->k, c = s->c;
	const double tau = in->par[TAU].v, *u = rows ? s->u : s->sum;
	double *by = rows ? s->by_u : s->by_sum, sum = 1 + in->par[EPS].v;

	for (int pass = 0; pass < 2; pass++)
		for (size_t j = 0; j < n; j++) {
			if (j == i || !(rows ? in->y[j] == in->y[i] : s->n[j] > 0))
				continue;
			const double e = exp(tau * dot(c, u + i * c, u + j * c));
			if (pass)
				add_both(c, weight * tau * e / sum, u + i * c, u + j * c, by + i * c, by + j * c);
			else
				sum += e;
		}
	return weight * log(sum);
}

/* to (c) += the derivative by a vector, from that by its direction. */
static void pull_back(size_t c, const double *u, const double *by, double inverse, double *to)
{
	const double along = dot(c, u, by);

	for (size_t j = 0; j < c; j++)
		to[j] += (by[j] - along * u[j]) * inverse;
}

static double batch(const struct lb_batch *in, real *g)
{
	const struct blocks s = blocks_of(in);
	double value = 0, present = 0;

	for (size_t y = 0; y < s.k; y++)
		present += s.n[y] > 0;
	for (size_t i = 0; i < s.b; i++)
		value += log_sum(&s, in, true, i, -1 / (double)s.b);
	for (size_t y = 0; y < s.k; y++)
		if (s.n[y] > 0)
			value += log_sum(&s, in, false, y, 1 / present);
	for (size_t i = 0; g && i < s.b; i++) {
		const size_t y = (size_t)in->y[i];
		double *to = s.n + s.k;
		memset(to, 0, s.c * sizeof *to);
		pull_back(s.c, s.u + i * s.c, s.by_u + i * s.c, s.inverse[i], to);
		pull_back(s.c, s.sum + y * s.c, s.by_sum + y * s.c, s.sum_inverse[y], to);
		for (size_t j = 0; j < s.c; j++)
			g[i * s.c + j] = (real)to[j];
	}
	return value;
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	const size_t b = shape->b, c = shape->c, k = shape->n_classes;

	(void)par;
	return (2 * b * c + 2 * k * c + b + 2 * k + c) * sizeof(double);
}

LB_BATCH(pamc, batch)

const struct lb_loss LB_LOSS(embedding, pamc) = {
	.info = {
		.base = {
			.name = "pamc",
			.title = "Block contrast: rows of a class together, the sums of the classes apart",
			.cite = "G. K. Kulatilleke, M. Portmann, S. S. Chandra, Efficient block contrastive learning via parameter-free meta-node approximation, arXiv:2209.14067, 2022",
			.formula = "-mean_i log(1 + sum_{j != i, y_j = y_i} exp(tau cos(z_i, z_j)) + eps) + mean_k log(1 + sum_{l != k} exp(tau cos(m_k, m_l)) + eps),  m_k the sum of class k's rows",
			.notes = "The paper's graph is here that of rows of one label, its clusters are the classes in the batch; the rows' own entry, of cosine 0 in the authors' program, is the 1. Negatives "
				 "cost one cosine a pair of classes, not of rows. A vector without direction, be it a row or a sum, has cosine 0 to all, and the value jumps there.",
			.keywords = "meta_node graph_contrastive clusters block",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.exceptions = LB_SIZE_MATTERS | LB_JUMPS_AT_ZERO,
		LB_EXAMPLES(examples),
	},
	.form = &pamc_form,
	.workspace = workspace,
};
