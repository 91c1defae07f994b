#include "losses/expected_loss.h"

#include "losses/eval.h"

#include <math.h>
#include <string.h>

/* What is minimised. */
struct risk {
	const struct lb_loss_info *info;
	const struct lb_arg *par;
	struct lb_err *err;
	bool *failed;            /* for want of memory */
	const double *pi;
	int classes;             /* 3; 2 in binary, with one score */
	int first;               /* the class from whose score the others are counted */
	double lo, hi;           /* of every other score less that of first */
	bool level;              /* the score of first matters: it is x[2], else 0 */
};

static double risk_at(const struct risk *r, const double x[3])
{
	static const double counts[] = { 40, 3, 0 };
	double z[3], sum = 0;
	int32_t y = 0;
	const struct lb_loss_input in = { .b = 1, .c = r->classes == 2 ? 1 : 3, .y = &y, .z = z, .par = r->par, .counts = counts };

	for (int k = 0, j = 0; k < (int)in.c; k++)
		z[k] = (r->classes == 3 && k == r->first ? 0 : x[j++]) + (r->level ? x[2] : 0);
	for (; y < r->classes; y++) {
		double value = 0;
		*r->failed |= lb_loss_eval(r->info, 64, &in, &value, NULL, r->err) != 0;
		sum += r->pi[y] * value;
	}
	return sum;
}

static bool inside(const struct risk *r, int k, double x)
{
	return k == 2 ? x >= -12 && x <= 12 : x >= r->lo && x <= r->hi;
}

/* The best point of a grid over the box. */
static double coarse_minimum(const struct risk *r, double x[3])
{
	const double step = r->level ? 1.5 : 0.5;
	double best = (double)INFINITY, at[3] = { 0 };

	for (at[0] = r->lo; inside(r, 0, at[0]); at[0] += step)
		for (at[1] = r->classes == 3 ? r->lo : r->hi; inside(r, 1, at[1]); at[1] += step)
			for (at[2] = r->level ? -12 : 12; inside(r, 2, at[2]); at[2] += step) {
				const double v = risk_at(r, at);
				if (v < best) {
					best = v;
					memcpy(x, at, sizeof at);
				}
			}
	return best;
}

/* From there in steps along the axes that halve. */
static double minimise(const struct risk *r, double x[3])
{
	double best = coarse_minimum(r, x);

	for (double step = 0.5; step > 1e-7; step /= 2)
		for (int tries = 0, moved = 1; moved && tries < 100; tries++) {
			moved = 0;
			for (int k = 0; k < 6; k++) {
				double at[3] = { x[0], x[1], x[2] };
				at[k / 2] += k % 2 ? step : -step;
				const bool used = k / 2 < (r->classes == 3 ? 2 : 1) || (k / 2 == 2 && r->level);
				const double v = used && inside(r, k / 2, at[k / 2]) ? risk_at(r, at) : (double)INFINITY;
				if (v < best) {
					best = v;
					memcpy(x, at, sizeof at);
					moved = 1;
				}
			}
		}
	return best;
}

enum { N_DRAWN = 3 };

static const double shares[N_DRAWN][3] = { { 0.42, 0.33, 0.25 }, { 0.22, 0.38, 0.4 }, { 0.1, 0.7, 0.2 } };
static const double odds[N_DRAWN][3] = { { 0.45, 0.55 }, { 0.2, 0.8 }, { 0.7, 0.3 } };

static struct risk risk_of(const struct lb_loss_info *info, const struct lb_arg *par, int k, bool *failed, struct lb_err *err)
{
	const bool binary = info->kind == LB_BINARY;

	return (struct risk){ .info = info, .par = par, .err = err, .failed = failed, .pi = binary ? odds[k] : shares[k], .classes = binary ? 2 : 3, .lo = -12, .hi = 12,
			      .level = !binary && !(info->properties & LB_SHIFT_INVARIANT) };
}

static double temperature_of(const struct lb_loss_info *info, const struct lb_arg *par)
{
	for (int k = 0; k < info->base.n_params; k++)
		if (!strcmp(info->base.params[k].name, "temperature"))
			return par[k].v;
	return 1;
}

int lb_loss_is_proper(const struct lb_loss_info *info, const struct lb_arg *par, struct lb_err *err)
{
	const double t = temperature_of(info, par);
	bool failed = false, holds = true;

	for (int k = 0; k < N_DRAWN && holds && !failed; k++) {
		const struct risk r = risk_of(info, par, k, &failed, err);
		double x[3] = { 0 };
		minimise(&r, x);
		const double a = exp(x[0] / t), b = r.classes == 2 ? 0 : exp(x[1] / t);
		holds = fabs(a / (1 + a + b) - r.pi[1]) <= 1e-4 && (r.classes == 2 || fabs(b / (1 + a + b) - r.pi[2]) <= 1e-4);
	}
	return failed ? -1 : holds;
}

/* The smallest risk with class y on top, in a box that is as wide for each class. */
static double minimum_with(struct risk r, int y)
{
	const bool above = r.classes == 2 && y == 1;
	double x[3] = { 0 };

	r.first = y;
	r.lo = above ? 0 : -24;
	r.hi = above ? 24 : 0;
	return minimise(&r, x);
}

int lb_loss_is_calibrated(const struct lb_loss_info *info, const struct lb_arg *par, struct lb_err *err)
{
	bool failed = false, holds = true;

	for (int k = 0; k < N_DRAWN && holds && !failed; k++) {
		const struct risk r = risk_of(info, par, k, &failed, err);
		int likeliest = 0;
		for (int y = 1; y < r.classes; y++)
			likeliest = r.pi[y] > r.pi[likeliest] ? y : likeliest;
		const double best = minimum_with(r, likeliest);
		for (int y = 0; y < r.classes && holds; y++)
			holds = y == likeliest || minimum_with(r, y) > best + 1e-9;
	}
	return failed ? -1 : holds;
}
