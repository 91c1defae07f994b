/* core/config: the trials of a sweep, which share what they have in common, are what each would be
 * alone. */
#include "tests/unit/core/config/config_fixture.h"

enum { VALUES = 4 };

/* The values that two options take in turn; an option may change what another one's default is. */
static const struct {
	const char *yaml, *first, *second;
	const char *value[2][VALUES];
} sweep[] = {
	{ BASE, "train.seed", "optimizer.lr", { { "1", "7", "3", "7" }, { "0.1", "0.2", "0.1", "0.3" } } },
	{ BASE, "optimizer.lr", "train.seed", { { "0.1", "0.2", "0.1", "0.3" }, { "1", "7", "3", "7" } } },
	{ BASE, "task", "train.seed", { { "multiclass", "binary", "multiclass", "regression" }, { "1", "2", "3", "4" } } },
	{ BASE, "data.split", "model", { { "{folds: 3}", "{train: 0.5}", "{first: 20}", "{modulo: 5, test: [0, 1]}" },
					 { "linear", "{kind: mlp, hidden: [4]}", "linear", "{kind: mlp, hidden: [4, 5]}" } } },
	{ BASE, "data.group", "data.test.path", { { "g", "null", "h", "null" }, { "t.csv", "null", "u.csv", "t.csv" } } },
	{ BASE, "train.early_stopping", "metrics", { { "{metric: valid.accuracy}", "null", "{metric: valid.accuracy, patience: 2}", "null" },
						     { "[accuracy]", "[accuracy, {name: top_k, k: 2}]", "[accuracy]", "null" } } },
	{ BASE, "loss", "corrupt.labels", { { "ce", "{name: gce, q: 0.3}", "gce", "ce" },
					    { "{kind: uniform, rate: 0.3}", "none", "{kind: uniform, rate: 0.3, seed: 9}", "{kind: uniform, rate: 0.1}" } } },
};

static char *sets_of(const char *path, const char *const *value, size_t n)
{
	struct lb_buf text = { 0 };

	lb_buf_printf(&text, "%s=", path);
	for (size_t i = 0; i < n; i++)
		lb_buf_printf(&text, "%s%s", i ? "," : "", value[i]);
	ck_assert(!text.bad);
	return text.s;
}

/* The config with one value for each option; NULL where it is refused. */
static char *alone(size_t k, size_t a, size_t b)
{
	char *one = sets_of(sweep[k].first, &sweep[k].value[0][a], 1), *two = sets_of(sweep[k].second, &sweep[k].value[1][b], 1);
	const char *const sets[] = { one, two, NULL };
	struct lb_trial_list list;
	struct lb_err err = { 0 };
	struct lb_buf text = { 0 };

	if (!expand(sweep[k].yaml, sets, &list, &err)) {
		ck_assert_uint_eq(list.n, 1);
		lb_json_pretty(list.config[0], &text);
		lb_trial_list_free(&list);
	}
	free(one);
	free(two);
	return text.s;
}

START_TEST(test_sweep_against_each_alone)
{
	const size_t k = (size_t)_i;
	char *one = sets_of(sweep[k].first, sweep[k].value[0], VALUES), *two = sets_of(sweep[k].second, sweep[k].value[1], VALUES);
	const char *const sets[] = { one, two, NULL };
	struct lb_trial_list list;
	struct lb_err err = { 0 };
	char *seen[VALUES * VALUES];
	size_t n = 0, refused = 0;

	for (size_t t = 0; t < VALUES * VALUES; t++) {
		char *text = alone(k, t / VALUES, t % VALUES);
		bool repeated = !text;
		for (size_t i = 0; text && i < n && !repeated; i++)
			repeated = !strcmp(seen[i], text);
		refused += !text;
		if (repeated)
			free(text);
		else
			seen[n++] = text;
	}
	const int rc = expand(sweep[k].yaml, sets, &list, &err);
	ck_assert_msg(!rc == !refused, "%zu of the trials are refused alone; together: %s", refused, err.text);
	if (!rc)
		ck_assert_uint_eq(list.n, n);
	for (size_t i = 0; i < n; i++) {
		struct lb_buf text = { 0 };
		if (!rc) {
			lb_json_pretty(list.config[i], &text);
			ck_assert_str_eq(text.s, seen[i]);
		}
		lb_buf_free(&text);
		free(seen[i]);
	}
	if (!rc)
		lb_trial_list_free(&list);
	free(one);
	free(two);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("series");
	TCase *t = tcase_create("config_series");

	tcase_add_checked_fixture(t, enter, leave);
	tcase_add_loop_test(t, test_sweep_against_each_alone, 0, sizeof sweep / sizeof *sweep);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("series")
