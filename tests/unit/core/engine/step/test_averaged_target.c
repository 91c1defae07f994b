/* The second network of averaged_target: steps by hand, and what no momentum comes to. */
#include "core/engine/step/procedure.h"
#include "tests/unit/core/engine/step/by_hand.h"

static const struct {
	const char *loss, *set, *average;
	double momentum;
	bool ramp;
} averaged[] = {
	{ "byol", "predictor=3 directions=both", "momentum=0.5 ramp=false", 0.5, false },
	{ "simsiam", "", "momentum=0.8", 0.8, true },
	{ "simsiam", "predictor=2", "momentum=1 ramp=false", 1, false },
};

static struct lb_setup two_views(const char *loss, const char *set)
{
	struct lb_setup s = with_hidden(setup_of(LB_EMBEDDING, loss, set, "lr=0.5"), WIDTH, LB_TANH, 0);

	s.view = lb_info_find(lb_augmentations_f64, "gaussian_noise");
	s.view_par = args(s.view, "count=2 sd=0.5 seed=4");
	return s;
}

START_TEST(the_held_view_is_of_averaged_weights)
{
	enum { STEPS = 5 };
	const struct lb_info *info = lb_info_find(lb_procedures, "averaged_target");
	double second[MOST];
	struct hand h;

	open_problem();
	struct lb_setup s = two_views(averaged[_i].loss, averaged[_i].set);
	const struct lb_procedure_use average = { info, args(info, averaged[_i].average) };
	s.procedure = &average;
	s.n_procedures = 1;
	begin(&h, s);
	memcpy(second, h.w, sizeof second);
	h.second = second;
	struct lb_cohort c = cohort_of(&p, &s, 1, STEPS, ROWS);
	c.shuffle = false;
	struct lb_train_result o = train_alone(lb_train_f64, c, &s);
	ck_assert_int_eq(o.status, LB_TRIAL_OK);
	for (size_t k = 0; k < STEPS; k++) {
		const double ramp = (1 + cos(acos(-1) * (double)k / STEPS)) / 2, keep = 1 - (1 - averaged[_i].momentum) * (averaged[_i].ramp ? ramp : 1);
		step(&h, k, 0.5, 0, false);
		for (size_t j = 0; j < h.n_params; j++)
			second[j] = keep * second[j] + (1 - keep) * h.w[j];
	}
	const double *z = outputs(&h, x_of(&p) + ROWS * FEATURES, TEST);
	ck_assert_uint_eq(o.columns, DIMENSION);
	for (size_t i = 0; i < TEST * DIMENSION; i++)
		ck_near(o.scores[i], z[i], 1e-11, "embedding", i);
	lb_train_result_free(&o);
	lb_net_free(h.net);
	close_problem();
}
END_TEST

/* With momentum 0 the second network is the first, held: the bytes of training without it. */
START_TEST(no_momentum_is_the_network_itself)
{
	const struct lb_info *info = lb_info_find(lb_procedures, "averaged_target");

	open_problem();
	for (size_t i = 0; i < 2 * sizeof averaged / sizeof *averaged; i++) {
		struct lb_setup s = two_views(averaged[i / 2].loss, averaged[i / 2].set), t = s;
		const struct lb_procedure_use average = { info, args(info, i % 2 ? "momentum=0 ramp=false" : "momentum=0.5") };
		s.keep_model = t.keep_model = true;
		t.procedure = &average;
		t.n_procedures = 1;
		for (int k = 0; k < 2; k++) {
			const struct lb_cohort c = cohort_of(&p, &s, 1, 3, 7);
			struct lb_train_result a = train_alone(precision[k], c, &s), b = train_alone(precision[k], c, &t);
			ck_assert_uint_eq(a.n_params, b.n_params);
			ck_assert_int_eq(!memcmp(a.w, b.w, a.n_params * sizeof *a.w), i % 2);
			lb_train_result_free(&a);
			lb_train_result_free(&b);
		}
		args_forget();
	}
	close_problem();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("averaged target");
	TCase *t = tcase_create("averaged target");

	tcase_add_loop_test(t, the_held_view_is_of_averaged_weights, 0, sizeof averaged / sizeof *averaged);
	tcase_add_test(t, no_momentum_is_the_network_itself);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("averaged target")
