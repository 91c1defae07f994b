/* Cross-entropy less a share of the cross-entropy to all labels: smoothing of the opposite sign. */
#include "losses/support/label_gaps.h"

/* ---- negative_smoothing ---- */

static const struct lb_param smoothing_params[] = {
	{ .name = "r", .symbol = "r", .def = -0.4, .min = -100, .max = 1, .grid = { -2, -0.4, 0, 0.1 }, .n_grid = 4,
	  .help = "rate of smoothing: below 0 the other labels are pushed away, 0 is cross-entropy, above 0 label_smoothing" },
};

static const struct lb_same_as smoothing_same_as[] = {
	{ .set = "r=0", .other = "ce", .other_set = "" },
	{ .set = "r=0.2", .other = "label_smoothing", .other_set = "alpha=0.2" },
};

static const struct lb_example smoothing_examples[] = {
	{ .set = "r=-3", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 3 }, .value = 1.3862943611198906, .source = "by hand: every target gives log 4" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = 0.58648719755853084,
	  .source = "mpmath, 80 digits" },
};

LB_BODY void smoothing_body(size_t n, const struct lb_arg *par, struct lb_lane_rows *at)
{
	lb_label_gaps(n, 1, par[0].v / (double)at->c, at);
}
LB_SIDE_BY_SIDE(negative_smoothing, true, smoothing_body)

const struct lb_loss LB_LOSS(multiclass, negative_smoothing) = {
	.info = {
		.base = {
			.name = "negative_smoothing",
			.title = "Label smoothing at a rate that may be negative",
			.cite = "J. Wei, H. Liu, T. Liu, G. Niu, M. Sugiyama, Y. Liu, To smooth or not? When label smoothing meets noisy labels, ICML 2022",
			.formula = "-sum_k t_k log p_k,  t = (1 - r) e + r/C",
			.notes = "For r below 0 the targets of the other classes are negative: unbounded below, so that weight decay or early stopping has to "
				 "hold it. It undoes symmetric label noise of the matching rate in expectation. The paper tunes r.",
			.keywords = "nls negative_label_smoothing generalized_label_smoothing",
			LB_PARAMS(smoothing_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_SAME_AS(smoothing_same_as),
		LB_EXAMPLES(smoothing_examples),
	},
	.form = &negative_smoothing_form,
};

/* ---- cores ---- */

static const struct lb_param cores_params[] = {
	{ .name = "beta", .symbol = "b", .def = 2, .min = 0, .max = 100, .grid = { 0, 0.5, 1, 2 }, .n_grid = 4,
	  .help = "weight of the cross-entropy to all labels that is taken away; 0 is cross-entropy" },
};

static const struct lb_same_as cores_same_as[] = {
	{ .set = "beta=0", .other = "ce", .other_set = "" },
	{ .set = "beta=0.5", .other = "negative_smoothing", .other_set = "r=-1", .scale = 0.5 },
};

static const struct lb_example cores_examples[] = {
	{ .set = "", .b = 1, .c = 4, .z = { 0, 0, 0, 0 }, .y = { 3 }, .value = -1.3862943611198906, .source = "by hand: log 4 - 2 log 4" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = -1.8264871975585308,
	  .source = "mpmath, 80 digits" },
};

static real cores_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_label_gaps_row(in, i, z, g, 1 - in->par[0].v, -in->par[0].v / (double)in->c);
}
LB_ROW(cores, cores_row)

const struct lb_loss LB_LOSS(multiclass, cores) = {
	.info = {
		.base = {
			.name = "cores",
			.title = "Confidence-regularised cross-entropy: less the mean cross-entropy to all labels",
			.cite = "H. Cheng, Z. Zhu, X. Li, Y. Gong, X. Sun, Y. Liu, Learning with instance-dependent label noise: a sample sieve approach, ICLR "
				"2021",
			.formula = "-log p_y + (b/C) sum_k log p_k",
			.notes = "The regulariser of the paper with even shares of the labels, without its sieve of rows. Below b = 1 it is 1 - b times "
				 "negative_smoothing with r = -b / (1 - b); above it is concave. Unbounded below for b above 0.",
			.keywords = "cores2 confidence_regularized sample_sieve instance_dependent",
			LB_PARAMS(cores_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_SAME_AS(cores_same_as),
		LB_EXAMPLES(cores_examples),
	},
	.form = &cores_form,
};

/* ---- peer_loss ---- */

static const struct lb_param peer_params[] = {
	{ .name = "alpha", .symbol = "a", .def = 1, .min = 0, .max = 100, .grid = { 0, 0.5, 1, 2 }, .n_grid = 4,
	  .help = "weight of the peer term; 0 is cross-entropy" },
};

static const struct lb_same_as peer_same_as[] = {
	{ .set = "alpha=0", .other = "ce", .other_set = "" },
};

static const struct lb_example peer_examples[] = {
	{ .set = "", .b = 2, .c = 2, .z = { 1, 0, 0, 3 }, .y = { 0, 1 }, .value = -1, .source = "by hand: -(1 + 3) / 4" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .y = { 0, 1 }, .value = -0.7, .source = "mpmath, 80 digits" },
};

static size_t peer_room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->c * sizeof(double);
}

/* Of a row, by what share of the batch each label has. */
static double peer_row(const struct lb_batch *in, const real *z, size_t y, const double *share, real *g)
{
	const struct lb_log_softmax soft = lb_log_softmax(z, in->c);
	const double a = in->par[0].v;
	double sum = (a - 1) * lb_log_p(z[y], &soft);

	for (size_t k = 0; k < in->c; k++) {
		const double is = k == y;
		sum -= a * share[k] * ((double)z[y] - (double)z[k]);
		if (g)
			g[k] = (real)((lb_p(z[k], &soft) - is - a * (lb_p(z[k], &soft) - share[k])) / (double)in->b);
	}
	return sum;
}

static double peer_batch(const struct lb_batch *in, real *g)
{
	const size_t c = in->c;
	double *share = in->workspace, sum = 0;

	for (size_t k = 0; k < c; k++)
		share[k] = 0;
	for (size_t i = 0; i < in->b; i++)
		share[in->y[i]] += 1 / (double)in->b;
	for (size_t i = 0; i < in->b; i++)
		sum += peer_row(in, in->output.value + i * c, (size_t)in->y[i], share, g ? g + i * c : NULL);
	return lb_with_nan(in, g, sum / (double)in->b);
}
LB_BATCH(peer_loss, peer_batch)

const struct lb_loss LB_LOSS(multiclass, peer_loss) = {
	.info = {
		.base = {
			.name = "peer_loss",
			.title = "Peer loss: cross-entropy less that of random pairs of a row and a label",
			.cite = "Y. Liu, H. Guo, Peer loss functions: learning from noisy labels without knowing noise rates, ICML 2020",
			.formula = "-log p_y + a sum_k s_k log p_k,  s the shares of the labels in the batch",
			.notes = "The paper draws one row and one label for each row; this is the expectation over all pairs of a row and a label of the "
				 "batch, with the same mean gradient. Unbounded below for a above 0. At a = 1 it is linear in the scores.",
			.keywords = "peer noisy_labels correlated_agreement",
			LB_PARAMS(peer_params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "label noise",
		.properties = LB_SMOOTH | LB_SHIFT_INVARIANT,
		LB_SAME_AS(peer_same_as),
		LB_EXAMPLES(peer_examples),
	},
	.form = &peer_loss_form,
	.workspace = peer_room,
};
