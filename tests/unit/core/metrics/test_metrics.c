#include "core/base/mem.h"
#include "core/numeric/rng.h"
#include "tests/unit/core/metrics/eval_metric.h"
#include "tests/unit/golden.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

static const char *const kinds[] = { [LB_MULTICLASS] = "multiclass", [LB_BINARY] = "binary", [LB_REGRESSION] = "regression",
				     [LB_EMBEDDING] = "", [LB_DISTILLATION] = "", [LB_MULTILABEL] = "multilabel", [LB_RANKING] = "ranking", [LB_SURVIVAL] = "survival" };

/* ---- golden values ---- */

static double *doubles(const cJSON *c, const char *key)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(c, key), *item;
	double *v = list ? lb_alloc((size_t)cJSON_GetArraySize(list), sizeof *v, NULL) : NULL;
	size_t i = 0;

	cJSON_ArrayForEach(item, list)
		v[i++] = item->valuedouble;
	return v;
}

static int32_t *integers(const cJSON *c, const char *key)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(c, key), *item;
	int32_t *v = list ? lb_alloc((size_t)cJSON_GetArraySize(list), sizeof *v, NULL) : NULL;
	size_t i = 0;

	cJSON_ArrayForEach(item, list)
		v[i++] = item->valueint;
	return v;
}

static bool *truths(const cJSON *c, const char *key)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(c, key), *item;
	bool *v = list ? lb_alloc((size_t)cJSON_GetArraySize(list), sizeof *v, NULL) : NULL;
	size_t i = 0;

	cJSON_ArrayForEach(item, list)
		v[i++] = item->valueint != 0;
	return v;
}

/* What the outputs of a case say, in `output`; returns their number. */
static size_t outputs_of(const cJSON *c, struct lb_output output[LB_MOST_OUTPUTS])
{
	const cJSON *item, *level;
	size_t n = 0;

	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(c, "output")) {
		const char *says = cJSON_GetObjectItemCaseSensitive(item, "says")->valuestring;
		output[n] = (struct lb_output){ 0 };
		while (strcmp(lb_statistic_name(output[n].says), says) != 0)
			output[n].says++;
		if ((level = cJSON_GetObjectItemCaseSensitive(item, "level")))
			output[n].level = level->valuedouble;
		n++;
	}
	return n;
}

static struct lb_metric_inputs outcomes_of(const cJSON *c, struct lb_output output[LB_MOST_OUTPUTS])
{
	const char *kind = cJSON_GetObjectItemCaseSensitive(c, "kind")->valuestring;
	const cJSON *classes = cJSON_GetObjectItemCaseSensitive(c, "n_classes"), *t = cJSON_GetObjectItemCaseSensitive(c, "t");
	struct lb_metric_inputs o = {
		.n_classes = classes ? (size_t)classes->valueint : 0, .t = t ? (size_t)t->valueint : 0,
		.label = integers(c, "label"), .pred = integers(c, "pred"), .rank = integers(c, "rank"),
		.logp = doubles(c, "logp"), .brier = doubles(c, "brier"), .conf = doubles(c, "conf"), .score = doubles(c, "score"),
		.log_probability = doubles(c, "log_probability"), .teacher = doubles(c, "teacher"),
		.pred_t = doubles(c, "pred_t"), .target_t = doubles(c, "target_t"), .query = integers(c, "query"), .subgroup = integers(c, "subgroup"),
		.event = integers(c, "event"), .curve_time = doubles(c, "curve_time"), .curve = doubles(c, "curve"),
		.n_times = (size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(c, "curve_time")),
		.robust = integers(c, "robust"), .robust_logp = doubles(c, "robust_logp"), .collapsed = truths(c, "collapsed"), .peak = doubles(c, "peak"),
		.feature = doubles(c, "feature"), .weight = doubles(c, "weight"), .output = output, .outputs = outputs_of(c, output), .said = doubles(c, "said"),
	};

	if (o.feature)
		o.width = (size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(c, "weight")) / o.n_classes;
	while (strcmp(kinds[o.kind], kind) != 0)
		o.kind++;
	if (t)
		o.n = (size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(c, "pred_t")) / o.t;
	else
		o.n = (size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(c, "label"));
	return o;
}

static void release(struct lb_metric_inputs *o)
{
	const void *owned[] = { o->label, o->pred, o->rank, o->logp, o->brier, o->conf, o->score, o->log_probability, o->teacher, o->pred_t, o->target_t, o->query,
				o->subgroup, o->event, o->curve_time, o->curve, o->robust, o->robust_logp, o->collapsed, o->peak, o->feature,
				o->weight, o->said };

	for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
		free((void *)owned[i]);
}

static void check_value(const char *name, const struct lb_metric_inputs *o, const cJSON *expected)
{
	const char *metric = cJSON_GetObjectItemCaseSensitive(expected, "metric")->valuestring;
	const cJSON *par = cJSON_GetObjectItemCaseSensitive(expected, "par");
	const cJSON *want = cJSON_GetObjectItemCaseSensitive(expected, "value");
	double *given = doubles(expected, "par");
	const double got = eval(metric, o, given, (size_t)cJSON_GetArraySize(par));

	if (cJSON_IsNull(want))
		ck_assert_msg(isnan(got), "%s: %s: %.17g, expected undefined", name, metric, got);
	else
		ck_assert_msg(fabs(got - want->valuedouble) <= 1e-12 * fmax(1, fabs(want->valuedouble)),
			      "%s: %s: %.17g, expected %.17g", name, metric, got, want->valuedouble);
	free(given);
}

/* The cases of all golden files, as one list; the caller deletes. */
static cJSON *read_cases(void)
{
	static const char *const paths[] = { "tests/golden/metrics.json", "tests/golden/metrics_distribution.json", "tests/golden/metrics_regression.json",
					     "tests/golden/metrics_everyday.json", "tests/golden/metrics_ranking.json", "tests/golden/metrics_survival.json" };
	cJSON *cases = cJSON_CreateArray();

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		cJSON *tree = golden_read(paths[i]), *list = cJSON_GetObjectItemCaseSensitive(tree, "cases");
		while (cJSON_GetArraySize(list))
			cJSON_AddItemToArray(cases, cJSON_DetachItemFromArray(list, 0));
		cJSON_Delete(tree);
	}
	return cases;
}

static void mark(bool *seen, const char *name)
{
	const struct lb_metric *m = lb_metric_find(name);

	ck_assert_msg(m, "no metric %s", name);
	seen[lb_info_place(lb_metrics, &m->base)] = true;
}

/* The metrics of embeddings have theirs in tests/unit/losses/embedding/test_metric_learning.c and
 * test_embedding_metrics.c. */
static void mark_of_embeddings(bool *seen, const char *path)
{
	cJSON *tree = golden_read(path);
	const cJSON *c;

	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(tree, "metrics"))
		mark(seen, cJSON_GetObjectItemCaseSensitive(c, "name")->valuestring);
	cJSON_Delete(tree);
}

/* Every metric has its golden values, whether it is asked for by default or not. */
START_TEST(golden)
{
	cJSON *cases = read_cases();
	const cJSON *c, *expected;
	bool *seen = lb_alloc(lb_metric_count(), sizeof *seen, NULL);

	cJSON_ArrayForEach(c, cases) {
		struct lb_output output[LB_MOST_OUTPUTS];
		struct lb_metric_inputs o = outcomes_of(c, output);
		cJSON_ArrayForEach(expected, cJSON_GetObjectItemCaseSensitive(c, "values")) {
			check_value(cJSON_GetObjectItemCaseSensitive(c, "name")->valuestring, &o, expected);
			mark(seen, cJSON_GetObjectItemCaseSensitive(expected, "metric")->valuestring);
		}
		release(&o);
	}
	mark_of_embeddings(seen, "tests/golden/metric_learning.json");
	mark_of_embeddings(seen, "tests/golden/metrics_embeddings.json");
	mark(seen, "episode_accuracy"); /* drawn: no other program has its values */
	mark(seen, "episode_accuracy_interval");
	mark(seen, "selected_clean"); /* of trainings and models: below, and tests/unit/core/engine/step/test_row_selection.c, test_prune.c */
	mark(seen, "sparsity");
	mark(seen, "sharpness"); /* tests/cli/curvature.sh */
	mark(seen, "hessian_trace");
	mark(seen, "forget_accuracy"); /* test_unlearning.c */
	mark(seen, "retain_accuracy");
	mark(seen, "membership_gap");
	mark(seen, "kl_to_reference");
	mark(seen, "judged_accuracy"); /* of predictions: tests/unit/core/training/test_judge.c has those */
	for (size_t i = 0; i < lb_metric_count(); i++)
		ck_assert_msg(seen[i], "%s has no golden value: add it to tests/reference/metrics_everyday.py", lb_metric_at(i)->base.name);
	free(seen);
	cJSON_Delete(cases);
}
END_TEST

/* A metric of outputs is undefined where they lack what it reads, or where there are none. */
START_TEST(outputs_that_are_not_there)
{
	const struct lb_output quantiles[] = { { .says = LB_QUANTILE, .level = 0.1 }, { .says = LB_QUANTILE, .level = 0.9 } }, normal[] = { { .says = LB_MEAN }, { .says = LB_LOG_VARIANCE } };
	const double said[] = { 1, 2 }, target[] = { 1.5 };
	struct lb_metric_inputs o = { .kind = LB_REGRESSION, .n = 1, .t = 1, .pred_t = said, .target_t = target, .outputs = 2, .output = quantiles, .said = said };
	static const char *const names[] = { "pinball", "interval_coverage", "interval_width", "gaussian_nll", "rmse" };
	static const double by_quantiles[] = { 0.05, 1, 1, NAN, 0.5 };

	for (int with = 0; with < 3; with++)
		for (size_t m = 0; m < sizeof names / sizeof *names; m++) {
			double value = -1;
			o.output = with == 0 ? quantiles : with == 1 ? normal : NULL;
			o.outputs = with < 2 ? 2 : 0;
			ck_assert_int_eq(lb_metric_compute(lb_metric_find(names[m]), &o, NULL, &value, NULL), 0);
			if (with == 0 && m != 3)
				ck_assert_double_eq_tol(value, by_quantiles[m], 1e-15);
			else if (with == 1 && m == 3)
				ck_assert_double_eq_tol(value, log(2) + 0.5 * 0.0625 + log(2 * acos(-1)) / 2, 1e-14);
			else
				ck_assert_msg(m == 4 ? value == 0.5 : isnan(value), "%s with outputs %d: %g", names[m], with, value);
		}
	o.outputs = 2, o.output = quantiles, o.n = 0;
	for (size_t m = 0; m < 3; m++)
		ck_assert(isnan(eval(names[m], &o, NULL, 0)));
}
END_TEST

/* ---- by hand ---- */

START_TEST(collapse_by_hand)
{
	const struct lb_metric_inputs o = {
		.kind = LB_MULTICLASS, .n = 4, .n_classes = 3, .label = (const int32_t[]){ 0, 1, 2, 0 }, .pred = (const int32_t[]){ 0, 2, 2, 0 },
		.collapsed = (const bool[]){ true, true, false, false }, .peak = (const double[]){ 20, 30, 1, 5 },
	}, empty = { .kind = LB_MULTICLASS, .n_classes = 3 };

	ck_assert_double_eq(eval("softmax_collapse", &o, NULL, 0), 0.5);
	ck_assert_double_eq(eval("zero_gradient", &o, NULL, 0), 0.25);
	ck_assert_double_eq(eval("score_peak", &o, NULL, 0), 14);
	ck_assert(isnan(eval("softmax_collapse", &empty, NULL, 0)) && isnan(eval("score_peak", &empty, NULL, 0)));
}
END_TEST

START_TEST(trainings_by_hand)
{
	const struct lb_curvature curvature = { .largest = 1.5, .trace = 4 };
	const struct lb_metric_inputs o = { .kind = LB_BINARY, .n = 1, .selected = 8, .selected_clean = 6, .n_weights = 5, .n_zeros = 2, .curvature = &curvature }, empty = { .kind = LB_BINARY };

	ck_assert_double_eq(eval("selected_clean", &o, NULL, 0), 0.75);
	ck_assert_double_eq(eval("sparsity", &o, NULL, 0), 0.4);
	ck_assert_double_eq(eval("sharpness", &o, NULL, 0), 1.5);
	ck_assert_double_eq(eval("hessian_trace", &o, NULL, 0), 4);
	ck_assert(isnan(eval("sharpness", &empty, NULL, 0)) && isnan(eval("hessian_trace", &empty, NULL, 0)));
	ck_assert(isnan(eval("selected_clean", &empty, NULL, 0)) && isnan(eval("sparsity", &empty, NULL, 0)));
}
END_TEST

START_TEST(ranking_by_hand)
{
	const struct lb_metric_inputs o = {
		.kind = LB_BINARY, .n = 4, .n_classes = 2,
		.label = (const int32_t[]){ 1, 0, 0, 1 }, .score = (const double[]){ 0.8, 0.1, 0.4, 0.4 },
	};

	ck_assert_double_eq(eval("auc", &o, NULL, 0), 0.875);
	ck_assert_double_eq_tol(eval("average_precision", &o, NULL, 0), 0.5 + 0.5 * 2 / 3, 1e-15);
}
END_TEST

START_TEST(macro_by_hand)
{
	/* F1: class 0 has 2/3, class 1 has 1/2, class 2 does not occur, class 3 is predicted only:
	 * 0 */
	const struct lb_metric_inputs o = {
		.kind = LB_MULTICLASS, .n = 4, .n_classes = 4,
		.label = (const int32_t[]){ 0, 0, 1, 1 }, .pred = (const int32_t[]){ 0, 1, 1, 3 },
	};

	ck_assert_double_eq(eval("accuracy", &o, NULL, 0), 0.5);
	ck_assert_double_eq(eval("balanced_accuracy", &o, NULL, 0), 0.5);
	ck_assert_double_eq_tol(eval("f1_macro", &o, NULL, 0), (2.0 / 3 + 0.5 + 0) / 3, 1e-15);
}
END_TEST

START_TEST(top_k_counts_ranks_below_k)
{
	const struct lb_metric_inputs o = { .kind = LB_MULTICLASS, .n = 5, .n_classes = 9, .rank = (const int32_t[]){ 0, 1, 4, 5, 8 } };

	ck_assert_double_eq(eval("top_k", &o, NULL, 0), 0.6);
	ck_assert_double_eq(eval("top_k", &o, (const double[]){ 1 }, 1), 0.2);
	ck_assert_double_eq(eval("top_k", &o, (const double[]){ 100 }, 1), 1);
}
END_TEST

/* A confidence on an edge belongs to the bin below it, the next double to the bin above. */
START_TEST(ece_edges)
{
	for (int m = 1; m <= 40; m++)
		for (int b = 0; b < m; b++) {
			const double edge = (double)(b + 1) / m, above = nextafter(edge, 2);
			const struct lb_metric_inputs o = {
				.kind = LB_MULTICLASS, .n = 2, .n_classes = 2, .label = (const int32_t[]){ 0, 0 },
				.pred = (const int32_t[]){ 0, 1 }, .conf = (const double[]){ edge, b + 1 < m ? above : edge },
			};
			const double apart = (fabs(1 - edge) + fabs(0 - above)) / 2, together = fabs(1 - 2 * edge) / 2;
			const double bins = m;

			ck_assert_double_eq_tol(eval("ece", &o, &bins, 1), b + 1 < m ? apart : together, 1e-12);
		}
	const struct lb_metric_inputs zero = {
		.kind = LB_MULTICLASS, .n = 1, .n_classes = 2, .label = (const int32_t[]){ 0 }, .pred = (const int32_t[]){ 0 },
		.conf = (const double[]){ 0 },
	};
	ck_assert_double_eq(eval("ece", &zero, NULL, 0), 1);
}
END_TEST

START_TEST(log_loss_is_never_clipped)
{
	const struct lb_metric_inputs o = { .kind = LB_BINARY, .n = 2, .n_classes = 2, .logp = (const double[]){ -20000, 0 } };

	ck_assert_double_eq(eval("log_loss", &o, NULL, 0), 10000);
}
END_TEST

START_TEST(constant_target_is_undefined)
{
	const double target[] = { 0.1, 0.1, 0.1 }, pred[] = { 1, 2, 3 };
	const struct lb_metric_inputs o = { .kind = LB_REGRESSION, .n = 3, .t = 1, .pred_t = pred, .target_t = target };

	ck_assert(isnan(eval("r2", &o, NULL, 0)));
	ck_assert_double_eq_tol(eval("mae", &o, NULL, 0), 1.9, 1e-15);
}
END_TEST

START_TEST(auc_is_exact_on_many_rows)
{
	enum { N = 200000 };
	double *score = lb_alloc(N, sizeof *score, NULL);
	int32_t *label = lb_alloc(N, sizeof *label, NULL);
	uint32_t *order = lb_alloc(N, sizeof *order, NULL);
	struct lb_rng r;

	lb_rng_init(&r, 7, LB_RNG_TEST, 0);
	for (uint32_t i = 0; i < N; i++)
		order[i] = i;
	lb_rng_shuffle(&r, order, N);
	for (size_t i = 0; i < N; i++) {
		score[i] = order[i] / 2;
		label[i] = order[i] % 2;
	}
	const struct lb_metric_inputs o = { .kind = LB_BINARY, .n = N, .n_classes = 2, .label = label, .score = score };
	ck_assert_double_eq(eval("auc", &o, NULL, 0), 0.5);
	free(score);
	free(label);
	free(order);
}
END_TEST

/* ---- every metric ---- */

START_TEST(no_rows_is_undefined)
{
	for (size_t i = 0; i < lb_metric_count(); i++)
		for (int kind = 0; kind < LB_N_KINDS; kind++) {
			const struct lb_metric_inputs o = { .kind = (enum lb_kind)kind, .n_classes = 3, .t = 1 };
			if (lb_metric_at(i)->base.tasks >> kind & 1)
				ck_assert_msg(isnan(eval(lb_metric_at(i)->base.name, &o, NULL, 0)), "%s of no rows is defined",
					      lb_metric_at(i)->base.name);
		}
}
END_TEST

START_TEST(descriptors_are_whole)
{
	for (size_t i = 0; i < lb_metric_count(); i++) {
		const struct lb_metric *m = lb_metric_at(i);
		ck_assert_msg(m->base.title && m->base.formula && m->base.notes && m->base.keywords && m->eval, "%s", m->base.name);
		ck_assert(m->base.tasks && m->base.tasks < 1u << LB_N_KINDS);
		ck_assert_ptr_eq(lb_metric_find(m->base.name), m);
		ck_assert_int_le(m->base.n_params, MAX_PAR);
		for (int p = 0; p < m->base.n_params; p++)
			ck_assert(m->base.params[p].help && m->base.params[p].def >= m->base.params[p].min);
	}
	ck_assert_ptr_null(lb_metric_find("acc"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("metrics");
	TCase *t = tcase_create("metrics");

	tcase_add_test(t, golden);
	tcase_add_test(t, outputs_that_are_not_there);
	tcase_add_test(t, collapse_by_hand);
	tcase_add_test(t, trainings_by_hand);
	tcase_add_test(t, ranking_by_hand);
	tcase_add_test(t, macro_by_hand);
	tcase_add_test(t, top_k_counts_ranks_below_k);
	tcase_add_test(t, ece_edges);
	tcase_add_test(t, log_loss_is_never_clipped);
	tcase_add_test(t, constant_target_is_undefined);
	tcase_add_test(t, auc_is_exact_on_many_rows);
	tcase_add_test(t, no_rows_is_undefined);
	tcase_add_test(t, descriptors_are_whole);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("metrics")
