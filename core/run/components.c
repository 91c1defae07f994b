#include "core/run/components.h"

#include "core/metrics/metric.h"
#include "core/training/head_info.h"
#include "core/training/model_spec.h"
#include "core/training/optim_params.h"
#include "core/training/schedule.h"
#include "core/training/train.h"
#include "datasets/dataset.h"

#include <string.h>

/* Each of these gives the i-th descriptor of its registry, NULL past the end, and the kinds it
 * applies to as a bit set. */
static const struct lb_info *loss_at(size_t i, unsigned *kinds)
{
	const struct lb_loss_info *info = lb_loss_at(i);

	*kinds = info ? 1u << info->kind : 0;
	return info ? &info->base : NULL;
}

/* A student learns from labels, too. */
static const struct lb_info *term_at(size_t i, unsigned *kinds)
{
	const struct lb_info *info = loss_at(i, kinds);

	if (*kinds & 1u << LB_MULTICLASS)
		*kinds |= 1u << LB_DISTILLATION;
	return info;
}

static const struct lb_info *metric_at(size_t i, unsigned *kinds)
{
	if (i >= lb_metric_count())
		return NULL;
	*kinds = lb_metric_at(i)->kinds;
	return &lb_metric_at(i)->base;
}

static const struct lb_info *corruption_at(size_t i, unsigned *kinds)
{
	if (i >= lb_corruption_count())
		return NULL;
	*kinds = lb_corruption_at(i)->kinds;
	return &lb_corruption_at(i)->base;
}

static const struct lb_info *imbalance_at(size_t i, unsigned *kinds)
{
	if (i >= lb_imbalance_count())
		return NULL;
	*kinds = lb_imbalance_at(i)->kinds;
	return &lb_imbalance_at(i)->base;
}

static const struct lb_info *generator_at(size_t i, unsigned *kinds)
{
	if (i >= lb_generator_count())
		return NULL;
	*kinds = lb_generator_at(i)->kinds;
	return &lb_generator_at(i)->base;
}

static const struct lb_info *model_at(size_t i, unsigned *kinds)
{
	const struct lb_info *info = lb_model_at(i);

	*kinds = info && lb_model_closed_form(info) ? 1u << LB_MULTICLASS | 1u << LB_BINARY : ~0u;
	return info;
}

static const struct lb_info *optimizer_at(size_t i, unsigned *kinds)
{
	const struct lb_info *info = lb_optim_info_f64(i);

	*kinds = info && lb_optim_classes_only_f64(info) ? 1u << LB_MULTICLASS | 1u << LB_BINARY : ~0u;
	return info;
}

static const struct lb_info *schedule_at(size_t i, unsigned *kinds)
{
	const struct lb_schedule *s = lb_schedule_at(i);

	*kinds = ~0u;
	return s ? &s->base : NULL;
}

static const struct lb_info *view_at(size_t i, unsigned *kinds)
{
	*kinds = 1u << LB_MULTICLASS;
	return lb_view_at(i);
}

static const struct lb_info *attack_at(size_t i, unsigned *kinds)
{
	*kinds = 1u << LB_MULTICLASS | 1u << LB_BINARY;
	return lb_attack_at(i);
}

static const struct lb_info *miner_at(size_t i, unsigned *kinds)
{
	*kinds = 1u << LB_EMBEDDING;
	return lb_miner_info_f64(i);
}

static const struct lb_info *procedure_at(size_t i, unsigned *kinds)
{
	unsigned traits;

	return lb_procedure_info_f64(i, kinds, &traits);
}

typedef const struct lb_info *at_fn(size_t i, unsigned *kinds);
static const struct {
	const char *block;
	at_fn *at;
	bool of_data;            /* kinds are those of the data: a metric of classes measures embeddings and students too */
} blocks[] = {
	{ "loss", loss_at, false },
	{ "terms", term_at, false },
	{ "metrics", metric_at, true },
	{ "corrupt.labels", corruption_at, true },
	{ "corrupt.imbalance", imbalance_at, true },
	{ "data.generator", generator_at, true },
	{ "model", model_at, false },
	{ "model.head", lb_head_info_f64, false },
	{ "optimizer", optimizer_at, false },
	{ "schedule", schedule_at, false },
	{ "procedures", procedure_at, false },
	{ "train.views", view_at, false },
	{ "train.miner", miner_at, false },
	{ "train.attack", attack_at, false },
	{ "evaluate.attack", attack_at, false },
};

static at_fn *find_block(const char *block, enum lb_kind *kind)
{
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
		if (strcmp(blocks[i].block, block))
			continue;
		if (kind && blocks[i].of_data)
			*kind = lb_kind_of_data(*kind);
		return blocks[i].at;
	}
	return NULL;
}

static const struct lb_info *registry_next(const char *block, enum lb_kind kind, size_t *at)
{
	at_fn *descriptor = find_block(block, &kind);
	const struct lb_info *info = NULL;
	unsigned kinds = 0;

	while (descriptor && (info = descriptor(*at, &kinds))) {
		++*at;
		if (kinds >> kind & 1)
			break;
	}
	return info;
}

static const struct lb_info *registry_any(const char *block, const char *name, enum lb_kind *kind)
{
	at_fn *at = find_block(block, NULL);
	const struct lb_info *info = NULL;
	unsigned kinds = 0;

	for (size_t j = 0; at && (info = at(j, &kinds)); j++)
		if (!strcmp(info->name, name))
			break;
	for (int k = LB_N_KINDS - 1; info && k >= 0; k--)
		if (kinds >> k & 1)
			*kind = (enum lb_kind)k;
	return info;
}

/* Without class scores the metrics of embeddings are all that apply. */
static bool listed(const char *block, const struct lb_info *info, enum lb_kind kind, const char *name)
{
	const struct lb_loss_info *loss = kind == LB_EMBEDDING && !strcmp(block, "metrics") ? lb_loss_find(kind, name) : NULL;

	return loss && !lb_loss_gives_scores(loss) ? lb_metric_find(info->name)->embeddings : !info->on_request;
}

const struct lb_registry lb_registries = { .next = registry_next, .any = registry_any, .most_trials = 100000, .listed = listed };
