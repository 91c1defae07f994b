/* The registry of losses, and arguments from text. */
#include "tests/unit/losses/loss_fixture.h"

/* That every file's losses are listed is a rule of tests/lint.sh, which tests/cli/layers.sh
 * runs. */
START_TEST(every_name_leads_to_its_loss)
{
	for (size_t i = 0; i < lb_loss_count(); i++)
		ck_assert_ptr_eq(lb_loss_find(lb_loss_at(i)->kind, lb_loss_at(i)->base.name), lb_loss_at(i));
	ck_assert_ptr_null(lb_loss_at(lb_loss_count()));
	ck_assert_ptr_null(lb_loss_find(LB_BINARY, "ce"));
}
END_TEST

START_TEST(arguments)
{
	static const struct {
		const char *set, *message;
	} wrong[] = {
		{ "gamma=101", "focal: gamma: found 101, allowed: a number in [0, 100]" },
		{ "gamma=two", "focal: gamma: found \"two\"" },
		{ "gamma=", "focal: gamma: found nothing" },
		{ "gama=1", "did you mean \"gamma\";" },
		{ "gamma", "name=value is wanted" },
		{ "gamma=[1,2]", "found a list" },
	};
	const struct lb_info *focal = &lb_loss_find(LB_MULTICLASS, "focal")->base, *ww = &lb_loss_find(LB_MULTICLASS, "ww")->base;
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	struct lb_err err;

	for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
		err = (struct lb_err){ 0 };
		ck_assert_int_eq(lb_args_from_text(focal, wrong[k].set, par, &store, &err), -1);
		ck_assert_msg(strstr(err.text, wrong[k].message) != NULL, "%s: %s", wrong[k].set, err.text);
		ck_assert_int_eq(err.code, LB_USAGE);
	}
	ck_assert_int_eq(lb_args_from_text(focal, " gamma=1  gamma=0.5 ", par, &store, &err), 0);
	ck_assert_double_eq(par[0].v, 0.5);
	ck_assert_int_eq(lb_args_from_text(ww, "reduction=mean", par, &store, &err), 0);
	ck_assert_double_eq(par[0].v, 1);
	ck_assert_double_eq(par[1].v, 1);
	ck_assert_str_eq(par[1].text, "mean");
	lb_args_free(&store);
}
END_TEST

static const double odd[] = { 1, 2 };
static const struct lb_param list_params[] = {
	{ .name = "steps", .type = LB_REALS_PARAM, .def_list = odd, .n_def_list = 2, .min = 0, .max = 10, .help = "a list" },
	{ .name = "column", .type = LB_TEXT_PARAM, .help = "a text" },
};

START_TEST(arguments_own_lists_and_texts)
{
	const struct lb_info info = { .name = "listy", LB_PARAMS(list_params) };
	struct lb_arg par[2];
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };

	ck_assert_msg(!lb_args_from_text(&info, "steps=[1,2.5,4] column=sex", par, &store, &err), "%s", err.text);
	ck_assert_uint_eq(par[0].n, 3);
	ck_assert_double_eq(par[0].list[1], 2.5);
	ck_assert_str_eq(par[1].text, "sex");
	lb_args_free(&store);
	ck_assert_int_eq(lb_args_from_text(&info, "steps=[1,11]", par, &store, &err), -1);
	ck_assert_int_eq(lb_args_from_text(&info, "", par, &store, &err), 0);
	ck_assert_ptr_eq(par[0].list, odd);
	lb_args_free(&store);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("registry_and_param_text");
	TCase *t = tcase_create("loss_registry");

	tcase_add_test(t, every_name_leads_to_its_loss);
	tcase_add_test(t, arguments);
	tcase_add_test(t, arguments_own_lists_and_texts);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("registry_and_param_text")
