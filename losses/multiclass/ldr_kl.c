#include "losses/support/ldr.h"

enum { LAMBDA, MARGIN, NORM };

static const char *const norms[] = { [LB_NORM_NONE] = "none", [LB_NORM_SOFTPLUS] = "softplus", [LB_NORM_L1] = "l1", NULL };

static const struct lb_param params[] = {
	[LAMBDA] = { .name = "lam", .symbol = "lambda", .def = 1, .min = 0, .max = HUGE_VAL, .log_scale = true,
		     .grid = { 0.1, 1, 10 }, .n_grid = 3, .help = "temperature; 0 is cs, inf the mean of all margins" },
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 0.1, .min = 0, .max = 1e3, .log_scale = true, .grid = { 0.1, 1, 10 },
		     .n_grid = 3, .help = "lead that the label's score must have over every other" },
	[NORM] = { .name = "norm", .type = LB_CHOICE_PARAM, .def = LB_NORM_NONE, .choices = norms,
		   .help = "f = z; softplus(z) over its mean; or z over the mean of |z|" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "margin=0", .other = "ce", .other_set = "", .minus_log_classes = true },
	{ .set = "lam=0 margin=1", .other = "cs", .other_set = "" },
	{ .set = "lam=inf margin=1", .other = "ldr_k", .other_set = "k=1000000" },
};

static const struct lb_example examples[] = {
	{ .set = "margin=0", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 0, .source = "by hand: log((1 + 1 + 1 + 1) / 4)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = -0.2513089718144252,
	  .source = "mpmath, 30 digits" },
	{ .set = "lam=0.1 norm=softplus", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 },
	  .value = 0.143959664070657, .source = "mpmath, 30 digits" },
	{ .set = "norm=l1", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = -0.33313424257067864,
	  .source = "mpmath, 30 digits" },
};

/* The limits of lambda: value and slopes in f. */
static double largest(const struct lb_scores *s, size_t y, double m, real *w)
{
	const struct lb_lead lead = lb_lead(s, y, m);

	for (size_t k = 0; k < s->c; k++)
		w[k] = 0;
	w[lead.k] += 1;
	w[y] -= 1;
	return lead.g + 0 * s->mean;
}

static double average(const struct lb_scores *s, size_t y, double m, real *w)
{
	const double c = (double)s->c, f_y = lb_score(s, y);
	double sum = 0;

	for (size_t k = 0; k < s->c; k++) {
		sum += k == y ? 0 : lb_score(s, k) - f_y + m;
		w[k] = (real)(1 / c);
	}
	w[y] = (real)(-(c - 1) / c);
	return sum / c;
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const size_t y = (size_t)in->y[i];
	const double lambda = in->par[LAMBDA].v, m = in->par[MARGIN].v;
	const struct lb_scores s = lb_scores(z, in->c, (enum lb_norm)in->par[NORM].v);
	real *w = lb_terms(in, g);
	const double value = lambda <= 0 ? largest(&s, y, m, w) : isinf(lambda) ? average(&s, y, m, w) : lb_ldr_kl(&s, y, m, lambda, w);

	if (g)
		lb_scores_back(&s, g);
	return (real)value;
}

LB_ROW(ldr_kl, row)

const struct lb_loss LB_LOSS(multiclass, ldr_kl) = {
	.info = {
		.base = {
			.name = "ldr_kl",
			.title = "LDR-KL loss: tempered mean of margin violations",
			.cite = "D. Zhu, Y. Ying, T. Yang, Label distributionally robust losses for multi-class classification: consistency, "
				"robustness and adaptivity, ICML 2023",
			.formula = "lambda log((1/C) sum_k exp(g_k / lambda)),  g_k = f_k - f_y + m [k != y]",
			.notes = "Cross-entropy at temperature lambda with a margin, less lambda log C: negative values are normal. At "
				 "lambda = 0 the largest g_k (on ties the label, then the lowest index), at inf their mean, which is "
				 "symmetric (the sum over all labels is m (C - 1)) and has no lower bound. norm=softplus is what the "
				 "paper's program does to the scores for this loss; the gradient flows through it. With norm=l1 the value "
				 "jumps where all scores are 0: f and the gradient are 0 there. Without a norm it is convex and "
				 "shift-invariant, and calibrated for 0 < lambda < inf. The program's class has the margin 2, "
				 "its command line the default here.",
			.keywords = "ldr label_distributionally_robust kl temperature_scaled margin",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.exceptions = LB_JUMPS_AT_TIES,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &ldr_kl_form,
};
