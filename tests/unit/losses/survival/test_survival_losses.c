/* Identities between losses of survival, and with losses of other tasks; what does not depend on
 * the numbers of the times. */
#include "losses/eval.h"
#include "tests/unit/suite.h"

#include "core/numeric/rng.h"

#include <math.h>

enum { N = 40, J = 5 };

struct batch {
	double z[N * J], t[N], g[N * J + 1];
	int32_t y[N];
};

/* `different`: no two times are equal. */
static void draw(struct batch *b, uint64_t seed, bool different)
{
	struct lb_rng rng;

	lb_rng_init(&rng, seed, LB_RNG_TEST, 0);
	for (size_t i = 0; i < N; i++) {
		b->t[i] = different ? (double)(i * 7 % N + 1) / 8 : (double)(1 + lb_rng_below(&rng, 6)) / 2;
		b->y[i] = lb_rng_unit(&rng) < 0.6;
	}
	for (size_t k = 0; k < N * J; k++)
		b->z[k] = 2 * lb_rng_normal(&rng);
}

static double eval(enum lb_kind kind, const char *name, const char *set, struct lb_loss_input in, double *g)
{
	const struct lb_loss_info *info = lb_loss_find(kind, name);
	struct lb_arg par[16];
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };
	double value;

	ck_assert_msg(!lb_args_from_text(&info->base, set, par, &store, &err), "%s", err.text);
	in.par = par;
	ck_assert_int_eq(lb_loss_eval(info, 64, &in, &value, g, &err), 0);
	lb_args_free(&store);
	return value;
}

static struct lb_loss_input scores(const struct batch *b, size_t columns)
{
	return (struct lb_loss_input){ .b = N, .c = columns, .z = b->z, .t = b->t, .y = b->y };
}

START_TEST(cox_without_ties)
{
	struct batch b;
	double other[N * J + 1];

	draw(&b, 1, true);
	const double efron = eval(LB_SURVIVAL, "cox", "", scores(&b, 1), b.g), breslow = eval(LB_SURVIVAL, "cox", "ties=breslow", scores(&b, 1), other);
	ck_assert_double_eq_tol(efron, breslow, 1e-13);
	for (size_t i = 0; i < N; i++)
		ck_assert_double_eq_tol(b.g[i], other[i], 1e-14);
}
END_TEST

/* All events at different times: the Plackett-Luce probability of the rows by time. */
START_TEST(cox_is_listmle)
{
	struct batch b;
	double grade[N], other[N + 1];

	draw(&b, 2, true);
	for (size_t i = 0; i < N; i++) {
		b.y[i] = 1;
		grade[i] = N - 8 * b.t[i];
	}
	const struct lb_loss_input in = { .b = N, .c = 1, .z = b.z, .t = grade };
	const double cox = eval(LB_SURVIVAL, "cox", "", scores(&b, 1), b.g), list = eval(LB_RANKING, "listmle", "", in, other);
	ck_assert_double_eq_tol(N * cox, list, 1e-11);
	for (size_t i = 0; i < N; i++)
		ck_assert_double_eq_tol(N * b.g[i], other[i], 1e-12);
}
END_TEST

/* The order of times alone counts, and a constant added to all scores changes nothing. */
START_TEST(cox_sees_order_and_differences)
{
	static const char *const sets[] = { "", "ties=breslow" };
	struct batch b;

	draw(&b, 3, false);
	const double before = eval(LB_SURVIVAL, "cox", sets[_i], scores(&b, 1), b.g);
	double sum = 0;
	for (size_t i = 0; i < N; i++) {
		sum += b.g[i];
		b.t[i] = exp(b.t[i]);
		b.z[i] += 17;
	}
	ck_assert_double_eq_tol(sum, 0, 1e-14);
	ck_assert_double_eq_tol(eval(LB_SURVIVAL, "cox", sets[_i], scores(&b, 1), NULL), before, 1e-12);
}
END_TEST

/* Weibull times of scale 1 are exponential. */
START_TEST(aft_exponential)
{
	struct batch b;
	double sum = 0;

	draw(&b, 4, false);
	for (size_t i = 0; i < N; i++)
		sum += b.t[i] * exp(-b.z[i]) + b.y[i] * b.z[i];
	ck_assert_double_eq_tol(eval(LB_SURVIVAL, "aft", "dist=extreme scale=1", scores(&b, 1), NULL), sum / N, 1e-12);
}
END_TEST

/* A learned scale at its logarithm is the given scale. */
START_TEST(aft_scales)
{
	static const struct {
		const char *learned, *given;
	} sets[] = { { "dist=normal", "dist=normal scale=0.5" }, { "dist=logistic", "dist=logistic scale=0.5" }, { "dist=extreme", "dist=extreme scale=0.5" } };
	const double log_scale[] = { log(0.5) };
	struct batch b;
	double other[N + 1];

	draw(&b, 5, false);
	struct lb_loss_input in = scores(&b, 1);
	const double given = eval(LB_SURVIVAL, "aft", sets[_i].given, in, other);
	in.params = log_scale;
	ck_assert_double_eq_tol(eval(LB_SURVIVAL, "aft", sets[_i].learned, in, b.g), given, 1e-13);
	for (size_t i = 0; i < N; i++)
		ck_assert_double_eq_tol(b.g[i], other[i], 1e-14);
}
END_TEST

/* Hazards by logit: the mean over rows of the logistic loss of each interval lived in. */
START_TEST(hazards_are_person_periods)
{
	struct batch b;
	double sum = 0;

	draw(&b, 6, false);
	for (size_t i = 0; i < N; i++)
		for (size_t k = 0; k < J; k++) {
			const double end = (double)(k + 1) / 2, z = b.z[i * J + k];
			const bool dies = b.y[i] && b.t[i] > end - 0.5 && b.t[i] <= end;
			if (dies)
				sum += log1p(exp(-z));
			else if (b.y[i] ? b.t[i] > end : b.t[i] >= end)
				sum += log1p(exp(z));
		}
	ck_assert_double_eq_tol(eval(LB_SURVIVAL, "discrete_hazard", "cuts=[0.5,1,1.5,2,2.5]", scores(&b, J), NULL), sum / N, 1e-12);
}
END_TEST

/* Probabilities by softmax are the same law as the hazards p_m / sum_{l >= m} p_l. */
START_TEST(probabilities_are_hazards)
{
	static const char *const cuts = "cuts=[0.5,1,1.5,2,2.5]";
	struct batch b, h;

	draw(&b, 7, false);
	h = b;
	for (size_t i = 0; i < N; i++) {
		double rest = 1;
		for (size_t k = J; k--; rest += exp(b.z[i * J + k]))
			h.z[i * J + k] = b.z[i * J + k] - log(rest);
	}
	ck_assert_double_eq_tol(eval(LB_SURVIVAL, "discrete_pmf", cuts, scores(&b, J), NULL), eval(LB_SURVIVAL, "discrete_hazard", cuts, scores(&h, J), NULL), 1e-12);
}
END_TEST

/* Hinge and logistic / log 2 bound the share of pairs in the wrong order. */
START_TEST(concordance_bounds)
{
	struct batch b;
	double wrong = 0, pairs = 0;

	draw(&b, 8 + (uint64_t)_i, false);
	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j < N; j++)
			if (b.y[i] && (b.t[i] < b.t[j] || (b.t[i] <= b.t[j] && !b.y[j]))) {
				wrong += b.z[i] < b.z[j];
				pairs++;
			}
	ck_assert_double_gt(pairs, 100);
	ck_assert_double_ge(eval(LB_SURVIVAL, "concordance", "phi=hinge", scores(&b, 1), NULL), wrong / pairs);
	ck_assert_double_ge(eval(LB_SURVIVAL, "concordance", "", scores(&b, 1), NULL) / log(2), wrong / pairs);
}
END_TEST

/* Without an event or a comparable pair: 0 and no gradient. */
START_TEST(nothing_seen)
{
	static const char *const names[] = { "cox", "concordance" };
	struct batch b;

	draw(&b, 12, false);
	for (size_t i = 0; i < N; i++)
		b.y[i] = 0;
	ck_assert_double_eq(eval(LB_SURVIVAL, names[_i], "", scores(&b, 1), b.g), 0);
	for (size_t i = 0; i < N; i++)
		ck_assert_double_eq(b.g[i], 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("survival_losses");
	TCase *t = tcase_create("identities");

	tcase_add_test(t, cox_without_ties);
	tcase_add_test(t, cox_is_listmle);
	tcase_add_loop_test(t, cox_sees_order_and_differences, 0, 2);
	tcase_add_test(t, aft_exponential);
	tcase_add_loop_test(t, aft_scales, 0, 3);
	tcase_add_test(t, hazards_are_person_periods);
	tcase_add_test(t, probabilities_are_hazards);
	tcase_add_loop_test(t, concordance_bounds, 0, 4);
	tcase_add_loop_test(t, nothing_seen, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("survival_losses")
