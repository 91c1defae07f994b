#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/config/include.h"
#include "core/config/options.h"
#include "core/config/yaml_overlay.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_KEYS = 16 };

/* Values of --set */

static size_t quote_length(const char *s)
{
	const char quote = *s;
	size_t i = 1;

	while (s[i] && s[i] != quote)
		i += quote == '"' && s[i] == '\\' && s[i + 1] ? 2 : 1;
	return s[i] ? i + 1 : i;
}

static bool is_yaml(char c)
{
	return c && strchr("[{\"'", c);
}

/* Bytes up to the comma that ends the value; commas in brackets and quotes do not. */
static size_t value_length(const char *s)
{
	size_t i = 0;
	int depth = 0;

	if (!is_yaml(*s))
		return strcspn(s, ",");
	while (s[i] && (depth > 0 || s[i] != ',')) {
		depth += s[i] == '[' || s[i] == '{';
		depth -= s[i] == ']' || s[i] == '}';
		i += s[i] == '"' || s[i] == '\'' ? quote_length(s + i) : 1;
	}
	return i;
}

static void trim(const char **s, size_t *n)
{
	while (*n && **s == ' ') {
		++*s;
		--*n;
	}
	while (*n && (*s)[*n - 1] == ' ')
		--*n;
}

static void unmark(struct lb_node *node)
{
	node->location.line = node->location.column = 0;
	for (size_t i = 0; i < node->n; i++) {
		unmark(node->item[i]);
		if (node->key)
			unmark(node->key[i]);
	}
}

static struct lb_node *read_value(struct lb_config *c, const struct lb_set *set, const char *s, size_t n, struct lb_err *err)
{
	if (!n || !is_yaml(*s))
		return lb_tree_scalar(&c->pool, (struct lb_location){ .file = set->place }, s, n, err);
	if (lb_grow(&c->doc, &c->docs_cap, c->n_docs + 1, sizeof *c->doc, err))
		return NULL;
	struct lb_node *node = lb_yaml_parse(set->place, s, n, err);
	if (node) {
		unmark(node);
		c->doc[c->n_docs++] = node;
	}
	return node;
}

static int read_values(struct lb_config *c, struct lb_set *set, const char *s, struct lb_err *err)
{
	const struct lb_option *o = lb_option_find(set->path, strlen(set->path));
	const bool one = (o && o->outside_id) || !strcmp(set->path, "include"); /* such as a folder, whose name may hold a comma */
	const bool several = !one && s[value_length(s + strspn(s, " ")) + strspn(s, " ")] == ',';

	for (;;) {
		const size_t blanks = several ? strspn(s, " ") : 0, end = one ? strlen(s) : blanks + value_length(s + blanks);
		const char *value = s;
		size_t n = end;
		if (several)
			trim(&value, &n);
		if (several && !n)
			return lb_fail_more(err, LB_CONFIG, "%s: %s: an empty value, allowed: values between the commas", set->place, set->path);
		struct lb_node *node = read_value(c, set, value, n, err);
		if (!node || lb_grow(&set->value, &set->cap, set->n + 1, sizeof *set->value, err))
			return -1;
		set->value[set->n++] = node;
		if (s[end] == '\0')
			return 0;
		s += end + 1;
	}
}

static bool is_path(const char *s, size_t n)
{
	size_t start = 0, keys = 0;

	for (size_t i = 0; i <= n; i++) {
		if (i < n && s[i] != '.')
			continue;
		if (i == start || ++keys > MAX_KEYS)
			return false;
		start = i + 1;
	}
	return true;
}

/* An option that takes a list is told how to get one. */
static int refuse_several(const struct lb_set *set, struct lb_err *err)
{
	const struct lb_option *o = lb_option_find(set->path, strlen(set->path));
	const bool takes_list = o && (o->shape == LB_WORDS || o->shape == LB_COMPONENTS || o->list);
	const char *values = set->place + strlen("--set ") + strlen(set->path) + 1;

	if (takes_list)
		return lb_fail_more(err, LB_CONFIG, "%s: %s: %zu values make a sweep; for one list of them write --set %s=[%s]", set->place, set->path,
				    set->n, set->path, values);
	return lb_fail_more(err, LB_CONFIG, "%s: %s: %zu values make a sweep; give one value, or run `lossbench sweep`", set->place, set->path, set->n);
}

static int read_set(struct lb_config *c, struct lb_set *set, const char *text, bool allow_sweep, struct lb_err *err)
{
	const size_t n = strcspn(text, "=");

	set->place = lb_strfmt(err, "--set %s", text);
	set->path = lb_strndup(text, n, err);
	if (!set->place || !set->path)
		return -1;
	if (text[n] == '\0' || !is_path(text, n))
		return lb_fail_more(err, LB_USAGE, "%s: allowed: key.path=value, such as --set loss.name=ce", set->place);
	if (lb_path_within(set->path, "sweep"))
		return lb_fail_more(err, LB_CONFIG, "%s: the sweep block cannot be set; give several values: --set loss=ce,gce", set->place);
	if (!lb_utf8_valid(text, strlen(text)))
		return lb_fail_more(err, LB_CONFIG, "%s: not valid UTF-8", set->place);
	if (read_values(c, set, text + n + 1, err))
		return -1;
	if (set->n > 1 && !allow_sweep)
		return refuse_several(set, err);
	return 0;
}

/* A later --set at the same path replaces it. The name of a component may be given at its block
 * (loss=ce) or at its key (loss.name=ce). */
static bool overruled(const struct lb_config *c, size_t i)
{
	const struct lb_option *block = lb_option_component(c->set[i].path);
	const bool names = block && !strcmp(lb_path_last(c->set[i].path), block->key) &&
			   lb_path_depth(c->set[i].path) == lb_path_depth(block->path) + 1;

	for (size_t j = i + 1; j < c->n_sets; j++)
		if (!strcmp(c->set[i].path, c->set[j].path) || (names && !strcmp(block->path, c->set[j].path)))
			return true;
	return false;
}

static void free_set(struct lb_set *set)
{
	free(set->place);
	free(set->path);
	free(set->value);
}

/* Keeps of the --set options those that count. */
static void drop_overruled(struct lb_config *c)
{
	size_t kept = 0;

	/* set[kept..i) is free room: set[i] is looked at before it moves there, those after it
	 * have not moved. */
	for (size_t i = 0; i < c->n_sets; i++) {
		if (overruled(c, i))
			free_set(&c->set[i]);
		else
			c->set[kept++] = c->set[i];
	}
	c->n_sets = kept;
}

static char *base_name(const char *path, struct lb_err *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
	const bool yaml = dot && dot != name && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml"));

	return lb_strndup(name, yaml ? (size_t)(dot - name) : strlen(name), err);
}

static char *study_name(const struct lb_config *c, struct lb_err *err)
{
	const struct lb_node *name = lb_node_get(c->root, "name");

	for (size_t i = 0; i < c->n_sets; i++)
		if (!strcmp(c->set[i].path, "name"))
			name = c->set[i].value[0];
	return lb_node_absent(name) || name->type != LB_SCALAR ? base_name(c->file, err) : lb_strdup(name->text, err);
}

/* --set include=FILE lays the file over the config. */
static int lay_over(struct lb_config *c, struct lb_err *err)
{
	int rc = 0;
	size_t kept = 0;

	for (size_t i = 0; i < c->n_sets; i++) {
		const bool include = !strcmp(c->set[i].path, "include");
		for (size_t k = 0; include && !rc && k < c->set[i].n; k++)
			rc = c->set[i].value[k]->type != LB_SCALAR ? lb_fail_more(err, LB_CONFIG, "%s: include: found a list or block, allowed: a config file", c->set[i].place) :
								 lb_config_lay_over(c, c->set[i].value[k]->text, err);
		if (include)
			free_set(&c->set[i]);
		else
			c->set[kept++] = c->set[i];
	}
	c->n_sets = kept;
	return rc;
}

static int read_all(struct lb_config *c, bool from_file, const char *const *sets, size_t n_sets, bool allow_sweep, struct lb_err *err)
{
	struct lb_err mistakes = { 0 };
	int rc = 0;

	c->root = from_file ? lb_yaml_read(c->file, &mistakes) : lb_yaml_parse(c->file, "{}", 2, &mistakes);
	if (!c->root)
		rc = lb_fail_more(err, mistakes.code, "%s", mistakes.text);
	else if (mistakes.code != LB_OK && !(c->mistakes = lb_strdup(mistakes.text, err)))
		rc = -1;
	else if (c->root->type != LB_MAPPING)
		rc = lb_fail_more(err, LB_CONFIG, "%s:%zu:%zu: not a config, allowed: a block of keys such as data, model and loss", c->file,
				  c->root->location.line, c->root->location.column);
	if (c->root && lb_config_keep_doc(c, c->root, err))
		return -1;
	if (!rc && !(c->root = lb_config_compose(c, c->root, c->file, 0, err)))
		rc = -1;
	for (size_t i = 0; i < n_sets; i++)
		if (read_set(c, &c->set[c->n_sets++], sets[i], allow_sweep, err))
			rc = -1;
	if (!rc)
		rc = lay_over(c, err) || lb_config_spread_data(c, err) ? -1 : 0;
	if (!rc)
		drop_overruled(c);
	c->allow_sweep = allow_sweep;
	return rc;
}

struct lb_config *lb_config_load(const char *path, const char *const *sets, size_t n_sets, bool allow_sweep, struct lb_err *err)
{
	struct lb_config *c = lb_alloc(1, sizeof *c, err);

	if (c && (c->file = lb_strdup(path ? path : "command-line", err)) && (c->set = lb_alloc(n_sets, sizeof *c->set, err)) &&
	    !read_all(c, path, sets, n_sets, allow_sweep, err) && (c->name = study_name(c, err)))
		return c;
	lb_config_free(c);
	return NULL;
}

void lb_config_free(struct lb_config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_sets; i++)
		free_set(&c->set[i]);
	for (size_t i = 0; i < c->n_docs; i++)
		lb_node_free(c->doc[i]);
	lb_pool_free(&c->pool);
	free(c->set);
	free(c->doc);
	free(c->mistakes);
	free(c->file);
	free(c->name);
	free(c);
}

const char *lb_config_name(const struct lb_config *config)
{
	return config->name;
}

/* Places */

struct best {
	size_t depth;            /* bytes of the path that were found */
	const struct lb_node *node;
};

/* Looks below `node`, which stands at path[0..at). Deeper finds win; of equal ones the later. */
static void look(struct best *best, const struct lb_node *node, const char *path, size_t at)
{
	while (!lb_node_absent(node)) {
		if (at >= best->depth)
			*best = (struct best){ at, node };
		if (!path[at] || node->type != LB_MAPPING)
			return;
		const char *key = path + at + (path[at] == '.');
		const size_t n = strcspn(key, ".");
		const struct lb_node *next = NULL;
		for (size_t i = 0; i < node->n && !next; i++)
			if (!strncmp(node->key[i]->text, key, n) && !node->key[i]->text[n])
				next = node->item[i];
		node = next;
		at = (size_t)(key - path) + n;
	}
}

static void look_in_sweep(struct best *best, const struct lb_node *sweep, const char *path)
{
	for (size_t i = 0; sweep && i < sweep->n; i++) {
		const struct lb_node *key = sweep->type == LB_MAPPING ? sweep->key[i] : NULL;
		if (!key || !strcmp(key->text, "zip"))
			look_in_sweep(best, sweep->item[i], path);
		else if (lb_path_within(path, key->text) && strlen(key->text) >= best->depth)
			*best = (struct best){ strlen(key->text), sweep->item[i] };
	}
}

static struct best find_place(const struct lb_config *c, const char *path)
{
	struct best best = { 0, c->root };

	look(&best, c->root, path, 0);
	look_in_sweep(&best, lb_node_get(c->root, "sweep"), path);
	for (size_t i = 0; i < c->n_sets; i++)
		if (lb_path_within(path, c->set[i].path))
			look(&best, c->set[i].value[0], path, strlen(c->set[i].path));
	return best;
}

char *lb_config_place(const struct lb_config *config, const char *path, struct lb_err *err)
{
	const struct best best = find_place(config, path);
	const struct lb_location *location = &best.node->location;

	if (best.depth < strlen(path) && !strcmp(path, "data.train.label"))
		return lb_config_place(config, "data.label", err);
	if (best.node == config->root || !location->line)
		return lb_strdup(best.node == config->root ? config->file : location->file, err);
	return lb_strfmt(err, "%s:%zu:%zu", location->file, location->line, location->column);
}
