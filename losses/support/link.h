/* Regression with a link: the model gives the log of what it predicts, for targets that cannot be
 * negative. */
#ifndef LB_LINK_H
#define LB_LINK_H

#include "losses/support/residual.h"

/* The beginning of the notes of such a loss. */
#define LB_LINKED                                                                                                               \
	"The mean over the T targets of a row. The model gives z = log(mean), so that predictions, exp(z), are above 0: metrics and saved " \
	"predictions are in units of the target, and data.exposure multiplies them. "

/* lift exp(z), the predictions of a model with a log link (.predict). */
static inline void lb_predict_exp(const struct lb_batch *in, real lift, real *out)
{
	const size_t stride = in->output.stride;

	for (size_t i = 0; i < in->b; i++) {
		lb_kernel()->exp_terms(in->output.value + i * stride, in->c, 0, 1, in->c, out + i * in->c);
		for (size_t k = 0; k < in->c; k++)
			out[i * in->c + k] *= lift;
	}
}

static inline void lb_predict_mean(const struct lb_batch *in, real *out)
{
	lb_predict_exp(in, 1, out);
}

#endif
