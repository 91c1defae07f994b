#include "cmd/print_metrics.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/spec_fill.h"
#include "core/run/components.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const parts[LB_PARTS] = { [LB_TRAIN] = "train", [LB_VALID] = "valid", [LB_TEST] = "test" };

/* The names that are allowed: SPLIT.METRIC. */
struct allowed {
	char *name[128];
	size_t n;
};

static void add_name(struct allowed *a, const char *part, const char *metric)
{
	if (a->n < sizeof a->name / sizeof *a->name && (a->name[a->n] = lb_strfmt(NULL, "%s.%s", part, metric)))
		a->n++;
}

static void free_names(struct allowed *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->name[i]);
}

/* Returns true if `name` is `full`, or `full` without the parameters in brackets: test.top_k for
 * test.top_k(k=3). */
static bool names(const char *name, const char *full)
{
	const size_t n = strlen(name);

	return !strncmp(name, full, n) && (!full[n] || full[n] == '(');
}

/* Returns the place of what is meant, or a->n: a metric without its split is that of the test rows,
 * which judge, or of the last part that there is. */
static size_t find(const struct allowed *a, const char *name)
{
	size_t k = 0;

	while (k < a->n && !names(name, a->name[k]))
		k++;
	for (size_t i = a->n; k == a->n && i-- > 0;) {
		while (i > 0 && !strncmp(a->name[i - 1], a->name[i], strcspn(a->name[i], ".") + 1))
			i--; /* to the first metric of its part */
		for (size_t j = i; k == a->n && j < a->n; j++)
			if (names(name, strchr(a->name[j], '.') + 1))
				k = j;
	}
	return k;
}

static int refuse_name(const struct allowed *a, const char *name, struct lb_err *err)
{
	const char *metric[sizeof a->name / sizeof *a->name];
	struct lb_buf list = { 0 };

	for (size_t i = 0; i < a->n; i++)
		metric[i] = strchr(a->name[i], '.') + 1;
	const char *near = strchr(name, '.') ? lb_nearest(name, (const char *const *)a->name, a->n) : lb_nearest(name, metric, a->n);
	for (size_t i = 0; i < a->n; i++)
		lb_buf_printf(&list, "%s%s", i ? ", " : "", a->name[i]);
	lb_fail(err, LB_USAGE, "--print: found \"%s\", allowed: %s%s%s%s", name, list.s ? list.s : "none", near ? "; did you mean \"" : "",
		near ? near : "", near ? "\"?" : "");
	lb_buf_free(&list);
	return -1;
}

int check_printed(struct lb_plan *plan, const struct opt_list *wanted, struct lb_err *err)
{
	struct lb_spec spec = { 0 };
	struct lb_rows *rows = lb_spec_fill(&spec, plan->trial[0].config, &lb_registries, err) ? NULL :
			       lb_rows_get(plan->trial[0].source, &spec, err);
	struct allowed a = { 0 };
	int rc = rows ? 0 : -1;

	for (int part = 0; rows && part < LB_PARTS; part++)
		for (size_t m = 0; rows->split.n[part] && m < spec.metrics.n; m++)
			add_name(&a, parts[part], spec.metrics.use[m].info->name);
	lb_rows_drop(rows);
	lb_spec_free(&spec);
	for (size_t i = 0; !rc && i < wanted->n; i++) {
		char *plain = lb_strndup(wanted->item[i], strcspn(wanted->item[i], "("), err); /* parameters are looked at when there are values */
		rc = !plain ? -1 : find(&a, plain) < a.n ? 0 : refuse_name(&a, wanted->item[i], err);
		free(plain);
	}
	free_names(&a);
	return rc;
}

static void print_number(const cJSON *value)
{
	char text[LB_DOUBLE_TEXT] = "nan";

	if (cJSON_IsNumber(value))
		lb_double_text(value->valuedouble, text);
	puts(cJSON_IsString(value) ? value->valuestring : text); /* the text is inf or -inf */
}

int print_named(const cJSON *record, const struct opt_list *wanted, struct lb_err *err)
{
	const bool ok = !strcmp(lb_json_text_at(record, "result.status"), "ok");
	struct allowed a = { 0 };
	const cJSON *value[128], *m;
	int rc = 0;

	for (int part = 0; part < LB_PARTS; part++)
		cJSON_ArrayForEach(m, lb_json_at(lb_json_at(record, "result.metrics"), parts[part])) {
			const size_t n = a.n;
			add_name(&a, parts[part], m->string);
			if (a.n > n)
				value[n] = m;
		}
	if (!ok)
		lb_warn("the training diverged, so there is no number to print");
	for (size_t i = 0; ok && !rc && i < wanted->n; i++)
		if (find(&a, wanted->item[i]) == a.n)
			rc = refuse_name(&a, wanted->item[i], err);
	for (size_t i = 0; !rc && i < wanted->n; i++)
		print_number(ok ? value[find(&a, wanted->item[i])] : NULL);
	free_names(&a);
	return rc;
}
