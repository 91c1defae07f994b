/* A tuning and its arms, each with the space that it draws candidates from; users read tune.h. */
#ifndef LB_TUNE_ARMS_H
#define LB_TUNE_ARMS_H

#include "core/config/sweep.h"

enum lb_tune_method { LB_TUNE_RANDOM, LB_TUNE_HALTON, LB_TUNE_GRID };

/* One arm: the values its parameters can take, and which of them each candidate takes. */
struct lb_tune_arm {
	struct lb_sweep space;
	size_t *pick;            /* (n, space.n) the index of a value of each swept parameter */
	size_t n;
};

struct lb_tune {
	struct lb_diagnostics diagnostics;
	struct lb_sweep sweep;   /* of the study */
	struct lb_pool pool;
	enum lb_tune_method method;
	size_t trials, folds, seed;
	char metric[80];
	size_t n_arms, n_replicates;
	struct lb_tune_arm *arm;
};

/* Reads the space of an arm whose a->space holds the study's tree for it, and draws the arm's
 * candidates. Mistakes go to t->diagnostics; -1 is for want of memory. `space` is tune.space, NULL
 * or a word for the default. */
int lb_tune_space_open(struct lb_tune *t, struct lb_tune_arm *a, const struct lb_node *space, struct lb_err *err);

/* A diagnostic for every path of tune.space that names a parameter of no component of any arm; all
 * arms must be open. */
void lb_tune_space_check(const struct lb_tune *t, const struct lb_node *space);

/* True for train.seed, data.split.seed and their like. */
bool lb_path_is_seed(const char *path);

#endif
