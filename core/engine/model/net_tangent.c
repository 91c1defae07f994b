#include "core/engine/model/activation.h"
#include "core/engine/model/net.h"

#include <string.h>

/* to (b, out) <- V u + v0 + W du for each row: how fast W u + w0 changes. u (b, in) with stride ld;
 * du (b, in), or NULL: 0. */
static void affine(const struct lb_layer *l, size_t b, const real *u, size_t ld, const double *w, const double *v, const double *du, double *to)
{
	for (size_t i = 0; i < b; i++)
		for (size_t o = 0; o < l->out; o++) {
			const double *row_v = v + o * l->in, *row_w = w + o * l->in;
			double sum = v[l->in * l->out + o];
			for (size_t j = 0; j < l->in; j++)
				sum += row_v[j] * (double)u[i * ld + j] + (du ? row_w[j] * du[i * l->in + j] : 0);
			to[i * l->out + o] = sum;
		}
}

/* du (b, out) becomes how fast the layer's h changes, from how fast its affine values do. */
static void activate(const struct lb_net *net, const struct lb_layer *l, size_t b, double *du)
{
	for (size_t i = 0; i < b; i++)
		for (size_t o = 0; o < l->out; o++) {
			real slope = 1;
			lb_activate_back(net->spec.activation, 1, 1, 1, &l->a[i * l->ld + o], &slope);
			du[i * l->out + o] *= (double)slope * (l->mask ? (double)l->mask[i * l->ld + o] : 1);
		}
}

void lb_net_tangent(const struct lb_net *net, const double *w, const double *v, size_t b, const real *x, double *room, double *out)
{
	const size_t layers = net->spec.n_layers;
	size_t widest = 0, at = 0;

	for (size_t k = 0; k < layers; k++)
		widest = net->layer[k].out > widest ? net->layer[k].out : widest;
	for (size_t k = 0; k < layers; k++) {
		const struct lb_layer *l = &net->layer[k];
		const bool last = k + 1 == layers;
		double *to = last ? out : room + k % 2 * b * widest, *from = k ? room + (k - 1) % 2 * b * widest : NULL;
		affine(l, b, k ? net->layer[k - 1].h : x, k ? net->layer[k - 1].ld : l->in, w + at, v + at, from, to);
		if (!last)
			activate(net, l, b, to);
		at += (l->in + 1) * l->out;
	}
}
