/* Memory that is released all at once. */
#ifndef LB_POOL_H
#define LB_POOL_H

#include "core/base/err.h"

#include <stddef.h>

/* Owner of what is allocated from it; { 0 } is empty. */
struct lb_pool {
	void **piece;
	size_t n, cap;
};
void lb_pool_free(struct lb_pool *pool);

/* Returns bytes of 0 that live as long as the pool; NULL when memory runs out. */
void *lb_pool_alloc(struct lb_pool *pool, size_t bytes, struct lb_err *err);

#endif
