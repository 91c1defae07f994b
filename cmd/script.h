/* Scripts of the project, run by the Python that has what they need. */
#ifndef LB_SCRIPT_H
#define LB_SCRIPT_H

#include "core/base/err.h"
#include "core/base/text.h"

/* Replaces this process by scripts/NAME; argv[0] is the subcommand, the rest are the script's own options. Returns only on failure. */
int script_become(const char *name, int argc, char **argv, struct lb_err *err);

/* Runs it as a child with n words, its standard output to *out, or to ours where out is NULL, its messages to ours, or nowhere when
 * `silent`. Its exit status, or -1 when it could not be run. */
int script_run(const char *name, const char *const *words, size_t n, struct lb_buf *out, bool silent);

#endif
