#include "core/engine/train/candidates.h"

#include "core/base/mem.h"
#include "core/engine/eval/evaluate.h"
#include "core/engine/step/learner_open.h"
#include "core/engine/step/procedure.h"

#include <stdlib.h>

/* Whether a row of c scores is right. */
static bool is_right(const double *score, size_t c, int32_t y)
{
	size_t best = 0;

	if (c == 1)
		return (score[0] > 0) == (y > 0);
	for (size_t k = 1; k < c; k++)
		best = score[k] > score[best] ? k : best;
	return (int32_t)best == y;
}

/* *right <- how many validation rows are, as the weights are read now; -1 if scores are not
 * finite. */
static int count_right(struct lb_learner *l, struct lb_evaluator *e, double *scores, int64_t *right, struct lb_err *err)
{
	const struct lb_cohort *c = e->cohort;
	const size_t columns = lb_setup_columns(l->setup, c->features->data);
	struct lb_setup plain = *l->setup;
	size_t bad_row;

	plain.n_metrics = 0;
	plain.eval_attack = NULL;
	plain.judge = NULL;
	const int rc = lb_evaluate_one(e, &plain, l->model.net, lb_learner_eval_weights(l), LB_VALID, NULL, scores, &bad_row, err);
	*right = rc ? -1 : 0;
	for (size_t i = 0; !rc && i < c->split->n[LB_VALID]; i++)
		*right += is_right(scores + i * columns, columns, plain.y[c->split->rows[LB_VALID][i]]);
	return rc < 0 ? -1 : 0;
}

static int choose(struct lb_learner *l, const struct lb_hook *h, struct lb_evaluator *e, double *scores, struct lb_err *err)
{
	const size_t n = h->procedure->candidates(h);
	double best_value = -HUGE_VAL;
	size_t best = n ? n - 1 : 0;
	int64_t right;

	for (size_t k = 0; k < n; k++) {
		h->procedure->choose(h, k);
		if (count_right(l, e, scores, &right, err))
			return -1;
		const double value = (double)right / (double)e->cohort->split->n[LB_VALID] - 1e-5 * (double)k;
		if (right >= 0 && value > best_value) {
			best_value = value;
			best = k;
		}
	}
	if (n)
		h->procedure->choose(h, best);
	return 0;
}

int lb_candidates_choose(struct lb_learner *l, struct lb_evaluator *e, struct lb_err *err)
{
	const size_t n = e->cohort->split->n[LB_VALID];
	double *scores;
	int rc = 0;

	if (!(l->traits & LB_HAS_CANDIDATES) || !n)
		return 0;
	if (!(scores = lb_alloc(n * e->columns, sizeof *scores, err)))
		return -1;
	for (size_t i = 0; i < l->n_hooks && !rc; i++)
		if (l->hook[i].procedure->candidates)
			rc = choose(l, &l->hook[i], e, scores, err);
	free(scores);
	return rc;
}
