#include "core/base/file_internal.h"

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct {
	int reason;
	const char *advice;
} advices[] = {
	{ ENOENT, "check the path" },
	{ EACCES, "change its permissions or name another path" },
	{ EPERM, "change its permissions or name another path" },
	{ EISDIR, "name a file, not a folder" },
	{ ENOTDIR, "a part of the path is a file where a folder is wanted; name another path" },
	{ ENOSPC, "make room on that disk or name a path on another" },
	{ EDQUOT, "your quota is used up; remove files or name a path on another disk" },
	{ EROFS, "name a path on a disk that can be written" },
	{ ENAMETOOLONG, "take a shorter name" },
	{ ELOOP, "the link leads to itself; name another path" },
	{ EMFILE, "raise the limit of open files (ulimit -n)" },
	{ EIO, "the disk fails; check it, or name a path on another" },
	{ EFBIG, "raise the limit of file sizes (ulimit -f) or name a path on a file system that takes larger files" },
};

int lb_file_fail(struct lb_err *err, enum lb_code code, const char *path, const char *what, int reason)
{
	const char *advice = "check the path and the disk";

	for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
		if (advices[i].reason == reason)
			advice = advices[i].advice;
	return lb_fail(err, code, "%s: %s: %s; %s", path, what, strerror(reason), advice);
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool lb_file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int make_dir(const char *path, struct lb_err *err)
{
	if (mkdir(path, 0777) == 0)
		return 0;
	const int reason = errno;
	if (is_dir(path))
		return 0;
	return lb_file_fail(err, LB_MACHINE, path, "the folder cannot be made", reason == EEXIST ? ENOTDIR : reason);
}

int lb_make_dirs(const char *path, struct lb_err *err)
{
	char *copy = lb_strdup(path, err);
	int rc = copy ? 0 : -1;

	for (char *p = copy; !rc && *p; p++)
		if (p[0] == '/' && p > copy && p[-1] != '/') {
			*p = '\0';
			rc = make_dir(copy, err);
			*p = '/';
		}
	if (!rc)
		rc = make_dir(copy, err);
	free(copy);
	return rc;
}

const char *lb_file_kind(mode_t mode)
{
	return S_ISREG(mode) ? NULL :
	       S_ISDIR(mode) ? "a folder" :
	       S_ISFIFO(mode) ? "a FIFO (named pipe)" :
	       S_ISSOCK(mode) ? "a socket" :
	       S_ISLNK(mode) ? "a symbolic link" :
	       S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "of an unknown kind";
}

int lb_file_wrong_kind(const char *path, const char *kind, const char *advice, enum lb_code code, struct lb_err *err)
{
	return lb_fail(err, code, "%s: is %s, expected a regular file; %s", path, kind, advice);
}

int lb_check_place(const char *path, enum lb_code code, struct lb_err *err)
{
	static const char advice[] = "name another path, or remove what is there";
	struct stat st;

	if (stat(path, &st) == 0)
		return lb_file_kind(st.st_mode) ? lb_file_wrong_kind(path, lb_file_kind(st.st_mode), advice, code, err) : 0;
	if (errno == ELOOP)
		return lb_file_wrong_kind(path, "a symbolic link that leads to itself", advice, code, err);
	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode) ? lb_file_wrong_kind(path, "a symbolic link to nothing", advice, code, err) : 0;
}

/* 0 or an errno. */
static int write_all(int fd, const char *data, size_t n)
{
	while (n > 0) {
		const ssize_t k = write(fd, data, n);
		if (k < 0 && errno != EINTR)
			return errno;
		if (k > 0) {
			data += k;
			n -= (size_t)k;
		}
	}
	return 0;
}

/* ---- files under temporary names ---- */

enum { RANDOM_DIGITS = 16, LONGEST_STEM = 200, TRIES = 16 };

static uint64_t random_bits(void)
{
	static uint64_t count;
	struct timespec now;
	uint64_t r;

	if (getentropy(&r, sizeof r) == 0)
		return r;
	/* No source of random bits: O_EXCL keeps every other file safe all the same. */
	clock_gettime(CLOCK_REALTIME, &now);
	return ((uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec ^ ++count) * 0x9E3779B97F4A7C15u;
}

/* The name, as far as a temporary name holds it. */
static int stem(const char *name)
{
	const size_t n = strlen(name);

	return n > LONGEST_STEM ? LONGEST_STEM : (int)n;
}

bool lb_temporary_name(const char *name, const char *target, long *pid)
{
	const size_t n = (size_t)stem(target);
	const char *p = name + 1 + n;

	if (name[0] != '.' || strncmp(name + 1, target, n) || strncmp(p, ".tmp-", 5))
		return false;
	p += 5;
	const size_t digits = strspn(p, "0123456789");
	if (digits < 1 || digits > 10 || p[digits] != '-' || strlen(p + digits + 1) != RANDOM_DIGITS ||
	    strspn(p + digits + 1, "0123456789abcdef") != RANDOM_DIGITS)
		return false;
	*pid = strtol(p, NULL, 10);
	return *pid > 0;
}

/* A new file next to `path` that nobody else can have put there; its descriptor and its name (new),
 * or -1 with *reason (0: no memory). */
static int open_temporary(const char *path, char **name, int *reason, struct lb_err *err)
{
	const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;

	*reason = EEXIST;
	for (int i = 0; i < TRIES && *reason == EEXIST; i++) {
		*name = lb_strfmt(err, "%.*s.%.*s.tmp-%ld-%016" PRIx64, (int)(last - path), path, stem(last), last, (long)getpid(),
				  random_bits());
		if (!*name) {
			*reason = 0;
			return -1;
		}
		const int fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (fd >= 0)
			return fd;
		*reason = errno;
		free(*name);
		*name = NULL;
	}
	return -1;
}

/* Flushes the folder's own entry list; file systems that cannot do it are taken as they are. 0 or
 * an errno. */
static int sync_dir(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? lb_strndup(path, (size_t)(slash + 1 - path), NULL) : lb_strdup("./", NULL);
	const int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int reason = 0;

	free(dir);
	if (fd < 0)
		return 0;
	if (fsync(fd) && errno == EIO)
		reason = EIO;
	close(fd);
	return reason;
}

/* The open file that a path is another name of, or -1. */
static int open_already(const char *path)
{
	static const char *const folders[] = { "/dev/fd/", "/proc/self/fd/" };
	int fd;
	char end;

	if (!strcmp(path, "/dev/stdout"))
		return STDOUT_FILENO;
	if (!strcmp(path, "/dev/stderr"))
		return STDERR_FILENO;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (!strncmp(path, folders[i], strlen(folders[i])) && sscanf(path + strlen(folders[i]), "%4d%c", &fd, &end) == 1 && fd > 0)
			return fd;
	return -1;
}

/* Writes to what is not replaced: *reason <- 0 or an errno. False when the path is an ordinary
 * one. */
static bool write_through(const char *path, const char *data, size_t n, int *reason)
{
	struct stat st;
	int fd = open_already(path);

	if (fd < 0 && (stat(path, &st) || !S_ISCHR(st.st_mode)))
		return false;
	fd = fd >= 0 ? dup(fd) : open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	*reason = fd < 0 ? errno : write_all(fd, data, n);
	if (fd >= 0)
		close(fd);
	return true;
}

static int close_file(int fd, int reason)
{
	if (close(fd) && !reason && errno != EINTR)
		reason = errno;
	return reason;
}

static int replace_file(const char *path, const char *data, size_t n, bool flush, struct lb_err *err)
{
	char *tmp = NULL;
	int reason;

	if (write_through(path, data, n, &reason))
		return reason ? lb_file_fail(err, LB_MACHINE, path, "cannot be written", reason) : 0;
	if (is_dir(path))
		return lb_file_fail(err, LB_MACHINE, path, "cannot be written", EISDIR);
	if (lb_check_place(path, LB_MACHINE, err))
		return -1;
	const int fd = open_temporary(path, &tmp, &reason, err);
	if (fd >= 0) {
		reason = write_all(fd, data, n);
		if (!reason && flush && fsync(fd))
			reason = errno;
		reason = close_file(fd, reason);
		if (!reason && rename(tmp, path))
			reason = errno;
		if (reason)
			unlink(tmp);
		else if (flush)
			reason = sync_dir(path);
	} else if (!reason)
		return -1;
	free(tmp);
	return reason ? lb_file_fail(err, LB_MACHINE, path, "cannot be written", reason) : 0;
}

int lb_write_file(const char *path, const char *data, size_t n, struct lb_err *err)
{
	return replace_file(path, data, n, true, err);
}

int lb_write_file_unflushed(const char *path, const char *data, size_t n, struct lb_err *err)
{
	return replace_file(path, data, n, false, err);
}

int lb_flush_folder(const char *folder, struct lb_err *err)
{
	const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
#ifdef __linux__
	const int reason = fd < 0 || syncfs(fd) ? errno : 0;
#else
	const int reason = fd < 0 ? errno : 0;

	sync();
#endif
	if (fd >= 0)
		close(fd);
	return reason ? lb_file_fail(err, LB_MACHINE, folder, "cannot be written", reason) : 0;
}

/* ---- batches ---- */

struct lb_file_group_file {
	char *path, *tmp;
};

/* 0 or an errno. Where there is no call for all files of a disk, each is flushed by itself. */
static int flush_later(int fd)
{
#ifdef __linux__
	(void)fd;
	return 0;
#else
	return fsync(fd) ? errno : 0;
#endif
}

/* Flushes the files under temporary names, all of them at once. Returns 0 or an errno. */
static int flush_batch(const struct lb_file_group *b)
{
#ifdef __linux__
	const int fd = open(b->file[b->n - 1].tmp, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int reason = fd < 0 || syncfs(fd) ? errno : 0;

	if (fd >= 0)
		close(fd);
	return reason;
#else
	(void)b;
	return 0;
#endif
}

static int copy_bytes(int from, int to, size_t n)
{
	char block[65536];

	while (n > 0) {
		const ssize_t k = read(from, block, n < sizeof block ? n : sizeof block);
		if (k < 0 && errno != EINTR)
			return errno;
		if (k == 0)
			return EIO; /* the file has become shorter */
		const int reason = k > 0 ? write_all(to, block, (size_t)k) : 0;
		if (reason)
			return reason;
		n -= k > 0 ? (size_t)k : 0;
	}
	return 0;
}

/* From `data`, or where that is NULL from the open file. */
static int batch_put(struct lb_file_group *b, const char *path, const char *data, int from, size_t n, struct lb_err *err)
{
	struct lb_file_group_file f = { 0 };
	int reason;

	if (lb_check_place(path, LB_MACHINE, err) || lb_grow(&b->file, &b->cap, b->n + 1, sizeof *b->file, err) ||
	    !(f.path = lb_strdup(path, err)))
		return -1;
	const int fd = open_temporary(path, &f.tmp, &reason, err);
	if (fd >= 0) {
		reason = data ? write_all(fd, data, n) : copy_bytes(from, fd, n);
		if (!reason)
			reason = flush_later(fd);
		reason = close_file(fd, reason);
		if (!reason) {
			b->file[b->n++] = f;
			return 0;
		}
		unlink(f.tmp);
	}
	free(f.path);
	free(f.tmp);
	return reason ? lb_file_fail(err, LB_MACHINE, path, "cannot be written", reason) : -1;
}

int lb_file_group_add(struct lb_file_group *b, const char *path, const char *data, size_t n, struct lb_err *err)
{
	return batch_put(b, path, data, -1, n, err);
}

int lb_file_group_copy(struct lb_file_group *b, const char *path, int from, size_t n, struct lb_err *err)
{
	return batch_put(b, path, NULL, from, n, err);
}

int lb_file_group_commit(struct lb_file_group *b, struct lb_err *err)
{
	int reason = b->n ? flush_batch(b) : 0;
	size_t i = 0;

	for (; !reason && i < b->n; i++) {
		if (rename(b->file[i].tmp, b->file[i].path)) {
			reason = errno;
			break;
		}
		b->file[i].tmp[0] = '\0';
	}
	if (!reason && b->n)
		reason = sync_dir(b->file[i = b->n - 1].path);
	const int rc = reason ? lb_file_fail(err, LB_MACHINE, b->file[i].path, "cannot be written", reason) : 0;
	lb_file_group_drop(b);
	return rc;
}

void lb_file_group_drop(struct lb_file_group *b)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->file[i].tmp[0])
			unlink(b->file[i].tmp);
		free(b->file[i].tmp);
		free(b->file[i].path);
	}
	free(b->file);
	*b = (struct lb_file_group){ 0 };
}

/* ---- places in a text ---- */

void lb_file_place(const char *text, size_t at, size_t *line, size_t *column)
{
	*line = *column = 1;
	for (size_t i = 0; i < at; i++) {
		if (text[i] == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)text[i] & 0xC0) != 0x80)
			++*column;
	}
}

int lb_file_check_utf8(const char *name, const char *text, size_t n, enum lb_code code, struct lb_err *err)
{
	size_t at = 0, line, column;

	if (lb_utf8_valid(text, n))
		return 0;
	for (size_t k = 1; at < n && k <= 4 && k <= n - at; k++)
		if (lb_utf8_valid(text + at, k)) {
			at += k;
			k = 0;
		}
	lb_file_place(text, at, &line, &column);
	return lb_fail_more(err, code, "%s:%zu:%zu: found %s (byte 0x%02X), allowed: text in UTF-8; save the file as UTF-8", name,
			    line, column, text[at] ? "what is not UTF-8" : "a NUL", (unsigned)(unsigned char)text[at]);
}
