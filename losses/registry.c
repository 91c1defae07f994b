#include "losses/precision_bridge.h"

#include <math.h>
#include <string.h>

size_t lb_loss_count(void)
{
	size_t n = 0;

	while (lb_loss_info_at_f64(n))
		n++;
	return n;
}

const struct lb_loss_info *lb_loss_at(size_t i)
{
	return lb_loss_info_at_f64(i);
}

const struct lb_loss_info *lb_loss_find(enum lb_kind kind, const char *name)
{
	const struct lb_loss_info *info;

	for (size_t i = 0; (info = lb_loss_at(i)); i++)
		if (info->kind == kind && !strcmp(info->base.name, name))
			return info;
	return NULL;
}

/* Returns the place in the registry; lb_loss_count() where it is not registered. */
static size_t place_of(const struct lb_loss_info *info)
{
	const struct lb_loss_info *other;
	size_t i = 0;

	while ((other = lb_loss_at(i)) && (other->kind != info->kind || strcmp(other->base.name, info->base.name)))
		i++;
	return i;
}

bool lb_loss_separable(const struct lb_loss_info *info)
{
	return info->by_formula ? info->kind != LB_EMBEDDING : lb_loss_has_row_f64(place_of(info));
}

bool lb_loss_weighs_rows(const struct lb_loss_info *info)
{
	return info->weighs_rows || lb_loss_separable(info);
}

bool lb_loss_gives_scores(const struct lb_loss_info *info)
{
	return info->kind != LB_EMBEDDING || lb_loss_has_scores_f64(place_of(info));
}

bool lb_loss_gives_curves(const struct lb_loss_info *info)
{
	return info->kind == LB_SURVIVAL && lb_loss_has_scores_f64(place_of(info));
}

bool lb_loss_reconstructs(const struct lb_loss_info *info)
{
	return info->kind == LB_REGRESSION && !info->needs && !info->targets && (info->by_formula || !lb_loss_has_state_f64(place_of(info)));
}

bool lb_loss_of_distances(const struct lb_loss_info *info)
{
	return lb_loss_has_matrix_f64(place_of(info));
}

size_t lb_loss_n_params(const struct lb_loss_info *info, const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return lb_loss_n_params_of_f64(info, par, shape);
}

size_t lb_loss_outputs(const struct lb_loss_info *info, const struct lb_arg *par)
{
	struct lb_output output;
	size_t n = 0;

	if (info->columns)
		return info->columns(par);
	while (info->output && info->output(par, n, &output))
		n++;
	return info->output ? n : 1;
}

size_t lb_loss_params_rows(const struct lb_loss_info *info, const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	const size_t each = info->per_class ? info->per_class(par) : 1;

	return info->params_for == LB_EACH_TARGET ? shape->c / lb_loss_outputs(info, par) : each * lb_how_many(info->params_for, shape->n_classes);
}

size_t lb_how_many(enum lb_one_for of, size_t n_classes)
{
	return of == LB_EACH_CLASS ? n_classes : of == LB_EACH_STEP ? n_classes - 1 : 1;
}

const char *lb_statistic_name(enum lb_statistic says)
{
	static const char *const names[LB_N_STATISTICS] = { [LB_MEAN] = "mean", [LB_LOG_VARIANCE] = "sd", [LB_QUANTILE] = "quantile",
						     [LB_PARAMETER] = "parameter" };

	return names[says];
}

enum lb_kind lb_kind_of_data(enum lb_kind kind)
{
	return kind == LB_EMBEDDING || kind == LB_DISTILLATION ? LB_MULTICLASS : kind;
}

bool lb_kind_of_columns(enum lb_kind kind)
{
	return kind == LB_REGRESSION || kind == LB_MULTILABEL || kind == LB_RANKING || kind == LB_SURVIVAL;
}

bool lb_kind_of_labels(enum lb_kind kind)
{
	return !lb_kind_of_columns(kind) || kind == LB_SURVIVAL;
}

bool lb_kind_of_targets(enum lb_kind kind)
{
	return kind == LB_REGRESSION || kind == LB_RANKING || kind == LB_SURVIVAL;
}

const char *lb_kind_name(enum lb_kind kind)
{
	static const char *const names[LB_N_KINDS] = {
		[LB_MULTICLASS] = "multiclass",
		[LB_BINARY] = "binary",
		[LB_REGRESSION] = "regression",
		[LB_EMBEDDING] = "embedding",
		[LB_DISTILLATION] = "distillation",
		[LB_MULTILABEL] = "multilabel",
		[LB_RANKING] = "ranking",
		[LB_SURVIVAL] = "survival",
		[LB_ANOMALY] = "anomaly",
	};
	return names[kind];
}

const char *lb_property_name(unsigned bit)
{
	static const struct {
		unsigned bit;
		const char *name;
	} properties[] = {
		{ LB_NONNEGATIVE, "nonnegative" }, { LB_CONVEX, "convex" },
		{ LB_SMOOTH, "smooth" },           { LB_SHIFT_INVARIANT, "shift-invariant" },
		{ LB_SYMMETRIC, "symmetric" },     { LB_BOUNDED, "bounded" },
		{ LB_PROPER, "proper" },           { LB_CALIBRATED, "calibrated" },
	};
	for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
		if (properties[i].bit == bit)
			return properties[i].name;
	return "unknown";
}

static const struct {
	const char *text;
	double min, below;
	bool open;               /* min itself is not allowed */
} target_ranges[LB_N_TARGETS] = {
	[LB_ANY_TARGETS] = { "any number", -(double)INFINITY, (double)INFINITY, false },
	[LB_TARGETS_NOT_NEGATIVE] = { ">= 0", 0, (double)INFINITY, false },
	[LB_TARGETS_POSITIVE] = { "> 0", 0, (double)INFINITY, true },
	[LB_TARGETS_ABOVE_MINUS_ONE] = { "> -1", -1, (double)INFINITY, true },
	[LB_TARGETS_SHARES] = { "between 0 and 1", 0, 1, true },
};

const char *lb_targets_text(enum lb_targets targets)
{
	return target_ranges[targets].text;
}

bool lb_targets_allow(enum lb_targets targets, double t)
{
	const double min = target_ranges[targets].min, below = target_ranges[targets].below;

	return (target_ranges[targets].open ? t > min : t >= min) && (t < below || isinf(below));
}
