/* The best model that sees no feature: the same scores for every row, from the labels of the
 * training rows alone. What it reaches is what a training has to beat. Of embeddings there is no
 * such model: there it is what the rows themselves and a random map of them reach. Compiled once
 * per precision; the one in double is used. */
#ifndef LB_BASELINE_H
#define LB_BASELINE_H

#include "core/training/cohort.h"

struct lb_baseline {
	const char *kind;        /* "majority": scores are the logarithms of the classes' shares (binary: their difference), so that the largest
	                            class is predicted; "mean": the mean of each target, and
	                            what a loss has other outputs of, such as quantiles, is that of
	                            the training rows; "prevalence": the log odds of each label's
	                            share; "offset": with offsets, these and the constant of each
	                            target that leaves no error on average;
	                            "raw_features": the rows as the model reads them, in the place
	                            of embeddings, by the metrics of these; NULL where there is
	                            none: embeddings that no such metric judges */
	double *metric[3];       /* n_metrics values a split, NaN where a metric is undefined; NULL for a split without rows */
	double *random_map[3];   /* with raw_features: the same of a random projection of the rows to as many columns as the model's embeddings have */
};

/* The baseline of a trial of the cohort, evaluated by the trial's metrics on the same rows with the
 * same labels as its model. To be released on failure too, which is only for want of memory. */
int lb_baseline_make_f32(const struct lb_cohort *c, const struct lb_setup *setup, struct lb_baseline *out, struct lb_err *err);
int lb_baseline_make_f64(const struct lb_cohort *c, const struct lb_setup *setup, struct lb_baseline *out, struct lb_err *err);
/* A copy of a baseline with that many metrics. */
int lb_baseline_copy(const struct lb_baseline *from, size_t n_metrics, struct lb_baseline *to, struct lb_err *err);
void lb_baseline_free(struct lb_baseline *b);

#endif
