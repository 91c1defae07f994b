#include "losses/support/ldr.h"

#include "core/base/mem.h"

#include <stdlib.h>

enum { LAMBDA0, ALPHA, MARGIN, NORM };

static const char *const norms[] = { [LB_NORM_NONE] = "none", [LB_NORM_SOFTPLUS] = "softplus", [LB_NORM_L1] = "l1", NULL };

static const struct lb_param params[] = {
	[LAMBDA0] = { .name = "lambda0", .symbol = "lambda0", .def = 10, .min = 0, .max = 1e3, .min_open = true, .log_scale = true,
		      .grid = { 0.1, 1, 10 }, .n_grid = 3, .help = "temperature of a row before its first visit, and the highest" },
	[ALPHA] = { .name = "alpha", .symbol = "a", .def = 2, .min = 1, .max = 1e3, .min_open = true, .grid = { 1.5, 2, 5 }, .n_grid = 3,
		    .help = "a temperature stays above lambda0 (1 - 1/a)" },
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 0.1, .min = 0, .max = 1e3, .log_scale = true, .grid = { 0.1, 1, 10 },
		     .n_grid = 3, .help = "lead that the label's score must have over every other" },
	[NORM] = { .name = "norm", .type = LB_CHOICE_PARAM, .def = LB_NORM_L1, .choices = norms,
		   .help = "f = z; softplus(z) over its mean; or z over the mean of |z|" },
};

static const struct lb_example examples[] = {
	{ .set = "lambda0=1 margin=1", .b = 1, .c = 4, .z = { 1, 1, 1, 1 }, .y = { 0 }, .value = 0.82798893924286976,
	  .source = "by hand: p is uniform, so lambda = lambda0, and log((1 + 3 e) / 4)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = -0.7448546219937362,
	  .source = "mpmath, 30 digits" },
	{ .set = "lambda0=1 norm=softplus", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 },
	  .value = -0.1609410088897301, .source = "mpmath, 30 digits" },
};

/* lambda0 (1 - KL / (alpha log C)) with KL of p, softmax(f / lambda) with 1e-5 added to each p_k,
 * from uniform. p_k / p_top into e. */
static double next_lambda(const struct lb_scores *s, const struct lb_arg *par, double lambda, real *e)
{
	const double c = (double)s->c, added = 1e-5, top = lb_score(s, s->top);
	double sum = 0, kl = 0;

	for (size_t k = 0; k < s->c; k++) {
		e[k] = (real)exp((lb_score(s, k) - top) / lambda);
		sum += (double)e[k];
	}
	for (size_t k = 0; k < s->c; k++) {
		const double p = ((double)e[k] / sum + added) / (1 + c * added);
		kl += p * log(c * p);
	}
	return par[LAMBDA0].v * (1 - kl / (par[ALPHA].v * log(c)));
}

static void update_state(const struct lb_batch *in)
{
	double *lambdas = in->state;             /* (n_rows), all lambda0 before the first visit */

	for (size_t i = 0; in->row_id && i < in->b; i++) {
		const struct lb_scores s = lb_scores(in->output.value + i * in->c, in->c, (enum lb_norm)in->par[NORM].v);
		double *lambda = &lambdas[in->row_id[i]];
		*lambda = next_lambda(&s, in->par, *lambda, in->terms);
	}
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const double *lambdas = in->state, start = in->par[LAMBDA0].v;
	const struct lb_scores s = lb_scores(z, in->c, (enum lb_norm)in->par[NORM].v);
	real *w = lb_terms(in, g);
	const double lambda = lambdas && in->row_id ? lambdas[in->row_id[i]] : next_lambda(&s, in->par, start, w);
	const double penalty = in->par[ALPHA].v * log((double)in->c) / (2 * start) * (lambda - start) * (lambda - start);
	const double value = lb_ldr_kl(&s, (size_t)in->y[i], in->par[MARGIN].v, lambda, w);

	if (g)
		lb_scores_back(&s, g);
	return (real)(value - penalty);
}

static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	double *lambdas = lb_alloc(stats->n_rows, sizeof *lambdas, err);

	for (size_t i = 0; lambdas && i < stats->n_rows; i++)
		lambdas[i] = par[LAMBDA0].v;
	return lambdas;
}

static size_t state_size(const struct lb_arg *par, const struct lb_loss_stats *stats)
{
	(void)par;
	return stats->n_rows * sizeof(double);
}

LB_ROW(aldr_kl, row)

const struct lb_loss LB_LOSS(multiclass, aldr_kl) = {
	.info = {
		.base = {
			.name = "aldr_kl",
			.title = "Adaptive LDR-KL loss: a temperature for each training row, lowered as it is fitted",
			.cite = "D. Zhu, Y. Ying, T. Yang, Label distributionally robust losses for multi-class classification: consistency, "
				"robustness and adaptivity, ICML 2023",
			.formula = "lambda log((1/C) sum_k exp(g_k / lambda)) - (a log C / (2 lambda0)) (lambda - lambda0)^2,  g_k = f_k - f_y + m "
				   "[k != y]",
			.notes = "Keeps one lambda a training row, lambda0 at first. A visit sets it, before the loss is taken, to "
				 "lambda0 (1 - KL / (a log C)), KL of p from uniform, p = softmax(f / lambda) without margin and with the "
				 "lambda before; as in the paper's program 1e-5 is added to each p_k and p divided by its sum. Value and "
				 "gradient hold lambda fixed. Rows without one (validation rows, no sample ids) are seen as at their "
				 "first visit. Negative values are normal. With norm=l1 the value jumps where all scores are 0: f and "
				 "the gradient are 0 there (the program gives NaN). The program's softplus_l1 is softplus here: the "
				 "second norm changes nothing.",
			.keywords = "aldr adaptive_ldr label_distributionally_robust kl temperature",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.needs = LB_NEEDS_SAMPLE_IDS,
		.exceptions = LB_JUMPS_AT_TIES,
		LB_EXAMPLES(examples),
	},
	.form = &aldr_kl_form,
	.init = init,
	.update_state = update_state,
	.state_size = state_size,
	.free = free,
};
