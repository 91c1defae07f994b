#include "core/model/net.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

static int layer_open(struct X(lb_layer) *l, const struct lb_model_spec *s, size_t i, size_t max_b, struct lb_err *err)
{
	const bool hidden = i + 1 < s->n_layers;

	l->in = s->width[i];
	l->out = s->width[i + 1];
	if (!(l->a = lb_alloc_aligned(max_b * l->out, sizeof(real), err)))
		return -1;
	if (hidden && !(l->h = lb_alloc_aligned(max_b * l->out, sizeof(real), err)))
		return -1;
	if (hidden && s->dropout > 0 && !(l->mask = lb_alloc_aligned(max_b * l->out, sizeof(real), err)))
		return -1;
	return 0;
}

struct X(lb_net) *X(lb_net_new)(const struct lb_model_spec *spec, size_t max_b, struct lb_err *err)
{
	struct X(lb_net) *net = lb_alloc(1, sizeof *net, err);
	size_t widest = 0;

	if (!net)
		return NULL;
	net->spec = *spec;
	net->max_b = max_b;
	for (size_t i = 0; i < spec->n_layers; i++) {
		struct X(lb_layer) *l = &net->layer[i];
		if (layer_open(l, spec, i, max_b, err))
			goto fail;
		l->w = net->n_params;
		l->b = l->w + l->in * l->out;
		net->n_params = l->b + l->out;
		if (l->out > widest)
			widest = l->out;
	}
	net->delta[0] = lb_alloc_aligned(max_b * widest, sizeof(real), err);
	net->delta[1] = lb_alloc_aligned(max_b * widest, sizeof(real), err);
	net->ones = lb_alloc_aligned(max_b, sizeof(real), err);
	if (!net->delta[0] || !net->delta[1] || !net->ones)
		goto fail;
	for (size_t i = 0; i < max_b; i++)
		net->ones[i] = 1;
	return net;
fail:
	X(lb_net_free)(net);
	return NULL;
}

void X(lb_net_free)(struct X(lb_net) *net)
{
	if (!net)
		return;
	for (size_t i = 0; i < net->spec.n_layers; i++) {
		free(net->layer[i].a);
		free(net->layer[i].h);
		free(net->layer[i].mask);
	}
	free(net->delta[0]);
	free(net->delta[1]);
	free(net->ones);
	free(net);
}

void X(lb_net_init)(const struct X(lb_net) *net, real *w)
{
	const enum lb_init init = net->spec.init;
	const enum lb_bias_init scheme = init == LB_INIT_TORCH ? LB_BIAS_UNIFORM : LB_BIAS_ZERO;
	const bool biases = (net->spec.bias_init == LB_BIAS_SCHEME ? scheme : net->spec.bias_init) == LB_BIAS_UNIFORM;

	memset(w, 0, net->n_params * sizeof *w);
	for (size_t i = 0; i < net->spec.n_layers; i++) {
		const struct X(lb_layer) *l = &net->layer[i];
		const double in = (double)(l->in ? l->in : 1), out = (double)l->out;
		const double bound = sqrt(1 / in), sd = init == LB_INIT_HE ? sqrt(2 / in) : sqrt(2 / (in + out));
		struct lb_rng rng;

		lb_rng_init(&rng, net->spec.seed, LB_RNG_INIT, i);
		for (size_t j = l->w; j < l->b && init != LB_INIT_ZERO; j++)
			w[j] = (real)(init == LB_INIT_TORCH ? bound * (2 * lb_rng_unit(&rng) - 1) : sd * lb_rng_normal(&rng));
		for (size_t j = l->b; biases && j < l->b + l->out; j++)
			w[j] = (real)(bound * (2 * lb_rng_unit(&rng) - 1));
	}
}

/* a (b,out) = x (b,in) . W (out,in)' + bias */
static void affine(const struct X(lb_layer) *l, const real *w, const real *x, size_t b)
{
	for (size_t i = 0; i < b; i++)
		memcpy(l->a + i * l->out, w + l->b, l->out * sizeof(real));
	if (l->in)
		lb_gemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)b, (int)l->out, (int)l->in, 1, x, (int)l->in, w + l->w,
			(int)l->in, 1, l->a, (int)l->out);
}

/* In float32 the C library's tanhf takes ten times as long as its expf. Near 0 the odd polynomial of Cephes (S. Moshier, tanhf.c),
 * else 1 - 2 / (exp(2|x|) + 1): within 2 units in the last place. In float64 the library's own. */
static real lb_tanh(real x)
{
	const real z = x * x;

	if (REAL_BITS > 32 || isnan(x))
		return tanh(x);
	if (z < R(0.390625))
		return x + x * z * ((((R(-5.70498872745e-3) * z + R(2.06390887954e-2)) * z - R(5.37397155531e-2)) * z +
				     R(1.33314422036e-1)) * z - R(3.33332819422e-1));
	const real t = 1 - 2 / (exp(2 * fabs(x)) + 1);
	return x < 0 ? -t : t;
}

/* h (n) = activation of a; where the derivative is told by the result, a becomes it. Comparisons let NaN pass through. */
static void activate(enum lb_activation act, size_t n, real *a, real *h)
{
	switch (act) {
	case LB_RELU:
		for (size_t i = 0; i < n; i++)
			h[i] = a[i] < 0 ? R(0.0) : a[i];
		break;
	case LB_TANH:
		for (size_t i = 0; i < n; i++)
			h[i] = a[i] = lb_tanh(a[i]);
		break;
	case LB_GELU:
		for (size_t i = 0; i < n; i++)
			h[i] = R(0.5) * a[i] * erfc(-a[i] * R(0.70710678118654752440));
		break;
	}
}

/* d (b,out) *= derivative of the activation; a as activate left it */
static void activate_back(enum lb_activation act, size_t n, const real *a, real *d)
{
	switch (act) {
	case LB_RELU:
		for (size_t i = 0; i < n; i++)
			d[i] = a[i] > 0 ? d[i] : R(0.0);
		break;
	case LB_TANH:
		for (size_t i = 0; i < n; i++)
			d[i] *= 1 - a[i] * a[i];
		break;
	case LB_GELU:
		for (size_t i = 0; i < n; i++)
			d[i] *= R(0.5) * erfc(-a[i] * R(0.70710678118654752440)) +
				a[i] * exp(R(-0.5) * a[i] * a[i]) * R(0.39894228040143267794);
		break;
	}
}

static void drop(const struct X(lb_net) *net, struct X(lb_layer) *l, size_t b, int64_t step, size_t index)
{
	const double keep = 1 - net->spec.dropout;
	const uint32_t below = (uint32_t)(keep * 4294967295.0);
	struct lb_rng rng;

	lb_rng_init(&rng, net->spec.seed, LB_RNG_DROPOUT, (uint64_t)step * LB_MAX_LAYERS + index);
	for (size_t i = 0; i < b * l->out; i++) {
		l->mask[i] = lb_rng_u32(&rng) <= below ? (real)(1 / keep) : R(0.0);
		l->h[i] *= l->mask[i];
	}
}

const real *X(lb_net_forward)(struct X(lb_net) *net, const real *w, const real *x, size_t b, int64_t step)
{
	const size_t last = net->spec.n_layers - 1;

	net->dropped = net->spec.dropout > 0 && step >= 0;
	for (size_t i = 0; i < last; i++) {
		struct X(lb_layer) *l = &net->layer[i];
		affine(l, w, x, b);
		activate(net->spec.activation, b * l->out, l->a, l->h);
		if (net->dropped)
			drop(net, l, b, step, i);
		x = l->h;
	}
	affine(&net->layer[last], w, x, b);
	return net->layer[last].a;
}

/* gW (out,in) = d' (out,b) . x (b,in), gb (out) = column sums of d */
static void layer_gradient(const struct X(lb_net) *net, const struct X(lb_layer) *l, const real *x, size_t b, const real *d, real *g)
{
	if (l->in)
		lb_gemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)l->out, (int)l->in, (int)b, 1, d, (int)l->out, x, (int)l->in, 0,
			g + l->w, (int)l->in);
	lb_gemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, 1, (int)l->out, (int)b, 1, net->ones, (int)b, d, (int)l->out, 0, g + l->b,
		(int)l->out);
}

void X(lb_net_backward)(struct X(lb_net) *net, const real *w, const real *x, size_t b, const real *dz, real *g)
{
	const real *d = dz;

	for (size_t i = net->spec.n_layers; i-- > 0;) {
		const struct X(lb_layer) *l = &net->layer[i], *below = i ? &net->layer[i - 1] : NULL;
		real *next = net->delta[i % 2];

		layer_gradient(net, l, below ? below->h : x, b, d, g);
		if (!below)
			break;
		lb_gemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)b, (int)l->in, (int)l->out, 1, d, (int)l->out, w + l->w,
			(int)l->in, 0, next, (int)l->in);
		for (size_t j = 0; net->dropped && j < b * below->out; j++)
			next[j] *= below->mask[j];
		activate_back(net->spec.activation, b * below->out, below->a, next);
		d = next;
	}
}
