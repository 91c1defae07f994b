/* The losses that know how many training rows each class has. A class without training rows cannot
 * be the label of one; so that validation rows of it have a finite loss it counts as a class of one
 * row. */
#ifndef LB_CLASS_COUNTS_H
#define LB_CLASS_COUNTS_H

#include "core/base/mem.h"
#include "losses/support/softmax.h"

#include <stdlib.h>

static inline double lb_count(const struct lb_loss_stats *stats, size_t k)
{
	return stats->counts[k] > 0 ? stats->counts[k] : 1;
}

/* The state of these losses: one number a class, made once a run. */
static inline double *lb_class_table(const struct lb_loss_stats *stats, struct lb_err *err)
{
	return lb_alloc(stats->n_classes, sizeof(double), err);
}

/* factor * log n_k */
static inline double *lb_log_counts(const struct lb_loss_stats *stats, double factor, struct lb_err *err)
{
	double *table = lb_class_table(stats, err);

	for (size_t k = 0; table && k < stats->n_classes; k++)
		table[k] = factor * log(lb_count(stats, k));
	return table;
}

static inline struct lb_phi lb_ce_phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	(void)par;
	return (struct lb_phi){ .loss = -s->lp, .f = R(1.0) };
}

/* Cross-entropy of scale * (z + offset), offsets given in e = lb_terms(in, g). They are added to
 * the gaps to the class of the largest sum and not to the scores, whose last digits they would
 * cost. */
static inline real lb_offset_row(const struct lb_batch *in, size_t i, const real *z, real *g, real scale)
{
	real *e = lb_terms(in, g);
	size_t top = 0;

	for (size_t k = 1; k < in->c; k++)
		if ((double)z[k] + (double)e[k] > (double)z[top] + (double)e[top])
			top = k;
	const double offset = (double)e[top];
	for (size_t k = 0; k < in->c; k++)
		e[k] = (real)((double)z[k] - (double)z[top] + ((double)e[k] - offset));
	return lb_phi_row(in, i, e, g, scale, lb_ce_phi);
}

/* The same with the class table as offsets. */
static inline real lb_table_offset_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const double *table = in->state;
	real *e = lb_terms(in, g);

	for (size_t k = 0; k < in->c; k++)
		e[k] = (real)table[k];
	return lb_offset_row(in, i, z, g, R(1.0));
}

#endif
