/* Losses by their formula, as a config's block and a file of their own give them. */
#ifndef LB_FORMULA_BLOCK_H
#define LB_FORMULA_BLOCK_H

#include "core/config/diagnostics.h"
#include "core/config/options.h"
#include "losses/loss_info.h"

/* As of_node and of_item of struct lb_registry (core/config/config.h). */
const struct lb_info *lb_formula_of_node(const char *block, enum lb_kind kind, const struct lb_node *node, struct lb_diagnostics *diagnostics, bool *is);
const struct lb_info *lb_formula_of_item(const char *block, enum lb_kind kind, const cJSON *item, bool *is, struct lb_err *err);

/* As schema_of there. */
cJSON *lb_formula_schema(const char *block);

/* The loss of a file such as mine.loss.yaml, and its tree, which stays for the process: claims and
 * examples are the caller's to read. NULL after diagnostics, or with err. */
const struct lb_loss_info *lb_formula_of_file(const char *path, const struct lb_node **tree, struct lb_diagnostics *diagnostics, struct lb_err *err);

#endif
