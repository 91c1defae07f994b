#include "core/training/train.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/training/optim_params.h"
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
	for (int part = 0; part < 3; part++) {
		if (!from->metric[part])
			continue;
		if (!(to->metric[part] = lb_alloc(n_metrics, sizeof(double), err)))
			return -1;
		memcpy(to->metric[part], from->metric[part], n_metrics * sizeof(double));
	}
	return 0;
}

void lb_baseline_free(struct lb_baseline *b)
{
	for (int part = 0; part < 3; part++)
		free(b->metric[part]);
	*b = (struct lb_baseline){ 0 };
}

bool lb_cohort_has_eval_attack(const struct lb_cohort *c)
{
	for (size_t i = 0; i < c->k; i++)
		if (c->trial[i].eval_attack)
			return true;
	return false;
}

bool lb_setup_reads_probabilities(const struct lb_setup *setup)
{
	for (size_t m = 0; m < setup->n_metrics; m++)
		if (setup->metric[m].metric->probabilities)
			return true;
	return false;
}

bool lb_cohort_reads_probabilities(const struct lb_cohort *c)
{
	for (size_t i = 0; i < c->k; i++)
		if (lb_setup_reads_probabilities(&c->trial[i]))
			return true;
	return false;
}

const double *lb_setup_target(const struct lb_setup *setup, const struct lb_dataset *data)
{
	return setup->target ? setup->target : data->target;
}

const double *lb_setup_taught(const struct lb_setup *setup, const struct lb_dataset *data)
{
	return setup->taught ? setup->taught : lb_setup_target(setup, data);
}

size_t lb_setup_terms(const struct lb_setup *setup)
{
	return setup->n_terms ? setup->n_terms : 1;
}

struct lb_term lb_setup_term(const struct lb_setup *setup, size_t i)
{
	return setup->n_terms ? setup->term[i] : (struct lb_term){ .loss = setup->loss, .par = setup->loss_par, .weight = 1 };
}

unsigned lb_setup_traits(const struct lb_setup *setup)
{
	unsigned traits = 0;

	for (size_t i = 0; i < setup->n_procedures; i++)
		traits |= lb_procedure_traits_f64(setup->procedure[i].info);
	return traits;
}

unsigned lb_setup_needs(const struct lb_setup *setup)
{
	unsigned needs = 0;

	for (size_t i = 0; setup->loss && i < lb_setup_terms(setup); i++)
		needs |= lb_setup_term(setup, i).loss->needs;
	return needs;
}

bool lb_setup_separable(const struct lb_setup *setup)
{
	bool all = true;

	for (size_t i = 0; i < lb_setup_terms(setup); i++)
		all = all && lb_loss_separable(lb_setup_term(setup, i).loss);
	return all;
}

size_t lb_setup_curve_times(const struct lb_setup *setup)
{
	return setup->survival_curve && setup->loss && lb_loss_gives_curves(setup->loss) ? setup->survival_curve->n : 0;
}

size_t lb_setup_columns(const struct lb_setup *setup, const struct lb_dataset *data)
{
	const size_t out = setup->model.width[setup->model.n_layers];

	if ((setup->loss->kind == LB_EMBEDDING && lb_loss_gives_scores(setup->loss)) || setup->loss->scores_for)
		return data->n_classes;
	if (setup->loss->kind == LB_SURVIVAL)
		return 1 + lb_setup_curve_times(setup);
	return setup->loss->output ? lb_setup_targets(setup) + out : out;
}

size_t lb_cohort_columns(const struct lb_cohort *c)
{
	size_t most = 0;

	for (size_t i = 0; i < c->k; i++) {
		const size_t columns = lb_setup_columns(&c->trial[i], c->features->data);
		most = columns > most ? columns : most;
	}
	return most;
}

size_t lb_setup_targets(const struct lb_setup *setup)
{
	return setup->model.width[setup->model.n_layers] / lb_loss_outputs(setup->loss, setup->loss_par);
}

size_t lb_setup_outputs(const struct lb_setup *setup)
{
	return setup->loss ? lb_loss_outputs(setup->loss, setup->loss_par) : 1;
}

void lb_setup_column_name(const struct lb_setup *setup, size_t column, char name[LB_COLUMN_NAME])
{
	const size_t targets = setup->loss->output ? lb_setup_targets(setup) : column + 1, outputs = lb_loss_outputs(setup->loss, setup->loss_par);
	char level[LB_DOUBLE_TEXT + 1] = "";
	struct lb_output output;

	if (setup->loss->kind == LB_SURVIVAL) {
		if (column)
			lb_double_text(setup->survival_curve->time[column - 1], level);
		snprintf(name, LB_COLUMN_NAME, column ? "survival_%s" : "risk", level);
		return;
	}
	if (column < targets) {
		snprintf(name, LB_COLUMN_NAME, lb_loss_gives_scores(setup->loss) ? "score_%zu" : "embedding_%zu", column + 1);
		return;
	}
	setup->loss->output(setup->loss_par, (column - targets) % outputs, &output);
	if (output.says == LB_QUANTILE || output.says == LB_PARAMETER) {
		level[0] = '_';
		lb_double_text(output.level, level + 1);
	}
	snprintf(name, LB_COLUMN_NAME, "%s%s_%zu", lb_statistic_name(output.says), level, (column - targets) / outputs + 1);
}

void lb_setup_unscale(const struct lb_setup *setup, double *plain)
{
	const struct lb_model_spec *m = &setup->model;
	const size_t out = m->width[m->n_layers], in = m->width[m->n_layers - 1], outputs = lb_loss_outputs(setup->loss, setup->loss_par);
	double *w = plain + lb_model_spec_size(m) - out - in * out, *bias = w + in * out;

	for (size_t k = 0; setup->unit && k < out; k++) {
		const struct lb_unit *unit = &setup->unit[k / outputs];
		struct lb_output output = { 0 };
		if (setup->loss->output)
			setup->loss->output(setup->loss_par, k % outputs, &output);
		if (output.says == LB_LOG_VARIANCE) {
			bias[k] += (output.of_scale ? 1 : 2) * log(unit->sd);
			continue;
		}
		for (size_t j = 0; j < in; j++)
			w[k * in + j] *= unit->sd;
		bias[k] = bias[k] * unit->sd + unit->mean;
	}
}

struct lb_loss_shape lb_setup_loss_shape(const struct lb_setup *setup, size_t n_classes)
{
	const struct lb_model_spec *m = &setup->model;

	return (struct lb_loss_shape){ .c = m->width[m->n_layers], .views = 1, .n_hidden = m->width[m->n_layers - 1], .n_classes = n_classes };
}

size_t lb_setup_loss_params(const struct lb_setup *setup, const struct lb_dataset *data)
{
	const struct lb_loss_shape shape = lb_setup_loss_shape(setup, data->n_classes);
	size_t n = 0;

	for (size_t i = 0; i < lb_setup_terms(setup); i++) {
		const struct lb_term term = lb_setup_term(setup, i);
		n += lb_loss_n_params(term.loss, term.par, &shape);
	}
	return n;
}

size_t lb_predict_columns(const struct lb_predicting *p)
{
	const struct lb_model_spec *m = &p->setup->model;

	if (!p->embeddings)
		return lb_setup_columns(p->setup, p->features->data);
	return p->setup->loss->kind == LB_EMBEDDING ? m->width[m->n_layers] : m->n_layers > 1 ? m->width[m->n_layers - 1] : 0;
}

bool lb_full_batch(const struct lb_setup *setup)
{
	return setup->model.closed_form || setup->optimizer->traits & LB_FULL_BATCH;
}
