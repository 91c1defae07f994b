#include "losses/support/tempered.h"

enum { T1, T2, SMOOTHING };

static const struct lb_param params[] = {
	[T1] = { .name = "t1", .symbol = "t1", .def = 0.8, .min = 0, .max = 1, .grid = { 0.2, 0.5, 0.8, 1 }, .n_grid = 4,
		 .help = "temperature of the logarithm: below 1 the loss is bounded; 1 is the logarithm" },
	[T2] = { .name = "t2", .symbol = "t2", .def = 1.2, .min = 1, .max = 10, .grid = { 1, 1.2, 1.5, 2 }, .n_grid = 4,
		 .help = "temperature of the softmax: above 1 its tails are heavy; 1 is softmax" },
	[SMOOTHING] = { .name = "smoothing", .symbol = "a", .def = 0, .min = 0, .max = 0.5, .max_open = true, .grid = { 0, 0.1 },
			.n_grid = 2, .help = "share of the label's mass that the other classes get" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "t1=1 t2=1", .other = "ce", .other_set = "" },
	{ .set = "t1=0 t2=1", .other = "brier", .other_set = "", .scale = 0.5 },
};

static const struct lb_example examples[] = {
	{ .set = "t1=0.5 t2=2", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 0.39052429175126994,
	  .source = "by hand: p = 1/2, 2 - sqrt 2 - (2/3)(1 - 1/sqrt 2)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.61796184463099641,
	  .source = "mpmath, 30 digits" },
	{ .set = "t1=0.5 t2=1.5 smoothing=0.1", .b = 1, .c = 3, .z = { 0.1, 1.5, -5 }, .y = { 1 }, .value = 0.086276851397001676,
	  .source = "mpmath, 30 digits; 0.08627685 is the value in the tests of the authors' program" },
};

/* One row: the target is 1 - a for the label, share for each other class. */
struct target {
	size_t y;
	double share, a;
};

static double minus_p(const struct lb_tempered *s, const struct target *t, size_t k)
{
	return k == t->y ? lb_tempered_q(s, k) - t->a : t->share - exp(lb_tempered_lp(s, k));
}

/* u_k = (p_k - target_k) p_k^(t2 - t1), r_k = p_k^t2 / sum, grad_k = u_k - r_k sum_j u_j; for the
 * top class, whose r nears 1, the same with 1 - r and the sum over the others. */
static void gradient(const struct lb_tempered *s, const struct target *t, double t1, double t2, real *g)
{
	const double lp = s->lp_top, u_top = -minus_p(s, t, s->top) * exp((t2 - t1) * lp), r_top = exp(t2 * lp);
	double u_rest = 0, r_rest = 0;

	for (size_t k = 0; k < s->c; k++) {
		const double lp_k = lb_tempered_lp(s, k), u = -minus_p(s, t, k) * exp((t2 - t1) * lp_k);
		u_rest += k == s->top ? 0 : u;
		r_rest += k == s->top ? 0 : exp(t2 * lp_k);
	}
	const double sum = r_top + r_rest;
	for (size_t k = 0; k < s->c; k++) {
		const double lp_k = lb_tempered_lp(s, k), u = -minus_p(s, t, k) * exp((t2 - t1) * lp_k);
		g[k] = (real)(u - exp(t2 * lp_k) / sum * (u_top + u_rest));
	}
	g[s->top] = (real)(u_top * (r_rest / sum) - r_top / sum * u_rest);
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const double t1 = in->par[T1].v, t2 = in->par[T2].v, a = in->par[SMOOTHING].v;
	const struct target t = { .y = (size_t)in->y[i], .share = a / (double)(in->c - 1), .a = a };
	const struct lb_tempered s = lb_tempered(z, in->c, t2);
	double loss = 0;

	for (size_t k = 0; k < in->c; k++)
		loss += lb_bregman(t1, k == t.y ? 1 - a : t.share, lb_tempered_lp(&s, k), minus_p(&s, &t, k));
	if (g)
		gradient(&s, &t, t1, t2, g);
	return (real)loss;
}

LB_ROW(bi_tempered, row)

const struct lb_loss LB_LOSS(multiclass, bi_tempered) = {
	.info = {
		.base = {
			.name = "bi_tempered",
			.title = "Bi-tempered logistic loss: a bounded logarithm of a heavy-tailed softmax",
			.cite = "E. Amid, M. K. Warmuth, R. Anil, T. Koren, Robust bi-tempered logistic loss based on Bregman divergences, "
				"NeurIPS 2019",
			.formula = "sum_k t_k (log_t1 t_k - log_t1 p_k) - (t_k^(2-t1) - p_k^(2-t1)) / (2 - t1),  p_k = exp_t2(z_k - lambda), "
				   "sum p = 1,  log_t(x) = (x^(1-t) - 1) / (1 - t),  exp_t its inverse,  t = (1 - a) e + a/(C-1) (1 - e)",
			.notes = "lambda is solved to full precision; the authors' program stops after 5 steps of a slower iteration. Their "
				 "1e-10 inside the logarithm of the target is left out. smoothing follows their program: the label "
				 "keeps 1 - a, unlike in label_smoothing; the value is then a divergence, 0 at p = t. The paper has "
				 "t1 < 1 < t2; the ends are cross-entropy and half of brier. Bounded for t1 < 1; convex at t1 = t2 = 1 "
				 "only. It is proper for its own link p, and for softmax at t2 = 1; metrics on probabilities use "
				 "softmax. The defaults are a common choice for images; the paper's values differ from task to task.",
			.keywords = "bitempered tempered_softmax tempered_logistic bi_tempered_logistic tsallis heavy_tailed",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &bi_tempered_form,
};
