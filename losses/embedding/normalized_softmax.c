#include "losses/loss.h"

#include "core/numeric/rng.h"

#include <string.h>

enum { TEMPERATURE };

static const struct lb_param params[] = {
	[TEMPERATURE] = { .name = "temperature", .symbol = "t", .def = 0.05, .min = 0.01, .max = 100, .grid = { 0.05, 0.1, 0.5 }, .n_grid = 3,
			  .log_scale = true, .help = "cosines are divided by it" },
};

static const struct lb_example examples[] = {
	{ .set = "temperature=1", .b = 1, .c = 2, .z = { 3, 0 }, .y = { 0 }, .params = { 0.5, 0, 0, 7 }, .classes = 2,
	  .value = 0.31326168751822284, .source = "by hand: cosines 1 and 0, log(1 + 1/e)" },
	{ .set = "temperature=0.5", .b = 2, .c = 2, .z = { 3, 4, -1, 1 }, .y = { 2, 0 }, .params = { 1, 0, 0, 2, -5, 12 }, .classes = 3,
	  .value = 2.5855725551703193, .source = "mpmath, 30 digits" },
};

/* Of a zero vector NaN: it has no direction. */
static double inverse_length(const real *v, size_t n)
{
	double sum = 0;

	for (size_t j = 0; j < n; j++)
		sum += (double)v[j] * (double)v[j];
	return sum > 0 ? 1 / sqrt(sum) : (double)NAN;
}

/* What a batch is taken apart into: the workspace holds the prototypes' inverse lengths, then one
 * row's cosines or slopes by them. */
struct view {
	double *inverse, *cosine;
	size_t classes;
	double scale;            /* 1/t */
};

static struct view view_of(const struct lb_batch *in)
{
	double *room = in->workspace;
	const struct view v = { .inverse = room, .cosine = room + in->stats->n_classes, .classes = in->stats->n_classes,
				.scale = 1 / in->par[TEMPERATURE].v };

	for (size_t k = 0; k < v.classes; k++)
		v.inverse[k] = inverse_length(in->params.value + k * in->c, in->c);
	return v;
}

/* The row's cosines to all prototypes; returns the row's inverse length. In double: t multiplies
 * their rounding. */
static double cosines(const struct lb_batch *in, const struct view *v, const real *z)
{
	const double inverse = inverse_length(z, in->c);

	for (size_t k = 0; k < v->classes; k++) {
		const real *w = in->params.value + k * in->c;
		double dot = 0;
		for (size_t j = 0; j < in->c; j++)
			dot += (double)z[j] * (double)w[j];
		v->cosine[k] = dot * inverse * v->inverse[k];
	}
	return inverse;
}

/* With slope_k = dL/dcos_k: dL/dz = sum_k slope_k (w_k/|w_k| - cos_k z/|z|) / |z|, and the same
 * with z and w_k exchanged. */
static void pull_back(const struct lb_batch *in, const struct view *v, const real *z, double inverse, size_t k, double slope,
		      double *g)
{
	const real *w = in->params.value + k * in->c;
	real *down = in->params.grad + k * in->c;
	const double cosine = v->cosine[k], to_z = slope * inverse, to_w = slope * v->inverse[k];

	for (size_t j = 0; j < in->c; j++) {
		const double u = (double)z[j] * inverse, p = (double)w[j] * v->inverse[k];
		g[j] += to_z * (p - cosine * u);
		down[j] += (real)(to_w * (u - cosine * p));
	}
}

static double row(const struct lb_batch *in, const struct view *v, size_t i, real *g)
{
	const real *z = in->output.value + i * in->c;
	const double inverse = cosines(in, v, z);
	double *pulled = v->cosine + v->classes, rest = 0;
	const size_t y = (size_t)in->y[i];
	size_t top = 0;

	for (size_t k = 1; k < v->classes; k++)
		top = v->cosine[k] > v->cosine[top] ? k : top;
	const double most = v->cosine[top], own = (v->cosine[y] - most) * v->scale, own_term = exp(own);
	for (size_t k = 0; k < v->classes; k++)
		rest += k == y ? 0 : exp((v->cosine[k] - most) * v->scale);
	const double sum = rest + own_term;
	if (g) {
		memset(pulled, 0, in->c * sizeof *pulled);
		for (size_t k = 0; k < v->classes; k++) {
			const double q = k == y ? -rest / sum : exp((v->cosine[k] - most) * v->scale) / sum;
			pull_back(in, v, z, inverse, k, q * v->scale / (double)in->b, pulled);
		}
		for (size_t j = 0; j < in->c; j++)
			g[j] = (real)pulled[j];
	}
	return own_term >= 1 ? log1p(rest) : log(sum) - own;
}

static double batch(const struct lb_batch *in, real *g)
{
	const struct view v = view_of(in);
	double sum = 0;

	if (g)
		memset(in->params.grad, 0, v.classes * in->c * sizeof *in->params.grad);
	for (size_t i = 0; i < in->b; i++)
		sum += row(in, &v, i, g ? g + i * in->c : NULL);
	return sum / (double)in->b;
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return (2 * shape->n_classes + shape->c) * sizeof(double);
}

static size_t n_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->n_classes * shape->c;
}

static void init_params(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *prototypes)
{
	struct lb_rng rng;

	lb_rng_init(&rng, seed, LB_RNG_PROTOTYPES, 0);
	for (size_t j = 0; j < n_params(par, shape); j++)
		prototypes[j] = (real)lb_rng_normal(&rng);
}

static void predict(const struct lb_batch *in, real *out)
{
	const struct view v = view_of(in);

	for (size_t i = 0; i < in->b; i++) {
		cosines(in, &v, in->output.value + i * in->output.stride);
		for (size_t k = 0; k < v.classes; k++)
			out[i * v.classes + k] = (real)(v.cosine[k] * v.scale);
	}
}

LB_BATCH(normalized_softmax, batch)

const struct lb_loss LB_LOSS(embedding, normalized_softmax) = {
	.info = {
		.base = {
			.name = "normalized_softmax",
			.title = "Normalised softmax: cross-entropy of cosines to one prototype a class",
			.cite = "A. Zhai, H.-Y. Wu, Classification is a strong baseline for deep metric learning, BMVC 2019; the loss behind "
				"Hyperspherical embedding for novel class classification",
			.formula = "-log( exp(c_y/t) / sum_k exp(c_k/t) ),  c_k = <z, w_k> / (|z| |w_k|)",
			.notes = "z is an embedding of model.dimension columns, w_k the prototype of class k: C x D parameters of the loss, drawn "
				 "from N(0, 1) by model.seed and trained by the same optimiser. Weight decay and optimizer.project leave them "
				 "alone: the loss depends on their directions only. The class scores behind the metrics are c_k/t. A zero "
				 "vector has no direction: value NaN, and the trial ends as diverged. The gradient by a vector is at right "
				 "angles to it, so its length never shrinks in plain gradient steps. Not convex, because of the lengths.",
			.keywords = "normalised_softmax cosine_softmax normsoftmax proxy prototype hypersphere nsl",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		.params = "prototypes",
		.exceptions = LB_UNDEFINED_AT_ZERO,
		LB_EXAMPLES(examples),
	},
	.form = &normalized_softmax_form,
	.workspace = workspace,
	.n_params = n_params,
	.init_params = init_params,
	.predict = predict,
};
