/* The cross-batch memory: what a batch gives with one remembered is what the loss within gives of
 * both, by the pairs from the batch's rows to all. */
#include "tests/unit/suite.h"

#include "losses/eval.h"
#include "losses/loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { B = 4, C = 2, ALL = 2 * B, CELLS = ALL * C, PARAMS = 8 };

/* The batch that comes second, then the one that is remembered. */
static const double rows[CELLS] = { 1, .2, -.5, .8, -.1, .7, -.4, -1.1, .6, .1, .9, -.7, -.9, -.3, .8, .25 };
static const int32_t labels[ALL] = { 0, 0, 1, 1, 0, 1, 1, 2 };

static const struct {
	const char *name, *with;
	bool over_rows;          /* a mean over all rows, of which the remembered ones add nothing */
} bases[] = {
	{ "contrastive", "neg_margin=1", false }, { "contrastive_hadsell", "", false }, { "multi_similarity", "", true }, { "binomial_deviance", "", true },
	{ "supcon", "tau=0.5", true }, { "supcon", "tau=0.5,anchors=valid", false }, { "supcon_in", "", false }, { "nt_xent_labels", "tau=0.5", false },
	{ "nca", "", false }, { "tuplet_margin", "", false }, { "fastap", "", false },
};

static void arguments(const struct lb_loss_info *info, const char *set, struct lb_arg *par, struct lb_arg_store *store)
{
	struct lb_err err = { 0 };

	*store = (struct lb_arg_store){ 0 };
	ck_assert_msg(!lb_args_from_text(&info->base, set, par, store, &err), "%s", err.text);
}

/* Value and gradient of the loss within, of all rows and the pairs from the first B. */
static double expected(size_t k, double *g)
{
	const struct lb_loss_info *info = lb_loss_find(LB_EMBEDDING, bases[k].name);
	unsigned char chosen[ALL * ALL] = { 0 };
	struct lb_arg par[PARAMS];
	struct lb_arg_store store;
	char set[64];
	double value;

	snprintf(set, sizeof set, "%s", bases[k].with);
	for (char *c = set; *c; c++)
		*c = *c == ',' ? ' ' : *c;
	arguments(info, set, par, &store);
	memset(chosen, 1, B * ALL);
	const struct lb_loss_input in = { .b = ALL, .c = C, .z = rows, .y = labels, .par = par, .n_classes = 3, .chosen = chosen };
	ck_assert_int_eq(lb_loss_eval(info, 64, &in, &value, g, NULL), 0);
	lb_args_free(&store);
	return value;
}

START_TEST(earlier_rows_are_paired_with_the_batch)
{
	const struct lb_loss *loss = lb_loss_of(lb_loss_find(LB_EMBEDDING, "cross_batch_memory"));
	const double factor = bases[_i].over_rows ? 2 : 1;
	struct lb_loss_stats stats = { .n_rows = ALL, .n_classes = 3, .n_columns = C };
	_Alignas(64) static char room[1 << 16];
	double g[CELLS], want[CELLS];
	struct lb_arg par[PARAMS];
	struct lb_arg_store store;
	char set[128];

	snprintf(set, sizeof set, "size=%d of=%s%s%s", B, bases[_i].name, *bases[_i].with ? " with=" : "", bases[_i].with);
	arguments(&loss->info, set, par, &store);
	ck_assert_uint_le(lb_loss_workspace(loss, par, &(struct lb_loss_shape){ .b = B, .c = C, .views = 1, .n_classes = 3 }), sizeof room);
	struct lb_batch in = { .b = B, .c = C, .views = 1, .output = { .value = rows + B * C, .rows = B, .cols = C, .stride = C }, .y = labels + B, .par = par, .stats = &stats,
			       .workspace = room, .scale = 1, .state = loss->init(par, &stats, NULL) };
	ck_assert_ptr_nonnull(in.state);
	lb_loss_update_state(loss, &in);
	lb_loss_apply(loss, &in);
	in.output.value = rows, in.output.grad = g, in.y = labels;
	lb_loss_update_state(loss, &in);
	const double value = lb_loss_apply(loss, &in), whole = expected((size_t)_i, want);
	ck_assert_msg(fabs(value - factor * whole) < 1e-12, "%s: %.17g, not %.17g", bases[_i].name, value, factor * whole);
	ck_assert_msg(whole > 0, "%s says nothing of these rows", bases[_i].name);
	for (size_t j = 0; j < B * C; j++)
		ck_assert_msg(fabs(g[j] - factor * want[j]) < 1e-12, "%s: entry %zu: %.17g, not %.17g", bases[_i].name, j, g[j], factor * want[j]);
	loss->free(in.state);
	lb_args_free(&store);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("cross_batch");
	TCase *t = tcase_create("memory");

	tcase_add_loop_test(t, earlier_rows_are_paired_with_the_batch, 0, sizeof bases / sizeof *bases);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("cross_batch")
