/* Schedules that are curves over the steps. */
#include "core/training/schedule.h"

#include "losses/loss_info.h"

#include <math.h>

/* From one factor to another over a share of a way, along half a cosine. */
static double along_cosine(double from, double to, double share)
{
	return to + (from - to) / 2 * (1 + cos(3.14159265358979323846 * share));
}

/* Share of the steps that is done. */
static double done(const struct lb_schedule_time *at)
{
	return (double)at->step / (double)(at->total > 0 ? at->total : 1);
}

/* ---- linear and polynomial ---- */

enum { FINAL = LB_SCHED_OWN, START, POWER = START };
#define FINAL_PARAM [FINAL] = { .name = "final", .type = LB_REAL_PARAM, .min = 0, .max = 1, .help = "factor that the last step tends to" }

static const struct lb_param linear_params[] = {
	LB_SCHED_WARMUP_PARAM, FINAL_PARAM,
	[START] = { .name = "start", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 1, .min_open = true, .help = "factor of the first step" },
};

static double linear(const struct lb_arg *par, const struct lb_schedule_time *at, double each)
{
	(void)each;
	return par[START].v + (par[FINAL].v - par[START].v) * done(at);
}

static const struct lb_param polynomial_params[] = {
	LB_SCHED_WARMUP_PARAM, FINAL_PARAM,
	[POWER] = { .name = "power", .symbol = "p", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 100, .min_open = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		    .help = "power of the share of steps that is left" },
};

static double polynomial(const struct lb_arg *par, const struct lb_schedule_time *at, double each)
{
	(void)each;
	return par[FINAL].v + (1 - par[FINAL].v) * pow(1 - done(at), par[POWER].v);
}

/* ---- exponential ---- */

static const char *const units[] = { "epoch", "step", NULL };
enum { BY_EPOCH, BY_STEP };
enum { EXPONENTIAL_GAMMA = LB_SCHED_OWN, EXPONENTIAL_EACH };
static const struct lb_param exponential_params[] = {
	LB_SCHED_WARMUP_PARAM,
	[EXPONENTIAL_GAMMA] = { .name = "gamma", .symbol = "gamma", .type = LB_REAL_PARAM, .def = 0.95, .min = 0, .max = 1, .min_open = true,
				.grid = { 0.8, 0.9, 0.95 }, .n_grid = 3, .help = "factor of each epoch or step" },
	[EXPONENTIAL_EACH] = { .name = "each", .type = LB_CHOICE_PARAM, .choices = units, .help = "what is multiplied by gamma after" },
};

static double exponential(const struct lb_arg *par, const struct lb_schedule_time *at, double each)
{
	(void)each;
	return pow(par[EXPONENTIAL_GAMMA].v, (double)(par[EXPONENTIAL_EACH].v == BY_STEP ? at->step : at->epoch));
}

/* ---- one_cycle ---- */

static const char *const ways[] = { "cosine", "linear", NULL };
enum { ALONG_COSINE, ALONG_LINE };
enum { CYCLE_SHARE = LB_SCHED_OWN, CYCLE_DIV, CYCLE_FINAL_DIV, CYCLE_ANNEAL };
static const struct lb_param one_cycle_params[] = {
	LB_SCHED_WARMUP_PARAM,
	[CYCLE_SHARE] = { .name = "share", .symbol = "s", .type = LB_REAL_PARAM, .def = 0.3, .min = 0, .max = 1, .min_open = true, .max_open = true,
			  .help = "share of the steps in which the rate rises" },
	[CYCLE_DIV] = { .name = "div", .symbol = "d", .type = LB_REAL_PARAM, .def = 25, .min = 1, .max = 1e12, .help = "the first rate is lr / div" },
	[CYCLE_FINAL_DIV] = { .name = "final_div", .symbol = "f", .type = LB_REAL_PARAM, .def = 1e4, .min = 1, .max = 1e12,
			      .help = "the last rate is lr / div / final_div" },
	[CYCLE_ANNEAL] = { .name = "anneal", .type = LB_CHOICE_PARAM, .choices = ways, .help = "the curve of both ways" },
};

static double one_cycle(const struct lb_arg *par, const struct lb_schedule_time *at, double each)
{
	const double low = 1 / par[CYCLE_DIV].v, last = low / par[CYCLE_FINAL_DIV].v, t = (double)at->step;
	const double top = par[CYCLE_SHARE].v * (double)at->total - 1, end = (double)at->total - 1;
	const bool rises = t <= top;
	const double from = rises ? low : 1, to = rises ? 1 : last, share = rises ? (top > 0 ? t / top : 1) : (t - top) / (end - top);

	(void)each;
	return par[CYCLE_ANNEAL].v == ALONG_LINE ? from + (to - from) * share : along_cosine(from, to, share);
}

/* ---- cosine_restarts ---- */

enum { RESTART_FIRST = LB_SCHED_OWN, RESTART_MULT, RESTART_FINAL };
static const struct lb_param restarts_params[] = {
	LB_SCHED_WARMUP_PARAM,
	[RESTART_FIRST] = { .name = "first", .symbol = "n", .type = LB_INT_PARAM, .def = 10, .min = 1, .max = 1e6, .help = "epochs to the first restart" },
	[RESTART_MULT] = { .name = "mult", .symbol = "k", .type = LB_INT_PARAM, .def = 1, .min = 1, .max = 100,
			   .help = "each time to a restart is so many times the one before" },
	[RESTART_FINAL] = { .name = "final", .type = LB_REAL_PARAM, .min = 0, .max = 1, .help = "factor before a restart" },
};

static double cosine_restarts(const struct lb_arg *par, const struct lb_schedule_time *at, double each)
{
	double length = par[RESTART_FIRST].v * each, since = (double)at->step;

	while (since >= length) {
		since -= length;
		length *= par[RESTART_MULT].v;
	}
	return along_cosine(1, par[RESTART_FINAL].v, since / length);
}

/* ---- descriptors ---- */

const struct lb_schedule lb_schedule_linear = {
	.base = { .name = "linear", .tasks = LB_EVERY_TASK, .title = "A line from `start` to `final`", .cite = "classic; as torch.optim's LinearLR over all steps",
		  .formula = "start + (final - start) step/total", LB_PARAMS(linear_params) },
	.factor = linear,
};

const struct lb_schedule lb_schedule_polynomial = {
	.base = { .name = "polynomial", .tasks = LB_EVERY_TASK, .title = "A power of the share of steps that is left",
		  .cite = "classic; as torch.optim's PolynomialLR over all steps", .formula = "final + (1 - final) (1 - step/total)^p", LB_PARAMS(polynomial_params) },
	.factor = polynomial,
};

const struct lb_schedule lb_schedule_exponential = {
	.base = { .name = "exponential", .tasks = LB_EVERY_TASK, .title = "Falls by the same factor after each epoch or step",
		  .cite = "classic; as torch.optim's ExponentialLR", .formula = "gamma^epoch, or gamma^step", .notes = "Steps are counted from the end of the "
		  "warm-up, epochs from the beginning of the training.", LB_PARAMS(exponential_params) },
	.factor = exponential,
};

const struct lb_schedule lb_schedule_one_cycle = {
	.base = { .name = "one_cycle", .tasks = LB_EVERY_TASK, .title = "Up to the rate and down to almost none",
		  .cite = "Smith & Topin, Super-Convergence, 2017; as torch.optim's OneCycleLR without its cycle of momentum",
		  .formula = "from 1/d at step 0 to 1 at step s total - 1, then to 1/(d f) at step total - 1, both along half a cosine (or a line)",
		  .notes = "lr is the largest rate.", .keywords = "onecycle super_convergence", LB_PARAMS(one_cycle_params) },
	.factor = one_cycle,
};

const struct lb_schedule lb_schedule_cosine_restarts = {
	.base = { .name = "cosine_restarts", .tasks = LB_EVERY_TASK, .title = "Half cosines with warm restarts",
		  .cite = "Loshchilov & Hutter, SGDR, ICLR 2017, eq. 5; as torch.optim's CosineAnnealingWarmRestarts, stepped each batch",
		  .formula = "final + (1 - final) (1 + cos(pi t/T))/2, t since the last restart, T = n, n k, n k^2, ... epochs", .keywords = "sgdr warm_restarts",
		  LB_PARAMS(restarts_params) },
	.factor = cosine_restarts,
};
