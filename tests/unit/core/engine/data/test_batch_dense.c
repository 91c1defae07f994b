/* Encoded rows of a batch against the definition of the encoding. */
#include "core/engine/data/batch_dense.h"
#include "tests/unit/datasets/tables.h"

void lb_gather_f32(const struct lb_encoding *e, const uint32_t *rows, size_t b, float *out);

/* Naive value of a numeric cell under the options, from the definition. */
static double naive(const struct lb_dataset *d, const struct lb_split *s, size_t row, size_t j, struct lb_encode_options opt)
{
	double v[64], mean = 0, var = 0;
	size_t n = 0;

	for (size_t i = 0; i < s->n[LB_TRAIN] + 1; i++) {
		const size_t k = (i < s->n[LB_TRAIN] ? s->rows[LB_TRAIN][i] : row) * d->x.d + j;
		const double x = d->x.dtype == LB_U8    ? ((uint8_t *)d->x.x)[k]
				 : d->x.dtype == LB_F32 ? (double)((float *)d->x.x)[k]
							: ((double *)d->x.x)[k];
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
	static const struct lb_encode_options option[] = {
		{ .divide = 1 }, { .divide = 255 }, { .divide = 1, .standardize = true }, { .divide = 255, .standardize = true }
	};
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
	struct lb_dataset *d =
		one("s,x,y\nb,1,0\na,2,1\n,3,0\nb,4,1\nc,5,0\n", ROLES(.kind = LB_BINARY, AUTO, .missing = LB_MISSING_MEAN));
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

static Suite *suite(void)
{
	Suite *s = suite_create("batch_dense");
	TCase *tc = tcase_create("batch_dense");

	tcase_add_test(tc, standardised_columns);
	tcase_add_test(tc, one_hot);
	tcase_add_loop_test(tc, gather_agrees_with_the_formula, 0, (int)(sizeof encoded / sizeof *encoded));
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("batch_dense")
