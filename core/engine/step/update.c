/* From the derivatives by the scores to the parameters: backward and the optimiser's step. */
#include "core/engine/step/procedure.h"
#include "core/engine/step/regularise.h"
#include "core/engine/step/step.h"
#include "core/engine/train/divergence.h"
#include "core/training/optim_params.h"

void lb_backward(struct lb_step *s, struct lb_model *m)
{
	struct lb_pass pass = lb_pass_of(s);

	pass.dfeatures = m->dfeatures;
	lb_net_backward(m->net, m->read, &pass, m->dz, m->g);
	for (size_t i = s->l->n_hooks; s->l->traits & LB_CHANGES_WEIGHTS && i-- > 0;)
		if (s->l->hook[i].procedure->weights_back)
			s->l->hook[i].procedure->weights_back(&s->l->hook[i], s, m);
}

/* Lets procedures change m->g, to which regularisers then add theirs. */
static void change_gradient(struct lb_step *s, struct lb_model *m)
{
	struct lb_learner *l = s->l;
	bool changed = false;

	for (size_t i = 0; i < l->n_hooks; i++)
		if (l->hook[i].procedure->gradient) {
			l->hook[i].procedure->gradient(&l->hook[i], s, m);
			changed = true;
		}
	if (changed && lb_regularises_slopes(l->setup))
		lb_forward(s, m);              /* a procedure may have left the values of other weights */
	lb_regularise_gradient(s, m);
}

/* Scales m->g to length 1 where the optimiser says so, or down to length clip_norm. A length that
 * is 0, infinite or NaN leaves it: the next loss tells. */
static void rescale(const struct lb_step *s, struct lb_model *m)
{
	const bool unit = m->optim->unit_length && m->optim->unit_length(m->par);
	const double clip = s->l->setup->clip_norm, longest = unit && !(clip > 0 && clip < 1) ? 1 : clip;

	if (longest <= 0)
		return;
	const double norm = lb_model_gradient_norm(m);
	if (!(norm > (unit ? 0 : longest)) || isinf(norm))
		return;
	for (size_t i = 0; i < m->n_params; i++)
		m->g[i] *= (real)(longest / norm);
}

/* The weights of the batch's entries, side by side, that have a gradient other than 0; leaves 0 for
 * it. */
static void update_entries(struct lb_step *s, struct lb_model *m)
{
	const struct lb_compressed *rows = &s->batch->input->rows;

	for (size_t i = 0; i < s->batch->b; i++)
		lb_model_update_some(m, m->sparse.at, rows->column + rows->start[i], rows->end[i] - rows->start[i], s->step + 1, s->lr, 0);
}

/* The weights of the first layer of the rows that the step read, one panel after the other. */
static void update_read(struct lb_step *s, struct lb_model *m, double decay)
{
	struct lb_row_sparse *sparse = &m->sparse;

	if (sparse->leaves_zero) {
		update_entries(s, m);
		return;
	}
	if (sparse->width == 1)
		lb_model_update_some(m, sparse->at, sparse->read, sparse->n_read, s->step + 1, s->lr, decay);
	for (size_t i = 0; sparse->width > 1 && i < sparse->n_read; i++)
		for (size_t p = 0; p < sparse->panels; p++) {
			const size_t at = lb_row_sparse_tile(sparse, sparse->read[i], p);
			lb_model_update(m, at, LB_PANEL, m->g + at, s->step + 1, s->lr, decay);
		}
	lb_row_sparse_decay(sparse, s->lr * decay);
}

/* Biases and the loss's own parameters, and weights unless these are done. */
static void update(struct lb_step *s, struct lb_model *m, bool weights_done)
{
	const double decay = m->par[LB_OPT_WEIGHT_DECAY].v, bias_decay = m->par[LB_OPT_DECAY_BIAS].v != 0 ? decay : 0;
	const bool project = m->par[LB_OPT_PROJECT].v != 0, lazy = m->sparse.lazy && s->lr * decay < 1;
	const int64_t t = s->step + 1;
	const double loss_lr = s->lr * s->l->setup->loss_lr_factor;

	for (size_t i = 0; project && i < m->net->spec.n_layers; i++) {
		const struct lb_layer *layer = &m->net->layer[i];
		lb_optim_project(layer->b - layer->w, m->w + layer->w, m->g + layer->w);
	}
	if (m->optim->step_whole) {
		lb_model_update_whole(m, t, s->lr, decay, bias_decay, loss_lr);
		return;
	}
	for (size_t i = 0; i < m->net->spec.n_layers - m->factored.on; i++) {
		const struct lb_layer *layer = &m->net->layer[i];
		if (i == 0 && lazy)
			update_read(s, m, decay);
		else if (!weights_done)
			lb_model_update(m, layer->w, layer->b - layer->w, m->g + layer->w, t, s->lr, decay);
		lb_model_update(m, layer->b, layer->ld, m->g + layer->b, t, s->lr, bias_decay);
	}
	if (m->factored.on)
		lb_factored_update(&m->factored, m->w, s->lr, decay, bias_decay);
	if (m->n_loss_params)
		lb_model_update(m, m->net->n_params, m->n_loss_params, m->g + m->net->n_params, t, loss_lr, 0);
}

/* Clips or normalises m->g, and takes the optimiser's step. value is the step's loss. Of a factored
 * head g has no output layer, so that no layer could be named as the steepest. */
static void clip_and_update(struct lb_step *s, struct lb_model *m, double value)
{
	if (fabs(value) >= LB_DIVERGENCE_LOSS && m == &s->l->model && !m->factored.on)
		lb_divergence_measure(s->l, s->step);
	rescale(s, m);
	update(s, m, false);
}

/* An update that is taken block by block, as backward makes the gradients of weights. */
struct updating {
	struct lb_step *s;
	struct lb_model *m;
};

static void update_block(void *arg, size_t at, size_t n, const real *g)
{
	const struct updating *u = arg;

	lb_model_update(u->m, at, n, g, u->s->step + 1, u->s->lr, u->m->par[LB_OPT_WEIGHT_DECAY].v);
}

/* Whether something needs the whole gradient before the update. */
static bool needs_gradient(const struct lb_step *s, const struct lb_model *m, double value)
{
	return !(fabs(value) < LB_DIVERGENCE_LOSS) || s->l->traits & LB_CHANGES_GRADIENT || s->l->setup->clip_norm > 0 ||
	       (m->optim->unit_length && m->optim->unit_length(m->par)) || m->par[LB_OPT_PROJECT].v != 0 || m->sparse.on ||
	       m->optim->step_whole;
}

void lb_backward_update(struct lb_step *s, struct lb_model *m, double value)
{
	struct lb_pass pass = lb_pass_of(s);
	struct updating u = { s, m };

	if (needs_gradient(s, m, value)) {
		if (s->l->draws < 2)
			lb_backward(s, m);
		change_gradient(s, m);
		clip_and_update(s, m, value);
		return;
	}
	pass.dfeatures = m->dfeatures;
	pass.on_gradient = update_block;
	pass.arg = &u;
	lb_net_backward(m->net, m->read, &pass, m->dz, m->g);
	update(s, m, true);
}
