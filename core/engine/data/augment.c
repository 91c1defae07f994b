#include "core/engine/data/augment.h"

#include "core/numeric/rng.h"
#include "core/training/augment_info.h"
#include "losses/loss_info.h"

#include <string.h>

#define AUGMENTATION(name) extern const struct lb_augmentation LB_AUGMENTATION(name);
#include "core/engine/data/augmentations.def"
#undef AUGMENTATION

#define VIEW_PARAMS                                                                                                                      \
	[LB_VIEW_COUNT] = { .name = "count", .symbol = "V", .type = LB_INT_PARAM, .def = 2, .min = 2, .max = LB_MOST_VIEWS,             \
			    .grid = { 2, 3 }, .n_grid = 2, .help = "views of each row, the first the row itself" },                 \
	[LB_VIEW_SEED] = { .name = "seed", .type = LB_SEED_PARAM, .help = "draws the views; default train.seed" }

static const struct lb_param noise_params[] = {
	VIEW_PARAMS,
	[LB_VIEW_OWN] = { .name = "sd", .type = LB_REAL_PARAM, .def = 0.1, .min = 0, .max = 1e6, .grid = { 0.05, 0.1, 0.3 }, .n_grid = 3,
			  .help = "standard deviation of what is added, after preprocessing" },
};

static void add_noise(const struct lb_arg *par, struct lb_rng *rng, size_t n, const real *x, real *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = x[i] + (real)(par[LB_VIEW_OWN].v * lb_rng_normal(rng));
}

const struct lb_augmentation LB_AUGMENTATION(gaussian_noise) = {
	.base = { .name = "gaussian_noise", .tasks = 1u << LB_MULTICLASS, .title = "Gaussian noise on every feature", .cite = "classic",
		  .formula = "x + sd N(0, 1)", .keywords = "jitter augmentation", LB_PARAMS(noise_params) },
	.change = add_noise,
};

static const struct lb_param dropout_params[] = {
	VIEW_PARAMS,
	[LB_VIEW_OWN] = { .name = "rate", .type = LB_REAL_PARAM, .def = 0.2, .min = 0, .max = 1, .max_open = true,
			  .grid = { 0.1, 0.2, 0.5 }, .n_grid = 3, .help = "share of features set to 0, their mean when standardised" },
};

static void drop_features(const struct lb_arg *par, struct lb_rng *rng, size_t n, const real *x, real *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = lb_rng_unit(rng) < par[LB_VIEW_OWN].v ? R(0.0) : x[i];
}

const struct lb_augmentation LB_AUGMENTATION(feature_dropout) = {
	.base = { .name = "feature_dropout", .tasks = 1u << LB_MULTICLASS, .title = "Features set to 0 at random", .cite = "classic",
		  .formula = "x_i, or 0 with probability rate", .keywords = "masking corruption dropout augmentation", LB_PARAMS(dropout_params) },
	.change = drop_features,
};

const struct lb_info *const lb_augmentations[] = {
#define AUGMENTATION(name) &LB_AUGMENTATION(name).base,
#include "core/engine/data/augmentations.def"
#undef AUGMENTATION
	NULL
};

const struct lb_augmentation *lb_augmentation_of(const struct lb_info *info)
{
	return (const struct lb_augmentation *)lb_augmentations[lb_info_place(lb_augmentations_f64, info)];
}

void lb_views_make(const struct lb_augmentation *kind, const struct lb_arg *par, int64_t step, const real *x, size_t b, size_t d, real *out)
{
	const size_t n = b * d, count = (size_t)par[LB_VIEW_COUNT].v;
	struct lb_rng rng;

	lb_rng_init(&rng, (uint64_t)par[LB_VIEW_SEED].v, LB_RNG_VIEWS, (uint64_t)step);
	memcpy(out, x, n * sizeof *out);
	for (size_t j = 1; j < count; j++)
		kind->change(par, &rng, n, x, out + j * n);
}
