/* Losses of the rows that a trained model is to forget (data.forget, model.start). */
#include "losses/support/class_counts.h"
#include "losses/support/log_softmax.h"
#include "losses/support/softplus.h"

/* ---- gradient_ascent ---- */

static const struct lb_example ascent_examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 2, 1, 0 }, .y = { 0 }, .value = -0.40760596444438031, .source = "by hand: -log(1 + e^-1 + e^-2)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = -0.79315386423303549, .source = "mpmath, 30 digits" },
};

static const struct lb_same_as ascent_same_as[] = {
	{ .set = "", .other = "ce", .other_set = "", .scale = -1 },
};

static struct lb_phi ascent(const struct lb_softmax *s, const struct lb_arg *par)
{
	(void)par;
	return (struct lb_phi){ .loss = s->lp, .f = R(-1.0) };
}

LB_LABEL_PROBABILITY(gradient_ascent, ascent)

const struct lb_loss LB_LOSS(multiclass, gradient_ascent) = {
	.info = {
		.base = {
			.name = "gradient_ascent",
			.title = "Unlearning by gradient ascent: cross-entropy with the sign turned",
			.cite = "J. Jang et al., Knowledge unlearning for mitigating privacy risks in language models, ACL 2023; as a baseline in Y. Wang et al., LLM "
				"unlearning via loss adjustment with only forget data, ICLR 2025 (arXiv 2410.11143)",
			.formula = "log p_y,  p = softmax(z)",
			.notes = "For rows that a trained model is to forget (data.forget, model.start). It has no lower bound, and pushes the harder the wronger a row is "
				 "already, so that it has to be stopped early or held back by a loss of the other rows: terms: [{name: ce, rows: retain}] beside loss: "
				 "{name: gradient_ascent, rows: forget}, known as gradient difference.",
			.keywords = "unlearning ga negated cross_entropy gradient_difference grad_diff forget",
		},
		.kind = LB_MULTICLASS,
		.good_for = "unlearning",
		.properties = LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED,
		LB_SAME_AS(ascent_same_as),
		LB_EXAMPLES(ascent_examples),
	},
	.form = &gradient_ascent_form,
};

/* ---- npo ---- */

enum { BETA };

static const struct lb_param npo_params[] = {
	[BETA] = { .name = "beta", .symbol = "b", .def = 0.1, .min = 1e-3, .max = 100, .log_scale = true, .grid = { 0.05, 0.1, 0.5, 1 }, .n_grid = 4,
		   .help = "how soon a row that is forgotten is left alone; towards 0 it is gradient_ascent" },
};

static const struct lb_example npo_examples[] = {
	{ .set = "beta=1", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .teacher = { 0, 0 }, .value = 1.3862943611198906, .source = "by hand: 2 log 2" },
	{ .set = "beta=2", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .teacher = { 1.0986122886681098, 0 }, .value = 0.36772478012531734,
	  .source = "by hand: log p is log(1/2), of the start log(3/4); log(1 + (2/3)^2)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .teacher = { 2, 0.5, -1, 0.5, 0, 0.25 },
	  .value = 13.877150899782835, .source = "tests/reference/losses_unlearning.py" },
};

/* Returns the log-probability of a row's label under other scores. */
static double start_log_p(const struct lb_batch *in, size_t i)
{
	const real *z = in->teacher + i * in->c;
	const struct lb_log_softmax l = lb_log_softmax(z, in->c);

	return lb_log_p(z[in->y[i]], &l);
}

static real npo_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const double beta = in->par[BETA].v;
	real *e = lb_terms(in, g);
	const struct lb_softmax s = lb_softmax_of(in, i, z, R(1.0), e);
	const double ratio = beta * ((double)s.lp - start_log_p(in, i));
	const real f = (real)(-2 * lb_logistic_of(ratio)), share = f / s.sum;

	if (g) {
		for (size_t k = 0; k < in->c; k++)
			g[k] = share * e[k];
		g[s.y] = -f * s.q;
	}
	return (real)(2 / beta * lb_softplus_of(ratio));
}

LB_SOFTMAX_ROW(npo, npo_row)

const struct lb_loss LB_LOSS(multiclass, npo) = {
	.info = {
		.base = {
			.name = "npo",
			.title = "Negative preference optimization: ascent that lets go of what is forgotten",
			.cite = "R. Zhang, L. Lin, Y. Bai, S. Mei, Negative preference optimization: from catastrophic collapse to effective unlearning, COLM 2024 "
				"(arXiv 2404.05868)",
			.formula = "(2/b) log(1 + (p_y / p0_y)^b),  p = softmax(z), p0 the probabilities of the model that the training began with",
			.notes = "For rows that a trained model is to forget (data.forget); p0 is of model.start, in task distillation of the teacher. Its gradient is that "
				 "of gradient_ascent times 2 p_y^b / (p_y^b + p0_y^b): the same at the start, and ever less the less likely the label becomes.",
			.keywords = "unlearning negative_preference_optimization forget dpo reference",
			LB_PARAMS(npo_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "unlearning",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT,
		.needs = LB_NEEDS_TEACHER | LB_NEEDS_START,
		LB_EXAMPLES(npo_examples),
	},
	.form = &npo_form,
};

/* ---- flat_unlearn ---- */

enum { DIVERGENCE, EXPRESSIONS };
enum { KL, REVERSE_KL, JEFFREY, SQUARED_HELLINGER, PEARSON, NEYMAN, JENSEN_SHANNON, TOTAL_VARIATION, N_DIVERGENCES };
enum { INCREASING, PUBLISHED };

static const char *const divergences[] = { [KL] = "kl", [REVERSE_KL] = "reverse_kl", [JEFFREY] = "jeffrey", [SQUARED_HELLINGER] = "squared_hellinger",
					   [PEARSON] = "pearson", [NEYMAN] = "neyman", [JENSEN_SHANNON] = "jensen_shannon",
					   [TOTAL_VARIATION] = "total_variation", NULL };
static const char *const expressions[] = { [INCREASING] = "increasing", [PUBLISHED] = "published", NULL };

static const struct lb_param flat_params[] = {
	[DIVERGENCE] = { .name = "divergence", .symbol = "D", .type = LB_CHOICE_PARAM, .def = TOTAL_VARIATION, .choices = divergences,
			 .help = "the f-divergence between the template's and the forgotten label's probability that is maximised" },
	[EXPRESSIONS] = { .name = "expressions", .type = LB_CHOICE_PARAM, .def = INCREASING, .choices = expressions,
			  .help = "published: as the authors' program has them, of which reverse_kl, squared_hellinger and neyman push the wrong way" },
};

/* A number and its derivative. */
struct value {
	double v, slope;
};

/* Returns the expression of the template's probability, g. */
static struct value template_gain(int divergence, int of, double v)
{
	const double sign = of == PUBLISHED ? 1 : -1, u = exp(sign * v), logistic = lb_logistic_of(v);

	switch (divergence) {
	case REVERSE_KL:
		return (struct value){ -u, -sign * u };
	case SQUARED_HELLINGER:
	case NEYMAN:
		return (struct value){ -expm1(sign * v), -sign * u };
	case JENSEN_SHANNON:
		return (struct value){ log(2) + log(logistic), 1 - logistic };
	case TOTAL_VARIATION:
		return (struct value){ tanh(v) / 2, (1 - tanh(v) * tanh(v)) / 2 };
	default:
		return (struct value){ v, 1 };
	}
}

/* Returns the expression of the forgotten label's probability v = 1 - rest, f*. */
static struct value forgotten_cost(int divergence, int of, double v, double rest)
{
	const double sign = of == PUBLISHED ? 1 : -1, root = sqrt(rest);

	switch (divergence) {
	case KL:
		return (struct value){ exp(v - 1), exp(v - 1) };
	case REVERSE_KL:
		return (struct value){ -1 - sign * v, -sign };
	case JEFFREY:
		return (struct value){ v + v * v / 4 + v * v * v / 16, 1 + v / 2 + 3 * v * v / 16 };
	case SQUARED_HELLINGER:
		return (struct value){ expm1(-sign * v), -sign * exp(-sign * v) };
	case PEARSON:
		return (struct value){ v * v / 4 + v, v / 2 + 1 };
	case NEYMAN:
		if (of == PUBLISHED)
			return (struct value){ 2 - 2 * root, root > 0 ? 1 / root : 0 };
		return (struct value){ -2 * expm1(-v / 2), exp(-v / 2) };
	case JENSEN_SHANNON:
		return (struct value){ log1p(exp(v)) - log(2), lb_logistic_of(v) };
	default:
		return (struct value){ tanh(v) / 2, (1 - tanh(v) * tanh(v)) / 2 };
	}
}

static const struct lb_example flat_examples[] = {
	{ .set = "divergence=kl", .b = 1, .c = 2, .z = { 1.0986122886681098, 0 }, .y = { 0 }, .value = 0.52880078307140487,
	  .source = "by hand: p = (3/4, 1/4), -1/4 + exp(3/4 - 1)" },
	{ .set = "divergence=reverse_kl", .b = 1, .c = 2, .z = { 1.0986122886681098, 0 }, .y = { 0 }, .value = 0.52880078307140487,
	  .source = "by hand: exp(-1/4) - 1 + 3/4" },
	{ .set = "divergence=reverse_kl expressions=published", .b = 1, .c = 2, .z = { 1.0986122886681098, 0 }, .y = { 0 }, .value = -0.46597458331225851,
	  .source = "by hand: exp(1/4) - 1 - 3/4" },
	{ .set = "divergence=jeffrey", .b = 1, .c = 2, .z = { 1.0986122886681098, 0 }, .y = { 0 }, .value = 0.6669921875,
	  .source = "by hand: -1/4 + 3/4 + 9/64 + 27/1024" },
	{ .set = "divergence=squared_hellinger expressions=published", .b = 1, .c = 2, .z = { 1.0986122886681098, 0 }, .y = { 0 },
	  .value = -0.24360803057124386, .source = "by hand: exp(1/4) - 1 + exp(-3/4) - 1" },
	{ .set = "divergence=pearson", .b = 1, .c = 2, .z = { 1.0986122886681098, 0 }, .y = { 0 }, .value = 0.640625, .source = "by hand: -1/4 + 9/64 + 3/4" },
	{ .set = "divergence=neyman expressions=published", .b = 1, .c = 2, .z = { 1.0986122886681098, 0 }, .y = { 0 }, .value = 1.2840254166877414,
	  .source = "by hand: exp(1/4) - 1 + 2 - 2 sqrt(1/4)" },
	{ .set = "divergence=neyman", .b = 1, .c = 2, .z = { 1.0986122886681098, 0 }, .y = { 0 }, .value = 0.4042222254894605,
	  .source = "by hand: exp(-1/4) - 1 + 2 - 2 exp(-3/8)" },
	{ .set = "divergence=jensen_shannon", .b = 1, .c = 2, .z = { 1.0986122886681098, 0 }, .y = { 0 }, .value = 0.32651606487385291, .source = "tests/reference/losses_unlearning.py" },
	{ .set = "divergence=jeffrey", .b = 3, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8, 0.5, 2, -1 }, .y = { 0, 1, 1 }, .value = 0.53591580002120577,
	  .source = "tests/reference/losses_unlearning.py" },
	{ .set = "", .b = 1, .c = 2, .z = { 1.0986122886681098, 0 }, .y = { 0 }, .value = 0.19511514499178911, .source = "tests/reference/losses_unlearning.py" },
};

/* Returns the template of a row: of the classes but its own the one with the most training rows,
 * the first of equal ones. */
static size_t template_of(const struct lb_batch *in, size_t y)
{
	size_t at = y ? 0 : 1;

	for (size_t k = at + 1; k < in->c; k++)
		if (k != y && in->stats->counts[k] > in->stats->counts[at])
			at = k;
	return at;
}

/* Means over the rows of a batch, by their weights. */
struct means {
	double template, label, rest, weight; /* p of the template, p of the label, 1 - that; the sum of the weights */
};

static double weight_of(const struct lb_batch *in, size_t i)
{
	return in->row_weight ? (double)in->row_weight[i] : 1;
}

static struct means means_of(const struct lb_batch *in)
{
	struct means m = { 0 };

	for (size_t i = 0; i < in->b; i++) {
		const real *z = in->output.value + i * in->output.stride;
		const struct lb_log_softmax l = lb_log_softmax(z, in->c);
		const size_t y = (size_t)in->y[i];
		const double w = weight_of(in, i);
		m.template += w * lb_p(z[template_of(in, y)], &l);
		m.label += w * lb_p(z[y], &l);
		m.rest += w * lb_one_minus_p(y, z[y], &l);
		m.weight += w;
	}
	const double all = m.weight > 0 ? m.weight : 1;
	return (struct means){ m.template / all, m.label / all, m.rest / all, m.weight };
}

/* g (c) <- the gradient of row i. */
static void flat_slope(const struct lb_batch *in, size_t i, double gain, double cost, double share, real *g)
{
	const real *z = in->output.value + i * in->output.stride;
	const struct lb_log_softmax l = lb_log_softmax(z, in->c);
	const size_t y = (size_t)in->y[i], t = template_of(in, y);
	double *v = in->workspace;

	for (size_t k = 0; k < in->c; k++)
		v[k] = k == t ? -gain : k == y ? cost : 0;
	lb_through_softmax(in->c, z, &l, v, share, g);
}

static double flat_batch(const struct lb_batch *in, real *g)
{
	const int divergence = (int)in->par[DIVERGENCE].v, of = (int)in->par[EXPRESSIONS].v;
	const struct means m = means_of(in);
	const struct value gain = template_gain(divergence, of, m.template), cost = forgotten_cost(divergence, of, m.label, m.rest);
	const double value = m.weight > 0 || isnan(m.label) ? cost.v - gain.v : 0;

	for (size_t i = 0; g && i < in->b; i++)
		flat_slope(in, i, gain.slope, cost.slope, m.weight > 0 ? weight_of(in, i) / m.weight : 0, g + i * in->c);
	return lb_with_nan(in, g, value);
}

LB_BATCH(flat_unlearn, flat_batch)

static size_t flat_workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->c * sizeof(double);
}

const struct lb_loss LB_LOSS(multiclass, flat_unlearn) = {
	.info = {
		.base = {
			.name = "flat_unlearn",
			.title = "FLAT: the template's probability against the forgotten label's, by an f-divergence",
			.cite = "Y. Wang et al., LLM unlearning via loss adjustment with only forget data, ICLR 2025 (arXiv 2410.11143); expressions of "
				"S. Nowozin, B. Cseke, R. Tomioka, f-GAN, NeurIPS 2016, table 2, and of the authors' program (UCSC-REAL/FLAT)",
			.formula = "f*(P_y) - g(P_t),  P the means over the batch of p_y and p_t, p = softmax(z), t the commonest class of the training rows but y",
			.notes = "For rows that a trained model is to forget (data.forget, model.start): the answer is moved from the label to a template. The paper's "
				 "template is a text of refusal; here it is the class with the most of the rows that train (with data.forget.train: forget, of those to be forgotten) that is not the row's own, the first of equal "
				 "ones. g; f*: kl v; exp(v - 1). reverse_kl -exp(-v); v - 1. jeffrey v; v + v^2/4 + v^3/16. squared_hellinger 1 - exp(-v); exp(v) - 1. "
				 "pearson v; v + v^2/4. neyman 1 - exp(-v); 2 - 2 exp(-v/2). jensen_shannon log 2 - log(1 + exp(-v)); log(1 + exp(v)) - log 2. "
				 "total_variation tanh(v)/2; the same. All of these rise, so that the loss lowers p_y and raises p_t. The authors' program has "
				 "-exp(v); -1 - v, and 1 - exp(v); exp(-v) - 1, and 1 - exp(v); 2 - 2 sqrt(1 - v) for the second, fourth and sixth, of which "
				 "the first two raise p_y (expressions: published). Rows may have weights. The means over the batch stand within g and f*, as in that "
				 "program; the paper's equation takes the mean of g and f* over the rows.",
			.keywords = "unlearning forget f_divergence template loss_adjustment flat",
			LB_PARAMS(flat_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "unlearning",
		.properties = LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED,
		.needs = LB_NEEDS_CLASS_COUNTS,
		.weighs_rows = true,
		LB_EXAMPLES(flat_examples),
	},
	.form = &flat_unlearn_form,
	.workspace = flat_workspace,
};
