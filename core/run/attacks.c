#include "core/run/attacks.h"

#include "core/metrics/metric.h"
#include "core/run/get.h"
#include "core/run/heads.h"

static const char *const paths[] = { "train.attack", "evaluate.attack" };

const cJSON *lb_attack_at_path(const cJSON *config, const char *path)
{
	const cJSON *block = lb_json_at(config, path);
	const char *kind = block ? lb_get_text(block, "kind") : NULL;

	return kind && !(lb_info_find(lb_attacks_f64, kind)->traits & LB_NO_ATTACK) ? block : NULL;
}

static int check_clip(const char *path, const cJSON *block, struct lb_err *err)
{
	const cJSON *clip = lb_json_at(block, "clip");
	const int n = cJSON_GetArraySize(clip);
	const cJSON *lo = cJSON_GetArrayItem(clip, 0), *hi = cJSON_GetArrayItem(clip, 1);

	if (n == 0)
		return 0;
	if (n != 2 || !(lo->valuedouble < hi->valuedouble))
		return lb_fail(err, LB_CONFIG, "%s.clip: found %d number%s%s, allowed: [lo, hi] with lo < hi, such as [0, 1]", path, n, lb_s((size_t)n),
			       n == 2 ? " that do not ascend" : "");
	if (!strcmp(lb_get_text(block, "kind"), "closed_form") && !strcmp(lb_get_text(block, "norm"), "l2"))
		return lb_fail(err, LB_CONFIG, "%s.clip: found bounds with kind closed_form and norm l2, for which there is no closed form; remove "
			       "clip, or take norm linf or kind pgd", path);
	return 0;
}

static int check_objective(const char *path, const cJSON *block, const struct lb_dataset *data, struct lb_err *err)
{
	const char *objective = lb_get_text(block, "objective");
	const bool training = path == paths[0];

	if (!objective)
		return 0;
	if (!strcmp(objective, "dlr") && (data->kind == LB_BINARY || data->n_classes < 3))
		return lb_fail(err, LB_CONFIG, "%s.objective: found dlr with %s, allowed: ce, margin, probability_margin; dlr compares the first score "
			       "with the third", path, data->kind == LB_BINARY ? "one score" : "two classes");
	if (!strcmp(objective, "all") && training)
		return lb_fail(err, LB_CONFIG, "%s.objective: found all, allowed: one of them; all is for evaluate.attack", path);
	if (strcmp(objective, "deviation"))
		return 0;
	if (!training || data->kind == LB_BINARY)
		return lb_fail(err, LB_CONFIG, "%s.objective: found deviation%s, allowed: ce, margin, dlr, probability_margin%s", path,
			       training ? " with one score" : "", training ? "" : ", all; deviation is for train.attack");
	if (!strcmp(lb_get_text(block, "start"), "row"))
		return lb_fail(err, LB_CONFIG, "%s.start: found row with objective deviation, whose gradient is 0 there; allowed: random", path);
	return 0;
}

static int check_block(const char *path, const cJSON *config, const struct lb_dataset *data, struct lb_err *err)
{
	const cJSON *block = lb_attack_at_path(config, path);
	const char *kind = block ? lb_get_text(block, "kind") : NULL, *model = lb_get_text(config, "model.kind");

	if (!block)
		return 0;
	if (data->x.start)
		return lb_fail(err, LB_CONFIG, "%s: found %s with sparse data, of which an attack moves the zeros too; allowed: dense data "
			       "(`lossbench data convert FILE OUT.npz`), or remove it", path, kind);
	if (!strcmp(kind, "closed_form") && !strcmp(model, "mlp"))
		return lb_fail(err, LB_CONFIG, "%s: found closed_form with model mlp, allowed: model linear; take kind pgd", path);
	if (!strcmp(kind, "closed_form") && lb_head_is_cosine(config))
		return lb_fail(err, LB_CONFIG, "%s: found closed_form with model.head %s, whose scores are not linear in the rows; allowed: head linear; take "
			       "kind pgd", path, lb_get_text(config, "model.head.kind"));
	return check_clip(path, block, err) || check_objective(path, block, data, err) ? -1 : 0;
}

/* Metrics that a probe is for, and the probe, come together. */
static int check_metrics(const cJSON *config, struct lb_err *err)
{
	const cJSON *probe = lb_attack_at_path(config, paths[1]), *block;
	bool any = false;

	cJSON_ArrayForEach(block, lb_json_at(config, "metrics")) {
		const struct lb_metric *m = lb_metric_find(lb_get_text(block, "name"));
		if (!m || !m->base.goes_with)
			continue;
		any = true;
		if (!probe)
			return lb_fail(err, LB_CONFIG, "metrics: found %s without %s, which says the attack; give %s: {kind: pgd, norm: linf, eps: 0.1}, "
				       "or remove the metric", m->base.name, m->base.goes_with, m->base.goes_with);
	}
	if (probe && !any)
		return lb_fail(err, LB_CONFIG, "%s: found %s, but no metric is measured under it; add robust_accuracy to metrics, or remove the attack",
			       paths[1], lb_get_text(probe, "kind"));
	return 0;
}

int lb_attacks_check(const cJSON *config, const struct lb_dataset *data, const struct lb_loss_info *loss, bool full_batch, struct lb_err *err)
{
	const cJSON *attack = lb_attack_at_path(config, paths[0]);
	const char *kind = attack ? lb_get_text(attack, "kind") : NULL, *model = lb_get_text(config, "model.kind");

	for (size_t i = 0; i < 2; i++)
		if (check_block(paths[i], config, data, err))
			return -1;
	if (attack && lb_json_at(config, "train.views"))
		return lb_fail(err, LB_CONFIG, "train.attack: cannot be combined with train.views; the moved rows are the second view; keep one");
	if (attack && full_batch && !strcmp(model, "naive_bayes"))
		return lb_fail(err, LB_CONFIG, "train.attack: found %s with model naive_bayes, which is fitted to the rows as they are; remove it", kind);
	if (attack && full_batch && strcmp(kind, "closed_form"))
		return lb_fail(err, LB_CONFIG, "train.attack: found %s with optimizer %s, which needs a loss without draws; allowed: closed_form; or "
			       "train with sgd", kind, lb_get_text(config, "optimizer.name"));
	if (attack && !(loss->needs & LB_NEEDS_VIEWS) && lb_get_text(attack, "objective") && !strcmp(lb_get_text(attack, "objective"), "deviation"))
		return lb_fail(err, LB_CONFIG, "train.attack.objective: found deviation with loss %s, which sees the moved rows alone; allowed: ce, margin, "
			       "dlr, probability_margin; or take loss adv_comp_sum", loss->base.name);
	return check_metrics(config, err);
}
