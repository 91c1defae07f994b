/* What every loss must hold (losses/check.h), once for each registered loss; and that the checks
 * find what is wrong. */
#include "tests/unit/losses/loss_fixture.h"

#include "core/base/text.h"
#include "losses/check.h"
#include "losses/loss.h"

START_TEST(holds)
{
	const struct lb_loss_info *info = lb_loss_at((size_t)_i / LB_N_CHECKS);
	struct lb_findings f = { 0 };
	struct lb_buf text = { 0 };
	struct lb_err err = { 0 };
	const int rc = lb_checks[_i % LB_N_CHECKS](info, &f, &err);

	lb_findings_write(&f, &text);
	ck_assert_msg(!rc && !lb_findings_failed(&f), "%s/%s: %.3000s%.500s", lb_kind_name(info->kind), info->base.name, text.s ? text.s : "", err.text);
	lb_buf_free(&text);
	lb_findings_free(&f);
}
END_TEST

/* The registry itself: a descriptor leads to its functions, and a check of it makes many checks. */
START_TEST(is_registered)
{
	const struct lb_loss_info *info = lb_loss_at((size_t)_i);
	const struct lb_loss *loss = lb_loss_of(info);

	ck_assert_ptr_eq(lb_loss_find(info->kind, info->base.name), info);
	ck_assert_ptr_eq(loss, lb_loss_get((size_t)_i));
	ck_assert_int_eq(lb_loss_separable(info), loss->form->row || loss->form->sums_rows);
	ck_assert(lb_loss_is_ours(info));
}
END_TEST

/* A descriptor that says other than its loss holds: the check says what is wrong, where, and how
 * many checks failed. What only wrong code breaks, cli/losses_check plants. */
static const struct lb_same_as no_such[] = { { .set = "", .other = "nothing", .other_set = "" } }, other_scale[] = { { .set = "", .other = "mae", .other_set = "", .scale = 2 } },
			       bad_set[] = { { .set = "sigma=1", .other = "mae", .other_set = "" } };
static const struct lb_example off[] = { { .set = "", .b = 1, .c = 1, .z = { 3 }, .t = { 1 }, .value = 4.5, .source = "nowhere" } },
			       unsourced[] = { { .set = "", .b = 1, .c = 1, .z = { 3 }, .t = { 1 }, .value = 4 } };
static const struct {
	enum lb_kind kind;
	const char *name, *param;          /* `param`: allowed up to a million */
	unsigned properties, exceptions;   /* turned over */
	const struct lb_same_as *same_as;  /* in place of its own, as the example */
	const struct lb_example *example;
	enum lb_checked part;
	int failed;
	const char *line;
} wrong[] = {
	{ LB_BINARY, "hinge", NULL, LB_SMOOTH, 0, NULL, NULL, LB_PART_SMOOTH, 7, "(defaults), scores +-1, 6 x 1: row 6, column 1: slope " },
	{ LB_REGRESSION, "mae", NULL, LB_SMOOTH, 0, NULL, NULL, LB_PART_SMOOTH, 5, "(defaults), scores 0, 4 x 3: row 1, column 1: slope -0.0833333333 on the left, 0.0833333333 on the right" },
	{ LB_BINARY, "exponential", NULL, 0, LB_OVERFLOWS, NULL, NULL, LB_PART_FINITE, 42, "(defaults), scores all 10000, 6 x 1: float32: value inf\n" },
	{ LB_BINARY, "hinge", NULL, 0, LB_UNDEFINED_AT_ZERO, NULL, NULL, LB_PART_ZERO, 8, "(defaults), scores 0, 6 x 1: 1, in float64 1\n" },
	{ LB_MULTICLASS, "agce", "a", 0, 0, NULL, NULL, LB_PART_FLOAT32, 0, "(a=1000000), normal scores, 4 x 3: value " },
	{ LB_MULTICLASS, "backward_ce", "rate", 0, 0, NULL, NULL, LB_PART_FLOAT32, 0, "(rate=1000000), scores 0, 4 x 3: gradient, row 2, column 2: " },
	{ LB_REGRESSION, "barron", NULL, LB_CONVEX, 0, NULL, NULL, LB_PART_CONVEX, 1, "between two points the value is above their mean by " },
	{ LB_REGRESSION, "gaussian_nll", NULL, LB_NONNEGATIVE, 0, NULL, NULL, LB_PART_NONNEGATIVE, 1, "(defaults): the value is -" },
	{ LB_BINARY, "hinge", NULL, LB_SHIFT_INVARIANT, 0, NULL, NULL, LB_PART_SHIFT_INVARIANT, 1, " changes the value from " },
	{ LB_MULTICLASS, "ce", NULL, LB_SYMMETRIC, 0, NULL, NULL, LB_PART_SYMMETRIC, 1, "(defaults): the sum over the labels is " },
	{ LB_MULTICLASS, "ce", NULL, LB_BOUNDED, 0, NULL, NULL, LB_PART_BOUNDED, 1, "(defaults): the value is up to " },
	{ LB_MULTICLASS, "focal", NULL, LB_PROPER, 0, NULL, NULL, LB_PART_PROPER, 1, "(defaults): at known probabilities of the labels the expected loss is not smallest" },
	{ LB_MULTICLASS, "ww", NULL, LB_CALIBRATED, 0, NULL, NULL, LB_PART_CALIBRATED, 1, "(defaults): at known probabilities of the labels the expected loss comes as low" },
	{ LB_REGRESSION, "mse", NULL, LB_CONVEX, 0, NULL, NULL, LB_PART_UNCLAIMED, 1, "it is convex at all settings\n" },
	{ LB_REGRESSION, "mse", NULL, 0, 0, no_such, NULL, LB_PART_IDENTITY, 1, "same as nothing: there is no regression loss of that name\n" },
	{ LB_REGRESSION, "mae", NULL, 0, 0, other_scale, NULL, LB_PART_IDENTITY, 20, "mae (defaults) as stated gives " },
	{ LB_REGRESSION, "mae", NULL, 0, 0, bad_set, NULL, LB_PART_IDENTITY, 1, "there is no parameter \"sigma\"" },
	{ LB_REGRESSION, "mse", NULL, 0, 0, NULL, off, LB_PART_EXAMPLE, 1, "example 1 (defaults): the loss is 4, stated is 4.5\n" },
	{ LB_REGRESSION, "mse", NULL, 0, 0, NULL, unsourced, LB_PART_DESCRIPTOR, 1, ".examples: one lacks its .source" },
	{ LB_BINARY, "hinge", NULL, 0, LB_TIES_BY_ROW, NULL, NULL, LB_PART_ROW_ORDER, 1, "(defaults): the value is " },
	{ LB_BINARY, "hinge", NULL, 0, LB_SIZE_MATTERS, NULL, NULL, LB_PART_REPEATED, 1, "(defaults): the value is " },
	{ LB_MULTICLASS, "coral", NULL, 0, LB_ORDER_MATTERS, NULL, NULL, LB_PART_CLASS_ORDER, 1, "(defaults): the value is " },
};

START_TEST(the_checks_find)
{
	struct lb_loss_info info = *lb_loss_find(wrong[_i].kind, wrong[_i].name);
	const enum lb_checked part = wrong[_i].part;
	struct lb_param params[8];
	struct lb_findings f = { 0 };
	struct lb_buf text = { 0 };
	struct lb_err err = { 0 };

	info.properties ^= wrong[_i].properties;
	info.exceptions ^= wrong[_i].exceptions;
	if (wrong[_i].same_as)
		info.same_as = wrong[_i].same_as, info.n_same_as = 1;
	if (wrong[_i].example)
		info.examples = wrong[_i].example, info.n_examples = 1;
	ck_assert_int_le(info.base.n_params, 8);
	for (int k = 0; k < info.base.n_params; k++) {
		params[k] = info.base.params[k];
		if (wrong[_i].param && !strcmp(params[k].name, wrong[_i].param))
			params[k].max = 1e6;
	}
	info.base.params = params;
	ck_assert_msg(!lb_check_loss(&info, &f, &err), "%s", err.text);
	ck_assert_msg(f.failed[part] && strstr(f.lines[part].s, wrong[_i].line), "%.3000s", f.lines[part].s ? f.lines[part].s : "nothing was found");
	if (wrong[_i].failed)
		ck_assert_int_eq(f.failed[part], wrong[_i].failed);
	if (part != LB_PART_FLOAT32)
		ck_assert_int_eq(lb_findings_failed(&f), f.failed[part]);
	int lines = 0;
	for (const char *at = f.lines[part].s; (at = strchr(at, '\n')); at++)
		lines++;
	ck_assert_int_eq(lines, f.failed[part]);
	lb_findings_write(&f, &text);
	ck_assert_ptr_nonnull(strstr(text.s, "; to change: "));
	lb_buf_free(&text);
	lb_findings_free(&f);
}
END_TEST

/* ---- single losses ---- */

/* Two visits by hand: t = (1 - b) p, then b t + (1 - b) p; the loss of the second holds that t. */
START_TEST(elr_keeps_a_running_target)
{
	const struct lb_loss *elr = lb_loss_of(lb_loss_find(LB_MULTICLASS, "elr"));
	const struct lb_arg par[] = { { .v = 2 }, { .v = 0.8 } };
	const struct lb_loss_stats stats = { .n_rows = 7, .n_classes = 2 };
	const uint32_t id[] = { 6 };
	const int32_t y[] = { 0 };
	const double p[] = { 0.25, 0.75 }, z[] = { 0, log(3) };
	_Alignas(64) double room[64];
	double g[2], t[2], s = 0;
	struct lb_batch in = { .b = 1, .c = 2, .views = 1, .output = { .value = z, .grad = g, .rows = 1, .cols = 2, .stride = 2 }, .y = y, .row_id = id, .par = par, .stats = &stats,
			       .workspace = room, .scale = 1 };

	in.state = elr->init(par, &stats, NULL);
	ck_assert_ptr_nonnull(in.state);
	lb_loss_update_state(elr, &in);
	lb_loss_update_state(elr, &in);
	for (int k = 0; k < 2; k++) {
		t[k] = 0.8 * 0.2 * p[k] + 0.2 * p[k];
		s += p[k] * t[k];
	}
	ck_assert_double_eq_tol(lb_loss_apply(elr, &in), -log(0.25) + 2 * log(1 - s), 1e-14);
	ck_assert_double_eq_tol(g[0], p[0] - 1 - 2 / (1 - s) * p[0] * (t[0] - s), 1e-14);
	ck_assert_double_eq_tol(g[1], p[1] - 2 / (1 - s) * p[1] * (t[1] - s), 1e-14);
	in.row_id = NULL;
	ck_assert_double_eq_tol(lb_loss_apply(elr, &in), -log(0.25) + 2 * log(1 - 0.2 * 0.625), 1e-14);
	elr->free(in.state);
}
END_TEST

/* Rows at or below k at a refresh count nothing until the next; a batch is still divided by all its
 * rows. */
START_TEST(tgce_pruned_leaves_out_doubtful_rows)
{
	const struct lb_loss *pruned = lb_loss_of(lb_loss_find(LB_MULTICLASS, "tgce_pruned"));
	const struct lb_arg par[] = { { .v = 0.5 }, { .v = 0.3 } };
	const struct lb_loss_stats stats = { .n_rows = 9, .n_classes = 2 };
	const uint32_t id[] = { 8, 2 };
	const int32_t y[] = { 0, 1 };
	const double z[] = { 0, log(3), 0, log(3) }, kept = 2 * (1 - sqrt(0.75)), doubtful = 2 * (1 - sqrt(0.25));
	_Alignas(64) double room[64];
	double g[4];
	struct lb_batch in = { .b = 2, .c = 2, .views = 1, .output = { .value = z, .grad = g, .rows = 2, .cols = 2, .stride = 2 }, .y = y, .row_id = id, .par = par, .stats = &stats,
			       .workspace = room, .scale = 1, .epochs = 20 };

	for (size_t epoch = 0; epoch < 40; epoch++) {
		ck_assert_int_eq(pruned->skips_update(par, epoch, 40), epoch == 29 || epoch == 39);
		ck_assert(epoch > 8 || !pruned->skips_update(par, epoch, epoch + 1));
	}
	in.state = pruned->init(par, &stats, NULL);
	ck_assert_ptr_nonnull(in.state);
	for (in.epoch = 9; in.epoch < 19; in.epoch++)
		lb_loss_update_state(pruned, &in);
	ck_assert_double_eq_tol(lb_loss_apply(pruned, &in), (kept + doubtful) / 2, 1e-14);
	lb_loss_update_state(pruned, &in);
	ck_assert_double_eq_tol(lb_loss_apply(pruned, &in), kept / 2, 1e-14);
	ck_assert(!(fabs(g[0]) > 0) && !(fabs(g[1]) > 0));
	ck_assert_double_eq_tol(g[3], -sqrt(0.75) * 0.25 / 2, 1e-14);
	in.epochs = 0;
	in.output.grad = NULL;
	lb_loss_update_state(pruned, &in);
	ck_assert_double_eq_tol(lb_loss_apply(pruned, &in), kept / 2, 1e-14);
	in.row_id = NULL;
	ck_assert_double_eq_tol(lb_loss_apply(pruned, &in), (kept + doubtful) / 2, 1e-14);
	pruned->free(in.state);
}
END_TEST

/* Lemma 2 of the paper: the share of pairs in the wrong order or tied is at most value / log 2.
 * Over more rows than one tile. */
START_TEST(mw_bounds_the_misordered_pairs)
{
	struct lb_subject s = { .info = lb_loss_find(LB_BINARY, "mw") };
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	struct lb_rng rng;
	static double z[400];
	static int32_t y[400];
	double value, wrong = 0, pairs = 0, sum = 0;

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 17);
	ck_assert_int_eq(lb_args_from_text(&s.info->base, "", par, &store, NULL), 0);
	for (int i = 0; i < 400; i++) {
		y[i] = i % 3 == 0;
		z[i] = y[i] + lb_rng_normal(&rng);
	}
	for (int i = 0; i < 400; i++)
		for (int j = 0; j < 400; j++)
			if (y[i] == 1 && y[j] == 0) {
				pairs++;
				wrong += z[i] <= z[j];
				sum += log1p(exp(z[j] - z[i]));
			}
	const struct lb_loss_input in = { .b = 400, .c = 1, .z = z, .y = y, .par = par };
	ck_assert_int_eq(lb_loss_eval(s.info, 64, &in, &value, NULL, NULL), 0);
	ck_assert_double_eq_tol(value, sum / pairs, 1e-13);
	ck_assert_double_le(wrong / pairs, value / log(2));
}
END_TEST

/* Scores whose squares float32 cannot hold, while the value is an ordinary number. */
START_TEST(squares_do_not_overflow)
{
	static const char *const names[] = { "log_spherical", "log_taylor", "z_loss", "stablemax_ce" };
	static const double z[] = { 1e30, 5e29, -1e30, 0, 2e30, 1 };
	static const int32_t y[] = { 1, 0 };

	for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
		const struct lb_loss_info *info = lb_loss_find(LB_MULTICLASS, names[k]);
		struct lb_arg par[MOST_PARAMS];
		struct lb_arg_store store = { 0 };
		double value[2], g[2][6];
		ck_assert_int_eq(lb_args_from_text(&info->base, "", par, &store, NULL), 0);
		const struct lb_loss_input in = { .b = 2, .c = 3, .z = z, .y = y, .par = par };
		for (int p = 0; p < 2; p++)
			ck_assert_int_eq(lb_loss_eval(info, p ? 64 : 32, &in, &value[p], g[p], NULL), 0);
		ck_assert_msg(value[1] > 0 && fabs(value[0] - value[1]) <= 1e-6 * value[1], "%s: %g, in float64 %g", names[k], value[0],
			      value[1]);
		for (size_t j = 0; j < 6; j++)
			ck_assert_double_eq_tol(g[0][j], g[1][j], 1e-6 * fabs(g[1][j]) + 1e-37);
	}
}
END_TEST

/* Weights (2/3, 2/3, 1) become (1, 1, 3/2): a class without rows takes no share of the mean, and
 * weighs as one of a single row. */
START_TEST(class_counts_may_be_zero)
{
	static const double z[3] = { 0 }, counts[] = { 2, 2, 0 };
	const struct lb_loss_info *info = lb_loss_find(LB_MULTICLASS, "class_balanced");
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	double value;

	ck_assert_int_eq(lb_args_from_text(&info->base, "beta=0.5", par, &store, NULL), 0);
	for (int32_t y = 0; y < 3; y++) {
		const struct lb_loss_input in = { .b = 1, .c = 3, .z = z, .y = &y, .counts = counts, .par = par };
		ck_assert_int_eq(lb_loss_eval(info, 64, &in, &value, NULL, NULL), 0);
		ck_assert_double_eq_tol(value, (y < 2 ? 1 : 1.5) * log(3), 1e-14);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("every_loss");
	TCase *each = tcase_create("each"), *one = tcase_create("one");
	const int n = (int)lb_loss_count();

	tcase_at_least(each, 60);
	tcase_add_loop_test(each, holds, 0, n * LB_N_CHECKS);
	tcase_add_loop_test(each, is_registered, 0, n);
	tcase_at_least(one, 60);
	tcase_add_loop_test(one, the_checks_find, 0, sizeof wrong / sizeof *wrong);
	tcase_add_test(one, elr_keeps_a_running_target);
	tcase_add_test(one, tgce_pruned_leaves_out_doubtful_rows);
	tcase_add_test(one, mw_bounds_the_misordered_pairs);
	tcase_add_test(one, squares_do_not_overflow);
	tcase_add_test(one, class_counts_may_be_zero);
	suite_add_tcase(s, each);
	suite_add_tcase(s, one);
	return s;
}

LB_SUITE_MAIN_OF_MANY("every_loss")
