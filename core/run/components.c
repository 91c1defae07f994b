#include "core/run/components.h"

#include "core/metrics/decision_rule.h"
#include "core/metrics/metric.h"
#include "core/run/formula_block.h"
#include "core/run/plugin_block.h"
#include "core/training/anomaly_score_info.h"
#include "core/training/attack_info.h"
#include "core/training/augment_info.h"
#include "core/training/head_info.h"
#include "core/training/judge.h"
#include "core/training/miner_info.h"
#include "core/training/model_spec.h"
#include "core/training/optim_params.h"
#include "core/training/procedure_info.h"
#include "core/training/regulariser.h"
#include "core/training/sampler.h"
#include "core/training/schedule.h"
#include "datasets/dataset.h"

#include <string.h>

/* A loss is for the task that is its kind; one of regression may be one of features too. */
static unsigned tasks_of_loss(const struct lb_info *info)
{
	const struct lb_loss_info *loss = (const struct lb_loss_info *)info;

	return 1u << loss->kind | (lb_loss_reconstructs(loss) ? 1u << LB_ANOMALY : 0);
}

/* A student learns from labels, too. */
static unsigned tasks_of_term(const struct lb_info *info)
{
	const unsigned tasks = tasks_of_loss(info);

	return tasks & 1u << LB_MULTICLASS ? tasks | 1u << LB_DISTILLATION : tasks;
}

/* Every block, and every option, that names a component, and the list that it names one of. */
static const struct {
	const char *block;
	const struct lb_info *const *list;
	bool of_data;            /* .tasks are those of the data: a metric of classes measures embeddings and students too */
	unsigned (*tasks)(const struct lb_info *info); /* instead of info->tasks, unless NULL */
} blocks[] = {
	{ .block = "loss", .list = lb_losses_f64, .tasks = tasks_of_loss },
	{ .block = "terms", .list = lb_losses_f64, .tasks = tasks_of_term },
	{ .block = "metrics", .list = lb_metrics, .of_data = true },
	{ .block = "corrupt.labels", .list = lb_corruptions, .of_data = true },
	{ .block = "corrupt.imbalance", .list = lb_imbalances, .of_data = true },
	{ .block = "corrupt.bags", .list = lb_bag_noises, .of_data = true },
	{ .block = "data.bags", .list = lb_baggings, .of_data = true },
	{ .block = "data.generator", .list = lb_generators, .of_data = true },
	{ .block = "model", .list = lb_models },
	{ .block = "model.head", .list = lb_heads_f64 },
	{ .block = "optimizer", .list = lb_optimizers_f64 },
	{ .block = "schedule", .list = lb_schedules },
	{ .block = "procedures", .list = lb_procedures_f64 },
	{ .block = "regularisers", .list = lb_regularisers },
	{ .block = "train.sampler", .list = lb_samplers },
	{ .block = "train.views", .list = lb_augmentations_f64 },
	{ .block = "train.miner", .list = lb_miners_f64 },
	{ .block = "train.attack", .list = lb_attacks_f64 },
	{ .block = "evaluate.attack", .list = lb_attacks_f64 },
	{ .block = "evaluate.embeddings", .list = lb_judges },
	{ .block = "evaluate.anomaly", .list = lb_anomaly_scores_f64 },
	{ .block = "evaluate.threshold", .list = lb_thresholds },
	{ .block = "evaluate.calibration", .list = lb_calibrations },
	{ .block = "data.train.format", .list = lb_readers },
	{ .block = "data.valid.format", .list = lb_readers },
	{ .block = "data.test.format", .list = lb_readers },
};

enum { N_BLOCKS = sizeof blocks / sizeof *blocks };

/* Returns its place in the table; N_BLOCKS when it names no component. */
static size_t find_block(const char *block)
{
	size_t i = 0;

	while (i < N_BLOCKS && strcmp(blocks[i].block, block))
		i++;
	return i;
}

static unsigned tasks_of(size_t block, const struct lb_info *info)
{
	return blocks[block].tasks ? blocks[block].tasks(info) : info->tasks;
}

const struct lb_info *const *lb_component_list(size_t i, const char **block)
{
	if (i >= N_BLOCKS)
		return NULL;
	*block = blocks[i].block;
	return blocks[i].list;
}

static const struct lb_info *registry_next(const char *block, enum lb_kind kind, size_t *at)
{
	const size_t i = find_block(block);
	const struct lb_info *info;

	if (i == N_BLOCKS)
		return NULL;
	const enum lb_kind task = blocks[i].of_data ? lb_kind_of_data(kind) : kind;
	while ((info = blocks[i].list[*at])) {
		++*at;
		if (tasks_of(i, info) >> task & 1)
			break;
	}
	return info;
}

static const struct lb_info *registry_any(const char *block, const char *name, enum lb_kind *kind)
{
	const size_t i = find_block(block);
	const struct lb_info *info = i < N_BLOCKS ? lb_info_find(blocks[i].list, name) : NULL;

	for (int k = LB_N_KINDS - 1; info && k >= 0; k--)
		if (tasks_of(i, info) >> k & 1)
			*kind = (enum lb_kind)k;
	return info;
}

/* Without class scores the metrics of embeddings are all that apply, and so with classes that
 * training never saw. */
static bool listed(const char *block, const struct lb_info *info, enum lb_kind kind, const char *name, bool unseen)
{
	const struct lb_loss_info *loss = kind == LB_EMBEDDING && !strcmp(block, "metrics") ? lb_loss_find(kind, name) : NULL;

	return loss && (unseen || !lb_loss_gives_scores(loss)) ? lb_metric_find(info->name)->without_scores : !info->on_request;
}

/* A loss of a plug-in or by its formula. */
static const struct lb_info *of_node(const char *block, enum lb_kind kind, const struct lb_node *node, struct lb_diagnostics *diagnostics, bool *is)
{
	const struct lb_info *info = lb_plugin_of_node(block, kind, node, diagnostics, is);

	return *is ? info : lb_formula_of_node(block, kind, node, diagnostics, is);
}

static const struct lb_info *of_item(const char *block, enum lb_kind kind, const cJSON *item, bool *is, struct lb_err *err)
{
	const struct lb_info *info = lb_plugin_of_item(block, kind, item, is, err);

	return *is ? info : lb_formula_of_item(block, kind, item, is, err);
}

const struct lb_registry lb_registries = { .next = registry_next, .any = registry_any, .of_node = of_node, .of_item = of_item, .schema_of = lb_formula_schema, .most_trials = 100000, .listed = listed };
