#include "core/engine/eval/evaluator.h"

#include "core/base/mem.h"

#include <stdlib.h>

int lb_evaluator_workspace(struct lb_evaluator *e, size_t bytes, struct lb_err *err)
{
	if (bytes <= e->workspace_bytes)
		return 0;
	free(e->workspace);
	e->workspace_bytes = 0;
	if (!(e->workspace = lb_alloc_aligned(bytes, 1, err)))
		return -1;
	e->workspace_bytes = bytes;
	return 0;
}
