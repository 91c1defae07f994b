/* Optimisers and schedules against tests/golden/optim.json (PyTorch, or formulas in NumPy; see
 * tests/reference/optim.py) and closed forms. */
#include "core/engine/optim/optim.h"
#include "core/training/optim_params.h"
#include "core/training/schedule.h"
#include "losses/eval.h"
#include "tests/unit/golden.h"

#include <cjson/cJSON.h>
#include <string.h>

struct lb_whole_f32 {
	size_t in, out;
	float *w;
	const float *g;
	float *state;
};

struct lb_optim_f32 {
	struct lb_info base;
	int (*opt_states)(const struct lb_arg *par);
	void (*step)(const struct lb_arg *par, int64_t t, double lr, double decay, size_t n, float *w, const float *g,
		     float *const *opt_state);
	void (*step_whole)(const struct lb_arg *par, int64_t t, double lr, double decay, const struct lb_whole_f32 *on);
};

enum { MOST = 64, MOST_PARAMS = 16 };

static cJSON *golden;
static struct lb_err err;
static struct lb_arg par[MOST_PARAMS];
static struct lb_arg_store store;

static void load(void)
{
	golden = golden_read("tests/golden/optim.json");
}

static void unload(void)
{
	cJSON_Delete(golden);
	lb_args_free(&store);
	store = (struct lb_arg_store){ 0 };
}

static const cJSON *get(const cJSON *in, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(in, key);
}

static void settings(const struct lb_info *info, const char *set)
{
	lb_args_free(&store);
	store = (struct lb_arg_store){ 0 };
	ck_assert_msg(!lb_args_from_text(info, set, par, &store, &err), "%s", err.text);
}

static size_t numbers(const cJSON *list, double *out)
{
	const cJSON *item;
	size_t n = 0;

	cJSON_ArrayForEach(item, list) {
		ck_assert_uint_lt(n, MOST);
		out[n++] = item->valuedouble;
	}
	return n;
}

/* ---- optimisers ---- */

static size_t index_of(const char *name)
{
	const struct lb_info *info = lb_info_find(lb_optimizers_f64, name);

	ck_assert_msg(info != NULL, "%s is not registered", name);
	return lb_info_place(lb_optimizers_f64, info);
}

/* One optimiser in both precisions, side by side. */
struct pair {
	const struct lb_optim *o;
	const struct lb_optim_f32 *o32;
	double w[MOST], opt_state[LB_MAX_OPT_STATES][MOST];
	float w32[MOST], slot32[LB_MAX_OPT_STATES][MOST];
};

static void step(struct pair *p, int64_t t, double lr, double decay, size_t n, const double *g)
{
	double *opt_state[LB_MAX_OPT_STATES] = { p->opt_state[0], p->opt_state[1], p->opt_state[2] };
	float *slot32[LB_MAX_OPT_STATES] = { p->slot32[0], p->slot32[1], p->slot32[2] }, g32[MOST];

	for (size_t i = 0; i < n; i++)
		g32[i] = (float)g[i];
	p->o->step(par, t, lr, decay, n, p->w, g, opt_state);
	p->o32->step(par, t, lr, decay, n, p->w32, g32, slot32);
}

/* A parameter is judged against how far it has been from 0. */
static void ck_parameter(double got, double want, double size, double tolerance, const cJSON *c, int t, size_t i)
{
	ck_assert_msg(fabs(got - want) <= tolerance * size, "%s (%s) step %d, parameter %zu: %.17g, PyTorch gives %.17g",
		      get(c, "optimizer")->valuestring, get(c, "set")->valuestring, t, i, got, want);
}

static void follow(const cJSON *c)
{
	const size_t at = index_of(get(c, "optimizer")->valuestring);
	struct pair p = { .o = (const struct lb_optim *)lb_optimizers_f64[at], .o32 = (const struct lb_optim_f32 *)lb_optimizers_f32[at] };
	const size_t n = numbers(get(c, "start"), p.w);
	double size[MOST] = { 0 }, g[MOST], want[MOST];

	settings(&p.o->base, get(c, "set")->valuestring);
	for (size_t i = 0; i < n; i++)
		p.w32[i] = (float)p.w[i];
	for (int t = 0; t < cJSON_GetArraySize(get(c, "grad")); t++) {
		const double lr = cJSON_GetArrayItem(get(c, "lr"), t)->valuedouble;
		numbers(cJSON_GetArrayItem(get(c, "grad"), t), g);
		ck_assert_uint_eq(numbers(cJSON_GetArrayItem(get(c, "w"), t), want), n);
		step(&p, t + 1, lr, get(c, "decay")->valuedouble, n, g);
		for (size_t i = 0; i < n; i++) {
			size[i] = fmax(fmax(size[i], 1), fabs(want[i]));
			ck_parameter(p.w[i], want[i], size[i], 1e-13, c, t + 1, i);
			ck_parameter((double)p.w32[i], want[i], size[i], 3e-6, c, t + 1, i);
		}
	}
}

START_TEST(optimisers_are_those_of_pytorch)
{
	const cJSON *c;
	int n = 0;

	cJSON_ArrayForEach(c, get(golden, "optimizers")) {
		follow(c);
		n++;
	}
	ck_assert_int_eq(n, 90);
}
END_TEST

/* ---- optimisers that take matrices as a whole ---- */

/* Place of entry i, row by row, of a matrix of `rows` outputs in panels of `panel`; of a vector
 * (rows 1), i. */
static size_t place(size_t i, size_t rows, size_t columns, size_t panel)
{
	return rows > 1 ? i % columns * panel + i / columns : i;
}

/* Follows a case of a matrix, or a vector, of fewer outputs than a panel, in both precisions. */
static void follow_whole(const cJSON *c)
{
	const size_t at = index_of(get(c, "optimizer")->valuestring), rows = get(c, "rows") ? (size_t)get(c, "rows")->valueint : 1;
	const struct lb_optim *o = (const struct lb_optim *)lb_optimizers_f64[at];
	const struct lb_optim_f32 *o32 = (const struct lb_optim_f32 *)lb_optimizers_f32[at];
	double start[MOST], g[MOST], want[MOST], w[MOST] = { 0 }, grad[MOST] = { 0 }, state[MOST] = { 0 }, size[MOST] = { 0 };
	float w32[MOST] = { 0 }, grad32[MOST] = { 0 }, state32[MOST] = { 0 };
	const size_t n = numbers(get(c, "start"), start), columns = n / rows;
	const size_t in = rows > 1 ? columns : 1, out = rows > 1 ? rows : n;
	const struct lb_whole on = { in, out, w, grad, state };
	const struct lb_whole_f32 on32 = { in, out, w32, grad32, state32 };

	settings(&o->base, get(c, "set")->valuestring);
	for (size_t i = 0; i < n; i++)
		w32[place(i, rows, columns, 16)] = (float)(w[place(i, rows, columns, 8)] = start[i]);
	for (int t = 0; t < cJSON_GetArraySize(get(c, "grad")); t++) {
		const double lr = cJSON_GetArrayItem(get(c, "lr"), t)->valuedouble, decay = get(c, "decay")->valuedouble;
		numbers(cJSON_GetArrayItem(get(c, "grad"), t), g);
		numbers(cJSON_GetArrayItem(get(c, "w"), t), want);
		for (size_t i = 0; i < n; i++)
			grad32[place(i, rows, columns, 16)] = (float)(grad[place(i, rows, columns, 8)] = g[i]);
		o->step_whole(par, t + 1, lr, decay, &on);
		o32->step_whole(par, t + 1, lr, decay, &on32);
		for (size_t i = 0; i < n; i++) {
			size[i] = fmax(fmax(size[i], 1), fabs(want[i]));
			ck_parameter(w[place(i, rows, columns, 8)], want[i], size[i], 1e-13, c, t + 1, i);
			ck_parameter((double)w32[place(i, rows, columns, 16)], want[i], size[i], 3e-6, c, t + 1, i);
		}
	}
	for (size_t i = 0; i < MOST; i++)
		ck_assert_msg(rows == 1 || i % 8 < rows || w[i] == 0, "padding has moved");
}

START_TEST(whole_matrices_are_those_of_the_formulas)
{
	const cJSON *c;
	int n = 0;

	cJSON_ArrayForEach(c, get(golden, "whole")) {
		follow_whole(c);
		n++;
	}
	ck_assert_int_eq(n, 9);
}
END_TEST

/* ---- what is remembered ---- */

static int states_of(const struct lb_optim *o)
{
	return o->opt_states ? o->opt_states(par) : 0;
}

/* One gradient, then none: what is remembered of it shrinks by its factor each step while it is a
 * normal number, then is 0 for good. */
static void ck_fades(const char *name, const char *set, const double factor[LB_MAX_OPT_STATES])
{
	const size_t at = index_of(name);
	struct pair p = { .o = (const struct lb_optim *)lb_optimizers_f64[at], .o32 = (const struct lb_optim_f32 *)lb_optimizers_f32[at] };
	const double first = 1, none = 0;
	double before[LB_MAX_OPT_STATES];
	float before32[LB_MAX_OPT_STATES];

	settings(&p.o->base, set);
	step(&p, 1, 0.1, 0, 1, &first);
	for (int64_t t = 2; t < 100000; t++) {
		for (int k = 0; k < states_of(p.o); k++) {
			before[k] = p.opt_state[k][0] * factor[k];
			before32[k] = p.slot32[k][0] * (float)factor[k];
		}
		step(&p, t, 0.1, 0, 1, &none);
		for (int k = 0; k < states_of(p.o); k++) {
			ck_assert(p.opt_state[k][0] == (before[k] < DBL_MIN ? 0 : before[k]));
			ck_assert(p.slot32[k][0] == (before32[k] < FLT_MIN ? 0 : before32[k]));
		}
	}
	for (int k = 0; k < states_of(p.o); k++)
		ck_assert(p.opt_state[k][0] == 0 && p.slot32[k][0] == 0);
}

START_TEST(what_is_remembered_fades_to_0)
{
	ck_fades("sgd", "momentum=0.9", (double[]){ 0.9, 0, 0 });
	ck_fades("sgd", "momentum=0.9 nesterov=true", (double[]){ 0.9, 0, 0 });
	ck_fades("adam", "beta1=0.9 beta2=0.99", (double[]){ 0.9, 0.99, 0 });
	ck_fades("adamw", "beta1=0.9 beta2=0.99", (double[]){ 0.9, 0.99, 0 });
	ck_fades("rmsprop", "alpha=0.9 centered=true", (double[]){ 0.9, 0.9, 0 });
	ck_fades("nadam", "beta1=0.9 beta2=0.99", (double[]){ 0.9, 0.99, 0 });
	ck_fades("radam", "beta1=0.9 beta2=0.99", (double[]){ 0.9, 0.99, 0 });
	ck_fades("lion", "beta2=0.9", (double[]){ 0.9, 0, 0 });
}
END_TEST

START_TEST(every_optimiser_has_cases)
{
	const cJSON *c;

	for (const struct lb_info *const *info = lb_optimizers_f64; *info; info++) {
		int n = 0;
		cJSON_ArrayForEach(c, get(golden, "optimizers"))
			n += !strcmp(get(c, "optimizer")->valuestring, (*info)->name);
		cJSON_ArrayForEach(c, get(golden, "whole"))
			n += !strcmp(get(c, "optimizer")->valuestring, (*info)->name);
		ck_assert_msg(n > 0 || (*info)->traits & LB_FULL_BATCH, "%s has no reference values; add it to tests/reference/optim.py", (*info)->name);
	}
}
END_TEST

START_TEST(descriptors_are_alike)
{
	static const char *const common[] = { "lr", "weight_decay", "decay_bias", "project" };
	size_t n = 0;

	for (; lb_optimizers_f64[n]; n++) {
		const struct lb_info *a = lb_optimizers_f64[n], *b = lb_optimizers_f32[n];
		const struct lb_optim *f = (const struct lb_optim *)a;
		const struct lb_optim_f32 *f32 = (const struct lb_optim_f32 *)b;
		ck_assert_str_eq(a->name, b->name);
		ck_assert_int_eq(a->n_params, b->n_params);
		settings(a, "");
		ck_assert_int_eq(states_of(f), f32->opt_states ? f32->opt_states(par) : 0);
		ck_assert_int_le(states_of(f), LB_MAX_OPT_STATES);
		ck_assert_uint_eq(a->traits, b->traits);
		ck_assert_int_eq(a->traits == LB_FULL_BATCH, !f->step && !f->step_whole);
		ck_assert_int_eq(b->traits == LB_FULL_BATCH, !f32->step && !f32->step_whole);
		if (a->traits & LB_FULL_BATCH)
			continue;
		for (int k = 0; k < LB_OPT_OWN; k++)
			ck_assert_str_eq(a->params[k].name, common[k]);
	}
	ck_assert_uint_eq(n, 16);
	ck_assert_ptr_null(lb_optimizers_f32[n]);
}
END_TEST

/* ---- schedules ---- */

static const struct lb_schedule *schedule(const char *name, const char *set)
{
	const struct lb_info *info = lb_info_find(lb_schedules, name);

	ck_assert_msg(info != NULL, "%s is not registered", name);
	settings(info, set);
	return (const struct lb_schedule *)info;
}

START_TEST(schedules_are_those_of_pytorch)
{
	const cJSON *c;
	int n = 0;

	cJSON_ArrayForEach(c, get(golden, "schedules")) {
		const struct lb_schedule *s = schedule(get(c, "schedule")->valuestring, get(c, "set")->valuestring);
		const int total = cJSON_GetArraySize(get(c, "factor")), per_epoch = get(c, "per_epoch")->valueint;
		for (int t = 0; t < total; t++) {
			const struct lb_schedule_time at = { t, total, t / per_epoch, total / per_epoch };
			const double got = lb_schedule_factor(s, par, at);
			const double want = cJSON_GetArrayItem(get(c, "factor"), t)->valuedouble;
			ck_assert_msg(fabs(got - want) <= 1e-12, "%s (%s) step %d: %.17g, PyTorch gives %.17g", s->base.name,
				      get(c, "set")->valuestring, t, got, want);
		}
		n++;
	}
	ck_assert_int_eq(n, 27);
}
END_TEST

static const struct {
	const char *name, *set;
	int64_t step, total, epoch;
	double factor;
} closed[] = {
	{ "constant", "", 0, 1, 0, 1 },
	{ "constant", "warmup=0.1", 0, 30, 0, 1.0 / 3 },
	{ "constant", "warmup=0.1", 2, 30, 0, 1 },
	{ "constant", "warmup=0.1", 3, 30, 0, 1 },
	{ "constant", "warmup=0.29", 0, 100, 0, 1.0 / 29 },
	{ "constant", "warmup=0.29", 27, 100, 0, 28.0 / 29 },
	{ "constant", "warmup=0.01", 0, 30, 0, 1 },
	{ "step", "warmup=0.5 every=2 gamma=0.5", 0, 8, 0, 0.25 },
	{ "step", "warmup=0.5 every=2 gamma=0.5", 4, 8, 2, 0.5 },
	{ "step", "every=2 gamma=0.5", 5, 8, 5, 0.25 },
	{ "cosine", "", 0, 1, 0, 1 },
	{ "cosine", "", 1, 2, 0, 0.5 },
	{ "cosine", "", 2, 3, 0, 0.25 },
	{ "cosine", "final=1", 2, 3, 0, 1 },
	{ "cosine", "warmup=0.5", 3, 4, 0, 0.5 },
	{ "linear", "warmup=0.5 final=0.5", 0, 4, 0, 0.5 },
	{ "linear", "warmup=0.5 final=0.5", 3, 4, 0, 0.75 },
	{ "polynomial", "power=2", 1, 5, 0, 0.64 },
	{ "exponential", "warmup=0.5 gamma=0.5 each=step", 3, 4, 0, 0.5 },
	{ "one_cycle", "", 0, 1, 0, 4e-6 },
	{ "one_cycle", "share=0.5 div=4", 0, 2, 0, 1 },
	{ "one_cycle", "warmup=0.5 share=0.5 div=4", 2, 4, 0, 1 },
	{ "one_cycle", "warmup=0.5", 0, 4, 0, 0.5 },
	{ "cosine_restarts", "warmup=0.5 first=1", 2, 4, 0, 1 },
	{ "plateau", "warmup=0.5", 0, 4, 0, 0.5 },
	{ "plateau", "warmup=0.5", 3, 4, 0, 1 },
};

START_TEST(schedules_by_hand)
{
	const struct lb_schedule *s = schedule(closed[_i].name, closed[_i].set);

	const struct lb_schedule_time at = { closed[_i].step, closed[_i].total, closed[_i].epoch, 1 };

	ck_assert_double_eq_tol(lb_schedule_factor(s, par, at), closed[_i].factor, 1e-15);
}
END_TEST

START_TEST(plateau_is_that_of_pytorch)
{
	const cJSON *c;
	int n = 0;

	cJSON_ArrayForEach(c, get(golden, "plateau")) {
		const struct lb_schedule *s = schedule("plateau", get(c, "set")->valuestring);
		struct lb_schedule_state state = { .factor = 1 };
		int t = 0;
		const cJSON *value;
		cJSON_ArrayForEach(value, get(c, "values")) {
			s->follow(par, &state, cJSON_IsNull(value) ? NAN : value->valuedouble, cJSON_IsTrue(get(c, "higher")));
			const double want = cJSON_GetArrayItem(get(c, "factor"), t++)->valuedouble;
			ck_assert_msg(fabs(state.factor - want) <= 1e-13, "plateau (%s) after %d: %.17g, PyTorch gives %.17g", get(c, "set")->valuestring, t,
				      state.factor, want);
		}
		n++;
	}
	ck_assert_int_eq(n, 6);
}
END_TEST

START_TEST(every_schedule_begins_with_warmup)
{
	size_t n = 0;

	for (; lb_schedules[n]; n++)
		ck_assert_str_eq(lb_schedules[n]->params[LB_SCHED_WARMUP].name, "warmup");
	ck_assert_uint_eq(n, 9);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("optim");
	TCase *t = tcase_create("optim");

	tcase_add_checked_fixture(t, load, unload);
	tcase_add_test(t, optimisers_are_those_of_pytorch);
	tcase_add_test(t, whole_matrices_are_those_of_the_formulas);
	tcase_add_test(t, every_optimiser_has_cases);
	tcase_add_test(t, what_is_remembered_fades_to_0);
	tcase_add_test(t, descriptors_are_alike);
	tcase_add_test(t, schedules_are_those_of_pytorch);
	tcase_add_loop_test(t, schedules_by_hand, 0, sizeof closed / sizeof *closed);
	tcase_add_test(t, plateau_is_that_of_pytorch);
	tcase_add_test(t, every_schedule_begins_with_warmup);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("optim")
