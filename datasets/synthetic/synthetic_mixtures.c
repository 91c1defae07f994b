#include "core/base/mem.h"
#include "core/numeric/rng.h"
#include "datasets/synthetic/generators.h"

#include <math.h>
#include <stdlib.h>

/* Streams of LB_RNG_GENERATOR as in generators.c: 0 for what all rows share, i + 1 for row i. */

static const double pi = 3.14159265358979323846;

/* ---- stable_mixture ---- */

enum { STA_ROWS, STA_FEATURES, STA_ALPHA, STA_SCALE, STA_MEAN, STA_RISE, STA_SHARE };
static const struct lb_param stable_params[] = {
	[STA_ROWS] = LB_GENERATOR_ROWS,
	[STA_FEATURES] = { .name = "features", .symbol = "d", .type = LB_INT_PARAM, .def = 100, .min = 1, .max = 100000, .help = "features" },
	[STA_ALPHA] = { .name = "alpha", .symbol = "a", .type = LB_REAL_PARAM, .def = 2, .min = 0.1, .max = 2, .grid = { 1, 1.5, 2 }, .n_grid = 3,
			.help = "tail: 2 normal, 1.5 Holtsmark, 1 Cauchy" },
	[STA_SCALE] = { .name = "scale", .symbol = "c", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 1e6, .min_open = true,
			.help = "scale of each feature within a class; the normal has standard deviation sqrt(2) c" },
	[STA_MEAN] = { .name = "mean", .symbol = "m", .type = LB_REAL_PARAM, .def = 0.2, .min = -1e6, .max = 1e6,
		       .help = "the last feature's centre: m in the positive class, -m in the other" },
	[STA_RISE] = { .name = "rise", .symbol = "r", .type = LB_REAL_PARAM, .def = 0, .min = 0, .max = 1,
		       .help = "0: all features alike; 1: the centres rise from m / d to m in equal steps" },
	[STA_SHARE] = { .name = "positive", .symbol = "p", .type = LB_REAL_PARAM, .def = 0.5, .min = 0, .max = 1, .min_open = true,
			.max_open = true, .grid = { 0.5, 0.2, 0.1 }, .n_grid = 3, .help = "share of the positive class" },
	LB_GENERATOR_SEED,
};

/* Chambers, Mallows & Stuck, JASA 71, 1976: symmetric, of scale 1, characteristic function
 * exp(-|t|^alpha). */
static double draw_stable(struct lb_rng *r, double alpha)
{
	if (alpha >= 2)
		return sqrt(2) * lb_rng_normal(r);
	const double u = pi * (lb_rng_unit(r) - 0.5), w = -log1p(-lb_rng_unit(r));
	if (fabs(alpha - 1) < 1e-12)
		return tan(u);
	return sin(alpha * u) / pow(cos(u), 1 / alpha) * pow(cos((1 - alpha) * u) / w, (1 - alpha) / alpha);
}

static int make_stable(const struct lb_arg *par, enum lb_kind kind, uint64_t seed, struct lb_table *out, struct lb_err *err)
{
	const size_t n = (size_t)par[STA_ROWS].v, d = (size_t)par[STA_FEATURES].v;
	const double alpha = par[STA_ALPHA].v, rise = par[STA_RISE].v;
	struct lb_rng r;

	(void)kind;
	if (lb_generator_columns(out, n, d, "label", 1, err))
		return lb_generator_finish(out, NULL, -1);
	for (size_t i = 0; i < n; i++) {
		lb_rng_init(&r, seed, LB_RNG_GENERATOR, i + 1);
		const double positive = lb_rng_unit(&r) < par[STA_SHARE].v, sign = 2 * positive - 1;
		for (size_t j = 0; j < d; j++) {
			const double share = 1 - rise + rise * (double)(j + 1) / (double)d;
			double x = draw_stable(&r, alpha);
			while (!isfinite(x))
				x = draw_stable(&r, alpha);
			out->col[j].num[i] = sign * par[STA_MEAN].v * share + par[STA_SCALE].v * x;
		}
		out->col[d].num[i] = positive;
	}
	return lb_generator_finish(out, "stable_mixture", 0);
}

const struct lb_generator lb_generator_stable_mixture = {
	.base = {
		.name = "stable_mixture",
		.tasks = LB_CLASS_TASKS,
		.title = "Two classes of independent symmetric stable features, normal to Cauchy, around opposite centres",
		.cite = "Y. Hu, F. Wu, H. Zhang, H. Zhao, Understanding the impact of adversarial robustness on accuracy disparity, ICML 2023; "
			"drawn after J. Chambers, C. Mallows, B. Stuck, JASA 71, 1976",
		.formula = "t = 1 with probability p, else -1; x_k = t m (1 - r + r k / d) + c S(a), E exp(i s S(a)) = exp(-|s|^a)",
		.notes = "<w, x> has scale c |w|_a about its centre, |w|_a = (sum |w_k|^a)^(1/a), so that the errors of a linear model, robust ones "
			 "too, are values of one distribution function. a = 2 is normal with variance 2 c^2.",
		.keywords = "levy cauchy holtsmark gaussian heavy_tail synthetic disparity",
		LB_PARAMS(stable_params),
	},
	.version = 1,
	.make = make_stable,
};

/* ---- unlabelled_mixture ---- */

enum { UNL_ROWS, UNL_FEATURES, UNL_LABELLED, UNL_UNLABELLED, UNL_SCALE, UNL_SHIFT };
static const struct lb_param unlabelled_params[] = {
	[UNL_ROWS] = { .name = "rows", .symbol = "N", .type = LB_INT_PARAM, .def = 3000, .min = 1, .max = 100000000,
		       .help = "rows in all: those with labels, those without, then rows to test on, with labels" },
	[UNL_FEATURES] = { .name = "features", .symbol = "d", .type = LB_INT_PARAM, .def = 200, .min = 1, .max = 100000, .help = "features" },
	[UNL_LABELLED] = { .name = "labelled", .symbol = "m", .type = LB_INT_PARAM, .def = 20, .min = 0, .max = 100000000,
			   .help = "first rows, with labels" },
	[UNL_UNLABELLED] = { .name = "unlabelled", .symbol = "n", .type = LB_INT_PARAM, .def = 1000, .min = 0, .max = 100000000,
			     .help = "rows after them, whose label is -1 (not known)" },
	[UNL_SCALE] = { .name = "scale", .symbol = "s", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 1e6, .min_open = true,
			.help = "standard deviation of each feature within a class" },
	[UNL_SHIFT] = { .name = "shift", .symbol = "a", .type = LB_REAL_PARAM, .def = 0, .min = 0, .max = 1e6, .grid = { 0, 0.5 }, .n_grid = 2,
			.help = "how far the centres of the rows without labels are off" },
	LB_GENERATOR_SEED,
};

/* A random direction. */
static void draw_unit(struct lb_rng *r, double *v, size_t d)
{
	double sum = 0;

	for (size_t j = 0; j < d; j++) {
		v[j] = lb_rng_normal(r);
		sum += v[j] * v[j];
	}
	for (size_t j = 0; j < d; j++)
		v[j] /= sqrt(sum);
}

static void draw_unlabelled(const struct lb_arg *par, const double *mean, const double *aside, uint64_t seed, struct lb_table *t)
{
	const size_t d = (size_t)par[UNL_FEATURES].v, labelled = (size_t)par[UNL_LABELLED].v, end = labelled + (size_t)par[UNL_UNLABELLED].v;
	struct lb_rng r;

	for (size_t i = 0; i < t->n; i++) {
		const bool hidden = i >= labelled && i < end;
		lb_rng_init(&r, seed, LB_RNG_GENERATOR, i + 1);
		const double positive = lb_rng_unit(&r) < 0.5, shift = hidden ? par[UNL_SHIFT].v : 0;
		for (size_t j = 0; j < d; j++)
			t->col[j].num[i] = (2 * positive - 1) * (mean[j] + shift * aside[j]) + par[UNL_SCALE].v * lb_rng_normal(&r);
		t->col[d].num[i] = hidden ? -1 : positive;
	}
}

static int make_unlabelled(const struct lb_arg *par, enum lb_kind kind, uint64_t seed, struct lb_table *out, struct lb_err *err)
{
	const size_t n = (size_t)par[UNL_ROWS].v, d = (size_t)par[UNL_FEATURES].v;
	double *unit = lb_alloc(2 * d, sizeof *unit, err);
	struct lb_rng r;
	int rc = -1;

	(void)kind;
	*out = (struct lb_table){ 0 };
	if (unit && !lb_generator_columns(out, n, d, "target", 1, err)) {
		lb_rng_init(&r, seed, LB_RNG_GENERATOR, 0);
		draw_unit(&r, unit, d);
		draw_unit(&r, unit + d, d);
		draw_unlabelled(par, unit, unit + d, seed, out);
		rc = 0;
	}
	free(unit);
	return lb_generator_finish(out, "unlabelled_mixture", rc);
}

const struct lb_generator lb_generator_unlabelled_mixture = {
	.base = {
		.name = "unlabelled_mixture",
		.tasks = 1u << LB_MULTILABEL,
		.title = "Two normal classes, a few rows with labels, many without, and rows to test on",
		.cite = "A. H. Saberi, A. Najafi, A. Heidari, M. H. Movasaghinia, A. Motahari, B. H. Khalaj, Out-of-domain unlabeled data improves "
			"generalization, ICLR 2024",
		.formula = "t = 1 or -1; x ~ N(t u, s^2 I), of rows without label N(t (u + a v), s^2 I); u and v are random directions of length 1",
		.notes = "One label, 1 where t = 1. With data.split {first: m + n} the rows with and without labels train, the others test. The "
			 "best accuracy is Phi(1 / s).",
		.keywords = "semi_supervised self_training synthetic",
		LB_PARAMS(unlabelled_params),
	},
	.version = 1,
	.make = make_unlabelled,
};
