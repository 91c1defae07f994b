/* The generators gaussian_mixture, linear_regression, identity_rows and zipf_classes against their
 * formulas. */
#include "tests/unit/datasets/tables.h"

static const struct lb_generator *generator(const char *name)
{
	for (size_t i = 0; i < lb_generator_count(); i++)
		if (strcmp(lb_generator_at(i)->base.name, name) == 0)
			return lb_generator_at(i);
	ck_abort_msg("no generator %s", name);
	return NULL;
}

static struct lb_dataset *assemble_generated(struct lb_table *t, enum lb_kind kind)
{
	const char *const paths[LB_FILES] = { 0 };
	struct lb_table *const tables[LB_FILES] = { t };
	const struct lb_roles roles = { .kind = kind };
	struct lb_dataset *d = NULL;

	ck_assert_msg(lb_dataset_assemble(tables, paths, &roles, &d, &err) == 0, "%s", err.text);
	lb_table_free(t);
	return d;
}

START_TEST(gaussian_mixture)
{
	enum { N = 20000, D = 4 };
	const double priors[] = { 3, 1 };
	const struct lb_arg par[] = {
		{ .v = N }, { .v = D }, { .v = 2 }, { .v = 3 }, { .v = 0 }, { .v = 0.5 }, { .list = priors, .n = 2 }, { .v = 0 }
	};
	struct lb_table t, again;
	double mean[2][D] = { { 0 } }, var = 0, gap = 0;
	size_t count[2] = { 0 };

	ck_assert_msg(generator("gaussian_mixture")->make(par, LB_BINARY, 7, &t, &err) == 0, "%s", err.text);
	ck_assert_int_eq(generator("gaussian_mixture")->make(par, LB_BINARY, 7, &again, &err), 0);
	for (int j = 0; j <= D; j++)
		ck_assert_mem_eq(t.col[j].num, again.col[j].num, N * sizeof(double));
	lb_table_free(&again);
	for (int i = 0; i < N; i++)
		count[(int)t.col[D].num[i]]++;
	ck_share(count[1], N, 0.25);
	for (int i = 0; i < N; i++)
		for (int j = 0; j < D; j++)
			mean[(int)t.col[D].num[i]][j] += t.col[j].num[i] / (double)count[(int)t.col[D].num[i]];
	for (int j = 0; j < D; j++)
		gap += (mean[0][j] - mean[1][j]) * (mean[0][j] - mean[1][j]);
	ck_assert_double_eq_tol(sqrt(gap), 3, 0.05);
	for (int i = 0; i < N; i++)
		for (int j = 0; j < D; j++)
			var += pow(t.col[j].num[i] - mean[(int)t.col[D].num[i]][j], 2) / (N * D);
	ck_assert_double_eq_tol(sqrt(var), 0.5, 0.01);
	struct lb_dataset *d = assemble_generated(&t, LB_BINARY);
	ck_assert_uint_eq(d->x.d, D);
	ck_assert_str_eq(d->source[0].format, "gaussian_mixture");
	lb_dataset_free(d);
}
END_TEST

START_TEST(mixture_margin)
{
	const struct lb_arg par[] = { { .v = 500 }, { .v = 1 }, { .v = 2 }, { .v = 3 },
				      { .v = 1 },   { .v = 1 }, { .v = 0 }, { .v = 0 } };
	struct lb_arg wrong[8];
	struct lb_table t;

	ck_assert_msg(generator("gaussian_mixture")->make(par, LB_BINARY, 7, &t, &err) == 0, "%s", err.text);
	for (int i = 0; i < 500; i++)
		ck_assert_double_ge(fabs(t.col[0].num[i]), 1 - 1e-9);
	lb_table_free(&t);
	memcpy(wrong, par, sizeof wrong);
	wrong[4].v = 2;
	ck_assert_int_eq(generator("gaussian_mixture")->make(wrong, LB_BINARY, 7, &t, &err), -1);
	ck_message("half the separation");
	wrong[4].v = 0;
	wrong[2].v = 3;
	ck_assert_int_eq(generator("gaussian_mixture")->make(wrong, LB_BINARY, 7, &t, &err), -1);
	ck_message("allowed 2");
}
END_TEST

START_TEST(linear_regression)
{
	enum { D = 3, T = 2 };
	const struct lb_arg exact[7] = { { .v = 50 }, { .v = D }, { .v = T } }, noisy[7] = { { .v = 20000 }, { .v = D }, { .v = T }, { .v = 2 } };
	struct lb_table t, u;
	double worst = 0, sum = 0, w[T][D];

	ck_assert_int_eq(generator("linear_regression")->make(exact, LB_REGRESSION, 3, &t, &err), 0);
	ck_assert_int_eq(generator("linear_regression")->make(noisy, LB_REGRESSION, 3, &u, &err), 0);
	for (int k = 0; k < T; k++) { /* the coefficients by Cramer's rule from the first three rows */
		double *x[D] = { t.col[0].num, t.col[1].num, t.col[2].num }, *y = t.col[D + k].num;
#define DET(a, b, c)                                                                                                             \
	(a[0] * (b[1] * c[2] - b[2] * c[1]) - b[0] * (a[1] * c[2] - a[2] * c[1]) + c[0] * (a[1] * b[2] - a[2] * b[1]))
		const double det = DET(x[0], x[1], x[2]);
		w[k][0] = DET(y, x[1], x[2]) / det;
		w[k][1] = DET(x[0], y, x[2]) / det;
		w[k][2] = DET(x[0], x[1], y) / det;
		for (int i = 0; i < 50; i++)
			worst = fmax(worst, fabs(y[i] - x[0][i] * w[k][0] - x[1][i] * w[k][1] - x[2][i] * w[k][2]));
		for (int i = 0; i < 20000; i++)
			sum += pow(u.col[D + k].num[i] - u.col[0].num[i] * w[k][0] - u.col[1].num[i] * w[k][1] -
					   u.col[2].num[i] * w[k][2],
				   2);
	}
	ck_assert_double_lt(worst, 1e-9);
	ck_assert_double_eq_tol(sqrt(sum / (20000 * T)), 2, 0.05);
	lb_table_free(&u);
	struct lb_dataset *d = assemble_generated(&t, LB_REGRESSION);
	ck_assert_uint_eq(d->n_targets, T);
	ck_assert_uint_eq(d->x.d, D);
	lb_dataset_free(d);
}
END_TEST

/* Features of variance j^-1.5, of which the first few make up shares j^-1.3 of a target's variance;
 * the first numbers drawn are those of the plain table. */
START_TEST(spectrum_and_signal)
{
	enum { D = 4, N = 40000 };
	const struct lb_arg plain[7] = { { .v = N }, { .v = D }, { .v = 1 } },
			    falling[7] = { { .v = N }, { .v = D }, { .v = 1 }, { .v = 0 }, { .v = 1.5 }, { .v = 1.3 } };
	const struct lb_generator *g = generator("linear_regression");
	struct lb_table t, u;
	double total = 0, square = 0;

	ck_assert_int_eq(g->make(plain, LB_REGRESSION, 3, &u, &err), 0);
	ck_assert_int_eq(g->make(falling, LB_REGRESSION, 3, &t, &err), 0);
	for (int j = 0; j < D; j++)
		total += pow(j + 1, -1.3);
	for (int i = 0; i < N; i++)
		square += t.col[D].num[i] * t.col[D].num[i] / N;
	ck_assert_double_eq_tol(square, 1, 5 * sqrt(2.0 / N));
	for (int j = 0; j < D; j++) {
		double together = 0;
		for (int i = 0; i < N; i++) {
			ck_assert_double_eq_tol(t.col[j].num[i], u.col[j].num[i] * pow(j + 1, -0.75), 1e-15 * (1 + fabs(u.col[j].num[i])));
			together += t.col[D].num[i] * u.col[j].num[i] / N;
		}
		ck_assert_double_eq_tol(fabs(together), sqrt(pow(j + 1, -1.3) / total), 5 * sqrt(2.0 / N));
	}
	lb_table_free(&t);
	lb_table_free(&u);
}
END_TEST

START_TEST(identity_rows)
{
	const double counts[] = { 2, 1, 3 };
	const struct lb_arg par[] = { { .list = counts, .n = 3 }, { .v = 1.5 } }, one[] = { { .list = counts, .n = 1 }, { .v = 1 } };
	struct lb_table t;

	ck_assert_int_eq(generator("identity_rows")->make(par, LB_MULTICLASS, 1, &t, &err), 0);
	ck_assert_uint_eq(t.n, 6);
	ck_assert_uint_eq(t.n_cols, 7);
	for (size_t i = 0; i < 6; i++) {
		ck_assert_double_eq(t.col[6].num[i], i < 2 ? 0 : i < 3 ? 1 : 2);
		for (size_t j = 0; j < 6; j++)
			ck_assert_double_eq(t.col[j].num[i], i == j ? 1.5 : 0);
	}
	lb_table_free(&t);
	ck_assert_int_eq(generator("identity_rows")->make(par, LB_BINARY, 1, &t, &err), -1);
	ck_message("found 3 numbers, allowed: two, as the task is binary");
	ck_assert_int_eq(generator("identity_rows")->make(one, LB_MULTICLASS, 1, &t, &err), -1);
	ck_message("two or more classes");
}
END_TEST

/* One row of each class, then shares k^-1; means of standard deviation 2, rows of 1 about them. */
START_TEST(zipf_classes)
{
	enum { C = 50, N = 60000, D = 4 };
	const struct lb_arg par[] = { { .v = N }, { .v = D }, { .v = C }, { .v = 1 }, { .v = 2 }, { .v = 0 } }, few[] = { { .v = 9 }, { .v = D }, { .v = C }, { .v = 1 }, { .v = 2 }, { .v = 0 } };
	struct lb_table t;
	double count[C] = { 0 }, mean[C][D] = { { 0 } }, total = 0, within = 0, between = 0;

	ck_assert_int_eq(generator("zipf_classes")->make(par, LB_MULTICLASS, 9, &t, &err), 0);
	for (size_t i = 0; i < N; i++) {
		const size_t k = (size_t)t.col[D].num[i];
		ck_assert(i >= C ? k < C : k == i);
		count[k] += i >= C;
		for (size_t j = 0; j < D; j++)
			mean[k][j] += t.col[j].num[i];
	}
	for (size_t k = 0; k < C; k++)
		total += 1.0 / (double)(k + 1);
	for (size_t k = 0; k < C; k++) {
		const double share = 1.0 / (double)(k + 1) / total;
		ck_assert_double_eq_tol(count[k] / (N - C), share, 5 * sqrt(share / N));
		for (size_t j = 0; j < D; j++) {
			mean[k][j] /= count[k] + 1;
			between += mean[k][j] * mean[k][j] / (C * D);
		}
	}
	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j < D; j++)
			within += pow(t.col[j].num[i] - mean[(size_t)t.col[D].num[i]][j], 2) / (N * D);
	ck_assert_double_eq_tol(within, 1, 0.02);
	ck_assert_double_eq_tol(between, 4, 5 * 4 * sqrt(2.0 / (C * D)));
	lb_table_free(&t);
	ck_assert_int_eq(generator("zipf_classes")->make(few, LB_MULTICLASS, 9, &t, &err), -1);
	ck_message("at least 50, one for each class");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("generators");
	TCase *tc = tcase_create("generators");

	tcase_add_test(tc, gaussian_mixture);
	tcase_add_test(tc, mixture_margin);
	tcase_add_test(tc, linear_regression);
	tcase_add_test(tc, spectrum_and_signal);
	tcase_add_test(tc, identity_rows);
	tcase_add_test(tc, zipf_classes);
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("generators")
