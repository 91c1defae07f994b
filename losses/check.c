#include "losses/check.h"

#include "losses/eval.h"
#include "losses/plugin.h"

#include <math.h>
#include <string.h>

/* The group that a part is counted in, what it means that it failed, and what to change. */
static const struct {
	const char *group, *says, *remedy;
} parts[LB_N_PARTS] = {
	[LB_PART_DESCRIPTOR] = { "descriptor", "the descriptor lacks something, or does not fit together", "add it; losses/loss_info.h says what each member is" },
	[LB_PART_GRADIENT] = { "gradient", "the slope of the value is not the gradient",
			       "correct the derivative; where that is right, as of a formula, the value loses digits: write differences of near numbers by log1p, expm1, softplus or logsumexp" },
	[LB_PART_FINITE] = { "extremes", "infinite, or no number, at scores where the program asks for a number",
			     "write exponents from the largest score (softplus, logsumexp, log softmax); a loss in C whose value is truly that large says LB_OVERFLOWS" },
	[LB_PART_ZERO] = { "extremes", "a row of zeros has a number as its loss and LB_UNDEFINED_AT_ZERO says that it has none", "return NaN there, or take the exception away" },
	[LB_PART_FLOAT32] = { "float32", "value or gradient loses digits in float32",
			      "write differences of near numbers in another form, or compute that part in double; a narrower range of the parameter may do" },
	[LB_PART_NONNEGATIVE] = { "claims", "it claims to be nonnegative and is below 0", "take nonnegative out of the claims, or correct the value" },
	[LB_PART_CONVEX] = { "claims", "it claims to be convex and is above a chord", "take convex out of the claims, or narrow a parameter to where it holds" },
	[LB_PART_SMOOTH] = { "claims", "it claims to be smooth and has a kink", "take smooth out of the claims, or round the kink off, as sqrt(x^2 + c) does abs(x)" },
	[LB_PART_SHIFT_INVARIANT] = { "claims", "it claims to be shift-invariant and is not", "take shift-invariant out of the claims, or use differences of scores, or p, alone" },
	[LB_PART_SYMMETRIC] = { "claims", "it claims to be symmetric and its sum over the labels depends on the scores", "take symmetric out of the claims" },
	[LB_PART_BOUNDED] = { "claims", "it claims to be bounded and grows with the scores", "take bounded out of the claims, or narrow a parameter to where it holds" },
	[LB_PART_PROPER] = { "claims", "it claims to be proper and another probability than the true one is best", "take proper out of the claims; calibrated may hold" },
	[LB_PART_CALIBRATED] = { "claims", "it claims to be calibrated and may choose another class than the likeliest", "take calibrated out of the claims" },
	[LB_PART_UNCLAIMED] = { "claims", "a property holds and is not claimed", "add it to .properties" },
	[LB_PART_IDENTITY] = { "identities", "it is not the loss that same_as says", "correct parameters, scale or shift in .same_as, or the value" },
	[LB_PART_EXAMPLE] = { "examples", "an example does not come out", "compute it once more by other means; where it stands, the loss is wrong" },
	[LB_PART_ROW_ORDER] = { "order of rows", "rows that change places change the value, or do not though LB_TIES_BY_ROW says so",
				"read row i by i alone; a loss that breaks ties by the place of a row says LB_TIES_BY_ROW, no other does" },
	[LB_PART_REPEATED] = { "repeated batch", "a batch written twice has another value, or the same though LB_SIZE_MATTERS says otherwise",
			       "return the mean of the batch, not its sum; a loss with a term that counts once a batch says LB_SIZE_MATTERS, no other does" },
	[LB_PART_CLASS_ORDER] = { "names of classes", "classes that change places change the value, or do not though LB_ORDER_MATTERS says so",
				  "treat all classes alike; a loss of ordered classes says LB_ORDER_MATTERS, no other does" },
	[LB_PART_NAN] = { "NaN", "NaN among the scores is lost", "compare so that NaN takes the branch that computes with it: !(x <= 0) ? x : 0, not x > 0 ? x : 0" },
	[LB_PART_MEMORY] = { "memory", "it writes where it may not, or its result depends on what was in memory",
			     "write c derivatives a row and within .workspace, set before reading, return the same value with and without gradient" },
	[LB_PART_WEIGHTS] = { "weights", "the loss of a weighted batch is not the weighted sum of its rows", "multiply each row's loss and gradient by in->row_weight[i]" },
};

enum { SHOWN = 3 };

bool lb_judge(struct lb_findings *f, enum lb_checked part, int n, bool ok)
{
	f->n[part] += n;
	f->failed[part] += !ok;
	return ok;
}

int lb_findings_checks(const struct lb_findings *f)
{
	int n = 0;

	for (int p = 0; p < LB_N_PARTS; p++)
		n += f->n[p];
	return n;
}

int lb_findings_failed(const struct lb_findings *f)
{
	int n = 0;

	for (int p = 0; p < LB_N_PARTS; p++)
		n += f->failed[p];
	return n;
}

void lb_findings_free(struct lb_findings *f)
{
	for (int p = 0; p < LB_N_PARTS; p++)
		lb_buf_free(&f->lines[p]);
	lb_buf_free(&f->remarks);
}

/* The first lines of a text, each further in. */
static void write_first(const char *text, int n, struct lb_buf *out)
{
	const char *end;

	for (int k = 0; text && k < SHOWN && (end = strchr(text, '\n')); k++, text = end + 1)
		lb_buf_printf(out, "    %.*s\n", (int)(end - text), text);
	if (n > SHOWN)
		lb_buf_printf(out, "    and %d more\n", n - SHOWN);
}

void lb_findings_write(const struct lb_findings *f, struct lb_buf *out)
{
	for (int p = 0; p < LB_N_PARTS; p++) {
		if (!f->failed[p])
			continue;
		lb_buf_printf(out, "  failed: %s (%d of %d); to change: %s\n", parts[p].says, f->failed[p], f->n[p], parts[p].remedy);
		write_first(f->lines[p].s, f->failed[p], out);
	}
	for (const char *line = f->remarks.s, *end; line && (end = strchr(line, '\n')); line = end + 1)
		lb_buf_printf(out, "  %.*s\n", (int)(end - line), line);
}

void lb_findings_tally(const struct lb_findings *f, struct lb_buf *out)
{
	const char *between = "";

	for (int p = 0; p < LB_N_PARTS; p++) {
		int n = 0;
		if (p && !strcmp(parts[p].group, parts[p - 1].group))
			continue;
		for (int k = p; k < LB_N_PARTS && !strcmp(parts[k].group, parts[p].group); k++)
			n += f->n[k];
		if (n)
			lb_buf_printf(out, "%s%s %d", between, parts[p].group, n);
		between = n ? ", " : between;
	}
}

lb_check_fn *const lb_checks[LB_N_CHECKS] = { lb_check_descriptor, lb_check_gradient, lb_check_claims, lb_check_identities, lb_check_examples,
					      lb_check_invariances, lb_check_nan, lb_check_precisions, lb_check_driver };

int lb_check_loss(const struct lb_loss_info *info, struct lb_findings *f, struct lb_err *err)
{
	for (int k = 0; k < LB_N_CHECKS; k++)
		if (lb_checks[k](info, f, err))
			return -1;
	for (int p = 0; p < LB_N_PARTS; p++)
		if (f->lines[p].bad)
			return lb_fail_memory(err, f->lines[p].n);
	return f->remarks.bad ? lb_fail_memory(err, f->remarks.n) : 0;
}

bool lb_loss_is_ours(const struct lb_loss_info *info)
{
	return !info->by_formula && !lb_plugin_of(info);
}

int lb_check_args(const struct lb_info *info, const char *set, struct lb_arg *par, struct lb_arg_store *store, struct lb_findings *f, enum lb_checked part, bool *valid,
		  struct lb_err *err)
{
	struct lb_err found = { 0 };

	if (!lb_args_from_text(info, set, par, store, &found))
		return 0;
	if (found.code == LB_MACHINE) {
		*err = found;
		return -1;
	}
	*valid = lb_judge(f, part, 1, false);
	lb_buf_printf(&f->lines[part], "%s\n", found.text);
	return 0;
}

void lb_judge_example(struct lb_findings *f, size_t k, const char *set, double value, double stated)
{
	if (!lb_judge(f, LB_PART_EXAMPLE, 1, fabs(value - stated) <= 1e-9 * fmax(fabs(stated), 1e-3)))
		lb_buf_printf(&f->lines[LB_PART_EXAMPLE], "example %zu (%s): the loss is %.12g, stated is %.12g\n", k, set && *set ? set : "defaults", value, stated);
}
