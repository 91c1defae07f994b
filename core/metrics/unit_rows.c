#include "core/metrics/unit_rows.h"

#include "core/base/mem.h"

#include <math.h>
#include <string.h>

double *lb_embedding_rows(const struct lb_metric_inputs *o, size_t n, size_t every, bool unit, struct lb_err *err)
{
	const size_t d = o->dimension;
	double *u = lb_alloc(n * d + 1, sizeof *u, err);

	for (size_t i = 0; u && i < n; i++) {
		double *row = u + i * d, sum = 0;
		memcpy(row, o->embedding + i * every * d, d * sizeof *row);
		for (size_t j = 0; j < d; j++)
			sum += row[j] * row[j];
		for (size_t j = 0; unit && sum > 0 && j < d; j++)
			row[j] /= sqrt(sum);
	}
	return u;
}
