#include "core/run/trial.h"

#include "core/base/mem.h"
#include "core/run/components.h"
#include "core/run/get.h"

#include <stdlib.h>

/* What to do about a part whose rows lack classes. */
static const char *class_advice(const cJSON *config)
{
	if (lb_json_at(config, "data.split.first") || lb_json_at(config, "data.split.modulo"))
		return "the file is sorted? use a random split, such as data.split: {train: 0.64, valid: 0.16, test: 0.2}";
	if (lb_json_at(config, "data.group"))
		return "data.group keeps whole groups together; give the part more of them, or leave out data.group";
	if (lb_get_bool(config, "data.split.stratify"))
		return "give the part more rows (data.split.stratify is true already), or leave out classes of very few rows";
	return "give the part more rows, and keep class shares with data.split.stratify: true";
}

/* Rows of a class that a part lacks cannot be thinned out to a share. */
static int check_every_class(const cJSON *config, const struct lb_dataset *data, const struct lb_split *split, int part, struct lb_err *err)
{
	bool *found = lb_alloc(data->n_classes, sizeof *found, err);
	int rc = found ? 0 : -1;

	for (size_t i = 0; found && i < split->n[part]; i++)
		found[data->y[split->rows[part][i]]] = true;
	for (size_t c = 0; !rc && c < data->n_classes; c++)
		if (!found[c])
			rc = lb_fail(err, LB_DATA, "corrupt.imbalance: class '%s' has no row in the %s part; %s", data->class_name[c],
				     part == LB_TRAIN ? "training" : "validation", class_advice(config));
	free(found);
	return rc;
}

/* Leaves out training (and validation) rows as corrupt.imbalance says. */
static int thin_out(const cJSON *config, const struct lb_dataset *data, struct lb_split *split, struct lb_err *err)
{
	const cJSON *block = lb_json_at(config, "corrupt.imbalance");
	const char *kind = lb_get_text(block, "kind");
	const struct lb_imbalance *imbalance = NULL;
	struct lb_arg par[8];
	double *lists = NULL;

	for (size_t i = 0; kind && i < lb_imbalance_count(); i++)
		if (!strcmp(lb_imbalance_at(i)->base.name, kind))
			imbalance = lb_imbalance_at(i);
	if (!data->y || !imbalance || !imbalance->base.n_params)
		return 0;
	if (lb_args_from_block(&imbalance->base, block, par, &lists, err))
		return -1;
	free(lists);
	for (int part = LB_TRAIN; part <= LB_VALID; part++) {
		if (!split->n[part] || (part == LB_VALID && !lb_get_bool(block, "valid")))
			continue;
		if (check_every_class(config, data, split, part, err) ||
		    lb_imbalance_apply(imbalance, par, data->n_classes, data->y, (uint64_t)lb_get_number(block, "seed", 0),
				       split->rows[part], &split->n[part], err))
			return -1;
	}
	return 0;
}

int lb_trial_rows(const cJSON *config, const struct lb_dataset *data, struct lb_split *out, struct lb_err *err)
{
	double residues[LB_MAX_RESIDUES];
	struct lb_split_options opt;

	if (lb_split_options_of(config, &opt, residues, err) || lb_split_make(data, &opt, out, err))
		return -1;
	const double folds = lb_get_number(config, "data.cv.folds", 0), fold = lb_get_number(config, "data.cv.fold", 0);
	if (!thin_out(config, data, out, err) &&
	    (folds == 0 || !lb_split_refold(data, &opt, (size_t)folds, (size_t)fold, lb_get_bool(config, "data.cv.test"), out, err)) &&
	    !lb_labels_check(data, out, data->y, class_advice(config), err))
		return 0;
	lb_split_free(out);
	return -1;
}

int lb_trial_split(const cJSON *config, struct lb_data_cache *cache, const struct lb_data_entry **source, struct lb_split *out,
		   struct lb_err *err)
{
	*source = lb_data_get(cache, config, err);
	return *source ? lb_trial_rows(config, (*source)->data, out, err) : -1;
}
