#include "core/base/mem.h"
#include "core/base/text.h"
#include "datasets/table/column_moments.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double lb_table_number(const struct lb_table *t, size_t i, size_t j)
{
	const struct lb_column *c = j < t->block.d ? NULL : &t->col[j - t->block.d];

	return !c ? lb_matrix_at(&t->block, i, j) : c->type == LB_NUMBER ? c->num[i] : (double)NAN;
}

void lb_summary_free(struct lb_summary *s, size_t n)
{
	for (size_t j = 0; s && j < n; j++)
		free(s[j].name);
	free(s);
}

static void take_moments(struct lb_summary *s, const struct lb_moments *m, size_t j, size_t n)
{
	const bool any = m->count[j] > 0;

	s->missing = n - (size_t)m->count[j];
	s->min = any ? m->min[j] : (double)NAN;
	s->max = any ? m->max[j] : (double)NAN;
	s->mean = any ? m->mean[j] : (double)NAN;
}

static int summarise_block(const struct lb_table *t, struct lb_summary *s, struct lb_err *err)
{
	struct lb_moments m;

	if (!t->block.d)
		return 0;
	if (lb_moments_of(&t->block, NULL, t->n, &m, err))
		return -1;
	int rc = 0;
	for (size_t j = 0; !rc && j < t->block.d; j++) {
		s[j].type = LB_NUMBER;
		take_moments(&s[j], &m, j, t->n);
		s[j].name = t->block_name ? lb_strdup(t->block_name[j], err) : lb_strfmt(err, "column %zu", j + 1);
		rc = s[j].name ? 0 : -1;
	}
	lb_moments_free(&m);
	return rc;
}

/* The numbers of a column that is text for their size, rounded, as new memory. */
static double *numbers_of(const struct lb_column *c, size_t n, struct lb_err *err)
{
	double *v = lb_alloc(n, sizeof *v, err);

	for (size_t i = 0; v && i < n; i++)
		if (c->code[i] < 0 || !lb_parse_double(c->level[c->code[i]], strlen(c->level[c->code[i]]), &v[i]))
			v[i] = (double)NAN;
	return v;
}

static int summarise_column(const struct lb_column *c, size_t n, struct lb_summary *s, struct lb_err *err)
{
	double *value = c->large && c->type == LB_TEXT ? numbers_of(c, n, err) : NULL;
	struct lb_matrix column = { .dtype = LB_F64, .n = n, .d = 1, .x = value ? value : c->num };
	struct lb_moments m;
	int rc = 0;

	s->type = value ? LB_NUMBER : c->type;
	s->distinct = c->n_levels;
	if (!(s->name = lb_strdup(c->name, err)))
		rc = -1;
	if (!rc && s->type == LB_NUMBER && !(rc = lb_moments_of(&column, NULL, n, &m, err))) {
		take_moments(s, &m, 0, n);
		lb_moments_free(&m);
	}
	s->missing = c->n_missing;
	free(value);
	return rc;
}

struct lb_summary *lb_table_summary(const struct lb_table *t, size_t *n, struct lb_err *err)
{
	struct lb_summary *s = lb_alloc(t->block.d + t->n_cols, sizeof *s, err);
	int rc = s ? summarise_block(t, s, err) : -1;

	*n = t->block.d + t->n_cols;
	for (size_t j = 0; !rc && j < t->n_cols; j++)
		rc = summarise_column(&t->col[j], t->n, &s[t->block.d + j], err);
	if (!rc)
		return s;
	lb_summary_free(s, *n);
	return NULL;
}
