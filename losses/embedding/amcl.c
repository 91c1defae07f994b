/* Several heads of a contrast, whose temperatures are those of the pair: amcl. */
#include "losses/support/prototypes.h"
#include "losses/support/two_views.h"
#include "losses/support/view_words.h"

#include <string.h>

enum { HEADS, BETA, LOW, HIGH };

static const struct lb_param params[] = {
	[HEADS] = { .name = "heads", .symbol = "H", .type = LB_INT_PARAM, .def = 3, .min = 1, .max = 64, .grid = { 1, 3, 5 }, .n_grid = 3, .help = "projections, each with a contrast of its own" },
	[BETA] = { .name = "beta", .symbol = "beta", .def = 0.1, .min = 0, .max = 1e3, .grid = { 0.01, 0.1, 1 }, .n_grid = 3, .help = "weight of what keeps the temperatures from their bounds" },
	[LOW] = { .name = "tau_min", .symbol = "lo", .def = 0.05, .min = 1e-3, .max = 0.5, .log_scale = true, .grid = { 0.05, 0.1 }, .n_grid = 2, .help = "the least temperature" },
	[HIGH] = { .name = "tau_max", .symbol = "hi", .def = 2, .min = 0.5, .max = 1e3, .log_scale = true, .grid = { 1, 2 }, .n_grid = 2, .help = "the largest temperature" },
};

static const struct lb_example examples[] = {
	{ .set = "heads=1 beta=0 tau_min=0.5 tau_max=1.5", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .params = { 1, 0, 0, 1, 0, 0, 0 }, .value = -1,
	  .source = "by hand: all temperatures 1: -1 + 0" },
	{ .set = "heads=1 beta=0.1 tau_min=0.5 tau_max=1.5", .b = 1, .c = 2, .z = { 1, 0, 2, 0 }, .views = 2, .params = { 1, 0, 0, 1, 0, 0, 0 }, .value = -0.9,
	  .source = "by hand: -1 + 0.1 (log 1 + 1)" },
};

static size_t n_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return (size_t)par[HEADS].v * shape->c * shape->c + shape->c + 1;
}

/* The heads, normal of variance 1 / D; what makes the temperatures 0, so that all are alike. */
static void init_params(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *to)
{
	const size_t n = (size_t)par[HEADS].v * shape->c * shape->c;

	lb_prototypes_draw(n, sqrt(1 / (double)shape->c), seed, to);
	memset(to + n, 0, (shape->c + 1) * sizeof *to);
}

/* One head of a batch. Arrays that begin with by_ get derivatives. */
struct head {
	const struct lb_two_views *v;
	double share;            /* of a row in the mean */
	const double *w;         /* (c, c) its projection */
	const double *tell;      /* (c) and one more: what makes a temperature of a pair */
	double *by_w, *by_tell;
	const double *held_w;    /* (c, c) the projection that the choice of negatives is made by */
	double *a[2], *by_a[2];  /* (b, c) directions of the projected rows of each view */
	double *held[2];         /* (b, c) those at the held point */
	double *inverse[2];      /* (b) 1 / length of the projection, 0 without direction */
};

/* a (b, c) <- the directions of the projections w u of rows; inverse (b) <- 1 / their lengths. */
static void project_view(size_t b, size_t c, const double *w, const double *rows, double *a, double *inverse)
{
	for (size_t i = 0; i < b; i++, a += c) {
		for (size_t j = 0; j < c; j++)
			a[j] = lb_dot(c, w + j * c, rows + i * c);
		const double squared = lb_dot(c, a, a);
		inverse[i] = isnan(squared) ? squared : squared > 1e-24 ? 1 / sqrt(squared) : 0;
		for (size_t j = 0; j < c; j++)
			a[j] *= inverse[i];
	}
}

/* The directions of both views at the held point, then at this one; their derivatives 0. */
static void project(const struct head *h)
{
	const size_t b = h->v->b, c = h->v->c;

	for (size_t k = 0; k < 2; k++) {
		project_view(b, c, h->held_w, h->v->held[k], h->held[k], h->inverse[k]);
		project_view(b, c, h->w, h->v->u[k], h->a[k], h->inverse[k]);
		memset(h->by_a[k], 0, b * c * sizeof *h->by_a[k]);
	}
}

/* The derivatives by the directions go to the projection and to the rows. */
static void project_back(const struct head *h)
{
	const size_t b = h->v->b, c = h->v->c;

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < b; i++) {
			const double *a = h->a[k] + i * c, *by = h->by_a[k] + i * c, *u = h->v->u[k] + i * c, along = lb_dot(c, a, by);
			for (size_t j = 0; j < c; j++) {
				const double g = (by[j] - along * a[j]) * h->inverse[k][i];
				for (size_t l = 0; l < c; l++) {
					h->by_w[j * c + l] += g * u[l];
					if (h->v->by[k])
						h->v->by[k][i * c + l] += g * h->w[j * c + l];
				}
			}
		}
}

/* sign (-s/t + beta Omega(t)) of rows i and j, t their temperature: sign 1 for a positive pair, -1
 * for a negative. */
static double pair_loss(const struct head *h, size_t i, size_t j, double sign)
{
	const struct lb_arg *par = h->v->in->par;
	const size_t c = h->v->c;
	const double lo = par[LOW].v, hi = par[HIGH].v, beta = par[BETA].v, half = (double)c / 2, *x = h->a[0] + i * c, *y = h->a[1] + j * c;
	double phi = h->tell[c];

	for (size_t l = 0; l < c; l++)
		phi += h->tell[l] * x[l] * y[l];
	const double s = lb_dot(c, x, y), at = phi > 0 ? 1 / (1 + exp(-phi)) : exp(phi) / (1 + exp(phi)), t = lo + (hi - lo) * at;
	const double by_s = -sign * h->share / t, by_t = sign * h->share * (s / (t * t) + beta * (half / t - 1 / (t * t)));
	const double by_phi = by_t * (hi - lo) * at * (1 - at);
	h->by_tell[c] += by_phi;
	for (size_t l = 0; l < c; l++) {
		h->by_tell[l] += by_phi * x[l] * y[l];
		h->by_a[0][i * c + l] += (by_s + by_phi * h->tell[l]) * y[l];
		h->by_a[1][j * c + l] += (by_s + by_phi * h->tell[l]) * x[l];
	}
	return sign * h->share * (-s / t + beta * (half * log(t) + 1 / t));
}

/* The row of the second view that is most like row i of the first at the held point, but its own;
 * ties to the lowest. */
static size_t hardest(const struct head *h, size_t i)
{
	const size_t b = h->v->b, c = h->v->c;
	size_t best = b;
	double most = 0;

	for (size_t j = 0; j < b; j++) {
		const double s = lb_dot(c, h->held[0] + i * c, h->held[1] + j * c);
		if (j != i && (best == b || s > most))
			best = j, most = s;
	}
	return best;
}

static double amcl_value(const struct lb_two_views *v)
{
	const struct lb_io *own = &v->in->params;
	const size_t b = v->b, c = v->c, heads = (size_t)v->in->par[HEADS].v, n = own->cols;
	const real *fixed = v->in->held_params ? v->in->held_params : own->value;
	double *room = v->room, *w = lb_take(&room, n), *held_w = lb_take(&room, n), *by = lb_take(&room, n), sum = 0;

	for (size_t j = 0; j < n; j++) {
		w[j] = (double)own->value[j];
		held_w[j] = (double)fixed[j];
	}
	memset(by, 0, n * sizeof *by);
	struct head h = { .v = v, .share = 1 / (double)b, .tell = w + heads * c * c, .by_tell = by + heads * c * c };
	for (size_t k = 0; k < 2; k++) {
		h.a[k] = lb_take(&room, b * c);
		h.by_a[k] = lb_take(&room, b * c);
		h.held[k] = lb_take(&room, b * c);
		h.inverse[k] = lb_take(&room, b);
	}
	for (size_t k = 0; k < heads; k++) {
		h.w = w + k * c * c;
		h.held_w = held_w + k * c * c;
		h.by_w = by + k * c * c;
		project(&h);
		for (size_t i = 0; i < b; i++) {
			sum += pair_loss(&h, i, i, 1);
			if (b > 1)
				sum += pair_loss(&h, i, hardest(&h, i), -1);
		}
		project_back(&h);
	}
	for (size_t j = 0; own->grad && j < n; j++)
		own->grad[j] = (real)by[j];
	return sum;
}

static double amcl_batch(const struct lb_batch *in, real *g)
{
	const double value = lb_of_views(in, g, true, amcl_value);

	for (size_t j = 0; isnan(value) && in->params.grad && j < in->params.cols; j++)
		in->params.grad[j] = (real)value;
	return value;
}

static size_t amcl_room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return lb_two_views_bytes(shape, 3 * n_params(par, shape) + 6 * shape->b * shape->c + 2 * shape->b);
}

LB_BATCH(amcl, amcl_batch)

const struct lb_loss LB_LOSS(embedding, amcl) = {
	.info = {
		.base = {
			.name = "amcl",
			.title = "Adaptive multi-head contrast: several projections, temperatures of the pair, the hardest negative alone, AMCL",
			.cite = "L. Wang, P. Koniusz, T. Gedeon, L. Zheng, Adaptive multi-head contrastive learning, ECCV 2024; the formula is that of the authors' table of losses",
			.formula = "mean_i sum_h of -s+/t+ + beta O(t+) + s-/t- - beta O(t-),  O(t) = (D/2) log t + 1/t,  s- the largest s_ij, j != i, of head h,  t = lo + (hi - lo) sigmoid(v.(a * a') + v0)",
			.notes = LB_UNLABELLED LB_ONE_VIEW "Head h projects embeddings by a D x D matrix; a are the directions of the projections, s their products. The authors make temperatures by a small perceptron of "
				 "the pair whose input is not stated; here it is the product a * a', weighed by v, of all heads. The heads, v and v0 are a row of own parameters without weight decay: heads drawn from "
				 "N(0, 1/D) by model.seed, v and v0 0. What is judged are the embeddings before the heads. The choice of the negative is held fixed in the gradient; ties go to the lowest row. "
				 "As t- falls to 0 the value falls without bound where s- is below beta, so that tau_min is well above 0. A batch of one row has no negative.",
			.keywords = "adaptive_temperature multi_head projection_head learned_temperature hard_negative self_supervised",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		.params = "heads",
		.params_for = LB_ALL_TOGETHER,
		LB_EXAMPLES(examples),
	},
	.form = &amcl_form,
	.workspace = amcl_room,
	.n_params = n_params,
	.init_params = init_params,
};
