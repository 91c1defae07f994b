/* Cross-entropy and the gaps of all scores to the label's: what smoothed labels, rewards for all
 * labels and the risk of complementary labels have in common. */
#ifndef LB_LABEL_GAPS_H
#define LB_LABEL_GAPS_H

#include "losses/support/log_softmax.h"
#include "losses/support/row_lanes.h"

/* -weight log p_y + share sum_k (z_y - z_k). As log p_k = log p_y - (z_y - z_k), it is -sum_k
 * t_k log p_k for any t of the one number share beside the label's. */
LB_BODY void lb_label_gaps(size_t n, double weight, double share, struct lb_lane_rows *at)
{
	const size_t c = at->c;
	double gaps[LB_PANEL] = { 0 }, of_sum[LB_PANEL];

	for (size_t k = 0; k < c; k++)
		for (size_t i = 0; i < n; i++)
			gaps[i] += (double)(at->own[i] - at->z[k * n + i]);
	for (size_t i = 0; i < n; i++) {
		at->loss[i] = (real)weight * -at->lp[i] + (real)(share * gaps[i]);
		of_sum[i] = weight / (double)at->sum[i];
	}
	for (size_t k = 0; k < c; k++)
		for (size_t i = 0; i < n; i++)
			at->g[k * n + i] = (real)((double)at->g[k * n + i] * of_sum[i] - share);
	for (size_t i = 0; i < n; i++)
		at->g[(size_t)at->label[i] * n + i] = (real)(share * (double)(c - 1) - (double)at->rest[i] * of_sum[i]);
}

/* The same of one row in double, for weights at which a class's part of the gradient, weight p_k -
 * share, vanishes where p_k is 1: it is made of 1 - p_k there. */
static inline real lb_label_gaps_row(const struct lb_batch *in, size_t i, const real *z, real *g, double weight, double share)
{
	const size_t c = in->c, y = (size_t)in->y[i];
	const struct lb_log_softmax soft = lb_log_softmax(z, c);
	double gaps = 0;

	for (size_t k = 0; k < c; k++) {
		const double p = lb_p(z[k], &soft), q = lb_one_minus_p(k, z[k], &soft), level = k == y ? share * (double)(c - 1) - weight : -share;
		gaps += (double)z[y] - (double)z[k];
		if (g)
			g[k] = (real)(p < q ? level + weight * p : level + weight - weight * q);
	}
	return (real)(share * gaps - weight * lb_log_p(z[y], &soft));
}

#endif
