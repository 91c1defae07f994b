#include "datasets/io/zip.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "datasets/io/inflate.h"
#include "datasets/io/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { END_SIZE = 22, END64_SIZE = 56, LOCATOR_SIZE = 20, CENTRAL_SIZE = 46, LOCAL_SIZE = 30, CHUNK = 256 * 1024, MOST_MEMBERS = 100000 };

static uint64_t little(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static int damaged(const struct lb_zip *z, uint64_t at, const char *what, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s: the ZIP archive is damaged at byte %llu: %s; get the file again", z->path, (unsigned long long)at,
		       what);
}

static int read_at(const struct lb_zip *z, uint64_t at, void *buf, size_t n, struct lb_err *err)
{
	if (at > z->size || n > z->size - at)
		return damaged(z, at, "the file ends before what should stand there", err);
	for (size_t done = 0; done < n;) {
		const ssize_t got = pread(z->fd, (char *)buf + done, n - done, (off_t)(at + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return lb_fail(err, LB_DATA, "%s: cannot be read at byte %llu: %s", z->path, (unsigned long long)(at + done),
				       got ? strerror(errno) : "the file has become shorter");
		done += (size_t)got;
	}
	return 0;
}

/* ---- the directory ---- */

struct directory {
	uint64_t n, size, offset;
};

/* The place of the end record: its comment must reach the end of the file. */
static int find_end(const struct lb_zip *z, uint64_t *at, unsigned char end[END_SIZE], struct lb_err *err)
{
	const size_t most = END_SIZE + 65535, n = z->size < most ? (size_t)z->size : most;
	unsigned char *tail = lb_alloc(n + 1, 1, err);
	unsigned char first[2] = { 0 };
	bool found = false;

	if (!tail)
		return -1;
	int rc = read_at(z, z->size - n, tail, n, err);
	for (size_t k = n < END_SIZE ? 0 : n - END_SIZE + 1; !rc && k-- > 0 && !found;)
		if (!memcmp(tail + k, "PK\5\6", 4) && k + END_SIZE + little(tail + k + 20, 2) == n) {
			found = true;
			*at = z->size - n + k;
			memcpy(end, tail + k, END_SIZE);
		}
	free(tail);
	if (!rc && !found && (read_at(z, 0, first, sizeof first, NULL) || memcmp(first, "PK", 2)))
		rc = lb_fail(err, LB_DATA, "%s: is not a ZIP archive: it begins with %02x %02x, expected 50 4b (an NPZ file is a ZIP archive and is not "
			     "compressed again)", z->path, first[0], first[1]);
	else if (!rc && !found)
		rc = damaged(z, z->size, "its end record is missing", err);
	return rc;
}

static int find_directory(const struct lb_zip *z, struct directory *d, struct lb_err *err)
{
	unsigned char end[END_SIZE], locator[LOCATOR_SIZE], end64[END64_SIZE];
	uint64_t at = 0;

	if (find_end(z, &at, end, err))
		return -1;
	*d = (struct directory){ little(end + 10, 2), little(end + 12, 4), little(end + 16, 4) };
	if (at >= LOCATOR_SIZE && !read_at(z, at - LOCATOR_SIZE, locator, LOCATOR_SIZE, NULL) && !memcmp(locator, "PK\6\7", 4)) {
		if (read_at(z, little(locator + 8, 8), end64, END64_SIZE, err))
			return -1;
		if (memcmp(end64, "PK\6\6", 4))
			return damaged(z, little(locator + 8, 8), "the ZIP64 end record is not there", err);
		*d = (struct directory){ little(end64 + 32, 8), little(end64 + 40, 8), little(end64 + 48, 8) };
	}
	if (d->n > MOST_MEMBERS)
		return lb_fail(err, LB_DATA, "%s: the archive promises %llu members; at most %d are read", z->path, (unsigned long long)d->n,
			       MOST_MEMBERS);
	if (d->offset > at || d->size > at - d->offset || d->n * CENTRAL_SIZE > d->size)
		return damaged(z, at, "the directory does not fit into the file", err);
	return 0;
}

/* Sizes that do not fit 32 bits are in the ZIP64 field, in this order, as far as they are left
 * out. */
static void take_zip64(struct lb_zip_entry *e, const unsigned char *extra, size_t n)
{
	uint64_t *const value[] = { &e->size, &e->packed, &e->offset };
	size_t length;

	for (; n >= 4; extra += 4 + length, n -= 4 + length) {
		length = (size_t)little(extra + 2, 2);
		if (length > n - 4)
			return;
		if (little(extra, 2) != 1)
			continue;
		for (size_t k = 0, at = 0; k < 3 && at + 8 <= length; k++)
			if (*value[k] == 0xFFFFFFFF) {
				*value[k] = little(extra + 4 + at, 8);
				at += 8;
			}
		return;
	}
}

static int read_entries(struct lb_zip *z, const struct directory *d, const unsigned char *text, struct lb_err *err)
{
	size_t at = 0;

	if (!(z->entry = lb_alloc((size_t)d->n, sizeof *z->entry, err)))
		return -1;
	for (z->n = 0; z->n < d->n; z->n++) {
		const unsigned char *p = text + at;
		if (d->size - at < CENTRAL_SIZE || memcmp(p, "PK\1\2", 4))
			return damaged(z, d->offset + at, "an entry of the directory is not there", err);
		const size_t name = (size_t)little(p + 28, 2), extra = (size_t)little(p + 30, 2), comment = (size_t)little(p + 32, 2);
		if (name + extra + comment > d->size - at - CENTRAL_SIZE)
			return damaged(z, d->offset + at, "an entry of the directory is longer than the directory", err);
		struct lb_zip_entry *e = &z->entry[z->n];
		*e = (struct lb_zip_entry){ .flags = (unsigned)little(p + 8, 2), .method = (unsigned)little(p + 10, 2),
					    .crc = (uint32_t)little(p + 16, 4), .packed = little(p + 20, 4), .size = little(p + 24, 4),
					    .offset = little(p + 42, 4) };
		take_zip64(e, p + CENTRAL_SIZE + name, extra);
		if (!(e->name = lb_strndup((const char *)p + CENTRAL_SIZE, name, err)))
			return -1;
		at += CENTRAL_SIZE + name + extra + comment;
	}
	return 0;
}

int lb_zip_open(struct lb_zip *z, const char *path, struct lb_err *err)
{
	struct directory d;
	struct stat st;

	*z = (struct lb_zip){ .path = path, .fd = lb_open_regular(path, err) };
	if (z->fd < 0)
		return -1;
	if (fstat(z->fd, &st))
		return lb_fail(err, LB_DATA, "%s: cannot be read: %s", path, strerror(errno));
	z->size = (uint64_t)st.st_size;
	if (find_directory(z, &d, err))
		return -1;
	unsigned char *text = lb_alloc((size_t)d.size, 1, err);
	const int rc = !text || read_at(z, d.offset, text, (size_t)d.size, err) || read_entries(z, &d, text, err) ? -1 : 0;
	free(text);
	return rc;
}

void lb_zip_close(struct lb_zip *z)
{
	for (size_t i = 0; z->entry && i < z->n; i++)
		free(z->entry[i].name);
	free(z->entry);
	if (z->fd >= 0)
		close(z->fd);
	*z = (struct lb_zip){ .fd = -1 };
}

/* ---- members ---- */

struct lb_zip_member {
	const struct lb_zip *zip;
	const struct lb_zip_entry *entry;
	uint64_t at, packed_left, made;
	uint32_t crc;
	const struct lb_inflater *inflater;
	void *z;                 /* the inflater's state; NULL for a stored member */
	bool ended;
	size_t n_in;             /* bytes not used yet, at the end of what was read */
	const unsigned char *next_in;
	unsigned char in[CHUNK];
};

struct lb_zip_member *lb_zip_member_open(const struct lb_zip *zip, const struct lb_zip_entry *e, struct lb_err *err)
{
	struct lb_zip_member *m;
	unsigned char local[LOCAL_SIZE];

	if (e->flags & 1 || (e->method && e->method != 8)) {
		lb_fail(err, LB_DATA, "%s: member '%s' is %s; save it with numpy.savez or savez_compressed", zip->path, e->name,
			e->flags & 1 ? "encrypted" : "compressed by a method other than deflate");
		return NULL;
	}
	if (read_at(zip, e->offset, local, LOCAL_SIZE, err))
		return NULL;
	if (memcmp(local, "PK\3\4", 4)) {
		damaged(zip, e->offset, "a member does not begin where the directory says", err);
		return NULL;
	}
	if (!(m = lb_alloc(1, sizeof *m, err)))
		return NULL;
	m->zip = zip;
	m->entry = e;
	m->at = e->offset + LOCAL_SIZE + little(local + 26, 2) + little(local + 28, 2);
	m->packed_left = e->packed;
	m->inflater = lb_inflater;
	if (e->method == 8 && !(m->z = m->inflater->open(false, err))) {
		free(m);
		return NULL;
	}
	return m;
}

void lb_zip_member_close(struct lb_zip_member *m)
{
	if (m && m->z)
		m->inflater->close(m->z);
	free(m);
}

static int member_fault(const struct lb_zip_member *m, const char *what, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s: member '%s' is damaged after %llu byte%s: %s; get the file again", m->zip->path, m->entry->name,
		       (unsigned long long)m->made, lb_s((size_t)m->made), what);
}

static int fill_input(struct lb_zip_member *m, struct lb_err *err)
{
	const size_t n = m->packed_left < CHUNK ? (size_t)m->packed_left : CHUNK;

	if (m->n_in || !n)
		return 0;
	if (read_at(m->zip, m->at, m->in, n, err))
		return -1;
	m->at += n;
	m->packed_left -= n;
	m->next_in = m->in;
	m->n_in = n;
	return 0;
}

static int read_stored(struct lb_zip_member *m, void *buf, size_t n, size_t *got, struct lb_err *err)
{
	*got = n < m->packed_left ? n : (size_t)m->packed_left;
	if (*got && read_at(m->zip, m->at, buf, *got, err))
		return -1;
	m->at += *got;
	m->packed_left -= *got;
	return 0;
}

static int read_deflated(struct lb_zip_member *m, void *buf, size_t n, size_t *got, struct lb_err *err)
{
	const char *what = NULL;

	*got = 0;
	while (!*got && !m->ended) {
		if (fill_input(m, err))
			return -1;
		struct lb_inflate_part part = { m->next_in, buf, m->n_in, n };
		const enum lb_inflate_status status = m->inflater->run(m->z, &part, &what);
		m->next_in = part.in;
		m->n_in = part.n_in;
		*got = n - part.n_out;
		m->ended = status == LB_INFLATE_END;
		if (status == LB_INFLATE_MEMORY)
			return lb_fail_memory(err, CHUNK);
		if (status == LB_INFLATE_DAMAGED)
			return member_fault(m, what, err);
		if (status == LB_INFLATE_ON && !*got && !m->n_in && !m->packed_left)
			return member_fault(m, "the compressed data end too early", err);
	}
	return 0;
}

int lb_zip_member_read(struct lb_zip_member *m, void *buf, size_t n, size_t *got, struct lb_err *err)
{
	size_t part = 1;

	for (*got = 0; *got < n && part; *got += part) {
		unsigned char *to = (unsigned char *)buf + *got;
		const size_t want = n - *got < CHUNK ? n - *got : CHUNK;
		if ((m->z ? read_deflated : read_stored)(m, to, want, &part, err))
			return -1;
		m->crc = (uint32_t)crc32(m->crc, to, (uInt)part);
		m->made += part;
		if (m->made > m->entry->size)
			return member_fault(m, "it holds more than the directory says", err);
	}
	if (*got == n)
		return 0;
	if (m->made < m->entry->size)
		return member_fault(m, "it holds less than the directory says", err);
	return m->crc == m->entry->crc ? 0 : member_fault(m, "its CRC-32 is wrong", err);
}
