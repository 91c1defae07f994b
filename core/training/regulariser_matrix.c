/* Regularisers of a layer's weights as a matrix. */
#include "core/training/regulariser.h"

#include "core/numeric/rng.h"
#include "losses/loss_info.h"

#include <math.h>
#include <string.h>

/* ---- spectral_norm ---- */

enum { POWER = LB_REG_OWN, ROUNDS };
static const struct lb_param spectral_params[] = {
	LB_REG_LAYERS_PARAM,
	[POWER] = { .name = "power", .symbol = "p", .type = LB_REAL_PARAM, .def = 2, .min = 1, .max = 8, .grid = { 1, 2 }, .n_grid = 2, .help = "of the norm" },
	[ROUNDS] = { .name = "rounds", .type = LB_INT_PARAM, .def = 1, .min = 1, .max = 1000, .help = "of power iteration a step, which goes on from the last step's" },
};

/* v (in) and u (out): room holds v, the state u. */
static size_t spectral_room(size_t out, size_t in)
{
	(void)out;
	return in;
}

static size_t spectral_state(size_t out, size_t in)
{
	(void)in;
	return out;
}

static double to_unit(double *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += x[i] * x[i];
	const double length = sqrt(sum);
	for (size_t i = 0; i < n && length > 0; i++)
		x[i] /= length;
	return length;
}

static void begin(double *u, size_t out)
{
	struct lb_rng rng;
	bool begun = false;

	for (size_t o = 0; o < out; o++)
		begun |= u[o] < 0 || u[o] > 0;
	if (begun)
		return;
	lb_rng_init(&rng, 0, LB_RNG_REGULARISER, out);
	for (size_t o = 0; o < out; o++)
		u[o] = lb_rng_normal(&rng);
	to_unit(u, out);
}

/* Returns |W v|. v <- W'u, u <- W v, both of length 1. A W of zeros leaves u. */
static double power_round(const struct lb_layer_matrix *m, double *u, double *v)
{
	memset(v, 0, m->in * sizeof *v);
	for (size_t o = 0; o < m->out; o++)
		for (size_t i = 0; i < m->in; i++)
			v[i] += u[o] * m->w[o * m->in + i];
	if (!(to_unit(v, m->in) > 0))
		return 0;
	for (size_t o = 0; o < m->out; o++) {
		u[o] = 0;
		for (size_t i = 0; i < m->in; i++)
			u[o] += m->w[o * m->in + i] * v[i];
	}
	return to_unit(u, m->out);
}

static double spectral_value(const struct lb_arg *par, const struct lb_layer_matrix *m, double factor, double *g, double *room, double *state)
{
	double norm = 0;

	begin(state, m->out);
	for (int i = 0; i < (int)par[ROUNDS].v; i++)
		norm = power_round(m, state, room);
	if (!(norm > 0))
		return 0;
	const double slope = factor * par[POWER].v * pow(norm, par[POWER].v - 1);
	for (size_t o = 0; o < m->out; o++)
		for (size_t i = 0; i < m->in; i++)
			g[o * m->in + i] += slope * state[o] * room[i];
	return pow(norm, par[POWER].v);
}

/* ---- orthogonality ---- */

static const char *const sides[] = { "rows", "columns", NULL };
enum { OF_ROWS, OF_COLUMNS };
enum { SIDE = LB_REG_OWN };
static const struct lb_param orthogonality_params[] = {
	LB_REG_LAYERS_PARAM,
	[SIDE] = { .name = "side", .type = LB_CHOICE_PARAM, .choices = sides, .help = "whether the weights into the outputs are at right angles, or those out of the inputs" },
};

static size_t orthogonality_room(size_t out, size_t in)
{
	return out > in ? out * out : in * in;
}

/* The vectors of a side: entry k of vector j is w[j * from + k * step]. Room is for their products
 * less the unit matrix. */
static double orthogonality_value(const struct lb_arg *par, const struct lb_layer_matrix *m, double factor, double *g, double *room, double *state)
{
	const bool rows = par[SIDE].v == OF_ROWS;
	const size_t n = rows ? m->out : m->in, length = rows ? m->in : m->out, from = rows ? m->in : 1, step = rows ? 1 : m->in;
	double sum = 0;

	(void)state;
	for (size_t j = 0; j < n; j++)
		for (size_t l = 0; l <= j; l++) {
			double product = j == l ? -1 : 0;
			for (size_t k = 0; k < length; k++)
				product += m->w[j * from + k * step] * m->w[l * from + k * step];
			room[j * n + l] = room[l * n + j] = product;
			sum += (j == l ? 1 : 2) * product * product;
		}
	for (size_t j = 0; j < n; j++)
		for (size_t l = 0; l < n; l++)
			for (size_t k = 0; k < length; k++)
				g[j * from + k * step] += factor * 4 * room[j * n + l] * m->w[l * from + k * step];
	return sum;
}

/* ---- descriptors ---- */

const struct lb_regulariser lb_regulariser_spectral_norm = {
	.base = { .name = "spectral_norm", .tasks = LB_EVERY_TASK, .title = "The largest singular value of a layer's weights",
		  .cite = "Yoshida & Miyato, Spectral Norm Regularization for Improving the Generalizability of Deep Learning, 2017", .formula = "s^p, s = u'Wv; gradient "
		  "p s^(p-1) u v'; each round: v = W'u, u = W v, both scaled to length 1",
		  .notes = "s is from below, and u is kept from step to step; it begins with a fixed draw.", .keywords = "lipschitz power_iteration",
		  LB_PARAMS(spectral_params) },
	.value = spectral_value, .room = spectral_room, .state = spectral_state,
};

const struct lb_regulariser lb_regulariser_orthogonality = {
	.base = { .name = "orthogonality", .tasks = LB_EVERY_TASK, .title = "How far the rows or columns of a layer's weights are from orthonormal",
		  .cite = "Bansal, Chen, Wang, Can We Gain More from Orthogonality Regularizations in Training Deep Networks?, NeurIPS 2018 (soft orthogonality)",
		  .formula = "sum of the squares of W W' - I (rows) or W'W - I (columns)",
		  .notes = "Take the side with fewer vectors: more vectors than entries cannot be orthonormal. The cost grows with the square of their number.",
		  .keywords = "orthonormal isometry", LB_PARAMS(orthogonality_params) },
	.value = orthogonality_value, .room = orthogonality_room,
};
