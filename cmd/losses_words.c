/* The part of the catalogue of losses that says how one is written as a formula. */
#include "cmd/losses.h"

#include "losses/formula.h"

#include <stdio.h>
#include <string.h>

/* "multiclass, binary", or "all". */
static void print_tasks(unsigned kinds)
{
	unsigned every = 0;
	int n = 0;

	for (int k = 0; k < LB_N_KINDS; k++)
		every |= lb_formula_of_kind((enum lb_kind)k) ? 1u << k : 0;
	if (kinds == every) {
		printf("all");
		return;
	}
	for (int k = 0; k < LB_N_KINDS; k++)
		if (kinds >> k & 1)
			printf("%s%s", n++ ? ", " : "", lb_kind_name((enum lb_kind)k));
}

static void print_words(bool functions)
{
	const struct lb_formula_word *w;

	printf("| %s | tasks | |\n| --- | --- | --- |\n", functions ? "function" : "name");
	for (size_t i = 0; (w = lb_formula_word(i)); i++) {
		if ((w->most > 0) != functions)
			continue;
		printf("| `%s` | ", w->name);
		print_tasks(w->kinds);
		printf(" | %s |\n", w->help);
	}
}

void losses_markdown_formulas(void)
{
	printf("\n## by a formula\n\n"
	       "`loss: {formula: \"-(1 - p)^g * log(p)\", g: 2}` is a loss of one's own, in the tasks multiclass, binary, regression, multilabel and embedding: "
	       "the loss of a row; in regression of each target, of which the mean is taken; in multilabel of each label that is known, of which the sum is "
	       "taken; in embedding by the cosines s[j] between the row and its partners, the other rows of the batch that a miner has not left out: "
	       "`logsumexp(s[j] / t) - mean_same(s[j] / t)`, of rows that have a partner of each side that the formula goes over. A name that is not below is a parameter. `params: {g: {default: 2, min: 0, max: 5, grid: [0, 1, 2], log: false, help: ...}}` "
	       "gives it a default, a range and a grid (all optional; `params: {g: 2}` a default), and a key of the block its value; it is set, swept "
	       "and tuned as any parameter of a loss. `name: mine` is what results call it. The formula and the values are in the trial's id.\n\n"
	       "`loss: {file: mine.loss.yaml}` reads it from a file beside the config, with the keys name, title, task, formula, params, source, notes, "
	       "claims (of nonnegative, convex, smooth, shift-invariant, symmetric) and examples (`{z: [[1, 2]], y: [0], value: 1.3132616875182228}`, "
	       "or t for y). `lossbench losses check mine.loss.yaml` holds against it what the tests hold against the losses above.\n\n"
	       "Operators are + - * / ^ and, in the condition of `where`, < <= > >= == !=; ^ binds to the right and before a sign, so that -x^2 is "
	       "-(x^2). The derivative is made of the formula. What would lose digits as it is written is computed in another form: log(p) as a log "
	       "softmax, 1 - p from the other classes, 1 - p^q by expm1, log(1 + exp(x)) as softplus, a power of p or of 1 - p by its logarithm, a sum of "
	       "exponents from its largest.\n\n");
	print_words(false);
	printf("\n");
	print_words(true);
}
