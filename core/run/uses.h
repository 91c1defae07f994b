/* What the components that a spec uses are. A descriptor is the first member of what its registry
 * holds. */
#ifndef LB_USES_H
#define LB_USES_H

#include "core/config/spec.h"
#include "core/training/anomaly_score_info.h"
#include "core/training/sampler.h"
#include "core/training/setup.h"

static inline const struct lb_loss_info *lb_used_loss(const struct lb_component_use *use)
{
	return (const struct lb_loss_info *)use->info;
}

static inline const struct lb_metric *lb_used_metric(const struct lb_component_use *use)
{
	return (const struct lb_metric *)use->info;
}

/* The components that options name by a bare word: the choices are the names of the list. */
static inline const struct lb_sampling *lb_used_sampling(const struct lb_spec *spec)
{
	return (const struct lb_sampling *)lb_samplers[spec->train.sampler.at];
}

/* Returns the attack; NULL where there is none or it is `none`. */
const struct lb_component_use *lb_used_attack(const struct lb_component_use *use);

/* The losses of the config, `loss` and then `terms`, at most LB_MOST_TERMS, into use; returns how
 * many. */
size_t lb_used_losses(const struct lb_spec *spec, const struct lb_component_use *use[LB_MOST_TERMS]);

/* What an anomaly score is made of. */
struct lb_scored_model lb_scored_model(const struct lb_spec *spec);

/* Returns true if the model is fitted in closed form. */
bool lb_closed_form(const struct lb_spec *spec);

/* Returns true if the trial reads all training rows at once: by lbfgs, or fitted in closed form. */
bool lb_reads_all(const struct lb_spec *spec);

/* Returns true if a procedure trains several times, so that the trial is alone in its cohort. */
bool lb_trains_several_times(const struct lb_spec *spec);

/* Returns true if the head makes scores that are cosines. */
bool lb_head_is_cosine(const struct lb_spec *spec);

/* Returns true if some training rows are to be forgotten. */
bool lb_forgets(const struct lb_spec *spec);

/* Returns true if the config gives rows weights of their own. */
bool lb_rows_weighted(const struct lb_spec *spec);

#endif
