#include "core/run/candidate_choice.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- settings in order ---- */

/* Negative, 0 or positive. Values of one path have one type as a rule; others are compared by their
 * JSON. */
static int compare_values(const cJSON *a, const cJSON *b)
{
	struct lb_buf x = { 0 }, y = { 0 };

	if (cJSON_IsNumber(a) && cJSON_IsNumber(b))
		return (a->valuedouble > b->valuedouble) - (a->valuedouble < b->valuedouble);
	lb_json_canonical(a, &x);
	lb_json_canonical(b, &y);
	const int order = strcmp(x.s ? x.s : "", y.s ? y.s : "");
	lb_buf_free(&x);
	lb_buf_free(&y);
	return order;
}

/* Compares at the first path in alphabetical order where the two differ. */
static int compare_settings(const cJSON *a, const cJSON *b)
{
	const cJSON *x;
	const char *path = NULL;
	int order = 0;

	cJSON_ArrayForEach(x, a) {
		const cJSON *y = cJSON_GetObjectItemCaseSensitive(b, x->string);
		const int differs = y ? compare_values(x, y) : 1;
		if (differs && (!path || strcmp(x->string, path) < 0)) {
			path = x->string;
			order = differs;
		}
	}
	return order;
}

/* ---- candidates ---- */

static void sum_up(const struct lb_fold_result *result, size_t folds, const bool *judged, struct lb_candidate *out)
{
	double sum = 0;

	*out = (struct lb_candidate){ 0 };
	for (size_t f = 0; f < folds; f++) {
		out->lost += result[f].end == LB_FOLD_LOST;
		out->undefined += result[f].end == LB_FOLD_UNDEFINED;
		out->worse += result[f].end == LB_FOLD_LOST || (result[f].end == LB_FOLD_UNDEFINED && judged[f]);
		if (result[f].end != LB_FOLD_VALUE)
			continue;
		out->folds++;
		sum += result[f].value;
	}
	out->mean = out->folds ? sum / (double)out->folds : (double)NAN;
}

static bool better(const struct lb_candidate *a, const struct lb_candidate *b, bool higher, int order)
{
	if (a->worse != b->worse)
		return a->worse < b->worse;
	if (isnan(a->mean) || isnan(b->mean))
		return isnan(a->mean) == isnan(b->mean) ? order < 0 : isnan(b->mean);
	if (a->mean > b->mean || a->mean < b->mean)
		return higher ? a->mean > b->mean : a->mean < b->mean;
	return order < 0;
}

/* Marks the folds where some candidate has a value, and counts those where the metric is undefined
 * for all that ended. */
static void look_at_folds(const struct lb_fold_result *result, size_t n, size_t folds, bool *judged, struct lb_verdict *v)
{
	v->one_class = true;
	for (size_t f = 0; f < folds; f++) {
		bool undefined = false, one_class = true;
		for (size_t c = 0; c < n; c++) {
			const struct lb_fold_result *r = &result[c * folds + f];
			judged[f] = judged[f] || r->end == LB_FOLD_VALUE;
			undefined = undefined || r->end == LB_FOLD_UNDEFINED;
			one_class = one_class && (r->end != LB_FOLD_UNDEFINED || r->one_class);
		}
		v->chosen = v->chosen || judged[f];
		if (judged[f] || !undefined)
			continue;
		v->undefined++;
		v->one_class = v->one_class && one_class;
	}
}

int lb_choose_candidate(const struct lb_fold_result *result, size_t n, size_t folds, bool higher_is_better, const cJSON *const *settings,
	     struct lb_candidate *out, struct lb_verdict *verdict, struct lb_err *err)
{
	bool *judged = lb_alloc(folds, sizeof *judged, err);

	*verdict = (struct lb_verdict){ 0 };
	if (!judged)
		return -1;
	look_at_folds(result, n, folds, judged, verdict);
	for (size_t c = 0; c < n; c++)
		sum_up(result + c * folds, folds, judged, &out[c]);
	for (size_t c = 1; c < n; c++)
		if (better(&out[c], &out[verdict->best], higher_is_better, compare_settings(settings[c], settings[verdict->best])))
			verdict->best = c;
	verdict->lost = n && out[verdict->best].worse;
	free(judged);
	return 0;
}
