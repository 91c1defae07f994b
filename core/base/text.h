/* Text: a growing buffer, strict number parsing, the nearest known word. No function here depends
 * on the locale. */
#ifndef LB_TEXT_H
#define LB_TEXT_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns the ending of a plural: "%zu row%s", n, lb_s(n). */
static inline const char *lb_s(size_t n)
{
	return n == 1 ? "" : "s";
}

/* A growing string; { 0 } is empty. `bad` is set when memory ran out: check it once at the end.
 * Release with lb_buf_free. */
struct lb_buf {
	char *s;
	size_t n, cap;
	bool bad;
};

void lb_buf_add(struct lb_buf *b, const char *s, size_t n);
void lb_buf_puts(struct lb_buf *b, const char *s);
void lb_buf_add_character(struct lb_buf *b, uint32_t c); /* a code point below 0x110000, as UTF-8 */
void lb_buf_printf(struct lb_buf *b, const char *fmt, ...) LB_PRINTF(2, 3);
void lb_buf_free(struct lb_buf *b);

/* The shortest decimal text that reads back as exactly v, in the form of ECMAScript and RFC 8785
 * (1e+21, 0.1, 100, 5e-324); "-0" prints as "0". v must be finite. Returns the length. */
#define LB_DOUBLE_TEXT 32
size_t lb_double_text(double v, char out[LB_DOUBLE_TEXT]);

/* Strict decimal number: optional sign, digits with optional point, optional exponent, nothing
 * before or after; no hexadecimal, no "inf" or "nan". Underflow gives 0, overflow is refused. `s`
 * need not end in NUL. */
bool lb_parse_double(const char *s, size_t n, double *v);

/* Strict decimal integer in [-2^53, 2^53]. */
bool lb_parse_int(const char *s, size_t n, int64_t *v);

/* The entry of words[0..n) that is nearest to `word` by edit distance (ignoring case), or NULL when
 * none is near enough to be meant. Borrowed. */
const char *lb_nearest(const char *word, const char *const *words, size_t n);

/* Appends text for a terminal: control characters (of ASCII, of Latin-1, and those that turn the
 * direction of writing) and bytes that are not UTF-8 become \xNN, so that they are seen and steer
 * nothing. */
void lb_buf_visible(struct lb_buf *b, const char *text);

/* Appends text as a YAML scalar in double quotes that reads back as the text, which must be
 * UTF-8. */
void lb_buf_yaml(struct lb_buf *b, const char *text);

#endif
