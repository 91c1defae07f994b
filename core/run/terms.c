#include "core/run/terms.h"

#include "core/run/components.h"
#include "core/run/get.h"
#include "core/run/outputs.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 16 };

/* The loss that a block of `terms` names; also one of classes in task distillation. */
static const struct lb_loss_info *named(enum lb_kind kind, const char *name)
{
	const struct lb_info *info;
	const struct lb_loss_info *loss;
	size_t at = 0;

	while ((info = lb_registries.next("terms", kind, &at)) && strcmp(info->name, name))
		continue;
	for (size_t i = 0; (loss = lb_loss_at(i)); i++)
		if (&loss->base == info)
			break;
	return loss;
}

size_t lb_losses_of(const cJSON *config, const struct lb_loss_info *loss[LB_MOST_TERMS])
{
	const enum lb_kind kind = lb_kind_of_task(lb_get_text(config, "task"));
	const cJSON *block;
	size_t n = 0;

	loss[n++] = lb_loss_find(kind, lb_get_text(config, "loss.name"));
	cJSON_ArrayForEach(block, lb_json_at(config, "terms"))
		if (n < LB_MOST_TERMS)
			loss[n++] = named(kind, lb_get_text(block, "name"));
	return n;
}

const char *lb_loss_path(size_t i)
{
	return i ? "terms" : "loss";
}

/* Whether `weight` is a parameter of the loss itself, so that its block says no factor. */
static bool has_own_weight(const struct lb_loss_info *loss)
{
	for (int i = 0; i < loss->base.n_params; i++)
		if (!strcmp(loss->base.params[i].name, "weight"))
			return true;
	return false;
}

static const cJSON *block_of(const cJSON *config, size_t i)
{
	return i ? cJSON_GetArrayItem(lb_json_at(config, "terms"), (int)i - 1) : lb_json_at(config, "loss");
}

/* The factor of the i-th loss. */
static double weight_of(const cJSON *config, const struct lb_loss_info *loss, size_t i)
{
	return has_own_weight(loss) ? 1 : lb_get_number(block_of(config, i), "weight", 1);
}

/* Refuses a term whose model would have other outputs than that of the main loss. */
static int check_outputs(const cJSON *config, const struct lb_loss_info *main_loss, const struct lb_loss_info *loss, size_t i, struct lb_err *err)
{
	struct lb_arg par[2][ROOM];
	double *lists[2] = { NULL, NULL };
	struct lb_err why = { 0 };
	int rc = lb_args_from_block(&main_loss->base, block_of(config, 0), par[0], &lists[0], &why) ||
		 lb_args_from_block(&loss->base, block_of(config, i), par[1], &lists[1], &why);

	if (rc)
		lb_fail(err, why.code, "%s%s", why.code == LB_CONFIG ? "terms: " : "", why.text);
	else if (!lb_outputs_same(&(struct lb_setup){ .loss = main_loss, .loss_par = par[0] }, &(struct lb_setup){ .loss = loss, .loss_par = par[1] }))
		rc = lb_fail(err, LB_CONFIG, "terms: found %s with loss %s, which has other outputs for a target; allowed: losses of the same outputs",
			     loss->base.name, main_loss->base.name);
	free(lists[0]);
	free(lists[1]);
	return rc ? -1 : 0;
}

int lb_terms_check(const cJSON *config, struct lb_err *err)
{
	const struct lb_loss_info *loss[LB_MOST_TERMS];
	const size_t n = lb_losses_of(config, loss);
	const int given = cJSON_GetArraySize(lb_json_at(config, "terms"));
	double sum = 0;

	if (given >= LB_MOST_TERMS)
		return lb_fail(err, LB_CONFIG, "terms: found %d, allowed: at most %d beside loss", given, LB_MOST_TERMS - 1);
	if (given && !strcmp(lb_get_text(config, "model.kind"), "naive_bayes"))
		return lb_fail(err, LB_CONFIG, "terms: found %s with model naive_bayes, which minimises no loss; remove terms", loss[1]->base.name);
	for (size_t i = 0; i < n; i++) {
		if (i && has_own_weight(loss[i]))
			return lb_fail(err, LB_CONFIG, "terms: %s has a parameter weight of its own, so that no factor can be given; make it loss, and the other a "
				       "term", loss[i]->base.name);
		if (i && check_outputs(config, loss[0], loss[i], i, err))
			return -1;
		sum += weight_of(config, loss[i], i);
	}
	if (sum == 0)
		return lb_fail(err, LB_CONFIG, "loss.weight: found 0%s, so that nothing is minimised; give one a positive weight",
			       given ? ", and for every term too" : "");
	if (loss[0]->kind == LB_EMBEDDING && loss[0]->params && weight_of(config, loss[0], 0) == 0)
		return lb_fail(err, LB_CONFIG, "loss.weight: found 0, but scores are made by the %s of %s, which would not be trained; allowed: a "
			       "positive number", loss[0]->params, loss[0]->base.name);
	return 0;
}

static int check_classes(const struct lb_loss_info *loss, size_t i, size_t found, struct lb_err *err)
{
	if (!loss->classes || loss->classes == found)
		return 0;
	return lb_fail(err, LB_DATA, "%s: %s takes data of %zu classes, these have %zu", i ? "terms" : "loss.name", loss->base.name, loss->classes,
		       found);
}

/* The parameters of the i-th loss, which are p's own for `loss`. */
static const struct lb_arg *parameters(struct lb_prepared *p, const cJSON *config, const struct lb_loss_info *loss, size_t i, struct lb_err *err)
{
	struct lb_arg *par = i ? p->term_par[i - 1] : p->loss_par;
	double *lists = NULL;

	if (!i)
		return par;
	if (loss->base.n_params > ROOM || p->n_lists == sizeof p->lists / sizeof *p->lists) {
		lb_fail(err, LB_MACHINE, "terms: too many parameters (a defect of lossbench)");
		return NULL;
	}
	if (lb_args_from_block(&loss->base, block_of(config, i), par, &lists, err))
		return NULL;
	p->lists[p->n_lists++] = lists;
	return par;
}

int lb_terms_prepare(struct lb_prepared *p, const cJSON *config, size_t n_classes, struct lb_err *err)
{
	const struct lb_loss_info *loss[LB_MOST_TERMS];
	const size_t n = lb_losses_of(config, loss);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const struct lb_term term = { .loss = loss[i], .par = parameters(p, config, loss[i], i, err), .weight = weight_of(config, loss[i], i) };
		if (!term.par || check_classes(loss[i], i, n_classes, err))
			return -1;
		if (term.weight > 0)
			p->term[kept++] = term;
	}
	const bool alone = kept == 1 && p->term[0].loss == loss[0] && p->term[0].par == p->loss_par && !(p->term[0].weight < 1 || p->term[0].weight > 1);
	p->setup.term = p->term;
	p->setup.n_terms = alone ? 0 : kept;
	return 0;
}
