#include "core/run/survival_setup.h"

#include "core/base/mem.h"

#include <stdlib.h>

static int gather_times(struct lb_survival *s, const struct lb_dataset *data, const double *row_weight, const uint32_t *rows, size_t n, struct lb_err *err)
{
	if (!(s->time = lb_alloc(n, sizeof *s->time, err)) || !(s->event = lb_alloc(n, sizeof *s->event, err)) ||
	    !(s->weight = lb_alloc(n, sizeof *s->weight, err)))
		return -1;
	for (size_t i = 0; i < n; i++) {
		s->time[i] = data->target[rows[i]];
		s->event[i] = data->event[rows[i]];
		s->weight[i] = row_weight ? row_weight[rows[i]] : 1;
	}
	s->times = (struct lb_times){ .n = n, .time = s->time, .event = s->event, .weight = s->weight };
	return 0;
}

static int make_cuts(struct lb_survival *s, struct lb_setup *setup, struct lb_err *err)
{
	const size_t n = lb_loss_outputs(setup->loss, setup->loss_par);

	if (!setup->loss->columns)
		return 0;
	setup->cuts = s->cuts = lb_alloc(n, sizeof *s->cuts, err);
	return s->cuts ? lb_event_cuts(&s->times, n, s->cuts, err) : -1;
}

/* Curves are made only where something reads them. */
static bool wants_curves(const struct lb_setup *setup)
{
	bool wants = setup->keep_scores || setup->keep_model;

	for (size_t m = 0; m < setup->n_metrics; m++)
		wants = wants || setup->metric[m].metric->curves;
	return wants;
}

static int make_curve(struct lb_survival *s, struct lb_setup *setup, struct lb_err *err)
{
	if (!wants_curves(setup))
		return 0;
	if (!(s->curve_time = lb_alloc(LB_CURVE_TIMES, sizeof *s->curve_time, err)) ||
	    !(s->kaplan_meier = lb_alloc(LB_CURVE_TIMES, sizeof *s->kaplan_meier, err)) || lb_curve_times(&s->times, s->curve_time, &s->curve.n, err))
		return -1;
	s->curve.time = s->curve_time;
	setup->survival_curve = &s->curve;
	setup->kaplan_meier = s->kaplan_meier;
	return lb_kaplan_meier(&s->times, s->curve.n, s->curve_time, s->kaplan_meier, err);
}

int lb_prepare_survival(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err)
{
	struct lb_survival *s = &p->survival;

	if (data->kind != LB_SURVIVAL)
		return 0;
	if (gather_times(s, data, p->row_weight, p->split.rows[LB_TRAIN], p->split.n[LB_TRAIN], err) || make_cuts(s, &p->setup, err) || make_curve(s, &p->setup, err))
		return -1;
	p->setup.times = &s->times;
	return 0;
}

void lb_survival_free(struct lb_survival *s)
{
	free(s->time);
	free(s->event);
	free(s->weight);
	free(s->cuts);
	free(s->curve_time);
	free(s->kaplan_meier);
	*s = (struct lb_survival){ 0 };
}
