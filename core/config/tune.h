/* Fair tuning: the same number of settings tried for every arm of a study, by cross-validation on its training rows.
 *
 * The axes of the sweep whose paths end in `seed` are replicates; every combination of the others is an arm (a loss under a noise
 * rate, say). Each arm gets up to tune.trials candidate settings from tune.space, each trained on tune.folds folds at the first
 * replicate's seeds with the test rows left alone; the best by the mean of tune.metric is then trained at every replicate. Pure, as
 * all of core/config: the same file gives the same candidates in the same order; which one is best is for the caller to find from
 * the records. */
#ifndef LB_TUNE_H
#define LB_TUNE_H

#include "core/config/config.h"

struct lb_tune;

/* 0 with *out = NULL when the config has no tune block; mistakes are reported as by lb_config_expand. The config and the registry
 * must outlive it. Release with lb_tune_free. */
int lb_tune_open(const struct lb_config *config, const struct lb_registry *reg, struct lb_tune **out, struct lb_err *err);
void lb_tune_free(struct lb_tune *t);

size_t lb_tune_arms(const struct lb_tune *t);
size_t lb_tune_candidates(const struct lb_tune *t, size_t arm);
size_t lb_tune_folds(const struct lb_tune *t);
size_t lb_tune_replicates(const struct lb_tune *t);
/* The name of the metric without "valid.". Borrowed. */
const char *lb_tune_metric(const struct lb_tune *t);

/* Resolved configs, new trees: one fold of a candidate, and a candidate trained for good at one replicate. */
cJSON *lb_tune_fold(const struct lb_tune *t, size_t arm, size_t candidate, size_t fold, struct lb_err *err);
cJSON *lb_tune_refit(const struct lb_tune *t, size_t arm, size_t candidate, size_t replicate, struct lb_err *err);

/* The settings of a candidate as {path: value}, new tree. */
cJSON *lb_tune_settings(const struct lb_tune *t, size_t arm, size_t candidate, struct lb_err *err);

#endif
