#include "core/run/saved_decision.h"

#include "core/base/mem.h"
#include "core/numeric/logistic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The maps that do not fit into `decision`: one a class, or one with two slopes. Their knots, one
 * map's after another's. */
static int put_maps(struct lb_arrays *a, const struct lb_decision *d, struct lb_err *err)
{
	const struct lb_score_map *map = d->of_class ? d->of_class : &d->map;
	const size_t maps = d->of_class ? d->classes : 1;
	double *numbers = lb_alloc(maps, LB_MAP_NUMBERS * sizeof *numbers, err), *z = NULL, *p = NULL;
	size_t knots = 0;
	int rc = -1;

	for (size_t k = 0; k < maps; k++)
		knots += map[k].n_knots;
	if (!numbers || !(z = lb_alloc(knots, sizeof *z, err)) || !(p = lb_alloc(knots, sizeof *p, err)))
		goto out;
	knots = 0;
	for (size_t k = 0; k < maps; k++) {
		const double row[LB_MAP_NUMBERS] = { [LB_MAP_SLOPE] = map[k].slope, [LB_MAP_BELOW] = map[k].below, [LB_MAP_INTERCEPT] = map[k].intercept,
						     [LB_MAP_KNOTS] = (double)map[k].n_knots };
		memcpy(numbers + k * LB_MAP_NUMBERS, row, sizeof row);
		for (size_t i = 0; i < map[k].n_knots; i++, knots++) {
			z[knots] = map[k].z[i];
			p[knots] = map[k].p[i];
		}
	}
	rc = (d->of_class || d->map.slope > d->map.below || d->map.slope < d->map.below) &&
	     lb_arrays_numbers(a, "decision_maps", LB_ARRAY_F64, maps, LB_MAP_NUMBERS, numbers, err) ? -1 : 0;
	if (!rc && knots)
		rc = lb_arrays_numbers(a, "decision_scores", LB_ARRAY_F64, knots, 0, z, err) ||
		     lb_arrays_numbers(a, "decision_probabilities", LB_ARRAY_F64, knots, 0, p, err) ? -1 : 0;
out:
	free(numbers);
	free(z);
	free(p);
	return rc;
}

int lb_saved_decision_put(struct lb_arrays *a, const struct lb_prepared *p, const struct lb_decision *d, struct lb_err *err)
{
	const bool beyond = isinf(d->threshold);
	const double v[LB_DECISION_NUMBERS] = { d->map.slope, d->map.intercept, beyond ? 0 : d->threshold, beyond ? copysign(1, d->threshold) : 0 };

	if (lb_decides_plainly(p->setup.calibration, p->setup.threshold))
		return 0;
	if (lb_arrays_numbers(a, "decision", LB_ARRAY_F64, LB_DECISION_NUMBERS, 0, v, err) || put_maps(a, d, err))
		return -1;
	return d->matrix ? lb_arrays_numbers(a, "decision_matrix", LB_ARRAY_F64, d->classes, d->classes + 1, d->matrix, err) : 0;
}

static size_t largest(const double *z, size_t c)
{
	size_t best = 0;

	for (size_t k = 1; k < c; k++)
		best = z[k] > z[best] ? k : best;
	return best;
}

/* z <- what is proportional to the probabilities, and returns their sum; *likeliest <- the class
 * of the largest. */
static double soften(const struct lb_saved_model *m, double *z, size_t c, size_t *likeliest)
{
	const struct lb_decision *d = &m->decision;
	double sum = 0;

	if (lb_decision_reorders(d)) {
		lb_decision_scores(d, c, z, m->calibrated);
		memcpy(z, m->calibrated, c * sizeof *z);
	}
	*likeliest = largest(z, c);
	const double top = z[*likeliest];
	for (size_t k = 0; k < c; k++)
		sum += z[k] = exp(d->map.slope * (z[k] - top));
	return sum;
}

size_t lb_saved_decision_class(const struct lb_saved_model *m, double *z, size_t c)
{
	const struct lb_decision *d = &m->decision;
	size_t likeliest;

	if (m->kind == LB_BINARY)
		return lb_score_mapped(&d->map, z[0]) > d->threshold;
	const double sum = soften(m, z, c, &likeliest);
	return lb_decision_class(d, c, z, sum, likeliest);
}

void lb_saved_decision_soften(const struct lb_saved_model *m, double *z, size_t c)
{
	size_t likeliest;

	if (m->kind != LB_MULTICLASS) {
		for (size_t k = 0; k < c; k++)
			z[k] = lb_expit(lb_score_mapped(&m->decision.map, z[k]));
		return;
	}
	const double sum = soften(m, z, c, &likeliest);
	for (size_t k = 0; k < c; k++)
		z[k] /= sum;
}
