/* From scores to probabilities and decisions: a calibration and a threshold, both fitted on the
 * validation rows of a finished training and then applied to the rows of every split. Free of
 * precision. */
#ifndef LB_DECISION_RULE_H
#define LB_DECISION_RULE_H

#include "core/base/component.h"
#include "core/base/err.h"
#include "losses/loss_info.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the score z of one class against the rest becomes. Without knots: slope z + intercept, or,
 * where `below` is another number, slope log(1 + e^z) - below log(1 + e^-z) + intercept, which has
 * these slopes at both ends. With knots: the logit of p at z, constant outside of them. */
struct lb_score_map {
	double slope, below, intercept;
	size_t n_knots;
	double *z, *p;           /* (n_knots) ascending scores, and probabilities */
	bool steps;              /* p[k] holds from z[k] to below z[k + 1]; else p is linear between knots */
	bool separable;          /* fitting ended at LB_LARGEST_CALIBRATION or LB_LEAST_CALIBRATION */
};

/* Where fitting ends of what may have no minimum: rows of which scores tell the classes without a
 * mistake have ever smaller a log-loss as slopes grow. A parameter's size, and the log-loss. */
#define LB_LARGEST_CALIBRATION 1e3
#define LB_LEAST_CALIBRATION 1e-6

/* In binary tasks a row is positive where what its score becomes is above the threshold. With
 * several classes the scores z of a row become what has the calibrated probabilities as its
 * softmax: slope z of `map`; or, with `matrix`, that matrix times z plus its last column; or, with
 * `of_class`, log p_k, p_k the sigmoid of what the logit of class k against the rest becomes. */
struct lb_decision {
	const struct lb_threshold *rule;         /* NULL: fixed */
	const struct lb_calibration *calibration; /* NULL: none */
	struct lb_score_map map; /* .separable of any */
	size_t classes;          /* of matrix and of_class; 0: there is neither */
	double *matrix;          /* (classes, classes + 1), or NULL */
	struct lb_score_map *of_class; /* (classes), or NULL */
	double threshold;
	bool one_class;          /* the rows to fit to were of one class, so nothing was fitted */
};

/* Scores that a calibration is fitted to. */
struct lb_scored_rows {
	size_t n, c;             /* rows, scores each; c = 1: binary, labels 0 and 1 */
	const double *z;         /* (n, c) */
	const int32_t *y;        /* (n) labels */
};

/* A row of a binary task, or of one class against the rest (y = 1: of the class). */
struct lb_scored_row {
	double z;
	int32_t y;
};

/* By ascending score. */
void lb_scored_rows_sort(struct lb_scored_row *row, size_t n);

/* What has class scores; whether a task's loss gives them is another question. */
#define LB_CALIBRATED_TASKS (LB_CLASS_TASKS | 1u << LB_EMBEDDING | 1u << LB_DISTILLATION)

struct lb_calibration {
	struct lb_info base;
	/* Sets a map that is 1 z + 0 from n rows in any order, which it may sort; both values of y
	 * occur. With several classes it is asked once a class. -1 when memory runs out. */
	int (*fit_score)(struct lb_score_map *m, struct lb_scored_row *row, size_t n, const struct lb_arg *par, struct lb_err *err);
	/* Or sets d->map, or d->matrix, which is the unit matrix and zeros. */
	int (*fit_scores)(struct lb_decision *d, const struct lb_scored_rows *in, const struct lb_arg *par, struct lb_err *err);
	bool steps;              /* of the map that fit_score sets */
	bool matrix;             /* fit_scores sets the matrix */
	bool log_probabilities;  /* the matrix is of log-probabilities, not of scores */
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
/* Whether with several classes scores become others than multiples of themselves, so that the order
 * of classes may change. */
bool lb_calibration_reorders(const struct lb_calibration *calibration);

/* 1 z + 0, threshold 0. */
extern const struct lb_score_map lb_same_score;
extern const struct lb_decision lb_plain_decision;

/* Fits to n rows of c scores (c = 1: binary, labels 0 and 1; else one a class). par: parameters of
 * the calibration, in the order of its descriptor. Release with lb_decision_free, on failure too.
 *
 * With several classes a calibration of one score is fitted for each class to the logit of its
 * probability against the rest; a class that no row has, or every row, keeps its probability. The
 * calibrated ones are divided by their sum; where all are 0, all are equal.
 *
 * The threshold is then chosen on the calibrated scores, half way between two neighbours that
 * differ; of equally good ones the highest. youden: largest TPR - FPR; f1: largest F1; prevalence:
 * as many rows positive as labels are, or as near as equal scores allow. All rows positive: -inf;
 * none: the largest score. Where all rows are of one class nothing is fitted (but the temperature
 * of several classes): the scores stay as they are, the threshold 0, and one_class is set. */
int lb_decision_fit(struct lb_decision *d, const struct lb_calibration *calibration, const struct lb_arg *par, const struct lb_threshold *rule, size_t n,
		    size_t c, const double *z, const int32_t *y, struct lb_err *err);
void lb_decision_free(struct lb_decision *d);

/* What a score becomes. */
double lb_score_mapped(const struct lb_score_map *m, double z);
/* Whether the scores of several classes become others than slope z: then lb_decision_scores says
 * what. */
bool lb_decision_reorders(const struct lb_decision *d);
/* out (c) <- what the scores z (c) of a row become; out may not be z. Entries may be -inf, not
 * all. */
void lb_decision_scores(const struct lb_decision *d, size_t c, const double *z, double *out);
/* Returns the class of a row by what is proportional to the probabilities of c classes, of this
 * sum; `likeliest` unless the rule is the median. */
size_t lb_decision_class(const struct lb_decision *d, size_t c, const double *share, double sum, size_t likeliest);

#endif
