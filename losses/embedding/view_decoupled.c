/* Contrastive losses of two views whose positive stands apart from its negatives. */
#include "losses/support/two_views.h"
#include "losses/support/view_words.h"

enum { TAU };

/* ---- dcl, dcl_w ---- */

static const struct lb_param dcl_params[] = { [TAU] = LB_VIEW_TEMPERATURE(0.1) };

static const struct lb_example dcl_examples[] = {
	{ .set = "tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = -0.30685281944005469,
	  .source = "by hand: log 2 - 1" },
};

/* The negatives' soft maximum less `weight` times the positive's cosine, over t. */
static double decoupled(const struct lb_anchor *a, double weight)
{
	const double t = a->in->par[TAU].v;
	double *take = a->room;

	if (a->n < 2)
		return 0;
	for (size_t k = 0; k < a->n; k++)
		take[k] = k != a->own;
	const double most = lb_soft_maximum(a->n, a->s, take, t, a->slope);
	for (size_t k = 0; a->slope && k < a->n; k++)
		a->slope[k] /= t;
	if (a->slope)
		a->slope[a->own] = -weight / t;
	return (most - weight * a->s[a->own]) / t;
}

static double dcl_anchor(const struct lb_anchor *a)
{
	return decoupled(a, 1);
}

LB_OF_ANCHORS(dcl, LB_BOTH_VIEWS, true, dcl_anchor)

const struct lb_loss LB_LOSS(embedding, dcl) = {
	.info = {
		.base = {
			.name = "dcl",
			.title = "Decoupled contrastive loss: NT-Xent without the positive in the denominator",
			.cite = "C.-H. Yeh, C.-Y. Hong, Y.-C. Hsu, T.-L. Liu, Y. Chen, Y. LeCun, Decoupled contrastive learning, ECCV 2022, eq. 6",
			.formula = "mean over the 2 B rows of both views of log sum_{a != i, i'} exp(s_ia / t) - s_ii' / t",
			.notes = LB_VIEW_COSINES LB_ONE_VIEW "The denominator has the 2 (B - 1) other rows of both views. Negative values are normal. A batch of one "
				 "row gives 0.",
			.keywords = "decoupled contrastive simclr self_supervised",
			LB_PARAMS(dcl_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(dcl_examples),
	},
	.form = &dcl_form,
	.workspace = dcl_room,
};

enum { SIGMA = 1 };

static const struct lb_param dcl_w_params[] = {
	[TAU] = LB_VIEW_TEMPERATURE(0.1),
	[SIGMA] = { .name = "sigma", .symbol = "sigma", .def = 0.5, .min = 1e-3, .max = 1e12, .log_scale = true, .grid = { 0.3, 0.5, 1 }, .n_grid = 3,
		    .help = "how evenly positives are weighed; dcl in the limit" },
};

static const struct lb_same_as dcl_w_same_as[] = {
	{ .set = "sigma=1e12", .other = "dcl", .other_set = "" },
};

static const struct lb_example dcl_w_examples[] = {
	{ .set = "tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = -0.30685281944005469,
	  .source = "by hand: equal positives, weights 1, as dcl" },
};

static double dcl_w_anchor(const struct lb_anchor *a)
{
	const size_t b = a->in->b;

	if (b < 2)
		return 0;
	lb_soft_maximum(b, a->held_own, NULL, a->in->par[SIGMA].v, a->room);
	return decoupled(a, 2 - (double)b * a->room[a->row]);
}

LB_OF_ANCHORS(dcl_w, LB_BOTH_VIEWS, true, dcl_w_anchor)

const struct lb_loss LB_LOSS(embedding, dcl_w) = {
	.info = {
		.base = {
			.name = "dcl_w",
			.title = "Weighted decoupled contrastive loss: positives that are far apart weigh more",
			.cite = "C.-H. Yeh, C.-Y. Hong, Y.-C. Hsu, T.-L. Liu, Y. Chen, Y. LeCun, Decoupled contrastive learning, ECCV 2022, eq. 7 and 8",
			.formula = "mean over the 2 B rows of log sum_{a != i, i'} exp(s_ia / t) - w_i s_ii' / t,  w_i = 2 - B exp(s_ii' / sigma) / "
				   "sum_k exp(s_kk' / sigma)",
			.notes = LB_VIEW_COSINES LB_ONE_VIEW "The weights, of mean 1 over the batch, are held fixed in the gradient. A batch of one row gives 0.",
			.keywords = "decoupled dclw von_mises_fisher contrastive",
			LB_PARAMS(dcl_w_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_SAME_AS(dcl_w_same_as),
		LB_EXAMPLES(dcl_w_examples),
	},
	.form = &dcl_w_form,
	.workspace = dcl_w_room,
};

/* ---- gcl ---- */

static const struct lb_param gcl_params[] = { [TAU] = LB_VIEW_TEMPERATURE(0.1) };

static const struct lb_example gcl_examples[] = {
	{ .set = "tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = -2,
	  .source = "by hand: in each direction log 1 - 1" },
};

/* Twice the anchor's term, as both directions are summed. */
static double gcl_anchor(const struct lb_anchor *a)
{
	const double t = a->in->par[TAU].v, directions = 2;
	double *take = a->room;

	if (a->n < 2)
		return 0;
	for (size_t k = 0; k < a->n; k++)
		take[k] = k != a->own;
	const double most = lb_soft_maximum(a->n, a->s, take, t, a->slope) - t * log((double)(a->n - 1));
	for (size_t k = 0; a->slope && k < a->n; k++)
		a->slope[k] *= directions;
	if (a->slope)
		a->slope[a->own] = -directions;
	return directions * (most - a->s[a->own]);
}

LB_OF_ANCHORS(gcl, LB_BOTH_VIEWS, true, gcl_anchor)

const struct lb_loss LB_LOSS(embedding, gcl) = {
	.info = {
		.base = {
			.name = "gcl",
			.title = "Global contrastive loss within a batch: the soft maximum of how much nearer negatives are than the positive",
			.cite = "Z. Yuan, Y. Wu, Z.-H. Qiu, X. Du, L. Zhang, D. Zhou, T. Yang, Provable stochastic optimization for global contrastive learning, "
				"ICML 2022, eq. 5, of a batch",
			.formula = "mean_i of the sum over both directions of t log mean_n exp((s_in - s_ii') / t),  n the 2 (B - 1) other rows of both views",
			.notes = LB_VIEW_COSINES LB_ONE_VIEW "Negative values are normal. sogclr has its gradient with gamma 1. A batch of one row gives 0.",
			.keywords = "sogclr global contrastive",
			LB_PARAMS(gcl_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(gcl_examples),
	},
	.form = &gcl_form,
	.workspace = gcl_room,
};

/* ---- siglip ---- */

enum { SCALE, BIAS, LEARN };
enum { NOTHING, ALL };

static const char *const learned[] = { [NOTHING] = "none", [ALL] = "both", NULL };

static const struct lb_param siglip_params[] = {
	[SCALE] = { .name = "scale", .symbol = "scale", .def = 10, .min = 0, .max = 1e3, .grid = { 1, 10, 30 }, .n_grid = 3, .help = "cosines are multiplied by it" },
	[BIAS] = { .name = "bias", .symbol = "bias", .def = -10, .min = -1e3, .max = 1e3, .grid = { -10, -5, 0 }, .n_grid = 3,
		   .help = "added to scaled cosines; -10 begins where most pairs are none" },
	[LEARN] = { .name = "learn", .symbol = "learn", .type = LB_CHOICE_PARAM, .choices = learned, .def = NOTHING,
		    .help = "both: scale and bias are trained with the model, from these values on; none: they stay" },
};

static int siglip_check(const struct lb_arg *par, struct lb_err *err)
{
	return par[LEARN].v < ALL || par[SCALE].v > 0 ? 0 : lb_fail(err, LB_CONFIG, "scale: found 0 with learn both, allowed: above 0, as its logarithm is trained");
}

static const struct lb_example siglip_examples[] = {
	{ .set = "scale=0 bias=0", .b = 3, .c = 2, .z = { 1, 0, 0, 1, -1, 0, 1, 2, 0, 1, -1, 3 }, .views = 2, .value = 2.0794415416798357,
	  .source = "by hand: B log 2" },
	{ .set = "learn=both", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .params = { 0, 0 }, .value = 1.0064088680781682,
	  .source = "by hand: scale exp(0), bias 0: log(1 + exp(-1)) + log 2" },
};

/* What cosines are scaled and shifted by; the parameters are log scale and bias. */
static double siglip_scale(const struct lb_batch *in)
{
	return in->params.cols ? exp((double)in->params.value[0]) : in->par[SCALE].v;
}

static double siglip_bias(const struct lb_batch *in)
{
	return in->params.cols ? (double)in->params.value[1] : in->par[BIAS].v;
}

/* Returns log(1 + exp(-y x)), y = 1 for the anchor's own and -1 for the others; *slope gets its
 * derivative by x. */
static double siglip_pair(bool own, double x, double *slope)
{
	const double y = own ? 1 : -1, m = -y * x, e = exp(-fabs(m));

	*slope = -y * (m > 0 ? 1 : e) / (1 + e);
	return (m > 0 ? m : 0) + log1p(e);
}

static double siglip_anchor(const struct lb_anchor *a)
{
	const double scale = siglip_scale(a->in), bias = siglip_bias(a->in);
	double sum = 0, slope;

	for (size_t k = 0; k < a->n; k++) {
		sum += siglip_pair(k == a->own, scale * a->s[k] + bias, &slope);
		if (a->slope)
			a->slope[k] = slope * scale;
	}
	return sum;
}

/* Adds an anchor's derivatives by log scale and bias to by (2). */
static void siglip_by_law(void *by, const struct lb_anchor *a)
{
	const double scale = siglip_scale(a->in), bias = siglip_bias(a->in);
	double *to = by, slope;

	for (size_t k = 0; a->view == 0 && k < a->n; k++) {
		siglip_pair(k == a->own, scale * a->s[k] + bias, &slope);
		to[0] += slope * scale * a->s[k] / (double)a->in->b;
		to[1] += slope / (double)a->in->b;
	}
}

static double siglip_batch(const struct lb_batch *in, real *g)
{
	const double value = lb_of_anchors(in, g, LB_OTHER_VIEW, false, siglip_anchor);
	double by[2] = { 0 };

	if (in->params.grad)
		lb_visit_anchors(in, LB_OTHER_VIEW, siglip_by_law, by);
	for (size_t j = 0; in->params.grad && j < in->params.cols; j++)
		in->params.grad[j] = (real)by[j];
	return value;
}

static size_t siglip_room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_anchors_bytes(shape, LB_OTHER_VIEW);
}

static size_t siglip_n_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)shape;
	return par[LEARN].v < ALL ? 0 : 2;
}

static void siglip_init_params(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *own)
{
	(void)shape, (void)seed;
	if (par[LEARN].v < ALL)
		return;
	own[0] = (real)log(par[SCALE].v);
	own[1] = (real)par[BIAS].v;
}

LB_BATCH(siglip, siglip_batch)

const struct lb_loss LB_LOSS(embedding, siglip) = {
	.info = {
		.base = {
			.name = "siglip",
			.title = "Sigmoid loss of pairs: each pair of rows is one of the same or it is not",
			.cite = "X. Zhai, B. Mustafa, A. Kolesnikov, L. Beyer, Sigmoid loss for language image pre-training, ICCV 2023, algorithm 1",
			.formula = "(1/B) sum_ij log(1 + exp(-y_ij (scale s_ij + bias))),  y_ij = 1 for i = j, else -1",
			.notes = LB_VIEW_COSINES LB_ONE_VIEW "The paper trains log scale and bias, from log 10 and -10: learn both, with which they are a row of own parameters, "
				 "scale_and_bias, without weight decay. With learn none they are fixed for a run and can be swept.",
			.keywords = "sigmoid clip contrastive language_image",
			LB_PARAMS(siglip_params),
			.check = siglip_check,
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		.params = "scale_and_bias",
		.params_for = LB_ALL_TOGETHER,
		LB_EXAMPLES(siglip_examples),
	},
	.form = &siglip_form,
	.workspace = siglip_room,
	.n_params = siglip_n_params,
	.init_params = siglip_init_params,
};
