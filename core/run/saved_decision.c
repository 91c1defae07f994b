#include "core/run/saved_decision.h"

#include <math.h>
#include <string.h>

enum { SLOPE, INTERCEPT, THRESHOLD, BEYOND, NUMBERS };

int lb_saved_decision_put(struct lb_arrays *a, const struct lb_prepared *p, const struct lb_decision *d, struct lb_err *err)
{
	const bool beyond = isinf(d->threshold);
	const double v[NUMBERS] = { d->slope, d->intercept, beyond ? 0 : d->threshold, beyond ? copysign(1, d->threshold) : 0 };

	if (lb_decides_plainly(p->setup.calibration, p->setup.threshold))
		return 0;
	if (lb_arrays_numbers(a, "decision", LB_ARRAY_F64, NUMBERS, 0, v, err))
		return -1;
	return d->n_knots && (lb_arrays_numbers(a, "decision_scores", LB_ARRAY_F64, d->n_knots, 0, d->z, err) ||
			      lb_arrays_numbers(a, "decision_probabilities", LB_ARRAY_F64, d->n_knots, 0, d->p, err)) ? -1 : 0;
}

static int refuse(const struct lb_saved_model *m, const char *what, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s: %s; the file is no whole model of lossbench, or was changed", m->path, what);
}

/* Both ascend, and the one are probabilities. */
static bool knots_hold(const double *z, const double *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(p[i] >= 0 && p[i] <= 1) || (i && !(z[i] >= z[i - 1] && p[i] >= p[i - 1])))
			return false;
	return true;
}

/* The rule and the calibration that its config names. */
static int read_names(struct lb_saved_model *m, struct lb_err *err)
{
	const char *text = m->text[MODEL_CONFIG][0];
	cJSON *config = lb_json_parse(m->path, text, strlen(text), LB_DATA, err);
	const char *threshold = lb_json_text_at(config, "evaluate.threshold"), *calibration = lb_json_text_at(config, "evaluate.calibration");

	m->decision.rule = (const struct lb_threshold *)lb_info_find(lb_thresholds, threshold ? threshold : "fixed");
	m->decision.calibration = (const struct lb_calibration *)lb_info_find(lb_calibrations, calibration ? calibration : "none");
	cJSON_Delete(config);
	return m->decision.rule && m->decision.calibration ? 0 : refuse(m, "its config names no threshold or calibration that there is", err);
}

int lb_saved_decision_read(struct lb_saved_model *m, struct lb_err *err)
{
	const double *v = m->number[MODEL_DECISION];
	const size_t *n = m->n_number;

	m->decision = lb_plain_decision;
	if (!v)
		return n[MODEL_DECISION_SCORES] || n[MODEL_DECISION_PROBABILITIES] ? refuse(m, "it has knots and no decision", err) : 0;
	if ((m->kind != LB_BINARY && m->kind != LB_MULTICLASS) || n[MODEL_DECISION] != NUMBERS || !(v[BEYOND] >= -1 && v[BEYOND] <= 1))
		return refuse(m, "decision is not a slope, an intercept, a threshold and its side", err);
	if (n[MODEL_DECISION_SCORES] != n[MODEL_DECISION_PROBABILITIES] ||
	    !knots_hold(m->number[MODEL_DECISION_SCORES], m->number[MODEL_DECISION_PROBABILITIES], n[MODEL_DECISION_SCORES]))
		return refuse(m, "decision_scores and decision_probabilities do not ascend side by side", err);
	m->decision.slope = v[SLOPE];
	m->decision.intercept = v[INTERCEPT];
	m->decision.threshold = v[BEYOND] < 0 ? -(double)INFINITY : v[BEYOND] > 0 ? (double)INFINITY : v[THRESHOLD];
	m->decision.n_knots = n[MODEL_DECISION_SCORES];
	m->decision.z = m->number[MODEL_DECISION_SCORES];
	m->decision.p = m->number[MODEL_DECISION_PROBABILITIES];
	return read_names(m, err);
}

static size_t largest(const double *z, size_t c)
{
	size_t best = 0;

	for (size_t k = 1; k < c; k++)
		best = z[k] > z[best] ? k : best;
	return best;
}

/* z <- what is proportional to the probabilities; returns their sum. */
static double soften(const struct lb_decision *d, double *z, size_t c)
{
	const double top = z[largest(z, c)];
	double sum = 0;

	for (size_t k = 0; k < c; k++)
		sum += z[k] = exp(d->slope * (z[k] - top));
	return sum;
}

size_t lb_saved_decision_class(const struct lb_saved_model *m, double *z, size_t c)
{
	const struct lb_decision *d = &m->decision;

	if (m->kind == LB_BINARY)
		return lb_decision_score(d, z[0]) > d->threshold;
	const size_t likeliest = largest(z, c);
	const double sum = soften(d, z, c);
	return lb_decision_class(d, c, z, sum, likeliest);
}

static double sigmoid(double z)
{
	return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
}

void lb_saved_decision_soften(const struct lb_saved_model *m, double *z, size_t c)
{
	if (m->kind != LB_MULTICLASS) {
		for (size_t k = 0; k < c; k++)
			z[k] = sigmoid(lb_decision_score(&m->decision, z[k]));
		return;
	}
	const double sum = soften(&m->decision, z, c);
	for (size_t k = 0; k < c; k++)
		z[k] /= sum;
}
