/* The student's features as a loss compares them with a teacher's (lb_batch.inputs): as they are,
 * or as a linear map makes them that the loss learns. All in double. */
#ifndef LB_FEATURE_MAP_H
#define LB_FEATURE_MAP_H

#include "core/numeric/rng.h"
#include "losses/support/ignored_scores.h"

#include <math.h>

#define LB_MAP_HELP "a linear map W h + b of the student's features h, which the loss learns, in their place: where the teacher has another number of features, or always"
#define LB_TEACHER_FEATURES "The teacher's features t are data.side.teacher_features, a file or a saved model, whose hidden layer is taken, or the hidden layer of the model " \
	"that data.side.teacher names. It reads no scores. Its gradient goes to the student's last hidden layer h, after activation and dropout; the features of a " \
	"linear model are the data, which nothing moves. "
#define LB_MAPPED_FEATURES "u are h themselves or, with a map, W h + b: parameters of the loss, drawn from model.seed uniformly in +-1/sqrt(features of h), trained by the " \
	"model's optimiser without weight decay. "

enum { LB_MAP_WHERE_NEEDED, LB_MAP_ALWAYS };
static const char *const lb_map_words[] = { "where_needed", "always", NULL };

/* Numbers of a map: a row of weights and a bias for each of the teacher's features. */
static inline size_t lb_map_params(const struct lb_loss_shape *shape, bool always)
{
	return shape->n_hidden && (always || shape->n_hidden != shape->n_guide) ? shape->n_guide * (shape->n_hidden + 1) : 0;
}

static inline void lb_map_draw(const struct lb_loss_shape *shape, bool always, uint64_t seed, real *params)
{
	const double reach = 1 / sqrt((double)shape->n_hidden);
	struct lb_rng rng;

	lb_rng_init(&rng, seed, LB_RNG_PROTOTYPES, 0);
	for (size_t k = 0; k < lb_map_params(shape, always); k++)
		params[k] = (real)(reach * (2 * lb_rng_unit(&rng) - 1));
}

static inline size_t lb_map_room(const struct lb_loss_shape *shape)
{
	return 2 * shape->b * shape->n_guide * sizeof(double);
}

struct lb_mapped {
	size_t n;
	double *u;               /* (b, n) */
	double *slope;           /* (b, n) the derivatives by u; NULL: the value alone is asked for */
};

/* Makes u in the workspace. Returns false where the features are not known. */
static inline bool lb_map_read(const struct lb_batch *in, struct lb_mapped *m)
{
	const struct lb_io *h = &in->hidden, *w = &in->params;
	const size_t n = in->inputs.cols;
	double *room = in->workspace;

	*m = (struct lb_mapped){ .n = n, .u = room, .slope = h->grad || w->grad ? room + in->b * n : NULL };
	for (size_t i = 0; h->value && i < in->b; i++)
		for (size_t k = 0; k < n; k++) {
			const real *x = h->value + i * h->stride, *row = w->value ? w->value + k * (h->cols + 1) : NULL;
			double u = row ? (double)row[h->cols] : (double)x[k];
			for (size_t j = 0; row && j < h->cols; j++)
				u += (double)row[j] * (double)x[j];
			m->u[i * n + k] = u;
		}
	return h->value;
}

/* Takes the slopes back to the features and the map. */
static inline void lb_map_return(const struct lb_batch *in, const struct lb_mapped *m)
{
	const struct lb_io *h = &in->hidden, *w = &in->params;

	for (size_t i = 0; h->grad && i < in->b; i++)
		for (size_t j = 0; j < h->cols; j++) {
			double sum = w->value ? 0 : m->slope[i * m->n + j];
			for (size_t k = 0; w->value && k < m->n; k++)
				sum += m->slope[i * m->n + k] * (double)w->value[k * (h->cols + 1) + j];
			h->grad[i * h->stride + j] = (real)sum;
		}
	for (size_t k = 0; w->grad && k < m->n; k++)
		for (size_t j = 0; j <= h->cols; j++) {
			double sum = 0;
			for (size_t i = 0; i < in->b; i++)
				sum += m->slope[i * m->n + k] * (j < h->cols ? (double)h->value[i * h->stride + j] : 1);
			w->grad[k * (h->cols + 1) + j] = (real)sum;
		}
}

/* Returns the loss of row i, by its u (n). slope (n) <- the derivatives by u, unless NULL. */
typedef double lb_mapped_row_fn(const struct lb_batch *in, size_t i, size_t n, const double *u, double *slope);

/* Returns the mean loss of the rows and writes all gradients. */
static inline double lb_mapped_rows(const struct lb_batch *in, real *g, lb_mapped_row_fn *of)
{
	const double nothing = lb_ignore_scores(in, g);
	struct lb_mapped m;
	double sum = 0;

	if (!lb_map_read(in, &m))
		return nothing;
	for (size_t i = 0; i < in->b; i++) {
		const double w = in->row_weight ? (double)in->row_weight[i] : 1;
		double *slope = m.slope ? m.slope + i * m.n : NULL;
		const double value = of(in, i, m.n, m.u + i * m.n, slope);
		sum += w * value;
		if (in->row_loss)
			in->row_loss[i] += (real)(in->scale * value);
		for (size_t k = 0; slope && k < m.n; k++)
			slope[k] *= w / (double)in->b;
	}
	lb_map_return(in, &m);
	return sum / (double)in->b + nothing;
}

#endif
