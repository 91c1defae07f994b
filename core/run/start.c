#include "core/run/start.h"

#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/run/saved_model.h"
#include "core/run/terms.h"
#include "core/run/uses.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *lb_start_path(const struct lb_spec *spec)
{
	const struct lb_arg *start = lb_use_arg(&spec->model, "start");

	return start ? start->text : NULL;
}

bool lb_start_is_taught(const struct lb_spec *spec)
{
	const struct lb_component_use *use[LB_MOST_TERMS];
	const size_t n = lb_used_losses(spec, use);
	bool reads = false;

	for (size_t i = 0; i < n; i++)
		reads |= lb_used_loss(use[i])->needs & LB_NEEDS_START;
	return reads && !spec->data.side.teacher && !spec->data.teacher;
}

/* All layers begin with the model's parameters, not the hidden ones alone. */
static bool takes_all(const struct lb_spec *spec)
{
	return lb_use_number(&spec->model, "start_layers", 0) == 0;
}

static int refuse(const struct lb_saved_model *m, struct lb_err *err, const char *what, size_t found, const char *whose, size_t allowed)
{
	return lb_fail(err, LB_CONFIG, "model.start: %s has %zu %s, allowed: %zu, as %s", m->path, found, what, allowed, whose);
}

/* ---- what fits ---- */

static int check_layers(const struct lb_saved_model *m, const struct lb_spec *spec, struct lb_err *err)
{
	const struct lb_model_spec *is = &m->p.setup.model;
	struct lb_model_spec wanted;

	if (lb_model_spec_make(spec->model.info, spec->model.par, 1, 1, &wanted, err))
		return -1;
	if (!takes_all(spec) && wanted.n_layers == 1)
		return lb_fail(err, LB_CONFIG, "model.start_layers: found hidden with model.hidden [], which has no hidden layers; allowed: all");
	if (is->n_layers != wanted.n_layers)
		return refuse(m, err, is->n_layers == 2 ? "hidden layer" : "hidden layers", is->n_layers - 1, "model.hidden says", wanted.n_layers - 1);
	for (size_t i = 1; i < wanted.n_layers; i++)
		if (is->width[i] != wanted.width[i])
			return lb_fail(err, LB_CONFIG, "model.start: hidden layer %zu of %s has width %zu, allowed: %zu, as model.hidden says", i, m->path, is->width[i],
				       wanted.width[i]);
	if (wanted.n_layers > 1 && is->activation != wanted.activation)
		return lb_fail(err, LB_CONFIG, "model.start: %s has activation %s, allowed: %s, as model.activation says", m->path,
			       lb_use_arg(&m->p.spec.model, "activation")->text, lb_use_arg(&spec->model, "activation")->text);
	return 0;
}

/* Whether each class has outputs of its own, which can be put into another order. */
static bool by_class(const struct lb_spec *spec, const struct lb_dataset *d)
{
	return (d->kind == LB_MULTICLASS || d->kind == LB_MULTILABEL) && !lb_used_loss(&spec->loss)->scores_for && !(lb_use_number(&spec->model, "dimension", 0) > 0) &&
	       !(lb_use_number(&spec->model, "heads", 1) > 1);
}

static bool in_order(const struct lb_saved_model *m, const struct lb_dataset *d)
{
	for (size_t k = 0; k < d->n_classes; k++)
		if (strcmp(m->text[MODEL_CLASSES][k], d->class_name[k]))
			return false;
	return true;
}

/* column[k] <- the model's class that is class k of the data; NULL: only whether there is one. */
static int match_classes(const struct lb_saved_model *m, const struct lb_spec *spec, const struct lb_dataset *d, size_t *column, struct lb_err *err)
{
	const size_t n = m->n_text[MODEL_CLASSES];

	if (n != d->n_classes)
		return refuse(m, err, "classes", n, "the data have; start_layers: hidden goes without", d->n_classes);
	for (size_t k = 0; k < n; k++) {
		size_t at = 0;
		while (at < n && strcmp(m->text[MODEL_CLASSES][at], d->class_name[k]))
			at++;
		if (at == n)
			return lb_fail(err, LB_CONFIG, "model.start: %s has no class '%.60s', which the data have; start_layers: hidden goes without", m->path, d->class_name[k]);
		if (column)
			column[k] = at;
	}
	if (!by_class(spec, d) && d->kind != LB_BINARY && !in_order(m, d))
		return lb_fail(err, LB_CONFIG, "model.start: %s has the classes in another order than the data, and loss %s has no output for each of them alone; "
			       "start_layers: hidden goes without", m->path, lb_used_loss(&spec->loss)->base.name);
	return 0;
}

/* The output layer. */
static int check_outputs(const struct lb_saved_model *m, const struct lb_spec *spec, const struct lb_dataset *d, struct lb_err *err)
{
	const struct lb_component_use *loss = &spec->loss, *was = &m->p.spec.loss;
	const double dimension = lb_use_number(&spec->model, "dimension", 0), had = lb_use_number(&m->p.spec.model, "dimension", 0);
	const char *const head = spec->head.info ? spec->head.info->name : "linear", *const old = m->p.spec.head.info ? m->p.spec.head.info->name : "linear";

	if (m->kind != d->kind)
		return lb_fail(err, LB_CONFIG, "model.start: the task of %s is %s, allowed: the task %s, or start_layers: hidden", m->path, m->p.spec.task.text, spec->task.text);
	const double heads = lb_use_number(&spec->model, "heads", 1), had_heads = lb_use_number(&m->p.spec.model, "heads", 1);
	if (heads > had_heads || heads < had_heads)
		return refuse(m, err, "heads", (size_t)had_heads, "model.heads says", (size_t)heads);
	if (dimension > had || dimension < had)
		return refuse(m, err, "columns of embedding", (size_t)had, "model.dimension says", (size_t)dimension);
	if (!lb_outputs_same(lb_used_loss(loss), loss->par, lb_used_loss(was), was->par))
		return lb_fail(err, LB_CONFIG, "model.start: %s was trained by loss %s, whose outputs mean something else than those of loss %s; allowed: losses of the same "
			       "outputs, or start_layers: hidden", m->path, lb_used_loss(was)->base.name, lb_used_loss(loss)->base.name);
	if (strcmp(head, old))
		return lb_fail(err, LB_CONFIG, "model.start: %s has head %s, allowed: %s, as model.head says, or start_layers: hidden", m->path, old, head);
	if (lb_kind_of_targets(d->kind) && d->n_targets != m->targets)
		return refuse(m, err, "targets", m->targets, "the data have", d->n_targets);
	return d->n_classes ? match_classes(m, spec, d, NULL, err) : 0;
}

/* The number of the model's numeric column that is column j of the data; SIZE_MAX: none. */
static size_t find_number(const struct lb_saved_model *m, const struct lb_dataset *d, size_t j)
{
	const size_t n = m->n_number[MODEL_SCALE];
	size_t at = 0;

	if (!m->text[MODEL_COLUMNS] || !d->x_name)
		return j < n ? j : SIZE_MAX;
	while (at < n && strcmp(m->text[MODEL_COLUMNS][at], d->x_name[j]))
		at++;
	return at < n ? at : SIZE_MAX;
}

static size_t find_category(const struct lb_saved_model *m, const char *name)
{
	size_t at = 0;

	while (at < m->n_text[MODEL_CATEGORY_COLUMNS] && strcmp(m->text[MODEL_CATEGORY_COLUMNS][at], name))
		at++;
	return at < m->n_text[MODEL_CATEGORY_COLUMNS] ? at : SIZE_MAX;
}

/* The columns are the same, in whatever order. */
static int check_columns(const struct lb_saved_model *m, const struct lb_dataset *d, struct lb_err *err)
{
	const size_t n = m->n_number[MODEL_SCALE], cats = m->n_text[MODEL_CATEGORY_COLUMNS];

	for (size_t j = 0; j < d->x.d && d->x_name && m->text[MODEL_COLUMNS]; j++)
		if (find_number(m, d, j) == SIZE_MAX)
			return lb_fail(err, LB_CONFIG, "model.start: %s knows no number '%.60s', which the data have; drop the column with data.drop", m->path, d->x_name[j]);
	for (size_t k = 0; k < d->n_cat; k++)
		if (find_category(m, d->cat[k].name) == SIZE_MAX)
			return lb_fail(err, LB_CONFIG, "model.start: %s knows no column of categories '%.60s', which the data have; drop it with data.drop", m->path, d->cat[k].name);
	if (d->x.d != n)
		return refuse(m, err, "columns of numbers", n, "the data have", d->x.d);
	return d->n_cat == cats ? 0 : refuse(m, err, "columns of categories", cats, "the data have", d->n_cat);
}

static int check(const struct lb_saved_model *m, const struct lb_spec *spec, const struct lb_dataset *d, struct lb_err *err)
{
	if (check_layers(m, spec, err) || check_columns(m, d, err))
		return -1;
	return takes_all(spec) ? check_outputs(m, spec, d, err) : 0;
}

int lb_start_check(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_err *err)
{
	const char *path = lb_start_path(spec);
	struct lb_saved_model *m = path ? lb_saved_model_load(path, err) : NULL;
	const int rc = !path || (m && !check(m, spec, data, err)) ? 0 : -1;

	lb_saved_model_free(m);
	return rc;
}

/* ---- the first layer ---- */

/* A layer of the trial, made out of one of the model: (out, in) weights, then biases. */
struct layer {
	const double *from;
	double *to;
	size_t from_in, in, out;
};

/* to[.][j] <- factor * from[.][at], and the bias gains offset * from[.][at]. */
static void take_feature(const struct layer *l, size_t j, size_t at, double factor, double offset)
{
	double *bias = l->to + l->in * l->out;

	for (size_t o = 0; o < l->out; o++) {
		const double w = l->from[o * l->from_in + at];
		l->to[o * l->in + j] = factor * w;
		bias[o] += offset * w;
	}
}

/* What the model makes of a column that is one number in all training rows. */
static double constant_feature(const struct lb_saved_model *m, const struct lb_prepared *p, size_t j, size_t at)
{
	double x = (double)NAN;

	for (size_t i = 0; i < p->split.n[LB_TRAIN] && isnan(x); i++)
		x = lb_dataset_number(p->features.data, p->split.rows[LB_TRAIN][i], j);
	return isnan(x) ? m->number[MODEL_FILL][at] : x * m->number[MODEL_SCALE][at] + m->number[MODEL_SHIFT][at];
}

/* The model reads x * scale + shift of its own, the trial x * scale + shift of its own. */
static void take_number(const struct layer *l, const struct lb_saved_model *m, const struct lb_prepared *p, size_t j)
{
	const struct lb_encoding *e = &p->features;
	const size_t at = find_number(m, e->data, j);
	const double ratio = m->number[MODEL_SCALE][at] / e->scale[j];

	if (e->scale[j] != 0)
		take_feature(l, j, at, ratio, m->number[MODEL_SHIFT][at] - ratio * e->shift[j]);
	else
		take_feature(l, j, at, 0, constant_feature(m, p, j, at));
}

/* A value that the model does not know is all zeros to it. */
static void take_category(const struct layer *l, const struct lb_saved_model *m, const struct lb_column *c, const int32_t *one_hot)
{
	const size_t column = find_category(m, c->name);

	for (size_t v = 0; v < c->n_levels; v++)
		for (size_t k = 0; one_hot[v] >= 0 && k < m->n_text[MODEL_CATEGORY]; k++)
			if (m->level_of[k] == column && m->number[MODEL_CATEGORY_FEATURE][k] >= 0 && !strcmp(m->text[MODEL_CATEGORY][k], c->level[v]))
				take_feature(l, (size_t)one_hot[v], (size_t)m->number[MODEL_CATEGORY_FEATURE][k], 1, 0);
}

static void take_first(const struct lb_saved_model *m, const struct lb_prepared *p, double *to)
{
	const struct lb_encoding *e = &p->features;
	const struct layer l = { .from = m->w, .to = to, .from_in = m->p.setup.model.width[0], .in = e->d, .out = p->setup.model.width[1] };

	memcpy(to + l.in * l.out, m->w + l.from_in * l.out, l.out * sizeof *to);
	for (size_t j = 0; j < e->data->x.d; j++)
		take_number(&l, m, p, j);
	for (size_t k = 0; k < e->data->n_cat; k++)
		take_category(&l, m, &e->data->cat[k], e->one_hot[k]);
}

/* ---- the output layer ---- */

/* Puts a layer of n outputs, `each` for every class, into the order of the data's classes. */
static int order_classes(const struct lb_saved_model *m, const struct lb_prepared *p, double *w, size_t in, size_t each, struct lb_err *err)
{
	const struct lb_dataset *d = p->features.data;
	const size_t n = d->n_classes * each;
	size_t *column = lb_alloc(d->n_classes, sizeof *column, err);
	double *old = lb_alloc((in + 1) * n, sizeof *old, err);
	int rc = column && old ? match_classes(m, &p->spec, d, column, err) : -1;

	if (!rc)
		memcpy(old, w, (in + 1) * n * sizeof *old);
	for (size_t k = 0; !rc && k < n; k++) {
		const size_t from = column[k / each] * each + k % each;
		memcpy(w + k * in, old + from * in, in * sizeof *w);
		w[n * in + k] = old[n * in + from];
	}
	free(column);
	free(old);
	return rc;
}

static int take_last(const struct lb_saved_model *m, struct lb_prepared *p, double *w, struct lb_err *err)
{
	const struct lb_model_spec *s = &p->setup.model;
	const struct lb_dataset *d = p->features.data;
	const size_t in = s->width[s->n_layers - 1], out = s->width[s->n_layers];
	double *last = w + lb_model_spec_size(s) - (in + 1) * out;

	if (by_class(&p->spec, d) && !in_order(m, d) && order_classes(m, p, last, in, out / d->n_classes, err))
		return -1;
	if (d->kind == LB_BINARY && !in_order(m, d))
		for (size_t i = 0; i < (in + 1) * out; i++)
			last[i] = -last[i];
	lb_setup_scale(&p->setup, w);
	return 0;
}

/* Whether the model's losses are the trial's, so that own parameters are of the same things. */
static bool same_losses(const struct lb_saved_model *m, const struct lb_prepared *p, size_t own)
{
	const struct lb_setup *a = &p->setup, *b = &m->p.setup;
	const struct lb_dataset was = { .kind = m->kind, .n_classes = m->n_text[MODEL_CLASSES], .n_targets = m->targets };

	if (lb_setup_terms(a) != lb_setup_terms(b) || lb_setup_loss_params(b, &was) != own || (p->features.data->n_classes && !in_order(m, p->features.data)))
		return false;
	for (size_t i = 0; i < lb_setup_terms(a); i++)
		if (lb_setup_term(a, i).loss != lb_setup_term(b, i).loss)
			return false;
	return true;
}

/* ---- all ---- */

static int take(const struct lb_saved_model *m, struct lb_prepared *p, struct lb_err *err)
{
	const struct lb_model_spec *s = &p->setup.model, *is = &m->p.setup.model;
	const size_t n = lb_model_spec_size(s), was = lb_model_spec_size(is), last = (s->width[s->n_layers - 1] + 1) * s->width[s->n_layers];
	const size_t first = (s->width[0] + 1) * s->width[1], old = (is->width[0] + 1) * is->width[1];
	const size_t own = takes_all(&p->spec) ? lb_setup_loss_params(&p->setup, p->features.data) : 0;

	if (check(m, &p->spec, p->features.data, err) || !(p->start.w = lb_alloc(n, sizeof *p->start.w, err)) ||
	    !(p->start.model = lb_strdup(m->text[MODEL_ID] ? m->text[MODEL_ID][0] : "", err)))
		return -1;
	take_first(m, p, p->start.w);
	memcpy(p->start.w + first, m->w + old, ((takes_all(&p->spec) ? n : n - last) - first) * sizeof *p->start.w);
	if (takes_all(&p->spec) && take_last(m, p, p->start.w, err))
		return -1;
	if (own && same_losses(m, p, own)) {
		if (!(p->start.own = lb_alloc(own, sizeof *p->start.own, err)))
			return -1;
		memcpy(p->start.own, m->w + was, own * sizeof *p->start.own);
	}
	p->setup.start = p->start.w;
	p->setup.n_start = takes_all(&p->spec) ? n : n - last;
	p->setup.start_own = p->start.own;
	return 0;
}

int lb_start_prepare(struct lb_prepared *p, struct lb_err *err)
{
	p->start.path = lb_start_path(&p->spec);
	if (!p->start.path)
		return 0;
	struct lb_saved_model *m = lb_sha256_file(p->start.path, p->start.sha256, err) ? NULL : lb_saved_model_load(p->start.path, err);
	const int rc = m ? take(m, p, err) : -1;
	lb_saved_model_free(m);
	return rc;
}

void lb_start_free(struct lb_start *s)
{
	free(s->model);
	free(s->w);
	free(s->own);
	*s = (struct lb_start){ 0 };
}
