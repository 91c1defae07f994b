#include "cmd/cmd.h"

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/run/saved_model_evaluate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The metric of a word, which may begin with test. */
static int check_metric(const char *word, struct lb_err *err)
{
	const char *names[256], *near;
	size_t n = 0;

	if (lb_metric_find(word))
		return 0;
	for (; n < lb_metric_count() && n < sizeof names / sizeof *names; n++)
		names[n] = lb_metric_at(n)->base.name;
	near = lb_nearest(word, names, n);
	return lb_fail(err, LB_USAGE, "--metric: found \"%s\", allowed: names that `lossbench metrics` lists%s%s%s", word, near ? "; did you mean \"" : "",
		       near ? near : "", near ? "\"?" : "");
}

/* "auc,accuracy" as a config lists it; "" for none. */
static char *metric_list(const char *text, struct lb_err *err)
{
	struct lb_buf b = { 0 };
	char *copy = lb_strdup(text ? text : "", err), *rest = copy, *word;

	while (text && copy && (word = strsep(&rest, ","))) {
		word += strspn(word, " ");
		word += strncmp(word, "test.", 5) ? 0 : 5;
		if (check_metric(word, err)) {
			lb_buf_free(&b);
			free(copy);
			return NULL;
		}
		lb_buf_printf(&b, "%s%s", b.n ? ", " : "[", word);
	}
	lb_buf_puts(&b, text ? "]" : "");
	free(copy);
	if (!b.bad)
		return b.s ? b.s : lb_strdup("", err);
	lb_buf_free(&b);
	lb_fail_memory(err, 64);
	return NULL;
}

static int print_json(const struct lb_saved_model *m, const struct lb_rows_request *q, const struct lb_saved_evaluation *e, struct lb_err *err)
{
	cJSON *o = lb_json_object(NULL, NULL);
	struct lb_buf b = { 0 };

	lb_json_text(o, "model", m->path);
	lb_json_text(o, "id", m->text[MODEL_ID][0]);
	lb_json_text(o, "data", q->data);
	lb_json_number(o, "rows", (double)e->rows);
	if (m->number[MODEL_DECISION]) {
		cJSON *decision = lb_json_object(o, "decision");
		lb_json_text(decision, "rule", m->decision.rule->base.name);
		lb_json_number(decision, "threshold", m->decision.threshold);
		lb_json_text(decision, "calibration", m->decision.calibration->base.name);
	}
	cJSON *metrics = lb_json_object(o, "metrics");
	for (size_t i = 0; i < m->p.setup.n_metrics; i++)
		lb_json_number(metrics, m->p.setup.metric[i].key, e->value[i]);
	lb_json_pretty(o, &b);
	const int rc = lb_json_complete(err);
	if (!rc)
		puts(b.s);
	lb_buf_free(&b);
	cJSON_Delete(o);
	return rc;
}

static void print_table(const struct lb_saved_model *m, const struct lb_saved_evaluation *e)
{
	printf("%-20s %12s\n", "metric", "value");
	for (size_t i = 0; i < m->p.setup.n_metrics; i++) {
		if (isnan(e->value[i]))
			printf("%-20s %12s\n", m->p.setup.metric[i].key, "-");
		else
			printf("%-20s %12.6f\n", m->p.setup.metric[i].key, e->value[i]);
	}
	if (m->number[MODEL_DECISION])
		printf("decided as in the training: threshold %s (score %.6g), calibration %s\n", m->decision.rule->base.name, m->decision.threshold,
		       m->decision.calibration->base.name);
	printf("%zu row%s, model %s (loss %s)\n", e->rows, lb_s(e->rows), m->text[MODEL_ID][0], m->p.setup.loss->base.name);
}

static int evaluate(const char *model, const char *metrics, const struct lb_rows_request *q, bool json, struct lb_err *err)
{
	struct lb_saved_evaluation e = { 0 };
	char *list = metric_list(metrics, err);
	struct lb_saved_model *m = list ? lb_saved_model_load_judged(model, list, err) : NULL;
	int rc = m ? lb_saved_model_evaluate(m, q, &e, err) : -1;
	if (!rc && json)
		rc = print_json(m, q, &e, err);
	else if (!rc)
		print_table(m, &e);
	lb_saved_model_free(m);
	free(list);
	return rc;
}

int cmd_evaluate(int argc, char **argv, struct lb_err *err)
{
	const char *model = NULL, *metrics = NULL, *kernels = NULL, *kernel = NULL;
	struct lb_rows_request q = { 0 };
	bool quiet = false, json = false;
	const struct opt opts[] = {
		{ "model", 'm', OPT_TEXT, "FILE.npz", 0, 0, "what a training kept (output.model: true, train --save-model)", &model },
		{ "data", 'd', OPT_TEXT, "FILE", 0, 0, "the labelled rows, in any format that lossbench reads; - is standard input", &q.data },
		{ "labels", 0, OPT_TEXT, "FILE", 0, 0, "labels of the rows in a file of their own", &q.labels },
		{ "format", 0, OPT_TEXT, "NAME", 0, 0, "format of the data; by content if not given", &q.format },
		{ "metric", 0, OPT_TEXT, "NAME,...", 0, 0, "what to measure; default: the metrics of the model's config", &metrics },
		{ "json", 0, OPT_FLAG, NULL, 0, 0, "as JSON, with all digits", &json },
		{ "quiet", 'q', OPT_FLAG, NULL, 0, 0, "no warnings", &quiet },
		OPT_KERNELS(&kernels),
		OPT_BLAS_KERNEL(&kernel),
	};
	size_t n;

	int rc = opts_parse("evaluate", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	if (n || !model || !q.data)
		return lb_fail(err, LB_USAGE, "evaluate: a model and a file of labelled rows are needed: lossbench evaluate --model FILE.npz --data FILE");
	lb_log_quiet(quiet);
	if (choose_arithmetic(kernels, kernel, true, err))
		return -1;
	return evaluate(model, metrics, &q, json, err);
}
