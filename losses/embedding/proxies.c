/* Losses of cosines to prototypes that have no margin on an angle: sface, p2sgrad, proxy_nca,
 * proxy_anchor, soft_triple. */
#include "core/numeric/logistic.h"
#include "losses/support/one_prototype.h"

#include <string.h>

/* ---- sigmoids of angles: sface ---- */

enum { SF_SCALE, STEEP, INNER, OUTER };

/* The angle of a cosine, which rounding may have made more than 1. */
static double angle(double c)
{
	return acos(c < -1 ? -1 : c > 1 ? 1 : c);
}

static double sface_loss(const struct lb_batch *in, const struct lb_prototypes *at)
{
	const struct lb_arg *par = in->par;
	const double *held = lb_prototypes_held(in, at, at->own), n = (double)at->b;
	double sum = 0;

	for (size_t i = 0; i < at->b * at->k; i++) {
		const bool own = i % at->k == (size_t)in->y[i / at->k];
		const double theta = angle(held[i]), w = own ? -lb_expit(par[STEEP].v * (theta - par[INNER].v)) : lb_expit(-par[STEEP].v * (theta - par[OUTER].v));
		at->slope[i] = par[SF_SCALE].v * w / n;
		sum += at->slope[i] * at->cosine[i];
	}
	return sum;
}

static size_t sface_workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_prototypes_workspace(shape, 1, shape->b * shape->n_classes);
}

static void sface_predict(const struct lb_batch *in, real *out)
{
	lb_prototype_scores(in, in->par[SF_SCALE].v, false, false, out);
}

static const struct lb_param sface_params[] = {
	[SF_SCALE] = { .name = "scale", .symbol = "s", .def = 64, .min = 0, .min_open = true, .max = 1e4, .grid = { 16, 30, 64 }, .n_grid = 3, .log_scale = true,
		       .help = "cosines are multiplied by it" },
	[STEEP] = { .name = "steepness", .symbol = "g", .def = 80, .min = 0, .max = 1e4, .grid = { 20, 80 }, .n_grid = 2, .help = "of the sigmoids" },
	[INNER] = { .name = "inner", .symbol = "a", .def = 0.8, .min = 0, .max = 3.15, .grid = { 0.8, 0.87 }, .n_grid = 2,
		    .help = "angle in radians below which a row is no longer drawn to its class" },
	[OUTER] = { .name = "outer", .symbol = "b", .def = 1.23, .min = 0, .max = 3.15, .grid = { 1.2, 1.23 }, .n_grid = 2,
		    .help = "angle above which it is no longer pushed from another" },
};
static const struct lb_example sface_examples[] = {
	{ .set = "scale=2 steepness=0", .b = 1, .c = 2, .z = { 3, 0 }, .y = { 0 }, .params = { 0.5, 0, 0, 7 }, .classes = 2, .value = -1,
	  .source = "by hand: weights 1/2, so -1/2 * 2 * 1 + 1/2 * 2 * 0" },
};

/* ---- squares: p2sgrad ---- */

static double squares_loss(const struct lb_batch *in, const struct lb_prototypes *at)
{
	const double n = (double)(at->b * at->k);
	double sum = 0;

	for (size_t i = 0; i < at->b * at->k; i++) {
		const double off = at->cosine[i] - (i % at->k == (size_t)in->y[i / at->k] ? 1 : 0);
		sum += off * off;
		at->slope[i] = 2 * off / n;
	}
	return sum / n;
}

static void squares_predict(const struct lb_batch *in, real *out)
{
	lb_prototype_scores(in, 1, false, false, out);
}

static const struct lb_example squares_examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 3, 0 }, .y = { 1 }, .params = { 0.5, 0, 0, 7 }, .classes = 2, .value = 1, .source = "by hand: (1 - 0)^2 and (0 - 1)^2" },
};

/* ---- distances as logits: proxy_nca ---- */

enum { NCA_SCALE, EXCLUDE };

/* |u - p|^2, of vectors of length 1 or 0. */
static double apart(const struct lb_prototypes *at, size_t i, size_t k)
{
	return (at->length[i] > 0) + (at->p_length[k] > 0) - 2 * at->cosine[i * at->k + k];
}

static double nca_loss(const struct lb_batch *in, const struct lb_prototypes *at)
{
	const double scale = in->par[NCA_SCALE].v, n = (double)at->b;
	const bool exclude = in->par[EXCLUDE].v != 0;
	double *logit = at->own, *q = logit + at->k, sum = 0;

	for (size_t i = 0; i < at->b && !(exclude && at->k < 2); i++) {
		const size_t y = (size_t)in->y[i];
		for (size_t k = 0; k < at->k; k++)
			logit[k] = -scale * apart(at, i, k);
		const double own = logit[y];
		if (exclude) {
			double top = -(double)INFINITY, rest = 0;
			for (size_t k = 0; k < at->k; k++)
				top = k != y && logit[k] > top ? logit[k] : top;
			for (size_t k = 0; k < at->k; k++)
				rest += q[k] = k == y ? 0 : exp(logit[k] - top);
			for (size_t k = 0; k < at->k; k++)
				q[k] = k == y ? -1 : q[k] / rest;
			sum += top + log(fmax(rest, 1)) - own;
		} else {
			sum += lb_logits_loss(at->k, logit, y, q);
		}
		for (size_t k = 0; k < at->k; k++)
			at->slope[i * at->k + k] = 2 * scale * q[k] / n;
	}
	return sum / n;
}

static void nca_predict(const struct lb_batch *in, real *out)
{
	lb_prototype_scores(in, 2 * in->par[NCA_SCALE].v, false, false, out);
}

static const struct lb_param nca_params[] = {
	[NCA_SCALE] = { .name = "scale", .symbol = "s", .def = 1, .min = 0, .min_open = true, .max = 1e4, .grid = { 1, 8 }, .n_grid = 2, .log_scale = true,
			.help = "squared distances are multiplied by it" },
	[EXCLUDE] = { .name = "exclude_positive", .symbol = "exclude_positive", .type = LB_BOOL_PARAM, .def = 0,
		      .help = "leaves the label's prototype out of the sum, as the paper has it" },
};
static const struct lb_same_as nca_same_as[] = { { .set = "scale=10", .other = "normalized_softmax", .other_set = "" } };
static const struct lb_example nca_examples[] = {
	{ .set = "exclude_positive=true", .b = 1, .c = 2, .z = { 3, 0 }, .y = { 0 }, .params = { 0.5, 0, 0, 7 }, .classes = 2, .value = -2,
	  .source = "by hand: squared distances 0 and 2, log(exp(-2) / exp(0))" },
	{ .set = "", .b = 1, .c = 2, .z = { 3, 0 }, .y = { 1 }, .params = { 0.5, 0, 0, 7 }, .classes = 2, .value = 2.1269280110429727,
	  .source = "by hand: log(1 + e^2)" },
};

/* ---- columns: proxy_anchor ---- */

enum { PA_MARGIN, PA_ALPHA };

/* Returns log(1 + sum exp(x)) of one class's positive or negative rows, x = sign alpha (c - sign
 * margin), and adds its derivative by their cosines, times share. */
static double anchor_part(const struct lb_batch *in, const struct lb_prototypes *at, size_t k, bool positive, double share)
{
	const double margin = in->par[PA_MARGIN].v, alpha = positive ? -in->par[PA_ALPHA].v : in->par[PA_ALPHA].v;
	double top = 0, sum = 0;

	for (size_t i = 0; i < at->b; i++) {
		const double x = alpha * (at->cosine[i * at->k + k] + (positive ? -margin : margin));
		top = ((size_t)in->y[i] == k) == positive && x > top ? x : top;
	}
	for (size_t i = 0; i < at->b; i++)
		if (((size_t)in->y[i] == k) == positive)
			sum += exp(alpha * (at->cosine[i * at->k + k] + (positive ? -margin : margin)) - top);
	for (size_t i = 0; i < at->b; i++)
		if (((size_t)in->y[i] == k) == positive)
			at->slope[i * at->k + k] += share * alpha * exp(alpha * (at->cosine[i * at->k + k] + (positive ? -margin : margin)) - top) / (sum + exp(-top));
	return top > 0 ? top + log(sum + exp(-top)) : log1p(sum);
}

static double anchor_loss(const struct lb_batch *in, const struct lb_prototypes *at)
{
	double value = 0, present = 0;

	for (size_t k = 0; k < at->k; k++)
		for (size_t i = 0; i < at->b; i++)
			if ((size_t)in->y[i] == k) {
				present++;
				break;
			}
	for (size_t k = 0; k < at->k; k++) {
		value += anchor_part(in, at, k, true, 1 / present) / present;
		value += anchor_part(in, at, k, false, 1 / (double)at->k) / (double)at->k;
	}
	return value;
}

static void anchor_predict(const struct lb_batch *in, real *out)
{
	lb_prototype_scores(in, in->par[PA_ALPHA].v, false, false, out);
}

static const struct lb_param anchor_params[] = {
	[PA_MARGIN] = { .name = "margin", .symbol = "m", .def = 0.1, .min = 0, .max = 2, .grid = { 0, 0.1, 0.3 }, .n_grid = 3, .help = "of the cosines" },
	[PA_ALPHA] = { .name = "alpha", .symbol = "alpha", .def = 32, .min = 0, .min_open = true, .max = 1e4, .grid = { 8, 16, 32 }, .n_grid = 3, .log_scale = true,
		       .help = "cosines are multiplied by it" },
};
static const struct lb_example anchor_examples[] = {
	{ .set = "margin=0 alpha=1", .b = 1, .c = 2, .z = { 3, 0 }, .y = { 0 }, .params = { 0, 0.5, 0, 7 }, .classes = 2, .value = 1.0397207708399180,
	  .source = "by hand: log 2 of the one class in the batch, and log 2 / 2 of the other" },
};

/* ---- several centers, softly: soft_triple ---- */

enum { CENTERS, ST_SCALE, GAMMA, ST_MARGIN };

static size_t centers(const struct lb_arg *par)
{
	return (size_t)par[CENTERS].v;
}

/* Returns sum_j q_j c_j, q = softmax(c / gamma), of a class's centers; q (each) unless NULL. */
static double soft_cosine(const double *c, size_t each, double gamma, double *q)
{
	double top = c[0], sum = 0, value = 0;

	for (size_t j = 1; j < each; j++)
		top = c[j] > top ? c[j] : top;
	for (size_t j = 0; j < each; j++) {
		const double e = exp((c[j] - top) / gamma);
		sum += e;
		value += e * c[j];
		if (q)
			q[j] = e;
	}
	for (size_t j = 0; q && j < each; j++)
		q[j] /= sum;
	return value / sum;
}

static double triple_loss(const struct lb_batch *in, const struct lb_prototypes *at)
{
	const struct lb_arg *par = in->par;
	const size_t each = centers(par), classes = at->k / each;
	const double scale = par[ST_SCALE].v, n = (double)at->b;
	double *soft = at->own, *logit = soft + classes, *by = logit + classes, *q = by + classes, sum = 0;

	for (size_t i = 0; i < at->b; i++) {
		const double *c = at->cosine + i * at->k;
		const size_t y = (size_t)in->y[i];
		for (size_t k = 0; k < classes; k++) {
			soft[k] = soft_cosine(c + k * each, each, par[GAMMA].v, q + k * each);
			logit[k] = scale * (soft[k] - (k == y ? par[ST_MARGIN].v : 0));
		}
		sum += lb_logits_loss(classes, logit, y, by);
		for (size_t j = 0; j < at->k; j++)
			at->slope[i * at->k + j] = scale * by[j / each] * q[j] * (1 + (c[j] - soft[j / each]) / par[GAMMA].v) / n;
	}
	return sum / n;
}

static size_t triple_workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return lb_prototypes_workspace(shape, centers(par), (3 + centers(par)) * shape->n_classes);
}

static size_t triple_n_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return centers(par) * shape->n_classes * shape->c;
}

static void triple_init(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *prototypes)
{
	lb_prototypes_draw(triple_n_params(par, shape), 1, seed, prototypes);
}

static void triple_predict(const struct lb_batch *in, real *out)
{
	const struct lb_prototypes at = lb_prototypes_look(in);
	const size_t each = centers(in->par), classes = at.k / each;

	for (size_t i = 0; i < at.b * classes; i++)
		out[i] = (real)(in->par[ST_SCALE].v * soft_cosine(at.cosine + i * each, each, in->par[GAMMA].v, NULL));
}

static const struct lb_param triple_params[] = {
	[CENTERS] = { .name = "centers", .symbol = "K", .type = LB_INT_PARAM, .def = 2, .min = 1, .max = LB_MOST_PER_CLASS, .grid = { 1, 2, 3 }, .n_grid = 3,
		      .help = "prototypes of each class; 1 is cosface" },
	[ST_SCALE] = { .name = "scale", .symbol = "lambda", .def = 20, .min = 0, .min_open = true, .max = 1e4, .grid = { 10, 20 }, .n_grid = 2, .log_scale = true,
		       .help = "cosines are multiplied by it" },
	[GAMMA] = { .name = "gamma", .symbol = "gamma", .def = 0.1, .min = 0.01, .max = 1e3, .grid = { 0.05, 0.1, 1 }, .n_grid = 3, .log_scale = true,
		    .help = "temperature of the choice among a class's prototypes" },
	[ST_MARGIN] = { .name = "margin", .symbol = "m", .def = 0.01, .min = 0, .max = 2, .grid = { 0, 0.01, 0.1 }, .n_grid = 3, .help = "taken from the label's cosine" },
};
static const struct lb_same_as triple_same_as[] = {
	{ .set = "centers=1 margin=0", .other = "normalized_softmax", .other_set = "" },
	{ .set = "centers=1", .other = "cosface", .other_set = "margin=0.01 scale=20" },
};
static const struct lb_example triple_examples[] = {
	{ .set = "scale=1 gamma=1 margin=0", .b = 1, .c = 2, .z = { 3, 0 }, .y = { 0 }, .params = { 0, 7, 0, -1, 0, 2, 0, -0.5 }, .classes = 2, .value = 0.69314718055994531,
	  .source = "by hand: all cosines 0, log 2" },
};

LB_COSINES_OF_PROTOTYPES(sface, sface_loss)
LB_COSINES_OF_PROTOTYPES(p2sgrad, squares_loss)
LB_COSINES_OF_PROTOTYPES(proxy_nca, nca_loss)
LB_COSINES_OF_PROTOTYPES(proxy_anchor, anchor_loss)
LB_COSINES_OF_PROTOTYPES(soft_triple, triple_loss)


LB_OF_PROTOTYPES(sface, 0, LB_HOLDS_FACTORS, sface_workspace, lb_prototype_init_params, sface_predict, sface_examples, LB_NO_IDENTITIES,
	LB_PARAMS(sface_params),
	.title = "SFace: cosines weighted by sigmoids of the angle, so that rows near enough or far enough are left alone",
	.cite = "Y. Zhong, W. Deng, J. Hu, D. Zhao, X. Li, D. Wen, SFace: sigmoid-constrained hypersphere loss for robust face recognition, IEEE TIP 30, 2021",
	.formula = "-r_y s c_y + sum_{k != y} r_k s c_k,  r_y = 1 / (1 + exp(-g (a_y - a))),  r_k = 1 / (1 + exp(g (a_k - b))),  a_k = arccos(c_k)",
	.notes = LB_PROTOTYPES_ARE "The r are held fixed: the gradient takes them as constants, and the value is no measure of progress; it may be negative. "
		 "Class scores are s c_k. For CASIA-WebFace the authors take a = 0.87, b = 1.2.",
	.keywords = "sigmoid_constrained label_noise face_recognition proxy prototype");

LB_OF_PROTOTYPES(p2sgrad, LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED, 0, lb_prototype_workspace, lb_prototype_init_params, squares_predict, squares_examples, LB_NO_IDENTITIES,
	.title = "P2SGrad: squared distance of the cosines from 1 for the label and 0 for the others",
	.cite = "X. Zhang, R. Zhao, J. Yan, M. Gao, Y. Qiao, X. Wang, H. Li, P2SGrad: refined gradients for optimizing deep face models, CVPR 2019; "
		"as pytorch-metric-learning has it",
	.formula = "(1/C) sum_k (c_k - [k = y])^2",
	.notes = LB_PROTOTYPES_ARE "The paper states the gradient alone, c_k - [k = y] by each cosine; this is the value that has it, times 2/C. The class scores "
		 "are the cosines.",
	.keywords = "mse cosine speaker_verification face_recognition proxy prototype");

LB_OF_PROTOTYPES(proxy_nca, LB_SMOOTH | LB_BOUNDED, 0, lb_prototype_workspace, lb_prototype_init_params, nca_predict, nca_examples, LB_IDENTITIES(nca_same_as),
	LB_PARAMS(nca_params),
	.title = "Proxy-NCA: cross-entropy of squared distances to one proxy a class",
	.cite = "Y. Movshovitz-Attias, A. Toshev, T. Leung, S. Ioffe, S. Singh, No fuss distance metric learning using proxies, ICCV 2017, eq. 4",
	.formula = "-log( exp(-s d_y) / sum_k exp(-s d_k) ),  d_k = |z/|z| - w_k/|w_k||^2",
	.notes = LB_PROTOTYPES_ARE "The sum is over all classes, as in pytorch-metric-learning, or with exclude_positive over the others, where the value may be "
		 "negative and one class has value 0. The class scores are 2 s c_k. A larger s keeps more of classes that training lacks.",
	.keywords = "proxynca neighbourhood_component_analysis proxy prototype");

LB_OF_PROTOTYPES(proxy_anchor, LB_NONNEGATIVE | LB_SMOOTH, LB_SIZE_MATTERS, lb_prototype_workspace, lb_prototype_init_params, anchor_predict, anchor_examples, LB_NO_IDENTITIES,
	LB_PARAMS(anchor_params),
	.title = "Proxy-Anchor: each class's proxy is drawn to its rows and pushed from the others, the hardest most",
	.cite = "S. Kim, D. Kim, M. Cho, S. Kwak, Proxy anchor loss for deep metric learning, CVPR 2020, eq. 4",
	.formula = "(1/|C+|) sum_{k in C+} log(1 + sum_{y_i = k} exp(-alpha (c_ik - m))) + (1/C) sum_k log(1 + sum_{y_i != k} exp(alpha (c_ik + m))),  C+ the "
		   "classes in the batch",
	.notes = LB_PROTOTYPES_ARE "The class scores are alpha c_k. The authors give proxies a learning rate 100 times the model's.",
	.keywords = "proxyanchor proxy prototype");

const struct lb_loss LB_LOSS(embedding, soft_triple) = {
	.info = {
		.base = {
			.name = "soft_triple",
			.title = "SoftTriple: cross-entropy of cosines to several centers a class, mixed softly",
			.cite = "Q. Qian, L. Shang, B. Sun, J. Hu, H. Li, R. Jin, SoftTriple loss: deep metric learning without triplet sampling, ICCV 2019, eq. 7-8",
			.formula = "-log( exp(lambda (S_y - m)) / (exp(lambda (S_y - m)) + sum_{k != y} exp(lambda S_k)) ),  S_k = sum_j q_kj c_kj,  q_k = "
				   "softmax_j(c_kj / gamma)",
			.notes = "z is an embedding of model.dimension columns, c_k1..c_kK its cosines to the centers of class k: C K x D parameters of the loss, "
				 "those of a class side by side, drawn from N(0, 1) by model.seed and trained by the same optimiser, without weight decay. A "
				 "zero vector has no direction: its cosines and its gradient are 0. Class scores are lambda S_k. The paper's regulariser, "
				 "which merges centers, is left out.",
			.keywords = "softtriple multiple_centers proxy prototype",
			LB_PARAMS(triple_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_BOUNDED,
		.params = "prototypes",
		.per_class = centers,
		.exceptions = LB_JUMPS_AT_ZERO,
		LB_SAME_AS(triple_same_as),
		LB_EXAMPLES(triple_examples),
	},
	.form = &soft_triple_form,
	.workspace = triple_workspace,
	.n_params = triple_n_params,
	.init_params = triple_init,
	.predict = triple_predict,
};
