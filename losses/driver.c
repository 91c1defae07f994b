#include "losses/loss.h"

#include "core/numeric/kernels.h"
#include "losses/engine.h"

#include <string.h>

#define LOSS(kind, name) extern const struct X(lb_loss) X(lb_##kind##_##name);
#include "losses/list.def"
#undef LOSS

static const struct X(lb_loss) *const losses[] = {
#define LOSS(kind, name) &X(lb_##kind##_##name),
#include "losses/list.def"
#undef LOSS
};

enum { N_LOSSES = sizeof losses / sizeof *losses };

const struct X(lb_loss) *X(lb_loss_get)(size_t i)
{
	return i < N_LOSSES ? losses[i] : NULL;
}

const struct lb_loss_info *X(lb_loss_info)(size_t i)
{
	return i < N_LOSSES ? &losses[i]->info : NULL;
}

bool X(lb_loss_has_row)(size_t i)
{
	return i < N_LOSSES && losses[i]->row;
}

const struct X(lb_loss) *X(lb_loss_of)(const struct lb_loss_info *info)
{
	for (size_t i = 0; i < N_LOSSES; i++)
		if (losses[i]->info.kind == info->kind && !strcmp(losses[i]->info.base.name, info->base.name))
			return losses[i];
	return NULL;
}

/* The softmax of all rows at once, where rows are padded as the kernel wants them. */
static bool soften(const struct X(lb_loss) *loss, const struct X(lb_batch) *in, size_t stride, real *g, struct X(lb_softmax_sums) *at)
{
	real *s = in->scratch + in->b * in->c;

	if (!loss->softmax || !g || in->c > LB_SOFTMAX_COLUMNS || stride % LB_PANEL || stride < LB_PADDED(in->c))
		return false;
	*at = (struct X(lb_softmax_sums)){ .rest = s, .sum = s + in->b, .lp = s + 2 * in->b, .top = s + 3 * in->b };
	X(lb_kernel)()->softmax_rows(in->b, in->c, stride, in->z, in->y, g, at);
	return true;
}

/* A row whose loss is NaN has a NaN gradient, also where the kernel's comparisons would have made it a number. */
static void finish_row(real *g, size_t c, real loss, real scale)
{
	for (size_t k = 0; isnan(loss) && k < c; k++)
		g[k] = loss;
	for (size_t k = 0; k < c; k++)
		g[k] *= scale;
}

double X(lb_loss_apply)(const struct X(lb_loss) *loss, const struct X(lb_batch) *batch, real *g)
{
	const size_t stride = batch->ld ? batch->ld : batch->c;
	struct X(lb_batch) in = *batch;
	struct X(lb_softmax_sums) soft;
	double sum = 0;

	if (loss->batch)
		return loss->batch(batch, g);
	in.soft = soften(loss, batch, stride, g, &soft) ? &soft : NULL;
	for (size_t i = 0; i < in.b; i++) {
		real *gi = g ? g + i * stride : NULL;
		const real l = loss->row(&in, i, in.z + i * stride, gi);
		const real w = in.w ? in.w[i] : R(1.0);

		sum += (double)w * (double)l;
		if (gi)
			finish_row(gi, in.c, l, w / (real)in.b);
	}
	return sum / (double)in.b;
}
