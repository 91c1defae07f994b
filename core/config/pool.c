#include "core/config/pool.h"

#include "core/base/mem.h"

#include <stdlib.h>

void *lb_pool_alloc(struct lb_pool *pool, size_t bytes, struct lb_err *err)
{
	void *p;

	if (lb_grow(&pool->piece, &pool->cap, pool->n + 1, sizeof *pool->piece, err) || !(p = lb_alloc(bytes, 1, err)))
		return NULL;
	return pool->piece[pool->n++] = p;
}

void lb_pool_free(struct lb_pool *pool)
{
	for (size_t i = 0; i < pool->n; i++)
		free(pool->piece[i]);
	free(pool->piece);
	*pool = (struct lb_pool){ 0 };
}
