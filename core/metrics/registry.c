#include "core/metrics/metric.h"

#include <string.h>

#define METRIC(name) extern const struct lb_metric lb_metric_##name;
#include "core/metrics/list.def"
#undef METRIC

static const struct lb_metric *const metrics[] = {
#define METRIC(name) &lb_metric_##name,
#include "core/metrics/list.def"
#undef METRIC
};

size_t lb_metric_count(void)
{
	return sizeof metrics / sizeof *metrics;
}

const struct lb_metric *lb_metric_at(size_t i)
{
	return metrics[i];
}

const struct lb_metric *lb_metric_find(const char *name)
{
	for (size_t i = 0; i < lb_metric_count(); i++)
		if (strcmp(metrics[i]->base.name, name) == 0)
			return metrics[i];
	return NULL;
}
