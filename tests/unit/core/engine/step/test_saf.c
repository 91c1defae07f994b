/* Self-distillation, saf and mesa: trainings by plain loops; what is kept is the first forward's,
 * also with sam; a lag that a start delays. */
#include "core/engine/step/held_kl.h"
#include "tests/unit/core/engine/step/procedure_fixture.h"

enum { C = 3, EPOCHS = 5 };

/* What a training holds the scores of a row to be, in the plain loops. */
struct plain {
	double lambda, temperature, decay; /* decay: of the average, of mesa */
	size_t start, lag;                 /* lag 0: of the average */
};

static void scores_of(const double *w, double *z)
{
	for (size_t i = 0; i < ROWS * C; i++) {
		z[i] = w[D * C + i % C];
		for (size_t j = 0; j < D; j++)
			z[i] += w[i % C * D + j] * x_of(&p)[i / C * D + j];
	}
}

static double softened(const double *z, size_t k, double t)
{
	double sum = 0;

	for (size_t j = 0; j < C; j++)
		sum += exp(z[j] / t - z[k] / t);
	return 1 / sum;
}

/* w <- after `epochs` steps of lr 0.3 over all rows, from w. Returns the last step's loss. */
static double go(const struct plain *s, size_t epochs, double *w)
{
	static double z[EPOCHS][ROWS * C], of_average[ROWS * C];
	double e[(D + 1) * C], loss = 0;

	memcpy(e, w, sizeof e);
	for (size_t t = 0; t < epochs; t++) {
		double g[(D + 1) * C] = { 0 };
		const bool on = t >= s->start && t >= s->lag;
		scores_of(w, z[t]);
		scores_of(e, of_average);
		loss = 0;
		for (size_t i = 0; i < ROWS; i++)
			for (size_t k = 0; k < C; k++) {
				const double *held = s->lag ? z[on ? t - s->lag : t] + i * C : of_average + i * C, *now = z[t] + i * C;
				const double hot = p.data.y[i] == (int32_t)k, q = softened(held, k, s->temperature), own = softened(now, k, s->temperature);
				const double slope = softened(now, k, 1) - hot + (on ? s->lambda * s->temperature * (own - q) : 0);
				loss -= hot * log(softened(now, k, 1)) / ROWS;
				loss += on ? s->lambda * s->temperature * s->temperature * q * log(q / own) / ROWS : 0;
				for (size_t j = 0; j < D; j++)
					g[k * D + j] += slope * x_of(&p)[i * D + j] / ROWS;
				g[D * C + k] += slope / ROWS;
			}
		for (size_t j = 0; j < (D + 1) * C; j++) {
			w[j] -= 0.3 * g[j];
			e[j] = s->decay * e[j] + (1 - s->decay) * w[j];
		}
	}
	return loss;
}

static struct lb_train_result train(const char *name, const char *set, size_t epochs, const char *lr)
{
	uses[0] = use(name, set);
	struct lb_setup s = with(trial(&p, "ce", "", lr), uses, 1);
	struct lb_cohort c = cohort_of(&p, &s, 1, epochs, ROWS);

	c.shuffle = false;
	return train_alone(lb_train_f64, c, &s);
}

START_TEST(as_by_plain_loops)
{
	static const struct {
		const char *name, *set;
		struct plain plain;
	} all[] = {
		{ "saf", "lambda=2 temperature=3 start=0 lag=1", { 2, 3, 0, 0, 1 } },
		{ "saf", "lambda=2 temperature=0.5 start=3 lag=2", { 2, 0.5, 0, 3, 2 } },
		{ "saf", "lambda=1 start=1 lag=3", { 1, 5, 0, 1, 3 } },
		{ "mesa", "lambda=2 temperature=3 start=0 decay=0.9", { 2, 3, 0.9, 0, 0 } },
		{ "mesa", "lambda=1 start=2 decay=0.5", { 1, 5, 0.5, 2, 0 } },
	};
	double w[(D + 1) * C], plain[(D + 1) * C];

	open_problem(LB_MULTICLASS, C);
	struct lb_train_result start = train(all[_i].name, all[_i].set, 1, "lr=1e-300"), o = train(all[_i].name, all[_i].set, EPOCHS, "lr=0.3");
	memcpy(w, start.w, sizeof w);
	memcpy(plain, start.w, sizeof w);
	const double loss = go(&all[_i].plain, EPOCHS, w);
	go(&(struct plain){ .temperature = 1 }, EPOCHS, plain);
	ck_near(o.loss_curve[EPOCHS - 1], loss, 1e-12, "loss", 0);
	double moved = 0;
	for (size_t j = 0; j < (D + 1) * C; j++) {
		ck_near(o.w[j], w[j], 1e-12, "parameter", j);
		moved = fmax(moved, fabs(w[j] - plain[j]));
	}
	ck_assert_msg(moved > 1e-4, "%s changes nothing", all[_i].name);
	lb_train_result_free(&start);
	lb_train_result_free(&o);
}
END_TEST

/* One score is the difference of two: a binary model goes where one of two scores does whose first
 * stays 0. */
START_TEST(binary_scores_are_of_two_classes)
{
	double past[2] = { 0, 0.4 }, now[2] = { 0, -1.3 }, slope[2] = { 0 }, alone[1] = { 0 }, room[8];
	const double both = lb_held_kl(2, now, past, 2, 0.7, room, slope), one = lb_held_kl(1, now + 1, past + 1, 2, 0.7, room, alone);

	ck_near(one, both, 1e-15, "value", 0);
	ck_near(alone[0], slope[1], 1e-15, "slope", 0);
	ck_assert(both > 0.1 && slope[1] < -0.01);
}
END_TEST

/* With sam, whose second forward is of other weights: saf compares with the scores of the weights
 * themselves, so that of a lag that is not over it changes nothing. */
START_TEST(sam_goes_on_beside_it)
{
	struct lb_train_result o[2];

	open_problem(LB_MULTICLASS, C);
	uses[0] = use("sam", "rho=0.1");
	uses[1] = use("saf", "start=0 lag=3");
	const struct lb_setup s[2] = { with(trial(&p, "ce", "", "lr=0.3"), uses, 1), with(trial(&p, "ce", "", "lr=0.3"), uses, 2) };
	for (size_t epochs = 3; epochs < 6; epochs += 2) {
		for (int k = 0; k < 2; k++) {
			const struct lb_cohort c = cohort_of(&p, &s[k], 1, epochs, 7);
			o[k] = train_alone(lb_train_f64, c, &s[k]);
		}
		ck_assert(same_parameters(&o[0], &o[1]) == (epochs == 3));
		for (int k = 0; k < 2; k++)
			lb_train_result_free(&o[k]);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("saf");
	TCase *t = tcase_create("saf");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, as_by_plain_loops, 0, 5);
	tcase_add_test(t, binary_scores_are_of_two_classes);
	tcase_add_test(t, sam_goes_on_beside_it);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("saf")
