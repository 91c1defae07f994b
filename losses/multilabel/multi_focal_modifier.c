#include "losses/support/focal_entry.h"

#include "core/base/mem.h"

#include <stdlib.h>

enum { GAMMA_POS, GAMMA_NEG, CLIP, POWER, DETACH };

static const struct lb_param params[] = {
	[GAMMA_POS] = { .name = "gamma_pos", .symbol = "g+", .def = 0, .min = 0, .max = 10, .grid = { 0, 1 }, .n_grid = 2,
			.help = "power on labels that are there" },
	[GAMMA_NEG] = { .name = "gamma_neg", .symbol = "g-", .def = 4, .min = 0, .max = 10, .grid = { 2, 3, 4 }, .n_grid = 3,
			.help = "power on labels that are not there, less the label's weight" },
	[CLIP] = { .name = "clip", .symbol = "m", .def = 0.05, .min = 0, .max = 0.9, .grid = { 0, 0.05 }, .n_grid = 2,
		   .help = "labels that are not there with p below this have no loss" },
	[POWER] = { .name = "power", .symbol = "r", .def = 1.0 / 6, .min = 0, .max = 1, .grid = { 0, 1.0 / 6, 1.0 / 3 }, .n_grid = 3,
		    .help = "how much more rare labels weigh; 0: all weigh 1" },
	[DETACH] = { .name = "detach", .type = LB_BOOL_PARAM, .def = 1, .help = "hold the focal powers fixed in the gradient" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "gamma_neg=3 power=0 detach=false", .other = "asl", .other_set = "gamma_neg=4" },
};

static const struct lb_example examples[] = {
	{ .set = "gamma_neg=1 clip=0", .b = 1, .c = 2, .z = { 0, 0 }, .t = { 1, 0 }, .value = 0.86643397569993164,
	  .source = "by hand: weights 1, (1 + 1/4) log 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .t = { 1, 0, 0, 0, 1, 1 }, .value = 0.6309762034320325,
	  .source = "mpmath, 30 digits" },
};

/* held: (n_rows,c) focal powers as of the last visit. */
struct memory {
	double *weight, *held;
};

static void forget(void *state)
{
	struct memory *m = state;

	free(m->weight);
	free(m->held);
	free(m);
}

static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	const size_t c = stats->n_classes;
	struct memory *m = lb_alloc(1, sizeof *m, err);
	double most = 1;

	if (!m)
		return NULL;
	m->weight = lb_alloc(c, sizeof *m->weight, err);
	m->held = lb_alloc(par[DETACH].v != 0 ? stats->n_rows * c : 1, sizeof *m->held, err);
	if (!m->weight || !m->held) {
		forget(m);
		return NULL;
	}
	for (size_t k = 0; k < c; k++)
		most = stats->counts[k] > most ? stats->counts[k] : most;
	for (size_t k = 0; k < c; k++)
		m->weight[k] = pow(1 - log((stats->counts[k] > 1 ? stats->counts[k] : 1.0) / most), par[POWER].v);
	return m;
}

static struct lb_focal terms(const struct lb_batch *in, double z, real label, size_t k)
{
	const struct memory *m = in->state;

	return label > 0 ? lb_focal_there(z, in->par[GAMMA_POS].v) :
			   lb_focal_away(z, in->par[GAMMA_NEG].v + m->weight[k], in->par[CLIP].v);
}

static void update_state(const struct lb_batch *in)
{
	struct memory *m = in->state;

	for (size_t i = 0; in->par[DETACH].v != 0 && in->row_id && i < in->b; i++)
		for (size_t k = 0; k < in->c; k++)
			m->held[in->row_id[i] * in->c + k] = terms(in, (double)in->output.value[i * in->c + k], in->label_matrix[i * in->c + k], k).power;
}

/* A visit writes what its batch reads: nothing has to be kept from one to the next. */
static size_t state_size(const struct lb_arg *par, const struct lb_loss_stats *stats)
{
	(void)par, (void)stats;
	return 0;
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const struct memory *m = in->state;
	const bool held = in->par[DETACH].v != 0 && in->row_id;
	const real *t = in->label_matrix + i * in->c;
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		struct lb_cell cell = { .loss = isnan(z[k]) ? (double)z[k] : 0 };
		if (t[k] >= 0) {
			struct lb_focal f = terms(in, (double)z[k], t[k], k);
			f.power = held ? m->held[in->row_id[i] * in->c + k] : f.power;
			f.by_power = in->par[DETACH].v != 0 ? 0 : f.by_power;
			cell = lb_focal_cell(&f, m->weight[k]);
		}
		sum += cell.loss;
		if (g)
			g[k] = (real)cell.slope;
	}
	return (real)sum;
}

LB_ROW(multi_focal_modifier, row)

const struct lb_loss LB_LOSS(multilabel, multi_focal_modifier) = {
	.info = {
		.base = {
			.name = "multi_focal_modifier",
			.title = "Multi-focal modifier of the code: asymmetric loss with a weight and a power for each label",
			.cite = "W. Zhang, C. Liu, L. Zeng, B. C. Ooi, S. Tang, Y. Zhuang, Learning in imperfect environment: multi-label "
				"classification with long-tailed distribution and partial labels (COMIC), ICCV 2023 (the authors' code)",
			.formula = "-sum_k w_k [y_k (1 - p_k)^{g+} log p_k + (1 - y_k) t_k^{g- + w_k} log(1 - t_k)],  w_k = (1 - log(n_k / max "
				   "n))^r,  t = max(p - m, 0)",
			.notes = "n_k training rows have label k; none counts as one. detach: the powers (1 - p)^{g+} and t^{g- + w} are those of the "
				 "scores that the batch had when it was read, and the gradient does not go through them, as in the code; without, "
				 "it does. power = 0 and gamma_neg less 1 is asl in that way. The paper's formula is mfm. The correction of labels "
				 "after the first epoch is not part of the loss. A label that is not known has no part.",
			.keywords = "mfm comic asymmetric focal long_tail multilabel detached",
			LB_PARAMS(params),
		},
		.kind = LB_MULTILABEL,
		.good_for = "long-tailed labels",
		.properties = LB_NONNEGATIVE,
		.needs = LB_NEEDS_CLASS_COUNTS | LB_NEEDS_SAMPLE_IDS,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &multi_focal_modifier_form,
	.init = init,
	.update_state = update_state,
	.state_size = state_size,
	.free = forget,
};
