#include "core/training/query_batches.h"

#include "core/base/mem.h"
#include "core/numeric/rng.h"

#include <stdlib.h>

static void draw_queries(const struct lb_query_batches *b, uint64_t seed, size_t epoch, bool shuffle)
{
	struct lb_rng rng;

	for (size_t k = 0; k < b->queries; k++)
		b->drawn[k] = (uint32_t)k;
	lb_rng_init(&rng, seed, LB_RNG_ORDER, epoch);
	if (shuffle)
		lb_rng_shuffle(&rng, b->drawn, b->queries);
}

/* Counts the batches of the drawn order, and their rows into b->most. */
static int64_t count_batches(struct lb_query_batches *b)
{
	int64_t batches = 0;
	size_t rows = 0;

	for (size_t k = 0; k < b->queries; k++) {
		const size_t more = b->start[b->drawn[k] + 1] - b->start[b->drawn[k]];
		const bool begins = !rows || rows + more > b->aim;
		batches += begins;
		rows = begins ? more : rows + more;
		b->most = rows > b->most ? rows : b->most;
	}
	return batches;
}

/* Returns the query or bag of a training row. */
static int32_t group_of(const int32_t *group, const uint32_t *rows, size_t i)
{
	return group[rows ? rows[i] : i];
}

static void find_queries(struct lb_query_batches *b, const int32_t *group, const uint32_t *rows)
{
	for (size_t i = 0; i < b->n; i++) {
		if (!i || group_of(group, rows, i) != group_of(group, rows, i - 1))
			b->start[b->queries++] = i;
		b->of[i] = (uint32_t)b->queries - 1;
	}
	b->start[b->queries] = b->n;
}

int lb_query_batches_make(struct lb_query_batches *b, const int32_t *group, const uint32_t *rows, size_t n, size_t aim, size_t epochs, uint64_t seed,
			  bool shuffle, struct lb_err *err)
{
	*b = (struct lb_query_batches){ .n = n, .aim = aim, .epochs = epochs };
	if (!(b->start = lb_alloc(n + 1, sizeof *b->start, err)) || !(b->of = lb_alloc(n + 1, sizeof *b->of, err)) ||
	    !(b->drawn = lb_alloc(n + 1, sizeof *b->drawn, err)) || !(b->before = lb_alloc(epochs + 1, sizeof *b->before, err)))
		return -1;
	find_queries(b, group, rows);
	b->before[0] = 0;
	for (size_t epoch = 0; epoch < epochs; epoch++) {
		draw_queries(b, seed, epoch, shuffle);
		b->before[epoch + 1] = b->before[epoch] + count_batches(b);
	}
	return 0;
}

void lb_query_batches_free(struct lb_query_batches *b)
{
	free(b->start);
	free(b->of);
	free(b->drawn);
	free(b->before);
	*b = (struct lb_query_batches){ 0 };
}

void lb_query_batches_draw(const struct lb_query_batches *b, uint64_t seed, size_t epoch, bool shuffle, uint32_t *order)
{
	draw_queries(b, seed, epoch, shuffle);
	for (size_t k = 0; k < b->queries; k++)
		for (size_t i = b->start[b->drawn[k]]; i < b->start[b->drawn[k] + 1]; i++)
			*order++ = (uint32_t)i;
}

size_t lb_query_batches_end(const struct lb_query_batches *b, const uint32_t *order, size_t start)
{
	size_t end = start;

	while (end < b->n) {
		const size_t query = b->of[order[end]], more = b->start[query + 1] - b->start[query];
		if (end > start && end - start + more > b->aim)
			break;
		end += more;
	}
	return end;
}
