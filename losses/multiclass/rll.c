#include "losses/support/softmax.h"

enum { ALPHA };

static const struct lb_param params[] = {
	[ALPHA] = { .name = "alpha", .symbol = "a", .def = 0.45, .min = 1e-3, .max = 1e3, .log_scale = true,
		    .grid = { 0.1, 0.45, 1, 10 }, .n_grid = 4, .help = "shift of every p_k; large ones come close to a multiple of mae" },
};

static const struct lb_example examples[] = {
	{ .set = "alpha=1", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 0.69314718055994531,
	  .source = "by hand: log 2 - log(3/2) + log(3/2)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.89680228339470356,
	  .source = "mpmath, 30 digits" },
};

/* Derivative of the loss by p_k, less that by p_m, m the class of the largest score: equal
 * probabilities leave exactly 0. */
static double lead(const struct lb_softmax *s, const real *e, size_t k, double a, double share)
{
	const double p = (double)(e[k] / s->sum), most = 1 / (double)s->sum;

	if (k == s->top)
		return 0;
	if (k == s->y)
		return -1 / (a + p) - share / (a + most);
	if (s->top == s->y)
		return share / (a + p) + 1 / (a + most);
	return share * ((double)(1 - e[k]) / (double)s->sum) / ((a + p) * (a + most));
}

/* log((1 + a) / (a + p_y)) = log1p(q / (a + p_y)); the gradient is p_k (d_k - sum_j p_j d_j), d_k
 * the lead of class k. */
static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const size_t c = in->c;
	const double a = in->par[ALPHA].v, share = 1 / ((double)c - 1);
	real *e = lb_terms(in, g);
	const struct lb_softmax s = lb_softmax_of(in, i, z, R(1.0), e);
	double wrong = 0, mean = 0;

	for (size_t k = 0; k < c; k++) {
		const double p = (double)(e[k] / s.sum);
		wrong += k == s.y ? 0 : log1p(p / a);
		mean += p * lead(&s, e, k, a, share);
	}
	for (size_t k = 0; g && k < c; k++)
		g[k] = (real)((double)(e[k] / s.sum) * (lead(&s, e, k, a, share) - mean));
	return (real)(log1p((double)s.q / (a + (double)s.p)) + share * wrong);
}

LB_SOFTMAX_ROW(rll, row)

const struct lb_loss LB_LOSS(multiclass, rll) = {
	.info = {
		.base = {
			.name = "rll",
			.title = "Robust log loss: log-probabilities made symmetric and bounded",
			.cite = "D. Patel, P. S. Sastry, Memorization in deep neural networks: does the loss function matter?, PAKDD "
				"2021",
			.formula = "log((1 + a) / a) - log(a + p_y) + (1/(C-1)) sum_{k != y} log(a + p_k)",
			.notes = "The sum over all labels is C log((1 + a) / a). The program released with the label-distributionally "
				 "robust losses has another second term and is not reproduced. Like every symmetric loss it is not "
				 "proper: its risk is smallest where the likeliest class has probability 1.",
			.keywords = "robust_log_loss",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_SYMMETRIC | LB_BOUNDED | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &rll_form,
};
