#include "core/base/mem.h"
#include "core/metrics/metric.h"

#include <math.h>
#include <stdlib.h>

static double mean(const double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	return n ? sum / (double)n : (double)NAN;
}

static int log_loss(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par, (void)err;
	*value = 0 - mean(o->logp, o->n);
	return 0;
}

const struct lb_metric lb_metric_log_loss = {
	.base = {
		.name = "log_loss",
		.tasks = LB_CLASS_TASKS,
		.title = "Mean negative log-probability of the true class, in nats",
		.cite = "I. J. Good, Rational decisions, Journal of the Royal Statistical Society B 14, 1952",
		.formula = "-(1/n) sum_i log p_i(y_i);  p = softmax(z), or sigmoid(z) with two classes and one score",
		.notes = "Computed from the scores and never clipped, so a confident mistake counts in full (scikit-learn clips the "
			 "probabilities). For a loss that does not aim at probabilities it tells how far its scores are from logits.",
		.keywords = "nll cross_entropy negative_log_likelihood logloss perplexity",
	},
	.higher_is_better = false,
	.eval = log_loss,
};

static int brier(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par, (void)err;
	*value = mean(o->brier, o->n);
	return 0;
}

const struct lb_metric lb_metric_brier = {
	.base = {
		.name = "brier",
		.tasks = LB_CLASS_TASKS,
		.title = "Mean squared distance of the probabilities from the truth",
		.cite = "G. W. Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78, 1950",
		.formula = "(1/n) sum_i sum_k (p_ik - [k = y_i])^2;  two classes and one score: (1/n) sum_i (p_i - y_i)^2",
		.notes = "0 to 2 for a multi-class task, 0 to 1 for a binary one (half of Brier's original sum over both classes).",
		.keywords = "brier_score quadratic_score",
	},
	.higher_is_better = false,
	.eval = brier,
};

enum { BINS };
static const struct lb_param ece_params[] = {
	[BINS] = { .name = "bins", .symbol = "M", .type = LB_INT_PARAM, .def = 15, .min = 1, .max = 10000,
		   .grid = { 10, 15, 20 }, .n_grid = 3, .help = "number of equal-width bins of the confidence" },
};

/* The bin b with b/m < conf <= (b+1)/m; 0 for conf = 0. The product may round across an edge: the
 * edge itself decides. */
static size_t bin_of(double conf, double m)
{
	double b = fmin(fmax(ceil(conf * m) - 1, 0), m - 1);

	if (b > 0 && conf <= b / m)
		b--;
	else if (b < m - 1 && conf > (b + 1) / m)
		b++;
	return (size_t)b;
}

/* Rows of a bin weigh n_b/n, so the bin's term is |right rows - sum of confidence| / n. */
static int ece(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const size_t m = (size_t)par[BINS].v;
	double *gap = lb_alloc(m, sizeof *gap, err), sum = 0;

	if (!gap)
		return -1;
	for (size_t i = 0; i < o->n; i++)
		gap[bin_of(o->conf[i], (double)m)] += (o->pred[i] == o->label[i]) - o->conf[i];
	for (size_t b = 0; b < m; b++)
		sum += fabs(gap[b]);
	*value = o->n ? sum / (double)o->n : (double)NAN;
	free(gap);
	return 0;
}

const struct lb_metric lb_metric_ece = {
	.base = {
		.name = "ece",
		.tasks = LB_CLASS_TASKS,
		.title = "Expected calibration error: mean gap between confidence and accuracy over bins of the confidence",
		.cite = "C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, On calibration of modern neural networks, ICML 2017, eq. 3",
		.formula = "sum_b (n_b/n) |accuracy of bin b - mean confidence of bin b|;  bin b holds b/M < conf <= (b+1)/M",
		.notes = "The confidence is the probability of the predicted class (binary: max(p, 1-p), so the lower half of the bins "
			 "stays empty). Depends on the number of bins; compare values with the same M only.",
		.keywords = "expected_calibration_error calibration",
		LB_PARAMS(ece_params),
	},
	.higher_is_better = false,
	.eval = ece,
};

/* The largest |accuracy - mean confidence| of a bin that has rows. */
static int mce(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const size_t m = (size_t)par[BINS].v;
	double *gap = lb_alloc(2 * m, sizeof *gap, err), most = 0;

	if (!gap)
		return -1;
	double *rows = gap + m;
	for (size_t i = 0; i < o->n; i++) {
		const size_t b = bin_of(o->conf[i], (double)m);
		gap[b] += (o->pred[i] == o->label[i]) - o->conf[i];
		rows[b]++;
	}
	for (size_t b = 0; b < m; b++)
		most = rows[b] > 0 ? fmax(most, fabs(gap[b]) / rows[b]) : most;
	*value = o->n ? most : (double)NAN;
	free(gap);
	return 0;
}

const struct lb_metric lb_metric_mce = {
	.base = {
		.name = "mce",
		.tasks = LB_CLASS_TASKS,
		.title = "Maximum calibration error: the largest gap between confidence and accuracy of a bin",
		.cite = "M. P. Naeini, G. F. Cooper, M. Hauskrecht, Obtaining well calibrated probabilities using Bayesian "
			"binning, AAAI 2015",
		.formula = "max over bins b with rows of |accuracy of bin b - mean confidence of bin b|",
		.notes = "Bins as in ece. A bin of few rows can decide it alone.",
		.keywords = "maximum_calibration_error calibration",
		.on_request = true,
		LB_PARAMS(ece_params),
	},
	.higher_is_better = false,
	.eval = mce,
};

/* The probability of class k of a row, of the positive class (1) and the negative one in a binary
 * task. */
static double probability(const struct lb_metric_inputs *o, size_t i, size_t k)
{
	if (o->kind == LB_MULTICLASS)
		return exp(o->log_probability[i * o->n_classes + k]);
	const double z = k ? o->score[i] : -o->score[i], u = exp(-fabs(z));
	return (z >= 0 ? 1 : u) / (1 + u);
}

/* gap (m) <- for each bin of class k the rows of it that are of the class, less the sum of its
 * probabilities. */
static void class_gaps(const struct lb_metric_inputs *o, size_t k, double *gap, size_t m)
{
	for (size_t b = 0; b < m; b++)
		gap[b] = 0;
	for (size_t i = 0; i < o->n; i++) {
		const double p = probability(o, i, k);
		gap[bin_of(p, (double)m)] += ((size_t)o->label[i] == k) - p;
	}
}

/* As ece, of the probability of each class against whether it is the label. */
static int classwise_ece(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const size_t m = (size_t)par[BINS].v, classes = o->kind == LB_BINARY ? 2 : o->n_classes;
	double *gap = lb_alloc(m, sizeof *gap, err), sum = 0;

	if (!gap)
		return -1;
	for (size_t k = 0; k < classes; k++) {
		class_gaps(o, k, gap, m);
		for (size_t b = 0; b < m; b++)
			sum += fabs(gap[b]);
	}
	*value = o->n ? sum / ((double)o->n * (double)classes) : (double)NAN;
	free(gap);
	return 0;
}

const struct lb_metric lb_metric_classwise_ece = {
	.base = {
		.name = "classwise_ece",
		.tasks = LB_CLASS_TASKS,
		.title = "Expected calibration error of every class's probability, averaged over the classes",
		.cite = "M. Kull et al., Beyond temperature scaling: obtaining well-calibrated multi-class probabilities with Dirichlet calibration, "
			"NeurIPS 2019",
		.formula = "(1/C) sum_k sum_b (n_bk/n) |share of class k in bin b - mean p_k of bin b|;  bin b holds b/M < p_k <= (b+1)/M",
		.notes = "All probabilities count, not those of the predicted class alone as in ece. With many classes most rows are in the lowest bin, and the "
			 "value is small. A split keeps n C numbers for it.",
		.keywords = "class_wise_calibration_error static_calibration_error sce marginal_calibration",
		.on_request = true,
		LB_PARAMS(ece_params),
	},
	.higher_is_better = false,
	.probabilities = true,
	.eval = classwise_ece,
};

struct confidence {
	double conf, gap;
};

static int by_confidence(const void *a, const void *b)
{
	const double x = ((const struct confidence *)a)->conf, y = ((const struct confidence *)b)->conf;

	return (x > y) - (x < y);
}

/* The largest sum of gaps over the rows up to a confidence that occurs. */
static int ks_calibration(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct confidence *row = lb_alloc(o->n, sizeof *row, err);
	double sum = 0, most = 0;

	(void)par;
	if (!row)
		return -1;
	for (size_t i = 0; i < o->n; i++)
		row[i] = (struct confidence){ .conf = o->conf[i], .gap = (o->pred[i] == o->label[i]) - o->conf[i] };
	qsort(row, o->n, sizeof *row, by_confidence);
	for (size_t i = 0; i < o->n; i++) {
		sum += row[i].gap;
		if (i + 1 == o->n || row[i + 1].conf > row[i].conf)
			most = fmax(most, fabs(sum));
	}
	*value = o->n ? most / (double)o->n : (double)NAN;
	free(row);
	return 0;
}

const struct lb_metric lb_metric_ks_calibration = {
	.base = {
		.name = "ks_calibration",
		.tasks = LB_CLASS_TASKS,
		.title = "Kolmogorov-Smirnov calibration error: the largest gap between confidence and accuracy, both added up by rising confidence",
		.cite = "K. Gupta et al., Calibration of neural networks using splines, ICLR 2021",
		.formula = "max over confidences c of  (1/n) |sum over rows with conf_i <= c of ([pred_i = y_i] - conf_i)|",
		.notes = "Has no bins. The confidence is the probability of the predicted class; rows of equal confidence are added together.",
		.keywords = "ks_error kolmogorov_smirnov calibration",
		.on_request = true,
	},
	.higher_is_better = false,
	.eval = ks_calibration,
};

/* As ece, of the probability of the positive class against the label. */
static int ece_positive(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const size_t m = (size_t)par[BINS].v;
	double *gap = lb_alloc(m, sizeof *gap, err), sum = 0;

	if (!gap)
		return -1;
	for (size_t i = 0; i < o->n; i++) {
		const double u = exp(-fabs(o->score[i])), p = (o->score[i] >= 0 ? 1 : u) / (1 + u);
		gap[bin_of(p, (double)m)] += o->label[i] - p;
	}
	for (size_t b = 0; b < m; b++)
		sum += fabs(gap[b]);
	*value = o->n ? sum / (double)o->n : (double)NAN;
	free(gap);
	return 0;
}

const struct lb_metric lb_metric_ece_positive = {
	.base = {
		.name = "ece_positive",
		.tasks = 1u << LB_BINARY,
		.title = "Expected calibration error of the probability of the positive class",
		.cite = "M. P. Naeini, G. F. Cooper, M. Hauskrecht, Obtaining well calibrated probabilities using Bayesian "
			"binning, AAAI 2015",
		.formula = "sum_b (n_b/n) |share of positives in bin b - mean p of bin b|;  p = sigmoid(z), bin b holds b/M "
			   "< p <= (b+1)/M",
		.notes = "All bins are in use, unlike ece, whose confidence is max(p, 1 - p): with rare positives this one "
			 "sees whether their probabilities are right.",
		.keywords = "calibration reliability",
		.on_request = true,
		LB_PARAMS(ece_params),
	},
	.higher_is_better = false,
	.eval = ece_positive,
};
