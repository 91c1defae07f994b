/* Products of matrices in panels, with the chains of core/engine/kernels/kernels.h; for
 * core/engine/kernels/kernels.c alone. */
#ifndef LB_PRODUCTS_H
#define LB_PRODUCTS_H

#include "core/engine/kernels/simd_math.h"

#include <stdbool.h>

#if defined __FP_FAST_FMAF || defined __FMA__
#define FUSED
#endif

/* The rows of a tile of one and of two panels that the registers hold. */
#if defined __AVX512F__
enum { ROWS_1 = 16, ROWS_2 = 14 };
#elif defined __AVX2__ || defined __aarch64__
enum { ROWS_1 = 6, ROWS_2 = 3 };
#else
enum { ROWS_1 = 2, ROWS_2 = 1 };
#endif
/* Steps of k that one pass over the tiles takes, so that what it reads of b stays in the first
 * cache. */
enum { BLOCK = 16384 / (LB_REAL / 8) / LB_PANEL };

/* Operands of one strip, one or two panels wide. make_strip advances a, c and init from tile to
 * tile. Passed by pointer: passing it by value stalls on store forwarding. */
struct strip {
	struct lb_left a;
	struct lb_panels b, c;
	const real *init;        /* NULL: 0 */
	size_t init_row, init_panel;
};

/* Micro-kernel: c (m rows, p panels) += a b. m, p and transposed are compile-time constants;
 * transposed: a is stored transposed (a.row == 1). Keeps one pointer for every third row of a,
 * since one for each row would not fit into the registers. */
LB_INLINE void tile(const int m, const int p, const bool transposed, size_t k, const struct strip *t)
{
	const int pointers = transposed ? 1 : (m + 2) / 3;
	lb_lanes sum[16][2 * LB_PARTS], right[2 * LB_PARTS];
	const real *at[6], *b = t->b.x;

	for (int i = 0; i < pointers; i++)
		at[i] = t->a.x + (size_t)i * 3 * t->a.row;
	LB_UNROLL
	for (int i = 0; i < m; i++)
		LB_UNROLL
		for (int j = 0; j < p * LB_PARTS; j++)
			sum[i][j] = t->init ? *(const lb_lanes *)(t->init + (size_t)i * t->init_row + (size_t)(j / LB_PARTS) * t->init_panel +
							     (size_t)(j % LB_PARTS) * LB_VECTOR) : (lb_lanes){ 0 };
	for (size_t s = 0; s < k; s++, b += t->b.row) {
		LB_UNROLL
		for (int j = 0; j < p * LB_PARTS; j++)
			right[j] = *(const lb_lanes *)(b + (size_t)(j / LB_PARTS) * t->b.panel + (size_t)(j % LB_PARTS) * LB_VECTOR);
		LB_UNROLL
		for (int i = 0; i < m; i++) {
			const real left = transposed ? at[0][i] : at[i / 3][(size_t)(i % 3) * t->a.row];
			LB_UNROLL
			for (int j = 0; j < p * LB_PARTS; j++)
				sum[i][j] += left * right[j];
		}
		for (int i = 0; i < pointers; i++)
			at[i] += t->a.column;
	}
	LB_UNROLL
	for (int i = 0; i < m; i++)
		LB_UNROLL
		for (int j = 0; j < p * LB_PARTS; j++)
			*(lb_lanes *)(t->c.x + (size_t)i * t->c.row + (size_t)(j / LB_PARTS) * t->c.panel + (size_t)(j % LB_PARTS) * LB_VECTOR) = sum[i][j];
}

#define TILE(m, p, transposed)                                                                                                      \
	case m:                                                                                                                 \
		if (m <= (p == 1 ? ROWS_1 : ROWS_2))                                                                            \
			tile(m, p, transposed, k, t);                                                                               \
		break
/* The function of all heights of a tile. */
#define TILES(name, p, transposed)                                                                                                  \
	static void name(size_t m, size_t k, const struct strip *t)                                                             \
	{                                                                                                                       \
		switch (m) {                                                                                                    \
			TILE(1, p, transposed); TILE(2, p, transposed); TILE(3, p, transposed); TILE(4, p, transposed);                         \
			TILE(5, p, transposed); TILE(6, p, transposed); TILE(7, p, transposed); TILE(8, p, transposed);                         \
			TILE(9, p, transposed); TILE(10, p, transposed); TILE(11, p, transposed); TILE(12, p, transposed);                      \
			TILE(13, p, transposed); TILE(14, p, transposed); TILE(15, p, transposed); TILE(16, p, transposed);                     \
		}                                                                                                               \
	}
TILES(tile_1, 1, false)
TILES(tile_2, 2, false)
TILES(transposed_1, 1, true)
TILES(transposed_2, 2, true)

/* All rows of one or two panels, in tiles whose heights differ by at most one. */
static void make_strip(size_t m, size_t panels, size_t k, struct strip *t)
{
	const size_t most = panels == 1 ? ROWS_1 : ROWS_2, tiles = (m + most - 1) / most;
	void (*const make)(size_t, size_t, const struct strip *) =
		t->a.row == 1 ? panels == 1 ? transposed_1 : transposed_2 : panels == 1 ? tile_1 : tile_2;

	for (size_t i = 0; i < tiles; i++) {
		const size_t rows = m / tiles + (i < m % tiles);
		make(rows, k, t);
		t->a.x += rows * t->a.row;
		t->c.x += rows * t->c.row;
		t->init = t->init ? t->init + rows * t->init_row : NULL;
	}
}

static void product(size_t m, size_t n, size_t k, struct lb_left a, struct lb_panels b, const real *init, struct lb_panels c)
{
	const size_t panels = (n + LB_PANEL - 1) / LB_PANEL;
	const bool own = init == c.x;
	size_t s = 0;

	do {
		const size_t steps = k - s < BLOCK ? k - s : BLOCK;
		const bool from_c = own || s > 0;
		for (size_t p = 0; p < panels;) {
			const size_t w = panels - p >= 2 && ROWS_2 > 1 ? 2 : 1;
			real *const to = c.x + p * c.panel;
			struct strip t = { { a.x + s * a.column, a.row, a.column }, { b.x + p * b.panel + s * b.row, b.panel, b.row },
					   { to, c.panel, c.row }, from_c ? to : init ? init + p * LB_PANEL : NULL, from_c ? c.row : 0,
					   from_c ? c.panel : LB_PANEL };
			make_strip(m, w, steps, &t);
			p += w;
		}
		s += steps;
	} while (s < k);
}

#if !defined __AVX512F__
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
#endif

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
		for (size_t q = 0; q < LB_PANEL; q++, w += LB_PANEL)
			s += column[q] * *w;
	}
	if (j < k) {
		LB_UNROLL
		for (size_t i = 0; i < LB_PANEL; i++)
			column[i] = lb_load_part(x + (i < rows ? i : rows - 1) * stride, k - j, 0);
		lb_turn(column);
	}
	for (size_t q = 0; q < k - j; q++, w += LB_PANEL)
		s += column[q] * *w;
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
	for (size_t j = 0; j < k; j++, w += LB_PANEL)
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

static void column_product(size_t m, size_t k, struct lb_left a, struct lb_panels b, real init, struct lb_panels c)
{
	real sum[LB_PANEL] __attribute__((aligned(64)));

	for (size_t i = 0; i < m; i += LB_PANEL, c.x += LB_PANEL * c.row) {
		const size_t rows = m - i < LB_PANEL ? m - i : LB_PANEL;
		add_rows(rows, k, a.x + i * a.row, a.row, b.x, init, sum);
		store_column(rows, sum, c);
	}
}

/* Sums rows times d, for g <= 8 vectors of columns, which begin at at[0], ...; g is a compile-time
 * constant. */
LB_INLINE void add_columns(const int g, size_t m, struct lb_left a, struct lb_panels d, const size_t *at, struct lb_panels c)
{
	real told[8][LB_VECTOR] __attribute__((aligned(64)));
	lb_lanes sum[8] = { 0 }, x;

	for (size_t i = 0; i < m; i++)
		LB_UNROLL
		for (int q = 0; q < g; q++) {
			memcpy(&x, a.x + i * a.row + at[q], sizeof x);
			sum[q] += x * d.x[i * d.row];
		}
	LB_UNROLL
	for (int q = 0; q < g; q++)
		lb_store(told[q], sum[q]);
	for (int q = 0; q < g; q++)
		for (size_t j = 0; j < LB_VECTOR; j++)
			c.x[(at[q] + j) * c.row] = told[q][j];
}

/* The same of n < LB_VECTOR columns. */
LB_INLINE void add_few_columns(size_t m, size_t n, struct lb_left a, struct lb_panels d, struct lb_panels c)
{
	real sum[LB_PANEL] __attribute__((aligned(64))) = { 0 };
#if defined __AVX512F__
	lb_lanes s = { 0 };

	for (size_t i = 0; i < m; i++)
		s += lb_load_part(a.x + i * a.row, n, 0) * d.x[i * d.row];
	lb_store(sum, s);
#else
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++)
			sum[j] = add_product(sum[j], a.x[i * a.row + j], d.x[i * d.row]);
#endif
	for (size_t j = 0; j < n; j++)
		c.x[j * c.row] = sum[j];
}

/* By vectors of columns, the last of which goes back over some that the one before it has. */
static void column_gradient(size_t m, size_t n, struct lb_left a, struct lb_panels d, struct lb_panels c)
{
	for (size_t j = 0; j < n; j++)
		memset(c.x + j * c.row, 0, LB_PANEL * sizeof *c.x);
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

static void sparse_product(size_t m, size_t n, const struct lb_compressed *a, struct lb_panels b, const real *init,
			   struct lb_panels c)
{
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j += LB_PANEL) {
			const real *right = b.x + j / LB_PANEL * b.panel;
			real *to = c.x + j / LB_PANEL * c.panel + i * c.row;
			lb_lanes s[LB_PARTS];
			LB_UNROLL
			for (size_t p = 0; p < LB_PARTS; p++)
				s[p] = init ? lb_load(init + j + p * LB_VECTOR) : (lb_lanes){ 0 };
			for (size_t k = a->start[i]; k < a->start[i + 1]; k++)
				LB_UNROLL
				for (size_t p = 0; p < LB_PARTS; p++)
					s[p] += a->value[k] * lb_load(right + a->column[k] * b.row + p * LB_VECTOR);
			LB_UNROLL
			for (size_t p = 0; p < LB_PARTS; p++)
				lb_store(to + p * LB_VECTOR, s[p]);
		}
}

static void sparse_transposed(size_t m, size_t n, const struct lb_compressed *a, struct lb_panels b, struct lb_panels c)
{
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j += LB_VECTOR) {
			const size_t panel = j / LB_PANEL, lane = j % LB_PANEL;
			const lb_lanes right = lb_load(b.x + panel * b.panel + i * b.row + lane);
			real *to = c.x + panel * c.panel + lane;
			for (size_t k = a->start[i]; k < a->start[i + 1]; k++)
				lb_store(to + a->column[k] * c.row, lb_load(to + a->column[k] * c.row) + a->value[k] * right);
		}
}

/* Transposes one LB_VECTOR x LB_VECTOR block of a matrix in panels into `columns` rows. Rows beyond
 * `rows` are read as 0. */
LB_INLINE void turn_square(const real *x, size_t row, size_t rows, real *to, size_t to_row, size_t columns)
{
	lb_lanes square[LB_VECTOR];

	LB_UNROLL
	for (size_t i = 0; i < LB_VECTOR; i++)
		square[i] = i < rows ? lb_load(x + i * row) : (lb_lanes){ 0 };
	lb_turn(square);
	for (size_t i = 0; i < columns; i++)
		lb_store(to + i * to_row, square[i]);
}

static void transpose(size_t m, size_t n, struct lb_panels b, struct lb_panels t)
{
	for (size_t i = 0; i < LB_PADDED(m); i += LB_VECTOR)
		for (size_t j = 0; j < n; j += LB_VECTOR)
			turn_square(b.x + j / LB_PANEL * b.panel + i * b.row + j % LB_PANEL, b.row, m > i ? m - i : 0,
				    t.x + i / LB_PANEL * t.panel + j * t.row + i % LB_PANEL, t.row, n - j < LB_VECTOR ? n - j : LB_VECTOR);
}

#endif
