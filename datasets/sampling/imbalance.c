#include "core/base/mem.h"
#include "core/numeric/rng.h"
#include "datasets/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LB_IMBALANCE(name) extern const struct lb_imbalance lb_imbalance_##name;
#include "datasets/sampling/imbalances.def"
#undef LB_IMBALANCE

#define RATIO_PARAM { .name = "ratio", .symbol = "r", .type = LB_REAL_PARAM, .def = 10, .min = 1, .max = 1e6, .log_scale = true,   \
		      .grid = { 1, 10, 100 }, .n_grid = 3, .help = "largest class over smallest class" }
#define VALID_PARAM { .name = "valid", .type = LB_BOOL_PARAM, .def = 1,                                                        \
		      .help = "validation rows are thinned too; test rows never are" }
#define SEED_PARAM { .name = "seed", .type = LB_SEED_PARAM, .help = "draws the rows that stay; train.seed if not given" }

enum { RATIO, STEP_SHARE };

static void profile_none(const struct lb_arg *par, size_t n_classes, double *share)
{
	(void)par;
	for (size_t c = 0; c < n_classes; c++)
		share[c] = 1;
}

const struct lb_imbalance lb_imbalance_none = {
	.base = { .name = "none", .tasks = LB_CLASS_TASKS | 1u << LB_REGRESSION | 1u << LB_MULTILABEL | 1u << LB_RANKING | 1u << LB_SURVIVAL, .title = "All rows stay", .formula = "n_c as in the data" },
	.profile = profile_none,
};

static const struct lb_param long_tail_params[] = { RATIO_PARAM, VALID_PARAM, SEED_PARAM };

static void profile_long_tail(const struct lb_arg *par, size_t n_classes, double *share)
{
	for (size_t c = 0; c < n_classes; c++)
		share[c] = pow(par[RATIO].v, n_classes > 1 ? -(double)c / (double)(n_classes - 1) : 0);
}

const struct lb_imbalance lb_imbalance_long_tail = {
	.base = {
		.name = "long_tail",
		.tasks = LB_CLASS_TASKS,
		.title = "Long tail: class sizes fall exponentially in class order",
		.cite = "Cui, Jia, Lin, Song and Belongie, Class-balanced loss based on effective number of samples, CVPR 2019, section 5.1",
		.formula = "n_c = n_0 r^(-c / (C - 1))",
		.notes = "n_0 is the largest that the classes allow, so that the profile is met exactly up to rounding.",
		.keywords = "lt exponential",
		LB_PARAMS(long_tail_params),
	},
	.profile = profile_long_tail,
};

static const struct lb_param step_params[] = {
	RATIO_PARAM,
	{ .name = "share", .symbol = "mu", .type = LB_REAL_PARAM, .def = 0.5, .min = 0, .max = 1, .min_open = true, .max_open = true,
	  .help = "share of the classes, the last ones in class order, that are small" },
	VALID_PARAM, SEED_PARAM,
};

static void profile_step(const struct lb_arg *par, size_t n_classes, double *share)
{
	double small = floor(par[STEP_SHARE].v * (double)n_classes + 0.5);

	small = fmin(fmax(small, 1), (double)n_classes - 1);
	for (size_t c = 0; c < n_classes; c++)
		share[c] = (double)(n_classes - c) <= small ? 1 / par[RATIO].v : 1;
}

const struct lb_imbalance lb_imbalance_step = {
	.base = {
		.name = "step",
		.tasks = LB_CLASS_TASKS,
		.title = "Step imbalance: two sizes of classes",
		.cite = "Buda, Maki and Mazurowski, A systematic study of the class imbalance problem in convolutional neural networks, "
			"Neural Networks 106, 2018, section 3.1",
		.formula = "n_c = n_0 for the first (1 - mu) C classes, n_0 / r for the others",
		.notes = "At least one class of each size.",
		LB_PARAMS(step_params),
	},
	.profile = profile_step,
};

const struct lb_info *const lb_imbalances[] = {
#define LB_IMBALANCE(name) &lb_imbalance_##name.base,
#include "datasets/sampling/imbalances.def"
#undef LB_IMBALANCE
	NULL
};

size_t lb_imbalance_count(void)
{
	return sizeof lb_imbalances / sizeof *lb_imbalances - 1;
}

const struct lb_imbalance *lb_imbalance_at(size_t i)
{
	return (const struct lb_imbalance *)lb_imbalances[i];
}

/* How many rows of each class stay, into keep. */
static int targets(const double *share, const size_t *have, size_t n_classes, size_t *keep, struct lb_err *err)
{
	double most = (double)INFINITY;

	for (size_t c = 0; c < n_classes; c++) {
		if (!have[c])
			return lb_fail(err, LB_DATA, "corrupt.imbalance: class %zu of %zu has no row, of which no share can be kept", c + 1, n_classes);
		most = fmin(most, (double)have[c] / share[c]);
	}
	for (size_t c = 0; c < n_classes; c++) {
		const double n = floor(most * share[c] + 0.5);
		keep[c] = n < 1 ? 1 : n > (double)have[c] ? have[c] : (size_t)n;
	}
	return 0;
}

static int ascending(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int lb_imbalance_apply(const struct lb_imbalance *imbalance, const struct lb_arg *par, size_t n_classes, const int32_t *y, uint64_t seed,
		       uint32_t *rows, size_t *n, struct lb_err *err)
{
	double *share = lb_alloc(n_classes, sizeof *share, err);
	size_t *have = lb_alloc(n_classes, sizeof *have, err), *keep = lb_alloc(n_classes, sizeof *keep, err), left = 0;
	struct lb_rng r;
	int rc = -1;

	if (!share || !have || !keep)
		goto out;
	imbalance->profile(par, n_classes, share);
	for (size_t i = 0; i < *n; i++)
		have[y[rows[i]]]++;
	if (targets(share, have, n_classes, keep, err))
		goto out;
	lb_rng_init(&r, seed, LB_RNG_IMBALANCE, 0);
	lb_rng_shuffle(&r, rows, *n);
	for (size_t i = 0; i < *n; i++)
		if (keep[y[rows[i]]] > 0) {
			keep[y[rows[i]]]--;
			rows[left++] = rows[i];
		}
	*n = left;
	qsort(rows, left, sizeof *rows, ascending);
	rc = 0;
out:
	free(share);
	free(have);
	free(keep);
	return rc;
}
