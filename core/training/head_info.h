/* What a head says of itself, free of precision. Its functions are in
 * core/engine/model/head/head.h. */
#ifndef LB_HEAD_INFO_H
#define LB_HEAD_INFO_H

#include "core/base/component.h"

#include <stdbool.h>
#include <stddef.h>

enum { LB_MOST_HEAD_PARAMS = 4 };

/* The registered heads' descriptors, the same in both precisions. */
extern const struct lb_info *const lb_heads_f32[], *const lb_heads_f64[];

/* Whether the scores of a head are cosines, times a scale. */
bool lb_head_cosines_f32(const struct lb_info *info);
bool lb_head_cosines_f64(const struct lb_info *info);

/* Whether a step of the output layer costs the same for any number of classes. */
bool lb_head_is_factored_f32(const struct lb_info *info);
bool lb_head_is_factored_f64(const struct lb_info *info);

/* Returns the scale s of a head whose scores are s times cosines; 0 for any other head. */
double lb_head_scale_f32(const struct lb_info *info, const struct lb_arg *par);
double lb_head_scale_f64(const struct lb_info *info, const struct lb_arg *par);

#endif
