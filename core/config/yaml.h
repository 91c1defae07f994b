/* YAML with places: libyaml's events built into a small tree in which every node knows its line and
 * column. */
#ifndef LB_YAML_H
#define LB_YAML_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct lb_location {
	const char *file;        /* path as given, or "--set loss.gamma"; borrowed from the document */
	size_t line, column;     /* from 1; 0 when the place is not in a file */
};

enum lb_node_type { LB_SCALAR, LB_SEQUENCE, LB_MAPPING };

struct lb_node {
	enum lb_node_type type;
	struct lb_location location;
	char *text;              /* SCALAR: as written, without quotes */
	bool quoted;             /* SCALAR in quotes or a block scalar: text, never a number or a truth value */
	size_t n;                /* SEQUENCE, MAPPING: entries */
	struct lb_node **item;   /* values */
	struct lb_node **key;    /* MAPPING: scalar keys, parallel to item */
};

/* Reads one document of at most 1 MiB, nested at most 32 deep. Aliases, anchors, tags, a second
 * document, duplicate keys (reported with both lines), keys that are not scalars, and invalid UTF-8
 * are errors; several are reported at once where the parse can go on. An empty document is an empty
 * mapping. The tree is owned by the caller: lb_node_free. `name` stands for the file in messages
 * and is copied. */
struct lb_node *lb_yaml_parse(const char *name, const char *text, size_t n, struct lb_err *err);
/* Reads the document of a file. Where the tree is whole in spite of its mistakes (a key that is
 * there twice, a tag, an alias, a second document) it is given together with their messages in err,
 * so that whatever else is wrong can be reported with them. */
struct lb_node *lb_yaml_read(const char *path, struct lb_err *err);
void lb_node_free(struct lb_node *node);

/* The value under a key of a mapping, or NULL. Borrowed. */
struct lb_node *lb_node_get(const struct lb_node *map, const char *key);

#endif
