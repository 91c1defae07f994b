#include "losses/support/class_prior.h"

enum { TAU };

static const struct lb_param params[] = {
	[TAU] = { .name = "tau", .symbol = "tau", .def = 1, .min = 0, .max = 10, .grid = { 0, 0.5, 1, 2 }, .n_grid = 4,
		  .help = "strength; 0 is logistic" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "tau=0", .other = "logistic", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 0, 0, 0 }, .y = { 1, 0, 0 }, .value = 0.63651416829481284,
	  .source = "by hand: a = -log 2, (log 3 + 2 log(3/2)) / 3" },
	{ .set = "tau=2", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = 0.55466067675740937,
	  .source = "mpmath, 30 digits" },
};

static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	return lb_number(par[TAU].v * log(lb_odds(stats)), err);
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const real moved = (real)((double)z[0] + *(const double *)in->state);
	const struct lb_margin m = lb_logistic(lb_margin_of(in, i, &moved));

	return lb_margin_row(&m, in->y[i], R(1.0), g);
}

LB_ROW(logit_adjusted_bce, row)

const struct lb_loss LB_LOSS(binary, logit_adjusted_bce) = {
	.info = {
		.base = {
			.name = "logit_adjusted_bce",
			.title = "Logit-adjusted logistic loss: the class ratio added to the score",
			.cite = "A. K. Menon, S. Jayasumana, A. S. Rawat, H. Jain, A. Veit, S. Kumar, Long-tail learning via "
				"logit adjustment, ICLR 2021",
			.formula = "log(1 + exp(-t (z + a))),  a = tau log(n_1 / n_0),  t = 1 for y = 1, -1 for y = 0",
			.notes = "n_y are the counts of the training rows, after corruption; a class without rows counts as "
				 "one row. Predict with z, without a: the decision z > 0 then is that for equal classes. "
				 "Calibrated for the balanced error, not for the plain one. The form for one score of the "
				 "paper's softmax loss.",
			.keywords = "logit_adjustment long_tail prior balanced",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "class imbalance",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.needs = LB_NEEDS_CLASS_COUNTS,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &logit_adjusted_bce_form,
	.init = init,
	.free = free,
};
