#include "datasets/sampling/row_labels.h"

#include "core/base/mem.h"
#include "datasets/table/column.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const part_name[] = { "training", "validation", "test" };

/* ---- sentences ---- */

void lb_sentences_free(struct lb_sentences *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->text[i]);
	free(s->text);
	*s = (struct lb_sentences){ 0 };
}

bool lb_sentences_have(const struct lb_sentences *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->text[i], text))
			return true;
	return false;
}

int lb_sentences_add(struct lb_sentences *s, const char *text, struct lb_err *err)
{
	if (lb_grow(&s->text, &s->cap, s->n + 1, sizeof *s->text, err) || !(s->text[s->n] = lb_strdup(text, err)))
		return -1;
	s->n++;
	return 0;
}

LB_PRINTF(3, 4) static int say(struct lb_sentences *s, struct lb_err *err, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return lb_sentences_add(s, text, err);
}

/* ---- what the rows of a part have in common ---- */

/* The smallest and the largest value of a target, or label, over some rows; unknown labels and rows
 * of weight 0 are passed over. */
struct range {
	double min, max;
	size_t n;
};

static struct range range_of(const struct lb_dataset *d, const uint32_t *rows, size_t n, size_t k, bool weighted)
{
	struct range r = { .min = (double)INFINITY, .max = -(double)INFINITY };

	for (size_t i = 0; i < n; i++) {
		const double v = d->target[rows[i] * d->n_targets + k];
		if ((d->kind == LB_MULTILABEL && v < 0) || (weighted && d->weight && !(d->weight[rows[i]] > 0)))
			continue;
		r.min = v < r.min ? v : r.min;
		r.max = v > r.max ? v : r.max;
		r.n++;
	}
	return r;
}

/* The class of all rows of a part that count; -1 when there are several, or no rows. */
static int32_t only_class(const struct lb_dataset *d, const struct lb_split *split, int part, const int32_t *y, bool weighted)
{
	int32_t found = -1;

	for (size_t i = 0; i < split->n[part]; i++) {
		const uint32_t row = split->rows[part][i];
		if (weighted && d->weight && !(d->weight[row] > 0))
			continue;
		if (found >= 0 && y[row] != found)
			return -1;
		found = y[row];
	}
	return found;
}

double lb_target_mean(const double *target, size_t targets, const uint32_t *rows, size_t n, size_t t)
{
	double mean = 0, left = 0;

	/* in two passes, so that the second takes up what the first has lost; divided first, so
	 * that no sum overflows */
	for (size_t i = 0; i < n; i++)
		mean += target[rows[i] * targets + t] / (double)n;
	for (size_t i = 0; i < n; i++)
		left += (target[rows[i] * targets + t] - mean) / (double)n;
	return mean + left;
}

double lb_target_sd(const double *target, size_t targets, const uint32_t *rows, size_t n, size_t t, double mean)
{
	double most = 0, sum = 0;

	/* by the largest deviation, so that no square overflows */
	for (size_t i = 0; i < n; i++)
		most = fmax(most, fabs(target[rows[i] * targets + t] - mean));
	for (size_t i = 0; most > 0 && i < n; i++) {
		const double away = (target[rows[i] * targets + t] - mean) / most;
		sum += away * away / (double)n;
	}
	return most * sqrt(sum);
}

/* ---- refusals ---- */

static int check_classes(const struct lb_dataset *d, const struct lb_split *split, const int32_t *y, const char *advice, struct lb_err *err)
{
	const int32_t only = only_class(d, split, LB_TRAIN, y, true);
	const char *path = d->source[0].path;

	if (only < 0)
		return 0;
	return lb_fail(err, LB_DATA, "%s%sthe training rows%s are all of class '%s', so there is nothing to tell apart; %s", path ? path : "",
		       path ? ": " : "", d->weight ? " with a weight above 0" : "", d->class_name[only], advice);
}

static int check_targets(const struct lb_dataset *d, const struct lb_split *split, struct lb_err *err)
{
	const char *path = d->source[0].path;
	char text[LB_DOUBLE_TEXT];
	struct range r = { 0 };

	for (size_t k = 0; k < d->n_targets; k++) {
		r = range_of(d, split->rows[LB_TRAIN], split->n[LB_TRAIN], k, true);
		if (r.n == 0 || r.min < r.max)
			return 0;
	}
	lb_double_text(r.min, text);
	return lb_fail(err, LB_DATA, "%s%sthe target%s%s in all training rows, so there is nothing to learn; is it the right column, or is the "
		       "file sorted by it?", path ? path : "", path ? ": " : "", d->n_targets > 1 ? "s stay as they are" : " is ",
		       d->n_targets > 1 ? "" : text);
}

static int check_weights(const struct lb_dataset *d, const struct lb_split *split, struct lb_err *err)
{
	for (size_t i = 0; i < split->n[LB_TRAIN]; i++)
		if (!d->weight || d->weight[split->rows[LB_TRAIN][i]] > 0)
			return 0;
	return lb_fail(err, LB_DATA, "data.weight: the weights of the training rows sum to 0; allowed: more than 0");
}

static int check_events(const struct lb_dataset *d, const struct lb_split *split, struct lb_err *err)
{
	const char *path = d->source[0].path;

	for (size_t i = 0; i < split->n[LB_TRAIN]; i++)
		if (d->event[split->rows[LB_TRAIN][i]])
			return 0;
	return lb_fail(err, LB_DATA, "%s%sall training rows are censored, so there is nothing to learn; is data.event the right column? data.split.stratify: true keeps "
		       "the share of events", path ? path : "",
		       path ? ": " : "");
}

int lb_labels_check(const struct lb_dataset *d, const struct lb_split *split, const int32_t *y, const char *advice, struct lb_err *err)
{
	if (check_weights(d, split, err))
		return -1;
	if (d->kind == LB_ANOMALY)
		return 0;
	return d->kind == LB_SURVIVAL ? check_events(d, split, err) : y ? check_classes(d, split, y, advice, err) : d->kind == LB_REGRESSION ? check_targets(d, split, err) : 0;
}

/* ---- warnings ---- */

static int warn_absent_classes(const struct lb_dataset *d, const struct lb_split *split, const int32_t *y, struct lb_sentences *out,
			       struct lb_err *err)
{
	size_t *count = lb_alloc(d->n_classes, sizeof *count, err), k = 0;
	struct lb_buf b = { 0 };
	int rc = count ? 0 : -1;

	for (size_t i = 0; count && i < split->n[LB_TRAIN]; i++)
		count[y[split->rows[LB_TRAIN][i]]]++;
	for (size_t c = 0; count && c < d->n_classes; c++)
		if (!count[c])
			lb_some(&b, k++, d->class_name[c]);
	lb_some_end(&b, k);
	if (count && b.bad)
		rc = lb_fail_memory(err, b.n);
	else if (count && k && split->by_class)
		rc = say(out, err, "%zu class%s held out of training: %s", k, k == 1 ? " is" : "es are", b.s);
	else if (count && k)
		rc = say(out, err, "%zu class%s no training row, so that no model can learn %s: %s", k, k == 1 ? " has" : "es have",
			 k == 1 ? "it" : "them", b.s);
	lb_buf_free(&b);
	free(count);
	return rc;
}

static int warn_one_class(const struct lb_dataset *d, const struct lb_split *split, const int32_t *y, struct lb_sentences *out,
			  struct lb_err *err)
{
	for (int part = LB_VALID; part <= LB_TEST; part++) {
		const int32_t only = only_class(d, split, part, y, false);
		if (only >= 0 && say(out, err, "all rows of the %s part are of class '%s': metrics that compare classes, such as %s, are undefined there",
				     part_name[part], d->class_name[only], d->kind == LB_BINARY || d->kind == LB_ANOMALY ? "auc" : "mcc"))
			return -1;
	}
	return 0;
}

/* Labels that have one value in all training rows, but for those that no row of the file has: the
 * dataset tells of these. */
static int warn_settled_labels(const struct lb_dataset *d, const struct lb_split *split, struct lb_sentences *out, struct lb_err *err)
{
	struct lb_buf b = { 0 };
	size_t k = 0;
	int rc = 0;

	for (size_t t = 0; t < d->n_targets; t++) {
		const struct range r = range_of(d, split->rows[LB_TRAIN], split->n[LB_TRAIN], t, true);
		bool anywhere = r.n && r.max > 0;
		for (size_t i = 0; !anywhere && i < d->n_first; i++)
			anywhere = d->target[i * d->n_targets + t] > 0;
		if (anywhere && !(r.min < r.max))
			lb_some(&b, k++, d->class_name[t]);
	}
	lb_some_end(&b, k);
	if (b.bad)
		rc = lb_fail_memory(err, b.n);
	else if (k)
		rc = say(out, err, "%zu label%s the same in all training rows, so that no model can learn %s: %s", k, k == 1 ? " is" : "s are",
			 k == 1 ? "it" : "them", b.s);
	lb_buf_free(&b);
	return rc;
}

static int warn_constant_targets(const struct lb_dataset *d, const struct lb_split *split, struct lb_sentences *out, struct lb_err *err)
{
	for (int part = LB_TRAIN; part <= LB_TEST; part++)
		for (size_t t = 0; t < d->n_targets; t++) {
			const struct range r = range_of(d, split->rows[part], split->n[part], t, false);
			char number[32] = "";
			if (!r.n || r.min < r.max)
				continue;
			if (d->n_targets > 1)
				snprintf(number, sizeof number, " %zu", t + 1);
			if (say(out, err, "target%s is the same in all rows of the %s part: %s", number, part_name[part], part == LB_TRAIN ?
				"there is nothing to learn of it" : "r2 is undefined there"))
				return -1;
		}
	return 0;
}

int lb_labels_warn(const struct lb_dataset *d, const struct lb_split *split, const int32_t *y, struct lb_sentences *out, struct lb_err *err)
{
	if (d->kind == LB_MULTILABEL)
		return warn_settled_labels(d, split, out, err);
	if (!y)
		return warn_constant_targets(d, split, out, err);
	if (d->kind == LB_ANOMALY)
		return warn_one_class(d, split, y, out, err);
	return warn_absent_classes(d, split, y, out, err) || warn_one_class(d, split, y, out, err) ? -1 : 0;
}
