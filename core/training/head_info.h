/* What a head says of itself, free of precision. Its functions are in
 * core/engine/model/head/head.h. */
#ifndef LB_HEAD_INFO_H
#define LB_HEAD_INFO_H

#include "core/base/component.h"

#include <stdbool.h>
#include <stddef.h>

enum { LB_MOST_HEAD_PARAMS = 4 };

/* The registered heads' descriptors, the same in both precisions; NULL past the end. *kinds, the
 * tasks that it is for, a bit each of enum lb_kind, is set where there is one. */
const struct lb_info *lb_head_info_f32(size_t i, unsigned *kinds);
const struct lb_info *lb_head_info_f64(size_t i, unsigned *kinds);

/* Whether the scores of a head are cosines, times a scale. */
bool lb_head_cosines_f32(const struct lb_info *info);
bool lb_head_cosines_f64(const struct lb_info *info);

/* Returns the scale s of a head whose scores are s times cosines; 0 for any other head. */
double lb_head_scale_f32(const struct lb_info *info, const struct lb_arg *par);
double lb_head_scale_f64(const struct lb_info *info, const struct lb_arg *par);

#endif
