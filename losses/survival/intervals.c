/* Time in intervals, with a score for each: hazards, probabilities or rates. */
#include "losses/support/survival.h"

#include <string.h>

enum { CUTS, INTERVALS, LINK, UNIT = LINK };

#define CUT_PARAMS                                                                                                              \
	[CUTS] = { .name = "cuts", .symbol = "c", .type = LB_REALS_PARAM, .min = 0, .max = 1e15, .min_open = true,              \
		   .help = "ends of the intervals, ascending; none: quantiles of the training rows' event times" },             \
	[INTERVALS] = { .name = "intervals", .symbol = "J", .type = LB_INT_PARAM, .def = 10, .min = 1, .max = LB_MOST_OUTPUTS,  \
			.help = "number of intervals where cuts are not given" }

static int check(const struct lb_arg *par, struct lb_err *err)
{
	const struct lb_arg *cuts = &par[CUTS];

	if (cuts->n > LB_MOST_OUTPUTS)
		return lb_fail(err, LB_CONFIG, "cuts: found %zu, allowed: at most %d", cuts->n, LB_MOST_OUTPUTS);
	for (size_t k = 1; k < cuts->n; k++)
		if (!(cuts->list[k - 1] < cuts->list[k]))
			return lb_fail(err, LB_CONFIG, "cuts: found %g before %g, allowed: ascending times, each once, such as [1, 2, 5]", cuts->list[k - 1],
				       cuts->list[k]);
	return 0;
}

static size_t columns(const struct lb_arg *par)
{
	return par[CUTS].n ? par[CUTS].n : (size_t)par[INTERVALS].v;
}

/* Returns the end of interval k: as given, as made from the training rows, or k + 1 where neither
 * is known. */
static double cut(const struct lb_batch *in, size_t k)
{
	const double given = in->par[CUTS].n ? in->par[CUTS].list[k] : in->stats && in->stats->cuts ? in->stats->cuts[k] : (double)(k + 1);

	return (double)(real)given; /* as times are rounded, so that one equal to it stays that */
}

static double begin(const struct lb_batch *in, size_t k)
{
	return k ? cut(in, k - 1) : 0;
}

/* A row: the intervals that it survived, `whole`, and whether its event lies in the next one. */
struct place {
	size_t whole;
	bool event;
};

/* An event lies in the first interval whose end it does not pass; beyond the last it is none. A
 * censored row has survived the intervals that end by its time. */
static struct place place_of(const struct lb_batch *in, size_t i)
{
	const double time = (double)in->target[i];
	const bool event = lb_saw_event(in, i);
	size_t k = 0;

	while (k < in->c && (event ? time > cut(in, k) : time >= cut(in, k)))
		k++;
	return (struct place){ k, event && k < in->c };
}

/* The share of interval k that lies before a time, in 0..1. */
static double part_before(const struct lb_batch *in, size_t k, double time)
{
	const double from = begin(in, k), part = (time - from) / (cut(in, k) - from);

	return part > 0 ? part < 1 ? part : 1 : 0;
}

/* survival[k] <- the probability of surviving intervals 0 to k, of one row's scores z. */
typedef void survive_fn(const struct lb_batch *in, const real *z, double *survival);

/* Returns the probability of surviving time u. */
typedef double between_fn(double before, double after, double part);

/* Between two ends by the same number of events a unit of time. */
static double even_events(double before, double after, double part)
{
	return before + (after - before) * part;
}

/* Between two ends by the same hazard. */
static double even_hazard(double before, double after, double part)
{
	return part > 0 ? part < 1 ? pow(before, 1 - part) * pow(after, part) : after : before;
}

/* Writes the risk, minus the mean time lived up to the last cut, and the curve, which stays level
 * after it. */
static void predict_by(const struct lb_batch *in, real *out, survive_fn *survive, between_fn *between)
{
	const struct lb_curve *curve = in->curve;
	const size_t n = curve ? curve->n : 0;
	double survival[LB_MOST_OUTPUTS];

	for (size_t i = 0; i < in->b; i++, out += 1 + n) {
		double lived = 0;
		survive(in, in->output.value + i * in->output.stride, survival);
		for (size_t k = 0; k < in->c; k++)
			lived += (cut(in, k) - begin(in, k)) * ((k ? survival[k - 1] : 1) + survival[k]) / 2;
		out[0] = (real)-lived;
		for (size_t m = 0, k = 0; m < n; m++) {
			while (k + 1 < in->c && curve->time[m] > cut(in, k))
				k++;
			out[1 + m] = (real)between(k ? survival[k - 1] : 1, survival[k], part_before(in, k, curve->time[m]));
		}
	}
}

/* ---- discrete_hazard ---- */

enum { LOGIT, CLOGLOG };
static const char *const links[] = { [LOGIT] = "logit", [CLOGLOG] = "cloglog", NULL };

static const struct lb_param hazard_params[] = {
	CUT_PARAMS,
	[LINK] = { .name = "link", .symbol = "link", .type = LB_CHOICE_PARAM, .def = LOGIT, .choices = links,
		   .help = "hazard of an interval: logit h = 1 / (1 + exp(-z)), cloglog h = 1 - exp(-exp z)" },
};

static const struct lb_example hazard_examples[] = {
	{ .set = "cuts=[1,2,3,4]", .b = 3, .c = 4, .z = { -1, 0.5, 0.2, 0, -2, -1, 0, 1, 0.3, 0.1, -0.4, -1 }, .y = { 1, 0, 1 }, .t = { 2, 3.5, 0.4 },
	  .value = 0.82501026509989294, .source = "PyTorch: binary cross-entropy of person-period rows" },
	{ .set = "cuts=[1] link=cloglog", .b = 1, .c = 1, .z = { 0 }, .y = { 0 }, .t = { 1 }, .value = 1, .source = "by hand" },
};

/* -log(1 - h) and -log h, with their slopes. */
static double survive_cost(int link, double z, double *slope)
{
	*slope = link == CLOGLOG ? exp(z) : lb_logistic_of(z);
	return link == CLOGLOG ? *slope : lb_softplus_of(z);
}

static double event_cost(int link, double z, double *slope)
{
	const double rate = exp(z);

	if (link == LOGIT) {
		*slope = -lb_logistic_of(-z);
		return lb_softplus_of(-z);
	}
	*slope = rate > 0 ? isfinite(rate) ? -rate / expm1(rate) : 0 : -1;
	return z < -37 ? -z : rate < 700 ? -lb_log_one_minus_exp(rate) : isnan(z) ? z : 0;
}

static real hazard_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const int link = (int)in->par[LINK].v;
	const struct place at = place_of(in, i);
	double sum = 0, slope;

	for (size_t k = 0; g && k < in->c; k++)
		g[k] = 0 * z[k];
	for (size_t k = 0; k < at.whole + at.event; k++) {
		sum += k < at.whole ? survive_cost(link, (double)z[k], &slope) : event_cost(link, (double)z[k], &slope);
		if (g)
			g[k] = (real)slope;
	}
	for (size_t k = at.whole + at.event; k < in->c; k++)
		sum += isnan(z[k]) ? (double)z[k] : 0;
	return (real)sum;
}
LB_ROW(discrete_hazard, hazard_row)

static void hazard_survive(const struct lb_batch *in, const real *z, double *survival)
{
	double sum = 0, slope;

	for (size_t k = 0; k < in->c; k++) {
		sum += survive_cost((int)in->par[LINK].v, (double)z[k], &slope);
		survival[k] = exp(-sum);
	}
}

static void hazard_predict(const struct lb_batch *in, real *out)
{
	predict_by(in, out, hazard_survive, even_events);
}

#define INTERVAL_NOTES                                                                                                          \
	" An event at t lies in the first interval with t <= c_m; one beyond the last end counts as a censoring there. A censored " \
	"row has survived the intervals with c_m <= t. The model has a score for each interval. Cuts that are not given are the " \
	"quantiles 1/J, 2/J, ..., 1 of the training rows' event times (without training data, as in losses eval, 1, 2, ..., J). " \
	"The risk that metrics see is minus the mean time lived up to the last end. "

const struct lb_loss LB_LOSS(survival, discrete_hazard) = {
	.info = {
		.base = {
			.name = "discrete_hazard",
			.title = "Discrete-time hazards: a logistic regression for each interval survived",
			.cite = "M. F. Gensheimer, B. Narasimhan, A scalable discrete-time survival model for neural networks, PeerJ 7, 2019; cloglog: R. L. "
				"Prentice, L. A. Gloeckler, Biometrics 34, 1978",
			.formula = "sum over intervals survived of -log(1 - h_m), plus -log h_m in the interval of the event",
			.notes = "nnet-survival, or the logistic hazard of pycox: with logit the logistic regression of person-period rows, with cloglog the grouped "
				 "proportional hazards model." INTERVAL_NOTES "Within an interval events are spread evenly.",
			.keywords = "nnet-survival logistic_hazard person-period pycox grouped cloglog survival",
			LB_PARAMS(hazard_params),
			.check = check,
		},
		.kind = LB_SURVIVAL,
		.good_for = "times to an event, censored: hazards that change with time",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.exceptions = LB_OVERFLOWS,
		.columns = columns,
		LB_EXAMPLES(hazard_examples),
	},
	.form = &discrete_hazard_form,
	.predict = hazard_predict,
};

/* ---- discrete_pmf ---- */

static const struct lb_param cut_params[] = { CUT_PARAMS };

static const struct lb_example pmf_examples[] = {
	{ .set = "cuts=[1,2,3,4]", .b = 3, .c = 4, .z = { -1, 0.5, 0.2, 0, -2, -1, 0, 1, 0.3, 0.1, -0.4, -1 }, .y = { 1, 0, 1 }, .t = { 2, 3.5, 0.4 },
	  .value = 0.89934480740, .source = "mpmath" },
	{ .set = "cuts=[5]", .b = 1, .c = 1, .z = { 0 }, .y = { 1 }, .t = { 3 }, .value = 0.69314718055994529, .source = "by hand: log 2" },
};

/* Returns the log sum of the scores from column k on and of the last one, which is 0. */
static double log_rest(const real *z, size_t c, size_t k)
{
	struct lb_log_sum sum = { 0, 1 };

	for (; k < c; k++)
		lb_log_sum_add(&sum, (double)z[k]);
	return lb_log_sum_value(&sum);
}

static real pmf_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct place at = place_of(in, i);
	const double all = log_rest(z, in->c, 0), rest = at.event ? (double)z[at.whole] : log_rest(z, in->c, at.whole);
	double bad = 0;

	for (size_t k = 0; k < in->c; k++) {
		const double score = (double)z[k], share = at.event ? k == at.whole : k < at.whole ? 0 : exp(score - rest);
		bad += isnan(score) ? score : 0;
		if (g)
			g[k] = (real)(exp(score - all) - share);
	}
	return (real)(all - rest + bad);
}
LB_ROW(discrete_pmf, pmf_row)

static void pmf_survive(const struct lb_batch *in, const real *z, double *survival)
{
	const double all = log_rest(z, in->c, 0);

	for (size_t k = 0; k < in->c; k++)
		survival[k] = exp(log_rest(z, in->c, k + 1) - all);
}

static void pmf_predict(const struct lb_batch *in, real *out)
{
	predict_by(in, out, pmf_survive, even_events);
}

const struct lb_loss LB_LOSS(survival, discrete_pmf) = {
	.info = {
		.base = {
			.name = "discrete_pmf",
			.title = "Discrete-time probabilities: a softmax over intervals and what comes after them",
			.cite = "C.-N. Yu, R. Greiner, H.-C. Lin, V. Baracos, Learning patient-specific cancer survival distributions as a sequence of dependent "
				"regressors, NIPS 2011; H. Kvamme, O. Borgan, Continuous and discrete-time survival prediction with neural networks, LIDA 27, 2021",
			.formula = "p = softmax(z_1, ..., z_J, 0);  event in m: -log p_m;  censored after m whole intervals: -log sum_{l > m} p_l",
			.notes = "The same laws as those of discrete_hazard, in other parameters: z_m is the log of the probability of an event in interval m over that "
				 "of none in all of them." INTERVAL_NOTES "Within an interval events are spread evenly.",
			.keywords = "pmf deephit mtlr pycox softmax survival",
			LB_PARAMS(cut_params),
			.check = check,
		},
		.kind = LB_SURVIVAL,
		.good_for = "times to an event, censored: hazards that change with time",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		.columns = columns,
		LB_EXAMPLES(pmf_examples),
	},
	.form = &discrete_pmf_form,
	.predict = pmf_predict,
};

/* ---- piecewise_exponential ---- */

static const struct lb_param rate_params[] = {
	CUT_PARAMS,
	[UNIT] = { .name = "unit", .symbol = "u", .def = 1, .min = 0, .max = 1e15, .min_open = true, .grid = { 1, 365 }, .n_grid = 2,
		   .help = "time over which a rate counts events: days with unit 365 give rates a year, whose scores begin near 0" },
};

static const struct lb_example rate_examples[] = {
	{ .set = "cuts=[1,2,3,4]", .b = 3, .c = 4, .z = { -1, 0.5, 0.2, 0, -2, -1, 0, 1, 0.3, 0.1, -0.4, -1 }, .y = { 1, 0, 1 }, .t = { 2, 3.5, 0.4 },
	  .value = 1.5396332910, .source = "mpmath" },
	{ .set = "cuts=[2]", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 1 }, .t = { 1.5, 3 }, .value = 1.75, .source = "by hand: (1.5 + 2) / 2" },
};

/* The rate of interval k, over the time that the row spent in it; an event beyond the last end has
 * lived through all. */
static real rate_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const double time = (double)in->target[i];
	const struct place at = place_of(in, i);
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		const double spent = part_before(in, k, time) * (cut(in, k) - begin(in, k)) / in->par[UNIT].v;
		const double score = (double)z[k];
		const double cost = spent > 0 ? spent * exp(score) : 0 * score;
		const bool here = at.event && k == at.whole;
		sum += cost - (here ? score : 0);
		if (g)
			g[k] = (real)(cost - here);
	}
	return (real)sum;
}
LB_ROW(piecewise_exponential, rate_row)

static void rate_survive(const struct lb_batch *in, const real *z, double *survival)
{
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		sum += (cut(in, k) - begin(in, k)) / in->par[UNIT].v * exp((double)z[k]);
		survival[k] = exp(-sum);
	}
}

static void rate_predict(const struct lb_batch *in, real *out)
{
	predict_by(in, out, rate_survive, even_hazard);
}

const struct lb_loss LB_LOSS(survival, piecewise_exponential) = {
	.info = {
		.base = {
			.name = "piecewise_exponential",
			.title = "Piecewise constant hazards",
			.cite = "M. Friedman, Piecewise exponential models for survival data with covariates, Annals of Statistics 10, 1982",
			.formula = "sum_m exp(z_m) (time spent in interval m) / u - [event] z_m of the event's interval",
			.notes = "The likelihood of a hazard exp(z_m) / u in interval m, without its constant log u an event, which is the Poisson regression of events with the time spent as exposure. pycox's "
				 "PC-Hazard has softplus in place of exp. At scores 0 there is an event a unit: with times in days and unit 1 the "
				 "first gradients are those of a thousand events a row, which sgd does not survive." INTERVAL_NOTES,
			.keywords = "pc-hazard poisson exposure pycox survival",
			LB_PARAMS(rate_params),
			.check = check,
		},
		.kind = LB_SURVIVAL,
		.good_for = "times to an event, censored: hazards that change with time",
		.properties = LB_CONVEX | LB_SMOOTH,
		.exceptions = LB_OVERFLOWS,
		.columns = columns,
		LB_EXAMPLES(rate_examples),
	},
	.form = &piecewise_exponential_form,
	.predict = rate_predict,
};
