/* Binary losses of the scores of all classes: the label's class against +1, every other against
 * -1. */
#include "losses/support/margin.h"
#include "losses/support/row_lanes.h"

enum { CLASSES };
enum { SUM, MEAN };

static const char *const reductions[] = { [SUM] = "sum", [MEAN] = "mean", NULL };

static const struct lb_param params[] = {
	[CLASSES] = { .name = "classes", .symbol = "R", .type = LB_CHOICE_PARAM, .def = SUM, .choices = reductions,
		      .help = "sum over the classes (R = 1), or that divided by their number (R = C), as torch and timm have it" },
};

/* sum_k phi(+-z_k) / R */
LB_BODY void one_vs_rest(size_t n, const struct lb_arg *par, struct lb_lane_rows *at, struct lb_margin (*phi)(real s))
{
	const real share = par[CLASSES].v > SUM ? 1 / (real)at->c : R(1.0);
	double sum[LB_PANEL] = { 0 };

	for (size_t k = 0; k < at->c; k++)
		for (size_t i = 0; i < n; i++) {
			const bool other = (real)k < at->label[i] || (real)k > at->label[i];
			const real z = at->z[k * n + i];
			const struct lb_margin m = phi(other ? -z : z);
			sum[i] += (double)m.loss;
			at->g[k * n + i] = share * (other ? -m.slope : m.slope);
		}
	for (size_t i = 0; i < n; i++)
		at->loss[i] = share * (real)sum[i];
}

static inline struct lb_margin squared_hinge(real s)
{
	const struct lb_margin m = lb_hinge(s);

	return (struct lb_margin){ .loss = m.loss * m.loss, .slope = -2 * m.loss };
}

/* ---- ovr_bce ---- */

LB_BODY void bce_body(size_t n, const struct lb_arg *par, struct lb_lane_rows *at)
{
	one_vs_rest(n, par, at, lb_logistic);
}
LB_SIDE_BY_SIDE(ovr_bce, false, bce_body)

static const struct lb_example bce_examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 0, 0, 0 }, .y = { 0 }, .value = 2.0794415416798359, .source = "by hand: 3 log 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 1.81209757, .source = "mpmath, 80 digits" },
};

const struct lb_loss LB_LOSS(multiclass, ovr_bce) = {
	.info = {
		.base = {
			.name = "ovr_bce",
			.title = "Logistic loss of every class against the rest",
			.cite = "R. Rifkin, A. Klautau, In defense of one-vs-all classification, JMLR 5, 2004; R. Wightman, H. Touvron, H. Jegou, ResNet "
				"strikes back: an improved training procedure in timm, 2021 (binary cross-entropy on classes)",
			.formula = "(1/R) (log(1 + exp(-z_y)) + sum_{k != y} log(1 + exp(z_k)))",
			.notes = "The scores are those of C two-class models, so probabilities are sigmoid(z_k) and need not sum to 1. The multiclassova of "
				 "LightGBM; with classes=mean the BCE of torch and timm on one-hot labels.",
			.keywords = "one_vs_rest one_vs_all ova multiclassova sigmoid",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "one class against the rest",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_CALIBRATED,
		LB_EXAMPLES(bce_examples),
	},
	.form = &ovr_bce_form,
};

/* ---- ovr_hinge ---- */

LB_BODY void hinge_body(size_t n, const struct lb_arg *par, struct lb_lane_rows *at)
{
	one_vs_rest(n, par, at, lb_hinge);
}
LB_SIDE_BY_SIDE(ovr_hinge, false, hinge_body)

static const struct lb_example hinge_examples[] = {
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 2.1,
	  .source = "by hand: (0 + 0.5 + 1.2 + 0 + 0.7 + 1.8) / 2" },
	{ .set = "classes=mean", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 1, .source = "by hand: 4 / 4" },
};

const struct lb_loss LB_LOSS(multiclass, ovr_hinge) = {
	.info = {
		.base = {
			.name = "ovr_hinge",
			.title = "Hinge loss of every class against the rest",
			.cite = "R. Rifkin, A. Klautau, In defense of one-vs-all classification, JMLR 5, 2004",
			.formula = "(1/R) (max(0, 1 - z_y) + sum_{k != y} max(0, 1 + z_k))",
			.notes = "C support vector machines at once. A hinge at exactly 0 has slope 0. Not calibrated where no class has more than half of the "
				 "probability: all scores are -1 then.",
			.keywords = "one_vs_rest one_vs_all ova svm linear_svc",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "one class against the rest",
		.properties = LB_NONNEGATIVE | LB_CONVEX,
		LB_EXAMPLES(hinge_examples),
	},
	.form = &ovr_hinge_form,
};

/* ---- ovr_squared_hinge ---- */

LB_BODY void squared_body(size_t n, const struct lb_arg *par, struct lb_lane_rows *at)
{
	one_vs_rest(n, par, at, squared_hinge);
}
LB_SIDE_BY_SIDE(ovr_squared_hinge, false, squared_body)

static const struct lb_example squared_examples[] = {
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 2.71,
	  .source = "by hand: (0 + 0.25 + 1.44 + 0 + 0.49 + 3.24) / 2" },
};

const struct lb_loss LB_LOSS(multiclass, ovr_squared_hinge) = {
	.info = {
		.base = {
			.name = "ovr_squared_hinge",
			.title = "Squared hinge loss of every class against the rest",
			.cite = "R. Rifkin, A. Klautau, In defense of one-vs-all classification, JMLR 5, 2004; R.-E. Fan, K.-W. Chang, C.-J. Hsieh, X.-R. Wang, "
				"C.-J. Lin, LIBLINEAR: a library for large linear classification, JMLR 9, 2008",
			.formula = "(1/R) (max(0, 1 - z_y)^2 + sum_{k != y} max(0, 1 + z_k)^2)",
			.notes = "What LIBLINEAR and LinearSVC fit to several classes. The score of a class tends to 2 P(k | x) - 1.",
			.keywords = "one_vs_rest one_vs_all ova l2_svm linear_svc liblinear",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "one class against the rest",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_CALIBRATED,
		LB_EXAMPLES(squared_examples),
	},
	.form = &ovr_squared_hinge_form,
};
