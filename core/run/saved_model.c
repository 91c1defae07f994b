#include "core/run/saved_model.h"

#include "core/base/mem.h"
#include "core/config/spec_fill.h"
#include "core/run/uses.h"
#include "core/run/components.h"
#include "core/run/trial_setup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lb_saved_model_free(struct lb_saved_model *m)
{
	if (!m)
		return;
	lb_arrays_close(m->file);
	lb_trial_list_free(&m->list);
	lb_config_free(m->config);
	lb_spec_free(&m->p.spec);
	free(m->w);
	for (int i = 0; i < MODEL_NUMBERS; i++)
		free(m->number[i]);
	for (int i = 0; i < MODEL_TEXTS; i++)
		free(m->text[i]);
	free(m->level_of);
	free(m->decision.of_class);
	free(m->calibrated);
	for (size_t i = 0; i < sizeof m->p.key / sizeof *m->p.key; i++)
		free(m->p.key[i]);
	free(m);
}

static int refuse(const struct lb_saved_model *m, const char *what, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s: %s; the file is no whole model of lossbench, or was changed", m->path, what);
}

static const char *const number_name[MODEL_NUMBERS] = {
	[MODEL_SCALE] = "scale", [MODEL_SHIFT] = "shift", [MODEL_FILL] = "fill", [MODEL_CATEGORY_OF] = "category_of",
	[MODEL_CATEGORY_FEATURE] = "category_feature", [MODEL_ROWS] = "train_rows",
	[MODEL_CUTS] = "cuts", [MODEL_CURVE_TIMES] = "curve_times", [MODEL_HAZARD] = "baseline_hazard",
	[MODEL_DECISION] = "decision", [MODEL_DECISION_SCORES] = "decision_scores", [MODEL_DECISION_PROBABILITIES] = "decision_probabilities",
	[MODEL_DECISION_MAPS] = "decision_maps", [MODEL_DECISION_MATRIX] = "decision_matrix",
	[MODEL_GUIDE_COLUMNS] = "guide_columns",
};

static const char *const text_name[MODEL_TEXTS] = {
	[MODEL_SCHEMA] = "lossbench", [MODEL_CONFIG] = "config", [MODEL_KERNELS] = "kernels", [MODEL_ID] = "id", [MODEL_COLUMNS] = "columns",
	[MODEL_CATEGORY_COLUMNS] = "category_columns", [MODEL_CATEGORY] = "category", [MODEL_CLASSES] = "classes",
};

static int read_arrays(struct lb_saved_model *m, struct lb_err *err)
{
	for (int i = 0; i < MODEL_TEXTS; i++)
		if ((i < MODEL_COLUMNS || lb_arrays_have(m->file, text_name[i])) &&
		    !(m->text[i] = lb_arrays_read_texts(m->file, text_name[i], &m->n_text[i], err)))
			return -1;
	for (int i = 0; i < MODEL_NUMBERS; i++)
		if ((i == MODEL_ROWS || lb_arrays_have(m->file, number_name[i])) &&
		    !(m->number[i] = lb_arrays_read_numbers(m->file, number_name[i], &m->n_number[i], err)))
			return -1;
	if (strcmp(m->text[MODEL_SCHEMA][0], LB_SAVED_MODEL_SCHEMA))
		return lb_fail(err, LB_DATA, "%s: found a model of the form '%.40s', allowed: %s; use the lossbench that wrote it", m->path,
			       m->text[MODEL_SCHEMA][0], LB_SAVED_MODEL_SCHEMA);
	return 0;
}

/* Appends "path=JSON"; a text stands as it is. */
static int add_set(const char *path, const cJSON *block, char *set[], size_t *n, struct lb_err *err)
{
	struct lb_buf b = { 0 };

	lb_buf_printf(&b, "%s=", path);
	if (cJSON_IsString(block))
		lb_buf_puts(&b, block->valuestring);
	else
		lb_json_canonical(block, &b);
	if (!b.bad) {
		set[(*n)++] = b.s;
		return 0;
	}
	lb_buf_free(&b);
	return lb_fail_memory(err, b.n);
}

/* The settings of each block that says what the model is. */
static int make_sets(const struct lb_saved_model *m, const cJSON *tree, char *set[], size_t *n, struct lb_err *err)
{
	static const char *const keys[] = { "task", "data", "model", "loss", "terms" };
	static const char anomaly[] = "evaluate.anomaly"; /* without it a row has the first score that the model has */
	const char *precision = lb_json_text_at(tree, "train.precision");
	const cJSON *score = lb_json_at(tree, anomaly);

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const cJSON *block = cJSON_GetObjectItemCaseSensitive(tree, keys[i]);
		if (!block && i == 4)
			continue;
		if (!block || cJSON_IsString(block) != (i == 0))
			return refuse(m, "its config lacks a block", err);
		if (add_set(keys[i], block, set, n, err))
			return -1;
	}
	if (score && add_set(anomaly, score, set, n, err))
		return -1;
	return !precision ? refuse(m, "its config lacks train.precision", err) :
			    (set[*n] = lb_strfmt(err, "train.precision=%s", precision)) ? (++*n, 0) : -1;
}

/* The setting of the metrics: "" are those of the config, which may lack them. */
static int add_metrics(const cJSON *tree, const char *metrics, char *set[], size_t *n, struct lb_err *err)
{
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(tree, "metrics");

	if (!*metrics)
		return own ? add_set(own->string, own, set, n, err) : 0;
	return (set[*n] = lb_strfmt(err, "metrics=%s", metrics)) ? (++*n, 0) : -1;
}

/* The config is checked as if a user had written it. */
static int read_config(struct lb_saved_model *m, const char *metrics, struct lb_err *err)
{
	const char *text = m->text[MODEL_CONFIG][0];
	cJSON *tree = lb_json_parse(m->path, text, strlen(text), LB_DATA, err);
	char *set[8] = { 0 };
	size_t n = 0;
	int rc = tree ? make_sets(m, tree, set, &n, err) : -1;

	if (!rc && metrics)
		rc = add_metrics(tree, metrics, set, &n, err);
	if (!rc && (!(m->config = lb_config_load(NULL, (const char *const *)set, n, false, err)) ||
		    lb_config_expand(m->config, &lb_registries, &m->list, err)))
		rc = -1;
	if (!rc && m->list.n != 1)
		rc = refuse(m, "its config is no single trial", err);
	if (!rc)
		rc = lb_spec_fill(&m->p.spec, m->list.config[0], &lb_registries, err);
	for (size_t i = 0; i < n; i++)
		free(set[i]);
	cJSON_Delete(tree);
	return rc;
}

/* The numbers of features and classes that the arrays speak of, which must agree. */
static int read_shape(struct lb_saved_model *m, struct lb_dataset *d, struct lb_err *err)
{
	const size_t x = m->n_number[MODEL_SCALE], values = m->n_text[MODEL_CATEGORY], cats = m->n_text[MODEL_CATEGORY_COLUMNS];
	size_t features = x;

	if (m->n_number[MODEL_SHIFT] != x || m->n_number[MODEL_FILL] != x || (m->text[MODEL_COLUMNS] && m->n_text[MODEL_COLUMNS] != x))
		return refuse(m, "scale, shift, fill and columns are not of one length", err);
	if (m->n_number[MODEL_CATEGORY_OF] != values || m->n_number[MODEL_CATEGORY_FEATURE] != values ||
	    !(m->level_of = lb_alloc(values, sizeof *m->level_of, err)))
		return refuse(m, "category, category_of and category_feature are not of one length", err);
	for (size_t v = 0; v < values; v++)
		features += m->number[MODEL_CATEGORY_FEATURE][v] >= 0;
	for (size_t v = 0; v < values; v++) {
		const double of = m->number[MODEL_CATEGORY_OF][v], feature = m->number[MODEL_CATEGORY_FEATURE][v];
		if (!(of >= 0 && of < (double)cats) || !(feature == -1 || (feature >= (double)x && feature < (double)features)))
			return refuse(m, "category_of or category_feature is out of range", err);
		m->level_of[v] = (size_t)of;
		if (v && m->level_of[v] < m->level_of[v - 1])
			return refuse(m, "category_of is not in order", err);
	}
	if (m->n_number[MODEL_ROWS] != 1 || !(m->number[MODEL_ROWS][0] >= 1 && m->number[MODEL_ROWS][0] <= 2147483647))
		return refuse(m, "train_rows is not a number of rows", err);
	m->p.features.d = features;
	m->p.split.n[LB_TRAIN] = (size_t)m->number[MODEL_ROWS][0]; /* there are none of its rows */
	*d = (struct lb_dataset){ .kind = m->kind, .n_classes = m->n_text[MODEL_CLASSES], .n_targets = m->targets };
	return features ? 0 : refuse(m, "it has no features", err);
}

static int read_parameter(struct lb_saved_model *m, const char *name, size_t want, double *to, struct lb_err *err)
{
	size_t n = 0;
	double *v = want ? lb_arrays_read_numbers(m->file, name, &n, err) : NULL;

	if (want && !v)
		return -1;
	if (n != want) {
		free(v);
		return lb_fail(err, LB_DATA, "%s: array '%s': found %zu value%s, expected %zu by its config; the file was changed", m->path, name, n,
			       lb_s(n), 			       want);
	}
	if (v)
		memcpy(to, v, want * sizeof *v);
	free(v);
	return 0;
}

static int read_parameters(struct lb_saved_model *m, const struct lb_dataset *d, struct lb_err *err)
{
	const struct lb_model_spec *s = &m->p.setup.model;
	const double *columns = m->number[MODEL_GUIDE_COLUMNS];

	if (m->n_number[MODEL_GUIDE_COLUMNS] > 1 || (m->n_number[MODEL_GUIDE_COLUMNS] && !(columns[0] >= 1 && columns[0] <= 1e6)))
		return refuse(m, "guide_columns is no number of columns", err);
	m->p.setup.guide_columns = columns ? (size_t)columns[0] : 0;
	const size_t own = lb_setup_loss_params(&m->p.setup, d);
	char name[32];

	if (!(m->w = lb_alloc(lb_model_spec_size(s) + own, sizeof *m->w, err)))
		return -1;
	double *w = m->w;
	for (size_t i = 0; i < s->n_layers; i++) {
		const size_t out = s->width[i + 1], n = s->width[i] * out;
		snprintf(name, sizeof name, "W%zu", i + 1);
		if (read_parameter(m, name, n, w, err))
			return -1;
		snprintf(name, sizeof name, "b%zu", i + 1);
		if (read_parameter(m, name, out, w + n, err))
			return -1;
		w += n + out;
	}
	return read_parameter(m, "loss_parameters", own, w, err);
}

/* Scores of the last layer, by the length of its biases: a regression's targets times the outputs
 * of each. With several labels, these are the targets. */
static int count_targets(struct lb_saved_model *m, struct lb_err *err)
{
	double *last = NULL;
	char name[32];

	if (m->kind == LB_MULTILABEL)
		return (m->targets = m->n_text[MODEL_CLASSES]) ? 0 : refuse(m, "it lacks labels", err);
	if (!lb_kind_of_targets(m->kind))
		return m->n_text[MODEL_CLASSES] >= 2 ? 0 : refuse(m, "it lacks classes", err);
	for (size_t i = 1; i <= LB_MAX_LAYERS; i++) {
		snprintf(name, sizeof name, "b%zu", i);
		if (!lb_arrays_have(m->file, name))
			break;
		free(last);
		if (!(last = lb_arrays_read_numbers(m->file, name, &m->targets, err)))
			return -1;
	}
	free(last);
	if (!m->targets)
		return refuse(m, "it lacks parameters", err);
	const struct lb_component_use *loss = &m->p.spec.loss;
	if (loss->info->check && loss->info->check(loss->par, err))
		return -1;
	const struct lb_arg *heads = lb_use_arg(&m->p.spec.model, "heads");
	const size_t outputs = lb_loss_outputs(lb_used_loss(loss), loss->par) * (heads ? (size_t)heads->v : 1);
	if (m->targets % outputs)
		return lb_fail(err, LB_DATA, "%s: its last layer does not have %zu outputs for each target, as its loss says; the file was changed",
			       m->path, outputs);
	m->targets /= outputs;
	return 0;
}

/* Whether the array's n numbers are finite and >= 0 and ascend; strictly: each above the one
 * before. */
static bool ascends(const double *v, size_t n, bool strictly)
{
	for (size_t k = 0; k < n; k++)
		if (!(v[k] >= 0 && v[k] <= 1e300) || (k && !(strictly ? v[k] > v[k - 1] : v[k] >= v[k - 1])))
			return false;
	return true;
}

/* The times of survival: cuts and those of curves, as the loss needs them. */
static int read_times(struct lb_saved_model *m, struct lb_err *err)
{
	struct lb_setup *s = &m->p.setup;
	const size_t *n = m->n_number;

	if (m->kind != LB_SURVIVAL)
		return 0;
	if (s->loss->columns && (n[MODEL_CUTS] != lb_loss_outputs(s->loss, s->loss_par) || !ascends(m->number[MODEL_CUTS], n[MODEL_CUTS], true)))
		return refuse(m, "cuts are not ascending times, as many as the loss has intervals", err);
	s->cuts = m->number[MODEL_CUTS];
	if (!lb_loss_gives_curves(s->loss))
		return 0;
	if (!n[MODEL_CURVE_TIMES] || n[MODEL_CURVE_TIMES] > LB_CURVE_TIMES || !ascends(m->number[MODEL_CURVE_TIMES], n[MODEL_CURVE_TIMES], true))
		return refuse(m, "curve_times are not ascending times", err);
	if (s->loss->baseline_hazard && (n[MODEL_HAZARD] != n[MODEL_CURVE_TIMES] || !ascends(m->number[MODEL_HAZARD], n[MODEL_HAZARD], false)))
		return refuse(m, "baseline_hazard does not ascend, or is not as long as curve_times", err);
	m->curve = (struct lb_curve){ .n = n[MODEL_CURVE_TIMES], .time = m->number[MODEL_CURVE_TIMES], .hazard = m->number[MODEL_HAZARD] };
	s->survival_curve = &m->curve;
	return 0;
}

struct lb_saved_model *lb_saved_model_load(const char *path, struct lb_err *err)
{
	return lb_saved_model_load_judged(path, NULL, err);
}

/* The scores ascend, and the others are probabilities, which may have to ascend beside them. */
static bool knots_hold(const double *z, const double *p, size_t n, bool rises)
{
	for (size_t i = 0; i < n; i++)
		if (!(p[i] >= 0 && p[i] <= 1) || (i && (!(z[i] >= z[i - 1]) || (rises && !(p[i] >= p[i - 1])))))
			return false;
	return true;
}

/* The rule and the calibration that its config names; one with parameters stands in a block. */
static int read_names(struct lb_saved_model *m, struct lb_err *err)
{
	const char *text = m->text[MODEL_CONFIG][0];
	cJSON *config = lb_json_parse(m->path, text, strlen(text), LB_DATA, err);
	const char *threshold = lb_json_text_at(config, "evaluate.threshold"), *calibration = lb_json_text_at(config, "evaluate.calibration");

	if (!calibration)
		calibration = lb_json_text_at(config, "evaluate.calibration.name");
	m->decision.rule = (const struct lb_threshold *)lb_info_find(lb_thresholds, threshold ? threshold : "fixed");
	m->decision.calibration = (const struct lb_calibration *)lb_info_find(lb_calibrations, calibration ? calibration : "none");
	cJSON_Delete(config);
	return m->decision.rule && m->decision.calibration ? 0 : refuse(m, "its config names no threshold or calibration that there is", err);
}

/* map <- a row of decision_maps, with the next of the n knots from *first on. */
static bool read_map(const struct lb_saved_model *m, const double *row, size_t n, size_t *first, struct lb_score_map *map)
{
	*map = (struct lb_score_map){ .slope = row[LB_MAP_SLOPE], .below = row[LB_MAP_BELOW], .intercept = row[LB_MAP_INTERCEPT],
				      .steps = m->decision.calibration->steps };
	if (!(row[LB_MAP_KNOTS] >= 0 && row[LB_MAP_KNOTS] <= (double)(n - *first)))
		return false;
	map->n_knots = (size_t)row[LB_MAP_KNOTS];
	map->z = m->number[MODEL_DECISION_SCORES] + *first;
	map->p = m->number[MODEL_DECISION_PROBABILITIES] + *first;
	*first += map->n_knots;
	return knots_hold(map->z, map->p, map->n_knots, m->decision.calibration == &lb_calibration_isotonic);
}

/* One map, or one a class, whose knots follow each other; they are borrowed. */
static int read_maps(struct lb_saved_model *m, struct lb_err *err)
{
	const size_t maps = m->n_number[MODEL_DECISION_MAPS] / LB_MAP_NUMBERS, n = m->n_number[MODEL_DECISION_SCORES], classes = m->n_text[MODEL_CLASSES];
	const double *row = m->number[MODEL_DECISION_MAPS];
	struct lb_decision *d = &m->decision;
	size_t first = 0;
	bool hold = maps == (m->kind == LB_BINARY ? 1 : classes) && m->n_number[MODEL_DECISION_MAPS] == maps * LB_MAP_NUMBERS;

	if (hold && m->kind == LB_MULTICLASS) {
		if (!(d->of_class = lb_alloc(maps, sizeof *d->of_class, err)))
			return -1;
		d->classes = maps;
	}
	for (size_t k = 0; k < maps && hold; k++)
		hold = read_map(m, row + k * LB_MAP_NUMBERS, n, &first, d->of_class ? &d->of_class[k] : &d->map);
	return hold && first == n ? 0 : refuse(m, "decision_maps are not what each class's score becomes", err);
}

static int read_matrix(struct lb_saved_model *m, struct lb_err *err)
{
	const size_t classes = m->n_text[MODEL_CLASSES];

	if (m->kind != LB_MULTICLASS || m->n_number[MODEL_DECISION_MATRIX] != classes * (classes + 1))
		return refuse(m, "decision_matrix has not a row for each class, of one entry for each class and one more", err);
	m->decision.classes = classes;
	m->decision.matrix = m->number[MODEL_DECISION_MATRIX];
	return 0;
}

/* m->decision <- what its arrays say, or the plain one; it borrows knots and matrix. */
static int read_decision(struct lb_saved_model *m, struct lb_err *err)
{
	const double *v = m->number[MODEL_DECISION];
	const size_t *n = m->n_number, knots = n[MODEL_DECISION_SCORES];

	m->decision = lb_plain_decision;
	if (!v)
		return knots || n[MODEL_DECISION_PROBABILITIES] || n[MODEL_DECISION_MAPS] || n[MODEL_DECISION_MATRIX] ?
			       refuse(m, "it has knots and no decision", err) : 0;
	if ((m->kind != LB_BINARY && m->kind != LB_MULTICLASS) || n[MODEL_DECISION] != LB_DECISION_NUMBERS || !(v[LB_DECISION_BEYOND] >= -1 && v[LB_DECISION_BEYOND] <= 1))
		return refuse(m, "decision is not a slope, an intercept, a threshold and its side", err);
	if (read_names(m, err))
		return -1;
	const double whole[LB_MAP_NUMBERS] = { [LB_MAP_SLOPE] = v[LB_DECISION_SLOPE], [LB_MAP_BELOW] = v[LB_DECISION_SLOPE],
					       [LB_MAP_INTERCEPT] = v[LB_DECISION_INTERCEPT], [LB_MAP_KNOTS] = (double)knots };
	size_t first = 0;
	if (knots != n[MODEL_DECISION_PROBABILITIES] || (!n[MODEL_DECISION_MAPS] && !read_map(m, whole, knots, &first, &m->decision.map)))
		return refuse(m, "decision_scores and decision_probabilities do not ascend side by side", err);
	if (n[MODEL_DECISION_MAPS] && read_maps(m, err))
		return -1;
	m->decision.threshold = v[LB_DECISION_BEYOND] < 0 ? -(double)INFINITY : v[LB_DECISION_BEYOND] > 0 ? (double)INFINITY : v[LB_DECISION_THRESHOLD];
	if (n[MODEL_DECISION_MATRIX] && read_matrix(m, err))
		return -1;
	return !m->decision.classes || (m->calibrated = lb_alloc(m->decision.classes, sizeof *m->calibrated, err)) ? 0 : -1;
}

struct lb_saved_model *lb_saved_model_load_judged(const char *path, const char *metrics, struct lb_err *err)
{
	struct lb_saved_model *m = lb_alloc(1, sizeof *m, err);
	struct lb_dataset d = { 0 };

	if (!m)
		return NULL;
	m->path = path;
	int rc = (m->file = lb_arrays_open(path, err)) ? read_arrays(m, err) : -1;
	if (!rc)
		rc = read_config(m, metrics, err);
	if (!rc) {
		m->kind = lb_kind_of_data(lb_spec_kind(&m->p.spec));
		rc = count_targets(m, err) || read_shape(m, &d, err) || lb_prepare_components(&m->p, &d, err) ||
				     read_times(m, err) || read_decision(m, err) || read_parameters(m, &d, err) || (metrics && lb_prepare_metrics(&m->p, err)) ? -1 : 0;
	}
	if (!rc) {
		lb_arrays_close(m->file);
		m->file = NULL;
		return m;
	}
	lb_saved_model_free(m);
	return NULL;
}
