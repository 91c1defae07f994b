#include "core/run/saved_model_predict.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/numeric/kernel_dispatch.h"
#include "core/run/data_read.h"
#include "core/run/prediction_table.h"
#include "core/training/predict.h"
#include "datasets/assemble/align_columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* New rows in the columns of a model. */
struct rows {
	struct lb_dataset *data;
	struct lb_labels labels;
	struct lb_labels kept;   /* columns that are passed on as they are */
	struct lb_encoding features;
};

static void rows_free(struct rows *r)
{
	if (r->data)
		for (size_t k = 0; r->features.one_hot && k < r->data->n_cat; k++)
			free(r->features.one_hot[k]);
	free(r->features.one_hot);
	lb_labels_free(&r->labels);
	lb_labels_free(&r->kept);
	if (r->data) {
		r->data->class_name = NULL; /* the model's */
		r->data->n_classes = 0;
		lb_dataset_free(r->data);
	}
}

static struct lb_known known_of(const struct lb_saved_model *m)
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
	return (data->offset && !strcmp(data->offset, name)) || (data->exposure && !strcmp(data->exposure, name));
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
	const struct lb_predict_request *q;
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
	const struct lb_predict_request *q = reading->q;
	struct lb_read_options opt = lb_file_options(&m->p.spec, i);

	if (i == 0) {
		lb_saved_model_read_options(m, &opt);
		opt.role = q->labels ? LB_READ_FEATURES : LB_READ_BOTH;
		opt.as_text = q->n_keep ? passes_on : NULL;
	}
	opt.format = i == 0 ? q->format : NULL;
	opt.no_labels = true;
	opt.wants = reads;
	opt.config = reading;
	return lb_table_read(i == 0 ? q->data : q->labels, &opt, t, err);
}

/* The encoding of the model, over the fitted rows. */
static int encode(const struct lb_saved_model *m, struct rows *r, struct lb_err *err)
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

/* The table's rows in the columns of the model. */
static int fit_rows(const struct lb_saved_model *m, struct lb_table *t, struct lb_table *beside, const char *path, const struct lb_known *known,
		    struct rows *r, struct lb_err *err)
{
	if (lb_dataset_fit(t, beside, path, known, &r->data, &r->labels, err))
		return -1;
	r->data->kind = m->kind;
	r->data->class_name = m->text[MODEL_CLASSES];
	r->data->n_classes = m->n_text[MODEL_CLASSES];
	r->data->n_targets = m->targets;
	return encode(m, r, err);
}

static int copy_kept(const struct lb_predict_request *q, struct lb_table *t, struct lb_labels *kept, struct lb_err *err)
{
	if (!(kept->column = lb_alloc(q->n_keep, sizeof *kept->column, err)))
		return -1;
	for (size_t k = 0; k < q->n_keep; k++)
		if (lb_table_copy_column(t, q->keep[k], q->data, "--keep", &kept->column[kept->n++], err))
			return -1;
	return 0;
}

static int read_rows(const struct lb_saved_model *m, const struct lb_predict_request *q, struct rows *r, struct lb_err *err)
{
	const struct lb_known known = known_of(m);
	const struct reading reading = { m, q };
	struct lb_table t = { 0 }, beside = { 0 };
	int rc = read_table(&reading, 0, &t, err);

	if (!rc && q->labels)
		rc = read_table(&reading, 1, &beside, err);
	if (!rc)
		rc = copy_kept(q, &t, &r->kept, err);
	if (!rc)
		rc = fit_rows(m, &t, q->labels ? &beside : NULL, q->data, &known, r, err);
	lb_table_free(&t);
	lb_table_free(&beside);
	return rc;
}

/* *v <- what the model says of the rows, *c columns. */
static int predict_rows(const struct lb_saved_model *m, const struct rows *r, bool embeddings, double **v, size_t *c, struct lb_err *err)
{
	const struct lb_predicting p = { .setup = &m->p.setup, .features = &r->features, .n_train = (size_t)m->number[MODEL_ROWS][0], .w = m->w,
					 .embeddings = embeddings };

	*c = lb_predict_columns(&p);
	if (!*c)
		return lb_fail(err, LB_USAGE, "--what embeddings: a linear model has none of its own; allowed: scores, probabilities, labels");
	if (!(*v = lb_alloc(r->data->n * *c, sizeof **v, err)))
		return -1;
	return (m->p.precision == 64 ? lb_predict_f64 : lb_predict_f32)(&p, *v, err);
}

int lb_saved_model_say(const struct lb_saved_model *m, struct lb_table *t, struct lb_table *beside, const char *path, const char *label, bool embeddings, double **out,
		    size_t *columns, struct lb_err *err)
{
	struct lb_known known = known_of(m);
	struct rows r = { 0 };

	known.label = label;
	const int rc = fit_rows(m, t, beside, path, &known, &r, err) || predict_rows(m, &r, embeddings, out, columns, err) ? -1 : 0;
	rows_free(&r);
	return rc;
}

/* ---- scores to probabilities ---- */

static void softmax(double *z, size_t c)
{
	double top = z[0], sum = 0;

	for (size_t k = 1; k < c; k++)
		top = z[k] > top ? z[k] : top;
	for (size_t k = 0; k < c; k++)
		sum += z[k] = exp(z[k] - top);
	for (size_t k = 0; k < c; k++)
		z[k] /= sum;
}

static double sigmoid(double z)
{
	return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
}

/* A binary score becomes the probability of the second class. */
static int to_probabilities(const struct lb_saved_model *m, double *v, size_t n, size_t c, struct lb_err *err)
{
	if (lb_kind_of_targets(m->kind))
		return lb_fail(err, LB_USAGE, "--what probabilities: found a %s, which has none; allowed: scores", m->kind == LB_REGRESSION ? "regression" :
			       m->kind == LB_RANKING ? "ranking" : "model of survival, whose curves the scores hold");
	for (size_t i = 0; i < n; i++)
		if (m->kind == LB_MULTICLASS)
			softmax(v + i * c, c);
		else
			for (size_t k = 0; k < c; k++)
				v[i * c + k] = sigmoid(v[i * c + k]);
	return 0;
}

/* ---- what is asked for ---- */

static bool asks(const struct lb_predict_request *q, enum lb_said what)
{
	for (size_t k = 0; k < q->n_what; k++)
		if (q->what[k] == what)
			return true;
	return false;
}

static bool ends_in(const char *path, const char *ending)
{
	const size_t n = strlen(path), e = strlen(ending);

	return n > e && !strcmp(path + n - e, ending);
}

static int check_array(const struct lb_predict_request *q, struct lb_err *err)
{
	if (asks(q, LB_SAID_LABELS))
		return lb_fail(err, LB_USAGE, "--what labels: names of classes are texts; allowed: --out with .csv");
	if (q->n_what > 1 || q->n_keep)
		return lb_fail(err, LB_USAGE, "%s: an array holds one kind of number; allowed: --out with .csv", q->n_what > 1 ? "--what" : "--keep");
	return 0;
}

static int check_request(const struct lb_saved_model *m, const struct lb_predict_request *q, struct lb_err *err)
{
	if (q->out && !ends_in(q->out, ".csv") && !ends_in(q->out, ".npy"))
		return lb_fail(err, LB_USAGE, "--out %s: allowed: a name that ends in .csv or .npy", q->out);
	if (!lb_loss_gives_scores(m->p.setup.loss) && (q->n_what > 1 || !asks(q, LB_SAID_EMBEDDINGS)))
		return lb_fail(err, LB_USAGE, "--what: the model's loss is %s, which gives embeddings and no class scores; allowed: embeddings",
			       m->p.setup.loss->base.name);
	if (asks(q, LB_SAID_LABELS) && m->kind != LB_MULTICLASS && m->kind != LB_BINARY)
		return lb_fail(err, LB_USAGE, "--what labels: the model's task is %s, which has no one class a row; allowed: scores%s",
			       m->p.spec.task.text, m->kind == LB_MULTILABEL ? ", probabilities" : "");
	return q->out && ends_in(q->out, ".npy") ? check_array(q, err) : 0;
}

/* Fills in one of the things that are asked for; labels are decided from the scores. */
static int say_part(const struct lb_saved_model *m, const struct rows *r, struct lb_said_part *part, struct lb_err *err)
{
	if (predict_rows(m, r, part->what == LB_SAID_EMBEDDINGS, &part->v, &part->c, err))
		return -1;
	return part->what == LB_SAID_PROBABILITIES ? to_probabilities(m, part->v, r->data->n, part->c, err) : 0;
}

static int write_parts(const struct lb_prediction_table *t, const char *out, char **text, struct lb_err *err)
{
	const struct lb_said_part *part = &t->part[0];

	if (out && ends_in(out, ".npy"))
		return lb_array_write(out, t->m->p.precision == 64 || part->what == LB_SAID_PROBABILITIES ? LB_ARRAY_F64 : LB_ARRAY_F32, t->n, part->c, part->v, err);
	return lb_prediction_table_write(t, out, text, err);
}

static void warn_of_kernels(const struct lb_saved_model *m)
{
	if (strcmp(m->text[MODEL_KERNELS][0], lb_kernels_name()))
		lb_warn("the model was trained with the kernels %s, these are %s: last bits may differ (--kernels)", m->text[MODEL_KERNELS][0],
			lb_kernels_name());
}

int lb_saved_model_predict(const struct lb_saved_model *m, const struct lb_predict_request *q, char **text, struct lb_err *err)
{
	struct rows r = { 0 };
	struct lb_prediction_table t = { .m = m, .labels = &r.labels, .kept = &r.kept, .n_parts = q->n_what };

	if (check_request(m, q, err))
		return -1;
	warn_of_kernels(m);
	int rc = read_rows(m, q, &r, err);
	t.n = rc ? 0 : r.data->n;
	for (size_t k = 0; !rc && k < q->n_what; k++) {
		t.part[k].what = q->what[k];
		rc = say_part(m, &r, &t.part[k], err);
	}
	if (!rc)
		rc = write_parts(&t, q->out, text, err);
	for (size_t k = 0; k < q->n_what; k++)
		free(t.part[k].v);
	rows_free(&r);
	return rc;
}
