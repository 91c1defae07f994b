/* The readers: one line each in readers.def, in the order in which they are tried; text formats
 * come last. */
#ifndef LB_READERS_H
#define LB_READERS_H

#include "datasets/dataset.h"

#include <stdarg.h>

#define LB_READER(name) extern const struct lb_reader lb_reader_##name;
#include "datasets/formats/readers.def"
#undef LB_READER

/* What every reader refuses. */
#define LB_MAX_ROWS ((size_t)2147483647)
#define LB_MAX_COLUMNS ((size_t)1000000)
#define LB_MAX_MATRIX ((size_t)16 << 30) /* bytes */

/* Uncompressed bytes that a file may hold, by the options or by default: 8 GiB. */
uint64_t lb_stream_limit(const struct lb_read_options *opt);

/* LB_DATA: n rows (or values) of d columns so far need more memory than the limit. */
int lb_fail_too_large(const char *path, size_t n, size_t d, size_t limit, struct lb_err *err);

/* Adds a sentence to a list of warnings. */
int lb_sentence_add(char ***list, size_t *n, struct lb_err *err, const char *fmt, va_list ap);

/* When the head of a file shows a known format that no reader reads: -1 with its name and how to
 * convert it; else 0. */
int lb_unsupported_check(const char *path, const unsigned char *head, size_t n, struct lb_err *err);

#endif
