#include "datasets/table/row_matrix.h"

#include "core/base/mem.h"
#include "datasets/table/matrix.h"

#include <stdlib.h>
#include <string.h>

enum { TOGETHER = 16 };

/* ---- growing ---- */

static int reserve(struct lb_matrix *m, size_t *cap, size_t n, enum lb_dtype type, struct lb_err *err)
{
	size_t values, bytes;

	if (__builtin_mul_overflow(n, m->d, &values) || __builtin_mul_overflow(values, lb_dtype_size(type), &bytes))
		return lb_fail_memory(err, SIZE_MAX);
	return bytes > *cap ? lb_grow(&m->x, cap, bytes, 1, err) : 0;
}

int lb_rows_reserve(struct lb_matrix *m, size_t *cap, size_t n, struct lb_err *err)
{
	return reserve(m, cap, n, m->dtype, err);
}

/* Stores by memcpy, since the old and the new values share the memory. */
static void put(void *x, enum lb_dtype type, size_t k, double v)
{
	if (type == LB_U8) {
		((uint8_t *)x)[k] = (uint8_t)v;
	} else if (type == LB_F32) {
		const float f = (float)v;
		memcpy((float *)x + k, &f, sizeof f);
	} else
		memcpy((double *)x + k, &v, sizeof v);
}

static double get(const void *x, enum lb_dtype type, size_t k)
{
	double v;
	float f;

	if (type == LB_U8)
		return ((const uint8_t *)x)[k];
	if (type == LB_F32) {
		memcpy(&f, (const float *)x + k, sizeof f);
		return (double)f;
	}
	memcpy(&v, (const double *)x + k, sizeof v);
	return v;
}

/* In place, the last value first. */
static int widen(struct lb_matrix *m, size_t *cap, enum lb_dtype to, struct lb_err *err)
{
	const size_t rows = *cap / (m->d * lb_dtype_size(m->dtype));

	if (reserve(m, cap, rows, to, err))
		return -1;
	for (size_t k = m->n * m->d; k--;)
		put(m->x, to, k, get(m->x, m->dtype, k));
	m->dtype = to;
	return 0;
}

int lb_rows_add(struct lb_matrix *m, size_t *cap, const double *v, struct lb_err *err)
{
	const size_t at = m->n * m->d;
	enum lb_dtype type = m->dtype;

	for (size_t j = 0; j < m->d && type < LB_F64; j++)
		type = lb_type_of(v[j]) > type ? lb_type_of(v[j]) : type;
	if (type != m->dtype && widen(m, cap, type, err))
		return -1;
	if (type == LB_F64)
		memcpy((double *)m->x + at, v, m->d * sizeof *v);
	else
		for (size_t j = 0; j < m->d; j++)
			put(m->x, type, at + j, v[j]);
	m->n++;
	return 0;
}

/* ---- taking columns ---- */

int lb_rows_column(const struct lb_matrix *m, size_t j, double **num, struct lb_err *err)
{
	if (!(*num = lb_alloc(m->n, sizeof **num, err)))
		return -1;
	for (size_t i = 0; i < m->n; i++)
		(*num)[i] = lb_matrix_value(m, i * m->d + j);
	return 0;
}

/* Several columns at a time, so that a row is in the cache for all of them. */
int lb_rows_spread(struct lb_table *t, struct lb_err *err)
{
	double *to[TOGETHER];
	size_t at[TOGETHER], n = 0;

	for (size_t j = 0; j < t->rows.d; j++) {
		struct lb_column *c = &t->col[j];
		if (c->type == LB_NUMBER) {
			if (!(c->num = lb_alloc(t->n, sizeof *c->num, err)))
				return -1;
			to[n] = c->num;
			at[n++] = j;
		}
		if (n < TOGETHER && j + 1 < t->rows.d)
			continue;
		for (size_t i = 0; i < t->n; i++)
			for (size_t k = 0; k < n; k++)
				to[k][i] = lb_matrix_value(&t->rows, i * t->rows.d + at[k]);
		n = 0;
	}
	lb_matrix_free(&t->rows);
	return 0;
}

static bool is_ascending(const size_t *column, size_t k)
{
	size_t j = 1;

	while (j < k && column[j] > column[j - 1])
		j++;
	return j >= k;
}

int lb_rows_pick(struct lb_matrix *m, const size_t *column, size_t k, struct lb_err *err)
{
	const size_t size = lb_dtype_size(m->dtype), old = m->d * size;
	const bool ordered = is_ascending(column, k);
	char *copy = lb_alloc(ordered ? 0 : m->d, size, err), *to = m->x;

	if (!copy)
		return -1;
	for (size_t i = 0; i < m->n; i++) {
		char *row = (char *)m->x + i * old;
		if (!ordered)
			row = memcpy(copy, row, old);
		for (size_t j = 0, run; j < k; j += run) {
			for (run = 1; j + run < k && column[j + run] == column[j] + run;)
				run++;
			memmove(to, row + column[j] * size, run * size);
			to += run * size;
		}
	}
	m->d = k;
	free(copy);
	return lb_matrix_fit(m, err);
}
