#include "losses/support/softmax.h"

#include "core/numeric/rng.h"

#include <string.h>

enum { LAMBDA };

static const struct lb_param params[] = {
	[LAMBDA] = { .name = "lambda", .symbol = "lambda", .def = 0.003, .min = 0, .max = 1e3, .grid = { 0.001, 0.01, 0.1 }, .n_grid = 3,
		     .help = "strength of the pull of the features towards the center of their class; 0 is cross-entropy" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "lambda=0", .other = "ce", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "lambda=0.5", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .h = { 1, 2 }, .n_h = 2, .params = { 0, 0, 1, 2 },
	  .value = 1.9431471805599453, .source = "by hand: log 2 + (1 + 4) / 4" },
	{ .set = "lambda=0.1", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .h = { 0.5, 1, 0, 2 }, .n_h = 2,
	  .params = { 1, 1, 0, 1.5, -3, 4 }, .value = 0.80565386423303557, .source = "mpmath, 30 digits" },
};

/* The cross-entropy of row i, whose gradient, over B, goes to g unless it is NULL. */
static double cross_entropy(const struct lb_batch *in, size_t i, real *g)
{
	real *e = lb_terms(in, g);
	const struct lb_softmax s = lb_softmax(in->output.value + i * in->c, in->c, (size_t)in->y[i], R(1.0), e);
	const real share = R(1.0) / (real)in->b;

	for (size_t k = 0; g && k < in->c; k++)
		g[k] = share * (e[k] / s.sum);
	if (g)
		g[s.y] = -share * s.q;
	return -(double)s.lp;
}

/* lambda/2 |h - c_y|^2 of row i. Its gradient, over B, is written to the row's features and added
 * to the center of its class, where they are asked for. */
static double pull(const struct lb_batch *in, size_t i)
{
	const size_t y = (size_t)in->y[i], n = in->hidden.cols;
	const double lambda = in->par[LAMBDA].v, share = lambda / (double)in->b;
	const real *h = in->hidden.value + i * in->hidden.stride, *center = in->params.value + y * in->params.stride;
	double sum = 0;

	for (size_t j = 0; j < n; j++) {
		const double apart = (double)h[j] - (double)center[j];
		sum += apart * apart;
		if (in->hidden.grad)
			in->hidden.grad[i * in->hidden.stride + j] = (real)(share * apart);
		if (in->params.grad)
			in->params.grad[y * in->params.stride + j] -= (real)(share * apart);
	}
	return lambda / 2 * sum;
}

static double batch(const struct lb_batch *in, real *g)
{
	double sum = 0;

	if (in->params.grad)
		memset(in->params.grad, 0, in->params.rows * in->params.stride * sizeof *in->params.grad);
	for (size_t i = 0; i < in->b; i++) {
		sum += cross_entropy(in, i, g ? g + i * in->c : NULL);
		if (in->hidden.value)
			sum += pull(in, i);
	}
	return sum / (double)in->b;
}

static size_t n_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->n_classes * shape->n_hidden;
}

/* Uniform in +-sqrt(3 / n), n the features: the "xavier" filler of the authors' program. */
static void init_params(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *centers)
{
	const double reach = sqrt(3 / (double)shape->n_hidden);
	struct lb_rng rng;

	lb_rng_init(&rng, seed, LB_RNG_PROTOTYPES, 0);
	for (size_t j = 0; j < n_params(par, shape); j++)
		centers[j] = (real)(reach * (2 * lb_rng_unit(&rng) - 1));
}

LB_BATCH(center_loss, batch)

const struct lb_loss LB_LOSS(multiclass, center_loss) = {
	.info = {
		.base = {
			.name = "center_loss",
			.title = "Center loss: cross-entropy, and features pulled towards the center of their class",
			.cite = "Y. Wen, K. Zhang, Z. Li, Y. Qiao, A discriminative feature learning approach for deep face recognition, ECCV 2016, eq. 5",
			.formula = "-log p_y + lambda/2 |h - c_y|^2,  h what the output layer sees",
			.notes = "h is the last hidden layer after activation and dropout, c_y the center of the label's class: C centers as long as h, "
				 "parameters of the loss, drawn from model.seed uniformly in +-sqrt(3/n) for n features. Both losses are means "
				 "over the batch, where eq. 5 has sums. The gradient goes back through the scores and through h. Centers move by "
				 "the gradient of this loss with the model's optimiser and without weight decay: a step of plain gradient descent takes "
				 "c_j towards h by lr lambda / B for each row of its class. The paper moves them by a rule of their own "
				 "instead, alpha sum_i (h_i - c_j) / (1 + n_j) over the n_j rows of class j, which does not depend on lambda; "
				 "under adam the steps hardly do either. The features of a linear model are the data, which no gradient "
				 "moves: there the term trains the centers alone and the model is that of cross-entropy. lambda 0.003 is the "
				 "paper's for faces. Convex in the scores, not in the weights of hidden layers.",
			.keywords = "centre_loss class_centers intra_class compactness discriminative_features face_recognition",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_PROPER | LB_CALIBRATED,
		.needs = LB_NEEDS_FEATURES | LB_MOVES_FEATURES,
		.params = "centers",
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &center_loss_form,
	.n_params = n_params,
	.init_params = init_params,
};
