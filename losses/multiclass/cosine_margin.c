/* Cross-entropy of scaled cosines with a margin on the label's: arcface, cosface. Scores are s c_k,
 * made by a cosine head, which gives s as stats->scale; the losses have no scale of their own. */
#include "losses/support/class_counts.h"
#include "losses/support/cosine_margin.h"

enum { MARGIN };

static inline real margin_row(const struct lb_batch *in, size_t i, const real *z, real *g, lb_cosine_target_fn *target)
{
	const size_t y = (size_t)in->y[i];
	const double scale = in->stats->scale;
	const struct lb_cosine_target t = target((double)z[y] / scale, in->par[MARGIN].v);
	real *e = lb_terms(in, g);

	for (size_t k = 0; k < in->c; k++)
		e[k] = 0;
	e[y] = (real)(scale * t.offset);
	const real loss = lb_offset_row(in, i, z, g, R(1.0));
	if (g)
		g[y] *= (real)t.slope;
	return loss;
}

static real arc_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return margin_row(in, i, z, g, lb_arc_target);
}

static real cosine_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return margin_row(in, i, z, g, lb_lower_target);
}

static const struct lb_same_as same_as[] = {
	{ .set = "margin=0", .other = "ce", .other_set = "" },
};

static const struct lb_param arc_params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 0.5, .min = 0, .max = 1.5, .grid = { 0.1, 0.3, 0.5 }, .n_grid = 3,
		     .help = "angle in radians that is added to the label's; 0 is cross-entropy" },
};

static const struct lb_example arc_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 0.96132004105415264, .source = "by hand: log(1 + exp(sin 0.5))" },
	{ .set = "", .b = 1, .c = 3, .z = { 8, 4, -4 }, .y = { 0 }, .scale = 16, .value = 3.6491476633662886, .source = "mpmath, 30 digits" },
	{ .set = "margin=0.3", .b = 2, .c = 2, .z = { -4, 1, 3, -2 }, .y = { 0, 1 }, .scale = 4, .value = 5.6481838580976910, .source = "mpmath, 30 digits" },
};

LB_ROW(arc, arc_row)

const struct lb_loss LB_LOSS(multiclass, arcface) = {
	.info = {
		.base = {
			.name = "arcface",
			.title = "ArcFace: cross-entropy of scaled cosines with a margin on the label's angle",
			.cite = "J. Deng, J. Guo, N. Xue, S. Zafeiriou, ArcFace: additive angular margin loss for deep face recognition, CVPR 2019",
			.formula = "-log( exp(s t) / (exp(s t) + sum_{k != y} exp(s c_k)) ),  t = cos(arccos(c_y) + m),  scores z_k = s c_k",
			.notes = "Takes scores of model.head: cosine, whose scale is s. Beyond pi - m, where cos would rise again, t is "
				 "c_y - m sin m, as in the authors' code: a jump down from -1, after which t goes on falling with c_y. The "
				 "squared sine is at least 1e-12. `losses eval` takes s from the key scale of its input, 1 if not given. "
				 "Metrics and predictions are of the cosines without margin. Not convex, not calibrated: the margin moves "
				 "the decision.",
			.keywords = "additive_angular_margin face_recognition angular_margin insightface margin cosine",
			LB_PARAMS(arc_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_NEEDS_COSINES,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(arc_examples),
	},
	.form = &arc_form,
};

static const struct lb_param cosine_params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 0.35, .min = 0, .max = 2, .grid = { 0.1, 0.2, 0.35 }, .n_grid = 3,
		     .help = "taken from the label's cosine; 0 is cross-entropy" },
};

static const struct lb_example cosine_examples[] = {
	{ .set = "margin=1", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 1.3132616875182228, .source = "by hand: log(1 + e)" },
	{ .set = "", .b = 1, .c = 3, .z = { 8, 4, -4 }, .y = { 0 }, .scale = 16, .value = 1.7841798130180296, .source = "mpmath, 30 digits" },
};

LB_ROW(cosine, cosine_row)

const struct lb_loss LB_LOSS(multiclass, cosface) = {
	.info = {
		.base = {
			.name = "cosface",
			.title = "CosFace: cross-entropy of scaled cosines with a margin on the label's cosine",
			.cite = "H. Wang, Y. Wang, Z. Zhou, X. Ji, D. Gong, J. Zhou, Z. Li, W. Liu, CosFace: large margin cosine loss for deep face "
				"recognition, CVPR 2018",
			.formula = "-log( exp(s (c_y - m)) / (exp(s (c_y - m)) + sum_{k != y} exp(s c_k)) ),  scores z_k = s c_k",
			.notes = "Takes scores of model.head: cosine, whose scale is s. `losses eval` takes s from the key scale of its input, "
				 "1 if not given. Metrics and predictions are of the cosines without margin. Not calibrated: the margin moves "
				 "the decision.",
			.keywords = "am_softmax additive_margin_softmax large_margin_cosine lmcl face_recognition cosine",
			LB_PARAMS(cosine_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		.needs = LB_NEEDS_COSINES,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(cosine_examples),
	},
	.form = &cosine_form,
};
