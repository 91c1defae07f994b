/* What tune.c and tune_space.c share; others use tune.h. */
#ifndef LB_TUNE_INTERNAL_H
#define LB_TUNE_INTERNAL_H

#include "core/config/internal.h"
#include "core/config/tune.h"

enum lb_tune_method { LB_TUNE_RANDOM, LB_TUNE_HALTON, LB_TUNE_GRID };

/* One arm: the values its parameters can take, and the digits (one a swept parameter) of each
 * candidate. */
struct lb_tune_arm {
	struct lb_sweep space;
	size_t *pick;            /* (n, space.n) */
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
