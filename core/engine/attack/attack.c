#include "core/engine/attack/attack.h"

#include "core/base/mem.h"
#include "core/engine/kernels/kernels.h"

#include <stdlib.h>
#include <string.h>

static bool is(const struct lb_attack *a, size_t kind)
{
	return a->kind == lb_attack_at(kind);
}

static enum lb_attack_objective objective_of(const struct lb_attack *a)
{
	return is(a, LB_ATTACK_CLOSED_FORM) ? LB_ATTACK_MARGIN : (enum lb_attack_objective)a->par[LB_ATTACK_OBJECTIVE].v;
}

int lb_attack_open(struct lb_attack *a, const struct lb_info *kind, const struct lb_arg *par, const struct lb_net *net, size_t max_b,
		      struct lb_err *err)
{
	const struct lb_model_spec *s = &net->spec;
	const size_t d = s->width[0], c = s->width[s->n_layers], ldx = LB_PADDED(d);

	*a = (struct lb_attack){ .kind = kind, .par = par, .d = d, .c = c };
	if (!(a->direction = lb_alloc(d, sizeof(double), err)))
		return -1;
	if (is(a, LB_ATTACK_CLOSED_FORM))
		return (a->plain = lb_alloc(lb_model_spec_size(s), sizeof(double), err)) && (a->dual = lb_alloc(c * c, sizeof(double), err)) ? 0 : -1;
	if (objective_of(a) == LB_ATTACK_DEVIATION && !(a->first = lb_alloc_aligned(max_b * c, sizeof(real), err)))
		return -1;
	a->x = lb_alloc_aligned(max_b * d, sizeof(real), err);
	a->dz = lb_alloc_aligned(max_b * net->ld, sizeof(real), err);
	a->dx = lb_alloc_aligned(max_b * ldx, sizeof(real), err);
	a->turned = lb_alloc_aligned(s->width[1] * ldx, sizeof(real), err);
	a->best = lb_alloc(max_b, sizeof(double), err);
	return a->x && a->dz && a->dx && a->turned && a->best ? 0 : -1;
}

void lb_attack_close(struct lb_attack *a)
{
	free(a->x);
	free(a->dz);
	free(a->dx);
	free(a->turned);
	free(a->first);
	free(a->best);
	free(a->plain);
	free(a->dual);
	free(a->direction);
	*a = (struct lb_attack){ 0 };
}

/* ---- the ball ---- */

static double length(const double *v, size_t n)
{
	double sum = 0;

	for (size_t k = 0; k < n; k++)
		sum += v[k] * v[k];
	return sqrt(sum);
}

static double sign(double v)
{
	return (double)((v > 0) - (v < 0));
}

/* Within the bounds; a feature of the row that lies outside bounds itself. */
static double clipped(const struct lb_arg *clip, double v, double row)
{
	if (!clip->n)
		return v;
	return fmax(fmin(v, fmax(clip->list[1], row)), fmin(clip->list[0], row));
}

/* to <- from + size * the unit of the norm along a->direction, brought back into the ball around
 * the row, and the bounds. */
static void move(const struct lb_attack *a, double size, const real *row, const real *from, real *to)
{
	const bool l2 = a->par[LB_ATTACK_NORM].v == LB_ATTACK_L2;
	const double eps = a->par[LB_ATTACK_EPS].v, *v = a->direction;
	const double long_is = l2 ? length(v, a->d) : 1, unit = long_is > 0 ? size / long_is : 0;
	double away = 0, shrink = 1;

	for (size_t k = 0; l2 && k < a->d; k++) {
		const double at = (double)from[k] - (double)row[k] + unit * v[k];
		away += at * at;
	}
	if (sqrt(away) > eps)
		shrink = eps / sqrt(away);
	for (size_t k = 0; k < a->d; k++) {
		const double x = (double)row[k];
		double at = l2 ? shrink * ((double)from[k] - x + unit * v[k]) : (double)from[k] - x + size * sign(v[k]);
		if (!l2)
			at = fmax(fmin(at, eps), -eps);
		to[k] = (real)clipped(&a->par[LB_ATTACK_CLIP], x + at, x);
	}
}

/* Uniform in the ball: in it by a direction and the d-th root of a share. */
static void start_at_random(const struct lb_attack *a, struct lb_rng *r, const real *row, real *to)
{
	const double eps = a->par[LB_ATTACK_EPS].v;

	if (a->par[LB_ATTACK_NORM].v == LB_ATTACK_L2) {
		for (size_t k = 0; k < a->d; k++)
			a->direction[k] = lb_rng_normal(r);
		move(a, eps * pow(lb_rng_unit(r), 1 / (double)a->d), row, row, to);
		return;
	}
	for (size_t k = 0; k < a->d; k++) {
		const double x = (double)row[k];
		to[k] = (real)clipped(&a->par[LB_ATTACK_CLIP], x + eps * (2 * lb_rng_unit(r) - 1), x);
	}
}

/* ---- closed_form ---- */

/* direction <- how the gap z_j - z_y grows with the row. */
static void aim(const struct lb_attack *a, size_t j, size_t y)
{
	const double *to = a->plain + j * a->d, *from = a->plain + y * a->d;

	if (a->c == 1)
		for (size_t k = 0; k < a->d; k++)
			a->direction[k] = y ? -a->plain[k] : a->plain[k];
	else
		for (size_t k = 0; k < a->d; k++)
			a->direction[k] = to[k] - from[k];
}

/* By how much the ball raises the gap along direction. */
static double raise(const struct lb_attack *a, const real *row)
{
	const double eps = a->par[LB_ATTACK_EPS].v;
	double sum = 0;

	if (a->par[LB_ATTACK_NORM].v == LB_ATTACK_L2)
		return eps * length(a->direction, a->d);
	for (size_t k = 0; k < a->d; k++) {
		const double x = (double)row[k], v = a->direction[k];
		sum += v * (clipped(&a->par[LB_ATTACK_CLIP], x + eps * sign(v), x) - x);
	}
	return sum;
}

static size_t worst_rival(const struct lb_attack *a, const real *z, const real *row, size_t y)
{
	size_t best = y == 0;
	double most = -HUGE_VAL;

	for (size_t j = 0; j < a->c; j++) {
		if (j == y)
			continue;
		if (a->par[LB_ATTACK_CLIP].n)
			aim(a, j, y);
		const double gap = (double)z[j] - (double)z[y] + (a->par[LB_ATTACK_CLIP].n ? raise(a, row) : a->dual[j * a->c + y]);
		if (gap > most) {
			most = gap;
			best = j;
		}
	}
	return best;
}

/* The pass of rows that an attack moved, without dropout. */
static struct lb_pass pass_of(const struct lb_attacked *on, const real *x)
{
	return (struct lb_pass){ .b = on->b, .x = x, .step = -1, .team = on->team };
}

static const real *scores_at(const struct lb_attacked *on, const real *x)
{
	const struct lb_pass pass = pass_of(on, x);

	return lb_net_forward(on->net, on->w, &pass);
}

static int closed_form(struct lb_attack *a, const struct lb_attacked *on, real *out)
{
	const real *z = scores_at(on, on->x);

	lb_net_fetch(on->net, on->w, a->plain);
	for (size_t pair = 0; !a->par[LB_ATTACK_CLIP].n && pair < a->c * a->c; pair++) {
		aim(a, pair / a->c, pair % a->c);
		a->dual[pair] = raise(a, on->x);
	}
	for (size_t i = 0; i < on->b; i++) {
		const real *row = on->x + i * a->d;
		const size_t y = (size_t)on->y[on->rows[i]];
		aim(a, a->c == 1 ? 0 : worst_rival(a, z + i * on->net->ld, row, y), y);
		move(a, a->par[LB_ATTACK_EPS].v, row, row, out + i * a->d);
	}
	return on->seen ? on->seen(on->arg, scores_at(on, out), on->net->ld) : 0;
}

/* ---- fgsm and pgd ---- */

/* The scores at a->x; of rows whose objective is larger than any before, out keeps the place. */
static int look(struct lb_attack *a, const struct lb_attacked *on, enum lb_attack_objective objective, const real **z, real *out)
{
	const size_t ld = on->net->ld;

	*z = scores_at(on, a->x);
	for (size_t i = 0; out && i < on->b; i++) {
		const double value = lb_attack_value(objective, a->c, *z + i * ld, (size_t)on->y[on->rows[i]],
							    a->first ? a->first + i * a->c : NULL);
		if (!(value > a->best[i]))
			continue;
		a->best[i] = value;
		memcpy(out + i * a->d, a->x + i * a->d, a->d * sizeof *out);
	}
	return on->seen ? on->seen(on->arg, *z, ld) : 0;
}

/* One step of that size from a->x, whose scores are z, to `to`. */
static void advance(struct lb_attack *a, const struct lb_attacked *on, enum lb_attack_objective objective, const real *z, double size,
		    real *to)
{
	const size_t ld = on->net->ld, ldx = LB_PADDED(a->d);
	const struct lb_pass pass = pass_of(on, a->x);

	for (size_t i = 0; i < on->b; i++)
		lb_attack_slope(objective, a->c, z + i * ld, (size_t)on->y[on->rows[i]], a->first ? a->first + i * a->c : NULL, a->dz + i * ld);
	lb_net_input_gradient(on->net, on->w, &pass, a->dz, a->turned, a->dx);
	for (size_t i = 0; i < on->b; i++) {
		for (size_t k = 0; k < a->d; k++)
			a->direction[k] = (double)a->dx[i * ldx + k];
		move(a, size, on->x + i * a->d, a->x + i * a->d, to + i * a->d);
	}
}

static int fgsm(struct lb_attack *a, const struct lb_attacked *on, real *out)
{
	const real *z;

	memcpy(a->x, on->x, on->b * a->d * sizeof *a->x);
	const int rc = look(a, on, objective_of(a), &z, NULL);
	if (rc)
		return rc;
	advance(a, on, objective_of(a), z, a->par[LB_ATTACK_EPS].v, out);
	return on->seen ? on->seen(on->arg, scores_at(on, out), on->net->ld) : 0;
}

/* Where restart `turn` begins. */
static void start(struct lb_attack *a, const struct lb_attacked *on, uint64_t turn)
{
	const uint64_t seed = (uint64_t)a->par[LB_ATTACK_SEED].v;
	const bool random = a->par[LB_ATTACK_START].v == LB_ATTACK_RANDOM;
	struct lb_rng r;

	if (on->step >= 0)
		lb_rng_init(&r, seed, LB_RNG_ATTACK, (turn << 44) + (uint64_t)on->step);
	for (size_t i = 0; random && i < on->b; i++) {
		if (on->step < 0)
			lb_rng_init(&r, seed, LB_RNG_ATTACK_EVALUATION, (turn << 44) + on->rows[i]);
		start_at_random(a, &r, on->x + i * a->d, a->x + i * a->d);
	}
	if (!random)
		memcpy(a->x, on->x, on->b * a->d * sizeof *a->x);
}

static int climb(struct lb_attack *a, const struct lb_attacked *on, enum lb_attack_objective objective, real *out)
{
	const size_t steps = (size_t)a->par[LB_ATTACK_STEPS].v;
	const double given = a->par[LB_ATTACK_STEP].v, size = given > 0 ? given : 2.5 * a->par[LB_ATTACK_EPS].v / (double)steps;
	const real *z;
	int rc = 0;

	for (uint64_t turn = 0; !rc && turn < (uint64_t)a->par[LB_ATTACK_RESTARTS].v; turn++) {
		start(a, on, turn);
		rc = look(a, on, objective, &z, out);
		for (size_t k = 0; !rc && k < steps; k++) {
			advance(a, on, objective, z, size, a->x);
			rc = look(a, on, objective, &z, out);
		}
	}
	return rc;
}

static int pgd(struct lb_attack *a, const struct lb_attacked *on, real *out)
{
	const enum lb_attack_objective asked = objective_of(a);
	int rc = 0;

	memcpy(out, on->x, on->b * a->d * sizeof *out);
	if (a->first) {
		const real *z = scores_at(on, on->x);
		for (size_t i = 0; i < on->b; i++)
			memcpy(a->first + i * a->c, z + i * on->net->ld, a->c * sizeof *a->first);
	}
	for (int k = LB_ATTACK_CE; !rc && k <= LB_ATTACK_DEVIATION; k++) {
		const bool in_turn = asked == LB_ATTACK_ALL && k != LB_ATTACK_DEVIATION && (k != LB_ATTACK_DLR || a->c > 2);
		if (!in_turn && k != (int)asked)
			continue;
		for (size_t i = 0; i < on->b; i++)
			a->best[i] = -HUGE_VAL;
		rc = climb(a, on, (enum lb_attack_objective)k, out);
	}
	return rc;
}

int lb_attack_run(struct lb_attack *a, const struct lb_attacked *on, real *out)
{
	if (is(a, LB_ATTACK_CLOSED_FORM))
		return closed_form(a, on, out);
	return is(a, LB_ATTACK_FGSM) ? fgsm(a, on, out) : pgd(a, on, out);
}
