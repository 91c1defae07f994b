/* Whole files: read at once, written so that a reader never sees half of one. Paths are taken as
 * they are; messages name the path, the reason and what to do. */
#ifndef LB_FILE_H
#define LB_FILE_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Makes a folder and those above it; one that is there already is fine. */
int lb_make_dirs(const char *path, struct lb_err *err);

/* Writes a new file `.NAME.tmp-PID-RANDOM` in the same folder, flushes it to disk and renames it to
 * `path`. On failure nothing is left over and what stood at `path` before is untouched. Only a
 * regular file, or a link to one, is replaced (the link itself, not what it leads to); a folder, a
 * FIFO, a socket, a block device or a link to nothing is refused. A character device such as
 * /dev/null, and the names of open files (/dev/stdout, /dev/stderr, /dev/fd/N, /proc/self/fd/N),
 * are written to as they are. */
int lb_write_file(const char *path, const char *data, size_t n, struct lb_err *err);

/* The same without flushing: after a loss of power the file may be there in part. lb_flush_folder
 * flushes all that was written to the folder's disk, and to no other. */
int lb_write_file_unflushed(const char *path, const char *data, size_t n, struct lb_err *err);
int lb_flush_folder(const char *folder, struct lb_err *err);

/* True when `name` is that of a file which lb_write_file was writing to replace one called
 * `target`; *pid <- the process. */
bool lb_temporary_name(const char *name, const char *target, long *pid);

/* Files that are written together: each stands under a temporary name until lb_file_group_commit
 * flushes all of them at once and gives them their names, in the order in which they came. Begin
 * with { 0 }. */
struct lb_file_group {
	struct lb_file_group_file *file;
	size_t n, cap;
};

/* Adds a file of these bytes; of an open file's next `n` bytes, to be read from its place. -1 with
 * err leaves what came before. */
int lb_file_group_add(struct lb_file_group *b, const char *path, const char *data, size_t n, struct lb_err *err);
int lb_file_group_copy(struct lb_file_group *b, const char *path, int from, size_t n, struct lb_err *err);

/* Gives all files their names and empties the batch. On failure those that have no name yet are
 * removed. */
int lb_file_group_commit(struct lb_file_group *b, struct lb_err *err);

/* Removes what was not committed. */
void lb_file_group_drop(struct lb_file_group *b);

/* Opens a regular file (or a link to one) for reading. Anything else is refused without waiting for
 * it, with a message that says what it is. -1 with err of this code. Close the descriptor. */
int lb_open_file(const char *path, enum lb_code code, struct lb_err *err);

/* The same for an entry of an open folder, where a link is refused too. `path` is for the
 * message. */
int lb_open_entry(int folder, const char *name, const char *path, enum lb_code code, struct lb_err *err);

/* The contents, with a NUL after them, as new memory of *n bytes; more than `max` bytes, and what
 * is no regular file, are refused. `code` is the error's code, since the same missing file is an
 * error of the config or of the data. */
char *lb_read_file(const char *path, size_t max, size_t *n, enum lb_code code, struct lb_err *err);

/* The same from an open file, to its end; `path` is for the message. The file stays open. */
char *lb_read_open(int fd, const char *path, size_t max, size_t *n, enum lb_code code, struct lb_err *err);

/* True when there is a regular file (or a link to one). */
bool lb_file_exists(const char *path);

/* 0 when `path` is free or a regular file (or a link to one), so that a file can be put there; else
 * -1 with err of this code that says what it is. */
int lb_check_place(const char *path, enum lb_code code, struct lb_err *err);

/* Line and column, both from 1 and the column in characters, of byte `at` of a text. */
void lb_file_place(const char *text, size_t at, size_t *line, size_t *column);

/* 0 when the text is UTF-8 without NUL, else -1 with `name:line:column: ...` and what to do. */
int lb_file_check_utf8(const char *name, const char *text, size_t n, enum lb_code code, struct lb_err *err);

#endif
