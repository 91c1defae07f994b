#include "core/metrics/metric.h"

#include <math.h>

#define METRIC(name) extern const struct lb_metric lb_metric_##name;
#include "core/metrics/list.def"
#undef METRIC

const struct lb_info *const lb_metrics[] = {
#define METRIC(name) &lb_metric_##name.base,
#include "core/metrics/list.def"
#undef METRIC
	NULL
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

unsigned lb_metric_lacks(const struct lb_metric *m, unsigned statistics)
{
	return m->instead && !(m->instead & ~statistics) ? 0 : m->statistics & ~statistics;
}

const char *lb_metric_lack_words(const struct lb_metric *m)
{
	if (m->instead)
		return "variance of a target and no quantiles";
	return m->statistics >> LB_QUANTILE & 1 ? "quantiles" : "variance of a target";
}

int lb_metric_compute(const struct lb_metric *m, const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	*value = (double)NAN;
	return lb_metric_lacks(m, statistics_of(o->output, o->outputs)) ? 0 : m->eval(o, par, value, err);
}

size_t lb_metric_count(void)
{
	return sizeof lb_metrics / sizeof *lb_metrics - 1;
}

const struct lb_metric *lb_metric_at(size_t i)
{
	return (const struct lb_metric *)lb_metrics[i];
}

const struct lb_metric *lb_metric_find(const char *name)
{
	return (const struct lb_metric *)lb_info_find(lb_metrics, name);
}
