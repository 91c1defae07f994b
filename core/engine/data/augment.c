#include "core/engine/data/augment.h"

#include "core/numeric/rng.h"
#include "core/training/train.h"

#include <string.h>

void lb_views_make(const struct lb_info *kind, const struct lb_arg *par, int64_t step, const real *x, size_t b, size_t d, real *out)
{
	const size_t n = b * d, count = (size_t)par[LB_VIEW_COUNT].v;
	const bool noise = kind == lb_view_at(0);
	const double amount = par[LB_VIEW_OWN].v;
	struct lb_rng rng;

	lb_rng_init(&rng, (uint64_t)par[LB_VIEW_SEED].v, LB_RNG_VIEWS, (uint64_t)step);
	memcpy(out, x, n * sizeof *out);
	for (size_t j = 1; j < count; j++)
		for (size_t i = 0; i < n; i++)
			out[j * n + i] = noise ? x[i] + (real)(amount * lb_rng_normal(&rng)) : lb_rng_unit(&rng) < amount ? R(0.0) : x[i];
}
