#include "datasets/formats/arff.h"

#include "core/base/mem.h"
#include "datasets/table/column.h"

#include <stdlib.h>
#include <string.h>

/* Of the numeric attributes of sparse rows all that are features become a sparse block; the last
 * attribute is none. */
static bool in_block(const struct lb_arff *s, size_t j)
{
	return j + 1 < s->n_cols && s->col[j].type == LB_NUMBER && !s->col[j].non_feature;
}

static int make_block(struct lb_arff *s, struct lb_table *t, struct lb_err *err)
{
	struct lb_matrix *m = &t->block;
	size_t stored = 0, cap = 0, none = 0;

	if (lb_grow(&m->column, &none, 1, sizeof *m->column, err) || lb_grow(&m->x, &cap, 1, sizeof(double), err))
		return -1;
	if (!(m->start = lb_alloc(s->n + 1, sizeof *m->start, err)) || !(t->block_name = lb_alloc(s->n_cols, sizeof *t->block_name, err)))
		return -1;
	m->dtype = LB_F64;
	m->n = s->n;
	for (size_t j = 0; j < s->n_cols; j++)
		if (in_block(s, j)) {
			t->block_name[m->d++] = s->col[j].name;
			s->col[j].name = NULL;
		}
	for (size_t i = 0; i < s->n; i++) {
		uint32_t column = 0;
		for (size_t j = 0; j + 1 < s->n_cols; j++) {
			const struct lb_column *c = &s->col[j];
			size_t same = cap;
			if (c->name)
				continue;
			if (c->num[i] < 0 || c->num[i] > 0) {
				if (lb_grow(&m->column, &same, stored + 1, sizeof *m->column, err) ||
				    lb_grow(&m->x, &cap, stored + 1, sizeof(double), err))
					return -1;
				m->column[stored] = column;
				((double *)m->x)[stored++] = c->num[i];
			}
			column++;
		}
		m->start[i + 1] = stored;
	}
	return lb_matrix_narrow(m, err);
}

static bool has_block(const struct lb_arff *s)
{
	size_t numbers = 0, missing = 0;

	for (size_t j = 0; j < s->n_cols; j++) {
		numbers += in_block(s, j);
		missing += in_block(s, j) ? s->col[j].n_missing : 0;
	}
	return s->sparse && numbers && !missing;
}

static int make_table(struct lb_arff *s, struct lb_table *t, struct lb_err *err)
{
	size_t kept = 0;

	t->has_header = true;
	t->n = s->n;
	if (has_block(s) && make_block(s, t, err))
		return -1;
	for (size_t j = 0; j < s->n_cols; j++) {
		struct lb_column *c = &s->col[j];
		if (!c->name) {
			lb_column_clear(c);
			continue;
		}
		c->non_feature |= t->block.d && c->type == LB_NUMBER;
		if (kept < j) {
			s->col[kept] = *c;
			*c = (struct lb_column){ 0 };
		}
		kept++;
	}
	t->col = s->col;
	t->n_cols = kept;
	t->line = s->lines;
	s->col = NULL;
	s->lines = NULL;
	lb_line_reader_digest(&s->w, t->sha256, &t->bytes);
	return 0;
}

/* Numbers of an attribute whose type is not known, if all of its values are some. */
static int settle_types(struct lb_arff *s, struct lb_err *err)
{
	for (size_t j = 0; j < s->n_cols; j++)
		if (s->attribute[j].type == LB_ARFF_OTHER && s->col[j].n_levels && lb_column_first_text(&s->col[j], s->n) == s->n &&
		    lb_column_to_number(&s->col[j], s->n, err))
			return -1;
	return 0;
}

/* KEEL's @inputs and @outputs: the only output becomes the last column, several stand aside, as
 * does what is neither. */
static void settle_outputs(struct lb_arff *s)
{
	size_t at = s->n_cols;

	for (size_t j = 0; j < s->n_cols; j++) {
		const struct lb_arff_attribute *a = &s->attribute[j];
		s->col[j].non_feature |= a->output ? s->n_outputs > 1 : s->has_inputs && !a->input;
		if (a->output && s->n_outputs == 1)
			at = j;
	}
	if (at + 1 >= s->n_cols)
		return;
	s->moved = true;
	const struct lb_column label = s->col[at];
	const struct lb_arff_attribute attribute = s->attribute[at];
	memmove(&s->col[at], &s->col[at + 1], (s->n_cols - at - 1) * sizeof *s->col);
	memmove(&s->attribute[at], &s->attribute[at + 1], (s->n_cols - at - 1) * sizeof *s->attribute);
	s->col[s->n_cols - 1] = label;
	s->attribute[s->n_cols - 1] = attribute;
}

static int warn_attribute(const struct lb_arff *s, size_t j, struct lb_table *t, struct lb_err *err)
{
	const struct lb_arff_attribute *a = &s->attribute[j];
	const struct lb_column *c = &s->col[j];

	if (a->type == LB_ARFF_RELATIONAL)
		return lb_table_warn(t, err, "the attribute '%.60s' is relational and is left out", c->name);
	if (a->type == LB_ARFF_OTHER)
		return lb_table_warn(t, err, "the attribute '%.60s' has the type '%.40s', which ARFF does not know; its values are read as %s", c->name,
				     a->word, c->type == LB_NUMBER ? "numbers" : "text");
	if (a->type == LB_ARFF_DATE && c->type == LB_TEXT)
		return lb_table_warn(t, err, "the date '%.60s' is left out: its pattern '%.40s' is not understood", c->name, a->word);
	if (a->type == LB_ARFF_DATE)
		return lb_table_warn(t, err, "the date '%.60s' is read as seconds since 1970-01-01 UTC; if it is no feature, name it in data.drop",
				     c->name);
	if (c->non_feature && s->has_inputs && !a->input && !a->output)
		return lb_table_warn(t, err, "the attribute '%.60s' is neither in @inputs nor in @outputs and is left out", c->name);
	return 0;
}

static int warn(const struct lb_arff *s, struct lb_table *t, struct lb_err *err)
{
	for (size_t j = 0; j < s->n_cols; j++)
		if (warn_attribute(s, j, t, err))
			return -1;
	if (s->n_outputs > 1 && lb_table_warn(t, err, "@outputs names %zu attributes, none of which is a feature; the last column is the label unless "
					      "data.train.label names another, and for task: multilabel all of them are labels", s->n_outputs))
		return -1;
	if (s->moved && lb_table_warn(t, err, "the label is '%.60s', by @outputs; it counts as the last column", s->col[s->n_cols - 1].name))
		return -1;
	return !s->commas ? 0 : lb_table_warn(t, err, "%zu row%s with a comma behind the last value, which is taken for nothing (the first in line "
					      "%zu)", s->commas, s->commas == 1 ? " ends" : "s end", s->comma_line);
}

static bool has_attribute(const struct lb_arff *s, const char *name)
{
	for (size_t j = 0; j < s->n_cols; j++)
		if (!strcmp(s->col[j].name, name))
			return true;
	return false;
}

/* The weights become a column in front of the last one, which is the label by default. */
static int insert_weights(struct lb_arff *s, struct lb_err *err)
{
	const struct lb_arff_attribute none = { 0 };
	struct lb_column c = { .type = LB_NUMBER, .non_feature = true, .name = lb_strdup(LB_ARFF_WEIGHT, err) };

	if (!c.name || lb_grow(&s->weight, &s->weights_cap, s->n, sizeof *s->weight, err) ||
	    lb_grow(&s->col, &s->cols_cap, s->n_cols + 1, sizeof *s->col, err) ||
	    lb_grow(&s->attribute, &s->attributes_cap, s->n_cols + 1, sizeof *s->attribute, err)) {
		free(c.name);
		return -1;
	}
	while (s->n_weights < s->n)
		s->weight[s->n_weights++] = 1;
	c.num = s->weight;
	s->weight = NULL;
	s->attribute[s->n_cols] = none;
	s->col[s->n_cols] = s->col[s->n_cols - 1];
	s->col[s->n_cols++ - 1] = c;
	return 0;
}

/* What becomes of weights of rows, and what is to be said of them. */
static int settle_weights(struct lb_arff *s, struct lb_table *t, struct lb_err *err)
{
	if (has_attribute(s, LB_ARFF_WEIGHT))
		s->weights_wanted = false;
	if (s->weighted && !s->weights_wanted)
		return lb_table_warn(t, err, "%zu row%s a weight behind the values (the first in line %zu), which is not used%s", s->weighted,
				     s->weighted == 1 ? " has" : "s have", s->weight_line, has_attribute(s, LB_ARFF_WEIGHT) ?
				     ": there is an attribute " LB_ARFF_WEIGHT : "; set data.weight: " LB_ARFF_WEIGHT " to train with it");
	if (!s->weights_wanted)
		return 0;
	if (!s->weighted && lb_table_warn(t, err, "data.weight: no row has a weight behind its values, such as {2}, so all weigh 1"))
		return -1;
	return insert_weights(s, err);
}

/* The column of the weights is no label that is next to a block: its role is given by name. */
static void name_weights(struct lb_table *t)
{
	for (size_t j = 0; j < t->n_cols; j++)
		if (!strcmp(t->col[j].name, LB_ARFF_WEIGHT))
			t->col[j].non_feature = false;
}

int lb_arff_table(struct lb_arff *s, struct lb_table *t, struct lb_err *err)
{
	if (settle_types(s, err))
		return -1;
	settle_outputs(s);
	if (warn(s, t, err) || settle_weights(s, t, err) || make_table(s, t, err))
		return -1;
	if (s->weights_wanted)
		name_weights(t);
	return 0;
}
