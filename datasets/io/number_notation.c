#include "datasets/io/number_notation.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 400 }; /* bytes of a number in another than the plain notation */

bool lb_notation_differs(const struct lb_notation *w)
{
	return w->decimal == ',' || w->thousands;
}

/* ---- separators ---- */

static bool starts(const char *s, size_t n, const char *with)
{
	return n >= strlen(with) && !memcmp(s, with, strlen(with));
}

/* Bytes of the separator of thousands at s, 0 when there is none. */
static size_t separator(const struct lb_notation *w, const char *s, size_t n)
{
	static const char *const blanks[] = { " ", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89" };
	static const char *const apostrophes[] = { "'", "\xE2\x80\x99" };
	const char *const *all = w->thousands == ' ' ? blanks : apostrophes;
	const size_t count = w->thousands == ' ' ? 4 : w->thousands == '\'' ? 2 : 0;

	for (size_t k = 0; k < count; k++)
		if (starts(s, n, all[k]))
			return strlen(all[k]);
	return !count && w->thousands && n && *s == w->thousands;
}

/* The digits before the decimal mark without their separators, appended to `to`; *at moves after
 * them. False when the groups are not of three digits, or the first of them is empty or begins with
 * 0. */
static bool whole_part(const struct lb_notation *w, const char *s, size_t n, size_t *at, char *to, size_t *k)
{
	size_t i = *at, group = 0, groups = 1, skip;
	const char first = i < n ? s[i] : '\0';

	for (; i < n; i += skip) {
		skip = 1;
		if (isdigit((unsigned char)s[i])) {
			to[(*k)++] = s[i];
			group++;
			continue;
		}
		if (!(skip = separator(w, s + i, n - i)))
			break;
		if (!group || (groups > 1 ? group != 3 : group > 3))
			return false;
		groups++;
		group = 0;
	}
	*at = i;
	return groups == 1 || (group == 3 && first != '0');
}

/* Rewrites a number in plain notation; to has room for n bytes. Returns their count, 0 when it is
 * none. */
static size_t to_plain(const struct lb_notation *w, const char *s, size_t n, char *to)
{
	const char decimal = w->decimal == ',' ? ',' : '.';
	size_t i = 0, k = 0;

	if (n && (*s == '-' || *s == '+'))
		to[k++] = s[i++];
	if (!whole_part(w, s, n, &i, to, &k))
		return 0;
	if (i < n && s[i] == decimal) {
		to[k++] = '.';
		i++;
	}
	for (; i < n; i++) {
		if (s[i] == '.' || s[i] == ',')
			return 0;
		to[k++] = s[i];
	}
	return k;
}

bool lb_notation_parse(const struct lb_notation *w, const char *s, size_t n, double *v)
{
	char plain[LONGEST];

	if (!lb_notation_differs(w))
		return lb_parse_double(s, n, v);
	const size_t k = n && n <= sizeof plain ? to_plain(w, s, n, plain) : 0;
	return k && lb_parse_double(plain, k, v);
}

/* ---- whole numbers ---- */

/* The digits of a whole number such as +0012 or 12.0 without what does not count; 0 when it is none
 * or too long. */
static size_t whole_digits(const char *plain, size_t n, const char **digits)
{
	size_t k = 0;

	if (n && (*plain == '-' || *plain == '+'))
		plain++, n--;
	while (n > 1 && *plain == '0')
		plain++, n--;
	while (k < n && isdigit((unsigned char)plain[k]))
		k++;
	*digits = plain;
	size_t rest = k < n && plain[k] == '.' ? k + 1 : k;
	while (rest < n && plain[rest] == '0')
		rest++;
	return rest == n && k <= LB_WHOLE_DIGITS ? k : 0;
}

static size_t plain_of(const struct lb_notation *w, const char *s, size_t n, char plain[LONGEST])
{
	if (n > LONGEST)
		return 0;
	if (lb_notation_differs(w))
		return to_plain(w, s, n, plain);
	memcpy(plain, s, n);
	return n;
}

bool lb_notation_whole(const struct lb_notation *w, const char *s, size_t n)
{
	char plain[LONGEST];
	const char *digits;
	const size_t k = plain_of(w, s, n, plain);

	return k && whole_digits(plain, k, &digits) > 0;
}

void lb_notation_text(const struct lb_notation *w, const char *s, size_t n, char out[LB_WHOLE_DIGITS + 2])
{
	char plain[LONGEST], text[LB_DOUBLE_TEXT];
	const char *digits = NULL;
	const size_t k = plain_of(w, s, n, plain), whole = k ? whole_digits(plain, k, &digits) : 0;
	double v = 0;

	if (whole) {
		snprintf(out, LB_WHOLE_DIGITS + 2, "%s%.*s", *plain == '-' && *digits != '0' ? "-" : "", (int)whole, digits);
		return;
	}
	lb_notation_parse(w, s, n, &v);
	lb_double_text(v, text);
	snprintf(out, LB_WHOLE_DIGITS + 2, "%s", text);
}

/* ---- numbers that are written otherwise ---- */

static const struct lb_notation comma = { ',', '.' }, thousands = { '.', ',' }, blanks = { '.', ' ' }, apostrophes = { '.', '\'' };
static const struct lb_notation french = { ',', ' ' }, swiss = { ',', '\'' };

static void trim(const char **s, size_t *n)
{
	for (; *n && isspace((unsigned char)**s); --*n)
		++*s;
	while (*n && isspace((unsigned char)(*s)[*n - 1]))
		--*n;
}

static bool is_number_somewhere(const char *s, size_t n)
{
	static const struct lb_notation *const all[] = { &comma, &thousands, &blanks, &apostrophes, &french, &swiss };
	double v;

	for (size_t k = 0; k < sizeof all / sizeof *all; k++)
		if (lb_notation_parse(all[k], s, n, &v))
			return true;
	return false;
}

static const char *const currencies[] = {
	"$",   "US$", "R$",  "C$",  "A$",  "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5", "\xE2\x82\xB9", "\xE2\x82\xA9", "\xE2\x82\xBD", "\xE2\x82\xBA",
	"\xE2\x82\xAB", "\xE2\x82\xA6", "\xE2\x82\xAA", "USD", "EUR", "GBP", "JPY", "CNY", "RMB", "INR", "CHF", "CAD", "AUD", "NZD", "SEK", "NOK",
	"DKK", "PLN", "CZK", "HUF", "RUB", "TRY", "BRL", "MXN", "ZAR", "KRW", "SGD", "HKD", "Rs.", "Rs", "kr", "z\xC5\x82",
};

/* Takes a currency from the front or the end. */
static bool take_currency(const char **s, size_t *n)
{
	for (size_t k = 0; k < sizeof currencies / sizeof *currencies; k++) {
		const char *c = currencies[k];
		const size_t m = strlen(c);
		if (*n > m && !strncasecmp(*s, c, m)) {
			*s += m;
			*n -= m;
		} else if (*n > m && !strncasecmp(*s + *n - m, c, m)) {
			*n -= m;
		} else
			continue;
		trim(s, n);
		return true;
	}
	return false;
}

/* $5, -$5, $-5, ($5), 5 EUR, EUR 5, $1.5M */
static bool is_money(const char *s, size_t n)
{
	if (n > 2 && *s == '(' && s[n - 1] == ')')
		s++, n -= 2;
	else if (n && (*s == '-' || *s == '+'))
		s++, n--;
	if (!take_currency(&s, &n))
		return false;
	while (take_currency(&s, &n))
		continue;
	if (n > 1 && strchr("kKmMbB", s[n - 1]))
		n--;
	return is_number_somewhere(s, n);
}

unsigned lb_readings_of(const char *text)
{
	static const struct {
		const struct lb_notation *w;
		unsigned reading;
	} known[] = {
		{ &comma, LB_READ_COMMA },   { &thousands, LB_READ_THOUSANDS },     { &blanks, LB_READ_BLANKS },
		{ &french, LB_READ_BLANKS }, { &apostrophes, LB_READ_APOSTROPHES }, { &swiss, LB_READ_APOSTROPHES },
	};
	size_t n = strlen(text);
	unsigned readings = 0;
	double v;

	trim(&text, &n);
	if (!n || n > LONGEST || lb_parse_double(text, n, &v))
		return 0;
	for (size_t k = 0; k < sizeof known / sizeof *known; k++)
		if (lb_notation_parse(known[k].w, text, n, &v))
			readings |= known[k].reading;
	if (readings & LB_READ_COMMA)
		readings &= ~(unsigned)(LB_READ_BLANKS | LB_READ_APOSTROPHES);
	if (readings)
		return readings;
	if (text[n - 1] == '%') {
		n--;
		trim(&text, &n);
		return is_number_somewhere(text, n) ? LB_READ_PERCENT : 0;
	}
	return is_money(text, n) ? LB_READ_MONEY : 0;
}

/* Letters, such as kg, km/h, m2 and °C. */
static bool is_unit(const char *s)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*s) && !((unsigned char)*s & 0x80))
		return false;
	while (s[n] && (isalnum((unsigned char)s[n]) || (unsigned char)s[n] & 0x80 || strchr("/.^*-", s[n])))
		n++;
	return !s[n] && n <= 16;
}

const char *lb_unit_of(const char *text)
{
	static const char blank[] = "\xC2\xA0";
	const char *s = text;
	size_t n = 0;
	double v;

	while (isspace((unsigned char)*s))
		s++;
	while (s[n] && !isalpha((unsigned char)s[n]) && !((unsigned char)s[n] & 0x80))
		n++;
	const char *unit = s + n + (strncmp(s + n, blank, 2) ? 0 : 2);
	trim(&s, &n);
	return n && n <= LONGEST && is_unit(unit) && (lb_parse_double(s, n, &v) || is_number_somewhere(s, n)) ? unit : NULL;
}

static void add_value(const struct lb_notation *w, const char *text, struct lb_buf *b)
{
	char number[LB_DOUBLE_TEXT];
	size_t n = strlen(text);
	double v = 0;

	trim(&text, &n);
	lb_notation_parse(w, text, n, &v);
	lb_double_text(v, number);
	lb_buf_puts(b, number);
}

void lb_readings_advise(unsigned readings, const char *text, struct lb_buf *b)
{
	if (readings & LB_READ_PERCENT) {
		lb_buf_puts(b, "a percent sign is no part of a number here: write 12 or 0.12, not 12%");
	} else if (readings & LB_READ_MONEY) {
		lb_buf_puts(b, "a currency is no part of a number here: write 25000, not $25,000");
	} else if (readings & LB_READ_THOUSANDS && readings & LB_READ_COMMA) {
		lb_buf_printf(b, "'%.40s' is ", text);
		add_value(&thousands, text, b);
		lb_buf_puts(b, " with data.thousands: comma and ");
		add_value(&comma, text, b);
		lb_buf_puts(b, " with data.decimal: comma; set the one that is meant");
	} else if (readings & LB_READ_COMMA) {
		lb_buf_printf(b, "set data.decimal: comma to read '%.40s' as ", text);
		add_value(&comma, text, b);
	} else if (readings & LB_READ_THOUSANDS) {
		lb_buf_printf(b, "set data.thousands: comma to read '%.40s' as ", text);
		add_value(&thousands, text, b);
	} else if (readings & LB_READ_BLANKS) {
		lb_buf_printf(b, "set data.thousands: blank (and data.decimal: comma if a comma is the decimal mark) to read '%.40s' as a number", text);
	} else if (readings & LB_READ_APOSTROPHES) {
		lb_buf_printf(b, "set data.thousands: apostrophe to read '%.40s' as a number", text);
	}
}
