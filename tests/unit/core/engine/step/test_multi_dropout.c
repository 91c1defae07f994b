/* multi_dropout: one step by differences of the mean loss under the masks that the net draws, alone
 * and with sam; which masks are drawn. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

enum { HIDDEN = 5, SAMPLES = 3, N_PLAIN = HIDDEN * (D + 1) + 3 * (HIDDEN + 1) };

static double mask[SAMPLES][ROWS * HIDDEN];

/* mask <- those of the first step on all rows. */
static void draw_masks(const struct lb_setup *s, const struct lb_cohort *c)
{
	struct lb_learner l;

	ck_assert_int_eq(lb_learner_open_f64(&l, c, s, &err), 0);
	for (size_t draw = 0; draw < SAMPLES; draw++) {
		lb_net_forward_f64(l.model.net, l.model.w, &(struct lb_pass){ .b = ROWS, .x = x_of(&p), .draw = draw, .outputs = 1 });
		for (size_t i = 0; i < ROWS; i++)
			for (size_t j = 0; j < HIDDEN; j++)
				mask[draw][i * HIDDEN + j] = l.model.net->layer[0].mask[i * l.model.net->layer[0].ld + j];
	}
	lb_learner_close_f64(&l);
}

/* The mean loss of all rows under all masks, parameters in the plain order. */
static double mean_loss(const double *w)
{
	const double *b1 = w + HIDDEN * D, *w2 = b1 + HIDDEN, *b2 = w2 + 3 * HIDDEN;
	double loss = 0;

	for (size_t i = 0; i < ROWS * SAMPLES; i++) {
		const size_t row = i / SAMPLES;
		double z[3] = { b2[0], b2[1], b2[2] }, sum = 0;
		for (size_t j = 0; j < HIDDEN; j++) {
			double h = b1[j];
			for (size_t f = 0; f < D; f++)
				h += w[j * D + f] * x_of(&p)[row * D + f];
			for (size_t o = 0; o < 3; o++)
				z[o] += w2[o * HIDDEN + j] * tanh(h) * mask[i % SAMPLES][row * HIDDEN + j];
		}
		for (size_t o = 0; o < 3; o++)
			sum += exp(z[o]);
		loss += (log(sum) - z[p.data.y[row]]) / (ROWS * SAMPLES);
	}
	return loss;
}

static void differences(const double *at, double *slope)
{
	double w[N_PLAIN];

	memcpy(w, at, sizeof w);
	for (size_t j = 0; j < N_PLAIN; j++) {
		w[j] = at[j] + 1e-5;
		slope[j] = mean_loss(w);
		w[j] = at[j] - 1e-5;
		slope[j] = (slope[j] - mean_loss(w)) / 2e-5;
		w[j] = at[j];
	}
}

START_TEST(a_step)
{
	double w[N_PLAIN], up[N_PLAIN], slope[N_PLAIN];

	open_problem(LB_MULTICLASS, 3);
	uses[0] = use("multi_dropout", "samples=3");
	uses[1] = use("sam", "rho=0.2");
	const struct lb_setup s = with(with_hidden(trial(&p, "ce", "", "lr=0.3"), HIDDEN, LB_TANH, 0.4), uses, 1 + (size_t)_i);
	const struct lb_cohort c = in_order(&s, 1, ROWS);
	draw_masks(&s, &c);
	initial(&s, 1, w);
	differences(w, slope);
	for (size_t j = 0; j < N_PLAIN; j++)
		up[j] = w[j] + 0.2 * slope[j] / length(slope, N_PLAIN);
	if (_i)
		differences(up, slope);
	struct lb_train_result o = train_alone(lb_train_f64, c, &s);
	ck_near(o.loss_curve[0], mean_loss(w), 1e-12, "loss", 0);
	for (size_t j = 0; j < N_PLAIN; j++)
		ck_near(o.w[j], w[j] - 0.3 * slope[j], 1e-8, "parameter", j);
	lb_train_result_free(&o);
}
END_TEST

/* Every draw has masks of its own in the last hidden layer, and the same in the one below. */
START_TEST(masks)
{
	struct lb_learner l;
	double seen[2][SAMPLES][ROWS * HIDDEN];

	open_problem(LB_MULTICLASS, 3);
	uses[0] = use("multi_dropout", "samples=3");
	struct lb_setup s = with(with_hidden(trial(&p, "ce", "", "lr=0.3"), HIDDEN, LB_TANH, 0.4), uses, 1);
	s.model.width[3] = s.model.width[2];
	s.model.width[2] = HIDDEN;
	s.model.n_layers = 3;
	const struct lb_cohort c = in_order(&s, 1, ROWS);
	ck_assert_int_eq(lb_learner_open_f64(&l, &c, &s, &err), 0);
	for (size_t draw = 0; draw < SAMPLES; draw++) {
		lb_net_forward_f64(l.model.net, l.model.w, &(struct lb_pass){ .b = ROWS, .x = x_of(&p), .draw = draw, .outputs = 1 });
		for (size_t layer = 0; layer < 2; layer++)
			for (size_t i = 0; i < ROWS * HIDDEN; i++)
				seen[layer][draw][i] = l.model.net->layer[layer].mask[i / HIDDEN * l.model.net->layer[layer].ld + i % HIDDEN];
	}
	for (size_t draw = 1; draw < SAMPLES; draw++) {
		ck_assert(!memcmp(seen[0][0], seen[0][draw], sizeof seen[0][0]));
		for (size_t other = 0; other < draw; other++)
			ck_assert(memcmp(seen[1][other], seen[1][draw], sizeof seen[1][0]));
	}
	lb_learner_close_f64(&l);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("multi_dropout");
	TCase *t = tcase_create("multi_dropout");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, a_step, 0, 2);
	tcase_add_test(t, masks);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("multi_dropout")
