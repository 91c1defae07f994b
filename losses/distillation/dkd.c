#include "losses/support/soft_targets.h"

enum { ALPHA, BETA, TEMPERATURE };

static const struct lb_param params[] = {
	[ALPHA] = { .name = "alpha", .symbol = "a", .def = 1, .min = 0, .max = 1000, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		    .help = "weight of the label's class against all others" },
	[BETA] = { .name = "beta", .symbol = "b", .def = 8, .min = 0, .max = 1000, .grid = { 0, 1, 2, 4, 8 }, .n_grid = 5,
		   .help = "weight of what the other classes are among themselves" },
	[TEMPERATURE] = { .name = "temperature", .symbol = "T", .def = 4, .min = 0.01, .max = 1000, .grid = { 1, 2, 4, 8 }, .n_grid = 4,
			  .log_scale = true, .help = "divides both score sets" },
};

static const struct lb_example examples[] = {
	{ .set = "temperature=1", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .t = { 1.0986122886681098, 0 }, .value = 0.13081203594113697,
	  .source = "by hand: of two classes the label's part alone, 3/4 log(3/2) + 1/4 log(1/2)" },
	{ .set = "alpha=0 beta=2 temperature=1", .b = 1, .c = 3, .z = { 5, 0, 0 }, .y = { 0 }, .t = { -1, 1.0986122886681098, 0 },
	  .value = 0.26162407188227394, .source = "by hand: the others' part, twice 3/4 log(3/2) + 1/4 log(1/2)" },
};

/* A row of scores: the softmax of all classes, and of all but the label's. */
struct split {
	struct lb_softened all, others;
	double own, rest;        /* log of the label's probability, and of 1 less it */
};

static struct split split(const real *v, size_t c, size_t y, double temperature)
{
	struct split s = { .all = lb_soften(v, c, temperature), .others = lb_soften_without(v, c, y, temperature) };

	s.own = lb_soft_log_p(&s.all, v[y]);
	s.rest = s.all.scale * (s.others.most - s.all.most) + s.others.log - s.all.log;
	return s;
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const real *t = in->teacher + i * in->c;
	const double a = in->par[ALPHA].v, b = in->par[BETA].v, temperature = in->par[TEMPERATURE].v;
	const size_t y = (size_t)in->y[i];
	const struct split teacher = split(t, in->c, y, temperature), student = split(z, in->c, y, temperature);
	double own, rest, change, others = 0;
	const double target = lb_divergence_term(teacher.own, student.own, &own) + lb_divergence_term(teacher.rest, student.rest, &rest);
	const double more = fabs(own) < fabs(rest) ? own : -rest; /* the label's probability, student less teacher */

	for (size_t k = 0; k < in->c; k++) {
		if (k == y)
			continue;
		const double lq = lb_soft_log_p(&student.others, z[k]);
		others += lb_divergence_term(lb_soft_log_p(&teacher.others, t[k]), lq, &change);
		if (g)
			g[k] = (real)(temperature * (b * change - a * more * exp(lq)));
	}
	if (g)
		g[y] = (real)(temperature * a * more);
	const double sum = a * target + b * others;
	return sum < 0 ? R(0.0) : (real)(temperature * temperature * sum);
}

LB_ROW(dkd, row)

const struct lb_loss LB_LOSS(distillation, dkd) = {
	.info = {
		.base = {
			.name = "dkd",
			.title = "Decoupled knowledge distillation: the label's class against the others, and the others among themselves",
			.cite = "B. Zhao, Q. Cui, R. Song, Y. Qiu, J. Liang, Decoupled knowledge distillation, CVPR 2022",
			.formula = "T^2 (a KL((P_y, 1 - P_y) || (Q_y, 1 - Q_y)) + b sum_{k != y} P'_k log(P'_k / Q'_k)),  P' and Q' the softmax over all classes but y",
			.notes = "P = softmax(teacher/T), Q = softmax(z/T). With a = 1 and b = 1 - P_y, which differs from row to row, it is kd; b = 8 is the "
				 "authors' choice for most pairs of networks. Of two classes the second part is 0. Convex where b >= a.",
			.keywords = "decoupled tckd nckd distillation knowledge_distillation kd teacher student temperature",
			LB_PARAMS(params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(examples),
	},
	.form = &dkd_form,
};
