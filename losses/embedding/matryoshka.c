/* Losses of nested embeddings: another loss of the first columns, summed over several numbers of
 * them. */
#include "losses/support/within.h"

enum { DIMS, WEIGHTS, OF };

static const double default_dims[] = { 4, 8, 16 };

static const char *const of_labels[] = { "supcon", "supcon_in", "nt_xent_labels", "multi_similarity", "contrastive", "triplet", "triplet_hard", "nca", "binomial_deviance", "lifted_gen", "angular",
					 "tuplet_margin", NULL };
static const char *const of_views[] = { "info_nce", "nt_xent", "contrastive_hard", "siglip", "barlow_twins", "vicreg", "mw", NULL };

#define PARAMS(table, bases)                                                                             \
	static const struct lb_param table[] = {                                                         \
		[DIMS] = { .name = "dims", .symbol = "d", .type = LB_INTS_PARAM, .def_list = default_dims, .n_def_list = 3, .min = 1, .max = 1e6, \
			   .help = "numbers of columns; one above model.dimension is all of them" }, \
		[WEIGHTS] = { .name = "weights", .symbol = "w", .type = LB_REALS_PARAM, .min = 0, .max = 1e6, .help = "of the losses of these, as many; none: all 1" }, \
		LB_WITHIN_PARAMS(OF, bases), \
	};

PARAMS(label_params, of_labels)
PARAMS(view_params, of_views)

static int check(const struct lb_arg *par, struct lb_err *err)
{
	if (!par[DIMS].n)
		return lb_fail(err, LB_CONFIG, "dims: found an empty list, allowed: at least one number of columns");
	if (par[WEIGHTS].n && par[WEIGHTS].n != par[DIMS].n)
		return lb_fail(err, LB_CONFIG, "weights: found %zu for %zu dims, allowed: one for each, or none", par[WEIGHTS].n, par[DIMS].n);
	return lb_within_check(&par[OF], err);
}

static void release(void *state)
{
	struct lb_within *w = state;

	if (w)
		lb_args_free(&w->store);
	free(w);
}

static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	struct lb_within *w = lb_alloc(1, sizeof *w, err);

	(void)stats;
	if (w && lb_within_read(&par[OF], w, err)) {
		release(w);
		return NULL;
	}
	return w;
}

/* ---- the sum ---- */

static size_t rows_bytes(size_t rows, size_t c)
{
	return lb_within_lines(rows * c * sizeof(real));
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return 2 * rows_bytes(shape->views * shape->b, shape->c) + lb_within_workspace(&par[OF], shape);
}

/* g += weight times the gradient of the loss of the first d columns, whose weighted value is
 * returned. */
static double nested(const struct lb_batch *in, const struct lb_within *w, size_t d, double weight, real *g)
{
	const size_t rows = in->views * in->b, c = in->c, bytes = rows_bytes(rows, c);
	char *room = in->workspace;
	void *at = room, *behind = room + bytes;
	real *z = at, *by = behind;
	struct lb_loss_stats stats;
	struct lb_batch of = lb_within_batch(w, in, in->b, d, &stats, room + 2 * bytes);

	for (size_t i = 0; i < rows; i++)
		memcpy(z + i * d, in->output.value + i * c, d * sizeof *z);
	of.output = (struct lb_io){ .value = z, .grad = g ? by : NULL, .rows = rows, .cols = d, .stride = d };
	const double value = lb_loss_apply(w->loss, &of);
	for (size_t i = 0; g && i < rows; i++)
		for (size_t j = 0; j < d; j++)
			g[i * c + j] += (real)weight * by[i * d + j];
	return weight * value;
}

static double batch(const struct lb_batch *in, real *g)
{
	const struct lb_arg *dims = &in->par[DIMS], *weights = &in->par[WEIGHTS];
	double sum = 0;

	if (g)
		memset(g, 0, in->views * in->b * in->c * sizeof *g);
	for (size_t k = 0; k < dims->n; k++) {
		const size_t d = (size_t)dims->list[k];
		sum += nested(in, in->state, d < in->c ? d : in->c, weights->n ? weights->list[k] : 1, g);
	}
	return sum;
}

LB_BATCH(matryoshka, batch)
LB_BATCH(matryoshka_views, batch)

#define PAPER                                                                                            \
	"A. Kusupati, G. Bhatt, A. Rege, M. Wallingford, A. Sinha, V. Ramanujan, W. Howard-Snyder, K. Chen, S. Kakade, P. Jain, A. Farhadi, Matryoshka representation learning, " \
	"NeurIPS 2022"
#define NOTES                                                                                            \
	"The loss within takes the first columns as they are and normalises them itself. It is one of those listed, with its own defaults but for what `with` says. "

static const struct lb_same_as label_same_as[] = {
	{ .set = "dims=[1000]", .other = "supcon", .other_set = "" },
	{ .set = "dims=[1000,1000] of=angular with=alpha=30", .other = "angular", .other_set = "alpha=30", .scale = 2 },
};

static const struct lb_example label_examples[] = {
	{ .set = "dims=[1,2] of=contrastive with=neg_margin=1,normalize=false weights=[2,1]", .b = 2, .c = 2, .z = { 0, 0, 3, 4 }, .y = { 0, 0 }, .classes = 2, .value = 11,
	  .source = "by hand: 2 times 3, and 5" },
};

const struct lb_loss LB_LOSS(embedding, matryoshka) = {
	.info = {
		.base = {
			.name = "matryoshka",
			.title = "A loss of labelled rows of the first columns, for several numbers of columns",
			.cite = PAPER,
			.formula = "sum_k w_k L(first d_k columns of z),  L the loss `of`",
			.notes = NOTES "For two views it is matryoshka_views. Miners do not choose within it.",
			.keywords = "mrl nested truncated_embeddings MatryoshkaLoss",
			LB_PARAMS(label_params),
			.check = check,
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.exceptions = LB_SIZE_MATTERS,
		LB_SAME_AS(label_same_as),
		LB_EXAMPLES(label_examples),
	},
	.form = &matryoshka_form,
	.init = init,
	.free = release,
	.workspace = workspace,
};

static const struct lb_same_as view_same_as[] = {
	{ .set = "dims=[1000]", .other = "info_nce", .other_set = "" },
	{ .set = "dims=[1000] of=vicreg with=inv=3", .other = "vicreg", .other_set = "inv=3" },
};

static const struct lb_example view_examples[] = {
	{ .set = "dims=[2] with=tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = 0.31326168751822286, .source = "by hand: log(1 + exp(-1))" },
	{ .set = "dims=[1,2] with=tau=1", .b = 2, .c = 2, .z = { 1, 0, 0, 1, 1, 0, 0, 1 }, .views = 2, .value = 0.81646612155730698,
	  .source = "by hand: the same, and of the first column, where the second row is 0, (log(1 + 1/e) + log 2) / 2" },
};

const struct lb_loss LB_LOSS(embedding, matryoshka_views) = {
	.info = {
		.base = {
			.name = "matryoshka_views",
			.title = "A loss of two views of the first columns, for several numbers of columns",
			.cite = PAPER,
			.formula = "sum_k w_k L(first d_k columns of both views),  L the loss `of`",
			.notes = NOTES "With nt_xent and one d below the dimension it is DirectCLR.",
			.keywords = "mrl nested truncated_embeddings MatryoshkaLoss directclr",
			LB_PARAMS(view_params),
			.check = check,
		},
		.kind = LB_EMBEDDING,
		.good_for = "two views",
		.properties = LB_NONNEGATIVE,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_SIZE_MATTERS,
		LB_SAME_AS(view_same_as),
		LB_EXAMPLES(view_examples),
	},
	.form = &matryoshka_views_form,
	.init = init,
	.free = release,
	.workspace = workspace,
};
