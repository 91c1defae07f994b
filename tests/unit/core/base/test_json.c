/* JSON out (RFC 8785 and pretty) and in (stricter than cJSON). */
#include "core/base/json.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <string.h>

static cJSON *parse(const char *text)
{
	struct lb_err err = { 0 };
	cJSON *tree = lb_json_parse("a.json", text, strlen(text), LB_DATA, &err);

	ck_assert_msg(tree, "%s", err.text);
	return tree;
}

static void check_canonical(const char *text, const char *expected)
{
	struct lb_buf b = { 0 };
	cJSON *tree = parse(text);

	lb_json_canonical(tree, &b);
	ck_assert(!b.bad);
	ck_assert_str_eq(b.s, expected);
	lb_buf_free(&b);
	cJSON_Delete(tree);
}

START_TEST(canonical)
{
	/* RFC 8785, 3.2.2, 3.2.3 and appendix B. */
	check_canonical("{\"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],"
			"\"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\","
			"\"literals\": [null, true, false]}",
			"{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
			"\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
	check_canonical("{\"\\u20ac\":\"Euro\",\"\\r\":\"CR\",\"\\ufb33\":\"Dalet\",\"1\":\"One\",\"\\ud83d\\ude00\":\"Smile\","
			"\"\\u0080\":\"Control\",\"\\u00f6\":\"o\"}",
			"{\"\\r\":\"CR\",\"1\":\"One\",\"\xC2\x80\":\"Control\",\"\xC3\xB6\":\"o\",\"\xE2\x82\xAC\":\"Euro\","
			"\"\xF0\x9F\x98\x80\":\"Smile\",\"\xEF\xAC\xB3\":\"Dalet\"}");
	check_canonical("[56.0, {\"d\": true, \"10\": null, \"1\": [ ]}, {}, \"\\b\\f\\t\", -0]",
			"[56,{\"1\":[],\"10\":null,\"d\":true},{},\"\\b\\f\\t\",0]");
	check_canonical("{\"a\":1,\"aa\":2,\"\":3,\"A\":4}", "{\"\":3,\"A\":4,\"a\":1,\"aa\":2}");
	check_canonical("[9007199254740993, 5e-324, 1.7976931348623157e308, 0.1, 1e-400]",
			"[9007199254740992,5e-324,1.7976931348623157e+308,0.1,0]");
}
END_TEST

START_TEST(pretty)
{
	static const char expected[] = "{\n  \"b\": 1,\n  \"a\": [1, \"x\", null],\n  \"e\": {},\n  \"l\": [],\n  \"o\": {\n    \"k\": [\n"
				       "      [1, 2],\n      {\n        \"z\": true\n      }\n    ]\n  }\n}";
	cJSON *tree = parse("{\"b\":1,\"a\":[1,\"x\",null],\"e\":{},\"l\":[],\"o\":{\"k\":[[1,2],{\"z\":true}]}}");
	struct lb_buf b = { 0 };

	lb_json_pretty(tree, &b);
	ck_assert_str_eq(b.s, expected);
	lb_buf_free(&b);
	cJSON_Delete(tree);
}
END_TEST

START_TEST(building)
{
	cJSON *root = lb_json_object(NULL, NULL), *list = lb_json_array(root, "list");
	struct lb_buf b = { 0 };

	lb_json_number(root, "nan", (double)NAN);
	lb_json_number(root, "inf", -(double)INFINITY);
	lb_json_number(root, "x", nextafter(0.1, 1));
	lb_json_text(root, "none", NULL);
	lb_json_text(root, "latin", "\xE9" "t\xE9");
	lb_json_bool(root, "yes", 7);
	lb_json_number(list, NULL, (double)INFINITY);
	lb_json_item(list, NULL, cJSON_CreateTrue());
	lb_json_item(lb_json_object(root, "in"), "k", cJSON_CreateNull());
	lb_json_number(NULL, "k", 1);
	lb_json_text(NULL, "k", "v");
	lb_json_bool(NULL, NULL, 1);
	ck_assert_int_eq(lb_json_complete(NULL), 0);
	lb_json_canonical(root, &b);
	ck_assert_str_eq(b.s, "{\"in\":{\"k\":null},\"inf\":\"-inf\",\"latin\":\"\xC3\xA9t\xC3\xA9\",\"list\":[\"inf\",true],"
			      "\"nan\":null,\"none\":null,\"x\":0.10000000000000002,\"yes\":true}");
	ck_assert_str_eq(lb_json_at(root, "latin")->valuestring, "\xC3\xA9t\xC3\xA9");
	ck_assert(cJSON_IsNull(lb_json_at(root, "in.k")));
	ck_assert_ptr_eq(lb_json_at(root, ""), root);
	ck_assert_ptr_null(lb_json_at(root, "in.K"));
	ck_assert_ptr_null(lb_json_at(root, "in.k.z"));
	ck_assert_ptr_null(lb_json_at(root, "i"));
	ck_assert_ptr_null(lb_json_at(NULL, "i"));
	lb_buf_free(&b);
	cJSON_Delete(root);
}
END_TEST

START_TEST(a_member_is_found_wherever_it_stands)
{
	static const char key[] = "b";
	struct lb_err err = { 0 };
	cJSON *root = lb_json_object(NULL, NULL);

	lb_json_number(root, "a", 1);
	lb_json_named(root, key, lb_json_made(cJSON_CreateNumber(2)));
	ck_assert_int_eq(lb_json_complete(&err), 0);
	const cJSON *a = root->child, *b = a->next;
	ck_assert_ptr_eq(b->string, key);
	ck_assert_ptr_eq(lb_json_member(root, "a", NULL), a);
	ck_assert_ptr_eq(lb_json_member(root, "a", b), a);
	ck_assert_ptr_eq(lb_json_member(root, "b", b), b);
	ck_assert_ptr_eq(lb_json_member(root, "b", a), b);
	ck_assert_ptr_null(lb_json_member(root, "c", a));
	lb_json_named(root, key, NULL);
	ck_assert_int_eq(lb_json_complete(&err), -1);
	cJSON_Delete(root);
}
END_TEST

static int allocations_left;

static void *failing_malloc(size_t n)
{
	return allocations_left-- > 0 ? malloc(n) : NULL;
}

/* Whichever allocation fails, building goes on without harm, and the flag is reported exactly
 * once. */
START_TEST(sticky_failure)
{
	cJSON_Hooks hooks = { .malloc_fn = failing_malloc, .free_fn = free };
	int failures = 0, rc = -1;

	cJSON_InitHooks(&hooks);
	for (int n = 0; rc && n < 100; n++) {
		struct lb_err err = { 0 };
		allocations_left = n;
		cJSON *root = lb_json_object(NULL, NULL), *in = lb_json_object(root, "in");
		lb_json_number(in, "a", 1);
		lb_json_text(in, "b", "text");
		lb_json_item(lb_json_array(root, "list"), NULL, cJSON_CreateTrue());
		rc = lb_json_complete(&err);
		ck_assert_int_eq(err.code, rc ? LB_MACHINE : LB_OK);
		ck_assert_int_eq(lb_json_complete(&err), 0);
		failures += rc != 0;
		cJSON_Delete(root);
	}
	cJSON_InitHooks(NULL);
	ck_assert_int_eq(rc, 0);
	ck_assert_int_ge(failures, 10);
}
END_TEST

START_TEST(refused)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "a.json:1:1: not valid JSON" },
		{ "{\"a\": 1", "a.json:1:8: not valid JSON" },
		{ "{\"a\": 1,\n }", "a.json:2:3: not valid JSON" },
		{ "[1 2]", "a.json:1:4: not valid JSON" },
		{ "{} x", "a.json:1:4: not valid JSON" },
		{ "{a: 1}", "a.json:1:3: not valid JSON" },
		{ "[1,\n 01]", "a.json:2:2: found a number that is not JSON's" },
		{ "[1.]", "a.json:1:2: found a number that is not JSON's" },
		{ "[1e]", "a.json:1:2: found a number that is not JSON's" },
		{ "[1-2]", "a.json:1:2: found a number that is not JSON's" },
		{ "[-]", "a.json:1:2: found a number that is not JSON's" },
		{ "[-inf]", "a.json:1:2: found a number that is not JSON's" },
		{ "[1e999]", "a.json:1:2: found a number that is too large" },
		{ "[NaN]", "a.json:1:2: not valid JSON" },
		{ "[\"a\nb\"]", "a.json:1:4: found a control character in a text" },
		{ "[\"a\\u0000b\"]", "a.json:1:4: found a NUL" },
		{ "[\"\\ud800\"]", "a.json:1:" },
		{ "[\"\\x\"]", "a.json:1:" },
		{ "[\"abc", "a.json:1:" },
		{ "[\"abc\\", "a.json:1:" },
		{ "[1]\f", "a.json:1:4: found a control character" },
		{ "[\"\xE9\"]", "a.json:1:3: found what is not UTF-8" },
		{ "{\"a\": 1,\n \"b\": {\"x\": \"a\\\":\"},\n \"\\u0061\": 2}", "a.json:3:2: the key \"a\" stands twice" },
		{ "[{\"a\": 1}, {\"a\": {\"b\": 1, \"c\": [{\"b\": 2}], \"b\": 3}}]", "a.json:1:44: the key \"b\" stands twice" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lb_err err = { 0 };
		ck_assert_ptr_null(lb_json_parse("a.json", cases[i].text, strlen(cases[i].text), LB_DATA, &err));
		ck_assert_int_eq(err.code, LB_DATA);
		ck_assert_msg(strstr(err.text, cases[i].message) == err.text, "case %zu: %s", i, err.text);
	}
}
END_TEST

START_TEST(no_reading_past_the_end)
{
	static const char text[] = "{\"a\": [1.5e-3, \"x\\u00e9\\\\\"], \"b\": {\"c\": null, \"d\": true}}";

	for (size_t n = 0; n < strlen(text); n++) {
		struct lb_err err = { 0 };
		char *part = malloc(n + 1);
		ck_assert_ptr_nonnull(part);
		memcpy(part, text, n);
		ck_assert_ptr_null(lb_json_parse("a.json", part, n, LB_CONFIG, &err));
		ck_assert_int_eq(err.code, LB_CONFIG);
		free(part);
	}
}
END_TEST

START_TEST(deep_nesting)
{
	struct lb_err err = { 0 };
	char text[4000];

	memset(text, '[', 2000);
	memset(text + 2000, ']', 2000);
	ck_assert_ptr_null(lb_json_parse("a.json", text, sizeof text, LB_DATA, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "not valid JSON"));
}
END_TEST

static const struct {
	const char *a, *b;
	bool same;
} pairs[] = {
	{ "0.1", "0.1", true },
	{ "0.1", "0.10000000000000002", false },         /* cJSON_Compare finds these equal */
	{ "1", "1.0", true },
	{ "1", "\"1\"", false },
	{ "null", "false", false },
	{ "\"a\"", "\"A\"", false },
	{ "[1, 2]", "[2, 1]", false },
	{ "[1, 2]", "[1, 2, 3]", false },
	{ "[1, 2, 3]", "[1, 2]", false },
	{ "[]", "{}", false },
	{ "{\"a\": 1, \"b\": [true, null]}", "{\"b\": [true, null], \"a\": 1}", true },
	{ "{\"a\": 1}", "{\"A\": 1}", false },
	{ "{\"a\": 1}", "{\"a\": 1, \"b\": 2}", false },
	{ "{\"a\": 1, \"b\": 2}", "{\"a\": 1}", false },
	{ "{\"a\": {\"b\": 1}}", "{\"a\": {\"b\": 1.0000000000000002}}", false },
};

START_TEST(sameness)
{
	cJSON *a = parse(pairs[_i].a), *b = parse(pairs[_i].b);

	ck_assert_int_eq(lb_json_same(a, b), pairs[_i].same);
	ck_assert_int_eq(lb_json_same(b, a), pairs[_i].same);
	ck_assert(lb_json_same(a, a));
	ck_assert(!lb_json_same(a, NULL) && !lb_json_same(NULL, a) && lb_json_same(NULL, NULL));
	cJSON_Delete(a);
	cJSON_Delete(b);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("json");
	TCase *t = tcase_create("json");

	tcase_add_test(t, canonical);
	tcase_add_test(t, pretty);
	tcase_add_test(t, building);
	tcase_add_test(t, a_member_is_found_wherever_it_stands);
	tcase_add_test(t, sticky_failure);
	tcase_add_test(t, refused);
	tcase_add_test(t, no_reading_past_the_end);
	tcase_add_test(t, deep_nesting);
	tcase_add_loop_test(t, sameness, 0, sizeof pairs / sizeof *pairs);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("json")
