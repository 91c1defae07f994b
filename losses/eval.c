#include "losses/eval.h"

#include "losses/precision_bridge.h"

int lb_loss_eval(const struct lb_loss_info *info, int precision, const struct lb_loss_input *in, double *value, double *grad,
		 struct lb_err *err)
{
	return (precision == 32 ? lb_loss_eval_at_f32 : lb_loss_eval_at_f64)(info, in, NULL, value, grad, err);
}

int lb_loss_pair_slopes(const struct lb_loss_info *info, const struct lb_arg *par, size_t b, const int32_t *y, const double *cosine, double *slope,
			struct lb_err *err)
{
	return lb_loss_pair_slopes_f64(info, par, b, y, cosine, slope, err);
}
