#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/numeric/rng.h"
#include "datasets/dataset.h"
#include "datasets/sampling/noise_params.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LB_CORRUPTION(name) extern const struct lb_corruption lb_corruption_##name;
#include "datasets/sampling/label_noises.def"
#undef LB_CORRUPTION

#define RATE_PARAM LB_NOISE_RATE("chance that a label is corrupted")
#define VALID_PARAM LB_NOISE_VALID("labels")
#define SEED_PARAM LB_NOISE_SEED

static int apply_none(const struct lb_noise *in, int32_t *y, struct lb_err *err)
{
	(void)in, (void)y, (void)err;
	return 0;
}

static int apply_none_to_targets(const struct lb_noise *in, double *target, struct lb_err *err)
{
	(void)in, (void)target, (void)err;
	return 0;
}

const struct lb_corruption lb_corruption_none = {
	.base = { .name = "none", .tasks = LB_CLASS_TASKS | 1u << LB_REGRESSION | 1u << LB_MULTILABEL | 1u << LB_RANKING | 1u << LB_SURVIVAL | 1u << LB_ANOMALY, .title = "Labels as they are", .formula = "y' = y" },
	.apply = apply_none,
	.apply_targets = apply_none_to_targets,
};

/* ---- uniform ---- */

enum { UNIFORM_RATE, UNIFORM_INCLUDE_SELF };
static const struct lb_param uniform_params[] = {
	[UNIFORM_RATE] = RATE_PARAM,
	[UNIFORM_INCLUDE_SELF] = { .name = "include_self", .type = LB_BOOL_PARAM, .def = 0,
				   .help = "draw from all classes, the true one too, so that fewer labels change" },
	VALID_PARAM, SEED_PARAM,
};

static int apply_uniform(const struct lb_noise *in, int32_t *y, struct lb_err *err)
{
	const bool self = in->par[UNIFORM_INCLUDE_SELF].v > 0;
	struct lb_rng r;

	(void)err;
	for (size_t k = 0; k < in->n; k++) {
		const uint32_t i = in->rows[k];
		lb_rng_init(&r, in->seed, LB_RNG_LABEL_NOISE, i);
		if (lb_rng_unit(&r) >= in->par[UNIFORM_RATE].v || in->n_classes < 2)
			continue;
		const int32_t drawn = (int32_t)lb_rng_below(&r, self ? in->n_classes : in->n_classes - 1);
		y[i] = drawn + (!self && drawn >= y[i]);
	}
	return 0;
}

const struct lb_corruption lb_corruption_uniform = {
	.base = {
		.name = "uniform",
		.tasks = LB_CLASS_TASKS,
		.title = "Symmetric label noise: to any other class with equal chance",
		.cite = "Angluin and Laird, Learning from noisy examples, Machine Learning 2, 1988; for several classes Ghosh, Kumar and "
			"Sastry, Robust loss functions under label noise for deep neural networks, AAAI 2017",
		.formula = "P(y' = k | y) = rate / (C - 1) for k != y, 1 - rate for k = y; with include_self rate / C + (1 - rate) [k = y]",
		.notes = "Each label is drawn by itself, so the realised share varies around the rate. At a higher rate the same seed changes "
			 "the same labels to the same classes, and more besides.",
		.keywords = "symmetric noise rcn",
		LB_PARAMS(uniform_params),
	},
	.apply = apply_uniform,
};

/* ---- pair ---- */

enum { PAIR_RATE, PAIR_SWAP };
static const struct lb_param pair_params[] = {
	[PAIR_RATE] = RATE_PARAM,
	[PAIR_SWAP] = { .name = "swap", .type = LB_INTS_PARAM, .min = 0, .max = 2147483647,
			.help = "pairs a,b,a,b,... of class numbers (from 0, in class order) to exchange; empty: y -> y + 1 mod C" },
	VALID_PARAM, SEED_PARAM,
};

static int check_pair(const struct lb_arg *par, size_t n_classes, struct lb_err *err)
{
	const struct lb_arg *swap = &par[PAIR_SWAP];

	if (swap->n % 2)
		return lb_fail(err, LB_CONFIG, "corrupt.labels.swap: found %zu class%s, expected pairs: a,b or a,b,c,d and so on",
			       swap->n, swap->n == 1 ? "" : "es");
	for (size_t k = 0; k < swap->n; k++) {
		if (swap->list[k] >= (double)n_classes)
			return lb_fail(err, LB_CONFIG,
				       "corrupt.labels.swap: found class %.0f, allowed 0 to %zu: the data have %zu classes",
				       swap->list[k], n_classes - 1, n_classes);
		for (size_t j = 0; j < k; j++)
			if (!(swap->list[j] < swap->list[k]) && !(swap->list[j] > swap->list[k]))
				return lb_fail(err, LB_CONFIG,
					       "corrupt.labels.swap: class %.0f stands in it twice; give each class one partner",
					       swap->list[k]);
	}
	return 0;
}

static bool pair_names_classes(const struct lb_arg *par)
{
	return par[PAIR_SWAP].n > 0;
}

static int32_t partner(const struct lb_arg *swap, size_t n_classes, int32_t y)
{
	if (swap->n == 0)
		return (int32_t)(((size_t)y + 1) % n_classes);
	for (size_t k = 0; k + 1 < swap->n; k += 2) {
		const int32_t a = (int32_t)swap->list[k], b = (int32_t)swap->list[k + 1];
		if (y == a || y == b)
			return y == a ? b : a;
	}
	return y;
}

static int apply_pair(const struct lb_noise *in, int32_t *y, struct lb_err *err)
{
	struct lb_rng r;

	(void)err;
	for (size_t k = 0; k < in->n; k++) {
		const uint32_t i = in->rows[k];
		lb_rng_init(&r, in->seed, LB_RNG_LABEL_NOISE, i);
		if (lb_rng_unit(&r) < in->par[PAIR_RATE].v)
			y[i] = partner(&in->par[PAIR_SWAP], in->n_classes, y[i]);
	}
	return 0;
}

const struct lb_corruption lb_corruption_pair = {
	.base = {
		.name = "pair",
		.tasks = LB_CLASS_TASKS,
		.title = "Asymmetric label noise: each class is mistaken for one other",
		.cite = "Patrini, Rozza, Menon, Nock and Qu, Making deep neural networks robust to label noise: a loss correction approach, "
			"CVPR 2017; the ring is the pair flipping of Han et al., Co-teaching, NeurIPS 2018",
		.formula = "P(y' = m(y) | y) = rate, m(y) = y + 1 mod C; with swap m exchanges the listed classes and keeps the others",
		.notes = "At a higher rate the same seed changes a superset of the labels.",
		.keywords = "asymmetric noise flip ring",
		LB_PARAMS(pair_params),
	},
	.check = check_pair,
	.names_classes = pair_names_classes,
	.apply = apply_pair,
};

/* ---- matrix ---- */

enum { MATRIX_T, MATRIX_FILE };
static const struct lb_param matrix_params[] = {
	[MATRIX_T] = { .name = "matrix", .symbol = "T", .type = LB_REALS_PARAM, .min = 0, .max = 1,
		       .help = "C x C chances, row by row: entry (i, j) is P(y' = j | y = i); each row sums to 1" },
	[MATRIX_FILE] = { .name = "file", .type = LB_TEXT_PARAM, .help = "a CSV file with the matrix, in place of `matrix`" },
	VALID_PARAM, SEED_PARAM,
};

static int check_rows(const double *t, size_t c, struct lb_err *err)
{
	for (size_t i = 0; i < c; i++) {
		double sum = 0;
		for (size_t j = 0; j < c; j++) {
			if (!(t[i * c + j] >= 0))
				return lb_fail(err, LB_CONFIG, "corrupt.labels.matrix: row %zu, column %zu: found %g, allowed: a number in [0, 1]",
					       i + 1, j + 1, t[i * c + j]);
			sum += t[i * c + j];
		}
		if (fabs(sum - 1) > 1e-6)
			return lb_fail(err, LB_CONFIG, "corrupt.labels.matrix: row %zu sums to %.9g, allowed: 1", i + 1, sum);
	}
	return 0;
}

static int read_matrix(const char *path, size_t c, double *t, struct lb_err *err)
{
	const struct lb_read_options opt = { .format = "csv", .header = -1 };
	struct lb_table table = { 0 };

	if (lb_table_read(path, &opt, &table, err))
		return -1;
	const size_t rows = table.n, columns = table.n_cols;
	bool numbers = rows == c && columns == c;
	for (size_t j = 0; numbers && j < c; j++) {
		numbers = table.col[j].type == LB_NUMBER && !table.col[j].n_missing;
		for (size_t i = 0; numbers && i < c; i++)
			t[i * c + j] = table.col[j].num[i];
	}
	lb_table_free(&table);
	if (!numbers)
		return lb_fail(err, LB_CONFIG, "corrupt.labels.file: %s holds %zu x %zu cell%s, expected %zu x %zu numbers: the data have %zu classes",
			       path, rows, columns, lb_s(rows * columns), c, c, c);
	return 0;
}

/* The matrix as new memory, checked. */
static double *load_matrix(const struct lb_arg *par, size_t c, struct lb_err *err)
{
	const struct lb_arg *given = &par[MATRIX_T];
	const char *file = par[MATRIX_FILE].text;
	double *t = lb_alloc(c * c, sizeof *t, err);
	int rc = t ? 0 : -1;

	if (!rc && file && *file)
		rc = given->n ? lb_fail(err, LB_CONFIG, "corrupt.labels: both matrix and file are given; keep one") : read_matrix(file, c, t, err);
	else if (!rc && given->n != c * c)
		rc = lb_fail(err, LB_CONFIG, "corrupt.labels.matrix: found %zu entr%s, expected %zu x %zu: the data have %zu classes", given->n,
			     given->n == 1 ? "y" : "ies", c, c, c);
	else if (!rc)
		memcpy(t, given->list, c * c * sizeof *t);
	if (!rc && !check_rows(t, c, err))
		return t;
	free(t);
	return NULL;
}

static int check_matrix(const struct lb_arg *par, size_t n_classes, struct lb_err *err)
{
	double *t = load_matrix(par, n_classes, err);

	free(t);
	return t ? 0 : -1;
}

/* The class whose stretch of [0, 1) holds u; chances of classes, which sum to 1 up to rounding. */
static int32_t draw_class(const double *chance, size_t c, int32_t otherwise, double u)
{
	for (size_t j = 0; j < c; j++) {
		u -= chance[j];
		if (u < 0)
			return (int32_t)j;
	}
	return otherwise;
}

static bool matrix_names_classes(const struct lb_arg *par)
{
	(void)par;
	return true;
}

static int apply_matrix(const struct lb_noise *in, int32_t *y, struct lb_err *err)
{
	double *t = load_matrix(in->par, in->n_classes, err);
	struct lb_rng r;

	if (!t)
		return -1;
	for (size_t k = 0; k < in->n; k++) {
		const uint32_t i = in->rows[k];
		lb_rng_init(&r, in->seed, LB_RNG_LABEL_NOISE, i);
		y[i] = draw_class(t + (size_t)y[i] * in->n_classes, in->n_classes, y[i], lb_rng_unit(&r));
	}
	free(t);
	return 0;
}

const struct lb_corruption lb_corruption_matrix = {
	.base = {
		.name = "matrix",
		.tasks = LB_CLASS_TASKS,
		.title = "Class-dependent label noise by a full transition matrix",
		.cite = "Natarajan, Dhillon, Ravikumar and Tewari, Learning with noisy labels, NeurIPS 2013; Patrini et al., CVPR 2017",
		.formula = "P(y' = j | y = i) = T_ij",
		.notes = "Classes are in class order. Rows must sum to 1 within 1e-6. A file enters the trial's id by its checksum.",
		.keywords = "transition class-conditional ccn",
		LB_PARAMS(matrix_params),
	},
	.check = check_matrix,
	.names_classes = matrix_names_classes,
	.apply = apply_matrix,
};

/* ---- instance ---- */

enum { INSTANCE_RATE, INSTANCE_SD };
static const struct lb_param instance_params[] = {
	[INSTANCE_RATE] = RATE_PARAM,
	[INSTANCE_SD] = { .name = "sd", .symbol = "sd", .type = LB_REAL_PARAM, .def = 0.1, .min = 0, .max = 1,
			  .help = "spread of the rows' own rates around `rate`" },
	VALID_PARAM, SEED_PARAM,
};

/* A normal value kept to [0, 1] by drawing again. */
static double row_rate(double rate, double sd, struct lb_rng *r)
{
	double q = rate;

	do
		q = rate + sd * lb_rng_normal(r);
	while (q < 0 || q > 1);
	return q;
}

/* Chances of the classes for one row: softmax of the scores over all classes but y, times q; 1 - q
 * for y. */
static void instance_chances(const double *x, const double *w, size_t d, size_t c, size_t y, double q, double *chance)
{
	double top = -(double)INFINITY, sum = 0;

	for (size_t k = 0; k < c; k++) {
		chance[k] = 0;
		for (size_t j = 0; j < d; j++)
			chance[k] += x[j] * w[j * c + k];
		if (k != y && chance[k] > top)
			top = chance[k];
	}
	for (size_t k = 0; k < c; k++)
		sum += chance[k] = k == y ? 0 : exp(chance[k] - top);
	for (size_t k = 0; k < c; k++)
		chance[k] = k == y ? 1 - q : q * chance[k] / sum;
}

/* The rows of class y; w is that class's (d, c) projection, drawn from (seed, class). y0 are the
 * labels before any was changed. */
static void corrupt_class(const struct lb_noise *in, size_t y0, const int32_t *before, double *w, double *x, double *chance, int32_t *y)
{
	const size_t d = in->features->d, c = in->n_classes;
	struct lb_rng r;

	lb_rng_init(&r, in->seed, LB_RNG_LABEL_NOISE, ((uint64_t)1 << 40) + y0);
	for (size_t j = 0; j < d * c; j++)
		w[j] = lb_rng_normal(&r);
	for (size_t k = 0; k < in->n; k++) {
		const uint32_t i = in->rows[k];
		if ((size_t)before[k] != y0)
			continue;
		lb_gather_f64(in->features, &i, 1, x);
		lb_rng_init(&r, in->seed, LB_RNG_LABEL_NOISE, i);
		const double q = row_rate(in->par[INSTANCE_RATE].v, in->par[INSTANCE_SD].v, &r);
		instance_chances(x, w, d, c, y0, q, chance);
		y[i] = draw_class(chance, c, y[i], lb_rng_unit(&r));
	}
}

static int apply_instance(const struct lb_noise *in, int32_t *y, struct lb_err *err)
{
	const size_t d = in->features->d, c = in->n_classes;
	int32_t *before = lb_alloc(in->n, sizeof *before, err);
	double *w = lb_alloc(d * c, sizeof *w, err), *x = lb_alloc(d, sizeof *x, err), *chance = lb_alloc(c, sizeof *chance, err);
	const bool ok = before && w && x && chance;

	for (size_t k = 0; ok && k < in->n; k++)
		before[k] = y[in->rows[k]];
	for (size_t k = 0; ok && k < c && in->par[INSTANCE_RATE].v > 0; k++)
		corrupt_class(in, k, before, w, x, chance, y);
	free(before);
	free(w);
	free(x);
	free(chance);
	return ok ? 0 : -1;
}

const struct lb_corruption lb_corruption_instance = {
	.base = {
		.name = "instance",
		.tasks = LB_CLASS_TASKS,
		.title = "Instance-dependent label noise: the chance and the wrong class depend on the features",
		.cite = "Xia et al., Part-dependent label noise: towards instance-dependent label noise, NeurIPS 2020, Algorithm 2",
		.formula = "q_i ~ normal(rate, sd) within [0, 1]; W_y (d x C) standard normal; P(y' = k) = q_i softmax_{k != y}(x W_y)_k, "
			   "P(y' = y) = 1 - q_i",
		.notes = "x are the features as the model sees them. Each class has a projection of its own, each row a rate of its own; "
			 "rate 0 leaves all labels, whatever sd.",
		.keywords = "idn feature-dependent pdn",
		LB_PARAMS(instance_params),
	},
	.apply = apply_instance,
};

/* ---- registry ---- */

const struct lb_info *const lb_corruptions[] = {
#define LB_CORRUPTION(name) &lb_corruption_##name.base,
#include "datasets/sampling/label_noises.def"
#undef LB_CORRUPTION
	NULL
};

size_t lb_corruption_count(void)
{
	return sizeof lb_corruptions / sizeof *lb_corruptions - 1;
}

const struct lb_corruption *lb_corruption_at(size_t i)
{
	return (const struct lb_corruption *)lb_corruptions[i];
}
