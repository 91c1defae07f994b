/* gradient_noise, gradient_centralisation and agc against steps worked elsewhere, and their draws
 * against plain loops. */
#include "tests/unit/core/engine/step/procedure_fixture.h"

enum { TARGETS = 2, N = (TINY_D + 1) * TARGETS };

static const double matrix_start[N] = { 0.2, -0.1, 0.4, 0.3, 0.5, -0.2, 0, 0 };

/* The tiny problem with a second target, sin(0.5 i), and a model of two outputs. */
static struct lb_setup tiny_matrix(const char *name, const char *set)
{
	const size_t rows[] = { TINY_ROWS, 1, 1 };

	problem_open(&p, LB_REGRESSION, rows, TINY_D, TARGETS);
	for (size_t i = 0; i < TINY_ROWS; i++) {
		p.data.target[i * TARGETS] = cos(0.3 * (double)i);
		p.data.target[i * TARGETS + 1] = sin(0.5 * (double)i);
		for (size_t j = 0; j < TINY_D; j++)
			x_of(&p)[i * TINY_D + j] = sin(1 + 0.7 * (double)i + 1.3 * (double)j);
	}
	uses[0] = use(name, set);
	struct lb_setup s = with(trial(&p, "mse", "", "lr=1"), uses, 1);
	s.model.bias_init = LB_BIAS_NONE;
	return s;
}

static const struct {
	const char *name, *set;
	double g[TINY_D];
} worked[] = {
	{ "gradient_centralisation", "", { -0.484347294, 0.04571870209, 0.4386285919 } },
	{ "agc", "clip=0.5 last=true", { -0.1514552258, 0.03248870005, 0.1688366043 } },
};

START_TEST(gradients_as_worked_elsewhere)
{
	const struct lb_setup s = tiny_matrix(worked[_i].name, worked[_i].set);
	double w[N];

	steps_from(&s, matrix_start, TINY_ROWS, 1, w);
	for (size_t j = 0; j < TINY_D; j++)
		ck_near(matrix_start[j] - w[j], worked[_i].g[j], 2e-10, worked[_i].name, j);
}
END_TEST

/* agc leaves the output layer alone, unless it is told not to. */
START_TEST(agc_leaves_the_output_layer)
{
	const struct lb_setup s = tiny_matrix("agc", "clip=1e-3"), plain = with(s, NULL, 0);
	double w[N], want[N];

	steps_from(&s, matrix_start, TINY_ROWS, 1, w);
	steps_from(&plain, matrix_start, TINY_ROWS, 1, want);
	ck_same_numbers(w, want, N, "weight");
}
END_TEST

/* Rows of zeros have no gradient: what moves is noise, output by output, of falling variance. */
START_TEST(noise_is_drawn_by_step)
{
	enum { STEPS = 4 };
	struct lb_setup s = tiny_matrix("gradient_noise", "eta=0.3 gamma=0.55");
	double w[N], want[N];

	memset(x_of(&p), 0, TINY_ROWS * TINY_D * sizeof(double));
	memset(p.data.target, 0, TINY_ROWS * TARGETS * sizeof(double));
	memcpy(want, matrix_start, sizeof want);
	for (uint64_t step = 0; step < STEPS; step++) {
		struct lb_rng rng;
		lb_rng_init(&rng, 1, LB_RNG_GRADIENT_NOISE, step);
		for (size_t i = 0; i < TINY_D * TARGETS; i++)
			want[i] -= sqrt(0.3 / pow(1 + (double)step, 0.55)) * lb_rng_normal(&rng);
	}
	steps_from(&s, matrix_start, TINY_ROWS, STEPS, w);
	for (size_t i = 0; i < N; i++)
		ck_near(w[i], want[i], 1e-14, "parameter", i);
	ck_near(sqrt(0.3 / pow(11, 0.55)), 0.2832550353, 1e-9, "deviation", 10);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gradient_shape");
	TCase *t = tcase_create("gradient_shape");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, gradients_as_worked_elsewhere, 0, 2);
	tcase_add_test(t, agc_leaves_the_output_layer);
	tcase_add_test(t, noise_is_drawn_by_step);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("gradient_shape")
