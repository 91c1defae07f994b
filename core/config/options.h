/* The option table: every key of a config, said once. From it come parsing, defaults, --set, sweeps
 * and the JSON Schema. Blocks that name a component are one row here; their keys come from the
 * component's descriptor. */
#ifndef LB_OPTIONS_H
#define LB_OPTIONS_H

#include "core/base/err.h"
#include "core/base/component.h"
#include "core/base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lb_shape {
	LB_GROUP,      /* a mapping whose keys are the rows below it */
	LB_VALUE,      /* one parameter as in a descriptor */
	LB_WORDS,      /* a list of texts, or the one word .word instead */
	LB_COMPONENT,  /* a block that names a component, or the bare name */
	LB_COMPONENTS, /* a list of such blocks */
	LB_SPACE       /* the word default, or paths with values as in the sweep block; resolved to the list of paths */
};

/* The C type of the field of struct lb_spec that an option fills (spec.h). */
enum lb_field {
	LB_NO_FIELD,     /* a group, or what only core/config reads */
	LB_TEXT_FIELD,   /* const char * */
	LB_REAL_FIELD,   /* double */
	LB_COUNT_FIELD,  /* uint64_t */
	LB_TRUTH_FIELD,  /* bool */
	LB_WORD_FIELD,   /* struct lb_word */
	LB_ITEM_FIELD,   /* const cJSON * */
	LB_LIST_FIELD,   /* struct lb_list */
	LB_USE_FIELD,    /* struct lb_component_use */
	LB_USES_FIELD    /* struct lb_component_uses */
};

struct lb_option {
	const char *path;            /* dotted */
	enum lb_shape shape;
	enum lb_field field;         /* what it fills of struct lb_spec, and where */
	size_t at;
	struct lb_param param;       /* VALUE: type, default, range; all: help */
	const struct lb_param *list; /* VALUE: what a list is checked against, where one is allowed too; else NULL */
	const struct lb_param *by_name; /* VALUE: what the values of a block {name: number or text}, one for each class, or of a list are checked against, where these are allowed too */
	const char *const *words;    /* WORDS: the allowed texts, NULL-ended; NULL: any */
	const char *word;            /* WORDS: the word allowed in place of a list, also the default; or NULL */
	const char *key;             /* COMPONENT(S): the key that holds the name, "name" or "kind" */
	const char *noun;            /* COMPONENT(S): what a component is called in messages; VALUE: the choices are the names of components, so called */
	const char *def_name;        /* COMPONENT: the default component, or NULL */
	/* (n_extra) COMPONENT(S): parameters of the block itself, where the component has none of
	 * the name. Those of a COMPONENT, and of a list all but the first, are left out of the
	 * resolved form at their defaults. */
	const struct lb_param *extra;
	int n_extra;
	const char *prefix;          /* VALUE: what a text without a point gets in front, "valid."; or NULL */
	bool optional;               /* without a default: left out of the resolved form when absent */
	bool with_group;             /* resolved only where its group is given, such as data.test */
	bool bare;                   /* COMPONENT: one without parameters is resolved to its name alone */
	bool nested;                 /* is in the block of a component, such as model.head, and is resolved with it */
	bool shorthand;              /* never in the resolved form: stands for other options */
	bool outside_id;             /* not part of a trial's id, and not to be swept */
};

/* Room for the path of an option, or of what stands in its place. */
#define LB_PATH_TEXT 160

size_t lb_option_count(void);
const struct lb_option *lb_option_at(size_t i);

/* The row of the path's first n bytes, or NULL. */
const struct lb_option *lb_option_find(const char *path, size_t n);

/* The bit of the top-level key that the path begins with, another for each; 0 when there is no such
 * key. */
uint64_t lb_option_top(const char *path);

/* The innermost component block that the path names or lies in ("loss" for "loss.q"), or NULL. */
const struct lb_option *lb_option_component(const char *path);

/* The next option from *i on, which it moves on, that is nested in the component block; NULL past
 * the last. */
const struct lb_option *lb_option_nested(const char *block, size_t *i);
/* Whether that key of the component block is such an option. */
bool lb_option_nests(const char *block, const char *key);

/* The last key of a dotted path. */
const char *lb_path_last(const char *path);

/* The number of its dots. */
int lb_path_depth(const char *path);

/* True when `path` is `above` or lies below it. */
bool lb_path_within(const char *path, const char *above);

/* The part that a top-level member of a resolved config has in a trial's id: a copy without what is
 * said outside the id, such as the study's name and the output, and without later keys that say
 * what was always so. *out is NULL where nothing is left. The caller puts checksums in the place of
 * file paths. */
int lb_config_identity(const cJSON *member, cJSON **out, struct lb_err *err);

#endif
