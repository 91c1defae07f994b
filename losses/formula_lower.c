/* A formula's tree and the values of its parameters, as operations. */
#include "losses/formula.h"

#include <math.h>

static int lower(const struct lb_formula_tree *t, const double *param, double n_classes, int i, struct lb_formula_ops *f);

/* Of the label's probability in a task of one score, sigmoid(m); else the leaf itself. */
static int leaf(const struct lb_formula_tree *t, enum lb_leaf leaf, double n_classes, struct lb_formula_ops *f)
{
	if (leaf == LB_LEAF_CLASSES)
		return lb_op_const(f, n_classes);
	if (leaf == LB_LEAF_P && t->kind != LB_MULTICLASS)
		return lb_op1(f, LB_OP_SIGMOID, lb_op_leaf(f, LB_LEAF_MARGIN));
	return lb_op_leaf(f, leaf);
}

/* m + log sum exp(a - m), m the largest a, held: the slopes are shares, none above 1. */
static int log_sum_exp(struct lb_formula_ops *f, int a)
{
	const int most = lb_op1(f, LB_OP_HELD, lb_op1(f, LB_OP_HIGHEST, a));
	const int terms = lb_op_exp(f, LB_OP_EXP, 1, lb_op2(f, LB_OP_SUB, a, most));

	return lb_op2(f, LB_OP_ADD, most, lb_op1(f, LB_OP_LOG, lb_op1(f, LB_OP_SUM, terms)));
}

/* ---- pairs ---- */

/* What stands in the place of numbers that are left out, for what is largest: far beyond all. */
#define FAR_BELOW -1e30

enum { BOTH, SAME, OTHER };

/* The operation over both sides that is meant, and of which side. */
static enum lb_op without_side(enum lb_op op, int *side)
{
	static const enum lb_op plain[] = { LB_OP_SUM, LB_OP_MEAN, LB_OP_HIGHEST, LB_OP_LOWEST, LB_OP_LOG_SUM_EXP };

	*side = op >= LB_OP_SUM_OTHER ? OTHER : op >= LB_OP_SUM_SAME ? SAME : BOTH;
	return *side == BOTH ? op : plain[op - (*side == OTHER ? LB_OP_SUM_OTHER : LB_OP_SUM_SAME)];
}

/* Whether row j is a partner of a side, and how many there are. */
static const enum lb_leaf is_in[] = { [BOTH] = LB_LEAF_IS_PARTNER_J, [SAME] = LB_LEAF_IS_SAME_J, [OTHER] = LB_LEAF_IS_OTHER_J };
static const enum lb_leaf how_many[] = { [BOTH] = LB_LEAF_N_PARTNERS, [SAME] = LB_LEAF_N_SAME, [OTHER] = LB_LEAF_N_OTHER };

/* The partners of a side stand among all rows of the batch: those of the other side, and the row
 * itself, are left out. */
static int over_partners(struct lb_formula_ops *f, enum lb_op op, int a)
{
	int side;
	const enum lb_op plain = without_side(op, &side);
	const int in = lb_op_leaf(f, is_in[side]), far = lb_op_const(f, FAR_BELOW);

	if (plain == LB_OP_SUM || plain == LB_OP_MEAN) {
		const int sum = lb_op1(f, LB_OP_SUM, lb_op_select(f, in, a, lb_op_const(f, 0)));
		return plain == LB_OP_SUM ? sum : lb_op2(f, LB_OP_DIV, sum, lb_op_leaf(f, how_many[side]));
	}
	if (plain == LB_OP_LOWEST)
		return lb_op1(f, LB_OP_NEG, lb_op1(f, LB_OP_HIGHEST, lb_op_select(f, in, lb_op1(f, LB_OP_NEG, a), far)));
	const int most = lb_op1(f, LB_OP_HIGHEST, lb_op_select(f, in, a, far));
	if (plain == LB_OP_HIGHEST)
		return most;
	const int held = lb_op1(f, LB_OP_HELD, most), terms = lb_op_exp(f, LB_OP_EXP, 1, lb_op_select(f, in, lb_op2(f, LB_OP_SUB, a, held), far));
	return lb_op2(f, LB_OP_ADD, held, lb_op1(f, LB_OP_LOG, lb_op1(f, LB_OP_SUM, terms)));
}

/* ---- all ---- */

static int over_classes(struct lb_formula_ops *f, enum lb_op op, int a, double n_classes)
{
	const bool alike = !f->op[a].of_class; /* what reads k, and was found not to depend on it */

	if (alike && op == LB_OP_SUM)
		return lb_op2(f, LB_OP_MUL, lb_op_const(f, n_classes), a);
	if (alike)
		return op == LB_OP_LOG_SUM_EXP ? lb_op2(f, LB_OP_ADD, lb_op_const(f, log(n_classes)), a) : a;
	if (op == LB_OP_MEAN)
		return lb_op2(f, LB_OP_DIV, lb_op1(f, LB_OP_SUM, a), lb_op_const(f, n_classes));
	if (op == LB_OP_LOWEST)
		return lb_op1(f, LB_OP_NEG, lb_op1(f, LB_OP_HIGHEST, lb_op1(f, LB_OP_NEG, a)));
	return op == LB_OP_LOG_SUM_EXP ? log_sum_exp(f, a) : lb_op1(f, op, a);
}

static int lower_with_args(const struct lb_formula_tree *t, const struct lb_formula_node *n, const int arg[3], double n_classes, struct lb_formula_ops *f)
{
	switch (n->op) {
	case LB_OP_GREATER:
		return lb_op2(f, LB_OP_LESS, arg[1], arg[0]);
	case LB_OP_GREATER_EQ:
		return lb_op2(f, LB_OP_LESS_EQ, arg[1], arg[0]);
	case LB_OP_UNEQUAL:
		return lb_op_select(f, lb_op2(f, LB_OP_EQUAL, arg[0], arg[1]), lb_op_const(f, 0), lb_op_const(f, 1));
	case LB_OP_SELECT:
		return lb_op_select(f, arg[0], arg[1], arg[2]);
	case LB_OP_EXP:
	case LB_OP_EXPM1:
		return lb_op_exp(f, n->op, 1, arg[0]);
	case LB_OP_SUM:
	case LB_OP_MEAN:
	case LB_OP_HIGHEST:
	case LB_OP_LOWEST:
	case LB_OP_LOG_SUM_EXP:
		return t->kind == LB_EMBEDDING ? over_partners(f, n->op, arg[0]) : over_classes(f, n->op, arg[0], n_classes);
	default:
		if (n->op >= LB_OP_SUM_SAME)
			return over_partners(f, n->op, arg[0]);
		return n->n_args == 1 ? lb_op1(f, n->op, arg[0]) : lb_op2(f, n->op, arg[0], arg[1]);
	}
}

static int lower(const struct lb_formula_tree *t, const double *param, double n_classes, int i, struct lb_formula_ops *f)
{
	const struct lb_formula_node *n = &t->node[i];
	int arg[3] = { -1, -1, -1 };

	if (n->op == LB_OP_CONST)
		return lb_op_const(f, n->value);
	if (n->op == LB_OP_PARAM)
		return lb_op_const(f, param[(int)n->value]);
	if (n->op == LB_OP_LEAF)
		return leaf(t, (enum lb_leaf)n->value, n_classes, f);
	for (int k = 0; k < n->n_args; k++)
		arg[k] = lower(t, param, n_classes, n->arg[k], f);
	return lower_with_args(t, n, arg, n_classes, f);
}

void lb_formula_lower(const struct lb_formula_tree *tree, const double *param, size_t n_classes, struct lb_formula_ops *f)
{
	f->n = 0;
	f->full = false;
	f->n_classes = (double)n_classes;
	f->loss = lower(tree, param, (double)n_classes, tree->root, f);
}
