/* Surrogates of the concordance index: a function of the score differences of comparable pairs. */
#include "losses/support/survival.h"

enum { PHI };
enum { LOGISTIC, HINGE, SQUARED_HINGE, EXPONENTIAL };
static const char *const phis[] = { [LOGISTIC] = "logistic", [HINGE] = "hinge", [SQUARED_HINGE] = "squared_hinge", [EXPONENTIAL] = "exponential", NULL };

static const struct lb_param params[] = {
	[PHI] = { .name = "phi", .symbol = "phi", .type = LB_CHOICE_PARAM, .def = LOGISTIC, .choices = phis,
		  .help = "of d = s_i - s_j, where i comes first: logistic log(1 + exp(-d)), hinge max(0, 1 - d), squared_hinge its square, exponential exp(-d)" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 1, 0 }, .y = { 1, 0 }, .t = { 1, 2 }, .value = 0.31326168751822286, .source = "by hand: log(1 + exp(-1))" },
	{ .set = "phi=hinge", .b = 3, .c = 1, .z = { 0, 0.5, 1 }, .y = { 1, 1, 0 }, .t = { 1, 2, 2 }, .value = 1.6666666666666667,
	  .source = "by hand: (1.5 + 2 + 1.5) / 3" },
	{ .set = "phi=squared_hinge", .b = 2, .c = 1, .z = { 0, 1 }, .y = { 1, 0 }, .t = { 3, 3 }, .value = 4, .source = "by hand: (1 + 1)^2" },
};

/* Slopes beyond this are as good as infinite; those of several pairs can still be added and
 * taken away, with their weights. */
#define MOST_SLOPE 1e300

static double phi_of(int phi, double d, double *slope)
{
	const double short_of = d < 1 ? 1 - d : 0;

	switch (phi) {
	case HINGE:
		*slope = d < 1 ? -1 : 0;
		return short_of;
	case SQUARED_HINGE:
		*slope = -2 * short_of;
		return short_of * short_of;
	case EXPONENTIAL:
		*slope = -fmin(exp(-d), MOST_SLOPE);
		return exp(-d);
	default:
		*slope = -lb_logistic_of(-d);
		return lb_softplus_of(-d);
	}
}

/* Returns whether row i is known to come before row j. */
static bool comes_first(const struct lb_batch *in, size_t i, size_t j)
{
	return in->target[i] < in->target[j] || (in->target[i] <= in->target[j] && !lb_saw_event(in, j));
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->b * sizeof(double);
}

static double batch(const struct lb_batch *in, real *g)
{
	const int phi = (int)in->par[PHI].v;
	const real *s = in->output.value;
	double *slopes = in->workspace, sum = 0, pairs = 0, slope, bad = 0;

	for (size_t i = 0; i < in->b; i++) {
		slopes[i] = 0;
		bad += isnan(s[i]) ? (double)NAN : 0;
	}
	for (size_t i = 0; i < in->b; i++)
		for (size_t j = 0; lb_saw_event(in, i) && j < in->b; j++) {
			const double weight = lb_row_weight(in, i) * lb_row_weight(in, j);
			if (j == i || !(weight > 0) || !comes_first(in, i, j))
				continue;
			sum += weight * phi_of(phi, (double)s[i] - (double)s[j], &slope);
			slope = fmax(weight * slope, -MOST_SLOPE);
			slopes[i] += slope;
			slopes[j] -= slope;
			pairs += weight;
		}
	for (size_t i = 0; g && i < in->b; i++)
		g[i] = isnan(bad) ? (real)bad : (real)(pairs > 0 ? slopes[i] / pairs : 0);
	return isnan(bad) ? bad : pairs > 0 ? sum / pairs : 0;
}
LB_BATCH(concordance, batch)

const struct lb_loss LB_LOSS(survival, concordance) = {
	.info = {
		.base = {
			.name = "concordance",
			.title = "Surrogate of the concordance index over comparable pairs",
			.cite = "V. C. Raykar, H. Steck, B. Krishnapuram, C. Dehing-Oberije, P. Lambin, On ranking in survival analysis: bounds on the concordance "
				"index, NIPS 2007",
			.formula = "mean over comparable pairs of phi(s_i - s_j);  i has an event and t_i < t_j, or t_i = t_j and j is censored",
			.notes = "A higher score is an earlier event. Hinge, its square and exponential bound 1 - harrell of untied scores from above, logistic / "
				 "log 2 too. The pairs are those of the batch, and a batch without one has value 0 and no gradient. All pairs are looked at: the "
				 "time grows with the square of a batch. The scores order the rows and say nothing of their times: there are no "
				 "curves, so that integrated_brier is undefined. Rows may have weights (data.weight): a pair counts the product of "
				 "its rows', as in R's concordance.",
			.keywords = "harrell c-index ranking pairs rank_svm survival",
			LB_PARAMS(params),
		},
		.kind = LB_SURVIVAL,
		.good_for = "times to an event, censored: their order",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		.exceptions = LB_OVERFLOWS,
		.weighs_rows = true,
		LB_EXAMPLES(examples),
	},
	.form = &concordance_form,
	.workspace = workspace,
};
