#include "datasets/formats/npy_write.h"

#include <string.h>
#include <zlib.h>

void lb_pack_little(struct lb_buf *b, uint64_t v, size_t n)
{
	char bytes[8];

	for (size_t k = 0; k < n; k++)
		bytes[k] = (char)(v >> 8 * k & 255);
	lb_buf_add(b, bytes, n);
}

void lb_pack_npy_header(struct lb_buf *b, const char *descr, const char *shape)
{
	struct lb_buf h = { 0 };

	lb_buf_printf(&h, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape);
	while ((10 + h.n + 1) % 64 && !h.bad)
		lb_buf_puts(&h, " ");
	lb_buf_puts(&h, "\n");
	lb_buf_add(b, "\223NUMPY\1\0", 8);
	lb_buf_add(b, (const char[]){ (char)(h.n & 255), (char)(h.n >> 8) }, 2);
	if (!h.bad)
		lb_buf_add(b, h.s, h.n);
	b->bad |= h.bad;
	lb_buf_free(&h);
}

/* What the local and the central header have in common: from the version to the length of the extra
 * field. */
static void put_fields(struct lb_buf *b, const struct lb_pack_member *m)
{
	lb_pack_little(b, 20, 2);
	lb_pack_little(b, 0, 4);
	lb_pack_little(b, (uint64_t)(0x21) << 16, 4);
	lb_pack_little(b, m->crc, 4);
	lb_pack_little(b, m->data.n, 4);
	lb_pack_little(b, m->data.n, 4);
	lb_pack_little(b, strlen(m->name), 2);
	lb_pack_little(b, 0, 2);
}

static void put_members(struct lb_buf *b, struct lb_pack_member *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		m[i].crc = (uint32_t)crc32_z(0, (const Bytef *)m[i].data.s, m[i].data.n);
		m[i].offset = b->n;
		lb_buf_add(b, "PK\3\4", 4);
		put_fields(b, &m[i]);
		lb_buf_puts(b, m[i].name);
		lb_buf_add(b, m[i].data.s, m[i].data.n);
	}
}

static void put_directory(struct lb_buf *b, const struct lb_pack_member *m, size_t n)
{
	const size_t start = b->n;

	for (size_t i = 0; i < n; i++) {
		lb_buf_add(b, "PK\1\2", 4);
		lb_pack_little(b, 20, 2);
		put_fields(b, &m[i]);
		lb_pack_little(b, 0, 8);
		lb_pack_little(b, 0, 2);
		lb_pack_little(b, m[i].offset, 4);
		lb_buf_puts(b, m[i].name);
	}
	const size_t size = b->n - start;
	lb_buf_add(b, "PK\5\6\0\0\0", 8);
	lb_pack_little(b, n, 2);
	lb_pack_little(b, n, 2);
	lb_pack_little(b, size, 4);
	lb_pack_little(b, start, 4);
	lb_pack_little(b, 0, 2);
}

int lb_pack_zip(const char *path, struct lb_pack_member *m, size_t n, struct lb_buf *out, struct lb_err *err)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++) {
		if (m[i].data.bad)
			return lb_fail_memory(err, m[i].data.n);
		total += m[i].data.n + 2 * strlen(m[i].name) + 128;
	}
	if (total > UINT32_MAX - 4096)
		return lb_fail(err, LB_DATA, "%s: more than 4 GB would have to be written; write NPY files", path);
	put_members(out, m, n);
	put_directory(out, m, n);
	return out->bad ? lb_fail_memory(err, out->n) : 0;
}
