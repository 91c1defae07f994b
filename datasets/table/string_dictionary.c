#include "datasets/table/string_dictionary.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

static size_t hash(const char *s, size_t n)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3;
	return (size_t)(h ^ h >> 32);
}

/* The slot of a string: the one that holds it, or the free one where it belongs. */
static int32_t *find_slot(const struct lb_interner *in, char *const *level, const char *s, size_t n)
{
	size_t i = hash(s, n) & (in->n_slots - 1);

	while (in->slot[i] >= 0 && (strncmp(level[in->slot[i]], s, n) || level[in->slot[i]][n]))
		i = (i + 1) & (in->n_slots - 1);
	return &in->slot[i];
}

static int add_slots(struct lb_interner *in, const struct lb_column *col, struct lb_err *err)
{
	struct lb_interner more = { .n_slots = in->n_slots ? 2 * in->n_slots : 16, .cap = in->cap };

	if (!(more.slot = lb_alloc(more.n_slots, sizeof *more.slot, err)))
		return -1;
	memset(more.slot, -1, more.n_slots * sizeof *more.slot);
	for (size_t i = 0; i < col->n_levels; i++)
		*find_slot(&more, col->level, col->level[i], strlen(col->level[i])) = (int32_t)i;
	free(in->slot);
	*in = more;
	return 0;
}

int32_t lb_intern_find(const struct lb_interner *in, const struct lb_column *col, const char *s, size_t n)
{
	return in->n_slots ? *find_slot(in, col->level, s, n) : -1;
}

int32_t lb_intern_add(struct lb_interner *in, struct lb_column *col, char *text, struct lb_err *err)
{
	if ((2 * (col->n_levels + 1) > in->n_slots && add_slots(in, col, err)) ||
	    lb_grow(&col->level, &in->cap, col->n_levels + 1, sizeof *col->level, err)) {
		free(text);
		return -1;
	}
	int32_t *slot = find_slot(in, col->level, text, strlen(text));
	if (*slot >= 0) {
		free(text);
		return *slot;
	}
	col->level[col->n_levels] = text;
	return *slot = (int32_t)col->n_levels++;
}

void lb_intern_free(struct lb_interner *in)
{
	free(in->slot);
	*in = (struct lb_interner){ 0 };
}
