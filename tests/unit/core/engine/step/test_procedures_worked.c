/* Training procedures on rows, labels and weights against tests/golden/procedures.json: losses of
 * the steps and parameters by PyTorch's automatic differentiation (tests/reference/procedures.py).
 * */
#include "tests/unit/core/engine/step/procedure_fixture.h"
#include "tests/unit/golden.h"

enum { WORKED_ROWS = 14, WORKED_D = 3, BATCH = 5, MOST_STEPS = 32, MOST_PARAMS = 64 };

static cJSON *golden;

static void load(void)
{
	golden = golden_read("tests/golden/procedures.json");
}

static void unload(void)
{
	cJSON_Delete(golden);
	teardown();
}

static const cJSON *get(const cJSON *in, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(in, key);
}

static size_t numbers(const cJSON *list, size_t most, double *out)
{
	const cJSON *item;
	size_t n = 0;

	cJSON_ArrayForEach(item, list) {
		ck_assert_uint_lt(n, most);
		out[n++] = item->valuedouble;
	}
	return n;
}

static void open_worked(const char *task)
{
	const size_t rows[] = { WORKED_ROWS, 1, 1 };
	const bool two = !strcmp(task, "binary");
	const cJSON *item;
	size_t n = 0;

	problem_open(&p, two ? LB_BINARY : LB_MULTICLASS, rows, WORKED_D, two ? 2 : 3);
	numbers(get(golden, "x"), WORKED_ROWS * WORKED_D, x_of(&p));
	cJSON_ArrayForEach(item, get(golden, task))
		p.data.y[n++] = item->valueint;
	p.data.subgroup = lb_alloc(p.data.n, sizeof *p.data.subgroup, &err);
	n = 0;
	cJSON_ArrayForEach(item, get(golden, "group"))
		p.data.subgroup[n++] = item->valueint;
}

/* Trains as the case says, from its parameters, batches in the order of the rows; compares the loss
 * of every step and the parameters that an evaluation reads at the end. */
static void check_case(const cJSON *one, const struct lb_setup *s)
{
	const char *name = get(one, "name")->valuestring;
	const size_t epochs = (size_t)get(one, "epochs")->valueint;
	const struct lb_cohort c = in_order(s, epochs, BATCH);
	double start[MOST_PARAMS], w[MOST_PARAMS], want[MOST_PARAMS], loss[MOST_STEPS];
	uint32_t rows[WORKED_ROWS];
	struct lb_learner l;
	struct lb_input_batch input;
	size_t step = 0;

	for (uint32_t i = 0; i < WORKED_ROWS; i++)
		rows[i] = i;
	const size_t n = numbers(get(one, "start"), MOST_PARAMS, start);
	ck_assert_uint_eq(numbers(get(one, "w"), MOST_PARAMS, want), n);
	ck_assert_uint_eq(numbers(get(one, "losses"), MOST_STEPS, loss), epochs * 3);
	ck_assert_int_eq(lb_learner_open_f64(&l, &c, s, &err), 0);
	ck_assert_int_eq(lb_input_batch_open_f64(&input, c.features, false, BATCH, 0, &err), 0);
	lb_model_pack_f64(&l.model, start, l.model.w);
	for (l.epoch = 0; l.epoch < epochs; l.epoch++) {
		lb_hooks_epoch_f64(&l, l.epoch);
		for (size_t first = 0; first < WORKED_ROWS; first += BATCH, step++) {
			const size_t b = WORKED_ROWS - first < BATCH ? WORKED_ROWS - first : BATCH;
			lb_input_batch_load_f64(&input, rows + first, b, NULL);
			const struct lb_minibatch batch = { .input = &input, .rows = rows + first, .id = rows + first, .b = b };
			ck_near(lb_learner_step_f64(&l, &c, &batch, (int64_t)step, 1), loss[step], 1e-11, name, step);
		}
	}
	lb_model_unpack_f64(&l.model, lb_learner_eval_weights_f64(&l), w);
	for (size_t i = 0; i < n; i++)
		ck_near(w[i], want[i], 1e-11, get(one, "set")->valuestring, i);
	lb_input_batch_close_f64(&input);
	lb_learner_close_f64(&l);
}

/* Each case is a test of its own, so that one says which. */
enum { CASES = 72 };

START_TEST(worked_elsewhere)
{
	const cJSON *one = cJSON_GetArrayItem(get(golden, "cases"), _i);
	const char *task = get(one, "task")->valuestring;
	char optimizer_set[64];

	ck_assert_int_eq(cJSON_GetArraySize(get(golden, "cases")), CASES);
	open_worked(task);
	uses[0] = use(get(one, "name")->valuestring, get(one, "set")->valuestring);
	snprintf(optimizer_set, sizeof optimizer_set, "lr=0.5 momentum=%g", get(one, "momentum")->valuedouble);
	struct lb_setup s = with(trial(&p, strcmp(task, "binary") ? "ce" : "logistic", "", optimizer_set), uses, 1);
	if (cJSON_IsTrue(get(one, "hidden")))
		s = with_hidden(s, 4, LB_TANH, 0);
	check_case(one, &s);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("procedures_worked");
	TCase *t = tcase_create("procedures_worked");

	tcase_add_checked_fixture(t, load, unload);
	tcase_add_loop_test(t, worked_elsewhere, 0, CASES);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("procedures_worked")
