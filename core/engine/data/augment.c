#include "core/engine/data/augment.h"

#include "core/base/err.h"
#include "core/numeric/rng.h"
#include "core/training/augment_info.h"
#include "losses/loss_info.h"

#include <string.h>

#define AUGMENTATION(name) extern const struct lb_augmentation LB_AUGMENTATION(name);
#include "core/engine/data/augmentations.def"
#undef AUGMENTATION

#define TASKS (1u << LB_MULTICLASS | 1u << LB_EMBEDDING)
#define SEED_PARAM [LB_VIEW_SEED] = { .name = "seed", .type = LB_SEED_PARAM, .help = "draws the views; default train.seed" }
#define VIEW_PARAMS                                                                                                                      \
	[LB_VIEW_COUNT] = { .name = "count", .symbol = "V", .type = LB_INT_PARAM, .def = 2, .min = 2, .max = LB_MOST_VIEWS,             \
			    .grid = { 2, 3 }, .n_grid = 2, .help = "views of each row, the first the row itself" },                 \
	SEED_PARAM
/* Of an augmentation that makes so many and no others, which fixed_count sees to. */
#define FIXED_COUNT(n) [LB_VIEW_COUNT] = { .name = "count", .symbol = "V", .type = LB_INT_PARAM, .def = (n), .min = 2, .max = 3, .help = "views of each row: " #n }

static int fixed_count(const struct lb_arg *par, double count, struct lb_err *err)
{
	if (par[LB_VIEW_COUNT].v >= count && par[LB_VIEW_COUNT].v <= count)
		return 0;
	return lb_fail(err, LB_CONFIG, "count: found %g, allowed: %g", par[LB_VIEW_COUNT].v, count);
}

static int two_views(const struct lb_arg *par, struct lb_err *err)
{
	return fixed_count(par, 2, err);
}

static int three_views(const struct lb_arg *par, struct lb_err *err)
{
	return fixed_count(par, 3, err);
}

/* The number of the augmentation's own parameter k, from 0. */
static double own(const struct lb_arg *par, size_t k)
{
	return par[LB_VIEW_OWN + k].v;
}

/* ---- noise, dropout, both ---- */

/* The views from the k-th on <- changed copies of the rows; those before it the rows themselves. */
static void change_from(size_t k, const struct lb_arg *par, struct lb_rng *rng, const struct lb_viewed *v, real *out,
			void (*change)(const struct lb_arg *par, struct lb_rng *rng, size_t n, const real *x, real *out))
{
	const size_t n = v->b * v->d, count = (size_t)par[LB_VIEW_COUNT].v;

	for (size_t j = 0; j < count; j++)
		if (j < k)
			memcpy(out + j * n, v->x, n * sizeof *out);
		else
			change(par, rng, n, v->x, out + j * n);
}

#define SD_PARAM                                                                                                                         \
	{ .name = "sd", .type = LB_REAL_PARAM, .def = 0.1, .min = 0, .max = 1e6, .grid = { 0.05, 0.1, 0.3 }, .n_grid = 3,               \
	  .help = "standard deviation of what is added, after preprocessing" }

static const struct lb_param noise_params[] = { VIEW_PARAMS, [LB_VIEW_OWN] = SD_PARAM };

static void add_noise(const struct lb_arg *par, struct lb_rng *rng, size_t n, const real *x, real *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = x[i] + (real)(own(par, 0) * lb_rng_normal(rng));
}

static void make_noise(const struct lb_arg *par, struct lb_rng *rng, struct lb_viewed *v, real *out)
{
	change_from(1, par, rng, v, out, add_noise);
}

const struct lb_augmentation LB_AUGMENTATION(gaussian_noise) = {
	.base = { .name = "gaussian_noise", .tasks = TASKS, .title = "Gaussian noise on every feature", .cite = "classic",
		  .formula = "x + sd N(0, 1)", .keywords = "jitter augmentation", LB_PARAMS(noise_params) },
	.make = make_noise,
};

#define RATE_PARAM                                                                                                                       \
	{ .name = "rate", .type = LB_REAL_PARAM, .def = 0.2, .min = 0, .max = 1, .max_open = true, .grid = { 0.1, 0.2, 0.5 }, .n_grid = 3, \
	  .help = "share of features set to 0, their mean when standardised" }

static const struct lb_param dropout_params[] = { VIEW_PARAMS, [LB_VIEW_OWN] = RATE_PARAM };

static void drop_features(const struct lb_arg *par, struct lb_rng *rng, size_t n, const real *x, real *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = lb_rng_unit(rng) < own(par, 0) ? R(0.0) : x[i];
}

static void make_dropout(const struct lb_arg *par, struct lb_rng *rng, struct lb_viewed *v, real *out)
{
	change_from(1, par, rng, v, out, drop_features);
}

const struct lb_augmentation LB_AUGMENTATION(feature_dropout) = {
	.base = { .name = "feature_dropout", .tasks = TASKS, .title = "Features set to 0 at random", .cite = "classic",
		  .formula = "x_i, or 0 with probability rate", .keywords = "masking corruption dropout augmentation", LB_PARAMS(dropout_params) },
	.make = make_dropout,
};

enum { SD, RATE, FIRST };

#define BOTH_PARAMS(first)                                                                                                               \
	[LB_VIEW_OWN + SD] = SD_PARAM, [LB_VIEW_OWN + RATE] = RATE_PARAM,                                                               \
	[LB_VIEW_OWN + FIRST] = { .name = "first", .type = LB_BOOL_PARAM, .def = (first),                                               \
				  .help = "the first view is changed too; false: it is the row itself" }

static const struct lb_param both_params[] = { VIEW_PARAMS, BOTH_PARAMS(0) };

static void change_both(const struct lb_arg *par, struct lb_rng *rng, size_t n, const real *x, real *out)
{
	for (size_t i = 0; i < n; i++) {
		const bool dropped = lb_rng_unit(rng) < own(par, RATE);
		const double noise = lb_rng_normal(rng);
		out[i] = dropped ? R(0.0) : x[i] + (real)(own(par, SD) * noise);
	}
}

static void make_both(const struct lb_arg *par, struct lb_rng *rng, struct lb_viewed *v, real *out)
{
	change_from(own(par, FIRST) > 0 ? 0u : 1u, par, rng, v, out, change_both);
}

const struct lb_augmentation LB_AUGMENTATION(noise_and_dropout) = {
	.base = { .name = "noise_and_dropout", .tasks = TASKS, .title = "Gaussian noise, and features set to 0 at random", .cite = "classic",
		  .formula = "x_i + sd N(0, 1), or 0 with probability rate", .keywords = "jitter masking corruption augmentation both", LB_PARAMS(both_params) },
	.make = make_both,
};

/* ---- parts of the features ---- */

enum { FEATURES };

static const struct lb_param parts_params[] = {
	FIXED_COUNT(2),
	SEED_PARAM,
	[LB_VIEW_OWN + FEATURES] = { .name = "features", .type = LB_INT_PARAM, .def = 0, .min = 0, .max = 1e9,
				     .help = "so many of the first features are the first view's, the others the second's; 0: a half of them, drawn for each batch" },
};

/* Without a number given each set of half of the features is as likely: a feature is taken with the
 * share that is still to be taken of those left. */
static void make_parts(const struct lb_arg *par, struct lb_rng *rng, struct lb_viewed *v, real *out)
{
	const size_t n = v->b * v->d, given = (size_t)own(par, FEATURES), half = v->d / 2;
	const real *second = v->second ? v->second : v->x;
	size_t left = half;

	for (size_t j = 0; j < v->d; j++) {
		const bool first = given ? j < given : lb_rng_below(rng, v->d - j) < left;
		if (first && !given)
			left--;
		for (size_t i = j; i < n; i += v->d) {
			out[i] = first ? v->x[i] : R(0.0);
			out[n + i] = first ? R(0.0) : second[i];
		}
	}
}

const struct lb_augmentation LB_AUGMENTATION(parts) = {
	.base = { .name = "parts", .tasks = TASKS, .traits = LB_VIEW_PARTS, .title = "Part of the features in one view, the others in the other",
		  .cite = "T. Ucar, E. Hajiramezanali, L. Edwards, SubTab: subsetting features of tabular data for self-supervised representation learning, NeurIPS 2021; with "
			  "features given: paired data side by side",
		  .formula = "x_i in one of the two views, 0 in the other",
		  .notes = "With features given, each view has weights of its own in the first layer: a linear model is two towers, of as many inputs as their "
			   "parts have. Evaluations read whole rows.",
		  .keywords = "halves subsets subtab paired two_towers multi_view", LB_PARAMS(parts_params), .check = two_views },
	.make = make_parts,
};

/* ---- rows of one class ---- */

static const struct lb_param class_params[] = { FIXED_COUNT(2), SEED_PARAM };

/* A row of the same class as row i, drawn from the others of the batch; i, where there is none. */
static size_t classmate(const struct lb_viewed *v, struct lb_rng *rng, size_t i)
{
	size_t n = 0, chosen = i;

	for (size_t j = 0; j < v->b; j++)
		if (j != i && v->y[j] == v->y[i] && lb_rng_below(rng, ++n) == 0)
			chosen = j;
	return chosen;
}

static void make_classmates(const struct lb_arg *par, struct lb_rng *rng, struct lb_viewed *v, real *out)
{
	const size_t n = v->b * v->d;

	(void)par;
	memcpy(out, v->x, n * sizeof *out);
	for (size_t i = 0; i < v->b; i++)
		memcpy(out + n + i * v->d, v->x + classmate(v, rng, i) * v->d, v->d * sizeof *out);
}

const struct lb_augmentation LB_AUGMENTATION(same_class) = {
	.base = { .name = "same_class", .tasks = 1u << LB_EMBEDDING, .title = "The row, and another of its class in the batch", .cite = "classic",
		  .formula = "x_i and x_j,  j drawn from the other rows of the batch with y_j = y_i; i itself where there is none",
		  .notes = "Makes of a loss of two views, such as vicreg, one of pairs with the same label. Sampler m_per_class puts several rows of a class into each batch.",
		  .keywords = "labelled_pairs positives supervised vicreg_on_labels", LB_PARAMS(class_params), .check = two_views },
	.make = make_classmates,
};

/* ---- two changed views and their mixture ---- */

static const struct lb_param mixed_params[] = { FIXED_COUNT(3), SEED_PARAM, BOTH_PARAMS(1) };

static void make_mixed(const struct lb_arg *par, struct lb_rng *rng, struct lb_viewed *v, real *out)
{
	const size_t n = v->b * v->d;

	for (size_t j = 0; j < 2; j++)
		if (j || own(par, FIRST) > 0)
			change_both(par, rng, n, v->x, out + j * n);
		else
			memcpy(out, v->x, n * sizeof *out);
	v->mix = lb_rng_unit(rng);
	for (size_t i = 0; i < v->b; i++)
		v->partner[i] = (uint32_t)i;
	lb_rng_shuffle(rng, v->partner, v->b);
	for (size_t i = 0; i < n; i++)
		out[2 * n + i] = (real)(v->mix * (double)out[i] + (1 - v->mix) * (double)out[n + v->partner[i / v->d] * v->d + i % v->d]);
}

const struct lb_augmentation LB_AUGMENTATION(mixed) = {
	.base = { .name = "mixed", .tasks = 1u << LB_EMBEDDING, .traits = LB_VIEW_MIXES,
		  .title = "Two views with noise and dropout, and a third that mixes rows of both",
		  .cite = "W. G. C. Bandara, C. M. De Melo, V. M. Patel, Guarding Barlow Twins against overfitting with mixed samples, 2023, eq. 5",
		  .formula = "mix x_i + (1 - mix) x'_partner(i),  mix from U(0, 1) and the partners drawn for each batch",
		  .keywords = "mixup mixed_barlow augmentation", LB_PARAMS(mixed_params), .check = three_views },
	.make = make_mixed,
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

void lb_views_make(const struct lb_augmentation *kind, const struct lb_arg *par, int64_t step, struct lb_viewed *v, real *out)
{
	struct lb_rng rng;

	lb_rng_init(&rng, (uint64_t)par[LB_VIEW_SEED].v, LB_RNG_VIEWS, (uint64_t)step);
	kind->make(par, &rng, v, out);
}
