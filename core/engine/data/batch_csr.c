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

int lb_csr_open(struct lb_csr *c, const struct lb_encoding *e, size_t max_rows, bool repeats, struct lb_err *err)
{
	const struct lb_matrix *m = &e->data->x;
	size_t longest = 0, room = 0;

	*c = (struct lb_csr){ .d = e->d };
	for (size_t i = 0; i < m->n; i++)
		longest = m->start[i + 1] - m->start[i] > longest ? m->start[i + 1] - m->start[i] : longest;
	const bool overflow = __builtin_mul_overflow(longest, max_rows, &room);
	if (overflow && repeats)
		return lb_fail_memory(err, SIZE_MAX);
	if (!repeats && (overflow || room > m->start[m->n]))
		room = m->start[m->n];
	room += e->data->n_cat * max_rows;
	c->start = lb_alloc(max_rows + 1, sizeof *c->start, err);
	c->column = lb_alloc(room, sizeof *c->column, err);
	c->value = lb_alloc(room, sizeof *c->value, err);
	return c->start && c->column && c->value ? 0 : -1;
}

void lb_csr_gather(struct lb_csr *c, const struct lb_encoding *e, const uint32_t *rows, size_t b)
{
	const struct lb_dataset *data = e->data;
	const struct lb_matrix *m = &data->x;
	size_t to = 0;

	c->b = b;
	for (size_t i = 0; i < b; i++) {
		const size_t lo = m->start[rows[i]], hi = m->start[rows[i] + 1];
		memcpy(c->column + to, m->column + lo, (hi - lo) * sizeof *c->column);
		scaled(e, lo, hi, c->value + to);
		to += hi - lo;
		for (size_t k = 0; k < data->n_cat; k++) {
			const int32_t code = data->cat[k].code[rows[i]], at = code < 0 ? -1 : e->one_hot[k][code];
			if (at < 0)
				continue;
			c->column[to] = (uint32_t)at;
			c->value[to++] = 1;
		}
		c->start[i + 1] = to;
	}
}

void lb_csr_close(struct lb_csr *c)
{
	free(c->start);
	free(c->column);
	free(c->value);
	*c = (struct lb_csr){ 0 };
}

void lb_sparse_row(const struct lb_encoding *e, uint32_t row, real *out)
{
	const struct lb_matrix *m = &e->data->x;

	memset(out, 0, m->d * sizeof *out);
	for (size_t k = m->start[row]; k < m->start[row + 1]; k++)
		scaled(e, k, k + 1, out + m->column[k]);
}
