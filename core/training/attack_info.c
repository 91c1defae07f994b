#include "core/training/train.h"

#include <math.h>

#define BALL                                                                                                                             \
	[LB_ATTACK_NORM] = { .name = "norm", .type = LB_CHOICE_PARAM, .choices = (const char *const[]){ "linf", "l2", NULL },           \
			     .grid = { 0, 1 }, .n_grid = 2, .help = "what measures a move: its largest entry, or its length" },          \
	[LB_ATTACK_EPS] = { .name = "eps", .symbol = "eps", .type = LB_REAL_PARAM, .required = true, .min = 0, .max = 1e6,               \
			    .grid = { 0, 0.05, 0.1, 0.2 }, .n_grid = 4,                                                                \
			    .help = "radius of the ball around a row, in units of the preprocessed features" },                        \
	[LB_ATTACK_CLIP] = { .name = "clip", .type = LB_REALS_PARAM,                                                                     \
			     .help = "[lo, hi]: no feature is moved out of these bounds; none if empty" }

static const char *const gradient_objectives[] = { "ce", "margin", "dlr", "probability_margin", NULL };
static const char *const all_objectives[] = { "ce", "margin", "dlr", "probability_margin", "deviation", "all", NULL };
static const char *const starts[] = { "random", "row", NULL };

static const struct lb_param closed_params[] = { BALL };

static const struct lb_param fgsm_params[] = {
	BALL,
	[LB_ATTACK_OBJECTIVE] = { .name = "objective", .type = LB_CHOICE_PARAM, .choices = gradient_objectives, .grid = { 0, 1, 3 }, .n_grid = 3,
				  .help = "what the step raises" },
};

static const struct lb_param pgd_params[] = {
	BALL,
	[LB_ATTACK_OBJECTIVE] = { .name = "objective", .type = LB_CHOICE_PARAM, .choices = all_objectives, .grid = { 0, 1, 3 }, .n_grid = 3,
				  .help = "what the steps raise; all: ce, margin, dlr (of three classes or more) and probability_margin in turn, in "
					  "evaluate only; deviation: that of the margins, for adv_comp_sum" },
	[LB_ATTACK_STEPS] = { .name = "steps", .symbol = "S", .type = LB_INT_PARAM, .def = 20, .min = 1, .max = 1e5, .grid = { 7, 20, 100 },
			      .n_grid = 3, .help = "steps along the gradient" },
	[LB_ATTACK_STEP] = { .name = "step", .symbol = "a", .type = LB_REAL_PARAM, .def = 0, .min = 0, .max = 1e6,
			     .help = "size of a step; 0: 2.5 eps / steps" },
	[LB_ATTACK_RESTARTS] = { .name = "restarts", .type = LB_INT_PARAM, .def = 1, .min = 1, .max = 1000, .help = "attacks, each from a new start" },
	[LB_ATTACK_START] = { .name = "start", .type = LB_CHOICE_PARAM, .choices = starts,
			      .help = "random: uniform in the ball; row: the row itself" },
	[LB_ATTACK_SEED] = { .name = "seed", .type = LB_SEED_PARAM, .help = "draws the starts; train.seed if not given" },
};

static const struct lb_info attacks[] = {
	{ .name = "none", .title = "Rows as they are", .cite = "none", .keywords = "clean standard" },
	{ .name = "closed_form", .title = "The place in the ball where the margin of a linear model is smallest, exactly",
	  .cite = "H. Xu, C. Caramanis, S. Mannor, Robustness and regularization of support vector machines, JMLR 10, 2009",
	  .formula = "x + eps v,  v = sign(u) (linf) or u/|u|_2 (l2),  u = w_j - w_y, j of the largest z_j - z_y + eps |u|_* (|u|_1, |u|_2)",
	  .notes = "With two classes training on it is training with the exact robust loss phi(s - eps |w|_*) and its subgradient, for every "
		   "loss that falls with the margin s.",
	  .keywords = "exact robust linear dual_norm", LB_PARAMS(closed_params) },
	{ .name = "fgsm", .title = "One step of size eps along the gradient",
	  .cite = "I. Goodfellow, J. Shlens, C. Szegedy, Explaining and harnessing adversarial examples, ICLR 2015",
	  .formula = "x + eps sign(g) (linf) or x + eps g/|g|_2 (l2),  g the gradient of the objective by x", .keywords = "fast_gradient fgm",
	  LB_PARAMS(fgsm_params) },
	{ .name = "pgd", .title = "Steps along the gradient, each brought back into the ball; of all places tried the one of the largest objective",
	  .cite = "A. Madry et al., Towards deep learning models resistant to adversarial attacks, ICLR 2018; dlr: F. Croce, M. Hein, ICML 2020; "
		  "probability_margin: Towards million-scale adversarial robustness evaluation with stronger individual attacks, "
		  "arXiv:2411.15210",
	  .formula = "x <- project(x + a sign(g)) (linf) or project(x + a g/|g|_2) (l2), S times", .keywords = "projected_gradient bim pma madry",
	  LB_PARAMS(pgd_params) },
};

const struct lb_info *lb_attack_at(size_t i)
{
	return i < sizeof attacks / sizeof *attacks ? &attacks[i] : NULL;
}
