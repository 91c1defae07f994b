#include "datasets/assemble/align_columns.h"

#include "core/base/mem.h"
#include "datasets/table/column.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A table while its columns are looked for. */
struct fitting {
	struct lb_table *t;
	const char *path;
	const struct lb_known *known;
	size_t width;
	char **name;             /* (width) */
	bool *taken;             /* (width) */
	struct lb_dataset *out;
};

static int open_fitting(struct fitting *f, struct lb_err *err)
{
	const struct lb_table *t = f->t;

	f->width = t->block.d + t->n_cols;
	f->name = lb_table_names(t, err);
	f->taken = lb_alloc(f->width, sizeof *f->taken, err);
	return f->name && f->taken ? 0 : -1;
}

static struct lb_column *column_at(const struct fitting *f, size_t j)
{
	return j < f->t->block.d ? NULL : &f->t->col[j - f->t->block.d];
}

static int fail_row(const struct fitting *f, size_t row, const char *name, const char *what, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s%s%zu: column '%s': %s", f->path, f->t->line ? ":" : ": row ", f->t->line ? f->t->line[row] : row + 1,
		       name, what);
}

/* The first column of that name that is not taken yet. */
static int find(struct fitting *f, const char *name, size_t *at, struct lb_err *err)
{
	for (size_t j = 0; j < f->width; j++)
		if (!f->taken[j] && !strcmp(f->name[j], name)) {
			f->taken[j] = true;
			*at = j;
			return 0;
		}
	const char *near = lb_nearest(name, (const char *const *)f->name, f->width);
	return lb_fail(err, LB_DATA, "%s: column '%s' is missing; the model was trained with it%s%s%s, and the file has %zu column%s", f->path, name,
		       near ? "; did you mean '" : "", near ? near : "", near ? "'" : "", f->width, lb_s(f->width));
}

/* ---- numbers ---- */

static int refuse_text(const struct fitting *f, size_t j, struct lb_err *err)
{
	const struct lb_column *c = column_at(f, j);
	const size_t row = lb_column_first_text(c, f->t->n);
	char what[160];

	snprintf(what, sizeof what, "found '%.60s', allowed: a number, as the model was trained with", c->level[c->code[row]]);
	return fail_row(f, row, f->name[j], what, err);
}

static int check_number(const struct fitting *f, size_t row, const char *name, double v, struct lb_err *err)
{
	if (isnan(v) && !f->known->missing_mean)
		return fail_row(f, row, name, "the value is missing, and the model knows no filling for it (it was trained without data.missing: "
				"mean); fill it in, or leave the row out", err);
	return isinf(v) ? fail_row(f, row, name, "the value is infinite; allowed: finite numbers", err) : 0;
}

static int take_number(struct fitting *f, size_t k, size_t j, struct lb_err *err)
{
	struct lb_column *c = column_at(f, j);
	double *x = f->out->x.x;

	if (c && lb_table_large_to_number(f->t, j - f->t->block.d, err))
		return -1;
	if (c && lb_column_first_text(c, f->t->n) < f->t->n)
		return refuse_text(f, j, err);
	if (c && lb_column_to_number(c, f->t->n, err))
		return -1;
	for (size_t i = 0; i < f->t->n; i++) {
		const double v = c ? c->num[i] : lb_matrix_at(&f->t->block, i, j);
		if (check_number(f, i, f->name[j], v, err))
			return -1;
		x[i * f->known->d + k] = v;
	}
	return 0;
}

/* The block as it is: sparse rows stay sparse. */
static int take_block(struct fitting *f, struct lb_err *err)
{
	const struct lb_matrix *m = &f->t->block;
	char name[32];

	for (size_t k = 0; k < lb_matrix_stored(m); k++) {
		const double v = lb_matrix_value(m, k);
		size_t row = m->start ? 0 : k / m->d;
		while (m->start && m->start[row + 1] <= k)
			row++;
		if (isfinite(v) || (isnan(v) && f->known->missing_mean))
			continue;
		snprintf(name, sizeof name, "column %zu", (m->start ? m->column[k] : k % m->d) + 1);
		return check_number(f, row, name, v, err);
	}
	f->out->x = f->t->block;
	f->t->block = (struct lb_matrix){ 0 };
	return 0;
}

static int refuse_width(const struct fitting *f, size_t found, struct lb_err *err)
{
	const size_t d = f->known->d;

	return lb_fail(err, LB_DATA, "%s: column %zu is %s: found %zu column%s of features, the model was trained with %zu", f->path,
		       (found < d ? found : d) + 1, found < d ? "missing" : "one too many", found, lb_s(found), d);
}

/* Features that are known by their place: those of a block, or the columns of a table but for its
 * label. */
static int take_places(struct fitting *f, struct lb_err *err)
{
	const size_t d = f->known->d;
	size_t k = 0;

	if (f->t->block.d)
		return f->t->block.d != d ? refuse_width(f, f->t->block.d, err) : take_block(f, err);
	for (size_t j = 0; j < f->width; j++)
		k += !f->taken[j];
	if (k != d)
		return refuse_width(f, k, err);
	if (!(f->out->x.x = lb_alloc(f->t->n * d, sizeof(double), err)))
		return -1;
	for (size_t j = k = 0; j < f->width; j++)
		if (!f->taken[j] && take_number(f, k++, j, err))
			return -1;
	return 0;
}

static int take_numbers(struct fitting *f, struct lb_err *err)
{
	const size_t d = f->known->d;
	size_t at = 0;

	f->out->x = (struct lb_matrix){ .dtype = LB_F64, .n = f->t->n, .d = d };
	if (!f->known->name && d)
		return take_places(f, err);
	if (!(f->out->x.x = lb_alloc(f->t->n * d, sizeof(double), err)))
		return -1;
	for (size_t k = 0; k < d; k++)
		if (find(f, f->known->name[k], &at, err) || take_number(f, k, at, err))
			return -1;
	return 0;
}

/* ---- categories ---- */

static int copy_levels(const struct lb_known *known, size_t k, struct lb_column *to, struct lb_err *err)
{
	size_t n = 0;

	for (size_t v = 0; v < known->n_levels; v++)
		n += known->level_of[v] == k;
	if (!(to->level = lb_alloc(n, sizeof *to->level, err)))
		return -1;
	for (size_t v = 0; v < known->n_levels; v++)
		if (known->level_of[v] == k && !(to->level[to->n_levels++] = lb_strdup(known->level[v], err)))
			return -1;
	return 0;
}

static int32_t level_code(const struct lb_column *c, const char *text)
{
	for (size_t v = 0; v < c->n_levels; v++)
		if (!strcmp(c->level[v], text))
			return (int32_t)v;
	return -1;
}

static int take_codes(struct fitting *f, struct lb_column *from, struct lb_column *to, struct lb_err *err)
{
	int32_t *code = lb_alloc(from->n_levels, sizeof *code, err);
	char what[200];

	for (size_t v = 0; code && v < from->n_levels; v++)
		code[v] = level_code(to, from->level[v]);
	for (size_t i = 0; code && i < f->t->n; i++) {
		const int32_t c = from->code[i];
		to->code[i] = c < 0 ? -1 : code[c];
		if (to->code[i] >= 0 || (c < 0 ? f->known->missing_mean : f->known->unseen_zero))
			continue;
		free(code);
		snprintf(what, sizeof what, "found '%.60s', which no training row had (the model was trained without data.unseen: zero)",
			 c < 0 ? "" : from->level[c]);
		return fail_row(f, i, from->name, c < 0 ? "the value is missing; fill it in, or leave the row out" : what, err);
	}
	free(code);
	return code ? 0 : -1;
}

static int take_category(struct fitting *f, size_t k, struct lb_err *err)
{
	struct lb_column *to = &f->out->cat[k];
	size_t at = 0;

	*to = (struct lb_column){ .type = LB_TEXT, .name = lb_strdup(f->known->cat_name[k], err) };
	f->out->n_cat = k + 1;
	if (!to->name || !(to->code = lb_alloc(f->t->n, sizeof *to->code, err)) || copy_levels(f->known, k, to, err) ||
	    find(f, to->name, &at, err))
		return -1;
	struct lb_column *from = column_at(f, at);
	if (!from)
		return lb_fail(err, LB_DATA, "%s: column '%s' stands in a block of numbers; the model was trained with categories there", f->path,
			       to->name);
	if (from->type == LB_NUMBER && lb_column_to_text(from, f->t->n, err))
		return -1;
	return take_codes(f, from, to, err);
}

/* ---- offsets ---- */

/* Adds the column, or its log, to the offsets of the rows. */
static int add_offset(struct fitting *f, const char *reference, bool exposure, struct lb_err *err)
{
	const char *key = exposure ? "data.exposure" : "data.offset";
	double **sum = &f->out->offset;
	size_t j;

	if (!reference)
		return 0;
	if (lb_column_find(reference, f->name, f->width, f->path, key, &j, err) || (!*sum && !(*sum = lb_alloc(f->t->n, sizeof **sum, err))))
		return -1;
	struct lb_column *c = column_at(f, j);
	if (c && lb_table_large_to_number(f->t, j - f->t->block.d, err))
		return -1;
	if (c && lb_column_first_text(c, f->t->n) < f->t->n)
		return refuse_text(f, j, err);
	if (c && lb_column_to_number(c, f->t->n, err))
		return -1;
	f->taken[j] = true;
	for (size_t i = 0; i < f->t->n; i++) {
		const double v = c ? c->num[i] : lb_matrix_at(&f->t->block, i, j);
		if (!isfinite(v) || (exposure && !(v > 0)))
			return fail_row(f, i, f->name[j], exposure ? "allowed: a finite exposure above 0" : "allowed: a finite offset", err);
		(*sum)[i] += exposure ? log(v) : v;
	}
	return 0;
}

/* ---- labels ---- */

void lb_labels_free(struct lb_labels *l)
{
	for (size_t k = 0; k < l->n; k++)
		lb_column_clear(&l->column[k]);
	free(l->column);
	*l = (struct lb_labels){ 0 };
}

/* A copy of column j of a table, or of its block. */
static int copy_label(const struct lb_table *t, size_t j, struct lb_column *to, struct lb_err *err)
{
	const struct lb_column *c = j < t->block.d ? NULL : &t->col[j - t->block.d];

	*to = (struct lb_column){ .type = c ? c->type : LB_NUMBER };
	to->large = c && c->large;
	if (to->type == LB_TEXT) {
		to->code = lb_concat(c->code, t->n, NULL, 0, sizeof *to->code, err);
		to->level = lb_alloc(c->n_levels, sizeof *to->level, err);
		for (size_t v = 0; to->level && v < c->n_levels; v++)
			if (!(to->level[to->n_levels++] = lb_strdup(c->level[v], err)))
				return -1;
		return to->code && to->level ? 0 : -1;
	}
	to->num = lb_alloc(t->n, sizeof *to->num, err);
	for (size_t i = 0; to->num && i < t->n; i++)
		to->num[i] = c ? c->num[i] : lb_matrix_at(&t->block, i, j);
	return to->num ? 0 : -1;
}

int lb_table_copy_column(struct lb_table *t, const char *ref, const char *path, const char *key, struct lb_column *out, struct lb_err *err)
{
	struct fitting f = { .t = t, .path = path };
	size_t j;
	int rc = open_fitting(&f, err) || lb_column_find(ref, f.name, f.width, path, key, &j, err) || copy_label(t, j, out, err) ? -1 : 0;

	if (!rc && !(out->name = lb_strdup(f.name[j], err)))
		rc = -1;
	lb_names_free(f.name, f.width);
	free(f.taken);
	return rc;
}

int lb_table_copy_texts(struct lb_table *t, const char *ref, const char *path, const char *key, struct lb_column *out, struct lb_err *err)
{
	return lb_table_copy_column(t, ref, path, key, out, err) || lb_column_to_text(out, t->n, err) ? -1 : 0;
}

static bool is_feature(const struct lb_known *known, const char *name)
{
	for (size_t k = 0; known->name && k < known->d; k++)
		if (!strcmp(known->name[k], name))
			return true;
	for (size_t k = 0; k < known->n_cat; k++)
		if (!strcmp(known->cat_name[k], name))
			return true;
	return false;
}

/* Where the label columns stand: at[0..n_labels); false when one is not there. */
static bool find_labels(const struct fitting *f, char *references, size_t *at)
{
	const struct lb_table *t = f->t;
	char *rest = references, *ref;
	size_t n = 0;

	for (size_t j = 0; t->block.d && !f->known->label && j < t->n_cols; j++) /* labels that a format keeps apart */
		if (t->col[j].non_feature && strcmp(t->col[j].name, "qid")) {
			if (n == f->known->n_labels)
				return false;
			at[n++] = t->block.d + j;
		}
	if (n)
		return n == f->known->n_labels;
	while (n < f->known->n_labels && (ref = strsep(&rest, ","))) {
		ref += strspn(ref, " ");
		ref[strcspn(ref, " ")] = '\0';
		if (lb_column_find(ref, f->name, f->width, f->path, "label", &at[n], NULL) || is_feature(f->known, f->name[at[n]]))
			return false;
		n++;
	}
	return n == f->known->n_labels;
}

/* Adds a column of zeros for a label of the model that does not occur in this file. */
static int absent_label(const struct fitting *f, struct lb_column *to, struct lb_err *err)
{
	*to = (struct lb_column){ .type = LB_NUMBER, .num = lb_alloc(f->t->n, sizeof *to->num, err) };
	return to->num ? 0 : -1;
}

/* Labels by their names: all of them or none, but for lists of labels, where those of no row are 0
 * everywhere. */
static int take_named(struct fitting *f, struct lb_labels *labels, struct lb_err *err)
{
	const struct lb_known *known = f->known;
	const bool lists = f->t->block.start && f->t->n_cols;
	size_t found = 0, *at = lb_alloc(known->n_labels, sizeof *at, err);
	int rc = at ? 0 : -1;

	for (size_t k = 0; at && k < known->n_labels; k++) {
		for (at[k] = 0; at[k] < f->width && (f->taken[at[k]] || strcmp(f->name[at[k]], known->label_name[k]));)
			at[k]++;
		found += at[k] < f->width && !is_feature(known, known->label_name[k]);
	}
	for (size_t k = 0; !rc && (lists || found == known->n_labels) && k < known->n_labels; k++) {
		struct lb_column *to = &labels->column[labels->n++];
		if (at[k] < f->width)
			f->taken[at[k]] = true;
		rc = at[k] < f->width ? copy_label(f->t, at[k], to, err) : absent_label(f, to, err);
	}
	free(at);
	return rc;
}

static int label_beside(const struct fitting *f, const struct lb_table *beside, struct lb_labels *labels, struct lb_err *err)
{
	const size_t width = beside->block.d + beside->n_cols;

	if (width > f->known->n_labels)
		return lb_fail(err, LB_DATA, "%s: the labels beside it have %zu column%s, the model has %zu", f->path, width,
			       lb_s(width), f->known->n_labels);
	if (beside->n != f->t->n)
		return lb_fail(err, LB_DATA, "%s: %zu row%s, but the labels beside it have %zu; they do not belong together", f->path, f->t->n, lb_s(f->t->n),
			       beside->n);
	for (size_t j = 0; j < width && j < f->known->n_labels; j++)
		if (copy_label(beside, j, &labels->column[labels->n++], err))
			return -1;
	return 0;
}

/* By their reference; in a table of unknown features that is as wide as these, no column is a
 * label. */
static int take_labels(struct fitting *f, const struct lb_table *beside, struct lb_labels *labels, struct lb_err *err)
{
	const struct lb_known *known = f->known;
	const size_t besides = (known->offset ? 1U : 0U) + (known->exposure ? 1U : 0U);
	const bool bare = !known->name && !known->n_cat && f->width == known->d + besides;
	char *references = lb_strdup(known->label ? known->label : "-1", err);
	size_t *at = lb_alloc(known->n_labels, sizeof *at, err);
	int rc = references && at && (labels->column = lb_alloc(known->n_labels, sizeof *labels->column, err)) ? 0 : -1;

	if (!rc && beside)
		rc = label_beside(f, beside, labels, err);
	else if (!rc && known->label_name && !bare)
		rc = take_named(f, labels, err);
	else if (!rc && !bare && find_labels(f, references, at))
		for (size_t k = 0; k < known->n_labels && !rc; k++) {
			f->taken[at[k]] = true;
			rc = copy_label(f->t, at[k], &labels->column[labels->n++], err);
		}
	free(references);
	free(at);
	return rc;
}

/* One-hot labels become one, as they did when the model was trained. */
static int settle_labels(struct lb_table *t, struct lb_table *beside, const struct lb_known *known, struct lb_err *err)
{
	if (known->label_name || known->n_labels != 1)
		return 0;
	if (beside)
		return lb_table_one_hot(beside, true, NULL, err);
	return known->label && strcmp(known->label, "label") ? 0 : lb_table_one_hot(t, false, NULL, err);
}

int lb_dataset_fit(struct lb_table *t, struct lb_table *beside, const char *path, const struct lb_known *known, struct lb_dataset **out,
		   struct lb_labels *labels, struct lb_err *err)
{
	struct fitting f = { .t = t, .path = path, .known = known, .out = lb_alloc(1, sizeof *f.out, err) };
	int rc = f.out && !settle_labels(t, beside, known, err) && !open_fitting(&f, err) && (f.out->cat = lb_alloc(known->n_cat, sizeof *f.out->cat, err)) ? 0 : -1;

	*labels = (struct lb_labels){ 0 };
	if (!rc) {
		f.out->n = f.out->n_first = t->n;
		rc = add_offset(&f, known->offset, false, err) || add_offset(&f, known->exposure, true, err) ? -1 : 0;
	}
	if (!rc) {
		rc = take_labels(&f, beside, labels, err);
	}
	for (size_t k = 0; k < known->n_cat && !rc; k++)
		rc = take_category(&f, k, err);
	if (!rc)
		rc = take_numbers(&f, err);
	lb_names_free(f.name, f.width);
	free(f.taken);
	if (rc) {
		lb_dataset_free(f.out);
		lb_labels_free(labels);
		return -1;
	}
	*out = f.out;
	return 0;
}
