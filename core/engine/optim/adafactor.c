/* Adafactor: second moments of a matrix kept as a row and a column. In double, whatever the
 * precision: the product of two small moments would be 0 in float. */
#include "core/engine/kernels/panels.h"
#include "core/engine/optim/elementwise.h"

enum { CLIP = LB_OPT_OWN, DECAY_POWER, EPS, SCALE };
static const struct lb_param adafactor_params[] = {
	LB_OPT_PARAMS(0.01),
	[CLIP] = { .name = "clip", .symbol = "c", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 1e6, .min_open = true,
		   .help = "most root mean square of a divided gradient" },
	[DECAY_POWER] = { .name = "decay_power", .symbol = "p", .type = LB_REAL_PARAM, .def = 0.8, .min = 0, .max = 1, .min_open = true,
			  .help = "the moments of step t have decay 1 - t^-p" },
	[EPS] = { .name = "eps", .symbol = "eps", .type = LB_REAL_PARAM, .def = 1e-30, .min = 0, .max = 1, .min_open = true, .help = "added to squared gradients" },
	[SCALE] = { .name = "least_scale", .symbol = "s", .type = LB_REAL_PARAM, .def = 1e-3, .min = 0, .max = 1, .min_open = true,
		    .help = "the least root mean square that weights are taken to have" },
};

size_t lb_whole_states(size_t in, size_t out)
{
	return in > 1 ? in + LB_PADDED(out) : LB_PADDED(out);
}

/* Place of the weight from input i to output o; of a vector, o. */
static size_t at(const struct lb_whole *on, size_t i, size_t o)
{
	return on->in > 1 ? (o / LB_PANEL * on->in + i) * LB_PANEL + o % LB_PANEL : o;
}

static double square(real x)
{
	return (double)x * (double)x;
}

/* State of a matrix: the mean squares of each input's weights, then those of each output's. */
static void follow_matrix(const struct lb_whole *on, double keep, double eps)
{
	real *of_input = on->state, *of_output = on->state + on->in;

	for (size_t i = 0; i < on->in; i++) {
		double sum = 0;
		for (size_t o = 0; o < on->out; o++)
			sum += square(on->g[at(on, i, o)]);
		of_input[i] = (real)(keep * (double)of_input[i] + (1 - keep) * (sum / (double)on->out + eps));
	}
	for (size_t o = 0; o < on->out; o++) {
		double sum = 0;
		for (size_t i = 0; i < on->in; i++)
			sum += square(on->g[at(on, i, o)]);
		of_output[o] = (real)(keep * (double)of_output[o] + (1 - keep) * (sum / (double)on->in + eps));
	}
}

static void follow_vector(const struct lb_whole *on, double keep, double eps)
{
	for (size_t o = 0; o < on->out; o++)
		on->state[o] = (real)(keep * (double)on->state[o] + (1 - keep) * (square(on->g[o]) + eps));
}

/* Returns what the moments of a matrix are divided by: the mean of those of the outputs. */
static double mean_of_outputs(const struct lb_whole *on)
{
	double sum = 0;

	for (size_t o = 0; o < on->out && on->in > 1; o++)
		sum += (double)on->state[on->in + o];
	return on->in > 1 ? sum / (double)on->out : 1;
}

/* Returns the divided gradient of a weight. */
static double divided(const struct lb_whole *on, double mean, size_t i, size_t o)
{
	const double g = (double)on->g[at(on, i, o)];

	if (on->in > 1)
		return g / (sqrt((double)on->state[on->in + o] / mean) * sqrt((double)on->state[i]));
	return g / sqrt((double)on->state[o]);
}

static void adafactor_step(const struct lb_arg *par, int64_t t, double lr, double decay, const struct lb_whole *on)
{
	const double keep = 1 - pow((double)t, -par[DECAY_POWER].v), n = (double)on->in * (double)on->out;
	double moves = 0, weights = 0;

	(on->in > 1 ? follow_matrix : follow_vector)(on, keep, par[EPS].v);
	const double mean = mean_of_outputs(on);
	for (size_t i = 0; i < on->in; i++)
		for (size_t o = 0; o < on->out; o++) {
			const double u = divided(on, mean, i, o);
			moves += u * u;
			weights += square(on->w[at(on, i, o)]);
		}
	const double length = sqrt(moves / n) / par[CLIP].v, scale = sqrt(weights / n);
	const double rate = fmax(par[SCALE].v, scale) * fmin(lr, 1 / sqrt((double)t)) / fmax(1, length);
	for (size_t i = 0; i < on->in; i++)
		for (size_t o = 0; o < on->out; o++) {
			real *w = &on->w[at(on, i, o)];
			*w = (real)((1 - lr * decay) * (double)*w - rate * divided(on, mean, i, o));
		}
}

const struct lb_optim LB_OPTIMIZER(adafactor) = {
	.base = { .name = "adafactor", .tasks = LB_EVERY_TASK, .title = "Adafactor: second moments of a matrix kept as a row and a column",
		  .cite = "Shazeer & Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, ICML 2018, Algorithms 4 and 5",
		  .formula = "b = 1 - t^-p; matrices: R = b R + (1-b) (row means of g^2 + eps), C likewise of columns, u = g / sqrt(R C' / mean R); vectors: "
			     "v = b v + (1-b) (g^2 + eps), u = g / sqrt(v); w = (1 - eta lambda) w - max(s, rms(w)) min(eta, 1/sqrt(t)) u / max(1, rms(u)/c), "
			     "rms(w) before the decay",
		  .notes = "Rows are outputs. The weights of one output, or of one input, and biases are vectors. Weight decay is decoupled, as in PyTorch 2.5, "
			   "whose smallest numbers differ. There is no first moment.", .keywords = "sublinear_memory factored", LB_PARAMS(adafactor_params) },
	.opt_states = one_state,
	.step_whole = adafactor_step,
};
