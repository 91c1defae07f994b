#include "cmd/cmd.h"

#include "cmd/python_script.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The words for scripts/advise.py. */
struct words {
	char **item;
	size_t n, cap;
};

static int add(struct words *w, char *word, struct lb_err *err)
{
	if (word && !lb_grow(&w->item, &w->cap, w->n + 1, sizeof *w->item, err)) {
		w->item[w->n++] = word;
		return 0;
	}
	free(word);
	return -1;
}

/* As one word, so that a value may begin with a dash. */
static int add_option(struct words *w, const char *name, const char *value, struct lb_err *err)
{
	return value ? add(w, lb_strfmt(err, "--%s=%s", name, value), err) : 0;
}

/* Every option that was given, by the table it was parsed with, and the data file. */
static int add_all(struct words *w, const struct opt *opts, size_t n, const char *command, const char *data, struct lb_err *err)
{
	int rc = add(w, lb_strfmt(err, "%s", command), err);

	for (size_t i = 0; i < n && !rc; i++) {
		const struct opt *o = &opts[i];
		const struct opt_list *list = o->type == OPT_LIST ? o->to : NULL;
		if (o->type == OPT_TEXT)
			rc = add_option(w, o->name, *(const char **)o->to, err);
		else if (o->type == OPT_FLAG && *(bool *)o->to)
			rc = add(w, lb_strfmt(err, "--%s", o->name), err);
		else if (o->type == OPT_INT && *(long *)o->to)
			rc = add(w, lb_strfmt(err, "--%s=%ld", o->name, *(long *)o->to), err);
		for (size_t k = 0; list && k < list->n && !rc; k++)
			rc = add_option(w, o->name, list->item[k], err);
	}
	return rc || add(w, lb_strfmt(err, "--"), err) || add(w, lb_strfmt(err, "%s", data), err) ? -1 : 0;
}

static int check(const char *minutes, const char *model, struct lb_err *err)
{
	double m = 0;

	if (minutes && (!lb_parse_double(minutes, strlen(minutes), &m) || !(m > 0 && m <= 1e5)))
		return lb_fail(err, LB_USAGE, "--minutes: found \"%s\", allowed: a number in (0, 100000]", minutes);
	if (model && strcmp(model, "auto") && strcmp(model, "linear") && strcmp(model, "mlp"))
		return lb_fail(err, LB_USAGE, "--model: found \"%s\", allowed: auto, linear or mlp", model);
	return 0;
}

/* Ctrl-C while Python starts would end in its own traceback: advise.py lets the signals through
 * when it can answer them. */
static int become(struct words *w, struct lb_err *err)
{
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigprocmask(SIG_BLOCK, &held, NULL);
	const int rc = script_become("advise.py", (int)w->n, w->item, err);
	sigprocmask(SIG_UNBLOCK, &held, NULL);
	return rc;
}

int cmd_advise(int argc, char **argv, struct lb_err *err)
{
	const char *label = NULL, *labels = NULL, *format = NULL, *minutes = NULL, *out = NULL, *metric = NULL, *model = NULL, *losses = NULL, *task = NULL;
	struct opt_list sets = { 0 };
	bool json = false, quiet = false;
	long jobs = 0, seed = 1;
	const struct opt opts[] = {
		{ "label", 0, OPT_TEXT, "COLUMN", 0, 0, "label column: a name or a number (-1: the last)", &label },
		{ "labels", 0, OPT_TEXT, "FILE", 0, 0, "file with the labels of a file of images or features", &labels },
		{ "task", 0, OPT_TEXT, "TASK", 0, 0, "regression, where numbers are taken for classes; default: by the labels", &task },
		OPT_FORMAT(&format),
		{ "set", 0, OPT_LIST, "KEY=VALUE", 0, 0, "a data.* option as in a config, such as data.drop=[id]", &sets },
		{ "minutes", 0, OPT_TEXT, "M", 0, 0, "time that it may take, but three folds at least; default: 5", &minutes },
		{ "metric", 0, OPT_TEXT, "NAME", 0, 0, "what losses are judged by; default: by task and balance of classes", &metric },
		{ "model", 0, OPT_TEXT, "KIND", 0, 0, "linear or mlp; default, auto: tuned like the rest", &model },
		{ "losses", 0, OPT_TEXT, "NAME,...", 0, 0, "these beside the plain one, instead of a choice by the data", &losses },
		{ "out", 'o', OPT_TEXT, "DIR", 0, 0, "folder of the answer; default: results/advise-NAME", &out },
		{ "jobs", 'j', OPT_INT, "N", 1, 4096, "worker processes; default: one a core", &jobs },
		{ "seed", 0, OPT_INT, "N", 1, 1000000, "of the first repetition, which draws its folds; default: 1", &seed },
		{ "json", 0, OPT_FLAG, NULL, 0, 0, "the answer as JSON", &json },
		{ "quiet", 'q', OPT_FLAG, NULL, 0, 0, "no progress", &quiet },
	};
	struct words w = { 0 };
	size_t n;

	int rc = opts_parse("advise", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	if (n != 1)
		rc = lb_fail(err, LB_USAGE, "advise: one data file is needed: lossbench advise data.csv");
	else if (!(rc = check(minutes, model, err)) && !(rc = add_all(&w, OPTS(opts), argv[0], argv[1], err)))
		rc = become(&w, err);
	for (size_t i = 0; i < w.n; i++)
		free(w.item[i]);
	free(w.item);
	free(sets.item);
	return rc;
}
