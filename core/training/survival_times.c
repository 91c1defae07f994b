#include "core/training/survival_times.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdlib.h>

/* One row, by its time. */
struct timed {
	double time, score, weight;
	int32_t event;
};

static int by_time(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;

	return (x->time > y->time) - (x->time < y->time);
}

/* Returns the rows by ascending time, owned; score NULL: 0. */
static struct timed *sorted(const struct lb_times *t, const double *score, struct lb_err *err)
{
	struct timed *row = lb_alloc(t->n + 1, sizeof *row, err);

	for (size_t i = 0; row && i < t->n; i++)
		row[i] = (struct timed){ t->time[i], score ? score[i] : 0, t->weight ? t->weight[i] : 1, t->event[i] };
	if (row)
		qsort(row, t->n, sizeof *row, by_time);
	return row;
}

/* Returns the times of the events, ascending, owned; *n <- their number. */
static double *event_times(const struct lb_times *t, size_t *n, struct lb_err *err)
{
	struct timed *row = sorted(t, NULL, err);
	double *time = row ? lb_alloc(t->n + 1, sizeof *time, err) : NULL;

	*n = 0;
	for (size_t i = 0; time && i < t->n; i++)
		if (row[i].event)
			time[(*n)++] = row[i].time;
	free(row);
	return time;
}

/* The smallest of n ascending values that at least this share of them does not pass. */
static double quantile(const double *value, size_t n, double share)
{
	const double place = ceil((double)n * share - 1e-9);

	return value[place > 1 ? (size_t)place - 1 : 0];
}

int lb_event_cuts(const struct lb_times *t, size_t n, double *cut, struct lb_err *err)
{
	size_t events;
	double *time = event_times(t, &events, err), before = 0;

	if (!time)
		return -1;
	for (size_t k = 0; k < n; k++) {
		const double at = events ? quantile(time, events, (double)(k + 1) / (double)n) : (double)(k + 1);
		const double step = 1e-6 * (before > 0 ? before : 1);
		cut[k] = at > before + step ? at : before + step;
		before = cut[k];
	}
	free(time);
	return 0;
}

int lb_curve_times(const struct lb_times *t, double *time, size_t *n, struct lb_err *err)
{
	size_t events;
	double *seen = event_times(t, &events, err);

	if (!seen)
		return -1;
	const double first = events ? seen[0] : 0, last = events ? quantile(seen, events, 0.9) : 0;
	*n = last > first ? LB_CURVE_TIMES : 1;
	for (size_t k = 0; k < *n; k++)
		time[k] = *n > 1 ? first + (last - first) * (double)k / (double)(*n - 1) : first;
	free(seen);
	return 0;
}

int lb_kaplan_meier(const struct lb_times *t, size_t n, const double *time, double *survival, struct lb_err *err)
{
	struct timed *row = sorted(t, NULL, err);
	double share = 1;
	size_t k = 0;

	if (!row)
		return -1;
	for (size_t i = 0, end; i < t->n; i = end) {
		size_t events = 0;
		for (end = i; end < t->n && !(row[end].time > row[i].time); end++)
			events += row[end].event == 1;
		for (; k < n && time[k] < row[i].time; k++)
			survival[k] = share;
		share *= 1 - (double)events / (double)(t->n - i);
	}
	for (; k < n; k++)
		survival[k] = share;
	free(row);
	return 0;
}

int lb_breslow_hazard(const struct lb_times *t, const double *score, size_t n, const double *time, double *hazard, struct lb_err *err)
{
	struct timed *row = sorted(t, score, err);
	double *step = row ? lb_alloc(t->n + 1, sizeof *step, err) : NULL, sum = 0;
	double top = -(double)INFINITY, at_risk = 0;
	size_t k = 0;

	for (size_t end = t->n, first; step && end; end = first) {
		double events = 0;
		for (first = end; first && !(row[first - 1].time < row[end - 1].time); first--) {
			const double score_of = row[first - 1].score, weight = row[first - 1].weight, least = top;
			if (!(weight > 0))
				continue;
			top = score_of > top ? score_of : top;
			at_risk = (at_risk > 0 ? at_risk * exp(least - top) : 0) + weight * exp(score_of - top);
			events += row[first - 1].event == 1 ? weight : 0;
		}
		step[first] = events > 0 ? events * exp(-top) / at_risk : 0;
	}
	for (size_t i = 0; step && i < t->n; i++) {
		for (; k < n && time[k] < row[i].time; k++)
			hazard[k] = sum;
		sum += step[i];
	}
	for (; step && k < n; k++)
		hazard[k] = sum;
	free(row);
	free(step);
	return step ? 0 : -1;
}
