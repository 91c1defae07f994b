#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "datasets/table/column.h"
#include "datasets/formats/npy_write.h"
#include "datasets/formats/readers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* What is being written: the columns of a table with one of them perhaps as label. */
struct job {
	const struct lb_table *t;
	size_t label;            /* t->block.d + t->n_cols: none */
	const char *path;
	struct lb_buf out;
};

static size_t width(const struct lb_table *t)
{
	return t->block.d + t->n_cols;
}

static const struct lb_column *column_at(const struct lb_table *t, size_t j)
{
	return j < t->block.d ? NULL : &t->col[j - t->block.d];
}

/* Columns that are set aside are written where a format names its columns, and are left out
 * elsewhere unless they are the label. */
static bool is_written(const struct job *job, size_t j, bool with_non_features)
{
	const struct lb_column *c = column_at(job->t, j);

	return j != job->label && (with_non_features || !c || !c->non_feature);
}

/* One of several labels that a reader set aside; they are written together. */
static bool is_label(const struct job *job, size_t j)
{
	const struct lb_column *c = column_at(job->t, j);

	return j == job->label || (c && c->non_feature && job->label < width(job->t) && job->label >= job->t->block.d &&
				   column_at(job->t, job->label)->non_feature && strcmp(c->name, "qid"));
}

static size_t count_labels(const struct job *job)
{
	size_t n = 0;

	for (size_t j = 0; j < width(job->t); j++)
		n += is_label(job, j);
	return n;
}

static double number_at(const struct lb_table *t, size_t row, size_t j)
{
	return j < t->block.d ? lb_matrix_at(&t->block, row, j) : t->col[j - t->block.d].num[row];
}

/* Refuses texts and, unless they are allowed, missing cells in the columns that are written and the
 * label. */
static int check_numbers(const struct job *job, const char *format, bool missing_ok, struct lb_err *err)
{
	const struct lb_table *t = job->t;

	for (size_t j = 0; j < width(t); j++) {
		const struct lb_column *c = column_at(t, j);
		if (j != job->label && !is_written(job, j, false))
			continue;
		if (c && c->type == LB_TEXT)
			return lb_fail(err, LB_DATA, "%s: column '%s' holds text, and %s holds numbers only; write CSV, or number its values first",
				       job->path, c->name, format);
		if (!missing_ok && (c ? c->n_missing > 0 : lb_matrix_has_nan(&t->block)))
			return lb_fail(err, LB_DATA, "%s: %s%s%s has missing values, and %s has no sign for them; write CSV or NPY", job->path,
				       c ? "column '" : "the table", c ? c->name : "", c ? "'" : "", format);
	}
	return 0;
}

static void put_number(struct lb_buf *b, double v)
{
	char text[LB_DOUBLE_TEXT];

	lb_double_text(v, text);
	lb_buf_puts(b, text);
}

/* ---- csv ---- */

static void put_text(struct lb_buf *b, const char *s)
{
	const size_t n = strlen(s);

	if (n && !strpbrk(s, ",;\t \"\r\n")) {
		lb_buf_puts(b, s);
		return;
	}
	lb_buf_puts(b, "\"");
	for (; *s; s++)
		lb_buf_add(b, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
	lb_buf_puts(b, "\"");
}

static void put_cell(struct lb_buf *b, const struct lb_table *t, size_t row, size_t j)
{
	const struct lb_column *c = column_at(t, j);

	if (c && c->type == LB_TEXT) {
		if (c->code[row] >= 0)
			put_text(b, c->level[c->code[row]]);
	} else if (!isnan(number_at(t, row, j)))
		put_number(b, number_at(t, row, j));
}

static int make_csv(struct job *job, struct lb_err *err)
{
	const struct lb_table *t = job->t;
	const size_t d = width(t);
	const bool named = t->has_header || (t->block.d && t->n_cols);

	if (t->block.start && d > LB_MAX_COLUMNS / 10)
		return lb_fail(err, LB_DATA, "%s: %zu columns of sparse rows are too many for CSV, the limit is %zu; write svmlight", job->path, d,
			       LB_MAX_COLUMNS / 10);
	for (size_t j = 0; named && j < d; j++) {
		char number[32];
		const struct lb_column *c = column_at(t, j);
		snprintf(number, sizeof number, "column %zu", j + 1);
		put_text(&job->out, c ? c->name : t->block_name ? t->block_name[j] : number);
		lb_buf_puts(&job->out, j + 1 < d ? "," : "\n");
	}
	for (size_t i = 0; i < t->n && !job->out.bad; i++)
		for (size_t j = 0; j < d; j++) {
			put_cell(&job->out, t, i, j);
			lb_buf_puts(&job->out, j + 1 < d ? "," : "\n");
		}
	return 0;
}

/* ---- svmlight ---- */

static int make_svmlight(struct job *job, struct lb_err *err)
{
	const struct lb_table *t = job->t;
	const size_t d = width(t);
	double *row = lb_alloc(d, sizeof *row, err);

	if (!row || check_numbers(job, "svmlight", false, err)) {
		free(row);
		return -1;
	}
	if (count_labels(job) > 1) {
		free(row);
		return lb_fail(err, LB_DATA, "%s: the rows have %zu labels each, and svmlight files are written with one; write NPZ or CSV", job->path,
			       count_labels(job));
	}
	for (size_t i = 0; i < t->n && !job->out.bad; i++) {
		lb_matrix_row(&t->block, i, row);
		for (size_t j = t->block.d; j < d; j++)
			row[j] = is_written(job, j, false) || j == job->label ? t->col[j - t->block.d].num[i] : 0;
		put_number(&job->out, job->label < d ? row[job->label] : 0);
		for (size_t j = 0, index = 0; j < d; j++) {
			if (!is_written(job, j, false))
				continue;
			index++;
			if (!(row[j] < 0 || row[j] > 0))
				continue;
			lb_buf_printf(&job->out, " %zu:", index);
			put_number(&job->out, row[j]);
		}
		lb_buf_puts(&job->out, "\n");
	}
	free(row);
	return 0;
}

/* ---- NumPy ---- */

static void put_value(struct lb_buf *b, double v, enum lb_dtype type)
{
	uint64_t bits;
	uint32_t half;
	const float f = (float)v;

	memcpy(&bits, &v, sizeof bits);
	memcpy(&half, &f, sizeof half);
	lb_pack_little(b, type == LB_U8 ? (uint64_t)(uint8_t)v : type == LB_F32 ? half : bits, lb_dtype_size(type));
}

/* The narrowest type that all written columns share. */
static enum lb_dtype features_type(const struct job *job)
{
	const struct lb_table *t = job->t;
	enum lb_dtype type = t->block.d ? t->block.dtype : LB_U8;

	for (size_t j = t->block.d; j < width(t); j++)
		if (is_written(job, j, false)) {
			const enum lb_dtype own = lb_narrowest(t->col[j - t->block.d].num, t->n);
			type = own > type ? own : type;
		}
	return type;
}

static int put_features(struct job *job, struct lb_buf *b, struct lb_err *err)
{
	static const char *const descr[] = { [LB_U8] = "|u1", [LB_F32] = "<f4", [LB_F64] = "<f8" };
	const struct lb_table *t = job->t;
	size_t d = 0;
	char shape[64];

	if (check_numbers(job, "NPY", true, err))
		return -1;
	const enum lb_dtype type = features_type(job);
	for (size_t j = 0; j < width(t); j++)
		d += is_written(job, j, false);
	if (d && t->n > LB_MAX_MATRIX / lb_dtype_size(type) / d)
		return lb_fail_too_large(job->path, t->n, d, LB_MAX_MATRIX, err);
	snprintf(shape, sizeof shape, "%zu, %zu", t->n, d);
	lb_pack_npy_header(b, descr[type], shape);
	for (size_t i = 0; i < t->n && !b->bad; i++)
		for (size_t j = 0; j < width(t); j++)
			if (is_written(job, j, false))
				put_value(b, number_at(t, i, j), type);
	return 0;
}

/* Without a label in a place of its own it is the last column. */
static int make_npy(struct job *job, struct lb_err *err)
{
	const struct lb_column *c = job->label < width(job->t) ? column_at(job->t, job->label) : NULL;

	if (c && c->non_feature)
		return lb_fail(err, LB_DATA, "%s: an NPY file has no place for the labels; write an NPZ file, which holds X and y", job->path);
	job->label = width(job->t);
	return put_features(job, &job->out, err);
}

static void put_labels(const struct job *job, struct lb_buf *b)
{
	const struct lb_table *t = job->t;
	const size_t labels = count_labels(job);
	bool whole = true;
	char shape[64];

	for (size_t j = 0; j < width(t); j++)
		for (size_t i = 0; is_label(job, j) && i < t->n; i++)
			whole &= fabs(number_at(t, i, j)) < 0x1p53 && number_at(t, i, j) == floor(number_at(t, i, j));
	snprintf(shape, sizeof shape, labels > 1 ? "%zu, %zu" : "%zu,", t->n, labels);
	lb_pack_npy_header(b, whole ? "<i8" : "<f8", shape);
	for (size_t i = 0; i < t->n && !b->bad; i++)
		for (size_t j = 0; j < width(t); j++) {
			if (!is_label(job, j))
				continue;
			if (whole)
				lb_pack_little(b, (uint64_t)(int64_t)number_at(t, i, j), 8);
			else
				put_value(b, number_at(t, i, j), LB_F64);
		}
}

static int make_npz(struct job *job, struct lb_err *err)
{
	const bool labelled = job->label < width(job->t);
	struct lb_pack_member m[2] = { { .name = "X.npy" }, { .name = "y.npy" } };
	int rc = put_features(job, &m[0].data, err);

	if (!rc && labelled)
		put_labels(job, &m[1].data);
	if (!rc)
		rc = lb_pack_zip(job->path, m, labelled ? 2 : 1, &job->out, err);
	lb_buf_free(&m[0].data);
	lb_buf_free(&m[1].data);
	return rc;
}

/* ---- files ---- */

static const struct {
	const char *ending;
	int (*make)(struct job *job, struct lb_err *err);
	bool compressible;
} formats[] = {
	{ ".csv", make_csv, true },           { ".svm", make_svmlight, true }, { ".svmlight", make_svmlight, true },
	{ ".libsvm", make_svmlight, true },   { ".npy", make_npy, true },      { ".npz", make_npz, false },
};

/* The gzip form of b in its place; without name and time, so that it is the same every time. */
static int compress_all(struct lb_buf *b, struct lb_err *err)
{
	z_stream z = { .next_in = (Bytef *)b->s, .avail_in = (uInt)b->n };
	struct lb_buf out = { 0 };
	int status = Z_OK;

	if (b->n > UINT32_MAX)
		return lb_fail(err, LB_DATA, "more than 4 GB would have to be compressed; leave out .gz, and use gzip afterwards");
	if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return lb_fail_memory(err, b->n);
	while (status == Z_OK && !out.bad) {
		unsigned char part[1 << 15];
		z.next_out = part;
		z.avail_out = sizeof part;
		status = deflate(&z, Z_FINISH);
		lb_buf_add(&out, (const char *)part, sizeof part - z.avail_out);
	}
	deflateEnd(&z);
	lb_buf_free(b);
	*b = out;
	return out.bad ? lb_fail_memory(err, out.n) : 0;
}

int lb_table_write(const struct lb_table *t, size_t label, const char *path, struct lb_err *err)
{
	struct job job = { .t = t, .label = label, .path = path };
	const size_t n = strlen(path), plain = n > 3 && !strcmp(path + n - 3, ".gz") ? n - 3 : n;
	size_t k = 0;

	for (; k < sizeof formats / sizeof *formats; k++) {
		const size_t e = strlen(formats[k].ending);
		if (plain > e && !strncmp(path + plain - e, formats[k].ending, e) && (plain == n || formats[k].compressible))
			break;
	}
	if (k == sizeof formats / sizeof *formats)
		return lb_fail(err, LB_USAGE, "%s: the ending says no format, allowed: .csv, .svm, .svmlight, .libsvm, .npy (each also with .gz) and "
			       ".npz", path);
	int rc = formats[k].make(&job, err);
	if (!rc && job.out.bad)
		rc = lb_fail_memory(err, job.out.n);
	if (!rc && plain < n)
		rc = compress_all(&job.out, err);
	if (!rc)
		rc = lb_write_file(path, job.out.s, job.out.n, err);
	lb_buf_free(&job.out);
	return rc;
}
