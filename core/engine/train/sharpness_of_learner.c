#include "core/engine/train/sharpness_of_learner.h"

#include "core/base/mem.h"
#include "core/engine/step/learner_open.h"
#include "core/training/sharpness.h"

#include <stdlib.h>

int lb_learner_sharpness(struct lb_learner *l, const struct lb_cohort *c, double *value, struct lb_err *err)
{
	const size_t n = lb_model_spec_size(&l->setup->model) + l->model.n_loss_params;

	if (!lb_sharpness_wanted(l->setup))
		return 0;
	double *plain = lb_alloc(n, sizeof *plain, err);
	if (!plain)
		return -1;
	lb_model_unpack(&l->model, lb_learner_eval_weights(l), plain);
	const int rc = lb_sharpness(c, l->setup, plain, value, err);
	free(plain);
	return rc;
}
