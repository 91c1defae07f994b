#include "core/training/train.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/interrupt.h"
#include "core/engine/eval/evaluate.h"
#include "core/engine/optim/optim.h"
#include "core/training/lbfgs.h"
#include "core/training/curvature.h"
#include "core/engine/fit/gaussian_classes.h"
#include "core/engine/fit/random_features.h"
#include "core/engine/fit/training_rows.h"

#include <stdlib.h>

/* Cells of features from which the second objective pays. */
enum { ROUGH_CELLS = 1000000 };

static int minimise(const struct lb_cohort *c, const struct lb_setup *setup, double *w, struct lb_train_result *o, struct lb_err *err)
{
	const struct lb_optim *optim = lb_optim_of(setup->optimizer);
	const bool large = optim->takes_rough && (double)c->split->n[LB_TRAIN] * (double)c->features->d >= ROUGH_CELLS;
	struct lb_objective *objective = lb_objective_new_f64(c, setup, err);
	struct lb_objective *rough = large && objective ? lb_objective_new_f32(c, setup, err) : NULL;
	struct lb_minimum at;
	const int rc = objective && !rough == !large ? optim->minimise(objective, rough, setup->optimizer_par, o->n_params, w, &at, err) : -1;

	lb_objective_free_f64(objective);
	lb_objective_free_f32(rough);
	if (rc)
		return -1;
	o->steps = at.iterations;
	o->minimised = true;
	o->objective = at.value;
	o->gradient = at.gradient;
	if (at.stopped)
		lb_train_result_end(o, LB_TRIAL_INTERRUPTED);
	else if (!at.finite)
		lb_train_result_diverged(o, 1, "the training loss at the initial parameters is not finite");
	return 0;
}

/* Returns as lb_evaluate_decide; *part: of the split that has the bad row. */
static int evaluate_parts(struct lb_evaluator *e, struct lb_eval_model *s, struct lb_train_result *o, int *part, struct lb_err *err)
{
	s->metric = o->metric[*part = LB_VALID];
	int rc = lb_evaluate_decide(e, s, &o->decision, err);

	s->decision = &o->decision;
	for (int next = 0; next < 3 && !rc; next++) {
		if (!e->cohort->split->n[next])
			continue;
		s->metric = o->metric[*part = next];
		s->scores = next == LB_TEST ? o->scores : NULL;
		rc = lb_evaluate(e, s, 1, next, err) ? -1 : s->bad;
	}
	return rc;
}

static int evaluate(const struct lb_cohort *c, const struct lb_setup *setup, const double *w, struct lb_train_result *o, struct lb_err *err)
{
	struct lb_evaluator *e = lb_evaluator_new(c, o->columns, err);
	struct lb_net *net = lb_net_new(&setup->model, LB_EVAL_CHUNK, err);
	const size_t own = lb_setup_loss_params(setup, c->features->data), plain = lb_model_spec_size(&setup->model);
	real *rounded = net ? lb_alloc_aligned(net->n_params + own, sizeof *rounded, err) : NULL;
	struct lb_eval_model s = { .setup = setup, .net = net, .w = rounded, .hazard = o->hazard, .curvature = o->curvature };
	int rc = e && net && rounded ? 0 : -1, part;

	if (!rc)
		lb_net_pack(net, w, rounded);
	for (size_t i = 0; !rc && i < own; i++)
		rounded[net->n_params + i] = (real)w[plain + i];
	if (!rc)
		rc = evaluate_parts(e, &s, o, &part, err);
	if (rc == 1)
		lb_train_result_bad_score(o, 1, part, s.bad_row);
	free(rounded);
	lb_net_free(net);
	lb_evaluator_free(e);
	return rc < 0 ? -1 : 0;
}

/* w <- the parameters of a model in closed form. */
static int solve(const struct lb_cohort *c, const struct lb_setup *setup, double *w, struct lb_err *err)
{
	const enum lb_closed_form form = setup->model.closed_form;

	return (form == LB_RANDOM_FEATURES ? lb_random_features_f64 : form == LB_TRAINING_ROWS ? lb_training_rows_keep_f64 : lb_gaussian_classes_f64)(c, setup, w, err);
}

static int fit(const struct lb_cohort *c, const struct lb_setup *setup, struct lb_train_result *o, struct lb_err *err)
{
	const double start = lb_seconds();
	double *w = lb_train_result_open(o, c, setup, false, err) ? NULL : lb_alloc(o->n_params, sizeof *w, err);
	int rc = !w ? -1 : setup->model.closed_form ? solve(c, setup, w, err) : minimise(c, setup, w, o, err);

	if (!rc && setup->model.closed_form && lb_stop_requested)
		lb_train_result_end(o, LB_TRIAL_INTERRUPTED);
	if (!rc)
		lb_setup_unscale(setup, w);
	o->train_seconds = lb_seconds() - start;
	if (!rc && o->status == LB_TRIAL_OK && lb_curvature_wanted(setup))
		rc = lb_curvature_measure(c, setup, w, &o->curvature, err);
	if (!rc && o->status == LB_TRIAL_OK)
		rc = evaluate(c, setup, w, o, err);
	o->evaluate_seconds = lb_seconds() - start - o->train_seconds;
	if (rc || o->status != LB_TRIAL_OK || !setup->keep_model)
		free(w);
	else
		o->w = w;
	return rc;
}

int lb_fit(const struct lb_cohort *cohort, struct lb_train_result *out, struct lb_err *err)
{
	for (size_t i = 0; i < cohort->k; i++)
		out[i] = (struct lb_train_result){ 0 };
	for (size_t i = 0; i < cohort->k; i++) {
		if (lb_stop_requested)
			out[i].status = LB_TRIAL_INTERRUPTED;
		else if (fit(cohort, &cohort->trial[i], &out[i], err))
			return -1;
	}
	return 0;
}
