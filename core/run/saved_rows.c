#include "core/run/saved_rows.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/run/data_read.h"

#include <stdlib.h>
#include <string.h>

void lb_saved_rows_free(struct lb_saved_rows *r)
{
	if (r->data)
		for (size_t k = 0; r->features.one_hot && k < r->data->n_cat; k++)
			free(r->features.one_hot[k]);
	free(r->features.one_hot);
	lb_labels_free(&r->labels);
	lb_labels_free(&r->kept);
	lb_labels_free(&r->judged);
	if (r->data) {
		r->data->class_name = NULL; /* the model's */
		r->data->n_classes = 0;
		lb_dataset_free(r->data);
	}
}

struct lb_known lb_saved_rows_known(const struct lb_saved_model *m)
{
	const struct lb_data_spec *data = &m->p.spec.data;

	return (struct lb_known){
		.d = m->n_number[MODEL_SCALE],
		.name = m->text[MODEL_COLUMNS],
		.n_cat = m->n_text[MODEL_CATEGORY_COLUMNS],
		.cat_name = m->text[MODEL_CATEGORY_COLUMNS],
		.n_levels = m->n_text[MODEL_CATEGORY],
		.level = m->text[MODEL_CATEGORY],
		.level_of = m->level_of,
		.missing_mean = (enum lb_missing)data->missing.at == LB_MISSING_MEAN,
		.unseen_zero = data->unseen.at == LB_UNSEEN_IS_ZERO,
		.offset = data->offset,
		.exposure = data->exposure,
		.label = m->kind == LB_SURVIVAL ? data->time : data->train.label,
		.label_name = m->kind == LB_MULTILABEL ? m->text[MODEL_CLASSES] : NULL,
		.n_labels = m->targets ? m->targets : 1,
	};
}

/* Whether the model reads a column of this name, for the header's sake (lb_read_options.wants). */
static bool reads_column(const void *model, const char *name)
{
	static const int lists[] = { MODEL_COLUMNS, MODEL_CATEGORY_COLUMNS };
	const struct lb_saved_model *m = model;

	for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
		for (size_t i = 0; m->text[lists[k]] && i < m->n_text[lists[k]]; i++)
			if (!strcmp(m->text[lists[k]][i], name))
				return true;
	const struct lb_data_spec *data = &m->p.spec.data;
	return (data->query && !strcmp(data->query, name)) || (data->event && !strcmp(data->event, name)) || (data->offset && !strcmp(data->offset, name)) || (data->exposure && !strcmp(data->exposure, name));
}

void lb_saved_model_read_options(const struct lb_saved_model *m, struct lb_read_options *opt)
{
	opt->no_labels = true;
	opt->by_rows = false;
	opt->wants = reads_column;
	opt->config = m;
	opt->features = m->n_number[MODEL_SCALE];
}

/* What the reader is told of the columns. */
struct reading {
	const struct lb_saved_model *m;
	const struct lb_rows_request *q;
};

static bool reads(const void *reading, const char *name)
{
	return reads_column(((const struct reading *)reading)->m, name);
}

/* A column that is only passed on stays spelled as it is. */
static bool passes_on(const void *reading, const char *name, size_t at, size_t width)
{
	const struct reading *r = reading;
	const char *label = r->m->p.spec.data.train.label;
	int64_t place;

	for (size_t k = 0; k < r->q->n_keep; k++) {
		const char *ref = r->q->keep[k];
		const bool number = lb_parse_int(ref, strlen(ref), &place);
		if (!strcmp(ref, name) || (number && (place < 0 ? place + (int64_t)width : place - 1) == (int64_t)at))
			return !reads_column(r->m, name) && !(label && !strcmp(label, name));
	}
	return false;
}

static int read_table(const struct reading *reading, int i, struct lb_table *t, struct lb_err *err)
{
	const struct lb_saved_model *m = reading->m;
	const struct lb_rows_request *q = reading->q;
	struct lb_read_options opt = lb_file_options(&m->p.spec, i);

	if (i == 0) {
		lb_saved_model_read_options(m, &opt);
		opt.role = q->labels ? LB_READ_FEATURES : LB_READ_BOTH;
		opt.as_text = q->n_keep ? passes_on : NULL;
	}
	opt.format = i == 0 ? q->format : NULL;
	opt.no_labels = opt.standard_input = true;
	opt.wants = reads;
	opt.config = reading;
	return lb_table_read(i == 0 ? q->data : q->labels, &opt, t, err);
}

/* The encoding of the model, over the fitted rows. */
static int encode(const struct lb_saved_model *m, struct lb_saved_rows *r, struct lb_err *err)
{
	const size_t cats = m->n_text[MODEL_CATEGORY_COLUMNS];

	r->features = (struct lb_encoding){ .data = r->data, .d = m->p.features.d, .scale = m->number[MODEL_SCALE],
					    .shift = m->number[MODEL_SHIFT], .fill = m->number[MODEL_FILL] };
	if (!(r->features.one_hot = lb_alloc(cats, sizeof *r->features.one_hot, err)))
		return -1;
	for (size_t k = 0, v = 0; k < cats; k++) {
		const size_t n = r->data->cat[k].n_levels;
		if (!(r->features.one_hot[k] = lb_alloc(n, sizeof **r->features.one_hot, err)))
			return -1;
		for (size_t j = 0; j < n; j++)
			r->features.one_hot[k][j] = (int32_t)m->number[MODEL_CATEGORY_FEATURE][v++];
	}
	return 0;
}

int lb_saved_rows_fit(const struct lb_saved_model *m, struct lb_table *t, struct lb_table *beside, const char *path, const struct lb_known *known,
		    struct lb_saved_rows *r, struct lb_err *err)
{
	if (lb_dataset_fit(t, beside, path, known, &r->data, &r->labels, err))
		return -1;
	r->data->kind = m->kind;
	r->data->class_name = m->text[MODEL_CLASSES];
	r->data->n_classes = m->n_text[MODEL_CLASSES];
	r->data->n_targets = m->targets;
	return encode(m, r, err);
}

static int copy_kept(const struct lb_rows_request *q, struct lb_table *t, struct lb_labels *kept, struct lb_err *err)
{
	if (!(kept->column = lb_alloc(q->n_keep, sizeof *kept->column, err)))
		return -1;
	for (size_t k = 0; k < q->n_keep; k++)
		if (lb_table_copy_column(t, q->keep[k], q->data, "--keep", &kept->column[kept->n++], err))
			return -1;
	return 0;
}

/* The column that metrics read beside the labels. */
static int copy_judged(const struct lb_saved_model *m, const struct lb_rows_request *q, struct lb_table *t, struct lb_labels *judged, struct lb_err *err)
{
	const struct lb_data_spec *data = &m->p.spec.data;
	const char *ref = m->kind == LB_RANKING ? data->query : m->kind == LB_SURVIVAL ? data->event : NULL;

	if (!q->judged || !ref)
		return 0;
	if (!(judged->column = lb_alloc(1, sizeof *judged->column, err)))
		return -1;
	return lb_table_copy_texts(t, ref, q->data, m->kind == LB_RANKING ? "data.query" : "data.event", &judged->column[judged->n++], err);
}

int lb_saved_rows_read(const struct lb_saved_model *m, const struct lb_rows_request *q, struct lb_saved_rows *r, struct lb_err *err)
{
	const struct lb_known known = lb_saved_rows_known(m);
	const struct reading reading = { m, q };
	struct lb_table t = { 0 }, beside = { 0 };
	int rc = read_table(&reading, 0, &t, err);

	if (!rc && q->labels)
		rc = read_table(&reading, 1, &beside, err);
	if (!rc)
		rc = copy_kept(q, &t, &r->kept, err) || copy_judged(m, q, &t, &r->judged, err) ? -1 : 0;
	if (!rc)
		rc = lb_saved_rows_fit(m, &t, q->labels ? &beside : NULL, q->data, &known, r, err);
	lb_table_free(&t);
	lb_table_free(&beside);
	return rc;
}
