/* exp, expm1 and powers for single precision, made of plain arithmetic in double, so that loops
 * over rows become vectors: within 1e-11, then rounded once. In double precision they are the C
 * library's. NaN gives NaN. */
#ifndef LB_STABLE_POWERS_H
#define LB_STABLE_POWERS_H

#include "core/engine/precision.h"

#include <stdint.h>
#include <string.h>

static inline int64_t lb_bits_of(double x)
{
	int64_t bits;

	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static inline double lb_of_bits(int64_t bits)
{
	double x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

/* 1.5 x 2^52: adding it rounds to an integer, left in the low bits */
#define LB_ROUNDER 6755399441055744.0

/* 2^k exp(r), |r| <= log(2)/2, by Taylor's polynomial */
static inline double lb_plain_exp(double x)
{
	const double low = x < -700 ? -700 : x, at = low > 700 ? 700 : low;
	const double t = at * 1.44269504088896340736 + LB_ROUNDER, r = at - (t - LB_ROUNDER) * 0.69314718055994530942;
	const double p = 1 + r * (1 + r * (1.0 / 2 + r * (1.0 / 6 + r * (1.0 / 24 + r * (1.0 / 120 + r * (1.0 / 720 + r * (1.0 / 5040 +
			 r * (1.0 / 40320 + r * (1.0 / 362880)))))))));
	const double e = lb_of_bits(lb_bits_of(p) + (int64_t)((uint64_t)lb_bits_of(t) << 52));

	return at >= -700 ? e : x;
}

/* Of normal numbers; of 0, -1e30. x = 2^k (1 + f), log(1 + f) = 2 (s + s^3/3 + ...) with s = f / (2
 * + f). */
static inline double lb_plain_log(double x)
{
	const uint64_t above = (uint64_t)lb_bits_of(x) - UINT64_C(0x3fe6a09e667f3bcd);
	const int64_t k = (int64_t)(above >> 52) - (int64_t)(above >> 63 << 12);
	const double n = lb_of_bits(k + lb_bits_of(LB_ROUNDER)) - LB_ROUNDER;
	const double f = lb_of_bits(lb_bits_of(x) - (int64_t)((uint64_t)k << 52)) - 1, s = f / (2 + f), z = s * s;
	const double odd = 1 + z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9 + z * (1.0 / 11 + z * (1.0 / 13))))));

	return x > 0 ? n * 0.69314718055994530942 + 2 * s * odd : x <= 0 ? -1e30 : x;
}

/* exp(a x) */
static inline real lb_exp_times(real a, real x)
{
	return REAL_BITS == 64 ? exp(a * x) : (real)lb_plain_exp((double)a * (double)x);
}

/* exp(a x) - 1 */
static inline real lb_expm1_times(real a, real x)
{
	const double t = (double)a * (double)x, near = t * (1 + t * (0.5 + t * (1.0 / 6)));

	return REAL_BITS == 64 ? expm1(a * x) : (real)(t > -1e-4 && t < 1e-4 ? near : lb_plain_exp(t) - 1);
}

/* q^a, a >= 0, q = 1 - p. A q near 1 is raised through p, since a large a multiplies its
 * rounding. */
static inline real lb_power_of_rest(real p, real q, real a)
{
	if (REAL_BITS == 64)
		return p < q ? exp(a * log1p(-p)) : pow(q, a);
	return (real)lb_plain_exp((double)a * lb_plain_log(p < q ? 1 - (double)p : (double)q));
}

#endif
