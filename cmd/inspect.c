#include "cmd/inspect.h"

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More distinct numbers than this, or fractions: a regression target. */
enum { MOST_CLASSES = 100 };

/* ...-images-idx3-ubyte.gz goes with ...-labels-idx1-ubyte.gz */
static char *guess_labels(const char *path, struct lb_err *err)
{
	const char *images = strstr(path, "images-idx3");
	char *labels = images ? lb_strfmt(err, "%.*slabels-idx1%s", (int)(images - path), path, images + strlen("images-idx3")) : NULL;

	if (labels && lb_file_exists(labels))
		return labels;
	free(labels);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Distinct values of numbers that could be classes; MOST_CLASSES + 1 when there are more, or a fraction. */
static size_t class_like(const double *v, size_t n, struct lb_err *err)
{
	double *sorted = lb_alloc(n, sizeof *sorted, err);
	size_t distinct = n > 0;

	if (!sorted)
		return 0;
	memcpy(sorted, v, n * sizeof *v);
	qsort(sorted, n, sizeof *sorted, compare);
	for (size_t i = 0; i < n && distinct <= MOST_CLASSES; i++) {
		distinct += i && sorted[i] != sorted[i - 1];
		if (sorted[i] != floor(sorted[i]))
			distinct = MOST_CLASSES + 1;
	}
	free(sorted);
	return distinct;
}

static enum lb_kind guess_task(const struct lb_table *t, size_t label, struct lb_err *err)
{
	const struct lb_column *c = t->col ? &t->col[label] : NULL;
	size_t distinct = 10;

	if (c)
		distinct = c->type == LB_TEXT ? c->n_levels : class_like(c->num, t->n, err);
	if (c && c->type == LB_NUMBER && distinct > MOST_CLASSES)
		return LB_REGRESSION;
	return distinct == 2 ? LB_BINARY : LB_MULTICLASS;
}

static int summarise(struct inspected *s, const struct lb_table *t, struct lb_err *err)
{
	s->columns = t->col ? t->n_cols : t->block.d;
	if (!t->col)
		return 0;
	if (!(s->column = lb_alloc(t->n_cols, sizeof *s->column, err)))
		return -1;
	for (size_t j = 0; j < t->n_cols; j++) {
		const struct lb_column *c = &t->col[j];
		struct inspected_column *o = &s->column[j];
		size_t seen = 0;
		if (!(o->name = lb_strdup(c->name, err)))
			return -1;
		o->type = c->type;
		o->missing = c->n_missing;
		o->distinct = c->n_levels;
		s->missing += c->n_missing;
		for (size_t i = 0; c->num && i < t->n; i++) {
			if (isnan(c->num[i]))
				continue;
			o->min = !seen || c->num[i] < o->min ? c->num[i] : o->min;
			o->max = !seen || c->num[i] > o->max ? c->num[i] : o->max;
			o->mean += (c->num[i] - o->mean) / (double)++seen;
		}
	}
	return 0;
}

/* The column of a reference: a name, or a number from 1 or from the end; the last when there is none or it is unknown (then
 * assembling reports it). */
static size_t find_label(const struct lb_table *t, const char *label)
{
	size_t found = t->n_cols - 1;
	char *end;

	for (size_t j = 0; label && j < t->n_cols; j++)
		if (!strcmp(t->col[j].name, label))
			return j;
	const long k = label ? strtol(label, &end, 10) : 0;
	if (label && *label && !*end && k && labs(k) <= (long)t->n_cols)
		found = k > 0 ? (size_t)k - 1 : t->n_cols - (size_t)-k;
	return found;
}

int inspect(const char *path, const char *labels, const char *label, struct inspected *s, struct lb_err *err)
{
	const struct lb_read_options opt = { .missing_ok = true };
	struct lb_table t[2] = { 0 };
	const double start = lb_seconds();
	int rc = -1;

	*s = (struct inspected){ .path = path };
	s->labels = labels ? lb_strdup(labels, err) : guess_labels(path, err);
	if (lb_table_read(path, &opt, &t[0], err) || (s->labels && lb_table_read(s->labels, &opt, &t[1], err)))
		goto out;
	s->seconds = lb_seconds() - start;
	s->rows = t[0].n;
	s->bytes = t[0].bytes;
	s->format = t[0].format;
	memcpy(s->sha256, t[0].sha256, sizeof s->sha256);
	if (summarise(s, &t[0], err))
		goto out;
	s->labelled = t[0].col || s->labels;
	const size_t column = t[0].col ? find_label(&t[0], label) : 0;
	s->task = guess_task(&t[0], column, err);
	if (t[0].col && !s->labels)
		s->label = s->column[column].name;
	if (s->labelled) {
		const char *const paths[4] = { path, s->labels, NULL, NULL };
		const struct lb_roles roles = { .kind = s->task, .label = label, .categorical_auto = true, .missing = LB_MISSING_MEAN };
		if (lb_dataset_assemble(&t[0], s->labels ? &t[1] : NULL, NULL, NULL, paths, &roles, &s->data, err))
			goto out;
	}
	rc = 0;
out:
	lb_table_free(&t[0]);
	lb_table_free(&t[1]);
	if (rc)
		inspect_free(s);
	return rc;
}

void inspect_free(struct inspected *s)
{
	for (size_t j = 0; s->column && j < s->columns; j++)
		free(s->column[j].name);
	free(s->column);
	free(s->labels);
	lb_dataset_free(s->data);
	*s = (struct inspected){ 0 };
}
