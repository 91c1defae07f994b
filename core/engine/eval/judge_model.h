/* What a judge (core/training/judge.h) says of a part's rows, by a model's embeddings of the
 * training rows. Compiled once per precision. */
#ifndef LB_JUDGE_MODEL_H
#define LB_JUDGE_MODEL_H

#include "core/engine/eval/evaluator.h"

/* *pred <- the classes of the part's rows, made for the call; NULL where the model has no such
 * layer, or the part's embeddings or those of the training rows are not all finite. */
int lb_judge_model(struct lb_evaluator *e, const struct lb_eval_model *s, int part, int32_t **pred, struct lb_err *err);

#endif
