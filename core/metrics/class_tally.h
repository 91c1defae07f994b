/* Rows of each class, as labelled and as predicted. */
#ifndef LB_CLASS_TALLY_H
#define LB_CLASS_TALLY_H

#include "core/metrics/metric.h"

#include <math.h>

/* Rows of one class: true, predicted, both. */
struct lb_class_tally {
	size_t truth, pred, both;
};

/* The classes of a task: two in a binary one. */
static inline size_t lb_n_classes(const struct lb_metric_inputs *o)
{
	return o->kind == LB_BINARY ? 2 : o->n_classes;
}

/* The tally of every class; the caller frees. NULL when memory runs out. */
struct lb_class_tally *lb_tally_classes(const struct lb_metric_inputs *o, struct lb_err *err);

/* part / whole; NAN for whole = 0. */
static inline double lb_fraction(size_t part, size_t whole)
{
	return whole ? (double)part / (double)whole : (double)NAN;
}

#endif
