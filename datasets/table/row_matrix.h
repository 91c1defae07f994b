/* Numbers row after row, in the narrowest type that holds all of those so far; used inside
 * datasets/ only.
 *
 * A table that a reader gives in this way (lb_table.rows) has the numbers of all its columns here
 * and none in them. */
#ifndef LB_ROW_MATRIX_H
#define LB_ROW_MATRIX_H

#include "datasets/dataset.h"

/* Room for n rows of m->d columns; *cap is in bytes. */
int lb_rows_reserve(struct lb_matrix *m, size_t *cap, size_t n, struct lb_err *err);

/* Adds a row of m->d numbers, for which there is room but that the type is widened where it must
 * be. */
int lb_rows_add(struct lb_matrix *m, size_t *cap, const double *v, struct lb_err *err);

/* Column j as a column's numbers; -1 when memory runs out. */
int lb_rows_column(const struct lb_matrix *m, size_t j, double **num, struct lb_err *err);

/* Gives all numbers of a table to its columns. */
int lb_rows_spread(struct lb_table *t, struct lb_err *err);

/* Leaves the k columns named, in that order, in the narrowest type that holds them. */
int lb_rows_pick(struct lb_matrix *m, const size_t *column, size_t k, struct lb_err *err);

#endif
