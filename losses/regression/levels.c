/* Regression by a distribution over levels of equal distance: ratings, and pairs of them. */
#include "losses/support/several_outputs.h"

#define SOURCE "Z. You, X. Cai, J. Gu, T. Xue, C. Dong, Teaching large language models to regress accurate image quality scores using score " \
	       "distribution, CVPR 2025"

enum { LOW, HIGH, LEVELS, SIGMA, MASS, SHARED = MASS };
enum { FIXED = SHARED, HARD };

#define RANGE_PARAMS                                                                                                            \
	[LOW] = { .name = "lo", .symbol = "lo", .def = 1, .min = -1e12, .max = 1e12, .help = "the lowest level, in units of the target" }, \
	[HIGH] = { .name = "hi", .symbol = "hi", .def = 5, .min = -1e12, .max = 1e12, .help = "the highest level" },            \
	[LEVELS] = { .name = "levels", .symbol = "K", .type = LB_INT_PARAM, .def = 5, .min = 2, .max = LB_MOST_OUTPUTS, .grid = { 5, 11 },       \
		     .n_grid = 2, .help = "levels; the model has an output for each" },                                         \
	[SIGMA] = { .name = "sigma", .symbol = "s", .def = 0, .min = 0, .max = 1e12, .grid = { 0 }, .n_grid = 1,                \
		    .help = "standard deviation of a rating, in units of the target; 0: three quarters of the distance of two levels" }

static const struct lb_param kl_params[] = {
	RANGE_PARAMS,
	[MASS] = { .name = "mass", .type = LB_BOOL_PARAM, .def = 0, .grid = { 0, 1 }, .n_grid = 2,
		   .help = "a level takes the Gaussian's mass up to half way to its neighbours; false: its density there" },
};
static const struct lb_param fidelity_params[] = {
	RANGE_PARAMS,
	[FIXED] = { .name = "fixed_sd", .type = LB_BOOL_PARAM, .def = 0, .grid = { 0, 1 }, .n_grid = 2,
		    .help = "every rating has standard deviation 1, in levels; false: that of its distribution" },
	[HARD] = { .name = "hard", .type = LB_BOOL_PARAM, .def = 0, .grid = { 0, 1 }, .n_grid = 2,
		   .help = "the larger target of a pair has probability 1 (1/2 each of equal ones), not that of two Gaussians" },
};

static int check(const struct lb_arg *par, struct lb_err *err)
{
	return par[LOW].v < par[HIGH].v ? 0 :
	       lb_fail(err, LB_CONFIG, "hi: found %g with lo %g, allowed: a number above lo", par[HIGH].v, par[LOW].v);
}

static bool output(const struct lb_arg *par, size_t k, struct lb_output *out)
{
	*out = (struct lb_output){ .says = LB_PARAMETER, .level = (double)(k + 1) };
	return k < (size_t)par[LEVELS].v;
}

/* The distance of two levels. */
static double gap_of(const struct lb_arg *par)
{
	return (par[HIGH].v - par[LOW].v) / (par[LEVELS].v - 1);
}

/* The target as a level from 0, within the ends. */
static double level_of(const struct lb_arg *par, double t)
{
	const double last = par[LEVELS].v - 1, at = (t - par[LOW].v) / gap_of(par);

	return at < 0 ? 0 : at > last ? last : at;
}

/* The standard deviation of a rating, in levels. */
static double spread_of(const struct lb_arg *par)
{
	return par[SIGMA].v > 0 ? par[SIGMA].v / gap_of(par) : 0.75;
}

/* lp (n) <- the logs of the softmax of z. */
static void log_softmax(size_t n, const double *z, double *lp)
{
	double top = z[0], sum = 0;

	for (size_t k = 1; k < n; k++)
		top = z[k] > top || isnan(z[k]) ? z[k] : top;
	for (size_t k = 0; k < n; k++)
		sum += exp(z[k] - top);
	for (size_t k = 0; k < n; k++)
		lp[k] = (z[k] - top) - log(sum);
}

/* The mean of the levels; of each its probability. */
static double tell(const struct lb_arg *par, size_t levels, const double *z, double *say)
{
	double mean = 0;

	log_softmax(levels, z, say);
	for (size_t k = 0; k < levels; k++) {
		say[k] = exp(say[k]);
		mean += say[k] * (par[LOW].v + (double)k * gap_of(par));
	}
	return mean;
}

static void predict(const struct lb_batch *in, real *out)
{
	lb_outputs_predict(in, out, (size_t)in->par[LEVELS].v, tell);
}

/* ---- soft_label_kl ---- */

/* The two levels around the rating, by how near they are. */
static void between_neighbours(size_t levels, double at, double *q)
{
	const double below = floor(at);

	for (size_t k = 0; k < levels; k++)
		q[k] = (double)k == below ? 1 - (at - below) : (double)k == below + 1 ? at - below : 0;
}

/* Of level k, the density of a Gaussian, or its mass. */
static double share_of(double k, double at, double s, bool mass)
{
	const double per = 0.70710678118654752440 / s, x = k - at;

	return mass ? (erf((x + 0.5) * per) - erf((x - 0.5) * per)) / 2 : exp(-x * x / (2 * s * s));
}

/* q <- max(0, a q + b), with a and b such that the sum is 1 and the mean is `at`, divided by its
 * sum. Returns how far the mean is off before that, of levels counted from 1 as in the source. */
static double correct(size_t levels, double at, double *q)
{
	const double middle = (double)(levels - 1) / 2;
	double sum = 0, moment = 0, spread = 0, mean = 0, total = 0;

	for (size_t k = 0; k < levels; k++) {
		const double x = (double)k - middle;
		sum += q[k];
		moment += x * q[k];
		spread += x * x * q[k];
	}
	/* at the middle both are 0, and the sum alone is corrected */
	const double a = fabs(moment) > 1e-9 * spread ? (at - middle) / moment : 1 / sum, b = (1 - a * sum) / (double)levels;
	for (size_t k = 0; k < levels; k++) {
		q[k] = a * q[k] + b > 0 ? a * q[k] + b : 0;
		total += q[k];
		mean += (double)(k + 1) * q[k];
	}
	for (size_t k = 0; k < levels; k++)
		q[k] /= total;
	return fabs(mean - (at + 1));
}

/* q (levels) <- the soft label of a target. */
static void label_of(const struct lb_arg *par, size_t levels, double t, double *q)
{
	const double at = level_of(par, t), s = spread_of(par);

	for (size_t k = 0; k < levels; k++)
		q[k] = share_of((double)k, at, s, par[MASS].v > 0);
	if (s < 0.2 || correct(levels, at, q) > 0.1)
		between_neighbours(levels, at, q);
}

static double kl_of(const struct lb_arg *par, size_t levels, const double *z, double t, const double *fixed, double *g)
{
	double lp[LB_MOST_OUTPUTS], q[LB_MOST_OUTPUTS], value = 0;

	(void)fixed;
	log_softmax(levels, z, lp);
	label_of(par, levels, t, q);
	for (size_t k = 0; k < levels; k++) {
		value += q[k] > 0 ? q[k] * (log(q[k]) - lp[k]) : 0 * (isnan(lp[k]) ? lp[k] : 0);
		g[k] = exp(lp[k]) - q[k];
	}
	return value < 0 ? 0 : value;
}

static real kl_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_outputs_row(in, i, z, g, (size_t)in->par[LEVELS].v, kl_of);
}
LB_ROW(soft_label_kl, kl_row)

static const struct lb_example kl_examples[] = {
	{ .set = "levels=2 sigma=0.1", .b = 1, .c = 2, .z = { 0, 0 }, .t = { 2 }, .value = 0.13081203594113697,
	  .source = "by hand: log 2 - (3/4 log(4/3) + 1/4 log 4), between two levels" },
};

#define NOTES                                                                                                                   \
	"The model has K outputs for each of the T targets, the logits of K levels of equal distance from lo to hi, in units of the " \
	"target: give lo and hi. A target beyond an end counts as the end. The point prediction is the mean of the levels; their "   \
	"probabilities are told as parameter_1 to parameter_K. "

const struct lb_loss LB_LOSS(regression, soft_label_kl) = {
	.info = {
		.base = {
			.name = "soft_label_kl",
			.title = "Kullback-Leibler divergence of the distribution over levels from the rating's Gaussian",
			.cite = SOURCE ", section 3.3 (DeQA-Score)",
			.formula = "(1/T) sum_t sum_k q_tk log(q_tk / softmax(z)_tk),  q_t = max(0, a N(k; t_t, s) + b) with sum 1 and mean t_t",
			.notes = NOTES "a and b give the soft label the target's mean, which a Gaussian cut into few levels does not have: a = (t - mid) / "
				 "(M - mid A), b = (1 - a A) / K, of levels with sum A and moment M before. Where s is below a fifth of a level, or "
				 "the mean is off by more than a tenth of one since a level would be negative, the label is shared by the two levels "
				 "next to the target. As in the authors' program, but for two points: at the middle, where a is 0/0, the label is the "
				 "Gaussian divided by its sum, not uniform; and the label is divided by its sum where negative levels were set to 0. The "
				 "spread s is one number for all ratings. With fidelity as a term of the same lo, hi and levels it is the whole loss there.",
			.keywords = "deqa quality_score distribution ordinal rating mos label_distribution ldl",
			LB_PARAMS(kl_params),
			.check = check,
		},
		.kind = LB_REGRESSION,
		.good_for = "ratings",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		.output = output,
		LB_EXAMPLES(kl_examples),
	},
	.form = &soft_label_kl_form,
	.predict = predict,
};

/* ---- fidelity ---- */

#define TINY 1e-8

/* A row of a target: mean and variance of its levels, its target as a level, and the slopes of the
 * loss by the first two. */
struct rated {
	double mean, variance, target, by_mean, by_variance;
};

static double below(double u)
{
	return erfc(-u * 0.70710678118654752440) / 2;
}

/* The loss of a pair; share times its slopes is added. */
static double fidelity_of(const struct lb_arg *par, struct rated *x, struct rated *y, double share)
{
	const bool fixed = par[FIXED].v > 0, hard = par[HARD].v > 0;
	const double s = spread_of(par), sd = fixed ? sqrt(2.0) : sqrt(x->variance + y->variance + TINY), u = (x->mean - y->mean) / sd;
	const double gap = x->target - y->target, apart = gap / (fixed ? sqrt(2.0) : sqrt(2 * s * s + TINY));
	const double b = !hard ? below(apart) : gap > 0 ? 1 : gap < 0 ? 0 : 0.5, not_b = !hard ? below(-apart) : 1 - b;
	const double yes = sqrt(below(u) * b + TINY), no = sqrt(below(-u) * not_b + TINY);
	const double slope = share * 0.39894228040143267794 * exp(-u * u / 2) * (not_b / no - b / yes) / 2;

	x->by_mean += slope / sd;
	y->by_mean -= slope / sd;
	if (!fixed) {
		x->by_variance -= slope * u / (2 * sd * sd);
		y->by_variance -= slope * u / (2 * sd * sd);
	}
	return 1 - yes - no;
}

/* Mean and variance of the levels, of target t of each row. */
static void rate(const struct lb_batch *in, size_t t, size_t levels, struct rated *row)
{
	const size_t targets = in->c / levels;
	double z[LB_MOST_OUTPUTS] = { 0 }, lp[LB_MOST_OUTPUTS];

	for (size_t i = 0; i < in->b; i++) {
		row[i] = (struct rated){ .target = level_of(in->par, (double)in->target[i * targets + t]) };
		for (size_t k = 0; k < levels; k++)
			z[k] = (double)in->output.value[i * in->c + t * levels + k];
		log_softmax(levels, z, lp);
		for (size_t k = 0; k < levels; k++)
			row[i].mean += exp(lp[k]) * (double)k;
		for (size_t k = 0; k < levels; k++)
			row[i].variance += exp(lp[k]) * ((double)k - row[i].mean) * ((double)k - row[i].mean);
	}
}

/* g <- the slopes by mean and variance, on to the logits. */
static void send_back(const struct lb_batch *in, size_t t, size_t levels, const struct rated *row, real *g)
{
	double z[LB_MOST_OUTPUTS] = { 0 }, lp[LB_MOST_OUTPUTS];

	for (size_t i = 0; i < in->b; i++) {
		for (size_t k = 0; k < levels; k++)
			z[k] = (double)in->output.value[i * in->c + t * levels + k];
		log_softmax(levels, z, lp);
		for (size_t k = 0; k < levels; k++) {
			const double x = (double)k - row[i].mean;
			g[i * in->c + t * levels + k] = (real)(exp(lp[k]) * (row[i].by_mean * x + row[i].by_variance * (x * x - row[i].variance)));
		}
	}
}

static double fidelity_batch(const struct lb_batch *in, real *g)
{
	const size_t levels = (size_t)in->par[LEVELS].v, targets = in->c / levels, b = in->b;
	const double pairs = b > 1 ? (double)b * (double)(b - 1) / 2 * (double)targets : 1;
	struct rated *row = in->workspace;
	double sum = 0;

	for (size_t t = 0; t < targets; t++) {
		rate(in, t, levels, row);
		sum += b == 1 ? 0 * row[0].mean : 0;
		for (size_t i = 0; i < b; i++)
			for (size_t j = i + 1; j < b; j++)
				sum += fidelity_of(in->par, &row[i], &row[j], 1 / pairs);
		if (g)
			send_back(in, t, levels, row, g);
	}
	for (size_t i = 0; g && isnan(sum) && i < b * in->c; i++)
		g[i] = (real)sum;
	return sum / pairs;
}
LB_BATCH(fidelity, fidelity_batch)

static size_t fidelity_workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->b * sizeof(struct rated);
}

static const struct lb_example fidelity_examples[] = {
	{ .set = "levels=2 lo=0 hi=1 hard=true", .b = 2, .c = 4, .z = { 0, 0, 0, 0, 0, 0, 0, 0 }, .t = { 1, 1, 0, 0 }, .value = 0.29279321167336226,
	  .source = "by hand: 1 - sqrt(1/2 + 1e-8) - 1e-4" },
};

const struct lb_loss LB_LOSS(regression, fidelity) = {
	.info = {
		.base = {
			.name = "fidelity",
			.title = "Fidelity of the order of all pairs of a batch, by distributions over levels",
			.cite = "M.-F. Tsai et al., FRank: a ranking method with fidelity loss, SIGIR 2007; of score distributions: " SOURCE ", section 3.4",
			.formula = "mean over pairs of 1 - sqrt(a b + 1e-8) - sqrt((1-a)(1-b) + 1e-8),  a = Phi((m_1 - m_2) / sqrt(v_1 + v_2 + 1e-8)), b the "
				   "same of the targets",
			.notes = NOTES "m and v are mean and variance of the levels of a row, in levels; b is of Gaussians around the targets of standard "
				 "deviation sigma, and held constant. All pairs of a batch are compared, B^2/2 operations; a batch of one row gives 0 and no "
				 "gradient. The small numbers keep the roots' slopes finite: a pair of sure and right order gives -1e-4. By itself it leaves "
				 "open where the scale lies, so it is a term beside soft_label_kl, as in the source (1 to 0.05 there).",
			.keywords = "deqa quality_score pairwise ranking thurstone rating mos frank",
			LB_PARAMS(fidelity_params),
			.check = check,
		},
		.kind = LB_REGRESSION,
		.good_for = "ratings",
		.properties = LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED,
		.exceptions = LB_SIZE_MATTERS,
		.output = output,
		LB_EXAMPLES(fidelity_examples),
	},
	.form = &fidelity_form,
	.workspace = fidelity_workspace,
	.predict = predict,
};
