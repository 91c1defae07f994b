/* Fair tuning: which settings are tried, for whom, and on what (core/config/tune.h), with the
 * program's own registries. */
#include "core/config/tune.h"
#include "core/run/plan.h"
#include "core/run/components.h"
#include "tests/unit/suite.h"

#include <string.h>
#include <unistd.h>

static struct lb_err err;

#define HEAD                                                                                      \
	"data: {train: {path: x.csv}, split: {train: 0.8, valid: 0, test: 0.2}}\n"                \
	"metrics: [accuracy]\n"                                                                   \
	"sweep: {loss: [ce, gce, mae], corrupt.labels: [{kind: uniform, rate: [0, 0.3]}], train.seed: [4, 5, 6]}\n"

static struct lb_config *config;

static int open_text(const char *yaml, struct lb_tune **tune)
{
	char path[] = "/tmp/lossbench-tune-XXXXXX";
	FILE *f = fdopen(mkstemp(path), "w");

	fputs(yaml, f);
	fclose(f);
	config = lb_config_load(path, NULL, 0, true, &err);
	unlink(path);
	ck_assert_msg(config != NULL, "%s", err.text);
	return lb_tune_open(config, &lb_registries, tune, &err);
}

static struct lb_tune *tune_of(const char *yaml)
{
	struct lb_tune *tune = NULL;

	ck_assert_msg(open_text(yaml, &tune) == 0 && tune, "%s", err.text);
	return tune;
}

static void done(struct lb_tune *tune)
{
	lb_tune_free(tune);
	lb_config_free(config);
}

START_TEST(no_block_no_tuning)
{
	struct lb_tune *tune;

	ck_assert_int_eq(open_text(HEAD, &tune), 0);
	ck_assert_ptr_null(tune);
	lb_config_free(config);
}
END_TEST

static char *settings_text(const struct lb_tune *tune, size_t arm, size_t c)
{
	struct lb_buf b = { 0 };
	cJSON *settings = lb_tune_settings(tune, arm, c, &err);

	ck_assert_ptr_nonnull(settings);
	lb_json_canonical(settings, &b);
	cJSON_Delete(settings);
	return b.s;
}

static const char *const methods[] = { "random", "halton", "grid" };

START_TEST(every_arm_gets_the_same_budget)
{
	char yaml[1024];

	snprintf(yaml, sizeof yaml, HEAD "tune: {trials: 9, folds: 4, metric: valid.accuracy, method: %s}\n", methods[_i]);
	struct lb_tune *tune = tune_of(yaml);
	ck_assert_uint_eq(lb_tune_arms(tune), 6);
	ck_assert_uint_eq(lb_tune_replicates(tune), 3);
	ck_assert_uint_eq(lb_tune_folds(tune), 4);
	ck_assert_str_eq(lb_tune_metric(tune), "accuracy");
	for (size_t arm = 0; arm < 6; arm++) {
		const size_t n = lb_tune_candidates(tune, arm);
		ck_assert(n == 9 || (n > 5 && n < 9 && !strcmp(methods[_i], "grid"))); /* a grid is a product: the largest that fits */
		for (size_t c = 0; c < n; c++)
			for (size_t other = 0; other < c; other++) {
				char *a = settings_text(tune, arm, c), *b = settings_text(tune, arm, other);
				ck_assert_str_ne(a, b);
				free(a);
				free(b);
			}
	}
	done(tune);
}
END_TEST

START_TEST(folds_leave_the_test_rows_alone_and_refits_differ_in_seeds_only)
{
	struct lb_tune *tune = tune_of(HEAD "tune: {trials: 2, folds: 3, metric: valid.accuracy}\n");

	for (size_t fold = 0; fold < 3; fold++) {
		cJSON *c = lb_tune_fold(tune, 3, 1, 0, fold, &err);
		ck_assert_double_eq(lb_json_number_at(c, "data.cv.fold", -1), (double)fold);
		ck_assert_double_eq(lb_json_number_at(c, "data.cv.folds", -1), 3);
		ck_assert_double_eq(lb_json_number_at(c, "train.seed", -1), 4);
		ck_assert_double_eq(lb_json_number_at(c, "corrupt.labels.rate", -1), 0.3);
		ck_assert_str_eq(lb_json_text_at(c, "loss.name"), "gce");
		cJSON_Delete(c);
	}
	for (size_t r = 0; r < 3; r++) {
		cJSON *c = lb_tune_refit(tune, 3, 1, r, &err);
		ck_assert_ptr_null(lb_json_at(c, "data.cv"));
		ck_assert_double_eq(lb_json_number_at(c, "train.seed", -1), (double)(4 + r));
		ck_assert_double_eq(lb_json_number_at(c, "data.split.seed", -1), (double)(4 + r));
		cJSON_Delete(c);
	}
	done(tune);
}
END_TEST

START_TEST(a_given_space_is_used_where_it_fits)
{
	struct lb_tune *tune = tune_of(HEAD "tune: {trials: 100, metric: valid.accuracy, method: grid, space: {loss.q: [0.2, 0.5, 0.8], "
					    "optimizer.lr: {from: 0.01, to: 1, steps: 3, scale: log}}}\n");
	static const char *const expected[] = { "{\"loss.q\":0.2,\"optimizer.lr\":0.01}", "{\"loss.q\":0.2,\"optimizer.lr\":0.1}" };

	ck_assert_uint_eq(lb_tune_candidates(tune, 0), 3); /* ce has no q */
	ck_assert_uint_eq(lb_tune_candidates(tune, 2), 9);
	for (size_t c = 0; c < 2; c++) {
		char *text = settings_text(tune, 2, c);
		ck_assert_str_eq(text, expected[c]);
		free(text);
	}
	done(tune);
}
END_TEST

/* Grids larger than the budget keep the ends of their longest axis: the rates. */
START_TEST(a_grid_is_thinned_evenly)
{
	struct lb_tune *tune = tune_of(HEAD "tune: {trials: 10, metric: valid.accuracy, method: grid, space: {optimizer.lr: {from: 1, to: 19, "
					    "steps: 19, scale: linear}}}\n");
	char *first = settings_text(tune, 0, 0), *second = settings_text(tune, 0, 1), *last = settings_text(tune, 0, 9);

	ck_assert_uint_eq(lb_tune_candidates(tune, 0), 10);
	ck_assert_str_eq(first, "{\"optimizer.lr\":1}");
	ck_assert_str_eq(second, "{\"optimizer.lr\":3}");
	ck_assert_str_eq(last, "{\"optimizer.lr\":19}");
	free(first);
	free(second);
	free(last);
	done(tune);
}
END_TEST

static const struct {
	const char *block, *expected;
} mistakes[] = {
	{ "tune: {metric: valid.accuracy}\n", "tune.trials: is missing" },
	{ "tune: {trials: 3}\n", "tune.metric: is missing" },
	{ "tune: {trials: 3, metric: test.accuracy}\n", "tune.metric: found \"test.accuracy\", allowed: valid.accuracy" },
	{ "tune: {trials: 3, metric: valid.acuracy}\n", "did you mean \"valid.accuracy\"" },
	{ "tune: {trials: 0, metric: valid.accuracy}\n", "tune.trials: found 0" },
	{ "tune: {trials: 3, metric: valid.accuracy, space: {optimzer.lr: [1]}}\n", "optimzer.lr" },
	{ "tune: {trials: 3, metric: valid.accuracy, space: {optimizer.lr: [0.1, fast]}}\n", "optimizer.lr: found \"fast\"" },
	{ "tune: {trials: 3, metric: valid.accuracy, space: {output.dir: [a]}}\n", "output.dir: cannot be tuned" },
	{ "tune: {trials: 3, metric: valid.accuracy, space: {train.seed: [7, 8]}}\n", "train.seed: is swept and tuned" },
	{ "tune: {trials: 3, metric: valid.accuracy, space: {data.split.seed: [7, 8]}}\n", "data.split.seed: cannot be tuned: it decides" },
	{ "tune: {trials: 3, metric: valid.accuracy, space: {data.missing: [mean, drop]}}\n", "data.missing: cannot be tuned: it decides" },
	{ "tune: {trials: 2, metric: valid.accuracy, method: grid, space: {loss.q: default, optimizer.lr: [1, 2, 3], train.batch: [1, 2, 3]}}\n",
	  "tune.trials: found 2, but the grid without" },
};

START_TEST(mistakes_are_reported)
{
	struct lb_tune *tune;
	char yaml[1024];

	snprintf(yaml, sizeof yaml, "%s%s", HEAD, mistakes[_i].block);
	ck_assert_int_eq(open_text(yaml, &tune), -1);
	ck_assert_int_eq(err.code, LB_CONFIG);
	ck_assert_msg(strstr(err.text, mistakes[_i].expected) != NULL, "%s", err.text);
	lb_config_free(config);
}
END_TEST

/* ---- plans: which rows choose, which rows judge ---- */

#define PLANNED                                                                                                                   \
	"task: multiclass\ndata: {train: {path: datasets/samples/iris.csv.gz, label: label}, split: %s}\nmetrics: [accuracy]\n"    \
	"tune: {trials: 2, folds: 3, metric: valid.accuracy}\noutput: {dir: /nonexistent}\n"                                        \
	"sweep: {loss: [ce, gce], %s}\n"

static const struct {
	const char *split, *sweep;
	size_t replicates, choices;      /* of an arm */
} plans[] = {
	{ "{train: 0.6, valid: 0.2, test: 0.2}", "train.seed: [1, 2, 3]", 3, 3 },
	{ "{train: 0.6, valid: 0.2, test: 0.2, seed: 4}", "train.seed: [1, 2, 3]", 3, 1 },
	{ "{train: 0.3, valid: 0.1, test: 0.2}", "data.split.seed: [1, 2], train.seed: [1, 2, 3]", 6, 2 },
	{ "{folds: 4}", "data.split.fold: [0, 1, 2, 3], train.seed: [1, 2]", 8, 8 },
	{ "{folds: 4, seed: 1}", "data.split.fold: [0, 1, 2, 3], train.seed: [1, 2]", 8, 4 },
	{ "{folds: 4}", "zip: {data.split.fold: [0, 1, 2, 3], train.seed: [1, 2, 3, 4]}", 4, 4 },
	{ "{first: 100}", "train.seed: [1, 2]", 2, 1 },
	{ "{modulo: 5, test: [2], valid: 0.2}", "train.seed: [1, 2]", 2, 1 },
};

static bool tested[150];

static void ck_fold_leaves_tested_rows(struct lb_plan *plan, const struct lb_trial *t, bool *seen)
{
	const struct lb_data_entry *source;
	struct lb_split split;

	ck_assert(!lb_trial_split(t->config, &plan->cache, &source, &split, &err));
	ck_assert_uint_eq(split.n[LB_TEST], 0);
	for (int part = LB_TRAIN; part <= LB_VALID; part++)
		for (size_t i = 0; i < split.n[part]; i++) {
			ck_assert(!tested[split.rows[part][i]]);
			seen[split.rows[part][i]] = true;
		}
	lb_split_free(&split);
}

static void ck_choice(struct lb_plan *plan, size_t arm, size_t replicate, size_t replicates)
{
	const struct lb_choice *choice = &plan->choice[plan->choice_of[arm * replicates + replicate]];
	cJSON *refit = lb_tune_refit(plan->tune, arm, 1, replicate, &err);
	const struct lb_data_entry *source;
	struct lb_split split;
	bool seen[150] = { false };
	size_t rows = 0;

	ck_assert_uint_eq(choice->arm, arm);
	ck_assert(!lb_trial_split(refit, &plan->cache, &source, &split, &err));
	ck_assert_uint_gt(split.n[LB_TEST], 0);
	memset(tested, 0, sizeof tested);
	for (size_t i = 0; i < split.n[LB_TEST]; i++)
		tested[split.rows[LB_TEST][i]] = true;
	for (size_t i = 0; i < 2 * 3; i++)
		ck_fold_leaves_tested_rows(plan, &plan->trial[plan->fold[choice->fold + i]], seen);
	for (size_t i = 0; i < 150; i++)
		rows += seen[i];
	ck_assert_uint_eq(rows, split.n[LB_TRAIN] + split.n[LB_VALID]); /* all the rows that may choose do */
	lb_split_free(&split);
	cJSON_Delete(refit);
}

START_TEST(rows_that_choose_never_judge)
{
	char path[] = "/tmp/lossbench-tune-XXXXXX";
	const size_t replicates = plans[_i].replicates;
	struct lb_plan plan;
	FILE *f = fdopen(mkstemp(path), "w");

	fprintf(f, PLANNED, plans[_i].split, plans[_i].sweep);
	fclose(f);
	const int rc = lb_plan_open(&plan, path, NULL, 0, true, &err);
	unlink(path);
	ck_assert_msg(rc == 0, "%s", err.text);
	ck_assert_uint_eq(lb_tune_replicates(plan.tune), replicates);
	ck_assert_uint_eq(plan.n_choices, 2 * plans[_i].choices);
	ck_assert_uint_eq(plan.n, plan.n_choices * 2 * 3);
	ck_assert_uint_eq(lb_plan_refits(&plan), 2 * replicates);
	for (size_t arm = 0; arm < 2; arm++)
		for (size_t r = 0; r < replicates; r++)
			ck_choice(&plan, arm, r, replicates);
	lb_plan_close(&plan);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("tune");
	TCase *tc = tcase_create("tune");

	tcase_add_test(tc, no_block_no_tuning);
	tcase_add_loop_test(tc, every_arm_gets_the_same_budget, 0, 3);
	tcase_add_test(tc, folds_leave_the_test_rows_alone_and_refits_differ_in_seeds_only);
	tcase_add_test(tc, a_given_space_is_used_where_it_fits);
	tcase_add_test(tc, a_grid_is_thinned_evenly);
	tcase_add_loop_test(tc, mistakes_are_reported, 0, (int)(sizeof mistakes / sizeof *mistakes));
	tcase_add_loop_test(tc, rows_that_choose_never_judge, 0, (int)(sizeof plans / sizeof *plans));
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("tune")
