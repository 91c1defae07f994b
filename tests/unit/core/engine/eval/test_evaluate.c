/* The row statistics of core/train/evaluate, caught by a metric of the test's own, against their
 * definitions in long double. The model is the identity, so that the features are the scores. */
#include "core/engine/eval/evaluate.h"
#include "tests/unit/core/engine/net_f32.h"
#include "tests/unit/core/training.h"

struct lb_evaluator_f32;
struct lb_evaluator_f32 *lb_evaluator_new_f32(const struct lb_cohort *c, size_t columns, struct lb_err *err);
void lb_evaluator_free_f32(struct lb_evaluator_f32 *e);
int lb_evaluate_one_f32(struct lb_evaluator_f32 *e, const struct lb_setup *setup, struct lb_net_f32 *net, const float *w, int part,
			double *metric, double *scores, size_t *bad_row, struct lb_err *err);

enum { ROWS = 1300, MOST = 4, STORED = (MOST + 1) * 16 };

static struct problem p;
static int32_t labels[2 + ROWS];
static double z[ROWS * MOST], scores[ROWS * MOST];
static int judged;

/* ---- what an outcome must be ---- */

static long double probability(const double *row, size_t c, size_t k)
{
	long double sum = 0;

	for (size_t j = 0; j < c; j++)
		sum += expl((long double)row[j] - row[k]);
	return 1 / sum;
}

static void judge_multiclass(const struct lb_metric_inputs *o, size_t i, const double *row, size_t c)
{
	const size_t y = (size_t)labels[2 + i];
	size_t top = 0, before = 0;
	long double brier = 0, largest = row[0], smallest = row[0], sum = 0;

	for (size_t k = 0; k < c; k++) {
		const long double d = probability(row, c, k) - (k == y);
		top = row[k] > row[top] ? k : top;
		before += row[k] > row[y] || (row[k] == row[y] && k < y);
		largest = fmaxl(largest, row[k]);
		smallest = fminl(smallest, row[k]);
		brier += d * d;
	}
	for (size_t k = 0; k < c; k++)
		sum += expl(row[k] - largest);
	ck_assert_int_eq(o->pred[i], (int)top);
	ck_assert_int_eq(o->rank[i], (int)before);
	ck_near(o->logp[i], (double)(row[y] - largest - logl(sum)), 1e-15, "logp", i);
	ck_near(o->brier[i], (double)brier, 1e-15, "brier", i);
	ck_near(o->conf[i], (double)probability(row, c, top), 1e-15, "conf", i);
	ck_assert_double_eq(o->peak[i], (double)fmaxl(largest, -smallest));
	/* far from the rounding limit of either precision it is plain which rows have collapsed */
	if (sum - 1 > 1e-6L)
		ck_assert(!o->collapsed[i]);
	if (sum - 1 < 1e-17L)
		ck_assert(o->collapsed[i]);
}

static void judge_binary(const struct lb_metric_inputs *o, size_t i, double score)
{
	const int y = labels[2 + i], pred = score > 0;
	const long double s = y ? score : -score, right = 1 / (1 + expl(-s)), wrong = 1 / (1 + expl(s));
	const double brier = (double)(wrong * wrong), logp = (double)(s < 0 ? s - log1pl(expl(s)) : -log1pl(expl(-s)));

	ck_assert_int_eq(o->pred[i], pred);
	ck_assert_int_eq(o->rank[i], pred != y);
	ck_assert_double_eq(o->score[i], score);
	ck_assert_double_le(fabs(o->logp[i] - logp), 4e-16 * fabs(logp));
	ck_assert_double_le(fabs(o->brier[i] - brier), 1e-15 * brier);
	ck_near(o->conf[i], (double)(pred == y ? right : wrong), 1e-15, "conf", i);
	ck_assert_double_ge(o->conf[i], 0.5);
}

static int judge(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *e)
{
	const size_t c = p.columns;

	(void)par, (void)e;
	ck_assert_uint_eq(o->n, p.split.n[LB_TEST]);
	ck_assert_uint_eq(o->n_classes, p.data.n_classes);
	ck_assert_int_eq(o->kind, p.data.kind);
	for (size_t i = 0; i < o->n; i++) {
		if (o->kind == LB_REGRESSION) {
			for (size_t k = 0; k < c; k++) {
				ck_assert_double_eq(o->pred_t[i * c + k], z[i * c + k]);
				ck_assert_double_eq(o->target_t[i * c + k], p.data.target[(2 + i) * c + k]);
			}
			continue;
		}
		ck_assert_int_eq(o->label[i], labels[2 + i]);
		if (o->kind == LB_BINARY)
			judge_binary(o, i, z[i]);
		else
			judge_multiclass(o, i, z + i * c, c);
	}
	judged++;
	*value = 42;
	return 0;
}

/* What a metric of decisions may read, in the shorter way that it allows. */
static int judge_decisions(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *e)
{
	const size_t c = p.columns;

	(void)par, (void)e;
	for (size_t i = 0; i < o->n; i++) {
		const double *row = z + i * c;
		const size_t y = (size_t)labels[2 + i];
		size_t top = 0, before = 0;
		for (size_t k = 0; k < c; k++) {
			top = row[k] > row[top] ? k : top;
			before += row[k] > row[y] || (row[k] == row[y] && k < y);
		}
		ck_assert_int_eq(o->label[i], labels[2 + i]);
		ck_assert_int_eq(o->pred[i], (int)top);
		ck_assert_int_eq(o->rank[i], (int)before);
	}
	judged++;
	*value = 42;
	return 0;
}

/* The log-probabilities of all classes, and what stands beside them. */
static int judge_probabilities(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *e)
{
	const size_t c = p.columns;

	for (size_t i = 0; i < o->n; i++)
		for (size_t k = 0; k < c; k++) {
			const double *row = z + i * c;
			double most = row[0];
			long double sum = 0;
			for (size_t j = 0; j < c; j++)
				most = fmax(most, row[j]);
			for (size_t j = 0; j < c; j++)
				sum += expl((long double)row[j] - most);
			ck_near(o->log_probability[i * c + k], (double)(row[k] - (long double)most - logl(sum)), 1e-15, "log_probability", i);
		}
	return judge(o, par, value, e);
}

/* A metric that does not ask sees none, in whatever company. */
static int judge_without(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *e)
{
	ck_assert_ptr_null(o->log_probability);
	return judge(o, par, value, e);
}

/* ---- the split: a training and a validation row, then rows with scores z ---- */

static const struct lb_metric judging = { .base = { .name = "judging" }, .eval = judge };
static const struct lb_metric deciding = { .base = { .name = "deciding" }, .decisions = true, .eval = judge_decisions };
static const struct lb_metric weighing = { .base = { .name = "weighing" }, .probabilities = true, .eval = judge_probabilities };
static const struct lb_metric blind = { .base = { .name = "blind" }, .eval = judge_without };
static const struct lb_metric_use weigh_use = { .metric = &weighing, .key = "weighing" }, blind_use = { .metric = &blind, .key = "blind" };
static const struct lb_metric_use judge_use = { .metric = &judging, .key = "judging" }, decide_use = { .metric = &deciding, .key = "deciding" };
static const struct lb_metric_use *use = &judge_use;

/* Rows of whole numbers (many ties), extreme rows, rows of equal scores, then random ones. All are
 * floats. */
static void draw_scores(size_t c, uint64_t seed)
{
	struct lb_rng rng;

	lb_rng_init(&rng, seed, LB_RNG_TEST, 1);
	for (size_t i = 0; i < ROWS; i++)
		for (size_t k = 0; k < c; k++) {
			double *v = &z[i * c + k];
			if (i < 200)
				*v = (double)lb_rng_below(&rng, 4) - 1.5 * (double)(i % 2);
			else if (i < 300)
				*v = (double)lb_rng_below(&rng, 3) * 1e4 - 1e4;
			else if (i < 400)
				*v = (double)i - 350;
			else
				*v = (float)(pow(3, (double)(i % 7) - 3) * lb_rng_normal(&rng));
		}
	for (size_t i = 0; i < ROWS; i++)
		labels[2 + i] = (int32_t)lb_rng_below(&rng, p.data.n_classes ? p.data.n_classes : 1);
}

static void build(enum lb_kind kind, size_t columns, size_t test_rows)
{
	const size_t rows[] = { 1, 1, test_rows };

	problem_open(&p, kind, rows, columns, kind == LB_BINARY ? 2 : columns);
	problem_draw(&p, 8);
	draw_scores(columns, 5);
	memcpy(x_of(&p) + 2 * columns, z, test_rows * columns * sizeof *z);
}

static struct lb_setup judging_setup(void)
{
	struct lb_setup s = { .model = { .n_layers = 1, .width = { p.columns, p.columns } }, .y = labels, .metric = use,
			      .n_metrics = 1 };

	return s;
}

static int evaluate(double *metric, size_t *bad_row)
{
	const struct lb_setup s = judging_setup();
	const struct lb_cohort c = cohort_of(&p, &s, 1, 1, 1);
	struct lb_net *net = lb_net_new_f64(&s.model, LB_EVAL_CHUNK, &err);
	struct lb_evaluator *e = lb_evaluator_new_f64(&c, p.columns, &err);
	double plain[MOST * (MOST + 1)] = { 0 };
	_Alignas(64) double w[STORED];

	for (size_t k = 0; k < p.columns; k++)
		plain[k * p.columns + k] = 1;
	lb_net_pack_f64(net, plain, w);
	const int rc = lb_evaluate_one_f64(e, &s, net, w, LB_TEST, metric, scores, bad_row, &err);
	lb_evaluator_free_f64(e);
	lb_net_free_f64(net);
	return rc;
}

static int evaluate32(double *metric, size_t *bad_row)
{
	const struct lb_setup s = judging_setup();
	const struct lb_cohort c = cohort_of(&p, &s, 1, 1, 1);
	struct lb_net_f32 *net = lb_net_new_f32(&s.model, LB_EVAL_CHUNK, &err);
	struct lb_evaluator_f32 *e = lb_evaluator_new_f32(&c, p.columns, &err);
	double plain[MOST * (MOST + 1)] = { 0 };
	_Alignas(64) float w[STORED];

	for (size_t k = 0; k < p.columns; k++)
		plain[k * p.columns + k] = 1;
	lb_net_pack_f32(net, plain, w);
	const int rc = lb_evaluate_one_f32(e, &s, net, w, LB_TEST, metric, scores, bad_row, &err);
	lb_evaluator_free_f32(e);
	lb_net_free_f32(net);
	return rc;
}

static int (*const evaluations[])(double *metric, size_t *bad_row) = { evaluate, evaluate32 };

static const struct {
	enum lb_kind kind;
	size_t columns, rows;
} splits[] = {
	{ LB_MULTICLASS, 2, ROWS }, { LB_MULTICLASS, 4, ROWS },	{ LB_MULTICLASS, 4, 512 }, { LB_MULTICLASS, 3, 513 },
	{ LB_BINARY, 1, ROWS },	    { LB_REGRESSION, 1, ROWS }, { LB_REGRESSION, 3, ROWS }, { LB_BINARY, 1, 1 },
};

START_TEST(digests_follow_their_definitions)
{
	double metric = 0;
	size_t bad_row;

	build(splits[_i / 2].kind, splits[_i / 2].columns, splits[_i / 2].rows);
	ck_assert_int_eq(evaluations[_i % 2](&metric, &bad_row), 0);
	ck_assert_int_eq(judged, 1);
	ck_assert_double_eq(metric, 42);
	ck_assert(!memcmp(scores, z, p.split.n[LB_TEST] * p.columns * sizeof *z));
	problem_close(&p);
}
END_TEST

START_TEST(decisions_alone_are_the_same)
{
	double metric = 0;
	size_t bad_row;

	use = &decide_use;
	build(LB_MULTICLASS, 2 + (size_t)_i / 2, ROWS);
	ck_assert_int_eq(evaluations[_i % 2](&metric, &bad_row), 0);
	ck_assert_int_eq(judged, 1);
	problem_close(&p);
}
END_TEST

START_TEST(probabilities_are_kept_for_metrics_that_ask)
{
	double metric = 0;
	size_t bad_row;

	use = _i / 6 ? &blind_use : &weigh_use;
	build(LB_MULTICLASS, 2 + (size_t)_i % 6 / 2, ROWS);
	ck_assert_int_eq(evaluations[_i % 2](&metric, &bad_row), 0);
	ck_assert_int_eq(judged, 1);
	problem_close(&p);
}
END_TEST

/* Of two models at once each has its own, and one that does not ask has none. */
START_TEST(probabilities_in_company)
{
	build(LB_MULTICLASS, 3, 600);
	use = &weigh_use;
	struct lb_setup s[2] = { judging_setup(), judging_setup() };
	s[1].metric = &blind_use;
	const struct lb_cohort c = cohort_of(&p, s, 2, 1, 1);
	struct lb_evaluator *e = lb_evaluator_new_f64(&c, 3, &err);
	struct lb_net *net = lb_net_new_f64(&s[0].model, LB_EVAL_CHUNK, &err);
	const double plain[12] = { 1, 0, 0, 0, 1, 0, 0, 0, 1 };
	double metric[2] = { 0 };
	_Alignas(64) double w[STORED];

	lb_net_pack_f64(net, plain, w);
	struct lb_eval_model m[2] = { { .setup = &s[0], .net = net, .w = w, .metric = &metric[0] }, { .setup = &s[1], .net = net, .w = w, .metric = &metric[1] } };
	ck_assert_uint_eq(e->together, 2);
	ck_assert_int_eq(lb_evaluate_f64(e, m, 2, LB_TEST, &err), 0);
	ck_assert_int_eq(judged, 2);
	lb_evaluator_free_f64(e);
	lb_net_free_f64(net);
	problem_close(&p);
}
END_TEST

START_TEST(a_score_that_is_not_finite_is_reported)
{
	const double bad[] = { (double)NAN, (double)INFINITY, -(double)INFINITY };
	double metric = 7;
	size_t bad_row = 0;

	build(LB_BINARY, 1, ROWS);
	x_of(&p)[2 + 700] = bad[_i / 2];
	x_of(&p)[2 + 900] = bad[_i / 2];
	p.features.fill[0] = (double)NAN;
	ck_assert_int_eq(evaluations[_i % 2](&metric, &bad_row), 1);
	ck_assert_uint_eq(bad_row, 702);
	ck_assert_int_eq(judged, 0);
	ck_assert_double_eq(metric, 7);
	problem_close(&p);
}
END_TEST

/* By hand: what ties mean. */
START_TEST(ties_go_to_the_lowest_class)
{
	const double row[] = { 1, 3, 3, 3 };
	const int rank[] = { 3, 0, 1, 2 };
	double metric;
	size_t bad_row;

	build(LB_MULTICLASS, 4, 4);
	for (int i = 0; i < 4; i++) {
		memcpy(z + i * 4, row, sizeof row);
		memcpy(x_of(&p) + (2 + i) * 4, row, sizeof row);
		labels[2 + i] = i;
	}
	const struct lb_setup s = judging_setup();
	const struct lb_cohort c = cohort_of(&p, &s, 1, 1, 1);
	struct lb_evaluator *e = lb_evaluator_new_f64(&c, 4, &err);
	struct lb_net *net = lb_net_new_f64(&s.model, LB_EVAL_CHUNK, &err);
	const double plain[20] = { 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1 };
	_Alignas(64) double w[STORED];

	lb_net_pack_f64(net, plain, w);
	ck_assert_int_eq(lb_evaluate_one_f64(e, &s, net, w, LB_TEST, &metric, NULL, &bad_row, &err), 0);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(e->row_stats->pred[i], 1);
		ck_assert_int_eq(e->row_stats->rank[i], rank[i]);
		ck_assert_double_eq_tol(e->row_stats->conf[i], 1 / (3 + exp(-2.0)), 1e-15);
	}
	lb_evaluator_free_f64(e);
	lb_net_free_f64(net);
	problem_close(&p);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("evaluate");
	TCase *t = tcase_create("evaluate");

	tcase_add_loop_test(t, digests_follow_their_definitions, 0, 2 * (int)(sizeof splits / sizeof *splits));
	tcase_add_loop_test(t, decisions_alone_are_the_same, 0, 6);
	tcase_add_loop_test(t, probabilities_are_kept_for_metrics_that_ask, 0, 12);
	tcase_add_test(t, probabilities_in_company);
	tcase_add_loop_test(t, a_score_that_is_not_finite_is_reported, 0, 6);
	tcase_add_test(t, ties_go_to_the_lowest_class);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("evaluate")
