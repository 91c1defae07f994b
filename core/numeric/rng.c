#include "core/numeric/rng.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <Random123/philox.h>
#pragma GCC diagnostic pop

#include <math.h>

/* The 128-bit counter holds (block, purpose, index); the key is the seed. */
void lb_rng_init(struct lb_rng *r, uint64_t seed, enum lb_purpose purpose, uint64_t index)
{
	*r = (struct lb_rng){
		.key = { (uint32_t)seed, (uint32_t)(seed >> 32) },
		.ctr = { 0, (uint32_t)purpose, (uint32_t)index, (uint32_t)(index >> 32) },
		.used = 4,
	};
}

uint32_t lb_rng_u32(struct lb_rng *r)
{
	if (r->used == 4) {
		const philox4x32_ctr_t c = { { r->ctr[0], r->ctr[1], r->ctr[2], r->ctr[3] } };
		const philox4x32_key_t k = { { r->key[0], r->key[1] } };
		const philox4x32_ctr_t x = philox4x32(c, k);
		for (int i = 0; i < 4; i++)
			r->out[i] = x.v[i];
		r->ctr[0]++;
		r->used = 0;
	}
	return r->out[r->used++];
}

double lb_rng_unit(struct lb_rng *r)
{
	const uint64_t high = lb_rng_u32(r) >> 5, low = lb_rng_u32(r) >> 6;

	return (double)(high * 67108864u + low) / 9007199254740992.0;
}

uint32_t lb_rng_below(struct lb_rng *r, uint64_t n)
{
	const uint64_t range = (uint64_t)1 << 32, reject_from = range - range % n;
	uint64_t x;

	do
		x = lb_rng_u32(r);
	while (x >= reject_from);
	return (uint32_t)(x % n);
}

double lb_rng_normal(struct lb_rng *r)
{
	const double u = 1 - lb_rng_unit(r), v = lb_rng_unit(r);

	return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

void lb_rng_shuffle(struct lb_rng *r, uint32_t *v, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		const uint32_t j = lb_rng_below(r, i), t = v[i - 1];
		v[i - 1] = v[j];
		v[j] = t;
	}
}
