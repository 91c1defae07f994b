#include "core/config/defaults.h"

#include "core/base/text.h"
#include "core/config/lookup.h"
#include "core/config/yaml_overlay.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Returns what was given, read without complaint: a wrong value is reported where its option is
 * resolved. */
static double given_number(const struct lb_resolving *r, const char *path, double otherwise)
{
	const struct lb_node *node = lb_option_set(r, path);
	double v;

	return node && node->type == LB_SCALAR && lb_parse_double(node->text, strlen(node->text), &v) ? v : otherwise;
}

const char *lb_given_text(const struct lb_resolving *r, const char *path, const char *otherwise)
{
	const struct lb_node *node = lb_option_set(r, path);

	return node && node->type == LB_SCALAR ? node->text : otherwise;
}

double lb_rule_seed(const struct lb_resolving *r)
{
	return given_number(r, "train.seed", lb_option_find("train.seed", strlen("train.seed"))->param.def);
}

const char *const lb_split_form_path[LB_SPLIT_FORMS] = {
	[LB_FRACTIONS] = "data.split.train", [LB_FIRST] = "data.split.first", [LB_MODULO] = "data.split.modulo", [LB_FOLDS] = "data.split.folds"
};

enum lb_split_form lb_split_form_of(const struct lb_resolving *r)
{
	for (int form = LB_FIRST; form < LB_SPLIT_FORMS; form++)
		if (lb_option_set(r, lb_split_form_path[form]))
			return (enum lb_split_form)form;
	return LB_FRACTIONS;
}

bool lb_rule_takes_list(const struct lb_resolving *r, const struct lb_option *o, const struct lb_node *node)
{
	return o->list && (node->type == LB_SEQUENCE || lb_split_form_of(r) == LB_MODULO);
}

double lb_tidy(double v)
{
	return round(v * 1e12) / 1e12;
}

static double default_number(const char *path)
{
	return lb_option_find(path, strlen(path))->param.def;
}

/* A share where none is given: what has a file of its own is not cut from the training file, and
 * with a test file nothing is. */
static double usual_share(const struct lb_resolving *r, const char *path)
{
	const double test = lb_option_set(r, "data.test") ? 0 : default_number("data.split.test");
	const double valid = lb_option_set(r, "data.test") || lb_option_set(r, "data.valid") ? 0 : default_number("data.split.valid");

	return !strcmp(path, "data.split.test") ? test : !strcmp(path, "data.split.valid") ? valid : lb_tidy(1 - valid - test);
}

static cJSON *default_share(const struct lb_resolving *r, const char *path)
{
	const bool train = lb_option_set(r, "data.split.train"), valid = lb_option_set(r, "data.split.valid"), test = lb_option_set(r, "data.split.test");
	const bool is_train = !strcmp(path, "data.split.train");

	if (lb_option_set(r, "data.split.hold_out_classes"))
		return is_train ? NULL : lb_json_made(cJSON_CreateNumber(!strcmp(path, "data.split.test") ? lb_tidy(1 - given_number(r, "data.split.valid", 0)) : 0));
	if (lb_split_form_of(r) != LB_FRACTIONS)
		return !strcmp(path, "data.split.valid") ? lb_json_made(cJSON_CreateNumber(0)) : NULL;
	if (!train && !valid && !test)
		return lb_json_made(cJSON_CreateNumber(usual_share(r, path)));
	if (!is_train)
		return lb_json_made(cJSON_CreateNumber(0));
	return lb_json_made(cJSON_CreateNumber(lb_tidy(1 - given_number(r, "data.split.valid", 0) - given_number(r, "data.split.test", 0))));
}

static cJSON *default_fold(const struct lb_resolving *r, const char *path)
{
	(void)path;
	return lb_split_form_of(r) == LB_FOLDS ? lb_json_made(cJSON_CreateNumber(0)) : NULL;
}

static cJSON *default_stratify(const struct lb_resolving *r, const char *path)
{
	(void)path;
	return lb_json_made(cJSON_CreateBool(!(r->kind < LB_N_KINDS && lb_kind_of_columns(r->kind)) && !lb_option_set(r, "data.group") && !lb_option_set(r, "data.query")));
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
	snprintf(dir, sizeof dir, "results/%s", lb_given_text(r, "name", r->study));
	return lb_json_made(cJSON_CreateString(dir));
}

static cJSON *default_label(const struct lb_resolving *r, const char *path)
{
	const char *label = lb_given_text(r, "data.train.label", lb_given_text(r, "data.label", NULL));

	(void)path;
	return label && lb_option_set(r, "data.train.path") ? lb_json_made(cJSON_CreateString(label)) : NULL;
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

/* Returns true if the option named by info->goes_with is given; one that takes a component, unless
 * this is `none`. */
static bool goes_with(const struct lb_resolving *r, const struct lb_info *info)
{
	const struct lb_option *option = lb_option_find(info->goes_with, strlen(info->goes_with));
	const struct lb_node *given = lb_option_set(r, info->goes_with), *name = lb_node_component(given, option->key ? option->key : "kind");

	return option->shape == LB_COMPONENT ? name && strcmp(name->text, "none") : given != NULL;
}

bool lb_rule_listed(const struct lb_resolving *r, const char *path, const struct lb_info *info)
{
	if (info->goes_with && !goes_with(r, info))
		return false;
	if (!r->reg->listed)
		return !info->on_request;
	const struct lb_node *loss = lb_node_component(lb_option_set(r, "loss"), "name");
	return r->reg->listed(path, info, r->kind, loss ? loss->text : "", lb_option_set(r, "data.split.hold_out_classes") != NULL);
}
