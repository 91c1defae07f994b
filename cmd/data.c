#include "cmd/cmd.h"
#include "cmd/inspect.h"

#include "core/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t *class_counts(const struct lb_dataset *d)
{
	size_t *count = calloc(d->n_classes + 1, sizeof *count);

	for (size_t i = 0; count && i < d->n; i++)
		count[d->y[i]]++;
	return count;
}

static void print_classes(const struct lb_dataset *d)
{
	size_t *count = class_counts(d);

	printf("classes  %zu:", d->n_classes);
	for (size_t k = 0; count && k < d->n_classes; k++)
		printf(" %s %zu%s", d->class_name[k], count[k], k + 1 < d->n_classes ? "," : "\n");
	free(count);
}

static void print_block(const struct inspected *s)
{
	printf("\ndata:                      # for a config; `lossbench init %s` writes a whole one\n  train: {path: %s", s->path, s->path);
	if (s->labels)
		printf(", labels: %s", s->labels);
	else if (s->label)
		printf(", label: %s", s->label);
	printf("}\n");
	if (s->missing)
		printf("  missing: mean            # or drop\n");
	if (!s->column)
		printf("  preprocess: {divide: 255, standardize: false}\n");
}

static void print_info(const struct inspected *s)
{
	printf("file     %s (%s, %llu bytes uncompressed)\nsha256   %s\nrows     %zu\ncolumns  %zu\nmissing  %zu cells\n", s->path, s->format,
	       s->bytes, s->sha256, s->rows, s->columns, s->missing);
	printf("read in  %.3f s (%.0f MB/s)\n", s->seconds, s->seconds > 0 ? (double)s->bytes / s->seconds / 1e6 : 0);
	if (s->labelled)
		printf("task     %s by the %s\n", lb_kind_name(s->task), s->labels ? "labels file" : "label column");
	if (s->data && s->data->y)
		print_classes(s->data);
	if (s->column)
		printf("\n%-24s %-7s %8s %10s %12s %12s %12s\n", "column", "type", "missing", "distinct", "minimum", "maximum", "mean");
	for (size_t j = 0; s->column && j < s->columns; j++) {
		const struct inspected_column *c = &s->column[j];
		if (c->type == LB_TEXT)
			printf("%-24s %-7s %8zu %10zu\n", c->name, "text", c->missing, c->distinct);
		else
			printf("%-24s %-7s %8zu %10s %12.6g %12.6g %12.6g\n", c->name, "number", c->missing, "", c->min, c->max, c->mean);
	}
	for (size_t i = 0; s->data && i < s->data->n_warnings; i++)
		printf("warning: %s\n", s->data->warning[i]);
	if (s->labelled)
		print_block(s);
	else
		printf("\nno labels: name an images file's labels with --labels FILE\n");
}

static void columns_json(cJSON *in, const struct inspected *s)
{
	cJSON *columns = lb_json_array(in, "columns");

	for (size_t j = 0; s->column && j < s->columns; j++) {
		const struct inspected_column *c = &s->column[j];
		cJSON *o = lb_json_object(columns, NULL);
		lb_json_text(o, "name", c->name);
		lb_json_text(o, "type", c->type == LB_TEXT ? "text" : "number");
		lb_json_number(o, "missing", (double)c->missing);
		if (c->type == LB_TEXT) {
			lb_json_number(o, "distinct", (double)c->distinct);
			continue;
		}
		lb_json_number(o, "min", c->min);
		lb_json_number(o, "max", c->max);
		lb_json_number(o, "mean", c->mean);
	}
}

static int print_json(const struct inspected *s, struct lb_err *err)
{
	cJSON *o = lb_json_object(NULL, NULL);
	struct lb_buf b = { 0 };

	lb_json_text(o, "path", s->path);
	lb_json_text(o, "format", s->format);
	lb_json_text(o, "sha256", s->sha256);
	lb_json_number(o, "bytes", (double)s->bytes);
	lb_json_number(o, "rows", (double)s->rows);
	lb_json_number(o, "features", s->data ? (double)(s->data->x.d + s->data->n_cat) : (double)s->columns);
	lb_json_number(o, "missing", (double)s->missing);
	lb_json_text(o, "task", s->labelled ? lb_kind_name(s->task) : NULL);
	lb_json_text(o, "label", s->label);
	if (s->data && s->data->y) {
		size_t *count = class_counts(s->data);
		cJSON *classes = lb_json_array(o, "classes"), *counts = lb_json_array(o, "class_counts");
		for (size_t k = 0; count && k < s->data->n_classes; k++) {
			lb_json_text(classes, NULL, s->data->class_name[k]);
			lb_json_number(counts, NULL, (double)count[k]);
		}
		free(count);
	} else {
		lb_json_text(o, "classes", NULL);
		lb_json_text(o, "class_counts", NULL);
	}
	columns_json(o, s);
	lb_json_pretty(o, &b);
	const int rc = lb_json_complete(err);
	if (!rc)
		printf("%s\n", b.s);
	lb_buf_free(&b);
	cJSON_Delete(o);
	return rc;
}

static int formats(void)
{
	for (size_t i = 0; i < lb_reader_count(); i++)
		printf("%-8s %s\n", lb_reader_at(i)->base.name, lb_reader_at(i)->base.title);
	printf("generators (data.generator instead of data.train):\n");
	for (size_t i = 0; i < lb_generator_count(); i++)
		printf("%-18s %s\n", lb_generator_at(i)->base.name, lb_generator_at(i)->base.title);
	return LB_OK;
}

int cmd_data(int argc, char **argv, struct lb_err *err)
{
	const char *label = NULL, *labels = NULL;
	bool json = false;
	const struct opt opts[] = {
		{ "label", 0, OPT_TEXT, "COLUMN", 0, 0, "label column: a name, or a number from 1 or (negative) from the end", &label },
		{ "labels", 0, OPT_TEXT, "FILE", 0, 0, "file with the labels of an IDX image file", &labels },
		{ "json", 0, OPT_FLAG, NULL, 0, 0, "as JSON", &json },
	};
	struct inspected s;
	size_t n;

	const int rc = opts_parse("data", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	if (n == 1 && !strcmp(argv[1], "formats"))
		return formats();
	if (n != 2 || strcmp(argv[1], "info"))
		return lb_fail(err, LB_USAGE, "data: found \"%s\"%s, allowed: info FILE, formats; see lossbench data --help", n ? argv[1] : "",
			       n > 2 ? " with more than one file" : n == 1 && !strcmp(argv[1], "info") ? " without a file" : "");
	if (inspect(argv[2], labels, label, &s, err))
		return -1;
	const int code = json ? print_json(&s, err) : (print_info(&s), LB_OK);
	inspect_free(&s);
	return code;
}
