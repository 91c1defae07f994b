#include "core/config/constraint_check.h"

#include "core/base/text.h"
#include "core/config/unknown_key.h"
#include "core/config/yaml_overlay.h"

#include <stdio.h>
#include <string.h>

/* "valid.accuracy, valid.ece", and the nearest of them to `word`. */
static const char *metric_names(const cJSON *metrics, const char *word, struct lb_buf *list, char meant[LB_FOUND_TEXT])
{
	const char *name[64], *near;
	const cJSON *metric;
	size_t n = 0;

	cJSON_ArrayForEach(metric, metrics) {
		const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metric, "name"));
		lb_buf_printf(list, "%svalid.%s", n ? ", " : "", text);
		if (n < sizeof name / sizeof *name)
			name[n++] = text;
	}
	near = lb_nearest(word, name, n);
	if (near)
		snprintf(meant, LB_FOUND_TEXT, "valid.%.60s", near);
	return near ? meant : NULL;
}

/* The option at `path` names a metric of the validation rows. */
static void check_valid_metric(const struct lb_resolving *r, const char *path)
{
	const char *wanted = cJSON_GetStringValue(lb_resolved(r, path)), *word;
	const cJSON *metrics = lb_resolved(r, "metrics"), *metric;
	char meant[LB_FOUND_TEXT], hint[LB_HINT_TEXT];
	struct lb_buf list = { 0 };

	if (!wanted || !metrics || r->kind == LB_N_KINDS)
		return;
	word = strchr(wanted, '.') ? strchr(wanted, '.') + 1 : wanted;
	cJSON_ArrayForEach(metric, metrics)
		if (!strncmp(wanted, "valid.", 6) && !strcmp(word, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metric, "name"))))
			return;
	lb_hint(metric_names(metrics, word, &list, meant), hint);
	diagnostic(r, path, "found \"%.60s\", allowed: %s%s", wanted, list.s ? list.s : "one of the metrics", hint);
	lb_buf_free(&list);
}

void lb_stopping_has_a_metric(const struct lb_resolving *r)
{
	check_valid_metric(r, "train.early_stopping.metric");
}

void lb_tuning_has_a_metric(const struct lb_resolving *r)
{
	check_valid_metric(r, "tune.metric");
}
