#include "datasets/table/column_moments.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void lb_moments_free(struct lb_moments *s)
{
	free(s->min);
	free(s->max);
	free(s->mean);
	free(s->var);
	free(s->count);
	*s = (struct lb_moments){ 0 };
}

static int make_room(struct lb_moments *s, size_t d, struct lb_err *err)
{
	double **const array[] = { &s->min, &s->max, &s->mean, &s->var, &s->count };

	for (size_t k = 0; k < sizeof array / sizeof *array; k++)
		if (!(*array[k] = lb_alloc(d, sizeof(double), err)))
			return -1;
	for (size_t j = 0; j < d; j++) {
		s->min[j] = HUGE_VAL;
		s->max[j] = -HUGE_VAL;
	}
	return 0;
}

static size_t row_at(const uint32_t *rows, size_t i)
{
	return rows ? rows[i] : i;
}

/* ---- bytes: whole numbers, so that sums are exact in any order ---- */

enum { LANES = 16, FLUSH = 65536 };

struct byte_sums {
	uint32_t *sum, *square;  /* of at most FLUSH rows */
	uint64_t *all, *all_square;
	uint8_t *min, *max;
};

static void add_lanes(const uint8_t *x, uint32_t *restrict sum, uint32_t *restrict square, uint8_t *restrict min, uint8_t *restrict max)
{
	for (int j = 0; j < LANES; j++) {
		const uint32_t v = x[j];
		sum[j] += v;
		square[j] += v * v;
	}
	for (int j = 0; j < LANES; j++) {
		min[j] = x[j] < min[j] ? x[j] : min[j];
		max[j] = x[j] > max[j] ? x[j] : max[j];
	}
}

static void add_bytes(const struct byte_sums *b, const uint8_t *x, size_t d)
{
	uint8_t rest[LANES] = { 0 };
	size_t j = 0;

	for (; j + LANES <= d; j += LANES)
		add_lanes(x + j, b->sum + j, b->square + j, b->min + j, b->max + j);
	if (j < d) {
		memcpy(rest, x + j, d - j);
		add_lanes(rest, b->sum + j, b->square + j, b->min + j, b->max + j);
	}
}

static void flush(const struct byte_sums *b, size_t d)
{
	for (size_t j = 0; j < d; j++) {
		b->all[j] += b->sum[j];
		b->all_square[j] += b->square[j];
		b->sum[j] = b->square[j] = 0;
	}
}

static void settle_bytes(const struct byte_sums *b, size_t d, size_t n, struct lb_moments *s)
{
	for (size_t j = 0; j < d; j++) {
		const double count = (double)n, sum = (double)b->all[j];
		s->count[j] = count;
		s->mean[j] = sum / count;
		s->min[j] = b->min[j];
		s->max[j] = b->max[j];
		if (n < (size_t)1 << 24)
			s->var[j] = (double)(n * b->all_square[j] - b->all[j] * b->all[j]) / count / count;
		else
			s->var[j] = fmax(0, (double)b->all_square[j] / count - s->mean[j] * s->mean[j]);
	}
}

static int of_bytes(const struct lb_matrix *m, const uint32_t *rows, size_t n, struct lb_moments *s, struct lb_err *err)
{
	const size_t d = m->d, wide = d + LANES;
	const struct byte_sums b = {
		.sum = lb_alloc(wide, sizeof *b.sum, err), .square = lb_alloc(wide, sizeof *b.square, err),
		.all = lb_alloc(wide, sizeof *b.all, err), .all_square = lb_alloc(wide, sizeof *b.all_square, err),
		.min = lb_alloc(wide, 1, err), .max = lb_alloc(wide, 1, err),
	};
	const bool room = b.sum && b.square && b.all && b.all_square && b.min && b.max;

	if (room) {
		memset(b.min, 255, wide);
		for (size_t i = 0; i < n; i++) {
			add_bytes(&b, (const uint8_t *)m->x + row_at(rows, i) * d, d);
			if (i % FLUSH == FLUSH - 1)
				flush(&b, d);
		}
		flush(&b, d);
		if (n)
			settle_bytes(&b, d, n, s);
	}
	free(b.sum);
	free(b.square);
	free(b.all);
	free(b.all_square);
	free(b.min);
	free(b.max);
	return room ? 0 : -1;
}

/* ---- others ---- */

static void see(struct lb_moments *s, size_t j, double v)
{
	if (isnan(v))
		return;
	s->min[j] = v < s->min[j] ? v : s->min[j];
	s->max[j] = v > s->max[j] ? v : s->max[j];
	s->mean[j] += v;
	s->count[j]++;
}

static void divide(double *sum, const double *count, size_t d)
{
	for (size_t j = 0; j < d; j++)
		sum[j] /= fmax(count[j], 1);
}

static int of_dense(const struct lb_matrix *m, const uint32_t *rows, size_t n, struct lb_moments *s, struct lb_err *err)
{
	const size_t d = m->d;
	double *x = lb_alloc(d, sizeof *x, err);

	if (!x)
		return -1;
	for (size_t i = 0; i < n; i++) {
		lb_matrix_row(m, row_at(rows, i), x);
		for (size_t j = 0; j < d; j++)
			see(s, j, x[j]);
	}
	divide(s->mean, s->count, d);
	for (size_t i = 0; i < n; i++) {
		lb_matrix_row(m, row_at(rows, i), x);
		for (size_t j = 0; j < d; j++) {
			const double v = x[j] - s->mean[j];
			s->var[j] += isnan(v) ? 0 : v * v;
		}
	}
	divide(s->var, s->count, d);
	free(x);
	return 0;
}

/* What is left out is 0, and counts. */
static void of_sparse(const struct lb_matrix *m, const uint32_t *rows, size_t n, struct lb_moments *s)
{
	const size_t d = m->d;

	for (size_t i = 0; i < n; i++)
		for (size_t row = row_at(rows, i), k = m->start[row]; k < m->start[row + 1]; k++)
			see(s, m->column[k], lb_matrix_value(m, k));
	for (size_t j = 0; j < d; j++) {
		const double zeros = (double)n - s->count[j];
		s->mean[j] /= fmax((double)n, 1);
		s->var[j] = zeros * s->mean[j] * s->mean[j];
		if (zeros > 0) {
			s->min[j] = fmin(s->min[j], 0);
			s->max[j] = fmax(s->max[j], 0);
		}
		s->count[j] = (double)n;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t row = row_at(rows, i), k = m->start[row]; k < m->start[row + 1]; k++) {
			const double v = lb_matrix_value(m, k) - s->mean[m->column[k]];
			s->var[m->column[k]] += v * v;
		}
	divide(s->var, s->count, d);
}

int lb_moments_of(const struct lb_matrix *m, const uint32_t *rows, size_t n, struct lb_moments *out, struct lb_err *err)
{
	int rc = 0;

	*out = (struct lb_moments){ 0 };
	if (make_room(out, m->d, err))
		rc = -1;
	else if (m->start)
		of_sparse(m, rows, n, out);
	else if (m->dtype == LB_U8)
		rc = of_bytes(m, rows, n, out, err);
	else
		rc = of_dense(m, rows, n, out, err);
	if (rc)
		lb_moments_free(out);
	return rc;
}
