/* What a guide says of the rows of a batch: the cosines of its rows. All in double. */
#ifndef LB_GUIDE_H
#define LB_GUIDE_H

#include "losses/support/two_views.h"

#define LB_GUIDED "The guide is data.side.guide: a saved model, whose embeddings of all rows are taken, or a file. It is never trained. "
#define LB_HALVES_PARAM                                                                                  \
	{ .name = "halves", .symbol = "halves", .type = LB_BOOL_PARAM, .def = 0,                         \
	  .help = "the first half of the guide's columns says something of the first view, the other of the second; false: all of both" }

/* What a guide says of the two views of each row. */
struct lb_guide {
	const struct lb_io *rows;
	size_t n, from[2];       /* columns of a view, and where they begin */
	const double *inverse[2]; /* (b) 1 / length, 0 of zeros; the same for both views where there is one for all */
};

/* Doubles for each row of the batch that lb_guide_read takes. */
enum { LB_GUIDE_ROOM = 2 };

static inline double lb_guide_dot(const struct lb_guide *g, size_t v, size_t i, size_t w, size_t j)
{
	const real *x = g->rows->value + i * g->rows->stride + g->from[v], *y = g->rows->value + j * g->rows->stride + g->from[w];
	double sum = 0;

	for (size_t k = 0; k < g->n; k++)
		sum += (double)x[k] * (double)y[k];
	return sum;
}

/* halves: each view has its own columns, as many. */
static inline struct lb_guide lb_guide_read(const struct lb_io *rows, bool halves, double *room)
{
	const size_t n = halves ? rows->cols / 2 : rows->cols;
	struct lb_guide g = { .rows = rows, .n = n, .from = { 0, halves ? n : 0 }, .inverse = { room, room + rows->rows } };

	for (size_t v = 0; v < 2; v++)
		for (size_t i = 0; i < rows->rows; i++) {
			const double squared = lb_guide_dot(&g, v, i, v, i);
			room[v * rows->rows + i] = squared > 1e-24 ? 1 / sqrt(squared) : 0;
		}
	return g;
}

/* Returns the cosine of what it says of row i in view v and row j in view w. */
static inline double lb_guide_cosine(const struct lb_guide *g, size_t v, size_t i, size_t w, size_t j)
{
	return lb_guide_dot(g, v, i, w, j) * g->inverse[v][i] * g->inverse[w][j];
}

#endif
