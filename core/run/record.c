#include "core/run/record.h"

#include "core/base/mem.h"
#include "core/run/data_read.h"
#include "core/run/provenance.h"
#include "core/run/remarks.h"

#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>

static const char *const part_name[] = { "train", "valid", "test" };

static void add_sources(cJSON *in, const struct lb_dataset *d, const struct lb_spec *spec)
{
	static const char *const role[LB_FILES] = { "train", "train labels", "valid", "valid labels", "test", "test labels" };
	cJSON *sources = lb_json_array(in, "sources");
	const char *path[LB_FILES];
	size_t next = 0;

	lb_data_paths(&spec->data, path);
	for (size_t i = 0; i < LB_FILES && next < d->n_sources; i++) {
		if (i > 0 && !path[i])
			continue;
		cJSON *s = lb_json_object(sources, NULL);
		lb_json_text(s, "role", role[i]);
		lb_json_text(s, "path", d->source[next].path);
		lb_json_text(s, "format", d->source[next].format);
		lb_json_text(s, "sha256", d->source[next].sha256[0] ? d->source[next].sha256 : NULL);
		lb_json_number(s, "bytes", (double)d->source[next].bytes);
		lb_json_number(s, "rows", (double)d->source[next].rows);
		next++;
	}
}

/* Classes whose names and rows a record tells; of more it tells their number. */
enum { MOST_TOLD = 65536 };

/* Rows of each class; y is NULL where rows have several labels, which are those of target. */
static void add_counts(cJSON *in, const struct lb_prepared *p, const int32_t *y, const double *target, int parts)
{
	const size_t classes = p->features.data->n_classes;

	if (classes > MOST_TOLD) {
		lb_json_text(in, "class_counts", NULL);
		return;
	}
	cJSON *counts = lb_json_object(in, "class_counts");
	size_t *n = lb_alloc(classes, sizeof *n, NULL);

	if (!n)
		lb_json_item(in, "class_counts", NULL); /* reported when the record is complete */
	for (int part = 0; n && part < parts; part++) {
		cJSON *list = lb_json_array(counts, part_name[part]);
		memset(n, 0, classes * sizeof *n);
		for (size_t i = 0; i < p->split.n[part]; i++) {
			const size_t row = p->split.rows[part][i];
			for (size_t k = 0; target && !y && k < classes; k++)
				n[k] += target[row * classes + k] > 0;
			if (y)
				n[y[row]]++;
		}
		for (size_t k = 0; k < classes; k++)
			lb_json_number(list, NULL, (double)n[k]);
	}
	free(n);
}

/* One changed label, by class number from 0. */
struct change {
	int32_t from, to;
};

static int by_classes(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return x->from != y->from ? (x->from > y->from) - (x->from < y->from) : (x->to > y->to) - (x->to < y->to);
}

/* The changes of a part, sorted; -1 for want of memory. */
static int find_changes(const struct lb_prepared *p, int part, struct change **change, size_t *n)
{
	const struct lb_dataset *d = p->features.data;
	size_t cap = 0;

	*n = 0;
	for (size_t i = 0; i < p->split.n[part]; i++) {
		const size_t row = p->split.rows[part][i];
		if (d->y[row] == p->y[row])
			continue;
		if (lb_grow(change, &cap, *n + 1, sizeof **change, NULL))
			return -1;
		(*change)[(*n)++] = (struct change){ d->y[row], p->y[row] };
	}
	if (*n)
		qsort(*change, *n, sizeof **change, by_classes);
	return 0;
}

/* Labels that were changed: how many, and [from, to, count] for every pair of classes that occurs,
 * by class number from 0. */
static void add_corrupted(cJSON *in, const struct lb_prepared *p)
{
	cJSON *corrupted = lb_json_object(in, "corrupted"), *changed = lb_json_object(corrupted, "changed");
	cJSON *transitions = lb_json_object(corrupted, "transitions");

	for (int part = 0; part < 2; part++) {
		cJSON *list = lb_json_array(transitions, part_name[part]);
		struct change *change = NULL;
		size_t n = 0;
		if (find_changes(p, part, &change, &n))
			lb_json_item(corrupted, "transitions", NULL); /* reported when the record is complete */
		for (size_t i = 0, end; i < n; i = end) {
			for (end = i + 1; end < n && !by_classes(&change[i], &change[end]);)
				end++;
			cJSON *entry = lb_json_array(list, NULL);
			lb_json_number(entry, NULL, (double)change[i].from);
			lb_json_number(entry, NULL, (double)change[i].to);
			lb_json_number(entry, NULL, (double)(end - i));
		}
		lb_json_number(changed, part_name[part], (double)n);
		free(change);
	}
	add_counts(corrupted, p, p->y, NULL, 2);
}

/* Targets, or labels of a multi-label task, that were changed: how many, and the rows of each label
 * after it. */
static void add_corrupted_targets(cJSON *in, const struct lb_prepared *p)
{
	const struct lb_dataset *d = p->features.data;
	cJSON *corrupted = lb_json_object(in, "corrupted"), *changed = lb_json_object(corrupted, "changed");

	for (int part = 0; part < 2; part++) {
		size_t n = 0;
		for (size_t i = 0; i < p->split.n[part] * d->n_targets; i++) {
			const size_t cell = p->split.rows[part][i / d->n_targets] * d->n_targets + i % d->n_targets;
			n += d->target[cell] < p->target[cell] || d->target[cell] > p->target[cell];
		}
		lb_json_number(changed, part_name[part], (double)n);
	}
	if (d->n_classes)
		add_counts(corrupted, p, NULL, p->target, 2);
	else
		lb_json_text(corrupted, "class_counts", NULL);
}

/* A teacher or a guide, only where there is one. `model` is the id of the trial that trained it. */
static void add_teacher(cJSON *in, const char *name, const struct lb_teacher *teacher)
{
	if (!teacher->scores)
		return;
	cJSON *o = lb_json_object(in, name);
	lb_json_text(o, "path", teacher->path);
	lb_json_text(o, "sha256", teacher->sha256);
	lb_json_text(o, "model", teacher->model);
}

/* Only where the training began with a saved model, or one is compared with. */
static void add_model(cJSON *record, const char *name, const char *path, const char *sha256, const char *model)
{
	if (!path)
		return;
	cJSON *o = lb_json_object(record, name);
	lb_json_text(o, "path", path);
	lb_json_text(o, "sha256", sha256);
	lb_json_text(o, "model", model);
}

/* Survival: rows of each part whose event was seen. */
static void add_events(cJSON *in, const struct lb_prepared *p)
{
	cJSON *events = lb_json_object(in, "events");

	for (int part = 0; part < 3; part++) {
		size_t n = 0;
		for (size_t i = 0; i < p->split.n[part]; i++)
			n += p->features.data->event[p->split.rows[part][i]] == 1;
		lb_json_number(events, part_name[part], (double)n);
	}
}

/* Only where there are some. */
static void add_soft_labels(cJSON *in, const struct lb_soft_labels *labels)
{
	if (!labels->p)
		return;
	cJSON *o = lb_json_object(in, "soft_labels");
	lb_json_text(o, "path", labels->path);
	lb_json_text(o, "sha256", labels->sha256);
}

static void add_data(cJSON *record, const struct lb_trial *t, const struct lb_prepared *p)
{
	const struct lb_dataset *d = t->source->data;
	cJSON *data = lb_json_object(record, "data"), *rows, *list;

	add_sources(data, d, &p->spec);
	add_teacher(data, "teacher", &t->source->teacher);
	add_teacher(data, "second_teacher", &t->source->second_teacher);
	if (p->spec.data.side.teacher_features)
		add_teacher(data, "teacher_features", &t->source->features);
	add_teacher(data, "guide", &t->source->guide);
	add_soft_labels(data, &t->source->soft_labels);
	rows = lb_json_object(data, "rows");
	lb_json_number(rows, "all", (double)d->n);
	if (p->spec.data.ignore_labels.n)
		lb_json_number(rows, "ignored", (double)d->n_ignored);
	for (int part = 0; part < 3; part++)
		lb_json_number(rows, part_name[part], (double)p->split.n[part]);
	if (p->split.whole) {
		lb_json_number(rows, "forget", (double)p->split.n[LB_FORGET]);
		lb_json_number(rows, "retain", (double)p->split.n[LB_RETAIN]);
	}
	lb_json_number(data, "features", (double)p->features.d);
	if (d->n_classes > MOST_TOLD)
		lb_json_number(data, "n_classes", (double)d->n_classes);
	if (d->n_classes && d->n_classes <= MOST_TOLD) {
		list = lb_json_array(data, "classes");
		for (size_t k = 0; k < d->n_classes; k++)
			lb_json_text(list, NULL, d->class_name[k]);
		add_counts(data, p, d->y, d->target, 3);
	} else {                         /* none, or too many */
		lb_json_text(data, "classes", NULL);
		lb_json_text(data, "class_counts", NULL);
	}
	if (d->event)
		add_events(data, p);
	if (d->y)
		add_corrupted(data, p);
	else if (p->target)
		add_corrupted_targets(data, p);
	else
		lb_json_text(data, "corrupted", NULL);
	list = lb_json_array(data, "warnings");
	for (size_t i = 0; i < d->n_warnings; i++)
		lb_json_text(list, NULL, d->warning[i]);
	for (size_t i = 0; i < p->warnings.n; i++)
		lb_json_text(list, NULL, p->warnings.text[i]);
}

/* n_metrics values of each split that has rows. */
static void add_metrics(cJSON *in, const char *key, const struct lb_prepared *p, double *const metric[3])
{
	cJSON *metrics = lb_json_object(in, key);

	for (int part = 0; part < 3; part++) {
		if (!metric[part])
			continue;
		cJSON *block = lb_json_object(metrics, part_name[part]);
		for (size_t m = 0; m < p->setup.n_metrics; m++)
			lb_json_number(block, p->setup.metric[m].key, metric[part][m]);
	}
}

static void add_baseline(cJSON *record, const struct lb_prepared *p)
{
	if (!p || !p->baseline.kind) {
		lb_json_text(record, "baseline", NULL);
		return;
	}
	cJSON *baseline = lb_json_object(record, "baseline");
	lb_json_text(baseline, "kind", p->baseline.kind);
	add_metrics(baseline, "metrics", p, p->baseline.metric);
	if (p->baseline.random_map[LB_VALID] || p->baseline.random_map[LB_TEST])
		add_metrics(baseline, "random_map", p, p->baseline.random_map);
}

static void add_curves(cJSON *result, const struct lb_prepared *p, const struct lb_train_result *out)
{
	cJSON *curves = lb_json_object(result, "curves"), *list = lb_json_array(curves, "epoch");
	char name[128];

	for (size_t e = 0; e < out->epochs; e++)
		lb_json_number(list, NULL, (double)(e + 1));
	list = lb_json_array(curves, "train.loss");
	for (size_t e = 0; e < out->epochs; e++)
		lb_json_number(list, NULL, out->loss_curve[e]);
	for (int part = 0; part < 3; part++)
		for (size_t m = 0; out->curve[part] && m < p->setup.n_metrics; m++) {
			snprintf(name, sizeof name, "%s.%s", part_name[part], p->setup.metric[m].key);
			list = lb_json_array(curves, name);
			for (size_t e = 0; e < out->epochs; e++)
				lb_json_number(list, NULL, out->curve[part][e * p->setup.n_metrics + m]);
		}
}

static void add_minimum(cJSON *result, const struct lb_train_result *out)
{
	if (out->minimised && out->status == LB_TRIAL_OK) {
		lb_json_number(result, "objective", out->objective);
		lb_json_number(result, "gradient", out->gradient);
	} else {
		lb_json_text(result, "objective", NULL);
		lb_json_text(result, "gradient", NULL);
	}
}

/* Only where a calibration or a threshold was asked for. What the scores of several classes become
 * is in the model's file alone. */
static void add_decision(cJSON *result, const struct lb_prepared *p, const struct lb_train_result *out)
{
	const struct lb_decision *d = &out->decision;

	if (out->status != LB_TRIAL_OK || lb_decides_plainly(p->setup.calibration, p->setup.threshold))
		return;
	const struct lb_score_map *map = &d->map;
	const bool simple = !map->n_knots && !d->classes;
	cJSON *block = lb_json_object(result, "decision"), *list;
	lb_json_text(block, "rule", p->setup.threshold->base.name);
	lb_json_number(block, "threshold", d->threshold);
	lb_json_text(block, "calibration", p->setup.calibration->base.name);
	lb_json_number(block, "slope", simple ? map->slope : (double)NAN);
	if (map->slope > map->below || map->slope < map->below)
		lb_json_number(block, "slope_below", map->below);
	lb_json_number(block, "intercept", simple ? map->intercept : (double)NAN);
	if (d->one_class)
		lb_json_text(block, "unfitted", "one class");
	if (map->separable)
		lb_json_bool(block, "separable", true);
	list = lb_json_array(block, "knots");
	for (size_t i = 0; i < map->n_knots; i++) {
		if (i && i + 1 < map->n_knots && map->p[i - 1] == map->p[i] && map->p[i] == map->p[i + 1])
			continue;
		cJSON *knot = lb_json_array(list, NULL);
		lb_json_number(knot, NULL, map->z[i]);
		lb_json_number(knot, NULL, map->p[i]);
	}
}

/* Only where the metric of early stopping was undefined after some epoch. */
static void add_stopping(cJSON *result, const struct lb_prepared *p, const struct lb_train_result *out)
{
	if (!out->undefined_epochs)
		return;
	cJSON *block = lb_json_object(result, "early_stopping");
	lb_json_text(block, "metric", p->setup.metric[p->setup.stop.metric].key);
	lb_json_number(block, "undefined_epochs", (double)out->undefined_epochs);
	lb_json_text(block, "reason", lb_validates_one_class(p) ? "one class" : NULL);
}

static void add_result(cJSON *record, const struct lb_prepared *p, const struct lb_train_result *out, const char *message)
{
	cJSON *result = lb_json_object(record, "result");
	const size_t unused = p ? lb_model_spec_unused(&p->setup.model) : 0;

	lb_json_text(result, "status", lb_status_name(out->status));
	lb_json_text(result, "message", message);
	lb_json_number(result, "epochs", (double)out->epochs);
	lb_json_number(result, "best_epoch", (double)out->best_epoch);
	lb_json_number(result, "steps", (double)out->steps);
	lb_json_number(result, "parameters", (double)(out->n_params - unused));
	add_minimum(result, out);
	if (out->status == LB_TRIAL_DIVERGED) {
		cJSON *d = lb_json_object(result, "diverged");
		lb_json_number(d, "epoch", (double)out->bad_epoch);
		lb_json_number(d, "step", (double)out->bad_step);
		lb_json_text(d, "cause", out->cause);
	} else
		lb_json_text(result, "diverged", NULL);
	add_stopping(result, p, out);
	add_decision(result, p, out);
	if (out->status == LB_TRIAL_OK)
		add_metrics(result, "metrics", p, out->metric);
	else
		lb_json_text(result, "metrics", NULL);
	add_curves(result, p, out);
}

static void add_run(cJSON *record, const struct lb_run_facts *f, const struct lb_train_result *out)
{
	cJSON *run = lb_json_object(record, "run"), *seconds;
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	lb_json_text(run, "started", f->started);
	seconds = lb_json_object(run, "seconds");
	lb_json_number(seconds, "load", f->load_seconds);
	lb_json_number(seconds, "prepare", f->prepare_seconds);
	lb_json_number(seconds, "train", out->train_seconds);
	lb_json_number(seconds, "evaluate", out->evaluate_seconds);
	lb_json_number(seconds, "total", f->total_seconds);
	lb_json_number(run, "cpu_seconds", f->cpu_seconds);
	lb_json_number(run, "resumed_epochs", (double)out->resumed);
	lb_json_number(run, "peak_memory_bytes", (double)usage.ru_maxrss * 1024);
	lb_provenance(run, f->argv);
	if (f->question)
		lb_json_text(run, "question", f->question);
}

cJSON *lb_record_make(const struct lb_trial *t, const struct lb_prepared *p, const struct lb_train_result *out,
		      const struct lb_run_facts *facts, const char *message, struct lb_err *err)
{
	static const struct lb_train_result nothing = { .status = LB_TRIAL_FAILED };
	cJSON *record = lb_json_object(NULL, NULL);

	if (!out)
		out = &nothing;
	lb_json_text(record, "schema", LB_RECORD_SCHEMA);
	lb_json_text(record, "id", t->id);
	lb_json_text(record, "study", facts->study);
	lb_json_item(record, "config", cJSON_Duplicate(t->config, 1));
	if (p)
		add_data(record, t, p);
	else
		lb_json_text(record, "data", NULL);
	if (p)
		add_model(record, "start", p->start.path, p->start.sha256, p->start.model);
	if (p && p->reference)
		add_model(record, "reference", p->reference->path, p->reference->sha256, p->reference->model);
	cJSON *directions = lb_json_object(record, "directions");
	for (size_t m = 0; p && m < p->setup.n_metrics; m++)
		lb_json_text(directions, p->setup.metric[m].key, p->setup.metric[m].metric->higher_is_better ? "higher" : "lower");
	add_baseline(record, p);
	add_result(record, p, out, message);
	add_run(record, facts, out);
	if (!lb_json_complete(err))
		return record;
	cJSON_Delete(record);
	return NULL;
}
