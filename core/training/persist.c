#include "core/training/persist.h"

#include "core/base/mem.h"

#include <stdlib.h>

int lb_persist(struct lb_persisted *p, const char *name, void *at, size_t size, struct lb_err *err)
{
	if (lb_grow(&p->block, &p->cap, p->n + 1, sizeof *p->block, err))
		return -1;
	p->block[p->n++] = (struct lb_block){ name, at, size };
	return 0;
}

void lb_persisted_free(struct lb_persisted *p)
{
	free(p->block);
	*p = (struct lb_persisted){ 0 };
}
