/* The training rows that are to be forgotten (data.forget), for machine unlearning. */
#ifndef LB_FORGET_ROWS_H
#define LB_FORGET_ROWS_H

#include "datasets/dataset.h"

/* Which training rows: all, or those of some classes, of some groups or of a file; of these a share
 * that is drawn. Borrowed. */
struct lb_forget_options {
	const char *const *class_name; /* (n_classes) names of classes; none: of any */
	size_t n_classes;
	const char *const *group_name; /* (n_groups) values of data.group; none: of any */
	size_t n_groups;
	const char *path;        /* of a file of one row number of the dataset a line, from 0; NULL: none */
	double rate;             /* share of these rows, in (0, 1]; as many as it says, rounded */
	uint64_t seed;           /* draws them */
};

/* What a training takes of the rows. */
enum lb_forget_train { LB_TRAIN_ALL, LB_TRAIN_RETAIN, LB_TRAIN_FORGET };

/* forget (d->n) <- whether a row is to be forgotten, of the training rows of the split. Refuses
 * (LB_CONFIG) classes and groups that there are not, (LB_DATA) numbers of rows that do not train,
 * and a set that is empty or all training rows. */
int lb_forget_mark(const struct lb_dataset *d, const struct lb_forget_options *opt, const struct lb_split *split, bool *forget, struct lb_err *err);

/* Divides the training rows by the marks: split->whole are all of them, LB_FORGET and LB_RETAIN the
 * two kinds, in their order, and LB_TRAIN those that train. Refuses (LB_DATA) a kind without
 * rows. */
int lb_forget_divide(struct lb_split *split, const bool *forget, enum lb_forget_train train, struct lb_err *err);

/* Returns the split with all training rows as LB_TRAIN; it borrows all of it. Features are scaled
 * by these, so that a model keeps its scales whatever is forgotten. */
struct lb_split lb_forget_before(const struct lb_split *split);

/* sha256 <- the checksum of a file of row numbers. */
int lb_forget_checksum(const char *path, char sha256[65], struct lb_err *err);

#endif
