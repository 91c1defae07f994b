#include "core/base/file.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
};

static int fail(struct lb_err *err, enum lb_code code, const char *path, const char *what, int reason)
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
	return fail(err, LB_MACHINE, path, "the folder cannot be made", reason == EEXIST ? ENOTDIR : reason);
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
	return fsync(fd) ? errno : 0;
}

/* 0 or the errno of the first step that failed. */
static int write_new(const char *path, const char *data, size_t n)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);

	if (fd < 0)
		return errno;
	int reason = write_all(fd, data, n);
	if (close(fd) && !reason && errno != EINTR)
		reason = errno;
	return reason;
}

/* Flushes the folder's own entry list; file systems that cannot do it are taken as they are. */
static int sync_dir(const char *dir)
{
	const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int reason = 0;

	if (fd < 0)
		return 0;
	if (fsync(fd) && errno == EIO)
		reason = EIO;
	close(fd);
	return reason;
}

int lb_write_file(const char *path, const char *data, size_t n, struct lb_err *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *dir = slash ? lb_strndup(path, (size_t)(name - path), err) : lb_strdup("./", err), *tmp = NULL;
	int rc = -1;

	if (!dir || !(tmp = lb_strfmt(err, "%s.%s.tmp-%ld", slash ? dir : "", name, (long)getpid())))
		goto out;
	int reason = is_dir(path) ? EISDIR : write_new(tmp, data, n);
	if (!reason && rename(tmp, path))
		reason = errno;
	if (reason)
		unlink(tmp);
	else
		reason = sync_dir(dir);
	rc = reason ? fail(err, LB_MACHINE, path, "cannot be written", reason) : 0;
out:
	free(dir);
	free(tmp);
	return rc;
}

/* Reads to the end or to one byte over max. 0 or an errno. */
static int read_all(int fd, size_t max, struct lb_buf *b)
{
	char block[16384];
	ssize_t k;

	while (b->n <= max && !b->bad) {
		k = read(fd, block, sizeof block);
		if (k == 0)
			break;
		if (k > 0)
			lb_buf_add(b, block, (size_t)k);
		else if (errno != EINTR)
			return errno;
	}
	return 0;
}

char *lb_read_file(const char *path, size_t max, size_t *n, enum lb_code code, struct lb_err *err)
{
	struct lb_buf b = { 0 };
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	int reason = fd < 0 ? errno : read_all(fd, max, &b);

	if (fd >= 0)
		close(fd);
	lb_buf_add(&b, "", 0);
	if (reason)
		fail(err, code, path, "cannot be read", reason);
	else if (b.bad)
		lb_fail_memory(err, b.n);
	else if (b.n > max)
		lb_fail(err, code, "%s: is larger than the %zu KiB allowed; check that it is the file you mean", path,
			max / 1024);
	else {
		*n = b.n;
		return b.s;
	}
	lb_buf_free(&b);
	return NULL;
}

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
