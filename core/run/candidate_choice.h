/* The best of several candidate settings by what a metric was on the folds of a
 * cross-validation. */
#ifndef LB_CANDIDATE_CHOICE_H
#define LB_CANDIDATE_CHOICE_H

#include "core/base/err.h"
#include "core/base/json.h"

#include <stdbool.h>
#include <stddef.h>

/* How a fold ended: with a value of the metric, with the metric undefined (the AUC of one class),
 * or diverged or failed. */
enum lb_fold_end { LB_FOLD_VALUE, LB_FOLD_UNDEFINED, LB_FOLD_LOST };
struct lb_fold_result {
	enum lb_fold_end end;
	double value;            /* may be infinite */
	bool one_class;          /* the fold's validation rows have one class */
};

/* What a candidate came to. folds + lost + undefined are all its folds. */
struct lb_candidate {
	double mean;             /* over its folds with a value; NAN when there are none */
	size_t folds, lost, undefined;
	size_t worse;            /* folds that count against it: lost, or undefined where another candidate has a value */
};

/* What was found of all candidates together. */
struct lb_verdict {
	bool chosen;             /* false when no candidate has a value on any fold */
	size_t best;             /* index of the chosen candidate */
	size_t undefined;        /* folds where no candidate has a value, for want of a definition */
	bool one_class;          /* all of those folds validate on one class */
	bool lost;               /* the best candidate has folds that count against it */
};

/* Judges n candidates on `folds` folds each; result is (n, folds) row-major, settings[c] the {path:
 * value} of candidate c, out has room for n. A fold where no candidate has a value decides nothing.
 * Fewer folds that count against it make a candidate better, then the better mean; of equal ones
 * the first in the order of their settings: the smaller number, or the first text in alphabetical
 * order, at the first path in alphabetical order where they differ. So the order of the candidates
 * does not matter. -1 for want of memory. */
int lb_choose_candidate(const struct lb_fold_result *result, size_t n, size_t folds, bool higher_is_better, const cJSON *const *settings,
	     struct lb_candidate *out, struct lb_verdict *verdict, struct lb_err *err);

#endif
