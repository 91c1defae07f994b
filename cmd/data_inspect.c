#include "cmd/data_inspect.h"

#include "cmd/task_guess.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/config/config.h"
#include "core/config/spec_fill.h"
#include "core/run/data_read.h"
#include "core/run/components.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More distinct numbers than this, or fractions: a regression target. */
enum { MOST_CLASSES = 100 };

/* ...-images-idx3-ubyte.gz goes with ...-labels-idx1-ubyte.gz */
static char *guess_labels(const char *path, struct lb_err *err)
{
	const char *images = strstr(path, "images-idx3");
	char *labels = images ? lb_strfmt(err, "%.*slabels-idx1%s", (int)(images - path), path, images + strlen("images-idx3")) : NULL;

	if (labels && lb_file_exists(labels))
		return labels;
	free(labels);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Distinct values of numbers that could be classes; MOST_CLASSES + 1 when there are more, or a
 * fraction. */
static size_t class_like(const double *v, size_t n, struct lb_err *err)
{
	double *sorted = lb_alloc(n, sizeof *sorted, err);
	size_t distinct = n > 0;

	if (!sorted)
		return 0;
	memcpy(sorted, v, n * sizeof *v);
	qsort(sorted, n, sizeof *sorted, compare);
	for (size_t i = 0; i < n && distinct <= MOST_CLASSES; i++) {
		distinct += i && sorted[i] != sorted[i - 1];
		if (sorted[i] != floor(sorted[i]))
			distinct = MOST_CLASSES + 1;
	}
	free(sorted);
	return distinct;
}

/* The label's numbers as new memory, NULL for text. */
static double *label_numbers(const struct lb_table *t, size_t label, struct lb_err *err)
{
	double *v = lb_alloc(t->n, sizeof *v, err);

	for (size_t i = 0; v && i < t->n; i++)
		v[i] = lb_table_number(t, i, label);
	return v;
}

static enum lb_kind guess_task(const struct lb_table *t, const struct lb_table *labels, size_t label, struct lb_err *err)
{
	const struct lb_table *from = labels->n ? labels : t;
	const size_t at = labels->n ? 0 : label;
	const struct lb_column *c = at < from->block.d || !from->n_cols ? NULL : &from->col[at - from->block.d];
	size_t distinct = c ? c->n_levels : 0;

	if (c && c->type == LB_TEXT && lb_column_holds_amounts(c, from->n))
		return LB_REGRESSION;
	if (!c || c->type == LB_NUMBER) {
		double *v = label_numbers(from, at, err);
		distinct = v ? class_like(v, from->n, err) : 0;
		free(v);
		if (distinct > MOST_CLASSES)
			return LB_REGRESSION;
	}
	return distinct == 2 ? LB_BINARY : LB_MULTICLASS;
}

/* The column that a reference means: a name, or a number from 1 or from the end; the last when
 * there is none or it is unknown (then assembling reports it). */
static size_t find_label(const struct inspected *s, const char *label)
{
	size_t found = s->columns - 1;
	char *end;

	for (size_t j = 0; label && j < s->columns; j++)
		if (!strcmp(s->column[j].name, label))
			return j;
	const long k = label ? strtol(label, &end, 10) : 0;
	if (label && *label && !*end && k && labs(k) <= (long)s->columns)
		found = k > 0 ? (size_t)k - 1 : s->columns - (size_t)-k;
	return found;
}

static int summarise(struct inspected *s, const struct lb_table *t, struct lb_err *err)
{
	static const char *const types[] = { [LB_U8] = "uint8", [LB_F32] = "float32", [LB_F64] = "float64" };

	s->rows = t->n;
	s->bytes = t->bytes;
	s->format = t->format;
	s->block = t->block.d;
	s->type = types[t->block.dtype];
	s->sparse = t->block.start != NULL;
	s->stored = s->sparse ? t->block.start[t->n] : 0;
	memcpy(s->sha256, t->sha256, sizeof s->sha256);
	if (!(s->column = lb_table_summary(t, &s->columns, err)))
		return -1;
	for (size_t j = 0; j < s->columns; j++)
		s->missing += s->column[j].missing;
	return 0;
}

/* ---- the options as a config ---- */

static char *take_text(struct lb_buf *b, struct lb_err *err)
{
	if (!b->bad)
		return b->s;
	lb_buf_free(b);
	lb_fail_memory(err, 64);
	return NULL;
}

/* key="value", as --set takes it. */
static char *quoted_set(const char *key, const char *value, struct lb_err *err)
{
	struct lb_buf b = { 0 };

	lb_buf_printf(&b, "%s=", key);
	lb_buf_yaml(&b, value);
	return take_text(&b, err);
}

static int check_sets(const struct inspect_options *opt, struct lb_err *err)
{
	for (size_t i = 0; i < opt->n_sets; i++)
		if (strncmp(opt->sets[i], "data.", 5))
			return lb_fail(err, LB_USAGE, "--set %s: allowed here: data.* options, such as data.header=true", opt->sets[i]);
	return 0;
}

/* data.labels=["a", "b"] of "a,b", as --set takes it. */
static char *quoted_list(const char *names, struct lb_err *err)
{
	char *copy = lb_strdup(names, err), *rest = copy, *name;
	struct lb_buf b = { 0 };

	if (!copy)
		return NULL;
	while ((name = strsep(&rest, ","))) {
		lb_buf_puts(&b, b.n ? ", " : "data.labels=[");
		lb_buf_yaml(&b, name);
	}
	lb_buf_puts(&b, "]");
	free(copy);
	return take_text(&b, err);
}

static bool several(const char *label)
{
	return label && strchr(label, ',');
}

static bool is_set(const struct inspect_options *opt, const char *key)
{
	const size_t n = strlen(key);

	for (size_t i = 0; i < opt->n_sets; i++)
		if (!strncmp(opt->sets[i], key, n) && opt->sets[i][n] == '=')
			return true;
	return false;
}

static bool names_labels(const struct inspect_options *opt)
{
	return several(opt->label) || is_set(opt, "data.labels");
}

/* The task of which the options name columns; multiclass where they do not say. */
static enum lb_kind task_of_options(const struct inspect_options *opt)
{
	return names_labels(opt) ? LB_MULTILABEL : is_set(opt, "data.time") || is_set(opt, "data.event") ? LB_SURVIVAL :
	       is_set(opt, "data.query") ? LB_RANKING : LB_MULTICLASS;
}

/* Returns a resolved config of one trial on the file, a new tree; NULL on failure. */
static cJSON *make_config(const char *path, const struct inspected *s, const struct inspect_options *opt, struct lb_err *err)
{
	enum { OWN = 8 };
	static const char *const task[LB_N_KINDS] = { [LB_MULTICLASS] = "task=multiclass", [LB_MULTILABEL] = "task=multilabel",
						      [LB_SURVIVAL] = "task=survival", [LB_RANKING] = "task=ranking" };
	static const char *const loss[LB_N_KINDS] = { [LB_MULTICLASS] = "loss=ce", [LB_MULTILABEL] = "loss=ml_bce", [LB_SURVIVAL] = "loss=cox",
						      [LB_RANKING] = "loss=ranknet" };
	const char **sets = lb_alloc(opt->n_sets + OWN, sizeof *sets, err);
	char *quoted[4] = { quoted_set("data.train.path", path, err), s->labels ? quoted_set("data.train.labels", s->labels, err) : NULL,
			    several(opt->label) ? quoted_list(opt->label, err) :
			    opt->label		? quoted_set("data.train.label", opt->label, err) : NULL,
			    opt->format ? quoted_set("data.train.format", opt->format, err) : NULL };
	struct lb_config *config = NULL;
	struct lb_trial_list list = { 0 };
	cJSON *copy = NULL;
	size_t n = 0;

	if (sets && quoted[0]) {
		sets[n++] = task[s->task];
		sets[n++] = loss[s->task];
		sets[n++] = "data.missing=mean";
		for (size_t k = 0; k < 4; k++)
			if (quoted[k])
				sets[n++] = quoted[k];
		for (size_t i = 0; i < opt->n_sets; i++)
			sets[n++] = opt->sets[i];
		config = lb_config_load(NULL, sets, n, false, err);
	}
	if (config && !lb_config_expand(config, &lb_registries, &list, err) && !(copy = cJSON_Duplicate(list.config[0], 1)))
		lb_fail_memory(err, sizeof *copy);
	lb_trial_list_free(&list);
	lb_config_free(config);
	for (size_t k = 0; k < 4; k++)
		free(quoted[k]);
	free(sets);
	return copy;
}

/* ---- looking ---- */

/* `keep`: the tables as they are in the files. */
static int read_tables(struct inspected *s, const struct lb_spec *spec, bool keep, struct lb_table t[LB_FILES], struct lb_err *err)
{
	const struct lb_read_options own = lb_file_options(spec, 0), labels = lb_file_options(spec, 1);
	const char *labels_path = spec->data.train.labels;
	const double start = lb_seconds();

	if (lb_table_read(s->path, &own, &t[0], err) || (labels_path && lb_table_read(labels_path, &labels, &t[1], err)))
		return -1;
	s->seconds = lb_seconds() - start;
	if (s->task != LB_MULTILABEL && !keep && lb_table_one_hot(&t[labels_path ? 1 : 0], labels_path != NULL, NULL, err))
		return -1;
	return summarise(s, &t[0], err);
}

/* The only column of a table that is named like a label, if the last one is not; the number of
 * columns when there is none such. */
static size_t label_by_name(const struct inspected *s, const struct lb_table *t)
{
	size_t found = s->columns;

	if (!t->has_header || t->block.d || lb_names_label(s->column[s->columns - 1].name))
		return found;
	for (size_t j = 0; j < s->columns; j++) {
		if (!lb_names_label(s->column[j].name))
			continue;
		if (found < s->columns)
			return s->columns;
		found = j;
	}
	return found;
}

/* The label column where nobody named it. */
static const char *guess_label(struct inspected *s, const struct lb_table *t)
{
	const size_t column = label_by_name(s, t);

	s->guess = column == s->columns ? " (the last column)" : " (the only column that is named like a label)";
	return column == s->columns ? NULL : s->column[column].name;
}

/* Returns true if an option names the column, or may. */
static bool is_taken(const struct inspect_options *opt, const char *name)
{
	for (size_t i = 0; i < opt->n_sets; i++)
		if (strstr(strchr(opt->sets[i], '=') ? strchr(opt->sets[i], '=') : "", name))
			return true;
	return false;
}

/* Returns true if the column can be given another role: it has a name of its own, and none yet. */
static bool is_free(const struct inspected *s, const struct inspect_options *opt, size_t column)
{
	return inspect_is_unique(s, s->column[column].name) && !is_taken(opt, s->column[column].name);
}

/* Times and events, where the table has them; returns false for another task. */
static bool take_survival(struct inspected *s, const struct inspect_options *opt, struct lb_data_spec *spec, const struct lb_table *t)
{
	struct survival_columns found;

	if (is_set(opt, "data.positive") || !guess_survival(t, &found) || !is_free(s, opt, found.time) || !is_free(s, opt, found.event))
		return false;
	s->task = LB_SURVIVAL;
	s->guess = " (by their names and values)";
	spec->time = s->time = s->column[found.time].name;
	spec->event = s->event = s->column[found.event].name;
	spec->positive = s->positive = found.positive;
	return true;
}

/* The label column, and the task that it and the names of others tell. */
static void take_label(struct inspected *s, const struct inspect_options *opt, struct lb_data_spec *spec, const struct lb_table t[LB_FILES], bool open,
		       struct lb_err *err)
{
	const char *label = open ? (spec->train.label = guess_label(s, &t[0])) : spec->train.label;
	const size_t column = find_label(s, label);

	if (s->labelled && !spec->train.labels)
		s->label = s->column[column].name;
	if (s->task == LB_RANKING)
		return;
	s->task = guess_task(&t[0], &t[1], column, err);
	const size_t query = open && !is_set(opt, "data.group") ? guess_query(&t[0], column) : s->columns;
	if (query < s->columns && is_free(s, opt, query)) {
		s->task = LB_RANKING;
		spec->query = s->query = s->column[query].name;
	}
	const struct lb_table *from = spec->train.labels ? &t[1] : &t[0];
	s->counts = (s->task == LB_REGRESSION || s->task == LB_MULTICLASS) && s->labelled && could_be_counts(from, spec->train.labels ? 0 : column, err);
}

/* Keeps the table without the columns that data.drop names. A label that nobody named is then the
 * last column of those that are left. */
static int keep_table(struct inspected *s, const struct lb_data_spec *spec, struct lb_table *t, struct lb_err *err)
{
	size_t label = 0;

	s->table = *t;
	*t = (struct lb_table){ 0 };
	while (label < s->columns && (!s->label || &s->column[label].name[0] != s->label))
		label++;
	s->table_label = label;
	if (lb_table_drop(&s->table, spec->drop.text, spec->drop.n, s->path, &s->table_label, err))
		return -1;
	const size_t left = s->table.block.d + s->table.n_cols;
	if (label == s->columns || s->table_label < left)
		return 0;
	if (!*s->guess)
		return lb_fail(err, LB_DATA, "%s: the column '%s' is asked for as label and as data.drop; it can be one of them", s->path, s->label);
	s->table_label = left - 1;
	return 0;
}

static int look(struct inspected *s, struct lb_spec *spec, const struct inspect_options *opt, struct lb_table t[LB_FILES], struct lb_err *err)
{
	const char *const path[LB_FILES] = { s->path, spec->data.train.labels };
	const char *label = spec->data.train.label;

	if (read_tables(s, spec, opt->table_only, t, err))
		return -1;
	s->labelled = t[0].n_cols || label || path[1] || s->named;
	const bool open = !label && !path[1] && t[0].n_cols && s->task != LB_MULTILABEL; /* nobody named a label */
	const bool survival = s->task == LB_SURVIVAL || (open && s->task == LB_MULTICLASS && !opt->table_only && take_survival(s, opt, &spec->data, &t[0]));
	if (s->task != LB_MULTILABEL && !survival)
		take_label(s, opt, &spec->data, t, open, err);
	if (opt->table_only)
		return keep_table(s, &spec->data, &t[0], err);
	return s->labelled ? lb_data_assemble(&spec->data, s->task, t, path, &s->data, err) : 0;
}

/* As the task, or for multiclass as what the columns look like. */
static int inspect_as(const char *path, const struct inspect_options *opt, enum lb_kind task, struct inspected *s, struct lb_err *err)
{
	struct lb_table t[LB_FILES] = { 0 };
	struct lb_spec spec = { 0 };
	int rc = -1;

	*s = (struct inspected){ .path = path, .guess = "", .task = task, .named = names_labels(opt) };
	s->labels = opt->labels ? lb_strdup(opt->labels, err) : guess_labels(path, err);
	cJSON *config = make_config(path, s, opt, err);
	if (config && !lb_spec_fill(&spec, config, &lb_registries, err))
		rc = look(s, &spec, opt, t, err);
	lb_spec_free(&spec);
	cJSON_Delete(config);
	for (int i = 0; i < LB_FILES; i++)
		lb_table_free(&t[i]);
	if (rc)
		inspect_free(s);
	return rc;
}

/* A file with several labels a row, such as LIBSVM's 1,3, is refused at first; it is looked at
 * again as multilabel, and the first message stands where that does not help either. */
int inspect(const char *path, const struct inspect_options *opt, struct inspected *s, struct lb_err *err)
{
	const bool named = names_labels(opt);

	if (check_sets(opt, err))
		return -1;
	if (!lb_utf8_valid(path, strlen(path)) || (opt->labels && !lb_utf8_valid(opt->labels, strlen(opt->labels))))
		return lb_fail(err, LB_USAGE, "%s: the name of the file is not UTF-8, as a config must be; rename the file", path);
	int rc = inspect_as(path, opt, task_of_options(opt), s, err);
	if (!rc || named || opt->label || opt->table_only || err->code != LB_DATA)
		return rc;
	struct lb_err *second = lb_alloc(1, sizeof *second, NULL);
	if (second && !(rc = inspect_as(path, opt, LB_MULTILABEL, s, second)))
		*err = (struct lb_err){ 0 };
	free(second);
	return rc;
}

void inspect_free(struct inspected *s)
{
	lb_summary_free(s->column, s->columns);
	free(s->labels);
	lb_table_free(&s->table);
	lb_dataset_free(s->data);
	*s = (struct inspected){ 0 };
}

const char *inspect_preprocess(const struct inspected *s)
{
	if (s->sparse)
		return "{standardize: false, scale: max_abs}   # values from -1 to 1, zeros stay zeros";
	if (s->block && !strcmp(s->type, "uint8"))
		return "{divide: 255, standardize: false}   # bytes become numbers from 0 to 1";
	return "{standardize: true}   # by the training rows' mean and standard deviation";
}

bool inspect_is_unique(const struct inspected *s, const char *name)
{
	size_t found = 0;

	for (size_t j = 0; j < s->columns; j++)
		found += !strcmp(s->column[j].name, name);
	return found == 1;
}

size_t inspect_suspects(const struct inspected *s, unsigned kinds, struct lb_buf *b)
{
	size_t n = 0;

	for (size_t k = 0; k < s->data->n_suspects; k++) {
		const struct lb_suspect *c = &s->data->suspect[k];
		if (!(kinds & 1U << c->why) || !inspect_is_unique(s, c->name))
			continue;
		lb_buf_puts(b, n++ ? ", " : "[");
		lb_buf_yaml(b, c->name);
	}
	if (n)
		lb_buf_puts(b, "]");
	return n;
}
