/* Losses of two views, or of queries and documents, that read labels: rows of one class are
 * positives of each other. */
#include "losses/support/two_views.h"
#include "losses/support/view_words.h"

#define IN_WORDS                                                                                         \
	"s_ij is the cosine of row i's embedding in the first view and row j's in the second (train.views). Positives of a row " \
	"are the rows of the other view with its label, its own among them; with a label for each row, its own alone. "

enum { SUM, MEAN };

static const char *const reductions[] = { [SUM] = "sum", [MEAN] = "mean", NULL };

enum { MARGIN, TAU, REDUCTION };

#define PARAMS_OF_TRIPLETS(table, of_margin, of_tau)                                                           \
	static const struct lb_param table[] = {                                                         \
		[MARGIN] = { .name = "margin", .symbol = "m", .def = (of_margin), .min = 0, .max = 2, .grid = { 0.1, 0.2, 0.5 }, .n_grid = 3, \
			     .help = "how much more similar positives have to be than negatives" },      \
		[TAU] = { .name = "tau", .symbol = "t", .def = (of_tau), .min = 1e-3, .max = 1e3, .log_scale = true, .grid = { 0.015, 0.05, 0.1 }, \
			  .n_grid = 3, .help = "temperature of the soft choices" },                      \
		[REDUCTION] = { .name = "reduction", .symbol = "reduction", .type = LB_CHOICE_PARAM, .choices = reductions, .def = SUM, \
				.help = "sum over the rows and both directions, as the authors have it, or the mean over rows of both directions' sum" }, \
	};

PARAMS_OF_TRIPLETS(tal_params, 0.1, 0.015)
PARAMS_OF_TRIPLETS(trl_params, 0.2, 0.02)

static bool positive(const struct lb_anchor *a, size_t k)
{
	return a->in->y[lb_candidate_row(a, k)] == a->in->y[a->row];
}

/* The positives' cosine, weighed by a softmax of the held ones; its derivative times -1 goes to the
 * slope. */
static double alike(const struct lb_anchor *a, double t)
{
	double *p = a->room, *take = a->room + a->n, sum = 0;

	for (size_t k = 0; k < a->n; k++)
		take[k] = positive(a, k);
	lb_soft_maximum(a->n, a->held, take, t, p);
	for (size_t k = 0; k < a->n; k++) {
		sum += p[k] * a->s[k];
		if (a->slope && take[k] > 0)
			a->slope[k] = -p[k];
	}
	return sum;
}

/* The most similar negative: softly, or the first of the largest. Its derivative is added to the
 * slope. -inf where there is none. */
static double most_unlike(const struct lb_anchor *a, double t, bool soft)
{
	double *p = a->room, *take = a->room + a->n, most = -(double)INFINITY;
	size_t at = 0;

	for (size_t k = 0; k < a->n; k++)
		take[k] = !positive(a, k);
	if (soft)
		most = lb_soft_maximum(a->n, a->s, take, t, p);
	for (size_t k = 0; !soft && k < a->n; k++)
		if (take[k] > 0 && a->s[k] > most)
			most = a->s[at = k];
	for (size_t k = 0; a->slope && k < a->n; k++)
		a->slope[k] += soft ? take[k] * p[k] : k == at && most > -(double)INFINITY;
	return most;
}

static double triplet_anchor(const struct lb_anchor *a, bool soft)
{
	const struct lb_arg *par = a->in->par;
	const double times = par[REDUCTION].v > SUM ? 2 : 2 * (double)a->in->b;
	const double near = alike(a, par[TAU].v), v = par[MARGIN].v - near + most_unlike(a, par[TAU].v, soft);

	for (size_t k = 0; a->slope && k < a->n; k++)
		a->slope[k] = v > 0 ? times * a->slope[k] : 0;
	return v > 0 ? times * v : 0;
}

static double tal_anchor(const struct lb_anchor *a)
{
	return triplet_anchor(a, true);
}

static double trl_anchor(const struct lb_anchor *a)
{
	return triplet_anchor(a, false);
}

static double tal_batch(const struct lb_batch *in, real *g)
{
	return lb_of_anchors(in, g, LB_OTHER_VIEW, true, tal_anchor);
}

static double trl_batch(const struct lb_batch *in, real *g)
{
	return lb_of_anchors(in, g, LB_OTHER_VIEW, true, trl_anchor);
}

static size_t room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_anchors_bytes(shape, LB_OTHER_VIEW);
}

#define RDE_PAPER                                                                                        \
	"Y. Qin, Y. Chen, D. Peng, X. Peng, J. T. Zhou, P. Hu, Noisy-correspondence learning for text-to-image person re-identification, " \
	"CVPR 2024, "

static const struct lb_example tal_examples[] = {
	{ .set = "margin=0.5 tau=1 reduction=mean", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 1, 0 }, .y = { 0, 1 }, .views = 2,
	  .value = 1.25, .source = "by hand: rows 0.5 - 1 + 1 and 0.5 - 0 + 0, columns 0 and 0.5 - 0 + 1; over 2 rows" },
};

LB_BATCH(tal, tal_batch)

const struct lb_loss LB_LOSS(embedding, tal) = {
	.info = {
		.base = {
			.name = "tal",
			.title = "Triplet alignment loss: positives against a soft maximum of all negatives",
			.cite = RDE_PAPER "eq. 8",
			.formula = "sum over rows and both directions of max(0, m - sum_p a_p s_ip + t log sum_n exp(s_in / t)),  a = softmax over positives of s / t",
			.notes = IN_WORDS LB_ONE_VIEW "The weights a are held fixed in the gradient. The sum over all negatives is an upper bound of the hardest one, so that "
				 "a wrong pair moves it less. A row without a negative gives 0.",
			.keywords = "rde noisy_correspondence robust triplet cross_modal",
			LB_PARAMS(tal_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "noisy pairs",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_EXAMPLES(tal_examples),
	},
	.form = &tal_form,
	.workspace = room,
};

static const struct lb_example trl_examples[] = {
	{ .set = "margin=0.5 reduction=sum", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 1, 0 }, .y = { 0, 1 }, .views = 2,
	  .value = 2.5, .source = "by hand: rows 0.5 and 0.5, columns 0 and 1.5" },
};

LB_BATCH(trl, trl_batch)

const struct lb_loss LB_LOSS(embedding, trl) = {
	.info = {
		.base = {
			.name = "trl",
			.title = "Triplet ranking loss of two views: positives against the hardest negative",
			.cite = RDE_PAPER "eq. 7, after F. Faghri et al., VSE++, BMVC 2018",
			.formula = "sum over rows and both directions of max(0, m - sum_p a_p s_ip + max_n s_in),  a = softmax over positives of s / t",
			.notes = IN_WORDS LB_ONE_VIEW "The weights a and the choice of the negative, the first of the most similar, are held fixed in the gradient. A row without a negative gives 0.",
			.keywords = "vse++ hardest_negative triplet cross_modal rde",
			LB_PARAMS(trl_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "retrieval",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_EXAMPLES(trl_examples),
	},
	.form = &trl_form,
	.workspace = room,
};

/* ---- sdm ---- */

enum { SCALE, EPS };

static const struct lb_param sdm_params[] = {
	[SCALE] = { .name = "scale", .symbol = "scale", .def = 50, .min = 1e-3, .max = 1e3, .log_scale = true, .grid = { 10, 20, 50 }, .n_grid = 3,
		    .help = "cosines are multiplied by it" },
	[EPS] = { .name = "eps", .symbol = "eps", .def = 1e-8, .min = 1e-30, .max = 1, .log_scale = true, .help = "added to the labels' distribution within the logarithm" },
};

static const struct lb_example sdm_examples[] = {
	{ .set = "scale=1 eps=1", .b = 2, .c = 2, .z = { 0, 0, 0, 0, 1, 0, 1, 0 }, .y = { 0, 0 }, .views = 2, .value = -2.1972245773362196,
	  .source = "by hand: all p and q are 1/2, so in both directions log(1/2) - log(3/2)" },
};

/* KL(p || q + eps); by z = scale s its derivative is p (log p - log q - KL). Twice, as both
 * directions are summed. */
static double sdm_anchor(const struct lb_anchor *a)
{
	const double t = 1 / a->in->par[SCALE].v, eps = a->in->par[EPS].v, most = lb_soft_maximum(a->n, a->s, NULL, t, a->room);
	double *p = a->room, kl = 0;
	size_t same = 0;

	for (size_t k = 0; k < a->n; k++)
		same += positive(a, k);
	const double log_same = log(1 / (double)same + eps), log_other = log(eps);
	for (int pass = 0; pass < 2; pass++)
		for (size_t k = 0; k < a->n; k++) {
			const double ratio = (a->s[k] - most) / t - (positive(a, k) ? log_same : log_other);
			if (pass == 0)
				kl += p[k] * ratio;
			else if (a->slope)
				a->slope[k] = 2 * p[k] * (ratio - kl) / t;
		}
	return 2 * kl;
}

static double sdm_batch(const struct lb_batch *in, real *g)
{
	return lb_of_anchors(in, g, LB_OTHER_VIEW, true, sdm_anchor);
}

LB_BATCH(sdm, sdm_batch)

const struct lb_loss LB_LOSS(embedding, sdm) = {
	.info = {
		.base = {
			.name = "sdm",
			.title = "Similarity distribution matching: the softmax of similarities against that of the labels",
			.cite = "D. Jiang, M. Ye, Cross-modal implicit relation reasoning and aligning for text-to-image person retrieval, CVPR 2023, eq. 6 and 7",
			.formula = "mean_i of the sum over both directions of sum_j p_ij log(p_ij / (q_ij + eps)),  p = softmax of scale s, q uniform over the positives",
			.notes = IN_WORDS LB_ONE_VIEW "With a large eps the value may be below 0.",
			.keywords = "irra kl_divergence cross_modal distribution",
			LB_PARAMS(sdm_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "retrieval",
		.properties = LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(sdm_examples),
	},
	.form = &sdm_form,
	.workspace = room,
};

/* ---- mw ---- */

enum { MW_TAU, SCOPE };
enum { GLOBAL, ROW };

static const char *const scopes[] = { [GLOBAL] = "global", [ROW] = "row", NULL };

static const struct lb_param mw_params[] = {
	[MW_TAU] = { .name = "tau", .symbol = "t", .def = 0.05, .min = 1e-3, .max = 1e3, .log_scale = true, .grid = { 0.01, 0.05, 0.1 }, .n_grid = 3,
		     .help = "temperature: differences of cosines are divided by it" },
	[SCOPE] = { .name = "scope", .symbol = "scope", .type = LB_CHOICE_PARAM, .choices = scopes, .def = GLOBAL,
		    .help = "against the negatives of all rows, or of its own row alone" },
};

static const struct lb_example mw_examples[] = {
	{ .set = "tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = 0.31326168751822286,
	  .source = "by hand: all differences are -1: log(1 + exp(-1))" },
	{ .set = "tau=1 scope=row", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 1, 0 }, .views = 2, .value = 0.69314718055994531,
	  .source = "by hand: each row's two cosines are equal" },
};

/* log(1 + exp(x)); *slope gets its derivative. */
static double softplus(double x, double *slope)
{
	const double e = exp(-fabs(x));

	*slope = (x > 0 ? 1 : e) / (1 + e);
	return (x > 0 ? x : 0) + log1p(e);
}

/* Of positive i against the negatives of row k. */
static double against_row(const struct lb_two_views *v, const double *s, double *by, size_t i, size_t k, double share)
{
	const double t = v->in->par[MW_TAU].v, own = s[i * v->b + i];
	double sum = 0, slope, of_own = 0;

	for (size_t j = 0; j < v->b; j++) {
		if (j == k)
			continue;
		sum += share * softplus((s[k * v->b + j] - own) / t, &slope);
		by[k * v->b + j] += share * slope / t;
		of_own += share * slope / t;
	}
	by[i * v->b + i] -= of_own;
	return sum;
}

static double mw_value(const struct lb_two_views *v)
{
	const size_t b = v->b;
	const bool global = v->in->par[SCOPE].v < ROW;
	const double pairs = (double)b * (double)(b - 1) * (global ? (double)b : 1);
	double *s = v->room, *by = s + b * b, sum = 0;

	if (b < 2)
		return 0;
	lb_view_products(b, v->c, v->u[0], v->u[1], by, s);
	for (size_t k = 0; k < b * b; k++)
		by[k] = 0;
	for (size_t i = 0; i < b; i++)
		for (size_t k = 0; k < b; k++)
			if (global || k == i)
				sum += against_row(v, s, by, i, k, 1 / pairs);
	for (size_t k = 0; k < 2 && v->by[0]; k++)
		lb_view_add_product(b, v->c, by, k, v->u[!k], v->by[k]);
	return sum;
}

static double mw_batch(const struct lb_batch *in, real *g)
{
	return lb_of_views(in, g, true, mw_value);
}

static size_t mw_room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_two_views_bytes(shape, 2 * shape->b * shape->b + shape->b * shape->c);
}

LB_BATCH(mw, mw_batch)

const struct lb_loss LB_LOSS(embedding, mw) = {
	.info = {
		.base = {
			.name = "mw",
			.title = "MW of two towers: the logistic loss over pairs of a positive and a negative cosine, after Mann and Whitney",
			.cite = "Sheikholeslami et al., Optimizing what matters: AUC-driven learning for robust neural retrieval, arXiv:2510.00137, 2025, eq. 3",
			.formula = "mean over rows i and pairs k != j of log(1 + exp((s_kj - s_ii) / t)); scope row: k = i",
			.notes = "s_ij is the cosine of row i's embedding in the first view (the query) and row j's in the second (its document). Labels are not read. "
				 LB_ONE_VIEW "All B B (B - 1) differences are evaluated with scope global, so that its time grows with the third power of the batch. The share "
				 "of misordered pairs, 1 - AUC, is at most value / log 2. A batch of one row gives 0. With scores and labels it is the binary loss mw.",
			.keywords = "mann_whitney auc retrieval two_towers dual_encoder",
			LB_PARAMS(mw_params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "retrieval",
		.properties = LB_NONNEGATIVE | LB_BOUNDED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(mw_examples),
	},
	.form = &mw_form,
	.workspace = mw_room,
};
