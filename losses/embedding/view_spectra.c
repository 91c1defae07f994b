/* Losses of two views that take a matrix apart: whitening by a Cholesky factor, nuclear norms. */
#include "losses/support/view_columns.h"
#include "losses/support/view_words.h"

/* ---- w_mse ---- */

enum { W_EPS };

static const struct lb_param w_mse_params[] = {
	[W_EPS] = { .name = "eps", .symbol = "eps", .def = 1e-3, .min = 1e-4, .max = 1, .log_scale = true, .grid = { 1e-3, 1e-2, 0.1 }, .n_grid = 3,
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
	struct white w = { .x = lb_take(room, b * c), .y = lb_take(room, b * c), .by = lb_take(room, b * c), .l = lb_take(room, c * c), .s = lb_take(room, c * c) };

	for (size_t j = 0; j < c; j++) {
		double mean = 0;
		for (size_t i = 0; i < b; i++)
			mean += v->u[k][i * c + j] / (double)b;
		for (size_t i = 0; i < b; i++)
			w.x[i * c + j] = v->u[k][i * c + j] - mean;
	}
	lb_correlate(b, c, w.x, w.x, NULL, w.s);
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
	double *room = v->room, *by_l = lb_take(&room, c * c), *f = lb_take(&room, c * c), *by_s = lb_take(&room, c * c), sum = 0;
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

LB_OF_VIEWS(w_mse, false, w_mse_value, 2 * (3 * b * c + 2 * c * c) + 3 * c * c)

const struct lb_loss LB_LOSS(embedding, w_mse) = {
	.info = {
		.base = {
			.name = "w_mse",
			.title = "W-MSE: distance of the directions of a row's two views, each view whitened",
			.cite = "A. Ermolov, A. Siarohin, E. Sangineto, N. Sebe, Whitening for self-supervised representation learning, ICML 2021, eq. 4 to 6",
			.formula = "2 - 2 mean_i cos(y_i, y'_i),  y_i = L^{-1} (z_i - mean),  L L' = (1 - eps) Cov + eps I of the view",
			.notes = LB_UNLABELLED LB_ONE_VIEW "Batches of at least twice as many rows as the embedding has columns are advised; the paper whitens such parts of a batch. "
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
	double *room = v->room, *a = lb_take(&room, n), *by = lb_take(&room, n), *turn = lb_take(&room, c * c), sum = 0;

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

LB_OF_VIEWS(mmcr, true, mmcr_value, 2 * b * c + c * c)

const struct lb_loss LB_LOSS(embedding, mmcr) = {
	.info = {
		.base = {
			.name = "mmcr",
			.title = "Maximum manifold capacity: the mean of a row's views spans as much as it can",
			.cite = "T. Yerxa, Y. Kuang, E. Simoncelli, S. Chung, Learning efficient coding of natural images with maximum manifold capacity representations, NeurIPS 2023, eq. 3",
			.formula = "-|C|_* + lambda mean_i |[u_i; u'_i]|_*,  C the rows (u_i + u'_i)/2 of unit embeddings, |.|_* the sum of singular values",
			.notes = LB_UNLABELLED LB_ONE_VIEW "One number a batch, not divided by B. Singular values below 1e-12 of the largest have no gradient. A row of zeros stays one and does not move.",
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
