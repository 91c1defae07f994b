#include "core/engine/step/procedure.h"

/* One step of empirical risk minimisation, in which procedures take part. Returns the loss. */
static double plain_step(struct lb_step *s)
{
	struct lb_model *m = &s->l->model;

	lb_make_inputs(s);
	lb_forward(s, m);
	lb_weigh_rows(s, m);
	const double value = lb_loss_of_batch(s, m);
	if (lb_moves(s, value)) {
		lb_backward_update(s, m, value);
		lb_end_step(s, m);
	}
	return value;
}

double lb_learner_step(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *batch, int64_t step, double factor)
{
	struct lb_step s = lb_step_of(l, c, batch, step, factor);

	/* A procedure that takes the whole step is the only one. */
	if (l->traits & LB_WHOLE_STEP)
		return l->hook[0].procedure->step(&l->hook[0], &s);
	return plain_step(&s);
}

double lb_learner_gradient(struct lb_learner *l, const struct lb_cohort *c, const struct lb_minibatch *batch)
{
	struct lb_step s = lb_step_of(l, c, batch, -1, 0);

	lb_make_inputs(&s);
	return lb_gradient_again(&s, &l->model);
}
