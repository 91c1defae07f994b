/* Rows transposed into columns, LB_PANEL rows at a time with a row a lane, and the softmax of
 * these; for core/engine/kernels/kernels.c alone. */
#ifndef LB_SOFTMAX_LANES_H
#define LB_SOFTMAX_LANES_H

#include "core/engine/kernels/simd_math.h"

/* A square of rows `row` apart transposed into columns; rows beyond `rows` are read as the last
 * one. */
LB_INLINE void load_transposed(const real *x, size_t row, size_t rows, lb_lanes column[LB_PANEL])
{
#if defined __AVX512F__
#pragma GCC unroll 16
	for (size_t i = 0; i < LB_PANEL; i++)
		column[i] = lb_load(x + (i < rows ? i : rows - 1) * row);
	lb_turn(column);
#else
	for (size_t i = 0; i < LB_PANEL; i++)
		for (size_t k = 0; k < LB_PANEL; k++)
			column[k][i] = x[(i < rows ? i : rows - 1) * row + k];
#endif
}

#if defined __AVX512F__
/* The same of rows of n < LB_PANEL columns; the others get 0. */
LB_INLINE void load_part_transposed(const real *x, size_t row, size_t rows, size_t n, lb_lanes column[LB_PANEL])
{
#pragma GCC unroll 16
	for (size_t i = 0; i < LB_PANEL; i++)
		column[i] = lb_load_part(x + (i < rows ? i : rows - 1) * row, n, 0);
	lb_turn(column);
}
#endif

LB_INLINE void store_transposed(lb_lanes column[LB_PANEL], real *x, size_t row, size_t rows)
{
#if defined __AVX512F__
	lb_turn(column);
	for (size_t i = 0; i < rows; i++)
		lb_store(x + i * row, column[i]);
#else
	for (size_t i = 0; i < rows; i++)
		for (size_t k = 0; k < LB_PANEL; k++)
			x[i * row + k] = column[k][i];
#endif
}

/* The labels of a panel of rows, the last one repeated. */
struct labels {
	int32_t y[LB_PANEL] __attribute__((aligned(64)));
	lb_lanes number;
};

LB_INLINE void load_labels(struct labels *l, const int32_t *y, size_t rows)
{
	typedef int32_t ints __attribute__((vector_size(LB_PANEL * sizeof(int32_t))));
	ints v;

	for (size_t i = 0; i < LB_PANEL; i++)
		l->y[i] = y[i < rows ? i : rows - 1];
	memcpy(&v, l->y, sizeof v);
	l->number = __builtin_convertvector(v, lb_lanes);
}

/* Of each row, the value in its label's column. */
LB_INLINE lb_lanes own_value(const lb_lanes *column, const struct labels *l)
{
	real own[LB_PANEL] __attribute__((aligned(64)));

	for (size_t i = 0; i < LB_PANEL; i++)
		own[i] = ((const real *)column)[(size_t)l->y[i] * LB_PANEL + i];
	return lb_load(own);
}

/* Two vectors of eight doubles, or one, for the lanes of a sum. */
enum { HALVES = LB_PANEL / 8 };

LB_INLINE void add_wide(lb_doubles sum[HALVES], lb_lanes v)
{
#if LB_REAL == 32
	lb_half part[2];

	memcpy(part, &v, sizeof part);
	sum[0] += lb_widen(part[0]);
	sum[1] += lb_widen(part[1]);
#else
	sum[0] += v;
#endif
}

LB_INLINE lb_lanes narrowed(const lb_doubles sum[HALVES])
{
#if LB_REAL == 32
	const lb_half part[2] = { __builtin_convertvector(sum[0], lb_half), __builtin_convertvector(sum[1], lb_half) };
	lb_lanes v;

	memcpy(&v, part, sizeof v);
	return v;
#else
	return sum[0];
#endif
}

/* What the columns of LB_PANEL rows give, one row a lane. */
struct lane_sums {
	lb_lanes own, term, rest, sum, lp, top;
};

/* The softmax of the scores z by columns: its terms into e. */
LB_INLINE struct lane_sums softmax_lanes(size_t c, const lb_lanes *z, const struct labels *label, lb_lanes *e)
{
	struct lane_sums s = { .own = own_value(z, label) };
	lb_lanes most = z[0], number = { 0 };
	lb_doubles rest[HALVES] = { 0 }, sum[HALVES];

	for (size_t k = 1; k < c; k++) {
		const lb_bits more = z[k] > most;
		number += 1;
		most = lb_select(more, z[k], most);
		s.top = lb_select(more, number, s.top);
	}
	number = (lb_lanes){ 0 };
	for (size_t k = 0; k < c; k++, number += 1) {
		e[k] = lb_exp_below(z[k] - most);
		add_wide(rest, lb_select(label->number == number, (lb_lanes){ 0 }, e[k]));
	}
	s.term = own_value(e, label);
	memcpy(sum, rest, sizeof sum);
	add_wide(sum, s.term);
	s.rest = narrowed(rest);
	s.sum = narrowed(sum);
	s.lp = lb_select(s.term >= 1, -lb_log1p(s.rest), (s.own - most) - lb_log(s.sum));
	return s;
}

/* All columns of up to LB_PANEL rows ld apart, transposed; and back, with the padding 0. */
LB_INLINE void load_columns(size_t c, size_t ld, const real *z, size_t rows, lb_lanes *t)
{
	for (size_t k = 0; k < c; k += LB_PANEL)
		load_transposed(z + k, ld, rows, t + k);
}

LB_INLINE void store_columns(size_t c, size_t ld, lb_lanes *t, size_t rows, real *e)
{
	for (size_t k = c; k < LB_PADDED(c); k++)
		t[k] = (lb_lanes){ 0 };
	for (size_t k = 0; k < c; k += LB_PANEL)
		store_transposed(t + k, e + k, ld, rows);
}

#endif
