/* What the options and constraints read of attacks. Their functions are in
 * core/engine/attack/attack.h. */
#ifndef LB_ATTACK_INFO_H
#define LB_ATTACK_INFO_H

#include "core/base/component.h"

/* The registered attacks' descriptors, the same in both precisions; .traits of enum
 * lb_attack_trait. The order of their parameters, of which each has the first ones. */
extern const struct lb_info *const lb_attacks_f32[], *const lb_attacks_f64[];
enum lb_attack_trait {
	LB_NO_ATTACK = 1 << 0,    /* rows stay as they are */
	LB_EXACT_ATTACK = 1 << 1  /* has no draws, and needs scores that are linear in the rows */
};
enum { LB_ATTACK_NORM, LB_ATTACK_EPS, LB_ATTACK_CLIP, LB_ATTACK_OBJECTIVE, LB_ATTACK_STEPS, LB_ATTACK_STEP, LB_ATTACK_RESTARTS, LB_ATTACK_START,
	LB_ATTACK_SEED, LB_ATTACK_PARAMS };
enum lb_attack_norm { LB_ATTACK_LINF, LB_ATTACK_L2 };
enum lb_attack_objective { LB_ATTACK_CE, LB_ATTACK_MARGIN, LB_ATTACK_DLR, LB_ATTACK_PROBABILITY_MARGIN, LB_ATTACK_DEVIATION, LB_ATTACK_ALL };
enum lb_attack_start { LB_ATTACK_RANDOM, LB_ATTACK_ROW };

#endif
