/* What a checkpoint keeps of a training: blocks of memory, each registered where it is allocated.
 * A block holds no pointer. Free of precision. */
#ifndef LB_PERSIST_H
#define LB_PERSIST_H

#include "core/base/err.h"

#include <stddef.h>

struct lb_block {
	const char *name;        /* borrowed */
	void *at;                /* borrowed */
	size_t size;             /* bytes */
};

struct lb_persisted {
	struct lb_block *block;
	size_t n, cap;
};

/* Registers `size` bytes at `at`, which are read when a state is kept and overwritten when one is
 * restored. -1 when memory runs out. */
int lb_persist(struct lb_persisted *p, const char *name, void *at, size_t size, struct lb_err *err);

/* Frees the list, not the blocks. */
void lb_persisted_free(struct lb_persisted *p);

#endif
