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
			for (size_t k = a->start[i]; k < a->end[i]; k++)
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
			for (size_t k = a->start[i]; k < a->end[i]; k++)
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
