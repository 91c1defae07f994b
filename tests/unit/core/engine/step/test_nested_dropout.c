/* nested_dropout: the law of k, one step by the net's own passes, and the choice of k for
 * evaluations. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

enum { HIDDEN = 5, STEPS = 20000, N_PLAIN = HIDDEN * (D + 1) + 3 * (HIDDEN + 1) };

static struct lb_setup nested(const char *set)
{
	uses[0] = use("nested_dropout", set);
	return with(with_hidden(trial(&p, "ce", "", "lr=0.3"), HIDDEN, LB_TANH, 0), uses, 1);
}

/* Features of the last hidden layer that w, parameters in the plain order, reads. */
static size_t features_read(const double *w)
{
	const double *last = w + HIDDEN * (D + 1);
	size_t k = HIDDEN;

	for (; k > 0; k--)
		for (size_t o = 0; o < 3; o++)
			if (last[o * HIDDEN + k - 1] < 0 || last[o * HIDDEN + k - 1] > 0)
				return k;
	return 0;
}

/* k comes as often as it is likely, by the weights that are read. */
START_TEST(its_law)
{
	struct lb_learner l;
	double w[N_PLAIN], seen[HIDDEN + 1] = { 0 }, want[HIDDEN + 1], sum = 0;

	open_problem(LB_MULTICLASS, 3);
	const struct lb_setup s = nested("mean=2 sd=1.5");
	const struct lb_cohort c = in_order(&s, 1, ROWS);
	ck_assert_int_eq(lb_learner_open_f64(&l, &c, &s, &err), 0);
	for (int64_t step = 0; step < STEPS; step++) {
		memcpy(l.changed, l.model.w, l.model.n_params * sizeof *l.changed);
		l.hook[0].procedure->weights(&l.hook[0], &l, step, l.changed);
		lb_model_unpack_f64(&l.model, l.changed, w);
		seen[features_read(w)]++;
	}
	for (size_t k = 1; k <= HIDDEN; k++)
		sum += want[k] = exp(-((double)k - 2) * ((double)k - 2) / 2.25);
	ck_assert_double_eq(seen[0], 0);
	for (size_t k = 1; k <= HIDDEN; k++)
		ck_assert_double_eq_tol(seen[k] / STEPS, want[k] / sum, 4 * sqrt(want[k] / sum / STEPS));
	lb_learner_close_f64(&l);
}
END_TEST

/* The loss of all rows with the first k features alone, parameters in the plain order. */
static double loss_of_features(const double *w, size_t k)
{
	const double *b1 = w + HIDDEN * D, *w2 = b1 + HIDDEN, *b2 = w2 + 3 * HIDDEN;
	double loss = 0;

	for (size_t i = 0; i < ROWS; i++) {
		double h[HIDDEN], z[3], sum = 0;
		for (size_t j = 0; j < HIDDEN; j++) {
			h[j] = b1[j];
			for (size_t f = 0; f < D; f++)
				h[j] += w[j * D + f] * x_of(&p)[i * D + f];
			h[j] = j < k ? tanh(h[j]) : 0;
		}
		for (size_t o = 0; o < 3; o++) {
			z[o] = b2[o];
			for (size_t j = 0; j < HIDDEN; j++)
				z[o] += w2[o * HIDDEN + j] * h[j];
			sum += exp(z[o]);
		}
		loss += (log(sum) - z[p.data.y[i]]) / ROWS;
	}
	return loss;
}

/* One step of all rows with k features: by differences of the loss; before and after sam, which
 * asks for a second gradient. */
START_TEST(a_step)
{
	static const char *const sets[] = { "mean=1 sd=0.1 test=all", "mean=3 sd=0.1 test=all", "mean=5 sd=0.1 test=all" };
	const size_t k = (size_t)_i * 2 + 1;
	double w[N_PLAIN], slope[N_PLAIN], length_of = 0;

	open_problem(LB_MULTICLASS, 3);
	for (int order = 0; order < 3; order++) {
		struct lb_setup s = nested(sets[_i]);
		if (order) {
			uses[2 - order] = use("nested_dropout", sets[_i]);
			uses[order - 1] = use("sam", "rho=0.2");
			s.n_procedures = 2;
		}
		initial(&s, 1, w);
		for (int pass = 0; pass <= (order > 0); pass++) {
			double at[N_PLAIN];
			memcpy(at, w, sizeof at);
			for (size_t j = 0; pass && j < N_PLAIN; j++)
				at[j] += 0.2 * slope[j] / length_of;
			for (size_t j = 0; j < N_PLAIN; j++) {
				const double v = at[j];
				at[j] = v + 1e-5;
				slope[j] = loss_of_features(at, k);
				at[j] = v - 1e-5;
				slope[j] = (slope[j] - loss_of_features(at, k)) / 2e-5;
				at[j] = v;
			}
			length_of = length(slope, N_PLAIN);
		}
		struct lb_train_result o = train_alone(lb_train_f64, in_order(&s, 1, ROWS), &s);
		ck_near(o.loss_curve[0], loss_of_features(w, k), 1e-12, "loss", 0);
		for (size_t j = 0; j < N_PLAIN; j++)
			ck_near(o.w[j], w[j] - 0.3 * slope[j], 1e-8, "parameter", j);
		lb_train_result_free(&o);
	}
}
END_TEST

/* Validation rows that are right with the first k features. */
static double right_with(const double *all, size_t k)
{
	double w[N_PLAIN], right = 0;

	memcpy(w, all, sizeof w);
	for (size_t o = 0; o < 3; o++)
		for (size_t j = k; j < HIDDEN; j++)
			w[HIDDEN * (D + 1) + o * HIDDEN + j] = 0;
	for (size_t r = 0; r < p.split.n[LB_VALID]; r++) {
		const size_t row = p.split.rows[LB_VALID][r];
		const double *b1 = w + HIDDEN * D, *w2 = b1 + HIDDEN, *b2 = w2 + 3 * HIDDEN;
		double z[3];
		size_t best = 0;
		memcpy(z, b2, sizeof z);
		for (size_t j = 0; j < HIDDEN; j++) {
			double h = b1[j];
			for (size_t f = 0; f < D; f++)
				h += w[j * D + f] * x_of(&p)[row * D + f];
			for (size_t o = 0; o < 3; o++)
				z[o] += w2[o * HIDDEN + j] * tanh(h);
		}
		for (size_t o = 1; o < 3; o++)
			best = z[o] > z[best] ? o : best;
		right += (int32_t)best == p.data.y[row];
	}
	return right;
}

/* Evaluations and the model are of the k with most validation rows right, the least of equal ones.
 * */
START_TEST(the_best_is_chosen)
{
	size_t seen[HIDDEN + 1] = { 0 };

	for (uint64_t seed = 1; seed <= 12; seed++) {
		open_problem(LB_MULTICLASS, 3);
		struct lb_setup s = nested("sd=4"), all = nested("sd=4 test=all");
		const struct lb_procedure_use both[] = { use("nested_dropout", "sd=4"), use("nested_dropout", "sd=4 test=all") };
		struct lb_metric_use metric = metric_use("accuracy");
		size_t best = 1;
		s.model.seed = all.model.seed = seed;
		s.procedure = both;
		all.procedure = both + 1;
		s = with_metrics(s, &metric, 1);
		struct lb_train_result a = train_alone(lb_train_f64, in_order(&s, 6, 8), &s), b = train_alone(lb_train_f64, in_order(&all, 6, 8), &all);
		for (size_t k = 2; k <= HIDDEN; k++)
			best = right_with(b.w, k) > right_with(b.w, best) ? k : best;
		ck_assert_uint_eq(features_read(a.w), best);
		ck_assert_uint_eq(features_read(b.w), HIDDEN);
		ck_assert_double_eq_tol(a.metric[LB_VALID][0] * (double)p.split.n[LB_VALID], right_with(b.w, best), 1e-12);
		seen[best]++;
		lb_train_result_free(&a);
		lb_train_result_free(&b);
		teardown();
	}
	ck_assert_uint_lt(seen[HIDDEN], 12);
	open_problem(LB_MULTICLASS, 3);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("nested_dropout");
	TCase *t = tcase_create("nested_dropout");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, its_law);
	tcase_add_loop_test(t, a_step, 0, 3);
	tcase_add_test(t, the_best_is_chosen);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("nested_dropout")
