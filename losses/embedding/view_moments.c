/* Losses of two views by the moments of their embeddings: how far apart the two of a row are, how
 * rows spread, and what columns say twice. */
#include "losses/support/two_views.h"

#include <string.h>

#define ONE_VIEW "Where there is one view, as in validation, it is both. "
#define UNLABELLED "Views are those of train.views or data.pair; labels are not read, and judge alone. "

/* Defines the loss NAME, a function of both views, and its workspace. */
#define OF_VIEWS(name, unit, value, more)                                                                \
	static double name##_batch(const struct lb_batch *in, real *g)                                   \
	{                                                                                                \
		return lb_of_views(in, g, unit, value);                                                  \
	}                                                                                                \
	static size_t name##_room(const struct lb_arg *par, const struct lb_loss_shape *shape)           \
	{                                                                                                \
		const size_t b = shape->b, c = shape->c;                                                 \
		(void)par, (void)b, (void)c;                                                             \
		return lb_two_views_bytes(shape, more);                                                  \
	}                                                                                                \
	LB_BATCH(name, name##_batch)

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

OF_VIEWS(align_uniform, true, align_uniform_value, 0)

const struct lb_loss LB_LOSS(embedding, align_uniform) = {
	.info = {
		.base = {
			.name = "align_uniform",
			.title = "Alignment and uniformity: a row's views together, all rows spread over the sphere",
			.cite = "T. Wang, P. Isola, Understanding contrastive representation learning through alignment and uniformity on the hypersphere, ICML 2020, "
				"section 4.1",
			.formula = "mean_i |u_i - v_i|^alpha + lambda/2 sum over both views of log mean_{i<j} exp(-t |x_i - x_j|^2)",
			.notes = "u and v are the embeddings of the two views, divided by their lengths. " UNLABELLED ONE_VIEW
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

OF_VIEWS(sym_pair, true, sym_pair_value, 0)

const struct lb_loss LB_LOSS(embedding, sym_pair) = {
	.info = {
		.base = {
			.name = "sym_pair",
			.title = "Distance of the directions of a row's two views, a term beside another loss",
			.cite = "the pull between mirrored halves of a face in SymFace (P. Prabhakar et al., Improving face recognition from facial symmetry, 2024) as far as its abstract "
				"tells; the first part of T. Wang, P. Isola, ICML 2020",
			.formula = "mean_i |u_i - v_i|^2 = 2 - 2 mean_i cos(z_i, z'_i)",
			.notes = UNLABELLED ONE_VIEW "Alone it has its least value where all embeddings are one: use it as a term. The paper's own weight and distance are not "
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

/* ---- barlow_twins, mixed_barlow ---- */

/* The standardised columns of a view. */
struct standard {
	double *x, *by;          /* (b, c) and the derivative by it */
	double *inverse_sd;      /* (c) */
};

static double *take(double **room, size_t n)
{
	double *at = *room;

	*room += n;
	return at;
}

/* Returns the columns of u less their means, over sqrt(variance + eps), the variance with 1/(b -
 * ddof). */
static struct standard standardise(size_t b, size_t c, const double *u, double eps, size_t ddof, double **room)
{
	struct standard s = { .x = take(room, b * c), .by = take(room, b * c), .inverse_sd = take(room, c) };

	memset(s.by, 0, b * c * sizeof *s.by);
	for (size_t j = 0; j < c; j++) {
		double mean = 0, sum = 0;
		for (size_t i = 0; i < b; i++)
			mean += u[i * c + j] / (double)b;
		for (size_t i = 0; i < b; i++)
			sum += (u[i * c + j] - mean) * (u[i * c + j] - mean);
		s.inverse_sd[j] = 1 / sqrt((b > ddof ? sum / (double)(b - ddof) : 0) + eps);
		for (size_t i = 0; i < b; i++)
			s.x[i * c + j] = (u[i * c + j] - mean) * s.inverse_sd[j];
	}
	return s;
}

/* by_u (b, c) += the derivative by u, from that by the standardised columns. */
static void standardise_back(size_t b, size_t c, const struct standard *s, size_t ddof, double *by_u)
{
	for (size_t j = 0; j < c; j++) {
		double mean = 0, along = 0;
		for (size_t i = 0; i < b; i++) {
			mean += s->by[i * c + j] / (double)b;
			along += b > ddof ? s->by[i * c + j] * s->x[i * c + j] / (double)(b - ddof) : 0;
		}
		for (size_t i = 0; i < b; i++)
			by_u[i * c + j] += (s->by[i * c + j] - mean - s->x[i * c + j] * along) * s->inverse_sd[j];
	}
}

/* to (c, c) <- x' y / b, x and y (b, c), row partner[i] of y for row i of x unless it is NULL. */
static void correlate(size_t b, size_t c, const double *x, const double *y, const uint32_t *partner, double *to)
{
	memset(to, 0, c * c * sizeof *to);
	for (size_t i = 0; i < b; i++) {
		const double *xi = x + (partner ? partner[i] : i) * c, *yi = y + i * c;
		for (size_t k = 0; k < c; k++)
			for (size_t l = 0; l < c; l++)
				to[k * c + l] += xi[k] * yi[l] / (double)b;
	}
}

/* by_x += y m' / b and by_y += x m / b: from m (c, c), the derivative by x' y / b. */
static void correlate_back(size_t b, size_t c, const double *m, const double *x, const double *y, const uint32_t *partner, double *by_x, double *by_y)
{
	for (size_t i = 0; i < b; i++) {
		const size_t at = (partner ? partner[i] : i) * c;
		for (size_t k = 0; k < c; k++)
			for (size_t l = 0; l < c; l++) {
				by_x[at + k] += m[k * c + l] * y[i * c + l] / (double)b;
				by_y[i * c + l] += m[k * c + l] * x[at + k] / (double)b;
			}
	}
}

/* Sum of (C_kk - 1)^2 and lambda C_kl^2; m (c, c), which holds C, gets its derivative. */
static double redundancy(size_t c, double lambda, double *m)
{
	double sum = 0;

	for (size_t k = 0; k < c; k++)
		for (size_t l = 0; l < c; l++) {
			const double off = m[k * c + l] - (k == l), weight = k == l ? 1 : lambda;
			sum += weight * off * off;
			m[k * c + l] = 2 * weight * off;
		}
	return sum;
}

enum { OFF_DIAGONAL, EPS, DDOF, OF_MIXTURE };

#define BARLOW_PARAMS(weight, divisor)                                                                   \
	[OFF_DIAGONAL] = { .name = "lambda", .symbol = "lambda", .def = (weight), .min = 0, .max = 10, .grid = { 0.0051, 0.05, 0.5 }, .n_grid = 3, \
			   .help = "weight of what is off the diagonal" },                               \
	[EPS] = { .name = "eps", .symbol = "eps", .def = 1e-5, .min = 1e-6, .max = 1, .log_scale = true, .help = "added to variances" }, \
	[DDOF] = { .name = "ddof", .symbol = "ddof", .type = LB_INT_PARAM, .def = (divisor), .min = 0, .max = 1, .grid = { 0, 1 }, .n_grid = 2, \
		   .help = "variances are sums over B less this" }

static const struct lb_param barlow_params[] = { BARLOW_PARAMS(0.0051, 0) };

static const struct lb_example barlow_examples[] = {
	{ .set = "eps=1e-6 lambda=0.5", .b = 2, .c = 2, .z = { 1, 0, -1, 2, 1, 1, -1, 3 }, .views = 2, .value = 0.99999800000499999,
	  .source = "by hand: all standardised entries are +-1, C = [1 -1; -1 1], 2 lambda; with eps C is 1/(1 + eps) times that" },
};

static double barlow_value(const struct lb_two_views *v)
{
	const struct lb_arg *par = v->in->par;
	const size_t b = v->b, c = v->c, ddof = par[DDOF].v > 0;
	double *room = v->room, *m = take(&room, c * c);
	const struct standard x = standardise(b, c, v->u[0], par[EPS].v, ddof, &room), y = standardise(b, c, v->u[1], par[EPS].v, ddof, &room);

	correlate(b, c, x.x, y.x, NULL, m);
	const double sum = redundancy(c, par[OFF_DIAGONAL].v, m);
	if (!v->by[0])
		return sum;
	correlate_back(b, c, m, x.x, y.x, NULL, x.by, y.by);
	standardise_back(b, c, &x, ddof, v->by[0]);
	standardise_back(b, c, &y, ddof, v->by[1]);
	return sum;
}

OF_VIEWS(barlow_twins, false, barlow_value, 2 * (2 * b * c + c) + c * c)

#define STANDARDISED                                                                                     \
	"C_kl is the correlation of column k of the first view and column l of the second, each column less its mean and over sqrt(variance + eps). "

const struct lb_loss LB_LOSS(embedding, barlow_twins) = {
	.info = {
		.base = {
			.name = "barlow_twins",
			.title = "Barlow Twins: the views' columns correlate with themselves and with no other",
			.cite = "J. Zbontar, L. Jing, I. Misra, Y. LeCun, S. Deny, Barlow Twins: self-supervised learning via redundancy reduction, ICML 2021, eq. 1",
			.formula = "sum_k (C_kk - 1)^2 + lambda sum_{k != l} C_kl^2",
			.notes = STANDARDISED UNLABELLED ONE_VIEW "A constant column is 0 when standardised, and costs 1. Two equal views of uncorrelated columns cost 0, but for eps.",
			.keywords = "redundancy_reduction cross_correlation self_supervised",
			LB_PARAMS(barlow_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		LB_EXAMPLES(barlow_examples),
	},
	.form = &barlow_twins_form,
	.workspace = barlow_twins_room,
};

static const struct lb_param mixed_params[] = {
	BARLOW_PARAMS(0.0078125, 1),
	[OF_MIXTURE] = { .name = "lambda_reg", .symbol = "lambda_reg", .def = 4, .min = 0, .max = 100, .grid = { 1, 2, 4 }, .n_grid = 3,
			 .help = "weight of the mixed view, times lambda" },
};

static const struct lb_same_as mixed_same_as[] = {
	{ .set = "lambda_reg=0 lambda=0.0051 ddof=0", .other = "barlow_twins", .other_set = "" },
};

static const struct lb_example mixed_examples[] = {
	{ .set = "eps=1e-6 lambda=0.5 ddof=0", .b = 2, .c = 2, .z = { 1, 0, -1, 2, 1, 1, -1, 3 }, .views = 2, .value = 0.99999800000499999,
	  .source = "by hand: without a mixed view it is barlow_twins" },
};

/* Adds what the mixed view says of one of both: with M, A, B the standardised views, |M'V/b - mix
 * A'V/b - (1 - mix) B[partner]'V/b|^2, times `weight`. */
static double mixture(const struct lb_two_views *v, const struct standard *s, const struct standard *of, double weight, double *m, double *part)
{
	const size_t b = v->b, c = v->c;
	const double mix = v->in->mix;
	double sum = 0;

	correlate(b, c, s[2].x, of->x, NULL, m);
	correlate(b, c, s[0].x, of->x, NULL, part);
	for (size_t k = 0; k < c * c; k++)
		m[k] -= mix * part[k];
	correlate(b, c, s[1].x, of->x, v->in->partner, part);
	for (size_t k = 0; k < c * c; k++) {
		m[k] -= (1 - mix) * part[k];
		sum += weight * m[k] * m[k];
		m[k] *= 2 * weight;
	}
	if (!v->by[0])
		return sum;
	correlate_back(b, c, m, s[2].x, of->x, NULL, s[2].by, of->by);
	for (size_t k = 0; k < c * c; k++)
		part[k] = -mix * m[k];
	correlate_back(b, c, part, s[0].x, of->x, NULL, s[0].by, of->by);
	for (size_t k = 0; k < c * c; k++)
		part[k] = -(1 - mix) * m[k];
	correlate_back(b, c, part, s[1].x, of->x, v->in->partner, s[1].by, of->by);
	return sum;
}

static double mixed_value(const struct lb_two_views *v)
{
	const struct lb_arg *par = v->in->par;
	const size_t b = v->b, c = v->c, ddof = par[DDOF].v > 0, views = v->u[2] && v->in->partner ? 3 : 2;
	const double weight = par[OF_MIXTURE].v * par[OFF_DIAGONAL].v;
	double *room = v->room, *m = take(&room, c * c), *part = take(&room, c * c);
	struct standard s[LB_VIEWS_READ];

	for (size_t k = 0; k < views; k++)
		s[k] = standardise(b, c, v->u[k], par[EPS].v, ddof, &room);
	correlate(b, c, s[0].x, s[1].x, NULL, m);
	double sum = redundancy(c, par[OFF_DIAGONAL].v, m);
	if (v->by[0])
		correlate_back(b, c, m, s[0].x, s[1].x, NULL, s[0].by, s[1].by);
	for (size_t k = 0; k < 2 && views > 2; k++)
		sum += mixture(v, s, &s[k], weight, m, part);
	for (size_t k = 0; k < views && v->by[0]; k++)
		standardise_back(b, c, &s[k], ddof, v->by[k]);
	return sum;
}

OF_VIEWS(mixed_barlow, false, mixed_value, 3 * (2 * b * c + c) + 2 * c * c)

const struct lb_loss LB_LOSS(embedding, mixed_barlow) = {
	.info = {
		.base = {
			.name = "mixed_barlow",
			.title = "Mixed Barlow Twins: Barlow Twins, and a mixed row correlates as the mixture of its two",
			.cite = "W. G. C. Bandara, C. M. De Melo, V. M. Patel, Guarding Barlow Twins against overfitting with mixed samples, 2023, eq. 6 and 7",
			.formula = "barlow_twins + lambda_reg lambda sum_{V in A, B} |M'V - mix A'V - (1 - mix) B[partner]'V|^2 / B^2,  A, B, M the standardised views",
			.notes = STANDARDISED "The third view is that of mix x_i + (1 - mix) x'_partner(i), one mix a batch from U(0, 1): train.views: {kind: mixed}. "
				 "All three are differentiated. With ddof 1, as the authors have it, the diagonal is (B - 1)/B at best. " ONE_VIEW "Without the third it is barlow_twins.",
			.keywords = "barlow mixup overfitting self_supervised",
			LB_PARAMS(mixed_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS | LB_NEEDS_MIXED_VIEW,
		.exceptions = LB_SIZE_MATTERS,
		LB_SAME_AS(mixed_same_as),
		LB_EXAMPLES(mixed_examples),
	},
	.form = &mixed_barlow_form,
	.workspace = mixed_barlow_room,
};

/* ---- vicreg ---- */

enum { INVARIANCE, VARIANCE, COVARIANCE, VICREG_EPS };

#define WEIGHT(key, value, of)                                                                           \
	{ .name = key, .symbol = key, .def = (value), .min = 0, .max = 1e6, .grid = { 1, 10, 25 }, .n_grid = 3, .help = "weight of " of }

static const struct lb_param vicreg_params[] = {
	[INVARIANCE] = WEIGHT("inv", 25, "how far apart the views of a row are"),
	[VARIANCE] = WEIGHT("var", 25, "columns that spread less than 1"),
	[COVARIANCE] = WEIGHT("cov", 1, "what columns say twice"),
	[VICREG_EPS] = { .name = "eps", .symbol = "eps", .def = 1e-4, .min = 1e-12, .max = 1, .log_scale = true, .help = "added to variances" },
};

static const struct lb_example vicreg_examples[] = {
	{ .set = "eps=1e-12 var=0", .b = 2, .c = 2, .z = { 1, 0, -1, 0, 1, 2, -1, 0 }, .views = 2, .value = 29,
	  .source = "by hand: 25 times 4/4, and of the second view, whose columns have a covariance of 2, (4 + 4)/2" },
};

/* What one view costs: its variances and covariances, (b - 1) below. */
static double spread(const struct lb_two_views *v, size_t k, double *x, double *cov)
{
	const struct lb_arg *par = v->in->par;
	const size_t b = v->b, c = v->c;
	const double n1 = b > 1 ? (double)(b - 1) : 1, of_cov = par[COVARIANCE].v / (double)c, of_var = par[VARIANCE].v / (2 * (double)c);
	double sum = 0;

	for (size_t j = 0; j < c; j++) {
		double mean = 0;
		for (size_t i = 0; i < b; i++)
			mean += v->u[k][i * c + j] / (double)b;
		for (size_t i = 0; i < b; i++)
			x[i * c + j] = v->u[k][i * c + j] - mean;
	}
	correlate(b, c, x, x, NULL, cov);
	for (size_t j = 0; j < c * c; j++) {
		const double value = cov[j] * (double)b / n1;
		if (j % (c + 1)) {
			sum += of_cov * value * value;
			cov[j] = 4 * of_cov * value / n1;
			continue;
		}
		const double sd = sqrt(value + par[VICREG_EPS].v);
		sum += sd < 1 ? of_var * (1 - sd) : 0;
		cov[j] = sd < 1 ? -of_var / (sd * n1) : 0;
	}
	if (v->by[k])
		for (size_t i = 0; i < b; i++)
			for (size_t j = 0; j < c; j++)
				for (size_t l = 0; l < c; l++)
					v->by[k][i * c + j] += cov[j * c + l] * x[i * c + l];
	return sum;
}

static double vicreg_value(const struct lb_two_views *v)
{
	const size_t n = v->b * v->c;
	const double share = v->in->par[INVARIANCE].v / (double)n;
	double sum = 0;

	for (size_t k = 0; k < n; k++)
		sum += share * (v->u[0][k] - v->u[1][k]) * (v->u[0][k] - v->u[1][k]);
	if (v->by[0])
		add_apart(n, 2 * share, v->u[0], v->u[1], v->by[0], v->by[1]);
	for (size_t k = 0; k < 2; k++)
		sum += spread(v, k, v->room, v->room + n);
	return sum;
}

OF_VIEWS(vicreg, false, vicreg_value, b * c + c * c)

const struct lb_loss LB_LOSS(embedding, vicreg) = {
	.info = {
		.base = {
			.name = "vicreg",
			.title = "VICReg: views of a row together, columns that vary and say nothing twice",
			.cite = "A. Bardes, J. Ponce, Y. LeCun, VICReg: variance-invariance-covariance regularization for self-supervised learning, ICLR 2022, eq. 1 to 6",
			.formula = "inv mean (Z - Z')^2 + var/2 sum over both views of mean_k max(0, 1 - sqrt(var_k + eps)) + cov sum over both views of (1/D) "
				   "sum_{k != l} Cov_kl^2",
			.notes = UNLABELLED ONE_VIEW "Rows are taken as they are. Variances and covariances are over B - 1. The paper's sum over views of variances is halved, "
				 "as the authors' program and most others have it. A batch of one row has no spread: its hinge is a constant.",
			.keywords = "variance_invariance_covariance self_supervised regularization",
			LB_PARAMS(vicreg_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(vicreg_examples),
	},
	.form = &vicreg_form,
	.workspace = vicreg_room,
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
	double *room = v->room, *x[2], *s = take(&room, b * b), *across = take(&room, n), sum = 0;

	for (size_t k = 0; k < 2; k++)
		shorten(v, k, mu, x[k] = take(&room, n));
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

OF_VIEWS(spectral_contrastive, false, spectral_value, b * b + 3 * b * c)

const struct lb_loss LB_LOSS(embedding, spectral_contrastive) = {
	.info = {
		.base = {
			.name = "spectral_contrastive",
			.title = "Spectral contrastive loss: products of a row's views large, squares of other products small",
			.cite = "J. Z. HaoChen, C. Wei, A. Gaidon, T. Ma, Provable guarantees for self-supervised deep learning with spectral contrastive loss, NeurIPS 2021, eq. 6; "
				"shortened rows as in the authors' program",
			.formula = "(-2 mean_i x_i.x'_i + mean_{i != j} (x_i.x'_j)^2) / mu,  x = z shortened to sqrt(mu) at most; mu 0: x = z, no division",
			.notes = UNLABELLED ONE_VIEW "Up to a constant it is the low-rank factorisation of the normalised graph of views. A batch of one row has the first part alone.",
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

/* ---- w_mse ---- */

enum { W_EPS };

static const struct lb_param w_mse_params[] = {
	[W_EPS] = { .name = "eps", .symbol = "eps", .def = 1e-3, .min = 1e-6, .max = 1, .min_open = true, .log_scale = true, .grid = { 1e-3, 1e-2, 0.1 }, .n_grid = 3,
		    .help = "share of the identity in the covariance that is whitened" },
};

static const struct lb_example w_mse_examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 1, 2, 6, 0, 5, 4 }, .views = 2, .value = 1.3333333333333333,
	  .source = "by hand: directions of one column are signs of what is left of the means, -2, -1, 3 and -3, 2, 1: two of three agree" },
};

/* L (c, c) lower, of s = L L'. Returns false where s is not positive definite. */
static bool cholesky(size_t c, const double *s, double *l)
{
	memset(l, 0, c * c * sizeof *l);
	for (size_t i = 0; i < c; i++)
		for (size_t j = 0; j <= i; j++) {
			const double rest = s[i * c + j] - lb_dot(j, l + i * c, l + j * c);
			if (i == j && !(rest > 0))
				return false;
			l[i * c + j] = i == j ? sqrt(rest) : rest / l[j * c + j];
		}
	return true;
}

/* x (c) <- L^{-1} x, or L^{-T} x where `turned`. */
static void solve(size_t c, const double *l, bool turned, double *x)
{
	for (size_t k = 0; k < c; k++) {
		const size_t i = turned ? c - 1 - k : k;
		double rest = x[i];
		for (size_t j = turned ? i + 1 : 0; j < (turned ? c : i); j++)
			rest -= (turned ? l[j * c + i] : l[i * c + j]) * x[j];
		x[i] = rest / l[i * c + i];
	}
}

/* A view whitened by itself: rows y_i = L^{-1} x_i, x the rows less their mean, L L' the covariance
 * with eps of the identity. */
struct white {
	double *x, *y, *by, *l, *s; /* (b, c) thrice, (c, c) twice */
};

static struct white whiten(const struct lb_two_views *v, size_t k, double **room)
{
	const size_t b = v->b, c = v->c;
	const double eps = v->in->par[W_EPS].v, n1 = b > 1 ? (double)(b - 1) : 1;
	struct white w = { .x = take(room, b * c), .y = take(room, b * c), .by = take(room, b * c), .l = take(room, c * c), .s = take(room, c * c) };

	for (size_t j = 0; j < c; j++) {
		double mean = 0;
		for (size_t i = 0; i < b; i++)
			mean += v->u[k][i * c + j] / (double)b;
		for (size_t i = 0; i < b; i++)
			w.x[i * c + j] = v->u[k][i * c + j] - mean;
	}
	correlate(b, c, w.x, w.x, NULL, w.s);
	for (size_t j = 0; j < c * c; j++)
		w.s[j] = (1 - eps) * w.s[j] * (double)b / n1 + (j % (c + 1) ? 0 : eps);
	cholesky(c, w.s, w.l);
	memcpy(w.y, w.x, b * c * sizeof *w.y);
	for (size_t i = 0; i < b; i++)
		solve(c, w.l, false, w.y + i * c);
	return w;
}

/* The derivative of the Cholesky factor: by_s (c, c), symmetric, from by_l, of which the lower part
 * counts: L^{-T} phi(L' by_l) L^{-1}, made symmetric; phi takes the lower part and half the
 * diagonal. */
static void cholesky_back(size_t c, const double *l, const double *by_l, double *f, double *by_s)
{
	for (size_t i = 0; i < c; i++)
		for (size_t j = 0; j < c; j++) {
			double sum = 0;
			for (size_t k = i; k < c && j <= i; k++)
				sum += l[k * c + i] * (j <= k ? by_l[k * c + j] : 0);
			f[j * c + i] = i == j ? sum / 2 : sum; /* turned: column j of phi is row j of f */
		}
	for (size_t j = 0; j < c; j++)
		solve(c, l, true, f + j * c); /* rows of f: columns of L^{-T} phi */
	for (size_t i = 0; i < c; i++) {
		double *row = by_s + i * c; /* row i of L^{-T} phi, then times L^{-1} */
		for (size_t j = 0; j < c; j++)
			row[j] = f[j * c + i];
		solve(c, l, true, row);
	}
	for (size_t i = 0; i < c; i++)
		for (size_t j = 0; j < i; j++)
			by_s[i * c + j] = by_s[j * c + i] = (by_s[i * c + j] + by_s[j * c + i]) / 2;
}

/* by_u += the derivative by a view's rows, from w->by, that by the whitened ones. by_l, f, by_s are
 * room (c, c). */
static void whiten_back(const struct lb_two_views *v, size_t k, struct white *w, double *by_l, double *f, double *by_s)
{
	const size_t b = v->b, c = v->c;
	const double scale = 2 * (1 - v->in->par[W_EPS].v) / (b > 1 ? (double)(b - 1) : 1);

	for (size_t i = 0; i < b; i++)
		solve(c, w->l, true, w->by + i * c); /* L^{-T} by_y */
	memset(by_l, 0, c * c * sizeof *by_l);
	for (size_t i = 0; i < b; i++)
		for (size_t p = 0; p < c; p++)
			for (size_t q = 0; q <= p; q++)
				by_l[p * c + q] -= w->by[i * c + p] * w->y[i * c + q];
	cholesky_back(c, w->l, by_l, f, by_s);
	for (size_t i = 0; i < b; i++)
		for (size_t p = 0; p < c; p++)
			w->y[i * c + p] = w->by[i * c + p] + scale * lb_dot(c, by_s + p * c, w->x + i * c);
	for (size_t p = 0; p < c; p++) {
		double mean = 0;
		for (size_t i = 0; i < b; i++)
			mean += w->y[i * c + p] / (double)b;
		for (size_t i = 0; i < b; i++)
			v->by[k][i * c + p] += w->y[i * c + p] - mean;
	}
}

/* Rows of a whitened view that are no longer than this have no direction. */
static const double SHORTEST_WHITE = 1e-12;

static double w_mse_value(const struct lb_two_views *v)
{
	const size_t b = v->b, c = v->c;
	double *room = v->room, *by_l = take(&room, c * c), *f = take(&room, c * c), *by_s = take(&room, c * c), sum = 0;
	struct white w[2] = { whiten(v, 0, &room), whiten(v, 1, &room) };

	for (size_t i = 0; i < b * c; i += c) {
		const double *x = w[0].y + i, *y = w[1].y + i, nx = sqrt(lb_dot(c, x, x)), ny = sqrt(lb_dot(c, y, y));
		const bool no_direction = nx <= SHORTEST_WHITE || ny <= SHORTEST_WHITE;
		const double s = no_direction ? 0 : lb_dot(c, x, y) / (nx * ny), weight = -2 / (double)b;
		sum += weight * s;
		for (size_t j = 0; j < c; j++) {
			w[0].by[i + j] = no_direction ? 0 : weight * (y[j] / ny - s * x[j] / nx) / nx;
			w[1].by[i + j] = no_direction ? 0 : weight * (x[j] / nx - s * y[j] / ny) / ny;
		}
	}
	for (size_t k = 0; v->by[0] && k < 2; k++)
		whiten_back(v, k, &w[k], by_l, f, by_s);
	return 2 + sum;
}

OF_VIEWS(w_mse, false, w_mse_value, 2 * (3 * b * c + 2 * c * c) + 3 * c * c)

const struct lb_loss LB_LOSS(embedding, w_mse) = {
	.info = {
		.base = {
			.name = "w_mse",
			.title = "W-MSE: distance of the directions of a row's two views, each view whitened",
			.cite = "A. Ermolov, A. Siarohin, E. Sangineto, N. Sebe, Whitening for self-supervised representation learning, ICML 2021, eq. 4 to 6",
			.formula = "2 - 2 mean_i cos(y_i, y'_i),  y_i = L^{-1} (z_i - mean),  L L' = (1 - eps) Cov + eps I of the view",
			.notes = UNLABELLED ONE_VIEW "Batches of at least twice as many rows as the embedding has columns are advised; the paper whitens such parts of a batch. "
				 "A row that is its view's mean has no direction: cosine 0, and it does not move. A batch of one row gives 2, its row being the mean.",
			.keywords = "whitening cholesky self_supervised",
			LB_PARAMS(w_mse_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(w_mse_examples),
	},
	.form = &w_mse_form,
	.workspace = w_mse_room,
};

/* ---- mmcr ---- */

enum { MMCR_LAMBDA };

static const struct lb_param mmcr_params[] = {
	[MMCR_LAMBDA] = { .name = "lambda", .symbol = "lambda", .def = 0.005, .min = 0, .max = 100, .grid = { 0, 0.005, 0.1 }, .n_grid = 3,
			  .help = "weight of the nuclear norm of a row's two views" },
};

static const struct lb_example mmcr_examples[] = {
	{ .set = "lambda=0", .b = 2, .c = 2, .z = { 1, 0, 0, 2, 3, 0, 0, 1 }, .views = 2, .value = -2, .source = "by hand: the centroids are the axes" },
	{ .set = "lambda=1", .b = 2, .c = 2, .z = { 1, 0, 1, 0, 0, 1, 0, 1 }, .views = 2, .value = 1, .source = "by hand: centroids (1/2, 1/2) twice: nuclear norm 1; each row's 2" },
};

enum { MOST_SWEEPS = 60 };

/* Turns the columns of a (b, c) until they are at right angles, and v (c, c), which begins as the
 * identity, with them: a one-sided Jacobi singular value decomposition. Columns then are U S. */
static void orthogonalise(size_t b, size_t c, double *a, double *v)
{
	bool turned = true;

	for (int sweep = 0; turned && sweep < MOST_SWEEPS; sweep++) {
		turned = false;
		for (size_t p = 0; p < c; p++)
			for (size_t q = p + 1; q < c; q++) {
				double pp = 0, qq = 0, pq = 0;
				for (size_t i = 0; i < b * c; i += c) {
					pp += a[i + p] * a[i + p];
					qq += a[i + q] * a[i + q];
					pq += a[i + p] * a[i + q];
				}
				if (!(fabs(pq) > 1e-15 * sqrt(pp * qq)) || !(fabs(pq) > 1e-300))
					continue;
				turned = true;
				const double zeta = (qq - pp) / (2 * pq), t = (zeta < 0 ? -1 : 1) / (fabs(zeta) + sqrt(1 + zeta * zeta)), cs = 1 / sqrt(1 + t * t), sn = cs * t;
				for (size_t i = 0; i < (b + c) * c; i += c) {
					double *row = i < b * c ? a + i : v + (i - b * c), x = row[p], y = row[q];
					row[p] = cs * x - sn * y;
					row[q] = sn * x + cs * y;
				}
			}
	}
}

/* Singular values below this share of the largest are none. */
static const double LEAST_SINGULAR = 1e-12;

/* The nuclear norm of a (b, c), which is overwritten; by (b, c) gets U V' over the values that are
 * not 0. v (c, c) is room. */
static double nuclear_norm(size_t b, size_t c, double *a, double *v, double *by)
{
	double sum = 0, largest = 0;

	memset(v, 0, c * c * sizeof *v);
	for (size_t j = 0; j < c * c; j += c + 1)
		v[j] = 1;
	orthogonalise(b, c, a, v);
	memset(by, 0, b * c * sizeof *by);
	for (int pass = 0; pass < 2; pass++)
		for (size_t k = 0; k < c; k++) {
			double s = 0;
			for (size_t i = 0; i < b; i++)
				s += a[i * c + k] * a[i * c + k];
			s = sqrt(s);
			largest = pass ? largest : fmax(largest, s);
			sum += pass ? s : 0;
			for (size_t i = 0; pass && s > LEAST_SINGULAR * largest && i < b; i++)
				for (size_t j = 0; j < c; j++)
					by[i * c + j] += a[i * c + k] / s * v[j * c + k];
		}
	return sum;
}

/* Two unit rows of cosine s have the nuclear norm sqrt(1 + s) + sqrt(1 - s). */
static double mmcr_value(const struct lb_two_views *v)
{
	const size_t b = v->b, c = v->c, n = b * c;
	const double least = 1e-12, weight = v->in->par[MMCR_LAMBDA].v / (double)b;
	double *room = v->room, *a = take(&room, n), *by = take(&room, n), *turn = take(&room, c * c), sum = 0;

	for (size_t j = 0; j < n; j++)
		a[j] = (v->u[0][j] + v->u[1][j]) / 2;
	sum -= nuclear_norm(b, c, a, turn, by);
	for (size_t j = 0; v->by[0] && j < n; j++)
		v->by[0][j] = v->by[1][j] = -by[j] / 2;
	for (size_t i = 0; i < n; i += c) {
		const double s = lb_dot(c, v->u[0] + i, v->u[1] + i), up = fmax(1 + s, least), down = fmax(1 - s, least);
		sum += weight * (sqrt(up) + sqrt(down));
		const double slope = weight / 2 * ((1 + s > least ? 1 / sqrt(up) : 0) - (1 - s > least ? 1 / sqrt(down) : 0));
		for (size_t j = i; v->by[0] && j < i + c; j++) {
			v->by[0][j] += slope * v->u[1][j];
			v->by[1][j] += slope * v->u[0][j];
		}
	}
	return sum;
}

OF_VIEWS(mmcr, true, mmcr_value, 2 * b * c + c * c)

const struct lb_loss LB_LOSS(embedding, mmcr) = {
	.info = {
		.base = {
			.name = "mmcr",
			.title = "Maximum manifold capacity: the mean of a row's views spans as much as it can",
			.cite = "T. Yerxa, Y. Kuang, E. Simoncelli, S. Chung, Learning efficient coding of natural images with maximum manifold capacity representations, NeurIPS 2023, eq. 3",
			.formula = "-|C|_* + lambda mean_i |[u_i; u'_i]|_*,  C the rows (u_i + u'_i)/2 of unit embeddings, |.|_* the sum of singular values",
			.notes = UNLABELLED ONE_VIEW "One number a batch, not divided by B. Singular values below 1e-12 of the largest have no gradient. A row of zeros stays one and does not move.",
			.keywords = "manifold_capacity nuclear_norm self_supervised",
			LB_PARAMS(mmcr_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(mmcr_examples),
	},
	.form = &mmcr_form,
	.workspace = mmcr_room,
};
