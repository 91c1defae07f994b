#include "core/engine/step/procedure.h"

#include "core/base/mem.h"

#include <stdlib.h>

#define PROCEDURE(name) extern const struct lb_procedure LB_PROCEDURE(name);
#include "core/engine/step/list.def"
#undef PROCEDURE

const struct lb_info *const lb_procedures[] = {
#define PROCEDURE(name) &LB_PROCEDURE(name).base,
#include "core/engine/step/list.def"
#undef PROCEDURE
	NULL
};

static unsigned traits_of(const struct lb_procedure *p)
{
	return (p->inputs ? LB_CHANGES_INPUTS : 0u) | (p->labels || p->relabel ? LB_CHANGES_LABELS : 0u) | (p->weigh || p->weighs_rows ? LB_WEIGHS_ROWS : 0u) |
	       (p->weights ? LB_CHANGES_WEIGHTS : 0u) | (p->gradient || p->weights_back || p->draws ? LB_CHANGES_GRADIENT : 0u) | (p->stepped ? LB_ENDS_STEPS : 0u) |
	       (p->finish ? LB_CHANGES_RESULT : 0u) | (p->step ? LB_WHOLE_STEP : 0u) | (p->target ? LB_HAS_TARGET : 0u) |
	       (p->reads_rows ? LB_READS_ROWS : 0u) | (p->relabel ? LB_SOFTENS_LABELS : 0u) | (p->penalty ? LB_ADDS_PENALTY : 0u) |
	       (p->reads_subgroups ? LB_READS_SUBGROUPS : 0u) | (p->reads_classes ? LB_READS_CLASSES : 0u) |
	       (p->masks_features ? LB_MASKS_FEATURES : 0u) | (p->candidates ? LB_HAS_CANDIDATES : 0u) | (p->draws ? LB_DRAWS_AGAIN : 0u) |
	       (p->remembers_rows || p->relabel ? LB_REMEMBERS_ROWS : 0u) | (p->keeps_layers ? LB_KEEPS_LAYERS : 0u) | (p->train ? LB_WHOLE_TRAINING : 0u) | (p->holds_rows ? LB_HOLDS_ROWS | LB_READS_ROWS : 0u) |
	       (p->sets_levels ? LB_SETS_LEVELS : 0u);
}

const char *lb_procedure_misfit(const struct lb_procedure *p)
{
	const unsigned traits = traits_of(p);
	const struct {
		bool wrong;
		const char *what;
	} rules[] = {
		{ !(traits & ~(unsigned)(LB_READS_SUBGROUPS | LB_READS_CLASSES | LB_REMEMBERS_ROWS | LB_MASKS_FEATURES | LB_SETS_LEVELS)), "has no hook" },
		{ p->step && (p->inputs || p->labels || p->relabel || p->weigh || p->weights || p->target || p->draws || p->gradient || p->stepped), "has .step and a hook that it replaces" },
		{ p->weighs_rows && !p->step, "says weighs_rows without .step; .weigh says it by itself" },
		{ p->reads_rows && !p->gradient, "says reads_rows without .gradient" },
		{ (p->weights_back || p->candidates || p->masks_features || p->sets_levels) && !p->weights, "says more of .weights without it" },
		{ !p->candidates != !p->choose, "has one of .candidates and .choose; they go together" },
		{ !p->open != !p->close, "has one of .open and .close; they go together" },
		{ p->holds_rows && !p->weigh, "says holds_rows without .weigh" },
		{ !p->base.tasks, "is for no task" },
		{ p->base.n_params > LB_MOST_PROCEDURE_PARAMS, "has too many parameters" },
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (rules[i].wrong)
			return rules[i].what;
	return NULL;
}

const struct lb_procedure *lb_procedure_of(const struct lb_info *info)
{
	return (const struct lb_procedure *)lb_procedures[lb_info_place(lb_procedures_f64, info)];
}

unsigned lb_procedure_traits(const struct lb_info *info)
{
	return traits_of(lb_procedure_of(info));
}

int lb_hooks_open(struct lb_learner *l, const struct lb_cohort *c, struct lb_err *err)
{
	const struct lb_setup *setup = l->setup;

	if (setup->n_procedures && !(l->hook = lb_alloc(setup->n_procedures, sizeof *l->hook, err)))
		return -1;
	for (; l->n_hooks < setup->n_procedures; l->n_hooks++) {
		const struct lb_procedure_use *use = &setup->procedure[l->n_hooks];
		struct lb_hook *h = &l->hook[l->n_hooks];
		*h = (struct lb_hook){ .procedure = lb_procedure_of(use->info), .par = use->par };
		if (h->procedure->open && !(h->state = h->procedure->open(l, c, h->par, err)))
			return -1;
		if (h->procedure->draws)
			l->draws = h->procedure->draws(h);
	}
	return 0;
}

void lb_hooks_close(struct lb_learner *l)
{
	for (size_t i = 0; i < l->n_hooks; i++)
		if (l->hook[i].state)
			l->hook[i].procedure->close(l->hook[i].state);
	free(l->hook);
}

void lb_hooks_epoch(struct lb_learner *l, size_t epoch)
{
	for (size_t i = 0; i < l->n_hooks; i++)
		if (l->hook[i].procedure->epoch)
			l->hook[i].procedure->epoch(&l->hook[i], l, epoch);
}
