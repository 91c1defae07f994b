/* What the checks of losses share: a loss with the settings of its parameters to go through, random
 * batches of it, its value. Free of precision. */
#ifndef LB_DRAWN_BATCH_H
#define LB_DRAWN_BATCH_H

#include "core/base/err.h"
#include "core/numeric/rng.h"
#include "losses/loss_input.h"

enum { LB_DRAWN_ROWS = 64, LB_DRAWN_CELLS = 2000, LB_DRAWN_FEATURES = 4, LB_DRAWN_CLASSES = 10, LB_SUBJECT_PARAMS = 32, LB_SUBJECT_SETTINGS = 160,
       LB_SUBJECT_SEED = 7 };

/* Training rows of each class: uneven, one class without any. */
extern const double lb_drawn_counts[LB_DRAWN_CLASSES];

/* A loss with every setting of its parameters that the checks go through: the defaults, each grid
 * point, each choice, yes and no. */
struct lb_subject {
	const struct lb_loss_info *info;
	struct lb_arg settings[LB_SUBJECT_SETTINGS][LB_SUBJECT_PARAMS];
	char text[LB_SUBJECT_SETTINGS][64]; /* "gamma=0.5", of the first "defaults" */
	size_t n;
	struct lb_err *err;      /* or NULL; says why .failed is set */
	bool failed;             /* memory ran out, or a batch has no room: what was found since does not count */
};

/* Fails (LB_CONFIG) where the loss has more parameters or settings than there is room for. */
int lb_subject_open(struct lb_subject *s, const struct lb_loss_info *info, struct lb_err *err);

/* text <- "gamma=0.5". */
void lb_setting_text(const struct lb_param *p, const struct lb_arg *arg, char text[64]);

/* A random batch, which `in` points into. */
struct lb_drawn {
	double z[LB_DRAWN_CELLS], t[LB_DRAWN_CELLS], h[3 * LB_DRAWN_ROWS * LB_DRAWN_FEATURES], x[LB_DRAWN_CELLS], teacher[LB_DRAWN_CELLS],
		second_teacher[LB_DRAWN_CELLS], params[LB_DRAWN_CELLS], counts[LB_DRAWN_CLASSES];
	int32_t y[LB_DRAWN_ROWS], group[LB_DRAWN_ROWS];
	uint32_t partner[LB_DRAWN_ROWS];
	struct lb_loss_input in;
};

/* *d <- b rows of c columns, or of the next number that is whole targets, or of the scores of c
 * classes. */
void lb_draw_batch(struct lb_drawn *d, struct lb_subject *s, const struct lb_arg *par, size_t b, size_t c, double scale, struct lb_rng *rng);
/* *to <- a copy that points into itself. */
void lb_drawn_copy(struct lb_drawn *to, const struct lb_drawn *from);

/* Blocks of rows that a batch of the loss holds. One of scores sees one view, which its identities
 * are of. */
size_t lb_drawn_views(const struct lb_loss_info *info);
/* Columns of targets that a batch has. */
size_t lb_drawn_targets(const struct lb_loss_info *info, const struct lb_loss_input *in);

/* The value, and the gradient unless NULL; NaN, and s->failed, for want of memory. */
double lb_subject_eval(struct lb_subject *s, int precision, const struct lb_drawn *d, double *g);
/* The value in float64 at other scores. */
double lb_subject_value(struct lb_subject *s, const struct lb_drawn *d, const double *z);

/* The distance of two numbers, in units of the larger or of 1. */
double lb_far(double a, double b);

#endif
