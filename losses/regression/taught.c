/* Losses of a regression that read teachers' predictions: kd_mse, landmark_kd. */
#include "losses/loss.h"

/* ---- kd_mse ---- */

static const struct lb_example mse_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 1, 4 }, .t = { 0, 0 }, .teacher = { 3, 3 }, .value = 2.5, .source = "by hand: (4 + 1) / 2" },
};

static real mse_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const real *t = in->teacher + i * in->c, share = 1 / (real)in->c;
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		const real e = z[k] - t[k];
		sum += (double)e * (double)e;
		if (g)
			g[k] = 2 * share * e;
	}
	return share * (real)sum;
}

LB_ROW(kd_mse, mse_row)

const struct lb_loss LB_LOSS(regression, kd_mse) = {
	.info = {
		.base = {
			.name = "kd_mse",
			.title = "Squared error to a teacher's predictions",
			.cite = "G. Chen, W. Choi, X. Yu, T. Han, M. Chandraker, Learning efficient object detection models with knowledge distillation, NeurIPS 2017",
			.formula = "(1/T) sum_k (z_k - t_k)^2,  t the teacher's predictions",
			.notes = "The targets themselves have no part in it: terms: [{name: mse, weight: 0.5}] beside loss: {name: kd_mse, weight: 0.5}. Where targets are "
				 "standardized (data.preprocess.target), so are the teacher's predictions, by the targets' mean and standard deviation.",
			.keywords = "distillation knowledge_distillation teacher student imitation mse l2",
		},
		.kind = LB_REGRESSION,
		.needs = LB_NEEDS_TEACHER,
		.good_for = "distillation",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(mse_examples),
	},
	.form = &kd_mse_form,
};

/* ---- landmark_kd ---- */

enum { MAIN, FIRST, SECOND, FIRST_BEYOND, FIRST_BETWEEN, SECOND_BEYOND, SECOND_BETWEEN, NEAR };

static const struct lb_param params[] = {
	[MAIN] = { .name = "main", .symbol = "w", .def = 2, .min = 0, .max = 1000, .grid = { 1, 2, 4 }, .n_grid = 3, .help = "weight of the error to the targets" },
	[FIRST] = { .name = "first", .symbol = "w1", .def = 1, .min = 0, .max = 1000, .grid = { 0, 1, 2 }, .n_grid = 3, .help = "weight of the first teacher" },
	[SECOND] = { .name = "second", .symbol = "w2", .def = 1, .min = 0, .max = 1000, .grid = { 0, 1, 2 }, .n_grid = 3, .help = "weight of the second teacher" },
	[FIRST_BEYOND] = { .name = "first_beyond", .symbol = "a1", .def = 1.9, .min = 0, .max = 1000, .help = "slope where the error is larger than the first teacher's" },
	[FIRST_BETWEEN] = { .name = "first_between", .symbol = "b1", .def = -0.45, .min = -1000, .max = 0, .grid = { -8, -0.45, 0 }, .n_grid = 3,
			    .help = "slope, away from the teacher, where the error is smaller than the first teacher's" },
	[SECOND_BEYOND] = { .name = "second_beyond", .symbol = "a2", .def = 1.8, .min = 0, .max = 1000, .help = "as first_beyond, of the second teacher" },
	[SECOND_BETWEEN] = { .name = "second_between", .symbol = "b2", .def = -0.4, .min = -1000, .max = 0, .help = "as first_between, of the second teacher" },
	[NEAR] = { .name = "near", .symbol = "n", .def = 0.15, .min = 0, .max = 1, .grid = { 0, 0.15, 0.5 }, .n_grid = 3,
		   .help = "part of a teacher's error below which the student's is left alone by it" },
};

static const struct lb_example landmark_examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 2 }, .t = { 0 }, .teacher = { 1 }, .second_teacher = { 4 }, .value = 13.1,
	  .source = "by hand: 2 (3 2) + 1.9 (2 - 1) - 0.4 (4 - 2)" },
	{ .set = "", .b = 1, .c = 1, .z = { -3 }, .t = { 0 }, .teacher = { -4 }, .second_teacher = { 1 }, .value = 25.15,
	  .source = "by hand, both teachers on the student's side: 2 (9 + 3 - 1) - 0.45 (4 - 3) + 1.8 (3 - 1)" },
	{ .set = "", .b = 1, .c = 1, .z = { 0.1 }, .t = { 0 }, .teacher = { 1 }, .second_teacher = { 1 }, .value = 0.6,
	  .source = "by hand: within 0.15 of both teachers' errors, 2 (3 0.1)" },
};

/* A value and its derivative. */
struct part {
	double value, slope;
};

/* The teacher's prediction is taken to the student's side of the target, where it is `error` away;
 * e is the student's error, not negative. */
static struct part assist(double e, double error, double beyond, double between, double near)
{
	const double slope = e > error ? beyond : e >= near * error ? -between : 0;

	return (struct part){ slope * (e - error), slope };
}

static struct part entry(const struct lb_arg *par, double e, double first, double second)
{
	const struct part a = assist(e, first, par[FIRST_BEYOND].v, par[FIRST_BETWEEN].v, par[NEAR].v);
	const struct part b = assist(e, second, par[SECOND_BEYOND].v, par[SECOND_BETWEEN].v, par[NEAR].v);
	const struct part to_target = e <= second ? (struct part){ 3 * e, 3 } : (struct part){ e * e + 3 * second - second * second, 2 * e };

	return (struct part){ par[MAIN].v * to_target.value + par[FIRST].v * a.value + par[SECOND].v * b.value,
			      par[MAIN].v * to_target.slope + par[FIRST].v * a.slope + par[SECOND].v * b.slope };
}

static real landmark_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const real *r = in->target + i * in->c, *first = in->teacher + i * in->c, *second = in->second_teacher + i * in->c;
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		const double e = (double)z[k] - (double)r[k], side = (double)((e > 0) - (e < 0));
		const struct part at = entry(in->par, fabs(e), fabs((double)first[k] - (double)r[k]), fabs((double)second[k] - (double)r[k]));
		sum += at.value;
		if (g)
			g[k] = (real)((isnan(e) ? e : side) * at.slope / (double)in->c);
	}
	return (real)(sum / (double)in->c);
}

LB_ROW(landmark_kd, landmark_row)

const struct lb_loss LB_LOSS(regression, landmark_kd) = {
	.info = {
		.base = {
			.name = "landmark_kd",
			.title = "Distillation with two assistive teachers, which push the student past them to the target",
			.cite = "A. P. Fard, M. H. Mahoor, Facial landmark points detection using knowledge distillation-based neural networks, Computer Vision and Image "
				"Understanding 215, 2022",
			.formula = "w main + w1 A(d1; a1, b1) + w2 A(d2; a2, b2),  e = |z - r|, d_j = |t_j - r|: main = 3e if e <= d2 else e^2 + 3 d2 - d2^2; A(d; a, b) = a (e - d) if e > "
				   "d, b (d - e) if n d <= e <= d, 0 below",
			.notes = "The mean over targets r; t_1 is the first teacher (tough: data.side.teacher), t_2 the second (tolerant: data.side.second_teacher). "
				 "A teacher is taken to the student's side of the target: only how large its error is matters. b < 0 makes the loss fall on the way "
				 "from the teacher to the target; it jumps where e = n d, which no derivative sees. As in the authors' code.",
			.keywords = "kd_loss assistive_loss aloss tough_teacher tolerant_teacher face_alignment distillation knowledge_distillation",
			LB_PARAMS(params),
		},
		.kind = LB_REGRESSION,
		.needs = LB_NEEDS_TEACHER | LB_NEEDS_SECOND_TEACHER,
		.good_for = "distillation",
		LB_EXAMPLES(landmark_examples),
	},
	.form = &landmark_kd_form,
};
