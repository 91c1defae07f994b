#include "losses/support/label_proportions.h"
#include "losses/support/several_outputs.h"

static const struct lb_param params[] = { LB_DIVERGENCE_PARAM };

static const struct lb_example examples[] = {
	{ .set = "", .b = 3, .c = 1, .z = { 0, 0, 0 }, .y = { 1, 1, 0 }, .value = 0.056633012265132495,
	  .source = "by hand: a bag of three, 2/3 log(4/3) + 1/3 log(2/3)" },
	{ .set = "divergence=squared", .b = 2, .c = 1, .z = { 0, 0 }, .y = { 1, 1 }, .value = 0.25, .source = "by hand: (1 - 1/2)^2" },
};

static void log_probabilities(size_t c, const real *z, double *log_p)
{
	(void)c;
	log_p[0] = lb_log_sigmoid(-(double)z[0]);
	log_p[1] = lb_log_sigmoid((double)z[0]);
}

/* A difference of shares is counted once, not in both classes. */
static double batch(const struct lb_batch *in, real *g)
{
	const bool of_differences = (enum lb_divergence)(int)in->par[0].v >= LB_DIVERGENCE_SQUARED;

	return lb_bags_of_labels(in, 2, of_differences ? 0.5 : 1, log_probabilities, g);
}
LB_BATCH(llp, batch)

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_proportions_room(shape->b, 2);
}

const struct lb_loss LB_LOSS(binary, llp) = {
	.info = {
		.base = {
			.name = "llp",
			.title = "Learning from label proportions: a bag's mean probability against the share of its positive labels",
			.cite = "E. M. Ardehaly, A. Culotta, Co-training for demographic classification using deep learning from label proportions, ICDM Workshops "
				"2017",
			.formula = "mean over bags of D(q, pbar) [+ D(1 - q, 1 - pbar) of kl and ce],  q share of 1 in the bag, pbar the mean of its rows' sigmoid(z)",
			.notes = "Bags are those of data.bags; a batch never cuts one, and each counts once, whatever its size. A label is read for its bag's "
				 "share alone. Bags of one row give logistic, by kl and ce. kl is ce less the entropy of the shares, with the same "
				 "gradient. Metrics stay those of single rows.",
			.keywords = "label_proportions llp bags aggregate weak_supervision privacy",
			LB_PARAMS(params),
		},
		.kind = LB_BINARY,
		.good_for = "shares of labels in bags",
		.properties = LB_NONNEGATIVE,
		.needs = LB_NEEDS_BAGS,
		LB_EXAMPLES(examples),
	},
	.form = &llp_form,
	.workspace = workspace,
};
