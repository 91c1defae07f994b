/* What the files of core/config share among themselves; others use config.h. */
#ifndef LB_CONFIG_INTERNAL_H
#define LB_CONFIG_INTERNAL_H

#include "core/base/text.h"
#include "core/config/config.h"
#include "core/config/diagnostics.h"
#include "core/config/options.h"
#include "core/config/yaml_overlay.h"

/* One --set: a path and the values it takes, one or (a sweep) several. */
struct lb_set {
	char *place;             /* "--set loss.q=0.3,0.7": the file of its marks */
	char *path;
	struct lb_node **value;
	size_t n, cap;
};

struct lb_config {
	char *file, *name;
	struct lb_node *root;    /* of the file */
	char *mistakes;          /* of its YAML, one a line, in spite of which there is a tree; or NULL */
	struct lb_set *set;      /* none of them overruled by a later one at its path */
	size_t n_sets;
	bool allow_sweep;        /* several values of --set make a sweep */
	struct lb_pool pool;     /* plain values of --set */
	struct lb_node **doc;    /* values of --set that were read as YAML */
	size_t n_docs, docs_cap;
};

/* The state of resolving one trial's tree. */
struct lb_resolving {
	struct lb_node *root;
	const char *file, *study;
	const struct lb_registry *reg;
	enum lb_kind kind;       /* LB_N_KINDS while the task is not known */
	cJSON *out;
	struct lb_diagnostics *diagnostics;
	uint64_t *reads;         /* unless NULL, gets the bit of every top-level key that is looked at (lb_option_top) */
};

/* The tree with all defaults written out; mistakes go to the diagnostics, and NULL is for want of
 * memory only. `study` is the name where the tree gives none. */
cJSON *lb_resolve(struct lb_node *root, const char *file, const char *study, const struct lb_registry *reg,
		  struct lb_diagnostics *diagnostics, struct lb_err *err);

/* The mistakes of the values of like->root, each looked at by itself: what has to hold between
 * options is not checked. -1 is for want of memory. */
int lb_check_values(const struct lb_resolving *like, struct lb_diagnostics *diagnostics, struct lb_err *err);

/* The task of r->root, LB_N_KINDS when it is none we know. */
enum lb_kind lb_task_of(const struct lb_resolving *r);

/* defaults.c: returns true if the block named by info->goes_with is present and its kind is not
 * `none`. */
bool lb_rule_goes_with(const struct lb_resolving *r, const struct lb_info *info);

/* Returns true if a list of components that is not given holds this one. */
bool lb_rule_listed(const struct lb_resolving *r, const char *path, const struct lb_info *info);

/* Defaults that depend on other options. True when the option has such a rule; *item is NULL to
 * leave it out. */
bool lb_rule_default(const struct lb_resolving *r, const char *path, cJSON **item);
/* True when the option's value is checked as a list: data.split.test with modulo. */
bool lb_rule_takes_list(const struct lb_resolving *r, const struct lb_option *o, const struct lb_node *node);
/* What was given, read without complaint: a wrong value is reported where its option is
 * resolved. */
double lb_given_number(const struct lb_resolving *r, const char *path, double otherwise);
const char *lb_given_text(const struct lb_resolving *r, const char *path, const char *otherwise);
/* 1 - 0.2 - 0.2 is 0.6, not 0.6000000000000001. */
double lb_tidy(double v);
/* The form that data.split is given in; and the key that says so. */
enum lb_split_form { LB_FRACTIONS, LB_FIRST, LB_MODULO, LB_FOLDS, LB_SPLIT_FORMS };
enum lb_split_form lb_split_form_of(const struct lb_resolving *r);
extern const char *const lb_split_form_path[LB_SPLIT_FORMS];

/* constraints.c: checks what the config alone decides. reads[i], 0 to begin with, keeps the
 * top-level keys that check i looked at; a check that looked at none of the changed ones is not
 * made again. */
enum { LB_CONFIG_CONSTRAINTS = 21 };
void lb_config_check(struct lb_resolving *r, uint64_t reads[LB_CONFIG_CONSTRAINTS], uint64_t changed);

/* The seed of whatever has none of its own. */
double lb_rule_seed(const struct lb_resolving *r);

/* Returns the option as resolved, a new item; NULL where it is absent or wrong. */
cJSON *lb_resolve_option(const struct lb_resolving *r, const struct lb_option *o);

/* resolve_words.c: the same of an option that is a list of texts; node NULL: it is not given. */
cJSON *lb_resolve_words(const struct lb_resolving *r, const struct lb_option *o, const struct lb_node *node);

/* param.c: the numbers that lists in a component's block hold; and lb_args_from_block without the
 * descriptor's own check, lists going to room. */
size_t lb_args_numbers(const struct lb_info *info, const cJSON *block);
int lb_args_read(const struct lb_info *info, const cJSON *block, struct lb_arg *par, double *room, struct lb_err *err);

/* series.c: resolves the trees of a sweep one after the other and does again only what differs from
 * the one before; the configs share what they have in common. `like` says everything but the
 * tree. */
struct lb_series;
struct lb_series *lb_series_open(const struct lb_resolving *like, struct lb_err *err);
/* Frees the series and returns the nodes of its configs, to be freed when these are not used any
 * more. */
struct lb_config_nodes *lb_series_close(struct lb_series *s);
void lb_config_nodes_free(struct lb_config_nodes *nodes);
/* The pool to make the next tree in. */
struct lb_pool *lb_series_pool(struct lb_series *s);
/* Resolves the tree; mistakes go to the diagnostics. Returns the config, which belongs to the
 * nodes, and a hash of it (equal configs have the same); NULL for want of memory. */
const cJSON *lb_series_next(struct lb_series *s, struct lb_node *root, uint64_t *hash, struct lb_err *err);

/* lookup.c: the option's node, or NULL when it is absent. */
const struct lb_node *lb_option_set(const struct lb_resolving *r, const char *path);
/* Place of the option, or of the nearest enclosing block that is given. */
struct lb_location lb_location_of(const struct lb_resolving *r, const char *path);

/* The next component of a block, from a walk { 0 }, or the one of that name, among those of the
 * task; kind = LB_N_KINDS goes through all tasks, one after the other. NULL when there is none. */
struct lb_component_iterator {
	enum lb_kind kind;
	size_t at;
};
const struct lb_info *lb_component_next(const struct lb_registry *reg, const char *block, enum lb_kind kind, struct lb_component_iterator *iterator);
const struct lb_info *lb_component_find(const struct lb_registry *reg, const char *block, enum lb_kind kind, const char *name);
/* The parameter of that name that a block of this component has: the component's, or the block's
 * own; NULL when there is none. */
const struct lb_param *lb_block_param(const struct lb_option *block, const struct lb_info *info, const char *name);

/* The default as JSON; seeds become `seed`, a text without default NULL. */
cJSON *lb_param_default(const struct lb_param *p, double seed);

/* sweep.c: one path of a sweep and the values it takes. Tracks of one axis move together. */
struct lb_swept_param {
	const char *path;
	struct lb_location location; /* where the path stands */
	struct lb_node *node;        /* what stands there */
	size_t axis;
	struct lb_node **value;
	size_t n, cap;
};
struct lb_sweep {
	const struct lb_config *config;
	struct lb_resolving r;       /* root: the file's tree with every --set of one value */
	struct lb_swept_param *swept; /* in the order of application */
	size_t n, cap, n_axes;
	double n_values;             /* made for ranges and products */
	struct lb_pool pool;
};

/* Reads the sweep block and --set into swept parameters, which are applied from shallow paths to
 * deep ones; mistakes go to the diagnostics, -1 is for want of memory. Release in any case. */
int lb_sweep_read(struct lb_sweep *s, struct lb_err *err);
size_t lb_sweep_axis_length(const struct lb_sweep *s, size_t axis);
/* The tree with the value of each axis at its value_index (n_axes). */
struct lb_node *lb_sweep_tree(const struct lb_sweep *s, struct lb_pool *pool, const size_t *value_index, struct lb_err *err);
void lb_sweep_free(struct lb_sweep *s);

/* sweep_shadowed.c: the mistakes of values that stand in the file and that the sweep block replaces
 * in every trial. */
int lb_sweep_check_replaced(const struct lb_sweep *s, struct lb_err *err);

/* sweep_values.c: the values that a swept parameter's node stands for: a list, a range, `default`,
 * blocks with lists inside. */
int lb_sweep_values(struct lb_sweep *s, struct lb_swept_param *t, struct lb_err *err);
/* Appends one value to a swept parameter; with spread, a block with lists inside becomes
 * several. */
int lb_sweep_value(struct lb_sweep *s, struct lb_swept_param *t, struct lb_node *value, bool spread, struct lb_err *err);

/* Returns true if the one value that --set gives a path stands for several, as it would in the
 * sweep block: `default` or a range {from, to, steps, scale} where a number is expected, `default`
 * at any other parameter that is no text. */
bool lb_sweep_spreads(const struct lb_sweep *s, const char *path, const struct lb_node *value);

/* unknown_key.c: what is allowed, and what was meant. */
#define LB_MAX_WORDS 256
#define LB_PATH_TEXT 160
#define LB_HINT_TEXT 200
struct lb_words {
	const char *v[LB_MAX_WORDS];
	size_t n;
};
void lb_words_add(struct lb_words *w, const char *word);
/* "a, b, c" */
void lb_words_join(const struct lb_words *w, struct lb_buf *out);
/* "; did you mean "x"?" or nothing, into buf. */
const char *lb_hint(const char *meant, char buf[LB_HINT_TEXT]);

/* The diagnostic "WHAT, allowed: a, b, c; did you mean "b"?"; meant may be NULL. */
void lb_reject(const struct lb_resolving *r, struct lb_location location, const char *path, const char *what, const struct lb_words *allowed,
	       const char *meant);
/* The diagnostic "found a list, allowed: ALLOWED". */
void lb_reject_type(const struct lb_resolving *r, const struct lb_node *node, const char *path, const char *allowed);
/* Faults for the keys of a group's mapping that no option has; the root's group is "". */
void lb_check_keys(const struct lb_resolving *r, const struct lb_node *map, const char *group);
/* The same for one entry of the mapping. */
void lb_check_key(const struct lb_resolving *r, const struct lb_node *key, const struct lb_node *item, const char *group);
/* A diagnostic for a key at `path` that no option has. */
void lb_reject_key(const struct lb_resolving *r, const char *path, const struct lb_node *key);

#endif
