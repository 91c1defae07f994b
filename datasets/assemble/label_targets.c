#include "datasets/assemble/align_columns.h"
#include "core/base/mem.h"
#include "datasets/assemble/join_tables.h"
#include "datasets/table/label_lists.h"
#include "datasets/io/number_notation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct lb_origin *label_origin(const struct lb_joined_table *f)
{
	return f->labels.at ? &f->labels : &f->rows;
}

int lb_joined_table_refuse_missing(const struct lb_joined_table *f, const struct lb_origin *o, const struct lb_column *c, const char *what,
				   struct lb_err *err)
{
	for (size_t i = 0; i < f->n; i++)
		if (lb_column_is_missing(c, i))
			return lb_joined_table_fail(f, o, i, err, "column '%s': the %s is missing; fill it in or delete the row%s", c->name, what,
					     c->type == LB_TEXT ? " (if a word such as None or NA is meant as a text, set data.missing_values: [], "
								  "or to the words that do mark a missing value)" : "");
	return 0;
}

int lb_joined_table_refuse_text(const struct lb_joined_table *f, const struct lb_origin *o, const struct lb_column *c, const char *what,
				const char *hint, struct lb_err *err)
{
	const size_t row = lb_column_first_text(c, f->n);

	if (c->type == LB_NUMBER)
		return 0;
	if (row < f->n) {
		struct lb_buf advice = { 0 };
		if (!lb_column_advise(c, f->n, &advice, err))
			lb_joined_table_fail(f, o, row, err, "column '%s': the %s '%s' is not a number%s%s", c->name, what, c->level[c->code[row]], hint,
				      advice.s && !advice.bad ? advice.s : "");
		lb_buf_free(&advice);
		return -1;
	}
	return lb_fail(err, LB_DATA, "%s: column '%s': the %s is text, not a number%s", o->path[0], c->name, what, hint);
}

/* ---- classes ---- */

static int refuse_fractions(const struct lb_joined_table *f, const struct lb_column *c, struct lb_err *err)
{
	char text[LB_DOUBLE_TEXT];

	for (size_t i = 0; c->type == LB_NUMBER && i < f->n; i++) {
		if (c->num[i] == floor(c->num[i]) && isfinite(c->num[i]))
			continue;
		lb_double_text(isfinite(c->num[i]) ? c->num[i] : 0, text);
		return lb_joined_table_fail(f, label_origin(f), i, err,
				     "column '%s': the label %s is not a class; class labels are whole numbers or "
				     "text. For task: regression it would be a target",
				     c->name, isfinite(c->num[i]) ? text : "inf");
	}
	return 0;
}

/* The levels that the training file has, in order, become the classes. */
static int name_classes(const struct lb_joined_table *f, struct lb_column *c, struct lb_dataset *d, struct lb_err *err)
{
	int32_t *to = lb_alloc(c->n_levels, sizeof *to, err);
	int rc = -1;

	d->class_name = lb_alloc(c->n_levels, sizeof *d->class_name, err);
	d->y = lb_alloc(f->n, sizeof *d->y, err);
	if (!to || !d->class_name || !d->y)
		goto out;
	for (size_t i = 0; i < f->n_first; i++)
		to[c->code[i]] = 1;
	for (size_t k = 0; k < c->n_levels; k++) {
		if (to[k] && !(d->class_name[d->n_classes] = lb_strdup(c->level[k], err)))
			goto out;
		to[k] = to[k] ? (int32_t)d->n_classes++ : -1;
	}
	for (size_t i = 0; i < f->n; i++)
		if ((d->y[i] = to[c->code[i]]) < 0) {
			lb_joined_table_fail(f, label_origin(f), i, err,
				      "column '%s': the class '%s' does not occur in the training file %s", c->name,
				      c->level[c->code[i]], label_origin(f)->path[0]);
			goto out;
		}
	rc = 0;
out:
	free(to);
	return rc;
}

static int check_classes(const struct lb_joined_table *f, const char *label, const struct lb_dataset *d, struct lb_err *err)
{
	const bool binary = d->kind == LB_BINARY;
	struct lb_buf b = { 0 };

	if (binary ? d->n_classes == 2 : d->n_classes >= 2)
		return 0;
	for (size_t k = 0; k < d->n_classes; k++)
		lb_some(&b, k, d->class_name[k]);
	lb_some_end(&b, d->n_classes);
	lb_fail(err, LB_DATA,
		"%s: column '%s': task %s needs %s two classes, found %zu (%s); is it the right label column, or the right task?",
		label_origin(f)->path[0], label, binary ? "binary" : "multiclass", binary ? "exactly" : "at least", d->n_classes,
		b.s && !b.bad ? b.s : "none");
	lb_buf_free(&b);
	return -1;
}

bool lb_names_class(const char *wanted, const char *name)
{
	double v;
	char text[LB_DOUBLE_TEXT];

	if (strcmp(wanted, name) == 0)
		return true;
	if (!lb_parse_double(wanted, strlen(wanted), &v) || !(fabs(v) < LB_EXACT_WHOLE))
		return false;
	lb_double_text(v, text);
	return strcmp(text, name) == 0;
}

static int make_positive(const char *positive, const char *path, struct lb_dataset *d, struct lb_err *err)
{
	if (!positive || d->kind != LB_BINARY || lb_names_class(positive, d->class_name[1]))
		return 0;
	if (!lb_names_class(positive, d->class_name[0]))
		return lb_fail(err, LB_DATA, "%s: data.positive: there is no class '%s'; the classes are '%s' and '%s'", path,
			       positive, d->class_name[0], d->class_name[1]);
	char *second = d->class_name[1];
	d->class_name[1] = d->class_name[0];
	d->class_name[0] = second;
	for (size_t i = 0; i < d->n; i++)
		d->y[i] = 1 - d->y[i];
	return 0;
}

static int warn_single(const struct lb_joined_table *f, struct lb_dataset *d, struct lb_err *err)
{
	size_t *count = lb_alloc(d->n_classes, sizeof *count, err), k = 0;
	struct lb_buf b = { 0 };
	int rc = -1;

	if (!count)
		return -1;
	for (size_t i = 0; i < f->n_first; i++)
		count[d->y[i]]++;
	for (size_t c = 0; c < d->n_classes; c++)
		if (count[c] == 1)
			lb_some(&b, k++, d->class_name[c]);
	lb_some_end(&b, k);
	if (b.bad)
		lb_fail_memory(err, b.n);
	else
		rc = k ? lb_dataset_warn(d, err, "%zu class%s only one row in the training file: %s", k,
					 k == 1 ? " has" : "es have", b.s)
		       : 0;
	lb_buf_free(&b);
	free(count);
	return rc;
}

/* ---- normal rows and anomalies ---- */

bool lb_is_normal(const char *const *normal, size_t n_normal, const char *label)
{
	for (size_t k = 0; k < n_normal; k++)
		if (lb_names_class(normal[k], label))
			return true;
	return false;
}

/* Every label of data.normal is that of some row of the training file. */
static int check_normal(const struct lb_joined_table *f, const struct lb_roles *roles, const struct lb_column *c, struct lb_err *err)
{
	for (size_t k = 0; k < roles->n_normal; k++) {
		bool found = false;
		for (size_t i = 0; i < f->n_first && !found; i++)
			found = lb_names_class(roles->normal[k], c->level[c->code[i]]);
		if (found)
			continue;
		struct lb_buf b = { 0 };
		for (size_t v = 0; v < c->n_levels; v++)
			lb_some(&b, v, c->level[v]);
		lb_some_end(&b, c->n_levels);
		const char *near = lb_nearest(roles->normal[k], (const char *const *)c->level, c->n_levels);
		lb_fail(err, LB_DATA, "%s: data.normal: no row of column '%s' has the label '%.60s'; the labels are %s%s%s%s", label_origin(f)->path[0], c->name,
			roles->normal[k], b.s && !b.bad ? b.s : "none", near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
		lb_buf_free(&b);
		return -1;
	}
	return 0;
}

/* Two classes, whether there are anomalies or not. */
static int code_anomalies(struct lb_joined_table *f, const struct lb_roles *roles, struct lb_dataset *d, struct lb_err *err)
{
	static const char *const names[] = { "normal", "anomaly" };
	struct lb_column *c = lb_joined_table_column(f, LB_TARGET);

	if (lb_joined_table_refuse_missing(f, label_origin(f), c, "label", err) || (c->type == LB_NUMBER && lb_column_to_text(c, f->n, err)) || check_normal(f, roles, c, err))
		return -1;
	d->class_name = lb_alloc(sizeof names / sizeof *names, sizeof *d->class_name, err);
	d->y = lb_alloc(f->n, sizeof *d->y, err);
	if (!d->class_name || !d->y)
		return -1;
	for (size_t k = 0; k < sizeof names / sizeof *names; k++)
		if (!(d->class_name[d->n_classes++] = lb_strdup(names[k], err)))
			return -1;
	for (size_t i = 0; i < f->n; i++)
		d->y[i] = !lb_is_normal(roles->normal, roles->n_normal, c->level[c->code[i]]);
	return 0;
}

static int code_classes(struct lb_joined_table *f, const struct lb_roles *roles, struct lb_dataset *d, struct lb_err *err)
{
	struct lb_column *c = lb_joined_table_column(f, LB_TARGET);

	if (lb_joined_table_refuse_missing(f, label_origin(f), c, "label", err) || refuse_fractions(f, c, err))
		return -1;
	if (c->type == LB_NUMBER ? lb_column_to_text(c, f->n, err) : lb_column_sort_classes(c, f->n, err))
		return -1;
	if (name_classes(f, c, d, err) || check_classes(f, c->name, d, err))
		return -1;
	if (make_positive(roles->positive, label_origin(f)->path[0], d, err))
		return -1;
	return warn_single(f, d, err);
}

/* ---- numbers ---- */

/* Refuses a number that is no target of the kind. */
static int check_target(const struct lb_joined_table *f, const struct lb_column *c, size_t i, enum lb_kind kind, struct lb_err *err)
{
	const double v = c->num[i];

	if (!isfinite(v))
		return lb_joined_table_fail(f, label_origin(f), i, err, "column '%s': the %s is infinite", c->name, kind == LB_SURVIVAL ? "time" : "target");
	if (kind == LB_RANKING && !(v >= 0 && v <= LB_MOST_GRADE))
		return lb_joined_table_fail(f, label_origin(f), i, err, "column '%s': the grade %g is not from 0 to %d", c->name, v, LB_MOST_GRADE);
	if (kind == LB_SURVIVAL && v < 0)
		return lb_joined_table_fail(f, label_origin(f), i, err, "column '%s': the time %g is below 0", c->name, v);
	return 0;
}

static int code_targets(struct lb_joined_table *f, struct lb_dataset *d, struct lb_err *err)
{
	const bool survival = d->kind == LB_SURVIVAL;
	const char *what = survival ? "time" : "target", *hint = survival ? "" : "; task: regression needs numbers";
	size_t t = 0;

	for (size_t j = 0; j < f->n_cols; j++)
		d->n_targets += f->role[j] == LB_TARGET;
	if (!(d->target = lb_alloc(f->n * d->n_targets, sizeof *d->target, err)))
		return -1;
	for (size_t j = 0; j < f->n_cols; j++) {
		struct lb_column *c = &f->col[j];
		if (f->role[j] != LB_TARGET)
			continue;
		if (lb_column_first_text(c, f->n) == f->n && lb_column_to_number(c, f->n, err))
			return -1;
		if (lb_joined_table_refuse_missing(f, label_origin(f), c, what, err) || lb_joined_table_refuse_text(f, label_origin(f), c, what, hint, err))
			return -1;
		for (size_t i = 0; i < f->n; i++) {
			if (check_target(f, c, i, d->kind, err))
				return -1;
			d->target[i * d->n_targets + t] = c->num[i];
		}
		t++;
	}
	return 0;
}

/* ---- events ---- */

int lb_event_of(const char *text, const char *positive)
{
	static const char *const no[] = { "0", "false", "FALSE", "False" }, *const yes[] = { "1", "true", "TRUE", "True" };

	if (positive)
		return lb_names_class(positive, text);
	for (size_t k = 0; k < sizeof no / sizeof *no; k++)
		if (!strcmp(text, no[k]) || !strcmp(text, yes[k]))
			return !strcmp(text, yes[k]);
	return -1;
}

static int code_events(struct lb_joined_table *f, const struct lb_roles *roles, struct lb_dataset *d, struct lb_err *err)
{
	struct lb_column *c = lb_joined_table_column(f, LB_EVENT);
	bool seen = false;

	if (!c)
		return lb_fail(err, LB_DATA, "%s: no column says whether the event of a row was seen; name it with data.event", f->rows.path[0]);
	if (lb_joined_table_refuse_missing(f, &f->rows, c, "event", err) || lb_column_to_text(c, f->n, err))
		return -1;
	if (!(d->event = lb_alloc(f->n, sizeof *d->event, err)))
		return -1;
	for (size_t i = 0; i < f->n; i++) {
		const char *text = c->level[c->code[i]];
		if ((d->event[i] = lb_event_of(text, roles->positive)) < 0)
			return lb_joined_table_fail(f, &f->rows, i, err, "column '%s': the event '%s' is neither 1 nor 0 (true or false); name the value that "
						    "is an event with data.positive", c->name, text);
		seen |= d->event[i] == 1;
	}
	return seen || !roles->positive ? 0 : lb_fail(err, LB_DATA, "%s: data.positive: there is no '%s' in column '%s'", f->rows.path[0], roles->positive, c->name);
}

int lb_joined_table_labels(struct lb_joined_table *f, const struct lb_roles *roles, struct lb_dataset *d, struct lb_err *err)
{
	if (d->kind == LB_SURVIVAL && code_events(f, roles, d, err))
		return -1;
	if (d->kind == LB_ANOMALY)
		return code_anomalies(f, roles, d, err);
	return lb_kind_of_targets(d->kind) ? code_targets(f, d, err) : d->kind == LB_MULTILABEL ? lb_joined_table_multilabel(f, d, err) :
										      code_classes(f, roles, d, err);
}

int lb_joined_table_weight(struct lb_joined_table *f, struct lb_dataset *d, struct lb_err *err)
{
	struct lb_column *c = lb_joined_table_column(f, LB_WEIGHT);
	char text[LB_DOUBLE_TEXT];
	double sum = 0;

	if (!c)
		return 0;
	if (lb_joined_table_refuse_missing(f, &f->rows, c, "weight", err) || lb_joined_table_refuse_text(f, &f->rows, c, "weight", "", err))
		return -1;
	for (size_t i = 0; i < f->n; i++) {
		if (!isfinite(c->num[i]))
			return lb_joined_table_fail(f, &f->rows, i, err, "column '%s': the weight is infinite", c->name);
		if (c->num[i] < 0) {
			lb_double_text(c->num[i], text);
			return lb_joined_table_fail(f, &f->rows, i, err, "column '%s': the weight %s is negative; weights are 0 or more",
					     c->name, text);
		}
		sum += i < f->n_first ? c->num[i] : 0;
	}
	if (!(sum > 0))
		return lb_fail(err, LB_DATA, "%s: column '%s': all weights are 0; at least one must be positive", f->rows.path[0],
			       c->name);
	d->weight = c->num;
	c->num = NULL;
	return 0;
}

/* Adds a column, or its log, to the offsets of the rows. */
static int add_offset(struct lb_joined_table *f, enum lb_role role, struct lb_dataset *d, struct lb_err *err)
{
	const bool exposure = role == LB_EXPOSURE;
	const char *what = exposure ? "exposure" : "offset";
	struct lb_column *c = lb_joined_table_column(f, role);
	char text[LB_DOUBLE_TEXT];

	if (!c)
		return 0;
	if (lb_joined_table_refuse_missing(f, &f->rows, c, what, err) || lb_joined_table_refuse_text(f, &f->rows, c, what, "", err) ||
	    (!d->offset && !(d->offset = lb_alloc(f->n, sizeof *d->offset, err))))
		return -1;
	for (size_t i = 0; i < f->n; i++) {
		if (!isfinite(c->num[i]))
			return lb_joined_table_fail(f, &f->rows, i, err, "column '%s': the %s is infinite", c->name, what);
		if (exposure && !(c->num[i] > 0)) {
			lb_double_text(c->num[i], text);
			return lb_joined_table_fail(f, &f->rows, i, err, "column '%s': the exposure %s is not above 0", c->name, text);
		}
		d->offset[i] += exposure ? log(c->num[i]) : c->num[i];
	}
	return 0;
}

int lb_joined_table_offset(struct lb_joined_table *f, struct lb_dataset *d, struct lb_err *err)
{
	return add_offset(f, LB_OFFSET, d, err) || add_offset(f, LB_EXPOSURE, d, err) ? -1 : 0;
}

/* code <- the number of each row's value, in the order of the values. */
static int take_codes(struct lb_joined_table *f, enum lb_role role, const char *what, int32_t **code, struct lb_err *err)
{
	struct lb_column *c = lb_joined_table_column(f, role);

	if (!c)
		return 0;
	if (lb_joined_table_refuse_missing(f, &f->rows, c, what, err) || lb_column_to_text(c, f->n, err) || lb_column_sort_levels(c, f->n, err))
		return -1;
	*code = c->code;
	c->code = NULL;
	return 0;
}

/* Takes the values of the groups, which queries do without. */
static void take_group_names(struct lb_joined_table *f, struct lb_dataset *d)
{
	struct lb_column *c = lb_joined_table_column(f, LB_GROUP_COLUMN);

	if (!c || d->kind == LB_RANKING)
		return;
	d->group_name = c->level;
	d->n_groups = c->n_levels;
	c->level = NULL;
	c->n_levels = 0;
}

int lb_joined_table_groups(struct lb_joined_table *f, struct lb_dataset *d, struct lb_err *err)
{
	const int rc = take_codes(f, LB_GROUP_COLUMN, "group", &d->group, err) || take_codes(f, LB_SUBGROUP, "subgroup", &d->subgroup, err) ? -1 : 0;

	if (!rc)
		take_group_names(f, d);
	return rc;
}
