/* Values and gradients against tests/golden/losses*.json (PyTorch and mpmath; see
 * tests/reference/losses.py). */
#include "tests/unit/golden.h"

#include "core/base/text.h"
#include "losses/eval.h"

#include <cjson/cJSON.h>
#include <glob.h>
#include <math.h>
#include <string.h>

enum { MOST = 128, MOST_PARAMS = 16 };

static cJSON *golden; /* the cases of all files, one list */

static void add_file(const char *path)
{
	cJSON *file = golden_read(path), *c;
	cJSON *cases = cJSON_GetObjectItemCaseSensitive(file, "cases");
	while ((c = cJSON_DetachItemFromArray(cases, 0)))
		cJSON_AddItemToArray(golden, c);
	cJSON_Delete(file);
}

static void load(void)
{
	glob_t found;

	golden = cJSON_CreateArray();
	ck_assert_msg(!glob("tests/golden/losses*.json", 0, NULL, &found),
		      "no tests/golden/losses*.json; run the tests from the project's root");
	for (size_t i = 0; i < found.gl_pathc; i++)
		add_file(found.gl_pathv[i]);
	globfree(&found);
}

static void unload(void)
{
	cJSON_Delete(golden);
}

static const cJSON *get(const cJSON *in, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(in, key);
}

/* A list of rows, one after the other. */
static size_t flatten(const cJSON *rows, double *out)
{
	const cJSON *row, *item;
	size_t n = 0;

	cJSON_ArrayForEach(row, rows)
		cJSON_ArrayForEach(item, row) {
			ck_assert_uint_lt(n, MOST);
			out[n++] = item->valuedouble;
		}
	return n;
}

static const struct lb_loss_info *find(const char *kind, const char *name)
{
	for (int k = 0; k < LB_N_KINDS; k++)
		if (!strcmp(lb_kind_name(k), kind))
			return lb_loss_find(k, name);
	return NULL;
}

static void ck_near(double got, double want, const char *what, const cJSON *c)
{
	const double allowed = 1e-9 * fabs(want) + 1e-12;

	ck_assert_msg(fabs(got - want) <= allowed, "%s (%s), %s: %s is %.17g, %s gives %.17g", get(c, "loss")->valuestring,
		      get(c, "set")->valuestring, cJSON_PrintUnformatted(get(c, "z")), what, got, get(c, "source")->valuestring, want);
}

static void compare(const struct lb_loss_info *info, const cJSON *c)
{
	double z[MOST], t[MOST], h[MOST], x[MOST], params[MOST], teacher[MOST], second[MOST], want[2 * MOST], grad[2 * MOST], counts[MOST], weight[MOST], value;
	int32_t y[MOST], group[MOST];
	uint32_t partner[MOST];
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };
	const cJSON *label, *count, *query, *of_row, *other;
	const size_t views = get(c, "views") ? (size_t)get(c, "views")->valueint : 1;
	const size_t n = flatten(get(c, "z"), z), b = (size_t)cJSON_GetArraySize(get(c, "z")) / views;
	size_t rows = 0, classes = 0, grouped = 0, weighed = 0, partners = 0;

	cJSON_ArrayForEach(label, get(c, "y"))
		y[rows++] = label->valueint;
	cJSON_ArrayForEach(count, get(c, "counts"))
		counts[classes++] = count->valuedouble;
	cJSON_ArrayForEach(query, get(c, "group"))
		group[grouped++] = query->valueint;
	cJSON_ArrayForEach(of_row, get(c, "w"))
		weight[weighed++] = of_row->valuedouble;
	cJSON_ArrayForEach(other, get(c, "partner"))
		partner[partners++] = (uint32_t)other->valueint;
	flatten(get(c, "t"), t);
	const size_t taught = flatten(get(c, "teacher"), teacher), twice = flatten(get(c, "second_teacher"), second);
	const size_t n_h = flatten(get(c, "h"), h), n_x = flatten(get(c, get(c, "guide") ? "guide" : "x"), x), n_params = flatten(get(c, info->params ? info->params : "none"), params);
	ck_assert_uint_eq(flatten(get(c, "grad"), want), n);
	char name[64];
	snprintf(name, sizeof name, "grad_%s", info->params ? info->params : "none");
	ck_assert_uint_eq(flatten(get(c, name), want + n), n_params);
	const size_t n_moved = flatten(get(c, "grad_h"), want + n + n_params);
	ck_assert_uint_eq(n_moved, info->needs & LB_MOVES_FEATURES ? n_h : 0);
	ck_assert_msg(!lb_args_from_text(&info->base, get(c, "set")->valuestring, par, &store, &err), "%s", err.text);
	const size_t columns = n / b / views, row = info->kind == LB_EMBEDDING ? columns : n_h / b; /* of own parameters */
	size_t named = columns; /* classes that embeddings without prototypes are of */
	for (size_t i = 0; i < rows; i++)
		named = (size_t)y[i] >= named ? (size_t)y[i] + 1 : named;
	const size_t n_classes = get(c, "classes") ? (size_t)get(c, "classes")->valueint : info->kind == LB_EMBEDDING && !n_params ? named : info->params_for == LB_EACH_STEP ? n_params + 1 : info->scores_for ? columns + 1 : n_params && !info->params_for ? n_params / row / (info->per_class ? info->per_class(par) : 1) : 0;
	struct lb_loss_input in = { .b = b, .c = columns, .views = views, .z = z, .y = get(c, "y") ? y : NULL, .t = get(c, "t") ? t : NULL, .group = grouped ? group : NULL, .row_weight = weighed ? weight : NULL, .par = par,
				    .counts = classes ? counts : NULL, .hidden = n_h ? h : NULL, .n_hidden = n_h ? n_h / (size_t)cJSON_GetArraySize(get(c, "h")) : 0, .inputs = n_x ? x : NULL, .n_inputs = n_x / b,
				    .scale = get(c, "scale") ? get(c, "scale")->valuedouble : 0, .partner = partners ? partner : NULL, .mix = partners ? get(c, "mix")->valuedouble : 0,
				    .params = params, .teacher = taught ? teacher : NULL, .second_teacher = twice ? second : NULL,
				    .n_classes = n_classes };
	ck_assert_int_eq(lb_loss_eval(info, 64, &in, &value, grad, &err), 0);
	ck_near(value, get(c, "value")->valuedouble, "value", c);
	for (size_t k = 0; k < n + n_params + n_moved; k++)
		ck_near(grad[k], want[k], "gradient", c);
	lb_args_free(&store);
}

START_TEST(every_case_agrees)
{
	const cJSON *c;
	int n = 0;

	cJSON_ArrayForEach(c, golden) {
		const struct lb_loss_info *info = find(get(c, "kind")->valuestring, get(c, "loss")->valuestring);
		ck_assert_msg(info != NULL, "%s is not registered", get(c, "loss")->valuestring);
		compare(info, c);
		n++;
	}
	ck_assert_int_gt(n, 300);
}
END_TEST

/* Names all losses that lack cases, not only the first. */
START_TEST(every_loss_has_cases)
{
	const size_t n = lb_loss_count();
	int *cases = calloc(n, sizeof *cases);
	struct lb_buf lacking = { 0 };
	const cJSON *c;

	ck_assert_ptr_nonnull(cases);
	cJSON_ArrayForEach(c, golden) {
		const struct lb_loss_info *info = find(get(c, "kind")->valuestring, get(c, "loss")->valuestring);
		for (size_t i = 0; i < n; i++)
			cases[i] += lb_loss_at(i) == info;
	}
	for (size_t i = 0; i < n; i++)
		if (!cases[i])
			lb_buf_printf(&lacking, " %s/%s", lb_kind_name(lb_loss_at(i)->kind), lb_loss_at(i)->base.name);
	ck_assert_msg(!lacking.n, "no reference values of%.3000s; add them to a script of tests/reference", lacking.s);
	lb_buf_free(&lacking);
	free(cases);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("reference_values");
	TCase *t = tcase_create("golden");

	tcase_add_unchecked_fixture(t, load, unload);
	tcase_add_test(t, every_case_agrees);
	tcase_add_test(t, every_loss_has_cases);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("reference_values")
