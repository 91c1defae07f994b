#include "losses/support/softmax.h"

enum { EPSILON };

static const struct lb_param params[] = {
	[EPSILON] = { .name = "eps", .symbol = "eps", .former = "epsilon", .def = 1, .min = -1, .max = 1000, .grid = { -1, 0, 1, 2, 5 }, .n_grid = 5,
		      .help = "change of the first polynomial coefficient; 0 is cross-entropy" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "eps=0", .other = "ce", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "eps=2", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 1 }, .value = 1.6931471805599453,
	  .source = "by hand: p_y = 1/2, log 2 + 2/2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 1.3230334686490402,
	  .source = "mpmath, 30 digits" },
};

/* F = 1 + eps p_y vanishes with q at eps = -1: near p_y = 1 it is written as (1 + eps) - eps q. */
static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	const real eps = (real)par[EPSILON].v;

	return (struct lb_phi){ .loss = -s->lp + eps * s->q, .f = s->p < s->q ? 1 + eps * s->p : (1 + eps) - eps * s->q };
}

LB_LABEL_PROBABILITY(poly1, phi)

const struct lb_loss LB_LOSS(multiclass, poly1) = {
	.info = {
		.base = {
			.name = "poly1",
			.title = "Poly-1: cross-entropy with its first polynomial coefficient changed",
			.cite = "Z. Leng, M. Tan, C. Liu, E. D. Cubuk, X. Shi, S. Cheng, D. Anguelov, PolyLoss: a polynomial expansion "
				"perspective of classification loss functions, ICLR 2022",
			.formula = "-log p_y + eps q",
			.notes = "eps >= -1 keeps the loss decreasing in p_y. Not convex for large eps (a counter-example exists at eps = 2).",
			.keywords = "polyloss poly_1 poly1_cross_entropy",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "hard examples",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &poly1_form,
};
