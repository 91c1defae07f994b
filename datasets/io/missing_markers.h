/* Markers of missing values: the texts and numbers that stand for a value that is not there. Used
 * inside datasets/ only. */
#ifndef LB_MISSING_MARKERS_H
#define LB_MISSING_MARKERS_H

#include "datasets/dataset.h"

enum lb_marker {
	LB_NO_MARKER,
	LB_MARKER,               /* the value is missing */
	LB_MARKER_OF_NUMBERS     /* missing in a column whose other cells are numbers; a text among texts */
};

/* { 0 } are the usual markers (LB_USUAL_MARKERS). Release with lb_markers_free. */
struct lb_markers {
	bool own;                /* those of a list instead: */
	const char **text;       /* n_texts, borrowed from the list */
	size_t n_texts;
	double *number;          /* n_numbers */
	size_t n_numbers;
};

#define LB_USUAL_MARKERS "NA, N/A, n/a, #N/A, #NA, <NA>, NaN, nan, -NaN, -nan, NaT, null, NULL, None, ?, and - or . among numbers"

/* The markers of a list of texts (data.missing_values), of which those that are numbers count as
 * numbers; NULL: the usual ones. The list must outlive them. */
int lb_markers_make(const struct cJSON *list, struct lb_markers *out, struct lb_err *err);
void lb_markers_free(struct lb_markers *m);

/* What a text without blanks around it says. The empty text is a marker always. */
enum lb_marker lb_marker_text(const struct lb_markers *m, const char *s, size_t n);
bool lb_marker_number(const struct lb_markers *m, double v);

#endif
