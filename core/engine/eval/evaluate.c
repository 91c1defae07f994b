#include "core/engine/eval/evaluate.h"

#include "core/base/mem.h"
#include "core/engine/kernels/kernels.h"
#include "core/engine/eval/anomaly_rows.h"
#include "core/engine/eval/baseline_hazard.h"
#include "core/engine/eval/judge_model.h"
#include "core/engine/eval/robust_eval.h"
#include "core/training/anomaly_score_info.h"
#include "losses/loss.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of row statistics beyond which fewer models are evaluated at once. */
enum { MOST_DIGESTED = 4 << 20 };

static size_t most_rows(const struct lb_cohort *c)
{
	size_t n = 1;

	for (int part = 0; part < LB_ROW_LISTS; part++)
		if (c->split->n[part] > n)
			n = c->split->n[part];
	return n;
}

static bool shifts_rows(const struct lb_cohort *c)
{
	for (size_t i = 0; i < c->k; i++)
		if (c->trial[i].anomaly && c->trial[i].anomaly_par[LB_SHIFT_ROUNDS].v > 0)
			return true;
	return false;
}

/* Whether a metric of the trial reads the rows to be forgotten, or the others. */
static bool reads_rows(const struct lb_setup *setup, int part)
{
	for (size_t m = 0; m < setup->n_metrics; m++)
		if (part == LB_FORGET ? setup->metric[m].metric->forget : setup->metric[m].metric->retain)
			return true;
	return false;
}

/* Makes room for their statistics, where a trial reads them. */
static int open_unlearning(struct lb_evaluator *e, int part, struct lb_err *err)
{
	const struct lb_cohort *c = e->cohort;
	bool reads = false;

	for (size_t i = 0; i < c->k; i++)
		reads |= reads_rows(&c->trial[i], part);
	if (!reads || !c->split->n[part])
		return 0;
	if (!(e->unlearning[part] = lb_alloc(e->together, sizeof *e->unlearning[part], err)))
		return -1;
	for (size_t i = 0; i < e->together; i++)
		if (lb_row_stats_open(&e->unlearning[part][i], c, c->split->n[part], e->columns, err))
			return -1;
	return 0;
}

/* Features, adversarial rows and shifted ones have room for one model only, so with them models are
 * evaluated one at a time. Else each pass over the rows gets about as many models. */
static size_t at_once(const struct lb_evaluator *e, size_t rows)
{
	const size_t most = MOST_DIGESTED / (rows * lb_row_stats_bytes(e->cohort, e->columns)), k = e->cohort->k;

	if (e->last.width || e->moved || shifts_rows(e->cohort) || most < 1)
		return 1;
	const size_t passes = (k + most - 1) / most;
	return (k + passes - 1) / passes;
}

struct lb_evaluator *lb_evaluator_new(const struct lb_cohort *c, size_t columns, struct lb_err *err)
{
	struct lb_evaluator *e = lb_alloc(1, sizeof *e, err);
	const size_t n = most_rows(c);

	if (!e)
		return NULL;
	e->cohort = c;
	e->columns = columns;
	e->chunk = lb_eval_rows(columns);
	bool ok = !lb_input_batch_open(&e->input, c->features, lb_input_batch_compressed(c), e->chunk, 0, err) &&
		  (e->z = lb_alloc_aligned(e->chunk * columns, sizeof(real), err)) && !lb_last_layer_open(&e->last, c, n, err) &&
		  !lb_row_stats_scratch_open(&e->room, c, e->chunk, columns, err);
	if (ok && lb_cohort_has_eval_attack(c))
		ok = (e->moved = lb_alloc_aligned(e->chunk * c->features->d, sizeof(real), err));
	const size_t together = ok ? at_once(e, n) : 0;
	ok = ok && (e->row_stats = lb_alloc(together, sizeof *e->row_stats, err));
	if (ok && c->kind == LB_SURVIVAL)
		ok = (e->hazard = lb_alloc(together * LB_CURVE_TIMES, sizeof *e->hazard, err));
	for (size_t i = 0; i < together && ok; i++, e->together++)
		ok = !lb_row_stats_open(&e->row_stats[i], c, n, columns, err);
	for (int part = LB_FORGET; part < LB_ROW_LISTS && ok; part++)
		ok = !open_unlearning(e, part, err);
	if (ok)
		return e;
	lb_evaluator_free(e);
	return NULL;
}

void lb_evaluator_free(struct lb_evaluator *e)
{
	if (!e)
		return;
	lb_input_batch_close(&e->input);
	free(e->z);
	free(e->workspace);
	for (size_t i = 0; i < e->together; i++)
		lb_row_stats_close(&e->row_stats[i]);
	free(e->row_stats);
	for (int part = LB_FORGET; part < LB_ROW_LISTS; part++) {
		for (size_t i = 0; e->unlearning[part] && i < e->together; i++)
			lb_row_stats_close(&e->unlearning[part][i]);
		free(e->unlearning[part]);
	}
	free(e->hazard);
	lb_row_stats_scratch_close(&e->room);
	lb_last_layer_close(&e->last);
	lb_anomaly_rows_close(e);
	free(e->moved);
	free(e);
}

LB_CLONES static bool lb_finite_row(size_t c, const real *z)
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

	while (i < b && lb_finite_row(c, z + i * ld))
		i++;
	return i;
}

/* Columns of a model's scores, which those of its cohort need not have. */
static size_t columns_of(const struct lb_evaluator *e, const struct lb_eval_model *s)
{
	return s->setup->loss ? lb_setup_columns(s->setup, e->cohort->features->data) : e->columns;
}

/* Scores have no other head's beside them where rows are read whole. */
static void take_first_head(const struct lb_evaluator *e, const struct lb_eval_model *s, const real **z, size_t *ld, size_t b)
{
	const size_t columns = lb_model_spec_columns(&s->setup->model);

	if (s->setup->model.heads < 2)
		return;
	for (size_t i = 0; i < b; i++)
		memcpy(e->z + i * columns, *z + i * *ld, columns * sizeof *e->z);
	*z = e->z;
	*ld = columns;
}

/* Scores of the net's output z (b rows, *ld apart): itself, or what the loss makes of it, with its
 * own parameters after the net's in w. hazard is the baseline's, where it was made. */
static int scores_of(struct lb_evaluator *e, const struct lb_eval_model *s, const double *hazard, const struct lb_part_rows *rows, const real **z,
		     size_t *ld, struct lb_err *err)
{
	const size_t b = rows->b;
	const struct lb_loss *loss = s->loss;
	const struct lb_loss_stats stats = { .n_rows = e->cohort->split->n[LB_TRAIN], .n_classes = e->cohort->features->data->n_classes,
					     .cuts = s->setup->cuts };
	struct lb_curve curve = { 0 };
	struct lb_loss_shape shape = lb_setup_loss_shape(s->setup, stats.n_classes);
	struct lb_batch in = { .b = b, .c = shape.c, .views = 1, .output = { .value = *z, .rows = b, .cols = shape.c, .stride = *ld },
			       .par = s->setup->loss_par, .stats = &stats, .scale = 1 };

	if (s->setup->anomaly) {
		if (lb_anomaly_rows_score(e, s, &stats, rows, *z, *ld, err))
			return -1;
		*z = e->z;
		*ld = 1;
		return 0;
	}
	if (!loss || !loss->predict) {
		take_first_head(e, s, z, ld, b);
		return 0;
	}
	shape.b = e->chunk;
	if (lb_evaluator_workspace(e, lb_loss_workspace(loss, in.par, &shape), err))
		return -1;
	if (lb_setup_curve_times(s->setup)) {
		curve = *s->setup->survival_curve;
		curve.hazard = curve.hazard ? curve.hazard : hazard;
		in.curve = &curve;
	}
	in.workspace = e->workspace;
	if (loss->n_params)
		in.params = lb_loss_params_io(loss, in.par, &shape, s->w + s->net->n_params, NULL);
	loss->predict(&in, e->z);
	*z = e->z;
	*ld = columns_of(e, s);
	return 0;
}

/* The models that go through a split together, each with its row statistics. */
struct eval_pass {
	struct lb_eval_model *s;
	size_t n;
	int part;
	struct lb_row_stats *row_stats; /* (n) where the statistics go */
	bool statistics_alone;   /* neither scores nor features are kept, and nothing is attacked */
	struct lb_attack *attack; /* the evaluation attack's, of one model alone; or NULL */
	bool joint;              /* the first layers of all models are made at once */
};

/* The chunk that was loaded, by model i. */
static int evaluate_chunk(struct lb_evaluator *e, const struct eval_pass *r, size_t i, size_t start, size_t b, struct lb_err *err)
{
	struct lb_eval_model *s = &r->s[i];
	struct lb_row_stats *d = &r->row_stats[i];
	const uint32_t *rows = e->cohort->split->rows[r->part] + start;
	const size_t c = columns_of(e, s);

	const real *x = lb_anomaly_rows_read(e, s->setup, r->part, start);
	const struct lb_pass pass = { .b = b, .x = x, .sparse = &e->input.rows, .step = -1, .first_layer_done = r->joint, .team = e->team,
				      .offset = e->cohort->features->data->offset, .rows = rows, .outputs = lb_setup_outputs(s->setup) };
	const real *z = lb_net_forward(s->net, s->w, &pass);
	size_t ld = s->net->ld;
	if (!r->statistics_alone)
		lb_last_layer_keep(&e->last, s->setup, s->net, s->w, x, z, start, b);
	if (scores_of(e, s, e->hazard ? e->hazard + i * LB_CURVE_TIMES : NULL, &(struct lb_part_rows){ r->part, start, b }, &z, &ld, err))
		return -1;
	size_t bad = first_bad(c, z, ld, b);
	s->bad = bad < b;
	if (!s->bad && s->setup->n_metrics)
		lb_row_stats_compute(d, &e->room, &(struct lb_stats_input){ .cohort = e->cohort, .setup = s->setup, .decision = s->decision, .rows = rows,
									 .start = start, .b = b, .columns = c, .ld = ld, .z = z });
	for (size_t k = 0; s->scores && !r->statistics_alone && !s->bad && k < b * c; k++)
		s->scores[start * c + k] = (double)z[k / c * ld + k % c];
	if (!s->bad && r->attack && !r->statistics_alone)
		s->bad = lb_robust_eval(e, r->attack, s, start, rows, b, &bad);
	if (s->bad)
		s->bad_row = rows[bad];
	return 0;
}

static int evaluate_chunks(struct lb_evaluator *e, struct eval_pass *r, struct lb_err *err)
{
	const size_t n = e->cohort->split->n[r->part];

	r->joint = e->joint_layer && !shifts_rows(e->cohort) && lb_joint_layer_helps(e->joint_layer, r->n);
	for (size_t i = 0; r->joint && i < r->n; i++)
		lb_joint_layer_load(e->joint_layer, i, r->s[i].net, r->s[i].w);
	for (size_t start = 0; start < n; start += e->chunk) {
		const size_t b = n - start < e->chunk ? n - start : e->chunk;
		lb_input_batch_load(&e->input, e->cohort->split->rows[r->part] + start, b, e->team);
		if (r->joint)
			lb_joint_layer_forward(e->joint_layer, r->n, e->input.x, b, e->team);
		for (size_t i = 0; i < r->n; i++)
			if (!r->s[i].bad && evaluate_chunk(e, r, i, start, b, err))
				return -1;
	}
	return 0;
}

/* Counts the weights of all layers, and those that are 0, where a metric asks for them. */
static void count_zeros(const struct lb_eval_model *s, struct lb_metric_inputs *o)
{
	bool asked = false;

	for (size_t m = 0; m < s->setup->n_metrics; m++)
		asked |= s->setup->metric[m].metric->zeros;
	for (size_t k = 0; asked && k < s->net->spec.n_layers; k++) {
		const struct lb_layer *layer = &s->net->layer[k];
		for (size_t at = 0; at < layer->out * layer->in; at++) {
			const real w = s->w[lb_weight_at(layer, at / layer->in, at % layer->in)];
			o->n_zeros += !(w < 0 || w > 0);
		}
		o->n_weights += layer->out * layer->in;
	}
}

/* The metrics of model i of those that are evaluated together. */
static int compute_metrics(struct lb_evaluator *e, size_t i, const struct lb_eval_model *s, int part, struct lb_err *err)
{
	const struct lb_row_stats *d = &e->row_stats[i];
	int32_t *judged = NULL;
	int rc = 0;
	struct lb_output output[LB_MOST_OUTPUTS];
	struct lb_metric_inputs unlearning[LB_ROW_LISTS] = { 0 }, o = lb_row_stats_metric_inputs(d, e->cohort, s->setup, e->cohort->split->n[part], output);

	for (int k = LB_FORGET; k < LB_ROW_LISTS; k++)
		if (e->unlearning[k])
			unlearning[k] = lb_row_stats_metric_inputs(&e->unlearning[k][i], e->cohort, s->setup, e->cohort->split->n[k], output);
	o.forget = e->unlearning[LB_FORGET] ? &unlearning[LB_FORGET] : NULL;
	o.retain = e->unlearning[LB_RETAIN] ? &unlearning[LB_RETAIN] : NULL;
	o.width = e->last.width;
	o.feature = e->last.seen;
	o.weight = e->last.weight;
	o.dimension = e->last.width;
	o.embedding = e->last.embedding;
	o.selected = s->selected;
	o.selected_clean = s->selected_clean;
	o.curvature = &s->curvature;
	count_zeros(s, &o);
	o.robust = lb_robust_eval_wanted(s->setup) ? d->robust : NULL;
	if (s->setup->judge && part != LB_TRAIN && e->cohort->split->n[part])
		rc = lb_judge_model(e, s, part, &judged, err);
	o.judged = judged;
	for (size_t m = 0; m < s->setup->n_metrics && !rc; m++)
		rc = lb_metric_compute(s->setup->metric[m].metric, &o, s->setup->metric[m].par, &s->metric[m], err);
	free(judged);
	return rc;
}

/* Makes a model's baseline hazard where its curves need it. */
static int make_hazard(struct lb_evaluator *e, const struct lb_eval_model *s, double *hazard, struct lb_err *err)
{
	if (!lb_needs_baseline_hazard(s->setup))
		return 0;
	if (lb_baseline_hazard(e, s, hazard, err))
		return -1;
	for (size_t k = 0; s->hazard && k < s->setup->survival_curve->n; k++)
		s->hazard[k] = hazard[k];
	return 0;
}

/* Makes the statistics of the rows to be forgotten and of the others, where they are read. */
static int evaluate_unlearning(struct lb_evaluator *e, struct eval_pass r, struct lb_err *err)
{
	for (r.part = LB_FORGET; r.part < LB_ROW_LISTS; r.part++) {
		r.row_stats = e->unlearning[r.part];
		r.statistics_alone = true;
		if (r.row_stats && evaluate_chunks(e, &r, err))
			return -1;
	}
	return 0;
}

static int evaluate_pass(struct lb_evaluator *e, struct eval_pass r, struct lb_err *err)
{
	const struct lb_setup *first = r.s[0].setup;
	struct lb_attack attack = { 0 };
	int rc = 0;

	for (size_t i = 0; i < r.n; i++) {
		r.s[i].bad = false;
		r.s[i].loss = r.s[i].setup->loss ? lb_loss_of(r.s[i].setup->loss) : NULL;
		if (!r.s[i].decision)
			r.s[i].decision = &lb_plain_decision;
	}
	if (lb_robust_eval_wanted(first)) {
		rc = lb_attack_open(&attack, first->eval_attack, first->eval_attack_par, r.s[0].net, e->chunk, err);
		r.attack = &attack;
	}
	for (size_t i = 0; e->hazard && i < r.n && !rc; i++)
		rc = make_hazard(e, &r.s[i], e->hazard + i * LB_CURVE_TIMES, err);
	for (size_t i = 0; i < r.n && !rc; i++)
		rc = lb_anomaly_rows_shift(e, r.s[i].setup, r.part, err);
	if (!rc)
		rc = evaluate_unlearning(e, r, err) || evaluate_chunks(e, &r, err) ? -1 : 0;
	lb_attack_close(&attack);
	for (size_t i = 0; i < r.n && !rc; i++)
		rc = r.s[i].bad ? 0 : compute_metrics(e, i, &r.s[i], r.part, err);
	return rc;
}

int lb_evaluate(struct lb_evaluator *e, struct lb_eval_model *s, size_t n, int part, struct lb_err *err)
{
	for (size_t first = 0; first < n; first += e->together) {
		const size_t some = n - first < e->together ? n - first : e->together;
		if (evaluate_pass(e, (struct eval_pass){ .s = s + first, .n = some, .part = part, .row_stats = e->row_stats }, err))
			return -1;
	}
	return 0;
}

int lb_evaluate_one(struct lb_evaluator *e, const struct lb_setup *setup, struct lb_net *net, const real *w, int part,
		       double *metric, double *scores, size_t *bad_row, struct lb_err *err)
{
	struct lb_eval_model s = { .setup = setup, .net = net, .w = w, .metric = metric, .scores = scores };

	if (lb_evaluate(e, &s, 1, part, err))
		return -1;
	*bad_row = s.bad ? s.bad_row : *bad_row;
	return s.bad;
}

int lb_evaluate_decide(struct lb_evaluator *e, struct lb_eval_model *s, struct lb_decision *decision, struct lb_err *err)
{
	const struct lb_split *split = e->cohort->split;
	const struct lb_setup *setup = s->setup;
	const size_t n = split->n[LB_VALID];
	struct lb_setup clean = *setup;
	double *scores;
	int32_t *y;
	int rc;

	*decision = lb_plain_decision;
	s->bad = false;
	if (setup->threshold && setup->threshold->median)
		decision->rule = setup->threshold;
	if (!n || !setup->y || !lb_decision_fits(setup->calibration, setup->threshold))
		return 0;
	clean.eval_attack = NULL;
	scores = lb_alloc(n * e->columns, sizeof *scores, err);
	y = lb_alloc(n, sizeof *y, err);
	rc = scores && y ? lb_evaluate_one(e, &clean, s->net, s->w, LB_VALID, s->metric, scores, &s->bad_row, err) : -1;
	for (size_t i = 0; !rc && i < n; i++)
		y[i] = setup->y[split->rows[LB_VALID][i]];
	if (!rc)
		rc = lb_decision_fit(decision, setup->calibration, setup->calibration_par, setup->threshold, n, e->columns, scores, y, err);
	s->bad = rc == 1;
	free(scores);
	free(y);
	return rc;
}
