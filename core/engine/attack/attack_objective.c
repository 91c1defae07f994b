#include "core/engine/attack/attack.h"

#include "core/numeric/logistic.h"

/* The largest score but that of the label: its place, the lowest on ties. */
static size_t rival_of(size_t c, const real *z, size_t y)
{
	size_t j = y == 0;

	for (size_t k = j + 1; k < c; k++)
		if (k != y && z[k] > z[j])
			j = k;
	return j;
}

/* Places of the largest, second and third score. */
static void three_largest(size_t c, const real *z, size_t at[3])
{
	at[0] = at[1] = at[2] = c;
	for (size_t k = 0; k < c; k++)
		for (size_t i = 0, in = k; i < 3; i++)
			if (at[i] == c || z[in] > z[at[i]]) {
				const size_t out = at[i];
				at[i] = in;
				if (out == c)
					break;
				in = out;
			}
}

static double log_sum(size_t c, const real *z, size_t skip)
{
	const size_t top = skip < c ? rival_of(c, z, skip) : 0;
	double most = (double)z[top], sum = 0;

	for (size_t k = 0; k < c; k++)
		most = k != skip && (double)z[k] > most ? (double)z[k] : most;
	for (size_t k = 0; k < c; k++)
		sum += k == skip ? 0 : exp((double)z[k] - most);
	return most + log(sum);
}

static double binary_objective(enum lb_attack_objective objective, double s)
{
	return objective == LB_ATTACK_CE ? lb_log1p_exp(-s) : objective == LB_ATTACK_PROBABILITY_MARGIN ? -tanh(s / 2) : -s;
}

/* Scale of dlr, z_(1) - z_(3) + 1e-12. */
static double spread(size_t c, const real *z, size_t at[3])
{
	three_largest(c, z, at);
	return (double)z[at[0]] - (double)z[at[2]] + 1e-12;
}

static double deviation(size_t c, const real *z, size_t y, const real *first)
{
	double sum = 0;

	for (size_t k = 0; k < c; k++) {
		const double d = ((double)z[y] - (double)z[k]) - ((double)first[y] - (double)first[k]);
		sum += d * d;
	}
	return sqrt(sum);
}

double lb_attack_value(enum lb_attack_objective objective, size_t c, const real *z, size_t y, const real *first)
{
	size_t at[3];

	if (c == 1)
		return binary_objective(objective, y ? (double)z[0] : -(double)z[0]);
	if (objective == LB_ATTACK_DEVIATION)
		return deviation(c, z, y, first);
	if (objective == LB_ATTACK_CE)
		return lb_log1p_exp(log_sum(c, z, y) - (double)z[y]);
	const size_t j = rival_of(c, z, y);
	const double gap = (double)z[j] - (double)z[y];
	if (objective == LB_ATTACK_MARGIN)
		return gap;
	if (objective == LB_ATTACK_DLR)
		return gap / spread(c, z, at);
	const double all = log_sum(c, z, c);
	return exp((double)z[j] - all) - exp((double)z[y] - all);
}

/* Divided by 1 - p_y: r = softmax over the other classes at k != y. */
static void ce_slope(size_t c, const real *z, size_t y, real *dz)
{
	const double others = log_sum(c, z, y);

	for (size_t k = 0; k < c; k++)
		dz[k] = (real)(k == y ? -1 : exp((double)z[k] - others));
}

/* p_j (e_j - p) - p_y (e_y - p), divided by 1 - p_y: with r as above, r_k (p_y - p_j) at other k,
 * r_j (1 + p_y - p_j) at j, -p_y (1 + r_j) at y. */
static void probability_slope(size_t c, const real *z, size_t y, size_t j, real *dz)
{
	const double all = log_sum(c, z, c), others = log_sum(c, z, y);
	const double own = exp((double)z[y] - all), rival = exp((double)z[j] - all), share = exp((double)z[j] - others);

	for (size_t k = 0; k < c; k++)
		dz[k] = (real)(exp((double)z[k] - others) * (own - rival));
	dz[j] = (real)(share * (1 + own - rival));
	dz[y] = (real)(-own * (1 + share));
}

static void deviation_slope(size_t c, const real *z, size_t y, const real *first, real *dz)
{
	double sum = 0;

	for (size_t k = 0; k < c; k++) {
		const double d = ((double)z[y] - (double)z[k]) - ((double)first[y] - (double)first[k]);
		dz[k] = (real)-d;
		sum += d;
	}
	dz[y] = (real)sum;
}

void lb_attack_slope(enum lb_attack_objective objective, size_t c, const real *z, size_t y, const real *first, real *dz)
{
	size_t at[3];

	if (c == 1) {
		dz[0] = y ? R(-1.0) : R(1.0);
		return;
	}
	const size_t j = rival_of(c, z, y);
	const real gap = z[j] - z[y];
	for (size_t k = 0; k < c; k++)
		dz[k] = 0;
	if (objective == LB_ATTACK_CE)
		ce_slope(c, z, y, dz);
	else if (objective == LB_ATTACK_PROBABILITY_MARGIN)
		probability_slope(c, z, y, j, dz);
	else if (objective == LB_ATTACK_DEVIATION)
		deviation_slope(c, z, y, first, dz);
	else {
		const real scale = objective == LB_ATTACK_DLR ? (real)spread(c, z, at) : R(1.0);
		dz[j] = scale;
		dz[y] = -scale;
	}
	if (objective == LB_ATTACK_DLR) {
		dz[at[0]] -= gap;
		dz[at[2]] += gap;
	}
}
