#include "losses/support/log_softmax.h"

enum { GAMMA_POS, GAMMA_NEG, EPS };

static const struct lb_param params[] = {
	[GAMMA_POS] = { .name = "gamma_pos", .symbol = "g+", .def = 0, .min = 0, .max = 10, .grid = { 0, 1 }, .n_grid = 2,
			.help = "down-weighting of labels that are probable" },
	[GAMMA_NEG] = { .name = "gamma_neg", .symbol = "g-", .def = 4, .min = 0, .max = 10, .grid = { 0, 1, 4 }, .n_grid = 3,
			.help = "down-weighting of other classes that are improbable" },
	[EPS] = { .name = "eps", .symbol = "a", .def = 0.1, .min = 0, .max = 1, .max_open = true, .grid = { 0, 0.1 }, .n_grid = 2,
		  .help = "share of the label's mass that is spread over all classes" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "gamma_neg=0 eps=0.2", .other = "label_smoothing", .other_set = "alpha=0.2" },
	{ .set = "gamma_pos=2 eps=0", .other = "focal", .other_set = "gamma=2" },
};

static const struct lb_example examples[] = {
	{ .set = "gamma_neg=1", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 0.67581850104594665,
	  .source = "by hand: (0.95 + 0.05 / 2) log 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.741372007, .source = "mpmath, 80 digits" },
};

/* What a class adds to the value, and the slope F: its part of the gradient is F (p - e_k). */
struct part {
	double loss, f;
};

static struct part part_of(const struct lb_arg *par, double lp, double q, double share, bool label)
{
	const double p = exp(lp), gamma = par[label ? GAMMA_POS : GAMMA_NEG].v;

	if (!label) {
		const double weight = share * exp(gamma * lp);
		return (struct part){ .loss = -weight * lp, .f = weight * (1 + gamma * lp) };
	}
	const double weight = share * (p < q ? exp(gamma * log1p(-p)) : pow(q, gamma));
	return (struct part){ .loss = -weight * lp, .f = q > 0 ? weight * (1 - gamma * p * (lp / q)) : weight };
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const size_t c = in->c, y = (size_t)in->y[i];
	const struct lb_log_softmax soft = lb_log_softmax(z, c);
	const double share = in->par[EPS].v / (double)c;
	double value = 0, all = 0;

	for (size_t pass = 0; pass < (g ? 2 : 1); pass++)
		for (size_t k = 0; k < c; k++) {
			const double lp = lb_log_p(z[k], &soft), q = lb_one_minus_p(k, z[k], &soft);
			const struct part at = part_of(in->par, lp, q, k == y ? 1 - in->par[EPS].v + share : share, k == y);
			value += pass ? 0 : at.loss;
			all += pass ? 0 : at.f;
			if (pass)
				g[k] = (real)(exp(lp) * (all - at.f) - q * at.f);
		}
	return (real)value;
}

LB_ROW(asl_single, row)

const struct lb_loss LB_LOSS(multiclass, asl_single) = {
	.info = {
		.base = {
			.name = "asl_single",
			.title = "Asymmetric loss of a single label: focal powers of their own for the label and for the other classes",
			.cite = "E. Ben-Baruch, T. Ridnik, N. Zamir, A. Noy, I. Friedman, M. Protter, L. Zelnik-Manor, Asymmetric loss for multi-label "
				"classification, ICCV 2021; the form of timm's AsymmetricLossSingleLabel",
			.formula = "-sum_k t_k w_k log p_k,  t = (1 - a) e + a/C,  w_y = (1 - p_y)^{g+},  w_k = p_k^{g-} for k != y",
			.notes = "The powers are part of the derivative, as in timm. They reach the other classes through the smoothed label alone: with eps = 0 "
				 "it is focal with gamma_pos.",
			.keywords = "asymmetric asymmetric_loss_single_label focal label_smoothing timm",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "hard examples",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &asl_single_form,
};
