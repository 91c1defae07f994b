/* A loss that is written as a formula: from its text to a program of a few vector operations.
 *
 *   text -> tree                     formula_parse.c; words: formula_words.c
 *   tree and values -> operations    formula_lower.c; in stable forms: formula_build.c
 *   -> those of the derivative       formula_derive.c
 *   -> a program with registers      formula_program.c
 *   run over lanes of rows           losses/support/formula_run.c
 *
 * An operation gives a number a row, or one for each class of a row. The derivative is made of
 * operations too, by going back from the loss (reverse mode), so that it shares what it can with
 * the value. By what it is taken: the log probability of the label and of each class, the log of
 * the rest and the scores in multiclass; the margin in binary and for each label of multilabel; the
 * residual in regression; the cosines of the pairs of a batch in task embedding. */
#ifndef LB_FORMULA_H
#define LB_FORMULA_H

#include "losses/loss_info.h"

enum { LB_FORMULA_NODES = 400, LB_FORMULA_PARAMS = 16, LB_FORMULA_NAME = 32, LB_FORMULA_OPS = 1000 };

/* What is wrong with a formula, and where: bytes before it in the text. */
struct lb_formula_fault {
	size_t at;
	char text[480];
};

/* Numbers that a formula starts from, one a row, then one a class. */
enum lb_leaf {
	LB_LEAF_P, LB_LEAF_LOG_P, LB_LEAF_Q, LB_LEAF_LOG_Q, /* multiclass: of the label's probability p, and of q = 1 - p */
	LB_LEAF_OWN_SCORE,       /* multiclass: of the label */
	LB_LEAF_LABEL,           /* multiclass: its number, from 0 */
	LB_LEAF_COUNT,           /* training rows of the label's class */
	LB_LEAF_EPOCH,           /* share of the training that is done */
	LB_LEAF_SCORE, LB_LEAF_SIGN, LB_LEAF_MARGIN, /* binary, multilabel: f, y = +-1, m = y f */
	LB_LEAF_PREDICTION, LB_LEAF_TARGET, LB_LEAF_RESIDUAL, /* regression */
	LB_LEAF_CLASSES,         /* how many there are */
	LB_LEAF_N_SAME, LB_LEAF_N_OTHER, LB_LEAF_N_PARTNERS, /* embedding: partners of the row's class, of others, and both */
	LB_LEAF_P_K, LB_LEAF_LOG_P_K, LB_LEAF_Q_K, LB_LEAF_LOG_Q_K, /* of each class's probability */
	LB_LEAF_ODDS_K,          /* p_k / q_k */
	LB_LEAF_P_LESS_E_K,      /* p_k - e_k */
	LB_LEAF_SCORE_K, LB_LEAF_IS_LABEL_K, LB_LEAF_CLASS_K, LB_LEAF_COUNT_K,
	LB_LEAF_COSINE_J, LB_LEAF_IS_SAME_J, LB_LEAF_IS_OTHER_J, LB_LEAF_IS_PARTNER_J, /* embedding: of partner j, in the place of classes; 0 for the row itself */
	LB_N_LEAVES
};
static inline bool lb_leaf_of_class(enum lb_leaf leaf)
{
	return leaf >= LB_LEAF_P_K;
}

enum lb_op {
	LB_OP_CONST, LB_OP_LEAF,
	LB_OP_NEG, LB_OP_ADD, LB_OP_SUB, LB_OP_MUL, LB_OP_DIV, LB_OP_POW,
	LB_OP_TIMES,             /* a product that is 0 where a factor is, whatever the other */
	LB_OP_EXP, LB_OP_EXPM1,  /* of `value` times a */
	LB_OP_LOG, LB_OP_LOG1P, LB_OP_SQRT, LB_OP_ABS, LB_OP_SGN, LB_OP_MAX, LB_OP_MIN,
	LB_OP_SOFTPLUS, LB_OP_SIGMOID, LB_OP_TANH,
	LB_OP_LESS, LB_OP_LESS_EQ, LB_OP_EQUAL, /* 1 or 0 */
	LB_OP_SELECT,            /* b where a is not 0, else c */
	LB_OP_HELD,              /* a, with no derivative */
	LB_OP_SUM, LB_OP_HIGHEST, /* over classes */
	LB_OP_FIRST,             /* 1 for the first class whose a equals b, else 0 */
	/* Of the tree alone. */
	LB_OP_PARAM, LB_OP_GREATER, LB_OP_GREATER_EQ, LB_OP_UNEQUAL, LB_OP_MEAN, LB_OP_LOWEST, LB_OP_LOG_SUM_EXP,
	/* Those over classes, over the partners of the row's class and over the others. */
	LB_OP_SUM_SAME, LB_OP_MEAN_SAME, LB_OP_HIGHEST_SAME, LB_OP_LOWEST_SAME, LB_OP_LOG_SUM_EXP_SAME,
	LB_OP_SUM_OTHER, LB_OP_MEAN_OTHER, LB_OP_HIGHEST_OTHER, LB_OP_LOWEST_OTHER, LB_OP_LOG_SUM_EXP_OTHER,
	LB_N_OPS
};

/* A node of the tree, with up to three others below it. */
struct lb_formula_node {
	enum lb_op op;
	double value;            /* of a number; of LB_OP_LEAF and LB_OP_PARAM which one */
	int arg[3], n_args;
	bool of_class;           /* differs from class to class */
	bool scored;             /* depends on the scores, and not only under detach */
};

struct lb_formula_tree {
	enum lb_kind kind;
	struct lb_formula_node node[LB_FORMULA_NODES];
	int n, root;
	char param[LB_FORMULA_PARAMS][LB_FORMULA_NAME]; /* names that are no words of the formula, in the order of their first use */
	size_t param_at[LB_FORMULA_PARAMS]; /* where that is */
	int n_params;
};

/* A name of the vocabulary, or a function. */
struct lb_formula_word {
	const char *name;        /* "p[k]"; of a function its name alone */
	const char *help;
	unsigned kinds;          /* bits 1 << LB_MULTICLASS, ... */
	enum lb_leaf leaf;
	enum lb_op op;           /* of a function */
	int least, most;         /* arguments; of a name 0 */
};

/* The i-th word; NULL past the end. */
const struct lb_formula_word *lb_formula_word(size_t i);

/* Whether losses of a kind can be written so. */
static inline bool lb_formula_of_kind(enum lb_kind kind)
{
	return kind == LB_MULTICLASS || kind == LB_BINARY || kind == LB_REGRESSION || kind == LB_MULTILABEL || kind == LB_EMBEDDING;
}

/* Reads a formula. Names that are no words of the kind become parameters: the caller sees to it
 * that these are meant. Returns -1 with the fault. */
int lb_formula_parse(enum lb_kind kind, const char *text, struct lb_formula_tree *tree, struct lb_formula_fault *fault);
/* "unknown name ..., allowed: ...; did you mean ...?" for such a parameter that is not meant. */
void lb_formula_unknown(const struct lb_formula_tree *tree, int param, const char *const *known, size_t n_known, struct lb_formula_fault *fault);

struct lb_buf;
/* Appends the formula with blanks and brackets as they are always set: what says the same reads the
 * same. */
void lb_formula_write(const struct lb_formula_tree *tree, struct lb_buf *out);

/* An operation: what it does, and to which earlier ones; -1: none. */
struct lb_formula_op {
	enum lb_op op;
	double value;
	int a, b, c;
	bool of_class;
};

/* What the derivative is taken by; of each the operation that gives it, or -1 where it is 0. */
enum lb_by {
	LB_BY_LOG_P, LB_BY_LOG_Q, LB_BY_OWN_SCORE, LB_BY_MARGIN, LB_BY_RESIDUAL, LB_BY_LOG_P_K, LB_BY_SCORE_K, LB_BY_COSINE_J, LB_N_BY
};

struct lb_formula_ops {
	struct lb_formula_op op[LB_FORMULA_OPS];
	int n, loss, by[LB_N_BY];
	double n_classes;
	bool full;               /* there were more than there is room for */
};

/* Returns the operation with these arguments, or one that gives the same more exactly; one that is
 * there already is not made again. */
int lb_op_const(struct lb_formula_ops *f, double value);
int lb_op_leaf(struct lb_formula_ops *f, enum lb_leaf leaf);
int lb_op1(struct lb_formula_ops *f, enum lb_op op, int a);
int lb_op2(struct lb_formula_ops *f, enum lb_op op, int a, int b);
int lb_op_select(struct lb_formula_ops *f, int a, int b, int c);
int lb_op_exp(struct lb_formula_ops *f, enum lb_op op, double factor, int a);
/* The number that it is, where it is one. */
bool lb_op_number(const struct lb_formula_ops *f, int a, double *value);

/* f->loss <- the tree with the values of its parameters. */
void lb_formula_lower(const struct lb_formula_tree *tree, const double *param, size_t n_classes, struct lb_formula_ops *f);
/* f->by <- the derivatives of the loss. */
void lb_formula_derive(struct lb_formula_ops *f);

/* A step of the program: registers are blocks of numbers, those of classes as many as there are
 * classes times those of rows. */
struct lb_formula_step {
	enum lb_op op;
	double value;
	int out, a, b, c;        /* registers */
	bool out_of_class, a_of_class, b_of_class, c_of_class;
};

struct lb_formula_place {
	int at;                  /* register, -1: it is 0 */
	bool of_class;
};

struct lb_formula_program {
	enum lb_kind kind;
	struct lb_formula_step *step;
	int n_const, n_value, n; /* steps: numbers, which stay; from there to what the value alone needs; all */
	struct lb_formula_place loss, by[LB_N_BY];
	bool softmax, shares;    /* whether it reads probabilities, and those of each class */
	bool same, other, partners; /* whether it goes over the partners of the row's class, over the others, over both together */
};

/* Registers that a program has at most, of rows and of classes. */
enum { LB_FORMULA_ROW_REGISTERS = 64, LB_FORMULA_CLASS_REGISTERS = 32 };

/* Makes the program of a formula with values of its parameters; par are those of its descriptor,
 * the formula first. NULL for want of memory, or where it is too long. */
struct lb_formula_program *lb_formula_compile(enum lb_kind kind, const struct lb_arg *par, size_t n_classes, struct lb_err *err);
void lb_formula_program_free(struct lb_formula_program *program);

/* What a descriptor is made of. */
struct lb_formula_source {
	enum lb_kind kind;
	const char *name;        /* of the loss */
	const char *text;
	const struct lb_param *param; /* those that are declared; NULL help, and no range, where nothing more is said */
	int n_params;
	const char *title, *cite, *notes; /* or NULL */
	unsigned properties;     /* of enum lb_property, which it claims */
};

/* Returns the descriptor of a loss by its formula, the same for what says the same; it lives as
 * long as the process. Parameters stand in the order of their first use, after the formula itself.
 * NULL with a fault, or for want of memory with err. */
const struct lb_loss_info *lb_formula_info(const struct lb_formula_source *source, struct lb_formula_fault *fault, struct lb_err *err);

#endif
