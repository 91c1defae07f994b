#include "core/run/trial_constraints.h"

#include "core/base/text.h"
#include "core/training/anomaly_score_info.h"
#include "core/training/model_spec.h"
#include "core/training/procedure_info.h"

#include <string.h>

static bool of_anomalies(const struct lb_facts *f)
{
	return f->data->kind == LB_ANOMALY;
}

/* Losses of a plug-in or by a formula come by another way than those of the registry. */
static int losses_read_features_alone(const struct lb_facts *f, struct lb_err *err)
{
	for (size_t i = 0; of_anomalies(f) && i < f->n_losses; i++)
		if (!lb_loss_reconstructs(lb_used_loss(f->loss[i])))
			return lb_fail(err, LB_CONFIG, "%s: found %s with task anomaly, allowed: a loss of regression, for any targets, that reads nothing else, such as mse", lb_loss_path(i), f->loss[i]->info->name);
	return 0;
}

/* A model that can copy a row learns nothing of which rows are normal. */
static int model_cannot_copy(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_info *model = f->spec->model.info;

	if (!of_anomalies(f) || f->closed_form || !(model->traits & LB_FIXED_FEATURES))
		return 0;
	return lb_fail(err, LB_CONFIG, "model: found %s with task anomaly, which can give back every row as it is; allowed: mlp with a narrow hidden layer, such as "
		       "{kind: mlp, hidden: [32, 8, 32]}, or gaussian", model->name);
}

static int model_has_one_head(const struct lb_facts *f, struct lb_err *err)
{
	const double heads = lb_use_number(&f->spec->model, "heads", 1);

	return !of_anomalies(f) || !(heads > 1) ? 0 :
	       lb_fail(err, LB_CONFIG, "model.heads: found %g with task anomaly, allowed: 1", heads);
}

static int score_fits_model(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_info *score = f->spec->evaluate.anomaly.info, *model = f->spec->model.info;
	const struct lb_scored_model scored = lb_scored_model(f->spec);
	const struct lb_loss_info *loss = scored.loss;
	struct lb_buf allowed = { 0 };

	if (!score || lb_anomaly_score_fits_f64(score, &scored))
		return 0;
	for (size_t i = 0; lb_anomaly_scores_f64[i]; i++)
		if (lb_anomaly_score_fits_f64(lb_anomaly_scores_f64[i], &scored))
			lb_buf_printf(&allowed, "%s%s", allowed.n ? ", " : "", lb_anomaly_scores_f64[i]->name);
	lb_fail(err, LB_CONFIG, "evaluate.anomaly: found %s with model %s%s%s, allowed: %s", score->name, model->name, f->closed_form ? "" : " and loss ",
		f->closed_form ? "" : loss->base.name, allowed.bad || !allowed.s ? "" : allowed.s);
	lb_buf_free(&allowed);
	return -1;
}

/* What could give every row the centre whatever it is, or not reach it. */
static int centre_is_not_given(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_component_use *model = &f->spec->model;
	const struct lb_arg *bias = lb_use_arg(model, "bias_init"), *activation = lb_use_arg(model, "activation"), *start = lb_use_arg(model, "start");

	if (!of_anomalies(f) || !lb_scored_model(f->spec).centred)
		return 0;
	if (bias && strcmp(bias->text, "none"))
		return lb_fail(err, LB_CONFIG, "model.bias_init: found %s with model.dimension in task anomaly, with which every row could be given the centre; allowed: none",
			       bias->text);
	if (activation && (!strcmp(activation->text, "tanh") || !strcmp(activation->text, "cos")))
		return lb_fail(err, LB_CONFIG, "model.activation: found %s with model.dimension in task anomaly, whose bounds act as a bias; allowed: relu, gelu, identity",
			       activation->text);
	if (start && start->text)
		return lb_fail(err, LB_CONFIG, "model.start: found with model.dimension in task anomaly, whose centre is of the model as it is drawn; remove it");
	for (size_t i = 0; i < f->n_losses; i++)
		if (lb_used_loss(f->loss[i])->output)
			return lb_fail(err, LB_CONFIG, "%s: found %s with model.dimension in task anomaly, which has several outputs for each target; allowed: a loss of one, "
				       "such as mse", lb_loss_path(i), f->loss[i]->info->name);
	return 0;
}

static int neighbours_have_no_weights(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_info *model = f->spec->model.info;

	return !(model->traits & LB_KEEPS_ROWS) || !f->spec->data.weight ? 0 :
	       lb_fail(err, LB_CONFIG, "data.weight: found %s with model %s, to which all training rows are alike; leave it out, or name the column in data.drop",
		       f->spec->data.weight, model->name);
}

static int classes_have_no_weights(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_list *weights = &f->spec->train.class_weight;

	if (!of_anomalies(f) || (!weights->n && !weights->word.at))
		return 0;
	return lb_fail(err, LB_CONFIG, "train.class_weight: found %s with task anomaly, whose rows train without labels; allowed: none",
		       weights->word.at ? weights->word.text : "numbers");
}

static int labels_stay_unread(const struct lb_facts *f, struct lb_err *err)
{
	const unsigned by_labels = LB_CHANGES_LABELS | LB_SOFTENS_LABELS | LB_READS_CLASSES | LB_WHOLE_STEP | LB_WHOLE_TRAINING | LB_READS_SUBGROUPS;

	for (size_t i = 0; of_anomalies(f) && i < f->spec->procedures.n; i++) {
		const struct lb_info *p = f->spec->procedures.use[i].info;
		if (lb_procedure_traits_f64(p) & by_labels)
			return lb_fail(err, LB_CONFIG, "procedures: found %s with task anomaly, whose rows have no labels to train by; remove it", p->name);
	}
	return 0;
}

const struct lb_trial_constraint lb_anomaly_constraints[] = {
	{ { "loss", LB_BY_COMPONENTS, "The losses of task anomaly are of regression, for any targets, and read nothing but these and what the model gives." }, losses_read_features_alone },
	{ { "model", LB_BY_COMPONENTS, "Task anomaly excludes model linear, which can copy every row." }, model_cannot_copy },
	{ { "model.heads", LB_BY_COMPONENTS, "A model of task anomaly has one head." }, model_has_one_head },
	{ { "evaluate.anomaly", LB_BY_COMPONENTS, "The score mahalanobis needs model gaussian, the score knn model nearest_neighbours, the others a model that is trained by a loss, the score loss by one that is a mean of row losses; with model.dimension the score is centre." }, score_fits_model },
	{ { "model.dimension", LB_BY_COMPONENTS, "With a dimension, which makes the targets of task anomaly a centre, model.bias_init is none, the activation has no bounds, there is no model.start, and the loss has one output for each target." }, centre_is_not_given },
	{ { "data.weight", LB_BY_COMPONENTS, "The model nearest_neighbours takes no weights of rows." }, neighbours_have_no_weights },
	{ { "train.class_weight", LB_BY_DATA, "Task anomaly has no weights of classes, as rows train without labels." }, classes_have_no_weights },
	{ { "procedures", LB_BY_COMPONENTS, "Task anomaly excludes procedures that change or read labels or subgroups, train two models, or train several times." }, labels_stay_unread },
	{ .check = NULL },
};
