/* Parameters: from YAML nodes to JSON items, what messages say, and from resolved blocks to
 * arguments. */
#include "core/config/config.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <string.h>

static const char *const words[] = { "relu", "tanh", "gelu", NULL };
static const double two[] = { 1, 2 };

static const struct lb_param params[] = {
	{ .name = "q", .type = LB_REAL_PARAM, .def = 0.7, .min = 0, .max = 10 },
	{ .name = "n", .type = LB_INT_PARAM, .def = 3, .min = 1, .max = INFINITY, .max_open = true },
	{ .name = "on", .type = LB_BOOL_PARAM, .def = 1 },
	{ .name = "act", .type = LB_CHOICE_PARAM, .def = 1, .choices = words },
	{ .name = "column", .type = LB_TEXT_PARAM },
	{ .name = "seed", .type = LB_SEED_PARAM, .def = 0 },
	{ .name = "rates", .type = LB_REALS_PARAM, .min = 0, .max = 1, .min_open = true },
	{ .name = "hidden", .type = LB_INTS_PARAM, .min = 1, .max = INFINITY, .max_open = true, .def_list = two, .n_def_list = 2 },
	{ .name = "t", .type = LB_REAL_PARAM, .def = INFINITY, .min = 0, .max = INFINITY, .min_open = true },
	{ .name = "any", .type = LB_REAL_PARAM },
};

enum { N_PARAMS = sizeof params / sizeof *params };
enum { Q, N, ON, ACT, COLUMN, SEED, RATES, HIDDEN, T, ANY };

static const struct lb_info info = { .name = "thing", LB_PARAMS(params) };

/* The item as JSON, or the message. */
static void check_parse(const struct lb_param *p, const char *yaml, const char *expected)
{
	struct lb_err err = { 0 };
	struct lb_buf b = { 0 };
	struct lb_node *node = lb_yaml_parse("a", yaml, strlen(yaml), &err);

	ck_assert_msg(node, "%s", err.text);
	cJSON *item = lb_param_parse(p, node, &err);
	ck_assert((item == NULL) == (err.code == LB_CONFIG));
	if (item)
		lb_json_canonical(item, &b);
	ck_assert_str_eq(item ? b.s : err.text, expected);
	cJSON_Delete(item);
	lb_node_free(node);
	lb_buf_free(&b);
}

START_TEST(taken)
{
	static const struct {
		int p;
		const char *yaml, *json;
	} cases[] = {
		{ Q, "0", "0" }, { Q, "10", "10" }, { Q, "1.0e-3", "0.001" }, { Q, "+.5", "0.5" },
		{ N, "1", "1" }, { N, "9007199254740992", "9007199254740992" },
		{ ON, "true", "true" }, { ON, "false", "false" },
		{ ACT, "relu", "\"relu\"" }, { ACT, "\"gelu\"", "\"gelu\"" },
		{ COLUMN, "12", "\"12\"" }, { COLUMN, "\"\"", "\"\"" }, { COLUMN, "null", "null" }, { COLUMN, "'null'", "\"null\"" },
		{ SEED, "0", "0" }, { SEED, "null", "null" }, { SEED, "~", "null" }, { SEED, "9007199254740992", "9007199254740992" },
		{ RATES, "[]", "[]" }, { RATES, "[1, 1e-3]", "[1,0.001]" }, { RATES, "- 0.5\n- 1\n", "[0.5,1]" },
		{ HIDDEN, "[64, 32]", "[64,32]" },
		{ T, "inf", "\"inf\"" }, { T, "\"inf\"", "\"inf\"" }, { T, ".inf", "\"inf\"" }, { T, "1e308", "1e+308" },
		{ ANY, "-1e9", "-1000000000" }, { ANY, "0", "0" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_parse(&params[cases[i].p], cases[i].yaml, cases[i].json);
}
END_TEST

START_TEST(refused)
{
	static const struct {
		int p;
		const char *yaml, *message;
	} cases[] = {
		{ Q, "11", "found 11, allowed: a number in [0, 10]" },
		{ Q, "inf", "found \"inf\", allowed: a number in [0, 10]" },
		{ Q, "nan", "found \"nan\", allowed: a number in [0, 10]" },
		{ Q, "0x1", "found \"0x1\", allowed: a number in [0, 10]" },
		{ Q, "null", "found \"null\", allowed: a number in [0, 10]" },
		{ Q, "\"1\"", "found \"1\" in quotes, allowed: a number in [0, 10]; write it without quotes" },
		{ Q, "[1]", "found a list, allowed: a number in [0, 10]" },
		{ Q, "{a: 1}", "found a block, allowed: a number in [0, 10]" },
		{ Q, "# nothing", "found a block, allowed: a number in [0, 10]" },
		{ N, "0", "found 0, allowed: an integer >= 1" },
		{ N, "1e3", "found 1e3, allowed: an integer >= 1; write 1000" },
		{ N, "1.5", "found 1.5, allowed: an integer >= 1" },
		{ N, "9007199254740993", "found 9007199254740993, allowed: an integer >= 1; the largest integer is 9007199254740992" },
		{ ON, "True", "found \"True\", allowed: true or false; did you mean \"true\"?" },
		{ ON, "on", "found \"on\", allowed: true or false" },
		{ ON, "1", "found 1, allowed: true or false" },
		{ ON, "'true'", "found \"true\" in quotes, allowed: true or false; write it without quotes" },
		{ ACT, "rellu", "found \"rellu\", allowed: relu, tanh, gelu; did you mean \"relu\"?" },
		{ ACT, "sigmoid", "found \"sigmoid\", allowed: relu, tanh, gelu" },
		{ COLUMN, "[a]", "found a list, allowed: any text" },
		{ SEED, "-1", "found -1, allowed: an integer in [0, 9007199254740992], or null" },
		{ RATES, "0.5", "found 0.5, allowed: a list of numbers in (0, 1]; write [0.5]" },
		{ RATES, "[1, 0]", "found 0 as entry 2, allowed: a list of numbers in (0, 1]" },
		{ RATES, "[inf]", "found \"inf\" as entry 1, allowed: a list of numbers in (0, 1]" },
		{ RATES, "[[1]]", "found a list as entry 1, allowed: a list of numbers in (0, 1]" },
		{ HIDDEN, "[64, \"32\"]", "found \"32\" in quotes as entry 2, allowed: a list of integers >= 1" },
		{ T, "0", "found 0, allowed: a number > 0, or inf" },
		{ T, "-inf", "found \"-inf\", allowed: a number > 0, or inf" },
		{ ANY, "1e999", "found \"1e999\", allowed: a number" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_parse(&params[cases[i].p], cases[i].yaml, cases[i].message);
}
END_TEST

START_TEST(empty_value)
{
	struct lb_node nothing = { .type = LB_SCALAR, .text = (char[]){ "" } };
	struct lb_err err = { 0 };

	for (int i = 0; i < N_PARAMS; i++) {
		ck_assert_ptr_null(lb_param_parse(&params[i], &nothing, &err));
		ck_assert_ptr_eq(strstr(err.text, "found nothing, allowed: "), err.text);
	}
}
END_TEST

START_TEST(allowed)
{
	static const struct lb_param upper = { .type = LB_REAL_PARAM, .min = -INFINITY, .max = 0, .max_open = true };
	static const struct lb_param endless = { .type = LB_REAL_PARAM, .min = -INFINITY, .max = INFINITY };
	char text[100], tiny[8];

	lb_param_allowed(&params[ACT], text, sizeof text);
	ck_assert_str_eq(text, "one of: relu, tanh, gelu");
	lb_param_allowed(&upper, text, sizeof text);
	ck_assert_str_eq(text, "a number < 0");
	lb_param_allowed(&endless, text, sizeof text);
	ck_assert_str_eq(text, "a number, or inf");
	lb_param_allowed(&params[ACT], tiny, sizeof tiny);
	ck_assert_str_eq(tiny, "one of:");
}
END_TEST

static cJSON *block_of(const char *json)
{
	cJSON *block = lb_json_parse("block", json, strlen(json), LB_CONFIG, NULL);

	ck_assert_ptr_nonnull(block);
	return block;
}

START_TEST(args_from_block)
{
	cJSON *block = block_of("{\"name\":\"thing\",\"q\":1,\"n\":7,\"on\":false,\"act\":\"gelu\",\"column\":\"x\",\"seed\":5,"
				"\"rates\":[0.5,1],\"hidden\":[8,4,2],\"t\":2,\"any\":-1}");
	struct lb_arg par[N_PARAMS];
	double *lists = NULL;

	ck_assert_int_eq(lb_args_from_block(&info, block, par, &lists, NULL), 0);
	ck_assert_double_eq(par[Q].v, 1);
	ck_assert_double_eq(par[N].v, 7);
	ck_assert_double_eq(par[ON].v, 0);
	ck_assert_double_eq(par[ACT].v, 2);
	ck_assert_str_eq(par[ACT].text, "gelu");
	ck_assert_str_eq(par[COLUMN].text, "x");
	ck_assert_double_eq(par[SEED].v, 5);
	ck_assert_uint_eq(par[RATES].n, 2);
	ck_assert_double_eq(par[RATES].list[1], 1);
	ck_assert_uint_eq(par[HIDDEN].n, 3);
	ck_assert_double_eq(par[HIDDEN].list[2], 2);
	ck_assert_double_eq(par[T].v, 2);
	ck_assert_double_eq(par[ANY].v, -1);
	free(lists);
	cJSON_Delete(block);
}
END_TEST

START_TEST(args_by_default)
{
	struct lb_arg par[N_PARAMS];
	double *lists = (double *)par;

	ck_assert_int_eq(lb_args_from_block(&info, NULL, par, &lists, NULL), 0);
	ck_assert_ptr_null(lists);
	ck_assert_double_eq(par[Q].v, 0.7);
	ck_assert_double_eq(par[ON].v, 1);
	ck_assert_str_eq(par[ACT].text, "tanh");
	ck_assert_ptr_null(par[COLUMN].text);
	ck_assert_uint_eq(par[RATES].n, 0);
	ck_assert_ptr_eq(par[HIDDEN].list, two);
	ck_assert_uint_eq(par[HIDDEN].n, 2);
	ck_assert(isinf(par[T].v));
}
END_TEST

START_TEST(args_refused)
{
	static const char *const cases[][2] = {
		{ "{\"q\":11}", "thing: q: found 11, allowed: a number in [0, 10]" },
		{ "{\"q\":\"1\"}", "thing: q: found \"1\", allowed: a number in [0, 10]" },
		{ "{\"q\":\"inf\"}", "thing: q: found \"inf\", allowed: a number in [0, 10]" },
		{ "{\"n\":1.5}", "thing: n: found 1.5, allowed: an integer >= 1" },
		{ "{\"on\":1}", "thing: on: found 1, allowed: true or false" },
		{ "{\"act\":\"no\"}", "thing: act: found \"no\", allowed: one of: relu, tanh, gelu" },
		{ "{\"column\":1}", "thing: column: found 1, allowed: any text" },
		{ "{\"rates\":[0.5,2]}", "thing: rates: found [0.5,2], allowed: a list of numbers in (0, 1]" },
		{ "{\"hidden\":3}", "thing: hidden: found 3, allowed: a list of integers >= 1" },
	};
	static const struct lb_param must = { .name = "p", .type = LB_REAL_PARAM, .required = true };
	static const struct lb_info strict = { .name = "strict", .params = &must, .n_params = 1 };
	struct lb_arg par[N_PARAMS];
	struct lb_err err = { 0 };
	double *lists;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cJSON *block = block_of(cases[i][0]);
		ck_assert_int_eq(lb_args_from_block(&info, block, par, &lists, &err), -1);
		ck_assert_ptr_null(lists);
		ck_assert_str_eq(err.text, cases[i][1]);
		cJSON_Delete(block);
	}
	ck_assert_int_eq(lb_args_from_block(&strict, NULL, par, NULL, &err), -1);
	ck_assert_str_eq(err.text, "strict: p: found nothing, allowed: a number");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("param");
	TCase *t = tcase_create("param");

	tcase_add_test(t, taken);
	tcase_add_test(t, refused);
	tcase_add_test(t, empty_value);
	tcase_add_test(t, allowed);
	tcase_add_test(t, args_from_block);
	tcase_add_test(t, args_by_default);
	tcase_add_test(t, args_refused);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("param")
