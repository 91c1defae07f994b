/* useful against PyTorch and scikit-learn (tests/reference/procedures.py), and against plain
 * training on the enlarged rows. */
#include "tests/unit/core/engine/step/procedure_fixture.h"
#include "tests/unit/golden.h"

enum { WORKED_ROWS = 14, WORKED_D = 3, MOST = 64, CASES = 4 };

static size_t numbers(const cJSON *in, const char *key, double *out)
{
	const cJSON *item;
	size_t n = 0;

	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(in, key)) {
		ck_assert_uint_lt(n, MOST);
		out[n++] = item->valuedouble;
	}
	return n;
}

static double number(const cJSON *in, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(in, key)->valuedouble;
}

/* Losses of the epochs and parameters of the second training, from the parameters and in the order
 * of the reference. */
START_TEST(worked_elsewhere)
{
	const size_t rows[] = { WORKED_ROWS, 1, 1 };
	cJSON *golden = golden_read("tests/golden/procedures.json");
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(golden, "trained_again"), *one = cJSON_GetArrayItem(list, _i);
	const char *task = cJSON_GetObjectItemCaseSensitive(one, "task")->valuestring;
	const bool two = !strcmp(task, "binary");
	double start[MOST], w[MOST], loss[MOST], y[MOST], late[MOST];
	char set[64];

	ck_assert_int_eq(cJSON_GetArraySize(list), CASES);
	problem_open(&p, two ? LB_BINARY : LB_MULTICLASS, rows, WORKED_D, two ? 2 : 3);
	numbers(golden, "x", x_of(&p));
	for (size_t i = 0, n = numbers(golden, task, y); i < n; i++)
		p.data.y[i] = (int32_t)y[i];
	snprintf(set, sizeof set, "epochs=%g copies=%g", number(one, "first"), number(one, "copies"));
	uses[0] = use("useful", set);
	snprintf(set, sizeof set, "lr=0.5 momentum=%g", number(one, "momentum"));
	struct lb_setup s = with(trial(&p, two ? "logistic" : "ce", "", set), uses, 1);
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(one, "hidden")))
		s = with_hidden(s, 4, LB_TANH, 0);
	s.start = start;
	s.n_start = numbers(one, "start", start);
	const size_t steps = numbers(one, "losses", loss), n = numbers(one, "w", w), reads = WORKED_ROWS + (size_t)number(one, "copies") * numbers(one, "late", late);
	struct lb_train_result o = train_alone(lb_train_f64, in_order(&s, 4, 5), &s);
	ck_assert_uint_eq((size_t)o.steps, steps);
	ck_assert_uint_eq(o.n_params, n);
	for (size_t e = 0, k = 0; e < 4; e++) {
		double mean = 0;
		for (size_t at = 0; at < reads; at += 5, k++)
			mean += loss[k] * (double)(reads - at < 5 ? reads - at : 5) / (double)reads;
		ck_near(o.loss_curve[e], mean, 1e-11, "loss", e);
	}
	for (size_t i = 0; i < n; i++)
		ck_near(o.w[i], w[i], 1e-11, "parameter", i);
	lb_train_result_free(&o);
	cJSON_Delete(golden);
}
END_TEST

/* Returns how many rows are late after so many epochs, by plain loops; late <- these. */
static size_t late_rows(const struct lb_setup *s, const struct lb_cohort *c, size_t epochs, uint32_t *late)
{
	struct lb_cohort first = *c;
	size_t n = 0;

	first.epochs = epochs;
	struct lb_train_result o = train_alone(lb_train_f64, first, s);
	for (int32_t k = 0; k < 2; k++) {
		double low = HUGE_VAL, high = -HUGE_VAL;
		for (size_t i = 0; i < ROWS; i++)
			if (p.data.y[i] == k) {
				const double loss = row_loss(LOGISTIC, o.w, i);
				low = loss < low ? loss : low;
				high = loss > high ? loss : high;
			}
		/* Scores of a class are one number each, and the loss falls or rises with it, so
		 * that the two means are those of a threshold. */
		double a = k ? -log(expm1(low)) : log(expm1(low)), b = k ? -log(expm1(high)) : log(expm1(high));
		for (int round = 0; round < 100; round++) {
			double sum[2] = { 0 }, rows[2] = { 0 };
			for (size_t i = 0; i < ROWS; i++)
				if (p.data.y[i] == k) {
					const double z = row_score(o.w, i);
					const bool far = fabs(z - b) < fabs(z - a);
					sum[far] += z;
					rows[far]++;
				}
			a = sum[0] / rows[0];
			b = sum[1] / rows[1];
		}
		for (size_t i = 0; i < ROWS; i++)
			if (p.data.y[i] == k && fabs(row_score(o.w, i) - b) < fabs(row_score(o.w, i) - a))
				late[n++] = (uint32_t)i;
	}
	lb_train_result_free(&o);
	return n;
}

/* In random order: the bytes of plain training on the rows and, behind them, those that are
 * late. */
START_TEST(is_training_on_more_rows)
{
	uint32_t late[ROWS], more[3 * ROWS], known[ROWS];

	open_problem(LB_BINARY, 2);
	const struct lb_setup plain = with(trial(&p, "logistic", "", "lr=0.2 momentum=0.9"), NULL, 0);
	uses[0] = use("useful", "epochs=2 copies=2");
	const struct lb_setup s = with(plain, uses, 1);
	const struct lb_cohort c = cohort_of(&p, &s, 1, 5, 7);
	const size_t n = late_rows(&plain, &c, 2, late);
	ck_assert(n > 1 && n < ROWS - 1);
	memset(known, 0, sizeof known);
	for (size_t i = 0; i < n; i++)
		known[late[i]] = 1;
	size_t reads = 0;
	for (uint32_t i = 0; i < ROWS; i++)
		more[reads++] = i;
	for (int k = 0; k < 2; k++)
		for (uint32_t i = 0; i < ROWS; i++)
			if (known[i])
				more[reads++] = i;
	struct lb_split enlarged = p.split;
	enlarged.rows[LB_TRAIN] = more;
	enlarged.n[LB_TRAIN] = reads;
	struct lb_cohort large = c;
	large.split = &enlarged;
	struct lb_train_result a = train_alone(lb_train_f64, c, &s), b = train_alone(lb_train_f64, large, &plain);
	ck_same_outcome(&a, &b);
	lb_train_result_free(&a);
	lb_train_result_free(&b);
}
END_TEST

/* A first training that diverges is the end, and is told. */
static size_t ended;

static int on_end(void *arg, size_t i, struct lb_err *e)
{
	(void)arg, (void)e;
	ck_assert_uint_eq(i, 0);
	ended++;
	return 0;
}

START_TEST(divergence_is_an_outcome)
{
	open_problem(LB_MULTICLASS, 3);
	x_of(&p)[0] = 1e308;
	uses[0] = use("useful", "");
	const struct lb_setup s = with(trial(&p, "ce", "", "lr=1e6"), uses, 1);
	struct lb_cohort c = cohort_of(&p, &s, 1, 5, 7);
	c.ended = on_end;
	struct lb_train_result o = train_alone(lb_train_f64, c, &s);
	ck_assert_int_eq(o.status, LB_TRIAL_DIVERGED);
	ck_assert(o.cause[0]);
	ck_assert_uint_eq(ended, 1);
	lb_train_result_free(&o);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("useful");
	TCase *t = tcase_create("useful");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, worked_elsewhere, 0, CASES);
	tcase_add_test(t, is_training_on_more_rows);
	tcase_add_test(t, divergence_is_an_outcome);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("useful")
