#include "core/run/procedures.h"

#include "core/config/config.h"
#include "core/run/attacks.h"
#include "core/run/get.h"
#include "core/training/optim_params.h"

#include <stdlib.h>
#include <string.h>

/* A procedure of the config and what it may not be combined with. */
struct subject {
	const char *name;
	unsigned traits;
	const cJSON *config;
	const struct lb_dataset *data;
	const struct lb_loss_info *loss;
	bool full_batch;
};

/* Names in a resolved config are those of the registry. */
static unsigned traits_of(const char *name)
{
	return lb_procedure_traits_f64(lb_info_find(lb_procedures_f64, name));
}

static bool classes_only(const char *optimizer)
{
	return !(lb_info_find(lb_optimizers_f64, optimizer)->tasks & ~(unsigned)LB_CLASS_TASKS);
}

static int check_one(const struct subject *s, struct lb_err *err)
{
	const unsigned t = s->traits, needs = s->loss->needs;
	const char *optimizer = lb_get_text(s->config, "optimizer.name"), *model = lb_get_text(s->config, "model.kind");
	const bool attack = lb_attack_at_path(s->config, "train.attack"), views = lb_json_at(s->config, "train.views");
	const bool closed = lb_info_find(lb_models, model)->traits & LB_CLOSED_FORM;
	const struct {
		bool wrong;
		const char *what, *name, *why;
	} rules[] = {
		{ s->full_batch, closed ? "model" : "optimizer", closed ? model : optimizer, "which takes no steps by minibatches; remove it, or train with "
		  "sgd, adam or adamw" },
		{ (t & LB_CHANGES_INPUTS) && s->data->x.start, "sparse data,", "", "of which it changes the zeros too; allowed: dense data (`lossbench data "
		  "convert FILE OUT.npz`), or remove it" },
		{ (t & LB_CHANGES_INPUTS) && views, "train.views,", "", "which makes further copies of each row; remove one of the two" },
		{ (t & (LB_CHANGES_INPUTS | LB_WHOLE_STEP)) && attack, "train.attack,", "", "which moves rows of one label against one model; remove one of the two" },
		{ (t & LB_WEIGHS_ROWS) && !lb_loss_separable(s->loss), "loss", s->loss->base.name, "which is not a sum over rows, so that no row has a loss of its "
		  "own; allowed: separable losses (`lossbench losses` marks them)" },
		{ (t & (LB_CHANGES_LABELS | LB_WHOLE_STEP)) && needs & LB_NEEDS_SAMPLE_IDS, "loss", s->loss->base.name, "which remembers each row under its own label "
		  "by one model; allowed: losses without memory of rows" },
		{ (t & LB_CHANGES_LABELS) && classes_only(optimizer), "optimizer", optimizer, "which steps by the rows' own labels; train with sgd, adam or adamw" },
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (rules[i].wrong)
			return lb_fail(err, LB_CONFIG, "procedures: found %s with %s%s%s%s %s", s->name, rules[i].what, *rules[i].name ? " " : "",
				       rules[i].name, *rules[i].name ? "," : "", rules[i].why);
	return 0;
}

static int check_two(const char *a, const char *b, struct lb_err *err)
{
	const unsigned first = traits_of(a), second = traits_of(b);

	if (!strcmp(a, b))
		return lb_fail(err, LB_CONFIG, "procedures: found %s twice; keep one", a);
	if ((first | second) & LB_WHOLE_STEP)
		return lb_fail(err, LB_CONFIG, "procedures: found %s with %s, but %s takes the whole step and stands alone; keep one", a, b,
			       first & LB_WHOLE_STEP ? a : b);
	if (first & second & LB_CHANGES_LABELS)
		return lb_fail(err, LB_CONFIG, "procedures: found %s with %s, both of which mix labels; keep one", a, b);
	return 0;
}

int lb_procedures_check(const cJSON *config, const struct lb_dataset *data, const struct lb_loss_info *loss, bool full_batch, struct lb_err *err)
{
	const cJSON *list = lb_json_at(config, "procedures"), *block, *other;

	if (cJSON_GetArraySize(list) > LB_MOST_PROCEDURES)
		return lb_fail(err, LB_CONFIG, "procedures: found %d, allowed: at most %d", cJSON_GetArraySize(list), LB_MOST_PROCEDURES);
	cJSON_ArrayForEach(block, list) {
		const char *name = lb_get_text(block, "name");
		if (check_one(&(struct subject){ name, traits_of(name), config, data, loss, full_batch }, err))
			return -1;
		for (other = list->child; other != block; other = other->next)
			if (check_two(lb_get_text(other, "name"), name, err))
				return -1;
	}
	return 0;
}

int lb_procedures_prepare(struct lb_prepared *p, const cJSON *config, struct lb_err *err)
{
	const cJSON *block;

	cJSON_ArrayForEach(block, lb_json_at(config, "procedures")) {
		const size_t i = p->setup.n_procedures++;
		const struct lb_info *info = lb_info_find(lb_procedures_f64, lb_get_text(block, "name"));
		double *lists = NULL;
		if (lb_args_from_block(info, block, p->procedure_par[i], &lists, err))
			return -1;
		free(lists);
		p->procedure[i] = (struct lb_procedure_use){ info, p->procedure_par[i] };
	}
	p->setup.procedure = p->procedure;
	return 0;
}
