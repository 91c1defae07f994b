#include "core/engine/step/procedure.h"
#include "core/training/train.h"

int lb_train(const struct lb_cohort *cohort, struct lb_train_result *out, struct lb_err *err)
{
	const struct lb_setup *setup = cohort->trial;

	for (size_t i = 0; cohort->k == 1 && i < setup->n_procedures; i++) {
		const struct lb_procedure *p = lb_procedure_of(setup->procedure[i].info);
		if (p->train)
			return p->train(setup->procedure[i].par, cohort, out, err);
	}
	return lb_train_once(cohort, out, err);
}
