#include "core/run/trial_constraints.h"

#include "core/base/text.h"
#include "core/training/attack_info.h"
#include "core/training/augment_info.h"

#include <string.h>

static const char *const paths[LB_ATTACKS] = { "train.attack", "evaluate.attack" };

/* The objective of an attack that has one, else NULL. */
static const struct lb_arg *objective_of(const struct lb_component_use *use)
{
	return use && use->info->n_params > LB_ATTACK_OBJECTIVE ? &use->par[LB_ATTACK_OBJECTIVE] : NULL;
}

static bool has_objective(const struct lb_component_use *use, const char *name)
{
	const struct lb_arg *objective = objective_of(use);

	return objective && !strcmp(objective->text, name);
}

static int attack_has_dense_rows(const struct lb_facts *f, struct lb_err *err)
{
	for (int i = 0; i < LB_ATTACKS; i++)
		if (f->attack[i] && f->data->x.start)
			return lb_fail(err, LB_CONFIG, "%s: found %s with sparse data, of which an attack moves the zeros too; allowed: dense data "
				       "(`lossbench data convert FILE OUT.npz`), or remove it", paths[i], f->attack[i]->info->name);
	return 0;
}

static int closed_form_is_linear(const struct lb_facts *f, struct lb_err *err)
{
	for (int i = 0; i < LB_ATTACKS; i++) {
		if (!f->attack[i] || !(f->attack[i]->info->traits & LB_EXACT_ATTACK))
			continue;
		if (!(f->spec->model.info->traits & LB_ONE_LAYER))
			return lb_fail(err, LB_CONFIG, "%s: found closed_form with model %s, allowed: model linear; take kind pgd", paths[i], f->spec->model.info->name);
		if (lb_head_is_cosine(f->spec))
			return lb_fail(err, LB_CONFIG, "%s: found closed_form with model.head %s, whose scores are not linear in the rows; allowed: head "
				       "linear; take kind pgd", paths[i], f->spec->head.info->name);
	}
	return 0;
}

static int check_clip(const char *path, const struct lb_component_use *use, struct lb_err *err)
{
	const struct lb_arg *clip = &use->par[LB_ATTACK_CLIP];

	if (!clip->n)
		return 0;
	if (clip->n != 2 || !(clip->list[0] < clip->list[1]))
		return lb_fail(err, LB_CONFIG, "%s.clip: found %zu number%s%s, allowed: [lo, hi] with lo < hi, such as [0, 1]", path, clip->n,
			       lb_s(clip->n), clip->n == 2 ? " that do not ascend" : "");
	if (use->info->traits & LB_EXACT_ATTACK && (enum lb_attack_norm)use->par[LB_ATTACK_NORM].v == LB_ATTACK_L2)
		return lb_fail(err, LB_CONFIG, "%s.clip: found bounds with kind closed_form and norm l2, for which there is no closed form; remove "
			       "clip, or take norm linf or kind pgd", path);
	return 0;
}

static int clip_has_bounds(const struct lb_facts *f, struct lb_err *err)
{
	for (int i = 0; i < LB_ATTACKS; i++)
		if (f->attack[i] && check_clip(paths[i], f->attack[i], err))
			return -1;
	return 0;
}

static int check_objective(const char *path, const struct lb_component_use *use, bool training, const struct lb_dataset *data, struct lb_err *err)
{
	const bool one_score = data->kind == LB_BINARY;

	if (has_objective(use, "dlr") && (one_score || data->n_classes < 3))
		return lb_fail(err, LB_CONFIG, "%s.objective: found dlr with %s, allowed: ce, margin, probability_margin; dlr compares the first score "
			       "with the third", path, one_score ? "one score" : "two classes");
	if (has_objective(use, "all") && training)
		return lb_fail(err, LB_CONFIG, "%s.objective: found all, allowed: one of them; all is for evaluate.attack", path);
	if (!has_objective(use, "deviation"))
		return 0;
	if (!training || one_score)
		return lb_fail(err, LB_CONFIG, "%s.objective: found deviation%s, allowed: ce, margin, dlr, probability_margin%s", path,
			       training ? " with one score" : "", training ? "" : ", all; deviation is for train.attack");
	if ((enum lb_attack_start)use->par[LB_ATTACK_START].v == LB_ATTACK_ROW)
		return lb_fail(err, LB_CONFIG, "%s.start: found row with objective deviation, whose gradient is 0 there; allowed: random", path);
	return 0;
}

static int objective_fits(const struct lb_facts *f, struct lb_err *err)
{
	for (int i = 0; i < LB_ATTACKS; i++)
		if (check_objective(paths[i], f->attack[i], i == LB_IN_TRAINING, f->data, err))
			return -1;
	return 0;
}

static int attack_is_the_view(const struct lb_facts *f, struct lb_err *err)
{
	return !f->attack[LB_IN_TRAINING] || !f->spec->train.views.info ? 0 :
	       lb_fail(err, LB_CONFIG, "train.attack: cannot be combined with train.views; the moved rows are the second view; keep one");
}

static int attack_takes_steps(const struct lb_facts *f, struct lb_err *err)
{
	if (!f->attack[LB_IN_TRAINING] || !f->full_batch)
		return 0;
	if (f->closed_form)
		return lb_fail(err, LB_CONFIG, "train.attack: found %s with model %s, which is fitted to the rows as they are; remove it",
			       f->attack[LB_IN_TRAINING]->info->name, f->spec->model.info->name);
	if (!(f->attack[LB_IN_TRAINING]->info->traits & LB_EXACT_ATTACK))
		return lb_fail(err, LB_CONFIG, "train.attack: found %s with optimizer %s, which needs a loss without draws; allowed: closed_form; or "
			       "train with sgd", f->attack[LB_IN_TRAINING]->info->name, f->spec->optimizer.info->name);
	return 0;
}

static int deviation_has_views(const struct lb_facts *f, struct lb_err *err)
{
	if (f->viewer->needs & LB_NEEDS_VIEWS || !has_objective(f->attack[LB_IN_TRAINING], "deviation"))
		return 0;
	return lb_fail(err, LB_CONFIG, "train.attack.objective: found deviation with loss %s, which sees the moved rows alone; allowed: ce, margin, "
		       "dlr, probability_margin; or take loss adv_comp_sum", f->viewer->base.name);
}

/* Metrics that an evaluation attack is for, and the evaluation attack, come together. */
static int probe_has_metrics(const struct lb_facts *f, struct lb_err *err)
{
	bool any = false;

	for (size_t i = 0; i < f->spec->metrics.n; i++) {
		const struct lb_metric *m = lb_used_metric(&f->spec->metrics.use[i]);
		any |= m->robust;
		if (m->robust && !f->attack[LB_IN_EVALUATION])
			return lb_fail(err, LB_CONFIG, "metrics: found %s without %s, which says the attack; give %s: {kind: pgd, norm: linf, eps: 0.1}, "
				       "or remove the metric", m->base.name, m->base.goes_with, m->base.goes_with);
	}
	if (f->attack[LB_IN_EVALUATION] && !any)
		return lb_fail(err, LB_CONFIG, "evaluate.attack: found %s, but no metric is measured under it; add robust_accuracy to metrics, or remove "
			       "the attack", f->attack[LB_IN_EVALUATION]->info->name);
	return 0;
}

/* A loss of embeddings compares two views, or these and their mixture. */
static int views_are_those_of_the_loss(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_info *given = f->spec->train.views.info;
	const bool mixed = given && given->traits & LB_VIEW_MIXES, wants = f->viewer->needs & LB_NEEDS_MIXED_VIEW;
	const double count = given ? f->spec->train.views.par[LB_VIEW_COUNT].v : 0;

	if (given && mixed != wants)
		return lb_fail(err, LB_CONFIG, wants ? "train.views.kind: found %s, and %s compares a mixed view; allowed: mixed" :
						       "train.views.kind: found %s, and %s compares no mixed view (mixed_barlow does); allowed: noise_and_dropout and others",
			       given->name, f->viewer->base.name);
	if (f->viewer->kind == LB_EMBEDDING && given && !mixed && count > 2)
		return lb_fail(err, LB_CONFIG, "train.views.count: found %g, and %s compares two views of a row; allowed: 2", count, f->viewer->base.name);
	return 0;
}

static int pairs_are_of_parts(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_info *views = f->spec->train.views.info;

	if (!(f->spec->corrupt.pairs > 0) || (views && views->traits & LB_VIEW_PARTS))
		return 0;
	return lb_fail(err, LB_CONFIG, "corrupt.pairs: found with %s%s, allowed: with train.views: {kind: parts}, whose views are the two sides of a pair",
		       views ? "train.views of kind " : "no train.views", views ? views->name : "");
}

static int views_have_a_loss(const struct lb_facts *f, struct lb_err *err)
{
	const bool wanted = f->viewer->needs & LB_NEEDS_VIEWS, given = f->spec->train.views.info;

	if (wanted == given || (wanted && f->attack[LB_IN_TRAINING]))
		return 0;
	return lb_fail(err, LB_CONFIG, wanted ?
		       "train.views: is missing, and %s compares several views of a row; give {kind: gaussian_noise, count: 2}, or train.attack" :
		       "train.views: %s sees one view of a row; remove train.views (gjs uses it)", f->viewer->base.name);
}

const struct lb_trial_constraint lb_attack_constraints[] = {
	{ { "train.attack", LB_BY_DATA, "An attack, in train or evaluate, needs dense data." }, attack_has_dense_rows },
	{ { "train.attack", LB_BY_COMPONENTS, "An attack of kind closed_form needs model linear and head linear." }, closed_form_is_linear },
	{ { "train.attack.clip", LB_BY_COMPONENTS, "The bounds of an attack are [lo, hi] with lo < hi; kind closed_form with norm l2 takes none." }, clip_has_bounds },
	{ { "train.attack.objective", LB_BY_DATA, "Objective dlr needs three classes, all is for evaluate.attack, and deviation is for train.attack with several scores and start random." }, objective_fits },
	{ { "train.attack", LB_BY_COMPONENTS, "Adversarial training and train.views exclude each other: the moved rows are the second view." }, attack_is_the_view },
	{ { "train.attack", LB_BY_COMPONENTS, "Adversarial training needs minibatches; lbfgs takes kind closed_form alone." }, attack_takes_steps },
	{ { "train.attack.objective", LB_BY_COMPONENTS, "Objective deviation needs a loss that compares views, such as adv_comp_sum." }, deviation_has_views },
	{ { "evaluate.attack", LB_BY_COMPONENTS, "The attack of an evaluation and the robust metrics come together." }, probe_has_metrics },
	{ { "train.views", LB_BY_COMPONENTS, "Losses that compare views of a row, such as gjs, need train.views or train.attack; other losses take no train.views." }, views_have_a_loss },
	{ { "train.views.kind", LB_BY_COMPONENTS, "The views mixed and the loss mixed_barlow go together; losses of embeddings compare two views." }, views_are_those_of_the_loss },
	{ { "corrupt.pairs", LB_BY_COMPONENTS, "Shuffled pairs need train.views of kind parts." }, pairs_are_of_parts },
	{ .check = NULL },
};
