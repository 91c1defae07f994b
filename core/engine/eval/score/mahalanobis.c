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
