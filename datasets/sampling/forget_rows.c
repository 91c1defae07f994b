#include "datasets/sampling/forget_rows.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/numeric/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct lb_read_options one_column = { .format = "csv", .header = -1 };

/* ---- by name ---- */

/* named[k] <- true for each of the names, of `all` (n_all). */
static int find_names(const char *path, const char *noun, const char *const *name, size_t n, char *const *all, size_t n_all, bool *named, struct lb_err *err)
{
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		while (k < n_all && strcmp(all[k], name[i]))
			k++;
		if (k < n_all && named[k])
			return lb_fail(err, LB_CONFIG, "%s: '%.60s' stands twice; keep one", path, name[i]);
		if (k < n_all) {
			named[k] = true;
			continue;
		}
		const char *near = lb_nearest(name[i], (const char *const *)all, n_all);
		return lb_fail(err, LB_CONFIG, "%s: found '%.60s', allowed: a %s of the data, such as '%.60s'%s%.60s%s", path, name[i], noun, n_all ? all[0] : "",
			       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	return 0;
}

/* forget[row] <- false for training rows whose code is none of the names. */
static int keep_named(const char *path, const char *noun, const char *const *name, size_t n, char *const *all, size_t n_all, const int32_t *code,
		      const struct lb_split *split, bool *forget, struct lb_err *err)
{
	bool *named = n ? lb_alloc(n_all + 1, sizeof *named, err) : NULL;
	const int rc = !n ? 0 : !named ? -1 : find_names(path, noun, name, n, all, n_all, named, err);

	for (size_t i = 0; n && !rc && i < split->n[LB_TRAIN]; i++) {
		const size_t row = split->rows[LB_TRAIN][i];
		forget[row] = forget[row] && named[code[row]];
	}
	free(named);
	return rc;
}

/* ---- by number ---- */

/* forget[row] <- true for the row that line `line` names, which trains. */
static int take_number(const char *path, size_t line, double number, const struct lb_dataset *d, const bool *trains, bool *forget, struct lb_err *err)
{
	if (!(number >= 0) || number >= (double)d->n || floor(number) < number)
		return lb_fail(err, LB_DATA, "%s:%zu: found %g, allowed: the number of a row, from 0 to %zu", path, line, number, d->n - 1);
	const size_t row = (size_t)number;
	if (!trains[row])
		return lb_fail(err, LB_DATA, "%s:%zu: row %zu is no training row, so that nothing was learnt of it; allowed: rows of the training part", path, line, row);
	if (forget[row])
		return lb_fail(err, LB_DATA, "%s:%zu: row %zu stands twice; keep one", path, line, row);
	forget[row] = true;
	return 0;
}

static int take_numbers(const char *path, const struct lb_dataset *d, const bool *trains, bool *forget, struct lb_err *err)
{
	struct lb_table t = { 0 };
	int rc = lb_table_read(path, &one_column, &t, err);

	if (!rc && (t.n_cols != 1 || t.col[0].type != LB_NUMBER))
		rc = lb_fail(err, LB_DATA, "%s: found %s, allowed: one row number a line, from 0", path, t.n_cols == 1 ? "texts" : "several columns");
	for (size_t i = 0; !rc && i < t.n; i++)
		rc = take_number(path, i + 1, t.col[0].num[i], d, trains, forget, err);
	lb_table_free(&t);
	return rc;
}

/* The same marks for the rows of the file alone. */
static int keep_numbered(const char *path, const struct lb_dataset *d, bool *forget, struct lb_err *err)
{
	bool *trains = lb_alloc(d->n, sizeof *trains, err);

	if (!trains)
		return -1;
	memcpy(trains, forget, d->n * sizeof *trains);
	memset(forget, 0, d->n * sizeof *forget);
	const int rc = take_numbers(path, d, trains, forget, err);
	free(trains);
	return rc;
}

/* ---- a share of them ---- */

/* Leaves `rate` of the marks, drawn by the seed among the training rows in their order. */
static int draw_share(const struct lb_forget_options *opt, const struct lb_split *split, bool *forget, struct lb_err *err)
{
	uint32_t *row = lb_alloc(split->n[LB_TRAIN], sizeof *row, err);
	struct lb_rng rng;
	size_t n = 0;

	if (!row)
		return -1;
	for (size_t i = 0; i < split->n[LB_TRAIN]; i++)
		if (forget[split->rows[LB_TRAIN][i]])
			row[n++] = split->rows[LB_TRAIN][i];
	lb_rng_init(&rng, opt->seed, LB_RNG_FORGET, 0);
	lb_rng_shuffle(&rng, row, n);
	for (size_t i = (size_t)(opt->rate * (double)n + 0.5); i < n; i++)
		forget[row[i]] = false;
	free(row);
	return 0;
}

int lb_forget_mark(const struct lb_dataset *d, const struct lb_forget_options *opt, const struct lb_split *split, bool *forget, struct lb_err *err)
{
	memset(forget, 0, d->n * sizeof *forget);
	for (size_t i = 0; i < split->n[LB_TRAIN]; i++)
		forget[split->rows[LB_TRAIN][i]] = true;
	if (opt->n_classes && !d->y)
		return lb_fail(err, LB_CONFIG, "data.forget.class: found '%.60s', but task %s has no classes; allowed: rate, group or rows", opt->class_name[0],
			       lb_kind_name(d->kind));
	if (opt->n_groups && !d->group_name)
		return lb_fail(err, LB_CONFIG, "data.forget.group: found '%.60s' without data.group, the column whose values it names; give data.group: COLUMN",
			       opt->group_name[0]);
	if (keep_named("data.forget.class", "class", opt->class_name, opt->n_classes, d->class_name, d->n_classes, d->y, split, forget, err) ||
	    keep_named("data.forget.group", "group", opt->group_name, opt->n_groups, d->group_name, d->n_groups, d->group, split, forget, err) ||
	    (opt->path && keep_numbered(opt->path, d, forget, err)))
		return -1;
	return opt->rate < 1 ? draw_share(opt, split, forget, err) : 0;
}

/* ---- the split ---- */

int lb_forget_divide(struct lb_split *split, const bool *forget, enum lb_forget_train train, struct lb_err *err)
{
	const size_t n = split->n[LB_TRAIN];

	split->whole = split->rows[LB_TRAIN];
	split->n_whole = n;
	split->rows[LB_TRAIN] = NULL;
	split->n[LB_TRAIN] = 0;
	for (int k = LB_FORGET; k <= LB_RETAIN; k++)
		if (!(split->rows[k] = lb_alloc(n, sizeof *split->rows[k], err)))
			return -1;
	for (size_t i = 0; i < n; i++) {
		const int k = forget[split->whole[i]] ? LB_FORGET : LB_RETAIN;
		split->rows[k][split->n[k]++] = split->whole[i];
	}
	if (!split->n[LB_FORGET] || !split->n[LB_RETAIN])
		return lb_fail(err, LB_DATA, "data.forget: says %s of the %zu training rows, allowed: some of them, so that some are left to keep",
			       split->n[LB_FORGET] ? "all" : "none", n);
	const uint32_t *from = train == LB_TRAIN_ALL ? split->whole : split->rows[train == LB_TRAIN_FORGET ? LB_FORGET : LB_RETAIN];
	const size_t rows = train == LB_TRAIN_ALL ? n : split->n[train == LB_TRAIN_FORGET ? LB_FORGET : LB_RETAIN];
	if (!(split->rows[LB_TRAIN] = lb_alloc(rows, sizeof *split->rows[LB_TRAIN], err)))
		return -1;
	memcpy(split->rows[LB_TRAIN], from, rows * sizeof *from);
	split->n[LB_TRAIN] = rows;
	return 0;
}

struct lb_split lb_forget_before(const struct lb_split *split)
{
	struct lb_split before = *split;

	if (split->whole) {
		before.rows[LB_TRAIN] = split->whole;
		before.n[LB_TRAIN] = split->n_whole;
	}
	return before;
}

int lb_forget_checksum(const char *path, char sha256[65], struct lb_err *err)
{
	struct lb_table t = { 0 };

	if (lb_table_read(path, &one_column, &t, err))
		return -1;
	memcpy(sha256, t.sha256, sizeof t.sha256);
	lb_table_free(&t);
	return 0;
}
