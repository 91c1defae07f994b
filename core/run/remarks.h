/* Remarks on trainings that ended well: what could not be done as it was asked for. */
#ifndef LB_REMARKS_H
#define LB_REMARKS_H

#include "core/run/trial.h"

/* True when all validation rows, as corrupted, are of one class. */
bool lb_validates_one_class(const struct lb_prepared *p);

/* Writes the remarks on one training into text, a line each; "" when there are none. Equal
 * trainings get equal texts. */
void lb_remark(const struct lb_prepared *p, const struct lb_train_result *out, char *text, size_t size);

/* The different lines of many remarks, each with the number of trials it was made on; { 0 } is
 * empty. */
struct lb_remarks {
	struct lb_remark_line {
		char *text;
		size_t trials;
	} *line;
	size_t n, cap;
};

/* Adds the lines of one trial's remarks; they are dropped when memory runs out. */
void lb_remarks_add(struct lb_remarks *r, const char *text);

/* Warns of each line, with the number of trials, and empties the list. At most ten lines are
 * shown. */
void lb_remarks_print(struct lb_remarks *r);

#endif
