#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/numeric/rng.h"
#include "losses/check.h"
#include "losses/drawn_batch.h"
#include "losses/eval.h"
#include "losses/precision_bridge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One loss at one setting of its parameters. */
struct check {
	const struct lb_loss_info *info;
	struct lb_arg *par;
	char set[64];            /* "gamma=0.5", or "defaults" */
	struct lb_findings *f;
	int draws, lonely;       /* batches drawn; of them those that lack a pair of one class or of two */
	struct lb_err *err;
};

/* How scores are drawn: normal with that scale, +scale or -scale at random, one value for all, or
 * normal with the first raised. */
struct pattern {
	const char *name;
	enum { NORMAL, SIGNS, EQUAL, FIRST } how;
	double scale;
};

static const struct pattern patterns[] = {
	{ "normal scores", NORMAL, 1 }, { "normal scores of scale 5", NORMAL, 5 },
	{ "scores 0", EQUAL, 0 },       { "scores all 10000", EQUAL, 1e4 },
	{ "scores +-1", SIGNS, 1 },     { "scores +-18", SIGNS, 18 },
	{ "scores +-40", SIGNS, 40 },   { "scores +-1000", SIGNS, 1e3 },
	{ "scores +-10000", SIGNS, 1e4 },  { "normal scores, the first 8 higher", FIRST, 8 },
};

static const struct shape {
	size_t b, c;
} shapes[LB_N_KINDS][4] = {
	[LB_MULTICLASS] = { { 4, 3 }, { 1, 2 }, { 1, 5 }, { 5, 7 } },
	[LB_BINARY] = { { 6, 1 }, { 1, 1 }, { 2, 1 }, { 9, 1 } },
	[LB_REGRESSION] = { { 4, 3 }, { 1, 1 }, { 1, 5 }, { 5, 1 } },
	[LB_EMBEDDING] = { { 4, 3 }, { 1, 2 }, { 7, 3 }, { 5, 7 } },
	[LB_DISTILLATION] = { { 4, 3 }, { 1, 2 }, { 1, 5 }, { 5, 7 } },
	[LB_MULTILABEL] = { { 4, 3 }, { 1, 1 }, { 1, 5 }, { 5, 7 } },
	[LB_RANKING] = { { 6, 1 }, { 1, 1 }, { 2, 1 }, { 9, 1 } },
	[LB_SURVIVAL] = { { 6, 1 }, { 1, 1 }, { 2, 1 }, { 9, 1 } },
};

enum { MOST_ROWS = 9, MANY_OUTPUTS = 8, MOST_CELLS = 700, MOST_OWN = 500, MOST_COLUMNS = 7, FEATURES = 3 };

/* A batch, every number already representable in float32. The loss's own parameters follow
 * the scores, and after them the features of a loss that moves these: n entries to move. */
struct sample {
	const struct pattern *pattern;
	bool one_class;
	struct lb_triplet triplet[MOST_ROWS * MOST_ROWS];
	struct lb_triplets triplets;
	unsigned char chosen[MOST_ROWS * MOST_ROWS];
	double z[MOST_CELLS], t[MOST_CELLS], fixed[3 * MOST_ROWS * FEATURES], inputs[MOST_ROWS * MOST_COLUMNS], teacher[2 * MOST_ROWS * MOST_COLUMNS], weight[MOST_ROWS];
	int32_t y[MOST_ROWS], group[MOST_ROWS];
	uint32_t partner[MOST_ROWS];
	size_t cells, hidden, n; /* entries of z that are scores; where the features begin; all */
	struct lb_loss_input in;
};

static double rounded(double v)
{
	return (double)(float)v;
}

/* Labels of embeddings: pairs of one class side by side, in the largest batch three classes by
 * turns, so that there are pairs of one class and of two, and rows without a partner. */
static int32_t paired_label(size_t b, size_t i, size_t classes)
{
	return (int32_t)((b > 6 ? i % 3 : i / 2) % classes);
}

/* The shape's columns are targets where the loss has several outputs for each, classes where it has
 * another number of scores. */
static void sample_make(struct sample *s, const struct check *c, const struct pattern *pattern, const struct shape *of, bool one_class)
{
	const size_t outputs = lb_loss_outputs(c->info, c->par);
	const bool many = outputs > MANY_OUTPUTS; /* too many for every shape: two rows of one target */
	const size_t columns = c->info->kind == LB_MULTICLASS ? lb_how_many(c->info->scores_for, of->c) : (many ? 1 : of->c) * outputs;
	const struct shape with_outputs = { many && of->b > 2 ? 2 : of->b, columns }, *shape = &with_outputs;
	const bool targets = lb_kind_of_columns(c->info->kind) || c->info->kind == LB_DISTILLATION;
	const size_t classes = c->info->classes ? c->info->classes : c->info->kind == LB_BINARY ? 2 : c->info->kind == LB_EMBEDDING ? shape->c + 1 : c->info->scores_for ? of->c : shape->c;
	const bool moved = c->info->needs & LB_MOVES_FEATURES;
	const size_t views = c->info->needs & LB_NEEDS_MIXED_VIEW ? 3 : c->info->needs & LB_NEEDS_VIEWS ? 2 : 1, cells = views * shape->b * shape->c;
	const size_t n_inputs = c->info->needs & LB_NEEDS_GUIDE && c->info->kind == LB_EMBEDDING ? shape->c : FEATURES; /* a guide's rows are as long as embeddings */
	const size_t teachers = c->info->needs & LB_NEEDS_SECOND_TEACHER ? 2 : 1, taught = c->info->needs & LB_NEEDS_TEACHER ? shape->b * shape->c : shape->b;
	struct lb_rng rng;

	lb_rng_init(&rng, 1, LB_RNG_TEST, shape->b * 64 + shape->c);
	s->pattern = pattern;
	s->one_class = one_class;
	for (size_t k = 0; k < cells; k++) {
		const double normal = lb_rng_normal(&rng), sign = lb_rng_unit(&rng) < 0.5 ? -1 : 1;
		const double drawn[] = { [NORMAL] = pattern->scale * normal, [SIGNS] = pattern->scale * sign, [EQUAL] = pattern->scale,
					 [FIRST] = normal + (k % shape->c ? 0 : pattern->scale) };
		s->z[k] = rounded(drawn[pattern->how]);
		s->t[k] = pattern->how == EQUAL ? s->z[k] : rounded(lb_rng_normal(&rng));
		if (!lb_targets_allow(c->info->targets, s->t[k]))
			s->t[k] = rounded(fabs(s->t[k]) + (k % 3 && lb_targets_allow(c->info->targets, 0) ? 0 : 1.0 / 16));
		if (!lb_targets_allow(c->info->targets, s->t[k])) /* shares */
			s->t[k] = rounded(1 / (1 + s->t[k]));
		if (c->info->kind == LB_MULTILABEL)
			s->t[k] = one_class ? 0 : (double)((k * 7 + 3) % 11 % 5 % 3) - 1;
		if (c->info->kind == LB_RANKING)
			s->t[k] = one_class ? 0 : (double)((k * 7 + 3) % 11 % 5 % 3);
		if (c->info->kind == LB_SURVIVAL)
			s->t[k] = (double)(1 + (k * 7 + 3) % 11 % 5) / 2; /* some are equal */
	}
	s->cells = cells;
	s->hidden = cells + lb_loss_n_params(c->info, c->par, &(struct lb_loss_shape){ .c = shape->c, .n_hidden = FEATURES, .n_guide = n_inputs, .n_classes = classes });
	s->n = s->hidden + (moved ? shape->b * FEATURES : 0);
	for (size_t k = cells; k < s->n; k++)
		s->z[k] = rounded(lb_rng_normal(&rng));
	for (size_t k = 0; k < shape->b * FEATURES; k++)
		s->fixed[k] = rounded(lb_rng_normal(&rng));
	for (size_t k = 0; k < shape->b * n_inputs; k++)
		s->inputs[k] = rounded(lb_rng_normal(&rng));
	for (size_t k = 0; k < teachers * taught; k++)
		s->teacher[k] = rounded(lb_rng_normal(&rng));
	for (size_t k = shape->b * FEATURES; k < views * shape->b * FEATURES; k++)
		s->fixed[k] = rounded(lb_rng_normal(&rng));
	for (size_t i = 0; i < shape->b; i++)
		s->partner[i] = (uint32_t)(shape->b - 1 - i);
	for (size_t i = 0; i < shape->b; i++)
		s->group[i] = (int32_t)(i / 4); /* queries of 4, 1, 2 rows; of 4, 4, 1 */
	for (size_t i = 0; i < shape->b; i++)
		s->y[i] = one_class ? 0 : c->info->kind == LB_EMBEDDING ? paired_label(shape->b, i, classes) :
			  (int32_t)((i + 1) % (c->info->kind == LB_SURVIVAL ? 2 : classes));
	s->in = (struct lb_loss_input){ .b = shape->b, .c = shape->c, .z = s->z, .par = c->par,
					.y = lb_kind_of_labels(c->info->kind) ? s->y : NULL,
					.t = targets ? s->t : NULL, .group = s->group, .n_classes = classes, .views = views, .partner = s->partner, .mix = 0.3, .params = s->z + cells,
					.hidden = moved ? s->z + s->hidden : c->info->needs & LB_NEEDS_FEATURES ? s->fixed : NULL, .n_hidden = FEATURES,
					.inputs = c->info->needs & (LB_NEEDS_INPUTS | LB_NEEDS_GUIDE) ? s->inputs : NULL, .n_inputs = n_inputs,
					.teacher = c->info->needs & LB_NEEDS_TEACHER ? s->teacher : NULL,
					.second_teacher = teachers > 1 ? s->teacher + taught : NULL };
}

/* Gives the sample's rows weights, one of them 0. */
static void weigh_rows(struct sample *s)
{
	for (size_t i = 0; i < s->in.b; i++)
		s->weight[i] = (double)((i * 5 + 3) % 7) / 4;
	s->in.row_weight = s->weight;
}

/* Gives the sample the triplets that a miner might choose: for each pair of a class the next row of
 * another. */
static void choose_triplets(struct sample *s)
{
	size_t n = 0;

	for (size_t a = 0; a < s->in.b; a++)
		for (size_t p = 0; p < s->in.b; p++)
			for (size_t k = 1; k < s->in.b && p != a && s->y[p] == s->y[a]; k++)
				if (s->y[(p + k) % s->in.b] != s->y[a]) {
					s->triplet[n++] = (struct lb_triplet){ (uint32_t)a, (uint32_t)p, (uint32_t)((p + k) % s->in.b) };
					break;
				}
	s->triplets = (struct lb_triplets){ .n = n, .triplet = s->triplet };
	s->in.triplets = &s->triplets;
}

/* Gives the sample a choice of pairs that a miner might make. */
static void choose_pairs(struct sample *s)
{
	for (size_t k = 0; k < s->in.b * s->in.b; k++)
		s->chosen[k] = k * 7 % 5 != 2;
	s->in.chosen = s->chosen;
}

/* Counts a draw, and whether it lacks a pair of rows of one class, or of two. */
static void count_draw(struct check *c, const struct sample *s)
{
	bool alike = false, apart = false;

	for (size_t i = 0; s->in.y && i < s->in.b; i++)
		for (size_t j = 0; j < i; j++)
			*(s->y[i] == s->y[j] ? &alike : &apart) = true;
	c->draws++;
	c->lonely += !alike || !apart;
}

/* Counts a check; the start of a line of what was found if it failed. */
static bool judge(struct check *c, const struct sample *s, bool ok, enum lb_checked part)
{
	if (!lb_judge(c->f, part, 1, ok))
		lb_buf_printf(&c->f->lines[part], "(%s), %s, %zu x %zu%s: ", c->set, s->pattern->name, s->in.b, s->in.c, s->one_class ? ", labels all 0" : "");
	return ok;
}

/* Where a stated gradient is farthest from the slope of the value. */
struct worst {
	size_t at;
	double stated, slope, excess;
	size_t bent;             /* the entry at which the slopes of both sides are farthest apart */
	double right, left, bend; /* they, and by how much, in units of what is allowed */
};

/* Slope of the value at entry j on the side of h, from steps h (where it is `near`) and 2h: as
 * exact as a central difference. */
static int side_slope(const struct check *c, struct sample *s, size_t j, double h, double here, double near, double *slope)
{
	double moved[MOST_CELLS], twice;

	memcpy(moved, s->z, sizeof moved);
	moved[j] += 2 * h;
	if (lb_loss_eval_at_f64(c->info, &s->in, moved, &twice, NULL, c->err))
		return -1;
	*slope = (4 * near - twice - 3 * here) / (moved[j] - s->z[j]);
	return 0;
}

/* Best agreement of g with a difference quotient at entry j over several steps, in units of what is
 * allowed: 1e-6 of the gradient's size and the rounding of the values. At a kink g may be anything
 * between the slopes of both sides; where a smooth loss changes from one formula to another the
 * central quotient is coarse, and g must be the slope of both sides. Those of a loss that claims to
 * be smooth come together as the step shrinks, at places of symmetry too, where a central quotient
 * is 0 whatever the kink; at large numbers a step is too long to say so of a narrow bend. */
static int compare_entry(const struct check *c, struct sample *s, size_t j, double here, double g, double size, struct worst *w)
{
	const double z = s->z[j];
	double moved[MOST_CELLS], up, down;
	const bool smooth = c->info->properties & LB_SMOOTH;
	struct worst best = { .excess = HUGE_VAL, .bend = smooth && fabs(z) < 100 ? HUGE_VAL : 0 };

	memcpy(moved, s->z, sizeof moved);
	for (double h = 1e-3 * fmax(1, fabs(z)); h > 5e-10 && ((h > 5e-8 && best.excess > 1) || best.bend > 1); h /= 10) {
		const double hi = z + h, lo = z - h;
		moved[j] = hi;
		if (lb_loss_eval_at_f64(c->info, &s->in, moved, &up, NULL, c->err))
			return -1;
		moved[j] = lo;
		if (lb_loss_eval_at_f64(c->info, &s->in, moved, &down, NULL, c->err))
			return -1;
		const double allowed = 1e-6 * size + 4e-15 * fmax(fabs(here), 1) / h;
		const double slope = (up - down) / (hi - lo);
		double off = fabs(g - slope), right = slope, left = slope;
		if (!(off <= allowed) || best.bend > 1) { /* else the slopes of both sides have nothing to add */
			if (side_slope(c, s, j, h, here, up, &right) || side_slope(c, s, j, -h, here, down, &left))
				return -1;
			const double sides = smooth ? fmax(fabs(g - right), fabs(g - left)) : fmax(fmin(right, left) - g, g - fmax(right, left));
			off = smooth ? fmin(off, sides) : sides;
		}
		const double bend = fabs(right - left) / (1e-2 * fmax(size, 1) + 32 * 1e-15 * fmax(fabs(here), 1) / h);
		if (h > 5e-8 && !(off / allowed >= best.excess))
			best.stated = g, best.slope = slope, best.excess = off / allowed;
		if (!(bend >= best.bend))
			best.right = right, best.left = left, best.bend = bend;
	}
	if (!(best.excess <= w->excess))
		w->at = j, w->stated = best.stated, w->slope = best.slope, w->excess = best.excess;
	if (!(best.bend <= w->bend))
		w->bent = j, w->right = best.right, w->left = best.left, w->bend = best.bend;
	return 0;
}

static double largest(const double *g, size_t n)
{
	double most = 0;

	for (size_t k = 0; k < n; k++)
		most = fmax(most, fabs(g[k]));
	return most;
}

/* A loss of labelled rows without parameters reads the sum of the rows of row i's class, and it is
 * 0. */
static bool class_sums_to_zero(const struct check *c, const struct sample *s, size_t i)
{
	double most = 0;

	for (size_t k = 0; k < s->in.c; k++) {
		double sum = 0;
		for (size_t j = 0; j < s->in.b; j++)
			sum += s->y[j] == s->y[i] ? s->z[j * s->in.c + k] : 0;
		most = fmax(most, fabs(sum));
	}
	return c->info->exceptions & LB_JUMPS_AT_ZERO && !c->info->params && !(most > 0);
}

/* Row i has no slope: the loss jumps where all its scores are equal, or 0, and they are. */
static bool jumps_at(const struct check *c, const struct sample *s, size_t i)
{
	const double *z = s->z + i * s->in.c;
	size_t k = 1;

	if (i >= s->in.b * s->in.views)
		return false;
	if (i < s->in.b && class_sums_to_zero(c, s, i))
		return true;
	while (k < s->in.c && !(z[k] < z[0]) && !(z[k] > z[0]))
		k++;
	return k == s->in.c && (c->info->exceptions & LB_JUMPS_AT_TIES || (c->info->exceptions & LB_JUMPS_AT_ZERO && z[0] == 0));
}

/* "row 1, column 2", "own parameter 3" or "row 1, feature 2" */
static const char *place(const struct sample *s, size_t at, char text[64])
{
	if (at < s->cells)
		snprintf(text, 64, "row %zu, column %zu", at / s->in.c + 1, at % s->in.c + 1);
	else if (at < s->hidden)
		snprintf(text, 64, "own parameter %zu", at - s->cells + 1);
	else
		snprintf(text, 64, "row %zu, feature %zu", (at - s->hidden) / FEATURES + 1, (at - s->hidden) % FEATURES + 1);
	return text;
}

static int check_gradient(struct check *c, struct sample *s, double value, const double *g)
{
	const size_t n = s->n;
	char where[64];
	struct worst w = { 0 };

	for (size_t j = 0; j < n; j++)
		if (!jumps_at(c, s, j / s->in.c) && compare_entry(c, s, j, value, g[j], largest(g, n), &w))
			return -1;
	if (c->info->properties & LB_SMOOTH && !judge(c, s, w.bend <= 1, LB_PART_SMOOTH))
		lb_buf_printf(&c->f->lines[LB_PART_SMOOTH], "%s: slope %.9g on the left, %.9g on the right\n", place(s, w.bent, where), w.left, w.right);
	else if (!judge(c, s, w.excess <= 1, LB_PART_GRADIENT))
		lb_buf_printf(&c->f->lines[LB_PART_GRADIENT], "%s: stated %.9g, difference quotient %.9g\n", place(s, w.at, where), w.stated, w.slope);
	return 0;
}

/* True when value and gradient are finite. Those of a loss that says so may overflow, but not to
 * NaN. */
static bool check_finite(struct check *c, const struct sample *s, int precision, double value, const double *g)
{
	const bool overflows = c->info->exceptions & LB_OVERFLOWS;
	size_t at = 0, n = s->n;
	char where[64];

	while (at < n && (overflows ? !isnan(g[at]) : isfinite(g[at])))
		at++;
	if (judge(c, s, (isfinite(value) || (overflows && value > 0)) && at == n, LB_PART_FINITE))
		return isfinite(value) && isfinite(largest(g, n));
	if (isfinite(value))
		lb_buf_printf(&c->f->lines[LB_PART_FINITE], "float%d: gradient %g in %s\n", precision, g[at], place(s, at, where));
	else
		lb_buf_printf(&c->f->lines[LB_PART_FINITE], "float%d: value %g\n", precision, value);
	return false;
}

/* Agreement within 1e-5. Gradients that are all below 1e-30 are as good as 0 in float32. */
static void check_precisions(struct check *c, const struct sample *s, const double value[2], double g[2][MOST_CELLS])
{
	const size_t n = s->n;
	char where[64];
	const double size = fmax(largest(g[1], n), 1e-30);
	size_t worst = 0;

	if (!judge(c, s, fabs(value[0] - value[1]) <= 1e-5 * fmax(fabs(value[1]), 1), LB_PART_FLOAT32))
		lb_buf_printf(&c->f->lines[LB_PART_FLOAT32], "value %.9g, in float64 %.9g\n", value[0], value[1]);
	for (size_t k = 1; k < n; k++)
		if (fabs(g[0][k] - g[1][k]) > fabs(g[0][worst] - g[1][worst]))
			worst = k;
	if (!judge(c, s, fabs(g[0][worst] - g[1][worst]) <= 1e-5 * size, LB_PART_FLOAT32))
		lb_buf_printf(&c->f->lines[LB_PART_FLOAT32], "gradient, %s: %.9g, in float64 %.9g\n", place(s, worst, where), g[0][worst], g[1][worst]);
}

static int check_sample(struct check *c, struct sample *s)
{
	double value[2], g[2][MOST_CELLS];

	count_draw(c, s);
	if (lb_loss_eval_at_f32(c->info, &s->in, NULL, &value[0], g[0], c->err) ||
	    lb_loss_eval_at_f64(c->info, &s->in, NULL, &value[1], g[1], c->err))
		return -1;
	if (c->info->exceptions & LB_UNDEFINED_AT_ZERO && s->pattern->how == EQUAL && s->pattern->scale == 0) {
		if (!judge(c, s, isnan(value[0]) && isnan(value[1]), LB_PART_ZERO))
			lb_buf_printf(&c->f->lines[LB_PART_ZERO], "%g, in float64 %g\n", value[0], value[1]);
		return 0;
	}
	const bool finite32 = check_finite(c, s, 32, value[0], g[0]), finite64 = check_finite(c, s, 64, value[1], g[1]);
	if (finite32 && finite64)
		check_precisions(c, s, value, g);
	return finite64 ? check_gradient(c, s, value[1], g[1]) : 0;
}

/* 2 where a sample of that shape whose labels are all 0 is another one than with labels by turns,
 * else 1. */
static int labellings(const struct check *c, const struct shape *shape)
{
	return c->info->kind == LB_REGRESSION || (c->info->kind == LB_EMBEDDING && shape->b == 1) ? 1 : 2;
}

static int check_setting(struct check *c)
{
	struct sample s;

	for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++)
		for (size_t k = 0; k < sizeof shapes[0] / sizeof *shapes[0]; k++)
			for (int one_class = 0; one_class < labellings(c, &shapes[c->info->kind][k]); one_class++) {
				sample_make(&s, c, &patterns[p], &shapes[c->info->kind][k], one_class);
				if (check_sample(c, &s))
					return -1;
				if (c->info->needs & LB_TAKES_TRIPLETS)
					choose_triplets(&s);
				else if (c->info->needs & LB_TAKES_PAIRS)
					choose_pairs(&s);
				else if (c->info->weighs_rows)
					weigh_rows(&s);
				else
					continue;
				if (check_sample(c, &s))
					return -1;
			}
	return 0;
}

static int check_value(struct check *c, const struct lb_param *p, double v)
{
	struct lb_arg *arg = &c->par[p - c->info->base.params];
	const struct lb_arg old = *arg;

	arg->v = v;
	if (p->type == LB_CHOICE_PARAM)
		arg->text = p->choices[(size_t)v];
	lb_setting_text(p, arg, c->set);
	const struct lb_loss_shape widest = { .c = MOST_COLUMNS, .n_hidden = FEATURES, .n_guide = FEATURES, .n_classes = MOST_COLUMNS + 1 };
	const bool fits = lb_loss_n_params(c->info, c->par, &widest) <= MOST_OWN; /* there may be thousands at a range's end */
	const int status = fits ? check_setting(c) : 0;
	*arg = old;
	return status;
}

static int check_range_ends(struct check *c, const struct lb_param *p)
{
	const double inside = 1e-6 * (p->max - p->min);

	if (!(p->min < p->max))
		return 0;
	if (isfinite(p->min) && check_value(c, p, p->min_open ? isfinite(inside) ? p->min + inside : p->min + 1e-3 : p->min))
		return -1;
	return isfinite(p->max) && check_value(c, p, p->max_open ? p->max - (isfinite(inside) ? inside : 1e-3) : p->max) ? -1 : 0;
}

static int check_parameter(struct check *c, const struct lb_param *p)
{
	for (int k = 0; k < p->n_grid; k++)
		if (check_value(c, p, p->grid[k]))
			return -1;
	for (int k = 0; p->type == LB_CHOICE_PARAM && p->choices[k]; k++)
		if (check_value(c, p, k))
			return -1;
	if (p->type == LB_BOOL_PARAM)
		return check_value(c, p, 0) || check_value(c, p, 1) ? -1 : 0;
	return p->type == LB_REAL_PARAM || p->type == LB_INT_PARAM ? check_range_ends(c, p) : 0;
}

static int check_all(struct check *c)
{
	strcpy(c->set, "defaults");
	if (check_setting(c))
		return -1;
	for (int k = 0; k < c->info->base.n_params; k++)
		if (check_parameter(c, &c->info->base.params[k]))
			return -1;
	return 0;
}

int lb_check_gradient(const struct lb_loss_info *info, struct lb_findings *f, struct lb_err *err)
{
	struct lb_arg_store store = { 0 };
	struct check c = { .info = info, .f = f, .err = err };
	int status = -1;

	c.par = lb_alloc((size_t)info->base.n_params, sizeof *c.par, err);
	if (!c.par || lb_args_from_text(&info->base, "", c.par, &store, err) || check_all(&c))
		goto out;
	if (lb_loss_of_distances(info))
		lb_buf_printf(&f->remarks, "remark: %d of %d batches drawn lack a pair of one class or of two\n", c.lonely, c.draws);
	status = 0;
out:
	lb_args_free(&store);
	free(c.par);
	return status;
}
