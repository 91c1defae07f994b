/* Sparse matrices hold what dense ones hold, all the way from tables to batches. */
#include "datasets/table/matrix.h"
#include "core/engine/data/batch_csr.h"
#include "tests/unit/datasets/tables.h"

struct csr_f32 {
	size_t b, d, *start, *end;
	const uint32_t *column;
	const float *value;
	bool in_place;
	uint32_t *own_column;
	float *own_value;
};
int lb_csr_open_f32(struct csr_f32 *c, const struct lb_encoding *e, size_t max_rows, unsigned how, struct lb_err *err);
void lb_csr_gather_f32(struct csr_f32 *c, const struct lb_encoding *e, const uint32_t *rows, size_t b);
void lb_csr_close_f32(struct csr_f32 *c);
void lb_gather_f32(const struct lb_encoding *e, const uint32_t *rows, size_t b, float *out);

enum { N = 9, D = 5 };
static const double values[3][N * D] = {
#define ROW0 0, 0, 0, 0, 0
	{ 1, 0, 0, 2, 0, ROW0, 0, 255, 0, 0, 7, 3, 0, 0, 2, 0, 1, 0, 0, 2, 0, ROW0, 0, 9, 0, 0, 7, 3, 0, 0, 2, 5, 1, 2, 0, 2, 1 },
	{ .5, 0, 0, -2, 0, ROW0, 0, 255, 0, 0, 7, 3, 0, 0, 2, 0, 1, 0, 0, 2, 0, ROW0, 0, 9, 0, 0, 7, 3, 0, 0, 2, 5, 1, 2, 0, 2, -.25 },
	{ .1, 0, 0, -2, 0, ROW0, 0, 1e300, 0, 0, 7, 3, 0, 0, 2, 0, 1, 0, 0, 2, 0, ROW0, 0, 9, 0, 0, 7, 3, 0, 0, 2, 5, 1, 2, 0, 2, -.3 },
};

static struct lb_column label(size_t n)
{
	struct lb_column c = { .name = lb_strdup("label", NULL), .num = lb_alloc(n, sizeof(double), NULL), .non_feature = true };

	for (size_t i = 0; i < n; i++)
		c.num[i] = (double)(i % 3);
	return c;
}

/* The first n rows as a table, with a label column beside the block. */
static struct lb_table make(enum lb_dtype type, bool sparse, size_t n)
{
	struct lb_table t = block(type, n, D, values[type]);
	size_t k = 0;

	t.col = lb_alloc(1, sizeof *t.col, NULL);
	t.n_cols = 1;
	t.col[0] = label(n);
	if (!sparse)
		return t;
	struct lb_matrix m = { .dtype = type, .n = n, .d = D, .x = lb_alloc(n * D, 8, NULL), .start = lb_alloc(n + 1, sizeof(size_t), NULL),
			       .column = lb_alloc(n * D, sizeof(uint32_t), NULL) };
	const size_t size = lb_dtype_size(type);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < D; j++)
			if (values[type][i * D + j] != 0) {
				memcpy((char *)m.x + k * size, (char *)t.block.x + (i * D + j) * size, size);
				m.column[k++] = (uint32_t)j;
			}
		m.start[i + 1] = k;
	}
	lb_matrix_free(&t.block);
	t.block = m;
	return t;
}

static void ck_same(const struct lb_matrix *a, const struct lb_matrix *b)
{
	double x[D], y[D];

	ck_assert(a->n == b->n && a->d == b->d && a->dtype == b->dtype);
	for (size_t i = 0; i < a->n; i++) {
		lb_matrix_row(a, i, x);
		lb_matrix_row(b, i, y);
		for (size_t j = 0; j < a->d; j++)
			ck_assert(x[j] == y[j] && lb_matrix_at(a, i, j) == x[j]);
	}
}

START_TEST(operations)
{
	static const bool rows[N] = { true, false, true, true, false, false, true, true, false }, columns[D] = { true, false, true, true, false };
	struct lb_table a = make((enum lb_dtype)_i, true, N), b = make((enum lb_dtype)_i, false, N), c = make(LB_F32, true, 4),
			d = make(LB_F32, false, 4);

	ck_same(&a.block, &b.block);
	ck_assert(!lb_matrix_append(&a.block, &c.block, &err) && !lb_matrix_append(&b.block, &d.block, &err));
	ck_assert_uint_eq(a.block.n, N + 4);
	ck_same(&a.block, &b.block);
	bool keep[N + 4] = { false };
	memcpy(keep, rows, sizeof rows);
	keep[N + 1] = true;
	ck_assert(!lb_matrix_keep_rows(&a.block, keep, &err) && !lb_matrix_keep_rows(&b.block, keep, &err));
	ck_assert_uint_eq(a.block.n, 6);
	ck_same(&a.block, &b.block);
	ck_assert(!lb_matrix_keep_columns(&a.block, columns, &err) && !lb_matrix_keep_columns(&b.block, columns, &err));
	ck_assert_uint_eq(a.block.d, 3);
	ck_same(&a.block, &b.block);
	lb_table_free(&a);
	lb_table_free(&b);
	lb_table_free(&c);
	lb_table_free(&d);
}
END_TEST

static struct lb_dataset *dataset(enum lb_dtype type, bool sparse, struct lb_roles roles)
{
	struct lb_dataset *d = join(make(type, sparse, N), (struct lb_table){ 0 }, make(type, sparse, 4), (struct lb_table){ 0 }, roles);

	ck_assert_msg(d != NULL, "%s", err.text);
	ck_assert(!d->x.start == !sparse);
	return d;
}

static const struct lb_split_options all_train = { .kind = LB_SPLIT_FRACTIONS, .train = 1 };

/* Batches of both forms and precisions are the same numbers. */
START_TEST(batches)
{
	static const uint32_t rows[] = { 12, 3, 3, 0, 8, 1 };
	const enum lb_dtype type = (enum lb_dtype)(_i % 3);
	const struct lb_encode_options opt = { .divide = 2, .scale = (enum lb_scaling)(type == LB_F64 ? 0 : _i / 3) };
	struct lb_dataset *d[2] = { dataset(type, true, MULTI), dataset(type, false, MULTI) };
	struct lb_split s = cut(d[0], all_train);
	struct lb_encoding e[2];
	double x[2][6 * D];
	float z[6 * D];
	struct lb_csr c;
	struct csr_f32 f;

	for (int k = 0; k < 2; k++) {
		ck_assert_msg(!lb_encoding_make(d[k], &s, &opt, &e[k], &err), "%s", err.text);
		lb_gather_f64(&e[k], rows, 6, x[k]);
	}
	for (size_t k = 0; k < 6 * D; k++)
		ck_assert_double_eq(x[0][k], x[1][k]);
	lb_gather_f32(&e[0], rows, 6, z);
	const unsigned how = _i % 2 ? LB_ROWS_READ_OFTEN : LB_ROWS_REPEAT;
	ck_assert(!lb_csr_open_f64(&c, &e[0], 6, how, &err) && !lb_csr_open_f32(&f, &e[0], 6, how, &err));
	lb_csr_gather_f64(&c, &e[0], rows, 6);
	lb_csr_gather_f32(&f, &e[0], rows, 6);
	ck_assert(c.b == 6 && c.d == D);
	ck_assert(how == LB_ROWS_REPEAT || (c.in_place && f.in_place));
	for (size_t i = 0; i < 6; i++) {
		size_t found = 0;
		for (size_t j = 0; j < D; j++) {
			size_t k = c.start[i];
			while (k < c.end[i] && c.column[k] != j)
				k++;
			const bool stored = k < c.end[i];
			const size_t same = f.start[i] + (k - c.start[i]);
			ck_assert(x[0][i * D + j] == (stored ? c.value[k] : 0) && z[i * D + j] == (stored ? f.value[same] : 0));
			ck_assert(!stored || f.column[same] == j);
			found += stored;
		}
		ck_assert(found == c.end[i] - c.start[i] && found == f.end[i] - f.start[i]);
	}
	lb_csr_close_f64(&c);
	lb_csr_close_f32(&f);
	lb_split_free(&s);
	for (int k = 0; k < 2; k++) {
		lb_encoding_free(&e[k]);
		lb_dataset_free(d[k]);
	}
}
END_TEST

/* By the definitions, over the nine training rows. */
START_TEST(scaling)
{
	struct lb_dataset *d = dataset(LB_F32, true, MULTI);
	struct lb_split s = cut(d, all_train);
	struct lb_encode_options opt = { .divide = 1, .scale = LB_SCALE_STD };
	struct lb_encoding e;

	ck_assert(!lb_encoding_make(d, &s, &opt, &e, &err));
	for (size_t j = 0; j < D; j++) {
		double mean = 0, var = 0;
		for (size_t i = 0; i < N; i++)
			mean += values[LB_F32][i * D + j] / N;
		for (size_t i = 0; i < N; i++)
			var += pow(values[LB_F32][i * D + j] - mean, 2) / N;
		ck_assert_double_eq_tol(e.scale[j], var > 0 ? 1 / sqrt(var) : 1, 1e-14);
		ck_assert_double_eq(e.shift[j], 0);
	}
	lb_encoding_free(&e);
	opt.scale = LB_SCALE_MAX_ABS;
	ck_assert(!lb_encoding_make(d, &s, &opt, &e, &err));
	ck_assert(e.scale[0] == 1. / 3 && e.scale[1] == 1. / 255 && e.scale[4] == 1. / 7);
	lb_encoding_free(&e);
	opt = (struct lb_encode_options){ .divide = 1, .standardize = true };
	ck_assert_int_eq(lb_encoding_make(d, &s, &opt, &e, &err), -1);
	ck_assert_int_eq(err.code, LB_CONFIG);
	ck_message("data.preprocess.standardize: found true, but the data are sparse");
	ck_message("scale: max_abs");
	opt = (struct lb_encode_options){ .divide = 1, .subtract = 1 };
	ck_assert_int_eq(lb_encoding_make(d, &s, &opt, &e, &err), -1);
	ck_message("data.preprocess.subtract: found 1");
	lb_split_free(&s);
	lb_dataset_free(d);
}
END_TEST

/* The test file may use fewer columns or more; a column can be dropped, be the label, and be named
 * by its number. */
START_TEST(roles)
{
	struct lb_table train = make(LB_U8, true, N), test = make(LB_U8, true, 4), none = { 0 };
	static const char *const drop[] = { "2", "column 4" };

	train.block.d = 6;
	struct lb_dataset *d = join(train, none, test, none, ROLES(.kind = LB_MULTICLASS, AUTO));
	ck_assert_msg(d && d->x.d == 6 && d->n == N + 4 && d->n_classes == 3, "%s", err.text);
	lb_dataset_free(d);
	d = join(make(LB_U8, true, N), none, none, none, ROLES(.kind = LB_REGRESSION, AUTO, .label = "1", .drop = drop, .n_drop = 2));
	ck_assert_msg(d && d->x.d == 2 && d->x.start, "%s", err.text);
	ck_assert_str_eq(d->x_name[1], "column 5");
	for (size_t i = 0; i < N; i++) {
		ck_assert_double_eq(d->target[i], values[LB_U8][i * D]);
		ck_assert_double_eq(lb_matrix_at(&d->x, i, 0), values[LB_U8][i * D + 2]);
		ck_assert_double_eq(lb_matrix_at(&d->x, i, 1), values[LB_U8][i * D + 4]);
	}
	lb_dataset_free(d);
	ck_assert_ptr_null(join(make(LB_U8, true, N), none, make(LB_U8, false, 4), none, MULTI));
	ck_message("(sparse); convert one of them");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("batch_csr");
	TCase *c = tcase_create("sparse");

	tcase_add_loop_test(c, operations, 0, 3);
	tcase_add_loop_test(c, batches, 0, 9);
	tcase_add_test(c, scaling);
	tcase_add_test(c, roles);
	suite_add_tcase(s, c);
	return s;
}

LB_SUITE_MAIN("batch_csr")
