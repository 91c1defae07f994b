/* Descriptors of losses by their formula, made once for what says the same. */
#include "core/base/mem.h"
#include "core/base/text.h"
#include "losses/formula.h"

#include <stdlib.h>
#include <string.h>

static const char *const further_keys[] = { "params", "file", NULL };

struct made {
	struct lb_loss_info info;
	struct lb_param param[1 + LB_FORMULA_PARAMS];
	char *key, *name, *text, *title, *cite, *notes, *of_param[1 + LB_FORMULA_PARAMS], *help[1 + LB_FORMULA_PARAMS];
	struct made *next;
};

static struct made *all;

static void made_free(struct made *m)
{
	for (int i = 0; m && i <= LB_FORMULA_PARAMS; i++) {
		free(m->of_param[i]);
		free(m->help[i]);
	}
	if (m) {
		free(m->key);
		free(m->name);
		free(m->text);
		free(m->title);
		free(m->cite);
		free(m->notes);
	}
	free(m);
}

static const struct lb_param *declared(const struct lb_formula_source *s, const char *name)
{
	for (int i = 0; i < s->n_params; i++)
		if (!strcmp(s->param[i].name, name))
			return &s->param[i];
	return NULL;
}

/* All that a descriptor says, in one text. */
static void write_key(const struct lb_formula_source *s, const struct lb_formula_tree *t, struct lb_buf *out)
{
	lb_buf_printf(out, "%d %u %s\n", (int)s->kind, s->properties, s->name);
	lb_formula_write(t, out);
	lb_buf_printf(out, "\n%s\n%s\n%s\n", s->title ? s->title : "", s->cite ? s->cite : "", s->notes ? s->notes : "");
	for (int i = 0; i < t->n_params; i++) {
		const struct lb_param *p = declared(s, t->param[i]);
		lb_buf_printf(out, "%d %a %a %a %d %d %s", p->required, p->def, p->min, p->max, p->min_open, p->max_open, p->help ? p->help : "");
		for (int k = 0; k < p->n_grid; k++)
			lb_buf_printf(out, " %a", p->grid[k]);
		lb_buf_puts(out, "\n");
	}
}

static int copy(const char *from, char **to, struct lb_err *err)
{
	return from && !(*to = lb_strdup(from, err)) ? -1 : 0;
}

static int fill_params(struct made *m, const struct lb_formula_source *s, const struct lb_formula_tree *t, struct lb_err *err)
{
	m->param[0] = (struct lb_param){ .name = "formula", .type = LB_TEXT_PARAM, .fixed = m->text, .help = "the loss of a row" };
	for (int i = 0; i < t->n_params; i++) {
		const struct lb_param *p = declared(s, t->param[i]);
		if (copy(p->name, &m->of_param[i], err) || copy(p->help ? p->help : "parameter of the formula", &m->help[i], err))
			return -1;
		m->param[1 + i] = *p;
		m->param[1 + i].name = m->of_param[i];
		m->param[1 + i].help = m->help[i];
	}
	return 0;
}

static int fill(struct made *m, const struct lb_formula_source *s, const struct lb_formula_tree *t, struct lb_err *err)
{
	struct lb_buf text = { 0 };

	lb_formula_write(t, &text);
	m->text = text.s;
	if (text.bad)
		return lb_fail_memory(err, text.n);
	if (copy(s->name, &m->name, err) || copy(s->title ? s->title : "A loss by its formula", &m->title, err) || copy(s->cite ? s->cite : "", &m->cite, err) ||
	    copy(s->notes, &m->notes, err) || fill_params(m, s, t, err))
		return -1;
	m->info = (struct lb_loss_info){
		.base = { .name = m->name, .title = m->title, .cite = m->cite, .formula = m->text, .notes = m->notes, .params = m->param,
			  .n_params = 1 + t->n_params, .further_keys = further_keys },
		.kind = s->kind,
		.good_for = "",
		.properties = s->properties,
		.needs = s->kind == LB_EMBEDDING ? LB_TAKES_PAIRS : 0,
		.exceptions = s->kind == LB_EMBEDDING ? LB_OVERFLOWS | LB_SIZE_MATTERS : LB_OVERFLOWS,
		.by_formula = true,
	};
	return 0;
}

/* Whether every parameter of the formula is declared, and every one that is declared is in it. */
static bool params_fit(const struct lb_formula_source *s, const struct lb_formula_tree *t, struct lb_formula_fault *fault)
{
	const char *known[LB_FORMULA_PARAMS];
	size_t n = 0;

	for (int i = 0; i < s->n_params && n < LB_FORMULA_PARAMS; i++)
		known[n++] = s->param[i].name;
	for (int i = 0; i < t->n_params; i++)
		if (!declared(s, t->param[i])) {
			lb_formula_unknown(t, i, known, n, fault);
			return false;
		}
	return true;
}

static bool can_be_learned_by(const struct lb_formula_tree *t, struct lb_formula_fault *fault)
{
	if (!t->node[t->root].scored)
		*fault = (struct lb_formula_fault){ .text = "the formula does not depend on the scores: nothing can be learned by it" };
	return t->node[t->root].scored;
}

static const struct lb_loss_info *find_or_make(const struct lb_formula_source *s, const struct lb_formula_tree *t, struct lb_err *err)
{
	struct lb_buf key = { 0 };
	struct made *m = all;

	write_key(s, t, &key);
	if (key.bad) {
		lb_buf_free(&key);
		lb_fail_memory(err, key.n);
		return NULL;
	}
	while (m && strcmp(m->key, key.s))
		m = m->next;
	if (m) {
		lb_buf_free(&key);
		return &m->info;
	}
	if (!(m = lb_alloc(1, sizeof *m, err))) {
		lb_buf_free(&key);
		return NULL;
	}
	m->key = key.s;
	if (fill(m, s, t, err)) {
		made_free(m);
		return NULL;
	}
	m->next = all;
	all = m;
	return &m->info;
}

const struct lb_loss_info *lb_formula_info(const struct lb_formula_source *source, struct lb_formula_fault *fault, struct lb_err *err)
{
	struct lb_formula_tree *t = lb_alloc(1, sizeof *t, err);
	const struct lb_loss_info *info = NULL;

	*fault = (struct lb_formula_fault){ 0 };
	if (t && !lb_formula_parse(source->kind, source->text, t, fault) && params_fit(source, t, fault) && can_be_learned_by(t, fault))
		info = find_or_make(source, t, err);
	free(t);
	return info;
}
