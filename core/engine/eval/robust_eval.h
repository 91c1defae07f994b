/* The attack that robust metrics are measured under (evaluate.attack), on the rows of an
 * evaluation. Compiled once per precision. */
#ifndef LB_ROBUST_EVAL_H
#define LB_ROBUST_EVAL_H

#include "core/engine/attack/attack.h"
#include "core/engine/eval/evaluator.h"

/* Whether some metric of the setup reads what an evaluation attack finds. */
bool lb_robust_eval_wanted(const struct lb_setup *setup);

/* Rows start .. start + b - 1 of a split, which e has reduced for s, evaluated alone, and whose
 * features it holds: robust and robust_logp of them. 0; 1 when a score at a place of the attack is
 * not finite (*bad: which of the b rows). */
int lb_robust_eval(struct lb_evaluator *e, struct lb_attack *attack, const struct lb_eval_model *s, size_t start, const uint32_t *rows,
		size_t b, size_t *bad);

#endif
