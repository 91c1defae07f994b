/* A config as it was loaded: the file's tree and what --set says. */
#ifndef LB_LOADED_CONFIG_H
#define LB_LOADED_CONFIG_H

#include "core/config/config.h"
#include "core/config/pool.h"
#include "core/config/yaml.h"

/* One --set: a path and the values it takes, one or (a sweep) several. */
struct lb_set {
	char *place;             /* "--set loss.q=0.3,0.7": the file of its marks */
	char *path;
	struct lb_node **value;
	size_t n, cap;
};

struct lb_config {
	char *file, *name;
	struct lb_node *root;    /* of the file, and of those that it includes or that are laid over it */
	char *mistakes;          /* of its YAML, one a line, in spite of which there is a tree; or NULL */
	struct lb_set *set;      /* none of them overruled by a later one at its path */
	size_t n_sets;
	bool data_sets;          /* data was a list of blocks: the first stands there, all are swept */
	bool allow_sweep;        /* several values of --set make a sweep */
	struct lb_pool pool;     /* plain values of --set, blocks that were put together */
	struct lb_node **doc;    /* the files, values of --set that were read as YAML */
	size_t n_docs, docs_cap;
};

#endif
