/* Which blocks of a config name losses, for those that describe their loss by themselves. */
#ifndef LB_LOSS_BLOCK_H
#define LB_LOSS_BLOCK_H

#include "losses/loss_info.h"

#include <string.h>

static inline bool lb_names_loss(const char *block)
{
	return !strcmp(block, "loss") || !strcmp(block, "terms");
}

/* The kind of loss that a block of a task has: a student's further losses are those of classes,
 * those of anomalies are of regression. */
static inline enum lb_kind lb_kind_of_block(const char *block, enum lb_kind task)
{
	if (task == LB_ANOMALY)
		return LB_REGRESSION;
	return task == LB_DISTILLATION && !strcmp(block, "terms") ? LB_MULTICLASS : task;
}

#endif
