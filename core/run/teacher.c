#include "core/run/teacher.h"

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/numeric/kernel_dispatch.h"
#include "core/run/data_read.h"
#include "core/run/saved_model_predict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- a file of one number a row and class ---- */

/* The numbers of a row: one a class, in ranking one. */
static size_t columns_of(const struct lb_dataset *d)
{
	return d->kind == LB_RANKING ? 1 : d->n_classes;
}

static int bad_scores(const char *path, size_t rows, size_t columns, const struct lb_dataset *d, struct lb_err *err)
{
	const size_t c = columns_of(d);

	return lb_fail(err, LB_DATA, "%s: found %zu row%s of %zu column%s, allowed: %zu row%s (one for each row of the data: train, valid, test) of "
		       "%zu column%s (%s)", path, rows, lb_s(rows), columns, lb_s(columns), d->n, lb_s(d->n), c, lb_s(c),
		       d->kind == LB_RANKING ? "the row's score" : "one per class");
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
			return lb_fail(err, LB_DATA, "%s: column %zu (%s) holds texts, allowed: numbers, %s of each class", path, k + 1,
				       t->col[k].name, what);
	for (size_t i = 0; i < t->n * c; i++) {
		out[i] = t->n_cols ? t->col[i % c].num[i / c] : block_value(&t->block, i);
		if (!isfinite(out[i]))
			return lb_fail(err, LB_DATA, "%s: row %zu, column %zu: found %s, allowed: a finite number", path, i / c + 1, i % c + 1,
				       isnan(out[i]) ? "no number" : "an infinity");
	}
	return 0;
}

/* Returns the numbers (rows of the dataset, classes), or NULL. */
static double *read_numbers(const char *path, const char *what, const struct lb_dataset *d, char sha256[65], struct lb_err *err)
{
	const struct lb_read_options opt = { .missing_ok = true };
	struct lb_table t = { 0 };
	double *out = NULL;

	if (lb_table_read(path, &opt, &t, err))
		return NULL;
	const size_t c = columns_of(d), columns = t.n_cols ? t.n_cols : t.block.d;
	int rc = t.block.start || t.n != d->n || columns != c ? bad_scores(path, t.n, columns, d, err) : 0;
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
	if (!(out->p = read_numbers(out->path, "the probability", data, out->sha256, err)))
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

/* column[k] <- the model's score that is class k of the data; in ranking its one score. */
static int match_classes(const struct lb_saved_model *m, const struct lb_dataset *d, size_t *column, struct lb_err *err)
{
	const size_t n = m->n_text[MODEL_CLASSES];

	if (d->kind == LB_RANKING)
		return m->kind == LB_RANKING ? 0 : lb_fail(err, LB_DATA, "%s: the model's task is %s, allowed: ranking, which gives one score a row; or "
							   "give a file of scores", m->path, m->p.spec.task.text);
	if (m->kind != LB_MULTICLASS)
		return lb_fail(err, LB_DATA, "%s: the model's task is %s, allowed: multiclass, embedding or distillation, which give one score a class",
			       m->path, m->p.spec.task.text);
	if (n != d->n_classes)
		return lb_fail(err, LB_DATA, "%s: the model has %zu classes, the data have %zu; take a teacher of the same classes", m->path, n,
			       d->n_classes);
	for (size_t k = 0; k < n; k++) {
		for (column[k] = 0; column[k] < n && strcmp(m->text[MODEL_CLASSES][column[k]], d->class_name[k]);)
			column[k]++;
		if (column[k] == n)
			return lb_fail(err, LB_DATA, "%s: the model has no class '%.60s', which the data have; take a teacher of the same classes", m->path,
				       d->class_name[k]);
	}
	return 0;
}

/* Reads a part's features as the model knows them. */
static void as_model_reads(struct lb_read_options *opt, const void *model)
{
	lb_saved_model_read_options(model, opt);
}

/* out->scores <- the model's, of the rows of all parts, in the order of the data's classes. */
static int predict_parts(const struct lb_saved_model *m, const struct lb_spec *spec, const struct lb_dataset *d, const size_t *column, struct lb_teacher *out,
			 struct lb_err *err)
{
	const struct lb_read_change reading = { .change = as_model_reads, .arg = m };
	struct lb_table table[LB_FILES] = { 0 };
	const char *path[LB_FILES];
	const size_t c = columns_of(d);
	size_t done = 0;
	int rc = lb_data_read(spec, &reading, path, table, err);

	for (int i = 0; !rc && i < LB_FILES; i += 2) {
		const size_t n = table[i].n;
		double *z = NULL;
		if (i && !path[i])
			continue;
		if (n > d->n - done)
			rc = bad_scores(out->path, done + n, c, d, err);
		else
			rc = lb_saved_model_scores(m, &table[i], path[i + 1] ? &table[i + 1] : NULL, path[i] ? path[i] : "data.generator",
					     spec->data.train.label, &z, err);
		for (size_t k = 0; !rc && k < n * c; k++)
			out->scores[done * c + k] = z[k / c * c + column[k % c]];
		free(z);
		done += n;
	}
	for (int i = 0; i < LB_FILES; i++)
		lb_table_free(&table[i]);
	return rc || done == d->n ? rc : bad_scores(out->path, done, c, d, err);
}

static int read_checksum(const char *path, char hex[65], struct lb_err *err)
{
	size_t n = 0;
	char *bytes = lb_read_file(path, (size_t)1 << 40, &n, LB_DATA, err);
	const int rc = bytes ? lb_sha256_hex(bytes, n, hex, err) : -1;

	free(bytes);
	return rc;
}

static int ask_model(struct lb_teacher *out, const struct lb_spec *spec, const struct lb_dataset *d, struct lb_err *err)
{
	struct lb_saved_model *m = read_checksum(out->path, out->sha256, err) ? NULL : lb_saved_model_load(out->path, err);
	size_t *column = m ? lb_alloc(columns_of(d), sizeof *column, err) : NULL;
	int rc = column ? match_classes(m, d, column, err) : -1;

	if (!rc && strcmp(m->text[MODEL_KERNELS][0], lb_kernels_name()))
		lb_warn("%s: the teacher was trained with the kernels %s, these are %s: last bits of its scores may differ (--kernels)", out->path,
			m->text[MODEL_KERNELS][0], lb_kernels_name());
	if (!rc && (!(out->model = lb_strdup(m->text[MODEL_ID] ? m->text[MODEL_ID][0] : "", err)) ||
		    !(out->scores = lb_alloc(d->n * columns_of(d), sizeof *out->scores, err))))
		rc = -1;
	if (!rc)
		rc = predict_parts(m, spec, d, column, out, err);
	free(column);
	lb_saved_model_free(m);
	return rc;
}

int lb_teacher_load(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_teacher *out, struct lb_err *err)
{
	const char *file = spec->data.teacher, *side = spec->data.side.teacher;

	*out = (struct lb_teacher){ .path = side ? side : file };
	if (!out->path)
		return 0;
	const int model = is_model(out->path, err);
	if (model < 0)
		return -1;
	if (!model)
		return (out->scores = read_numbers(out->path, "the teacher's score", data, out->sha256, err)) ? 0 : -1;
	if (side)
		return ask_model(out, spec, data, err);
	return lb_fail(err, LB_DATA, "%s: is a saved model, allowed in data.teacher: a file of scores; name the model by data.side.teacher", file);
}

void lb_teacher_free(struct lb_teacher *t)
{
	free(t->model);
	free(t->scores);
	*t = (struct lb_teacher){ 0 };
}
