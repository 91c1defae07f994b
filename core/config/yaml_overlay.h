/* YAML trees that share what they have in common: putting a value at a path gives a new root and
 * leaves the old one as it was. Expansion makes each trial's tree this way, without copying the
 * file's. */
#ifndef LB_YAML_OVERLAY_H
#define LB_YAML_OVERLAY_H

#include "core/base/text.h"
#include "core/config/pool.h"
#include "core/config/yaml.h"

#include <stddef.h>

/* A plain scalar. */
struct lb_node *lb_tree_scalar(struct lb_pool *pool, struct lb_location location, const char *text, size_t n, struct lb_err *err);

/* `root` with `value` at a dotted path; mappings on the way are made where they are missing, and a
 * bare component name on the way becomes its block. Made keys get the mark. */
struct lb_node *lb_tree_with(struct lb_pool *pool, struct lb_node *root, const char *path, struct lb_location location, struct lb_node *value,
			     struct lb_err *err);

/* `map` with this value at a key, which is an entry's node, whatever points it holds. */
struct lb_node *lb_map_with(struct lb_pool *pool, const struct lb_node *map, struct lb_node *key, struct lb_node *value, struct lb_err *err);

/* `over` laid over `under`, which stand at a path ("" for whole configs): blocks key by key; a
 * list, a value, null and a component of another name replace what was there. The paths of what
 * they replace are added to `replaced`, unless NULL. */
struct lb_node *lb_tree_over(struct lb_pool *pool, struct lb_node *under, struct lb_node *over, const char *path, struct lb_buf *replaced, struct lb_err *err);

/* The node at a dotted path below `root`, or NULL. *above, if not NULL, becomes the deepest mapping
 * met on the way. */
struct lb_node *lb_tree_at(struct lb_node *root, const char *path, const struct lb_node **above);

/* True for an absent node and for a plain null, ~ or nothing: the option is as if not given. */
bool lb_node_absent(const struct lb_node *node);

/* The component's name in a block or a bare word; NULL when there is none. */
const struct lb_node *lb_node_component(const struct lb_node *block, const char *key);

/* "a list", "a block", a number, or the scalar's text in quotes, cut to a readable length. */
#define LB_FOUND_TEXT 80
const char *lb_node_found(const struct lb_node *node, char buf[LB_FOUND_TEXT]);

/* out <- the path that the node tells: from the folder of the file that it stands in, or as it is
 * where it begins with a slash or stands in no file. */
#define LB_NODE_PATH 512
void lb_node_path(const struct lb_node *node, char out[LB_NODE_PATH]);

#endif
