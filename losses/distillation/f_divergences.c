/* The f-divergences sum_k Q_k f(P_k / Q_k) of the student's probabilities Q from the teacher's P,
 * at a temperature, times its square as in kd; kd itself is that of f(r) = r log r. Each f is taken
 * with f'(1) = 0, to which every f can be brought without a change of the sum: then the terms are
 * small where P and Q are near. */
#include "losses/support/soft_targets.h"

enum { TEMPERATURE, ALPHA };

#define OVER_TEMPERATURE \
	[TEMPERATURE] = { .name = "temperature", .symbol = "T", .def = 1, .min = 0.01, .max = 1000, .grid = { 1, 2, 4 }, .n_grid = 3, \
			  .log_scale = true, .help = "divides both score sets" }

static const struct lb_param params[] = { OVER_TEMPERATURE };

/* Of a class: Q f(r), r = P / Q, and Q times the derivative of that by Q, which is Q (f(r) - r
 * f'(r)). */
struct term {
	double value, slope;
};

typedef struct term divergence(double lp, double lq, const struct lb_arg *par);

/* What the gradient T (slope_k - Q_k sum slope) needs. The likeliest class takes its part from the
 * others, so that nothing is lost as Q of it nears 1. */
struct slopes {
	size_t top;
	double own, own_q;       /* of the likeliest class */
	double others, rest;     /* of all others together: slopes, Q */
};

static real divergence_row(const struct lb_batch *in, size_t i, const real *z, real *g, divergence *of)
{
	const real *t = in->teacher + i * in->c;
	const double temperature = in->par[TEMPERATURE].v;
	const struct lb_softened teacher = lb_soften(t, in->c, temperature), student = lb_soften(z, in->c, temperature);
	struct slopes s = { 0 };
	double sum = 0;

	for (size_t k = 0; k < in->c; k++)
		s.top = z[k] > z[s.top] ? k : s.top;
	for (size_t k = 0; k < in->c; k++) {
		const double lq = lb_soft_log_p(&student, z[k]);
		const struct term at = of(lb_soft_log_p(&teacher, t[k]), lq, in->par);
		sum += at.value;
		*(k == s.top ? &s.own : &s.others) += at.slope;
		*(k == s.top ? &s.own_q : &s.rest) += exp(lq);
	}
	for (size_t k = 0; g && k < in->c; k++) {
		const double lq = lb_soft_log_p(&student, z[k]);
		const double through = k == s.top ? s.own * s.rest - s.own_q * s.others :
						    of(lb_soft_log_p(&teacher, t[k]), lq, in->par).slope - exp(lq) * (s.own + s.others);
		g[k] = (real)(temperature * through);
	}
	return sum < 0 ? R(0.0) : (real)(temperature * temperature * sum);
}

#define DIVERGENCE(name)                                                                                                        \
	static real name##_row(const struct lb_batch *in, size_t i, const real *z, real *g)                                     \
	{                                                                                                                       \
		return divergence_row(in, i, z, g, name);                                                                       \
	}                                                                                                                       \
	LB_ROW(name, name##_row)

#define F_DIVERGENCE                                                                                                            \
	"Y. Xu, W. Nie, A. Vahdat, One-step diffusion models with f-divergence distribution matching, arXiv 2502.15681, 2025"
#define SHARED_NOTES                                                                                                            \
	" P = softmax(teacher/T), Q = softmax(z/T), r = P/Q; T^2 as in kd, the divergence with f = r log r. Labels are not used; the metrics are."
#define SHARED_KEYWORDS "f_divergence f_distill distillation knowledge_distillation teacher student temperature "

/* ---- reverse_kl ---- */

static struct term reverse_kl(double lp, double lq, const struct lb_arg *par)
{
	double change;
	const double value = lb_divergence_term(lq, lp, &change);

	(void)par;
	return (struct term){ value, exp(lq) * (lq - lp) };
}

DIVERGENCE(reverse_kl)

static const struct lb_example reverse_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 1.0986122886681098, 0 }, .y = { 0 }, .t = { 0, 0 }, .value = 0.13081203594113697,
	  .source = "by hand: student (3/4, 1/4), 3/4 log(3/2) + 1/4 log(1/2)" },
	{ .set = "temperature=2", .b = 1, .c = 2, .z = { 2.1972245773362196, 0 }, .y = { 0 }, .t = { 0, 0 }, .value = 0.52324814376454787,
	  .source = "by hand: the same distributions, times 4" },
};

static const struct lb_same_as reverse_same_as[] = {
	{ .set = "", .other = "alpha_divergence", .other_set = "alpha=0" },
	{ .set = "temperature=3", .other = "alpha_divergence", .other_set = "alpha=0 temperature=3" },
};

const struct lb_loss LB_LOSS(distillation, reverse_kl) = {
	.info = {
		.base = {
			.name = "reverse_kl",
			.title = "Divergence of the teacher from the student: the reverse of kd",
			.cite = F_DIVERGENCE,
			.formula = "T^2 sum_k Q_k log(Q_k / P_k)",
			.notes = "f(r) = -log r. It seeks modes: a student pays for mass where the teacher has none, not for a class it leaves out." SHARED_NOTES,
			.keywords = SHARED_KEYWORDS "kl_divergence mode_seeking minillm",
			LB_PARAMS(params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_SAME_AS(reverse_same_as),
		LB_EXAMPLES(reverse_examples),
	},
	.form = &reverse_kl_form,
};

/* ---- jeffreys ---- */

static struct term jeffreys(double lp, double lq, const struct lb_arg *par)
{
	const double change = lb_probability_change(lp, lq);

	(void)par;
	return (struct term){ change * (lq - lp), exp(lq) * (lq - lp) + change };
}

DIVERGENCE(jeffreys)

static const struct lb_example jeffreys_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 1.0986122886681098, 0 }, .y = { 0 }, .t = { 0, 0 }, .value = 0.27465307216702744,
	  .source = "by hand: student (3/4, 1/4), 1/4 log(3/2) + 1/4 log 2" },
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .t = { 1.0986122886681098, 0 }, .value = 0.27465307216702744,
	  .source = "by hand: the same with teacher and student exchanged" },
};

const struct lb_loss LB_LOSS(distillation, jeffreys) = {
	.info = {
		.base = {
			.name = "jeffreys",
			.title = "Jeffreys divergence: both Kullback-Leibler divergences of teacher and student",
			.cite = "H. Jeffreys, An invariant form for the prior probability in estimation problems, Proceedings of the Royal Society A, 1946; for "
				"distillation: " F_DIVERGENCE,
			.formula = "T^2 sum_k (P_k - Q_k) log(P_k / Q_k)",
			.notes = "f(r) = (r - 1) log r: the sum of kd and reverse_kl, without a factor 1/2." SHARED_NOTES,
			.keywords = SHARED_KEYWORDS "symmetric_kl",
			LB_PARAMS(params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(jeffreys_examples),
	},
	.form = &jeffreys_form,
};

/* ---- jensen_shannon ---- */

/* With x = log(P/Q) / 2 and M the mean of both: M (x tanh x - log cosh x), and Q log(Q/M) / 2. */
static struct term jensen_shannon(double lp, double lq, const struct lb_arg *par)
{
	const double x = (lp - lq) / 2, most = lb_log_cosh(x);

	(void)par;
	return (struct term){ (exp(lp) + exp(lq)) / 2 * (x * tanh(x) - most), -exp(lq) * (most + x) / 2 };
}

DIVERGENCE(jensen_shannon)

static const struct lb_example shannon_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .t = { 1.0986122886681098, 0 }, .value = 0.033822075568605198,
	  .source = "SciPy 1.10.1: jensenshannon([3/4, 1/4], [1/2, 1/2])**2" },
};

const struct lb_loss LB_LOSS(distillation, jensen_shannon) = {
	.info = {
		.base = {
			.name = "jensen_shannon",
			.title = "Jensen-Shannon divergence of teacher and student",
			.cite = "J. Lin, Divergence measures based on the Shannon entropy, IEEE Transactions on Information Theory, 1991; for distillation: " F_DIVERGENCE,
			.formula = "T^2 (KL(P || M) + KL(Q || M)) / 2,  M = (P + Q)/2",
			.notes = "f(r) = (r log r - (r + 1) log((r + 1)/2)) / 2: half of the second paper's, whose f lacks the factor 1/2. At most T^2 log 2." SHARED_NOTES,
			.keywords = SHARED_KEYWORDS "jsd js",
			LB_PARAMS(params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED,
		LB_EXAMPLES(shannon_examples),
	},
	.form = &jensen_shannon_form,
};

/* ---- softened_reverse_kl ---- */

/* With x and M as above: 2M (log cosh x - x + tanh x), and Q log((1 + Q/P)/2). */
static struct term softened_reverse_kl(double lp, double lq, const struct lb_arg *par)
{
	const double x = (lp - lq) / 2, below = lb_log_cosh(x) - x;

	(void)par;
	return (struct term){ (exp(lp) + exp(lq)) * (below + tanh(x)), exp(lq) * below };
}

DIVERGENCE(softened_reverse_kl)

static const struct lb_example softened_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 1.0986122886681098, 0 }, .y = { 0 }, .t = { 0, 0 }, .value = 0.063167884803926516,
	  .source = "by hand: 2 KL((5/8, 3/8) || (1/2, 1/2)) = 5/4 log(5/4) + 3/4 log(3/4)" },
};

const struct lb_loss LB_LOSS(distillation, softened_reverse_kl) = {
	.info = {
		.base = {
			.name = "softened_reverse_kl",
			.title = "Softened reverse divergence: of the mean of both from the teacher",
			.cite = F_DIVERGENCE,
			.formula = "2 T^2 sum_k M_k log(M_k / P_k),  M = (P + Q)/2",
			.notes = "f(r) = (r + 1) log((1 + 1/r)/2). As reverse_kl, but a student's class without the teacher's mass costs less." SHARED_NOTES,
			.keywords = SHARED_KEYWORDS "softened_rkl skew_divergence",
			LB_PARAMS(params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(softened_examples),
	},
	.form = &softened_reverse_kl_form,
};

/* ---- squared_hellinger ---- */

static struct term squared_hellinger(double lp, double lq, const struct lb_arg *par)
{
	const double change = lb_probability_change(lp / 2, lq / 2); /* of the roots */

	(void)par;
	return (struct term){ change * change / 2, exp(lq / 2) * change / 2 };
}

DIVERGENCE(squared_hellinger)

static const struct lb_example hellinger_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .t = { 1.0986122886681098, 0 }, .value = 0.034074173710931799,
	  .source = "by hand: 1 - (sqrt(3/8) + sqrt(1/8))" },
};

static const struct lb_same_as hellinger_same_as[] = {
	{ .set = "", .other = "alpha_divergence", .other_set = "alpha=0.5", .scale = 0.25 },
};

const struct lb_loss LB_LOSS(distillation, squared_hellinger) = {
	.info = {
		.base = {
			.name = "squared_hellinger",
			.title = "Squared Hellinger distance of teacher and student",
			.cite = "E. Hellinger, Neue Begruendung der Theorie quadratischer Formen von unendlichvielen Veraenderlichen, Journal fuer die reine und "
				"angewandte Mathematik, 1909; for distillation: " F_DIVERGENCE,
			.formula = "T^2/2 sum_k (sqrt(P_k) - sqrt(Q_k))^2 = T^2 (1 - sum_k sqrt(P_k Q_k))",
			.notes = "f(r) = 1 - sqrt(r). At most T^2." SHARED_NOTES,
			.keywords = SHARED_KEYWORDS "bhattacharyya",
			LB_PARAMS(params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED,
		LB_SAME_AS(hellinger_same_as),
		LB_EXAMPLES(hellinger_examples),
	},
	.form = &squared_hellinger_form,
};

/* ---- total_variation ---- */

static struct term total_variation(double lp, double lq, const struct lb_arg *par)
{
	const double change = lb_probability_change(lp, lq);

	(void)par;
	return (struct term){ fabs(change) / 2, exp(lq) * (double)((change > 0) - (change < 0)) / 2 };
}

DIVERGENCE(total_variation)

static const struct lb_example variation_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .t = { 1.0986122886681098, 0 }, .value = 0.25,
	  .source = "by hand: teacher (3/4, 1/4), (1/4 + 1/4) / 2" },
};

const struct lb_loss LB_LOSS(distillation, total_variation) = {
	.info = {
		.base = {
			.name = "total_variation",
			.title = "Total variation distance of teacher and student",
			.cite = "Y. Wen, Z. Li, W. Du, L. Mou, f-divergence minimization for sequence-level knowledge distillation, ACL 2023",
			.formula = "T^2/2 sum_k |P_k - Q_k|",
			.notes = "f(r) = |r - 1| / 2. Where P_k = Q_k the slope by Q_k is taken as 0. At most T^2." SHARED_NOTES,
			.keywords = SHARED_KEYWORDS "tvd absolute",
			LB_PARAMS(params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT | LB_BOUNDED,
		LB_EXAMPLES(variation_examples),
	},
	.form = &total_variation_form,
};

/* ---- alpha_divergence ---- */

static const struct lb_param alpha_params[] = {
	OVER_TEMPERATURE,
	[ALPHA] = { .name = "alpha", .symbol = "a", .def = 0.5, .min = 0, .max = 1, .grid = { 0, 0.25, 0.5, 0.75, 1 }, .n_grid = 5,
		    .help = "0 is reverse_kl, 1 is kd, 0.5 four times squared_hellinger" },
};

/* q (r - 1 - (r^a - 1) / a), r = p / q: at a = 0, q (r - 1 - log r). *change <- q (r^a - 1) / a */
static double less_power(double lp, double lq, double a, double *change)
{
	const double u = lp - lq, q = exp(lq);

	*change = !(a > 0) ? q * u : a * fabs(u) < 1 ? q * expm1(a * u) / a : (exp(a * lp + (1 - a) * lq) - q) / a;
	return lb_probability_change(lq, lp) - *change;
}

/* By the exchange of P and Q and of a and 1 - a it can be had from the side of the smaller power,
 * where the value does not divide by a small number. */
static struct term alpha_divergence(double lp, double lq, const struct lb_arg *par)
{
	const double a = par[ALPHA].v;
	double change, other;
	const double direct = less_power(lp, lq, a, &change), exchanged = less_power(lq, lp, 1 - a, &other);

	return (struct term){ a < 0.5 ? direct / (1 - a) : exchanged / a, -change };
}

DIVERGENCE(alpha_divergence)

static const struct lb_example alpha_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .t = { 1.0986122886681098, 0 }, .value = 0.1362966948437272,
	  .source = "by hand: 4 (1 - (sqrt(3/8) + sqrt(1/8)))" },
	{ .set = "alpha=1", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .t = { 1.0986122886681098, 0 }, .value = 0.13081203594113697,
	  .source = "by hand: 3/4 log(3/2) + 1/4 log(1/2)" },
};

static const struct lb_same_as alpha_same_as[] = {
	{ .set = "alpha=1", .other = "kd", .other_set = "temperature=1" },
	{ .set = "alpha=1 temperature=4", .other = "kd", .other_set = "" },
};

const struct lb_loss LB_LOSS(distillation, alpha_divergence) = {
	.info = {
		.base = {
			.name = "alpha_divergence",
			.title = "Alpha-divergence of teacher and student: from the reverse to the forward one",
			.cite = "T. Minka, Divergence measures and message passing, Microsoft Research MSR-TR-2005-173, 2005",
			.formula = "T^2 (1 - sum_k P_k^a Q_k^(1-a)) / (a (1 - a));  a = 0: T^2 KL(Q || P), a = 1: T^2 KL(P || Q)",
			.notes = "f(r) = (r^a - 1) / (a (a - 1)). Small alpha seeks modes, large alpha covers them. Alpha below 0 or above 1, where it may be as large as "
				 "a power of P/Q, is not offered." SHARED_NOTES,
			.keywords = SHARED_KEYWORDS "amari alpha renyi tsallis",
			LB_PARAMS(alpha_params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_SAME_AS(alpha_same_as),
		LB_EXAMPLES(alpha_examples),
	},
	.form = &alpha_divergence_form,
};
