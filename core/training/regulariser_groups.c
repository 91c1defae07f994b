/* Regularisers of groups of weights: those into an output, or out of an input. */
#include "core/training/regulariser.h"

#include "losses/loss_info.h"

#include <math.h>

static const char *const groupings[] = { "columns", "rows", NULL };
enum { BY_COLUMNS, BY_ROWS };
enum { GROUPS = LB_REG_HOW + 1, SIZE_WEIGHT, FREE };
#define GROUPS_PARAMS(default_size)                                                                                             \
	LB_REG_LAYERS_PARAM, LB_REG_HOW_PARAM,                                                                                  \
	[GROUPS] = { .name = "groups", .type = LB_CHOICE_PARAM, .choices = groupings,                                           \
		     .help = "columns: the weights out of each input; rows: those into each output" },                          \
	[SIZE_WEIGHT] = { .name = "size_weight", .type = LB_BOOL_PARAM, .def = (default_size), .help = "larger groups count more" }

/* The weights of group j stand at w[j * from + i * step], i < n. */
struct groups {
	size_t count, n, from, step;
};

static struct groups groups_of(const struct lb_arg *par, const struct lb_layer_matrix *m)
{
	return par[GROUPS].v == BY_ROWS ? (struct groups){ m->out, m->in, m->in, 1 } : (struct groups){ m->in, m->out, 1, m->in };
}

static double length(const struct groups *of, const double *w, size_t j)
{
	double sum = 0;

	for (size_t i = 0; i < of->n; i++)
		sum += w[j * of->from + i * of->step] * w[j * of->from + i * of->step];
	return sqrt(sum);
}

static void scale(const struct groups *of, double *w, size_t j, double factor)
{
	for (size_t i = 0; i < of->n; i++)
		w[j * of->from + i * of->step] *= factor;
}

static void add(const struct groups *of, const double *w, size_t j, double factor, double *g)
{
	for (size_t i = 0; i < of->n; i++)
		g[j * of->from + i * of->step] += factor * w[j * of->from + i * of->step];
}

/* ---- group_lasso ---- */

static const struct lb_param lasso_params[] = { GROUPS_PARAMS(1) };

static double lasso_weight(const struct lb_arg *par, const struct groups *of)
{
	return par[SIZE_WEIGHT].v != 0 ? sqrt((double)of->n) : 1;
}

static double lasso_value(const struct lb_arg *par, const struct lb_layer_matrix *m, double factor, double *g, double *room, double *state)
{
	const struct groups of = groups_of(par, m);
	const double each = lasso_weight(par, &of);
	double sum = 0;

	(void)room, (void)state;
	for (size_t j = 0; j < of.count; j++) {
		const double size = length(&of, m->w, j);
		sum += each * size;
		if (size > 0)
			add(&of, m->w, j, factor * each / size, g);
	}
	return sum;
}

static void lasso_prox(const struct lb_arg *par, const struct lb_layer_matrix *m, double t, double *room)
{
	const struct groups of = groups_of(par, m);
	const double most = t * lasso_weight(par, &of);

	(void)room;
	for (size_t j = 0; j < of.count; j++) {
		const double size = length(&of, m->w, j);
		scale(&of, m->w, j, size > most ? 1 - most / size : 0);
	}
}

/* ---- wgsef ---- */

static const struct lb_param wgsef_params[] = {
	GROUPS_PARAMS(0),
	[FREE] = { .name = "k", .symbol = "k", .type = LB_INT_PARAM, .def = 1, .min = 1, .max = 1e6, .help = "groups of a layer that count as few" },
};

static size_t wgsef_room(size_t out, size_t in)
{
	return 2 * (out > in ? out : in);
}

/* Returns what a group counts. */
static double wgsef_weight(const struct lb_arg *par, const struct groups *of)
{
	return par[SIZE_WEIGHT].v != 0 ? (double)of->n : 1;
}

static double clipped(double u)
{
	return u < 0 ? 0 : u > 1 ? 1 : u;
}

/* u (count) <- the shares clip(eta sqrt(d) |w_j| - less, 0, 1) that sum to k, size the lengths; all
 * groups other than 0 have 1 where they are k at most. */
static void shares(size_t count, const double *size, double k, double d, double less, double *u)
{
	double low = 0, high = 1, least = (double)INFINITY;
	size_t some = 0;

	for (size_t j = 0; j < count; j++) {
		u[j] = size[j] > 0;
		some += size[j] > 0;
		least = size[j] > 0 && size[j] < least ? size[j] : least;
	}
	if ((double)some <= k)
		return;
	high = (1 + less) / (sqrt(d) * least);
	for (int round = 0; round < 200 && low < high; round++) {
		const double eta = low + (high - low) / 2;
		double sum = 0;
		for (size_t j = 0; j < count; j++)
			sum += u[j] = clipped(eta * sqrt(d) * size[j] - less);
		if (eta <= low || eta >= high)
			break;
		*(sum < k ? &low : &high) = eta;
	}
}

static double wgsef_value(const struct lb_arg *par, const struct lb_layer_matrix *m, double factor, double *g, double *room, double *state)
{
	const struct groups of = groups_of(par, m);
	const double d = wgsef_weight(par, &of);
	double *size = room, *u = room + of.count, sum = 0;

	(void)state;
	for (size_t j = 0; j < of.count; j++)
		size[j] = length(&of, m->w, j);
	shares(of.count, size, par[FREE].v, d, 0, u);
	for (size_t j = 0; j < of.count; j++) {
		if (!(u[j] > 0))
			continue;
		sum += d * size[j] * size[j] / (2 * u[j]);
		add(&of, m->w, j, factor * d / u[j], g);
	}
	return sum;
}

static void wgsef_prox(const struct lb_arg *par, const struct lb_layer_matrix *m, double t, double *room)
{
	const struct groups of = groups_of(par, m);
	const double d = wgsef_weight(par, &of);
	double *size = room, *u = room + of.count;

	for (size_t j = 0; j < of.count; j++)
		size[j] = length(&of, m->w, j);
	shares(of.count, size, par[FREE].v, d, t * d, u);
	for (size_t j = 0; j < of.count; j++)
		scale(&of, m->w, j, u[j] > 0 ? u[j] / (t * d + u[j]) : 0);
}

/* ---- descriptors ---- */

const struct lb_regulariser lb_regulariser_group_lasso = {
	.base = { .name = "group_lasso", .tasks = LB_EVERY_TASK, .title = "Lengths of groups of weights, which become 0 together",
		  .cite = "Yuan & Lin, Model Selection and Estimation in Regression with Grouped Variables, JRSS B 68, 2006",
		  .formula = "sum_j s |w_j|, s = sqrt(weights of a group) (1 without size_weight); prox: w_j max(1 - t s / |w_j|, 0)",
		  .notes = "With columns of the first layer it selects features.", .keywords = "sparse feature_selection", LB_PARAMS(lasso_params) },
	.value = lasso_value, .prox = lasso_prox,
};

const struct lb_regulariser lb_regulariser_wgsef = {
	.base = { .name = "wgsef", .tasks = LB_EVERY_TASK, .title = "Weighted group sparse envelope: all but about k groups of a layer shrink",
		  .cite = "Learning k-Level Structured Sparse Neural Networks Using Group Envelope Regularization, 2022",
		  .formula = "min over 0 <= u <= 1, sum u = k, of sum_j d |w_j|^2 / (2 u_j); prox: w_j u_j / (t d + u_j), u_j = clip(eta sqrt(d) |w_j| - t d, 0, 1), "
			     "eta so that sum u = k",
		  .notes = "d is 1, or with size_weight the weights of a group; which weights the paper takes was not to be read. Where at most k groups are "
			   "not 0 it is d/2 |w|^2.", .keywords = "sparse pruning", LB_PARAMS(wgsef_params) },
	.value = wgsef_value, .prox = wgsef_prox, .room = wgsef_room,
};
