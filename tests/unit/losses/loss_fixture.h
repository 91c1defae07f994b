/* What the tests of losses share: a loss with the settings to go through, random batches, its
 * value. Random numbers: seed 7. */
#ifndef LB_LOSS_FIXTURE_H
#define LB_LOSS_FIXTURE_H

#include "tests/unit/suite.h"

#include "core/numeric/rng.h"
#include "losses/eval.h"

#include <math.h>
#include <string.h>

enum { MOST_ROWS = 64, MOST_CELLS = 2000, FEATURES = 4, MOST_CLASSES = 10, MOST_PARAMS = 16, MOST_SETTINGS = 64, SEED = 7, TRIES = 300 };

/* Training rows of each class: uneven, one class without any. */
static const double class_counts[] = { 40, 3, 0, 700, 1, 12, 5000, 12, 90, 2 };

/* A loss with every setting of its parameters that the tests go through: the defaults, each grid
 * point, each choice, yes and no. */
struct subject {
	const struct lb_loss_info *info;
	struct lb_arg settings[MOST_SETTINGS][MOST_PARAMS];
	size_t n;
};

struct data {
	double z[MOST_CELLS], t[MOST_CELLS], h[3 * MOST_ROWS * FEATURES], x[MOST_CELLS], teacher[MOST_ROWS], params[MOST_CELLS], counts[MOST_CLASSES];
	int32_t y[MOST_ROWS], group[MOST_ROWS];
	uint32_t partner[MOST_ROWS];
	struct lb_loss_input in;
};

static inline void add_setting(struct subject *s, int k, double v)
{
	const struct lb_param *p = &s->info->base.params[k];
	struct lb_arg *par = s->settings[s->n++];

	ck_assert_uint_le(s->n, MOST_SETTINGS);
	memcpy(par, s->settings[0], sizeof s->settings[0]);
	par[k].v = v;
	if (p->type == LB_CHOICE_PARAM)
		par[k].text = p->choices[(size_t)v];
}

static inline void set_up(struct subject *s, int i)
{
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };

	s->info = lb_loss_at((size_t)i);
	s->n = 1;
	ck_assert_msg(!lb_args_from_text(&s->info->base, "", s->settings[0], &store, &err), "%s", err.text);
	for (int k = 0; k < s->info->base.n_params; k++) {
		const struct lb_param *p = &s->info->base.params[k];
		for (int j = 0; j < p->n_grid; j++)
			add_setting(s, k, p->grid[j]);
		for (int j = 0; p->type == LB_CHOICE_PARAM && p->choices[j]; j++)
			add_setting(s, k, j);
		for (int j = 0; p->type == LB_BOOL_PARAM && !p->n_grid && j < 2; j++)
			add_setting(s, k, j);
	}
	lb_args_free(&store);
}

/* How often a property is tried: a loss of many outputs takes longer. */
static inline int tries(const struct subject *s, const struct lb_arg *par)
{
	return lb_loss_outputs(s->info, par) > 12 ? TRIES / 10 : TRIES;
}

/* Blocks of rows that a batch of the loss holds. One of scores sees one view, which its
 * identities are of. */
static inline size_t views_of(const struct subject *s)
{
	return s->info->kind != LB_EMBEDDING || !(s->info->needs & LB_NEEDS_VIEWS) ? 1 : s->info->needs & LB_NEEDS_MIXED_VIEW ? 3 : 2;
}

/* Columns of targets for so many of z. */
static inline size_t targets_of(const struct subject *s, const struct lb_loss_input *in)
{
	return in->c / lb_loss_outputs(s->info, in->par);
}

/* b rows of c columns, or of the next number that is whole targets, or of the scores of c
 * classes. */
static inline void draw(struct data *d, const struct subject *s, const struct lb_arg *par, size_t b, size_t c, double scale,
		 struct lb_rng *rng)
{
	const enum lb_kind kind = s->info->kind;
	const bool targets = lb_kind_of_columns(kind) || kind == LB_DISTILLATION;

	const size_t outputs = lb_loss_outputs(s->info, par);

	const size_t classes = s->info->scores_for ? c : 0;

	c = kind == LB_BINARY || kind == LB_RANKING ? 1 : classes ? lb_how_many(s->info->scores_for, classes) :
	    kind == LB_SURVIVAL ? outputs : (c + outputs - 1) / outputs * outputs;
	const size_t n_inputs = s->info->needs & LB_NEEDS_GUIDE ? c : FEATURES; /* a guide's rows are as long as embeddings */

	for (size_t k = 0; k < b * c; k++) {
		d->z[k] = (double)(float)(scale * lb_rng_normal(rng));
		d->t[k] = kind == LB_MULTILABEL ? (double)lb_rng_below(rng, 5) / 2 - 1 : lb_rng_normal(rng);
		if (s->info->targets == LB_TARGETS_NOT_NEGATIVE && k % 3 == 0)
			d->t[k] = 0;
		if (!lb_targets_allow(s->info->targets, d->t[k]))
			d->t[k] = (d->t[k] > -1 ? 0.1 : 1) * fabs(d->t[k] * d->t[k] * d->t[k]) + 1e-3; /* of all sizes */
		if (!lb_targets_allow(s->info->targets, d->t[k])) /* shares */
			d->t[k] = 1 / (1 + d->t[k]);
		if (kind == LB_RANKING)
			d->t[k] = (double)lb_rng_below(rng, 4);
		if (kind == LB_SURVIVAL)
			d->t[k] = pow((double)(1 + lb_rng_below(rng, 9)), 4) / 400; /* of all sizes, some equal */
		if (kind == LB_MULTILABEL)
			d->t[k] = d->t[k] < 0 ? -(d->t[k] < -0.5) : d->t[k] > 0;
	}
	for (size_t k = 0; outputs > 1 && kind == LB_REGRESSION && !s->info->targets && k < b * c / outputs && d->z[0] > scale; k++) /* now and then targets that are met */
		d->t[k] = (double)(float)(d->z[k * outputs + outputs / 3] + 0.01 * d->t[k]);
	for (size_t k = b * c; k < views_of(s) * b * c; k++)
		d->z[k] = (double)(float)(scale * lb_rng_normal(rng));
	for (size_t i = 0; i < b; i++)
		d->partner[i] = (uint32_t)(b - 1 - i);
	for (size_t i = 0; i < b; i++)
		d->group[i] = i ? d->group[i - 1] + ((kind == LB_RANKING || s->info->needs & LB_NEEDS_BAGS) && lb_rng_below(rng, 4) == 0) : 0; /* queries, bags of some rows */
	for (size_t i = 0; i < b; i++)
		d->y[i] = kind == LB_BINARY ? (int32_t)(i % 2) : (int32_t)lb_rng_below(rng, kind == LB_SURVIVAL ? 2 : classes ? classes : c);
	for (size_t k = 0; s->info->needs & LB_NEEDS_FEATURES && k < views_of(s) * b * FEATURES; k++)
		d->h[k] = (double)(float)lb_rng_normal(rng);
	for (size_t k = 0; s->info->needs & (LB_NEEDS_INPUTS | LB_NEEDS_GUIDE) && k < b * n_inputs; k++)
		d->x[k] = (double)(float)lb_rng_normal(rng);
	for (size_t i = 0; s->info->needs & LB_NEEDS_TEACHER && i < b; i++)
		d->teacher[i] = (double)(float)lb_rng_normal(rng);
	const struct lb_loss_shape shape = { .b = b, .c = c, .views = views_of(s), .n_hidden = FEATURES, .n_classes = classes ? classes : c };
	for (size_t k = 0; k < lb_loss_n_params(s->info, par, &shape); k++)
		d->params[k] = (double)(float)lb_rng_normal(rng);
	memcpy(d->counts, class_counts, sizeof class_counts);
	d->in = (struct lb_loss_input){ .b = b, .c = c, .n_classes = classes, .views = views_of(s), .partner = d->partner, .mix = 0.3, .z = d->z, .par = par, .y = lb_kind_of_labels(kind) ? d->y : NULL,
					.t = targets ? d->t : NULL, .group = d->group, .counts = lb_kind_of_targets(kind) ? NULL : d->counts, .params = d->params,
					.hidden = s->info->needs & LB_NEEDS_FEATURES ? d->h : NULL, .n_hidden = FEATURES,
					.inputs = s->info->needs & (LB_NEEDS_INPUTS | LB_NEEDS_GUIDE) ? d->x : NULL, .n_inputs = n_inputs,
					.teacher = s->info->needs & LB_NEEDS_TEACHER ? d->teacher : NULL };
}

/* An assertion of Check writes to a file each time: these are asked millions of times. */
static inline double evaluated(const struct subject *s, int precision, const struct lb_loss_input *in, double *g)
{
	double value;

	if (lb_loss_eval(s->info, precision, in, &value, g, NULL))
		ck_abort_msg("%s/%s cannot be evaluated", lb_kind_name(s->info->kind), s->info->base.name);
	return value;
}

static inline double eval(const struct subject *s, int precision, const struct data *d, double *g)
{
	return evaluated(s, precision, &d->in, g);
}

static inline double value_at(const struct subject *s, const struct data *d, const double *z)
{
	struct lb_loss_input moved = d->in;

	moved.z = z;
	return evaluated(s, 64, &moved, NULL);
}

static inline double far(double a, double b)
{
	return fabs(a - b) / fmax(1, fmax(fabs(a), fabs(b)));
}

#endif
