/* Noise of targets, of the labels of a multi-label task, and their long tail: each against its
 * law. */
#include "core/numeric/rng.h"
#include "tests/unit/core/training.h"

enum { ROWS = 40000, TRAIN = 30000, FEATURES = 2, LABELS = 4 };

static const struct lb_corruption *corruption(const char *name)
{
	for (size_t i = 0; i < lb_corruption_count(); i++)
		if (!strcmp(lb_corruption_at(i)->base.name, name))
			return lb_corruption_at(i);
	ck_abort_msg("no corruption %s", name);
	return NULL;
}

/* Two targets: 3 u and 50 u, u uniform; features uniform in [0, 1). */
static void open_targets(struct problem *p)
{
	struct lb_rng r;

	problem_open(p, LB_REGRESSION, (const size_t[]){ TRAIN, 0, ROWS - TRAIN }, FEATURES, 2);
	lb_rng_init(&r, 5, LB_RNG_TEST, 0);
	for (size_t i = 0; i < ROWS; i++) {
		for (size_t j = 0; j < FEATURES; j++)
			x_of(p)[i * FEATURES + j] = lb_rng_unit(&r);
		p->data.target[2 * i] = 3 * lb_rng_unit(&r);
		p->data.target[2 * i + 1] = 50 * lb_rng_unit(&r);
	}
}

static struct lb_noise noise_of(const struct problem *p, const struct lb_arg *par, uint64_t seed)
{
	return (struct lb_noise){ .par = par, .rows = p->split.rows[LB_TRAIN], .n = TRAIN, .seed = seed, .features = &p->features,
				  .train = p->split.rows[LB_TRAIN], .n_train = TRAIN };
}

/* noise (TRAIN, 2) <- what is added to the targets, in their standard deviations; the test rows
 * must be as they were. */
static void draw(const char *name, const char *set, const struct problem *p, uint64_t seed, double *noise)
{
	static double target[2 * ROWS];
	const struct lb_corruption *c = corruption(name);
	const struct lb_noise in = noise_of(p, args(&c->base, set), seed);
	double mean[2] = { 0 }, sd[2] = { 0 };

	memcpy(target, p->data.target, sizeof target);
	ck_assert_int_eq(c->apply_targets(&in, target, &err), 0);
	ck_assert_mem_eq(target + 2 * TRAIN, p->data.target + 2 * TRAIN, 2 * (ROWS - TRAIN) * sizeof *target);
	for (size_t i = 0; i < 2 * TRAIN; i++)
		mean[i % 2] += p->data.target[i] / TRAIN;
	for (size_t i = 0; i < 2 * TRAIN; i++)
		sd[i % 2] += (p->data.target[i] - mean[i % 2]) * (p->data.target[i] - mean[i % 2]) / TRAIN;
	for (size_t i = 0; i < 2 * TRAIN; i++)
		noise[i] = (target[i] - p->data.target[i]) / sqrt(sd[i % 2]);
}

/* n trials of chance p: within five standard deviations. */
#define ck_share(hits, n, p) ck_assert_double_eq_tol((double)(hits) / (n), p, 5 * sqrt((p) * (1 - (p)) / (n)) + 1e-12)

/* The mean of the n values that stand two apart is `mean`, their variance `var`, the mean of their
 * fourth powers `fourth`, each within five standard deviations of a normal sample's. */
static void ck_normal_moments(const double *e, size_t n, double mean, double var)
{
	double m = 0, v = 0, f = 0;

	for (size_t i = 0; i < n; i++) {
		const double d = e[2 * i] - mean;
		m += d / (double)n;
		v += d * d / (double)n;
		f += d * d * d * d / (double)n;
	}
	ck_assert_double_eq_tol(m, 0, 5 * sqrt(var / (double)n));
	ck_assert_double_eq_tol(v / var, 1, 5 * sqrt(2 / (double)n));
	ck_assert_double_eq_tol(f / (var * var), 3, 5 * sqrt(96 / (double)n));
}

START_TEST(gaussian_noise_is_normal_in_units_of_each_target)
{
	static double e[2 * TRAIN], again[2 * TRAIN], twice[2 * TRAIN];
	struct problem p;
	double product = 0;

	open_targets(&p);
	draw("gaussian", "sd=0.5", &p, 3, e);
	ck_normal_moments(e, TRAIN, 0, 0.25);
	ck_normal_moments(e + 1, TRAIN, 0, 0.25);
	for (size_t i = 0; i < TRAIN; i++)
		product += 4 * e[2 * i] * e[2 * i + 1] / TRAIN;
	ck_assert_double_eq_tol(product, 0, 5 / sqrt(TRAIN));
	draw("gaussian", "sd=0.5", &p, 3, again);
	ck_assert_mem_eq(e, again, sizeof e);
	draw("gaussian", "sd=1", &p, 3, twice);
	for (size_t i = 0; i < 2 * TRAIN; i++)
		ck_assert_double_eq_tol(twice[i], 2 * e[i], 1e-12);
	draw("gaussian", "sd=0.5", &p, 4, again);
	ck_assert(memcmp(e, again, sizeof e) != 0);
	draw("gaussian", "sd=0", &p, 3, again);
	for (size_t i = 0; i < 2 * TRAIN; i++)
		ck_assert_double_eq(again[i], 0);
	problem_close(&p);
}
END_TEST

/* Quantiles of Student's t: SciPy, stats.t.ppf(q, nu). */
START_TEST(student_noise_has_the_quantiles_of_student)
{
	static const struct {
		const char *set;
		double q, at;
	} law[] = {
		{ "scale=2 nu=1", 0.9, 3.0776835372078066 }, { "scale=2 nu=1", 0.99, 31.82051595375758 },
		{ "scale=2 nu=2", 0.75, 0.8164965809277266 }, { "scale=2 nu=2", 0.95, 2.919985580355516 },
		{ "scale=2 nu=5", 0.99, 3.3649299989072747 }, { "scale=2 nu=0.5", 0.8, 2.512717953665919 },
		{ "scale=2 nu=1e6", 0.95, 1.64485515072204 },
	};
	static double e[2 * TRAIN];
	struct problem p;

	open_targets(&p);
	for (size_t k = 0; k < sizeof law / sizeof *law; k++) {
		size_t below = 0, above = 0;
		draw("student_t", law[k].set, &p, 3, e);
		for (size_t i = 0; i < 2 * TRAIN; i++) {
			below += e[i] < -2 * law[k].at;
			above += e[i] > 2 * law[k].at;
		}
		ck_share(below, 2 * TRAIN, 1 - law[k].q);
		ck_share(above, 2 * TRAIN, 1 - law[k].q);
	}
	problem_close(&p);
}
END_TEST

START_TEST(contamination_moves_a_share)
{
	static double e[2 * TRAIN], more[2 * TRAIN], moved[2 * TRAIN];
	size_t n = 0;
	struct problem p;

	open_targets(&p);
	draw("contaminate", "rate=0.1 shift=4 scale=3", &p, 3, e);
	draw("contaminate", "rate=0.3 shift=4 scale=3", &p, 3, more);
	for (size_t i = 0; i < 2 * TRAIN; i++)
		if (fabs(e[i]) > 0) {
			ck_assert_double_eq(e[i], more[i]);
			moved[2 * n++ % (2 * TRAIN)] = e[i];
		}
	ck_share(n, 2 * TRAIN, 0.1);
	ck_normal_moments(moved, n, 4, 9);
	n = 0;
	for (size_t i = 0; i < 2 * TRAIN; i++)
		n += fabs(more[i]) > 0;
	ck_share(n, 2 * TRAIN, 0.3);
	problem_close(&p);
}
END_TEST

/* The slope of ln |noise| against a feature, standardized; the mean square of the noise. */
static void fit_size(const struct problem *p, const double *e, size_t j, double *slope, double *square)
{
	double mean = 0, xx = 0, xy = 0;

	*square = 0;
	for (size_t i = 0; i < TRAIN; i++)
		mean += x_of((struct problem *)p)[i * FEATURES + j] / TRAIN;
	for (size_t i = 0; i < TRAIN; i++) {
		const double x = x_of((struct problem *)p)[i * FEATURES + j] - mean;
		xx += x * x;
		xy += x * log(fabs(e[2 * i]));
		*square += e[2 * i] * e[2 * i] / TRAIN;
	}
	*slope = xy / xx * sqrt(xx / TRAIN);
}

/* Of features that are independent and alike, the direction w shows as slopes b w_j / |w|. */
START_TEST(heteroscedastic_noise_grows_along_a_direction)
{
	static double e[2 * TRAIN];
	double slope[FEATURES], square, length = 0;
	struct problem p;

	open_targets(&p);
	draw("heteroscedastic", "sd=0.5 slope=1", &p, 3, e);
	for (size_t j = 0; j < FEATURES; j++) {
		fit_size(&p, e, j, &slope[j], &square);
		length += slope[j] * slope[j];
	}
	ck_assert_double_eq_tol(sqrt(length), 1, 5 * 1.111 / sqrt(TRAIN) + 0.01);
	ck_assert_double_eq_tol(square, 0.25, 0.02);
	draw("heteroscedastic", "sd=0.5 slope=0", &p, 3, e);
	ck_normal_moments(e, TRAIN, 0, 0.25);
	problem_close(&p);
}
END_TEST

/* ---- labels ---- */

/* LABELS labels a row, label c present where a draw is below 0.4 / (c + 1), one in ten unknown. */
static void open_labels(struct problem *p)
{
	struct lb_rng r;

	problem_open(p, LB_REGRESSION, (const size_t[]){ TRAIN, 0, ROWS - TRAIN }, FEATURES, LABELS);
	lb_rng_init(&r, 5, LB_RNG_TEST, 0);
	for (size_t i = 0; i < ROWS * LABELS; i++)
		p->data.target[i] = lb_rng_unit(&r) < 0.1 ? -1 : lb_rng_unit(&r) < 0.4 / (double)(i % LABELS + 1);
}

/* count[from + 1][to + 1] of the training rows, for the labels from and to in -1, 0, 1. */
static void change(const char *name, const char *set, const struct problem *p, double *label, size_t count[3][3])
{
	const struct lb_corruption *c = corruption(name);
	const struct lb_noise in = noise_of(p, args(&c->base, set), 3);

	memcpy(label, p->data.target, ROWS * LABELS * sizeof *label);
	memset(count, 0, 9 * sizeof(size_t));
	ck_assert_int_eq(c->apply_targets(&in, label, &err), 0);
	ck_assert_mem_eq(label + LABELS * TRAIN, p->data.target + LABELS * TRAIN, LABELS * (ROWS - TRAIN) * sizeof *label);
	for (size_t i = 0; i < LABELS * TRAIN; i++)
		count[(int)p->data.target[i] + 1][(int)label[i] + 1]++;
}

/* One kind of change: from 0 and from 1 to what, with which chances. */
static const struct {
	const char *name, *set;
	int to[2];
	double chance[2];
} label_laws[] = {
	{ "partial", "rate=0.3", { -1, -1 }, { 0.3, 0.3 } },
	{ "partial", "rate=0.3 which=present", { -1, -1 }, { 0, 0.3 } },
	{ "partial", "rate=0.3 which=absent", { -1, -1 }, { 0.3, 0 } },
	{ "flip", "rate=0.2", { 1, 0 }, { 0.2, 0.2 } },
	{ "flip", "rate=0.2 which=present", { 1, 0 }, { 0, 0.2 } },
	{ "flip", "rate=0.2 which=absent", { 1, 0 }, { 0.2, 0 } },
	{ "flip", "rate=1", { 1, 0 }, { 1, 1 } },
	{ "partial", "rate=0", { -1, -1 }, { 0, 0 } },
};

START_TEST(labels_change_with_their_chances)
{
	static double label[LABELS * ROWS];
	size_t count[3][3];
	struct problem p;

	open_labels(&p);
	for (size_t k = 0; k < sizeof label_laws / sizeof *label_laws; k++) {
		change(label_laws[k].name, label_laws[k].set, &p, label, count);
		ck_assert_uint_eq(count[0][1] + count[0][2], 0);
		for (int from = 0; from < 2; from++) {
			const size_t *row = count[from + 1], changed = row[label_laws[k].to[from] + 1], all = row[0] + row[1] + row[2];
			ck_assert_uint_eq(changed + row[from + 1], all);
			ck_share(changed, (double)all, label_laws[k].chance[from]);
		}
	}
	problem_close(&p);
}
END_TEST

START_TEST(a_higher_rate_changes_more_of_the_same_labels)
{
	static double few[LABELS * ROWS], many[LABELS * ROWS];
	size_t count[3][3];
	struct problem p;

	open_labels(&p);
	change("partial", "rate=0.2", &p, few, count);
	change("partial", "rate=0.5", &p, many, count);
	for (size_t i = 0; i < LABELS * TRAIN; i++)
		ck_assert(few[i] >= 0 || many[i] < 0);
	problem_close(&p);
}
END_TEST

/* No label has more rows than its number, and each row left out has a label that is full. */
static void ck_tail(const double *label, const uint32_t *all, size_t n_all, const uint32_t *kept, size_t n, const size_t most[LABELS])
{
	size_t have[LABELS] = { 0 }, at = 0;

	for (size_t i = 0; i < n * LABELS; i++)
		have[i % LABELS] += label[kept[i / LABELS] * LABELS + i % LABELS] > 0;
	for (size_t c = 0; c < LABELS; c++)
		ck_assert_uint_le(have[c], most[c]);
	for (size_t i = 0; i < n_all; i++) {
		bool full = false;
		if (at < n && kept[at] == all[i]) {
			at++;
			continue;
		}
		for (size_t c = 0; c < LABELS; c++)
			full |= label[all[i] * LABELS + c] > 0 && have[c] == most[c];
		ck_assert(full);
	}
	ck_assert_uint_eq(at, n);
}

START_TEST(long_tail_of_labels)
{
	static uint32_t rows[TRAIN];
	const struct lb_imbalance *tail = (const struct lb_imbalance *)lb_info_find(lb_imbalances, "long_tail");
	size_t n = TRAIN, have[LABELS] = { 0 }, most[LABELS];
	double largest = INFINITY;
	struct problem p;

	open_labels(&p);
	for (size_t i = 0; i < TRAIN * LABELS; i++)
		have[i % LABELS] += p.data.target[i] > 0;
	for (size_t c = 0; c < LABELS; c++)
		largest = fmin(largest, (double)have[c] * pow(27, (double)c / (LABELS - 1)));
	for (size_t c = 0; c < LABELS; c++)
		most[c] = (size_t)floor(largest * pow(27, -(double)c / (LABELS - 1)) + 0.5);
	memcpy(rows, p.split.rows[LB_TRAIN], sizeof rows);
	ck_assert_int_eq(lb_imbalance_apply_labels(tail, args(&tail->base, "ratio=27"), LABELS, p.data.target, 3, rows, &n, &err), 0);
	ck_assert_uint_lt(n, TRAIN);
	ck_tail(p.data.target, p.split.rows[LB_TRAIN], TRAIN, rows, n, most);
	problem_close(&p);
}
END_TEST

/* A row of one label each: the numbers are met, as they are for classes. */
START_TEST(long_tail_of_single_labels_is_that_of_classes)
{
	enum { EACH = 1000 };
	static double label[LABELS * EACH * LABELS];
	static uint32_t rows[LABELS * EACH];
	const struct lb_imbalance *tail = (const struct lb_imbalance *)lb_info_find(lb_imbalances, "long_tail");
	size_t n = LABELS * EACH, have[LABELS] = { 0 };

	for (size_t i = 0; i < n; i++) {
		rows[i] = (uint32_t)i;
		label[i * LABELS + i % LABELS] = 1;
	}
	ck_assert_int_eq(lb_imbalance_apply_labels(tail, args(&tail->base, "ratio=1000"), LABELS, label, 3, rows, &n, &err), 0);
	for (size_t i = 0; i < n; i++)
		have[rows[i] % LABELS]++;
	ck_assert(have[0] == 1000 && have[1] == 100 && have[2] == 10 && have[3] == 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("target_noise");
	TCase *tc = tcase_create("noise");

	tcase_add_test(tc, gaussian_noise_is_normal_in_units_of_each_target);
	tcase_add_test(tc, student_noise_has_the_quantiles_of_student);
	tcase_add_test(tc, contamination_moves_a_share);
	tcase_add_test(tc, heteroscedastic_noise_grows_along_a_direction);
	tcase_add_test(tc, labels_change_with_their_chances);
	tcase_add_test(tc, a_higher_rate_changes_more_of_the_same_labels);
	tcase_add_test(tc, long_tail_of_labels);
	tcase_add_test(tc, long_tail_of_single_labels_is_that_of_classes);
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("target_noise")
