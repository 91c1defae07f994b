/* Where a number comes from: program, machine, libraries. What cannot be found out is null, never
 * left out. */
#ifndef LB_PROVENANCE_H
#define LB_PROVENANCE_H

#include "core/base/json.h"

/* Facts of the build, made by the Makefile (build/version.c). */
extern const char lb_version[];          /* "0.1.0" */
extern const char lb_git_revision[];     /* 40 hex digits, or "" */
extern const int lb_git_clean;           /* 1 clean, 0 changed, -1 unknown */
extern const char lb_compiler[];         /* "gcc (Debian 12.2.0-14) 12.2.0" */
extern const char lb_build_flags[];      /* compiler flags */
extern const char lb_plugin_flags[];     /* of the compiler, for `lossbench losses build`; in no record */
extern const char lb_source_folder[];    /* where it was built: the scripts of a build folder that lies elsewhere; in no record */

/* Adds program, git, host, os, processor, cores, blas (null where OpenBLAS was not loaded),
 * libraries, compiler, flags and command to an object. */
void lb_provenance(cJSON *in, const char *const *argv);

#endif
