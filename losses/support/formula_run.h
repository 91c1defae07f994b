/* Runs the programs of formulas (losses/formula.h) over lanes of rows. */
#ifndef LB_FORMULA_RUN_H
#define LB_FORMULA_RUN_H

#include "core/engine/kernels/panels.h"
#include "losses/formula.h"
#include "losses/loss.h"

/* The loss that runs any formula of a kind, by the text and the values in its parameters; NULL for
 * kinds without. */
const struct lb_loss *lb_formula_loss(enum lb_kind kind);

/* A step's registers: w numbers of each row, or of each class and row, cols blocks of w. out
 * overlaps none of the others. */
struct lb_formula_blocks {
	size_t cols, w;
	real *out;
	const real *a, *b, *c;
};

/* Does a step that is no leaf. */
void lb_formula_do(const struct lb_formula_step *step, const struct lb_formula_blocks *at);

/* Entries (of a task of one score, of targets, of labels) that are run at once. */
enum { LB_FORMULA_ENTRIES = 64 };

struct lb_formula_running {
	const struct lb_formula_program *p;
	const struct lb_batch *in;
	size_t w, c;             /* rows side by side, classes */
	size_t width;            /* of a register of rows, the most that w is */
	real *row, *class;       /* the registers */
	/* Of entries. */
	const real *score, *sign, *target, *count;
	/* Of LB_PANEL rows of classes: scores and terms by columns, and of each row its label, the
	 * class of the largest score, and sums. */
	const real *z;
	real *term;
	size_t label[LB_PANEL];
	real top[LB_PANEL], most[LB_PANEL], rest_of_top[LB_PANEL], log_sum[LB_PANEL];
	real sum[LB_PANEL], share[LB_PANEL]; /* of the terms; 1 / sum */
	real log_p[LB_PANEL];    /* of the label */
	/* Of rows of pairs: its partners of either side, and by columns which side each row of the
	 * batch is on. */
	real n_same[LB_PANEL], n_other[LB_PANEL];
	const real *same, *other;
	real own_term[LB_PANEL], rest[LB_PANEL]; /* of the label; of all but the label */
	real second[LB_PANEL], second_sum[LB_PANEL]; /* where the rest is too small for its terms: its largest score, and their sum from there */
};

static inline real *lb_formula_register(const struct lb_formula_running *r, int at, bool of_class)
{
	return of_class ? r->class + (size_t)at * r->c * LB_PANEL : r->row + (size_t)at * r->width;
}

static inline const real *lb_formula_at(const struct lb_formula_running *r, const struct lb_formula_place *at)
{
	return at->at < 0 ? NULL : lb_formula_register(r, at->at, at->of_class);
}

/* Does the steps of the program from one to before another; leaves of classes are its business. */
void lb_formula_steps(const struct lb_formula_running *r, int from, int to);

/* The mean loss of a batch of rows of classes, and its gradient unless that is NULL; the program is
 * the state. */
double lb_formula_of_classes(const struct lb_batch *in, real *grad);

/* The loss of a batch of embeddings, by the cosines of its rows: the mean over the rows that have a
 * partner of each side that the formula goes over, 0 where there is none. */
double lb_formula_of_pairs(const struct lb_row_pairs *pairs);
/* The same, free of precision: b rows with the cosines of all pairs and, unless NULL, the slopes by
 * them, which are added to. */
struct lb_formula_pairs {
	const struct lb_formula_program *program;
	size_t b;
	const double *cosine;    /* (b,b) */
	double *slope;           /* (b,b) */
	const int32_t *y;        /* (b) */
	const uint8_t *chosen;   /* (b,b) pairs that a miner chose; NULL: all */
	size_t epoch, epochs;
	double *counts;          /* (2 b), contents undefined */
	void *workspace;         /* lb_formula_pairs_room bytes */
};
double lb_formula_run_pairs_f64(const struct lb_formula_pairs *pairs);
enum { LB_FORMULA_PAIR_BLOCKS = 3 }; /* of b columns in the workspace beside the registers: cosines, and which side each row is on */
/* Bytes of the workspace for a batch of b rows. */
size_t lb_formula_pairs_room(size_t b);

#endif
