/* What a formula can name. */
#include "losses/formula.h"

#define MULTICLASS (1u << LB_MULTICLASS)
#define SIGNED (1u << LB_BINARY | 1u << LB_MULTILABEL)
#define REGRESSION (1u << LB_REGRESSION)
#define PAIRS (1u << LB_EMBEDDING)
#define ALL (MULTICLASS | SIGNED | REGRESSION | PAIRS)
#define CLASSES (MULTICLASS | 1u << LB_BINARY)

#define NAME(kinds_, name_, leaf_, help_) { .name = name_, .help = help_, .kinds = kinds_, .leaf = leaf_, .op = LB_OP_LEAF }
#define FUNCTION(kinds_, name_, op_, least_, most_, help_) \
	{ .name = name_, .help = help_, .kinds = kinds_, .op = op_, .least = least_, .most = most_ }

enum { ANY_NUMBER = 8 };

static const struct lb_formula_word words[] = {
	NAME(MULTICLASS, "p", LB_LEAF_P, "softmax probability of the label, as p[y]"),
	NAME(MULTICLASS, "p[y]", LB_LEAF_P, "softmax probability of the label"),
	NAME(MULTICLASS, "p[k]", LB_LEAF_P_K, "softmax probability of class k"),
	NAME(MULTICLASS, "z[y]", LB_LEAF_OWN_SCORE, "score of the label"),
	NAME(MULTICLASS, "z[k]", LB_LEAF_SCORE_K, "score of class k"),
	NAME(MULTICLASS, "e[k]", LB_LEAF_IS_LABEL_K, "1 for the label, 0 for other classes"),
	NAME(MULTICLASS, "y", LB_LEAF_LABEL, "number of the label, from 0"),
	NAME(MULTICLASS, "k", LB_LEAF_CLASS_K, "number of class k, from 0"),
	NAME(MULTICLASS, "n_classes", LB_LEAF_CLASSES, "number of classes"),
	NAME(CLASSES, "count", LB_LEAF_COUNT, "training rows of the label's class"),
	NAME(1u << LB_MULTILABEL, "count", LB_LEAF_COUNT, "training rows that have the label, whether this one has it or not"),
	NAME(MULTICLASS, "count[k]", LB_LEAF_COUNT_K, "training rows of class k"),
	NAME(SIGNED, "f", LB_LEAF_SCORE, "score"),
	NAME(SIGNED, "y", LB_LEAF_SIGN, "1 for the positive class (a label that is there), -1 for the other"),
	NAME(SIGNED, "m", LB_LEAF_MARGIN, "margin, y f"),
	NAME(SIGNED, "p", LB_LEAF_P, "probability of the label, sigmoid(m)"),
	NAME(REGRESSION, "r", LB_LEAF_RESIDUAL, "residual, y - t"),
	NAME(REGRESSION, "y", LB_LEAF_PREDICTION, "prediction"),
	NAME(REGRESSION, "t", LB_LEAF_TARGET, "target"),
	NAME(PAIRS, "s[j]", LB_LEAF_COSINE_J, "cosine of the row's embedding and that of its partner j, another row of the batch"),
	NAME(PAIRS, "same[j]", LB_LEAF_IS_SAME_J, "1 for a partner of the row's class, 0 for one of another"),
	NAME(PAIRS, "n_same", LB_LEAF_N_SAME, "partners of the row's class"),
	NAME(PAIRS, "n_other", LB_LEAF_N_OTHER, "partners of other classes"),
	NAME(ALL, "epoch", LB_LEAF_EPOCH, "share of the training that is done, from 0 to below 1"),
	FUNCTION(ALL, "exp", LB_OP_EXP, 1, 1, "e to the power of x"),
	FUNCTION(ALL, "log", LB_OP_LOG, 1, 1, "natural logarithm"),
	FUNCTION(ALL, "log1p", LB_OP_LOG1P, 1, 1, "log(1 + x)"),
	FUNCTION(ALL, "expm1", LB_OP_EXPM1, 1, 1, "exp(x) - 1"),
	FUNCTION(ALL, "sqrt", LB_OP_SQRT, 1, 1, "square root"),
	FUNCTION(ALL, "abs", LB_OP_ABS, 1, 1, "slope 0 at 0"),
	FUNCTION(ALL, "softplus", LB_OP_SOFTPLUS, 1, 1, "log(1 + exp(x))"),
	FUNCTION(ALL, "sigmoid", LB_OP_SIGMOID, 1, 1, "1 / (1 + exp(-x))"),
	FUNCTION(ALL, "tanh", LB_OP_TANH, 1, 1, "hyperbolic tangent"),
	FUNCTION(ALL, "max", LB_OP_MAX, 1, ANY_NUMBER, "of several numbers, or of one over the classes k or partners j; of equal ones the slope is that of a constant, else of the first"),
	FUNCTION(ALL, "min", LB_OP_MIN, 1, ANY_NUMBER, "as max"),
	FUNCTION(ALL, "where", LB_OP_SELECT, 3, 3, "where(condition, a, b): a where the condition holds, else b"),
	FUNCTION(ALL, "detach", LB_OP_HELD, 1, 1, "the number, held fixed: it has no slope"),
	FUNCTION(MULTICLASS | PAIRS, "sum", LB_OP_SUM, 1, 1, "over the classes k, or the partners j"),
	FUNCTION(MULTICLASS | PAIRS, "mean", LB_OP_MEAN, 1, 1, "over the classes k, or the partners j"),
	FUNCTION(MULTICLASS | PAIRS, "logsumexp", LB_OP_LOG_SUM_EXP, 1, 1, "over the classes k, or the partners j"),
	FUNCTION(PAIRS, "sum_same", LB_OP_SUM_SAME, 1, 1, "over the partners of the row's class"),
	FUNCTION(PAIRS, "mean_same", LB_OP_MEAN_SAME, 1, 1, "over the partners of the row's class"),
	FUNCTION(PAIRS, "max_same", LB_OP_HIGHEST_SAME, 1, 1, "over the partners of the row's class"),
	FUNCTION(PAIRS, "min_same", LB_OP_LOWEST_SAME, 1, 1, "over the partners of the row's class"),
	FUNCTION(PAIRS, "logsumexp_same", LB_OP_LOG_SUM_EXP_SAME, 1, 1, "over the partners of the row's class"),
	FUNCTION(PAIRS, "sum_other", LB_OP_SUM_OTHER, 1, 1, "over the partners of other classes"),
	FUNCTION(PAIRS, "mean_other", LB_OP_MEAN_OTHER, 1, 1, "over the partners of other classes"),
	FUNCTION(PAIRS, "max_other", LB_OP_HIGHEST_OTHER, 1, 1, "over the partners of other classes"),
	FUNCTION(PAIRS, "min_other", LB_OP_LOWEST_OTHER, 1, 1, "over the partners of other classes"),
	FUNCTION(PAIRS, "logsumexp_other", LB_OP_LOG_SUM_EXP_OTHER, 1, 1, "over the partners of other classes"),
};

const struct lb_formula_word *lb_formula_word(size_t i)
{
	return i < sizeof words / sizeof *words ? &words[i] : NULL;
}
