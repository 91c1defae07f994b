#include "core/run/evaluation.h"

#include "core/run/get.h"
#include "core/run/components.h"

int lb_evaluation_check(const cJSON *config, const struct lb_split *split, struct lb_err *err)
{
	static const char *const paths[] = { "evaluate.threshold", "evaluate.calibration" };
	const enum lb_kind kind = lb_kind_of_data(lb_kind_of_task(lb_get_text(config, "task")));

	for (size_t i = 0; i < 2; i++) {
		const char *value = lb_get_text(config, paths[i]), *neutral = i ? "none" : "fixed";
		const bool scale = value && !strcmp(value, "temperature");
		if (!value || !strcmp(value, neutral))
			continue;
		if (kind == LB_REGRESSION || (kind != LB_BINARY && !scale))
			return lb_fail(err, LB_CONFIG, "%s: found %s with task %s, allowed: %s%s", paths[i], value, lb_get_text(config, "task"), neutral,
				       i && kind != LB_REGRESSION ? ", temperature" : "");
		if (!split->n[LB_VALID])
			return lb_fail(err, LB_CONFIG, "%s: found %s, but there are no validation rows to fit it to; give data.split.valid a share, or data.valid",
				       paths[i], value);
	}
	return 0;
}

/* The place of a word, 0 when it is not given. */
static int choice(const char *const *names, const char *word)
{
	int i = 0;

	while (word && names[i] && strcmp(names[i], word))
		i++;
	return names[i] ? i : 0;
}

void lb_evaluation_set(struct lb_setup *setup, const cJSON *config)
{
	setup->threshold = (enum lb_threshold)choice(lb_threshold_names(), lb_get_text(config, "evaluate.threshold"));
	setup->calibration = (enum lb_calibration)choice(lb_calibration_names(), lb_get_text(config, "evaluate.calibration"));
}

enum lb_sampling lb_sampling_of(const cJSON *config)
{
	return (enum lb_sampling)choice(lb_sampling_names(), lb_get_text(config, "train.sampler"));
}

int lb_sampler_check(const cJSON *config, bool full_batch, struct lb_err *err)
{
	const char *name = lb_get_text(config, "train.sampler");

	if (lb_sampling_of(config) == LB_SHUFFLED)
		return 0;
	if (lb_kind_of_task(lb_get_text(config, "task")) == LB_REGRESSION)
		return lb_fail(err, LB_CONFIG, "train.sampler: found %s, but a regression has no classes; allowed: shuffle", name);
	if (full_batch)
		return lb_fail(err, LB_CONFIG, "train.sampler: found %s in a training that reads all rows at once, allowed: shuffle; weight the classes "
			       "with train.class_weight, or train with sgd", name);
	if (!lb_get_bool(config, "train.shuffle"))
		return lb_fail(err, LB_CONFIG, "train.sampler: found %s with train.shuffle false, allowed: shuffle; remove one of the two", name);
	return 0;
}
