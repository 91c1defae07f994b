#include "cmd/cmd.h"
#include "cmd/config_args.h"
#include "cmd/config_reference.h"

#include "core/base/text.h"

#include "core/config/config.h"
#include "core/run/plan.h"
#include "core/run/components.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_json(const cJSON *tree, struct lb_err *err)
{
	struct lb_buf b = { 0 };

	lb_json_pretty(tree, &b);
	if (b.bad)
		return lb_fail_memory(err, b.n);
	printf("%s\n", b.s);
	lb_buf_free(&b);
	return 0;
}

static int schema(struct lb_err *err)
{
	cJSON *tree = lb_config_schema(&lb_registries, err);
	const int rc = tree ? print_json(tree, err) : -1;

	cJSON_Delete(tree);
	return rc;
}

/* The config alone: its files need not be there. */
static int resolve(const char *path, const struct opt_list *sets, struct lb_err *err)
{
	struct lb_config *config = lb_config_load(path, sets->item, sets->n, true, err);
	struct lb_trial_list list = { 0 };
	int rc = -1;

	if (config && !lb_config_expand(config, &lb_registries, &list, err)) {
		cJSON *all = lb_json_array(NULL, NULL);
		for (size_t i = 0; i < list.n; i++)
			lb_json_item(all, NULL, cJSON_Duplicate(list.config[i], 1));
		rc = lb_json_complete(err) ? -1 : print_json(list.n == 1 ? all->child : all, err);
		cJSON_Delete(all);
	}
	lb_trial_list_free(&list);
	lb_config_free(config);
	return rc;
}

static int check(const char *path, const struct opt_list *sets, struct lb_err *err)
{
	struct lb_plan plan;

	if (lb_plan_open(&plan, path, sets->item, sets->n, true, err))
		return -1;
	printf("%s: %zu trial%s, data read, no errors\n", path, plan.n, lb_s(plan.n));
	lb_plan_close(&plan);
	return 0;
}

int cmd_config(int argc, char **argv, struct lb_err *err)
{
	struct config_args args = { 0 };
	const struct opt opts[] = {
		OPT_CONFIG(&args),
		{ "set", 's', OPT_LIST, "KEY=VALUE", 0, 0, "override an option; repeatable", &args.sets },
	};
	size_t n;

	const int rc = opts_parse("config", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	const char *what = n ? argv[1] : "";
	int code;
	const bool one = n + (args.configs.n > 0) == 2;
	if (one && config_args_settle(&args, argv[2], err))
		code = -1;
	else if (!strcmp(what, "schema") && n == 1)
		code = schema(err);
	else if (!strcmp(what, "check") && one)
		code = check(args.path, &args.sets, err);
	else if (!strcmp(what, "resolve") && one)
		code = resolve(args.path, &args.sets, err);
	else if (!strcmp(what, "reference") && n == 1)
		config_reference(), code = LB_OK;
	else
		code = lb_fail(err, LB_USAGE, "config: found \"%s\", allowed: check FILE, resolve FILE, schema, reference; see lossbench config --help", what);
	config_args_free(&args);
	return code;
}
