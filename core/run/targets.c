#include "core/run/targets.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/run/get.h"
#include "core/run/components.h"

#include <stdlib.h>

/* The block of weights by class, or NULL. */
static const cJSON *weights_by_class(const cJSON *config)
{
	const cJSON *weights = lb_json_at(config, "train.class_weight");

	return cJSON_IsObject(weights) ? weights : NULL;
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

static bool is_class(const struct lb_dataset *data, const char *name)
{
	for (size_t i = 0; i < data->n_classes; i++)
		if (!strcmp(data->class_name[i], name))
			return true;
	return false;
}

int lb_targets_check_weights(const cJSON *config, const struct lb_dataset *data, struct lb_err *err)
{
	const cJSON *weights = weights_by_class(config), *w;
	struct lb_buf classes = { 0 };
	int rc = 0;

	if (!weights)
		return 0;
	list_classes(data, &classes);
	cJSON_ArrayForEach(w, weights)
		if (!rc && !is_class(data, w->string))
			rc = lb_fail(err, LB_CONFIG, "train.class_weight: there is no class '%.60s'; the classes are %s", w->string, classes.bad ? "" : classes.s);
	for (size_t i = 0; !rc && i < data->n_classes; i++)
		if (!cJSON_GetObjectItemCaseSensitive(weights, data->class_name[i]))
			rc = lb_fail(err, LB_CONFIG, "train.class_weight: class '%.60s' has no weight; give each of %s one (1 leaves it as it is)",
				     data->class_name[i], classes.bad ? "" : classes.s);
	lb_buf_free(&classes);
	return rc;
}

bool lb_targets_weighted(const cJSON *config)
{
	const char *class_weight = lb_get_text(config, "train.class_weight");

	return weights_by_class(config) || (class_weight && strcmp(class_weight, "none")) || lb_get_text(config, "data.weight");
}

/* The corruption of labels that a config names, with its parameters in par; *lists is to be
 * freed. */
static const struct lb_corruption *corruption_of(const cJSON *config, struct lb_arg par[8], double **lists, struct lb_err *err)
{
	const cJSON *block = lb_json_at(config, "corrupt.labels");
	const char *kind = lb_get_text(block, "kind");

	for (size_t i = 0; kind && i < lb_corruption_count(); i++)
		if (!strcmp(lb_corruption_at(i)->base.name, kind))
			return lb_args_from_block(&lb_corruption_at(i)->base, block, par, lists, err) ? NULL : lb_corruption_at(i);
	lb_fail(err, LB_MACHINE, "corrupt.labels: no kind \"%s\" (a defect of lossbench)", kind ? kind : "");
	return NULL;
}

int lb_targets_check(const cJSON *config, const struct lb_dataset *data, struct lb_err *err)
{
	struct lb_arg par[8];
	double *lists = NULL;
	const struct lb_corruption *corruption = data->y ? corruption_of(config, par, &lists, err) : NULL;
	const int rc = !data->y ? 0 : !corruption ? -1 : corruption->check ? corruption->check(par, data->n_classes, err) : 0;

	free(lists);
	return rc;
}

/* Corrupts labels of the training rows, and of the validation rows unless the block says valid:
 * false. */
static int prepare_labels(struct lb_prepared *p, const cJSON *config, const struct lb_dataset *data, struct lb_err *err)
{
	const cJSON *block = lb_json_at(config, "corrupt.labels");
	struct lb_arg par[8];
	double *lists = NULL;

	if (!data->y)
		return 0;
	if (!(p->y = lb_alloc(data->n, sizeof *p->y, err)))
		return -1;
	memcpy(p->y, data->y, data->n * sizeof *p->y);
	p->setup.y = p->y;
	const struct lb_corruption *corruption = corruption_of(config, par, &lists, err);
	int rc = corruption ? 0 : -1;
	for (int part = LB_TRAIN; part <= LB_VALID && !rc; part++) {
		const struct lb_noise noise = { .par = par, .n_classes = data->n_classes, .rows = p->split.rows[part], .n = p->split.n[part],
						.seed = (uint64_t)lb_get_number(block, "seed", 0), .features = &p->features };
		if (part == LB_TRAIN || !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(block, "valid")))
			rc = corruption->apply(&noise, p->y, err);
	}
	if (!rc && !memcmp(p->y, data->y, data->n * sizeof *p->y))
		p->setup.y = data->y;    /* one copy in the cache for all trials of a cohort */
	free(lists);
	return rc;
}

/* Constant features are 0 once standardized; a categorical column of one value is one feature that
 * is always 1. */
static int warn_constant_features(struct lb_prepared *p, struct lb_err *err)
{
	static const char text[] = "no feature changes in the training rows, so that a model can only learn one answer for all rows";
	const struct lb_encoding *e = &p->features;
	size_t moving = e->d - e->data->x.d > e->data->n_cat;

	for (size_t j = 0; j < e->data->x.d; j++)
		moving += e->scale[j] > 0;
	if (moving)
		return 0;
	lb_warn("%s", text);
	return lb_sentences_add(&p->warnings, text, err);
}

/* The warnings of the labels as the training sees them. Those that label noise has brought about
 * have not been said before. */
static int prepare_warnings(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err)
{
	struct lb_sentences before = { 0 };
	int rc = lb_labels_warn(data, &p->split, p->setup.y, &p->warnings, err);

	if (p->setup.y == data->y)
		return rc;
	if (!rc)
		rc = lb_labels_check(data, &p->split, p->setup.y, "corrupt.labels has made them so; lower its rate", err) ||
				     lb_labels_warn(data, &p->split, data->y, &before, err) ? -1 : 0;
	for (size_t i = 0; !rc && i < p->warnings.n; i++)
		if (!lb_sentences_have(&before, p->warnings.text[i]))
			lb_warn("with corrupt.labels, %s", p->warnings.text[i]);
	lb_sentences_free(&before);
	return rc;
}

/* The weight of each class into weight (n_classes): n/(C n_c) when balanced, else as the config
 * says. */
static void weigh_classes(const struct lb_prepared *p, const cJSON *config, const struct lb_dataset *data, double *weight)
{
	const char *class_weight = lb_get_text(config, "train.class_weight");
	const bool balanced = class_weight && !strcmp(class_weight, "balanced");
	const size_t n = p->split.n[LB_TRAIN];

	for (size_t i = 0; balanced && i < n; i++)
		weight[p->y[p->split.rows[LB_TRAIN][i]]]++;
	for (size_t c = 0; c < data->n_classes; c++) {
		const cJSON *given = cJSON_GetObjectItemCaseSensitive(weights_by_class(config), data->class_name[c]);
		if (cJSON_IsNumber(given))
			weight[c] = given->valuedouble;
		else
			weight[c] = balanced && weight[c] > 0 ? (double)n / ((double)data->n_classes * weight[c]) : 1;
	}
}

/* data.weight times the class weight, scaled to mean 1 over the training rows. */
static int prepare_weights(struct lb_prepared *p, const cJSON *config, const struct lb_dataset *data, struct lb_err *err)
{
	const size_t n = p->split.n[LB_TRAIN];
	double sum = 0;

	if (!lb_targets_weighted(config))
		return 0;
	double *weight = lb_alloc(data->n_classes + 1, sizeof *weight, err);
	if (!weight || !(p->row_weight = lb_alloc(data->n, sizeof *p->row_weight, err))) {
		free(weight);
		return -1;
	}
	if (data->y)
		weigh_classes(p, config, data, weight);
	for (size_t i = 0; i < data->n; i++) {
		p->row_weight[i] = data->weight ? data->weight[i] : 1;
		if (data->y)
			p->row_weight[i] *= weight[p->y[i]];
	}
	for (size_t i = 0; i < n; i++)
		sum += p->row_weight[p->split.rows[LB_TRAIN][i]];
	free(weight);
	if (!(sum > 0))
		return lb_fail(err, LB_DATA, "data.weight: the weights of the training rows sum to %g; allowed: more than 0", sum);
	for (size_t i = 0; i < data->n; i++)
		p->row_weight[i] *= (double)n / sum;
	p->setup.row_weight = p->row_weight;
	return 0;
}

/* Of a target that never changes in the training rows the unit is 1. */
static int prepare_units(struct lb_prepared *p, const cJSON *config, const struct lb_dataset *data, struct lb_err *err)
{
	const char *target = lb_get_text(config, "data.preprocess.target");
	const uint32_t *rows = p->split.rows[LB_TRAIN];
	const size_t n = p->split.n[LB_TRAIN];

	if (!target || !strcmp(target, "none"))
		return 0;
	if (!(p->unit = lb_alloc(data->n_targets, sizeof *p->unit, err)))
		return -1;
	for (size_t t = 0; t < data->n_targets; t++) {
		const double mean = lb_target_mean(data, rows, n, t), sd = lb_target_sd(data, rows, n, t, mean);
		if (!isfinite(mean) || !isfinite(sd))
			return lb_fail(err, LB_DATA, "data.preprocess.target: the targets are too large to be standardized; divide them first");
		p->unit[t] = (struct lb_unit){ mean, sd > 0 ? sd : 1 };
	}
	p->setup.unit = p->unit;
	return 0;
}

int lb_targets_prepare(struct lb_prepared *p, const cJSON *config, const struct lb_dataset *data, struct lb_err *err)
{
	return prepare_labels(p, config, data, err) || prepare_warnings(p, data, err) || warn_constant_features(p, err) ||
			       prepare_weights(p, config, data, err) ||
			       prepare_units(p, config, data, err) ? -1 : 0;
}
