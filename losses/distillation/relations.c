/* Losses between what the rows of a batch are to each other by the student's features and by the
 * teacher's: rkd, similarity_preserving. They need no map: the numbers of features may differ. */
#include "losses/support/ignored_scores.h"

#include <math.h>

/* Constant in the scores. */
#define PROPERTIES (LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED)
#define NEEDS (LB_NEEDS_FEATURES | LB_MOVES_FEATURES | LB_NEEDS_GUIDE)
#define TEACHER_FEATURES "The teacher's features are data.side.teacher_features, a file or a saved model, whose hidden layer is taken, or the hidden layer of the model that " \
	"data.side.teacher names. It reads no scores. Its gradient goes to the student's last hidden layer, after activation and dropout; the features of a linear model are " \
	"the data, which nothing moves. "

/* h->grad <- 0 or, with slopes (b, cols), these. */
static void give_back(const struct lb_io *h, const double *slope)
{
	for (size_t i = 0; h->grad && i < h->rows; i++)
		for (size_t k = 0; k < h->cols; k++)
			h->grad[i * h->stride + k] = (real)slope[i * h->cols + k];
}

static double at(const struct lb_io *x, size_t i, size_t k)
{
	return (double)x->value[i * x->stride + k];
}

/* ---- rkd ---- */

enum { DISTANCE, ANGLE };

static const struct lb_param rkd_params[] = {
	[DISTANCE] = { .name = "distance", .symbol = "a", .def = 25, .min = 0, .max = 1e4, .grid = { 0, 1, 25 }, .n_grid = 3, .help = "weight of the distances" },
	[ANGLE] = { .name = "angle", .symbol = "b", .def = 50, .min = 0, .max = 1e4, .grid = { 0, 2, 50 }, .n_grid = 3, .help = "weight of the angles" },
};

/* Smooth absolute value, with its knee at 1. */
static double huber(double e, double *slope)
{
	*slope = e > 1 ? 1 : e < -1 ? -1 : e;
	return fabs(e) > 1 ? fabs(e) - 0.5 : e * e / 2;
}

/* d (b, b) <- the distances of the rows. Returns the mean of those that are not 0; 0 without. */
static double distances(const struct lb_io *x, double *d, size_t *n)
{
	double all = 0;

	*n = 0;
	for (size_t i = 0; i < x->rows; i++)
		for (size_t j = 0; j < x->rows; j++) {
			double sum = 0;
			for (size_t k = 0; k < x->cols; k++)
				sum += (at(x, i, k) - at(x, j, k)) * (at(x, i, k) - at(x, j, k));
			d[i * x->rows + j] = sqrt(sum);
			all += d[i * x->rows + j];
			*n += sum > 0;
		}
	return *n ? all / (double)*n : 0;
}

/* Returns the part of the distances. slope (b, cols) gets its derivatives added, times weight,
 * unless NULL. */
static double distance_part(const struct lb_batch *in, double weight, double *room, double *slope)
{
	const struct lb_io *h = &in->hidden;
	const size_t b = in->b;
	double *own = room, *other = room + b * b, sum = 0, along = 0;
	size_t n, n_other;
	const double mean = distances(h, own, &n), mean_other = distances(&in->inputs, other, &n_other), share = 1 / ((double)b * (double)b);

	for (size_t k = 0; k < b * b; k++) {
		const double e = (mean > 0 ? own[k] / mean : 0) - (mean_other > 0 ? other[k] / mean_other : 0);
		double by_e;
		sum += huber(e, &by_e);
		other[k] = weight * share * by_e;
		along += other[k] * own[k];
	}
	for (size_t i = 0; slope && mean > 0 && i < b; i++)
		for (size_t j = 0; j < b; j++) {
			const double d = own[i * b + j], by_d = other[i * b + j] / mean - along / (mean * mean * (double)n);
			for (size_t k = 0; d > 0 && k < h->cols; k++)
				slope[i * h->cols + k] += 2 * by_d * (at(h, i, k) - at(h, j, k)) / d;
		}
	return sum * share;
}

/* v (b, cols) <- the unit vectors from row i to each row, 0 to an equal one; length (b) of the
 * ways. */
static void directions(const struct lb_io *x, size_t i, double *v, double *length)
{
	for (size_t j = 0; j < x->rows; j++) {
		double sum = 0;
		for (size_t k = 0; k < x->cols; k++) {
			v[j * x->cols + k] = at(x, j, k) - at(x, i, k);
			sum += v[j * x->cols + k] * v[j * x->cols + k];
		}
		length[j] = sqrt(sum);
		for (size_t k = 0; k < x->cols; k++)
			v[j * x->cols + k] /= sum > 0 ? length[j] : 1;
	}
}

static double dot(const double *a, const double *b, size_t n)
{
	double sum = 0;

	for (size_t k = 0; k < n; k++)
		sum += a[k] * b[k];
	return sum;
}

/* The derivatives by the unit vectors of one corner, by_v (b, cols), taken back to the rows. */
static void turn(const struct lb_io *h, size_t i, const double *v, const double *length, const double *by_v, double *slope)
{
	for (size_t j = 0; j < h->rows; j++) {
		const double *u = v + j * h->cols, *g = by_v + j * h->cols, along = dot(u, g, h->cols);
		for (size_t k = 0; length[j] > 0 && k < h->cols; k++) {
			const double by_way = (g[k] - along * u[k]) / length[j];
			slope[j * h->cols + k] += by_way;
			slope[i * h->cols + k] -= by_way;
		}
	}
}

/* The same of the angles at each row between the ways to all others. */
static double angle_part(const struct lb_batch *in, double weight, double *room, double *slope)
{
	const struct lb_io *h = &in->hidden, *t = &in->inputs;
	const size_t b = in->b, n = h->cols;
	const double share = 1 / ((double)b * (double)b * (double)b);
	double *v = room, *by_v = v + b * n, *taught = by_v + b * n, *length = taught + b * t->cols, *unused = length + b, sum = 0;

	for (size_t i = 0; i < b; i++) {
		directions(h, i, v, length);
		directions(t, i, taught, unused);
		for (size_t k = 0; k < b * n; k++)
			by_v[k] = 0;
		for (size_t j = 0; j < b; j++)
			for (size_t l = 0; l < b; l++) {
				double by_e;
				sum += huber(dot(v + j * n, v + l * n, n) - dot(taught + j * t->cols, taught + l * t->cols, t->cols), &by_e);
				for (size_t k = 0; slope && k < n; k++)
					by_v[j * n + k] += 2 * weight * share * by_e * v[l * n + k];
			}
		if (slope)
			turn(h, i, v, length, by_v, slope);
	}
	return sum * share;
}

static size_t rkd_workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	const size_t b = shape->b, of_distances = 2 * b * b, of_angles = b * (2 * shape->n_hidden + shape->n_guide + 2);

	(void)par;
	return (b * shape->n_hidden + (of_distances > of_angles ? of_distances : of_angles)) * sizeof(double);
}

static double rkd_batch(const struct lb_batch *in, real *g)
{
	const double nothing = lb_ignore_scores(in, g), by_distance = in->par[DISTANCE].v, by_angle = in->par[ANGLE].v;
	const size_t cells = in->b * in->hidden.cols;
	double *slope = in->workspace, *room = slope + cells, value = nothing;

	if (!in->hidden.value)
		return nothing;
	for (size_t k = 0; k < cells; k++)
		slope[k] = 0;
	if (by_distance > 0)
		value += by_distance * distance_part(in, by_distance, room, in->hidden.grad ? slope : NULL);
	if (by_angle > 0)
		value += by_angle * angle_part(in, by_angle, room, in->hidden.grad ? slope : NULL);
	give_back(&in->hidden, slope);
	return value;
}
LB_BATCH(rkd, rkd_batch)

static const struct lb_example rkd_examples[] = {
	{ .set = "angle=0 distance=1", .b = 3, .c = 1, .z = { 0, 0, 0 }, .t = { 0, 0, 0 }, .y = { 0, 0, 0 }, .h = { 0, 1, 3 }, .n_h = 1, .x = { 0, 1, 2 }, .n_x = 1, .value = 0.013888888888888889,
	  .source = "by hand: distances 1, 3, 2 over their mean 2, and 1, 2, 1 over 4/3, differ by -1/4, 0, 1/4: 4 (1/32) / 9" },
	{ .set = "angle=1 distance=0", .b = 3, .c = 1, .z = { 0, 0, 0 }, .t = { 0, 0, 0 }, .y = { 0, 0, 0 }, .h = { 0, 1, 3 }, .n_h = 1, .x = { 0, 2, 1 }, .n_x = 1, .value = 0.22222222222222221,
	  .source = "by hand: in 4 of 27 places 1 is -1 or the other way round: 4 (2 - 1/2) / 27" },
};

const struct lb_loss LB_LOSS(distillation, rkd) = {
	.info = {
		.base = {
			.name = "rkd",
			.title = "Relational distillation: the distances and angles among a batch's features as the teacher has them",
			.cite = "W. Park, D. Kim, Y. Lu, M. Cho, Relational knowledge distillation, CVPR 2019",
			.formula = "a (1/B^2) sum_ij s(D_ij - D'_ij) + b (1/B^3) sum_ijk s(A_ijk - A'_ijk),  D_ij = |h_i - h_j| over the mean of the distances above 0, A_ijk the cosine of "
				   "the angle at h_i between h_j and h_k, s(e) = e^2/2, |e| - 1/2 beyond 1; D', A' of the teacher",
			.notes = TEACHER_FEATURES "The mean distance is differentiated. It stays the same when all features are moved, turned or scaled alike. The paper's weights are 1 and 2, those of a widely "
				 "used program, the defaults here, 25 and 50, beside cross-entropy. 0 for a batch of one row. B^3 operations with angles.",
			.keywords = "relational_knowledge_distillation rkd_distance rkd_angle distance_wise angle_wise feature_distillation teacher student",
			LB_PARAMS(rkd_params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation of features",
		.properties = PROPERTIES,
		.needs = NEEDS,
		LB_EXAMPLES(rkd_examples),
	},
	.form = &rkd_form,
	.workspace = rkd_workspace,
};

/* ---- similarity_preserving ---- */

/* s (b, b) <- the inner products of the rows, each row of them by its length (b). */
static void similarities(const struct lb_io *x, double *s, double *length)
{
	for (size_t i = 0; i < x->rows; i++) {
		double squares = 0;
		for (size_t j = 0; j < x->rows; j++) {
			double sum = 0;
			for (size_t k = 0; k < x->cols; k++)
				sum += at(x, i, k) * at(x, j, k);
			s[i * x->rows + j] = sum;
			squares += sum * sum;
		}
		length[i] = sqrt(squares);
		for (size_t j = 0; j < x->rows; j++)
			s[i * x->rows + j] /= squares > 0 ? length[i] : 1;
	}
}

static double sp_batch(const struct lb_batch *in, real *g)
{
	const double nothing = lb_ignore_scores(in, g), share = 1 / ((double)in->b * (double)in->b);
	const struct lb_io *h = &in->hidden;
	const size_t b = in->b, n = h->cols;
	double *slope = in->workspace, *own = slope + b * n, *other = own + b * b, *length = other + b * b, *unused = length + b, sum = 0;

	if (!h->value)
		return nothing;
	similarities(h, own, length);
	similarities(&in->inputs, other, unused);
	for (size_t k = 0; k < b * n; k++)
		slope[k] = 0;
	for (size_t i = 0; i < b; i++) {
		double along = 0;
		for (size_t j = 0; j < b; j++) {
			const double e = own[i * b + j] - other[i * b + j];
			sum += e * e;
			other[i * b + j] = 2 * share * e;
			along += other[i * b + j] * own[i * b + j];
		}
		for (size_t j = 0; h->grad && length[i] > 0 && j < b; j++) {
			const double by_product = (other[i * b + j] - along * own[i * b + j]) / length[i];
			for (size_t k = 0; k < n; k++) {
				slope[i * n + k] += by_product * at(h, j, k);
				slope[j * n + k] += by_product * at(h, i, k);
			}
		}
	}
	give_back(h, slope);
	return sum * share + nothing;
}
LB_BATCH(similarity_preserving, sp_batch)

static size_t sp_workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->b * (shape->n_hidden + 2 * shape->b + 2) * sizeof(double);
}

static const struct lb_example sp_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 0 }, .t = { 0, 0 }, .y = { 0, 0 }, .h = { 1, 0, 0, 2 }, .n_h = 2, .x = { 1, -1 }, .n_x = 1, .value = 0.29289321881345254,
	  .source = "by hand: rows (1, 0), (0, 1) and (1, -1), (-1, 1) over the root of 2" },
};

const struct lb_loss LB_LOSS(distillation, similarity_preserving) = {
	.info = {
		.base = {
			.name = "similarity_preserving",
			.title = "Similarity-preserving distillation: rows are alike where they are to the teacher",
			.cite = "F. Tung, G. Mori, Similarity-preserving knowledge distillation, ICCV 2019",
			.formula = "(1/B^2) sum_ij (S_ij - S'_ij)^2,  S the inner products h_i . h_j, each row of them divided by its length; S' of the teacher",
			.notes = TEACHER_FEATURES "A row of products that are all 0 stays one.",
			.keywords = "sp similarity feature_distillation knowledge_distillation teacher student gram",
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation of features",
		.properties = PROPERTIES,
		.needs = NEEDS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(sp_examples),
	},
	.form = &similarity_preserving_form,
	.workspace = sp_workspace,
};
