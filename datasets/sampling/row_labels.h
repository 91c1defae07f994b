/* What the labels of a trial's rows allow: refusals before a training that could learn nothing, and
 * what is to be told with the results. */
#ifndef LB_ROW_LABELS_H
#define LB_ROW_LABELS_H

#include "datasets/dataset.h"

/* Refuses (LB_DATA) training rows of one class alone, in a regression training rows whose targets
 * never change (rows of weight 0 do not count), and training rows that all have weight 0. y are the
 * labels the training sees (d->y, or as corrupted); NULL in regression and multilabel. advice says
 * what to do about rows of one class. */
int lb_labels_check(const struct lb_dataset *d, const struct lb_split *split, const int32_t *y, const char *advice, struct lb_err *err);

/* The mean of target t over some rows. */
double lb_target_mean(const struct lb_dataset *d, const uint32_t *rows, size_t n, size_t t);

/* Its standard deviation (divided by n) about that mean. */
double lb_target_sd(const struct lb_dataset *d, const uint32_t *rows, size_t n, size_t t, double mean);

/* Sentences; owned. Release with lb_sentences_free. */
struct lb_sentences {
	char **text;
	size_t n, cap;
};
void lb_sentences_free(struct lb_sentences *s);

/* Whether the sentence is among them. */
bool lb_sentences_have(const struct lb_sentences *s, const char *text);

/* Adds a copy of the text. */
int lb_sentences_add(struct lb_sentences *s, const char *text, struct lb_err *err);

/* Adds what a reader of the results must know of the split: classes without a training row, labels
 * and targets that never change in the training rows, and a validation or test part in which
 * metrics are undefined because all its rows are of one class or one target. */
int lb_labels_warn(const struct lb_dataset *d, const struct lb_split *split, const int32_t *y, struct lb_sentences *out, struct lb_err *err);

#endif
