/* How well clusters of embeddings agree with the classes. */
#include "core/base/mem.h"
#include "core/metrics/unit_rows.h"
#include "core/numeric/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DISTANCE, STARTS };
enum { COSINE, EUCLIDEAN };
static const char *const distances[] = { "cosine", "euclidean", NULL };
enum { MOST_ROUNDS = 300 };

static const struct lb_param params[] = {
	[DISTANCE] = { .name = "distance", .symbol = "distance", .type = LB_CHOICE_PARAM, .choices = distances, .def = COSINE,
		       .help = "clusters of rows of length 1, or of rows as they are" },
	[STARTS] = { .name = "starts", .symbol = "starts", .type = LB_INT_PARAM, .def = 10, .min = 1, .max = 1000, .help = "times that k-means begins anew; the best counts" },
};

/* k-means of n rows of d columns. */
struct kmeans {
	size_t n, d, k;
	const double *x;         /* (n,d) */
	double *mean;            /* (k,d) */
	double *least;           /* (n) squared distance to the nearest mean */
	size_t *size;            /* (k) */
	int32_t *in;             /* (n) */
};

static double apart(const struct kmeans *m, size_t i, size_t k)
{
	const double *a = m->x + i * m->d, *b = m->mean + k * m->d;
	double sum = 0;

	for (size_t j = 0; j < m->d; j++)
		sum += (a[j] - b[j]) * (a[j] - b[j]);
	return sum;
}

/* k-means++: each next mean is a row drawn by its squared distance to the nearest so far. */
static void begin(struct kmeans *m, struct lb_rng *rng)
{
	size_t row = lb_rng_below(rng, m->n);

	for (size_t i = 0; i < m->n; i++)
		m->least[i] = (double)INFINITY;
	for (size_t k = 0; k < m->k; k++) {
		double total = 0;
		memcpy(m->mean + k * m->d, m->x + row * m->d, m->d * sizeof *m->mean);
		for (size_t i = 0; i < m->n; i++) {
			m->least[i] = fmin(m->least[i], apart(m, i, k));
			total += m->least[i];
		}
		double left = lb_rng_unit(rng) * total;
		for (row = 0; row + 1 < m->n && left >= m->least[row]; row++)
			left -= m->least[row];
	}
}

/* Puts each row to its nearest mean; returns the sum of squared distances. */
static double assign(struct kmeans *m)
{
	double sum = 0;

	for (size_t i = 0; i < m->n; i++) {
		m->least[i] = (double)INFINITY;
		for (size_t k = 0; k < m->k; k++) {
			const double far = apart(m, i, k);
			if (far < m->least[i]) {
				m->least[i] = far;
				m->in[i] = (int32_t)k;
			}
		}
		sum += m->least[i];
	}
	return sum;
}

/* A cluster without rows keeps its mean. */
static void move(struct kmeans *m)
{
	memset(m->size, 0, m->k * sizeof *m->size);
	for (size_t i = 0; i < m->n; i++)
		m->size[m->in[i]]++;
	for (size_t k = 0; k < m->k; k++)
		for (size_t j = 0; m->size[k] && j < m->d; j++)
			m->mean[k * m->d + j] = 0;
	for (size_t i = 0; i < m->n; i++)
		for (size_t j = 0; j < m->d; j++)
			m->mean[(size_t)m->in[i] * m->d + j] += m->x[i * m->d + j] / (double)m->size[m->in[i]];
}

/* best (n) <- the clusters of the start with the least sum of squares. */
static void cluster(struct kmeans *m, size_t starts, int32_t *best)
{
	double least = (double)INFINITY;

	for (size_t s = 0; s < starts; s++) {
		struct lb_rng rng;
		double sum = (double)INFINITY, before;
		lb_rng_init(&rng, 0, LB_RNG_CLUSTERS, s);
		begin(m, &rng);
		for (int round = 0; round < MOST_ROUNDS; round++) {
			before = sum;
			sum = assign(m);
			if (!(sum < before))
				break;
			move(m);
		}
		if (sum < least) {
			least = sum;
			memcpy(best, m->in, m->n * sizeof *best);
		}
	}
}

/* What two partitions of n rows have in common. */
struct overlap {
	size_t n, a, b;          /* rows, blocks of each */
	double *size_a, *size_b, *both; /* (a), (b), (a,b) */
};

static double entropy(const double *size, size_t k, double n)
{
	double sum = 0;

	for (size_t i = 0; i < k; i++)
		sum -= size[i] > 0 ? size[i] / n * log(size[i] / n) : 0;
	return sum;
}

static double information(const struct overlap *o)
{
	const double n = (double)o->n;
	double sum = 0;

	for (size_t i = 0; i < o->a; i++)
		for (size_t j = 0; j < o->b; j++) {
			const double both = o->both[i * o->b + j];
			sum += both > 0 ? both / n * log(n * both / (o->size_a[i] * o->size_b[j])) : 0;
		}
	return sum;
}

static double log_factorial(double k)
{
	int sign;

	return lgamma_r(k + 1, &sign);
}

/* The information that partitions of these sizes have by chance: hypergeometric. */
static double expected(const struct overlap *o)
{
	const double n = (double)o->n;
	double sum = 0;

	for (size_t i = 0; i < o->a; i++)
		for (size_t j = 0; j < o->b; j++) {
			const double a = o->size_a[i], b = o->size_b[j], fixed = log_factorial(a) + log_factorial(b) + log_factorial(n - a) + log_factorial(n - b) - log_factorial(n);
			for (double k = fmax(1, a + b - n); k <= fmin(a, b); k++)
				sum += k / n * log(n * k / (a * b)) * exp(fixed - log_factorial(k) - log_factorial(a - k) - log_factorial(b - k) - log_factorial(n - a - b + k));
		}
	return sum;
}

static size_t blocks(const double *size, size_t k)
{
	size_t n = 0;

	for (size_t i = 0; i < k; i++)
		n += size[i] > 0;
	return n;
}

static double nmi_of(const struct overlap *o)
{
	const double a = entropy(o->size_a, o->a, (double)o->n), b = entropy(o->size_b, o->b, (double)o->n);

	return a + b > 0 ? information(o) / ((a + b) / 2) : 1;
}

/* The denominator is kept away from 0, as scikit-learn does. */
static double ami_of(const struct overlap *o)
{
	const size_t a = blocks(o->size_a, o->a), b = blocks(o->size_b, o->b);
	const double half = (entropy(o->size_a, o->a, (double)o->n) + entropy(o->size_b, o->b, (double)o->n)) / 2, chance = expected(o);
	const double tiny = 2.220446049250313e-16, by = half - chance;

	if (a == b && (a == 1 || a == o->n))
		return 1;
	return (information(o) - chance) / (by < 0 ? fmin(by, -tiny) : fmax(by, tiny));
}

static int open_kmeans(struct kmeans *m, const struct lb_metric_inputs *o, size_t classes, double **x, int32_t **best, const struct lb_arg *par, struct lb_err *err)
{
	*m = (struct kmeans){ .n = o->n, .d = o->dimension, .k = classes };
	*x = lb_embedding_rows(o, o->n, 1, par[DISTANCE].v < EUCLIDEAN, err);
	*best = lb_alloc(m->n, sizeof **best, err);
	m->x = *x;
	m->mean = lb_alloc(m->k * m->d, sizeof *m->mean, err);
	m->least = lb_alloc(m->n, sizeof *m->least, err);
	m->size = lb_alloc(m->k, sizeof *m->size, err);
	m->in = lb_alloc(m->n, sizeof *m->in, err);
	return *x && *best && m->mean && m->least && m->size && m->in ? 0 : -1;
}

static int agreement(const struct lb_metric_inputs *o, const struct lb_arg *par, double (*of)(const struct overlap *o), double *value, struct lb_err *err)
{
	struct kmeans m = { 0 };
	double *x = NULL;
	int32_t *best = NULL;
	size_t present = 0;

	*value = (double)NAN;
	if (!o->embedding || !o->n)
		return 0;
	double *size = lb_alloc(o->n_classes, sizeof *size, err);
	for (size_t i = 0; size && i < o->n; i++)
		size[o->label[i]]++;
	present = size ? blocks(size, o->n_classes) : 0;
	struct overlap both = { .n = o->n, .a = o->n_classes, .b = present, .size_a = size };
	both.size_b = lb_alloc(present, sizeof *size, err);
	both.both = lb_alloc(o->n_classes * present, sizeof *size, err);
	const int rc = size && both.size_b && both.both && !open_kmeans(&m, o, present, &x, &best, par, err) ? 0 : -1;
	if (!rc) {
		cluster(&m, (size_t)par[STARTS].v, best);
		for (size_t i = 0; i < o->n; i++) {
			both.size_b[best[i]]++;
			both.both[(size_t)o->label[i] * present + (size_t)best[i]]++;
		}
		*value = of(&both);
	}
	free(size);
	free(both.size_b);
	free(both.both);
	free(x);
	free(best);
	free(m.mean);
	free(m.least);
	free(m.size);
	free(m.in);
	return rc;
}

static int nmi(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	return agreement(o, par, nmi_of, value, err);
}

static int ami(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	return agreement(o, par, ami_of, value, err);
}

/* clang-format off */
#define CLUSTERS(metric, heading, source, what) \
	const struct lb_metric lb_metric_##metric = { \
		.base = { .name = #metric, .tasks = 1u << LB_MULTICLASS, .title = heading, .cite = source, .formula = what, \
			  .notes = "Clusters by k-means from k-means++ starts of a seed of its own, as many as the split has classes. Natural logarithms. " \
				   LB_EMBEDDINGS_ARE, \
			  .keywords = "clustering k_means mutual_information metric_learning embedding", .on_request = true, LB_PARAMS(params) }, \
		.higher_is_better = true, .decisions = true, .embeddings = true, .eval = metric, \
	}
/* clang-format on */

CLUSTERS(nmi, "Normalised mutual information of classes and clusters of embeddings", "A. Strehl, J. Ghosh, Cluster ensembles, JMLR 3, 2002; with the "
	 "arithmetic mean, as scikit-learn", "I(classes, clusters) / ((H(classes) + H(clusters)) / 2),  1 where both are one block");
CLUSTERS(ami, "Mutual information of classes and clusters of embeddings, adjusted for chance", "N. X. Vinh, J. Epps, J. Bailey, Information theoretic measures "
	 "for clusterings comparison, JMLR 11, 2010", "(I - E I) / ((H(classes) + H(clusters)) / 2 - E I),  E over partitions with blocks of these sizes");
