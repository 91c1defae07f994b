#include "datasets/io/parse_date.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* What a text has given so far. */
struct date {
	long year, month, day, hour, minute, second, milli;
	bool afternoon, twelve;  /* the hour is of a clock of twelve */
	long zone;               /* minutes east of UTC */
};

static size_t run_length(const char *p)
{
	size_t n = 1;

	while (p[n] == *p)
		n++;
	return n;
}

/* Digits: all that are there, or exactly `width` where another field follows at once. */
static bool take_number(const char **s, size_t width, bool exact, long *v)
{
	size_t n = 0;

	for (*v = 0; isdigit((unsigned char)**s) && n < (exact ? width : 9); n++)
		*v = *v * 10 + (*(*s)++ - '0');
	return exact ? n == width : n > 0;
}

static bool take_month_name(const char **s, long *month)
{
	static const char *const names[] = { "january", "february", "march", "april", "may", "june", "july", "august", "september",
					     "october", "november", "december" };
	size_t n = 0;

	while (isalpha((unsigned char)(*s)[n]))
		n++;
	for (size_t m = 0; n >= 3 && m < 12; m++)
		if (n <= strlen(names[m]) && !strncasecmp(*s, names[m], n)) {
			*month = (long)m + 1;
			*s += n;
			return true;
		}
	return false;
}

static bool take_half(const char **s, bool *afternoon)
{
	if (strncasecmp(*s, "am", 2) && strncasecmp(*s, "pm", 2))
		return false;
	*afternoon = tolower((unsigned char)**s) == 'p';
	*s += 2;
	return true;
}

/* Z, UTC, GMT, +hh, +hhmm or +hh:mm. */
static bool take_zone(const char **s, long *zone)
{
	long hours, minutes = 0;

	*zone = 0;
	if (!strncmp(*s, "UTC", 3) || !strncmp(*s, "GMT", 3)) {
		*s += 3;
		return true;
	}
	if (**s == 'Z') {
		++*s;
		return true;
	}
	const long sign = **s == '-' ? -1 : 1;
	if (**s != '+' && **s != '-')
		return false;
	++*s;
	if (!take_number(s, 2, true, &hours))
		return false;
	*s += **s == ':';
	if (isdigit((unsigned char)**s) && !take_number(s, 2, true, &minutes))
		return false;
	*zone = sign * (hours * 60 + minutes);
	return hours < 24 && minutes < 60;
}

/* One field of n equal letters; `exact`: another field follows without anything between. */
static bool take_field(char letter, size_t n, bool exact, const char **s, struct date *d)
{
	switch (letter) {
	case 'y':
		if (!take_number(s, n, exact, &d->year))
			return false;
		if (n <= 2 && d->year < 100)
			d->year += d->year < 70 ? 2000 : 1900;
		return true;
	case 'M': return n >= 3 ? take_month_name(s, &d->month) : take_number(s, n, exact, &d->month);
	case 'd': return take_number(s, n, exact, &d->day);
	case 'h': d->twelve = true; /* fall through */
	case 'H': return take_number(s, n, exact, &d->hour);
	case 'a': return take_half(s, &d->afternoon);
	case 'm': return take_number(s, n, exact, &d->minute);
	case 's': return take_number(s, n, exact, &d->second);
	case 'S': return take_number(s, n, exact, &d->milli);
	case 'E':
		for (n = 0; isalpha((unsigned char)**s); n++)
			++*s;
		return n > 0;
	default: return take_zone(s, &d->zone);
	}
}

static bool is_leap(long y)
{
	return (y % 4 == 0 && y % 100) || y % 400 == 0;
}

/* Days from 1970-01-01. */
static long days_of(const struct date *d)
{
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	const long y = d->year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 - 719162 + before[d->month - 1] + (d->month > 2 && is_leap(d->year)) + d->day - 1;
}

static bool is_date(const struct date *d)
{
	static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (d->year < 1 || d->year > 9999 || d->month < 1 || d->month > 12 || d->day < 1 ||
	    d->day > length[d->month - 1] + (d->month == 2 && is_leap(d->year)))
		return false;
	return (d->twelve ? d->hour >= 1 && d->hour <= 12 : d->hour <= 23) && d->minute <= 59 && d->second <= 60 && d->milli <= 999;
}

/* The text of a pattern at *p, which is no field, must stand in s too. A quote twice is a quote. */
static bool take_literal(const char **p, const char **s, bool *quoted)
{
	if (**p == '\'' && (*p)[1] != '\'') {
		*quoted = !*quoted;
		++*p;
		return true;
	}
	*p += **p == '\'';
	if (**s != **p)
		return false;
	++*p;
	++*s;
	return true;
}

bool lb_date_known(const char *pattern)
{
	bool quoted = false, any = false;

	for (const char *p = pattern; *p; p++) {
		quoted ^= *p == '\'';
		if (quoted || !isalpha((unsigned char)*p))
			continue;
		if (!strchr("yMdHhamsSZXzE", *p))
			return false;
		any = true;
	}
	return any && !quoted;
}

bool lb_date_seconds(const char *pattern, const char *text, double *seconds)
{
	struct date d = { .year = 1970, .month = 1, .day = 1 };
	const char *p = pattern, *s = text;
	bool quoted = false;

	while (*p) {
		if (quoted || !isalpha((unsigned char)*p)) {
			if (!take_literal(&p, &s, &quoted))
				return false;
			continue;
		}
		const size_t n = run_length(p);
		if (!take_field(*p, n, isalpha((unsigned char)p[n]), &s, &d))
			return false;
		p += n;
	}
	if (*s || !is_date(&d))
		return false;
	if (d.twelve)
		d.hour = d.hour % 12 + 12 * d.afternoon;
	*seconds = ((double)days_of(&d) * 24 + (double)d.hour) * 3600 + (double)(d.minute - d.zone) * 60 + (double)d.second +
		   (double)d.milli / 1000;
	return true;
}
