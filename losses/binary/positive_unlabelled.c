/* Losses of positive and unlabelled rows: label 1 is a positive, 0 a row of either class. */
#include "losses/support/log_softmax.h"

enum { PRIOR, PHI, BETA, GAMMA };
enum { SIGMOID, LOGISTIC, HINGE, SQUARED, DOUBLE_HINGE };

static const char *const phis[] = { [SIGMOID] = "sigmoid", [LOGISTIC] = "logistic", [HINGE] = "hinge", [SQUARED] = "squared",
				    [DOUBLE_HINGE] = "double_hinge", NULL };

#define PRIOR_PARAM \
	[PRIOR] = { .name = "prior", .symbol = "pi", .def = 0.5, .min = 0, .max = 1, .min_open = true, .max_open = true, .grid = { 0.2, 0.5 }, \
		    .n_grid = 2, .help = "share of positives among the unlabelled rows; it has to be known" }
#define PHI_PARAM \
	[PHI] = { .name = "phi", .symbol = "f", .type = LB_CHOICE_PARAM, .def = SIGMOID, .choices = phis, \
		  .help = "of a margin u: sigmoid(-u), log(1 + exp(-u)), max(0, 1 - u), (1 - u)^2 / 4 or max(-u, max(0, (1 - u) / 2))" }
#define SAYS "Label 1 is a positive row, 0 an unlabelled one, of either class. A mean over no rows is 0. "

struct bent {
	double loss, slope;
};

static struct bent sigmoid_of(double u)
{
	const double e = exp(-fabs(u)), p = (u >= 0 ? e : 1) / (1 + e);

	return (struct bent){ .loss = p, .slope = -e / (1 + e) / (1 + e) };
}

static struct bent logistic_of(double u)
{
	const double e = exp(-fabs(u));

	return (struct bent){ .loss = (u >= 0 ? 0 : -u) + log1p(e), .slope = -(u >= 0 ? e : 1) / (1 + e) };
}

static struct bent hinge_of(double u)
{
	return (struct bent){ .loss = u < 1 ? 1 - u : 0, .slope = u < 1 ? -1 : 0 };
}

static struct bent squared_of(double u)
{
	return (struct bent){ .loss = (1 - u) * (1 - u) / 4, .slope = (u - 1) / 2 };
}

/* The slopes at both kinks go with each other: f(u) - f(-u) = -u has none. */
static struct bent double_hinge_of(double u)
{
	if (u >= 1)
		return (struct bent){ 0 };
	return u > -1 ? (struct bent){ .loss = (1 - u) / 2, .slope = -0.5 } : (struct bent){ .loss = -u, .slope = -1 };
}

static struct bent phi_of(const struct lb_arg *par, double u)
{
	static struct bent (*const of[])(double) = { [SIGMOID] = sigmoid_of, [LOGISTIC] = logistic_of, [HINGE] = hinge_of,
						     [SQUARED] = squared_of, [DOUBLE_HINGE] = double_hinge_of };

	return of[(size_t)par[PHI].v](u);
}

/* The risk of positives as such; that of all unlabelled rows as negatives, less the part of the
 * positives among them. */
struct risks {
	double positive, negative;
};

static struct risks risks_of(const struct lb_batch *in, const real *z)
{
	const double prior = in->par[PRIOR].v;
	struct risks sum = { 0 };
	double n[2] = { 0 }, as_negative[2] = { 0 };

	for (size_t i = 0; i < in->b; i++) {
		const int of = in->y[i] == 1;
		n[of]++;
		as_negative[of] += phi_of(in->par, -(double)z[i]).loss + 0 * (double)z[i];
		sum.positive += of ? phi_of(in->par, (double)z[i]).loss : 0;
	}
	sum.positive = n[1] > 0 ? prior * sum.positive / n[1] : 0;
	sum.negative = (n[0] > 0 ? as_negative[0] / n[0] : 0) - (n[1] > 0 ? prior * as_negative[1] / n[1] : 0);
	return sum;
}

/* g <- the gradient of `up` times the risk of positives plus `down` times the other. */
static void slopes(const struct lb_batch *in, double up, double down, real *g)
{
	const double prior = in->par[PRIOR].v;
	double n1 = 0;

	for (size_t i = 0; i < in->b; i++)
		n1 += in->y[i] == 1;
	for (size_t i = 0; i < in->b; i++) {
		const double z = (double)in->output.value[i], as_negative = -phi_of(in->par, -z).slope;
		g[i] = (real)(in->y[i] == 1 ? prior * (up * phi_of(in->par, z).slope - down * as_negative) / n1 : down * as_negative / ((double)in->b - n1));
	}
}

/* ---- upu ---- */

static const struct lb_param upu_params[] = { PRIOR_PARAM, PHI_PARAM };

static const struct lb_example upu_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.5, .source = "by hand: 1/4 + 1/2 - 1/4" },
	{ .set = "prior=0.4", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.3044254494, .source = "mpmath, 80 digits" },
};

static double upu_batch(const struct lb_batch *in, real *g)
{
	const struct risks r = risks_of(in, in->output.value);

	if (g)
		slopes(in, 1, 1, g);
	return lb_with_nan(in, g, r.positive + r.negative);
}
LB_BATCH(upu, upu_batch)

const struct lb_loss LB_LOSS(binary, upu) = {
	.info = {
		.base = {
			.name = "upu",
			.title = "Unbiased risk from positive and unlabelled rows",
			.cite = "M. C. du Plessis, G. Niu, M. Sugiyama, Analysis of learning from positive and unlabeled data, NIPS 2014; Convex formulation for learning "
				"from positive and unlabeled data, ICML 2015",
			.formula = "pi mean_P f(z) + mean_U f(-z) - pi mean_P f(-z)",
			.notes = SAYS "Its expectation is the risk with all labels known. The estimate can be below 0, so that flexible models overfit: see nnpu. "
				 "Convex with squared and double_hinge, for which f(u) - f(-u) = -u.",
			.keywords = "pu_learning positive_unlabeled weak_supervision unbiased",
			LB_PARAMS(upu_params),
		},
		.kind = LB_BINARY,
		.good_for = "unlabelled rows",
		LB_EXAMPLES(upu_examples),
	},
	.form = &upu_form,
};

/* ---- nnpu ---- */

static const struct lb_param nnpu_params[] = {
	PRIOR_PARAM,
	PHI_PARAM,
	[BETA] = { .name = "beta", .symbol = "b", .def = 0, .min = 0, .max = 10, .grid = { 0, 0.1 }, .n_grid = 2,
		   .help = "how far the risk of negatives may fall below 0" },
	[GAMMA] = { .name = "gamma", .symbol = "g", .def = 1, .min = 0, .max = 1, .grid = { 0, 1 }, .n_grid = 2,
		    .help = "length of the step that raises it again, where it did" },
};

static const struct lb_example nnpu_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 0 }, .value = 0.5, .source = "by hand: 1/4 + 1/2 - 1/4" },
	{ .set = "phi=hinge", .b = 2, .c = 1, .z = { 3, -3 }, .y = { 1, 0 }, .value = 0, .source = "by hand: 0 - 4/2 is below 0" },
	{ .set = "prior=0.4", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.3044254494, .source = "mpmath, 80 digits" },
};

/* Below the bound, the gradient is that of -gamma times the risk of negatives, while the value
 * is held. */
static double nnpu_batch(const struct lb_batch *in, real *g)
{
	const double beta = in->par[BETA].v, gamma = in->par[GAMMA].v;
	const struct risks r = risks_of(in, in->output.value), held = in->held ? risks_of(in, in->held) : r;
	const bool free = held.negative >= -beta;

	if (g)
		slopes(in, free, free ? 1 : -gamma, g);
	return lb_with_nan(in, g, free ? r.positive + r.negative : held.positive - beta - gamma * (r.negative - held.negative));
}
LB_BATCH(nnpu, nnpu_batch)

const struct lb_loss LB_LOSS(binary, nnpu) = {
	.info = {
		.base = {
			.name = "nnpu",
			.title = "Non-negative risk from positive and unlabelled rows",
			.cite = "R. Kiryo, G. Niu, M. C. du Plessis, M. Sugiyama, Positive-unlabeled learning with non-negative risk estimator, NIPS 2017, algorithm 1",
			.formula = "pi mean_P f(z) + R if R >= -b, else pi mean_P f(z) - b,  R = mean_U f(-z) - pi mean_P f(-z)",
			.notes = SAYS "Where R is below -b the gradient is that of -g R, a step that raises it, as in the paper's algorithm: not the derivative of "
				 "the value. Else it is upu. Biased, but it does not overfit as upu does.",
			.keywords = "pu_learning positive_unlabeled weak_supervision non_negative",
			LB_PARAMS(nnpu_params),
		},
		.kind = LB_BINARY,
		.good_for = "unlabelled rows",
		.exceptions = LB_HOLDS_FACTORS,
		LB_EXAMPLES(nnpu_examples),
	},
	.form = &nnpu_form,
};
