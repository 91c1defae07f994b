/* Steps over all training rows, worked out from the loss's own gradient (lb_loss_eval) and the
 * net's passes. */
#ifndef LB_BY_HAND_H
#define LB_BY_HAND_H

#include "core/engine/kernels/kernels.h"
#include "core/engine/model/net.h"
#include "losses/loss.h"
#include "losses/precision_bridge.h"
#include "tests/unit/core/training.h"

enum { ROWS = 24, TEST = 9, FEATURES = 4, CLASSES = 3, WIDTH = 5, DIMENSION = 6, MOST = 512 };

static struct problem p;
static double teacher[(ROWS + TEST) * CLASSES];

static inline void open_problem(void)
{
	problem_open(&p, LB_MULTICLASS, (const size_t[]){ ROWS, 0, TEST }, FEATURES, CLASSES);
	problem_draw(&p, 5);
	for (size_t i = 0; i < p.data.n; i++)
		for (size_t k = 0; k < CLASSES; k++)
			teacher[i * CLASSES + k] = 2 * x_of(&p)[i * FEATURES + k] - x_of(&p)[i * FEATURES + 3] * (double)k;
}

static inline void close_problem(void)
{
	problem_close(&p);
	args_forget();
}

static inline struct lb_setup setup_of(enum lb_kind kind, const char *loss, const char *set, const char *sgd)
{
	struct lb_setup s = trial(&p, "ce", "", sgd);

	s.loss = lb_loss_find(kind, loss);
	s.loss_par = args(&s.loss->base, set);
	s.model.width[s.model.n_layers] = kind == LB_EMBEDDING ? DIMENSION : CLASSES;
	s.teacher = kind == LB_DISTILLATION ? teacher : NULL;
	return s;
}

/* ---- one step over all training rows, from lb_loss_eval's gradient ---- */

struct hand {
	struct lb_setup setup;
	struct lb_net *net;
	size_t columns, n_loss_params, n_params;
	size_t views;
	_Alignas(64) double w[MOST];
	_Alignas(64) double g[MOST];
	double x[4 * ROWS * FEATURES], z[MOST];
	const double *second;    /* weights of the network that gives the held view, or NULL */
};

static inline void begin(struct hand *h, struct lb_setup s)
{
	const struct lb_loss_shape shape = lb_setup_loss_shape(&s, CLASSES);

	*h = (struct hand){ .setup = s, .views = s.view ? (size_t)s.view_par[LB_VIEW_COUNT].v : 1,
			    .net = lb_net_new(&s.model, 4 * ROWS, &err), .columns = s.model.width[s.model.n_layers] };
	h->n_loss_params = lb_loss_n_params(s.loss, s.loss_par, &shape);
	h->n_params = h->net->n_params + h->n_loss_params;
	ck_assert_uint_lt(h->n_params, MOST);
	lb_net_init(h->net, h->w);
	if (h->n_loss_params)
		lb_loss_of(s.loss)->init_params(s.loss_par, &shape, s.model.seed, h->w + h->net->n_params);
}

/* The rows, then each further view: what lb_rng draws for the step, entry by entry. */
static inline void draw_views(struct hand *h, uint64_t step)
{
	struct lb_rng rng;

	memcpy(h->x, x_of(&p), ROWS * FEATURES * sizeof(double));
	if (h->views == 1)
		return;
	const bool noise = !strcmp(h->setup.view->name, "gaussian_noise");
	lb_rng_init(&rng, (uint64_t)h->setup.view_par[LB_VIEW_SEED].v, LB_RNG_VIEWS, step);
	for (size_t i = ROWS * FEATURES; i < h->views * ROWS * FEATURES; i++) {
		const double x = h->x[i % (ROWS * FEATURES)], amount = h->setup.view_par[LB_VIEW_OWN].v;
		h->x[i] = noise ? x + amount * lb_rng_normal(&rng) : lb_rng_unit(&rng) < amount ? 0 : x;
	}
}

/* rows of n values, from distance `from` to distance `to` */
static inline const double *repacked(size_t rows, size_t n, const double *x, size_t from, double *y, size_t to)
{
	for (size_t i = 0; i < rows; i++)
		memcpy(y + i * to, x + i * from, n * sizeof *y);
	return y;
}

static inline const double *outputs(struct hand *h, const double *x, size_t rows)
{
	return repacked(rows, h->columns, lb_net_forward(h->net, h->w, &(struct lb_pass){ .b = rows, .x = x, .step = -1 }), h->net->ld, h->z, h->columns);
}

static inline void gradient(struct hand *h, uint64_t at)
{
	double held[MOST], point[MOST];

	draw_views(h, at);
	if (h->second)
		repacked(h->views * ROWS, h->columns, lb_net_forward(h->net, h->second, &(struct lb_pass){ .b = h->views * ROWS, .x = h->x, .step = -1 }), h->net->ld, held, h->columns);
	const double *x = h->x, *z = outputs(h, x, h->views * ROWS);
	memcpy(point, z, h->views * ROWS * h->columns * sizeof *point);
	memcpy(point + h->views * ROWS * h->columns, h->w + h->net->n_params, h->n_loss_params * sizeof *point);
	double dz[MOST], value, inner[MOST];
	_Alignas(64) double wide[4 * ROWS * LB_PANEL] = { 0 }, moved[ROWS * LB_PANEL] = { 0 };
	const bool moves = h->setup.loss->needs & LB_MOVES_FEATURES && h->setup.model.n_layers > 1;
	const size_t dh = h->setup.model.n_layers > 1 ? WIDTH : FEATURES;
	const double *features = dh == WIDTH ? repacked(h->views * ROWS, dh, h->net->layer[0].h, h->net->layer[0].ld, inner, dh) : x;

	const struct lb_loss_input in = { .b = ROWS, .c = h->columns, .z = h->second ? held : z, .y = p.data.y, .t = h->setup.teacher, .par = h->setup.loss_par,
					  .hidden = features, .n_hidden = dh, .views = h->views, .params = h->w + h->net->n_params, .n_classes = CLASSES };
	ck_assert_int_eq(lb_loss_eval_at_f64(h->setup.loss, &in, h->second ? point : NULL, &value, dz, &err), 0);
	ck_assert_uint_eq(h->net->ld, LB_PANEL);
	repacked(h->views * ROWS, h->columns, dz, h->columns, wide, LB_PANEL);
	const double *after = dz + h->views * ROWS * h->columns;
	repacked(ROWS, moves ? dh : 0, after + h->n_loss_params, dh, moved, LB_PANEL);
	const struct lb_pass pass = { .b = h->views * ROWS, .x = x, .step = -1, .dfeatures = moves ? moved : NULL };
	lb_net_backward(h->net, h->w, &pass, wide, h->g);
	memcpy(h->g + h->net->n_params, after, h->n_loss_params * sizeof *dz);
}

static inline double dot(const double *a, const double *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* By Gram-Schmidt. */
static inline void turn(const double *w, double *g, size_t n)
{
	const double length = sqrt(dot(g, g, n)), along = dot(w, g, n) / dot(w, w, n);

	for (size_t i = 0; i < n; i++)
		g[i] -= along * w[i];
	const double left = sqrt(dot(g, g, n));
	for (size_t i = 0; i < n; i++)
		g[i] *= length / left;
}

static inline void step(struct hand *h, uint64_t at, double lr, double decay, bool perpendicular)
{
	gradient(h, at);
	for (size_t i = 0; i < h->net->spec.n_layers; i++) {
		const struct lb_layer *l = &h->net->layer[i];
		if (perpendicular)
			turn(h->w + l->w, h->g + l->w, l->b - l->w);
		for (size_t j = l->w; j < l->b; j++)
			h->g[j] += decay * h->w[j];
	}
	for (size_t j = 0; j < h->n_params; j++)
		h->w[j] -= lr * h->g[j];
}

#endif
