#include "core/train/evaluate.h"

#include "core/base/mem.h"
#include "datasets/gather.h"

#include <stdlib.h>

struct X(lb_evaluator) *X(lb_evaluator_new)(const struct lb_cohort *c, size_t columns, struct lb_err *err)
{
	struct X(lb_evaluator) *e = lb_alloc(1, sizeof *e, err);
	size_t n = 1;

	if (!e)
		return NULL;
	for (int part = 0; part < 3; part++)
		if (c->split->n[part] > n)
			n = c->split->n[part];
	e->cohort = c;
	e->max_rows = n;
	e->columns = columns;
	bool ok = (e->x = lb_alloc_aligned(LB_EVAL_CHUNK * c->features->d, sizeof(real), err)) != NULL;
	if (c->kind == LB_REGRESSION)
		ok = ok && (e->pred_t = lb_alloc(n * columns, sizeof(double), err)) &&
		     (e->target_t = lb_alloc(n * columns, sizeof(double), err));
	else
		ok = ok && (e->label = lb_alloc(n, sizeof(int32_t), err)) && (e->pred = lb_alloc(n, sizeof(int32_t), err)) &&
		     (e->rank = lb_alloc(n, sizeof(int32_t), err)) && (e->logp = lb_alloc(n, sizeof(double), err)) &&
		     (e->brier = lb_alloc(n, sizeof(double), err)) && (e->conf = lb_alloc(n, sizeof(double), err)) &&
		     (e->score = lb_alloc(n, sizeof(double), err)) && (e->collapsed = lb_alloc(n, sizeof(bool), err)) &&
		     (e->peak = lb_alloc(n, sizeof(double), err));
	if (ok)
		return e;
	X(lb_evaluator_free)(e);
	return NULL;
}

void X(lb_evaluator_free)(struct X(lb_evaluator) *e)
{
	if (!e)
		return;
	free(e->x);
	free(e->label);
	free(e->pred);
	free(e->rank);
	free(e->logp);
	free(e->brier);
	free(e->conf);
	free(e->score);
	free(e->collapsed);
	free(e->peak);
	free(e->pred_t);
	free(e->target_t);
	free(e);
}

/* Sums in double. The Brier score adds squares, (1 - p_y)^2 among them, so that nothing cancels. */
static void digest_multiclass(struct X(lb_evaluator) *e, size_t i, int32_t y, const real *z)
{
	const size_t c = e->columns, label = (size_t)y;
	size_t top = 0;
	int32_t before = 0;
	double sum = 0, brier = 0, peak = 0;
	real working = 0;

	for (size_t k = 1; k < c; k++)
		if (z[k] > z[top])
			top = k;
	for (size_t k = 0; k < c; k++) {
		before += z[k] > z[label] || (z[k] == z[label] && k < label);
		const double term = exp((double)z[k] - (double)z[top]);
		sum += term;
		working += (real)term;
		peak = fmax(peak, (double)fabs(z[k]));
	}
	for (size_t k = 0; k < c; k++) {
		const double p = exp((double)z[k] - (double)z[top]) / sum, d = k == label ? 1 - p : p;
		brier += d * d;
	}
	e->label[i] = y;
	e->pred[i] = (int32_t)top;
	e->rank[i] = before;
	e->logp[i] = (double)z[label] - (double)z[top] - log(sum);
	e->brier[i] = brier;
	e->conf[i] = 1 / sum;
	e->collapsed[i] = working == 1;
	e->peak[i] = peak;
}

static void digest_binary(struct X(lb_evaluator) *e, size_t i, int32_t y, double z)
{
	const double s = y ? z : -z, wrong = s >= 0 ? exp(-s) / (1 + exp(-s)) : 1 / (1 + exp(s));

	e->label[i] = y;
	e->pred[i] = z > 0;
	e->rank[i] = e->pred[i] != y;
	e->logp[i] = s >= 0 ? -log1p(exp(-s)) : s - log1p(exp(s));
	e->brier[i] = wrong * wrong;
	e->conf[i] = 1 / (1 + exp(-fabs(z)));
	e->score[i] = z;
}

/* Returns false at a score that is not finite. */
static bool digest(struct X(lb_evaluator) *e, const struct lb_setup *setup, size_t i, uint32_t row, const real *z)
{
	for (size_t k = 0; k < e->columns; k++)
		if (!isfinite(z[k]))
			return false;
	if (e->cohort->kind == LB_MULTICLASS)
		digest_multiclass(e, i, setup->y[row], z);
	else if (e->cohort->kind == LB_BINARY)
		digest_binary(e, i, setup->y[row], (double)z[0]);
	else
		for (size_t k = 0; k < e->columns; k++) {
			e->pred_t[i * e->columns + k] = (double)z[k];
			e->target_t[i * e->columns + k] = e->cohort->features->data->target[row * e->columns + k];
		}
	return true;
}

int X(lb_evaluate)(struct X(lb_evaluator) *e, const struct lb_setup *setup, struct X(lb_net) *net, const real *w, int part,
		   double *metric, double *scores, size_t *bad_row, struct lb_err *err)
{
	const struct lb_split *split = e->cohort->split;
	const uint32_t *rows = split->rows[part];
	const size_t n = split->n[part], c = e->columns;

	for (size_t start = 0; start < n; start += LB_EVAL_CHUNK) {
		const size_t b = n - start < LB_EVAL_CHUNK ? n - start : LB_EVAL_CHUNK;
		X(lb_gather)(e->cohort->features, rows + start, b, e->x);
		const real *z = X(lb_net_forward)(net, w, e->x, b, -1);
		for (size_t i = 0; i < b; i++)
			if (!digest(e, setup, start + i, rows[start + i], z + i * c)) {
				*bad_row = rows[start + i];
				return 1;
			}
		for (size_t i = 0; scores && i < b * c; i++)
			scores[start * c + i] = (double)z[i];
	}
	const struct lb_outcomes o = { .kind = e->cohort->kind, .n = n, .n_classes = e->cohort->features->data->n_classes,
				       .t = c, .label = e->label, .pred = e->pred, .rank = e->rank, .logp = e->logp, .brier = e->brier,
				       .conf = e->conf, .score = e->score, .collapsed = e->collapsed, .peak = e->peak, .pred_t = e->pred_t, .target_t = e->target_t };
	for (size_t m = 0; m < setup->n_metrics; m++)
		if (setup->metric[m].metric->eval(&o, setup->metric[m].par, &metric[m], err))
			return -1;
	return 0;
}
