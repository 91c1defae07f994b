#include "core/base/mem.h"
#include "datasets/assemble/join_tables.h"
#include "datasets/table/column_moments.h"
#include "datasets/formats/readers.h"
#include "datasets/assemble/suspect_columns.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOGETHER = 16 };

int lb_dataset_warn(struct lb_dataset *d, struct lb_err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const int rc = lb_sentence_add(&d->warning, &d->n_warnings, err, fmt, ap);
	va_end(ap);
	return rc;
}

static void free_texts(char **v, size_t n)
{
	for (size_t k = 0; v && k < n; k++)
		free(v[k]);
	free(v);
}

void lb_dataset_free(struct lb_dataset *d)
{
	if (!d)
		return;
	for (size_t k = 0; k < d->n_cat; k++)
		lb_column_clear(&d->cat[k]);
	for (size_t k = 0; k < d->n_sources; k++)
		free(d->source[k].path);
	free_texts(d->x_name, d->x.d);
	lb_matrix_free(&d->x);
	free_texts(d->class_name, d->n_classes);
	free_texts(d->warning, d->n_warnings);
	free(d->suspect);
	free(d->cat);
	free(d->y);
	free(d->target);
	free(d->event);
	free(d->soft_label);
	free(d->weight);
	free(d->offset);
	free(d->group);
	free_texts(d->group_name, d->n_groups);
	free(d->subgroup);
	free(d);
}

/* ---- before the tables are taken ---- */

static int name_sources(struct lb_dataset *d, struct lb_table *const table[LB_FILES], const char *const paths[LB_FILES],
			struct lb_err *err)
{
	for (size_t k = 0; k < LB_FILES; k++) {
		const struct lb_table *t = table[k];
		if (!t)
			continue;
		const size_t s = d->n_sources++;
		d->source[s].bytes = t->bytes;
		d->source[s].format = t->format;
		d->source[s].rows = t->n;
		memcpy(d->source[s].sha256, t->sha256, sizeof t->sha256);
		if (paths[k] && !(d->source[s].path = lb_strdup(paths[k], err)))
			return -1;
	}
	return 0;
}

/* One label a row for tasks that have classes, unless a column is named as label. */
static int settle_labels(struct lb_table *const table[LB_FILES], const char *const paths[LB_FILES], const struct lb_roles *roles, struct lb_err *err)
{
	const bool apart = table[1] != NULL;

	if (lb_kind_of_columns(roles->kind) || (!apart && roles->label && strcmp(roles->label, "label")))
		return 0;
	for (size_t k = apart; k < LB_FILES; k += 2)
		if (table[k] && lb_table_one_hot(table[k], apart, paths[k] ? paths[k] : table[k]->format, err))
			return -1;
	return 0;
}

/* What the readers had to say, with the file's name. */
static int take_warnings(struct lb_dataset *d, struct lb_table *const table[LB_FILES], const char *const paths[LB_FILES], struct lb_err *err)
{
	for (size_t k = 0; k < LB_FILES; k++)
		for (size_t i = 0; table[k] && i < table[k]->n_warnings; i++)
			if (lb_dataset_warn(d, err, "%s: %s", paths[k] ? paths[k] : table[k]->format, table[k]->warning[i]))
				return -1;
	return 0;
}

/* Files of which one has a header and the other none are joined by the order of their columns. */
static int warn_headers(struct lb_dataset *d, struct lb_table *const table[LB_FILES], const char *const paths[LB_FILES], struct lb_err *err)
{
	for (size_t k = 2; k < LB_FILES; k += 2) {
		const struct lb_table *train = table[0], *other = table[k];
		if (!other || train->has_header == other->has_header || train->block.d || other->block.d)
			continue;
		if (lb_dataset_warn(d, err, "%s was read with a header and %s without one, so that their columns go together by their order; set "
				    "data.header if that is wrong", paths[train->has_header ? 0 : k], paths[train->has_header ? k : 0]))
			return -1;
	}
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int warn_duplicates(struct lb_dataset *d, const struct lb_table *t, struct lb_err *err)
{
	const char **name = lb_alloc(t->n_cols, sizeof *name, err);
	struct lb_buf b = { 0 };
	size_t found = 0;
	int rc = -1;

	if (!name)
		return -1;
	for (size_t j = 0; j < t->n_cols; j++)
		name[j] = t->col[j].name;
	qsort(name, t->n_cols, sizeof *name, by_text);
	for (size_t j = 1; j < t->n_cols; j++)
		if (strcmp(name[j], name[j - 1]) == 0 && (j == 1 || strcmp(name[j], name[j - 2]) != 0))
			lb_some(&b, found++, name[j]);
	lb_some_end(&b, found);
	if (b.bad)
		lb_fail_memory(err, b.n);
	else
		rc = found ? lb_dataset_warn(d, err, "%zu column name%s more than once: %s", found,
					     found == 1 ? " occurs" : "s occur", b.s)
			   : 0;
	lb_buf_free(&b);
	free(name);
	return rc;
}

/* A file that is given twice, so that what is measured was trained on. */
static int warn_same_file(struct lb_dataset *d, struct lb_table *const table[LB_FILES], const char *const paths[LB_FILES], struct lb_err *err)
{
	static const char *const side[LB_SIDES] = { "training", "validation", "test" };

	for (int s = 1; s < LB_SIDES; s++)
		for (int other = 0; other < s; other++) {
			const struct lb_table *t = table[2 * s], *first = table[2 * other];
			if (!t || !first || !*t->sha256 || strcmp(t->sha256, first->sha256))
				continue;
			if (lb_dataset_warn(d, err, "%s: the %s file has the content of the %s file: %s", paths[2 * s] ? paths[2 * s] : "data", side[s],
					    side[other], other ? "what is chosen by one is measured on the same rows" :
					    "what is measured on it was trained on"))
				return -1;
			break;
		}
	return 0;
}

/* ---- missing cells ---- */

static const char *block_name(const struct lb_joined_table *f, size_t j, char text[32])
{
	if (f->block_name)
		return f->block_name[j];
	snprintf(text, 32, "column %zu", j + 1);
	return text;
}

static bool is_feature(enum lb_role role)
{
	return role == LB_FEATURE || role == LB_CATEGORY;
}

static bool cell_is_missing(const struct lb_joined_table *f, size_t row, size_t column)
{
	return column < f->n_cols ? lb_column_is_missing(&f->col[column], row) : isnan(lb_matrix_at(&f->block, row, column - f->n_cols));
}

/* Every feature column with missing cells: how many, and where the first few are. */
static int refuse_missing_cells(const struct lb_joined_table *f, const size_t *count, struct lb_err *err)
{
	enum { PLACES = 3, COLUMNS = 5 };
	const size_t columns = f->n_cols + f->block.d;
	size_t first = f->n, told = 0, others = 0;
	struct lb_buf b = { 0 };
	char text[32];

	for (size_t j = 0; j < columns; j++) {
		if (!count[j] || ++told > COLUMNS) {
			others += count[j] > 0;
			continue;
		}
		lb_buf_printf(&b, "%scolumn '%s': the value is missing (%zu of %zu row%s lack%s it:", told > 1 ? "; " : "",
			      j < f->n_cols ? f->col[j].name : block_name(f, j - f->n_cols, text), count[j], f->n,
			      lb_s(f->n), count[j] == 1 ? "s" : "");
		for (size_t i = 0, shown = 0; i < f->n && shown <= PLACES; i++) {
			if (!cell_is_missing(f, i, j))
				continue;
			first = first == f->n ? i : first;
			if (shown++ < PLACES)
				lb_buf_printf(&b, "%s %zu", shown > 1 ? "," : f->rows.lined[lb_joined_table_side(f, i)] ? " line" : " row", f->rows.at[i]);
			else
				lb_buf_puts(&b, ", ...");
		}
		lb_buf_puts(&b, ")");
	}
	if (others)
		lb_buf_printf(&b, "; and %zu more column%s", others, lb_s(others));
	const int rc = b.bad ? lb_fail_memory(err, b.n) :
			       lb_joined_table_fail(f, &f->rows, first, err, "%s; set data.missing to mean or drop, or name the columns in data.drop", b.s);
	lb_buf_free(&b);
	return rc;
}

/* Marks the rows with a missing feature in *lack (n flags), or refuses them. */
static int find_missing(const struct lb_joined_table *f, bool refuse, bool *lack, struct lb_err *err)
{
	const size_t columns = f->n_cols + f->block.d;
	const bool in_block = lb_matrix_has_nan(&f->block);
	size_t *count = lb_alloc(columns, sizeof *count, err), all = 0;
	int rc = count ? 0 : -1;

	for (size_t j = 0; count && j < columns; j++) {
		if (j < f->n_cols ? !is_feature(f->role[j]) || !f->col[j].n_missing : !in_block)
			continue;
		for (size_t i = 0; i < f->n; i++)
			if (cell_is_missing(f, i, j)) {
				lack[i] = true;
				count[j]++;
			}
		all += count[j];
	}
	if (count && all && refuse)
		rc = refuse_missing_cells(f, count, err);
	free(count);
	return rc;
}

static void count_sides(const struct lb_joined_table *f, size_t n[LB_SIDES])
{
	n[0] = f->n_first;
	n[1] = f->n_valid;
	n[2] = f->n - f->n_first - f->n_valid;
}

static int drop_rows(struct lb_joined_table *f, const bool *lack, struct lb_dataset *d, struct lb_err *err)
{
	const size_t before = f->n;
	size_t had[LB_SIDES], has[LB_SIDES];
	bool *keep = lb_alloc(f->n, sizeof *keep, err);

	if (!keep)
		return -1;
	for (size_t i = 0; i < f->n; i++)
		keep[i] = !lack[i];
	count_sides(f, had);
	const int rc = lb_joined_table_filter(f, keep, err);
	count_sides(f, has);
	free(keep);
	if (rc)
		return -1;
	for (int s = 0; s < LB_SIDES; s++)
		if (had[s] && !has[s])
			return lb_fail(err, LB_DATA, "%s: every row has a missing value, so data.missing: drop leaves none; use mean, or drop "
				       "columns with data.drop", f->rows.path[s]);
	if (f->n == before)
		return 0;
	return lb_dataset_warn(d, err, "%zu of %zu row%s with a missing value %s dropped", before - f->n, before, lb_s(before),
			       before - f->n == 1 ? "was" : "were");
}

static int handle_missing(struct lb_joined_table *f, enum lb_missing policy, struct lb_dataset *d, struct lb_err *err)
{
	bool *lack = policy == LB_MISSING_MEAN ? NULL : lb_alloc(f->n, sizeof *lack, err);
	int rc = policy == LB_MISSING_MEAN ? 0 : -1;

	if (lack && !find_missing(f, policy == LB_MISSING_ERROR, lack, err))
		rc = policy == LB_MISSING_DROP ? drop_rows(f, lack, d, err) : 0;
	free(lack);
	return rc;
}

/* ---- features ---- */

/* Columns first .. first + n - 1 of the matrix, row by row. */
static void fill_columns(struct lb_matrix *m, size_t first, size_t n, const double *const *v)
{
	for (size_t i = 0; i < m->n; i++)
		for (size_t j = 0; j < n; j++) {
			const size_t k = i * m->d + first + j;
			if (m->dtype == LB_U8)
				((uint8_t *)m->x)[k] = (uint8_t)v[j][i];
			else if (m->dtype == LB_F32)
				((float *)m->x)[k] = (float)v[j][i];
			else
				((double *)m->x)[k] = v[j][i];
		}
}

/* Moves the columns of features into the matrix, several at a time, which stay in the cache where
 * one alone would not. */
static void take_columns(struct lb_joined_table *f, struct lb_dataset *d)
{
	const double *v[TOGETHER];
	size_t at[TOGETHER], n = 0, k = 0;

	for (size_t j = 0; j < f->n_cols; j++) {
		if (f->role[j] == LB_FEATURE) {
			d->x_name[k + n] = f->col[j].name;
			f->col[j].name = NULL;
			v[n] = f->col[j].num;
			at[n++] = j;
		}
		if (n < TOGETHER && j + 1 < f->n_cols)
			continue;
		fill_columns(&d->x, k, n, v);
		for (k += n; n; n--)
			lb_column_clear(&f->col[at[n - 1]]);
	}
}

static int make_matrix(struct lb_joined_table *f, struct lb_dataset *d, struct lb_err *err)
{
	struct lb_matrix *m = &d->x;
	size_t count = 0;

	for (size_t j = 0; j < f->n_cols; j++)
		if (f->role[j] == LB_FEATURE) {
			const enum lb_dtype type = lb_narrowest(f->col[j].num, f->n);
			m->dtype = type > m->dtype ? type : m->dtype;
			count++;
		}
	m->n = f->n;
	m->x = lb_alloc(f->n * count, lb_dtype_size(m->dtype), err);
	d->x_name = lb_alloc(count, sizeof *d->x_name, err);
	if (!m->x || !d->x_name)
		return -1;
	m->d = count;
	take_columns(f, d);
	return 0;
}

static int take_features(struct lb_joined_table *f, bool alone, struct lb_dataset *d, struct lb_err *err)
{
	if (!(d->cat = lb_alloc(f->n_cols, sizeof *d->cat, err)))
		return -1;
	for (size_t j = 0; j < f->n_cols; j++) {
		struct lb_column *c = &f->col[j];
		if (f->role[j] != LB_CATEGORY)
			continue;
		if (lb_column_to_text(c, f->n, err) || lb_column_sort_levels(c, f->n, err))
			return -1;
		d->cat[d->n_cat++] = *c;
		*c = (struct lb_column){ 0 };
	}
	if (f->block.x) {
		d->x = f->block;
		d->x_name = f->block_name;
		f->block = (struct lb_matrix){ 0 };
		f->block_name = NULL;
	} else if (make_matrix(f, d, err))
		return -1;
	if (d->x.d + d->n_cat == 0)
		return lb_fail(
			err, LB_DATA,
			alone ? "%s: the file has one column only, which is the label; is another delimiter used? (data.delimiter: comma, tab, "
				"semicolon, pipe, blank)" :
				"%s: no column is left as a feature; the label, data.drop, data.group, data.subgroup, data.side.soft_labels, data.weight, data.offset and data.exposure take them all",
			f->rows.path[0]);
	return 0;
}

/* ---- what a user should know of the features ---- */

static int refuse_infinite(const struct lb_joined_table *f, const struct lb_dataset *d, struct lb_err *err)
{
	const size_t stored = d->x.dtype == LB_U8 ? 0 : lb_matrix_stored(&d->x);
	size_t k = 0, row = 0;

	while (k < stored && !isinf(lb_matrix_value(&d->x, k)))
		k++;
	if (k == stored)
		return 0;
	while (d->x.start ? d->x.start[row + 1] <= k : (row + 1) * d->x.d <= k)
		row++;
	const size_t j = d->x.start ? d->x.column[k] : k % d->x.d;
	return lb_joined_table_fail(f, &f->rows, row, err, "feature %zu%s%s: the value is infinite", j + 1, d->x_name ? ", " : "",
			     d->x_name ? d->x_name[j] : "");
}

static int refuse_empty(const struct lb_joined_table *f, const char *name, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s: the column '%s' has no value at all; name it in data.drop", f->rows.path[0], name);
}

/* Lists the constant columns in b; -1 when a column has no value. */
static int list_constant(const struct lb_joined_table *f, const struct lb_dataset *d, const struct lb_moments *seen, struct lb_buf *b,
			 size_t *count, struct lb_err *err)
{
	char text[32];

	for (size_t j = 0; j < d->x.d; j++) {
		snprintf(text, sizeof text, "column %zu", j + 1);
		const char *name = d->x_name ? d->x_name[j] : text;
		if (seen->min[j] > seen->max[j])
			return refuse_empty(f, name, err);
		if (!(seen->min[j] < seen->max[j]))
			lb_some(b, (*count)++, name);
	}
	for (size_t k = 0; k < d->n_cat; k++) {
		if (d->cat[k].n_levels == 0)
			return refuse_empty(f, d->cat[k].name, err);
		if (d->cat[k].n_levels == 1)
			lb_some(b, (*count)++, d->cat[k].name);
	}
	lb_some_end(b, *count);
	return b->bad ? lb_fail_memory(err, b->n) : 0;
}

static int review_features(const struct lb_joined_table *f, struct lb_dataset *d, struct lb_err *err)
{
	struct lb_moments seen;
	struct lb_buf b = { 0 };
	size_t count = 0;
	int rc = -1;

	if (refuse_infinite(f, d, err) || lb_moments_of(&d->x, NULL, d->n_first, &seen, err))
		return -1;
	if (list_constant(f, d, &seen, &b, &count, err))
		goto out;
	if (count && lb_dataset_warn(d, err, "%zu feature%s constant: %s", count, count == 1 ? " is" : "s are", b.s))
		goto out;
	rc = 0;
out:
	lb_moments_free(&seen);
	lb_buf_free(&b);
	return rc;
}

int lb_dataset_assemble(struct lb_table *const table[LB_FILES], const char *const paths[LB_FILES], const struct lb_roles *roles,
			struct lb_dataset **out, struct lb_err *err)
{
	struct lb_dataset *d = lb_alloc(1, sizeof *d, err);
	struct lb_joined_table f = { 0 };
	int rc = -1;

	if (!d)
		return -1;
	d->kind = roles->kind;
	d->has_header = table[0]->has_header;
	if (settle_labels(table, paths, roles, err) || name_sources(d, table, paths, err) || warn_headers(d, table, paths, err) ||
	    warn_duplicates(d, table[0], err))
		goto out;
	const bool alone = table[0]->n_cols == 1 && !table[0]->block.d && !table[1];
	if (lb_joined_table_build(table, paths, roles, &f, err) || take_warnings(d, table, paths, err) ||
	    lb_joined_table_ignore(&f, roles, d, err) || handle_missing(&f, roles->missing, d, err))
		goto out;
	d->n = f.n;
	d->n_first = f.n_first;
	d->n_valid = f.n_valid;
	if (warn_same_file(d, table, paths, err))
		goto out;
	if (lb_joined_table_labels(&f, roles, d, err) || lb_joined_table_soft_labels(&f, roles, d, err) || lb_joined_table_weight(&f, d, err) || lb_joined_table_offset(&f, d, err) ||
	    lb_joined_table_groups(&f, d, err))
		goto out;
	if (take_features(&f, alone, d, err) || review_features(&f, d, err) || lb_suspects_warn(d, err))
		goto out;
	*out = d;
	d = NULL;
	rc = 0;
out:
	lb_joined_table_free(&f);
	lb_dataset_free(d);
	return rc;
}
