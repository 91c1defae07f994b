#include "core/engine/eval/score/anomaly_score.h"

#include "core/training/model_spec.h"

#define ANOMALY_SCORE(name) extern const struct lb_anomaly_score LB_ANOMALY_SCORE(name);
#include "core/engine/eval/score/list.def"
#undef ANOMALY_SCORE

const struct lb_info *const lb_anomaly_scores[] = {
#define ANOMALY_SCORE(name) &LB_ANOMALY_SCORE(name).base,
#include "core/engine/eval/score/list.def"
#undef ANOMALY_SCORE
	NULL
};

const struct lb_anomaly_score *lb_anomaly_score_of(const struct lb_info *info)
{
	return (const struct lb_anomaly_score *)lb_anomaly_scores[lb_info_place(lb_anomaly_scores_f64, info)];
}

bool lb_anomaly_score_fits(const struct lb_info *score, const struct lb_scored_model *model)
{
	const unsigned of = model->kind->traits;

	if (score->traits & LB_SCORES_LENGTH)
		return of & LB_WHITENS;
	if (score->traits & LB_SCORES_DISTANCE)
		return of & LB_KEEPS_ROWS;
	if (of & LB_CLOSED_FORM || model->centred)
		return model->centred && score->traits & LB_SCORES_CENTRE;
	return score->traits & LB_SCORES_ERROR || (score->traits & LB_SCORES_LOSS && lb_loss_separable(model->loss));
}
