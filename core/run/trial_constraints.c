#include "core/run/trial_constraints.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/metrics/decision_rule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- tasks ---- */

/* Refuses a component that this task does not have, with the names of those that it has. */
static int task_has(const char *path, const struct lb_info *const *list, const struct lb_word *word, const struct lb_facts *f, struct lb_err *err)
{
	const unsigned task = 1u << f->data->kind;
	struct lb_buf allowed = { 0 };

	if (list[word->at]->tasks & task)
		return 0;
	for (size_t i = 0; list[i]; i++)
		if (list[i]->tasks & task)
			lb_buf_printf(&allowed, "%s%s", allowed.n ? ", " : "", list[i]->name);
	lb_fail(err, LB_CONFIG, "%s: found %s with task %s, allowed: %s", path, word->text, f->spec->task.text, allowed.bad ? list[0]->name : allowed.s);
	lb_buf_free(&allowed);
	return -1;
}

/* ---- weights of rows ---- */

static int class_weight_has_classes(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_word *word = &f->spec->train.class_weight.word;

	if (!lb_kind_of_columns(f->data->kind) || (word->text && !word->at))
		return 0;
	return lb_fail(err, LB_CONFIG, "train.class_weight: found %s, but task %s has no classes; allowed: none", word->text ? word->text : "a block",
		       lb_kind_name(f->data->kind));
}

/* "'x', 'y', 'z'" of the classes, or of so many. */
static void list_classes(const struct lb_dataset *data, struct lb_buf *out)
{
	enum { SHOWN = 20 };

	for (size_t i = 0; i < data->n_classes && i < SHOWN; i++)
		lb_buf_printf(out, "%s'%.60s'", i ? ", " : "", data->class_name[i]);
	if (data->n_classes > SHOWN)
		lb_buf_printf(out, " and %zu more", data->n_classes - SHOWN);
}

static bool has_name(const char *const *name, size_t n, const char *wanted)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name[i], wanted))
			return true;
	return false;
}

static int class_weights_name_classes(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_list *weights = &f->spec->train.class_weight;
	const char *const *classes = (const char *const *)f->data->class_name;
	struct lb_buf list = { 0 };
	int rc = 0;

	if (!weights->n)
		return 0;
	list_classes(f->data, &list);
	if (!weights->text[0]) {
		if (weights->n != f->data->n_classes)
			rc = lb_fail(err, LB_CONFIG, "train.class_weight: found %zu number%s, allowed: one for each of %zu classes, in this order: %s", weights->n,
				     lb_s(weights->n), f->data->n_classes, list.bad ? "" : list.s);
		lb_buf_free(&list);
		return rc;
	}
	for (size_t i = 0; i < weights->n && !rc; i++)
		if (!has_name(classes, f->data->n_classes, weights->text[i]))
			rc = lb_fail(err, LB_CONFIG, "train.class_weight: there is no class '%.60s'; the classes are %s", weights->text[i],
				     list.bad ? "" : list.s);
	for (size_t i = 0; i < f->data->n_classes && !rc; i++)
		if (!has_name(weights->text, weights->n, classes[i]))
			rc = lb_fail(err, LB_CONFIG, "train.class_weight: class '%.60s' has no weight; give each of %s one (1 leaves it as it is)",
				     classes[i], list.bad ? "" : list.s);
	lb_buf_free(&list);
	return rc;
}

static int positives_are_weighted_once(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_train_spec *train = &f->spec->train;

	if (!(train->scale_pos_weight > 0))
		return 0;
	if (f->data->kind != LB_BINARY)
		return lb_fail(err, LB_CONFIG, "train.scale_pos_weight: found %g with task %s, which has no positive class; allowed: with task binary; give "
			       "train.class_weight a number for each class", train->scale_pos_weight, f->spec->task.text);
	if (train->class_weight.n || train->class_weight.word.at)
		return lb_fail(err, LB_CONFIG, "train.scale_pos_weight: cannot be combined with train.class_weight, which weighs the positive class too; keep "
			       "one");
	return 0;
}

/* ---- rows that are not there ---- */

static int dense_batches_fit(const struct lb_facts *f, struct lb_err *err)
{
	enum { EVALUATED = 512 };
	const struct lb_dataset *data = f->data;

	if (!data->x.start)
		return 0;
	const struct lb_read_options opt = { .max_memory = (uint64_t)f->spec->data.max_memory };
	const double rows = fmin((double)f->spec->train.batch, (double)data->n) + EVALUATED, limit = (double)lb_memory_limit(&opt);
	const double size = f->spec->train.precision.at == LB_PRECISION_64 ? sizeof(double) : sizeof(float);

	if (rows * (double)data->x.d * size <= limit)
		return 0;
	return lb_fail(err, LB_DATA, "%s: a batch of %.0f row%s of %zu column%s takes %.0f MB of memory, more than the limit of %.0f MB; lower "
		       "train.batch, or raise data.max_memory", data->source[0].path, rows, lb_s((size_t)rows), data->x.d,
		       lb_s(data->x.d), rows * (double)data->x.d * size / 1e6, limit / 1e6);
}

static int stopping_has_rows(const struct lb_facts *f, struct lb_err *err)
{
	if (!f->spec->train.early_stopping.metric || f->split->n[LB_VALID])
		return 0;
	return lb_fail(err, LB_CONFIG, "train.early_stopping: there are no validation rows to judge by; give data.split.valid a share, or data.valid");
}

/* The two options of the decision, of which one is chosen that is not neutral. */
static int has_scores(const struct lb_facts *f, const char *path, const char *chosen, const char *neutral, struct lb_err *err)
{
	const struct lb_loss_info *loss = lb_used_loss(&f->spec->loss);

	if (lb_loss_gives_scores(loss))
		return 0;
	return lb_fail(err, LB_CONFIG, "%s: found %s, but %s gives embeddings and no class scores; allowed: %s", path, chosen, loss->base.name, neutral);
}

static int has_rows_to_fit(const struct lb_facts *f, const char *path, const char *chosen, struct lb_err *err)
{
	if (f->split->n[LB_VALID])
		return 0;
	return lb_fail(err, LB_CONFIG, "%s: found %s, but there are no validation rows to fit it to; give data.split.valid a share, or data.valid", path, chosen);
}

static int threshold_fits(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_word *word = &f->spec->evaluate.threshold;

	if (!word->at)
		return 0;
	if (has_scores(f, "evaluate.threshold", word->text, lb_thresholds[0]->name, err) || task_has("evaluate.threshold", lb_thresholds, word, f, err))
		return -1;
	return lb_decision_fits(NULL, (const struct lb_threshold *)lb_thresholds[word->at]) ? has_rows_to_fit(f, "evaluate.threshold", word->text, err) : 0;
}

static int calibration_fits(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_info *info = f->spec->evaluate.calibration.info;

	if (info == lb_calibrations[0])
		return 0;
	return has_scores(f, "evaluate.calibration", info->name, lb_calibrations[0]->name, err) || has_rows_to_fit(f, "evaluate.calibration", info->name, err) ? -1 : 0;
}

/* The judge of embeddings and the metrics of what it says come together. */
static int judge_has_metrics(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_info *judge = f->spec->evaluate.embeddings.info;
	const struct lb_list *held = &f->spec->data.split.hold_out_classes;
	bool any = false;

	for (size_t i = 0; i < f->spec->metrics.n; i++) {
		const struct lb_metric *m = lb_used_metric(&f->spec->metrics.use[i]);
		any |= m->judged;
		if (m->judged && !judge)
			return lb_fail(err, LB_CONFIG, "metrics: found %s without %s, which says the judge; give %s: {classifier: knn}, or remove the metric",
				       m->base.name, m->base.goes_with, m->base.goes_with);
	}
	if (judge && (held->n || held->value > 0))
		return lb_fail(err, LB_CONFIG, "evaluate.embeddings: found %s with data.split.hold_out_classes: no training row is of the classes that it would have "
			       "to tell; remove one of the two, or measure episode_accuracy or knn_accuracy", judge->name);
	if (judge && !any)
		return lb_fail(err, LB_CONFIG, "evaluate.embeddings: found %s, but no metric reads what it says; add judged_accuracy to metrics, or remove the judge",
			       judge->name);
	return 0;
}

/* ---- the order of the rows ---- */

static int per_class_has_sampler(const struct lb_facts *f, struct lb_err *err)
{
	if (!f->spec->train.per_class || lb_used_sampling(f->spec)->in_groups)
		return 0;
	return lb_fail(err, LB_CONFIG, "train.per_class: found with sampler %s, allowed: with train.sampler m_per_class or episodes",
		       f->spec->train.sampler.text);
}

static int clusters_have_sampler(const struct lb_facts *f, struct lb_err *err)
{
	const size_t clusters = f->spec->train.clusters, n = f->split->n[LB_TRAIN], batch = f->spec->train.batch < n ? f->spec->train.batch : n;

	if (clusters && !lb_used_sampling(f->spec)->by_cluster)
		return lb_fail(err, LB_CONFIG, "train.clusters: found with sampler %s, allowed: with train.sampler clusters or hard_batches", f->spec->train.sampler.text);
	const size_t least = lb_used_sampling(f->spec)->one_of_each ? batch : 2;
	if (clusters && (clusters < least || clusters > n))
		return lb_fail(err, LB_CONFIG, "train.clusters: found %zu, allowed: from %zu%s to %zu, the training rows", clusters, least, least == batch ? ", the batch," : "", n);
	return 0;
}

static int positive_rate_has_sampler(const struct lb_facts *f, struct lb_err *err)
{
	const bool given = f->spec->train.positive_rate > 0, wanted = lb_used_sampling(f->spec)->by_rate;

	if (given == wanted)
		return 0;
	return given ? lb_fail(err, LB_CONFIG, "train.positive_rate: found with sampler %s, allowed: with train.sampler: positive_rate alone", f->spec->train.sampler.text) :
		       lb_fail(err, LB_CONFIG, "train.positive_rate: is missing, and sampler positive_rate needs it; give a share between 0 and 1, such as 0.5");
}

static int sampler_fits(const struct lb_facts *f, struct lb_err *err)
{
	const char *name = f->spec->train.sampler.text;

	if (!lb_used_sampling(f->spec)->by_class && !lb_used_sampling(f->spec)->by_weight)
		return 0;
	if (task_has("train.sampler", lb_samplers, &f->spec->train.sampler, f, err))
		return -1;
	if (f->full_batch)
		return lb_fail(err, LB_CONFIG, "train.sampler: found %s in a training that reads all rows at once, allowed: shuffle; weight the classes "
			       "with train.class_weight, or train with sgd", name);
	if (!f->spec->train.shuffle)
		return lb_fail(err, LB_CONFIG, "train.sampler: found %s with train.shuffle false, allowed: shuffle; remove one of the two", name);
	if (lb_used_sampling(f->spec)->by_weight && !lb_rows_weighted(f->spec))
		return lb_fail(err, LB_CONFIG, "train.sampler: found %s and no weights, allowed: with data.weight: COLUMN, or train.class_weight: balanced (or numbers)", name);
	return 0;
}

/* Returns the number of classes that have so many training rows. count: (classes) room, all 0. */
static size_t training_classes(const struct lb_dataset *data, const struct lb_split *split, size_t least, size_t *count)
{
	size_t n = 0;

	for (size_t i = 0; i < split->n[LB_TRAIN]; i++)
		n += ++count[data->y[split->rows[LB_TRAIN][i]]] == least;
	return n;
}

static int batch_has_m_per_class(const struct lb_facts *f, struct lb_err *err)
{
	const size_t m = f->spec->train.per_class ? f->spec->train.per_class : LB_PER_CLASS, batch = f->spec->train.batch;

	if (!lb_used_sampling(f->spec)->in_groups)
		return 0;
	size_t *count = lb_alloc(f->data->n_classes, sizeof *count, err);
	if (!count)
		return -1;
	const char *name = f->spec->train.sampler.text;
	const bool whole = lb_used_sampling(f->spec)->whole_groups;
	const size_t classes = training_classes(f->data, f->split, whole ? m : 1, count), most = classes * m;
	free(count);
	if (!classes)
		return lb_fail(err, LB_CONFIG, "train.per_class: found %zu with sampler %s, allowed: at most the training rows of some class", m, name);
	if (batch % m)
		return lb_fail(err, LB_CONFIG, "train.batch: found %zu with sampler %s of %zu rows a class, allowed: a multiple of %zu, such as %zu",
			       batch, name, m, m, (batch / m + 1) * m < most ? (batch / m + 1) * m : most);
	if (batch / m < 2 || batch > most)
		return lb_fail(err, LB_CONFIG, "train.batch: found %zu with sampler %s of %zu rows a class and %zu class%s%s in the training rows, "
			       "allowed: from %zu (two classes) to %zu (every class once)", batch, name, m, classes, classes == 1 ? "" : "es",
			       whole ? " of so many rows" : "", 2 * m, most);
	return 0;
}

/* Metrics of subgroups, and the column that makes these, come together. */
static int subgroups_have_metrics(const struct lb_facts *f, struct lb_err *err)
{
	bool any = false;

	for (size_t i = 0; i < f->spec->metrics.n; i++) {
		const struct lb_metric *m = lb_used_metric(&f->spec->metrics.use[i]);
		any |= m->subgroups;
		if (m->subgroups && !f->spec->data.subgroup)
			return lb_fail(err, LB_CONFIG, "metrics: found %s without %s; give %s: COLUMN, or remove the metric", m->base.name,
				       m->base.goes_with, m->base.goes_with);
	}
	for (size_t i = 0; i < f->spec->procedures.n; i++)
		any |= (lb_procedure_traits_f64(f->spec->procedures.use[i].info) & LB_READS_SUBGROUPS) != 0;
	if (f->spec->data.subgroup && !any)
		return lb_fail(err, LB_CONFIG, "data.subgroup: found %s, but no metric reads it; add one of subgroups to metrics, such as worst_group_accuracy or "
			       "worst_group_rmse, or name the column in data.drop", f->spec->data.subgroup);
	return 0;
}

/* The metric of what procedures select, and one that does, come together. */
static int selection_has_procedure(const struct lb_facts *f, struct lb_err *err)
{
	unsigned traits = 0;

	for (size_t i = 0; i < f->spec->procedures.n; i++)
		traits |= lb_procedure_traits_f64(f->spec->procedures.use[i].info);
	for (size_t i = 0; i < f->spec->metrics.n; i++) {
		const struct lb_metric *m = lb_used_metric(&f->spec->metrics.use[i]);
		if (m->selection && !(traits & LB_WEIGHS_ROWS))
			return lb_fail(err, LB_CONFIG, "metrics: found %s without a procedure that weighs rows; add one to procedures, such as small_loss or "
				       "divide_rows, or remove the metric", m->base.name);
	}
	return 0;
}

/* The Hessian is that of one function of the weights. */
static int curvature_is_of_row_losses(const struct lb_facts *f, struct lb_err *err)
{
	const char *name = NULL;

	for (size_t i = 0; i < f->spec->metrics.n; i++)
		if (!name && lb_used_metric(&f->spec->metrics.use[i])->curvature)
			name = f->spec->metrics.use[i].info->name;
	if (name && f->closed_form)
		return lb_fail(err, LB_CONFIG, "metrics: found %s with model %s, which minimises no loss; remove the metric", name, f->spec->model.info->name);
	for (size_t i = 0; name && i < f->n_losses; i++) {
		const struct lb_loss_info *loss = lb_used_loss(f->loss[i]);
		const bool held = (loss->needs & (LB_NEEDS_FEATURES | LB_MOVES_FEATURES)) == LB_NEEDS_FEATURES && !(f->spec->model.info->traits & LB_FIXED_FEATURES);
		if (!lb_loss_separable(loss) || held || loss->needs & (LB_NEEDS_VIEWS | LB_NEEDS_SAMPLE_IDS))
			return lb_fail(err, LB_CONFIG, "metrics: found %s with loss %s, allowed: a loss that is a mean of row losses, the same in every pass; remove the metric",
				       name, loss->base.name);
	}
	return 0;
}

static bool names_curvature(const struct lb_facts *f, const char *metric)
{
	for (size_t i = 0; metric && i < f->spec->metrics.n; i++)
		if (lb_used_metric(&f->spec->metrics.use[i])->curvature && !strcmp(metric + (strncmp(metric, "valid.", 6) ? 0 : 6), f->spec->metrics.use[i].info->name))
			return true;
	return false;
}

static int curvature_is_known_late(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_arg *followed = lb_use_arg(&f->spec->schedule, "metric");
	const char *stops = f->spec->train.early_stopping.metric, *follows = followed ? followed->text : NULL;

	if (names_curvature(f, stops))
		return lb_fail(err, LB_CONFIG, "train.early_stopping.metric: found %s, which is known when the training is over; take another metric", stops);
	return !names_curvature(f, follows) ? 0 :
	       lb_fail(err, LB_CONFIG, "schedule.metric: found %s, which is known when the training is over; take another metric", follows);
}

const struct lb_trial_constraint lb_rows_constraints[] = {
	{ { "train.batch", LB_BY_DATA, "A batch of sparse rows, made dense, fits into data.max_memory." }, dense_batches_fit },
	{ { "train.class_weight", LB_BY_DATA, "Class weights need a task whose rows have one class each." }, class_weight_has_classes },
	{ { "train.class_weight", LB_BY_DATA, "A block of class weights gives every class of the data a number, and names no other; a list has as many numbers as there are classes, in order." }, class_weights_name_classes },
	{ { "train.scale_pos_weight", LB_BY_DATA, "A weight of the positive class needs task binary, and excludes train.class_weight." }, positives_are_weighted_once },
	{ { "train.early_stopping", LB_BY_DATA, "Early stopping needs validation rows." }, stopping_has_rows },
	{ { "evaluate.threshold", LB_BY_DATA, "A threshold other than fixed needs class scores, and task binary with validation rows; median needs several classes in order." }, threshold_fits },
	{ { "evaluate.calibration", LB_BY_DATA, "Calibration needs class scores and validation rows." }, calibration_fits },
	{ { "evaluate.embeddings", LB_BY_COMPONENTS, "A judge of embeddings and judged_accuracy come together, without data.split.hold_out_classes." }, judge_has_metrics },
	{ { "train.per_class", LB_BY_COMPONENTS, "The number of rows a class needs sampler m_per_class or episodes." }, per_class_has_sampler },
	{ { "train.clusters", LB_BY_DATA, "The number of pseudo-classes needs sampler clusters, of which it is at least the batch, or hard_batches." }, clusters_have_sampler },
	{ { "train.positive_rate", LB_BY_COMPONENTS, "The share of positives and sampler positive_rate go together." }, positive_rate_has_sampler },
	{ { "data.subgroup", LB_BY_COMPONENTS, "The column of subgroups and the metrics or procedures that read it come together." }, subgroups_have_metrics },
	{ { "metrics", LB_BY_COMPONENTS, "The metric selected_clean needs a procedure that weighs rows, such as small_loss." }, selection_has_procedure },
	{ { "metrics", LB_BY_COMPONENTS, "The metrics sharpness and hessian_trace need losses that are means of row losses, the same in every pass, and a model that is fitted by a loss." }, curvature_is_of_row_losses },
	{ { "metrics", LB_BY_COMPONENTS, "Neither early stopping nor a schedule follows sharpness or hessian_trace, which are known when the training is over." }, curvature_is_known_late },
	{ { "train.sampler", LB_BY_DATA, "A sampler other than shuffle needs classes, minibatches and train.shuffle: true; m_per_class and episodes need one class a row; weighted needs weights (data.weight, train.class_weight), no classes, and task other than ranking and survival." }, sampler_fits },
	{ { "train.batch", LB_BY_DATA, "With samplers m_per_class and episodes the batch is a multiple of train.per_class, of at least two classes and at most all of them." }, batch_has_m_per_class },
	{ .check = NULL },
};

/* ---- the table of all ---- */

static const struct lb_trial_constraint *const tables[] = { lb_loss_constraints, lb_side_constraints, lb_rows_constraints, lb_attack_constraints,
									 lb_procedure_constraints, lb_step_constraints, lb_forget_constraints, lb_anomaly_constraints };

static const struct lb_trial_constraint *constraint_at(size_t i)
{
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
		for (const struct lb_trial_constraint *c = tables[t]; c->check; c++)
			if (!i--)
				return c;
	return NULL;
}

const struct lb_constraint *lb_trial_constraint(size_t i)
{
	const struct lb_trial_constraint *c = constraint_at(i);

	return c ? &c->base : NULL;
}

int lb_constraints_check(const struct lb_spec *spec, const struct lb_dataset *data, const struct lb_split *split, struct lb_err *err)
{
	struct lb_facts f = { .spec = spec, .data = data, .split = split, .viewer = lb_used_loss(&spec->loss),
			      .attack = { lb_used_attack(&spec->train.attack), lb_used_attack(&spec->evaluate.attack) },
			      .closed_form = lb_closed_form(spec), .full_batch = lb_reads_all(spec) };
	const struct lb_trial_constraint *c;

	f.n_losses = lb_used_losses(spec, f.loss);
	for (size_t i = 0; i < f.n_losses; i++)
		if (lb_used_loss(f.loss[i])->needs & LB_NEEDS_VIEWS)
			f.viewer = lb_used_loss(f.loss[i]);
	for (size_t i = 0; (c = constraint_at(i)); i++)
		if (c->check(&f, err))
			return -1;
	return 0;
}
