#include "datasets/stream.h"

#include "core/base/mem.h"
#include "core/base/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { CHUNK = 256 * 1024 };

struct lb_stream {
	char *path;
	int fd;
	bool gzip, file_end, data_end;
	z_stream z;
	unsigned char *in;       /* in[at..n) is read from the file and not used yet */
	size_t at, n;
	uint64_t offset;         /* of in[0] in the file */
	uint64_t bytes, limit;   /* uncompressed */
	struct lb_sha256 hash;
};

static int damaged(const struct lb_stream *s, const char *what, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s: the gzip data are damaged at byte %llu: %s; get the file again", s->path,
		       (unsigned long long)(s->offset + s->at), what);
}

/* Makes at least `need` bytes available unless the file ends before. */
static int fill(struct lb_stream *s, size_t need, struct lb_err *err)
{
	if (s->n - s->at >= need)
		return 0;
	memmove(s->in, s->in + s->at, s->n - s->at);
	s->offset += s->at;
	s->n -= s->at;
	s->at = 0;
	while (s->n < CHUNK && !s->file_end) {
		ssize_t got = read(s->fd, s->in + s->n, CHUNK - s->n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return lb_fail(err, LB_DATA, "%s: cannot be read after byte %llu: %s", s->path,
				       (unsigned long long)(s->offset + s->n), strerror(errno));
		s->file_end = got == 0;
		s->n += (size_t)got;
	}
	return 0;
}

static int read_plain(struct lb_stream *s, unsigned char *buf, size_t want, size_t *got, struct lb_err *err)
{
	if (fill(s, 1, err))
		return -1;
	*got = want < s->n - s->at ? want : s->n - s->at;
	memcpy(buf, s->in + s->at, *got);
	s->at += *got;
	return 0;
}

static bool at_gzip_magic(const struct lb_stream *s)
{
	return s->n - s->at >= 2 && s->in[s->at] == 0x1f && s->in[s->at + 1] == 0x8b;
}

/* After a member: another member, or nothing but zeros to the end of the file. */
static int next_member(struct lb_stream *s, struct lb_err *err)
{
	if (fill(s, 2, err))
		return -1;
	if (at_gzip_magic(s))
		return inflateReset(&s->z) == Z_OK ? 0 : damaged(s, "a further member cannot be started", err);
	while (s->at < s->n) {
		if (s->in[s->at])
			return damaged(s, "there is something else after the end of the compressed data", err);
		s->at++;
		if (fill(s, 1, err))
			return -1;
	}
	s->data_end = true;
	return 0;
}

static int read_gzip(struct lb_stream *s, unsigned char *buf, size_t want, size_t *got, struct lb_err *err)
{
	*got = 0;
	while (!*got && !s->data_end) {
		if (fill(s, 1, err))
			return -1;
		s->z.next_in = s->in + s->at;
		s->z.avail_in = (uInt)(s->n - s->at);
		s->z.next_out = buf;
		s->z.avail_out = (uInt)(want < CHUNK ? want : CHUNK);
		const int status = inflate(&s->z, Z_NO_FLUSH);
		s->at = s->n - s->z.avail_in;
		*got = (size_t)(s->z.next_out - buf);
		if (status == Z_MEM_ERROR)
			return lb_fail_memory(err, 1 << 15);
		if (status == Z_BUF_ERROR && !*got && s->file_end && s->at == s->n)
			return damaged(s, "the file ends in the middle of the compressed data", err);
		if (status == Z_STREAM_END && next_member(s, err))
			return -1;
		if (status != Z_OK && status != Z_BUF_ERROR && status != Z_STREAM_END)
			return damaged(s, s->z.msg ? s->z.msg : "invalid data", err);
	}
	return 0;
}

int lb_stream_read(struct lb_stream *s, void *buf, size_t n, size_t *got, struct lb_err *err)
{
	size_t part;

	for (*got = 0; *got < n; *got += part) {
		unsigned char *to = (unsigned char *)buf + *got;
		if ((s->gzip ? read_gzip : read_plain)(s, to, n - *got, &part, err))
			return -1;
		if (!part)
			break;
		lb_sha256_add(&s->hash, to, part);
		s->bytes += part;
		if (s->bytes > s->limit)
			return lb_fail(err, LB_DATA, "%s: holds more than %llu bytes uncompressed, which is the limit; "
				       "use fewer rows or columns", s->path, (unsigned long long)s->limit);
	}
	return 0;
}

static int open_regular(const char *path, struct lb_err *err)
{
	struct stat st;
	int fd = -1;

	if (stat(path, &st) || (S_ISREG(st.st_mode) && (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0))
		return lb_fail(err, LB_DATA, "%s: cannot be opened: %s; check the path, which is relative to the folder lossbench runs in", path,
			       strerror(errno));
	if (S_ISDIR(st.st_mode))
		return lb_fail(err, LB_DATA, "%s: is a folder; name the data file in it", path);
	if (fd < 0)
		return lb_fail(err, LB_DATA, "%s: is a pipe or device; data are read more than once, so store them in a file first", path);
	return fd;
}

struct lb_stream *lb_stream_open(const char *path, uint64_t limit, struct lb_err *err)
{
	struct lb_stream *s = lb_alloc(1, sizeof *s, err);

	if (!s)
		return NULL;
	s->limit = limit;
	if ((s->fd = open_regular(path, err)) < 0)
		goto fail;
	if (!(s->path = lb_strdup(path, err)) || !(s->in = lb_alloc(CHUNK, 1, err)) || lb_sha256_start(&s->hash, err) ||
	    fill(s, 2, err))
		goto fail;
	s->gzip = at_gzip_magic(s);
	if (s->gzip && inflateInit2(&s->z, 15 + 16) != Z_OK) {
		s->gzip = false;
		lb_fail_memory(err, 1 << 15);
		goto fail;
	}
	return s;
fail:
	lb_stream_close(s);
	return NULL;
}

void lb_stream_digest(struct lb_stream *s, char sha256[65], uint64_t *bytes)
{
	lb_sha256_end(&s->hash, sha256);
	*bytes = s->bytes;
}

void lb_stream_close(struct lb_stream *s)
{
	char unused[65];

	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	if (s->gzip)
		inflateEnd(&s->z);
	lb_sha256_end(&s->hash, unused);
	free(s->in);
	free(s->path);
	free(s);
}

int lb_stream_slurp(const char *path, struct lb_buf *text, char sha256[65], struct lb_err *err)
{
	struct lb_stream *s = lb_stream_open(path, LB_STREAM_LIMIT, err);
	size_t got = 1;
	uint64_t bytes;
	int rc = -1;

	if (!s)
		return -1;
	while (got) {
		if (lb_grow(&text->s, &text->cap, text->n + CHUNK + 1, 1, err) ||
		    lb_stream_read(s, text->s + text->n, text->cap - text->n - 1, &got, err))
			goto out;
		text->n += got;
	}
	text->s[text->n] = '\0';
	lb_stream_digest(s, sha256, &bytes);
	rc = 0;
out:
	lb_stream_close(s);
	return rc;
}
