/* Losses of a softmax over the other rows of a batch. */
#include "losses/support/pairs.h"

enum { TAU, ANCHORS };
enum { ALL, VALID };

static const char *const anchors[] = { "all", "valid", NULL };

#define TEMPERATURE(value)                                                                                                                      \
	[TAU] = { .name = "tau", .symbol = "tau", .def = value, .min = 0, .max = 1000, .min_open = true, .log_scale = true,                     \
		  .grid = { 0.07, 0.1, 0.5 }, .n_grid = 3, .help = "temperature: cosines are divided by it" }

static const struct lb_param supcon_params[] = {
	TEMPERATURE(0.1),
	[ANCHORS] = { .name = "anchors", .symbol = "anchors", .type = LB_CHOICE_PARAM, .choices = anchors, .def = ALL,
		      .help = "mean over all rows, where one without a positive adds 0, or over those with one" },
};
static const struct lb_param in_params[] = { TEMPERATURE(0.1) };
static const struct lb_param focal_params[] = { TEMPERATURE(0.07) };

/* q (b) <- the share of each other row whose pair with i counts in sum e^(scale s_ia), 0 of the
 * rest; returns the log of the sum. */
static double softmax_of_others(const struct lb_row_pairs *p, size_t i, double scale, double *q)
{
	for (size_t j = 0; j < p->b; j++)
		q[j] = lb_counts(p, i, j) ? scale * lb_to(p, i, j) : -(double)INFINITY;
	return lb_log_sum_exp(p->b, q, false);
}

/* The slopes from row i += by q. */
static void spread_over_all(const struct lb_row_pairs *p, size_t i, double by, const double *q)
{
	for (size_t j = 0; p->slope && j < p->b; j++)
		p->slope[i * p->b + j] += by * q[j];
}

/* ---- supcon ---- */

static const struct lb_example supcon_examples[] = {
	{ .set = "tau=1", .b = 3, .c = 2, .z = { 1, 0, 0, 1, 0, -2 }, .y = { 0, 0, 1 }, .classes = 2, .value = 0.33546962269272274, .source = "mpmath, by the definition" },
};

static double supcon(const struct lb_row_pairs *p)
{
	const double tau = p->in->par[TAU].v;
	double *q = p->room, sum = 0, valid = 0;

	for (size_t i = 0; i < p->b; i++) {
		const struct lb_partners of = lb_partners_of(p, i);
		if (!of.n_pos)
			continue;
		const double share = 1 / (double)of.n_pos;
		const double all = softmax_of_others(p, i, 1 / tau, q);
		for (size_t k = 0; k < of.n_pos; k++) {
			sum += share * (all - 1 / tau * lb_to(p, i, of.pos[k]));
			lb_slope(p, i, of.pos[k], -share / tau);
		}
		spread_over_all(p, i, 1 / tau, q);
		valid++;
	}
	return lb_mean_of(p, sum, p->in->par[ANCHORS].v > 0 ? valid : (double)p->b);
}

LB_SIMILARITY(supcon, lb_cosines, supcon)

const struct lb_loss LB_LOSS(embedding, supcon) = {
	.info = {
		.base = {
			.name = "supcon",
			.title = "Supervised contrastive loss: the mean log probability of each positive among all other rows",
			.cite = "P. Khosla, P. Teterwak, C. Wang, A. Sarna, Y. Tian, P. Isola, A. Maschinot, C. Liu, D. Krishnan, Supervised contrastive learning, "
				"NeurIPS 2020, eq. 2",
			.formula = "mean over rows i of -mean_p log(e^(s_ip / tau) / sum over a != i of e^(s_ia / tau))",
			.notes = "A row without a positive adds 0; with anchors=all, as in the authors' program, it counts. The authors take tau 0.07 and two "
				 "views of each row; here the rows of a batch are what there is. pytorch-metric-learning gives 0 for a batch without "
				 "negatives, this does not.",
			.keywords = "SupConLoss supervised_contrastive",
			LB_PARAMS(supcon_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(supcon_examples),
	},
	.form = &supcon_form,
};

/* ---- supcon_in and nca ---- */

/* Returns, for row i, log sum over all others - log sum over positives, of e^(scale d), and adds
 * its slopes. */
static double all_against_positives(const struct lb_row_pairs *p, size_t i, const struct lb_partners *of, double scale)
{
	double *q = p->room, *own = p->room + p->b;
	const double all = softmax_of_others(p, i, scale, q);

	lb_gather_to(p, i, of->n_pos, of->pos, scale, 0, own);
	const double of_positives = lb_log_sum_exp(of->n_pos, own, false);
	spread_over_all(p, i, scale, q);
	lb_spread_slopes(p, i, of->n_pos, of->pos, -scale, own);
	return all > of_positives ? all - of_positives : 0;
}

static const struct lb_example in_examples[] = {
	{ .set = "tau=1", .b = 3, .c = 2, .z = { 1, 0, 0, 1, 0, -2 }, .y = { 0, 0, 1 }, .classes = 2, .value = 0.5032044340390841, .source = "mpmath, by the definition" },
};

static double supcon_in(const struct lb_row_pairs *p)
{
	double sum = 0, n = 0;

	for (size_t i = 0; i < p->b; i++) {
		const struct lb_partners of = lb_partners_of(p, i);
		if (!of.n_pos)
			continue;
		sum += all_against_positives(p, i, &of, 1 / p->in->par[TAU].v) + log((double)of.n_pos);
		n++;
	}
	return lb_mean_of(p, sum, n);
}

LB_SIMILARITY(supcon_in, lb_cosines, supcon_in)

const struct lb_loss LB_LOSS(embedding, supcon_in) = {
	.info = {
		.base = {
			.name = "supcon_in",
			.title = "Supervised contrastive loss with the mean inside: the log of the positives' mean probability",
			.cite = "P. Khosla et al., Supervised contrastive learning, NeurIPS 2020, eq. 3",
			.formula = "mean over rows i of -log mean_p (e^(s_ip / tau) / sum over a != i of e^(s_ia / tau))",
			.notes = "Only rows with a positive. It is never above supcon with anchors=valid, and the paper finds it worse: a positive that is "
				 "near already takes the weight from the others.",
			.keywords = "SupConLoss supervised_contrastive",
			LB_PARAMS(in_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(in_examples),
	},
	.form = &supcon_in_form,
};

enum { NCA_SCALE, NCA_NORMALIZE };

static const struct lb_param nca_params[] = {
	[NCA_SCALE] = { .name = "scale", .symbol = "kappa", .def = 1, .min = 0, .max = 1000, .min_open = true, .log_scale = true, .grid = { 1, 4, 8 }, .n_grid = 3,
			.help = "of squared distances" },
	[NCA_NORMALIZE] = { .name = "normalize", .symbol = "normalize", .type = LB_BOOL_PARAM, .def = 1, .help = "of embeddings divided by their length" },
};

static const struct lb_example nca_examples[] = {
	{ .set = "normalize=false", .b = 3, .c = 1, .z = { 0, 1, 3 }, .y = { 0, 0, 1 }, .classes = 2, .value = 0.024461378973318914, .source = "mpmath, by the definition" },
};

static struct lb_measured nca_measure(const struct lb_arg *par)
{
	return (struct lb_measured){ .measure = LB_SQUARED_EUCLIDEAN, .normalize = par[NCA_NORMALIZE].v != 0 };
}

static double nca(const struct lb_row_pairs *p)
{
	double sum = 0, n = 0;

	for (size_t i = 0; i < p->b; i++) {
		const struct lb_partners of = lb_partners_of(p, i);
		if (!of.n_pos)
			continue;
		sum += all_against_positives(p, i, &of, -p->in->par[NCA_SCALE].v);
		n++;
	}
	return lb_mean_of(p, sum, n);
}

LB_SIMILARITY(nca, nca_measure, nca)

const struct lb_loss LB_LOSS(embedding, nca) = {
	.info = {
		.base = {
			.name = "nca",
			.title = "Neighbourhood components analysis: the log probability that a random neighbour is of the same class",
			.cite = "J. Goldberger, S. Roweis, G. Hinton, R. Salakhutdinov, Neighbourhood components analysis, NeurIPS 2004, eq. 6, with the log of each "
				"row's probability",
			.formula = "mean over rows i of log sum over a != i of e^(-kappa d_ia^2) - log sum_p e^(-kappa d_ip^2)",
			.notes = "Only rows with a positive. On unit rows a larger scale holds classes less tightly together.",
			.keywords = "NCALoss neighbourhood_components_analysis soft_neighbours",
			LB_PARAMS(nca_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(nca_examples),
	},
	.form = &nca_form,
};

/* ---- focal_supcon ---- */

static const struct lb_example focal_examples[] = {
	{ .set = "tau=1", .b = 3, .c = 2, .z = { 1, 0, 0, 1, 0, -2 }, .y = { 0, 0, 1 }, .classes = 2, .value = 0.07180377229698112, .source = "mpmath, by the definition" },
};

static double focal_supcon(const struct lb_row_pairs *p)
{
	const double tau = p->in->par[TAU].v, b = (double)p->b;
	double *q = p->room, sum = 0, n = 0;

	for (size_t i = 0; i < p->b; i++) {
		const struct lb_partners of = lb_partners_of(p, i);
		if (!of.n_pos)
			continue;
		const double all = softmax_of_others(p, i, 1 / tau, q);
		double by_all = 0;
		for (size_t k = 0; k < of.n_pos; k++) {
			const double log_q = lb_to(p, i, of.pos[k]) / tau - all, own = q[of.pos[k]], by = (1 - own) - own * log_q;
			sum -= (1 - own) * log_q / b;
			lb_slope(p, i, of.pos[k], -by / (tau * b));
			by_all += by;
		}
		spread_over_all(p, i, by_all / (tau * b), q);
		n++;
	}
	return lb_mean_of(p, sum, n);
}

LB_SIMILARITY(focal_supcon, lb_cosines, focal_supcon)

const struct lb_loss LB_LOSS(embedding, focal_supcon) = {
	.info = {
		.base = {
			.name = "focal_supcon",
			.title = "Focal supervised contrastive loss: positives that are likely already weigh less",
			.cite = "Y. Zhang, B. Hooi, D. Hu, J. Liang, J. Feng, Unleashing the power of contrastive self-supervised visual models via "
				"contrast-regularized fine-tuning, NeurIPS 2021, eq. 4",
			.formula = "mean over rows i of -sum_p (1 - q_ip) log q_ip / B,  q_ip = e^(s_ip / tau) / sum over a != i of e^(s_ia / tau)",
			.notes = "Divided by the B rows of the batch, not by the number of positives, as in the authors' program; only rows with a positive are "
				 "in the mean. The weight 1 - q is differentiated too. The paper adds it, times 10, to the cross-entropy, and mixes hard pairs.",
			.keywords = "core_tuning focal",
			LB_PARAMS(focal_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(focal_examples),
	},
	.form = &focal_supcon_form,
};

/* ---- nt_xent_labels ---- */

static const struct lb_example xent_examples[] = {
	{ .set = "tau=1", .b = 3, .c = 2, .z = { 1, 0, 0, 1, 0, -2 }, .y = { 0, 0, 1 }, .classes = 2, .value = 0.5032044340390841, .source = "mpmath, by the definition" },
};

static double nt_xent_labels(const struct lb_row_pairs *p)
{
	const double tau = p->in->par[TAU].v;
	double *q = p->room, sum = 0, n = 0;

	for (size_t i = 0; i < p->b; i++) {
		const struct lb_partners of = lb_partners_of(p, i);
		lb_gather_to(p, i, of.n_neg, of.neg, 1 / tau, 0, q);
		const double others = lb_log_sum_exp(of.n_neg, q, false);
		double by_all = 0;
		for (size_t k = 0; k < of.n_pos; k++, n++) {
			const double v = others - lb_to(p, i, of.pos[k]) / tau, by = lb_logistic_of(v) / tau;
			sum += lb_softplus_of(v);
			lb_slope(p, i, of.pos[k], -by);
			by_all += by;
		}
		lb_spread_slopes(p, i, of.n_neg, of.neg, by_all, q);
	}
	return lb_mean_of(p, sum, n);
}

LB_SIMILARITY(nt_xent_labels, lb_cosines, nt_xent_labels)

static const struct lb_same_as xent_same[] = {
	{ .set = "tau=0.1", .other = "tuplet_margin", .other_set = "margin=0 scale=10" },
};

const struct lb_loss LB_LOSS(embedding, nt_xent_labels) = {
	.info = {
		.base = {
			.name = "nt_xent_labels",
			.title = "NT-Xent by labels: each positive pair against the negatives of its row alone",
			.cite = "T. Chen, S. Kornblith, M. Norouzi, G. Hinton, A simple framework for contrastive learning of visual representations, ICML 2020, "
				"eq. 1, with labels as in the library pytorch-metric-learning",
			.formula = "mean over positive pairs of -log(e^(s_ip / tau) / (e^(s_ip / tau) + sum_n e^(s_in / tau)))",
			.notes = "Other positives have no part in a pair's sum, where supcon has them in it. A pair without negatives adds 0 and counts.",
			.keywords = "NTXentLoss ntxent info_nce simclr",
			LB_PARAMS(focal_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS,
		LB_SAME_AS(xent_same),
		LB_EXAMPLES(xent_examples),
	},
	.form = &nt_xent_labels_form,
};
