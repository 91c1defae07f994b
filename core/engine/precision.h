/* The precision seam. Every source of core/engine/ and of the folders of losses/ is compiled twice,
 * with -DLB_REAL=32 and -DLB_REAL=64, and both objects go into the one binary. Such a file writes
 * `real` for the scalar type and R(1.5) for constants, has its external names in
 * core/engine/names.h, and calls exp, log1p, pow and so on through <tgmath.h>, so that they follow
 * the type. Beside this header only the kernels and their vector functions ask which precision it
 * is.
 *
 * The trap: with a float x, pow(x, 2), fmax(x, 0) and exp(0.5 * x) go through double; write R(2),
 * R(0), R(0.5). The warnings -Wdouble-promotion -Wconversion catch all three. A precision-free file
 * that includes this header does not compile. */
#ifndef LB_PRECISION_H
#define LB_PRECISION_H

#include "core/engine/names.h"

#include <cblas.h>
#include <float.h>
#include <tgmath.h>

/* For a loop over long vectors: compiled for several instruction sets, chosen when the program is
 * loaded. Nothing is contracted, so all give the same bytes. Such a function has a name of names.h,
 * static or not, as clang's resolvers are global. ThreadSanitizer starts after the resolvers that
 * it would watch, so there is one set under it. */
#if defined __has_feature
#if __has_feature(thread_sanitizer)
#define LB_ONE_SET
#endif
#endif
#if defined __x86_64__ && !defined LB_ONE_SET
#define LB_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LB_CLONES
#endif

#if LB_REAL == 32
typedef float real;
#define R(c) c##f
#define REAL_EPS FLT_EPSILON
#define REAL_MAX FLT_MAX
#define REAL_MIN FLT_MIN
#define REAL_BITS 32
#elif LB_REAL == 64
typedef double real;
#define R(c) c
#define REAL_EPS DBL_EPSILON
#define REAL_MAX DBL_MAX
#define REAL_MIN DBL_MIN
#define REAL_BITS 64
#else
#error "a numeric file is compiled with -DLB_REAL=32 or -DLB_REAL=64; a precision-free file must not include precision.h"
#endif

#endif
