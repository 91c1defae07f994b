/* What trials will cost, from an epoch of a few of them that nothing is kept of. */
#ifndef LB_PROBE_H
#define LB_PROBE_H

#include "core/run/trial.h"

struct lb_probe {
	size_t trials;           /* of whose cohorts an epoch was measured; 0: nothing is known */
	double seconds;          /* of all n, one at a time: no less than that if `more` */
	bool more;               /* an epoch was not over when the probe had to end */
};

/* Trains up to three of n trials, spread over them, each with those that a worker would train with
 * it, for an epoch (without steps: to the end), in a child process, for at most `budget`
 * seconds. */
void lb_probe(const struct lb_trial *trials, size_t n, int threads, double budget, struct lb_probe *out);

#endif
