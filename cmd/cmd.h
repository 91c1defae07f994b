/* The command line: one table of subcommands (commands.def), one file each, one option table each
 * (opts.h). Nothing is decided here. */
#ifndef LB_CMD_H
#define LB_CMD_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum opt_type { OPT_FLAG, OPT_TEXT, OPT_LIST, OPT_INT };

/* A text that may be given several times. */
struct opt_list {
	const char **item;
	size_t n;
};

/* One option: --name, or -letter unless 0. `to` is a bool, const char *, struct opt_list or long by
 * its type. */
struct opt {
	const char *name;
	char letter;
	enum opt_type type;
	const char *arg;         /* what stands for the value in --help */
	long min, max;           /* OPT_INT */
	const char *help;
	void *to;
};

struct command {
	const char *name, *summary;
	const char *usage;       /* what follows the name */
	const char *example;
	const char *more;        /* further lines of --help, or NULL */
	int (*run)(int argc, char **argv, struct lb_err *err); /* argv[0] is the subcommand's name; returns an exit code */
};

/* The subcommands; a NULL name ends. */
extern const struct command commands[];

/* Parses argv by the table. Positional arguments are left in argv[1..*n]. 0; 1 after --help was
 * printed; -1 with a usage error. A list's items are borrowed from argv; the caller frees list.item
 * after 0, and has nothing to free otherwise. */
int opts_parse(const char *command, const struct opt *opts, size_t n_opts, int argc, char **argv, size_t *n, struct lb_err *err);
#define OPTS(table) (table), sizeof(table) / sizeof *(table)

/* Shows the option table of a command to `see` instead of running it. */
void opts_show(const struct command *c, void (*see)(void *arg, const struct opt *opts, size_t n), void *arg);

/* The whole command line as it was typed, for records and for a new start. */
extern const char *const *command_line;

/* The options of every command that trains; after opts_parse and before anything else it calls
 * choose_arithmetic with what they gave. `now`: it will train; false: the names are only checked.
 * May start the program again (core/numeric/blas_select.h). */
int choose_arithmetic(const char *kernels, const char *blas_kernel, bool now, struct lb_err *err);
#define OPT_THREADS(to) { "threads", 0, OPT_INT, "N", 1, 1024, "threads of each training, which change no result; default: 1", (to) }
#define OPT_KERNELS(to) { "kernels", 0, OPT_TEXT, "NAME", 0, 0, "arithmetic: auto (default), avx512, avx2, generic, or blas: OpenBLAS", (to) }
#define OPT_BLAS_KERNEL(to) { "blas-kernel", 0, OPT_TEXT, "NAME", 0, 0, "kernels of OpenBLAS: auto (default), library, or a set's name", (to) }

/* Of the commands that look at a data file. */
#define OPT_FORMAT(to) { "format", 0, OPT_TEXT, "NAME", 0, 0, "of the file (lossbench data formats); default: by content", (to) }

#define COMMAND(name, ...) int cmd_##name(int argc, char **argv, struct lb_err *err);
#include "cmd/commands.def"
#undef COMMAND

#endif
