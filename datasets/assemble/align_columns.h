/* Rows that come after a training: a table put into the columns that a model knows. */
#ifndef LB_ALIGN_COLUMNS_H
#define LB_ALIGN_COLUMNS_H

#include "datasets/dataset.h"

/* What a model knows of its data. Borrowed. */
struct lb_known {
	size_t d;                    /* numeric features */
	char *const *name;           /* (d), or NULL: those of a block, known by their place */
	size_t n_cat;                /* categorical columns */
	char *const *cat_name;       /* (n_cat) */
	size_t n_levels;             /* of all of them */
	char *const *level;          /* (n_levels) */
	const size_t *level_of;      /* (n_levels) number of the categorical column, ascending */
	bool missing_mean;           /* missing cells are filled in; false: refused */
	bool unseen_zero;            /* a category without a level is all zeros; false: refused */
	const char *offset, *exposure; /* column references, which every table then has; or NULL */
	const char *label;           /* column reference of the label, several separated by commas; NULL: the last column */
	char *const *label_name;     /* (n_labels) multilabel: the names of the labels, which stand for `label`; else NULL */
	size_t n_labels;             /* how many they are */
};

/* The labels of a table, as far as it has them. Owned; release with lb_labels_free. */
struct lb_labels {
	struct lb_column *column;
	size_t n;                    /* 0: none */
};
void lb_labels_free(struct lb_labels *l);

/* Takes what the model needs of the table (which is still to be freed); other columns are left
 * alone. The dataset has neither classes nor targets. labels may be NULL: they come from `beside`
 * (a table of its own, NULL: none) or from the label columns. What does not fit is refused with the
 * name of the column. */
int lb_dataset_fit(struct lb_table *t, struct lb_table *beside, const char *path, const struct lb_known *known, struct lb_dataset **out,
		   struct lb_labels *labels, struct lb_err *err);

/* Returns 1 for an event of survival, 0 for a censoring, -1 for what is neither; positive: what is
 * an event, or NULL. */
int lb_event_of(const char *text, const char *positive);

/* Anomaly: returns whether a label is one of the n_normal that normal rows have, as text or as the
 * same whole number. */
bool lb_is_normal(const char *const *normal, size_t n_normal, const char *label);

/* A copy, with its name, of the column that a reference means; `key` is for the message. To be
 * taken before lb_dataset_fit, and released with the labels that it is put among, on failure
 * too. */
int lb_table_copy_column(struct lb_table *t, const char *ref, const char *path, const char *key, struct lb_column *out, struct lb_err *err);
/* The same as texts, of a column of numbers too. */
int lb_table_copy_texts(struct lb_table *t, const char *ref, const char *path, const char *key, struct lb_column *out, struct lb_err *err);

#endif
