/* From a YAML file and --set overrides to fully resolved trial configs. Pure: the same input gives
 * the same trials in the same order; no data is read here.
 *
 * One table (options.c) lists every key with its type, default, range and meaning; the blocks that
 * name a component (loss, optimizer, schedule, model, corrupt.labels, data.generator, entries of
 * metrics) take their keys from the component's descriptor. From it come parsing, defaults, --set,
 * `config schema` and the reference page. */
#ifndef LB_CONFIG_H
#define LB_CONFIG_H

#include "core/base/err.h"
#include "core/base/component.h"
#include "core/base/json.h"
#include "core/config/yaml.h"
#include "losses/loss_info.h"

/* Looks up descriptors for the blocks that name a component, so that core/config knows no
 * component. `block` is the path of the block ("loss", "optimizer", "schedule", "model",
 * "corrupt.labels", "corrupt.imbalance", "data.generator", "metrics", "procedures"). Supplied by
 * core/run (components.c). */
struct lb_diagnostics;
struct lb_registry {
	/* The next of those that apply to the task; NULL ends. *at is 0 to begin with, and
	 * theirs. */
	const struct lb_info *(*next)(const char *block, enum lb_kind kind, size_t *at);
	/* The one of that name for whatever task, to say "X is a binary loss, the task is
	 * multiclass"; NULL when unknown. */
	const struct lb_info *(*any)(const char *block, const char *name, enum lb_kind *kind);
	/* The component that a block describes by itself, such as a loss by its formula: of a node
	 * of the file, whose mistakes go to the diagnostics (NULL: they are not told, and what is
	 * not declared is a parameter), or of a resolved block. *is tells whether it does; NULL:
	 * it does not, or has mistakes. Without these functions none does. */
	const struct lb_info *(*of_node)(const char *block, enum lb_kind kind, const struct lb_node *node, struct lb_diagnostics *diagnostics, bool *is);
	const struct lb_info *(*of_item)(const char *block, enum lb_kind kind, const cJSON *item, bool *is, struct lb_err *err);
	/* The JSON Schema of a block that describes its component, a new tree; NULL: none of that
	 * path does. */
	cJSON *(*schema_of)(const char *block);
	size_t most_trials;      /* of a sweep; no list holds more values, all of them together at most ten times as many */
	/* Whether a list of components that is not given holds this one, which applies to the task,
	 * in a trial of that loss, with classes that training does not see or without; NULL:
	 * where it is not .on_request. */
	bool (*listed)(const char *block, const struct lb_info *info, enum lb_kind kind, const char *loss, bool unseen);
};

/* A config read and merged with its overrides, not yet expanded. */
struct lb_config;

/* sets: "key.path=value" texts, each split at the first '='. A value with a comma outside brackets
 * and quotes is a sweep list (as if it stood in the sweep block), and so are a range {from, to,
 * steps, scale} and `default` at a number; allow_sweep = false makes that an error. Of two at one
 * path the later counts; one below another is applied after it, whatever their order. Syntax errors
 * are reported all at once, with LB_CONFIG; an override that is no key.path=value is one of the
 * command line, LB_USAGE. path NULL: there is no file, sets say everything. */
struct lb_config *lb_config_load(const char *path, const char *const *sets, size_t n_sets, bool allow_sweep, struct lb_err *err);
void lb_config_free(struct lb_config *config);

/* The study's name (`name:`, or the file's name without .yaml). Borrowed. */
const char *lb_config_name(const struct lb_config *config);

/* What the file asks in its first comment lines, `# Question: ...?`, for the titles of reports: a
 * new string, or NULL where it asks nothing (or path is NULL). */
char *lb_config_question(const char *path, struct lb_err *err);

/* One resolved trial: every option written out, in the order of the option table, seeds filled in
 * from train.seed. Numbers are numbers, components are blocks with all their parameters. `where`
 * gives the mark of a path for messages about the data. */
struct lb_trial_list {
	cJSON **config;          /* n resolved configs, owned by the list; not to be changed, for they share blocks */
	size_t n;
	struct lb_config_nodes *nodes; /* what the configs consist of, or NULL: each is a tree of its own */
};

/* Expands and validates. Every error of every trial is collected, each reported once, as
 * `file:line:column: path: found ..., allowed ...; did you mean ...?`. */
int lb_config_expand(const struct lb_config *config, const struct lb_registry *reg, struct lb_trial_list *out, struct lb_err *err);
void lb_trial_list_free(struct lb_trial_list *list);

/* Blocks and lists of config that are the same as in `before` become references to those, so that a
 * sweep holds them once; `before` must then live as long as config is read. */
void lb_config_share(const cJSON *before, cJSON *config);

/* Place of the (possibly swept) option in the file, for later errors such as a data file that
 * cannot be read: "file:line:column" as a new string, or the file's name alone when the option is a
 * default. */
char *lb_config_place(const struct lb_config *config, const char *path, struct lb_err *err);

/* The paths in which trials of this config differ ("loss.name", "train.seed"): the keys of the
 * sweep block, blocks expanded to the parameters that vary. As a JSON array of texts. */
cJSON *lb_config_varying(const struct lb_trial_list *list, struct lb_err *err);

/* JSON Schema (draft 2020-12) of a config file, from the option table and the descriptors. New
 * tree. */
cJSON *lb_config_schema(const struct lb_registry *reg, struct lb_err *err);

/* Component parameters out of a resolved block (cJSON object) in the order of the descriptor; texts
 * and lists are borrowed from the block or, lists of numbers, allocated in one piece at *lists
 * (free it; NULL when there are none). */
int lb_args_from_block(const struct lb_info *info, const cJSON *block, struct lb_arg *par, double **lists, struct lb_err *err);

/* Checks one scalar or list text against a parameter, as --param and --set do. The message in err
 * says what is allowed, without a place. The result is a new JSON item. */
cJSON *lb_param_parse(const struct lb_param *p, const struct lb_node *value, struct lb_err *err);
/* "a number in (0, 1]", "one of: relu, tanh, gelu", ... into buf. */
void lb_param_allowed(const struct lb_param *p, char *buf, size_t size);

#endif
