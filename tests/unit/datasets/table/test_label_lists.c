/* Task multilabel: columns, lists and arrays of labels into a dataset, the generator, counts that
 * the losses see. */
#include "tests/unit/datasets/tables.h"

#include "datasets/table/label_lists.h"
#include "losses/eval.h"

static const char *const ab[] = { "a", "b" };

START_TEST(columns_become_labels)
{
	static const double want[] = { 1, 0, -1, 1, 0, -1, 1, 1 };
	struct lb_dataset *d = one("x,a,y,b\n1,1,5,0\n2,,6,1\n3,0,7,-1\n4,1,8,1\n", ROLES(.kind = LB_MULTILABEL, .labels = ab, .n_labels = 2));

	ck_assert_int_eq(d->kind, LB_MULTILABEL);
	ck_assert_ptr_null(d->y);
	ck_assert_uint_eq(d->n_targets, 2);
	ck_assert_uint_eq(d->n_classes, 2);
	ck_assert_uint_eq(d->x.d, 2);
	ck_assert_str_eq(d->class_name[0], "a");
	ck_assert_str_eq(d->class_name[1], "b");
	for (size_t k = 0; k < 8; k++)
		ck_assert_double_eq(d->target[k], want[k]);
	lb_dataset_free(d);
}
END_TEST

/* Rows 3,1 | none | 2 | 3: columns in the order of their numbers. */
START_TEST(lists_become_columns)
{
	double label[] = { 10, 1, 2, 10 };
	size_t start[] = { 0, 2, 2, 3, 4 };
	static const double want[3][4] = { { 1, 0, 0, 0 }, { 0, 0, 1, 0 }, { 1, 0, 0, 1 } };
	static const char *const name[] = { "1", "2", "10" };
	const struct lb_label_lists lists = { .label = label, .start = start, .stored = 4 };
	struct lb_table t = { .n = 4 };

	ck_assert_msg(lb_label_lists_to_columns(&lists, "f", 1 << 20, &t, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(t.n_cols, 3);
	for (size_t k = 0; k < 3; k++) {
		ck_assert_str_eq(t.col[k].name, name[k]);
		ck_assert(t.col[k].non_feature);
		ck_assert_mem_eq(t.col[k].num, want[k], sizeof want[k]);
	}
	lb_table_free(&t);
	t = (struct lb_table){ .n = 4 };
	ck_assert_int_eq(lb_label_lists_to_columns(&lists, "f", 95, &t, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "raise data.max_memory"));
	lb_table_free(&t);
}
END_TEST

START_TEST(two_files_have_the_same_labels)
{
	double a[] = { 2, 9 }, b[] = { 10, 9 };
	size_t start[] = { 0, 2 };
	struct lb_table train = { .n = 1 }, test = { .n = 1 };
	static const char *const name[] = { "2", "9", "10" };
	static const double want[2][3] = { { 1, 1, 0 }, { 0, 1, 1 } };

	ck_assert_int_eq(lb_label_lists_to_columns(&(struct lb_label_lists){ .label = a, .start = start, .stored = 2 }, "f", 999, &train, &err), 0);
	ck_assert_int_eq(lb_label_lists_to_columns(&(struct lb_label_lists){ .label = b, .start = start, .stored = 2 }, "g", 999, &test, &err), 0);
	ck_assert_int_eq(lb_label_columns_join((struct lb_table *const[LB_SIDES]){ &train, NULL, &test }, &err), 0);
	const struct lb_table *const side[] = { &train, &test };
	for (int s = 0; s < 2; s++) {
		ck_assert_uint_eq(side[s]->n_cols, 3);
		for (size_t k = 0; k < 3; k++) {
			ck_assert_str_eq(side[s]->col[k].name, name[k]);
			ck_assert_double_eq(side[s]->col[k].num[0], want[s][k]);
		}
	}
	lb_table_free(&train);
	lb_table_free(&test);
}
END_TEST

/* Shares of labels and of unknown entries, and the order from frequent to rare; P(y = 1) is a mean
 * of sigmoids, found by Simpson's rule. */
START_TEST(generator_has_the_stated_shares)
{
	enum { N = 40000, D = 3, C = 4 };
	const struct lb_arg par[] = { { .v = N }, { .v = D }, { .v = C }, { .v = 2 }, { .v = 1 }, { .v = -2 }, { .v = 0.25 }, { .v = 5 } };
	const struct lb_generator *g = NULL;
	struct lb_table t;

	for (size_t i = 0; i < lb_generator_count(); i++)
		if (!strcmp(lb_generator_at(i)->base.name, "linear_labels"))
			g = lb_generator_at(i);
	ck_assert_ptr_nonnull(g);
	ck_assert_int_eq(g->make(par, LB_MULTILABEL, 5, &t, &err), 0);
	for (size_t k = 0; k < C; k++) {
		double known = 0, there = 0, want = 0;
		for (size_t i = 0; i < N; i++) {
			known += t.col[D + k].num[i] >= 0;
			there += t.col[D + k].num[i] > 0;
		}
		for (int j = -800; j <= 800; j++) {
			const double x = j / 100.0, weight = j == -800 || j == 800 ? 1 : j % 2 ? 4 : 2;
			want += weight / 300 * exp(-x * x / 2) / sqrt(2 * 3.141592653589793) / (1 + exp(-(1 - (double)k + 2 * x)));
		}
		ck_assert_double_le(fabs(known / N - 0.75), 5 * sqrt(0.75 * 0.25 / N));
		ck_assert_double_le(fabs(there / known - want), 5 * sqrt(0.25 / known));
	}
	lb_table_free(&t);
}
END_TEST

/* With w = 1 the exponents of mfm count the rows of t that have the label, unless counts are
 * given. */
START_TEST(labels_are_counted)
{
	static const double z[] = { 0, 0, 0, 0 }, t[] = { 1, -1, 1, 0 }, counts[] = { 1, 1 };
	const struct lb_loss_info *mfm = lb_loss_find(LB_MULTILABEL, "mfm");
	struct lb_arg par[8];
	struct lb_arg_store store = { 0 };
	struct lb_loss_input in = { .b = 2, .c = 2, .z = z, .t = t, .par = par };
	double value;

	ck_assert_int_eq(lb_args_from_text(&mfm->base, "gamma_neg=1", par, &store, &err), 0);
	ck_assert_int_eq(lb_loss_eval(mfm, 64, &in, &value, NULL, &err), 0);
	ck_assert_double_eq_tol(value, (0.5 + 0.5 + 0.5) * log(2) / 2, 1e-15);
	in.counts = counts;
	ck_assert_int_eq(lb_loss_eval(mfm, 64, &in, &value, NULL, &err), 0);
	ck_assert_double_eq_tol(value, (0.5 + 0.5 + 0.25) * log(2) / 2, 1e-15);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("label_lists");
	TCase *t = tcase_create("multilabel");

	tcase_add_test(t, columns_become_labels);
	tcase_add_test(t, lists_become_columns);
	tcase_add_test(t, two_files_have_the_same_labels);
	tcase_add_test(t, generator_has_the_stated_shares);
	tcase_add_test(t, labels_are_counted);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("label_lists")
