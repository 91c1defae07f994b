/* What the tests of reading files share: one file in a folder of its own, a table and an error. */
#ifndef LB_TEST_ONE_FILE_H
#define LB_TEST_ONE_FILE_H

#include "core/base/text.h"
#include "datasets/dataset.h"
#include "tests/unit/suite.h"

#include <string.h>
#include <unistd.h>
#include <zlib.h>

static char dir[32], file[64];
static struct lb_table t;
static struct lb_err err;

static void setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/lb-readers-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	err = (struct lb_err){ 0 };
	snprintf(file, sizeof file, "%s/f", dir);
}

static void teardown(void)
{
	lb_table_free(&t);
	unlink(file);
	rmdir(dir);
}

static void put(const void *bytes, size_t n)
{
	FILE *f = fopen(file, "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

static int read_bytes(const void *bytes, size_t n, const struct lb_read_options *opt)
{
	lb_table_free(&t);
	err = (struct lb_err){ 0 };
	put(bytes, n);
	return lb_table_read(file, opt, &t, &err);
}

/* The reading failed, with every one of the blank-separated words ('_' for a blank) in its message,
 * and left nothing. */
static void ck_refused(int rc, const char *words)
{
	char copy[256], *save, *w;

	ck_assert_msg(rc == -1, "accepted, expected '%s'", words);
	ck_assert_int_eq(err.code, LB_DATA);
	ck_assert_msg(!strncmp(err.text, file, strlen(file)), "the message does not begin with the file: %s", err.text);
	snprintf(copy, sizeof copy, "%s", words);
	for (w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		for (char *p = w; *p; p++)
			*p = *p == '_' ? ' ' : *p;
		ck_assert_msg(strstr(err.text, w) != NULL, "'%s' is not in: %s", w, err.text);
	}
	ck_assert(!t.col && !t.block.x && !t.line && !t.n && !t.n_cols);
}

/* Appends a gzip member. */
static inline void gzip_add(struct lb_buf *out, const void *data, size_t n, gz_header *header, int level)
{
	unsigned char part[1 << 16];
	z_stream z = { .next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)n };
	int status;

	ck_assert_int_eq(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	if (header)
		ck_assert_int_eq(deflateSetHeader(&z, header), Z_OK);
	do {
		z.next_out = part;
		z.avail_out = sizeof part;
		status = deflate(&z, Z_FINISH);
		lb_buf_add(out, (char *)part, sizeof part - z.avail_out);
	} while (status == Z_OK || status == Z_BUF_ERROR);
	ck_assert_int_eq(status, Z_STREAM_END);
	deflateEnd(&z);
}

/* The value of a block, dense or sparse. */
static inline double block_at(const struct lb_matrix *m, size_t row, size_t column)
{
	size_t k = row * m->d + column;

	if (m->start) {
		for (k = m->start[row]; k < m->start[row + 1] && m->column[k] != column; k++)
			;
		if (k == m->start[row + 1])
			return 0;
	}
	return m->dtype == LB_U8 ? ((uint8_t *)m->x)[k] : m->dtype == LB_F32 ? (double)((float *)m->x)[k] : ((double *)m->x)[k];
}

#endif
