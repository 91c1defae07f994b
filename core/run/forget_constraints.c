/* Rules on the rows that are to be forgotten (data.forget), on losses and metrics that read them,
 * and on the models that an unlearning begins with and is compared with. */
#include "core/run/trial_constraints.h"

#include "core/base/text.h"
#include "core/run/start.h"
#include "datasets/sampling/forget_rows.h"

/* ---- which rows ---- */

int lb_forget_check(const struct lb_spec *spec, struct lb_err *err)
{
	const struct lb_list *classes = &spec->data.forget.classes, *groups = &spec->data.forget.groups;
	const bool by_class = classes->one || classes->n, by_group = groups->one || groups->n, by_number = spec->data.forget.rows;

	if (!lb_forgets(spec))
		return 0;
	if (by_class + by_group + by_number > 1)
		return lb_fail(err, LB_CONFIG, "data.forget: found %s and %s, allowed: one of class, group and rows", by_class ? "class" : "group",
			       by_number ? "rows" : "group");
	if (!by_class && !by_group && !by_number && !(spec->data.forget.rate > 0))
		return lb_fail(err, LB_CONFIG, "data.forget: says no rows, allowed: rate: 0.05, class: NAME, group: VALUE or rows: FILE");
	if ((classes->n && classes->named[0]) || (groups->n && groups->named[0]))
		return lb_fail(err, LB_CONFIG, "data.forget.%s: found a block, allowed: a name or a list of names", by_class ? "class" : "group");
	return 0;
}

static int rows_are_said(const struct lb_facts *f, struct lb_err *err)
{
	return lb_forget_check(f->spec, err);
}

/* What would make it another question which rows a model has learnt of. */
static int rows_are_learnt_of(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_spec *spec = f->spec;
	const enum lb_kind kind = lb_used_loss(f->loss[0])->kind;
	const char *other = kind == LB_RANKING ? "task ranking, whose rows are learnt by whole queries" :
		kind == LB_SURVIVAL ? "task survival, whose rows are learnt of by those at risk with them" :
		f->split->bag ? "data.bags, whose rows are learnt of by whole bags" :
		spec->corrupt.labels.info && spec->corrupt.labels.info->n_params ? "corrupt.labels, which draws its noise among the rows that train" :
		spec->corrupt.pairs > 0 ? "corrupt.pairs, which draws among the rows that train" : NULL;

	return !lb_forgets(spec) || !other ? 0 : lb_fail(err, LB_CONFIG, "data.forget: cannot be combined with %s; remove one of the two", other);
}

/* ---- losses of some rows ---- */

static const char *const rows_word[] = { [LB_ROWS_ALL] = "all", [LB_ROWS_FORGET] = "forget", [LB_ROWS_RETAIN] = "retain" };

/* The first loss that is a mean over some rows, n_losses without one. */
static size_t partial_loss(const struct lb_facts *f)
{
	size_t i = 0;

	while (i < f->n_losses && f->loss[i]->rows == LB_ROWS_ALL)
		i++;
	return i;
}

static int parts_are_there(const struct lb_facts *f, struct lb_err *err)
{
	const size_t i = partial_loss(f);

	if (i == f->n_losses)
		return 0;
	if (!lb_forgets(f->spec))
		return lb_fail(err, LB_CONFIG, "%s.rows: found %s for %s without data.forget, which says what rows these are; give it, or remove rows", lb_loss_path(i),
			       rows_word[f->loss[i]->rows], f->loss[i]->info->name);
	if (f->spec->data.forget.train.at)
		return lb_fail(err, LB_CONFIG, "%s.rows: found %s for %s with data.forget.train: %s, where no other rows train; give train: all, or remove rows",
			       lb_loss_path(i), rows_word[f->loss[i]->rows], f->loss[i]->info->name, f->spec->data.forget.train.text);
	return 0;
}

/* What reads or draws the rows in a way that takes no notice of the parts. */
static int parts_are_read(const struct lb_facts *f, struct lb_err *err)
{
	const unsigned blind = LB_WEIGHS_ROWS | LB_CHANGES_LABELS | LB_CHANGES_INPUTS | LB_WHOLE_STEP | LB_WHOLE_TRAINING;
	const size_t i = partial_loss(f);
	const char *path = lb_loss_path(i);

	if (i == f->n_losses)
		return 0;
	const char *rows = rows_word[f->loss[i]->rows];
	for (size_t k = 0; k < f->n_losses; k++)
		if (f->loss[k]->rows != LB_ROWS_ALL && !lb_loss_weighs_rows(lb_used_loss(f->loss[k])))
			return lb_fail(err, LB_CONFIG, "%s.rows: found %s for %s, which is not a sum over rows; allowed: separable losses (`lossbench losses` marks "
				       "them)", lb_loss_path(k), rows_word[f->loss[k]->rows], f->loss[k]->info->name);
	if (f->closed_form)
		return lb_fail(err, LB_CONFIG, "%s.rows: found %s with model %s, which minimises no loss; give data.forget.train: retain", path, rows,
			       f->spec->model.info->name);
	if (!(f->spec->optimizer.info->tasks & ~(unsigned)LB_CLASS_TASKS))
		return lb_fail(err, LB_CONFIG, "%s.rows: found %s with optimizer %s, which steps by the wrong rows whatever the loss; allowed: sgd, adam, lbfgs, ...",
			       path, rows, f->spec->optimizer.info->name);
	if (lb_used_sampling(f->spec) != (const struct lb_sampling *)lb_samplers[0])
		return lb_fail(err, LB_CONFIG, "train.sampler: found %s with %s.rows: %s, whose mean is taken over rows that are read once each; allowed: %s",
			       f->spec->train.sampler.text, path, rows, lb_samplers[0]->name);
	for (size_t k = 0; k < f->spec->procedures.n; k++)
		if (lb_procedure_traits_f64(f->spec->procedures.use[k].info) & blind)
			return lb_fail(err, LB_CONFIG, "procedures: found %s with %s.rows: %s; allowed: procedures that leave the rows, their labels and weights alone",
				       f->spec->procedures.use[k].info->name, path, rows);
	return 0;
}

/* ---- models and metrics ---- */

static int start_is_there(const struct lb_facts *f, struct lb_err *err)
{
	for (size_t i = 0; i < f->n_losses; i++)
		if (lb_used_loss(f->loss[i])->needs & LB_NEEDS_START && lb_start_is_taught(f->spec) && !lb_start_path(f->spec))
			return lb_fail(err, LB_CONFIG, "%s: found %s without model.start, the trained model that it compares with; give model.start: FILE", lb_loss_path(i),
				       f->loss[i]->info->name);
	if (lb_forgets(f->spec) && f->spec->data.forget.train.at == LB_TRAIN_FORGET && !lb_start_path(f->spec))
		return lb_fail(err, LB_CONFIG, "data.forget.train: found forget without model.start; a model that has learnt nothing has nothing to forget; give model.start: "
			       "FILE, or train: retain");
	return 0;
}

/* What saved models say belongs to rows by their order. */
static int models_have_every_row(const struct lb_facts *f, struct lb_err *err)
{
	const char *path = f->spec->evaluate.reference ? "evaluate.reference" : lb_start_is_taught(f->spec) ? "model.start" : NULL;
	const bool drops = f->spec->data.missing.at == LB_MISSING_DROP;

	return !path || (!drops && !f->spec->data.ignore_labels.n) ? 0 :
	       lb_fail(err, LB_CONFIG, "%s: found with %s, but the model's scores belong to rows by their order; remove such rows from the file", path,
		       drops ? "data.missing: drop" : "data.ignore_labels");
}

static int metrics_have_rows(const struct lb_facts *f, struct lb_err *err)
{
	bool compares = false;

	for (size_t i = 0; i < f->spec->metrics.n; i++) {
		const struct lb_metric *m = lb_used_metric(&f->spec->metrics.use[i]);
		compares |= m->reference;
		const bool of_part = m->reference ? lb_use_number(&f->spec->metrics.use[i], "rows", 0) > 0 : m->forget || m->retain;
		if (of_part && !lb_forgets(f->spec))
			return lb_fail(err, LB_CONFIG, "metrics: found %s without data.forget, which says what rows are to be forgotten; give it, or remove the metric",
				       m->base.name);
		if (m->reference && !f->spec->evaluate.reference)
			return lb_fail(err, LB_CONFIG, "metrics: found %s without evaluate.reference, the saved model that it compares with; give it, or remove the metric",
				       m->base.name);
	}
	return compares || !f->spec->evaluate.reference ? 0 :
	       lb_fail(err, LB_CONFIG, "evaluate.reference: found without a metric that reads it; allowed: with kl_to_reference among the metrics, or remove it");
}

const struct lb_trial_constraint lb_forget_constraints[] = {
	{ { "data.forget", LB_BY_COMPONENTS, "What is to be forgotten is said by one of class, group and rows, or by a rate, alone or as a share of one of these; classes need a task that has them, groups data.group, and some training rows are left." }, rows_are_said },
	{ { "data.forget", LB_BY_DATA, "Rows to be forgotten exclude tasks ranking and survival, data.bags, corrupt.labels and corrupt.pairs." }, rows_are_learnt_of },
	{ { "loss.rows", LB_BY_COMPONENTS, "A loss or term of the rows to be forgotten, or of the others, needs data.forget with train: all." }, parts_are_there },
	{ { "loss.rows", LB_BY_COMPONENTS, "It is a sum over rows, or weighs them itself, is minimised by steps or lbfgs on rows that are read once an epoch (sampler shuffle), and excludes procedures that mix, relabel or weigh rows." }, parts_are_read },
	{ { "model.start", LB_BY_COMPONENTS, "A loss that compares with the model that the training began with (npo) needs model.start, and so does a training on the rows to be forgotten alone." }, start_is_there },
	{ { "evaluate.reference", LB_BY_COMPONENTS, "A model whose scores are compared with (npo, kl_to_reference) excludes data.missing: drop and data.ignore_labels: its scores belong to rows by their order." }, models_have_every_row },
	{ { "evaluate.reference", LB_BY_COMPONENTS, "Metrics of forgetting need data.forget; kl_to_reference and evaluate.reference come together." }, metrics_have_rows },
	{ .check = NULL },
};
