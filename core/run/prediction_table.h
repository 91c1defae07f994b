/* What a saved model says of rows, as a table of text. */
#ifndef LB_PREDICTION_TABLE_H
#define LB_PREDICTION_TABLE_H

#include "core/run/saved_rows.h"

enum lb_said { LB_SAID_SCORES, LB_SAID_PROBABILITIES, LB_SAID_EMBEDDINGS, LB_SAID_LABELS, LB_SAIDS };

struct lb_said_part {
	enum lb_said what;
	size_t c;                /* numbers of a row; of LB_SAID_LABELS the scores that decide */
	double *v;               /* (rows, c) */
};

/* Borrowed, all of it. */
struct lb_prediction_table {
	const struct lb_saved_model *m;
	size_t n;                /* rows */
	const struct lb_labels *kept, *labels;
	struct lb_said_part part[LB_SAIDS];
	size_t n_parts;
};

/* Writes CSV to a file; out NULL: *text becomes a new string. A line a row: its number from 0, the
 * kept columns, the labels, the parts in their order. */
int lb_prediction_table_write(const struct lb_prediction_table *t, const char *out, char **text, struct lb_err *err);

#endif
