/* Rules on what is known of the rows beside features and labels (data.side, data.teacher), and on
 * the heads of a model that terms read. */
#include "core/run/trial_constraints.h"

#include "core/base/text.h"
#include "core/training/head_info.h"
#include "core/training/optim_params.h"

/* ---- teachers ---- */

/* Whether all losses of ranking and regression that read a teacher have one, and some reads it
 * that is given. */
static int teacher_is_read(const struct lb_facts *f, struct lb_err *err)
{
	const bool file = f->spec->data.teacher, side = f->spec->data.side.teacher;
	struct lb_buf readers = { 0 };

	const enum lb_kind kind = lb_used_loss(f->loss[0])->kind;
	if (kind != LB_RANKING && kind != LB_REGRESSION)
		return 0;
	bool read = false;
	for (size_t i = 0; i < f->n_losses; i++) {
		read = read || lb_used_loss(f->loss[i])->needs & LB_NEEDS_TEACHER;
		if (lb_used_loss(f->loss[i])->needs & LB_NEEDS_TEACHER && !file && !side)
			return lb_fail(err, LB_CONFIG, "%s: found %s, which reads a teacher's scores; allowed: with data.side.teacher, a saved model of %s or "
				       "a file of a score for each %s", lb_loss_path(i), f->loss[i]->info->name, lb_kind_name(kind),
				       kind == LB_RANKING ? "row" : "row and target");
	}
	if (read || (!file && !side))
		return 0;
	for (size_t i = 0; i < lb_loss_count(); i++)
		if (lb_loss_at(i)->kind == kind && lb_loss_at(i)->needs & LB_NEEDS_TEACHER)
			lb_buf_printf(&readers, "%s%s", readers.n ? ", " : "", lb_loss_at(i)->base.name);
	lb_fail(err, LB_CONFIG, "%s: found with loss %s, which reads no teacher; allowed: with %s as the loss or a term, or remove it",
		side ? "data.side.teacher" : "data.teacher", f->loss[0]->info->name, readers.s ? readers.s : "a loss that does");
	lb_buf_free(&readers);
	return -1;
}

static int second_teacher_is_read(const struct lb_facts *f, struct lb_err *err)
{
	const char *path = f->spec->data.side.second_teacher;
	bool read = false;

	for (size_t i = 0; i < f->n_losses; i++) {
		const bool needs = lb_used_loss(f->loss[i])->needs & LB_NEEDS_SECOND_TEACHER;
		read = read || needs;
		if (needs && !path)
			return lb_fail(err, LB_CONFIG, "%s: found %s, which reads two teachers; allowed: with data.side.second_teacher too, a saved model of regression "
				       "or a file of a score for each row and target", lb_loss_path(i), f->loss[i]->info->name);
	}
	return read || !path ? 0 :
	       lb_fail(err, LB_CONFIG, "data.side.second_teacher: found with loss %s, which reads no second teacher; allowed: with landmark_kd as the loss or a "
		       "term, or remove it", f->loss[0]->info->name);
}

/* Whether the losses of a distillation have of the teacher what they read. */
static int teacher_has_what_is_read(const struct lb_facts *f, struct lb_err *err)
{
	const bool scores = f->spec->data.teacher || f->spec->data.side.teacher, features = f->spec->data.side.teacher_features || f->spec->data.side.teacher;

	for (size_t i = 0; i < f->n_losses; i++) {
		const struct lb_loss_info *loss = lb_used_loss(f->loss[i]);
		const bool of_features = loss->needs & LB_NEEDS_GUIDE;
		if (loss->kind != LB_DISTILLATION || (of_features ? features : scores))
			continue;
		return lb_fail(err, LB_CONFIG, of_features ? "%s: found %s, which reads a teacher's features; allowed: with data.side.teacher_features, or with a saved "
			       "model as data.side.teacher" : "%s: found %s, which reads a teacher's scores; allowed: with data.side.teacher, a saved model or a file of scores",
			       lb_loss_path(i), loss->base.name);
	}
	return 0;
}

static int metrics_have_a_teacher(const struct lb_facts *f, struct lb_err *err)
{
	const bool scores = f->spec->data.teacher || f->spec->data.side.teacher;

	for (size_t i = 0; i < f->spec->metrics.n && !scores; i++) {
		const struct lb_metric *m = lb_used_metric(&f->spec->metrics.use[i]);
		if (m->teacher)
			return lb_fail(err, LB_CONFIG, "metrics: found %s without a teacher's scores; allowed: in task distillation with data.side.teacher, a saved model or a file "
				       "of scores; or remove the metric", m->base.name);
	}
	return 0;
}

/* ---- guides ---- */

/* Whether losses that read a guide have one, and some reads it that is given. */
static int guide_is_read(const struct lb_facts *f, struct lb_err *err)
{
	bool read = false;

	for (size_t i = 0; i < f->n_losses; i++) {
		const bool needs = lb_used_loss(f->loss[i])->kind == LB_EMBEDDING && lb_used_loss(f->loss[i])->needs & LB_NEEDS_GUIDE;
		read = read || needs;
		if (needs && !f->spec->data.side.guide)
			return lb_fail(err, LB_CONFIG, "%s: found %s, which reads a guide; allowed: with data.side.guide, a saved model or a file with a row of numbers for each "
				       "row of the data", lb_loss_path(i), f->loss[i]->info->name);
	}
	return read || !f->spec->data.side.guide ? 0 :
	       lb_fail(err, LB_CONFIG, "data.side.guide: found with loss %s, which reads no guide; allowed: with gist, soft_similarity_kl, info_nce_bank or mlcd as the loss or a term, or "
		       "remove it", f->loss[0]->info->name);
}

/* ---- heads ---- */

static int heads_are_there(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_arg *heads = lb_use_arg(&f->spec->model, "heads");
	const size_t n = heads ? (size_t)heads->v : 1;

	for (size_t i = 0; i < f->n_losses; i++)
		if (f->loss[i]->head > n)
			return lb_fail(err, LB_CONFIG, "terms.head: found %zu for %s, allowed: 1%s%.0d; the model has %zu head%s (model.heads)", f->loss[i]->head,
				       f->loss[i]->info->name, n > 1 ? " to " : "", n > 1 ? (int)n : 0, n, lb_s(n));
	return 0;
}

/* Returns what reads an output layer in a way that other heads beside the first would disturb; or
 * NULL. */
static const char *reads_whole_output(const struct lb_facts *f)
{
	if (lb_used_loss(f->loss[0])->kind == LB_EMBEDDING)
		return "task embedding";
	if (lb_used_loss(f->loss[0])->kind == LB_SURVIVAL)
		return "task survival";
	if (f->attack[LB_IN_TRAINING])
		return "train.attack";
	if (f->attack[LB_IN_EVALUATION])
		return "evaluate.attack";
	if (!(f->spec->optimizer.info->tasks & ~(unsigned)LB_CLASS_TASKS))
		return f->spec->optimizer.info->name;
	if (f->data->offset)
		return "data.offset or data.exposure";
	return NULL;
}

static int heads_stand_alone(const struct lb_facts *f, struct lb_err *err)
{
	const struct lb_arg *heads = lb_use_arg(&f->spec->model, "heads");
	const char *other = heads && heads->v > 1 ? reads_whole_output(f) : NULL;

	return !other ? 0 : lb_fail(err, LB_CONFIG, "model.heads: found %.0f with %s, allowed: 1", heads->v, other);
}

/* What a factored head has no part in: what is found, and what is allowed; NULL: nothing. */
static const char *disturbs_factors(const struct lb_facts *f, const char **found)
{
	const struct lb_spec *spec = f->spec;
	const struct lb_arg *hidden = lb_use_arg(&spec->model, "hidden"), *heads = lb_use_arg(&spec->model, "heads");

	*found = spec->model.info->name;
	if (!hidden || !hidden->n)
		return "model mlp with a hidden layer";
	*found = spec->optimizer.info->name;
	if (!(spec->optimizer.info->traits & LB_DESCENDS))
		return "optimizer sgd";
	*found = "momentum";
	if (lb_use_number(&spec->optimizer, "momentum", 0) > 0)
		return "optimizer.momentum 0";
	*found = "optimizer.project";
	if (lb_use_number(&spec->optimizer, "project", 0) > 0)
		return "project none";
	*found = "a weight of the loss, or terms,";
	if (f->n_losses > 1 || f->loss[0]->weight < 1 || f->loss[0]->weight > 1)
		return "one loss of weight 1";
	*found = "several heads";
	if (heads && heads->v > 1)
		return "model.heads 1";
	return NULL;
}

/* The same of parts of a config that are to be absent. */
static const char *needs_no_factors(const struct lb_facts *f)
{
	const struct lb_spec *spec = f->spec;

	for (size_t i = 0; i < spec->metrics.n; i++)
		if (lb_used_metric(&spec->metrics.use[i])->curvature || lb_used_metric(&spec->metrics.use[i])->features)
			return spec->metrics.use[i].info->name;
	return spec->procedures.n ? "procedures" : spec->regularisers.n ? "regularisers" : spec->train.clip_norm > 0 ? "train.clip_norm" :
	       f->attack[LB_IN_TRAINING] ? "train.attack" : f->attack[LB_IN_EVALUATION] ? "evaluate.attack" : lb_labels_are_soft(spec) ? "data.side.soft_labels" : NULL;
}

static int refuse_loss(const struct lb_info *loss, const struct lb_info *head, struct lb_err *err)
{
	struct lb_buf allowed = { 0 };

	for (size_t i = 0; i < lb_loss_count(); i++)
		if (lb_loss_at(i)->spherical)
			lb_buf_printf(&allowed, "%s%s", allowed.n ? ", " : "", lb_loss_at(i)->base.name);
	lb_fail(err, LB_CONFIG, "model.head: found %s with loss %s, which reads each score by itself; allowed: %s", head->name, loss->name,
		allowed.s ? allowed.s : "losses of the spherical family");
	lb_buf_free(&allowed);
	return -1;
}

static int factors_are_exact(const struct lb_facts *f, struct lb_err *err)
{
	const char *found, *allowed, *other;

	if (!f->spec->head.info || !lb_head_is_factored_f64(f->spec->head.info))
		return 0;
	if (!lb_used_loss(f->loss[0])->spherical)
		return refuse_loss(f->loss[0]->info, f->spec->head.info, err);
	if ((allowed = disturbs_factors(f, &found)))
		return lb_fail(err, LB_CONFIG, "model.head: found %s with %s, allowed: %s", f->spec->head.info->name, found, allowed);
	if ((other = needs_no_factors(f)))
		return lb_fail(err, LB_CONFIG, "model.head: found %s with %s, which the output layer's own step has no place for; remove one of the two",
			       f->spec->head.info->name, other);
	return 0;
}

const struct lb_trial_constraint lb_side_constraints[] = {
	{ { "data.side.teacher", LB_BY_COMPONENTS, "In ranking and regression a loss that reads a teacher (margin_mse, kd_mse, landmark_kd) needs one, and a teacher needs such a loss." }, teacher_is_read },
	{ { "data.side.second_teacher", LB_BY_COMPONENTS, "A loss that reads a second teacher (landmark_kd) needs one, and a second teacher needs such a loss." }, second_teacher_is_read },
	{ { "data.side.teacher_features", LB_BY_COMPONENTS, "In distillation a loss that reads a teacher's features (nd, hint, ...) needs data.side.teacher_features or a saved model as data.side.teacher, the others a teacher's scores." }, teacher_has_what_is_read },
	{ { "metrics", LB_BY_COMPONENTS, "Metrics of agreement with a teacher (teacher_agreement, teacher_kl) need a teacher's scores." }, metrics_have_a_teacher },
	{ { "data.side.guide", LB_BY_COMPONENTS, "A loss that reads a guide (gist, soft_similarity_kl, info_nce_bank, mlcd) needs one, and a guide needs such a loss." }, guide_is_read },
	{ { "terms", LB_BY_COMPONENTS, "A term reads one of the heads that model.heads says there are." }, heads_are_there },
	{ { "model.head", LB_BY_COMPONENTS, "Head factored needs an mlp with a hidden layer, a loss of the spherical family (mse_scores, log_spherical, log_taylor, z_loss) alone, and sgd without momentum; it excludes procedures, regularisers, clipping, attacks, soft labels, and metrics of weights or curvature." }, factors_are_exact },
	{ { "model.heads", LB_BY_DATA, "Several heads exclude tasks embedding and survival, attacks, offsets, and batch_perceptron." }, heads_stand_alone },
	{ .check = NULL },
};
