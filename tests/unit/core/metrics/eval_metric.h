/* Calls a metric by its name; for the tests of this folder. */
#ifndef LB_TEST_EVAL_METRIC_H
#define LB_TEST_EVAL_METRIC_H

#include "core/metrics/metric.h"
#include "tests/unit/suite.h"

#include <math.h>

#define MAX_PAR 8

/* Returns the metric's value; parameters beyond the first n_given have their defaults. */
static inline double eval(const char *name, const struct lb_metric_inputs *o, const double *given, size_t n_given)
{
	const struct lb_metric *m = lb_metric_find(name);
	struct lb_arg par[MAX_PAR] = { 0 };
	struct lb_err err = { 0 };
	double value = -1;

	ck_assert_msg(m, "no metric %s", name);
	for (int i = 0; i < m->base.n_params; i++)
		par[i].v = (size_t)i < n_given ? given[i] : m->base.params[i].def;
	ck_assert_msg(m->eval(o, par, &value, &err) == 0, "%s: %s", name, err.text);
	return value;
}

#endif
