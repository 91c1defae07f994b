#include "core/base/mem.h"
#include "datasets/columns.h"

#include <math.h>
#include <stdlib.h>

/* Of the values that training rows have. */
struct moments {
	double *x; /* room for a row */
	double *min, *max, *mean, *var, *count;
};

static void moments_free(struct moments *s)
{
	free(s->x);
	free(s->min);
	free(s->max);
	free(s->mean);
	free(s->var);
	free(s->count);
}

static int moments_alloc(struct moments *s, size_t d, struct lb_err *err)
{
	double **const array[] = { &s->x, &s->min, &s->max, &s->mean, &s->var, &s->count };

	for (size_t k = 0; k < sizeof array / sizeof *array; k++)
		if (!(*array[k] = lb_alloc(d, sizeof(double), err)))
			return -1;
	return 0;
}

static void add_row(struct moments *s, size_t d)
{
	for (size_t j = 0; j < d; j++) {
		const double v = s->x[j];
		if (isnan(v))
			continue;
		s->min[j] = s->count[j] < 1 || v < s->min[j] ? v : s->min[j];
		s->max[j] = s->count[j] < 1 || v > s->max[j] ? v : s->max[j];
		s->mean[j] += v;
		s->count[j]++;
	}
}

static void moments_of(struct moments *s, const struct lb_matrix *m, const uint32_t *rows, size_t n)
{
	const size_t d = m->d;

	for (size_t i = 0; i < n; i++) {
		lb_matrix_row(m, rows[i], s->x);
		add_row(s, d);
	}
	for (size_t j = 0; j < d; j++)
		s->mean[j] /= fmax(s->count[j], 1);
	for (size_t i = 0; i < n; i++) {
		lb_matrix_row(m, rows[i], s->x);
		for (size_t j = 0; j < d; j++) {
			const double v = s->x[j] - s->mean[j];
			s->var[j] += isnan(v) ? 0 : v * v;
		}
	}
	for (size_t j = 0; j < d; j++)
		s->var[j] /= fmax(s->count[j], 1);
}

/* Standardised, x / divide is (x - mean) / sd with the mean and sd of x itself. */
static int encode_numbers(struct lb_encoding *e, const struct moments *s, const struct lb_encode_options *opt, struct lb_err *err)
{
	for (size_t j = 0; j < e->data->x.d; j++) {
		const double sd = sqrt(s->var[j]);
		const bool constant = !(s->min[j] < s->max[j]);
		e->scale[j] = 1 / opt->divide;
		e->shift[j] = -opt->subtract / opt->divide;
		e->fill[j] = (s->mean[j] - opt->subtract) / opt->divide;
		if (opt->standardize) {
			e->scale[j] = constant ? 0 : 1 / sd;
			e->shift[j] = constant ? 0 : -s->mean[j] / sd;
			e->fill[j] = 0;
		}
		if (isfinite(e->scale[j]) && isfinite(e->shift[j]) && isfinite(e->fill[j]))
			continue;
		char *name = lb_encoding_name(e, j, err);
		if (name)
			lb_fail(err, LB_DATA,
				"column '%s': its values are too large or too close to each other for a mean and a standard "
				"deviation; rescale the column, or drop it with data.drop",
				name);
		free(name);
		return -1;
	}
	return 0;
}

/* ---- categories ---- */

static int refuse_unseen(const struct lb_column *c, const int32_t *to, const struct lb_split *split, struct lb_err *err)
{
	for (int part = LB_VALID; part <= LB_TEST; part++)
		for (size_t i = 0; i < split->n[part]; i++) {
			const int32_t code = c->code[split->rows[part][i]];
			if (code >= 0 && to[code] < 0)
				return lb_fail(
					err, LB_DATA,
					"column '%s': no training row has the value '%s', but a %s row does; set data.unseen: "
					"zero to code it as all zeros",
					c->name, c->level[code], part == LB_VALID ? "validation" : "test");
		}
	return 0;
}

/* The levels that training rows have get the next feature columns. */
static int encode_category(struct lb_encoding *e, size_t k, const struct lb_split *split, bool unseen_zero, struct lb_err *err)
{
	const struct lb_column *c = &e->data->cat[k];
	int32_t *to = e->one_hot[k] = lb_alloc(c->n_levels, sizeof *to, err);

	if (!to)
		return -1;
	for (size_t i = 0; i < split->n[LB_TRAIN]; i++) {
		const int32_t code = c->code[split->rows[LB_TRAIN][i]];
		if (code >= 0)
			to[code] = 1;
	}
	for (size_t v = 0; v < c->n_levels; v++)
		to[v] = to[v] ? (int32_t)e->d++ : -1;
	if (e->d > INT32_MAX)
		return lb_fail(err, LB_DATA, "column '%s': more than 2147483647 feature columns; drop it with data.drop",
			       c->name);
	return unseen_zero ? 0 : refuse_unseen(c, to, split, err);
}

int lb_encoding_make(const struct lb_dataset *d, const struct lb_split *split, const struct lb_encode_options *opt,
		     struct lb_encoding *out, struct lb_err *err)
{
	struct moments s = { 0 };
	int rc = -1;

	*out = (struct lb_encoding){
		.data = d,
		.d = d->x.d,
		.scale = lb_alloc(d->x.d, sizeof *out->scale, err),
		.shift = lb_alloc(d->x.d, sizeof *out->shift, err),
		.fill = lb_alloc(d->x.d, sizeof *out->fill, err),
		.one_hot = lb_alloc(d->n_cat, sizeof *out->one_hot, err),
	};
	if (!out->scale || !out->shift || !out->fill || !out->one_hot)
		goto out;
	if (moments_alloc(&s, d->x.d, err))
		goto out;
	moments_of(&s, &d->x, split->rows[LB_TRAIN], split->n[LB_TRAIN]);
	if (encode_numbers(out, &s, opt, err))
		goto out;
	for (size_t k = 0; k < d->n_cat; k++)
		if (encode_category(out, k, split, opt->unseen_zero, err))
			goto out;
	rc = 0;
out:
	moments_free(&s);
	if (rc)
		lb_encoding_free(out);
	return rc;
}

void lb_encoding_free(struct lb_encoding *e)
{
	if (!e)
		return;
	for (size_t k = 0; e->one_hot && k < e->data->n_cat; k++)
		free(e->one_hot[k]);
	free(e->one_hot);
	free(e->scale);
	free(e->shift);
	free(e->fill);
	*e = (struct lb_encoding){ 0 };
}

char *lb_encoding_name(const struct lb_encoding *e, size_t j, struct lb_err *err)
{
	const struct lb_dataset *d = e->data;

	if (j < d->x.d)
		return d->x_name ? lb_strdup(d->x_name[j], err) : lb_strfmt(err, "column %zu", j + 1);
	for (size_t k = 0; k < d->n_cat; k++)
		for (size_t v = 0; v < d->cat[k].n_levels; v++)
			if (e->one_hot[k][v] == (int32_t)j)
				return lb_strfmt(err, "%s=%s", d->cat[k].name, d->cat[k].level[v]);
	return lb_strfmt(err, "column %zu", j + 1);
}
