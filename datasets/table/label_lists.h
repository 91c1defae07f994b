/* Several labels a row: lists as LIBSVM files have them, and columns of 1, 0 and -1 (not known).
 * Inside datasets/ only. */
#ifndef LB_LABEL_LISTS_H
#define LB_LABEL_LISTS_H

#include "datasets/assemble/join_tables.h"

/* The labels of row i are label[start[i] .. start[i+1]), whole numbers. */
struct lb_label_lists {
	double *label;
	size_t *start;
	size_t stored, label_cap, start_cap;
};

/* Adds to t a column of 0 and 1 for each number that occurs, ascending, named by it. limit: bytes
 * of memory. path is for messages. */
int lb_label_lists_to_columns(const struct lb_label_lists *l, const char *path, size_t limit, struct lb_table *t, struct lb_err *err);

/* Gives the tables of all sides (NULL: none), whose columns are labels (and perhaps qid), all
 * labels of any, in one order; one that a file lacks is on none of its rows. */
int lb_label_columns_join(struct lb_table *const side[LB_SIDES], struct lb_err *err);

/* The target columns into target, n_targets, class_name and n_classes. */
int lb_joined_table_multilabel(struct lb_joined_table *f, struct lb_dataset *d, struct lb_err *err);

#endif
