/* ARFF and KEEL files: what is refused, the spellings that mean the same, types that are no
 * features, sparse rows. */
#include "core/base/json.h"
#include "tests/unit/datasets/one_file.h"

/* ---- ARFF ---- */

#define HEAD "@relation r\n@attribute a numeric\n@attribute b {x, 'y z'}\n"
static const struct {
	const char *text, *words;
} bad_arff[] = {
	{ HEAD, "no_@data" },
	{ HEAD "@data\n", "no_rows" },
	{ "@relation r\n@data\n1\n", ":2:1: before_it" },
	{ HEAD "@data\n1,x\n2\n", ":6: 1_value, 2_attributes" },
	{ HEAD "@data\n1,x,3\n", ":5:5: one_value_more 2_attributes" },
	{ HEAD "@data\n1,x,{z}\n", ":5:6: weight_of_the_row" },
	{ HEAD "@data\n1 x {2\n", ":5:7: }_behind_the_weight" },
	{ HEAD "@data\n{0 1}, {2} 3\n", ":5:12: one_value_more" },
	{ HEAD "@data\n1 x 3\n", ":5:5: one_value_more" },
	{ HEAD "@data\n1,,x\n", ":5:3: ',' a_value" },
	{ HEAD "@data\n1,'x'y\n", ":5:6: one_value_more" },
	{ HEAD "@data 1,z\n", ":4:9: 'b' 'z' declared" },
	{ "@relation r @attribute a numeric\n@attribute b {x,y}\n@data\n1\n", ":1:13: line_of_its_own" },
	{ HEAD "@attribute d numerc\n@data\n1,x,1\n", ":4:14: 'numerc' did_you_mean_numeric" },
	{ HEAD "@attribute d date 'yyyy'\n@data\n1,x,20-1\n", ":6:5: date_of_the_form_yyyy '20-1'" },
	{ HEAD "@attribute d relational\n@attribute q real\n@data\n1,x,'1'\n", ":4: relational 'd' @end" },
	{ HEAD "@attribute d real [0, 1\n@data\n1,x,1\n", ":4:24: bracket ]" },
	{ HEAD "@outputs c\n@data\n1,x\n", ":4: no_attribute_'c'" },
	{ HEAD "@attributes d real\n@data\n1,x\n", ":4:1: '@attributes' @attribute" },
	{ HEAD "@data\ncat,x\n", ":5:1: 'a' 'cat' number" },
	{ HEAD "@data\n1,z\n", ":5:3: 'b' 'z' declared" },
	{ HEAD "@data\n1,'x\n", ":5:3: quote closed" },
	{ HEAD "@data\n{0 1, 0 2}\n", ":5:7: ascending" },
	{ HEAD "@data\n{2 1}\n", ":5:2: range" },
	{ HEAD "@data\n{0 1\n", ":5:5: }" },
	{ "@relation r\n@attribute b {x, x}\n", ":2: 'x' once" },
	{ "@relation r\n@attribute b {x, y\n", ":2: closing_brace" },
	{ "@relation r\n1,2\n", ":2:1: @attribute" },
};

START_TEST(arff_refused)
{
	ck_refused(read_bytes(bad_arff[_i].text, strlen(bad_arff[_i].text), NULL), bad_arff[_i].words);
}
END_TEST

/* Forms of one table: two numbers and a label that is nominal. */
static const char *const arff_same[] = {
	HEAD "@attribute c {1, 0}\n@data\n0.5,x,0\n?,'y z',1\n-2,x,1\n",
	"\xEF\xBB\xBF% remark\n\n" HEAD "@ATTRIBUTE c{1,0,}\n@DATA\n% more\n0.5, x ,0,\r\n ?,'y z',1 % remark\n-2,x,1,,\n",
	"@attribute a real\n@attribute b {x, \"y z\"}\n@attribute c {1 0}\n@data 0.5 x 0\n?\t\"y z\"\t1\n-2 ,x 1\n",
	"@relation r s t\n@attribute a REAL[-2, 1]\n@attribute b {x,'y\\u0020z'}\n@attribute c {1,0} % two\n@inputs a, b\n@outputs c\n@data\n"
	"0.5, x, 0\n<null>, 'y z', 1\n-2, x, 1\n",
	"@relation r\n@attribute c {1,0}\n@attribute a integer [0,9]\n@attribute b {x,'y z'}\n@input a, b\n@output c\n@data\n"
	"0,0.5,x\n1,<null>,'y z'\n1,-2,x\n",
	HEAD "@attribute c {0,1}\n@data\n{0 0.5}\n{0 ?, 1 'y z', 2 1}\n{0 -2,2 1}\n",
};

START_TEST(arff_forms)
{
	const char *text = arff_same[_i];

	ck_assert_msg(!read_bytes(text, strlen(text), NULL), "%s", err.text);
	ck_assert(t.n == 3 && t.n_cols == 3 && !t.block.d);
	ck_assert(t.col[0].type == LB_NUMBER && t.col[0].num[0] == 0.5 && isnan(t.col[0].num[1]) && t.col[0].num[2] == -2);
	ck_assert(t.col[0].n_missing == 1 && t.col[0].first_missing_line == t.line[1]);
	ck_assert(t.col[1].type == LB_TEXT && t.col[1].declared && t.col[2].type == LB_TEXT && t.col[2].declared);
	ck_assert_str_eq(t.col[1].level[t.col[1].code[1]], "y z");
	for (size_t i = 0; i < 3; i++)
		ck_assert_str_eq(t.col[2].level[t.col[2].code[i]], i ? "1" : "0");
	ck_assert_uint_eq(t.n_warnings, _i == 1 || _i == 4);
	if (_i == 1)
		ck_assert_str_eq(t.warning[0], "2 rows end with a comma behind the last value, which is taken for nothing (the first in line 9)");
}
END_TEST

/* Attributes of other types: what they are read as, and the warning. */
static const struct {
	const char *attribute, *value, *warning;
	double number;           /* NaN: text */
	bool non_feature;
} arff_types[] = {
	{ "date \"yyyy-MM-dd HH:mm\"", "'2020-01-02 10:01'", "seconds since 1970", 1577959260, false },
	{ "date", "1970-01-02T00:00:01", "seconds since 1970", 86401, false },
	{ "date 'dd.MM.yy HH:mm:ss.SSS Z'", "'01.03.00 01:00:00.500 +0100'", "seconds since 1970", 951868800.5, false },
	{ "date \"MMM d, yyyy hh:mm a\"", "\"Mar 1, 1972 12:00 AM\"", "seconds since 1970", 68256000, false },
	{ "date yyyyMMdd", "19691231", "seconds since 1970", -86400, false },
	{ "date ww", "12", "left out: its pattern 'ww'", (double)NAN, true },
	{ "relational\n@attribute x numeric\n@attribute y relational\n@attribute z real\n@end y\n@end d", "'1,2\\n3,4'", "relational", (double)NAN, true },
	{ "unknown", "7", "'unknown', which ARFF does not know; its values are read as numbers", 7, false },
	{ "unknown", "a7", "'unknown', which ARFF does not know; its values are read as text", (double)NAN, false },
	{ "string", "7", NULL, (double)NAN, false },
};

START_TEST(arff_other_types)
{
	struct lb_buf b = { 0 };

	lb_buf_printf(&b, HEAD "@attribute d %s\n@data\n1,x,?\n2,x,%s\n", arff_types[_i].attribute, arff_types[_i].value);
	ck_assert_msg(!read_bytes(b.s, b.n, NULL), "%s", err.text);
	lb_buf_free(&b);
	ck_assert(t.n == 2 && t.n_cols == 3 && t.col[2].n_missing == 1 && t.col[2].non_feature == arff_types[_i].non_feature);
	ck_assert_int_eq(t.col[2].type, isnan(arff_types[_i].number) ? LB_TEXT : LB_NUMBER);
	if (t.col[2].type == LB_NUMBER)
		ck_assert_msg(t.col[2].num[1] == arff_types[_i].number, "%.17g", t.col[2].num[1]);
	ck_assert_uint_eq(t.n_warnings, arff_types[_i].warning != NULL);
	if (t.n_warnings)
		ck_assert_msg(strstr(t.warning[0], arff_types[_i].warning) != NULL, "%s", t.warning[0]);
}
END_TEST

START_TEST(arff_sparse)
{
	static const char text[] = "@relation r\n@attribute a numeric\n@attribute k {p, q}\n@attribute b numeric\n@attribute c {no, yes}\n"
				   "@data\n{0 2, 3 yes}\n{ 1 q , 2 -1.5 }\n{}\n";
	static const double want[] = { 2, 0, 0, -1.5, 0, 0 };

	ck_assert_msg(!read_bytes(text, sizeof text - 1, NULL), "%s", err.text);
	ck_assert(t.n == 3 && t.block.d == 2 && t.block.start && t.n_cols == 2 && t.block.start[3] == 2);
	ck_assert_str_eq(t.block_name[1], "b");
	for (size_t k = 0; k < 6; k++)
		ck_assert_double_eq(block_at(&t.block, k / 2, k % 2), want[k]);
	ck_assert_str_eq(t.col[0].name, "k");
	ck_assert(t.col[0].code[0] == 0 && t.col[0].code[1] == 1 && t.col[1].code[0] == 1 && t.col[1].code[2] == 0);
}
END_TEST

static bool wants_weight(const void *config, const char *name)
{
	(void)config;
	return !strcmp(name, "instance_weight");
}

/* Weights of rows in dense and sparse rows: a column in front of the label where it is asked for,
 * else a warning. */
static const char *const weighted[] = {
	HEAD "@data\n1,x,{2.5}\n2,x\n3,'y z' {0}\n4,x\n",
	HEAD "@data\n{0 1}, {2.5}\n{0 2}\n{0 3, 1 'y z'} { 0 } % remark\n{0 4}\n",
};

START_TEST(arff_weights)
{
	static const double want[] = { 2.5, 1, 0, 1 };
	const struct lb_read_options asked = { .wants = wants_weight };
	const char *text = weighted[_i];

	ck_assert_msg(!read_bytes(text, strlen(text), &asked), "%s", err.text);
	const size_t at = t.n_cols - 2;
	ck_assert(t.n == 4 && t.block.d + t.n_cols == 3 && t.n_warnings == 0 && !t.col[at].non_feature);
	ck_assert_str_eq(t.col[at].name, "instance_weight");
	ck_assert_str_eq(t.col[at + 1].name, "b");
	for (size_t i = 0; i < 4; i++)
		ck_assert_double_eq(t.col[at].num[i], want[i]);
	lb_table_free(&t);
	ck_assert_msg(!read_bytes(text, strlen(text), NULL), "%s", err.text);
	ck_assert(t.block.d + t.n_cols == 2 && t.n_warnings == 1);
	ck_assert_msg(strstr(t.warning[0], "2 rows have a weight behind the values (the first in line 5), which is not used; set data.weight: "
					   "instance_weight") != NULL, "%s", t.warning[0]);
}
END_TEST

START_TEST(arff_no_weights)
{
	const struct lb_read_options asked = { .wants = wants_weight };
	static const char without[] = HEAD "@data\n1,x\n2,x\n", own[] = HEAD "@attribute instance_weight real\n@data\n1,x,3,{2}\n2,x,4\n";

	ck_assert_msg(!read_bytes(without, sizeof without - 1, &asked), "%s", err.text);
	ck_assert(t.n_cols == 3 && t.col[1].num[1] == 1 && t.n_warnings == 1);
	ck_assert_msg(strstr(t.warning[0], "no row has a weight behind its values") != NULL, "%s", t.warning[0]);
	lb_table_free(&t);
	ck_assert_msg(!read_bytes(own, sizeof own - 1, &asked), "%s", err.text);
	ck_assert(t.n_cols == 3 && t.col[2].num[1] == 4 && t.n_warnings == 1);
	ck_assert_msg(strstr(t.warning[0], "1 row has a weight behind the values (the first in line 6), which is not used: there is an "
					   "attribute instance_weight") != NULL, "%s", t.warning[0]);
}
END_TEST

/* data.missing_values: texts and numbers, in attributes of every type; ? is missing with any
 * list. */
START_TEST(arff_markers)
{
	static const char text[] = HEAD "@attribute d string\n@data\n-200,x,None\n-200.0,None,'-'\nNone,?,ok\n1,-200,x\n";
	cJSON *list = cJSON_Parse("[\"-200\", \"None\", \"-\"]");

	ck_assert_msg(!read_bytes(text, sizeof text - 1, &(struct lb_read_options){ .missing = list }), "%s", err.text);
	ck_assert(t.col[0].n_missing == 3 && t.col[0].num[3] == 1 && t.col[1].n_missing == 3 && t.col[2].n_missing == 2);
	ck_assert(t.col[1].n_levels == 2 && t.col[2].n_levels == 2);
	lb_table_free(&t);
	cJSON_Delete(list);
	ck_refused(read_bytes(text, sizeof text - 1, NULL), ":7:8: 'b' 'None' declared");
}
END_TEST

#define N_OF(table) ((int)(sizeof(table) / sizeof *(table)))

static Suite *suite(void)
{
	Suite *s = suite_create("arff");
	TCase *c = tcase_create("arff");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_at_least(c, 60);
	tcase_add_loop_test(c, arff_refused, 0, N_OF(bad_arff));
	tcase_add_loop_test(c, arff_forms, 0, N_OF(arff_same));
	tcase_add_loop_test(c, arff_other_types, 0, N_OF(arff_types));
	tcase_add_test(c, arff_sparse);
	tcase_add_loop_test(c, arff_weights, 0, N_OF(weighted));
	tcase_add_test(c, arff_no_weights);
	tcase_add_test(c, arff_markers);
	suite_add_tcase(s, c);
	return s;
}

LB_SUITE_MAIN("arff")
