/* Class probabilities that are balanced with the distances of the features to trained anchors. */
#include "losses/support/prototypes.h"

#include <string.h>

enum { ANCHORS, TRUST, SPREAD, CENTER, TEMPERATURE, DELTA };

static const struct lb_param params[] = {
	[ANCHORS] = { .name = "anchors", .symbol = "K", .type = LB_INT_PARAM, .def = 1, .min = 1, .max = 10, .grid = { 1, 3 }, .n_grid = 2, .help = "anchors of each class" },
	[TRUST] = { .name = "trust", .symbol = "r", .def = 1, .min = 0, .max = 1, .grid = { 0, 0.5, 1 }, .n_grid = 3,
		    .help = "share of the balanced probabilities, to which it grows from 0 over the training; 0 is cross-entropy" },
	[SPREAD] = { .name = "spread", .symbol = "a", .def = 1e-4, .min = 0, .max = 1, .grid = { 0, 1e-4, 0.01 }, .n_grid = 3, .help = "weight of the anchors' distances from each other" },
	[CENTER] = { .name = "center", .symbol = "b", .def = 0.1, .min = 0, .max = 1e3, .grid = { 0, 0.1, 1 }, .n_grid = 3, .help = "weight of the distance to the nearest anchor of the class" },
	[TEMPERATURE] = { .name = "temperature", .symbol = "T", .def = 1, .min = 1e-2, .max = 1e2, .log_scale = true, .grid = { 1, 2 }, .n_grid = 2, .help = "scores are divided by it" },
	[DELTA] = { .name = "delta", .symbol = "d", .def = 1, .min = 0.05, .max = 1e3, .log_scale = true, .grid = { 0.5, 1 }, .n_grid = 2, .help = "distances are divided by it" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "trust=0", .other = "ce", .other_set = "" },
	{ .set = "trust=0 temperature=2 anchors=3", .other = "ce", .other_set = "temperature=2" },
};

static const struct lb_example examples[] = {
	{ .set = "spread=0.5 center=0", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .h = { 1 }, .n_h = 1, .params = { 1, 1 + 1.0986122886681098 }, .value = -0.91926688836080128,
	  .source = "by hand: no confidence, so the anchors' 3/4: log(4/3), less 0.5 2 (log 3)^2" },
	{ .set = "spread=0 center=1 trust=1", .b = 1, .c = 1, .z = { 5 }, .y = { 0 }, .h = { 1, 2, 2, 4 }, .n_h = 4, .params = { 0, 0, 0, 0 }, .value = 2.5,
	  .source = "by hand: one class, sure: 5 / sqrt 4" },
};

/* One row. Probabilities are logarithms, so that none of them is 0. */
struct row {
	const struct lb_batch *in;
	size_t y, k;             /* label; anchors of a class */
	double trust, root;      /* sqrt of the number of features; trust at this epoch */
	double *lp, *log_info;   /* (c) log p; log(-log p) */
	double *d, *lq;          /* (c k) distances; logs of their softmax */
	double lg, log_h;        /* log of the anchors' share of the label's class; log of the entropy */
	double unsure;           /* 1 - confidence: entropy over log c */
	double lr;               /* log of the balanced probability of the label */
};

static double log_sum(size_t n, const double *x)
{
	double most = -(double)INFINITY, sum = 0;

	for (size_t i = 0; i < n; i++)
		most = x[i] > most || isnan(x[i]) ? x[i] : most;
	for (size_t i = 0; most > -(double)INFINITY && i < n; i++)
		sum += exp(x[i] - most);
	return sum > 0 ? most + log(sum) : most;
}

/* exp(a) - exp(b), 0 where both are alike however large. */
static double difference(double a, double b)
{
	if (isnan(a) || isnan(b))
		return a + b;
	return a > b ? -exp(a) * expm1(b - a) : a < b ? exp(b) * expm1(a - b) : 0;
}

/* The logs of softmax(z / T), exact for the largest too: -log1p of the rest. */
static void read_scores(struct row *r, const real *z)
{
	const size_t c = r->in->c;
	const double t = r->in->par[TEMPERATURE].v;
	size_t top = 0;

	for (size_t j = 0; j < c; j++)
		top = z[j] > z[top] ? j : top;
	for (size_t j = 0; j < c; j++)
		r->log_info[j] = j == top ? -(double)INFINITY : ((double)z[j] - (double)z[top]) / t;
	const double log_rest = log_sum(c, r->log_info), rest = exp(log_rest), over = log1p(rest);
	for (size_t j = 0; j < c; j++) {
		r->lp[j] = j == top ? -over : r->log_info[j] - over;
		r->log_info[j] = j == top ? (rest > 0 && over > 0 ? log(over) : log_rest) : log(-r->lp[j]);
	}
	for (size_t j = 0; j < c; j++)
		r->lq[j] = r->lp[j] + r->log_info[j];
	r->log_h = log_sum(c, r->lq);
	r->unsure = c > 1 ? fmin(exp(r->log_h) / log((double)c), 1) : 0;
}

/* The distances of row i to all anchors, and the logs of softmax(-d / delta). */
static void read_features(struct row *r, size_t i)
{
	const struct lb_io *hidden = &r->in->hidden, *own = &r->in->params;
	const size_t n = r->in->c * r->k;

	for (size_t a = 0; a < n; a++) {
		double sum = 0;
		for (size_t j = 0; j < hidden->cols; j++) {
			const double apart = (double)own->value[a * own->stride + j] - (double)hidden->value[i * hidden->stride + j];
			sum += apart * apart;
		}
		r->d[a] = sqrt(sum);
		r->lq[a] = -r->d[a] / r->in->par[DELTA].v;
	}
	const double all = log_sum(n, r->lq);
	for (size_t a = 0; a < n; a++)
		r->lq[a] -= all;
	r->lg = log_sum(r->k, r->lq + r->y * r->k);
}

/* log of the weight of the model's own probability, and of the anchors'. */
static double log_own(const struct row *r)
{
	return log1p(-r->trust * r->unsure);
}

static double log_anchors(const struct row *r)
{
	return log(r->trust) + r->log_h - log(log((double)r->in->c));
}

static double balance(struct row *r)
{
	const double both[] = { log_own(r) + r->lp[r->y], log_anchors(r) + r->lg };

	r->lr = r->trust > 0 && r->in->c > 1 ? log_sum(2, both) : r->lp[r->y];
	return -r->lr;
}

/* The nearest anchor of the label's class, ties to the lowest. */
static size_t nearest(const struct row *r)
{
	size_t best = r->y * r->k;

	for (size_t a = best; a < (r->y + 1) * r->k; a++)
		best = r->d[a] < r->d[best] ? a : best;
	return best;
}

/* g (c) <- share times the derivative by the scores. `pull`: that by the confidence of the
 * distance to the anchor. */
static void by_scores(const struct row *r, double share, double pull, real *g)
{
	const struct lb_arg *par = r->in->par;
	const size_t c = r->in->c;
	const double t = par[TEMPERATURE].v, own = exp(log_own(r) + r->lp[r->y] - r->lr), per_log = c > 1 ? r->trust / log((double)c) : 0;

	for (size_t j = 0; j < c; j++) {
		const double h = r->lp[j] + r->log_h, info = r->lp[j] + r->log_info[j], up = r->lp[r->y] - r->lr, geo = r->lg - r->lr;
		double sum = own * (exp(r->lp[j]) - (j == r->y));
		if (per_log > 0)
			sum += per_log * (difference(h + geo, info + geo) - difference(h + up, info + up) + pull * difference(h, info));
		g[j] = (real)(share * sum / t);
	}
}

/* The derivative by the distances goes to the features of row i and to the anchors. */
static void by_distances(const struct row *r, size_t i, double share, double pull)
{
	const struct lb_io *hidden = &r->in->hidden, *own = &r->in->params;
	const size_t n = r->in->c * r->k, near = nearest(r);
	const double anchors = r->trust > 0 && r->in->c > 1 ? exp(log_anchors(r) - r->lr) / r->in->par[DELTA].v : 0;

	for (size_t a = 0; a < n; a++) {
		const double by = share * (anchors * exp(r->lq[a]) * ((a / r->k == r->y) - exp(r->lg)) + (a == near ? pull : 0));
		for (size_t j = 0; r->d[a] > 0 && j < hidden->cols; j++) {
			const double g = by * ((double)hidden->value[i * hidden->stride + j] - (double)own->value[a * own->stride + j]) / r->d[a];
			if (hidden->grad)
				hidden->grad[i * hidden->stride + j] += (real)g;
			if (own->grad)
				own->grad[a * own->stride + j] -= (real)g;
		}
	}
}

/* -weight times the sum over ordered pairs of classes of the squared distance of their anchors. */
static double spread(const struct lb_batch *in, size_t k, double weight)
{
	const struct lb_io *own = &in->params;
	const size_t columns = in->hidden.cols;
	double sum = 0;

	for (size_t c = 0; c < in->c; c++)
		for (size_t d = 0; weight > 0 && d < in->c; d++)
			for (size_t j = 0; j < k * columns; j++) {
				const size_t at = c * k * own->stride + j / columns * own->stride + j % columns, other = at + d * k * own->stride - c * k * own->stride;
				const double apart = (double)own->value[at] - (double)own->value[other];
				sum -= weight * apart * apart;
				if (own->grad)
					own->grad[at] -= (real)(4 * weight * apart);
			}
	return sum;
}

static double batch(const struct lb_batch *in, real *g)
{
	const size_t c = in->c, k = (size_t)in->par[ANCHORS].v, b = in->b;
	const double ramp = in->epochs ? (double)in->epoch / (double)in->epochs : 1, share = 1 / (double)b;
	double *room = in->workspace, sum = 0;
	struct row r = { .in = in, .k = k, .trust = in->hidden.value ? in->par[TRUST].v * ramp : 0, .root = sqrt((double)in->hidden.cols), .lp = room, .log_info = room + c,
			 .d = room + 2 * c, .lq = room + 2 * c + c * k };

	if (in->params.grad)
		memset(in->params.grad, 0, in->params.rows * in->params.stride * sizeof *in->params.grad);
	for (size_t i = 0; i < b; i++) {
		const double weight = r.trust * in->par[CENTER].v / r.root;
		r.y = (size_t)in->y[i];
		read_scores(&r, in->output.value + i * c);
		if (in->hidden.value)
			read_features(&r, i);
		sum += share * balance(&r);
		const double pulled = r.trust > 0 ? weight * r.d[nearest(&r)] : 0;
		sum += share * pulled * (1 - r.unsure);
		if (in->hidden.grad)
			memset(in->hidden.grad + i * in->hidden.stride, 0, in->hidden.cols * sizeof *in->hidden.grad);
		if (g)
			by_scores(&r, share, r.trust > 0 ? pulled / r.trust : 0, g + i * c);
		if (r.trust > 0 && (in->hidden.grad || in->params.grad))
			by_distances(&r, i, share, weight * (1 - r.unsure));
	}
	return sum + (in->hidden.value ? spread(in, k, r.trust * in->par[SPREAD].v / (r.root * (double)(k * k))) : 0);
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	const size_t k = (size_t)par[ANCHORS].v;

	return (2 * shape->c + 2 * shape->c * k) * sizeof(double);
}

static size_t per_class(const struct lb_arg *par)
{
	return (size_t)par[ANCHORS].v;
}

static size_t n_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return per_class(par) * shape->n_classes * shape->n_hidden;
}

static void init_params(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *anchors)
{
	lb_prototypes_draw(n_params(par, shape), 1 / sqrt((double)shape->n_hidden), seed, anchors);
}

LB_BATCH(anchor_loss, batch)

const struct lb_loss LB_LOSS(multiclass, anchor_loss) = {
	.info = {
		.base = {
			.name = "anchor_loss",
			.title = "Anchor loss with reliability balancing: an unsure row's probabilities are mixed with its distances to anchors, ARBEx",
			.cite = "A. T. Wasi, K. Serbetar, R. Islam, T. H. Rafi, D.-K. Chae, ARBEx: attentive feature extraction with reliability balancing for robust facial "
				"expression learning, arXiv:2305.01486, 2023; the formula is that of the authors' program",
			.formula = "-log p*_y + r b u min_k |h - A_yk| / sqrt n - r a sum_{c,c'} |A_c - A_c'|^2 / (sqrt n K^2),  p* = (1 - r (1 - u)) p + r (1 - u) q,  u = 1 - entropy(p) / log C",
			.notes = "p = softmax(z / T), u its confidence; h is what the output layer sees, q_c the sum over the K anchors of class c of a softmax of -|h - A| / d over all anchors, n the features. "
				 "r is trust times the share of the epochs that are done (epoch / epochs, from 0), and trust itself outside training. The authors mix q with the output of a layer of self-attention "
				 "of their network, which is left out here. The anchors are parameters of the loss, K rows a class, drawn from N(0, 1/n) by model.seed, without weight decay; the "
				 "authors begin with 0, where nothing drives them apart. The third term has no lower bound: anchors flee from each other the faster the farther apart they are, so that its weight is small "
				 "here (the authors' is 1 with an optimiser that limits steps). The features of a linear model are the data, which no gradient moves.",
			.keywords = "arbex reliability_balancing label_correction facial_expression anchors confidence",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_SHIFT_INVARIANT,
		.needs = LB_NEEDS_FEATURES | LB_MOVES_FEATURES,
		.params = "anchors",
		.per_class = per_class,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &anchor_loss_form,
	.workspace = workspace,
	.n_params = n_params,
	.init_params = init_params,
};
