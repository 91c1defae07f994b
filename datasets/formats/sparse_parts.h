/* A sparse matrix from the arrays that scipy.sparse keeps it in. Inside datasets/ only. */
#ifndef LB_SPARSE_PARTS_H
#define LB_SPARSE_PARTS_H

#include "datasets/table/matrix.h"

/* csr: first are the columns of the values, second where each row begins (rows + 1); csc: the same
 * with rows and columns exchanged; coo: first are the rows of the values, second their columns. */
enum lb_sparse_kind { LB_SPARSE_CSR, LB_SPARSE_CSC, LB_SPARSE_COO };

struct lb_sparse_parts {
	const char *path;        /* of messages */
	enum lb_sparse_kind kind;
	struct lb_matrix shape, first, second, data; /* of one column each */
	size_t limit;            /* bytes of memory */
	size_t most_columns;     /* allowed beyond the limit of every reader; 0: no more */
};

/* The matrix by rows, columns in ascending order; values of one cell are added up, as scipy does.
 * Nothing in the parts is trusted: what does not fit together is LB_DATA, as is a value that is not
 * finite. */
int lb_sparse_from_parts(const struct lb_sparse_parts *p, struct lb_matrix *out, struct lb_err *err);

#endif
