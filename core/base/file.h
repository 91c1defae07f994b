/* Whole files: read at once, written so that a reader never sees half of one. Paths are taken as they are; messages name the path,
 * the reason and what to do. */
#ifndef LB_FILE_H
#define LB_FILE_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Makes a folder and those above it; one that is there already is fine. */
int lb_make_dirs(const char *path, struct lb_err *err);

/* Writes to `.NAME.tmp-PID` in the same folder, flushes it to disk and renames it to `path`. On failure nothing is left behind and
 * what stood at `path` before is untouched. */
int lb_write_file(const char *path, const char *data, size_t n, struct lb_err *err);

/* The contents, with a NUL after them, as new memory of *n bytes; more than `max` bytes are refused. `code` is the error's code,
 * since the same missing file is an error of the config or of the data. */
char *lb_read_file(const char *path, size_t max, size_t *n, enum lb_code code, struct lb_err *err);

/* True when there is a regular file (or a link to one). */
bool lb_file_exists(const char *path);

/* Line and column, both from 1 and the column in characters, of byte `at` of a text. */
void lb_file_place(const char *text, size_t at, size_t *line, size_t *column);

/* 0 when the text is UTF-8 without NUL, else -1 with `name:line:column: ...` and what to do. */
int lb_file_check_utf8(const char *name, const char *text, size_t n, enum lb_code code, struct lb_err *err);

#endif
