#include "core/base/mem.h"
#include "losses/precision_bridge.h"
#include "losses/loss.h"

#include <stdlib.h>

/* What a call owns: the batch in `real`, the gradient, the facts. z and at hold the loss's own
 * parameters behind the scores. */
struct work {
	real *z, *at, *t, *h, *g, *scratch;
	double *wide;
	uint32_t *id;
	double *counts;
};

static void work_free(struct work *w)
{
	free(w->z);
	free(w->at);
	free(w->t);
	free(w->h);
	free(w->g);
	free(w->scratch);
	free(w->wide);
	free(w->id);
	free(w->counts);
}

static void round_into(real *to, const double *v, size_t n)
{
	for (size_t i = 0; v && i < n; i++)
		to[i] = (real)v[i];
}

static int work_make(struct work *w, const struct lb_loss_info *info, const struct lb_loss_input *in, const double *at, size_t room,
		     size_t n_classes, size_t n_own, struct lb_err *err)
{
	const size_t n = (in->views ? in->views : 1) * in->b * in->c;

	w->z = lb_alloc(n + n_own, sizeof(real), err);
	w->at = lb_alloc(n + n_own, sizeof(real), err);
	w->g = lb_alloc(n + n_own, sizeof(real), err);
	w->t = lb_alloc(n, sizeof(real), err);
	w->h = lb_alloc(in->b * in->dh, sizeof(real), err);
	w->scratch = lb_alloc(in->b * (in->c + 4), sizeof(real), err);
	w->wide = lb_alloc(room, sizeof(double), err);
	w->id = lb_alloc(in->b, sizeof *w->id, err);
	w->counts = lb_alloc(n_classes, sizeof *w->counts, err);
	if (!w->z || !w->at || !w->g || !w->t || !w->h || !w->scratch || !w->wide || !w->id || !w->counts)
		return -1;
	round_into(w->z, in->z, n);
	round_into(w->z + n, in->own, n_own);
	round_into(w->at, at ? at : in->z, n);
	round_into(w->at + n, at ? at + n : in->own, n_own);
	round_into(w->t, in->t, n / lb_loss_outputs(info, in->par));
	round_into(w->h, in->h, in->b * in->dh);
	for (size_t i = 0; i < in->b; i++)
		w->id[i] = in->id ? in->id[i] : (uint32_t)i;
	for (size_t k = 0; in->counts && k < n_classes; k++)
		w->counts[k] = in->counts[k];
	for (size_t i = 0; !in->counts && in->y && i < in->b; i++)
		w->counts[in->y[i]]++;
	for (size_t k = 0; !in->counts && info->kind == LB_MULTILABEL && k < n; k++)
		w->counts[k % n_classes] += in->t[k] == 1;
	return 0;
}

static size_t rows_of(const uint32_t *id, size_t b)
{
	size_t n = 0;

	for (size_t i = 0; i < b; i++)
		n = id[i] >= n ? (size_t)id[i] + 1 : n;
	return n;
}

size_t lb_loss_own(const struct lb_loss_info *info, const struct lb_arg *par, size_t columns, size_t n_classes)
{
	const struct lb_loss *loss = lb_loss_of(info);

	return loss->n_own ? loss->n_own(par, columns, &(struct lb_loss_facts){ .n_classes = n_classes }) : 0;
}

int lb_loss_eval_at(const struct lb_loss_info *info, const struct lb_loss_input *in, const double *at, double *value,
		       double *grad, struct lb_err *err)
{
	const struct lb_loss *loss = lb_loss_of(info);
	const size_t n_classes = info->kind == LB_BINARY ? 2 : in->n_classes ? in->n_classes : in->c;
	const size_t views = in->views ? in->views : 1, n = views * in->b * in->c;
	const size_t n_own = lb_loss_own(info, in->par, in->c, n_classes);
	struct work w = { 0 };
	int status = -1;

	if (work_make(&w, info, in, at, lb_loss_room(loss, in->b, in->c, n_classes), n_classes, n_own, err))
		goto out;
	const struct lb_loss_facts facts = { .n_rows = rows_of(w.id, in->b), .n_classes = n_classes,
					     .counts = info->kind == LB_REGRESSION ? NULL : w.counts,
					     .scale = in->scale > 0 ? in->scale : 1 };
	struct lb_batch batch = { .b = in->b, .c = in->c, .views = views, .z = w.z, .y = in->y, .t = in->t ? w.t : NULL, .h = in->h ? w.h : NULL,
				     .dh = in->dh, .id = w.id, .par = in->par, .facts = &facts, .scratch = w.scratch, .wide = w.wide,
				     .triplets = in->triplets, .own = n_own ? w.z + n : NULL, .down = n_own ? w.g + n : NULL };
	if (loss->init && !(batch.state = loss->init(in->par, &facts, err)))
		goto out;
	if (loss->visit)
		loss->visit(&batch);
	batch.z = w.at;
	batch.own = n_own ? w.at + n : NULL;
	if (info->limits & LB_HOLDS_FACTORS)
		batch.held = w.z;
	*value = lb_loss_apply(loss, &batch, grad ? w.g : NULL);
	for (size_t i = 0; grad && i < n + n_own; i++)
		grad[i] = (double)w.g[i];
	if (loss->free)
		loss->free(batch.state);
	status = 0;
out:
	work_free(&w);
	return status;
}
