/* Single columns and matrices while a dataset is assembled; used inside datasets/ only. */
#ifndef LB_COLUMN_H
#define LB_COLUMN_H

#include "core/base/text.h"
#include "datasets/table/matrix.h"

void lb_column_clear(struct lb_column *c);

/* The names of a table's columns, those of the block first, in new memory; release with
 * lb_names_free and their number. */
char **lb_table_names(const struct lb_table *t, struct lb_err *err);
void lb_names_free(char **name, size_t n);

/* The column that a reference means: an exact name, else a number from 1, or negative from the end.
 * `place` (file) and `key` (config key) begin the message. Refuses an unknown name (and names the
 * nearest) and one that several columns have. */
int lb_column_find(const char *ref, char *const *name, size_t n, const char *place, const char *key, size_t *at, struct lb_err *err);

/* Turns a numeric column of n rows into text; levels in ascending numeric order, each as
 * lb_double_text. It is `large` then. */
int lb_column_to_text(struct lb_column *c, size_t n, struct lb_err *err);
/* Turns a text column of n rows into numbers; all of its cells must be some (lb_column_first_text
 * gives n). */
int lb_column_to_number(struct lb_column *c, size_t n, struct lb_err *err);
/* Appends the m rows of `more`, a column of the same type, which is left empty or partly so. New
 * levels follow the old. */
int lb_column_append(struct lb_column *c, size_t n, struct lb_column *more, size_t m, struct lb_err *err);
/* Keeps the rows with keep[i]. */
void lb_column_filter(struct lb_column *c, size_t n, const bool *keep);
/* Puts the levels of a text column in byte order and forgets those that no row has. */
int lb_column_sort_levels(struct lb_column *c, size_t n, struct lb_err *err);
/* The same in the order of classes: by number if all levels are numbers. */
int lb_column_sort_classes(struct lb_column *c, size_t n, struct lb_err *err);

/* Appends "; " and how the texts of a column could be read as numbers, if some can. */
int lb_column_advise(const struct lb_column *c, size_t n, struct lb_buf *b, struct lb_err *err);
/* Makes column j of a table numeric, and warns of digits lost, if it is text only for its large
 * whole numbers (lb_column.large). */
int lb_table_large_to_number(struct lb_table *t, size_t j, struct lb_err *err);
/* Whether the first line of a table without a header holds this name in column j. */
bool lb_first_line_names(const struct lb_table *t, size_t j, const char *name);
/* A hint when the first line of a table without a header holds a text of this name, else NULL.
 * Constant. */
const char *lb_first_line_holds(const struct lb_table *t, const char *name);
bool lb_column_is_missing(const struct lb_column *c, size_t row);
/* The first row whose text is not a number; n when there is none. */
size_t lb_column_first_text(const struct lb_column *c, size_t n);

/* Formats "a, b, c, d, e and 3 more": call lb_some for the k-th name (from 0), then lb_some_end
 * with their number. */
void lb_some(struct lb_buf *b, size_t k, const char *name);
void lb_some_end(struct lb_buf *b, size_t n);

/* Column j of a block as a column of its own. */
int lb_column_of_block(const struct lb_matrix *m, size_t j, const char *name, struct lb_column *c, struct lb_err *err);

#endif
