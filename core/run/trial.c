#include "core/run/trial.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/run/attacks.h"
#include "core/run/embeddings.h"
#include "core/run/evaluation.h"
#include "core/run/heads.h"
#include "core/numeric/kernel_dispatch.h"
#include "core/run/procedures.h"
#include "core/run/reads_all.h"
#include "core/run/get.h"
#include "core/run/outputs.h"
#include "core/run/provenance.h"
#include "core/run/components.h"
#include "core/run/targets.h"
#include "core/run/terms.h"

#include <stdlib.h>

static enum lb_kind kind_of(const cJSON *config)
{
	return lb_kind_of_task(lb_get_text(config, "task"));
}

/* Refuses losses that see more of the rows, or less, than the training gives. */
static int check_losses(const cJSON *config, const struct lb_dataset *data, struct lb_err *err)
{
	const struct lb_loss_info *loss[LB_MOST_TERMS], *viewer;
	const size_t n = lb_losses_of(config, loss);
	const bool full_batch = lb_reads_all(config);

	viewer = loss[0];
	if (lb_outputs_check(config, loss[0], err) || lb_embeddings_check(config, loss[0], full_batch, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (lb_targets_weighted(config) && !lb_loss_separable(loss[i]))
			return lb_fail(err, LB_CONFIG,
				       "%s: %s is not a sum over rows, so rows cannot be weighted; allowed with data.weight or "
				       "train.class_weight: separable losses (`lossbench losses` marks them)", lb_loss_path(i), loss[i]->base.name);
		if (loss[i]->needs & LB_NEEDS_VIEWS)
			viewer = loss[i];
	}
	if (lb_attacks_check(config, data, viewer, full_batch, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (lb_head_check(config, data, loss[i], err) || lb_procedures_check(config, data, loss[i], full_batch, err))
			return -1;
	if (!(viewer->needs & LB_NEEDS_VIEWS) != !lb_json_at(config, "train.views") &&
	    !(viewer->needs & LB_NEEDS_VIEWS && lb_attack_at_path(config, "train.attack")))
		return lb_fail(err, LB_CONFIG, viewer->needs & LB_NEEDS_VIEWS ?
			       "train.views: is missing, and %s compares several views of a row; give {kind: gaussian_noise, count: 2}, or train.attack" :
			       "train.views: %s sees one view of a row; remove train.views (gjs uses it)", viewer->base.name);
	return 0;
}

/* What can only be judged with the data at hand, but before any training. */
static int check_applicable(const cJSON *config, const struct lb_dataset *data, const struct lb_split *split, struct lb_err *err)
{
	const char *class_weight = lb_get_text(config, "train.class_weight");

	if (lb_terms_check(config, err))
		return -1;
	if (lb_kind_of_columns(data->kind) && (!class_weight || strcmp(class_weight, "none")))
		return lb_fail(err, LB_CONFIG, "train.class_weight: found %s, but task %s has no classes; allowed: none",
			       class_weight ? class_weight : "a block", lb_kind_name(data->kind));
	if (lb_targets_check_weights(config, data, err))
		return -1;
	if (lb_json_at(config, "train.early_stopping") && !split->n[LB_VALID])
		return lb_fail(err, LB_CONFIG, "train.early_stopping: there are no validation rows to judge by; give data.split.valid a share, or data.valid");
	if (check_losses(config, data, err))
		return -1;
	return lb_evaluation_check(config, split, err) || lb_sampler_check(config, data, split, lb_reads_all(config), err) ||
			       lb_full_batch_check(config, err) ? -1 : 0;
}

/* Warns of what was found; what other trials of the cache have brought up is not said again. */
static int say_new(const struct lb_sentences *found, struct lb_data_cache *cache, struct lb_err *err)
{
	for (size_t i = 0; i < found->n; i++) {
		if (lb_sentences_have(&cache->said, found->text[i]))
			continue;
		lb_warn("%s", found->text[i]);
		if (lb_sentences_add(&cache->said, found->text[i], err))
			return -1;
	}
	return 0;
}

/* Warns of the trial's rows. */
static int say_warnings(const struct lb_dataset *data, const struct lb_split *split, struct lb_data_cache *cache, struct lb_err *err)
{
	struct lb_sentences found = { 0 };
	const int rc = lb_labels_warn(data, split, data->y, &found, err) || say_new(&found, cache, err) ? -1 : 0;

	lb_sentences_free(&found);
	return rc;
}

/* Warns of rows that the trial's metrics leave out. */
static int say_left_out(const cJSON *config, const struct lb_dataset *data, const struct lb_split *split, struct lb_data_cache *cache,
			struct lb_err *err)
{
	struct lb_sentences found = { 0 };
	const int rc = lb_embeddings_warn(config, data, split, data->y, &found, err) || say_new(&found, cache, err) ? -1 : 0;

	lb_sentences_free(&found);
	return rc;
}

/* Whether both configs have the very same block. */
static bool share_block(const cJSON *a, const cJSON *b, const char *key)
{
	const cJSON *x = cJSON_GetObjectItemCaseSensitive(a, key), *y = cJSON_GetObjectItemCaseSensitive(b, key);

	return x && y && x->child == y->child;
}

/* Makes the split and what else depends on the rows alone, for a look. */
static int look_at_rows(const cJSON *config, struct lb_data_cache *cache, struct lb_trial_memo *memo, struct lb_err *err)
{
	struct lb_encode_options encode;
	struct lb_encoding features = { 0 };

	lb_split_free(&memo->split);
	memo->config = NULL;
	if (!(memo->source = lb_data_get(cache, config, err)))
		return -1;
	const struct lb_dataset *data = memo->source->data;
	if (lb_trial_rows(config, data, &memo->split, err) || lb_targets_check(config, data, err) || say_warnings(data, &memo->split, cache, err))
		return -1;
	lb_encode_options_of(config, &encode);
	if ((data->n_cat || data->x.start || encode.scale) && lb_encoding_make(data, &memo->split, &encode, &features, err))
		return -1;
	lb_encoding_free(&features);
	return 0;
}

int lb_trial_open(struct lb_trial *t, const cJSON *config, struct lb_data_cache *cache, struct lb_trial_memo *memo, struct lb_err *err)
{
	const bool same_rows = memo->config && share_block(config, memo->config, "data") && share_block(config, memo->config, "corrupt") &&
			       !strcmp(lb_get_text(config, "task"), lb_get_text(memo->config, "task"));

	*t = (struct lb_trial){ .config = config };
	if (!same_rows && look_at_rows(config, cache, memo, err))
		return -1;
	memo->config = config;
	t->source = memo->source;
	if (lb_data_check_dense(config, t->source->data, err) || check_applicable(config, t->source->data, &memo->split, err) ||
	    say_left_out(config, t->source->data, &memo->split, cache, err))
		return -1;
	return lb_trial_id(config, t->source, memo->id, t->id, err);
}

void lb_trial_memo_free(struct lb_trial_memo *memo)
{
	lb_split_free(&memo->split);
	lb_id_texts_free(memo->id);
	*memo = (struct lb_trial_memo){ 0 };
}

/* The descriptor named in a component block and its parameters. */
static const struct lb_info *component(struct lb_prepared *p, const cJSON *config, const char *block, const char *key, size_t room,
				       struct lb_arg *par, struct lb_err *err)
{
	const cJSON *item = lb_json_at(config, block);
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, key));
	const struct lb_info *info;
	size_t at = 0;
	double *lists = NULL;

	while ((info = lb_registries.next(block, kind_of(config), &at)) && (!name || strcmp(info->name, name)))
		continue;
	if (!info || (size_t)info->n_params > room || p->n_lists == sizeof p->lists / sizeof *p->lists) {
		lb_fail(err, LB_MACHINE, "%s: no component \"%s\" (a defect of lossbench)", block, name ? name : "");
		return NULL;
	}
	if (lb_args_from_block(info, item, par, &lists, err))
		return NULL;
	p->lists[p->n_lists++] = lists;
	return info;
}

/* "top_k", or "top_k(k=3)" where a parameter is not at its default. */
static char *metric_key(const struct lb_info *info, const struct lb_arg *par, struct lb_err *err)
{
	struct lb_buf b = { 0 };
	char number[LB_DOUBLE_TEXT];
	const char *mark = "(";

	lb_buf_puts(&b, info->name);
	for (int i = 0; i < info->n_params; i++) {
		if (info->params[i].type == LB_TEXT_PARAM || par[i].list || par[i].v == info->params[i].def)
			continue;
		lb_double_text(par[i].v, number);
		lb_buf_printf(&b, "%s%s=%s", mark, info->params[i].name, par[i].text ? par[i].text : number);
		mark = ",";
	}
	if (*mark == ',')
		lb_buf_puts(&b, ")");
	if (!b.bad)
		return b.s;
	lb_buf_free(&b);
	lb_fail_memory(err, 64);
	return NULL;
}

static int prepare_metrics(struct lb_prepared *p, const cJSON *config, struct lb_err *err)
{
	enum { ROOM = sizeof p->metric / sizeof *p->metric };
	const cJSON *block;
	size_t n = 0;

	cJSON_ArrayForEach(block, lb_json_at(config, "metrics")) {
		double *lists = NULL;
		const struct lb_metric *m = lb_metric_find(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(block, "name")));
		if (n == ROOM)
			return lb_fail(err, LB_CONFIG, "metrics: found more than %d, allowed: at most %d", ROOM, ROOM);
		if (!m || lb_args_from_block(&m->base, block, p->metric_par[n], &lists, err))
			return -1;
		free(lists);
		if (!(p->key[n] = metric_key(&m->base, p->metric_par[n], err)))
			return -1;
		p->metric[n] = (struct lb_metric_use){ .metric = m, .par = p->metric_par[n], .key = p->key[n] };
		n++;
	}
	p->setup.metric = p->metric;
	p->setup.n_metrics = n;
	return 0;
}

static int prepare_stopping(struct lb_prepared *p, const cJSON *config, struct lb_err *err)
{
	const cJSON *block = lb_json_at(config, "train.early_stopping");
	const char *metric = lb_get_text(block, "metric");

	if (!block)
		return 0;
	p->setup.stop = (struct lb_early_stopping){ .on = true, .patience = (int64_t)lb_get_number(block, "patience", 5),
						    .min_delta = lb_get_number(block, "min_delta", 0) };
	for (size_t i = 0; i < p->setup.n_metrics; i++)
		if (!strcmp(metric + strlen("valid."), p->key[i]) ||
		    !strcmp(metric + strlen("valid."), p->metric[i].metric->base.name)) {
			p->setup.stop.metric = i;
			return 0;
		}
	return lb_fail(err, LB_CONFIG, "train.early_stopping.metric: %s is not among metrics", metric);
}

int lb_prepare_components(struct lb_prepared *p, const cJSON *config, const struct lb_dataset *data, struct lb_err *err)
{
	const size_t columns = data->kind == LB_MULTICLASS ? data->n_classes : data->kind == LB_BINARY ? 1 : data->n_targets;
	const struct lb_info *loss = component(p, config, "loss", "name", 16, p->loss_par, err);
	const struct lb_info *optimizer = loss ? component(p, config, "optimizer", "name", 16, p->optimizer_par, err) : NULL;
	const struct lb_info *schedule = optimizer ? component(p, config, "schedule", "name", 16, p->schedule_par, err) : NULL;
	const struct lb_info *model = schedule ? component(p, config, "model", "kind", 16, p->model_par, err) : NULL;

	if (!model)
		return -1;
	p->setup.loss = lb_loss_find(kind_of(config), loss->name);
	p->setup.loss_par = p->loss_par;
	if (lb_model_spec_make(model, p->model_par, p->features.d, columns * lb_loss_outputs(p->setup.loss, p->loss_par), &p->setup.model, err))
		return -1;
	if (lb_json_at(config, "model.head")) {
		const struct lb_info *head = component(p, config, "model.head", "kind", LB_MOST_HEAD_PARAMS, p->head_par, err);
		if (!head)
			return -1;
		lb_model_spec_head(&p->setup.model, head, p->head_par);
	}
	if (lb_json_at(config, "train.views") && !(p->setup.view = component(p, config, "train.views", "kind", 4, p->view_par, err)))
		return -1;
	if (lb_attack_at_path(config, "train.attack") &&
	    !(p->setup.attack = component(p, config, "train.attack", "kind", LB_ATTACK_PARAMS, p->attack_par, err)))
		return -1;
	if (lb_attack_at_path(config, "evaluate.attack") &&
	    !(p->setup.probe = component(p, config, "evaluate.attack", "kind", LB_ATTACK_PARAMS, p->probe_par, err)))
		return -1;
	if (lb_json_at(config, "train.miner") &&
	    !(p->setup.miner = component(p, config, "train.miner", "kind", LB_MOST_MINER_PARAMS, p->miner_par, err)))
		return -1;
	p->setup.miner_par = p->miner_par;
	p->setup.attack_par = p->attack_par;
	p->setup.probe_par = p->probe_par;
	p->setup.view_par = p->view_par;
	p->setup.optimizer = optimizer;
	p->setup.optimizer_par = p->optimizer_par;
	p->setup.schedule = (const struct lb_schedule *)schedule;
	p->setup.schedule_par = p->schedule_par;
	return lb_terms_prepare(p, config, data->n_classes, err);
}

static void prepare_cohort(struct lb_prepared *p, const cJSON *config)
{
	static const char *const parts[] = { "train", "valid", "test" };
	const cJSON *e;

	cJSON_ArrayForEach(e, lb_json_at(config, "train.curves"))
		for (int part = 0; part < 3; part++)
			p->setup.curve[part] |= !strcmp(e->valuestring, parts[part]);
	p->setup.clip_norm = lb_get_number(config, "train.clip_norm", 0);
	lb_evaluation_set(&p->setup, config);
	p->setup.keep_scores = lb_get_bool(config, "output.predictions");
	p->setup.keep_model = lb_get_bool(config, "output.model");
	p->precision = !strcmp(lb_get_text(config, "train.precision"), "float64") ? 64 : 32;
	p->cohort = (struct lb_cohort){
		.features = &p->features,
		.split = &p->split,
		.kind = lb_kind_of_data(kind_of(config)),
		.epochs = (size_t)lb_get_number(config, "train.epochs", 1),
		.batch = (size_t)lb_get_number(config, "train.batch", 1),
		.order_seed = (uint64_t)lb_get_number(config, "train.seed", 1),
		.shuffle = lb_get_bool(config, "train.shuffle"),
		.sampling = lb_sampling_of(config),
		.per_class = (size_t)lb_get_number(config, "train.per_class", LB_PER_CLASS),
		.trial = &p->setup,
		.k = 1,
	};
	if (p->cohort.batch > p->split.n[LB_TRAIN])
		p->cohort.batch = p->split.n[LB_TRAIN];
}

/* Where the training is kept, and what its bytes depend on. */
static int prepare_checkpoint(struct lb_prepared *p, const struct lb_trial *t, struct lb_err *err)
{
	p->setup.checkpoint_every = (size_t)lb_get_number(t->config, "train.checkpoint", 0);
	if (lb_full_batch(&p->setup))
		return 0;
	p->checkpoint = lb_checkpoint_path(t, err);
	p->checkpoint_tag = lb_strfmt(err, "%s %s %s %s %s %s", t->id, lb_version, lb_git_revision, lb_compiler, lb_build_flags,
				      lb_kernels_name());
	p->setup.checkpoint = p->checkpoint;
	p->setup.checkpoint_tag = p->checkpoint_tag;
	return p->checkpoint && p->checkpoint_tag ? 0 : -1;
}

char *lb_checkpoint_path(const struct lb_trial *t, struct lb_err *err)
{
	return lb_strfmt(err, "%s/trials/%s.checkpoint", lb_get_text(t->config, "output.dir"), t->id);
}

/* The rows of the trial and their features: the leader's, or made. */
static int prepare_rows(struct lb_prepared *p, const struct lb_trial *t, const struct lb_prepared *leader, struct lb_err *err)
{
	struct lb_encode_options encode;

	if (leader) {
		p->borrowed = true;
		p->split = leader->split;
		p->features = leader->features;
		return 0;
	}
	lb_encode_options_of(t->config, &encode);
	return lb_trial_rows(t->config, t->source->data, &p->split, err) ||
			       lb_encoding_make(t->source->data, &p->split, &encode, &p->features, err) ? -1 : 0;
}

/* Whether the two, of one cohort, have the same metrics of the same labels, and so the same
 * baseline. */
static bool same_baseline(const struct lb_setup *a, const struct lb_setup *b, size_t rows)
{
	if (a->n_metrics != b->n_metrics || a->loss->kind != b->loss->kind || !lb_outputs_same(a, b) || !a->probe != !b->probe ||
	    (a->y != b->y && memcmp(a->y, b->y, rows * sizeof *a->y)))
		return false;
	for (size_t i = 0; i < a->n_metrics; i++)
		if (strcmp(a->metric[i].key, b->metric[i].key))
			return false;
	return true;
}

static int prepare_baseline(struct lb_prepared *p, const struct lb_prepared *leader, struct lb_err *err)
{
	if (leader && same_baseline(&leader->setup, &p->setup, p->features.data->n))
		return lb_baseline_copy(&leader->baseline, p->setup.n_metrics, &p->baseline, err);
	return lb_baseline_make_f64(&p->cohort, &p->setup, &p->baseline, err);
}

int lb_prepare(const struct lb_trial *t, const struct lb_prepared *leader, struct lb_prepared *p, struct lb_err *err)
{
	const struct lb_dataset *data = t->source->data;
	const double start = lb_seconds();

	*p = (struct lb_prepared){ 0 };
	if (prepare_rows(p, t, leader, err) || lb_prepare_components(p, t->config, data, err) || prepare_metrics(p, t->config, err) ||
	    lb_procedures_prepare(p, t->config, err) || prepare_stopping(p, t->config, err) || lb_targets_prepare(p, t->config, data, err) ||
	    lb_embeddings_warn(t->config, data, &p->split, p->setup.y, &p->warnings, err) || prepare_checkpoint(p, t, err)) {
		lb_prepared_free(p);
		return -1;
	}
	p->setup.teacher = t->source->teacher.scores;
	prepare_cohort(p, t->config);
	if (prepare_baseline(p, leader, err)) {
		lb_prepared_free(p);
		return -1;
	}
	p->seconds = lb_seconds() - start;
	return 0;
}

void lb_prepared_free(struct lb_prepared *p)
{
	if (!p->borrowed) {
		lb_split_free(&p->split);
		lb_encoding_free(&p->features);
	}
	free(p->y);
	free(p->row_weight);
	free(p->unit);
	free(p->checkpoint);
	free(p->checkpoint_tag);
	lb_sentences_free(&p->warnings);
	lb_baseline_free(&p->baseline);
	for (size_t i = 0; i < p->n_lists; i++)
		free(p->lists[i]);
	for (size_t i = 0; i < sizeof p->key / sizeof *p->key; i++)
		free(p->key[i]);
	*p = (struct lb_prepared){ 0 };
}

char *lb_cohort_key(const struct lb_trial *t, struct lb_err *err)
{
	static const char *const shared[] = { "task", "data", "corrupt.imbalance", "train.epochs", "train.batch", "train.seed", "train.shuffle",
					      "train.sampler", "train.per_class", "train.precision", "output.dir", "corrupt.labels" };
	const bool by_label = lb_sampling_of(t->config)->by_class;
	const size_t n = sizeof shared / sizeof *shared;
	struct lb_buf b = { 0 };

	if (lb_reads_all(t->config))
		return NULL;
	/* Embeddings without class scores are evaluated by as many columns as they have. */
	if (!lb_loss_gives_scores(lb_loss_find(kind_of(t->config), lb_get_text(t->config, "loss.name"))))
		lb_buf_printf(&b, "dimension=%g;", lb_get_number(t->config, "model.dimension", 0));
	for (size_t i = 0; i < n - !by_label; i++) {
		const cJSON *item = lb_json_at(t->config, shared[i]);
		char *text = item ? cJSON_PrintUnformatted(item) : NULL;
		lb_buf_printf(&b, "%s=%s;", shared[i], text ? text : "");
		b.bad = b.bad || (item && !text);
		cJSON_free(text);
	}
	if (!b.bad)
		return b.s;
	lb_buf_free(&b);
	lb_fail_memory(err, 4096);
	return NULL;
}

int lb_prepared_train(const struct lb_prepared *leader, const struct lb_setup *setup, size_t k, struct lb_outcome *out,
		      struct lb_err *err)
{
	struct lb_cohort cohort = leader->cohort;

	cohort.trial = setup;
	cohort.k = k;
	if (lb_full_batch(setup))
		return (leader->precision == 64 ? lb_fit_f64 : lb_fit_f32)(&cohort, out, err);
	return (leader->precision == 64 ? lb_train_f64 : lb_train_f32)(&cohort, out, err);
}
