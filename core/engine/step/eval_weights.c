#include "core/engine/step/eval_weights.h"

#include "core/engine/step/procedure.h"

#include <string.h>

/* Returns the parameters that an evaluation reads: w, or a copy as procedures change it. */
static const real *evaluated(struct lb_learner *l)
{
	if (l->restored || !(l->traits & (LB_CHANGES_WEIGHTS | LB_CHANGES_RESULT)))
		return l->model.w;
	memcpy(l->changed, l->model.w, l->model.n_params * sizeof *l->changed);
	for (size_t i = 0; i < l->n_hooks; i++) {
		const struct lb_procedure *p = l->hook[i].procedure;
		if (p->finish)
			p->finish(&l->hook[i], l, l->changed);
	}
	for (size_t i = 0; i < l->n_hooks; i++)
		if (l->hook[i].procedure->weights)
			l->hook[i].procedure->weights(&l->hook[i], l, l->changed);
	return l->changed;
}

const real *lb_learner_eval_weights(struct lb_learner *l)
{
	const real *w = evaluated(l);

	if (!l->setup->unit)
		return w;
	lb_model_unpack(&l->model, w, l->plain);
	lb_setup_unscale(l->setup, l->plain);
	lb_model_pack(&l->model, l->plain, l->unscaled);
	return l->unscaled;
}

void lb_learner_keep_best(struct lb_learner *l)
{
	memcpy(l->best, evaluated(l), l->model.n_params * sizeof *l->best);
}

void lb_learner_restore_best(struct lb_learner *l)
{
	memcpy(l->model.w, l->best, l->model.n_params * sizeof *l->best);
	l->restored = true;
}
