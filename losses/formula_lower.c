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

static int lower_with_args(const struct lb_formula_node *n, const int arg[3], double n_classes, struct lb_formula_ops *f)
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
		return over_classes(f, n->op, arg[0], n_classes);
	default:
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
	return lower_with_args(n, arg, n_classes, f);
}

void lb_formula_lower(const struct lb_formula_tree *tree, const double *param, size_t n_classes, struct lb_formula_ops *f)
{
	f->n = 0;
	f->full = false;
	f->n_classes = (double)n_classes;
	f->loss = lower(tree, param, (double)n_classes, tree->root, f);
}
