/* The arithmetic that training spends its time in, compiled once per precision and instruction set
 * (Makefile: KERNEL_SETS); the best set that this processor runs is chosen at the first use.
 * OpenBLAS is at its weakest on the shapes of this program (ten columns, sixteen features) and
 * picks another kernel, with other last bits, when a size changes; here one rule holds:
 *
 *   each entry of a product is one chain  init + a_0 b_0 + a_1 b_1 + ...  in ascending order,
 *     a fused multiply-add a link,
 *
 * however the product is cut into tiles and blocks, whatever is next to it. So a trial's bytes
 * do not depend on its company, on threads, nor on which set with fused multiply-add (avx512, avx2)
 * ran. Matrices are stored in panels (core/engine/kernels/panels.h). */
#ifndef LB_KERNELS_H
#define LB_KERNELS_H

#include "core/engine/kernels/panels.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LB_SOFTMAX_COLUMNS = 64 };

struct lb_softmax_sums {
	real *rest, *sum, *lp, *top;
};

/* LB_PANEL rows transposed, so that row i occupies lane i: column k of row i is at [k * LB_PANEL +
 * i]. Loops over i become vectors. Lanes without a row hold copies of the last one. */
struct lb_lane_rows {
	real label[LB_PANEL] __attribute__((aligned(64)));
	real own[LB_PANEL], term[LB_PANEL]; /* of the label: its score, its term */
	real rest[LB_PANEL], sum[LB_PANEL], lp[LB_PANEL];
	real loss[LB_PANEL], scale[LB_PANEL];
	size_t c;
	const real *z;           /* scores */
	real *g;                 /* terms, then the gradient */
};

/* For b rows of c <= LB_SOFTMAX_COLUMNS columns, padded and ld apart, LB_PANEL rows at a time:
 * their scores by lanes, and with `softmax` terms, sums and log p_y as softmax_rows makes them;
 * without, only label and own are set. visit writes scale and, over the terms, the gradient; g (b,
 * c) <- gradient * scale, its padding 0. g does not overlap z. */
struct lb_lane_job {
	size_t b, c, ld;
	bool softmax;
	const real *z;
	const int32_t *y;
	real *g;
	void (*visit)(void *arg, size_t first, size_t rows, struct lb_lane_rows *at);
	void *arg;
};

struct lb_kernels {
	const char *name;        /* "avx512", "avx2", "generic", or "blas": generic with the products of OpenBLAS */
	bool chain;              /* products follow the rule above; false for "blas", whose bytes hold for one shape of the product */
	bool fused;              /* products use fused multiply-add; false only where the processor has none */
	/* c (m, n) <- A (m, k) b (k, n), with n in whole panels; started from init (n values, panel
	 * after panel), from what c holds when init is c.x itself, or from 0 when NULL. c overlaps
	 * neither factor. */
	void (*product)(size_t m, size_t n, size_t k, struct lb_left a, struct lb_panels b, const real *init, struct lb_panels c);
	/* Both for a layer of one output, whose weights b are side by side: c (m, 1), column 0 of a
	 * panel whose others become 0, <- A (m, k) b (k) + init; and c (n) <- A' (n, m) d (m, 1);
	 * a.column is 1. With the bytes that `product` has, but not those of "blas". */
	void (*column_product)(size_t m, size_t k, struct lb_left a, const real *b, real init, struct lb_panels c);
	void (*column_gradient)(size_t m, size_t n, struct lb_left a, struct lb_panels d, real *c);
	/* As product with a compressed left factor of m rows: with the bytes that `product` has for
	 * it written out, as long as b is finite. */
	void (*sparse_product)(size_t m, size_t n, const struct lb_compressed *a, struct lb_panels b, const real *init,
			       struct lb_panels c);
	/* c (columns of a, n) += A' b (m, n), as the product of the transpose started from c */
	void (*sparse_transposed)(size_t m, size_t n, const struct lb_compressed *a, struct lb_panels b, struct lb_panels c);
	/* Both for a layer of one output, as column_product and sparse_transposed: c (m, 1) <- A b
	 * + init; c (columns of a) += A' d (m, 1). */
	void (*sparse_column_product)(size_t m, const struct lb_compressed *a, const real *b, real init, struct lb_panels c);
	void (*sparse_column_gradient)(size_t m, const struct lb_compressed *a, struct lb_panels d, real *c);
	/* t (n, m padded) <- transpose of b (m, n); rows of t beyond n are not written, columns
	 * beyond m are 0 */
	void (*transpose)(size_t m, size_t n, struct lb_panels b, struct lb_panels t);
	/* columns to .. to + n of c <- columns from .. from + n of b, m rows; the others of c
	 * stay */
	void (*copy_columns)(size_t m, size_t n, struct lb_panels b, size_t from, struct lb_panels c, size_t to);
	/* sum (n, whole panels) <- column sums of d (m, n), rows in ascending order */
	void (*column_sums)(size_t m, size_t n, struct lb_panels d, real *sum);
	/* e[k] <- exp((z[k] - shift) * scale), k < c; e may be z. Returns the sum, taken in double,
	 * of all e but e[skip] (skip >= c: of all). Below 1 unit in the last place; NaN gives NaN,
	 * overflow infinity. */
	double (*exp_terms)(const real *z, size_t c, real shift, real scale, size_t skip, real *e);
	/* place of the largest of c >= 1 values, the lowest on ties; NaNs are passed over, but 0 if
	 * the first is one */
	size_t (*largest)(const real *z, size_t c);
	/* Softmax of b rows at once, for c <= LB_SOFTMAX_COLUMNS. z and e (b, c) have padded rows
	 * ld apart; e does not overlap z. For row i of label y: e <- exp(z - max z), its padding 0;
	 * in at, b values each: the sum of the terms of other classes than y, the sum of all, log
	 * p_y, and the place of the largest score (lowest on ties). */
	void (*softmax_rows)(size_t b, size_t c, size_t ld, const real *z, const int32_t *y, real *e, const struct lb_softmax_sums *at);
	void (*lane_rows)(const struct lb_lane_job *job);
	/* y[i] <- x[i] * high + (x[i] * low + shift), the outer product and sum fused */
	void (*scale_bytes)(size_t n, const uint8_t *x, real high, real low, real shift, real *y);
	/* y[i] <- tanh(x[i]), within 2 units in the last place; y may be x */
	void (*tanh_all)(size_t n, const real *x, real *y);
	/* y[i] <- exp(x[i]) - 1, within 3 units in the last place; y may be x */
	void (*expm1_all)(size_t n, const real *x, real *y);
	/* y[i] <- log(x[i]) of normal numbers x[i] > 0, within 1 unit in the last place; y may be
	 * x */
	void (*log_all)(size_t n, const real *x, real *y);
	/* y[i] <- log(1 + x[i]) of x[i] >= 0, within 2 units in the last place; y may be x */
	void (*log1p_all)(size_t n, const real *x, real *y);
};

/* For code in either precision, in double. exp_terms of all: e[k] <- exp(z[k] - shift); their
 * sum. largest as it is. softmax_rows, at having room for 4 b values: rest, sum, lp and top one
 * after the other; ld is a multiple of 8. product of row-major matrices that do not overlap: c
 * (m, n) <- a (m, k) b (k, n), rows of a `lda` apart, those of b and c ldb and ldc, which are
 * multiples of 8 and at least n rounded up to one; b and c are aligned to 64 bytes. */
double lb_exp_terms_f64(const double *z, size_t c, double shift, double *e);
size_t lb_largest_f64(const double *z, size_t c);
void lb_softmax_rows_f64(size_t b, size_t c, size_t ld, const double *z, const int32_t *y, double *e, double *at);
void lb_product_f64(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb, double *c, size_t ldc);

/* The set in use. */
const struct lb_kernels *lb_kernel(void);
/* The i-th set that this processor can run, best first; NULL beyond the last. */
const struct lb_kernels *lb_kernel_at(size_t i);
/* Its name; and making it the one in use (core/numeric/kernel_dispatch.h). */
const char *lb_kernel_name(size_t i);
void lb_kernel_pick(size_t i);
/* Makes a set the one in use, for this process. For tests and measurements. */
void lb_kernel_use(const struct lb_kernels *set);

#endif
