#include "core/base/mem.h"
#include "core/metrics/metric.h"
#include "core/numeric/eigen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE "V. Papyan, X. Y. Han, D. L. Donoho, Prevalence of neural collapse during the terminal phase of deep learning training, " \
	"PNAS 117, 2020"
#define DEEP_LINEAR "; measured as by H. Dang, T. Tran, S. Osher, H. Tran-The, N. Ho, T. Nguyen, Neural collapse in deep linear " \
	"networks, ICML 2023"
#define WITHOUT " Not defined (null) where a class has no row in the split, where scores do not come from a layer of weights (a loss that " \
	"owns prototypes), or where a linear model reads compressed rows."

/* Eigenvalues of the class means' scatter below this share of the largest count as 0. */
static const double NOTHING = 1e-10;

/* The geometry of a split's features. */
struct geometry {
	size_t n, c, d;
	double *mean;            /* (c,d) class means */
	double *centred;         /* (c,d) less the mean of all rows */
	const double *weight;    /* (c,d) */
};

static void close_geometry(struct geometry *g)
{
	free(g->mean);
	free(g->centred);
}

/* 1; 0 when there is nothing to see; -1 on lack of memory. */
static int open_geometry(struct geometry *g, const struct lb_metric_inputs *o, struct lb_err *err)
{
	*g = (struct geometry){ .n = o->n, .c = o->n_classes, .d = o->width, .weight = o->weight };
	if (!o->feature || !o->n)
		return 0;
	double *count = lb_alloc(g->c + g->d, sizeof *count, err), *all = count + g->c;
	g->mean = lb_alloc(g->c * g->d, sizeof *g->mean, err);
	g->centred = lb_alloc(g->c * g->d, sizeof *g->centred, err);
	int rc = count && g->mean && g->centred ? 1 : -1;
	for (size_t i = 0; rc > 0 && i < g->n; i++) {
		count[o->label[i]]++;
		for (size_t j = 0; j < g->d; j++)
			g->mean[(size_t)o->label[i] * g->d + j] += o->feature[i * g->d + j];
	}
	for (size_t k = 0; rc > 0 && k < g->c; k++) {
		for (size_t j = 0; j < g->d; j++) {
			all[j] += g->mean[k * g->d + j] / (double)g->n;
			g->mean[k * g->d + j] /= count[k];
		}
		rc = count[k] > 0;
	}
	for (size_t i = 0; rc > 0 && i < g->c * g->d; i++)
		g->centred[i] = g->mean[i] - all[i % g->d];
	free(count);
	return rc;
}

static double dot(size_t n, const double *a, const double *b)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* (c,c) <- x x' of x (c,d) */
static void gram(size_t c, size_t d, const double *x, double *out)
{
	for (size_t k = 0; k < c; k++)
		for (size_t l = 0; l < c; l++)
			out[k * c + l] = dot(d, x + k * d, x + l * d);
}

/* Of the scatter Sb = M'M / c, trace(Sw pinv(Sb)) is c times the mean of |L^-1 U M (h - mu_y)|^2,
 * where M M' = U' L U: a matrix of c rows stands for one of d. */
static double within_by_between(const struct geometry *g, const struct lb_metric_inputs *o, double *value, double *vector, double *room)
{
	double *base = room, *off = room + g->c * g->d, most = 0, sum = 0;
	size_t kept = 0;

	gram(g->c, g->d, g->centred, value);
	lb_eigen_symmetric(g->c, value, vector);
	for (size_t k = 0; k < g->c; k++)
		most = fmax(most, value[k * g->c + k]);
	for (size_t k = 0; k < g->c; k++) {
		const double v = value[k * g->c + k];
		if (!(v > NOTHING * most))
			continue;
		for (size_t l = 0; l < g->c; l++)
			for (size_t j = 0; j < g->d; j++)
				base[kept * g->d + j] += vector[k * g->c + l] * g->centred[l * g->d + j] / v;
		kept++;
	}
	for (size_t i = 0; i < g->n; i++) {
		for (size_t j = 0; j < g->d; j++)
			off[j] = o->feature[i * g->d + j] - g->mean[(size_t)o->label[i] * g->d + j];
		for (size_t k = 0; k < kept; k++)
			sum += pow(dot(g->d, base + k * g->d, off), 2);
	}
	return kept ? sum / (double)g->n : (double)NAN;
}

static int nc1(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct geometry g;
	int rc = open_geometry(&g, o, err);
	double *square = rc > 0 ? lb_alloc(2 * g.c * g.c, sizeof *square, err) : NULL;
	double *room = square ? lb_alloc((g.c + 1) * g.d, sizeof *room, err) : NULL;

	(void)par;
	*value = room ? within_by_between(&g, o, square, square + g.c * g.c, room) : (double)NAN;
	if (rc > 0 && !room)
		rc = -1;
	free(square);
	free(room);
	close_geometry(&g);
	return rc < 0 ? -1 : 0;
}

enum { OF };
static const char *const sides[] = { "means", "weights", NULL };
static const struct lb_param of_params[] = {
	[OF] = { .name = "of", .symbol = "of", .type = LB_CHOICE_PARAM, .choices = sides, .def = 0,
		 .help = "the class means of the features, centred, or the rows of the output layer" },
};

static double mean_of(const double *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return n ? sum / (double)n : (double)NAN;
}

/* of the population */
static double deviation(const double *x, size_t n)
{
	const double mean = mean_of(x, n);
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (x[i] - mean) * (x[i] - mean);
	return sqrt(sum / (double)n);
}

/* What a vector a class, x (c,d), has to do with a simplex; list has room for c * c values. */
typedef double simplex_fn(size_t c, size_t d, const double *x, double *list);

static double equinorm(size_t c, size_t d, const double *x, double *list)
{
	for (size_t k = 0; k < c; k++)
		list[k] = sqrt(dot(d, x + k * d, x + k * d));
	return deviation(list, c) / mean_of(list, c);
}

static size_t cosines(size_t c, size_t d, const double *x, double *list)
{
	size_t n = 0;

	for (size_t k = 0; k < c; k++)
		for (size_t l = 0; l < k; l++)
			list[n++] = dot(d, x + k * d, x + l * d) / sqrt(dot(d, x + k * d, x + k * d) * dot(d, x + l * d, x + l * d));
	return n;
}

static double equiangle(size_t c, size_t d, const double *x, double *list)
{
	return deviation(list, cosines(c, d, x, list));
}

static double maxangle(size_t c, size_t d, const double *x, double *list)
{
	const size_t n = cosines(c, d, x, list);

	for (size_t i = 0; i < n; i++)
		list[i] = fabs(list[i] + 1 / ((double)c - 1));
	return mean_of(list, n);
}

static double etf(size_t c, size_t d, const double *x, double *list)
{
	double sum = 0;

	gram(c, d, x, list);
	const double norm = sqrt(dot(c * c, list, list));
	for (size_t i = 0; i < c * c; i++)
		sum += pow(list[i] / norm - ((i / c == i % c) - 1 / (double)c) / sqrt((double)c - 1), 2);
	return sqrt(sum);
}

static int simplex(const struct lb_metric_inputs *o, bool weights, simplex_fn *fn, double *value, struct lb_err *err)
{
	struct geometry g;
	int rc = open_geometry(&g, o, err);
	double *list = rc > 0 ? lb_alloc(g.c * g.c, sizeof *list, err) : NULL;

	*value = list && g.c > 1 ? fn(g.c, g.d, weights ? g.weight : g.centred, list) : (double)NAN;
	if (rc > 0 && !list)
		rc = -1;
	free(list);
	close_geometry(&g);
	return rc < 0 ? -1 : 0;
}

static int nc2_equinorm(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	return simplex(o, par[OF].v > 0, equinorm, value, err);
}

static int nc2_equiangle(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	return simplex(o, par[OF].v > 0, equiangle, value, err);
}

static int nc2_maxangle(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	return simplex(o, par[OF].v > 0, maxangle, value, err);
}

static int nc2_etf(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par;
	return simplex(o, true, etf, value, err);
}

static int nc3(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct geometry g;
	const int rc = open_geometry(&g, o, err);
	const size_t cells = g.c * g.d;
	double sum = 0;

	(void)par;
	*value = (double)NAN;
	if (rc > 0) {
		const double w = sqrt(dot(cells, g.weight, g.weight)), m = sqrt(dot(cells, g.centred, g.centred));
		for (size_t i = 0; i < cells; i++)
			sum += pow(g.weight[i] / w - g.centred[i] / m, 2);
		*value = sqrt(sum);
	}
	close_geometry(&g);
	return rc < 0 ? -1 : 0;
}

/* The class whose mean lies nearest, the lowest of several. */
static size_t nearest(const struct geometry *g, const double *h)
{
	double least = (double)INFINITY;
	size_t best = 0;

	for (size_t k = 0; k < g->c; k++) {
		double far = 0;
		for (size_t j = 0; j < g->d; j++)
			far += pow(h[j] - g->mean[k * g->d + j], 2);
		if (far < least) {
			least = far;
			best = k;
		}
	}
	return best;
}

static int nc4(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct geometry g;
	const int rc = open_geometry(&g, o, err);
	size_t differ = 0;

	(void)par;
	for (size_t i = 0; rc > 0 && i < g.n; i++)
		differ += nearest(&g, o->feature + i * g.d) != (size_t)o->pred[i];
	*value = rc > 0 ? (double)differ / (double)g.n : (double)NAN;
	close_geometry(&g);
	return rc < 0 ? -1 : 0;
}

/* clang-format off */
#define COLLAPSE(metric, heading, what, note, ...) \
	const struct lb_metric lb_metric_##metric = { \
		.base = { .name = #metric, .tasks = 1u << LB_MULTICLASS, .title = heading, .cite = SOURCE DEEP_LINEAR, .formula = what, .notes = note WITHOUT, \
			  .keywords = "neural_collapse terminal_phase", .on_request = true, __VA_ARGS__ }, \
		.features = true, .eval = metric, \
	}
/* clang-format on */

COLLAPSE(nc1, "Neural collapse 1: spread of the last features within classes, by the spread between them", "trace(Sw pinv(Sb)) / C",
	 "Sw = (1/n) sum_i (h_i - mu_y)(h_i - mu_y)', Sb = (1/C) sum_c (mu_c - mu)(mu_c - mu)', mu the mean of all rows, h what the output "
	 "layer reads. The pseudo-inverse drops eigenvalues below 1e-10 of the largest.", .params = NULL);
COLLAPSE(nc2_equinorm, "Neural collapse 2: how unequal the lengths of the class vectors are", "sd_c |v_c| / mean_c |v_c|",
	 "v_c is mu_c - mu, or with of=weights the output layer's row of class c.", LB_PARAMS(of_params));
COLLAPSE(nc2_equiangle, "Neural collapse 2: how unequal the angles between the class vectors are", "sd over pairs of cos(v_c, v_d)",
	 "v_c is mu_c - mu, or with of=weights the output layer's row of class c.", LB_PARAMS(of_params));
COLLAPSE(nc2_maxangle, "Neural collapse 2: how far the class vectors are from the widest angles", "mean over pairs of |cos(v_c, v_d) + 1/(C-1)|",
	 "v_c is mu_c - mu, or with of=weights the output layer's row of class c.", LB_PARAMS(of_params));
COLLAPSE(nc2_etf, "Neural collapse 2: distance of the output layer from a simplex", "|| WW'/|WW'|_F - (I - 11'/C)/sqrt(C-1) ||_F",
	 "0 for an equiangular tight frame.", .params = NULL);
COLLAPSE(nc3, "Neural collapse 3: distance of the output layer from the class means", "|| W/|W|_F - M/|M|_F ||_F",
	 "Rows of M are mu_c - mu. 0 when they are alike but for one scale, at most 2.", .params = NULL);
COLLAPSE(nc4, "Neural collapse 4: share of rows that the nearest class mean would decide otherwise", "share of rows with argmax z != argmin_c |h - mu_c|",
	 "Euclidean distances; ties go to the lowest class.", .params = NULL);
