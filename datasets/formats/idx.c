#include "core/base/mem.h"
#include "core/base/text.h"
#include "datasets/formats/readers.h"
#include "datasets/io/stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 256 * 1024, MAX_DIMENSIONS = 8 };

static uint64_t big_endian(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static void from_i8(const unsigned char *in, size_t n, void *out)
{
	for (size_t i = 0; i < n; i++)
		((float *)out)[i] = (float)(int8_t)in[i];
}

static void from_i16(const unsigned char *in, size_t n, void *out)
{
	for (size_t i = 0; i < n; i++)
		((float *)out)[i] = (float)(int16_t)big_endian(in + 2 * i, 2);
}

static void from_i32(const unsigned char *in, size_t n, void *out)
{
	for (size_t i = 0; i < n; i++)
		((double *)out)[i] = (double)(int32_t)big_endian(in + 4 * i, 4);
}

static void from_f32(const unsigned char *in, size_t n, void *out)
{
	for (size_t i = 0; i < n; i++) {
		const uint32_t bits = (uint32_t)big_endian(in + 4 * i, 4);
		memcpy((float *)out + i, &bits, sizeof bits);
	}
}

static void from_f64(const unsigned char *in, size_t n, void *out)
{
	for (size_t i = 0; i < n; i++) {
		const uint64_t bits = big_endian(in + 8 * i, 8);
		memcpy((double *)out + i, &bits, sizeof bits);
	}
}

static const struct idx_type {
	unsigned char code;
	size_t size;             /* in the file */
	enum lb_dtype dtype;
	size_t width;            /* in memory */
	void (*convert)(const unsigned char *in, size_t n, void *out); /* NULL: the bytes as they are */
} types[] = {
	{ 0x08, 1, LB_U8, 1, NULL },
	{ 0x09, 1, LB_F32, sizeof(float), from_i8 },
	{ 0x0B, 2, LB_F32, sizeof(float), from_i16 },
	{ 0x0C, 4, LB_F64, sizeof(double), from_i32 },
	{ 0x0D, 4, LB_F32, sizeof(float), from_f32 },
	{ 0x0E, 8, LB_F64, sizeof(double), from_f64 },
};

struct header {
	const struct idx_type *type;
	size_t n, d;
	size_t bytes;            /* of the header */
};

static const struct idx_type *type_of(unsigned char code)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].code == code)
			return &types[i];
	return NULL;
}

static bool probe(const unsigned char *head, size_t n)
{
	return n >= 4 && !head[0] && !head[1] && type_of(head[2]);
}

static int too_short(const char *path, const char *part, size_t want, size_t found, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s: the IDX %s should have %zu byte%s, the file ends after %zu of them; get the file again", path,
		       part, want, lb_s(want), found);
}

static int read_sizes(const char *path, const unsigned char *p, size_t n_dims, struct header *h, struct lb_err *err)
{
	size_t values, bytes;
	bool overflow = false;

	for (size_t i = 0; i < n_dims; i++) {
		const size_t size = (size_t)big_endian(p + 4 * i, 4);
		if (!size)
			return lb_fail(err, LB_DATA, "%s: the IDX header says that dimension %zu has size 0; there are no data in it", path,
				       i + 1);
		if (i == 0)
			h->n = size;
		else
			overflow |= __builtin_mul_overflow(h->d, size, &h->d);
	}
	overflow |= __builtin_mul_overflow(h->n, h->d, &values) || __builtin_mul_overflow(values, h->type->width, &bytes);
	if (overflow || bytes > LB_MAX_MATRIX || h->n > LB_MAX_ROWS || h->d > LB_MAX_COLUMNS)
		return lb_fail(err, LB_DATA, "%s: the IDX header promises %zu row%s of %zu%s value%s; the limits are %zu rows, %zu values per row "
			       "and %zu bytes", path, h->n, lb_s(h->n), h->d, overflow ? " or more" : "",
			       overflow ? "s" : lb_s(h->d), LB_MAX_ROWS, LB_MAX_COLUMNS, LB_MAX_MATRIX);
	return 0;
}

static int read_header(const char *path, struct lb_stream *s, struct header *h, struct lb_err *err)
{
	unsigned char head[4 + 4 * MAX_DIMENSIONS];
	size_t got;

	*h = (struct header){ .d = 1 };
	if (lb_stream_read(s, head, 4, &got, err))
		return -1;
	if (got < 4)
		return too_short(path, "header", 8, got, err);
	if (head[0] || head[1])
		return lb_fail(err, LB_DATA, "%s: is not IDX: it begins with %02x %02x, expected 00 00", path, head[0], head[1]);
	if (!(h->type = type_of(head[2])))
		return lb_fail(err, LB_DATA, "%s: the IDX type at byte 2 is %02x, expected 08, 09, 0b, 0c, 0d or 0e", path, head[2]);
	if (head[3] < 1 || head[3] > MAX_DIMENSIONS)
		return lb_fail(err, LB_DATA, "%s: the number of IDX dimensions at byte 3 is %d, expected 1 to %d", path, head[3], MAX_DIMENSIONS);
	if (lb_stream_read(s, head + 4, 4U * head[3], &got, err))
		return -1;
	if (got < 4U * head[3])
		return too_short(path, "header", 4 + 4U * head[3], 4 + got, err);
	h->bytes = 4 + got;
	return read_sizes(path, head + 4, head[3], h, err);
}

/* Memory is taken as bytes arrive, never on the word of the header. */
static int read_values(const char *path, struct lb_stream *s, const struct header *h, unsigned char **values, struct lb_err *err)
{
	const size_t want = h->n * h->d * h->type->size;
	size_t n = 0, cap = 0, got = 1, excess = 0;
	unsigned char spill[4096];

	while (n < want && got) {
		const size_t part = want - n < CHUNK ? want - n : CHUNK;
		if (lb_grow(values, &cap, n + part, 1, err) || lb_stream_read(s, *values + n, part, &got, err))
			return -1;
		n += got;
	}
	if (n < want)
		return too_short(path, "data after the header", want, n, err);
	do {
		if (lb_stream_read(s, spill, sizeof spill, &got, err))
			return -1;
		excess += got;
	} while (got);
	if (excess)
		return lb_fail(err, LB_DATA, "%s: %zu byte%s the %zu byte%s of data that the IDX header promises (%zu row%s of %zu value%s); "
			       "the file is damaged or not IDX", path, excess, excess == 1 ? " follows" : "s follow", want, lb_s(want), h->n, lb_s(h->n), h->d,
			       lb_s(h->d));
	return 0;
}

static int refuse_infinity(const char *path, const struct lb_matrix *m, struct lb_err *err)
{
	if (m->dtype == LB_U8)
		return 0;
	for (size_t i = 0; i < m->n * m->d; i++)
		if (m->dtype == LB_F32 ? isinf(((const float *)m->x)[i]) : isinf(((const double *)m->x)[i]))
			return lb_fail(err, LB_DATA, "%s: row %zu, value %zu is infinite; every value must be finite (NaN is a missing value)",
				       path, i / m->d + 1, i % m->d + 1);
	return 0;
}

static int convert(const char *path, const struct header *h, unsigned char **values, struct lb_matrix *m, struct lb_err *err)
{
	*m = (struct lb_matrix){ .dtype = h->type->dtype, .n = h->n, .d = h->d };
	if (!h->type->convert) {
		m->x = *values;
		*values = NULL;
		return 0;
	}
	if (!(m->x = lb_alloc(h->n * h->d, h->type->width, err)))
		return -1;
	h->type->convert(*values, h->n * h->d, m->x);
	return refuse_infinity(path, m, err);
}

static int read_idx(const char *path, const struct lb_read_options *opt, struct lb_table *out, struct lb_err *err)
{
	struct lb_stream *s = lb_stream_open(path, lb_stream_limit(opt), err);
	unsigned char *values = NULL;
	struct header h;
	int rc = -1;

	if (!s)
		return -1;
	if (read_header(path, s, &h, err) || read_values(path, s, &h, &values, err) || convert(path, &h, &values, &out->block, err))
		goto out;
	out->n = h.n;
	lb_stream_digest(s, out->sha256, &out->bytes);
	rc = 0;
out:
	free(values);
	lb_stream_close(s);
	return rc;
}

const struct lb_reader lb_reader_idx = {
	.base = {
		.name = "idx",
		.title = "IDX arrays, as MNIST and Fashion-MNIST are distributed",
		.cite = "Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits, 1998",
		.notes = "All six value types, 1 to 8 dimensions: the first is the rows, the others together the features. The length "
			 "must be exactly what the header says. NaN is a missing value, an infinity an error.",
		.keywords = "mnist ubyte images",
	},
	.probe = probe,
	.endings = ".idx -ubyte",
	.read = read_idx,
};
