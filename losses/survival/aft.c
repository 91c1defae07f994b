/* Accelerated failure times: the log of the time is the score plus noise of a given law. */
#include "losses/support/survival.h"

#include <string.h>

enum { DIST, SCALE };
enum { NORMAL, LOGISTIC, EXTREME };
static const char *const dists[] = { [NORMAL] = "normal", [LOGISTIC] = "logistic", [EXTREME] = "extreme", NULL };

static const struct lb_param params[] = {
	[DIST] = { .name = "dist", .symbol = "f", .type = LB_CHOICE_PARAM, .def = NORMAL, .choices = dists,
		   .help = "law of z: normal (log-normal times), logistic (log-logistic times), extreme (Weibull times; exponential with scale 1)" },
	[SCALE] = { .name = "scale", .symbol = "sigma", .def = 0, .min = 0, .max = 1e6, .grid = { 0, 0.5, 1 }, .n_grid = 3,
		    .help = "scale of the noise; 0: learned with the model, beginning with 1" },
};

static const struct lb_example examples[] = {
	{ .set = "scale=1", .b = 1, .c = 1, .z = { 0 }, .y = { 1 }, .t = { 1 }, .value = 0.91893853320467274, .source = "by hand: log(2 pi) / 2" },
	{ .set = "dist=extreme scale=1", .b = 2, .c = 1, .z = { 0, 0.5 }, .y = { 1, 0 }, .t = { 2, 3 }, .value = 1.9097959895689501,
	  .source = "by hand, exponential times: (2 + 3 exp(-0.5)) / 2" },
	{ .set = "dist=logistic", .b = 1, .c = 1, .z = { 0 }, .y = { 0 }, .t = { 1 }, .params = { 0 }, .value = 0.69314718055994529,
	  .source = "by hand: log 2" },
};

/* Minus the log of the density (event) or of the tail (censored) at z, and its derivative by z. */
struct tail {
	double value, slope;
};

#define HALF_LOG_2PI 0.91893853320467274178
#define ROOT_HALF 0.70710678118654752440

/* The tail of the standard normal law over its density at z >= 5, by its continued fraction. */
static double mills_ratio(double z)
{
	double below = z;

	for (int k = 60; k; k--)
		below = z + k / below;
	return 1 / below;
}

static struct tail normal_of(double z, bool event)
{
	if (event)
		return (struct tail){ z * z / 2 + HALF_LOG_2PI, z };
	if (z < 5) {
		const double tail = erfc(z * ROOT_HALF) / 2;
		return (struct tail){ z > 0 ? -log(tail) : -log1p(-erfc(-z * ROOT_HALF) / 2), exp(-z * z / 2 - HALF_LOG_2PI) / tail };
	}
	const double ratio = mills_ratio(z);
	return (struct tail){ z * z / 2 + HALF_LOG_2PI - log(ratio), 1 / ratio };
}

static struct tail logistic_of(double z, bool event)
{
	return event ? (struct tail){ z + 2 * lb_softplus_of(-z), tanh(z / 2) } : (struct tail){ lb_softplus_of(z), lb_logistic_of(z) };
}

/* The smallest value of many: exp(z) is the cumulative hazard. */
static struct tail extreme_of(double z, bool event)
{
	const double hazard = exp(z);

	return event ? (struct tail){ hazard - z, hazard - 1 } : (struct tail){ hazard, hazard };
}

static struct tail tail_of(const struct lb_arg *par, double z, bool event)
{
	static struct tail (*const of[])(double z, bool event) = { [NORMAL] = normal_of, [LOGISTIC] = logistic_of, [EXTREME] = extreme_of };

	return of[(int)par[DIST].v](z, event);
}

static bool learns_scale(const struct lb_arg *par)
{
	return !(par[SCALE].v > 0);
}

/* Returns the log of the scale. */
static double log_scale(const struct lb_batch *in)
{
	return learns_scale(in->par) ? in->params.value ? (double)in->params.value[0] : 0 : log(in->par[SCALE].v);
}

static double batch(const struct lb_batch *in, real *g)
{
	const double log_sigma = log_scale(in), sigma = exp(log_sigma), n = (double)in->b;
	double sum = 0, by_scale = 0;

	for (size_t i = 0; i < in->b; i++) {
		const bool event = lb_saw_event(in, i);
		const double weight = lb_row_weight(in, i);
		const double log_time = log((double)in->target[i]), z = (log_time - (double)in->output.value[i]) / sigma;
		const struct tail tail = weight > 0 || isnan(z) ? tail_of(in->par, z, event) : (struct tail){ 0 };
		sum += weight * (tail.value + (event ? log_sigma + log_time : 0));
		by_scale += weight * ((event ? 1 : 0) - (tail.slope < 0 || tail.slope > 0 ? z * tail.slope : 0 * tail.slope));
		if (g)
			g[i] = (real)(-weight * tail.slope / sigma / n);
	}
	if (in->params.grad)
		in->params.grad[0] = (real)(by_scale / n);
	return sum / n;
}
LB_BATCH(aft, batch)

static size_t n_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)shape;
	return learns_scale(par);
}

static void init_params(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *log_sigma)
{
	(void)par;
	(void)shape;
	(void)seed;
	log_sigma[0] = 0;
}

/* The risk is minus the score, which is the log of a typical time. */
static void predict(const struct lb_batch *in, real *out)
{
	const size_t n = in->curve ? in->curve->n : 0;
	const double sigma = exp(log_scale(in));

	for (size_t i = 0; i < in->b; i++, out += 1 + n) {
		const double s = (double)in->output.value[i * in->output.stride];
		out[0] = (real)-s;
		for (size_t k = 0; k < n; k++) {
			const double time = in->curve->time[k];
			out[1 + k] = (real)(time > 0 ? exp(-tail_of(in->par, (log(time) - s) / sigma, false).value) : 1);
		}
	}
}

const struct lb_loss LB_LOSS(survival, aft) = {
	.info = {
		.base = {
			.name = "aft",
			.title = "Accelerated failure time: censored log-likelihood of the time",
			.cite = "J. D. Kalbfleisch, R. L. Prentice, The statistical analysis of failure time data, 1980; A. Barnwal, H. Cho, T. Hocking, Survival "
				"regression with accelerated failure time model in XGBoost, JCGS 31, 2022",
			.formula = "z = (log t - s) / sigma;  event: -log f(z) + log sigma + log t;  censored: -log S(z)",
			.notes = "The score is the log of a typical time: higher is LATER, so that the risk that metrics see is -s. The density is that of t, as R's "
				 "survreg has it, so values of different laws compare. With scale 0 the log of sigma is one parameter of the loss, trained "
				 "with the model from log 1 on and without weight decay; lbfgs finds survreg's optimum. Median time: exp(s) for normal and logistic, exp(s) (log "
				 "2)^sigma for extreme. Times are above 0. XGBoost's aft has this value; its gradients are clipped to +-15, these are not. "
				 "extreme grows as exp(z). Rows may have weights (data.weight), which multiply their terms, as in survreg.",
			.keywords = "survreg weibull exponential lognormal loglogistic parametric survival xgboost",
			LB_PARAMS(params),
		},
		.kind = LB_SURVIVAL,
		.good_for = "times to an event, censored: the times themselves",
		.properties = LB_SMOOTH | LB_CONVEX,
		.exceptions = LB_OVERFLOWS,
		.weighs_rows = true,
		.params = "log_scale",
		.params_for = LB_ALL_TOGETHER,
		.targets = LB_TARGETS_POSITIVE,
		LB_EXAMPLES(examples),
	},
	.form = &aft_form,
	.n_params = n_params,
	.init_params = init_params,
	.predict = predict,
};
