#include "core/run/formula_block.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/yaml_overlay.h"
#include "core/run/loss_block.h"
#include "losses/formula.h"

#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

/* Keys of a block that are no parameters of its formula. */
static const char *const own_keys[] = { "name", "formula", "file", "params", "weight" };
enum { N_OWN_KEYS = sizeof own_keys / sizeof *own_keys };

/* What a descriptor is read from: a block, which gives the values of parameters, and what describes
 * the loss, the same block or the tree of a file. */
struct reading {
	const struct lb_node *block, *tree;
	const char *path;        /* of the block, in messages */
	struct lb_diagnostics *d; /* NULL: nothing is told, and every name is taken for a parameter */
	struct lb_formula_source source;
	struct lb_param param[LB_FORMULA_PARAMS];
	bool failed;
};

static void wrong(struct reading *r, const struct lb_node *at, const char *key, const char *text)
{
	char path[160];

	r->failed = true;
	snprintf(path, sizeof path, "%s%s%s", r->path, *r->path && *key ? "." : "", key);
	if (r->d)
		lb_diagnostic(r->d, &at->location, path, "%s", text);
}

/* "found ..., allowed: ..." */
static void found(struct reading *r, const struct lb_node *at, const char *key, const char *allowed)
{
	char what[LB_FOUND_TEXT], text[400];

	snprintf(text, sizeof text, "found %s, allowed: %s", lb_node_found(at, what), allowed);
	wrong(r, at, key, text);
}

static bool is_own(const char *key)
{
	for (int i = 0; i < N_OWN_KEYS; i++)
		if (!strcmp(own_keys[i], key))
			return true;
	return false;
}

/* ---- parameters ---- */

static bool number(struct reading *r, const struct lb_node *node, const char *key, double *v)
{
	if (node->type == LB_SCALAR && !node->quoted && lb_parse_double(node->text, strlen(node->text), v))
		return true;
	found(r, node, key, "a number");
	return false;
}

static void read_grid(struct reading *r, const struct lb_node *list, const char *key, struct lb_param *p)
{
	if (list->type != LB_SEQUENCE || !list->n || list->n > LB_MAX_GRID) {
		found(r, list, key, "a list of 1 to 8 numbers, those that `default` in a sweep tries");
		return;
	}
	for (size_t i = 0; i < list->n; i++)
		if (number(r, list->item[i], key, &p->grid[p->n_grid]))
			p->n_grid++;
}

static void refuse_key(struct reading *r, const struct lb_node *key, const char *path, const char *const *known, size_t n)
{
	const char *meant = lb_nearest(key->text, known, n);
	struct lb_buf text = { 0 };

	lb_buf_puts(&text, "unknown key, allowed: ");
	for (size_t i = 0; i < n; i++)
		lb_buf_printf(&text, "%s%s", i ? ", " : "", known[i]);
	if (meant)
		lb_buf_printf(&text, "; did you mean \"%s\"?", meant);
	wrong(r, key, path, text.bad ? "unknown key" : text.s);
	lb_buf_free(&text);
}

/* default, min, max, grid, log, help of one parameter. */
static void read_declared(struct reading *r, const struct lb_node *node, const char *path, struct lb_param *p)
{
	static const char *const known[] = { "default", "min", "max", "grid", "log", "help" };
	enum { N_KNOWN = sizeof known / sizeof *known };

	p->min = -(double)INFINITY, p->max = (double)INFINITY, p->max_open = true;
	for (size_t i = 0; i < node->n; i++) {
		const struct lb_node *key = node->key[i], *value = node->item[i];
		char where[220];
		snprintf(where, sizeof where, "%s.%.40s", path, key->text);
		if (!strcmp(key->text, "default"))
			p->required = !number(r, value, where, &p->def);
		else if (!strcmp(key->text, "min"))
			number(r, value, where, &p->min);
		else if (!strcmp(key->text, "max"))
			p->max_open = !number(r, value, where, &p->max);
		else if (!strcmp(key->text, "grid"))
			read_grid(r, value, where, p);
		else if (!strcmp(key->text, "log") && value->type == LB_SCALAR)
			p->log_scale = !strcmp(value->text, "true");
		else if (!strcmp(key->text, "help") && value->type == LB_SCALAR)
			p->help = value->text;
		else
			refuse_key(r, key, where, known, N_KNOWN);
	}
	if (!(p->min <= p->max))
		wrong(r, node, path, "found min above max");
	else if (!p->required && !(p->def >= p->min && p->def <= p->max))
		wrong(r, node, path, "found a default that is not between min and max");
	for (int k = 0; k < p->n_grid; k++)
		if (!(p->grid[k] >= p->min && p->grid[k] <= p->max))
			wrong(r, node, path, "found a number of the grid that is not between min and max");
}

static struct lb_param *add_param(struct reading *r, const char *name)
{
	for (int i = 0; i < r->source.n_params; i++)
		if (!strcmp(r->param[i].name, name))
			return NULL;
	if (r->source.n_params == LB_FORMULA_PARAMS)
		return NULL;
	struct lb_param *p = &r->param[r->source.n_params++];
	*p = (struct lb_param){ .name = name, .required = true };
	return p;
}

/* The params block: {name: default} or {name: {default: ..., min: ..., ...}}. */
static void read_params(struct reading *r, const struct lb_node *params)
{
	if (!params)
		return;
	if (params->type != LB_MAPPING) {
		found(r, params, "params", "a block such as {g: {default: 2, min: 0, max: 5}}");
		return;
	}
	for (size_t i = 0; i < params->n; i++) {
		const struct lb_node *key = params->key[i], *value = params->item[i];
		struct lb_param *p = is_own(key->text) ? NULL : add_param(r, key->text);
		char path[160];
		snprintf(path, sizeof path, "params.%.60s", key->text);
		if (is_own(key->text))
			wrong(r, key, path, "is no name for a parameter: it is a key of the block itself");
		else if (!p)
			wrong(r, key, path, "too many parameters, allowed: 16");
		else if (value->type == LB_MAPPING)
			read_declared(r, value, path, p);
		else
			p->required = !number(r, value, path, &p->def);
	}
}

/* Keys of the block beside its own are values of parameters, which need not be declared. */
static void read_values(struct reading *r)
{
	for (size_t i = 0; r->block != NULL && i < r->block->n; i++)
		if (!is_own(r->block->key[i]->text))
			add_param(r, r->block->key[i]->text);
}

/* Every name that the formula has beside the vocabulary is one of a parameter. */
static void take_all_names(struct reading *r, struct lb_formula_tree *t)
{
	for (int i = 0; i < t->n_params; i++)
		add_param(r, t->param[i]);
}

/* ---- the formula ---- */

/* "character 9: ..." or "line 2, character 5: ...", at that character where the text stands on one
 * line of the file. */
static void formula_is_wrong(struct reading *r, const struct lb_node *formula, const struct lb_formula_fault *fault)
{
	struct lb_node at = { .location = formula->location };
	size_t line = 1, start = 0;
	char text[600];

	for (size_t i = 0; i < fault->at; i++)
		if (formula->text[i] == '\n') {
			line++;
			start = i + 1;
		}
	if (!strchr(formula->text, '\n'))
		at.location.column += fault->at + formula->quoted;
	if (line > 1)
		snprintf(text, sizeof text, "line %zu, character %zu: %s", line, fault->at - start + 1, fault->text);
	else
		snprintf(text, sizeof text, "character %zu: %s", fault->at + 1, fault->text);
	wrong(r, &at, "formula", text);
}

/* Declared and given, but in no place of the formula. */
static void check_used(struct reading *r, const struct lb_loss_info *info)
{
	const struct lb_node *params = lb_node_get(r->tree, "params");
	char path[160];

	for (size_t i = 0; params && i < params->n; i++)
		if (!lb_info_param(&info->base, params->key[i]->text)) {
			snprintf(path, sizeof path, "params.%.60s", params->key[i]->text);
			wrong(r, params->key[i], path, "the formula does not read it; remove it");
		}
}

static bool valid_name(const char *s)
{
	return *s && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(s) && !strchr("0123456789", *s);
}

/* The name: of the block, else of the file, else formula. */
static void read_name(struct reading *r)
{
	const struct lb_node *name = lb_node_get(r->block, "name");

	if (!name)
		name = lb_node_get(r->tree, "name");
	r->source.name = "formula";
	if (!name)
		return;
	if (name->type != LB_SCALAR || !valid_name(name->text))
		found(r, name, "name", "a name of small letters, digits and _");
	else if (lb_loss_find(r->source.kind, name->text))
		found(r, name, "name", "a name that no loss of the program has, beside a formula");
	else
		r->source.name = name->text;
}

static const char *text_of(struct reading *r, const char *key)
{
	const struct lb_node *node = r->block == r->tree ? NULL : lb_node_get(r->tree, key);

	if (!node)
		return NULL;
	if (node->type == LB_SCALAR)
		return node->text;
	found(r, node, key, "a text");
	return NULL;
}

/* Claims that a check can test; those of probabilities are of classes. */
static void read_claims(struct reading *r)
{
	static const unsigned known[] = { LB_NONNEGATIVE, LB_CONVEX, LB_SMOOTH, LB_SHIFT_INVARIANT, LB_SYMMETRIC, LB_BOUNDED, LB_PROPER, LB_CALIBRATED };
	enum { N_KNOWN = sizeof known / sizeof *known, N_OF_SCORES = N_KNOWN - 2 };
	const bool classes = r->source.kind == LB_MULTICLASS || r->source.kind == LB_BINARY;
	const size_t n = classes ? N_KNOWN : N_OF_SCORES;
	const struct lb_node *claims = r->block == r->tree ? NULL : lb_node_get(r->tree, "claims");
	const char *names[N_KNOWN];

	for (size_t k = 0; k < N_KNOWN; k++)
		names[k] = lb_property_name(known[k]);
	if (claims && claims->type != LB_SEQUENCE)
		found(r, claims, "claims", "a list such as [nonnegative, convex]");
	for (size_t i = 0; claims && claims->type == LB_SEQUENCE && i < claims->n; i++) {
		const struct lb_node *claim = claims->item[i];
		size_t k = 0;
		while (k < n && !(claim->type == LB_SCALAR && !strcmp(claim->text, names[k])))
			k++;
		if (k == n)
			found(r, claim, "claims", classes ? "nonnegative, convex, smooth, shift-invariant, symmetric, bounded, proper, calibrated" :
			      "nonnegative, convex, smooth, shift-invariant, symmetric, bounded");
		else
			r->source.properties |= known[k];
	}
}

static const struct lb_loss_info *read_loss(struct reading *r)
{
	const struct lb_node *formula = lb_node_get(r->tree, "formula");
	struct lb_formula_tree *t = r->d ? NULL : lb_alloc(1, sizeof *t, NULL);
	struct lb_formula_fault fault = { 0 };
	struct lb_err err = { 0 };

	if (!formula || formula->type != LB_SCALAR) {
		found(r, formula ? formula : r->tree, "formula", "a formula as text, such as \"-(1 - p)^g * log(p)\"");
		free(t);
		return NULL;
	}
	read_params(r, lb_node_get(r->tree, "params"));
	read_values(r);
	read_name(r);
	if (t && !lb_formula_parse(r->source.kind, formula->text, t, &fault))
		take_all_names(r, t);
	r->source.text = formula->text;
	r->source.param = r->param;
	r->source.title = text_of(r, "title");
	r->source.cite = text_of(r, "source");
	r->source.notes = text_of(r, "notes");
	read_claims(r);
	const struct lb_loss_info *info = r->failed ? NULL : lb_formula_info(&r->source, &fault, &err);
	free(t);
	if (!info && *fault.text)
		formula_is_wrong(r, formula, &fault);
	else if (!info && !r->failed)
		wrong(r, formula, "formula", err.text);
	if (info && r->d)
		check_used(r, info);
	return r->failed ? NULL : info;
}

/* ---- files ---- */

/* The trees of files that were read, for the process. */
static struct loss_file {
	char *path;
	struct lb_node *tree;
	struct loss_file *next;
} *files;

static const struct lb_node *tree_of(const char *path, struct lb_err *err)
{
	struct loss_file *f = files;

	while (f && strcmp(f->path, path))
		f = f->next;
	if (f)
		return f->tree;
	if (!(f = lb_alloc(1, sizeof *f, err)))
		return NULL;
	if (!(f->path = lb_strdup(path, err)) || !(f->tree = lb_yaml_read(path, err)) || err->code) {
		lb_node_free(f->tree);
		free(f->path);
		free(f);
		return NULL;
	}
	f->next = files;
	files = f;
	return f->tree;
}

/* The task that the file is for. */
static bool task_fits(struct reading *r, enum lb_kind kind)
{
	const struct lb_node *task = lb_node_get(r->tree, "task");
	char allowed[120];

	if (!task)
		return true;
	if (task->type == LB_SCALAR && !strcmp(task->text, lb_kind_name(kind)))
		return true;
	snprintf(allowed, sizeof allowed, "%s, the task of the config", lb_kind_name(kind));
	found(r, task, "task", allowed);
	return false;
}

static void check_file_keys(struct reading *r)
{
	static const char *const known[] = { "name", "title", "task", "formula", "params", "source", "notes", "claims", "examples" };
	enum { N_KNOWN = sizeof known / sizeof *known };

	for (size_t i = 0; i < r->tree->n; i++) {
		size_t k = 0;
		while (k < N_KNOWN && strcmp(known[k], r->tree->key[i]->text))
			k++;
		if (k == N_KNOWN)
			refuse_key(r, r->tree->key[i], r->tree->key[i]->text, known, N_KNOWN);
	}
}

static const struct lb_loss_info *read_file(struct reading *r, const struct lb_node *file)
{
	struct lb_err err = { 0 };
	char path[LB_NODE_PATH];

	if (file->type != LB_SCALAR) {
		found(r, file, "file", "the path of a file such as mine.loss.yaml");
		return NULL;
	}
	lb_node_path(file, path);
	if (!(r->tree = tree_of(path, &err))) {
		wrong(r, file, "file", err.text);
		return NULL;
	}
	if (r->d && (lb_node_get(r->block, "formula") || lb_node_get(r->block, "params"))) {
		wrong(r, r->block, "", "found a file and beside it a formula or its parameters; keep one of them");
		return NULL;
	}
	check_file_keys(r);
	return task_fits(r, r->source.kind) ? read_loss(r) : NULL;
}

const struct lb_loss_info *lb_formula_of_file(const char *path, const struct lb_node **tree, struct lb_diagnostics *diagnostics, struct lb_err *err)
{
	static const struct lb_node no_values = { .type = LB_MAPPING };
	struct reading r = { .path = "", .d = diagnostics, .block = &no_values };
	const struct lb_node *task;
	int kind = 0;

	if (!(r.tree = *tree = tree_of(path, err)))
		return NULL;
	task = lb_node_get(r.tree, "task");
	while (kind < LB_N_KINDS && !(task && task->type == LB_SCALAR && !strcmp(task->text, lb_kind_name((enum lb_kind)kind))))
		kind++;
	if (kind == LB_N_KINDS || !lb_formula_of_kind((enum lb_kind)kind)) {
		found(&r, task ? task : r.tree, "task", "multiclass, binary, regression, multilabel, embedding");
		return NULL;
	}
	r.source.kind = (enum lb_kind)kind;
	check_file_keys(&r);
	return read_loss(&r);
}

/* ---- blocks ---- */

const struct lb_info *lb_formula_of_node(const char *block, enum lb_kind kind, const struct lb_node *node, struct lb_diagnostics *diagnostics, bool *is)
{
	const struct lb_node *file = node && node->type == LB_MAPPING ? lb_node_get(node, "file") : NULL;
	struct reading r = { .block = node, .tree = node, .path = block, .d = diagnostics, .source.kind = lb_kind_of_block(block, kind) };

	*is = lb_names_loss(block) && node && node->type == LB_MAPPING && (file || lb_node_get(node, "formula"));
	if (!*is || kind == LB_N_KINDS)
		return NULL;
	if (!lb_formula_of_kind(r.source.kind)) {
		wrong(&r, node, "", "a loss by its formula is for the tasks multiclass, binary, regression, multilabel and embedding");
		return NULL;
	}
	const struct lb_loss_info *info = file ? read_file(&r, file) : read_loss(&r);
	return info ? &info->base : NULL;
}

const struct lb_info *lb_formula_of_item(const char *block, enum lb_kind kind, const cJSON *item, bool *is, struct lb_err *err)
{
	const char *formula = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "formula"));
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));
	struct lb_formula_source source = { .kind = lb_kind_of_block(block, kind), .name = name ? name : "formula", .text = formula };
	struct lb_param param[LB_FORMULA_PARAMS];
	struct lb_formula_fault fault = { 0 };
	const cJSON *member;

	*is = lb_names_loss(block) && formula;
	if (!*is)
		return NULL;
	source.param = param;
	cJSON_ArrayForEach(member, item)
		if (!is_own(member->string) && source.n_params < LB_FORMULA_PARAMS)
			param[source.n_params++] = (struct lb_param){ .name = member->string, .required = true };
	const struct lb_loss_info *info = lb_formula_of_kind(source.kind) ? lb_formula_info(&source, &fault, err) : NULL;
	if (!info && *fault.text)
		lb_fail(err, LB_CONFIG, "%s.formula: character %zu: %s", block, fault.at + 1, fault.text);
	return info ? &info->base : NULL;
}

static cJSON *put_key(cJSON *properties, const char *key, const char *type, const char *help)
{
	cJSON *item = lb_json_object(properties, key);

	lb_json_text(item, "type", type);
	lb_json_text(item, "description", help);
	return item;
}

cJSON *lb_formula_schema(const char *block)
{
	if (!lb_names_loss(block))
		return NULL;
	cJSON *schema = lb_json_object(NULL, NULL), *properties, *any;
	lb_json_text(schema, "description", "a loss by its formula, or from a plug-in; further keys are values of its parameters");
	lb_json_text(schema, "type", "object");
	properties = lb_json_object(schema, "properties");
	put_key(properties, "name", "string", "what the loss is called in results; formula if not given");
	put_key(properties, "formula", "string", "the loss of a row, such as -(1 - p)^g * log(p); see losses/README.md");
	put_key(properties, "params", "object", "its parameters: {g: default} or {g: {default, min, max, grid, log, help}}");
	put_key(properties, "file", "string", "a file with name, task, formula and params instead, its path from the config's folder");
	put_key(properties, "plugin", "string", "instead: an object made by lossbench losses build, its path from the config's folder; name chooses one of its losses");
	put_key(properties, "weight", "number", "factor of the loss in the sum that is minimised");
	any = lb_json_array(schema, "anyOf");
	lb_json_text(lb_json_array(lb_json_object(any, NULL), "required"), NULL, "formula");
	lb_json_text(lb_json_array(lb_json_object(any, NULL), "required"), NULL, "file");
	lb_json_text(lb_json_array(lb_json_object(any, NULL), "required"), NULL, "plugin");
	return schema;
}
