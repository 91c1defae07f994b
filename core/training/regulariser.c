/* The list of the regularisers, and those of single weights. */
#include "core/training/regulariser.h"

#include "losses/loss_info.h"

#include <math.h>
#include <string.h>

const char *const lb_regulariser_hows[] = { "prox", "gradient", NULL };

const struct lb_info *const lb_regularisers[] = {
#define REGULARISER(name) &lb_regulariser_##name.base,
#include "core/training/regularisers.def"
#undef REGULARISER
	NULL
};

bool lb_regulariser_by_prox(const struct lb_regulariser *r, const struct lb_arg *par)
{
	return r->prox && par[LB_REG_HOW].v == LB_REG_BY_PROX;
}

bool lb_regulariser_of_layer(const struct lb_regulariser *r, const struct lb_arg *par, size_t layer)
{
	bool named = false;

	if (!r->value)
		return false;
	for (size_t i = 0; i < par[LB_REG_LAYERS].n; i++)
		named |= par[LB_REG_LAYERS].list[i] == (double)(layer + 1);
	return named || (!par[LB_REG_LAYERS].n && !(layer == 0 && r->skips_first));
}

/* ---- l2 ---- */

static const struct lb_param l2_params[] = { LB_REG_LAYERS_PARAM };

static double l2_value(const struct lb_arg *par, const struct lb_layer_matrix *m, double factor, double *g, double *room, double *state)
{
	double sum = 0;

	(void)par, (void)room, (void)state;
	for (size_t i = 0; i < m->out * m->in; i++) {
		sum += m->w[i] * m->w[i];
		g[i] += factor * m->w[i];
	}
	return sum / 2;
}

/* ---- l2_sp ---- */

/* The state: 1 once the weights of the start are in it, which follow. */
static size_t l2_sp_state(size_t out, size_t in)
{
	return 1 + out * in;
}

static double l2_sp_value(const struct lb_arg *par, const struct lb_layer_matrix *m, double factor, double *g, double *room, double *state)
{
	const size_t n = m->out * m->in;
	double sum = 0;

	(void)par, (void)room;
	if (!(state[0] > 0))
		memcpy(state + 1, m->w, n * sizeof *state);
	state[0] = 1;
	for (size_t i = 0; i < n; i++) {
		const double away = m->w[i] - state[1 + i];
		sum += away * away;
		g[i] += factor * away;
	}
	return sum / 2;
}

/* ---- biper_qe ---- */

enum { OMEGA = LB_REG_OWN };
static const struct lb_param biper_params[] = {
	LB_REG_LAYERS_PARAM,
	[OMEGA] = { .name = "omega", .symbol = "omega", .type = LB_REAL_PARAM, .def = 20, .min = 0, .max = 1e6, .min_open = true, .help = "frequency, that of the "
		    "procedure biper" },
};

static double biper_value(const struct lb_arg *par, const struct lb_layer_matrix *m, double factor, double *g, double *room, double *state)
{
	const double omega = par[OMEGA].v, n = (double)(m->out * m->in);
	double sum = 0;

	(void)room, (void)state;
	for (size_t i = 0; i < m->out * m->in; i++) {
		sum += 0.5 - 0.5 * cos(2 * omega * m->w[i]);
		g[i] += factor * omega * sin(2 * omega * m->w[i]) / n;
	}
	return sum / n;
}

/* ---- l1 and elastic_net ---- */

enum { RATIO = LB_REG_HOW + 1 };
static const struct lb_param l1_params[] = { LB_REG_LAYERS_PARAM, LB_REG_HOW_PARAM };
static const struct lb_param elastic_params[] = {
	LB_REG_LAYERS_PARAM, LB_REG_HOW_PARAM,
	[RATIO] = { .name = "ratio", .symbol = "r", .type = LB_REAL_PARAM, .def = 0.5, .min = 0, .max = 1, .grid = { 0.1, 0.5, 0.9 }, .n_grid = 3,
		    .help = "share of l1; 0: l2 alone, 1: l1 alone" },
};

static double mixed_value(const struct lb_layer_matrix *m, double ratio, double factor, double *g)
{
	double sum = 0;

	for (size_t i = 0; i < m->out * m->in; i++) {
		const double w = m->w[i];
		sum += ratio * fabs(w) + (1 - ratio) * w * w / 2;
		g[i] += factor * (ratio * ((w > 0) - (w < 0)) + (1 - ratio) * w);
	}
	return sum;
}

static void mixed_prox(const struct lb_layer_matrix *m, double ratio, double t)
{
	for (size_t i = 0; i < m->out * m->in; i++) {
		const double left = fabs(m->w[i]) - t * ratio;
		m->w[i] = left > 0 ? copysign(left / (1 + t * (1 - ratio)), m->w[i]) : 0;
	}
}

static double l1_value(const struct lb_arg *par, const struct lb_layer_matrix *m, double factor, double *g, double *room, double *state)
{
	(void)par, (void)room, (void)state;
	return mixed_value(m, 1, factor, g);
}

static void l1_prox(const struct lb_arg *par, const struct lb_layer_matrix *m, double t, double *room)
{
	(void)par, (void)room;
	mixed_prox(m, 1, t);
}

static double elastic_value(const struct lb_arg *par, const struct lb_layer_matrix *m, double factor, double *g, double *room, double *state)
{
	(void)room, (void)state;
	return mixed_value(m, par[RATIO].v, factor, g);
}

static void elastic_prox(const struct lb_arg *par, const struct lb_layer_matrix *m, double t, double *room)
{
	(void)room;
	mixed_prox(m, par[RATIO].v, t);
}

/* ---- descriptors ---- */

const struct lb_regulariser lb_regulariser_l1 = {
	.base = { .name = "l1", .tasks = LB_EVERY_TASK, .title = "Sizes of the weights",
		  .cite = "Tibshirani, Regression Shrinkage and Selection via the Lasso, JRSS B 58, 1996", .formula = "sum |w|; prox: sign(w) max(|w| - t, 0)",
		  .notes = "By its gradient, sign(w), weights seldom reach 0.", .keywords = "lasso sparse", LB_PARAMS(l1_params) },
	.value = l1_value, .prox = l1_prox,
};

const struct lb_regulariser lb_regulariser_l2_sp = {
	.base = { .name = "l2_sp", .tasks = LB_EVERY_TASK, .title = "Squares of how far the weights of some layers are from where the training began",
		  .cite = "X. Li, Y. Grandvalet, F. Davoine, Explicit inductive bias for transfer learning with convolutional networks, ICML 2018", .formula = "|W - W_0|^2 / 2",
		  .notes = "With model.start W_0 are the weights of that model. A layer that begins anew (start_layers: hidden) is best left out by layers.",
		  .keywords = "starting_point fine_tuning transfer proximal", LB_PARAMS(l2_params) },
	.value = l2_sp_value,
	.state = l2_sp_state,
};

const struct lb_regulariser lb_regulariser_l2 = {
	.base = { .name = "l2", .tasks = LB_EVERY_TASK, .title = "Squares of the weights of some layers",
		  .cite = "Hoerl & Kennard, Ridge Regression, Technometrics 12, 1970", .formula = "sum w^2 / 2",
		  .notes = "Of all layers it is the coupled weight_decay of the optimizer, which costs less.", .keywords = "ridge weight_decay", LB_PARAMS(l2_params) },
	.value = l2_value,
};

const struct lb_regulariser lb_regulariser_elastic_net = {
	.base = { .name = "elastic_net", .tasks = LB_EVERY_TASK, .title = "Sizes and squares of the weights",
		  .cite = "Zou & Hastie, Regularization and Variable Selection via the Elastic Net, JRSS B 67, 2005",
		  .formula = "sum r |w| + (1 - r) w^2 / 2; prox: sign(w) max(|w| - t r, 0) / (1 + t (1 - r))", .keywords = "elasticnet sparse", LB_PARAMS(elastic_params) },
	.value = elastic_value, .prox = elastic_prox,
};

const struct lb_regulariser lb_regulariser_biper_qe = {
	.base = { .name = "biper_qe", .tasks = LB_EVERY_TASK, .title = "Mean squared sine of a layer's weights",
		  .cite = "BiPer: Binary Neural Networks using a Periodic Function, CVPR 2024; code edmav4/BiPer",
		  .formula = "mean(1/2 - 1/2 cos(2 omega w)) = mean(sin(omega w)^2)",
		  .notes = "Beside the procedure biper. The code adds it to the loss, by a weight that grows over the epochs: it is least where the "
			   "sine is 0, halfway between two runs of one sign, and most where it is -1 or 1.", .keywords = "quantization binary periodic", LB_PARAMS(biper_params) },
	.value = biper_value,
};
