#include "core/run/reads_all.h"

#include "core/training/optim_params.h"
#include "core/run/get.h"
#include "core/run/components.h"
#include "core/run/terms.h"
#include "core/training/train.h"

static const struct lb_info *optimizer_of(const cJSON *config)
{
	const char *name = lb_get_text(config, "optimizer.name");
	const struct lb_info *info;

	for (size_t i = 0; (info = lb_optim_info_f64(i)); i++)
		if (name && !strcmp(info->name, name))
			break;
	return info;
}

static bool closed_form(const cJSON *config)
{
	const char *kind = lb_get_text(config, "model.kind");
	const struct lb_info *info;

	for (size_t i = 0; (info = lb_model_at(i)); i++)
		if (kind && !strcmp(info->name, kind))
			break;
	return info && lb_model_closed_form(info);
}

bool lb_reads_all(const cJSON *config)
{
	const struct lb_info *optimizer = optimizer_of(config);

	return closed_form(config) || (optimizer && lb_optim_full_batch_f64(optimizer));
}

/* Refuses a loss that is another in every pass; path is that of the option which names it. */
static int check_loss(const cJSON *config, const struct lb_loss_info *loss, const char *path, const char *optimizer, struct lb_err *err)
{
	if ((loss->needs & (LB_NEEDS_FEATURES | LB_MOVES_FEATURES)) == LB_NEEDS_FEATURES && strcmp(lb_get_text(config, "model.kind"), "linear"))
		return lb_fail(err, LB_CONFIG, "%s: found %s with optimizer %s and model %s, allowed: model linear, whose features do not move "
			       "with the weights; train it with sgd, adam or adamw", path, loss->base.name, optimizer,
			       lb_get_text(config, "model.kind"));
	if (loss->needs & LB_NEEDS_VIEWS)
		return lb_fail(err, LB_CONFIG, "%s: found %s with optimizer %s, which needs the same rows in every pass; train it with sgd, adam or "
			       "adamw", path, loss->base.name, optimizer);
	if (loss->needs & LB_NEEDS_SAMPLE_IDS)
		return lb_fail(err, LB_CONFIG, "%s: found %s with optimizer %s, allowed: losses without memory of earlier passes; train it "
			       "with sgd, adam or adamw", path, loss->base.name, optimizer);
	return 0;
}

int lb_full_batch_check(const cJSON *config, struct lb_err *err)
{
	const bool closed = closed_form(config);
	const struct lb_info *optimizer = optimizer_of(config);
	const char *name = closed ? "model naive_bayes" : optimizer ? optimizer->name : "", *schedule = lb_get_text(config, "schedule.name");

	if (!closed && (!optimizer || !lb_optim_full_batch_f64(optimizer)))
		return 0;
	if (lb_json_at(config, "train.early_stopping"))
		return lb_fail(err, LB_CONFIG, "train.early_stopping: found with %s, which has no epochs; remove early_stopping", name);
	if (closed)
		return 0;
	if (lb_get_number(config, "train.clip_norm", 0) > 0)
		return lb_fail(err, LB_CONFIG, "train.clip_norm: found %g with optimizer %s, allowed: 0; remove it, or train with sgd",
			       lb_get_number(config, "train.clip_norm", 0), name);
	if ((schedule && strcmp(schedule, "constant")) || lb_get_number(config, "schedule.warmup", 0) > 0)
		return lb_fail(err, LB_CONFIG, "schedule: found %s%s with optimizer %s, which has no learning rate; remove the schedule",
			       schedule, lb_get_number(config, "schedule.warmup", 0) > 0 ? " with warmup" : "", name);
	if (lb_get_number(config, "model.dropout", 0) > 0)
		return lb_fail(err, LB_CONFIG, "model.dropout: found %g with optimizer %s, which needs the same loss in every pass, allowed: 0",
			       lb_get_number(config, "model.dropout", 0), name);
	const struct lb_loss_info *loss[LB_MOST_TERMS];
	const size_t n = lb_losses_of(config, loss);
	for (size_t i = 0; i < n; i++)
		if (check_loss(config, loss[i], lb_loss_path(i), name, err))
			return -1;
	return 0;
}
