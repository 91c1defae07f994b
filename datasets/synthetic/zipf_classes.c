#include "core/base/mem.h"
#include "core/numeric/rng.h"
#include "datasets/synthetic/generators.h"

#include <math.h>
#include <stdlib.h>

enum { ZIPF_ROWS, ZIPF_FEATURES, ZIPF_CLASSES, ZIPF_EXPONENT, ZIPF_SPREAD, ZIPF_SEED };
static const struct lb_param zipf_params[] = {
	[ZIPF_ROWS] = { .name = "rows", .symbol = "n", .type = LB_INT_PARAM, .def = 20000, .min = 1, .max = 100000000, .help = "rows, at least as many as classes" },
	[ZIPF_FEATURES] = { .name = "features", .symbol = "d", .type = LB_INT_PARAM, .def = 16, .min = 1, .max = 100000, .help = "features" },
	[ZIPF_CLASSES] = { .name = "classes", .symbol = "C", .type = LB_INT_PARAM, .def = 10000, .min = 2, .max = 10000000, .help = "classes" },
	[ZIPF_EXPONENT] = { .name = "exponent", .symbol = "a", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 10, .grid = { 0, 1, 1.5 }, .n_grid = 3,
			    .help = "how fast shares fall: class k has k^-a in proportion, from 1" },
	[ZIPF_SPREAD] = { .name = "spread", .symbol = "s", .type = LB_REAL_PARAM, .def = 3, .min = 0, .max = 1e6,
			  .help = "standard deviation of the class means in each feature; that of the rows about them is 1" },
	[ZIPF_SEED] = LB_GENERATOR_SEED,
};

/* Streams of LB_RNG_GENERATOR: i + 1 for row i, and from here on k for class k. */
#define CLASS_STREAMS ((uint64_t)1 << 40)

/* upto (classes) <- cumulative shares. */
static void add_shares(size_t classes, double exponent, double *upto)
{
	double sum = 0;

	for (size_t k = 0; k < classes; k++)
		upto[k] = sum += pow((double)(k + 1), -exponent);
	for (size_t k = 0; k < classes; k++)
		upto[k] /= sum;
}

/* Returns the first class up to which the shares exceed u. */
static size_t class_at(size_t classes, const double *upto, double u)
{
	size_t low = 0, high = classes - 1;

	while (low < high) {
		const size_t middle = (low + high) / 2;
		if (upto[middle] > u)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void draw_row(const struct lb_arg *par, uint64_t seed, const double *upto, size_t row, struct lb_table *t)
{
	const size_t d = (size_t)par[ZIPF_FEATURES].v, classes = (size_t)par[ZIPF_CLASSES].v;
	struct lb_rng r, of_class;

	lb_rng_init(&r, seed, LB_RNG_GENERATOR, row + 1);
	const size_t k = row < classes ? row : class_at(classes, upto, lb_rng_unit(&r));
	lb_rng_init(&of_class, seed, LB_RNG_GENERATOR, CLASS_STREAMS + k);
	for (size_t j = 0; j < d; j++)
		t->col[j].num[row] = par[ZIPF_SPREAD].v * lb_rng_normal(&of_class) + lb_rng_normal(&r);
	t->col[d].num[row] = (double)k;
}

static int make_zipf(const struct lb_arg *par, enum lb_kind kind, uint64_t seed, struct lb_table *out, struct lb_err *err)
{
	const size_t n = (size_t)par[ZIPF_ROWS].v, classes = (size_t)par[ZIPF_CLASSES].v;
	double *upto;

	(void)kind;
	*out = (struct lb_table){ 0 };
	if (n < classes)
		return lb_fail(err, LB_CONFIG, "data.generator.rows: found %zu, allowed: at least %zu, one for each class", n, classes);
	if (!(upto = lb_alloc(classes, sizeof *upto, err)) || lb_generator_columns(out, n, (size_t)par[ZIPF_FEATURES].v, "label", 1, err)) {
		free(upto);
		return lb_generator_finish(out, NULL, -1);
	}
	add_shares(classes, par[ZIPF_EXPONENT].v, upto);
	for (size_t i = 0; i < n; i++)
		draw_row(par, seed, upto, i, out);
	free(upto);
	return lb_generator_finish(out, "zipf_classes", 0);
}

const struct lb_generator lb_generator_zipf_classes = {
	.base = {
		.name = "zipf_classes",
		.tasks = 1u << LB_MULTICLASS,
		.title = "Very many normal classes, whose sizes fall as those of words do",
		.cite = "G. K. Zipf, Human behavior and the principle of least effort, 1949",
		.formula = "P(t = k) ~ k^-a, k = 1 .. C; x ~ N(u_t, I), u_k ~ N(0, s^2 I)",
		.notes = "The first C rows have one of each class, so that all occur. Labels are 0 to C - 1, the most frequent first.",
		.keywords = "extreme_classification vocabulary long_tail power_law words synthetic",
		LB_PARAMS(zipf_params),
	},
	.version = 1,
	.make = make_zipf,
};
