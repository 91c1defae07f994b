#include "core/engine/model/head/head.h"

#include "core/engine/kernels/kernels.h"
#include "losses/loss_info.h"

#include <string.h>

enum { SCALE };

static const struct lb_param params[] = {
	[SCALE] = { .name = "scale", .symbol = "s", .def = 16, .min = 1e-3, .max = 1e4, .log_scale = true, .grid = { 8, 16, 32, 64 }, .n_grid = 4,
		    .help = "factor of the cosines; the inverse of a temperature" },
};

/* Vectors that are not longer have no direction. */
#define SHORTEST 1e-12

/* Returns 0 for a vector without direction, whose cosines are 0. */
static double inverse_length(double squares)
{
	const double length = sqrt(squares);

	return length > SHORTEST ? 1 / length : length <= SHORTEST ? 0 : length;
}

static double sum_of(const double lane[LB_PANEL])
{
	double sum = 0;

	for (size_t k = 0; k < LB_PANEL; k++)
		sum += lane[k];
	return sum;
}

/* row[i] <- the inverse length of row i of h. */
LB_CLONES static void lb_row_lengths(size_t b, size_t n, const real *h, size_t stride, double *row)
{
	for (size_t i = 0; i < b; i++, h += stride) {
		double lane[LB_PANEL] = { 0 };
		size_t j = 0;

		for (; j + LB_PANEL <= n; j += LB_PANEL)
			for (size_t k = 0; k < LB_PANEL; k++)
				lane[k] += (double)h[j + k] * (double)h[j + k];
		for (size_t k = 0; j < n; j++, k++)
			lane[k] += (double)h[j] * (double)h[j];
		row[i] = inverse_length(sum_of(lane));
	}
}

/* column[k] <- the inverse length of the weights of class k, in panels. */
LB_CLONES static void lb_column_lengths(size_t in, size_t ld, const real *w, double *column)
{
	for (size_t p = 0; p < ld; p += LB_PANEL) {
		double lane[LB_PANEL] = { 0 };

		for (size_t i = 0; i < in; i++, w += LB_PANEL)
			for (size_t k = 0; k < LB_PANEL; k++)
				lane[k] += (double)w[k] * (double)w[k];
		for (size_t k = 0; k < LB_PANEL; k++)
			column[p + k] = inverse_length(lane[k]);
	}
}

LB_CLONES static void lb_scale_products(size_t b, size_t ld, double scale, const double *row, const double *column, real *z)
{
	for (size_t i = 0; i < b; i++, z += ld)
		for (size_t k = 0; k < ld; k++)
			z[k] = (real)((double)z[k] * (scale * row[i]) * column[k]);
}

static void scores(const struct lb_head_pass *at, real *z)
{
	lb_row_lengths(at->b, at->in, at->h, at->stride, at->row);
	lb_column_lengths(at->in, at->ld, at->w, at->column);
	lb_scale_products(at->b, at->ld, at->par[SCALE].v, at->row, at->column, z);
}

/* With z_ik = s <h_i, w_k> / (|h_i| |w_k|): the derivative by <h_i, w_k> is s dz_ik / (|h_i|
 * |w_k|), and by the lengths come - sum_k dz_ik z_ik / |h_i|^2 times h_i, and - sum_i dz_ik z_ik /
 * |w_k|^2 times w_k. */
LB_CLONES static void lb_cosine_back(const struct lb_head_pass *at, double scale, const real *z, const real *dz, real *d)
{
	const size_t ld = at->ld;

	memset(at->column_pull, 0, ld * sizeof *at->column_pull);
	for (size_t i = 0; i < at->b; i++, z += ld, dz += ld, d += ld) {
		double lane[LB_PANEL] = { 0 };

		for (size_t p = 0; p < ld; p += LB_PANEL)
			for (size_t k = 0; k < LB_PANEL; k++) {
				const double slope = (double)dz[p + k], product = slope * (double)z[p + k];
				lane[k] += product;
				at->column_pull[p + k] -= product;
				d[p + k] = (real)(slope * (scale * at->row[i]) * at->column[p + k]);
			}
		at->row_pull[i] = -sum_of(lane) * at->row[i] * at->row[i];
	}
	for (size_t k = 0; k < ld; k++)
		at->column_pull[k] *= at->column[k] * at->column[k];
}

static void backward(const struct lb_head_pass *at, const real *z, const real *dz, real *d)
{
	lb_cosine_back(at, at->par[SCALE].v, z, dz, d);
}

static double scale_of(const struct lb_arg *par)
{
	return par[SCALE].v;
}

const struct lb_head LB_HEAD(cosine) = {
	.base = {
		.name = "cosine",
		.tasks = 1u << LB_MULTICLASS | 1u << LB_BINARY | 1u << LB_MULTILABEL | 1u << LB_DISTILLATION,
		.title = "Cosine head: scaled cosines between the features and one weight vector a class, without biases",
		.cite = "F. Wang, X. Xiang, J. Cheng, A. Yuille, NormFace: L2 hypersphere embedding for face verification, ACM MM 2017",
		.formula = "z_k = s <h, w_k> / (|h| |w_k|)",
		.notes = "Scores are in [-s, s]. The losses arcface and cosface take their margin from these cosines, and s from here. A row of "
			 "features, or a weight vector, of length 0 has no direction: its cosines and its gradient are 0. model.init has to "
			 "be other than zero for the same reason.",
		.keywords = "normface normalised_softmax normalized cosine_softmax hypersphere l2_softmax arcface cosface",
		LB_PARAMS(params),
	},
	.scale = scale_of,
	.scores = scores,
	.backward = backward,
};
