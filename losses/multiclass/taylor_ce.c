#include "losses/support/softmax.h"

enum { ORDER };

static const struct lb_param params[] = {
	[ORDER] = { .name = "order", .symbol = "t", .type = LB_INT_PARAM, .def = 2, .min = 1, .max = 1000, .grid = { 1, 2, 3, 4, 6, 10 },
		    .n_grid = 6, .help = "terms of the series; 1 is half of mae, many are near cross-entropy" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "order=1", .other = "mae", .other_set = "", .scale = 0.5 },
	{ .set = "order=1", .other = "rce", .other_set = "a=1" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 1 }, .value = 0.625,
	  .source = "by hand: p_y = 1/2, 1/2 + 1/8" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.678432419064346,
	  .source = "mpmath, 30 digits" },
};

static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	const int order = (int)par[ORDER].v;
	const double q = s->p < s->q ? 1 - (double)s->p : (double)s->q;
	const double log_q = s->p < s->q ? log1p(-(double)s->p) : log(q);
	double sum = 0;

	for (int i = order; i > 0; i--)
		sum = 1.0 / i + q * sum;
	return (struct lb_phi){ .loss = (real)(q * sum), .f = (real)-expm1(order * log_q) };
}

LB_LABEL_PROBABILITY(taylor_ce, phi)

const struct lb_loss LB_LOSS(multiclass, taylor_ce) = {
	.info = {
		.base = {
			.name = "taylor_ce",
			.title = "Taylor cross-entropy: the first terms of the series of -log(1 - q)",
			.cite = "L. Feng, S. Shu, Z. Lin, F. Lv, L. Li, B. An, Can cross entropy loss be robust to label "
				"noise?, IJCAI 2020, pp. 2206-2212",
			.formula = "sum_{i=1..t} q^i / i",
			.notes = "Between mae (half of it at order 1) and cross-entropy (order to infinity); at most 1 + 1/2 + "
				 "... + 1/t. Symmetric only at order 1. The cost of a row grows with the order.",
			.keywords = "taylor_cross_entropy tce",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &taylor_ce_form,
};
