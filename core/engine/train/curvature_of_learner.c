#include "core/engine/train/curvature_of_learner.h"

#include "core/base/mem.h"
#include "core/engine/step/learner_open.h"
#include "core/training/curvature.h"

#include <stdlib.h>

int lb_learner_curvature(struct lb_learner *l, const struct lb_cohort *c, struct lb_curvature *out, struct lb_err *err)
{
	const size_t n = lb_model_spec_size(&l->setup->model) + l->model.n_loss_params;

	if (!lb_curvature_wanted(l->setup))
		return 0;
	double *plain = lb_alloc(n, sizeof *plain, err);
	if (!plain)
		return -1;
	lb_model_unpack(&l->model, lb_learner_eval_weights(l), plain);
	const int rc = lb_curvature_measure(c, l->setup, plain, out, err);
	free(plain);
	return rc;
}
