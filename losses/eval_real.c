#include "core/base/mem.h"
#include "losses/engine.h"
#include "losses/loss.h"

#include <stdlib.h>

/* What a call owns: the batch in `real`, the gradient, the facts. */
struct work {
	real *z, *at, *t, *g, *scratch;
	uint32_t *id;
	double *counts;
};

static void work_free(struct work *w)
{
	free(w->z);
	free(w->at);
	free(w->t);
	free(w->g);
	free(w->scratch);
	free(w->id);
	free(w->counts);
}

static real *rounded(const double *v, size_t n, struct lb_err *err)
{
	real *r = lb_alloc(n, sizeof *r, err);

	for (size_t i = 0; r && i < n; i++)
		r[i] = (real)v[i];
	return r;
}

static int work_make(struct work *w, const struct lb_loss_input *in, const double *at, size_t n_classes, struct lb_err *err)
{
	const size_t n = in->b * in->c;

	w->z = rounded(in->z, n, err);
	w->at = rounded(at ? at : in->z, n, err);
	w->t = in->t ? rounded(in->t, n, err) : NULL;
	w->g = lb_alloc(n, sizeof *w->g, err);
	w->scratch = lb_alloc(in->b * (in->c + 4), sizeof *w->scratch, err);
	w->id = lb_alloc(in->b, sizeof *w->id, err);
	w->counts = lb_alloc(n_classes, sizeof *w->counts, err);
	if (!w->z || !w->at || (in->t && !w->t) || !w->g || !w->scratch || !w->id || !w->counts)
		return -1;
	for (size_t i = 0; i < in->b; i++)
		w->id[i] = in->id ? in->id[i] : (uint32_t)i;
	for (size_t k = 0; in->counts && k < n_classes; k++)
		w->counts[k] = in->counts[k];
	for (size_t i = 0; !in->counts && in->y && i < in->b; i++)
		w->counts[in->y[i]]++;
	return 0;
}

static size_t rows_of(const uint32_t *id, size_t b)
{
	size_t n = 0;

	for (size_t i = 0; i < b; i++)
		n = id[i] >= n ? (size_t)id[i] + 1 : n;
	return n;
}

int X(lb_loss_eval_at)(const struct lb_loss_info *info, const struct lb_loss_input *in, const double *at, double *value,
		       double *grad, struct lb_err *err)
{
	const struct X(lb_loss) *loss = X(lb_loss_of)(info);
	const size_t n_classes = info->kind == LB_BINARY ? 2 : in->c;
	struct work w = { 0 };
	int status = -1;

	if (work_make(&w, in, at, n_classes, err))
		goto out;
	const struct lb_loss_facts facts = { .n_rows = rows_of(w.id, in->b), .n_classes = n_classes,
					     .counts = in->y ? w.counts : NULL };
	struct X(lb_batch) batch = { .b = in->b, .c = in->c, .z = w.z, .y = in->y, .t = w.t, .id = w.id, .par = in->par,
				     .facts = &facts, .scratch = w.scratch };
	if (loss->init && !(batch.state = loss->init(in->par, &facts, err)))
		goto out;
	if (loss->visit)
		loss->visit(&batch);
	batch.z = w.at;
	*value = X(lb_loss_apply)(loss, &batch, grad ? w.g : NULL);
	for (size_t i = 0; grad && i < in->b * in->c; i++)
		grad[i] = (double)w.g[i];
	if (loss->free)
		loss->free(batch.state);
	status = 0;
out:
	work_free(&w);
	return status;
}
