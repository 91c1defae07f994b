/* Survival: what a training makes of its rows' times, and the estimates that need no model: the
 * ends of intervals, the times of curves, Kaplan-Meier, Breslow's baseline hazard. */
#ifndef LB_SURVIVAL_TIMES_H
#define LB_SURVIVAL_TIMES_H

#include "core/base/err.h"
#include "losses/loss_info.h"

/* n rows: times >= 0, and 1 where the event was seen, 0 where the row is censored. Borrowed. */
struct lb_times {
	size_t n;
	const double *time;
	const int32_t *event;
	const double *weight;    /* of each row, >= 0; NULL: 1 */
};

enum { LB_CURVE_TIMES = 50 };

/* cut (n) <- the quantiles 1/n, 2/n, ..., 1 of the times of events, of which there is one. Where
 * several are equal they are moved apart, so that they ascend. */
int lb_event_cuts(const struct lb_times *t, size_t n, double *cut, struct lb_err *err);

/* time (LB_CURVE_TIMES) <- as many in equal steps from the first time of an event to the 90 %
 * quantile of them; returns their number, 1 where these are the same. */
int lb_curve_times(const struct lb_times *t, double *time, size_t *n, struct lb_err *err);

/* survival (n) <- Kaplan and Meier's estimate of the share without an event up to each time,
 * ascending. */
int lb_kaplan_meier(const struct lb_times *t, size_t n, const double *time, double *survival, struct lb_err *err);

/* hazard (n) <- Breslow's estimate of the cumulative baseline hazard at each time, ascending: the
 * sum over events up to it of w / sum over the rows at risk of w exp(score), w their weights. */
int lb_breslow_hazard(const struct lb_times *t, const double *score, size_t n, const double *time, double *hazard, struct lb_err *err);

#endif
