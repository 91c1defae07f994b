#include "core/run/store.h"

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/run/trial.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGEST_RECORD = 256 << 20 };

char *lb_store_path(const char *dir, const char *id, struct lb_err *err)
{
	return lb_strfmt(err, "%s/trials/%s.json", dir, id);
}

static cJSON *read_record(const char *path, const char *id, struct lb_err *err)
{
	size_t n;
	char *text = lb_read_file(path, LARGEST_RECORD, &n, LB_DATA, err);
	cJSON *record = text ? lb_json_parse(path, text, n, LB_DATA, err) : NULL;
	const char *schema = cJSON_GetStringValue(lb_json_at(record, "schema"));
	const char *stored_id = cJSON_GetStringValue(lb_json_at(record, "id"));

	free(text);
	if (!record)
		return NULL;
	if (schema && stored_id && !strcmp(schema, LB_RECORD_SCHEMA) && !strcmp(stored_id, id))
		return record;
	cJSON_Delete(record);
	lb_fail(err, LB_DATA, "%s: not the record of trial %s", path, id);
	return NULL;
}

enum lb_stored lb_store_look(const char *dir, const char *id, cJSON **out)
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

static char *trials_folder(const char *dir, struct lb_err *err)
{
	char *folder = lb_strfmt(err, "%s/trials", dir);

	if (folder && lb_make_dirs(folder, err)) {
		free(folder);
		return NULL;
	}
	return folder;
}

int lb_store_write(const char *dir, const char *id, const cJSON *record, struct lb_err *err)
{
	struct lb_buf text = { 0 };
	char *folder = trials_folder(dir, err);
	char *path = folder ? lb_store_path(dir, id, err) : NULL;
	int rc = -1;

	if (!path)
		goto out;
	lb_json_pretty(record, &text);
	lb_buf_puts(&text, "\n");
	if (text.bad) {
		lb_fail_memory(err, text.n);
		goto out;
	}
	rc = lb_write_file(path, text.s, text.n, err);
out:
	lb_buf_free(&text);
	free(folder);
	free(path);
	return rc;
}

/* Removes a file ".ID.*.tmp-PID" unless the process that writes it is at work: it would hold the trial. */
static void remove_leftover(const char *dir, const char *folder, const char *name)
{
	char id[17];
	int fd = -1;

	if (name[0] != '.' || strspn(name + 1, "0123456789abcdef") != 16 || !strstr(name, ".tmp-"))
		return;
	memcpy(id, name + 1, 16);
	id[16] = '\0';
	if (lb_store_claim(dir, id, &fd, NULL) != 1)
		return;
	char *path = lb_strfmt(NULL, "%s/%s", folder, name);
	if (path && fd >= 0)
		unlink(path);
	if (fd >= 0)
		close(fd);
	free(path);
}

/* Removes "ID.checkpoint" of a trial that has ended, unless a process is training it again. */
static void remove_checkpoint(const char *dir, const char *folder, const char *name)
{
	char id[17];
	int fd = -1;

	if (strspn(name, "0123456789abcdef") != 16 || strcmp(name + 16, ".checkpoint"))
		return;
	memcpy(id, name, 16);
	id[16] = '\0';
	const enum lb_stored s = lb_store_look(dir, id, NULL);
	char *path = lb_strfmt(NULL, "%s/%s", folder, name);
	if (path && (s == LB_STORED_OK || s == LB_STORED_DIVERGED) && lb_store_claim(dir, id, &fd, NULL) == 1)
		unlink(path);
	if (fd >= 0)
		close(fd);
	free(path);
}

/* What a lossbench that was killed while writing left behind. */
static void remove_leftovers(const char *dir, const char *folder)
{
	const struct dirent *e;
	DIR *d = opendir(folder);

	while (d && (e = readdir(d))) {
		remove_leftover(dir, folder, e->d_name);
		remove_checkpoint(dir, folder, e->d_name);
	}
	if (d)
		closedir(d);
}

/* Removes "..plan.tmp-PID", "..probe.tmp-PID" and their like from the folder, of processes that are no more. Those of a trial are judged
 * by its claim, which tells of other machines too. */
static void remove_orphans(const char *dir)
{
	const struct dirent *e;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d))) {
		const char *end = e->d_name[0] == '.' ? strstr(e->d_name, ".tmp-") : NULL;
		const long pid = end ? strtol(end + 5, NULL, 10) : 0;
		if (pid <= 0 || strspn(e->d_name + 1, "0123456789abcdef") == 16 || !kill((pid_t)pid, 0) || errno != ESRCH)
			continue;
		char *path = lb_strfmt(NULL, "%s/%s", dir, e->d_name);
		if (path)
			unlink(path);
		free(path);
	}
	if (d)
		closedir(d);
}

static void tidy(const char *dir, const char *folder)
{
	remove_leftovers(dir, folder);
	remove_orphans(dir);
	remove_orphans(folder);
}

int lb_store_prepare(const char *dir, struct lb_err *err)
{
	char *folder = trials_folder(dir, err);
	char *probe = folder ? lb_strfmt(err, "%s/.probe", folder) : NULL;
	int rc = probe ? lb_write_file(probe, "lossbench\n", 10, err) : -1;

	if (probe)
		unlink(probe);
	if (!rc)
		tidy(dir, folder);
	free(folder);
	free(probe);
	return rc;
}

void lb_store_tidy(const char *dir)
{
	char *folder = trials_folder(dir, NULL);

	if (folder)
		tidy(dir, folder);
	free(folder);
}

static int open_lock(const char *dir, struct lb_err *err)
{
	char *path = lb_strfmt(err, "%s/trials/.lock", dir);
	const int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;

	if (path && fd < 0)
		lb_fail(err, LB_MACHINE, "%s: cannot be opened: %s; choose another folder with --set output.dir=...", path, strerror(errno));
	free(path);
	return fd;
}

int lb_store_claim(const char *dir, const char *id, int *fd, struct lb_err *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };

	if (*fd < 0 && (*fd = open_lock(dir, err)) < 0)
		return -1;
	lock.l_start = (off_t)(strtoull(id, NULL, 16) >> 2);
	/* A file system without locks: better to train than to refuse. */
	return fcntl(*fd, F_SETLK, &lock) && (errno == EACCES || errno == EAGAIN) ? 0 : 1;
}

bool lb_store_running(const char *dir, const char *id)
{
	char *path = lb_strfmt(NULL, "%s/trials/.lock", dir);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	const int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	free(path);
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
		if (strspn(e->d_name, "0123456789abcdef") != 16 || strcmp(e->d_name + 16, ".json"))
			continue;
		rc = lb_grow(&out->id, &out->cap, out->n + 1, sizeof *out->id, err);
		if (!rc) {
			memcpy(out->id[out->n], e->d_name, 16);
			out->id[out->n++][16] = '\0';
		}
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
	char *folder = lb_strfmt(NULL, "%s/trials", dir);
	DIR *d = folder ? opendir(folder) : NULL;
	const struct dirent *e;
	int rc = 0;

	while (d && !rc && (e = readdir(d))) {
		const char *ending = e->d_name + 16;
		if (strncmp(e->d_name, id, 16) || *ending != '.' || !strcmp(ending, ".json"))
			continue;
		char *path = lb_strfmt(NULL, "%s/%s", folder, e->d_name);
		rc = path ? with(arg, path, ending) : -1;
		free(path);
	}
	if (d)
		closedir(d);
	free(folder);
	return rc;
}
