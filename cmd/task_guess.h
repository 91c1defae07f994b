/* What a table is for besides classes and targets, by the names and values of its columns. */
#ifndef LB_TASK_GUESS_H
#define LB_TASK_GUESS_H

#include "datasets/dataset.h"

/* Columns of a survival. */
struct survival_columns {
	size_t time, event;
	const char *positive;    /* the value that is an event; NULL: 1 or true */
};

/* Returns true if one column alone is named like a time, of numbers >= 0, and one alone like an
 * event, of 0 and 1, true and false, or R's 1 and 2. */
bool guess_survival(const struct lb_table *t, struct survival_columns *out);

/* Returns the column that is named like that of the queries of a ranking, and whose value
 * neighbouring rows share, where the label is of whole numbers >= 0; the number of columns when
 * there is none. */
size_t guess_query(const struct lb_table *t, size_t label);

/* Returns true if the column's numbers could be counts: whole, >= 0, of more than 20 values. */
bool could_be_counts(const struct lb_table *t, size_t column, struct lb_err *err);

#endif
