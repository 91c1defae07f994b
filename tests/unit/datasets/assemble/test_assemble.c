/* From tables to datasets: roles, classes, missing cells, warnings, both files. */
#include "tests/unit/datasets/tables.h"

static bool warned(const struct lb_dataset *d, const char *part)
{
	for (size_t k = 0; k < d->n_warnings; k++)
		if (strstr(d->warning[k], part))
			return true;
	return false;
}

START_TEST(roles_of_columns)
{
	const char *const drop[] = { "id" };
	struct lb_dataset *d =
		one("id,age,w,g,y,sex\n7,20,1,u,b,m\n8,30.5,2,v,a,f\n9,40,0,u,b,m\n",
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

START_TEST(offsets_of_rows)
{
	struct lb_dataset *d = one("x,o,e,y\n7,0.5,1,3\n8,-1,2.5,4\n", ROLES(.kind = LB_REGRESSION, .offset = "o", .exposure = "3"));

	ck_assert_msg(d != NULL, "%s", err.text);
	ck_assert_uint_eq(d->x.d, 1);
	ck_assert_double_eq(d->offset[0], 0.5);
	ck_assert_double_eq_tol(d->offset[1], 0.9162907318741551 - 1, 1e-15); /* log 2.5 - 1 */
	lb_dataset_free(d);
	d = one("x,o,y\n7,0.5,3\n", ROLES(.kind = LB_REGRESSION));
	ck_assert_msg(d && !d->offset, "%s", err.text);
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
	{ { .kind = LB_BINARY, .weight = "w" },
	  "x,w,y\n1,1,1\n2,-1,2\n",
	  NULL,
	  "train.csv:3: column 'w': the weight -1 is negative" },
	{ { .kind = LB_BINARY, .weight = "w" },
	  "x,w,y\n1,1,1\n2,a,2\n",
	  NULL,
	  "train.csv:3: column 'w': the weight 'a' is not a number" },
	{ { .kind = LB_BINARY, .weight = "w" }, "x,w,y\n1,0,1\n2,0,2\n", NULL, "all weights are 0" },
	{ { .kind = LB_REGRESSION, .exposure = "e" }, "x,e,y\n1,2,1\n2,-0.5,2\n", NULL, "train.csv:3: column 'e': the exposure -0.5 is not above 0" },
	{ { .kind = LB_REGRESSION, .exposure = "e" }, "x,e,y\n1,inf,1\n2,1,2\n", NULL, "train.csv:2: column 'e': the exposure 'inf' is not a number" },
	{ { .kind = LB_REGRESSION, .offset = "o" }, "x,o,y\n1,2,1\n2,,2\n", NULL, "train.csv:3: column 'o': the offset is missing" },
	{ { .kind = LB_REGRESSION, .offset = "o" }, "x,o,y\n1,a,1\n2,1,2\n", NULL, "train.csv:2: column 'o': the offset 'a' is not a number" },
	{ { .kind = LB_REGRESSION, .offset = "o", .exposure = "o" }, "x,o,y\n1,1,1\n2,1,2\n", NULL, "as data.offset and as data.exposure" },
	{ { .kind = LB_REGRESSION }, "x,y\n1,1\n2,a\n", NULL, "train.csv:3: column 'y': the target 'a' is not a number" },
	{ { .kind = LB_BINARY }, "x,s,y\n1,4,1\n2,m,2\n", NULL, "train.csv:3: the column 's' holds text ('m')" },
	{ { .kind = LB_BINARY, .categorical_auto = true }, "x,y\n1,1\n12kg,2\n", NULL, "train.csv:3: column 'x': found '12kg' (1 such cell), the other cell "
	  "is a number; correct the file, list the text in data.missing_values" },
	{ { .kind = LB_BINARY, .categorical_auto = true }, "x,y\n$5,1\n$6,2\n", NULL, "found '$5' (2 such cells); a currency" },
	{ { .kind = LB_BINARY, .categorical_auto = true }, "x,y\n\xE2\x82\xAC 5,1\n12 USD,2\n-$6,1\n($7),2\n", NULL, "(4 such cells); a currency" },
	{ { .kind = LB_BINARY, .categorical_auto = true }, "x,y\n1 500,1\n2 600,2\n", NULL, "data.thousands: blank" },
	{ { .kind = LB_REGRESSION }, "x,y\n1,$5\n2,$6\n", NULL, "the target '$5' is not a number; task: regression needs numbers; a currency" },
	{ { .kind = LB_BINARY, .categorical_auto = true }, "x,y\n1,1\n2,2\ninf,2\n3,1\n", NULL, "train.csv:4: column 'x': found 'inf'" },
	{ { .kind = LB_BINARY }, "x,z,y\n1,,1\n,4,2\n3,,2\n", NULL, "train.csv:3: column 'x': the value is missing (1 of 3 rows lacks it: line 3); "
	  "column 'z': the value is missing (2 of 3 rows lack it: line 2, 4)" },
	{ { .kind = LB_BINARY },
	  "x,z,y\n1,4,1\n2,,2\n3,,2\n",
	  NULL,
	  "train.csv:3: column 'z': the value is missing (2 of 3 rows" },
	{ { .kind = LB_BINARY, .missing = LB_MISSING_MEAN }, "x,z,y\n1,,1\n2,,2\n", NULL, "column 'z' has no value at all" },
	{ { .kind = LB_BINARY, .missing = LB_MISSING_DROP }, "x,z,y\n1,,1\n2,,2\n", NULL, "every row has a missing value" },
	{ { .kind = LB_BINARY }, "y\n1\n2\n", NULL, "one column only, which is the label; is another delimiter used?" },
	{ { .kind = LB_BINARY, .weight = "w" }, "w,y\n1,1\n2,2\n", NULL, "no column is left as a feature" },
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

START_TEST(three_files)
{
	struct lb_dataset *d = three("a,s,y\n1,u,0\n2,v,1\n", "y,s,a\n1,w,7\n", "a,s,y\n8,u,0\n9,x,1\n", BINARY);

	ck_assert_msg(d != NULL, "%s", err.text);
	ck_assert_uint_eq(d->n, 5);
	ck_assert_uint_eq(d->n_first, 2);
	ck_assert_uint_eq(d->n_valid, 1);
	const uint8_t want[] = { 1, 2, 7, 8, 9 };
	ck_assert_int_eq(d->x.dtype, LB_U8);
	ck_assert_mem_eq(d->x.x, want, sizeof want);
	ck_assert_int_eq(d->y[2], 1);
	ck_assert_int_eq(d->y[3], 0);
	ck_assert_uint_eq(d->cat[0].n_levels, 4);
	ck_assert_str_eq(d->cat[0].level[d->cat[0].code[2]], "w");
	ck_assert_uint_eq(d->n_sources, 3);
	ck_assert_str_eq(d->source[1].path, "valid.csv");
	ck_assert_str_eq(d->source[2].path, "test.csv");
	lb_dataset_free(d);

	d = three("a,y\n1,0\n2,1\n", "a,y\n,1\n5,0\n6,1\n", "a,y\n7,0\n,1\n", ROLES(.kind = LB_BINARY, .missing = LB_MISSING_DROP));
	ck_assert_msg(d != NULL, "%s", err.text);
	ck_assert_uint_eq(d->n, 5);
	ck_assert_uint_eq(d->n_first, 2);
	ck_assert_uint_eq(d->n_valid, 2);
	lb_dataset_free(d);
}
END_TEST

/* What is wrong in one of three files is told with that file and its line. */
START_TEST(three_files_refused)
{
	static const struct {
		const char *train, *valid, *test, *message;
	} cases[] = {
		{ "a,y\n1,0\n2,1\n", "b,y\n1,0\n", NULL, "valid.csv: the column 'a' of train.csv is not there" },
		{ "a,y\n1,0\n2,1\n", "a,b,y\n1,2,0\n", "a,y\n1,0\n", "valid.csv: the column 'b' is not in train.csv" },
		{ "a,y\n1,p\n2,q\n", "a,y\n1,p\n2,r\n", "a,y\n1,p\n", "valid.csv:3: column 'y': the class 'r' does not occur in the training file train.csv" },
		{ "a,y\n1,p\n2,q\n", "a,y\n1,p\n", "a,y\n1,p\n2,r\n", "test.csv:3: column 'y': the class 'r' does not occur" },
		{ "a,y\n1,p\n2,q\n", "a,y\nu,p\n", NULL, "valid.csv:2: the column 'a' holds 'u', but is a number in train.csv" },
		{ "a,y\n1,p\n2,q\n", "a,y\n,p\n", "a,y\n1,q\n", "valid.csv:2: column 'a': the value is missing" },
		{ "a,y\n1,p\n2,q\n", "a,y\n1,p\n", "a,y\n1,\n", "test.csv:2: column 'y': the label is missing" },
	};
	const double x[] = { 1, 2, 3 };
	struct lb_table train = block(LB_U8, 3, 1, x), labels = block(LB_U8, 3, 1, x), valid = block(LB_U8, 2, 1, x);
	struct lb_table *const tables[LB_FILES] = { &train, &labels, &valid };
	const char *const paths[LB_FILES] = { "train.npy", "labels.npy", "valid.npy" };
	const struct lb_roles roles = MULTI;
	struct lb_dataset *d = NULL;

	ck_assert_ptr_null(three("a,y\n1,0\n2,1\n", "a,y\n,1\n", NULL, ROLES(.kind = LB_BINARY, .missing = LB_MISSING_DROP)));
	ck_message("valid.csv: every row has a missing value");
	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		ck_assert_ptr_null(three(cases[k].train, cases[k].valid, cases[k].test, BINARY));
		ck_assert_int_eq(err.code, LB_DATA);
		ck_message(cases[k].message);
	}
	ck_assert_int_eq(lb_dataset_assemble(tables, paths, &roles, &d, &err), -1);
	ck_message("valid.npy: a label file is given for only one of the training and the validation file");
	lb_table_free(&train);
	lb_table_free(&labels);
	lb_table_free(&valid);
}
END_TEST

START_TEST(narrowest_type)
{
	static const struct {
		const char *cell;
		enum lb_dtype dtype;
	} cases[] = { { "255", LB_U8 },  { "256", LB_F32 },      { "-1", LB_F32 }, { "0.5", LB_F32 },
		      { "0.1", LB_F64 }, { "16777217", LB_F64 }, { "", LB_F32 } };

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
	ck_assert(warned(d, "3 of 6 rows with a missing value were dropped"));
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
	ck_assert(warned(d, "the column 'g' counts the rows: an index? name it in data.drop"));
	ck_assert_uint_eq(d->n_warnings, 5);
	lb_dataset_free(d);
	lb_buf_free(&b);
}
END_TEST

static struct lb_dataset *with_column(const char *name, size_t n, double (*value)(size_t i), const char *last)
{
	struct lb_buf b = { 0 };

	lb_buf_printf(&b, "%s,v,%s\n", name, last);
	for (size_t i = 0; i < n; i++)
		lb_buf_printf(&b, "%.17g,%zu.5,%zu\n", value(i), i * i % 7, i % 2);
	struct lb_dataset *d = one(b.s, BINARY);
	ck_assert_msg(d != NULL, "%s", err.text);
	lb_buf_free(&b);
	return d;
}

static double row(size_t i) { return (double)i; }
static double from_7(size_t i) { return (double)i + 7; }
static double tenfold(size_t i) { return 10 * (double)i + 100; }
static double mixed_up(size_t i) { return (double)(i * 7 % 31); }
static double with_gaps(size_t i) { return (double)(i * i + i); }
static double repeating(size_t i) { return (double)(i % 16); }
static double halves(size_t i) { return (double)i / 2; }

START_TEST(suspects)
{
	static const struct {
		const char *name;
		size_t n;
		double (*value)(size_t i);
		const char *part;
	} cases[] = {
		{ "column 1", 31, row, "the column 'column 1' has no name and counts the rows: an index?" },
		{ "Unnamed: 0", 5, from_7, "counts the rows" },
		{ "anything", 31, from_7, "the column 'anything' counts the rows" },
		{ "t", 31, tenfold, "counts the rows" },
		{ "shuffled", 31, mixed_up, "counts the rows" },
		{ "CustomerID", 31, with_gaps, "'CustomerID' has another value in every row; if it is an id" },
		{ "user_id", 31, with_gaps, "another value in every row" },
		{ "Index", 31, with_gaps, "another value in every row" },
		{ "length", 31, with_gaps, NULL },
		{ "acid", 31, with_gaps, NULL },
		{ "id", 31, repeating, NULL },
		{ "id", 31, halves, NULL },
		{ "length", 5, row, NULL },
		{ "target_2", 31, repeating, "the column 'target_2' is a feature but named like a label" },
		{ "Label", 31, repeating, "named like a label" },
		{ "y1", 31, repeating, "named like a label" },
		{ "workclass", 31, repeating, NULL },
		{ "targeting", 31, repeating, NULL },
		{ "x", 31, repeating, NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lb_dataset *d = with_column(cases[i].name, cases[i].n, cases[i].value, "z");
		ck_assert_msg(d->n_warnings == (cases[i].part != NULL), "%s: %zu warnings", cases[i].name, d->n_warnings);
		ck_assert(!cases[i].part || warned(d, cases[i].part));
		ck_assert_uint_eq(d->n_suspects, d->n_warnings);
		lb_dataset_free(d);
	}
	struct lb_dataset *d = one("x,y,z\n1,2,a\n2,5,b\n2,5,b\n", BINARY); /* a point's coordinates */
	ck_assert_uint_eq(d->n_suspects, 0);
	lb_dataset_free(d);
	d = one("x1,x2,y1,z\n1,2,3,a\n2,5,3,b\n2,5,1,b\n", BINARY);
	ck_assert_uint_eq(d->n_suspects, 1);
	lb_dataset_free(d);
}
END_TEST

START_TEST(mixed_columns)
{
	struct lb_dataset *d = one("s,y\n10,a\nx,b\ny,b\nx,a\n", BINARY);

	ck_assert_msg(d != NULL, "%s", err.text);
	ck_assert(warned(d, "column 's' holds texts, but 1 of its 4 cells reads as a number (the first is '10' in line 2)"));
	ck_assert_uint_eq(d->n_cat, 1);
	lb_dataset_free(d);
	d = one("s,y\n10,a\nx,b\ny,b\nx,a\n", ROLES(.kind = LB_BINARY, .categorical = (const char *const[]){ "s" }, .n_categorical = 1));
	ck_assert(d && d->n_warnings == 0);
	lb_dataset_free(d);
	d = one("s,y\n1,a\n2,2\n3,b\n5,a\n", MULTI);
	ck_assert(d && warned(d, "the label column 'y' holds both numbers (1 of its 4 cells) and texts (the first is 'a' in line 2)"));
	lb_dataset_free(d);
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
	struct lb_dataset *d =
		join(block(LB_U8, 3, 2, x), block(LB_U8, 3, 1, y), block(LB_F32, 1, 2, z), block(LB_U8, 1, 1, v), MULTI);
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

static Suite *suite(void)
{
	const TTest *const tests[] = {
		roles_of_columns,         offsets_of_rows,          classes_by_number_or_bytes, test_file_is_matched_by_name,
		narrowest_type,           missing_rows_are_dropped,   warnings,
		several_targets,          numbers_as_categories,      blocks,
		block_with_missing_cells, three_files,                three_files_refused,
		suspects,                 mixed_columns,
	};
	Suite *s = suite_create("assemble");
	TCase *tc = tcase_create("datasets");

	for (size_t k = 0; k < sizeof tests / sizeof *tests; k++)
		tcase_add_test(tc, tests[k]);
	tcase_add_loop_test(tc, refuses, 0, (int)(sizeof refused / sizeof *refused));
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("assemble")
