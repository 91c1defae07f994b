#include "datasets/io/parse_decimal.h"

#include "core/base/text.h"

#include <float.h>

const double lb_tens[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
			       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
enum { EXACT_TENS = 22, DIGITS = 19 };

static inline bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

#if LDBL_MANT_DIG == 64
/* One operation on exact operands leaves at most half a unit of the 64th bit, so rounding on to 53
 * bits is right unless the bits that fall away are those of a half. */
static bool wide(uint64_t mantissa, int exponent, double *v)
{
	static const long double more[] = { 1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,  1e10L, 1e11L, 1e12L, 1e13L,
					    1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L };
	union {
		long double x;
		uint64_t significand;
	} r = { .x = (long double)mantissa };

	if (exponent < -27 || exponent > 27)
		return false;
	r.x = exponent < 0 ? r.x / more[-exponent] : r.x * more[exponent];
	*v = (double)r.x;
	return (r.significand & 0x7ff) != 0x400;
}
#else
static bool wide(uint64_t mantissa, int exponent, double *v)
{
	(void)mantissa, (void)exponent, (void)v;
	return false;
}
#endif

/* Digits from the first that is not 0. */
static long significant(const char *first, const char *end)
{
	while (first < end && (*first == '0' || *first == '.'))
		first++;
	long n = end - first;
	for (; first < end; first++)
		n -= *first == '.';
	return n;
}

/* An exponent's digits after "e" at p, or p when there are none; an absurd one stays large. */
static const char *scan_exponent(const char *p, int *exponent)
{
	const char *q = p + 1;
	const bool negative = *q == '-';
	int e = 0;

	q += *q == '-' || *q == '+';
	if (!is_digit(*q))
		return p;
	for (; is_digit(*q); q++)
		e = e < 100000 ? e * 10 + (*q - '0') : e;
	*exponent += negative ? -e : e;
	return q;
}

const char *lb_scan_number(const char *s, double *v)
{
	const bool negative = *s == '-';
	const char *p = s + (negative || *s == '+'), *first = p;
	uint64_t mantissa = 0;
	int exponent = 0;

	for (; is_digit(*p); p++)
		mantissa = mantissa * 10 + (uint64_t)(*p - '0');
	long digits = p - first;
	if (*p == '.') {
		const char *point = ++p;
		for (; is_digit(*p); p++)
			mantissa = mantissa * 10 + (uint64_t)(*p - '0');
		digits += p - point;
		exponent = p - point < 100000 ? -(int)(p - point) : -100000;
	}
	if (!digits)
		return s;
	const char *behind = p;
	if (*p == 'e' || *p == 'E')
		p = scan_exponent(p, &exponent);
	const bool whole = digits <= DIGITS || significant(first, behind) <= DIGITS;
	double x;
	if (whole && mantissa <= (uint64_t)1 << 53 && exponent >= -EXACT_TENS && exponent <= EXACT_TENS)
		x = exponent < 0 ? (double)mantissa / lb_tens[-exponent] : (double)mantissa * lb_tens[exponent];
	else if (!whole || !wide(mantissa, exponent, &x))
		return lb_parse_double(s, (size_t)(p - s), v) ? p : s;
	*v = negative ? -x : x;
	return p;
}
