#include "core/base/mem.h"
#include "core/numeric/rng.h"
#include "datasets/dataset.h"
#include "datasets/sampling/noise_params.h"
#include "datasets/sampling/row_labels.h"

#include <math.h>
#include <stdlib.h>

/* The stream of a target of a row has the index row * targets + target, so that the noise of one
 * depends on no other; DIRECTION + target draws what all rows share. */
static const uint64_t DIRECTION = (uint64_t)1 << 40;

enum { SIZE, SHAPE };

#define VALID_PARAM LB_NOISE_VALID("targets")
#define IN_UNITS "in standard deviations of the target in the training rows"
#define LIST_OF_STREAMS "Each target of each row is drawn by itself, so that the same seed gives the same noise, times its size."

/* Returns the change of one target in the unit `unit`; `factor` is the row's own. */
typedef double draw_fn(const struct lb_arg *par, double factor, struct lb_rng *r);

/* The standard deviation of a target in the training rows, before any was changed. */
static double unit_of(const struct lb_noise *in, size_t t)
{
	const struct lb_dataset *d = in->features->data;
	const double mean = lb_target_mean(d->target, d->n_targets, in->train, in->n_train, t);

	return lb_target_sd(d->target, d->n_targets, in->train, in->n_train, t, mean);
}

/* Adds to target t of each row what is drawn for it; factor (in->n) are the rows' own, or NULL for
 * 1. */
static void add_noise(const struct lb_noise *in, size_t t, draw_fn *draw, const double *factor, double *target)
{
	const size_t targets = in->features->data->n_targets;
	const double unit = unit_of(in, t);
	struct lb_rng r;

	for (size_t k = 0; k < in->n; k++) {
		const size_t cell = in->rows[k] * targets + t;
		lb_rng_init(&r, in->seed, LB_RNG_LABEL_NOISE, cell);
		target[cell] += unit * draw(in->par, factor ? factor[k] : 1, &r);
	}
}

static int add_to_all(const struct lb_noise *in, draw_fn *draw, double *target)
{
	for (size_t t = 0; t < in->features->data->n_targets; t++)
		add_noise(in, t, draw, NULL, target);
	return 0;
}

/* ---- gaussian ---- */

static const struct lb_param gaussian_params[] = {
	[SIZE] = { .name = "sd", .symbol = "a", .type = LB_REAL_PARAM, .def = 0.5, .min = 0, .max = 1e6, .grid = { 0, 0.25, 0.5, 1 }, .n_grid = 4,
		   .help = "standard deviation of the noise, " IN_UNITS },
	VALID_PARAM, LB_NOISE_SEED,
};

static double draw_gaussian(const struct lb_arg *par, double factor, struct lb_rng *r)
{
	return par[SIZE].v * factor * lb_rng_normal(r);
}

static int apply_gaussian(const struct lb_noise *in, double *target, struct lb_err *err)
{
	(void)err;
	return add_to_all(in, draw_gaussian, target);
}

const struct lb_corruption lb_corruption_gaussian = {
	.base = {
		.name = "gaussian",
		.tasks = 1u << LB_REGRESSION,
		.title = "Normal noise of one size on every target",
		.cite = "classic",
		.formula = "t' = t + a s e, e ~ N(0, 1), s the standard deviation of t in the training rows",
		.notes = LIST_OF_STREAMS,
		.keywords = "homoscedastic additive target noise",
		LB_PARAMS(gaussian_params),
	},
	.apply_targets = apply_gaussian,
};

/* ---- student_t ---- */

static const struct lb_param student_params[] = {
	[SIZE] = { .name = "scale", .symbol = "a", .type = LB_REAL_PARAM, .def = 0.5, .min = 0, .max = 1e6, .grid = { 0, 0.25, 0.5, 1 }, .n_grid = 4,
		   .help = "scale of the noise, " IN_UNITS },
	[SHAPE] = { .name = "nu", .symbol = "nu", .type = LB_REAL_PARAM, .def = 2, .min = 0.5, .max = 1e6, .grid = { 1, 2, 5 }, .n_grid = 3,
		    .help = "degrees of freedom; 1 is Cauchy, the variance is finite above 2" },
	VALID_PARAM, LB_NOISE_SEED,
};

/* Bailey, Polar generation of random variates with the t-distribution, Math. Comp. 62, 1994. */
static double draw_student_t(const struct lb_arg *par, double factor, struct lb_rng *r)
{
	static const double TWO_PI = 6.283185307179586477;
	const double u = 1 - lb_rng_unit(r), v = lb_rng_unit(r), nu = par[SHAPE].v;

	return par[SIZE].v * factor * sqrt(nu * expm1(-2 / nu * log(u))) * cos(TWO_PI * v);
}

static int apply_student_t(const struct lb_noise *in, double *target, struct lb_err *err)
{
	(void)err;
	return add_to_all(in, draw_student_t, target);
}

const struct lb_corruption lb_corruption_student_t = {
	.base = {
		.name = "student_t",
		.tasks = 1u << LB_REGRESSION,
		.title = "Heavy-tailed noise on every target",
		.cite = "Lange, Little and Taylor, Robust statistical modeling using the t distribution, JASA 84, 1989; drawn as Bailey, Math. "
			"Comp. 62, 1994",
		.formula = "t' = t + a s e, e ~ Student t of nu degrees of freedom, s the standard deviation of t in the training rows",
		.notes = LIST_OF_STREAMS,
		.keywords = "cauchy heavy tail target noise",
		LB_PARAMS(student_params),
	},
	.apply_targets = apply_student_t,
};

/* ---- contaminate ---- */

enum { CONTAMINATE_SHIFT = 1, CONTAMINATE_SCALE };
static const struct lb_param contaminate_params[] = {
	LB_NOISE_RATE("chance that a target is contaminated"),
	[CONTAMINATE_SHIFT] = { .name = "shift", .symbol = "m", .type = LB_REAL_PARAM, .def = 0, .min = -1e6, .max = 1e6,
				.help = "mean of the contamination, " IN_UNITS "; not 0: outliers of one side" },
	[CONTAMINATE_SCALE] = { .name = "scale", .symbol = "a", .type = LB_REAL_PARAM, .def = 10, .min = 0, .max = 1e6,
				.help = "standard deviation of the contamination, " IN_UNITS },
	VALID_PARAM, LB_NOISE_SEED,
};

static double draw_contamination(const struct lb_arg *par, double factor, struct lb_rng *r)
{
	(void)factor;
	return lb_rng_unit(r) < par[SIZE].v ? par[CONTAMINATE_SHIFT].v + par[CONTAMINATE_SCALE].v * lb_rng_normal(r) : 0;
}

static int apply_contaminate(const struct lb_noise *in, double *target, struct lb_err *err)
{
	(void)err;
	return add_to_all(in, draw_contamination, target);
}

const struct lb_corruption lb_corruption_contaminate = {
	.base = {
		.name = "contaminate",
		.tasks = 1u << LB_REGRESSION,
		.title = "Outliers: a share of the targets is moved far away, the others stay",
		.cite = "Huber, Robust estimation of a location parameter, Ann. Math. Stat. 35, 1964 (gross errors)",
		.formula = "t' = t + s (m + a e) with chance `rate`, else t; e ~ N(0, 1), s the standard deviation of t in the training rows",
		.notes = "Each target is drawn by itself, so the realised share varies around the rate. At a higher rate the same seed moves the "
			 "same targets by as much, and more besides.",
		.keywords = "outliers huber gross errors target noise",
		LB_PARAMS(contaminate_params),
	},
	.apply_targets = apply_contaminate,
};

/* ---- heteroscedastic ---- */

static const struct lb_param heteroscedastic_params[] = {
	[SIZE] = { .name = "sd", .symbol = "a", .type = LB_REAL_PARAM, .def = 0.5, .min = 0, .max = 1e6, .grid = { 0, 0.25, 0.5, 1 }, .n_grid = 4,
		   .help = "root mean square of the noise over the training rows, " IN_UNITS },
	[SHAPE] = { .name = "slope", .symbol = "b", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 5,
		    .help = "how fast the noise grows along a direction of the features; 0 is gaussian" },
	VALID_PARAM, LB_NOISE_SEED,
};

/* u (n) <- x.w for each row; x (d) is room. */
static void project(const struct lb_encoding *e, const uint32_t *rows, size_t n, const double *w, double *x, double *u)
{
	for (size_t k = 0; k < n; k++) {
		lb_gather_f64(e, &rows[k], 1, x);
		u[k] = 0;
		for (size_t j = 0; j < e->d; j++)
			u[k] += x[j] * w[j];
	}
}

/* exp(b v), v kept within 3, so that no row far out takes all the noise. */
static double growth(double slope, double v)
{
	return exp(slope * fmin(fmax(v, -3), 3));
}

/* factor (in->n) <- how many times the root mean square of the training rows the noise of each row
 * is. u (n_train) is room. */
static void make_factors(const struct lb_noise *in, const double *w, double *x, double *u, double *factor)
{
	const size_t n = in->n_train;
	const double slope = in->par[SHAPE].v;
	double mean = 0, sd = 0, square = 0;

	project(in->features, in->train, n, w, x, u);
	for (size_t k = 0; k < n; k++)
		mean += u[k] / (double)n;
	for (size_t k = 0; k < n; k++)
		sd += (u[k] - mean) * (u[k] - mean) / (double)n;
	sd = sd > 0 ? sqrt(sd) : 1;
	for (size_t k = 0; k < n; k++)
		square += growth(2 * slope, (u[k] - mean) / sd) / (double)n;
	project(in->features, in->rows, in->n, w, x, factor);
	for (size_t k = 0; k < in->n; k++)
		factor[k] = growth(slope, (factor[k] - mean) / sd) / sqrt(square);
}

static int apply_heteroscedastic(const struct lb_noise *in, double *target, struct lb_err *err)
{
	const size_t d = in->features->d;
	double *w = lb_alloc(2 * d + 1, sizeof *w, err), *u = lb_alloc(in->n_train + 1, sizeof *u, err), *factor = lb_alloc(in->n + 1, sizeof *factor, err);
	const bool ok = w && u && factor;
	struct lb_rng r;

	for (size_t t = 0; ok && t < in->features->data->n_targets; t++) {
		lb_rng_init(&r, in->seed, LB_RNG_LABEL_NOISE, DIRECTION + t);
		for (size_t j = 0; j < d; j++)
			w[j] = lb_rng_normal(&r);
		make_factors(in, w, w + d, u, factor);
		add_noise(in, t, draw_gaussian, factor, target);
	}
	free(w);
	free(u);
	free(factor);
	return ok ? 0 : -1;
}

const struct lb_corruption lb_corruption_heteroscedastic = {
	.base = {
		.name = "heteroscedastic",
		.tasks = 1u << LB_REGRESSION,
		.title = "Normal noise whose size depends on the features",
		.cite = "Nix and Weigend, Estimating the mean and variance of the target probability distribution, ICNN 1994 (the setting); the law "
			"of the size is Harvey, Estimating regression models with multiplicative heteroscedasticity, Econometrica 44, 1976",
		.formula = "t' = t + a s g(x) e, e ~ N(0, 1), g = exp(b v) over its root mean square in the training rows; v = x.w by its mean and "
			   "standard deviation there, kept within 3; w standard normal; s the standard deviation of t in the training rows",
		.notes = "x are the features as the model sees them. Each target has a direction w of its own.",
		.keywords = "input-dependent target noise",
		LB_PARAMS(heteroscedastic_params),
	},
	.apply_targets = apply_heteroscedastic,
};
