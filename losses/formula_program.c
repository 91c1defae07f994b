/* The operations of a formula in an order and with registers: a register is free again after the
 * last step that reads it. */
#include "core/base/mem.h"
#include "losses/formula.h"

#include <stdlib.h>

struct scheduling {
	const struct lb_formula_ops *f;
	struct lb_formula_program *p;
	bool needed[LB_FORMULA_OPS], placed[LB_FORMULA_OPS];
	int at[LB_FORMULA_OPS];      /* register of each operation that has its place */
	int uses[LB_FORMULA_OPS];    /* steps that are still to read it */
	bool taken[2][LB_FORMULA_ROW_REGISTERS];
	bool full;
};

static void need(struct scheduling *s, int i)
{
	const struct lb_formula_op *o = &s->f->op[i];

	if (s->needed[i])
		return;
	s->needed[i] = true;
	for (int k = 0; k < 3; k++) {
		const int from = k == 0 ? o->a : k == 1 ? o->b : o->c;
		if (from < 0)
			continue;
		s->uses[from]++;
		need(s, from);
	}
}

static int take_register(struct scheduling *s, bool of_class)
{
	const int most = of_class ? LB_FORMULA_CLASS_REGISTERS : LB_FORMULA_ROW_REGISTERS;
	int i = 0;

	while (i < most && s->taken[of_class][i])
		i++;
	if (i == most) {
		s->full = true;
		return 0;
	}
	s->taken[of_class][i] = true;
	return i;
}

/* An argument's register; it is free after its last use. */
static int read(struct scheduling *s, int from, bool *of_class)
{
	*of_class = from >= 0 && s->f->op[from].of_class;
	return from < 0 ? 0 : s->at[from];
}

static void release(struct scheduling *s, int from)
{
	if (from >= 0 && !--s->uses[from])
		s->taken[s->f->op[from].of_class][s->at[from]] = false;
}

static bool of_softmax(const struct lb_formula_op *o)
{
	const enum lb_leaf leaf = (enum lb_leaf)o->value;

	return o->op == LB_OP_LEAF && (leaf <= LB_LEAF_LOG_Q || (leaf >= LB_LEAF_P_K && leaf <= LB_LEAF_P_LESS_E_K));
}

static bool of_leaf(const struct lb_formula_op *o, enum lb_leaf leaf)
{
	return o->op == LB_OP_LEAF && (int)o->value == (int)leaf;
}

/* Gives operation i its step. */
static void place(struct scheduling *s, int i)
{
	const struct lb_formula_op *o = &s->f->op[i];
	struct lb_formula_step step = { .op = o->op, .value = o->value, .out_of_class = o->of_class };

	if (s->placed[i] || !s->needed[i])
		return;
	step.a = read(s, o->a, &step.a_of_class);
	step.b = read(s, o->b, &step.b_of_class);
	step.c = read(s, o->c, &step.c_of_class);
	step.out = s->at[i] = take_register(s, o->of_class);
	release(s, o->a);
	release(s, o->b);
	release(s, o->c);
	s->placed[i] = true;
	s->p->softmax |= of_softmax(o);
	s->p->shares |= of_softmax(o) && o->of_class;
	s->p->same |= of_leaf(o, LB_LEAF_IS_SAME_J);
	s->p->other |= of_leaf(o, LB_LEAF_IS_OTHER_J);
	s->p->partners |= of_leaf(o, LB_LEAF_IS_PARTNER_J);
	s->p->step[s->p->n++] = step;
}

static struct lb_formula_place result(const struct scheduling *s, int i)
{
	return (struct lb_formula_place){ .at = i < 0 ? -1 : s->at[i], .of_class = i >= 0 && s->f->op[i].of_class };
}

/* Numbers first, and they stay; then what the value needs, then the rest. */
static void schedule(struct scheduling *s)
{
	const struct lb_formula_ops *f = s->f;

	need(s, f->loss);
	s->uses[f->loss]++;
	for (int k = 0; k < LB_N_BY; k++)
		if (f->by[k] >= 0) {
			need(s, f->by[k]);
			s->uses[f->by[k]]++;
		}
	for (int i = 0; i < f->n; i++)
		if (f->op[i].op == LB_OP_CONST) {
			s->uses[i]++;
			place(s, i);
		}
	s->p->n_const = s->p->n;
	for (int i = 0; i <= f->loss; i++)
		place(s, i);
	s->p->n_value = s->p->n;
	for (int i = f->loss + 1; i < f->n; i++)
		place(s, i);
	s->p->loss = result(s, f->loss);
	for (int k = 0; k < LB_N_BY; k++)
		s->p->by[k] = result(s, f->by[k]);
	s->p->shares |= f->by[LB_BY_LOG_P_K] >= 0;
}

static int make_program(struct lb_formula_program *p, struct lb_formula_ops *f, struct lb_err *err)
{
	struct scheduling *s = lb_alloc(1, sizeof *s, err);

	p->step = lb_alloc((size_t)f->n, sizeof *p->step, err);
	if (!s || !p->step) {
		free(s);
		return -1;
	}
	s->f = f;
	s->p = p;
	schedule(s);
	const bool full = s->full || f->full;
	free(s);
	return full ? lb_fail(err, LB_CONFIG, "formula: found one of too many operations; make it shorter") : 0;
}

struct lb_formula_program *lb_formula_compile(enum lb_kind kind, const struct lb_arg *par, size_t n_classes, struct lb_err *err)
{
	struct lb_formula_program *p = lb_alloc(1, sizeof *p, err);
	struct lb_formula_tree *tree = lb_alloc(1, sizeof *tree, err);
	struct lb_formula_ops *f = lb_alloc(1, sizeof *f, err);
	struct lb_formula_fault fault;
	double value[LB_FORMULA_PARAMS];
	int rc = p && tree && f ? 0 : -1;

	if (!rc && lb_formula_parse(kind, par[0].text, tree, &fault))
		rc = lb_fail(err, LB_CONFIG, "formula: %s", fault.text);
	for (int i = 0; !rc && i < tree->n_params; i++)
		value[i] = par[1 + i].v;
	if (!rc) {
		p->kind = kind;
		lb_formula_lower(tree, value, n_classes, f);
		lb_formula_derive(f);
		rc = make_program(p, f, err);
	}
	free(tree);
	free(f);
	if (!rc)
		return p;
	lb_formula_program_free(p);
	return NULL;
}

void lb_formula_program_free(struct lb_formula_program *program)
{
	if (program)
		free(program->step);
	free(program);
}
