#include "cmd/cmd.h"

#include "core/base/json.h"
#include "core/metrics/metric.h"

#include <stdio.h>
#include <string.h>

static int print_json(struct lb_err *err)
{
	cJSON *all = lb_json_array(NULL, NULL);
	struct lb_buf b = { 0 };

	for (size_t i = 0; i < lb_metric_count(); i++) {
		const struct lb_metric *m = lb_metric_at(i);
		cJSON *o = lb_json_object(all, NULL);
		lb_json_text(o, "name", m->base.name);
		lb_json_text(o, "title", m->base.title);
		lb_json_text(o, "direction", m->higher_is_better ? "higher" : "lower");
		lb_json_text(o, "formula", m->base.formula);
		lb_json_text(o, "notes", m->base.notes);
		cJSON *tasks = lb_json_array(o, "tasks");
		for (int k = 0; k < LB_N_KINDS; k++)
			if (m->base.tasks >> k & 1)
				lb_json_text(tasks, NULL, lb_kind_name((enum lb_kind)k));
	}
	lb_json_pretty(all, &b);
	const int rc = lb_json_complete(err);
	if (!rc)
		printf("%s\n", b.s);
	lb_buf_free(&b);
	cJSON_Delete(all);
	return rc;
}

int cmd_metrics(int argc, char **argv, struct lb_err *err)
{
	bool json = false;
	const struct opt opts[] = { { "json", 0, OPT_FLAG, NULL, 0, 0, "as JSON", &json } };
	size_t n;

	const int rc = opts_parse("metrics", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	if (n)
		return lb_fail(err, LB_USAGE, "metrics: found \"%s\", allowed: options only; see lossbench metrics --help", argv[1]);
	if (json)
		return print_json(err);
	size_t width = 0;
	for (size_t i = 0; i < lb_metric_count(); i++)
		width = strlen(lb_metric_at(i)->base.name) > width ? strlen(lb_metric_at(i)->base.name) : width;
	for (size_t i = 0; i < lb_metric_count(); i++) {
		const struct lb_metric *m = lb_metric_at(i);
		printf("%-*s  %-6s is better  %s\n", (int)width, m->base.name, m->higher_is_better ? "higher" : "lower", m->base.title);
	}
	return LB_OK;
}
