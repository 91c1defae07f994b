#include "losses/eval.h"

#include "losses/precision_bridge.h"

int lb_loss_eval(const struct lb_loss_info *info, int precision, const struct lb_loss_input *in, double *value, double *grad,
		 struct lb_err *err)
{
	return (precision == 32 ? lb_loss_eval_at_f32 : lb_loss_eval_at_f64)(info, in, NULL, value, grad, err);
}
