/* The seam between the precision-free files of this folder and the numeric ones: what
 * losses/support/apply.c and losses/support/eval_kernel.c offer in both precisions, without `real`
 * in any signature. Nobody outside losses/ needs it. */
#ifndef LB_PRECISION_BRIDGE_H
#define LB_PRECISION_BRIDGE_H

#include "core/base/err.h"
#include "losses/loss_input.h"

/* Descriptor of the i-th loss, NULL past the end. Each precision holds a copy; f64's is the one
 * that the registry hands out. */
const struct lb_loss_info *lb_loss_info_at_f32(size_t i);
const struct lb_loss_info *lb_loss_info_at_f64(size_t i);
/* True when it is given row by row, or by batch as a sum over rows. */
bool lb_loss_has_row_f32(size_t i);
bool lb_loss_has_row_f64(size_t i);
/* True when it makes class scores of embeddings. */
bool lb_loss_has_scores_f32(size_t i);
bool lb_loss_has_scores_f64(size_t i);
/* True when it keeps what is made once a training, or what rows leave there. */
bool lb_loss_has_state_f32(size_t i);
bool lb_loss_has_state_f64(size_t i);
/* True when it is given by the distances within a batch. */
bool lb_loss_has_matrix_f32(size_t i);
bool lb_loss_has_matrix_f64(size_t i);

/* Adds a copy of a plug-in's loss, a struct lb_loss of that precision, with these parameters in
 * place of its own, which the copy keeps. -1 with err when memory runs out. */
int lb_loss_add_f32(const void *loss, const struct lb_param *params, int n_params, struct lb_err *err);
int lb_loss_add_f64(const void *loss, const struct lb_param *params, int n_params, struct lb_err *err);
/* The losses that can still be added. */
size_t lb_loss_room_f32(void);
size_t lb_loss_room_f64(void);
/* A number that differs when a structure that a plug-in shares with the program has another
 * size. */
size_t lb_loss_layout_f32(void);
size_t lb_loss_layout_f64(void);
/* What a struct lb_loss of that precision says of itself, and what does not fit together in it
 * (lb_loss_misfit). */
const struct lb_loss_info *lb_loss_info_of_f32(const void *loss);
const struct lb_loss_info *lb_loss_info_of_f64(const void *loss);
const char *lb_loss_fault_f32(const void *loss);
const char *lb_loss_fault_f64(const void *loss);

size_t lb_loss_n_params_of_f32(const struct lb_loss_info *info, const struct lb_arg *par, const struct lb_loss_shape *shape);
size_t lb_loss_n_params_of_f64(const struct lb_loss_info *info, const struct lb_arg *par, const struct lb_loss_shape *shape);

/* Value and gradient (NULL when not wanted) at the point `at` (NULL: that of `in`), of a loss whose
 * state was updated once at `in`. Point and gradient hold all values of z, then the loss's own
 * parameters, then, of a loss that moves them, the hidden features. So differences in `at` see the
 * state held fixed, as the gradient does. */
int lb_loss_eval_at_f32(const struct lb_loss_info *info, const struct lb_loss_input *in, const double *at, double *value,
			double *grad, struct lb_err *err);
int lb_loss_eval_at_f64(const struct lb_loss_info *info, const struct lb_loss_input *in, const double *at, double *value,
			double *grad, struct lb_err *err);

/* What a loss gives where it is applied as a training applies it. */
struct lb_fenced {
	unsigned char fill;      /* the bytes that memory holds before: of gradients, workspace and the fences behind them */
	double value, *g, *own;  /* the gradients (b,c) by the scores, and by its own parameters */
	const char *fault;       /* what it did that it may not, or NULL */
};

/* out->value, ->g, ->own and ->fault <- those of a batch of one view, its state not yet updated,
 * with and without gradient. */
int lb_loss_fenced_f32(const struct lb_loss_info *info, const struct lb_loss_input *in, struct lb_fenced *out, struct lb_err *err);
int lb_loss_fenced_f64(const struct lb_loss_info *info, const struct lb_loss_input *in, struct lb_fenced *out, struct lb_err *err);

/* What does not fit together in a loss (lb_loss_misfit); NULL: nothing, or it is a formula. */
const char *lb_loss_misfit_of_f32(const struct lb_loss_info *info);
const char *lb_loss_misfit_of_f64(const struct lb_loss_info *info);

/* As lb_loss_pair_slopes (losses/eval.h). */
int lb_loss_pair_slopes_f32(const struct lb_loss_info *info, const struct lb_arg *par, size_t b, const int32_t *y, const double *cosine,
			    double *slope, struct lb_err *err);
int lb_loss_pair_slopes_f64(const struct lb_loss_info *info, const struct lb_arg *par, size_t b, const int32_t *y, const double *cosine,
			    double *slope, struct lb_err *err);

#endif
