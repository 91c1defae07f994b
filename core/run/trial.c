#include "core/run/trial.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/config/spec_fill.h"
#include "core/numeric/kernel_dispatch.h"
#include "core/numeric/rng.h"
#include "core/run/components.h"
#include "core/run/trial_constraints.h"
#include "core/run/trial_warnings.h"
#include "core/run/provenance.h"
#include "core/run/start.h"
#include "core/run/survival_setup.h"
#include "core/run/targets.h"
#include "core/run/terms.h"
#include "core/run/trial_setup.h"
#include "core/training/first_outputs.h"
#include "core/training/train.h"
#include "datasets/sampling/forget_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
	const struct lb_split all = lb_forget_before(split);
	struct lb_sentences found = { 0 };
	const int rc = lb_labels_warn(data, &all, data->y, &found, err) || say_new(&found, cache, err) ? -1 : 0;

	lb_sentences_free(&found);
	return rc;
}

/* Warns of what the trial's loss and metrics make of the rows. */
static int say_of_trial(const struct lb_spec *spec, const struct lb_dataset *data, const struct lb_split *split, struct lb_data_cache *cache,
			struct lb_err *err)
{
	struct lb_sentences found = { 0 };
	const int rc = lb_trial_warn(spec, data, split, data->y, &found, err) || say_new(&found, cache, err) ? -1 : 0;

	lb_sentences_free(&found);
	return rc;
}

/* Checks what depends on the rows alone. Features that no column can spoil are made when the trial
 * is prepared. */
static int check_rows(const struct lb_spec *spec, const struct lb_data_entry *source, struct lb_rows *rows, struct lb_err *err)
{
	const struct lb_dataset *data = source->data;

	if (lb_targets_check(spec, data, err) || say_warnings(data, &rows->split, source->cache, err))
		return -1;
	return data->n_cat || data->x.start || spec->data.preprocess.scale.at ? lb_rows_encode(rows, spec, err) : 0;
}

/* *start, *reference <- what saved models say of the rows: that of model.start where a loss reads
 * it as its teacher, and that of evaluate.reference; NULL without. */
static int ask_models(const struct lb_spec *spec, const struct lb_data_entry *source, const struct lb_teacher **start, const struct lb_teacher **reference,
		      struct lb_err *err)
{
	const char *path = lb_start_is_taught(spec) ? lb_start_path(spec) : NULL;

	*start = *reference = NULL;
	if (path && !(*start = lb_data_ask_model(source, path, "model of model.start", spec, err)))
		return -1;
	path = spec->evaluate.reference;
	return !path || (*reference = lb_data_ask_model(source, path, "reference", spec, err)) ? 0 : -1;
}

int lb_trial_open(struct lb_trial *t, const cJSON *config, struct lb_data_cache *cache, struct lb_trial_memo *memo, struct lb_err *err)
{
	const bool same_rows = lb_rows_same(config, memo->config);
	const struct lb_spec *spec = &memo->spec;
	const struct lb_teacher *start, *reference;

	memo->config = NULL;
	if (lb_spec_fill(&memo->spec, config, &lb_registries, err) || (!same_rows && !(memo->source = lb_data_get(cache, spec, err))) ||
	    lb_data_read_features(cache, memo->source, spec, err))
		return -1;
	*t = (struct lb_trial){ .config = config, .source = memo->source, .dir = spec->output.dir, .epochs = (uint32_t)spec->train.epochs,
				.predictions = spec->output.predictions, .model = spec->output.model };
	struct lb_rows *rows = lb_rows_get(t->source, spec, err);
	if (!rows)
		return -1;
	int rc = same_rows ? 0 : check_rows(spec, t->source, rows, err);
	memo->config = rc ? NULL : config;
	if (!rc)
		rc = lb_constraints_check(spec, t->source->data, &rows->split, err) || lb_start_check(spec, t->source->data, err) ||
		     ask_models(spec, t->source, &start, &reference, err) || say_of_trial(spec, t->source->data, &rows->split, cache, err) ||
		     lb_trial_id(config, t->source, &memo->id, t->id, err) ? -1 : 0;
	lb_rows_drop(rows);
	return rc;
}

void lb_trial_memo_free(struct lb_trial_memo *memo)
{
	lb_spec_free(&memo->spec);
	lb_id_texts_free(&memo->id);
	*memo = (struct lb_trial_memo){ 0 };
}

static void prepare_procedures(struct lb_prepared *p)
{
	for (size_t i = 0; i < p->spec.procedures.n; i++)
		p->procedure[i] = (struct lb_procedure_use){ p->spec.procedures.use[i].info, p->spec.procedures.use[i].par };
	p->setup.procedure = p->procedure;
	p->setup.n_procedures = p->spec.procedures.n;
	for (size_t i = 0; i < p->spec.regularisers.n; i++) {
		const struct lb_component_use *use = &p->spec.regularisers.use[i];
		p->regulariser[i] = (struct lb_regulariser_use){ use->info, use->par, use->weight };
	}
	p->setup.regulariser = p->regulariser;
	p->setup.n_regularisers = p->spec.regularisers.n;
}

/* *at <- the place among the metrics of valid.NAME. */
static int find_metric(const struct lb_prepared *p, const char *path, const char *metric, size_t *at, struct lb_err *err)
{
	const char *name = metric + strlen("valid.");

	for (size_t i = 0; i < p->setup.n_metrics; i++)
		if (!strncmp(metric, "valid.", strlen("valid.")) && (!strcmp(name, p->key[i]) || !strcmp(name, p->metric[i].metric->base.name))) {
			*at = i;
			return 0;
		}
	struct lb_buf list = { 0 };
	for (size_t i = 0; i < p->setup.n_metrics; i++)
		lb_buf_printf(&list, "%svalid.%s", i ? ", " : "", p->key[i]);
	lb_fail(err, LB_CONFIG, "%s: found \"%.60s\", allowed: %s", path, metric, list.s ? list.s : "one of the metrics");
	lb_buf_free(&list);
	return -1;
}

static int prepare_stopping(struct lb_prepared *p, struct lb_err *err)
{
	const char *metric = p->spec.train.early_stopping.metric;

	if (!metric)
		return 0;
	p->setup.stop = (struct lb_early_stopping){ .on = true, .patience = (int64_t)p->spec.train.early_stopping.patience,
						    .min_delta = p->spec.train.early_stopping.min_delta };
	return find_metric(p, "train.early_stopping.metric", metric, &p->setup.stop.metric, err);
}

/* A schedule without a metric of its own follows the first. */
static int prepare_schedule(struct lb_prepared *p, struct lb_err *err)
{
	const char *metric = p->setup.schedule->follow ? p->setup.schedule_par[LB_SCHED_METRIC].text : NULL;

	return metric ? find_metric(p, "schedule.metric", metric, &p->setup.schedule_metric, err) : 0;
}

static void prepare_cohort(struct lb_prepared *p)
{
	static const char *const parts[] = { "train", "valid", "test" };
	const struct lb_train_spec *train = &p->spec.train;

	for (size_t i = 0; i < train->curves.n; i++)
		for (int part = 0; part < 3; part++)
			p->setup.curve[part] |= !strcmp(train->curves.text[i], parts[part]);
	p->setup.clip_norm = train->clip_norm;
	p->setup.loss_lr_factor = train->loss_lr_factor;
	p->setup.threshold = (const struct lb_threshold *)lb_thresholds[p->spec.evaluate.threshold.at];
	p->setup.calibration = (const struct lb_calibration *)p->spec.evaluate.calibration.info;
	p->setup.calibration_par = p->spec.evaluate.calibration.par;
	p->setup.keep_scores = p->spec.output.predictions;
	p->setup.keep_model = p->spec.output.model;
	p->cohort = (struct lb_cohort){
		.features = &p->features,
		.split = &p->split,
		.kind = lb_kind_of_data(lb_spec_kind(&p->spec)),
		.epochs = train->epochs,
		.batch = train->batch,
		.order_seed = train->seed,
		.shuffle = train->shuffle,
		.sampling = lb_used_sampling(&p->spec),
		.draw_weight = lb_used_sampling(&p->spec)->by_weight ? p->row_weight : NULL,
		.per_class = train->per_class ? train->per_class : LB_PER_CLASS,
		.clusters = train->clusters,
		.positive_rate = train->positive_rate,
		.trial = &p->setup,
		.k = 1,
	};
	if (p->cohort.batch > p->split.n[LB_TRAIN])
		p->cohort.batch = p->split.n[LB_TRAIN];
	if (!p->cohort.clusters) /* as many as the batch has rows, or as there are batches */
		p->cohort.clusters = p->cohort.sampling->one_of_each ? train->batch : (p->split.n[LB_TRAIN] + p->cohort.batch - 1) / p->cohort.batch;
	if (p->cohort.clusters > p->split.n[LB_TRAIN])
		p->cohort.clusters = p->split.n[LB_TRAIN];
}

/* Batches of whole queries or bags, where there are some. */
static int prepare_queries(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err)
{
	struct lb_cohort *c = &p->cohort;
	const int32_t *bag = p->split.bag;

	if (c->kind != LB_RANKING && !bag)
		return 0;
	if (lb_query_batches_make(&p->queries, bag ? bag : data->group, bag ? NULL : p->split.rows[LB_TRAIN], p->split.n[LB_TRAIN], c->batch, c->epochs, c->order_seed, c->shuffle, err))
		return -1;
	c->queries = &p->queries;
	c->batch = p->queries.most;
	return 0;
}

/* Where the training is kept, and what its bytes depend on. */
static int prepare_checkpoint(struct lb_prepared *p, const struct lb_trial *t, struct lb_err *err)
{
	p->setup.checkpoint_every = p->spec.train.checkpoint;
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
	return lb_strfmt(err, "%s/trials/%s.checkpoint", t->dir, t->id);
}

/* The rows of the trial and their features: the leader's, those that were made before, or new
 * ones. */
static int prepare_rows(struct lb_prepared *p, const struct lb_trial *t, const struct lb_prepared *leader, struct lb_err *err)
{
	if (leader) {
		p->rows = leader->rows;
		p->rows->refs++;
	} else if (!(p->rows = lb_rows_get(t->source, &p->spec, err)) || lb_rows_encode(p->rows, &p->spec, err)) {
		return -1;
	}
	p->split = p->rows->split;
	p->features = p->rows->features;
	return 0;
}

/* Whether the two, of one cohort, have the same metrics of the same labels, and so the same
 * baseline. */
static bool same_baseline(const struct lb_setup *a, const struct lb_setup *b, const struct lb_dataset *data)
{
	const double *target = lb_setup_target(a, data), *other = lb_setup_target(b, data), *taught = lb_setup_taught(a, data), *too = lb_setup_taught(b, data);

	if (a->loss->kind == LB_EMBEDDING && a->model.width[a->model.n_layers] != b->model.width[b->model.n_layers]) /* of the random map */
		return false;
	if (a->n_metrics != b->n_metrics || a->reference != b->reference || a->loss->kind != b->loss->kind || !lb_outputs_same(a->loss, a->loss_par, b->loss, b->loss_par) || !a->eval_attack != !b->eval_attack ||
	    lb_loss_gives_curves(a->loss) != lb_loss_gives_curves(b->loss) ||
	    (a->y != b->y && memcmp(a->y, b->y, data->n * sizeof *a->y)) ||
	    (target != other && memcmp(target, other, data->n * data->n_targets * sizeof *target)) ||
	    (taught != too && memcmp(taught, too, data->n * data->n_targets * sizeof *taught)))
		return false;
	for (size_t i = 0; i < a->n_metrics; i++)
		if (strcmp(a->metric[i].key, b->metric[i].key))
			return false;
	return true;
}

static int prepare_baseline(struct lb_prepared *p, const struct lb_prepared *leader, struct lb_err *err)
{
	if (leader && same_baseline(&leader->setup, &p->setup, p->features.data))
		return lb_baseline_copy(&leader->baseline, p->setup.n_metrics, &p->baseline, err);
	return lb_baseline_make_f64(&p->cohort, &p->setup, &p->baseline, err);
}

/* Shuffled pairs: the second views of a share of the training rows, which are drawn, go round among
 * them, so that none keeps its own. */
static int prepare_pairs(struct lb_prepared *p, struct lb_err *err)
{
	const size_t n = p->split.n[LB_TRAIN], shuffled = (size_t)(p->spec.corrupt.pairs * (double)n + 0.5);
	struct lb_rng rng;
	uint32_t *order;

	if (!(p->spec.corrupt.pairs > 0))
		return 0;
	if (!(p->pair_row = lb_alloc(n, sizeof *p->pair_row, err)) || !(order = lb_alloc(n, sizeof *order, err)))
		return -1;
	for (size_t i = 0; i < n; i++) {
		p->pair_row[i] = p->split.rows[LB_TRAIN][i];
		order[i] = (uint32_t)i;
	}
	lb_rng_init(&rng, p->spec.train.seed, LB_RNG_PAIRS, 0);
	lb_rng_shuffle(&rng, order, n);
	for (size_t i = 0; i < shuffled; i++)
		p->pair_row[order[i]] = p->split.rows[LB_TRAIN][order[(i + 1) % shuffled]];
	free(order);
	p->setup.pair_row = p->pair_row;
	return 0;
}

/* The centre that a model of anomalies is trained to give: its mean output for the training rows
 * before training, not too near to 0 (L. Ruff et al., Deep one-class classification, ICML 2018). */
static int prepare_centre(struct lb_prepared *p, struct lb_err *err)
{
	const double least = 0.1;
	const size_t n = p->setup.model.width[p->setup.model.n_layers];
	double *centre = p->setup.centred ? lb_alloc(n, sizeof *centre, err) : NULL;

	if (!p->setup.centred)
		return 0;
	int rc = centre && (p->unit = lb_alloc(n, sizeof *p->unit, err)) ? 0 : -1;
	if (!rc)
		rc = (p->precision == 64 ? lb_first_outputs_f64 : lb_first_outputs_f32)(&p->cohort, &p->setup, centre, err);
	for (size_t k = 0; !rc && k < n; k++)
		p->unit[k] = (struct lb_unit){ .mean = -(fabs(centre[k]) < least ? copysign(least, centre[k]) : centre[k]), .sd = 1 };
	p->setup.unit = rc ? NULL : p->unit;
	free(centre);
	return rc;
}

int lb_prepare(const struct lb_trial *t, const struct lb_prepared *leader, struct lb_prepared *p, struct lb_err *err)
{
	const struct lb_dataset *data = t->source->data;
	const struct lb_teacher *start, *reference;
	const double began = lb_seconds();

	*p = (struct lb_prepared){ 0 };
	if (lb_spec_fill(&p->spec, t->config, &lb_registries, err) || prepare_rows(p, t, leader, err) || lb_prepare_components(p, data, err) ||
	    lb_prepare_metrics(p, err) || prepare_stopping(p, err) || prepare_schedule(p, err) || lb_targets_prepare(p, data, err) || lb_terms_take_parts(p, data, err) || lb_start_prepare(p, err) ||
	    ask_models(&p->spec, t->source, &start, &reference, err) ||
	    lb_trial_warn(&p->spec, data, &p->split, p->setup.y, &p->warnings, err) || prepare_checkpoint(p, t, err)) {
		lb_prepared_free(p);
		return -1;
	}
	prepare_procedures(p);
	p->setup.teacher = start ? start->scores : t->source->teacher.scores;
	p->setup.reference = reference ? reference->scores : NULL;
	p->reference = reference;
	p->setup.second_teacher = t->source->second_teacher.scores;
	const struct lb_teacher *guide = lb_teacher_features_read(&p->spec) ? &t->source->features : &t->source->guide;
	p->setup.guide = guide->scores;
	p->setup.guide_columns = guide->columns;
	p->setup.soft_labels = t->source->soft_labels.p ? t->source->soft_labels.p : data->soft_label;
	prepare_cohort(p);
	if (prepare_pairs(p, err) || prepare_centre(p, err) || prepare_queries(p, data, err) || lb_prepare_survival(p, data, err) || prepare_baseline(p, leader, err)) {
		lb_prepared_free(p);
		return -1;
	}
	p->seconds = lb_seconds() - began;
	return 0;
}

void lb_prepared_free(struct lb_prepared *p)
{
	lb_rows_drop(p->rows);
	lb_spec_free(&p->spec);
	free(p->y);
	free(p->target);
	free(p->taught);
	free(p->row_weight);
	for (int k = 0; k < LB_ROW_LISTS; k++)
		free(p->part[k]);
	free(p->unit);
	lb_start_free(&p->start);
	free(p->checkpoint);
	free(p->checkpoint_tag);
	lb_sentences_free(&p->warnings);
	free(p->pair_row);
	lb_baseline_free(&p->baseline);
	lb_query_batches_free(&p->queries);
	lb_survival_free(&p->survival);
	for (size_t i = 0; i < sizeof p->key / sizeof *p->key; i++)
		free(p->key[i]);
	*p = (struct lb_prepared){ 0 };
}

char *lb_cohort_key(const struct lb_trial *t, struct lb_spec *spec, struct lb_err *err)
{
	static const char *const shared[] = { "task", "data", "corrupt.imbalance", "train.epochs", "train.batch", "train.seed", "train.shuffle",
					      "train.sampler", "train.per_class", "train.clusters", "train.positive_rate", "train.precision", "output.dir", "corrupt.labels", "train.class_weight",
					      "train.scale_pos_weight" };
	enum { BY_LABEL = 3, BY_WEIGHT = 2 }; /* the last of them, which a sampler alone makes matter */
	const size_t n = sizeof shared / sizeof *shared;
	struct lb_buf b = { 0 };

	if (lb_spec_fill(spec, t->config, &lb_registries, err) || lb_reads_all(spec) || lb_trains_several_times(spec))
		return NULL;
	const struct lb_sampling *sampling = lb_used_sampling(spec);
	const size_t apart = sampling->by_weight ? 0 : sampling->by_class ? BY_WEIGHT : BY_LABEL;
	/* Embeddings without class scores are evaluated by as many columns as they have. */
	if (!lb_loss_gives_scores(lb_used_loss(&spec->loss)))
		lb_buf_printf(&b, "dimension=%g;", lb_use_number(&spec->model, "dimension", 0));
	for (size_t i = 0; i < n - apart; i++) {
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

int lb_prepared_train(const struct lb_prepared *leader, const struct lb_setup *setup, size_t k, struct lb_train_result *out,
		      struct lb_err *err)
{
	struct lb_cohort cohort = leader->cohort;

	cohort.trial = setup;
	cohort.k = k;
	if (lb_full_batch(setup))
		return (leader->precision == 64 ? lb_fit_f64 : lb_fit_f32)(&cohort, out, err);
	return (leader->precision == 64 ? lb_train_f64 : lb_train_f32)(&cohort, out, err);
}
