/* Small learning problems built in memory, and trials on them, for the tests of training. */
#ifndef LB_TRAINING_H
#define LB_TRAINING_H

#include "core/base/mem.h"
#include "core/numeric/rng.h"
#include "core/training/attack_info.h"
#include "core/training/augment_info.h"
#include "core/training/optim_params.h"
#include "core/training/train.h"
#include "losses/eval.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <string.h>

typedef int train_fn(const struct lb_cohort *cohort, struct lb_train_result *out, struct lb_err *err);
static train_fn *const precision[] = { lb_train_f64, lb_train_f32 };

static struct lb_err err;

/* ---- problems: rows are split in their order, features go to the model as they are ---- */

struct problem {
	struct lb_dataset data;
	struct lb_encoding features;
	struct lb_split split;
	size_t columns;
};

static inline double *x_of(struct problem *p)
{
	return p->data.x.x;
}

/* Zeroed; out is the number of classes, or of targets. */
static inline void problem_open(struct problem *p, enum lb_kind kind, const size_t rows[3], size_t d, size_t out)
{
	const size_t n = rows[0] + rows[1] + rows[2];
	uint32_t row = 0;

	*p = (struct problem){ .columns = kind == LB_BINARY ? 1 : out };
	p->data = (struct lb_dataset){ .kind = kind, .n = n, .n_first = n, .x = { .dtype = LB_F64, .n = n, .d = d, .x = lb_alloc(n * d, sizeof(double), &err) } };
	if (kind == LB_REGRESSION) {
		p->data.n_targets = out;
		p->data.target = lb_alloc(n * out, sizeof(double), &err);
	} else {
		p->data.n_classes = out;
		p->data.y = lb_alloc(n, sizeof(int32_t), &err);
	}
	p->features = (struct lb_encoding){ .data = &p->data, .d = d, .scale = lb_alloc(d, sizeof(double), &err),
					    .shift = lb_alloc(d, sizeof(double), &err), .fill = lb_alloc(d, sizeof(double), &err) };
	for (size_t j = 0; j < d; j++)
		p->features.scale[j] = 1;
	for (int part = 0; part < 3; part++) {
		p->split.n[part] = rows[part];
		p->split.rows[part] = lb_alloc(rows[part], sizeof(uint32_t), &err);
		for (size_t i = 0; i < rows[part]; i++)
			p->split.rows[part][i] = row++;
	}
}

static inline void problem_close(struct problem *p)
{
	for (int part = 0; part < 3; part++)
		free(p->split.rows[part]);
	free(p->data.x.x);
	free(p->data.y);
	free(p->data.target);
	free(p->data.subgroup);
	free(p->features.scale);
	free(p->features.shift);
	free(p->features.fill);
}

/* Overlapping Gaussian classes, or a noisy linear function. Features are floats, so that both
 * precisions see the same. */
static inline void problem_draw(struct problem *p, uint64_t seed)
{
	const size_t d = p->features.d;
	struct lb_rng rng;

	lb_rng_init(&rng, seed, LB_RNG_TEST, 0);
	for (size_t i = 0; i < p->data.n; i++) {
		double *x = x_of(p) + i * d;
		if (p->data.y)
			p->data.y[i] = (int32_t)lb_rng_below(&rng, p->data.n_classes);
		for (size_t j = 0; j < d; j++)
			x[j] = (float)(lb_rng_normal(&rng) + (p->data.y && (size_t)p->data.y[i] == j % p->data.n_classes));
		for (size_t t = 0; t < p->data.n_targets; t++)
			p->data.target[i * p->data.n_targets + t] = (float)(x[t % d] - 2 * x[(t + 1) % d] + 0.3 * lb_rng_normal(&rng) + 1);
	}
}

/* Gives the rows so many subgroups in turn. */
static inline void problem_divide(struct problem *p, size_t groups)
{
	p->data.subgroup = lb_alloc(p->data.n, sizeof *p->data.subgroup, &err);
	for (size_t i = 0; i < p->data.n; i++)
		p->data.subgroup[i] = (int32_t)(i % groups);
}

/* ---- shipped data ---- */

static inline struct lb_table read_table(const char *path)
{
	struct lb_table t;

	ck_assert_msg(lb_table_read(path, &(struct lb_read_options){ .missing_ok = true }, &t, &err) == 0,
		      "%s; run the tests from the project's root", err.text);
	return t;
}

/* Column j of the first n rows, by the mean and standard deviation of the first n_train. */
static inline void standardise(struct problem *p, size_t j, size_t n_train, size_t n)
{
	double *x = x_of(p) + j, mean = 0, var = 0;
	const size_t d = p->features.d;

	for (size_t i = 0; i < n_train; i++)
		mean += x[i * d] / (double)n_train;
	for (size_t i = 0; i < n_train; i++)
		var += (x[i * d] - mean) * (x[i * d] - mean) / (double)n_train;
	for (size_t i = 0; i < n; i++)
		x[i * d] = (x[i * d] - mean) / sqrt(var);
}

/* ---- trials ---- */

/* Parameters from text; they live until the test's process ends or args_forget. */
static struct lb_arg args_pool[64][16];
static struct lb_arg_store args_store;
static size_t args_used;

static inline const struct lb_arg *args(const struct lb_info *info, const char *set)
{
	struct lb_arg *par = args_pool[args_used++];

	ck_assert_uint_le(args_used, 64);
	ck_assert_msg(!lb_args_from_text(info, set, par, &args_store, &err), "%s", err.text);
	return par;
}

static inline void args_forget(void)
{
	lb_args_free(&args_store);
	args_store = (struct lb_arg_store){ 0 };
	args_used = 0;
}

/* Settings of procedures that would else begin after the few epochs of the test, or diverge in so
 * small a problem. */
static inline const char *soon(const char *name)
{
	static const char *const sets[][2] = { { "divide_rows", "warmup=1" }, { "label_ensemble", "start=1" }, { "joint_labels", "start=2 average=2" },
					       { "prune", "every=1 rewind=1" }, { "vrex", "lambda=1" }, { "saf", "start=1" },
					       { "mesa", "start=1" }, { "coteach_plus", "start=1 ramp=2 forget=0.4" }, { "jocor", "ramp=2 forget=0.4" } };

	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
		if (!strcmp(sets[i][0], name))
			return sets[i][1];
	return "";
}

static inline const struct lb_info *optimizer(const char *name)
{
	return lb_info_find(lb_optimizers_f64, name);
}

static inline struct lb_setup with_schedule(struct lb_setup s, const char *name, const char *set)
{
	s.schedule = (const struct lb_schedule *)lb_info_find(lb_schedules, name);
	s.schedule_par = args(&s.schedule->base, set);
	return s;
}

/* A linear model under sgd at a constant rate; test scores are kept. */
static inline struct lb_setup trial(const struct problem *p, const char *loss, const char *loss_set, const char *sgd_set)
{
	const struct lb_loss_info *info = lb_loss_find(p->data.kind, loss);
	struct lb_setup s = {
		.loss = info,
		.loss_par = args(&info->base, loss_set),
		.model = { .n_layers = 1, .width = { p->features.d, p->columns }, .seed = 1 },
		.optimizer = optimizer("sgd"),
		.optimizer_par = args(optimizer("sgd"), sgd_set),
		.loss_lr_factor = 1,
		.y = p->data.y,
		.keep_scores = true,
	};

	return with_schedule(s, "constant", "");
}

static inline struct lb_setup with_hidden(struct lb_setup s, size_t width, enum lb_activation activation, double dropout)
{
	s.model.width[2] = s.model.width[1];
	s.model.width[1] = width;
	s.model.n_layers = 2;
	s.model.activation = activation;
	s.model.dropout = dropout;
	return s;
}

static inline struct lb_setup with_metrics(struct lb_setup s, const struct lb_metric_use *metric, size_t n)
{
	s.metric = metric;
	s.n_metrics = n;
	return s;
}

static inline struct lb_metric_use metric_use(const char *name)
{
	const struct lb_metric *m = lb_metric_find(name);

	return (struct lb_metric_use){ .metric = m, .par = args(&m->base, ""), .key = m->base.name };
}

static inline struct lb_cohort cohort_of(const struct problem *p, const struct lb_setup *trials, size_t k, size_t epochs,
					 size_t batch)
{
	return (struct lb_cohort){ .features = &p->features, .split = &p->split, .kind = p->data.kind, .epochs = epochs, .batch = batch,
				   .order_seed = 1, .shuffle = true, .trial = trials, .k = k };
}

static inline void train_all(train_fn *train, const struct lb_cohort *c, struct lb_train_result *out)
{
	ck_assert_msg(train(c, out, &err) == 0, "%s", err.text);
}

/* One trial alone in a cohort that is otherwise c. */
static inline struct lb_train_result train_alone(train_fn *train, struct lb_cohort c, const struct lb_setup *s)
{
	struct lb_train_result o;

	c.trial = s;
	c.k = 1;
	train_all(train, &c, &o);
	return o;
}

/* ---- comparing ---- */

static inline void ck_near(double got, double want, double tolerance, const char *what, size_t i)
{
	ck_assert_msg(fabs(got - want) <= tolerance * fmax(1, fabs(want)), "%s %zu is %.17g, expected %.17g", what, i, got, want);
}

static inline void ck_same_numbers(const double *a, const double *b, size_t n, const char *what)
{
	ck_assert_msg(!a == !b, "%s is there in one of the two only", what);
	for (size_t i = 0; a && i < n; i++)
		ck_assert_msg(!memcmp(&a[i], &b[i], sizeof *a), "%s %zu: %.17g and %.17g", what, i, a[i], b[i]);
}

static inline bool same_scores(const struct problem *p, const struct lb_train_result *a, const struct lb_train_result *b)
{
	return !memcmp(a->scores, b->scores, p->split.n[LB_TEST] * p->columns * sizeof(double));
}

#endif
