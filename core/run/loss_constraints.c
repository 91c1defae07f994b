#include "core/run/targets.h"
#include "core/run/trial_constraints.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/run/terms.h"

#include <stdlib.h>
#include <string.h>

/* Rows of a batch beyond which the matrix of its distances takes more than a gigabyte. */
enum { MOST_ROWS = 8192 };

/* ---- the losses and their sum ---- */

int lb_parameters_check(const struct lb_component_use *use, const char *before, const char *name, struct lb_err *err)
{
	struct lb_err *why = use->info->check ? lb_alloc(1, sizeof *why, err) : NULL;
	int rc = !use->info->check ? 0 : why ? use->info->check(use->par, why) : -1;

	if (why && rc)
		lb_fail(err, why->code, "%s%s%s%s", before, name, *name ? ": " : "", why->text);
	free(why);
	return rc;
}

static int parameters_fit(const struct lb_facts *f, struct lb_err *err)
{
	for (size_t i = 0; i < f->n_losses; i++)
		if (lb_parameters_check(f->loss[i], i ? "terms: " : "loss.", i ? f->loss[i]->info->name : "", err))
			return -1;
	return 0;
}

static int metrics_fit(const struct lb_facts *f, struct lb_err *err)
{
	for (size_t i = 0; i < f->spec->metrics.n; i++)
		if (lb_parameters_check(&f->spec->metrics.use[i], "metrics: ", f->spec->metrics.use[i].info->name, err))
			return -1;
	return 0;
}

static int terms_are_few(const struct lb_facts *f, struct lb_err *err)
{
	const size_t n = f->spec->terms.n;

	return n < LB_MOST_TERMS ? 0 : lb_fail(err, LB_CONFIG, "terms: found %zu, allowed: at most %d beside loss", n, LB_MOST_TERMS - 1);
}

static int terms_are_minimised(const struct lb_facts *f, struct lb_err *err)
{
	return !f->spec->terms.n || !f->closed_form ? 0 :
	       lb_fail(err, LB_CONFIG, "terms: found %s with model %s, which minimises no loss; remove terms", f->loss[1]->info->name,
		       f->spec->model.info->name);
}

static int closed_form_is_of_targets(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_loss_info *loss = lb_used_loss(f->loss[0]);
	const char *model = f->spec->model.info->name;

	if (!f->closed_form || f->data->kind != LB_REGRESSION)
		return 0;
	if (loss->output)
		return lb_fail(err, LB_CONFIG, "loss: found %s, by which metrics read the model's output, with model %s, whose output is a prediction; allowed: a loss of "
			       "predictions, such as mse", loss->base.name, model);
	if (f->spec->data.offset)
		return lb_fail(err, LB_CONFIG, "data.offset: found with model %s, which is fitted without it; take model linear or mlp", model);
	return 0;
}

static int term_has_a_weight(const struct lb_facts *f, struct lb_err *err)
{
	for (size_t i = 1; i < f->n_losses; i++)
		if (lb_use_arg(f->loss[i], "weight"))
			return lb_fail(err, LB_CONFIG, "terms: %s has a parameter weight of its own, so that no factor can be given; make it loss, and the "
				       "other a term", f->loss[i]->info->name);
	return 0;
}

static int terms_have_one_output(const struct lb_facts *f, struct lb_err *err)
{
	for (size_t i = 1; i < f->n_losses; i++)
		if (lb_used_loss(f->loss[i])->scores_for != lb_used_loss(f->loss[0])->scores_for)
			return lb_fail(err, LB_CONFIG, "terms: found %s with loss %s, whose model has other scores; allowed: losses of the same scores",
				       f->loss[i]->info->name, f->loss[0]->info->name);
	for (size_t i = 1; i < f->n_losses; i++)
		if (!lb_outputs_same(lb_used_loss(f->loss[0]), f->loss[0]->par, lb_used_loss(f->loss[i]), f->loss[i]->par))
			return lb_fail(err, LB_CONFIG, "terms: found %s with loss %s, which has other outputs for a target; allowed: losses of the same "
				       "outputs", f->loss[i]->info->name, f->loss[0]->info->name);
	return 0;
}

static int weights_minimise(const struct lb_facts *f, struct lb_err *err)
{
	double sum = 0;

	for (size_t i = 0; i < f->n_losses; i++)
		sum += f->loss[i]->weight;
	if (sum == 0)
		return lb_fail(err, LB_CONFIG, "loss.weight: found 0%s, so that nothing is minimised; give one a positive weight",
			       f->n_losses > 1 ? ", and for every term too" : "");
	const struct lb_loss_info *loss = lb_used_loss(f->loss[0]);
	if ((loss->kind == LB_EMBEDDING || loss->scores_for) && loss->params && f->loss[0]->weight == 0)
		return lb_fail(err, LB_CONFIG, "loss.weight: found 0, but scores are made by the %s of %s, which would not be trained; allowed: a "
			       "positive number", loss->params, loss->base.name);
	return 0;
}

/* What reads a score for each class. */
static int scores_are_read_by_the_loss(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_loss_info *loss = lb_used_loss(f->loss[0]);
	const struct lb_info *optimizer = f->spec->optimizer.info, *model = f->spec->model.info;

	if (!loss->scores_for)
		return 0;
	const char *few = "whose model has other scores than one for each class";
	if (f->closed_form)
		return lb_fail(err, LB_CONFIG, "loss: found %s, %s, with model %s, which has these; take model linear or mlp", loss->base.name, few, model->name);
	if (!(optimizer->tasks & ~(unsigned)LB_CLASS_TASKS))
		return lb_fail(err, LB_CONFIG, "optimizer: found %s with loss %s, %s; train with lbfgs, sgd, adam or adamw", optimizer->name, loss->base.name,
			       few);
	for (int i = 0; i < LB_ATTACKS; i++)
		if (f->attack[i])
			return lb_fail(err, LB_CONFIG, "%s: found %s with loss %s, %s; remove it, or take a loss of the classes' scores",
				       i == LB_IN_TRAINING ? "train.attack" : "evaluate.attack", f->attack[i]->info->name, loss->base.name, few);
	return 0;
}

static int weighted_losses_are_sums(const struct lb_facts *f, struct lb_err *err)
{
	for (size_t i = 0; i < f->n_losses && !lb_used_sampling(f->spec)->by_weight; i++)
		if (lb_rows_weighted(f->spec) && !lb_loss_weighs_rows(lb_used_loss(f->loss[i])))
			return lb_fail(err, LB_CONFIG,
				       "%s: %s is not a sum over rows, so rows cannot be weighted; allowed with data.weight or "
				       "train.class_weight: separable losses (`lossbench losses` marks them)", lb_loss_path(i), f->loss[i]->info->name);
	return 0;
}

/* ---- soft labels ---- */

/* Refuses soft labels with something; name, a component's, may be "". */
static int refuse_soft(const char *what, const char *name, const char *why, struct lb_err *err)
{
	return lb_fail(err, LB_CONFIG, "data.side.soft_labels: cannot be combined with %s%s%s, %s", what, *name ? " " : "", name, why);
}

/* ", a, b, c" of the losses of a kind that can. */
static void list_linear(enum lb_kind kind, struct lb_buf *out)
{
	for (size_t i = 0; i < lb_loss_count(); i++) {
		const struct lb_loss_info *loss = lb_loss_at(i);
		if (loss->kind == kind && lb_loss_separable(loss) && !(loss->needs & LB_NEEDS_SAMPLE_IDS))
			lb_buf_printf(out, "%s%s", out->n ? ", " : "", loss->base.name);
	}
}

static int soft_losses_are_linear(const struct lb_facts *f, struct lb_err *err)
{
	struct lb_buf allowed = { 0 };
	int rc = 0;

	for (size_t i = 0; lb_labels_are_soft(f->spec) && i < f->n_losses && !rc; i++) {
		const struct lb_loss_info *loss = lb_used_loss(f->loss[i]);
		if (lb_loss_separable(loss) && !(loss->needs & LB_NEEDS_SAMPLE_IDS))
			continue;
		list_linear(loss->kind, &allowed);
		rc = lb_fail(err, LB_CONFIG, "%s: found %s with data.side.soft_labels, allowed: losses that are linear in the label, %s", lb_loss_path(i),
			     loss->base.name, allowed.bad ? "the separable ones" : allowed.s);
	}
	lb_buf_free(&allowed);
	return rc;
}

static int soft_labels_are_taught(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_spec *spec = f->spec;
	const struct lb_info *optimizer = spec->optimizer.info;

	if (!lb_labels_are_soft(spec))
		return 0;
	if (f->closed_form)
		return refuse_soft("model", spec->model.info->name, "which counts labels; take model linear or mlp", err);
	if (spec->corrupt.labels.info && spec->corrupt.labels.info->n_params)
		return refuse_soft("corrupt.labels", spec->corrupt.labels.info->name, "which changes the labels alone; remove one of the two", err);
	if (spec->train.class_weight.n || spec->train.class_weight.word.at || spec->train.scale_pos_weight > 0)
		return refuse_soft("weights of classes", "", "which a row has several of; weigh rows by data.weight", err);
	if (!(optimizer->tasks & ~(unsigned)LB_CLASS_TASKS))
		return refuse_soft("optimizer", optimizer->name, "which steps by the rows' own labels; train with lbfgs, sgd, adam or adamw", err);
	if (f->attack[LB_IN_TRAINING])
		return refuse_soft("train.attack", f->attack[LB_IN_TRAINING]->info->name, "which moves rows of one label; remove one of the two", err);
	for (size_t i = 0; i < spec->procedures.n; i++) {
		const struct lb_info *p = spec->procedures.use[i].info;
		if (lb_procedure_traits_f64(p) & (LB_WEIGHS_ROWS | LB_WHOLE_STEP | LB_WHOLE_TRAINING | LB_SOFTENS_LABELS))
			return refuse_soft("procedure", p->name, "which goes by the loss of a row under its own label, or changes that; remove one of the two", err);
	}
	return 0;
}

/* ---- what the outputs are ---- */

static int stopping_has_outputs(const struct lb_facts *f, struct lb_err *err)
{
	const char *name = f->spec->train.early_stopping.metric;
	const struct lb_metric *metric = name ? lb_metric_find(name + strlen("valid.")) : NULL;

	if (!metric || !lb_metric_lacks(metric, lb_loss_statistics(lb_used_loss(f->loss[0]), f->loss[0]->par)))
		return 0;
	return lb_fail(err, LB_CONFIG, "train.early_stopping.metric: found %s with loss %s, whose model gives no %s; take another metric", name,
		       f->loss[0]->info->name, lb_metric_lack_words(metric));
}

static int miner_has_a_loss(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_info *miner = f->spec->train.miner.info;

	return !miner || lb_used_loss(f->loss[0])->needs & (LB_TAKES_TRIPLETS | LB_TAKES_PAIRS) ? 0 :
	       lb_fail(err, LB_CONFIG, "train.miner: found %s with loss %s, which takes no triplets and no pairs; allowed: with a loss that does, such as "
		       "triplet or contrastive, or remove it",
		       miner->name, f->loss[0]->info->name);
}

static int bags_are_made(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_info *noise = f->spec->corrupt.bags.info;

	if (noise && noise->n_params && !f->split->bag)
		return lb_fail(err, LB_CONFIG, "corrupt.bags: found %s, but there are no bags; allowed: with data.bags, such as data.bags: {kind: random, size: "
			       "4}, or remove it", noise->name);
	for (size_t i = 0; i < f->n_losses; i++)
		if (lb_used_loss(f->loss[i])->needs & LB_NEEDS_BAGS && !f->split->bag)
			return lb_fail(err, LB_CONFIG, "%s: found %s, whose rows come in bags; allowed: with data.bags, such as data.bags: {kind: random, "
				       "size: 4}", lb_loss_path(i), f->loss[i]->info->name);
	return 0;
}

static int distances_have_batches(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_loss_info *loss = lb_used_loss(f->loss[0]);

	if (!lb_loss_of_distances(loss))
		return 0;
	if (f->full_batch)
		return lb_fail(err, LB_CONFIG, "optimizer: found %s, which reads all rows at once, with loss %s, which needs the distances of all pairs of "
			       "a batch; train it with sgd, adam or adamw", f->spec->optimizer.info->name, loss->base.name);
	if (f->spec->train.batch > MOST_ROWS)
		return lb_fail(err, LB_CONFIG, "train.batch: found %zu with loss %s, which needs the distances of all pairs of a batch; allowed: at most %d",
			       (size_t)f->spec->train.batch, loss->base.name, MOST_ROWS);
	return 0;
}

/* Refuses bags of labels with something; name, a component's, may be "". */
static int refuse_bags(const char *what, const char *name, const char *why, struct lb_err *err)
{
	return lb_fail(err, LB_CONFIG, "data.bags: cannot be combined with %s%s%s, %s", what, *name ? " " : "", name, why);
}

/* Whether nothing reads the labels of single rows where their shares in bags are known alone. */
static int bags_hide_labels(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_spec *spec = f->spec;
	const struct lb_info *optimizer = spec->optimizer.info;

	if (!f->split->bag || f->data->kind == LB_REGRESSION)
		return 0;
	if (f->closed_form)
		return refuse_bags("model", spec->model.info->name, "which counts labels; take model linear or mlp", err);
	if (!(optimizer->tasks & ~(unsigned)LB_CLASS_TASKS))
		return refuse_bags("optimizer", optimizer->name, "which steps by the rows' own labels; train with lbfgs, sgd, adam or adamw", err);
	if (lb_used_sampling(spec)->by_class || lb_used_sampling(spec)->by_weight)
		return refuse_bags("train.sampler", spec->train.sampler.text, "which draws rows by their labels; take shuffle", err);
	if (f->attack[LB_IN_TRAINING])
		return refuse_bags("train.attack", f->attack[LB_IN_TRAINING]->info->name, "which moves rows against their labels; remove one of the two", err);
	for (size_t i = 0; i < f->n_losses; i++)
		if (!(lb_used_loss(f->loss[i])->needs & LB_NEEDS_BAGS))
			return lb_fail(err, LB_CONFIG, "%s: found %s with data.bags, which reads the label of each row; allowed: llp, or remove data.bags",
				       lb_loss_path(i), f->loss[i]->info->name);
	return 0;
}

static int pairs_have_room(const struct lb_facts *f, struct lb_err *err)
{
	const size_t rows = f->full_batch ? f->split->n[LB_TRAIN] : f->spec->train.batch;

	for (size_t i = 0; i < f->n_losses; i++)
		if (lb_used_loss(f->loss[i])->needs & LB_NEEDS_INPUTS && rows > MOST_ROWS)
			return lb_fail(err, LB_CONFIG, "%s: found %s with %zu rows at once, all pairs of which it compares; allowed: at most %d; %s",
				       f->full_batch ? "optimizer" : "train.batch", f->loss[i]->info->name, rows, MOST_ROWS,
				       f->full_batch ? "train it with sgd, adam or adamw" : "take a smaller batch");
	return 0;
}

static int embeddings_are_retrieved(const struct lb_facts *f, struct lb_err *err)
{
	struct lb_buf allowed = { 0 };
	const struct lb_info *wrong = NULL;

	const struct lb_list *held = &f->spec->data.split.hold_out_classes;
	const bool unseen = held->n || held->value > 0;

	if (!unseen && lb_loss_gives_scores(lb_used_loss(f->loss[0])))
		return 0;
	for (size_t i = 0; i < f->spec->metrics.n && !wrong; i++)
		wrong = lb_used_metric(&f->spec->metrics.use[i])->embeddings ? NULL : f->spec->metrics.use[i].info;
	for (size_t i = 0; wrong && i < lb_metric_count(); i++)
		if (lb_metric_at(i)->embeddings)
			lb_buf_printf(&allowed, "%s%s", allowed.n ? ", " : "", lb_metric_at(i)->base.name);
	if (wrong && unseen)
		lb_fail(err, LB_CONFIG, "metrics: found %s, but data.split.hold_out_classes tests on classes that training never saw; allowed: %s", wrong->name,
			allowed.s ? allowed.s : "those of embeddings");
	else if (wrong)
		lb_fail(err, LB_CONFIG, "metrics: found %s, but %s gives embeddings and no class scores; allowed: %s", wrong->name,
			f->loss[0]->info->name, allowed.s ? allowed.s : "those of retrieval");
	lb_buf_free(&allowed);
	return wrong ? -1 : 0;
}

/* ---- targets ---- */

/* The first loss that is defined for some targets alone, or NULL. */
static const struct lb_loss_info *particular(const struct lb_facts *f)
{
	for (size_t i = 0; i < f->n_losses; i++)
		if (lb_used_loss(f->loss[i])->targets)
			return lb_used_loss(f->loss[i]);
	return NULL;
}

static int targets_suit(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_dataset *d = f->data;

	for (size_t j = 0; j < f->n_losses; j++) {
		if (lb_targets_suit(lb_used_loss(f->loss[j]), lb_loss_path(j), d->target, d->n_targets, f->split->rows[LB_TRAIN],
				    f->split->n[LB_TRAIN], "", err))
			return -1;
	}
	return 0;
}

/* Returns the rows of the largest query of a part. */
static size_t largest_query(const struct lb_facts *f, int part)
{
	const uint32_t *rows = f->split->rows[part];
	size_t most = 0, n = 0;

	for (size_t i = 0; i < f->split->n[part]; i++) {
		n = i && f->data->group[rows[i]] == f->data->group[rows[i - 1]] ? n + 1 : 1;
		most = n > most ? n : most;
	}
	return most;
}

static int queries_are_short(const struct lb_facts *f, struct lb_err *err)
{
	for (size_t j = 0; j < f->n_losses; j++) {
		const struct lb_loss_info *loss = lb_used_loss(f->loss[j]);
		const size_t most = loss->most_of_query ? loss->most_of_query(f->loss[j]->par) : SIZE_MAX, n = most < SIZE_MAX ? largest_query(f, LB_TRAIN) : 0;
		if (n > most)
			return lb_fail(err, LB_CONFIG, "%s: found %s with a query of %zu rows, allowed: at most %zu; take another loss or other parameters",
				       lb_loss_path(j), loss->base.name, n, most);
	}
	return 0;
}

static int targets_keep_their_units(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_loss_info *loss = particular(f);

	for (size_t i = 0; i < f->n_losses; i++)
		if (f->spec->data.preprocess.target.at == LB_TARGET_STANDARDIZED &&
		    lb_loss_statistics(lb_used_loss(f->loss[i]), f->loss[i]->par) >> LB_PARAMETER & 1)
			return lb_fail(err, LB_CONFIG, "data.preprocess.target: found standardize with loss %s, whose outputs have no units to be given back; "
				       "remove it", f->loss[i]->info->name);
	return !loss || f->spec->data.preprocess.target.at != LB_TARGET_STANDARDIZED ? 0 :
	       lb_fail(err, LB_CONFIG, "data.preprocess.target: found standardize with loss %s, which is defined for targets %s as they are; remove it",
		       loss->base.name, lb_targets_text(loss->targets));
}

/* ---- offsets of scores ---- */

/* Refuses an exposure for a loss without a log link. */
static int refuse_exposure(const struct lb_info *loss, struct lb_err *err)
{
	struct lb_buf allowed = { 0 };

	for (size_t i = 0; i < lb_loss_count(); i++)
		if (lb_loss_at(i)->needs & LB_TAKES_EXPOSURE)
			lb_buf_printf(&allowed, "%s%s", allowed.n ? ", " : "", lb_loss_at(i)->base.name);
	lb_fail(err, LB_CONFIG, "data.exposure: found with loss %s, whose model does not give the log of a size; allowed: %s; or add a column to "
		"the scores as it is by data.offset", loss->name, allowed.s ? allowed.s : "losses with a log link");
	lb_buf_free(&allowed);
	return -1;
}

static int offsets_suit_losses(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_data_spec *d = &f->spec->data;

	for (size_t i = 0; i < f->n_losses; i++) {
		const struct lb_loss_info *loss = lb_used_loss(f->loss[i]);
		if (d->exposure && !(loss->needs & LB_TAKES_EXPOSURE))
			return refuse_exposure(&loss->base, err);
		if (d->offset && loss->output && !(loss->needs & LB_TAKES_EXPOSURE))
			return lb_fail(err, LB_CONFIG, "data.offset: found with loss %s, which has several outputs for a target and no log link; allowed: "
				       "losses of one output, such as mse, or with a log link", loss->base.name);
	}
	return 0;
}

static int offsets_are_added(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_data_spec *d = &f->spec->data;
	const char *key = d->offset ? "data.offset" : "data.exposure";

	if (!d->offset && !d->exposure)
		return 0;
	if (d->preprocess.target.at == LB_TARGET_STANDARDIZED)
		return lb_fail(err, LB_CONFIG, "%s: found with data.preprocess.target standardize, which changes the units of the scores; remove one of the two",
			       key);
	for (size_t i = 0; i < f->spec->procedures.n; i++)
		if (lb_mixes_rows(lb_procedure_traits_f64(f->spec->procedures.use[i].info)))
			return lb_fail(err, LB_CONFIG, "%s: found with procedure %s, which mixes rows of different offsets; remove one of the two", key,
				       f->spec->procedures.use[i].info->name);
	return 0;
}

/* ---- the head ---- */

static int margin_has_cosines(const struct lb_facts *f, struct lb_err *err)
{
	for (size_t i = 0; i < f->n_losses && !lb_head_is_cosine(f->spec); i++)
		if (lb_used_loss(f->loss[i])->needs & LB_NEEDS_COSINES)
			return lb_fail(err, LB_CONFIG, "model.head: found %s with loss %s, which takes its margin from cosines; give model.head: cosine, or "
				       "{kind: cosine, scale: 16}", f->spec->head.info ? f->spec->head.info->name : "linear", f->loss[i]->info->name);
	return 0;
}

static int cosine_fits(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_component_use *model = &f->spec->model;
	const struct lb_arg *init = lb_use_arg(model, "init");

	if (!lb_head_is_cosine(f->spec))
		return 0;
	const char *head = f->spec->head.info->name;
	if (f->closed_form)
		return lb_fail(err, LB_CONFIG, "model.head: found %s with model %s, which is fitted in closed form and has no other head; remove it, "
			       "or take model linear or mlp", head, model->info->name);
	if (init && (enum lb_init)init->v == LB_INIT_ZERO)
		return lb_fail(err, LB_CONFIG, "model.init: found zero with model.head %s, for which weights of length 0 have no direction; allowed: torch, "
			       "xavier, he", head);
	if (f->data->x.start && lb_use_is(model, "linear"))
		return lb_fail(err, LB_CONFIG, "model.head: found %s with model linear and sparse data, where a step moves only the weights of features that "
			       "occur; allowed: model mlp, head linear, or dense data (`lossbench data convert FILE OUT.npz`)", head);
	return 0;
}

const struct lb_trial_constraint lb_loss_constraints[] = {
	{ { "terms", LB_BY_COMPONENTS, "There are at most seven terms beside the loss." }, terms_are_few },
	{ { "terms", LB_BY_COMPONENTS, "Models in closed form (naive_bayes, lda, random_features) minimise no loss and take no terms." }, terms_are_minimised },
	{ { "loss", LB_BY_COMPONENTS, "A model in closed form in regression has one output a target, which no link and no offset changes." }, closed_form_is_of_targets },
	{ { "terms", LB_BY_COMPONENTS, "A loss that has a parameter named weight can be the loss, not a term." }, term_has_a_weight },
	{ { "loss", LB_BY_COMPONENTS, "The parameters of a loss fit together, as the page of the loss says." }, parameters_fit },
	{ { "metrics", LB_BY_COMPONENTS, "The parameters of a metric fit together: no Tweedie deviance has a power between 0 and 1." }, metrics_fit },
	{ { "terms", LB_BY_COMPONENTS, "All terms have the same outputs for a target, or scores for classes, as the loss." }, terms_have_one_output },
	{ { "loss.weight", LB_BY_COMPONENTS, "Some loss has a positive weight; one with prototypes or thresholds always has, since they make the scores." }, weights_minimise },
	{ { "loss", LB_BY_COMPONENTS, "A loss of ordered classes with fewer scores (cumulative_logit, coral, corn) excludes attacks, models in closed form and optimisers that read classes' scores." }, scores_are_read_by_the_loss },
	{ { "data.side.soft_labels", LB_BY_COMPONENTS, "Soft labels need losses that are linear in the label: separable ones without memory of rows." }, soft_losses_are_linear },
	{ { "data.side.soft_labels", LB_BY_COMPONENTS, "Soft labels exclude label noise, weights of classes, adversarial training, batch_perceptron, models in closed form and procedures that read the loss of a row." }, soft_labels_are_taught },
	{ { "train.early_stopping.metric", LB_BY_COMPONENTS, "Early stopping reads outputs that the loss has, such as quantiles or a variance." }, stopping_has_outputs },
	{ { "train.miner", LB_BY_COMPONENTS, "A miner needs a loss of triplets or pairs." }, miner_has_a_loss },
	{ { "loss", LB_BY_COMPONENTS, "A loss of bags (bag, instance, bag_interp, llp), or noise on them, needs data.bags." }, bags_are_made },
	{ { "data.bags", LB_BY_COMPONENTS, "Bags of labels are read by llp alone, and exclude samplers, optimisers, models and attacks that read the label of a row." }, bags_hide_labels },
	{ { "train.batch", LB_BY_COMPONENTS, "A loss of distances needs minibatches, of at most 8192 rows." }, distances_have_batches },
	{ { "metrics", LB_BY_COMPONENTS, "Where the loss gives embeddings and no class scores, the metrics are those of retrieval." }, embeddings_are_retrieved },
	{ { "loss", LB_BY_COMPONENTS, "Weights of rows (data.weight, train.class_weight) need losses that are sums over rows (separable ones), or weigh rows themselves (cox, aft, concordance)." }, weighted_losses_are_sums },
	{ { "data.preprocess.target", LB_BY_COMPONENTS, "Targets are not scaled for losses that are defined for some alone, such as counts." }, targets_keep_their_units },
	{ { "train.batch", LB_BY_DATA, "A loss that compares all pairs of rows by their inputs (cs_conditional, cs_qmi) takes at most 8192 at once." }, pairs_have_room },
	{ { "data.exposure", LB_BY_COMPONENTS, "An exposure needs losses with a log link, an offset these or losses of one output a target." }, offsets_suit_losses },
	{ { "data.offset", LB_BY_COMPONENTS, "Offsets (data.offset, data.exposure) exclude standardized targets and mixup." }, offsets_are_added },
	{ { "loss", LB_BY_DATA, "All training targets are some that the loss is defined for, such as counts >= 0." }, targets_suit },
	{ { "loss", LB_BY_DATA, "No query is longer than the loss allows (p_listmle with exponential weights: 1000 rows)." }, queries_are_short },
	{ { "model.head", LB_BY_COMPONENTS, "A loss with a margin of cosines needs head cosine." }, margin_has_cosines },
	{ { "model.head", LB_BY_DATA, "Head cosine excludes models in closed form, model.init zero, and model linear on sparse data." }, cosine_fits },
	{ .check = NULL },
};
