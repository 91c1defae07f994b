#include "core/engine/data/batch_csr.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Values lo .. hi of the matrix, scaled, each computed in double and rounded once. */
static void scaled(const struct lb_encoding *e, size_t lo, size_t hi, real *out)
{
	const struct lb_matrix *m = &e->data->x;
	const uint32_t *column = m->column;

	if (m->dtype == LB_U8)
		for (size_t k = lo; k < hi; k++)
			*out++ = (real)((double)((const uint8_t *)m->x)[k] * e->scale[column[k]]);
	else if (m->dtype == LB_F32)
		for (size_t k = lo; k < hi; k++)
			*out++ = (real)((double)((const float *)m->x)[k] * e->scale[column[k]]);
	else
		for (size_t k = lo; k < hi; k++)
			*out++ = (real)(((const double *)m->x)[k] * e->scale[column[k]]);
}

static bool is_unscaled(const struct lb_encoding *e)
{
	size_t plain = 0;

	while (plain < e->data->x.d && !(e->scale[plain] < 1) && !(e->scale[plain] > 1))
		plain++;
	return plain == e->data->x.d;
}

/* Whether the matrix holds the encoded values as they are. */
static bool is_encoded(const struct lb_encoding *e)
{
	return e->data->x.dtype == (sizeof(real) == sizeof(float) ? LB_F32 : LB_F64) && is_unscaled(e);
}

/* out <- all values of the matrix, which are not scaled. */
static void converted(const struct lb_matrix *m, real *out)
{
	const size_t n = m->start[m->n];

	if (m->dtype == LB_U8)
		for (size_t k = 0; k < n; k++)
			out[k] = ((const uint8_t *)m->x)[k];
	else if (m->dtype == LB_F32)
		for (size_t k = 0; k < n; k++)
			out[k] = (real)((const float *)m->x)[k];
	else
		for (size_t k = 0; k < n; k++)
			out[k] = (real)((const double *)m->x)[k];
}

/* Reads the rows from where the matrix has them. */
static int open_in_place(struct lb_csr *c, const struct lb_encoding *e, struct lb_err *err)
{
	const struct lb_matrix *m = &e->data->x;

	c->in_place = true;
	c->column = m->column;
	c->value = m->x;
	if (is_encoded(e))
		return 0;
	if (!(c->value = c->own_value = lb_alloc_raw(m->start[m->n], sizeof *c->own_value, err)))
		return -1;
	if (is_unscaled(e))
		converted(m, c->own_value);
	else
		scaled(e, 0, m->start[m->n], c->own_value);
	return 0;
}

int lb_csr_open(struct lb_csr *c, const struct lb_encoding *e, size_t max_rows, unsigned how, struct lb_err *err)
{
	const struct lb_matrix *m = &e->data->x;
	const bool repeats = how & LB_ROWS_REPEAT;
	size_t longest = 0, room = 0;

	*c = (struct lb_csr){ .d = e->d };
	if (!(c->start = lb_alloc(max_rows, sizeof *c->start, err)) || !(c->end = lb_alloc(max_rows, sizeof *c->end, err)))
		return -1;
	if (!e->data->n_cat && (how & LB_ROWS_READ_OFTEN || is_encoded(e)))
		return open_in_place(c, e, err);
	for (size_t i = 0; i < m->n; i++)
		longest = m->start[i + 1] - m->start[i] > longest ? m->start[i + 1] - m->start[i] : longest;
	const bool overflow = __builtin_mul_overflow(longest, max_rows, &room);
	if (overflow && repeats)
		return lb_fail_memory(err, SIZE_MAX);
	if (!repeats && (overflow || room > m->start[m->n]))
		room = m->start[m->n];
	room += e->data->n_cat * max_rows;
	c->column = c->own_column = lb_alloc(room, sizeof *c->own_column, err);
	c->value = c->own_value = lb_alloc(room, sizeof *c->own_value, err);
	return c->column && c->value ? 0 : -1;
}

/* Copies one row's entries to place `to` and on. Returns the place after them. */
static size_t copy_row(struct lb_csr *c, const struct lb_encoding *e, uint32_t row, size_t to)
{
	const struct lb_dataset *data = e->data;
	const size_t lo = data->x.start[row], hi = data->x.start[row + 1];

	memcpy(c->own_column + to, data->x.column + lo, (hi - lo) * sizeof *c->own_column);
	scaled(e, lo, hi, c->own_value + to);
	to += hi - lo;
	for (size_t k = 0; k < data->n_cat; k++) {
		const int32_t code = data->cat[k].code[row], at = code < 0 ? -1 : e->one_hot[k][code];
		if (at < 0)
			continue;
		c->own_column[to] = (uint32_t)at;
		c->own_value[to++] = 1;
	}
	return to;
}

void lb_csr_gather(struct lb_csr *c, const struct lb_encoding *e, const uint32_t *rows, size_t b)
{
	const size_t *start = e->data->x.start;
	size_t to = 0;

	c->b = b;
	for (size_t i = 0; i < b; i++) {
		c->start[i] = c->in_place ? start[rows[i]] : to;
		to = c->in_place ? start[rows[i] + 1] : copy_row(c, e, rows[i], to);
		c->end[i] = to;
	}
}

void lb_csr_close(struct lb_csr *c)
{
	free(c->start);
	free(c->end);
	free(c->own_column);
	free(c->own_value);
	*c = (struct lb_csr){ 0 };
}

void lb_sparse_row(const struct lb_encoding *e, uint32_t row, real *out)
{
	const struct lb_matrix *m = &e->data->x;

	memset(out, 0, m->d * sizeof *out);
	for (size_t k = m->start[row]; k < m->start[row + 1]; k++)
		scaled(e, k, k + 1, out + m->column[k]);
}
