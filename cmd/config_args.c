#include "cmd/config_args.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>

int config_args_set(struct config_args *a, const char *setting, struct lb_err *err)
{
	struct opt_list *sets = &a->sets;
	const char **item = lb_alloc(sets->n + 1, sizeof *item, err);

	if (!item)
		return -1;
	for (size_t i = 0; i < sets->n; i++)
		item[i] = sets->item[i];
	item[sets->n] = setting;
	free(sets->item);
	*sets = (struct opt_list){ item, sets->n + 1 };
	return 0;
}

int config_args_settle(struct config_args *a, const char *word, struct lb_err *err)
{
	const struct opt_list given = a->sets;
	int rc = 0;

	a->path = a->configs.n ? a->configs.item[0] : word;
	if (a->configs.n < 2)
		return 0;
	a->sets = (struct opt_list){ 0 };
	if (!(a->made = lb_alloc(a->configs.n, sizeof *a->made, err)))
		rc = -1;
	for (size_t i = 1; !rc && i < a->configs.n; i++) {
		char *made = a->made[a->n_made] = lb_strfmt(err, "include=%s", a->configs.item[i]);
		a->n_made += made != NULL;
		rc = made ? config_args_set(a, made, err) : -1;
	}
	for (size_t i = 0; !rc && i < given.n; i++)
		rc = config_args_set(a, given.item[i], err);
	free(given.item);
	return rc;
}

void config_args_free(struct config_args *a)
{
	for (size_t i = 0; i < a->n_made; i++)
		free(a->made[i]);
	free(a->made);
	free(a->configs.item);
	free(a->sets.item);
}
