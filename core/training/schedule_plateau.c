/* A schedule that follows a metric of the validation rows. */
#include "core/training/schedule.h"

#include "losses/loss_info.h"

#include <math.h>

static const char *const modes[] = { "relative", "absolute", NULL };
enum { RELATIVE, ABSOLUTE };
enum { FACTOR = LB_SCHED_METRIC + 1, PATIENCE, THRESHOLD, MODE, COOLDOWN, LEAST };
static const struct lb_param plateau_params[] = {
	LB_SCHED_WARMUP_PARAM,
	[LB_SCHED_METRIC] = { .name = "metric", .type = LB_TEXT_PARAM, .help = "valid.NAME, NAME one of the metrics; if not given, the first of these" },
	[FACTOR] = { .name = "factor", .symbol = "f", .type = LB_REAL_PARAM, .def = 0.1, .min = 0, .max = 1, .min_open = true, .max_open = true,
		     .grid = { 0.1, 0.3, 0.5 }, .n_grid = 3, .help = "factor of each drop" },
	[PATIENCE] = { .name = "patience", .symbol = "p", .type = LB_INT_PARAM, .def = 10, .min = 0, .max = 1e6, .help = "epochs without a better value that are borne" },
	[THRESHOLD] = { .name = "threshold", .symbol = "e", .type = LB_REAL_PARAM, .def = 1e-4, .min = 0, .max = 1e6, .help = "by how much a better value is better" },
	[MODE] = { .name = "mode", .type = LB_CHOICE_PARAM, .choices = modes, .help = "whether the threshold is a share of the best value" },
	[COOLDOWN] = { .name = "cooldown", .symbol = "c", .type = LB_INT_PARAM, .min = 0, .max = 1e6, .help = "epochs after a drop that are not counted" },
	[LEAST] = { .name = "least", .type = LB_REAL_PARAM, .min = 0, .max = 1, .help = "least factor on lr" },
};

static double plateau(const struct lb_arg *par, const struct lb_schedule_time *at, double each)
{
	(void)par, (void)at, (void)each;
	return 1;
}

static bool better(const struct lb_arg *par, double value, double best, bool higher)
{
	const double by = par[THRESHOLD].v, margin = par[MODE].v == RELATIVE ? by * best : by;

	return higher ? value > best + margin : value < best - margin;
}

/* An undefined value is no better one. */
static void follow(const struct lb_arg *par, struct lb_schedule_state *s, double value, bool higher)
{
	const bool improved = !isnan(value) && (s->values == 0 || better(par, value, s->best, higher));

	if (improved) {
		s->best = value;
		s->values++;
	}
	s->bad = improved ? 0 : s->bad + 1;
	if (s->waiting > 0) {
		s->waiting--;
		s->bad = 0;
	}
	if ((double)s->bad > par[PATIENCE].v) {
		s->factor = fmax(s->factor * par[FACTOR].v, par[LEAST].v);
		s->waiting = (int64_t)par[COOLDOWN].v;
		s->bad = 0;
	}
}

const struct lb_schedule lb_schedule_plateau = {
	.base = { .name = "plateau", .tasks = LB_EVERY_TASK, .title = "Drops by a factor when a metric of the validation rows no longer improves",
		  .cite = "classic; as torch.optim's ReduceLROnPlateau",
		  .formula = "after more than p epochs in a row without a value that is better than the best by e times this (relative) or by e: the factor "
			     "becomes max(f factor, least), and c epochs are not counted",
		  .notes = "The metric says which direction is better. An undefined value is no better one. Warm-up multiplies further.", .keywords = "reduce_on_plateau",
		  LB_PARAMS(plateau_params) },
	.factor = plateau,
	.follow = follow,
};
