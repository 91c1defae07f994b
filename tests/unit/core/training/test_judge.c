/* Judges of embeddings against scikit-learn and numpy (tests/reference/judges.py). */
#include "core/training/judge.h"
#include "losses/eval.h"
#include "tests/unit/golden.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 100, CELLS = 600, MOST_PARAMS = 6 };

static struct lb_err err;

static size_t flatten(const cJSON *rows, double *out)
{
	const cJSON *row, *cell;
	size_t n = 0;

	cJSON_ArrayForEach(row, rows)
		cJSON_ArrayForEach(cell, row)
			out[n++] = cell->valuedouble;
	ck_assert(n <= CELLS);
	return n;
}

static size_t labels(const cJSON *list, int32_t *out)
{
	const cJSON *item;
	size_t n = 0;

	cJSON_ArrayForEach(item, list)
		out[n++] = item->valueint;
	ck_assert(n <= MOST);
	return n;
}

static void judge(const char *name, const char *set, const struct lb_gallery *g, size_t rows, double *x, int32_t *pred)
{
	const struct lb_info *info = lb_info_find(lb_judges, name);
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };

	ck_assert_msg(info, "no judge %s", name);
	ck_assert_msg(!lb_args_from_text(info, set, par, &store, &err), "%s", err.text);
	ck_assert(!lb_judge_rows(info, par, g, rows, x, pred, &err));
	lb_args_free(&store);
}

START_TEST(as_others_have_them)
{
	cJSON *tree = golden_read("tests/golden/judges.json");
	const cJSON *c;
	int n = 0;

	cJSON_ArrayForEach(c, cJSON_GetObjectItem(tree, "cases")) {
		double x[CELLS], other[CELLS];
		int32_t y[MOST], want[MOST], got[MOST];
		const size_t cells = flatten(cJSON_GetObjectItem(c, "x"), x), n_train = labels(cJSON_GetObjectItem(c, "y"), y);
		const size_t rows = labels(cJSON_GetObjectItem(c, "said"), want);
		const char *name = cJSON_GetObjectItem(c, "judge")->valuestring, *set = cJSON_GetObjectItem(c, "set")->valuestring;
		flatten(cJSON_GetObjectItem(c, "other"), other);
		const struct lb_gallery g = { .n = n_train, .d = cells / n_train, .classes = (size_t)cJSON_GetObjectItem(c, "classes")->valueint, .x = x, .y = y };
		judge(name, set, &g, rows, other, got);
		for (size_t i = 0; i < rows; i++)
			ck_assert_msg(got[i] == want[i], "%s (%s), case %d, row %zu: %d, not %d", name, set, n, i, got[i], want[i]);
		n++;
	}
	ck_assert_int_eq(n, 60);
	cJSON_Delete(tree);
}
END_TEST

/* Rows of zeros have no direction, a column may not vary, k may be more than there are rows. */
START_TEST(edges)
{
	for (size_t k = 0; lb_judges[k]; k++)
		for (int space = 0; space < 2; space++) {
			double x[] = { 1, 2, 1, 3, 0, 0, 4, 2 }, other[] = { 0, 0, 1, 2.5 };
			const int32_t y[] = { 2, 2, 0, 0 };
			int32_t pred[2] = { -1, -1 };
			const struct lb_gallery g = { .n = 4, .d = 2, .classes = 3, .x = x, .y = y };
			judge(lb_judges[k]->name, space ? "space=cosine" : "space=euclidean", &g, 2, other, pred);
			ck_assert(pred[0] == 0 || pred[0] == 2);
			ck_assert(pred[1] == 0 || pred[1] == 2);
		}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("judge");
	TCase *t = tcase_create("judge");

	tcase_add_test(t, as_others_have_them);
	tcase_add_test(t, edges);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("judge")
