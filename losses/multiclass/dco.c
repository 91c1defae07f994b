#include "losses/support/softmax.h"

enum { N };

static const struct lb_param params[] = {
	[N] = { .name = "n", .symbol = "N", .type = LB_INT_PARAM, .def = 16, .min = 1, .max = 1e4, .log_scale = true,
		.grid = { 1, 4, 16, 64, 256 }, .n_grid = 5, .help = "attempts that the model will have; 1 is cross-entropy" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "n=1", .other = "ce", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "n=2", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 0.28768207245178090,
	  .source = "by hand: p_y = 1/2, -log(1 - 1/4)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.0006132643840376559,
	  .source = "mpmath, 30 digits" },
};

/* x = N log q, so that 1 - q^N = -expm1(x). Where N p_y is below the precision, 1 - q^N = N p_y. */
static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	const double n = par[N].v, p = (double)s->p, q = (double)s->q;

	if (n * p < (double)REAL_EPS)
		return (struct lb_phi){ .loss = -(real)log(n) - s->lp, .f = 1 };
	const double x = n * (p < q ? log1p(-p) : log(q)), rest = p < q ? exp((n - 1) * log1p(-p)) : pow(q, n - 1);
	return (struct lb_phi){ .loss = (real)(x > -0.6 ? -log(-expm1(x)) : -log1p(-exp(x))), .f = (real)(n * p * rest / -expm1(x)) };
}

LB_LABEL_PROBABILITY(dco, phi)

const struct lb_loss LB_LOSS(multiclass, dco) = {
	.info = {
		.base = {
			.name = "dco",
			.title = "Direct coverage optimisation: -log of the chance that one of N attempts is right",
			.cite = "F. Chen, A. Raventos, N. Cheng, S. Ganguli, S. Druckmann, Rethinking fine-tuning when scaling "
				"test-time compute: limiting confidence improves mathematical reasoning, NeurIPS 2025 (arXiv "
				"2502.07154)",
			.formula = "-log(1 - q^N)",
			.notes = "The gradient of cross-entropy times F = N p_y q^(N-1) / (1 - q^N), which is near 0 once p_y is "
				 "well above 1/N: confidence is limited. For one label a row; the paper also applies it to steps "
				 "of a proof and skips rows of small F. Calibrated, but for a large N by less than rounding "
				 "shows, so it is not claimed; proper only at N = 1.",
			.keywords = "direct_coverage_optimization pass_at_n coverage",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "overconfidence",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &dco_form,
};
