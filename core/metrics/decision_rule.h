/* From scores to probabilities and decisions: a calibration and a threshold, both fitted on the
 * validation rows of a finished training and then applied to the rows of every split. Free of
 * precision. */
#ifndef LB_DECISION_RULE_H
#define LB_DECISION_RULE_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of the choices of evaluate.threshold and evaluate.calibration. */
enum lb_threshold { LB_AT_ZERO, LB_YOUDEN, LB_BEST_F1, LB_PREVALENCE };
enum lb_calibration { LB_UNCALIBRATED, LB_TEMPERATURE, LB_PLATT, LB_ISOTONIC };
const char *const *lb_threshold_names(void);   /* NULL-ended */
const char *const *lb_calibration_names(void);

/* A score z becomes slope z + intercept, or, with knots, the logit of p at z: linear between knots,
 * constant outside. In binary tasks a row is positive where the outcome is above the threshold. */
struct lb_decision {
	enum lb_threshold rule;
	enum lb_calibration calibration;
	double slope, intercept;
	size_t n_knots;
	double *z, *p;           /* owned: ascending z, not descending p */
	double threshold;
	bool one_class;          /* the rows to fit to were of one class, so nothing was fitted */
};

/* 1 z + 0, threshold 0. */
extern const struct lb_decision lb_plain_decision;

/* Fits to n rows of c scores (c = 1: binary, labels 0 and 1; else one a class). Release with
 * lb_decision_free, on failure too.
 *
 * temperature  z / T with the T from 0.01 to 100 of the smallest log-loss
 * platt        a z + b of the smallest log-loss against targets (n1 + 1)/(n1 + 2) and 1/(n0 + 2)
 *              (Platt 1999; Lin, Lin & Weng 2007)
 * isotonic     the non-descending p(z) of the smallest squared error; equal scores are pooled; 0
 *              and 1 give infinite scores
 *
 * The threshold is then chosen on the calibrated scores, half way between two neighbours that
 * differ; of equally good ones the highest. youden: largest TPR - FPR; f1: largest F1; prevalence:
 * as many rows positive as labels are, or as near as equal scores allow. All rows positive: -inf;
 * none: the largest score. In binary tasks, where a class has no row nothing is fitted: the scores
 * stay as they are, the threshold 0, and one_class is set. */
int lb_decision_fit(struct lb_decision *d, enum lb_calibration calibration, enum lb_threshold rule, size_t n, size_t c, const double *z,
		    const int32_t *y, struct lb_err *err);
void lb_decision_free(struct lb_decision *d);

/* The calibrated score. */
double lb_decision_score(const struct lb_decision *d, double z);

#endif
