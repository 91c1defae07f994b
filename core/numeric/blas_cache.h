/* Proofs of kernel sets, made in a child process and remembered: in the file lossbench/blas-proofs
 * below $XDG_CACHE_HOME, else ~/.cache. Remove it to have them made again. */
#ifndef LB_BLAS_CACHE_H
#define LB_BLAS_CACHE_H

#include <stdbool.h>
#include <stddef.h>

/* True when the set is right on this processor with this library, by a remembered proof or one that
 * is made now (half a second). Else `verdict` says why not. A folder that cannot be written costs
 * the memory, nothing else. */
bool lb_blas_proven(const char *name, char *verdict, size_t size);

/* Looks for a proof in the text of that file: lines of key, set and verdict ("ok" or what was
 * wrong), separated by tabs. Returns true, with the verdict, if it is there. Other lines, whatever
 * is in them, are passed over. */
bool lb_blas_remembered(const char *text, const char *key, const char *name, char *verdict, size_t size);

#endif
