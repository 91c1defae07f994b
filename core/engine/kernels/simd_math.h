/* Vectors of the set that a file is compiled for, and functions of them; for
 * core/engine/kernels/kernels.c alone. Each lane's value depends on that lane only, so every
 * instruction set with fused multiply-add gives the same bytes. */
#ifndef LB_SIMD_MATH_H
#define LB_SIMD_MATH_H

#include "core/engine/kernels/panels.h"

#include <stdint.h>
#include <string.h>
#if defined __AVX2__
#include <immintrin.h>
#endif

#define LB_INLINE static inline __attribute__((always_inline))

/* Bytes of the widest vector, its lanes, and the vectors of a panel. A vector that is wider than
 * the registers would live on the stack. */
#if defined __AVX512F__
#define LB_WIDTH 64
#elif defined __AVX2__
#define LB_WIDTH 32
#else
#define LB_WIDTH 16
#endif
#define LB_VECTOR (LB_WIDTH / (LB_REAL / 8))
#define LB_PARTS (64 / LB_WIDTH)

typedef real lb_lanes __attribute__((vector_size(LB_WIDTH)));
#if LB_REAL == 32
typedef int32_t lb_bits __attribute__((vector_size(LB_WIDTH)));
#define LB_MAGIC R(12582912.0)               /* 1.5 x 2^23: adding it rounds to an integer, left in the low bits */
#define LB_MANTISSA 23
#define LB_BIAS 127
#define LB_LN2_HI R(0.693359375)             /* few bits, so that n LN2_HI is exact */
#define LB_LN2_LO R(-2.12194440054690583e-4)
#define LB_EXP_HI R(89.0)                    /* exp overflows below this, */
#define LB_EXP_LO R(-104.0)                  /* and is 0 above this */
#else
typedef int64_t lb_bits __attribute__((vector_size(LB_WIDTH)));
#define LB_MAGIC R(6755399441055744.0)
#define LB_MANTISSA 52
#define LB_BIAS 1023
#define LB_LN2_HI R(6.93147180369123816490e-01)
#define LB_LN2_LO R(1.90821492927058770002e-10)
#define LB_EXP_HI R(710.0)
#define LB_EXP_LO R(-746.0)
#endif

LB_INLINE lb_lanes lb_splat(real x)
{
	return x - (lb_lanes){ 0 };
}

LB_INLINE lb_lanes lb_select(lb_bits mask, lb_lanes yes, lb_lanes no)
{
	return (lb_lanes)((mask & (lb_bits)yes) | (~mask & (lb_bits)no));
}

/* x where it is below `most`, or is NaN, else that; and the other way */
LB_INLINE lb_lanes lb_at_most(real most, lb_lanes x)
{
#if defined __AVX512F__ && LB_REAL == 32
	return (lb_lanes)_mm512_min_ps((__m512)lb_splat(most), (__m512)x);
#elif defined __AVX512F__
	return (lb_lanes)_mm512_min_pd((__m512d)lb_splat(most), (__m512d)x);
#elif defined __AVX2__ && LB_REAL == 32
	return (lb_lanes)_mm256_min_ps((__m256)lb_splat(most), (__m256)x);
#elif defined __AVX2__
	return (lb_lanes)_mm256_min_pd((__m256d)lb_splat(most), (__m256d)x);
#else
	return lb_select(x > most, lb_splat(most), x);
#endif
}

LB_INLINE lb_lanes lb_at_least(real least, lb_lanes x)
{
#if defined __AVX512F__ && LB_REAL == 32
	return (lb_lanes)_mm512_max_ps((__m512)lb_splat(least), (__m512)x);
#elif defined __AVX512F__
	return (lb_lanes)_mm512_max_pd((__m512d)lb_splat(least), (__m512d)x);
#elif defined __AVX2__ && LB_REAL == 32
	return (lb_lanes)_mm256_max_ps((__m256)lb_splat(least), (__m256)x);
#elif defined __AVX2__
	return (lb_lanes)_mm256_max_pd((__m256d)lb_splat(least), (__m256d)x);
#else
	return lb_select(x < least, lb_splat(least), x);
#endif
}

LB_INLINE lb_lanes lb_load(const real *x)
{
	lb_lanes v;

	memcpy(&v, x, sizeof v);
	return v;
}

LB_INLINE void lb_store(real *x, lb_lanes v)
{
	memcpy(x, &v, sizeof v);
}

#if defined __AVX2__ && !defined __AVX512F__
/* All bits of the first n lanes. */
LB_INLINE lb_bits lb_first(size_t n)
{
#if LB_REAL == 32
	static const int32_t ones[2 * LB_VECTOR] = { -1, -1, -1, -1, -1, -1, -1, -1 };
#else
	static const int64_t ones[2 * LB_VECTOR] = { -1, -1, -1, -1 };
#endif
	lb_bits v;

	memcpy(&v, ones + LB_VECTOR - n, sizeof v);
	return v;
}
#endif

/* The first n <= LB_VECTOR values of a row; the rest is `pad`. Nothing beyond is read or written. */
LB_INLINE lb_lanes lb_load_part(const real *x, size_t n, real pad)
{
#if defined __AVX512F__ && LB_REAL == 32
	return (lb_lanes)_mm512_mask_loadu_ps((__m512)lb_splat(pad), (__mmask16)((1u << n) - 1), x);
#elif defined __AVX512F__
	return (lb_lanes)_mm512_mask_loadu_pd((__m512d)lb_splat(pad), (__mmask8)((1u << n) - 1), x);
#elif defined __AVX2__ && LB_REAL == 32
	const lb_bits there = lb_first(n);
	return lb_select(there, (lb_lanes)_mm256_maskload_ps(x, (__m256i)there), lb_splat(pad));
#elif defined __AVX2__
	const lb_bits there = lb_first(n);
	return lb_select(there, (lb_lanes)_mm256_maskload_pd(x, (__m256i)there), lb_splat(pad));
#else
	lb_lanes v = lb_splat(pad);

	for (size_t i = 0; i < n; i++)
		v[i] = x[i];
	return v;
#endif
}

LB_INLINE void lb_store_part(real *x, size_t n, lb_lanes v)
{
#if defined __AVX512F__ && LB_REAL == 32
	_mm512_mask_storeu_ps(x, (__mmask16)((1u << n) - 1), (__m512)v);
#elif defined __AVX512F__
	_mm512_mask_storeu_pd(x, (__mmask8)((1u << n) - 1), (__m512d)v);
#elif defined __AVX2__ && LB_REAL == 32
	_mm256_maskstore_ps(x, (__m256i)lb_first(n), (__m256)v);
#elif defined __AVX2__
	_mm256_maskstore_pd(x, (__m256i)lb_first(n), (__m256d)v);
#else
	for (size_t i = 0; i < n; i++)
		x[i] = v[i];
#endif
}

/* Of n values of a panel, those of its part p. */
LB_INLINE size_t lb_of_part(size_t n, size_t p)
{
	const size_t before = p * LB_VECTOR;

	return n <= before ? 0 : n - before < LB_VECTOR ? n - before : LB_VECTOR;
}

/* Doubles of a vector's width: the lanes of two of them are those of a vector of floats, of one
 * those of a vector of doubles. */
typedef double lb_doubles __attribute__((vector_size(LB_WIDTH)));
#define LB_WIDENED (64 / LB_REAL)

#if LB_REAL == 32
typedef float lb_half __attribute__((vector_size(LB_WIDTH / 2)));

LB_INLINE lb_doubles lb_widen(lb_half v)
{
#if defined __AVX512F__
	return (lb_doubles)_mm512_cvtps_pd((__m256)v);
#elif defined __AVX2__
	return (lb_doubles)_mm256_cvtps_pd((__m128)v);
#else
	return __builtin_convertvector(v, lb_doubles);
#endif
}
#endif

/* Adds each lane to a sum of its own. */
LB_INLINE void lb_add_wide(lb_doubles sum[LB_WIDENED], lb_lanes v)
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

LB_INLINE lb_lanes lb_narrowed(const lb_doubles sum[LB_WIDENED])
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

/* Eight sums in double over panels of values: value i of a panel of floats goes to sum i mod 8. */
LB_INLINE void lb_add_panel(lb_doubles sum[LB_PARTS], const lb_lanes v[LB_PARTS])
{
#if LB_REAL == 32
	lb_half part[2 * LB_PARTS];

	memcpy(part, v, sizeof part);
#pragma GCC unroll 4
	for (size_t j = 0; j < LB_PARTS; j++)
		sum[j] += lb_widen(part[j]) + lb_widen(part[j + LB_PARTS]);
#else
#pragma GCC unroll 4
	for (size_t j = 0; j < LB_PARTS; j++)
		sum[j] += v[j];
#endif
}

LB_INLINE double lb_total(const lb_doubles sum[LB_PARTS])
{
	double s[8];

	memcpy(s, sum, sizeof s);
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

/* 0, 1, 2, ... */
LB_INLINE lb_bits lb_lane_numbers(void)
{
#if LB_VECTOR == 16
	return (lb_bits){ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
#elif LB_VECTOR == 8
	return (lb_bits){ 0, 1, 2, 3, 4, 5, 6, 7 };
#elif LB_VECTOR == 4
	return (lb_bits){ 0, 1, 2, 3 };
#else
	return (lb_bits){ 0, 1 };
#endif
}

/* p 2^n for integers n of either sign; elsewhere each half of n at a time, so that subnormal
 * results are rounded once too and overflow is infinity */
LB_INLINE lb_lanes lb_scale2(lb_lanes p, lb_lanes n)
{
#if defined __AVX512F__ && LB_REAL == 32
	return (lb_lanes)_mm512_scalef_ps((__m512)p, (__m512)n);
#elif defined __AVX512F__
	return (lb_lanes)_mm512_scalef_pd((__m512d)p, (__m512d)n);
#else
	const lb_bits k = (lb_bits)(n + LB_MAGIC) - (lb_bits)lb_splat(LB_MAGIC), half = k >> 1;

	p *= (lb_lanes)((half + LB_BIAS) << LB_MANTISSA);
	return p * (lb_lanes)((k - half + LB_BIAS) << LB_MANTISSA);
#endif
}

/* Taylor's polynomial of exp on |r| <= log(2)/2: its first missing term is below a tenth of a unit
 * in the last place. */
LB_INLINE lb_lanes lb_exp_poly(lb_lanes r)
{
#if LB_REAL == 32
	static const real term[] = { R(1.9841270e-4), R(1.3888889e-3), R(8.3333333e-3), R(4.1666667e-2), R(1.6666667e-1), R(0.5) };
#else
	static const real term[] = { 1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
				     1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5 };
#endif
	lb_lanes p = lb_splat(term[0]);

#pragma GCC unroll 16
	for (size_t i = 1; i < sizeof term / sizeof *term; i++)
		p = p * r + term[i];
	return r + r * r * p;
}

/* exp of x <= LB_EXP_HI, below 1 unit in the last place; NaN stays NaN */
LB_INLINE lb_lanes lb_exp_below(lb_lanes x)
{
	x = lb_at_least(LB_EXP_LO, x);
	const lb_lanes n = (x * R(1.44269504088896340736) + LB_MAGIC) - LB_MAGIC;
	const lb_lanes r = (x - n * LB_LN2_HI) - n * LB_LN2_LO;

	return lb_scale2(1 + lb_exp_poly(r), n);
}

/* The same of any x */
LB_INLINE lb_lanes lb_exp(lb_lanes x)
{
	return lb_exp_below(lb_at_most(LB_EXP_HI, x));
}

#if LB_VECTOR == 16
#define LB_EVEN_8(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
#define LB_ODD_8(a, b) __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)
#define LB_EVEN_4(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27)
#define LB_ODD_4(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31)
#define LB_EVEN_2(a, b) __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define LB_ODD_2(a, b) __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#define LB_EVEN_1(a, b) __builtin_shufflevector(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30)
#define LB_ODD_1(a, b) __builtin_shufflevector(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31)
#elif LB_VECTOR == 8
#define LB_EVEN_4(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define LB_ODD_4(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15)
#define LB_EVEN_2(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define LB_ODD_2(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define LB_EVEN_1(a, b) __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14)
#define LB_ODD_1(a, b) __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15)
#elif LB_VECTOR == 4
#define LB_EVEN_2(a, b) __builtin_shufflevector(a, b, 0, 1, 4, 5)
#define LB_ODD_2(a, b) __builtin_shufflevector(a, b, 2, 3, 6, 7)
#define LB_EVEN_1(a, b) __builtin_shufflevector(a, b, 0, 4, 2, 6)
#define LB_ODD_1(a, b) __builtin_shufflevector(a, b, 1, 5, 3, 7)
#else
#define LB_EVEN_1(a, b) __builtin_shufflevector(a, b, 0, 2)
#define LB_ODD_1(a, b) __builtin_shufflevector(a, b, 1, 3)
#endif

#define LB_TURN_STEP(n)                                                                                                         \
	_Pragma("GCC unroll 16") for (int i = 0; i < LB_VECTOR; i++) {                                                           \
		if (i & n)                                                                                                      \
			continue;                                                                                               \
		const lb_lanes a = r[i], b = r[i + n];                                                                          \
		r[i] = LB_EVEN_##n(a, b);                                                                                       \
		r[i + n] = LB_ODD_##n(a, b);                                                                                    \
	}

/* Transposes a square of LB_VECTOR rows: blocks of n columns are exchanged between rows n apart, n
 * halving. */
LB_INLINE void lb_turn(lb_lanes r[LB_VECTOR])
{
#if LB_VECTOR >= 16
	LB_TURN_STEP(8)
#endif
#if LB_VECTOR >= 8
	LB_TURN_STEP(4)
#endif
#if LB_VECTOR >= 4
	LB_TURN_STEP(2)
#endif
	LB_TURN_STEP(1)
}

/* log of normal numbers > 0, within 1 unit in the last place; NaN stays NaN. x = 2^k (1 + f); with
 * s = f / (2 + f) and h = f^2 / 2, log(1 + f) = f - (h - s (h + R)), R = 2 s^2/3 + 2 s^4/5 + ...
 * (fdlibm, e_log.c). */
LB_INLINE lb_lanes lb_log(lb_lanes x)
{
#if LB_REAL == 32
	static const real term[] = { R(2.0) / 11, R(2.0) / 9, R(2.0) / 7, R(2.0) / 5, R(2.0) / 3 };
	const lb_bits k = ((lb_bits)x - 0x3f3504f3) >> LB_MANTISSA;
#else
	static const real term[] = { 2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13, 2.0 / 11, 2.0 / 9, 2.0 / 7, 2.0 / 5, 2.0 / 3 };
	const lb_bits k = ((lb_bits)x - 0x3fe6a09e667f3bcd) >> LB_MANTISSA;
#endif
	const lb_lanes n = __builtin_convertvector(k, lb_lanes), f = (lb_lanes)((lb_bits)x - (k << LB_MANTISSA)) - 1;
	const lb_lanes s = f / (2 + f), z = s * s, h = R(0.5) * f * f;
	lb_lanes p = lb_splat(term[0]);

#pragma GCC unroll 16
	for (size_t i = 1; i < sizeof term / sizeof *term; i++)
		p = p * z + term[i];
	const lb_lanes y = n * LB_LN2_HI - ((h - (s * (h + z * p) + n * LB_LN2_LO)) - f);
	return lb_select(x == x, y, x);
}

/* log(1 + x) for x >= 0, within 2 units in the last place: what 1 + x rounds off comes back by the
 * derivative. */
LB_INLINE lb_lanes lb_log1p(lb_lanes x)
{
	const lb_lanes u = 1 + x;

	return lb_log(u) + (x - (u - 1)) / u;
}

/* exp(x) - 1, within 3 units in the last place; NaN stays NaN. With x = n log 2 + r it is
 * 2^n expm1(r) + (2^n - 1), whose last part is exact. */
LB_INLINE lb_lanes lb_expm1(lb_lanes x)
{
	x = lb_at_most(LB_EXP_HI, lb_at_least(LB_EXP_LO, x));
	const lb_lanes n = (x * R(1.44269504088896340736) + LB_MAGIC) - LB_MAGIC;
	const lb_lanes r = (x - n * LB_LN2_HI) - n * LB_LN2_LO, p = lb_exp_poly(r);
	const lb_lanes near = lb_scale2(p, n) + (lb_scale2(lb_splat(1), n) - 1);

	return lb_select(n < LB_MANTISSA, near, lb_scale2(1 + p, n) - 1);
}

#endif
