#include "core/numeric/rng.h"
#include "datasets/dataset.h"
#include "datasets/sampling/noise_params.h"

enum { RATE, WHICH };
enum { BOTH, PRESENT, ABSENT };

static const char *const which_choices[] = { "both", "present", "absent", NULL };

/* Gives each label of the rows that `which` names, with chance `rate`, the value new_value[label].
 * Labels that are not known stay so. The stream of a label of a row has the index row * labels +
 * label. */
static int change_labels(const struct lb_noise *in, const double new_value[2], double *label)
{
	const size_t labels = in->features->data->n_targets;
	const int which = (int)in->par[WHICH].v;
	struct lb_rng r;

	for (size_t k = 0; k < in->n * labels; k++) {
		const size_t cell = in->rows[k / labels] * labels + k % labels;
		const bool present = label[cell] > 0;
		if (label[cell] < 0 || which == (present ? ABSENT : PRESENT))
			continue;
		lb_rng_init(&r, in->seed, LB_RNG_LABEL_NOISE, cell);
		if (lb_rng_unit(&r) < in->par[RATE].v)
			label[cell] = new_value[present];
	}
	return 0;
}

/* ---- partial ---- */

static const struct lb_param partial_params[] = {
	[RATE] = LB_NOISE_RATE("chance that a label becomes unknown"),
	[WHICH] = { .name = "which", .type = LB_CHOICE_PARAM, .choices = which_choices, .def = BOTH, .help = "labels that may become unknown" },
	LB_NOISE_VALID("labels"), LB_NOISE_SEED,
};

static int apply_partial(const struct lb_noise *in, double *label, struct lb_err *err)
{
	(void)err;
	return change_labels(in, (const double[]){ -1, -1 }, label);
}

const struct lb_corruption lb_corruption_partial = {
	.base = {
		.name = "partial",
		.tasks = 1u << LB_MULTILABEL,
		.title = "Partial labels: some are not known",
		.cite = "Durand, Mehrasa and Mori, Learning a deep ConvNet for multi-label classification with partial labels, CVPR 2019, section 5",
		.formula = "P(y'_k = unknown | y_k) = rate",
		.notes = "Each label of each row is drawn by itself. At a higher rate the same seed hides the same labels, and more besides.",
		.keywords = "missing unknown labels",
		LB_PARAMS(partial_params),
	},
	.apply_targets = apply_partial,
};

/* ---- flip ---- */

static const struct lb_param flip_params[] = {
	[RATE] = LB_NOISE_RATE("chance that a label is flipped"),
	[WHICH] = { .name = "which", .type = LB_CHOICE_PARAM, .choices = which_choices, .def = BOTH,
		    .help = "labels that may be flipped; present: labels go missing, absent: wrong ones are added" },
	LB_NOISE_VALID("labels"), LB_NOISE_SEED,
};

static int apply_flip(const struct lb_noise *in, double *label, struct lb_err *err)
{
	(void)err;
	return change_labels(in, (const double[]){ 1, 0 }, label);
}

const struct lb_corruption lb_corruption_flip = {
	.base = {
		.name = "flip",
		.tasks = 1u << LB_MULTILABEL,
		.title = "Flipped labels: a present one becomes absent, an absent one present",
		.cite = "Xie and Huang, CCMN: A general framework for learning with class-conditional multi-label noise, TPAMI 45, 2023; missing "
			"labels alone: Sun, Zhang and Zhou, Multi-label learning with weak label, AAAI 2010",
		.formula = "P(y'_k = 1 - y_k | y_k) = rate; with which: present (absent) only where y_k = 1 (0)",
		.notes = "Each label of each row is drawn by itself; labels that are not known stay so. At a higher rate the same seed flips the "
			 "same labels, and more besides.",
		.keywords = "noisy missing weak labels",
		LB_PARAMS(flip_params),
	},
	.apply_targets = apply_flip,
};
