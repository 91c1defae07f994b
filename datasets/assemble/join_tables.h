/* The middle of lb_dataset_assemble: the tables of all files joined into one table of columns with
 * roles. Inside datasets/ only. */
#ifndef LB_JOIN_TABLES_H
#define LB_JOIN_TABLES_H

#include "datasets/table/column.h"

enum lb_role {
	LB_FEATURE, LB_CATEGORY, LB_TARGET, LB_EVENT, LB_WEIGHT, LB_OFFSET, LB_EXPOSURE, LB_GROUP_COLUMN, LB_SUBGROUP, LB_DROPPED,
	LB_SOFT_LABEL /* the first of data.side.soft_labels; the k-th, from 0, is LB_SOFT_LABEL + k */
};

/* The training file, the validation file and the test file, each with its labels. */
enum { LB_SIDES = LB_FILES / 2 };

/* Where the rows stood: path[lb_joined_table_side] is their file; at[i] is a line, or a row from 1
 * when not lined. */
struct lb_origin {
	const char *path[LB_SIDES];
	bool lined[LB_SIDES];
	size_t *at;
};

struct lb_joined_table {
	size_t n, n_first, n_valid;  /* rows; those of the training file come first, then those of the validation file */
	struct lb_column *col;       /* n_cols columns with their roles; dropped ones are not here */
	enum lb_role *role;
	size_t n_cols;
	struct lb_matrix block;      /* numeric features that came as a block (d = 0: none) */
	char **block_name;           /* block.d names when some columns of the block had another role, else NULL */
	struct lb_origin rows, labels; /* labels.at is NULL when the labels stood in the same file */
};

/* Gives the columns their roles and takes the content of the tables (all but the first may be
 * NULL). */
int lb_joined_table_build(struct lb_table *const table[LB_FILES], const char *const paths[LB_FILES], const struct lb_roles *roles,
		   struct lb_joined_table *out, struct lb_err *err);
void lb_joined_table_free(struct lb_joined_table *f);
int lb_joined_table_filter(struct lb_joined_table *f, const bool *keep, struct lb_err *err);

/* The side whose file holds a row: 0, 1 or 2. */
int lb_joined_table_side(const struct lb_joined_table *f, size_t row);

/* The tables of several files that are one (join_sides.c). The first gives sparse tables the
 * columns, or labels, that only some of them use; the second puts the rows of b, those of another
 * side, after those of a. */
int lb_joined_table_align(struct lb_table *const table[LB_FILES], const struct lb_roles *roles, struct lb_err *err);
int lb_joined_table_append(struct lb_joined_table *a, struct lb_joined_table *b, int side, struct lb_err *err);

/* Text columns that have no role yet become categories, or are refused (text_roles.c); columns that
 * a format sets aside are dropped. */
int lb_joined_table_text_roles(struct lb_table *t, const char *path, enum lb_kind kind, bool automatic, enum lb_role *role, struct lb_err *err);

/* Makes the columns numeric that are text for their large whole numbers and whose role needs
 * numbers; n columns, map as below. role NULL: all of them are targets. */
int lb_joined_table_large_numbers(struct lb_table *t, const enum lb_role *role, size_t n, const size_t *map, enum lb_kind kind, struct lb_err *err);

/* Tables with the numbers row by row (join_rows.c), of n columns with these roles; map[s][j] is the
 * column for the j-th in the table of side s (NULL: the j-th). The first lets rows be where the
 * features of all tables may stay together, which is not so where something is to be said, or done,
 * of single cells; else it gives all numbers to the columns. The second makes the features the
 * joined table's block, and gives the other columns theirs. */
int lb_joined_table_settle_rows(struct lb_table *const table[LB_FILES], const enum lb_role *role, size_t n, size_t *const map[LB_SIDES],
			 enum lb_missing missing, struct lb_err *err);
int lb_joined_table_take_rows(struct lb_joined_table *f, struct lb_table *t, const enum lb_role *role, size_t n, const size_t *map, struct lb_err *err);

/* The only column with that role, or NULL. */
struct lb_column *lb_joined_table_column(const struct lb_joined_table *f, enum lb_role role);

/* LB_DATA with "file:line: " (or "file: row N: ") before the message. */
int lb_joined_table_fail(const struct lb_joined_table *f, const struct lb_origin *o, size_t row, struct lb_err *err, const char *fmt, ...)
	LB_PRINTF(5, 6);

/* Leaves out the rows whose label is one of roles->ignore (ignored_labels.c). */
int lb_joined_table_ignore(struct lb_joined_table *f, const struct lb_roles *roles, struct lb_dataset *d, struct lb_err *err);

/* What the columns say apart from features, into the dataset: classes or targets, weights, offsets,
 * groups (label_targets.c), soft labels (soft_labels.c). */
int lb_joined_table_labels(struct lb_joined_table *f, const struct lb_roles *roles, struct lb_dataset *d, struct lb_err *err);
int lb_joined_table_soft_labels(struct lb_joined_table *f, const struct lb_roles *roles, struct lb_dataset *d, struct lb_err *err);
int lb_joined_table_weight(struct lb_joined_table *f, struct lb_dataset *d, struct lb_err *err);
int lb_joined_table_offset(struct lb_joined_table *f, struct lb_dataset *d, struct lb_err *err);
int lb_joined_table_groups(struct lb_joined_table *f, struct lb_dataset *d, struct lb_err *err);

/* Refuse a column with a missing cell, or with texts; what the column holds is for the message. */
int lb_joined_table_refuse_missing(const struct lb_joined_table *f, const struct lb_origin *o, const struct lb_column *c, const char *what,
				   struct lb_err *err);
int lb_joined_table_refuse_text(const struct lb_joined_table *f, const struct lb_origin *o, const struct lb_column *c, const char *what,
				const char *hint, struct lb_err *err);
/* Returns true if a class is meant by that text: its name, or the same number. */
bool lb_names_class(const char *wanted, const char *name);

/* Adds a sentence to the warnings of a dataset. */
int lb_dataset_warn(struct lb_dataset *d, struct lb_err *err, const char *fmt, ...) LB_PRINTF(3, 4);

#endif
