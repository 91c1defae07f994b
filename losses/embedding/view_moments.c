/* Losses of two views by how far apart the two of a row are and how rows spread. */
#include "losses/support/two_views.h"
#include "losses/support/view_words.h"

#include <string.h>

/* ---- align_uniform, sym_pair ---- */

enum { ALPHA, T, LAMBDA };

static const struct lb_param align_params[] = {
	[ALPHA] = { .name = "alpha", .symbol = "alpha", .def = 2, .min = 1, .max = 10, .grid = { 1, 2, 4 }, .n_grid = 3, .help = "power of the distance of a row's two views" },
	[T] = { .name = "t", .symbol = "t", .def = 2, .min = 1e-3, .max = 100, .log_scale = true, .grid = { 1, 2, 5 }, .n_grid = 3,
		.help = "how near rows have to be to repel each other" },
	[LAMBDA] = { .name = "lambda", .symbol = "lambda", .def = 1, .min = 0, .max = 1e3, .grid = { 0.5, 1, 2 }, .n_grid = 3, .help = "weight of uniformity" },
};

static const struct lb_same_as align_same_as[] = {
	{ .set = "lambda=0", .other = "sym_pair", .other_set = "" },
};

static const struct lb_example align_examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 1, 0, 0, 2, 0, 3, 0, 1 }, .views = 2, .value = -1, .source = "by hand: (2 + 0)/2 + (log exp(-4) + log 1)/2" },
};

static double squared_distance(size_t c, const double *x, const double *y)
{
	double sum = 0;

	for (size_t j = 0; j < c; j++)
		sum += (x[j] - y[j]) * (x[j] - y[j]);
	return sum;
}

/* to += w (x - y), and the other way round for y. */
static void add_apart(size_t c, double w, const double *x, const double *y, double *by_x, double *by_y)
{
	for (size_t j = 0; j < c; j++) {
		by_x[j] += w * (x[j] - y[j]);
		by_y[j] -= w * (x[j] - y[j]);
	}
}

static double align(const struct lb_two_views *v, double alpha)
{
	const size_t c = v->c;
	const double share = 1 / (double)v->b;
	double sum = 0;

	for (size_t i = 0; i < v->b * c; i += c) {
		const double d2 = squared_distance(c, v->u[0] + i, v->u[1] + i);
		sum += pow(d2, alpha / 2);
		if (v->by[0] && d2 > 0)
			add_apart(c, share * alpha * pow(d2, alpha / 2 - 1), v->u[0] + i, v->u[1] + i, v->by[0] + i, v->by[1] + i);
	}
	return share * sum;
}

/* log of the mean over pairs of exp(-t d^2); its derivative times `weight` is added. */
static double uniform(const struct lb_two_views *v, size_t k, double t, double weight)
{
	const size_t b = v->b, c = v->c;
	const double *u = v->u[k];
	double sum = 0, least = (double)INFINITY;

	for (size_t i = 0; i < b; i++)
		for (size_t j = 0; j < i; j++)
			least = fmin(least, squared_distance(c, u + i * c, u + j * c));
	for (size_t i = 0; i < b; i++)
		for (size_t j = 0; j < i; j++)
			sum += exp(-t * (squared_distance(c, u + i * c, u + j * c) - least));
	for (size_t i = 0; v->by[k] && i < b; i++)
		for (size_t j = 0; j < i; j++) {
			const double share = exp(-t * (squared_distance(c, u + i * c, u + j * c) - least)) / sum;
			add_apart(c, -2 * t * weight * share, u + i * c, u + j * c, v->by[k] + i * c, v->by[k] + j * c);
		}
	return weight * (log(2 * sum / ((double)b * (double)(b - 1))) - t * least);
}

static double align_uniform_value(const struct lb_two_views *v)
{
	const struct lb_arg *par = v->in->par;
	double sum = align(v, par[ALPHA].v);

	for (size_t k = 0; k < 2 && v->b > 1; k++)
		sum += uniform(v, k, par[T].v, par[LAMBDA].v / 2);
	return sum;
}

LB_OF_VIEWS(align_uniform, true, align_uniform_value, 0)

const struct lb_loss LB_LOSS(embedding, align_uniform) = {
	.info = {
		.base = {
			.name = "align_uniform",
			.title = "Alignment and uniformity: a row's views together, all rows spread over the sphere",
			.cite = "T. Wang, P. Isola, Understanding contrastive representation learning through alignment and uniformity on the hypersphere, ICML 2020, "
				"section 4.1",
			.formula = "mean_i |u_i - v_i|^alpha + lambda/2 sum over both views of log mean_{i<j} exp(-t |x_i - x_j|^2)",
			.notes = "u and v are the embeddings of the two views, divided by their lengths. " LB_UNLABELLED LB_ONE_VIEW
				 "A row of zeros stays one and does not move. A batch of one row has the first part alone. Where two views of a row are equal, alpha 1 has the slope 0.",
			.keywords = "alignment uniformity hypersphere self_supervised wang isola",
			LB_PARAMS(align_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_SAME_AS(align_same_as),
		LB_EXAMPLES(align_examples),
	},
	.form = &align_uniform_form,
	.workspace = align_uniform_room,
};

static const struct lb_example sym_pair_examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 1, 0, 0, 2, 0, 3, 0, 1 }, .views = 2, .value = 1, .source = "by hand: (2 + 0)/2" },
};

static double sym_pair_value(const struct lb_two_views *v)
{
	return align(v, 2);
}

LB_OF_VIEWS(sym_pair, true, sym_pair_value, 0)

const struct lb_loss LB_LOSS(embedding, sym_pair) = {
	.info = {
		.base = {
			.name = "sym_pair",
			.title = "Distance of the directions of a row's two views, a term beside another loss",
			.cite = "the pull between mirrored halves of a face in SymFace (P. Prabhakar et al., Improving face recognition from facial symmetry, 2024) as far as its abstract "
				"tells; the first part of T. Wang, P. Isola, ICML 2020",
			.formula = "mean_i |u_i - v_i|^2 = 2 - 2 mean_i cos(z_i, z'_i)",
			.notes = LB_UNLABELLED LB_ONE_VIEW "Alone it has its least value where all embeddings are one: use it as a term. The paper's own weight and distance are not "
				 "known. For rows without a zero vector.",
			.keywords = "symface symmetry consistency invariance byol",
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		LB_EXAMPLES(sym_pair_examples),
	},
	.form = &sym_pair_form,
	.workspace = sym_pair_room,
};

/* ---- spectral_contrastive ---- */

enum { MU };

static const struct lb_param spectral_params[] = {
	[MU] = { .name = "mu", .symbol = "mu", .def = 1, .min = 0, .max = 1e6, .grid = { 0, 1, 10 }, .n_grid = 3,
		 .help = "rows longer than sqrt(mu) are shortened to that, and the value is divided by it; 0: rows as they are" },
};

static const struct lb_example spectral_examples[] = {
	{ .set = "mu=0", .b = 2, .c = 2, .z = { 1, 0, 0, 2, 3, 1, 0, 1 }, .views = 2, .value = -3,
	  .source = "by hand: products 3, 0 and 2, 2: -2 (3 + 2)/2 + (0 + 4)/2" },
};

/* x (b, c) <- rows no longer than sqrt(mu). */
static void shorten(const struct lb_two_views *v, size_t k, double mu, double *x)
{
	for (size_t i = 0; i < v->b; i++) {
		const double *u = v->u[k] + i * v->c, d2 = lb_dot(v->c, u, u), scale = mu > 0 && d2 > mu ? sqrt(mu / d2) : 1;
		for (size_t j = 0; j < v->c; j++)
			x[i * v->c + j] = scale * u[j];
	}
}

/* by += the derivative by u, from `of`, that by x. */
static void shorten_back(const struct lb_two_views *v, size_t k, double mu, const double *x, const double *of)
{
	for (size_t i = 0; i < v->b * v->c; i += v->c) {
		const double d2 = lb_dot(v->c, v->u[k] + i, v->u[k] + i), along = lb_dot(v->c, of + i, x + i);
		const bool longer = mu > 0 && d2 > mu;
		for (size_t j = 0; j < v->c; j++)
			v->by[k][i + j] += longer ? sqrt(mu / d2) * (of[i + j] - along / mu * x[i + j]) : of[i + j];
	}
}

static double spectral_value(const struct lb_two_views *v)
{
	const size_t b = v->b, c = v->c, n = b * c;
	const double mu = v->in->par[MU].v, scale = 1 / (mu > 0 ? mu : 1), rows = (double)b, pairs = b > 1 ? rows * (rows - 1) : 1;
	double *room = v->room, *x[2], *s = lb_take(&room, b * b), *across = lb_take(&room, n), sum = 0;

	for (size_t k = 0; k < 2; k++)
		shorten(v, k, mu, x[k] = lb_take(&room, n));
	lb_view_products(b, c, x[0], x[1], across, s);
	for (size_t k = 0; k < b * b; k++) {
		const bool own = k % (b + 1) == 0;
		sum += own ? -2 * s[k] / rows : s[k] * s[k] / pairs;
		s[k] = scale * (own ? -2 / rows : 2 * s[k] / pairs);
	}
	for (size_t k = 0; v->by[0] && k < 2; k++) {
		memset(across, 0, n * sizeof *across);
		lb_view_add_product(b, c, s, k, x[!k], across);
		shorten_back(v, k, mu, x[k], across);
	}
	return scale * sum;
}

LB_OF_VIEWS(spectral_contrastive, false, spectral_value, b * b + 3 * b * c)

const struct lb_loss LB_LOSS(embedding, spectral_contrastive) = {
	.info = {
		.base = {
			.name = "spectral_contrastive",
			.title = "Spectral contrastive loss: products of a row's views large, squares of other products small",
			.cite = "J. Z. HaoChen, C. Wei, A. Gaidon, T. Ma, Provable guarantees for self-supervised deep learning with spectral contrastive loss, NeurIPS 2021, eq. 6; "
				"shortened rows as in the authors' program",
			.formula = "(-2 mean_i x_i.x'_i + mean_{i != j} (x_i.x'_j)^2) / mu,  x = z shortened to sqrt(mu) at most; mu 0: x = z, no division",
			.notes = LB_UNLABELLED LB_ONE_VIEW "Up to a constant it is the low-rank factorisation of the normalised graph of views. A batch of one row has the first part alone.",
			.keywords = "haochen factorization graph self_supervised",
			LB_PARAMS(spectral_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(spectral_examples),
	},
	.form = &spectral_contrastive_form,
	.workspace = spectral_contrastive_room,
};
