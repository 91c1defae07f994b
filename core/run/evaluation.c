#include "core/run/evaluation.h"

#include "core/base/mem.h"
#include "core/run/get.h"
#include "core/run/components.h"

#include <stdlib.h>

int lb_evaluation_check(const cJSON *config, const struct lb_split *split, struct lb_err *err)
{
	static const char *const paths[] = { "evaluate.threshold", "evaluate.calibration" };
	const enum lb_kind kind = lb_kind_of_data(lb_kind_of_task(lb_get_text(config, "task")));

	const struct lb_loss_info *loss = lb_loss_find(lb_kind_of_task(lb_get_text(config, "task")), lb_get_text(config, "loss.name"));

	for (size_t i = 0; i < 2; i++) {
		const char *value = lb_get_text(config, paths[i]), *neutral = i ? "none" : "fixed";
		const bool scale = value && !strcmp(value, "temperature");
		if (!value || !strcmp(value, neutral))
			continue;
		if (!lb_loss_gives_scores(loss))
			return lb_fail(err, LB_CONFIG, "%s: found %s, but %s gives embeddings and no class scores; allowed: %s", paths[i], value, loss->base.name,
				       neutral);
		if (kind == LB_REGRESSION || (kind != LB_BINARY && !scale))
			return lb_fail(err, LB_CONFIG, "%s: found %s with task %s, allowed: %s%s", paths[i], value, lb_get_text(config, "task"), neutral,
				       i && kind != LB_REGRESSION ? ", temperature" : "");
		if (!split->n[LB_VALID])
			return lb_fail(err, LB_CONFIG, "%s: found %s, but there are no validation rows to fit it to; give data.split.valid a share, or data.valid",
				       paths[i], value);
	}
	return 0;
}

/* Returns the component that a text of the config names; the first of the list where it is not
 * given. */
static const void *chosen(const struct lb_info *const *list, const cJSON *config, const char *path)
{
	const char *name = lb_get_text(config, path);

	return name ? lb_info_find(list, name) : *list;
}

void lb_evaluation_set(struct lb_setup *setup, const cJSON *config)
{
	setup->threshold = chosen(lb_thresholds, config, "evaluate.threshold");
	setup->calibration = chosen(lb_calibrations, config, "evaluate.calibration");
}

const struct lb_sampling *lb_sampling_of(const cJSON *config)
{
	return chosen(lb_samplers, config, "train.sampler");
}

/* Returns the number of classes that have training rows. */
static size_t training_classes(const struct lb_dataset *data, const struct lb_split *split, bool *seen)
{
	size_t n = 0;

	for (size_t i = 0; i < split->n[LB_TRAIN]; i++) {
		const int32_t y = data->y[split->rows[LB_TRAIN][i]];
		n += !seen[y];
		seen[y] = true;
	}
	return n;
}

/* A batch is of train.batch / m different classes. */
static int check_m_per_class(const cJSON *config, const struct lb_dataset *data, const struct lb_split *split, struct lb_err *err)
{
	const size_t m = (size_t)lb_get_number(config, "train.per_class", LB_PER_CLASS), batch = (size_t)lb_get_number(config, "train.batch", 1);
	bool *seen = data->y ? lb_alloc(data->n_classes, sizeof *seen, err) : NULL;

	if (!data->y)
		return lb_fail(err, LB_CONFIG, "train.sampler: found m_per_class with task %s, whose rows have no one class; allowed: shuffle",
			       lb_get_text(config, "task"));
	if (!seen)
		return -1;
	const size_t classes = training_classes(data, split, seen), most = classes * m;
	free(seen);
	if (batch % m)
		return lb_fail(err, LB_CONFIG, "train.batch: found %zu with sampler m_per_class of %zu rows a class, allowed: a multiple of %zu, such as %zu",
			       batch, m, m, (batch / m + 1) * m < most ? (batch / m + 1) * m : most);
	if (batch / m < 2 || batch > most)
		return lb_fail(err, LB_CONFIG, "train.batch: found %zu with sampler m_per_class of %zu rows a class and %zu class%s in the training rows, "
			       "allowed: from %zu (two classes) to %zu (every class once)", batch, m, classes, classes == 1 ? "" : "es", 2 * m, most);
	return 0;
}

int lb_sampler_check(const cJSON *config, const struct lb_dataset *data, const struct lb_split *split, bool full_batch, struct lb_err *err)
{
	const char *name = lb_get_text(config, "train.sampler");
	const struct lb_sampling *kind = lb_sampling_of(config);

	if (lb_json_at(config, "train.per_class") && !kind->in_groups)
		return lb_fail(err, LB_CONFIG, "train.per_class: found with sampler %s, allowed: with train.sampler: m_per_class alone", name);
	if (!kind->by_class)
		return 0;
	if (lb_kind_of_task(lb_get_text(config, "task")) == LB_REGRESSION)
		return lb_fail(err, LB_CONFIG, "train.sampler: found %s, but a regression has no classes; allowed: shuffle", name);
	if (full_batch)
		return lb_fail(err, LB_CONFIG, "train.sampler: found %s in a training that reads all rows at once, allowed: shuffle; weight the classes "
			       "with train.class_weight, or train with sgd", name);
	if (!lb_get_bool(config, "train.shuffle"))
		return lb_fail(err, LB_CONFIG, "train.sampler: found %s with train.shuffle false, allowed: shuffle; remove one of the two", name);
	return kind->in_groups ? check_m_per_class(config, data, split, err) : 0;
}
