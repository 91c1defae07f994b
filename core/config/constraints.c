#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/config/constraint.h"
#include "core/config/constraint_check.h"
#include "core/config/defaults.h"
#include "core/config/unknown_key.h"
#include "core/config/yaml_overlay.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const cJSON *lb_resolved(const struct lb_resolving *r, const char *path)
{
	if (r->reads)
		*r->reads |= lb_option_top(path);
	return lb_json_at(r->out, path);
}

static double resolved_number(const struct lb_resolving *r, const char *path, double otherwise)
{
	const cJSON *item = lb_resolved(r, path);

	return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

/* Whether a text can stand in a path as people write it: not blank, no control characters, valid
 * UTF-8. */
static bool is_written(const char *text)
{
	const char *p = text;

	while (*p && (unsigned char)*p >= ' ' && *p != 127)
		p++;
	return !*p && text[strspn(text, " ")] && lb_utf8_valid(text, strlen(text));
}

/* The name becomes that of a folder, also where it is the file's own. */
static void name_is_a_folder(const struct lb_resolving *r)
{
	const char *name = cJSON_GetStringValue(lb_resolved(r, "name"));

	if (name && (!is_written(name) || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..") || strlen(name) > 200))
		diagnostic(r, "name", "found \"%.60s\", allowed: 1 to 200 bytes that can name a folder, without \"/\" and control characters; give one: "
		      "name: my-study", name);
}

static void dir_is_a_folder(const struct lb_resolving *r)
{
	const char *dir = cJSON_GetStringValue(lb_resolved(r, "output.dir"));

	if (dir && (!is_written(dir) || !dir[strspn(dir, "/")] || strlen(dir) > 3000))
		diagnostic(r, "output.dir", "found \"%.60s\", allowed: the path of a folder of its own for the records, without control characters; "
		      "leave it out for results/<name>", dir);
}

/* ---- where the rows come from ---- */

/* Returns true if `data` and data.train are blocks, or absent: else they were reported before. */
static bool source_is_read(const struct lb_resolving *r)
{
	const struct lb_node *train = lb_option_set(r, "data.train"), *data = lb_option_set(r, "data");

	return !((train && train->type != LB_MAPPING) || (data && data->type != LB_MAPPING));
}

static void source_is_one(const struct lb_resolving *r)
{
	const bool file = lb_option_set(r, "data.train.path"), made = lb_option_set(r, "data.generator");

	if (source_is_read(r) && made && lb_option_set(r, "data.train"))
		diagnostic(r, "data.generator", "cannot be combined with data.train; keep one");
	else if (source_is_read(r) && !made && !file)
		diagnostic(r, "data.train.path", "is missing, allowed: a data file; or give data.generator");
}

static void made_data_has_no_files(const struct lb_resolving *r)
{
	if (!source_is_read(r) || !lb_option_set(r, "data.generator"))
		return;
	if (lb_option_set(r, "data.test"))
		diagnostic(r, "data.test", "cannot be combined with data.generator; use data.split");
	if (lb_option_set(r, "data.valid"))
		diagnostic(r, "data.valid", "cannot be combined with data.generator; use data.split");
	if (lb_option_set(r, "data.label"))
		diagnostic(r, "data.label", "cannot be combined with data.generator, which names its own label; remove it");
}

/* A mark cannot separate thousands and decimals. */
static void marks_differ(const struct lb_resolving *r)
{
	const char *decimal = lb_given_text(r, "data.decimal", "point"), *thousands = lb_given_text(r, "data.thousands", "none");

	if (!strcmp(decimal, thousands))
		diagnostic(r, "data.thousands", "found %s, which is the decimal mark too; set data.decimal or choose another separator", thousands);
}

/* ---- what only some tasks have ---- */

static void dimension_has_embeddings(const struct lb_resolving *r)
{
	const double dimension = resolved_number(r, "model.dimension", -1);

	if (r->kind == LB_EMBEDDING && dimension == 0)
		diagnostic(r, "model.dimension", "is missing, allowed: the number of columns of the embedding, such as 32; the task is embedding");
	if (r->kind < LB_N_KINDS && r->kind != LB_EMBEDDING && r->kind != LB_ANOMALY && dimension > 0)
		diagnostic(r, "model.dimension", "found %.0f, allowed: 0; the model gives one score a class, only task embedding has a dimension",
		      dimension);
}

static void distillation_has_a_teacher(const struct lb_resolving *r)
{
	const bool file = lb_option_set(r, "data.teacher"), side = lb_option_set(r, "data.side.teacher"), features = lb_option_set(r, "data.side.teacher_features");

	if (r->kind == LB_N_KINDS)
		return;
	if (r->kind == LB_DISTILLATION && !file && !side && !features)
		diagnostic(r, "data.teacher", "is missing, allowed: a file of the teacher's scores; or give data.side.teacher, a saved model; the task "
		      "is distillation");
	if (file && side)
		diagnostic(r, "data.side.teacher", "cannot be combined with data.teacher; keep one");
	if (r->kind != LB_DISTILLATION && r->kind != LB_RANKING && r->kind != LB_REGRESSION && (file || side))
		diagnostic(r, side ? "data.side.teacher" : "data.teacher", "goes with task: distillation, ranking or regression alone; remove it");
	if (r->kind != LB_REGRESSION && lb_option_set(r, "data.side.second_teacher"))
		diagnostic(r, "data.side.second_teacher", "goes with task: regression alone; remove it");
	if (r->kind != LB_DISTILLATION && features)
		diagnostic(r, "data.side.teacher_features", "goes with task: distillation alone; remove it");
}

static void labels_have_several(const struct lb_resolving *r)
{
	if (r->kind < LB_N_KINDS && r->kind != LB_MULTILABEL && cJSON_GetArraySize(lb_resolved(r, "data.labels")) > 0)
		diagnostic(r, "data.labels", "goes with task: multilabel alone; remove it, or name one column with data.train.label");
	if (r->kind == LB_MULTILABEL && (lb_option_set(r, "data.label") || lb_option_set(r, "data.train.label")))
		diagnostic(r, lb_option_set(r, "data.label") ? "data.label" : "data.train.label", "names one column; the task is multilabel: name all of "
		      "them with data.labels: [NAME, ...]");
}

static void ranking_has_queries(const struct lb_resolving *r)
{
	if (r->kind == LB_RANKING && !lb_option_set(r, "data.query"))
		diagnostic(r, "data.query", "is missing, allowed: the column that names the query of each row, such as qid; the task is ranking");
	if (r->kind < LB_N_KINDS && r->kind != LB_RANKING && lb_option_set(r, "data.query"))
		diagnostic(r, "data.query", "goes with task: ranking alone; remove it, or keep rows together with data.group");
	if (r->kind == LB_RANKING && lb_option_set(r, "data.group"))
		diagnostic(r, "data.group", "cannot be combined with task: ranking, where data.query keeps rows together; remove it");
}

static void survival_has_times(const struct lb_resolving *r)
{
	static const char *const names[] = { "data.label", "data.train.label", "data.train.labels" };
	const bool survival = r->kind == LB_SURVIVAL;

	if (survival && !lb_option_set(r, "data.time"))
		diagnostic(r, "data.time", "is missing, allowed: the column of the time to the event or the censoring; the task is survival");
	if (survival && !lb_option_set(r, "data.event"))
		diagnostic(r, "data.event", "is missing, allowed: the column that says whether the event was seen (1) or the row is censored (0); the task "
		      "is survival");
	for (size_t i = 0; survival && i < sizeof names / sizeof *names; i++)
		if (lb_option_set(r, names[i]))
			diagnostic(r, names[i], "cannot be combined with task: survival, where data.time and data.event are what is learned; remove it");
	if (r->kind < LB_N_KINDS && !survival && lb_option_set(r, "data.time"))
		diagnostic(r, "data.time", "goes with task: survival alone; remove it");
	if (r->kind < LB_N_KINDS && !survival && lb_option_set(r, "data.event"))
		diagnostic(r, "data.event", "goes with task: survival alone; remove it");
}

/* Returns the first of the options that tell what a teacher says of the rows, and is given; or
 * NULL. */
static const char *given_teacher(const struct lb_resolving *r)
{
	static const char *const paths[] = { "data.side.teacher", "data.teacher", "data.side.second_teacher", "data.side.teacher_features" };

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (lb_option_set(r, paths[i]))
			return paths[i];
	return NULL;
}

static void teacher_has_every_row(const struct lb_resolving *r)
{
	const char *teacher = given_teacher(r);

	if (r->kind < LB_N_KINDS && teacher && !strcmp(lb_given_text(r, "data.missing", ""), "drop"))
		diagnostic(r, teacher, "cannot be combined with data.missing: drop, which would shift its rows; use mean");
}

static void guide_has_every_row(const struct lb_resolving *r)
{
	const char *path = "data.side.guide";

	if (!lb_option_set(r, path) || r->kind >= LB_N_KINDS)
		return;
	if (r->kind != LB_EMBEDDING)
		diagnostic(r, path, "goes with task: embedding alone; remove it");
	if (!strcmp(lb_given_text(r, "data.missing", ""), "drop"))
		diagnostic(r, path, "cannot be combined with data.missing: drop, which would shift its rows; use mean");
	if (lb_option_set(r, "data.ignore_labels"))
		diagnostic(r, path, "cannot be combined with data.ignore_labels, which would shift its rows; remove the rows from both files");
}

static void soft_labels_are_the_rows(const struct lb_resolving *r)
{
	const char *path = "data.side.soft_labels";

	if (!lb_option_set(r, path) || r->kind >= LB_N_KINDS)
		return;
	if (r->kind != LB_MULTICLASS && r->kind != LB_BINARY)
		diagnostic(r, path, "goes with task multiclass or binary, found %s; remove it", lb_kind_name(r->kind));
	const bool file = lb_option_set(r, path)->type == LB_SCALAR;
	if (file && !strcmp(lb_given_text(r, "data.missing", ""), "drop"))
		diagnostic(r, path, "cannot be combined with data.missing: drop, which would shift its rows; use mean, or columns of the table");
	if (file && lb_option_set(r, "data.ignore_labels"))
		diagnostic(r, path, "cannot be combined with data.ignore_labels, which would shift its rows; remove the rows from both files, or use columns of "
			   "the table");
	if (lb_option_set(r, path)->type != LB_MAPPING && lb_option_set(r, "data.positive"))
		diagnostic(r, path, "cannot be combined with data.positive, which would exchange its columns; name the table's column of each class, {CLASS: "
			   "COLUMN, OTHER: COLUMN}, or the classes so that the positive one is the second");
}

static void ignored_labels_are_classes(const struct lb_resolving *r)
{
	if (!lb_option_set(r, "data.ignore_labels") || r->kind >= LB_N_KINDS)
		return;
	if (lb_kind_of_columns(r->kind))
		diagnostic(r, "data.ignore_labels", "goes with classes, of which task %s has no one a row; remove it", lb_kind_name(r->kind));
	if (given_teacher(r))
		diagnostic(r, "data.ignore_labels", "cannot be combined with a teacher, whose scores belong to rows by their order; remove the rows from both "
			   "files");
}

static void anomalies_have_normal_rows(const struct lb_resolving *r)
{
	const bool anomaly = r->kind == LB_ANOMALY, given = lb_option_set(r, "data.normal");
	const cJSON *normal = lb_resolved(r, "data.normal");

	if (anomaly && (!given || (cJSON_IsArray(normal) && !cJSON_GetArraySize(normal))))
		diagnostic(r, "data.normal", "is missing, allowed: the label values of normal rows, such as [normal] or [0]; the task is anomaly");
	if (r->kind < LB_N_KINDS && !anomaly && given)
		diagnostic(r, "data.normal", "goes with task: anomaly alone; remove it");
	if (r->kind < LB_N_KINDS && !anomaly && lb_option_set(r, "data.anomalies"))
		diagnostic(r, "data.anomalies", "goes with task: anomaly alone; remove it");
	if (anomaly && lb_option_set(r, "data.positive"))
		diagnostic(r, "data.positive", "cannot be combined with task: anomaly, whose labels data.normal reads; remove it");
	if (anomaly && lb_option_set(r, "data.generator"))
		diagnostic(r, "data.generator", "cannot be combined with task: anomaly, whose rows come from files; remove it");
}

static void target_is_a_number(const struct lb_resolving *r)
{
	const char *target = cJSON_GetStringValue(lb_resolved(r, "data.preprocess.target"));

	if (target && strcmp(target, "none") && r->kind < LB_N_KINDS && r->kind != LB_REGRESSION)
		diagnostic(r, "data.preprocess.target", "found %s, allowed: none; the task is %s, and only a regression has targets to scale", target,
		      lb_kind_name(r->kind));
}

static void offset_has_a_number(const struct lb_resolving *r)
{
	static const char *const path[] = { "data.offset", "data.exposure" };

	for (size_t i = 0; i < sizeof path / sizeof *path; i++)
		if (r->kind < LB_N_KINDS && r->kind != LB_REGRESSION && lb_option_set(r, path[i]))
			diagnostic(r, path[i], "goes with task: regression alone; remove it, or name the column in data.drop");
}

/* ---- data.split ---- */

/* The keys that only some forms of a split have. */
static const struct {
	const char *path;
	unsigned forms;
} split_keys[] = {
	{ "data.split.first", 1 << LB_FIRST },
	{ "data.split.modulo", 1 << LB_MODULO },
	{ "data.split.folds", 1 << LB_FOLDS },
	{ "data.split.fold", 1 << LB_FOLDS },
	{ "data.split.train", 1 << LB_FRACTIONS },
	{ "data.split.test", 1 << LB_FRACTIONS | 1 << LB_MODULO },
};

static void split_has_one_form(const struct lb_resolving *r)
{
	const enum lb_split_form form = lb_split_form_of(r);
	const struct lb_node *test = lb_option_set(r, "data.split.test");

	for (size_t i = 0; i < sizeof split_keys / sizeof *split_keys; i++) {
		const char *path = split_keys[i].path;
		if (!lb_option_set(r, path) || split_keys[i].forms & 1U << form)
			continue;
		if (form == LB_FRACTIONS)
			diagnostic(r, path, "goes with data.split.folds, which is missing; give the number of folds");
		else
			diagnostic(r, path, "cannot be combined with %s; keep one", lb_split_form_path[form]);
	}
	if (form == LB_MODULO && !test)
		diagnostic(r, "data.split.test", "is missing, allowed: a list of residues of modulo, such as [0]");
	if (form == LB_FRACTIONS && test && test->type == LB_SEQUENCE)
		diagnostic(r, "data.split.test", "found a list, allowed: a number in [0, 1); a list goes with data.split.modulo");
	if (form != LB_FRACTIONS && lb_option_set(r, "data.test"))
		diagnostic(r, lb_split_form_path[form], "cannot be combined with data.test, whose rows are the test part; use train and valid");
}

/* The keys that a split by classes excludes. */
static void held_classes_split(const struct lb_resolving *r)
{
	static const char *const others[] = { "data.split.train", "data.split.first", "data.split.modulo", "data.split.folds", "data.group", "data.cv", "data.test", "data.valid" };
	const char *path = "data.split.hold_out_classes";
	const struct lb_node *held = lb_option_set(r, path);

	if (!held)
		return;
	if (r->kind < LB_N_KINDS && r->kind != LB_EMBEDDING)
		diagnostic(r, path, "goes with task: embedding alone, whose rows can be of classes that training lacks; remove it");
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (lb_option_set(r, others[i]))
			diagnostic(r, others[i], "cannot be combined with %s, by which all rows of the other classes train; leave it out", path);
	if (held->type == LB_MAPPING)
		diagnostic(r, path, "found a block, allowed: a number of classes, or a list of their names, such as [a, b]");
}

static void residues_are_some(const struct lb_resolving *r)
{
	const cJSON *test = lb_resolved(r, "data.split.test"), *a, *b;
	const double modulo = resolved_number(r, "data.split.modulo", 0);
	double distinct = 0;

	if (modulo == 0 || !cJSON_IsArray(test))
		return;
	cJSON_ArrayForEach(a, test) {
		for (b = test->child; b != a && b->valuedouble != a->valuedouble;)
			b = b->next;
		if (a->valuedouble >= modulo)
			diagnostic(r, "data.split.test", "found %.0f, allowed: residues in [0, %.0f]", a->valuedouble, modulo - 1);
		else if (b != a)
			diagnostic(r, "data.split.test", "%.0f stands twice; keep one", a->valuedouble);
		distinct += b == a && a->valuedouble < modulo;
	}
	if (!cJSON_GetArraySize(test) || distinct >= modulo)
		diagnostic(r, "data.split.test", "found %.0f residues of %.0f, allowed: at least one, and not all", distinct, modulo);
}

static void shares_leave_rows(const struct lb_resolving *r)
{
	const double train = resolved_number(r, "data.split.train", -1), valid = resolved_number(r, "data.split.valid", 0);
	const double test = resolved_number(r, "data.split.test", 0), sum = train + valid + test;
	char text[LB_DOUBLE_TEXT];

	if (train < 0 && lb_resolved(r, "data.split.train"))
		diagnostic(r, "data.split", "valid and test sum to more than 1; nothing is left for training");
	else if (train == 0)
		diagnostic(r, "data.split", "valid and test sum to 1; nothing is left for training");
	else if (train > 0 && sum > 1 + 1e-9) {
		lb_double_text(lb_tidy(sum), text);
		diagnostic(r, "data.split", "train, valid and test sum to %s, allowed: at most 1", text);
	}
	if (train >= 0 && test > 0 && lb_option_set(r, "data.test"))
		diagnostic(r, "data.split.test", "cannot be combined with data.test, whose rows are the test part; leave it out");
	if (valid > 0 && lb_option_set(r, "data.valid"))
		diagnostic(r, "data.split.valid", "cannot be combined with data.valid, whose rows are the validation part; leave it out");
}

static void check_fold(const struct lb_resolving *r, const char *fold, const char *folds)
{
	const double n = resolved_number(r, folds, 0), k = resolved_number(r, fold, 0);

	if (n > 0 && k >= n)
		diagnostic(r, fold, "found %.0f, allowed: an integer in [0, %.0f]", k, n - 1);
}

static void fold_is_one_of_them(const struct lb_resolving *r)
{
	check_fold(r, "data.split.fold", "data.split.folds");
}

static void cv_fold_is_one_of_them(const struct lb_resolving *r)
{
	check_fold(r, "data.cv.fold", "data.cv.folds");
}

static void stratify_has_strata(const struct lb_resolving *r)
{
	if (!cJSON_IsTrue(lb_resolved(r, "data.split.stratify")))
		return;
	if (r->kind < LB_N_KINDS && lb_kind_of_columns(r->kind) && r->kind != LB_SURVIVAL)
		diagnostic(r, "data.split.stratify", "found true, allowed: false; the task is %s, which has neither classes nor events whose shares could be "
			   "kept", lb_kind_name(r->kind));
	else if (lb_option_set(r, "data.group"))
		diagnostic(r, "data.split.stratify", "cannot be combined with data.group; keep one");
}

/* ---- metrics that decide ---- */

static void stopping_has_a_share(const struct lb_resolving *r)
{
	if (lb_resolved(r, "train.early_stopping") && resolved_number(r, "data.split.valid", 1) == 0 && !lb_resolved(r, "data.cv") &&
	    !lb_option_set(r, "data.valid"))
		diagnostic(r, "train.early_stopping", "needs validation rows, data.split.valid is 0; raise it, give data.valid, or remove early_stopping");
}

/* ---- the table ---- */

static const struct {
	struct lb_constraint base;
	void (*check)(const struct lb_resolving *r); /* reports what is wrong as diagnostics */
} constraints[] = {
	{ { "name", LB_BY_CONFIG, "The name can be that of a folder: no slash, no control characters, at most 200 bytes." }, name_is_a_folder },
	{ { "output.dir", LB_BY_CONFIG, "The folder of the records is a path without control characters, and not the root." }, dir_is_a_folder },
	{ { "data.generator", LB_BY_CONFIG, "Either data.train.path or data.generator is given, not both." }, source_is_one },
	{ { "data.generator", LB_BY_CONFIG, "Generated data have no data.valid, data.test or data.label; data.split divides them." }, made_data_has_no_files },
	{ { "data.thousands", LB_BY_CONFIG, "The thousands separator differs from the decimal mark." }, marks_differ },
	{ { "model.dimension", LB_BY_CONFIG, "Task embedding needs a dimension above 0; every other task but anomaly has dimension 0." }, dimension_has_embeddings },
	{ { "data.teacher", LB_BY_CONFIG, "Task distillation needs data.teacher or data.side.teacher, not both, or data.side.teacher_features; of the other tasks ranking and regression alone take one, and regression a second." }, distillation_has_a_teacher },
	{ { "data.labels", LB_BY_CONFIG, "Only task multilabel takes data.labels, and then neither data.label nor data.train.label." }, labels_have_several },
	{ { "data.query", LB_BY_CONFIG, "Task ranking needs data.query and takes no data.group; no other task has queries." }, ranking_has_queries },
	{ { "data.time", LB_BY_CONFIG, "Task survival needs data.time and data.event and takes no data.label; no other task has them." }, survival_has_times },
	{ { "data.teacher", LB_BY_CONFIG, "With a teacher, data.missing is not drop: its scores belong to rows by their order." }, teacher_has_every_row },
	{ { "data.side.guide", LB_BY_CONFIG, "A guide needs task embedding and excludes data.missing: drop and data.ignore_labels: what it says belongs to rows by their order." }, guide_has_every_row },
	{ { "data.normal", LB_BY_CONFIG, "Task anomaly needs data.normal and a data file, and takes no data.positive; no other task has data.normal or data.anomalies." }, anomalies_have_normal_rows },
	{ { "data.side.soft_labels", LB_BY_CONFIG, "Soft labels need task multiclass or binary; those of a file exclude data.missing: drop and data.ignore_labels, those without the names of the classes data.positive: they belong to rows, and to classes, by their order." }, soft_labels_are_the_rows },
	{ { "data.ignore_labels", LB_BY_CONFIG, "Label values to leave out need a task whose rows have one class each, and no teacher." }, ignored_labels_are_classes },
	{ { "data.split", LB_BY_CONFIG, "A split is given by shares, or by one of first, modulo and folds; these three exclude data.test, and modulo needs a list in data.split.test." }, split_has_one_form },
	{ { "data.split.hold_out_classes", LB_BY_CONFIG, "Classes can be held out in task embedding, with shares valid and test alone: no train, first, modulo, folds, data.group, data.cv, data.test or data.valid." }, held_classes_split },
	{ { "data.split.test", LB_BY_CONFIG, "The residues that test are different, below modulo, at least one and not all." }, residues_are_some },
	{ { "data.split", LB_BY_CONFIG, "The shares sum to at most 1 and leave training rows; valid is 0 beside data.valid, test is 0 beside data.test." }, shares_leave_rows },
	{ { "data.split.fold", LB_BY_CONFIG, "The fold is below data.split.folds." }, fold_is_one_of_them },
	{ { "data.split.stratify", LB_BY_CONFIG, "A stratified split needs classes or the events of survival, so not with regression, multilabel or ranking, and no data.group." }, stratify_has_strata },
	{ { "data.offset", LB_BY_CONFIG, "Only task regression has offsets (data.offset, data.exposure)." }, offset_has_a_number },
	{ { "data.preprocess.target", LB_BY_CONFIG, "Only task regression has targets to standardize." }, target_is_a_number },
	{ { "train.early_stopping", LB_BY_CONFIG, "Early stopping needs validation rows: a share in data.split.valid, data.valid or data.cv." }, stopping_has_a_share },
	{ { "train.early_stopping.metric", LB_BY_CONFIG, "The metric is valid.NAME, with NAME one of the metrics." }, lb_stopping_has_a_metric },
	{ { "tune.metric", LB_BY_CONFIG, "The metric is valid.NAME, with NAME one of the metrics." }, lb_tuning_has_a_metric },
	{ { "data.cv.fold", LB_BY_CONFIG, "The fold is below data.cv.folds." }, cv_fold_is_one_of_them },
};

enum { N_CONSTRAINTS = sizeof constraints / sizeof *constraints };
_Static_assert((int)N_CONSTRAINTS <= (int)LB_MOST_CONFIG_CONSTRAINTS, "there is a word of reads for each constraint");

const struct lb_constraint *lb_config_constraint(size_t i)
{
	return i < N_CONSTRAINTS ? &constraints[i].base : NULL;
}

void lb_config_check(struct lb_resolving *r, uint64_t reads[LB_MOST_CONFIG_CONSTRAINTS], uint64_t changed)
{
	for (size_t i = 0; i < N_CONSTRAINTS; i++) {
		if (reads[i] && !(reads[i] & changed))
			continue;
		reads[i] = 0;
		r->reads = &reads[i];
		constraints[i].check(r);
	}
	r->reads = NULL;
}
