#include "core/metrics/metric.h"

#include <math.h>
#include <string.h>

#define METRIC(name) extern const struct lb_metric lb_metric_##name;
#include "core/metrics/list.def"
#undef METRIC

static const struct lb_metric *const metrics[] = {
#define METRIC(name) &lb_metric_##name,
#include "core/metrics/list.def"
#undef METRIC
};

static unsigned statistics_of(const struct lb_output *output, size_t n)
{
	unsigned bits = 0;

	for (size_t k = 0; k < n; k++)
		bits |= 1u << output[k].says;
	return bits;
}

unsigned lb_loss_statistics(const struct lb_loss_info *loss, const struct lb_arg *par)
{
	struct lb_output output;
	unsigned bits = 0;

	for (size_t k = 0; loss->output && loss->output(par, k, &output); k++)
		bits |= statistics_of(&output, 1);
	return bits;
}

int lb_metric_judge(const struct lb_metric *m, const struct lb_outcomes *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	*value = (double)NAN;
	return m->statistics & ~statistics_of(o->output, o->outputs) ? 0 : m->eval(o, par, value, err);
}

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
