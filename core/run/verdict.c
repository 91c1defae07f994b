#include "core/run/verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Still falling: the last fifth of the epochs brought a tenth of the whole fall; fewer epochs than
 * these say nothing. */
#define LAST 0.2
#define FALL 0.1
enum { LEAST_EPOCHS = 5 };

/* By these a constant model is no good one; by others, such as recall or ece, it can be the
 * best. */
static const char *const telling[] = { "accuracy", "balanced_accuracy", "f1_macro", "mcc", "gmean", "log_loss", "brier", "auc", "average_precision",
				       "rmse", "mae", "r2", "hamming_loss", "subset_accuracy", "f1_micro", "mean_average_precision", "lrap",
				       "ranking_loss", "one_error", "harrell", "uno", "integrated_brier" };

const char *lb_baseline_words(const cJSON *record)
{
	static const char *const words[][2] = { { "majority", "always the most frequent class" }, { "mean", "always the mean of the target" },
						{ "prevalence", "always each label's share" }, { "offset", "the offsets and one constant" },
						{ "kaplan_meier", "one survival curve for all" }, { "constant", "the same score for every row" }, { "raw_features", "the features as they are" } };
	const char *kind = lb_json_text_at(record, "baseline.kind");

	for (size_t i = 0; kind && i < sizeof words / sizeof *words; i++)
		if (!strcmp(words[i][0], kind))
			return words[i][1];
	return NULL;
}

const char *lb_reported_split(const cJSON *record)
{
	static const char *const splits[] = { "test", "valid", "train" };

	for (int i = 0; i < 2; i++)
		if (cJSON_GetObjectItemCaseSensitive(lb_json_at(record, "result.metrics"), splits[i]))
			return splits[i];
	return splits[2];
}

static bool is_telling(const char *metric)
{
	const size_t n = strcspn(metric, "(");

	for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
		if (strlen(telling[i]) == n && !strncmp(telling[i], metric, n))
			return true;
	return false;
}

static const cJSON *metrics_of(const cJSON *record, const char *block, const char *split)
{
	return cJSON_GetObjectItemCaseSensitive(lb_json_at(record, block), split);
}

/* By how much the model is worse than the baseline, in a measure that lies below 0 where it is
 * better; NaN where one of them is undefined. A difference within the rounding of sums is none. */
static double deficit(const cJSON *record, const cJSON *metric, const char *split)
{
	const cJSON *other = cJSON_GetObjectItemCaseSensitive(metrics_of(record, "baseline.metrics", split), metric->string);
	const char *direction = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(lb_json_at(record, "directions"), metric->string));

	if (!cJSON_IsNumber(metric) || !cJSON_IsNumber(other) || !direction)
		return (double)NAN;
	const double gap = strcmp(direction, "higher") ? metric->valuedouble - other->valuedouble : other->valuedouble - metric->valuedouble;
	return fabs(gap) <= 1e-9 * (fabs(metric->valuedouble) + fabs(other->valuedouble)) ? 0 : gap;
}

/* "BEFORE a, b" of the metrics of the judged split for which `chosen` is true; nothing where there
 * are none. */
static int name_metrics(const cJSON *record, const char *before, bool (*chosen)(const cJSON *record, const cJSON *metric, const char *split),
			struct lb_sentences *out, struct lb_err *err)
{
	const char *split = lb_reported_split(record);
	struct lb_buf b = { 0 };
	const cJSON *metric;
	size_t n = 0;

	cJSON_ArrayForEach(metric, metrics_of(record, "result.metrics", split))
		if (chosen(record, metric, split))
			lb_buf_printf(&b, "%s%s.%s", n++ ? ", " : before, split, metric->string);
	const int rc = b.bad ? lb_fail_memory(err, b.n) : n ? lb_sentences_add(out, b.s, err) : 0;
	lb_buf_free(&b);
	return rc;
}

static bool is_worse(const cJSON *record, const cJSON *metric, const char *split)
{
	return is_telling(metric->string) && deficit(record, metric, split) > 0;
}

static bool is_undefined(const cJSON *record, const cJSON *metric, const char *split)
{
	(void)record;
	(void)split;
	return cJSON_IsNull(metric);
}

static int find(const cJSON *record, struct lb_sentences *found, struct lb_err *err)
{
	const char *words = lb_baseline_words(record);
	char before[160];

	snprintf(before, sizeof before, "worse than the baseline (%s) by ", words ? words : "a constant model");
	if (name_metrics(record, before, is_worse, found, err) || name_metrics(record, "undefined: ", is_undefined, found, err))
		return -1;
	if (strcmp(lb_reported_split(record), "train"))
		return 0;
	return lb_sentences_add(found, "there is neither a validation nor a test part: the metrics are of the rows that were trained on", err);
}

/* On its own training rows. */
static bool left_the_start(const cJSON *record)
{
	static const char *const errors[] = { "rmse", "r2", "mae" };

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		const cJSON *metric = cJSON_GetObjectItemCaseSensitive(metrics_of(record, "result.metrics", "train"), errors[i]);
		if (metric && !isnan(deficit(record, metric, "train")))
			return deficit(record, metric, "train") < 0;
	}
	return true;
}

struct curve {
	const cJSON *list;
	int n;
};

static double at(const struct curve *c, int i)
{
	const cJSON *item = cJSON_GetArrayItem(c->list, i);

	return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static bool never_changed(const struct curve *c)
{
	for (int i = 1; i < c->n; i++)
		if (at(c, i) < at(c, 0) || at(c, i) > at(c, 0))
			return false;
	return c->n > 1 && !isnan(at(c, 0));
}

/* The loss of an unlearning is not to be driven to its end. */
static bool unlearns(const cJSON *record)
{
	const char *train = lb_json_text_at(record, "config.data.forget.train");

	return train && strcmp(train, "retain");
}

static bool still_falling(const cJSON *record, const struct curve *c)
{
	if (c->n < LEAST_EPOCHS || c->n < lb_json_number_at(record, "config.train.epochs", c->n))
		return false;
	const int fifth = (int)lround(LAST * c->n), back = fifth > 1 ? fifth : 1;
	const double first = at(c, 0), before = at(c, c->n - 1 - back), last = at(c, c->n - 1);

	return first - last > 0 && before - last >= FALL * (first - last);
}

int lb_verdict(const cJSON *record, struct lb_sentences *found, struct lb_sentences *doubts, struct lb_err *err)
{
	const char *status = lb_json_text_at(record, "result.status"), *target = lb_json_text_at(record, "config.data.preprocess.target");
	const cJSON *curves = lb_json_at(record, "result.curves");
	const struct curve c = { cJSON_GetObjectItemCaseSensitive(curves, "train.loss"),
				 cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(curves, "train.loss")) };

	if (!status || strcmp(status, "ok"))
		return 0;
	if (find(record, found, err))
		return -1;
	if (never_changed(&c))
		return lb_sentences_add(doubts, "the training loss never changed: no step has moved the model; a loss of pairs needs both classes in "
					"a batch (a larger train.batch, or train.sampler: stratified), any other a larger optimizer.lr", err);
	if (!left_the_start(record))
		return lb_sentences_add(doubts, target && !strcmp(target, "standardize") ?
					"the training has not left its start: on its own rows the model is no better than the mean of the target; raise "
					"optimizer.lr or train.epochs" :
					"the training has not left its start: on its own rows the model is no better than the mean of the target; set "
					"data.preprocess.target: standardize, or raise optimizer.lr or train.epochs", err);
	if (!unlearns(record) && still_falling(record, &c))
		return lb_sentences_add(doubts, "the training loss was still falling at the last epoch; raise train.epochs or optimizer.lr", err);
	return 0;
}
