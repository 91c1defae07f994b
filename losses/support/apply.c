#include "losses/loss.h"

#include "core/engine/kernels/kernels.h"
#include "losses/precision_bridge.h"
#include "losses/support/similarity.h"

#include <string.h>

#define LOSS(kind, name) extern const struct lb_loss LB_LOSS(kind, name);
#include "losses/list.def"
#undef LOSS

const struct lb_info *const lb_losses[] = {
#define LOSS(kind, name) &LB_LOSS(kind, name).info.base,
#include "losses/list.def"
#undef LOSS
	NULL
};

static const struct lb_loss *const losses[] = {
#define LOSS(kind, name) &LB_LOSS(kind, name),
#include "losses/list.def"
#undef LOSS
};

enum { N_LOSSES = sizeof losses / sizeof *losses };

const struct lb_loss *lb_loss_get(size_t i)
{
	return i < N_LOSSES ? losses[i] : NULL;
}

const struct lb_loss_info *lb_loss_info_at(size_t i)
{
	return i < N_LOSSES ? &losses[i]->info : NULL;
}

bool lb_loss_has_row(size_t i)
{
	return i < N_LOSSES && losses[i]->form->row;
}

bool lb_loss_has_scores(size_t i)
{
	return i < N_LOSSES && losses[i]->predict;
}

bool lb_loss_has_matrix(size_t i)
{
	return i < N_LOSSES && losses[i]->form->similarity;
}

size_t lb_loss_room(const struct lb_loss *loss, size_t b, size_t c, size_t n_classes)
{
	return loss->form->similarity ? lb_similarity_room(b, c) : c + 2 * n_classes;
}

const struct lb_loss *lb_loss_of(const struct lb_loss_info *info)
{
	for (size_t i = 0; i < N_LOSSES; i++)
		if (losses[i]->info.kind == info->kind && !strcmp(losses[i]->info.base.name, info->base.name))
			return losses[i];
	return NULL;
}

const char *lb_loss_misfit(const struct lb_loss *l)
{
	const struct lb_form *form = l->form;
	const unsigned needs = l->info.needs;
	const struct {
		bool wrong;
		const char *what;
	} rules[] = {
		{ !form, "has no form" },
		{ form && !!form->row + !!form->batch + !!form->similarity != 1, "its form has to have either .row, .batch or .similarity" },
		{ form && !form->similarity != !form->measure, "has one of .similarity and .measure; they go together" },
		{ form && form->similarity && (l->info.kind != LB_EMBEDDING || l->visit || l->n_own), "a loss of distances is one of embeddings alone: no "
		  "state, no parameters" },
		{ (needs & LB_TAKES_TRIPLETS) && !(form && form->similarity), "takes triplets, which are chosen by distances, and is no loss of them" },
		{ form && !form->row && (form->softmax || form->lanes || form->lanes_hold), "a loss that is not by row has no softmax and no lanes" },
		{ form && form->lanes_hold && !form->lanes, "has .lanes_hold without .lanes" },
		{ form && form->lanes && (l->visit || l->init), "has .lanes, which read no state, and a state" },
		{ form && form->softmax && (l->info.kind == LB_BINARY || lb_kind_of_columns(l->info.kind)), "has .softmax but no classes" },
		{ !l->init != !l->free, "has one of .init and .free; they go together" },
		{ l->visit && !(l->init && l->state_size), "has .visit without .init and .state_size" },
		{ l->rests && !l->visit, "has .rests without .visit" },
		{ !l->n_own != !l->own_init, "has one of .n_own and .own_init; they go together" },
		{ l->n_own && !(form && form->batch), "owns parameters, whose gradient a loss by batch alone can give" },
		{ !(needs & LB_OWNS_PROTOTYPES) != !l->n_own, "has one of LB_OWNS_PROTOTYPES and .n_own; they go together" },
		{ l->n_own && !l->predict, "owns prototypes and does not give class scores of them (.predict)" },
		{ l->predict && l->info.kind != LB_EMBEDDING && !l->info.output, "has .predict, but what the model gives is judged as it is" },
		{ l->info.output && !l->predict, "has .output without .predict, which makes predictions of them" },
		{ l->info.output && l->info.kind != LB_REGRESSION, "has .output, which says what is told of a target, but no targets" },
		{ (needs & LB_NEEDS_SAMPLE_IDS) && !l->init, "needs row numbers but keeps no state" },
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (rules[i].wrong)
			return rules[i].what;
	return NULL;
}

/* Whether rows are padded as the kernels want them. */
static bool in_panels(size_t c, size_t stride)
{
	return c <= LB_SOFTMAX_COLUMNS && stride % LB_PANEL == 0 && stride >= LB_PADDED(c);
}

/* The softmax of all rows at once. */
static void soften(const struct lb_batch *in, size_t stride, real *g, struct lb_softmax_sums *at)
{
	real *s = in->scratch + in->b * in->c;

	*at = (struct lb_softmax_sums){ .rest = s, .sum = s + in->b, .lp = s + 2 * in->b, .top = s + 3 * in->b };
	lb_kernel()->softmax_rows(in->b, in->c, stride, in->z, in->y, g, at);
}

/* g (n) <- g * scale; where rows are padded, over the padding, which stays 0 as long as both are
 * finite. */
LB_CLONES static void lb_scale_row(size_t n, real scale, real *g)
{
	for (size_t k = 0; k < n; k++)
		g[k] *= scale;
}

/* A row whose loss is NaN has a NaN gradient, also where the kernel's comparisons would have made
 * it a number. */
static void finish_row(real *g, size_t c, real loss, real scale)
{
	if (isnan(loss))
		for (size_t k = 0; k < c; k++)
			g[k] = loss;
	else
		lb_scale_row(c, scale, g);
}

struct by_lanes {
	const struct lb_form *form;
	const struct lb_batch *in;
	real share;              /* of a row in the mean */
	double sum;
};

static void visit_lanes(void *arg, size_t first, size_t rows, struct lb_lane_rows *at)
{
	struct by_lanes *by = arg;
	const struct lb_batch *in = by->in;
	double sum = by->sum;

	by->form->lanes(in, at);
	for (size_t i = 0; i < LB_PANEL; i++)
		at->scale[i] = isnan(at->loss[i]) ? at->loss[i] : by->share;
	for (size_t i = 0; in->w && i < rows; i++)
		at->scale[i] = isnan(at->loss[i]) ? at->loss[i] : in->w[first + i] / (real)in->b;
	for (size_t i = 0; !in->w && i < rows; i++)
		sum += (double)at->loss[i];
	for (size_t i = 0; in->w && i < rows; i++)
		sum += (double)in->w[first + i] * (double)at->loss[i];
	by->sum = sum;
}

static double apply_lanes(const struct lb_form *form, const struct lb_batch *in, size_t stride, real *g)
{
	struct by_lanes by = { .form = form, .in = in, .share = 1 / (real)in->b };

	lb_kernel()->lane_rows(&(struct lb_lane_job){ .b = in->b, .c = in->c, .ld = stride, .softmax = form->softmax, .z = in->z,
							     .y = in->y, .g = g, .visit = visit_lanes, .arg = &by });
	return by.sum / (double)in->b;
}

double lb_loss_apply(const struct lb_loss *loss, const struct lb_batch *batch, real *g)
{
	const struct lb_form *form = loss->form;
	const size_t stride = batch->ld ? batch->ld : batch->c;
	const bool panels = g && in_panels(batch->c, stride);
	struct lb_batch in = *batch;
	struct lb_softmax_sums soft;
	double sum = 0;

	if (form->batch)
		return form->batch(batch, g);
	if (form->similarity)
		return lb_similarity_apply(form, batch, g);
	if (panels && form->lanes && (!form->lanes_hold || form->lanes_hold(in.par)))
		return apply_lanes(form, batch, stride, g);
	in.soft = panels && form->softmax ? &soft : NULL;
	if (in.soft)
		soften(batch, stride, g, &soft);
	for (size_t i = 0; i < in.b; i++) {
		real *gi = g ? g + i * stride : NULL;
		const real w = in.w ? in.w[i] : R(1.0), scale = w / (real)in.b;
		const real l = form->row(&in, i, in.z + i * stride, gi);

		sum += (double)w * (double)l;
		if (gi)
			finish_row(gi, isnan(l) || stride % LB_PANEL ? in.c : stride, l, scale);
	}
	return sum / (double)in.b;
}
