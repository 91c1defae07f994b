#include "losses/support/label_matrix.h"

#include <stdlib.h>

enum { K, ALPHA };

static const struct lb_param params[] = {
	[K] = { .name = "k", .symbol = "K", .type = LB_INT_PARAM, .def = 5, .min = 1, .max = 1000, .grid = { 1, 2, 5 }, .n_grid = 3,
		.help = "labels that are picked" },
	[ALPHA] = { .name = "alpha", .symbol = "a", .def = 2, .min = 0.01, .max = 100, .log_scale = true, .grid = { 0.5, 2, 10 }, .n_grid = 3,
		    .help = "how sharp the choice is" },
};

static const struct lb_example examples[] = {
	{ .set = "k=1", .b = 1, .c = 2, .z = { 0, 0 }, .t = { 1, 0 }, .value = 0.69314718055994531,
	  .source = "by hand: t = 0, both are picked by half" },
	{ .set = "k=2", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .t = { 1, 0, 0, 0, 1, 1 }, .value = 0.10912093383130494,
	  .source = "mpmath, 30 digits" },
};

/* The known labels of a row: n of them, k to be picked, `edge` the k-th largest score, of which the
 * first `tied` are above. */
struct choice {
	struct lb_strip s;
	double alpha, edge;
	size_t n, k, tied;
};

static int falling(const void *a, const void *b)
{
	const real x = *(const real *)a, y = *(const real *)b;

	return (x < y) - (x > y);
}

static struct choice choice_of(const struct lb_batch *in, size_t i, const real *z)
{
	struct choice c = { .s = lb_row_of(in, i, z), .alpha = in->par[ALPHA].v };
	real *sorted = in->terms;

	for (size_t j = 0; j < c.s.n; j++)
		if (c.s.t[j] >= 0)
			sorted[c.n++] = z[j];
	c.k = (double)c.n > in->par[K].v ? (size_t)in->par[K].v : c.n ? c.n - 1 : 0;
	if (!c.k)
		return c;
	qsort(sorted, c.n, sizeof *sorted, falling);
	c.edge = (double)sorted[c.k - 1];
	for (size_t j = c.k; j > 0 && !((double)sorted[j - 1] > c.edge); j--)
		c.tied++;
	return c;
}

/* How far the picked sum is from K, as the log of what the labels below the edge have over the log
 * of what those above lack: both sums are of small numbers, so t stays exact where all are near 0
 * or 1. *slope is its derivative by t. */
static double excess(const struct choice *c, double t, double *slope)
{
	double top[2] = { -HUGE_VAL, -HUGE_VAL }, sum[2] = { 0 }, turn[2] = { 0 };

	for (int pass = 0; pass < 2; pass++) {
		size_t tied = c->tied;
		for (size_t j = 0; j < c->s.n; j++) {
			const double z = lb_strip_z(&c->s, j);
			if (c->s.t[j] < 0)
				continue;
			const bool above = z > c->edge || (z == c->edge && tied && tied--);
			const struct lb_logit l = lb_logit_of(c->alpha * (z + t));
			const double part = above ? l.log_q : l.log_p, w = pass ? exp(part - top[above]) : 0;
			top[above] = !pass && part > top[above] ? part : top[above];
			sum[above] += w;
			turn[above] += w * (above ? l.p : l.q);
		}
	}
	*slope = c->alpha * (turn[0] / sum[0] + turn[1] / sum[1]);
	return top[0] + log(sum[0]) - top[1] - log(sum[1]);
}

/* The root t, a little beyond whose bounds, which one common score for all labels gives, Newton
 * steps do not go. */
static double shift_of(const struct choice *c, double least, double most)
{
	const double level = log((double)c->k / (double)(c->n - c->k)) / c->alpha;
	double lo = level - most - 1 / c->alpha, hi = level - least + 1 / c->alpha, t = -c->edge;

	for (int n = 0; n < 200; n++) {
		double slope;
		t = t > lo && t < hi ? t : lo + (hi - lo) / 2;
		const double off = excess(c, t, &slope), next = t - off / slope;
		if (off > 0)
			hi = t;
		else
			lo = t;
		if (!(fabs(next - t) > 1e-15 * fmax(1, fabs(t))))
			return next;
		t = next;
	}
	return t;
}

static void bounds(const struct choice *c, double *least, double *most)
{
	*least = HUGE_VAL;
	*most = -HUGE_VAL;
	for (size_t j = 0; j < c->s.n; j++)
		if (c->s.t[j] >= 0) {
			*least = fmin(*least, lb_strip_z(&c->s, j));
			*most = fmax(*most, lb_strip_z(&c->s, j));
		}
}

/* Derivative of t by z_j is -v_j, the share of q(1 - q), from logarithms since all of these may be
 * too small a number. */
static void move_with(const struct choice *c, double t, double by, real *g)
{
	double top = -HUGE_VAL, sum = 0;

	for (int pass = 0; pass < 3; pass++)
		for (size_t j = 0; j < c->s.n; j++) {
			const struct lb_logit l = lb_logit_of(c->alpha * (lb_strip_z(&c->s, j) + t));
			const double v = l.log_p + l.log_q;
			if (c->s.t[j] < 0)
				continue;
			top = v > top ? v : top;
			sum += pass == 1 ? exp(v - top) : 0;
			if (pass == 2)
				g[j] -= (real)(by * exp(v - top) / sum);
		}
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct choice c = choice_of(in, i, z);
	const double nan = lb_strip_nan(&c.s);
	double value = 0, all = 0, there = 0, least, most;

	for (size_t j = 0; g && j < c.s.n; j++)
		g[j] = 0;
	for (size_t j = 0; j < c.s.n; j++)
		there += c.s.t[j] > 0;
	if (!c.k || !(there > 0) || isnan(nan))
		return (real)nan;
	bounds(&c, &least, &most);
	const double t = shift_of(&c, least, most);
	for (size_t j = 0; j < c.s.n; j++) {
		const struct lb_logit l = lb_logit_of(c.alpha * ((double)z[j] + t));
		const double u = c.s.t[j] > 0 ? -c.alpha * l.q / there : 0;
		value -= c.s.t[j] > 0 ? l.log_p / there : 0;
		all += u;
		if (g)
			g[j] = (real)u;
	}
	if (g)
		move_with(&c, t, all, g);
	return (real)value;
}

LB_ROW(soft_topk, row)

const struct lb_loss LB_LOSS(multilabel, soft_topk) = {
	.info = {
		.base = {
			.name = "soft_topk",
			.title = "Soft top-k: log-loss of being among the K labels that a sigmoid threshold picks",
			.cite = "N. Gupta, D. Khatri, A. S. Rawat, S. Bhojanapalli, P. Jain, I. Dhillon, Dual-encoders for extreme multi-label "
				"classification, ICLR 2024",
			.formula = "-mean_{j there} log sigmoid(a (z_j + t)),  t solves sum_k sigmoid(a (z_k + t)) = K",
			.notes = "The gradient goes through t. In a row with at most K known labels, K is their number less 1. A row without a label that "
				 "is there contributes 0. A label that is not known has no part. t is found to the last digits, also where all "
				 "sigmoids are 0 or 1; the authors' code halves an interval.",
			.keywords = "topk precision_at_k dexml extreme multilabel",
			LB_PARAMS(params),
		},
		.kind = LB_MULTILABEL,
		.good_for = "precision at k",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(examples),
	},
	.form = &soft_topk_form,
};
