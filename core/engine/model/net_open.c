#include "core/base/mem.h"
#include "core/engine/kernels/panels.h"
#include "core/engine/model/head/head.h"
#include "core/engine/model/net.h"

#include <stdlib.h>

/* Whether the gradient of a layer's weights is better made as its transpose, where fewer lanes stay
 * idle, even with the turning back. It takes rows of the layer's input in whole panels. */
static bool prefers_transposed_gradient(const struct lb_layer *l, bool first)
{
	return (!first || l->in % LB_PANEL == 0) && 5 * l->out * LB_PADDED(l->in) < 4 * l->in * l->ld;
}

/* Values of scores that an evaluation makes at once. */
enum { MOST_SCORES = 1 << 26 };

size_t lb_eval_rows(size_t outputs)
{
	const size_t rows = MOST_SCORES / (outputs ? outputs : 1);

	return rows < 1 ? 1 : rows < LB_EVAL_CHUNK ? rows : LB_EVAL_CHUNK;
}

static int layer_open(struct lb_layer *l, const struct lb_model_spec *s, size_t i, size_t max_b, struct lb_err *err)
{
	const bool hidden = i + 1 < s->n_layers;
	const size_t rows = !hidden && s->factored && lb_eval_rows(s->width[i + 1]) < max_b ? lb_eval_rows(s->width[i + 1]) : max_b;

	l->in = s->width[i];
	l->out = s->width[i + 1];
	l->ld = LB_PADDED(l->out);
	l->transposed_gradient = prefers_transposed_gradient(l, !i);
	l->column = l->out == 1 && (hidden || !lb_head_of(s->head)->scores);
	if (!(l->a = lb_alloc_aligned(rows * l->ld, sizeof(real), err)))
		return -1;
	if (hidden && !(l->h = lb_alloc_aligned(max_b * l->ld, sizeof(real), err)))
		return -1;
	if (hidden && s->dropout > 0 && !(l->mask = lb_alloc_aligned(max_b * l->ld, sizeof(real), err)))
		return -1;
	return 0;
}

/* What a head keeps of a pass, where it has functions. */
static int open_head(struct lb_net *net, struct lb_err *err)
{
	net->head = lb_head_of(net->spec.head);
	if (!net->head->scores)
		return 0;
	net->products = lb_alloc_aligned(net->max_b * net->ld, sizeof(real), err);
	net->head_row = lb_alloc(2 * net->max_b, sizeof *net->head_row, err);
	net->head_column = lb_alloc(2 * net->ld, sizeof *net->head_column, err);
	return net->products && net->head_row && net->head_column ? 0 : -1;
}

struct lb_net *lb_net_new(const struct lb_model_spec *spec, size_t max_b, struct lb_err *err)
{
	struct lb_net *net = lb_alloc(1, sizeof *net, err);
	size_t widest = 0, most = 0, narrowest = 0;

	if (!net)
		return NULL;
	net->spec = *spec;
	net->max_b = max_b;
	for (size_t i = 0; i < spec->n_layers; i++) {
		struct lb_layer *l = &net->layer[i];
		if (layer_open(l, spec, i, max_b, err))
			goto fail;
		l->w = net->n_params;
		l->b = l->w + (l->column ? LB_PADDED(l->in) : l->in * l->ld);
		net->n_params = l->b + l->ld;
		net->ld = l->ld;
		if (spec->factored && i + 1 == spec->n_layers)
			continue;
		if (l->ld > widest)
			widest = l->ld;
		const size_t transposed = l->out * LB_PADDED(l->in);
		if (i && !l->column && transposed > most)
			most = transposed;
		if (l->transposed_gradient && transposed > narrowest)
			narrowest = transposed;
	}
	net->delta[0] = lb_alloc_aligned(max_b * widest, sizeof(real), err);
	net->delta[1] = lb_alloc_aligned(max_b * widest, sizeof(real), err);
	net->transposed = lb_alloc_aligned(most, sizeof(real), err);
	net->gradient = lb_alloc_aligned(narrowest, sizeof(real), err);
	if (!net->delta[0] || !net->delta[1] || !net->transposed || !net->gradient || open_head(net, err))
		goto fail;
	return net;
fail:
	lb_net_free(net);
	return NULL;
}

void lb_net_free(struct lb_net *net)
{
	if (!net)
		return;
	for (size_t i = 0; i < net->spec.n_layers; i++) {
		free(net->layer[i].a);
		free(net->layer[i].h);
		free(net->layer[i].mask);
	}
	free(net->delta[0]);
	free(net->delta[1]);
	free(net->transposed);
	free(net->gradient);
	free(net->products);
	free(net->head_row);
	free(net->head_column);
	free(net);
}
