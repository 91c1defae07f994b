#include "core/run/plan.h"

#include "core/base/mem.h"
#include "core/run/registries.h"

#include <stdlib.h>
#include <string.h>

/* Errors of different trials are mostly the same one: each is reported once. A config error that names an option gets its place. */
static void collect(const struct lb_plan *plan, const struct lb_err *one, struct lb_err *err)
{
	char option[128], *place = NULL;
	const size_t length = strcspn(one->text, ":");

	if (err->code != LB_OK && strstr(err->text, one->text))
		return;
	if (one->code == LB_CONFIG && length < sizeof option) {
		memcpy(option, one->text, length);
		option[length] = '\0';
		place = lb_config_place(plan->config, option, NULL);
	}
	lb_fail_more(err, one->code, "%s%s%s", place ? place : "", place ? ": " : "", one->text);
	free(place);
}

static bool known(const struct lb_plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->n; i++)
		if (!strcmp(plan->trial[i].id, id))
			return true;
	return false;
}

static int open_trials(struct lb_plan *plan, struct lb_err *err)
{
	struct lb_err *one = lb_alloc(1, sizeof *one, err);

	if (!one || !(plan->trial = lb_alloc(plan->list.n, sizeof *plan->trial, err))) {
		free(one);
		return -1;
	}
	for (size_t i = 0; i < plan->list.n; i++) {
		struct lb_trial *t = &plan->trial[plan->n];
		one->code = LB_OK;
		if (lb_trial_open(t, plan->list.config[i], &plan->cache, one))
			collect(plan, one, err);
		else if (!known(plan, t->id))
			plan->n++;
	}
	free(one);
	return err->code == LB_OK ? 0 : -1;
}

int lb_plan_open(struct lb_plan *plan, const char *path, const char *const *sets, size_t n_sets, bool allow_sweep,
		 struct lb_err *err)
{
	*plan = (struct lb_plan){ .config = lb_config_load(path, sets, n_sets, allow_sweep, err) };
	if (plan->config && !lb_config_expand(plan->config, &lb_registries, &plan->list, err) && !open_trials(plan, err))
		return 0;
	lb_plan_close(plan);
	return -1;
}

void lb_plan_close(struct lb_plan *plan)
{
	free(plan->trial);
	lb_data_close(&plan->cache);
	lb_trial_list_free(&plan->list);
	lb_config_free(plan->config);
	*plan = (struct lb_plan){ 0 };
}
