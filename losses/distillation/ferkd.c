#include "losses/support/log_softmax.h"

enum { LOW, HIGH, SMOOTH };

static const struct lb_param params[] = {
	[LOW] = { .name = "low", .symbol = "l", .def = 0.15, .min = 0, .max = 1, .grid = { 0, 0.15, 0.3 }, .n_grid = 3,
		  .help = "below this confidence of the teacher the label is learned, smoothed; 0: never" },
	[HIGH] = { .name = "high", .symbol = "h", .def = 0.95, .min = 0, .max = 1, .grid = { 0.9, 0.95, 1 }, .n_grid = 3,
		   .help = "above this confidence of the teacher the row is left out; 1: never" },
	[SMOOTH] = { .name = "smooth", .symbol = "e", .def = 0.1, .min = 0, .max = 1, .grid = { 0, 0.1, 0.2 }, .n_grid = 3,
		     .help = "share of the label's mass that the other classes get" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 0, 0, 3, -5 }, .y = { 0, 1 }, .t = { 1.0986122886681098, 0, 9, 0 }, .value = 0.69314718055994531,
	  .source = "by hand: teacher (3/4, 1/4) of uniform scores, log 2; the second row is left out" },
	{ .set = "low=0.8", .b = 1, .c = 2, .z = { 1.0986122886681098, 0 }, .y = { 0 }, .t = { 1, 0 }, .value = 0.397543301318591843,
	  .source = "by hand: -0.9 log(3/4) - 0.1 log(1/4)" },
};

/* What a row is learned by. */
enum learned { FROM_LABEL, FROM_TEACHER, LEFT_OUT };

static enum learned learned_by(const struct lb_batch *in, const real *t, const struct lb_log_softmax *l)
{
	const double confidence = lb_p(t[l->at], l);

	return confidence < in->par[LOW].v ? FROM_LABEL : confidence > in->par[HIGH].v ? LEFT_OUT : FROM_TEACHER;
}

/* The row's cross-entropy; g gets scale times its gradient. */
static double cross_entropy(const struct lb_batch *in, size_t i, enum learned by, const struct lb_log_softmax *teacher, double scale, real *g)
{
	const real *z = in->output.value + i * in->c, *t = in->teacher + i * in->c;
	const struct lb_log_softmax student = lb_log_softmax(z, in->c);
	const double smooth = in->par[SMOOTH].v;
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		const double hard = k == (size_t)in->y[i] ? 1 - smooth : smooth / (double)(in->c - 1);
		const double target = by == FROM_LABEL ? hard : lb_p(t[k], teacher), p = lb_p(z[k], &student);
		sum -= target * lb_log_p(z[k], &student);
		if (g)
			g[k] = (real)(scale * (p - target));
	}
	return sum;
}

static double batch(const struct lb_batch *in, real *g)
{
	const size_t c = in->c;
	size_t kept = 0;
	double sum = 0;

	for (size_t i = 0; i < in->b; i++) {
		const struct lb_log_softmax l = lb_log_softmax(in->teacher + i * c, c);
		kept += learned_by(in, in->teacher + i * c, &l) != LEFT_OUT;
	}
	const double share = kept ? 1 / (double)kept : 0;
	for (size_t i = 0; i < in->b; i++) {
		const struct lb_log_softmax l = lb_log_softmax(in->teacher + i * c, c);
		const enum learned by = learned_by(in, in->teacher + i * c, &l);
		const double weight = by == LEFT_OUT ? 0 : share;
		sum += weight * cross_entropy(in, i, by, &l, weight, g ? g + i * c : NULL);
	}
	return lb_with_nan(in, g, sum);
}

LB_BATCH(ferkd, batch)

const struct lb_loss LB_LOSS(distillation, ferkd) = {
	.info = {
		.base = {
			.name = "ferkd",
			.title = "FerKD: the teacher's probabilities, the label where the teacher is unsure, nothing where it is sure",
			.cite = "Z. Shen, FerKD: surgical label adaptation for efficient distillation, ICCV 2023",
			.formula = "mean over kept rows of -sum_k T_k log p_k,  q = max_k P_k: T = (1 - e) one-hot + e/(C - 1) others if q < l, row left out if q > h, else T = P; "
				   "P = softmax(teacher)",
			.notes = "The mean is over the rows of the batch that are kept; a batch without one gives 0 and no gradient. The smallest value is the entropy of T, not 0. "
				 "The paper finds the two thresholds on its own data; the defaults are no more than a beginning, to be tuned. low = 0 and high = 1 "
				 "is plain distillation with soft labels at temperature 1.",
			.keywords = "fkd label_calibration hard_regions confidence distillation knowledge_distillation soft_labels teacher student",
			LB_PARAMS(params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(examples),
	},
	.form = &ferkd_form,
};
