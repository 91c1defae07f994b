#include "losses/loss.h"

enum { K, TEMPERATURE };

static const struct lb_param params[] = {
	[K] = { .name = "k", .symbol = "k", .type = LB_INT_PARAM, .def = 1000, .min = 1, .max = 1e9, .grid = { 10, 100, 1000 }, .n_grid = 3,
		.log_scale = true, .help = "classes that are compared: the teacher's highest" },
	[TEMPERATURE] = { .name = "temperature", .symbol = "t", .def = 1, .min = 0.01, .max = 1000, .grid = { 1, 2, 4 }, .n_grid = 3,
			  .log_scale = true, .help = "divides both score sets" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .t = { 1.0986122886681098, 0 }, .value = 0.13081203594113697,
	  .source = "by hand: teacher (3/4, 1/4), 3/4 log(3/2) + 1/4 log(1/2)" },
	{ .set = "k=2", .b = 1, .c = 3, .z = { 0, 9, 0 }, .y = { 1 }, .t = { 1.0986122886681098, -5, 0 }, .value = 0.13081203594113697,
	  .source = "by hand: the same, class 1 is left out" },
	{ .set = "k=2 temperature=2", .b = 1, .c = 4, .z = { 0.3, -1, 2, 0.5 }, .y = { 0 }, .t = { 1, 3, -2, 0 },
	  .value = 0.313040302924000429, .source = "mpmath, 30 digits" },
};

/* The k-th largest of v (n values, reordered); Hoare's selection. Without NaN. */
static real kth_largest(real *v, size_t n, size_t k)
{
	size_t lo = 0, hi = n - 1;

	while (lo < hi) {
		const real pivot = v[lo + (hi - lo) / 2];
		size_t i = lo, j = hi;
		for (;;) {
			while (v[i] > pivot)
				i++;
			while (v[j] < pivot)
				j--;
			if (i >= j)
				break;
			const real swap = v[i];
			v[i++] = v[j];
			v[j--] = swap;
		}
		if (k - 1 <= j && (j < hi || i > j))
			hi = j;
		else
			lo = j + 1;
	}
	return v[lo];
}

/* Which classes count: those with a teacher's score above `least`, and the first `ties` of those at
 * it. */
struct chosen {
	real least;
	size_t ties;
};

static struct chosen choose(const real *t, size_t c, size_t k, real *room)
{
	struct chosen top = { .least = (real)-INFINITY, .ties = 0 };
	size_t above = 0;

	if (k >= c)
		return top;
	for (size_t j = 0; j < c; j++)
		room[j] = t[j];
	top.least = kth_largest(room, c, k);
	for (size_t j = 0; j < c; j++)
		above += t[j] > top.least;
	top.ties = k - above;
	return top;
}

static bool counts(const struct chosen *top, real t, size_t *tied)
{
	return t > top->least || (t >= top->least && (*tied)++ < top->ties);
}

/* Log of the sum of exp(scale * (v_k - most)) over the classes that count. */
struct log_sum {
	double most, log;
};

static struct log_sum log_sum(const real *v, const real *t, size_t c, const struct chosen *top, double scale)
{
	struct log_sum s = { .most = -(double)INFINITY };
	size_t tied = 0;
	double sum = 0;

	for (size_t k = 0; k < c; k++)
		if (counts(top, t[k], &tied))
			s.most = fmax(s.most, (double)v[k]);
	tied = 0;
	for (size_t k = 0; k < c; k++)
		if (counts(top, t[k], &tied))
			sum += exp(scale * ((double)v[k] - s.most));
	s.log = log(sum);
	return s;
}

static bool any_nan(const real *v, size_t n)
{
	size_t k = 0;

	while (k < n && !isnan(v[k]))
		k++;
	return k < n;
}

/* In double: at a high temperature both distributions are nearly uniform, and their difference is
 * small. */
static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const real *t = in->teacher + i * in->c;
	const double scale = 1 / in->par[TEMPERATURE].v;
	size_t tied = 0;
	double sum = 0;

	if (any_nan(z, in->c) || any_nan(t, in->c))
		return (real)NAN;
	const struct chosen top = choose(t, in->c, (size_t)in->par[K].v, in->terms);
	const struct log_sum teacher = log_sum(t, t, in->c, &top, scale), student = log_sum(z, t, in->c, &top, scale);
	for (size_t k = 0; k < in->c; k++) {
		const bool in_top = counts(&top, t[k], &tied);
		const double lp = scale * ((double)t[k] - teacher.most) - teacher.log, lq = scale * ((double)z[k] - student.most) - student.log;
		sum += in_top ? exp(lp) * (lp - lq) : 0;
		if (g)
			g[k] = in_top ? (real)(scale * (exp(lq) - exp(lp))) : R(0.0);
	}
	return sum > 0 ? (real)sum : R(0.0);
}

LB_ROW(kl_top, row)

const struct lb_loss LB_LOSS(distillation, kl_top) = {
	.info = {
		.base = {
			.name = "kl_top",
			.title = "KL-Top: divergence from the teacher over its highest classes",
			.cite = "X. Hu, Y. Cheng, D. Yang, et al., OSTQuant: refining large language model quantization with orthogonal and scaling "
				"transformations for better distribution fitting, ICLR 2025",
			.formula = "sum_{k in top} P_k log(P_k / Q_k),  P = softmax(teacher/t), Q = softmax(z/t), both over top alone",
			.notes = "top: the k classes with the teacher's largest scores, the lowest index on ties; k >= C is the plain divergence. "
				 "The other classes have no gradient. Labels are not used; the metrics are. The value is not multiplied by t^2. "
				 "Direction, k = 1000 and both distributions over top alone are as in the authors' code (its kl_top); the temperature is an "
				 "addition (1 there).",
			.keywords = "kl_divergence distillation knowledge_distillation kd kl top_k",
			LB_PARAMS(params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_EXAMPLES(examples),
	},
	.form = &kl_top_form,
};
