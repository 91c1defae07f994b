/* Which set of core/engine/kernels/kernels.h trains, by name. Free of precision. */
#ifndef LB_KERNEL_DISPATCH_H
#define LB_KERNEL_DISPATCH_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* The i-th set that this processor can run, best first; NULL past the end. */
const char *lb_kernels_at(size_t i);

/* Takes the set of that name, NULL and "auto": the best. LB_USAGE for a name that is not known
 * here. */
int lb_kernels_choose(const char *name, struct lb_err *err);

/* The set in use, and whether its products are OpenBLAS's. */
const char *lb_kernels_name(void);
bool lb_kernels_are_blas(void);

#endif
