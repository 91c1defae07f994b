#include "core/training/schedule.h"

#include "losses/loss_info.h"

#include <math.h>

static const struct lb_param constant_params[] = { LB_SCHED_WARMUP_PARAM };

static double constant(const struct lb_arg *par, const struct lb_schedule_time *at, double each)
{
	(void)par, (void)at, (void)each;
	return 1;
}

enum { STEP_EVERY = LB_SCHED_OWN, STEP_MILESTONES, STEP_GAMMA };
static const struct lb_param step_params[] = {
	LB_SCHED_WARMUP_PARAM,
	[STEP_EVERY] = { .name = "every", .type = LB_INT_PARAM, .def = 10, .min = 0, .max = 1e6,
			 .help = "multiply by gamma after every so many epochs; 0: at the milestones only" },
	[STEP_MILESTONES] = { .name = "milestones", .type = LB_INTS_PARAM, .min = 1, .max = 1e6,
			      .help = "multiply by gamma after these numbers of epochs (then `every` is not used)" },
	[STEP_GAMMA] = { .name = "gamma", .type = LB_REAL_PARAM, .def = 0.1, .min = 0, .max = 1, .min_open = true,
			 .help = "factor of each drop" },
};

static double step_drop(const struct lb_arg *par, const struct lb_schedule_time *at, double each)
{
	const struct lb_arg *milestones = &par[STEP_MILESTONES];
	int64_t drops = 0;

	(void)each;
	if (!milestones->n && par[STEP_EVERY].v > 0)
		drops = at->epoch / (int64_t)par[STEP_EVERY].v;
	for (size_t i = 0; i < milestones->n; i++)
		drops += (double)at->epoch >= milestones->list[i];
	return pow(par[STEP_GAMMA].v, (double)drops);
}

enum { COSINE_FINAL = LB_SCHED_OWN };
static const struct lb_param cosine_params[] = {
	LB_SCHED_WARMUP_PARAM,
	[COSINE_FINAL] = { .name = "final", .type = LB_REAL_PARAM, .min = 0, .max = 1, .help = "factor that the last step tends to" },
};

static double cosine(const struct lb_arg *par, const struct lb_schedule_time *at, double each)
{
	const double last = par[COSINE_FINAL].v, share = (double)at->step / (double)(at->total > 0 ? at->total : 1);

	(void)each;
	return last + (1 - last) * 0.5 * (1 + cos(3.14159265358979323846 * share));
}

const struct lb_schedule lb_schedule_constant = {
	.base = { .name = "constant", .tasks = LB_EVERY_TASK, .title = "Constant learning rate", .cite = "classic", .formula = "1", LB_PARAMS(constant_params) },
	.factor = constant,
};

const struct lb_schedule lb_schedule_step = {
	.base = { .name = "step", .tasks = LB_EVERY_TASK, .title = "Drops by a factor at epochs", .cite = "classic", .formula = "gamma^(number of drops so far)",
		  LB_PARAMS(step_params) },
	.factor = step_drop,
};

const struct lb_schedule lb_schedule_cosine = {
	.base = { .name = "cosine", .tasks = LB_EVERY_TASK, .title = "Half a cosine down to `final`",
		  .cite = "Loshchilov & Hutter, SGDR, ICLR 2017, eq. 5 without restarts",
		  .formula = "final + (1 - final) (1 + cos(pi step/total))/2", LB_PARAMS(cosine_params) },
	.factor = cosine,
};

const struct lb_info *const lb_schedules[] = {
#define SCHEDULE(name) &lb_schedule_##name.base,
#include "core/training/schedules.def"
#undef SCHEDULE
	NULL
};

double lb_schedule_factor(const struct lb_schedule *s, const struct lb_arg *par, struct lb_schedule_time at)
{
	const double rounding = 1 + 1e-12;       /* 0.29 * 100 is just below 29 */
	const int64_t rising = (int64_t)(par[LB_SCHED_WARMUP].v * (double)at.total * rounding);
	const double each = (double)at.total / (double)(at.epochs > 0 ? at.epochs : 1);

	if (at.step < rising)
		return (double)(at.step + 1) / (double)rising;
	at.step -= rising;
	at.total -= rising;
	return s->factor(par, &at, each);
}
