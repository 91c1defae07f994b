#include "datasets/assemble/join_tables.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const key[] = {
	[LB_CATEGORY] = "data.categorical", [LB_TARGET] = "data.train.label", [LB_EVENT] = "data.event",
	[LB_WEIGHT] = "data.weight",        [LB_OFFSET] = "data.offset",      [LB_EXPOSURE] = "data.exposure",
	[LB_GROUP_COLUMN] = "data.group",   [LB_SUBGROUP] = "data.subgroup",  [LB_DROPPED] = "data.drop",
};

static const char *const side_name[LB_SIDES] = { "training", "validation", "test" };
static const char *const side_key[LB_SIDES] = { "data.train", "data.valid", "data.test" };

/* The columns of the training table and what each is for. */
struct plan {
	const char *path;
	const struct lb_table *t;
	char **name;
	enum lb_role *role;
	size_t n;
	enum lb_kind kind;
};

/* The config's key that gives a role. */
static const char *key_of(const struct plan *p, enum lb_role role)
{
	return role == LB_TARGET && p->kind == LB_SURVIVAL ? "data.time" : role >= LB_SOFT_LABEL ? "data.side.soft_labels" : key[role];
}

int lb_joined_table_side(const struct lb_joined_table *f, size_t row)
{
	return row < f->n_first ? 0 : row < f->n_first + f->n_valid ? 1 : 2;
}

int lb_joined_table_fail(const struct lb_joined_table *f, const struct lb_origin *o, size_t row, struct lb_err *err, const char *fmt, ...)
{
	const int side = lb_joined_table_side(f, row);
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return lb_fail(err, LB_DATA, o->lined[side] ? "%s:%zu: %s" : "%s: row %zu: %s", o->path[side], o->at[row], text);
}

struct lb_column *lb_joined_table_column(const struct lb_joined_table *f, enum lb_role role)
{
	for (size_t j = 0; j < f->n_cols; j++)
		if (f->role[j] == role)
			return &f->col[j];
	return NULL;
}

void lb_joined_table_free(struct lb_joined_table *f)
{
	for (size_t j = 0; j < f->n_cols; j++)
		lb_column_clear(&f->col[j]);
	lb_names_free(f->block_name, f->block.d);
	lb_matrix_free(&f->block);
	free(f->col);
	free(f->role);
	free(f->rows.at);
	free(f->labels.at);
	*f = (struct lb_joined_table){ 0 };
}

int lb_joined_table_filter(struct lb_joined_table *f, const bool *keep, struct lb_err *err)
{
	size_t k = 0, first = 0, valid = 0;

	if (f->block.x && lb_matrix_keep_rows(&f->block, keep, err))
		return -1;
	for (size_t j = 0; j < f->n_cols; j++)
		lb_column_filter(&f->col[j], f->n, keep);
	for (size_t i = 0; i < f->n; i++) {
		if (!keep[i])
			continue;
		f->rows.at[k] = f->rows.at[i];
		if (f->labels.at)
			f->labels.at[k] = f->labels.at[i];
		first += lb_joined_table_side(f, i) == 0;
		valid += lb_joined_table_side(f, i) == 1;
		k++;
	}
	f->n = k;
	f->n_first = first;
	f->n_valid = valid;
	return 0;
}

/* ---- roles ---- */

static size_t width(const struct lb_table *t)
{
	return t->block.d + t->n_cols;
}

static int assign_role_at(struct plan *p, size_t at, enum lb_role role, struct lb_err *err)
{
	const enum lb_role had = p->role[at];

	if (had >= LB_SOFT_LABEL && role >= LB_SOFT_LABEL)
		return lb_fail(err, LB_DATA, "%s: data.side.soft_labels: the column '%s' stands for two classes; name one for each", p->path, p->name[at]);
	if (had != LB_FEATURE && had != role)
		return lb_fail(err, LB_DATA,
			       "%s: the column '%s' is asked for as %s and as %s; it can be one of them%s", p->path, p->name[at], key_of(p, had),
			       key_of(p, role), p->kind == LB_SURVIVAL ? "" : " (the label is the last column unless data.train.label says otherwise)");
	p->role[at] = role;
	return 0;
}

static int assign_role(struct plan *p, const char *ref, enum lb_role role, struct lb_err *err)
{
	size_t at;

	if (!ref)
		return 0;
	const char *hint = lb_first_line_holds(p->t, ref);
	if (hint)
		return lb_fail(err, LB_DATA, "%s: %s: there is no column '%s', but %s", p->path, key_of(p, role), ref, hint);
	if (lb_column_find(ref, p->name, p->n, p->path, key_of(p, role), &at, err))
		return -1;
	return assign_role_at(p, at, role, err);
}

static int assign_role_to_all(struct plan *p, const char *const *ref, size_t n, enum lb_role role, struct lb_err *err)
{
	for (size_t k = 0; k < n; k++)
		if (assign_role(p, ref[k], role, err))
			return -1;
	return 0;
}

/* The columns of the classes' probabilities. */
static int give_soft_labels(struct plan *p, const struct lb_roles *roles, struct lb_err *err)
{
	for (size_t k = 0; k < roles->n_soft_labels; k++)
		if (assign_role(p, roles->soft_labels[k], (enum lb_role)(LB_SOFT_LABEL + k), err))
			return -1;
	return 0;
}

/* "a, b, -1" */
static int give_list(struct plan *p, const char *list, enum lb_role role, struct lb_err *err)
{
	char *copy = lb_strdup(list, err), *rest = copy, *ref;
	int rc = copy ? 0 : -1;

	while (!rc && (ref = strsep(&rest, ","))) {
		ref += strspn(ref, " ");
		for (char *end = ref + strlen(ref); end > ref && end[-1] == ' ';)
			*--end = '\0';
		rc = assign_role(p, ref, role, err);
	}
	free(copy);
	return rc;
}

/* Of several targets all: a generator names them "target...", an archive has them beside the block
 * of its features. */
static int give_last(struct plan *p, const struct lb_table *t, bool generated, struct lb_err *err)
{
	for (size_t j = generated ? 0 : t->block.d; j < p->n; j++) {
		const bool beside = !generated && t->block.d && t->col[j - t->block.d].non_feature && strcmp(p->name[j], "qid");
		if ((beside || (generated && strncmp(p->name[j], "target", 6) == 0)) && p->role[j] == LB_FEATURE && assign_role_at(p, j, LB_TARGET, err))
			return -1;
	}
	return assign_role_at(p, p->n - 1, LB_TARGET, err);
}

/* Without data.labels: the columns that the reader or the generator set aside as labels. */
static int give_labels(struct plan *p, const struct lb_table *t, const struct lb_roles *roles, bool generated, struct lb_err *err)
{
	size_t n = 0;

	if (roles->n_labels)
		return assign_role_to_all(p, roles->labels, roles->n_labels, LB_TARGET, err);
	for (size_t j = t->block.d; j < p->n; j++) {
		const bool label = generated ? !strncmp(p->name[j], "target", 6) : t->col[j - t->block.d].non_feature && strcmp(p->name[j], "qid");
		if (label && p->role[j] == LB_FEATURE && assign_role_at(p, j, LB_TARGET, err))
			return -1;
		n += label;
	}
	return n ? 0 : lb_fail(err, LB_DATA, "%s: no labels; name their columns with data.labels: [NAME, ...], or give their file with "
			       "data.train.labels", p->path);
}

static int give_label(struct plan *p, const struct lb_table *t, const struct lb_roles *roles, bool generated, struct lb_err *err)
{
	if (roles->kind == LB_MULTILABEL)
		return give_labels(p, t, roles, generated, err);
	if (!roles->label)
		return give_last(p, t, generated, err);
	if (roles->kind == LB_REGRESSION && strchr(roles->label, ','))
		return give_list(p, roles->label, LB_TARGET, err);
	return assign_role(p, roles->label, LB_TARGET, err);
}

static int plan_make(struct plan *p, struct lb_table *t, const char *path, bool own_labels, bool generated,
		     const struct lb_roles *roles, struct lb_err *err)
{
	p->path = path;
	p->t = t;
	p->n = width(t);
	p->kind = roles->kind;
	if (p->n == 0 || t->n == 0)
		return lb_fail(err, LB_DATA, "%s: the table has %zu row%s and %zu column%s; at least one of each is needed", path,
			       t->n, lb_s(t->n), p->n, lb_s(p->n));
	if (!(p->name = lb_table_names(t, err)) || !(p->role = lb_alloc(p->n, sizeof *p->role, err)))
		return -1;
	if (assign_role_to_all(p, roles->drop, roles->n_drop, LB_DROPPED, err) || assign_role(p, roles->group, LB_GROUP_COLUMN, err) ||
	    assign_role(p, roles->subgroup, LB_SUBGROUP, err) || assign_role(p, roles->event, LB_EVENT, err) ||
	    assign_role(p, roles->weight, LB_WEIGHT, err) || assign_role(p, roles->offset, LB_OFFSET, err) ||
	    assign_role(p, roles->exposure, LB_EXPOSURE, err) || give_soft_labels(p, roles, err) ||
	    assign_role_to_all(p, roles->categorical, roles->n_categorical, LB_CATEGORY, err))
		return -1;
	if (!own_labels && give_label(p, t, roles, generated, err))
		return -1;
	return lb_joined_table_text_roles(t, path, roles->kind, roles->categorical_auto, p->role, err);
}

/* ---- the columns of the other files ---- */

static int fail_lacking(const struct plan *p, const char *name, const char *path, char *const *has, size_t n, struct lb_err *err)
{
	const char *near = lb_nearest(name, (const char *const *)has, n);

	return lb_fail(err, LB_DATA, "%s: the column '%s' of %s is not there%s%s%s; both files need the same columns", path, name,
		       p->path, near ? " (but '" : "", near ? near : "", near ? "' is)" : "");
}

/* map[j] is the file's column that goes with training column j, by name: the k-th of a name with
 * the k-th. */
static int match_names(const struct plan *p, char *const *name, size_t n, const char *path, size_t *map, struct lb_err *err)
{
	bool *used = lb_alloc(n, sizeof *used, err);
	int rc = used ? 0 : -1;

	for (size_t j = 0; !rc && j < p->n; j++) {
		size_t k = j < n && !used[j] && strcmp(name[j], p->name[j]) == 0 ? j : 0;
		while (k < n && (used[k] || strcmp(name[k], p->name[j]) != 0))
			k++;
		map[j] = k;
		if (k < n)
			used[k] = true;
		else if (p->role[j] != LB_DROPPED)
			rc = fail_lacking(p, p->name[j], path, name, n, err);
	}
	for (size_t k = 0; !rc && k < n; k++)
		if (!used[k])
			rc = lb_fail(err, LB_DATA, "%s: the column '%s' is not in %s; both files need the same columns", path,
				     name[k], p->path);
	free(used);
	return rc;
}

static int match(const struct plan *p, const struct lb_table *train, const struct lb_table *other, int side, const char *path, size_t *map,
		 struct lb_err *err)
{
	const size_t n = width(other);
	char **name;

	if (!train->block.x != !other->block.x || !train->block.start != !other->block.start)
		return lb_fail(err, LB_DATA, "%s: this file is %s%s but %s is %s%s; convert one of them with lossbench data convert", path,
			       other->format, other->block.start ? " (sparse)" : "", p->path, train->format, train->block.start ? " (sparse)" : "");
	if (other->n == 0)
		return lb_fail(err, LB_DATA,
			       "%s: the %s file has no rows; leave out %s to cut a %s part from the training file",
			       path, side_name[side], side_key[side], side_name[side]);
	if (train->has_header && other->has_header) {
		if (!(name = lb_table_names(other, err)))
			return -1;
		int rc = match_names(p, name, n, path, map, err);
		lb_names_free(name, n);
		for (size_t j = 0; !rc && j < train->block.d; j++)
			if (map[j] != j)
				rc = lb_fail(err, LB_DATA, "%s: the column '%s' stands in another place than in %s; sparse files need the same "
					     "order of columns", path, p->name[j], p->path);
		return rc;
	}
	for (size_t j = 0; train->has_header && j < p->n; j++)
		if (lb_first_line_names(other, j, p->name[j]))
			return lb_fail(err, LB_DATA, "%s: the first line holds the name '%s', which is a column of %s, but was taken for a row of data; "
				       "set data.header: true", path, p->name[j], p->path);
	if (n != p->n)
		return lb_fail(err, LB_DATA, "%s: %zu column%s, but %s has %zu; both files need the same columns", path, n, lb_s(n),
			       p->path, p->n);
	for (size_t j = 0; j < n; j++)
		map[j] = j;
	return 0;
}

/* ---- taking what the tables hold ---- */

/* Leaves out the columns of a block that have another role, and names the others. */
static int trim_block(struct lb_joined_table *f, const struct plan *p, struct lb_err *err)
{
	const size_t old = f->block.d;
	bool *keep = lb_alloc(old, sizeof *keep, err);
	char **name = lb_alloc(old, sizeof *name, err);
	size_t d = 0;
	int rc = keep && name ? 0 : -1;

	for (size_t j = 0; !rc && j < old; j++) {
		keep[j] = p->role[j] == LB_FEATURE;
		if (keep[j] && !(name[d++] = lb_strdup(p->name[j], err)))
			rc = -1;
	}
	if (!rc)
		rc = lb_matrix_keep_columns(&f->block, keep, err);
	free(keep);
	if (rc) {
		lb_names_free(name, old);
		return -1;
	}
	lb_names_free(f->block_name, old);
	f->block_name = name;
	return 0;
}

static int take_block(struct lb_joined_table *f, struct lb_table *t, const struct plan *p, struct lb_err *err)
{
	const size_t d = t->block.d;
	bool trimmed = false;

	f->block = t->block;
	f->block_name = t->block_name;
	t->block = (struct lb_matrix){ 0 };
	t->block_name = NULL;
	for (size_t j = 0; j < d; j++) {
		trimmed |= p->role[j] != LB_FEATURE;
		if (p->role[j] == LB_FEATURE || p->role[j] == LB_DROPPED)
			continue;
		f->role[f->n_cols++] = p->role[j];
		if (lb_column_of_block(&f->block, j, p->name[j], &f->col[f->n_cols - 1], err))
			return -1;
	}
	return trimmed ? trim_block(f, p, err) : 0;
}

static int take_labels(struct lb_joined_table *f, struct lb_table *labels, const char *path, enum lb_kind kind, struct lb_err *err)
{
	const size_t n = width(labels);
	char name[32];

	if (n != 1 && !lb_kind_of_columns(kind))
		return lb_fail(err, LB_DATA, "%s: a label file has one column, this one has %zu", path, n);
	if (labels->n != f->n)
		return lb_fail(err, LB_DATA, "%s: %zu label%s, but %s has %zu row%s; the two files do not belong together", path,
			       labels->n, lb_s(labels->n), f->rows.path[0], f->n, lb_s(f->n));
	for (size_t j = 0; j < n; j++) {
		struct lb_column *c = &f->col[f->n_cols];
		f->role[f->n_cols++] = LB_TARGET;
		if (labels->col) {
			*c = labels->col[j];
			labels->col[j] = (struct lb_column){ 0 };
			continue;
		}
		snprintf(name, sizeof name, n == 1 ? "label" : "label_%zu", j + 1);
		if (lb_column_of_block(&labels->block, j, name, c, err))
			return -1;
	}
	return 0;
}

static int origin(struct lb_origin *o, const struct lb_table *t, const char *path, struct lb_err *err)
{
	*o = (struct lb_origin){ .path = { path }, .lined = { t->line != NULL }, .at = lb_alloc(t->n, sizeof *o->at, err) };
	for (size_t i = 0; o->at && i < t->n; i++)
		o->at[i] = t->line ? t->line[i] : i + 1;
	return o->at ? 0 : -1;
}

/* One file (and its label file) as a joined table with the columns in the order of the plan. */
static int side_make(struct lb_joined_table *f, struct lb_table *t, struct lb_table *labels, const char *const paths[2],
		     const struct plan *p, const size_t *map, enum lb_kind kind, struct lb_err *err)
{
	const size_t room = p->n + (labels ? width(labels) : 0), d = t->block.d;
	const bool rows = t->rows.d > 0;

	f->n = f->n_first = t->n;
	f->col = lb_alloc(room, sizeof *f->col, err);
	f->role = lb_alloc(room, sizeof *f->role, err);
	if (!f->col || !f->role || origin(&f->rows, t, paths[0], err) || (labels && origin(&f->labels, labels, paths[1], err)))
		return -1;
	if ((d && take_block(f, t, p, err)) || (rows && lb_joined_table_take_rows(f, t, p->role, p->n, map, err)))
		return -1;
	for (size_t j = d; j < p->n; j++) {
		if (p->role[j] == LB_DROPPED || (rows && p->role[j] == LB_FEATURE))
			continue;
		struct lb_column *from = &t->col[(map ? map[j] : j) - d];
		f->role[f->n_cols] = p->role[j];
		f->col[f->n_cols++] = *from;
		*from = (struct lb_column){ 0 };
	}
	return labels ? take_labels(f, labels, paths[1], kind, err) : 0;
}

static int check_label_files(struct lb_table *const table[LB_FILES], const char *const paths[LB_FILES], struct lb_err *err)
{
	for (int s = 1; s < LB_SIDES; s++)
		if (table[2 * s] && !table[1] != !table[2 * s + 1])
			return lb_fail(err, LB_DATA, "%s: a label file is given for only one of the training and the %s file; give it for both",
				       paths[2 * s], side_name[s]);
	return 0;
}

/* Puts the rows of a side other than the first after those of *out. */
static int add_side(struct lb_joined_table *out, struct lb_table *const table[LB_FILES], const char *const paths[LB_FILES], int side,
		    const struct plan *p, const size_t *map, enum lb_kind kind, struct lb_err *err)
{
	struct lb_joined_table more = { 0 };
	const int i = 2 * side;
	const int rc = !table[i] ? 0 : side_make(&more, table[i], table[i + 1], paths + i, p, map, kind, err) || lb_joined_table_append(out, &more, side, err) ? -1 : 0;

	lb_joined_table_free(&more);
	return rc;
}

int lb_joined_table_build(struct lb_table *const table[LB_FILES], const char *const paths[LB_FILES], const struct lb_roles *roles,
		   struct lb_joined_table *out, struct lb_err *err)
{
	const char *const named[LB_FILES] = { paths[0] ? paths[0] : table[0]->format, paths[1], paths[2] ? paths[2] : "the validation file",
					      paths[3], paths[4] ? paths[4] : "the test file", paths[5] };
	size_t *map[LB_SIDES] = { 0 };
	struct plan p = { 0 };
	int rc = -1;

	if (check_label_files(table, named, err) || lb_joined_table_align(table, roles, err) ||
	    plan_make(&p, table[0], named[0], table[1] != NULL, !paths[0], roles, err))
		goto out;
	for (int s = 1; s < LB_SIDES; s++)
		if (table[2 * s] && (!(map[s] = lb_alloc(p.n, sizeof *map[s], err)) ||
				     match(&p, table[0], table[2 * s], s, named[2 * s], map[s], err)))
			goto out;
	for (int s = 0; s < LB_SIDES; s++)
		if ((table[2 * s] && lb_joined_table_large_numbers(table[2 * s], p.role, p.n, map[s], roles->kind, err)) ||
		    (table[2 * s + 1] &&
		     lb_joined_table_large_numbers(table[2 * s + 1], NULL, width(table[2 * s + 1]), NULL, roles->kind, err)))
			goto out;
	if (lb_joined_table_settle_rows(table, p.role, p.n, map, roles->missing, err) ||
	    side_make(out, table[0], table[1], named, &p, NULL, roles->kind, err))
		goto out;
	for (int s = 1; s < LB_SIDES; s++)
		if (add_side(out, table, named, s, &p, map[s], roles->kind, err))
			goto out;
	rc = 0;
out:
	lb_names_free(p.name, p.n);
	free(p.role);
	for (int s = 0; s < LB_SIDES; s++)
		free(map[s]);
	return rc;
}
