#include "core/base/text.h"
#include "core/numeric/rng.h"
#include "datasets/dataset.h"

#define CLASSIFICATION (1u << LB_MULTICLASS | 1u << LB_BINARY)

#define RATE_PARAM { .name = "rate", .symbol = "rate", .type = LB_REAL_PARAM, .def = 0, .min = 0, .max = 1,                     \
		     .grid = { 0, 0.2, 0.4, 0.6 }, .n_grid = 4, .help = "chance that a label is corrupted" }
#define VALID_PARAM { .name = "valid", .type = LB_BOOL_PARAM, .def = 1,                                                        \
		      .help = "validation labels are corrupted too; test labels never are" }
#define SEED_PARAM { .name = "seed", .type = LB_SEED_PARAM, .help = "draws the noise; train.seed if not given" }

static void apply_none(const struct lb_arg *par, size_t n_classes, const uint32_t *rows, size_t n, uint64_t seed, int32_t *y)
{
	(void)par, (void)n_classes, (void)rows, (void)n, (void)seed, (void)y;
}

static const struct lb_corruption lb_corruption_none = {
	.base = { .name = "none", .title = "Labels as they are", .formula = "y' = y" },
	.kinds = CLASSIFICATION | 1u << LB_REGRESSION,
	.apply = apply_none,
};

/* ---- uniform ---- */

enum { UNIFORM_RATE, UNIFORM_INCLUDE_SELF };
static const struct lb_param uniform_params[] = {
	[UNIFORM_RATE] = RATE_PARAM,
	[UNIFORM_INCLUDE_SELF] = { .name = "include_self", .type = LB_BOOL_PARAM, .def = 0,
				   .help = "draw from all classes, the true one too, so that fewer labels change" },
	VALID_PARAM, SEED_PARAM,
};

static void apply_uniform(const struct lb_arg *par, size_t n_classes, const uint32_t *rows, size_t n, uint64_t seed, int32_t *y)
{
	const bool self = par[UNIFORM_INCLUDE_SELF].v > 0;
	struct lb_rng r;

	for (size_t k = 0; k < n; k++) {
		const uint32_t i = rows[k];
		lb_rng_init(&r, seed, LB_RNG_LABEL_NOISE, i);
		if (lb_rng_unit(&r) >= par[UNIFORM_RATE].v || n_classes < 2)
			continue;
		const int32_t drawn = (int32_t)lb_rng_below(&r, self ? n_classes : n_classes - 1);
		y[i] = drawn + (!self && drawn >= y[i]);
	}
}

static const struct lb_corruption lb_corruption_uniform = {
	.base = {
		.name = "uniform",
		.title = "Symmetric label noise: to any other class with equal chance",
		.cite = "Angluin and Laird, Learning from noisy examples, Machine Learning 2, 1988; for several classes Ghosh, Kumar and "
			"Sastry, Robust loss functions under label noise for deep neural networks, AAAI 2017",
		.formula = "P(y' = k | y) = rate / (C - 1) for k != y, 1 - rate for k = y; with include_self rate / C + (1 - rate) [k = y]",
		.notes = "Each label is drawn by itself, so the realised share varies around the rate. At a higher rate the same seed changes "
			 "the same labels to the same classes, and more besides.",
		.keywords = "symmetric noise rcn",
		LB_PARAMS(uniform_params),
	},
	.kinds = CLASSIFICATION,
	.apply = apply_uniform,
};

/* ---- pair ---- */

enum { PAIR_RATE, PAIR_SWAP };
static const struct lb_param pair_params[] = {
	[PAIR_RATE] = RATE_PARAM,
	[PAIR_SWAP] = { .name = "swap", .type = LB_INTS_PARAM, .min = 0, .max = 2147483647,
			.help = "pairs a,b,a,b,... of class numbers (from 0, in class order) to exchange; empty: y -> y + 1 mod C" },
	VALID_PARAM, SEED_PARAM,
};

static int check_pair(const struct lb_arg *par, size_t n_classes, struct lb_err *err)
{
	const struct lb_arg *swap = &par[PAIR_SWAP];

	if (swap->n % 2)
		return lb_fail(err, LB_CONFIG, "corrupt.labels.swap: found %zu classes, expected pairs: a,b or a,b,c,d and so on",
			       swap->n);
	for (size_t k = 0; k < swap->n; k++) {
		if (swap->list[k] >= (double)n_classes)
			return lb_fail(err, LB_CONFIG,
				       "corrupt.labels.swap: found class %.0f, allowed 0 to %zu: the data have %zu classes",
				       swap->list[k], n_classes - 1, n_classes);
		for (size_t j = 0; j < k; j++)
			if (!(swap->list[j] < swap->list[k]) && !(swap->list[j] > swap->list[k]))
				return lb_fail(err, LB_CONFIG,
					       "corrupt.labels.swap: class %.0f stands in it twice; give each class one partner",
					       swap->list[k]);
	}
	return 0;
}

static int32_t partner(const struct lb_arg *swap, size_t n_classes, int32_t y)
{
	if (swap->n == 0)
		return (int32_t)(((size_t)y + 1) % n_classes);
	for (size_t k = 0; k + 1 < swap->n; k += 2) {
		const int32_t a = (int32_t)swap->list[k], b = (int32_t)swap->list[k + 1];
		if (y == a || y == b)
			return y == a ? b : a;
	}
	return y;
}

static void apply_pair(const struct lb_arg *par, size_t n_classes, const uint32_t *rows, size_t n, uint64_t seed, int32_t *y)
{
	struct lb_rng r;

	for (size_t k = 0; k < n; k++) {
		const uint32_t i = rows[k];
		lb_rng_init(&r, seed, LB_RNG_LABEL_NOISE, i);
		if (lb_rng_unit(&r) < par[PAIR_RATE].v)
			y[i] = partner(&par[PAIR_SWAP], n_classes, y[i]);
	}
}

static const struct lb_corruption lb_corruption_pair = {
	.base = {
		.name = "pair",
		.title = "Asymmetric label noise: each class is mistaken for one other",
		.cite = "Patrini, Rozza, Menon, Nock and Qu, Making deep neural networks robust to label noise: a loss correction approach, "
			"CVPR 2017; the ring is the pair flipping of Han et al., Co-teaching, NeurIPS 2018",
		.formula = "P(y' = m(y) | y) = rate, m(y) = y + 1 mod C; with swap m exchanges the listed classes and keeps the others",
		.notes = "At a higher rate the same seed changes a superset of the labels.",
		.keywords = "asymmetric noise flip ring",
		LB_PARAMS(pair_params),
	},
	.kinds = CLASSIFICATION,
	.check = check_pair,
	.apply = apply_pair,
};

/* ---- registry ---- */

static const struct lb_corruption *const corruptions[] = {
#define LB_CORRUPTION(name) &lb_corruption_##name,
#include "datasets/corruptions.def"
#undef LB_CORRUPTION
};

size_t lb_corruption_count(void)
{
	return sizeof corruptions / sizeof *corruptions;
}

const struct lb_corruption *lb_corruption_at(size_t i)
{
	return corruptions[i];
}
