/* What the files that open, read and write files share; others use file.h. */
#ifndef LB_FILE_INTERNAL_H
#define LB_FILE_INTERNAL_H

#include "core/base/err.h"

#include <sys/stat.h>

/* Sets the error "PATH: WHAT: the reason (an errno); what to do about it". Returns -1. */
int lb_file_fail(struct lb_err *err, enum lb_code code, const char *path, const char *what, int reason);

/* Says what a path leads to: "a folder", "a FIFO (named pipe)"; NULL for a regular file. */
const char *lb_file_kind(mode_t mode);

/* Sets the error that a path is of this kind where a regular file is expected. Returns -1. */
int lb_file_wrong_kind(const char *path, const char *kind, const char *advice, enum lb_code code, struct lb_err *err);

#endif
