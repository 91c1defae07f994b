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

#define OF_LABELS "In a multi-label task n_c is the most rows with label c: rows are taken in a random order as long as none of their labels "     \
		  "has its number. What is left out has no room, and a label stays below its number where its rows have labels that are full."

enum { RATIO, STEP_SHARE };

static void profile_none(const struct lb_arg *par, size_t n_classes, double *share)
{
	(void)par;
	for (size_t c = 0; c < n_classes; c++)
		share[c] = 1;
}

const struct lb_imbalance lb_imbalance_none = {
	.base = { .name = "none", .tasks = LB_CLASS_TASKS | 1u << LB_REGRESSION | 1u << LB_MULTILABEL | 1u << LB_RANKING | 1u << LB_SURVIVAL | 1u << LB_ANOMALY, .title = "All rows stay", .formula = "n_c as in the data" },
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
		.tasks = LB_CLASS_TASKS | 1u << LB_MULTILABEL,
		.title = "Long tail: class sizes fall exponentially in class order",
		.cite = "Cui, Jia, Lin, Song and Belongie, Class-balanced loss based on effective number of samples, CVPR 2019, section 5.1",
		.formula = "n_c = n_0 r^(-c / (C - 1))",
		.notes = "n_0 is the largest that the classes allow, so that the profile is met exactly up to rounding. " OF_LABELS,
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
		.tasks = LB_CLASS_TASKS | 1u << LB_MULTILABEL,
		.title = "Step imbalance: two sizes of classes",
		.cite = "Buda, Maki and Mazurowski, A systematic study of the class imbalance problem in convolutional neural networks, "
			"Neural Networks 106, 2018, section 3.1",
		.formula = "n_c = n_0 for the first (1 - mu) C classes, n_0 / r for the others",
		.notes = "At least one class of each size. " OF_LABELS,
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

/* What is known of the classes, or labels, while rows are left out. */
struct sizes {
	double *share;
	size_t *have, *keep;     /* rows there are; rows that may still be kept */
};

static int open_sizes(struct sizes *s, const struct lb_imbalance *imbalance, const struct lb_arg *par, size_t n_classes, struct lb_err *err)
{
	s->share = lb_alloc(n_classes, sizeof *s->share, err);
	s->have = lb_alloc(n_classes, sizeof *s->have, err);
	s->keep = lb_alloc(n_classes, sizeof *s->keep, err);
	if (!s->share || !s->have || !s->keep)
		return -1;
	imbalance->profile(par, n_classes, s->share);
	return 0;
}

static void close_sizes(struct sizes *s)
{
	free(s->share);
	free(s->have);
	free(s->keep);
}

static void shuffle(uint64_t seed, uint32_t *rows, size_t n)
{
	struct lb_rng r;

	lb_rng_init(&r, seed, LB_RNG_IMBALANCE, 0);
	lb_rng_shuffle(&r, rows, n);
}

int lb_imbalance_apply(const struct lb_imbalance *imbalance, const struct lb_arg *par, size_t n_classes, const int32_t *y, uint64_t seed,
		       uint32_t *rows, size_t *n, struct lb_err *err)
{
	struct sizes s;
	size_t left = 0;
	int rc = open_sizes(&s, imbalance, par, n_classes, err);

	for (size_t i = 0; !rc && i < *n; i++)
		s.have[y[rows[i]]]++;
	if (!rc)
		rc = targets(s.share, s.have, n_classes, s.keep, err);
	if (!rc) {
		shuffle(seed, rows, *n);
		for (size_t i = 0; i < *n; i++)
			if (s.keep[y[rows[i]]] > 0) {
				s.keep[y[rows[i]]]--;
				rows[left++] = rows[i];
			}
		*n = left;
		qsort(rows, left, sizeof *rows, ascending);
	}
	close_sizes(&s);
	return rc;
}

/* Whether each label of the row has room; it is taken up then. */
static bool take_row(const double *label, size_t n_labels, size_t *keep)
{
	for (size_t c = 0; c < n_labels; c++)
		if (label[c] > 0 && !keep[c])
			return false;
	for (size_t c = 0; c < n_labels; c++)
		keep[c] -= label[c] > 0;
	return true;
}

int lb_imbalance_apply_labels(const struct lb_imbalance *imbalance, const struct lb_arg *par, size_t n_labels, const double *label, uint64_t seed,
			      uint32_t *rows, size_t *n, struct lb_err *err)
{
	struct sizes s;
	size_t left = 0;
	int rc = open_sizes(&s, imbalance, par, n_labels, err);

	for (size_t i = 0; !rc && i < *n * n_labels; i++)
		s.have[i % n_labels] += label[rows[i / n_labels] * n_labels + i % n_labels] > 0;
	if (!rc)
		rc = targets(s.share, s.have, n_labels, s.keep, err);
	if (!rc) {
		shuffle(seed, rows, *n);
		for (size_t i = 0; i < *n; i++)
			if (take_row(label + rows[i] * n_labels, n_labels, s.keep))
				rows[left++] = rows[i];
		*n = left;
		qsort(rows, left, sizeof *rows, ascending);
	}
	close_sizes(&s);
	return rc;
}
