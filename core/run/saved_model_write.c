#include "core/run/saved_model_write.h"

#include "core/base/mem.h"
#include "core/numeric/kernel_dispatch.h"
#include "core/run/saved_decision.h"
#include "datasets/formats/npz_archive.h"

#include <stdio.h>
#include <stdlib.h>

char *lb_saved_model_path(const struct lb_trial *t, struct lb_err *err)
{
	return lb_strfmt(err, "%s/trials/%s.model.npz", t->dir, t->id);
}

static int put_text(struct lb_arrays *a, const char *name, const char *text, struct lb_err *err)
{
	return lb_arrays_texts(a, name, 1, true, &text, err);
}

static int put_config(struct lb_arrays *a, const cJSON *config, struct lb_err *err)
{
	struct lb_buf b = { 0 };

	lb_json_canonical(config, &b);
	const int rc = b.bad ? lb_fail_memory(err, b.n) : put_text(a, "config", b.s, err);
	lb_buf_free(&b);
	return rc;
}

static int put_parameters(struct lb_arrays *a, const struct lb_prepared *p, const struct lb_train_result *out, struct lb_err *err)
{
	const enum lb_array_type type = p->precision == 64 ? LB_ARRAY_F64 : LB_ARRAY_F32;
	const struct lb_model_spec *m = &p->setup.model;
	const double *w = out->w;
	char name[32];

	for (size_t i = 0; i < m->n_layers; i++) {
		const size_t in = m->width[i], n = m->width[i + 1];
		snprintf(name, sizeof name, "W%zu", i + 1);
		if (lb_arrays_numbers(a, name, type, n, in, w, err))
			return -1;
		snprintf(name, sizeof name, "b%zu", i + 1);
		if (lb_arrays_numbers(a, name, type, n, 0, w + n * in, err))
			return -1;
		w += n * in + n;
	}
	const size_t own = out->n_params - (size_t)(w - out->w);
	return own ? lb_arrays_numbers(a, "loss_parameters", type, own, 0, w, err) : 0;
}

/* The values of all categorical columns, one after the other. */
static int put_categories(struct lb_arrays *a, const struct lb_encoding *e, struct lb_err *err)
{
	const struct lb_dataset *d = e->data;
	size_t n = 0, m = 0;

	for (size_t k = 0; k < d->n_cat; k++)
		n += d->cat[k].n_levels;
	const char **text = lb_alloc(n + d->n_cat, sizeof *text, err), **column = text + n;
	double *of = lb_alloc(2 * n, sizeof *of, err), *feature = of + n;
	int rc = text && of ? 0 : -1;
	for (size_t k = 0; !rc && k < d->n_cat; k++) {
		column[k] = d->cat[k].name;
		for (size_t v = 0; v < d->cat[k].n_levels; v++, m++) {
			text[m] = d->cat[k].level[v];
			of[m] = (double)k;
			feature[m] = e->one_hot[k][v];
		}
	}
	if (!rc && d->n_cat)
		rc = lb_arrays_texts(a, "category_columns", d->n_cat, false, column, err);
	if (!rc && n)
		rc = lb_arrays_texts(a, "category", n, false, text, err) || lb_arrays_numbers(a, "category_of", LB_ARRAY_I64, n, 0, of, err) ||
				     lb_arrays_numbers(a, "category_feature", LB_ARRAY_I64, n, 0, feature, err) ? -1 : 0;
	free(text);
	free(of);
	return rc;
}

static int put_preprocessing(struct lb_arrays *a, const struct lb_encoding *e, struct lb_err *err)
{
	const struct lb_dataset *d = e->data;

	if (d->x.d && (lb_arrays_numbers(a, "scale", LB_ARRAY_F64, d->x.d, 0, e->scale, err) ||
		       lb_arrays_numbers(a, "shift", LB_ARRAY_F64, d->x.d, 0, e->shift, err) ||
		       lb_arrays_numbers(a, "fill", LB_ARRAY_F64, d->x.d, 0, e->fill, err)))
		return -1;
	if (d->x.d && d->x_name && lb_arrays_texts(a, "columns", d->x.d, false, (const char *const *)d->x_name, err))
		return -1;
	if (d->n_classes && d->class_name && lb_arrays_texts(a, "classes", d->n_classes, false, (const char *const *)d->class_name, err))
		return -1;
	return put_categories(a, e, err);
}

/* What survival adds: the times of intervals and curves, the baseline hazard. */
static int put_times(struct lb_arrays *a, const struct lb_setup *s, const struct lb_train_result *out, struct lb_err *err)
{
	const size_t times = lb_setup_curve_times(s);

	if (s->cuts && lb_arrays_numbers(a, "cuts", LB_ARRAY_F64, lb_loss_outputs(s->loss, s->loss_par), 0, s->cuts, err))
		return -1;
	if (times && lb_arrays_numbers(a, "curve_times", LB_ARRAY_F64, times, 0, s->survival_curve->time, err))
		return -1;
	return out->hazard ? lb_arrays_numbers(a, "baseline_hazard", LB_ARRAY_F64, times, 0, out->hazard, err) : 0;
}

/* The width of what a teacher's hidden layer says, which parameters of losses on it depend on. */
static int put_guide(struct lb_arrays *a, const struct lb_setup *s, struct lb_err *err)
{
	const double columns = (double)s->guide_columns;

	if (!(lb_setup_needs(s) & LB_NEEDS_GUIDE) || s->loss->kind == LB_EMBEDDING)
		return 0;
	return lb_arrays_numbers(a, "guide_columns", LB_ARRAY_I64, 1, 0, &columns, err);
}

int lb_saved_model_write(const char *path, const struct lb_trial *t, const struct lb_prepared *p, const struct lb_train_result *out,
		  struct lb_err *err)
{
	const double rows = (double)p->split.n[LB_TRAIN];
	struct lb_arrays *a = lb_arrays_new(err);
	int rc = !a || put_text(a, "lossbench", LB_SAVED_MODEL_SCHEMA, err) || put_text(a, "id", t->id, err) || put_config(a, t->config, err) ||
		 put_text(a, "kernels", lb_kernels_name(), err) || put_parameters(a, p, out, err) || put_guide(a, &p->setup, err) || put_times(a, &p->setup, out, err) || lb_saved_decision_put(a, p, &out->decision, err) ||
		 put_preprocessing(a, &p->features, err) || lb_arrays_numbers(a, "train_rows", LB_ARRAY_I64, 1, 0, &rows, err) ||
		 lb_arrays_write(a, path, err);

	lb_arrays_free(a);
	return rc ? -1 : 0;
}
