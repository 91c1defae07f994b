#include "cmd/cmd.h"
#include "cmd/data_inspect.h"

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of each class, or with each label. */
static size_t *class_counts(const struct lb_dataset *d)
{
	size_t *count = calloc(d->n_classes + 1, sizeof *count);

	for (size_t i = 0; count && d->y && i < d->n; i++)
		count[d->y[i]]++;
	for (size_t i = 0; count && !d->y && i < d->n * d->n_classes; i++)
		count[i % d->n_classes] += d->target[i] > 0;
	return count;
}

/* Text from a file with its control characters shown, filled up with blanks to a width. */
static void print_visible(const char *text, size_t width)
{
	struct lb_buf b = { 0 };

	lb_buf_visible(&b, text);
	printf("%-*s", (int)width, b.bad || !b.s ? "" : b.s);
	lb_buf_free(&b);
}

static void print_classes(const struct lb_dataset *d)
{
	size_t *count = class_counts(d);

	printf("%s  %zu:", d->y ? "classes" : "labels ", d->n_classes);
	for (size_t k = 0; count && k < d->n_classes; k++) {
		putchar(' ');
		print_visible(d->class_name[k], 0);
		printf(" %zu%s", count[k], k + 1 < d->n_classes ? "," : "\n");
	}
	free(count);
}

/* Whether a text can stand in a YAML flow mapping as it is. */
static bool is_plain_scalar(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
			return false;
	return *text && !strpbrk(text, ",:#{}[]&*!|>'\"%@`\\") && !strchr("-?=~", *text);
}

/* As a YAML scalar. */
static void print_scalar(const char *text)
{
	struct lb_buf b = { 0 };

	if (is_plain_scalar(text)) {
		fputs(text, stdout);
		return;
	}
	lb_buf_yaml(&b, text);
	fputs(b.bad ? "" : b.s, stdout);
	lb_buf_free(&b);
}

static void print_role(const char *key, const char *column)
{
	if (!column)
		return;
	printf("  %s: ", key);
	print_scalar(column);
	putchar('\n');
}

static void print_proposal(const struct inspected *s, const struct opt_list *sets)
{
	struct lb_buf drop = { 0 };

	printf("\ndata:                      # for a config; `lossbench init FILE` writes a whole one\n  train: {path: ");
	print_scalar(s->path);
	if (s->labels || s->label) {
		printf(s->labels ? ", labels: " : ", label: ");
		print_scalar(s->labels ? s->labels : s->label);
	}
	printf("}\n");
	print_role("time", s->time);
	print_role("event", s->event);
	print_role("positive", s->positive);
	print_role("query", s->query);
	for (size_t k = 0; s->named && s->data && k < s->data->n_classes; k++) {
		printf(k ? ", " : "  labels: [");
		print_scalar(s->data->class_name[k]);
		printf(k + 1 < s->data->n_classes ? "" : "]\n");
	}
	for (size_t i = 0; i < sets->n; i++) {
		const char *key = sets->item[i] + strlen("data."), *value = strchr(key, '=');
		if (value && memchr(key, '.', (size_t)(value - key)) == NULL && strncmp(key, "label=", 6) && strncmp(key, "labels=", 7))
			printf("  %.*s: %s\n", (int)(value - key), key, value + 1);
	}
	if (s->data && inspect_suspects(s, 1U << LB_COUNTS_ROWS, &drop) && !drop.bad)
		printf("  drop: %s\n", drop.s);
	lb_buf_free(&drop);
	if (s->missing)
		printf("  missing: mean            # or drop\n");
	printf("  preprocess: %s\n", inspect_preprocess(s));
}

enum { MOST_BLOCK_COLUMNS = 40 };

/* A wide block in one line. */
static void print_block_summary(const struct inspected *s)
{
	double min = HUGE_VAL, max = -HUGE_VAL, mean = 0;
	size_t constant = 0;

	for (size_t j = 0; j < s->block; j++) {
		const struct lb_summary *c = &s->column[j];
		min = fmin(min, c->min);
		max = fmax(max, c->max);
		mean += c->mean / (double)s->block;
		constant += !(c->min < c->max);
	}
	printf("values   %zu column%s of %s from %g to %g, mean %.6g; %zu column%s constant (--json tells each column)\n", s->block,
	       lb_s(s->block), s->type, min, max, mean, constant, constant == 1 ? " is" : "s are");
	if (s->sparse)
		printf("sparse   %zu value%s in the file, %.4g %% of all\n", s->stored, lb_s(s->stored),
		       100 * (double)s->stored / ((double)s->rows * (double)s->block));
}

static void print_columns(const struct inspected *s)
{
	const size_t first = s->block > MOST_BLOCK_COLUMNS ? s->block : 0;

	if (s->block)
		print_block_summary(s);
	if (first < s->columns)
		printf("\n%-24s %-7s %8s %10s %12s %12s %12s\n", "column", "type", "missing", "distinct", "minimum", "maximum", "mean");
	for (size_t j = first; j < s->columns; j++) {
		const struct lb_summary *c = &s->column[j];
		print_visible(c->name, 24);
		if (c->type == LB_TEXT)
			printf(" %-7s %8zu %10zu\n", "text", c->missing, c->distinct);
		else
			printf(" %-7s %8zu %10s %12.6g %12.6g %12.6g\n", "number", c->missing, "", c->min, c->max, c->mean);
	}
}

static void print_task(const struct inspected *s)
{
	printf("task     %s by the ", lb_kind_name(s->task));
	if (s->time) {
		printf("columns ");
		print_visible(s->time, 0);
		printf(" and ");
		print_visible(s->event, 0);
	} else if (s->task == LB_SURVIVAL) {
		printf("options data.time and data.event");
	} else {
		printf(s->labels ? "labels file" : s->label ? "label column " : "labels of its rows");
		if (!s->labels && s->label)
			print_visible(s->label, 0);
	}
	printf("%s", s->guess);
	if (s->query) {
		printf(", in the queries of ");
		print_visible(s->query, 0);
	}
	printf("%s\n", !s->counts ? "" : s->task == LB_REGRESSION ? "; if they are counts: loss poisson or negative_binomial" : "; if they are counts: task "
																		 "regression, loss poisson");
}

static void print_info(const struct inspected *s, const struct opt_list *sets)
{
	printf("file     ");
	print_visible(s->path, 0);
	printf(" (%s, %llu bytes uncompressed)\nsha256   %s\nrows     %zu\ncolumns  %zu\nmissing  %zu cell%s\n", s->format, s->bytes, s->sha256,
	       s->rows, s->columns, s->missing, lb_s(s->missing));
	printf("read in  %.3f s (%.0f MB/s)\n", s->seconds, s->seconds > 0 ? (double)s->bytes / s->seconds / 1e6 : 0);
	if (s->labelled) {
		print_task(s);
	}
	if (s->data && s->data->n_classes)
		print_classes(s->data);
	print_columns(s);
	for (size_t i = 0; s->data && i < s->data->n_warnings; i++) {
		printf("warning: ");
		print_visible(s->data->warning[i], 0);
		putchar('\n');
	}
	if (s->labelled)
		print_proposal(s, sets);
	else
		printf("\nno labels: name their file with --labels FILE, or the column that holds them with --label COLUMN\n");
}

static void columns_json(cJSON *in, const struct inspected *s)
{
	cJSON *columns = lb_json_array(in, "columns");

	for (size_t j = 0; j < s->columns; j++) {
		const struct lb_summary *c = &s->column[j];
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
	lb_json_bool(o, "sparse", s->sparse);
	if (s->sparse)
		lb_json_number(o, "stored", (double)s->stored);
	lb_json_number(o, "seconds", s->seconds);
	lb_json_number(o, "bytes_per_second", s->seconds > 0 ? (double)s->bytes / s->seconds : 0);
	lb_json_number(o, "missing", (double)s->missing);
	lb_json_text(o, "task", s->labelled ? lb_kind_name(s->task) : NULL);
	lb_json_text(o, "label", s->label);
	if (s->time) {
		lb_json_text(o, "time", s->time);
		lb_json_text(o, "event", s->event);
	}
	if (s->query)
		lb_json_text(o, "query", s->query);
	if (s->data && s->data->n_classes) {
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
	cJSON *warnings = lb_json_array(o, "warnings");
	for (size_t i = 0; s->data && i < s->data->n_warnings; i++)
		lb_json_text(warnings, NULL, s->data->warning[i]);
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

static int info(const char *path, const struct inspect_options *look, const struct opt_list *sets, bool json, struct lb_err *err)
{
	struct inspected s;

	if (inspect(path, look, &s, err))
		return -1;
	const int code = json ? print_json(&s, err) : (print_info(&s, sets), LB_OK);
	inspect_free(&s);
	return code;
}

static int convert(const char *from, const char *to, struct inspect_options *look, bool force, struct lb_err *err)
{
	struct inspected s;

	if (lb_file_exists(to) && !force)
		return lb_fail(err, LB_USAGE, "%s already exists; delete it, choose another name, or give --force", to);
	look->table_only = true;
	if (inspect(from, look, &s, err))
		return -1;
	const size_t columns = s.table.block.d + s.table.n_cols;
	const int rc = lb_table_write(&s.table, s.table_label, to, err);
	if (!rc)
		printf("%s: %zu row%s, %zu column%s\n", to, s.rows, lb_s(s.rows), columns, lb_s(columns));
	inspect_free(&s);
	return rc;
}

/* The words after `data`: which of its parts, and its files. */
static int refuse_words(size_t n, char **argv, struct lb_err *err)
{
	return lb_fail(err, LB_USAGE, "data: found \"%s\"%s, allowed: info FILE, convert FROM TO, formats; see lossbench data --help",
		       n ? argv[1] : "", n == 1 && !strcmp(argv[1], "info") ? " without a file" : n > 2 ? " with more words" : "");
}

int cmd_data(int argc, char **argv, struct lb_err *err)
{
	const char *label = NULL, *labels = NULL, *format = NULL;
	struct opt_list sets = { 0 };
	bool json = false, force = false;
	const struct opt opts[] = {
		{ "label", 0, OPT_TEXT, "COLUMN", 0, 0, "label column: a name or a number (-1: the last); a,b: multilabel", &label },
		{ "labels", 0, OPT_TEXT, "FILE", 0, 0, "file with the labels of a file of images or features", &labels },
		OPT_FORMAT(&format),
		{ "set", 0, OPT_LIST, "KEY=VALUE", 0, 0, "a data.* option as in a config, such as data.header=true", &sets },
		{ "json", 0, OPT_FLAG, NULL, 0, 0, "info: as JSON", &json },
		{ "force", 0, OPT_FLAG, NULL, 0, 0, "convert: replace the file that is there", &force },
	};
	size_t n;

	int rc = opts_parse("data", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	struct inspect_options look = { .label = label, .labels = labels, .format = format, .sets = sets.item, .n_sets = sets.n };
	if (n == 1 && !strcmp(argv[1], "formats"))
		rc = formats();
	else if (n == 2 && !strcmp(argv[1], "info"))
		rc = info(argv[2], &look, &sets, json, err);
	else if (n == 3 && !strcmp(argv[1], "convert"))
		rc = convert(argv[2], argv[3], &look, force, err);
	else
		rc = refuse_words(n, argv, err);
	free(sets.item);
	return rc;
}
