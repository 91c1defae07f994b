#include "core/base/text.h"
#include "core/config/internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What was given, read without complaint: a wrong value is reported where its option is
 * resolved. */

static double number_or(const struct lb_resolving *r, const char *path, double otherwise)
{
	const struct lb_node *node = lb_given(r, path);
	double v;

	return node && node->type == LB_SCALAR && lb_parse_double(node->text, strlen(node->text), &v) ? v : otherwise;
}

static const char *text_or(const struct lb_resolving *r, const char *path, const char *otherwise)
{
	const struct lb_node *node = lb_given(r, path);

	return node && node->type == LB_SCALAR ? node->text : otherwise;
}

double lb_rule_seed(const struct lb_resolving *r)
{
	return number_or(r, "train.seed", lb_option_find("train.seed", strlen("train.seed"))->param.def);
}

/* The forms of data.split and the keys that only some of them have. */

enum form { FRACTIONS, FIRST, MODULO, FOLDS };

static const struct {
	const char *path;
	unsigned forms;
} split_keys[] = {
	{ "data.split.first", 1 << FIRST },
	{ "data.split.modulo", 1 << MODULO },
	{ "data.split.folds", 1 << FOLDS },
	{ "data.split.fold", 1 << FOLDS },
	{ "data.split.train", 1 << FRACTIONS },
	{ "data.split.test", 1 << FRACTIONS | 1 << MODULO },
};

static const char *const form_paths[] = {
	[FRACTIONS] = "data.split.train", [FIRST] = "data.split.first", [MODULO] = "data.split.modulo", [FOLDS] = "data.split.folds"
};

static enum form form_of(const struct lb_resolving *r)
{
	for (int form = FIRST; form <= FOLDS; form++)
		if (lb_given(r, form_paths[form]))
			return (enum form)form;
	return FRACTIONS;
}

bool lb_rule_takes_list(const struct lb_resolving *r, const struct lb_option *o, const struct lb_node *node)
{
	return o->list && (node->type == LB_SEQUENCE || form_of(r) == MODULO);
}

/* 1 - 0.2 - 0.2 is 0.6, not 0.6000000000000001. */
static double tidy(double v)
{
	return round(v * 1e12) / 1e12;
}

static double default_number(const char *path)
{
	return lb_option_find(path, strlen(path))->param.def;
}

/* A share where none is given: what has a file of its own is not cut from the training file, and
 * beside a test file nothing is. */
static double usual_share(const struct lb_resolving *r, const char *path)
{
	const double test = lb_given(r, "data.test") ? 0 : default_number("data.split.test");
	const double valid = lb_given(r, "data.test") || lb_given(r, "data.valid") ? 0 : default_number("data.split.valid");

	return !strcmp(path, "data.split.test") ? test : !strcmp(path, "data.split.valid") ? valid : tidy(1 - valid - test);
}

static cJSON *default_share(const struct lb_resolving *r, const char *path)
{
	const bool train = lb_given(r, "data.split.train"), valid = lb_given(r, "data.split.valid"), test = lb_given(r, "data.split.test");
	const bool is_train = !strcmp(path, "data.split.train");

	if (form_of(r) != FRACTIONS)
		return !strcmp(path, "data.split.valid") ? lb_json_made(cJSON_CreateNumber(0)) : NULL;
	if (!train && !valid && !test)
		return lb_json_made(cJSON_CreateNumber(usual_share(r, path)));
	if (!is_train)
		return lb_json_made(cJSON_CreateNumber(0));
	return lb_json_made(cJSON_CreateNumber(tidy(1 - number_or(r, "data.split.valid", 0) - number_or(r, "data.split.test", 0))));
}

static cJSON *default_fold(const struct lb_resolving *r, const char *path)
{
	(void)path;
	return form_of(r) == FOLDS ? lb_json_made(cJSON_CreateNumber(0)) : NULL;
}

static cJSON *default_stratify(const struct lb_resolving *r, const char *path)
{
	(void)path;
	return lb_json_made(cJSON_CreateBool(!(r->kind < LB_N_KINDS && lb_kind_of_columns(r->kind)) && !lb_given(r, "data.group")));
}

static cJSON *default_name(const struct lb_resolving *r, const char *path)
{
	(void)path;
	return lb_json_made(cJSON_CreateString(r->study));
}

static cJSON *default_dir(const struct lb_resolving *r, const char *path)
{
	char dir[512];

	(void)path;
	snprintf(dir, sizeof dir, "results/%s", text_or(r, "name", r->study));
	return lb_json_made(cJSON_CreateString(dir));
}

static cJSON *default_label(const struct lb_resolving *r, const char *path)
{
	const char *label = text_or(r, "data.train.label", text_or(r, "data.label", NULL));

	(void)path;
	return label && lb_given(r, "data.train.path") ? lb_json_made(cJSON_CreateString(label)) : NULL;
}

static cJSON *default_curves(const struct lb_resolving *r, const char *path)
{
	const char *valid = "valid";

	(void)r;
	(void)path;
	return lb_json_made(cJSON_CreateStringArray(&valid, 1));
}

static const struct {
	const char *path;
	cJSON *(*make)(const struct lb_resolving *r, const char *path);
} defaults[] = {
	{ "name", default_name },
	{ "data.train.label", default_label },
	{ "data.split.train", default_share },
	{ "data.split.valid", default_share },
	{ "data.split.test", default_share },
	{ "data.split.fold", default_fold },
	{ "data.split.stratify", default_stratify },
	{ "train.curves", default_curves },
	{ "output.dir", default_dir },
};

bool lb_rule_default(const struct lb_resolving *r, const char *path, cJSON **item)
{
	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
		if (!strcmp(defaults[i].path, path)) {
			*item = defaults[i].make(r, path);
			return true;
		}
	return false;
}

bool lb_rule_goes_with(const struct lb_resolving *r, const struct lb_info *info)
{
	const struct lb_node *block = info->goes_with ? lb_given(r, info->goes_with) : NULL, *name = lb_node_component(block, "kind");

	return name && strcmp(name->text, "none");
}

bool lb_rule_listed(const struct lb_resolving *r, const char *path, const struct lb_info *info)
{
	if (info->goes_with && !lb_rule_goes_with(r, info))
		return false;
	if (!r->reg->listed)
		return !info->on_request;
	const struct lb_node *loss = lb_node_component(lb_given(r, "loss"), "name");
	return r->reg->listed(path, info, r->kind, loss ? loss->text : "");
}

/* Checks between options */

/* The value that the option of this path has, or NULL. */
static const cJSON *resolved(const struct lb_resolving *r, const char *path)
{
	if (r->reads)
		*r->reads |= lb_option_top(path);
	return lb_json_at(r->out, path);
}


#define fault(r, path, ...)                                          \
	do {                                                         \
		const struct lb_mark mark_ = lb_given_mark(r, path); \
		lb_fault((r)->faults, &mark_, path, __VA_ARGS__);    \
	} while (0)

static double resolved_number(const struct lb_resolving *r, const char *path, double otherwise)
{
	const cJSON *item = resolved(r, path);

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
static void check_name(const struct lb_resolving *r)
{
	const char *name = cJSON_GetStringValue(resolved(r, "name"));

	if (name && (!is_written(name) || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..") || strlen(name) > 200))
		fault(r, "name", "found \"%.60s\", allowed: 1 to 200 bytes that can name a folder, without \"/\" and control characters; give one: "
		      "name: my-study", name);
}

static void check_dir(const struct lb_resolving *r)
{
	const char *dir = cJSON_GetStringValue(resolved(r, "output.dir"));

	if (dir && (!is_written(dir) || !dir[strspn(dir, "/")] || strlen(dir) > 3000))
		fault(r, "output.dir", "found \"%.60s\", allowed: the path of a folder of its own for the records, without control characters; "
		      "leave it out for results/<name>", dir);
}

static void check_source(const struct lb_resolving *r)
{
	const struct lb_node *train = lb_given(r, "data.train"), *data = lb_given(r, "data");
	const bool file = lb_given(r, "data.train.path"), made = lb_given(r, "data.generator");

	if ((train && train->type != LB_MAPPING) || (data && data->type != LB_MAPPING))
		return;
	if (made && train)
		fault(r, "data.generator", "cannot be combined with data.train; keep one");
	else if (!made && !file)
		fault(r, "data.train.path", "is missing, allowed: a data file; or give data.generator");
	if (made && lb_given(r, "data.test"))
		fault(r, "data.test", "cannot be combined with data.generator; use data.split");
	if (made && lb_given(r, "data.valid"))
		fault(r, "data.valid", "cannot be combined with data.generator; use data.split");
	if (made && lb_given(r, "data.label"))
		fault(r, "data.label", "cannot be combined with data.generator, which names its own label; remove it");
}

/* A mark cannot separate thousands and decimals. */
static void check_notation(const struct lb_resolving *r)
{
	const char *decimal = text_or(r, "data.decimal", "point"), *thousands = text_or(r, "data.thousands", "none");

	if (!strcmp(decimal, thousands))
		fault(r, "data.thousands", "found %s, which is the decimal mark too; set data.decimal or choose another separator", thousands);
}

static void check_split_form(const struct lb_resolving *r)
{
	const enum form form = form_of(r);
	const struct lb_node *test = lb_given(r, "data.split.test");

	for (size_t i = 0; i < sizeof split_keys / sizeof *split_keys; i++) {
		const char *path = split_keys[i].path;
		if (!lb_given(r, path) || split_keys[i].forms & 1U << form)
			continue;
		if (form == FRACTIONS)
			fault(r, path, "goes with data.split.folds, which is missing; give the number of folds");
		else
			fault(r, path, "cannot be combined with %s; keep one", form_paths[form]);
	}
	if (form == MODULO && !test)
		fault(r, "data.split.test", "is missing, allowed: a list of residues of modulo, such as [0]");
	if (form == FRACTIONS && test && test->type == LB_SEQUENCE)
		fault(r, "data.split.test", "found a list, allowed: a number in [0, 1); a list goes with data.split.modulo");
	if (form != FRACTIONS && lb_given(r, "data.test"))
		fault(r, form_paths[form], "cannot be combined with data.test, whose rows are the test part; use train and valid");
}

static void check_residues(const struct lb_resolving *r)
{
	const cJSON *test = resolved(r, "data.split.test"), *a, *b;
	const double modulo = resolved_number(r, "data.split.modulo", 0);
	double distinct = 0;

	if (modulo == 0 || !cJSON_IsArray(test))
		return;
	cJSON_ArrayForEach(a, test) {
		for (b = test->child; b != a && b->valuedouble != a->valuedouble;)
			b = b->next;
		if (a->valuedouble >= modulo)
			fault(r, "data.split.test", "found %.0f, allowed: residues in [0, %.0f]", a->valuedouble, modulo - 1);
		else if (b != a)
			fault(r, "data.split.test", "%.0f stands twice; keep one", a->valuedouble);
		distinct += b == a && a->valuedouble < modulo;
	}
	if (!cJSON_GetArraySize(test) || distinct >= modulo)
		fault(r, "data.split.test", "found %.0f residues of %.0f, allowed: at least one, and not all", distinct, modulo);
}

static void check_shares(const struct lb_resolving *r)
{
	const double train = resolved_number(r, "data.split.train", -1), valid = resolved_number(r, "data.split.valid", 0);
	const double test = resolved_number(r, "data.split.test", 0), sum = train + valid + test;
	char text[LB_DOUBLE_TEXT];

	if (train < 0 && resolved(r, "data.split.train"))
		fault(r, "data.split", "valid and test sum to more than 1; nothing is left for training");
	else if (train == 0)
		fault(r, "data.split", "valid and test sum to 1; nothing is left for training");
	else if (train > 0 && sum > 1 + 1e-9) {
		lb_double_text(tidy(sum), text);
		fault(r, "data.split", "train, valid and test sum to %s, allowed: at most 1", text);
	}
	if (train >= 0 && test > 0 && lb_given(r, "data.test"))
		fault(r, "data.split.test", "cannot be combined with data.test, whose rows are the test part; leave it out");
	if (valid > 0 && lb_given(r, "data.valid"))
		fault(r, "data.split.valid", "cannot be combined with data.valid, whose rows are the validation part; leave it out");
}

static void check_split(const struct lb_resolving *r)
{
	const double folds = resolved_number(r, "data.split.folds", 0);

	check_split_form(r);
	check_residues(r);
	check_shares(r);
	if (folds > 0 && resolved_number(r, "data.split.fold", 0) >= folds)
		fault(r, "data.split.fold", "found %.0f, allowed: an integer in [0, %.0f]", resolved_number(r, "data.split.fold", 0), folds - 1);
	if (!cJSON_IsTrue(resolved(r, "data.split.stratify")))
		return;
	if (r->kind < LB_N_KINDS && lb_kind_of_columns(r->kind))
		fault(r, "data.split.stratify", "found true, allowed: false; the task is %s, which has no classes", lb_kind_name(r->kind));
	else if (lb_given(r, "data.group"))
		fault(r, "data.split.stratify", "cannot be combined with data.group; keep one");
}

/* "valid.accuracy, valid.ece", and the nearest of them to `word`. */
static const char *metric_names(const cJSON *metrics, const char *word, struct lb_buf *list, char meant[LB_FOUND_TEXT])
{
	const char *name[64], *near;
	const cJSON *metric;
	size_t n = 0;

	cJSON_ArrayForEach(metric, metrics) {
		const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metric, "name"));
		lb_buf_printf(list, "%svalid.%s", n ? ", " : "", text);
		if (n < sizeof name / sizeof *name)
			name[n++] = text;
	}
	near = lb_nearest(word, name, n);
	if (near)
		snprintf(meant, LB_FOUND_TEXT, "valid.%.60s", near);
	return near ? meant : NULL;
}

/* The option at `path` names a metric of the validation rows. */
static void check_valid_metric(const struct lb_resolving *r, const char *path)
{
	const char *wanted = cJSON_GetStringValue(resolved(r, path)), *word;
	const cJSON *metrics = resolved(r, "metrics"), *metric;
	char meant[LB_FOUND_TEXT], hint[LB_HINT_TEXT];
	struct lb_buf list = { 0 };

	if (!wanted || !metrics || r->kind == LB_N_KINDS)
		return;
	word = strchr(wanted, '.') ? strchr(wanted, '.') + 1 : wanted;
	cJSON_ArrayForEach(metric, metrics)
		if (!strncmp(wanted, "valid.", 6) && !strcmp(word, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metric, "name"))))
			return;
	lb_hint(metric_names(metrics, word, &list, meant), hint);
	fault(r, path, "found \"%.60s\", allowed: %s%s", wanted, list.s ? list.s : "one of the metrics", hint);
	lb_buf_free(&list);
}

static void check_early_stopping(const struct lb_resolving *r)
{
	const bool on = resolved(r, "train.early_stopping");

	if (on && resolved_number(r, "data.split.valid", 1) == 0 && !resolved(r, "data.cv") && !lb_given(r, "data.valid"))
		fault(r, "train.early_stopping", "needs validation rows, data.split.valid is 0; raise it, give data.valid, or remove early_stopping");
	check_valid_metric(r, "train.early_stopping.metric");
}

static void check_tune(const struct lb_resolving *r)
{
	const double folds = resolved_number(r, "data.cv.folds", 0);

	check_valid_metric(r, "tune.metric");
	if (folds > 0 && resolved_number(r, "data.cv.fold", 0) >= folds)
		fault(r, "data.cv.fold", "found %.0f, allowed: an integer in [0, %.0f]", resolved_number(r, "data.cv.fold", 0), folds - 1);
}

static void check_target(const struct lb_resolving *r)
{
	const char *target = cJSON_GetStringValue(resolved(r, "data.preprocess.target"));

	if (target && strcmp(target, "none") && r->kind < LB_N_KINDS && r->kind != LB_REGRESSION)
		fault(r, "data.preprocess.target", "found %s, allowed: none; the task is %s, and only a regression has targets to scale", target,
		      lb_kind_name(r->kind));
}

/* What only some tasks have. */
static void check_task(const struct lb_resolving *r)
{
	const double dimension = resolved_number(r, "model.dimension", -1);
	const bool file = lb_given(r, "data.teacher"), side = lb_given(r, "data.side.teacher"), teacher = file || side;
	const char *path = side ? "data.side.teacher" : "data.teacher";

	if (r->kind == LB_N_KINDS)
		return;
	if (r->kind == LB_EMBEDDING && dimension == 0)
		fault(r, "model.dimension", "is missing, allowed: the number of columns of the embedding, such as 32; the task is embedding");
	if (r->kind != LB_EMBEDDING && dimension > 0)
		fault(r, "model.dimension", "found %.0f, allowed: 0; the model gives one score a class, only task embedding has a dimension",
		      dimension);
	if (r->kind == LB_DISTILLATION && !teacher)
		fault(r, "data.teacher", "is missing, allowed: a file of the teacher's scores; or give data.side.teacher, a saved model; the task "
		      "is distillation");
	if (file && side)
		fault(r, "data.side.teacher", "cannot be combined with data.teacher; keep one");
	if (r->kind != LB_DISTILLATION && teacher)
		fault(r, path, "goes with task: distillation alone; remove it");
	if (r->kind != LB_MULTILABEL && cJSON_GetArraySize(resolved(r, "data.labels")) > 0)
		fault(r, "data.labels", "goes with task: multilabel alone; remove it, or name one column with data.train.label");
	if (r->kind == LB_MULTILABEL && (lb_given(r, "data.label") || lb_given(r, "data.train.label")))
		fault(r, lb_given(r, "data.label") ? "data.label" : "data.train.label", "names one column; the task is multilabel: name all of "
		      "them with data.labels: [NAME, ...]");
	if (teacher && !strcmp(text_or(r, "data.missing", ""), "drop"))
		fault(r, path, "cannot be combined with data.missing: drop, which would shift its rows; use mean");
}

void lb_rule_check(struct lb_resolving *r, uint64_t reads[LB_CHECKS], uint64_t changed)
{
	static void (*const checks[LB_CHECKS])(const struct lb_resolving *) = {
		check_name, check_dir, check_source, check_notation, check_task, check_split, check_target, check_early_stopping, check_tune,
	};

	for (size_t i = 0; i < LB_CHECKS; i++) {
		if (reads[i] && !(reads[i] & changed))
			continue;
		reads[i] = 0;
		r->reads = &reads[i];
		checks[i](r);
	}
	r->reads = NULL;
}
