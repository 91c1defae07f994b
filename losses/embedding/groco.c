/* Learning by sorting: a differentiable sorting network puts an anchor's positive after its
 * negatives. */
#include "losses/support/two_views.h"

#include <stdlib.h>
#include <string.h>

enum { NEGATIVES, STEEPNESS, RELAXATION, STOP };
enum { CAUCHY, LOGISTIC };

static const char *const relaxations[] = { [CAUCHY] = "cauchy", [LOGISTIC] = "logistic", NULL };

enum { MOST_NEGATIVES = 64 };

static const struct lb_param params[] = {
	[NEGATIVES] = { .name = "K", .symbol = "K", .type = LB_INT_PARAM, .def = 10, .min = 1, .max = MOST_NEGATIVES, .grid = { 2, 4, 10 }, .n_grid = 3,
			.help = "negatives of each row, the most similar of its own view" },
	[STEEPNESS] = { .name = "steepness", .symbol = "steepness", .def = 1, .min = 1e-3, .max = 1000, .log_scale = true, .grid = { 1, 4, 16 }, .n_grid = 3,
			.help = "how sharply two cosines are put in order" },
	[RELAXATION] = { .name = "relax", .symbol = "relax", .type = LB_CHOICE_PARAM, .choices = relaxations, .def = CAUCHY,
			 .help = "how a difference becomes a share: atan(v)/pi + 1/2, or 1/(1 + exp(-v))" },
	[STOP] = { .name = "stop_grad", .symbol = "stop_grad", .type = LB_BOOL_PARAM, .def = 1, .help = "the anchor alone moves, its candidates are held" },
};

static const struct lb_example examples[] = {
	{ .set = "K=1 relax=logistic", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = 0.31326168751822286,
	  .source = "by hand: one comparison of 0 and 1, in order with share sigmoid(1)" },
};

/* A network over n inputs: layer l compares (i, i + 1) for i = l mod 2, l mod 2 + 2, ... Layer by
 * layer it keeps values and the matrix X (input x place) as they were before. */
struct network {
	size_t n;
	double steepness;
	bool logistic;
	double *value;           /* (n + 1, n) */
	double *x;               /* (n + 1, n, n) */
};

static size_t network_room(size_t n)
{
	return (n + 1) * n * (n + 1);
}

/* The share by which b is at least a, and its slope. */
static double share_of(const struct network *net, double a, double b, double *slope)
{
	const double v = net->steepness * (b - a), pi = 3.14159265358979323846;

	if (!net->logistic) {
		*slope = net->steepness / (pi * (1 + v * v));
		return v > 0 ? 1 - atan(1 / v) / pi : v < 0 ? -atan(1 / v) / pi : 0.5;
	}
	const double e = exp(-fabs(v)), far = e / (1 + e);
	*slope = net->steepness * far / (1 + e);
	return v > 0 ? 1 / (1 + e) : far;
}

static void sort_softly(const struct network *net)
{
	const size_t n = net->n;

	for (size_t l = 0; l < n; l++) {
		const double *from = net->value + l * n, *x = net->x + l * n * n;
		double *to = net->value + (l + 1) * n, *y = net->x + (l + 1) * n * n, slope;
		memcpy(to, from, n * sizeof *to);
		memcpy(y, x, n * n * sizeof *y);
		for (size_t i = l % 2; i + 1 < n; i += 2) {
			const double p = share_of(net, from[i], from[i + 1], &slope), q = share_of(net, from[i + 1], from[i], &slope);
			to[i] = p * from[i] + q * from[i + 1];
			to[i + 1] = q * from[i] + p * from[i + 1];
			for (size_t k = 0; k < n * n; k += n) {
				y[k + i] = p * x[k + i] + q * x[k + i + 1];
				y[k + i + 1] = q * x[k + i] + p * x[k + i + 1];
			}
		}
	}
}

/* by_value (n) and by_x (n, n) hold the derivatives by what the network gives, and get those by
 * what it was given. */
static void sort_back(const struct network *net, double *by_value, double *by_x)
{
	const size_t n = net->n;

	for (size_t l = n; l-- > 0;) {
		const double *from = net->value + l * n, *x = net->x + l * n * n;
		for (size_t i = l % 2; i + 1 < n; i += 2) {
			double slope;
			const double p = share_of(net, from[i], from[i + 1], &slope), q = share_of(net, from[i + 1], from[i], &slope);
			const double low = by_value[i], high = by_value[i + 1];
			double by_share = (low - high) * (from[i] - from[i + 1]);
			for (size_t k = 0; k < n * n; k += n) {
				const double a = by_x[k + i], b = by_x[k + i + 1];
				by_share += (a - b) * (x[k + i] - x[k + i + 1]);
				by_x[k + i] = p * a + q * b;
				by_x[k + i + 1] = q * a + p * b;
			}
			by_value[i] = p * low + q * high - slope * by_share;
			by_value[i + 1] = q * low + p * high + slope * by_share;
		}
	}
}

static int descending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

/* at (k) <- the negatives that are most similar, ties to the lowest, from the least similar on. */
static size_t choose(const struct lb_anchor *a, size_t most, double *sorted, size_t *at)
{
	const size_t b = a->in->b, n = a->n - b, k = n < most ? n : most;
	size_t chosen = 0, left;

	memcpy(sorted, a->held + b, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, descending);
	left = k;
	for (size_t j = 0; j < n && k; j++)
		left -= a->held[b + j] > sorted[k - 1];
	for (size_t j = 0; j < n && k; j++) {
		const double s = a->held[b + j];
		const bool tie = s >= sorted[k - 1] && s <= sorted[k - 1];
		if (!(s > sorted[k - 1]) && !(tie && left))
			continue;
		left -= tie ? 1 : 0;
		size_t place = chosen++;
		for (; place > 0 && a->held[at[place - 1]] > s; place--)
			at[place] = at[place - 1];
		at[place] = b + j;
	}
	return k;
}

static const double FLOOR = -100;

/* -log q floored, and its slope. */
static double minus_log(double q, double *slope)
{
	const double l = q > 0 ? log(q) : FLOOR;

	*slope = l > FLOOR ? -1 / q : 0;
	return l > FLOOR ? -l : -FLOOR;
}

/* The cross-entropy of each input's share of the places after the first k, over the inputs; by_x
 * gets its derivative. An input has all places together with certainty, so that 1 - q is its share
 * of the first k. */
static double misplaced(const struct network *net, size_t k, double *by_x)
{
	const size_t n = net->n;
	const double *x = net->x + n * n * n;
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		const size_t first = i == k ? k : 0, end = i == k ? n : k; /* the places where it belongs */
		double q = 0, slope;
		for (size_t j = first; j < end; j++)
			q += x[i * n + j];
		sum += minus_log(q, &slope) / (double)n;
		for (size_t j = 0; j < n; j++)
			by_x[i * n + j] = j >= first && j < end ? slope / (double)n : 0;
	}
	return sum;
}

static size_t anchor_room(size_t k)
{
	return network_room(k + 1) + (k + 1) * (k + 2);
}

static double anchor(const struct lb_anchor *a)
{
	const struct lb_arg *par = a->in->par;
	size_t at[MOST_NEGATIVES + 1];
	const size_t k = choose(a, (size_t)par[NEGATIVES].v, a->room, at), n = k + 1;
	/* The loss's own room lies behind the helper's. */
	const struct lb_loss_shape shape = { .b = a->in->b, .c = a->in->c };
	double *own = (double *)a->in->workspace + lb_anchors_bytes(&shape, LB_BOTH_VIEWS_HELD) / sizeof(double);
	const struct network net = { .n = n, .steepness = par[STEEPNESS].v, .logistic = par[RELAXATION].v > CAUCHY, .value = own, .x = own + (n + 1) * n };
	double *by_value = own + network_room(n), *by_x = by_value + n;

	if (!k)
		return 0;
	at[k] = a->own;
	memset(net.x, 0, n * n * sizeof *net.x);
	for (size_t i = 0; i < n; i++) {
		net.value[i] = a->s[at[i]];
		net.x[i * n + i] = 1;
		by_value[i] = 0;
	}
	sort_softly(&net);
	const double value = misplaced(&net, k, by_x);
	if (!a->slope)
		return value;
	sort_back(&net, by_value, by_x);
	for (size_t i = 0; i < n; i++)
		a->slope[at[i]] = by_value[i];
	return value;
}

static double batch(const struct lb_batch *in, real *g)
{
	return lb_of_anchors(in, g, in->par[STOP].v > 0 ? LB_BOTH_VIEWS_HELD : LB_BOTH_VIEWS, true, anchor);
}

static size_t room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return lb_anchors_bytes(shape, LB_BOTH_VIEWS_HELD) + anchor_room((size_t)par[NEGATIVES].v) * sizeof(double);
}

LB_BATCH(groco, batch)

const struct lb_loss LB_LOSS(embedding, groco) = {
	.info = {
		.base = {
			.name = "groco",
			.title = "GroCo: a row's positive comes after its negatives in a differentiable sorting",
			.cite = "N. Shvetsova, F. Petersen, A. Kukleva, B. Schiele, H. Kuehne, Learning by sorting: self-supervised learning with group ordering constraints, ICCV 2023, eq. 5 to 8; "
				"network: F. Petersen et al., ICML 2021",
			.formula = "mean over anchors of both views and over their K + 1 inputs of the cross-entropy of q_i = sum_{rank >= K} X_i,rank against 1 for the positive, 0 for negatives",
			.notes = "X is what an odd-even network of K + 1 layers makes of the identity: the K most similar rows of the anchor's own view from the least similar on, then its own row in the "
				 "other view; two neighbours a, b change places by the share of steepness (b - a). Logarithms end at -100. With stop_grad, the authors' choice, candidates are held fixed; "
				 "the choice of the negatives always is, ties going to the lowest row. With a large steepness it counts misplaced rows. The authors put the two views of several "
				 "crops in order together; here there is one positive. A batch of one row gives 0.",
			.keywords = "sorting differentiable_sorting diffsort group_ordering contrastive",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_EXAMPLES(examples),
	},
	.form = &groco_form,
	.workspace = room,
};
