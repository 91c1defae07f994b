/* Losses of plug-ins (losses/plugin.h), as a config's block and the environment name them. */
#ifndef LB_PLUGIN_BLOCK_H
#define LB_PLUGIN_BLOCK_H

#include "core/config/diagnostics.h"
#include "core/config/options.h"
#include "losses/loss_info.h"

/* As of_node and of_item of struct lb_registry (core/config/config.h): a block with the key
 * `plugin`, the path of the object from the folder of the config. `name` chooses one of its losses
 * and may be left out where it has one of the task. */
const struct lb_info *lb_plugin_of_node(const char *block, enum lb_kind kind, const struct lb_node *node, struct lb_diagnostics *diagnostics, bool *is);
const struct lb_info *lb_plugin_of_item(const char *block, enum lb_kind kind, const cJSON *item, bool *is, struct lb_err *err);

/* Loads every *.so of the folders that the environment variable LOSSBENCH_PLUGINS names, separated
 * by colons, in the order of their names. What cannot be loaded is warned of and left out, so that
 * it can be built again. */
void lb_plugins_load(void);

#endif
