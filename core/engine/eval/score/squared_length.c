#include "core/engine/eval/score/anomaly_score.h"
#include "core/engine/eval/score/shift_params.h"

static const struct lb_param params[] = { LB_SHIFT_PARAMS };

static void score_rows(const struct lb_rows_to_score *in, real *score)
{
	for (size_t i = 0; i < in->b; i++) {
		double sum = 0;
		for (size_t k = 0; k < in->columns; k++)
			sum += (double)in->z[i * in->ld + k] * (double)in->z[i * in->ld + k];
		score[i] = (real)sum;
	}
}

const struct lb_anomaly_score LB_ANOMALY_SCORE(mahalanobis) = {
	.base = {
		.name = "mahalanobis",
		.tasks = 1u << LB_ANOMALY,
		.traits = LB_SCORES_LENGTH,
		.title = "Squared Mahalanobis distance of the row to the mean of the normal ones",
		.cite = "P. C. Mahalanobis, On the generalised distance in statistics, Proceedings of the National Institute of Sciences of India 2, 1936",
		.formula = "(x - mu)' V^-1 (x - mu) = |z|^2, of model gaussian, whose outputs z are whitened",
		.notes = "Of normal rows that are Gaussian it is about chi-square with as many degrees of freedom as there are components. " LB_SHIFT_NOTE,
		.keywords = "squared_norm gaussian_distance elliptic_envelope chi_square",
		LB_PARAMS(params),
	},
	.score = score_rows,
};

const struct lb_anomaly_score LB_ANOMALY_SCORE(centre) = {
	.base = {
		.name = "centre",
		.tasks = 1u << LB_ANOMALY,
		.traits = LB_SCORES_CENTRE,
		.title = "Squared distance of the model's output to the centre that it was trained to give",
		.cite = "L. Ruff et al., Deep one-class classification, ICML 2018 (one-class deep SVDD)",
		.formula = "|f(x) - c|^2, c the mean output for the training rows before training, entries nearer to 0 than 0.1 moved to -0.1 or 0.1",
		.notes = "Of a model with a dimension (model.dimension), whose targets are the centre in place of the features. Biases, with which every row could be "
			 "given the centre, and bounded activations are refused. What is kept and evaluated gives f(x) - c. The soft-boundary form with a radius is not "
			 "there. " LB_SHIFT_NOTE,
		.keywords = "deep_svdd svdd one_class hypersphere",
		LB_PARAMS(params),
	},
	.score = score_rows,
};
