/* Metrics of rankings within queries, against values by hand; more stand in
 * tests/golden/metrics_ranking.json. */
#include "core/metrics/metric.h"
#include "tests/unit/suite.h"

#include <math.h>

/* Two queries, of four rows and of two. */
static const double scores[] = { 0.5, 1.2, -0.3, 0.8, 0.1, 0.4 }, grades[] = { 2, 0, 1, 0, 0, 1 };
static const int32_t queries[] = { 7, 7, 7, 7, 3, 3 };
static const struct lb_metric_inputs two = { .kind = LB_RANKING, .n = 6, .t = 1, .pred_t = scores, .target_t = grades, .query = queries };

static double eval(const char *name, const struct lb_metric_inputs *o, double k, double empty, double gain, double ties)
{
	const struct lb_arg par[] = { { .v = k }, { .v = empty }, { .v = gain }, { .v = ties } };
	double value = -1;

	ck_assert_int_eq(lb_metric_find(name)->eval(o, par, &value, NULL), 0);
	return value;
}

START_TEST(worked_values)
{
	ck_assert_double_eq_tol(eval("ndcg", &two, 0, 0, 0, 0), 0.765865314, 5e-10);
	ck_assert_double_eq_tol(eval("ndcg", &two, 3, 0, 1, 0), 0.6900468834, 5e-11);
	ck_assert_double_eq_tol(eval("mrr", &two, 0, 0, 0, 0), 2.0 / 3, 1e-15);
	ck_assert_double_eq_tol(eval("map", &two, 0, 0, 0, 0), (5.0 / 12 + 1) / 2, 1e-15);
	ck_assert_double_eq_tol(eval("precision_at", &two, 3, 0, 0, 0), 1.0 / 3, 1e-15);
	ck_assert_double_eq_tol(eval("hit_at", &two, 1, 0, 0, 0), 0.5, 1e-15);
	ck_assert_double_eq_tol(eval("mrr", &two, 2, 0, 0, 0), 0.5, 1e-15);
	ck_assert_double_eq_tol(eval("map", &two, 3, 0, 0, 0), (1.0 / 6 + 1) / 2, 1e-15);
}
END_TEST

/* All scores equal: the mean discount of the places for average, the least relevant row first for
 * worst. */
START_TEST(tied_scores)
{
	const double equal[] = { 1, 1, 1 }, grade[] = { 1, 0, 0 };
	const int32_t query[] = { 0, 0, 0 };
	const struct lb_metric_inputs o = { .kind = LB_RANKING, .n = 3, .t = 1, .pred_t = equal, .target_t = grade, .query = query };

	ck_assert_double_eq_tol(eval("ndcg", &o, 0, 0, 0, 0), (1 + 1 / log2(3) + 0.5) / 3, 1e-15);
	ck_assert_double_eq_tol(eval("ndcg", &o, 1, 0, 0, 0), 1.0 / 3, 1e-15);
	ck_assert_double_eq_tol(eval("ndcg", &o, 0, 0, 0, 1), 0.5, 1e-15);
	ck_assert_double_eq_tol(eval("mrr", &o, 0, 0, 0, 0), 1.0 / 3, 1e-15);
	ck_assert_double_eq_tol(eval("map", &o, 0, 0, 0, 0), 1.0 / 3, 1e-15);
	ck_assert_double_eq(eval("hit_at", &o, 2, 0, 0, 0), 0);
	ck_assert_double_eq_tol(eval("precision_at", &o, 10, 0, 0, 0), 0.1, 1e-15);
}
END_TEST

static const char *const names[] = { "ndcg", "mrr", "map", "precision_at", "hit_at" };

/* A query of no relevant row is left out, counts 0 or counts 1; with no other the metric is
 * undefined. */
START_TEST(empty_queries)
{
	const double score[] = { 2, 1, 5 }, grade[] = { 1, 0, 0 };
	const int32_t query[] = { 0, 0, 1 };
	const struct lb_metric_inputs o = { .kind = LB_RANKING, .n = 3, .t = 1, .pred_t = score, .target_t = grade, .query = query };
	struct lb_metric_inputs none = o;

	none.pred_t++, none.target_t++, none.query++, none.n = 2;
	ck_assert_double_eq(eval(names[_i], &o, 1, 0, 0, 0), 1);
	ck_assert_double_eq(eval(names[_i], &o, 1, 1, 0, 0), 0.5);
	ck_assert_double_eq(eval(names[_i], &o, 1, 2, 0, 0), 1);
	ck_assert(isnan(eval(names[_i], &none, 1, 0, 0, 0)));
	ck_assert_double_eq(eval(names[_i], &none, 1, 1, 0, 0), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("query_ranking");
	TCase *t = tcase_create("queries");

	tcase_add_test(t, worked_values);
	tcase_add_test(t, tied_scores);
	tcase_add_loop_test(t, empty_queries, 0, sizeof names / sizeof *names);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("query_ranking")
