#include "core/training/baseline.h"

#include "core/base/mem.h"
#include "core/engine/data/batch.h"
#include "core/engine/eval/row_stats.h"
#include "core/engine/model/net.h"
#include "core/numeric/rng.h"
#include "core/training/judge.h"
#include "datasets/sampling/row_labels.h"

#include <math.h>
#include <stdlib.h>

/* The score of what no training row has, and the size from which a metric of such scores stands for
 * infinity. */
#define NEVER 1e300
#define INFINITE 1e250

/* Values gathered at once. */
enum { CELLS = 1 << 13 };

static const char *const kind_name[] = {
	[LB_MULTICLASS] = "majority", [LB_BINARY] = "majority", [LB_REGRESSION] = "mean", [LB_MULTILABEL] = "prevalence", [LB_RANKING] = "mean", [LB_SURVIVAL] = "kaplan_meier",
	[LB_ANOMALY] = "constant",
};

/* ln(a / b), with a bound where one of them is 0. */
static double log_ratio(double a, double b)
{
	return a > 0 && b > 0 ? log(a / b) : a > 0 ? NEVER : -NEVER;
}

static int class_scores(const struct lb_cohort *c, const struct lb_setup *setup, double *score, struct lb_err *err)
{
	const size_t n = c->split->n[LB_TRAIN], classes = c->features->data->n_classes;
	double *count = lb_alloc(classes, sizeof *count, err);

	if (!count)
		return -1;
	for (size_t i = 0; i < n; i++)
		count[setup->y[c->split->rows[LB_TRAIN][i]]]++;
	if (c->kind == LB_BINARY)
		score[0] = log_ratio(count[1], count[0]);
	else
		for (size_t k = 0; k < classes; k++)
			score[k] = log_ratio(count[k], (double)n);
	free(count);
	return 0;
}

/* Labels that are not known do not count. */
static void label_scores(const struct lb_cohort *c, const struct lb_setup *setup, double *score)
{
	const struct lb_dataset *d = c->features->data;
	const double *label = lb_setup_taught(setup, d);

	for (size_t t = 0; t < d->n_targets; t++) {
		double there = 0, absent = 0;
		for (size_t i = 0; i < c->split->n[LB_TRAIN]; i++) {
			const double v = label[c->split->rows[LB_TRAIN][i] * d->n_targets + t];
			there += v > 0;
			absent += v == 0;
		}
		score[t] = log_ratio(there, absent);
	}
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What the outputs of target t are to say: of the n training values, which get sorted. */
static void write_outputs(const struct lb_cohort *c, const struct lb_setup *setup, size_t t, double *value, double *score)
{
	const struct lb_dataset *d = c->features->data;
	const uint32_t *rows = c->split->rows[LB_TRAIN];
	const size_t n = c->split->n[LB_TRAIN];
	const double *target = lb_setup_taught(setup, d), mean = lb_target_mean(target, d->n_targets, rows, n, t);
	struct lb_output output;

	for (size_t i = 0; i < n; i++)
		value[i] = target[rows[i] * d->n_targets + t];
	qsort(value, n, sizeof *value, ascending);
	for (size_t k = 0; setup->loss->output(setup->loss_par, k, &output); k++) {
		const double place = ceil((double)n * output.level);
		const double says[LB_N_STATISTICS] = { [LB_MEAN] = mean, [LB_LOG_VARIANCE] = lb_target_sd(target, d->n_targets, rows, n, t, mean),
						       [LB_QUANTILE] = value[place > 1 && output.says == LB_QUANTILE ? (size_t)place - 1 : 0] };
		score[k] = says[output.says];
	}
}

/* The outputs follow the predictions of all targets. */
static int constant_outputs(const struct lb_cohort *c, const struct lb_setup *setup, double *score, struct lb_err *err)
{
	const size_t targets = c->features->data->n_targets, outputs = lb_loss_outputs(setup->loss, setup->loss_par);
	double *value = lb_alloc(c->split->n[LB_TRAIN], sizeof *value, err);

	for (size_t t = 0; value && t < targets; t++)
		write_outputs(c, setup, t, value, score + targets + t * outputs);
	free(value);
	return value ? 0 : -1;
}

/* What the prediction of target t makes of the training rows beside their offsets: their mean, or
 * with a log link their sum over that of the exposures. */
static double rate_of(const struct lb_cohort *c, const struct lb_setup *setup, size_t t)
{
	const struct lb_dataset *d = c->features->data;
	const bool log_link = setup->loss->needs & LB_TAKES_EXPOSURE;
	double sum = 0, size = 0;

	for (size_t i = 0; i < c->split->n[LB_TRAIN]; i++) {
		const size_t row = c->split->rows[LB_TRAIN][i];
		const double target = d->target[row * d->n_targets + t];
		sum += log_link ? target : target - d->offset[row];
		size += log_link ? exp(d->offset[row]) : 1;
	}
	return sum / size;
}

static int constant_scores(const struct lb_cohort *c, const struct lb_setup *setup, double *score, struct lb_err *err)
{
	const struct lb_dataset *d = c->features->data;

	if (c->kind == LB_ANOMALY)
		return 0;
	if (!lb_kind_of_columns(c->kind))
		return class_scores(c, setup, score, err);
	if (c->kind == LB_SURVIVAL) {
		for (size_t k = 0; k < lb_setup_curve_times(setup); k++)
			score[1 + k] = setup->kaplan_meier[k];
		return 0;
	}
	if (c->kind == LB_MULTILABEL)
		label_scores(c, setup, score);
	else
		for (size_t t = 0; t < d->n_targets; t++)
			score[t] = d->offset ? rate_of(c, setup, t) :
					       lb_target_mean(lb_setup_taught(setup, d), d->n_targets, c->split->rows[LB_TRAIN], c->split->n[LB_TRAIN], t);
	return setup->loss->output ? constant_outputs(c, setup, score, err) : 0;
}

/* z (b, columns) <- the scores, of regression with offsets those of the given rows. Without
 * offsets, rows is not read. */
static void fill_scores(const struct lb_cohort *c, const struct lb_setup *setup, const uint32_t *rows, size_t b, size_t columns, const double *score,
			real *z)
{
	const struct lb_dataset *d = c->features->data;

	for (size_t i = 0; i < b * columns; i++) {
		const double offset = d->offset && i % columns < d->n_targets ? d->offset[rows[i / columns]] : 0, v = score[i % columns];
		z[i] = (real)(!d->offset ? v : setup->loss->needs & LB_TAKES_EXPOSURE ? v * exp(offset) : v + offset);
	}
}

/* The row statistics of a batch of b rows that starts at row `start` of the split. */
static struct lb_stats_input batch_at(const struct lb_stats_input *split, size_t start, size_t b)
{
	struct lb_stats_input batch = *split;

	batch.rows += start;
	batch.start = start;
	batch.b = b;
	return batch;
}

/* Computes the first row of each class and repeats it for the others: the scores are the same. */
static void stats_of_classes(struct lb_row_stats *row_stats, const struct lb_row_stats_scratch *room, const struct lb_stats_input *split, size_t *first)
{
	for (size_t k = 0; k < split->cohort->features->data->n_classes; k++)
		first[k] = SIZE_MAX;
	for (size_t i = 0; i < split->b; i++) {
		const struct lb_stats_input row = batch_at(split, i, 1);
		size_t *const seen = &first[split->setup->y[row.rows[0]]];
		if (*seen < SIZE_MAX) {
			lb_row_stats_repeat(row_stats, *seen, &row);
			continue;
		}
		lb_row_stats_compute(row_stats, room, &row);
		*seen = i;
	}
}

/* Computes what a regression, a binary or a multi-label model says of all rows; z is room for
 * `chunk` rows of scores. */
static void stats_of_rows(struct lb_row_stats *row_stats, const struct lb_row_stats_scratch *room, const struct lb_stats_input *split, size_t chunk,
			  const double *score, real *z)
{
	for (size_t start = 0; start < split->b; start += chunk) {
		const size_t left = split->b - start;
		const struct lb_stats_input batch = batch_at(split, start, left < chunk ? left : chunk);
		if (split->cohort->features->data->offset)
			fill_scores(split->cohort, split->setup, batch.rows, batch.b, batch.columns, score, z);
		lb_row_stats_compute(row_stats, room, &batch);
	}
}

/* No place that an attack finds changes what the model says. */
static void robust_stats(struct lb_row_stats *row_stats, size_t n)
{
	for (size_t i = 0; row_stats->robust && i < n; i++) {
		row_stats->robust[i] = row_stats->pred[i];
		row_stats->robust_logp[i] = row_stats->logp[i];
	}
}

static int compute_metrics(const struct lb_row_stats *row_stats, const struct lb_cohort *c, const struct lb_setup *setup, int part, double *metric,
		 struct lb_err *err)
{
	struct lb_output output[LB_MOST_OUTPUTS];
	const struct lb_metric_inputs o = lb_row_stats_metric_inputs(row_stats, c, setup, c->split->n[part], output);

	for (size_t m = 0; m < setup->n_metrics; m++) {
		if (lb_metric_compute(setup->metric[m].metric, &o, setup->metric[m].par, &metric[m], err))
			return -1;
		if (!(fabs(metric[m]) < INFINITE))
			metric[m] = (double)NAN;
	}
	return 0;
}

static size_t most_rows(const struct lb_split *s)
{
	size_t n = 1;

	for (int part = 0; part < 3; part++)
		n = s->n[part] > n ? s->n[part] : n;
	return n;
}

/* ---- of embeddings ---- */

static bool judges_embeddings(const struct lb_setup *setup)
{
	for (size_t m = 0; m < setup->n_metrics; m++)
		if (setup->metric[m].metric->embeddings)
			return true;
	return false;
}

/* x (n,d) <- the rows as the model reads them. */
static int gather_rows(const struct lb_cohort *c, const uint32_t *rows, size_t n, double *x, struct lb_err *err)
{
	const size_t d = c->features->d;
	struct lb_input_batch batch;
	const int rc = lb_input_batch_open(&batch, c->features, false, LB_EVAL_CHUNK, 0, err);

	for (size_t start = 0; !rc && start < n; start += LB_EVAL_CHUNK) {
		const size_t b = n - start < LB_EVAL_CHUNK ? n - start : LB_EVAL_CHUNK;
		lb_input_batch_load(&batch, rows + start, b, NULL);
		for (size_t k = 0; k < b * d; k++)
			x[start * d + k] = (double)batch.x[k];
	}
	lb_input_batch_close(&batch);
	return rc;
}

/* to (n,width) <- x (n,d) times a matrix of N(0, 1/d), which is the same for every trial. */
static int project(size_t n, size_t d, size_t width, const double *x, double *to, struct lb_err *err)
{
	double *map = lb_alloc(d * width, sizeof *map, err);
	struct lb_rng rng;

	if (!map)
		return -1;
	lb_rng_init(&rng, 0, LB_RNG_RANDOM_MAP, width);
	for (size_t k = 0; k < d * width; k++)
		map[k] = lb_rng_normal(&rng) / sqrt((double)d);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < d; j++)
			for (size_t k = 0; x[i * d + j] != 0 && k < width; k++)
				to[i * width + k] += x[i * d + j] * map[j * width + k];
	free(map);
	return 0;
}

/* *said <- what the trial's judge says of z (rows of the part, width), by those of the training
 * rows in `train`; NULL without a judge. */
static int judge_rows(const struct lb_cohort *c, const struct lb_setup *setup, size_t n, size_t width, double *z, double *train, int32_t **said, struct lb_err *err)
{
	const size_t n_train = c->split->n[LB_TRAIN];
	int rc = -1;

	*said = NULL;
	if (!setup->judge)
		return 0;
	int32_t *y = lb_alloc(n_train, sizeof *y, err);
	for (size_t i = 0; y && i < n_train; i++)
		y[i] = setup->y[c->split->rows[LB_TRAIN][i]];
	const struct lb_gallery g = { .n = n_train, .d = width, .classes = c->features->data->n_classes, .x = train, .y = y };
	if (y && (*said = lb_alloc(n, sizeof **said, err)))
		rc = lb_judge_rows(setup->judge, setup->judge_par, &g, n, z, *said, err);
	free(y);
	return rc;
}

/* *metric <- what the metrics of embeddings say of z (rows of the part, width). */
static int measure_rows(const struct lb_cohort *c, const struct lb_setup *setup, int part, size_t width, const double *z, const int32_t *judged, double **metric, struct lb_err *err)
{
	const size_t n = c->split->n[part];
	int32_t *label = lb_alloc(n, sizeof *label, err);
	const struct lb_metric_inputs o = { .kind = LB_MULTICLASS, .n = n, .n_classes = c->features->data->n_classes, .label = label, .dimension = width, .embedding = z,
					    .judged = judged };
	int rc = label && (*metric = lb_alloc(setup->n_metrics, sizeof **metric, err)) ? 0 : -1;

	for (size_t i = 0; !rc && i < n; i++)
		label[i] = setup->y[c->split->rows[part][i]];
	for (size_t m = 0; !rc && m < setup->n_metrics; m++) {
		(*metric)[m] = (double)NAN;
		if (setup->metric[m].metric->embeddings)
			rc = lb_metric_compute(setup->metric[m].metric, &o, setup->metric[m].par, &(*metric)[m], err);
	}
	free(label);
	return rc;
}

/* *rows_of <- the part's rows, or their random map to `width` columns, if it is not 0. */
static int make_rows(const struct lb_cohort *c, int part, size_t width, double **rows_of, struct lb_err *err)
{
	const size_t n = c->split->n[part], d = c->features->d;
	double *x = lb_alloc(n * d, sizeof *x, err), *z = width ? lb_alloc(n * width, sizeof *z, err) : NULL;
	const int rc = !x || (width && !z) || gather_rows(c, c->split->rows[part], n, x, err) || (width && project(n, d, width, x, z, err)) ? -1 : 0;

	*rows_of = width ? z : x;
	if (width)
		free(x);
	return rc;
}

/* *metric <- what the metrics say of the part's rows, or of their random map to `width` columns. A
 * judge changes rows, so that it gets its own. */
static int features_as_they_are(const struct lb_cohort *c, const struct lb_setup *setup, int part, size_t width, double **metric, struct lb_err *err)
{
	const size_t n = c->split->n[part], d = width ? width : c->features->d;
	double *z = NULL, *again = NULL, *train = NULL;
	int32_t *judged = NULL;
	int rc = make_rows(c, part, width, &z, err);

	if (!rc && setup->judge)
		rc = make_rows(c, part, width, &again, err) || make_rows(c, LB_TRAIN, width, &train, err) || judge_rows(c, setup, n, d, again, train, &judged, err) ? -1 : 0;
	if (!rc)
		rc = measure_rows(c, setup, part, d, z, judged, metric, err);
	free(z);
	free(again);
	free(train);
	free(judged);
	return rc;
}

/* Of the validation and test rows: the training rows are many, and not what is reported. */
static int embedding_baseline(const struct lb_cohort *c, const struct lb_setup *setup, struct lb_baseline *out, struct lb_err *err)
{
	const size_t width = setup->model.width[setup->model.n_layers];
	int rc = 0;

	if (!judges_embeddings(setup))
		return 0;
	out->kind = "raw_features";
	for (int part = LB_VALID; !rc && part <= LB_TEST; part++)
		if (c->split->n[part])
			rc = features_as_they_are(c, setup, part, 0, &out->metric[part], err) ||
					     features_as_they_are(c, setup, part, width, &out->random_map[part], err) ? -1 : 0;
	return rc;
}

int lb_baseline_make(const struct lb_cohort *cohort, const struct lb_setup *setup, struct lb_baseline *out, struct lb_err *err)
{
	const struct lb_dataset *d = cohort->features->data;
	const size_t columns = lb_setup_columns(setup, d);
	const size_t rows = most_rows(cohort->split), least = CELLS / columns ? CELLS / columns : 1, chunk = rows < least ? rows : least;
	struct lb_cohort c = *cohort;
	struct lb_row_stats row_stats = { 0 };
	struct lb_row_stats_scratch room = { 0 };
	int rc = -1;

	*out = (struct lb_baseline){ 0 };
	if (setup->loss->kind == LB_EMBEDDING)
		return embedding_baseline(&c, setup, out, err);
	c.trial = setup;
	c.k = 1;
	out->kind = d->offset ? "offset" : kind_name[c.kind];
	double *score = lb_alloc(columns, sizeof *score, err);
	real *z = lb_alloc(chunk * columns, sizeof *z, err);
	size_t *first = lb_alloc(d->n_classes, sizeof *first, err);
	if (!score || !z || !first || lb_row_stats_open(&row_stats, &c, rows, columns, err) || lb_row_stats_scratch_open(&room, &c, chunk, columns, err) ||
	    constant_scores(&c, setup, score, err))
		goto out;
	fill_scores(&c, setup, c.split->rows[LB_TRAIN], chunk, columns, score, z);
	for (int part = 0; part < 3; part++) {
		const struct lb_stats_input split = { .cohort = &c, .setup = setup, .decision = &lb_plain_decision, .rows = c.split->rows[part],
						      .b = c.split->n[part], .columns = columns, .ld = columns, .z = z };
		if (!split.b)
			continue;
		if (!(out->metric[part] = lb_alloc(setup->n_metrics, sizeof **out->metric, err)))
			goto out;
		if (c.kind == LB_MULTICLASS)
			stats_of_classes(&row_stats, &room, &split, first);
		else
			stats_of_rows(&row_stats, &room, &split, chunk, score, z);
		robust_stats(&row_stats, split.b);
		if (compute_metrics(&row_stats, &c, setup, part, out->metric[part], err))
			goto out;
	}
	rc = 0;
out:
	lb_row_stats_close(&row_stats);
	lb_row_stats_scratch_close(&room);
	free(score);
	free(z);
	free(first);
	return rc;
}
