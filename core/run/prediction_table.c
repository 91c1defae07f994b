#include "core/run/prediction_table.h"

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/run/saved_decision.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void put_quoted(struct lb_buf *b, const char *text)
{
	lb_buf_puts(b, ",\"");
	for (; *text; text++)
		lb_buf_add(b, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
	lb_buf_puts(b, "\"");
}

/* In quotes where it needs them, as names mostly do not. */
static void put_name(struct lb_buf *b, const char *name)
{
	if (strpbrk(name, ",\"\n\r"))
		put_quoted(b, name);
	else
		lb_buf_printf(b, ",%s", name);
}

static void put_number(struct lb_buf *b, double v)
{
	char number[LB_DOUBLE_TEXT];

	lb_double_text(v, number);
	lb_buf_printf(b, ",%s", number);
}

/* As in the predictions of a run; a label of several that is not known is -1 there. */
static void put_label(const struct lb_saved_model *m, const struct lb_column *c, size_t row, struct lb_buf *b)
{
	const bool text = c->type == LB_TEXT;
	char number[LB_DOUBLE_TEXT] = "";

	if (!text && !isnan(c->num[row]))
		lb_double_text(c->num[row], number);
	if (m->targets && (!text || c->code[row] < 0))
		lb_buf_printf(b, ",%s", number[0] || lb_kind_of_targets(m->kind) ? number : "-1");
	else
		put_quoted(b, !text ? number : c->code[row] < 0 ? "" : c->level[c->code[row]]);
}

/* As it was read, empty where nothing is there. */
static void put_kept(const struct lb_column *c, size_t row, struct lb_buf *b)
{
	if (c->type == LB_TEXT)
		put_name(b, c->code[row] < 0 ? "" : c->level[c->code[row]]);
	else if (isnan(c->num[row]))
		lb_buf_puts(b, ",");
	else
		put_number(b, c->num[row]);
}

static void put_column_name(const struct lb_saved_model *m, enum lb_said what, size_t k, struct lb_buf *b)
{
	static const char *const column[] = { [LB_SAID_SCORES] = "score", [LB_SAID_EMBEDDINGS] = "embedding" };
	char name[LB_COLUMN_NAME];

	if (what == LB_SAID_PROBABILITIES) {
		struct lb_buf full = { 0 };
		lb_buf_printf(&full, "probability_%s", m->text[MODEL_CLASSES][m->kind == LB_BINARY ? 1 : k]);
		put_name(b, full.bad ? "" : full.s);
		b->bad |= full.bad;
		lb_buf_free(&full);
		return;
	}
	snprintf(name, sizeof name, "%s_%zu", column[what], k + 1);
	if (what == LB_SAID_SCORES)
		lb_setup_column_name(&m->p.setup, k, name);
	lb_buf_printf(b, ",%s", name);
}

static void put_header(const struct lb_prediction_table *t, struct lb_buf *b)
{
	const struct lb_saved_model *m = t->m;

	lb_buf_puts(b, "row");
	for (size_t k = 0; k < t->kept->n; k++)
		put_name(b, t->kept->column[k].name);
	for (size_t k = 0; k < t->labels->n; k++)
		lb_buf_printf(b, m->kind == LB_SURVIVAL ? ",time" : m->targets ? ",target_%zu" : ",label", k + 1);
	for (size_t i = 0; i < t->n_parts; i++) {
		if (t->part[i].what == LB_SAID_LABELS)
			lb_buf_puts(b, ",prediction");
		for (size_t k = 0; k < t->part[i].c && t->part[i].what != LB_SAID_LABELS; k++)
			put_column_name(m, t->part[i].what, k, b);
	}
}

static void put_part(const struct lb_saved_model *m, const struct lb_said_part *part, size_t row, struct lb_buf *b)
{
	double *v = part->v + row * part->c;

	if (part->what == LB_SAID_LABELS)
		put_quoted(b, m->text[MODEL_CLASSES][lb_saved_decision_class(m, v, part->c)]);
	for (size_t k = 0; k < part->c && part->what != LB_SAID_LABELS; k++)
		put_number(b, v[k]);
}

int lb_prediction_table_write(const struct lb_prediction_table *t, const char *out, char **text, struct lb_err *err)
{
	struct lb_buf b = { 0 };

	put_header(t, &b);
	for (size_t i = 0; i < t->n && !b.bad; i++) {
		lb_buf_printf(&b, "\n%zu", i);
		for (size_t k = 0; k < t->kept->n; k++)
			put_kept(&t->kept->column[k], i, &b);
		for (size_t k = 0; k < t->labels->n; k++)
			put_label(t->m, &t->labels->column[k], i, &b);
		for (size_t k = 0; k < t->n_parts; k++)
			put_part(t->m, &t->part[k], i, &b);
	}
	lb_buf_puts(&b, "\n");
	int rc = b.bad ? lb_fail_memory(err, b.n) : out ? lb_write_file(out, b.s, b.n, err) : 0;
	if (!rc && !out)
		*text = b.s;
	else
		lb_buf_free(&b);
	return rc;
}
