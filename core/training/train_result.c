#include "core/training/train_result.h"

#include "core/base/mem.h"
#include "core/training/baseline.h"
#include "core/training/predict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *lb_status_name(enum lb_status s)
{
	static const char *const name[] = { "ok", "diverged", "failed", "interrupted" };

	return name[s];
}

static int open_curves(struct lb_train_result *o, const struct lb_cohort *c, const struct lb_setup *setup, struct lb_err *err)
{
	if (!(o->loss_curve = lb_alloc(c->epochs, sizeof(double), err)))
		return -1;
	for (int part = 0; part < 3; part++)
		if (setup->curve[part] && c->split->n[part] &&
		    !(o->curve[part] = lb_alloc(c->epochs * setup->n_metrics, sizeof(double), err)))
			return -1;
	return setup->keep_model && !(o->w = lb_alloc(o->n_params, sizeof(double), err)) ? -1 : 0;
}

int lb_train_result_open(struct lb_train_result *o, const struct lb_cohort *c, const struct lb_setup *setup, bool by_epochs, struct lb_err *err)
{
	o->columns = lb_setup_columns(setup, c->features->data);
	o->n_params = lb_model_spec_size(&setup->model) + lb_setup_loss_params(setup, c->features->data);
	o->curvature = (struct lb_curvature){ (double)NAN, (double)NAN };
	for (int part = 0; part < 3; part++)
		if (c->split->n[part] && !(o->metric[part] = lb_alloc(setup->n_metrics, sizeof(double), err)))
			return -1;
	if (setup->keep_scores && !(o->scores = lb_alloc(c->split->n[LB_TEST] * o->columns, sizeof(double), err)))
		return -1;
	if (setup->keep_model && lb_setup_curve_times(setup) && setup->loss->baseline_hazard &&
	    !(o->hazard = lb_alloc(setup->survival_curve->n, sizeof(double), err)))
		return -1;
	return by_epochs ? open_curves(o, c, setup, err) : 0;
}

void lb_train_result_free(struct lb_train_result *o)
{
	for (int part = 0; part < 3; part++) {
		free(o->metric[part]);
		free(o->curve[part]);
	}
	free(o->loss_curve);
	free(o->scores);
	free(o->w);
	free(o->hazard);
	lb_decision_free(&o->decision);
	*o = (struct lb_train_result){ 0 };
}

void lb_train_result_end(struct lb_train_result *o, enum lb_status status)
{
	o->status = status;
	for (int part = 0; part < 3 && status != LB_TRIAL_OK; part++) {
		free(o->metric[part]);
		o->metric[part] = NULL;
	}
}

void lb_train_result_diverged(struct lb_train_result *o, size_t epoch, const char *cause)
{
	o->bad_epoch = epoch;
	o->bad_step = o->steps;
	snprintf(o->cause, sizeof o->cause, "%s", cause);
	lb_train_result_end(o, LB_TRIAL_DIVERGED);
}

void lb_train_result_bad_score(struct lb_train_result *o, size_t epoch, int part, size_t row)
{
	static const char *const part_name[] = { "training", "validation", "test" };
	char cause[sizeof o->cause];

	snprintf(cause, sizeof cause, "a score of row %zu (%s) is not finite", row, part_name[part]);
	lb_train_result_diverged(o, epoch, cause);
}

int lb_baseline_copy(const struct lb_baseline *from, size_t n_metrics, struct lb_baseline *to, struct lb_err *err)
{
	*to = (struct lb_baseline){ .kind = from->kind };
	for (int part = 0; part < 6; part++) {
		const double *values = part < 3 ? from->metric[part] : from->random_map[part - 3];
		double **copy = part < 3 ? &to->metric[part] : &to->random_map[part - 3];
		if (!values)
			continue;
		if (!(*copy = lb_alloc(n_metrics, sizeof **copy, err)))
			return -1;
		memcpy(*copy, values, n_metrics * sizeof **copy);
	}
	return 0;
}

void lb_baseline_free(struct lb_baseline *b)
{
	for (int part = 0; part < 3; part++) {
		free(b->metric[part]);
		free(b->random_map[part]);
	}
	*b = (struct lb_baseline){ 0 };
}

size_t lb_predict_columns(const struct lb_predicting *p)
{
	const struct lb_model_spec *m = &p->setup->model;

	if (!p->embeddings)
		return lb_setup_columns(p->setup, p->features->data);
	return p->setup->loss->kind == LB_EMBEDDING ? m->width[m->n_layers] : m->n_layers > 1 ? m->width[m->n_layers - 1] : 0;
}
