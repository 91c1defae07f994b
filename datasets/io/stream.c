#include "datasets/io/stream.h"

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "datasets/io/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 128 * 1024, SLOTS = 4, AHEAD_FROM = CHUNK };

/* A second thread that inflates ahead. Once it runs, the file and the inflater are its own; the
 * rest is guarded by lock. */
struct ahead {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t change;
	unsigned char *data;     /* SLOTS * CHUNK */
	size_t n[SLOTS];         /* bytes in each */
	size_t made, used;       /* slots filled and emptied so far */
	size_t at;               /* bytes used of slot `used` */
	bool stop, ended;
	int rc;
	struct lb_err err;
};

struct lb_stream {
	char *path;
	int fd;
	bool file_end, data_end;
	const struct lb_unpacker *unpacker; /* NULL where the content is not compressed */
	void *z;                 /* the unpacker's state */
	unsigned char *in;       /* in[at..n) is read from the file and not used yet */
	size_t at, n;
	uint64_t offset;         /* of in[0] in the file */
	uint64_t bytes, limit;   /* uncompressed */
	struct lb_sha256 hash;
	struct ahead *ahead;     /* NULL while there is no second thread */
};

static int damaged(const struct lb_stream *s, const char *what, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s: the %s data are damaged at byte %llu: %s; get the file again", s->path, s->unpacker->name,
		       (unsigned long long)(s->offset + s->at), what);
}

/* The next bytes of the file, at most `room`; none at its end. */
static int read_file(struct lb_stream *s, unsigned char *to, size_t room, size_t *got, struct lb_err *err)
{
	ssize_t n;

	do
		n = read(s->fd, to, room);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return lb_fail(err, LB_DATA, "%s: cannot be read after byte %llu: %s", s->path, (unsigned long long)(s->offset + s->n),
			       strerror(errno));
	s->file_end = n == 0;
	*got = (size_t)n;
	return 0;
}

/* Makes at least `need` bytes available unless the file ends before. */
static int fill(struct lb_stream *s, size_t need, struct lb_err *err)
{
	size_t got;

	if (s->n - s->at >= need)
		return 0;
	memmove(s->in, s->in + s->at, s->n - s->at);
	s->offset += s->at;
	s->n -= s->at;
	s->at = 0;
	while (s->n < CHUNK && !s->file_end) {
		if (read_file(s, s->in + s->n, CHUNK - s->n, &got, err))
			return -1;
		s->n += got;
	}
	return 0;
}

static int read_plain(struct lb_stream *s, unsigned char *buf, size_t want, size_t *got, struct lb_err *err)
{
	if (s->at == s->n && want >= CHUNK) { /* large parts go where they are wanted at once */
		s->offset += s->n;
		s->at = s->n = 0;
		if (read_file(s, buf, want, got, err))
			return -1;
		s->offset += *got;
		return 0;
	}
	if (fill(s, 1, err))
		return -1;
	*got = want < s->n - s->at ? want : s->n - s->at;
	memcpy(buf, s->in + s->at, *got);
	s->at += *got;
	return 0;
}

/* After a member: another member, or nothing but zeros to the end of the file. Its header is read
 * as a whole. */
static int next_member(struct lb_stream *s, struct lb_err *err)
{
	if (fill(s, CHUNK, err))
		return -1;
	if (s->unpacker->begins(s->in + s->at, s->n - s->at)) {
		s->unpacker->again(s->z);
		return 0;
	}
	while (s->at < s->n) {
		if (s->in[s->at] || !s->unpacker->padded)
			return damaged(s, "there is something else after the end of the compressed data", err);
		s->at++;
		if (fill(s, 1, err))
			return -1;
	}
	s->data_end = true;
	return 0;
}

static int read_packed(struct lb_stream *s, unsigned char *buf, size_t want, size_t *got, struct lb_err *err)
{
	const char *what = NULL;

	*got = 0;
	while (!*got && !s->data_end) {
		if (fill(s, 1, err))
			return -1;
		struct lb_inflate_part part = { s->in + s->at, buf, s->n - s->at, want < CHUNK ? want : CHUNK };
		const enum lb_inflate_status status = s->unpacker->run(s->z, &part, &what);
		s->at = s->n - part.n_in;
		*got = (size_t)(part.out - buf);
		if (status == LB_INFLATE_MEMORY)
			return lb_fail_memory(err, CHUNK);
		if (status == LB_INFLATE_DAMAGED)
			return damaged(s, what, err);
		if (status == LB_INFLATE_END && next_member(s, err))
			return -1;
		if (status == LB_INFLATE_ON && !*got && s->file_end && s->at == s->n)
			return damaged(s, "the file ends in the middle of the compressed data", err);
	}
	return 0;
}

/* ---- inflating ahead ---- */

/* Fills a slot as far as the data go. */
static int fill_slot(struct lb_stream *s, unsigned char *to, size_t *n, struct lb_err *err)
{
	size_t part = 1;

	for (*n = 0; *n < CHUNK && part; *n += part)
		if (read_packed(s, to + *n, CHUNK - *n, &part, err))
			return -1;
	return 0;
}

static void *run_ahead(void *arg)
{
	struct lb_stream *s = arg;
	struct ahead *a = s->ahead;

	pthread_mutex_lock(&a->lock);
	while (!a->ended) {
		while (a->made - a->used == SLOTS && !a->stop)
			pthread_cond_wait(&a->change, &a->lock);
		if (a->stop)
			break;
		const size_t k = a->made % SLOTS;
		size_t n;
		pthread_mutex_unlock(&a->lock);
		const int rc = fill_slot(s, a->data + k * CHUNK, &n, &a->err);
		pthread_mutex_lock(&a->lock);
		a->n[k] = n;
		a->rc = rc;
		a->made += n > 0;
		a->ended = rc || n < CHUNK;
		pthread_cond_signal(&a->change);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

static void free_ahead(struct ahead *a)
{
	pthread_cond_destroy(&a->change);
	pthread_mutex_destroy(&a->lock);
	free(a->data);
	free(a);
}

/* Where no thread can be had, reading goes on without. */
static void start_ahead(struct lb_stream *s)
{
	struct ahead *a = calloc(1, sizeof *a);

	if (!a)
		return;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->change, NULL);
	s->ahead = a;
	if ((a->data = malloc((size_t)SLOTS * CHUNK)) && !pthread_create(&a->thread, NULL, run_ahead, s))
		return;
	free_ahead(a);
	s->ahead = NULL;
}

static void stop_ahead(struct lb_stream *s)
{
	pthread_mutex_lock(&s->ahead->lock);
	s->ahead->stop = true;
	pthread_cond_signal(&s->ahead->change);
	pthread_mutex_unlock(&s->ahead->lock);
	pthread_join(s->ahead->thread, NULL);
	free_ahead(s->ahead);
	s->ahead = NULL;
}

static int read_ahead(struct lb_stream *s, unsigned char *buf, size_t want, size_t *got, struct lb_err *err)
{
	struct ahead *a = s->ahead;

	*got = 0;
	pthread_mutex_lock(&a->lock);
	while (a->made == a->used && !a->ended)
		pthread_cond_wait(&a->change, &a->lock);
	const bool empty = a->made == a->used;
	const int rc = empty ? a->rc : 0;
	const size_t k = a->used % SLOTS, n = a->n[k];
	pthread_mutex_unlock(&a->lock);
	if (rc)
		return lb_fail(err, a->err.code, "%s", a->err.text);
	if (empty)
		return 0;
	*got = want < n - a->at ? want : n - a->at;
	memcpy(buf, a->data + k * CHUNK + a->at, *got);
	a->at += *got;
	if (a->at < n)
		return 0;
	a->at = 0;
	pthread_mutex_lock(&a->lock);
	a->used++;
	pthread_cond_signal(&a->change);
	pthread_mutex_unlock(&a->lock);
	return 0;
}

static int read_part(struct lb_stream *s, unsigned char *buf, size_t want, size_t *got, struct lb_err *err)
{
	if (!s->unpacker)
		return read_plain(s, buf, want, got, err);
	if (!s->ahead && s->bytes >= AHEAD_FROM && !s->data_end)
		start_ahead(s);
	return s->ahead ? read_ahead(s, buf, want, got, err) : read_packed(s, buf, want, got, err);
}

int lb_stream_read(struct lb_stream *s, void *buf, size_t n, size_t *got, struct lb_err *err)
{
	size_t part;

	for (*got = 0; *got < n; *got += part) {
		unsigned char *to = (unsigned char *)buf + *got;
		if (read_part(s, to, n - *got, &part, err))
			return -1;
		if (!part)
			break;
		lb_sha256_add(&s->hash, to, part);
		s->bytes += part;
		if (s->bytes > s->limit)
			return lb_fail(err, LB_DATA, "%s: holds more than %llu bytes uncompressed, which is the limit; "
				       "if the file is what it should be, raise data.max_bytes", s->path, (unsigned long long)s->limit);
	}
	return 0;
}

static int standard_input = -1; /* its copy in memory */

int lb_take_standard_input(struct lb_err *err)
{
	char buf[1 << 16];
	ssize_t n, written = 0;

	if (standard_input >= 0)
		return 0;
	if ((standard_input = memfd_create("standard input", MFD_CLOEXEC)) < 0)
		return lb_fail(err, LB_MACHINE, "standard input: no memory for a copy: %s", strerror(errno));
	while (written >= 0 && ((n = read(STDIN_FILENO, buf, sizeof buf)) > 0 || (n < 0 && errno == EINTR)))
		for (ssize_t at = 0; at < n && (written = write(standard_input, buf + at, (size_t)(n - at))) >= 0; at += written)
			;
	if (n < 0 || written < 0)
		return lb_fail(err, n < 0 ? LB_DATA : LB_MACHINE, "standard input: cannot be %s: %s", n < 0 ? "read" : "kept in memory", strerror(errno));
	return 0;
}

/* A descriptor of its own, at the beginning. */
static int open_standard_input(struct lb_err *err)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", standard_input);
	return lb_open_file(path, LB_DATA, err);
}

int lb_open_regular(const char *path, struct lb_err *err)
{
	struct stat st;

	if (standard_input >= 0 && !strcmp(path, "-"))
		return open_standard_input(err);
	if (stat(path, &st))
		return lb_fail(err, LB_DATA, "%s: cannot be opened: %s; check the path, which is relative to the folder lossbench runs in", path,
			       strerror(errno));
	return lb_open_file(path, LB_DATA, err);
}

static int refuse_unknown(const struct lb_stream *s, struct lb_err *err)
{
	const struct lb_unpacker *u = s->unpacker;

	return u->open ? 0 : lb_fail(err, LB_DATA, "%s: is compressed with %s, and this lossbench was built without %s; unpack it first (%s FILE), "
				     "or install %s and build lossbench again", s->path, u->name, u->library, u->command, u->package);
}

struct lb_stream *lb_stream_open(const char *path, uint64_t limit, struct lb_err *err)
{
	struct lb_stream *s = lb_alloc(1, sizeof *s, err);

	if (!s)
		return NULL;
	s->limit = limit;
	lb_sha256_start(&s->hash);
	if ((s->fd = lb_open_regular(path, err)) < 0)
		goto fail;
	if (!(s->path = lb_strdup(path, err)) || !(s->in = lb_alloc(CHUNK, 1, err)) || fill(s, LB_UNPACK_HEAD, err))
		goto fail;
	s->unpacker = lb_unpacker_of(s->in, s->n);
	if (s->unpacker && (refuse_unknown(s, err) || !(s->z = s->unpacker->open(err))))
		goto fail;
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
	if (s->ahead)
		stop_ahead(s);
	if (s->fd >= 0)
		close(s->fd);
	if (s->z)
		s->unpacker->close(s->z);
	lb_sha256_end(&s->hash, unused);
	free(s->in);
	free(s->path);
	free(s);
}

bool lb_stream_is_compressed(const struct lb_stream *s)
{
	return s->unpacker;
}

void *lb_stream_map(const struct lb_stream *s, size_t *bytes, struct lb_err *err)
{
	struct stat st;
	void *map = fstat(s->fd, &st) ? MAP_FAILED : mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, s->fd, 0);

	if (map == MAP_FAILED) {
		lb_fail(err, LB_DATA, "%s: cannot be mapped into memory: %s", s->path, strerror(errno));
		return NULL;
	}
	*bytes = (size_t)st.st_size;
	return map;
}

int lb_stream_read_to_end(struct lb_stream *s, struct lb_err *err)
{
	unsigned char unused[4096];
	size_t got = 1;

	while (s->unpacker && got)
		if (lb_stream_read(s, unused, sizeof unused, &got, err))
			return -1;
	return 0;
}
