#include "losses/support/cosine_margin.h"
#include "losses/support/one_prototype.h"

#include <stdlib.h>
#include <string.h>

enum { BASE, SCALE, MARGIN, WHISKERS, LEAST_NORM, MOST_NORM, LEAST_MARGIN, MOST_MARGIN, LAMBDA };
enum { COSFACE, ARCFACE, MAGFACE };

static const char *const bases[] = { "cosface", "arcface", "magface", NULL };

#define OF_MAGFACE "with base=magface: "

static const struct lb_param params[] = {
	[BASE] = { .name = "base", .symbol = "base", .type = LB_CHOICE_PARAM, .choices = bases, .def = COSFACE, .help = "loss whose denominator the pairs join" },
	[SCALE] = { .name = "scale", .symbol = "s", .def = 64, .min = 0, .min_open = true, .max = 1e4, .grid = { 16, 30, 64 }, .n_grid = 3, .log_scale = true,
		    .help = "cosines are multiplied by it; for few classes 16 to 30" },
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 0.5, .min = 0, .max = 1.5, .grid = { 0, 0.35, 0.5 }, .n_grid = 3,
		     .help = "of cosface and arcface, taken from the label's cosine or added to its angle" },
	[WHISKERS] = { .name = "whiskers", .symbol = "r", .def = 1.5, .min = 0, .max = 1e6, .grid = { 0, 1, 1.5 }, .n_grid = 3,
		       .help = "pairs beyond so many interquartile ranges from the quartiles are left out" },
	[LEAST_NORM] = { .name = "least_norm", .symbol = "l_a", .def = 10, .min = 0, .min_open = true, .max = 1e6, .help = OF_MAGFACE "norms below it count as it" },
	[MOST_NORM] = { .name = "most_norm", .symbol = "u_a", .def = 110, .min = 0, .min_open = true, .max = 1e6, .help = OF_MAGFACE "norms above it count as it" },
	[LEAST_MARGIN] = { .name = "least_margin", .symbol = "l_m", .def = 0.45, .min = 0, .max = 1.5, .help = OF_MAGFACE "angle added at the least norm" },
	[MOST_MARGIN] = { .name = "most_margin", .symbol = "u_m", .def = 0.8, .min = 0, .max = 1.5, .help = OF_MAGFACE "angle added at the largest norm" },
	[LAMBDA] = { .name = "lambda", .symbol = "lambda", .def = 35, .min = 0, .max = 1e6, .help = OF_MAGFACE "strength of the pull to larger norms" },
};

static int check(const struct lb_arg *par, struct lb_err *err)
{
	if (!(par[LEAST_NORM].v < par[MOST_NORM].v))
		return lb_fail(err, LB_CONFIG, "most_norm: found %g, allowed: above least_norm, %g", par[MOST_NORM].v, par[LEAST_NORM].v);
	if (par[LEAST_MARGIN].v > par[MOST_MARGIN].v)
		return lb_fail(err, LB_CONFIG, "most_margin: found %g, allowed: at least least_margin, %g", par[MOST_MARGIN].v, par[LEAST_MARGIN].v);
	return 0;
}

/* The cosines of the batch's pairs of two classes that are kept. */
struct pairs {
	size_t n, kept;
	double *cosine;          /* (n) of the pairs in the order of rows */
	double *held;            /* (n) what the whiskers are computed from, in the same order */
	double *sorted;          /* (n) */
	double low, high;        /* the whiskers: a pair is kept if its held cosine is within them */
};

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double cosine_of(const struct lb_batch *in, const struct lb_prototypes *at, size_t i, size_t j)
{
	const double *a = at->u + i * at->d, *b = at->u + j * at->d;
	double dot = 0;

	for (size_t k = 0; k < at->d; k++)
		dot += a[k] * b[k];
	return in->held ? lb_cosine(in->held + i * at->d, in->held + j * at->d, at->d) : dot;
}

static double dot_of(const struct lb_prototypes *at, size_t i, size_t j)
{
	double dot = 0;

	for (size_t k = 0; k < at->d; k++)
		dot += at->u[i * at->d + k] * at->u[j * at->d + k];
	return dot;
}

static struct pairs open_pairs(const struct lb_batch *in, const struct lb_prototypes *at, double *room)
{
	const size_t most = at->b * (at->b - 1) / 2;
	struct pairs p = { .cosine = room, .held = room + most, .sorted = room + 2 * most };

	for (size_t i = 0; i < at->b; i++)
		for (size_t j = i + 1; j < at->b; j++)
			if (in->y[i] != in->y[j]) {
				p.cosine[p.n] = dot_of(at, i, j);
				p.held[p.n] = cosine_of(in, at, i, j);
				p.n++;
			}
	if (!p.n)
		return p;
	memcpy(p.sorted, p.held, p.n * sizeof *p.sorted);
	qsort(p.sorted, p.n, sizeof *p.sorted, ascending);
	const double first = p.sorted[p.n / 4], third = p.sorted[3 * p.n / 4], reach = in->par[WHISKERS].v * (third - first);
	p.low = first - reach;
	p.high = third + reach;
	for (size_t k = 0; k < p.n; k++)
		p.kept += p.held[k] >= p.low && p.held[k] <= p.high;
	return p;
}

static bool kept(const struct pairs *p, size_t k)
{
	return p->held[k] >= p->low && p->held[k] <= p->high;
}

/* Returns log sum exp(s v) of the pairs that are kept; sorted <- the shares of that sum. */
static double join(const struct pairs *p, double s)
{
	double top = -(double)INFINITY, sum = 0;

	for (size_t k = 0; k < p->n; k++)
		top = kept(p, k) && s * p->cosine[k] > top ? s * p->cosine[k] : top;
	for (size_t k = 0; k < p->n; k++)
		sum += p->sorted[k] = kept(p, k) ? exp(s * p->cosine[k] - top) : 0;
	for (size_t k = 0; k < p->n; k++)
		p->sorted[k] /= sum;
	return top + log(fmax(sum, 1));
}

/* The derivative by the embeddings of the kept pairs, `by` that of their joint logit. */
static void pull_pairs(const struct lb_batch *in, const struct lb_prototypes *at, const struct pairs *p, double by)
{
	size_t n = 0;

	for (size_t i = 0; i < at->b; i++)
		for (size_t j = i + 1; j < at->b; j++) {
			if (in->y[i] == in->y[j])
				continue;
			const double slope = by * p->sorted[n++];
			for (size_t k = 0; slope > 0 && k < at->d; k++) {
				at->by_u[i * at->d + k] += slope * at->u[j * at->d + k];
				at->by_u[j * at->d + k] += slope * at->u[i * at->d + k];
			}
		}
}

static double loss(const struct lb_batch *in, const struct lb_prototypes *at)
{
	const struct lb_arg *par = in->par;
	const size_t base = (size_t)par[BASE].v;
	lb_cosine_target_fn *const target[] = { [COSFACE] = lb_lower_target, [ARCFACE] = lb_arc_target, [MAGFACE] = lb_easy_arc_target };
	double *logit = at->own, *q = logit + at->k + 1, sum = 0, by_pairs = 0;
	const struct pairs p = open_pairs(in, at, q + at->k + 1);
	const double n = (double)at->b, other = p.kept ? join(&p, par[SCALE].v) : 0, lambda = base == MAGFACE ? par[LAMBDA].v : 0;

	for (size_t i = 0; i < at->b; i++) {
		const struct lb_magnitude m = lb_magnitude(at->length[i], par[LEAST_NORM].v, par[MOST_NORM].v, par[LEAST_MARGIN].v, par[MOST_MARGIN].v);
		struct lb_cosine_row r = { .cosine = at->cosine + i * at->k, .n = at->k, .y = (size_t)in->y[i], .scale = par[SCALE].v,
					   .margin = base == MAGFACE ? m.margin : par[MARGIN].v, .target = target[base], .other = p.kept ? &other : NULL,
					   .logit = logit, .q = q, .slope = at->slope + i * at->k };
		sum += lb_cosine_row(&r) + lambda * m.regularizer;
		by_pairs += p.kept ? q[at->k] : 0;
		if (base == MAGFACE)
			at->by_length[i] = (r.by_margin * m.by_norm + lambda * m.slope) / n;
	}
	for (size_t k = 0; k < at->b * at->k; k++)
		at->slope[k] /= n;
	if (p.kept)
		pull_pairs(in, at, &p, par[SCALE].v * by_pairs / n);
	return sum / n;
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_prototypes_workspace(shape, 1, 2 * (shape->n_classes + 1) + 3 * shape->b * (shape->b ? shape->b - 1 : 0) / 2);
}

static void predict(const struct lb_batch *in, real *out)
{
	lb_prototype_scores(in, in->par[SCALE].v, false, false, out);
}

static const struct lb_example examples[] = {
	{ .set = "scale=1 margin=0", .b = 2, .c = 2, .z = { 3, 0, 0, 2 }, .y = { 0, 1 }, .params = { 1, 0, 0, 1 }, .classes = 2, .value = 0.55144471393205108,
	  .source = "by hand: logits 1, 0 of the classes and 0 of the pair, log(1 + 2/e)" },
};

LB_COSINES_OF_PROTOTYPES(unpg, loss)

const struct lb_loss LB_LOSS(embedding, unpg) = {
	.info = {
		.base = {
			.name = "unpg",
			.title = "Unified negative pair generation: a margin loss whose denominator also holds the batch's negative pairs",
			.cite = "J. Jung, S. Lee, H.-S. Oh, Y. Park, J. Park, S. Son, Unified negative pair generation toward well-discriminative feature space "
				"for face recognition, BMVC 2022",
			.formula = "-log( exp(l_y) / (sum_k exp(l_k) + sum_v exp(s v)) ),  l the logits of the base loss with its margin, v the cosines of the batch's "
				   "pairs of two classes within Q1 - r (Q3 - Q1) .. Q3 + r (Q3 - Q1)",
			.notes = "z is an embedding of model.dimension columns; prototypes are those of the base loss: C x D parameters drawn from N(0, 1) by "
				 "model.seed and trained by the same optimiser, without weight decay. Each pair of rows counts once, and in the "
				 "denominator of every row. Q1 and Q3 are the ascending cosines' entries [n/4] and [3n/4], from 0; which pairs are kept is "
				 "held fixed. A batch of one class has the base loss. base=magface has no margin where the label's cosine is 0 or "
				 "less, as magface. A zero vector has no direction: its cosines and its gradient are 0. Class scores are s c_k, without margin. "
				 "The paper takes r = 1.5, and 1 for K-FACE.",
			.keywords = "negative_pairs cosface arcface magface face_recognition box_whisker proxy prototype",
			LB_PARAMS(params),
			.check = check,
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.params = "prototypes",
		.exceptions = LB_JUMPS_AT_ZERO | LB_HOLDS_FACTORS | LB_SIZE_MATTERS,
		LB_EXAMPLES(examples),
	},
	.form = &unpg_form,
	.workspace = workspace,
	.n_params = lb_prototype_n_params,
	.init_params = lb_prototype_init_params,
	.predict = predict,
};
