/* Rows transposed into columns, LB_PANEL rows at a time with a row a lane, and the softmax of
 * these; for core/engine/kernels/kernels.c alone. Column k of a transposed panel of rows is at k *
 * LB_PANEL, in LB_PARTS vectors. */
#ifndef LB_SOFTMAX_LANES_H
#define LB_SOFTMAX_LANES_H

#include "core/engine/kernels/simd_math.h"

/* Transposes a square of LB_VECTOR x LB_VECTOR: rows `row` apart, of which those beyond `rows`, at
 * least 1, are read as the last one, to columns LB_PANEL apart. */
LB_INLINE void turn_lanes(const real *x, size_t row, size_t rows, real *column)
{
	lb_lanes square[LB_VECTOR];

#pragma GCC unroll 16
	for (size_t i = 0; i < LB_VECTOR; i++)
		square[i] = lb_load(x + (i < rows ? i : rows - 1) * row);
	lb_turn(square);
#pragma GCC unroll 16
	for (size_t i = 0; i < LB_VECTOR; i++)
		lb_store(column + i * LB_PANEL, square[i]);
}

/* The same of a panel: `rows` of LB_PANEL columns. */
LB_INLINE void load_transposed(const real *x, size_t row, size_t rows, real *column)
{
	for (size_t i = 0; i < LB_PANEL; i += LB_VECTOR)
		for (size_t k = 0; k < LB_PANEL; k += LB_VECTOR)
			turn_lanes(i < rows ? x + i * row + k : x + (rows - 1) * row + k, row, i < rows ? rows - i : 1, column + k * LB_PANEL + i);
}

/* Back, into the rows that there are. */
LB_INLINE void store_transposed(const real *column, real *x, size_t row, size_t rows)
{
	lb_lanes square[LB_VECTOR];

	for (size_t i = 0; i < rows; i += LB_VECTOR)
		for (size_t k = 0; k < LB_PANEL; k += LB_VECTOR) {
#pragma GCC unroll 16
			for (size_t q = 0; q < LB_VECTOR; q++)
				square[q] = lb_load(column + (k + q) * LB_PANEL + i);
			lb_turn(square);
			for (size_t q = 0; q < LB_VECTOR && i + q < rows; q++)
				lb_store(x + (i + q) * row + k, square[q]);
		}
}

/* The labels of a panel of rows, the last one repeated. */
struct labels {
	int32_t y[LB_PANEL] __attribute__((aligned(64)));
	real number[LB_PANEL] __attribute__((aligned(64)));
};

LB_INLINE void load_labels(struct labels *l, const int32_t *y, size_t rows)
{
	for (size_t i = 0; i < LB_PANEL; i++)
		l->y[i] = y[i < rows ? i : rows - 1];
	for (size_t i = 0; i < LB_PANEL; i++)
		l->number[i] = (real)l->y[i];
}

/* Of each row of part p, the value in its label's column. */
LB_INLINE lb_lanes own_value(const real *column, const struct labels *l, size_t p)
{
	const size_t first = p * LB_VECTOR;
	real own[LB_VECTOR] __attribute__((aligned(LB_WIDTH)));

	for (size_t i = 0; i < LB_VECTOR; i++)
		own[i] = column[(size_t)l->y[first + i] * LB_PANEL + first + i];
	return lb_load(own);
}

/* What the columns of LB_VECTOR rows give, one row a lane. */
struct lane_sums {
	lb_lanes own, term, rest, sum, lp, top;
};

/* The softmax of the scores z by columns, of the rows of part p: its terms into e. */
LB_INLINE struct lane_sums softmax_lanes(size_t c, const real *z, const struct labels *label, size_t p, real *e)
{
	struct lane_sums s = { .own = own_value(z, label, p) };
	const size_t first = p * LB_VECTOR;
	const lb_lanes own = lb_load(label->number + first);
	lb_lanes most = lb_load(z + first), number = { 0 };
	lb_doubles rest[LB_WIDENED] = { 0 }, sum[LB_WIDENED];

	for (size_t k = 1; k < c; k++) {
		const lb_lanes score = lb_load(z + k * LB_PANEL + first);
		const lb_bits more = score > most;
		number += 1;
		most = lb_select(more, score, most);
		s.top = lb_select(more, number, s.top);
	}
	number = (lb_lanes){ 0 };
	for (size_t k = 0; k < c; k++, number += 1) {
		const lb_lanes term = lb_exp_below(lb_load(z + k * LB_PANEL + first) - most);
		lb_store(e + k * LB_PANEL + first, term);
		lb_add_wide(rest, lb_select(own == number, (lb_lanes){ 0 }, term));
	}
	s.term = own_value(e, label, p);
	memcpy(sum, rest, sizeof sum);
	lb_add_wide(sum, s.term);
	s.rest = lb_narrowed(rest);
	s.sum = lb_narrowed(sum);
	s.lp = lb_select(s.term >= 1, -lb_log1p(s.rest), (s.own - most) - lb_log(s.sum));
	return s;
}

/* All columns of up to LB_PANEL rows ld apart, transposed; and back, with the padding 0. */
LB_INLINE void load_columns(size_t c, size_t ld, const real *z, size_t rows, real *t)
{
	for (size_t k = 0; k < c; k += LB_PANEL)
		load_transposed(z + k, ld, rows, t + k * LB_PANEL);
}

LB_INLINE void store_columns(size_t c, size_t ld, real *t, size_t rows, real *e)
{
	memset(t + c * LB_PANEL, 0, (LB_PADDED(c) - c) * LB_PANEL * sizeof *t);
	for (size_t k = 0; k < c; k += LB_PANEL)
		store_transposed(t + k * LB_PANEL, e + k, ld, rows);
}

#endif
