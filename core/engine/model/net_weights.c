#include "core/engine/kernels/kernels.h"
#include "core/engine/model/head/head.h"
#include "core/engine/model/net.h"

#include <string.h>

void lb_net_init(const struct lb_net *net, real *w)
{
	const enum lb_init init = net->spec.init;
	const enum lb_bias_init scheme = init == LB_INIT_TORCH ? LB_BIAS_UNIFORM : LB_BIAS_ZERO;
	const bool biases = (net->spec.bias_init == LB_BIAS_SCHEME ? scheme : net->spec.bias_init) == LB_BIAS_UNIFORM;

	memset(w, 0, net->n_params * sizeof *w);
	for (size_t k = 0; k < net->spec.n_layers; k++) {
		const struct lb_layer *l = &net->layer[k];
		const double in = (double)(l->in ? l->in : 1), out = (double)l->out;
		const double bound = sqrt(1 / in), sd = init == LB_INIT_HE ? sqrt(2 / in) : sqrt(2 / (in + out));
		struct lb_rng rng;

		lb_rng_init(&rng, net->spec.seed, LB_RNG_INIT, k);
		for (size_t j = 0; j < l->out * l->in && init != LB_INIT_ZERO; j++)
			w[lb_weight_at(l, j / l->in, j % l->in)] =
				(real)(init == LB_INIT_TORCH ? bound * (2 * lb_rng_unit(&rng) - 1) : sd * lb_rng_normal(&rng));
		const bool biased = biases && !(k + 1 == net->spec.n_layers && net->head->scale);
		for (size_t j = l->b; biased && j < l->b + l->out; j++)
			w[j] = (real)(bound * (2 * lb_rng_unit(&rng) - 1));
	}
}

void lb_net_pack(const struct lb_net *net, const double *plain, real *w)
{
	memset(w, 0, net->n_params * sizeof *w);
	for (size_t k = 0; k < net->spec.n_layers; k++) {
		const struct lb_layer *l = &net->layer[k];
		for (size_t o = 0; o < l->out; o++)
			for (size_t i = 0; i < l->in; i++)
				w[lb_weight_at(l, o, i)] = (real)*plain++;
		for (size_t o = 0; o < l->out; o++)
			w[l->b + o] = (real)*plain++;
	}
}

void lb_net_unpack(const struct lb_net *net, const real *w, double *plain)
{
	for (size_t k = 0; k < net->spec.n_layers; k++) {
		const struct lb_layer *l = &net->layer[k];
		for (size_t o = 0; o < l->out; o++)
			for (size_t i = 0; i < l->in; i++)
				*plain++ = (double)w[lb_weight_at(l, o, i)];
		for (size_t o = 0; o < l->out; o++)
			*plain++ = (double)w[l->b + o];
	}
}

void lb_net_add(const struct lb_net *net, double factor, const real *v, const uint32_t *input, size_t n, double *plain)
{
	for (size_t k = 0; k < net->spec.n_layers; k++) {
		const struct lb_layer *l = &net->layer[k];
		const bool some = input && !k;
		const size_t stride = l->column ? 1 : LB_PANEL; /* of an output's weights */
		for (size_t o = 0; o < l->out; o++, plain += l->in) {
			const real *of = v + lb_weight_at(l, o, 0);
			for (size_t i = 0; i < (some ? n : l->in); i++) {
				const size_t from = some ? input[i] : i;
				plain[from] += factor * (double)of[from * stride];
			}
		}
		for (size_t o = 0; o < l->out; o++)
			*plain++ += factor * (double)v[l->b + o];
	}
}
