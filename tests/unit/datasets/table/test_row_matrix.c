/* CSV whose numbers are given row by row: their values against strtod, the type they are kept in,
 * and the datasets made of them, which are those of the same file read into columns, down to the
 * messages. */
#include "core/base/mem.h"
#include "datasets/table/matrix.h"
#include "tests/unit/datasets/one_file.h"

#include <math.h>

/* ---- values and types ---- */

static const struct values {
	const char *what;
	enum lb_dtype dtype;
	const char *lines[6];    /* without a header; cells of numbers, or nothing */
} values[] = {
	{ "bytes", LB_U8, { "0,1,255", "10,200,99", "7,0,100" } },
	{ "leading zeros", LB_U8, { "007,00,0", "1,010,099" } },
	{ "bytes in other spellings", LB_U8, { "1,2,3", "+4,5.0,1e1", "0006,25.50e1,2" } },
	{ "just above a byte", LB_F32, { "255,1,2", "3,256,4", "5,6,7" } },
	{ "three digits above", LB_F32, { "1,2,3", "999,4,5" } },
	{ "negative", LB_F32, { "1,2,3", "4,-5,6" } },
	{ "minus nothing is no byte", LB_F32, { "1,2,3", "4,-0,6" } },
	{ "halves", LB_F32, { "1,2,3", "0.5,1.25,3" } },
	{ "a missing cell", LB_F32, { "1,2,3", "4,,6", "7,8,9" } },
	{ "bytes, floats, doubles", LB_F64, { "1,2,3", "4,5,6", "0.5,-7,1000", "8,9,10", "0.1,11,12", "13,14,15" } },
	{ "bytes, then doubles", LB_F64, { "1,2,3", "16777217,5,6", "7,8,9" } },
	{ "too large for a float", LB_F64, { "1,2,3", "1e39,5,6" } },
	{ "two columns", LB_U8, { "1,2", "123,45", "255,0" } },
	{ "one column", LB_F64, { "1", "0.3", "255" } },
	{ "blanks around", LB_U8, { "1, 2 ,3", " 4,5,6" } },
	{ "quotes", LB_U8, { "1,\"2\",3", "4,5,\"6\"" } },
	{ "semicolons", LB_F64, { "1;2;3", "255;0.7;0", "12;13;14" } },
};

/* The number of a cell that may stand in quotes. */
static double cell_value(const char *s, size_t n)
{
	char copy[32];

	if (n >= sizeof copy)
		ck_abort_msg("a cell too long for this test");
	memcpy(copy, s, n);
	copy[n] = '\0';
	for (char *p = copy; *p; p++)
		*p = *p == '"' ? ' ' : *p;
	return copy[0] ? strtod(copy, NULL) : (double)NAN;
}

static bool same(double a, double b)
{
	return isnan(a) ? isnan(b) : a == b && signbit(a) == signbit(b);
}

static void ck_lines(const struct values *v, size_t copies)
{
	size_t k = 0;

	for (size_t i = 0; i < copies; i++)
		for (size_t r = 0; r < 6 && v->lines[r]; r++)
			for (const char *s = v->lines[r]; s;) {
				const size_t n = strcspn(s, ",;");
				const double want = cell_value(s, n), got = lb_matrix_value(&t.rows, k);
				if (!same(want, got))
					ck_abort_msg("%s: value %zu is %.17g, expected %.17g", v->what, k, got, want);
				k++;
				s = s[n] ? s + n + 1 : NULL;
			}
	ck_assert_uint_eq(k, t.n * t.n_cols);
}

static void write_lines(struct lb_buf *b, const struct values *v, size_t copies)
{
	for (size_t i = 0; i < copies; i++)
		for (size_t r = 0; r < 6 && v->lines[r]; r++)
			lb_buf_printf(b, "%s\n", v->lines[r]);
}

/* Once, and often enough to fill the window several times. */
START_TEST(narrow_rows)
{
	const struct values *v = &values[_i];

	for (size_t copies = 1; copies <= 60000; copies += 59999) {
		struct lb_buf b = { 0 };
		write_lines(&b, v, copies);
		ck_assert_int_eq(read_bytes(b.s, b.n, &(struct lb_read_options){ .header = -1, .by_rows = true }), 0);
		ck_assert_msg(t.rows.dtype == v->dtype && t.rows.d == t.n_cols && t.rows.n == t.n, "%s: type %d, %zu of %zu columns, %zu of %zu rows",
			      v->what, t.rows.dtype, t.rows.d, t.n_cols, t.rows.n, t.n);
		ck_assert_ptr_null(t.col[0].num);
		ck_lines(v, copies);
		lb_buf_free(&b);
	}
}
END_TEST

/* Rows with too few cells that other ways to cut them would make up for; the narrow way must see
 * the delimiters themselves. */
START_TEST(ragged_rows)
{
	static const char *const ragged[] = {
		"1,2,3\n7.5,3\n", "1,2,3\n7 5,3\n", "1,2,3,4\n1,7.5,3\n", "1,2,3,4\n1,2\n3,4\n", "1,2,3,4\n1\n2,3,4\n", "1,2\n1;2\n",
		"1,2,3\n1,2\n",     "1,2,3\n1,2,3,\n", "1;2;3\n1,2;3\n",
	};
	const struct lb_read_options opt = { .header = -1, .by_rows = true };

	for (size_t k = 0; k < sizeof ragged / sizeof *ragged; k++) { /* with a good line after: the last one is never read in the short way */
		struct lb_buf b = { 0 };
		lb_buf_printf(&b, "%s%.*s\n", ragged[k], (int)strcspn(ragged[k], "\n"), ragged[k]);
		ck_refused(read_bytes(b.s, b.n, &opt), ":2: field separated");
		lb_buf_free(&b);
	}
}
END_TEST

/* ---- datasets ---- */

static const char many[] = "a,b,c,label\n1,2,3,x\n4,5,6,y\n7,8,9,x\n10,200,12,y\n";

static const struct pair {
	const char *what, *train, *test;
	struct lb_roles roles;
	const char *refused;     /* part of the message, or NULL */
} pairs[] = {
	{ "label last", many, NULL, { .kind = LB_MULTICLASS }, NULL },
	{ "label first", "label,a,b\n3,1,2\n4,0.5,6\n3,8,9\n4,1,1\n", NULL, { .kind = LB_MULTICLASS, .label = "label" }, NULL },
	{ "label between", "a,label,b\n1,x,2\n3,y,0.1\n4,x,5\n", NULL, { .kind = LB_MULTICLASS, .label = "2" }, NULL },
	{ "the wide column is dropped", "a,id,b,label\n1,0.1,2,x\n3,0.2,4,y\n", NULL,
	  { .kind = LB_MULTICLASS, .drop = (const char *const[]){ "id" }, .n_drop = 1 }, NULL },
	{ "the float column is dropped", "a,id,b,label\n0.1,0.5,2,x\n3,0.5,4,y\n", NULL,
	  { .kind = LB_MULTICLASS, .drop = (const char *const[]){ "a" }, .n_drop = 1 }, NULL },
	{ "targets", "a,b,y\n1,2,0.1\n3,4,0.7\n5,6,1e10\n", NULL, { .kind = LB_REGRESSION }, NULL },
	{ "two targets", "y,a,b,z\n0.5,1,2,0.1\n3,3,4,0.7\n", NULL, { .kind = LB_REGRESSION, .label = "z, y" }, NULL },
	{ "text, group, weight, numbers as categories", "t,g,w,n,a,label\nu,1,0.5,3,1,x\nv,1,1,4,2,y\nu,2,2,3,3,x\n", NULL,
	  { .kind = LB_MULTICLASS, .group = "g", .weight = "w", .categorical_auto = true, .categorical = (const char *const[]){ "n" },
	    .n_categorical = 1 }, NULL },
	{ "text alone", "t,label\nu,x\nv,y\nu,x\n", NULL, { .kind = LB_MULTICLASS, .categorical_auto = true }, NULL },
	{ "text after numbers", "t,a,label\n1,2,x\nu,3,y\nv,4,x\nw,5,y\nz,5,y\n", NULL, { .kind = LB_MULTICLASS, .categorical_auto = true }, NULL },
	{ "test file", many, "a,b,c,label\n1,1,1,x\n2,2,2,y\n", { .kind = LB_MULTICLASS }, NULL },
	{ "wider test file in another order", many, "label,c,a,b\nx,0.1,1,-1\ny,5,2,2\n", { .kind = LB_MULTICLASS }, NULL },
	{ "narrower test file", "a,b,label\n0.1,2,x\n3,4,y\n", "b,a,label\n1,2,y\n", { .kind = LB_MULTICLASS }, NULL },
	{ "test file without a dropped column", many, "c,a,label\n1,1,x\n", { .kind = LB_MULTICLASS, .drop = (const char *const[]){ "b" }, .n_drop = 1 },
	  NULL },
	{ "missing, mean", "a,b,label\n1,,x\n3,4,y\n5,6,x\n", NULL, { .kind = LB_MULTICLASS, .missing = LB_MISSING_MEAN }, NULL },
	{ "missing, dropped", "a,b,label\n1,,x\n3,4,y\n5,6,x\n", NULL, { .kind = LB_MULTICLASS, .missing = LB_MISSING_DROP }, NULL },
	{ "missing in the test file, dropped", many, "a,b,c,label\n1,,3,x\n4,5,0.1,y\n", { .kind = LB_MULTICLASS, .missing = LB_MISSING_DROP }, NULL },
	{ "missing, an error", "a,t,b,label\n1,,,x\n3,u,4,y\n,v,6,x\n", NULL, { .kind = LB_MULTICLASS, .categorical_auto = true }, "value is missing" },
	{ "missing label", "a,label\n1,x\n2,\n", NULL, { .kind = LB_MULTICLASS }, "label is missing" },
	{ "text in the test file", many, "a,b,c,label\n1,q,3,x\n4,5,6,y\n", { .kind = LB_MULTICLASS }, "'q'" },
	{ "stray text", "a,label\n1,x\n2,y\n3,x\nq,y\n", NULL, { .kind = LB_MULTICLASS, .categorical_auto = true }, "'q'" },
	{ "other columns", many, "a,b,d,label\n1,2,3,x\n", { .kind = LB_MULTICLASS }, "'c'" },
	{ "constant and twice named", "a,a,k,label\n1,2,9,x\n3,4,9,y\n", NULL, { .kind = LB_MULTICLASS }, NULL },
	{ "no value at all", "a,b,label\n1,,x\n3,,y\n", NULL, { .kind = LB_MULTICLASS, .missing = LB_MISSING_MEAN }, "no value at all" },
};

static struct lb_dataset *assembled(const struct pair *p, bool by_rows, struct lb_err *why)
{
	static const char *const paths[LB_FILES] = { "train.csv", NULL, NULL, NULL, "test.csv", NULL };
	const char *const one[LB_FILES] = { paths[0] };
	const struct lb_read_options opt = { .header = 1, .missing_ok = true, .by_rows = by_rows };
	struct lb_table test = { 0 };
	struct lb_dataset *d = NULL;

	if (p->test) {
		ck_assert_int_eq(read_bytes(p->test, strlen(p->test), &opt), 0);
		test = t;
		t = (struct lb_table){ 0 };
	}
	ck_assert_int_eq(read_bytes(p->train, strlen(p->train), &opt), 0);
	ck_assert_int_eq(t.rows.d > 0, by_rows);
	*why = (struct lb_err){ 0 };
	struct lb_table *const tables[LB_FILES] = { &t, NULL, NULL, NULL, p->test ? &test : NULL, NULL };
	const int rc = lb_dataset_assemble(tables, p->test ? paths : one, &p->roles, &d, why);
	ck_assert_msg(!rc == !p->refused && (!rc || strstr(why->text, p->refused)), "%s: %s", p->what, why->text);
	lb_table_free(&test);
	return d;
}

static void ck_texts(const char *what, char *const *a, char *const *b, size_t n)
{
	ck_assert_msg(!a == !b, "%s: names of one only", what);
	for (size_t k = 0; a && k < n; k++)
		ck_assert_msg(!strcmp(a[k], b[k]), "%s: '%s' and '%s'", what, a[k], b[k]);
}

static void ck_array(const char *what, const void *a, const void *b, size_t bytes)
{
	ck_assert_msg(!a == !b && (!a || !bytes || !memcmp(a, b, bytes)), "%s: the bytes differ", what);
}

static void ck_same(const char *what, const struct lb_dataset *a, const struct lb_dataset *b)
{
	ck_assert_msg(a->n == b->n && a->n_first == b->n_first && a->n_cat == b->n_cat && a->n_classes == b->n_classes &&
		      a->n_targets == b->n_targets && a->n_warnings == b->n_warnings, "%s: sizes", what);
	ck_assert_msg(a->x.dtype == b->x.dtype && a->x.n == b->x.n && a->x.d == b->x.d, "%s: type %d and %d, columns %zu and %zu", what, a->x.dtype,
		      b->x.dtype, a->x.d, b->x.d);
	ck_array(what, a->x.x, b->x.x, a->x.n * a->x.d * lb_dtype_size(a->x.dtype));
	ck_texts(what, a->x_name, b->x_name, a->x.d);
	ck_texts(what, a->class_name, b->class_name, a->n_classes);
	ck_texts(what, a->warning, b->warning, a->n_warnings);
	ck_array(what, a->y, b->y, a->n * sizeof *a->y);
	ck_array(what, a->target, b->target, a->n * a->n_targets * sizeof *a->target);
	ck_array(what, a->weight, b->weight, a->n * sizeof *a->weight);
	ck_array(what, a->group, b->group, a->n * sizeof *a->group);
	for (size_t k = 0; k < a->n_cat; k++) {
		ck_assert_str_eq(a->cat[k].name, b->cat[k].name);
		ck_assert_uint_eq(a->cat[k].n_levels, b->cat[k].n_levels);
		ck_texts(what, a->cat[k].level, b->cat[k].level, a->cat[k].n_levels);
		ck_array(what, a->cat[k].code, b->cat[k].code, a->n * sizeof *a->cat[k].code);
	}
}

START_TEST(same_dataset)
{
	const struct pair *p = &pairs[_i];
	struct lb_err why[2];
	struct lb_dataset *columns = assembled(p, false, &why[0]), *rows = assembled(p, true, &why[1]);

	if (p->refused)
		ck_assert_str_eq(why[0].text, why[1].text);
	else
		ck_same(p->what, columns, rows);
	lb_dataset_free(columns);
	lb_dataset_free(rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("row_matrix");
	TCase *c = tcase_create("rows");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_at_least(c, 60);
	tcase_add_loop_test(c, narrow_rows, 0, sizeof values / sizeof *values);
	tcase_add_test(c, ragged_rows);
	tcase_add_loop_test(c, same_dataset, 0, sizeof pairs / sizeof *pairs);
	suite_add_tcase(s, c);
	return s;
}

LB_SUITE_MAIN("row_matrix")
