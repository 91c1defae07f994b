/* coteach, coteach_plus and jocor against two linear models by plain loops. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

/* Two linear models by plain loops over three epochs, whose share of forgotten rows rises: 0, 1/4,
 * 1/2 of 8 rows. */
START_TEST(coteach_is_its_algorithm)
{
	const enum form form = _i ? SQUARES : LOGISTIC;
	const size_t b = 8, kept[] = { 8, 6, 4, 4 };
	double w[2][D + 1], curve[4] = { 0 };
	struct lb_rng rng;

	open_problem(_i ? LB_REGRESSION : LB_BINARY, _i ? 1 : 2);
	uses[0] = use("coteach", "forget=0.5 ramp=2");
	const struct lb_setup s = with(trial(&p, _i ? "mse" : "logistic", "", "lr=0.2"), uses, 1);
	lb_rng_init(&rng, 1, LB_RNG_SECOND_MODEL, 0);
	const uint64_t high = lb_rng_u32(&rng), low = lb_rng_u32(&rng);
	initial(&s, 1, w[0]);
	initial(&s, high << 32 | low, w[1]);
	ck_assert(memcmp(w[0], w[1], sizeof w[0]));
	for (size_t e = 0; e < 4; e++)
		for (size_t first = 0; first < ROWS; first += b) {
			double loss[2][8], weight[2][8], g[2][D + 1];
			for (size_t m = 0; m < 2; m++) {
				for (size_t i = 0; i < b; i++)
					loss[m][i] = row_loss(form, w[m], first + i);
				least(loss[m], b, kept[e], weight[m]);
			}
			for (size_t m = 0; m < 2; m++) {
				const double value = plain_gradient(form, w[m], first, b, weight[1 - m], g[m]);
				curve[e] += m ? 0 : value * (double)b / ROWS;
			}
			for (size_t m = 0; m < 2; m++)
				for (size_t j = 0; j <= D; j++)
					w[m][j] -= 0.2 * g[m][j];
		}
	for (int k = 0; k < 2; k++) {
		struct lb_train_result o = train_alone(precision[k], in_order(&s, 4, b), &s);
		for (size_t e = 0; e < 4; e++)
			ck_near(o.loss_curve[e], curve[e], k ? 1e-5 : 1e-12, "loss", e);
		for (size_t j = 0; j <= D; j++)
			ck_near(o.w[j], w[0][j], k ? 1e-5 : 1e-12, "parameter", j);
		lb_train_result_free(&o);
	}
}
END_TEST

/* At least one row of a batch is kept: the last batch here has one. */
START_TEST(coteach_keeps_a_row)
{
	open_problem(LB_BINARY, 2);
	uses[0] = use("coteach", "forget=0.99 ramp=0");
	const struct lb_setup s = with(trial(&p, "logistic", "", "lr=0.2"), uses, 1);
	struct lb_train_result o = train_alone(lb_train_f64, in_order(&s, 2, ROWS - 1), &s);

	ck_assert_int_eq(o.status, LB_TRIAL_OK);
	for (size_t j = 0; j <= D; j++)
		ck_assert(isfinite(o.w[j]));
	lb_train_result_free(&o);
}
END_TEST

/* ---- three classes: derivatives by the scores are differences of the row's objective ---- */

enum { CLASSES = 3, SIZE = CLASSES * (D + 1), B = 8 };

struct objective {
	double lambda;           /* share of the disagreement */
	const double *other;     /* (CLASSES) scores by the other model */
	int32_t y;
};

static void scores_of(const double *w, size_t i, double *z)
{
	for (size_t k = 0; k < CLASSES; k++) {
		z[k] = w[CLASSES * D + k];
		for (size_t j = 0; j < D; j++)
			z[k] += w[k * D + j] * x_of(&p)[i * D + j];
	}
}

static double log_probability(const double *z, size_t k)
{
	double sum = 0;

	for (size_t j = 0; j < CLASSES; j++)
		sum += exp(z[j]);
	return z[k] - log(sum);
}

static double objective_at(const struct objective *o, const double *z)
{
	double kl = 0;

	for (size_t k = 0; k < CLASSES; k++) {
		const double p_k = log_probability(z, k), q_k = log_probability(o->other, k);
		kl += exp(p_k) * (p_k - q_k) + exp(q_k) * (q_k - p_k);
	}
	return -(1 - o->lambda) * log_probability(z, (size_t)o->y) + o->lambda * kl;
}

/* g += weight times the derivatives of the objective of row i. */
static void add_gradient(const struct objective *o, const double *z, size_t i, double weight, double *g)
{
	for (size_t k = 0; k < CLASSES; k++) {
		double above[CLASSES], below[CLASSES];
		memcpy(above, z, sizeof above);
		memcpy(below, z, sizeof below);
		above[k] += 1e-5;
		below[k] -= 1e-5;
		const double dz = weight * (objective_at(o, above) - objective_at(o, below)) / 2e-5;
		for (size_t j = 0; j < D; j++)
			g[k * D + j] += dz * x_of(&p)[i * D + j];
		g[CLASSES * D + k] += dz;
	}
}

static size_t likeliest_of(const double *z)
{
	size_t best = 0;

	for (size_t k = 1; k < CLASSES; k++)
		best = z[k] > z[best] ? k : best;
	return best;
}

/* What a step has of both models. */
struct seen {
	double z[2][B][CLASSES], loss[2][B], joint[B];
	bool differ[B];
	size_t n_differ;
};

static void see(double w[2][SIZE], size_t first, double lambda, struct seen *t)
{
	t->n_differ = 0;
	for (size_t i = 0; i < B; i++) {
		for (size_t m = 0; m < 2; m++) {
			scores_of(w[m], first + i, t->z[m][i]);
			t->loss[m][i] = -log_probability(t->z[m][i], (size_t)p.data.y[first + i]);
		}
		const struct objective o = { lambda, t->z[1][i], p.data.y[first + i] };
		t->joint[i] = objective_at(&o, t->z[0][i]) + (1 - lambda) * t->loss[1][i];
		t->differ[i] = likeliest_of(t->z[0][i]) != likeliest_of(t->z[1][i]);
		t->n_differ += t->differ[i];
	}
}

/* The rows that differ, easiest by this loss first: the int(share n) of them, or all. */
static void least_disputed(const struct seen *t, const double *loss, double share, double *weight)
{
	double large[B];
	const size_t keep = (size_t)(share * (double)t->n_differ), n = t->n_differ ? keep ? keep : t->n_differ : B;

	for (size_t i = 0; i < B; i++)
		large[i] = loss[i] + (t->n_differ && !t->differ[i] ? 1e9 : 0);
	least(large, B, n, weight);
}

static void ck_two_models(const char *name, const char *set, double lambda, size_t start)
{
	static const double share[] = { 1, 0.75, 0.5, 0.5, 0.5 };
	double w[2][SIZE], curve[5] = { 0 };
	size_t disputed = 0;
	struct seen t;
	struct lb_rng rng;

	open_problem(LB_MULTICLASS, CLASSES);
	uses[0] = use(name, set);
	const struct lb_setup s = with(trial(&p, "ce", "", "lr=0.2"), uses, 1);
	lb_rng_init(&rng, 1, LB_RNG_SECOND_MODEL, 0);
	const uint64_t high = lb_rng_u32(&rng), low = lb_rng_u32(&rng);
	initial(&s, 1, w[0]);
	initial(&s, high << 32 | low, w[1]);
	for (size_t e = 0; e < 5; e++)
		for (size_t first = 0; first < ROWS; first += B) {
			double weight[2][B], g[2][SIZE] = { { 0 } };
			see(w, first, lambda, &t);
			for (size_t m = 0; m < 2; m++) {
				if (e >= start)
					least_disputed(&t, t.loss[1 - m], share[e], weight[m]);
				else
					least(lambda > 0 ? t.joint : t.loss[1 - m], B, (size_t)(share[e] * B), weight[m]);
				disputed += e >= start && t.n_differ && t.n_differ < B;
			}
			for (size_t m = 0; m < 2; m++)
				for (size_t i = 0; i < B; i++) {
					const struct objective o = { lambda, t.z[1 - m][i], p.data.y[first + i] };
					add_gradient(&o, t.z[m][i], first + i, weight[m][i] / B, g[m]);
					curve[e] += m ? 0 : weight[m][i] * objective_at(&o, t.z[m][i]) / ROWS;
				}
			for (size_t m = 0; m < 2; m++)
				for (size_t j = 0; j < SIZE; j++)
					w[m][j] -= 0.2 * g[m][j];
		}
	ck_assert_uint_ge(disputed, start < 5 ? 4 : 0);
	for (int k = 0; k < 2; k++) {
		struct lb_train_result o = train_alone(precision[k], in_order(&s, 5, B), &s);
		for (size_t e = 0; e < 5; e++)
			ck_near(o.loss_curve[e], curve[e], k ? 1e-5 : 1e-8, "loss", e);
		for (size_t j = 0; j < SIZE; j++)
			ck_near(o.w[j], w[0][j], k ? 1e-5 : 1e-8, "parameter", j);
		lb_train_result_free(&o);
	}
}

START_TEST(plus_is_its_algorithm)
{
	ck_two_models("coteach_plus", "forget=0.5 ramp=2 start=1", 0, 1);
}
END_TEST

START_TEST(jocor_is_its_algorithm)
{
	ck_two_models("jocor", "forget=0.5 ramp=2 lambda=0.6", 0.6, 5);
}
END_TEST

/* Of two classes the disagreement is (p - q) (z - v), p and q the logistic of z and v. */
START_TEST(jocor_of_two_classes)
{
	const double lambda = 0.7;
	double w[2][D + 1], g[D + 1] = { 0 };
	struct lb_rng rng;

	open_problem(LB_BINARY, 2);
	uses[0] = use("jocor", "forget=0 lambda=0.7");
	const struct lb_setup s = with(trial(&p, "logistic", "", "lr=0.2"), uses, 1);
	lb_rng_init(&rng, 1, LB_RNG_SECOND_MODEL, 0);
	const uint64_t high = lb_rng_u32(&rng), low = lb_rng_u32(&rng);
	initial(&s, 1, w[0]);
	initial(&s, high << 32 | low, w[1]);
	for (size_t i = 0; i < ROWS; i++) {
		const double z = row_score(w[0], i), v = row_score(w[1], i), p_i = 1 / (1 + exp(-z)), q_i = 1 / (1 + exp(-v));
		const double dz = (1 - lambda) * (p_i - p.data.y[i]) + lambda * (p_i * (1 - p_i) * (z - v) + p_i - q_i);
		for (size_t j = 0; j <= D; j++)
			g[j] += dz * (j < D ? x_of(&p)[i * D + j] : 1) / ROWS;
	}
	struct lb_train_result o = train_alone(lb_train_f64, in_order(&s, 1, ROWS), &s);
	for (size_t j = 0; j <= D; j++)
		ck_near(o.w[j], w[0][j] - 0.2 * g[j], 1e-12, "parameter", j);
	lb_train_result_free(&o);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("coteach");
	TCase *t = tcase_create("coteach");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, coteach_is_its_algorithm, 0, 2);
	tcase_add_test(t, coteach_keeps_a_row);
	tcase_add_test(t, plus_is_its_algorithm);
	tcase_add_test(t, jocor_is_its_algorithm);
	tcase_add_test(t, jocor_of_two_classes);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("coteach")
