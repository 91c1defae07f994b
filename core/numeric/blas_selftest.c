#include "core/numeric/blas_selftest.h"

#include "core/base/mem.h"
#include "core/numeric/rng.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct shape {
	int m, n, k;
};

/* Products of the trainer, blocks and their edges, more than a block of any set in each direction.
 * Ragged ones are drawn besides. */
static const struct shape fixed[] = {
	{ 128, 10, 784 }, { 10, 784, 128 }, { 128, 256, 784 }, { 64, 26, 16 }, { 26, 16, 64 }, { 64, 64, 64 }, { 96, 48, 32 },
	{ 1, 1, 1 }, { 1, 17, 300 }, { 300, 1, 17 }, { 17, 300, 1 }, { 821, 13, 805 }, { 11, 821, 805 }, { 5, 16411, 9 }, { 16411, 3, 7 },
};
enum { N_FIXED = sizeof fixed / sizeof *fixed, N_DRAWN = 60, PAD = 3, SHIFT = 1, POOL = 65537 };

static const struct {
	double alpha, beta;
} scales[] = { { 1, 0 }, { 1, 1 }, { -0.5, 0.75 } };
enum { N_SCALES = sizeof scales / sizeof *scales };

/* One case: op(A) (m,k) and op(B) (k,n) in double (exact in the precision asked), their plain
 * product and the sum of magnitudes. */
struct work {
	const struct lb_products *p;
	struct shape s;
	bool two;                        /* double precision */
	double *pool;                    /* random numbers, in a number that no row length divides */
	double *a, *b, *sum, *size;
	void *x, *y, *z, *again;         /* what the product is given; z, again (m, n + PAD) */
	struct lb_proof *proof;
};

static double get(const struct work *w, const void *p, size_t i)
{
	return w->two ? ((const double *)p)[i] : (double)((const float *)p)[i];
}

static void put(const struct work *w, void *p, size_t i, double v)
{
	if (w->two)
		((double *)p)[i] = v;
	else
		((float *)p)[i] = (float)v;
}

/* Uniform in [-1, 1) with all bits of the mantissa in use. */
static double drawn(const struct work *w, size_t i)
{
	const double v = w->pool[i % POOL];

	return w->two ? v : (double)(float)v;
}

static double entry_of_c(const struct work *w, size_t i)
{
	return drawn(w, i + 30011);
}

static void plain_product(struct work *w)
{
	const size_t m = (size_t)w->s.m, n = (size_t)w->s.n, k = (size_t)w->s.k;

	for (size_t i = 0; i < m * k; i++)
		w->a[i] = drawn(w, i);
	for (size_t i = 0; i < k * n; i++)
		w->b[i] = drawn(w, i + m * k);
	memset(w->sum, 0, m * n * sizeof *w->sum);
	memset(w->size, 0, m * n * sizeof *w->size);
	for (size_t i = 0; i < m; i++)
		for (size_t l = 0; l < k; l++) {
			const double a = w->a[i * k + l];
			const double *b = w->b + l * n;
			double *sum = w->sum + i * n, *size = w->size + i * n;
			for (size_t j = 0; j < n; j++) {
				const double t = a * b[j];
				sum[j] += t;
				size[j] += fabs(t);
			}
		}
}

/* Stores from (rows, cols), transposed or not, with padded rows, from element `at` on; returns the
 * leading dimension. */
static int store(const struct work *w, const double *from, int rows, int cols, bool transposed, void *to, size_t at)
{
	const int ld = (transposed ? rows : cols) + PAD;

	for (int i = 0; i < rows; i++)
		for (int j = 0; j < cols; j++)
			put(w, to, at + (transposed ? (size_t)j * (size_t)ld + (size_t)i : (size_t)i * (size_t)ld + (size_t)j),
			    from[(size_t)i * (size_t)cols + (size_t)j]);
	return ld;
}

static const double guard = 12345;

static void fill_c(const struct work *w, void *z, size_t at, double beta)
{
	const size_t n = (size_t)w->s.n, ld = n + PAD;

	for (size_t i = 0; i < (size_t)w->s.m; i++)
		for (size_t j = 0; j < ld; j++)
			put(w, z, at + i * ld + j, j >= n ? guard : beta == 0 ? (double)NAN : entry_of_c(w, i * n + j));
}

static void multiply(const struct work *w, bool ta, bool tb, size_t scale, void *z, size_t at)
{
	const enum CBLAS_TRANSPOSE a = ta ? CblasTrans : CblasNoTrans, b = tb ? CblasTrans : CblasNoTrans;
	const int lda = store(w, w->a, w->s.m, w->s.k, ta, w->x, at), ldb = store(w, w->b, w->s.k, w->s.n, tb, w->y, at), ldc = w->s.n + PAD;
	const double alpha = scales[scale].alpha, beta = scales[scale].beta;

	fill_c(w, z, at, beta);
	if (w->two)
		w->p->two(CblasRowMajor, a, b, w->s.m, w->s.n, w->s.k, alpha, (double *)w->x + at, lda, (double *)w->y + at, ldb, beta,
			  (double *)z + at, ldc);
	else
		w->p->single(CblasRowMajor, a, b, w->s.m, w->s.n, w->s.k, (float)alpha, (float *)w->x + at, lda, (float *)w->y + at, ldb,
			     (float)beta, (float *)z + at, ldc);
}

static int wrong(const struct work *w, bool ta, bool tb, struct lb_err *err, const char *what)
{
	return lb_fail(err, LB_MACHINE, "%cgemm of %d x %d x %d (%c%c): %s", w->two ? 'd' : 's', w->s.m, w->s.n, w->s.k, ta ? 'T' : 'N',
		       tb ? 'T' : 'N', what);
}

static int judge(const struct work *w, bool ta, bool tb, size_t scale, struct lb_err *err)
{
	const double alpha = scales[scale].alpha, beta = scales[scale].beta, eps = w->two ? DBL_EPSILON : (double)FLT_EPSILON;
	const size_t n = (size_t)w->s.n, ld = n + PAD;

	for (size_t i = 0; i < (size_t)w->s.m; i++)
		for (size_t j = 0; j < ld; j++) {
			const double got = get(w, w->z, i * ld + j);
			if (j >= n && got == guard)
				continue;
			if (j >= n)
				return wrong(w, ta, tb, err, "it wrote beside the result");
			const double c = beta == 0 ? 0 : beta * entry_of_c(w, i * n + j);
			const double bound = (w->s.k + 8) * eps * (fabs(alpha) * w->size[i * n + j] + fabs(c));
			const double share = fabs(got - (alpha * w->sum[i * n + j] + c)) / bound;
			if (!(share <= 1))
				return wrong(w, ta, tb, err, "an entry is wrong by more than rounding explains");
			w->proof->worst = fmax(w->proof->worst, share);
		}
	return 0;
}

/* Compared with the plain product; then once more at other addresses, compared byte by byte. */
static int prove_one(const struct work *w, bool ta, bool tb, size_t scale, struct lb_err *err)
{
	const size_t size = w->two ? sizeof(double) : sizeof(float), n = (size_t)w->s.n, ld = n + PAD;

	multiply(w, ta, tb, scale, w->z, 0);
	if (judge(w, ta, tb, scale, err))
		return -1;
	multiply(w, ta, tb, scale, w->again, SHIFT);
	if (memcmp(w->z, (char *)w->again + SHIFT * size, (size_t)w->s.m * ld * size))
		return wrong(w, ta, tb, err, "a second time it gave other bytes");
	w->proof->products++;
	return 0;
}

static int prove_shape(struct work *w, size_t number, struct lb_err *err)
{
	const bool small = (double)w->s.m * w->s.n * w->s.k < 1e5;

	plain_product(w);
	for (size_t t = 0; t < 4; t++)
		for (size_t scale = 0; scale < N_SCALES; scale++)
			if ((small || scale == (number + t) % N_SCALES) && prove_one(w, t & 1, t & 2, scale, err))
				return -1;
	return 0;
}

static struct shape shape_at(const struct work *w, size_t i)
{
	if (i < N_FIXED)
		return fixed[i];
	const double *v = w->pool + 3 * i;
	return (struct shape){ 1 + (int)(fabs(v[0]) * 70), 1 + (int)(fabs(v[1]) * 70), 1 + (int)(fabs(v[2]) * 70) };
}

static int draw_pool(struct work *w, struct lb_err *err)
{
	struct lb_rng rng;

	if (!(w->pool = lb_alloc(POOL, sizeof *w->pool, err)))
		return -1;
	lb_rng_init(&rng, 1, LB_RNG_TEST, 0);
	for (size_t i = 0; i < POOL; i++)
		w->pool[i] = 2 * lb_rng_unit(&rng) - 1;
	return 0;
}

static int allocate(struct work *w, struct lb_err *err)
{
	size_t a = 0, b = 0, c = 0;

	for (size_t i = 0; i < N_FIXED + N_DRAWN; i++) {
		const struct shape s = shape_at(w, i);
		const size_t m = (size_t)s.m + PAD, n = (size_t)s.n + PAD, k = (size_t)s.k + PAD;
		a = m * k > a ? m * k : a;
		b = k * n > b ? k * n : b;
		c = m * n > c ? m * n : c;
	}
	w->a = lb_alloc(a, sizeof(double), err);
	w->b = lb_alloc(b, sizeof(double), err);
	w->sum = lb_alloc(c, sizeof(double), err);
	w->size = lb_alloc(c, sizeof(double), err);
	w->x = lb_alloc_aligned(a + SHIFT, sizeof(double), err);
	w->y = lb_alloc_aligned(b + SHIFT, sizeof(double), err);
	w->z = lb_alloc_aligned(c + SHIFT, sizeof(double), err);
	w->again = lb_alloc_aligned(c + SHIFT, sizeof(double), err);
	return w->a && w->b && w->sum && w->size && w->x && w->y && w->z && w->again ? 0 : -1;
}

int lb_prove_products(const struct lb_products *p, struct lb_proof *proof, struct lb_err *err)
{
	struct work w = { .p = p, .proof = proof };
	int rc = draw_pool(&w, err) || allocate(&w, err) ? -1 : 0;

	*proof = (struct lb_proof){ 0 };
	for (size_t i = 0; i < N_FIXED + N_DRAWN && !rc; i++)
		for (int two = 0; two < 2 && !rc; two++) {
			w.s = shape_at(&w, i);
			w.two = two;
			rc = prove_shape(&w, i, err);
		}
	void *const owned[] = { w.pool, w.a, w.b, w.sum, w.size, w.x, w.y, w.z, w.again };
	for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
		free(owned[i]);
	return rc;
}
