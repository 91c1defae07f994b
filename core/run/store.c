#include "core/run/store.h"

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/run/trial.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST_RECORD = 256 << 20, ID_DIGITS = 16 };

/* What is next to ID.json; the last is removed once the trial has ended. */
static const char *const companions[] = { ".predictions.csv", ".model.npz", ".checkpoint" };
enum { COMPANIONS = sizeof companions / sizeof *companions, CHECKPOINT = COMPANIONS - 1 };

/* True when a name begins with an id; then it is copied, and *rest is what follows. */
static bool begins_with_id(const char *name, char id[ID_DIGITS + 1], const char **rest)
{
	if (strspn(name, "0123456789abcdef") != ID_DIGITS)
		return false;
	memcpy(id, name, ID_DIGITS);
	id[ID_DIGITS] = '\0';
	*rest = name + ID_DIGITS;
	return true;
}

bool lb_store_is_id(const char *text)
{
	char id[ID_DIGITS + 1];
	const char *rest;

	return begins_with_id(text, id, &rest) && !*rest;
}

enum lb_store_file lb_store_file_of(const char *name, char id[17])
{
	const char *ending;

	if (!begins_with_id(name, id, &ending))
		return LB_STORE_OTHER;
	if (!strcmp(ending, ".json"))
		return LB_STORE_RECORD;
	for (int i = 0; i < COMPANIONS; i++)
		if (!strcmp(ending, companions[i]))
			return i == CHECKPOINT ? LB_STORE_CHECKPOINT : LB_STORE_COMPANION;
	return LB_STORE_STRANGE;
}

char *lb_store_path(const char *dir, const char *id, struct lb_err *err)
{
	return lb_strfmt(err, "%s/trials/%s.json", dir, id);
}

cJSON *lb_store_parse(const char *path, const char *text, size_t n, const char *id, struct lb_err *err)
{
	cJSON *record = lb_json_parse(path, text, n, LB_DATA, err);
	const char *schema = cJSON_GetStringValue(lb_json_at(record, "schema"));
	const char *stored_id = cJSON_GetStringValue(lb_json_at(record, "id"));

	if (!record)
		return NULL;
	if (schema && stored_id && !strcmp(schema, LB_RECORD_SCHEMA) && !strcmp(stored_id, id))
		return record;
	cJSON_Delete(record);
	lb_fail(err, LB_DATA, "%s: not the record of trial %s", path, id);
	return NULL;
}

char *lb_store_text(int folder, const char *name, const char *path, size_t *n, struct lb_err *err)
{
	const int fd = lb_open_entry(folder, name, path, LB_DATA, err);
	char *text = fd >= 0 ? lb_read_open(fd, path, LARGEST_RECORD, n, LB_DATA, err) : NULL;

	if (fd >= 0)
		close(fd);
	return text;
}

static cJSON *read_record(const char *path, const char *id, struct lb_err *err)
{
	size_t n;
	char *text = lb_read_file(path, LARGEST_RECORD, &n, LB_DATA, err);
	cJSON *record = text ? lb_store_parse(path, text, n, id, err) : NULL;

	free(text);
	return record;
}

enum lb_stored lb_store_lookup(const char *dir, const char *id, cJSON **out)
{
	static const char *const status[] = { "", "ok", "diverged", "failed", "interrupted" };
	enum lb_stored found = LB_STORED_NONE;
	struct lb_err err = { 0 };
	char *path = lb_store_path(dir, id, &err);
	cJSON *record = path && lb_file_exists(path) ? read_record(path, id, &err) : NULL;
	const char *text = cJSON_GetStringValue(lb_json_at(record, "result.status"));

	for (int i = LB_STORED_OK; text && i <= LB_STORED_INTERRUPTED; i++)
		if (!strcmp(text, status[i]))
			found = (enum lb_stored)i;
	if (err.code != LB_OK)
		lb_warn("%s; it is trained anew", err.text);
	if (out)
		*out = record;
	else
		cJSON_Delete(record);
	free(path);
	return found;
}

/* ---- the folder ---- */

/* The folders that this process has prepared, to notice when one is taken away. */
static struct prepared {
	char *path;              /* of its trials */
	dev_t device;
	ino_t inode;
} *prepared;
static size_t n_prepared, cap_prepared;

static struct prepared *find_prepared(const char *folder)
{
	for (size_t i = 0; i < n_prepared; i++)
		if (!strcmp(prepared[i].path, folder))
			return &prepared[i];
	return NULL;
}

static int remember_folder(const char *folder, struct lb_err *err)
{
	struct prepared *p = find_prepared(folder);
	struct stat st;

	if (stat(folder, &st))
		return lb_fail(err, LB_MACHINE, "%s: cannot be looked at: %s", folder, strerror(errno));
	if (!p) {
		if (lb_grow(&prepared, &cap_prepared, n_prepared + 1, sizeof *prepared, err) ||
		    !(prepared[n_prepared].path = lb_strdup(folder, err)))
			return -1;
		p = &prepared[n_prepared++];
	}
	p->device = st.st_dev;
	p->inode = st.st_ino;
	return 0;
}

static int check_folder(const struct prepared *p, struct lb_err *err)
{
	struct stat st;

	if (stat(p->path, &st))
		return lb_fail(err, LB_MACHINE, "%s: was there when this run began and is not any more (%s); what was in it is lost to this run; "
			       "the same command begins anew", p->path, strerror(errno));
	if (st.st_dev != p->device || st.st_ino != p->inode)
		return lb_fail(err, LB_MACHINE, "%s: another folder has taken its place since this run began; the same command goes on in the "
			       "folder that is there now", p->path);
	return 0;
}

int lb_store_check(struct lb_err *err)
{
	for (size_t i = 0; i < n_prepared; i++)
		if (check_folder(&prepared[i], err))
			return -1;
	return 0;
}

static char *trials_folder(const char *dir, struct lb_err *err)
{
	return lb_strfmt(err, "%s/trials", dir);
}

/* Of a folder that was prepared: that it is still the same; any other is made. */
static int need_folder(const char *folder, struct lb_err *err)
{
	const struct prepared *p = find_prepared(folder);

	return p ? check_folder(p, err) : lb_make_dirs(folder, err);
}

int lb_store_write(const char *dir, const char *id, const cJSON *record, bool flush, struct lb_err *err)
{
	struct lb_buf text = { 0 };
	char *folder = trials_folder(dir, err);
	char *path = folder && !need_folder(folder, err) ? lb_store_path(dir, id, err) : NULL;
	int rc = -1;

	if (!path)
		goto out;
	lb_json_pretty(record, &text);
	lb_buf_puts(&text, "\n");
	if (text.bad) {
		lb_fail_memory(err, text.n);
		goto out;
	}
	rc = (flush ? lb_write_file : lb_write_file_unflushed)(path, text.s, text.n, err);
out:
	lb_buf_free(&text);
	free(folder);
	free(path);
	return rc;
}

int lb_store_flush(const char *dir, struct lb_err *err)
{
	char *folder = trials_folder(dir, err);
	const int rc = folder ? lb_flush_folder(folder, err) : -1;

	free(folder);
	return rc;
}

/* ---- what a lossbench that was killed while writing left over ---- */

/* True for a regular file of this user's: nothing else is ever removed. */
static bool is_ours(int folder, const char *name)
{
	struct stat st;

	return !fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode) && st.st_uid == geteuid();
}

/* Whether the process that a temporary file is named after is no more. */
static bool has_ended(long pid)
{
	return kill((pid_t)pid, 0) && errno == ESRCH;
}

/* Whether no process is training the trial. */
static bool is_free(const char *dir, const char *id)
{
	int fd = -1;
	const bool claimed = lb_store_claim(dir, id, &fd, NULL) == 1;

	if (fd >= 0)
		close(fd);
	return claimed;
}

/* ".ID.ENDING.tmp-PID-RANDOM" of a trial that nobody trains: whoever writes it would hold the
 * trial, on other machines too. */
static bool is_leftover(const char *dir, const char *name)
{
	char id[ID_DIGITS + 1], target[ID_DIGITS + 32];
	const char *rest;
	long pid;

	if (name[0] != '.' || !begins_with_id(name + 1, id, &rest))
		return false;
	for (int i = -1; i < COMPANIONS; i++) {
		snprintf(target, sizeof target, "%s%s", id, i < 0 ? ".json" : companions[i]);
		if (lb_temporary_name(name, target, &pid))
			return is_free(dir, id);
	}
	return false;
}

/* Those of the folder itself, of processes that are no more. */
static bool is_orphan(const char *name)
{
	static const char *const targets[] = { ".plan", ".probe", "tuning.json" };
	long pid;

	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
		if (lb_temporary_name(name, targets[i], &pid))
			return has_ended(pid);
	return false;
}

/* "ID.checkpoint" of a trial that has ended, unless a process is training it again. */
static bool is_old_checkpoint(const char *dir, const char *name)
{
	char id[ID_DIGITS + 1];

	if (lb_store_file_of(name, id) != LB_STORE_CHECKPOINT)
		return false;
	const enum lb_stored s = lb_store_lookup(dir, id, NULL);
	return (s == LB_STORED_OK || s == LB_STORED_DIVERGED) && is_free(dir, id);
}

/* Removes them from a folder: dir itself, or its trials. */
static void tidy(const char *dir, const char *folder)
{
	const struct dirent *e;
	DIR *d = opendir(folder);

	while (d && (e = readdir(d)))
		if ((is_leftover(dir, e->d_name) || is_orphan(e->d_name) || is_old_checkpoint(dir, e->d_name)) &&
		    is_ours(dirfd(d), e->d_name))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

int lb_store_prepare(const char *dir, struct lb_err *err)
{
	char *folder = trials_folder(dir, err);
	char *probe = folder && !lb_make_dirs(folder, err) ? lb_strfmt(err, "%s/.probe", folder) : NULL;
	int rc = probe ? lb_write_file(probe, "lossbench\n", 10, err) : -1;

	if (!rc) {
		unlink(probe);
		tidy(dir, dir);
		tidy(dir, folder);
		rc = remember_folder(folder, err);
	}
	free(folder);
	free(probe);
	return rc;
}

void lb_store_remove_stale(const char *dir)
{
	char *folder = trials_folder(dir, NULL);

	if (folder) {
		tidy(dir, dir);
		tidy(dir, folder);
	}
	free(folder);
}

/* ---- claims ---- */

/* The lock file is nobody else's: no link is followed, nothing but a regular file is taken, nothing
 * in it is changed. */
static int open_lock(const char *dir, int flags, struct lb_err *err)
{
	char *path = lb_strfmt(err, "%s/trials/.lock", dir);
	int fd = path ? open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags, 0666) : -1;
	const int reason = errno;
	struct stat st;

	if (path && fd < 0 && (reason == ELOOP || reason == EMLINK || reason == EISDIR || reason == ENXIO))
		lb_fail(err, LB_MACHINE, "%s: is a link, a folder, a socket or a FIFO, expected a regular file; remove it", path);
	else if (path && fd < 0)
		lb_fail(err, LB_MACHINE, "%s: cannot be opened: %s; choose another folder with --set output.dir=...", path, strerror(reason));
	else if (path && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		lb_fail(err, LB_MACHINE, "%s: is a FIFO (named pipe) or a device, expected a regular file; remove it", path);
		close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}

/* That the trial's record can be put where it belongs. */
static int check_record_place(const char *dir, const char *id, struct lb_err *err)
{
	char *path = lb_store_path(dir, id, err);
	const int rc = path ? lb_check_place(path, LB_MACHINE, err) : -1;

	free(path);
	return rc;
}

int lb_store_claim(const char *dir, const char *id, int *fd, struct lb_err *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };

	if ((*fd < 0 && (*fd = open_lock(dir, O_CREAT, err)) < 0) || check_record_place(dir, id, err))
		return -1;
	lock.l_start = (off_t)(strtoull(id, NULL, 16) >> 2);
	/* A file system without locks: better to train than to refuse. */
	return fcntl(*fd, F_SETLK, &lock) && (errno == EACCES || errno == EAGAIN) ? 0 : 1;
}

bool lb_store_running(const char *dir, const char *id)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	const int fd = open_lock(dir, 0, NULL);

	if (fd < 0)
		return false;
	lock.l_start = (off_t)(strtoull(id, NULL, 16) >> 2);
	const bool held = !fcntl(fd, F_GETLK, &lock) && lock.l_type != F_UNLCK;
	close(fd);
	return held;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(a, b);
}

int lb_store_list(const char *dir, struct lb_store_list *out, struct lb_err *err)
{
	char *folder = lb_strfmt(err, "%s/trials", dir);
	DIR *d = folder ? opendir(folder) : NULL;
	const struct dirent *e;
	int rc = d ? 0 : folder ? lb_fail(err, LB_DATA, "%s: cannot be opened: %s; give a folder that a sweep wrote, such as results/STUDY",
					  folder, strerror(errno)) : -1;

	*out = (struct lb_store_list){ 0 };
	while (d && !rc && (e = readdir(d))) {
		char id[ID_DIGITS + 1];
		if (lb_store_file_of(e->d_name, id) != LB_STORE_RECORD)
			continue;
		rc = lb_grow(&out->id, &out->cap, out->n + 1, sizeof *out->id, err);
		if (!rc)
			memcpy(out->id[out->n++], id, sizeof id);
	}
	if (d)
		closedir(d);
	free(folder);
	if (rc)
		lb_store_list_free(out);
	else if (out->n)
		qsort(out->id, out->n, sizeof *out->id, by_id);
	return rc;
}

size_t lb_store_list_find(const struct lb_store_list *list, const char *id)
{
	const char(*found)[17] = list->n ? bsearch(id, list->id, list->n, sizeof *list->id, by_id) : NULL;

	return found ? (size_t)(found - (const char(*)[17])list->id) : list->n;
}

void lb_store_list_free(struct lb_store_list *list)
{
	free(list->id);
	*list = (struct lb_store_list){ 0 };
}

cJSON *lb_store_read(const char *dir, const char *id, struct lb_err *err)
{
	char *path = lb_store_path(dir, id, err);
	cJSON *record = path ? read_record(path, id, err) : NULL;

	free(path);
	return record;
}

int lb_store_companions(const char *dir, const char *id, int (*with)(void *arg, const char *path, const char *ending), void *arg)
{
	struct stat st;
	int rc = 0;

	for (int i = 0; i < COMPANIONS && !rc; i++) {
		char *path = lb_strfmt(NULL, "%s/trials/%s%s", dir, id, companions[i]);
		rc = !path ? -1 : lstat(path, &st) ? 0 : with(arg, path, companions[i]);
		free(path);
	}
	return rc;
}
