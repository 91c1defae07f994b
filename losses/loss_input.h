/* What a loss is given where no training runs: numbers as doubles, whatever the precision that it
 * is evaluated in. */
#ifndef LB_LOSS_INPUT_H
#define LB_LOSS_INPUT_H

#include "losses/loss_info.h"

/* A batch and what belongs to it. All is borrowed. */
struct lb_loss_input {
	size_t b, c;               /* rows, columns */
	const double *z;           /* (b,c) */
	const int32_t *y;          /* (b) labels, in survival 1 where the event was seen; or NULL */
	const double *t;           /* (b,c) targets (with several outputs a target (b, c / outputs)), the teacher's scores, the labels of multilabel (1, 0, -1), the
	                              grades of ranking (b), the times of survival (b), or NULL */
	const int32_t *group;      /* (b) the query or bag of each row, rows of one side by side; NULL: all rows are of one */
	const double *row_weight;  /* (b), or NULL: 1 each */
	const double *counts;      /* (classes) training rows of each class or label, or NULL: counted in y or t */
	const uint32_t *id;        /* (b) sample ids, or NULL: 0, 1, ... */
	const struct lb_arg *par;  /* validated, in the order of the descriptor */
	const double *hidden;      /* (b, n_hidden) features, of a loss of views (views * b, n_hidden), or NULL */
	size_t n_hidden;
	const double *inputs;      /* (b, n_inputs) rows, or what the guide says of them, or NULL */
	size_t n_inputs;
	size_t n_classes;          /* embedding: number of classes; 0: c */
	size_t views;              /* z holds so many blocks of b rows; 0: 1 */
	const uint32_t *partner;   /* (b) of the mixed third view, and its share, or NULL */
	double mix;
	double scale;              /* of the cosines that z holds, for LB_NEEDS_COSINES; 0: 1 */
	const struct lb_triplets *triplets; /* triplets of rows, or NULL: all there are */
	const unsigned char *chosen; /* (b,b) not 0 for each ordered pair of rows that counts, or NULL: all do */
	const double *teacher;     /* (b,c) a teacher's scores, for LB_NEEDS_TEACHER, or NULL */
	const double *second_teacher; /* (b,c) for LB_NEEDS_SECOND_TEACHER, or NULL */
	const double *params;      /* the loss's own, lb_loss_n_params values, or NULL: what training begins with at seed 0 */
};

#endif
