/* Losses of ordered classes through softmax: how far away a wrong class is counts. */
#include "losses/support/log_softmax.h"

/* ---- squared_emd ---- */

/* Writes d_k = P(<= k) - [y <= k] for k < c - 1 to d, unless NULL, and returns the sum of their
 * squares. Below the label it is the sum of the classes up to k, from the label on minus that of
 * those above: each is a sum of what is small. */
static double distances(const real *z, size_t c, size_t y, const struct lb_log_softmax *soft, real *d)
{
	double square = 0, sum = 0;

	for (size_t k = 0; k < y; k++) {
		sum += lb_p(z[k], soft);
		square += sum * sum;
		if (d)
			d[k] = (real)sum;
	}
	sum = 0;
	for (size_t k = c - 1; k > y; k--) {
		sum += lb_p(z[k], soft);
		square += sum * sum;
		if (d)
			d[k - 1] = (real)-sum;
	}
	return square;
}

/* The gradient p_k (v_k - sum_j p_j v_j), v_k = 2 sum of d_m from k on, where g holds d. Only
 * differences of v matter: they are taken from the likeliest class, of which the sum has then no
 * part. */
static void by_distances(const real *z, size_t c, const struct lb_log_softmax *soft, real *g)
{
	size_t top = 0;
	double run = 0, mean = 0;

	for (size_t k = 1; k < c; k++)
		top = z[k] > z[top] ? k : top;
	double above = top + 1 < c ? (double)g[top] : 0;
	for (size_t k = top; k-- > 0;) {
		run += 2 * (double)g[k];
		g[k] = (real)run;
		mean += lb_p(z[k], soft) * run;
	}
	run = 0;
	for (size_t k = top + 1; k < c; k++) {
		run -= 2 * above;
		above = (double)g[k];
		g[k] = (real)run;
		mean += lb_p(z[k], soft) * run;
	}
	g[top] = 0;
	for (size_t k = 0; k < c; k++)
		g[k] = (real)(lb_p(z[k], soft) * ((double)g[k] - mean));
}

static real emd_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct lb_log_softmax soft = lb_log_softmax(z, in->c);
	const double value = distances(z, in->c, (size_t)in->y[i], &soft, g);

	if (g) {
		g[in->c - 1] = 0;
		by_distances(z, in->c, &soft, g);
	}
	return isnan(soft.more) ? (real)soft.more : (real)value;
}
LB_ROW(squared_emd, emd_row)

static const struct lb_example emd_examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 0, 0, 0 }, .y = { 0 }, .value = 0.55555555555555558, .source = "by hand: (2/3)^2 + (1/3)^2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.28054235091217547, .source = "mpmath, 30 digits" },
};

const struct lb_loss LB_LOSS(multiclass, squared_emd) = {
	.info = {
		.base = {
			.name = "squared_emd",
			.title = "Squared earth mover's distance of ordered classes (ranked probability score)",
			.cite = "L. Hou, C.-P. Yu, D. Samaras, Squared earth mover's distance-based loss for training deep neural networks, arXiv 1611.05916, "
				"2016; E. S. Epstein, A scoring system for probability forecasts of ranked categories, Journal of Applied Meteorology 8, 1969",
			.formula = "sum over k < C - 1 of (P(class <= k) - [y <= k])^2",
			.notes = "For classes that are ordered: numbers by their size, else by their bytes, as everywhere. With two classes it is half the "
				 "Brier score. A proper score.",
			.keywords = "ordinal rps ranked_probability_score earth_mover wasserstein ordered",
		},
		.kind = LB_MULTICLASS,
		.good_for = "ordered classes",
		.exceptions = LB_ORDER_MATTERS,
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_PROPER,
		LB_EXAMPLES(emd_examples),
	},
	.form = &squared_emd_form,
};

/* ---- ordinal_smoothing ---- */

enum { POWER, TAU };
static const struct lb_param smoothing_params[] = {
	[POWER] = { .name = "a", .symbol = "a", .def = 1, .min = 0, .max = 10, .min_open = true, .grid = { 1, 2 }, .n_grid = 2,
		    .help = "power of the distance between classes" },
	[TAU] = { .name = "tau", .symbol = "tau", .def = 1, .min = 1e-3, .max = 1e3, .log_scale = true, .grid = { 0.25, 0.5, 1, 2 }, .n_grid = 4,
		  .help = "how far targets spread: near 0 the label alone, as ce; large: all classes alike" },
};

/* The target of a class, not yet divided by the sum of all. */
static double target_of(const struct lb_arg *par, size_t k, size_t y)
{
	return exp(-pow(fabs((double)k - (double)y), par[POWER].v) / par[TAU].v);
}

static real smoothing_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const size_t y = (size_t)in->y[i], c = in->c;
	const struct lb_log_softmax soft = lb_log_softmax(z, c);
	double sum = 0, value = 0, far_target = 0, far = 0;

	for (size_t k = 0; k < c; k++)
		sum += target_of(in->par, k, y);
	for (size_t k = 0; k < c; k++) {
		const double t = target_of(in->par, k, y) / sum, p = lb_p(z[k], &soft);
		value -= t > 0 ? t * lb_log_p(z[k], &soft) : 0;
		far_target += k == y ? 0 : t;
		far += k == y ? 0 : p;
		if (g)
			g[k] = (real)(p - t);
	}
	if (g)
		g[y] = (real)(far_target - far);
	return isnan(soft.more) ? (real)soft.more : (real)value;
}
LB_ROW(ordinal_smoothing, smoothing_row)

static const struct lb_example smoothing_examples[] = {
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 1.0974890699, .source = "mpmath, 30 digits" },
};

const struct lb_loss LB_LOSS(multiclass, ordinal_smoothing) = {
	.info = {
		.base = {
			.name = "ordinal_smoothing",
			.title = "Cross-entropy to labels that are smoothed by the distance between ordered classes (SORD)",
			.cite = "R. Diaz, A. Marathe, Soft labels for ordinal regression, CVPR 2019, eq. 2",
			.formula = "-sum_k t_k log p_k,  t_k = exp(-|k - y|^a / tau) / sum_j exp(-|j - y|^a / tau)",
			.notes = "For classes that are ordered: numbers by their size, else by their bytes, as everywhere.",
			.keywords = "sord ordinal soft_labels ordered label_smoothing",
			LB_PARAMS(smoothing_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "ordered classes",
		.exceptions = LB_ORDER_MATTERS,
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(smoothing_examples),
	},
	.form = &ordinal_smoothing_form,
};

/* ---- soft_kappa ---- */

static const struct lb_param kappa_params[] = {
	{ .name = "power", .symbol = "w", .def = 2, .min = 0, .max = 10, .min_open = true, .grid = { 1, 2 }, .n_grid = 2,
	  .help = "power of the distance between classes: 2 quadratic, 1 linear weights" },
};

/* What a batch needs: the weights of two classes (C, C), of each class its rows and what it
 * costs by chance, and the probabilities (B, C). */
struct table {
	double *weight, *rows, *chance, *p;
};

static size_t table_room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return (shape->c * (shape->c + 2) + shape->b * shape->c) * sizeof(double);
}

static struct table table_of(const struct lb_batch *in)
{
	const size_t c = in->c;
	struct table t = { .weight = in->workspace, .rows = t.weight + c * c, .chance = t.rows + c, .p = t.chance + c };

	for (size_t k = 0; k < c; k++) {
		t.rows[k] = t.chance[k] = 0;
		for (size_t j = 0; j < c; j++)
			t.weight[k * c + j] = pow(fabs((double)k - (double)j) / (double)(c - 1), in->par[0].v);
	}
	for (size_t i = 0; i < in->b; i++) {
		const real *z = in->output.value + i * c;
		const struct lb_log_softmax soft = lb_log_softmax(z, c);
		t.rows[in->y[i]]++;
		for (size_t k = 0; k < c; k++)
			t.p[i * c + k] = lb_p(z[k], &soft);
	}
	for (size_t k = 0; k < c; k++)
		for (size_t j = 0; j < c; j++)
			t.chance[k] += t.rows[j] * t.weight[j * c + k] / (double)in->b;
	return t;
}

/* The gradient of a row, by what each class costs it beyond `ratio` times what it costs by
 * chance. */
static void kappa_row(const struct table *t, size_t c, const double *weight, const double *p, double ratio, double expected, real *g)
{
	double mean = 0;

	for (size_t k = 0; k < c; k++)
		mean += p[k] * (weight[k] - ratio * t->chance[k]);
	for (size_t k = 0; k < c; k++)
		g[k] = (real)(expected > 0 ? p[k] * (weight[k] - ratio * t->chance[k] - mean) / expected : 0 * expected);
}

static double kappa_batch(const struct lb_batch *in, real *g)
{
	const size_t c = in->c;
	const struct table t = table_of(in);
	double observed = 0, expected = 0;

	for (size_t i = 0; i < in->b; i++)
		for (size_t k = 0; k < c; k++) {
			observed += t.weight[(size_t)in->y[i] * c + k] * t.p[i * c + k];
			expected += t.chance[k] * t.p[i * c + k];
		}
	const double ratio = expected > 0 || isnan(expected) ? observed / expected : 0;
	for (size_t i = 0; g && i < in->b; i++)
		kappa_row(&t, c, t.weight + (size_t)in->y[i] * c, t.p + i * c, ratio, expected, g + i * c);
	return ratio;
}
LB_BATCH(soft_kappa, kappa_batch)

static const struct lb_example kappa_examples[] = {
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.6998039518, .source = "mpmath, 30 digits" },
};

const struct lb_loss LB_LOSS(multiclass, soft_kappa) = {
	.info = {
		.base = {
			.name = "soft_kappa",
			.title = "One minus the weighted kappa of the soft table of a batch",
			.cite = "J. de la Torre, D. Puig, A. Valls, Weighted kappa loss function for multi-class classification of ordinal data in deep "
				"learning, Pattern Recognition Letters 105, 2018",
			.formula = "N / D,  N = sum_i sum_k w(y_i, k) p_ik,  D = (1/B) sum_i sum_j sum_k w(y_j, k) p_ik,  w(a, b) = (|a - b| / (C - 1))^w",
			.notes = "For classes that are ordered. One value a batch: the cost of its predictions over that of the same predictions given to rows "
				 "at random. A batch of one row, or of one class, gives 1; one whose predictions can cost nothing gives 0. The published "
				 "form takes the log of it.",
			.keywords = "qwk quadratic_weighted_kappa cohen ordinal ordered",
			LB_PARAMS(kappa_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "ordered classes",
		.exceptions = LB_ORDER_MATTERS,
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(kappa_examples),
	},
	.form = &soft_kappa_form,
	.workspace = table_room,
};
