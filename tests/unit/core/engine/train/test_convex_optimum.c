/* Convex problems on shipped data, trained to the optimum that other solvers found. Row i is a test
 * row when i mod 5 = 4; inputs are standardised by the training rows. The test split goes on with
 * the origin and the unit vectors, whose scores give the weights. */
#include "tests/unit/core/training.h"

static struct problem p;
static size_t test_rows;

/* All columns are inputs but the last, the label or target. */
static void open_file(const char *path, enum lb_kind kind)
{
	struct lb_table t = read_table(path);
	const size_t d = t.n_cols - 1, n_train = t.n - t.n / 5, rows[] = { n_train, 0, t.n / 5 + d + 1 };
	const struct lb_column *last = &t.col[d];
	size_t next[2] = { 0, n_train };

	problem_open(&p, kind, rows, d, kind == LB_REGRESSION ? 1 : last->n_levels);
	test_rows = t.n / 5;
	for (size_t i = 0; i < t.n; i++) {
		const size_t to = next[i % 5 == 4]++;
		for (size_t j = 0; j < d; j++)
			x_of(&p)[to * d + j] = t.col[j].num[i];
		if (kind == LB_REGRESSION)
			p.data.target[to] = last->num[i];
		else
			p.data.y[to] = last->code[i];
	}
	for (size_t j = 0; j < d; j++) {
		standardise(&p, j, n_train, t.n);
		x_of(&p)[(t.n + 1 + j) * d + j] = 1;
	}
	lb_table_free(&t);
}

static void teardown(void)
{
	problem_close(&p);
	args_forget();
}

static double penalty(const struct lb_train_result *o, double lambda)
{
	const double *origin = o->scores + test_rows * p.columns;
	double sum = 0;

	for (size_t j = 0; j < p.features.d; j++)
		for (size_t k = 0; k < p.columns; k++) {
			const double w = origin[(j + 1) * p.columns + k] - origin[k];
			sum += w * w;
		}
	return lambda / 2 * sum;
}

static struct lb_train_result converge(train_fn *train, const char *loss, const char *set, size_t epochs,
				  const struct lb_metric_use *use)
{
	const struct lb_setup s = with_metrics(trial(&p, loss, "", set), use, 1);
	struct lb_train_result o = train_alone(train, cohort_of(&p, &s, 1, epochs, p.split.n[LB_TRAIN]), &s);

	ck_assert_int_eq(o.status, LB_TRIAL_OK);
	return o;
}

static const struct {
	int precision;
	const char *set;
	size_t epochs;
	double tolerance;
} iris[] = {
	{ 0, "lr=1 weight_decay=0.001", 12000, 2e-8 },
	{ 0, "lr=0.3 momentum=0.9 weight_decay=0.001", 6000, 2e-8 },
	{ 0, "lr=0.3 momentum=0.9 nesterov=true weight_decay=0.001", 6000, 2e-8 },
	{ 1, "lr=0.3 momentum=0.9 weight_decay=0.001", 6000, 2e-6 },
};

/* J 0.10415347, cross-entropy 0.06960225 on training and 0.084082 on test rows, one test error:
 * unique minimum, by two solvers. */
START_TEST(softmax_regression_on_iris)
{
	open_file("datasets/samples/iris.csv.gz", LB_MULTICLASS);
	const struct lb_metric_use use = metric_use("log_loss");
	struct lb_train_result o = converge(precision[iris[_i].precision], "ce", iris[_i].set, iris[_i].epochs, &use);
	double nll = 0;
	int errors = 0;

	ck_assert_double_eq_tol(o.metric[LB_TRAIN][0] + penalty(&o, 0.001), 0.10415347, iris[_i].tolerance);
	ck_assert_double_eq_tol(o.metric[LB_TRAIN][0], 0.06960225, 10 * iris[_i].tolerance);
	for (size_t i = 0; i < test_rows; i++) {
		const double *z = o.scores + i * 3, y = z[p.data.y[120 + i]];
		nll += log(exp(z[0] - y) + exp(z[1] - y) + exp(z[2] - y)) / (double)test_rows;
		errors += z[0] > y || z[1] > y || z[2] > y;
	}
	ck_assert_double_eq_tol(nll, 0.084082, 2e-6);
	ck_assert_int_eq(errors, 1);
	lb_train_result_free(&o);
}
END_TEST

/* Training MSE 100.635260043, test RMSE 11.834119: ordinary least squares. */
START_TEST(least_squares_on_concrete)
{
	open_file("datasets/samples/concrete.csv.gz", LB_REGRESSION);
	const struct lb_metric_use use = metric_use("rmse");
	struct lb_train_result o = converge(lb_train_f64, "mse", "lr=0.1 momentum=0.95", 3000, &use);
	double sum = 0;

	ck_assert_double_eq_tol(o.metric[LB_TRAIN][0] * o.metric[LB_TRAIN][0], 100.635260043, 1e-8);
	ck_assert_double_eq_tol(o.loss_curve[2999], 100.635260043, 1e-8);
	for (size_t i = 0; i < test_rows; i++)
		sum += pow(o.scores[i] - p.data.target[p.split.n[LB_TRAIN] + i], 2) / (double)test_rows;
	ck_assert_double_eq_tol(sqrt(sum), 11.834119, 1e-6);
	lb_train_result_free(&o);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("convex_optimum");
	TCase *t = tcase_create("optimum");

	tcase_at_least(t, 60);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, softmax_regression_on_iris, 0, sizeof iris / sizeof *iris);
	tcase_add_test(t, least_squares_on_concrete);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("convex_optimum")
