#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/numeric/rng.h"
#include "datasets/synthetic/generators.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Streams of LB_RNG_GENERATOR: 0 for what all rows share (means, coefficients), i + 1 for row i, so
 * that the first rows of a longer table are those of a shorter one. */

/* ---- tables of numbers ---- */

int lb_generator_columns(struct lb_table *t, size_t n, size_t features, const char *last, size_t n_last, struct lb_err *err)
{
	*t = (struct lb_table){ .n = n, .has_header = true, .col = lb_alloc(features + n_last, sizeof *t->col, err) };
	if (!t->col)
		return -1;
	t->n_cols = features + n_last;
	for (size_t j = 0; j < t->n_cols; j++) {
		struct lb_column *c = &t->col[j];
		c->type = LB_NUMBER;
		c->num = lb_alloc(n, sizeof *c->num, err);
		if (j < features)
			c->name = lb_strfmt(err, "x%zu", j + 1);
		else
			c->name = n_last == 1 ? lb_strdup(last, err) : lb_strfmt(err, "%s_%zu", last, j - features + 1);
		if (!c->num || !c->name)
			return -1;
	}
	return 0;
}

int lb_generator_finish(struct lb_table *t, const char *name, int rc)
{
	if (rc)
		lb_table_free(t);
	else
		t->format = name;
	return rc;
}

/* ---- gaussian_mixture ---- */

enum { MIX_ROWS, MIX_FEATURES, MIX_CLASSES, MIX_SEPARATION, MIX_MARGIN, MIX_SCALE, MIX_PRIORS, MIX_MEANS };
static const struct lb_param mixture_params[] = {
	[MIX_ROWS] = LB_GENERATOR_ROWS,
	[MIX_FEATURES] = { .name = "features", .symbol = "d", .type = LB_INT_PARAM, .def = 10, .min = 1, .max = 100000, .help = "features" },
	[MIX_CLASSES] = { .name = "classes", .symbol = "C", .type = LB_INT_PARAM, .def = 2, .min = 2, .max = 10000,
			  .help = "classes; 2 when the task is binary" },
	[MIX_SEPARATION] = { .name = "separation", .symbol = "s", .type = LB_REAL_PARAM, .def = 2, .min = 0, .max = 1e6,
			     .grid = { 1, 2, 4 }, .n_grid = 3, .help = "distance of the two class means that are nearest to each other" },
	[MIX_MARGIN] = { .name = "margin", .symbol = "m", .type = LB_REAL_PARAM, .def = 0, .min = 0, .max = 1e6,
			 .help = "rows nearer than this to the boundary are drawn again; at most separation / 2" },
	[MIX_SCALE] = { .name = "scale", .symbol = "r", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 1e6, .min_open = true,
			.help = "standard deviation of each feature within a class" },
	[MIX_PRIORS] = { .name = "priors", .type = LB_REALS_PARAM, .min = 0, .max = 1e6,
			 .help = "class shares, in any unit; empty: equal" },
	[MIX_MEANS] = { .name = "means", .symbol = "mu", .type = LB_REALS_PARAM,
			.help = "C x d numbers, class by class; empty: drawn, and scaled to the separation" },
	LB_GENERATOR_SEED,
};

struct mixture {
	size_t d, classes;
	double separation, margin, scale;
	double *mean;                /* (classes, d) */
	double *upto;                /* (classes) cumulative priors */
};

static double distance2(const double *a, const double *b, size_t d)
{
	double sum = 0;

	for (size_t j = 0; j < d; j++)
		sum += (a[j] - b[j]) * (a[j] - b[j]);
	return sum;
}

static double nearest_means(const struct mixture *m)
{
	double nearest = HUGE_VAL;

	for (size_t a = 0; a < m->classes; a++)
		for (size_t b = 0; b < a; b++)
			nearest = fmin(nearest, distance2(m->mean + a * m->d, m->mean + b * m->d, m->d));
	return sqrt(nearest);
}

/* Normal directions, centred, scaled so that the nearest two are `separation` apart. */
static void draw_means(struct mixture *m, uint64_t seed)
{
	const size_t d = m->d, n = m->classes;
	struct lb_rng r;

	lb_rng_init(&r, seed, LB_RNG_GENERATOR, 0);
	for (size_t k = 0; k < n * d; k++)
		m->mean[k] = lb_rng_normal(&r);
	const double nearest = nearest_means(m);
	for (size_t j = 0; j < d; j++) {
		double centre = 0;
		for (size_t c = 0; c < n; c++)
			centre += m->mean[c * d + j] / (double)n;
		for (size_t c = 0; c < n; c++)
			m->mean[c * d + j] = (m->mean[c * d + j] - centre) * m->separation / nearest;
	}
}

static int set_means(struct mixture *m, const struct lb_arg *means, uint64_t seed, struct lb_err *err)
{
	if (!means->n) {
		draw_means(m, seed);
		return 0;
	}
	if (means->n != m->classes * m->d)
		return lb_fail(err, LB_CONFIG, "data.generator.means: found %zu number%s, expected %zu (classes) x %zu (features)", means->n,
			       lb_s(means->n), m->classes, m->d);
	memcpy(m->mean, means->list, means->n * sizeof *m->mean);
	m->separation = nearest_means(m);
	return 0;
}

static int add_priors(struct mixture *m, const struct lb_arg *priors, struct lb_err *err)
{
	double sum = 0;

	if (priors->n && priors->n != m->classes)
		return lb_fail(err, LB_CONFIG, "data.generator.priors: found %zu number%s, expected one for each of %zu classes",
			       priors->n, lb_s(priors->n), m->classes);
	for (size_t c = 0; c < m->classes; c++)
		m->upto[c] = sum += priors->n ? priors->list[c] : 1;
	if (!(sum > 0))
		return lb_fail(err, LB_CONFIG, "data.generator.priors: all are 0; at least one must be positive");
	for (size_t c = 0; c < m->classes; c++)
		m->upto[c] /= sum;
	return 0;
}

/* How far x is from the boundary between the two means that are nearest to it. */
static double boundary_distance(const struct mixture *m, const double *x)
{
	double first = HUGE_VAL, second = HUGE_VAL;
	size_t a = 0, b = 0;

	for (size_t c = 0; c < m->classes; c++) {
		const double v = distance2(x, m->mean + c * m->d, m->d);
		if (v < first) {
			second = first;
			b = a;
			first = v;
			a = c;
		} else if (v < second) {
			second = v;
			b = c;
		}
	}
	const double gap = sqrt(distance2(m->mean + a * m->d, m->mean + b * m->d, m->d));
	return gap > 0 ? (second - first) / (2 * gap) : 0;
}

static int draw_row(const struct mixture *m, struct lb_rng *r, double *x, size_t *class, struct lb_err *err)
{
	enum { TRIES = 10000 };
	const double u = lb_rng_unit(r);

	for (*class = 0; *class + 1 < m->classes && u >= m->upto[*class];)
		++*class;
	for (int k = 0; k < TRIES; k++) {
		for (size_t j = 0; j < m->d; j++)
			x[j] = m->mean[*class * m->d + j] + m->scale * lb_rng_normal(r);
		if (m->margin <= 0 || boundary_distance(m, x) >= m->margin)
			return 0;
	}
	return lb_fail(err, LB_CONFIG,
		       "data.generator.margin: %d draws for a row of class %zu were all nearer than %g to the boundary; "
		       "lower the margin, or raise separation or features",
		       TRIES, *class, m->margin);
}

static int draw_mixture(const struct mixture *m, uint64_t seed, double *x, struct lb_table *t, struct lb_err *err)
{
	struct lb_rng r;
	size_t class;

	for (size_t i = 0; i < t->n; i++) {
		lb_rng_init(&r, seed, LB_RNG_GENERATOR, i + 1);
		if (draw_row(m, &r, x, &class, err))
			return -1;
		for (size_t j = 0; j < m->d; j++)
			t->col[j].num[i] = x[j];
		t->col[m->d].num[i] = (double)class;
	}
	return 0;
}

static int check_margin(const struct mixture *m, struct lb_err *err)
{
	if (m->margin > m->separation / 2)
		return lb_fail(err, LB_CONFIG, "data.generator.margin: found %g, allowed at most half the separation, %g",
			       m->margin, m->separation / 2);
	return 0;
}

static int make_mixture(const struct lb_arg *par, enum lb_kind kind, uint64_t seed, struct lb_table *out, struct lb_err *err)
{
	struct mixture m = {
		.d = (size_t)par[MIX_FEATURES].v,
		.classes = (size_t)par[MIX_CLASSES].v,
		.separation = par[MIX_SEPARATION].v,
		.margin = par[MIX_MARGIN].v,
		.scale = par[MIX_SCALE].v,
	};
	double *x = NULL;
	int rc = -1;

	*out = (struct lb_table){ 0 };
	if (kind == LB_BINARY && m.classes != 2)
		return lb_fail(err, LB_CONFIG, "data.generator.classes: found %zu, allowed 2 when the task is binary", m.classes);
	m.mean = lb_alloc(m.classes * m.d, sizeof *m.mean, err);
	m.upto = lb_alloc(m.classes, sizeof *m.upto, err);
	x = lb_alloc(m.d, sizeof *x, err);
	if (!m.mean || !m.upto || !x || add_priors(&m, &par[MIX_PRIORS], err) || set_means(&m, &par[MIX_MEANS], seed, err) ||
	    check_margin(&m, err))
		goto out;
	if (lb_generator_columns(out, (size_t)par[MIX_ROWS].v, m.d, "label", 1, err))
		goto out;
	rc = draw_mixture(&m, seed, x, out, err);
out:
	free(m.mean);
	free(m.upto);
	free(x);
	return lb_generator_finish(out, "gaussian_mixture", rc);
}

const struct lb_generator lb_generator_gaussian_mixture = {
	.base = {
		.name = "gaussian_mixture",
		.tasks = LB_CLASS_TASKS,
		.title = "One spherical normal distribution a class",
		.cite = "Fisher, The use of multiple measurements in taxonomic problems, Annals of Eugenics 7, 1936 (normal classes of equal "
			"covariance)",
		.formula = "y ~ priors; x | y ~ N(mu_y, r^2 I); the means are normal, centred, and scaled so that min |mu_a - mu_b| = s",
		.notes = "With two classes, equal priors and m = 0 the Bayes error is Phi(-s / (2 r)). The boundary of `margin` is the plane half "
			 "way between the two means that are nearest to a row, the Bayes boundary for equal priors; a row keeps its class "
			 "on either side of it, so margin > 0 leaves a gap, not separable classes.",
		.keywords = "blobs normal synthetic",
		LB_PARAMS(mixture_params),
	},
	.version = 1,
	.make = make_mixture,
};

/* ---- diagonal_gaussians ---- */

enum { DIAG_ROWS, DIAG_FEATURES, DIAG_CLASSES, DIAG_FIRST, DIAG_BASE, DIAG_WIDE_SHARE, DIAG_WIDE, DIAG_NARROW };
static const struct lb_param diagonal_params[] = {
	[DIAG_ROWS] = LB_GENERATOR_ROWS,
	[DIAG_FEATURES] = { .name = "features", .symbol = "d", .type = LB_INT_PARAM, .def = 100, .min = 1, .max = 100000, .help = "features" },
	[DIAG_CLASSES] = { .name = "classes", .symbol = "C", .type = LB_INT_PARAM, .def = 2, .min = 2, .max = 64,
			   .help = "classes; 2 when the task is binary" },
	[DIAG_FIRST] = { .name = "first_mean", .symbol = "a", .type = LB_REAL_PARAM, .def = -1, .min = -1e6, .max = 1e6,
			 .help = "mean of every feature in the first class" },
	[DIAG_BASE] = { .name = "base", .symbol = "b", .type = LB_REAL_PARAM, .def = 2, .min = 0, .max = 1e3, .min_open = true,
			.help = "the means of the other classes are 1, b, b^2, ..." },
	[DIAG_WIDE_SHARE] = { .name = "wide_share", .symbol = "p", .type = LB_REAL_PARAM, .def = 0.5, .min = 0, .max = 1,
			      .help = "share of features, the first ones, that have the wide variance" },
	[DIAG_WIDE] = { .name = "wide_variance", .symbol = "v", .type = LB_REAL_PARAM, .def = 0, .min = 0, .max = 1e12,
			.help = "their variance; 0: the number of features" },
	[DIAG_NARROW] = { .name = "variance", .symbol = "u", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 1e12, .min_open = true,
			  .help = "variance of the other features" },
	LB_GENERATOR_SEED,
};

static void draw_diagonal(const struct lb_arg *par, uint64_t seed, struct lb_table *t)
{
	const size_t d = (size_t)par[DIAG_FEATURES].v, classes = (size_t)par[DIAG_CLASSES].v;
	const size_t wide = (size_t)(par[DIAG_WIDE_SHARE].v * (double)d + 1e-9);
	const double wide_sd = sqrt(par[DIAG_WIDE].v > 0 ? par[DIAG_WIDE].v : (double)d), sd = sqrt(par[DIAG_NARROW].v);
	struct lb_rng r;

	for (size_t i = 0; i < t->n; i++) {
		const size_t class = i % classes;
		const double mean = class == 0 ? par[DIAG_FIRST].v : pow(par[DIAG_BASE].v, (double)(class - 1));
		lb_rng_init(&r, seed, LB_RNG_GENERATOR, i + 1);
		for (size_t j = 0; j < d; j++)
			t->col[j].num[i] = mean + (j < wide ? wide_sd : sd) * lb_rng_normal(&r);
		t->col[d].num[i] = (double)class;
	}
}

static int make_diagonal(const struct lb_arg *par, enum lb_kind kind, uint64_t seed, struct lb_table *out, struct lb_err *err)
{
	int rc = -1;

	*out = (struct lb_table){ 0 };
	if (kind == LB_BINARY && par[DIAG_CLASSES].v != 2)
		return lb_fail(err, LB_CONFIG, "data.generator.classes: found %g, allowed 2 when the task is binary", par[DIAG_CLASSES].v);
	if (!lb_generator_columns(out, (size_t)par[DIAG_ROWS].v, (size_t)par[DIAG_FEATURES].v, "label", 1, err)) {
		draw_diagonal(par, seed, out);
		rc = 0;
	}
	return lb_generator_finish(out, "diagonal_gaussians", rc);
}

const struct lb_generator lb_generator_diagonal_gaussians = {
	.base = {
		.name = "diagonal_gaussians",
		.tasks = LB_CLASS_TASKS,
		.title = "Normal classes that share one diagonal covariance, wide in half of the features",
		.cite = "Zheng et al., Revisiting Discriminative vs. Generative Classifiers, ICML 2023, simulation",
		.formula = "row i is of class i mod C; x | class 0 ~ N(a 1, S), x | class k ~ N(b^(k-1) 1, S), S = diag(v, ..., v, u, ..., u) with "
			   "floor(p d) times v",
		.notes = "Naive Bayes is the true model. Between two classes with means m apart the Bayes error is Phi(-D/2), "
			 "D^2 = m^2 (floor(p d)/v + (d - floor(p d))/u). Classes take turns, so all prefixes are balanced; every split by shares "
			 "shuffles.",
		.keywords = "naive_bayes normal synthetic",
		LB_PARAMS(diagonal_params),
	},
	.version = 1,
	.make = make_diagonal,
};

/* ---- registry ---- */

const struct lb_info *const lb_generators[] = {
#define LB_GENERATOR(name) &lb_generator_##name.base,
#include "datasets/synthetic/generators.def"
#undef LB_GENERATOR
	NULL
};

size_t lb_generator_count(void)
{
	return sizeof lb_generators / sizeof *lb_generators - 1;
}

const struct lb_generator *lb_generator_at(size_t i)
{
	return (const struct lb_generator *)lb_generators[i];
}
