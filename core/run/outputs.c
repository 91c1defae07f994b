#include "core/run/outputs.h"

#include "core/base/mem.h"
#include "core/config/config.h"
#include "core/run/get.h"

#include <stdlib.h>

enum { ROOM = 16 };

/* Refuses early stopping by a metric of outputs that the loss has not. */
static int check_stopping(const cJSON *config, const struct lb_loss_info *loss, const struct lb_arg *par, struct lb_err *err)
{
	const char *name = lb_get_text(config, "train.early_stopping.metric");
	const struct lb_metric *metric = name ? lb_metric_find(name + strlen("valid.")) : NULL;
	const unsigned lacks = metric ? metric->statistics & ~lb_loss_statistics(loss, par) : 0;

	if (!lacks)
		return 0;
	return lb_fail(err, LB_CONFIG, "train.early_stopping.metric: found %s with loss %s, whose model gives no %s; take another metric", name,
		       loss->base.name, lacks >> LB_QUANTILE & 1 ? "quantiles" : "variance of a target");
}

int lb_outputs_check(const cJSON *config, const struct lb_loss_info *loss, struct lb_err *err)
{
	struct lb_arg par[ROOM];
	struct lb_err *why = lb_alloc(1, sizeof *why, err);
	double *lists = NULL;
	int rc = why ? lb_args_from_block(&loss->base, lb_json_at(config, "loss"), par, &lists, why) : -1;

	if (why && rc)
		lb_fail(err, why->code, "%s%s", why->code == LB_CONFIG ? "loss." : "", why->text + (why->code == LB_CONFIG ? strlen(loss->base.name) + 2 : 0));
	if (!rc)
		rc = check_stopping(config, loss, par, err);
	free(lists);
	free(why);
	return rc;
}

int lb_outputs_count(const cJSON *config, size_t *outputs, struct lb_err *err)
{
	const struct lb_loss_info *loss = lb_loss_find(LB_REGRESSION, lb_get_text(config, "loss.name"));
	struct lb_arg par[ROOM];
	double *lists = NULL;

	if (lb_args_from_block(&loss->base, lb_json_at(config, "loss"), par, &lists, err))
		return -1;
	*outputs = lb_loss_outputs(loss, par);
	free(lists);
	return 0;
}

bool lb_outputs_same(const struct lb_setup *a, const struct lb_setup *b)
{
	struct lb_output x, y;
	size_t k = 0;

	if (!a->loss->output || !b->loss->output)
		return !a->loss->output == !b->loss->output;
	while (a->loss->output(a->loss_par, k, &x) && b->loss->output(b->loss_par, k, &y)) {
		if (x.says != y.says || x.level < y.level || x.level > y.level)
			return false;
		k++;
	}
	return k == lb_loss_outputs(a->loss, a->loss_par) && k == lb_loss_outputs(b->loss, b->loss_par);
}
