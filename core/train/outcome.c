#include "core/train/train.h"

#include "core/optim/optim_info.h"

#include <stdlib.h>

const char *lb_status_name(enum lb_status s)
{
	static const char *const name[] = { "ok", "diverged", "failed", "interrupted" };

	return name[s];
}

void lb_outcome_free(struct lb_outcome *o)
{
	for (int part = 0; part < 3; part++) {
		free(o->metric[part]);
		free(o->curve[part]);
	}
	free(o->loss_curve);
	free(o->scores);
	*o = (struct lb_outcome){ 0 };
}

bool lb_full_batch(const struct lb_setup *setup)
{
	return setup->model.closed_form || lb_optim_full_batch_f64(setup->optimizer);
}
