#include "core/run/targets.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/run/trial_constraints.h"
#include "core/run/uses.h"
#include "datasets/sampling/forget_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int lb_targets_check(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_err *err)
{
	const struct lb_component_use *use = &spec->corrupt.labels;
	const struct lb_corruption *corruption = (const struct lb_corruption *)use->info;

	return data->y && corruption->check ? corruption->check(use->par, data->n_classes, err) : 0;
}

/* Corrupts labels by the classes that the rows have alone, numbered in their order: so that none
 * becomes one of a class that is held out of these rows. */
static int corrupt_among(const struct lb_corruption *corruption, struct lb_noise noise, int32_t *y, struct lb_err *err)
{
	int32_t *place = lb_alloc(noise.n_classes, sizeof *place, err), *class = lb_alloc(noise.n_classes, sizeof *class, err);
	size_t classes = 0;
	int rc = place && class ? 0 : -1;

	for (size_t i = 0; !rc && i < noise.n; i++)
		place[y[noise.rows[i]]] = 1;
	for (size_t k = 0; !rc && k < noise.n_classes; k++)
		if (place[k]) {
			place[k] = (int32_t)classes;
			class[classes++] = (int32_t)k;
		}
	noise.n_classes = classes;
	for (size_t i = 0; !rc && i < noise.n; i++)
		y[noise.rows[i]] = place[y[noise.rows[i]]];
	rc = rc ? rc : corruption->apply(&noise, y, err);
	for (size_t i = 0; !rc && i < noise.n; i++)
		y[noise.rows[i]] = class[y[noise.rows[i]]];
	free(place);
	free(class);
	return rc;
}

/* Corrupts labels of the training rows, and of the validation rows unless the block says valid:
 * false. */
static int prepare_labels(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err)
{
	const struct lb_component_use *use = &p->spec.corrupt.labels;
	const struct lb_corruption *corruption = (const struct lb_corruption *)use->info;
	int rc = 0;

	if (!data->y)
		return 0;
	if (!(p->y = lb_alloc(data->n, sizeof *p->y, err)))
		return -1;
	memcpy(p->y, data->y, data->n * sizeof *p->y);
	p->setup.y = p->y;
	for (int part = LB_TRAIN; part <= LB_VALID && !rc; part++) {
		const struct lb_noise noise = { .par = use->par, .n_classes = data->n_classes, .rows = p->split.rows[part], .n = p->split.n[part],
						.seed = (uint64_t)lb_use_number(use, "seed", 0), .features = &p->features };
		const bool among = p->split.by_class && !(corruption->names_classes && corruption->names_classes(use->par));
		if (part == LB_TRAIN || lb_use_number(use, "valid", 1) > 0)
			rc = among ? corrupt_among(corruption, noise, p->y, err) : corruption->apply(&noise, p->y, err);
	}
	if (!rc && !memcmp(p->y, data->y, data->n * sizeof *p->y))
		p->setup.y = data->y;    /* one copy in the cache for all trials of a cohort */
	return rc;
}

int lb_targets_suit(const struct lb_loss_info *loss, const char *path, const double *target, size_t targets, const uint32_t *rows, size_t n,
		    const char *after, struct lb_err *err)
{
	for (size_t i = 0; loss->targets && i < n * targets; i++) {
		const size_t row = rows[i / targets];
		const double t = target[row * targets + i % targets];
		if (!lb_targets_allow(loss->targets, t))
			return lb_fail(err, LB_CONFIG, "%s: found %s with a target of %g in row %zu of the data%s, allowed: targets %s; take another "
				       "loss, or %s", path, loss->base.name, t, row + 1, after, lb_targets_text(loss->targets),
				       *after ? "less noise" : "mend or leave out such rows");
	}
	return 0;
}

/* Refuses targets that a loss of the trial is not defined for, in the training rows. */
static int losses_suit(const struct lb_prepared *p, const struct lb_dataset *data, const double *target, const char *after, struct lb_err *err)
{
	const struct lb_component_use *loss[LB_MOST_TERMS];
	const size_t losses = lb_used_losses(&p->spec, loss);
	int rc = 0;

	for (size_t i = 0; !rc && i < losses; i++)
		rc = lb_targets_suit(lb_used_loss(loss[i]), lb_loss_path(i), target, data->n_targets, p->split.rows[LB_TRAIN], p->split.n[LB_TRAIN],
				     after, err);
	return rc;
}

/* Corrupts targets, or labels of a multi-label task, of the same rows. */
static int prepare_noisy_targets(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err)
{
	const struct lb_component_use *use = &p->spec.corrupt.labels;
	const struct lb_corruption *corruption = (const struct lb_corruption *)use->info;
	int rc = 0;

	if (!data->target || !use->info->n_params)
		return 0;
	if (!(p->target = lb_alloc(data->n * data->n_targets, sizeof *p->target, err)))
		return -1;
	memcpy(p->target, data->target, data->n * data->n_targets * sizeof *p->target);
	p->setup.target = p->target;
	for (int part = LB_TRAIN; part <= LB_VALID && !rc; part++) {
		const struct lb_noise noise = { .par = use->par, .n_classes = data->n_classes, .rows = p->split.rows[part], .n = p->split.n[part],
						.seed = (uint64_t)lb_use_number(use, "seed", 0), .features = &p->features,
						.train = p->split.rows[LB_TRAIN], .n_train = p->split.n[LB_TRAIN] };
		if (part == LB_TRAIN || lb_use_number(use, "valid", 1) > 0)
			rc = corruption->apply_targets(&noise, p->target, err);
	}
	return rc || data->kind != LB_REGRESSION ? rc : losses_suit(p, data, p->target, " after corrupt.labels", err);
}

/* The means that bags of the training rows have, as they are told. */
static int prepare_bags(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err)
{
	const struct lb_component_use *use = &p->spec.corrupt.bags;
	const struct lb_bag_noise *noise = (const struct lb_bag_noise *)(use->info ? use->info : lb_bag_noises[0]);
	const size_t n = data->n * data->n_targets;

	if (!p->split.bag || data->kind != LB_REGRESSION)
		return 0;
	if (!(p->taught = lb_alloc(n, sizeof *p->taught, err)))
		return -1;
	memcpy(p->taught, lb_setup_target(&p->setup, data), n * sizeof *p->taught);
	lb_bags_share_means(noise, use->par, (uint64_t)lb_use_number(use, "seed", 0), &p->split, data->n_targets, p->taught);
	p->setup.taught = p->taught;
	return losses_suit(p, data, p->taught, " after corrupt.bags", err);
}

/* Constant features are 0 once standardized; a categorical column of one value is one feature that
 * is always 1. */
static int warn_constant_features(struct lb_prepared *p, struct lb_err *err)
{
	static const char text[] = "no feature changes in the training rows, so that a model can only learn one answer for all rows";
	const struct lb_encoding *e = &p->features;
	size_t moving = e->d - e->data->x.d > e->data->n_cat;

	for (size_t j = 0; j < e->data->x.d; j++)
		moving += e->scale[j] > 0;
	if (moving)
		return 0;
	lb_warn("%s", text);
	return lb_sentences_add(&p->warnings, text, err);
}

/* The warnings of the labels as the training sees them. Those that label noise has brought about
 * have not been said before. */
static int prepare_warnings(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err)
{
	const struct lb_split all = lb_forget_before(&p->split);
	struct lb_sentences before = { 0 };
	struct lb_dataset seen = *data;  /* borrows all but the targets from it */

	seen.target = p->target ? p->target : data->target;
	int rc = lb_labels_warn(&seen, &all, p->setup.y, &p->warnings, err);
	if (p->setup.y == data->y && !p->target)
		return rc;
	if (!rc)
		rc = lb_labels_check(&seen, &p->split, p->setup.y, "corrupt.labels has made them so; lower its rate", err) ||
				     lb_labels_warn(data, &p->split, data->y, &before, err) ? -1 : 0;
	for (size_t i = 0; !rc && i < p->warnings.n; i++)
		if (!lb_sentences_have(&before, p->warnings.text[i]))
			lb_warn("with corrupt.labels, %s", p->warnings.text[i]);
	lb_sentences_free(&before);
	return rc;
}

/* Returns the weight that the config gives a class, by name or in order; 1 where it gives none. */
static double given_weight(const struct lb_train_spec *train, const struct lb_dataset *data, size_t c)
{
	const struct lb_list *list = &train->class_weight;

	if (train->scale_pos_weight > 0)
		return c == 1 ? train->scale_pos_weight : 1;
	if (list->n && !list->text[0])
		return list->number[c];
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->text[i], data->class_name[c]))
			return list->number[i];
	return 1;
}

/* The weight of each class into weight (n_classes): n/(C n_c) when balanced, else as the config
 * says. */
static void weigh_classes(const struct lb_prepared *p, const struct lb_dataset *data, double *weight)
{
	const bool balanced = p->spec.train.class_weight.word.at == LB_CLASS_WEIGHT_BALANCED;
	const size_t n = p->split.n[LB_TRAIN];

	for (size_t i = 0; balanced && i < n; i++)
		weight[p->y[p->split.rows[LB_TRAIN][i]]]++;
	for (size_t c = 0; c < data->n_classes; c++)
		weight[c] = balanced && weight[c] > 0 ? (double)n / ((double)data->n_classes * weight[c]) : given_weight(&p->spec.train, data, c);
}

/* data.weight times the class weight, scaled to mean 1 over the training rows. */
static int prepare_weights(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err)
{
	const size_t n = p->split.n[LB_TRAIN];
	double sum = 0;

	if (!lb_rows_weighted(&p->spec))
		return 0;
	double *weight = lb_alloc(data->n_classes + 1, sizeof *weight, err);
	if (!weight || !(p->row_weight = lb_alloc(data->n, sizeof *p->row_weight, err))) {
		free(weight);
		return -1;
	}
	if (data->y)
		weigh_classes(p, data, weight);
	for (size_t i = 0; i < data->n; i++) {
		p->row_weight[i] = data->weight ? data->weight[i] : 1;
		if (data->y)
			p->row_weight[i] *= weight[p->y[i]];
	}
	for (size_t i = 0; i < n; i++)
		sum += p->row_weight[p->split.rows[LB_TRAIN][i]];
	free(weight);
	if (!(sum > 0))
		return lb_fail(err, LB_DATA, "data.weight: the weights of the training rows sum to %g; allowed: more than 0", sum);
	for (size_t i = 0; i < data->n; i++)
		p->row_weight[i] *= (double)n / sum;
	if (!lb_used_sampling(&p->spec)->by_weight)
		p->setup.row_weight = p->row_weight;
	return 0;
}

/* Of a target that never changes in the training rows the unit is 1. */
static int prepare_units(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err)
{
	const uint32_t *rows = p->split.rows[LB_TRAIN];
	const size_t n = p->split.n[LB_TRAIN];
	const double *target = lb_setup_taught(&p->setup, data);

	if (p->spec.data.preprocess.target.at != LB_TARGET_STANDARDIZED)
		return 0;
	if (!(p->unit = lb_alloc(data->n_targets, sizeof *p->unit, err)))
		return -1;
	for (size_t t = 0; t < data->n_targets; t++) {
		const double mean = lb_target_mean(target, data->n_targets, rows, n, t), sd = lb_target_sd(target, data->n_targets, rows, n, t, mean);
		if (!isfinite(mean) || !isfinite(sd))
			return lb_fail(err, LB_DATA, "data.preprocess.target: the targets are too large to be standardized; divide them first");
		p->unit[t] = (struct lb_unit){ mean, sd > 0 ? sd : 1 };
	}
	p->setup.unit = p->unit;
	return 0;
}

int lb_targets_prepare(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err)
{
	return prepare_labels(p, data, err) || prepare_noisy_targets(p, data, err) || prepare_bags(p, data, err) || prepare_warnings(p, data, err) || warn_constant_features(p, err) ||
			       prepare_weights(p, data, err) ||
			       prepare_units(p, data, err) ? -1 : 0;
}
