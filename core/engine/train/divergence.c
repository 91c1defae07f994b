#include "core/engine/train/divergence.h"

#include <stdio.h>
#include <string.h>

/* Scaled, so that no square overflows. NaN where a value is NaN. */
static double norm(size_t n, const real *g)
{
	double most = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		most = fabs((double)g[i]) > most ? fabs((double)g[i]) : most;
	if (most > 0 && !isinf(most))
		for (size_t i = 0; i < n; i++)
			sum += (double)g[i] / most * ((double)g[i] / most);
	for (size_t i = 0; i < n; i++)
		if (isnan(g[i]))
			return (double)NAN;
	return isinf(most) ? most : most * sqrt(sum);
}

/* Layers count from 0; after the last come the loss's own parameters. */
static size_t blocks(const struct lb_learner *l)
{
	return l->model.net->spec.n_layers + (l->model.n_loss_params > 0);
}

static double norm_at(const struct lb_learner *l, const real *v, size_t block)
{
	const struct lb_layer *layer = &l->model.net->layer[block];

	if (block == l->model.net->spec.n_layers)
		return norm(l->model.n_loss_params, v + l->model.net->n_params);
	return norm(layer->b + layer->ld - layer->w, v + layer->w);
}

void lb_divergence_measure(struct lb_learner *l, int64_t step)
{
	l->progress.steepest_step = step + 1;
	l->progress.steepest_norm = -1;
	for (size_t i = 0; i < blocks(l) && isfinite(l->progress.steepest_norm); i++) {
		const double size = norm_at(l, l->model.g, i);
		if (!(size <= l->progress.steepest_norm)) {
			l->progress.steepest_norm = size;
			l->progress.steepest_layer = i;
		}
	}
}

static void name_block(const struct lb_learner *l, size_t block, char name[40])
{
	if (block == l->model.net->spec.n_layers)
		snprintf(name, 40, "the loss's parameters");
	else
		snprintf(name, 40, "layer %zu", block + 1);
}

void lb_divergence_describe(const struct lb_learner *l, char *text, size_t size)
{
	const size_t n = strlen(text);
	char name[40], length[32];

	if (l->progress.steepest_step) {
		name_block(l, (size_t)l->progress.steepest_layer, name);
		if (isnan(l->progress.steepest_norm))
			snprintf(length, sizeof length, "not a number");
		else
			snprintf(length, sizeof length, "%.2g", l->progress.steepest_norm);
		snprintf(text + n, size - n, "; gradient norm %s in %s at step %lld", length, name, (long long)l->progress.steepest_step);
		return;
	}
	for (size_t i = 0; i < blocks(l); i++)
		if (!isfinite(norm_at(l, l->model.w, i))) {
			name_block(l, i, name);
			snprintf(text + n, size - n, "; a weight of %s is not finite", name);
			return;
		}
}
