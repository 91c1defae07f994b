#include "losses/support/log_softmax.h"
#include "losses/support/sorted_pairs.h"

enum { PHI, MARGIN, ACT };
enum { SQUARED_HINGE, SQUARED, HINGE, LOGISTIC };
enum { NONE, SIGMOID, SOFTMAX };

static const char *const phis[] = { [SQUARED_HINGE] = "squared_hinge", [SQUARED] = "squared", [HINGE] = "hinge", [LOGISTIC] = "logistic", NULL };
static const char *const acts[] = { [NONE] = "none", [SIGMOID] = "sigmoid", [SOFTMAX] = "softmax", NULL };

static const struct lb_param params[] = {
	[PHI] = { .name = "phi", .symbol = "f", .type = LB_CHOICE_PARAM, .def = SQUARED_HINGE, .choices = phis,
		  .help = "of a pair d apart: max(0, m - d)^2, (m - d)^2, max(0, m - d) or log(1 + exp(-d))" },
	[MARGIN] = { .name = "margin", .symbol = "m", .def = 1, .min = 0, .max = 100, .min_open = true, .grid = { 0.1, 1, 5 }, .n_grid = 3,
		     .help = "what a row of the class should be above another; not of logistic" },
	[ACT] = { .name = "act", .symbol = "h", .type = LB_CHOICE_PARAM, .def = NONE, .choices = acts,
		  .help = "what is compared: the scores themselves, their sigmoids or the softmax" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 0, 0, 0, 0 }, .y = { 0, 1 }, .value = 1, .source = "by hand: one pair a class, (1 - 0)^2" },
	{ .set = "phi=squared", .b = 2, .c = 2, .z = { 3, 0, 0, 3 }, .y = { 0, 1 }, .value = 4, .source = "by hand: (1 - 3)^2 of both" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.02, .source = "by hand: (0 + (1 - 0.8)^2) / 2" },
};

/* What is compared in a row, in one class. */
struct scored {
	double h;
	size_t row;
};

/* What is compared and the value's derivatives by it (B, C), and the rows of a class, then the
 * others. */
struct room {
	double *h, *slope;
	struct scored *sorted;
};

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->b * (2 * shape->c * sizeof(double) + sizeof(struct scored));
}

static double sigmoid_of(double z)
{
	const double u = exp(-fabs(z));

	return (z >= 0 ? 1 : u) / (1 + u);
}

static struct room room_of(const struct lb_batch *in)
{
	const size_t c = in->c;
	struct room r = { .h = in->workspace };

	r.slope = r.h + in->b * c;
	r.sorted = (struct scored *)(r.slope + in->b * c);
	for (size_t i = 0; i < in->b; i++) {
		const real *z = in->output.value + i * c;
		const struct lb_log_softmax soft = lb_log_softmax(z, c);
		for (size_t k = 0; k < c; k++) {
			r.h[i * c + k] = in->par[ACT].v > SIGMOID ? lb_p(z[k], &soft) : in->par[ACT].v > NONE ? sigmoid_of((double)z[k]) : (double)z[k];
			r.slope[i * c + k] = 0;
		}
	}
	return r;
}

/* The rows of class k, then all others, in r->sorted; returns the number of the first. */
static size_t part_rows(const struct lb_batch *in, const struct room *r, size_t k)
{
	size_t own = 0;

	for (size_t i = 0; i < in->b; i++)
		own += (size_t)in->y[i] == k;
	for (size_t i = 0, up = 0, down = own; i < in->b; i++)
		r->sorted[(size_t)in->y[i] == k ? up++ : down++] = (struct scored){ .h = r->h[i * in->c + k], .row = i };
	return own;
}

static int rising(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;
	const int order = (x->h > y->h) - (x->h < y->h);

	return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* Sum over all pairs of max(0, m - d) or its square; the sums of the slopes go to up and down. A
 * point moves along either side and keeps the moments of its gaps to what it has passed. */
static double hinges(const struct lb_arg *par, const struct scored *pos, size_t n1, const struct scored *neg, size_t n0, double *slope, size_t c)
{
	const bool squared = par[PHI].v < SQUARED;
	struct lb_gap_moments over = { 0 }, under = { 0 };
	double total = 0;

	for (size_t i = n1, j = n0; i-- > 0;) {
		lb_move(&over, i + 1 < n1 ? pos[i + 1].h - pos[i].h : 0);
		for (; j > 0 && neg[j - 1].h + par[MARGIN].v > pos[i].h; j--)
			lb_pass(&over, neg[j - 1].h - pos[i].h + par[MARGIN].v);
		total += squared ? over.square : over.sum;
		slope[pos[i].row * c] = squared ? -2 * over.sum : -over.n;
	}
	for (size_t i = 0, j = 0; j < n0; j++) {
		lb_move(&under, j ? neg[j].h - neg[j - 1].h : 0);
		for (; i < n1 && neg[j].h + par[MARGIN].v > pos[i].h; i++)
			lb_pass(&under, neg[j].h - pos[i].h + par[MARGIN].v);
		slope[neg[j].row * c] = squared ? 2 * under.sum : under.n;
	}
	return total;
}

/* Every pair by itself. */
static double logistics(const struct scored *pos, size_t n1, const struct scored *neg, size_t n0, double *slope, size_t c)
{
	double total = 0;

	for (size_t i = 0; i < n1; i++)
		for (size_t j = 0; j < n0; j++) {
			const double d = pos[i].h - neg[j].h, p = sigmoid_of(-d);
			total += (d >= 0 ? 0 : -d) + log1p(exp(-fabs(d)));
			slope[pos[i].row * c] -= p;
			slope[neg[j].row * c] += p;
		}
	return total;
}

static double mean_of(const struct scored *at, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += at[i].h - at[0].h;
	return at[0].h + sum / (double)n;
}

/* Sum of (m - d)^2 over all pairs, by the means and variances of both sides. */
static double squares(double margin, const struct scored *pos, size_t n1, const struct scored *neg, size_t n0, double *slope, size_t c)
{
	const double own = mean_of(pos, n1), other = mean_of(neg, n0), short_by = margin - (own - other);
	double total = (double)n1 * (double)n0 * short_by * short_by;

	for (size_t i = 0; i < n1; i++) {
		const double off = pos[i].h - own;
		total += (double)n0 * off * off;
		slope[pos[i].row * c] = 2 * (double)n0 * (off - short_by);
	}
	for (size_t j = 0; j < n0; j++) {
		const double off = neg[j].h - other;
		total += (double)n1 * off * off;
		slope[neg[j].row * c] = 2 * (double)n1 * (off + short_by);
	}
	return total;
}

/* The mean over the pairs of class k, 0 where it has none; the slopes by what is compared. */
static double of_class(const struct lb_batch *in, const struct room *r, size_t k, double share)
{
	const size_t n1 = part_rows(in, r, k), n0 = in->b - n1;
	const struct scored *pos = r->sorted, *neg = r->sorted + n1;
	const double phi = in->par[PHI].v, per = share / ((double)n1 * (double)n0);
	double *slope = r->slope + k, total;

	if (!n1 || !n0)
		return 0;
	if (phi > HINGE) {
		total = logistics(pos, n1, neg, n0, slope, in->c);
	} else if (phi > SQUARED_HINGE && phi < HINGE) {
		total = squares(in->par[MARGIN].v, pos, n1, neg, n0, slope, in->c);
	} else {
		qsort(r->sorted, n1, sizeof *r->sorted, rising);
		qsort(r->sorted + n1, n0, sizeof *r->sorted, rising);
		total = hinges(in->par, pos, n1, neg, n0, slope, in->c);
	}
	for (size_t i = 0; i < in->b; i++)
		slope[i * in->c] *= per;
	return per * total;
}

/* The gradient by the scores, from that by what is compared. */
static void to_scores(const struct lb_batch *in, const struct room *r, real *g)
{
	const size_t c = in->c;

	for (size_t i = 0; i < in->b; i++) {
		const real *z = in->output.value + i * c;
		const struct lb_log_softmax soft = lb_log_softmax(z, c);
		for (size_t k = 0; k < c; k++) {
			const double s = r->slope[i * c + k], by = in->par[ACT].v > NONE ? sigmoid_of((double)z[k]) * sigmoid_of(-(double)z[k]) : 1;
			g[i * c + k] = (real)(s * by);
		}
		if (in->par[ACT].v > SIGMOID)
			lb_through_softmax(c, z, &soft, r->slope + i * c, 1, g + i * c);
	}
}

static double batch(const struct lb_batch *in, real *g)
{
	const struct room r = room_of(in);
	double classes = 0, value = 0;

	for (size_t k = 0; k < in->b * in->c; k++)
		value += 0 * r.h[k];
	if (isnan(value))
		return lb_with_nan(in, g, value);
	for (size_t k = 0; k < in->c; k++) {
		const size_t n1 = part_rows(in, &r, k);
		classes += n1 > 0 && n1 < in->b;
	}
	for (size_t k = 0; k < in->c; k++)
		value += of_class(in, &r, k, 1 / classes);
	if (g)
		to_scores(in, &r, g);
	return value;
}

LB_BATCH(auc_ovr, batch)

const struct lb_loss LB_LOSS(multiclass, auc_ovr) = {
	.info = {
		.base = {
			.name = "auc_ovr",
			.title = "AUC of every class against the rest, by a surrogate of all pairs of rows",
			.cite = "Z. Yang, Q. Xu, S. Bao, X. Cao, Q. Huang, Learning with multiclass AUC: theory and algorithms, IEEE TPAMI 44(11), 2022",
			.formula = "mean over classes k of mean_{i: y_i = k, j: y_j != k} f(h_ik - h_jk)",
			.notes = "Classes that the batch has no row of, or nothing but rows of, have no part; without any other the value is 0. The squared hinge and "
				 "the hinge are exact in O(B log B) a class, the square in O(B), the logistic needs all pairs. Adding one constant to all rows' "
				 "scores of a class changes nothing without act, so that decisions by the largest score need a threshold of each class.",
			.keywords = "auc one_vs_rest macro_auc pairwise ranking margin",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "ranking (AUC)",
		.properties = LB_NONNEGATIVE,
		LB_EXAMPLES(examples),
	},
	.form = &auc_ovr_form,
	.workspace = workspace,
};
