#include "losses/loss.h"

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

/* Scores over the temperature: log softmax of class k is scale * (v_k - most) - log. */
struct softened {
	double scale, most, log;
};

static struct softened soften(const real *v, size_t c, double temperature)
{
	struct softened s = { .scale = 1 / temperature, .most = (double)v[0] };

	for (size_t k = 1; k < c; k++)
		s.most = fmax(s.most, (double)v[k]);
	double sum = exp(s.scale * ((double)v[0] - s.most));
	for (size_t k = 1; k < c; k++)
		sum += exp(s.scale * ((double)v[k] - s.most));
	s.log = log(sum);
	return s;
}

static double log_probability(const struct softened *s, real v)
{
	return s->scale * ((double)v - s->most) - s->log;
}

/* In double, and by sum_k P_k log(P_k / Q_k) + Q_k - P_k: at a high temperature both distributions
 * are nearly uniform, and every term is as small as the loss. */
static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const real *t = in->teacher + i * in->c;
	const double temperature = in->par[TEMPERATURE].v;
	const struct softened teacher = soften(t, in->c, temperature), student = soften(z, in->c, temperature);
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		const double lp = log_probability(&teacher, t[k]), lq = log_probability(&student, z[k]), p = exp(lp);
		const double change = fabs(lp - lq) < 1 ? p * expm1(lq - lp) : exp(lq) - p;
		sum += p * (lp - lq) + change;
		if (g)
			g[k] = (real)(temperature * change);
	}
	return sum < 0 ? R(0.0) : (real)(temperature * temperature * sum);
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
				 "labels' cross-entropy: terms: [{name: ce, weight: 0.1}] beside loss: {name: kd, weight: 0.9}.",
			.keywords = "hinton kl_divergence distillation knowledge_distillation soft_targets kd_ce teacher student temperature",
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
