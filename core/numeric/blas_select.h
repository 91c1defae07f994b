/* The kernels that OpenBLAS runs with. The library chooses a set when it loads, and where it does
 * not know the processor it falls back to SSE3, four times slower or worse. So a command that
 * trains looks at what processor and operating system can do, takes the best set, proves it in a
 * process of its own (it may crash there without harm), remembers the proof, and starts again with
 * OPENBLAS_CORETYPE set. Free of precision. */
#ifndef LB_BLAS_SELECT_H
#define LB_BLAS_SELECT_H

#include "core/base/err.h"
#include "core/numeric/cpu_features.h"

#include <stdbool.h>
#include <stddef.h>

/* What runs and why. */
struct lb_blas_choice {
	char asked[32];          /* "auto", "library" or the name of a set; "environment": OPENBLAS_CORETYPE decided */
	char own[32];            /* the set that the library chose by itself; "" when not known */
	char why[640];           /* one sentence */
};
const struct lb_blas_choice *lb_blas_chosen(void);

/* First thing in main: if this process was started again by lb_blas_choose, loads the library as
 * that set the environment, takes over its choice and gives the environment back as the user had
 * it. */
void lb_blas_resume(void);

/* Sees to it that the right kernels run; `asked` as in --blas-kernel, NULL for auto. Either returns
 * in a process that has them, or starts the program again with argv (NULL-ended) and does not
 * return: so call it before anything is read, opened or printed. auto never fails: it takes what
 * can be had, and says in `why` what could not. Fails with LB_USAGE on a name that is not known or
 * that the processor cannot run, with LB_MACHINE where a set that was asked for by name fails its
 * proof.
 *
 * auto: a set in OPENBLAS_CORETYPE is the user's own and stays. Under valgrind, and on another
 * processor than x86, the library chooses. */
int lb_blas_choose(const char *asked, const char *const *argv, struct lb_err *err);

/* What the child does (`lossbench version --prove NAME`): the kernels that run are those of that
 * name, and their products are right and repeat their bytes. A sentence about it in `found`. */
int lb_blas_prove(const char *name, char *found, size_t size, struct lb_err *err);

/* The sets worth starting again for, best first: those that the features allow and that are better
 * than `own`, the library's choice. An unknown own choice is taken as good: a newer library knows
 * more than we do. Returns their number, at most `max`. */
size_t lb_blas_candidates(unsigned features, const char *own, const char **out, size_t max);

#endif
