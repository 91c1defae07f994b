#include "losses/support/class_counts.h"

enum { BETA, GAMMA };

static const struct lb_param params[] = {
	[BETA] = { .name = "beta", .symbol = "b", .def = 0.999, .min = 0, .max = 1, .grid = { 0.9, 0.99, 0.999, 0.9999 }, .n_grid = 4,
		   .help = "overlap of the rows of a class: 0 weighs all classes alike, 1 by the inverse of their counts" },
	[GAMMA] = { .name = "gamma", .symbol = "g", .def = 0, .min = 0, .max = 100, .grid = { 0, 0.5, 1, 2 }, .n_grid = 4,
		    .help = "down-weighting of easy rows, as in focal" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "beta=0", .other = "ce", .other_set = "" },
	{ .set = "beta=0 gamma=2", .other = "focal", .other_set = "gamma=2" },
};

static const struct lb_example examples[] = {
	{ .set = "beta=0.5", .b = 3, .c = 2, .z = { 0, 0, 0, 0, 0, 0 }, .y = { 0, 0, 1 }, .value = 0.64693736852261562,
	  .source = "by hand: counts (2, 1), weights 2/3 and 1 times 6/5, (0.8 + 0.8 + 1.2)/3 log 2" },
	{ .set = "beta=0.9 gamma=1", .b = 4, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8, 0.5, 0, -0.7, 0.1, 0.6, -0.2 },
	  .y = { 0, 1, 0, 0 }, .value = 0.44276886116427236, .source = "mpmath, 30 digits: counts (3, 1, 0)" },
};

/* (1 - b) / (1 - b^n): one over the effective number of n rows. */
static double weight(double beta, double n)
{
	return beta < 1 ? (1 - beta) / -expm1(n * log(beta)) : 1 / n;
}

/* Over the mean of the classes that have rows. */
static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	double *table = lb_class_table(stats, err), sum = 0, classes = 0;

	for (size_t k = 0; table && k < stats->n_classes; k++) {
		table[k] = weight(par[BETA].v, lb_count(stats, k));
		sum += stats->counts[k] > 0 ? table[k] : 0;
		classes += stats->counts[k] > 0;
	}
	for (size_t k = 0; table && k < stats->n_classes; k++)
		table[k] *= classes > 0 ? classes / sum : 1;
	return table;
}

static struct lb_phi phi(const struct lb_softmax *s, const struct lb_arg *par)
{
	return lb_focal_phi(s, (real)par[GAMMA].v);
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const double *weights = in->state;
	const real w = (real)weights[in->y[i]], loss = lb_phi_row(in, i, z, g, R(1.0), phi);

	for (size_t k = 0; g && k < in->c; k++)
		g[k] *= w;
	return w * loss;
}

LB_SOFTMAX_ROW(class_balanced, row)

const struct lb_loss LB_LOSS(multiclass, class_balanced) = {
	.info = {
		.base = {
			.name = "class_balanced",
			.title = "Class-balanced loss: rows weighed by the effective number of rows of their class",
			.cite = "Y. Cui, M. Jia, T.-Y. Lin, Y. Song, S. Belongie, Class-balanced loss based on effective number of samples, "
				"CVPR 2019",
			.formula = "-w_y q^g log p_y,  w_c proportional to (1 - b) / (1 - b^(n_c)), of mean 1 over the classes",
			.notes = "n_c are the counts of the training rows, after corruption. The softmax form; the paper has sigmoid forms "
				 "besides. Weights are scaled to mean 1 over the classes, not over the rows, as in the paper; the value "
				 "is the plain mean of the weighted rows. A class without training rows is left out of that scaling, "
				 "where its weight would dwarf all others, and weighs as one of a single row. Not calibrated for "
				 "accuracy: it decides by w_k times the probability. beta = 1 is the paper's limit, weights 1/n_c. The "
				 "paper tries the grids given here and chooses by validation. Convex only at gamma = 0.",
			.keywords = "cb_loss effective_number class_balanced_focal class_weights reweighting long_tail imbalance",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "class imbalance",
		.properties = LB_NONNEGATIVE | LB_SMOOTH | LB_SHIFT_INVARIANT,
		.needs = LB_NEEDS_CLASS_COUNTS,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &class_balanced_form,
	.init = init,
	.free = free,
};
