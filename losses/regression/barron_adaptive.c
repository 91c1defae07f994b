/* Barron's loss with a shape and a scale for each target, trained with the model. */
#include "core/base/mem.h"
#include "losses/support/barron.h"
#include "losses/support/several_outputs.h"

#include "core/base/err.h"

#include <math.h>
#include <stdlib.h>

enum { LEARN, ALPHA, SCALE };
enum { BOTH, SHAPE, SCALE_ALONE };

/* The ends of a trained shape: at 0 and 2 themselves its formula has limits alone. */
static const double lowest = 0.001, highest = 1.999;

static const char *const learned[] = { "both", "shape", "scale", NULL };
static const struct lb_param params[] = {
	[LEARN] = { .name = "learn", .type = LB_CHOICE_PARAM, .choices = learned, .help = "what is trained with the model; the other stays as given" },
	[ALPHA] = { .name = "alpha", .symbol = "alpha", .def = 1, .min = 0, .max = 2, .grid = { 0.5, 1, 1.5 }, .n_grid = 3,
		    .help = "shape that training begins with: 2 normal, 0 Cauchy; trained, it stays above 0.001 and below 1.999" },
	[SCALE] = { .name = "c", .symbol = "c", .def = 1, .min = 1e-6, .max = 1e6, .log_scale = true, .grid = { 0.1, 1, 10 }, .n_grid = 3,
		    .help = "scale that training begins with: the residual up to which the loss is nearly squared" },
};

static bool learns_shape(const struct lb_arg *par)
{
	return (int)par[LEARN].v != SCALE_ALONE;
}

static bool learns_scale(const struct lb_arg *par)
{
	return (int)par[LEARN].v != SHAPE;
}

static int check(const struct lb_arg *par, struct lb_err *err)
{
	const double alpha = par[ALPHA].v;

	return !learns_shape(par) || (alpha > lowest && alpha < highest) ? 0 :
	       lb_fail(err, LB_CONFIG, "alpha: found %g with learn %s, allowed: above %g and below %g; or give learn: scale, with which it stays as it is",
		       alpha, learned[(int)par[LEARN].v], lowest, highest);
}

/* ---- Z and its derivative ---- */

/* Half the nodes a unit of lb_barron_mass, as far as a term can be told from 0: the same 1e-12. */
enum { A_UNIT = 32, FARTHEST = 112, N_NODES = 2 * FARTHEST + 1 };

struct mass {
	double v[N_NODES], weight[N_NODES];
	double log_fixed;        /* log Z of the shape that stays */
};

static void *mass_init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	struct mass *m = lb_alloc(1, sizeof *m, err);

	(void)stats;
	for (int k = 0; m && k < N_NODES; k++) {
		const struct lb_barron_node at = lb_barron_node((double)(k - FARTHEST) / A_UNIT);
		m->v[k] = at.x * at.x;
		m->weight[k] = at.weight / (at.near * at.near);
	}
	if (m && !learns_shape(par))
		m->log_fixed = log(lb_barron_mass(par[ALPHA].v));
	return m;
}

/* Returns log Z(alpha); its derivative into *slope. */
static double log_mass(const struct mass *m, double alpha, double *slope)
{
	double sum = 0, moved = 0;

	for (int k = 0; k < N_NODES; k++) {
		const double q = m->v[k] / (2 - alpha), line = log1p(q), power = expm1(alpha / 2 * line);
		const double term = m->weight[k] * exp(-(2 - alpha) / alpha * power);
		sum += term;
		moved -= term * lb_barron_by_shape(alpha, q, line, power);
	}
	*slope = moved / sum;
	return log(2.0 / A_UNIT * sum);
}

/* ---- the law of a target ---- */

struct law {
	double alpha, c;
	double by_latent;        /* the derivative of alpha by the parameter that it is made of */
	double constant, constant_by_shape; /* log c + log Z; the derivative of log Z by alpha */
};

/* The row of a target: the log odds of (alpha - 0.001) / 1.998 and log c, each where it is
 * trained. */
static struct law law_of(const struct lb_batch *in, size_t target)
{
	const real *own = in->params.value + target * in->params.stride;
	const struct mass *m = in->state;
	struct law law = { .alpha = in->par[ALPHA].v, .c = in->par[SCALE].v, .constant = m->log_fixed };
	double log_c = log(law.c);

	if (learns_shape(in->par)) {
		const double share = lb_sigmoid_of((double)*own++);
		law.alpha = lowest + (highest - lowest) * share;
		law.by_latent = (highest - lowest) * share * (1 - share);
		law.constant = log_mass(m, law.alpha, &law.constant_by_shape);
	}
	if (learns_scale(in->par)) {
		log_c = (double)*own;
		law.c = exp(log_c);
	}
	law.constant += log_c;
	return law;
}

/* ---- rows ---- */

/* Some rows' entries of one target. */
struct entries {
	size_t n;
	real z[LB_ENTRIES], t[LB_ENTRIES], loss[LB_ENTRIES], slope[LB_ENTRIES];
	bool shaped;             /* by_shape is asked for, else it is unset */
	double by_shape[LB_ENTRIES];
};

LB_CLONES static void LB_NAME(barron_adaptive_entries)(const struct law *law, struct entries *e)
{
	const double per = 1 / (law->c * law->c * (2 - law->alpha));
	struct lb_barron_parts parts;

	lb_barron_entries(law->alpha, law->c, e->n, e->z, e->t, e->loss, e->slope, &parts);
	for (size_t i = 0; e->shaped && i < e->n; i++) {
		const double apart = (double)(e->z[i] - e->t[i]);
		e->by_shape[i] = lb_barron_by_shape(law->alpha, apart * apart * per, (double)parts.line[i], (double)parts.power[i]);
	}
}

/* The sums over rows of one target: losses, and their derivatives by alpha and by log c. */
struct sums {
	double loss, by_shape, by_scale;
};

/* The rows from `first` on: adds their losses to the sums, and writes the gradient of the mean. */
static void add_rows(const struct lb_batch *in, size_t first, size_t target, const struct law *law, const struct entries *e, real *g, struct sums *sums)
{
	for (size_t i = 0; i < e->n; i++) {
		const size_t row = first + i;
		const double w = in->row_weight ? (double)in->row_weight[row] : 1, loss = (double)e->loss[i] + law->constant;
		const double slope = isnan(loss) ? loss : (double)e->slope[i];
		sums->loss += w * loss;
		sums->by_scale += w * (1 - (double)(e->z[i] - e->t[i]) * slope);
		if (e->shaped)
			sums->by_shape += w * (law->constant_by_shape + e->by_shape[i]);
		if (in->row_loss)
			in->row_loss[row] += (real)(in->scale * loss / (double)in->c);
		if (g)
			g[row * in->c + target] = (real)(w / (double)(in->b * in->c) * slope);
	}
}

/* Returns the sum of the weighted losses of a target. */
static double one_target(const struct lb_batch *in, size_t target, real *g)
{
	const struct law law = law_of(in, target);
	const double share = 1 / (double)(in->b * in->c);
	struct sums sums = { 0 };
	struct entries e = { .shaped = in->params.grad && learns_shape(in->par) };

	for (size_t first = 0; first < in->b; first += LB_ENTRIES) {
		e.n = in->b - first < LB_ENTRIES ? in->b - first : LB_ENTRIES;
		for (size_t i = 0; i < e.n; i++) {
			e.z[i] = in->output.value[(first + i) * in->c + target];
			e.t[i] = in->target[(first + i) * in->c + target];
		}
		LB_NAME(barron_adaptive_entries)(&law, &e);
		add_rows(in, first, target, &law, &e, g, &sums);
	}
	real *own = in->params.grad ? in->params.grad + target * in->params.stride : NULL;
	if (own && learns_shape(in->par))
		*own++ = (real)(share * law.by_latent * sums.by_shape);
	if (own && learns_scale(in->par))
		*own = (real)(share * sums.by_scale);
	return sums.loss;
}

static double batch(const struct lb_batch *in, real *g)
{
	double sum = 0;

	for (size_t k = 0; k < in->c; k++)
		sum += one_target(in, k, g);
	return sum / (double)(in->b * in->c);
}
LB_BATCH_OF_ROWS(barron_adaptive, batch)

/* ---- its own parameters ---- */

static size_t n_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return shape->c * ((size_t)learns_shape(par) + (size_t)learns_scale(par));
}

static void init_params(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *own)
{
	const double alpha = par[ALPHA].v;

	(void)seed;
	for (size_t k = 0; k < shape->c; k++) {
		if (learns_shape(par))
			*own++ = (real)log((alpha - lowest) / (highest - alpha));
		if (learns_scale(par))
			*own++ = (real)log(par[SCALE].v);
	}
}

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0 }, .t = { 0 }, .params = { 0, 0 }, .value = 1.1854952323491930, .source = "mpmath: log(2 e K_1(1))" },
	{ .set = "learn=scale alpha=2", .b = 1, .c = 1, .z = { 1 }, .t = { 0 }, .params = { 0 }, .value = 1.4189385332046727, .source = "scipy.stats.norm.logpdf" },
};

const struct lb_loss LB_LOSS(regression, barron_adaptive) = {
	.info = {
		.base = {
			.name = "barron_adaptive",
			.title = "Barron's loss with shape and scale trained for each target",
			.cite = "J. T. Barron, A general and adaptive robust loss function, CVPR 2019, eq. 16; bounds of the shape as in the author's code",
			.formula = "(1/T) sum_k (rho(e_k, alpha_k, c_k) + log c_k + log Z(alpha_k)),  Z(alpha) = integral of exp(-rho(x, alpha, 1)) dx",
			.notes = "The mean over the T targets of a row, each with its own alpha and c: a likelihood finds how heavy its tails are, and how "
				 "large its noise, in the units that the loss sees (data.preprocess.target). Own parameters `shape_and_scale`, a row a "
				 "target: the log odds of (alpha - 0.001) / 1.998, and log c; what is not trained is left out. They have no weight "
				 "decay, and are loss_parameters in a saved model. c is exp of its parameter, as in aft, where the paper takes a softplus. "
				 "Where predictions meet most targets exactly, c goes to 0 and the value falls without bound. learn scale with alpha 2 finds the root "
				 "mean squared error. It is barron_nll at its alpha and c. Not convex.",
			.keywords = "general_adaptive_robust adaptiveloss trained_shape trained_scale log_likelihood",
			LB_PARAMS(params),
			.check = check,
		},
		.kind = LB_REGRESSION,
		.good_for = "outliers",
		.properties = LB_SMOOTH,
		.params = "shape_and_scale",
		.params_for = LB_EACH_TARGET,
		LB_EXAMPLES(examples),
	},
	.form = &barron_adaptive_form,
	.init = mass_init,
	.free = free,
	.n_params = n_params,
	.init_params = init_params,
};
