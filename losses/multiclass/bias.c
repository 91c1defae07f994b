#include "losses/support/softmax.h"

#include "core/base/mem.h"

#include <stdlib.h>

enum { ALPHA, BETA, RANGE };

static const char *const ranges[] = { "batch", "global", NULL };

static const struct lb_param params[] = {
	[ALPHA] = { .name = "alpha", .symbol = "a", .def = 0.3, .min = 0, .max = 100, .min_open = true, .grid = { 0.1, 0.3, 0.5, 1 },
		    .n_grid = 4, .help = "weight of the row with the least variance" },
	[BETA] = { .name = "beta", .symbol = "b", .def = 0.3, .min = 0, .max = 10, .grid = { 0, 0.1, 0.3, 0.5 }, .n_grid = 4,
		   .help = "how fast the weight grows with the variance; 0 is alpha times cross-entropy" },
	[RANGE] = { .name = "range", .type = LB_CHOICE_PARAM, .choices = ranges,
		    .help = "where v is counted from: the batch's least variance, or the least of all batches so far" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "beta=0", .other = "ce", .other_set = "", .scale = 0.3 },
	{ .set = "beta=0 alpha=1", .other = "ce", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 0, 0, 0, 0 }, .y = { 0, 1 }, .h = { 1, 1, 0, 2 }, .n_h = 2, .value = 0.32919597720066909,
	  .source = "by hand: variances 0 and 2, weights 0.3 and exp(0.3) - 0.7, mean weight times log 2" },
	{ .set = "alpha=1 beta=0", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 1.3862943611198906, .source = "by hand: log 4" },
};

/* Unbiased, of row i's features; 0 of fewer than two. */
static double variance(const struct lb_batch *in, size_t i)
{
	const real *h = in->hidden.value ? in->hidden.value + i * in->hidden.stride : NULL;
	double mean = 0, sum = 0;

	if (!h || in->hidden.cols < 2)
		return 0;
	for (size_t j = 0; j < in->hidden.cols; j++)
		mean += (double)h[j];
	mean /= (double)in->hidden.cols;
	for (size_t j = 0; j < in->hidden.cols; j++)
		sum += ((double)h[j] - mean) * ((double)h[j] - mean);
	return sum / (double)(in->hidden.cols - 1);
}

struct range {
	double least, most;
};

static struct range range_of(const struct lb_batch *in)
{
	struct range r = { .least = (double)INFINITY, .most = -(double)INFINITY };

	for (size_t i = 0; i < in->b; i++) {
		const double v = variance(in, i);
		r.least = fmin(r.least, v);
		r.most = fmax(r.most, v);
	}
	return r;
}

static void update_state(const struct lb_batch *in)
{
	double *least = in->state;

	*least = fmin(*least, range_of(in).least);
}

static double batch(const struct lb_batch *in, real *g)
{
	const double alpha = in->par[ALPHA].v, beta = in->par[BETA].v, *ever = in->state;
	const struct range r = range_of(in);
	const double from = in->par[RANGE].v != 0 && ever ? fmin(*ever, r.least) : r.least;
	double sum = 0;

	for (size_t i = 0; i < in->b; i++) {
		real *gi = g ? g + i * in->c : NULL, *e = lb_terms(in, gi);
		const struct lb_softmax s = lb_softmax(in->output.value + i * in->c, in->c, (size_t)in->y[i], R(1.0), e);
		const double v = r.most > r.least ? (variance(in, i) - from) / (r.most - r.least) : 0;
		const double weight = expm1(beta * v) + alpha;
		sum -= weight * (double)s.lp;
		if (!gi)
			continue;
		const real f = (real)(weight / (double)in->b);
		for (size_t k = 0; k < in->c; k++)
			gi[k] = f * (e[k] / s.sum);
		gi[s.y] = -f * s.q;
	}
	return sum / (double)in->b;
}

static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	double *least = lb_alloc(1, sizeof *least, err);

	(void)par, (void)stats;
	if (least)
		*least = (double)INFINITY;
	return least;
}

static size_t state_size(const struct lb_arg *par, const struct lb_loss_stats *stats)
{
	(void)par, (void)stats;
	return sizeof(double);
}

LB_BATCH(bias, batch)

const struct lb_loss LB_LOSS(multiclass, bias) = {
	.info = {
		.base = {
			.name = "bias",
			.title = "Bias loss: cross-entropy weighted by the variance of a row's features",
			.cite = "L. Abrahamyan, V. Ziatchin, Y. Chen, N. Deligiannis, Bias loss for mobile neural networks, ICCV 2021",
			.formula = "-(exp(b v) - 1 + a) log p_y,  v = (var_i - min_i var_i) / (max_i var_i - min_i var_i) over the batch",
			.notes = "var_i is the unbiased variance of what the output layer sees of row i: the last hidden activations, or the input "
				 "of a linear model. No gradient goes through it. All variances equal, a batch of one row, or fewer than two "
				 "features: v = 0, and the loss is alpha times cross-entropy. range global follows the authors' program: "
				 "v = (var_i - the least variance seen so far) / (the batch's range), which may exceed 1. The weights are the "
				 "program's; the paper's text has them as exp(v b) - a.",
			.keywords = "bias_loss mobile skipnet feature_variance",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "hard examples",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_PROPER | LB_CALIBRATED,
		.needs = LB_NEEDS_FEATURES,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &bias_form,
	.init = init,
	.update_state = update_state,
	.state_size = state_size,
	.free = free,
};
