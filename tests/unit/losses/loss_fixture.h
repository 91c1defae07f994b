/* What the tests of losses share: a loss with the settings to go through, random batches, its
 * value: those of losses/drawn_batch.h, with assertions. Random numbers: seed 7. */
#ifndef LB_LOSS_FIXTURE_H
#define LB_LOSS_FIXTURE_H

#include "tests/unit/suite.h"

#include "core/numeric/rng.h"
#include "losses/drawn_batch.h"
#include "losses/eval.h"

#include <math.h>
#include <string.h>

enum { MOST_CELLS = LB_DRAWN_CELLS, FEATURES = LB_DRAWN_FEATURES, MOST_CLASSES = LB_DRAWN_CLASSES, MOST_PARAMS = LB_SUBJECT_PARAMS, SEED = LB_SUBJECT_SEED };

static inline void set_up(struct lb_subject *s, int i)
{
	static struct lb_err err;

	ck_assert_msg(!lb_subject_open(s, lb_loss_at((size_t)i), &err), "%s", err.text);
}

/* An assertion of Check writes to a file each time: these are asked millions of times. */
static inline double eval(struct lb_subject *s, int precision, const struct lb_drawn *d, double *g)
{
	const double value = lb_subject_eval(s, precision, d, g);

	if (s->failed)
		ck_abort_msg("%s/%s cannot be evaluated", lb_kind_name(s->info->kind), s->info->base.name);
	return value;
}

#endif
