/* Random streams: counter-based (Philox4x32-10, Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011; library Random123), keyed by (seed, purpose, index). Two streams with
 * different keys are independent, so changing one thing (the noise rate, the number of epochs)
 * changes nothing else; the loss is never part of the key, so comparisons are paired. */
#ifndef LB_RNG_H
#define LB_RNG_H

#include <stddef.h>
#include <stdint.h>

enum lb_purpose { LB_RNG_INIT = 1, LB_RNG_ORDER, LB_RNG_DROPOUT, LB_RNG_SPLIT, LB_RNG_LABEL_NOISE, LB_RNG_GENERATOR, LB_RNG_TEST,
	LB_RNG_IMBALANCE, LB_RNG_TUNE, LB_RNG_FOLDS, LB_RNG_PROTOTYPES, LB_RNG_VIEWS, LB_RNG_LOSS, LB_RNG_ATTACK, LB_RNG_ATTACK_EVALUATION, LB_RNG_MIXUP,
	LB_RNG_SECOND_MODEL, LB_RNG_BAGS, LB_RNG_BAG_NOISE, LB_RNG_MINER, LB_RNG_CLUSTERS, LB_RNG_EPISODES, LB_RNG_HELD_OUT, LB_RNG_RANDOM_MAP, LB_RNG_PAIRS,
	LB_RNG_PREDICTOR, LB_RNG_REGULARISER, LB_RNG_GRADIENT_NOISE, LB_RNG_NESTED, LB_RNG_DROPOUT_AGAIN, LB_RNG_SHARPNESS, LB_RNG_META, LB_RNG_CLASS_DRAWS,
	LB_RNG_RANDOM_FEATURES, LB_RNG_FORGET };

struct lb_rng {
	uint32_t key[2], ctr[4], out[4];
	unsigned used;
};

/* index: layer, epoch, step or row, as the purpose has it. */
void lb_rng_init(struct lb_rng *r, uint64_t seed, enum lb_purpose purpose, uint64_t index);
uint32_t lb_rng_u32(struct lb_rng *r);
/* Uniform in [0, 1), 53 bits. */
double lb_rng_unit(struct lb_rng *r);
/* Uniform in 0..n-1 without bias; n >= 1, n <= 2^32. */
uint32_t lb_rng_below(struct lb_rng *r, uint64_t n);
/* Standard normal (Box-Muller, two uniforms a call). */
double lb_rng_normal(struct lb_rng *r);
/* Fisher-Yates over n indices. */
void lb_rng_shuffle(struct lb_rng *r, uint32_t *v, size_t n);

#endif
