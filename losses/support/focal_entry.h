/* The asymmetric focal terms of one label: a power of 1 - p on labels that are there, of the
 * shifted p on those that are not. */
#ifndef LB_FOCAL_ENTRY_H
#define LB_FOCAL_ENTRY_H

#include "losses/support/label_matrix.h"

/* power is the factor before the logarithm, held its value; by_power its derivative by z, 0 to
 * hold it fixed. */
struct lb_focal {
	double power, by_power, log, by_log;
};

/* -(1 - p)^g log p */
static inline struct lb_focal lb_focal_there(double z, double gamma)
{
	const struct lb_logit l = lb_logit_of(z);
	const double power = exp(gamma * l.log_q);

	return (struct lb_focal){ .power = power, .by_power = -gamma * l.p * power, .log = -l.log_p, .by_log = -l.q };
}

/* -t^g log(1 - t), t = max(p - clip, 0); at the kink the slope of the left, 0. */
static inline struct lb_focal lb_focal_away(double z, double gamma, double clip)
{
	const struct lb_logit l = lb_logit_of(z);
	const double t = l.p - clip;

	if (clip == 0) {
		const double power = exp(gamma * l.log_p);
		return (struct lb_focal){ .power = power, .by_power = gamma * l.q * power, .log = -l.log_q, .by_log = l.p };
	}
	if (t <= 0)
		return (struct lb_focal){ 0 };
	const double power = pow(t, gamma);
	return (struct lb_focal){ .power = power, .by_power = gamma * (power / t) * l.p * l.q,
				  .log = t < 0.5 ? -log1p(-t) : -log(l.q + clip), .by_log = l.p * l.q / (l.q + clip) };
}

static inline struct lb_cell lb_focal_cell(const struct lb_focal *f, double weight)
{
	return (struct lb_cell){ .loss = weight * f->power * f->log, .slope = weight * (f->power * f->by_log + f->by_power * f->log) };
}

#endif
