#include "core/run/trial_constraints.h"

#include "core/base/text.h"

#include <string.h>

/* The two attacks of a config. */
struct attack {
	const char *path;
	const struct lb_component_use *use; /* NULL: there is none */
};

enum { TRAINING, EVALUATION, ATTACKS };

static void attacks_of(const struct lb_facts *f, struct attack attack[ATTACKS])
{
	attack[TRAINING] = (struct attack){ "train.attack", f->attack };
	attack[EVALUATION] = (struct attack){ "evaluate.attack", f->probe };
}

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
	struct attack a[ATTACKS];

	attacks_of(f, a);
	for (int i = 0; i < ATTACKS; i++)
		if (a[i].use && f->data->x.start)
			return lb_fail(err, LB_CONFIG, "%s: found %s with sparse data, of which an attack moves the zeros too; allowed: dense data "
				       "(`lossbench data convert FILE OUT.npz`), or remove it", a[i].path, a[i].use->info->name);
	return 0;
}

static int closed_form_is_linear(const struct lb_facts *f, struct lb_err *err)
{
	struct attack a[ATTACKS];

	attacks_of(f, a);
	for (int i = 0; i < ATTACKS; i++) {
		if (!a[i].use || !lb_use_is(a[i].use, "closed_form"))
			continue;
		if (lb_use_is(&f->spec->model, "mlp"))
			return lb_fail(err, LB_CONFIG, "%s: found closed_form with model mlp, allowed: model linear; take kind pgd", a[i].path);
		if (lb_head_is_cosine(f->spec))
			return lb_fail(err, LB_CONFIG, "%s: found closed_form with model.head %s, whose scores are not linear in the rows; allowed: head "
				       "linear; take kind pgd", a[i].path, f->spec->head.info->name);
	}
	return 0;
}

static int check_clip(const struct attack *a, struct lb_err *err)
{
	const struct lb_arg *clip = &a->use->par[LB_ATTACK_CLIP];

	if (!clip->n)
		return 0;
	if (clip->n != 2 || !(clip->list[0] < clip->list[1]))
		return lb_fail(err, LB_CONFIG, "%s.clip: found %zu number%s%s, allowed: [lo, hi] with lo < hi, such as [0, 1]", a->path, clip->n,
			       lb_s(clip->n), clip->n == 2 ? " that do not ascend" : "");
	if (lb_use_is(a->use, "closed_form") && (enum lb_attack_norm)a->use->par[LB_ATTACK_NORM].v == LB_ATTACK_L2)
		return lb_fail(err, LB_CONFIG, "%s.clip: found bounds with kind closed_form and norm l2, for which there is no closed form; remove "
			       "clip, or take norm linf or kind pgd", a->path);
	return 0;
}

static int clip_has_bounds(const struct lb_facts *f, struct lb_err *err)
{
	struct attack a[ATTACKS];

	attacks_of(f, a);
	for (int i = 0; i < ATTACKS; i++)
		if (a[i].use && check_clip(&a[i], err))
			return -1;
	return 0;
}

static int check_objective(const struct attack *a, bool training, const struct lb_dataset *data, struct lb_err *err)
{
	const bool one_score = data->kind == LB_BINARY;

	if (has_objective(a->use, "dlr") && (one_score || data->n_classes < 3))
		return lb_fail(err, LB_CONFIG, "%s.objective: found dlr with %s, allowed: ce, margin, probability_margin; dlr compares the first score "
			       "with the third", a->path, one_score ? "one score" : "two classes");
	if (has_objective(a->use, "all") && training)
		return lb_fail(err, LB_CONFIG, "%s.objective: found all, allowed: one of them; all is for evaluate.attack", a->path);
	if (!has_objective(a->use, "deviation"))
		return 0;
	if (!training || one_score)
		return lb_fail(err, LB_CONFIG, "%s.objective: found deviation%s, allowed: ce, margin, dlr, probability_margin%s", a->path,
			       training ? " with one score" : "", training ? "" : ", all; deviation is for train.attack");
	if ((enum lb_attack_start)a->use->par[LB_ATTACK_START].v == LB_ATTACK_ROW)
		return lb_fail(err, LB_CONFIG, "%s.start: found row with objective deviation, whose gradient is 0 there; allowed: random", a->path);
	return 0;
}

static int objective_fits(const struct lb_facts *f, struct lb_err *err)
{
	struct attack a[ATTACKS];

	attacks_of(f, a);
	for (int i = 0; i < ATTACKS; i++)
		if (check_objective(&a[i], i == TRAINING, f->data, err))
			return -1;
	return 0;
}

static int attack_is_the_view(const struct lb_facts *f, struct lb_err *err)
{
	return !f->attack || !f->spec->train.views.info ? 0 :
	       lb_fail(err, LB_CONFIG, "train.attack: cannot be combined with train.views; the moved rows are the second view; keep one");
}

static int attack_takes_steps(const struct lb_facts *f, struct lb_err *err)
{
	if (!f->attack || !f->full_batch)
		return 0;
	if (lb_use_is(&f->spec->model, "naive_bayes"))
		return lb_fail(err, LB_CONFIG, "train.attack: found %s with model naive_bayes, which is fitted to the rows as they are; remove it",
			       f->attack->info->name);
	if (!lb_use_is(f->attack, "closed_form"))
		return lb_fail(err, LB_CONFIG, "train.attack: found %s with optimizer %s, which needs a loss without draws; allowed: closed_form; or "
			       "train with sgd", f->attack->info->name, f->spec->optimizer.info->name);
	return 0;
}

static int deviation_has_views(const struct lb_facts *f, struct lb_err *err)
{
	if (f->viewer->needs & LB_NEEDS_VIEWS || !has_objective(f->attack, "deviation"))
		return 0;
	return lb_fail(err, LB_CONFIG, "train.attack.objective: found deviation with loss %s, which sees the moved rows alone; allowed: ce, margin, "
		       "dlr, probability_margin; or take loss adv_comp_sum", f->viewer->base.name);
}

/* Metrics that a probe is for, and the probe, come together. */
static int probe_has_metrics(const struct lb_facts *f, struct lb_err *err)
{
	bool any = false;

	for (size_t i = 0; i < f->spec->metrics.n; i++) {
		const struct lb_info *m = f->spec->metrics.use[i].info;
		any |= m->goes_with != NULL;
		if (m->goes_with && !f->probe)
			return lb_fail(err, LB_CONFIG, "metrics: found %s without %s, which says the attack; give %s: {kind: pgd, norm: linf, eps: 0.1}, "
				       "or remove the metric", m->name, m->goes_with, m->goes_with);
	}
	if (f->probe && !any)
		return lb_fail(err, LB_CONFIG, "evaluate.attack: found %s, but no metric is measured under it; add robust_accuracy to metrics, or remove "
			       "the attack", f->probe->info->name);
	return 0;
}

static int views_have_a_loss(const struct lb_facts *f, struct lb_err *err)
{
	const bool wanted = f->viewer->needs & LB_NEEDS_VIEWS, given = f->spec->train.views.info;

	if (wanted == given || (wanted && f->attack))
		return 0;
	return lb_fail(err, LB_CONFIG, wanted ?
		       "train.views: is missing, and %s compares several views of a row; give {kind: gaussian_noise, count: 2}, or train.attack" :
		       "train.views: %s sees one view of a row; remove train.views (gjs uses it)", f->viewer->base.name);
}

const struct lb_constraint lb_attack_constraints[] = {
	{ "train.attack", LB_BY_DATA, .trial = attack_has_dense_rows,
	  .rule = "An attack, in train or evaluate, needs dense data." },
	{ "train.attack", LB_BY_COMPONENTS, .trial = closed_form_is_linear,
	  .rule = "An attack of kind closed_form needs model linear and head linear." },
	{ "train.attack.clip", LB_BY_COMPONENTS, .trial = clip_has_bounds,
	  .rule = "The bounds of an attack are [lo, hi] with lo < hi; kind closed_form with norm l2 takes none." },
	{ "train.attack.objective", LB_BY_DATA, .trial = objective_fits,
	  .rule = "Objective dlr needs three classes, all is for evaluate.attack, and deviation is for train.attack with several scores and start random." },
	{ "train.attack", LB_BY_COMPONENTS, .trial = attack_is_the_view,
	  .rule = "Adversarial training and train.views exclude each other: the moved rows are the second view." },
	{ "train.attack", LB_BY_COMPONENTS, .trial = attack_takes_steps,
	  .rule = "Adversarial training needs minibatches; lbfgs takes kind closed_form alone." },
	{ "train.attack.objective", LB_BY_COMPONENTS, .trial = deviation_has_views,
	  .rule = "Objective deviation needs a loss that compares views, such as adv_comp_sum." },
	{ "evaluate.attack", LB_BY_COMPONENTS, .trial = probe_has_metrics,
	  .rule = "The attack of an evaluation and the robust metrics come together." },
	{ "train.views", LB_BY_COMPONENTS, .trial = views_have_a_loss,
	  .rule = "Losses that compare views of a row, such as gjs, need train.views or train.attack; other losses take no train.views." },
	{ 0 },
};
