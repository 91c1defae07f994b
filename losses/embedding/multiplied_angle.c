/* Cross-entropy in which the label's angle to its prototype is multiplied: sphereface,
 * large_margin_softmax. */
#include "losses/support/one_prototype.h"

enum { MULTIPLE, LAMBDA, SOFTMAX_SCALE = LAMBDA };
static const double PI = 3.14159265358979323846;

/* (-1)^k cos(m t) - 2k, k = floor(m t / pi), which goes on falling; and its derivative by
 * c = cos t, by Chebyshev's polynomials. */
static double psi(double c, size_t m, double *slope)
{
	const double at = c < -1 ? -1 : c > 1 ? 1 : c;
	double before = 1, t = at, u_before = 1, u = 2 * at;
	size_t k = (size_t)((double)m * acos(at) / PI);

	k = k < m ? k : m - 1;
	for (size_t j = 1; j < m; j++) {
		const double next = 2 * at * t - before, u_next = 2 * at * u - u_before;
		before = t, t = next;
		u_before = u, u = u_next;
	}
	const double sign = k % 2 ? -1 : 1;
	*slope = sign * (double)m * u_before;
	return sign * t - 2 * (double)k;
}

/* Cross-entropy of logits size c_k, the label's with (lambda c + psi)/(1 + lambda) for c. size is
 * scale |z|, of which the prototypes' lengths are a part too where `own_length`. */
static double multiple_angle(const struct lb_batch *in, const struct lb_prototypes *at, double lambda, double scale, bool own_length)
{
	const size_t m = (size_t)in->par[MULTIPLE].v;
	const double n = (double)at->b;
	double *logit = at->own, *q = logit + at->k, sum = 0;

	for (size_t i = 0; i < at->b; i++) {
		const double *c = at->cosine + i * at->k;
		const size_t y = (size_t)in->y[i];
		double slope;
		const double target = (lambda * c[y] + psi(c[y], m, &slope)) / (1 + lambda);
		for (size_t k = 0; k < at->k; k++)
			logit[k] = scale * at->length[i] * (own_length ? at->p_length[k] : 1) * (k == y ? target : c[k]);
		sum += lb_logits_loss(at->k, logit, y, q);
		for (size_t k = 0; k < at->k; k++) {
			const double size = scale * at->length[i] * (own_length ? at->p_length[k] : 1), term = k == y ? target : c[k];
			at->slope[i * at->k + k] = q[k] * size * (k == y ? (lambda + slope) / (1 + lambda) : 1) / n;
			at->by_length[i] += q[k] * scale * (own_length ? at->p_length[k] : 1) * term / n;
			at->by_p_length[k] += own_length ? q[k] * scale * at->length[i] * term / n : 0;
		}
	}
	return sum / n;
}

static double sphere_loss(const struct lb_batch *in, const struct lb_prototypes *at)
{
	return multiple_angle(in, at, in->par[LAMBDA].v, 1, false);
}

static void sphere_predict(const struct lb_batch *in, real *out)
{
	lb_prototype_scores(in, 1, true, false, out);
}

static double large_loss(const struct lb_batch *in, const struct lb_prototypes *at)
{
	return multiple_angle(in, at, 0, in->par[SOFTMAX_SCALE].v, true);
}

static void large_predict(const struct lb_batch *in, real *out)
{
	lb_prototype_scores(in, in->par[SOFTMAX_SCALE].v, true, true, out);
}

/* Of lengths about 1: they are part of the logits. */
static void large_init(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *prototypes)
{
	lb_prototypes_draw(lb_prototype_n_params(par, shape), 1 / sqrt((double)shape->c), seed, prototypes);
}

#define MULTIPLE_PARAM(by) \
	{ .name = "multiple", .symbol = "m", .type = LB_INT_PARAM, .def = (by), .min = 1, .max = 8, .grid = { 1, 2, 3, 4 }, .n_grid = 4, \
	  .help = "the label's angle is multiplied by it; 1 is no margin" }

static const struct lb_param sphere_params[] = {
	[MULTIPLE] = MULTIPLE_PARAM(4),
	[LAMBDA] = { .name = "lambda", .symbol = "lambda", .def = 0, .min = 0, .max = 1e6, .grid = { 0, 5, 1000 }, .n_grid = 3,
		     .help = "weight of the plain cosine beside the multiplied angle's 1; the paper lowers it from 1000 to 5 as it trains" },
};
static const struct lb_param large_params[] = {
	[MULTIPLE] = MULTIPLE_PARAM(4),
	[SOFTMAX_SCALE] = { .name = "scale", .symbol = "s", .def = 1, .min = 0, .min_open = true, .max = 1e4, .grid = { 0.5, 1, 4 }, .n_grid = 3, .log_scale = true,
			    .help = "logits are multiplied by it" },
};
static const struct lb_example sphere_examples[] = {
	{ .set = "multiple=2", .b = 1, .c = 2, .z = { 3, 0 }, .y = { 0 }, .params = { 0.5, 0.5, 0, 7 }, .classes = 2, .value = 0.69314718055994531,
	  .source = "by hand: angle pi/4, doubled cosine 0; logits 0 and 0, log 2" },
};
static const struct lb_example large_examples[] = {
	{ .set = "multiple=1", .b = 1, .c = 2, .z = { 3, 0 }, .y = { 0 }, .params = { 0.5, 0.5, 0.5, 7 }, .classes = 2, .value = 0.69314718055994531,
	  .source = "by hand: inner products 1.5 and 1.5, log 2" },
};

LB_COSINES_OF_PROTOTYPES(sphereface, sphere_loss)
LB_COSINES_OF_PROTOTYPES(large_margin_softmax, large_loss)

const struct lb_loss LB_LOSS(embedding, sphereface) = {
	.info = {
		.base = {
			.name = "sphereface",
			LB_PARAMS(sphere_params),
			.title = "SphereFace (A-Softmax): cross-entropy in which the label's angle is multiplied",
			.cite = "W. Liu, Y. Wen, Z. Yu, M. Li, B. Raj, L. Song, SphereFace: deep hypersphere embedding for face recognition, CVPR 2017, eq. 7",
			.formula = "-log( exp(|z| t) / (exp(|z| t) + sum_{k != y} exp(|z| c_k)) ),  t = (lambda c_y + psi) / (1 + lambda),  psi = (-1)^j cos(m a) - 2j, "
				   "a = arccos(c_y), j = floor(m a / pi)",
			.notes = LB_PROTOTYPES_ARE "The embedding keeps its length, by which the loss is sharper; prototypes have none. The class scores are |z| c_k.",
			.keywords = "a_softmax angular_softmax face_recognition multiplicative_margin proxy prototype",
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.params = "prototypes",
		.exceptions = LB_JUMPS_AT_ZERO,
		LB_EXAMPLES(sphere_examples),
	},
	.form = &sphereface_form,
	.workspace = lb_prototype_workspace,
	.n_params = lb_prototype_n_params,
	.init_params = lb_prototype_init_params,
	.predict = sphere_predict,
};

LB_OF_PROTOTYPES(large_margin_softmax, LB_NONNEGATIVE, 0, lb_prototype_workspace, large_init, large_predict, large_examples, LB_NO_IDENTITIES,
	LB_PARAMS(large_params),
	.title = "Large-margin softmax: cross-entropy of inner products in which the label's angle is multiplied",
	.cite = "W. Liu, Y. Wen, Z. Yu, M. Yang, Large-margin softmax loss for convolutional neural networks, ICML 2016, eq. 4-7",
	.formula = "-log( exp(l_y psi) / (exp(l_y psi) + sum_{k != y} exp(l_k c_k)) ),  l_k = s |z| |w_k|,  psi = (-1)^j cos(m a) - 2j, a = arccos(c_y), "
		   "j = floor(m a / pi)",
	.notes = "z is an embedding of model.dimension columns, w_k the prototype of class k: C x D parameters of the loss, drawn from N(0, 1/D) by "
		 "model.seed and trained by the same optimiser. Weight decay and optimizer.project leave them alone. Both keep their lengths; m = 1 is "
		 "cross-entropy of inner products. A zero vector has no direction: its cosines and its gradient are 0. The class scores are "
		 "s <z, w_k>. The paper trains with a mixture of psi and the plain cosine at first; use sphereface for that.",
	.keywords = "l_softmax multiplicative_margin proxy prototype");
