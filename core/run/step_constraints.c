#include "core/run/trial_constraints.h"

#include "core/training/optim_params.h"
#include "core/training/regulariser.h"
#include "core/training/schedule.h"

#include <string.h>

/* ---- regularisers ---- */

/* Refuses a regulariser with something; name, a component's, may be "". */
static int refuse_regulariser(const struct lb_info *info, const char *what, const char *name, const char *why, struct lb_err *err)
{
	return lb_fail(err, LB_CONFIG, "regularisers: found %s with %s%s%s%s %s", info->name, what, *name ? " " : "", name, *name ? "," : "", why);
}

static int regularisers_have_steps(const struct lb_facts *f, struct lb_err *err)
{
	const size_t n = f->spec->regularisers.n;

	if (n > LB_MOST_REGULARISERS)
		return lb_fail(err, LB_CONFIG, "regularisers: found %zu, allowed: at most %d", n, LB_MOST_REGULARISERS);
	if (n && f->full_batch)
		return refuse_regulariser(f->spec->regularisers.use[0].info, f->closed_form ? "model" : "optimizer",
					  f->closed_form ? f->spec->model.info->name : f->spec->optimizer.info->name,
					  "which takes no steps by minibatches; remove it, or train with sgd, adam or adamw", err);
	for (size_t i = 0; i < f->spec->procedures.n && n; i++) {
		const struct lb_info *info = f->spec->procedures.use[i].info;
		if (lb_procedure_traits_f64(info) & LB_WHOLE_STEP)
			return refuse_regulariser(f->spec->regularisers.use[0].info, "procedure", info->name, "which trains two models; remove one of the two", err);
	}
	return 0;
}

/* Of a model of so many layers. */
static int check_layers(const struct lb_component_use *use, size_t layers, struct lb_err *err)
{
	const struct lb_regulariser *r = (const struct lb_regulariser *)use->info;
	bool some = !r->value;

	for (size_t i = 0; r->value && i < use->par[LB_REG_LAYERS].n; i++)
		if (use->par[LB_REG_LAYERS].list[i] > (double)layers)
			return lb_fail(err, LB_CONFIG, "regularisers.layers: found %g, allowed: 1 to %zu, as many layers as the model has", use->par[LB_REG_LAYERS].list[i],
				       layers);
	for (size_t i = 0; i < layers; i++)
		some |= lb_regulariser_of_layer(r, use->par, i);
	return some ? 0 : lb_fail(err, LB_CONFIG, "regularisers: found %s, which leaves the first layer alone, with a model of no other; give layers: [1], or a hidden "
				  "layer", use->info->name);
}

static int regularisers_have_layers(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_arg *hidden = lb_use_arg(&f->spec->model, "hidden");
	const size_t layers = 1 + (hidden ? hidden->n : 0);

	for (size_t i = 0; i < f->spec->regularisers.n; i++) {
		const struct lb_component_use *use = &f->spec->regularisers.use[i];
		const bool slope = ((const struct lb_regulariser *)use->info)->of_slope != NULL;
		if (check_layers(use, layers, err))
			return -1;
		if (slope && layers > 2)
			return refuse_regulariser(use->info, "several hidden layers,", "", "of which it has no closed form; allowed: model linear, or one hidden layer", err);
		if (slope && f->spec->head.info && !lb_use_is(&f->spec->head, "linear"))
			return refuse_regulariser(use->info, "model.head", f->spec->head.info->name, "whose scores are no linear function of the features below; "
						  "allowed: linear", err);
		if (slope && f->data->x.start)
			return refuse_regulariser(use->info, "sparse data,", "", "which it reads the zeros of; allowed: dense data (`lossbench data convert FILE "
						  "OUT.npz`), or remove it", err);
	}
	return 0;
}

static int regularisers_have_scores(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_loss_info *loss = lb_used_loss(&f->spec->loss);
	const size_t classes = f->data->n_classes;

	for (size_t i = 0; i < f->spec->regularisers.n; i++) {
		const struct lb_info *info = f->spec->regularisers.use[i].info;
		if (!((const struct lb_regulariser *)info)->of_scores)
			continue;
		if (f->data->kind == LB_MULTICLASS && lb_how_many(loss->scores_for, classes) != classes)
			return refuse_regulariser(info, "loss", loss->base.name, "which has other scores than one a class; remove it", err);
		if (!(f->spec->optimizer.info->tasks & ~(unsigned)LB_CLASS_TASKS))
			return refuse_regulariser(info, "optimizer", f->spec->optimizer.info->name, "which steps by the rows' own labels; train with sgd, adam or adamw", err);
	}
	return 0;
}

/* ---- trainings that read all rows at once. train.epochs, batch and shuffle, which always have a
 * value, are left unused instead of being refused. ---- */

static int stopping_has_epochs(const struct lb_facts *f, struct lb_err *err)
{
	return !f->full_batch || !f->spec->train.early_stopping.metric ? 0 :
	       lb_fail(err, LB_CONFIG, "train.early_stopping: found with %s%s, which has no epochs; remove early_stopping",
		       f->closed_form ? "model " : "", f->closed_form ? f->spec->model.info->name : f->spec->optimizer.info->name);
}

static bool by_optimizer(const struct lb_facts *f)
{
	return f->full_batch && !f->closed_form;
}

static int clipping_has_steps(const struct lb_facts *f, struct lb_err *err)
{
	return !by_optimizer(f) || !(f->spec->train.clip_norm > 0) ? 0 :
	       lb_fail(err, LB_CONFIG, "train.clip_norm: found %g with optimizer %s, allowed: 0; remove it, or train with sgd", f->spec->train.clip_norm,
		       f->spec->optimizer.info->name);
}

static int own_parameters_have_a_rate(const struct lb_facts *f, struct lb_err *err)
{
	const double factor = f->spec->train.loss_lr_factor;

	return !by_optimizer(f) || !(factor < 1 || factor > 1) ? 0 :
	       lb_fail(err, LB_CONFIG, "train.loss_lr_factor: found %g with optimizer %s, which has no learning rate, allowed: 1; remove it, or train with sgd",
		       factor, f->spec->optimizer.info->name);
}

static int schedule_has_a_rate(const struct lb_facts *f, struct lb_err *err)
{
	const bool warmup = lb_use_number(&f->spec->schedule, "warmup", 0) > 0;

	return !by_optimizer(f) || (lb_use_is(&f->spec->schedule, "constant") && !warmup) ? 0 :
	       lb_fail(err, LB_CONFIG, "schedule: found %s%s with optimizer %s, which has no learning rate; remove the schedule",
		       f->spec->schedule.info->name, warmup ? " with warmup" : "", f->spec->optimizer.info->name);
}

/* ---- optimisers ---- */

/* One that follows a metric has some, of validation rows. */
static int schedule_has_a_metric(const struct lb_facts *f, struct lb_err *err)
{
	const char *name = f->spec->schedule.info->name;

	if (!((const struct lb_schedule *)f->spec->schedule.info)->follow || by_optimizer(f) || f->closed_form)
		return 0;
	if (!f->spec->metrics.n)
		return lb_fail(err, LB_CONFIG, "schedule: found %s without metrics to follow; give metrics", name);
	return f->split->n[LB_VALID] ? 0 : lb_fail(err, LB_CONFIG, "schedule: found %s, but there are no validation rows whose metric it could follow; give "
						   "data.split.valid a share, or data.valid", name);
}

static bool is_text(const struct lb_component_use *use, const char *name, const char *text)
{
	const struct lb_arg *arg = lb_use_arg(use, name);

	return arg && arg->text && !strcmp(arg->text, text);
}

/* An optimiser that keeps zeros moves nothing that begins there. */
static int zeros_are_moved(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_component_use *model = &f->spec->model;
	const bool zero = is_text(model, "init", "zero"), scheme = is_text(model, "bias_init", "scheme");
	const bool biases = is_text(model, "bias_init", "zero") || (scheme && !is_text(model, "init", "torch"));

	if (!(f->spec->optimizer.info->traits & LB_KEEPS_ZEROS) || !(zero || biases))
		return 0;
	return lb_fail(err, LB_CONFIG, "%s: found %s with optimizer %s, which never moves what begins at 0; allowed: %s", zero ? "model.init" : "model.bias_init",
		       zero ? "zero" : scheme ? "scheme, so that biases begin at 0," : "zero", f->spec->optimizer.info->name,
		       zero ? "torch, xavier, he" : "uniform, none");
}

static int dropout_has_draws(const struct lb_facts *f, struct lb_err *err)
{
	const double dropout = lb_use_number(&f->spec->model, "dropout", 0);

	return !by_optimizer(f) || !(dropout > 0) ? 0 :
	       lb_fail(err, LB_CONFIG, "model.dropout: found %g with optimizer %s, which needs the same loss in every pass, allowed: 0", dropout,
		       f->spec->optimizer.info->name);
}

static int losses_stay_the_same(const struct lb_facts *f, struct lb_err *err)
{
	const char *optimizer = f->spec->optimizer.info->name;
	const struct lb_info *model = f->spec->model.info;

	for (size_t i = 0; i < f->n_losses && by_optimizer(f); i++) {
		const struct lb_loss_info *loss = lb_used_loss(f->loss[i]);
		const char *path = lb_loss_path(i);
		if ((loss->needs & (LB_NEEDS_FEATURES | LB_MOVES_FEATURES)) == LB_NEEDS_FEATURES && !(model->traits & LB_FIXED_FEATURES))
			return lb_fail(err, LB_CONFIG, "%s: found %s with optimizer %s and model %s, allowed: model linear, whose features do not move "
				       "with the weights; train it with sgd, adam or adamw", path, loss->base.name, optimizer, model->name);
		if (loss->needs & LB_NEEDS_VIEWS)
			return lb_fail(err, LB_CONFIG, "%s: found %s with optimizer %s, which needs the same rows in every pass; train it with sgd, adam or "
				       "adamw", path, loss->base.name, optimizer);
		if (loss->needs & LB_NEEDS_SAMPLE_IDS)
			return lb_fail(err, LB_CONFIG, "%s: found %s with optimizer %s, allowed: losses without memory of earlier passes; train it "
				       "with sgd, adam or adamw", path, loss->base.name, optimizer);
	}
	return 0;
}

const struct lb_trial_constraint lb_step_constraints[] = {
	{ { "regularisers", LB_BY_COMPONENTS, "Regularisers are at most eight; they need minibatches, so not lbfgs and not a model in closed form, and exclude coteach, coteach_plus and jocor." }, regularisers_have_steps },
	{ { "regularisers", LB_BY_DATA, "The layers of a regulariser are some of the model's; jacobian_norm is for dense rows, the linear head, and at most one hidden layer." }, regularisers_have_layers },
	{ { "regularisers", LB_BY_DATA, "The regulariser entropy needs a score a class, and excludes batch_perceptron." }, regularisers_have_scores },
	{ { "train.early_stopping", LB_BY_COMPONENTS, "Early stopping needs minibatches, so not lbfgs and not a model in closed form." }, stopping_has_epochs },
	{ { "train.clip_norm", LB_BY_COMPONENTS, "With lbfgs clip_norm is 0." }, clipping_has_steps },
	{ { "train.loss_lr_factor", LB_BY_COMPONENTS, "With lbfgs, which has no learning rate, loss_lr_factor is 1." }, own_parameters_have_a_rate },
	{ { "schedule", LB_BY_COMPONENTS, "With lbfgs, which has no learning rate, the schedule is constant and has no warmup." }, schedule_has_a_rate },
	{ { "schedule", LB_BY_DATA, "The schedule plateau needs metrics and validation rows." }, schedule_has_a_metric },
	{ { "model.bias_init", LB_BY_COMPONENTS, "With expgrad neither weights nor biases begin at 0." }, zeros_are_moved },
	{ { "model.dropout", LB_BY_COMPONENTS, "With lbfgs dropout is 0." }, dropout_has_draws },
	{ { "loss", LB_BY_COMPONENTS, "With lbfgs a loss is the same in every pass: it compares no views, remembers no rows, and reads features of model linear alone." }, losses_stay_the_same },
	{ .check = NULL },
};
