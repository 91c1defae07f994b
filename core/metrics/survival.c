/* Metrics of times to an event that may be censored: the order of risks, and curves against what
 * happened. */
#include "core/base/mem.h"
#include "core/metrics/metric.h"

#include <math.h>
#include <stdlib.h>

/* One row. share is G(time-), the probability that a censoring lies not before its time; rank is
 * the place of its risk among the different ones, from 1. */
struct row {
	double time, risk, share;
	size_t rank, index;
	bool event;
};

/* By ascending time, at one time events before censorings. */
static int by_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->time < y->time || x->time > y->time)
		return x->time < y->time ? -1 : 1;
	return (int)y->event - (int)x->event;
}

static int by_risk(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->risk > y->risk) - (x->risk < y->risk);
}

/* Sets each row's share, by Kaplan and Meier's estimate of the censoring: where an event and a
 * censoring have one time, the event is no longer at risk. Rows are by time. */
static void share_censoring(struct row *row, size_t n)
{
	double share = 1;

	for (size_t i = 0, end; i < n; i = end) {
		size_t events = 0;
		for (end = i; end < n && !(row[end].time > row[i].time); end++) {
			row[end].share = share;
			events += row[end].event;
		}
		if (n - i > events)
			share *= 1 - (double)(end - i - events) / (double)(n - i - events);
	}
}

/* Returns the rows by time, owned. */
static struct row *rows_of(const struct lb_metric_inputs *o, struct lb_err *err)
{
	struct row *row = lb_alloc(o->n + 1, sizeof *row, err);
	size_t rank = 0;

	for (size_t i = 0; row && i < o->n; i++)
		row[i] = (struct row){ .time = o->target_t[i], .risk = o->pred_t[i], .event = o->event[i] == 1, .index = i };
	if (!row)
		return NULL;
	qsort(row, o->n, sizeof *row, by_risk);
	for (size_t i = 0; i < o->n; i++)
		row[i].rank = !i || row[i].risk > row[i - 1].risk ? ++rank : rank;
	qsort(row, o->n, sizeof *row, by_time);
	share_censoring(row, o->n);
	return row;
}

/* ---- concordance ---- */

/* Numbers of rows by rank; sums of the first ones in logarithmic time (Fenwick's tree). */
static void count_in(size_t *tree, size_t n, size_t rank)
{
	for (; rank <= n; rank += rank & -rank)
		tree[rank]++;
}

static size_t count_upto(const size_t *tree, size_t rank)
{
	size_t sum = 0;

	for (; rank; rank -= rank & -rank)
		sum += tree[rank];
	return sum;
}

/* Returns the share of comparable pairs in which the earlier row has the higher risk, ties of risk
 * counting half. A pair counts G(t-)^-2 of its event if weighted. Rows are by time; tree is zeroed
 * room for n + 1. */
static double concordance(const struct row *row, size_t n, size_t *tree, bool weighted, double tau)
{
	double right = 0, pairs = 0;
	size_t later = 0;

	for (size_t end = n, first; end; end = first) {
		for (first = end; first && !(row[first - 1].time < row[end - 1].time) && !row[first - 1].event; first--, later++)
			count_in(tree, n, row[first - 1].rank);
		const size_t events_end = first;
		for (; first && !(row[first - 1].time < row[end - 1].time); first--) {
			const struct row *r = &row[first - 1];
			const size_t below = count_upto(tree, r->rank - 1), tied = count_upto(tree, r->rank) - below;
			const double weight = tau > 0 && r->time >= tau ? 0 : weighted ? 1 / (r->share * r->share) : 1;
			right += weight * ((double)below + (double)tied / 2);
			pairs += weight * (double)later;
		}
		for (size_t i = first; i < events_end; i++, later++)
			count_in(tree, n, row[i].rank);
	}
	return pairs > 0 ? right / pairs : (double)NAN;
}

static int eval_concordance(const struct lb_metric_inputs *o, bool weighted, double tau, double *value, struct lb_err *err)
{
	struct row *row = rows_of(o, err);
	size_t *tree = row ? lb_alloc(o->n + 1, sizeof *tree, err) : NULL;

	if (tree)
		*value = concordance(row, o->n, tree, weighted, tau);
	free(row);
	free(tree);
	return tree ? 0 : -1;
}

static int harrell_eval(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par;
	return eval_concordance(o, false, 0, value, err);
}

#define PAIRS "A pair is comparable when the event of one is known to come before the other's: t_i < t_j, or t_i = t_j and j is censored. Risks that tie "  \
	"count half. 1/2 is chance. The risk is the score of cox and concordance, minus the score of aft, minus the mean time lived for losses of intervals. "    \
	"Undefined without a comparable pair."

const struct lb_metric lb_metric_harrell = {
	.base = { .name = "harrell", .tasks = 1u << LB_SURVIVAL, .title = "Concordance index: share of pairs in which the earlier event has the higher risk",
		  .cite = "F. E. Harrell, R. M. Califf, D. B. Pryor, K. L. Lee, R. A. Rosati, Evaluating the yield of medical tests, JAMA 247, 1982",
		  .formula = "(pairs with the higher risk first + ties / 2) / comparable pairs", .notes = PAIRS, .keywords = "concordance c-index c-statistic survival" },
	.higher_is_better = true,
	.eval = harrell_eval,
};

static const struct lb_param uno_params[] = {
	{ .name = "tau", .symbol = "tau", .def = 0, .min = 0, .max = 1e15, .help = "events from this time on do not count; 0: all count" },
};

static int uno_eval(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	return eval_concordance(o, true, par[0].v, value, err);
}

const struct lb_metric lb_metric_uno = {
	.base = { .name = "uno", .tasks = 1u << LB_SURVIVAL, .title = "Concordance index with pairs weighted against censoring",
		  .cite = "H. Uno, T. Cai, M. J. Pencina, R. B. D'Agostino, L. J. Wei, On the C-statistics for evaluating overall adequacy of risk prediction "
			  "procedures with censored survival data, Statistics in Medicine 30, 2011",
		  .formula = "harrell with pairs weighted by G(t_i -)^-2,  t_i < tau",
		  .notes = "G is Kaplan and Meier's estimate of the censoring, made of the rows that are judged; an event and a censoring at one time: the event comes "
			   "first. It estimates what does not depend on how much was censored. " PAIRS,
		  .keywords = "concordance c-index ipcw survival", LB_PARAMS(uno_params) },
	.higher_is_better = true,
	.eval = uno_eval,
};

/* ---- Brier ---- */

/* Returns G(u): of the first row after u, or that beyond the last. Rows are by time; *next is where
 * to begin. */
static double share_after(const struct row *row, size_t n, double u, size_t *next)
{
	while (*next < n && !(row[*next].time > u))
		++*next;
	return *next < n ? row[*next].share : 1;
}

/* Returns the Brier score at time k of the curves. */
static double brier_at(const struct lb_metric_inputs *o, const struct row *row, size_t k, size_t *next)
{
	const double u = o->curve_time[k], share = share_after(row, o->n, u, next);
	double sum = 0;

	for (size_t i = 0; i < o->n; i++) {
		const double s = o->curve[row[i].index * o->n_times + k];
		if (row[i].time > u)
			sum += (1 - s) * (1 - s) / share;
		else if (row[i].event)
			sum += s * s / row[i].share;
	}
	return sum / (double)o->n;
}

static int integrated_brier_eval(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct row *row = rows_of(o, err);
	double before = 0, sum = 0, length = 0;
	size_t next = 0;

	(void)par;
	if (!row)
		return -1;
	for (size_t k = 0; o->n && k < o->n_times && !(o->curve_time[k] > row[o->n - 1].time); k++) {
		const double here = brier_at(o, row, k, &next), step = k ? o->curve_time[k] - o->curve_time[k - 1] : 0;
		sum += step * (before + here) / 2;
		length += step;
		before = here;
	}
	*value = length > 0 ? sum / length : (double)NAN;
	free(row);
	return 0;
}

const struct lb_metric lb_metric_integrated_brier = {
	.base = { .name = "integrated_brier", .tasks = 1u << LB_SURVIVAL, .title = "Brier score of survival curves, integrated over time",
		  .cite = "E. Graf, C. Schmoor, W. Sauerbrei, M. Schumacher, Assessment and comparison of prognostic classification schemes for survival data, "
			  "Statistics in Medicine 18, 1999",
		  .formula = "mean over u of  BS(u) = (1/n) sum_i S_i(u)^2 [t_i <= u, event] / G(t_i -) + (1 - S_i(u))^2 [t_i > u] / G(u)",
		  .notes = "S_i is the predicted probability of no event up to u, G Kaplan and Meier's estimate of the censoring of the rows that are judged. By the "
			   "trapezoid rule over 50 times in equal steps from the first to the 90 % quantile of the training rows' event times, as far as the "
			   "rows that are judged reach. 1/4 for a constant 1/2 without censoring; the baseline is the training rows' Kaplan-Meier curve. "
			   "Undefined for losses without curves (concordance), and with fewer than two times.",
		  .keywords = "ibs graf ipcw survival calibration" },
	.curves = true,
	.eval = integrated_brier_eval,
};
