/* Losses of nested embeddings: another loss of the first columns, summed over several numbers of
 * them. */
#include "core/base/mem.h"
#include "losses/eval.h"
#include "losses/loss.h"

#include <stdlib.h>
#include <string.h>

enum { DIMS, WEIGHTS, OF, WITH };
enum { MOST_PARAMS = 8, LINE = 64 };

static const double default_dims[] = { 4, 8, 16 };

/* Losses without state and own parameters, whose room does not depend on their own. */
static const char *const of_labels[] = { "supcon", "supcon_in", "nt_xent_labels", "multi_similarity", "contrastive", "triplet", "triplet_hard", "nca", "binomial_deviance", "lifted_gen", "angular",
					 "tuplet_margin", NULL };
static const char *const of_views[] = { "info_nce", "nt_xent", "contrastive_hard", "siglip", "barlow_twins", "vicreg", "mw", NULL };

#define PARAMS(table, bases)                                                                             \
	static const struct lb_param table[] = {                                                         \
		[DIMS] = { .name = "dims", .symbol = "d", .type = LB_INTS_PARAM, .def_list = default_dims, .n_def_list = 3, .min = 1, .max = 1e6, \
			   .help = "numbers of columns; one above model.dimension is all of them" }, \
		[WEIGHTS] = { .name = "weights", .symbol = "w", .type = LB_REALS_PARAM, .min = 0, .max = 1e6, .help = "of the losses of these, as many; none: all 1" }, \
		[OF] = { .name = "of", .symbol = "of", .type = LB_CHOICE_PARAM, .choices = (bases), .def = 0, .help = "the loss that is taken of each" }, \
		[WITH] = { .name = "with", .symbol = "with", .type = LB_TEXT_PARAM, .help = "its parameters where they are not its defaults, as \"tau=0.05,anchors=valid\"" }, \
	};

PARAMS(label_params, of_labels)
PARAMS(view_params, of_views)

/* ---- the loss within ---- */

struct within {
	const struct lb_loss *loss;
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store;
};

static const struct lb_loss_info *info_of(const struct lb_arg *par)
{
	return lb_loss_find(LB_EMBEDDING, par[OF].text);
}

/* Reads the parameters of the loss within. */
static int read_within(const struct lb_arg *par, struct within *w, struct lb_err *err)
{
	const struct lb_loss_info *info = info_of(par);
	const char *text = par[WITH].text ? par[WITH].text : "";
	char *blanks = lb_strdup(text, err);
	struct lb_err why = { 0 };

	*w = (struct within){ .loss = lb_loss_of(info) };
	if (!blanks)
		return -1;
	for (char *c = blanks; *c; c++)
		*c = *c == ',' ? ' ' : *c;
	const bool bad = lb_args_from_text(&info->base, blanks, w->par, &w->store, &why) || (info->base.check && info->base.check(w->par, &why));
	free(blanks);
	if (bad)
		return lb_fail(err, why.code == LB_MACHINE ? LB_MACHINE : LB_CONFIG, "with: found \"%s\", allowed: parameters of %s: %s", text, info->base.name, why.text);
	const struct lb_loss_shape shape = { .c = 2, .n_classes = 2 };
	if (lb_loss_n_params(info, w->par, &shape))
		return lb_fail(err, LB_CONFIG, "with: found \"%s\", with which %s trains parameters of its own, allowed: others", text, info->base.name);
	return 0;
}

static int check(const struct lb_arg *par, struct lb_err *err)
{
	struct within w;

	if (!par[DIMS].n)
		return lb_fail(err, LB_CONFIG, "dims: found an empty list, allowed: at least one number of columns");
	if (par[WEIGHTS].n && par[WEIGHTS].n != par[DIMS].n)
		return lb_fail(err, LB_CONFIG, "weights: found %zu for %zu dims, allowed: one for each, or none", par[WEIGHTS].n, par[DIMS].n);
	const int status = read_within(par, &w, err);
	lb_args_free(&w.store);
	return status;
}

static void release(void *state)
{
	struct within *w = state;

	if (w)
		lb_args_free(&w->store);
	free(w);
}

static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	struct within *w = lb_alloc(1, sizeof *w, err);

	(void)stats;
	if (w && read_within(par, w, err)) {
		release(w);
		return NULL;
	}
	return w;
}

/* ---- the sum ---- */

/* Bytes of rows of c columns, to the end of a line of the cache. */
static size_t rows_bytes(size_t rows, size_t c)
{
	return (rows * c * sizeof(real) + LINE - 1) / LINE * LINE;
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	const struct lb_loss_info *info = info_of(par);
	struct lb_arg plain[MOST_PARAMS] = { 0 };

	for (int k = 0; k < info->base.n_params; k++)
		plain[k] = (struct lb_arg){ .v = info->base.params[k].def, .list = info->base.params[k].def_list, .n = (size_t)info->base.params[k].n_def_list };
	return 2 * rows_bytes(shape->views * shape->b, shape->c) + lb_loss_workspace(lb_loss_of(info), plain, shape);
}

/* to += weight times the loss of the first d columns; returns it. */
static double nested(const struct lb_batch *in, const struct within *w, size_t d, double weight, real *g)
{
	const size_t rows = in->views * in->b, c = in->c, bytes = rows_bytes(rows, c);
	char *room = in->workspace;
	void *at = room, *behind = room + bytes;
	real *z = at, *by = behind;
	struct lb_loss_stats stats = in->stats ? *in->stats : (struct lb_loss_stats){ 0 };
	struct lb_batch of = { .b = in->b, .c = d, .views = in->views, .y = in->y, .row_id = in->row_id, .par = w->par, .stats = &stats, .epoch = in->epoch,
			       .epochs = in->epochs, .workspace = room + 2 * bytes, .scale = 1 };

	stats.n_columns = d;
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
	"NeurIPS 2022, eq. 1"
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
