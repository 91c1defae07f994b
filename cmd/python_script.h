/* Scripts of the project, run by the Python that has what they need. */
#ifndef LB_PYTHON_SCRIPT_H
#define LB_PYTHON_SCRIPT_H

#include "core/base/err.h"
#include "core/base/text.h"

#include <stdio.h>

/* Replaces this process by scripts/NAME; argv[0] is the subcommand, the rest are the script's own
 * options. Returns only on failure. */
int script_become(const char *name, int argc, char **argv, struct lb_err *err);

/* How a script is run as a child. */
struct script_run {
	const char *const *words;        /* n_words, its options */
	size_t n_words;
	FILE *in;                        /* its standard input, a file read from its beginning, or NULL for ours */
	struct lb_buf *out;              /* takes its standard output, or NULL for ours */
	bool silent;                     /* its messages go nowhere */
};

/* Runs scripts/NAME to its end. Its exit status, or -1 when it could not be run. */
int script_run(const char *name, const struct script_run *run);

#endif
