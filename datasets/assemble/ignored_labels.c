#include "core/base/mem.h"
#include "core/base/text.h"
#include "datasets/assemble/join_tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A label value to leave out, also as the number that it may be. */
struct value {
	const char *text;
	double number;           /* NaN: none */
};

static bool is_value(const struct lb_column *c, size_t i, const struct value *v)
{
	double number;

	if (lb_column_is_missing(c, i))
		return !*v->text;
	if (c->type == LB_NUMBER)
		return c->num[i] == v->number;
	const char *text = c->level[c->code[i]];
	return !strcmp(text, v->text) || (lb_parse_double(text, strlen(text), &number) && number == v->number);
}

/* Counts in found (n values) the rows of each value, and clears their keep. */
static void find_rows(const struct lb_joined_table *f, const struct lb_column *c, size_t n, const struct value *value, size_t *found, bool *keep)
{
	for (size_t i = 0; i < f->n; i++) {
		keep[i] = true;
		for (size_t k = 0; k < n; k++)
			if (is_value(c, i, &value[k])) {
				found[k]++;
				keep[i] = false;
			}
	}
}

/* "unknown" 3, "-1" 2 */
static void name_values(size_t n, const struct value *value, const size_t *found, struct lb_buf *out)
{
	for (size_t k = 0; k < n; k++)
		lb_buf_printf(out, "%s\"%.60s\" %zu", k ? ", " : "", value[k].text, found[k]);
}

static int leave_out(struct lb_joined_table *f, const struct lb_roles *roles, const struct value *value, const size_t *found, const bool *keep,
		     struct lb_dataset *d, struct lb_err *err)
{
	const size_t before = f->n, had[LB_SIDES] = { f->n_first, f->n_valid, f->n - f->n_first - f->n_valid };
	struct lb_buf b = { 0 };
	int rc = 0;

	if (lb_joined_table_filter(f, keep, err))
		return -1;
	const size_t has[LB_SIDES] = { f->n_first, f->n_valid, f->n - f->n_first - f->n_valid };
	for (int s = 0; s < LB_SIDES; s++)
		if (had[s] && !has[s])
			return lb_fail(err, LB_DATA, "%s: every row has a label of data.ignore_labels, so that none is left; leave fewer out", f->rows.path[s]);
	d->n_ignored = before - f->n;
	name_values(roles->n_ignore, value, found, &b);
	rc = b.bad ? lb_fail_memory(err, b.n) :
		     lb_dataset_warn(d, err, "%zu of %zu row%s left out for the label (data.ignore_labels): %s", before - f->n, before, lb_s(before), b.s);
	lb_buf_free(&b);
	return rc;
}

int lb_joined_table_ignore(struct lb_joined_table *f, const struct lb_roles *roles, struct lb_dataset *d, struct lb_err *err)
{
	const size_t n = roles->n_ignore;
	const struct lb_column *c = n ? lb_joined_table_column(f, LB_TARGET) : NULL;

	if (!c)
		return 0;
	struct value *value = lb_alloc(n, sizeof *value, err);
	size_t *found = lb_alloc(n, sizeof *found, err);
	bool *keep = lb_alloc(f->n, sizeof *keep, err);
	const bool ok = value && found && keep;
	for (size_t k = 0; ok && k < n; k++) {
		value[k] = (struct value){ .text = roles->ignore[k] };
		if (!lb_parse_double(value[k].text, strlen(value[k].text), &value[k].number))
			value[k].number = (double)NAN;
	}
	if (ok)
		find_rows(f, c, n, value, found, keep);
	const int rc = ok ? leave_out(f, roles, value, found, keep, d, err) : -1;
	free(value);
	free(found);
	free(keep);
	return rc;
}
