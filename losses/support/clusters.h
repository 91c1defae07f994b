/* Clusters of directions, by spherical k-means without a draw: the same rows have the same
 * clusters. */
#ifndef LB_CLUSTERS_H
#define LB_CLUSTERS_H

#include "losses/support/two_views.h"

#include <string.h>

/* The clusters of b rows: what they are of, the number of each row's, and room. */
enum { LB_CLUSTER_ROUNDS = 20 };

struct lb_clusters {
	size_t b, c, k;
	const double *u;         /* (b, c) */
	double *of;              /* (b) whole numbers */
	double *centre;          /* (k, c) */
	double *nearest;         /* (b) the largest cosine to a centre so far */
};

/* The row that is least like any of the first n centres, ties to the lowest; without centres the
 * one most like the sum of all rows. `sum` (c) is room. */
static inline size_t lb_next_centre(struct lb_clusters *cl, size_t n, double *sum)
{
	size_t best = 0;

	memset(sum, 0, cl->c * sizeof *sum);
	for (size_t i = 0; !n && i < cl->b; i++)
		for (size_t j = 0; j < cl->c; j++)
			sum[j] += cl->u[i * cl->c + j];
	for (size_t i = 0; i < cl->b; i++) {
		const double *u = cl->u + i * cl->c, s = lb_dot(cl->c, u, n ? cl->centre + (n - 1) * cl->c : sum);
		cl->nearest[i] = n < 2 ? (n ? s : -s) : s > cl->nearest[i] ? s : cl->nearest[i];
		best = cl->nearest[i] < cl->nearest[best] ? i : best;
	}
	return best;
}

/* cl->of <- the centre most like each row, ties to the lowest; returns whether any changed. */
static inline bool lb_assign_rows(struct lb_clusters *cl)
{
	bool changed = false;

	for (size_t i = 0; i < cl->b; i++) {
		size_t best = 0;
		double most = -(double)INFINITY;
		for (size_t k = 0; k < cl->k; k++) {
			const double s = lb_dot(cl->c, cl->u + i * cl->c, cl->centre + k * cl->c);
			if (s > most)
				best = k, most = s;
		}
		changed = changed || (size_t)cl->of[i] != best;
		cl->of[i] = (double)best;
	}
	return changed;
}

/* Each centre <- the direction of the sum of its rows; one whose sum has none stays. */
static inline void lb_move_centres(struct lb_clusters *cl, double *sum)
{
	for (size_t k = 0; k < cl->k; k++) {
		memset(sum, 0, cl->c * sizeof *sum);
		for (size_t i = 0; i < cl->b; i++)
			for (size_t j = 0; (size_t)cl->of[i] == k && j < cl->c; j++)
				sum[j] += cl->u[i * cl->c + j];
		const double length = sqrt(lb_dot(cl->c, sum, sum));
		for (size_t j = 0; length > 1e-12 && j < cl->c; j++)
			cl->centre[k * cl->c + j] = sum[j] / length;
	}
}

/* Spherical k-means from centres that are far apart, at most LB_CLUSTER_ROUNDS rounds. sum (c) is
 * room. */
static inline void lb_divide_rows(struct lb_clusters *cl, double *sum)
{
	for (size_t k = 0; k < cl->k; k++)
		memcpy(cl->centre + k * cl->c, cl->u + lb_next_centre(cl, k, sum) * cl->c, cl->c * sizeof *cl->centre);
	for (size_t i = 0; i < cl->b; i++)
		cl->of[i] = 0;
	lb_assign_rows(cl);
	for (size_t n = 0; n < LB_CLUSTER_ROUNDS; n++) {
		lb_move_centres(cl, sum);
		if (!lb_assign_rows(cl))
			break;
	}
}

#endif
