/* The generators stable_mixture and unlabelled_mixture against their distributions. */
#include "datasets/dataset.h"
#include "losses/eval.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <string.h>

enum { ROWS = 200000 };

static struct lb_err err;
static struct lb_arg par[16];
static struct lb_arg_store store;

static struct lb_table made(const char *name, const char *set, enum lb_kind kind)
{
	struct lb_table t;
	size_t i = 0;

	while (strcmp(lb_generator_at(i)->base.name, name))
		i++;
	ck_assert_msg(!lb_args_from_text(&lb_generator_at(i)->base, set, par, &store, &err), "%s", err.text);
	ck_assert_msg(!lb_generator_at(i)->make(par, kind, 5, &t, &err), "%s", err.text);
	return t;
}

static const struct {
	double alpha;
	const char *set;
} tails[] = {
	{ 2, "rows=200000 features=2 alpha=2 scale=0.7 mean=1.5 rise=1 positive=0.2" },
	{ 1.5, "rows=200000 features=2 alpha=1.5 scale=0.7 mean=1.5 rise=1 positive=0.2" },
	{ 1, "rows=200000 features=2 alpha=1 scale=0.7 mean=1.5 rise=1 positive=0.2" },
	{ 0.6, "rows=200000 features=2 alpha=0.6 scale=0.7 mean=1.5 rise=1 positive=0.2" },
};

/* E exp(i s (x - centre)) = exp(-|c s|^alpha), for each feature and for their sum, whose scale is c
 * 2^(1/alpha). Standard error 0.0022. */
START_TEST(features_have_their_characteristic_function)
{
	static const double at[] = { 0.2, 1, 2.5 };
	const double alpha = tails[_i].alpha;
	struct lb_table t = made("stable_mixture", tails[_i].set, LB_BINARY);
	double positive = 0;

	ck_assert_uint_eq(t.n, ROWS);
	ck_assert_uint_eq(t.n_cols, 3);
	ck_assert_str_eq(t.col[2].name, "label");
	for (size_t i = 0; i < t.n; i++)
		positive += t.col[2].num[i];
	ck_assert_double_eq_tol(positive / ROWS, 0.2, 0.004);
	for (int k = 0; k < 9; k++) {
		const double s = at[k % 3];
		double real_part = 0, imaginary = 0;
		for (size_t i = 0; i < t.n; i++) {
			const double sign = 2 * t.col[2].num[i] - 1, x1 = t.col[0].num[i] - sign * 0.75, x2 = t.col[1].num[i] - sign * 1.5;
			const double x = k / 3 == 0 ? x1 : k / 3 == 1 ? x2 : x1 + x2;
			ck_assert(isfinite(x));
			real_part += cos(s * x) / ROWS;
			imaginary += sin(s * x) / ROWS;
		}
		const double scale = k / 3 == 2 ? 0.7 * pow(2, 1 / alpha) : 0.7;
		ck_assert_double_eq_tol(real_part, exp(-pow(scale * s, alpha)), 0.008);
		ck_assert_double_eq_tol(imaginary, 0, 0.008);
	}
	lb_table_free(&t);
	lb_args_free(&store);
}
END_TEST

/* Quartiles of the Cauchy and the normal law. */
START_TEST(quartiles)
{
	const double upper = _i ? 1 : 0.6744897501960817 * sqrt(2);
	struct lb_table t = made("stable_mixture", _i ? "rows=200000 features=1 alpha=1" : "rows=200000 features=1 alpha=2", LB_MULTICLASS);
	double below = 0, lower = 0;

	for (size_t i = 0; i < t.n; i++) {
		const double x = t.col[0].num[i] - 0.2 * (2 * t.col[1].num[i] - 1);
		below += x < upper;
		lower += x < -upper;
	}
	ck_assert_double_eq_tol(below / ROWS, 0.75, 0.005);
	ck_assert_double_eq_tol(lower / ROWS, 0.25, 0.005);
	lb_table_free(&t);
	lb_args_free(&store);
}
END_TEST

/* Labels stand where they should; the mean of t x is the centre, of length 1, and off it by `shift`
 * where labels are hidden: what the hidden signs hide is seen in the variance along the centre. */
START_TEST(rows_without_labels)
{
	const size_t d = 20, labelled = 60000, end = 120000;
	struct lb_table t = made("unlabelled_mixture", "rows=150000 features=20 labelled=60000 unlabelled=60000 shift=0.5", LB_MULTILABEL);
	double centre[20] = { 0 }, length = 0, along = 0, total = 0;

	ck_assert_uint_eq(t.n, 150000);
	ck_assert_str_eq(t.col[d].name, "target");
	for (size_t i = 0; i < t.n; i++) {
		const double label = t.col[d].num[i];
		ck_assert(i >= labelled && i < end ? label == -1 : label == 0 || label == 1);
		for (size_t j = 0; j < d && i < labelled; j++)
			centre[j] += (2 * label - 1) * t.col[j].num[i] / (double)labelled;
	}
	for (size_t j = 0; j < d; j++)
		length += centre[j] * centre[j];
	ck_assert_double_eq_tol(sqrt(length), 1, 0.02);
	/* hidden rows: x x' has trace d + |u + a v|^2 = d + 1 + 0.25 + <u, v>, and u' (x x') u = 1
	 * + (1 + <u, v> / 2)^2 */
	for (size_t i = labelled; i < end; i++) {
		double dot = 0;
		for (size_t j = 0; j < d; j++) {
			dot += t.col[j].num[i] * centre[j];
			total += t.col[j].num[i] * t.col[j].num[i];
		}
		along += dot * dot;
	}
	const double uv = (total / 60000 - (double)d - 1.25), expected = 1 + (1 + uv / 2) * (1 + uv / 2);
	ck_assert(fabs(uv) < 1);
	ck_assert_double_eq_tol(along / 60000, expected, 0.1);
	lb_table_free(&t);
	lb_args_free(&store);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("synthetic_mixtures");
	TCase *t = tcase_create("mixtures");

	tcase_at_least(t, 30);
	tcase_add_loop_test(t, features_have_their_characteristic_function, 0, 4);
	tcase_add_loop_test(t, quartiles, 0, 2);
	tcase_add_test(t, rows_without_labels);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("synthetic_mixtures")
