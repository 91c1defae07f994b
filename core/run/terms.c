#include "core/run/terms.h"

#include "core/base/mem.h"
#include "core/run/trial_constraints.h"

bool lb_outputs_same(const struct lb_loss_info *a, const struct lb_arg *a_par, const struct lb_loss_info *b, const struct lb_arg *b_par)
{
	struct lb_output x, y;
	size_t k = 0;

	if (!a->output || !b->output)
		return !a->output == !b->output && lb_loss_outputs(a, a_par) == lb_loss_outputs(b, b_par);
	while (a->output(a_par, k, &x) && b->output(b_par, k, &y)) {
		if (x.says != y.says || x.level < y.level || x.level > y.level || x.of_scale != y.of_scale)
			return false;
		k++;
	}
	return k == lb_loss_outputs(a, a_par) && k == lb_loss_outputs(b, b_par);
}

int lb_terms_prepare(struct lb_prepared *p, size_t n_classes, struct lb_err *err)
{
	const struct lb_component_use *use[LB_MOST_TERMS];
	const size_t n = lb_used_losses(&p->spec, use);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const struct lb_loss_info *loss = lb_used_loss(use[i]);
		if (loss->classes && loss->classes != n_classes)
			return lb_fail(err, LB_DATA, "%s: %s takes data of %zu classes, these have %zu", i ? "terms" : "loss.name", loss->base.name,
				       loss->classes, n_classes);
		if (use[i]->weight > 0)
			p->term[kept++] = (struct lb_term){ .loss = loss, .par = use[i]->par, .weight = use[i]->weight, .head = use[i]->head - 1 };
	}
	const bool alone = kept == 1 && p->term[0].par == p->setup.loss_par && !(p->term[0].weight < 1 || p->term[0].weight > 1) && !use[0]->rows;
	p->setup.term = p->term;
	p->setup.n_terms = alone ? 0 : kept;
	return 0;
}

/* Makes p->part[k], unless it is made: with the rows' weights its mean over the training rows is
 * 1. */
static int make_part(struct lb_prepared *p, const struct lb_dataset *data, int k, struct lb_err *err)
{
	const struct lb_split *split = &p->split;
	const double *weight = p->setup.row_weight;
	double sum = 0;

	if (p->part[k])
		return 0;
	if (!(p->part[k] = lb_alloc(data->n, sizeof *p->part[k], err)))
		return -1;
	for (size_t i = 0; i < split->n[k]; i++)
		sum += weight ? weight[split->rows[k][i]] : 1;
	if (!(sum > 0))
		return lb_fail(err, LB_DATA, "data.weight: all rows to %s have weight 0, so that no mean can be taken over them", k == LB_FORGET ? "be forgotten" : "retain");
	for (size_t i = 0; i < split->n[k]; i++)
		p->part[k][split->rows[k][i]] = (double)split->n[LB_TRAIN] / sum;
	return 0;
}

int lb_terms_take_parts(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err)
{
	const struct lb_component_use *use[LB_MOST_TERMS];
	const size_t n = lb_used_losses(&p->spec, use);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const int k = use[i]->rows == LB_ROWS_FORGET ? LB_FORGET : LB_RETAIN;
		if (!(use[i]->weight > 0))
			continue;
		if (use[i]->rows != LB_ROWS_ALL) {
			if (make_part(p, data, k, err))
				return -1;
			p->term[kept].part = p->part[k];
		}
		kept++;
	}
	return 0;
}
