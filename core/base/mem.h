/* Memory. Whoever allocates frees, with free(). A pointer from *_new, *_open, *_load is yours to
 * release with the matching *_free / *_close; every other pointer you are given is borrowed and
 * lives as long as the object you got it from. */
#ifndef LB_MEM_H
#define LB_MEM_H

#include "core/base/err.h"

#include <stddef.h>

/* n objects of `size` bytes, zeroed; NULL with a message when they cannot be had or the product
 * overflows. n = 0 gives a pointer that can be freed. */
void *lb_alloc(size_t n, size_t size, struct lb_err *err);

/* Makes room for at least `need` objects in *p (a pointer to your array), at least doubling *cap.
 * New room is not zeroed. 0, or -1 with a message and *p unchanged. */
int lb_grow(void *p, size_t *cap, size_t need, size_t size, struct lb_err *err);

char *lb_strdup(const char *s, struct lb_err *err);
char *lb_strndup(const char *s, size_t n, struct lb_err *err);

/* A new string made as by printf. */
char *lb_strfmt(struct lb_err *err, const char *fmt, ...) LB_PRINTF(2, 3);

/* Copies n bytes to `to`, which they do not overlap, and gives their pages back on the way: their
 * memory is to be freed without being read again. */
void lb_move_out(void *to, void *from, size_t n);

/* Returns a new array of a[0..na) followed by b[0..nb). */
void *lb_concat(const void *a, size_t na, const void *b, size_t nb, size_t size, struct lb_err *err);

/* Aligned to 64 bytes for vector code, zeroed; release with free(). */
void *lb_alloc_aligned(size_t n, size_t size, struct lb_err *err);

/* The same with contents undefined, for what is written whole before it is read. */
void *lb_alloc_raw(size_t n, size_t size, struct lb_err *err);

#endif
