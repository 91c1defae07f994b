#include "cmd/task_guess.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FEW_VALUES = 20, MOST_GUESSED_GRADE = 31 };

static size_t width(const struct lb_table *t)
{
	return t->block.d + t->n_cols;
}

/* The column of its own, NULL for one of a block. */
static const struct lb_column *own_column(const struct lb_table *t, size_t j)
{
	return j < t->block.d ? NULL : &t->col[j - t->block.d];
}

static bool is_word(const char *name, const char *const *words)
{
	while (*words && strcasecmp(name, *words))
		words++;
	return *words;
}

static bool ends_with(const char *name, const char *end)
{
	const size_t n = strlen(name), m = strlen(end);

	return n > m && !strcasecmp(name + n - m, end);
}

static bool is_time(const struct lb_table *t, const struct lb_column *c)
{
	static const char *const words[] = { "time", "times", "duration", "tte", "time_to_event", "followup", "follow_up", NULL };
	double first = c->type == LB_NUMBER && t->n ? c->num[0] : 0;
	bool differ = false;

	if (c->type != LB_NUMBER || c->n_missing || !(is_word(c->name, words) || ends_with(c->name, "time")))
		return false;
	for (size_t i = 0; i < t->n; i++) {
		if (!(c->num[i] >= 0 && isfinite(c->num[i])))
			return false;
		differ |= c->num[i] != first;
	}
	return differ;
}

/* Returns whether the column holds one of the pairs of values that tell events; *positive <- that
 * of the event, NULL for 1 or true. */
static bool holds_events(const struct lb_table *t, const struct lb_column *c, const char **positive)
{
	static const char *const texts[] = { "true", "false", NULL };
	size_t of[3] = { 0 };

	*positive = NULL;
	if (c->n_missing)
		return false;
	for (size_t k = 0; c->type == LB_TEXT && k < c->n_levels; k++)
		if (!is_word(c->level[k], texts))
			return false;
	if (c->type == LB_TEXT)
		return c->n_levels == 2;
	for (size_t i = 0; i < t->n; i++) {
		if (!(c->num[i] >= 0 && c->num[i] <= 2 && c->num[i] == floor(c->num[i])))
			return false;
		of[(int)c->num[i]]++;
	}
	*positive = of[0] ? NULL : "2";
	return of[1] && !of[0] != !of[2];
}

static bool is_event(const struct lb_table *t, const struct lb_column *c, const char **positive)
{
	static const char *const words[] = { "event", "events", "status", "death", "dead", "died", "deceased", "fustat", "observed", NULL };

	return (is_word(c->name, words) || ends_with(c->name, "_event") || ends_with(c->name, "_status")) && holds_events(t, c, positive);
}

bool guess_survival(const struct lb_table *t, struct survival_columns *out)
{
	size_t times = 0, events = 0;

	for (size_t j = 0; t->has_header && !t->block.d && j < t->n_cols; j++) {
		const char *positive;
		if (lb_names_label(t->col[j].name))
			return false;
		if (is_time(t, &t->col[j])) {
			out->time = j;
			times++;
		} else if (is_event(t, &t->col[j], &positive)) {
			out->event = j;
			out->positive = positive;
			events++;
		}
	}
	return times == 1 && events == 1;
}

/* Returns whether some row has the value of the row before it. */
static bool neighbours_share(const struct lb_table *t, const struct lb_column *c)
{
	for (size_t i = 1; i < t->n; i++)
		if (c->type == LB_TEXT ? c->code[i] == c->code[i - 1] : c->num[i] == c->num[i - 1])
			return true;
	return false;
}

static bool holds_grades(const struct lb_table *t, size_t label)
{
	for (size_t i = 0; i < t->n; i++) {
		const double v = lb_table_number(t, i, label);
		if (!(v >= 0 && v <= MOST_GUESSED_GRADE && v == floor(v)))
			return false;
	}
	return true;
}

size_t guess_query(const struct lb_table *t, size_t label)
{
	static const char *const words[] = { "qid", "query", "query_id", "queryid", NULL };
	size_t found = width(t);

	for (size_t j = t->block.d; j < width(t); j++) {
		const struct lb_column *c = own_column(t, j);
		if (j == label || !is_word(c->name, words) || !(t->has_header || c->non_feature) || c->n_missing || !neighbours_share(t, c))
			continue;
		if (found < width(t))
			return width(t);
		found = j;
	}
	return found < width(t) && holds_grades(t, label) ? found : width(t);
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

bool could_be_counts(const struct lb_table *t, size_t column, struct lb_err *err)
{
	double *v = lb_alloc(t->n, sizeof *v, err);
	size_t distinct = t->n > 0;
	bool whole = v != NULL;

	for (size_t i = 0; whole && i < t->n; i++) {
		v[i] = lb_table_number(t, i, column);
		whole = v[i] >= 0 && isfinite(v[i]) && v[i] == floor(v[i]);
	}
	if (whole)
		qsort(v, t->n, sizeof *v, compare);
	for (size_t i = 1; whole && i < t->n; i++)
		distinct += v[i] != v[i - 1];
	free(v);
	return whole && distinct > FEW_VALUES;
}
