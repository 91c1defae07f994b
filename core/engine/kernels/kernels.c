#include "core/engine/kernels/kernels.h"

#include "core/engine/kernels/column_products.h"
#include "core/engine/kernels/products.h"
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
			LB_UNROLL
			for (size_t p = 0; p < LB_PARTS; p++)
				s[p] += lb_load(d.x + i * d.row + p * LB_VECTOR);
		LB_UNROLL
		for (size_t p = 0; p < LB_PARTS; p++)
			lb_store(sum + j + p * LB_VECTOR, s[p]);
	}
}

/* The terms of n values of a panel, the others 0. */
LB_INLINE void exp_panel(const real *z, size_t n, real shift, real scale, lb_lanes term[LB_PARTS])
{
	LB_UNROLL
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
		LB_UNROLL
		for (size_t p = 0; p < LB_PARTS; p++) {
			if (n == LB_PANEL)
				lb_store(e + k + p * LB_VECTOR, term[p]);
			else
				lb_store_part(e + k + p * LB_VECTOR, lb_of_part(n, p), term[p]);
		}
		if (skip - k < LB_PANEL)
			LB_UNROLL
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
	.sparse_column_product = sparse_column_product,
	.sparse_column_gradient = sparse_column_gradient,
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
