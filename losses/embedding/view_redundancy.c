/* Losses of two views by what the columns of their embeddings say twice. */
#include "losses/support/view_columns.h"
#include "losses/support/view_words.h"

/* ---- barlow_twins, mixed_barlow ---- */

/* The standardised columns of a view. */
struct standard {
	double *x, *by;          /* (b, c) and the derivative by it */
	double *inverse_sd;      /* (c) */
};

/* Returns the columns of u less their means, over sqrt(variance + eps), the variance with 1/(b -
 * ddof). */
static struct standard standardise(size_t b, size_t c, const double *u, double eps, size_t ddof, double **room)
{
	struct standard s = { .x = lb_take(room, b * c), .by = lb_take(room, b * c), .inverse_sd = lb_take(room, c) };

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
	double *room = v->room, *m = lb_take(&room, c * c);
	const struct standard x = standardise(b, c, v->u[0], par[EPS].v, ddof, &room), y = standardise(b, c, v->u[1], par[EPS].v, ddof, &room);

	lb_correlate(b, c, x.x, y.x, NULL, m);
	const double sum = redundancy(c, par[OFF_DIAGONAL].v, m);
	if (!v->by[0])
		return sum;
	correlate_back(b, c, m, x.x, y.x, NULL, x.by, y.by);
	standardise_back(b, c, &x, ddof, v->by[0]);
	standardise_back(b, c, &y, ddof, v->by[1]);
	return sum;
}

LB_OF_VIEWS(barlow_twins, false, barlow_value, 2 * (2 * b * c + c) + c * c)

#define STANDARDISED                                                                                     \
	"C_kl is the correlation of column k of the first view and column l of the second, each column less its mean and over sqrt(variance + eps). "

const struct lb_loss LB_LOSS(embedding, barlow_twins) = {
	.info = {
		.base = {
			.name = "barlow_twins",
			.title = "Barlow Twins: the views' columns correlate with themselves and with no other",
			.cite = "J. Zbontar, L. Jing, I. Misra, Y. LeCun, S. Deny, Barlow Twins: self-supervised learning via redundancy reduction, ICML 2021, eq. 1",
			.formula = "sum_k (C_kk - 1)^2 + lambda sum_{k != l} C_kl^2",
			.notes = STANDARDISED LB_UNLABELLED LB_ONE_VIEW "A constant column is 0 when standardised, and costs 1. Two equal views of uncorrelated columns cost 0, but for eps.",
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

	lb_correlate(b, c, s[2].x, of->x, NULL, m);
	lb_correlate(b, c, s[0].x, of->x, NULL, part);
	for (size_t k = 0; k < c * c; k++)
		m[k] -= mix * part[k];
	lb_correlate(b, c, s[1].x, of->x, v->in->partner, part);
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
	double *room = v->room, *m = lb_take(&room, c * c), *part = lb_take(&room, c * c);
	struct standard s[LB_VIEWS_READ];

	for (size_t k = 0; k < views; k++)
		s[k] = standardise(b, c, v->u[k], par[EPS].v, ddof, &room);
	lb_correlate(b, c, s[0].x, s[1].x, NULL, m);
	double sum = redundancy(c, par[OFF_DIAGONAL].v, m);
	if (v->by[0])
		correlate_back(b, c, m, s[0].x, s[1].x, NULL, s[0].by, s[1].by);
	for (size_t k = 0; k < 2 && views > 2; k++)
		sum += mixture(v, s, &s[k], weight, m, part);
	for (size_t k = 0; k < views && v->by[0]; k++)
		standardise_back(b, c, &s[k], ddof, v->by[k]);
	return sum;
}

LB_OF_VIEWS(mixed_barlow, false, mixed_value, 3 * (2 * b * c + c) + 2 * c * c)

const struct lb_loss LB_LOSS(embedding, mixed_barlow) = {
	.info = {
		.base = {
			.name = "mixed_barlow",
			.title = "Mixed Barlow Twins: Barlow Twins, and a mixed row correlates as the mixture of its two",
			.cite = "W. G. C. Bandara, C. M. De Melo, V. M. Patel, Guarding Barlow Twins against overfitting with mixed samples, 2023, eq. 6 and 7",
			.formula = "barlow_twins + lambda_reg lambda sum_{V in A, B} |M'V - mix A'V - (1 - mix) B[partner]'V|^2 / B^2,  A, B, M the standardised views",
			.notes = STANDARDISED "The third view is that of mix x_i + (1 - mix) x'_partner(i), one mix a batch from U(0, 1): train.views: {kind: mixed}. "
				 "All three are differentiated. With ddof 1, as the authors have it, the diagonal is (B - 1)/B at best. " LB_ONE_VIEW "Without the third it is barlow_twins.",
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
	lb_correlate(b, c, x, x, NULL, cov);
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
		for (size_t k = 0; k < n; k++) {
			v->by[0][k] += 2 * share * (v->u[0][k] - v->u[1][k]);
			v->by[1][k] -= 2 * share * (v->u[0][k] - v->u[1][k]);
		}
	for (size_t k = 0; k < 2; k++)
		sum += spread(v, k, v->room, v->room + n);
	return sum;
}

LB_OF_VIEWS(vicreg, false, vicreg_value, b * c + c * c)

const struct lb_loss LB_LOSS(embedding, vicreg) = {
	.info = {
		.base = {
			.name = "vicreg",
			.title = "VICReg: views of a row together, columns that vary and say nothing twice",
			.cite = "A. Bardes, J. Ponce, Y. LeCun, VICReg: variance-invariance-covariance regularization for self-supervised learning, ICLR 2022, eq. 1 to 6",
			.formula = "inv mean (Z - Z')^2 + var/2 sum over both views of mean_k max(0, 1 - sqrt(var_k + eps)) + cov sum over both views of (1/D) "
				   "sum_{k != l} Cov_kl^2",
			.notes = LB_UNLABELLED LB_ONE_VIEW "Rows are taken as they are. Variances and covariances are over B - 1. The paper's sum over views of variances is halved, "
				 "as the authors' program and most others have it. A batch of one row has no spread: its hinge is a constant. "
				 "Of labelled rows, whose pairs pytorch-metric-learning's VICRegLoss leaves to its caller: train.views: {kind: same_class}.",
			.keywords = "variance_invariance_covariance self_supervised regularization vicreg_on_labels VICRegLoss",
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
