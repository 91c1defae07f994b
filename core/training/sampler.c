#include "core/training/sampler.h"

#include "core/base/mem.h"
#include "core/numeric/rng.h"
#include "losses/loss_info.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct lb_place {
	double at;
	uint32_t row, rank;
};

static int group(struct lb_sampler *s, size_t n_classes, const int32_t *y, struct lb_err *err)
{
	size_t *at = lb_alloc(n_classes + 1, sizeof *at, err), to = 0;

	if (!at)
		return -1;
	for (size_t i = 0; i < s->n; i++)
		at[y[i]]++;
	for (size_t k = 0; k < n_classes; k++) {
		const size_t rows = at[k];
		at[k] = to;
		if (!rows)
			continue;
		s->start[s->classes++] = to;
		to += rows;
	}
	s->start[s->classes] = to;
	for (size_t i = 0; i < s->n; i++)
		s->row[at[y[i]]++] = (uint32_t)i;
	free(at);
	return 0;
}

int lb_sampler_open(struct lb_sampler *s, const struct lb_sampling *kind, bool shuffle, size_t n, size_t n_classes, const int32_t *y,
		    struct lb_err *err)
{
	*s = (struct lb_sampler){ .kind = kind ? kind : &lb_sampling_shuffle, .shuffle = shuffle, .n = n };
	if (s->kind->by_weight)
		return (s->share = lb_alloc(n + 1, sizeof *s->share, err)) ? 0 : -1;
	if (!s->kind->by_class)
		return 0;
	if (!(s->row = lb_alloc(2 * n + 1, sizeof *s->row, err)) || !(s->start = lb_alloc(2 * n_classes + 2, sizeof *s->start, err)))
		return -1;
	if (!(s->class = lb_alloc(n_classes + 1, sizeof *s->class, err)) || !(s->share = lb_alloc(2 * n_classes + 2, sizeof *s->share, err)) ||
	    (s->kind->by_place && !(s->place = lb_alloc(n + 1, sizeof *s->place, err))))
		return -1;
	return group(s, n_classes, y, err);
}

void lb_sampler_close(struct lb_sampler *s)
{
	free(s->row);
	free(s->start);
	free(s->place);
	free(s->class);
	free(s->share);
	*s = (struct lb_sampler){ 0 };
}

static int by_place(const void *a, const void *b)
{
	const struct lb_place *x = a, *y = b;

	if (x->at < y->at || x->at > y->at)
		return x->at < y->at ? -1 : 1;
	return (x->rank > y->rank) - (x->rank < y->rank);
}

/* The j-th row of a class of m comes at (j + u)/m of the epoch, u drawn for the class. */
static void draw_stratified(struct lb_sampler *s, struct lb_rng *rng, uint32_t *order)
{
	for (size_t k = 0; k < s->classes; k++) {
		const size_t start = s->start[k], m = s->start[k + 1] - start;
		const double u = lb_rng_unit(rng);
		memcpy(order, s->row + start, m * sizeof *order);
		lb_rng_shuffle(rng, order, m);
		for (size_t j = 0; j < m; j++)
			s->place[start + j] = (struct lb_place){ ((double)j + u) / (double)m, order[j], (uint32_t)(start + j) };
	}
	qsort(s->place, s->n, sizeof *s->place, by_place);
	for (size_t i = 0; i < s->n; i++)
		order[i] = s->place[i].row;
}

/* Begins the turns of all classes. Behind the grouped rows lies a copy of them, each class in the
 * order of its current turn; after the starts, the place of each class. */
static void begin_turns(struct lb_sampler *s)
{
	memcpy(s->row + s->n, s->row, s->n * sizeof *s->row);
	memcpy(s->start + s->classes + 1, s->start, s->classes * sizeof *s->start);
}

static void draw_balanced(struct lb_sampler *s, struct lb_rng *rng, uint32_t *order)
{
	uint32_t *turn = s->row + s->n;
	size_t *next = s->start + s->classes + 1;

	begin_turns(s);
	const size_t first = s->classes ? (size_t)lb_rng_below(rng, s->classes) : 0;
	for (size_t i = 0; i < s->n; i++) {
		const size_t k = (first + i) % s->classes, start = s->start[k], end = s->start[k + 1];
		if (next[k] == start || next[k] == end) {
			lb_rng_shuffle(rng, turn + start, end - start);
			next[k] = start;
		}
		order[i] = turn[next[k]++];
	}
}

/* to (m) <- the next rows of class k. */
static void draw_class(struct lb_sampler *s, struct lb_rng *rng, size_t k, size_t m, uint32_t *to)
{
	uint32_t *turn = s->row + s->n;
	size_t *next = s->start + s->classes + 1 + k;
	const size_t start = s->start[k], end = s->start[k + 1], whole = m < end - start ? m : end - start;

	for (size_t i = 0; i < m; i++) {
		if (*next == start || *next == end || (i == 0 && *next + whole > end)) {
			lb_rng_shuffle(rng, turn + start, end - start);
			*next = start;
		}
		to[i] = turn[(*next)++];
	}
}

/* m rows each of the classes that have at least so many, in batches of different classes. */
static void draw_groups(struct lb_sampler *s, struct lb_rng *rng, size_t least, uint32_t *order)
{
	const size_t m = s->per_class;
	size_t classes = 0;

	begin_turns(s);
	for (size_t k = 0; k < s->classes; k++)
		if (s->start[k + 1] - s->start[k] >= least)
			s->class[classes++] = (uint32_t)k;
	for (size_t i = 0, group = 0; i < s->n; i += m, group++) {
		if (i % s->batch == 0) {
			lb_rng_shuffle(rng, s->class, classes);
			group = 0;
		}
		draw_class(s, rng, s->class[group % classes], s->n - i < m ? s->n - i : m, order + i);
	}
}

/* Each place of the order goes to the class that is owed most: its share of the places so far, less
 * those it had. What a class is owed at the start is drawn, below one row. */
static void draw_by_share(struct lb_sampler *s, struct lb_rng *rng, uint32_t *order)
{
	double *owed = s->share + s->classes;

	begin_turns(s);
	for (size_t k = 0; k < s->classes; k++)
		owed[k] = s->share[k] > 0 ? s->share[k] * lb_rng_unit(rng) : 0;
	for (size_t i = 0; i < s->n; i++) {
		size_t at = 0;
		for (size_t k = 0; k < s->classes; k++) {
			owed[k] += s->share[k];
			at = owed[k] > owed[at] ? k : at;
		}
		owed[at] -= 1;
		draw_class(s, rng, at, 1, order + i);
	}
}

static void draw_square_root(struct lb_sampler *s, struct lb_rng *rng, uint32_t *order)
{
	double sum = 0;

	for (size_t k = 0; k < s->classes; k++)
		sum += sqrt((double)(s->start[k + 1] - s->start[k]));
	for (size_t k = 0; k < s->classes; k++)
		s->share[k] = sqrt((double)(s->start[k + 1] - s->start[k])) / sum;
	draw_by_share(s, rng, order);
}

/* Where one class alone has rows, all are of it. */
static void draw_positive_rate(struct lb_sampler *s, struct lb_rng *rng, uint32_t *order)
{
	s->share[0] = s->classes > 1 ? 1 - s->rate : 1;
	s->share[1] = s->rate;
	draw_by_share(s, rng, order);
}

static void draw_m_per_class(struct lb_sampler *s, struct lb_rng *rng, uint32_t *order)
{
	draw_groups(s, rng, 0, order);
}

static void draw_episodes(struct lb_sampler *s, struct lb_rng *rng, uint32_t *order)
{
	draw_groups(s, rng, s->per_class, order);
}

/* Each batch has a row each of the classes with the most rows left, ties by lot: so that as many
 * batches as can be have rows that the epoch has not had. */
static void draw_clusters(struct lb_sampler *s, struct lb_rng *rng, uint32_t *order)
{
	double *left = s->share;

	begin_turns(s);
	for (size_t k = 0; k < s->classes; k++) {
		s->class[k] = (uint32_t)k;
		left[k] = (double)(s->start[k + 1] - s->start[k]);
	}
	for (size_t i = 0; i < s->n; i++) {
		if (i % s->batch == 0) {
			lb_rng_shuffle(rng, s->class, s->classes);
			for (size_t k = 0; k < s->classes; k++)
				s->place[k] = (struct lb_place){ -left[s->class[k]], s->class[k], (uint32_t)k };
			qsort(s->place, s->classes, sizeof *s->place, by_place);
		}
		const uint32_t k = s->place[i % s->batch % s->classes].row;
		draw_class(s, rng, k, 1, order + i);
		left[k] -= left[k] > 0;
	}
}

static void draw_hard_batches(struct lb_sampler *s, struct lb_rng *rng, uint32_t *order)
{
	size_t at = 0;

	for (size_t k = 0; k < s->classes; k++)
		s->class[k] = (uint32_t)k;
	lb_rng_shuffle(rng, s->class, s->classes);
	for (size_t k = 0; k < s->classes; k++) {
		const size_t start = s->start[s->class[k]], m = s->start[s->class[k] + 1] - start;
		memcpy(order + at, s->row + start, m * sizeof *order);
		lb_rng_shuffle(rng, order + at, m);
		at += m;
	}
}

/* The first row whose sum of weights is above a number drawn below the whole. */
static void draw_weighted(struct lb_sampler *s, struct lb_rng *rng, uint32_t *order)
{
	for (size_t i = 0; i < s->n; i++) {
		const double at = lb_rng_unit(rng) * s->share[s->n - 1];
		size_t low = 0, high = s->n - 1;
		while (low < high) {
			const size_t middle = (low + high) / 2;
			if (s->share[middle] > at)
				high = middle;
			else
				low = middle + 1;
		}
		order[i] = (uint32_t)low;
	}
}

static void draw_shuffle(struct lb_sampler *s, struct lb_rng *rng, uint32_t *order)
{
	for (size_t i = 0; i < s->n; i++)
		order[i] = (uint32_t)i;
	if (s->shuffle)
		lb_rng_shuffle(rng, order, s->n);
}

void lb_sampler_draw(struct lb_sampler *s, uint64_t seed, size_t epoch, uint32_t *order)
{
	struct lb_rng rng;

	lb_rng_init(&rng, seed, LB_RNG_ORDER, epoch);
	s->kind->draw(s, &rng, order);
}

/* ---- registry ---- */

const struct lb_sampling lb_sampling_shuffle = {
	.base = { .name = "shuffle", .tasks = LB_EVERY_TASK, .title = "Every row once, in a random order", .cite = "classic" },
	.draw = draw_shuffle,
};

const struct lb_sampling lb_sampling_balanced = {
	.base = { .name = "balanced", .tasks = LB_CLASS_TASKS,
		  .title = "Classes in equal parts of every batch, rare rows repeated",
		  .cite = "H. He, E. A. Garcia, Learning from imbalanced data, IEEE TKDE 21, 2009, section 3.1 (random oversampling)" },
	.by_class = true,
	.repeats = true,
	.draw = draw_balanced,
};

const struct lb_sampling lb_sampling_stratified = {
	.base = { .name = "stratified", .tasks = LB_CLASS_TASKS, .title = "Classes in every batch by their share, every row once",
		  .cite = "classic" },
	.by_class = true,
	.by_place = true,
	.draw = draw_stratified,
};

const struct lb_sampling lb_sampling_m_per_class = {
	.base = { .name = "m_per_class", .tasks = LB_CLASS_TASKS,
		  .title = "A few rows each of several classes drawn for the batch, train.per_class of them",
		  .cite = "A. Hermans, L. Beyer, B. Leibe, In defense of the triplet loss for person re-identification, arXiv:1703.07737, section 2 (PK)" },
	.by_class = true,
	.repeats = true,
	.in_groups = true,
	.draw = draw_m_per_class,
};

const struct lb_sampling lb_sampling_square_root = {
	.base = { .name = "square_root", .tasks = LB_CLASS_TASKS, .title = "Classes in every batch by the square root of their size, rare rows repeated",
		  .cite = "D. Mahajan et al., Exploring the limits of weakly supervised pretraining, ECCV 2018, section 2.2" },
	.by_class = true,
	.repeats = true,
	.draw = draw_square_root,
};

const struct lb_sampling lb_sampling_positive_rate = {
	.base = { .name = "positive_rate", .tasks = 1u << LB_BINARY, .title = "A share of positives in every batch, train.positive_rate",
		  .cite = "Z. Yuan, Y. Yan, M. Sonka, T. Yang, LibAUC (DualSampler), 2021" },
	.by_class = true,
	.repeats = true,
	.by_rate = true,
	.draw = draw_positive_rate,
};

const struct lb_sampling lb_sampling_clusters = {
	.base = { .name = "clusters", .tasks = LB_CLASS_TASKS, .title = "No two rows of a batch of one pseudo-class, train.clusters of them by k-means of the features",
		  .cite = "S. Chakraborty, A. R. Gosthipaty, S. Paul, G-SimCLR: self-supervised contrastive learning with guided projection via pseudo labelling, ICDMW 2020" },
	.by_class = true,
	.by_cluster = true,
	.one_of_each = true,
	.by_place = true,
	.repeats = true,
	.draw = draw_clusters,
};

const struct lb_sampling lb_sampling_hard_batches = {
	.base = { .name = "hard_batches", .tasks = LB_CLASS_TASKS, .title = "Rows that are alike in one batch, every row once: train.clusters pseudo-classes by k-means of the features, one after the other",
		  .cite = "L. Merrick, Embedding and clustering your data can improve contrastive pretraining, arXiv:2407.18887, 2024" },
	.by_class = true,
	.by_cluster = true,
	.draw = draw_hard_batches,
};

const struct lb_sampling lb_sampling_weighted = {
	.base = { .name = "weighted", .tasks = LB_EVERY_TASK & ~(1u << LB_RANKING | 1u << LB_SURVIVAL),
		  .title = "Rows drawn by their weights, data.weight and train.class_weight, which losses then do not see", .cite = "classic" },
	.by_weight = true,
	.repeats = true,
	.draw = draw_weighted,
};

const struct lb_sampling lb_sampling_episodes = {
	.base = { .name = "episodes", .tasks = LB_CLASS_TASKS,
		  .title = "Few-shot episodes: several classes of enough rows, train.per_class different rows of each",
		  .cite = "O. Vinyals, C. Blundell, T. Lillicrap, K. Kavukcuoglu, D. Wierstra, Matching networks for one shot learning, NeurIPS 2016, section 4" },
	.by_class = true,
	.in_groups = true,
	.whole_groups = true,
	.draw = draw_episodes,
};

const struct lb_info *const lb_samplers[] = {
#define SAMPLER(name) &lb_sampling_##name.base,
#include "core/training/samplers.def"
#undef SAMPLER
	NULL
};
