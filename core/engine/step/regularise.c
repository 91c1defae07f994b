#include "core/engine/step/regularise.h"

#include "core/base/mem.h"
#include "core/engine/model/activation.h"

#include <stdlib.h>
#include <string.h>

/* Room in double, shared by all. */
struct lb_regularised {
	double *w, *g;           /* the weights of one layer and what is added to their gradient, or those of both layers and biases */
	double *room;
	double *state[LB_MOST_REGULARISERS]; /* of all layers, one after the other; or NULL */
	double *x, *first, *second; /* of a batch, for slopes; or NULL */
	double *score, *slope;   /* (columns) */
};

static const struct lb_regulariser *regulariser(const struct lb_regulariser_use *use)
{
	return (const struct lb_regulariser *)use->info;
}

static size_t greater(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* The sizes of a layer, whose w is not set. */
static struct lb_layer_matrix matrix_of(const struct lb_setup *setup, size_t layer)
{
	return (struct lb_layer_matrix){ .out = setup->model.width[layer + 1], .in = setup->model.width[layer] };
}

/* Values of state of a regulariser in layers before `layer`. */
static size_t state_before(const struct lb_setup *setup, const struct lb_regulariser *r, size_t layer)
{
	size_t n = 0;

	for (size_t i = 0; r->state && i < layer; i++) {
		const struct lb_layer_matrix m = matrix_of(setup, i);
		n += r->state(m.out, m.in);
	}
	return n;
}

/* Opens the state of the k-th. */
static int open_state(struct lb_learner *l, size_t k, struct lb_err *err)
{
	const size_t n = state_before(l->setup, regulariser(&l->setup->regulariser[k]), l->setup->model.n_layers);

	if (!n)
		return 0;
	if (!(l->regularised->state[k] = lb_alloc(n, sizeof(double), err)))
		return -1;
	return lb_persist(&l->state, "regulariser", l->regularised->state[k], n * sizeof(double), err);
}

/* Values of room that the regularisers need of all layers. */
static size_t most_room(const struct lb_setup *setup)
{
	const size_t hidden = setup->model.n_layers > 1 ? setup->model.width[1] : 0;
	size_t most = 1;

	for (size_t k = 0; k < setup->n_regularisers; k++) {
		const struct lb_regulariser *r = regulariser(&setup->regulariser[k]);
		for (size_t i = 0; r->room && i < setup->model.n_layers; i++) {
			const struct lb_layer_matrix m = matrix_of(setup, i);
			most = greater(most, r->room(m.out, m.in));
		}
		most = greater(most, r->of_slope ? 3 * hidden * hidden + hidden : 0);
	}
	return most;
}

int lb_regularise_open(struct lb_learner *l, const struct lb_cohort *c, struct lb_err *err)
{
	const struct lb_setup *setup = l->setup;
	const size_t n = lb_model_spec_size(&setup->model), rows = l->views * c->batch, hidden = setup->model.width[1];
	struct lb_regularised *r;

	if (!setup->n_regularisers)
		return 0;
	if (!(r = l->regularised = lb_alloc(1, sizeof *r, err)))
		return -1;
	if (!(r->w = lb_alloc(n, sizeof *r->w, err)) || !(r->g = lb_alloc(n, sizeof *r->g, err)) ||
	    !(r->room = lb_alloc(most_room(setup), sizeof *r->room, err)) || !(r->score = lb_alloc(l->columns, sizeof *r->score, err)) ||
	    !(r->slope = lb_alloc(l->columns, sizeof *r->slope, err)))
		return -1;
	for (size_t k = 0; k < setup->n_regularisers; k++)
		if (open_state(l, k, err))
			return -1;
	if (!lb_regularises_slopes(setup))
		return 0;
	return (r->x = lb_alloc(rows * setup->model.width[0], sizeof *r->x, err)) && (r->first = lb_alloc(rows * hidden, sizeof *r->first, err)) &&
	       (r->second = lb_alloc(rows * hidden, sizeof *r->second, err)) ? 0 : -1;
}

void lb_regularise_close(struct lb_learner *l)
{
	struct lb_regularised *r = l->regularised;

	if (!r)
		return;
	for (size_t k = 0; k < LB_MOST_REGULARISERS; k++)
		free(r->state[k]);
	free(r->w);
	free(r->g);
	free(r->room);
	free(r->x);
	free(r->first);
	free(r->second);
	free(r->score);
	free(r->slope);
	free(r);
}

/* ---- scores ---- */

void lb_regularise_scores(const struct lb_step *s, struct lb_model *m)
{
	const struct lb_learner *l = s->l;
	struct lb_regularised *r = l->regularised;
	const size_t rows = l->views * s->batch->b, c = l->columns, ld = m->net->ld;

	for (size_t k = 0; r && k < l->setup->n_regularisers; k++) {
		const struct lb_regulariser_use *use = &l->setup->regulariser[k];
		for (size_t i = 0; regulariser(use)->of_scores && i < rows; i++) {
			for (size_t j = 0; j < c; j++) {
				r->score[j] = (double)m->z[i * ld + j];
				r->slope[j] = 0;
			}
			regulariser(use)->of_scores(use->par, c, r->score, use->weight / (double)rows, r->slope);
			for (size_t j = 0; j < c; j++)
				m->dz[i * ld + j] += (real)r->slope[j];
		}
	}
}

/* ---- weights ---- */

/* plain (out,in) <- the weights of a layer. */
static void load(const struct lb_layer *l, const real *w, double *plain)
{
	for (size_t o = 0; o < l->out; o++)
		for (size_t i = 0; i < l->in; i++)
			plain[o * l->in + i] = (double)w[lb_weight_at(l, o, i)];
}

static void add_to(const struct lb_layer *l, const double *plain, real *g)
{
	for (size_t o = 0; o < l->out; o++)
		for (size_t i = 0; i < l->in; i++) {
			real *at = &g[lb_weight_at(l, o, i)];
			*at = (real)((double)*at + plain[o * l->in + i]);
		}
}

static void store(const struct lb_layer *l, const double *plain, real *w)
{
	for (size_t o = 0; o < l->out; o++)
		for (size_t i = 0; i < l->in; i++)
			w[lb_weight_at(l, o, i)] = (real)plain[o * l->in + i];
}

/* Layers that a regulariser is of. */
static size_t count_layers(const struct lb_setup *setup, const struct lb_regulariser_use *use)
{
	size_t n = 0;

	for (size_t i = 0; i < setup->model.n_layers; i++)
		n += lb_regulariser_of_layer(regulariser(use), use->par, i);
	return n;
}

/* The factor of each matrix. */
static double factor_of(const struct lb_setup *setup, const struct lb_regulariser_use *use)
{
	return regulariser(use)->mean ? use->weight / (double)count_layers(setup, use) : use->weight;
}

static void add_weights(const struct lb_learner *l, size_t k, struct lb_model *m)
{
	const struct lb_regulariser_use *use = &l->setup->regulariser[k];
	const struct lb_regulariser *what = regulariser(use);
	const struct lb_regularised *r = l->regularised;

	for (size_t i = 0; i < m->net->spec.n_layers; i++) {
		struct lb_layer_matrix w = matrix_of(l->setup, i);
		if (!lb_regulariser_of_layer(what, use->par, i))
			continue;
		w.w = r->w;
		load(&m->net->layer[i], m->w, r->w);
		memset(r->g, 0, w.out * w.in * sizeof *r->g);
		what->value(use->par, &w, factor_of(l->setup, use), r->g, r->room, r->state[k] ? r->state[k] + state_before(l->setup, what, i) : NULL);
		add_to(&m->net->layer[i], r->g, m->g);
	}
}

/* ---- slopes ---- */

/* r->first, r->second <- the derivatives of the activation, whose a is as lb_activate left it. */
static void derive(enum lb_activation act, const struct lb_layer *l, size_t rows, const struct lb_regularised *r)
{
	for (size_t i = 0; i < rows; i++)
		for (size_t k = 0; k < l->out; k++) {
			const double a = (double)l->a[i * l->ld + k], bell = exp(-a * a / 2) * 0.39894228040143267794;
			double *first = &r->first[i * l->out + k], *second = &r->second[i * l->out + k];
			switch (act) {
			case LB_RELU:
				*first = a > 0;
				*second = 0;
				break;
			case LB_TANH:
				*first = 1 - a * a;
				*second = -2 * a * (1 - a * a);
				break;
			case LB_GELU:
				*first = 0.5 * erfc(-a * 0.70710678118654752440) + a * bell;
				*second = (2 - a * a) * bell;
				break;
			case LB_IDENTITY:
				*first = 1;
				*second = 0;
				break;
			case LB_COS:
				*first = -sin(a);
				*second = -cos(a);
				break;
			}
		}
}

static void add_slope(const struct lb_step *s, const struct lb_regulariser_use *use, struct lb_model *m)
{
	const struct lb_regularised *r = s->l->regularised;
	const struct lb_layer *hidden = &m->net->layer[0], *last = &m->net->layer[m->net->spec.n_layers - 1];
	const bool linear = hidden == last;
	const size_t rows = s->l->views * s->batch->b, inner = linear ? 0 : hidden->out * hidden->in;
	struct lb_slope slope = { .b = rows, .in = hidden->in, .hidden = linear ? 0 : hidden->out, .out = last->out, .w = r->w, .a = r->w + inner,
				  .x = r->x, .first = r->first, .second = r->second };
	const struct lb_slope_gradient g = { .w = r->g, .a = r->g + inner, .bias = r->g + inner + last->out * last->in };

	memset(r->g, 0, (inner + last->out * last->in + slope.hidden) * sizeof *r->g);
	load(last, m->read, r->w + inner);
	if (!linear) {
		load(hidden, m->read, r->w);
		for (size_t i = 0; i < rows * slope.in; i++)
			r->x[i] = (double)s->x[i];
		derive(m->net->spec.activation, hidden, rows, r);
	}
	regulariser(use)->of_slope(&slope, use->weight, &g, r->room);
	add_to(last, g.a, m->g);
	if (linear)
		return;
	add_to(hidden, g.w, m->g);
	for (size_t k = 0; k < hidden->out && m->net->spec.bias_init != LB_BIAS_NONE; k++)
		m->g[hidden->b + k] = (real)((double)m->g[hidden->b + k] + g.bias[k]);
}

void lb_regularise_gradient(const struct lb_step *s, struct lb_model *m)
{
	const struct lb_learner *l = s->l;

	for (size_t k = 0; l->regularised && k < l->setup->n_regularisers; k++) {
		const struct lb_regulariser_use *use = &l->setup->regulariser[k];
		if (regulariser(use)->of_slope)
			add_slope(s, use, m);
		else if (regulariser(use)->value && !lb_regulariser_by_prox(regulariser(use), use->par))
			add_weights(l, k, m);
	}
}

void lb_regularise_weights(const struct lb_step *s, struct lb_model *m)
{
	const struct lb_learner *l = s->l;
	const struct lb_regularised *r = l->regularised;

	for (size_t k = 0; r && k < l->setup->n_regularisers; k++) {
		const struct lb_regulariser_use *use = &l->setup->regulariser[k];
		for (size_t i = 0; lb_regulariser_by_prox(regulariser(use), use->par) && i < m->net->spec.n_layers; i++) {
			struct lb_layer_matrix w = matrix_of(l->setup, i);
			if (!lb_regulariser_of_layer(regulariser(use), use->par, i))
				continue;
			w.w = r->w;
			load(&m->net->layer[i], m->w, r->w);
			regulariser(use)->prox(use->par, &w, s->lr * factor_of(l->setup, use), r->room);
			store(&m->net->layer[i], r->w, m->w);
		}
	}
}
