/* Losses between a row of the student's features and one of the teacher's: hint, nd, aux_bce; and
 * crd, which contrasts the rows of a batch. */
#include "core/numeric/length.h"
#include "losses/support/feature_map.h"

#include "losses/support/softplus.h"

/* Constant in the scores. */
#define PROPERTIES (LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED)
#define NEEDS (LB_NEEDS_FEATURES | LB_MOVES_FEATURES | LB_NEEDS_GUIDE)

enum { MAP };
#define MAP_PARAM { .name = "map", .type = LB_CHOICE_PARAM, .choices = lb_map_words, .def = LB_MAP_WHERE_NEEDED, .help = LB_MAP_HELP }

static const struct lb_param map_params[] = { [MAP] = MAP_PARAM };

static bool always(const struct lb_arg *par)
{
	return par[MAP].v > 0;
}

static size_t n_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return lb_map_params(shape, always(par));
}

static void init_params(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *params)
{
	lb_map_draw(shape, always(par), seed, params);
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_map_room(shape);
}

static const real *taught(const struct lb_batch *in, size_t i)
{
	return in->inputs.value + i * in->inputs.stride;
}

/* ---- hint ---- */

static double hint_row(const struct lb_batch *in, size_t i, size_t n, const double *u, double *slope)
{
	const real *t = taught(in, i);
	double sum = 0;

	for (size_t k = 0; k < n; k++) {
		const double e = u[k] - (double)t[k];
		sum += e * e;
		if (slope)
			slope[k] = 2 * e / (double)n;
	}
	return sum / (double)n;
}

static double hint_batch(const struct lb_batch *in, real *g)
{
	return lb_mapped_rows(in, g, hint_row);
}
LB_BATCH_OF_ROWS(hint, hint_batch)

static const struct lb_example hint_examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0 }, .t = { 0 }, .y = { 0 }, .h = { 1, 2 }, .n_h = 2, .x = { 0, 4 }, .n_x = 2, .value = 2.5, .source = "by hand: (1 + 4) / 2" },
	{ .set = "map=always", .b = 1, .c = 1, .z = { 0 }, .t = { 0 }, .y = { 0 }, .h = { 1, 2 }, .n_h = 2, .x = { 0, 4 }, .n_x = 2, .params = { 1, 1, 0, 2, 0, 1 }, .value = 5,
	  .source = "by hand: u = (3, 3), (9 + 1) / 2" },
};

const struct lb_loss LB_LOSS(distillation, hint) = {
	.info = {
		.base = {
			.name = "hint",
			.title = "Hints: squared error between the student's features and the teacher's",
			.cite = "A. Romero, N. Ballas, S. E. Kahou, A. Chassang, C. Gatta, Y. Bengio, FitNets: hints for thin deep nets, ICLR 2015",
			.formula = "(1/D) |u - t|^2,  t the D features of the teacher, u the student's",
			.notes = LB_TEACHER_FEATURES LB_MAPPED_FEATURES "The mean over features, where FitNets have half the sum. As the loss alone it is the paper's first "
				 "stage, in which the output layer stands still; beside others it is a term.",
			.keywords = "fitnet fitnets feature_distillation knowledge_distillation teacher student regressor mse",
			LB_PARAMS(map_params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation of features",
		.properties = PROPERTIES,
		.needs = NEEDS,
		.params = "map_weights",
		.params_for = LB_ALL_TOGETHER,
		LB_EXAMPLES(hint_examples),
	},
	.form = &hint_form,
	.n_params = n_params,
	.init_params = init_params,
	.workspace = workspace,
};

/* ---- nd ---- */

/* The student is taken along the direction of its class up to the teacher's length; beyond it, the
 * cosine alone counts. */
static double nd_row(const struct lb_batch *in, size_t i, size_t n, const double *u, double *slope)
{
	const double *mean = in->stats->guide_means ? in->stats->guide_means + (size_t)in->y[i] * n : NULL;
	const real *t = taught(in, i);
	const double along = mean ? lb_length(mean, n) : 0, own = lb_length(u, n);
	double squared = 0, dot = 0;

	for (size_t k = 0; k < n; k++) {
		squared += (double)t[k] * (double)t[k];
		dot += along > 0 ? u[k] * mean[k] / along : 0;
	}
	const double teacher = sqrt(squared), most = own > teacher ? own : teacher;
	for (size_t k = 0; slope && k < n; k++)
		slope[k] = !(most > 0) || !(along > 0) ? 0 : (own > teacher ? dot * u[k] / (own * own) : 0) / most - mean[k] / along / most;
	return most > 0 ? 1 - dot / most : 1;
}

static double nd_batch(const struct lb_batch *in, real *g)
{
	return lb_mapped_rows(in, g, nd_row);
}
LB_BATCH_OF_ROWS(nd, nd_batch)

static const struct lb_example nd_examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 0, 0, 0, 0 }, .t = { 0, 0, 0, 0 }, .y = { 0, 1 }, .h = { 1, 1, 3, 4 }, .n_h = 2, .x = { 2, 0, 0, 1 }, .n_x = 2, .value = 0.35,
	  .source = "by hand: 1 - 1/2 for the shorter student, 1 - 4/5 for the longer" },
};

const struct lb_loss LB_LOSS(distillation, nd) = {
	.info = {
		.base = {
			.name = "nd",
			.title = "Norm and direction: features as long as the teacher's, along the mean of the teacher's class",
			.cite = "Y. Wang, L. Cheng, M. Duan, Y. Wang, Z. Feng, S. Kong, Improving knowledge distillation via regularizing feature norm and direction, 2023",
			.formula = "1 - u . c_y / max(|u|, |t|),  c_y the unit vector along the mean of the teacher's features over the training rows of class y",
			.notes = LB_TEACHER_FEATURES LB_MAPPED_FEATURES "A shorter student than the teacher is pulled along c_y, which also makes it longer; of a longer one the cosine alone "
				 "counts. Classes are those of the training labels, as corrupted. 1 for a class whose mean is 0. As in the authors' program; theirs is beside "
				 "cross-entropy and kd, with weight 1 to 2.",
			.keywords = "norm direction feature_norm feature_direction class_mean feature_distillation knowledge_distillation teacher student cosine",
			LB_PARAMS(map_params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation of features",
		.properties = PROPERTIES,
		.needs = NEEDS,
		.params = "map_weights",
		.params_for = LB_ALL_TOGETHER,
		LB_EXAMPLES(nd_examples),
	},
	.form = &nd_form,
	.n_params = n_params,
	.init_params = init_params,
	.workspace = workspace,
};

/* ---- aux_bce ---- */

enum { TARGETS };

static const char *const target_words[] = { "probabilities", "scores", NULL };

static const struct lb_param aux_params[] = {
	[TARGETS] = { .name = "targets", .type = LB_CHOICE_PARAM, .choices = target_words, .help = "what the teacher's columns are: probabilities, 0 to 1, or scores, whose sigmoid is" },
};

static double aux_row(const struct lb_batch *in, size_t i, size_t n, const double *u, double *slope)
{
	const real *t = taught(in, i);
	const bool scores = in->par[TARGETS].v > 0;
	double sum = 0;

	for (size_t k = 0; k < n; k++) {
		const double q = scores ? lb_logistic_of((double)t[k]) : (double)t[k];
		sum += lb_softplus_of(u[k]) - q * u[k];
		if (slope)
			slope[k] = (lb_logistic_of(u[k]) - q) / (double)n;
	}
	return sum / (double)n;
}

static double aux_batch(const struct lb_batch *in, real *g)
{
	return lb_mapped_rows(in, g, aux_row);
}
LB_BATCH_OF_ROWS(aux_bce, aux_batch)

static size_t aux_n_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_map_params(shape, true);
}

static void aux_init_params(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *params)
{
	(void)par;
	lb_map_draw(shape, true, seed, params);
}

static const struct lb_example aux_examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0 }, .t = { 0 }, .y = { 0 }, .h = { 1, 2 }, .n_h = 2, .x = { 0.25, 1 }, .n_x = 2, .params = { 0, 0, 0, 1, 1, -3 }, .value = 0.69314718055994531,
	  .source = "by hand: both outputs are 0" },
	{ .set = "targets=scores", .b = 1, .c = 1, .z = { 0 }, .t = { 0 }, .y = { 0 }, .h = { 1, 2 }, .n_h = 2, .x = { 0 }, .n_x = 1, .params = { 1, 1, -3 }, .value = 0.69314718055994531,
	  .source = "by hand: the output is 0" },
};

const struct lb_loss LB_LOSS(distillation, aux_bce) = {
	.info = {
		.base = {
			.name = "aux_bce",
			.title = "Further outputs for what a teacher says of each row: binary cross-entropy",
			.cite = "T. Lee, J. Bang, S. Kwon, T. Kim, Multi-aspect knowledge distillation with large language model, 2025",
			.formula = "(1/D) sum_k log(1 + exp(u_k)) - q_k u_k,  u = W h + b, q the teacher's D probabilities",
			.notes = LB_TEACHER_FEATURES "Here t are answers to D questions about the row, such as a language model gives: a term beside the labels' cross-entropy, whose "
				 "further outputs u are parameters of the loss, drawn from model.seed uniformly in +-1/sqrt(features of h), trained by the model's optimiser "
				 "without weight decay, and not part of what is evaluated. Columns outside 0 to 1 are no probabilities: no u is best for them.",
			.keywords = "multi_aspect auxiliary attributes large_language_model knowledge_distillation teacher student bce",
			LB_PARAMS(aux_params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation of features",
		.properties = PROPERTIES & ~(unsigned)LB_NONNEGATIVE,
		.needs = NEEDS,
		.params = "map_weights",
		.params_for = LB_ALL_TOGETHER,
		LB_EXAMPLES(aux_examples),
	},
	.form = &aux_bce_form,
	.n_params = aux_n_params,
	.init_params = aux_init_params,
	.workspace = workspace,
};

/* ---- crd ---- */

enum { TAU = MAP + 1, N_DATA };

static const struct lb_param crd_params[] = {
	[MAP] = MAP_PARAM,
	[TAU] = { .name = "tau", .symbol = "tau", .def = 0.1, .min = 1e-3, .max = 10, .grid = { 0.07, 0.1, 0.5 }, .n_grid = 3, .help = "temperature of the cosines; the paper's is 0.07" },
	[N_DATA] = { .name = "n_data", .symbol = "N", .type = LB_INT_PARAM, .def = 0, .min = 0, .max = 1e9, .help = "rows that negatives are taken to be drawn from; 0: the training rows" },
};

/* unit (b, n) <- the teacher's rows by their lengths; rows of zeros stay. */
static void teacher_directions(const struct lb_batch *in, size_t n, double *unit)
{
	for (size_t i = 0; i < in->b; i++) {
		for (size_t k = 0; k < n; k++)
			unit[i * n + k] = (double)taught(in, i)[k];
		const double l = lb_length(unit + i * n, n);
		for (size_t k = 0; k < n; k++)
			unit[i * n + k] /= l > 0 ? l : 1;
	}
}

/* Returns the sum over the pairs of the student's row i with all of the teacher's. slope (n) <- its
 * derivatives by u, unless NULL; ratio is the log of the negatives' share. */
static double crd_row(const struct lb_batch *in, size_t i, size_t n, const double *u, const double *unit, double ratio, double *slope)
{
	const double own = lb_length(u, n), scale = own > 0 ? 1 / own : 0, tau = in->par[TAU].v;
	double sum = 0;

	for (size_t k = 0; slope && k < n; k++)
		slope[k] = 0;
	for (size_t j = 0; j < in->b; j++) {
		const double *t = unit + j * n, side = i == j ? -1 : 1;
		double cosine = 0;
		for (size_t k = 0; k < n; k++)
			cosine += u[k] * scale * t[k];
		const double x = side * (cosine / tau - ratio);
		sum += lb_softplus_of(x);
		for (size_t k = 0; slope && k < n; k++)
			slope[k] += side * lb_logistic_of(x) / tau * scale * (t[k] - cosine * u[k] * scale);
	}
	return sum;
}

static double crd_batch(const struct lb_batch *in, real *g)
{
	const double nothing = lb_ignore_scores(in, g), rows = in->par[N_DATA].v > 0 ? in->par[N_DATA].v : (double)in->stats->n_rows;
	const double ratio = log((double)(in->b - 1) / rows), share = 2 / (double)in->b;
	double *unit = (double *)in->workspace + 2 * in->b * in->inputs.cols, sum = 0;
	const bool pairs = in->b > 1;
	struct lb_mapped m;

	if (!lb_map_read(in, &m))
		return nothing;
	teacher_directions(in, m.n, unit);
	for (size_t i = 0; i < in->b; i++) {
		double *slope = m.slope ? m.slope + i * m.n : NULL;
		sum += pairs ? crd_row(in, i, m.n, m.u + i * m.n, unit, ratio, slope) : 0;
		for (size_t k = 0; slope && k < m.n; k++)
			slope[k] = pairs ? share * slope[k] : 0;
	}
	lb_map_return(in, &m);
	return share * sum + nothing;
}
LB_BATCH(crd, crd_batch)

static size_t crd_workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_map_room(shape) + shape->b * shape->n_guide * sizeof(double);
}

static const struct lb_example crd_examples[] = {
	{ .set = "tau=1 n_data=1", .b = 2, .c = 1, .z = { 0, 0 }, .t = { 0, 0 }, .y = { 0, 0 }, .h = { 1, 0, 0, 2 }, .n_h = 2, .x = { 3, 0, 0, 1 }, .n_x = 2,
	  .value = 2.0128177361563364, .source = "by hand: 2 (log(1 + exp(-1)) + log 2)" },
};

const struct lb_loss LB_LOSS(distillation, crd) = {
	.info = {
		.base = {
			.name = "crd",
			.title = "Contrastive distillation: a row's features go with the teacher's of the same row, and not with other rows'",
			.cite = "Y. Tian, D. Krishnan, P. Isola, Contrastive representation distillation, ICLR 2020, eq. 18",
			.formula = "(2/B) (sum_i s(r - x_ii) + sum_(i != j) s(x_ij - r)),  x_ij = cos(u_i, t_j)/tau, r = log((B - 1)/N), s(x) = log(1 + exp(x))",
			.notes = LB_TEACHER_FEATURES LB_MAPPED_FEATURES "The negatives of a row are the other rows of its batch, where the paper draws 16384 from a memory of the training rows; the factor 2 "
				 "is for anchors of the student and of the teacher, which come to the same. A batch of one row has no negatives: 0. A row of zeros "
				 "has cosines 0. Not divided further: a larger batch has a larger loss.",
			.keywords = "contrastive_representation_distillation infonce nce contrastive feature_distillation knowledge_distillation teacher student",
			LB_PARAMS(crd_params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation of features",
		.properties = PROPERTIES,
		.needs = NEEDS,
		.exceptions = LB_SIZE_MATTERS,
		.params = "map_weights",
		.params_for = LB_ALL_TOGETHER,
		LB_EXAMPLES(crd_examples),
	},
	.form = &crd_form,
	.n_params = n_params,
	.init_params = init_params,
	.workspace = crd_workspace,
};
