/* Mixtures of two components, fitted to the losses of rows: those of the lower mean are taken for
 * rows with right labels. Free of precision. */
#ifndef LB_TWO_COMPONENTS_H
#define LB_TWO_COMPONENTS_H

#include <stddef.h>

enum lb_component_shape { LB_TWO_GAUSSIANS, LB_TWO_BETAS };

/* Of Gaussians a and b are mean and variance; of betas their two parameters. */
struct lb_two_components {
	enum lb_component_shape shape;
	double lowest, range;    /* a loss v is read as (v - lowest) / range */
	double share[2], a[2], b[2];
};

/* Fits the n finite losses v by expectation and maximisation. Gaussians: from means at the least
 * and the largest loss, the variance of all and shares 1/2; 1e-6 is added to variances; until the
 * mean log likelihood moves by less than 1e-9, at most 100 rounds. Betas: from (1, 2) and (2, 1),
 * by moments, 10 rounds. Losses that are all equal, and no losses, give range 0. */
void lb_two_components_fit(enum lb_component_shape shape, const double *v, size_t n, struct lb_two_components *out);

/* Returns the probability that a row of loss v is of the component with the lower mean; 1 with
 * range 0. */
double lb_two_components_lower(const struct lb_two_components *t, double v);

#endif
