#include "core/base/mem.h"
#include "losses/precision_bridge.h"
#include "losses/loss.h"

#include <stdlib.h>
#include <string.h>

/* What a call owns, in one piece of memory: the batch in `real`, gradients, the statistics. The
 * point holds the output, the loss's own parameters and, of a loss that moves them, the hidden
 * features; so does the gradient. */
struct work {
	void *room;
	char *memory;            /* the room from an aligned place on; cleared by the system alone, where it is large and hardly used */
	size_t size;             /* bytes from there on */
	real *seen, *point, *gradient; /* the point that updates the state, the one that is looked at */
	real *t, *inputs, *teacher, *second_teacher, *row_weight;
	void *workspace;
	uint32_t *id;
	int32_t *one_query;
	double *counts, *means;  /* of classes: rows, and what the guide says of these rows of the batch */
};

enum { ALIGNED = 64 };

/* AddressSanitizer, which sees reads beyond what was allocated, is told where the parts end. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, n) ((void)(at), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(at, n) ((void)(at), (void)(n))
#endif

/* Takes n bytes of the memory, aligned, and leaves a gap behind them; before there is any, NULL. */
static void *take(const struct work *w, size_t *used, size_t n)
{
	const size_t next = *used + n / ALIGNED * ALIGNED + ALIGNED;
	char *at = w->memory ? w->memory + *used : NULL;

	if (at)
		ASAN_POISON_MEMORY_REGION(at + n, next - *used - n);
	*used = next;
	return at;
}

static void round_into(real *to, const double *v, size_t n)
{
	for (size_t i = 0; v && i < n; i++)
		to[i] = (real)v[i];
}

static bool moves(const struct lb_loss_info *info, const struct lb_loss_input *in)
{
	return in->hidden && info->needs & LB_MOVES_FEATURES;
}

/* Rows of features: of each view. */
static size_t hidden_rows(const struct lb_loss_info *info, const struct lb_loss_input *in)
{
	return in->b * (info->needs & LB_NEEDS_VIEWS && in->views ? in->views : 1);
}

/* means (classes, n_inputs), all 0 <- what the guide says of the batch's rows of each class, in the
 * mean. */
static void average_guide(const struct lb_loss_input *in, size_t classes, double *means)
{
	for (size_t c = 0; in->inputs && in->y && c < classes; c++) {
		size_t n = 0;
		for (size_t i = 0; i < in->b; i++)
			n += (size_t)in->y[i] == c;
		for (size_t i = 0; i < in->b; i++)
			for (size_t k = 0; (size_t)in->y[i] == c && k < in->n_inputs; k++)
				means[c * in->n_inputs + k] += in->inputs[i * in->n_inputs + k] / (double)n;
	}
}

/* Hands out the memory; returns how much of it there has to be. */
static size_t lay_out(struct work *w, const struct lb_loss_info *info, const struct lb_loss_input *in, const struct lb_loss_shape *shape, size_t n_point)
{
	const size_t n = shape->views * in->b * in->c;
	size_t used = 0;

	w->seen = take(w, &used, n_point * sizeof(real));
	w->point = take(w, &used, n_point * sizeof(real));
	w->gradient = take(w, &used, n_point * sizeof(real));
	w->t = take(w, &used, n * sizeof(real));
	w->inputs = take(w, &used, in->b * in->n_inputs * sizeof(real));
	w->teacher = take(w, &used, in->b * in->c * sizeof(real));
	w->second_teacher = take(w, &used, in->b * in->c * sizeof(real));
	w->row_weight = take(w, &used, in->b * sizeof(real));
	w->workspace = take(w, &used, lb_loss_workspace(lb_loss_of(info), in->par, shape));
	w->id = take(w, &used, in->b * sizeof *w->id);
	w->one_query = take(w, &used, in->b * sizeof *w->one_query);
	w->counts = take(w, &used, shape->n_classes * sizeof *w->counts);
	w->means = take(w, &used, shape->n_classes * in->n_inputs * sizeof *w->means);
	return used;
}

static int work_make(struct work *w, const struct lb_loss_info *info, const struct lb_loss_input *in, const double *at,
		     const struct lb_loss_shape *shape, size_t n_params, struct lb_err *err)
{
	const size_t n = shape->views * in->b * in->c, hidden = hidden_rows(info, in) * in->n_hidden, n_point = n + n_params + hidden;

	w->room = lb_alloc(lay_out(w, info, in, shape, n_point) + ALIGNED, 1, err);
	if (!w->room)
		return -1;
	w->memory = (char *)w->room + (ALIGNED - (uintptr_t)w->room % ALIGNED) % ALIGNED;
	w->size = lay_out(w, info, in, shape, n_point);
	round_into(w->seen, in->z, n);
	if (n_params && !in->params)
		lb_loss_of(info)->init_params(in->par, shape, 0, w->seen + n);
	round_into(w->seen + n, in->params, n_params);
	round_into(w->seen + n + n_params, in->hidden, hidden);
	round_into(w->inputs, in->inputs, in->b * in->n_inputs);
	round_into(w->teacher, in->teacher, in->b * in->c);
	round_into(w->second_teacher, in->second_teacher, in->b * in->c);
	round_into(w->row_weight, in->row_weight, in->b);
	memcpy(w->point, w->seen, n_point * sizeof *w->point);
	round_into(w->point, at, n + n_params + (moves(info, in) ? hidden : 0));
	round_into(w->t, in->t, n / lb_loss_outputs(info, in->par));
	for (size_t i = 0; i < in->b; i++)
		w->id[i] = in->id && !(info->needs & LB_NEEDS_GUIDE) ? in->id[i] : (uint32_t)i; /* what a guide says comes in the order of the batch */
	for (size_t k = 0; in->counts && k < shape->n_classes; k++)
		w->counts[k] = in->counts[k];
	for (size_t i = 0; !in->counts && in->y && !lb_kind_of_columns(info->kind) && i < in->b; i++)
		w->counts[in->y[i]]++;
	for (size_t k = 0; !in->counts && info->kind == LB_MULTILABEL && k < n; k++)
		w->counts[k % shape->n_classes] += in->t[k] == 1;
	average_guide(in, shape->n_classes, w->means);
	return 0;
}

static size_t rows_of(const uint32_t *id, size_t b)
{
	size_t n = 0;

	for (size_t i = 0; i < b; i++)
		n = id[i] >= n ? (size_t)id[i] + 1 : n;
	return n;
}

size_t lb_loss_n_params_of(const struct lb_loss_info *info, const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	const struct lb_loss *loss = lb_loss_of(info);

	return loss->n_params ? loss->n_params(par, shape) : 0;
}

static struct lb_io io(const real *value, real *grad, size_t rows, size_t cols)
{
	return (struct lb_io){ .value = value, .grad = grad, .rows = rows, .cols = cols, .stride = cols };
}

/* The inputs that the loss can be differentiated by, at a point; gradient NULL: the value alone. */
static void look_at(struct lb_batch *batch, const struct lb_loss_info *info, const struct lb_loss_input *in, size_t n_params, const real *point,
		    real *gradient)
{
	const size_t rows = batch->views * in->b, params = rows * in->c, hidden = params + n_params;
	const struct lb_loss_shape shape = { .b = in->b, .c = in->c, .views = batch->views, .n_hidden = in->hidden ? in->n_hidden : 0, .n_guide = in->n_inputs,
					     .n_classes = batch->stats->n_classes };

	batch->output = io(point, gradient, rows, in->c);
	batch->params = lb_loss_params_io(lb_loss_of(info), in->par, &shape, point + params, gradient ? gradient + params : NULL);
	batch->hidden = in->hidden ? io(point + hidden, gradient && moves(info, in) ? gradient + hidden : NULL, hidden_rows(info, in), in->n_hidden) :
				     (struct lb_io){ 0 };
}

int lb_loss_eval_at(const struct lb_loss_info *info, const struct lb_loss_input *in, const double *at, double *value,
		       double *grad, struct lb_err *err)
{
	const struct lb_loss *loss = lb_loss_of(info);
	const struct lb_loss_shape shape = { .b = in->b, .c = in->c, .views = in->views ? in->views : 1, .n_hidden = in->hidden ? in->n_hidden : 0, .n_guide = in->n_inputs,
					.n_classes = info->kind == LB_BINARY ? 2 : in->n_classes ? in->n_classes : in->c };
	const size_t n_params = lb_loss_n_params_of(info, in->par, &shape);
	const size_t n = shape.views * in->b * in->c + n_params + (moves(info, in) ? in->b * in->n_hidden : 0);
	struct work w = { 0 };
	int status = -1;

	if (work_make(&w, info, in, at, &shape, n_params, err))
		goto out;
	const struct lb_loss_stats stats = { .n_rows = rows_of(w.id, in->b), .n_classes = shape.n_classes, .n_columns = in->c,
					     .counts = lb_kind_of_targets(info->kind) ? NULL : w.counts,
					     .guide = in->inputs, .guide_columns = in->n_inputs, .guide_means = in->inputs ? w.means : NULL, .scale = in->scale > 0 ? in->scale : 1 };
	struct lb_batch batch = { .b = in->b, .c = in->c, .views = shape.views, .y = in->y, .row_id = w.id, .row_weight = in->row_weight ? w.row_weight : NULL, .par = in->par, .stats = &stats,
				  .workspace = w.workspace, .scale = 1, .triplets = in->triplets, .chosen = in->chosen, .partner = in->partner, .mix = in->mix,
				  .target = lb_kind_of_targets(info->kind) ? w.t : NULL,
				  .group = in->group ? in->group : w.one_query, .teacher = info->kind == LB_DISTILLATION ? w.t : in->teacher ? w.teacher : NULL,
				  .second_teacher = in->second_teacher ? w.second_teacher : NULL, .label_matrix = info->kind == LB_MULTILABEL ? w.t : NULL };
	if (loss->init && !(batch.state = loss->init(in->par, &stats, err)))
		goto out;
	batch.inputs = in->inputs ? io(w.inputs, NULL, in->b, in->n_inputs) : (struct lb_io){ 0 };
	look_at(&batch, info, in, n_params, w.seen, NULL);
	lb_loss_update_state(loss, &batch);
	look_at(&batch, info, in, n_params, w.point, grad ? w.gradient : NULL);
	if (info->exceptions & LB_HOLDS_FACTORS) {
		batch.held = w.seen;
		batch.held_params = n_params ? w.seen + shape.views * in->b * in->c : NULL;
	}
	*value = lb_loss_apply(loss, &batch);
	for (size_t i = 0; grad && i < n; i++)
		grad[i] = (double)w.gradient[i];
	if (loss->free)
		loss->free(batch.state);
	status = 0;
out:
	ASAN_UNPOISON_MEMORY_REGION(w.memory, w.size);
	free(w.room);
	return status;
}

int lb_loss_pair_slopes(const struct lb_loss_info *info, const struct lb_arg *par, size_t b, const int32_t *y, const double *cosine, double *slope,
			struct lb_err *err)
{
	const struct lb_loss *loss = lb_loss_of(info);
	const struct lb_loss_shape shape = { .b = b, .c = b, .views = 1, .n_classes = b };
	struct lb_batch in = { .b = b, .c = b, .views = 1, .y = y, .par = par, .scale = 1,
			       .workspace = lb_alloc_aligned(lb_loss_workspace(loss, par, &shape), 1, err) };

	if (!in.workspace)
		return -1;
	lb_slopes_by_cosines(loss, &in, cosine, slope);
	free(in.workspace);
	return 0;
}
