/* Generators whose targets or labels are linear in normal features. */
#include "core/base/mem.h"
#include "core/numeric/rng.h"
#include "datasets/synthetic/generators.h"

#include <math.h>
#include <stdlib.h>

/* Streams of LB_RNG_GENERATOR as in generators.c: 0 for what all rows share, i + 1 for row i. */

/* ---- linear_regression ---- */

enum { LIN_ROWS, LIN_FEATURES, LIN_TARGETS, LIN_NOISE, LIN_SPECTRUM, LIN_SIGNAL, LIN_SEED };
static const struct lb_param linear_params[] = {
	[LIN_ROWS] = LB_GENERATOR_ROWS,
	[LIN_FEATURES] = { .name = "features", .symbol = "d", .type = LB_INT_PARAM, .def = 10, .min = 1, .max = 100000, .help = "features" },
	[LIN_TARGETS] = { .name = "targets", .symbol = "T", .type = LB_INT_PARAM, .def = 1, .min = 1, .max = 1000, .help = "targets" },
	[LIN_NOISE] = { .name = "noise", .symbol = "s", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 1e6,
			.help = "standard deviation of the noise on each target" },
	[LIN_SPECTRUM] = { .name = "spectrum", .symbol = "a", .type = LB_REAL_PARAM, .def = 0, .min = 0, .max = 100, .help = "how fast variances fall: feature j has j^-a" },
	[LIN_SIGNAL] = { .name = "signal", .symbol = "b", .type = LB_REAL_PARAM, .def = 0, .min = 0, .max = 100,
			 .help = "how fast what features contribute to a target falls: feature j in proportion to j^-b of its variance, which is 1 without noise; "
				 "0: coefficients are standard normal" },
	[LIN_SEED] = LB_GENERATOR_SEED,
};

/* w (targets, d) <- coefficients; sd: of the features. */
static void draw_coefficients(const struct lb_arg *par, const double *sd, uint64_t seed, double *w)
{
	const size_t d = (size_t)par[LIN_FEATURES].v, targets = (size_t)par[LIN_TARGETS].v;
	const double b = par[LIN_SIGNAL].v;
	double total = 0;
	struct lb_rng r;

	lb_rng_init(&r, seed, LB_RNG_GENERATOR, 0);
	for (size_t k = 0; k < d * targets; k++)
		w[k] = lb_rng_normal(&r);
	for (size_t j = 0; j < d; j++)
		total += pow((double)(j + 1), -b);
	for (size_t k = 0; k < d * targets && b > 0; k++)
		w[k] = copysign(sqrt(pow((double)(k % d + 1), -b) / total) / sd[k % d], w[k]);
}

static void draw_linear(const double *w, const double *sd, double noise, size_t d, size_t targets, uint64_t seed, struct lb_table *t)
{
	struct lb_rng r;

	for (size_t i = 0; i < t->n; i++) {
		lb_rng_init(&r, seed, LB_RNG_GENERATOR, i + 1);
		for (size_t j = 0; j < d; j++)
			t->col[j].num[i] = sd[j] * lb_rng_normal(&r);
		for (size_t k = 0; k < targets; k++) {
			double y = noise * lb_rng_normal(&r);
			for (size_t j = 0; j < d; j++)
				y += t->col[j].num[i] * w[k * d + j];
			t->col[d + k].num[i] = y;
		}
	}
}

static int make_linear(const struct lb_arg *par, enum lb_kind kind, uint64_t seed, struct lb_table *out, struct lb_err *err)
{
	const size_t d = (size_t)par[LIN_FEATURES].v, targets = (size_t)par[LIN_TARGETS].v;
	double *w = lb_alloc(d * targets, sizeof *w, err), *sd = lb_alloc(d, sizeof *sd, err);
	int rc = -1;

	(void)kind;
	*out = (struct lb_table){ 0 };
	if (!w || !sd || lb_generator_columns(out, (size_t)par[LIN_ROWS].v, d, "target", targets, err))
		goto out;
	for (size_t j = 0; j < d; j++)
		sd[j] = pow((double)(j + 1), -par[LIN_SPECTRUM].v / 2);
	draw_coefficients(par, sd, seed, w);
	draw_linear(w, sd, par[LIN_NOISE].v, d, targets, seed, out);
	rc = 0;
out:
	free(w);
	free(sd);
	return lb_generator_finish(out, "linear_regression", rc);
}

const struct lb_generator lb_generator_linear_regression = {
	.base = {
		.name = "linear_regression",
		.tasks = 1u << LB_REGRESSION,
		.title = "Targets linear in normal features, with normal noise",
		.cite = "Gauss, Theoria combinationis observationum erroribus minimis obnoxiae, 1823 (the linear model with equal error "
			"variance)",
		.formula = "x_j ~ N(0, j^-a); t = W x + s e; e has standard normal entries, and so has W, or with b > 0 W_kj = +-sqrt(j^(a-b)/sum_i i^-b)",
		.notes = "The smallest expected squared error is s^2. The target column is named target; several are target_1, target_2, ..., and "
			 "are all targets when data.label is not given.",
		.keywords = "synthetic least_squares",
		LB_PARAMS(linear_params),
	},
	.version = 1,
	.make = make_linear,
};

/* ---- linear_labels ---- */

enum { LAB_ROWS, LAB_FEATURES, LAB_LABELS, LAB_SCALE, LAB_FREQUENT, LAB_RARE, LAB_UNKNOWN };
static const struct lb_param labels_params[] = {
	[LAB_ROWS] = LB_GENERATOR_ROWS,
	[LAB_FEATURES] = { .name = "features", .symbol = "d", .type = LB_INT_PARAM, .def = 10, .min = 1, .max = 100000, .help = "features" },
	[LAB_LABELS] = { .name = "labels", .symbol = "C", .type = LB_INT_PARAM, .def = 8, .min = 1, .max = 10000, .help = "labels" },
	[LAB_SCALE] = { .name = "scale", .symbol = "s", .type = LB_REAL_PARAM, .def = 3, .min = 0, .max = 1e6, .grid = { 1, 3, 10 },
			.n_grid = 3, .help = "standard deviation of the true log-odds: how sure the labels are" },
	[LAB_FREQUENT] = { .name = "frequent", .symbol = "b_1", .type = LB_REAL_PARAM, .def = 0, .min = -100, .max = 100,
			   .help = "mean log-odds of the first label" },
	[LAB_RARE] = { .name = "rare", .symbol = "b_C", .type = LB_REAL_PARAM, .def = -4, .min = -100, .max = 100,
		       .help = "mean log-odds of the last label; those between lie on a line" },
	[LAB_UNKNOWN] = { .name = "unknown", .symbol = "u", .type = LB_REAL_PARAM, .def = 0, .min = 0, .max = 1, .max_open = true,
			  .grid = { 0, 0.5, 0.9 }, .n_grid = 3, .help = "share of entries that are not known" },
	LB_GENERATOR_SEED,
};

static void draw_labels(const struct lb_arg *par, const double *w, size_t d, size_t labels, uint64_t seed, struct lb_table *t)
{
	const double low = par[LAB_FREQUENT].v, step = labels > 1 ? (par[LAB_RARE].v - low) / (double)(labels - 1) : 0;
	struct lb_rng r;

	for (size_t i = 0; i < t->n; i++) {
		lb_rng_init(&r, seed, LB_RNG_GENERATOR, i + 1);
		for (size_t j = 0; j < d; j++)
			t->col[j].num[i] = lb_rng_normal(&r);
		for (size_t k = 0; k < labels; k++) {
			double odds = 0;
			for (size_t j = 0; j < d; j++)
				odds += t->col[j].num[i] * w[k * d + j];
			odds = low + step * (double)k + par[LAB_SCALE].v * odds;
			const double there = lb_rng_unit(&r) * (1 + exp(-odds)) < 1, known = lb_rng_unit(&r) >= par[LAB_UNKNOWN].v;
			t->col[d + k].num[i] = known > 0 ? there : -1;
		}
	}
}

/* Weights of each label have length 1, so that its log-odds have the scale as their standard
 * deviation. */
static int make_labels(const struct lb_arg *par, enum lb_kind kind, uint64_t seed, struct lb_table *out, struct lb_err *err)
{
	const size_t d = (size_t)par[LAB_FEATURES].v, labels = (size_t)par[LAB_LABELS].v;
	double *w = lb_alloc(d * labels, sizeof *w, err);
	struct lb_rng r;
	int rc = -1;

	(void)kind;
	*out = (struct lb_table){ 0 };
	if (!w || lb_generator_columns(out, (size_t)par[LAB_ROWS].v, d, "target", labels, err))
		goto out;
	lb_rng_init(&r, seed, LB_RNG_GENERATOR, 0);
	for (size_t k = 0; k < labels; k++) {
		double length = 0;
		for (size_t j = 0; j < d; j++) {
			w[k * d + j] = lb_rng_normal(&r);
			length += w[k * d + j] * w[k * d + j];
		}
		for (size_t j = 0; j < d; j++)
			w[k * d + j] /= sqrt(length);
	}
	draw_labels(par, w, d, labels, seed, out);
	rc = 0;
out:
	free(w);
	return lb_generator_finish(out, "linear_labels", rc);
}

const struct lb_generator lb_generator_linear_labels = {
	.base = {
		.name = "linear_labels",
		.tasks = 1u << LB_MULTILABEL,
		.title = "Several labels a row, each with log-odds linear in normal features, from frequent to rare",
		.cite = "D. R. Cox, The regression analysis of binary sequences, JRSS B 20, 1958 (the logistic model, one a label)",
		.formula = "x ~ N(0, I_d); P(y_k = 1) = sigmoid(b_k + s <w_k, x>), |w_k| = 1, b_k from b_1 to b_C in equal steps",
		.notes = "A linear model with ml_bce can reach the truth. With unknown = u each entry is -1 (not known) with probability u, whatever "
			 "its label.",
		.keywords = "synthetic multilabel partial long_tail",
		LB_PARAMS(labels_params),
	},
	.version = 1,
	.make = make_labels,
};
