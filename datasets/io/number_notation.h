/* Ways to write a number: the decimal mark, separators of thousands, and what is recognised only to
 * be explained. Used inside datasets/ only. */
#ifndef LB_NUMBER_NOTATION_H
#define LB_NUMBER_NOTATION_H

#include "core/base/text.h"

/* { 0 } is the plain notation: a decimal point and no separators. */
struct lb_notation {
	char decimal;            /* ',', or '.' or 0 for a point */
	char thousands;          /* ',', '.', ' ' or '\''; 0: no separators */
};

/* True unless the notation is the plain one. */
bool lb_notation_differs(const struct lb_notation *w);

/* Reads s[0..n) as a number in this notation. Thousands must stand in groups of three; no-break
 * spaces count as ' ', a typographic apostrophe as '\''. False when s is no such number. */
bool lb_notation_parse(const struct lb_notation *w, const char *s, size_t n, double *v);

/* A double holds every whole number up to this one exactly. */
#define LB_EXACT_WHOLE 9007199254740992.0

/* Whether s[0..n), which is a number in this notation, is a whole one of at most LB_WHOLE_DIGITS
 * digits that a double may round. */
enum { LB_WHOLE_DIGITS = 60 };
bool lb_notation_whole(const struct lb_notation *w, const char *s, size_t n);

/* The canonical text of the number s[0..n): all digits of a whole number without sign + or leading
 * zeros, else as lb_double_text. */
void lb_notation_text(const struct lb_notation *w, const char *s, size_t n, char out[LB_WHOLE_DIGITS + 2]);

/* How a text that is no number in the plain notation can be read as one; bits of a set. */
enum lb_reading {
	LB_READ_COMMA = 1,       /* with data.decimal: comma */
	LB_READ_THOUSANDS = 2,   /* with data.thousands: comma */
	LB_READ_BLANKS = 4,      /* with data.thousands: blank */
	LB_READ_APOSTROPHES = 8, /* with data.thousands: apostrophe */
	LB_READ_PERCENT = 16,    /* a percent sign after a number */
	LB_READ_MONEY = 32       /* a currency next to a number */
};
unsigned lb_readings_of(const char *text);

/* Returns the unit after a number, "kg" of "12 kg", borrowed from the text; NULL when it is no
 * number with a unit. */
const char *lb_unit_of(const char *text);

/* Appends what to do about cells such as `text`, which all have these readings: "set data.decimal:
 * comma to read 1,5 as 1.5". */
void lb_readings_advise(unsigned readings, const char *text, struct lb_buf *b);

#endif
