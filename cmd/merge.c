#include "cmd/cmd.h"

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/run/get.h"
#include "core/run/store.h"
#include "core/run/tuning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct merge {
	const char *into;
	size_t copied, same, better, conflicts;
	bool dry;
};

enum choice { TAKE, KEEP, CONFLICT, BROKEN };

static bool finished(const cJSON *record)
{
	const char *status = lb_get_text(record, "result.status");

	return status && (!strcmp(status, "ok") || !strcmp(status, "diverged"));
}

/* Finished beats unfinished; two finished records must have the same result. */
static enum choice choose(const char *into, const char *from, const char *id, struct lb_err *err)
{
	char *path = lb_store_path(into, id, err);
	cJSON *theirs = path ? lb_store_read(from, id, err) : NULL, *ours = NULL;
	enum choice choice = BROKEN;

	if (theirs && !lb_file_exists(path))
		choice = TAKE;
	else if (theirs && (ours = lb_store_read(into, id, err))) {
		const bool equal = lb_json_same(lb_json_at(ours, "result"), lb_json_at(theirs, "result"));
		choice = !finished(theirs) ? KEEP : !finished(ours) ? TAKE : equal ? KEEP : CONFLICT;
	}
	if (choice == CONFLICT)
		lb_fail_more(err, LB_DATA, "%s: %s and %s hold different results of it (kernel %s and %s, lossbench %s and %s); remove one of "
			     "the two, or train it again on one machine", id, into, from, lb_get_text(ours, "run.blas.kernel"),
			     lb_get_text(theirs, "run.blas.kernel"), lb_get_text(ours, "run.lossbench"), lb_get_text(theirs, "run.lossbench"));
	cJSON_Delete(ours);
	cJSON_Delete(theirs);
	free(path);
	return choice;
}

static int copy_file(const char *from, const char *to, struct lb_err *err)
{
	size_t n;
	char *text = lb_read_file(from, (size_t)1 << 40, &n, LB_DATA, err);
	const int rc = text ? lb_write_file(to, text, n, err) : -1;

	free(text);
	return rc;
}

struct beside {
	const char *into, *id;
	bool replace;
	struct lb_err *err;
};

static int copy_beside(void *arg, const char *path, const char *ending)
{
	const struct beside *b = arg;
	char *to = lb_strfmt(b->err, "%s/trials/%s%s", b->into, b->id, ending);
	const int rc = !to ? -1 : lb_file_exists(to) && !b->replace ? 0 : copy_file(path, to, b->err);

	free(to);
	return rc;
}

static int merge_one(struct merge *m, const char *from, const char *id, struct lb_err *err)
{
	const enum choice c = choose(m->into, from, id, err);
	struct beside beside = { m->into, id, c == TAKE, err };

	if (c == CONFLICT)
		m->conflicts++;
	if (c == CONFLICT || c == BROKEN)
		return c == CONFLICT ? 0 : -1;
	*(c == KEEP ? &m->same : &m->copied) += 1;
	if (m->dry)
		return 0;
	char *a = lb_store_path(from, id, err), *b = a ? lb_store_path(m->into, id, err) : NULL;
	int rc = !b ? -1 : lb_store_companions(from, id, copy_beside, &beside);
	if (!rc && c == TAKE)
		rc = copy_file(a, b, err);
	free(a);
	free(b);
	return rc;
}

static int merge_folder(struct merge *m, const char *from, struct lb_err *err)
{
	struct lb_store_list list;
	int rc = lb_store_list(from, &list, err);

	for (size_t i = 0; i < list.n && !rc; i++)
		rc = merge_one(m, from, list.id[i], err);
	lb_store_list_free(&list);
	return rc;
}

/* Folders may conflict with each other too, so that a look at all of them against the target alone is not enough: the first look
 * covers each pair. */
static int look(const char *into, char **from, size_t n, struct lb_err *err)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j <= i; j++) {
			struct merge m = { .into = j ? from[j - 1] : into, .dry = true };
			if (merge_folder(&m, from[i], err))
				return -1;
		}
	return err->code == LB_OK ? 0 : -1;
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
	m.into = into;
	m.dry = dry;
	if (look(into, argv + 1, n, err))
		return -1;
	if (!dry && lb_store_prepare(into, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (merge_folder(&m, argv[i + 1], err))
			return -1;
	if (!dry && lb_tuning_merge(into, (const char *const *)argv + 1, n, err))
		return -1;
	printf("%s: %zu records %s, %zu there already\n", into, m.copied, dry ? "to copy" : "copied", m.same);
	return LB_OK;
}
