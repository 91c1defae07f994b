#include "core/config/spec_fill.h"
#include "core/run/trial.h"

#include "core/base/mem.h"
#include "core/run/components.h"
#include "core/run/trial_constraints.h"
#include "datasets/sampling/forget_rows.h"

#include <stdlib.h>
#include <string.h>

/* What to do about a part whose rows lack classes. */
static const char *class_advice(const struct lb_spec *spec)
{
	if (spec->data.split.first || spec->data.split.modulo)
		return "the file is sorted? use a random split, such as data.split: {train: 0.64, valid: 0.16, test: 0.2}";
	if (spec->data.group)
		return "data.group keeps whole groups together; give the part more of them, or leave out data.group";
	if (spec->data.split.stratify)
		return "give the part more rows (data.split.stratify is true already), or leave out classes of very few rows";
	return "give the part more rows, and keep class shares with data.split.stratify: true";
}

/* found[c] <- whether the row is of class c, or has label c. */
static void find_classes(const struct lb_dataset *data, size_t row, bool *found)
{
	if (data->y)
		found[data->y[row]] = true;
	for (size_t c = 0; !data->y && c < data->n_classes; c++)
		found[c] |= data->target[row * data->n_classes + c] > 0;
}

/* Rows of a class that a part lacks cannot be thinned out to a share. */
static int check_every_class(const struct lb_spec *spec, const struct lb_dataset *data, const struct lb_split *split, int part, struct lb_err *err)
{
	bool *found = lb_alloc(data->n_classes, sizeof *found, err);
	int rc = found ? 0 : -1;

	for (size_t i = 0; found && i < split->n[part]; i++)
		find_classes(data, split->rows[part][i], found);
	for (size_t c = 0; !rc && c < data->n_classes; c++)
		if (!found[c])
			rc = lb_fail(err, LB_DATA, "corrupt.imbalance: %s '%s' has no row in the %s part; %s", data->y ? "class" : "label",
				     data->class_name[c], part == LB_TRAIN ? "training" : "validation", data->y ? class_advice(spec) : "give the part more rows, or leave out the label");
	free(found);
	return rc;
}

/* Leaves out training (and validation) rows as corrupt.imbalance says. */
static int subsample_classes(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_split *split, struct lb_err *err)
{
	const struct lb_component_use *use = &spec->corrupt.imbalance;
	const struct lb_imbalance *imbalance = (const struct lb_imbalance *)use->info;

	if (!data->n_classes || !use->info || !use->info->n_params)
		return 0;
	const uint64_t seed = (uint64_t)lb_use_number(use, "seed", 0);
	for (int part = LB_TRAIN; part <= LB_VALID; part++) {
		if (!split->n[part] || (part == LB_VALID && lb_use_number(use, "valid", 0) == 0))
			continue;
		uint32_t *rows = split->rows[part];
		size_t *n = &split->n[part];
		if (check_every_class(spec, data, split, part, err))
			return -1;
		if (data->y ? lb_imbalance_apply(imbalance, use->par, data->n_classes, data->y, seed, rows, n, err)
			    : lb_imbalance_apply_labels(imbalance, use->par, data->n_classes, data->target, seed, rows, n, err))
			return -1;
	}
	return 0;
}

/* The options of data.split. */
static struct lb_split_options split_options(const struct lb_data_spec *d)
{
	const struct lb_list *held = &d->split.hold_out_classes;

	return (struct lb_split_options){
		.kind = d->split.first ? LB_SPLIT_FIRST : d->split.modulo ? LB_SPLIT_MODULO : d->split.folds ? LB_SPLIT_FOLDS : LB_SPLIT_FRACTIONS,
		.train = d->split.train,
		.valid = d->split.valid,
		.test = d->split.test.value,
		.first = d->split.first,
		.modulo = d->split.modulo,
		.test_residues = d->split.test.number,
		.n_test_residues = d->split.test.n,
		.folds = d->split.folds,
		.fold = d->split.fold,
		.stratify = d->split.stratify,
		.seed = d->split.seed,
		.held_out_name = held->text,
		.n_held_out = held->n,
		.held_out = held->given ? 0 : (size_t)held->value,
	};
}

int lb_join_queries(const struct lb_dataset *data, uint32_t *rows, size_t n, struct lb_err *err)
{
	size_t most = 0, to = 0;

	for (size_t i = 0; i < n; i++)
		most = (size_t)data->group[rows[i]] > most ? (size_t)data->group[rows[i]] : most;
	size_t *at = lb_alloc(most + 1, sizeof *at, err);
	uint32_t *joined = lb_alloc(n + 1, sizeof *joined, err);
	bool *placed = lb_alloc(most + 1, sizeof *placed, err);
	const bool ok = at && joined && placed;
	for (size_t i = 0; ok && i < n; i++)
		at[data->group[rows[i]]]++;
	for (size_t i = 0; ok && i < n; i++) {
		const size_t query = (size_t)data->group[rows[i]], size = at[query];
		if (!placed[query]) {
			placed[query] = true;
			at[query] = to;
			to += size;
		}
		joined[at[query]++] = rows[i];
	}
	for (size_t i = 0; ok && i < n; i++)
		rows[i] = joined[i];
	free(at);
	free(joined);
	free(placed);
	return ok ? 0 : -1;
}

static int join_all_queries(const struct lb_dataset *data, struct lb_split *split, struct lb_err *err)
{
	for (int part = 0; data->kind == LB_RANKING && part < 3; part++)
		if (split->n[part] && lb_join_queries(data, split->rows[part], split->n[part], err))
			return -1;
	return 0;
}

/* Puts the training rows into the bags of data.bags, those of one side by side. */
static int make_bags(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_split *split, struct lb_err *err)
{
	const struct lb_component_use *use = &spec->data.bags;
	const struct lb_bagging *bagging = (const struct lb_bagging *)use->info;

	if (!bagging || !bagging->assign)
		return 0;
	if (bagging->by_group && !data->group)
		return lb_fail(err, LB_CONFIG, "data.bags: found %s without data.group, allowed: with data.group, the column whose values are the bags",
			       bagging->base.name);
	const struct lb_bagging_input in = { .par = use->par, .data = data, .rows = split->rows[LB_TRAIN], .n = split->n[LB_TRAIN],
					     .seed = (uint64_t)lb_use_number(use, "seed", 0) };
	return lb_bags_make(bagging, &in, split->rows[LB_TRAIN], &split->bag, err);
}

/* Leaves the anomalies out of the training rows, so that the other parts have the rows that they
 * have in task binary. */
static int keep_normal(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_split *split, struct lb_err *err)
{
	uint32_t *rows = split->rows[LB_TRAIN];
	size_t kept = 0;

	if (data->kind != LB_ANOMALY || spec->data.anomalies.at == LB_ANOMALIES_UNLABELLED)
		return 0;
	for (size_t i = 0; i < split->n[LB_TRAIN]; i++)
		if (!data->y[rows[i]])
			rows[kept++] = rows[i];
	split->n[LB_TRAIN] = kept;
	return kept ? 0 : lb_fail(err, LB_DATA, "data.normal: no training row is normal; give data.split.train a larger share");
}

/* pool <- the rows that may train: those of the training part, and with folds, which are cut of
 * both, those of the validation part. Its rows are to be freed. */
static int pool_of(const struct lb_spec *spec, const struct lb_split *split, struct lb_split *pool, struct lb_err *err)
{
	const size_t n = split->n[LB_TRAIN], more = spec->data.cv.folds ? split->n[LB_VALID] : 0;

	if (!(pool->rows[LB_TRAIN] = lb_alloc(n + more, sizeof *pool->rows[LB_TRAIN], err)))
		return -1;
	pool->n[LB_TRAIN] = n + more;
	if (n)
		memcpy(pool->rows[LB_TRAIN], split->rows[LB_TRAIN], n * sizeof *pool->rows[LB_TRAIN]);
	if (more)
		memcpy(pool->rows[LB_TRAIN] + n, split->rows[LB_VALID], more * sizeof *pool->rows[LB_TRAIN]);
	return 0;
}

/* *marks <- data.forget's marks of the training rows (rows of the dataset), in new memory; NULL
 * where nothing is to be forgotten. */
static int mark_forgotten(const struct lb_spec *spec, const struct lb_dataset *data, const struct lb_split *split, bool **marks, struct lb_err *err)
{
	const struct lb_list *classes = &spec->data.forget.classes, *groups = &spec->data.forget.groups;
	const struct lb_forget_options opt = {
		.class_name = classes->one ? &classes->one : classes->text,
		.n_classes = classes->one ? 1 : classes->n,
		.group_name = groups->one ? &groups->one : groups->text,
		.n_groups = groups->one ? 1 : groups->n,
		.path = spec->data.forget.rows,
		.rate = spec->data.forget.rate > 0 ? spec->data.forget.rate : 1,
		.seed = spec->data.forget.seed,
	};

	*marks = NULL;
	if (!lb_forgets(spec))
		return 0;
	if (lb_forget_check(spec, err))
		return -1;
	struct lb_split pool = { 0 };
	const int rc = pool_of(spec, split, &pool, err) || !(*marks = lb_alloc(data->n, sizeof **marks, err)) || lb_forget_mark(data, &opt, &pool, *marks, err) ? -1 : 0;
	free(pool.rows[LB_TRAIN]);
	return rc;
}

/* Refines the rows of data.split; marks are those of data.forget, or NULL. */
static int refine_rows(const struct lb_spec *spec, const struct lb_dataset *data, const struct lb_split_options *opt, const bool *marks, struct lb_split *out,
		       struct lb_err *err)
{
	if (spec->data.cv.folds && lb_split_inner_folds(data, opt, spec->data.cv.folds, spec->data.cv.fold, spec->data.cv.test, out, err))
		return -1;
	if (keep_normal(spec, data, out, err) || join_all_queries(data, out, err) || make_bags(spec, data, out, err) || lb_labels_check(data, out, data->y, class_advice(spec), err))
		return -1;
	return marks ? lb_forget_divide(out, marks, (enum lb_forget_train)spec->data.forget.train.at, err) : 0;
}

/* The rows that a config trains, validates and tests on, made for the call: those of data.split
 * without those that corrupt.imbalance leaves out, and of the training rows those that data.forget
 * says, of anomaly the normal ones alone. Release with lb_split_free. */
static int trial_rows(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_split *out, struct lb_err *err)
{
	const struct lb_split_options opt = split_options(&spec->data);
	bool *marks = NULL;

	if (lb_split_make(data, &opt, out, err))
		return -1;
	const int rc = subsample_classes(spec, data, out, err) || mark_forgotten(spec, data, out, &marks, err) || refine_rows(spec, data, &opt, marks, out, err) ? -1 : 0;
	free(marks);
	if (rc)
		lb_split_free(out);
	return rc;
}

/* ---- made once ---- */

/* Whether both configs have the very same block. */
static bool share_block(const cJSON *a, const cJSON *b, const char *key)
{
	const cJSON *x = cJSON_GetObjectItemCaseSensitive(a, key), *y = cJSON_GetObjectItemCaseSensitive(b, key);

	return x && y && x->child == y->child;
}

bool lb_rows_same(const cJSON *a, const cJSON *b)
{
	return a && b && share_block(a, b, "data") && share_block(a, b, "corrupt") &&
	       lb_json_same(lb_json_at(a, "task"), lb_json_at(b, "task"));
}

void lb_rows_drop(struct lb_rows *rows)
{
	if (!rows || --rows->refs)
		return;
	lb_split_free(&rows->split);
	lb_encoding_free(&rows->features);
	free(rows);
}

struct lb_rows *lb_rows_get(const struct lb_data_entry *source, const struct lb_spec *spec, struct lb_err *err)
{
	struct lb_data_cache *cache = source->cache;

	if (!cache->rows || cache->rows->source != source || !lb_rows_same(cache->rows->config, spec->config)) {
		lb_rows_drop(cache->rows);
		struct lb_rows *rows = cache->rows = lb_alloc(1, sizeof *rows, err);
		if (!rows)
			return NULL;
		*rows = (struct lb_rows){ .refs = 1, .config = spec->config, .source = source };
		if (trial_rows(spec, source->data, &rows->split, err)) {
			lb_rows_drop(rows);
			cache->rows = NULL;
			return NULL;
		}
	}
	cache->rows->refs++;
	return cache->rows;
}

int lb_rows_encode(struct lb_rows *rows, const struct lb_spec *spec, struct lb_err *err)
{
	const struct lb_encode_options opt = {
		.subtract = spec->data.preprocess.subtract,
		.divide = spec->data.preprocess.divide,
		.standardize = spec->data.preprocess.standardize,
		.scale = (enum lb_scaling)spec->data.preprocess.scale.at,
		.unseen_zero = spec->data.unseen.at == LB_UNSEEN_IS_ZERO,
	};

	const struct lb_split all = lb_forget_before(&rows->split);

	return rows->features.data ? 0 : lb_encoding_make(rows->source->data, &all, &opt, &rows->features, err);
}

int lb_trial_split(const cJSON *config, struct lb_data_cache *cache, const struct lb_data_entry **source, struct lb_split *out,
		   struct lb_err *err)
{
	struct lb_spec spec = { 0 };
	const int rc = lb_spec_fill(&spec, config, &lb_registries, err) || !(*source = lb_data_get(cache, &spec, err)) ||
				       trial_rows(&spec, (*source)->data, out, err) ? -1 : 0;

	lb_spec_free(&spec);
	return rc;
}
