/* A loss applied between fences: see losses/precision_bridge.h. */
#include "core/base/mem.h"
#include "losses/loss.h"
#include "losses/precision_bridge.h"

#include <stdlib.h>
#include <string.h>

enum { FENCE = 8 };

/* What a call owns: the batch in `real`, in one block, and a copy of it to compare with; places for
 * gradients, with fences behind them. */
struct owned {
	real *input, *before, *g, *by_params, *by_hidden;
	char *workspace;
	size_t n_input, n, n_params, n_hidden, room;
};

static void owned_free(struct owned *o)
{
	free(o->input);
	free(o->before);
	free(o->g);
	free(o->by_params);
	free(o->by_hidden);
	free(o->workspace);
}

/* Returns where n numbers were put, behind those that are there. */
static const real *put(struct owned *o, const double *from, size_t n)
{
	real *to = o->input + o->n_input;

	for (size_t k = 0; from && k < n; k++)
		to[k] = (real)from[k];
	o->n_input += from ? n : 0;
	return from ? to : NULL;
}

static bool stands(const void *fence, unsigned char fill, size_t bytes)
{
	const unsigned char *c = fence;

	while (bytes && *c == fill)
		c++, bytes--;
	return !bytes;
}

static bool fences_stand(const struct owned *o, unsigned char fill)
{
	return stands(o->g + o->n, fill, FENCE * sizeof(real)) && stands(o->by_params + o->n_params, fill, FENCE * sizeof(real)) &&
	       stands(o->by_hidden + o->n_hidden, fill, FENCE * sizeof(real)) && stands(o->workspace + o->room, fill, FENCE);
}

static int owned_make(struct owned *o, const struct lb_loss *loss, const struct lb_loss_input *in, const struct lb_loss_shape *shape, unsigned char fill,
		      struct lb_err *err)
{
	o->n = in->b * in->c;
	o->n_params = lb_loss_n_params_of(&loss->info, in->par, shape);
	o->n_hidden = in->b * in->n_hidden;
	o->room = lb_loss_workspace(loss, in->par, shape);
	const size_t most = 4 * o->n + o->n_hidden + in->b * (in->n_inputs + 1) + o->n_params;
	o->input = lb_alloc(most, sizeof(real), err);
	o->before = lb_alloc(most, sizeof(real), err);
	o->g = lb_alloc(o->n + FENCE, sizeof(real), err);
	o->by_params = lb_alloc(o->n_params + FENCE, sizeof(real), err);
	o->by_hidden = lb_alloc(o->n_hidden + FENCE, sizeof(real), err);
	o->workspace = lb_alloc_aligned(o->room + FENCE, 1, err);
	if (!o->input || !o->before || !o->g || !o->by_params || !o->by_hidden || !o->workspace)
		return -1;
	memset(o->g, fill, (o->n + FENCE) * sizeof(real));
	memset(o->by_params, fill, (o->n_params + FENCE) * sizeof(real));
	memset(o->by_hidden, fill, (o->n_hidden + FENCE) * sizeof(real));
	memset(o->workspace, fill, o->room + FENCE);
	return 0;
}

static struct lb_io io(const real *value, real *grad, size_t rows, size_t cols)
{
	return (struct lb_io){ .value = value, .grad = value ? grad : NULL, .rows = rows, .cols = cols, .stride = cols };
}

/* The batch, as a training would give it to the driver. */
static struct lb_batch make_batch(struct owned *o, const struct lb_loss *loss, const struct lb_loss_input *in, const struct lb_loss_shape *shape,
				  const struct lb_loss_stats *stats)
{
	const enum lb_kind kind = loss->info.kind;
	struct lb_batch batch = { .b = in->b, .c = in->c, .views = 1, .y = in->y, .group = in->group, .par = in->par, .stats = stats, .workspace = o->workspace, .scale = 1 };
	const real *params = put(o, in->params, o->n_params), *t = put(o, in->t, o->n / lb_loss_outputs(&loss->info, in->par));

	batch.output = io(put(o, in->z, o->n), o->g, in->b, in->c);
	batch.hidden = io(put(o, in->hidden, o->n_hidden), o->by_hidden, in->b, in->n_hidden);
	batch.inputs = io(put(o, in->inputs, in->b * in->n_inputs), NULL, in->b, in->n_inputs);
	batch.params = lb_loss_params_io(loss, in->par, shape, params, o->by_params);
	batch.target = lb_kind_of_targets(kind) ? t : NULL;
	batch.label_matrix = kind == LB_MULTILABEL ? t : NULL;
	batch.teacher = kind == LB_DISTILLATION ? t : put(o, in->teacher, o->n);
	batch.second_teacher = put(o, in->second_teacher, o->n);
	batch.row_weight = put(o, in->row_weight, in->b);
	memcpy(o->before, o->input, o->n_input * sizeof(real));
	return batch;
}

/* Applies it once with the gradient and once without. */
static void apply(struct owned *o, const struct lb_loss *loss, struct lb_batch *batch, struct lb_fenced *out)
{
	out->value = lb_loss_apply(loss, batch);
	for (size_t k = 0; k < o->n; k++)
		out->g[k] = (double)o->g[k];
	for (size_t k = 0; k < o->n_params; k++)
		out->own[k] = (double)o->by_params[k];
	batch->output.grad = batch->hidden.grad = batch->params.grad = NULL;
	const double again = lb_loss_apply(loss, batch);
	if (!fences_stand(o, out->fill))
		out->fault = "it writes past the end of its gradient or workspace";
	else if (memcmp(o->before, o->input, o->n_input * sizeof(real)))
		out->fault = "it changes its input";
	else if (again != out->value && !(again != again && out->value != out->value))
		out->fault = "the value depends on the gradient being asked for";
}

int lb_loss_fenced(const struct lb_loss_info *info, const struct lb_loss_input *in, struct lb_fenced *out, struct lb_err *err)
{
	const struct lb_loss *loss = lb_loss_of(info);
	const struct lb_loss_stats stats = { .n_rows = in->b, .n_columns = in->c, .n_classes = info->kind == LB_BINARY ? 2 : in->n_classes ? in->n_classes : in->c,
					     .counts = in->counts, .guide = in->inputs, .guide_columns = in->n_inputs, .scale = 1 };
	const struct lb_loss_shape shape = { .b = in->b, .c = in->c, .views = 1, .n_hidden = in->n_hidden, .n_guide = in->n_inputs, .n_classes = stats.n_classes };
	struct owned o = { 0 };
	int rc = owned_make(&o, loss, in, &shape, out->fill, err);

	out->fault = NULL;
	if (!rc) {
		struct lb_batch batch = make_batch(&o, loss, in, &shape, &stats);
		if (loss->init && !(batch.state = loss->init(in->par, &stats, err)))
			rc = -1;
		if (!rc)
			apply(&o, loss, &batch, out);
		if (loss->free && batch.state)
			loss->free(batch.state);
	}
	owned_free(&o);
	return rc;
}

const char *lb_loss_misfit_of(const struct lb_loss_info *info)
{
	return info->by_formula ? NULL : lb_loss_misfit(lb_loss_of(info));
}
