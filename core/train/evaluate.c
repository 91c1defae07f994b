#include "core/train/evaluate.h"

#include "core/base/mem.h"
#include "core/numeric/kernels.h"
#include "core/train/probe.h"
#include "losses/loss.h"

#include <stdlib.h>

static size_t wide_of(const struct X(lb_evaluator) *e)
{
	return (e->columns + 7) / 8 * 8;
}

static bool open_softmax(struct X(lb_evaluator) *e, struct lb_err *err)
{
	const size_t cells = LB_EVAL_CHUNK * wide_of(e);

	e->wide = lb_alloc_aligned(cells, sizeof(double), err);
	e->term = lb_alloc_aligned(cells, sizeof(double), err);
	e->sums = lb_alloc(4 * LB_EVAL_CHUNK, sizeof(double), err);
	return e->wide && e->term && e->sums;
}

static bool open_robust(struct X(lb_evaluator) *e, size_t n, struct lb_err *err)
{
	bool any = false;

	for (size_t i = 0; i < e->cohort->k; i++)
		any = any || e->cohort->trial[i].probe;
	return !any || ((e->robust = lb_alloc(n, sizeof(int32_t), err)) && (e->robust_logp = lb_alloc(n, sizeof(double), err)) &&
			(e->moved = lb_alloc_aligned(LB_EVAL_CHUNK * e->cohort->features->d, sizeof(real), err)));
}

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
	e->decision = &lb_plain_decision;
	bool ok = !X(lb_feed_open)(&e->feed, c->features, X(lb_feed_compressed)(c), LB_EVAL_CHUNK, false, err) &&
		  (e->z = lb_alloc_aligned(LB_EVAL_CHUNK * columns, sizeof(real), err));
	if (lb_kind_of_columns(c->kind))
		ok = ok && (e->pred_t = lb_alloc(n * columns, sizeof(double), err)) &&
		     (e->target_t = lb_alloc(n * columns, sizeof(double), err));
	else
		ok = ok && (e->label = lb_alloc(n, sizeof(int32_t), err)) && (e->pred = lb_alloc(n, sizeof(int32_t), err)) &&
		     (e->rank = lb_alloc(n, sizeof(int32_t), err)) && (e->logp = lb_alloc(n, sizeof(double), err)) &&
		     (e->brier = lb_alloc(n, sizeof(double), err)) && (e->conf = lb_alloc(n, sizeof(double), err)) &&
		     (e->score = lb_alloc(n, sizeof(double), err)) && (e->collapsed = lb_alloc(n, sizeof(bool), err)) &&
		     (e->peak = lb_alloc(n, sizeof(double), err)) && open_softmax(e, err) && open_robust(e, n, err);
	if (ok && !X(lb_last_layer_open)(&e->last, c, n, err))
		return e;
	X(lb_evaluator_free)(e);
	return NULL;
}

void X(lb_evaluator_free)(struct X(lb_evaluator) *e)
{
	if (!e)
		return;
	X(lb_feed_close)(&e->feed);
	free(e->z);
	free(e->label);
	free(e->pred);
	free(e->rank);
	free(e->logp);
	free(e->brier);
	free(e->conf);
	free(e->score);
	free(e->collapsed);
	free(e->peak);
	free(e->robust);
	free(e->robust_logp);
	free(e->moved);
	free(e->wide);
	free(e->term);
	free(e->sums);
	X(lb_last_layer_close)(&e->last);
	free(e->pred_t);
	free(e->target_t);
	free(e);
}

/* Whether the softmax is 1 for one class and 0 for the others in the working precision: added in order, its terms give just 1. */
static bool collapsed(size_t c, const double *term)
{
	real sum = 0;

	for (size_t k = 0; k < c; k++)
		sum += (real)term[k];
	return sum == 1;
}

struct scan {
	int32_t before;          /* classes that stand before the label: of larger scores, or equal ones and lower numbers */
	real peak;               /* the largest size of a score */
};

LB_CLONES static struct scan X(scan_row)(size_t c, const real *z, size_t label)
{
	const real own = z[label];
	struct scan s = { 0 };

	for (size_t k = 0; k < c; k++)
		s.before += z[k] > own;
	for (size_t k = 0; k < label; k++)
		s.before += z[k] == own;
	for (size_t k = 0; k < c; k++)
		s.peak = fabs(z[k]) > s.peak ? fabs(z[k]) : s.peak;
	return s;
}

/* The softmax of b rows of scores, ld apart, in double: the terms, and in sums the four values of lb_softmax_rows_f64. */
static void soften(struct X(lb_evaluator) *e, const int32_t *label, const real *z, size_t ld, size_t b)
{
	const size_t c = e->columns, wide = wide_of(e);
	double *sum = e->sums + b, *lp = sum + b, *top = lp + b;

	for (size_t i = 0; i < b; i++)
		for (size_t k = 0; k < c; k++)
			e->wide[i * wide + k] = e->decision->slope * (double)z[i * ld + k];
	if (c <= LB_SOFTMAX_COLUMNS) {
		lb_softmax_rows_f64(b, c, wide, e->wide, label, e->term, e->sums);
		return;
	}
	for (size_t i = 0; i < b; i++) {
		const double *row = e->wide + i * wide;
		double *term = e->term + i * wide;
		size_t most = 0;
		for (size_t k = 1; k < c; k++)
			most = row[k] > row[most] ? k : most;
		const double all = lb_exp_terms_f64(row, c, row[most], term);
		top[i] = (double)most;
		sum[i] = all;
		lp[i] = row[label[i]] - row[most] - log(all);
	}
}

/* The Brier score adds squares, the label's from the other terms, so that nothing cancels. */
static double brier_of(const double *term, size_t c, size_t label, double sum)
{
	double others = 0, squares = 0;

	for (size_t k = 0; k < c; k++) {
		others += k == label ? 0 : term[k];
		squares += k == label ? 0 : term[k] * term[k];
	}
	return (others / sum) * (others / sum) + squares / (sum * sum);
}

/* All that metrics of decisions read; the class of the largest score stays that whatever the calibration. */
static void decide_multiclass(struct X(lb_evaluator) *e, size_t start, const real *z, size_t ld, size_t b)
{
	for (size_t i = start; i < start + b; i++, z += ld) {
		e->pred[i] = (int32_t)X(lb_kernel)()->largest(z, e->columns);
		e->rank[i] = e->pred[i] == e->label[i] ? 0 : X(scan_row)(e->columns, z, (size_t)e->label[i]).before;
	}
}

static bool decisions_alone(const struct lb_setup *setup)
{
	for (size_t m = 0; m < setup->n_metrics; m++)
		if (!setup->metric[m].metric->decisions)
			return false;
	return true;
}

static void digest_multiclass(struct X(lb_evaluator) *e, size_t start, const real *z, size_t ld, size_t b)
{
	const size_t c = e->columns;
	const int32_t *label = e->label + start;
	const double *sum = e->sums + b, *lp = sum + b, *top = lp + b;

	soften(e, label, z, ld, b);
	for (size_t i = 0; i < b; i++) {
		const double *term = e->term + i * wide_of(e);
		const struct scan s = X(scan_row)(c, z + i * ld, (size_t)label[i]);
		e->pred[start + i] = (int32_t)top[i];
		e->rank[start + i] = s.before;
		e->logp[start + i] = lp[i];
		e->brier[start + i] = brier_of(term, c, (size_t)label[i], sum[i]);
		e->conf[start + i] = 1 / sum[i];
		e->collapsed[start + i] = sum[i] < 1.5 && collapsed(c, term);
		e->peak[start + i] = (double)s.peak;
	}
}

static void digest_binary(struct X(lb_evaluator) *e, size_t i, int32_t y, double raw)
{
	const double z = lb_decision_score(e->decision, raw), conf = 1 / (1 + exp(-fabs(z)));
	const double s = y ? z : -z, wrong = s >= 0 ? exp(-s) / (1 + exp(-s)) : 1 / (1 + exp(s));

	e->label[i] = y;
	e->pred[i] = z > e->decision->threshold;
	e->rank[i] = e->pred[i] != y;
	e->logp[i] = s >= 0 ? -log1p(exp(-s)) : s - log1p(exp(s));
	e->brier[i] = wrong * wrong;
	e->conf[i] = e->pred[i] == (z > 0) ? conf : 1 - conf;
	e->score[i] = z;
}

LB_CLONES static bool X(finite_row)(size_t c, const real *z)
{
	int bad = 0;

	for (size_t k = 0; k < c; k++)
		bad += !(fabs(z[k]) <= REAL_MAX);
	return !bad;
}

/* Of the first of b rows whose scores are not all finite, its place; b when there is none. */
static size_t first_bad(size_t c, const real *z, size_t ld, size_t b)
{
	size_t i = 0;

	while (i < b && X(finite_row)(c, z + i * ld))
		i++;
	return i;
}

/* Rows start, start + 1, ... of the split: b rows of finite scores, ld apart. */
static void digest(struct X(lb_evaluator) *e, const struct lb_setup *setup, size_t start, const uint32_t *rows, const real *z, size_t ld,
		   size_t b)
{
	const size_t c = e->columns;

	if (e->cohort->kind == LB_MULTICLASS) {
		for (size_t i = 0; i < b; i++)
			e->label[start + i] = setup->y[rows[i]];
		(decisions_alone(setup) ? decide_multiclass : digest_multiclass)(e, start, z, ld, b);
		return;
	}
	for (size_t i = 0; i < b; i++) {
		if (e->cohort->kind == LB_BINARY)
			digest_binary(e, start + i, setup->y[rows[i]], (double)z[i * ld]);
		for (size_t k = 0; lb_kind_of_columns(e->cohort->kind) && k < c; k++) {
			e->pred_t[(start + i) * c + k] = (double)z[i * ld + k];
			e->target_t[(start + i) * c + k] = e->cohort->features->data->target[rows[i] * c + k];
		}
	}
}

/* Scores of the net's output z (b rows, *ld apart): itself, or what the loss makes of it, with its own parameters behind the net's in
 * w. */
static int scores_of(struct X(lb_evaluator) *e, const struct lb_setup *setup, const struct X(lb_net) *net, const real *w,
		     const real **z, size_t *ld, size_t b, struct lb_err *err)
{
	const struct X(lb_loss) *loss = setup->loss ? X(lb_loss_of)(setup->loss) : NULL;
	const struct lb_loss_facts facts = { .n_rows = e->cohort->split->n[LB_TRAIN], .n_classes = e->cohort->features->data->n_classes };
	struct X(lb_batch) in = { .b = b, .c = net->layer[net->spec.n_layers - 1].out, .z = *z, .ld = *ld, .par = setup->loss_par, .facts = &facts,
				  .own = w + net->n_params };

	if (!loss || !loss->scores)
		return 0;
	if (!(in.wide = lb_alloc(in.c + 2 * facts.n_classes, sizeof *in.wide, err)))
		return -1;
	loss->scores(&in, e->z);
	free(in.wide);
	*z = e->z;
	*ld = e->columns;
	return 0;
}

/* The scores and digests of a split; returns as lb_evaluate. attack: the probe's, or NULL. */
static int pass(struct X(lb_evaluator) *e, const struct lb_setup *setup, struct X(lb_net) *net, const real *w, int part,
		struct X(lb_attack) *attack, double *scores, size_t *bad_row, struct lb_err *err)
{
	const struct lb_split *split = e->cohort->split;
	const uint32_t *rows = split->rows[part];
	const size_t n = split->n[part], c = e->columns;

	for (size_t start = 0; start < n; start += LB_EVAL_CHUNK) {
		const size_t b = n - start < LB_EVAL_CHUNK ? n - start : LB_EVAL_CHUNK;
		X(lb_feed_load)(&e->feed, rows + start, b, net->team);
		net->sparse = &e->feed.rows;
		const real *z = X(lb_net_forward)(net, w, e->feed.x, b, -1);
		size_t ld = net->ld;
		X(lb_last_layer_keep)(&e->last, setup, net, w, e->feed.x, start, b);
		if (scores_of(e, setup, net, w, &z, &ld, b, err))
			return -1;
		size_t bad = first_bad(c, z, ld, b);
		if (bad < b) {
			*bad_row = rows[start + bad];
			return 1;
		}
		if (setup->n_metrics)
			digest(e, setup, start, rows + start, z, ld, b);
		for (size_t i = 0; scores && i < b * c; i++)
			scores[start * c + i] = (double)z[i / c * ld + i % c];
		if (attack && X(lb_probe)(e, attack, setup, net, w, start, rows + start, b, &bad)) {
			*bad_row = rows[start + bad];
			return 1;
		}
	}
	return 0;
}

int X(lb_evaluate)(struct X(lb_evaluator) *e, const struct lb_setup *setup, struct X(lb_net) *net, const real *w, int part,
		   double *metric, double *scores, size_t *bad_row, struct lb_err *err)
{
	const bool probed = X(lb_probe_wanted)(setup);
	const size_t n = e->cohort->split->n[part], c = e->columns;
	struct X(lb_attack) attack = { 0 };
	int rc = probed ? X(lb_attack_open)(&attack, setup->probe, setup->probe_par, net, LB_EVAL_CHUNK, err) : 0;

	if (!rc)
		rc = pass(e, setup, net, w, part, probed ? &attack : NULL, scores, bad_row, err);
	X(lb_attack_close)(&attack);
	if (rc)
		return rc;
	const struct lb_outcomes o = { .kind = e->cohort->kind, .n = n, .n_classes = e->cohort->features->data->n_classes,
				       .t = c, .label = e->label, .pred = e->pred, .rank = e->rank, .logp = e->logp, .brier = e->brier,
				       .conf = e->conf, .score = e->score, .collapsed = e->collapsed, .peak = e->peak,
				       .width = e->last.width, .feature = e->last.seen, .weight = e->last.weight,
				       .robust = probed ? e->robust : NULL, .robust_logp = e->robust_logp, .pred_t = e->pred_t,
				       .target_t = e->target_t };
	for (size_t m = 0; m < setup->n_metrics; m++)
		if (setup->metric[m].metric->eval(&o, setup->metric[m].par, &metric[m], err))
			return -1;
	return 0;
}

int X(lb_evaluate_decide)(struct X(lb_evaluator) *e, const struct lb_setup *setup, struct X(lb_net) *net, const real *w, double *metric,
			  struct lb_decision *decision, size_t *bad_row, struct lb_err *err)
{
	const struct lb_split *split = e->cohort->split;
	const size_t n = split->n[LB_VALID];
	struct lb_setup unharmed = *setup;
	int32_t *y = NULL;
	double *z = NULL;
	int rc = 0;

	*decision = lb_plain_decision;
	if (!n || !setup->y || (setup->calibration == LB_UNCALIBRATED && setup->threshold == LB_AT_ZERO))
		return 0;
	z = lb_alloc(n * e->columns, sizeof *z, err);
	y = lb_alloc(n, sizeof *y, err);
	unharmed.probe = NULL;
	rc = z && y ? X(lb_evaluate)(e, &unharmed, net, w, LB_VALID, metric, z, bad_row, err) : -1;
	for (size_t i = 0; !rc && i < n; i++)
		y[i] = setup->y[split->rows[LB_VALID][i]];
	if (!rc)
		rc = lb_decision_fit(decision, setup->calibration, setup->threshold, n, e->columns, z, y, err);
	free(z);
	free(y);
	return rc;
}
