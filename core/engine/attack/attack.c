#include "core/engine/attack/attack.h"

#include "core/base/mem.h"
#include "core/engine/kernels/kernels.h"
#include "core/numeric/length.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ATTACK(name) extern const struct lb_attack_kind LB_ATTACK(name);
#include "core/engine/attack/list.def"
#undef ATTACK

static enum lb_attack_objective objective_of(const struct lb_attack *a)
{
	return (enum lb_attack_objective)a->par[LB_ATTACK_OBJECTIVE].v;
}

static int open_closed_form(struct lb_attack *a, const struct lb_net *net, size_t max_b, struct lb_err *err)
{
	(void)max_b;
	return (a->plain = lb_alloc(lb_model_spec_size(&net->spec), sizeof(double), err)) &&
	       (a->dual = lb_alloc(a->c * a->c, sizeof(double), err)) ? 0 : -1;
}

static int open_gradient(struct lb_attack *a, const struct lb_net *net, size_t max_b, struct lb_err *err)
{
	const size_t ldx = LB_PADDED(a->d);

	if (objective_of(a) == LB_ATTACK_DEVIATION && !(a->first = lb_alloc_aligned(max_b * a->c, sizeof(real), err)))
		return -1;
	a->x = lb_alloc_aligned(max_b * a->d, sizeof(real), err);
	a->dz = lb_alloc_aligned(max_b * net->ld, sizeof(real), err);
	a->dx = lb_alloc_aligned(max_b * ldx, sizeof(real), err);
	a->transposed = lb_alloc_aligned(net->spec.width[1] * ldx, sizeof(real), err);
	a->best = lb_alloc(max_b, sizeof(double), err);
	return a->x && a->dz && a->dx && a->transposed && a->best ? 0 : -1;
}

int lb_attack_open(struct lb_attack *a, const struct lb_info *info, const struct lb_arg *par, const struct lb_net *net, size_t max_b,
		      struct lb_err *err)
{
	const struct lb_model_spec *s = &net->spec;

	*a = (struct lb_attack){ .kind = (const struct lb_attack_kind *)lb_attacks[lb_info_place(lb_attacks_f64, info)], .par = par,
				 .d = s->width[0], .c = lb_model_spec_columns(s) };
	return (a->direction = lb_alloc(a->d, sizeof(double), err)) ? a->kind->open(a, net, max_b, err) : -1;
}

void lb_attack_close(struct lb_attack *a)
{
	free(a->x);
	free(a->dz);
	free(a->dx);
	free(a->transposed);
	free(a->first);
	free(a->best);
	free(a->plain);
	free(a->dual);
	free(a->direction);
	*a = (struct lb_attack){ 0 };
}

/* ---- the ball ---- */

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
	const double long_is = l2 ? lb_length(v, a->d) : 1, unit = long_is > 0 ? size / long_is : 0;
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
		return eps * lb_length(a->direction, a->d);
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

	lb_net_unpack(on->net, on->w, a->plain);
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
	lb_net_input_gradient(on->net, on->w, &pass, a->dz, a->transposed, a->dx);
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
	return a->kind->run(a, on, out);
}

/* ---- registry ---- */

#define BALL                                                                                                                             \
	[LB_ATTACK_NORM] = { .name = "norm", .type = LB_CHOICE_PARAM, .choices = (const char *const[]){ "linf", "l2", NULL },           \
			     .grid = { 0, 1 }, .n_grid = 2, .help = "what measures a move: its largest entry, or its length" },          \
	[LB_ATTACK_EPS] = { .name = "eps", .symbol = "eps", .type = LB_REAL_PARAM, .required = true, .min = 0, .max = 1e6,               \
			    .grid = { 0, 0.05, 0.1, 0.2 }, .n_grid = 4,                                                                \
			    .help = "radius of the ball around a row, in units of the preprocessed features" },                        \
	[LB_ATTACK_CLIP] = { .name = "clip", .type = LB_REALS_PARAM,                                                                     \
			     .help = "[lo, hi]: no feature is moved out of these bounds; none if empty" }

static const char *const gradient_objectives[] = { "ce", "margin", "dlr", "probability_margin", NULL };
static const char *const all_objectives[] = { "ce", "margin", "dlr", "probability_margin", "deviation", "all", NULL };
static const char *const starts[] = { "random", "row", NULL };

static const struct lb_param closed_params[] = { BALL };

static const struct lb_param fgsm_params[] = {
	BALL,
	[LB_ATTACK_OBJECTIVE] = { .name = "objective", .type = LB_CHOICE_PARAM, .choices = gradient_objectives, .grid = { 0, 1, 3 }, .n_grid = 3,
				  .help = "what the step raises" },
};

static const struct lb_param pgd_params[] = {
	BALL,
	[LB_ATTACK_OBJECTIVE] = { .name = "objective", .type = LB_CHOICE_PARAM, .choices = all_objectives, .grid = { 0, 1, 3 }, .n_grid = 3,
				  .help = "what the steps raise; all: ce, margin, dlr (of three classes or more) and probability_margin in turn, in "
					  "evaluate only; deviation: that of the margins, for adv_comp_sum" },
	[LB_ATTACK_STEPS] = { .name = "steps", .symbol = "S", .type = LB_INT_PARAM, .def = 20, .min = 1, .max = 1e5, .grid = { 7, 20, 100 },
			      .n_grid = 3, .help = "steps along the gradient" },
	[LB_ATTACK_STEP] = { .name = "step", .symbol = "a", .type = LB_REAL_PARAM, .def = 0, .min = 0, .max = 1e6,
			     .help = "size of a step; 0: 2.5 eps / steps" },
	[LB_ATTACK_RESTARTS] = { .name = "restarts", .type = LB_INT_PARAM, .def = 1, .min = 1, .max = 1000, .help = "attacks, each from a new start" },
	[LB_ATTACK_START] = { .name = "start", .type = LB_CHOICE_PARAM, .choices = starts,
			      .help = "random: uniform in the ball; row: the row itself" },
	[LB_ATTACK_SEED] = { .name = "seed", .type = LB_SEED_PARAM, .help = "draws the starts; train.seed if not given" },
};

const struct lb_attack_kind LB_ATTACK(none) = {
	.base = { .name = "none", .tasks = LB_CLASS_TASKS, .traits = LB_NO_ATTACK, .title = "Rows as they are", .cite = "none", .keywords = "clean standard" },
};

const struct lb_attack_kind LB_ATTACK(closed_form) = {
	.base = { .name = "closed_form", .tasks = LB_CLASS_TASKS, .traits = LB_EXACT_ATTACK, .title = "The place in the ball where the margin of a linear model is smallest, exactly",
		  .cite = "H. Xu, C. Caramanis, S. Mannor, Robustness and regularization of support vector machines, JMLR 10, 2009",
		  .formula = "x + eps v,  v = sign(u) (linf) or u/|u|_2 (l2),  u = w_j - w_y, j of the largest z_j - z_y + eps |u|_* (|u|_1, |u|_2)",
		  .notes = "With two classes training on it is training with the exact robust loss phi(s - eps |w|_*) and its subgradient, for every "
		   "loss that falls with the margin s.",
		  .keywords = "exact robust linear dual_norm", LB_PARAMS(closed_params) },
	.open = open_closed_form,
	.run = closed_form,
};

const struct lb_attack_kind LB_ATTACK(fgsm) = {
	.base = { .name = "fgsm", .tasks = LB_CLASS_TASKS, .title = "One step of size eps along the gradient",
		  .cite = "I. Goodfellow, J. Shlens, C. Szegedy, Explaining and harnessing adversarial examples, ICLR 2015",
		  .formula = "x + eps sign(g) (linf) or x + eps g/|g|_2 (l2),  g the gradient of the objective by x", .keywords = "fast_gradient fgm",
		  LB_PARAMS(fgsm_params) },
	.open = open_gradient,
	.run = fgsm,
};

const struct lb_attack_kind LB_ATTACK(pgd) = {
	.base = { .name = "pgd", .tasks = LB_CLASS_TASKS, .title = "Steps along the gradient, each brought back into the ball; of all places tried the one of the largest objective",
		  .cite = "A. Madry et al., Towards deep learning models resistant to adversarial attacks, ICLR 2018; dlr: F. Croce, M. Hein, ICML 2020; "
		  "probability_margin: Towards million-scale adversarial robustness evaluation with stronger individual attacks, "
		  "arXiv:2411.15210",
		  .formula = "x <- project(x + a sign(g)) (linf) or project(x + a g/|g|_2) (l2), S times", .keywords = "projected_gradient bim pma madry",
		  LB_PARAMS(pgd_params) },
	.open = open_gradient,
	.run = pgd,
};

const struct lb_info *const lb_attacks[] = {
#define ATTACK(name) &LB_ATTACK(name).base,
#include "core/engine/attack/list.def"
#undef ATTACK
	NULL
};
