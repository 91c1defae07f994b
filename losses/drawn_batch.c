#include "losses/drawn_batch.h"

#include "core/base/text.h"
#include "losses/eval.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const double lb_drawn_counts[LB_DRAWN_CLASSES] = { 40, 3, 0, 700, 1, 12, 5000, 12, 90, 2 };

/* ---- settings ---- */

void lb_setting_text(const struct lb_param *p, const struct lb_arg *arg, char text[64])
{
	char number[LB_DOUBLE_TEXT];

	lb_double_text(arg->v, number);
	snprintf(text, 64, "%.30s=%.30s", p->name, arg->text ? arg->text : p->type == LB_BOOL_PARAM ? arg->v > 0 ? "true" : "false" : number);
}

static int add_setting(struct lb_subject *s, int k, double v)
{
	const struct lb_param *p = &s->info->base.params[k];

	if (s->n == LB_SUBJECT_SETTINGS)
		return lb_fail(s->err, LB_CONFIG, "%s: found more than %d settings in the grids and choices of its parameters, allowed: at most that", s->info->base.name,
			       LB_SUBJECT_SETTINGS);
	struct lb_arg *par = s->settings[s->n];
	memcpy(par, s->settings[0], sizeof s->settings[0]);
	par[k].v = v;
	if (p->type == LB_CHOICE_PARAM)
		par[k].text = p->choices[(size_t)v];
	lb_setting_text(p, &par[k], s->text[s->n++]);
	return 0;
}

static int add_settings(struct lb_subject *s, int k)
{
	const struct lb_param *p = &s->info->base.params[k];
	int rc = 0;

	for (int j = 0; j < p->n_grid && !rc; j++)
		rc = add_setting(s, k, p->grid[j]);
	for (int j = 0; p->type == LB_CHOICE_PARAM && p->choices[j] && !rc; j++)
		rc = add_setting(s, k, j);
	for (int j = 0; p->type == LB_BOOL_PARAM && !p->n_grid && j < 2 && !rc; j++)
		rc = add_setting(s, k, j);
	return rc;
}

/* A default in the place of its copy. */
static void borrow(const struct lb_param *p, struct lb_arg *arg)
{
	if (p->type == LB_TEXT_PARAM)
		arg->text = p->fixed;
	if (p->type == LB_CHOICE_PARAM)
		arg->text = p->choices[(size_t)arg->v];
	if (p->type == LB_REALS_PARAM || p->type == LB_INTS_PARAM)
		arg->list = p->def_list;
}

int lb_subject_open(struct lb_subject *s, const struct lb_loss_info *info, struct lb_err *err)
{
	struct lb_arg_store store = { 0 };

	s->info = info;
	s->err = err;
	s->failed = false;
	s->n = 1;
	strcpy(s->text[0], "defaults");
	if (info->base.n_params > LB_SUBJECT_PARAMS)
		return lb_fail(err, LB_CONFIG, "%s: found %d parameters, allowed: at most %d", info->base.name, info->base.n_params, LB_SUBJECT_PARAMS);
	int rc = lb_args_from_text(&info->base, "", s->settings[0], &store, err);
	for (int k = 0; k < info->base.n_params && !rc; k++)
		borrow(&info->base.params[k], &s->settings[0][k]);
	for (int k = 0; k < info->base.n_params && !rc; k++)
		rc = add_settings(s, k);
	lb_args_free(&store);
	return rc;
}

/* ---- batches ---- */

size_t lb_drawn_views(const struct lb_loss_info *info)
{
	return info->kind != LB_EMBEDDING || !(info->needs & LB_NEEDS_VIEWS) ? 1 : info->needs & LB_NEEDS_MIXED_VIEW ? 3 : 2;
}

size_t lb_drawn_targets(const struct lb_loss_info *info, const struct lb_loss_input *in)
{
	return in->c / lb_loss_outputs(info, in->par);
}

/* A target, or what stands in its place, for entry k. */
static double draw_target(const struct lb_loss_info *info, size_t k, struct lb_rng *rng)
{
	double t = info->kind == LB_MULTILABEL ? (double)lb_rng_below(rng, 5) / 2 - 1 : lb_rng_normal(rng);

	if (info->targets == LB_TARGETS_NOT_NEGATIVE && k % 3 == 0)
		t = 0;
	if (!lb_targets_allow(info->targets, t))
		t = (t > -1 ? 0.1 : 1) * fabs(t * t * t) + 1e-3; /* of all sizes */
	if (!lb_targets_allow(info->targets, t)) /* shares */
		t = 1 / (1 + t);
	if (info->kind == LB_RANKING)
		t = (double)lb_rng_below(rng, 4);
	if (info->kind == LB_SURVIVAL)
		t = pow((double)(1 + lb_rng_below(rng, 9)), 4) / 400; /* of all sizes, some equal */
	if (info->kind == LB_MULTILABEL)
		t = t < 0 ? -(t < -0.5) : t > 0;
	return t;
}

static double draw_single(struct lb_rng *rng, double scale)
{
	return (double)(float)(scale * lb_rng_normal(rng));
}

/* The scores of all views, and the targets. */
static void draw_scores(struct lb_drawn *d, const struct lb_loss_info *info, size_t cells, size_t outputs, double scale, struct lb_rng *rng)
{
	for (size_t k = 0; k < cells; k++) {
		d->z[k] = draw_single(rng, scale);
		d->t[k] = draw_target(info, k, rng);
	}
	for (size_t k = 0; outputs > 1 && info->kind == LB_REGRESSION && !info->targets && k < cells / outputs && d->z[0] > scale; k++) /* now and then targets that are met */
		d->t[k] = (double)(float)(d->z[k * outputs + outputs / 3] + 0.01 * d->t[k]);
	for (size_t k = cells; k < lb_drawn_views(info) * cells; k++)
		d->z[k] = draw_single(rng, scale);
}

/* Partners, queries or bags of some rows, and labels. */
static void draw_rows(struct lb_drawn *d, const struct lb_loss_info *info, size_t b, size_t classes, struct lb_rng *rng)
{
	const bool grouped = info->kind == LB_RANKING || info->needs & LB_NEEDS_BAGS;

	for (size_t i = 0; i < b; i++)
		d->partner[i] = (uint32_t)(b - 1 - i);
	for (size_t i = 0; i < b; i++)
		d->group[i] = i ? d->group[i - 1] + (grouped && lb_rng_below(rng, 4) == 0) : 0;
	for (size_t i = 0; i < b; i++)
		d->y[i] = info->kind == LB_BINARY ? (int32_t)(i % 2) : (int32_t)lb_rng_below(rng, info->kind == LB_SURVIVAL ? 2 : classes);
}

/* A formula divides by the counts as they are: to it no class is without rows. */
static void set_counts(struct lb_drawn *d, const struct lb_loss_info *info)
{
	for (size_t k = 0; k < LB_DRAWN_CLASSES; k++)
		d->counts[k] = info->by_formula && lb_drawn_counts[k] < 1 ? 1 : lb_drawn_counts[k];
}

static size_t drawn_columns(const struct lb_loss_info *info, size_t c, size_t outputs)
{
	if (info->kind == LB_BINARY || info->kind == LB_RANKING)
		return 1;
	if (info->scores_for)
		return lb_how_many(info->scores_for, c);
	return info->kind == LB_SURVIVAL ? outputs : (c + outputs - 1) / outputs * outputs;
}

void lb_draw_batch(struct lb_drawn *d, struct lb_subject *s, const struct lb_arg *par, size_t b, size_t of_c, double scale, struct lb_rng *rng)
{
	const struct lb_loss_info *info = s->info;
	const enum lb_kind kind = info->kind;
	const bool targets = lb_kind_of_columns(kind) || kind == LB_DISTILLATION, inputs = info->needs & (LB_NEEDS_INPUTS | LB_NEEDS_GUIDE);
	const size_t outputs = lb_loss_outputs(info, par), views = lb_drawn_views(info), classes = info->scores_for ? of_c : 0, c = drawn_columns(info, of_c, outputs);
	const size_t n_inputs = info->needs & LB_NEEDS_GUIDE && kind == LB_EMBEDDING ? c : LB_DRAWN_FEATURES; /* a guide's rows are as long as embeddings, a teacher's as features */
	const struct lb_loss_shape shape = { .b = b, .c = c, .views = views, .n_hidden = LB_DRAWN_FEATURES, .n_guide = n_inputs, .n_classes = classes ? classes : c };
	const size_t n_params = lb_loss_n_params(info, par, &shape);

	d->in = (struct lb_loss_input){ .par = par };
	if (b > LB_DRAWN_ROWS || views * b * c > LB_DRAWN_CELLS || n_params > LB_DRAWN_CELLS || b * n_inputs > LB_DRAWN_CELLS) {
		lb_fail(s->err, LB_CONFIG, "%s: found %zu parameters of its own and %zu columns for %zu rows, allowed: at most %d numbers of each", info->base.name, n_params,
			views * c, b, LB_DRAWN_CELLS);
		s->failed = true;
		return;
	}
	draw_scores(d, info, b * c, outputs, scale, rng);
	draw_rows(d, info, b, classes ? classes : c, rng);
	for (size_t k = 0; info->needs & LB_NEEDS_FEATURES && k < views * b * LB_DRAWN_FEATURES; k++)
		d->h[k] = draw_single(rng, 1);
	for (size_t k = 0; inputs && k < b * n_inputs; k++)
		d->x[k] = draw_single(rng, 1);
	for (size_t k = 0; info->needs & LB_NEEDS_TEACHER && k < b * c; k++)
		d->teacher[k] = draw_single(rng, 1);
	for (size_t k = 0; info->needs & LB_NEEDS_SECOND_TEACHER && k < b * c; k++)
		d->second_teacher[k] = draw_single(rng, 1);
	for (size_t k = 0; k < n_params; k++)
		d->params[k] = draw_single(rng, 1);
	set_counts(d, info);
	d->in = (struct lb_loss_input){ .b = b, .c = c, .n_classes = classes, .views = views, .partner = d->partner, .mix = 0.3, .z = d->z, .par = par,
					.y = lb_kind_of_labels(kind) ? d->y : NULL, .t = targets ? d->t : NULL, .group = d->group,
					.counts = lb_kind_of_targets(kind) ? NULL : d->counts, .params = d->params,
					.hidden = info->needs & LB_NEEDS_FEATURES ? d->h : NULL, .n_hidden = LB_DRAWN_FEATURES,
					.inputs = inputs ? d->x : NULL, .n_inputs = n_inputs, .teacher = info->needs & LB_NEEDS_TEACHER ? d->teacher : NULL,
					.second_teacher = info->needs & LB_NEEDS_SECOND_TEACHER ? d->second_teacher : NULL };
}

void lb_drawn_copy(struct lb_drawn *to, const struct lb_drawn *from)
{
	struct lb_loss_input *in = &to->in;

	*to = *from;
	in->z = to->z;
	in->y = in->y ? to->y : NULL;
	in->t = in->t ? to->t : NULL;
	in->group = to->group;
	in->partner = to->partner;
	in->counts = in->counts ? to->counts : NULL;
	in->params = to->params;
	in->hidden = in->hidden ? to->h : NULL;
	in->inputs = in->inputs ? to->x : NULL;
	in->teacher = in->teacher ? to->teacher : NULL;
	in->second_teacher = in->second_teacher ? to->second_teacher : NULL;
}

/* ---- values ---- */

static double evaluated(struct lb_subject *s, int precision, const struct lb_loss_input *in, double *g)
{
	double value = (double)NAN;

	if (!s->failed && lb_loss_eval(s->info, precision, in, &value, g, s->err))
		s->failed = true;
	return s->failed ? (double)NAN : value;
}

double lb_subject_eval(struct lb_subject *s, int precision, const struct lb_drawn *d, double *g)
{
	return evaluated(s, precision, &d->in, g);
}

double lb_subject_value(struct lb_subject *s, const struct lb_drawn *d, const double *z)
{
	struct lb_loss_input moved = d->in;

	moved.z = z;
	return evaluated(s, 64, &moved, NULL);
}

double lb_far(double a, double b)
{
	return fabs(a - b) / fmax(1, fmax(fabs(a), fabs(b)));
}
