/* Training rows in bags, of whose targets the mean alone is known, of whose labels the shares. */
#include "core/base/mem.h"
#include "core/numeric/rng.h"
#include "datasets/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LB_BAGGING(name) extern const struct lb_bagging lb_bagging_##name;
#include "datasets/sampling/baggings.def"
#undef LB_BAGGING
#define LB_BAG_NOISE(name) extern const struct lb_bag_noise lb_bag_noise_##name;
#include "datasets/sampling/bag_noises.def"
#undef LB_BAG_NOISE

const struct lb_bagging lb_bagging_none = {
	.base = { .name = "none", .tasks = LB_EVERY_TASK, .title = "Each row has its own target" },
};

/* ---- random ---- */

enum { RANDOM_SIZE, RANDOM_SEED };
static const struct lb_param random_params[] = {
	[RANDOM_SIZE] = { .name = "size", .symbol = "k", .type = LB_INT_PARAM, .def = 4, .min = 1, .max = 1e6, .help = "rows of a bag; the last has what is left" },
	[RANDOM_SEED] = { .name = "seed", .type = LB_SEED_PARAM, .help = "draws the bags; train.seed if not given" },
};

static int assign_random(const struct lb_bagging_input *in, int32_t *bag, struct lb_err *err)
{
	const size_t size = (size_t)in->par[RANDOM_SIZE].v;
	uint32_t *order = lb_alloc(in->n + 1, sizeof *order, err);
	struct lb_rng r;

	if (!order)
		return -1;
	for (size_t i = 0; i < in->n; i++)
		order[i] = (uint32_t)i;
	lb_rng_init(&r, in->seed, LB_RNG_BAGS, 0);
	lb_rng_shuffle(&r, order, in->n);
	for (size_t i = 0; i < in->n; i++)
		bag[order[i]] = (int32_t)(i / size);
	free(order);
	return 0;
}

const struct lb_bagging lb_bagging_random = {
	.base = {
		.name = "random",
		.tasks = 1u << LB_REGRESSION | LB_CLASS_TASKS,
		.title = "Bags of k training rows, drawn once for the whole training",
		.cite = "A. Javanmard, L. Chen, V. Mirrokni, A. Badanidiyuru, G. Fu, Learning from aggregate responses: instance level versus bag "
			"level loss functions, ICLR 2024",
		.notes = "Bags of size 1 leave every row its own target or label.",
		LB_PARAMS(random_params),
	},
	.assign = assign_random,
};

/* ---- group ---- */

static int assign_group(const struct lb_bagging_input *in, int32_t *bag, struct lb_err *err)
{
	(void)err;
	for (size_t i = 0; i < in->n; i++)
		bag[i] = in->data->group[in->rows[i]];
	return 0;
}

const struct lb_bagging lb_bagging_group = {
	.base = {
		.name = "group",
		.tasks = 1u << LB_REGRESSION | LB_CLASS_TASKS,
		.title = "A bag is the training rows of one value of the column data.group",
		.cite = "classic",
		.notes = "A group stays on one side of the split, so that bags are whole.",
	},
	.assign = assign_group,
	.by_group = true,
};

const struct lb_info *const lb_baggings[] = {
#define LB_BAGGING(name) &lb_bagging_##name.base,
#include "datasets/sampling/baggings.def"
#undef LB_BAGGING
	NULL
};

/* ---- bags side by side ---- */

struct place {
	int32_t first;           /* position of the bag's first row */
	uint32_t at;
};

static int by_first(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->first != y->first ? (x->first > y->first) - (x->first < y->first) : (x->at > y->at) - (x->at < y->at);
}

/* place (n) <- the positions of the rows, those of a bag together, bags by their first rows. bag is
 * at most `most`. */
static int sort_places(const int32_t *bag, size_t n, size_t most, struct place *place, struct lb_err *err)
{
	int32_t *first = lb_alloc(most + 1, sizeof *first, err);

	if (!first)
		return -1;
	for (size_t i = n; i-- > 0;)
		first[bag[i]] = (int32_t)i;
	for (size_t i = 0; i < n; i++)
		place[i] = (struct place){ first[bag[i]], (uint32_t)i };
	qsort(place, n, sizeof *place, by_first);
	free(first);
	return 0;
}

/* rows, bag (n) <- the rows in the order of their places, numbered anew. */
static void move_rows(const struct place *place, const uint32_t *from, size_t n, uint32_t *rows, int32_t *bag)
{
	int32_t number = -1;

	for (size_t i = 0; i < n; i++) {
		number += !i || place[i].first != place[i - 1].first;
		rows[i] = from[place[i].at];
		bag[i] = number;
	}
}

int lb_bags_make(const struct lb_bagging *bagging, const struct lb_bagging_input *in, uint32_t *rows, int32_t **out, struct lb_err *err)
{
	const size_t n = in->n;
	int32_t *bag = lb_alloc(n + 1, sizeof *bag, err);
	struct place *place = lb_alloc(n + 1, sizeof *place, err);
	uint32_t *from = lb_alloc(n + 1, sizeof *from, err);
	size_t most = 0;
	int rc = bag && place && from ? bagging->assign(in, bag, err) : -1;

	for (size_t i = 0; !rc && i < n; i++)
		most = (size_t)bag[i] > most ? (size_t)bag[i] : most;
	if (!rc && !(rc = sort_places(bag, n, most, place, err))) {
		memcpy(from, rows, n * sizeof *from);
		move_rows(place, from, n, rows, bag);
	}
	free(place);
	free(from);
	if (rc)
		free(bag);
	*out = rc ? NULL : bag;
	return rc;
}

/* ---- what is known of a bag ---- */

const struct lb_bag_noise lb_bag_noise_none = {
	.base = { .name = "none", .tasks = LB_EVERY_TASK, .title = "The means of bags as they are" },
};

enum { LAPLACE_EPSILON, LAPLACE_CLIP, LAPLACE_SEED };
static const struct lb_param laplace_params[] = {
	[LAPLACE_EPSILON] = { .name = "epsilon", .symbol = "eps", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 1e6, .min_open = true,
			      .grid = { 0.5, 1, 2 }, .n_grid = 3, .help = "label differential privacy: the smaller, the more private" },
	[LAPLACE_CLIP] = { .name = "clip", .symbol = "C", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 1e300, .min_open = true,
			   .help = "targets are kept to [-clip, clip], in their own units" },
	[LAPLACE_SEED] = { .name = "seed", .type = LB_SEED_PARAM, .help = "draws the noise; train.seed if not given" },
};

static double laplace_clip(const struct lb_arg *par, double target)
{
	return fmin(fmax(target, -par[LAPLACE_CLIP].v), par[LAPLACE_CLIP].v);
}

static double laplace_noise(const struct lb_arg *par, size_t size, struct lb_rng *r)
{
	const double u = lb_rng_unit(r) - 0.5, scale = 2 * par[LAPLACE_CLIP].v / ((double)size * par[LAPLACE_EPSILON].v);

	return u < 0 ? scale * log1p(2 * fmax(u, -0.5 + 0x1p-54)) : -scale * log1p(-2 * u);
}

const struct lb_bag_noise lb_bag_noise_laplace = {
	.base = {
		.name = "laplace",
		.tasks = 1u << LB_REGRESSION,
		.title = "Private labels: Laplace noise on the mean of clipped targets",
		.cite = "C. Dwork, F. McSherry, K. Nissim, A. Smith, Calibrating noise to sensitivity in private data analysis, TCC 2006; of bags "
			"Javanmard et al., ICLR 2024",
		.formula = "tbar' = (1/k) sum_i clip(t_i, -C, C) + Laplace(2 C / (k eps)),  k rows in the bag",
		.notes = "One target moves the mean of its bag by 2 C / k at most, so that the training is eps-private in each of them. Several targets "
			 "of a row have noise of their own, eps each. What else is computed of targets (data.preprocess.target) is of the noisy means.",
		.keywords = "differential privacy dp label",
		LB_PARAMS(laplace_params),
	},
	.clip = laplace_clip,
	.noise = laplace_noise,
};

const struct lb_info *const lb_bag_noises[] = {
#define LB_BAG_NOISE(name) &lb_bag_noise_##name.base,
#include "datasets/sampling/bag_noises.def"
#undef LB_BAG_NOISE
	NULL
};

/* The bag of n rows, all from `rows` on: its mean target t into the target of each. */
static void share_mean(const struct lb_bag_noise *noise, const struct lb_arg *par, const uint32_t *rows, size_t n, size_t targets, size_t t,
		       struct lb_rng *r, double *target)
{
	double mean = 0;

	for (size_t i = 0; i < n; i++) {
		const double v = target[rows[i] * targets + t];
		mean += noise->clip ? noise->clip(par, v) : v;
	}
	mean /= (double)n;
	if (noise->noise)
		mean += noise->noise(par, n, r);
	for (size_t i = 0; i < n; i++)
		target[rows[i] * targets + t] = mean;
}

void lb_bags_share_means(const struct lb_bag_noise *noise, const struct lb_arg *par, uint64_t seed, const struct lb_split *split, size_t targets,
			 double *target)
{
	const uint32_t *rows = split->rows[LB_TRAIN];
	struct lb_rng r;

	for (size_t i = 0, end; i < split->n[LB_TRAIN]; i = end) {
		for (end = i; end < split->n[LB_TRAIN] && split->bag[end] == split->bag[i];)
			end++;
		lb_rng_init(&r, seed, LB_RNG_BAG_NOISE, (uint64_t)split->bag[i]);
		for (size_t t = 0; t < targets; t++)
			share_mean(noise, par, rows + i, end - i, targets, t, &r, target);
	}
}
