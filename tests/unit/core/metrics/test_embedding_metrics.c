/* Metrics of embeddings against scikit-learn, numpy and loops
 * (tests/reference/metrics_embeddings.py); few-shot episodes against what must come out. */
#include "core/metrics/metric.h"
#include "core/base/text.h"
#include "losses/eval.h"
#include "tests/unit/golden.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 100, CELLS = 400, MOST_PARAMS = 8 };

static struct lb_err err;

struct rows {
	double z[CELLS];
	int32_t y[MOST];
	struct lb_metric_inputs o;
};

static void read_rows(struct rows *r, const cJSON *c)
{
	const cJSON *row, *cell, *label;
	size_t n = 0, k = 0, classes = 0;

	cJSON_ArrayForEach(row, cJSON_GetObjectItem(c, "z"))
		cJSON_ArrayForEach(cell, row)
			r->z[k++] = cell->valuedouble;
	cJSON_ArrayForEach(label, cJSON_GetObjectItem(c, "y")) {
		r->y[n++] = label->valueint;
		classes = (size_t)label->valueint >= classes ? (size_t)label->valueint + 1 : classes;
	}
	ck_assert(n <= MOST && k <= CELLS);
	r->o = (struct lb_metric_inputs){ .kind = LB_MULTICLASS, .n = n, .n_classes = classes, .label = r->y, .dimension = k / n, .embedding = r->z };
}

static double value_of(const char *name, const char *set, const struct lb_metric_inputs *o)
{
	const struct lb_metric *m = lb_metric_find(name);
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	double value = -1;

	ck_assert_msg(m, "no metric %s", name);
	ck_assert_msg(!lb_args_from_text(&m->base, set, par, &store, &err), "%s", err.text);
	ck_assert(!m->eval(o, par, &value, &err));
	lb_args_free(&store);
	return value;
}

START_TEST(as_others_have_them)
{
	cJSON *tree = golden_read("tests/golden/metrics_embeddings.json");
	const cJSON *c;
	struct rows r;
	int n = 0;

	cJSON_ArrayForEach(c, cJSON_GetObjectItem(tree, "metrics")) {
		const char *name = cJSON_GetObjectItem(c, "name")->valuestring, *set = cJSON_GetObjectItem(c, "set")->valuestring;
		const cJSON *want = cJSON_GetObjectItem(c, "value");
		read_rows(&r, c);
		const double got = value_of(name, set, &r.o);
		ck_assert_msg(cJSON_IsNull(want) == isnan(got), "%s (%s), case %d: %g", name, set, n, got);
		ck_assert_msg(cJSON_IsNull(want) || fabs(got - want->valuedouble) <= 1e-7 * (!strcmp(name, "effective_rank")) + 1e-11, "%s (%s), case %d: %.17g, not %.17g", name, set, n, got,
			      cJSON_IsNull(want) ? 0 : want->valuedouble);
		n++;
	}
	ck_assert_int_gt(n, 80);
	cJSON_Delete(tree);
}
END_TEST

START_TEST(no_rows_no_value)
{
	static const char *const names[] = { "reciprocal_rank", "knn_accuracy", "nmi", "ami", "tar_at_far", "pair_eer", "opis", "uniformity", "alignment", "tolerance",
					     "effective_rank", "utilisation", "episode_accuracy", "episode_accuracy_interval" };
	const struct lb_metric_inputs none = { .kind = LB_MULTICLASS, .n = 3, .n_classes = 2 };

	for (size_t k = 0; k < sizeof names / sizeof *names; k++)
		ck_assert_msg(isnan(value_of(names[k], "", &none)), "%s", names[k]);
}
END_TEST

/* Of more rows than are asked for, those at equal steps are paired. */
START_TEST(every_second_row)
{
	struct rows r = { .o = { .kind = LB_MULTICLASS, .n = 8, .n_classes = 2, .dimension = 1 } }, half = r;

	for (size_t i = 0; i < 8; i++) {
		r.z[i] = (double)((i * 5 + 2) % 7);
		r.y[i] = i % 4 < 2;
	}
	for (size_t i = 0; i < 4; i++) {
		half.z[i] = r.z[2 * i];
		half.y[i] = r.y[2 * i];
	}
	r.o.embedding = r.z, r.o.label = r.y;
	half.o.embedding = half.z, half.o.label = half.y, half.o.n = 4;
	ck_assert(value_of("pair_eer", "distance=euclidean rows=4", &r.o) == value_of("pair_eer", "distance=euclidean", &half.o));
	ck_assert(value_of("pair_eer", "distance=euclidean", &r.o) != value_of("pair_eer", "distance=euclidean", &half.o));
}
END_TEST

/* Classes that are one point each are told without error; where all rows are one point, the first
 * class drawn has all: 1/N. A mixture of both is between, and its interval as its rows say. */
START_TEST(episodes)
{
	struct rows r = { .o = { .kind = LB_MULTICLASS, .n = 60, .n_classes = 6, .dimension = 2 } };

	r.o.embedding = r.z, r.o.label = r.y;
	for (size_t i = 0; i < 60; i++) {
		r.y[i] = (int32_t)(i % 6);
		r.z[2 * i] = cos((double)r.y[i]);
		r.z[2 * i + 1] = sin((double)r.y[i]);
	}
	ck_assert(value_of("episode_accuracy", "shot=3 query=7", &r.o) == 1);
	ck_assert(value_of("episode_accuracy_interval", "shot=3 query=7 distance=cosine", &r.o) == 0);
	ck_assert(isnan(value_of("episode_accuracy", "shot=3 query=8", &r.o)));
	ck_assert(isnan(value_of("episode_accuracy", "way=7 shot=1 query=1", &r.o)));
	memset(r.z, 0, sizeof r.z);
	ck_assert_double_eq_tol(value_of("episode_accuracy", "way=4 shot=1 query=2", &r.o), 0.25, 1e-15);
	/* Two classes are one point: an episode of two ways that draws both has 1/2, else 1: of 15
	 * pairs of classes one. */
	for (size_t i = 0; i < 60; i++)
		r.z[2 * i] = r.y[i] < 2 ? 0 : r.y[i];
	const double mean = value_of("episode_accuracy", "way=2 shot=1 query=3 episodes=20000", &r.o);
	ck_assert_double_eq_tol(mean, 1 - 0.5 / 15, 0.004);
	ck_assert_double_eq_tol(value_of("episode_accuracy_interval", "way=2 shot=1 query=3 episodes=20000", &r.o),
				1.96 * sqrt((1 - mean) * 2 * (1 - (1 - mean) * 2) / 4 * 20000 / 19999 / 20000), 1e-12);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("embedding_metrics");
	TCase *t = tcase_create("embedding_metrics");

	tcase_add_test(t, as_others_have_them);
	tcase_add_test(t, no_rows_no_value);
	tcase_add_test(t, every_second_row);
	tcase_add_test(t, episodes);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("embedding_metrics")
