/* Brings the rows of each query together, where they are apart in the input of `losses eval`. */
#ifndef LB_QUERY_ROWS_H
#define LB_QUERY_ROWS_H

#include "core/base/err.h"
#include "losses/loss_info.h"

/* from (n) <- the rows, those of a query side by side in the order of their first rows; group (n)
 * <- the query of each of them. */
void query_rows_join(const double *query, size_t n, uint32_t *from, int32_t *group);

/* v (n) <- its entries in the order of `from`, or, where `back`, from there to where they stood.
 * from NULL: v as it is. */
int query_rows_move(const uint32_t *from, size_t n, bool back, double *v, struct lb_err *err);

/* Refuses a query longer than the loss allows. */
int query_rows_check(const struct lb_loss_info *l, const struct lb_arg *par, const int32_t *group, size_t n, struct lb_err *err);

#endif
