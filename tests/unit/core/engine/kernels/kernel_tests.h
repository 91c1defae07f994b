/* The tests of core/engine/kernels/kernels.h in one precision: included by test_kernels.c (double)
 * and test_kernels_f32.c. */
#include "core/engine/kernels/kernels.h"
#include "core/numeric/rng.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS = 1 << 18 };

static _Alignas(64) real a[CELLS], b[CELLS], c[CELLS], want[CELLS], init[CELLS];

static void draw(real *v, size_t n, uint64_t seed, double scale)
{
	struct lb_rng rng;

	lb_rng_init(&rng, seed, LB_RNG_TEST, n);
	for (size_t i = 0; i < n; i++)
		v[i] = (real)(scale * (2 * lb_rng_unit(&rng) - 1));
}

START_TEST(the_best_set_is_used)
{
	ck_assert_ptr_eq(lb_kernel(), lb_kernel_at(0));
	for (size_t s = 0; lb_kernel_at(s); s++) {
		lb_kernel_use(lb_kernel_at(s));
		ck_assert_ptr_eq(lb_kernel(), lb_kernel_at(s));
	}
}
END_TEST

/* ---- products ---- */

static const size_t shapes[][3] = { { 1, 1, 1 }, { 64, 26, 16 }, { 128, 10, 300 }, { 17, 33, 5 }, { 3, 70, 2 }, { 31, 16, 600 },
				    { 13, 1, 40 }, { 2, 8, 0 }, { 16, 100, 64 } };
enum { SHAPES = sizeof shapes / sizeof *shapes };

static size_t at(size_t panel, size_t row, size_t i, size_t j)
{
	return j / LB_PANEL * panel + i * row + j % LB_PANEL;
}

/* One chain of sums an entry, by the definition in the header. */
static real chain(size_t k, real start, size_t i, size_t j, struct lb_left left, struct lb_panels right, bool fuse)
{
	real s = start;

	for (size_t p = 0; p < k; p++) {
		const real x = left.x[i * left.row + p * left.column], y = right.x[at(right.panel, right.row, p, j)];
		s = fuse ? fma(x, y, s) : s + x * y;
	}
	return s;
}

/* Both layouts of each factor, every start: entry by entry the bytes of the plain chain; of
 * OpenBLAS within its rounding. */
static void ck_product(const struct lb_kernels *set, const size_t *shape, int how)
{
	const size_t m = shape[0], n = shape[1], k = shape[2], ld = LB_PADDED(n);
	const bool transposed = how & 1, stacked = how & 2;
	const struct lb_left left = { a, transposed ? 1 : k + 3, transposed ? m + 3 : 1 };
	const struct lb_panels right = { b, stacked ? k * LB_PANEL : LB_PANEL, stacked ? LB_PANEL : ld };
	const struct lb_panels out = { c, stacked ? LB_PANEL : m * LB_PANEL, stacked ? ld : LB_PANEL };
	const int start = how >> 2;

	draw(a, CELLS / 2, 1, 1);
	draw(b, CELLS / 2, 2, 1);
	draw(init, ld, 3, 1);
	draw(c, m * ld, 4, 1);
	memcpy(want, c, m * ld * sizeof *c);
	set->product(m, n, k, left, right, start == 0 ? NULL : start == 1 ? init : c, out);
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < ld; j++) {
			const size_t here = at(out.panel, out.row, i, j);
			const real from = start == 0 ? 0 : start == 1 ? init[j] : want[here];
			const real w = chain(k, from, i, j, left, right, set->fused);
			const bool near = !set->chain && fabs(c[here] - w) <= (real)(4 + k) * REAL_EPS;
			ck_assert_msg(near || !memcmp(&w, &c[here], sizeof w), "%s %zux%zux%zu way %d: (%zu, %zu) is %.17g, expected %.17g",
				      set->name, m, n, k, how, i, j, (double)c[here], (double)w);
		}
}

START_TEST(products_are_the_plain_chain)
{
	for (size_t s = 0; lb_kernel_at(s); s++)
		for (int how = 0; how < 12; how++)
			ck_product(lb_kernel_at(s), shapes[_i], how);
}
END_TEST

/* c holds want, its rows `row` apart, and 0 in the rest of each. */
static void ck_column(const char *what, const char *name, size_t rows, size_t row)
{
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < row; j++) {
			const real w = j ? 0 : want[i];
			ck_assert_msg(!memcmp(&w, &c[i * row + j], sizeof w), "%s, %s: (%zu, %zu) of %zu is %.17g, expected %.17g", name, what, i, j,
				      rows, (double)c[i * row + j], (double)w);
		}
}

START_TEST(products_with_one_column_are_the_plain_chain)
{
	const size_t m = shapes[_i][0], k = shapes[_i][2], row = k + 3;
	const struct lb_left x = { a, row, 1 }, turned = { a, 1, row };
	const struct lb_panels column = { b, 0, 1 }, d = { b, 0, LB_PANEL }, out = { c, 0, LB_PANEL };

	for (size_t s = 0; lb_kernel_at(s); s++) {
		const struct lb_kernels *set = lb_kernel_at(s);
		draw(a, m * row, 1, 1);
		draw(b, (m + k) * LB_PANEL, 2, 1);
		draw(c, (m + k) * LB_PANEL, 3, 1);
		set->column_product(m, k, x, b, R(0.25), out);
		for (size_t i = 0; i < m; i++)
			want[i] = chain(k, R(0.25), i, 0, x, column, set->fused);
		ck_column("product", set->name, m, LB_PANEL);
		set->column_gradient(m, k, x, d, c);
		for (size_t j = 0; j < k; j++)
			want[j] = chain(m, 0, j, 0, turned, d, set->fused);
		ck_column("gradient", set->name, k, 1);
	}
}
END_TEST

/* Rows with about every third entry, as compressed rows and written out with 0 for the others. */
START_TEST(sparse_products_with_one_column_are_those_of_dense_rows)
{
	enum { M = 23, K = 70, D = M * LB_PANEL };
	const struct lb_panels out = { c, 0, LB_PANEL }, d = { b, 0, LB_PANEL };
	static uint32_t column[M * K];
	size_t start[M], end[M], n = 0;
	struct lb_rng rng;

	lb_rng_init(&rng, 11, LB_RNG_TEST, 0);
	draw(a, M * K, 11, 1);
	for (size_t i = 0; i < M; i++) {
		start[i] = n;
		for (size_t j = 0; j < K; j++)
			if (i % 5 != 4 && lb_rng_unit(&rng) < (double)(i % 3 + 1) / 6) {
				init[n] = a[i * K + j];
				column[n++] = (uint32_t)j;
			} else
				a[i * K + j] = 0;
		end[i] = n;
	}
	const struct lb_compressed rows = { start, end, column, init };
	for (size_t s = 0; lb_kernel_at(s); s++) {
		const struct lb_kernels *set = lb_kernel_at(s);
		draw(b, D, 12, 1);
		draw(c, D, 13, 1);
		set->sparse_column_product(M, &rows, b, R(0.25), out);
		for (size_t i = 0; i < M; i++)
			want[i] = chain(K, R(0.25), i, 0, (struct lb_left){ a, K, 1 }, (struct lb_panels){ b, 0, 1 }, set->fused);
		ck_column("sparse product", set->name, M, LB_PANEL);
		draw(c, K, 14, 1);
		for (size_t j = 0; j < K; j++)
			want[j] = chain(M, c[j], j, 0, (struct lb_left){ a, 1, K }, d, set->fused);
		set->sparse_column_gradient(M, &rows, d, c);
		ck_column("sparse gradient", set->name, K, 1);
	}
}
END_TEST

START_TEST(transpose_and_column_sums)
{
	const size_t m = shapes[_i][0], n = shapes[_i][1], lm = LB_PADDED(m), ln = LB_PADDED(n);

	for (size_t s = 0; lb_kernel_at(s); s++) {
		const struct lb_kernels *set = lb_kernel_at(s);
		draw(b, m * ln, 5, 1);
		set->transpose(m, n, (struct lb_panels){ b, m * LB_PANEL, LB_PANEL }, (struct lb_panels){ c, n * LB_PANEL, LB_PANEL });
		for (size_t j = 0; j < n; j++)
			for (size_t i = 0; i < lm; i++)
				ck_assert(c[at(n * LB_PANEL, LB_PANEL, j, i)] == (i < m ? b[at(m * LB_PANEL, LB_PANEL, i, j)] : 0));
		set->column_sums(m, n, (struct lb_panels){ b, LB_PANEL, ln }, init);
		for (size_t j = 0; j < n; j++) {
			real sum = 0;
			for (size_t i = 0; i < m; i++)
				sum += b[i * ln + j];
			ck_assert(init[j] == sum);
		}
	}
}
END_TEST

/* n columns from `from` to `to`, of matrices of two layouts; the others stay. */
static void check_copy(const struct lb_kernels *set, size_t m, size_t n, size_t from, size_t to)
{
	const size_t wide = 4 * LB_PANEL;

	draw(b, m * wide, 6, 1);
	draw(c, m * wide, 7, 1);
	memcpy(want, c, m * wide * sizeof *c);
	set->copy_columns(m, n, (struct lb_panels){ b, m * LB_PANEL, LB_PANEL }, from, (struct lb_panels){ c, LB_PANEL, wide }, to);
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++)
			want[at(LB_PANEL, wide, i, to + j)] = b[at(m * LB_PANEL, LB_PANEL, i, from + j)];
	ck_assert(!memcmp(c, want, m * wide * sizeof *c));
}

START_TEST(columns_are_copied_across_panels)
{
	for (size_t s = 0; lb_kernel_at(s); s++)
		for (size_t n = 1; n <= 2 * LB_PANEL; n += 3)
			for (size_t from = 0; from <= LB_PANEL; from += 5)
				for (size_t to = 0; to <= 2 * LB_PANEL; to += 3)
					check_copy(lb_kernel_at(s), 1 + (from + to) % 7, n, from, to);
}
END_TEST

/* ---- functions ---- */

static double ulps(real got, long double exact)
{
	const real near = (real)exact, size = fabs(near);

	if (isinf(near) || isnan(near))
		return got == near || (isnan(got) && isnan(near)) ? 0 : 1e9;
	return (double)(fabsl((long double)got - exact) / (long double)(nextafter(size, (real)INFINITY) - size));
}

START_TEST(exponentials)
{
	enum { N = 999 };

	for (size_t s = 0; lb_kernel_at(s); s++)
		for (uint64_t round = 0; round < 40; round++) {
			long double total = 0;
			draw(a, N, round, round % 3 ? 30 : REAL_BITS == 32 ? 110 : 750);
			const double sum = lb_kernel_at(s)->exp_terms(a, N, R(0.25), R(0.5), 7, b);
			for (size_t i = 0; i < N; i++) {
				const long double x = (long double)((a[i] - R(0.25)) * R(0.5));
				ck_assert_msg(ulps(b[i], expl(x)) <= 1.5, "%s: exp(%.17g) = %.17g, off by %g units", lb_kernel_at(s)->name,
					      (double)x, (double)b[i], ulps(b[i], expl(x)));
				total += i == 7 ? 0 : (long double)b[i];
			}
			ck_assert(fabsl(total - sum) <= 1e-14L * total);
		}
}
END_TEST

START_TEST(exponentials_at_the_ends)
{
	const real x[] = { (real)NAN, (real)INFINITY, -(real)INFINITY, 0, REAL_MAX, -REAL_MAX, R(-0.0) };
	enum { N = sizeof x / sizeof *x };

	for (size_t s = 0; lb_kernel_at(s); s++) {
		real e[N + 1] = { [N] = 42 };
		ck_assert(isnan(lb_kernel_at(s)->exp_terms(x, N, 0, 1, N, e)));
		ck_assert(isnan(e[0]) && isinf(e[1]) && e[2] == 0 && e[3] == 1 && isinf(e[4]) && e[5] == 0 && e[6] == 1 && e[N] == 42);
	}
}
END_TEST

START_TEST(largest_is_the_first_of_the_largest)
{
	for (size_t s = 0; lb_kernel_at(s); s++)
		for (size_t n = 1; n < 70; n++) {
			size_t top = 0;
			draw(a, n, n, 1);
			for (size_t i = 0; i < n; i++)
				a[i] = round(4 * a[i]);
			a[n / 2] = n > 3 ? (real)NAN : a[n / 2];
			for (size_t i = 1; i < n; i++)
				top = a[i] > a[top] ? i : top;
			ck_assert_uint_eq(lb_kernel_at(s)->largest(a, n), top);
		}
}
END_TEST

START_TEST(tangents)
{
	for (size_t s = 0; lb_kernel_at(s); s++)
		for (uint64_t round = 0; round < 40; round++) {
			draw(a, 999, round, round % 2 ? 1 : 12);
			lb_kernel_at(s)->tanh_all(999, a, b);
			for (size_t i = 0; i < 999; i++)
				ck_assert_msg(ulps(b[i], tanhl((long double)a[i])) <= 2.5, "%s: tanh(%.17g) = %.17g", lb_kernel_at(s)->name,
					      (double)a[i], (double)b[i]);
		}
}
END_TEST

START_TEST(exponentials_less_one)
{
	for (size_t s = 0; lb_kernel_at(s); s++)
		for (uint64_t round = 0; round < 60; round++) {
			draw(a, 999, round, (double[]){ 1e-6, 0.3, 3, 40 }[round % 4]);
			lb_kernel_at(s)->expm1_all(999, a, b);
			for (size_t i = 0; i < 999; i++)
				ck_assert_msg(ulps(b[i], expm1l((long double)a[i])) <= 3, "%s: expm1(%.17g) = %.17g", lb_kernel_at(s)->name,
					      (double)a[i], (double)b[i]);
			const real edge[] = { -INFINITY, -1e5, 0, 1e5, INFINITY, NAN };
			lb_kernel_at(s)->expm1_all(6, edge, b);
			ck_assert(b[0] == -1 && b[1] == -1 && b[2] == 0 && isinf(b[3]) && isinf(b[4]) && isnan(b[5]));
		}
}
END_TEST

START_TEST(logarithms_of_one_more)
{
	for (size_t s = 0; lb_kernel_at(s); s++)
		for (uint64_t round = 0; round < 60; round++) {
			draw(a, 999, round, (double[]){ 1e-6, 0.3, 3, 1e20 }[round % 4]);
			for (size_t i = 0; i < 999; i++)
				a[i] = fabs(a[i]);
			lb_kernel_at(s)->log1p_all(999, a, b);
			for (size_t i = 0; i < 999; i++)
				ck_assert_msg(ulps(b[i], log1pl((long double)a[i])) <= 2.5, "%s: log1p(%.17g) = %.17g", lb_kernel_at(s)->name,
					      (double)a[i], (double)b[i]);
			for (size_t i = 0; i < 999; i++)
				a[i] += (real)1e-30;
			lb_kernel_at(s)->log_all(999, a, b);
			for (size_t i = 0; i < 999; i++)
				ck_assert_msg(ulps(b[i], logl((long double)a[i])) <= 1.5, "%s: log(%.17g) = %.17g", lb_kernel_at(s)->name,
					      (double)a[i], (double)b[i]);
			const real edge[] = { 0, INFINITY, NAN };
			lb_kernel_at(s)->log1p_all(3, edge, b);
			ck_assert(b[0] == 0 && isinf(b[1]) && isnan(b[2]));
		}
}
END_TEST

/* ---- softmax ---- */

/* Row i of scores z against long double; tolerance in relative terms. */
static void ck_softmax_row(const real *z, size_t n, int32_t y, const real *e, const struct lb_softmax_sums *got, size_t i)
{
	const double tolerance = 8 * (double)REAL_EPS;
	size_t top = 0;
	long double rest = 0;

	for (size_t k = 1; k < n; k++)
		top = z[k] > z[top] ? k : top;
	for (size_t k = 0; k < n; k++) {
		const long double term = expl((long double)z[k] - z[top]);
		ck_assert(fabsl(e[k] - term) <= tolerance * (term + fabsl((long double)z[k] - z[top]) * term));
		rest += k == (size_t)y ? 0 : term;
	}
	const long double sum = rest + expl((long double)z[y] - z[top]);
	const long double lp = (size_t)y == top ? -log1pl(rest) : (long double)z[y] - z[top] - logl(sum);
	const double spread = 1 + 40 * (z[top] > 20);
	ck_assert(fabsl(got->rest[i] - rest) <= 40 * spread * tolerance * rest);
	ck_assert(fabsl(got->sum[i] - sum) <= 40 * spread * tolerance * sum);
	ck_assert_msg(fabsl(got->lp[i] - lp) <= 40 * spread * tolerance * fabsl(lp), "log p is %.17g, expected %.17Lg", (double)got->lp[i], lp);
	ck_assert_uint_eq((size_t)got->top[i], top);
}

START_TEST(softmax_of_many_rows)
{
	static const size_t columns[] = { 2, 8, 10, 16, 26, 33, 64 };
	enum { ROWS = 37 };
	real rest[ROWS], sum[ROWS], lp[ROWS], top[ROWS];
	const struct lb_softmax_sums got = { rest, sum, lp, top };
	int32_t y[ROWS];

	for (size_t s = 0; lb_kernel_at(s); s++)
		for (size_t q = 0; q < 7; q++) {
			const size_t n = columns[q], ld = LB_PADDED(n) + (q % 2 ? LB_PANEL : 0);
			draw(a, ROWS * ld, q, (size_t)_i == 0 ? 3 : 25);
			memset(b, 0x7f, (ROWS + 1) * ld * sizeof *b);
			for (size_t i = 0; i < ROWS; i++)
				y[i] = (int32_t)(i * 7 % n);
			a[3 * ld + 1] = a[3 * ld];
			lb_kernel_at(s)->softmax_rows(ROWS, n, ld, a, y, b, &got);
			for (size_t i = 0; i < ROWS; i++) {
				ck_softmax_row(a + i * ld, n, y[i], b + i * ld, &got, i);
				for (size_t k = n; k < LB_PADDED(n); k++)
					ck_assert(b[i * ld + k] == 0);
			}
			ck_assert(!memcmp(b + ROWS * ld, b + ROWS * ld + 1, (ld - 1) * sizeof *b));
		}
}
END_TEST

/* What a visit of lane_rows is given, against softmax_rows, whose terms and sums are made again
 * here; row r of the visit becomes r * term. */
struct visits {
	size_t c, ld, rows, next;
	const real *z;
	const int32_t *y;
	const real *term;        /* (rows, ld) */
	struct lb_softmax_sums sums;
	bool softmax;
};

static void ck_visit(void *arg, size_t first, size_t rows, struct lb_lane_rows *at)
{
	struct visits *v = arg;

	ck_assert_uint_eq(first, v->next);
	ck_assert_uint_eq(rows, v->rows - first < LB_PANEL ? v->rows - first : LB_PANEL);
	v->next += rows;
	for (size_t i = 0; i < LB_PANEL; i++) {
		const size_t r = first + (i < rows ? i : rows - 1), y = (size_t)v->y[r];
		ck_assert(at->label[i] == (real)y && at->own[i] == v->z[r * v->ld + y]);
		for (size_t k = 0; k < v->c; k++) {
			real *g = &at->g[k * LB_PANEL + i];
			ck_assert(at->z[k * LB_PANEL + i] == v->z[r * v->ld + k]);
			ck_assert(!v->softmax || *g == v->term[r * v->ld + k]);
			*g = (real)r + v->term[r * v->ld + k];
		}
		ck_assert(!v->softmax || (at->term[i] == v->term[r * v->ld + y] && at->rest[i] == v->sums.rest[r] &&
					  at->sum[i] == v->sums.sum[r] && at->lp[i] == v->sums.lp[r]));
		at->scale[i] = r == 5 ? (real)NAN : R(0.5);
	}
}

START_TEST(rows_by_lanes)
{
	static const size_t columns[] = { 2, 8, 10, 16, 26, 33, 64 };
	enum { ROWS = 37 };
	real v[4][ROWS];
	int32_t y[ROWS];

	for (size_t s = 0; lb_kernel_at(s); s++)
		for (size_t q = 0; q < 14; q++) {
			const size_t n = columns[q % 7], ld = LB_PADDED(n) + (q % 2 ? LB_PANEL : 0);
			struct visits at = { .c = n, .ld = ld, .rows = ROWS, .z = a, .y = y, .term = b, .softmax = q < 7,
					     .sums = { v[0], v[1], v[2], v[3] } };
			const struct lb_lane_job job = { .b = ROWS, .c = n, .ld = ld, .softmax = q < 7, .z = a, .y = y, .g = c,
							    .visit = ck_visit, .arg = &at };
			draw(a, ROWS * ld, q, 3);
			for (size_t i = 0; i < ROWS; i++)
				y[i] = (int32_t)(i * 7 % n);
			lb_kernel_at(s)->softmax_rows(ROWS, n, ld, a, y, b, &at.sums);
			memset(c, 0x7f, (ROWS + 1) * ld * sizeof *c);
			lb_kernel_at(s)->lane_rows(&job);
			ck_assert_uint_eq(at.next, ROWS);
			for (size_t i = 0; i < ROWS * ld; i++)
				if (i % ld < n)
					ck_assert(i / ld == 5 ? isnan(c[i]) : c[i] == R(0.5) * ((real)(i / ld) + b[i]));
				else if (i % ld < LB_PADDED(n))
					ck_assert(c[i] == 0);
			ck_assert(!memcmp(c + ROWS * ld, c + ROWS * ld + 1, (ld - 1) * sizeof *c));
		}
}
END_TEST

START_TEST(softmax_of_a_row_with_nan)
{
	real v[4][LB_PANEL];
	const struct lb_softmax_sums got = { v[0], v[1], v[2], v[3] };
	const int32_t y[] = { 0, 1 };

	for (size_t s = 0; lb_kernel_at(s); s++) {
		draw(a, 2 * LB_PANEL, 1, 1);
		a[2] = (real)NAN;
		lb_kernel_at(s)->softmax_rows(2, 4, LB_PANEL, a, y, b, &got);
		ck_assert(isnan(v[0][0]) && isnan(v[1][0]) && isnan(v[2][0]));
		ck_assert(!isnan(v[0][1]) && !isnan(v[1][1]) && !isnan(v[2][1]));
	}
}
END_TEST

/* Sets with fused multiply-add give each other's bytes. */
START_TEST(sets_agree)
{
	real v[2][4][64];
	int32_t y[50] = { 0 };

	draw(a, 50 * 32, 9, 4);
	for (size_t s = 0; lb_kernel_at(s + 1) && lb_kernel_at(s + 1)->fused; s++)
		for (size_t k = 0; k < 2; k++) {
			const struct lb_softmax_sums got = { v[k][0], v[k][1], v[k][2], v[k][3] };
			const struct lb_kernels *set = lb_kernel_at(s + k);
			real *out = k ? c : b;
			memset(v[k], 0, sizeof v[k]);
			set->softmax_rows(50, 26, 32, a, y, out, &got);
			out[1600] = (real)set->exp_terms(a, 1000, 1, 1, 3, out + 2000);
			set->tanh_all(1000, a, out + 3000);
			set->expm1_all(300, a, out + 3000);
			set->log1p_all(700, out + 2000, out + 3300);
			if (k)
				ck_assert(!memcmp(v[0], v[1], sizeof v[0]) && !memcmp(b, c, 1601 * sizeof *b) &&
					  !memcmp(b + 2000, c + 2000, 2000 * sizeof *b));
		}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("kernels");
	TCase *t = tcase_create("kernels");

	tcase_add_test(t, the_best_set_is_used);
	tcase_add_loop_test(t, products_are_the_plain_chain, 0, SHAPES);
	tcase_add_loop_test(t, products_with_one_column_are_the_plain_chain, 0, SHAPES);
	tcase_add_test(t, sparse_products_with_one_column_are_those_of_dense_rows);
	tcase_add_loop_test(t, transpose_and_column_sums, 0, SHAPES);
	tcase_add_test(t, columns_are_copied_across_panels);
	tcase_add_test(t, exponentials);
	tcase_add_test(t, exponentials_at_the_ends);
	tcase_add_test(t, largest_is_the_first_of_the_largest);
	tcase_add_test(t, tangents);
	tcase_add_test(t, exponentials_less_one);
	tcase_add_test(t, logarithms_of_one_more);
	tcase_add_loop_test(t, softmax_of_many_rows, 0, 2);
	tcase_add_test(t, rows_by_lanes);
	tcase_add_test(t, softmax_of_a_row_with_nan);
	tcase_add_test(t, sets_agree);
	suite_add_tcase(s, t);
	return s;
}
