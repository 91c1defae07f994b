#include "core/run/heads.h"

#include "core/run/get.h"
#include "core/training/head_info.h"
#include "core/training/model_spec.h"

#include <string.h>

bool lb_head_is_cosine(const cJSON *config)
{
	const char *name = lb_get_text(config, "model.head.kind");
	const struct lb_info *info = name ? lb_info_find(lb_heads_f64, name) : NULL;

	return info && lb_head_cosines_f64(info);
}

int lb_head_check(const cJSON *config, const struct lb_dataset *data, const struct lb_loss_info *loss, struct lb_err *err)
{
	const char *head = lb_get_text(config, "model.head.kind"), *model = lb_get_text(config, "model.kind"), *init = lb_get_text(config, "model.init");

	if (!lb_head_is_cosine(config))
		return !(loss->needs & LB_NEEDS_COSINES) ? 0 :
		       lb_fail(err, LB_CONFIG, "model.head: found %s with loss %s, which takes its margin from cosines; give model.head: cosine, or {kind: "
			       "cosine, scale: 16}", head ? head : "linear", loss->base.name);
	if (lb_info_find(lb_models, model)->traits & LB_CLOSED_FORM)
		return lb_fail(err, LB_CONFIG, "model.head: found %s with model %s, which is fitted in closed form and has no other head; remove it, "
			       "or take model linear or mlp", head, model);
	if (init && !strcmp(init, "zero"))
		return lb_fail(err, LB_CONFIG, "model.init: found zero with model.head %s, for which weights of length 0 have no direction; allowed: torch, "
			       "xavier, he", head);
	if (data->x.start && !strcmp(model, "linear"))
		return lb_fail(err, LB_CONFIG, "model.head: found %s with model linear and sparse data, where a step moves only the weights of features that "
			       "occur; allowed: model mlp, head linear, or dense data (`lossbench data convert FILE OUT.npz`)", head);
	return 0;
}
