/* Losses of two views and prototypes of both: swav, instance_softmax. */
#include "losses/support/one_prototype.h"
#include "losses/support/two_views.h"
#include "losses/support/view_words.h"

#include <string.h>

/* ---- swav ---- */

enum { CODES, TAU, EPS, ITERS };

static const struct lb_param swav_params[] = {
	[CODES] = { .name = "prototypes", .symbol = "K", .type = LB_INT_PARAM, .def = 16, .min = 1, .max = 10000, .grid = { 8, 16, 32 }, .n_grid = 3,
		    .help = "that rows are assigned to, not tied to classes" },
	[TAU] = LB_VIEW_TEMPERATURE(0.1),
	[EPS] = { .name = "eps", .symbol = "eps", .def = 0.05, .min = 0.01, .max = 1e3, .log_scale = true, .grid = { 0.03, 0.05, 0.1 }, .n_grid = 3, .help = "softness of the codes" },
	[ITERS] = { .name = "iters", .symbol = "iters", .type = LB_INT_PARAM, .def = 3, .min = 1, .max = 50, .grid = { 3, 10 }, .n_grid = 2, .help = "rounds of balancing the codes" },
};

static const struct lb_example swav_examples[] = {
	{ .set = "prototypes=2 tau=1", .b = 2, .c = 2, .z = { 0, 0, 0, 0, 0, 0, 0, 0 }, .views = 2, .params = { 1, 0, 0, 1 }, .value = 0.69314718055994531,
	  .source = "by hand: all cosines 0, log 2" },
	{ .set = "prototypes=2 tau=1", .b = 1, .c = 2, .z = { 1, 0, 0, 3 }, .views = 2, .params = { 2, 0, 0, 1 }, .value = 0.81326168751822286,
	  .source = "by hand: one row is shared evenly: log(1 + e) - 1/2" },
};

static size_t codes(const struct lb_arg *par)
{
	return (size_t)par[CODES].v;
}

/* p (k, c) <- rows divided by their lengths; inverse (k) <- what they were multiplied by. */
static void read_codebook(size_t k, size_t c, const real *w, double *p, double *inverse)
{
	for (size_t j = 0; j < k; j++) {
		double *to = p + j * c;
		for (size_t i = 0; i < c; i++)
			to[i] = (double)w[j * c + i];
		const double squared = lb_dot(c, to, to);
		inverse[j] = isnan(squared) ? squared : squared > 1e-24 ? 1 / sqrt(squared) : 0;
		for (size_t i = 0; i < c; i++)
			to[i] *= inverse[j];
	}
}

/* q (b, k) <- the codes of cosines, in place: by turns every prototype has the same share of all
 * rows, every row one. */
static void balance(size_t b, size_t k, double eps, size_t iters, double *q)
{
	double most = -(double)INFINITY;

	for (size_t j = 0; j < b * k; j++)
		most = q[j] > most || isnan(q[j]) ? q[j] : most;
	for (size_t j = 0; j < b * k; j++)
		q[j] = exp((q[j] - most) / eps);
	for (size_t n = 0; n < iters; n++) {
		for (size_t j = 0; j < k; j++) {
			double sum = 0;
			for (size_t i = 0; i < b; i++)
				sum += q[i * k + j];
			for (size_t i = 0; i < b; i++)
				q[i * k + j] /= sum;
		}
		for (size_t i = 0; i < b; i++) {
			double sum = 0;
			for (size_t j = 0; j < k; j++)
				sum += q[i * k + j];
			for (size_t j = 0; j < k; j++)
				q[i * k + j] /= sum;
		}
	}
}

/* s (b, k) <- the cosines of rows and prototypes. */
static void cosines_to(size_t b, size_t k, size_t c, const double *u, const double *p, double *s)
{
	for (size_t i = 0; i < b; i++)
		for (size_t j = 0; j < k; j++)
			s[i * k + j] = lb_dot(c, u + i * c, p + j * c);
}

/* Returns half of the mean cross-entropy of view v to the codes q (b, k) of the other; its
 * derivatives are added to by_p (k, c) and to the view's. room (2 k). */
static double to_codes(const struct lb_two_views *v, size_t view, const double *q, const double *p, double *by_p, double *room)
{
	const size_t k = codes(v->in->par), c = v->c;
	const double t = v->in->par[TAU].v, share = 0.5 / (double)v->b;
	double *s = room, *share_of = room + k, sum = 0;

	for (size_t i = 0; i < v->b; i++) {
		const double *u = v->u[view] + i * c;
		cosines_to(1, k, c, u, p, s);
		const double most = lb_soft_maximum(k, s, NULL, t, share_of);
		for (size_t j = 0; j < k; j++) {
			const double slope = share * (share_of[j] - q[i * k + j]) / t;
			sum += share * q[i * k + j] * (most - s[j]) / t;
			for (size_t d = 0; d < c; d++) {
				by_p[j * c + d] += slope * u[d];
				if (v->by[view])
					v->by[view][i * c + d] += slope * p[j * c + d];
			}
		}
	}
	return sum;
}

static double swav_value(const struct lb_two_views *v)
{
	const struct lb_batch *in = v->in;
	const size_t b = v->b, c = v->c, k = codes(in->par);
	double *room = v->room, *q = lb_take(&room, b * k), *p = lb_take(&room, k * c), *held = lb_take(&room, k * c), *by_p = lb_take(&room, k * c);
	double *inverse = lb_take(&room, k), sum = 0;

	read_codebook(k, c, in->held_params ? in->held_params : in->params.value, held, inverse);
	read_codebook(k, c, in->params.value, p, inverse);
	memset(by_p, 0, k * c * sizeof *by_p);
	for (size_t view = 0; view < 2; view++) {
		cosines_to(b, k, c, v->held[!view], held, q);
		balance(b, k, in->par[EPS].v, (size_t)in->par[ITERS].v, q);
		sum += to_codes(v, view, q, p, by_p, room);
	}
	for (size_t j = 0; in->params.grad && j < k; j++) {
		const double along = lb_dot(c, by_p + j * c, p + j * c);
		for (size_t d = 0; d < c; d++)
			in->params.grad[j * c + d] = (real)((by_p[j * c + d] - along * p[j * c + d]) * inverse[j]);
	}
	return sum;
}

static double swav_batch(const struct lb_batch *in, real *g)
{
	const double value = lb_of_views(in, g, true, swav_value);

	for (size_t j = 0; isnan(value) && in->params.grad && j < in->params.cols; j++)
		in->params.grad[j] = (real)value;
	return value;
}

static size_t swav_room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	const size_t k = codes(par);

	return lb_two_views_bytes(shape, shape->b * k + 3 * k * shape->c + 3 * k);
}

static size_t swav_n_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return codes(par) * shape->c;
}

static void swav_init_params(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *own)
{
	lb_prototypes_draw(swav_n_params(par, shape), 1, seed, own);
}

LB_BATCH(swav, swav_batch)

const struct lb_loss LB_LOSS(embedding, swav) = {
	.info = {
		.base = {
			.name = "swav",
			.title = "SwAV: each view tells the balanced code of the other, its soft assignment to trained prototypes",
			.cite = "M. Caron, I. Misra, J. Mairal, P. Goyal, P. Bojanowski, A. Joulin, Unsupervised learning of visual features by contrasting cluster assignments, "
				"NeurIPS 2020",
			.formula = "-(1/2) mean_i sum_k (q_ik log p'_ik + q'_ik log p_ik),  p_i = softmax(c_i / t),  c_ik the cosine of row i and prototype k,  q = the codes of c, held",
			.notes = LB_UNLABELLED LB_ONE_VIEW "The codes q are exp(c / eps), balanced in turns so that the prototypes share the batch evenly and every row sums to 1 (Sinkhorn). They are held fixed in the "
				 "gradient. The K x D prototypes are a row of own parameters, codebook, drawn from N(0, 1) by model.seed, without weight decay; lengths do not count. The paper freezes them in the "
				 "first epoch and adds a queue of earlier rows to the codes; here neither is done. A zero vector has cosine 0 to all and does not move.",
			.keywords = "swapped_assignment clustering sinkhorn self_supervised prototypes",
			LB_PARAMS(swav_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_HOLDS_FACTORS,
		.params = "codebook",
		.params_for = LB_ALL_TOGETHER,
		LB_EXAMPLES(swav_examples),
	},
	.form = &swav_form,
	.workspace = swav_room,
	.n_params = swav_n_params,
	.init_params = swav_init_params,
};

/* ---- instance_softmax ---- */

enum { SCALE, NORMALIZE };

static const struct lb_param instance_params[] = {
	[SCALE] = { .name = "scale", .symbol = "s", .def = 64, .min = 0, .min_open = true, .max = 1e4, .log_scale = true, .grid = { 16, 30, 64 }, .n_grid = 3,
		    .help = "cosines, or inner products, are multiplied by it" },
	[NORMALIZE] = { .name = "normalize", .symbol = "normalize", .type = LB_BOOL_PARAM, .def = 1, .help = "cosines; false: inner products of rows and prototypes as they are" },
};

static const struct lb_example instance_examples[] = {
	{ .set = "scale=1", .b = 1, .c = 2, .z = { 3, 0, 0, 2 }, .y = { 0 }, .views = 2, .params = { 0.5, 0, 0, 7 }, .classes = 2, .value = 0.81326168751822286,
	  .source = "by hand: log(1 + 1/e) and log(1 + e); their mean" },
	{ .set = "scale=1 normalize=false", .b = 1, .c = 2, .z = { 2, 0, 0, 1 }, .y = { 0 }, .views = 2, .params = { 0.5, 0, 0, 1 }, .classes = 2, .value = 0.81326168751822286,
	  .source = "by hand: the same logits" },
};

/* Rows are those of all views, one after the other. */
static double instance_loss(const struct lb_batch *in, const struct lb_prototypes *at)
{
	const double scale = in->par[SCALE].v, n = (double)at->b;
	const bool lengths = !(in->par[NORMALIZE].v > 0);
	double *logit = at->own, *q = logit + at->k, sum = 0;

	for (size_t i = 0; i < at->b; i++) {
		const double *cosine = at->cosine + i * at->k, row = lengths ? at->length[i] : 1;
		for (size_t k = 0; k < at->k; k++)
			logit[k] = scale * row * (lengths ? at->p_length[k] : 1) * cosine[k];
		sum += lb_logits_loss(at->k, logit, (size_t)in->y[i % (in->b / in->views)], q);
		for (size_t k = 0; k < at->k; k++) {
			const double own = lengths ? at->p_length[k] : 1, slope = scale * q[k] / n;
			at->slope[i * at->k + k] = slope * row * own;
			at->by_length[i] += lengths ? slope * own * cosine[k] : 0;
			at->by_p_length[k] += lengths ? slope * row * cosine[k] : 0;
		}
	}
	return sum / n;
}

static double instance_batch(const struct lb_batch *in, real *g)
{
	struct lb_batch all = *in;

	(void)g;
	all.b = in->b * in->views;
	return lb_prototypes_apply(&all, instance_loss);
}

static size_t instance_room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	struct lb_loss_shape all = *shape;

	(void)par;
	all.b *= all.views;
	return lb_prototypes_workspace(&all, 1, 2 * shape->n_classes);
}

static void instance_predict(const struct lb_batch *in, real *out)
{
	const bool lengths = !(in->par[NORMALIZE].v > 0);

	lb_prototype_scores(in, in->par[SCALE].v, lengths, lengths, out);
}

LB_BATCH(instance_softmax, instance_batch)

const struct lb_loss LB_LOSS(embedding, instance_softmax) = {
	.info = {
		.base = {
			.name = "instance_softmax",
			.title = "Instance loss: one classifier for both views",
			.cite = "Z. Zheng, L. Zheng, M. Garrett, Y. Yang, M. Xu, Y.-D. Shen, Dual-path convolutional image-text embeddings with instance loss, ACM TOMM 2020",
			.formula = "mean over the rows of both views of -log( exp(s c_y) / sum_k exp(s c_k) ),  c_k the cosine to prototype k",
			.notes = LB_PROTOTYPES_ARE "Views are those of train.views. " LB_ONE_VIEW "In the paper every row is a class of its own: give labels that number the rows. Class scores are "
				 "s c_k. pytorch-metric-learning's InstanceLoss scores a batch against itself and is another loss.",
			.keywords = "dual_path cross_modal retrieval shared_classifier proxy prototype",
			LB_PARAMS(instance_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_JUMPS_AT_ZERO,
		.params = "prototypes",
		LB_EXAMPLES(instance_examples),
	},
	.form = &instance_softmax_form,
	.workspace = instance_room,
	.n_params = lb_prototype_n_params,
	.init_params = lb_prototype_init_params,
	.predict = instance_predict,
};
