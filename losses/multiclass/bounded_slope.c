/* Losses of p_y whose slope grows less than that of cross-entropy as p_y falls: by a power of
 * p_y or of its log, or cut off. */
#include "losses/support/comp_sum_phi.h"

#define CITE_MENON \
	"A. K. Menon, A. S. Rawat, S. J. Reddi, S. Kumar, Can gradient clipping mitigate label noise?, ICLR 2020"

/* ---- alpha_loss ---- */

static const struct lb_param alpha_params[] = {
	{ .name = "alpha", .symbol = "a", .def = 2, .min = 0.5, .max = 1e6, .log_scale = true, .grid = { 0.5, 0.8, 1, 2, 10 }, .n_grid = 5,
	  .help = "1/2 is 1/p_y - 1, 1 cross-entropy, large values come close to half of mae" },
};

static const struct lb_same_as alpha_same_as[] = {
	{ .set = "alpha=1", .other = "ce", .other_set = "" },
	{ .set = "alpha=2", .other = "gce", .other_set = "q=0.5" },
	{ .set = "alpha=2", .other = "comp_sum", .other_set = "tau=1.5" },
	{ .set = "alpha=0.5", .other = "comp_sum", .other_set = "tau=0" },
};

static const struct lb_example alpha_examples[] = {
	{ .set = "alpha=0.5", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 2 }, .value = 3, .source = "by hand: p_y = 1/4, 4 - 1" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.6416656665,
	  .source = "mpmath, 80 digits" },
};

static real alpha_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct lb_arg par[] = { [LB_COMP_SUM_TAU] = { .v = 2 - 1 / in->par[0].v }, [LB_COMP_SUM_RHO] = { .v = 1 } };
	struct lb_batch with = *in;

	with.par = par;
	return lb_comp_sum_row(&with, i, z, g);
}
LB_SOFTMAX_ROW(alpha_loss, alpha_row)

const struct lb_loss LB_LOSS(multiclass, alpha_loss) = {
	.info = {
		.base = {
			.name = "alpha_loss",
			.title = "Alpha-loss: from exponential loss by cross-entropy to the probability of an error",
			.cite = "T. Sypherd, M. Diaz, J. K. Cava, G. Dasarathy, P. Kairouz, L. Sankar, A tunable loss function for robust classification: "
				"calibration, landscape, and generalization, IEEE Transactions on Information Theory 68(9), 2022",
			.formula = "a / (a - 1) (1 - p_y^(1 - 1/a)),  -log p_y for a = 1",
			.notes = "It is comp_sum with tau = 2 - 1/a, and above 1 gce with q = 1 - 1/a, in the parameter of its paper; the Tsallis "
				 "cross-entropy of index 1/a. Below 1 the value may overflow.",
			.keywords = "alpha tsallis tunable gce",
			LB_PARAMS(alpha_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_CALIBRATED,
		.exceptions = LB_OVERFLOWS,
		LB_SAME_AS(alpha_same_as),
		LB_EXAMPLES(alpha_examples),
	},
	.form = &alpha_loss_form,
};

/* ---- tamed_ce ---- */

static const struct lb_param tamed_params[] = {
	{ .name = "alpha", .symbol = "a", .def = 0.5, .min = 0, .max = 1, .grid = { 0, 0.5, 1 }, .n_grid = 3,
	  .help = "how much the slope of improbable labels is held back; 0 is cross-entropy" },
};

static const struct lb_same_as tamed_same_as[] = {
	{ .set = "alpha=0", .other = "ce", .other_set = "" },
};

static const struct lb_example tamed_examples[] = {
	{ .set = "alpha=1", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 0.52658903456174362, .source = "by hand: log(1 + log 2)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.6700157053,
	  .source = "mpmath, 80 digits" },
};

static struct lb_phi tamed_phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	const real a = (real)par[0].v, b = (real)(1 - par[0].v), u = log1p(-s->lp);

	return (struct lb_phi){ .loss = b > 0 ? lb_expm1_times(b, u) / b : u, .f = lb_exp_times(-a, u) };
}
LB_LABEL_PROBABILITY(tamed_ce, tamed_phi)

const struct lb_loss LB_LOSS(multiclass, tamed_ce) = {
	.info = {
		.base = {
			.name = "tamed_ce",
			.title = "Tamed cross-entropy: the slope divided by a power of 1 - log p_y",
			.cite = "M. Martinez, R. Stiefelhagen, Taming the cross entropy loss, GCPR 2018",
			.formula = "((1 - log p_y)^(1 - a) - 1) / (1 - a),  log(1 - log p_y) for a = 1",
			.notes = "Its derivative by p_y is that of cross-entropy divided by (1 - log p_y)^a. Not bounded, but it grows as slowly as "
				 "the log of cross-entropy at a = 1.",
			.keywords = "tce tamed_cross_entropy robust",
			LB_PARAMS(tamed_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_CALIBRATED,
		LB_SAME_AS(tamed_same_as),
		LB_EXAMPLES(tamed_examples),
	},
	.form = &tamed_ce_form,
};

/* ---- phuber_ce ---- */

static const struct lb_param phuber_params[] = {
	{ .name = "tau", .symbol = "tau", .def = 10, .min = 1, .max = 1e6, .min_open = true, .log_scale = true, .grid = { 2, 10, 30 }, .n_grid = 3,
	  .help = "largest slope by p_y: cross-entropy above p_y = 1/tau, linear below" },
};

static const struct lb_example phuber_examples[] = {
	{ .set = "tau=2", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 2 }, .value = 1.1931471805599453, .source = "by hand: 1 + log 2 - 2/4" },
	{ .set = "tau=2", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.76140227303995345,
	  .source = "mpmath, 80 digits" },
};

static struct lb_phi phuber_phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	const real tau = (real)par[0].v, linear = tau * s->p;
	const bool steep = linear < 1;

	return (struct lb_phi){ .loss = steep ? 1 + log(tau) - linear : -s->lp, .f = steep ? linear : R(1.0) };
}
LB_LABEL_PROBABILITY(phuber_ce, phuber_phi)

const struct lb_loss LB_LOSS(multiclass, phuber_ce) = {
	.info = {
		.base = {
			.name = "phuber_ce",
			.title = "Partially Huberised cross-entropy: linear in p_y where p_y is small",
			.cite = CITE_MENON,
			.formula = "-log p_y if p_y > 1/tau, else 1 + log tau - tau p_y",
			.notes = "Cross-entropy, its slope by p_y cut off at tau: that of gradient clipping for a loss alone. Near linear in p_y, as "
				 "mae is, where the label is improbable. The slope is continuous.",
			.keywords = "partially_huberised huberized gradient_clipping robust",
			LB_PARAMS(phuber_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_CALIBRATED,
		LB_EXAMPLES(phuber_examples),
	},
	.form = &phuber_ce_form,
};

/* ---- phuber_gce ---- */

enum { Q, TAU };
static const struct lb_param gce_params[] = {
	[Q] = { .name = "q", .symbol = "a", .def = 0.7, .min = 0, .max = 1, .min_open = true, .max_open = true, .grid = { 0.05, 0.7, 0.95 },
		.n_grid = 3, .help = "as in gce: towards 0 cross-entropy" },
	[TAU] = { .name = "tau", .symbol = "tau", .def = 10, .min = 1, .max = 1e6, .min_open = true, .log_scale = true, .grid = { 1.5, 3, 10 },
		  .n_grid = 3, .help = "largest slope by p_y" },
};

static const struct lb_example gce_examples[] = {
	{ .set = "q=0.5 tau=1.4142135623730951", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 2 }, .value = 0.93933982822017870,
	  .source = "by hand: t = 1/2, sqrt(2) / 4 + 2 - sqrt(2)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.59296770246431322,
	  .source = "mpmath, 80 digits: as gce, no p_y being small" },
};

static struct lb_phi phuber_gce_phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	const real q = (real)par[Q].v, tau = (real)par[TAU].v;
	const double log_t = log(par[TAU].v) / (par[Q].v - 1), t = exp(log_t);
	const struct lb_phi plain = lb_box_cox_phi(s, q);

	if ((double)s->p > t || isnan(s->p))
		return plain;
	return (struct lb_phi){ .loss = (real)(par[TAU].v * (t - (double)s->p) - expm1(par[Q].v * log_t) / par[Q].v), .f = tau * s->p };
}
LB_LABEL_PROBABILITY(phuber_gce, phuber_gce_phi)

const struct lb_loss LB_LOSS(multiclass, phuber_gce) = {
	.info = {
		.base = {
			.name = "phuber_gce",
			.title = "Partially Huberised generalized cross-entropy: linear in p_y where p_y is small",
			.cite = CITE_MENON,
			.formula = "(1 - p_y^a) / a if p_y > t, else tau (t - p_y) + (1 - t^a) / a,  t = tau^(1/(a - 1))",
			.notes = "gce, its slope by p_y cut off at tau. a is the parameter q of the papers. The slope is continuous.",
			.keywords = "partially_huberised huberized gradient_clipping generalized_cross_entropy robust",
			LB_PARAMS(gce_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_CALIBRATED,
		LB_EXAMPLES(gce_examples),
	},
	.form = &phuber_gce_form,
};
