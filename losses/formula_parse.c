/* The text of a formula, read into a tree by recursive descent, and written again. */
#include "core/base/text.h"
#include "losses/formula.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { MOST_DEPTH = 300, MOST_WORDS = 64 };

struct reading {
	const char *text;
	size_t at;               /* of the token that is looked at; it is n long */
	size_t n;
	int depth;
	struct lb_formula_tree *tree;
	struct lb_formula_fault *fault;
	bool failed;
};

/* Keeps the first fault; returns -1. */
static int wrong(struct reading *r, size_t at, const char *what, const char *found, const char *rest)
{
	if (!r->failed) {
		r->fault->at = at;
		snprintf(r->fault->text, sizeof r->fault->text, "%s%s%s", what, found, rest);
	}
	r->failed = true;
	return -1;
}

static bool is_letter(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

/* Bytes of the number at s. */
static size_t number_length(const char *s)
{
	size_t n = strspn(s, "0123456789.");

	if (n && (s[n] == 'e' || s[n] == 'E')) {
		const size_t sign = s[n + 1] == '+' || s[n + 1] == '-', digits = strspn(s + n + 1 + sign, "0123456789");
		n += digits ? 1 + sign + digits : 0;
	}
	return n;
}

/* Goes on to the next token: a name, a number, an operator of one or two characters; n = 0 at the
 * end. */
static void next(struct reading *r)
{
	r->at += r->n;
	r->at += strspn(r->text + r->at, " \t\r\n");
	const char *s = r->text + r->at;

	if (is_letter(*s))
		for (r->n = 1; is_letter(s[r->n]) || isdigit((unsigned char)s[r->n]);)
			r->n++;
	else if (isdigit((unsigned char)*s) || (*s == '.' && isdigit((unsigned char)s[1])))
		r->n = number_length(s);
	else if (*s && strchr("<>=!", *s) && s[1] == '=')
		r->n = 2;
	else if (*s == '*' && s[1] == '*')
		r->n = 2;
	else
		for (r->n = *s != '\0'; r->n && ((unsigned char)s[r->n] & 0xC0) == 0x80;) /* one character of UTF-8 */
			r->n++;
}

static bool is(const struct reading *r, const char *token)
{
	return r->n == strlen(token) && !memcmp(r->text + r->at, token, r->n);
}

/* "the end", or the token in quotes */
static const char *found(const struct reading *r, char buf[64])
{
	if (!r->n)
		return "the end";
	snprintf(buf, 64, "\"%.*s\"", (int)(r->n < 40 ? r->n : 40), r->text + r->at);
	return buf;
}

static int expected(struct reading *r, const char *what)
{
	char buf[64];

	return wrong(r, r->at, "found ", found(r, buf), what);
}

static int add(struct reading *r, struct lb_formula_node node)
{
	struct lb_formula_tree *t = r->tree;

	if (t->n == LB_FORMULA_NODES)
		return wrong(r, r->at, "the formula is too long", "", "");
	for (int i = 0; i < node.n_args; i++) {
		node.of_class |= t->node[node.arg[i]].of_class;
		node.scored |= t->node[node.arg[i]].scored;
	}
	if (node.op == LB_OP_HELD)
		node.scored = false;
	t->node[t->n] = node;
	return t->n++;
}

static int add1(struct reading *r, enum lb_op op, int a)
{
	return r->failed ? -1 : add(r, (struct lb_formula_node){ .op = op, .arg = { a }, .n_args = 1 });
}

static int add2(struct reading *r, enum lb_op op, int a, int b)
{
	return r->failed ? -1 : add(r, (struct lb_formula_node){ .op = op, .arg = { a, b }, .n_args = 2 });
}

/* ---- names ---- */

static bool of_score(enum lb_leaf leaf)
{
	static const bool fixed[LB_N_LEAVES] = {
		[LB_LEAF_LABEL] = true, [LB_LEAF_COUNT] = true, [LB_LEAF_EPOCH] = true, [LB_LEAF_SIGN] = true, [LB_LEAF_TARGET] = true,
		[LB_LEAF_CLASSES] = true, [LB_LEAF_IS_LABEL_K] = true, [LB_LEAF_CLASS_K] = true, [LB_LEAF_COUNT_K] = true,
		[LB_LEAF_N_SAME] = true, [LB_LEAF_N_OTHER] = true, [LB_LEAF_IS_SAME_J] = true, [LB_LEAF_IS_OTHER_J] = true,
	};

	return !fixed[leaf];
}

static const struct lb_formula_word *find_word(enum lb_kind kind, const char *name, bool function)
{
	const struct lb_formula_word *w;

	for (size_t i = 0; (w = lb_formula_word(i)); i++)
		if (w->kinds >> kind & 1 && (w->most > 0) == function && !strcmp(w->name, name))
			return w;
	return NULL;
}

/* The words of a kind; returns how many. */
static size_t all_words(enum lb_kind kind, const char *names[MOST_WORDS])
{
	const struct lb_formula_word *w;
	size_t n = 0;

	for (size_t i = 0; (w = lb_formula_word(i)) && n < MOST_WORDS; i++)
		if (w->kinds >> kind & 1)
			names[n++] = w->name;
	return n;
}

/* Says that the name is unknown, what is allowed and what may be meant. */
static void unknown(struct lb_formula_fault *fault, size_t at, enum lb_kind kind, const char *what, const char *name, bool functions,
		    const char *const *more, size_t n_more)
{
	const char *names[MOST_WORDS + LB_FORMULA_PARAMS];
	size_t n = all_words(kind, names), listed = 0;
	struct lb_buf text = { 0 };
	const struct lb_formula_word *w;

	for (size_t i = 0; i < n_more && n < sizeof names / sizeof *names; i++)
		names[n++] = more[i];
	lb_buf_printf(&text, "%s \"%.60s\", allowed in task %s: ", what, name, lb_kind_name(kind));
	for (size_t i = 0; (w = lb_formula_word(i)); i++)
		if (w->kinds >> kind & 1 && (w->most > 0) == functions)
			lb_buf_printf(&text, "%s%s", listed++ ? ", " : "", w->name);
	for (size_t i = 0; i < n_more; i++)
		lb_buf_printf(&text, ", %s", more[i]);
	const char *meant = lb_nearest(name, names, n);
	if (meant)
		lb_buf_printf(&text, "; did you mean \"%s\"?", meant);
	fault->at = at;
	snprintf(fault->text, sizeof fault->text, "%s", text.bad ? "unknown name" : text.s);
	lb_buf_free(&text);
}

void lb_formula_unknown(const struct lb_formula_tree *tree, int param, const char *const *known, size_t n_known, struct lb_formula_fault *fault)
{
	unknown(fault, tree->param_at[param], tree->kind, "unknown name", tree->param[param], false, known, n_known);
}

static int parameter(struct reading *r, size_t at, const char *name)
{
	struct lb_formula_tree *t = r->tree;
	int i = 0;

	while (i < t->n_params && strcmp(t->param[i], name))
		i++;
	if (i == LB_FORMULA_PARAMS)
		return wrong(r, at, "too many parameters", "", "");
	if (i == t->n_params) {
		memcpy(t->param[i], name, LB_FORMULA_NAME);
		t->param_at[i] = at;
		t->n_params++;
	}
	return add(r, (struct lb_formula_node){ .op = LB_OP_PARAM, .value = i });
}

/* name[k] or name[y], of pairs name[j], of which "[" is looked at. */
static int indexed(struct reading *r, size_t at, char *name)
{
	const size_t n = strlen(name);
	const bool pairs = r->tree->kind == LB_EMBEDDING;

	next(r);
	const char of = r->n == 1 ? r->text[r->at] : 0;
	if (!of || !strchr(pairs ? "j" : "ky", of))
		return expected(r, pairs ? ", allowed in []: j, a partner of the row" : ", allowed in []: k, a class, or y, the label");
	next(r);
	if (!is(r, "]"))
		return expected(r, " where \"]\" is wanted");
	next(r);
	snprintf(name + n, LB_FORMULA_NAME + 4 - n, "[%c]", of);
	const struct lb_formula_word *w = find_word(r->tree->kind, name, false);
	if (w)
		return add(r, (struct lb_formula_node){ .op = LB_OP_LEAF, .value = w->leaf, .of_class = lb_leaf_of_class(w->leaf), .scored = of_score(w->leaf) });
	if (!r->failed)
		unknown(r->fault, at, r->tree->kind, "unknown name", name, false, NULL, 0);
	r->failed = true;
	return -1;
}

static int expression(struct reading *r, int level);

/* The arguments of a function into arg; returns how many. */
static int arguments(struct reading *r, const struct lb_formula_word *w, int arg[8])
{
	int n = 0;

	do {
		if (n == 8)
			return wrong(r, r->at, "too many arguments of ", w->name, "");
		next(r);
		if ((arg[n++] = expression(r, 0)) < 0)
			return -1;
	} while (is(r, ","));
	if (!is(r, ")"))
		return expected(r, " where \")\" or \",\" is wanted");
	next(r);
	return n;
}

/* Whether a function goes over the partners of one side. */
static bool of_side(enum lb_op op)
{
	return op >= LB_OP_SUM_SAME;
}

/* A function of one argument over the classes, or the partners of a row. */
static int over_classes(struct reading *r, size_t at, const struct lb_formula_word *w, int arg)
{
	const enum lb_op op = w->op == LB_OP_MAX ? LB_OP_HIGHEST : w->op == LB_OP_MIN ? LB_OP_LOWEST : w->op;

	const bool pairs = r->tree->kind == LB_EMBEDDING, of_class = r->tree->node[arg].of_class;
	const char *what = pairs ? " of one number goes over the partners j, and it reads none, such as s[j]" : " of one number goes over the classes k, and it reads none, such as p[k]";

	if (r->tree->kind != LB_MULTICLASS && !pairs)
		return wrong(r, at, w->name, ": found 1 argument, allowed: 2 or more", "");
	if (!of_class)
		return wrong(r, at, w->name, what, w->most > 1 ? "; or give it several numbers" : "");
	const int made = add1(r, op, arg);
	if (made >= 0)
		r->tree->node[made].of_class = false;
	return made;
}

static int call(struct reading *r, size_t at, const char *name)
{
	const struct lb_formula_word *w = find_word(r->tree->kind, name, true);
	char counts[96];
	int arg[8], n;

	if (!w) {
		if (!r->failed)
			unknown(r->fault, at, r->tree->kind, "unknown function", name, true, NULL, 0);
		r->failed = true;
		return -1;
	}
	if ((n = arguments(r, w, arg)) < 0)
		return -1;
	if (n < w->least || n > w->most) {
		snprintf(counts, sizeof counts, ": found %d argument%s, allowed: %d", n, lb_s((size_t)n), w->least);
		return wrong(r, at, w->name, counts, "");
	}
	const bool several = w->op == LB_OP_MAX || w->op == LB_OP_MIN;
	if (w->op == LB_OP_SUM || w->op == LB_OP_MEAN || w->op == LB_OP_LOG_SUM_EXP || of_side(w->op) || (several && n == 1))
		return over_classes(r, at, w, arg[0]);
	for (int i = 1; several && i < n && arg[0] >= 0; i++)
		arg[0] = add2(r, w->op, arg[0], arg[i]);
	if (several)
		return arg[0];
	return add(r, (struct lb_formula_node){ .op = w->op, .value = 1, .arg = { arg[0], n > 1 ? arg[1] : 0, n > 2 ? arg[2] : 0 }, .n_args = n });
}

static int named(struct reading *r)
{
	char name[LB_FORMULA_NAME + 4] = "";
	const size_t at = r->at;

	if (r->n >= LB_FORMULA_NAME)
		return wrong(r, at, "a name is too long", "", "; allowed: 31 characters");
	memcpy(name, r->text + r->at, r->n);
	next(r);
	if (is(r, "("))
		return call(r, at, name);
	if (is(r, "["))
		return indexed(r, at, name);
	const struct lb_formula_word *w = find_word(r->tree->kind, name, false);
	if (w)
		return add(r, (struct lb_formula_node){ .op = LB_OP_LEAF, .value = w->leaf, .of_class = lb_leaf_of_class(w->leaf), .scored = of_score(w->leaf) });
	if (find_word(r->tree->kind, name, true))
		return wrong(r, at, name, " is a function: write ", "its arguments in ()");
	return parameter(r, at, name);
}

/* ---- operators ---- */

static int atom(struct reading *r)
{
	double v;

	if (is(r, "(")) {
		next(r);
		const int inner = expression(r, 0);
		if (inner < 0)
			return -1;
		if (!is(r, ")"))
			return expected(r, " where \")\" is wanted");
		next(r);
		return inner;
	}
	if (r->n && is_letter(r->text[r->at]))
		return named(r);
	if (r->n && strchr(".0123456789", r->text[r->at])) {
		if (!lb_parse_double(r->text + r->at, r->n, &v))
			return expected(r, " where a number is wanted");
		next(r);
		return add(r, (struct lb_formula_node){ .op = LB_OP_CONST, .value = v });
	}
	return expected(r, " where a number, a name or \"(\" is wanted");
}

enum { LEVEL_COMPARE, LEVEL_SUM, LEVEL_PRODUCT, LEVEL_SIGN, LEVEL_POWER, LEVEL_ATOM };

static const struct operator {
	const char *token;
	enum lb_op op;
	int level;
} operators[] = {
	{ "<", LB_OP_LESS, LEVEL_COMPARE }, { "<=", LB_OP_LESS_EQ, LEVEL_COMPARE }, { ">", LB_OP_GREATER, LEVEL_COMPARE },
	{ ">=", LB_OP_GREATER_EQ, LEVEL_COMPARE }, { "==", LB_OP_EQUAL, LEVEL_COMPARE }, { "!=", LB_OP_UNEQUAL, LEVEL_COMPARE },
	{ "+", LB_OP_ADD, LEVEL_SUM }, { "-", LB_OP_SUB, LEVEL_SUM }, { "*", LB_OP_MUL, LEVEL_PRODUCT }, { "/", LB_OP_DIV, LEVEL_PRODUCT },
	{ "^", LB_OP_POW, LEVEL_POWER },
};

enum { N_OPERATORS = sizeof operators / sizeof *operators };

static const struct operator *operator_of(const struct reading *r, int level)
{
	for (int i = 0; i < N_OPERATORS; i++)
		if (operators[i].level == level && is(r, operators[i].token))
			return &operators[i];
	return NULL;
}

/* A power binds to the right, and before a sign on its left: -x^2 = -(x^2). */
static int power(struct reading *r)
{
	const int base = atom(r);

	if (base < 0 || !is(r, "^"))
		return base;
	next(r);
	const int exponent = expression(r, LEVEL_SIGN);
	return add2(r, LB_OP_POW, base, exponent);
}

static int expression(struct reading *r, int level)
{
	const struct operator *o;
	int a;

	if (r->depth == MOST_DEPTH)
		return wrong(r, r->at, "the formula is nested too deep", "", "");
	r->depth++;
	if (level == LEVEL_POWER) {
		a = power(r);
	} else if (level == LEVEL_SIGN && (is(r, "-") || is(r, "+"))) {
		const bool minus = is(r, "-");
		next(r);
		a = expression(r, LEVEL_SIGN);
		a = minus && a >= 0 ? add1(r, LB_OP_NEG, a) : a;
	} else {
		a = expression(r, level + 1);
		while (a >= 0 && (o = operator_of(r, level))) {
			next(r);
			const int b = expression(r, level + 1);
			a = add2(r, o->op, a, b);
		}
	}
	r->depth--;
	return a;
}

int lb_formula_parse(enum lb_kind kind, const char *text, struct lb_formula_tree *tree, struct lb_formula_fault *fault)
{
	struct reading r = { .text = text, .tree = tree, .fault = fault };

	*tree = (struct lb_formula_tree){ .kind = kind };
	*fault = (struct lb_formula_fault){ 0 };
	next(&r);
	tree->root = expression(&r, 0);
	if (!r.failed && is(&r, "**"))
		expected(&r, " where an operator is wanted; a power is written ^");
	if (!r.failed && r.n)
		expected(&r, is(&r, ")") ? ", which closes no \"(\"" : " where an operator or the end is wanted");
	if (r.failed)
		return -1;
	if (tree->node[tree->root].of_class)
		return wrong(&r, 0, "the loss of a row is one number, and this is one for each ", kind == LB_EMBEDDING ? "partner j" : "class k",
			     kind == LB_EMBEDDING ? "; allowed: j within sum, mean_same, max_other, ..." : "; allowed: k within sum, mean, max, min or logsumexp");
	return 0;
}

/* ---- writing ---- */

static const struct operator *written_as(enum lb_op op)
{
	for (int i = 0; i < N_OPERATORS; i++)
		if (operators[i].op == op)
			return &operators[i];
	return NULL;
}

static void write_node(const struct lb_formula_tree *t, int i, int level, struct lb_buf *out);

static void write_call(const struct lb_formula_tree *t, const struct lb_formula_node *n, struct lb_buf *out)
{
	const enum lb_op op = n->op == LB_OP_HIGHEST ? LB_OP_MAX : n->op == LB_OP_LOWEST ? LB_OP_MIN : n->op;
	const struct lb_formula_word *w;
	size_t i = 0;

	while ((w = lb_formula_word(i)) && !(w->most > 0 && w->op == op))
		i++;
	lb_buf_printf(out, "%s(", w ? w->name : "");
	for (int k = 0; k < n->n_args; k++) {
		lb_buf_puts(out, k ? ", " : "");
		write_node(t, n->arg[k], LEVEL_COMPARE, out);
	}
	lb_buf_puts(out, ")");
}

static void write_leaf(const struct lb_formula_tree *t, const struct lb_formula_node *n, struct lb_buf *out)
{
	const struct lb_formula_word *w;
	size_t i = 0;

	while ((w = lb_formula_word(i)) && !(w->kinds >> t->kind & 1 && w->op == LB_OP_LEAF && (int)w->leaf == (int)n->value))
		i++;
	lb_buf_puts(out, w ? w->name : "");
}

/* A node, in brackets where it binds less than the level asks. */
static void write_node(const struct lb_formula_tree *t, int i, int level, struct lb_buf *out)
{
	const struct lb_formula_node *n = &t->node[i];
	const struct operator *o = written_as(n->op);
	const int own = o ? o->level : n->op == LB_OP_NEG ? LEVEL_SIGN : LEVEL_ATOM;
	char number[LB_DOUBLE_TEXT];

	lb_buf_puts(out, own < level ? "(" : "");
	if (o && own == LEVEL_POWER) {
		write_node(t, n->arg[0], LEVEL_ATOM, out);
		lb_buf_puts(out, "^");
		write_node(t, n->arg[1], LEVEL_SIGN, out);
	} else if (o) {
		write_node(t, n->arg[0], own, out);
		lb_buf_printf(out, " %s ", o->token);
		write_node(t, n->arg[1], own + 1, out);
	} else if (n->op == LB_OP_NEG) {
		lb_buf_puts(out, "-");
		write_node(t, n->arg[0], LEVEL_SIGN, out);
	} else if (n->op == LB_OP_CONST) {
		lb_double_text(n->value, number);
		lb_buf_puts(out, number);
	} else if (n->op == LB_OP_PARAM) {
		lb_buf_puts(out, t->param[(int)n->value]);
	} else if (n->op == LB_OP_LEAF) {
		write_leaf(t, n, out);
	} else {
		write_call(t, n, out);
	}
	lb_buf_puts(out, own < level ? ")" : "");
}

void lb_formula_write(const struct lb_formula_tree *tree, struct lb_buf *out)
{
	write_node(tree, tree->root, LEVEL_COMPARE, out);
}
