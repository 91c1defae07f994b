/* Products with a matrix of one column, with the chains of core/engine/kernels/kernels.h; for
 * core/engine/kernels/kernels.c alone. */
#ifndef LB_COLUMN_PRODUCTS_H
#define LB_COLUMN_PRODUCTS_H

#include "core/engine/kernels/products.h"

/* s + x y, by one rounding where products are fused; the compiler might not fuse what it makes
 * vectors of. */
LB_INLINE real add_product(real s, real x, real y)
{
#if defined FUSED && LB_REAL == 32
	return __builtin_fmaf(x, y, s);
#elif defined FUSED
	return __builtin_fma(x, y, s);
#else
	return s + x * y;
#endif
}

/* Column 0 of rows that are otherwise 0. */
LB_INLINE void store_column(size_t rows, const real *s, struct lb_panels c)
{
	for (size_t i = 0; i < rows; i++)
		LB_UNROLL
		for (size_t j = 0; j < LB_PARTS; j++)
			*(lb_lanes *)(c.x + i * c.row + j * LB_VECTOR) = j ? (lb_lanes){ 0 } : (lb_lanes){ s[i] };
}

#if defined __AVX512F__
/* sum[r] <- init + row r of x times w, r < rows <= LB_PANEL: a row a lane, LB_PANEL columns of x
 * at a time. */
LB_INLINE void add_rows(size_t rows, size_t k, const real *x, size_t stride, const real *w, real init, real *sum)
{
	lb_lanes s = lb_splat(init), column[LB_PANEL];
	size_t j = 0;

	for (; j + LB_PANEL <= k; j += LB_PANEL, x += LB_PANEL) {
		LB_UNROLL
		for (size_t i = 0; i < LB_PANEL; i++)
			column[i] = lb_load(x + (i < rows ? i : rows - 1) * stride);
		lb_turn(column);
		LB_UNROLL
		for (size_t q = 0; q < LB_PANEL; q++)
			s += column[q] * *w++;
	}
	if (j < k) {
		LB_UNROLL
		for (size_t i = 0; i < LB_PANEL; i++)
			column[i] = lb_load_part(x + (i < rows ? i : rows - 1) * stride, k - j, 0);
		lb_turn(column);
	}
	for (size_t q = 0; q < k - j; q++)
		s += column[q] * *w++;
	lb_store(sum, s);
}
#else
/* sum[r] <- init + row r of x times w, for n rows side by side; n is a compile-time constant. */
LB_INLINE void add_some_rows(const size_t n, size_t k, const real *x, size_t stride, const real *w, real init, real *sum)
{
	real s[8];

	LB_UNROLL
	for (size_t r = 0; r < n; r++)
		s[r] = init;
	for (size_t j = 0; j < k; j++, w++)
		LB_UNROLL
		for (size_t r = 0; r < n; r++)
			s[r] = add_product(s[r], x[r * stride + j], *w);
	LB_UNROLL
	for (size_t r = 0; r < n; r++)
		sum[r] = s[r];
}

LB_INLINE void add_rows(size_t rows, size_t k, const real *x, size_t stride, const real *w, real init, real *sum)
{
	size_t r = 0;

	for (; r + 8 <= rows; r += 8)
		add_some_rows(8, k, x + r * stride, stride, w, init, sum + r);
	for (; r < rows; r++)
		add_some_rows(1, k, x + r * stride, stride, w, init, sum + r);
}
#endif

static void column_product(size_t m, size_t k, struct lb_left a, const real *b, real init, struct lb_panels c)
{
	real sum[LB_PANEL] __attribute__((aligned(64)));

	for (size_t i = 0; i < m; i += LB_PANEL, c.x += LB_PANEL * c.row) {
		const size_t rows = m - i < LB_PANEL ? m - i : LB_PANEL;
		add_rows(rows, k, a.x + i * a.row, a.row, b, init, sum);
		store_column(rows, sum, c);
	}
}

/* Sums rows times d, for g <= 8 vectors of columns, which begin at at[0], ...; g is a compile-time
 * constant. */
LB_INLINE void add_columns(const int g, size_t m, struct lb_left a, struct lb_panels d, const size_t *at, real *c)
{
	lb_lanes sum[8] = { 0 }, x;

	for (size_t i = 0; i < m; i++)
		LB_UNROLL
		for (int q = 0; q < g; q++) {
			memcpy(&x, a.x + i * a.row + at[q], sizeof x);
			sum[q] += x * d.x[i * d.row];
		}
	LB_UNROLL
	for (int q = 0; q < g; q++)
		memcpy(c + at[q], &sum[q], sizeof x);
}

/* The same of n < LB_VECTOR columns. */
LB_INLINE void add_few_columns(size_t m, size_t n, struct lb_left a, struct lb_panels d, real *c)
{
#if defined __AVX512F__
	lb_lanes s = { 0 };

	for (size_t i = 0; i < m; i++)
		s += lb_load_part(a.x + i * a.row, n, 0) * d.x[i * d.row];
	lb_store_part(c, n, s);
#else
	memset(c, 0, n * sizeof *c);
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++)
			c[j] = add_product(c[j], a.x[i * a.row + j], d.x[i * d.row]);
#endif
}

/* By vectors of columns, the last of which goes back over some that the one before it has. */
static void column_gradient(size_t m, size_t n, struct lb_left a, struct lb_panels d, real *c)
{
	if (n < LB_VECTOR)
		add_few_columns(m, n, a, d, c);
	for (size_t j = 0; n >= LB_VECTOR && j < n; j += 8 * LB_VECTOR) {
		const size_t g = n - j < 8 * LB_VECTOR ? (n - j + LB_VECTOR - 1) / LB_VECTOR : 8;
		size_t at[8];
		for (size_t q = 0; q < g; q++)
			at[q] = j + (q + 1) * LB_VECTOR <= n ? j + q * LB_VECTOR : n - LB_VECTOR;
		switch (g) {
#define COLUMNS(g) case g: add_columns(g, m, a, d, at, c); break
			COLUMNS(1); COLUMNS(2); COLUMNS(3); COLUMNS(4); COLUMNS(5); COLUMNS(6); COLUMNS(7); COLUMNS(8);
#undef COLUMNS
		}
	}
}

/* sum[r] <- init + row r times b, for n rows side by side, as far as the shortest goes; n is a
 * compile-time constant. Returns how far. */
LB_INLINE size_t add_sparse_rows(const size_t n, const struct lb_compressed *a, size_t first, const real *b, real init, real *sum)
{
	size_t common = SIZE_MAX;
	real s[4];

	for (size_t r = 0; r < n; r++) {
		const size_t entries = a->end[first + r] - a->start[first + r];
		common = entries < common ? entries : common;
	}
	LB_UNROLL
	for (size_t r = 0; r < n; r++)
		s[r] = init;
	for (size_t k = 0; k < common; k++)
		LB_UNROLL
		for (size_t r = 0; r < n; r++) {
			const size_t at = a->start[first + r] + k;
			s[r] = add_product(s[r], a->value[at], b[a->column[at]]);
		}
	LB_UNROLL
	for (size_t r = 0; r < n; r++)
		sum[r] = s[r];
	return common;
}

static void sparse_column_product(size_t m, const struct lb_compressed *a, const real *b, real init, struct lb_panels c)
{
	for (size_t i = 0, n; i < m; i += n) {
		real sum[4];
		n = m - i >= 4 ? 4 : 1;
		const size_t done = n == 4 ? add_sparse_rows(4, a, i, b, init, sum) : add_sparse_rows(1, a, i, b, init, sum);
		for (size_t r = 0; r < n; r++)
			for (size_t k = a->start[i + r] + done; k < a->end[i + r]; k++)
				sum[r] = add_product(sum[r], a->value[k], b[a->column[k]]);
		store_column(n, sum, (struct lb_panels){ c.x + i * c.row, c.panel, c.row });
	}
}

static void sparse_column_gradient(size_t m, const struct lb_compressed *a, struct lb_panels d, real *c)
{
	for (size_t i = 0; i < m; i++) {
		const real right = d.x[i * d.row];
		for (size_t k = a->start[i]; k < a->end[i]; k++)
			c[a->column[k]] = add_product(c[a->column[k]], a->value[k], right);
	}
}

#endif
