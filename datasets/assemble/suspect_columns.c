#include "datasets/assemble/suspect_columns.h"

#include "core/base/mem.h"
#include "datasets/assemble/join_tables.h"
#include "datasets/table/matrix.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Rows from which on values that differ in every row say something: texts and unnamed ranges; row
 * numbers; columns named as ids. */
enum { ID_ROWS = 20, COUNT_ROWS = 8, NAMED_ROWS = 4 };

/* ---- names ---- */

/* Digits after a prefix, with a separator or without: y1, target_2. */
static bool is_numbered(const char *name, const char *prefix)
{
	const size_t n = strlen(prefix);

	if (strncasecmp(name, prefix, n))
		return false;
	name += n;
	name += *name == '_' || *name == '-' || *name == ' ' || *name == '.';
	return *name && name[strspn(name, "0123456789")] == '\0';
}

static bool ends_with(const char *name, const char *ending)
{
	const size_t n = strlen(name), k = strlen(ending);

	return n >= k && !strcasecmp(name + n - k, ending);
}

static bool is_word(const char *name, const char *const *words)
{
	while (*words && strcasecmp(*words, name))
		words++;
	return *words;
}

bool lb_names_label(const char *name)
{
	static const char *const words[] = { "label", "labels", "target", "targets", "class", "y", NULL };
	static const char *const numbered[] = { "label", "target", "class", "y", NULL };
	static const char *const endings[] = { "_label", "_target", NULL };
	static const char *const beginnings[] = { "target_", "label_", "target.", "label.", NULL };

	if (is_word(name, words))
		return true;
	for (size_t i = 0; numbered[i]; i++)
		if (is_numbered(name, numbered[i]))
			return true;
	for (size_t i = 0; endings[i]; i++)
		if (ends_with(name, endings[i]))
			return true;
	for (size_t i = 0; beginnings[i]; i++)
		if (!strncasecmp(name, beginnings[i], strlen(beginnings[i])) && name[strlen(beginnings[i])])
			return true;
	return false;
}

/* CustomerId, customer_id, "row id"; not "acid". */
static bool names_id(const char *name)
{
	static const char *const words[] = { "id", "ids", "uid", "uuid", "guid", "index", "idx", "row", "rows", "rowid", "rownames", "row.names",
					     "row names", "rownumber", "row_number", "row number", "no", "no.", "nr", "number", "num", "#", "sno",
					     "s.no", "s.no.", "sl no", "sr no", "serial", "x", "x.1", "obs", "observation", "record", "level_0", NULL };
	const size_t n = strlen(name);

	if (is_word(name, words) || !strncasecmp(name, "unnamed", 7))
		return true;
	if (n < 3 || strcasecmp(name + n - 2, "id"))
		return false;
	return strchr("_ -.", name[n - 3]) || (islower((unsigned char)name[n - 3]) && name[n - 2] == 'I');
}

static bool is_unnamed(const struct lb_dataset *d, const char *name)
{
	return d->has_header && !strncmp(name, "column ", 7) && name[7] && name[7 + strspn(name + 7, "0123456789")] == '\0';
}

/* ---- numbers ---- */

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Copies the first n values of feature j to v, sorted. Returns true if they are whole numbers that
 * all differ. */
static bool sorted_differ(const struct lb_dataset *d, size_t j, double *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		v[i] = lb_matrix_at(&d->x, i, j);
		if (v[i] != floor(v[i]) || !isfinite(v[i]))
			return false;
	}
	qsort(v, n, sizeof *v, by_value);
	for (size_t i = 1; i < n; i++)
		if (v[i] == v[i - 1])
			return false;
	return true;
}

static bool rises_evenly(const struct lb_dataset *d, size_t j)
{
	const double first = lb_matrix_at(&d->x, 0, j), step = d->n_first > 1 ? lb_matrix_at(&d->x, 1, j) - first : 0;

	if (step == 0 || step != floor(step) || first != floor(first))
		return false;
	for (size_t i = 2; i < d->n_first; i++)
		if (lb_matrix_at(&d->x, i, j) != first + step * (double)i)
			return false;
	return true;
}

/* Whole numbers that all differ in the training file; *range: they are all those between the
 * smallest and the largest. Most columns repeat a value within their first rows and are not sorted
 * whole. */
static int all_differ(const struct lb_dataset *d, size_t j, bool *differ, bool *range, struct lb_err *err)
{
	enum { FEW = 64 };
	double few[FEW] = { 0 }, *v = NULL;

	*differ = sorted_differ(d, j, few, d->n_first < FEW ? d->n_first : FEW);
	if (*differ && !(v = lb_alloc(d->n_first, sizeof *v, err)))
		return -1;
	*differ = *differ && sorted_differ(d, j, v, d->n_first);
	*range = *differ && v[d->n_first - 1] - v[0] == (double)(d->n_first - 1);
	free(v);
	return 0;
}

/* A look at a few rows spares most columns the sorting. */
static bool may_differ(const struct lb_dataset *d, size_t j)
{
	const double a = lb_matrix_at(&d->x, 0, j), b = lb_matrix_at(&d->x, 1, j), c = lb_matrix_at(&d->x, d->n_first / 2, j);
	const double e = lb_matrix_at(&d->x, d->n_first - 1, j);

	return a == floor(a) && b == floor(b) && c == floor(c) && e == floor(e) && a != b && b != e && (c != a || d->n_first < 3) && a != e;
}

/* Sets *why where a numeric feature looks like a row number or an id. */
static int judge_number(const struct lb_dataset *d, size_t j, const char *name, bool *found, enum lb_suspicion *why, struct lb_err *err)
{
	const bool id = names_id(name) || is_unnamed(d, name);
	bool differ = false, range = false;

	*found = false;
	if (d->n_first < NAMED_ROWS || !may_differ(d, j))
		return 0;
	if ((id || d->n_first >= COUNT_ROWS) && rises_evenly(d, j)) {
		*found = true;
		*why = LB_COUNTS_ROWS;
		return 0;
	}
	if (!id && d->n_first < ID_ROWS)
		return 0;
	if (all_differ(d, j, &differ, &range, err))
		return -1;
	*found = differ && (id || range);
	*why = range ? LB_COUNTS_ROWS : LB_NAMES_ROWS;
	return 0;
}

/* ---- finding and telling ---- */

static void add(struct lb_dataset *d, enum lb_suspicion why, const char *name)
{
	d->suspect[d->n_suspects++] = (struct lb_suspect){ why, name, is_unnamed(d, name) };
}

static const char *feature_name(const struct lb_dataset *d, size_t j)
{
	return j < d->x.d ? d->x_name[j] : d->cat[j - d->x.d].name;
}

/* y is a coordinate where there is an x, as are x1, y1, x2, y2. */
static bool has_twin(const struct lb_dataset *d, const char *name)
{
	if (tolower((unsigned char)*name) != 'y')
		return false;
	for (size_t j = 0; j < d->x.d; j++)
		if (tolower((unsigned char)*d->x_name[j]) == 'x' && !strcasecmp(d->x_name[j] + 1, name + 1))
			return true;
	return false;
}

/* X1..X8 with Y1 and Y2 are features and targets, not points. */
static bool is_coordinate(const struct lb_dataset *d, const char *name)
{
	size_t x = 0, y = 0;

	for (size_t j = 0; j < d->x.d; j++) {
		x += !strcasecmp(d->x_name[j], "x") || is_numbered(d->x_name[j], "x");
		y += !strcasecmp(d->x_name[j], "y") || is_numbered(d->x_name[j], "y");
	}
	return has_twin(d, name) && x == y;
}

static int find(struct lb_dataset *d, struct lb_err *err)
{
	const size_t n = d->x.d + d->n_cat;

	if (!(d->suspect = lb_alloc(n, sizeof *d->suspect, err)))
		return -1;
	for (size_t j = 0; j < n; j++) {
		const char *name = feature_name(d, j);
		enum lb_suspicion why = LB_NAMES_ROWS;
		bool found = j >= d->x.d && d->n > ID_ROWS && d->cat[j - d->x.d].n_levels == d->n;
		if (j < d->x.d && judge_number(d, j, name, &found, &why, err))
			return -1;
		if (found)
			add(d, why, name);
		else if (lb_names_label(name) && !is_coordinate(d, name))
			add(d, LB_LIKE_LABEL, name);
	}
	return 0;
}

enum { TOLD = 8 };

static int tell(struct lb_dataset *d, const struct lb_suspect *s, struct lb_err *err)
{
	const char *no_name = s->unnamed ? "has no name and " : "";

	if (s->why == LB_COUNTS_ROWS)
		return lb_dataset_warn(d, err, "the column '%s' %scounts the rows: an index? name it in data.drop", s->name, no_name);
	if (s->why == LB_NAMES_ROWS)
		return lb_dataset_warn(d, err, "the column '%s' %shas another value in every row; if it is an id, name it in data.drop", s->name,
				       no_name);
	return lb_dataset_warn(d, err, "the column '%s' is a feature but named like a label; if it is one, name it in data.drop", s->name);
}

int lb_suspects_warn(struct lb_dataset *d, struct lb_err *err)
{
	const bool generated = d->n_sources && !d->source[0].path;

	if (generated || !d->x_name || d->x.start)
		return 0;
	if (find(d, err))
		return -1;
	for (size_t k = 0; k < d->n_suspects && k < TOLD; k++)
		if (tell(d, &d->suspect[k], err))
			return -1;
	if (d->n_suspects > TOLD)
		return lb_dataset_warn(d, err, "%zu more column%s like indices, ids or labels", d->n_suspects - TOLD,
				       d->n_suspects - TOLD == 1 ? " looks" : "s look");
	return 0;
}
