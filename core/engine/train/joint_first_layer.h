/* The first layers of several models as one wide product: what the trials of a cohort read is the
 * same batch, and columns that fill a panel for one model only in part (ten classes of sixteen
 * lanes) fill it wholly where the models are side by side. Each affine value is the same chain of
 * sums (core/engine/kernels/kernels.h), so the bytes are those of a model alone. Compiled once per
 * precision. */
#ifndef LB_JOINT_FIRST_LAYER_H
#define LB_JOINT_FIRST_LAYER_H

#include "core/engine/model/net.h"
#include "core/training/cohort.h"

struct lb_joint_layer {
	size_t in, out;          /* of the layer */
	struct lb_net **net;  /* (k) borrowed; of the models taken, in their order */
	real *w;                 /* (in, k * out) weights side by side, in panels; NULL: the joint layer is of no use to the cohort */
	real *bias;              /* (k * out) */
	real *z;                 /* (max_b, k * out) affine values */
};

/* For models of a cohort's trials and batches of up to max_b rows. Of no use, and empty, where
 * nothing is saved: one model, columns that fill their panels, compressed rows, or rows that a
 * trial moves or views in its own way. Release with lb_joint_layer_close, on failure too. */
int lb_joint_layer_open(struct lb_joint_layer *f, const struct lb_cohort *c, size_t max_b, struct lb_err *err);
void lb_joint_layer_close(struct lb_joint_layer *f);

/* Whether n models together save something. */
bool lb_joint_layer_helps(const struct lb_joint_layer *f, size_t n);

/* Takes up the weights of the i-th model as they are now. */
void lb_joint_layer_load(struct lb_joint_layer *f, size_t i, struct lb_net *net, const real *w);

/* Makes the first affine values of the first n models taken, of b rows x (b, in): their next
 * forward is a pass with first_layer_done. */
void lb_joint_layer_forward(struct lb_joint_layer *f, size_t n, const real *x, size_t b, struct lb_team *team);

#endif
