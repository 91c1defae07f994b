/* Errors: what went wrong, in one sentence a user can act on.
 *
 * A function that can fail takes `struct lb_err *` last and returns 0 / -1, or a pointer / NULL.
 * The message is made where the facts are known, as `file:line:column: what is wrong, what was
 * expected, what to do`; callers pass it on unchanged. Only cmd/ prints it and turns the code into
 * the exit status. */
#ifndef LB_ERR_H
#define LB_ERR_H

#include <stdbool.h>

#if defined(__GNUC__)
#define LB_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define LB_PRINTF(f, a)
#endif

/* The exit codes of the program: X(name, exit status, meaning). */
#define LB_CODES(X)                                                          \
	X(OK, 0, "all done")                                                 \
	X(TRIALS, 1, "some trials failed; the others are kept")              \
	X(USAGE, 2, "the command line is wrong")                             \
	X(CONFIG, 3, "the config is wrong")                                  \
	X(DATA, 4, "the data cannot be used")                                \
	X(MACHINE, 5, "the machine failed (disk full, out of memory), or a defect of lossbench") \
	X(INTERRUPTED, 130, "interrupted; the same command goes on")

enum lb_code {
#define LB_CODE_ENUM(name, status, meaning) LB_##name = (status),
	LB_CODES(LB_CODE_ENUM)
#undef LB_CODE_ENUM
};

/* `text` may hold several lines (all errors of a config at once). It is truncated, never overrun;
 * control characters, which a file may have brought in, become \xNN (lb_visible). Initialise with {
 * 0 }. */
struct lb_err {
	enum lb_code code;
	bool memory;             /* LB_MACHINE for want of memory: what needs less of it may still succeed */
	char text[8192];
};

/* Sets code and message; returns -1 so that `return lb_fail(...)` reads well. A NULL err is
 * allowed. */
int lb_fail(struct lb_err *err, enum lb_code code, const char *fmt, ...) LB_PRINTF(3, 4);

/* Appends one more line to a message that is already there (or starts one); for collecting every
 * error of a file. */
int lb_fail_more(struct lb_err *err, enum lb_code code, const char *fmt, ...) LB_PRINTF(3, 4);

/* The standard message for a failed allocation of n bytes. */
int lb_fail_memory(struct lb_err *err, unsigned long long bytes);

#endif
