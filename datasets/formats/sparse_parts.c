#include "datasets/formats/sparse_parts.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "datasets/formats/readers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *first, *second;
} names[] = {
	[LB_SPARSE_CSR] = { "indices", "indptr" }, [LB_SPARSE_CSC] = { "indices", "indptr" }, [LB_SPARSE_COO] = { "row", "col" },
};

static size_t length(const struct lb_matrix *m)
{
	return m->n * m->d;
}

/* Element k of an array as a number from 0 to most. */
static int index_at(const struct lb_sparse_parts *p, const struct lb_matrix *m, const char *name, size_t k, size_t most, size_t *v,
		    struct lb_err *err)
{
	const double x = lb_matrix_value(m, k);

	if (!(x >= 0 && x <= (double)most && x == floor(x)))
		return lb_fail(err, LB_DATA, "%s: the sparse matrix is damaged: %s[%zu] is %g, expected a whole number from 0 to %zu", p->path, name, k,
			       x, most);
	*v = (size_t)x;
	return 0;
}

static int read_shape(const struct lb_sparse_parts *p, size_t size[2], struct lb_err *err)
{
	const size_t most[2] = { LB_MAX_ROWS, p->most_columns > LB_MAX_COLUMNS ? p->most_columns : LB_MAX_COLUMNS };

	if (length(&p->shape) != 2)
		return lb_fail(err, LB_DATA, "%s: the sparse matrix has %zu dimension%s, expected 2", p->path, length(&p->shape),
			       lb_s(length(&p->shape)));
	for (size_t k = 0; k < 2; k++)
		if (index_at(p, &p->shape, "shape", k, most[k], &size[k], err))
			return -1;
	if (!size[0] || !size[1])
		return lb_fail(err, LB_DATA, "%s: the sparse matrix has %zu row%s and %zu column%s; there are no data in it", p->path, size[0],
			       lb_s(size[0]), size[1], lb_s(size[1]));
	if (size[0] > p->limit / sizeof(size_t) / 2)
		return lb_fail_too_large(p->path, size[0], size[1], p->limit, err);
	return 0;
}

/* Row and column of each of `stored` values. */
struct places {
	uint32_t *at[2];
	size_t stored;
};

/* Compressed along one side: `from` tells where each of its `lines` begins. */
static int unfold(const struct lb_sparse_parts *p, const size_t size[2], int side, struct places *out, struct lb_err *err)
{
	const size_t lines = size[side], all = length(&p->first);
	size_t from = 0, to = 0;

	if (length(&p->second) != lines + 1)
		return lb_fail(err, LB_DATA, "%s: the sparse matrix is damaged: indptr has %zu value%s, expected %zu", p->path, length(&p->second),
			       lb_s(length(&p->second)), lines + 1);
	for (size_t i = 0; i <= lines; i++, from = to) {
		if (index_at(p, &p->second, "indptr", i, all, &to, err))
			return -1;
		if (to < from || (!i && to))
			return lb_fail(err, LB_DATA, "%s: the sparse matrix is damaged: indptr[%zu] is %zu, expected %s", p->path, i, to,
				       i ? "ascending numbers" : "0");
		for (size_t k = from; k < to; k++)
			out->at[side][k] = (uint32_t)(i - 1);
	}
	out->stored = to;
	return 0;
}

static int find_places(const struct lb_sparse_parts *p, const size_t size[2], struct places *out, struct lb_err *err)
{
	const size_t all = length(&p->data);
	const int side = p->kind == LB_SPARSE_CSC;
	size_t v;

	out->stored = all;
	if (length(&p->first) != all || (p->kind == LB_SPARSE_COO && length(&p->second) != all))
		return lb_fail(err, LB_DATA, "%s: the sparse matrix is damaged: data has %zu value%s, %s %zu", p->path, all, lb_s(all),
			       length(&p->first) != all ? names[p->kind].first : names[p->kind].second,
			       length(&p->first) != all ? length(&p->first) : length(&p->second));
	if (p->kind != LB_SPARSE_COO && unfold(p, size, side, out, err))
		return -1;
	for (size_t k = 0; k < out->stored; k++) {
		const int other = p->kind == LB_SPARSE_COO ? 0 : !side;
		if (index_at(p, &p->first, names[p->kind].first, k, size[other] - 1, &v, err))
			return -1;
		out->at[other][k] = (uint32_t)v;
		if (p->kind != LB_SPARSE_COO)
			continue;
		if (index_at(p, &p->second, names[p->kind].second, k, size[1] - 1, &v, err))
			return -1;
		out->at[1][k] = (uint32_t)v;
	}
	return 0;
}

struct value {
	uint32_t column;
	double v;
};

static int by_column(const void *a, const void *b)
{
	const uint32_t x = ((const struct value *)a)->column, y = ((const struct value *)b)->column;

	return (x > y) - (x < y);
}

/* The values of one row, which are sorted, into m from `to` on; those of one column are added up.
 * Where the next row begins. */
static size_t put_row(struct lb_matrix *m, const struct value *v, size_t n, size_t to)
{
	const size_t first = to;

	for (size_t k = 0; k < n; k++) {
		if (to > first && m->column[to - 1] == v[k].column) {
			((double *)m->x)[to - 1] += v[k].v;
			continue;
		}
		m->column[to] = v[k].column;
		((double *)m->x)[to++] = v[k].v;
	}
	return to;
}

/* The values row by row: assigned to their rows first, then each row by itself. */
static int sort_values(const struct lb_sparse_parts *p, const struct places *at, struct lb_matrix *m, struct lb_err *err)
{
	struct value *v = lb_alloc(at->stored + 1, sizeof *v, err);
	size_t *next = v ? lb_alloc(m->n + 1, sizeof *next, err) : NULL, to = 0;

	if (!next) {
		free(v);
		return -1;
	}
	for (size_t k = 0; k < at->stored; k++)
		next[at->at[0][k] + 1]++;
	for (size_t i = 0; i < m->n; i++)
		next[i + 1] += next[i];
	for (size_t k = 0; k < at->stored; k++)
		v[next[at->at[0][k]]++] = (struct value){ at->at[1][k], lb_matrix_value(&p->data, k) };
	for (size_t i = 0, from = 0; i < m->n; from = next[i++]) { /* next[i] is the end of row i now */
		bool sorted = true;
		for (size_t k = from + 1; k < next[i]; k++)
			sorted &= v[k].column > v[k - 1].column;
		if (!sorted)
			qsort(v + from, next[i] - from, sizeof *v, by_column);
		m->start[i + 1] = to = put_row(m, v + from, next[i] - from, to);
	}
	free(v);
	free(next);
	return 0;
}

static int refuse_not_finite(const struct lb_sparse_parts *p, const struct lb_matrix *m, struct lb_err *err)
{
	for (size_t i = 0; i < m->n; i++)
		for (size_t k = m->start[i]; k < m->start[i + 1]; k++)
			if (!isfinite(((const double *)m->x)[k]))
				return lb_fail(err, LB_DATA, "%s: row %zu, column %zu of the sparse matrix is not finite; sparse rows have no sign for missing "
					       "values", p->path, i + 1, (size_t)m->column[k] + 1);
	return 0;
}

int lb_sparse_from_parts(const struct lb_sparse_parts *p, struct lb_matrix *out, struct lb_err *err)
{
	const size_t all = length(&p->data);
	struct places at = { 0 };
	struct lb_matrix m = { .dtype = LB_F64 };
	size_t size[2];
	int rc = read_shape(p, size, err);

	if (!rc && all > p->limit / 64)
		rc = lb_fail_too_large(p->path, size[0], size[1], p->limit, err);
	if (!rc && !((at.at[0] = lb_alloc(all, sizeof(uint32_t), err)) && (at.at[1] = lb_alloc(all, sizeof(uint32_t), err)) &&
		     (m.start = lb_alloc(size[0] + 1, sizeof *m.start, err)) && (m.column = lb_alloc(all, sizeof *m.column, err)) &&
		     (m.x = lb_alloc(all, sizeof(double), err))))
		rc = -1;
	m.n = rc ? 0 : size[0];
	m.d = rc ? 0 : size[1];
	if (!rc && !find_places(p, size, &at, err) && !sort_values(p, &at, &m, err) && !refuse_not_finite(p, &m, err) && !lb_matrix_narrow(&m, err)) {
		*out = m;
		m = (struct lb_matrix){ 0 };
	} else
		rc = -1;
	free(at.at[0]);
	free(at.at[1]);
	lb_matrix_free(&m);
	return rc;
}
