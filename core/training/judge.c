#include "core/training/judge.h"

#include "core/base/mem.h"
#include "core/numeric/eigen.h"
#include "core/numeric/minimise.h"
#include "losses/loss_info.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const layers[] = { "output", "hidden", NULL };
static const char *const spaces[] = { "cosine", "euclidean", NULL };

#define OF_EVERY_JUDGE(of) \
	[LB_JUDGE_LAYER] = { .name = "layer", .symbol = "layer", .type = LB_CHOICE_PARAM, .choices = layers, .def = LB_JUDGES_OUTPUT, \
			     .help = "the model's output, or what its output layer reads, which is before a projection head" }, \
	[LB_JUDGE_SPACE] = { .name = "space", .symbol = "space", .type = LB_CHOICE_PARAM, .choices = spaces, .def = (of), \
			     .help = "cosine: of rows of length 1; euclidean: of rows as they are" }

static double squared_distance(size_t d, const double *a, const double *b)
{
	double sum = 0;

	for (size_t j = 0; j < d; j++)
		sum += (a[j] - b[j]) * (a[j] - b[j]);
	return sum;
}

static void to_unit_length(size_t n, size_t d, double *x)
{
	for (size_t i = 0; i < n; i++) {
		double sum = 0;
		for (size_t j = 0; j < d; j++)
			sum += x[i * d + j] * x[i * d + j];
		for (size_t j = 0; sum > 0 && j < d; j++)
			x[i * d + j] /= sqrt(sum);
	}
}

int lb_judge_rows(const struct lb_info *judge, const struct lb_arg *par, const struct lb_gallery *g, size_t rows, double *x, int32_t *pred,
		  struct lb_err *err)
{
	if (par[LB_JUDGE_SPACE].v < LB_JUDGES_DISTANCES) {
		to_unit_length(g->n, g->d, g->x);
		to_unit_length(rows, g->d, x);
	}
	return ((const struct lb_judge *)judge)->judge(g, par, rows, x, pred, err);
}

/* ---- means ---- */

/* mean (classes,d) <- of each class's rows; size (classes) <- their number. */
static void class_means_of(const struct lb_gallery *g, double *mean, double *size)
{
	for (size_t i = 0; i < g->n; i++)
		size[g->y[i]]++;
	for (size_t i = 0; i < g->n; i++)
		for (size_t j = 0; j < g->d; j++)
			mean[(size_t)g->y[i] * g->d + j] += g->x[i * g->d + j] / size[g->y[i]];
}

/* The nearest mean of a class that has rows, the lowest of several. */
static int32_t nearest_mean(const struct lb_gallery *g, const double *mean, const double *size, const double *x)
{
	double least = (double)INFINITY;
	size_t best = 0;

	for (size_t k = 0; k < g->classes; k++) {
		const double far = size[k] > 0 ? squared_distance(g->d, mean + k * g->d, x) : (double)INFINITY;
		if (far < least) {
			least = far;
			best = k;
		}
	}
	return (int32_t)best;
}

/* With cosines, the means are brought to length 1 too: the nearest has the largest cosine. */
static int class_means(const struct lb_gallery *g, const struct lb_arg *par, size_t rows, const double *x, int32_t *pred, struct lb_err *err)
{
	double *mean = lb_alloc(g->classes * g->d, sizeof *mean, err), *size = lb_alloc(g->classes, sizeof *size, err);
	const int rc = mean && size ? 0 : -1;

	if (!rc) {
		class_means_of(g, mean, size);
		if (par[LB_JUDGE_SPACE].v < LB_JUDGES_DISTANCES)
			to_unit_length(g->classes, g->d, mean);
		for (size_t i = 0; i < rows; i++)
			pred[i] = nearest_mean(g, mean, size, x + i * g->d);
	}
	free(mean);
	free(size);
	return rc;
}

/* The covariance of the rows around the means of their classes, all together, by n. */
static void tied_covariance(const struct lb_gallery *g, const double *mean, double *cov)
{
	for (size_t i = 0; i < g->n; i++) {
		const double *x = g->x + i * g->d, *m = mean + (size_t)g->y[i] * g->d;
		for (size_t a = 0; a < g->d; a++)
			for (size_t b = 0; b <= a; b++)
				cov[a * g->d + b] += (x[a] - m[a]) * (x[b] - m[b]) / (double)g->n;
	}
	for (size_t a = 0; a < g->d; a++)
		for (size_t b = a + 1; b < g->d; b++)
			cov[a * g->d + b] = cov[b * g->d + a];
}

/* to (n,d) <- rows in which distances are those of Mahalanobis. value: eigenvalues on a diagonal;
 * vector: (d,d) eigenvectors. Directions without variance have no part. */
static void whiten(size_t n, size_t d, const double *value, const double *vector, const double *x, double *to)
{
	double most = 0;

	for (size_t k = 0; k < d; k++)
		most = fmax(most, value[k * d + k]);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < d; k++) {
			double along = 0;
			for (size_t j = 0; j < d; j++)
				along += x[i * d + j] * vector[k * d + j];
			to[i * d + k] = value[k * d + k] > 1e-10 * most ? along / sqrt(value[k * d + k]) : 0;
		}
}

static int mahalanobis(const struct lb_gallery *g, const struct lb_arg *par, size_t rows, const double *x, int32_t *pred, struct lb_err *err)
{
	const size_t d = g->d;
	double *mean = lb_alloc(g->classes * d, sizeof *mean, err), *size = lb_alloc(g->classes, sizeof *size, err);
	double *cov = lb_alloc(d * d, sizeof *cov, err), *vector = lb_alloc(d * d, sizeof *vector, err);
	double *white_mean = lb_alloc(g->classes * d, sizeof *mean, err), *white = lb_alloc(rows * d, sizeof *white, err);
	const int rc = mean && size && cov && vector && white_mean && white ? 0 : -1;

	(void)par;
	if (!rc) {
		class_means_of(g, mean, size);
		tied_covariance(g, mean, cov);
		lb_eigen_symmetric(d, cov, vector);
		whiten(g->classes, d, cov, vector, mean, white_mean);
		whiten(rows, d, cov, vector, x, white);
		for (size_t i = 0; i < rows; i++)
			pred[i] = nearest_mean(g, white_mean, size, white + i * d);
	}
	free(mean);
	free(size);
	free(cov);
	free(vector);
	free(white_mean);
	free(white);
	return rc;
}

/* ---- calibrated means of classes with few rows ---- */

enum { SHARE = LB_JUDGE_OWN, SHARPNESS, FEW };

static double inner(size_t d, const double *a, const double *b)
{
	double sum = 0;

	for (size_t j = 0; j < d; j++)
		sum += a[j] * b[j];
	return sum;
}

/* to (d) <- the directions of the large classes, mean (classes,d), by a softmax of their cosines to
 * class k. Returns whether there is a large class. */
static bool large_classes_near(const struct lb_gallery *g, const struct lb_arg *par, const double *mean, const double *size, size_t k, double *to)
{
	const size_t d = g->d;
	double most = -(double)INFINITY;

	for (size_t c = 0; c < g->classes; c++)
		most = size[c] > par[FEW].v ? fmax(most, inner(d, mean + c * d, mean + k * d)) : most;
	memset(to, 0, d * sizeof *to);
	for (size_t c = 0; c < g->classes; c++) {
		const double w = size[c] > par[FEW].v ? exp(par[SHARPNESS].v * (inner(d, mean + c * d, mean + k * d) - most)) : 0;
		for (size_t j = 0; j < d; j++)
			to[j] += w * mean[c * d + j];
	}
	to_unit_length(1, d, to);
	return most > -(double)INFINITY;
}

/* mean (classes,d), directions, <- those of small classes moved towards large ones. */
static void calibrate(const struct lb_gallery *g, const struct lb_arg *par, const double *size, double *mean, double *to)
{
	const size_t d = g->d;
	const double share = par[SHARE].v;

	for (size_t k = 0; k < g->classes; k++) {
		if (!(size[k] > 0) || size[k] > par[FEW].v || !large_classes_near(g, par, mean, size, k, to))
			continue;
		for (size_t j = 0; j < d; j++)
			mean[k * d + j] = (1 - share) * mean[k * d + j] + share * to[j];
	}
	to_unit_length(g->classes, d, mean);
}

static int teen(const struct lb_gallery *g, const struct lb_arg *par, size_t rows, const double *x, int32_t *pred, struct lb_err *err)
{
	double *mean = lb_alloc(g->classes * g->d, sizeof *mean, err), *size = lb_alloc(g->classes, sizeof *size, err), *to = lb_alloc(g->d, sizeof *to, err);
	const int rc = mean && size && to ? 0 : -1;

	if (!rc) {
		class_means_of(g, mean, size);
		to_unit_length(g->classes, g->d, mean);
		calibrate(g, par, size, mean, to);
		for (size_t i = 0; i < rows; i++) {
			double best = -(double)INFINITY;
			for (size_t k = 0; k < g->classes; k++) {
				const double cosine = size[k] > 0 ? inner(g->d, mean + k * g->d, x + i * g->d) : -(double)INFINITY;
				pred[i] = cosine > best ? (int32_t)k : pred[i];
				best = fmax(best, cosine);
			}
		}
	}
	free(mean);
	free(size);
	free(to);
	return rc;
}

/* ---- neighbours ---- */

enum { NEIGHBOURS = LB_JUDGE_OWN };

struct neighbour {
	double far;
	size_t row;
};

/* Puts a row among the nearest so far, of which there are n of at most k, in ascending order; of
 * equally far ones the first comes first. */
static size_t insert(struct neighbour *nearest, size_t n, size_t k, struct neighbour v)
{
	size_t at = n < k ? n : k;

	if (n == k && !(v.far < nearest[k - 1].far))
		return n;
	for (at = n < k ? n : k - 1; at && v.far < nearest[at - 1].far; at--)
		nearest[at] = nearest[at - 1];
	nearest[at] = v;
	return n < k ? n + 1 : n;
}

static int knn(const struct lb_gallery *g, const struct lb_arg *par, size_t rows, const double *x, int32_t *pred, struct lb_err *err)
{
	const size_t k = par[NEIGHBOURS].v < (double)g->n ? (size_t)par[NEIGHBOURS].v : g->n;
	struct neighbour *nearest = lb_alloc(k, sizeof *nearest, err);
	size_t *vote = lb_alloc(g->classes, sizeof *vote, err);
	const int rc = nearest && vote ? 0 : -1;

	for (size_t i = 0; !rc && i < rows; i++) {
		size_t n = 0, best = 0;
		for (size_t j = 0; j < g->n; j++)
			n = insert(nearest, n, k, (struct neighbour){ squared_distance(g->d, g->x + j * g->d, x + i * g->d), j });
		memset(vote, 0, g->classes * sizeof *vote);
		for (size_t j = 0; j < n; j++)
			vote[g->y[nearest[j].row]]++;
		for (size_t c = 1; c < g->classes; c++)
			best = vote[c] > vote[best] ? c : best;
		pred[i] = (int32_t)best;
	}
	free(nearest);
	free(vote);
	return rc;
}

/* ---- a linear probe ---- */

enum { PENALTY = LB_JUDGE_OWN };
enum { MOST_ITERATIONS = 2000 };

/* Mean cross-entropy of the scores W x + b, and penalty / 2 |W|^2; rows of w are (W_k, b_k). */
struct probe {
	const struct lb_gallery *g;
	double penalty;
	double *score;           /* (classes) */
};

static void scores_of(const struct probe *p, const double *w, const double *x)
{
	const size_t d = p->g->d;

	for (size_t k = 0; k < p->g->classes; k++) {
		p->score[k] = w[k * (d + 1) + d];
		for (size_t j = 0; j < d; j++)
			p->score[k] += w[k * (d + 1) + j] * x[j];
	}
}

static double probe_value(void *arg, const double *w, double *slope, size_t n)
{
	const struct probe *p = arg;
	const size_t d = p->g->d, classes = p->g->classes;
	const double rows = (double)p->g->n;
	double value = 0;

	memset(slope, 0, n * sizeof *slope);
	for (size_t i = 0; i < p->g->n; i++) {
		const double *x = p->g->x + i * d;
		double top = -(double)INFINITY, sum = 0;
		scores_of(p, w, x);
		for (size_t k = 0; k < classes; k++)
			top = fmax(top, p->score[k]);
		for (size_t k = 0; k < classes; k++)
			sum += exp(p->score[k] - top);
		value += (top + log(fmax(sum, 1)) - p->score[p->g->y[i]]) / rows;
		for (size_t k = 0; k < classes; k++) {
			const double q = (exp(p->score[k] - top) / sum - (k == (size_t)p->g->y[i])) / rows;
			for (size_t j = 0; j < d; j++)
				slope[k * (d + 1) + j] += q * x[j];
			slope[k * (d + 1) + d] += q;
		}
	}
	for (size_t k = 0; k < classes; k++)
		for (size_t j = 0; j < d; j++) {
			value += p->penalty / 2 * w[k * (d + 1) + j] * w[k * (d + 1) + j];
			slope[k * (d + 1) + j] += p->penalty * w[k * (d + 1) + j];
		}
	return value;
}

static int linear_probe(const struct lb_gallery *g, const struct lb_arg *par, size_t rows, const double *x, int32_t *pred, struct lb_err *err)
{
	struct probe p = { .g = g, .penalty = par[PENALTY].v, .score = lb_alloc(g->classes, sizeof *p.score, err) };
	const struct lb_smooth_function f = { .n = g->classes * (g->d + 1), .value = probe_value, .arg = &p, .tolerance = 1e-7, .iterations = MOST_ITERATIONS };
	double *w = lb_alloc(f.n, sizeof *w, err);
	const int rc = p.score && w ? lb_minimise(&f, w, NULL, err) : -1;

	for (size_t i = 0; !rc && i < rows; i++) {
		size_t best = 0;
		scores_of(&p, w, x + i * g->d);
		for (size_t k = 1; k < g->classes; k++)
			best = p.score[k] > p.score[best] ? k : best;
		pred[i] = (int32_t)best;
	}
	free(p.score);
	free(w);
	return rc;
}

/* ---- registry ---- */

static const struct lb_param means_params[] = { OF_EVERY_JUDGE(LB_JUDGES_COSINES) };
static const struct lb_param mahalanobis_params[] = { OF_EVERY_JUDGE(LB_JUDGES_DISTANCES) };
static const struct lb_param teen_params[] = {
	OF_EVERY_JUDGE(LB_JUDGES_COSINES),
	[SHARE] = { .name = "alpha", .symbol = "a", .def = 0.5, .min = 0, .max = 1, .grid = { 0.1, 0.5 }, .n_grid = 2, .help = "share of the large classes in a small class's mean; 0: class_means" },
	[SHARPNESS] = { .name = "tau", .symbol = "tau", .def = 16, .min = 0, .max = 1e4, .grid = { 16, 32 }, .n_grid = 2, .help = "cosines to the large classes are multiplied by it" },
	[FEW] = { .name = "few", .symbol = "few", .type = LB_INT_PARAM, .def = 5, .min = 0, .max = 1e6, .grid = { 1, 5 }, .n_grid = 2, .help = "training rows up to which a class is a small one" },
};
static const struct lb_param knn_params[] = {
	OF_EVERY_JUDGE(LB_JUDGES_COSINES),
	[NEIGHBOURS] = { .name = "k", .symbol = "k", .type = LB_INT_PARAM, .def = 5, .min = 1, .max = 1e4, .grid = { 1, 5, 20 }, .n_grid = 3,
			 .help = "training rows that vote" },
};
static const struct lb_param probe_params[] = {
	OF_EVERY_JUDGE(LB_JUDGES_COSINES),
	[PENALTY] = { .name = "penalty", .symbol = "lambda", .def = 1e-4, .min = 0, .max = 1e6, .grid = { 0, 1e-4, 1e-2 }, .n_grid = 3,
		      .help = "penalty lambda/2 |W|^2 beside the mean cross-entropy" },
};

/* clang-format off */
#define JUDGE_OF(judge_name, heading, source, note, table) \
	static const struct lb_judge lb_judge_##judge_name = { \
		.base = { .name = #judge_name, .tasks = LB_CLASS_TASKS | 1u << LB_EMBEDDING | 1u << LB_DISTILLATION, .title = heading, .cite = source, .notes = note, \
			  .keywords = "judge of embeddings representation evaluation", LB_PARAMS(table) }, \
		.judge = judge_name, \
	}
/* clang-format on */

JUDGE_OF(class_means, "The class whose training rows' mean is nearest", "classic; T. Mensink, J. Verbeek, F. Perronnin, G. Csurka, Distance-based image "
	 "classification, TPAMI 35, 2013", "With cosine the mean of rows of length 1, brought to length 1. Ties go to the lowest class.", means_params);
JUDGE_OF(teen, "Class means, those of classes with few training rows moved towards similar large classes", "Q.-W. Wang, D.-W. Zhou, Y.-K. Zhang, D.-C. Zhan, H.-J. Ye, Few-shot "
	 "class-incremental learning via training-free prototype calibration, NeurIPS 2023", "A small class's direction p becomes (1 - a) p + a unit(sum_b softmax_b(tau cos(p, p_b)) p_b), b the "
	 "classes with more than few rows. The row goes to the class of the largest cosine, the lowest of several. Where no class is large it is class_means.", teen_params);
JUDGE_OF(knn, "The vote of the nearest training rows", "T. Cover, P. Hart, Nearest neighbor pattern classification, IEEE TIT 13, 1967",
	 "Ties of rows go to the one that comes first, of votes to the lowest class.", knn_params);
JUDGE_OF(linear_probe, "Multinomial logistic regression on the embeddings", "G. Alain, Y. Bengio, Understanding intermediate layers using linear classifier "
	 "probes, ICLR workshop 2017", "By L-BFGS to a gradient of 1e-7. The intercepts are not penalised. scikit-learn's C is 1 / (n lambda).", probe_params);
JUDGE_OF(mahalanobis, "The class whose mean is nearest by the training rows' common covariance", "K. Lee, K. Lee, H. Lee, J. Shin, A simple unified framework "
	 "for detecting out-of-distribution samples and adversarial attacks, NeurIPS 2018, eq. 1-2", "Directions whose variance is below 1e-10 of the largest have "
	 "no part. The classes' shares have none either, unlike in linear discriminant analysis.", mahalanobis_params);

const struct lb_info *const lb_judges[] = {
#define JUDGE(name) &lb_judge_##name.base,
#include "core/training/judges.def"
#undef JUDGE
	NULL
};
