/* Rows of a file in the columns of a saved model. */
#ifndef LB_SAVED_ROWS_H
#define LB_SAVED_ROWS_H

#include "core/run/saved_model.h"
#include "datasets/assemble/align_columns.h"

struct lb_rows_request {
	const char *data;            /* the file of the rows; - is standard input */
	const char *labels;          /* a file with their labels, or NULL */
	const char *format;          /* a reader's name, NULL: by content */
	const char *const *keep;     /* n_keep columns of the data that are wanted as they are */
	size_t n_keep;
	bool judged;                 /* the queries or events that metrics read are wanted */
};

/* Their dataset has the model's classes or targets, but no labels in it: those are apart, as far as
 * the file has them. */
struct lb_saved_rows {
	struct lb_dataset *data;
	struct lb_labels labels;
	struct lb_labels kept;       /* the columns wanted */
	struct lb_labels judged;     /* ranking: the query of each row, survival: its event, as texts, where wanted */
	struct lb_encoding features;
};

/* How a file is read so that the model finds its features in it. */
void lb_saved_model_read_options(const struct lb_saved_model *m, struct lb_read_options *opt);

/* What the model knows of its columns. */
struct lb_known lb_saved_rows_known(const struct lb_saved_model *m);

/* A table's rows (of the file `path`) in the columns of the model; `beside`, or NULL, has its
 * labels. Release with lb_saved_rows_free, on failure too, as after lb_saved_rows_read. */
int lb_saved_rows_fit(const struct lb_saved_model *m, struct lb_table *t, struct lb_table *beside, const char *path, const struct lb_known *known,
		      struct lb_saved_rows *r, struct lb_err *err);
int lb_saved_rows_read(const struct lb_saved_model *m, const struct lb_rows_request *q, struct lb_saved_rows *r, struct lb_err *err);
void lb_saved_rows_free(struct lb_saved_rows *r);

#endif
