/* Splits and label noise: counts, disjointness, the same draws from the same seed. */
#include "tests/unit/datasets/tables.h"

/* Ascending and disjoint; returns the number of rows used. */
static size_t check_lists(const struct lb_split *s, size_t n)
{
	uint8_t *seen = calloc(n, 1);
	size_t used = 0;

	for (int k = 0; k < 3; k++)
		for (size_t i = 0; i < s->n[k]; i++) {
			const uint32_t row = s->rows[k][i];
			ck_assert_uint_lt(row, n);
			ck_assert(i == 0 || row > s->rows[k][i - 1]);
			ck_assert_int_eq(seen[row]++, 0);
			used++;
		}
	free(seen);
	return used;
}

static size_t count_class(const struct lb_dataset *d, const struct lb_split *s, int part, int32_t y)
{
	size_t count = 0;

	for (size_t i = 0; i < s->n[part]; i++)
		count += d->y[s->rows[part][i]] == y;
	return count;
}

static void ck_near(size_t count, double quota)
{
	ck_assert_msg(fabs((double)count - quota) < 1 + 1e-9, "%zu, expected about %g", count, quota);
}

static size_t count_events(const struct lb_dataset *d, const struct lb_split *s, int part, int32_t event)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n[part]; i++)
		n += d->event[s->rows[part][i]] == event;
	return n;
}

START_TEST(fractions)
{
	static const double share[][3] = { { 0.64, 0.16, 0.2 }, { 0.5, 0.25, 0.25 }, { 0.7, 0, 0.3 },
					   { 0.1, 0.1, 0.1 },   { 1, 0, 0 },         { 0.34, 0.33, 0.33 } };

	for (size_t k = 0; k < sizeof share / sizeof *share; k++)
		for (size_t n = 30; n < 140; n += 7)
			for (int stratify = 0; stratify < 2; stratify++) {
				struct lb_dataset *d = rows(n, 0);
				struct lb_split s = cut(d, (struct lb_split_options){ .train = share[k][0],
										      .valid = share[k][1],
										      .test = share[k][2],
										      .stratify = stratify,
										      .seed = n });
				const size_t used = check_lists(&s, n);
				ck_near(used, (double)n * (share[k][0] + share[k][1] + share[k][2]));
				for (int part = 0; part < 3; part++) {
					ck_near(s.n[part], (double)n * share[k][part]);
					for (int32_t y = 0; stratify && y < 3; y++) {
						size_t of_class = 0;
						for (size_t i = 0; i < n; i++)
							of_class += d->y[i] == y;
						ck_near(count_class(d, &s, part, y), (double)of_class * share[k][part]);
					}
				}
				lb_split_free(&s);
				lb_dataset_free(d);
			}
}
END_TEST

/* n rows of KINDS classes in turn. */
enum { KINDS = 6 };
static struct lb_dataset *of_kinds(size_t n)
{
	struct lb_buf b = { 0 };

	lb_buf_puts(&b, "x,y\n");
	for (size_t i = 0; i < n; i++)
		lb_buf_printf(&b, "%zu,%zu\n", i, i % KINDS);
	struct lb_dataset *d = one(b.s, ROLES(.kind = LB_MULTICLASS));
	ck_assert_msg(d != NULL, "%s", err.text);
	lb_buf_free(&b);
	return d;
}

/* A class is wholly in training or wholly out of it, as many as asked for; of those that are out
 * each is divided as valid to test. Other seeds draw other classes. */
START_TEST(classes_are_held_out)
{
	size_t differ = 0, before = 0;

	for (uint64_t seed = 0; seed < 12; seed++)
		for (size_t held = 1; held <= KINDS - 2; held++) {
			struct lb_dataset *d = of_kinds(120);
			struct lb_split s = cut(d, (struct lb_split_options){ .valid = 0.3, .test = 0.6, .held_out = held, .seed = seed });
			size_t out = 0, which = 0;
			ck_assert_uint_eq(check_lists(&s, 120), 120);
			ck_assert(s.by_class);
			for (int32_t c = 0; c < KINDS; c++) {
				const size_t train = count_class(d, &s, LB_TRAIN, c), valid = count_class(d, &s, LB_VALID, c), test = count_class(d, &s, LB_TEST, c);
				ck_assert(!train != !(valid + test));
				out += !train;
				which += !train ? (size_t)1 << c : 0;
				if (!train)
					ck_near(valid, (double)(valid + test) / 3);
			}
			ck_assert_uint_eq(out, held);
			if (held == 1 && seed)
				differ += which != before;
			before = held == 1 ? which : before;
			lb_split_free(&s);
			lb_dataset_free(d);
		}
	ck_assert_uint_gt(differ, 4);
}
END_TEST

START_TEST(classes_of_these_names_are_held_out)
{
	struct lb_dataset *d = of_kinds(60);
	const char *const names[] = { d->class_name[3], d->class_name[1] }, *twice[] = { d->class_name[1], d->class_name[1] }, *other[] = { "no such class" };
	struct lb_split_options opt = { .test = 1, .held_out_name = names, .n_held_out = 2 };
	struct lb_split s = cut(d, opt);

	for (int32_t c = 0; c < KINDS; c++) {
		ck_assert_int_eq(count_class(d, &s, LB_TRAIN, c) == 0, c == 1 || c == 3);
		ck_assert_int_eq(count_class(d, &s, LB_TEST, c) > 0, c == 1 || c == 3);
	}
	lb_split_free(&s);
	opt.held_out_name = twice;
	ck_assert_int_eq(lb_split_make(d, &opt, &s, &err), -1);
	ck_assert(strstr(err.text, "stands twice"));
	opt.held_out_name = other, opt.n_held_out = 1;
	ck_assert_int_eq(lb_split_make(d, &opt, &s, &err), -1);
	ck_assert(strstr(err.text, "found 'no such class', allowed: classes of the data, such as '"));
	opt = (struct lb_split_options){ .test = 1, .held_out = KINDS - 1 };
	ck_assert_int_eq(lb_split_make(d, &opt, &s, &err), -1);
	ck_assert(strstr(err.text, "allowed: at least 2 classes are left for training"));
	opt.held_out = 1, opt.test = 0;
	ck_assert_int_eq(lb_split_make(d, &opt, &s, &err), -1);
	ck_assert(strstr(err.text, "valid and test are both 0"));
	lb_dataset_free(d);
}
END_TEST

START_TEST(same_seed_same_rows)
{
	struct lb_dataset *d = rows(200, 0);
	struct lb_split_options opt = { .train = 0.6, .valid = 0.2, .test = 0.2, .stratify = true, .seed = 5 };
	struct lb_split a = cut(d, opt), b = cut(d, opt);

	for (int k = 0; k < 3; k++) {
		ck_assert_uint_eq(a.n[k], b.n[k]);
		ck_assert_mem_eq(a.rows[k], b.rows[k], a.n[k] * sizeof **a.rows);
	}
	opt.seed = 6;
	struct lb_split c = cut(d, opt);
	ck_assert(memcmp(a.rows[0], c.rows[0], a.n[0] * sizeof **a.rows) != 0);
	lb_split_free(&a);
	lb_split_free(&b);
	lb_split_free(&c);
	lb_dataset_free(d);
}
END_TEST

START_TEST(first_and_modulo)
{
	const double residues[] = { 1, 4 };
	struct lb_dataset *d = rows(100, 0);
	struct lb_split s = cut(d, (struct lb_split_options){ .kind = LB_SPLIT_FIRST, .first = 80, .valid = 0.25, .seed = 1 });

	ck_assert_uint_eq(check_lists(&s, 100), 100);
	ck_assert_uint_eq(s.n[LB_TRAIN], 60);
	ck_assert_uint_eq(s.n[LB_VALID], 20);
	ck_assert_uint_eq(s.rows[LB_TEST][0], 80);
	lb_split_free(&s);
	s = cut(d, (struct lb_split_options){
			   .kind = LB_SPLIT_MODULO, .modulo = 5, .test_residues = residues, .n_test_residues = 2 });
	ck_assert_uint_eq(check_lists(&s, 100), 100);
	ck_assert_uint_eq(s.n[LB_TEST], 40);
	for (size_t i = 0; i < s.n[LB_TEST]; i++)
		ck_assert(s.rows[LB_TEST][i] % 5 == 1 || s.rows[LB_TEST][i] % 5 == 4);
	lb_split_free(&s);
	lb_dataset_free(d);
}
END_TEST

START_TEST(folds)
{
	enum { N = 103, FOLDS = 5 };
	struct lb_dataset *d = rows(N, 0);

	for (int stratify = 0; stratify < 2; stratify++) {
		int seen[N] = { 0 };
		for (size_t fold = 0; fold < FOLDS; fold++) {
			struct lb_split s = cut(d, (struct lb_split_options){ .kind = LB_SPLIT_FOLDS,
									      .folds = FOLDS,
									      .fold = fold,
									      .valid = 0.1,
									      .stratify = stratify,
									      .seed = 3 });
			ck_assert_uint_eq(check_lists(&s, N), N);
			ck_near(s.n[LB_TEST], (double)N / FOLDS);
			for (size_t i = 0; i < s.n[LB_TEST]; i++)
				seen[s.rows[LB_TEST][i]]++;
			for (int32_t y = 0; stratify && y < 3; y++) {
				size_t of_class = 0;
				for (size_t i = 0; i < N; i++)
					of_class += d->y[i] == y;
				ck_near(count_class(d, &s, LB_TEST, y), (double)of_class / FOLDS);
			}
			lb_split_free(&s);
		}
		for (int i = 0; i < N; i++)
			ck_assert_int_eq(seen[i], 1);
	}
	lb_dataset_free(d);
}
END_TEST

/* Cross-validation inside a split: over the folds every training or validation row validates once;
 * the test rows are untouched, and out of sight unless they are asked for. */
START_TEST(refolding)
{
	enum { N = 103, FOLDS = 4 };
	const struct lb_split_options o = { .train = 0.6, .valid = 0.2, .test = 0.2, .stratify = true, .seed = 9 };
	struct lb_dataset *d = rows(N, 0);
	struct lb_split whole = cut(d, o);
	int seen[N] = { 0 };

	for (size_t fold = 0; fold < FOLDS; fold++) {
		struct lb_split s = cut(d, o), t = cut(d, o);
		ck_assert_int_eq(lb_split_inner_folds(d, &o, FOLDS, fold, false, &s, &err), 0);
		ck_assert_int_eq(lb_split_inner_folds(d, &o, FOLDS, fold, true, &t, &err), 0);
		ck_assert_uint_eq(check_lists(&s, N), whole.n[LB_TRAIN] + whole.n[LB_VALID]);
		ck_assert_uint_eq(s.n[LB_TEST], 0);
		ck_assert_uint_eq(t.n[LB_TEST], whole.n[LB_TEST]);
		ck_assert_mem_eq(t.rows[LB_TEST], whole.rows[LB_TEST], whole.n[LB_TEST] * sizeof(uint32_t));
		ck_assert_mem_eq(t.rows[LB_VALID], s.rows[LB_VALID], s.n[LB_VALID] * sizeof(uint32_t));
		for (size_t i = 0; i < s.n[LB_VALID]; i++)
			seen[s.rows[LB_VALID][i]]++;
		for (int32_t y = 0; y < 3; y++)
			ck_near(count_class(d, &s, LB_VALID, y), (double)(count_class(d, &whole, LB_TRAIN, y) + count_class(d, &whole, LB_VALID, y)) / FOLDS);
		lb_split_free(&s);
		lb_split_free(&t);
	}
	for (size_t i = 0; i < whole.n[LB_TEST]; i++)
		ck_assert_int_eq(seen[whole.rows[LB_TEST][i]]++, 0);
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(seen[i], 1);
	ck_assert_int_eq(lb_split_inner_folds(d, &o, 1000, 0, false, &whole, &err), -1);
	ck_assert_int_eq(err.code, LB_CONFIG);
	lb_dataset_free(d);
}
END_TEST

static void check_groups(const struct lb_split *s, size_t g)
{
	int side[100] = { 0 };

	for (int k = 0; k < 3; k++)
		for (size_t i = 0; i < s->n[k]; i++) {
			int *at = &side[s->rows[k][i] / g];
			ck_assert(*at == 0 || *at == k + 1);
			*at = k + 1;
		}
}

START_TEST(groups_stay_together)
{
	struct lb_dataset *d = rows(300, 6);
	int seen[300] = { 0 };
	struct lb_split s = cut(d, (struct lb_split_options){ .train = 0.6, .valid = 0.2, .test = 0.2, .seed = 9 });

	ck_assert_uint_eq(check_lists(&s, 300), 300);
	check_groups(&s, 6);
	ck_assert_uint_eq(s.n[LB_TRAIN], 180);
	ck_assert_uint_eq(s.n[LB_VALID], 60);
	lb_split_free(&s);
	for (size_t fold = 0; fold < 4; fold++) {
		s = cut(d,
			(struct lb_split_options){ .kind = LB_SPLIT_FOLDS, .folds = 4, .fold = fold, .valid = 0.2, .seed = 9 });
		check_groups(&s, 6);
		for (size_t i = 0; i < s.n[LB_TEST]; i++)
			seen[s.rows[LB_TEST][i]]++;
		lb_split_free(&s);
	}
	for (int i = 0; i < 300; i++)
		ck_assert_int_eq(seen[i], 1);
	const struct lb_split_options first = { .kind = LB_SPLIT_FIRST, .first = 100 };
	ck_assert_int_eq(lb_split_make(d, &first, &s, &err), -1);
	ck_message("data.group");
	lb_dataset_free(d);
}
END_TEST

START_TEST(test_file_is_the_test_part)
{
	struct lb_dataset *d = both("x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n6,1\n", "x,y\n7,0\n8,1\n", BINARY);
	struct lb_split s = cut(d, (struct lb_split_options){ .train = 2 / 3.0, .valid = 1 / 3.0, .stratify = true });

	ck_assert_uint_eq(check_lists(&s, 8), 8);
	ck_assert_uint_eq(s.n[LB_TRAIN], 4);
	ck_assert_uint_eq(count_class(d, &s, LB_VALID, 1), 1);
	ck_assert_uint_eq(s.rows[LB_TEST][0], 6);
	lb_split_free(&s);
	lb_dataset_free(d);
}
END_TEST

START_TEST(validation_file_is_the_validation_part)
{
	struct lb_dataset *d = three("x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n6,1\n", "x,y\n7,0\n8,1\n", NULL, BINARY);
	const double residues[] = { 1 };
	const struct lb_split_options ways[] = {
		{ .train = 2 / 3.0, .test = 1 / 3.0, .stratify = true },
		{ .kind = LB_SPLIT_FIRST, .first = 4 },
		{ .kind = LB_SPLIT_MODULO, .modulo = 3, .test_residues = residues, .n_test_residues = 1 },
		{ .kind = LB_SPLIT_FOLDS, .folds = 3 },
	};
	struct lb_split s;

	for (size_t k = 0; k < sizeof ways / sizeof *ways; k++) {
		s = cut(d, ways[k]);
		ck_assert_uint_eq(check_lists(&s, 8), 8);
		ck_assert_uint_eq(s.n[LB_TRAIN], 4);
		ck_assert_uint_eq(s.n[LB_TEST], 2);
		ck_assert_uint_lt(s.rows[LB_TEST][1], 6);
		ck_assert_uint_eq(s.n[LB_VALID], 2);
		ck_assert_uint_eq(s.rows[LB_VALID][0], 6);
		lb_split_free(&s);
	}
	const struct lb_split_options twice = { .train = 0.5, .valid = 0.2, .test = 0.2 }, all = { .kind = LB_SPLIT_FIRST, .first = 6 };
	ck_assert_int_eq(lb_split_make(d, &twice, &s, &err), -1);
	ck_message("data.split.valid: found 0.2, but data.valid gives the validation rows");
	ck_assert_int_eq(lb_split_make(d, &all, &s, &err), -1);
	ck_message("data.split.first: found 6, allowed 1 to 5");
	lb_dataset_free(d);
}
END_TEST

/* Events and censored rows of a survival are strata: in shares, in folds and in folds within a
 * split. */
START_TEST(events_are_strata)
{
	enum { ROWS = 57, EVENTS = 11 };
	char text[ROWS * 16] = "x,t,e\n";
	size_t events[2] = { 0 };

	for (int i = 0; i < ROWS; i++)
		sprintf(text + strlen(text), "%d,%d,%d\n", i * i, i % 7, i % 5 == 0 && i < 5 * EVENTS);
	struct lb_dataset *d = three(text, NULL, NULL, ROLES(.kind = LB_SURVIVAL, AUTO, .label = "t", .event = "e"));
	for (size_t i = 0; i < ROWS; i++)
		events[d->event[i]]++;
	ck_assert_uint_eq(events[1], EVENTS);
	for (uint64_t seed = 0; seed < 20; seed++) {
		const struct lb_split_options shares = { .train = 0.5, .valid = 0.2, .test = 0.3, .stratify = true, .seed = seed };
		struct lb_split s = cut(d, shares);
		for (int part = 0; part < 3; part++)
			for (int e = 0; e < 2; e++)
				ck_near(count_events(d, &s, part, e), (double)events[e] * (const double[]){ 0.5, 0.2, 0.3 }[part]);
		ck_assert_int_eq(lb_split_inner_folds(d, &shares, 4, 1, true, &s, &err), 0);
		for (int e = 0; e < 2; e++)
			ck_near(count_events(d, &s, LB_VALID, e), (double)events[e] * 0.7 / 4);
		lb_split_free(&s);
		s = cut(d, (struct lb_split_options){ .kind = LB_SPLIT_FOLDS, .folds = 5, .fold = seed % 5, .stratify = true, .seed = seed });
		for (int e = 0; e < 2; e++)
			ck_near(count_events(d, &s, LB_TEST, e), (double)events[e] / 5);
		lb_split_free(&s);
	}
	lb_dataset_free(d);
}
END_TEST

START_TEST(all_three_files)
{
	struct lb_dataset *d = three("g,x,y\na,1,0\na,2,1\nb,3,0\n", "g,x,y\nc,7,0\nc,8,1\n", "g,x,y\nd,9,1\n",
				     ROLES(.kind = LB_BINARY, AUTO, .group = "g"));
	const struct lb_split_options whole = { .train = 1 };
	struct lb_split s = cut(d, whole);

	ck_assert_uint_eq(check_lists(&s, 6), 6);
	ck_assert_uint_eq(s.n[LB_TRAIN], 3);
	ck_assert_uint_eq(s.rows[LB_VALID][0], 3);
	ck_assert_uint_eq(s.rows[LB_TEST][0], 5);
	/* folds take the rows of the training and the validation file, and leave those of the test
	 * file alone */
	ck_assert_int_eq(lb_split_inner_folds(d, &whole, 2, 0, true, &s, &err), 0);
	ck_assert_uint_eq(check_lists(&s, 6), 6);
	ck_assert_uint_eq(s.n[LB_TEST], 1);
	ck_assert_uint_eq(s.rows[LB_TEST][0], 5);
	lb_split_free(&s);
	lb_dataset_free(d);

	d = three("g,x,y\na,1,0\na,2,1\nb,3,0\n", "g,x,y\nb,7,0\n", NULL, ROLES(.kind = LB_BINARY, AUTO, .group = "g"));
	ck_assert_int_eq(lb_split_make(d, &whole, &s, &err), -1);
	ck_message("rows of one group (row 4 is of it) are both in the training part and in the validation part; keep its rows in one file");
	lb_dataset_free(d);
}
END_TEST

static const double residue_5[] = { 5 };
static const struct {
	struct lb_split_options opt;
	const char *message;
} bad_split[] = {
	{ { .train = 0.9, .test = 0.2 }, "the sum at most 1" },
	{ { .train = 0, .test = 0.2 }, "train must be positive" },
	{ { .train = 0.9, .valid = 0.01 }, "data.split.valid" },
	{ { .train = 0.01, .test = 0.9 }, "no row is left for training" },
	{ { .kind = LB_SPLIT_FIRST, .first = 20 }, "allowed 1 to 19" },
	{ { .kind = LB_SPLIT_MODULO, .modulo = 5 }, "at least one residue" },
	{ { .kind = LB_SPLIT_MODULO, .modulo = 5, .test_residues = residue_5, .n_test_residues = 1 }, "from 0 to 4" },
	{ { .kind = LB_SPLIT_FOLDS, .folds = 21 }, "allowed 2 to 20" },
	{ { .kind = LB_SPLIT_FOLDS, .folds = 5, .fold = 5 }, "allowed 0 to 4" },
	{ { .kind = LB_SPLIT_FOLDS, .folds = 5, .valid = 1 }, "below 1" },
};

START_TEST(refuses_splits)
{
	struct lb_dataset *d = rows(20, 0);
	struct lb_split s;

	ck_assert_int_eq(lb_split_make(d, &bad_split[_i].opt, &s, &err), -1);
	ck_message(bad_split[_i].message);
	ck_assert_ptr_null(s.rows[0]);
	lb_dataset_free(d);
}
END_TEST

/* ---- corruption ---- */

enum { NOISY = 20000, CLASSES = 5 };

static void corrupt(const char *name, double rate, double self, struct lb_arg swap, int32_t *y)
{
	static uint32_t all[NOISY];
	const struct lb_arg par[4] = { { .v = rate }, strcmp(name, "pair") ? (struct lb_arg){ .v = self } : swap, { .v = 1 } };

	const struct lb_noise noise = { .par = par, .n_classes = CLASSES, .rows = all, .n = NOISY, .seed = 11 };

	for (uint32_t i = 0; i < NOISY; i++) {
		all[i] = i;
		y[i] = (int32_t)(i % CLASSES);
	}
	for (size_t k = 0; k < lb_corruption_count(); k++)
		if (strcmp(lb_corruption_at(k)->base.name, name) == 0)
			ck_assert_int_eq(lb_corruption_at(k)->apply(&noise, y, &err), 0);
}

START_TEST(uniform_noise)
{
	static int32_t y[NOISY], before[NOISY];
	static const double rate[] = { 0, 0.1, 0.3, 0.6, 1 };
	const struct lb_arg none = { 0 };

	for (size_t k = 0; k < sizeof rate / sizeof *rate; k++) {
		size_t flipped = 0, to[CLASSES] = { 0 };
		corrupt("uniform", rate[k], 0, none, y);
		for (int i = 0; i < NOISY; i++) {
			ck_assert(y[i] >= 0 && y[i] < CLASSES);
			ck_assert(k == 0 || before[i] == i % CLASSES || before[i] == y[i]);
			flipped += y[i] != i % CLASSES;
			to[(y[i] - i % CLASSES + CLASSES) % CLASSES]++;
			before[i] = y[i];
		}
		ck_share(flipped, NOISY, rate[k]);
		for (int c = 1; c < CLASSES; c++)
			ck_share(to[c], NOISY, rate[k] / (CLASSES - 1));
	}
	size_t kept = 0;
	corrupt("uniform", 1, 1, none, y);
	for (int i = 0; i < NOISY; i++)
		kept += y[i] == i % CLASSES;
	ck_share(kept, NOISY, 1.0 / CLASSES);
}
END_TEST

START_TEST(pair_noise)
{
	static int32_t y[NOISY];
	const double pairs[] = { 0, 3, 1, 4 };
	const int32_t partner[] = { 3, 4, 2, 0, 1 };
	size_t flipped = 0, swapped = 0;

	corrupt("pair", 0.4, 0, (struct lb_arg){ 0 }, y);
	for (int i = 0; i < NOISY; i++) {
		ck_assert(y[i] == i % CLASSES || y[i] == (i + 1) % CLASSES);
		flipped += y[i] != i % CLASSES;
	}
	ck_share(flipped, NOISY, 0.4);
	corrupt("pair", 0.4, 0, (struct lb_arg){ .list = pairs, .n = 4 }, y);
	for (int i = 0; i < NOISY; i++) {
		ck_assert(y[i] == i % CLASSES || y[i] == partner[i % CLASSES]);
		swapped += y[i] != i % CLASSES;
	}
	ck_share(swapped, NOISY * 4 / 5, 0.4);
}
END_TEST

START_TEST(corruptions_check_and_leave_alone)
{
	static int32_t y[NOISY];
	const double outside[] = { 0, 5 }, twice[] = { 0, 1, 1, 2 };
	const struct lb_arg odd[] = { { .v = 0 }, { .list = outside, .n = 1 } },
			    out[] = { { .v = 0 }, { .list = outside, .n = 2 } },
			    again[] = { { .v = 0 }, { .list = twice, .n = 4 } };

	corrupt("none", 0, 0, (struct lb_arg){ 0 }, y);
	for (int i = 0; i < NOISY; i++)
		ck_assert_int_eq(y[i], i % CLASSES);
	for (size_t k = 0; k < lb_corruption_count(); k++) {
		const struct lb_corruption *c = lb_corruption_at(k);
		if (strcmp(c->base.name, "pair"))
			continue;
		ck_assert_int_eq(c->check(odd, CLASSES, &err), -1);
		ck_assert_int_eq(c->check(out, CLASSES, &err), -1);
		ck_message("allowed 0 to 4");
		ck_assert_int_eq(c->check(again, CLASSES, &err), -1);
	}
}
END_TEST

START_TEST(noise_does_not_depend_on_the_list)
{
	int32_t a[] = { 0, 1, 2, 3, 4, 0, 1, 2 }, b[] = { 0, 1, 2, 3, 4, 0, 1, 2 };
	const uint32_t up[] = { 0, 1, 2, 3, 4, 5, 6, 7 }, some[] = { 7, 3 };
	const struct lb_arg par[] = { { .v = 1 }, { .v = 0 } };

	const struct lb_noise whole = { .par = par, .n_classes = CLASSES, .rows = up, .n = 8, .seed = 4 },
			      part = { .par = par, .n_classes = CLASSES, .rows = some, .n = 2, .seed = 4 };

	ck_assert_int_eq(lb_corruption_at(1)->apply(&whole, a, &err), 0);
	ck_assert_int_eq(lb_corruption_at(1)->apply(&part, b, &err), 0);
	ck_assert_int_eq(a[7], b[7]);
	ck_assert_int_eq(a[3], b[3]);
	ck_assert_int_eq(b[0], 0);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const tests[] = {
		fractions,
		classes_are_held_out,
		classes_of_these_names_are_held_out,
		same_seed_same_rows,
		first_and_modulo,
		folds,
		refolding,
		groups_stay_together,
		test_file_is_the_test_part,
		validation_file_is_the_validation_part,
		all_three_files,
		events_are_strata,
		uniform_noise,
		pair_noise,
		corruptions_check_and_leave_alone,
		noise_does_not_depend_on_the_list,
	};
	Suite *s = suite_create("split");
	TCase *tc = tcase_create("splits");

	for (size_t k = 0; k < sizeof tests / sizeof *tests; k++)
		tcase_add_test(tc, tests[k]);
	tcase_add_loop_test(tc, refuses_splits, 0, (int)(sizeof bad_split / sizeof *bad_split));
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("split")
