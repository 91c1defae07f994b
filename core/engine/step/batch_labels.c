#include "core/engine/step/batch_labels.h"

#include <string.h>

/* The row of the dataset whose labels row i of the batch takes. */
static size_t label_row(const struct lb_step *s, const struct lb_label_set *set, size_t i)
{
	return s->batch->rows[set->of ? set->of[i] : i];
}

/* The weight of row i's loss; with soft labels, of its loss as one of class k. */
static real weight_of(const struct lb_step *s, const struct lb_label_set *set, size_t row, size_t i, size_t k)
{
	const struct lb_setup *setup = s->l->setup;
	const real given = (setup->row_weight ? (real)setup->row_weight[row] : R(1.0)) * (s->row_weight ? s->row_weight[i] : R(1.0));

	if (set->soft)
		return given * (real)set->soft[i * s->l->stats.n_classes + k];
	return setup->soft_labels ? given * (real)setup->soft_labels[row * s->l->stats.n_classes + k] : given;
}

/* to (b, c), unless NULL <- what `from` (rows of the dataset, c) has of the batch's rows, in the
 * units of the targets. */
static void gather_columns(const struct lb_step *s, const struct lb_label_set *set, const double *from, size_t c, real *to)
{
	for (size_t i = 0; to && i < s->batch->b * c; i++) {
		const double v = from[label_row(s, set, i / c) * c + i % c];
		const struct lb_unit *unit = s->l->setup->unit ? &s->l->setup->unit[i % c] : NULL;
		to[i] = (real)(unit ? (v - unit->mean) / unit->sd : v);
	}
}

/* l->target <- the features of the batch's rows as they are, before procedures change them. */
static void gather_features(const struct lb_step *s, const struct lb_label_set *set)
{
	const size_t d = s->c->features->d;

	for (size_t i = 0; i < s->batch->b; i++)
		memcpy(s->l->target + i * d, s->batch->input->x + (set->of ? set->of[i] : i) * d, d * sizeof *s->l->target);
}

/* l->target <- the centre, which is 0 in the units of the targets. */
static void gather_centre(const struct lb_step *s, size_t c)
{
	for (size_t i = 0; i < s->batch->b * c; i++)
		s->l->target[i] = (real)-s->l->setup->unit[i % c].mean;
}

void lb_gather_labels(const struct lb_step *s, const struct lb_label_set *set, size_t k)
{
	struct lb_learner *l = s->l;
	const struct lb_setup *setup = l->setup;
	const double *target = setup->teacher && !l->teacher ? setup->teacher : lb_setup_taught(setup, s->c->features->data);
	const int32_t *y = s->c->kind == LB_SURVIVAL ? s->c->features->data->event : set->y ? set->y : setup->y;
	const size_t b = s->batch->b, c = lb_setup_targets(setup);

	for (size_t i = 0; l->y && i < b; i++)
		l->y[i] = setup->soft_labels || set->soft ? (int32_t)k : y[label_row(s, set, i)];
	for (size_t i = 0; l->group && i < b; i++)
		l->group[i] = lb_cohort_group(s->c, s->batch->id[set->of ? set->of[i] : i]);
	for (size_t i = 0; l->weight && i < b; i++)
		l->weight[i] = weight_of(s, set, label_row(s, set, i), i, k);
	if (setup->centred)
		gather_centre(s, c);
	else if (lb_setup_reconstructs(setup))
		gather_features(s, set);
	else
		gather_columns(s, set, target, c, l->target);
	gather_columns(s, set, setup->teacher, c, l->teacher);
	gather_columns(s, set, setup->second_teacher, c, l->second_teacher);
	for (size_t i = 0, n = setup->guide_columns; l->guide && i < b * n; i++)
		l->guide[i] = (real)setup->guide[label_row(s, set, i / n) * n + i % n];
}

bool lb_weighs_rows(const struct lb_step *s)
{
	return s->l->setup->row_weight || s->l->setup->soft_labels || s->row_weight || s->set[0].soft;
}

const real *lb_loss_weights(const struct lb_step *s, const struct lb_loss_in_use *t)
{
	struct lb_learner *l = s->l;
	const real *given = lb_weighs_rows(s) ? l->weight : NULL;

	for (size_t i = 0; t->part && i < s->batch->b; i++)
		l->part_weight[i] = (given ? given[i] : R(1.0)) * (real)t->part[s->batch->rows[i]];
	return t->part ? l->part_weight : given;
}
