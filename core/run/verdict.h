/* What the numbers of a finished training mean, in words: for who reads the record of one trial.
 * The tables of many have the same rules in scripts/. */
#ifndef LB_RUN_VERDICT_H
#define LB_RUN_VERDICT_H

#include "core/base/json.h"
#include "datasets/sampling/row_labels.h"

/* Adds sentences about a record of a trial that is ok (others: none): found are facts: metrics that
 * are worse than the baseline's or undefined, and that no row was kept apart; doubts, with what to
 * do, are about the training itself: a regression that is no better than the mean on its own
 * training rows, a loss that never changed, a loss that was still falling when the epochs were
 * over. */
int lb_verdict(const cJSON *record, struct lb_sentences *found, struct lb_sentences *doubts, struct lb_err *err);

/* "always the mean of the target", by the record's baseline; NULL without one. */
const char *lb_baseline_words(const cJSON *record);

/* The last of the splits train, valid, test that has metrics, by its key. */
const char *lb_reported_split(const cJSON *record);

#endif
