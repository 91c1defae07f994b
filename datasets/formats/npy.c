#include "datasets/formats/npy.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "datasets/table/column.h"
#include "datasets/table/string_dictionary.h"
#include "datasets/formats/npy_elements.h"
#include "datasets/formats/readers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 256 * 1024, MAX_DIMENSIONS = 32, MAX_HEADER = 1 << 20, MAX_TEXT = 1 << 16 };

struct header {
	const struct element *type; /* NULL: texts, */
	char text;               /* of characters in four bytes each (U) or of bytes (S), */
	size_t width;            /* so many of them */
	char descr[16];          /* of texts, for messages */
	bool swap, fortran;
	size_t n_dims, dim[MAX_DIMENSIONS];
	size_t n, d;
	size_t bytes;            /* of the header itself */
	bool mapped;             /* the values stay in the file */
	bool seen[3];            /* descr, fortran_order, shape */
};

/* ---- the header: a Python dictionary of three keys ---- */

struct text {
	const struct lb_npy_source *s;
	const char *p, *start;
	size_t before;           /* bytes of the file before start */
};

static int fail_header(const struct text *t, const char *expected, struct lb_err *err)
{
	const size_t shown = strcspn(t->p, "\n");

	return lb_fail(err, LB_DATA, "%s: byte %zu: the NPY header has '%.*s', expected %s", t->s->place, t->before + (size_t)(t->p - t->start),
		       shown < 12 ? (int)shown : 12, t->p, expected);
}

static void skip_blanks(struct text *t)
{
	t->p += strspn(t->p, " \t\r\n");
}

static bool accept(struct text *t, const char *word)
{
	skip_blanks(t);
	if (strncmp(t->p, word, strlen(word)))
		return false;
	t->p += strlen(word);
	return true;
}

/* A string in either kind of quotes, of at most `room` - 1 bytes. */
static int parse_string(struct text *t, char *out, size_t room, struct lb_err *err)
{
	skip_blanks(t);
	const char quote = *t->p, *end = quote == '\'' || quote == '"' ? strchr(t->p + 1, quote) : NULL;
	if (!end || (size_t)(end - t->p) > room)
		return fail_header(t, "a short string in quotes", err);
	memcpy(out, t->p + 1, (size_t)(end - t->p - 1));
	out[end - t->p - 1] = '\0';
	t->p = end + 1;
	return 0;
}

/* "<U12": texts of 12 characters. */
static int parse_text(const struct text *t, const char *descr, struct header *h, struct lb_err *err)
{
	int64_t width;

	if (!strchr("<>|=", descr[0]) || !lb_parse_int(descr + 2, strlen(descr + 2), &width) || width < 1 || width > MAX_TEXT)
		return lb_fail(err, LB_DATA, "%s: the dtype '%s' cannot be read: texts have 1 to %d characters", t->s->place, descr, MAX_TEXT);
	h->text = descr[1];
	h->width = (size_t)width;
	h->swap = (descr[0] == '>') != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) && descr[0] != '=';
	h->seen[0] = true;
	snprintf(h->descr, sizeof h->descr, "%.15s", descr);
	return 0;
}

static int parse_descr(struct text *t, struct header *h, struct lb_err *err)
{
	static const bool host_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	char descr[64];

	skip_blanks(t);
	if (*t->p == '[')
		return lb_fail(err, LB_DATA, "%s: is an array of records (structured dtype); save plain columns: numpy.save(FILE, "
			       "numpy.column_stack([a[k] for k in a.dtype.names]))", t->s->place);
	if (parse_string(t, descr, sizeof descr, err))
		return -1;
	if (descr[0] && descr[1] == 'O')
		return lb_fail(err, LB_DATA, "%s: holds pickled objects (dtype '%s'), which are not read: a pickle can run code; save y.astype(str) for "
			       "labels, X.astype('float32') for features", t->s->place, descr);
	if (descr[0] && (descr[1] == 'U' || descr[1] == 'S'))
		return parse_text(t, descr, h, err);
	for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
		if (descr[0] && strchr("<>|=", descr[0]) && !strcmp(descr + 1, elements[i].name))
			h->type = &elements[i];
	if (!h->type)
		return lb_fail(err, LB_DATA, "%s: the dtype '%s' cannot be read, allowed: booleans, integers and floats of at most 8 bytes; save "
			       "a.astype('float32'), or int64 for labels", t->s->place, descr);
	h->swap = h->type->size > 1 && ((descr[0] == '>') != host_big) && descr[0] != '=';
	h->seen[0] = true;
	return 0;
}

static int parse_shape(struct text *t, struct header *h, struct lb_err *err)
{
	if (!accept(t, "("))
		return fail_header(t, "a tuple of sizes", err);
	while (!accept(t, ")")) {
		uint64_t size = 0;
		const char *start = t->p;
		for (; *t->p >= '0' && *t->p <= '9'; t->p++)
			if (__builtin_mul_overflow(size, (uint64_t)10, &size) ||
			    __builtin_add_overflow(size, (uint64_t)(*t->p - '0'), &size) || size > SIZE_MAX / 2)
				return fail_header(t, "a size that is possible", err);
		if (t->p == start || h->n_dims == MAX_DIMENSIONS)
			return fail_header(t, "a size of the array, at most 32 of them", err);
		h->dim[h->n_dims++] = (size_t)size;
		t->p += *t->p == 'L';
		if (!accept(t, ",") && *t->p != ')')
			return fail_header(t, "a comma or a closing parenthesis", err);
	}
	h->seen[2] = true;
	return 0;
}

static int parse_header(struct text *t, struct header *h, struct lb_err *err)
{
	char key[16];

	if (!accept(t, "{"))
		return fail_header(t, "a dictionary", err);
	while (!accept(t, "}")) {
		if (parse_string(t, key, sizeof key, err))
			return -1;
		if (!accept(t, ":"))
			return fail_header(t, "a colon", err);
		if (!strcmp(key, "descr") && !h->seen[0]) {
			if (parse_descr(t, h, err))
				return -1;
		} else if (!strcmp(key, "fortran_order") && !h->seen[1]) {
			h->fortran = accept(t, "True");
			if (!h->fortran && !accept(t, "False"))
				return fail_header(t, "True or False", err);
			h->seen[1] = true;
		} else if (!strcmp(key, "shape") && !h->seen[2]) {
			if (parse_shape(t, h, err))
				return -1;
		} else
			return lb_fail(err, LB_DATA, "%s: the NPY header has the key '%s', allowed: descr, fortran_order and shape, each once",
				       t->s->place, key);
		accept(t, ",");
		skip_blanks(t);
	}
	skip_blanks(t);
	if (*t->p || !h->seen[0] || !h->seen[1] || !h->seen[2])
		return fail_header(t, *t->p ? "nothing behind the dictionary" : "descr, fortran_order and shape", err);
	return 0;
}

/* Whether the values stand in the file as they do in memory. */
static bool can_map(const struct lb_npy_source *s, const struct header *h)
{
	const bool same = h->type && (h->type->convert == from_f4 || h->type->convert == from_u1);

	return s->map && same && !h->swap && (!h->fortran || h->n_dims == 1) && h->bytes % h->type->size == 0;
}

static int check_sizes(const struct lb_npy_source *s, struct header *h, struct lb_err *err)
{
	size_t values, bytes;
	bool overflow = false;

	if (!h->n_dims && h->text)
		h->dim[h->n_dims++] = 1;
	if (!h->n_dims)
		return lb_fail(err, LB_DATA, "%s: is a single number, expected an array with a row for each sample", s->place);
	h->n = h->dim[0];
	h->d = 1;
	for (size_t k = 0; k < h->n_dims; k++) {
		if (!h->dim[k])
			return lb_fail(err, LB_DATA, "%s: dimension %zu of the array has size 0; there are no data in it", s->place, k + 1);
		overflow |= k && __builtin_mul_overflow(h->d, h->dim[k], &h->d);
	}
	overflow |= __builtin_mul_overflow(h->n, h->d, &values) || __builtin_mul_overflow(values, h->type ? lb_dtype_size(h->type->dtype) : sizeof(int32_t), &bytes);
	if (overflow || h->n > LB_MAX_ROWS || h->d > LB_MAX_COLUMNS)
		return lb_fail(err, LB_DATA, "%s: the NPY header promises %zu row%s of %zu%s value%s; the limits are %zu rows and %zu values per row",
			       s->place, h->n, lb_s(h->n), h->d, overflow ? " or more" : "", overflow ? "s" : lb_s(h->d), LB_MAX_ROWS, LB_MAX_COLUMNS);
	h->mapped = bytes > s->max_memory && can_map(s, h);
	return bytes > s->max_memory && !h->mapped ? lb_fail_too_large(s->place, h->n, h->d, s->max_memory, err) : 0;
}

static int too_short(const struct lb_npy_source *s, const char *part, size_t want, size_t found, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s: the NPY %s should have %zu byte%s, the file ends after %zu of them; get the file again", s->place, part,
		       want, lb_s(want), found);
}

static int read_header(const struct lb_npy_source *s, struct header *h, struct lb_err *err)
{
	unsigned char head[12];
	size_t got, length;

	if (s->read(s->arg, head, 10, &got, err))
		return -1;
	if (got < 10)
		return too_short(s, "header", 10, got, err);
	if (memcmp(head, "\223NUMPY", 6) || head[6] < 1 || head[6] > 3)
		return lb_fail(err, LB_DATA, "%s: is not NPY: it begins with %02x %02x %02x %02x, version %d; expected 93 4e 55 4d 50 59 and "
			       "version 1, 2 or 3", s->place, head[0], head[1], head[2], head[3], head[6]);
	const size_t fixed = head[6] == 1 ? 10 : 12;
	if (fixed > 10 && s->read(s->arg, head + 10, 2, &got, err))
		return -1;
	if (fixed > 10 && got < 2)
		return too_short(s, "header", 12, 10 + got, err);
	length = (size_t)head[8] | (size_t)head[9] << 8;
	if (fixed > 10)
		length |= (size_t)head[10] << 16 | (size_t)head[11] << 24;
	if (length > MAX_HEADER)
		return lb_fail(err, LB_DATA, "%s: the NPY header promises %zu bytes of its own, the limit is %d", s->place, length, MAX_HEADER);
	char *text = lb_alloc(length + 1, 1, err);
	if (!text)
		return -1;
	int rc = s->read(s->arg, text, length, &got, err);
	if (!rc && got < length)
		rc = too_short(s, "header", fixed + length, fixed + got, err);
	if (!rc)
		rc = parse_header(&(struct text){ s, text, text, fixed }, h, err);
	free(text);
	h->bytes = fixed + length;
	return rc ? -1 : check_sizes(s, h, err);
}

/* ---- the values ---- */

static void swap_bytes(unsigned char *p, size_t n, size_t size)
{
	for (size_t i = 0; i < n; i++, p += size)
		for (size_t a = 0, b = size - 1; a < b; a++, b--) {
			const unsigned char c = p[a];
			p[a] = p[b];
			p[b] = c;
		}
}

/* Integers beyond 2^53 would be read as others. */
static int check_exact(const struct lb_npy_source *s, const double *x, size_t n, size_t before, struct lb_err *err)
{
	for (size_t i = 0; i < n; i++)
		if (fabs(x[i]) > 9007199254740992.0)
			return lb_fail(err, LB_DATA, "%s: value %zu is an integer of about %.3g; beyond 2^53 (9007199254740992) they are not told "
				       "apart; save smaller numbers, or floats", s->place, before + i + 1, x[i]);
	return 0;
}

/* In the order of the file. Memory is taken as bytes arrive, never on the word of the header;
 * values that stay in the file are read for their number and checksum. */
static int read_values(const struct lb_npy_source *s, const struct header *h, void **x, struct lb_err *err)
{
	const size_t all = h->n * h->d, size = h->type->size, width = lb_dtype_size(h->type->dtype), step = CHUNK / size;
	unsigned char *in = lb_alloc(CHUNK, 1, err);
	size_t n = 0, cap = 0, got = 1;
	int rc = in ? 0 : -1;

	while (!rc && n < all && got) {
		const size_t part = all - n < step ? all - n : step;
		if ((!h->mapped && (rc = lb_grow(x, &cap, n + part, width, err))) || (rc = s->read(s->arg, in, part * size, &got, err)))
			break;
		if (got < part * size) {
			rc = too_short(s, "data after the header", all * size, n * size + got, err);
			break;
		}
		if (h->swap)
			swap_bytes(in, part, size);
		if (!h->mapped)
			h->type->convert(in, part, (char *)*x + n * width);
		if (size == 8 && h->type->name[0] != 'f')
			rc = check_exact(s, (double *)*x + n, part, n, err);
		n += part;
	}
	if (!rc && (rc = s->read(s->arg, in, 1, &got, err)) == 0 && got)
		rc = lb_fail(err, LB_DATA, "%s: more bytes follow the %zu byte%s of data that the NPY header promises; save one array per file",
			     s->place, all * size, lb_s(all * size));
	free(in);
	return rc;
}

/* From Fortran order, where the first index moves fastest, to C order. */
static int transpose(const struct header *h, struct lb_matrix *m, struct lb_err *err)
{
	const size_t size = lb_dtype_size(m->dtype), all = m->n * m->d;
	size_t index[MAX_DIMENSIONS] = { 0 };
	char *from = m->x, *to = lb_alloc(all, size, err);

	if (!to)
		return -1;
	for (size_t k = 0; k < all; k++, from += size) {
		size_t at = 0;
		for (size_t i = 0; i < h->n_dims; i++)
			at = at * h->dim[i] + index[i];
		memcpy(to + at * size, from, size);
		for (size_t i = 0; i < h->n_dims && ++index[i] == h->dim[i]; i++)
			index[i] = 0;
	}
	free(m->x);
	m->x = to;
	return 0;
}

static int refuse_infinity(const struct lb_npy_source *s, const struct lb_matrix *m, struct lb_err *err)
{
	for (size_t k = 0; m->dtype != LB_U8 && k < m->n * m->d; k++)
		if (isinf(lb_matrix_value(m, k)))
			return lb_fail(err, LB_DATA, "%s: row %zu, value %zu is infinite; every value must be finite (NaN is a missing value)",
				       s->place, k / m->d + 1, k % m->d + 1);
	return 0;
}

static int map_values(const struct lb_npy_source *s, const struct header *h, struct lb_matrix *m, struct lb_err *err)
{
	if (!h->mapped)
		return 0;
	if (!(m->map = s->map(s->arg, &m->map_bytes, err)))
		return -1;
	m->x = (char *)m->map + h->bytes;
	return m->map_bytes < h->bytes + h->n * h->d * h->type->size ? lb_fail(err, LB_DATA, "%s: became shorter while it was read", s->place) : 0;
}

/* The numbers that the header promises. */
static int read_numbers(const struct lb_npy_source *s, const struct header *h, struct lb_matrix *out, struct lb_err *err)
{
	struct lb_matrix m = { .dtype = h->type->dtype, .n = h->n, .d = h->d };

	if (read_values(s, h, &m.x, err) || map_values(s, h, &m, err) || (h->fortran && h->n_dims > 1 && transpose(h, &m, err)) ||
	    refuse_infinity(s, &m, err) || lb_matrix_narrow(&m, err)) {
		lb_matrix_free(&m);
		return -1;
	}
	*out = m;
	return 0;
}

/* ---- texts ---- */

/* The text of `width` characters at p, without the NULs after it, as UTF-8 into b. False when it
 * is none. */
static bool decode_text(const struct header *h, const unsigned char *p, struct lb_buf *b)
{
	const size_t size = h->text == 'U' ? 4 : 1;
	size_t n = h->width;

	b->n = 0;
	while (n && !memcmp(p + (n - 1) * size, "\0\0\0", size))
		n--;
	for (size_t k = 0; k < n; k++, p += size) {
		uint32_t c = *p;
		if (size == 4)
			memcpy(&c, p, 4);
		c = size == 4 && h->swap ? __builtin_bswap32(c) : c;
		if (!c || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
			return false;
		if (size == 4)
			lb_buf_add_character(b, c);
		else
			lb_buf_add(b, (const char *)p, 1);
	}
	lb_buf_add(b, "", 0);
	return b->bad || lb_utf8_valid(b->s, b->n);
}

/* One text more of a column. An empty one is missing. */
static int add_text(struct lb_column *c, struct lb_interner *in, size_t row, const struct lb_buf *b, struct lb_err *err)
{
	if (!b->n) {
		c->code[row] = -1;
		c->n_missing++;
		return 0;
	}
	if ((c->code[row] = lb_intern_find(in, c, b->s, b->n)) >= 0)
		return 0;
	char *text = lb_strndup(b->s, b->n, err);
	return text && (c->code[row] = lb_intern_add(in, c, text, err)) >= 0 ? 0 : -1;
}

static int read_texts(const struct lb_npy_source *s, const struct header *h, struct lb_column *c, struct lb_err *err)
{
	const size_t size = h->width * (h->text == 'U' ? 4 : 1);
	unsigned char *in = lb_alloc(size, 1, err);
	struct lb_interner names = { 0 };
	struct lb_buf b = { 0 };
	size_t cap = 0, got = 0;
	int rc = in ? 0 : -1;

	for (size_t i = 0; !rc && i < h->n; i++) {
		if ((rc = lb_grow(&c->code, &cap, i + 1, sizeof *c->code, err)) || (rc = s->read(s->arg, in, size, &got, err)))
			break;
		if (got < size)
			rc = too_short(s, "data after the header", h->n * size, i * size + got, err);
		else if (!decode_text(h, in, &b))
			rc = lb_fail(err, LB_DATA, "%s: row %zu is no text in %s; save y.astype(str)", s->place, i + 1,
				     h->text == 'U' ? "Unicode" : "UTF-8");
		else
			rc = b.bad ? lb_fail_memory(err, b.n) : add_text(c, &names, i, &b, err);
	}
	if (!rc && !(rc = s->read(s->arg, in, 1, &got, err)) && got)
		rc = lb_fail(err, LB_DATA, "%s: more bytes follow the %zu byte%s of data that the NPY header promises; save one array per file", s->place,
			     h->n * size, lb_s(h->n * size));
	lb_intern_free(&names);
	lb_buf_free(&b);
	free(in);
	return rc;
}

int lb_npy_read(const struct lb_npy_source *s, struct lb_matrix *out, struct lb_err *err)
{
	struct header h = { 0 };

	if (read_header(s, &h, err))
		return -1;
	if (h.text)
		return lb_fail(err, LB_DATA, "%s: holds text (dtype '%s'), expected numbers; text is read as labels (data.train.labels, or y of an NPZ "
			       "archive)", s->place, h.descr);
	return read_numbers(s, &h, out, err);
}

int lb_npy_read_labels(const struct lb_npy_source *s, struct lb_table *out, struct lb_err *err)
{
	struct header h = { 0 };

	if (read_header(s, &h, err))
		return -1;
	out->n = h.n;
	if (!h.text)
		return read_numbers(s, &h, &out->block, err);
	if (h.d > 1)
		return lb_fail(err, LB_DATA, "%s: has %zu texts per row, expected one label per row", s->place, h.d);
	if (!(out->col = lb_alloc(1, sizeof *out->col, err)))
		return -1;
	out->n_cols = 1;
	out->col[0] = (struct lb_column){ .type = LB_TEXT, .declared = true, .name = lb_strdup("label", err) };
	return out->col[0].name ? read_texts(s, &h, &out->col[0], err) : -1;
}
