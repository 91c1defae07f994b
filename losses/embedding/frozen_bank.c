/* InfoNCE with a frozen bank: a row finds what the guide says of it among what it says of all
 * training rows. */
#include "losses/support/guide.h"
#include "losses/support/view_words.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { TAU };

static const struct lb_param params[] = { [TAU] = LB_VIEW_TEMPERATURE(0.07) };

static const struct lb_example examples[] = {
	{ .set = "tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 3 }, .y = { 0, 1 }, .x = { 2, 0, 0, 1 }, .n_x = 2, .value = 0.31326168751822286, .source = "by hand: log(1 + exp(-1))" },
};

/* The directions of what the guide says of the training rows. */
struct bank {
	size_t n, c;
	double row[];            /* (n, c) */
};

static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	const size_t n = stats->n_rows, c = stats->n_columns;

	(void)par;
	if (stats->guide_columns != c) {
		lb_fail(err, LB_CONFIG, "data.side.guide: found %zu column%s with loss info_nce_bank and model.dimension %zu, allowed: as many as the embedding has",
			stats->guide_columns, stats->guide_columns == 1 ? "" : "s", c);
		return NULL;
	}
	struct bank *k = lb_alloc(1, sizeof *k + n * c * sizeof *k->row, err);
	if (!k)
		return NULL;
	*k = (struct bank){ .n = n, .c = c };
	for (size_t i = 0; i < n; i++) {
		const double *from = stats->guide + (stats->guide_row ? stats->guide_row[i] : i) * c, squared = lb_dot(c, from, from);
		for (size_t j = 0; j < c; j++)
			k->row[i * c + j] = squared > 1e-24 ? from[j] / sqrt(squared) : 0;
	}
	return k;
}

/* -s_own/t + log sum_j exp(s_j/t) over the bank, in two passes and without room for the s;
 * by (c), unless NULL, gets share times its derivative by u. */
static double row_loss(const struct bank *k, const double *u, size_t own, double t, double share, double *by)
{
	double most = -(double)INFINITY, sum = 0;

	for (size_t i = 0; i < k->n; i++)
		most = fmax(most, lb_dot(k->c, u, k->row + i * k->c));
	const double s_own = lb_dot(k->c, u, k->row + own * k->c);
	double rest = 0;
	for (size_t i = 0; i < k->n; i++) {
		const double *row = k->row + i * k->c, e = exp((lb_dot(k->c, u, row) - most) / t);
		sum += e;
		rest += i == own ? 0 : e;
		for (size_t j = 0; by && j < k->c; j++)
			by[j] += e * row[j];
	}
	for (size_t j = 0; by && j < k->c; j++)
		by[j] = share * (by[j] / sum - k->row[own * k->c + j]) / t;
	return s_own < most ? log(sum) + (most - s_own) / t : log1p(rest);
}

static double batch(const struct lb_batch *in, real *g)
{
	const struct bank *k = in->state;
	const size_t b = in->b, c = in->c;
	const double share = 1 / (double)b;
	double *u = in->workspace, *by = u + c, sum = 0;

	for (size_t j = 0; j < b * c; j++)
		sum += 0 * (double)in->output.value[j];
	if (g)
		memset(g, 0, b * c * sizeof *g);
	for (size_t i = 0; i < b && !isnan(sum) && in->row_id; i++) {
		const real *z = in->output.value + i * c;
		double squared = 0;
		for (size_t j = 0; j < c; j++)
			squared += (double)z[j] * (double)z[j];
		const double inverse = squared > 1e-24 ? 1 / sqrt(squared) : 0;
		for (size_t j = 0; j < c; j++)
			u[j] = (double)z[j] * inverse, by[j] = 0;
		sum += share * row_loss(k, u, in->row_id[i], in->par[TAU].v, share, g ? by : NULL);
		const double along = lb_dot(c, by, u);
		for (size_t j = 0; g && j < c; j++)
			g[i * c + j] = (real)((by[j] - along * u[j]) * inverse);
	}
	for (size_t j = 0; g && isnan(sum) && j < b * c; j++)
		g[j] = (real)sum;
	return sum;
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return 2 * shape->c * sizeof(double);
}

LB_BATCH(info_nce_bank, batch)

const struct lb_loss LB_LOSS(embedding, info_nce_bank) = {
	.info = {
		.base = {
			.name = "info_nce_bank",
			.title = "InfoNCE with a frozen bank: a row finds its own among what a guide says of all training rows",
			.cite = "Z. Feng, R. Zhang, Z. Nie, Improving composed image retrieval via contrastive learning with scaling positives and negatives, ACM Multimedia 2024 (static negatives); "
				"Z. Wu, Y. Xiong, S. X. Yu, D. Lin, Unsupervised feature learning via non-parametric instance discrimination, CVPR 2018",
			.formula = "mean_i of log sum_k exp(u_i.b_k / t) - u_i.b_i / t,  b_k the guide's direction of training row k, over all of them",
			.notes = LB_GUIDED "It has as many columns as the embedding (model.dimension). Every training row is a negative at every step, at the cost of B x n x D; labels are not read, and judge alone. "
				 "A second phase of a training: a first one keeps its model (output.model: true), the next takes it as its guide. A row of zeros has cosine 0 to all and does not move.",
			.keywords = "frozen_bank static_negatives memory_bank infonce scaling_negatives second_stage",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "retrieval",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_GUIDE | LB_NEEDS_SAMPLE_IDS,
		.exceptions = LB_SIZE_MATTERS | LB_JUMPS_AT_ZERO,
		LB_EXAMPLES(examples),
	},
	.form = &info_nce_bank_form,
	.init = init,
	.free = free,
	.workspace = workspace,
};
