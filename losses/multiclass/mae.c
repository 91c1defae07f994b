#include "losses/support/softmax.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 1 }, .value = 1.5, .source = "by hand: p_y = 1/4, 2 (1 - 1/4)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 1.0597592088320093,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	(void)par;
	return (struct lb_phi){ .loss = 2 * s->q, .f = 2 * s->p };
}

LB_LABEL_PROBABILITY(mae, phi)

const struct lb_loss LB_LOSS(multiclass, mae) = {
	.info = {
		.base = {
			.name = "mae",
			.title = "Mean absolute error of the probabilities",
			.cite = "A. Ghosh, H. Kumar, P. S. Sastry, Robust loss functions under label noise for deep neural networks, AAAI 2017",
			.formula = "sum_k |e_k - p_k| = 2 (1 - p_y)",
			.notes = "Some papers drop the factor 2. The sum over all labels is 2 (C - 1). Its gradient vanishes on badly wrong "
				 "rows, so training is slow with many classes.",
			.keywords = "mean_absolute_error l1 unhinged_softmax",
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_SYMMETRIC | LB_BOUNDED | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &mae_form,
};
