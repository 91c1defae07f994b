/* UTF-8, and text that a terminal shows without being steered by it. */
#ifndef LB_UTF8_H
#define LB_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Returns true if s[0..n) is valid UTF-8 without NUL. */
bool lb_utf8_valid(const char *s, size_t n);

/* Returns the bytes of the character at s, which ends in NUL somewhere; 0 when it is none. */
size_t lb_utf8_length(const char *s);

/* Returns true for a character of n bytes that steers a terminal: a control character of ASCII or
 * Latin-1 (U+0080 to U+009F), or one that turns the direction of writing (U+200E, U+200F, U+202A to
 * U+202E, U+2066 to U+2069). */
bool lb_utf8_steers(const char *character, size_t n);

/* Returns the code point of a character of n bytes, one to three. */
unsigned lb_utf8_code_point(const char *character, size_t n);

/* Bytes of a shown character at most: \xNN for each of four. */
enum { LB_MOST_SHOWN = 16 };

/* Writes the character at *text as it is shown and moves *text after it: as it is, or \xNN for each
 * byte of one that steers or is not UTF-8. Returns the bytes written; no NUL follows them. */
size_t lb_utf8_show(const char **text, char out[LB_MOST_SHOWN + 1]);

/* Writes text as it is shown into out[0..size). Line ends stay; what does not fit is cut off. */
void lb_visible(char *out, size_t size, const char *text);

#endif
