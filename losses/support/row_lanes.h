/* One formula for a row and for LB_PANEL rows side by side. A loss writes it once, as a function of
 * n rows, n a constant where it is called: column k of row i is at [k * n + i], so that loops
 * over i become vectors and every row keeps its own chain of sums; a row's bytes are the same
 * either way. LB_SIDE_BY_SIDE makes the form of it. */
#ifndef LB_ROW_LANES_H
#define LB_ROW_LANES_H

#include "losses/support/softmax.h"

#define LB_BODY static inline __attribute__((always_inline))

/* A row as lb_lane_rows of one; its z is at->z + 0. Without `softmax`, label and own alone are
 * set. */
LB_BODY real lb_row_alone(const struct lb_batch *in, size_t i, const real *z, real *g, bool softmax,
			  void (*body)(size_t n, const struct lb_arg *par, struct lb_lane_rows *at))
{
	real *e = lb_terms(in, g);
	const size_t y = (size_t)in->y[i];
	struct lb_lane_rows at;

	at.c = in->c;
	at.z = z;
	at.g = e;
	at.label[0] = (real)y;
	at.own[0] = z[y];
	if (softmax) {
		const struct lb_softmax s = lb_softmax_of(in, i, z, R(1.0), e);
		at.term[0] = e[y];
		at.rest[0] = s.rest;
		at.sum[0] = s.sum;
		at.lp[0] = s.lp;
	}
	body(1, in->par, &at);
	return at.loss[0];
}

#define LB_SIDE_BY_SIDE(name, with_softmax, body)                                                                               \
	static real name##_row(const struct lb_batch *in, size_t i, const real *z, real *g)                                     \
	{                                                                                                                       \
		return lb_row_alone(in, i, z, g, with_softmax, body);                                                           \
	}                                                                                                                       \
	LB_CLONES static void LB_LANES(name)(const struct lb_batch *in, struct lb_lane_rows *at)                                \
	{                                                                                                                       \
		body(LB_PANEL, in->par, at);                                                                                    \
	}                                                                                                                       \
	static const struct lb_form name##_form = { .row = name##_row, .softmax = with_softmax, .lanes = LB_LANES(name) };

#endif
