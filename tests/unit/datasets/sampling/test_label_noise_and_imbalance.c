/* Label noise by matrix and by instance, and class imbalance. The noise of test_split.c (uniform,
 * pair) is tested there. */
#include "core/numeric/rng.h"
#include "tests/unit/core/training.h"

#include <stdio.h>
#include <unistd.h>

enum { ROWS = 30000, CLASSES = 3, FEATURES = 2 };

static const struct lb_corruption *corruption(const char *name)
{
	for (size_t i = 0; i < lb_corruption_count(); i++)
		if (!strcmp(lb_corruption_at(i)->base.name, name))
			return lb_corruption_at(i);
	ck_abort_msg("no corruption %s", name);
	return NULL;
}

static void open_rows(struct problem *p)
{
	problem_open(p, LB_MULTICLASS, (const size_t[]){ ROWS, 0, 0 }, FEATURES, CLASSES);
	problem_draw(p, 7);
	for (size_t i = 0; i < ROWS; i++)
		p->data.y[i] = (int32_t)(i % CLASSES);
}

static void corrupt(const char *name, const struct lb_arg *par, struct problem *p, uint64_t seed, int32_t *y)
{
	const struct lb_noise noise = { .par = par, .n_classes = CLASSES, .rows = p->split.rows[LB_TRAIN], .n = ROWS, .seed = seed,
					.features = &p->features };

	memcpy(y, p->data.y, ROWS * sizeof *y);
	ck_assert_int_eq(corruption(name)->apply(&noise, y, &err), 0);
}

/* n trials of chance p: within five standard deviations. */
#define ck_share(hits, n, p) ck_assert_double_eq_tol((double)(hits) / (n), p, 5 * sqrt((p) * (1 - (p)) / (n)) + 1e-12)

START_TEST(matrix_rows_are_the_chances)
{
	static int32_t y[ROWS], again[ROWS];
	const double t[] = { 0.7, 0.2, 0.1, 0, 1, 0, 0.25, 0.25, 0.5 };
	const struct lb_arg par[4] = { { .list = t, .n = 9 } };
	size_t count[CLASSES * CLASSES] = { 0 };
	struct problem p;

	open_rows(&p);
	corrupt("matrix", par, &p, 3, y);
	corrupt("matrix", par, &p, 3, again);
	ck_assert_mem_eq(y, again, sizeof y);
	for (int i = 0; i < ROWS; i++)
		count[p.data.y[i] * CLASSES + y[i]]++;
	for (int k = 0; k < CLASSES * CLASSES; k++)
		ck_share(count[k], ROWS / CLASSES, t[k]);
	problem_close(&p);
}
END_TEST

START_TEST(matrix_refuses_what_is_no_transition_matrix)
{
	static const struct {
		double t[9];
		size_t n;
		const char *expected;
	} bad[] = {
		{ { 1, 0, 0, 0, 1, 0, 0, 0, 1 }, 4, "expected 3 x 3" },
		{ { 1, 0, 0, 0, 1, 0, 0, 0.5, 0.4 }, 9, "row 3 sums to 0.9" },
		{ { 1.5, -0.5, 0, 0, 1, 0, 0, 0, 1 }, 9, "row 1, column 2" },
	};
	const struct lb_corruption *c = corruption("matrix");

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const struct lb_arg par[4] = { { .list = bad[i].t, .n = bad[i].n } };
		ck_assert_int_eq(c->check(par, CLASSES, &err), -1);
		ck_assert_int_eq(err.code, LB_CONFIG);
		ck_assert_msg(strstr(err.text, bad[i].expected) != NULL, "%s", err.text);
	}
}
END_TEST

START_TEST(matrix_from_a_file)
{
	const double t[] = { 0.9, 0.1, 0, 0, 0.5, 0.5, 0.2, 0, 0.8 };
	static int32_t y[ROWS], from_file[ROWS];
	char path[] = "/tmp/lossbench-matrix-XXXXXX";
	const struct lb_arg given[4] = { { .list = t, .n = 9 } }, file[4] = { { 0 }, { .text = path } }, both[4] = { given[0], file[1] };
	struct problem p;
	const int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");

	ck_assert_ptr_nonnull(f);
	for (int k = 0; k < 9; k++)
		fprintf(f, "%.17g%c", t[k], k % 3 == 2 ? '\n' : ',');
	fclose(f);
	open_rows(&p);
	corrupt("matrix", given, &p, 5, y);
	corrupt("matrix", file, &p, 5, from_file);
	ck_assert_mem_eq(y, from_file, sizeof y);
	ck_assert_int_eq(corruption("matrix")->check(both, CLASSES, &err), -1);
	ck_assert_int_eq(corruption("matrix")->check(file, 4, &err), -1);
	unlink(path);
	ck_assert_int_eq(corruption("matrix")->check(file, CLASSES, &err), -1);
	problem_close(&p);
}
END_TEST

/* With sd 0 every row is flipped at the rate; which class it goes to depends on the features: rows
 * of one class that lie on opposite sides of the origin go to different classes more often than
 * not. */
START_TEST(instance_noise_depends_on_features)
{
	static int32_t y[ROWS];
	const struct lb_arg par[4] = { { .v = 0.4 }, { .v = 0 } };
	size_t changed = 0, same = 0, pairs = 0;
	struct problem p;

	open_rows(&p);
	for (int i = 0; i < ROWS; i += 2 * CLASSES)
		for (int c = 0; c < CLASSES; c++)
			for (int j = 0; j < FEATURES; j++) {
				x_of(&p)[(i + c) * FEATURES + j] *= 5;
				x_of(&p)[(i + c + CLASSES) * FEATURES + j] = -x_of(&p)[(i + c) * FEATURES + j];
			}
	corrupt("instance", par, &p, 1, y);
	for (int i = 0; i < ROWS; i++)
		changed += y[i] != p.data.y[i];
	ck_share(changed, ROWS, 0.4);
	for (int i = 0; i < ROWS; i += 2 * CLASSES)
		for (int c = 0; c < CLASSES; c++) {
			const int a = i + c, b = a + CLASSES;
			if (y[a] == p.data.y[a] || y[b] == p.data.y[b])
				continue;
			pairs++;
			same += y[a] == y[b];
		}
	ck_assert_uint_gt(pairs, 500);
	ck_assert_msg(same < pairs * 4 / 10, "%zu of %zu pairs of opposite rows went to the same class", same, pairs);
	corrupt("instance", (const struct lb_arg[4]){ { .v = 0 }, { .v = 0.1 } }, &p, 1, y);
	ck_assert_mem_eq(y, p.data.y, sizeof y);
	problem_close(&p);
}
END_TEST

static const struct lb_imbalance *imbalance(const char *name)
{
	for (size_t i = 0; i < lb_imbalance_count(); i++)
		if (!strcmp(lb_imbalance_at(i)->base.name, name))
			return lb_imbalance_at(i);
	ck_abort_msg("no imbalance %s", name);
	return NULL;
}

static void thin(const char *name, const struct lb_arg *par, const size_t *have, size_t n_classes, uint64_t seed, size_t *kept)
{
	static uint32_t rows[ROWS];
	static int32_t y[ROWS];
	size_t n = 0;

	for (size_t c = 0; c < n_classes; c++)
		for (size_t k = 0; k < have[c]; k++, n++) {
			rows[n] = (uint32_t)n;
			y[n] = (int32_t)c;
		}
	ck_assert_int_eq(lb_imbalance_apply(imbalance(name), par, n_classes, y, seed, rows, &n, &err), 0);
	memset(kept, 0, n_classes * sizeof *kept);
	for (size_t i = 0; i < n; i++) {
		ck_assert(i == 0 || rows[i] > rows[i - 1]);
		kept[y[rows[i]]]++;
	}
}

START_TEST(long_tail_and_step_sizes)
{
	const struct lb_arg ratio[4] = { { .v = 100 } }, step[4] = { { .v = 10 }, { .v = 0.5 } };
	size_t kept[4];

	thin("long_tail", ratio, (const size_t[]){ 1000, 1000, 1000 }, 3, 1, kept);
	ck_assert(kept[0] == 1000 && kept[1] == 100 && kept[2] == 10);
	thin("long_tail", ratio, (const size_t[]){ 500, 1000, 2 }, 3, 1, kept);
	ck_assert(kept[0] == 200 && kept[1] == 20 && kept[2] == 2);
	thin("long_tail", ratio, (const size_t[]){ 30, 30, 30 }, 3, 1, kept);
	ck_assert(kept[0] == 30 && kept[1] == 3 && kept[2] == 1);
	thin("step", step, (const size_t[]){ 100, 200, 300, 400 }, 4, 1, kept);
	ck_assert(kept[0] == 100 && kept[1] == 100 && kept[2] == 10 && kept[3] == 10);
}
END_TEST

START_TEST(imbalance_needs_every_class)
{
	uint32_t rows[] = { 0, 1, 2 };
	const int32_t y[] = { 0, 0, 2 };
	const struct lb_arg par[4] = { { .v = 10 } };
	size_t n = 3;

	ck_assert_int_eq(lb_imbalance_apply(imbalance("long_tail"), par, 3, y, 1, rows, &n, &err), -1);
	ck_assert_int_eq(err.code, LB_DATA);
	ck_assert_msg(strstr(err.text, "class 2 of 3") != NULL, "%s", err.text);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("label_noise_and_imbalance");
	TCase *tc = tcase_create("noise");

	tcase_add_test(tc, matrix_rows_are_the_chances);
	tcase_add_test(tc, matrix_refuses_what_is_no_transition_matrix);
	tcase_add_test(tc, matrix_from_a_file);
	tcase_add_test(tc, instance_noise_depends_on_features);
	tcase_add_test(tc, long_tail_and_step_sizes);
	tcase_add_test(tc, imbalance_needs_every_class);
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("label_noise_and_imbalance")
