#include "core/engine/model/model.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

/* What is a matrix to an optimiser: a vector has in 1. */
static struct lb_whole weights_of(const struct lb_layer *l)
{
	return l->in > 1 && l->out > 1 ? (struct lb_whole){ .in = l->in, .out = l->out } :
	       l->column ? (struct lb_whole){ .in = 1, .out = l->in } : (struct lb_whole){ .in = 1, .out = l->out };
}

/* Values of a vector of the optimiser's state. */
static size_t values_of_state(const struct lb_model *m)
{
	size_t n = lb_whole_states(1, m->n_loss_params);

	for (size_t i = 0; i < m->net->spec.n_layers && m->optim->step_whole; i++) {
		const struct lb_whole weights = weights_of(&m->net->layer[i]);
		n += lb_whole_states(weights.in, weights.out) + lb_whole_states(1, m->net->layer[i].out);
	}
	return m->optim->step_whole ? n : m->n_params;
}

/* The optimiser's state. */
static int open_states(struct lb_model *m, struct lb_persisted *state, struct lb_err *err)
{
	static const char *const name[LB_MAX_OPT_STATES] = { "optimiser state 1", "optimiser state 2", "optimiser state 3" };
	const size_t n = values_of_state(m);

	m->n_opt_states = m->optim->opt_states ? m->optim->opt_states(m->par) : 0;
	for (int i = 0; i < m->n_opt_states; i++)
		if (!(m->opt_state[i] = lb_alloc_aligned(n, sizeof(real), err)) || lb_persist(state, name[i], m->opt_state[i], n * sizeof(real), err))
			return -1;
	return 0;
}

int lb_model_open(struct lb_model *m, const struct lb_setup *setup, uint64_t seed, size_t n_loss_params, size_t rows, size_t max_b,
		  struct lb_persisted *state, struct lb_err *err)
{
	struct lb_model_spec spec = setup->model;

	*m = (struct lb_model){ .n_loss_params = n_loss_params, .optim = lb_optim_of(setup->optimizer), .par = setup->optimizer_par };
	spec.seed = seed;
	if (!(m->net = lb_net_new(&spec, max_b, err)))
		return -1;
	const size_t n = m->n_params = m->net->n_params + n_loss_params;
	m->w = lb_alloc_aligned(n, sizeof(real), err);
	m->g = lb_alloc_aligned(spec.factored ? m->net->layer[spec.n_layers - 1].w : n, sizeof(real), err);
	m->dz = lb_alloc_aligned(spec.factored ? 1 : rows * m->net->ld, sizeof(real), err);
	if (!m->w || !m->g || !m->dz || lb_persist(state, "parameters", m->w, n * sizeof(real), err) || open_states(m, state, err))
		return -1;
	m->read = m->w;
	return spec.factored ? lb_factored_open(&m->factored, m->net, rows, state, err) : 0;
}

void lb_model_close(struct lb_model *m)
{
	lb_net_free(m->net);
	free(m->w);
	free(m->g);
	free(m->dz);
	free(m->dfeatures);
	for (int i = 0; i < LB_MAX_OPT_STATES; i++)
		free(m->opt_state[i]);
	lb_row_sparse_close(&m->sparse);
	lb_factored_close(&m->factored);
	*m = (struct lb_model){ 0 };
}

void lb_model_unpack(const struct lb_model *m, const real *v, double *plain)
{
	const size_t n = lb_model_spec_size(&m->net->spec);

	lb_net_unpack(m->net, v, plain);
	for (size_t i = 0; i < m->n_loss_params; i++)
		plain[n + i] = (double)v[m->net->n_params + i];
}

void lb_model_add(const struct lb_model *m, double factor, const real *v, const uint32_t *input, size_t n_inputs, double *plain)
{
	const size_t n = lb_model_spec_size(&m->net->spec);

	lb_net_add(m->net, factor, v, input, n_inputs, plain);
	for (size_t i = 0; i < m->n_loss_params; i++)
		plain[n + i] += factor * (double)v[m->net->n_params + i];
}

void lb_model_pack(const struct lb_model *m, const double *plain, real *v)
{
	const size_t n = lb_model_spec_size(&m->net->spec);

	lb_net_pack(m->net, plain, v);
	for (size_t i = 0; i < m->n_loss_params; i++)
		v[m->net->n_params + i] = (real)plain[n + i];
}

void lb_model_settle(struct lb_model *m)
{
	lb_row_sparse_flush(&m->sparse, m->w);
	lb_factored_settle(&m->factored, m->w);
}

double lb_model_gradient_norm(const struct lb_model *m)
{
	double sum = 0;

	for (size_t i = 0; i < m->n_params; i++)
		sum += (double)m->g[i] * (double)m->g[i];
	return sqrt(sum);
}

void lb_model_update(struct lb_model *m, size_t at, size_t n, const real *g, int64_t t, double lr, double decay)
{
	real *opt_state[LB_MAX_OPT_STATES] = { 0 };

	for (int i = 0; i < m->n_opt_states; i++)
		opt_state[i] = m->opt_state[i] + at;
	m->optim->step(m->par, t, lr, decay, n, m->w + at, g, opt_state);
}

void lb_model_update_whole(struct lb_model *m, int64_t t, double lr, double decay, double bias_decay, double loss_lr)
{
	real *state = m->opt_state[0];

	for (size_t i = 0; i < m->net->spec.n_layers; i++) {
		const struct lb_layer *l = &m->net->layer[i];
		struct lb_whole weights = weights_of(l), biases = { .in = 1, .out = l->out };
		weights.w = m->w + l->w;
		weights.g = m->g + l->w;
		weights.state = state;
		m->optim->step_whole(m->par, t, lr, decay, &weights);
		biases.w = m->w + l->b;
		biases.g = m->g + l->b;
		biases.state = weights.state + lb_whole_states(weights.in, weights.out);
		m->optim->step_whole(m->par, t, lr, bias_decay, &biases);
		state = biases.state + lb_whole_states(1, l->out);
	}
	const size_t at = m->net->n_params;
	const struct lb_whole own = { .in = 1, .out = m->n_loss_params, .w = m->w + at, .g = m->g + at, .state = state };
	if (m->n_loss_params)
		m->optim->step_whole(m->par, t, loss_lr, 0, &own);
}

enum { AT_ONCE = 256 };

/* Gathers or scatters n values of a vector at their places. */
static void gather(const real *from, const uint32_t *place, size_t n, real *to)
{
	for (size_t i = 0; i < n; i++)
		to[i] = from[place[i]];
}

static void scatter(const real *from, const uint32_t *place, size_t n, real *to)
{
	for (size_t i = 0; i < n; i++)
		to[place[i]] = from[i];
}

void lb_model_update_some(struct lb_model *m, size_t at, const uint32_t *place, size_t n, int64_t t, double lr, double decay)
{
	real room[LB_MAX_OPT_STATES][AT_ONCE], *opt_state[LB_MAX_OPT_STATES] = { room[0], room[1], room[2] };
	real some[AT_ONCE], gradient[AT_ONCE], *w = m->w + at, *g = m->g + at;

	for (size_t first = 0, k; first < n; first += k, place += k) {
		k = n - first < AT_ONCE ? n - first : AT_ONCE;
		for (int s = 0; s < m->n_opt_states; s++)
			gather(m->opt_state[s] + at, place, k, room[s]);
		for (size_t i = 0; i < k; i++) {
			some[i] = w[place[i]];
			gradient[i] = g[place[i]];
			g[place[i]] = 0;
		}
		m->optim->step(m->par, t, lr, decay, k, some, gradient, opt_state);
		scatter(some, place, k, w);
		for (int s = 0; s < m->n_opt_states; s++)
			scatter(room[s], place, k, m->opt_state[s] + at);
	}
}
