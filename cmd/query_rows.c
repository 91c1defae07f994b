#include "cmd/query_rows.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

void query_rows_join(const double *query, size_t n, uint32_t *from, int32_t *group)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		size_t first = 0;
		while (query[first] < query[i] || query[first] > query[i])
			first++;
		for (size_t k = i; first == i && k < n; k++) {
			if (query[k] < query[i] || query[k] > query[i])
				continue;
			from[to] = (uint32_t)k;
			group[to++] = (int32_t)i;
		}
	}
}

int query_rows_move(const uint32_t *from, size_t n, size_t c, bool back, double *v, struct lb_err *err)
{
	double *moved = from ? lb_alloc(n * c, sizeof *moved, err) : NULL;

	for (size_t i = 0; moved && i < n; i++)
		memcpy(moved + (back ? from[i] : i) * c, v + (back ? i : from[i]) * c, c * sizeof *v);
	if (moved)
		memcpy(v, moved, n * c * sizeof *v);
	free(moved);
	return from && !moved ? -1 : 0;
}

int query_rows_check(const struct lb_loss_info *l, const struct lb_arg *par, const int32_t *group, size_t n, struct lb_err *err)
{
	const size_t most = l->most_of_query ? l->most_of_query(par) : SIZE_MAX;

	for (size_t i = 0, rows = 0; i < n; i++) {
		rows = i && group[i] == group[i - 1] ? rows + 1 : 1;
		if (rows > most)
			return lb_fail(err, LB_DATA, "groups: found a query of more than %zu rows, allowed with these parameters: at most so many", most);
	}
	return 0;
}
