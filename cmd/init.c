#include "cmd/cmd.h"
#include "cmd/data_inspect.h"

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What a config is made from. */
struct proposal {
	const struct inspected *s;
	const struct inspect_options *look;
	const char *out;         /* where it goes, or NULL */
	bool target_scaled;      /* the regression target can be standardized, and is */
	size_t largest;          /* class with the most rows, share of which it holds; 0 without classes */
	double share;
	bool unbalanced;         /* more than 60 % */
};

/* ---- names ---- */

/* Words that YAML takes for something else than a text. */
static bool is_reserved(const char *word)
{
	static const char *const words[] = { "null", "true", "false", "yes", "no", "on", "off", "y", "n" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcasecmp(words[i], word))
			return true;
	return false;
}

/* The file's name up to its first point, of letters, digits, _ and -, beginning with a letter;
 * "data" when nothing is left. */
static void study_name(const char *path, char *name, size_t size)
{
	const char *slash = strrchr(path, '/'), *start = slash ? slash + 1 : path;

	start += strspn(start, "-_.");
	snprintf(name, size, "%.*s", (int)strcspn(start, "."), start);
	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *p))
			*p = '-';
	if (name[strspn(name, "-_")] == '\0' || is_reserved(name))
		snprintf(name, size, "data");
	if (strchr("0123456789-_", *name)) {
		char copy[64];
		snprintf(copy, sizeof copy, "%s", name);
		snprintf(name, size, "data-%.50s", copy);
	}
}

static size_t label_column(const struct inspected *s)
{
	size_t j = 0;

	while (j < s->columns && &s->column[j].name[0] != s->label)
		j++;
	return j;
}

static bool is_set(const struct proposal *p, const char *key)
{
	const size_t n = strlen(key);

	for (size_t i = 0; i < p->look->n_sets; i++)
		if (!strncmp(p->look->sets[i], "data.", 5) && !strncmp(p->look->sets[i] + 5, key, n) && p->look->sets[i][5 + n] == '=')
			return true;
	return false;
}

/* ---- columns that may be no features ---- */

static void add_drop(struct lb_buf *b, const struct proposal *p, unsigned kinds, bool active, const char *comment)
{
	struct lb_buf list = { 0 };

	if (inspect_suspects(p->s, kinds, &list))
		lb_buf_printf(b, "  %sdrop: %s   # %s\n", active ? "" : "# ", list.bad ? "[]" : list.s, comment);
	b->bad |= list.bad;
	lb_buf_free(&list);
}

static void add_drops(struct lb_buf *b, const struct proposal *p)
{
	const struct inspected *s = p->s;
	struct lb_buf unused = { 0 };
	const size_t counting = inspect_suspects(s, 1U << LB_COUNTS_ROWS, &unused), features = s->data->x.d + s->data->n_cat;
	const bool active = counting && counting < features && !is_set(p, "drop");

	add_drop(b, p, 1U << LB_COUNTS_ROWS, active, counting == 1 ? "it counts the rows: an index is no feature" :
								       "they count the rows: an index is no feature");
	add_drop(b, p, 1U << LB_NAMES_ROWS, false, "another value in every row: drop what is an id");
	add_drop(b, p, 1U << LB_LIKE_LABEL, false, "named like labels: drop what is one, or it gives the answer away");
	lb_buf_free(&unused);
}

/* ---- the data section ---- */

static void add_labels(struct lb_buf *b, const struct proposal *p)
{
	const struct inspected *s = p->s;

	if (s->labels) {
		lb_buf_puts(b, "\n    labels: ");
		lb_buf_yaml(b, s->labels);
	} else if (s->label && inspect_is_unique(s, s->label)) {
		lb_buf_puts(b, "\n    label: ");
		lb_buf_yaml(b, s->label);
		lb_buf_printf(b, "              # the column to predict%s", s->guess);
	} else if (s->label) {
		lb_buf_printf(b, "\n    label: %zu              # the column to predict, by its number", label_column(s) + 1);
	} else if (s->task != LB_SURVIVAL) {
		lb_buf_puts(b, "              # each row lists its labels");
	}
	if (p->look->format)
		lb_buf_printf(b, "\n    format: %s", p->look->format);
}

/* The data options that were given with the file. */
static void add_sets(struct lb_buf *b, const struct proposal *p)
{
	for (size_t i = 0; i < p->look->n_sets; i++) {
		const char *key = p->look->sets[i] + strlen("data."), *value = strchr(key, '=');
		if (value && !memchr(key, '.', (size_t)(value - key)) && strncmp(key, "label=", 6) && strncmp(key, "labels=", 7))
			lb_buf_printf(b, "  %.*s: %s\n", (int)(value - key), key, value + 1);
	}
}

static void add_role(struct lb_buf *b, const char *key, const char *column, const char *comment)
{
	if (!column)
		return;
	lb_buf_printf(b, "  %s: ", key);
	lb_buf_yaml(b, column);
	lb_buf_printf(b, "   # %s\n", comment);
}

/* The columns that were guessed by their names. */
static void add_roles(struct lb_buf *b, const struct proposal *p)
{
	const struct inspected *s = p->s;

	add_role(b, "time", s->time, "to the event, or to the censoring; guessed by its name: --label COLUMN proposes another task");
	add_role(b, "event", s->event, s->positive ? "whether it was seen" : "1 or true: it was seen; else the row is censored");
	add_role(b, "positive", s->positive, "the value of an event, as in R; the other is censored");
	add_role(b, "query", s->query, "whose rows are ranked; guessed by its name: --label COLUMN proposes another task");
}

static void add_positive(struct lb_buf *b, const struct proposal *p)
{
	const struct lb_dataset *d = p->s->data;

	if (p->s->task != LB_BINARY || is_set(p, "positive"))
		return;
	lb_buf_puts(b, "  positive: ");
	lb_buf_yaml(b, d->class_name[1]);
	lb_buf_puts(b, "   # or ");
	lb_buf_yaml(b, d->class_name[0]);
	lb_buf_puts(b, ": the class that AUC, precision, recall and F1 are about\n");
}

static void add_data(struct lb_buf *b, const struct proposal *p)
{
	const struct inspected *s = p->s;

	lb_buf_puts(b, "data:\n  train:\n    path: ");
	lb_buf_yaml(b, s->path);
	if (!s->named)
		add_labels(b, p);
	for (size_t k = 0; s->named && k < s->data->n_classes; k++) {
		lb_buf_puts(b, k ? ", " : "\n  labels: [");
		lb_buf_yaml(b, s->data->class_name[k]);
		lb_buf_puts(b, k + 1 < s->data->n_classes ? "" : "]          # the columns to predict: 1 = present, 0 = absent, empty = unknown");
	}
	lb_buf_puts(b, "\n");
	add_sets(b, p);
	add_roles(b, p);
	add_drops(b, p);
	add_positive(b, p);
	lb_buf_printf(b, "  split: {train: 0.64, valid: 0.16, test: 0.2%s}   # by train.seed; or {first: N}, {folds: 5}\n",
		      (s->data->y || s->data->event) && !is_set(p, "group") ? ", stratify: true" : "");
	if (s->data->n_cat && !is_set(p, "unseen"))
		lb_buf_puts(b, "  unseen: zero                    # a category that no training row has is no category; error refuses it\n");
	if (s->missing && !is_set(p, "missing"))
		lb_buf_printf(b, "  missing: mean                  # %zu cell%s missing; or drop, which leaves out %s\n", s->missing,
			      s->missing == 1 ? " is" : "s are", s->missing == 1 ? "its row" : "their rows");
	if (p->target_scaled)
		lb_buf_puts(b, "  preprocess: {standardize: true, target: standardize}   # metrics are in units of the target all the same\n");
	else
		lb_buf_printf(b, "  preprocess: %s\n", inspect_preprocess(s));
}

/* ---- the experiment ---- */

/* What suits a task: the losses can be compared by all the metrics, of which the first one
 * tunes. */
struct suit {
	const char *first, *losses, *metrics, *tuned;
};

static bool has_time_zero(const struct lb_dataset *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (!(d->target[i] > 0))
			return true;
	return false;
}

static const struct suit *suit_of(const struct proposal *p)
{
	static const struct suit even[LB_N_KINDS] = {
		[LB_MULTICLASS] = { "ce", "[ce, label_smoothing, focal, gce]", "[accuracy, balanced_accuracy, log_loss]", "valid.accuracy" },
		[LB_BINARY] = { "logistic", "[logistic, hinge, squared_hinge]", "[accuracy, balanced_accuracy, auc]", "valid.accuracy" },
		[LB_REGRESSION] = { "mse", "[mse, huber]", "[rmse, mae, r2]", "valid.rmse" },
		[LB_MULTILABEL] = { "ml_bce", "[ml_bce, asl, zlpr]", "[mean_average_precision, ranking_loss]", "valid.mean_average_precision" },
		[LB_SURVIVAL] = { "cox", "[cox, aft, discrete_hazard]", "[harrell, uno, integrated_brier]", "valid.harrell" },
		[LB_RANKING] = { "ranknet", "[ranknet, listnet, lambdarank]", "[ndcg, mrr, map]", "valid.ndcg" },
	};
	static const struct suit uneven[LB_N_KINDS] = {
		[LB_MULTICLASS] = { "ce", "[ce, label_smoothing, focal, gce]", "[balanced_accuracy, f1_macro, accuracy]", "valid.balanced_accuracy" },
		[LB_BINARY] = { "logistic", "[logistic, hinge, mw]", "[auc, average_precision]", "valid.auc" },
	};
	static const struct suit from_zero = { "cox", "[cox, discrete_hazard]", "[harrell, uno, integrated_brier]", "valid.harrell" }; /* no log of the time */
	const struct suit *u = &uneven[p->s->task];

	if (p->s->task == LB_SURVIVAL && has_time_zero(p->s->data))
		return &from_zero;
	return p->unbalanced && u->first ? u : &even[p->s->task];
}

/* ---- what the comparison costs ---- */

enum { SEEDS = 10 };

/* The trainings of a tuning: a study of many cells gets fewer candidates, one of very many none
 * unless it is asked for. */
struct effort {
	size_t trials, folds;
	bool active;
};

static struct effort effort_of(const struct proposal *p)
{
	const double cells = p->s->sparse ? (double)p->s->stored : (double)p->s->rows * (double)p->s->columns;

	return cells <= 1e5 ? (struct effort){ 12, 5, true } : cells <= 2e6 ? (struct effort){ 8, 3, true } : (struct effort){ 6, 3, false };
}

static size_t count_words(const char *list)
{
	size_t n = 1;

	for (const char *p = list; *p; p++)
		n += *p == ',';
	return n;
}

/* Every loss gets as many settings as every other. */
static void add_tuning(struct lb_buf *b, const struct proposal *p, const struct suit *suit)
{
	const struct effort e = effort_of(p);
	const size_t losses = count_words(suit->losses);

	lb_buf_printf(b, "%stune: {trials: %zu, method: halton, folds: %zu, metric: %s}   # learning rate and parameters for each loss, at each seed:\n"
			 "                                 # %zu losses x %d seeds x (%zu settings x %zu folds + 1) = %zu trainings%s\n", e.active ? "" : "# ",
		      e.trials, e.folds, suit->tuned, losses, SEEDS, e.trials, e.folds, losses * SEEDS * (e.trials * e.folds + 1),
		      e.active ? "; without this line all have the rate above" : ", which is much for so many rows; without them all have the rate above");
}

static void add_experiment(struct lb_buf *b, const struct proposal *p)
{
	const enum lb_kind task = p->s->task;
	const struct suit *suit = suit_of(p);

	if (task == LB_MULTICLASS)
		lb_buf_puts(b, "corrupt:\n  labels: {kind: none}           # or {kind: uniform, rate: 0.3}: label noise in training and validation rows\n");
	lb_buf_printf(b, "model: {kind: linear}            # or {kind: mlp, hidden: [64], activation: relu}\n"
			 "loss: %-27s# `lossbench losses` lists them\n"
			 "optimizer: {name: sgd, lr: %s, momentum: 0.9}\n"
			 "train: {epochs: 20, batch: 64, seed: 1}\n"
			 "metrics: %s   # %s`lossbench metrics` lists them\n"
			 "sweep:                           # every combination is one trial\n"
			 "  loss: %s\n"
			 "  train.seed: {from: 1, to: %d}  # replicates: each has a split of its own\n", suit->first,
		      task == LB_REGRESSION ? "0.001" : "0.01", suit->metrics,
		      p->unbalanced ? "the classes are unbalanced; " : "", suit->losses, SEEDS);
	add_tuning(b, p, suit);
}

static void find_largest(struct proposal *p, struct lb_err *err)
{
	const struct lb_dataset *d = p->s->data;
	size_t *count = d && d->y ? lb_alloc(d->n_classes, sizeof *count, err) : NULL;

	for (size_t i = 0; count && i < d->n; i++)
		count[d->y[i]]++;
	for (size_t k = 0; count && k < d->n_classes; k++)
		p->largest = count[k] > count[p->largest] ? k : p->largest;
	if (count)
		p->share = (double)count[p->largest] / (double)d->n;
	p->unbalanced = p->share > 0.6;
	free(count);
}

/* What any model has to beat. */
static void add_baseline(struct lb_buf *b, const struct proposal *p)
{
	if (p->share > 0) {
		lb_buf_puts(b, "# Always ");
		lb_buf_visible(b, p->s->data->class_name[p->largest]);
		lb_buf_printf(b, " would be right in %.1f %% of the rows; below the losses the table says what such a constant model reaches.\n", 100 * p->share);
	} else if (p->s->task == LB_REGRESSION) {
		lb_buf_puts(b, "# Below the losses the table says what a constant model, always the mean, reaches.\n");
	}
}

static bool number_label(const struct inspected *s)
{
	const size_t j = s->label ? label_column(s) : s->columns;

	return j < s->columns && s->column[j].type == LB_NUMBER;
}

static void add_classes(struct lb_buf *b, const struct lb_dataset *d)
{
	enum { SHOWN = 8 };

	lb_buf_printf(b, ", %zu %s:", d->n_classes, d->y ? "classes" : "labels");
	for (size_t k = 0; k < d->n_classes && k < SHOWN; k++) {
		lb_buf_puts(b, k ? ", " : " ");
		lb_buf_visible(b, d->class_name[k]);
	}
	if (d->n_classes > SHOWN)
		lb_buf_puts(b, ", ...");
}

static void add_title(struct lb_buf *b, const struct proposal *p, const char *name)
{
	const struct inspected *s = p->s;

	lb_buf_puts(b, "# Which loss for ");
	lb_buf_visible(b, s->path);
	lb_buf_puts(b, "? Run it with:  lossbench sweep --config ");
	lb_buf_visible(b, p->out ? p->out : "THIS_FILE");
	lb_buf_printf(b, "\n# Then:  lossbench report results/%s\n# %zu row%s, %zu column%s", name, s->rows, lb_s(s->rows), s->columns,
		      lb_s(s->columns));
	if (s->data->n_classes)
		add_classes(b, s->data);
	lb_buf_puts(b, "; every other option is at its default: lossbench config resolve shows them.\n");
	add_baseline(b, p);
	for (size_t i = 0; i < s->data->n_warnings; i++) {
		lb_buf_puts(b, "# Warning: ");
		lb_buf_visible(b, s->data->warning[i]);
		lb_buf_puts(b, "\n");
	}
	lb_buf_printf(b, "name: %s\ntask: %s%s%s\n", name, lb_kind_name(s->task),
		      s->task == LB_MULTICLASS && number_label(s) ? "                 # or regression, if the numbers are amounts" : "",
		      !s->counts ? "" : s->task == LB_REGRESSION ? "                 # if they are counts: loss poisson or negative_binomial, preprocess: {target: none}" :
								   "; if counts: loss poisson");
}

static int make(const struct proposal *p, struct lb_err *err)
{
	struct lb_buf b = { 0 }, shown = { 0 };
	char name[64];
	int rc = 0;

	study_name(p->s->path, name, sizeof name);
	add_title(&b, p, name);
	add_data(&b, p);
	add_experiment(&b, p);
	lb_buf_visible(&shown, p->out ? p->out : "");
	if (b.bad || shown.bad)
		rc = lb_fail_memory(err, b.n);
	else if (!p->out)
		fputs(b.s, stdout);
	else if (lb_file_exists(p->out))
		rc = lb_fail(err, LB_USAGE, "%s already exists; delete it or choose another --out", p->out);
	else if (!(rc = lb_write_file(p->out, b.s, b.n, err)))
		printf("%s written; next: lossbench sweep --config %s\n", shown.s, shown.s);
	lb_buf_free(&b);
	lb_buf_free(&shown);
	return rc;
}

static int propose(const struct inspected *s, const struct inspect_options *look, const char *out, struct lb_err *err)
{
	const char target[] = "data.preprocess.target";
	struct proposal p = { .s = s, .look = look, .out = out,
			      .target_scaled = s->task == LB_REGRESSION && lb_option_find(target, sizeof target - 1) };

	if (!s->labelled)
		return lb_fail(err, LB_USAGE, "%s holds no labels: give their file with --labels FILE", s->path);
	find_largest(&p, err);
	return make(&p, err);
}

int cmd_init(int argc, char **argv, struct lb_err *err)
{
	const char *label = NULL, *labels = NULL, *out = NULL, *format = NULL;
	struct opt_list sets = { 0 };
	const struct opt opts[] = {
		{ "label", 0, OPT_TEXT, "COLUMN", 0, 0, "label column: a name or a number (-1: the last); a,b: multilabel", &label },
		{ "labels", 0, OPT_TEXT, "FILE", 0, 0, "file with the labels of an IDX image file", &labels },
		OPT_FORMAT(&format),
		{ "set", 0, OPT_LIST, "KEY=VALUE", 0, 0, "a data.* option as in a config, such as data.decimal=comma", &sets },
		{ "out", 'o', OPT_TEXT, "FILE", 0, 0, "write there instead of printing", &out },
	};
	struct inspected s;
	size_t n;

	int rc = opts_parse("init", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	const struct inspect_options look = { .label = label, .labels = labels, .format = format, .sets = sets.item, .n_sets = sets.n };
	if (n != 1)
		rc = lb_fail(err, LB_USAGE, "init: one data file is needed: lossbench init data.csv");
	else if (!(rc = inspect(argv[1], &look, &s, err))) {
		rc = propose(&s, &look, out, err);
		inspect_free(&s);
	}
	free(sets.item);
	return rc;
}
