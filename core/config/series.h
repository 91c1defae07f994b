/* Resolves the trees of a sweep one after the other and does again only what differs from the one
 * before; the configs share what they have in common. */
#ifndef LB_SERIES_H
#define LB_SERIES_H

#include "core/config/lookup.h"

/* The axes of a sweep: trees that have the same values of all axes which set a top-level key say
 * the same there. What is in it is borrowed, value_index[i] < length[i] is that of the next
 * tree. */
struct lb_axes {
	size_t n;
	const size_t *length, *value_index;
	const uint64_t *keys;            /* that an axis sets, as in lb_option_top */
};

/* `like` says everything but the tree. */
struct lb_series;
struct lb_series *lb_series_open(const struct lb_resolving *like, const struct lb_axes *axes, struct lb_err *err);
/* Frees the series and returns the nodes of its configs, to be freed when these are not used any
 * more. */
struct lb_config_nodes *lb_series_close(struct lb_series *s);
void lb_config_nodes_free(struct lb_config_nodes *nodes);
/* The pool to make the next tree in. */
struct lb_pool *lb_series_pool(struct lb_series *s);
/* Resolves the tree; mistakes go to the diagnostics. Returns the config, which belongs to the
 * nodes, and a hash of it (equal configs have the same); NULL for want of memory. */
const cJSON *lb_series_next(struct lb_series *s, struct lb_node *root, uint64_t *hash, struct lb_err *err);

#endif
