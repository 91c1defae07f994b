#include "losses/loss.h"

enum { A, B };

static const struct lb_param params[] = {
	[A] = { .name = "a", .symbol = "a", .def = 1, .min = 1e-3, .max = 1e3, .log_scale = true, .grid = { 0.1, 0.3, 1, 3 }, .n_grid = 4,
		.help = "sharpness: large values come close to a hinge at b" },
	[B] = { .name = "b", .symbol = "b", .def = 0, .min = -100, .max = 100, .grid = { 0, 3, 10 }, .n_grid = 3,
		.help = "standard deviations above the mean at which the label's score is high enough" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 4, 4, 4 }, .y = { 0 }, .value = 0.69314718055994531,
	  .source = "by hand: all scores equal, log(1 + e^0)" },
	{ .set = "", .b = 1, .c = 2, .z = { 7, 3 }, .y = { 0 }, .value = 0.31326168751822284, .source = "by hand: mean 5, sd 2, log(1 + e^-1)" },
	{ .set = "a=0.5 b=3", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 2.7831936183076781,
	  .source = "mpmath, 30 digits" },
};

/* Mean of the gaps to the first score over all classes but y, the largest distance from it of any
 * class (the label included), and the sum of squares of those of the other classes, in units of the
 * largest. Exact 0 for equal scores. */
struct spread {
	double mean, own, unit, square;
};

static double gap(const real *z, size_t k)
{
	return (double)z[k] - (double)z[0];
}

static struct spread spread_of(const real *z, size_t c, size_t y)
{
	struct spread s = { 0 };

	for (size_t k = 0; k < c; k++)
		s.mean += k == y ? 0 : gap(z, k);
	s.mean /= (double)(c - 1);
	s.own = gap(z, y) - s.mean;
	s.unit = fabs(s.own);
	for (size_t k = 0; k < c; k++) {
		const double r = k == y ? 0 : fabs(gap(z, k) - s.mean);
		s.unit = r > s.unit ? r : s.unit;
	}
	for (size_t k = 0; k < c; k++) {
		const double r = k == y ? 0 : (gap(z, k) - s.mean) / s.unit;
		s.square += r * r;
	}
	return s;
}

/* With r_k the distances from the mean of the other classes, d that of the label and n = C - 1:
 * sd^2 = sum r^2 / C + d^2 n / C^2, zc = (z_y - mean) / sd = d n / (C sd), and, V = sum r^2 / sd^2,
 * t = -sigmoid(a (b - zc)): grad_y = (t / sd) n V / C^2, grad_k = -(t / sd) (V / C + zc r_k / sd) /
 * C. Nothing cancels; for C = 2 it is 0. */
static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const size_t c = in->c, y = (size_t)in->y[i];
	const double a = in->par[A].v, b = in->par[B].v, n = (double)(c - 1), classes = (double)c;
	const struct spread s = spread_of(z, c, y);
	const bool equal = s.unit <= 0;
	const double d = s.own / s.unit, sd = sqrt(s.square / classes + d * d * n / (classes * classes));
	const double zc = equal ? 0 : d * n / (classes * sd), x = a * (b - zc), low = exp(-fabs(x));
	const double t = -(x < 0 ? low : 1) / (1 + low), v = s.square / sd / sd;

	if (g) {
		for (size_t k = 0; k < c; k++)
			g[k] = (real)(equal ? 0 : -t / sd / s.unit * (v / classes + zc * ((gap(z, k) - s.mean) / s.unit / sd)) / classes);
		g[y] = (real)(equal ? 0 : t / sd / s.unit * (n * v / classes / classes));
	}
	return (real)(((x > 0 ? x : 0) + log1p(low)) / a);
}

/* With the mean m and the variance v of the scores, zc = (z_y - m) / sd. Where v is 0, or below by
 * rounding, all scores are equal. */
static double spherical(const struct lb_arg *par, double classes, const struct lb_spherical *at, struct lb_spherical *slope)
{
	const double a = par[A].v, m = at->sum / classes, v = at->squares / classes - m * m, sd = sqrt(v > 0 ? v : 0);
	const double zc = sd > 0 ? (at->own - m) / sd : 0, x = a * (par[B].v - zc), low = exp(-fabs(x));
	const double t = -(x < 0 ? low : 1) / (1 + low);

	if (slope)
		*slope = sd > 0 ? (struct lb_spherical){ .own = t / sd, .sum = t * (zc * m / sd - 1) / sd / classes, .squares = -t * zc / (2 * classes * v) } : (struct lb_spherical){ 0 };
	return ((x > 0 ? x : 0) + log1p(low)) / a;
}

LB_ROW(z_loss, row)

const struct lb_loss LB_LOSS(multiclass, z_loss) = {
	.info = {
		.base = {
			.name = "z_loss",
			.title = "Z-loss: softplus of the label's score in standard deviations from the row's mean",
			.cite = "A. de Brebisson, P. Vincent, The Z-loss: a shift and scale invariant classification loss belonging to the "
				"spherical family, arXiv 1604.08859, 2016",
			.formula = "log(1 + exp(a (b - zc))) / a,  zc = (z_y - mean z) / sd(z),  sd over all C scores, divisor C",
			.notes = "Adding a constant to the scores or multiplying them by a positive one changes nothing; the gradient grows "
				 "as the scores shrink. Where all scores are equal the value jumps: zc is taken as 0, the gradient as 0, "
				 "so weights that start at 0 never move. With two classes zc is 1 or -1 and the gradient 0 everywhere. "
				 "zc never exceeds sqrt(C - 1). Not calibrated: where no class is clearly likeliest the expected value "
				 "is smallest at equal scores. The authors' program adds 1e-12 to sd; nothing is added here. Another "
				 "loss than the regulariser of log sum exp that language models call z-loss.",
			.keywords = "zloss spherical_loss scale_invariant softmax_alternative",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.spherical = spherical,
		.good_for = "very many classes",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT | LB_BOUNDED,
		.exceptions = LB_JUMPS_AT_TIES,
		LB_EXAMPLES(examples),
	},
	.form = &z_loss_form,
};
