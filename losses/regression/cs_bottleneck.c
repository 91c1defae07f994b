/* The Cauchy-Schwarz information bottleneck for regression: how the distribution of predictions
 * given the inputs differs from that of the targets, and how much the features hold of the
 * inputs. */
#include "losses/support/ignored_scores.h"

#include <string.h>

#define SOURCE "S. Yu, X. Yu, S. Lokse, R. Jenssen, J. C. Principe, Cauchy-Schwarz divergence information bottleneck for regression, ICLR 2024"

#define WIDTH(n, s, of)                                                                                                         \
	{ .name = n, .symbol = s, .def = 1, .min = 1e-1, .max = 1e6, .log_scale = true, .grid = { 0.3, 1, 3 }, .n_grid = 3,       \
	  .help = "width of the kernel between rows of " of }

/* |a - b|^2 / (2 s^2) of two rows. */
static double gap(const real *a, const real *b, size_t n, double s)
{
	double sum = 0;

	for (size_t k = 0; k < n; k++) {
		const double x = ((double)a[k] - (double)b[k]) / s;
		sum += x * x;
	}
	return sum / 2;
}

/* ---- cs_conditional ---- */

enum { SIGMA, SIGMA_X, DENOMINATOR };

static const char *const denominators[] = { "square_of_sum", "sum_of_squares", NULL };
static const struct lb_param conditional_params[] = {
	[SIGMA] = WIDTH("sigma", "s", "targets, in their units"),
	[SIGMA_X] = WIDTH("sigma_x", "s_x", "inputs"),
	[DENOMINATOR] = { .name = "denominator", .type = LB_CHOICE_PARAM, .choices = denominators, .grid = { 0, 1 }, .n_grid = 2,
			  .help = "D_j: square_of_sum, (sum_i K_ji)^2; sum_of_squares, sum_i K_ji^2" },
};

/* Rows of the batch: predictions or targets. */
struct rows {
	const real *v;
	size_t stride;
};

/* w (b, b) <- log(K_ji / D_j), row j. */
static void weigh(const struct lb_batch *in, double *w)
{
	const bool squares = in->par[DENOMINATOR].v > 0;
	const size_t b = in->b, n = in->inputs.cols;

	for (size_t j = 0; j < b; j++) {
		double sum = 1; /* of the row itself */
		for (size_t i = 0; i < b; i++) {
			w[j * b + i] = -gap(in->inputs.value + j * in->inputs.stride, in->inputs.value + i * in->inputs.stride, n, in->par[SIGMA_X].v);
			sum += i == j ? 0 : exp((squares ? 2 : 1) * w[j * b + i]);
		}
		for (size_t i = 0; i < b; i++)
			w[j * b + i] -= (squares ? 1 : 2) * log(sum);
	}
}

/* Returns log sum_ji exp(w_ji - gap of row j of x and row i of y), whose terms, less this, are left
 * in term (b, b). */
static double log_sum(const struct lb_batch *in, const double *w, struct rows x, struct rows y, double *term)
{
	const size_t b = in->b;
	double top = -(double)INFINITY, sum = 0;

	for (size_t k = 0; k < b * b; k++) {
		term[k] = w[k] - gap(x.v + k / b * x.stride, y.v + k % b * y.stride, in->c, in->par[SIGMA].v);
		top = term[k] > top || isnan(term[k]) ? term[k] : top;
	}
	for (size_t k = 0; k < b * b; k++)
		sum += exp(term[k] - top);
	const double whole = top + log(sum < 1 ? 1 : sum); /* the largest term is 1 */
	for (size_t k = 0; k < b * b; k++)
		term[k] -= whole;
	return whole;
}

/* g (b, c) += factor times the slopes of such a sum by the rows of x; by those of y, which are the
 * same, too if `both`. */
static void add_slopes(const struct lb_batch *in, const double *term, struct rows x, struct rows y, bool both, double factor, double *g)
{
	const size_t b = in->b;
	const double per = factor / (in->par[SIGMA].v * in->par[SIGMA].v);

	for (size_t j = 0; j < b; j++)
		for (size_t i = 0; i < b; i++) {
			const double share = exp(term[j * b + i]) + (both ? exp(term[i * b + j]) : 0);
			for (size_t k = 0; k < in->c; k++)
				g[j * in->c + k] -= per * share * ((double)x.v[j * x.stride + k] - (double)y.v[i * y.stride + k]);
		}
}

static double conditional_batch(const struct lb_batch *in, real *g)
{
	const size_t b = in->b, cells = b * in->c;
	double *w = in->workspace, *term = w + b * b, *slope = term + b * b;
	const struct rows p = { in->output.value, in->output.stride }, t = { in->target, in->c };

	if (!in->inputs.value)
		return 0;
	memset(slope, 0, cells * sizeof *slope);
	weigh(in, w);
	double value = log_sum(in, w, t, t, term);
	value += log_sum(in, w, p, p, term);
	if (g)
		add_slopes(in, term, p, p, true, 1, slope);
	value -= 2 * log_sum(in, w, p, t, term);
	if (g)
		add_slopes(in, term, p, t, false, -2, slope);
	for (size_t k = 0; g && k < cells; k++)
		g[k] = (real)(isnan(value) ? value : slope[k]);
	return value;
}
LB_BATCH(cs_conditional, conditional_batch)

static size_t conditional_workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return (2 * shape->b * shape->b + shape->b * shape->c) * sizeof(double);
}

static const struct lb_example conditional_examples[] = {
	{ .set = "sigma=2", .b = 1, .c = 1, .z = { 3 }, .t = { 1 }, .x = { 5 }, .n_x = 1, .value = 1, .source = "by hand: (3 - 1)^2 / 2^2" },
	{ .set = "", .b = 2, .c = 1, .z = { 1, 1 }, .t = { 0, 0 }, .x = { 0, 0 }, .n_x = 1, .value = 1, .source = "by hand: all kernels of a pair are alike" },
};

const struct lb_loss LB_LOSS(regression, cs_conditional) = {
	.info = {
		.base = {
			.name = "cs_conditional",
			.title = "Cauchy-Schwarz divergence between predictions and targets, both given the inputs",
			.cite = SOURCE ", eq. 10",
			.formula = "log sum_j (sum_i K_ji L(t_j, t_i)) / D_j + log sum_j (sum_i K_ji L(z_j, z_i)) / D_j - 2 log sum_j (sum_i K_ji L(z_j, t_i)) / D_j,  "
				   "K = exp(-|x_j - x_i|^2 / (2 s_x^2)), L(a, b) = exp(-|a - b|^2 / (2 s^2)), D_j = (sum_i K_ji)^2",
			.notes = "x are the rows as the model reads them: standardized features, not hidden ones. Rows near each other in x are compared with each "
				 "other's targets. One value a batch, not divided by B; 0 where every prediction meets its target, and now and then a little "
				 "below 0, since the estimate of the cross term is not symmetric. A batch of one row is |z - t|^2 / s^2. Outliers of the target "
				 "lose their pull beyond a few s. The authors' program has denominator sum_of_squares and logs to base 2; with targets as a "
				 "plain vector its kernel is one number for the whole batch, so that what it trains with there is the squared error. B^2 "
				 "operations, and as much memory.",
			.keywords = "cauchy_schwarz divergence information_bottleneck ib robust heavy_tails itl",
			LB_PARAMS(conditional_params),
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_SMOOTH,
		.needs = LB_NEEDS_INPUTS,
		LB_EXAMPLES(conditional_examples),
	},
	.form = &cs_conditional_form,
	.workspace = conditional_workspace,
};

/* ---- cs_qmi ---- */

enum { SIGMA_T, QMI_SIGMA_X, NORMALISED };

static const struct lb_param qmi_params[] = {
	[SIGMA_T] = WIDTH("sigma_t", "s_t", "hidden features"),
	[QMI_SIGMA_X] = WIDTH("sigma_x", "s_x", "inputs"),
	[NORMALISED] = { .name = "normalised", .type = LB_BOOL_PARAM, .def = 0, .grid = { 0, 1 }, .n_grid = 2,
			 .help = "divided by the root of the features' with themselves times the inputs' with themselves" },
};

/* A kernel matrix with the sums of its rows, their sum, and its information with itself. */
struct kernel {
	double *k, *row;
	double sum, squares, rows_squared, self;
};

static void make_kernel(const struct lb_io *of, size_t b, double s, struct kernel *m)
{
	const double n = (double)b;

	m->sum = m->squares = m->rows_squared = 0;
	for (size_t i = 0; i < b; i++) {
		m->row[i] = 0;
		for (size_t j = 0; j < b; j++) {
			const double k = exp(-gap(of->value + i * of->stride, of->value + j * of->stride, of->cols, s));
			m->k[i * b + j] = k;
			m->row[i] += k;
			m->squares += k * k;
		}
		m->sum += m->row[i];
		m->rows_squared += m->row[i] * m->row[i];
	}
	m->self = log(m->squares / (n * n)) + 2 * log(m->sum / (n * n)) - 2 * log(m->rows_squared / (n * n * n));
}

/* What the two share: sums of products of entries, and of rows. */
struct shared {
	double entries, rows, value;
};

static struct shared share_of(const struct kernel *t, const struct kernel *x, size_t b)
{
	const double n = (double)b;
	struct shared s = { 0 };

	for (size_t k = 0; k < b * b; k++)
		s.entries += t->k[k] * x->k[k];
	for (size_t i = 0; i < b; i++)
		s.rows += t->row[i] * x->row[i];
	s.value = log(s.entries / (n * n)) + log(t->sum / (n * n)) + log(x->sum / (n * n)) - 2 * log(s.rows / (n * n * n));
	return s;
}

/* The gradient by the hidden features, of a value by `by_shared` times that of both and `by_self`
 * times that of the features with themselves. */
static void move_features(const struct lb_batch *in, const struct kernel *t, const struct kernel *x, struct shared s, double by_shared, double by_self)
{
	const struct lb_io *h = &in->hidden;
	const size_t b = in->b;
	const double per = 1 / (in->par[SIGMA_T].v * in->par[SIGMA_T].v);

	for (size_t a = 0; a < b; a++) {
		for (size_t k = 0; k < h->cols; k++)
			h->grad[a * h->stride + k] = 0;
		for (size_t j = 0; j < b; j++) {
			const double both = 2 * (x->k[a * b + j] / s.entries + 1 / t->sum - (x->row[a] + x->row[j]) / s.rows);
			const double self = 4 * (t->k[a * b + j] / t->squares + 1 / t->sum - (t->row[a] + t->row[j]) / t->rows_squared);
			const double slope = -per * t->k[a * b + j] * (by_shared * both + by_self * self);
			for (size_t k = 0; k < h->cols; k++)
				h->grad[a * h->stride + k] += (real)(slope * ((double)h->value[a * h->stride + k] - (double)h->value[j * h->stride + k]));
		}
	}
}

static double qmi_batch(const struct lb_batch *in, real *g)
{
	const size_t b = in->b;
	const double nothing = lb_ignore_scores(in, g);
	double *room = in->workspace;
	struct kernel t = { .k = room, .row = room + b * b }, x = { .k = room + b * b + b, .row = room + 2 * b * b + b };

	if (!in->hidden.value || !in->inputs.value)
		return nothing;
	make_kernel(&in->hidden, b, in->par[SIGMA_T].v, &t);
	make_kernel(&in->inputs, b, in->par[QMI_SIGMA_X].v, &x);
	const struct shared s = share_of(&t, &x, b);
	const bool normalised = in->par[NORMALISED].v > 0, flat = normalised && !(t.self > 1e-12 && x.self > 1e-12);
	const double root = normalised ? sqrt(t.self * x.self) : 1, value = flat ? 0 : s.value / root;
	if (in->hidden.grad)
		move_features(in, &t, &x, s, flat ? 0 : 1 / root, flat || !normalised ? 0 : -value / (2 * t.self));
	return (value < 0 ? 0 : value) + nothing;
}
LB_BATCH(cs_qmi, qmi_batch)

static size_t qmi_workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return 2 * shape->b * (shape->b + 1) * sizeof(double);
}

static const struct lb_example qmi_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .t = { 0, 0 }, .h = { 0, 1000 }, .n_h = 1, .x = { 0, 1000 }, .n_x = 1, .value = 0.69314718055994531,
	  .source = "by hand: log(1/2) + 2 log(1/2) - 2 log(1/4), both rows apart" },
	{ .set = "normalised=true", .b = 2, .c = 1, .z = { 0, 0 }, .t = { 0, 0 }, .h = { 0, 3 }, .n_h = 1, .x = { 0, 3 }, .n_x = 1, .value = 1,
	  .source = "by hand: features that are the inputs" },
};

const struct lb_loss LB_LOSS(regression, cs_qmi) = {
	.info = {
		.base = {
			.name = "cs_qmi",
			.title = "Cauchy-Schwarz quadratic mutual information of hidden features and inputs",
			.cite = SOURCE ", eq. 12; J. C. Principe, Information theoretic learning, Springer, 2010",
			.formula = "log((1/B^2) sum_ij Kt_ij Kx_ij) + log((1/B^4) sum_ij Kt_ij sum_ij Kx_ij) - 2 log((1/B^3) sum_i (sum_j Kt_ij)(sum_j Kx_ij)),  K = "
				   "exp(-|a_i - a_j|^2 / (2 s^2)) of hidden features t and inputs x",
			.notes = "The compression of an information bottleneck: a term beside a loss of predictions (terms), with a small weight. It reads neither "
				 "scores nor targets; its gradient goes to the last hidden layer. The features of a linear model are the inputs, which "
				 "nothing moves: a constant there. x are the rows as the model reads them. One value a batch, not divided by B; 0 where "
				 "features and inputs are independent, for a batch of one row, and normalised also where all features or all inputs are alike. "
				 "Constant in the scores, so convex, smooth and bounded in them, not in the features. B^2 operations, and as much memory.",
			.keywords = "cauchy_schwarz mutual_information information_bottleneck ib compression regulariser regularizer itl",
			LB_PARAMS(qmi_params),
		},
		.kind = LB_REGRESSION,
		.good_for = "compression of features",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED,
		.needs = LB_NEEDS_INPUTS | LB_NEEDS_FEATURES | LB_MOVES_FEATURES,
		LB_EXAMPLES(qmi_examples),
	},
	.form = &cs_qmi_form,
	.workspace = qmi_workspace,
};
