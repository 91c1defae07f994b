#include "losses/support/transition.h"

static const struct lb_same_as same_as[] = {
	{ .set = "rate=0", .other = "ce", .other_set = "" },
	{ .set = "rate=0 kind=pair", .other = "ce", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "matrix=[0.75,0.25,0.5,0.5]", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 0.47000362924573558,
	  .source = "by hand: (0.75 + 0.5) / 2 = 5/8, log(8/5)" },
	{ .set = "kind=pair rate=0.5", .b = 1, .c = 3, .z = { 0, 0, 0 }, .y = { 0 }, .value = 1.0986122886681098,
	  .source = "by hand: (1/2 + 1/2) / 3, log 3" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.86832314881692345,
	  .source = "mpmath, 30 digits" },
};

/* T_ky for all k lies together: the state holds T transposed. */
static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	const size_t c = stats->n_classes;
	double *t = lb_noise_matrix(par, stats, "forward_ce", err);

	for (size_t j = 0; t && j < c; j++) {
		double column = 0;
		for (size_t i = 0; i < c; i++)
			column += t[i * c + j];
		if (!(column > 0)) {
			lb_fail(err, LB_CONFIG, "forward_ce: matrix: column %zu is 0, so no row could carry that label", j + 1);
			free(t);
			return NULL;
		}
	}
	for (size_t i = 0; t && i < c; i++)
		for (size_t j = 0; j < i; j++) {
			const double x = t[i * c + j];
			t[i * c + j] = t[j * c + i];
			t[j * c + i] = x;
		}
	return t;
}

/* The class of the largest score m can carry the label, T_my > 0. With D_k = T_ky - T_my and hit =
 * sum_k p_k T_ky the gradient is p_k (sum_j p_j D_j - D_k) / hit, which keeps its accuracy as p_m
 * nears 1. */
static real plain_row(const real *e, size_t c, const struct lb_softmax *s, const double *t, real *g)
{
	double hit = 0, miss = 0, mean = 0;

	for (size_t k = 0; k < c; k++) {
		const double p = (double)(e[k] / s->sum);
		hit += p * t[k];
		miss += (k == s->y ? (double)s->p : p) * (1 - t[k]);
		mean += p * (t[k] - t[s->top]);
	}
	for (size_t k = 0; g && k < c; k++)
		g[k] = (real)((double)(e[k] / s->sum) * (mean - (t[k] - t[s->top])) / hit);
	return (real)(miss < 0.5 ? -log1p(-miss) : -log(hit));
}

/* It cannot, T_my = 0: hit may be too small for a number. With n the class of the largest score
 * among those that can, the terms h_k = T_ky exp(z_k - z_n) are not; the gradient is p_k - h_k /
 * sum_j h_j. */
static real distant_row(const real *z, const real *e, size_t c, const struct lb_softmax *s, const double *t, real *g)
{
	size_t n = c;
	double sum = 0;

	for (size_t k = 0; k < c; k++)
		if (t[k] > 0 && (n == c || z[k] > z[n]))
			n = k;
	for (size_t k = 0; k < c; k++)
		sum += t[k] > 0 ? t[k] * (double)exp(z[k] - z[n]) : 0;
	for (size_t k = 0; g && k < c; k++)
		g[k] = (real)((double)(e[k] / s->sum) - (t[k] > 0 ? t[k] * (double)exp(z[k] - z[n]) / sum : 0));
	return (real)((double)log(s->sum) + ((double)z[s->top] - (double)z[n]) - log(sum));
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	real *e = lb_terms(in, g);
	const struct lb_softmax s = lb_softmax_of(in, i, z, R(1.0), e);
	const double *t = (const double *)in->state + s.y * in->c;

	return t[s.top] > 0 ? plain_row(e, in->c, &s, t, g) : distant_row(z, e, in->c, &s, t, g);
}

LB_SOFTMAX_ROW(forward_ce, row)

const struct lb_loss LB_LOSS(multiclass, forward_ce) = {
	.info = {
		.base = {
			.name = "forward_ce",
			.title = "Forward correction: cross-entropy of the probabilities that the noisy label has",
			.cite = "G. Patrini, A. Rozza, A. K. Menon, R. Nock, L. Qu, Making deep neural networks robust to label noise: "
				"a loss correction approach, CVPR 2017, section 4.2",
			.formula = "-log sum_k p_k T_ky",
			.notes = "T is the noise that the training labels are believed to have; it is not taken from corrupt.labels, "
				 "whose kinds uniform and pair with the same rate it matches (without include_self and swap). With "
				 "noise T its minimiser is the vector of clean probabilities. For data without that noise it is neither "
				 "proper nor calibrated, and it is convex only at rate = 0. A matrix has its rows divided by their "
				 "sums; one whose size is not C x C, with a row that does not sum to 1 (to 1e-6) or with a column of "
				 "zeros is refused. At uniform rate = (C - 1) / C the loss is the constant log C.",
			.keywords = "forward_correction forward_loss noise_transition_matrix loss_correction",
			LB_PARAMS(lb_noise_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &forward_ce_form,
	.init = init,
	.free = free,
};
