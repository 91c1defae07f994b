/* From scores to probabilities and decisions: a calibration and a threshold, both fitted on the
 * validation rows of a finished training and then applied to the rows of every split. Free of
 * precision. */
#ifndef LB_DECISION_RULE_H
#define LB_DECISION_RULE_H

#include "core/base/component.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lb_decision;

/* Scores that a calibration is fitted to. */
struct lb_scored_rows {
	size_t n, c;             /* rows, scores each; c = 1: binary, labels 0 and 1 */
	const double *z;         /* (n, c) */
	const int32_t *y;        /* (n) labels */
};

/* A row of a binary task. */
struct lb_scored_row {
	double z;
	int32_t y;
};

struct lb_calibration {
	struct lb_info base;
	/* Sets d->slope and d->intercept. NULL: scores stay as they are, or .pool changes them. */
	void (*fit)(struct lb_decision *d, const struct lb_scored_rows *in);
	/* Binary: sets the knots of d from n rows by ascending score. -1 when memory runs out. */
	int (*pool)(struct lb_decision *d, const struct lb_scored_row *row, size_t n, struct lb_err *err);
};

struct lb_threshold {
	struct lb_info base;
	/* Returns how good it is to call k rows positive, tp of them rightly, of n1 positives and
	 * n0 negatives. NULL: the threshold is 0. */
	double (*merit)(double k, double tp, double n1, double n0);
	/* Several classes: a row is of the first class with which the probabilities, added up in
	 * order, reach one half; not of the likeliest. */
	bool median;
};

/* The registered ones, each the .base of such a struct. */
extern const struct lb_info *const lb_calibrations[], *const lb_thresholds[];
#define CALIBRATION(name) extern const struct lb_calibration lb_calibration_##name;
#include "core/metrics/calibrations.def"
#undef CALIBRATION
#define THRESHOLD(name) extern const struct lb_threshold lb_threshold_##name;
#include "core/metrics/thresholds.def"
#undef THRESHOLD

/* Whether they leave scores as they are and decide at 0, or for the likeliest class. NULL stands
 * for none, or fixed. */
bool lb_decides_plainly(const struct lb_calibration *calibration, const struct lb_threshold *rule);
/* Whether something is fitted to validation rows. */
bool lb_decision_fits(const struct lb_calibration *calibration, const struct lb_threshold *rule);

/* A score z becomes slope z + intercept, or, with knots, the logit of p at z: linear between knots,
 * constant outside. In binary tasks a row is positive where the outcome is above the threshold. */
struct lb_decision {
	const struct lb_threshold *rule;         /* NULL: fixed */
	const struct lb_calibration *calibration; /* NULL: none */
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
int lb_decision_fit(struct lb_decision *d, const struct lb_calibration *calibration, const struct lb_threshold *rule, size_t n, size_t c, const double *z,
		    const int32_t *y, struct lb_err *err);
void lb_decision_free(struct lb_decision *d);

/* The calibrated score. */
double lb_decision_score(const struct lb_decision *d, double z);
/* Returns the class of a row by what is proportional to the probabilities of c classes, of this
 * sum; `likeliest` unless the rule is the median. */
size_t lb_decision_class(const struct lb_decision *d, size_t c, const double *share, double sum, size_t likeliest);

#endif
