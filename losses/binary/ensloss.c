#include "losses/support/margin.h"

#include "core/base/mem.h"
#include "core/numeric/rng.h"

#include <stdlib.h>
#include <string.h>

enum { BOX_COX, XI, SEED };
static const double no_draws[1];

static const struct lb_param params[] = {
	[BOX_COX] = { .name = "box_cox", .symbol = "lam", .def = 0, .min = -2, .max = 2, .grid = { -0.5, 0, 0.5 }, .n_grid = 3,
		      .help = "inverse Box-Cox transformation of the draws; 0 is exp" },
	[XI] = { .name = "xi", .symbol = "xi", .type = LB_REALS_PARAM, .def_list = no_draws, .min = -1e3, .max = 1e3,
		 .help = "draws to take in the place of random ones, repeated; an empty list draws" },
	[SEED] = { .name = "seed", .type = LB_SEED_PARAM, .help = "seed of the draws; default train.seed" },
};

static const struct lb_example examples[] = {
	{ .set = "xi=[0]", .b = 1, .c = 1, .z = { 0.5 }, .y = { 1 }, .value = -0.5000005,
	  .source = "by hand: r = -1, (-1 - 1e-6) 0.5" },
	{ .set = "xi=[0.5,-1,0.2,-0.3]", .b = 4, .c = 1, .z = { 2, -1.2, 0.5, -0.3 }, .y = { 1, 0, 0, 1 }, .value = -0.077175015463290052,
	  .source = "mpmath, 30 digits" },
};

/* What a run remembers: the latest derivative of each training row, NaN before the first. */
struct memory {
	uint64_t visits;
	real slope[];
};

static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	struct memory *m = lb_alloc(1, sizeof *m + stats->n_rows * sizeof *m->slope, err);

	(void)par;
	for (size_t i = 0; m && i < stats->n_rows; i++)
		m->slope[i] = (real)NAN;
	return m;
}

static real drawn(double lam, double xi)
{
	const double base = 1 + lam * xi, m = lam < 0 || lam > 0 ? pow(base > 0 ? base : 0, 1 / lam) : exp(xi);

	return m < 1 ? (real)-m : R(-1.0);
}

/* A margin and its row, in one cell each; the row as the bits of a number. */
static int by_margin(const void *a, const void *b)
{
	const real *x = a, *y = b;
	uint32_t i, j;

	if (x[0] < y[0] || x[0] > y[0])
		return x[0] < y[0] ? -1 : 1;
	memcpy(&i, x + 1, sizeof i);
	memcpy(&j, y + 1, sizeof j);
	return (i > j) - (i < j);
}

static int by_value(const void *a, const void *b)
{
	const real x = *(const real *)a, y = *(const real *)b;

	return (x > y) - (x < y);
}

static void update_state(const struct lb_batch *in)
{
	struct memory *m = in->state;
	const struct lb_arg *xi = &in->par[XI];
	real *margin = in->workspace, *r = margin + 2 * in->b;
	struct lb_rng rng;

	lb_rng_init(&rng, (uint64_t)in->par[SEED].v, LB_RNG_LOSS, ++m->visits);
	for (uint32_t i = 0; i < in->b; i++) {
		const real s = lb_margin_of(in, i, in->output.value + i);
		r[i] = drawn(in->par[BOX_COX].v, xi->n ? xi->list[i % xi->n] : lb_rng_normal(&rng));
		margin[2 * i] = isnan(s) ? R(0.0) : s;
		memcpy(margin + 2 * i + 1, &i, sizeof i);
	}
	qsort(r, in->b, sizeof *r, by_value);
	qsort(margin, in->b, 2 * sizeof *margin, by_margin);
	for (size_t k = 0; in->row_id && k < in->b; k++) {
		const real s = margin[2 * k];
		uint32_t i;
		memcpy(&i, margin + 2 * k + 1, sizeof i);
		m->slope[in->row_id[i]] = (s > 1 ? r[k] / s : r[k]) - R(1e-6);
	}
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct memory *memory = in->state;
	const real s = lb_margin_of(in, i, z), slope = in->row_id ? memory->slope[in->row_id[i]] : (real)NAN;
	const struct lb_margin m = isnan(slope) ? lb_hinge(s) : (struct lb_margin){ .loss = slope * s, .slope = slope };

	return lb_margin_row(&m, in->y[i], R(1.0), g);
}

static size_t state_size(const struct lb_arg *par, const struct lb_loss_stats *stats)
{
	(void)par;
	return sizeof(struct memory) + stats->n_rows * sizeof(real);
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return 3 * shape->b * sizeof(real);
}

LB_ROW(ensloss, row)

const struct lb_loss LB_LOSS(binary, ensloss) = {
	.info = {
		.base = {
			.name = "ensloss",
			.title = "EnsLoss: a new random convex calibrated loss at every step",
			.cite = "B. Dai, EnsLoss: stochastic calibrated loss ensembles for preventing overfitting in "
				"classification, ICML 2025 (PMLR 267), and its repository",
			.formula = "g_i s_i at the drawn g:  r = max(-m, -1) in the order of the margins,  g_i = r_i / "
				   "max(1, s_i) - 1e-6,  m = exp(xi) or (1 + lam xi)_+^(1/lam),  xi normal",
			.notes = "Only derivatives are drawn: one a row of the batch, the smallest for the smallest margin "
				 "(ties in the order of rows), so they are those of some convex loss with a negative slope "
				 "at 0. They are drawn at each visit of a batch from (seed, number of the visit), then held: "
				 "value and gradient are those of the line g_i s_i, whose value does not fall as training "
				 "goes on; watch other metrics. Rows without a draw (validation rows, no sample ids) are "
				 "seen with hinge. xi gives the draws instead, repeated over the rows: for comparison with "
				 "other software. The paper redraws lam from (-1, 1) in some runs; here it is fixed, 0 as in "
				 "its tables. On one-layer networks hinge did as well in the paper; the gain grows with "
				 "depth.",
			.keywords = "stochastic ensemble calibrated random_loss",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "overfitting",
		.properties = LB_CONVEX | LB_CALIBRATED,
		.needs = LB_NEEDS_SAMPLE_IDS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(examples),
	},
	.form = &ensloss_form,
	.workspace = workspace,
	.init = init,
	.update_state = update_state,
	.state_size = state_size,
	.free = free,
};
