#include "core/training/cohort.h"

size_t lb_cohort_reads(const struct lb_cohort *c)
{
	return c->split->n[LB_TRAIN] + c->n_again;
}

int64_t lb_cohort_steps_before(const struct lb_cohort *c, size_t epoch)
{
	if (c->queries)
		return c->queries->before[epoch < c->epochs ? epoch : c->epochs];
	return (int64_t)epoch * (int64_t)((lb_cohort_reads(c) + c->batch - 1) / c->batch);
}

size_t lb_cohort_epoch_of(const struct lb_cohort *c, int64_t step)
{
	size_t epoch = 0;

	if (!c->queries)
		return (size_t)(step / lb_cohort_steps_before(c, 1));
	while (epoch < c->epochs && c->queries->before[epoch + 1] <= step)
		epoch++;
	return epoch;
}

bool lb_cohort_ends_epoch(const struct lb_cohort *c, int64_t steps)
{
	return lb_cohort_steps_before(c, lb_cohort_epoch_of(c, steps)) == steps;
}

void lb_cohort_draw(const struct lb_cohort *c, struct lb_sampler *sampler, size_t epoch, uint32_t *order)
{
	const size_t n = c->split->n[LB_TRAIN];

	if (c->queries)
		lb_query_batches_draw(c->queries, c->order_seed, epoch, c->shuffle, order);
	else
		lb_sampler_draw(sampler, c->order_seed, epoch, order);
	for (size_t i = 0; c->n_again && i < lb_cohort_reads(c); i++)
		order[i] = order[i] < n ? order[i] : c->again[order[i] - n];
}

size_t lb_cohort_batch_end(const struct lb_cohort *c, const uint32_t *order, size_t start)
{
	const size_t n = lb_cohort_reads(c);

	if (c->queries)
		return lb_query_batches_end(c->queries, order, start);
	return n - start < c->batch ? n : start + c->batch;
}

int32_t lb_cohort_group(const struct lb_cohort *c, size_t id)
{
	return c->split->bag ? c->split->bag[id] : c->features->data->group[c->split->rows[LB_TRAIN][id]];
}

double lb_cohort_batch_share(const struct lb_cohort *c, const uint32_t *id, size_t b)
{
	const struct lb_query_batches *q = c->queries;
	size_t queries = 1;

	if (!q || c->kind != LB_RANKING)
		return (double)b;
	for (size_t i = 1; i < b; i++)
		queries += q->of[id[i]] != q->of[id[i - 1]];
	return (double)queries * (double)q->n / (double)q->queries;
}

bool lb_cohort_has_eval_attack(const struct lb_cohort *c)
{
	for (size_t i = 0; i < c->k; i++)
		if (c->trial[i].eval_attack)
			return true;
	return false;
}

bool lb_cohort_reads_probabilities(const struct lb_cohort *c)
{
	for (size_t i = 0; i < c->k; i++)
		if (lb_setup_reads_probabilities(&c->trial[i]))
			return true;
	return false;
}

size_t lb_cohort_columns(const struct lb_cohort *c)
{
	size_t most = 0;

	for (size_t i = 0; i < c->k; i++) {
		const size_t columns = lb_setup_columns(&c->trial[i], c->features->data);
		most = columns > most ? columns : most;
	}
	return most;
}
