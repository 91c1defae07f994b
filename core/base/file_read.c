#include "core/base/file_internal.h"

#include "core/base/file.h"
#include "core/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int wrong_source(const char *path, mode_t mode, enum lb_code code, struct lb_err *err)
{
	return lb_file_wrong_kind(path, lb_file_kind(mode), S_ISDIR(mode) ? "name the file in it" : S_ISLNK(mode) ? "links are not followed here" :
			  "store what it holds in a file first, and name that", code, err);
}

/* Without O_NONBLOCK the open of a FIFO would wait for a writer; a device may do something when it
 * is opened, so it is looked at first. */
static int open_regular(int folder, const char *name, const char *path, int flags, enum lb_code code, struct lb_err *err)
{
	struct stat st;
	const int no_follow = flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;

	if (!fstatat(folder, name, &st, no_follow) && lb_file_kind(st.st_mode))
		return wrong_source(path, st.st_mode, code, err);
	const int fd = folder == AT_FDCWD ? open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags) :
					    openat(folder, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
	if (fd < 0)
		return lb_file_fail(err, code, path, "cannot be read", errno);
	const int reason = fstat(fd, &st) ? errno : 0;
	if (!reason && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return reason ? lb_file_fail(err, code, path, "cannot be read", reason) : wrong_source(path, st.st_mode, code, err);
}

int lb_open_file(const char *path, enum lb_code code, struct lb_err *err)
{
	return open_regular(AT_FDCWD, path, path, 0, code, err);
}

int lb_open_entry(int folder, const char *name, const char *path, enum lb_code code, struct lb_err *err)
{
	return open_regular(folder, name, path, O_NOFOLLOW, code, err);
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

char *lb_read_open(int fd, const char *path, size_t max, size_t *n, enum lb_code code, struct lb_err *err)
{
	struct lb_buf b = { 0 };
	const int reason = read_all(fd, max, &b);

	lb_buf_add(&b, "", 0);
	if (reason)
		lb_file_fail(err, code, path, "cannot be read", reason);
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

char *lb_read_file(const char *path, size_t max, size_t *n, enum lb_code code, struct lb_err *err)
{
	const int fd = lb_open_file(path, code, err);
	char *text = fd >= 0 ? lb_read_open(fd, path, max, n, code, err) : NULL;

	if (fd >= 0)
		close(fd);
	return text;
}
