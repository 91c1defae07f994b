/* Named arrays of numbers and texts in one NPZ archive, as numpy.load reads them: what models are
 * kept in (core/run/saved_model.h). */
#ifndef LB_NPZ_ARCHIVE_H
#define LB_NPZ_ARCHIVE_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* ---- writing ---- */

struct lb_arrays;

struct lb_arrays *lb_arrays_new(struct lb_err *err);
void lb_arrays_free(struct lb_arrays *a);

enum lb_array_type { LB_ARRAY_F32, LB_ARRAY_F64, LB_ARRAY_I64 };

/* An array (rows, columns), or (rows) with columns 0; rows > 0. Values that the type cannot hold
 * are rounded. */
int lb_arrays_numbers(struct lb_arrays *a, const char *name, enum lb_array_type type, size_t rows, size_t columns, const double *v,
		      struct lb_err *err);

/* n > 0 texts, or a single one (an array without dimensions). UTF-8; a byte that is not stands as
 * U+DC80 to U+DCFF, Python's surrogateescape, and comes back as that byte. */
int lb_arrays_texts(struct lb_arrays *a, const char *name, size_t n, bool single, const char *const *text, struct lb_err *err);

/* Whole or not at all. */
int lb_arrays_write(struct lb_arrays *a, const char *path, struct lb_err *err);

/* One array of numbers as an NPY file. */
int lb_array_write(const char *path, enum lb_array_type type, size_t rows, size_t columns, const double *v, struct lb_err *err);

/* ---- reading ---- */

struct lb_arrays_file;

/* Opens an archive. NULL with a message that names the file. */
struct lb_arrays_file *lb_arrays_open(const char *path, struct lb_err *err);
void lb_arrays_close(struct lb_arrays_file *f);

bool lb_arrays_have(const struct lb_arrays_file *f, const char *name);

/* All values of an array in C order, in new memory, *n of them. They are finite. */
double *lb_arrays_read_numbers(struct lb_arrays_file *f, const char *name, size_t *n, struct lb_err *err);

/* All texts of an array of at most one dimension: *n of them in one piece of new memory. */
char **lb_arrays_read_texts(struct lb_arrays_file *f, const char *name, size_t *n, struct lb_err *err);

#endif
