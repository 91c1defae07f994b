#include "datasets/assemble/join_tables.h"
#include "datasets/io/number_notation.h"
#include "datasets/table/row_matrix.h"

#include "core/base/text.h"
#include "core/base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 100 };

/* ---- numbers among texts ---- */

/* The cells of a text column by what they are. */
struct cells {
	size_t numbers, texts;
	size_t otherwise;        /* texts that are numbers in another notation, */
	unsigned readings;       /* which can all be read so (enum lb_reading) */
	size_t first, number;    /* rows of the first text and the first number */
	size_t example;          /* and of the first number in another notation */
};

static int count_cells(const struct lb_column *c, size_t n, struct cells *out, struct lb_err *err)
{
	unsigned *readings = lb_alloc(c->n_levels, sizeof *readings, err);
	bool *number = lb_alloc(c->n_levels, sizeof *number, err);
	double v;

	*out = (struct cells){ .first = n, .number = n, .example = n, .readings = ~0U };
	for (size_t k = 0; readings && number && k < c->n_levels; k++) {
		number[k] = lb_parse_double(c->level[k], strlen(c->level[k]), &v);
		readings[k] = number[k] ? 0 : lb_readings_of(c->level[k]);
	}
	for (size_t i = 0; readings && number && i < n; i++) {
		const int32_t k = c->code[i];
		if (k < 0)
			continue;
		size_t *first = number[k] ? &out->number : &out->first;
		*first = *first == n ? i : *first;
		out->numbers += number[k];
		out->texts += !number[k];
		if (!readings[k])
			continue;
		out->otherwise++;
		out->readings &= readings[k];
		out->example = out->example == n ? i : out->example;
	}
	if (readings && out->otherwise && !out->readings)
		out->readings = readings[c->code[out->example]];
	const int rc = readings && number ? 0 : -1;
	free(readings);
	free(number);
	return rc;
}

static size_t line_of(const struct lb_table *t, size_t row)
{
	return t->line ? t->line[row] : row + 1;
}

static const char *text_at(const struct lb_column *c, size_t row)
{
	return c->level[c->code[row]];
}

static int refuse_mixed(const struct lb_column *c, const struct cells *cells, const struct lb_table *t, const char *path, struct lb_err *err)
{
	const size_t row = cells->otherwise ? cells->example : cells->first;
	struct lb_buf b = { 0 };

	if (cells->numbers)
		lb_buf_printf(&b, cells->numbers == 1 ? ", the other cell is a number" : ", the other %zu cells are numbers", cells->numbers);
	lb_buf_puts(&b, "; ");
	if (cells->otherwise) {
		lb_readings_advise(cells->readings, text_at(c, row), &b);
		lb_buf_puts(&b, "; ");
	}
	lb_buf_puts(&b, "correct the file, ");
	if (!cells->otherwise)
		lb_buf_puts(&b, "list the text in data.missing_values if it marks a missing value, ");
	lb_fail(err, LB_DATA, "%s:%zu: column '%s': found '%.100s' (%zu such cell%s)%sor name the column in data.categorical or data.drop", path,
		line_of(t, row), c->name, text_at(c, row), cells->texts, lb_s(cells->texts), b.bad ? "; " : b.s);
	lb_buf_free(&b);
	return -1;
}

/* ---- numbers with a unit ---- */

enum { FEWEST_AMOUNTS = 3 }; /* fewer different ones may well be meant as categories: 2door, 4door */

/* Warns where at least half of the texts are numbers with one and the same unit. */
static int warn_unit(const struct lb_column *c, const struct cells *cells, struct lb_table *t, struct lb_err *err)
{
	const char *unit = NULL;
	const size_t all = cells->numbers + cells->texts;
	size_t levels = 0, rows = 0, first = t->n;

	for (size_t k = 0; k < c->n_levels && !unit; k++)
		unit = lb_unit_of(c->level[k]);
	bool *with = unit ? lb_alloc(c->n_levels, sizeof *with, err) : NULL;
	if (!with)
		return unit ? -1 : 0;
	for (size_t k = 0; k < c->n_levels; k++) {
		const char *own = lb_unit_of(c->level[k]);
		levels += with[k] = own && !strcmp(own, unit);
	}
	for (size_t i = 0; i < t->n; i++)
		if (c->code[i] >= 0 && with[c->code[i]]) {
			rows++;
			first = first == t->n ? i : first;
		}
	free(with);
	if (levels < FEWEST_AMOUNTS || 2 * rows < cells->texts)
		return 0;
	char share[64];
	snprintf(share, sizeof share, rows == all ? "all %zu" : "%zu of its %zu", rows, all);
	return lb_table_warn(t, err, "column '%s' holds numbers with the unit '%s' (%s cells, the first is '%.60s' in line %zu), and each different "
			     "one is a category; remove the unit from the file to use them as numbers, or name the column in data.categorical "
			     "or data.drop", c->name, unit, share, text_at(c, first), line_of(t, first));
}

/* ---- texts in columns of numbers ---- */

/* Refuses a text column half of whose cells, or more, are numbers, be it in a notation that is not
 * read here (12%, 1,5, $5): a stray word is taken for a mistake, not for a category. LB_DATA with
 * the place of the first such cell. Fewer numbers are a warning of the table. */
static int refuse_stray_text(const struct lb_column *c, struct lb_table *t, const char *path, struct lb_err *err)
{
	struct cells cells;

	if (c->large || c->declared)
		return 0;
	if (count_cells(c, t->n, &cells, err))
		return -1;
	if (!cells.texts)
		return 0;
	if (cells.numbers + cells.otherwise >= cells.texts - cells.otherwise && cells.numbers + cells.otherwise)
		return refuse_mixed(c, &cells, t, path, err);
	if (warn_unit(c, &cells, t, err))
		return -1;
	const size_t row = cells.numbers ? cells.number : cells.example;
	if (row == t->n)
		return 0;
	return lb_table_warn(t, err, "column '%s' holds texts, but %zu of its %zu cells read%s as a number (the first is '%.60s' in line %zu); all of "
			     "them were taken for categories, which data.categorical can say on purpose", c->name, cells.numbers + cells.otherwise,
			     cells.numbers + cells.texts, cells.numbers + cells.otherwise == 1 ? "s" : "", text_at(c, row), line_of(t, row));
}

/* Warns of a label column whose texts are numbers in part, or in another notation. */
static int warn_label(const struct lb_column *c, struct lb_table *t, struct lb_err *err)
{
	struct cells cells;

	if (c->type != LB_TEXT || c->large || c->declared)
		return 0;
	if (count_cells(c, t->n, &cells, err))
		return -1;
	if (cells.otherwise && cells.otherwise >= cells.texts - cells.otherwise)
		return lb_table_warn(t, err, "the label column '%s' holds numbers in a notation that is not read here ('%.60s' in line %zu); each different "
				     "one is a class", c->name, text_at(c, cells.example), line_of(t, cells.example));
	if (!cells.numbers || !cells.texts)
		return 0;
	return lb_table_warn(t, err, "the label column '%s' holds both numbers (%zu of its %zu cells) and texts (the first is '%.60s' in line %zu); each "
			     "different one is a class", c->name, cells.numbers, cells.numbers + cells.texts, text_at(c, cells.first), line_of(t, cells.first));
}

bool lb_column_holds_amounts(const struct lb_column *c, size_t n)
{
	struct cells cells;

	if (c->large || c->declared)
		return c->large && c->n_levels > MOST_CLASSES;
	return !count_cells(c, n, &cells, NULL) && cells.otherwise && cells.otherwise >= cells.texts - cells.otherwise;
}

int lb_column_advise(const struct lb_column *c, size_t n, struct lb_buf *b, struct lb_err *err)
{
	struct cells cells;

	if (c->type != LB_TEXT || c->large)
		return 0;
	if (count_cells(c, n, &cells, err))
		return -1;
	if (cells.otherwise) {
		lb_buf_puts(b, "; ");
		lb_readings_advise(cells.readings, text_at(c, cells.example), b);
	}
	return 0;
}

/* ---- large whole numbers ---- */

/* Makes a column whose texts are numbers numeric; *rounded counts the cells that lost digits. */
static int to_number(struct lb_column *c, size_t n, size_t *rounded, struct lb_err *err)
{
	static const struct lb_notation plain = { 0 };
	double *value = lb_alloc(c->n_levels, sizeof *value, err);
	bool *lost = lb_alloc(c->n_levels, sizeof *lost, err);
	char exact[LB_WHOLE_DIGITS + 2];
	int rc = -1;

	*rounded = 0;
	if (!value || !lost || !(c->num = lb_alloc(n, sizeof *c->num, err)))
		goto out;
	for (size_t k = 0; k < c->n_levels; k++) {
		const size_t length = strlen(c->level[k]);
		lb_parse_double(c->level[k], length, &value[k]);
		snprintf(exact, sizeof exact, "%.0f", fabs(value[k]) < 1e59 ? value[k] : 0);
		lost[k] = lb_notation_whole(&plain, c->level[k], length) && strcmp(exact, c->level[k]) != 0;
	}
	for (size_t i = 0; i < n; i++) {
		c->num[i] = c->code[i] < 0 ? (double)NAN : value[c->code[i]];
		*rounded += c->code[i] >= 0 && lost[c->code[i]];
	}
	for (size_t k = 0; k < c->n_levels; k++)
		free(c->level[k]);
	free(c->level);
	free(c->code);
	c->level = NULL;
	c->code = NULL;
	c->n_levels = 0;
	c->type = LB_NUMBER;
	c->large = false;
	rc = 0;
out:
	free(value);
	free(lost);
	return rc;
}

int lb_table_large_to_number(struct lb_table *t, size_t j, struct lb_err *err)
{
	struct lb_column *c = &t->col[j];
	size_t rounded;

	if (!c->large || c->type != LB_TEXT)
		return 0;
	if (lb_rows_spread(t, err) || to_number(c, t->n, &rounded, err))
		return -1;
	return !rounded ? 0 : lb_table_warn(t, err, "column '%s': %zu whole number%s beyond 2^53 (16 digits) %s rounded; if they are ids, name the column "
					    "in data.drop or data.categorical", c->name, rounded, lb_s(rounded),
					    rounded == 1 ? "was" : "were");
}

static bool needs_number(enum lb_role role, enum lb_kind kind)
{
	return role == LB_FEATURE || role == LB_WEIGHT || role == LB_OFFSET || role == LB_EXPOSURE || role >= LB_SOFT_LABEL || (role == LB_TARGET && lb_kind_of_columns(kind));
}

int lb_joined_table_large_numbers(struct lb_table *t, const enum lb_role *role, size_t n, const size_t *map, enum lb_kind kind, struct lb_err *err)
{
	for (size_t j = 0; t->col && j < n; j++) {
		const size_t at = map ? map[j] : j;
		if (at >= t->block.d && at < t->block.d + t->n_cols && needs_number(role ? role[j] : LB_TARGET, kind) &&
		    lb_table_large_to_number(t, at - t->block.d, err))
			return -1;
	}
	return 0;
}

/* ---- the roles of text columns ---- */

static int refuse_undeclared(const struct lb_column *c, const struct lb_table *t, const char *path, struct lb_err *err)
{
	const size_t row = lb_column_first_text(c, t->n);

	return lb_fail(err, LB_DATA, "%s:%zu: the column '%s' holds text ('%s'); name it in data.categorical, set data.categorical: auto, or name it in "
		       "data.drop", path, row < t->n && t->line ? t->line[row] : 1, c->name, row < t->n ? text_at(c, row) : "");
}

int lb_joined_table_text_roles(struct lb_table *t, const char *path, enum lb_kind kind, bool automatic, enum lb_role *role, struct lb_err *err)
{
	for (size_t j = 0; j < t->n_cols; j++) {
		const struct lb_column *c = &t->col[j];
		enum lb_role *r = &role[t->block.d + j];
		if (*r == LB_FEATURE && c->non_feature)
			*r = LB_DROPPED;
		if (*r == LB_TARGET && !lb_kind_of_columns(kind) && warn_label(c, t, err))
			return -1;
		if (*r != LB_FEATURE || c->type != LB_TEXT || c->large)
			continue;
		if (!automatic && !c->declared)
			return refuse_undeclared(c, t, path, err);
		if (refuse_stray_text(c, t, path, err))
			return -1;
		*r = LB_CATEGORY;
	}
	return 0;
}

bool lb_first_line_names(const struct lb_table *t, size_t j, const char *name)
{
	return !t->has_header && t->n && j < t->n_cols && t->col[j].type == LB_TEXT && t->col[j].code[0] >= 0 && !strcmp(text_at(&t->col[j], 0), name);
}

const char *lb_first_line_holds(const struct lb_table *t, const char *name)
{
	for (size_t j = 0; j < t->n_cols; j++)
		if (lb_first_line_names(t, j, name))
			return "the first line holds this name: set data.header: true";
	return NULL;
}
