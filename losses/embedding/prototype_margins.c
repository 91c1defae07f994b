/* Cross-entropy of cosines to prototypes with a margin on the label's: cosface, arcface, magface,
 * madacos, subcenter_arcface. */
#include "losses/support/cosine_margin.h"
#include "losses/support/one_prototype.h"

#include <stdlib.h>
#include <string.h>

enum { SCALE, MARGIN };

#define SCALE_PARAM(by, text) \
	{ .name = "scale", .symbol = "s", .def = (by), .min = 0, .min_open = true, .max = 1e4, .grid = { 16, 30, 64 }, .n_grid = 3, .log_scale = true, .help = text }
#define PLAIN_SCORES "The class scores behind metrics and predictions are s c_k, without margin. "

/* Room for the logits of a row and their derivatives. */
static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_prototypes_workspace(shape, 1, 2 * (shape->n_classes + 1));
}

static void predict(const struct lb_batch *in, real *out)
{
	lb_prototype_scores(in, in->par[SCALE].v, false, false, out);
}

static struct lb_cosine_row row_of(const struct lb_batch *in, const struct lb_prototypes *at, size_t i, lb_cosine_target_fn *target)
{
	return (struct lb_cosine_row){ .cosine = at->cosine + i * at->k, .n = at->k, .y = (size_t)in->y[i], .scale = in->par[SCALE].v,
				       .margin = in->par[MARGIN].v, .target = target, .logit = at->own, .q = at->own + at->k + 1,
				       .slope = at->slope + i * at->k };
}

static void share(const struct lb_prototypes *at)
{
	for (size_t i = 0; i < at->b * at->k; i++)
		at->slope[i] /= (double)at->b;
}

/* ---- one margin for all: cosface, arcface ---- */

static double fixed_margin(const struct lb_batch *in, const struct lb_prototypes *at, lb_cosine_target_fn *target)
{
	double sum = 0;

	for (size_t i = 0; i < at->b; i++) {
		struct lb_cosine_row r = row_of(in, at, i, target);
		sum += lb_cosine_row(&r);
	}
	share(at);
	return sum / (double)at->b;
}

static double cos_loss(const struct lb_batch *in, const struct lb_prototypes *at)
{
	return fixed_margin(in, at, lb_lower_target);
}

static double arc_loss(const struct lb_batch *in, const struct lb_prototypes *at)
{
	return fixed_margin(in, at, lb_arc_target);
}

static const struct lb_param cos_params[] = {
	[SCALE] = SCALE_PARAM(64, "cosines are multiplied by it; for few classes 16 to 30"),
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 0.35, .min = 0, .max = 2, .grid = { 0.1, 0.2, 0.35 }, .n_grid = 3,
		     .help = "taken from the label's cosine; 0 is normalized_softmax" },
};
static const struct lb_param arc_params[] = {
	[SCALE] = SCALE_PARAM(64, "cosines are multiplied by it; for few classes 16 to 30"),
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 0.5, .min = 0, .max = 1.5, .grid = { 0.1, 0.3, 0.5 }, .n_grid = 3,
		     .help = "angle in radians that is added to the label's; 0 is normalized_softmax" },
};
static const struct lb_same_as no_margin[] = { { .set = "margin=0 scale=20", .other = "normalized_softmax", .other_set = "" } };

static const struct lb_example cos_examples[] = {
	{ .set = "scale=1 margin=1", .b = 1, .c = 2, .z = { 3, 0 }, .y = { 0 }, .params = { 0.5, 0, 0, 7 }, .classes = 2, .value = 0.69314718055994531,
	  .source = "by hand: logits 1 - 1 and 0, log 2" },
};
static const struct lb_example arc_examples[] = {
	{ .set = "scale=2", .b = 1, .c = 2, .z = { 3, 0 }, .y = { 0 }, .params = { 0, 7, 0.5, 0 }, .classes = 2, .value = 3.0094286785045479,
	  .source = "by hand: logits 2 cos(pi/2 + 0.5) and 2" },
};

LB_COSINES_OF_PROTOTYPES(cosface, cos_loss)
LB_COSINES_OF_PROTOTYPES(arcface, arc_loss)

/* clang-format off */
#define OF_PROTOTYPES(loss_name, traits, params_table, examples_table, ...) \
	const struct lb_loss LB_LOSS(embedding, loss_name) = { \
	.info = { \
		.base = { .name = #loss_name, LB_PARAMS(params_table), __VA_ARGS__ }, \
		.kind = LB_EMBEDDING, .good_for = "embeddings", .properties = (traits), .params = "prototypes", .exceptions = LB_JUMPS_AT_ZERO, \
		LB_SAME_AS(no_margin), LB_EXAMPLES(examples_table), \
	}, \
	.form = &loss_name##_form, .workspace = workspace, .n_params = lb_prototype_n_params, .init_params = lb_prototype_init_params, .predict = predict, \
}
/* clang-format on */

OF_PROTOTYPES(cosface, LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED, cos_params, cos_examples,
	.title = "CosFace of prototypes: cross-entropy of scaled cosines with a margin on the label's",
	.cite = "H. Wang, Y. Wang, Z. Zhou, X. Ji, D. Gong, J. Zhou, Z. Li, W. Liu, CosFace: large margin cosine loss for deep face recognition, "
		"CVPR 2018, eq. 4",
	.formula = "-log( exp(s (c_y - m)) / (exp(s (c_y - m)) + sum_{k != y} exp(s c_k)) ),  c_k = <z, w_k> / (|z| |w_k|)",
	.notes = LB_PROTOTYPES_ARE PLAIN_SCORES "multiclass/cosface is the same of a model with head cosine.",
	.keywords = "am_softmax additive_margin_softmax large_margin_cosine lmcl face_recognition proxy prototype");

OF_PROTOTYPES(arcface, LB_NONNEGATIVE, arc_params, arc_examples,
	.title = "ArcFace of prototypes: cross-entropy of scaled cosines with a margin on the label's angle",
	.cite = "J. Deng, J. Guo, N. Xue, S. Zafeiriou, ArcFace: additive angular margin loss for deep face recognition, CVPR 2019, eq. 3",
	.formula = "-log( exp(s t) / (exp(s t) + sum_{k != y} exp(s c_k)) ),  t = cos(arccos(c_y) + m),  c_k = <z, w_k> / (|z| |w_k|)",
	.notes = LB_PROTOTYPES_ARE PLAIN_SCORES "Beyond pi - m, where cos would rise again, t is c_y - m sin m, as in the authors' code: a jump down "
		 "from -1, after which t goes on falling with c_y. The squared sine is at least 1e-12. multiclass/arcface is the same of a model "
		 "with head cosine.",
	.keywords = "additive_angular_margin face_recognition angular_margin insightface proxy prototype");

/* ---- a margin by the norm: magface ---- */

enum { MAG_SCALE, LEAST_NORM, MOST_NORM, LEAST_MARGIN, MOST_MARGIN, LAMBDA, EASY };

static double mag_loss(const struct lb_batch *in, const struct lb_prototypes *at)
{
	const struct lb_arg *par = in->par;
	const double n = (double)at->b, lambda = par[LAMBDA].v;
	double sum = 0;

	for (size_t i = 0; i < at->b; i++) {
		const struct lb_magnitude m = lb_magnitude(at->length[i], par[LEAST_NORM].v, par[MOST_NORM].v, par[LEAST_MARGIN].v, par[MOST_MARGIN].v);
		struct lb_cosine_row r = row_of(in, at, i, par[EASY].v != 0 ? lb_easy_arc_target : lb_arc_target);
		r.margin = m.margin;
		sum += lb_cosine_row(&r) + lambda * m.regularizer;
		at->by_length[i] = (r.by_margin * m.by_norm + lambda * m.slope) / n;
	}
	share(at);
	return sum / n;
}

static const struct lb_param mag_params[] = {
	[MAG_SCALE] = SCALE_PARAM(64, "cosines are multiplied by it"),
	[LEAST_NORM] = { .name = "least_norm", .symbol = "l_a", .def = 10, .min = 0, .min_open = true, .max = 1e6, .help = "norms below it count as it" },
	[MOST_NORM] = { .name = "most_norm", .symbol = "u_a", .def = 110, .min = 0, .min_open = true, .max = 1e6, .help = "norms above it count as it" },
	[LEAST_MARGIN] = { .name = "least_margin", .symbol = "l_m", .def = 0.45, .min = 0, .max = 1.5, .help = "angle added at the least norm" },
	[MOST_MARGIN] = { .name = "most_margin", .symbol = "u_m", .def = 0.8, .min = 0, .max = 1.5, .help = "angle added at the largest norm" },
	[LAMBDA] = { .name = "lambda", .symbol = "lambda", .def = 35, .min = 0, .max = 1e6, .grid = { 0, 1, 35 }, .n_grid = 3, .help = "strength of the pull to larger norms" },
	[EASY] = { .name = "easy", .symbol = "easy", .type = LB_BOOL_PARAM, .def = 1, .help = "no margin where the label's cosine is 0 or less, as in the authors' code" },
};

static int mag_check(const struct lb_arg *par, struct lb_err *err)
{
	if (par[LEAST_NORM].v < par[MOST_NORM].v && par[LEAST_MARGIN].v <= par[MOST_MARGIN].v)
		return 0;
	if (par[LEAST_NORM].v < par[MOST_NORM].v)
		return lb_fail(err, LB_CONFIG, "most_margin: found %g, allowed: at least least_margin, %g", par[MOST_MARGIN].v, par[LEAST_MARGIN].v);
	return lb_fail(err, LB_CONFIG, "most_norm: found %g, allowed: above least_norm, %g", par[MOST_NORM].v, par[LEAST_NORM].v);
}

static const struct lb_same_as mag_same_as[] = {
	{ .set = "easy=false least_margin=0.5 most_margin=0.5 lambda=0", .other = "arcface", .other_set = "" },
};
static const struct lb_example mag_examples[] = {
	{ .set = "scale=2 least_norm=1 most_norm=5 least_margin=0.25 most_margin=0.75 lambda=3 easy=false", .b = 1, .c = 2, .z = { 3, 0 }, .y = { 0 },
	  .params = { 0, 7, 0.5, 0 }, .classes = 2, .value = 4.3694286785045479,
	  .source = "by hand: margin 0.5 at norm 3, so arcface of scale 2 and 3 (3/25 + 1/3)" },
};

LB_COSINES_OF_PROTOTYPES(magface, mag_loss)

const struct lb_loss LB_LOSS(embedding, magface) = {
	.info = {
		.base = {
			.name = "magface",
			.title = "MagFace: an angular margin that grows with the embedding's norm, and a pull to larger norms",
			.cite = "Q. Meng, S. Zhao, Z. Huang, F. Zhou, MagFace: a universal representation for face recognition and quality assessment, "
				"CVPR 2021, eq. 2, 3",
			.formula = "arcface with m = l_m + (u_m - l_m) (a - l_a) / (u_a - l_a), plus lambda (a / u_a^2 + 1 / a),  a = |z| kept within l_a..u_a",
			.notes = LB_PROTOTYPES_ARE PLAIN_SCORES "The defaults are those of face recognition, whose norms are 10 to 110: set least_norm and "
				 "most_norm to the norms that embeddings have, or none is between them and the norm has no gradient. With easy the "
				 "label's term jumps where its cosine is 0.",
			.keywords = "quality magnitude adaptive_margin face_recognition proxy prototype",
			LB_PARAMS(mag_params),
			.check = mag_check,
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.params = "prototypes",
		.exceptions = LB_JUMPS_AT_ZERO,
		LB_SAME_AS(mag_same_as),
		LB_EXAMPLES(mag_examples),
	},
	.form = &magface_form,
	.workspace = workspace,
	.n_params = lb_prototype_n_params,
	.init_params = lb_prototype_init_params,
	.predict = predict,
};

/* ---- margin and scale from the batch: madacos ---- */

enum { LEAST_SCALE, ALPHA };
static const double MOST_MEDIAN = 1 - 1e-6, RATIO = 9999999;

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The row whose label's cosine is the median of the batch, the lower of two in the middle; the
 * first of several. sorted: (b) room. */
static size_t median_row(const struct lb_batch *in, const struct lb_prototypes *at, const double *cosine, double *sorted)
{
	size_t i = 0;

	for (size_t k = 0; k < at->b; k++)
		sorted[k] = cosine[k * at->k + (size_t)in->y[k]];
	qsort(sorted, at->b, sizeof *sorted, ascending);
	const double median = sorted[(at->b - 1) / 2];
	while (i + 1 < at->b && cosine[i * at->k + (size_t)in->y[i]] != median)
		i++;
	return i;
}

/* log sum_{k != y} exp(s c_k) of a row. */
static double others(const double *cosine, size_t n, size_t y, double s)
{
	double top = -(double)INFINITY, sum = 0;

	for (size_t k = 0; k < n; k++)
		top = k != y && s * cosine[k] > top ? s * cosine[k] : top;
	for (size_t k = 0; k < n; k++)
		sum += k == y ? 0 : exp(s * cosine[k] - top);
	return top + log(fmax(sum, 1));
}

static double ada_loss(const struct lb_batch *in, const struct lb_prototypes *at)
{
	const double alpha = in->par[ALPHA].v, odds = log(alpha / (1 - alpha)), *held;
	double *room = at->own + 2 * (at->k + 1), sum = 0;

	held = lb_prototypes_held(in, at, room + at->b);
	const size_t row = median_row(in, at, held, room), y = (size_t)in->y[row];
	const double found = held[row * at->k + y], median = found < MOST_MEDIAN ? found : MOST_MEDIAN, fit = (log(RATIO) - odds) / (1 - median);
	const double s = fit > in->par[LEAST_SCALE].v ? fit : in->par[LEAST_SCALE].v;
	const double m = at->k < 2 ? 0 : median - (others(held + row * at->k, at->k, y, s) + odds) / s;
	for (size_t i = 0; i < at->b; i++) {
		struct lb_cosine_row r = row_of(in, at, i, lb_lower_target);
		r.scale = s;
		r.margin = m > 0 ? m : 0;
		sum += lb_cosine_row(&r);
	}
	share(at);
	return sum / (double)at->b;
}

static size_t ada_workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_prototypes_workspace(shape, 1, 2 * (shape->n_classes + 1) + shape->b + shape->b * shape->n_classes);
}

static const struct lb_param ada_params[] = {
	[LEAST_SCALE] = { .name = "least_scale", .symbol = "s_0", .def = 32, .min = 0, .min_open = true, .max = 1e4, .grid = { 8, 16, 32 }, .n_grid = 3, .log_scale = true,
			  .help = "the scale is no less; that of the class scores" },
	[ALPHA] = { .name = "alpha", .symbol = "alpha", .def = 0.02, .min = 0, .min_open = true, .max = 1, .max_open = true, .grid = { 0.02, 0.1, 0.5 }, .n_grid = 3,
		    .help = "probability of its label that the median row is to have" },
};
static const struct lb_example ada_examples[] = {
	{ .set = "alpha=0.5 least_scale=2", .b = 1, .c = 2, .z = { 3, 0 }, .y = { 0 }, .params = { 0, 7, 0.5, 0 }, .classes = 2, .value = 16.118095650958320,
	  .source = "by hand: c_y = 0, s = log 9999999, no margin, so log(1 + e^s) = log 10000000" },
};

LB_COSINES_OF_PROTOTYPES(madacos, ada_loss)

const struct lb_loss LB_LOSS(embedding, madacos) = {
	.info = {
		.base = {
			.name = "madacos",
			.title = "MadaCos: CosFace whose scale and margin follow the batch's median cosine",
			.cite = "B. Yang et al., Coarse-to-fine: learning compact discriminative representation for single-stage image retrieval (CFCD), ICCV 2023",
			.formula = "cosface with s = max(s_0, log(9999999 (1 - alpha)/alpha) / (1 - c)),  m = max(0, c - (L + log(alpha/(1 - alpha)))/s);  c the median of "
				   "the batch's c_y, L = log sum_{k != y} exp(s c_k) of its row",
			.notes = LB_PROTOTYPES_ARE "s and m are computed from the batch and held fixed: the gradient takes them as constants. The median is the "
				 "lower of two in the middle; of several rows that have it the first counts; it is at most 1 - 1e-6. The class scores "
				 "behind metrics and predictions are s_0 c_k. The paper's first stage; its second adds a triplet loss of hard negatives "
				 "(terms).",
			.keywords = "adacos adaptive_scale image_retrieval cfcd proxy prototype",
			LB_PARAMS(ada_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.params = "prototypes",
		.exceptions = LB_JUMPS_AT_ZERO | LB_HOLDS_FACTORS,
		LB_EXAMPLES(ada_examples),
	},
	.form = &madacos_form,
	.workspace = ada_workspace,
	.n_params = lb_prototype_n_params,
	.init_params = lb_prototype_init_params,
	.predict = predict,
};

/* ---- several centers a class: subcenter_arcface ---- */

enum { SUB_SCALE, SUB_MARGIN, CENTERS };

static size_t centers(const struct lb_arg *par)
{
	return (size_t)par[CENTERS].v;
}

/* The nearest of a class's centers, the first of several. */
static size_t winner(const double *cosine, size_t k, size_t each)
{
	size_t best = k * each;

	for (size_t j = best + 1; j < (k + 1) * each; j++)
		best = cosine[j] > cosine[best] ? j : best;
	return best;
}

static double sub_loss(const struct lb_batch *in, const struct lb_prototypes *at)
{
	const size_t each = centers(in->par), classes = at->k / each;
	double *logit = at->own, *q = logit + classes + 1, *cosine = q + classes + 1, *slope = cosine + classes, sum = 0;

	for (size_t i = 0; i < at->b; i++) {
		const double *all = at->cosine + i * at->k;
		for (size_t k = 0; k < classes; k++)
			cosine[k] = all[winner(all, k, each)];
		struct lb_cosine_row r = { .cosine = cosine, .n = classes, .y = (size_t)in->y[i], .scale = in->par[SUB_SCALE].v, .margin = in->par[SUB_MARGIN].v,
					   .target = lb_arc_target, .logit = logit, .q = q, .slope = slope };
		sum += lb_cosine_row(&r);
		for (size_t k = 0; k < classes; k++)
			at->slope[i * at->k + winner(all, k, each)] = slope[k] / (double)at->b;
	}
	return sum / (double)at->b;
}

static size_t sub_workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return lb_prototypes_workspace(shape, centers(par), 4 * (shape->n_classes + 1));
}

static size_t sub_n_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return centers(par) * shape->n_classes * shape->c;
}

static void sub_init(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *prototypes)
{
	lb_prototypes_draw(sub_n_params(par, shape), 1, seed, prototypes);
}

static void sub_predict(const struct lb_batch *in, real *out)
{
	const struct lb_prototypes at = lb_prototypes_look(in);
	const size_t each = centers(in->par), classes = at.k / each;

	for (size_t i = 0; i < at.b; i++)
		for (size_t k = 0; k < classes; k++)
			out[i * classes + k] = (real)(in->par[SUB_SCALE].v * at.cosine[i * at.k + winner(at.cosine + i * at.k, k, each)]);
}

static const struct lb_param sub_params[] = {
	[SUB_SCALE] = SCALE_PARAM(64, "cosines are multiplied by it; for few classes 16 to 30"),
	[SUB_MARGIN] = { .name = "margin", .symbol = "m", .def = 0.5, .min = 0, .max = 1.5, .grid = { 0.1, 0.3, 0.5 }, .n_grid = 3,
			 .help = "angle in radians that is added to the label's" },
	[CENTERS] = { .name = "centers", .symbol = "K", .type = LB_INT_PARAM, .def = 3, .min = 1, .max = LB_MOST_PER_CLASS, .grid = { 1, 2, 3 }, .n_grid = 3,
		      .help = "prototypes of each class; 1 is arcface" },
};
static const struct lb_same_as sub_same_as[] = { { .set = "centers=1", .other = "arcface", .other_set = "" } };
static const struct lb_example sub_examples[] = {
	{ .set = "scale=2 centers=2", .b = 1, .c = 2, .z = { 3, 0 }, .y = { 0 }, .params = { 0, 7, -1, 0, 0, 2, 0.5, 0 }, .classes = 2, .value = 3.0094286785045479,
	  .source = "by hand: best cosines 0 and 1, as the example of arcface" },
};

LB_COSINES_OF_PROTOTYPES(subcenter_arcface, sub_loss)

const struct lb_loss LB_LOSS(embedding, subcenter_arcface) = {
	.info = {
		.base = {
			.name = "subcenter_arcface",
			.title = "Sub-center ArcFace: several prototypes a class, of which the nearest counts",
			.cite = "J. Deng, J. Guo, T. Liu, M. Gong, S. Zafeiriou, Sub-center ArcFace: boosting face recognition by large-scale noisy web faces, ECCV 2020",
			.formula = "arcface with c_k = max_j <z, w_kj> / (|z| |w_kj|),  j = 1..K",
			.notes = "z is an embedding of model.dimension columns, w_k1..w_kK the prototypes of class k: C K x D parameters of the loss, those of a "
				 "class side by side, drawn from N(0, 1) by model.seed and trained by the same optimiser, without weight decay. Of equal "
				 "cosines the first prototype counts, and it alone gets the gradient. A zero vector has no direction: its cosines and its "
				 "gradient are 0. Class scores are s c_k, without margin. The paper then drops rows far from their class's dominant "
				 "prototype and trains again with one; this is not done here.",
			.keywords = "sub_center label_noise face_recognition proxy prototype",
			LB_PARAMS(sub_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE,
		.params = "prototypes",
		.per_class = centers,
		.exceptions = LB_JUMPS_AT_ZERO,
		LB_SAME_AS(sub_same_as),
		LB_EXAMPLES(sub_examples),
	},
	.form = &subcenter_arcface_form,
	.workspace = sub_workspace,
	.n_params = sub_n_params,
	.init_params = sub_init,
	.predict = sub_predict,
};
