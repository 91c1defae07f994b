/* Files written by NumPy, SciPy and scikit-learn (tests/reference/formats.py) give the values that
 * these read back; what is refused. */
#include "datasets/formats/readers.h"
#include "datasets/formats/sparse_parts.h"
#include "tests/unit/datasets/one_file.h"
#include "tests/unit/golden.h"

#include <math.h>

#define FOLDER "tests/golden/formats"

static cJSON *golden(void)
{
	return golden_read("tests/golden/formats.json");
}

static void ck_value(const char *name, size_t i, double got, const cJSON *want)
{
	if (cJSON_IsNull(want))
		ck_assert_msg(isnan(got), "%s: value %zu is %g, expected none", name, i, got);
	else
		ck_assert_msg(got == want->valuedouble, "%s: value %zu is %.17g, expected %.17g", name, i, got, want->valuedouble);
}

static void ck_column(const char *name, const char *column, const cJSON *want)
{
	const struct lb_column *c = NULL;
	const cJSON *v;
	size_t i = 0;

	for (size_t j = 0; j < t.n_cols; j++)
		if (!strcmp(t.col[j].name, column))
			c = &t.col[j];
	ck_assert_msg(c && c->type == LB_NUMBER, "%s: no numeric column '%s'", name, column);
	ck_assert_msg(c->non_feature, "%s: '%s' would be a feature", name, column);
	cJSON_ArrayForEach(v, want)
		ck_value(name, i, c->num[i], v), i++;
	ck_assert_uint_eq(i, t.n);
}

/* Features as a block, or as the first columns. */
static void ck_features(const char *name, const cJSON *e)
{
	const size_t d = (size_t)lb_json_at(e, "d")->valuedouble;
	const cJSON *v;
	size_t k = 0;

	ck_assert_uint_eq(t.n, (size_t)lb_json_at(e, "n")->valuedouble);
	ck_assert_msg(!t.block.d || t.block.d == d, "%s: %zu columns, expected %zu", name, t.block.d, d);
	cJSON_ArrayForEach(v, lb_json_at(e, "x")) {
		ck_value(name, k, t.block.d ? block_at(&t.block, k / d, k % d) : t.col[k % d].num[k / d], v);
		k++;
	}
	ck_assert_uint_eq(k, t.n * d);
}

START_TEST(as_others_read_them)
{
	cJSON *all = golden();
	const cJSON *e;
	size_t files = 0;

	cJSON_ArrayForEach(e, all) {
		const cJSON *base = lb_json_at(e, "base"), *y = lb_json_at(e, "y"), *q = lb_json_at(e, "qid"), *v;
		const struct lb_read_options opt = { .index_base = base && base->valuedouble == 0 ? LB_BASE_0 : LB_BASE_1 };
		char path[256];
		size_t i = 0;
		snprintf(path, sizeof path, FOLDER "/%s", e->string);
		lb_table_free(&t);
		const int rc = lb_table_read(path, &opt, &t, &err);
		if (rc && strstr(err.text, "was built without")) /* test_stream says when that is right */
			continue;
		ck_assert_msg(!rc, "%s", err.text);
		ck_assert_uint_eq(strlen(t.sha256), 64);
		ck_features(e->string, e);
		ck_assert_msg(!base || t.block.start, "%s is not sparse", e->string);
		if (y && cJSON_GetArraySize(y) == (int)t.n)
			ck_column(e->string, "label", y);
		if (q)
			ck_column(e->string, "qid", q);
		cJSON_ArrayForEach(v, lb_json_at(e, "text"))
			ck_assert_str_eq(t.col[t.n_cols - 1].level[t.col[t.n_cols - 1].code[i++]], v->valuestring);
		files++;
	}
	ck_assert_uint_ge(files, 49);
	cJSON_Delete(all);
}
END_TEST

/* ---- keys and roles of archives ---- */

START_TEST(arrays_of_an_archive)
{
	struct lb_read_options opt = { .x_key = "X_test", .y_key = "y_test.npy" };

	ck_assert_msg(!lb_table_read(FOLDER "/split.npz", &opt, &t, &err), "%s", err.text);
	ck_assert(t.n == 2 && t.block.d == 4 && t.n_cols == 1);
	lb_table_free(&t);
	opt = (struct lb_read_options){ .role = LB_READ_LABELS };
	ck_assert_msg(!lb_table_read(FOLDER "/deflated.npz", &opt, &t, &err), "%s", err.text);
	ck_assert(t.n == 6 && t.block.d == 1 && !t.n_cols);
	lb_table_free(&t);
	opt = (struct lb_read_options){ .role = LB_READ_FEATURES };
	ck_assert_msg(!lb_table_read(FOLDER "/deflated.npz", &opt, &t, &err), "%s", err.text);
	ck_assert(t.n == 6 && t.block.d == 4 && !t.n_cols);
	lb_table_free(&t);
	opt = (struct lb_read_options){ .x_key = "absent" };
	ck_assert_int_eq(lb_table_read(FOLDER "/deflated.npz", &opt, &t, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "'absent'; the archive has 'embeddings', 'labels'; name one with data.train.x"));
}
END_TEST

/* ---- svmlight ---- */

static const struct {
	const char *text;
	struct lb_read_options opt;
	const char *words;       /* of the refusal, or NULL */
	size_t n, d, stored;
	enum lb_dtype dtype;
} svm[] = {
#define SVM .format = "svmlight"
	{ "1 1:2 3:255\n-1 2:1\n", { 0 }, NULL, 2, 3, 3, LB_U8 },
	{ "# head\n\n+1 1:2\t3:-.5 # tail\r\n 1.0  \n0 #x 9:9\n", { SVM }, NULL, 3, 3, 2, LB_F32 },
	{ "1 2:0.1 5:0", { 0 }, NULL, 1, 5, 2, LB_F64 },
	{ "1 1:1\n", { .features = 7 }, NULL, 1, 7, 1, LB_U8 },
	{ "1 1000001:1\n", { .features = 2000000 }, NULL, 1, 2000000, 1, LB_U8 },
	{ "1 0:1 1:2\n", { .index_base = LB_BASE_AUTO }, NULL, 1, 2, 2, LB_U8 },
	{ "1 1:1 2:2\n", { .index_base = LB_BASE_AUTO }, NULL, 1, 2, 2, LB_U8 },
	{ "1 1:1 2:2\n", { .index_base = LB_BASE_0 }, NULL, 1, 3, 2, LB_U8 },
	{ "1\n2\n", { SVM }, NULL, 2, 1, 0, LB_U8 },
	{ "1 0:1\n", { 0 }, ":1:3: '0:1' counts_from_0", 0, 0, 0, LB_U8 },
	{ "1 1:1\n2 3:1 2:1\n", { 0 }, ":2:7: index_2_follows_3 ascend", 0, 0, 0, LB_U8 },
	{ "1 1:1 1:2\n", { 0 }, ":1:7: index_1_follows_1", 0, 0, 0, LB_U8 },
	{ "1 1:nan\n", { SVM }, ":1:3: '1:nan' finite_number", 0, 0, 0, LB_U8 },
	{ "1 1:1e999\n", { 0 }, ":1:3: finite_number", 0, 0, 0, LB_U8 },
	{ "1 1:0x10\n", { 0 }, ":1:3: finite_number", 0, 0, 0, LB_U8 },
	{ "1 1:1\ncat 1:1\n", { 0 }, ":2:1: 'cat' label", 0, 0, 0, LB_U8 },
	{ "1,2 1:1\n", { 0 }, ":1:1: '1,2' several_labels", 0, 0, 0, LB_U8 },
	{ "1:1 2:2\n", { SVM }, ":1:1: '1:1' where_the_label weight data.weight", 0, 0, 0, LB_U8 },
	/* Recognised although the first line has no pair, or a broken one. */
	{ "0\n1 1:0.5 3:2\n", { 0 }, NULL, 2, 3, 2, LB_F32 },
	{ "\n \r\n# x\n0 \n0\n0\n1 1:0.5 3:2\n", { 0 }, NULL, 4, 3, 2, LB_F32 },
	{ "\xEF\xBB\xBF" "1 1:1\n", { 0 }, NULL, 1, 1, 1, LB_U8 },
	{ "1 1:nan 3:2\n0 2:1\n", { 0 }, ":1:3: '1:nan' a_finite_number_behind_the_colon", 0, 0, 0, LB_U8 },
	{ "1 1:-inf 3:2\n", { 0 }, ":1:3: a_finite_number_behind_the_colon", 0, 0, 0, LB_U8 },
	{ "+1 3: 4:1\n", { 0 }, ":1:4: '3:' a_finite_number", 0, 0, 0, LB_U8 },
	{ "+1 -4:0.5 7:2\n", { 0 }, ":1:4: '-4:0.5' index:value", 0, 0, 0, LB_U8 },
	{ "+1 3:0.5 4:oops\n", { 0 }, ":1:10: '4:oops' finite", 0, 0, 0, LB_U8 },
	{ "1:2.0 1:0.5 3:2\n0 2:1\n", { 0 }, ":1:1: '1:2.0' weight", 0, 0, 0, LB_U8 },
	{ "cat 1:1\n1 2:1\n", { 0 }, ":1:1: 'cat' label", 0, 0, 0, LB_U8 },
	{ "2 qid:3 1:1\n", { 0 }, NULL, 1, 1, 1, LB_U8 },
	/* The header of the Extreme Classification Repository. */
	{ "4 6 3\n0,2 1:0.5 3:2\n 2:1\n1 0:1 2:1\n1,2 5:4\n", { .label_lists = true }, NULL, 4, 6, 6, LB_F32 },
	{ "3 9 1\n0 1:2\n\n0 8:1\n\n", { .label_lists = true }, NULL, 3, 9, 2, LB_U8 },
	{ "2 3 2\n1 1:2\n0 3:1\n", { 0 }, NULL, 2, 3, 2, LB_U8 },
	{ "2 3 2\n1 1:2\n", { 0 }, "promises_2_rows,_there_is_1", 0, 0, 0, LB_U8 },
	{ "1 3 2\n1 4:2\n", { 0 }, "column_4 promises_3", 0, 0, 0, LB_U8 },
	{ "1 3 2\n7 1:2\n", { .label_lists = true }, ":2:1: '7' not_so_many_labels", 0, 0, 0, LB_U8 },
	{ "1 99999999999999999999 2\n1 1:2\n", { 0 }, ":1:1: expected", 0, 0, 0, LB_U8 },
	{ "0 3 2\n1 1:2\n", { 0 }, ":1:1: expected", 0, 0, 0, LB_U8 },
	{ "1 1:1 x\n", { 0 }, ":1:7: 'x' index:value", 0, 0, 0, LB_U8 },
	{ "1 1:1 2\n", { 0 }, ":1:7: '2' index:value", 0, 0, 0, LB_U8 },
	{ "1 -1:1\n", { SVM }, ":1:3: '-1:1' index:value", 0, 0, 0, LB_U8 },
	{ "1 1 :1\n", { SVM }, ":1:3: '1' index:value", 0, 0, 0, LB_U8 },
	{ "1 1000001:1\n", { 0 }, ":1:3: 1000001 1000000 data.features", 0, 0, 0, LB_U8 },
	{ "1 99999999999999999999999:1\n", { 0 }, ":1:3: limit", 0, 0, 0, LB_U8 },
	{ "1 3:1\n", { .features = 2 }, "column_3 data.features_is_2", 0, 0, 0, LB_U8 },
	{ "1 qid:1 1:1\n1 1:1\n", { 0 }, ":2: some_rows_have_a_qid", 0, 0, 0, LB_U8 },
	{ "1 qid:x 1:1\n", { 0 }, ":1:3: 'qid:x' whole_number", 0, 0, 0, LB_U8 },
	{ "# only\n\n", { SVM }, "holds_no_rows", 0, 0, 0, LB_U8 },
	{ "1 1:1\n1 2:2\n", { .max_bytes = 8 }, "more_than_8_bytes raise", 0, 0, 0, LB_U8 },
};

START_TEST(svmlight)
{
	const int rc = read_bytes(svm[_i].text, strlen(svm[_i].text), &svm[_i].opt);

	if (svm[_i].words) {
		ck_refused(rc, svm[_i].words);
		return;
	}
	ck_assert_msg(!rc, "%s", err.text);
	ck_assert_str_eq(t.format, "svmlight");
	ck_assert_uint_eq(t.n, svm[_i].n);
	ck_assert_uint_eq(t.block.d, svm[_i].d);
	ck_assert_uint_eq(t.block.start[t.n], svm[_i].stored);
	ck_assert_int_eq(t.block.dtype, svm[_i].dtype);
}
END_TEST

/* What is judged by its content, by its ending where that tells nothing, and by the option in any
 * case. */
static const struct {
	const char *ending, *text, *insist;
	const char *format;      /* the reader it went to, or NULL with the words of its refusal */
	const char *words;
} judged[] = {
	{ ".csv", "1 1:2 3:4\n0 1:1\n", NULL, "svmlight", NULL },
	{ ".svm", "hello world of text\nmore words\n", NULL, NULL, ":1:1: 'hello' label" },
	{ ".svm", "# nothing but\n# remarks\n", NULL, NULL, "holds_no_rows" },
	{ ".svm", "1,2,3\n4,5,6\n", NULL, NULL, ":1:1: '1,2,3' several_labels" },
	{ ".svm", "1,2,3\n4,5,6\n", "csv", "csv", NULL },
	{ ".svm", "0\n1\n", NULL, "svmlight", NULL },
	{ ".LibSVM", "0\n1\n", NULL, "svmlight", NULL },
	{ ".txt", "0\n1\n", NULL, "csv", NULL },
	{ ".txt", "0\n1\n", "svmlight", "svmlight", NULL },
	{ ".txt", "id from to\n1 12:30 13:45\n2 14:10 15:20\n", NULL, "csv", NULL },
	{ ".txt", "2020-01-02 10:00 1.5\n2020-01-02 10:10 2.5\n", NULL, "csv", NULL },
	{ ".txt", "5, 10:30, 11:40\n6, 10:35, 11:50\n", NULL, "csv", NULL },
	{ ".arff", "% only\n% remarks\n", NULL, NULL, "no_@data" },
	{ ".arff", "a,b\n1,2\n", NULL, NULL, ":1:1: @relation" },
	{ ".txt", "% a remark\n@attribute a real\n@data\n1\n2\n", NULL, "arff", NULL },
	{ ".csv", "@data\n1\n2\n", NULL, NULL, ":1:1: @attribute_before_it" },
	{ ".txt", "%a,b\n1,2\n", NULL, "csv", NULL },
	{ ".npz", "a,b\n1,2\n", NULL, NULL, "not_a_ZIP_archive 61_2c" },
	{ ".npz", "P", NULL, NULL, "not_a_ZIP_archive" },
	{ ".npy", "a,b\n1,2\n3,4\n", NULL, NULL, "is_not_NPY" },
	{ ".idx", "a,b\n1,2\n", NULL, NULL, "is_not_IDX" },
	{ "-labels-idx1-ubyte", "a,b\n1,2\n", NULL, NULL, "is_not_IDX" },
	{ ".csv", "a,b\n1,2\n", "npz", NULL, "not_a_ZIP_archive" },
	{ ".csv", "a,b\n1,2\n", "cvs", NULL, "'cvs' did_you_mean_'csv'" },
};

START_TEST(recognition)
{
	const struct lb_read_options opt = { .format = judged[_i].insist };

	unlink(file);
	snprintf(file, sizeof file, "%s/f%s", dir, judged[_i].ending);
	const int rc = read_bytes(judged[_i].text, strlen(judged[_i].text), &opt);
	if (!judged[_i].format) {
		ck_refused(rc, judged[_i].words);
		return;
	}
	ck_assert_msg(!rc, "%s", err.text);
	ck_assert_str_eq(t.format, judged[_i].format);
}
END_TEST

/* Formats that are known and not read: by name, with what converts them. */
#define FOREIGN(head, words) { head, sizeof head - 1, words }
static const struct {
	const char *head;
	size_t n;
	const char *words;
} foreign[] = {
	FOREIGN("PAR1\x15\4\x15", "is_Parquet, parquet('FILE').to"),
	FOREIGN("ARROW1\0\0\xFF\xFF", "is_Arrow_IPC feather"),
	FOREIGN("\xFF\xFF\xFF\xFF\x10\1\0\0", "Arrow_IPC_as_a_stream pyarrow"),
	FOREIGN("FEA1\1\0\0", "Feather_of_version_1 feather"),
	FOREIGN("ORC\x11\0\0", "is_ORC, orc"),
	FOREIGN("Obj\1\4\x14", "is_Avro, fastavro"),
	FOREIGN("\211HDF\r\n\032\n\0\0", "is_HDF5, h5py"),
	FOREIGN("MATLAB 5.0 MAT-file, Platform: GLNXA64", "is_MATLAB_5, loadmat"),
	FOREIGN("MATLAB 7.3 MAT-file, Platform: GLNXA64", "is_MATLAB_7.3 h5py"),
	FOREIGN("SQLite format 3\0\x10", "SQLite sqlite3_-header_-csv"),
	FOREIGN("<stata_dta><header>", "is_Stata, stata"),
	FOREIGN("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "Excel save_the_sheet excel"),
	FOREIGN("RDX3\nX\n\0\0\0\3", "RData load("),
	FOREIGN("X\n\0\0\0\3\0\4", "RDS readRDS("),
	FOREIGN("7z\xBC\xAF\x27\x1C\0", "7-Zip 7z_x"),
	FOREIGN("Rar!\x1A\x07\1", "RAR unrar"),
	FOREIGN("\x1F\x9D\x90x", "compress_(.Z) gunzip"),
	FOREIGN("\x04\x22\x4D\x18x", "lz4 unlz4"),
	FOREIGN("\x89PNG\r\n\032\n", "PNG_image no_table"),
	FOREIGN("\xFF\xD8\xFF\xE0", "JPEG_image no_table"),
	FOREIGN("%PDF-1.7\n", "is_a_PDF, no_table"),
	FOREIGN("[{\"a\": 1}]", "is_JSON, json('FILE').to"),
	FOREIGN(" [\n  [1, 2], [3, 4]]", "is_JSON, json('FILE').to"),
	FOREIGN("{\n \"a\": [1, 2]}", "is_JSON, json('FILE').to"),
	FOREIGN("{\"a\": 1}\n{\"a\": 2}\n", "is_JSON_lines, lines=True"),
	FOREIGN("<!DOCTYPE html><html>", "HTML_or_XML download"),
	FOREIGN("\x80\4\x95\1", "is_a_Python_pickle, pickle"),
	FOREIGN("PK\3\4\x14\0\0\0\0\0!!!!\0\0\0\0\0\0\0\0\0\0\0\0\x13\0\0\0[Content_Types].xml<", "is_a_spreadsheet, save_the_sheet"),
	FOREIGN("PK\3\4\x14\0\0\0\0\0!!!!\0\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0a.csv1,2", "is_a_ZIP_archive, unzip"),
	FOREIGN("PK\3\4\x14\0\0\0\0\0!!!!\0\0\0\0\0\0\0\0\0\0\0\0\x0e\0\0\0model/data.pklX", "is_a_PyTorch_file, torch.load"),
	FOREIGN("version https://git-lfs.github.com/spec/v1\noid", "Git_LFS git_lfs_pull"),
};

START_TEST(foreign_formats)
{
	ck_refused(read_bytes(foreign[_i].head, foreign[_i].n, NULL), foreign[_i].words);
}
END_TEST

START_TEST(foreign_tar)
{
	char tar[512] = "data.csv";

	memcpy(tar + 257, "ustar\00000", 8);
	ck_refused(read_bytes(tar, sizeof tar, NULL), "is_a_tar_archive, tar_xf");
}
END_TEST

/* Tables whose first column has the name of a format. */
START_TEST(not_foreign)
{
	static const char *const text[] = { "PAR1,b\n1,2\n", "ORCA,b\n1,2\n", "ORC\tb\n1\t2\n", "RDX,b\n1,2\n", "RDXY,b\n1,2\n", "MATLAB,b\n1,2\n",
					    "A\n3\n4\n", "FEA12,b\n1,2\n", "ARROW1x\n1\n2\n" };

	for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
		ck_assert_msg(!read_bytes(text[i], strlen(text[i]), NULL), "%s: %s", text[i], err.text);
		ck_assert_str_eq(t.format, "csv");
	}
}
END_TEST

/* IDX with no dimension, whatever its name. */
START_TEST(idx_without_dimensions)
{
	ck_refused(read_bytes("\0\0\x08\0", 4, NULL), "byte_3_is_0 1_to_8");
}
END_TEST

/* Longer than any buffer: lines across its borders, one longer than it. */
START_TEST(long_text)
{
	struct lb_buf b = { 0 };

	for (size_t i = 0; i < 20000; i++)
		lb_buf_printf(&b, "%zu 1:%zu.5 7:3 %zu:1 # %*s\n", i % 3, i, 8 + i % 90, (int)(i % 150), "x");
	lb_buf_puts(&b, "1");
	for (size_t j = 1; j <= 300000; j++)
		lb_buf_printf(&b, " %zu:%zu", j, j % 7);
	ck_assert(!b.bad);
	ck_assert_msg(!read_bytes(b.s, b.n, NULL), "%s", err.text);
	lb_buf_free(&b);
	ck_assert(t.n == 20001 && t.block.d == 300000 && t.line[20000] == 20001);
	for (size_t i = 0; i < 20000; i++)
		ck_assert(block_at(&t.block, i, 0) == (double)i + 0.5 && block_at(&t.block, i, 7 + i % 90) == 1);
	for (size_t j = 0; j < 300000; j += 999)
		ck_assert(block_at(&t.block, 20000, j) == (double)((j + 1) % 7));
}
END_TEST

/* ---- NPY ---- */

#define NPY(header) "\223NUMPY\1\0" header
static const struct {
	const char *header, *words;
} npy[] = {
	{ "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "dtype_'|O' pickled_objects float32" },
	{ "{'descr': '<U3', 'fortran_order': False, 'shape': (1,), }", "dtype_'<U3'" },
	{ "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "dtype_'<c8'" },
	{ "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "structured plain_columns" },
	{ "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4), }", "dimension_1 size_0" },
	{ "{'descr': '<f8', 'fortran_order': False, 'shape': (), }", "single_number" },
	{ "{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846976,), }", "promises 1152921504606846976_rows 2147483647_rows" },
	{ "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "promises limits" },
	{ "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }", "size_that_is_possible" },
	{ "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", "a_size_of_the_array" },
	{ "{'descr': '<f8', 'fortran_order': 1, 'shape': (1,), }", "True_or_False" },
	{ "{'descr': '<f8', 'shape': (1,), }", "byte_43" },
	{ "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'x': 1}", "key_'x'" },
	{ "{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "key_'descr' once" },
	{ "__import__('os').system('true')", "a_dictionary" },
	{ "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", "should_have_24_bytes ends_after_16" },
	{ "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", "more_bytes_follow_the_8" },
	{ "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }", "value_2 2^53" },
	{ "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", "row_2,_value_1 infinite" },
};

/* Labels: texts and others. */
static const struct {
	const char *descr, *shape, *data;
	size_t n_data;
	const char *words;       /* of the refusal, or NULL */
	const char *label[3];    /* NULL: missing */
} npy_texts[] = {
#define DATA(s) s, sizeof s - 1
	{ "'|S3'", "(3,)", DATA("abc\0\0\0b c"), NULL, { "abc", NULL, "b c" } },
	{ "'|S2'", "(3, 1)", DATA("1\0" "01" "1\0"), NULL, { "1", "01", "1" } },
	{ "'<U2'", "(3,)", DATA("a\0\0\0\0\0\0\0\x3d\xd8\0\0\0\0\0\0x\0\0\0y\0\0\0"), "row_2_is_no_text_in_Unicode", { NULL } },
	{ "'<U1'", "(3,)", DATA("\xFC\0\0\0\0\xF6\1\0a\0\0\0"), NULL, { "\xC3\xBC", "\xF0\x9F\x98\x80", "a" } },
	{ "'>U1'", "(3,)", DATA("\0\0\0\xFC\0\1\xF6\0\0\0\0a"), NULL, { "\xC3\xBC", "\xF0\x9F\x98\x80", "a" } },
	{ "'<U1'", "(3,)", DATA("a\0\0\0\0\0\x11\0b\0\0\0"), "row_2_is_no_text_in_Unicode", { NULL } },
	{ "'|S3'", "(3,)", DATA("abca\0cabc"), "row_2_is_no_text_in_UTF-8", { NULL } },
	{ "'|S3'", "(3,)", DATA("abc\xFF" "bcabc"), "row_2_is_no_text_in_UTF-8", { NULL } },
	{ "'|S3'", "(3,)", DATA("abcab"), "should_have_9_bytes ends_after_5", { NULL } },
	{ "'|S3'", "(1,)", DATA("abcab"), "more_bytes_follow_the_3", { NULL } },
	{ "'|S3'", "(3, 2)", DATA("abcab"), "has_2_texts_per_row", { NULL } },
	{ "'|S3'", "(4611686018427387904,)", DATA("abc"), "promises 4611686018427387904_rows", { NULL } },
	{ "'|S0'", "(3,)", DATA("abc"), "'|S0' 1_to_65536", { NULL } },
	{ "'<U999999999999'", "(3,)", DATA("abc"), "'<U999999999999' 1_to_65536", { NULL } },
	{ "'<Ux'", "(3,)", DATA("abc"), "'<Ux' 1_to_65536", { NULL } },
	{ "'|O'", "(3,)", DATA("abc"), "pickled_objects save_y.astype(str)", { NULL } },
};

static void put_npy(const char *descr, const char *shape, const char *data, size_t n)
{
	struct lb_buf b = { 0 }, h = { 0 };

	lb_buf_printf(&h, "{'descr': %s, 'fortran_order': False, 'shape': %s, }", descr, shape);
	lb_buf_add(&b, "\223NUMPY\1\0", 8);
	lb_buf_add(&b, (const char[]){ (char)h.n, 0 }, 2);
	lb_buf_add(&b, h.s, h.n);
	lb_buf_add(&b, data, n);
	put(b.s, b.n);
	lb_buf_free(&b);
	lb_buf_free(&h);
}

START_TEST(npy_labels)
{
	const struct lb_read_options opt = { .role = LB_READ_LABELS };

	put_npy(npy_texts[_i].descr, npy_texts[_i].shape, npy_texts[_i].data, npy_texts[_i].n_data);
	const int rc = lb_table_read(file, &opt, &t, &err);
	if (npy_texts[_i].words) {
		ck_refused(rc, npy_texts[_i].words);
		return;
	}
	ck_assert_msg(!rc, "%s", err.text);
	ck_assert(t.n == 3 && t.n_cols == 1 && !t.block.d && t.col[0].type == LB_TEXT && t.col[0].declared);
	for (size_t i = 0; i < 3; i++) {
		ck_assert((t.col[0].code[i] < 0) == (npy_texts[_i].label[i] == NULL));
		if (npy_texts[_i].label[i])
			ck_assert_str_eq(t.col[0].level[t.col[0].code[i]], npy_texts[_i].label[i]);
	}
	lb_table_free(&t);
	ck_refused(lb_table_read(file, NULL, &t, &err), "holds_text expected_numbers data.train.labels");
}
END_TEST

/* ---- sparse matrices in parts ---- */

struct part {
	size_t n;
	double v[6];
};

static const struct {
	enum lb_sparse_kind kind;
	struct part shape, first, second, data;
	const char *words;       /* of the refusal, or NULL: the matrix 0 5 0 / 7 0 2 */
} parts[] = {
	{ LB_SPARSE_CSR, { 2, { 2, 3 } }, { 3, { 1, 2, 0 } }, { 3, { 0, 1, 3 } }, { 3, { 5, 2, 7 } }, NULL },
	{ LB_SPARSE_CSR, { 2, { 2, 3 } }, { 5, { 1, 0, 2, 0, 9 } }, { 3, { 0, 1, 4 } }, { 5, { 5, 3, 2, 4, 1 } }, NULL },
	{ LB_SPARSE_CSC, { 2, { 2, 3 } }, { 3, { 1, 0, 1 } }, { 4, { 0, 1, 2, 3 } }, { 3, { 7, 5, 2 } }, NULL },
	{ LB_SPARSE_COO, { 2, { 2, 3 } }, { 4, { 1, 0, 1, 1 } }, { 4, { 2, 1, 0, 0 } }, { 4, { 2, 5, 8, -1 } }, NULL },
	{ LB_SPARSE_CSR, { 2, { 2, 3 } }, { 3, { 1, 3, 0 } }, { 3, { 0, 1, 3 } }, { 3, { 5, 2, 7 } }, "indices[1]_is_3 from_0_to_2" },
	{ LB_SPARSE_CSR, { 2, { 2, 3 } }, { 3, { 1, -1, 0 } }, { 3, { 0, 1, 3 } }, { 3, { 5, 2, 7 } }, "indices[1]_is_-1" },
	{ LB_SPARSE_CSR, { 2, { 2, 3 } }, { 3, { 1, 0.5, 0 } }, { 3, { 0, 1, 3 } }, { 3, { 5, 2, 7 } }, "indices[1]_is_0.5" },
	{ LB_SPARSE_CSR, { 2, { 2, 3 } }, { 3, { 1, 2, 0 } }, { 3, { 0, 1, 4 } }, { 3, { 5, 2, 7 } }, "indptr[2]_is_4 from_0_to_3" },
	{ LB_SPARSE_CSR, { 2, { 2, 3 } }, { 3, { 1, 2, 0 } }, { 3, { 0, 2, 1 } }, { 3, { 5, 2, 7 } }, "indptr[2]_is_1 ascending" },
	{ LB_SPARSE_CSR, { 2, { 2, 3 } }, { 3, { 1, 2, 0 } }, { 3, { 1, 2, 3 } }, { 3, { 5, 2, 7 } }, "indptr[0]_is_1,_expected_0" },
	{ LB_SPARSE_CSR, { 2, { 3, 3 } }, { 3, { 1, 2, 0 } }, { 3, { 0, 1, 3 } }, { 3, { 5, 2, 7 } }, "indptr_has_3_values,_expected_4" },
	{ LB_SPARSE_CSR, { 2, { 2, 3 } }, { 2, { 1, 2 } }, { 3, { 0, 1, 3 } }, { 3, { 5, 2, 7 } }, "data_has_3_values,_indices_2" },
	{ LB_SPARSE_COO, { 2, { 2, 3 } }, { 3, { 1, 0, 2 } }, { 3, { 2, 1, 0 } }, { 3, { 2, 5, 7 } }, "row[2]_is_2 from_0_to_1" },
	{ LB_SPARSE_COO, { 2, { 2, 3 } }, { 3, { 1, 0, 1 } }, { 3, { 3, 1, 0 } }, { 3, { 2, 5, 7 } }, "col[0]_is_3 from_0_to_2" },
	{ LB_SPARSE_COO, { 2, { 2, 3 } }, { 3, { 1, 0, 1 } }, { 2, { 2, 1 } }, { 3, { 2, 5, 7 } }, "data_has_3_values,_col_2" },
	{ LB_SPARSE_COO, { 1, { 2 } }, { 1, { 1 } }, { 1, { 2 } }, { 1, { 2 } }, "1_dimension," },
	{ LB_SPARSE_COO, { 2, { 0, 2 } }, { 1, { 1 } }, { 1, { 2 } }, { 1, { 2 } }, "0_rows_and_2_columns" },
	{ LB_SPARSE_COO, { 2, { 2147483647, 2 } }, { 1, { 1 } }, { 1, { 1 } }, { 1, { 2 } }, "raise more_than_67_MB" },
	{ LB_SPARSE_COO, { 2, { 1e18, 2 } }, { 1, { 1 } }, { 1, { 1 } }, { 1, { 2 } }, "shape[0]_is_1e+18" },
	{ LB_SPARSE_COO, { 2, { 2, 1000001 } }, { 1, { 1 } }, { 1, { 1 } }, { 1, { 2 } }, "shape[1] 1000000" },
	{ LB_SPARSE_COO, { 2, { 2, 3 } }, { 2, { 1, 0 } }, { 2, { 2, 1 } }, { 2, { (double)NAN, 5 } }, "row_2,_column_3 not_finite" },
	{ LB_SPARSE_COO, { 2, { 2, 3 } }, { 2, { 1, 1 } }, { 2, { 2, 2 } }, { 2, { 1e308, 1e308 } }, "row_2,_column_3 not_finite" },
};

static struct lb_matrix matrix_of(const struct part *p)
{
	return (struct lb_matrix){ .dtype = LB_F64, .n = p->n, .d = 1, .x = (void *)(uintptr_t)p->v };
}

START_TEST(sparse_parts)
{
	static const double want[] = { 0, 5, 0, 7, 0, 2 };
	const struct lb_sparse_parts p = { .path = file, .kind = parts[_i].kind, .shape = matrix_of(&parts[_i].shape),
					   .first = matrix_of(&parts[_i].first), .second = matrix_of(&parts[_i].second),
					   .data = matrix_of(&parts[_i].data), .limit = 1 << 26 };
	const int rc = lb_sparse_from_parts(&p, &t.block, &err);

	if (parts[_i].words) {
		ck_refused(rc, parts[_i].words);
		return;
	}
	ck_assert_msg(!rc, "%s", err.text);
	ck_assert(t.block.n == 2 && t.block.d == 3 && t.block.start[2] == 3);
	for (size_t k = 0; k < 6; k++)
		ck_assert_double_eq(block_at(&t.block, k / 3, k % 3), want[k]);
}
END_TEST

START_TEST(npy_refused)
{
	static const unsigned char values[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xF0, 0x7F };
	struct lb_buf b = { 0 };
	const size_t n = strlen(npy[_i].header);

	lb_buf_add(&b, NPY(""), 8);
	lb_buf_add(&b, (const char[]){ (char)n, 0 }, 2);
	lb_buf_puts(&b, npy[_i].header);
	lb_buf_add(&b, (const char *)values, sizeof values);
	ck_refused(read_bytes(b.s, b.n, NULL), npy[_i].words);
	lb_buf_free(&b);
}
END_TEST

/* Every cut of a file (a few bytes could be the start of anything), and every changed byte, is
 * refused or read, never more. */
START_TEST(cut_and_changed)
{
	static const char *const files[] = { "version2.npy", "piped.npz", "stored.npz", "zip64.npz", "dense.arff", "base1.svm", "counts.svm.gz" };
	size_t n;
	char path[256];

	snprintf(path, sizeof path, FOLDER "/%s", files[_i]);
	char *whole = lb_read_file(path, 1 << 20, &n, LB_DATA, &err);
	ck_assert_ptr_nonnull(whole);
	const bool text = strstr(files[_i], ".arff") || !strcmp(files[_i], "base1.svm");
	for (size_t k = 0; k < n; k += 1 + n / 400) {
		const int rc = read_bytes(whole, k, NULL);
		ck_assert_msg(text || rc || k < 8, "%s is accepted after %zu of %zu bytes", files[_i], k, n);
		ck_assert(!rc || (err.code == LB_DATA && err.text[0]));
	}
	for (size_t k = 0; k < n; k += 1 + n / 400) {
		const char old = whole[k];
		whole[k] = (char)(old ^ (1 << k % 8));
		const int rc = read_bytes(whole, n, NULL);
		ck_assert(!rc || (err.code == LB_DATA && err.text[0]));
		whole[k] = old;
	}
	free(whole);
}
END_TEST

#define N_OF(table) ((int)(sizeof(table) / sizeof *(table)))

static Suite *suite(void)
{
	Suite *s = suite_create("array_files");
	TCase *c = tcase_create("formats");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_at_least(c, 60);
	tcase_add_test(c, as_others_read_them);
	tcase_add_test(c, arrays_of_an_archive);
	tcase_add_loop_test(c, svmlight, 0, N_OF(svm));
	tcase_add_loop_test(c, recognition, 0, N_OF(judged));
	tcase_add_loop_test(c, foreign_formats, 0, N_OF(foreign));
	tcase_add_test(c, foreign_tar);
	tcase_add_test(c, not_foreign);
	tcase_add_test(c, idx_without_dimensions);
	tcase_add_test(c, long_text);
	tcase_add_loop_test(c, npy_labels, 0, N_OF(npy_texts));
	tcase_add_loop_test(c, sparse_parts, 0, N_OF(parts));
	tcase_add_loop_test(c, npy_refused, 0, N_OF(npy));
	tcase_add_loop_test(c, cut_and_changed, 0, 7);
	suite_add_tcase(s, c);
	return s;
}

LB_SUITE_MAIN("array_files")
