#include "core/training/setup.h"

#include "core/base/text.h"
#include "core/training/optim_params.h"

#include <math.h>
#include <stdio.h>

bool lb_setup_reads_probabilities(const struct lb_setup *setup)
{
	for (size_t m = 0; m < setup->n_metrics; m++)
		if (setup->metric[m].metric->probabilities)
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

struct lb_setup lb_setup_bare(const struct lb_setup *setup)
{
	enum { MOST_OPTIMIZER_PARAMS = 16 };
	static const struct lb_arg no_decay[MOST_OPTIMIZER_PARAMS];
	struct lb_setup s = *setup;

	s.optimizer_par = no_decay;
	s.model.dropout = 0;
	s.n_procedures = s.n_regularisers = 0;
	s.attack = s.view = s.miner = NULL;
	s.start = s.start_own = NULL;
	return s;
}

unsigned lb_setup_traits(const struct lb_setup *setup)
{
	unsigned traits = 0;

	for (size_t i = 0; i < setup->n_procedures; i++)
		traits |= lb_procedure_traits_f64(setup->procedure[i].info);
	for (size_t i = 0; i < setup->n_regularisers; i++) {
		const struct lb_regulariser_use *use = &setup->regulariser[i];
		const struct lb_regulariser *r = (const struct lb_regulariser *)use->info;
		traits |= lb_regulariser_by_prox(r, use->par) ? LB_ENDS_STEPS : r->of_scores ? 0 : LB_CHANGES_GRADIENT;
	}
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

bool lb_setup_reconstructs(const struct lb_setup *setup)
{
	return setup->anomaly && !setup->centred;
}

size_t lb_setup_columns(const struct lb_setup *setup, const struct lb_dataset *data)
{
	const size_t out = lb_model_spec_columns(&setup->model);

	if (setup->anomaly)
		return 1;
	if ((setup->loss->kind == LB_EMBEDDING && lb_loss_gives_scores(setup->loss)) || setup->loss->scores_for)
		return data->n_classes;
	if (setup->loss->kind == LB_SURVIVAL)
		return 1 + lb_setup_curve_times(setup);
	return setup->loss->output ? lb_setup_targets(setup) + out : out;
}

size_t lb_setup_targets(const struct lb_setup *setup)
{
	return lb_model_spec_columns(&setup->model) / lb_loss_outputs(setup->loss, setup->loss_par);
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

/* By how many ln sd the k-th output of a target, a log variance or a log scale, changes with the
 * unit; 0: the output is in the unit itself. */
static double log_scales(const struct lb_setup *setup, size_t k)
{
	struct lb_output output = { 0 };

	if (setup->loss->output)
		setup->loss->output(setup->loss_par, k, &output);
	return output.says != LB_LOG_VARIANCE ? 0 : output.of_scale ? 1 : 2;
}

/* Makes parameters of targets in their units such of targets as they are, or `back`. */
static void change_units(const struct lb_setup *setup, double *plain, bool back)
{
	const struct lb_model_spec *m = &setup->model;
	const size_t out = m->width[m->n_layers], in = m->width[m->n_layers - 1], outputs = lb_loss_outputs(setup->loss, setup->loss_par);
	const size_t columns = lb_model_spec_columns(m);
	double *w = plain + lb_model_spec_size(m) - out - in * out, *bias = w + in * out;

	for (size_t k = 0; setup->unit && k < out; k++) {
		const struct lb_unit *unit = &setup->unit[k % columns / outputs];
		const double scales = log_scales(setup, k % outputs);
		if (scales > 0) {
			bias[k] += (back ? -scales : scales) * log(unit->sd);
			continue;
		}
		for (size_t j = 0; j < in; j++)
			w[k * in + j] = back ? w[k * in + j] / unit->sd : w[k * in + j] * unit->sd;
		bias[k] = back ? (bias[k] - unit->mean) / unit->sd : bias[k] * unit->sd + unit->mean;
	}
}

void lb_setup_unscale(const struct lb_setup *setup, double *plain)
{
	change_units(setup, plain, false);
}

void lb_setup_scale(const struct lb_setup *setup, double *plain)
{
	change_units(setup, plain, true);
}

struct lb_loss_shape lb_setup_loss_shape(const struct lb_setup *setup, size_t n_classes)
{
	const struct lb_model_spec *m = &setup->model;

	return (struct lb_loss_shape){ .c = lb_model_spec_columns(m), .views = 1, .n_hidden = m->width[m->n_layers - 1], .n_guide = setup->guide_columns,
					.n_classes = n_classes };
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

bool lb_full_batch(const struct lb_setup *setup)
{
	return setup->model.closed_form || setup->optimizer->traits & LB_FULL_BATCH;
}
