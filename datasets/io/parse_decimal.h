/* Decimal numbers in running text, correctly rounded and fast. */
#ifndef LB_PARSE_DECIMAL_H
#define LB_PARSE_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

/* Reads the number that begins at s, in the strict form of lb_parse_double, and returns where it
 * ends; s itself when there is none or it is too large. The text must end in NUL, or in anything
 * that is no part of a number. */
const char *lb_scan_number(const char *s, double *v);

extern const double lb_tens[23]; /* 1e0 to 1e22, all of them exact */

/* The same; short numbers without an exponent are read in place. */
static inline const char *lb_scan_short(const char *s, double *v)
{
	static const double sign[2] = { 1, -1 };
	const bool negative = *s == '-';
	const char *const first = s + negative, *p = first, *point;
	uint64_t m = 0;
	unsigned digit;

	for (; (digit = (unsigned)(*p - '0')) < 10; p++)
		m = m * 10 + digit;
	point = p;
	if (*p == '.')
		while ((digit = (unsigned)(*++p - '0')) < 10)
			m = m * 10 + digit;
	if (p - first > 15 || p - first < 1 + (p != point) || (*p | 32) == 'e')
		return lb_scan_number(s, v);
	*v = sign[negative] * ((double)m / lb_tens[p == point ? 0 : p - point - 1]);
	return p;
}

#endif
