/* Contrastive losses that remember, for each training row, what its negatives amount to. */
#include "losses/support/two_views.h"

#include "core/base/mem.h"

#include <stdlib.h>

/* What is kept for each training row, an array each: the moving means of exp(v / t) over the
 * negatives of the row in the first view and in the second, 0 before the first visit; their mean
 * before this visit; isogclr's temperature of this visit, that of the next, and the moving mean of
 * the derivative by it. */
enum kept { FIRST, SECOND, BEFORE, NOW, NEXT, SLOPE, ARRAYS };

static double *kept_of(const struct lb_batch *in, enum kept k, size_t row)
{
	return (double *)in->state + k * in->stats->n_rows + in->row_id[row];
}

static size_t state_size(const struct lb_arg *par, const struct lb_loss_stats *stats)
{
	(void)par;
	return ARRAYS * stats->n_rows * sizeof(double);
}

static void *open_state(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	(void)par;
	return lb_alloc(ARRAYS * stats->n_rows, sizeof(double), err);
}

static size_t room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_anchors_bytes(shape, LB_BOTH_VIEWS);
}

/* The mean over the negatives of exp((s - shift) / t), which the caller keeps from overflowing. */
static double mean_exp(const struct lb_anchor *a, const double *s, double shift, double t)
{
	double sum = 0;

	for (size_t k = 0; k < a->n; k++)
		sum += k == a->own ? 0 : exp((s[k] - shift) / t);
	return sum / (double)(a->n - 1);
}

/* Mixes what a visit sees into the moving mean of its direction, which begins at the mean of both
 * after the visit before. Returns it. */
static double mix_in(const struct lb_anchor *a, double gamma, double seen)
{
	double *first = kept_of(a->in, FIRST, a->row), *second = kept_of(a->in, SECOND, a->row), *before = kept_of(a->in, BEFORE, a->row);

	if (a->view == 0)
		*before = (*first + *second) / 2;
	return *(a->view ? second : first) = *before > 0 ? (1 - gamma) * *before + gamma * seen : seen;
}

/* The moving mean that the row was left with, or, outside training, `seen` of this batch. */
static double remembered(const struct lb_anchor *a, double seen)
{
	const double u = a->in->state && a->in->row_id ? *kept_of(a->in, a->view ? SECOND : FIRST, a->row) : 0;

	return u > 0 ? u : seen;
}

#define IN_WORDS                                                                                         \
	"s_ij is the cosine of a row of one view to a row of either; n runs over the 2 (B - 1) other rows of both views, i' is the same row in the other view. u_i is kept " \
	"for each training row and direction, begins with the row's first batch and is held fixed in the gradient, as are the weights; each visit begins at the mean of both directions. " \
	"A row is meant to stand in a batch once. Labels are not read, and judge alone. A row of zeros has cosine 0 to all and does not move. Where there is one view, as in validation, it is " \
	"both, and u_i is the batch's. A batch of one row gives 0. "

/* ---- sogclr ---- */

enum { TAU, GAMMA };

#define GAMMA_PARAM                                                                                      \
	[GAMMA] = { .name = "gamma", .symbol = "gamma", .def = 0.9, .min = 0, .max = 1, .min_open = true, .grid = { 0.5, 0.9, 1 }, .n_grid = 3, \
		    .help = "share of the batch in a row's moving mean; 1: the batch alone" }

static const struct lb_param sogclr_params[] = {
	[TAU] = { .name = "tau", .symbol = "t", .def = 0.1, .min = 0.01, .max = 1e3, .log_scale = true, .grid = { 0.05, 0.1, 0.5 }, .n_grid = 3,
		  .help = "temperature: cosines are divided by it" },
	GAMMA_PARAM,
};

static const struct lb_example sogclr_examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = -2, .source = "by hand: all negatives have cosine 0: 2 (0 - 1)" },
};

/* What a visit sees: exp((s - 1) / t), as cosines are at most 1. */
static void sogclr_visit(void *arg, const struct lb_anchor *a)
{
	(void)arg;
	if (a->n > 1)
		mix_in(a, a->in->par[GAMMA].v, mean_exp(a, a->s, 1, a->in->par[TAU].v));
}

static void sogclr_update(const struct lb_batch *in)
{
	if (in->row_id)
		lb_visit_anchors(in, LB_BOTH_VIEWS, sogclr_visit, NULL);
}

/* Twice the anchor's term, as both directions are summed. */
static double sogclr_anchor(const struct lb_anchor *a)
{
	const double t = a->in->par[TAU].v, directions = 2;
	double sum = -a->s[a->own];

	if (a->n < 2)
		return 0;
	const double u = remembered(a, mean_exp(a, a->held, 1, t)), share = 1 / ((double)(a->n - 1) * u);
	for (size_t k = 0; k < a->n; k++) {
		const double weight = k == a->own ? 0 : share * exp((a->held[k] - 1) / t);
		sum += weight * a->s[k];
		if (a->slope)
			a->slope[k] = directions * (k == a->own ? -1 : weight);
	}
	return directions * sum;
}

static double sogclr_batch(const struct lb_batch *in, real *g)
{
	return lb_of_anchors(in, g, LB_BOTH_VIEWS, true, sogclr_anchor);
}

LB_BATCH(sogclr, sogclr_batch)

const struct lb_loss LB_LOSS(embedding, sogclr) = {
	.info = {
		.base = {
			.name = "sogclr",
			.title = "SogCLR: the global contrastive loss with a moving mean for each row, for small batches",
			.cite = "Z. Yuan, Y. Wu, Z.-H. Qiu, X. Du, L. Zhang, D. Zhou, T. Yang, Provable stochastic optimization for global contrastive learning, ICML 2022, algorithm 1",
			.formula = "mean_i of the sum over both directions of -s_ii' + mean_n w_n s_in,  w_n = exp(s_in / t) / u_i,  u_i <- (1 - gamma) u_i + gamma mean_n exp(s_in / t)",
			.notes = IN_WORDS "The value is the surrogate whose derivative the method follows; with gamma 1 that of gcl.",
			.keywords = "gcl global contrastive small_batch moving_average libauc",
			LB_PARAMS(sogclr_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.needs = LB_NEEDS_VIEWS | LB_NEEDS_SAMPLE_IDS,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_EXAMPLES(sogclr_examples),
	},
	.form = &sogclr_form,
	.init = open_state,
	.update_state = sogclr_update,
	.state_size = state_size,
	.free = free,
	.workspace = room,
};

/* ---- isogclr ---- */

enum { RHO, ISOGCLR_GAMMA, START, LOW, HIGH, RATE, BETA };

static const struct lb_param isogclr_params[] = {
	[RHO] = { .name = "rho", .symbol = "rho", .def = 0.3, .min = 0, .max = 100, .grid = { 0.1, 0.3, 0.5 }, .n_grid = 3,
		  .help = "how far the weights of negatives may be from equal; larger: lower temperatures" },
	GAMMA_PARAM,
	[START] = { .name = "tau", .symbol = "t0", .def = 0.1, .min = 0.01, .max = 10, .log_scale = true, .grid = { 0.1, 0.3 }, .n_grid = 2,
		    .help = "temperature that every row begins with" },
	[LOW] = { .name = "tau_min", .symbol = "low", .def = 0.05, .min = 0.01, .max = 10, .help = "least temperature" },
	[HIGH] = { .name = "tau_max", .symbol = "high", .def = 0.7, .min = 0.01, .max = 10, .help = "largest temperature" },
	[RATE] = { .name = "rate", .symbol = "eta", .def = 0.01, .min = 0, .max = 10, .help = "step of the temperatures" },
	[BETA] = { .name = "beta", .symbol = "beta", .def = 0.9, .min = 0, .max = 1, .help = "share of this visit in the moving mean of a temperature's derivative" },
};

static int isogclr_check(const struct lb_arg *par, struct lb_err *err)
{
	if (par[LOW].v <= par[HIGH].v)
		return 0;
	return lb_fail(err, LB_CONFIG, "tau_min: found %g, allowed: at most tau_max, %g", par[LOW].v, par[HIGH].v);
}

static const struct lb_example isogclr_examples[] = {
	{ .set = "tau=0.5", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = -1.7, .source = "by hand: 2 (0.5 (0 - 1)/0.5 + 0.5 0.3)" },
};

static void *isogclr_init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	double *state = open_state(par, stats, err);

	for (size_t i = 0; state && i < stats->n_rows; i++)
		state[NOW * stats->n_rows + i] = state[NEXT * stats->n_rows + i] = par[START].v;
	return state;
}

static double temperature(const struct lb_anchor *a)
{
	return a->in->state && a->in->row_id ? *kept_of(a->in, NOW, a->row) : a->in->par[START].v;
}

/* The derivative of one direction's term by the temperature: log u + rho - sum_n w_n h_n / t, h_n
 * how much nearer a negative is than the positive. */
static double by_temperature(const struct lb_anchor *a, double u, double t)
{
	double sum = 0;

	for (size_t k = 0; k < a->n; k++) {
		const double h = a->s[k] - a->s[a->own];
		sum += k == a->own ? 0 : exp(h / t) / u * h / t;
	}
	return log(u) + a->in->par[RHO].v - sum / (double)(a->n - 1);
}

/* The loss of this visit reads the temperature that the last one left; the step to the next follows
 * the mean of both directions. */
static void isogclr_visit(void *arg, const struct lb_anchor *a)
{
	const struct lb_arg *par = a->in->par;
	double *now = kept_of(a->in, NOW, a->row), *next = kept_of(a->in, NEXT, a->row), *slope = kept_of(a->in, SLOPE, a->row);

	(void)arg;
	if (a->n < 2)
		return;
	if (a->view == 0)
		*now = *next;
	const double u = mix_in(a, par[ISOGCLR_GAMMA].v, mean_exp(a, a->s, a->s[a->own], *now)), half = by_temperature(a, u, *now) / 2;
	*slope = (a->view ? *slope : (1 - par[BETA].v) * *slope) + par[BETA].v * half;
	if (a->view)
		*next = fmin(fmax(*now - par[RATE].v * *slope, par[LOW].v), par[HIGH].v);
}

static void isogclr_update(const struct lb_batch *in)
{
	if (in->row_id)
		lb_visit_anchors(in, LB_BOTH_VIEWS, isogclr_visit, NULL);
}

/* With w and u held: t log u + t rho, and w's mean times what h has moved since. Twice. */
static double isogclr_anchor(const struct lb_anchor *a)
{
	const double t = temperature(a), directions = 2;

	if (a->n < 2)
		return 0;
	const double u = remembered(a, mean_exp(a, a->held, a->held[a->own], t)), share = 1 / ((double)(a->n - 1) * u);
	double sum = t * (log(u) + a->in->par[RHO].v);
	for (size_t k = 0; k < a->n; k++) {
		const double h = a->s[k] - a->s[a->own], held = a->held[k] - a->held[a->own], weight = k == a->own ? 0 : share * exp(held / t);
		sum += weight * (h - held);
		if (a->slope) {
			a->slope[k] += directions * weight;
			a->slope[a->own] -= directions * weight;
		}
	}
	return directions * sum;
}

static double isogclr_batch(const struct lb_batch *in, real *g)
{
	return lb_of_anchors(in, g, LB_BOTH_VIEWS, true, isogclr_anchor);
}

LB_BATCH(isogclr, isogclr_batch)

const struct lb_loss LB_LOSS(embedding, isogclr) = {
	.info = {
		.base = {
			.name = "isogclr",
			.title = "iSogCLR: a temperature of its own for each row, learnt by robust optimisation",
			.cite = "Z.-H. Qiu, Q. Hu, Z. Yuan, D. Zhou, L. Zhang, T. Yang, Not all semantics are created equal: contrastive self-supervised learning with automatic temperature "
				"individualization, ICML 2023, algorithm 1",
			.formula = "mean_i of the sum over both directions of t_i log mean_n exp((s_in - s_ii') / t_i) + t_i rho,  t_i <- clip(t_i - eta v_i, low, high),  v_i the moving mean of "
				   "half the derivative",
			.notes = IN_WORDS "Here u_i is the mean of exp((s_in - s_ii') / t_i), and takes the place of the batch's mean in the logarithm and in the weights. The temperatures "
				 "are stepped by the loss itself, not by the optimiser; a visit's loss reads what the visit before left.",
			.keywords = "sogclr individual_temperature dro robust libauc",
			LB_PARAMS(isogclr_params),
			.check = isogclr_check,
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.needs = LB_NEEDS_VIEWS | LB_NEEDS_SAMPLE_IDS,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_EXAMPLES(isogclr_examples),
	},
	.form = &isogclr_form,
	.init = isogclr_init,
	.update_state = isogclr_update,
	.state_size = state_size,
	.free = free,
	.workspace = room,
};
