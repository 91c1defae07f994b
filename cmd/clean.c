#include "cmd/cmd.h"

#include "core/base/text.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/run/plan.h"
#include "core/run/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Takes the ids of a config's plan off the list. */
static int keep(struct lb_store_list *list, const char *config, struct lb_err *err)
{
	struct lb_plan plan;
	size_t left = 0;

	if (lb_plan_open(&plan, config, NULL, 0, true, err))
		return -1;
	if (plan.tune && !plan.tuning) {
		lb_plan_close(&plan);
		return lb_fail(err, LB_USAGE, "clean: the tuning of %s is not complete, so the trials that follow it are not known yet; run "
			       "`lossbench sweep --config %s` to its end first", config, config);
	}
	bool *named = lb_alloc(list->n + 1, sizeof *named, err);
	for (size_t j = 0; named && j < plan.n; j++)
		named[lb_store_list_find(list, plan.trial[j].id)] = true;
	for (size_t i = 0; named && i < list->n; i++)
		if (!named[i])
			memmove(list->id[left++], list->id[i], sizeof *list->id);
	const int rc = named ? 0 : -1;
	if (named)
		list->n = left;
	free(named);
	lb_plan_close(&plan);
	return rc;
}

static int remove_file(void *arg, const char *path, const char *ending)
{
	(void)ending;
	return unlink(path) ? lb_fail(arg, LB_MACHINE, "%s: cannot be removed: %s", path, strerror(errno)) : 0;
}

static int remove_trial(const char *dir, const char *id, struct lb_err *err)
{
	char *path = lb_store_path(dir, id, err);
	const int rc = !path || lb_store_companions(dir, id, remove_file, err) || remove_file(err, path, "") ? -1 : 0;

	free(path);
	return rc;
}

/* id, status, study and loss of a record. */
static void print_line(const char *dir, const char *id)
{
	struct lb_err ignored = { 0 };
	cJSON *record = lb_store_read(dir, id, &ignored);
	const char *status = lb_json_text_at(record, "result.status"), *study = lb_json_text_at(record, "study");
	const char *loss = lb_json_text_at(record, "config.loss.name");

	const char *const field[] = { id, status ? status : "no whole record", study ? study : "-", loss ? loss : "-" };
	struct lb_buf line = { 0 };
	for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
		lb_buf_visible(&line, field[i]); /* a record may hold anything */
		lb_buf_puts(&line, i + 1 < sizeof field / sizeof *field ? "\t" : "\n");
	}
	fputs(line.s ? line.s : "", stdout);
	lb_buf_free(&line);
	cJSON_Delete(record);
}

static int clean(const char *dir, const struct opt_list *configs, bool really, struct lb_err *err)
{
	struct lb_store_list list;
	int rc = lb_store_list(dir, &list, err);

	if (rc)
		return -1;
	const size_t all = list.n;
	for (size_t i = 0; i < configs->n && !rc; i++)
		rc = keep(&list, configs->item[i], err);
	for (size_t i = 0; i < list.n && !rc; i++) {
		print_line(dir, list.id[i]);
		rc = really ? remove_trial(dir, list.id[i], err) : 0;
	}
	if (!rc)
		lb_note("%s: %zu of %zu record%s belong%s to no trial of %s%s", dir, list.n, all, lb_s(all), list.n == 1 ? "s" : "",
			configs->n == 1 ? configs->item[0] : "the configs", !list.n ? "" : really ? "; deleted" : "; delete them with --remove");
	lb_store_list_free(&list);
	return rc;
}

int cmd_clean(int argc, char **argv, struct lb_err *err)
{
	struct opt_list configs = { 0 };
	bool really = false;
	const struct opt opts[] = {
		{ "config", 'c', OPT_LIST, "FILE", 0, 0, "a config whose trials are kept; repeatable", &configs },
		{ "remove", 0, OPT_FLAG, NULL, 0, 0, "remove what is listed, with the predictions beside it", &really },
	};
	size_t n;

	const int rc = opts_parse("clean", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	int code = -1;
	if (n != 1 || !configs.n)
		lb_fail(err, LB_USAGE, "clean: one folder and at least one config are needed: lossbench clean DIR --config FILE...");
	else
		code = clean(argv[1], &configs, really, err);
	free(configs.item);
	return code;
}
