/* Losses of explicit pairs: a row's two views are the pair, and its label says how alike they
 * are. */
#include "losses/support/two_views.h"
#include "losses/support/view_words.h"

#define PAIRS                                                                                            \
	"Row i is a pair, its two views (data with both sides' features side by side: train.views: {kind: parts, features: N}), and its label says how alike they are. "

static size_t room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_two_views_bytes(shape, 2 * shape->b);
}

/* Returns s_i, the cosines of the pairs, in v->room. */
static double *pair_cosines(const struct lb_two_views *v)
{
	for (size_t i = 0; i < v->b; i++)
		v->room[i] = lb_dot(v->c, v->u[0] + i * v->c, v->u[1] + i * v->c);
	return v->room;
}

/* by += w times the derivative of pair i's cosine. */
static void add_cosine(const struct lb_two_views *v, size_t i, double w)
{
	for (size_t j = i * v->c; v->by[0] && j < (i + 1) * v->c; j++) {
		v->by[0][j] += w * v->u[1][j];
		v->by[1][j] += w * v->u[0][j];
	}
}

/* ---- cosine_embedding ---- */

enum { MARGIN, DISTANCE };

static const struct lb_param cosine_params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 0, .min = -1, .max = 1, .grid = { 0, 0.3, 0.5 }, .n_grid = 3,
		     .help = "cosine that unlike pairs may have" },
};

static const struct lb_example cosine_examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 1, 0, 1, 1, 0, 2, 3, 0 }, .y = { 1, 0 }, .views = 2, .value = 0.85355339059327376, .source = "by hand: (1 - 0 + 1/sqrt 2) / 2" },
};

static double cosine_value(const struct lb_two_views *v)
{
	const double *s = pair_cosines(v), margin = v->in->par[MARGIN].v, share = 1 / (double)v->b;
	double sum = 0;

	for (size_t i = 0; i < v->b; i++) {
		const bool alike = v->in->y[i] > 0;
		const double loss = alike ? 1 - s[i] : s[i] - margin;
		sum += loss > 0 ? loss : 0;
		if (alike || loss > 0)
			add_cosine(v, i, alike ? -share : share);
	}
	return share * sum;
}

static double cosine_batch(const struct lb_batch *in, real *g)
{
	return lb_of_views(in, g, true, cosine_value);
}

LB_BATCH(cosine_embedding, cosine_batch)

const struct lb_loss LB_LOSS(embedding, cosine_embedding) = {
	.info = {
		.base = {
			.name = "cosine_embedding",
			.title = "Cosine embedding loss: alike pairs have cosine 1, unlike ones at most a margin",
			.cite = "R. Hadsell, S. Chopra, Y. LeCun, CVPR 2006, with cosines, as CosineEmbeddingLoss of PyTorch",
			.formula = "mean_i of 1 - s_i where y_i = 1, max(0, s_i - m) where y_i = 0,  s_i the cosine of the pair",
			.notes = PAIRS LB_ONE_VIEW "Label 1 is alike, 0 unlike. A row of zeros has cosine 0 and does not move.",
			.keywords = "siamese pairs torch cosineembeddingloss",
			LB_PARAMS(cosine_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "explicit pairs",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.classes = 2,
		LB_EXAMPLES(cosine_examples),
	},
	.form = &cosine_embedding_form,
	.workspace = room,
};

/* ---- hinge_embedding ---- */

enum { L2, L1 };

static const char *const distances[] = { [L2] = "l2", [L1] = "l1", NULL };

static const struct lb_param hinge_params[] = {
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 1e6, .grid = { 0.5, 1, 2 }, .n_grid = 3, .help = "distance that unlike pairs have at least" },
	[DISTANCE] = { .name = "distance", .symbol = "distance", .type = LB_CHOICE_PARAM, .choices = distances, .def = L2,
		       .help = "Euclidean, or the sum of absolute differences" },
};

static const struct lb_example hinge_examples[] = {
	{ .set = "margin=4", .b = 2, .c = 2, .z = { 0, 0, 1, 1, 3, 4, 1, 3 }, .y = { 1, 0 }, .views = 2, .value = 3.5, .source = "by hand: (5 + 4 - 2) / 2" },
	{ .set = "margin=4 distance=l1", .b = 2, .c = 2, .z = { 0, 0, 1, 1, 3, 4, 1, 3 }, .y = { 1, 0 }, .views = 2, .value = 4.5, .source = "by hand: (7 + 4 - 2) / 2" },
};

static double hinge_value(const struct lb_two_views *v)
{
	const double margin = v->in->par[MARGIN].v, share = 1 / (double)v->b;
	const bool absolute = v->in->par[DISTANCE].v > L2;
	double sum = 0;

	for (size_t i = 0; i < v->b; i++) {
		const double *x = v->u[0] + i * v->c, *y = v->u[1] + i * v->c;
		const bool alike = v->in->y[i] > 0;
		double d = 0;
		for (size_t j = 0; j < v->c; j++)
			d += absolute ? fabs(x[j] - y[j]) : (x[j] - y[j]) * (x[j] - y[j]);
		d = absolute ? d : sqrt(d);
		sum += alike ? d : d < margin ? margin - d : 0;
		const double w = alike ? share : d < margin ? -share : 0;
		for (size_t j = 0; v->by[0] && j < v->c; j++) {
			const double apart = x[j] - y[j], slope = absolute ? (double)((apart > 0) - (apart < 0)) : d > 0 ? apart / d : 0;
			v->by[0][i * v->c + j] += w * slope;
			v->by[1][i * v->c + j] -= w * slope;
		}
	}
	return share * sum;
}

static double hinge_batch(const struct lb_batch *in, real *g)
{
	return lb_of_views(in, g, false, hinge_value);
}

LB_BATCH(hinge_embedding, hinge_batch)

const struct lb_loss LB_LOSS(embedding, hinge_embedding) = {
	.info = {
		.base = {
			.name = "hinge_embedding",
			.title = "Hinge embedding loss: alike pairs together, unlike ones a margin apart",
			.cite = "HingeEmbeddingLoss of PyTorch, on the pair's distance",
			.formula = "mean_i of d_i where y_i = 1, max(0, m - d_i) where y_i = 0,  d_i = |z_i - z'_i|",
			.notes = PAIRS LB_ONE_VIEW "Label 1 is alike, 0 unlike. Rows are taken as they are. Where a difference is 0 its slope is taken to be 0.",
			.keywords = "siamese pairs torch hingeembeddingloss contrastive",
			LB_PARAMS(hinge_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "explicit pairs",
		.properties = LB_NONNEGATIVE,
		.needs = LB_NEEDS_VIEWS,
		.classes = 2,
		LB_EXAMPLES(hinge_examples),
	},
	.form = &hinge_embedding_form,
	.workspace = room,
};

/* ---- cosent, angle ---- */

enum { SCALE };

static const struct lb_param scale_params[] = {
	[SCALE] = { .name = "scale", .symbol = "scale", .def = 20, .min = 1e-3, .max = 1e3, .log_scale = true, .grid = { 5, 20, 50 }, .n_grid = 3,
		    .help = "differences are multiplied by it" },
};

/* log(1 + sum over pairs of labels y_i < y_j of exp(scale (s_i - s_j))); by_s (b) gets its
 * derivative. */
static double ordered(const struct lb_batch *in, double scale, const double *s, double *by_s)
{
	double most = 0, sum = 0;

	for (size_t i = 0; i < in->b; i++) {
		by_s[i] = 0;
		for (size_t j = 0; j < in->b; j++)
			if (in->y[i] < in->y[j] && scale * (s[i] - s[j]) > most)
				most = scale * (s[i] - s[j]);
	}
	for (size_t i = 0; i < in->b; i++)
		for (size_t j = 0; j < in->b; j++)
			if (in->y[i] < in->y[j]) {
				const double e = exp(scale * (s[i] - s[j]) - most);
				sum += e;
				by_s[i] += e;
				by_s[j] -= e;
			}
	for (size_t i = 0; i < in->b; i++)
		by_s[i] *= scale / (exp(-most) + sum);
	return most > 0 ? most + log(exp(-most) + sum) : log1p(sum);
}

static const struct lb_example cosent_examples[] = {
	{ .set = "scale=1", .b = 2, .c = 2, .z = { 1, 0, 1, 0, 0, 1, 1, 0 }, .y = { 0, 1 }, .views = 2, .value = 0.31326168751822286, .source = "by hand: log(1 + exp(0 - 1))" },
};

static double cosent_value(const struct lb_two_views *v)
{
	double *by_s = v->room + v->b;
	const double value = ordered(v->in, v->in->par[SCALE].v, pair_cosines(v), by_s);

	for (size_t i = 0; i < v->b; i++)
		add_cosine(v, i, by_s[i]);
	return value;
}

static double cosent_batch(const struct lb_batch *in, real *g)
{
	return lb_of_views(in, g, true, cosent_value);
}

LB_BATCH(cosent, cosent_batch)

const struct lb_loss LB_LOSS(embedding, cosent) = {
	.info = {
		.base = {
			.name = "cosent",
			.title = "CoSENT: pairs of a higher label are more alike than pairs of a lower one",
			.cite = "X. Huang, H. Peng, D. Zou, Z. Liu, J. Li, K. Liu, J. Wu, J. Su, P. S. Yu, CoSENT: consistent sentence embedding via similarity ranking, "
				"IEEE/ACM TASLP 2024",
			.formula = "log(1 + sum_{y_i < y_j} exp(scale (s_i - s_j))),  s_i the cosine of the pair",
			.notes = PAIRS LB_ONE_VIEW "Labels are ordered by the data's order of classes; only their order counts. One number a batch, not divided by B. A batch of one label gives 0. "
				 "A row of zeros has cosine 0 and does not move.",
			.keywords = "sentence_similarity sts ranking pairs",
			LB_PARAMS(scale_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "explicit pairs",
		.properties = LB_NONNEGATIVE,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(cosent_examples),
	},
	.form = &cosent_form,
	.workspace = room,
};

static const struct lb_example angle_examples[] = {
	{ .set = "scale=1", .b = 2, .c = 2, .z = { 1, 0, 1, 0, 0, 1, 3, 4 }, .y = { 0, 1 }, .views = 2, .value = 1.1711006659477778,
	  .source = "by hand: |0 - 1| and |3 - 4| / 5: log(1 + exp(1 - 1/5))" },
};

/* Of pair i, |z1| |z2| s_i = sum of real and imaginary parts of z1 conj(z2), the halves of a row
 * being the parts of complex numbers. Returns it signed, over the lengths; to_first and to_second
 * (c), unless NULL, get w times its derivatives by the directions. */
static double complex_sum(const struct lb_two_views *v, size_t i, double w, double *to_first, double *to_second)
{
	const size_t n = v->c / 2;
	const double *a = v->u[0] + i * v->c, *b = a + n, *c = v->u[1] + i * v->c, *d = c + n;
	double sum = 0;

	for (size_t j = 0; j < n; j++) {
		sum += a[j] * c[j] + b[j] * d[j] + b[j] * c[j] - a[j] * d[j];
		if (!to_first)
			continue;
		to_first[j] += w * (c[j] - d[j]);
		to_first[n + j] += w * (d[j] + c[j]);
		to_second[j] += w * (a[j] + b[j]);
		to_second[n + j] += w * (b[j] - a[j]);
	}
	return sum;
}

static double angle_value(const struct lb_two_views *v)
{
	double *s = v->room, *by_s = s + v->b;

	for (size_t i = 0; i < v->b; i++)
		s[i] = fabs(complex_sum(v, i, 0, NULL, NULL));
	const double value = ordered(v->in, v->in->par[SCALE].v, s, by_s);
	for (size_t i = 0; v->by[0] && i < v->b; i++) {
		const double signed_s = complex_sum(v, i, 0, NULL, NULL), sign = (double)((signed_s > 0) - (signed_s < 0));
		complex_sum(v, i, sign * by_s[i], v->by[0] + i * v->c, v->by[1] + i * v->c);
	}
	return value;
}

static double angle_batch(const struct lb_batch *in, real *g)
{
	return lb_of_views(in, g, true, angle_value);
}

LB_BATCH(angle, angle_batch)

const struct lb_loss LB_LOSS(embedding, angle) = {
	.info = {
		.base = {
			.name = "angle",
			.title = "AnglE: pairs of a higher label differ less in complex angle than pairs of a lower one",
			.cite = "X. Li, J. Li, AoE: angle-optimized embeddings for semantic textual similarity, ACL 2024, as AnglELoss of sentence-transformers",
			.formula = "log(1 + sum_{y_i < y_j} exp(scale (s_i - s_j))),  s_i = |sum_j Re + Im of (a_j + i b_j) (c_j - i d_j)| / (|z_i| |z'_i|),  z_i = (a, b), z'_i = (c, d)",
			.notes = PAIRS LB_ONE_VIEW "The halves of an embedding are real and imaginary parts; of an odd number of columns the last has no part. Labels are ordered by the data's order "
				 "of classes; only their order counts. One number a batch, not divided by B. A row of zeros has s 0 and does not move; at s = 0 the slope is 0. The full method adds "
				 "cosent and a loss of the batch's negatives: give them as terms.",
			.keywords = "angle_optimized complex sentence_similarity sts ranking pairs",
			LB_PARAMS(scale_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "explicit pairs",
		.properties = LB_NONNEGATIVE,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(angle_examples),
	},
	.form = &angle_form,
	.workspace = room,
};

/* ---- cosine_mse ---- */

static const struct lb_example mse_examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 1, 0, 1, 0, 0, 1, 1, 0 }, .y = { 0, 1 }, .classes = 3, .views = 2, .value = 0.125, .source = "by hand: (0 + (1 - 1/2)^2) / 2" },
};

static double mse_value(const struct lb_two_views *v)
{
	const double *s = pair_cosines(v), top = v->in->stats->n_classes > 1 ? (double)(v->in->stats->n_classes - 1) : 1;
	double sum = 0;

	for (size_t i = 0; i < v->b; i++) {
		const double off = s[i] - (double)v->in->y[i] / top;
		sum += off * off / (double)v->b;
		add_cosine(v, i, 2 * off / (double)v->b);
	}
	return sum;
}

static double mse_batch(const struct lb_batch *in, real *g)
{
	return lb_of_views(in, g, true, mse_value);
}

LB_BATCH(cosine_mse, mse_batch)

const struct lb_loss LB_LOSS(embedding, cosine_mse) = {
	.info = {
		.base = {
			.name = "cosine_mse",
			.title = "Squared error of a pair's cosine against how alike it is",
			.cite = "N. Reimers, I. Gurevych, Sentence-BERT, EMNLP 2019, section 3 (regression objective)",
			.formula = "mean_i (s_i - y_i / (C - 1))^2,  s_i the cosine of the pair, y_i its label from 0 to C - 1",
			.notes = PAIRS LB_ONE_VIEW "Labels are grades at equal steps from 0 to 1. A row of zeros has cosine 0 and does not move.",
			.keywords = "sentence_bert sts regression pairs cosinesimilarityloss",
		},
		.kind = LB_EMBEDDING,
		.good_for = "explicit pairs",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		LB_EXAMPLES(mse_examples),
	},
	.form = &cosine_mse_form,
	.workspace = room,
};

/* ---- mega_batch_margin ---- */

enum { POSITIVE, NEGATIVE };

static const struct lb_param mega_params[] = {
	[POSITIVE] = { .name = "pos_margin", .symbol = "m1", .def = 0.8, .min = -1, .max = 1, .grid = { 0.6, 0.8, 1 }, .n_grid = 3, .help = "cosine of a pair from which it costs nothing" },
	[NEGATIVE] = { .name = "neg_margin", .symbol = "m0", .def = 0.3, .min = -1, .max = 1, .grid = { 0, 0.3, 0.5 }, .n_grid = 3,
		       .help = "cosine of the hardest other row up to which it costs nothing" },
};

static const struct lb_example mega_examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 1, 0 }, .views = 2, .value = 0.75, .source = "by hand: (0 + 0.7 + 0.8 + 0) / 2" },
};

static double mega_anchor(const struct lb_anchor *a)
{
	const struct lb_arg *par = a->in->par;
	size_t at = a->n;

	for (size_t k = 0; k < a->n; k++)
		at = k != a->own && (at == a->n || a->s[k] > a->s[at]) ? k : at;
	const double near = par[POSITIVE].v - a->s[a->own], far = at < a->n ? a->s[at] - par[NEGATIVE].v : 0;
	if (a->slope && near > 0)
		a->slope[a->own] = -1;
	if (a->slope && far > 0)
		a->slope[at] = 1;
	return (near > 0 ? near : 0) + (far > 0 ? far : 0);
}

static double mega_batch(const struct lb_batch *in, real *g)
{
	return lb_of_anchors(in, g, LB_OTHER_VIEW, false, mega_anchor);
}

static size_t mega_room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_anchors_bytes(shape, LB_OTHER_VIEW);
}

LB_BATCH(mega_batch_margin, mega_batch)

const struct lb_loss LB_LOSS(embedding, mega_batch_margin) = {
	.info = {
		.base = {
			.name = "mega_batch_margin",
			.title = "Mega-batch margin loss: a pair is near, the most similar other row of the batch is not",
			.cite = "J. Wieting, K. Gimpel, ParaNMT-50M, ACL 2018, section 4.2, as in sentence-transformers",
			.formula = "mean_i of max(0, m1 - s_ii) + max(0, max_{j != i} s_ij - m0)",
			.notes = "s_ij is the cosine of row i in the first view and row j in the second. Labels are not read. " LB_ONE_VIEW "The choice of the negative, the first of the most similar, is held "
				 "fixed in the gradient. A batch of one row has the first part alone.",
			.keywords = "paranmt paraphrase hardest_negative sentence",
			LB_PARAMS(mega_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "explicit pairs",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(mega_examples),
	},
	.form = &mega_batch_margin_form,
	.workspace = mega_room,
};
