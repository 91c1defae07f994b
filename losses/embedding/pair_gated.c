/* A contrast of rows of any two classes in the subspace that a gate of both classes opens:
 * pair_gated_info_nce. */
#include "core/numeric/logistic.h"
#include "losses/support/prototypes.h"

#include <string.h>

enum { TAU, PAIRS, FUSE };
enum { ARBITRARY, IDENTICAL, DISTINCT };

static const char *const pairs[] = { [ARBITRARY] = "arbitrary", [IDENTICAL] = "identical", [DISTINCT] = "distinct", NULL };

static const struct lb_param params[] = {
	[TAU] = { .name = "tau", .symbol = "t", .def = 0.1, .min = 1e-3, .max = 1e3, .log_scale = true, .grid = { 0.05, 0.1, 0.5 }, .n_grid = 3,
		  .help = "temperature: cosines are divided by it" },
	[PAIRS] = { .name = "pairs", .symbol = "pairs", .type = LB_CHOICE_PARAM, .choices = pairs, .def = ARBITRARY,
		    .help = "classes that a row is drawn to: any, its own (identical), the others (distinct)" },
	[FUSE] = { .name = "fuse", .symbol = "fuse", .type = LB_BOOL_PARAM, .def = 1, .help = "one gate of the mean of both classes' numbers; false: the product of two gates" },
};

static const struct lb_example examples[] = {
	{ .set = "tau=1 pairs=identical", .b = 3, .c = 2, .z = { 1, 0, 1, 0, 0, 1 }, .y = { 0, 0, 1 }, .classes = 2, .params = { 0, 0, 0, 0 }, .value = 0.31326168751822286,
	  .source = "by hand: gates 1/2 alike: log(e + 1) - 1" },
	{ .set = "tau=1 pairs=distinct", .b = 3, .c = 2, .z = { 1, 0, 1, 0, 0, 1 }, .y = { 0, 0, 1 }, .classes = 2, .params = { 1, -1, 0.5, 0 }, .value = 0,
	  .source = "by hand: with two classes a pair of both leaves no negative" },
};

/* One anchor and the class it is drawn to. Arrays that begin with by_ get derivatives. */
struct gated {
	const struct lb_batch *in;
	const double *z;         /* (b, c) */
	const double *gates;     /* (classes, c) numbers of the classes */
	double *by_z, *by_gates;
	double *gate, *by_gate;  /* (c) */
	double *x;               /* (b, c) the gated rows, divided by their lengths */
	double *inverse;         /* (b) 1 / length of a gated row, 0 without direction */
	double *s, *slope;       /* (b) cosines over t to the anchor */
};

static size_t room_of(size_t b, size_t c, size_t classes)
{
	return 3 * b * c + 2 * classes * c + 2 * c + 3 * b;
}

/* Whether a row of class y is drawn to one of class `to`. */
static bool is_pair(const struct lb_batch *in, size_t y, size_t to)
{
	const double type = in->par[PAIRS].v;

	return type > IDENTICAL ? y != to : type > ARBITRARY ? y == to : true;
}

static void open_gate(struct gated *g, size_t y, size_t to)
{
	const size_t b = g->in->b, c = g->in->c;
	const double *p = g->gates + y * c, *q = g->gates + to * c;
	const bool fuse = g->in->par[FUSE].v > 0;

	for (size_t j = 0; j < c; j++)
		g->gate[j] = fuse ? lb_expit((p[j] + q[j]) / 2) : lb_expit(p[j]) * lb_expit(q[j]);
	memset(g->by_gate, 0, c * sizeof *g->by_gate);
	for (size_t i = 0; i < b; i++) {
		double *x = g->x + i * c, squared = 0;
		for (size_t j = 0; j < c; j++) {
			x[j] = g->gate[j] * g->z[i * c + j];
			squared += x[j] * x[j];
		}
		g->inverse[i] = isnan(squared) ? squared : squared > 1e-24 ? 1 / sqrt(squared) : 0;
		for (size_t j = 0; j < c; j++)
			x[j] *= g->inverse[i];
	}
}

/* The derivative by the gate goes to the numbers of both classes. */
static void close_gate(struct gated *g, size_t y, size_t to)
{
	const size_t c = g->in->c;
	const double *p = g->gates + y * c, *q = g->gates + to * c;
	const bool fuse = g->in->par[FUSE].v > 0;

	for (size_t j = 0; j < c; j++) {
		const double by = g->by_gate[j] * g->gate[j];
		g->by_gates[y * c + j] += by * (fuse ? (1 - g->gate[j]) / 2 : 1 - lb_expit(p[j]));
		g->by_gates[to * c + j] += by * (fuse ? (1 - g->gate[j]) / 2 : 1 - lb_expit(q[j]));
	}
}

/* The derivative `by` of the cosine of gated rows i and k goes to the rows and the gate. */
static void pull(struct gated *g, size_t i, size_t k, double cosine, double by)
{
	const size_t c = g->in->c;

	for (size_t j = 0; j < c; j++) {
		const double x = g->x[i * c + j], y = g->x[k * c + j];
		const double by_i = by * g->inverse[i] * (y - cosine * x), by_k = by * g->inverse[k] * (x - cosine * y);
		g->by_z[i * c + j] += by_i * g->gate[j];
		g->by_z[k * c + j] += by_k * g->gate[j];
		g->by_gate[j] += by_i * g->z[i * c + j] + by_k * g->z[k * c + j];
	}
}

/* `share` times the sum over the rows n of class `to` but i of log(exp(s_in) + sum_m exp(s_im)) -
 * s_in, m the rows of neither class. */
static double anchor_loss(struct gated *g, size_t i, size_t to, double share)
{
	const struct lb_batch *in = g->in;
	const size_t b = in->b, c = in->c, y = (size_t)in->y[i];
	const double t = in->par[TAU].v;
	double most = -(double)INFINITY, rest = 0, sum = 0, pushed = 0;

	for (size_t k = 0; k < b; k++) {
		const size_t of = (size_t)in->y[k];
		double dot = 0;
		for (size_t j = 0; j < c; j++)
			dot += g->x[i * c + j] * g->x[k * c + j];
		g->s[k] = dot / t;
		if (of != y && of != to && g->s[k] > most)
			most = g->s[k];
	}
	for (size_t k = 0; k < b; k++) {
		const size_t of = (size_t)in->y[k];
		rest += g->slope[k] = of != y && of != to ? exp(g->s[k] - most) : 0;
	}
	for (size_t k = 0; rest > 0 && k < b; k++) {
		if ((size_t)in->y[k] != to || k == i)
			continue;
		const double over = most + log(rest) - g->s[k], p = lb_expit(over);
		sum += share * (over > 0 ? over + log1p(exp(-over)) : log1p(exp(over)));
		pushed += share * p;
		pull(g, i, k, g->s[k] * t, -share * p / t);
	}
	for (size_t k = 0; pushed > 0 && k < b; k++)
		if (g->slope[k] > 0)
			pull(g, i, k, g->s[k] * t, pushed * g->slope[k] / (rest * t));
	return sum;
}

/* Rows that row i is drawn to, of all its pairs of classes: itself is none. */
static double n_pairs(const struct lb_batch *in)
{
	double n = 0;

	for (size_t i = 0; i < in->b; i++)
		for (size_t k = 0; k < in->b; k++)
			n += i != k && is_pair(in, (size_t)in->y[i], (size_t)in->y[k]);
	return n;
}

/* Whether class `to` occurs in the batch first at row k. */
static bool first_of_class(const struct lb_batch *in, size_t k)
{
	for (size_t i = 0; i < k; i++)
		if (in->y[i] == in->y[k])
			return false;
	return true;
}

static double all_pairs(struct gated *g)
{
	const struct lb_batch *in = g->in;
	const double n = n_pairs(in);
	double sum = 0;

	for (size_t k = 0; n > 0 && k < in->b; k++)
		for (size_t l = 0; first_of_class(in, k) && l < in->b; l++) {
			const size_t y = (size_t)in->y[k], to = (size_t)in->y[l];
			if (!first_of_class(in, l) || !is_pair(in, y, to))
				continue;
			open_gate(g, y, to);
			for (size_t i = 0; i < in->b; i++)
				if ((size_t)in->y[i] == y)
					sum += anchor_loss(g, i, to, 1 / n);
			close_gate(g, y, to);
		}
	return sum;
}

static double batch(const struct lb_batch *in, real *out)
{
	const size_t b = in->b, c = in->c, own = in->params.cols;
	double *room = in->workspace, *z = room, bad = 0;
	struct gated g = { .in = in, .z = z, .by_z = z + b * c, .x = z + 2 * b * c };

	room += 3 * b * c;
	g.gates = room, g.by_gates = room + own, g.gate = room + 2 * own, g.by_gate = g.gate + c;
	g.inverse = g.by_gate + c, g.s = g.inverse + b, g.slope = g.s + b;
	for (size_t j = 0; j < b * c; j++)
		bad += 0 * (z[j] = (double)in->output.value[j]);
	for (size_t j = 0; j < own; j++)
		bad += 0 * (room[j] = (double)in->params.value[j]);
	memset(g.by_z, 0, b * c * sizeof *z);
	memset(g.by_gates, 0, own * sizeof *z);
	const double value = isnan(bad) ? bad : all_pairs(&g);
	for (size_t j = 0; out && j < b * c; j++)
		out[j] = (real)(isnan(value) ? value : g.by_z[j]);
	for (size_t j = 0; in->params.grad && j < own; j++)
		in->params.grad[j] = (real)(isnan(value) ? value : g.by_gates[j]);
	return value;
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return room_of(shape->b, shape->c, shape->n_classes) * sizeof(double);
}

static size_t n_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->n_classes * shape->c;
}

static void init_params(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *gates)
{
	lb_prototypes_draw(n_params(par, shape), 1, seed, gates);
}

LB_BATCH(pair_gated, batch)

const struct lb_loss LB_LOSS(embedding, pair_gated_info_nce) = {
	.info = {
		.base = {
			.name = "pair_gated_info_nce",
			.title = "Contrast of rows of any two classes in a subspace of theirs, which a trained gate opens, SimLAP",
			.cite = "J. Wu, S. Atito, Z. Feng, S. Mo, J. Kittler, M. Awais, Rethinking positive pairs in contrastive learning, arXiv:2410.18200, 2024; "
				"the formula is that of the authors' program",
			.formula = "mean over rows i, classes c and rows n of c of log(exp(s_in/t) + sum_m exp(s_im/t)) - s_in/t,  m of neither y_i nor c,  s = cos(g z_i, g z),  g = sigmoid((a_y + a_c)/2)",
			.notes = "Each class has D numbers a, parameters of the loss: a row of C x D, gates, drawn from N(0, 1) by model.seed, without weight decay. g opens the columns that both classes share. The authors "
				 "make the gate's logits of an embedding of each class by a perceptron with batch normalisation, draw one second class for each row at random and count a row among its own "
				 "positives; here the numbers are the logits, all classes in the batch are taken, and a row is no pair with itself. What is judged are the embeddings without a gate. "
				 "A pair without a negative (two classes in the batch) counts as 0; so does a batch without a pair.",
			.keywords = "simlap hydra arbitrary_pairs feature_filter subspace gate class_conditional",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.exceptions = LB_SIZE_MATTERS | LB_JUMPS_AT_ZERO,
		.params = "gates",
		.params_for = LB_ALL_TOGETHER,
		LB_EXAMPLES(examples),
	},
	.form = &pair_gated_form,
	.workspace = workspace,
	.n_params = n_params,
	.init_params = init_params,
};
