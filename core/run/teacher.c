#include "core/run/teacher.h"

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/numeric/kernel_dispatch.h"
#include "core/run/data_read.h"
#include "core/run/saved_model_predict.h"
#include "core/run/uses.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- a file of one number a row and class ---- */

/* The numbers of a row: one a class, in ranking one, in regression one a target. */
static size_t columns_of(const struct lb_dataset *d)
{
	return d->kind == LB_RANKING ? 1 : d->kind == LB_REGRESSION ? d->n_targets : d->n_classes;
}

static int bad_rows(const char *path, size_t rows, const struct lb_dataset *d, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s: found %zu row%s, allowed: %zu row%s (one for each row of the data: train, valid, test)", path, rows, lb_s(rows), d->n, lb_s(d->n));
}

static int bad_scores(const char *path, size_t rows, size_t columns, const struct lb_dataset *d, struct lb_err *err)
{
	const size_t c = columns_of(d);

	return lb_fail(err, LB_DATA, "%s: found %zu row%s of %zu column%s, allowed: %zu row%s (one for each row of the data: train, valid, test) of "
		       "%zu column%s (%s)", path, rows, lb_s(rows), columns, lb_s(columns), d->n, lb_s(d->n), c, lb_s(c),
		       d->kind == LB_RANKING ? "the row's score" : d->kind == LB_REGRESSION ? "one per target" : "one per class");
}

static double block_value(const struct lb_matrix *m, size_t i)
{
	return m->dtype == LB_U8 ? ((const unsigned char *)m->x)[i] : m->dtype == LB_F32 ? (double)((const float *)m->x)[i] :
									     ((const double *)m->x)[i];
}

/* The file's numbers, row after row; `what` they are. */
static int take_scores(const char *path, const char *what, const struct lb_table *t, size_t c, double *out, struct lb_err *err)
{
	for (size_t k = 0; k < t->n_cols; k++)
		if (t->col[k].type != LB_NUMBER)
			return lb_fail(err, LB_DATA, "%s: column %zu (%s) holds texts, allowed: numbers, %s", path, k + 1,
				       t->col[k].name, what);
	for (size_t i = 0; i < t->n * c; i++) {
		out[i] = t->n_cols ? t->col[i % c].num[i / c] : block_value(&t->block, i);
		if (!isfinite(out[i]))
			return lb_fail(err, LB_DATA, "%s: row %zu, column %zu: found %s, allowed: a finite number", path, i / c + 1, i % c + 1,
				       isnan(out[i]) ? "no number" : "an infinity");
	}
	return 0;
}

/* Returns the numbers (rows of the dataset, classes), or NULL; of any number of columns where `any`
 * is told how many there are. */
static double *read_numbers(const char *path, const char *what, const struct lb_dataset *d, size_t *any, char sha256[65], struct lb_err *err)
{
	const struct lb_read_options opt = { .missing_ok = true };
	struct lb_table t = { 0 };
	double *out = NULL;

	if (lb_table_read(path, &opt, &t, err))
		return NULL;
	const size_t columns = t.n_cols ? t.n_cols : t.block.d, c = any ? columns : columns_of(d);
	int rc = any && !t.block.start && c && t.n != d->n ? bad_rows(path, t.n, d, err) : t.block.start || !c || t.n != d->n || columns != c ? bad_scores(path, t.n, columns, d, err) : 0;
	if (any)
		*any = c;
	if (!rc)
		rc = (out = lb_alloc(d->n * c, sizeof *out, err)) ? take_scores(path, what, &t, c, out, err) : -1;
	memcpy(sha256, t.sha256, sizeof t.sha256);
	lb_table_free(&t);
	if (!rc)
		return out;
	free(out);
	return NULL;
}

static int check_probabilities(const struct lb_soft_labels *l, size_t rows, size_t c, struct lb_err *err)
{
	for (size_t i = 0; i < rows; i++) {
		double *p = l->p + i * c, sum;
		for (size_t k = 0; k < c; k++)
			if (p[k] < 0)
				return lb_fail(err, LB_DATA, "%s: row %zu, column %zu: found %g, allowed: a probability, from 0 to 1", l->path, i + 1, k + 1, p[k]);
		if (!lb_sum_to_one(p, c, &sum))
			return lb_fail(err, LB_DATA, "%s: row %zu: the probabilities sum to %.9g, allowed: 1 within 0.00001; divide each row by its sum", l->path,
				       i + 1, sum);
	}
	return 0;
}

int lb_soft_labels_load(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_soft_labels *out, struct lb_err *err)
{
	*out = (struct lb_soft_labels){ .path = spec->data.side.soft_labels.one };
	if (!out->path)
		return 0;
	if (!(out->p = read_numbers(out->path, "the probability of each class", data, NULL, out->sha256, err)))
		return -1;
	return check_probabilities(out, data->n, data->n_classes, err);
}

/* ---- a saved model ---- */

/* Returns 1 for an archive that has what only a model has, 0 for another file, -1 when memory runs
 * out. */
static int is_model(const char *path, struct lb_err *err)
{
	struct lb_err why = { 0 };
	struct lb_arrays_file *file = lb_arrays_open(path, &why);
	const bool model = file && lb_arrays_have(file, "lossbench");

	lb_arrays_close(file);
	return why.code == LB_MACHINE ? lb_fail(err, LB_MACHINE, "%s", why.text) : model;
}

/* Whether a model of rankings or regressions says of a row what the data ask for. */
static int match_task(const struct lb_saved_model *m, const struct lb_dataset *d, struct lb_err *err)
{
	if (m->kind != d->kind)
		return lb_fail(err, LB_DATA, "%s: the model's task is %s, allowed: %s; or give a file of scores", m->path, m->p.spec.task.text,
			       d->kind == LB_RANKING ? "ranking, which gives one score a row" : "regression, which gives a prediction for each target");
	return d->kind == LB_RANKING || m->targets == d->n_targets ? 0 :
	       lb_fail(err, LB_DATA, "%s: the model has %zu target%s, the data have %zu; take a model of the same targets", m->path, m->targets, lb_s(m->targets),
		       d->n_targets);
}

/* column[k] <- the model's score that is class k of the data; in ranking its one score, in
 * regression the prediction of target k. */
static int match_classes(const struct lb_saved_model *m, const struct lb_dataset *d, size_t *column, struct lb_err *err)
{
	const size_t n = m->n_text[MODEL_CLASSES];

	if (d->kind == LB_RANKING || d->kind == LB_REGRESSION) {
		for (size_t k = 0; k < columns_of(d); k++)
			column[k] = k;
		return match_task(m, d, err);
	}
	if (m->kind != LB_MULTICLASS)
		return lb_fail(err, LB_DATA, "%s: the model's task is %s, allowed: multiclass, embedding or distillation, which give one score a class",
			       m->path, m->p.spec.task.text);
	if (m->p.setup.loss && !lb_loss_gives_scores(m->p.setup.loss))
		return lb_fail(err, LB_DATA, "%s: the model's loss is %s, which gives embeddings and no class scores; take a model whose loss makes scores", m->path,
			       m->p.setup.loss->base.name);
	if (n != d->n_classes)
		return lb_fail(err, LB_DATA, "%s: the model has %zu classes, the data have %zu; take a model of the same classes", m->path, n,
			       d->n_classes);
	for (size_t k = 0; k < n; k++) {
		for (column[k] = 0; column[k] < n && strcmp(m->text[MODEL_CLASSES][column[k]], d->class_name[k]);)
			column[k]++;
		if (column[k] == n)
			return lb_fail(err, LB_DATA, "%s: the model has no class '%.60s', which the data have; take a model of the same classes", m->path,
				       d->class_name[k]);
	}
	return 0;
}

/* Reads a part's features as the model knows them. */
static void as_model_reads(struct lb_read_options *opt, const void *model)
{
	lb_saved_model_read_options(model, opt);
}

/* *all (rows of the dataset, *columns) <- what the model says of the rows of all parts, its scores
 * or embeddings, in new memory. */
static int predict_parts(const struct lb_saved_model *m, const struct lb_spec *spec, const struct lb_dataset *d, bool embeddings, double **all, size_t *columns,
			 struct lb_err *err)
{
	const struct lb_read_change reading = { .change = as_model_reads, .arg = m };
	struct lb_table table[LB_FILES] = { 0 };
	const char *path[LB_FILES];
	size_t done = 0;
	int rc = lb_data_read(spec, &reading, path, table, err);

	for (int i = 0; !rc && i < LB_FILES; i += 2) {
		const size_t n = table[i].n;
		double *said = NULL;
		if (i && !path[i])
			continue;
		if (n > d->n - done)
			rc = bad_rows(m->path, done + n, d, err);
		else
			rc = lb_saved_model_say(m, &table[i], path[i + 1] ? &table[i + 1] : NULL, path[i] ? path[i] : "data.generator", spec->data.train.label, embeddings,
						&said, columns, err);
		if (!rc && !*all)
			rc = (*all = lb_alloc(d->n * *columns, sizeof **all, err)) ? 0 : -1;
		if (!rc)
			memcpy(*all + done * *columns, said, n * *columns * sizeof **all);
		free(said);
		done += n;
	}
	for (int i = 0; i < LB_FILES; i++)
		lb_table_free(&table[i]);
	return rc || done == d->n ? rc : bad_rows(m->path, done, d, err);
}

/* Puts the scores of each row, of which the model has `columns`, into the order of the data's
 * classes: class k is column[k]. What a model of several outputs a target tells beside its
 * predictions is left out. */
static int in_class_order(const struct lb_dataset *d, const size_t *column, double *scores, size_t columns, struct lb_err *err)
{
	const size_t c = columns_of(d);
	double *row = lb_alloc(columns, sizeof *row, err);

	if (!row)
		return -1;
	for (size_t i = 0; i < d->n; i++) {
		memcpy(row, scores + i * columns, columns * sizeof *row);
		for (size_t k = 0; k < c; k++)
			scores[i * c + k] = row[column[k]];
	}
	free(row);
	return 0;
}

/* out->scores, out->columns <- the saved model's scores of all rows, or its embeddings. */
static int ask_model(struct lb_teacher *out, const char *who, bool embeddings, const struct lb_spec *spec, const struct lb_dataset *d, struct lb_err *err)
{
	struct lb_saved_model *m = lb_sha256_file(out->path, out->sha256, err) ? NULL : lb_saved_model_load(out->path, err);
	size_t *column = m ? lb_alloc(columns_of(d) + 1, sizeof *column, err) : NULL;
	int rc = column ? embeddings ? 0 : match_classes(m, d, column, err) : -1;

	if (!rc && strcmp(m->text[MODEL_KERNELS][0], lb_kernels_name()))
		lb_warn("%s: the %s was trained with the kernels %s, these are %s: last bits of its numbers may differ (--kernels)", out->path, who,
			m->text[MODEL_KERNELS][0], lb_kernels_name());
	if (!rc && embeddings && m->p.setup.model.n_layers < 2 && m->p.setup.loss->kind != LB_EMBEDDING)
		rc = lb_fail(err, LB_DATA, "%s: the %s is a linear model, which has no hidden layer; allowed: one that has, or a file", out->path, who);
	if (!rc && !(out->model = lb_strdup(m->text[MODEL_ID] ? m->text[MODEL_ID][0] : "", err)))
		rc = -1;
	if (!rc)
		rc = predict_parts(m, spec, d, embeddings, &out->scores, &out->columns, err);
	if (!rc && !embeddings)
		rc = in_class_order(d, column, out->scores, out->columns, err);
	free(column);
	lb_saved_model_free(m);
	return rc;
}

/* A file of numbers, as many columns as it has, or what a saved model's embeddings or hidden layer
 * say. */
static int load_embeddings(const char *path, const char *who, const char *what, const struct lb_spec *spec, const struct lb_dataset *data, struct lb_teacher *out,
			   struct lb_err *err)
{
	*out = (struct lb_teacher){ .path = path };
	if (!path)
		return 0;
	const int model = is_model(path, err);
	if (model < 0)
		return -1;
	if (model)
		return ask_model(out, who, true, spec, data, err);
	return (out->scores = read_numbers(path, what, data, &out->columns, out->sha256, err)) ? 0 : -1;
}

int lb_guide_load(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_teacher *out, struct lb_err *err)
{
	return load_embeddings(spec->data.side.guide, "guide", "what the guide says", spec, data, out, err);
}

bool lb_teacher_features_read(const struct lb_spec *spec)
{
	const struct lb_component_use *use[LB_MOST_TERMS];
	const size_t n = lb_used_losses(spec, use);

	for (size_t i = 0; i < n; i++)
		if (use[i]->info && lb_used_loss(use[i])->kind == LB_DISTILLATION && lb_used_loss(use[i])->needs & LB_NEEDS_GUIDE)
			return true;
	return false;
}

int lb_teacher_features_load(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_teacher *out, struct lb_err *err)
{
	const char *own = spec->data.side.teacher_features, *path = own ? own : spec->data.side.teacher;
	const bool reads = lb_teacher_features_read(spec);
	const int model = reads && path && !own ? is_model(path, err) : 0;

	*out = (struct lb_teacher){ 0 };
	if (model < 0 || (!reads && !own) || !path)
		return model;
	if (!own && !model)
		return lb_fail(err, LB_DATA, "%s: is a file of scores, and a loss reads the teacher's features; give them by data.side.teacher_features, or a saved model by "
			       "data.side.teacher", path);
	return load_embeddings(path, "teacher", "the teacher's features", spec, data, out, err);
}

/* Reads a teacher, a file of scores or, unless files alone are allowed there, a saved model. */
static int load(const char *path, bool file_alone, const struct lb_spec *spec, const struct lb_dataset *data, struct lb_teacher *out, struct lb_err *err)
{
	const char *what = data->kind == LB_REGRESSION ? "the teacher's prediction of each target" : "the teacher's score of each class";

	*out = (struct lb_teacher){ .path = path };
	if (!path)
		return 0;
	const int model = is_model(path, err);
	if (model < 0)
		return -1;
	if (!model)
		return (out->scores = read_numbers(path, what, data, NULL, out->sha256, err)) ? 0 : -1;
	if (!file_alone)
		return ask_model(out, "teacher", false, spec, data, err);
	return lb_fail(err, LB_DATA, "%s: is a saved model, allowed in data.teacher: a file of scores; name the model by data.side.teacher", path);
}

int lb_model_scores_load(const char *path, const char *who, const struct lb_spec *spec, const struct lb_dataset *data, struct lb_teacher *out, struct lb_err *err)
{
	*out = (struct lb_teacher){ .path = path };
	return ask_model(out, who, false, spec, data, err);
}

int lb_teacher_load(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_teacher *out, struct lb_err *err)
{
	const char *side = spec->data.side.teacher;

	return load(side ? side : spec->data.teacher, !side, spec, data, out, err);
}

int lb_second_teacher_load(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_teacher *out, struct lb_err *err)
{
	return load(spec->data.side.second_teacher, false, spec, data, out, err);
}

void lb_teacher_free(struct lb_teacher *t)
{
	free(t->model);
	free(t->scores);
	*t = (struct lb_teacher){ 0 };
}
