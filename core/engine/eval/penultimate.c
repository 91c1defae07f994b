#include "core/engine/eval/penultimate.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

static bool asked(const struct lb_setup *setup)
{
	for (size_t m = 0; m < setup->n_metrics; m++)
		if (setup->metric[m].metric->features || setup->metric[m].metric->embeddings)
			return true;
	return false;
}

/* Columns of what is kept. */
static size_t width_of(const struct lb_setup *setup)
{
	const struct lb_model_spec *model = &setup->model;

	return model->width[setup->loss && setup->loss->kind == LB_EMBEDDING ? model->n_layers : model->n_layers - 1];
}

int lb_last_layer_open(struct lb_last_layer *last, const struct lb_cohort *c, size_t max_rows, struct lb_err *err)
{
	size_t width = 0, n = 0;

	*last = (struct lb_last_layer){ 0 };
	for (size_t i = 0; i < c->k; i++) {
		const struct lb_model_spec *model = &c->trial[i].model;
		if (!asked(&c->trial[i]))
			continue;
		if (width_of(&c->trial[i]) > width)
			width = width_of(&c->trial[i]);
		if (lb_model_spec_size(model) > n)
			n = lb_model_spec_size(model);
	}
	if (!width)
		return 0;
	last->width = width;
	last->feature = lb_alloc(max_rows, width * sizeof *last->feature, err);
	last->plain = lb_alloc(n, sizeof *last->plain, err);
	return last->feature && last->plain ? 0 : -1;
}

void lb_last_layer_close(struct lb_last_layer *last)
{
	free(last->feature);
	free(last->plain);
	*last = (struct lb_last_layer){ 0 };
}

/* Rows start, start + 1, ... <- h (b, width), stride apart. */
static void keep_rows(struct lb_last_layer *last, const real *h, size_t stride, size_t start, size_t b)
{
	for (size_t i = 0; i < b; i++)
		for (size_t j = 0; j < last->width; j++)
			last->feature[(start + i) * last->width + j] = (double)h[i * stride + j];
	last->embedding = last->feature;
}

void lb_last_layer_keep(struct lb_last_layer *last, const struct lb_setup *setup, const struct lb_net *net, const real *w,
			   const real *x, const real *z, size_t start, size_t b)
{
	const struct lb_layer *output = &net->layer[net->spec.n_layers - 1];
	size_t stride;

	last->seen = last->weight = last->embedding = NULL;
	if (!asked(setup))
		return;
	if (setup->loss && setup->loss->kind == LB_EMBEDDING) {
		last->width = output->out;
		keep_rows(last, z, net->ld, start, b);
		return;
	}
	const real *h = lb_net_features(net, x, &last->width, &stride);
	if (!h)
		return;
	keep_rows(last, h, stride, start, b);
	if (setup->loss && setup->loss->scores_for) /* no weights of classes */
		return;
	if (!start)
		lb_net_unpack(net, w, last->plain);
	last->seen = last->feature;
	last->weight = last->plain + lb_model_spec_size(&net->spec) - (output->in + 1) * output->out;
}
