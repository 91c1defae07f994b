#include "core/run/trial_constraints.h"

#include "core/training/optim_params.h"
#include "core/training/regulariser.h"
#include "core/training/schedule.h"

#include <string.h>

/* ---- procedures ---- */

/* A procedure of the config. */
struct procedure {
	const char *name;
	unsigned traits;
};

static struct procedure procedure_at(const struct lb_facts *f, size_t i)
{
	const struct lb_info *info = f->spec->procedures.use[i].info;

	return (struct procedure){ info->name, lb_procedure_traits_f64(info) };
}

static int procedures_are_few(const struct lb_facts *f, struct lb_err *err)
{
	const size_t n = f->spec->procedures.n;

	return n <= LB_MOST_PROCEDURES ? 0 : lb_fail(err, LB_CONFIG, "procedures: found %zu, allowed: at most %d", n, LB_MOST_PROCEDURES);
}

static int procedures_fit(const struct lb_facts *f, struct lb_err *err)
{
	for (size_t i = 0; i < f->spec->procedures.n; i++)
		if (lb_parameters_check(&f->spec->procedures.use[i], "procedures: ", f->spec->procedures.use[i].info->name, err))
			return -1;
	return 0;
}

/* Refuses a procedure with something; name, a component's, may be "". */
static int refuse(const struct procedure *p, const char *what, const char *name, const char *why, struct lb_err *err)
{
	return lb_fail(err, LB_CONFIG, "procedures: found %s with %s%s%s%s %s", p->name, what, *name ? " " : "", name, *name ? "," : "", why);
}

static int procedures_have_steps(const struct lb_facts *f, struct lb_err *err)
{
	if (!f->full_batch || !f->spec->procedures.n)
		return 0;
	const struct procedure p = procedure_at(f, 0);
	return refuse(&p, f->closed_form ? "model" : "optimizer", f->closed_form ? f->spec->model.info->name : f->spec->optimizer.info->name,
		      "which takes no steps by minibatches; remove it, or train with sgd, adam or adamw", err);
}

static int procedures_see_rows(const struct lb_facts *f, struct lb_err *err)
{
	for (size_t i = 0; i < f->spec->procedures.n; i++) {
		const struct procedure p = procedure_at(f, i);
		if (p.traits & LB_CHANGES_INPUTS && f->data->x.start)
			return refuse(&p, "sparse data,", "", "of which it changes the zeros too; allowed: dense data (`lossbench data convert FILE OUT.npz`), "
				      "or remove it", err);
		if (p.traits & LB_READS_ROWS && f->data->x.start)
			return refuse(&p, "sparse data,", "", "which it reads the zeros of; allowed: dense data (`lossbench data convert FILE OUT.npz`), or remove it",
				      err);
		if (p.traits & LB_CHANGES_INPUTS && f->spec->train.views.info)
			return refuse(&p, "train.views,", "", "which makes further copies of each row; remove one of the two", err);
		if (p.traits & LB_WHOLE_TRAINING && f->spec->train.views.info)
			return refuse(&p, "train.views,", "", "which makes further copies of each row; remove one of the two", err);
		if (p.traits & LB_WHOLE_TRAINING && lb_used_sampling(f->spec) != &lb_sampling_shuffle)
			return refuse(&p, "train.sampler", lb_used_sampling(f->spec)->base.name, "which says itself how often a row is read; remove one of the two", err);
		if (p.traits & LB_WHOLE_TRAINING && f->split->bag)
			return refuse(&p, "data.bags,", "", "whose rows are read together; remove one of the two", err);
		if (p.traits & LB_CHANGES_WEIGHTS && f->attack[LB_IN_TRAINING])
			return refuse(&p, "train.attack,", "", "which moves rows against the weights that are trained, not those that are read; remove one of the two", err);
		if (p.traits & (LB_CHANGES_INPUTS | LB_WHOLE_STEP) && f->attack[LB_IN_TRAINING])
			return refuse(&p, "train.attack,", "", "which moves rows of one label against one model; remove one of the two", err);
	}
	return 0;
}

/* Probabilities of labels leave no place for what goes by the one label of a row. */
static int check_soft(const struct procedure *p, const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_spec *spec = f->spec;

	if (f->attack[LB_IN_TRAINING])
		return refuse(p, "train.attack,", "", "which moves rows of one label; remove one of the two", err);
	if (spec->train.class_weight.n || spec->train.class_weight.word.at || spec->train.scale_pos_weight > 0)
		return refuse(p, "weights of classes,", "", "which a row has several of; weigh rows by data.weight", err);
	return 0;
}

/* There is dropout of a hidden layer to draw again. */
static int check_dropout(const struct procedure *p, const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_arg *hidden = lb_use_arg(&f->spec->model, "hidden");

	if (!hidden || !hidden->n)
		return refuse(p, "model", f->spec->model.info->name, "which has no hidden layer; allowed: mlp", err);
	if (!(lb_use_number(&f->spec->model, "dropout", 0) > 0))
		return refuse(p, "model.dropout", "0", "so that all its masks are the same; allowed: above 0", err);
	return 0;
}

/* Features that are left out are there, and nobody reads them in another way. */
static int check_features(const struct procedure *p, const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_arg *hidden = lb_use_arg(&f->spec->model, "hidden");

	if (!hidden || !hidden->n)
		return refuse(p, "model", f->spec->model.info->name, "which has no hidden layer; allowed: mlp", err);
	if (f->spec->head.info && !lb_use_is(&f->spec->head, "linear"))
		return refuse(p, "model.head", f->spec->head.info->name, "which reads the length of all features; allowed: linear", err);
	for (size_t i = 0; i < f->n_losses; i++)
		if (lb_used_loss(f->loss[i])->needs & (LB_NEEDS_FEATURES | LB_MOVES_FEATURES))
			return refuse(p, "loss", f->loss[i]->info->name, "which reads all features of the last hidden layer; remove it", err);
	return 0;
}

/* The slope of a row's loss is that of its scores, on the weights and rows of the training. */
static int check_slopes(const struct procedure *p, const struct lb_facts *f, struct lb_err *err)
{
	if (f->spec->head.info && !lb_use_is(&f->spec->head, "linear"))
		return refuse(p, "model.head", f->spec->head.info->name, "whose scores are no linear function of the features below; allowed: linear", err);
	if (f->attack[LB_IN_TRAINING])
		return refuse(p, "train.attack,", "", "which moves the rows whose slopes are taken; remove one of the two", err);
	if (f->spec->train.views.info)
		return refuse(p, "train.views,", "", "which makes further copies of each row; remove one of the two", err);
	for (size_t i = 0; i < f->n_losses; i++)
		if (lb_used_loss(f->loss[i])->needs & (LB_NEEDS_FEATURES | LB_MOVES_FEATURES | LB_NEEDS_SAMPLE_IDS | LB_NEEDS_VIEWS))
			return refuse(p, "loss", f->loss[i]->info->name, "which is no function of a row's scores and label alone; remove it", err);
	return 0;
}

static int procedures_have_columns(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_loss_info *loss = lb_used_loss(&f->spec->loss);
	const size_t classes = f->data->n_classes;

	for (size_t i = 0; i < f->spec->procedures.n; i++) {
		const struct procedure p = procedure_at(f, i);
		if (p.traits & LB_READS_SUBGROUPS && !f->data->subgroup)
			return lb_fail(err, LB_CONFIG, "procedures: found %s without data.subgroup, the column that divides the rows; give data.subgroup: COLUMN, or "
				       "remove it", p.name);
		if (p.traits & LB_READS_SUBGROUPS && lb_use_number(&f->spec->procedures.use[i], "by", 0) > 0 && lb_kind_of_columns(f->data->kind))
			return lb_fail(err, LB_CONFIG, "procedures: found %s by subgroup_and_label with task %s, whose rows have no classes; allowed: by: subgroup", p.name,
				       lb_kind_name(f->data->kind));
		if (p.traits & LB_DRAWS_AGAIN && check_dropout(&p, f, err))
			return -1;
		if (p.traits & LB_MASKS_FEATURES && check_features(&p, f, err))
			return -1;
		if (p.traits & LB_HAS_CANDIDATES && f->spec->train.early_stopping.metric)
			return refuse(&p, "train.early_stopping,", "", "but what evaluations read is chosen after the last epoch; remove one of the two", err);
		if (p.traits & LB_HOLDS_ROWS && check_slopes(&p, f, err))
			return -1;
		if (p.traits & LB_READS_CLASSES && f->data->kind == LB_MULTICLASS && lb_how_many(loss->scores_for, classes) != classes)
			return refuse(&p, "loss", loss->base.name, "which has other scores than one a class; remove it", err);
		if (p.traits & LB_READS_CLASSES && loss->needs & LB_NEEDS_VIEWS)
			return refuse(&p, "loss", loss->base.name, "which compares several views of a row; remove it", err);
		if (p.traits & LB_SOFTENS_LABELS && check_soft(&p, f, err))
			return -1;
	}
	return 0;
}

/* With each of the losses in turn. */
static int procedures_have_losses(const struct lb_facts *f, struct lb_err *err)
{
	for (size_t i = 0; i < f->spec->procedures.n * f->n_losses; i++) {
		const struct procedure p = procedure_at(f, i / f->n_losses);
		const struct lb_loss_info *loss = lb_used_loss(f->loss[i % f->n_losses]);
		if (p.traits & LB_SOFTENS_LABELS && !lb_loss_separable(loss))
			return refuse(&p, "loss", loss->base.name, "which is no mean over rows of a loss of each label; allowed: separable losses "
				      "(`lossbench losses` marks them)", err);
		if (p.traits & (LB_WEIGHS_ROWS | LB_WHOLE_TRAINING) && !lb_loss_separable(loss))
			return refuse(&p, "loss", loss->base.name, "which is not a sum over rows, so that no row has a loss of its own; allowed: separable "
				      "losses (`lossbench losses` marks them)", err);
		if (p.traits & LB_WHOLE_TRAINING && loss->needs & LB_NEEDS_VIEWS)
			return refuse(&p, "loss", loss->base.name, "which compares several views of a row; remove it", err);
		if (p.traits & (LB_CHANGES_LABELS | LB_WHOLE_STEP | LB_WHOLE_TRAINING) && loss->needs & LB_NEEDS_SAMPLE_IDS)
			return refuse(&p, "loss", loss->base.name, "which remembers each row under its own label by one model; allowed: losses without memory "
				      "of rows", err);
		if (p.traits & (LB_CHANGES_LABELS | LB_WHOLE_STEP) && loss->needs & LB_NEEDS_BAGS)
			return refuse(&p, "loss", loss->base.name, "which reads whole bags of rows; allowed: losses of single rows", err);
	}
	return 0;
}

/* A second network is for a loss that holds a view. */
static int targets_have_losses(const struct lb_facts *f, struct lb_err *err)
{
	for (size_t i = 0; i < f->spec->procedures.n; i++) {
		const struct procedure p = procedure_at(f, i);
		bool taken = false;
		for (size_t k = 0; k < f->n_losses; k++)
			taken |= lb_used_loss(f->loss[k])->needs & LB_TAKES_TARGET;
		if (p.traits & LB_HAS_TARGET && !(p.traits & LB_ADDS_PENALTY) && !taken)
			return refuse(&p, "loss", f->loss[0]->info->name, "which holds no view fixed; allowed: byol, simsiam, dino, target_anchored_info_nce, alone or as a term", err);
	}
	return 0;
}

/* Some layers are left to train. */
static int procedures_leave_layers(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_arg *hidden = lb_use_arg(&f->spec->model, "hidden");
	const size_t layers = (hidden ? hidden->n : 0) + 1;

	for (size_t i = 0; i < f->spec->procedures.n; i++) {
		const struct procedure p = procedure_at(f, i);
		const double kept = p.traits & LB_KEEPS_LAYERS ? f->spec->procedures.use[i].par[0].v : 0;
		if (p.traits & LB_KEEPS_LAYERS && layers == 1)
			return refuse(&p, "a model", "", "of one layer, which is all that it trains; allowed: model mlp with hidden layers, or remove it", err);
		if (kept >= (double)layers)
			return lb_fail(err, LB_CONFIG, "procedures: found %s with layers %g, allowed: at most %zu, as the model has %zu and one of them trains", p.name, kept,
				       layers - 1, layers);
	}
	return 0;
}

static int procedures_have_optimizer(const struct lb_facts *f, struct lb_err *err)
{
	for (size_t i = 0; i < f->spec->procedures.n; i++) {
		const struct procedure p = procedure_at(f, i);
		if (p.traits & (LB_CHANGES_LABELS | LB_READS_CLASSES | LB_HOLDS_ROWS) && !(f->spec->optimizer.info->tasks & ~(unsigned)LB_CLASS_TASKS))
			return refuse(&p, "optimizer", f->spec->optimizer.info->name, "which steps by the rows' own labels; train with sgd, adam or adamw",
				      err);
	}
	return 0;
}

/* Traits of two procedures that exclude each other. */
static const struct {
	unsigned one, other;
	const char *why;
} pairs[] = {
	{ LB_CHANGES_LABELS, LB_CHANGES_LABELS, "both of which change labels" },
	{ LB_READS_SUBGROUPS, LB_READS_SUBGROUPS, "both of which weigh subgroups" },
	{ LB_SOFTENS_LABELS, LB_WEIGHS_ROWS, "of which one gives a row several labels and the other reads its loss under one" },
	{ LB_DRAWS_AGAIN, LB_WEIGHS_ROWS | LB_SOFTENS_LABELS, "of which one gives a row several losses and the other goes by its only one" },
	{ LB_HOLDS_ROWS, LB_CHANGES_WEIGHTS, "of which one takes slopes at the weights that are trained and the other lets others be read" },
	{ LB_HOLDS_ROWS, LB_CHANGES_INPUTS, "of which one takes slopes of rows as they are and the other changes them" },
	{ LB_HAS_TARGET, LB_CHANGES_WEIGHTS, "of which one holds other weights than the other lets be read" },
};

/* What goes by a row's own label, subgroup or loss. */
static const unsigned reads_one = LB_READS_CLASSES | LB_READS_SUBGROUPS | LB_REMEMBERS_ROWS;

static int check_two(const struct procedure *a, const struct procedure *b, struct lb_err *err)
{
	if (!strcmp(a->name, b->name))
		return lb_fail(err, LB_CONFIG, "procedures: found %s twice; keep one", a->name);
	if ((a->traits | b->traits) & LB_WHOLE_STEP)
		return lb_fail(err, LB_CONFIG, "procedures: found %s with %s, but %s takes the whole step and stands alone; keep one", a->name, b->name,
			       a->traits & LB_WHOLE_STEP ? a->name : b->name);
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if ((a->traits & pairs[i].one && b->traits & pairs[i].other) || (b->traits & pairs[i].one && a->traits & pairs[i].other))
			return lb_fail(err, LB_CONFIG, "procedures: found %s with %s, %s; keep one", a->name, b->name, pairs[i].why);
	if ((lb_mixes_rows(a->traits) && b->traits & reads_one) || (lb_mixes_rows(b->traits) && a->traits & reads_one))
		return lb_fail(err, LB_CONFIG, "procedures: found %s with %s, but %s mixes rows, and the other goes by what a row is by itself; keep one", a->name,
			       b->name, lb_mixes_rows(a->traits) ? a->name : b->name);
	return 0;
}

static int procedures_go_together(const struct lb_facts *f, struct lb_err *err)
{
	for (size_t i = 0; i < f->spec->procedures.n; i++)
		for (size_t k = 0; k < i; k++) {
			const struct procedure a = procedure_at(f, k), b = procedure_at(f, i);
			if (check_two(&a, &b, err))
				return -1;
		}
	return 0;
}

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
		const struct procedure p = procedure_at(f, i);
		if (p.traits & LB_WHOLE_STEP)
			return refuse_regulariser(f->spec->regularisers.use[0].info, "procedure", p.name, "which trains two models; remove one of the two", err);
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
	{ { "procedures", LB_BY_COMPONENTS, "There are at most eight procedures." }, procedures_are_few },
	{ { "procedures", LB_BY_COMPONENTS, "Parameters of a procedure that depend on each other fit." }, procedures_fit },
	{ { "procedures", LB_BY_COMPONENTS, "Procedures need minibatches, so not lbfgs and not a model in closed form." }, procedures_have_steps },
	{ { "procedures", LB_BY_DATA, "Procedures that change rows, such as mixup, exclude sparse data, train.views and train.attack; coteach, coteach_plus, jocor, quantise and prune exclude train.attack, tract and meta_weights sparse data, and useful train.views, data.bags and samplers other than shuffle." }, procedures_see_rows },
	{ { "procedures", LB_BY_COMPONENTS, "Procedures that read the loss of each row, and useful, need separable losses; those that change labels or train two models, and useful, need losses without memory of rows; useful excludes losses of several views." }, procedures_have_losses },
	{ { "procedures", LB_BY_DATA, "Procedures of subgroups (group_dro, vrex, irm) need data.subgroup; those that read classes (coteach_plus, jocor, gradient_harmonising, irm, label_ensemble, joint_labels, saf, mesa) need a score a class; those that correct labels exclude train.attack and weights of classes; nested_dropout needs a hidden layer, the linear head and losses of scores, and excludes train.early_stopping; multi_dropout needs a hidden layer and model.dropout above 0; meta_weights needs the linear head and losses of a row's scores, and excludes train.attack and train.views." }, procedures_have_columns },
	{ { "procedures", LB_BY_COMPONENTS, "The procedure averaged_target needs a loss with a held second view (byol, simsiam, dino, target_anchored_info_nce)." }, targets_have_losses },
	{ { "procedures", LB_BY_COMPONENTS, "The procedure freeze leaves at least one layer to train." }, procedures_leave_layers },
	{ { "procedures", LB_BY_COMPONENTS, "Procedures that change labels or read classes, and meta_weights, exclude batch_perceptron." }, procedures_have_optimizer },
	{ { "procedures", LB_BY_COMPONENTS, "Every procedure stands once; coteach, coteach_plus and jocor stand alone; only one may change labels, and only one weigh subgroups; those that correct labels exclude those that weigh rows; meta_weights excludes those that change the rows or the weights that are read; mixup, cutmix and class_gaussians exclude those that go by a row's own label, subgroup or past losses." }, procedures_go_together },
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
