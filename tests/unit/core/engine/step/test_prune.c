/* prune: how many weights go, which, and that they stay 0 whatever else changes weights. The steps
 * are held against PyTorch in test_procedures_worked.c. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

enum { HIDDEN = 6, WEIGHTS = HIDDEN * (D + 3) };

/* Weights of both layers that are 0, in the plain order. */
static size_t zeros(const struct lb_train_result *o, size_t layer)
{
	const size_t first = layer ? HIDDEN * (D + 1) : 0, n = layer ? 3 * HIDDEN : HIDDEN * D;
	size_t count = 0;

	for (size_t i = first; i < first + n; i++)
		count += !(o->w[i] < 0 || o->w[i] > 0);
	return count;
}

static struct lb_setup pruned(size_t n, struct lb_metric_use *metric)
{
	struct lb_setup s = with(with_hidden(trial(&p, "ce", "", "lr=0.1 momentum=0.9 weight_decay=0.01"), HIDDEN, LB_TANH, 0.2), uses, n);

	*metric = (struct lb_metric_use){ .metric = lb_metric_find("sparsity"), .key = "sparsity" };
	s.metric = metric;
	s.n_metrics = 1;
	return s;
}

/* int(r n) of the n that are left, round by round, alone and with what moves weights after it. */
START_TEST(rounds_take_their_share)
{
	static const char *const beside[][2] = { { NULL, NULL }, { "ema", "decay=0.9" }, { "lookahead", "" }, { "sam", "rho=0.5" }, { "gradient_noise", "eta=0.1" } };
	struct lb_metric_use metric;

	open_problem(LB_MULTICLASS, 3);
	uses[0] = use("prune", "rate=0.4 every=2 rewind=1");
	if (beside[_i][0])
		uses[1] = use(beside[_i][0], beside[_i][1]);
	const struct lb_setup s = pruned(beside[_i][0] ? 2 : 1, &metric);
	for (int k = 0; k < 2; k++)
		for (size_t epochs = 1; epochs < 8; epochs++) {
			struct lb_train_result o = train_alone(precision[k], cohort_of(&p, &s, 1, epochs, 7), &s);
			size_t left = WEIGHTS;
			for (size_t e = 2; e < epochs; e += 2)
				left -= (size_t)(0.4 * (double)left + 1e-9);
			ck_assert_uint_eq(zeros(&o, 0) + zeros(&o, 1), WEIGHTS - left);
			ck_assert_double_eq_tol(o.metric[LB_VALID][0], (double)(WEIGHTS - left) / WEIGHTS, 1e-15);
			lb_train_result_free(&o);
		}
}
END_TEST

START_TEST(layers_by_themselves)
{
	struct lb_metric_use metric;

	open_problem(LB_MULTICLASS, 3);
	uses[0] = use("prune", "rate=0.5 every=1 rounds=2 scope=layer");
	const struct lb_setup s = pruned(1, &metric);
	struct lb_train_result o = train_alone(lb_train_f64, cohort_of(&p, &s, 1, 6, 7), &s);
	ck_assert_uint_eq(zeros(&o, 0), 18); /* 24 - 12 - 6 */
	ck_assert_uint_eq(zeros(&o, 1), 13); /* 18 - 9 - 4 */
	lb_train_result_free(&o);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("prune");
	TCase *t = tcase_create("prune");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, rounds_take_their_share, 0, 5);
	tcase_add_test(t, layers_by_themselves);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("prune")
