#include "losses/support/log_softmax.h"
#include "losses/support/soft_targets.h"

enum { TEMPERATURE };

static const struct lb_param params[] = {
	[TEMPERATURE] = { .name = "temperature", .symbol = "T", .def = 4, .min = 0.01, .max = 1000, .grid = { 1, 2, 4, 8 }, .n_grid = 4,
			  .log_scale = true, .help = "divides both score sets" },
};

static const struct lb_example examples[] = {
	{ .set = "temperature=1", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .t = { 1.0986122886681098, 0 }, .value = 0.13081203594113697,
	  .source = "by hand: teacher (3/4, 1/4), 3/4 log(3/2) + 1/4 log(1/2)" },
	{ .set = "temperature=2", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 1 }, .t = { 2.1972245773362196, 0 }, .value = 0.52324814376454787,
	  .source = "by hand: the same distributions, times 4" },
	{ .set = "", .b = 2, .c = 3, .z = { 2, 0.5, -1, 0.3, 0.1, 0.2 }, .y = { 0, 0 }, .t = { 3, 0, -2, 1, 0.5, -0.5 },
	  .value = 0.270036145282810757, .source = "mpmath, 30 digits" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "temperature=1", .other = "kl_top", .other_set = "k=1000000000" },
	{ .set = "temperature=4", .other = "kl_top", .other_set = "k=1000000000 temperature=4", .scale = 16 },
};

/* By sum_k P_k log(P_k / Q_k) + Q_k - P_k: at a high temperature every term is as small as the
 * loss. */
static real divergence(const struct lb_batch *in, size_t i, const real *z, real *g, double temperature)
{
	const real *t = in->teacher + i * in->c;
	const struct lb_softened teacher = lb_soften(t, in->c, temperature), student = lb_soften(z, in->c, temperature);
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		double change;
		sum += lb_divergence_term(lb_soft_log_p(&teacher, t[k]), lb_soft_log_p(&student, z[k]), &change);
		if (g)
			g[k] = (real)(temperature * change);
	}
	return sum < 0 ? R(0.0) : (real)(temperature * temperature * sum);
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return divergence(in, i, z, g, in->par[TEMPERATURE].v);
}

LB_ROW(kd, row)

const struct lb_loss LB_LOSS(distillation, kd) = {
	.info = {
		.base = {
			.name = "kd",
			.title = "Knowledge distillation: divergence from the teacher's softened distribution",
			.cite = "G. Hinton, O. Vinyals, J. Dean, Distilling the Knowledge in a Neural Network, NeurIPS Deep Learning Workshop 2014, "
				"arXiv 1503.02531, section 2",
			.formula = "T^2 sum_k P_k log(P_k / Q_k),  P = softmax(teacher/T), Q = softmax(z/T)",
			.notes = "T^2 keeps the size of the gradient, T (Q - P), while T changes, as the paper says; the entropy of P, which no student "
				 "changes, is taken off the paper's cross-entropy. Labels are not used; the metrics are. The paper's sum with the "
				 "labels' cross-entropy is kd_ce, or terms: [{name: ce, weight: 0.1}] beside loss: {name: kd, weight: 0.9}.",
			.keywords = "hinton kl_divergence distillation knowledge_distillation soft_targets teacher student temperature",
			LB_PARAMS(params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &kd_form,
};

/* ---- kd_ce ---- */

enum { ALPHA, CE_TEMPERATURE };

static const struct lb_param ce_params[] = {
	[ALPHA] = { .name = "alpha", .symbol = "a", .def = 0.9, .min = 0, .max = 1, .grid = { 0.1, 0.5, 0.9 }, .n_grid = 3,
		    .help = "share of the teacher; the rest is that of the label" },
	[CE_TEMPERATURE] = { .name = "temperature", .symbol = "T", .def = 4, .min = 0.01, .max = 1000, .grid = { 1, 2, 4, 8 }, .n_grid = 4,
			     .log_scale = true, .help = "divides both score sets; the label's cross-entropy is of the scores themselves" },
};

static const struct lb_example ce_examples[] = {
	{ .set = "alpha=0.5 temperature=1", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .t = { 1.0986122886681098, 0 }, .value = 0.411979608250541143,
	  .source = "by hand: teacher (3/4, 1/4), half of 3/4 log(3/2) + 1/4 log(1/2) and half of log 2" },
};

static const struct lb_same_as ce_same_as[] = {
	{ .set = "alpha=1", .other = "kd", .other_set = "" },
};

static real ce_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const double share = in->par[ALPHA].v, rest = 1 - share;
	const size_t y = (size_t)in->y[i];
	const struct lb_log_softmax l = lb_log_softmax(z, in->c);
	const double of_teacher = (double)divergence(in, i, z, g, in->par[CE_TEMPERATURE].v);

	for (size_t k = 0; g && k < in->c; k++)
		g[k] = (real)(share * (double)g[k] + rest * (k == y ? -lb_one_minus_p(k, z[k], &l) : lb_p(z[k], &l)));
	return (real)(share * of_teacher - rest * lb_log_p(z[y], &l));
}

LB_ROW(kd_ce, ce_row)

const struct lb_loss LB_LOSS(distillation, kd_ce) = {
	.info = {
		.base = {
			.name = "kd_ce",
			.title = "Knowledge distillation with the label's cross-entropy",
			.cite = "G. Hinton, O. Vinyals, J. Dean, Distilling the Knowledge in a Neural Network, NeurIPS Deep Learning Workshop 2014, "
				"arXiv 1503.02531, section 2",
			.formula = "a T^2 sum_k P_k log(P_k / Q_k) - (1 - a) log p_y,  P = softmax(teacher/T), Q = softmax(z/T), p = softmax(z)",
			.notes = "kd and ce in one, with shares that sum to 1; the paper gives the labels the considerably lower weight and no number. With other "
				 "weights, or beside other losses: terms.",
			.keywords = "hinton kd distillation knowledge_distillation soft_targets hard_targets teacher student temperature",
			LB_PARAMS(ce_params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_SAME_AS(ce_same_as),
		LB_EXAMPLES(ce_examples),
	},
	.form = &kd_ce_form,
};
