#include "core/engine/model/model.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

int lb_model_open(struct lb_model *m, const struct lb_setup *setup, uint64_t seed, size_t n_loss_params, size_t rows, size_t max_b,
		  struct lb_persisted *state, struct lb_err *err)
{
	struct lb_model_spec spec = setup->model;
	static const char *const opt_state_name[LB_MAX_OPT_STATES] = { "optimiser state 1", "optimiser state 2" };

	*m = (struct lb_model){ .n_loss_params = n_loss_params, .optim = lb_optim_of(setup->optimizer), .par = setup->optimizer_par };
	spec.seed = seed;
	if (!(m->net = lb_net_new(&spec, max_b, err)))
		return -1;
	const size_t n = m->n_params = m->net->n_params + n_loss_params;
	m->w = lb_alloc_aligned(n, sizeof(real), err);
	m->g = lb_alloc_aligned(n, sizeof(real), err);
	m->dz = lb_alloc_aligned(rows * m->net->ld, sizeof(real), err);
	if (!m->w || !m->g || !m->dz || lb_persist(state, "parameters", m->w, n * sizeof(real), err))
		return -1;
	for (int i = 0; i < m->optim->n_opt_states; i++)
		if (!(m->opt_state[i] = lb_alloc_aligned(n, sizeof(real), err)) || lb_persist(state, opt_state_name[i], m->opt_state[i], n * sizeof(real), err))
			return -1;
	m->read = m->w;
	return 0;
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

	for (int i = 0; i < m->optim->n_opt_states; i++)
		opt_state[i] = m->opt_state[i] + at;
	m->optim->step(m->par, t, lr, decay, n, m->w + at, g, opt_state);
}

void lb_model_update_some(struct lb_model *m, size_t at, const uint32_t *place, size_t n, int64_t t, double lr, double decay)
{
	enum { AT_ONCE = 256 };
	real *opt_state[LB_MAX_OPT_STATES] = { 0 }, some[AT_ONCE], gradient[AT_ONCE], *w = m->w + at, *g = m->g + at;

	for (size_t first = 0, k; first < n; first += k, place += k) {
		k = n - first < AT_ONCE ? n - first : AT_ONCE;
		for (size_t i = 0; i < k; i++) {
			some[i] = w[place[i]];
			gradient[i] = g[place[i]];
			g[place[i]] = 0;
		}
		m->optim->step(m->par, t, lr, decay, k, some, gradient, opt_state);
		for (size_t i = 0; i < k; i++)
			w[place[i]] = some[i];
	}
}
