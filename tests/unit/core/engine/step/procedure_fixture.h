/* What the tests of training procedures share: a problem of ROWS rows, setups with procedures, and
 * the gradients of a linear model by plain loops. */
#ifndef LB_PROCEDURE_FIXTURE_H
#define LB_PROCEDURE_FIXTURE_H

#include "core/engine/step/learner_open.h"
#include "core/engine/step/procedure.h"
#include "core/engine/step/step.h"
#include "tests/unit/core/training.h"

enum { ROWS = 24, D = 4 };

static struct problem p;

static inline void open_problem(enum lb_kind kind, size_t out)
{
	const size_t rows[] = { ROWS, 10, 10 };

	problem_open(&p, kind, rows, D, out);
	problem_draw(&p, 7);
}

static inline void teardown(void)
{
	problem_close(&p);
	args_forget();
}

/* ---- setups ---- */

static struct lb_procedure_use uses[4];

static inline const struct lb_info *procedure(const char *name)
{
	return lb_info_find(lb_procedures_f64, name);
}

static inline struct lb_procedure_use use(const char *name, const char *set)
{
	const struct lb_info *info = procedure(name);

	return (struct lb_procedure_use){ info, args(info, set) };
}

static inline struct lb_setup with(struct lb_setup s, const struct lb_procedure_use *u, size_t n)
{
	s.procedure = u;
	s.n_procedures = n;
	s.keep_model = true;
	return s;
}

static inline void ck_same_outcome(const struct lb_train_result *a, const struct lb_train_result *b)
{
	ck_assert_int_eq(a->status, LB_TRIAL_OK);
	ck_assert_uint_eq(a->epochs, b->epochs);
	ck_same_numbers(a->loss_curve, b->loss_curve, a->epochs, "training loss");
	ck_same_numbers(a->w, b->w, a->n_params, "parameter");
	ck_same_numbers(a->scores, b->scores, p.split.n[LB_TEST] * p.columns, "score");
}

static inline bool same_parameters(const struct lb_train_result *a, const struct lb_train_result *b)
{
	return !memcmp(a->w, b->w, a->n_params * sizeof *a->w);
}

/* ---- plain loops: a linear model of one output, rows of the problem in their order ---- */

enum form { LOGISTIC, SQUARES };

static inline double row_score(const double *w, size_t i)
{
	double z = w[D];

	for (size_t j = 0; j < D; j++)
		z += w[j] * x_of(&p)[i * D + j];
	return z;
}

static inline double row_loss(enum form form, const double *w, size_t i)
{
	const double z = row_score(w, i);

	if (form == SQUARES)
		return (z - p.data.target[i]) * (z - p.data.target[i]);
	return log1p(exp(p.data.y[i] ? -z : z));
}

/* g (D + 1) <- the gradient of sum_i weight_i loss_i / b over rows first .. first + b; returns that
 * sum. */
static inline double plain_gradient(enum form form, const double *w, size_t first, size_t b, const double *weight, double *g)
{
	double value = 0;

	memset(g, 0, (D + 1) * sizeof *g);
	for (size_t i = 0; i < b; i++) {
		const double z = row_score(w, first + i), share = (weight ? weight[i] : 1) / (double)b;
		const double dz = form == SQUARES ? 2 * (z - p.data.target[first + i]) : 1 / (1 + exp(-z)) - p.data.y[first + i];
		value += share * row_loss(form, w, first + i);
		for (size_t j = 0; j < D; j++)
			g[j] += share * dz * x_of(&p)[(first + i) * D + j];
		g[D] += share * dz;
	}
	return value;
}

static inline double length(const double *g, size_t n)
{
	double sum = 0;

	for (size_t j = 0; j < n; j++)
		sum += g[j] * g[j];
	return sqrt(sum);
}

/* Initial parameters of the setup's model with that seed. */
static inline void initial(const struct lb_setup *s, uint64_t seed, double *w)
{
	struct lb_model_spec spec = s->model;

	spec.seed = seed;
	struct lb_net *net = lb_net_new_f64(&spec, 1, &err);
	double *stored = lb_alloc_aligned(net->n_params, sizeof *stored, &err);
	lb_net_init_f64(net, stored);
	lb_net_unpack_f64(net, stored, w);
	free(stored);
	lb_net_free_f64(net);
}

static inline struct lb_cohort in_order(const struct lb_setup *s, size_t epochs, size_t batch)
{
	struct lb_cohort c = cohort_of(&p, s, 1, epochs, batch);

	c.shuffle = false;
	return c;
}

/* weight (b) <- b / n for the n rows of least loss. */
static inline void least(const double *loss, size_t b, size_t n, double *weight)
{
	for (size_t i = 0; i < b; i++) {
		size_t before = 0;
		for (size_t j = 0; j < b; j++)
			before += loss[j] < loss[i] || (loss[j] == loss[i] && j < i);
		weight[i] = before < n ? (double)b / (double)n : 0;
	}
}

/* ---- steps worked elsewhere: X[i,j] = sin(1 + 0.7 i + 1.3 j), y_i = cos(0.3 i), mean (Xw - y)^2,
 * w = (.2, -.1, .4), no bias ---- */

static const double tiny_start[] = { 0.2, -0.1, 0.4, 0 };
enum { TINY_ROWS = 6, TINY_D = 3 };

static inline void tiny_problem(void)
{
	const size_t rows[] = { TINY_ROWS, 1, 1 };

	problem_open(&p, LB_REGRESSION, rows, TINY_D, 1);
	for (size_t i = 0; i < TINY_ROWS; i++) {
		p.data.target[i] = cos(0.3 * (double)i);
		for (size_t j = 0; j < TINY_D; j++)
			x_of(&p)[i * TINY_D + j] = sin(1 + 0.7 * (double)i + 1.3 * (double)j);
	}
}

/* w <- what an evaluation reads after so many steps on the first b rows, from these parameters. */
static inline void steps_from(const struct lb_setup *s, const double *start, size_t b, size_t steps, double *w)
{
	uint32_t rows[ROWS];
	struct lb_learner l;
	struct lb_input_batch input;
	const struct lb_cohort c = in_order(s, 5, b);

	for (uint32_t i = 0; i < ROWS; i++)
		rows[i] = i;
	ck_assert_int_eq(lb_learner_open_f64(&l, &c, s, &err), 0);
	lb_model_pack_f64(&l.model, start, l.model.w);
	ck_assert_int_eq(lb_input_batch_open_f64(&input, c.features, false, b, false, &err), 0);
	lb_input_batch_load_f64(&input, rows, b, NULL);
	lb_hooks_close_f64(&l); /* opened again: averages begin with these weights */
	l.n_hooks = 0;
	ck_assert_int_eq(lb_hooks_open_f64(&l, &c, &err), 0);
	for (size_t step = 0; step < steps; step++)
		lb_learner_step_f64(&l, &c, &(struct lb_minibatch){ .input = &input, .rows = rows, .id = rows, .b = b }, (int64_t)step, 1);
	lb_model_unpack_f64(&l.model, lb_learner_eval_weights_f64(&l), w);
	lb_input_batch_close_f64(&input);
	lb_learner_close_f64(&l);
}

/* w (4) <- what an evaluation reads after so many steps of sgd at rate 0.1. */
static inline void tiny_steps(const char *name, const char *set, size_t steps, double *w)
{
	uses[0] = use(name, set);
	struct lb_setup s = with(trial(&p, "mse", "", "lr=0.1"), uses, 1);
	s.model.bias_init = LB_BIAS_NONE;
	s.model.init = LB_INIT_ZERO;
	steps_from(&s, tiny_start, TINY_ROWS, steps, w);
}

/* Weights after so many steps, computed by other programs than this one. */
struct worked {
	const char *name, *set;
	size_t steps;
	double w[TINY_D];
};

static inline void ck_worked(const struct worked *worked)
{
	double w[TINY_D + 1];

	tiny_problem();
	tiny_steps(worked->name, worked->set, worked->steps, w);
	for (size_t j = 0; j < TINY_D; j++)
		ck_near(w[j], worked->w[j], 2e-10, worked->name, j);
	ck_assert_double_eq(w[TINY_D], 0);
}

#endif
