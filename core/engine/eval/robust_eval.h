/* The attack that robust metrics are measured under (evaluate.attack), on the rows of an
 * evaluation. Compiled once per precision. */
#ifndef LB_ROBUST_EVAL_H
#define LB_ROBUST_EVAL_H

#include "core/engine/attack/attack.h"
#include "core/engine/eval/evaluate.h"

/* Whether some metric of the setup reads what a probe finds. */
bool lb_probe_wanted(const struct lb_setup *setup);

/* Rows start .. start + b - 1 of a split, which e has digested for s, evaluated alone, and whose
 * features it holds: robust and robust_logp of them. 0; 1 when a score at a place of the attack is
 * not finite (*bad: which of the b rows). */
int lb_probe(struct lb_evaluator *e, struct lb_attack *attack, const struct lb_subject *s, size_t start, const uint32_t *rows,
		size_t b, size_t *bad);

#endif
