/* Views of rows: what each kind leaves as it is, how much it changes, that its draws depend on
 * the seed and the step alone. Compiled for float64. */
#include "core/engine/data/augment.h"
#include "core/training/augment_info.h"
#include "tests/unit/suite.h"

#include "losses/eval.h"
#include "losses/loss_info.h"

#include <math.h>
#include <string.h>

enum { B = 200, D = 10, CELLS = B * D, VIEWS = 3, PARAMS = 8 };

static double x[CELLS], out[VIEWS * CELLS];
static uint32_t partner[B];
static struct lb_viewed v;

static void fill(void)
{
	for (size_t i = 0; i < CELLS; i++)
		x[i] = 1 + (double)(i * 7 % 31) / 8;
}

static const struct lb_info *views(const char *kind, const char *set, int64_t step)
{
	const struct lb_info *info = lb_info_find(lb_augmentations_f64, kind);
	struct lb_arg par[PARAMS];
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };

	ck_assert_msg(info != NULL, "%s", kind);
	ck_assert_msg(!lb_args_from_text(info, set, par, &store, &err), "%s", err.text);
	v = (struct lb_viewed){ .b = B, .d = D, .x = x, .partner = partner };
	lb_views_make(lb_augmentation_of(info), par, step, &v, out);
	lb_args_free(&store);
	return info;
}

START_TEST(draws_depend_on_seed_and_step)
{
	static const struct {
		const char *kind, *set, *other;
	} known[] = { { "gaussian_noise", "seed=3", "seed=4" }, { "feature_dropout", "seed=3", "seed=4" }, { "noise_and_dropout", "seed=3", "seed=4" },
		      { "parts", "seed=3", "seed=4" }, { "mixed", "seed=3", "seed=4" } };
	double first[VIEWS * CELLS];

	for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
		const struct lb_info *info = views(known[k].kind, known[k].set, 5);
		const size_t n = (size_t)info->params[LB_VIEW_COUNT].def * CELLS;
		memcpy(first, out, sizeof out);
		views(known[k].kind, known[k].set, 5);
		ck_assert_msg(!memcmp(first, out, n * sizeof *out), "%s", known[k].kind);
		views(known[k].kind, known[k].set, 6);
		ck_assert_msg(memcmp(first, out, n * sizeof *out), "%s: the next step has the same views", known[k].kind);
		views(known[k].kind, known[k].other, 5);
		ck_assert_msg(memcmp(first, out, n * sizeof *out), "%s: another seed has the same views", known[k].kind);
	}
}
END_TEST

/* Share of a view's entries that are 0, and the standard deviation of what was added to the
 * others. */
static void measure(size_t view, double *dropped, double *sd)
{
	double zeros = 0, sum = 0;

	for (size_t i = 0; i < CELLS; i++) {
		const double at = out[view * CELLS + i];
		zeros += at == 0;
		sum += at == 0 ? 0 : (at - x[i]) * (at - x[i]);
	}
	*dropped = zeros / CELLS;
	*sd = sqrt(sum / (CELLS - zeros));
}

START_TEST(noise_and_dropout_do_both)
{
	double dropped, sd;

	views("noise_and_dropout", "seed=1 sd=0.2 rate=0.3", 0);
	ck_assert(!memcmp(out, x, sizeof x));
	measure(1, &dropped, &sd);
	ck_assert_double_eq_tol(dropped, 0.3, 4 * sqrt(0.3 * 0.7 / CELLS));
	ck_assert_double_eq_tol(sd, 0.2, 0.02);
	views("noise_and_dropout", "seed=1 sd=0.2 rate=0.3 first=true", 0);
	for (size_t view = 0; view < 2; view++) {
		measure(view, &dropped, &sd);
		ck_assert_double_eq_tol(dropped, 0.3, 4 * sqrt(0.3 * 0.7 / CELLS));
		ck_assert_double_eq_tol(sd, 0.2, 0.02);
	}
	ck_assert(memcmp(out, out + CELLS, sizeof x));
	views("noise_and_dropout", "seed=1 sd=0 rate=0 first=true", 0);
	ck_assert(!memcmp(out, x, sizeof x) && !memcmp(out + CELLS, x, sizeof x));
}
END_TEST

START_TEST(parts_are_of_one_view_each)
{
	size_t in_first[D] = { 0 };

	views("parts", "seed=1 features=3", 0);
	for (size_t i = 0; i < CELLS; i++) {
		ck_assert(out[i] == (i % D < 3 ? x[i] : 0));
		ck_assert(out[CELLS + i] == (i % D < 3 ? 0 : x[i]));
	}
	for (int64_t step = 0; step < 1000; step++) {
		size_t n = 0;
		views("parts", "seed=1", step);
		for (size_t i = 0; i < CELLS; i++) {
			const bool first = out[i % D] != 0; /* the same for all rows of a batch */
			ck_assert(out[i] == (first ? x[i] : 0) && out[CELLS + i] == (first ? 0 : x[i]));
		}
		for (size_t j = 0; j < D; j++) {
			in_first[j] += out[j] != 0;
			n += out[j] != 0;
		}
		ck_assert_uint_eq(n, D / 2);
	}
	for (size_t j = 0; j < D; j++)
		ck_assert_msg(in_first[j] > 420 && in_first[j] < 580, "feature %zu is in the first view %zu times of 1000", j, in_first[j]);
}
END_TEST

/* With other rows for the second view, their features are in it. */
START_TEST(second_parts_may_be_of_other_rows)
{
	const struct lb_info *info = lb_info_find(lb_augmentations_f64, "parts");
	const struct lb_arg par[] = { { .v = 2 }, { .v = 1 }, { .v = 4 } };
	double other[CELLS];

	for (size_t i = 0; i < CELLS; i++)
		other[i] = 1000 + (double)i;
	v = (struct lb_viewed){ .b = B, .d = D, .x = x, .second = other };
	lb_views_make(lb_augmentation_of(info), par, 0, &v, out);
	for (size_t i = 0; i < CELLS; i++) {
		ck_assert(out[i] == (i % D < 4 ? x[i] : 0));
		ck_assert(out[CELLS + i] == (i % D < 4 ? 0 : other[i]));
	}
}
END_TEST

START_TEST(mixed_rows_are_mixtures)
{
	double sum = 0;
	size_t own = 0;

	for (int64_t step = 0; step < 200; step++) {
		bool seen[B] = { false };
		views("mixed", "seed=1", step);
		ck_assert(v.mix >= 0 && v.mix < 1);
		sum += v.mix / 200;
		for (size_t i = 0; i < B; i++) {
			ck_assert(partner[i] < B && !seen[partner[i]]);
			seen[partner[i]] = true;
			own += partner[i] == i;
			for (size_t j = 0; j < D; j++)
				ck_assert_double_eq_tol(out[(2 * B + i) * D + j], v.mix * out[i * D + j] + (1 - v.mix) * out[(B + partner[i]) * D + j], 1e-14);
		}
	}
	ck_assert_double_eq_tol(sum, 0.5, 0.1);
	ck_assert(own > 120 && own < 300); /* one a step on the average */
	ck_assert(memcmp(out, x, sizeof x));
	views("mixed", "seed=1 first=false", 0);
	ck_assert(!memcmp(out, x, sizeof x));
}
END_TEST

/* Rows i and i + 50 k are of one class, but for three of their own. */
START_TEST(second_rows_are_of_the_same_class)
{
	const struct lb_info *info = lb_info_find(lb_augmentations_f64, "same_class");
	const struct lb_arg par[] = { { .v = 2 }, { .v = 1 } };
	size_t times[B / 50] = { 0 };
	int32_t y[B];

	for (size_t i = 0; i < B; i++)
		y[i] = (int32_t)(i < 3 ? 100 + i : i % 50);
	for (size_t i = 0; i < B; i++)
		x[i * D] = (double)i;
	for (int64_t step = 0; step < 300; step++) {
		v = (struct lb_viewed){ .b = B, .d = D, .x = x, .y = y };
		lb_views_make(lb_augmentation_of(info), par, step, &v, out);
		ck_assert(!memcmp(out, x, sizeof x));
		for (size_t i = 0; i < B; i++) {
			const size_t other = (size_t)out[CELLS + i * D];
			ck_assert(!memcmp(out + CELLS + i * D, x + other * D, D * sizeof *x));
			ck_assert_int_eq(y[other], y[i]);
			ck_assert_msg((other == i) == (i < 3), "row %zu is paired with %zu", i, other);
			times[other / 50] += i == 10;
		}
	}
	ck_assert_uint_eq(times[0], 0);
	for (size_t k = 1; k < B / 50; k++)
		ck_assert_msg(times[k] > 70 && times[k] < 130, "row %zu is the partner %zu times of 300", 10 + 50 * k, times[k]);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("augment");
	TCase *t = tcase_create("views");

	tcase_add_checked_fixture(t, fill, NULL);
	tcase_add_test(t, draws_depend_on_seed_and_step);
	tcase_add_test(t, noise_and_dropout_do_both);
	tcase_add_test(t, parts_are_of_one_view_each);
	tcase_add_test(t, second_parts_may_be_of_other_rows);
	tcase_add_test(t, mixed_rows_are_mixtures);
	tcase_add_test(t, second_rows_are_of_the_same_class);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("augment")
