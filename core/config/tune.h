/* Fair tuning: the same number of settings tried for every arm of a study, by cross-validation on
 * its training rows.
 *
 * The axes of the sweep whose paths end in `seed`, and the folds of data.split and data.cv, are
 * replicates; every combination of the others is an arm (a loss under a noise rate, say). Each arm
 * gets up to tune.trials candidate settings from tune.space. A candidate is trained on tune.folds
 * folds of the training and validation rows of a replicate; the best by the mean of tune.metric is
 * then trained on that replicate, and on the others whose test rows are the same (core/run/plan.h
 * finds them). Nothing in the space may decide which rows test. Pure, as all of core/config: the
 * same file gives the same candidates in the same order; which one is best is for the caller to
 * find from the records. */
#ifndef LB_TUNE_H
#define LB_TUNE_H

#include "core/config/config.h"

struct lb_tune;

/* 0 with *out = NULL when the config has no tune block; mistakes are reported as by
 * lb_config_expand. The config and the registry must outlive it. Release with lb_tune_free. */
int lb_tune_open(const struct lb_config *config, const struct lb_registry *reg, struct lb_tune **out, struct lb_err *err);
void lb_tune_free(struct lb_tune *t);

size_t lb_tune_arms(const struct lb_tune *t);
size_t lb_tune_candidates(const struct lb_tune *t, size_t arm);
size_t lb_tune_folds(const struct lb_tune *t);
size_t lb_tune_replicates(const struct lb_tune *t);
/* The name of the metric without "valid.". Borrowed. */
const char *lb_tune_metric(const struct lb_tune *t);

/* Resolved configs, new trees: one fold of a candidate on a replicate's training and validation
 * rows, which writes no model and no predictions, and a candidate trained on the replicate
 * itself. */
cJSON *lb_tune_fold(const struct lb_tune *t, size_t arm, size_t candidate, size_t replicate, size_t fold, struct lb_err *err);
cJSON *lb_tune_refit(const struct lb_tune *t, size_t arm, size_t candidate, size_t replicate, struct lb_err *err);

/* The settings of a candidate as {path: value}, new tree. */
cJSON *lb_tune_settings(const struct lb_tune *t, size_t arm, size_t candidate, struct lb_err *err);

/* True when candidates of the arm may read other columns of the data, so that their rows have to be
 * compared. */
bool lb_tune_varies_data(const struct lb_tune *t, size_t arm);

#endif
