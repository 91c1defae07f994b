/* NumPy arrays from a run of bytes, for the readers of NPY files and of NPZ members. */
#ifndef LB_NPY_H
#define LB_NPY_H

#include "datasets/table/matrix.h"

/* Where the bytes come from, and what begins a message: a file, or "file: member 'X.npy'". */
struct lb_npy_source {
	const char *place;
	int (*read)(void *arg, void *buf, size_t n, size_t *got, struct lb_err *err); /* *got < n only at the end */
	void *arg;
	size_t max_memory;
	/* Maps the file whose bytes these are (lb_stream_map), for an array that does not fit into
	 * max_memory; NULL: it cannot be mapped. */
	void *(*map)(void *arg, size_t *bytes, struct lb_err *err);
};

/* The whole array as rows: the first dimension, by the product of the others in C order. Nothing
 * may follow it. */
int lb_npy_read(const struct lb_npy_source *s, struct lb_matrix *out, struct lb_err *err);

/* The same as the block of a table, or texts of a fixed width (dtype U or S), one a row, as its
 * only column "label"; an empty text is missing. The table is to be freed on failure too. */
int lb_npy_read_labels(const struct lb_npy_source *s, struct lb_table *out, struct lb_err *err);

#endif
