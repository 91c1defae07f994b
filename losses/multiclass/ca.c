#include "losses/support/softmax.h"

enum { TEMPERATURE };

static const struct lb_param params[] = {
	[TEMPERATURE] = { .name = "temperature", .symbol = "T", .def = 1, .min = 1e-3, .max = 1e3, .log_scale = true,
			  .grid = { 0.5, 1, 2, 5 }, .n_grid = 4, .help = "scores are divided by it before the confidence is taken" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 1.0986122886681098, 0, 1.0986122886681098, 0 }, .y = { 0, 1 }, .value = 0.3125,
	  .source = "by hand: confidence 3/4 in a right and a wrong row, ((1/4)^2 + (3/4)^2) / 2" },
	{ .set = "", .b = 3, .c = 2, .z = { 1.0986122886681098, 0, 1.0986122886681098, 0, 0, 1.0986122886681098 }, .y = { 0, 1, 1 },
	  .value = 0.3125, .source = "by hand: as above, a second right row shares the weight of the first" },
	{ .set = "temperature=2", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.24689595045423988,
	  .source = "mpmath, 30 digits" },
};

static bool is_right(const struct lb_batch *in, size_t i)
{
	const real *z = in->output.value + i * in->c;
	size_t top = 0;

	for (size_t k = 1; k < in->c; k++)
		top = z[k] > z[top] ? k : top;
	return top == (size_t)in->y[i];
}

/* One row's (confidence - right)^2; g gets `weight` times its derivative. The miss of a right row
 * is 1 - confidence, a sum of the other terms. */
static double row_loss(const struct lb_batch *in, size_t i, double weight, real *g)
{
	const real inv_t = (real)(1 / in->par[TEMPERATURE].v);
	real *e = lb_terms(in, g);
	const struct lb_softmax s = lb_softmax(in->output.value + i * in->c, in->c, (size_t)in->y[i], inv_t, e);
	double others = 0;

	for (size_t k = 0; k < in->c; k++)
		others += k == s.top ? 0 : (double)e[k];
	const double conf = 1 / (double)s.sum, rest = others / (double)s.sum, miss = s.top == s.y ? -rest : conf;
	const double f = 2 * weight * miss * conf * (double)inv_t;
	if (g) {
		for (size_t k = 0; k < in->c; k++)
			g[k] = (real)(-f * (double)(e[k] / s.sum));
		g[s.top] = (real)(f * rest);
	}
	return miss * miss;
}

static double batch(const struct lb_batch *in, real *g)
{
	size_t right = 0;
	double value = 0;

	for (size_t i = 0; i < in->b; i++)
		right += is_right(in, i);
	const size_t wrong = in->b - right;
	const bool mixed = right && wrong;
	for (size_t i = 0; i < in->b; i++) {
		const size_t like = is_right(in, i) ? right : wrong;
		const double weight = mixed ? 0.5 / (double)like : 1 / (double)in->b;
		value += weight * row_loss(in, i, weight, g ? g + i * in->c : NULL);
	}
	return value;
}

LB_BATCH(ca, batch)

const struct lb_loss LB_LOSS(multiclass, ca) = {
	.info = {
		.base = {
			.name = "ca",
			.title = "Correctness-aware calibration: confident where right, unsure where wrong",
			.cite = "Y. Liu, L. Wang, Y. Zou, J. Zou, L. Zheng, Optimizing calibration by gaining aware of prediction "
				"correctness, arXiv 2404.13016, 2024",
			.formula = "sum_i w_i (max_k p_k - [argmax_k z_k = y])^2 / sum_i w_i,  p = softmax(z / T)",
			.notes = "w is the share of wrong rows in the batch for a right row, the share of right rows for a wrong one: "
				 "the mean over the right rows and the mean over the wrong rows count half each. In a batch of one sort "
				 "alone, where the authors' program divides 0 by 0, it is the plain mean. The value jumps where the "
				 "predicted class changes; the gradient is that on either side. The paper fits a temperature for each "
				 "row with a small network on transformed copies; here T is one number. Meant to calibrate a trained "
				 "model: from random weights it only teaches doubt, and a wrong row learns no class.",
			.keywords = "correctness_aware calibration confidence temperature_scaling",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "calibrated probabilities",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT | LB_BOUNDED,
		LB_EXAMPLES(examples),
	},
	.form = &ca_form,
};
