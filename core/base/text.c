#include "core/base/text.h"

#include "core/base/mem.h"
#include "core/base/utf8.h"

#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lb_buf_add(struct lb_buf *b, const char *s, size_t n)
{
	if (b->bad || lb_grow(&b->s, &b->cap, b->n + n + 1, 1, NULL)) {
		b->bad = true;
		return;
	}
	if (n)
		memcpy(b->s + b->n, s, n);
	b->n += n;
	b->s[b->n] = '\0';
}

void lb_buf_puts(struct lb_buf *b, const char *s)
{
	lb_buf_add(b, s, strlen(s));
}

void lb_buf_add_character(struct lb_buf *b, uint32_t c)
{
	const size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3; /* bytes after the first */
	static const unsigned char first[] = { 0, 0xC0, 0xE0, 0xF0 };
	char out[4] = { (char)(first[more] | (c >> 6 * more & 0x7F)) };

	for (size_t k = 1; k <= more; k++)
		out[k] = (char)(0x80 | (c >> 6 * (more - k) & 63));
	lb_buf_add(b, out, more + 1);
}

void lb_buf_printf(struct lb_buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || b->bad || lb_grow(&b->s, &b->cap, b->n + (size_t)n + 1, 1, NULL)) {
		b->bad = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(b->s + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

void lb_buf_free(struct lb_buf *b)
{
	free(b->s);
	*b = (struct lb_buf){ 0 };
}

/* At a power of two the doubles below lie closer than those above: of 16 digits, not the nearest
 * text but the next one up may be the one that reads back. */
static bool next_up_reads_back(double v, char *s)
{
	char *p = strchr(s, 'e') - 1;
	int exponent;

	if (frexp(v, &exponent) != 0.5)
		return false;
	for (; *p == '9' || *p == '.'; p--)
		if (*p == '9')
			*p = '0';
	++*p;
	return strtod(s, NULL) == v;
}

/* The digits d1d2.. and decimal exponent e of v = 0.d1d2.. * 10^e, as few as read back equal. Up to
 * 15 digits survive a double, so fewer than that are found by cutting zeros; not so below
 * DBL_MIN. */
static int shortest_digits(double v, char digits[24], int *e)
{
	char s[40];

	for (int precision = v < DBL_MIN ? 0 : 14; precision < 17; precision++) {
		snprintf(s, sizeof s, "%.*e", precision, v);
		if (strtod(s, NULL) == v || (precision == 15 && next_up_reads_back(v, s)))
			break;
	}
	int n = 0;
	char *p = s;
	for (; *p && *p != 'e'; p++)
		if (isdigit((unsigned char)*p))
			digits[n++] = *p;
	*e = (int)strtol(p + 1, NULL, 10) + 1;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	digits[n] = '\0';
	return n;
}

/* Texts of up to 15 digits with at most 9 after the point, as most numbers of a config have: a
 * quotient of two doubles that are exact is what the text reads back as, and no other text of so
 * few digits does. 0 for all other numbers. */
static size_t short_text(double v, char out[LB_DOUBLE_TEXT])
{
	static const double tens[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };
	const double a = fabs(v);
	char backwards[24];
	size_t n = 0, at = 0, decimals = 0;
	uint64_t whole;

	if (!(a >= 1e-6 && a < 1e5))
		if (!(a >= 1 && a < 1e15 && a == floor(a)))
			return 0;
	while (decimals < 10 && (double)(whole = (uint64_t)(a * tens[decimals] + 0.5)) / tens[decimals] != a)
		decimals++;
	if (decimals == 10)
		return 0;
	for (; whole || n <= decimals; whole /= 10) {
		if (n == decimals && n)
			backwards[at++] = '.';
		backwards[at++] = (char)('0' + whole % 10);
		n++;
	}
	n = 0;
	if (v < 0)
		out[n++] = '-';
	while (at)
		out[n++] = backwards[--at];
	out[n] = '\0';
	return n;
}

size_t lb_double_text(double v, char out[LB_DOUBLE_TEXT])
{
	char digits[24];
	const char *sign = v < 0 ? "-" : "";
	int e;

	if (v == 0)
		return (size_t)snprintf(out, LB_DOUBLE_TEXT, "0");
	const size_t n_short = short_text(v, out);
	if (n_short)
		return n_short;
	const int n = shortest_digits(fabs(v), digits, &e);
	if (n <= e && e <= 21)
		return (size_t)snprintf(out, LB_DOUBLE_TEXT, "%s%s%.*s", sign, digits, e - n, "000000000000000000000");
	if (0 < e && e <= 21)
		return (size_t)snprintf(out, LB_DOUBLE_TEXT, "%s%.*s.%s", sign, e, digits, digits + e);
	if (-6 < e && e <= 0)
		return (size_t)snprintf(out, LB_DOUBLE_TEXT, "%s0.%.*s%s", sign, -e, "000000", digits);
	return (size_t)snprintf(out, LB_DOUBLE_TEXT, "%s%c%s%se%+d", sign, digits[0], n > 1 ? "." : "", digits + 1, e - 1);
}

static bool number_shaped(const char *s, size_t n)
{
	size_t i = 0, digits = 0;

	if (i < n && (s[i] == '+' || s[i] == '-'))
		i++;
	for (; i < n && isdigit((unsigned char)s[i]); i++)
		digits++;
	if (i < n && s[i] == '.')
		for (i++; i < n && isdigit((unsigned char)s[i]); i++)
			digits++;
	if (!digits)
		return false;
	if (i < n && (s[i] == 'e' || s[i] == 'E')) {
		i++;
		if (i < n && (s[i] == '+' || s[i] == '-'))
			i++;
		size_t start = i;
		while (i < n && isdigit((unsigned char)s[i]))
			i++;
		if (i == start)
			return false;
	}
	return i == n;
}

/* Up to 15 digits and a power of ten up to 22: one exact product or quotient of doubles, hence
 * correctly rounded (Clinger). */
static bool parse_short(const char *s, size_t n, double *v)
{
	static const double tens[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
				       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	uint64_t mantissa = 0;
	size_t i = 0, digits = 0, decimals = 0;
	bool point = false, negative = false;

	if (i < n && (s[i] == '-' || s[i] == '+'))
		negative = s[i++] == '-';
	for (; i < n; i++) {
		if (s[i] == '.' && !point)
			point = true;
		else if (s[i] >= '0' && s[i] <= '9' && digits < 15) {
			mantissa = mantissa * 10 + (uint64_t)(s[i] - '0');
			digits++;
			decimals += point;
		} else
			return false;
	}
	if (!digits)
		return false;
	*v = (double)mantissa / tens[decimals];
	if (negative)
		*v = -*v;
	return true;
}

bool lb_parse_double(const char *s, size_t n, double *v)
{
	char small[64];
	char *copy = small;

	if (parse_short(s, n, v))
		return true;
	if (!number_shaped(s, n))
		return false;
	if (n >= sizeof small && !(copy = lb_alloc(n + 1, 1, NULL)))
		return false;
	memcpy(copy, s, n);
	copy[n] = '\0';
	*v = strtod(copy, NULL);
	if (copy != small)
		free(copy);
	return isfinite(*v);
}

bool lb_parse_int(const char *s, size_t n, int64_t *v)
{
	size_t i = 0;
	bool negative = false;
	int64_t x = 0;

	if (i < n && (s[i] == '-' || s[i] == '+'))
		negative = s[i++] == '-';
	if (i == n)
		return false;
	for (; i < n; i++) {
		if (!isdigit((unsigned char)s[i]))
			return false;
		x = x * 10 + (s[i] - '0');
		if (x > (int64_t)1 << 53)
			return false;
	}
	*v = negative ? -x : x;
	return true;
}

static size_t edit_distance(const char *a, const char *b)
{
	enum { LONGEST = 63 };
	size_t row[LONGEST + 1], na = strlen(a), nb = strlen(b);

	if (na > LONGEST || nb > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t best = diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb];
}

const char *lb_nearest(const char *word, const char *const *words, size_t n)
{
	const char *found = NULL;
	const size_t length = strlen(word);
	size_t best = length / 3 + 2;

	for (size_t i = 0; i < n; i++) {
		const size_t other = strlen(words[i]), apart = other > length ? other - length : length - other;
		const size_t d = apart < best ? edit_distance(word, words[i]) : apart;
		if (d < best) {
			best = d;
			found = words[i];
		}
	}
	return found;
}

void lb_buf_visible(struct lb_buf *b, const char *text)
{
	char shown[LB_MOST_SHOWN + 1];

	while (*text) {
		const size_t n = lb_utf8_show(&text, shown);
		lb_buf_add(b, shown, n);
	}
}

void lb_buf_yaml(struct lb_buf *b, const char *text)
{
	lb_buf_puts(b, "\"");
	while (*text) {
		const size_t n = lb_utf8_length(text), shown = n ? n : 1;
		if (*text == '"' || *text == '\\')
			lb_buf_printf(b, "\\%c", *text);
		else if (n && lb_utf8_steers(text, n))
			lb_buf_printf(b, "\\u%04X", lb_utf8_code_point(text, n));
		else
			lb_buf_add(b, text, shown);
		text += shown;
	}
	lb_buf_puts(b, "\"");
}
