/* Attacks: each row is moved within a ball so that the model fails on it, for training on such rows
 * and for measuring who still is right there. Compiled once per precision; listed in
 * core/engine/attack/list.def.
 *
 * The objective is what an attack raises. With s = z_y - max of the others, p = softmax(z), and
 * z(0) the scores at the row itself:
 *   ce -log p_y; margin -s; dlr -s / (z_(1) - z_(3) + 1e-12), z_(k) the k-th largest;
 *     probability_margin max of the others' p - p_y;
 *   deviation |D(z) - D(z(0))|_2 with D the margins z_y - z_k, k != y.
 * Binary: one score, s its product with the sign of the label, p its sigmoid. */
#ifndef LB_ATTACK_H
#define LB_ATTACK_H

#include "core/engine/model/net.h"
#include "core/training/attack_info.h"
#include "core/training/cohort.h"

struct lb_attack;
struct lb_attacked;

/* A way to move rows. */
struct lb_attack_kind {
	struct lb_info base;     /* .traits of enum lb_attack_trait (core/training/attack_info.h) */
	/* Makes room for batches of max_b rows, for .run. */
	int (*open)(struct lb_attack *a, const struct lb_net *net, size_t max_b, struct lb_err *err);
	/* As lb_attack_run. NULL, and .open too: rows stay as they are. */
	int (*run)(struct lb_attack *a, const struct lb_attacked *on, real *out);
};

struct lb_attack {
	const struct lb_attack_kind *kind;
	const struct lb_arg *par;
	size_t d, c;             /* features, scores (1: binary) */
	real *x;                 /* (rows, d) the point that the attack has reached */
	real *dz, *dx, *transposed; /* for the gradient by the rows */
	real *first;             /* (rows, c) scores of the rows themselves, for deviation; else NULL */
	double *best;            /* (rows) the largest objective met */
	double *plain, *dual;    /* closed_form: the parameters in the plain order, (c, c) dual norms of w_j - w_y; else NULL */
	double *direction;       /* (d) */
};

/* The rows of one attack; all borrowed. */
struct lb_attacked {
	struct lb_net *net;      /* its last forward is lost */
	struct lb_team *team;    /* that shares the work of its products, or NULL */
	const real *w;
	const real *x;           /* (b, d) */
	const int32_t *y;        /* of the whole dataset */
	const uint32_t *rows;    /* (b) of the dataset */
	size_t b;
	int64_t step;            /* of the training, which random starts depend on; -1: evaluation, where they depend on the row alone */
	/* Called with the scores (b, c), ld apart, of every place tried, unless NULL. Not 0: the
	 * attack ends with it. */
	int (*seen)(void *arg, const real *z, size_t ld);
	void *arg;
};

/* Opens an attack of lb_attacks_f64, other than none, for batches of max_b rows. Release with
 * lb_attack_close, on failure too. */
int lb_attack_open(struct lb_attack *a, const struct lb_info *info, const struct lb_arg *par, const struct lb_net *net, size_t max_b,
		      struct lb_err *err);
void lb_attack_close(struct lb_attack *a);

/* out (b, d) <- the moved rows: for closed_form those of the smallest margin in the ball, for fgsm
 * after its step, for pgd of all places tried those of the largest objective. Returns what `seen`
 * did, or 0. */
int lb_attack_run(struct lb_attack *a, const struct lb_attacked *on, real *out);

/* One row: the objective (in the order of enum lb_attack_objective), and dz (c) <- a positive
 * multiple of its derivative that does not vanish where the model is sure. first is read for
 * deviation only. */
double lb_attack_value(enum lb_attack_objective objective, size_t c, const real *z, size_t y, const real *first);
void lb_attack_slope(enum lb_attack_objective objective, size_t c, const real *z, size_t y, const real *first, real *dz);

#endif
