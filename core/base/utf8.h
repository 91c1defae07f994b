/* UTF-8, and how text is shown so that nothing in it steers a terminal. */
#ifndef LB_UTF8_H
#define LB_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Returns true if s[0..n) is valid UTF-8 without NUL. */
bool lb_utf8_valid(const char *s, size_t n);

/* Returns the bytes of the character at s, which ends in NUL; 0 where none is. */
size_t lb_utf8_length(const char *s);

/* Returns true if the character of n bytes is a control character or turns the direction of
 * writing. */
bool lb_utf8_steers(const char *text, size_t n);

/* Returns the code point of a character of up to three bytes, as all are that steer. */
unsigned lb_utf8_code_point(const char *text, size_t n);

/* Bytes of a character as it is shown, at most: \xNN for each of four. */
enum { LB_MOST_SHOWN = 16 };

/* Writes the character at *text as it is shown, and moves *text after it. A character that steers,
 * and a byte that is not UTF-8, become \xNN. Returns the bytes written. */
size_t lb_utf8_show(const char **text, char out[LB_MOST_SHOWN + 1]);

/* Writes the characters of text as they are shown into out[0..size). Line ends stay, and what does
 * not fit is cut off. */
void lb_visible(char *out, size_t size, const char *text);

#endif
