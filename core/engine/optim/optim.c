#include "core/engine/optim/optim.h"

#include "core/training/optim_params.h"

#define OPTIMIZER(name) extern const struct lb_optim LB_OPTIMIZER(name);
#include "core/engine/optim/list.def"
#undef OPTIMIZER

void lb_optim_project(size_t n, const real *w, real *g)
{
	double wg = 0, ww = 0, gg = 0, left = 0;

	for (size_t i = 0; i < n; i++) {
		wg += (double)w[i] * (double)g[i];
		ww += (double)w[i] * (double)w[i];
		gg += (double)g[i] * (double)g[i];
	}
	const double along = wg / (ww + 1e-30);
	for (size_t i = 0; i < n; i++) {
		const double d = (double)g[i] - along * (double)w[i];
		left += d * d;
	}
	const double rounding = 64 * (double)REAL_EPS;
	const double stretch = sqrt(left) <= rounding * sqrt(gg) ? 0 : sqrt(gg) / (sqrt(left) + 1e-30);
	for (size_t i = 0; i < n; i++)
		g[i] = (real)(stretch * ((double)g[i] - along * (double)w[i]));
}

const struct lb_info *const lb_optimizers[] = {
#define OPTIMIZER(name) &LB_OPTIMIZER(name).base,
#include "core/engine/optim/list.def"
#undef OPTIMIZER
	NULL
};

const struct lb_optim *lb_optim_of(const struct lb_info *info)
{
	return (const struct lb_optim *)lb_optimizers[lb_info_place(lb_optimizers_f64, info)];
}
