#include "datasets/table/matrix.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

size_t lb_dtype_size(enum lb_dtype t)
{
	static const size_t size[] = { [LB_U8] = 1, [LB_F32] = sizeof(float), [LB_F64] = sizeof(double) };

	return size[t];
}

/* Of the values only. */
static void release(struct lb_matrix *m)
{
	if (m->map)
		munmap(m->map, m->map_bytes);
	else
		free(m->x);
	m->x = m->map = NULL;
}

void lb_matrix_free(struct lb_matrix *m)
{
	release(m);
	free(m->start);
	free(m->column);
	*m = (struct lb_matrix){ 0 };
}

size_t lb_matrix_stored(const struct lb_matrix *m)
{
	return m->start ? m->start[m->n] : m->n * m->d;
}

double lb_matrix_value(const struct lb_matrix *m, size_t k)
{
	switch (m->dtype) {
	case LB_U8:
		return ((const uint8_t *)m->x)[k];
	case LB_F32:
		return (double)((const float *)m->x)[k];
	default:
		return ((const double *)m->x)[k];
	}
}

static int by_column(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

double lb_matrix_at(const struct lb_matrix *m, size_t row, size_t column)
{
	const uint32_t key = (uint32_t)column, *at;

	if (!m->start)
		return lb_matrix_value(m, row * m->d + column);
	at = bsearch(&key, m->column + m->start[row], m->start[row + 1] - m->start[row], sizeof key, by_column);
	return at ? lb_matrix_value(m, (size_t)(at - m->column)) : 0;
}

static void scatter_row(const struct lb_matrix *m, size_t row, double *out)
{
	memset(out, 0, m->d * sizeof *out);
	for (size_t k = m->start[row]; k < m->start[row + 1]; k++)
		out[m->column[k]] = lb_matrix_value(m, k);
}

void lb_matrix_row(const struct lb_matrix *m, size_t row, double *out)
{
	const size_t d = m->d, at = row * d;
	const void *x = m->x;

	if (m->start)
		scatter_row(m, row, out);
	else if (m->dtype == LB_U8)
		for (size_t j = 0; j < d; j++)
			out[j] = ((const uint8_t *)x)[at + j];
	else if (m->dtype == LB_F32)
		for (size_t j = 0; j < d; j++)
			out[j] = (double)((const float *)x)[at + j];
	else if (d)
		memcpy(out, (const double *)x + at, d * sizeof *out);
}

bool lb_matrix_has_nan(const struct lb_matrix *m)
{
	const size_t n = m->dtype == LB_U8 ? 0 : lb_matrix_stored(m);
	const float *f = m->x;
	const double *x = m->x;
	bool found = false;

	if (m->dtype == LB_F32)
		for (size_t k = 0; k < n; k++)
			found |= isnan(f[k]);
	else
		for (size_t k = 0; k < n; k++)
			found |= isnan(x[k]);
	return found;
}

static inline bool is_byte(double v)
{
	return v >= 0 && v <= 255 && v == (double)(int)v && !signbit(v);
}

static inline bool is_double(double v)
{
	return !isnan(v) && (fabs(v) > 3.4028234663852886e38 || (double)(float)v != v);
}

enum lb_dtype lb_type_of(double v)
{
	return is_byte(v) ? LB_U8 : is_double(v) ? LB_F64 : LB_F32;
}

enum lb_dtype lb_narrowest(const double *v, size_t n)
{
	size_t i = 0;

	while (i < n && is_byte(v[i]))
		i++;
	if (i == n)
		return LB_U8;
	for (i = 0; i < n; i++)
		if (is_double(v[i]))
			return LB_F64;
	return LB_F32;
}

/* A new array of the n stored values in another type that holds them all. */
static void *converted(const struct lb_matrix *m, size_t n, enum lb_dtype to, struct lb_err *err)
{
	void *x = lb_alloc(n, lb_dtype_size(to), err);

	for (size_t k = 0; x && k < n; k++)
		if (to == LB_U8)
			((uint8_t *)x)[k] = (uint8_t)lb_matrix_value(m, k);
		else if (to == LB_F32)
			((float *)x)[k] = (float)lb_matrix_value(m, k);
		else
			((double *)x)[k] = lb_matrix_value(m, k);
	return x;
}

static int convert(struct lb_matrix *m, enum lb_dtype to, struct lb_err *err)
{
	if (m->dtype == to)
		return 0;
	void *x = converted(m, lb_matrix_stored(m), to, err);
	if (!x)
		return -1;
	release(m);
	m->x = x;
	m->dtype = to;
	return 0;
}

int lb_matrix_narrow(struct lb_matrix *m, struct lb_err *err)
{
	return m->dtype == LB_F64 ? convert(m, lb_narrowest(m->x, lb_matrix_stored(m)), err) : 0;
}

int lb_matrix_fit(struct lb_matrix *m, struct lb_err *err)
{
	enum lb_dtype type = LB_U8;

	for (size_t k = 0; k < lb_matrix_stored(m) && type < m->dtype; k++) {
		const enum lb_dtype own = lb_type_of(lb_matrix_value(m, k));
		type = own > type ? own : type;
	}
	return convert(m, type, err);
}

static int refuse_map(const struct lb_matrix *m, const char *what, struct lb_err *err)
{
	return m->map ? lb_fail(err, LB_DATA, "%s cannot be done with an array that does not fit into data.max_memory: it is read from the disk as it "
				"is; write the array as it is to be trained on, in one file, or raise data.max_memory", what) : 0;
}

static int append_places(struct lb_matrix *a, const struct lb_matrix *b, struct lb_err *err)
{
	const size_t na = lb_matrix_stored(a), nb = lb_matrix_stored(b);
	size_t *start = lb_concat(a->start, a->n, b->start, b->n + 1, sizeof *start, err);
	uint32_t *column = start ? lb_concat(a->column, na, b->column, nb, sizeof *column, err) : NULL;

	if (!column) {
		free(start);
		return -1;
	}
	for (size_t i = a->n; i <= a->n + b->n; i++)
		start[i] += na;
	free(a->start);
	free(a->column);
	a->start = start;
	a->column = column;
	return 0;
}

/* Makes room for nb values after the na of a: large ones move to new addresses without being
 * copied. */
static int extend(struct lb_matrix *a, size_t na, size_t nb, struct lb_err *err)
{
	size_t n, bytes;

	if (__builtin_add_overflow(na, nb, &n) || __builtin_mul_overflow(n, lb_dtype_size(a->dtype), &bytes))
		return lb_fail_memory(err, SIZE_MAX);
	void *x = realloc(a->x, bytes ? bytes : 1);
	if (!x)
		return lb_fail_memory(err, bytes);
	a->x = x;
	return 0;
}

int lb_matrix_append(struct lb_matrix *a, struct lb_matrix *b, struct lb_err *err)
{
	const enum lb_dtype type = a->dtype > b->dtype ? a->dtype : b->dtype;
	const size_t na = lb_matrix_stored(a), nb = lb_matrix_stored(b);

	if (refuse_map(a, "joining the rows of several files", err) || refuse_map(b, "joining the rows of several files", err) ||
	    convert(a, type, err) || convert(b, type, err))
		return -1;
	if (extend(a, na, nb, err) || (a->start && append_places(a, b, err)))
		return -1;
	lb_move_out((char *)a->x + na * lb_dtype_size(type), b->x, nb * lb_dtype_size(type));
	a->n += b->n;
	return 0;
}

int lb_matrix_keep_rows(struct lb_matrix *m, const bool *keep, struct lb_err *err)
{
	const size_t size = lb_dtype_size(m->dtype);
	size_t to = 0, rows = 0, next = 0;
	char *x = m->x;

	for (size_t i = 0; m->map && i < m->n; i++)
		if (!keep[i])
			return refuse_map(m, "leaving out rows", err);
	for (size_t i = 0; i < m->n; i++) {
		const size_t from = m->start ? next : i * m->d, end = m->start ? m->start[i + 1] : from + m->d;
		next = end;
		if (!keep[i])
			continue;
		if (to < from && end > from) {
			memmove(x + to * size, x + from * size, (end - from) * size);
			if (m->start)
				memmove(m->column + to, m->column + from, (end - from) * sizeof *m->column);
		}
		to += end - from;
		rows++;
		if (m->start)
			m->start[rows] = to;
	}
	m->n = rows;
	return 0;
}

static void keep_dense(struct lb_matrix *m, const bool *keep)
{
	const size_t size = lb_dtype_size(m->dtype);
	char *to = m->x, *from = to;

	for (size_t i = 0; i < m->n; i++)
		for (size_t j = 0; j < m->d; j++, from += size)
			if (keep[j]) {
				memmove(to, from, size);
				to += size;
			}
}

static void keep_sparse(struct lb_matrix *m, const bool *keep, const uint32_t *place)
{
	const size_t size = lb_dtype_size(m->dtype);
	size_t to = 0, k = 0;
	char *x = m->x;

	for (size_t i = 0; i < m->n; i++) {
		for (; k < m->start[i + 1]; k++) {
			if (!keep[m->column[k]])
				continue;
			memmove(x + to * size, x + k * size, size);
			m->column[to++] = place[m->column[k]];
		}
		m->start[i + 1] = to;
	}
}

int lb_matrix_keep_columns(struct lb_matrix *m, const bool *keep, struct lb_err *err)
{
	uint32_t *place = refuse_map(m, "leaving out columns", err) ? NULL : lb_alloc(m->d, sizeof *place, err);
	size_t d = 0;

	if (!place)
		return -1;
	for (size_t j = 0; j < m->d; j++) {
		place[j] = (uint32_t)d;
		d += keep[j];
	}
	if (m->start)
		keep_sparse(m, keep, place);
	else
		keep_dense(m, keep);
	m->d = d;
	free(place);
	return 0;
}
