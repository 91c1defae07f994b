/* The derivative of a formula, by going back from the loss: what the loss changes by each operation
 * is handed on to what that is made of. Factors are multiplied so that 0 times anything is 0: what
 * has no part in the loss hands nothing on, however steep it is. */
#include "losses/formula.h"

struct deriving {
	struct lb_formula_ops *f;
	int by[LB_FORMULA_OPS];  /* the derivative by each operation of the value; -1: 0 */
	int from;                /* the operation that hands on */
};

static void add_to(struct lb_formula_ops *f, int *sum, int part)
{
	*sum = *sum < 0 ? part : lb_op2(f, LB_OP_ADD, *sum, part);
}

/* Adds to the derivative by one argument; of a number a row that an operation of classes reads, the
 * sum over these. */
static void hand(struct deriving *d, int to, int part)
{
	struct lb_formula_ops *f = d->f;

	if (f->op[d->from].of_class && !f->op[to].of_class)
		part = f->op[part].of_class ? lb_op1(f, LB_OP_SUM, part) : lb_op2(f, LB_OP_MUL, lb_op_const(f, f->n_classes), part);
	add_to(f, &d->by[to], part);
}

static void hand_times(struct deriving *d, int to, int slope)
{
	hand(d, to, lb_op2(d->f, LB_OP_TIMES, d->by[d->from], slope));
}

/* The derivative of a leaf by what the loss is derived by; *to becomes its place there. */
static int slope_of_leaf(struct lb_formula_ops *f, enum lb_leaf leaf, enum lb_by *to)
{
	const int p = lb_op_leaf(f, LB_LEAF_P), p_k = lb_op_leaf(f, LB_LEAF_P_K);
	const struct {
		enum lb_leaf leaf;
		enum lb_by to;
		int slope;
	} slopes[] = {
		{ LB_LEAF_P, LB_BY_LOG_P, p }, { LB_LEAF_LOG_P, LB_BY_LOG_P, lb_op_const(f, 1) },
		{ LB_LEAF_Q, LB_BY_LOG_P, lb_op1(f, LB_OP_NEG, p) }, { LB_LEAF_LOG_Q, LB_BY_LOG_Q, lb_op_const(f, 1) },
		{ LB_LEAF_OWN_SCORE, LB_BY_OWN_SCORE, lb_op_const(f, 1) },
		{ LB_LEAF_SCORE, LB_BY_MARGIN, lb_op_leaf(f, LB_LEAF_SIGN) }, { LB_LEAF_MARGIN, LB_BY_MARGIN, lb_op_const(f, 1) },
		{ LB_LEAF_PREDICTION, LB_BY_RESIDUAL, lb_op_const(f, 1) }, { LB_LEAF_RESIDUAL, LB_BY_RESIDUAL, lb_op_const(f, 1) },
		{ LB_LEAF_P_K, LB_BY_LOG_P_K, p_k }, { LB_LEAF_LOG_P_K, LB_BY_LOG_P_K, lb_op_const(f, 1) },
		{ LB_LEAF_Q_K, LB_BY_LOG_P_K, lb_op1(f, LB_OP_NEG, p_k) },
		{ LB_LEAF_LOG_Q_K, LB_BY_LOG_P_K, lb_op1(f, LB_OP_NEG, lb_op_leaf(f, LB_LEAF_ODDS_K)) },
		{ LB_LEAF_P_LESS_E_K, LB_BY_LOG_P_K, p_k }, { LB_LEAF_SCORE_K, LB_BY_SCORE_K, lb_op_const(f, 1) },
		{ LB_LEAF_COSINE_J, LB_BY_COSINE_J, lb_op_const(f, 1) },
	};

	for (size_t i = 0; i < sizeof slopes / sizeof *slopes; i++)
		if (slopes[i].leaf == leaf) {
			*to = slopes[i].to;
			return slopes[i].slope;
		}
	return -1;
}

static void back_leaf(struct deriving *d, enum lb_leaf leaf)
{
	enum lb_by to = 0;
	const int slope = slope_of_leaf(d->f, leaf, &to);

	if (slope >= 0)
		add_to(d->f, &d->f->by[to], lb_op2(d->f, LB_OP_TIMES, d->by[d->from], slope));
}

/* The larger or smaller of two: at a tie the slope is that of a number, else of the first. */
static void back_extreme(struct deriving *d, const struct lb_formula_op *o)
{
	struct lb_formula_ops *f = d->f;
	const int g = d->by[d->from], zero = lb_op_const(f, 0), low = o->op == LB_OP_MAX ? o->b : o->a, high = o->op == LB_OP_MAX ? o->a : o->b;
	double v;

	/* The first wins where low < high, and at a tie unless it is let to the second. */
	const bool second = lb_op_number(f, o->b, &v);
	const int first_wins = second ? lb_op2(f, LB_OP_LESS, low, high) : lb_op2(f, LB_OP_LESS_EQ, low, high);
	const int second_wins = lb_op_number(f, o->a, &v) ? lb_op2(f, LB_OP_LESS, high, low) : -1;

	if (!lb_op_number(f, o->a, &v))
		hand(d, o->a, lb_op_select(f, first_wins, g, zero));
	if (!second)
		hand(d, o->b, second_wins >= 0 ? lb_op_select(f, second_wins, g, zero) : lb_op_select(f, first_wins, zero, g));
}

/* 1 - tanh(a)^2 = 4 sigmoid(2 a) sigmoid(-2 a) */
static int slope_of_tanh(struct lb_formula_ops *f, int a)
{
	const int twice = lb_op2(f, LB_OP_MUL, lb_op_const(f, 2), a);

	return lb_op2(f, LB_OP_MUL, lb_op_const(f, 4), lb_op2(f, LB_OP_MUL, lb_op1(f, LB_OP_SIGMOID, twice),
							      lb_op1(f, LB_OP_SIGMOID, lb_op1(f, LB_OP_NEG, twice))));
}

static int over(struct lb_formula_ops *f, double number, int a)
{
	return lb_op2(f, LB_OP_DIV, lb_op_const(f, number), a);
}

/* The derivative by its argument of an operation with one. */
static int slope_of_one(struct lb_formula_ops *f, const struct lb_formula_op *o, int self)
{
	switch (o->op) {
	case LB_OP_POW:
		return lb_op2(f, LB_OP_MUL, lb_op_const(f, o->value), lb_op2(f, LB_OP_POW, o->a, lb_op_const(f, o->value - 1)));
	case LB_OP_EXP:
		return lb_op2(f, LB_OP_MUL, lb_op_const(f, o->value), self);
	case LB_OP_EXPM1:
		return lb_op2(f, LB_OP_MUL, lb_op_const(f, o->value), lb_op_exp(f, LB_OP_EXP, o->value, o->a));
	case LB_OP_LOG:
		return over(f, 1, o->a);
	case LB_OP_LOG1P:
		return over(f, 1, lb_op2(f, LB_OP_ADD, lb_op_const(f, 1), o->a));
	case LB_OP_SQRT:
		return over(f, 0.5, self);
	case LB_OP_ABS:
		return lb_op1(f, LB_OP_SGN, o->a);
	case LB_OP_SOFTPLUS:
		return lb_op1(f, LB_OP_SIGMOID, o->a);
	case LB_OP_SIGMOID:
		return lb_op2(f, LB_OP_MUL, self, lb_op1(f, LB_OP_SIGMOID, lb_op1(f, LB_OP_NEG, o->a)));
	case LB_OP_TANH:
		return slope_of_tanh(f, o->a);
	default:
		return -1;
	}
}

static void back(struct deriving *d, const struct lb_formula_op *o)
{
	struct lb_formula_ops *f = d->f;
	const int g = d->by[d->from], zero = lb_op_const(f, 0);

	switch (o->op) {
	case LB_OP_LEAF:
		back_leaf(d, (enum lb_leaf)o->value);
		break;
	case LB_OP_NEG:
		hand(d, o->a, lb_op1(f, LB_OP_NEG, g));
		break;
	case LB_OP_ADD:
	case LB_OP_SUB:
		hand(d, o->a, g);
		hand(d, o->b, o->op == LB_OP_ADD ? g : lb_op1(f, LB_OP_NEG, g));
		break;
	case LB_OP_MUL:
		hand_times(d, o->a, o->b);
		hand_times(d, o->b, o->a);
		break;
	case LB_OP_DIV:
		hand_times(d, o->a, over(f, 1, o->b));
		hand_times(d, o->b, lb_op1(f, LB_OP_NEG, lb_op2(f, LB_OP_DIV, d->from, o->b)));
		break;
	case LB_OP_MAX:
	case LB_OP_MIN:
		back_extreme(d, o);
		break;
	case LB_OP_SELECT:
		hand(d, o->b, lb_op_select(f, o->a, g, zero));
		hand(d, o->c, lb_op_select(f, o->a, zero, g));
		break;
	case LB_OP_SUM:
		add_to(f, &d->by[o->a], g);
		break;
	case LB_OP_HIGHEST:
		add_to(f, &d->by[o->a], lb_op_select(f, lb_op2(f, LB_OP_FIRST, o->a, d->from), g, zero));
		break;
	default: { /* LB_OP_HELD and comparisons hand nothing on */
		const int slope = slope_of_one(f, o, d->from);
		if (slope >= 0)
			hand_times(d, o->a, slope);
	}
	}
}

void lb_formula_derive(struct lb_formula_ops *f)
{
	struct deriving d = { .f = f };

	for (int i = 0; i < LB_N_BY; i++)
		f->by[i] = -1;
	for (int i = 0; i <= f->loss; i++)
		d.by[i] = -1;
	d.by[f->loss] = lb_op_const(f, 1);
	for (d.from = f->loss; d.from >= 0; d.from--) {
		const struct lb_formula_op o = f->op[d.from];
		if (d.by[d.from] >= 0)
			back(&d, &o);
	}
}
