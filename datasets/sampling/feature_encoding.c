#include "core/base/mem.h"
#include "datasets/table/column_moments.h"

#include <math.h>
#include <stdlib.h>

static int refuse_shift(const struct lb_encode_options *opt, struct lb_err *err)
{
	if (opt->standardize)
		return lb_fail(err, LB_CONFIG, "data.preprocess.standardize: found true, but the data are sparse, and taking off the mean would fill "
			       "in their zeros; set standardize: false, with scale: max_abs (values from -1 to 1) or scale: std (standard "
			       "deviation 1) if they are to be scaled");
	if (opt->subtract < 0 || opt->subtract > 0)
		return lb_fail(err, LB_CONFIG, "data.preprocess.subtract: found %g, but the data are sparse; allowed: 0", opt->subtract);
	return 0;
}

/* Column j becomes (x - from) / by. */
static void transform(const struct lb_moments *s, size_t j, const struct lb_encode_options *opt, double *from, double *by)
{
	const bool constant = !(s->min[j] < s->max[j]);
	const double sd = constant ? 0 : sqrt(s->var[j]);
	const double largest = fmax(fabs(s->min[j] - opt->subtract), fabs(s->max[j] - opt->subtract));

	*from = opt->standardize ? s->mean[j] : opt->subtract;
	*by = opt->standardize ? constant ? HUGE_VAL : sd : opt->divide;
	if (opt->scale == LB_SCALE_STD && !constant)
		*by = sd;
	if (opt->scale == LB_SCALE_MAX_ABS && largest > 0)
		*by = largest;
}

static int refuse_range(const struct lb_encoding *e, size_t j, struct lb_err *err)
{
	char *name = lb_encoding_name(e, j, err);

	if (name)
		lb_fail(err, LB_DATA, "column '%s': its values are too large or too close to each other for a mean and a standard deviation; "
			"rescale the column, or drop it with data.drop", name);
	free(name);
	return -1;
}

/* Standardised, x / divide is (x - mean) / sd with the mean and sd of x itself; a constant column
 * becomes 0. */
static int encode_numbers(struct lb_encoding *e, const struct lb_moments *s, const struct lb_encode_options *opt, struct lb_err *err)
{
	double from, by;

	if (e->data->x.start && refuse_shift(opt, err))
		return -1;
	if (opt->standardize && opt->scale != LB_SCALE_NONE)
		return lb_fail(err, LB_CONFIG, "data.preprocess.scale: means nothing with standardize: true, which scales already; set "
			       "standardize: false");
	for (size_t j = 0; j < e->data->x.d; j++) {
		transform(s, j, opt, &from, &by);
		e->scale[j] = 1 / by;
		e->shift[j] = from < 0 || from > 0 ? -from / by : 0;
		e->fill[j] = opt->standardize ? 0 : (s->mean[j] - from) / by;
		if (!isfinite(e->scale[j]) || !isfinite(e->shift[j]) || !isfinite(e->fill[j]))
			return refuse_range(e, j, err);
	}
	e->alike = e->data->x.d > 0;
	for (size_t j = 1; j < e->data->x.d; j++)
		e->alike = e->alike && !(e->scale[j] != e->scale[0] || e->shift[j] != e->shift[0]);
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
	struct lb_moments s = { 0 };
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
	if (lb_moments_of(&d->x, split->rows[LB_TRAIN], split->n[LB_TRAIN], &s, err) || encode_numbers(out, &s, opt, err))
		goto out;
	for (size_t k = 0; k < d->n_cat; k++)
		if (encode_category(out, k, split, opt->unseen_zero, err))
			goto out;
	rc = 0;
out:
	lb_moments_free(&s);
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

double lb_dataset_number(const struct lb_dataset *d, uint32_t row, size_t j)
{
	return lb_matrix_at(&d->x, row, j);
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
