#include "losses/support/row_lanes.h"

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 0 }, .value = 0.75, .source = "by hand: (3/4)^2 + 3 (1/4)^2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.50571429942638105,
	  .source = "mpmath, 30 digits" },
};

/* Over the wrong classes alone, r_k = p_k / q with largest r_m: square = sum r_k^2 and gap = sum
 * r_k (r_m - r_k). Then value = q^2 (1 + square), grad_y = -2 p_y q^2 (1 + square), grad_k = 2 q
 * p_k (r_k - r_m + gap + p_y (1 + square)): r_k - square = r_k - r_m + gap loses nothing when one
 * wrong class holds all the mass. A rest whose reciprocal would overflow is scaled up by a power of
 * two. */
LB_BODY void body(size_t n, const struct lb_arg *par, struct lb_lane_rows *at)
{
	const size_t c = at->c;
	real most[LB_PANEL] = { 0 }, up[LB_PANEL], per[LB_PANEL], share[LB_PANEL], p[LB_PANEL], q[LB_PANEL], lift[LB_PANEL];
	double square[LB_PANEL] = { 0 }, gap[LB_PANEL] = { 0 };

	(void)par;
	for (size_t i = 0; i < n; i++) {
		const real wrong = at->rest[i] <= 0 ? R(1.0) : at->rest[i];
		up[i] = wrong < R(0x1p-60) ? R(0x1p90) : R(1.0);
		per[i] = 1 / (wrong * up[i]);
		share[i] = 1 / at->sum[i];
		p[i] = at->term[i] * share[i];
		q[i] = at->rest[i] * share[i];
	}
	for (size_t i = 0; i < n; i++)
		at->g[(size_t)at->label[i] * n + i] = 0;
	for (size_t k = 0; k < c; k++)
		for (size_t i = 0; i < n; i++)
			most[i] = at->g[k * n + i] > most[i] ? at->g[k * n + i] : most[i];
	for (size_t k = 0; k < c; k++)
		for (size_t i = 0; i < n; i++) {
			const real e = at->g[k * n + i], r = e * up[i] * per[i];
			square[i] += (double)(r * r);
			gap[i] += (double)(r * ((most[i] - e) * up[i] * per[i]));
		}
	for (size_t i = 0; i < n; i++) {
		at->loss[i] = q[i] * q[i] * (1 + (real)square[i]);
		lift[i] = p[i] * (1 + (real)square[i]);
	}
	for (size_t k = 0; k < c; k++)
		for (size_t i = 0; i < n; i++) {
			const real e = at->g[k * n + i];
			at->g[k * n + i] = 2 * q[i] * (e * share[i]) * ((e - most[i]) * up[i] * per[i] + (real)gap[i] + lift[i]);
		}
	for (size_t i = 0; i < n; i++)
		at->g[(size_t)at->label[i] * n + i] = -2 * p[i] * at->loss[i];
}

LB_SIDE_BY_SIDE(brier, true, body)

const struct lb_loss LB_LOSS(multiclass, brier) = {
	.info = {
		.base = {
			.name = "brier",
			.title = "Brier score: squared error of the probabilities",
			.cite = "G. W. Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78(1), 1950",
			.formula = "sum_k (p_k - e_k)^2",
			.notes = "The sum over classes, between 0 and 2; divide by C for the mean, by 2 for the half sum.",
			.keywords = "quadratic_score squared_error_softmax mse_softmax l2",
		},
		.kind = LB_MULTICLASS,
		.good_for = "calibrated probabilities",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_PROPER | LB_CALIBRATED,
		LB_EXAMPLES(examples),
	},
	.form = &brier_form,
};
