/* The mistakes of a config, collected so that one run reports them all: each once, in the order of
 * the file. */
#ifndef LB_DIAGNOSTICS_H
#define LB_DIAGNOSTICS_H

#include "core/config/yaml.h"

#include <stdbool.h>
#include <stddef.h>

struct lb_diagnostic {
	size_t line, column, order;
	bool yaml;           /* a mistake of the YAML itself */
	char *text;
};

struct lb_diagnostics {
	struct lb_diagnostic *item;
	size_t n, cap;
	size_t more;         /* found after the list was full: counted, not kept */
	bool bad;            /* memory ran out */
};

/* True when further mistakes are only counted, so that a file that is wrong a hundred thousand
 * times is told of in little time. */
bool lb_diagnostics_full(const struct lb_diagnostics *f);

/* "file:line:column: path: ..."; without a line the place is mark->file alone. A text that is
 * already there is not added. */
void lb_diagnostic(struct lb_diagnostics *f, const struct lb_location *location, const char *path, const char *fmt, ...) LB_PRINTF(4, 5);

/* The mistakes that reading the YAML found, one a line as "file:line:column: ...". At their places
 * nothing more is reported. */
void lb_diagnostics_of_yaml(struct lb_diagnostics *f, const char *file, const char *mistakes);

/* Adds a copy of another list's mistake unless it is there. */
void lb_diagnostics_copy(struct lb_diagnostics *f, const struct lb_diagnostic *diagnostic);

/* 0 when there are none; else all of them, one a line, with LB_CONFIG. */
int lb_diagnostics_report(struct lb_diagnostics *f, struct lb_err *err);
void lb_diagnostics_free(struct lb_diagnostics *f);

#endif
