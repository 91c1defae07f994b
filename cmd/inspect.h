/* What a data file holds, for `data info` and `init`. */
#ifndef LB_CMD_INSPECT_H
#define LB_CMD_INSPECT_H

#include "datasets/dataset.h"

struct inspected {
	const char *path;
	char *labels;                /* file with the labels of an IDX image file, or NULL */
	const char *label;           /* column asked for, or the name of the last column, or NULL */
	enum lb_kind task;           /* guessed from the label column */
	bool labelled;               /* false: a block of numbers without labels; then data is NULL */
	size_t rows, columns;        /* of the file, the label column included */
	struct inspected_column {
		char *name;
		enum lb_column_type type;
		size_t missing, distinct; /* distinct: of text columns */
		double min, max, mean;   /* of numbers */
	} *column;                   /* columns; NULL for a block (pixels) */
	char sha256[65];
	const char *format;
	unsigned long long bytes;
	size_t missing;              /* cells */
	double seconds;              /* that reading took */
	struct lb_dataset *data;     /* assembled for the task, missing cells allowed */
};

/* label: a column reference or NULL (the last); labels: a file or NULL (found by the usual names of IDX files). */
int inspect(const char *path, const char *labels, const char *label, struct inspected *out, struct lb_err *err);
void inspect_free(struct inspected *s);

#endif
