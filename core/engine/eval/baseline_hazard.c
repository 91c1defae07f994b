#include "core/engine/eval/baseline_hazard.h"

#include "core/base/mem.h"

#include <stdlib.h>

bool lb_needs_baseline_hazard(const struct lb_setup *setup)
{
	return lb_setup_curve_times(setup) && setup->loss->baseline_hazard && !setup->survival_curve->hazard;
}

int lb_baseline_hazard(struct lb_evaluator *e, const struct lb_eval_model *s, double *hazard, struct lb_err *err)
{
	const struct lb_split *split = e->cohort->split;
	const struct lb_curve *curve = s->setup->survival_curve;
	const size_t n = split->n[LB_TRAIN];
	double *score = lb_alloc(n, sizeof *score, err);

	for (size_t start = 0; score && start < n; start += e->chunk) {
		const size_t b = n - start < e->chunk ? n - start : e->chunk;
		lb_input_batch_load(&e->input, split->rows[LB_TRAIN] + start, b, e->team);
		const struct lb_pass pass = { .b = b, .x = e->input.x, .sparse = &e->input.rows, .step = -1, .team = e->team };
		const real *z = lb_net_forward(s->net, s->w, &pass);
		for (size_t i = 0; i < b; i++)
			score[start + i] = (double)z[i * s->net->ld];
	}
	const int rc = score ? lb_breslow_hazard(s->setup->times, score, curve->n, curve->time, hazard, err) : -1;
	free(score);
	return rc;
}
