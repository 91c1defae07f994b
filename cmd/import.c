#include "cmd/cmd.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/run/import.h"
#include "core/run/store.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the trials of any study are. */
#define ANY_STUDY "results/" "*" "/trials"

/* The record of an id in the folders of results; a path stays. */
static char *find_record(const char *like, struct lb_err *err)
{
	glob_t found = { 0 };
	char *path = NULL;

	if (!lb_store_is_id(like))
		return lb_strdup(like, err);
	char *pattern = lb_strfmt(err, ANY_STUDY "/%s.json", like);
	if (pattern && (glob(pattern, 0, NULL, &found) || found.gl_pathc != 1))
		lb_fail(err, LB_USAGE, "--like %s: found %s " ANY_STUDY "; allowed: an id that is once there, or the path of a record", like,
			found.gl_pathc ? "it several times in" : "no such record in");
	else if (pattern)
		path = lb_strdup(found.gl_pathv[0], err);
	globfree(&found);
	free(pattern);
	return path;
}

int cmd_import(int argc, char **argv, struct lb_err *err)
{
	const char *like = NULL;
	struct lb_import in = { .argv = command_line };
	bool quiet = false;
	const struct opt opts[] = {
		{ "predictions", 'p', OPT_TEXT, "FILE.csv", 0, 0, "row and scores, or probabilities; - is standard input", &in.predictions },
		{ "as", 0, OPT_TEXT, "NAME", 0, 0, "the name that tables show in the place of the loss", &in.name },
		{ "like", 'l', OPT_TEXT, "ID|RECORD", 0, 0, "the trial whose data and split they are of", &like },
		{ "quiet", 'q', OPT_FLAG, NULL, 0, 0, "no warnings", &quiet },
	};
	char *record, *path = NULL;
	size_t n;

	int rc = opts_parse("import", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	if (n || !in.predictions || !in.name || !like)
		return lb_fail(err, LB_USAGE, "import: lossbench import --predictions FILE.csv --as NAME --like ID|RECORD");
	if (!*in.name || in.name[strcspn(in.name, "\n\r\t")] || strlen(in.name) > 100)
		return lb_fail(err, LB_USAGE, "--as: allowed: a name of 1 to 100 bytes on one line");
	lb_log_quiet(quiet);
	if (!(record = find_record(like, err)))
		return -1;
	in.like = record;
	rc = lb_import(&in, &path, err);
	if (!rc)
		printf("%s\n", path);
	free(path);
	free(record);
	return rc;
}
