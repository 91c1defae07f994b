#include "losses/support/softmax.h"

enum { PI };

static const struct lb_param params[] = {
	[PI] = { .name = "pi", .symbol = "pi", .def = 0.5, .min = 1e-6, .max = 0.999999, .grid = { 0.1, 0.5, 0.9 }, .n_grid = 3,
		 .help = "weight of the label: towards 0 cross-entropy, towards 1 half of mae" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 0.62255624891826578,
	  .source = "by hand: m = (3/4, 1/4), (1.5 log 2 - 0.75 log 3 + 0.25 log 2) / log 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.6881518833006411,
	  .source = "mpmath, 30 digits" },
};

/* Z L = -pi log m + (1 - pi) (q w - p_y log(m / p_y)), w = -log(1 - pi), Z = (1 - pi) w, and F =
 * p_y (log(m / p_y) + w) / w, where m / p_y = 1 + pi q / p_y. */
static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	const real pi = (real)par[PI].v, other = (real)(1 - par[PI].v), w = (real)-log1p(-par[PI].v);
	const real lack = other * s->q, log_m = lack > R(0.5) ? log(pi + other * s->p) : log1p(-lack), odds = pi * s->q / s->p;
	const real ratio = odds <= 1 ? log1p(odds) : log_m - s->lp;

	return (struct lb_phi){ .loss = (other * (s->q * w - s->p * ratio) - pi * log_m) / (other * w),
				.f = s->p * (ratio + w) / w };
}

LB_LABEL_PROBABILITY(js, phi)

const struct lb_loss LB_LOSS(multiclass, js) = {
	.info = {
		.base = {
			.name = "js",
			.title = "Jensen-Shannon divergence between label and prediction",
			.cite = "E. Englesson, H. Azizpour, Generalized Jensen-Shannon divergence loss for learning with noisy "
				"labels, NeurIPS 2021",
			.formula = "(pi KL(e || m) + (1 - pi) KL(p || m)) / Z,  m = pi e + (1 - pi) p,  Z = -(1 - pi) log(1 - pi)",
			.notes = "At most 1 + pi log(pi) / ((1 - pi) log(1 - pi)), which is 2 at pi = 1/2, as p_y goes to 0. It "
				 "tends to cross-entropy as pi goes to 0; to 1 - p_y as pi goes to 1, but slowly, like 1 / log(1 "
				 "- pi). One prediction a row: the paper's GJS, over several augmented copies, is another loss.",
			.keywords = "jensen_shannon jsd js_divergence",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &js_form,
};
