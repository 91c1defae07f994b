#include "core/engine/data/cohort_sampler.h"

#include "core/base/mem.h"
#include "core/engine/data/row_clusters.h"

#include <stdlib.h>

/* A batch has a row of each of so many pseudo-classes; equal rows may leave fewer than were asked
 * for. */
static int enough_clusters(const struct lb_cohort *c, const struct lb_sampler *s, struct lb_err *err)
{
	const size_t found = s->classes;

	return found >= c->batch ? 0 :
	       lb_fail(err, LB_CONFIG, "train.batch: found %zu with sampler clusters, and the training rows make %zu pseudo-class%s of the %zu asked for; lower train.batch, or raise "
		       "train.clusters", c->batch, found, found == 1 ? "" : "es", c->clusters);
}

/* The sums of the training rows' weights, by which they are drawn. */
static void sum_weights(const struct lb_cohort *c, struct lb_sampler *s)
{
	double sum = 0;

	for (size_t i = 0; c->draw_weight && s->share && i < s->n; i++)
		s->share[i] = sum += c->draw_weight[c->split->rows[LB_TRAIN][i]];
}

int lb_cohort_sampler_open(struct lb_sampler *s, const struct lb_cohort *c, struct lb_err *err)
{
	const size_t n = c->split->n[LB_TRAIN];
	int32_t *y = lb_alloc(n + 1, sizeof *y, err);

	if (!y)
		return -1;
	for (size_t i = 0; c->trial[0].y && i < n; i++)
		y[i] = c->trial[0].y[c->split->rows[LB_TRAIN][i]];
	const bool clusters = c->sampling && c->sampling->by_cluster;
	int rc = clusters ? lb_row_clusters(c->features, c->split->rows[LB_TRAIN], n, c->clusters, c->order_seed, y, err) : 0;
	if (!rc)
		rc = lb_sampler_open(s, c->sampling, c->shuffle, lb_cohort_reads(c), clusters ? c->clusters : c->features->data->n_classes, y, err);
	if (!rc && s->kind->by_weight)
		sum_weights(c, s);
	s->batch = c->batch;
	s->per_class = clusters ? 1 : c->per_class;
	s->rate = c->positive_rate;
	free(y);
	return rc || !clusters || !c->sampling->one_of_each ? rc : enough_clusters(c, s, err);
}
