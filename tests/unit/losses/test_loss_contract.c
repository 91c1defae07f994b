/* What lb_loss_misfit says of descriptors that do not fit together. Those of the registry are
 * checked by test_every_loss.c. */
#include "losses/loss.h"
#include "tests/unit/suite.h"

#include <string.h>

static real some_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	(void)in, (void)i, (void)g;
	return z[0];
}

static double some_query(const struct lb_query *q, double *g)
{
	(void)q, (void)g;
	return 0;
}

static double some_spherical(const struct lb_arg *par, double classes, const struct lb_spherical *at, struct lb_spherical *slope)
{
	(void)par, (void)classes, (void)slope;
	return at->own;
}

static size_t some_most(const struct lb_arg *par)
{
	(void)par;
	return 1;
}

static double some_batch(const struct lb_batch *in, real *g)
{
	(void)in, (void)g;
	return 0;
}

static void some_lanes(const struct lb_batch *in, struct lb_lane_rows *at)
{
	(void)in, (void)at;
}

static bool always(const struct lb_arg *par)
{
	(void)par;
	return true;
}

static void *some_init(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *e)
{
	(void)par, (void)stats, (void)e;
	return NULL;
}

static void some_free(void *state)
{
	(void)state;
}

static void some_update(const struct lb_batch *in)
{
	(void)in;
}

static size_t some_size(const struct lb_arg *par, const struct lb_loss_stats *stats)
{
	(void)par, (void)stats;
	return 0;
}

static size_t some_room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par, (void)shape;
	return 1;
}

static void some_draw(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *params)
{
	(void)par, (void)shape, (void)seed, (void)params;
}

static void some_predict(const struct lb_batch *in, real *out)
{
	(void)in, (void)out;
}

static bool some_output(const struct lb_arg *par, size_t k, struct lb_output *out)
{
	(void)par, (void)k, (void)out;
	return false;
}

static bool some_pause(const struct lb_arg *par, size_t epoch, size_t epochs)
{
	(void)par, (void)epoch, (void)epochs;
	return false;
}

static double some_distances(const struct lb_row_pairs *pairs)
{
	(void)pairs;
	return 0;
}

static struct lb_measured some_measure(const struct lb_arg *par)
{
	(void)par;
	return (struct lb_measured){ 0 };
}

static void some_entries(const struct lb_batch *in, size_t n, const real *z, const real *t, real *loss, real *slope)
{
	(void)in, (void)n, (void)z, (void)t, (void)loss, (void)slope;
}

static const struct lb_form unmeasured = { .similarity = some_distances }, by_distances = { .similarity = some_distances, .measure = some_measure };
static const struct lb_form by_row = { .row = some_row }, by_batch = { .batch = some_batch }, by_both = { .row = some_row, .batch = some_batch },
	by_query = { .query = some_query }, by_nothing = { 0 }, batch_with_softmax = { .batch = some_batch, .softmax = true }, hold_without_lanes = { .row = some_row, .lanes_hold = always },
	with_lanes = { .row = some_row, .lanes = some_lanes }, with_softmax = { .row = some_row, .softmax = true },
	with_entries = { .row = some_row, .entries = some_entries }, rows_that_sum = { .row = some_row, .sums_rows = true },
	one_without_entries = { .row = some_row, .one_target = true };

/* One descriptor of each kind that does not fit together, and what is said of it. */
static const struct {
	struct lb_loss loss;
	const char *said;
} misfits[] = {
	{ { .form = NULL }, "has no form" },
	{ { .form = &by_nothing }, "either .row, .batch, .query or .similarity" },
	{ { .form = &by_both }, "either .row, .batch, .query or .similarity" },
	{ { .form = &by_query }, "one of .query and kind LB_RANKING" },
	{ { .form = &by_row, .info.kind = LB_RANKING }, "one of .query and kind LB_RANKING" },
	{ { .form = &by_query, .workspace = some_room, .info.kind = LB_RANKING }, "no other needs" },
	{ { .form = &by_query, .info = { .kind = LB_RANKING, .needs = LB_NEEDS_BAGS } }, "no other needs" },
	{ { .form = &by_row, .info = { .kind = LB_BINARY, .needs = LB_NEEDS_TEACHER } }, "is none of ranking" },
	{ { .form = &by_row, .info = { .kind = LB_REGRESSION, .needs = LB_NEEDS_SECOND_TEACHER } }, "or a second one" },
	{ { .form = &by_row, .predict = some_predict, .info = { .kind = LB_REGRESSION, .needs = LB_NEEDS_TEACHER, .output = some_output } }, "one output a target" },
	{ { .form = &by_row, .info = { .kind = LB_BINARY, .most_of_query = some_most } }, "how long a query may be" },
	{ { .form = &batch_with_softmax }, "no softmax and no lanes" },
	{ { .form = &hold_without_lanes }, ".lanes_hold without .lanes" },
	{ { .form = &with_lanes, .init = some_init, .free = some_free }, "which read no state" },
	{ { .form = &with_softmax, .info.kind = LB_BINARY }, "no classes" },
	{ { .form = &by_row, .init = some_init }, "one of .init and .free" },
	{ { .form = &by_row, .init = some_init, .free = some_free, .update_state = some_update }, ".update_state without" },
	{ { .form = &by_row, .skips_update = some_pause }, ".skips_update without .update_state" },
	{ { .form = &by_batch, .n_params = some_room, .info.params = "rows" }, "one of .n_params and .init_params" },
	{ { .form = &by_row, .n_params = some_room, .init_params = some_draw, .info.params = "rows" }, "has parameters, whose gradient" },
	{ { .form = &by_batch, .n_params = some_room, .init_params = some_draw }, "one of .n_params and info.params" },
	{ { .form = &by_batch, .info.params = "rows" }, "one of .n_params and info.params" },
	{ { .form = &by_batch, .n_params = some_room, .init_params = some_draw, .info.params = "rows" }, "and reads neither" },
	{ { .form = &with_lanes, .workspace = some_room }, "which have no workspace" },
	{ { .form = &by_batch, .info.needs = LB_MOVES_FEATURES }, "does not read them" },
	{ { .form = &by_row, .info.needs = LB_MOVES_FEATURES | LB_NEEDS_FEATURES }, "moves the hidden features, whose gradient" },
	{ { .form = &by_row, .predict = some_predict }, "judged as it is" },
	{ { .form = &by_row, .info = { .kind = LB_BINARY, .targets = LB_TARGETS_POSITIVE } }, "has none" },
	{ { .form = &with_entries, .info.kind = LB_BINARY }, "those of the rows of a regression" },
	{ { .form = &one_without_entries, .info.kind = LB_REGRESSION }, ".one_target without .entries" },
	{ { .form = &by_row, .info = { .kind = LB_REGRESSION, .output = some_output } }, ".output without .predict" },
	{ { .form = &by_row, .info = { .kind = LB_BINARY, .output = some_output }, .predict = some_predict }, "judged as it is" },
	{ { .form = &by_row, .info = { .kind = LB_EMBEDDING, .output = some_output }, .predict = some_predict }, "but no targets" },
	{ { .form = &by_batch, .n_params = some_room, .init_params = some_draw, .info = { .kind = LB_EMBEDDING, .params = "rows" } },
	  "no class scores of them" },
	{ { .form = &unmeasured, .info.kind = LB_EMBEDDING }, "one of .similarity and .measure" },
	{ { .form = &by_distances, .info.kind = LB_MULTICLASS }, "one of embeddings alone" },
	{ { .form = &by_batch, .info.needs = LB_TAKES_TRIPLETS }, "takes triplets" },
	{ { .form = &by_batch, .info.needs = LB_TAKES_PAIRS }, "takes triplets or pairs" },
	{ { .form = &by_row, .info.needs = LB_NEEDS_SAMPLE_IDS }, "keeps no state" },
	{ { .form = &rows_that_sum }, "said of a loss by batch" },
	{ { .form = &by_row, .info = { .kind = LB_BINARY, .scores_for = LB_EACH_STEP }, .predict = some_predict }, "has not several classes" },
	{ { .form = &by_row, .info = { .kind = LB_MULTICLASS, .scores_for = LB_EACH_STEP } }, ".scores_for without .predict" },
	{ { .form = &with_softmax, .info = { .kind = LB_MULTICLASS, .scores_for = LB_ALL_TOGETHER }, .predict = some_predict }, "no score for each" },
	{ { .form = &by_batch, .info = { .kind = LB_MULTICLASS, .params_for = LB_EACH_STEP } }, "what its parameters are for" },
	{ { .form = &by_row, .info = { .kind = LB_BINARY, .spherical = some_spherical } }, "has .spherical, which is said of a row" },
	{ { .form = &by_batch, .info = { .kind = LB_MULTICLASS, .spherical = some_spherical } }, "has .spherical, which is said of a row" },
	{ { .form = &by_batch, .n_params = some_room, .init_params = some_draw, .info = { .kind = LB_BINARY, .params = "rows", .params_for = LB_EACH_TARGET } },
	  "and no targets" },
};
enum { N_MISFITS = sizeof misfits / sizeof *misfits };

START_TEST(misfit_is_named)
{
	const char *said = lb_loss_misfit(&misfits[_i].loss);

	ck_assert_msg(said && strstr(said, misfits[_i].said), "descriptor %d: %s", _i, said ? said : "nothing is said");
}
END_TEST

START_TEST(fitting_descriptors_pass)
{
	const struct lb_loss row = { .form = &with_softmax }, batch = { .form = &by_batch, .workspace = some_room },
		moving = { .form = &by_batch, .n_params = some_room, .init_params = some_draw,
			   .info = { .needs = LB_NEEDS_FEATURES | LB_MOVES_FEATURES, .params = "rows" } },
		state = { .form = &by_row, .init = some_init, .free = some_free, .update_state = some_update, .state_size = some_size, .skips_update = some_pause },
		targets = { .form = &by_batch, .n_params = some_room, .init_params = some_draw,
			    .info = { .kind = LB_REGRESSION, .params = "rows", .params_for = LB_EACH_TARGET } },
		taught = { .form = &by_row, .info = { .kind = LB_REGRESSION, .needs = LB_NEEDS_TEACHER | LB_NEEDS_SECOND_TEACHER } },
		outputs = { .form = &by_row, .predict = some_predict, .info = { .kind = LB_REGRESSION, .output = some_output } };

	ck_assert_ptr_null(lb_loss_misfit(&row));
	ck_assert_ptr_null(lb_loss_misfit(&batch));
	ck_assert_ptr_null(lb_loss_misfit(&moving));
	ck_assert_ptr_null(lb_loss_misfit(&state));
	ck_assert_ptr_null(lb_loss_misfit(&targets));
	ck_assert_ptr_null(lb_loss_misfit(&taught));
	ck_assert_ptr_null(lb_loss_misfit(&outputs));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("contract");
	TCase *each = tcase_create("each");

	tcase_add_loop_test(each, misfit_is_named, 0, N_MISFITS);
	tcase_add_test(each, fitting_descriptors_pass);
	suite_add_tcase(s, each);
	return s;
}

LB_SUITE_MAIN("loss_contract")
