#include "core/engine/train/early_stopping.h"

#include "core/engine/step/learner_open.h"

/* Takes note of the validation metrics of an epoch, from 0, and keeps the parameters if they are
 * the best so far. Returns whether the trial should stop: patience epochs without an improvement.
 * An undefined metric is no improvement, and stops nothing as long as it has never been defined. */
static bool stop_early(struct lb_learner *l, const double *valid, size_t epoch)
{
	const struct lb_early_stopping *stop = &l->setup->stop;
	struct lb_reached *r = &l->progress;
	const bool higher = l->setup->metric[stop->metric].metric->higher_is_better;
	const double value = higher ? valid[stop->metric] : -valid[stop->metric];

	r->undefined_epochs += isnan(value) ? 1 : 0;
	if (!isnan(value) && (r->best_epoch == 0 || value > r->best_value + stop->min_delta)) {
		r->best_value = value;
		r->best_epoch = epoch + 1;
		lb_learner_keep_best(l);
	}
	return r->best_epoch && (int64_t)(epoch + 1 - r->best_epoch) >= stop->patience;
}

bool lb_heeds_valid(const struct lb_setup *setup)
{
	return setup->stop.on || setup->schedule->follow;
}

bool lb_heed_valid(struct lb_learner *l, const double *valid, size_t epoch)
{
	const struct lb_setup *setup = l->setup;
	const size_t at = setup->schedule_metric;

	if (setup->schedule->follow)
		setup->schedule->follow(setup->schedule_par, &l->schedule, valid[at], setup->metric[at].metric->higher_is_better);
	return setup->stop.on && stop_early(l, valid, epoch);
}

size_t lb_stop_restore(struct lb_learner *l)
{
	if (!l->setup->stop.on || !l->progress.best_epoch)
		return 0;
	lb_learner_restore_best(l);
	return (size_t)l->progress.best_epoch;
}
