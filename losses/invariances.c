/* What does not change a loss: rows and classes that change places, a batch written twice, another
 * name of the same mathematics, the precision; and what must not be lost, NaN. */
#include "losses/check.h"

#include "core/base/mem.h"
#include "losses/drawn_batch.h"
#include "losses/eval.h"
#include "losses/formula.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 8, IDENTITY_DRAWS = 20 };

/* ---- identities ---- */

/* One draw of an identity: how far value and gradient are from what it says. */
struct distance {
	double here, there, off, off_gradient;
};

static void compare_same(struct lb_subject *s, struct lb_subject *other, const struct lb_arg *const par[2], const struct lb_same_as *same, struct lb_rng *rng,
			 struct distance *found)
{
	const double scale = same->scale != 0 ? same->scale : 1;
	double g[2][LB_DRAWN_CELLS];
	struct lb_drawn d;

	lb_draw_batch(&d, s, par[0], 6, 5, 3, rng);
	if (s->failed)
		return;
	const double shift = same->shift - (same->minus_log_classes ? log((double)d.in.c) : 0);
	found->here = lb_subject_eval(s, 64, &d, g[0]);
	d.in.par = par[1];
	found->there = scale * lb_subject_eval(other, 64, &d, g[1]) + shift;
	found->off = lb_far(found->here, found->there);
	found->off_gradient = 0;
	for (size_t k = 0; k < d.in.b * d.in.c; k++)
		if (!(fabs(g[0][k] - scale * g[1][k]) <= found->off_gradient)) /* also NaN */
			found->off_gradient = fabs(g[0][k] - scale * g[1][k]);
}

static int check_identity(struct lb_subject *s, const struct lb_same_as *same, struct lb_rng *rng, struct lb_findings *f, struct lb_err *err)
{
	struct lb_subject other = { .info = lb_loss_find(s->info->kind, same->other), .err = err };
	struct lb_arg par[2][LB_SUBJECT_PARAMS];
	const struct lb_arg *const both[2] = { par[0], par[1] };
	struct lb_arg_store store = { 0 };
	struct lb_buf *lines = &f->lines[LB_PART_IDENTITY];

	if (!other.info) {
		lb_judge(f, LB_PART_IDENTITY, 1, false);
		lb_buf_printf(lines, "same as %s: there is no %s loss of that name\n", same->other, lb_kind_name(s->info->kind));
		return 0;
	}
	const char *const set = same->set ? same->set : "", *const other_set = same->other_set ? same->other_set : "";
	bool valid = true;
	int rc = lb_check_args(&s->info->base, set, par[0], &store, f, LB_PART_IDENTITY, &valid, err) ||
		 lb_check_args(&other.info->base, other_set, par[1], &store, f, LB_PART_IDENTITY, &valid, err) ? -1 : 0;
	for (int n = 0; n < IDENTITY_DRAWS && !rc && valid; n++) {
		struct distance d = { 0 };
		compare_same(s, &other, both, same, rng, &d);
		rc = s->failed || other.failed ? -1 : 0;
		if (!rc && !lb_judge(f, LB_PART_IDENTITY, 1, d.off < 1e-12 && d.off_gradient <= 1e-12))
			lb_buf_printf(lines, "(%s) is %.12g, %s (%s) as stated gives %.12g; their gradients differ by up to %.3g\n", *set ? set : "defaults",
				      d.here, same->other, *other_set ? other_set : "defaults", d.there, d.off_gradient);
	}
	lb_args_free(&store);
	return rc;
}

int lb_check_identities(const struct lb_loss_info *info, struct lb_findings *f, struct lb_err *err)
{
	struct lb_subject s;
	struct lb_rng rng;
	int rc = lb_subject_open(&s, info, err);

	lb_rng_init(&rng, LB_SUBJECT_SEED, LB_RNG_TEST, 1);
	for (int k = 0; k < info->n_same_as && !rc; k++)
		rc = check_identity(&s, &info->same_as[k], &rng, f, err);
	return rc;
}

/* ---- rows ---- */

/* The rows of each block, from the last to the first. */
static void move_block(double *to, const double *from, size_t views, size_t rows, size_t columns)
{
	for (size_t v = 0; v < views; v++)
		for (size_t i = 0; i < rows; i++)
			memcpy(to + (v * rows + i) * columns, from + (v * rows + rows - 1 - i) * columns, columns * sizeof *to);
}

/* *e <- the rows of d from the last to the first. */
static void turn_round(struct lb_drawn *e, const struct lb_drawn *d, size_t targets, size_t views)
{
	const size_t n = d->in.n_inputs;

	lb_drawn_copy(e, d);
	move_block(e->z, d->z, views, ROWS, d->in.c);
	move_block(e->h, d->h, views, ROWS, LB_DRAWN_FEATURES);
	move_block(e->t, d->t, 1, ROWS, targets);
	move_block(e->x, d->x, 1, ROWS, n);
	move_block(e->teacher, d->teacher, 1, ROWS, d->in.c);
	move_block(e->second_teacher, d->second_teacher, 1, ROWS, d->in.c);
	for (size_t i = 0; i < ROWS; i++) {
		e->y[i] = d->y[ROWS - 1 - i];
		e->group[i] = d->group[ROWS - 1 - i];
	}
}

static void write_twice(double *to, const double *from, size_t views, size_t cells)
{
	for (size_t v = 0; v < views; v++)
		for (size_t half = 0; half < 2; half++)
			memcpy(to + (2 * v + half) * cells, from + v * cells, cells * sizeof *to);
}

/* *e <- the rows of d, then once more. */
static void repeat(struct lb_drawn *e, const struct lb_drawn *d, size_t targets, size_t views)
{
	lb_drawn_copy(e, d);
	write_twice(e->z, d->z, views, ROWS * d->in.c);
	write_twice(e->h, d->h, views, ROWS * LB_DRAWN_FEATURES);
	write_twice(e->t, d->t, 1, ROWS * targets);
	write_twice(e->x, d->x, 1, ROWS * d->in.n_inputs);
	write_twice(e->teacher, d->teacher, 1, ROWS * d->in.c);
	write_twice(e->second_teacher, d->second_teacher, 1, ROWS * d->in.c);
	for (size_t i = 0; i < ROWS; i++) {
		e->y[ROWS + i] = d->y[i];
		e->group[ROWS + i] = 100 + d->group[i];
		e->partner[ROWS + i] = (uint32_t)ROWS + d->partner[i];
	}
	e->in.b = 2 * (size_t)ROWS;
}

/* Two evaluations that should be alike. */
struct both {
	double value[2], g[2][LB_DRAWN_CELLS];
};

/* Judges whether value and gradient stay as they are; an exception of the descriptor turns the
 * question round. off: how far the gradients are from each other. */
static void judge_same(struct lb_findings *f, enum lb_checked part, const struct lb_loss_info *info, const struct both *b, unsigned exception, double off)
{
	const bool same = lb_far(b->value[0], b->value[1]) < 1e-13, may_differ = info->exceptions & exception;

	if (!lb_judge(f, part, 1, same != may_differ && (may_differ || off <= 1e-13)))
		lb_buf_printf(&f->lines[part], "(defaults): the value is %.15g, changed so %.15g; the gradients differ by up to %.3g\n", b->value[0], b->value[1], off);
}

static bool evaluate_both(struct lb_subject *s, const struct lb_drawn *d, const struct lb_drawn *e, struct both *b)
{
	b->value[0] = lb_subject_eval(s, 64, d, b->g[0]);
	b->value[1] = lb_subject_eval(s, 64, e, b->g[1]);
	return !s->failed;
}

static double larger_distance(double off, double a, double b)
{
	return fabs(a - b) <= off ? off : fabs(a - b);
}

static void check_rows(struct lb_subject *s, struct lb_findings *f)
{
	struct lb_rng rng;
	struct lb_drawn d, e;
	struct both b;
	double off = 0;

	lb_rng_init(&rng, LB_SUBJECT_SEED, LB_RNG_TEST, 11);
	lb_draw_batch(&d, s, s->settings[0], ROWS, 4, 2, &rng);
	if (s->failed)
		return;
	const size_t c = d.in.c, targets = lb_drawn_targets(s->info, &d.in), views = lb_drawn_views(s->info);
	turn_round(&e, &d, targets, views);
	if (!evaluate_both(s, &d, &e, &b))
		return;
	for (size_t k = 0; k < ROWS * c; k++)
		off = larger_distance(off, b.g[0][k], b.g[1][(ROWS - 1 - k / c) * c + k % c]);
	judge_same(f, LB_PART_ROW_ORDER, s->info, &b, LB_TIES_BY_ROW, off);

	repeat(&e, &d, targets, views);
	if (!evaluate_both(s, &d, &e, &b))
		return;
	off = 0;
	for (size_t k = 0; k < 2 * ROWS * c; k++)
		off = larger_distance(off, b.g[0][k % (ROWS * c)], 2 * b.g[1][k]);
	judge_same(f, LB_PART_REPEATED, s->info, &b, LB_SIZE_MATTERS, off);
}

/* ---- classes ---- */

/* A formula that reads the number of a class, as one of ordered classes does; it cannot say so. */
static bool reads_class_numbers(const struct lb_loss_info *info, struct lb_err *err)
{
	struct lb_formula_tree *t = info->by_formula ? lb_alloc(1, sizeof *t, err) : NULL;
	struct lb_formula_fault fault;
	bool reads = false;

	if (t && !lb_formula_parse(info->kind, info->base.formula, t, &fault))
		for (int i = 0; i < t->n; i++)
			reads |= t->node[i].op == LB_OP_LEAF && ((enum lb_leaf)t->node[i].value == LB_LEAF_LABEL || (enum lb_leaf)t->node[i].value == LB_LEAF_CLASS_K);
	free(t);
	return reads;
}

static void check_classes(struct lb_subject *s, struct lb_findings *f)
{
	enum { C = 5, B = 6 };
	static const size_t to[C] = { 3, 0, 4, 1, 2 };
	struct lb_rng rng;
	struct lb_drawn d, e;
	struct both b;
	double off = 0;

	lb_rng_init(&rng, LB_SUBJECT_SEED, LB_RNG_TEST, 12);
	lb_draw_batch(&d, s, s->settings[0], B, C, 2, &rng);
	if (s->failed)
		return;
	lb_drawn_copy(&e, &d);
	for (size_t k = 0; k < B * C && !s->info->scores_for; k++)
		e.z[k / C * C + to[k % C]] = d.z[k];
	for (size_t k = 0; k < B * C; k++)
		e.teacher[k / C * C + to[k % C]] = d.teacher[k];
	for (size_t i = 0; i < B; i++)
		e.y[i] = (int32_t)to[d.y[i]];
	for (size_t k = 0; k < C; k++)
		e.counts[to[k]] = d.counts[k];
	for (size_t k = 0; k < C * LB_DRAWN_FEATURES; k++)
		e.params[to[k / LB_DRAWN_FEATURES] * LB_DRAWN_FEATURES + k % LB_DRAWN_FEATURES] = d.params[k];
	if (!evaluate_both(s, &d, &e, &b))
		return;
	for (size_t k = 0; k < B * d.in.c && !s->info->scores_for; k++)
		off = larger_distance(off, b.g[0][k], b.g[1][k / C * C + to[k % C]]);
	judge_same(f, LB_PART_CLASS_ORDER, s->info, &b, LB_ORDER_MATTERS, off);
}

int lb_check_invariances(const struct lb_loss_info *info, struct lb_findings *f, struct lb_err *err)
{
	struct lb_subject s;

	if (lb_subject_open(&s, info, err))
		return -1;
	check_rows(&s, f);
	if (!s.failed && info->kind == LB_MULTICLASS && !reads_class_numbers(info, err))
		check_classes(&s, f);
	return s.failed || err->code ? -1 : 0;
}

/* ---- NaN ---- */

int lb_check_nan(const struct lb_loss_info *info, struct lb_findings *f, struct lb_err *err)
{
	struct lb_subject s;
	struct lb_rng rng;
	struct lb_drawn d;
	double g[LB_DRAWN_CELLS];

	if (lb_subject_open(&s, info, err))
		return -1;
	lb_rng_init(&rng, LB_SUBJECT_SEED, LB_RNG_TEST, 13);
	for (size_t n = 0; n < s.n && !s.failed; n++)
		for (size_t k = 0; k < 48 && !s.failed; k++) {
			const bool one_class = k & 1, single = k & 2;
			lb_draw_batch(&d, &s, s.settings[n], 4, 3, 2, &rng);
			if (s.failed)
				break;
			const size_t at = k / 4 % (d.in.b * d.in.c);
			for (size_t i = 0; one_class && i < 4; i++)
				d.y[i] = 0;
			d.z[at] = (double)NAN;
			const double value = lb_subject_eval(&s, single ? 32 : 64, &d, g);
			if (!lb_judge(f, LB_PART_NAN, 1, isnan(value) && isnan(g[at])))
				lb_buf_printf(&f->lines[LB_PART_NAN], "(%s): NaN in score %zu of %zu%s: the value is %.6g, its gradient %.6g\n", s.text[n], at + 1,
					      d.in.b * d.in.c, one_class && d.in.y ? ", labels all 0" : "", value, g[at]);
		}
	return s.failed ? -1 : 0;
}

/* ---- precisions ---- */

/* The entry of the gradient that differs most. */
static size_t worst_entry(double g[2][LB_DRAWN_CELLS], size_t n)
{
	size_t worst = 0;

	for (size_t k = 1; k < n; k++)
		if (!(fabs(g[0][k] - g[1][k]) <= fabs(g[0][worst] - g[1][worst])))
			worst = k;
	return worst;
}

int lb_check_precisions(const struct lb_loss_info *info, struct lb_findings *f, struct lb_err *err)
{
	struct lb_subject s;
	struct lb_rng rng;
	struct lb_drawn d;
	double g[2][LB_DRAWN_CELLS], most = 0;

	if (lb_subject_open(&s, info, err))
		return -1;
	lb_rng_init(&rng, LB_SUBJECT_SEED, LB_RNG_TEST, 14);
	for (size_t n = 0; n < s.n; n++) {
		const size_t rows = lb_loss_outputs(s.info, s.settings[n]) > 10 ? 6 : 64;
		lb_draw_batch(&d, &s, s.settings[n], rows, 10, 3, &rng);
		const size_t cells = d.in.b * d.in.c;
		for (size_t k = 0; k < cells; k++) {
			d.z[k] = (double)(float)d.z[k];
			d.t[k] = (double)(float)d.t[k];
		}
		const double a = lb_subject_eval(&s, 32, &d, g[0]), b = lb_subject_eval(&s, 64, &d, g[1]);
		if (s.failed)
			return -1;
		if (!lb_judge(f, LB_PART_FLOAT32, 1, fabs(a - b) <= 1e-5 * fmax(1, fabs(b))))
			lb_buf_printf(&f->lines[LB_PART_FLOAT32], "(%s), %zu rows: value %.9g, in float64 %.9g\n", s.text[n], rows, a, b);
		for (size_t k = 0; k < cells; k++)
			most = fmax(most, fabs(g[1][k]));
		const size_t k = worst_entry(g, cells);
		if (!lb_judge(f, LB_PART_FLOAT32, 1, fabs(g[0][k] - g[1][k]) <= 1e-5 * most))
			lb_buf_printf(&f->lines[LB_PART_FLOAT32], "(%s), %zu rows: gradient %.9g, in float64 %.9g\n", s.text[n], rows, g[0][k], g[1][k]);
	}
	return 0;
}
