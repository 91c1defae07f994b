/* Looking at a loss without training: value and gradient for given inputs. Free of precision:
 * numbers go in and come out as doubles, the engine rounds. */
#ifndef LB_LOSS_EVAL_H
#define LB_LOSS_EVAL_H

#include "core/base/err.h"
#include "losses/loss_input.h"

/* Value and gradient: (views * b, c) values, then those of the loss's own parameters, then, of a
 * loss that moves them, those of the features; a stateful loss after its first update. precision is
 * 32 or 64. Scores must be finite and labels in range: the caller checks. 0, or -1 when memory runs
 * out. */
int lb_loss_eval(const struct lb_loss_info *info, int precision, const struct lb_loss_input *in, double *value, double *grad,
		 struct lb_err *err);

/* slope (b,b) <- the derivative of a loss of distances (lb_loss_of_distances) by the cosine of each
 * ordered pair of b rows with labels y, told in cosine (b,b). 0, or -1 when memory runs out. */
int lb_loss_pair_slopes(const struct lb_loss_info *info, const struct lb_arg *par, size_t b, const int32_t *y, const double *cosine, double *slope,
			struct lb_err *err);

/* Fills par (info->base.n_params values) from the descriptor's defaults, then from "name=value
 * name=value" (blank separated; a list as [1,2]; a parameter by its name or by its letter in the
 * formula). Lists are borrowed from the descriptor, or from `store`, which the caller frees with
 * lb_args_free. */
struct lb_arg_store {
	void **owned;
	size_t n, cap;
};
int lb_args_from_text(const struct lb_info *info, const char *set, struct lb_arg *par, struct lb_arg_store *store,
		      struct lb_err *err);
void lb_args_free(struct lb_arg_store *store);

#endif
