#include "core/engine/data/row_clusters.h"

#include "core/base/mem.h"
#include "core/numeric/rng.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 4096, SAMPLE_EACH = 4, ROUNDS = 20, CHUNK = 512 };

struct clusters {
	size_t d, k, n;          /* features, means, rows of the sample */
	double *x;               /* (n, d) the sample */
	double *mean, *sum;      /* (k, d) */
	double *least;           /* (n) squared distance to the nearest mean */
	size_t *size;            /* (k) */
	int32_t *in;             /* (n) */
	uint32_t *order;         /* rows, shuffled: the sample comes first */
	struct lb_input_batch input;
};

static double squared_distance(size_t d, const double *a, const double *b)
{
	double sum = 0;

	for (size_t j = 0; j < d; j++)
		sum += (a[j] - b[j]) * (a[j] - b[j]);
	return sum;
}

/* The mean nearest to x, and how far it is. */
static int32_t nearest(const struct clusters *c, const double *x, double *least)
{
	int32_t at = 0;

	*least = (double)INFINITY;
	for (size_t k = 0; k < c->k; k++) {
		const double apart = squared_distance(c->d, x, c->mean + k * c->d);
		if (apart < *least) {
			*least = apart;
			at = (int32_t)k;
		}
	}
	return at;
}

static void set_mean(struct clusters *c, size_t k, size_t row)
{
	memcpy(c->mean + k * c->d, c->x + row * c->d, c->d * sizeof *c->mean);
}

/* k-means++: each next mean is a row of the sample, drawn by its squared distance to the nearest so
 * far. */
static void begin(struct clusters *c, struct lb_rng *rng)
{
	size_t row = lb_rng_below(rng, c->n);

	for (size_t i = 0; i < c->n; i++)
		c->least[i] = (double)INFINITY;
	for (size_t k = 0; k < c->k; k++) {
		double total = 0;
		set_mean(c, k, row);
		for (size_t i = 0; i < c->n; i++) {
			c->least[i] = fmin(c->least[i], squared_distance(c->d, c->x + i * c->d, c->mean + k * c->d));
			total += c->least[i];
		}
		double left = lb_rng_unit(rng) * total;
		for (row = 0; row + 1 < c->n && left >= c->least[row]; row++)
			left -= c->least[row];
	}
}

/* Moves each mean to that of its rows, and one without any to the row that is farthest from its
 * own. */
static void round_of_means(struct clusters *c)
{
	memset(c->sum, 0, c->k * c->d * sizeof *c->sum);
	memset(c->size, 0, c->k * sizeof *c->size);
	for (size_t i = 0; i < c->n; i++) {
		c->in[i] = nearest(c, c->x + i * c->d, &c->least[i]);
		c->size[c->in[i]]++;
		for (size_t j = 0; j < c->d; j++)
			c->sum[(size_t)c->in[i] * c->d + j] += c->x[i * c->d + j];
	}
	for (size_t k = 0; k < c->k; k++) {
		size_t far = 0;
		for (size_t i = 1; c->size[k] == 0 && i < c->n; i++)
			far = c->least[i] > c->least[far] ? i : far;
		if (c->size[k] == 0) {
			set_mean(c, k, far);
			c->least[far] = 0;
		}
		for (size_t j = 0; c->size[k] && j < c->d; j++)
			c->mean[k * c->d + j] = c->sum[k * c->d + j] / (double)c->size[k];
	}
}

/* Reads the rows chunk by chunk: into the sample, or, once there are means, each row's cluster. */
static void read_rows(struct clusters *c, const uint32_t *rows, size_t n, double *row, int32_t *cluster)
{
	double apart;

	for (size_t start = 0; start < n; start += CHUNK) {
		const size_t b = n - start < CHUNK ? n - start : CHUNK;
		lb_input_batch_load(&c->input, rows + start, b, NULL);
		for (size_t i = 0; i < b; i++) {
			double *to = cluster ? row : c->x + (start + i) * c->d;
			for (size_t j = 0; j < c->d; j++)
				to[j] = (double)c->input.x[i * c->d + j];
			if (cluster)
				cluster[start + i] = nearest(c, row, &apart);
		}
	}
}

static void close_clusters(struct clusters *c)
{
	free(c->x);
	free(c->mean);
	free(c->sum);
	free(c->least);
	free(c->size);
	free(c->in);
	free(c->order);
	lb_input_batch_close(&c->input);
}

static int open_clusters(struct clusters *c, const struct lb_encoding *e, size_t rows, struct lb_err *err)
{
	return !(c->x = lb_alloc((c->n + 1) * c->d, sizeof *c->x, err)) || !(c->mean = lb_alloc(c->k * c->d, sizeof *c->mean, err)) ||
			       !(c->sum = lb_alloc(c->k * c->d, sizeof *c->sum, err)) || !(c->least = lb_alloc(c->n, sizeof *c->least, err)) ||
			       !(c->size = lb_alloc(c->k, sizeof *c->size, err)) || !(c->in = lb_alloc(c->n, sizeof *c->in, err)) ||
			       !(c->order = lb_alloc(rows, sizeof *c->order, err)) || lb_input_batch_open(&c->input, e, false, CHUNK, 0, err) ?
		       -1 :
		       0;
}

int lb_row_clusters(const struct lb_encoding *e, const uint32_t *rows, size_t n, size_t k, uint64_t seed, int32_t *cluster, struct lb_err *err)
{
	const size_t most = SAMPLE_EACH * k > SAMPLE ? SAMPLE_EACH * k : SAMPLE;
	struct clusters c = { .d = e->d, .k = k, .n = n < most ? n : most };
	struct lb_rng rng;
	const int rc = open_clusters(&c, e, n, err);

	if (!rc) {
		lb_rng_init(&rng, seed, LB_RNG_CLUSTERS, 0);
		memcpy(c.order, rows, n * sizeof *rows);
		lb_rng_shuffle(&rng, c.order, n);
		read_rows(&c, c.order, c.n, NULL, NULL);
		begin(&c, &rng);
		for (int round = 0; round < ROUNDS; round++)
			round_of_means(&c);
		read_rows(&c, rows, n, c.x + c.n * c.d, cluster);
	}
	close_clusters(&c);
	return rc;
}
