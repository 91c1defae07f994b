/* Operations, each made in its most exact form: what is small is had by itself, never by
 * subtracting from 1 or from something as large. An operation that is there is not made again. */
#include "losses/formula.h"

#include <math.h>
#include <string.h>

static bool same(double a, double b)
{
	return !(a < b) && !(a > b);
}

static int make(struct lb_formula_ops *f, struct lb_formula_op op)
{
	const bool over_classes = op.op == LB_OP_SUM || op.op == LB_OP_HIGHEST;

	if (f->full)
		return 0;
	for (int i = 0; i < 3; i++) {
		const int from = i == 0 ? op.a : i == 1 ? op.b : op.c;
		op.of_class |= from >= 0 && f->op[from].of_class && !over_classes;
	}
	for (int i = 0; i < f->n; i++) {
		const struct lb_formula_op *o = &f->op[i];
		if (o->op == op.op && o->a == op.a && o->b == op.b && o->c == op.c && !memcmp(&o->value, &op.value, sizeof op.value))
			return i;
	}
	if (f->n == LB_FORMULA_OPS) {
		f->full = true;
		return 0;
	}
	f->op[f->n] = op;
	return f->n++;
}

int lb_op_const(struct lb_formula_ops *f, double value)
{
	return make(f, (struct lb_formula_op){ .op = LB_OP_CONST, .value = same(value, 0) ? 0 : value, .a = -1, .b = -1, .c = -1 });
}

int lb_op_leaf(struct lb_formula_ops *f, enum lb_leaf leaf)
{
	return make(f, (struct lb_formula_op){ .op = LB_OP_LEAF, .value = leaf, .a = -1, .b = -1, .c = -1, .of_class = lb_leaf_of_class(leaf) });
}

bool lb_op_number(const struct lb_formula_ops *f, int a, double *value)
{
	*value = f->op[a].value;
	return f->op[a].op == LB_OP_CONST;
}

static bool is_number(const struct lb_formula_ops *f, int a, double value)
{
	return f->op[a].op == LB_OP_CONST && same(f->op[a].value, value);
}

static bool is_leaf(const struct lb_formula_ops *f, int a, enum lb_leaf leaf)
{
	return f->op[a].op == LB_OP_LEAF && (int)f->op[a].value == (int)leaf;
}

static bool is(const struct lb_formula_ops *f, int a, enum lb_op op)
{
	return f->op[a].op == op;
}

static int plain(struct lb_formula_ops *f, enum lb_op op, int a, int b)
{
	return make(f, (struct lb_formula_op){ .op = op, .a = a, .b = b, .c = -1 });
}

/* Leaves that are each other's rest, and their logarithms. */
static const struct {
	enum lb_leaf of, rest, log;
} leaves[] = {
	{ LB_LEAF_P, LB_LEAF_Q, LB_LEAF_LOG_P }, { LB_LEAF_Q, LB_LEAF_P, LB_LEAF_LOG_Q },
	{ LB_LEAF_P_K, LB_LEAF_Q_K, LB_LEAF_LOG_P_K }, { LB_LEAF_Q_K, LB_LEAF_P_K, LB_LEAF_LOG_Q_K },
};

enum { N_SHARES = sizeof leaves / sizeof *leaves };

/* The place of a probability among the leaves, N_SHARES for anything else. */
static size_t share(const struct lb_formula_ops *f, int a)
{
	size_t i = 0;

	while (i < N_SHARES && !is_leaf(f, a, leaves[i].of))
		i++;
	return i;
}

static int rest_of_product(struct lb_formula_ops *f, int product, int rest_a, int rest_b);

/* 1 - a, or -1 where nothing is known of it. */
static int rest(struct lb_formula_ops *f, int a)
{
	const struct lb_formula_op o = f->op[a];
	const size_t i = share(f, a);

	if (i < N_SHARES)
		return lb_op_leaf(f, leaves[i].rest);
	if (o.op == LB_OP_SIGMOID)
		return lb_op1(f, LB_OP_SIGMOID, lb_op1(f, LB_OP_NEG, o.a));
	if (o.op == LB_OP_EXP)
		return lb_op1(f, LB_OP_NEG, lb_op_exp(f, LB_OP_EXPM1, o.value, o.a));
	if (o.op != LB_OP_MUL)
		return -1;
	const int rest_a = rest(f, o.a), rest_b = rest_a < 0 || o.a == o.b ? rest_a : rest(f, o.b);
	return rest_a < 0 || rest_b < 0 ? -1 : rest_of_product(f, a, rest_a, rest_b);
}

/* 1 - a b = (1 - a) + a (1 - b) in value, and in slope less that of a b, which its parts would
 * cancel down to. */
static int rest_of_product(struct lb_formula_ops *f, int product, int rest_a, int rest_b)
{
	const struct lb_formula_op o = f->op[product];
	const int exact = lb_op2(f, LB_OP_ADD, rest_a, lb_op2(f, LB_OP_MUL, o.a, rest_b));
	const int nothing = lb_op2(f, LB_OP_SUB, lb_op1(f, LB_OP_HELD, product), product);

	return lb_op2(f, LB_OP_ADD, lb_op1(f, LB_OP_HELD, exact), nothing);
}

/* ---- of one ---- */

static int negative(struct lb_formula_ops *f, int a)
{
	double v;

	if (lb_op_number(f, a, &v))
		return lb_op_const(f, -v);
	if (is(f, a, LB_OP_NEG))
		return f->op[a].a;
	if (is(f, a, LB_OP_SUB))
		return lb_op2(f, LB_OP_SUB, f->op[a].b, f->op[a].a);
	return plain(f, LB_OP_NEG, a, -1);
}

int lb_op_exp(struct lb_formula_ops *f, enum lb_op op, double factor, int a)
{
	const struct lb_formula_op o = f->op[a];
	double v;

	if (o.op == LB_OP_NEG)
		return lb_op_exp(f, op, -factor, o.a);
	if (o.op == LB_OP_MUL && lb_op_number(f, o.a, &v))
		return lb_op_exp(f, op, factor * v, o.b);
	if (same(factor, 0))
		return lb_op_const(f, op == LB_OP_EXP);
	if (lb_op_number(f, a, &v))
		return lb_op_const(f, op == LB_OP_EXP ? exp(factor * v) : expm1(factor * v));
	for (size_t i = 0; i < N_SHARES && same(factor, 1); i++)
		if (is_leaf(f, a, leaves[i].log))
			return op == LB_OP_EXP ? lb_op_leaf(f, leaves[i].of) : negative(f, lb_op_leaf(f, leaves[i].rest));
	if (o.op == LB_OP_LOG && op == LB_OP_EXP && same(factor, 1))
		return o.a;
	if (o.op == LB_OP_SOFTPLUS && same(factor, -1)) /* 1 / (1 + e^x) */
		return op == LB_OP_EXP ? lb_op1(f, LB_OP_SIGMOID, negative(f, o.a)) : negative(f, lb_op1(f, LB_OP_SIGMOID, o.a));
	return make(f, (struct lb_formula_op){ .op = op, .value = factor, .a = a, .b = -1, .c = -1 });
}

/* log(1 + a) */
static int log_1_plus(struct lb_formula_ops *f, int a)
{
	const struct lb_formula_op o = f->op[a];
	double v;

	if (lb_op_number(f, a, &v))
		return lb_op_const(f, log1p(v));
	if (o.op == LB_OP_EXP)
		return lb_op1(f, LB_OP_SOFTPLUS, lb_op2(f, LB_OP_MUL, lb_op_const(f, o.value), o.a));
	const int of_share = o.op == LB_OP_NEG ? rest(f, o.a) : -1;
	if (of_share >= 0)
		return lb_op1(f, LB_OP_LOG, of_share);
	if (o.op == LB_OP_EXPM1)
		return lb_op2(f, LB_OP_MUL, lb_op_const(f, o.value), o.a);
	return plain(f, LB_OP_LOG1P, a, -1);
}

static int log_of(struct lb_formula_ops *f, int a)
{
	const struct lb_formula_op o = f->op[a];
	const size_t i = share(f, a);
	double v;

	if (i < N_SHARES)
		return lb_op_leaf(f, leaves[i].log);
	if (lb_op_number(f, a, &v))
		return lb_op_const(f, log(v));
	if (o.op == LB_OP_EXP)
		return lb_op2(f, LB_OP_MUL, lb_op_const(f, o.value), o.a);
	if (o.op == LB_OP_SIGMOID)
		return negative(f, lb_op1(f, LB_OP_SOFTPLUS, negative(f, o.a)));
	if (o.op == LB_OP_ADD && is_number(f, o.a, 1))
		return log_1_plus(f, o.b);
	if (o.op == LB_OP_SUB && is_number(f, o.a, 1))
		return log_1_plus(f, negative(f, o.b));
	return plain(f, LB_OP_LOG, a, -1);
}

static double number_of(enum lb_op op, double v)
{
	switch (op) {
	case LB_OP_SQRT:
		return sqrt(v);
	case LB_OP_ABS:
		return fabs(v);
	case LB_OP_SGN:
		return (v > 0) - (v < 0);
	case LB_OP_SOFTPLUS:
		return fmax(v, 0) + log1p(exp(-fabs(v)));
	case LB_OP_SIGMOID:
		return 1 / (1 + exp(-v));
	default:
		return tanh(v);
	}
}

/* Of the log of all probabilities: sum_k (z_k - z_y) + C log p_y, so that no share of a class is
 * read. */
static int sum_over_classes(struct lb_formula_ops *f, int a)
{
	const struct lb_formula_op o = f->op[a];
	double v;

	if (o.op == LB_OP_NEG)
		return negative(f, sum_over_classes(f, o.a));
	if (o.op == LB_OP_MUL && lb_op_number(f, o.a, &v))
		return lb_op2(f, LB_OP_MUL, o.a, sum_over_classes(f, o.b));
	if (!is_leaf(f, a, LB_LEAF_LOG_P_K))
		return plain(f, LB_OP_SUM, a, -1);
	const int beyond = lb_op2(f, LB_OP_SUB, lb_op_leaf(f, LB_LEAF_SCORE_K), lb_op_leaf(f, LB_LEAF_OWN_SCORE));
	return lb_op2(f, LB_OP_ADD, plain(f, LB_OP_SUM, beyond, -1), lb_op2(f, LB_OP_MUL, lb_op_const(f, f->n_classes), lb_op_leaf(f, LB_LEAF_LOG_P)));
}

int lb_op1(struct lb_formula_ops *f, enum lb_op op, int a)
{
	const size_t i = share(f, a);
	double v;

	if (op == LB_OP_SUM)
		return sum_over_classes(f, a);
	if (op == LB_OP_NEG)
		return negative(f, a);
	if (op == LB_OP_LOG)
		return log_of(f, a);
	if (op == LB_OP_LOG1P)
		return log_1_plus(f, a);
	if (op == LB_OP_HELD || op == LB_OP_HIGHEST)
		return plain(f, op, a, -1);
	if (lb_op_number(f, a, &v))
		return lb_op_const(f, number_of(op, v));
	if (op == LB_OP_SQRT && i < N_SHARES)
		return lb_op_exp(f, LB_OP_EXP, 0.5, lb_op_leaf(f, leaves[i].log));
	if ((op == LB_OP_ABS || op == LB_OP_SQRT) && is(f, a, LB_OP_MUL) && f->op[a].a == f->op[a].b)
		return op == LB_OP_ABS ? a : lb_op1(f, LB_OP_ABS, f->op[a].a);
	if (op == LB_OP_ABS && is(f, a, LB_OP_NEG))
		return lb_op1(f, op, f->op[a].a);
	if (op == LB_OP_SGN && is(f, a, LB_OP_ABS))
		return lb_op1(f, op, a);
	if (op == LB_OP_TANH && is(f, a, LB_OP_NEG))
		return negative(f, lb_op1(f, op, f->op[a].a));
	return plain(f, op, a, -1);
}

/* ---- of two ---- */

static int sum(struct lb_formula_ops *f, int a, int b)
{
	double v, w;

	if (lb_op_number(f, b, &v)) { /* numbers first */
		const int other = a;
		a = b;
		b = other;
	}
	if (lb_op_number(f, a, &v) && lb_op_number(f, b, &w))
		return lb_op_const(f, v + w);
	if (is_number(f, a, 0))
		return b;
	if (is(f, b, LB_OP_NEG))
		return lb_op2(f, LB_OP_SUB, a, f->op[b].a);
	if (is(f, a, LB_OP_NEG))
		return lb_op2(f, LB_OP_SUB, b, f->op[a].a);
	if (is(f, b, LB_OP_EXPM1) && is_number(f, a, 1))
		return lb_op_exp(f, LB_OP_EXP, f->op[b].value, f->op[b].a);
	return plain(f, LB_OP_ADD, a, b);
}

static int difference(struct lb_formula_ops *f, int a, int b)
{
	double v, w;

	if (a == b)
		return lb_op_const(f, 0);
	if (lb_op_number(f, a, &v) && lb_op_number(f, b, &w))
		return lb_op_const(f, v - w);
	if (is(f, b, LB_OP_NEG))
		return sum(f, a, f->op[b].a);
	if (is_number(f, a, 0))
		return negative(f, b);
	if (is_number(f, b, 0))
		return a;
	const int rest_b = is_number(f, a, 1) ? rest(f, b) : -1, rest_a = is_number(f, b, 1) ? rest(f, a) : -1;
	if (rest_b >= 0 || rest_a >= 0)
		return rest_b >= 0 ? rest_b : negative(f, rest_a);
	if (is_leaf(f, a, LB_LEAF_P_K) && is_leaf(f, b, LB_LEAF_IS_LABEL_K))
		return lb_op_leaf(f, LB_LEAF_P_LESS_E_K);
	if (is_leaf(f, b, LB_LEAF_P_K) && is_leaf(f, a, LB_LEAF_IS_LABEL_K))
		return negative(f, lb_op_leaf(f, LB_LEAF_P_LESS_E_K));
	if (is_leaf(f, a, LB_LEAF_PREDICTION) && is_leaf(f, b, LB_LEAF_TARGET))
		return lb_op_leaf(f, LB_LEAF_RESIDUAL);
	if (is_leaf(f, b, LB_LEAF_PREDICTION) && is_leaf(f, a, LB_LEAF_TARGET))
		return negative(f, lb_op_leaf(f, LB_LEAF_RESIDUAL));
	if (lb_op_number(f, b, &v))
		return sum(f, lb_op_const(f, -v), a);
	return plain(f, LB_OP_SUB, a, b);
}

/* y f = m, y y = 1, y m = f; e_k a by choice, so that an infinite a of another class counts 0. -1
 * where it is none of these. */
static int product_of_leaves(struct lb_formula_ops *f, int a, int b)
{
	if (is_leaf(f, b, LB_LEAF_SIGN) || is_leaf(f, b, LB_LEAF_IS_LABEL_K)) {
		const int other = a;
		a = b;
		b = other;
	}
	if (is_leaf(f, a, LB_LEAF_SIGN) && is_leaf(f, b, LB_LEAF_SCORE))
		return lb_op_leaf(f, LB_LEAF_MARGIN);
	if (is_leaf(f, a, LB_LEAF_SIGN) && is_leaf(f, b, LB_LEAF_MARGIN))
		return lb_op_leaf(f, LB_LEAF_SCORE);
	if (is_leaf(f, a, LB_LEAF_SIGN) && a == b)
		return lb_op_const(f, 1);
	if (is_leaf(f, a, LB_LEAF_IS_LABEL_K))
		return lb_op_select(f, a, b, lb_op_const(f, 0));
	return -1;
}

static int product(struct lb_formula_ops *f, enum lb_op op, int a, int b)
{
	double v, w;

	if (lb_op_number(f, b, &v)) {
		const int other = a;
		a = b;
		b = other;
	}
	const bool number = lb_op_number(f, a, &v);
	if (number && lb_op_number(f, b, &w))
		return lb_op_const(f, same(v, 0) || same(w, 0) ? 0 : v * w);
	if (number && same(v, 0))
		return a;
	if (number && same(v, 1))
		return b;
	if (number && same(v, -1))
		return negative(f, b);
	if (is(f, a, LB_OP_NEG))
		return negative(f, product(f, op, f->op[a].a, b));
	if (is(f, b, LB_OP_NEG))
		return negative(f, product(f, op, a, f->op[b].a));
	if (number && is(f, b, LB_OP_MUL) && lb_op_number(f, f->op[b].a, &w))
		return product(f, op, lb_op_const(f, v * w), f->op[b].b);
	const int made = product_of_leaves(f, a, b);
	if (made >= 0)
		return made;
	if (is(f, a, LB_OP_EXP) && is(f, b, LB_OP_EXP) && f->op[a].a == f->op[b].a)
		return lb_op_exp(f, LB_OP_EXP, f->op[a].value + f->op[b].value, f->op[a].a);
	return plain(f, number ? LB_OP_MUL : op, a, b);
}

static int quotient(struct lb_formula_ops *f, int a, int b)
{
	double v, w;

	if (lb_op_number(f, b, &w) && lb_op_number(f, a, &v))
		return lb_op_const(f, v / w);
	if (is_number(f, b, 1))
		return a;
	if (is_number(f, b, -1))
		return negative(f, a);
	if (is_number(f, a, 0))
		return a;
	if (is(f, a, LB_OP_NEG))
		return negative(f, quotient(f, f->op[a].a, b));
	if (is(f, b, LB_OP_NEG))
		return negative(f, quotient(f, a, f->op[b].a));
	if (is(f, b, LB_OP_EXP))
		return product(f, LB_OP_MUL, a, lb_op_exp(f, LB_OP_EXP, -f->op[b].value, f->op[b].a));
	if (is(f, b, LB_OP_ADD) && is_number(f, f->op[b].a, 1) && is(f, f->op[b].b, LB_OP_EXP)) { /* a / (1 + e^x) */
		const struct lb_formula_op e = f->op[f->op[b].b];
		return product(f, LB_OP_MUL, a, lb_op1(f, LB_OP_SIGMOID, product(f, LB_OP_MUL, lb_op_const(f, -e.value), e.a)));
	}
	return plain(f, LB_OP_DIV, a, b);
}

static int power(struct lb_formula_ops *f, int a, double n)
{
	const struct lb_formula_op o = f->op[a];
	const size_t i = share(f, a);
	const bool whole = same(n, floor(n));
	double v;

	if (lb_op_number(f, a, &v))
		return lb_op_const(f, pow(v, n));
	if (same(n, 0) || same(n, 1))
		return same(n, 0) ? lb_op_const(f, 1) : a;
	if (o.op == LB_OP_EXP)
		return lb_op_exp(f, LB_OP_EXP, o.value * n, o.a);
	if (whole && n > 0 && n <= 64) { /* by squares */
		const int half = power(f, a, floor(n / 2)), even = product(f, LB_OP_MUL, half, half);
		return same(fmod(n, 2), 0) ? even : product(f, LB_OP_MUL, a, even);
	}
	if (i < N_SHARES || o.op == LB_OP_SIGMOID)
		return lb_op_exp(f, LB_OP_EXP, n, lb_op1(f, LB_OP_LOG, a));
	if (whole && n < 0)
		return quotient(f, lb_op_const(f, 1), power(f, a, -n));
	if (o.op == LB_OP_SQRT)
		return power(f, o.a, n / 2);
	if (same(n, 0.5))
		return lb_op1(f, LB_OP_SQRT, a);
	return make(f, (struct lb_formula_op){ .op = LB_OP_POW, .value = n, .a = a, .b = -1, .c = -1 });
}

static int general_power(struct lb_formula_ops *f, int a, int b)
{
	double v;

	if (lb_op_number(f, b, &v))
		return power(f, a, v);
	return lb_op_exp(f, LB_OP_EXP, 1, product(f, LB_OP_MUL, b, lb_op1(f, LB_OP_LOG, a)));
}

static int compared(struct lb_formula_ops *f, enum lb_op op, int a, int b)
{
	double v, w;

	if (lb_op_number(f, a, &v) && lb_op_number(f, b, &w))
		return lb_op_const(f, op == LB_OP_LESS ? v < w : op == LB_OP_LESS_EQ ? v <= w : same(v, w));
	return plain(f, op, a, b);
}

int lb_op2(struct lb_formula_ops *f, enum lb_op op, int a, int b)
{
	double v, w;

	switch (op) {
	case LB_OP_ADD:
		return sum(f, a, b);
	case LB_OP_SUB:
		return difference(f, a, b);
	case LB_OP_MUL:
	case LB_OP_TIMES:
		return product(f, op, a, b);
	case LB_OP_DIV:
		return quotient(f, a, b);
	case LB_OP_POW:
		return general_power(f, a, b);
	case LB_OP_LESS:
	case LB_OP_LESS_EQ:
	case LB_OP_EQUAL:
		return compared(f, op, a, b);
	case LB_OP_MAX:
	case LB_OP_MIN:
		if (lb_op_number(f, a, &v) && lb_op_number(f, b, &w))
			return lb_op_const(f, op == LB_OP_MAX ? fmax(v, w) : fmin(v, w));
		return a == b ? a : plain(f, op, a, b);
	default:
		return plain(f, op, a, b);
	}
}

int lb_op_select(struct lb_formula_ops *f, int a, int b, int c)
{
	double v;

	if (b == c)
		return b;
	if (lb_op_number(f, a, &v))
		return same(v, 0) ? c : b;
	return make(f, (struct lb_formula_op){ .op = LB_OP_SELECT, .a = a, .b = b, .c = c });
}
