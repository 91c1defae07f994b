/* Regularisers of the distribution of a layer's weights. */
#include "core/training/regulariser.h"

#include "losses/loss_info.h"

#include <math.h>

enum { TARGET = LB_REG_OWN };
static const struct lb_param kurtosis_params[] = {
	LB_REG_LAYERS_PARAM,
	[TARGET] = { .name = "target", .symbol = "k0", .type = LB_REAL_PARAM, .def = 1.8, .min = 1, .max = 100, .help = "kurtosis that is aimed at; 1.8: of a "
		     "uniform distribution" },
};
static const struct lb_param skewness_params[] = { LB_REG_LAYERS_PARAM };

/* Central moments of the weights: the variance over n - 1, the means of cubes and fourth powers. */
struct moments {
	double n, mean, variance, cube, fourth;
};

static struct moments moments_of(const struct lb_layer_matrix *m)
{
	const size_t n = m->out * m->in;
	struct moments s = { .n = (double)n };

	for (size_t i = 0; i < n; i++)
		s.mean += m->w[i] / s.n;
	for (size_t i = 0; i < n; i++) {
		const double d = m->w[i] - s.mean;
		s.variance += d * d;
		s.cube += d * d * d;
		s.fourth += d * d * d * d;
	}
	s.variance /= s.n > 1 ? s.n - 1 : 1;
	s.cube /= s.n;
	s.fourth /= s.n;
	return s;
}

static double kurtosis_value(const struct lb_arg *par, const struct lb_layer_matrix *m, double factor, double *g, double *room, double *state)
{
	const struct moments s = moments_of(m);
	const double square = s.variance * s.variance;

	(void)room, (void)state;
	if (!(square > 0))
		return 0;
	const double off = s.fourth / square - par[TARGET].v;
	for (size_t i = 0; i < m->out * m->in; i++) {
		const double d = m->w[i] - s.mean;
		const double slope = 4 / s.n * (d * d * d - s.cube) / square - 4 * s.fourth / (square * s.variance) * d / (s.n - 1);
		g[i] += factor * 2 * off * slope;
	}
	return off * off;
}

static double skewness_value(const struct lb_arg *par, const struct lb_layer_matrix *m, double factor, double *g, double *room, double *state)
{
	const struct moments s = moments_of(m);
	const double third = s.variance * sqrt(s.variance);

	(void)par, (void)room, (void)state;
	if (!(third > 0))
		return 0;
	const double skew = s.cube / third, square = (s.n - 1) / s.n * s.variance;
	for (size_t i = 0; i < m->out * m->in; i++) {
		const double d = m->w[i] - s.mean;
		const double slope = 3 / s.n * (d * d - square) / third - 3 * s.cube / (third * s.variance) * d / (s.n - 1);
		g[i] += factor * 2 * skew * slope;
	}
	return skew * skew;
}

#define EACH_LAYER "Of the mean of the layers but the first, unless `layers` names some. A layer of equal weights has the value 0."

const struct lb_regulariser lb_regulariser_kurtosis = {
	.base = { .name = "kurtosis", .tasks = LB_EVERY_TASK, .title = "How far the kurtosis of a layer's weights is from a target",
		  .cite = "weight distribution regularisation for quantisation, as in the code of EQ-Net (xuke225/EQ-Net); Shkolnik et al., Robust Quantization: One "
			  "Model to Rule Them All, NeurIPS 2020",
		  .formula = "(mean((w - mean)^4) / sd^4 - k0)^2, sd over n - 1", .notes = EACH_LAYER " The code's weight is 0.015.", .keywords = "quantization wdr",
		  LB_PARAMS(kurtosis_params) },
	.value = kurtosis_value, .skips_first = true, .mean = true,
};

const struct lb_regulariser lb_regulariser_skewness = {
	.base = { .name = "skewness", .tasks = LB_EVERY_TASK, .title = "The skewness of a layer's weights",
		  .cite = "weight distribution regularisation for quantisation, as in the code of EQ-Net (xuke225/EQ-Net)",
		  .formula = "(mean((w - mean)^3) / sd^3)^2, sd over n - 1", .notes = EACH_LAYER, .keywords = "quantization wdr", LB_PARAMS(skewness_params) },
	.value = skewness_value, .skips_first = true, .mean = true,
};
