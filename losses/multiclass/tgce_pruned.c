#include "losses/support/softmax.h"

#include "core/base/mem.h"

#include <stdlib.h>

enum { Q, K };

enum { REFRESH = 10 };

static const struct lb_param params[] = {
	[Q] = { .name = "q", .symbol = "a", .def = 0.7, .min = 0, .max = 1, .min_open = true, .grid = { 0.05, 0.7, 0.95 }, .n_grid = 3,
		.help = "robustness: towards 0 cross-entropy, at 1 half of mae" },
	[K] = { .name = "k", .symbol = "k", .def = 0.5, .min = 0, .max = 1, .max_open = true, .grid = { 0, 0.1, 0.5 }, .n_grid = 3,
		.help = "rows with p_y <= k at a refresh are left out until the next; 0 leaves out none" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "", .other = "gce", .other_set = "" },
	{ .set = "q=1 k=0.9", .other = "mae", .other_set = "", .scale = 0.5 },
};

static const struct lb_example examples[] = {
	{ .set = "q=0.5", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 2 }, .value = 1,
	  .source = "by hand: no row is left out at first; p_y = 1/4, (1 - 1/2) / (1/2)" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.59296770246431322,
	  .source = "mpmath, 30 digits" },
};

static bool skips_update(const struct lb_arg *par, size_t epoch, size_t epochs)
{
	(void)par;
	return (epoch + 1) % REFRESH == 0 && 2 * epoch > epochs;
}

/* The state: one byte a training row, 1 where it is left out. */
static void update_state(const struct lb_batch *in)
{
	unsigned char *out = in->state;
	const real least = (real)log(in->par[K].v);

	for (size_t i = 0; in->row_id && in->epochs && skips_update(in->par, in->epoch, in->epochs) && i < in->b; i++)
		out[in->row_id[i]] = lb_softmax(in->output.value + i * in->c, in->c, (size_t)in->y[i], R(1.0), lb_terms(in, NULL)).lp <= least;
}

static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	return lb_box_cox_phi(s, (real)par[Q].v);
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const unsigned char *out = in->state;
	const real loss = lb_phi_row(in, i, z, g, R(1.0), phi);

	if (!out || !in->row_id || !out[in->row_id[i]] || isnan(loss))
		return loss;
	for (size_t k = 0; g && k < in->c; k++)
		g[k] = 0;
	return 0;
}

static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	(void)par;
	return lb_alloc(stats->n_rows, 1, err);
}

static size_t state_size(const struct lb_arg *par, const struct lb_loss_stats *stats)
{
	(void)par;
	return stats->n_rows;
}

LB_ROW(tgce_pruned, row)

const struct lb_loss LB_LOSS(multiclass, tgce_pruned) = {
	.info = {
		.base = {
			.name = "tgce_pruned",
			.title = "Generalized cross-entropy that leaves out doubtful rows late in training",
			.cite = "Z. Zhang, M. R. Sabuncu, Generalized cross entropy loss for training deep neural networks with noisy "
				"labels, NeurIPS 2018, algorithm 1; with the schedule of the program released with D. Zhu, Y. Ying, "
				"T. Yang, Label distributionally robust losses for multi-class classification, ICML 2023",
			.formula = "v (1 - p_y^a) / a,  v in {0, 1} kept for each training row",
			.notes = "v is 1 at first. Every 10th epoch later than half of all only reads the training rows, sets v = 1 where "
				 "p_y > k, else 0, and moves no parameter; the loss it shows is that of the new v. A batch with rows left "
				 "out is still divided by all its rows. Up to the first such epoch, and outside training, it is gce. In "
				 "trainings of fewer than 10 epochs no epoch refreshes. Value and gradient hold v fixed. Unlike tgce it "
				 "learns from all rows first.",
			.keywords = "truncated_generalized_cross_entropy truncated_gce pruned_gce trunc_loss",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT | LB_BOUNDED | LB_CALIBRATED,
		.needs = LB_NEEDS_SAMPLE_IDS,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &tgce_pruned_form,
	.init = init,
	.update_state = update_state,
	.skips_update = skips_update,
	.state_size = state_size,
	.free = free,
};
