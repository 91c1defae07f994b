#include "core/engine/eval/row_stats.h"

#include "core/base/mem.h"
#include "core/engine/kernels/kernels.h"

#include <stdlib.h>
#include <string.h>

static bool decisions_alone(const struct lb_setup *setup)
{
	for (size_t m = 0; m < setup->n_metrics; m++)
		if (!setup->metric[m].metric->decisions)
			return false;
	return true;
}

/* Whether no trial of the cohort asks for more than the class of the largest score and the label's
 * rank. */
static bool cohort_decides_alone(const struct lb_cohort *c)
{
	for (size_t i = 0; i < c->k; i++) {
		const struct lb_setup *t = &c->trial[i];
		if (!decisions_alone(t) || (t->threshold && t->threshold->median))
			return false;
	}
	return c->kind == LB_MULTICLASS && !lb_cohort_has_eval_attack(c);
}

static bool reads_teacher(const struct lb_setup *setup)
{
	for (size_t m = 0; setup->teacher && m < setup->n_metrics; m++)
		if (setup->metric[m].metric->teacher)
			return true;
	return false;
}

static bool reads_reference(const struct lb_setup *setup)
{
	for (size_t m = 0; setup->reference && m < setup->n_metrics; m++)
		if (setup->metric[m].metric->reference)
			return true;
	return false;
}

/* Columns of another model's scores that are kept; 0: none. */
static size_t columns_read(const struct lb_cohort *c, bool (*reads)(const struct lb_setup *setup))
{
	for (size_t i = 0; i < c->k; i++)
		if (reads(&c->trial[i]))
			return c->features->data->n_classes;
	return 0;
}

int lb_row_stats_open(struct lb_row_stats *d, const struct lb_cohort *c, size_t max_rows, size_t columns, struct lb_err *err)
{
	const size_t n = max_rows;

	*d = (struct lb_row_stats){ 0 };
	if (c->kind == LB_RANKING && !(d->query = lb_alloc(n, sizeof *d->query, err)))
		return -1;
	if (c->kind == LB_SURVIVAL && !(d->event = lb_alloc(n, sizeof *d->event, err)))
		return -1;
	if (c->features->data->subgroup && !(d->subgroup = lb_alloc(n, sizeof *d->subgroup, err)))
		return -1;
	if (lb_kind_of_columns(c->kind)) {
		const size_t targets = c->features->data->n_targets, beside = columns > targets ? columns - targets : 0;
		return (d->pred_t = lb_alloc(n * targets, sizeof(double), err)) && (d->target_t = lb_alloc(n * targets, sizeof(double), err)) &&
				       (!beside || (d->said = lb_alloc(n * beside, sizeof(double), err))) ? 0 : -1;
	}
	bool ok = (d->label = lb_alloc(n, sizeof(int32_t), err)) && (d->pred = lb_alloc(n, sizeof(int32_t), err)) &&
		  (d->rank = lb_alloc(n, sizeof(int32_t), err));
	if (ok && !cohort_decides_alone(c))
		ok = (d->logp = lb_alloc(n, sizeof(double), err)) && (d->brier = lb_alloc(n, sizeof(double), err)) &&
		     (d->conf = lb_alloc(n, sizeof(double), err)) && (d->score = lb_alloc(n, sizeof(double), err)) &&
		     (d->peak = lb_alloc(n, sizeof(double), err)) && (d->collapsed = lb_alloc(n, sizeof(bool), err));
	if (ok && columns_read(c, reads_teacher))
		ok = (d->teacher = lb_alloc(n, columns_read(c, reads_teacher) * sizeof(double), err));
	if (ok && columns_read(c, reads_reference))
		ok = (d->reference = lb_alloc(n, columns_read(c, reads_reference) * sizeof(double), err));
	if (ok && lb_cohort_has_eval_attack(c))
		ok = (d->robust = lb_alloc(n, sizeof(int32_t), err)) && (d->robust_logp = lb_alloc(n, sizeof(double), err));
	if (ok && lb_cohort_reads_probabilities(c))
		ok = (d->log_probability = lb_alloc(n, columns * sizeof(double), err));
	return ok ? 0 : -1;
}

void lb_row_stats_close(struct lb_row_stats *d)
{
	free(d->label);
	free(d->pred);
	free(d->rank);
	free(d->logp);
	free(d->brier);
	free(d->conf);
	free(d->score);
	free(d->peak);
	free(d->pred_t);
	free(d->target_t);
	free(d->said);
	free(d->query);
	free(d->event);
	free(d->subgroup);
	free(d->teacher);
	free(d->reference);
	free(d->log_probability);
	free(d->collapsed);
	free(d->robust);
	free(d->robust_logp);
	*d = (struct lb_row_stats){ 0 };
}

size_t lb_row_stats_bytes(const struct lb_cohort *c, size_t columns)
{
	const size_t subgroup = c->features->data->subgroup ? sizeof(int32_t) : 0;
	const size_t others = columns_read(c, reads_teacher) + columns_read(c, reads_reference);
	const size_t decisions = 3 * sizeof(int32_t) + subgroup + others * sizeof(double), eval_attack = lb_cohort_has_eval_attack(c) ? sizeof(int32_t) + sizeof(double) : 0;

	if (lb_kind_of_columns(c->kind))
		return 2 * columns * sizeof(double) + subgroup;
	if (cohort_decides_alone(c))
		return decisions;
	return decisions + 5 * sizeof(double) + sizeof(bool) + eval_attack + (lb_cohort_reads_probabilities(c) ? columns * sizeof(double) : 0);
}

static size_t padded(size_t columns)
{
	return (columns + 7) / 8 * 8;
}

static bool reorders(const struct lb_cohort *c)
{
	for (size_t i = 0; i < c->k; i++)
		if (lb_calibration_reorders(c->trial[i].calibration))
			return c->kind == LB_MULTICLASS;
	return false;
}

int lb_row_stats_scratch_open(struct lb_row_stats_scratch *r, const struct lb_cohort *c, size_t rows, size_t columns, struct lb_err *err)
{
	if (reorders(c) && !(r->calibrated = lb_alloc_aligned(rows * padded(columns), sizeof(real), err)))
		return -1;
	r->wide = lb_alloc_aligned(rows * padded(columns), sizeof(double), err);
	r->term = lb_alloc_aligned(rows * padded(columns), sizeof(double), err);
	r->sums = lb_alloc(4 * rows, sizeof(double), err);
	return r->wide && r->term && r->sums ? 0 : -1;
}

void lb_row_stats_scratch_close(struct lb_row_stats_scratch *r)
{
	free(r->wide);
	free(r->term);
	free(r->sums);
	free(r->calibrated);
	*r = (struct lb_row_stats_scratch){ 0 };
}

/* Whether the softmax is 1 for one class and 0 for the others in the working precision: added in
 * order, its terms give just 1. */
static bool collapsed(size_t c, const double *term)
{
	real sum = 0;

	for (size_t k = 0; k < c; k++)
		sum += (real)term[k];
	return sum == 1;
}

struct scan {
	int32_t before;          /* classes that rank before the label: of larger scores, or equal ones and lower numbers */
	real peak;               /* the largest size of a score */
};

LB_CLONES static struct scan lb_scan_row(size_t c, const real *z, size_t label)
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

const real *lb_calibrated_row(const struct lb_row_stats_scratch *r, const struct lb_decision *d, size_t c, size_t i, const real *z)
{
	double *plain = r->wide + i * padded(c), *mapped = r->term + i * padded(c);
	real *out = r->calibrated + i * padded(c);

	if (!lb_decision_reorders(d))
		return z;
	for (size_t k = 0; k < c; k++)
		plain[k] = (double)z[k];
	lb_decision_scores(d, c, plain, mapped);
	for (size_t k = 0; k < c; k++)
		out[k] = (real)mapped[k];
	return out;
}

/* The softmax of the rows in double: the terms, and in sums the four values of
 * lb_softmax_rows_f64. */
static void soften(const struct lb_row_stats_scratch *r, const struct lb_stats_input *s, const int32_t *label)
{
	const size_t c = s->columns, wide = padded(c), b = s->b;
	double *sum = r->sums + b, *lp = sum + b, *top = lp + b;

	for (size_t i = 0; i < b; i++)
		for (size_t k = 0; k < c; k++)
			r->wide[i * wide + k] = s->decision->map.slope * (double)s->z[i * s->ld + k];
	if (c <= LB_SOFTMAX_COLUMNS) {
		lb_softmax_rows_f64(b, c, wide, r->wide, label, r->term, r->sums);
		return;
	}
	for (size_t i = 0; i < b; i++) {
		const double *row = r->wide + i * wide;
		double *term = r->term + i * wide;
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

/* All that metrics of decisions read. */
static void decide_multiclass(struct lb_row_stats *d, const struct lb_stats_input *s)
{
	const real *z = s->z;

	for (size_t i = s->start; i < s->start + s->b; i++, z += s->ld) {
		d->pred[i] = (int32_t)lb_kernel()->largest(z, s->columns);
		d->rank[i] = d->pred[i] == d->label[i] ? 0 : lb_scan_row(s->columns, z, (size_t)d->label[i]).before;
	}
}

/* The log-probabilities of the batch's rows, from what soften left in r. */
static void keep_probabilities(struct lb_row_stats *d, const struct lb_row_stats_scratch *r, const struct lb_stats_input *s)
{
	const size_t c = s->columns, b = s->b;
	const double *sum = r->sums + b, *top = sum + 2 * b;

	for (size_t i = 0; i < b; i++) {
		const double *z = r->wide + i * padded(c), shift = z[(size_t)top[i]], log_sum = log(sum[i]);
		for (size_t k = 0; k < c; k++)
			d->log_probability[(s->start + i) * c + k] = z[k] - shift - log_sum;
	}
}

static void digest_multiclass(struct lb_row_stats *d, const struct lb_row_stats_scratch *r, const struct lb_stats_input *s)
{
	const size_t c = s->columns, start = s->start, b = s->b;
	const int32_t *label = d->label + start;
	const double *sum = r->sums + b, *lp = sum + b, *top = lp + b;

	soften(r, s, label);
	if (lb_setup_reads_probabilities(s->setup))
		keep_probabilities(d, r, s);
	for (size_t i = 0; i < b; i++) {
		const double *term = r->term + i * padded(c);
		const struct scan scan = lb_scan_row(c, s->z + i * s->ld, (size_t)label[i]);
		const size_t pred = lb_decision_class(s->decision, c, term, sum[i], (size_t)top[i]);
		d->pred[start + i] = (int32_t)pred;
		d->rank[start + i] = scan.before;
		d->logp[start + i] = lp[i];
		d->brier[start + i] = brier_of(term, c, (size_t)label[i], sum[i]);
		d->conf[start + i] = pred == (size_t)top[i] ? 1 / sum[i] : term[pred] / sum[i];
		d->collapsed[start + i] = sum[i] < 1.5 && collapsed(c, term);
		d->peak[start + i] = (double)scan.peak;
	}
}

static void digest_binary(struct lb_row_stats *d, const struct lb_decision *by, size_t i, int32_t y, double raw)
{
	const double z = lb_score_mapped(&by->map, raw), conf = 1 / (1 + exp(-fabs(z)));
	const double s = y ? z : -z, wrong = s >= 0 ? exp(-s) / (1 + exp(-s)) : 1 / (1 + exp(s));

	d->label[i] = y;
	d->pred[i] = z > by->threshold;
	d->rank[i] = d->pred[i] != y;
	d->logp[i] = s >= 0 ? -log1p(exp(-s)) : s - log1p(exp(s));
	d->brier[i] = wrong * wrong;
	d->conf[i] = d->pred[i] == (z > 0) ? conf : 1 - conf;
	d->score[i] = z;
}

/* Whether the class of the largest score and the label's rank are all that is asked for. */
static bool reads_decisions_alone(const struct lb_stats_input *s)
{
	return decisions_alone(s->setup) && !(s->decision->rule && s->decision->rule->median);
}

/* What is known of the rows beside scores. */
static void keep_beside(struct lb_row_stats *d, const struct lb_stats_input *s)
{
	const struct lb_dataset *data = s->cohort->features->data;
	const size_t c = data->n_classes;

	for (size_t i = 0; d->subgroup && i < s->b; i++)
		d->subgroup[s->start + i] = data->subgroup[s->rows[i]];
	for (size_t i = 0; d->teacher && reads_teacher(s->setup) && i < s->b; i++)
		memcpy(d->teacher + (s->start + i) * c, s->setup->teacher + s->rows[i] * c, c * sizeof *d->teacher);
	for (size_t i = 0; d->reference && reads_reference(s->setup) && i < s->b; i++)
		memcpy(d->reference + (s->start + i) * c, s->setup->reference + s->rows[i] * c, c * sizeof *d->reference);
}

/* The statistics of classes, of the scores that metrics follow. */
static void compute_multiclass(struct lb_row_stats *d, const struct lb_row_stats_scratch *r, const struct lb_stats_input *given)
{
	struct lb_stats_input s = *given;

	if (s.setup->loss && !lb_loss_gives_scores(s.setup->loss))
		return;
	if (lb_decision_reorders(s.decision)) {
		for (size_t i = 0; i < s.b; i++)
			lb_calibrated_row(r, s.decision, s.columns, i, given->z + i * given->ld);
		s.z = r->calibrated;
		s.ld = padded(s.columns);
	}
	if (reads_decisions_alone(&s))
		decide_multiclass(d, &s);
	else
		digest_multiclass(d, r, &s);
}

void lb_row_stats_compute(struct lb_row_stats *d, const struct lb_row_stats_scratch *r, const struct lb_stats_input *s)
{
	const enum lb_kind kind = s->cohort->kind;
	const struct lb_dataset *data = s->cohort->features->data;
	const size_t targets = data->n_targets, beside = s->columns - targets, start = s->start;
	const double *target = lb_setup_target(s->setup, data);

	keep_beside(d, s);
	if (kind == LB_MULTICLASS) {
		for (size_t i = 0; i < s->b; i++)
			d->label[start + i] = s->setup->y[s->rows[i]];
		compute_multiclass(d, r, s);
		return;
	}
	for (size_t i = 0; i < s->b; i++) {
		if (kind == LB_BINARY || kind == LB_ANOMALY)
			digest_binary(d, s->decision, start + i, s->setup->y[s->rows[i]], (double)s->z[i * s->ld]);
		if (kind == LB_RANKING)
			d->query[start + i] = data->group[s->rows[i]];
		if (kind == LB_SURVIVAL)
			d->event[start + i] = data->event[s->rows[i]];
		for (size_t k = 0; lb_kind_of_columns(kind) && k < targets; k++) {
			d->pred_t[(start + i) * targets + k] = (double)s->z[i * s->ld + k];
			d->target_t[(start + i) * targets + k] = target[s->rows[i] * targets + k];
		}
		for (size_t k = 0; lb_kind_of_columns(kind) && k < beside; k++)
			d->said[(start + i) * beside + k] = (double)s->z[i * s->ld + targets + k];
	}
}

void lb_row_stats_repeat(struct lb_row_stats *d, size_t from, const struct lb_stats_input *s)
{
	const size_t to = s->start, c = s->columns;

	keep_beside(d, s);
	d->label[to] = d->label[from];
	d->pred[to] = d->pred[from];
	d->rank[to] = d->rank[from];
	if (reads_decisions_alone(s))
		return;
	d->logp[to] = d->logp[from];
	d->brier[to] = d->brier[from];
	d->conf[to] = d->conf[from];
	d->collapsed[to] = d->collapsed[from];
	d->peak[to] = d->peak[from];
	if (lb_setup_reads_probabilities(s->setup))
		memcpy(d->log_probability + to * c, d->log_probability + from * c, c * sizeof *d->log_probability);
}

struct lb_metric_inputs lb_row_stats_metric_inputs(const struct lb_row_stats *d, const struct lb_cohort *c, const struct lb_setup *setup, size_t n,
				      struct lb_output output[LB_MOST_OUTPUTS])
{
	const size_t times = lb_setup_curve_times(setup), outputs = setup->loss && setup->loss->output ? lb_loss_outputs(setup->loss, setup->loss_par) : 0;

	for (size_t k = 0; k < outputs; k++)
		setup->loss->output(setup->loss_par, k, &output[k]);
	return (struct lb_metric_inputs){ .kind = c->kind, .n = n, .n_classes = c->features->data->n_classes, .t = c->features->data->n_targets, .label = d->label,
				     .pred = d->pred, .rank = d->rank, .logp = d->logp, .brier = d->brier, .conf = d->conf, .score = d->score,
				     .collapsed = d->collapsed, .peak = d->peak, .log_probability = lb_setup_reads_probabilities(setup) ? d->log_probability : NULL, .teacher = d->teacher, .reference = d->reference, .robust = d->robust, .robust_logp = d->robust_logp,
				     .pred_t = d->pred_t, .target_t = d->target_t, .query = d->query, .subgroup = d->subgroup, .event = d->event,
				     .n_times = times, .curve_time = times ? setup->survival_curve->time : NULL, .curve = times ? d->said : NULL,
				     .outputs = outputs, .output = outputs ? output : NULL,
				     .said = outputs ? d->said : NULL };
}
