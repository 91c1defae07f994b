#include "losses/support/focal_entry.h"

enum { GAMMA_POS, GAMMA_NEG, W_POS, W_NEG };

static const struct lb_param params[] = {
	[GAMMA_POS] = { .name = "gamma_pos", .symbol = "gp", .def = 0, .min = 0, .max = 10, .grid = { 0, 1 }, .n_grid = 2,
			.help = "power on labels that are there, for the rarest" },
	[GAMMA_NEG] = { .name = "gamma_neg", .symbol = "gn", .def = 3, .min = 0, .max = 10, .grid = { 2, 3, 4 }, .n_grid = 3,
			.help = "power on labels that are not there, for the rarest" },
	[W_POS] = { .name = "w_pos", .symbol = "w+", .def = 1, .min = 0, .max = 10, .grid = { 0, 1 }, .n_grid = 2,
		    .help = "what the most frequent label has more on labels that are there" },
	[W_NEG] = { .name = "w_neg", .symbol = "w-", .def = 1, .min = 0, .max = 10, .grid = { 0, 1 }, .n_grid = 2,
		    .help = "what the most frequent label has more on labels that are not there" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "gamma_pos=0 gamma_neg=0 w_pos=0 w_neg=0", .other = "ml_bce", .other_set = "" },
	{ .set = "gamma_pos=1 gamma_neg=4 w_pos=0 w_neg=0", .other = "asl", .other_set = "gamma_pos=1 gamma_neg=4 clip=0" },
};

static const struct lb_example examples[] = {
	{ .set = "gamma_neg=1", .b = 1, .c = 2, .z = { 0, 0 }, .t = { 1, 0 }, .value = 0.69314718055994531,
	  .source = "by hand: h = (1, 0), (1/2 + 1/2) log 2" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .t = { 1, 0, 0, 0, 1, 1 }, .value = 0.2597134343180525,
	  .source = "mpmath, 30 digits" },
};

/* h_k of the paper: rows of the label over those of the most frequent. */
static double frequency(const struct lb_batch *in, size_t k)
{
	const double *n = in->stats->counts;
	double most = 1;

	for (size_t j = 0; j < in->c; j++)
		most = n[j] > most ? n[j] : most;
	return n[k] / most;
}

static struct lb_cell cell(const struct lb_batch *in, double z, real label, size_t k)
{
	const struct lb_arg *par = in->par;
	const double h = frequency(in, k);
	const struct lb_focal f = label > 0 ? lb_focal_there(z, par[GAMMA_POS].v + par[W_POS].v * h) :
					      lb_focal_away(z, par[GAMMA_NEG].v + par[W_NEG].v * h, 0);

	return lb_focal_cell(&f, 1);
}

static real row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	return lb_cells_row(in, i, z, g, false, cell);
}

LB_ROW(mfm, row)

const struct lb_loss LB_LOSS(multilabel, mfm) = {
	.info = {
		.base = {
			.name = "mfm",
			.title = "Multi-focal modifier of the paper: focal powers that grow with a label's frequency",
			.cite = "W. Zhang, C. Liu, L. Zeng, B. C. Ooi, S. Tang, Y. Zhuang, Learning in imperfect environment: multi-label "
				"classification with long-tailed distribution and partial labels (COMIC), ICCV 2023",
			.formula = "-sum_k y_k (1 - p_k)^{gp + w+ h_k} log p_k + (1 - y_k) p_k^{gn + w- h_k} log(1 - p_k),  h_k = n_k / max n",
			.notes = "n_k training rows have label k. The paper asks for gn >= gp; w+ = w- = 1 are this project's defaults. The authors' "
				 "code does something else: multi_focal_modifier. A label that is not known has no part.",
			.keywords = "multi_focal_modifier comic focal long_tail multilabel",
			LB_PARAMS(params),
		},
		.kind = LB_MULTILABEL,
		.good_for = "long-tailed labels",
		.properties = LB_NONNEGATIVE | LB_SMOOTH,
		.needs = LB_NEEDS_CLASS_COUNTS,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &mfm_form,
};
