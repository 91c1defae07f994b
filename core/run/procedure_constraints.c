#include "core/run/trial_constraints.h"

#include <string.h>

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
	{ LB_SETS_LEVELS, LB_SETS_LEVELS, "both of which say what a weight can be" },
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

/* Sines end in time as signs, and no scale of a layer that stays moves. */
static int levels_are_reached(const struct lb_facts *f, struct lb_err *err)
{
	const double epochs = (double)f->spec->train.epochs;

	for (size_t i = 0; i < f->spec->procedures.n; i++) {
		const struct lb_component_use *use = &f->spec->procedures.use[i];
		const struct procedure p = procedure_at(f, i);
		const double soft = lb_use_number(use, "soft", 0);
		if (!(p.traits & LB_SETS_LEVELS))
			continue;
		if (soft > 0 && f->spec->train.early_stopping.metric)
			return lb_fail(err, LB_CONFIG, "procedures: %s: soft: found %g with train.early_stopping, which may keep an epoch of sines, allowed: 0", p.name, soft);
		if (soft >= epochs)
			return lb_fail(err, LB_CONFIG, "procedures: %s: soft: found %g with train.epochs %g, allowed: below it, so that weights have two values at the end",
				       p.name, soft, epochs);
		for (size_t k = 0; k < f->spec->procedures.n && lb_use_number(use, "scale_rate", 0) > 0; k++)
			if (procedure_at(f, k).traits & LB_KEEPS_LAYERS)
				return refuse(&p, "procedure", f->spec->procedures.use[k].info->name, "which keeps layers whose scales it moves; give scale_rate: 0", err);
	}
	return 0;
}

const struct lb_trial_constraint lb_procedure_constraints[] = {
	{ { "procedures", LB_BY_COMPONENTS, "There are at most eight procedures." }, procedures_are_few },
	{ { "procedures", LB_BY_COMPONENTS, "Parameters of a procedure that depend on each other fit." }, procedures_fit },
	{ { "procedures", LB_BY_COMPONENTS, "Procedures need minibatches, so not lbfgs and not a model in closed form." }, procedures_have_steps },
	{ { "procedures", LB_BY_DATA, "Procedures that change rows, such as mixup, exclude sparse data, train.views and train.attack; coteach, coteach_plus, jocor, quantise and prune exclude train.attack, tract and meta_weights sparse data, and useful train.views, data.bags and samplers other than shuffle." }, procedures_see_rows },
	{ { "procedures", LB_BY_COMPONENTS, "Procedures that read the loss of each row, and useful, need separable losses; those that change labels or train two models, and useful, need losses without memory of rows; useful excludes losses of several views." }, procedures_have_losses },
	{ { "procedures", LB_BY_DATA, "Procedures of subgroups (group_dro, vrex, irm) need data.subgroup; those that read classes (coteach_plus, jocor, gradient_harmonising, irm, label_ensemble, joint_labels, saf, mesa) need a score a class; those that correct labels exclude train.attack and weights of classes; nested_dropout needs a hidden layer, the linear head and losses of scores, and excludes train.early_stopping; multi_dropout needs a hidden layer and model.dropout above 0; meta_weights needs the linear head and losses of a row's scores, and excludes train.attack and train.views." }, procedures_have_columns },
	{ { "procedures", LB_BY_COMPONENTS, "The procedure averaged_target needs a loss with a held second view (byol, simsiam, dino, target_anchored_info_nce)." }, targets_have_losses },
	{ { "procedures", LB_BY_COMPONENTS, "The procedure freeze leaves at least one layer to train." }, procedures_leave_layers },
	{ { "procedures", LB_BY_COMPONENTS, "Of biper soft is below train.epochs, and 0 with train.early_stopping; with freeze scale_rate is 0." }, levels_are_reached },
	{ { "procedures", LB_BY_COMPONENTS, "Procedures that change labels or read classes, and meta_weights, exclude batch_perceptron." }, procedures_have_optimizer },
	{ { "procedures", LB_BY_COMPONENTS, "Every procedure stands once; coteach, coteach_plus and jocor stand alone; only one may change labels, only one weigh subgroups, and only one say what a weight can be; those that correct labels exclude those that weigh rows; meta_weights excludes those that change the rows or the weights that are read; mixup, cutmix and class_gaussians exclude those that go by a row's own label, subgroup or past losses." }, procedures_go_together },
	{ .check = NULL },
};
