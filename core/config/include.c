#include "core/config/include.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/config/options.h"
#include "core/config/unknown_key.h"
#include "core/config/yaml_overlay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DEPTH = 8 };
static const char opening[] = "${ENV:";

static int fail_at(const struct lb_node *node, struct lb_err *err, const char *key, const char *found, const char *allowed)
{
	return lb_fail_more(err, LB_CONFIG, "%s:%zu:%zu: %s: found %s, allowed: %s", node->location.file, node->location.line, node->location.column, key,
			    found, allowed);
}

int lb_config_keep_doc(struct lb_config *c, struct lb_node *doc, struct lb_err *err)
{
	if (!doc)
		return -1;
	if (lb_grow(&c->doc, &c->docs_cap, c->n_docs + 1, sizeof *c->doc, err)) {
		lb_node_free(doc);
		return -1;
	}
	c->doc[c->n_docs++] = doc;
	return 0;
}

/* Takes a key's value out of a block, as a document of its own that c keeps; NULL where the key is
 * not there. */
static int take_out(struct lb_config *c, struct lb_node *map, const char *key, struct lb_node **out, struct lb_err *err)
{
	size_t i = 0;

	*out = NULL;
	while (i < map->n && strcmp(map->key[i]->text, key))
		i++;
	if (i == map->n)
		return 0;
	*out = map->item[i];
	lb_node_free(map->key[i]);
	map->n--;
	memmove(map->key + i, map->key + i + 1, (map->n - i) * sizeof *map->key);
	memmove(map->item + i, map->item + i + 1, (map->n - i) * sizeof *map->item);
	return lb_config_keep_doc(c, *out, err);
}

/* ---- variables of the environment ---- */

/* The value of a declared variable; NULL with err. */
static const char *variable(const struct lb_node *env, const char *name, const struct lb_node *at, struct lb_err *err)
{
	const struct lb_node *otherwise = NULL;
	bool declared = false;
	char found[160];

	for (size_t i = 0; env && i < env->n; i++) {
		const struct lb_node *said = env->type == LB_MAPPING ? env->key[i] : env->item[i];
		if (said->type != LB_SCALAR || strcmp(said->text, name))
			continue;
		declared = true;
		otherwise = env->type == LB_MAPPING ? env->item[i] : NULL;
	}
	const char *value = declared ? getenv(name) : NULL;
	if (!value && !lb_node_absent(otherwise) && otherwise->type == LB_SCALAR)
		value = otherwise->text;
	snprintf(found, sizeof found, "${ENV:%.100s}, %s", name, value ? "whose value is not UTF-8" : declared ? "which is not set" : "which is not declared");
	if (value && lb_utf8_valid(value, strlen(value)))
		return value;
	fail_at(at, err, "env", found, value ? "UTF-8" : declared ? "a variable of the environment, or with a default, env: {NAME: default}" :
				     "those that the file declares, as in env: [NAME]");
	return NULL;
}

/* A value that is a variable and nothing else stands as if it were written there: it needs quotes
 * inside braces, and may be a number. */
static bool is_variable(const char *text)
{
	return !strncmp(text, opening, strlen(opening)) && strchr(text, '}') == text + strlen(text) - 1;
}

static int fill_text(const struct lb_node *env, struct lb_node *node, struct lb_err *err)
{
	struct lb_buf b = { 0 };
	const char *rest = node->text, *start;
	int rc = 0;

	while (!rc && (start = strstr(rest, opening))) {
		const char *name = start + strlen(opening);
		const size_t n = strcspn(name, "}");
		char *copy = name[n] ? lb_strndup(name, n, err) : NULL;
		const char *value = copy ? variable(env, copy, node, err) : NULL;
		if (!name[n])
			fail_at(node, err, "env", "${ENV: without }", "${ENV:NAME}");
		lb_buf_add(&b, rest, (size_t)(start - rest));
		lb_buf_puts(&b, value ? value : "");
		rest = name + n + (name[n] == '}');
		rc = value ? 0 : -1;
		free(copy);
	}
	lb_buf_puts(&b, rest);
	if (rc || b.bad) {
		lb_buf_free(&b);
		return rc ? -1 : lb_fail_memory(err, 64);
	}
	node->quoted = node->quoted && !is_variable(node->text);
	free(node->text);
	node->text = b.s;
	return 0;
}

/* Fills in the variables of all values below; mistakes are collected. */
static int fill_in(const struct lb_node *env, struct lb_node *node, struct lb_err *err)
{
	int rc = 0;

	if (node->type == LB_SCALAR)
		return strstr(node->text, opening) ? fill_text(env, node, err) : 0;
	for (size_t i = 0; i < node->n; i++)
		rc |= fill_in(env, node->item[i], err);
	return rc ? -1 : 0;
}

/* ---- one block over another ---- */

/* Whether the block gives the option at a path, or something above it that is no block. */
static bool gives(const struct lb_node *block, const char *path)
{
	char key[LB_PATH_TEXT];

	for (const struct lb_node *node = block;; node = lb_node_get(node, key)) {
		const size_t n = strcspn(path, ".");
		if (!node || !*path || node->type != LB_MAPPING)
			return node != NULL;
		snprintf(key, sizeof key, "%.*s", n < sizeof key ? (int)n : 0, path);
		path += n + (path[n] == '.');
	}
}

/* The block below without what its sweep does to options that the block above gives. */
static struct lb_node *drop_swept(struct lb_config *c, struct lb_node *under, const struct lb_node *over, struct lb_buf *replaced, struct lb_err *err)
{
	struct lb_node *sweep = lb_node_get(under, "sweep"), *left;
	size_t i = 0;

	if (!sweep || sweep->type != LB_MAPPING)
		return under;
	while (i < sweep->n && !gives(over, sweep->key[i]->text))
		i++;
	if (i == sweep->n)
		return under;
	if (!(left = lb_pool_alloc(&c->pool, sizeof *left + 2 * sweep->n * sizeof left, err)))
		return NULL;
	*left = (struct lb_node){ .type = LB_MAPPING, .location = sweep->location, .item = (struct lb_node **)(left + 1) };
	left->key = left->item + sweep->n;
	for (i = 0; i < sweep->n; i++) {
		if (gives(over, sweep->key[i]->text)) {
			lb_buf_printf(replaced, "%ssweep.%s", replaced->n ? ", " : "", sweep->key[i]->text);
			continue;
		}
		left->key[left->n] = sweep->key[i];
		left->item[left->n++] = sweep->item[i];
	}
	return lb_tree_with(&c->pool, under, "sweep", sweep->location, left, err);
}

/* `over` laid over `under`; `note`: says what was replaced. */
static struct lb_node *lay(struct lb_config *c, struct lb_node *under, struct lb_node *over, const char *file, bool note, struct lb_err *err)
{
	struct lb_buf replaced = { 0 };
	struct lb_node *out = drop_swept(c, under, over, &replaced, err);

	out = out ? lb_tree_over(&c->pool, out, over, "", &replaced, err) : NULL;
	if (out && note && !replaced.bad)
		lb_note("%s is laid over the configs before it%s%s", file, replaced.n ? " and replaces " : "", replaced.n ? replaced.s : "");
	lb_buf_free(&replaced);
	return out;
}

/* ---- files ---- */

/* Reads a file, which c keeps; NULL with err. */
static struct lb_node *read_doc(struct lb_config *c, const char *file, int depth, struct lb_err *err)
{
	struct lb_err mistakes = { 0 };
	struct lb_node *doc = lb_yaml_read(file, &mistakes);

	if (doc && lb_config_keep_doc(c, doc, err))
		return NULL;
	if (!doc || mistakes.code != LB_OK) {
		lb_fail_more(err, mistakes.code, "%s", mistakes.text);
		return NULL;
	}
	if (doc->type != LB_MAPPING) {
		lb_fail_more(err, LB_CONFIG, "%s:%zu:%zu: not a config, allowed: a block of keys such as data, model and loss", file, doc->location.line,
			     doc->location.column);
		return NULL;
	}
	return lb_config_compose(c, doc, file, depth, err);
}

/* A path beside the file that names it. */
static char *beside(const char *file, const char *name, struct lb_err *err)
{
	const char *slash = strrchr(file, '/');

	return *name == '/' || !slash ? lb_strdup(name, err) : lb_strfmt(err, "%.*s/%s", (int)(slash - file), file, name);
}

/* Lays one more file over what was included before it (NULL: nothing). */
static struct lb_node *include_one(struct lb_config *c, struct lb_node *before, const struct lb_node *name, const char *file, int depth, struct lb_err *err)
{
	char found[LB_FOUND_TEXT];

	if (name->type != LB_SCALAR || !*name->text) {
		fail_at(name, err, "include", lb_node_found(name, found), "a config file, or a list of some");
		return NULL;
	}
	if (depth == MOST_DEPTH) {
		fail_at(name, err, "include", "a file that includes a file, and so on eight times", "fewer; does one of them include itself?");
		return NULL;
	}
	char *path = beside(file, name->text, err);
	struct lb_node *doc = path ? read_doc(c, path, depth + 1, err) : NULL;
	free(path);
	return doc && before ? lay(c, before, doc, file, false, err) : doc;
}

struct lb_node *lb_config_compose(struct lb_config *c, struct lb_node *doc, const char *file, int depth, struct lb_err *err)
{
	struct lb_node *env, *include, *below = NULL;
	char found[LB_FOUND_TEXT];

	if (take_out(c, doc, "env", &env, err) || take_out(c, doc, "include", &include, err))
		return NULL;
	if (env && env->type == LB_SCALAR && !lb_node_absent(env))
		return fail_at(env, err, "env", lb_node_found(env, found), "names of variables, [NAME, ...], or with defaults, {NAME: value}"), NULL;
	if (fill_in(env, doc, err) || (include && fill_in(env, include, err)))
		return NULL;
	if (lb_node_absent(include))
		return doc;
	if (include->type != LB_SEQUENCE)
		below = include_one(c, NULL, include, file, depth, err);
	for (size_t i = 0; include->type == LB_SEQUENCE && i < include->n; i++)
		if (!(below = include_one(c, below, include->item[i], file, depth, err)))
			return NULL;
	return include->type == LB_SEQUENCE && !include->n ? doc : below ? lay(c, below, doc, file, false, err) : NULL;
}

int lb_config_lay_over(struct lb_config *c, const char *file, struct lb_err *err)
{
	struct lb_node *doc = read_doc(c, file, 0, err), *out = doc ? lay(c, c->root, doc, file, true, err) : NULL;

	c->root = out ? out : c->root;
	return out ? 0 : -1;
}

/* ---- several data sets ---- */

static int check_sets(const struct lb_node *sets, const struct lb_node *sweep, struct lb_err *err)
{
	char found[LB_FOUND_TEXT];

	if (!sets->n)
		return fail_at(sets, err, "data", "an empty list", "a block, or a list of blocks, one for each data set");
	for (size_t i = 0; i < sets->n; i++)
		if (sets->item[i]->type != LB_MAPPING)
			return fail_at(sets->item[i], err, "data", lb_node_found(sets->item[i], found), "in a list of data sets: blocks such as {train: {path: a.csv}}");
	if (lb_node_get(sweep, "data"))
		return fail_at(lb_node_get(sweep, "data"), err, "sweep.data", "a sweep beside a list of data sets", "one of the two");
	return 0;
}

int lb_config_spread_data(struct lb_config *c, struct lb_err *err)
{
	struct lb_node *sets = lb_node_get(c->root, "data"), *sweep = lb_node_get(c->root, "sweep"), *out;

	if (!sets || sets->type != LB_SEQUENCE)
		return 0;
	if (check_sets(sets, sweep, err))
		return -1;
	out = lb_tree_with(&c->pool, NULL, "data", sets->location, sets, err);
	for (size_t i = 0; out && sweep && sweep->type == LB_MAPPING && i < sweep->n; i++)
		out = lb_map_with(&c->pool, out, sweep->key[i], sweep->item[i], err);
	c->root = out ? lb_tree_with(&c->pool, c->root, "sweep", sweep ? sweep->location : sets->location, out, err) : NULL;
	c->root = c->root ? lb_tree_with(&c->pool, c->root, "data", sets->location, sets->item[0], err) : NULL;
	c->data_sets = true;
	return c->root ? 0 : -1;
}
