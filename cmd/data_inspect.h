/* What a data file holds, for `data info` and `init`. */
#ifndef LB_DATA_INSPECT_H
#define LB_DATA_INSPECT_H

#include "core/base/text.h"
#include "datasets/dataset.h"

struct inspected {
	const char *path;
	char *labels;                /* file with the labels of an IDX image file, or NULL */
	const char *label;           /* column asked for, or the name of the last column; NULL: none, or several */
	const char *guess;           /* how the label was chosen when nobody named it, as " (...)", else "" */
	bool named;                  /* multilabel: the names of the label columns were given, and are those of data->class_name */
	const char *time, *event;    /* survival: the columns that were guessed by their names and values; NULL: named by the options */
	const char *positive;        /* survival: the value of `event` that is an event, where it is not 1 or true; else NULL */
	const char *query;           /* ranking: likewise the column of the queries */
	bool counts;                 /* the labels are whole numbers >= 0 of many values: counts, perhaps */
	enum lb_kind task;           /* guessed from the label column, or from the columns that are named like those of a task */
	bool labelled;               /* false: a block of numbers without labels; then data is NULL */
	size_t rows, columns;        /* of the file, the label column included */
	size_t block;                /* of these the first so many are of one block: images, arrays, sparse rows */
	bool sparse;
	size_t stored;               /* sparse: values that the file holds */
	const char *type;            /* of the block's values */
	struct lb_summary *column;   /* columns */
	char sha256[65];
	const char *format;
	unsigned long long bytes;
	size_t missing;              /* cells */
	double seconds;              /* that reading took */
	struct lb_table table;       /* empty unless it was asked to be kept; without the columns of data.drop */
	size_t table_label;          /* the label's column in it; their number: none */
	struct lb_dataset *data;     /* assembled for the task, missing cells allowed */
};

/* How to look: sets are data.* options as in a config ("data.header=true"), label and labels short
 * for two of them. */
struct inspect_options {
	const char *label;           /* a column reference, or several with commas (multilabel), or NULL: the only column that is named like
	                                a label, or else the last */
	const char *labels;          /* a file, or NULL: found by the usual names of IDX files */
	const char *format;          /* a reader's name, or NULL: by content */
	const char *const *sets;
	size_t n_sets;
	bool table_only;             /* keep the table, and assemble nothing */
};

int inspect(const char *path, const struct inspect_options *opt, struct inspected *out, struct lb_err *err);
void inspect_free(struct inspected *s);

/* A block for data.preprocess that suits the data, with a comment. */
const char *inspect_preprocess(const struct inspected *s);

/* Whether only one column has this name. */
bool inspect_is_unique(const struct inspected *s, const char *name);

/* Appends "[a, b]", the suspects of these kinds (bits 1 << enum lb_suspicion) that can be named, as
 * YAML; returns how many they are and appends nothing for none. */
size_t inspect_suspects(const struct inspected *s, unsigned kinds, struct lb_buf *b);

#endif
