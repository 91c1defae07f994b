/* Losses in which the second view is held: simsiam and byol predict it, target_anchored_info_nce is
 * a contrast with it. */
#include "losses/support/two_views.h"
#include "losses/support/view_words.h"

#include "core/numeric/rng.h"

#include <string.h>

enum { PREDICTOR, DIRECTIONS };
enum { ONE, BOTH };

static const char *const directions[] = { [ONE] = "one", [BOTH] = "both", NULL };

static const struct lb_param params[] = {
	[PREDICTOR] = { .name = "predictor", .symbol = "H", .type = LB_INT_PARAM, .def = 0, .min = 0, .max = 4096, .grid = { 0, 16, 32 }, .n_grid = 3,
			.help = "hidden units of the predictor, which is trained with the model; 0: none" },
	[DIRECTIONS] = { .name = "directions", .symbol = "directions", .type = LB_CHOICE_PARAM, .choices = directions, .def = ONE,
			 .help = "one: the first view predicts the second; both: the mean with the second predicting the first" },
};

/* ---- the predictor: p = W2 max(0, W1 z + b1) + b2 ---- */

static size_t hidden_units(const struct lb_arg *par)
{
	return (size_t)par[PREDICTOR].v;
}

static size_t n_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	const size_t h = hidden_units(par), c = shape->c;

	return h ? 2 * h * c + h + c : 0;
}

/* He's initialisation below the hidden layer, Lecun's above; biases 0. */
static void init_params(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *to)
{
	const size_t h = hidden_units(par), c = shape->c;
	struct lb_rng rng;

	lb_rng_init(&rng, seed, LB_RNG_PREDICTOR, 0);
	memset(to, 0, n_params(par, shape) * sizeof *to);
	for (size_t j = 0; j < h * c; j++)
		to[j] = (real)(sqrt(2 / (double)c) * lb_rng_normal(&rng));
	for (size_t j = 0; j < h * c; j++)
		to[h * c + h + j] = (real)(sqrt(1 / (double)h) * lb_rng_normal(&rng));
}

/* The predictor, or derivatives by it, and room for one row. All double. */
struct predictor {
	size_t h, c;
	double *w1, *b1, *w2, *b2; /* (h,c), (h), (c,h), (c) */
	double *by;              /* their derivatives, in the order of the parameters */
	double *hidden, *by_hidden, *p; /* (h), (h), (c) */
};

static struct predictor predictor_of(const struct lb_two_views *v)
{
	const struct lb_io *own = &v->in->params;
	const size_t h = hidden_units(v->in->par), c = v->c, n = own->cols;
	double *room = v->room, *w = lb_take(&room, n);
	struct predictor f = { .h = h, .c = c, .w1 = w, .b1 = w + h * c, .w2 = w + h * c + h, .b2 = w + 2 * h * c + h };

	for (size_t j = 0; j < n; j++)
		w[j] = (double)own->value[j];
	f.by = lb_take(&room, n);
	memset(f.by, 0, n * sizeof *f.by);
	f.hidden = lb_take(&room, h);
	f.by_hidden = lb_take(&room, h);
	f.p = lb_take(&room, c);
	return f;
}

/* f->p <- what it predicts of z. */
static void predict_row(const struct predictor *f, const double *z)
{
	for (size_t j = 0; j < f->h; j++) {
		const double a = f->b1[j] + lb_dot(f->c, f->w1 + j * f->c, z);
		f->hidden[j] = a > 0 || isnan(a) ? a : 0;
	}
	for (size_t k = 0; k < f->c; k++)
		f->p[k] = f->b2[k] + lb_dot(f->h, f->w2 + k * f->h, f->hidden);
}

/* From f->p, the derivative by what was predicted of z: f->by += those by the predictor, by_z (c),
 * unless NULL, += that by z. */
static void predict_back(const struct predictor *f, const double *z, double *by_z)
{
	double *by_w1 = f->by, *by_b1 = by_w1 + f->h * f->c, *by_w2 = by_b1 + f->h, *by_b2 = by_w2 + f->h * f->c;

	memset(f->by_hidden, 0, f->h * sizeof *f->by_hidden);
	for (size_t k = 0; k < f->c; k++) {
		by_b2[k] += f->p[k];
		for (size_t j = 0; j < f->h; j++) {
			by_w2[k * f->h + j] += f->p[k] * f->hidden[j];
			f->by_hidden[j] += f->p[k] * f->w2[k * f->h + j];
		}
	}
	for (size_t j = 0; j < f->h; j++) {
		if (!(f->hidden[j] > 0))
			continue;
		by_b1[j] += f->by_hidden[j];
		for (size_t k = 0; k < f->c; k++) {
			by_w1[j * f->c + k] += f->by_hidden[j] * z[k];
			if (by_z)
				by_z[k] += f->by_hidden[j] * f->w1[j * f->c + k];
		}
	}
}

/* ---- cosines to the held view ---- */

/* 1 / length; 0 of a row without direction. */
static double inverse_length(size_t c, const double *z)
{
	const double squared = lb_dot(c, z, z);

	return squared > 1e-24 ? 1 / sqrt(squared) : 0;
}

/* Mean cosine of view k and the held other, whose derivative times `weight` goes to view k alone.
 * Both are directions. */
static double to_held(const struct lb_two_views *v, size_t k, double weight)
{
	const size_t n = v->b * v->c;
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += v->u[k][i] * v->held[!k][i] / (double)v->b;
		if (v->by[k])
			v->by[k][i] = weight * v->held[!k][i] / (double)v->b;
	}
	return weight * sum;
}

/* The same of what is predicted of view k. Both are rows as they are. */
static double predicted_to_held(const struct lb_two_views *v, const struct predictor *f, size_t k, double weight)
{
	const size_t c = v->c;
	const double share = weight / (double)v->b;
	double sum = 0;

	for (size_t i = 0; i < v->b * c; i += c) {
		const double *z = v->u[k] + i, *held = v->held[!k] + i, inverse = inverse_length(c, held);
		predict_row(f, z);
		const double own = isnan(lb_dot(c, f->p, f->p)) ? (double)NAN : inverse_length(c, f->p), cosine = lb_dot(c, f->p, held) * own * inverse;
		sum += share * cosine;
		for (size_t j = 0; j < c; j++)
			f->p[j] = share * own * (held[j] * inverse - cosine * own * f->p[j]);
		predict_back(f, z, v->by[k] ? v->by[k] + i : NULL);
	}
	return sum;
}

static double over_directions(const struct lb_two_views *v, const struct predictor *f, double weight)
{
	const size_t n = v->in->par[DIRECTIONS].v > ONE ? 2 : 1;
	double sum = 0;

	for (size_t k = 0; k < n; k++)
		sum += f ? predicted_to_held(v, f, k, weight / (double)n) : to_held(v, k, weight / (double)n);
	return sum;
}

/* `weight` times the mean cosine, of directions. */
static double plain(const struct lb_two_views *v, double weight)
{
	return over_directions(v, NULL, weight);
}

/* The same through the predictor. */
static double predicted(const struct lb_two_views *v, double weight)
{
	const struct predictor f = predictor_of(v);
	const struct lb_io *own = &v->in->params;
	const double sum = over_directions(v, &f, weight);

	for (size_t j = 0; own->grad && j < own->cols; j++)
		own->grad[j] = (real)f.by[j];
	return sum;
}

static double simsiam_plain(const struct lb_two_views *v)
{
	return plain(v, -1);
}

static double simsiam_predicted(const struct lb_two_views *v)
{
	return predicted(v, -1);
}

static double byol_plain(const struct lb_two_views *v)
{
	return 2 + plain(v, -2);
}

static double byol_predicted(const struct lb_two_views *v)
{
	return 2 + predicted(v, -2);
}

typedef double views_fn(const struct lb_two_views *v);

static double either(const struct lb_batch *in, real *g, views_fn *without, views_fn *with)
{
	if (!hidden_units(in->par))
		return lb_of_views(in, g, true, without);
	const double value = lb_of_views(in, g, false, with);
	for (size_t j = 0; isnan(value) && in->params.grad && j < in->params.cols; j++)
		in->params.grad[j] = (real)value;
	return value;
}

static double simsiam_batch(const struct lb_batch *in, real *g)
{
	return either(in, g, simsiam_plain, simsiam_predicted);
}

static double byol_batch(const struct lb_batch *in, real *g)
{
	return either(in, g, byol_plain, byol_predicted);
}

static size_t room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return lb_two_views_bytes(shape, 2 * n_params(par, shape) + 2 * hidden_units(par) + shape->c);
}

/* ---- simsiam ---- */

#define METHOD                                                                                           \
	"The second view is the target, held fixed. The predictor p(z) = W2 max(0, W1 z + b1) + b2 is a row of own parameters, W1 (H x D), b1, W2 (D x H), b2, drawn by model.seed, " \
	"without weight decay and without the authors' batch normalisation. With no predictor all rows may collapse to one, where the value is least: then it is a term beside " \
	"another loss, and in any case values of different runs do not compare. "

LB_BATCH(simsiam, simsiam_batch)

static const struct lb_example simsiam_examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 1, 0, 1, 0, 0, 1, 3, 0 }, .views = 2, .value = -0.5, .source = "by hand: -(0 + 1) / 2" },
	{ .set = "directions=both predictor=1", .b = 1, .c = 2, .z = { 1, 0, -2, 5 }, .views = 2, .params = { 1, 0, 0, 3, 4, 0, 0 },
	  .value = -0.25997347344787272, .source = "by hand: hidden 1 and 0, predictions (3, 4) and 0: -(14 / (5 sqrt 29) + 0) / 2" },
};

const struct lb_loss LB_LOSS(embedding, simsiam) = {
	.info = {
		.base = {
			.name = "simsiam",
			.title = "Negative cosine of a view's prediction to the held second view, SimSiam",
			.cite = "X. Chen, K. He, Exploring simple Siamese representation learning, CVPR 2021, eq. 1",
			.formula = "-mean_i cos(p(z_i), z'_i),  z' held; directions both: its mean with -mean_i cos(p(z'_i), z_i), z held; predictor 0: p(z) = z",
			.notes = METHOD LB_ONE_VIEW "A row of zeros has cosine 0 and does not move.",
			.keywords = "negative_cosine stop_gradient siamese self_supervised",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS | LB_TAKES_TARGET,
		.exceptions = LB_HOLDS_FACTORS,
		.params = "predictor",
		.params_for = LB_ALL_TOGETHER,
		LB_EXAMPLES(simsiam_examples),
	},
	.form = &simsiam_form,
	.workspace = room,
	.n_params = n_params,
	.init_params = init_params,
};

/* ---- byol ---- */

static const struct lb_same_as byol_same_as[] = {
	{ .set = "", .other = "simsiam", .other_set = "", .scale = 2, .shift = 2 },
	{ .set = "directions=both", .other = "simsiam", .other_set = "directions=both", .scale = 2, .shift = 2 },
};

static const struct lb_example byol_examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 1, 0, 1, 0, 0, 1, 3, 0 }, .views = 2, .value = 1, .source = "by hand: 2 - (0 + 2) / 2" },
};

LB_BATCH(byol, byol_batch)

const struct lb_loss LB_LOSS(embedding, byol) = {
	.info = {
		.base = {
			.name = "byol",
			.title = "Squared distance of a view's predicted direction to that of the held second view, BYOL",
			.cite = "J.-B. Grill et al., Bootstrap your own latent, NeurIPS 2020, eq. 2",
			.formula = "mean_i |p(z_i)/|p(z_i)| - z'_i/|z'_i||^2 = 2 - 2 mean_i cos(p(z_i), z'_i),  z' held; directions and predictor as for simsiam",
			.notes = METHOD "The method is predictor above 0, directions both (the paper sums them, here it is their mean) and procedures: [averaged_target], a second network that gives the "
				 "held view. " LB_ONE_VIEW "A row of zeros has cosine 0 and does not move.",
			.keywords = "bootstrap stop_gradient siamese self_supervised",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS | LB_TAKES_TARGET,
		.exceptions = LB_HOLDS_FACTORS,
		.params = "predictor",
		.params_for = LB_ALL_TOGETHER,
		LB_SAME_AS(byol_same_as),
		LB_EXAMPLES(byol_examples),
	},
	.form = &byol_form,
	.workspace = room,
	.n_params = n_params,
	.init_params = init_params,
};

/* ---- target_anchored_info_nce ---- */

enum { TAU };

static const struct lb_param anchored_params[] = { [TAU] = LB_VIEW_TEMPERATURE(0.07) };

static const struct lb_example anchored_examples[] = {
	{ .set = "tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = 0.55144471393205110, .source = "by hand: that of nt_xent, log(e + 2) - 1" },
};

/* Row k of both views, of which the second is held. */
static const double *anchored_row(const struct lb_two_views *v, size_t k)
{
	return k < v->b ? v->u[0] + k * v->c : v->held[1] + (k - v->b) * v->c;
}

/* Each of the 2 B rows finds its own among the others, with derivatives by the first view alone. */
static double anchored_value(const struct lb_two_views *v)
{
	const size_t b = v->b, c = v->c, n = 2 * b;
	const double share = 1 / (double)n;
	double *s = v->room, *slope = s + n, sum = 0;

	for (size_t a = 0; a < n; a++) {
		const double *x = anchored_row(v, a);
		const size_t own = (a + b) % n;
		for (size_t k = 0; k < n; k++)
			s[k] = k == a ? -(double)INFINITY : lb_dot(c, x, anchored_row(v, k));
		sum += share * lb_softmax_loss(n, s, own, v->in->par[TAU].v, slope);
		for (size_t k = 0; v->by[0] && k < n; k++) {
			const double *y = anchored_row(v, k);
			for (size_t j = 0; k != a && a < b && j < c; j++)
				v->by[0][a * c + j] += share * slope[k] * y[j];
			for (size_t j = 0; k != a && k < b && j < c; j++)
				v->by[0][k * c + j] += share * slope[k] * x[j];
		}
	}
	return sum;
}

LB_OF_VIEWS(target_anchored_info_nce, true, anchored_value, 4 * b)

const struct lb_loss LB_LOSS(embedding, target_anchored_info_nce) = {
	.info = {
		.base = {
			.name = "target_anchored_info_nce",
			.title = "Contrast with a frozen target: NT-Xent whose second view is held, RTD",
			.cite = "J. Byun, S. Jeong, W. Kim, S. Chun, T. Moon, RTD: an efficient post-hoc framework for reducing task discrepancy of text encoders for composed "
				"image retrieval, ICCV 2025; the formula is that of the authors' program",
			.formula = "mean over the 2 B rows of (u, u') of log sum_{a != i} exp(s_ia / t) - s_ii* / t,  i* the same row in the other view, u' held",
			.notes = LB_UNLABELLED LB_ONE_VIEW "s are the cosines of all rows of both views. The value is that of nt_xent, the gradient goes to the first view alone: the target stays where the frozen network puts it. With "
				 "procedures: [{name: averaged_target, momentum: 1}] that is the network as it was initialised; without it the same network, held. A batch of one row gives 0.",
			.keywords = "rtd frozen_target composed_image_retrieval text_encoder stop_gradient target_anchored",
			LB_PARAMS(anchored_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS | LB_TAKES_TARGET,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_EXAMPLES(anchored_examples),
	},
	.form = &target_anchored_info_nce_form,
	.workspace = target_anchored_info_nce_room,
};
