/* A file that stands where a record, or the plan of a folder, should: from the JSON to what is made
 * of it. */
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/run/sweep_status.h"
#include "core/run/store.h"
#include "tests/fuzz/fuzz.h"

#include <sys/stat.h>

#define ID "0123456789abcdef"

static char folder[] = "/tmp/lb-fuzz-XXXXXX";

static char *in_folder(const char *name)
{
	static char path[64];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void remove_folder(void)
{
	unlink(in_folder("trials/" ID ".json"));
	unlink(in_folder(".plan"));
	rmdir(in_folder("trials"));
	rmdir(folder);
}

/* A folder of results whose one record and whose plan are the input. */
static void make_folder(const char *path)
{
	lb_log_quiet(true);
	FUZZ_CHECK(mkdtemp(folder));
	atexit(remove_folder);
	FUZZ_CHECK(!mkdir(in_folder("trials"), 0700));
	FUZZ_CHECK(!symlink(path, in_folder("trials/" ID ".json")));
	FUZZ_CHECK(!symlink(path, in_folder(".plan")));
}

/* What was read and is written is read as the same again. */
static void check_round_trip(const cJSON *tree)
{
	struct lb_buf once = { 0 }, twice = { 0 }, pretty = { 0 };
	struct lb_err err = { 0 };

	lb_json_canonical(tree, &once);
	lb_json_pretty(tree, &pretty);
	cJSON *again = lb_json_parse("again", pretty.s, pretty.n, LB_DATA, &err);
	FUZZ_CHECK(again);
	lb_json_canonical(again, &twice);
	FUZZ_CHECK(once.n == twice.n && !memcmp(once.s, twice.s, once.n));
	cJSON_Delete(again);
	lb_buf_free(&once);
	lb_buf_free(&twice);
	lb_buf_free(&pretty);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static bool ready;
	const char *path = fuzz_file(data, n);
	struct lb_sweep_status standing;
	struct lb_err err = { 0 };
	cJSON *record = NULL;

	if (!ready)
		make_folder(path);
	ready = true;
	char *text = malloc(n + 1);
	FUZZ_CHECK(text);
	memcpy(text, data, n);
	text[n] = '\0';
	cJSON *tree = lb_json_parse("input", text, n, LB_DATA, &err);
	if (tree)
		check_round_trip(tree);
	else
		fuzz_check_error(&err, LB_DATA, LB_MACHINE);
	lb_store_lookup(folder, ID, &record);
	cJSON *plan = lb_sweep_plan_read(folder, &err);
	if (lb_sweep_status_read(folder, plan, &standing, &err))
		fuzz_check_error(&err, LB_DATA, LB_MACHINE);
	cJSON_Delete(plan);
	cJSON_Delete(record);
	cJSON_Delete(tree);
	free(text);
	return 0;
}
