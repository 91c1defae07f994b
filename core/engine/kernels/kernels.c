#include "core/engine/kernels/kernels.h"

#include "core/engine/kernels/softmax_lanes.h"

#include <stdbool.h>

#ifndef LB_SET
#error "compiled by the Makefile's KERNEL_SETS with -DLB_SET=avx512, avx2 or generic"
#endif
#define NAME_(set) #set
#define NAME(set) NAME_(set)
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define SYMBOL JOIN(lb_kernels_, LB_SET)
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
#pragma GCC unroll 16
	for (int i = 0; i < m; i++)
#pragma GCC unroll 8
		for (int j = 0; j < p * LB_PARTS; j++)
			sum[i][j] = t->init ? *(const lb_lanes *)(t->init + (size_t)i * t->init_row + (size_t)(j / LB_PARTS) * t->init_panel +
							     (size_t)(j % LB_PARTS) * LB_VECTOR) : (lb_lanes){ 0 };
	for (size_t s = 0; s < k; s++, b += t->b.row) {
#pragma GCC unroll 8
		for (int j = 0; j < p * LB_PARTS; j++)
			right[j] = *(const lb_lanes *)(b + (size_t)(j / LB_PARTS) * t->b.panel + (size_t)(j % LB_PARTS) * LB_VECTOR);
#pragma GCC unroll 16
		for (int i = 0; i < m; i++) {
			const real left = transposed ? at[0][i] : at[i / 3][(size_t)(i % 3) * t->a.row];
#pragma GCC unroll 8
			for (int j = 0; j < p * LB_PARTS; j++)
				sum[i][j] += left * right[j];
		}
		for (int i = 0; i < pointers; i++)
			at[i] += t->a.column;
	}
#pragma GCC unroll 16
	for (int i = 0; i < m; i++)
#pragma GCC unroll 8
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
#pragma GCC unroll 4
		for (size_t j = 0; j < LB_PARTS; j++)
			*(lb_lanes *)(c.x + i * c.row + j * LB_VECTOR) = j ? (lb_lanes){ 0 } : (lb_lanes){ s[i] };
}

#if defined __AVX512F__
/* sum[r] <- init + row r of x times w, r < rows <= LB_PANEL: a row a lane, LB_PANEL columns of x at a
 * time. */
LB_INLINE void add_rows(size_t rows, size_t k, const real *x, size_t stride, const real *w, real init, real *sum)
{
	lb_lanes s = lb_splat(init), column[LB_PANEL];
	size_t j = 0;

	for (; j + LB_PANEL <= k; j += LB_PANEL, x += LB_PANEL) {
#pragma GCC unroll 16
		for (size_t i = 0; i < LB_PANEL; i++)
			column[i] = lb_load(x + (i < rows ? i : rows - 1) * stride);
		lb_turn(column);
#pragma GCC unroll 16
		for (size_t q = 0; q < LB_PANEL; q++, w += LB_PANEL)
			s += column[q] * *w;
	}
	if (j < k) {
#pragma GCC unroll 16
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

#pragma GCC unroll 8
	for (size_t r = 0; r < n; r++)
		s[r] = init;
	for (size_t j = 0; j < k; j++, w += LB_PANEL)
#pragma GCC unroll 8
		for (size_t r = 0; r < n; r++)
			s[r] = add_product(s[r], x[r * stride + j], *w);
#pragma GCC unroll 8
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

/* LB_VECTOR sums each of g <= 8 vectors of the rows' columns from at[0], ...; g is a compile-time
 * constant. */
LB_INLINE void add_columns(const int g, size_t m, struct lb_left a, struct lb_panels d, const size_t *at, struct lb_panels c)
{
	lb_lanes sum[8] = { 0 }, x;

	for (size_t i = 0; i < m; i++)
#pragma GCC unroll 8
		for (int q = 0; q < g; q++) {
			memcpy(&x, a.x + i * a.row + at[q], sizeof x);
			sum[q] += x * d.x[i * d.row];
		}
#pragma GCC unroll 8
	for (int q = 0; q < g; q++)
		for (size_t j = 0; j < LB_VECTOR; j++)
			c.x[(at[q] + j) * c.row] = sum[q][j];
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
#pragma GCC unroll 4
			for (size_t p = 0; p < LB_PARTS; p++)
				s[p] = init ? lb_load(init + j + p * LB_VECTOR) : (lb_lanes){ 0 };
			for (size_t k = a->start[i]; k < a->start[i + 1]; k++)
#pragma GCC unroll 4
				for (size_t p = 0; p < LB_PARTS; p++)
					s[p] += a->value[k] * lb_load(right + a->column[k] * b.row + p * LB_VECTOR);
#pragma GCC unroll 4
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

#pragma GCC unroll 16
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

/* y <- n <= LB_PANEL values of x. */
LB_INLINE void copy_values(size_t n, const real *x, real *y)
{
	size_t i = 0;

	for (; i + LB_VECTOR <= n; i += LB_VECTOR)
		lb_store(y + i, lb_load(x + i));
	if (i < n)
		lb_store_part(y + i, n - i, lb_load_part(x + i, n - i, 0));
}

/* By pieces that lie in one panel on both sides. */
static void copy_columns(size_t m, size_t n, struct lb_panels b, size_t from, struct lb_panels c, size_t to)
{
	for (size_t piece; n; n -= piece, from += piece, to += piece) {
		const size_t left_b = LB_PANEL - from % LB_PANEL, left_c = LB_PANEL - to % LB_PANEL;
		const real *x = b.x + from / LB_PANEL * b.panel + from % LB_PANEL;
		real *y = c.x + to / LB_PANEL * c.panel + to % LB_PANEL;

		piece = left_b < left_c ? left_b : left_c;
		piece = piece < n ? piece : n;
		for (size_t i = 0; i < m; i++)
			copy_values(piece, x + i * b.row, y + i * c.row);
	}
}

static void column_sums(size_t m, size_t n, struct lb_panels d, real *sum)
{
	for (size_t j = 0; j < n; j += LB_PANEL, d.x += d.panel) {
		lb_lanes s[LB_PARTS] = { 0 };
		for (size_t i = 0; i < m; i++)
#pragma GCC unroll 4
			for (size_t p = 0; p < LB_PARTS; p++)
				s[p] += lb_load(d.x + i * d.row + p * LB_VECTOR);
#pragma GCC unroll 4
		for (size_t p = 0; p < LB_PARTS; p++)
			lb_store(sum + j + p * LB_VECTOR, s[p]);
	}
}

/* The terms of n values of a panel, the others 0. */
LB_INLINE void exp_panel(const real *z, size_t n, real shift, real scale, lb_lanes term[LB_PARTS])
{
#pragma GCC unroll 4
	for (size_t p = 0; p < LB_PARTS; p++) {
		const real *from = z + p * LB_VECTOR;
		term[p] = lb_exp(((n == LB_PANEL ? lb_load(from) : lb_load_part(from, lb_of_part(n, p), -(real)INFINITY)) - shift) * scale);
	}
}

static double exp_terms(const real *z, size_t c, real shift, real scale, size_t skip, real *e)
{
	lb_doubles sum[LB_PARTS] = { 0 };
	lb_lanes term[LB_PARTS];

	for (size_t k = 0; k < c; k += LB_PANEL) {
		const size_t n = c - k < LB_PANEL ? c - k : LB_PANEL;
		exp_panel(z + k, n, shift, scale, term);
#pragma GCC unroll 4
		for (size_t p = 0; p < LB_PARTS; p++) {
			if (n == LB_PANEL)
				lb_store(e + k + p * LB_VECTOR, term[p]);
			else
				lb_store_part(e + k + p * LB_VECTOR, lb_of_part(n, p), term[p]);
		}
		if (skip - k < LB_PANEL)
#pragma GCC unroll 4
			for (size_t p = 0; p < LB_PARTS; p++)
				term[p] = lb_select(lb_lane_numbers() == (int)(skip - k) - (int)(p * LB_VECTOR), (lb_lanes){ 0 }, term[p]);
		lb_add_panel(sum, term);
	}
	return lb_total(sum);
}

/* The largest lane, all being numbers. */
LB_INLINE real highest(lb_lanes m)
{
#if defined __AVX512F__ && LB_REAL == 32
	return _mm512_reduce_max_ps((__m512)m);
#elif defined __AVX512F__
	return _mm512_reduce_max_pd((__m512d)m);
#else
	real most = m[0];

	for (size_t i = 1; i < LB_VECTOR; i++)
		most = m[i] > most ? m[i] : most;
	return most;
#endif
}

/* The first lane equal to x; LB_VECTOR when there is none. */
LB_INLINE size_t first_equal(lb_lanes v, real x)
{
#if defined __AVX512F__ && LB_REAL == 32
	return (size_t)__builtin_ctz((unsigned)_mm512_cmp_ps_mask((__m512)v, (__m512)lb_splat(x), _CMP_EQ_OQ) | 1u << LB_VECTOR);
#elif defined __AVX512F__
	return (size_t)__builtin_ctz((unsigned)_mm512_cmp_pd_mask((__m512d)v, (__m512d)lb_splat(x), _CMP_EQ_OQ) | 1u << LB_VECTOR);
#elif defined __AVX2__ && LB_REAL == 32
	return (size_t)__builtin_ctz((unsigned)_mm256_movemask_ps((__m256)(v == x)) | 1u << LB_VECTOR);
#elif defined __AVX2__
	return (size_t)__builtin_ctz((unsigned)_mm256_movemask_pd((__m256d)(v == x)) | 1u << LB_VECTOR);
#else
	size_t i = 0;

	while (i < LB_VECTOR && !(v[i] == x))
		i++;
	return i;
#endif
}

LB_INLINE lb_lanes load_or_first(const real *z, size_t k, size_t c)
{
	return c - k < LB_VECTOR ? lb_load_part(z + k, c - k, z[0]) : lb_load(z + k);
}

static size_t largest(const real *z, size_t c)
{
	lb_lanes m = lb_splat(z[0]);

	for (size_t k = 0; k < c; k += LB_VECTOR) {
		const lb_lanes v = load_or_first(z, k, c);
		m = lb_select(v > m, v, m);
	}
	const real most = highest(m);
	for (size_t k = 0; k < c; k += LB_VECTOR) {
		const size_t i = first_equal(load_or_first(z, k, c), most);
		if (i < LB_VECTOR)
			return k + i;
	}
	return 0;
}

/* Scores of a panel of rows by columns, or their terms. */
typedef real columns[LB_SOFTMAX_COLUMNS * LB_PANEL] __attribute__((aligned(64)));

static void softmax_rows(size_t b, size_t c, size_t ld, const real *z, const int32_t *y, real *e, const struct lb_softmax_sums *at)
{
	columns score, t;
	struct labels label;

	for (size_t i = 0; i < b; i += LB_PANEL) {
		const size_t rows = b - i < LB_PANEL ? b - i : LB_PANEL;
		load_columns(c, ld, z + i * ld, rows, score);
		load_labels(&label, y + i, rows);
		for (size_t p = 0; p < LB_PARTS; p++) {
			const struct lane_sums s = softmax_lanes(c, score, &label, p, t);
			const size_t first = i + p * LB_VECTOR, n = lb_of_part(rows, p);
			lb_store_part(at->rest + first, n, s.rest);
			lb_store_part(at->sum + first, n, s.sum);
			lb_store_part(at->lp + first, n, s.lp);
			lb_store_part(at->top + first, n, s.top);
		}
		store_columns(c, ld, t, rows, e + i * ld);
	}
}

/* What a visitor reads of the rows of part p. */
LB_INLINE void sums_of_part(const struct lb_lane_job *j, const struct labels *label, size_t p, struct lb_lane_rows *at)
{
	const size_t first = p * LB_VECTOR;

	if (!j->softmax) {
		lb_store(at->own + first, own_value(at->z, label, p));
		return;
	}
	const struct lane_sums s = softmax_lanes(j->c, at->z, label, p, at->g);
	lb_store(at->own + first, s.own);
	lb_store(at->term + first, s.term);
	lb_store(at->rest + first, s.rest);
	lb_store(at->sum + first, s.sum);
	lb_store(at->lp + first, s.lp);
}

LB_INLINE void visit_rows(const struct lb_lane_job *j, size_t i, size_t rows, real *z, struct lb_lane_rows *at)
{
	struct labels label;

	load_columns(j->c, j->ld, j->z + i * j->ld, rows, z);
	load_labels(&label, j->y + i, rows);
	memcpy(at->label, label.number, sizeof at->label);
	for (size_t p = 0; p < LB_PARTS; p++)
		sums_of_part(j, &label, p, at);
	j->visit(j->arg, i, rows, at);
	for (size_t k = 0; k < j->c * LB_PANEL; k += LB_VECTOR)
		lb_store(at->g + k, lb_load(at->g + k) * lb_load(at->scale + k % LB_PANEL));
	store_columns(j->c, j->ld, at->g, rows, j->g + i * j->ld);
}

static void lane_rows(const struct lb_lane_job *j)
{
	columns z, t;
	struct lb_lane_rows at = { .c = j->c, .z = z, .g = t };
	size_t i = 0;

	for (; i + LB_PANEL <= j->b; i += LB_PANEL)
		visit_rows(j, i, LB_PANEL, z, &at);
	if (i < j->b)
		visit_rows(j, i, j->b - i, z, &at);
}

static void scale_bytes(size_t n, const uint8_t *restrict x, real high, real low, real shift, real *restrict y)
{
	for (size_t i = 0; i < n; i++) {
		const real v = (real)x[i];
		y[i] = v * high + (v * low + shift);
	}
}

/* Defines y[i] <- of(x[i]), i < n, for a function of lanes. */
#define MAP(name, of)                                                                                                           \
	static void name(size_t n, const real *x, real *y)                                                                      \
	{                                                                                                                       \
		for (; n >= LB_VECTOR; n -= LB_VECTOR, x += LB_VECTOR, y += LB_VECTOR)                                              \
			lb_store(y, of(lb_load(x)));                                                                            \
		if (n)                                                                                                          \
			lb_store_part(y, n, of(lb_load_part(x, n, 1)));                                                         \
	}

/* log1p of x >= 0, infinity too. */
LB_INLINE lb_lanes log1p_of(lb_lanes x)
{
	return lb_select(x < (real)INFINITY, lb_log1p(x), x);
}

MAP(expm1_all, lb_expm1)
MAP(log_all, lb_log)
MAP(log1p_all, log1p_of)

/* Near 0 the odd polynomial of Cephes (S. Moshier, tanhf.c), else 1 - 2 / (exp(2|x|) + 1). In
 * double the C library's. */
static void tanh_lanes(size_t n, const real *x, real *y)
{
	for (size_t k = 0; k < n; k += LB_VECTOR) {
		const size_t part = n - k < LB_VECTOR ? n - k : LB_VECTOR;
		const lb_lanes v = part < LB_VECTOR ? lb_load_part(x + k, part, 0) : lb_load(x + k), sq = v * v;
		const lb_bits sign = (lb_bits)v & (lb_bits)lb_splat(R(-0.0));
		const lb_lanes size = (lb_lanes)((lb_bits)v ^ sign), far = 1 - 2 / (lb_exp(2 * size) + 1);
		const lb_lanes near = v + v * sq * ((((R(-5.70498872745e-3) * sq + R(2.06390887954e-2)) * sq - R(5.37397155531e-2)) * sq +
						     R(1.33314422036e-1)) * sq - R(3.33332819422e-1));
		const lb_lanes t = lb_select(sq < R(0.390625), near, (lb_lanes)((lb_bits)far | sign));
		if (part < LB_VECTOR)
			lb_store_part(y + k, part, t);
		else
			lb_store(y + k, t);
	}
}

static void tanh_exact(size_t n, const real *x, real *y)
{
	for (size_t i = 0; i < n; i++)
		y[i] = tanh(x[i]);
}

extern const struct lb_kernels SYMBOL;
const struct lb_kernels SYMBOL = {
	.name = NAME(LB_SET),
	.chain = true,
#if defined FUSED
	.fused = true,
#endif
	.product = product,
	.column_product = column_product,
	.column_gradient = column_gradient,
	.sparse_product = sparse_product,
	.sparse_transposed = sparse_transposed,
	.transpose = transpose,
	.copy_columns = copy_columns,
	.column_sums = column_sums,
	.exp_terms = exp_terms,
	.largest = largest,
	.softmax_rows = softmax_rows,
	.lane_rows = lane_rows,
	.scale_bytes = scale_bytes,
	.tanh_all = LB_REAL == 32 ? tanh_lanes : tanh_exact,
	.expm1_all = expm1_all,
	.log_all = log_all,
	.log1p_all = log1p_all,
};
