/* Operations on matrices, dense or sparse (struct lb_matrix); used inside datasets/ only. */
#ifndef LB_MATRIX_H
#define LB_MATRIX_H

#include "datasets/dataset.h"

void lb_matrix_free(struct lb_matrix *m);

/* Values that are stored: n * d, or those of a sparse matrix; and the k-th of them. */
size_t lb_matrix_stored(const struct lb_matrix *m);
double lb_matrix_value(const struct lb_matrix *m, size_t k);

double lb_matrix_at(const struct lb_matrix *m, size_t row, size_t column);
/* The m->d values of a row as doubles. */
void lb_matrix_row(const struct lb_matrix *m, size_t row, double *out);
bool lb_matrix_has_nan(const struct lb_matrix *m);

/* The narrowest type that holds v, or every one of v[0..n), exactly; NaN and -0 rule out LB_U8. */
enum lb_dtype lb_type_of(double v);
enum lb_dtype lb_narrowest(const double *v, size_t n);
/* Makes a matrix as narrow as its values allow; the first leaves one of LB_F32 as it is. */
int lb_matrix_narrow(struct lb_matrix *m, struct lb_err *err);
int lb_matrix_fit(struct lb_matrix *m, struct lb_err *err);

/* The following change no array that lies in a file (map): where they would have to, that is an
 * error. */

/* Adds the rows of b, which has as many columns and is sparse exactly when a is, and becomes as
 * wide in type as a or wider; b's values are moved, and may only be freed afterwards. */
int lb_matrix_append(struct lb_matrix *a, struct lb_matrix *b, struct lb_err *err);

/* Leave out the rows or columns whose flag is false, in place. */
int lb_matrix_keep_rows(struct lb_matrix *m, const bool *keep, struct lb_err *err);
int lb_matrix_keep_columns(struct lb_matrix *m, const bool *keep, struct lb_err *err);

#endif
