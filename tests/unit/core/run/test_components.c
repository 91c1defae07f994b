/* The table of everything that a config can name (core/run/components.c): every list of every
 * kind. */
#include "core/config/options.h"
#include "core/run/components.h"
#include "core/training/optim_params.h"
#include "core/training/procedure_info.h"
#include "core/metrics/decision_rule.h"
#include "core/training/attack_info.h"
#include "core/training/augment_info.h"
#include "core/training/train.h"
#include "core/training/head_info.h"
#include "losses/loss_info.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <string.h>

enum { BLOCKS = 26 };

static void ck_param(const char *block, const struct lb_info *info, const struct lb_param *p)
{
	const bool number = p->type == LB_REAL_PARAM || p->type == LB_INT_PARAM, list = p->type == LB_REALS_PARAM || p->type == LB_INTS_PARAM;

	ck_assert_msg(p->name && *p->name && p->help && *p->help, "%s %s: a parameter without a name or help", block, info->name);
	ck_assert_msg(p->min <= p->max, "%s %s.%s: from %g to %g", block, info->name, p->name, p->min, p->max);
	ck_assert_msg(!number || p->min < p->max, "%s %s.%s has no range", block, info->name, p->name);
	ck_assert_msg(!number || p->required || (p->def >= p->min && p->def <= p->max), "%s %s.%s: the default %g is out of range", block,
		      info->name, p->name, p->def);
	ck_assert_msg(p->n_grid >= 0 && p->n_grid <= LB_MAX_GRID, "%s %s.%s", block, info->name, p->name);
	for (int i = 0; i < p->n_grid && number; i++)
		ck_assert_msg(p->grid[i] >= p->min && p->grid[i] <= p->max, "%s %s.%s: %g in its grid", block, info->name, p->name, p->grid[i]);
	for (int i = 0; list && i < p->n_def_list && p->min < p->max; i++)
		ck_assert_msg(p->def_list[i] >= p->min && p->def_list[i] <= p->max, "%s %s.%s", block, info->name, p->name);
	if (p->type != LB_CHOICE_PARAM)
		return;
	size_t n = 0;
	while (p->choices[n])
		n++;
	ck_assert_msg(p->def >= 0 && p->def < (double)n, "%s %s.%s: no choice is the default", block, info->name, p->name);
}

static void ck_info(const char *block, const struct lb_info *info)
{
	ck_assert_msg(info->name && *info->name && strspn(info->name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(info->name),
		      "%s: a name is snake_case, not \"%s\"", block, info->name ? info->name : "");
	ck_assert_msg(info->title && *info->title && !strchr(info->title, '\n'), "%s %s has no title of one line", block, info->name);
	for (int i = 0; i < info->n_params; i++) {
		ck_param(block, info, &info->params[i]);
		for (int j = 0; j < i; j++)
			ck_assert_msg(strcmp(info->params[j].name, info->params[i].name) != 0, "%s %s has two parameters %s", block, info->name,
				      info->params[i].name);
	}
}

START_TEST(descriptors_are_whole)
{
	const char *block;
	const struct lb_info *const *list = lb_component_list((size_t)_i, &block);

	ck_assert_ptr_nonnull(list);
	ck_assert_msg(lb_option_find(block, strlen(block)) != NULL, "%s is no option", block);
	ck_assert_ptr_nonnull(*list);
	for (size_t i = 0; list[i]; i++) {
		enum lb_kind kind = LB_N_KINDS;
		ck_info(block, list[i]);
		ck_assert_uint_eq(lb_info_place(list, list[i]), i);
		ck_assert(lb_registries.any(block, list[i]->name, &kind));
		ck_assert_msg(kind < LB_N_KINDS || strstr(block, "format"), "%s %s is for no task", block, list[i]->name);
	}
	ck_assert_ptr_null(lb_info_find(list, "no such name"));
}
END_TEST

/* Losses of different kinds may share a name: a config says its task. */
START_TEST(names_are_unique)
{
	const char *block;
	const struct lb_info *const *list = lb_component_list((size_t)_i, &block);

	for (size_t i = 0; list[i]; i++)
		for (size_t j = 0; j < i; j++) {
			const bool losses = list == lb_losses_f64;
			ck_assert_msg(strcmp(list[i]->name, list[j]->name) || (losses && ((const struct lb_loss_info *)list[i])->kind !=
										       ((const struct lb_loss_info *)list[j])->kind),
				      "%s names two components %s", block, list[i]->name);
		}
}
END_TEST

/* A list that is compiled twice holds the same in the same order, whatever the precision. */
START_TEST(precisions_are_alike)
{
	static const struct {
		const struct lb_info *const *f32, *const *f64;
	} twice[] = {
		{ lb_losses_f32, lb_losses_f64 },         { lb_heads_f32, lb_heads_f64 },
		{ lb_optimizers_f32, lb_optimizers_f64 }, { lb_procedures_f32, lb_procedures_f64 },
		{ lb_miners_f32, lb_miners_f64 },         { lb_augmentations_f32, lb_augmentations_f64 },
		{ lb_attacks_f32, lb_attacks_f64 },
	};
	size_t i = 0;

	for (; twice[_i].f64[i]; i++) {
		const struct lb_info *a = twice[_i].f32[i], *b = twice[_i].f64[i];
		ck_assert_ptr_nonnull(a);
		ck_assert_ptr_ne(a, b);
		ck_assert_str_eq(a->name, b->name);
		ck_assert_uint_eq(a->tasks, b->tasks);
		ck_assert_uint_eq(a->traits, b->traits);
		ck_assert_int_eq(a->n_params, b->n_params);
	}
	ck_assert_ptr_null(twice[_i].f32[i]);
}
END_TEST

/* An option that names a component by a bare word takes the names of its list, in their order, and
 * no other but auto. */
START_TEST(choices_are_the_names_of_the_list)
{
	const char *block;
	const struct lb_info *const *list = lb_component_list((size_t)_i, &block);
	const struct lb_option *o = lb_option_find(block, strlen(block));

	if (o->shape != LB_VALUE)
		return;
	ck_assert_int_eq(o->param.type, LB_CHOICE_PARAM);
	const char *const *choice = o->param.choices + !strcmp(o->param.choices[0], "auto");
	for (; *list; list++, choice++)
		ck_assert_str_eq(*choice, (*list)->name);
	ck_assert_ptr_null(*choice);
}
END_TEST

/* Every option that names a component has its list. */
START_TEST(options_have_lists)
{
	const char *block;
	size_t n = 0;

	for (size_t i = 0; i < lb_option_count(); i++) {
		const struct lb_option *o = lb_option_at(i);
		size_t j = 0;
		while (lb_component_list(j, &block) && strcmp(block, o->path))
			j++;
		ck_assert_msg(!o->noun || j < BLOCKS, "%s names a %s of no list", o->path, o->noun);
		n += j < BLOCKS;
	}
	ck_assert_uint_eq(n, BLOCKS);
	ck_assert_ptr_null(lb_component_list(BLOCKS, &block));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("components");
	TCase *t = tcase_create("components");

	tcase_add_loop_test(t, descriptors_are_whole, 0, BLOCKS);
	tcase_add_loop_test(t, names_are_unique, 0, BLOCKS);
	tcase_add_loop_test(t, choices_are_the_names_of_the_list, 0, BLOCKS);
	tcase_add_loop_test(t, precisions_are_alike, 0, 7);
	tcase_add_test(t, options_have_lists);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("components")
