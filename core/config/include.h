/* Configs made of several files: `include:` lays a config over others, `env:` declares variables of
 * the environment that its texts may hold as ${ENV:NAME}. Both keys are gone afterwards. */
#ifndef LB_INCLUDE_H
#define LB_INCLUDE_H

#include "core/config/loaded_config.h"

/* Takes the document of the file `file` (c owns it) into its place: its variables are filled in and
 * it is laid over what it includes, by paths relative to its own folder. The result, NULL on
 * failure. */
struct lb_node *lb_config_compose(struct lb_config *c, struct lb_node *doc, const char *file, int depth, struct lb_err *err);

/* Lays a config file over c->root, which it wins against, and says so. */
int lb_config_lay_over(struct lb_config *c, const char *file, struct lb_err *err);

/* A list of blocks in the place of `data:` is swept: each block is a data set, on the first axis of
 * the sweep. */
int lb_config_spread_data(struct lb_config *c, struct lb_err *err);

/* Hands a document to the config, which frees it at its end. */
int lb_config_keep_doc(struct lb_config *c, struct lb_node *doc, struct lb_err *err);

#endif
