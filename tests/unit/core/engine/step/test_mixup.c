/* mixup: what it mixes, the distribution of its weights, and its step by plain loops; cutmix: which
 * columns it takes. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

/* A hook of the procedure, opened for batches of b rows. */
static struct lb_hook hook_of(struct lb_learner *l, const struct lb_cohort *c, const struct lb_procedure_use *u)
{
	struct lb_hook h = { .procedure = (const struct lb_procedure *)u->info, .par = u->par };

	h.state = h.procedure->open(l, c, h.par, &err);
	ck_assert(h.state);
	return h;
}

/* What mixup makes of the first b rows in that step. */
static void mix(const struct lb_hook *h, const struct lb_cohort *c, size_t b, int64_t step, double *x, struct lb_step *s)
{
	static struct lb_minibatch batch;

	batch = (struct lb_minibatch){ .b = b };
	*s = (struct lb_step){ .c = c, .batch = &batch, .step = step, .set = { { .share = 1 } }, .n_sets = 1 };
	memcpy(x, x_of(&p), b * D * sizeof *x);
	h->procedure->inputs(h, s, x);
	h->procedure->labels(h, s);
}

START_TEST(mixtures_are_of_the_rows)
{
	struct lb_learner l = { 0 };
	struct lb_step s;
	double x[ROWS * D];

	open_problem(LB_BINARY, 2);
	uses[0] = use("mixup", "alpha=0.4");
	const struct lb_cohort c = cohort_of(&p, NULL, 0, 1, ROWS);
	const struct lb_hook h = hook_of(&l, &c, &uses[0]);
	size_t met = 0;
	for (int64_t step = 0; step < 50; step++) {
		bool seen[ROWS] = { false };
		mix(&h, &c, ROWS, step, x, &s);
		ck_assert_uint_eq(s.n_sets, 2);
		ck_assert(s.set[0].share >= 0 && s.set[0].share <= 1 && !s.set[0].of);
		ck_assert_double_eq_tol(s.set[0].share + s.set[1].share, 1, 1e-15);
		for (size_t i = 0; i < ROWS; i++) {
			const size_t j = s.set[1].of[i];
			ck_assert(j < ROWS && !seen[j]);
			seen[j] = true;
			met += j != i;
			for (size_t k = 0; k < D; k++)
				ck_near(x[i * D + k], s.set[0].share * x_of(&p)[i * D + k] + s.set[1].share * x_of(&p)[j * D + k], 1e-15, "x", i);
		}
	}
	ck_assert_uint_gt(met, 50 * ROWS * 3 / 4);
	h.procedure->close(h.state);
}
END_TEST

/* The share is Beta(a, a): mean 1/2, variance 1 / (4 (2 a + 1)), fourth central moment 3 / (16 (2 a
 * + 1) (2 a + 3)). */
START_TEST(shares_are_beta)
{
	static const char *const set[] = { "alpha=0.05", "alpha=0.4", "alpha=1", "alpha=8" };
	static const double alpha[] = { 0.05, 0.4, 1, 8 };
	const double a = alpha[_i];
	enum { N = 20000 };
	struct lb_learner l = { 0 };
	struct lb_step s;
	double x[D], mean = 0, second = 0, fourth = 0;

	open_problem(LB_BINARY, 2);
	uses[0] = use("mixup", set[_i]);
	const struct lb_cohort c = cohort_of(&p, NULL, 0, 1, 1);
	const struct lb_hook h = hook_of(&l, &c, &uses[0]);
	for (int64_t step = 0; step < N; step++) {
		mix(&h, &c, 1, step, x, &s);
		const double d = s.set[0].share - 0.5;
		mean += d / N;
		second += d * d / N;
		fourth += d * d * d * d / N;
	}
	const double var = 1 / (4 * (2 * a + 1)), m4 = 3 / (16 * (2 * a + 1) * (2 * a + 3));
	ck_assert_double_le(fabs(mean), 5 * sqrt(var / N));
	ck_assert_double_le(fabs(second - var), 5 * sqrt((m4 - var * var) / N));
	ck_assert_double_le(fabs(fourth - m4), 0.05 * m4);
	h.procedure->close(h.state);
}
END_TEST

/* One step over all rows: for mse and logistic the gradient is that of the mixed target or
 * label. */
START_TEST(mixup_is_its_formula)
{
	const enum form form = _i ? SQUARES : LOGISTIC;
	struct lb_learner l = { 0 };
	struct lb_step step;
	double x[ROWS * D], w[D + 1], want[D + 1], value = 0;

	open_problem(_i ? LB_REGRESSION : LB_BINARY, _i ? 1 : 2);
	uses[0] = use("mixup", "alpha=1");
	const struct lb_setup s = with(trial(&p, _i ? "mse" : "logistic", "", "lr=0.3"), uses, 1);
	const struct lb_cohort c = in_order(&s, 1, ROWS);
	const struct lb_hook h = hook_of(&l, &c, &uses[0]);
	mix(&h, &c, ROWS, 0, x, &step);
	const double lam = step.set[0].share;
	initial(&s, 1, w);
	memcpy(want, w, sizeof w);
	for (size_t i = 0; i < ROWS; i++) {
		const size_t j = step.set[1].of[i];
		double z = w[D];
		for (size_t k = 0; k < D; k++)
			z += w[k] * x[i * D + k];
		const double mine = form == SQUARES ? p.data.target[i] : p.data.y[i], other = form == SQUARES ? p.data.target[j] : p.data.y[j];
		const double t = lam * mine + (1 - lam) * other, dz = form == SQUARES ? 2 * (z - t) : 1 / (1 + exp(-z)) - t;
		for (size_t k = 0; k < D; k++)
			want[k] -= 0.3 * dz * x[i * D + k] / ROWS;
		want[D] -= 0.3 * dz / ROWS;
		value += form == SQUARES ? (lam * (z - mine) * (z - mine) + (1 - lam) * (z - other) * (z - other)) / ROWS :
			 (lam * log1p(exp(mine > 0 ? -z : z)) + (1 - lam) * log1p(exp(other > 0 ? -z : z))) / ROWS;
	}
	for (int k = 0; k < 2; k++) {
		struct lb_train_result o = train_alone(precision[k], c, &s);
		ck_near(o.loss_curve[0], value, k ? 1e-6 : 1e-13, "loss", 0);
		for (size_t j = 0; j <= D; j++)
			ck_near(o.w[j], want[j], k ? 3e-6 : 1e-13, "parameter", j);
		lb_train_result_free(&o);
	}
	h.procedure->close(h.state);
}
END_TEST

/* Each column of a row is its own or the partner's, the same of all rows; the share is that of the
 * own columns; side by side unless drawn. With alpha 1 every number of columns is met. */
START_TEST(cuts_are_of_columns)
{
	const bool drawn = _i;
	struct lb_learner l = { 0 };
	struct lb_step s;
	double x[ROWS * D];
	size_t met[D + 1] = { 0 }, apart = 0;

	open_problem(LB_BINARY, 2);
	uses[0] = use("cutmix", drawn ? "columns=drawn" : "");
	const struct lb_cohort c = cohort_of(&p, NULL, 0, 1, ROWS);
	const struct lb_hook h = hook_of(&l, &c, &uses[0]);
	for (int64_t step = 0; step < 200; step++) {
		bool taken[D] = { false };
		size_t cut = 0, turns = 0;
		mix(&h, &c, ROWS, step, x, &s);
		for (size_t i = 0; s.n_sets > 1 && i < ROWS; i++)
			for (size_t k = 0; k < D; k++)
				taken[k] |= x[i * D + k] != x_of(&p)[i * D + k];
		for (size_t k = 0; k < D; k++) {
			cut += taken[k];
			turns += k && taken[k] != taken[k - 1];
		}
		met[cut]++;
		apart += turns > 2;
		if (!cut) {
			ck_assert_uint_eq(s.n_sets, 1);
			continue;
		}
		ck_assert_double_eq_tol(s.set[0].share, 1 - (double)cut / D, 1e-15);
		ck_assert_double_eq_tol(s.set[1].share, (double)cut / D, 1e-15);
		for (size_t i = 0; i < ROWS; i++)
			for (size_t k = 0; k < D; k++)
				ck_assert_double_eq(x[i * D + k], x_of(&p)[(taken[k] ? s.set[1].of[i] : i) * D + k]);
	}
	for (size_t k = 0; k <= D; k++)
		ck_assert_uint_gt(met[k], 8);
	ck_assert(drawn ? apart > 5 : !apart);
	h.procedure->close(h.state);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mixup");
	TCase *t = tcase_create("mixup");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, mixtures_are_of_the_rows);
	tcase_add_loop_test(t, cuts_are_of_columns, 0, 2);
	tcase_add_loop_test(t, shares_are_beta, 0, 4);
	tcase_add_loop_test(t, mixup_is_its_formula, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("mixup")
