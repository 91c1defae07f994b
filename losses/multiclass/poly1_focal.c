#include "losses/support/softmax.h"

enum { GAMMA, EPSILON };

static const struct lb_param params[] = {
	[GAMMA] = { .name = "gamma", .symbol = "g", .def = 2, .min = 0, .max = 100, .grid = { 0, 0.5, 1, 2, 5 }, .n_grid = 5,
		    .help = "down-weighting of easy rows; 0 is poly1" },
	[EPSILON] = { .name = "eps", .symbol = "eps", .def = 1, .min = -1, .max = 1000, .grid = { -1, 0, 1, 2, 5 }, .n_grid = 5,
		      .help = "change of the first polynomial coefficient; 0 is focal" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "eps=0", .other = "focal", .other_set = "" },
	{ .set = "gamma=0.5 eps=0", .other = "focal", .other_set = "gamma=0.5" },
	{ .set = "gamma=0", .other = "poly1", .other_set = "" },
	{ .set = "gamma=0 eps=-1", .other = "poly1", .other_set = "eps=-1" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 0.29828679513998632,
	  .source = "by hand: p_y = 1/2, (1/4) log 2 + 1/8" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.4481583036324491,
	  .source = "mpmath, 30 digits" },
};

/* t = (-log p_y - q) / q = q/2 + q^2/3 + ..., all that is left at eps = -1 as q nears 0. */
static real excess(const struct lb_softmax *s)
{
	real t = 0;

	if (!(s->q <= R(0.1)))
		return -s->lp / s->q - 1;
	for (int i = 19; i > 1; i--)
		t = s->q * (1 / (real)i + t);
	return t;
}

/* In t both are sums of terms that are not negative: q^(g+1) (1 + eps + t), F = q^g (q + g p_y t +
 * (1 + eps) (g + 1) p_y). */
static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	const real gamma = (real)par[GAMMA].v, lift = (real)(1 + par[EPSILON].v);
	const real weight = lb_power_of_rest(s->p, s->q, gamma), t = excess(s);

	return (struct lb_phi){ .loss = weight * s->q * (lift + t),
				.f = weight * (s->q + gamma * s->p * t + lift * (gamma + 1) * s->p) };
}

LB_LABEL_PROBABILITY(poly1_focal, phi)

const struct lb_loss LB_LOSS(multiclass, poly1_focal) = {
	.info = {
		.base = {
			.name = "poly1_focal",
			.title = "Poly-1 focal loss: focal loss with its first polynomial coefficient changed",
			.cite = "Z. Leng, M. Tan, C. Liu, E. D. Cubuk, X. Shi, S. Cheng, D. Anguelov, PolyLoss: a polynomial "
				"expansion perspective of classification loss functions, ICLR 2022",
			.formula = "-q^g log p_y + eps q^(g+1)",
			.notes = "The softmax form. The factor q^g is part of the derivative. eps >= -1 keeps the loss "
				 "decreasing in p_y. Convex only where focal and poly1 are: at gamma = 0, for small eps.",
			.keywords = "polyloss poly_1 poly1_focal_loss",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "hard examples",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_CALIBRATED,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &poly1_focal_form,
};
