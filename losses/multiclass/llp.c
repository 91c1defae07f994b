#include "losses/support/label_proportions.h"
#include "losses/support/log_softmax.h"

static const struct lb_param params[] = { LB_DIVERGENCE_PARAM };

static const struct lb_example examples[] = {
	{ .set = "", .b = 3, .c = 2, .z = { 0, 0, 0, 0, 0, 0 }, .y = { 0, 0, 1 }, .value = 0.056633012265132495,
	  .source = "by hand: a bag of three, 2/3 log(4/3) + 1/3 log(2/3)" },
	{ .set = "divergence=ce", .b = 2, .c = 2, .z = { 0, 0, 0, 0 }, .y = { 0, 1 }, .value = 0.69314718055994531, .source = "by hand: log 2" },
	{ .set = "divergence=squared", .b = 2, .c = 2, .z = { 0, 0, 0, 0 }, .y = { 0, 0 }, .value = 0.5, .source = "by hand: (1 - 1/2)^2 + (0 - 1/2)^2" },
};

static void log_probabilities(size_t c, const real *z, double *log_p)
{
	const struct lb_log_softmax l = lb_log_softmax(z, c);

	for (size_t k = 0; k < c; k++)
		log_p[k] = lb_log_p(z[k], &l);
}

static double batch(const struct lb_batch *in, real *g)
{
	return lb_bags_of_labels(in, in->c, 1, log_probabilities, g);
}
LB_BATCH(llp, batch)

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_proportions_room(shape->b, shape->c);
}

const struct lb_loss LB_LOSS(multiclass, llp) = {
	.info = {
		.base = {
			.name = "llp",
			.title = "Learning from label proportions: a bag's mean probabilities against the shares of its labels",
			.cite = "E. M. Ardehaly, A. Culotta, Co-training for demographic classification using deep learning from label proportions, ICDM Workshops "
				"2017",
			.formula = "mean over bags of sum_k D(q_k, pbar_k),  q shares of the bag's labels, pbar the mean of its rows' softmax(z)",
			.notes = "Bags are those of data.bags; a batch never cuts one, and each counts once, whatever its size. A label is read for its bag's "
				 "shares alone: which row has it changes nothing. Bags of one row give ce, by kl and ce. kl is ce less the entropy of the "
				 "shares, with the same gradient. Metrics stay those of single rows, so that a run tells what is lost.",
			.keywords = "label_proportions llp bags aggregate weak_supervision privacy",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "shares of labels in bags",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT,
		.needs = LB_NEEDS_BAGS,
		LB_EXAMPLES(examples),
	},
	.form = &llp_form,
	.workspace = workspace,
};
