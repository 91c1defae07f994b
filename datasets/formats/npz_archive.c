#include "datasets/formats/npz_archive.h"

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "datasets/formats/npy.h"
#include "datasets/formats/npy_write.h"
#include "datasets/io/zip.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ARRAYS = 256, MAX_HEADER = 1024, MAX_TEXT = 1 << 28 };

struct lb_arrays {
	struct lb_pack_member member[MOST_ARRAYS];
	size_t n;
};

struct lb_arrays *lb_arrays_new(struct lb_err *err)
{
	return lb_alloc(1, sizeof(struct lb_arrays), err);
}

void lb_arrays_free(struct lb_arrays *a)
{
	for (size_t i = 0; a && i < a->n; i++) {
		free((char *)a->member[i].name);
		lb_buf_free(&a->member[i].data);
	}
	free(a);
}

static struct lb_pack_member *add_member(struct lb_arrays *a, const char *name, struct lb_err *err)
{
	struct lb_pack_member *m = &a->member[a->n];

	if (a->n == MOST_ARRAYS) {
		lb_fail(err, LB_MACHINE, "%s: more than %d arrays for one file (a defect of lossbench)", name, MOST_ARRAYS);
		return NULL;
	}
	if (!(m->name = lb_strfmt(err, "%s.npy", name)))
		return NULL;
	a->n++;
	return m;
}

/* ---- numbers ---- */

static void put_number(struct lb_buf *b, enum lb_array_type type, double v)
{
	const float f = (float)v;
	uint64_t bits;
	uint32_t half;

	memcpy(&bits, &v, sizeof bits);
	memcpy(&half, &f, sizeof half);
	if (type == LB_ARRAY_I64)
		bits = (uint64_t)(int64_t)v;
	lb_pack_little(b, type == LB_ARRAY_F32 ? half : bits, type == LB_ARRAY_F32 ? 4 : 8);
}

static void put_numbers(struct lb_buf *b, enum lb_array_type type, size_t rows, size_t columns, const double *v)
{
	static const char *const descr[] = { [LB_ARRAY_F32] = "<f4", [LB_ARRAY_F64] = "<f8", [LB_ARRAY_I64] = "<i8" };
	char shape[64];

	snprintf(shape, sizeof shape, columns ? "%zu, %zu" : "%zu,", rows, columns);
	lb_pack_npy_header(b, descr[type], shape);
	for (size_t i = 0; i < rows * (columns ? columns : 1) && !b->bad; i++)
		put_number(b, type, v[i]);
}

int lb_arrays_numbers(struct lb_arrays *a, const char *name, enum lb_array_type type, size_t rows, size_t columns, const double *v,
		      struct lb_err *err)
{
	struct lb_pack_member *m = add_member(a, name, err);

	if (!m)
		return -1;
	put_numbers(&m->data, type, rows, columns, v);
	return m->data.bad ? lb_fail_memory(err, m->data.n) : 0;
}

int lb_array_write(const char *path, enum lb_array_type type, size_t rows, size_t columns, const double *v, struct lb_err *err)
{
	struct lb_buf b = { 0 };

	put_numbers(&b, type, rows, columns, v);
	const int rc = b.bad ? lb_fail_memory(err, b.n) : lb_write_file(path, b.s, b.n, err);
	lb_buf_free(&b);
	return rc;
}

/* ---- texts, as UTF-32 ---- */

/* The next character of s, whose bytes are taken. */
static uint32_t take_utf8(const char **s)
{
	const unsigned char *p = (const unsigned char *)*s;
	const size_t length = *p < 0x80 ? 1 : *p >= 0xF0 ? 4 : *p >= 0xE0 ? 3 : *p >= 0xC0 ? 2 : 0;
	uint32_t c = length == 1 ? *p : length == 4 ? *p & 7U : length == 3 ? *p & 15U : *p & 31U;

	if (!length || strnlen(*s, length) < length || !lb_utf8_valid(*s, length)) {
		*s += 1;
		return 0xDC00U + *p;
	}
	for (size_t k = 1; k < length; k++)
		c = c << 6 | (p[k] & 63U);
	*s += length;
	return c;
}

static void put_utf8(struct lb_buf *b, uint32_t c)
{
	if (c >= 0xDC80 && c <= 0xDCFF)
		lb_buf_add(b, (const char[]){ (char)(c - 0xDC00) }, 1);
	else
		lb_buf_add_character(b, c);
}

static size_t characters(const char *s)
{
	size_t n = 0;

	for (; *s; n++)
		take_utf8(&s);
	return n;
}

int lb_arrays_texts(struct lb_arrays *a, const char *name, size_t n, bool single, const char *const *text, struct lb_err *err)
{
	struct lb_pack_member *m = add_member(a, name, err);
	char descr[32], shape[32] = "";
	size_t width = 1;

	if (!m)
		return -1;
	for (size_t i = 0; i < n; i++)
		width = characters(text[i]) > width ? characters(text[i]) : width;
	snprintf(descr, sizeof descr, "<U%zu", width);
	if (!single)
		snprintf(shape, sizeof shape, "%zu,", n);
	lb_pack_npy_header(&m->data, descr, shape);
	for (size_t i = 0; i < n && !m->data.bad; i++) {
		const char *s = text[i];
		for (size_t k = 0; k < width; k++)
			lb_pack_little(&m->data, *s ? take_utf8(&s) : 0, 4);
	}
	return m->data.bad ? lb_fail_memory(err, m->data.n) : 0;
}

int lb_arrays_write(struct lb_arrays *a, const char *path, struct lb_err *err)
{
	struct lb_buf b = { 0 };
	int rc = lb_pack_zip(path, a->member, a->n, &b, err);

	if (!rc)
		rc = lb_write_file(path, b.s, b.n, err);
	lb_buf_free(&b);
	return rc;
}

/* ---- reading ---- */

struct lb_arrays_file {
	struct lb_zip zip;
	char *path;
};

struct lb_arrays_file *lb_arrays_open(const char *path, struct lb_err *err)
{
	struct lb_arrays_file *f = lb_alloc(1, sizeof *f, err);

	if (!f)
		return NULL;
	f->zip.fd = -1;
	if ((f->path = lb_strdup(path, err)) && !lb_zip_open(&f->zip, f->path, err))
		return f;
	lb_arrays_close(f);
	return NULL;
}

void lb_arrays_close(struct lb_arrays_file *f)
{
	if (!f)
		return;
	lb_zip_close(&f->zip);
	free(f->path);
	free(f);
}

static const struct lb_zip_entry *find_entry(const struct lb_arrays_file *f, const char *name)
{
	const size_t n = strlen(name);

	for (size_t i = 0; i < f->zip.n; i++)
		if (!strncmp(f->zip.entry[i].name, name, n) && !strcmp(f->zip.entry[i].name + n, ".npy"))
			return &f->zip.entry[i];
	return NULL;
}

bool lb_arrays_have(const struct lb_arrays_file *f, const char *name)
{
	return find_entry(f, name) != NULL;
}

struct source {
	struct lb_zip_member *member;
	char *place;             /* "file: array 'name'" */
	uint64_t size;
};

static int source_open(struct source *s, const struct lb_arrays_file *f, const char *name, struct lb_err *err)
{
	const struct lb_zip_entry *e = find_entry(f, name);

	*s = (struct source){ 0 };
	if (!e)
		return lb_fail(err, LB_DATA, "%s: there is no array '%s'; the file is no model of lossbench, or was changed", f->path, name);
	s->size = e->size;
	s->place = lb_strfmt(err, "%s: array '%s'", f->path, name);
	return s->place && (s->member = lb_zip_member_open(&f->zip, e, err)) ? 0 : -1;
}

static void source_close(struct source *s)
{
	lb_zip_member_close(s->member);
	free(s->place);
}

static int read_member(void *arg, void *buf, size_t n, size_t *got, struct lb_err *err)
{
	return lb_zip_member_read(arg, buf, n, got, err);
}

static double *widen(const struct lb_matrix *m, size_t *n, struct lb_err *err)
{
	double *v = lb_alloc(m->n * m->d, sizeof *v, err);

	*n = m->n * m->d;
	for (size_t i = 0; v && i < *n; i++)
		v[i] = lb_matrix_value(m, i);
	return v;
}

double *lb_arrays_read_numbers(struct lb_arrays_file *f, const char *name, size_t *n, struct lb_err *err)
{
	struct lb_matrix m = { 0 };
	struct source s;
	double *v = NULL;

	if (!source_open(&s, f, name, err) &&
	    !lb_npy_read(&(struct lb_npy_source){ s.place, read_member, s.member, lb_memory_limit(&(struct lb_read_options){ 0 }), NULL }, &m, err))
		v = widen(&m, n, err);
	for (size_t i = 0; v && i < *n; i++)
		if (!isfinite(v[i])) {
			lb_fail(err, LB_DATA, "%s: value %zu is not finite; the file was changed", s.place, i + 1);
			free(v);
			v = NULL;
		}
	lb_matrix_free(&m);
	source_close(&s);
	return v;
}

/* The member's bytes after its header, which says <U`width` and a shape of `count` texts. */
static unsigned char *read_texts(struct source *s, size_t *width, size_t *count, struct lb_err *err)
{
	unsigned char *bytes = s->size >= 10 && s->size <= MAX_TEXT ? lb_alloc((size_t)s->size + 1, 1, err) : NULL, head[MAX_HEADER + 1];
	size_t got = 0;
	int end = 0;

	if (bytes && lb_zip_member_read(s->member, bytes, (size_t)s->size + 1, &got, err)) {
		free(bytes);
		return NULL;
	}
	const size_t length = got >= 10 ? (size_t)bytes[8] | (size_t)bytes[9] << 8 : 0, start = 10 + length;
	bool fits = got == s->size && length && length <= MAX_HEADER && start <= got && !memcmp(bytes, "\223NUMPY\1", 7);
	if (fits) {
		memcpy(head, bytes + 10, length);
		head[length] = '\0';
		*count = 1;
		fits = (sscanf((char *)head, "{'descr': '<U%7zu', 'fortran_order': False, 'shape': (%9zu,), }%n", width, count, &end) == 2 && end) ||
		       (sscanf((char *)head, "{'descr': '<U%7zu', 'fortran_order': False, 'shape': (), }%n", width, &end) == 1 && end);
	}
	if (fits && (got - start) / 4 == *width * *count && (got - start) % 4 == 0) {
		memmove(bytes, bytes + start, got - start);
		return bytes;
	}
	lb_fail(err, LB_DATA, "%s: is not an array of texts (dtype <U) of at most one dimension; the file was changed", s->place);
	free(bytes);
	return NULL;
}

/* The texts after the pointers to them, in one piece. */
static char **decode(const unsigned char *bytes, size_t width, size_t count, struct lb_err *err)
{
	struct lb_buf b = { 0 };

	for (size_t i = 0; i < count && !b.bad; i++) {
		for (size_t k = 0; k < width; k++) {
			const unsigned char *p = bytes + 4 * (i * width + k);
			const uint32_t c = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
			if (!c)
				break;
			put_utf8(&b, c);
		}
		lb_buf_add(&b, "", 1);
	}
	char **text = b.bad ? NULL : lb_alloc(1, count * sizeof *text + b.n, err);
	if (text) {
		char *at = (char *)(text + count);
		if (b.n)
			memcpy(at, b.s, b.n);
		for (size_t i = 0; i < count; i++, at += strlen(at) + 1)
			text[i] = at;
	} else if (b.bad)
		lb_fail_memory(err, b.n);
	lb_buf_free(&b);
	return text;
}

char **lb_arrays_read_texts(struct lb_arrays_file *f, const char *name, size_t *n, struct lb_err *err)
{
	struct source s;
	char **text = NULL;
	size_t width;
	unsigned char *bytes = source_open(&s, f, name, err) ? NULL : read_texts(&s, &width, n, err);

	if (bytes)
		text = decode(bytes, width, *n, err);
	free(bytes);
	source_close(&s);
	return text;
}
