#include "losses/support/log_softmax.h"

#include <stdlib.h>

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 3, 0 }, .y = { 0 }, .value = 0, .source = "by hand: hinge 0, kept" },
	{ .set = "", .b = 2, .c = 2, .z = { 0, 5, 3, 0 }, .y = { 0, 0 }, .value = 1,
	  .source = "by hand: hinges 6 and 0, one wrong: the right row alone is kept, max(0, 2 + 1 - 1) / 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.85, .source = "by hand: (0.2 + 1.5) / 2" },
};

/* The hinge of a row, as the selection sees it, and the row. */
struct hinge {
	double loss;
	size_t row;
};

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->b * sizeof(struct hinge);
}

/* The margin of a row: its label's score less the largest other, the class of which is told. */
static double margin_of(const struct lb_batch *in, const real *scores, size_t i, size_t *rival)
{
	const real *z = scores + i * in->c;
	const size_t y = (size_t)in->y[i];
	size_t most = y ? 0 : 1;

	for (size_t k = most + 1; k < in->c; k++)
		most = k != y && z[k] > z[most] ? k : most;
	*rival = most;
	return (double)z[y] - (double)z[most];
}

static double hinge_of(double margin)
{
	return margin < 1 ? 1 - margin : 0;
}

static int rising(const void *a, const void *b)
{
	const struct hinge *x = a, *y = b;
	const int order = (x->loss > y->loss) - (x->loss < y->loss);

	return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* Sorts the hinges of the held scores and returns how many of them are kept, the smallest first;
 * *value gets the loss, not divided by B. Keeping one more is right as long as the larger of both
 * bounds does not grow by it. */
static size_t choose(const struct lb_batch *in, const real *held, struct hinge *at, double *value)
{
	const double b = (double)in->b;
	double wrong = 0, sum = 0;
	size_t kept = 0, rival;

	for (size_t i = 0; i < in->b; i++) {
		const double margin = margin_of(in, held, i, &rival);
		wrong += margin < 0;
		at[i] = (struct hinge){ .loss = hinge_of(margin), .row = i };
	}
	qsort(at, in->b, sizeof *at, rising);
	while (kept < in->b && sum + at[kept].loss <= b + wrong - (double)kept)
		sum += at[kept++].loss;
	*value = fmax(sum, b + wrong - (double)kept);
	return kept;
}

static double batch(const struct lb_batch *in, real *g)
{
	const real *held = in->held ? in->held : in->output.value;
	const double b = (double)in->b;
	struct hinge *at = in->workspace;
	double value = 0;

	for (size_t k = 0; k < in->b * in->c; k++)
		value += 0 * (double)in->output.value[k];
	for (size_t k = 0; g && k < in->b * in->c; k++)
		g[k] = 0;
	if (isnan(value))
		return lb_with_nan(in, g, value);
	const size_t kept = choose(in, held, at, &value);
	for (size_t n = 0; n < kept; n++) {
		const size_t i = at[n].row;
		size_t rival;
		const double loss = hinge_of(margin_of(in, in->output.value, i, &rival));
		value += loss - at[n].loss;
		if (g && loss > 0) {
			g[i * in->c + (size_t)in->y[i]] = (real)(-1 / b);
			g[i * in->c + rival] = (real)(1 / b);
		}
	}
	return value / b;
}

LB_BATCH(curriculum, batch)

const struct lb_loss LB_LOSS(multiclass, curriculum) = {
	.info = {
		.base = {
			.name = "curriculum",
			.title = "Curriculum loss: hinges of the rows that a bound on the errors of the batch keeps",
			.cite = "Y. Lyu, I. W. Tsang, Curriculum loss: robust learning and generalization against label corruption, ICLR 2020",
			.formula = "(1/B) min over sets S of rows of max(sum_{i in S} l_i, B - |S| + W),  l = max(0, 1 - u), u = z_y - max_{k != y} z_k, W rows with u < 0",
			.notes = "Between the share of errors and the mean of the hinges. The best S takes the smallest hinges first. The gradient is that of (1/B) sum of the "
				 "kept hinges, S and the rest of the value being held fixed: the value itself jumps where a row becomes wrong. One value a batch, which "
				 "changes a little when every row is repeated; "
				 "the form of the paper for a known rate of noise is not here. A hinge at exactly 0 has slope 0.",
			.keywords = "curriculum_loss self_paced sample_selection npcl",
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT | LB_BOUNDED,
		.exceptions = LB_HOLDS_FACTORS | LB_JUMPS_AT_TIES | LB_SIZE_MATTERS,
		LB_EXAMPLES(examples),
	},
	.form = &curriculum_form,
	.workspace = workspace,
};
