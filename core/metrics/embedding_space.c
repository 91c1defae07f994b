/* How embeddings fill their space, and how close those of a class are. */
#include "core/base/mem.h"
#include "core/metrics/unit_rows.h"
#include "core/numeric/eigen.h"

#include <math.h>
#include <stdlib.h>

#define WANG_ISOLA "T. Wang, P. Isola, Understanding contrastive representation learning through alignment and uniformity on the hypersphere, ICML 2020"
#define WANG_LIU "F. Wang, H. Liu, Understanding the behaviour of contrastive loss, CVPR 2021, section 4"

static double dot(size_t d, const double *a, const double *b)
{
	double sum = 0;

	for (size_t j = 0; j < d; j++)
		sum += a[j] * b[j];
	return sum;
}

enum { SPREAD };
static const struct lb_param uniformity_params[] = {
	[SPREAD] = { .name = "t", .symbol = "t", .def = 2, .min = 0, .min_open = true, .max = 1e3, .help = "squared distances are multiplied by it" },
};

static int uniformity(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const size_t n = o->embedding ? o->n : 0, d = o->dimension;
	double sum = 0, *u;

	*value = (double)NAN;
	if (n < 2)
		return 0;
	if (!(u = lb_embedding_rows(o, n, 1, true, err)))
		return -1;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++) {
			double far = 0;
			for (size_t k = 0; k < d; k++)
				far += (u[i * d + k] - u[j * d + k]) * (u[i * d + k] - u[j * d + k]);
			sum += exp(-par[SPREAD].v * far);
		}
	*value = log(sum / ((double)n * (double)(n - 1) / 2));
	free(u);
	return 0;
}

/* The sum of cosines over ordered pairs of a class is |sum of its rows|^2 less those of rows with
 * themselves. */
static int tolerance(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const size_t n = o->embedding ? o->n : 0, d = o->dimension;
	double *u, *sum, total = 0;

	(void)par;
	*value = (double)NAN;
	if (n < 2)
		return 0;
	u = lb_embedding_rows(o, n, 1, true, err);
	sum = lb_alloc(o->n_classes * d, sizeof *sum, err);
	for (size_t i = 0; u && sum && i < n; i++) {
		total -= dot(d, u + i * d, u + i * d);
		for (size_t j = 0; j < d; j++)
			sum[(size_t)o->label[i] * d + j] += u[i * d + j];
	}
	for (size_t k = 0; u && sum && k < o->n_classes; k++)
		total += dot(d, sum + k * d, sum + k * d);
	*value = total / ((double)n * (double)(n - 1));
	const int rc = u && sum ? 0 : -1;
	free(u);
	free(sum);
	return rc;
}

enum { POWER };
static const struct lb_param alignment_params[] = {
	[POWER] = { .name = "alpha", .symbol = "alpha", .def = 2, .min = 0, .min_open = true, .max = 10, .help = "power of the distance" },
};

static int alignment(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const size_t n = o->embedding ? o->n : 0, d = o->dimension;
	double sum = 0, pairs = 0, *u;

	*value = (double)NAN;
	if (n < 2)
		return 0;
	if (!(u = lb_embedding_rows(o, n, 1, true, err)))
		return -1;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++) {
			double far = 0;
			if (o->label[i] != o->label[j])
				continue;
			for (size_t k = 0; k < d; k++)
				far += (u[i * d + k] - u[j * d + k]) * (u[i * d + k] - u[j * d + k]);
			sum += pow(far, par[POWER].v / 2);
			pairs++;
		}
	*value = pairs > 0 ? sum / pairs : (double)NAN;
	free(u);
	return 0;
}

/* Means of the columns; NULL when memory runs out. */
static double *column_means(const struct lb_metric_inputs *o, struct lb_err *err)
{
	double *mean = lb_alloc(o->dimension, sizeof *mean, err);

	for (size_t i = 0; mean && i < o->n; i++)
		for (size_t j = 0; j < o->dimension; j++)
			mean[j] += o->embedding[i * o->dimension + j] / (double)o->n;
	return mean;
}

enum { CENTRE };
static const struct lb_param rank_params[] = {
	[CENTRE] = { .name = "centre", .symbol = "centre", .type = LB_BOOL_PARAM, .def = 0, .help = "takes the columns' means away first" },
};

/* g (m,m) <- the inner products of rows, or of columns where there are fewer of them. */
static void gram(const struct lb_metric_inputs *o, const double *mean, double *g)
{
	const size_t n = o->n, d = o->dimension, m = n < d ? n : d;
	const double *e = o->embedding;

	for (size_t a = 0; a < m; a++)
		for (size_t b = 0; b <= a; b++) {
			double sum = 0;
			for (size_t k = 0; k < (n < d ? d : n); k++)
				sum += n < d ? (e[a * d + k] - mean[k]) * (e[b * d + k] - mean[k]) : (e[k * d + a] - mean[a]) * (e[k * d + b] - mean[b]);
			g[a * m + b] = g[b * m + a] = sum;
		}
}

/* exp of the entropy of singular values, each by their sum. */
static double rank_of(size_t m, const double *g)
{
	double sum = 0, entropy = 0;

	for (size_t k = 0; k < m; k++)
		sum += sqrt(fmax(g[k * m + k], 0));
	for (size_t k = 0; sum > 0 && k < m; k++) {
		const double share = sqrt(fmax(g[k * m + k], 0)) / sum;
		entropy -= share > 0 ? share * log(share) : 0;
	}
	return sum > 0 ? exp(entropy) : 0;
}

static int effective_rank(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const size_t n = o->embedding ? o->n : 0, m = n < o->dimension ? n : o->dimension;

	*value = (double)NAN;
	if (!n)
		return 0;
	double *mean = column_means(o, err), *g = lb_alloc(m * m, sizeof *g, err), *v = lb_alloc(m * m, sizeof *v, err);
	const int rc = mean && g && v ? 0 : -1;
	for (size_t j = 0; !rc && par[CENTRE].v == 0 && j < o->dimension; j++)
		mean[j] = 0;
	if (!rc) {
		gram(o, mean, g);
		lb_eigen_symmetric(m, g, v);
		*value = rank_of(m, g);
	}
	free(mean);
	free(g);
	free(v);
	return rc;
}

enum { THRESHOLD };
static const struct lb_param used_params[] = {
	[THRESHOLD] = { .name = "threshold", .symbol = "t", .def = 0.01, .min = 0, .max = 1, .max_open = true, .help = "a column is used if it varies more than this times the one that varies most" },
};

static int utilisation(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const size_t d = o->dimension;
	double most = 0;
	size_t used = 0;

	*value = (double)NAN;
	if (!o->embedding || !o->n)
		return 0;
	double *mean = column_means(o, err), *spread = lb_alloc(d, sizeof *spread, err);
	const int rc = mean && spread ? 0 : -1;
	for (size_t i = 0; !rc && i < o->n; i++)
		for (size_t j = 0; j < d; j++)
			spread[j] += (o->embedding[i * d + j] - mean[j]) * (o->embedding[i * d + j] - mean[j]);
	for (size_t j = 0; !rc && j < d; j++)
		most = fmax(most, spread[j]);
	for (size_t j = 0; !rc && j < d; j++)
		used += sqrt(spread[j]) > par[THRESHOLD].v * sqrt(most);
	if (!rc)
		*value = (double)used / (double)d;
	free(mean);
	free(spread);
	return rc;
}

/* clang-format off */
#define SPACE(metric, heading, source, what, note, better, ...) \
	const struct lb_metric lb_metric_##metric = { \
		.base = { .name = #metric, .tasks = 1u << LB_MULTICLASS, .title = heading, .cite = source, .formula = what, .notes = note LB_EMBEDDINGS_ARE, \
			  .keywords = "metric_learning contrastive embedding dimensional_collapse", .on_request = true, __VA_ARGS__ }, \
		.higher_is_better = better, .decisions = true, .embeddings = true, .eval = metric, \
	}
/* clang-format on */

SPACE(uniformity, "How evenly embeddings lie on the sphere", WANG_ISOLA, "log mean_{i < j} exp(-t |u_i - u_j|^2),  u = z/|z|",
      "At most 0; lower is more even. A row of zeros stays one. ", false, LB_PARAMS(uniformity_params));
SPACE(alignment, "How far apart rows of a class are on the sphere", WANG_ISOLA, "mean over i < j with y_i = y_j of |u_i - u_j|^alpha,  u = z/|z|",
      "Lower is nearer; 0 too where all rows are one, so read it beside uniformity. The paper's positive pairs are two views of a row; here they are the pairs of rows of one class. Undefined "
      "without such a pair. ", false, LB_PARAMS(alignment_params));
SPACE(tolerance, "Mean cosine of rows of a class, over all pairs of rows", WANG_LIU, "mean over i != j of [y_i = y_j] <u_i, u_j>,  u = z/|z|",
      "Pairs of two classes count as 0, so that it depends on the classes' shares. ", true, .params = NULL);
SPACE(effective_rank, "Effective rank: how many directions the embeddings use", "O. Roy, M. Vetterli, The effective rank: a measure of effective "
      "dimensionality, EUSIPCO 2007; as a measure of embeddings Q. Garrido et al., RankMe, ICML 2023", "exp(-sum_k p_k log p_k),  p = s / sum s,  s the "
      "singular values of the matrix of embeddings", "0 where all are 0. RankMe adds 1e-7 to each share; this does not. ", true, LB_PARAMS(rank_params));
SPACE(utilisation, "Share of the embedding's columns that vary", "L. Jing, P. Vincent, Y. LeCun, Y. Tian, Understanding dimensional collapse in "
      "contrastive self-supervised learning, ICLR 2022, of columns in the place of singular values", "share of columns with sd_j > t max_j sd_j",
      "0 where none varies. ", true, LB_PARAMS(used_params));
