/* Features that look like something else: row numbers, ids, further labels. Inside datasets/
 * only. */
#ifndef LB_SUSPECT_COLUMNS_H
#define LB_SUSPECT_COLUMNS_H

#include "datasets/dataset.h"

/* Finds them in a dataset made from files and adds a warning for each. LB_COUNTS_ROWS: whole
 * numbers that rise by 1 (or another constant step) from row to row, or take each value of a range
 * once. LB_NAMES_ROWS: has the name of an id (or none) and another value in every row; texts of any
 * name that differ in every row. LB_LIKE_LABEL: is named like a label (target_2, y1). */
int lb_suspects_warn(struct lb_dataset *d, struct lb_err *err);

#endif
