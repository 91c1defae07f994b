#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "datasets/table/column.h"
#include "datasets/formats/npy.h"
#include "datasets/formats/readers.h"
#include "datasets/formats/sparse_parts.h"
#include "datasets/io/zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The names that arrays have by custom, in the order in which they are looked for: those of any
 * archive, and those that tell the part. A validation or test part is looked for under its own
 * names first, so that it is never the training part of the same archive. */
struct custom {
	const char *any[9], *part[LB_PARTS][7];
};
static const struct custom feature_names = {
	{ "X", "x", "features", "embeddings", "arr_0" },
	{ [LB_TRAIN] = { "X_train", "x_train", "train_images" },
	  [LB_VALID] = { "X_valid", "X_val", "x_valid", "x_val", "valid_images", "val_images" },
	  [LB_TEST] = { "X_test", "x_test", "test_images" } },
};
static const struct custom label_names = {
	{ "y", "Y", "labels", "label", "targets", "target", "arr_1" },
	{ [LB_TRAIN] = { "y_train", "Y_train", "train_labels" },
	  [LB_VALID] = { "y_valid", "y_val", "Y_valid", "Y_val", "valid_labels", "val_labels" },
	  [LB_TEST] = { "y_test", "Y_test", "test_labels" } },
};

struct archive {
	struct lb_zip zip;
	const struct lb_read_options *opt;
	struct lb_sha256 hash;
	uint64_t bytes;
};

static bool is_array(const struct lb_zip_entry *e, const char *name)
{
	const size_t n = strlen(name);

	return !strcmp(e->name, name) || (!strncmp(e->name, name, n) && !strcmp(e->name + n, ".npy"));
}

static const struct lb_zip_entry *find_array(const struct lb_zip *z, const char *name)
{
	for (size_t i = 0; i < z->n; i++)
		if (is_array(&z->entry[i], name))
			return &z->entry[i];
	return NULL;
}

static int fail_unknown(const struct lb_zip *z, const char *name, const char *what, const char *key, struct lb_err *err)
{
	struct lb_buf b = { 0 };

	for (size_t i = 0; i < z->n && i < 20; i++) {
		const size_t n = strlen(z->entry[i].name);
		const bool npy = n > 4 && !strcmp(z->entry[i].name + n - 4, ".npy");
		lb_buf_printf(&b, "%s'%.*s'", i ? ", " : "", (int)(npy ? n - 4 : n), z->entry[i].name);
	}
	lb_fail(err, LB_DATA, "%s: there is no array of %s%s%s%s; the archive has %s%s; name one with %s", z->path, what, name ? " called '" : "",
		name ? name : "", name ? "'" : "", z->n ? b.bad ? "others" : b.s : "none", z->n > 20 ? " and more" : "", key);
	lb_buf_free(&b);
	return -1;
}

static const struct lb_zip_entry *first_of(const struct lb_zip *z, const char *const *names)
{
	const struct lb_zip_entry *e = NULL;

	for (; !e && *names; names++)
		e = find_array(z, *names);
	return e;
}

/* The array asked for, or the first that has one of the customary names; *found is NULL when there
 * is none of these. */
static int choose(const struct archive *a, const char *name, const struct custom *custom, const char *what, const char *key,
		  const struct lb_zip_entry **found, struct lb_err *err)
{
	const char *const *part = custom->part[a->opt->part];
	const bool train = a->opt->part == LB_TRAIN;

	*found = name ? find_array(&a->zip, name) : first_of(&a->zip, train ? custom->any : part);
	if (!name && !*found)
		*found = first_of(&a->zip, train ? part : custom->any);
	return name && !*found ? fail_unknown(&a->zip, name, what, key, err) : 0;
}

struct member_source {
	struct archive *archive;
	struct lb_zip_member *member;
};

static int read_member(void *arg, void *buf, size_t n, size_t *got, struct lb_err *err)
{
	struct member_source *s = arg;

	if (lb_zip_member_read(s->member, buf, n, got, err))
		return -1;
	lb_sha256_add(&s->archive->hash, buf, *got);
	s->archive->bytes += *got;
	return 0;
}

/* `labels`: as labels, which may be text. */
static int read_array(struct archive *a, const struct lb_zip_entry *e, bool labels, struct lb_table *out, struct lb_err *err)
{
	char *place = lb_strfmt(err, "%s: array '%s'", a->zip.path, e->name);
	struct member_source source = { a, NULL };
	int rc = -1;

	if (place && e->size > lb_stream_limit(a->opt))
		lb_fail(err, LB_DATA, "%s: holds %llu bytes uncompressed, more than the limit of %llu; if the file is what it should be, raise "
			"data.max_bytes", place, (unsigned long long)e->size, (unsigned long long)lb_stream_limit(a->opt));
	else if (place && (source.member = lb_zip_member_open(&a->zip, e, err))) {
		const struct lb_npy_source from = { place, read_member, &source, lb_memory_limit(a->opt), NULL };
		rc = labels ? lb_npy_read_labels(&from, out, err) : lb_npy_read(&from, &out->block, err);
		out->n = labels ? out->n : out->block.n;
	}
	lb_zip_member_close(source.member);
	free(place);
	return rc;
}

/* One label a row becomes the column "label", several "target 1" and so on. */
static int take_labels(struct lb_table *y, struct lb_table *out, struct lb_err *err)
{
	const size_t d = y->n_cols ? y->n_cols : y->block.d;

	if (!(out->col = lb_alloc(d, sizeof *out->col, err)))
		return -1;
	for (size_t j = 0; j < d; j++) {
		struct lb_column *c = &out->col[out->n_cols++];
		char name[32];
		snprintf(name, sizeof name, d == 1 ? "label" : "target %zu", j + 1);
		if (y->n_cols) {
			*c = y->col[j];
			y->col[j] = (struct lb_column){ 0 };
		} else if (lb_column_of_block(&y->block, j, name, c, err))
			return -1;
		c->non_feature = true;
	}
	return 0;
}

static int add_labels(struct archive *a, const struct lb_zip_entry *e, struct lb_table *out, struct lb_err *err)
{
	struct lb_table y = { 0 };
	int rc = read_array(a, e, true, &y, err);

	if (!rc && y.n != out->block.n)
		rc = lb_fail(err, LB_DATA, "%s: array '%s' has %zu row%s, the features have %zu; they do not belong together", a->zip.path, e->name,
			     y.n, lb_s(y.n), out->block.n);
	if (!rc)
		rc = take_labels(&y, out, err);
	lb_table_free(&y);
	return rc;
}

/* ---- scipy.sparse.save_npz ---- */

/* The numbers of one array. */
static int read_part(struct archive *a, const char *name, struct lb_matrix *out, struct lb_err *err)
{
	const struct lb_zip_entry *e = find_array(&a->zip, name);
	struct lb_table t = { 0 };

	if (!e)
		return lb_fail(err, LB_DATA, "%s: the sparse matrix has no array '%s'; save it again with scipy.sparse.save_npz", a->zip.path, name);
	const int rc = read_array(a, e, false, &t, err);
	*out = t.block;
	t.block = (struct lb_matrix){ 0 };
	lb_table_free(&t);
	return rc;
}

static int read_format(struct archive *a, const struct lb_zip_entry *e, char format[8], struct lb_err *err)
{
	struct lb_table t = { 0 };
	const int rc = read_array(a, e, true, &t, err);

	snprintf(format, 8, "%s", !rc && t.n_cols && t.col[0].n_levels ? t.col[0].level[0] : "?");
	lb_table_free(&t);
	return rc;
}

static bool is_sparse(const struct archive *a)
{
	return find_array(&a->zip, "format") && find_array(&a->zip, "shape") && find_array(&a->zip, "data");
}

static int read_sparse(struct archive *a, struct lb_table *out, struct lb_err *err)
{
	static const char *const part[2][2] = { { "indices", "indptr" }, { "row", "col" } };
	struct lb_sparse_parts p = { .path = a->zip.path, .limit = lb_memory_limit(a->opt), .most_columns = a->opt->features };
	char format[8];
	int rc = read_format(a, find_array(&a->zip, "format"), format, err);

	if (!rc && strcmp(format, "csr") && strcmp(format, "csc") && strcmp(format, "coo"))
		rc = lb_fail(err, LB_DATA, "%s: is a sparse matrix of the format '%s', allowed: csr, csc, coo; save it with "
			     "scipy.sparse.save_npz(FILE, x.tocsr())", a->zip.path, format);
	p.kind = !rc && !strcmp(format, "coo") ? LB_SPARSE_COO : !rc && !strcmp(format, "csc") ? LB_SPARSE_CSC : LB_SPARSE_CSR;
	const char *const *names = part[p.kind == LB_SPARSE_COO];
	if (!rc && !read_part(a, "shape", &p.shape, err) && !read_part(a, names[0], &p.first, err) && !read_part(a, names[1], &p.second, err) &&
	    !read_part(a, "data", &p.data, err))
		rc = lb_sparse_from_parts(&p, &out->block, err);
	else
		rc = -1;
	lb_matrix_free(&p.shape);
	lb_matrix_free(&p.first);
	lb_matrix_free(&p.second);
	lb_matrix_free(&p.data);
	out->n = out->block.n;
	return rc;
}

/* ---- the archive ---- */

/* The features, or the labels of an archive of labels. */
static int read_first(struct archive *a, bool labels, const struct lb_zip_entry **x, struct lb_table *out, struct lb_err *err)
{
	const char *what = labels ? "labels" : "features", *key = labels ? "data.train.y" : "data.train.x";

	if (choose(a, a->opt->x_key, labels ? &label_names : &feature_names, what, key, x, err))
		return -1;
	if (!*x && is_sparse(a))
		return read_sparse(a, out, err);
	if (!*x && a->zip.n == 1)
		*x = &a->zip.entry[0];
	return *x ? read_array(a, *x, labels, out, err) : fail_unknown(&a->zip, NULL, what, key, err);
}

static int read_arrays(struct archive *a, struct lb_table *out, struct lb_err *err)
{
	const struct lb_read_options *opt = a->opt;
	const struct lb_zip_entry *x, *y = NULL;

	if (read_first(a, opt->role == LB_READ_LABELS, &x, out, err) ||
	    (opt->role == LB_READ_BOTH && choose(a, opt->y_key, &label_names, "labels", "data.train.y", &y, err)))
		return -1;
	return y && y != x ? add_labels(a, y, out, err) : 0;
}

static int read_npz(const char *path, const struct lb_read_options *opt, struct lb_table *out, struct lb_err *err)
{
	struct archive a = { .opt = opt };

	a.zip.fd = -1;
	lb_sha256_start(&a.hash);
	int rc = lb_zip_open(&a.zip, path, err);
	if (!rc)
		rc = read_arrays(&a, out, err);
	lb_sha256_end(&a.hash, out->sha256);
	out->bytes = a.bytes;
	lb_zip_close(&a.zip);
	return rc;
}

static bool probe(const unsigned char *head, size_t n)
{
	const size_t length = n > 30 ? (size_t)head[26] | (size_t)head[27] << 8 : 0;

	return length >= 4 && !memcmp(head, "PK\3\4", 4) && 30 + length <= n && !memcmp(head + 30 + length - 4, ".npy", 4);
}

const struct lb_reader lb_reader_npz = {
	.base = {
		.name = "npz",
		.title = "NumPy arrays in one archive (numpy.savez, savez_compressed): features and labels",
		.cite = "PKWARE Inc., APPNOTE.TXT - .ZIP File Format Specification, 2022",
		.notes = "Stored and deflated members, ZIP64. The features are the array X, x, features, embeddings, arr_0, X_train or train_images, or "
			 "the only one; the labels y, labels, targets, arr_1, y_train or train_labels; data.train.x and data.train.y name others, data.valid and data.test have keys of "
			 "their own and look for X_test, test_images and the like first: all parts may stand in one file. Labels may be texts of a fixed width (U, S); pickled objects are refused. What "
			 "scipy.sparse.save_npz wrote (csr, csc, coo) is read as sparse rows; their labels come from data.train.labels, or from an "
			 "array beside. The checksum is of the arrays that are read.",
		.keywords = "numpy archive embeddings",
	},
	.probe = probe,
	.endings = ".npz",
	.read = read_npz,
};
