/* Losses of complementary labels: the label is a class that the row is not of, any of the others
 * being as likely. */
#include "losses/support/label_gaps.h"

#define SAYS "The label of a row is a class that it is NOT of, drawn evenly from the others. "

/* ---- comp_forward ---- */

static const struct lb_example forward_examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 1.3862943611198906, .source = "by hand: -log((3/4) / 3)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 1.358219215, .source = "mpmath, 80 digits" },
};

/* log(1 - p_y) is the difference of two log sums, so that it stays finite: with m the largest of
 * the other scores, -log(sum of exp(z_k - m)) and log(1 + exp(z_y - m) / sum). Gradient: p_y
 * times e less the softmax of the others. */
static real forward_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const size_t c = in->c, y = (size_t)in->y[i];
	double top = -HUGE_VAL, sum = 0;

	for (size_t k = 0; k < c; k++)
		top = k != y && (double)z[k] > top ? (double)z[k] : top;
	for (size_t k = 0; k < c; k++)
		sum += k == y ? 0 : exp((double)z[k] - top);
	const double x = (double)z[y] - top - log(sum), u = exp(-fabs(x)), p = (x >= 0 ? 1 : u) / (1 + u);
	for (size_t k = 0; g && k < c; k++)
		g[k] = (real)(k == y ? p : -p * (exp((double)z[k] - top) / sum));
	return (real)((x <= 0 ? 0 : x) + log1p(u) + log((double)c - 1));
}
LB_ROW(comp_forward, forward_row)

const struct lb_loss LB_LOSS(multiclass, comp_forward) = {
	.info = {
		.base = {
			.name = "comp_forward",
			.title = "Forward correction for complementary labels: the probability of not being of the named class",
			.cite = "X. Yu, T. Liu, M. Gong, D. Tao, Learning with biased complementary labels, ECCV 2018",
			.formula = "-log((1 - p_y) / (C - 1))",
			.notes = SAYS "The even case of the paper. With two classes it is cross-entropy to the other class.",
			.keywords = "complementary_labels negative_label weak_supervision forward",
		},
		.kind = LB_MULTICLASS,
		.good_for = "complementary labels",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(forward_examples),
	},
	.form = &comp_forward_form,
};

/* ---- comp_exp ---- */

static const struct lb_example exp_examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 1.2840254166877414, .source = "by hand: exp(1/4)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 1.613272747, .source = "mpmath, 80 digits" },
};

static struct lb_phi exp_phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	const real value = exp(s->p);

	(void)par;
	return (struct lb_phi){ .loss = value, .f = -s->p * value };
}
LB_LABEL_PROBABILITY(comp_exp, exp_phi)

const struct lb_loss LB_LOSS(multiclass, comp_exp) = {
	.info = {
		.base = {
			.name = "comp_exp",
			.title = "Exponential surrogate for complementary labels",
			.cite = "Y.-T. Chou, G. Niu, H.-T. Lin, M. Sugiyama, Unbiased risk estimators can mislead: a case study of learning with complementary "
				"labels, ICML 2020",
			.formula = "exp(p_y)",
			.notes = SAYS "Between 1 and e, with gradients of less variance than those of the unbiased risk, comp_free.",
			.keywords = "complementary_labels negative_label weak_supervision scl surrogate",
		},
		.kind = LB_MULTICLASS,
		.good_for = "complementary labels",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED,
		LB_EXAMPLES(exp_examples),
	},
	.form = &comp_exp_form,
};

/* ---- comp_free ---- */

static const struct lb_example free_examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 1.3862943611198906, .source = "by hand: 4 log 4 - 3 log 4" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 2.343153864, .source = "mpmath, 80 digits" },
};

static real free_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_label_gaps_row(in, i, z, g, 1, 1);
}
LB_ROW(comp_free, free_row)

const struct lb_loss LB_LOSS(multiclass, comp_free) = {
	.info = {
		.base = {
			.name = "comp_free",
			.title = "Unbiased risk of cross-entropy from complementary labels",
			.cite = "T. Ishida, G. Niu, A. Menon, M. Sugiyama, Complementary-label learning for arbitrary losses and models, ICML 2019, eq. 8",
			.formula = "(C - 1) log p_y - sum_k log p_k",
			.notes = SAYS "Its mean over the other classes than k is cross-entropy to class k: the risk is unbiased. Unbounded below, "
				 "so that flexible models overfit; comp_nn holds it above 0.",
			.keywords = "complementary_labels negative_label weak_supervision unbiased_risk",
		},
		.kind = LB_MULTICLASS,
		.good_for = "complementary labels",
		.properties = LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(free_examples),
	},
	.form = &comp_free_form,
};

/* ---- comp_nn ---- */

enum { MAX, ABS };
static const char *const corrections[] = { [MAX] = "max", [ABS] = "abs", NULL };
static const struct lb_param nn_params[] = {
	{ .name = "correction", .symbol = "h", .type = LB_CHOICE_PARAM, .def = MAX, .choices = corrections,
	  .help = "what is made of a class's negative risk: h(r) = max(0, r), or |r|" },
};

static const struct lb_example nn_examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 4.1588830833596715, .source = "by hand: 0 + 3 log 4" },
	{ .set = "correction=abs", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 6.9314718055994531,
	  .source = "by hand: |-2 log 4| + 3 log 4" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 2.343153864, .source = "mpmath, 80 digits" },
};

static size_t nn_room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->c * sizeof(double);
}

/* What the cross-entropy to class k counts in the risk of that class, for a row with label y. */
static double count_of(size_t k, size_t y, size_t c)
{
	return k == y ? 2 - (double)c : 1;
}

static double nn_batch(const struct lb_batch *in, real *g)
{
	const size_t c = in->c;
	double *slope = in->workspace, value = 0; /* of each class: its risk, then the slope by it */

	for (size_t k = 0; k < c; k++)
		slope[k] = 0;
	for (size_t i = 0; i < in->b; i++) {
		const real *z = in->output.value + i * c;
		const struct lb_log_softmax soft = lb_log_softmax(z, c);
		for (size_t k = 0; k < c; k++)
			slope[k] -= count_of(k, (size_t)in->y[i], c) * lb_log_p(z[k], &soft) / (double)in->b;
	}
	for (size_t k = 0; k < c; k++) {
		const double risk = slope[k], below = in->par[0].v > MAX ? -1 : 0;
		slope[k] = risk < 0 ? below : risk > 0;
		value += isnan(risk) ? risk : slope[k] * risk;
	}
	for (size_t i = 0; g && i < in->b; i++) {
		const real *z = in->output.value + i * c;
		const struct lb_log_softmax soft = lb_log_softmax(z, c);
		double sum = 0;
		for (size_t k = 0; k < c; k++)
			sum += slope[k] * count_of(k, (size_t)in->y[i], c);
		for (size_t k = 0; k < c; k++)
			g[i * c + k] = (real)((lb_p(z[k], &soft) * sum - slope[k] * count_of(k, (size_t)in->y[i], c)) / (double)in->b);
	}
	return lb_with_nan(in, g, value);
}
LB_BATCH(comp_nn, nn_batch)

const struct lb_loss LB_LOSS(multiclass, comp_nn) = {
	.info = {
		.base = {
			.name = "comp_nn",
			.title = "Risk of cross-entropy from complementary labels, held above 0 class by class",
			.cite = "T. Ishida, G. Niu, A. Menon, M. Sugiyama, Complementary-label learning for arbitrary losses and models, ICML 2019, section 3.3",
			.formula = "sum_k h(r_k),  r_k = (1/B) (-sum_i log p_ik + (C - 1) sum over i with y_i = k of log p_ik)",
			.notes = SAYS "The risk of each class is taken over the batch; where none is below 0 it is comp_free. The gradient is "
				 "that of the value: the paper's gradient ascent on negative risks is correction=abs.",
			.keywords = "complementary_labels negative_label weak_supervision non_negative_risk",
			LB_PARAMS(nn_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "complementary labels",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(nn_examples),
	},
	.form = &comp_nn_form,
	.workspace = nn_room,
};
