/* Regression with several outputs for each target, whose loss is computed in double: logs of scales
 * span more than float32 has. The columns are the outputs of the first target, then those of the
 * second. */
#ifndef LB_SEVERAL_OUTPUTS_H
#define LB_SEVERAL_OUTPUTS_H

#include "losses/loss.h"

/* Returns the loss of one target t by its outputs z, and writes its derivatives by them. fixed
 * are the outputs from which factors are computed that the gradient holds fixed. */
typedef double lb_of_target_fn(const struct lb_arg *par, size_t outputs, const double *z, double t, const double *fixed, double *g);

/* A row by the function, the mean over its targets; g may be NULL. */
static inline real lb_outputs_row(const struct lb_batch *in, size_t i, const real *z, real *g, size_t outputs, lb_of_target_fn *of)
{
	const size_t targets = in->c / outputs;
	const double share = 1 / (double)targets;
	const real *held = in->held ? in->held + i * in->c : z;
	double wide[LB_MOST_OUTPUTS], fixed[LB_MOST_OUTPUTS], slope[LB_MOST_OUTPUTS], sum = 0;

	for (size_t k = 0; k < targets; k++) {
		for (size_t j = 0; j < outputs; j++) {
			wide[j] = (double)z[k * outputs + j];
			fixed[j] = (double)held[k * outputs + j];
		}
		sum += of(in->par, outputs, wide, (double)in->target[i * targets + k], fixed, slope);
		for (size_t j = 0; g && j < outputs; j++)
			g[k * outputs + j] = (real)(share * slope[j]);
	}
	return (real)(sum * share);
}

/* Writes what is told of each target (.predict): its point prediction, which the function
 * returns, and after the predictions of all targets what it makes of the outputs. */
static inline void lb_outputs_predict(const struct lb_batch *in, real *out, size_t outputs,
				      double (*of)(const struct lb_arg *par, size_t outputs, const double *z, double *say))
{
	const size_t targets = in->c / outputs;
	double wide[LB_MOST_OUTPUTS], say[LB_MOST_OUTPUTS];

	for (size_t i = 0; i < in->b; i++, out += targets + in->c)
		for (size_t t = 0; t < targets; t++) {
			for (size_t j = 0; j < outputs; j++)
				wide[j] = say[j] = (double)in->output.value[i * in->output.stride + t * outputs + j];
			out[t] = (real)of(in->par, outputs, wide, say);
			for (size_t j = 0; j < outputs; j++)
				out[targets + t * outputs + j] = (real)say[j];
		}
}

/* log(exp(a) + exp(b)) */
static inline double lb_log_add(double a, double b)
{
	const double most = a > b || isnan(a) ? a : b, gap = -fabs(a - b);

	return isinf(most) ? most : most + log1p(exp(gap));
}

/* log(1 / (1 + exp(-x))) */
static inline double lb_log_sigmoid(double x)
{
	return x < 0 ? x - log1p(exp(x)) : -log1p(exp(-x));
}

static inline double lb_sigmoid_of(double x)
{
	return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

#endif
