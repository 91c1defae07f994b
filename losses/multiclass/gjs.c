#include "losses/loss.h"

enum { PI };

static const struct lb_param params[] = {
	[PI] = { .name = "pi", .symbol = "pi", .def = 0.5, .min = 1e-4, .max = 0.999999, .grid = { 0.1, 0.5, 0.9 }, .n_grid = 3,
		 .help = "weight of the label among the distributions" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0, 1.0986122886681098, 0 }, .y = { 0 }, .views = 2, .value = 0.48678545802072524,
	  .source = "by hand: p = (1/2, 1/2), (3/4, 1/4), m = (13/16, 3/16)" },
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 0.62255624891826578, .source = "by hand: js" },
};

/* Softmax of one view of a row: log p_k = z_k - most - log. */
struct view {
	const real *z;
	size_t top;
	double most, log, lp, q;         /* lp = log p_y, q = 1 - p_y */
};

static struct view view_of(const real *z, size_t c, size_t y)
{
	struct view v = { .z = z };
	double rest = 0;

	for (size_t k = 1; k < c; k++)
		v.top = z[k] > z[v.top] ? k : v.top;
	v.most = (double)z[v.top];
	for (size_t k = 0; k < c; k++)
		rest += k == y ? 0 : exp((double)z[k] - v.most);
	const double own = exp((double)z[y] - v.most), sum = rest + own;
	v.log = own >= 1 ? log1p(rest) : log(sum);
	v.lp = (double)z[y] - v.most - v.log;
	v.q = rest / sum;
	return v;
}

static double log_p(const struct view *v, size_t k)
{
	return (double)v->z[k] - v->most - v->log;
}

/* log a_k, a the mean of the views' predictions: it exists where every p^j_k is too small a
 * number. */
static double log_mean(const struct view *v, size_t views, size_t k)
{
	double most = log_p(&v[0], k), sum = 0;

	for (size_t j = 1; j < views; j++)
		most = fmax(most, log_p(&v[j], k));
	for (size_t j = 0; j < views; j++)
		sum += exp(log_p(&v[j], k) - most);
	return most + log(sum / (double)views);
}

/* js at the mean prediction, of which only a_y and q = 1 - a_y count; *slope is its derivative by
 * a_y. */
static double js_of_mean(double pi, double log_a, double q, double *slope)
{
	const double other = 1 - pi, w = -log1p(-pi), a = exp(log_a);
	const double lack = other * q, log_m = lack > 0.5 ? log(pi + other * a) : log1p(-lack), odds = pi * q / a;
	const double ratio = odds <= 1 ? log1p(odds) : log_m - log_a;

	*slope = -(ratio + w) / w;
	return (other * (q * w - a * ratio) - pi * log_m) / (other * w);
}

/* KL(p || a). To g, if any, goes `far` times its gradient with a held fixed, p_k (u_k - u_top +
 * sum_l p_l (u_top - u_l)) with u = log p - log a, and `near` times that of p_y. */
static double diverge(const struct view *v, const double *log_a, size_t c, size_t y, double far, double near, real *g)
{
	const double top = log_p(v, v->top) - log_a[v->top], own = exp(v->lp);
	double sum = 0, gap = 0;

	for (size_t k = 0; k < c; k++) {
		const double lp = log_p(v, k), p = exp(lp), u = lp - log_a[k];
		sum += p * u;
		gap += p * (top - u);
	}
	for (size_t k = 0; g && k < c; k++) {
		const double lp = log_p(v, k), p = exp(lp);
		g[k] = (real)(far * p * (lp - log_a[k] - top + gap) + near * own * (k == y ? v->q : -p));
	}
	return sum;
}

/* L = js(mean of p^j) + (1/V) sum_j KL(p^j || mean) / w, w = -log(1 - pi): the same as the formula,
 * and nothing cancels. */
static double row(const struct lb_batch *in, size_t i, real *g)
{
	const double pi = in->par[PI].v, w = -log1p(-pi), share = 1 / (double)in->views, rows = (double)in->b;
	const size_t c = in->c, y = (size_t)in->y[i], stride = in->b * c;
	struct view v[LB_MOST_VIEWS];
	double *log_a = in->workspace, apart = 0, q = 0, slope;

	for (size_t j = 0; j < in->views; j++) {
		v[j] = view_of(in->output.value + j * stride + i * c, c, y);
		q += share * v[j].q;
	}
	for (size_t k = 0; k < c; k++)
		log_a[k] = log_mean(v, in->views, k);
	const double value = js_of_mean(pi, log_a[y], q, &slope);
	for (size_t j = 0; j < in->views; j++)
		apart += share * diverge(&v[j], log_a, c, y, share / (w * rows), slope * share / rows, g ? g + j * stride + i * c : NULL);
	return value + apart / w;
}

static double batch(const struct lb_batch *in, real *g)
{
	double sum = 0;

	for (size_t i = 0; i < in->b; i++)
		sum += row(in, i, g);
	sum /= (double)in->b;
	return sum < 0 ? 0 : sum;
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->c * sizeof(double);
}

LB_BATCH(gjs, batch)

const struct lb_loss LB_LOSS(multiclass, gjs) = {
	.info = {
		.base = {
			.name = "gjs",
			.title = "Generalised Jensen-Shannon divergence between label and the predictions of several views",
			.cite = "E. Englesson, H. Azizpour, Generalized Jensen-Shannon divergence loss for learning with noisy "
				"labels, NeurIPS 2021",
			.formula = "(pi KL(e || m) + w sum_j KL(p^j || m)) / Z,  m = pi e + w sum_j p^j,  w = (1 - pi)/V,  Z = -(1 - pi) log(1 - pi)",
			.notes = "V views of each row (train.views): the row itself and noisy copies, whose predictions are drawn towards each "
				 "other. One view, as in validation, is js; the paper counts the label too and has M = V + 1. The paper's "
				 "images are augmented by crops and colours; rows of numbers by train.views.kind.",
			.keywords = "generalized_jensen_shannon gjsd consistency augmentation views",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_CALIBRATED,
		.needs = LB_NEEDS_VIEWS,
		.same_as = (const struct lb_same_as[]){ { .set = "", .other = "js", .other_set = "" },
							{ .set = "pi=0.9", .other = "js", .other_set = "pi=0.9" } },
		.n_same_as = 2,
		LB_EXAMPLES(examples),
	},
	.form = &gjs_form,
	.workspace = workspace,
};
