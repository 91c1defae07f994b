#include "core/run/saved_model_predict.h"

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/numeric/kernel_dispatch.h"
#include "core/run/data_read.h"
#include "core/training/predict.h"
#include "datasets/assemble/align_columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* New rows in the columns of a model. */
struct rows {
	struct lb_dataset *data;
	struct lb_labels labels;
	struct lb_encoding features;
};

static void rows_free(struct rows *r)
{
	if (r->data)
		for (size_t k = 0; r->features.one_hot && k < r->data->n_cat; k++)
			free(r->features.one_hot[k]);
	free(r->features.one_hot);
	lb_labels_free(&r->labels);
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

static int read_table(const struct lb_saved_model *m, const char *path, const char *format, int i, bool beside, struct lb_table *t,
		      struct lb_err *err)
{
	struct lb_read_options opt = lb_file_options(&m->p.spec, i);

	if (i == 0) {
		lb_saved_model_read_options(m, &opt);
		opt.role = beside ? LB_READ_FEATURES : LB_READ_BOTH;
	}
	opt.format = format;
	opt.no_labels = true;
	opt.wants = reads_column;
	opt.config = m;
	return lb_table_read(path, &opt, t, err);
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

static int read_rows(const struct lb_saved_model *m, const char *data, const char *labels, const char *format, struct rows *r,
		     struct lb_err *err)
{
	const struct lb_known known = known_of(m);
	struct lb_table t = { 0 }, beside = { 0 };
	int rc = read_table(m, data, format, 0, labels != NULL, &t, err);

	if (!rc && labels)
		rc = read_table(m, labels, NULL, 1, false, &beside, err);
	if (!rc)
		rc = fit_rows(m, &t, labels ? &beside : NULL, data, &known, r, err);
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

/* ---- writing ---- */

static void put_quoted(struct lb_buf *b, const char *text)
{
	lb_buf_puts(b, ",\"");
	for (; *text; text++)
		lb_buf_add(b, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
	lb_buf_puts(b, "\"");
}

static void put_number(struct lb_buf *b, double v)
{
	char number[LB_DOUBLE_TEXT];

	lb_double_text(v, number);
	lb_buf_printf(b, ",%s", number);
}

/* As in the predictions of a run; a label of several that is not known is -1 there. */
static void put_labels(const struct lb_saved_model *m, const struct rows *r, size_t row, struct lb_buf *b)
{
	for (size_t k = 0; k < r->labels.n; k++) {
		const struct lb_column *c = &r->labels.column[k];
		const bool text = c->type == LB_TEXT;
		char number[LB_DOUBLE_TEXT] = "";
		if (!text && !isnan(c->num[row]))
			lb_double_text(c->num[row], number);
		if (m->targets && (!text || c->code[row] < 0))
			lb_buf_printf(b, ",%s", number[0] || lb_kind_of_targets(m->kind) ? number : "-1");
		else
			put_quoted(b, !text ? number : c->code[row] < 0 ? "" : c->level[c->code[row]]);
	}
}

static void put_header(const struct lb_saved_model *m, const struct rows *r, enum lb_said what, size_t c, struct lb_buf *b)
{
	static const char *const column[] = { "score", "probability", "embedding", "prediction" };

	lb_buf_puts(b, "row");
	for (size_t k = 0; k < r->labels.n; k++)
		lb_buf_printf(b, m->kind == LB_SURVIVAL ? ",time" : m->targets ? ",target_%zu" : ",label", k + 1);
	if (what == LB_SAID_LABELS)
		lb_buf_puts(b, ",prediction");
	for (size_t k = 0; k < c && what != LB_SAID_LABELS; k++) {
		char name[LB_COLUMN_NAME];
		snprintf(name, sizeof name, "%s_%zu", column[what], k + 1);
		if (what == LB_SAID_SCORES)
			lb_setup_column_name(&m->p.setup, k, name);
		lb_buf_printf(b, ",%s", name);
	}
}

/* The class of the largest score, the first of equal ones; of a binary score by its sign. */
static size_t decide(const struct lb_saved_model *m, const double *z, size_t c)
{
	size_t best = 0;

	if (m->kind == LB_BINARY)
		return z[0] > 0;
	for (size_t k = 1; k < c; k++)
		best = z[k] > z[best] ? k : best;
	return best;
}

static void make_csv(const struct lb_saved_model *m, const struct rows *r, enum lb_said what, const double *v, size_t c, struct lb_buf *b)
{
	put_header(m, r, what, c, b);
	for (size_t i = 0; i < r->data->n && !b->bad; i++) {
		lb_buf_printf(b, "\n%zu", i);
		put_labels(m, r, i, b);
		if (what == LB_SAID_LABELS)
			put_quoted(b, m->text[MODEL_CLASSES][decide(m, v + i * c, c)]);
		for (size_t k = 0; k < c && what != LB_SAID_LABELS; k++)
			put_number(b, v[i * c + k]);
	}
	lb_buf_puts(b, "\n");
}

static bool ends_in(const char *path, const char *ending)
{
	const size_t n = strlen(path), e = strlen(ending);

	return n > e && !strcmp(path + n - e, ending);
}

static int write_out(const struct lb_saved_model *m, const struct rows *r, enum lb_said what, const double *v, size_t c, const char *out,
		     char **text, struct lb_err *err)
{
	struct lb_buf b = { 0 };

	if (out && ends_in(out, ".npy"))
		return lb_array_write(out, m->p.precision == 64 || what == LB_SAID_PROBABILITIES ? LB_ARRAY_F64 : LB_ARRAY_F32, r->data->n, c, v, err);
	make_csv(m, r, what, v, c, &b);
	int rc = b.bad ? lb_fail_memory(err, b.n) : out ? lb_write_file(out, b.s, b.n, err) : 0;
	if (!rc && !out)
		*text = b.s;
	else
		lb_buf_free(&b);
	return rc;
}

static int check_request(const struct lb_saved_model *m, enum lb_said what, const char *out, struct lb_err *err)
{
	if (out && !ends_in(out, ".csv") && !ends_in(out, ".npy"))
		return lb_fail(err, LB_USAGE, "--out %s: allowed: a name that ends in .csv or .npy", out);
	if (what != LB_SAID_EMBEDDINGS && !lb_loss_gives_scores(m->p.setup.loss))
		return lb_fail(err, LB_USAGE, "--what: the model's loss is %s, which gives embeddings and no class scores; allowed: embeddings",
			       m->p.setup.loss->base.name);
	if (what == LB_SAID_LABELS && m->kind != LB_MULTICLASS && m->kind != LB_BINARY)
		return lb_fail(err, LB_USAGE, "--what labels: the model's task is %s, which has no one class a row; allowed: scores%s",
			       m->p.spec.task.text, m->kind == LB_MULTILABEL ? ", probabilities" : "");
	if (what == LB_SAID_LABELS && out && ends_in(out, ".npy"))
		return lb_fail(err, LB_USAGE, "--what labels: names of classes are texts; allowed: --out with .csv");
	return 0;
}

int lb_saved_model_predict(const struct lb_saved_model *m, const char *data, const char *labels, const char *format, enum lb_said what,
		     const char *out, char **text, struct lb_err *err)
{
	struct rows r = { 0 };
	double *v = NULL;
	size_t c = 0;

	if (check_request(m, what, out, err))
		return -1;
	if (strcmp(m->text[MODEL_KERNELS][0], lb_kernels_name()))
		lb_warn("the model was trained with the kernels %s, these are %s: last bits may differ (--kernels)", m->text[MODEL_KERNELS][0],
			lb_kernels_name());
	int rc = read_rows(m, data, labels, format, &r, err);
	if (!rc)
		rc = predict_rows(m, &r, what == LB_SAID_EMBEDDINGS, &v, &c, err);
	if (!rc && what == LB_SAID_PROBABILITIES)
		rc = to_probabilities(m, v, r.data->n, c, err);
	if (!rc)
		rc = write_out(m, &r, what, v, c, out, text, err);
	free(v);
	rows_free(&r);
	return rc;
}
