#include "cmd/cmd.h"

#include "core/base/text.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "core/run/store.h"
#include "core/run/tuning.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The largest file that is taken with a record; files that are copied before a commit. */
static const off_t largest_companion = (off_t)16 << 30;
enum { BATCH = 1024 };

/* A file of a folder's trials by its name, as the folder lists it. */
struct entry {
	char id[17];
	enum lb_store_file kind;
	char name[48];
};

/* A folder of results, held open so that all of its files come from the same one. */
struct source {
	const char *dir;
	int trials;              /* DIR/trials; -1: not there yet */
	struct entry *entry;     /* sorted by id, the record first; records and their companions only */
	size_t n, cap;
};

/* A record as it was looked at. */
struct found {
	char id[17];
	size_t source, entry;
	bool finished;
	char result[65], text[65]; /* SHA-256 of the result in canonical form, and of the whole file */
};

struct merge {
	struct source *source;   /* [0] is the target */
	size_t n_sources;
	struct found *found;     /* sorted by id, then by source */
	size_t n, cap;
	size_t copied, same, left_out;
	struct lb_file_group batch;
};

/* ---- folders ---- */

static int by_name(const void *a, const void *b)
{
	const struct entry *p = a, *q = b;
	const int by = strcmp(p->id, q->id), kind = (p->kind > q->kind) - (p->kind < q->kind);

	return by ? by : kind ? kind : strcmp(p->name, q->name);
}

static int add_entry(struct source *s, const char *name, struct lb_err *err)
{
	struct entry e = { 0 };

	e.kind = lb_store_file_of(name, e.id);
	if (e.kind == LB_STORE_OTHER)
		return 0;
	if (e.kind == LB_STORE_STRANGE) {
		lb_warn("%s/trials/%s: is no file that lossbench writes; left out", s->dir, name);
		return 0;
	}
	if (lb_grow(&s->entry, &s->cap, s->n + 1, sizeof *s->entry, err))
		return -1;
	for (size_t i = 0; i < sizeof e.name - 1 && name[i]; i++)
		e.name[i] = name[i]; /* an id and an ending of ours fit */
	s->entry[s->n++] = e;
	return 0;
}

/* The folder itself may be given by a link; what is in it may not be one. */
static int open_source(struct source *s, const char *dir, bool target, struct lb_err *err)
{
	char *path = lb_strfmt(err, "%s/trials", dir);
	const struct dirent *e;
	int rc = 0;

	*s = (struct source){ .dir = dir, .trials = path ? open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC) : -1 };
	const int reason = errno, copy = s->trials >= 0 ? dup(s->trials) : -1;
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	if (!path)
		rc = -1;
	else if (s->trials < 0 && !(target && reason == ENOENT))
		rc = lb_fail(err, LB_DATA, "%s: cannot be opened: %s; give a folder that a sweep wrote, such as results/STUDY", path,
			     strerror(reason));
	else if (s->trials >= 0 && !d)
		rc = lb_fail(err, LB_MACHINE, "%s: cannot be listed: %s", path, strerror(errno));
	while (d && !rc && (e = readdir(d)))
		rc = add_entry(s, e->d_name, err);
	if (d)
		closedir(d);
	else if (copy >= 0)
		close(copy);
	free(path);
	if (!rc && s->n)
		qsort(s->entry, s->n, sizeof *s->entry, by_name);
	return rc;
}

static char *path_in(const struct source *s, const char *name, struct lb_err *err)
{
	return lb_strfmt(err, "%s/trials/%s", s->dir, name);
}

/* ---- looking ---- */

static bool finished(const cJSON *record)
{
	const char *status = lb_json_text_at(record, "result.status");

	return status && (!strcmp(status, "ok") || !strcmp(status, "diverged"));
}

static int digest_result(const cJSON *record, char hex[65], struct lb_err *err)
{
	struct lb_buf b = { 0 };
	const cJSON *result = lb_json_at(record, "result");

	if (result)
		lb_json_canonical(result, &b);
	const int rc = b.bad ? lb_fail_memory(err, b.n) : 0;
	if (!rc)
		lb_sha256_hex(b.s ? b.s : "", b.n, hex);
	lb_buf_free(&b);
	return rc;
}

/* The tree of a record, NULL with a warning when there is none that can be used; *text (new, unless
 * NULL) is its file. */
static cJSON *read_record(const struct source *s, const struct entry *e, char **text, size_t *n)
{
	struct lb_err err = { 0 };
	char *path = path_in(s, e->name, &err);

	*text = path ? lb_store_text(s->trials, e->name, path, n, &err) : NULL;
	cJSON *record = *text ? lb_store_parse(path, *text, *n, e->id, &err) : NULL;
	if (!record) {
		lb_warn("%s; left out", err.text);
		free(*text);
		*text = NULL;
	}
	free(path);
	return record;
}

/* Looks at all records of a folder; what is none is left out and counted. */
static int look_at(struct merge *m, size_t source, struct lb_err *err)
{
	const struct source *s = &m->source[source];
	int rc = 0;

	for (size_t i = 0; i < s->n && !rc; i++) {
		struct found f = { .source = source, .entry = i };
		char *text = NULL;
		size_t n = 0;
		if (s->entry[i].kind != LB_STORE_RECORD)
			continue;
		cJSON *record = read_record(s, &s->entry[i], &text, &n);
		if (!record) {
			m->left_out += source > 0;
			continue;
		}
		memcpy(f.id, s->entry[i].id, sizeof f.id);
		f.finished = finished(record);
		lb_sha256_hex(text, n, f.text);
		rc = digest_result(record, f.result, err) ||
		     lb_grow(&m->found, &m->cap, m->n + 1, sizeof *m->found, err) ? -1 : 0;
		if (!rc)
			m->found[m->n++] = f;
		cJSON_Delete(record);
		free(text);
	}
	return rc;
}

static int by_id(const void *a, const void *b)
{
	const struct found *p = a, *q = b;
	const int order = strcmp(p->id, q->id);

	return order ? order : (p->source > q->source) - (p->source < q->source);
}

static const char *text_at(const cJSON *record, const char *path)
{
	const char *text = lb_json_text_at(record, path);

	return text ? text : "unknown";
}

static int refuse(const struct merge *m, const struct found *a, const struct found *b, struct lb_err *err)
{
	const struct source *s = &m->source[a->source], *t = &m->source[b->source];
	char *text[2] = { NULL };
	size_t n;
	cJSON *ours = read_record(s, &s->entry[a->entry], &text[0], &n), *theirs = read_record(t, &t->entry[b->entry], &text[1], &n);

	lb_fail_more(err, LB_DATA, "%s: %s and %s hold different results of it (kernel %s and %s, lossbench %s and %s); remove one of "
		     "the two, or train it again on one machine", a->id, s->dir, t->dir, text_at(ours, "run.blas.kernel"),
		     text_at(theirs, "run.blas.kernel"), text_at(ours, "run.lossbench"), text_at(theirs, "run.lossbench"));
	cJSON_Delete(ours);
	cJSON_Delete(theirs);
	free(text[0]);
	free(text[1]);
	return -1;
}

/* Records of one trial: found[from .. to). */
static size_t end_of_trial(const struct merge *m, size_t from)
{
	size_t to = from + 1;

	while (to < m->n && !strcmp(m->found[to].id, m->found[from].id))
		to++;
	return to;
}

/* The first finished record of a trial, else its first. */
static const struct found *choose(const struct merge *m, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (m->found[i].finished)
			return &m->found[i];
	return &m->found[from];
}

/* All finished records of a trial must have the same result; whatever differs is named. */
static int check_conflicts(const struct merge *m, struct lb_err *err)
{
	for (size_t from = 0, to; from < m->n; from = to) {
		to = end_of_trial(m, from);
		const struct found *first = choose(m, from, to);
		for (const struct found *f = first + 1; f < m->found + to; f++)
			if (f->finished && strcmp(f->result, first->result))
				refuse(m, first, f, err);
	}
	return err->code == LB_OK ? 0 : -1;
}

/* ---- copying ---- */

/* A file that belongs to a record; what is no regular file, or too large, is left out with a
 * warning. */
static int copy_companion(struct merge *m, const struct source *s, const struct entry *e, struct lb_err *err)
{
	struct lb_err why = { 0 };
	char *from = path_in(s, e->name, err), *to = from ? path_in(&m->source[0], e->name, err) : NULL;
	const int fd = to ? lb_open_entry(s->trials, e->name, from, LB_DATA, &why) : -1;
	struct stat st;
	int rc = to ? 0 : -1;

	if (fd >= 0 && fstat(fd, &st))
		lb_fail(&why, LB_DATA, "%s: cannot be read: %s", from, strerror(errno));
	else if (fd >= 0 && st.st_size > largest_companion)
		lb_fail(&why, LB_DATA, "%s: is larger than the %lld GiB allowed", from, (long long)(largest_companion >> 30));
	if (why.code != LB_OK)
		lb_warn("%s; left out", why.text);
	else if (fd >= 0)
		rc = lb_file_group_copy(&m->batch, to, fd, (size_t)st.st_size, err);
	if (fd >= 0)
		close(fd);
	free(from);
	free(to);
	return rc;
}

/* What is next to a record comes before it, so that a record that is there has all that belongs
 * to it. A checkpoint is of use only while its trial has not ended. */
static int copy_companions(struct merge *m, const struct found *f, bool replace, struct lb_err *err)
{
	const struct source *s = &m->source[f->source];

	for (size_t i = f->entry + 1; i < s->n && !strcmp(s->entry[i].id, f->id); i++) {
		const struct entry *e = &s->entry[i];
		struct stat st;
		if (e->kind == LB_STORE_CHECKPOINT && f->finished)
			continue;
		if (!replace && m->source[0].trials >= 0 && !fstatat(m->source[0].trials, e->name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (copy_companion(m, s, e, err))
			return -1;
	}
	return 0;
}

/* The record, if its file is still the one that was looked at. */
static int copy_record(struct merge *m, const struct found *f, struct lb_err *err)
{
	const struct source *s = &m->source[f->source];
	const char *name = s->entry[f->entry].name;
	char *from = path_in(s, name, err), *to = from ? path_in(&m->source[0], name, err) : NULL, hex[65];
	size_t n = 0;
	char *text = to ? lb_store_text(s->trials, name, from, &n, err) : NULL;
	int rc = text ? 0 : -1;

	if (text)
		lb_sha256_hex(text, n, hex);
	if (text && strcmp(hex, f->text))
		rc = lb_fail(err, LB_DATA, "%s: has changed while it was merged; merge again when nothing trains there", from);
	if (!rc)
		rc = lb_file_group_add(&m->batch, to, text, n, err);
	free(text);
	free(from);
	free(to);
	return rc;
}

/* One trial: found[from .. to). */
static int merge_trial(struct merge *m, size_t from, size_t to, bool dry, struct lb_err *err)
{
	const struct found *taken = choose(m, from, to);
	const size_t others = to - from - (m->found[from].source == 0);
	const bool take = taken->source > 0;

	m->copied += take;
	m->same += others - take;
	if (dry)
		return 0;
	if (take && (copy_companions(m, taken, true, err) || copy_record(m, taken, err)))
		return -1;
	for (size_t i = from; i < to; i++)
		if (&m->found[i] != taken && m->found[i].source > 0 && m->found[i].finished && taken->finished &&
		    copy_companions(m, &m->found[i], false, err))
			return -1;
	return m->batch.n >= BATCH ? lb_file_group_commit(&m->batch, err) : 0;
}

static int merge_all(struct merge *m, bool dry, struct lb_err *err)
{
	int rc = 0;

	for (size_t from = 0, to; from < m->n && !rc; from = to) {
		to = end_of_trial(m, from);
		rc = merge_trial(m, from, to, dry, err);
	}
	if (!rc)
		rc = lb_file_group_commit(&m->batch, err);
	lb_file_group_drop(&m->batch);
	return rc;
}

/* ---- the command ---- */

static void close_all(struct merge *m)
{
	for (size_t i = 0; m->source && i < m->n_sources; i++) {
		if (m->source[i].trials >= 0)
			close(m->source[i].trials);
		free(m->source[i].entry);
	}
	free(m->source);
	free(m->found);
}

static int look(struct merge *m, const char *into, char **from, size_t n, struct lb_err *err)
{
	int rc = (m->source = lb_alloc(n + 1, sizeof *m->source, err)) ? 0 : -1;

	for (size_t i = 0; i <= n && !rc; i++) {
		m->n_sources = i + 1;
		rc = open_source(&m->source[i], i ? from[i - 1] : into, i == 0, err);
		if (!rc && m->source[i].trials >= 0)
			rc = look_at(m, i, err);
	}
	if (!rc && m->n)
		qsort(m->found, m->n, sizeof *m->found, by_id);
	return rc ? -1 : check_conflicts(m, err);
}

static int merge(struct merge *m, const char *into, char **from, size_t n, bool dry, struct lb_err *err)
{
	if (look(m, into, from, n, err) || (!dry && lb_store_prepare(into, err)) || merge_all(m, dry, err))
		return -1;
	if (!dry && lb_tuning_merge(into, (const char *const *)from, n, err))
		return -1;
	printf("%s: %zu record%s %s, %zu there already\n", into, m->copied, lb_s(m->copied), dry ? "to copy" : "copied", m->same);
	if (m->left_out)
		return lb_fail(err, LB_DATA, "merge: %zu record%s could not be used and %s left out, as the warnings say; all others are %s",
			       m->left_out, lb_s(m->left_out), m->left_out == 1 ? "is" : "are", dry ? "looked at" : "merged");
	return LB_OK;
}

int cmd_merge(int argc, char **argv, struct lb_err *err)
{
	const char *into = NULL;
	bool dry = false;
	const struct opt opts[] = {
		{ "into", 0, OPT_TEXT, "DIR", 0, 0, "the folder that receives the records; made if it is not there", &into },
		{ "dry-run", 'n', OPT_FLAG, NULL, 0, 0, "say what would be copied, copy nothing", &dry },
	};
	struct merge m = { 0 };
	size_t n;

	const int rc = opts_parse("merge", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	if (!into || !n)
		return lb_fail(err, LB_USAGE, "merge: a target and at least one folder are needed: lossbench merge --into DIR DIR...");
	const int code = merge(&m, into, argv + 1, n, dry, err);
	close_all(&m);
	return code;
}
