#include "cmd/cmd.h"
#include "cmd/inspect.h"

#include "core/base/file.h"
#include "core/base/text.h"

#include <stdio.h>
#include <string.h>

/* A YAML scalar that reads back as the text: in double quotes, with what JSON would escape escaped. */
static void add_quoted(struct lb_buf *b, const char *text)
{
	lb_buf_puts(b, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			lb_buf_puts(b, "\\");
		lb_buf_add(b, text, 1);
	}
	lb_buf_puts(b, "\"");
}

static void study_name(const char *path, char *name, size_t size)
{
	const char *slash = strrchr(path, '/'), *start = slash ? slash + 1 : path;
	size_t n = strcspn(start, ".");

	snprintf(name, size, "%.*s", n ? (int)n : 4, n ? start : "data");
	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *p))
			*p = '-';
}

static bool number_label(const struct inspected *s)
{
	for (size_t j = 0; s->column && s->label && j < s->columns; j++)
		if (!strcmp(s->column[j].name, s->label))
			return s->column[j].type == LB_NUMBER;
	return false;
}

static void add_labels(struct lb_buf *b, const struct inspected *s)
{
	if (s->labels) {
		lb_buf_puts(b, "\n    labels: ");
		add_quoted(b, s->labels);
	} else if (s->label) {
		lb_buf_puts(b, "\n    label: ");
		add_quoted(b, s->label);
		lb_buf_puts(b, "              # the column to predict");
	} else {
		lb_buf_puts(b, "              # each row lists its labels");
	}
}

static void add_data(struct lb_buf *b, const struct inspected *s)
{
	lb_buf_puts(b, "data:\n  train:\n    path: ");
	add_quoted(b, s->path);
	if (!s->named)
		add_labels(b, s);
	for (size_t k = 0; s->named && k < s->data->n_classes; k++) {
		lb_buf_puts(b, k ? ", " : "\n  labels: [");
		add_quoted(b, s->data->class_name[k]);
		lb_buf_puts(b, k + 1 < s->data->n_classes ? "" : "]          # the columns to predict: 1 there, 0 not there, empty not known");
	}
	lb_buf_printf(b, "\n  split: {train: 0.64, valid: 0.16, test: 0.2%s}   # by train.seed; or {first: N}, {folds: 5}\n",
		      s->data->y ? ", stratify: true" : "");
	if (s->missing)
		lb_buf_printf(b, "  missing: mean                  # %zu cell%s missing; or drop, which leaves out %s\n", s->missing,
			      s->missing == 1 ? " is" : "s are", s->missing == 1 ? "its row" : "their rows");
	lb_buf_printf(b, "  preprocess: %s\n", inspect_preprocess(s));
}

static void add_experiment(struct lb_buf *b, enum lb_kind task)
{
	static const char *const losses[LB_N_KINDS] = {
		[LB_MULTICLASS] = "[ce, label_smoothing, focal, gce]",
		[LB_BINARY] = "[logistic, hinge, mw]",
		[LB_REGRESSION] = "[mse, huber]",
		[LB_MULTILABEL] = "[ml_bce, asl, zlpr]",
	};
	static const char *const first[LB_N_KINDS] = {
		[LB_MULTICLASS] = "ce",
		[LB_BINARY] = "logistic",
		[LB_REGRESSION] = "mse",
		[LB_MULTILABEL] = "ml_bce",
	};

	if (task == LB_MULTICLASS)
		lb_buf_puts(b, "corrupt:\n  labels: {kind: none}           # or {kind: uniform, rate: 0.3}: label noise in training and validation rows\n");
	lb_buf_printf(b, "model: {kind: linear}            # or {kind: mlp, hidden: [64], activation: relu}\n"
			 "loss: %-27s# `lossbench losses` lists them\n"
			 "optimizer: {name: sgd, lr: %s, momentum: 0.9}\n"
			 "train: {epochs: 20, batch: 64, seed: 1}\n"
			 "sweep:                           # every combination is one trial\n"
			 "  loss: %s\n"
			 "  train.seed: {from: 1, to: 3}\n", first[task], task == LB_REGRESSION ? "0.001" : "0.01", losses[task]);
}

static int make(const struct inspected *s, const char *out, struct lb_err *err)
{
	struct lb_buf b = { 0 };
	char name[64];
	int rc = 0;

	study_name(s->path, name, sizeof name);
	lb_buf_printf(&b, "# Which loss for %s? Run it with:  lossbench sweep --config %s\n# Then:  lossbench report results/%s\n", s->path,
		      out ? out : "THIS_FILE", name);
	lb_buf_printf(&b, "# %zu rows, %zu columns", s->rows, s->columns);
	if (s->data->n_classes)
		lb_buf_printf(&b, ", %zu %s", s->data->n_classes, s->data->y ? "classes" : "labels");
	lb_buf_printf(&b, "; every other option is at its default: lossbench config resolve shows them.\nname: %s\ntask: %s%s\n", name,
		      lb_kind_name(s->task),
		      s->task == LB_MULTICLASS && number_label(s) ? "                 # or regression, if the numbers are amounts" : "");
	add_data(&b, s);
	add_experiment(&b, s->task);
	if (b.bad)
		rc = lb_fail_memory(err, b.n);
	else if (!out)
		fputs(b.s, stdout);
	else if (lb_file_exists(out))
		rc = lb_fail(err, LB_USAGE, "%s: is there already; remove it or choose another --out", out);
	else if (!(rc = lb_write_file(out, b.s, b.n, err)))
		printf("%s written; next: lossbench sweep --config %s\n", out, out);
	lb_buf_free(&b);
	return rc;
}

int cmd_init(int argc, char **argv, struct lb_err *err)
{
	const char *label = NULL, *labels = NULL, *out = NULL;
	const struct opt opts[] = {
		{ "label", 0, OPT_TEXT, "COLUMN", 0, 0, "label column: a name or a number (-1: the last); a,b: multilabel", &label },
		{ "labels", 0, OPT_TEXT, "FILE", 0, 0, "file with the labels of an IDX image file", &labels },
		{ "out", 'o', OPT_TEXT, "FILE", 0, 0, "write there instead of printing", &out },
	};
	struct inspected s;
	size_t n;

	const int rc = opts_parse("init", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	if (n != 1)
		return lb_fail(err, LB_USAGE, "init: one data file is needed: lossbench init data.csv");
	if (inspect(argv[1], &(struct inspect_options){ .label = label, .labels = labels }, &s, err))
		return -1;
	int code = LB_OK;
	if (!s.labelled)
		code = lb_fail(err, LB_USAGE, "%s holds no labels: give their file with --labels FILE", argv[1]);
	else
		code = make(&s, out, err);
	inspect_free(&s);
	return code;
}
