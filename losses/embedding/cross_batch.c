/* A loss of labelled pairs whose rows are also paired with rows of earlier batches. */
#include "losses/support/ring.h"
#include "losses/support/within.h"

enum { SIZE, OF };

static const char *const bases[] = { "contrastive", "contrastive_hadsell", "multi_similarity", "binomial_deviance", "supcon", "supcon_in", "nt_xent_labels", "nca", "tuplet_margin",
				     "snr_contrastive", "fastap", "smooth_ap_embedding", "pnp", "ranked_list", NULL };

static const struct lb_param params[] = {
	[SIZE] = { .name = "size", .symbol = "M", .type = LB_INT_PARAM, .def = 256, .min = 0, .max = 2048, .grid = { 0, 64, 256 }, .n_grid = 3,
		   .help = "rows of earlier batches that are remembered; 0: the loss within" },
	LB_WITHIN_PARAMS(OF, bases),
};

static const struct lb_same_as same_as[] = {
	{ .set = "size=0", .other = "contrastive", .other_set = "" },
	{ .set = "size=0 of=multi_similarity with=lambda=0.7", .other = "multi_similarity", .other_set = "lambda=0.7" },
	{ .set = "size=16 of=supcon", .other = "supcon", .other_set = "" },
};

static const struct lb_example examples[] = {
	{ .set = "of=contrastive with=neg_margin=1,normalize=false", .b = 2, .c = 2, .z = { 0, 0, 3, 4 }, .y = { 0, 0 }, .classes = 2, .value = 5,
	  .source = "by hand: nothing is remembered yet: one pair of distance 5" },
};

static int check(const struct lb_arg *par, struct lb_err *err)
{
	return lb_within_check(&par[OF], err);
}

/* ---- the state: a ring of rows, each with its label at the end, then the loss within ---- */

static size_t ring_bytes(const struct lb_arg *par, size_t c)
{
	return lb_ring_bytes((size_t)par[SIZE].v, c + 1);
}

static struct lb_within *within_of(void *state)
{
	const struct lb_ring *ring = state;

	return (void *)((char *)state + (size_t)ring->behind);
}

static void release(void *state)
{
	if (state)
		lb_args_free(&within_of(state)->store);
	free(state);
}

static void *init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)
{
	const size_t behind = lb_within_lines(ring_bytes(par, stats->n_columns));
	struct lb_ring *ring = lb_alloc(1, behind + sizeof(struct lb_within), err);

	if (!ring)
		return NULL;
	ring->behind = (double)behind;
	if (!lb_within_read(&par[OF], within_of(ring), err))
		return ring;
	release(ring);
	return NULL;
}

static size_t state_size(const struct lb_arg *par, const struct lb_loss_stats *stats)
{
	return ring_bytes(par, stats->n_columns);
}

static void update_state(const struct lb_batch *in)
{
	const size_t c = in->c;
	double *row = in->workspace;

	for (size_t i = 0; i < in->b; i++) {
		for (size_t j = 0; j < c; j++)
			row[i * (c + 1) + j] = (double)in->output.value[i * c + j];
		row[i * (c + 1) + c] = in->y[i];
	}
	lb_ring_remember(in->state, (size_t)in->par[SIZE].v, c + 1, in->b, row);
}

/* ---- the loss of the batch and what is remembered ---- */

/* The parts of the workspace for so many rows. */
struct room {
	real *z, *by;            /* (rows, c) */
	int32_t *y;              /* (rows) */
	unsigned char *chosen;   /* (rows, rows) */
	void *within;
};

static size_t room_bytes(size_t rows, size_t c, struct room *at, void *from)
{
	const size_t cells = lb_within_lines(rows * (c + 1) * sizeof(double)), labels = lb_within_lines(rows * sizeof(int32_t));

	if (at) {
		char *p = from;
		at->z = (void *)p;
		at->by = (void *)(p + cells);
		at->y = (void *)(p + 2 * cells);
		at->chosen = (void *)(p + 2 * cells + labels);
		at->within = p + 2 * cells + labels + lb_within_lines(rows * rows);
	}
	return 2 * cells + labels + lb_within_lines(rows * rows);
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	struct lb_loss_shape whole = *shape;

	whole.b += (size_t)par[SIZE].v;
	return room_bytes(whole.b, shape->c, NULL, NULL) + lb_within_workspace(&par[OF], &whole);
}

/* The batch's rows, then those remembered; pairs from the batch's rows to all. */
static void gather(const struct lb_batch *in, const struct lb_ring *ring, size_t rows, const struct room *at)
{
	const size_t b = in->b, c = in->c;

	memcpy(at->z, in->output.value, b * c * sizeof *at->z);
	memcpy(at->y, in->y, b * sizeof *at->y);
	for (size_t i = b; i < rows; i++) {
		const double *row = ring->row + (i - b) * (c + 1);
		for (size_t j = 0; j < c; j++)
			at->z[i * c + j] = (real)row[j];
		at->y[i] = (int32_t)row[c];
	}
	memset(at->chosen, 1, b * rows);
	memset(at->chosen + b * rows, 0, (rows - b) * rows);
}

/* Some losses are means over all rows, of which those remembered add nothing: the factor makes them
 * means over the batch's. */
static double over_batch(const struct lb_within *w, size_t b, size_t rows)
{
	const char *name = w->loss->info.base.name;
	const bool anchors = !strcmp(name, "supcon") && !(w->par[1].v > 0);

	return anchors || !strcmp(name, "multi_similarity") || !strcmp(name, "binomial_deviance") ? (double)rows / (double)b : 1;
}

static double batch(const struct lb_batch *in, real *g)
{
	const struct lb_ring *ring = in->state;
	const struct lb_within *w = within_of(in->state);
	const size_t b = in->b, c = in->c, rows = b + (size_t)ring->filled;
	struct lb_loss_stats stats;
	struct room at;

	room_bytes(rows, c, &at, in->workspace);
	gather(in, ring, rows, &at);
	struct lb_batch of = lb_within_batch(w, in, rows, c, &stats, at.within);
	of.y = at.y;
	of.row_id = NULL;
	of.chosen = rows > b ? at.chosen : NULL;
	of.output = (struct lb_io){ .value = at.z, .grad = g ? at.by : NULL, .rows = rows, .cols = c, .stride = c };
	of.scale = over_batch(w, b, rows);
	const double value = lb_loss_apply(w->loss, &of);
	if (g)
		memcpy(g, at.by, b * c * sizeof *g);
	return value;
}

LB_BATCH(cross_batch_memory, batch)

const struct lb_loss LB_LOSS(embedding, cross_batch_memory) = {
	.info = {
		.base = {
			.name = "cross_batch_memory",
			.title = "Cross-batch memory: a loss of pairs whose rows are also paired with rows of earlier batches, XBM",
			.cite = "X. Wang, H. Zhang, W. Huang, M. R. Scott, Cross-batch memory for embedding learning, CVPR 2020, section 3.2; as the wrapper CrossBatchMemory of pytorch-metric-learning",
			.formula = "the loss within over the pairs (i, j), i of the batch, j of the batch or one of the last M rows before it",
			.notes = "What is remembered is held fixed, as it was embedded then, with its label. A remembered row is never the first of a pair. The memory fills in the first batches; a miner "
				 "has no part in it. Losses that are means over rows are so over the batch's. For two views: info_nce_memory.",
			.keywords = "xbm CrossBatchMemory queue memory_bank wrapper",
			.check = check,
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &cross_batch_memory_form,
	.init = init,
	.update_state = update_state,
	.state_size = state_size,
	.free = release,
	.workspace = workspace,
};
