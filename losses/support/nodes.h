/* Histograms over evenly spaced nodes, among which a value is shared linearly: bins + 1 nodes at
 * 0, 1, .. bins. */
#ifndef LB_NODES_H
#define LB_NODES_H

#include <stddef.h>

/* Returns the node below x in [0, bins], at most the last but one; *share is that of the node above
 * it. */
static inline size_t lb_node_below(double x, size_t bins, double *share)
{
	const double floor = x > 0 ? (double)(size_t)x : 0;
	const size_t at = floor < (double)bins ? (size_t)floor : bins - 1;

	*share = x - (double)at;
	return at;
}

/* Adds one to a histogram at x. */
static inline void lb_node_add(double *h, double x, size_t bins)
{
	double share;
	const size_t at = lb_node_below(x, bins, &share);

	h[at] += 1 - share;
	h[at + 1] += share;
}

#endif
