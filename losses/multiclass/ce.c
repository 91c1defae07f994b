#include "losses/support/softmax.h"

enum { TEMPERATURE };

static const struct lb_param params[] = {
	[TEMPERATURE] = { .name = "temperature", .symbol = "T", .def = 1, .min = 1e-3, .max = 1e3, .log_scale = true,
			  .grid = { 0.5, 1, 2, 5 }, .n_grid = 4,
			  .help = "scores are divided by it; the gradient holds the factor 1/T" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 2, 1, 0 }, .y = { 0 }, .value = 0.40760596444438031,
	  .source = "by hand: log(1 + e^-1 + e^-2)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.79315386423303549,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	(void)par;
	return (struct lb_phi){ .loss = -s->lp, .f = R(1.0) };
}

static real inverse_temperature(const struct lb_arg *par)
{
	return (real)(1 / par[TEMPERATURE].v);
}

LB_LABEL_PROBABILITY_AT(ce, phi, inverse_temperature)

const struct lb_loss LB_LOSS(multiclass, ce) = {
	.info = {
		.base = {
			.name = "ce",
			.title = "Cross-entropy: the multinomial logistic loss",
			.cite = "J. S. Bridle, Probabilistic interpretation of feedforward classification network outputs, "
				"Neurocomputing: Algorithms, Architectures and Applications, 1990; temperature: G. Hinton, O. Vinyals, "
				"J. Dean, Distilling the knowledge in a neural network, arXiv 1503.02531, 2015",
			.formula = "-log p_y,  p = softmax(z / T)",
			.notes = "Its probabilities are softmax(z / T); they are those of the metrics, softmax(z), at temperature 1. "
				 "The gradient is (p - e) / T: it is not multiplied by T^2 as in distillation.",
			.keywords = "cross_entropy nll softmax_loss log_loss logistic_regression multinomial_logistic",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "general use",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_PROPER | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &ce_form,
};
