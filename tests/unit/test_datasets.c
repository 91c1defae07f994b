/* From tables to batches: assemble, split, corrupt, encode, gather, generators; against brute force in this file. */
#include "core/base/mem.h"
#include "core/base/text.h"
#include "datasets/gather.h"
#include "tests/unit/suite.h"

#include <string.h>

void lb_gather_f32(const struct lb_encoding *e, const uint32_t *rows, size_t b, float *out);

static struct lb_err err;

/* ---- tables by hand: "a,b\n1,x\n2,\n" with a header line; an empty cell is missing ---- */

static void add_cell(struct lb_column *c, size_t row, const char *s, size_t n)
{
	int32_t k = 0;

	c->code[row] = -1;
	c->num[row] = NAN;
	if (n == 0) {
		if (!c->n_missing++)
			c->first_missing_line = row + 2;
		return;
	}
	if (!lb_parse_double(s, n, &c->num[row]))
		c->type = LB_TEXT;
	while (k < (int32_t)c->n_levels && (strlen(c->level[k]) != n || strncmp(c->level[k], s, n)))
		k++;
	if (k == (int32_t)c->n_levels)
		c->level[c->n_levels++] = lb_strndup(s, n, NULL);
	c->code[row] = k;
}

static void settle(struct lb_column *c)
{
	if (c->type == LB_TEXT) {
		free(c->num);
		c->num = NULL;
		return;
	}
	for (size_t k = 0; k < c->n_levels; k++)
		free(c->level[k]);
	free(c->level);
	free(c->code);
	c->level = NULL;
	c->code = NULL;
	c->n_levels = 0;
}

static struct lb_table table(const char *csv)
{
	struct lb_table t = { .has_header = true, .format = "csv", .n_cols = 1 };
	size_t lines = 0;

	for (const char *p = csv; *p; p++)
		lines += *p == '\n';
	for (const char *p = csv; *p != '\n'; p++)
		t.n_cols += *p == ',';
	t.n = lines - 1;
	t.col = lb_alloc(t.n_cols, sizeof *t.col, NULL);
	t.line = lb_alloc(t.n, sizeof *t.line, NULL);
	for (size_t i = 0; i <= t.n; i++)
		for (size_t j = 0; j < t.n_cols; j++) {
			const size_t n = strcspn(csv, ",\n");
			struct lb_column *c = &t.col[j];
			if (i == 0) {
				c->name = lb_strndup(csv, n, NULL);
				c->num = lb_alloc(t.n, sizeof *c->num, NULL);
				c->code = lb_alloc(t.n, sizeof *c->code, NULL);
				c->level = lb_alloc(t.n, sizeof *c->level, NULL);
			} else
				add_cell(c, i - 1, csv, n);
			csv += n + 1;
		}
	for (size_t i = 0; i < t.n; i++)
		t.line[i] = i + 2;
	for (size_t j = 0; j < t.n_cols; j++)
		settle(&t.col[j]);
	return t;
}

static struct lb_table block(enum lb_dtype dtype, size_t n, size_t d, const double *v)
{
	static const size_t size[] = { 1, 4, 8 };
	struct lb_table t = { .n = n, .format = "idx", .block = { dtype, n, d, lb_alloc(n * d, size[dtype], NULL) } };

	for (size_t k = 0; k < n * d; k++)
		if (dtype == LB_U8)
			((uint8_t *)t.block.x)[k] = (uint8_t)v[k];
		else if (dtype == LB_F32)
			((float *)t.block.x)[k] = (float)v[k];
		else
			((double *)t.block.x)[k] = v[k];
	return t;
}

static struct lb_dataset *join(struct lb_table train, struct lb_table labels, struct lb_table test, struct lb_table test_labels,
			       struct lb_roles roles)
{
	const char *const paths[4] = { "train.csv", "labels.csv", "test.csv", "test-labels.csv" };
	struct lb_dataset *d = NULL;

	err = (struct lb_err){ 0 };
	lb_dataset_assemble(&train, labels.n ? &labels : NULL, test.n ? &test : NULL, test_labels.n ? &test_labels : NULL, paths, &roles, &d,
			    &err);
	lb_table_free(&train);
	lb_table_free(&labels);
	lb_table_free(&test);
	lb_table_free(&test_labels);
	return d;
}

static struct lb_dataset *both(const char *train, const char *test, struct lb_roles roles)
{
	const struct lb_table none = { 0 };

	return join(table(train), none, test ? table(test) : none, none, roles);
}

static struct lb_dataset *one(const char *csv, struct lb_roles roles)
{
	return both(csv, NULL, roles);
}

#define AUTO .categorical_auto = true
#define ROLES(...) ((struct lb_roles){ __VA_ARGS__ })
#define BINARY ROLES(.kind = LB_BINARY, AUTO)
#define MULTI ROLES(.kind = LB_MULTICLASS, AUTO)
#define REGRESSION ROLES(.kind = LB_REGRESSION, AUTO)

static void ck_message(const char *part)
{
	ck_assert_msg(strstr(err.text, part) != NULL, "'%s' is not in: %s", part, err.text);
}

static bool warned(const struct lb_dataset *d, const char *part)
{
	for (size_t k = 0; k < d->n_warnings; k++)
		if (strstr(d->warning[k], part))
			return true;
	return false;
}

/* ---- assemble ---- */

START_TEST(roles_of_columns)
{
	const char *const drop[] = { "id" };
	struct lb_dataset *d = one("id,age,w,g,y,sex\n7,20,1,u,b,m\n8,30.5,2,v,a,f\n9,40,0,u,b,m\n",
				   ROLES(.kind = LB_BINARY, AUTO, .label = "-2", .drop = drop, .n_drop = 1, .group = "g", .weight = "3"));

	ck_assert_msg(d != NULL, "%s", err.text);
	ck_assert_uint_eq(d->n, 3);
	ck_assert_uint_eq(d->x.d, 1);
	ck_assert_str_eq(d->x_name[0], "age");
	ck_assert_int_eq(d->x.dtype, LB_F32);
	ck_assert_uint_eq(d->n_cat, 1);
	ck_assert_str_eq(d->cat[0].level[0], "f");
	ck_assert_int_eq(d->cat[0].code[0], 1);
	ck_assert_str_eq(d->class_name[0], "a");
	ck_assert_int_eq(d->y[0], 1);
	ck_assert_int_eq(d->y[1], 0);
	ck_assert_double_eq(d->weight[1], 2);
	ck_assert_int_eq(d->group[0], d->group[2]);
	ck_assert_int_ne(d->group[0], d->group[1]);
	ck_assert(warned(d, "only one row in the training file: 'a'"));
	ck_assert_str_eq(d->source[0].path, "train.csv");
	lb_dataset_free(d);
}
END_TEST

START_TEST(classes_by_number_or_bytes)
{
	struct lb_dataset *d = one("x,y\n1,10\n2,9\n3,0.0\n4,+0\n5,0\n", MULTI);

	ck_assert_uint_eq(d->n_classes, 3);
	ck_assert_str_eq(d->class_name[0], "0");
	ck_assert_str_eq(d->class_name[1], "9");
	ck_assert_str_eq(d->class_name[2], "10");
	ck_assert_int_eq(d->y[0], 2);
	ck_assert_int_eq(d->y[2], 0);
	ck_assert_int_eq(d->y[3], 0);
	lb_dataset_free(d);
	d = one("x,y\n1,b\n2,9\n3,10\n4,B\n", MULTI);
	ck_assert_str_eq(d->class_name[0], "10");
	ck_assert_str_eq(d->class_name[1], "9");
	ck_assert_str_eq(d->class_name[2], "B");
	ck_assert_str_eq(d->class_name[3], "b");
	lb_dataset_free(d);
	d = one("x,y\n1,-1\n2,1\n", ROLES(.kind = LB_BINARY, .positive = "-1.0"));
	ck_assert_str_eq(d->class_name[1], "-1");
	ck_assert_int_eq(d->y[0], 1);
	lb_dataset_free(d);
}
END_TEST

/* config and table -> part of the message */
static const struct {
	struct lb_roles roles;
	const char *train, *test, *message;
} refused[] = {
	{ { .kind = LB_BINARY }, "x,y\n1,1\n2,2\n3,3\n", NULL, "exactly two classes, found 3 ('1', '2', '3')" },
	{ { .kind = LB_MULTICLASS }, "x,y\n1,1\n2,1\n", NULL, "at least two classes, found 1" },
	{ { .kind = LB_MULTICLASS }, "x,y\n1,1\n2,0.5\n", NULL, "train.csv:3: column 'y': the label 0.5 is not a class" },
	{ { .kind = LB_MULTICLASS }, "x,y\n1,1\n2,\n", NULL, "train.csv:3: column 'y': the label is missing" },
	{ { .kind = LB_BINARY, .positive = "yes" }, "x,y\n1,a\n2,b\n", NULL, "no class 'yes'" },
	{ { .kind = LB_BINARY, .label = "lable" }, "x,label\n1,1\n2,2\n", NULL, "did you mean 'label'?" },
	{ { .kind = LB_BINARY, .label = "qqqqqq" }, "x,label\n1,1\n2,2\n", NULL, "the columns are 'x', 'label'" },
	{ { .kind = LB_BINARY, .label = "3" }, "x,y\n1,1\n2,2\n", NULL, "there is no column 3; the table has 2" },
	{ { .kind = LB_BINARY, .label = "0" }, "x,y\n1,1\n2,2\n", NULL, "there is no column 0" },
	{ { .kind = LB_BINARY, .label = "x" }, "x,x,y\n1,1,1\n2,2,2\n", NULL, "columns 1 and 2; say which by number" },
	{ { .kind = LB_BINARY, .weight = "y" }, "x,y\n1,1\n2,2\n", NULL, "as data.weight and as data.train.label" },
	{ { .kind = LB_BINARY, .weight = "w" }, "x,w,y\n1,1,1\n2,-1,2\n", NULL, "train.csv:3: column 'w': the weight -1 is negative" },
	{ { .kind = LB_BINARY, .weight = "w" }, "x,w,y\n1,1,1\n2,a,2\n", NULL, "train.csv:3: column 'w': the weight 'a' is not a number" },
	{ { .kind = LB_BINARY, .weight = "w" }, "x,w,y\n1,0,1\n2,0,2\n", NULL, "all weights are 0" },
	{ { .kind = LB_REGRESSION }, "x,y\n1,1\n2,a\n", NULL, "train.csv:3: column 'y': the target 'a' is not a number" },
	{ { .kind = LB_BINARY }, "x,s,y\n1,4,1\n2,m,2\n", NULL, "train.csv:3: the column 's' holds text ('m')" },
	{ { .kind = LB_BINARY }, "x,z,y\n1,4,1\n2,,2\n3,,2\n", NULL, "train.csv:3: column 'z': the value is missing (2 of 3 rows" },
	{ { .kind = LB_BINARY, .missing = LB_MISSING_MEAN }, "x,z,y\n1,,1\n2,,2\n", NULL, "column 'z' has no value at all" },
	{ { .kind = LB_BINARY, .missing = LB_MISSING_DROP }, "x,z,y\n1,,1\n2,,2\n", NULL, "every row has a missing value" },
	{ { .kind = LB_BINARY }, "y\n1\n2\n", NULL, "no column is left as a feature" },
	{ { .kind = LB_BINARY }, "x,y\n1,a\n2,b\n", "x,y\n1,a\n2,c\n", "test.csv:3: column 'y': the class 'c' does not occur" },
	{ { .kind = LB_BINARY }, "x,y\n1,1\n2,2\n", "x,y\n1,1\n2,c\n", "test.csv:3: column 'y': the class 'c' does not occur" },
	{ { .kind = LB_BINARY }, "x,y\n1,1\n2,2\n", "x,y\na,1\n2,2\n", "test.csv:2: the column 'x' holds 'a', but is a number" },
	{ { .kind = LB_BINARY }, "x,y\n1,1\n2,2\n", "z,y\n1,1\n", "test.csv: the column 'x' of train.csv is not there" },
	{ { .kind = LB_BINARY }, "x,y\n1,1\n2,2\n", "x,y,z\n1,1,2\n", "test.csv: the column 'z' is not in train.csv" },
};

START_TEST(refuses)
{
	struct lb_dataset *d = both(refused[_i].train, refused[_i].test, refused[_i].roles);

	ck_assert_ptr_null(d);
	ck_assert_int_eq(err.code, LB_DATA);
	ck_message(refused[_i].message);
}
END_TEST

START_TEST(test_file_is_matched_by_name)
{
	struct lb_dataset *d = both("a,b,s,y\n1,300,u,0\n2,400,v,1\n", "y,s,b,a\n1,w,7.5,0.1\n", BINARY);

	ck_assert_msg(d != NULL, "%s", err.text);
	ck_assert_uint_eq(d->n, 3);
	ck_assert_uint_eq(d->n_first, 2);
	ck_assert_int_eq(d->x.dtype, LB_F64);
	const double want[] = { 1, 300, 2, 400, 0.1, 7.5 };
	ck_assert_mem_eq(d->x.x, want, sizeof want);
	ck_assert_int_eq(d->y[2], 1);
	ck_assert_uint_eq(d->cat[0].n_levels, 3);
	ck_assert_str_eq(d->cat[0].level[d->cat[0].code[2]], "w");
	ck_assert_uint_eq(d->n_sources, 2);
	lb_dataset_free(d);
}
END_TEST

START_TEST(narrowest_type)
{
	static const struct {
		const char *cell;
		enum lb_dtype dtype;
	} cases[] = { { "255", LB_U8 }, { "256", LB_F32 }, { "-1", LB_F32 }, { "0.5", LB_F32 }, { "0.1", LB_F64 }, { "16777217", LB_F64 }, { "", LB_F32 } };

	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		struct lb_buf b = { 0 };
		lb_buf_printf(&b, "x,y\n0,0\n%s,1\n", cases[k].cell);
		struct lb_dataset *d = one(b.s, ROLES(.kind = LB_BINARY, .missing = LB_MISSING_MEAN));
		ck_assert_msg(d && d->x.dtype == cases[k].dtype, "'%s': %s", cases[k].cell, err.text);
		lb_dataset_free(d);
		lb_buf_free(&b);
	}
}
END_TEST

START_TEST(missing_rows_are_dropped)
{
	struct lb_dataset *d = both("x,s,y\n1,a,p\n,a,q\n3,,q\n4,b,r\n", "x,s,y\n,b,p\n6,b,r\n",
				    ROLES(.kind = LB_MULTICLASS, AUTO, .missing = LB_MISSING_DROP));

	ck_assert_msg(d != NULL, "%s", err.text);
	ck_assert_uint_eq(d->n, 3);
	ck_assert_uint_eq(d->n_first, 2);
	ck_assert_uint_eq(d->n_classes, 2);
	ck_assert_str_eq(d->class_name[1], "r");
	ck_assert_int_eq(d->x.dtype, LB_U8);
	ck_assert_int_eq(((uint8_t *)d->x.x)[2], 6);
	ck_assert(warned(d, "3 of 6 rows have a missing value"));
	lb_dataset_free(d);
}
END_TEST

START_TEST(warnings)
{
	struct lb_buf b = { 0 };

	lb_buf_puts(&b, "a,b,c,d,e,f,g,g,id,y\n");
	for (int i = 0; i < 30; i++)
		lb_buf_printf(&b, "1,1,1,1,1,1,%d,%d,n%d,%d\n", i, i, i, i % 2);
	struct lb_dataset *d = one(b.s, BINARY);
	ck_assert_msg(d != NULL, "%s", err.text);
	ck_assert(warned(d, "6 features are constant: 'a', 'b', 'c', 'd', 'e' and 1 more"));
	ck_assert(warned(d, "1 column name occurs more than once: 'g'"));
	ck_assert(warned(d, "'id' has another value in every row"));
	ck_assert_uint_eq(d->n_warnings, 3);
	lb_dataset_free(d);
	lb_buf_free(&b);
}
END_TEST

START_TEST(several_targets)
{
	struct lb_dataset *d = one("x,a,b\n1,2,3\n4,5,6\n", ROLES(.kind = LB_REGRESSION, .label = "a, -1"));
	const double want[] = { 2, 3, 5, 6 };

	ck_assert_uint_eq(d->n_targets, 2);
	ck_assert_mem_eq(d->target, want, sizeof want);
	ck_assert_ptr_null(d->y);
	lb_dataset_free(d);
}
END_TEST

START_TEST(numbers_as_categories)
{
	const char *const named[] = { "x" };
	struct lb_dataset *d = one("x,y\n10,0\n9,1\n10,1\n", ROLES(.kind = LB_BINARY, .categorical = named, .n_categorical = 1));

	ck_assert_uint_eq(d->x.d, 0);
	ck_assert_str_eq(d->cat[0].level[0], "10");
	ck_assert_str_eq(d->cat[0].level[1], "9");
	ck_assert_int_eq(d->cat[0].code[1], 1);
	lb_dataset_free(d);
}
END_TEST

START_TEST(blocks)
{
	const struct lb_table none = { 0 };
	const double x[] = { 1, 2, 3, 4, 5, 6 }, z[] = { 0.5, 7 }, y[] = { 3, 8, 3 }, v[] = { 8 }, bad[] = { 1, 2 };
	struct lb_dataset *d = join(block(LB_U8, 3, 2, x), block(LB_U8, 3, 1, y), block(LB_F32, 1, 2, z), block(LB_U8, 1, 1, v), MULTI);
	const float want[] = { 1, 2, 3, 4, 5, 6, 0.5f, 7 };

	ck_assert_msg(d != NULL, "%s", err.text);
	ck_assert_uint_eq(d->n_sources, 4);
	ck_assert_int_eq(d->x.dtype, LB_F32);
	ck_assert_mem_eq(d->x.x, want, sizeof want);
	ck_assert_ptr_null(d->x_name);
	ck_assert_str_eq(d->class_name[1], "8");
	ck_assert_int_eq(d->y[3], 1);
	lb_dataset_free(d);

	ck_assert_ptr_null(join(block(LB_U8, 3, 2, x), block(LB_U8, 2, 1, bad), none, none, MULTI));
	ck_message("labels.csv: 2 labels, but train.csv has 3 rows");
	ck_assert_ptr_null(join(block(LB_U8, 3, 2, x), block(LB_U8, 3, 1, y), block(LB_U8, 1, 2, z), none, MULTI));
	ck_message("label file is given for only one");

	d = join(block(LB_U8, 3, 2, x), none, none, none, ROLES(.kind = LB_MULTICLASS, .label = "1"));
	ck_assert_uint_eq(d->x.d, 1);
	ck_assert_str_eq(d->x_name[0], "column 2");
	ck_assert_int_eq(((uint8_t *)d->x.x)[2], 6);
	ck_assert_str_eq(d->class_name[2], "5");
	lb_dataset_free(d);
}
END_TEST

START_TEST(block_with_missing_cells)
{
	const struct lb_table none = { 0 };
	const double x[] = { 1, 2, 3, NAN, 5, 6 }, infinite[] = { 1, 2, HUGE_VAL, 3 }, y[] = { 0, 1, 0 };

	ck_assert_ptr_null(join(block(LB_F64, 3, 2, x), block(LB_U8, 3, 1, y), none, none, BINARY));
	ck_message("train.csv: row 2: column 'column 2': the value is missing (1 of 3");
	ck_assert_ptr_null(join(block(LB_F32, 2, 2, infinite), block(LB_U8, 2, 1, y), none, none, BINARY));
	ck_message("train.csv: row 2: feature 1: the value is infinite");
	ck_assert_ptr_null(join(block(LB_F64, 3, 2, x), block(LB_U8, 3, 1, y), none, none,
				ROLES(.kind = LB_BINARY, .missing = LB_MISSING_DROP)));
	ck_message("exactly two classes, found 1");
}
END_TEST

/* ---- splits ---- */

/* n rows, class of row i drawn with the given share of class 0 of three; groups of g consecutive rows when g > 0. */
static struct lb_dataset *rows(size_t n, size_t g)
{
	struct lb_buf b = { 0 };

	lb_buf_puts(&b, g ? "x,g,y\n" : "x,y\n");
	for (size_t i = 0; i < n; i++) {
		lb_buf_printf(&b, "%zu,", i);
		if (g)
			lb_buf_printf(&b, "%zu,", i / g);
		lb_buf_printf(&b, "%d\n", i % 10 == 0 ? 2 : i % 3 == 0);
	}
	struct lb_dataset *d = one(b.s, ROLES(.kind = LB_MULTICLASS, .group = g ? "g" : NULL));
	ck_assert_msg(d != NULL, "%s", err.text);
	lb_buf_free(&b);
	return d;
}

static struct lb_split cut(const struct lb_dataset *d, struct lb_split_options opt)
{
	struct lb_split s;

	err = (struct lb_err){ 0 };
	ck_assert_msg(lb_split_make(d, &opt, &s, &err) == 0, "%s", err.text);
	return s;
}

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

START_TEST(fractions)
{
	static const double share[][3] = { { 0.64, 0.16, 0.2 }, { 0.5, 0.25, 0.25 }, { 0.7, 0, 0.3 }, { 0.1, 0.1, 0.1 }, { 1, 0, 0 }, { 0.34, 0.33, 0.33 } };

	for (size_t k = 0; k < sizeof share / sizeof *share; k++)
		for (size_t n = 30; n < 140; n += 7)
			for (int stratify = 0; stratify < 2; stratify++) {
				struct lb_dataset *d = rows(n, 0);
				struct lb_split s = cut(d, (struct lb_split_options){ .train = share[k][0], .valid = share[k][1],
						.test = share[k][2], .stratify = stratify, .seed = n });
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
	s = cut(d, (struct lb_split_options){ .kind = LB_SPLIT_MODULO, .modulo = 5, .test_residues = residues, .n_test_residues = 2 });
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
			struct lb_split s = cut(d, (struct lb_split_options){ .kind = LB_SPLIT_FOLDS, .folds = FOLDS, .fold = fold,
					.valid = 0.1, .stratify = stratify, .seed = 3 });
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
		s = cut(d, (struct lb_split_options){ .kind = LB_SPLIT_FOLDS, .folds = 4, .fold = fold, .valid = 0.2, .seed = 9 });
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

	for (uint32_t i = 0; i < NOISY; i++) {
		all[i] = i;
		y[i] = (int32_t)(i % CLASSES);
	}
	for (size_t k = 0; k < lb_corruption_count(); k++)
		if (strcmp(lb_corruption_at(k)->base.name, name) == 0)
			lb_corruption_at(k)->apply(par, CLASSES, all, NOISY, 11, y);
}

static void ck_share(size_t count, size_t n, double p)
{
	const double sigma = sqrt((double)n * p * (1 - p));

	ck_assert_msg(fabs((double)count - (double)n * p) <= 5 * sigma, "%zu of %zu, expected a share of %g", count, n, p);
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
	const struct lb_arg odd[] = { { .v = 0 }, { .list = outside, .n = 1 } }, out[] = { { .v = 0 }, { .list = outside, .n = 2 } },
			    again[] = { { .v = 0 }, { .list = twice, .n = 4 } };

	corrupt("none", 0, 0, (struct lb_arg){ 0 }, y);
	for (int i = 0; i < NOISY; i++)
		ck_assert_int_eq(y[i], i % CLASSES);
	for (size_t k = 0; k < lb_corruption_count(); k++) {
		const struct lb_corruption *c = lb_corruption_at(k);
		if (!c->check)
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

	lb_corruption_at(1)->apply(par, CLASSES, up, 8, 4, a);
	lb_corruption_at(1)->apply(par, CLASSES, some, 2, 4, b);
	ck_assert_int_eq(a[7], b[7]);
	ck_assert_int_eq(a[3], b[3]);
	ck_assert_int_eq(b[0], 0);
}
END_TEST

/* ---- encode and gather ---- */

/* Naive value of a numeric cell under the options, from the definition. */
static double naive(const struct lb_dataset *d, const struct lb_split *s, size_t row, size_t j, struct lb_encode_options opt)
{
	double v[64], mean = 0, var = 0;
	size_t n = 0;

	for (size_t i = 0; i < s->n[LB_TRAIN] + 1; i++) {
		const size_t k = (i < s->n[LB_TRAIN] ? s->rows[LB_TRAIN][i] : row) * d->x.d + j;
		const double x = d->x.dtype == LB_U8 ? ((uint8_t *)d->x.x)[k] : d->x.dtype == LB_F32 ? (double)((float *)d->x.x)[k] : ((double *)d->x.x)[k];
		if (i < s->n[LB_TRAIN] && !isnan(x))
			v[n++] = x / opt.divide;
		else if (i == s->n[LB_TRAIN])
			v[n] = x / opt.divide;
	}
	for (size_t i = 0; i < n; i++)
		mean += v[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		var += (v[i] - mean) * (v[i] - mean) / (double)n;
	const double x = isnan(v[n]) ? mean : v[n];
	if (!opt.standardize)
		return x;
	return var > 1e-20 ? (x - mean) / sqrt(var) : 0;
}

static const char *const encoded[] = {
	"a,b,y\n1,7,0\n2,7,1\n4,7,0\n8,7,1\n255,7,0\n0,7,1\n",
	"a,b,y\n1.5,0.25,0\n,0.25,1\n4,0.25,0\n8,,1\n-3,0.25,0\n1000,0.25,1\n",
	"a,b,y\n1.1,1e9,0\n2.2,1000000001,1\n,1e9,0\n8.8,1e9,1\n0.1,,0\n0.2,5,1\n",
};

START_TEST(gather_agrees_with_the_formula)
{
	static const struct lb_encode_options option[] = { { .divide = 1 }, { .divide = 255 }, { .divide = 1, .standardize = true },
							   { .divide = 255, .standardize = true } };
	const uint32_t order[] = { 5, 0, 3, 1, 4, 2, 2 };
	struct lb_dataset *d = one(encoded[_i], ROLES(.kind = LB_BINARY, .missing = LB_MISSING_MEAN));
	struct lb_split s = cut(d, (struct lb_split_options){ .kind = LB_SPLIT_FIRST, .first = 4 });

	ck_assert_int_eq(d->x.dtype, _i);
	for (size_t k = 0; k < sizeof option / sizeof *option; k++) {
		struct lb_encoding e;
		double x[14];
		float z[14];
		ck_assert_msg(lb_encoding_make(d, &s, &option[k], &e, &err) == 0, "%s", err.text);
		lb_gather_f64(&e, order, 7, x);
		lb_gather_f32(&e, order, 7, z);
		for (size_t i = 0; i < 14; i++) {
			const double want = naive(d, &s, order[i / 2], i % 2, option[k]);
			ck_assert_double_eq_tol(x[i], want, 1e-6 * fmax(1, fabs(want)));
			ck_assert_float_eq(z[i], (float)x[i]);
		}
		lb_encoding_free(&e);
	}
	lb_split_free(&s);
	lb_dataset_free(d);
}
END_TEST

START_TEST(standardised_columns)
{
	struct lb_dataset *d = rows(500, 0);
	struct lb_split s = cut(d, (struct lb_split_options){ .train = 0.7, .test = 0.3, .seed = 2 });
	const struct lb_encode_options opt = { .divide = 10, .standardize = true };
	struct lb_encoding e;
	double x[500], mean = 0, var = 0;

	ck_assert_int_eq(lb_encoding_make(d, &s, &opt, &e, &err), 0);
	lb_gather_f64(&e, s.rows[LB_TRAIN], s.n[LB_TRAIN], x);
	for (size_t i = 0; i < s.n[LB_TRAIN]; i++)
		mean += x[i] / (double)s.n[LB_TRAIN];
	for (size_t i = 0; i < s.n[LB_TRAIN]; i++)
		var += (x[i] - mean) * (x[i] - mean) / (double)s.n[LB_TRAIN];
	ck_assert_double_eq_tol(mean, 0, 1e-12);
	ck_assert_double_eq_tol(var, 1, 1e-12);
	lb_encoding_free(&e);
	lb_split_free(&s);
	lb_dataset_free(d);
}
END_TEST

START_TEST(one_hot)
{
	struct lb_dataset *d = one("s,x,y\nb,1,0\na,2,1\n,3,0\nb,4,1\nc,5,0\n", ROLES(.kind = LB_BINARY, AUTO, .missing = LB_MISSING_MEAN));
	struct lb_split s = cut(d, (struct lb_split_options){ .kind = LB_SPLIT_FIRST, .first = 4 });
	const struct lb_encode_options strict = { .divide = 1 }, loose = { .divide = 1, .unseen_zero = true };
	const double want[] = { 1, 0, 1, 2, 1, 0, 3, 0, 0, 4, 0, 1, 5, 0, 0 };
	const uint32_t order[] = { 0, 1, 2, 3, 4 };
	struct lb_encoding e;
	double x[15];

	ck_assert_int_eq(lb_encoding_make(d, &s, &strict, &e, &err), -1);
	ck_message("column 's': no training row has the value 'c', but a test row does");
	ck_assert_int_eq(lb_encoding_make(d, &s, &loose, &e, &err), 0);
	ck_assert_uint_eq(e.d, 3);
	lb_gather_f64(&e, order, 5, x);
	ck_assert_mem_eq(x, want, sizeof want);
	char *name = lb_encoding_name(&e, 2, &err), *number = lb_encoding_name(&e, 0, &err);
	ck_assert_str_eq(name, "s=b");
	ck_assert_str_eq(number, "x");
	free(name);
	free(number);
	lb_encoding_free(&e);
	lb_split_free(&s);
	lb_dataset_free(d);
}
END_TEST

/* ---- generators ---- */

static const struct lb_generator *generator(const char *name)
{
	for (size_t i = 0; i < lb_generator_count(); i++)
		if (strcmp(lb_generator_at(i)->base.name, name) == 0)
			return lb_generator_at(i);
	ck_abort_msg("no generator %s", name);
	return NULL;
}

static struct lb_dataset *assemble_generated(struct lb_table *t, enum lb_kind kind)
{
	const char *const paths[4] = { 0 };
	const struct lb_roles roles = { .kind = kind };
	struct lb_dataset *d = NULL;

	ck_assert_msg(lb_dataset_assemble(t, NULL, NULL, NULL, paths, &roles, &d, &err) == 0, "%s", err.text);
	lb_table_free(t);
	return d;
}

START_TEST(gaussian_mixture)
{
	enum { N = 20000, D = 4 };
	const double priors[] = { 3, 1 };
	const struct lb_arg par[] = { { .v = N }, { .v = D }, { .v = 2 }, { .v = 3 }, { .v = 0 }, { .v = 0.5 }, { .list = priors, .n = 2 }, { .v = 0 } };
	struct lb_table t, again;
	double mean[2][D] = { { 0 } }, var = 0, gap = 0;
	size_t count[2] = { 0 };

	ck_assert_msg(generator("gaussian_mixture")->make(par, LB_BINARY, 7, &t, &err) == 0, "%s", err.text);
	ck_assert_int_eq(generator("gaussian_mixture")->make(par, LB_BINARY, 7, &again, &err), 0);
	for (int j = 0; j <= D; j++)
		ck_assert_mem_eq(t.col[j].num, again.col[j].num, N * sizeof(double));
	lb_table_free(&again);
	for (int i = 0; i < N; i++)
		count[(int)t.col[D].num[i]]++;
	ck_share(count[1], N, 0.25);
	for (int i = 0; i < N; i++)
		for (int j = 0; j < D; j++)
			mean[(int)t.col[D].num[i]][j] += t.col[j].num[i] / (double)count[(int)t.col[D].num[i]];
	for (int j = 0; j < D; j++)
		gap += (mean[0][j] - mean[1][j]) * (mean[0][j] - mean[1][j]);
	ck_assert_double_eq_tol(sqrt(gap), 3, 0.05);
	for (int i = 0; i < N; i++)
		for (int j = 0; j < D; j++)
			var += pow(t.col[j].num[i] - mean[(int)t.col[D].num[i]][j], 2) / (N * D);
	ck_assert_double_eq_tol(sqrt(var), 0.5, 0.01);
	struct lb_dataset *d = assemble_generated(&t, LB_BINARY);
	ck_assert_uint_eq(d->x.d, D);
	ck_assert_str_eq(d->source[0].format, "gaussian_mixture");
	lb_dataset_free(d);
}
END_TEST

START_TEST(mixture_margin)
{
	const struct lb_arg par[] = { { .v = 500 }, { .v = 1 }, { .v = 2 }, { .v = 3 }, { .v = 1 }, { .v = 1 }, { .v = 0 }, { .v = 0 } };
	struct lb_arg wrong[8];
	struct lb_table t;

	ck_assert_msg(generator("gaussian_mixture")->make(par, LB_BINARY, 7, &t, &err) == 0, "%s", err.text);
	for (int i = 0; i < 500; i++)
		ck_assert_double_ge(fabs(t.col[0].num[i]), 1 - 1e-9);
	lb_table_free(&t);
	memcpy(wrong, par, sizeof wrong);
	wrong[4].v = 2;
	ck_assert_int_eq(generator("gaussian_mixture")->make(wrong, LB_BINARY, 7, &t, &err), -1);
	ck_message("half the separation");
	wrong[4].v = 0;
	wrong[2].v = 3;
	ck_assert_int_eq(generator("gaussian_mixture")->make(wrong, LB_BINARY, 7, &t, &err), -1);
	ck_message("allowed 2");
}
END_TEST

START_TEST(linear_regression)
{
	enum { D = 3, T = 2 };
	const struct lb_arg exact[] = { { .v = 50 }, { .v = D }, { .v = T }, { .v = 0 }, { .v = 0 } },
			    noisy[] = { { .v = 20000 }, { .v = D }, { .v = T }, { .v = 2 }, { .v = 0 } };
	struct lb_table t, u;
	double worst = 0, sum = 0, w[T][D];

	ck_assert_int_eq(generator("linear_regression")->make(exact, LB_REGRESSION, 3, &t, &err), 0);
	ck_assert_int_eq(generator("linear_regression")->make(noisy, LB_REGRESSION, 3, &u, &err), 0);
	for (int k = 0; k < T; k++) { /* the coefficients by Cramer's rule from the first three rows */
		double *x[D] = { t.col[0].num, t.col[1].num, t.col[2].num }, *y = t.col[D + k].num;
#define DET(a, b, c) (a[0] * (b[1] * c[2] - b[2] * c[1]) - b[0] * (a[1] * c[2] - a[2] * c[1]) + c[0] * (a[1] * b[2] - a[2] * b[1]))
		const double det = DET(x[0], x[1], x[2]);
		w[k][0] = DET(y, x[1], x[2]) / det;
		w[k][1] = DET(x[0], y, x[2]) / det;
		w[k][2] = DET(x[0], x[1], y) / det;
		for (int i = 0; i < 50; i++)
			worst = fmax(worst, fabs(y[i] - x[0][i] * w[k][0] - x[1][i] * w[k][1] - x[2][i] * w[k][2]));
		for (int i = 0; i < 20000; i++)
			sum += pow(u.col[D + k].num[i] - u.col[0].num[i] * w[k][0] - u.col[1].num[i] * w[k][1] - u.col[2].num[i] * w[k][2], 2);
	}
	ck_assert_double_lt(worst, 1e-9);
	ck_assert_double_eq_tol(sqrt(sum / (20000 * T)), 2, 0.05);
	lb_table_free(&u);
	struct lb_dataset *d = assemble_generated(&t, LB_REGRESSION);
	ck_assert_uint_eq(d->n_targets, T);
	ck_assert_uint_eq(d->x.d, D);
	lb_dataset_free(d);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const tests[] = {
		roles_of_columns, classes_by_number_or_bytes, test_file_is_matched_by_name, narrowest_type, missing_rows_are_dropped, warnings,
		several_targets, numbers_as_categories, blocks, block_with_missing_cells, fractions, same_seed_same_rows, first_and_modulo, folds,
		groups_stay_together, test_file_is_the_test_part, uniform_noise, pair_noise, corruptions_check_and_leave_alone,
		noise_does_not_depend_on_the_list, standardised_columns, one_hot, gaussian_mixture, mixture_margin, linear_regression,
	};
	Suite *s = suite_create("datasets");
	TCase *tc = tcase_create("datasets");

	for (size_t k = 0; k < sizeof tests / sizeof *tests; k++)
		tcase_add_test(tc, tests[k]);
	tcase_add_loop_test(tc, refuses, 0, (int)(sizeof refused / sizeof *refused));
	tcase_add_loop_test(tc, refuses_splits, 0, (int)(sizeof bad_split / sizeof *bad_split));
	tcase_add_loop_test(tc, gather_agrees_with_the_formula, 0, (int)(sizeof encoded / sizeof *encoded));
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("datasets")
