#include "losses/loss.h"

#include "core/numeric/kernels.h"
#include "losses/engine.h"
#include "losses/multiclass/softmax.h"

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

/* g (n) <- g * share * scale; where rows are padded, over the padding, which stays 0 as long as both are finite. */
LB_CLONES static void X(scale_row)(size_t n, real share, real scale, real *g)
{
	for (size_t k = 0; k < n; k++)
		g[k] = g[k] * share * scale;
}

/* A row whose loss is NaN has a NaN gradient, also where the kernel's comparisons would have made it a number. */
static void finish_row(real *g, size_t c, real loss, real scale)
{
	if (isnan(loss))
		for (size_t k = 0; k < c; k++)
			g[k] = loss;
	else
		X(scale_row)(c, 1, scale, g);
}

/* lb_phi_row and finish_row of row i, whose terms stand in g already. */
static real phi_row(const struct X(lb_loss) *loss, const struct X(lb_batch) *in, size_t i, size_t stride, real scale, real *g)
{
	const struct lb_softmax s = lb_softmax_of(in, i, in->z + i * stride, R(1.0), g);
	const struct lb_phi at = loss->phi(&s, in->par);

	if (isnan(at.loss))
		finish_row(g, in->c, at.loss, scale);
	else {
		X(scale_row)(stride, at.f / s.sum, scale, g);
		g[s.y] = -at.f * s.q * scale;
	}
	return at.loss;
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
	const bool phi = in.soft && loss->phi && (!loss->plain || loss->plain(in.par));
	for (size_t i = 0; i < in.b; i++) {
		real *gi = g ? g + i * stride : NULL;
		const real w = in.w ? in.w[i] : R(1.0), scale = w / (real)in.b;
		const real l = phi ? phi_row(loss, &in, i, stride, scale, gi) : loss->row(&in, i, in.z + i * stride, gi);

		sum += (double)w * (double)l;
		if (gi && !phi)
			finish_row(gi, isnan(l) || stride % LB_PANEL ? in.c : stride, l, scale);
	}
	return sum / (double)in.b;
}
