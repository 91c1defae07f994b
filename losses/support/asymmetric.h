/* The asymmetric losses of X. Zhou and others, ICML 2021, each a function of p_y; a and b as in
 * their formulas. Values are formed from q, so that they lose nothing as q nears 0. */
#ifndef LB_ASYMMETRIC_H
#define LB_ASYMMETRIC_H

#include "losses/support/softmax.h"

/* ((a - p_y)^b - (a - 1)^b) / b; margin = a - 1 > 0, however small. */
static inline struct lb_phi lb_aul(const struct lb_softmax *s, real margin, real b)
{
	return (struct lb_phi){ .loss = -pow(margin + s->q, b) * expm1(-b * log1p(s->q / margin)) / b,
				.f = s->p * pow(margin + s->q, b - 1) };
}

/* ((a + 1)^b - (a + p_y)^b) / b, a > 0, however small. */
static inline struct lb_phi lb_agce(const struct lb_softmax *s, real a, real b)
{
	const real ratio = s->p < s->q ? log((a + s->p) / (a + 1)) : log1p(-s->q / (a + 1));

	return (struct lb_phi){ .loss = -pow(a + 1, b) * expm1(b * ratio) / b, .f = s->p * pow(a + s->p, b - 1) };
}

/* exp(-p_y / a), a > 0. */
static inline struct lb_phi lb_ael(const struct lb_softmax *s, real a)
{
	const real loss = exp(-s->p / a);

	return (struct lb_phi){ .loss = loss, .f = s->p / a * loss };
}

#endif
