#include "core/run/uses.h"

#include "core/training/attack_info.h"
#include "core/training/head_info.h"
#include "core/training/optim_params.h"
#include "core/training/procedure_info.h"
#include "datasets/dataset.h"

_Static_assert(!offsetof(struct lb_loss_info, base) && !offsetof(struct lb_metric, base) && !offsetof(struct lb_schedule, base) &&
	       !offsetof(struct lb_generator, base) && !offsetof(struct lb_corruption, base) && !offsetof(struct lb_imbalance, base) &&
	       !offsetof(struct lb_sampling, base) && !offsetof(struct lb_threshold, base) && !offsetof(struct lb_calibration, base),
	       "a descriptor is the first member of what its registry holds");

const struct lb_component_use *lb_used_attack(const struct lb_component_use *use)
{
	return use->info && !(use->info->traits & LB_NO_ATTACK) ? use : NULL;
}

size_t lb_used_losses(const struct lb_spec *spec, const struct lb_component_use *use[LB_MOST_TERMS])
{
	size_t n = 0;

	use[n++] = &spec->loss;
	for (size_t i = 0; i < spec->terms.n && n < LB_MOST_TERMS; i++)
		use[n++] = &spec->terms.use[i];
	return n;
}

struct lb_scored_model lb_scored_model(const struct lb_spec *spec)
{
	return (struct lb_scored_model){ .kind = spec->model.info, .loss = lb_used_loss(&spec->loss), .centred = lb_use_number(&spec->model, "dimension", 0) > 0 };
}

bool lb_closed_form(const struct lb_spec *spec)
{
	return spec->model.info->traits & LB_CLOSED_FORM;
}

bool lb_reads_all(const struct lb_spec *spec)
{
	return lb_closed_form(spec) || spec->optimizer.info->traits & LB_FULL_BATCH;
}

bool lb_trains_several_times(const struct lb_spec *spec)
{
	for (size_t i = 0; i < spec->procedures.n; i++)
		if (lb_procedure_traits_f64(spec->procedures.use[i].info) & LB_WHOLE_TRAINING)
			return true;
	return false;
}

bool lb_head_is_cosine(const struct lb_spec *spec)
{
	return spec->head.info && lb_head_cosines_f64(spec->head.info);
}

bool lb_forgets(const struct lb_spec *spec)
{
	return spec->data.forget.train.text;
}

bool lb_rows_weighted(const struct lb_spec *spec)
{
	return spec->train.class_weight.n || spec->train.class_weight.word.at || spec->train.scale_pos_weight > 0 || spec->data.weight;
}
