#include "cmd/cmd.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/log.h"
#include "core/run/sweep_status.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Seconds that the rest takes, at as many at a time as are running, or as the sweep was given. */
static double time_left(const struct lb_sweep_status *s, const cJSON *sweep_plan)
{
	const double jobs = s->running ? (double)s->running : lb_json_number_at(sweep_plan, "jobs", 1);
	const size_t rest = s->to_do + s->failed + s->interrupted;

	return s->seconds * ((double)rest + 0.5 * (double)s->running) / (jobs > 1 ? jobs : 1);
}

static void print_json(const char *dir, const struct lb_sweep_status *s, const cJSON *sweep_plan)
{
	cJSON *tree = lb_json_object(NULL, NULL);
	struct lb_buf b = { 0 };

	lb_json_text(tree, "dir", dir);
	lb_json_text(tree, "config", lb_json_text_at(sweep_plan, "config"));
	if (s->planned)
		lb_json_number(tree, "planned", (double)s->planned);
	else
		lb_json_text(tree, "planned", NULL);
	lb_json_number(tree, "ok", (double)s->ok);
	lb_json_number(tree, "diverged", (double)s->diverged);
	lb_json_number(tree, "failed", (double)s->failed);
	lb_json_number(tree, "interrupted", (double)s->interrupted);
	lb_json_number(tree, "running", (double)s->running);
	lb_json_number(tree, "to_do", (double)s->to_do);
	lb_json_number(tree, "others", (double)s->others);
	if (s->measured)
		lb_json_number(tree, "seconds_left", time_left(s, sweep_plan));
	else
		lb_json_text(tree, "seconds_left", NULL);
	lb_json_pretty(tree, &b);
	puts(b.s ? b.s : "");
	lb_buf_free(&b);
	cJSON_Delete(tree);
}

/* What the folder holds; names come from files and may hold anything. */
static void print_head(const char *dir, const struct lb_sweep_status *s, const cJSON *sweep_plan)
{
	const double after = lb_json_number_at(sweep_plan, "trainings_after", 0);
	const char *config = lb_json_text_at(sweep_plan, "config");
	struct lb_buf b = { 0 };

	lb_buf_visible(&b, dir);
	if (s->planned && after > 0)
		lb_buf_printf(&b, ": %zu fold%s to tune of ", s->planned, lb_s(s->planned));
	else if (s->planned)
		lb_buf_printf(&b, ": %zu trial%s of ", s->planned, lb_s(s->planned));
	else
		lb_buf_puts(&b, ": records without a plan, so what is to do is not known; a sweep writes it to .plan in this folder");
	if (s->planned)
		lb_buf_visible(&b, config ? config : "a config without a name");
	if (s->planned && after > 0)
		lb_buf_printf(&b, "; %.0f training%s with the chosen settings follow%s", after, after == 1 ? "" : "s", after == 1 ? "s" : "");
	puts(b.s ? b.s : "");
	lb_buf_free(&b);
}

static void print_text(const char *dir, const struct lb_sweep_status *s, const cJSON *sweep_plan)
{
	char left[32];

	print_head(dir, s, sweep_plan);
	printf("  %-12s %6zu\n  %-12s %6zu  (counts as done)\n", "ok", s->ok, "diverged", s->diverged);
	printf("  %-12s %6zu%s\n", "failed", s->failed, s->failed ? "  run again by the next sweep; `message` of the record says why" : "");
	if (s->interrupted)
		printf("  %-12s %6zu  run again by the next sweep\n", "interrupted", s->interrupted);
	printf("  %-12s %6zu\n", "running", s->running);
	if (s->planned)
		printf("  %-12s %6zu\n", "to do", s->to_do);
	if (s->others)
		printf("  %-12s %6zu  records of other plans\n", "others", s->others);
	if (!s->planned || s->to_do + s->failed + s->interrupted + s->running == 0)
		return;
	if (!s->measured) {
		printf("time left: not known, no trial has ended yet\n");
		return;
	}
	lb_time_text(time_left(s, sweep_plan), left, sizeof left);
	printf("time left: about %s (%.3g s a trial, mean of %zu)%s\n", left, s->seconds, s->measured,
	       s->running ? "" : "; none is running now");
}

static bool holds_study(const char *dir)
{
	char *trials = lb_strfmt(NULL, "%s/trials", dir);
	struct stat st;
	const bool holds = trials && !stat(trials, &st) && S_ISDIR(st.st_mode);

	free(trials);
	return holds;
}

static int show_study(const char *dir, bool json, struct lb_err *err)
{
	struct lb_sweep_status status;
	cJSON *sweep_plan = lb_sweep_plan_read(dir, err);
	const int bad = err->code != LB_OK || lb_sweep_status_read(dir, sweep_plan, &status, err);

	if (!bad)
		(json ? print_json : print_text)(dir, &status, sweep_plan);
	cJSON_Delete(sweep_plan);
	return bad ? -1 : LB_OK;
}

/* Every study in a folder of studies, by name; those that cannot be read are told of. */
static int show_studies(const char *dir, struct lb_err *err)
{
	struct dirent **entry = NULL;
	const int n = scandir(dir, &entry, NULL, alphasort);
	bool shown = false;

	for (int i = 0; i < n; i++) {
		char *study = *entry[i]->d_name == '.' ? NULL : lb_strfmt(NULL, "%s/%s", dir, entry[i]->d_name);
		struct lb_err own = { 0 };
		if (study && holds_study(study) && !show_study(study, false, &own))
			shown = true;
		if (own.code != LB_OK)
			lb_warn("%s", own.text);
		free(study);
		free(entry[i]);
	}
	free(entry);
	return shown ? LB_OK : show_study(dir, false, err);
}

int cmd_status(int argc, char **argv, struct lb_err *err)
{
	bool json = false;
	const struct opt opts[] = {
		{ "json", 0, OPT_FLAG, NULL, 0, 0, "print it as JSON", &json },
	};
	size_t n;

	const int rc = opts_parse("status", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	if (n != 1)
		return lb_fail(err, LB_USAGE, "status: found %zu folders, needed: one, such as lossbench status results/STUDY", n);
	return json || holds_study(argv[1]) ? show_study(argv[1], json, err) : show_studies(argv[1], err);
}
