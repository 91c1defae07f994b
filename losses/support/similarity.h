/* The form LB_SIMILARITY: a loss of what the rows of a batch measure to each other, pair by pair.
 * The driver makes the matrix in double, calls the loss with it and takes its derivative back to
 * the rows. Compiled once per precision.
 *
 * Distances are sums of squared differences, not |a|^2 + |b|^2 - 2 a'b, which loses the digits of a
 * small one. Each sum runs over the columns in order, many pairs side by side; inner products are
 * those of the kernels (core/engine/kernels/kernels.h). So the bytes of an entry depend on its two
 * rows alone. Where a Euclidean distance is 0 its derivative is taken to be 0. */
#ifndef LB_SIMILARITY_H
#define LB_SIMILARITY_H

#include "losses/loss.h"

/* Returns the bytes of the room for b rows of c columns; `holds`: of a loss with
 * LB_HOLDS_FACTORS. */
size_t lb_similarity_bytes(size_t b, size_t c, bool holds);

/* Returns the matrix (b,b) of what the rows measure to each other, made in `room`. */
const double *lb_similarity_measure(const struct lb_form *form, const struct lb_batch *in, double *room);

/* Returns the matrix (b,b) of the Euclidean distances of the rows divided by their lengths, made in
 * `room`. */
const double *lb_similarity_between_directions(const struct lb_batch *in, double *room);

/* slope (b,b) <- the derivative of the loss by the cosine of each ordered pair of rows, of
 * length 1 and, for LB_NOISE_TO_SIGNAL, mean 0, whose cosines are told; a distance of 0 has
 * none. Reads b, c, y, par and workspace of the batch. */
void lb_similarity_by_cosines(const struct lb_form *form, const struct lb_batch *in, const double *cosine, double *slope, double *room);

/* Returns the loss; in->output.grad gets its gradient unless NULL. A NaN anywhere in the output
 * makes both NaN. */
double lb_similarity_apply(const struct lb_form *form, const struct lb_batch *in, double *room);

#endif
