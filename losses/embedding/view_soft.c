/* A contrast of two views with soft labels: how alike the features before the output layer are
 * says how alike the embeddings are to be. */
#include "losses/support/two_views.h"
#include "losses/support/view_words.h"

enum { ALPHA, NU };

/* 1 - Q is at least this, so that equal embeddings of different rows have a finite loss. */
static const double LEAST = 1e-12;

static const struct lb_param params[] = {
	[ALPHA] = { .name = "alpha", .symbol = "alpha", .def = 1, .min = 0, .max = 100, .grid = { 0, 1, 3 }, .n_grid = 3, .help = "log of the factor by which a row's own pair is more alike" },
	[NU] = { .name = "nu", .symbol = "nu", .def = 100, .min = 0.01, .max = 1e4, .log_scale = true, .grid = { 1, 10, 100 }, .n_grid = 3, .help = "degrees of freedom of the kernel" },
};

static const struct lb_example examples[] = {
	{ .set = "nu=1", .b = 1, .c = 1, .z = { 0, 1 }, .views = 2, .h = { 2, 2 }, .n_h = 1, .value = 0.69314718055994531, .source = "by hand: P 1, Q 1/2" },
	{ .set = "nu=1 alpha=0", .b = 1, .c = 1, .z = { 0, 1 }, .views = 2, .h = { 0, 1 }, .n_h = 1, .value = 0.69314718055994531, .source = "by hand: P and Q 1/2" },
};

/* log (1 + d2 / nu)^(-(nu + 1) / 2) */
static double log_kernel(double d2, double nu)
{
	return -(nu + 1) / 2 * log1p(d2 / nu);
}

/* How alike row i of the first and row j of the second view are by their features; the own pair
 * alone, where there are none. */
static double likeness(const struct lb_batch *in, size_t i, size_t j)
{
	const struct lb_io *h = &in->hidden;
	double d2 = 0;

	if (!h->value)
		return i == j;
	const real *x = h->value + i * h->stride, *y = h->value + ((h->rows > in->b ? in->b : 0) + j) * h->stride;
	for (size_t k = 0; k < h->cols; k++)
		d2 += ((double)x[k] - (double)y[k]) * ((double)x[k] - (double)y[k]);
	const double p = exp(log_kernel(d2, in->par[NU].v) + (i == j ? in->par[ALPHA].v : 0));
	return p < 1 ? p : 1;
}

static double soft_value(const struct lb_two_views *v)
{
	const size_t b = v->b, c = v->c;
	const double nu = v->in->par[NU].v, share = 1 / ((double)b * (double)b);
	double sum = 0;

	for (size_t i = 0; i < b; i++)
		for (size_t j = 0; j < b; j++) {
			const double *x = v->u[0] + i * c, *y = v->u[1] + j * c, p = likeness(v->in, i, j);
			double d2 = 0;
			for (size_t k = 0; k < c; k++)
				d2 += (x[k] - y[k]) * (x[k] - y[k]);
			const double log_q = log_kernel(d2, nu), rest = -expm1(log_q), slope = -(nu + 1) / 2 / (nu + d2);
			sum -= share * (p * log_q + (1 - p) * log(rest > LEAST ? rest : LEAST));
			const double by = -2 * share * slope * (p - (rest > LEAST ? (1 - p) * exp(log_q) / rest : 0));
			for (size_t k = 0; v->by[0] && k < c; k++) {
				v->by[0][i * c + k] += by * (x[k] - y[k]);
				v->by[1][j * c + k] -= by * (x[k] - y[k]);
			}
		}
	return sum;
}

LB_OF_VIEWS(scl_soft, false, soft_value, 1)

const struct lb_loss LB_LOSS(embedding, scl_soft) = {
	.info = {
		.base = {
			.name = "scl_soft",
			.title = "Soft contrast: cross-entropy of the embeddings' likeness to that of the features before the output layer",
			.cite = "Z. Zang, L. Shang, S. Yang, F. Wang, B. Sun, X. Xie, S. Z. Li, Boosting novel category discovery over domains with soft contrastive learning and "
				"all-in-one classifier, ICCV 2023",
			.formula = "-mean_ij of P_ij log Q_ij + (1 - P_ij) log(1 - Q_ij),  Q_ij = k(z_i, z'_j),  P_ij = min(1, k(h_i, h'_j) (exp(alpha) if i = j)),  k(a, b) = (1 + |a - b|^2/nu)^(-(nu + 1)/2)",
			.notes = LB_UNLABELLED LB_ONE_VIEW "h is what the output layer sees, held fixed; of a linear model it is the row. The paper's text was not at hand: that soft weights come from Student's kernel is "
				 "known of it, the rest is a reconstruction. 1 - Q counts as 1e-12 at least. Rows are taken as they are.",
			.keywords = "san soft_contrastive student_kernel novel_category_discovery",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE,
		.needs = LB_NEEDS_VIEWS | LB_NEEDS_FEATURES,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(examples),
	},
	.form = &scl_soft_form,
	.workspace = scl_soft_room,
};
