/* Regularisers of what a model makes of rows: of its scores, and of their slope. */
#include "core/training/regulariser.h"

#include "losses/loss_info.h"

#include <math.h>
#include <string.h>

/* ---- entropy ---- */

static const char *const directions[] = { "raise", "lower", NULL };
enum { DIRECTION };
static const struct lb_param entropy_params[] = {
	[DIRECTION] = { .name = "direction", .type = LB_CHOICE_PARAM, .choices = directions, .help = "raise: less confident scores; lower: more confident ones" },
};

/* Of two classes, whose score is z: p log p + q log q, with derivative z p q. */
static double two_classes(double z, double factor, double *dz)
{
	const double e = exp(-fabs(z)), likely = 1 / (1 + e), other = e / (1 + e);

	*dz += factor * z * likely * other;
	return -log1p(e) - other * fabs(z);
}

static double entropy_of_scores(const struct lb_arg *par, size_t c, const double *z, double factor, double *dz)
{
	const double sign = par[DIRECTION].v != 0 ? -1 : 1;
	double most = z[0], sum = 0, negative = 0;

	if (c == 1)
		return sign * two_classes(z[0], sign * factor, dz);
	for (size_t k = 1; k < c; k++)
		most = z[k] > most ? z[k] : most;
	for (size_t k = 0; k < c; k++)
		sum += exp(z[k] - most);
	for (size_t k = 0; k < c; k++)
		negative += exp(z[k] - most) / sum * (z[k] - most);
	negative -= log(sum);
	for (size_t k = 0; k < c; k++)
		dz[k] += sign * factor * exp(z[k] - most) / sum * (z[k] - most - log(sum) - negative);
	return sign * negative;
}

/* ---- jacobian_norm ---- */

/* c (n,p) = a'b of a (m,n), b (m,p) or, with `of_rows`, ab' of a (n,m), b (p,m). */
static void product(size_t n, size_t p, size_t m, const double *a, const double *b, bool of_rows, double *c)
{
	memset(c, 0, n * p * sizeof *c);
	for (size_t j = 0; j < m && !of_rows; j++)
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < p; k++)
				c[i * p + k] += a[j * n + i] * b[j * p + k];
	for (size_t i = 0; i < n && of_rows; i++)
		for (size_t k = 0; k < p; k++)
			for (size_t j = 0; j < m; j++)
				c[i * p + k] += a[i * m + j] * b[k * m + j];
}

/* g (n,p) += factor times the sum over m of the entries of s (n,m), t times those of b (m,p). */
static void add_product(size_t n, size_t p, size_t m, double factor, const double *s, const double *t, const double *b, double *g)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < m; j++)
			for (size_t k = 0; k < p; k++)
				g[i * p + k] += factor * s[i * m + j] * t[i * m + j] * b[j * p + k];
}

/* Without a hidden layer the slope is a. */
static double of_linear(const struct lb_slope *s, double factor, double *g)
{
	double sum = 0;

	for (size_t i = 0; i < s->out * s->in; i++) {
		sum += s->a[i] * s->a[i];
		g[i] += factor * 2 * s->a[i];
	}
	return sum;
}

/* What the slope's change with the hidden values adds: row (hidden) is room. */
static void add_curvature(const struct lb_slope *s, double factor, const double *p, const double *q, const struct lb_slope_gradient *g, double *row)
{
	const size_t n = s->hidden;

	for (size_t i = 0; i < s->b; i++) {
		const double *first = s->first + i * n;
		for (size_t j = 0; j < n; j++) {
			row[j] = 0;
			for (size_t k = 0; k < n; k++)
				row[j] += p[j * n + k] * q[j * n + k] * first[k];
			row[j] *= factor * 2 / (double)s->b * s->second[i * n + j];
		}
		for (size_t j = 0; j < n; j++) {
			g->bias[j] += row[j];
			for (size_t k = 0; k < s->in; k++)
				g->w[j * s->in + k] += row[j] * s->x[i * s->in + k];
		}
	}
}

/* The squared slope of a row is the sum of p q f f', p = a'a, q = w w', f the first derivatives. */
static double jacobian_of_slope(const struct lb_slope *s, double factor, const struct lb_slope_gradient *g, double *room)
{
	const size_t n = s->hidden, square = n * n;
	double *p = room, *q = p + square, *f = q + square, sum = 0;

	if (!n)
		return of_linear(s, factor, g->a);
	product(n, n, s->out, s->a, s->a, false, p);
	product(n, n, s->in, s->w, s->w, true, q);
	product(n, n, s->b, s->first, s->first, false, f);
	for (size_t i = 0; i < square; i++) {
		f[i] /= (double)s->b;
		sum += p[i] * q[i] * f[i];
	}
	/* a takes 2 a (q f), w takes 2 (p f) w; q f is symmetric. */
	for (size_t o = 0; o < s->out; o++)
		for (size_t j = 0; j < n; j++)
			for (size_t k = 0; k < n; k++)
				g->a[o * n + j] += factor * 2 * s->a[o * n + k] * q[k * n + j] * f[k * n + j];
	add_product(n, s->in, n, factor * 2, p, f, s->w, g->w);
	add_curvature(s, factor, p, q, g, f + square);
	return sum;
}

/* ---- descriptors ---- */

const struct lb_regulariser lb_regulariser_entropy = {
	.base = { .name = "entropy", .tasks = LB_CLASS_TASKS, .title = "Entropy of the predicted probabilities",
		  .cite = "raise: Pereyra et al., Regularizing Neural Networks by Penalizing Confident Output Distributions, ICLR 2017 workshop; lower: Grandvalet & "
			  "Bengio, Semi-supervised Learning by Entropy Minimization, NIPS 2004",
		  .formula = "raise: mean_i sum_k p_ik log p_ik; lower: its negative; p = softmax(z), of two classes sigmoid(z)",
		  .notes = "For losses with a score a class, in binary tasks one. It goes into every gradient that a procedure takes.", .keywords = "confidence_penalty",
		  LB_PARAMS(entropy_params) },
	.of_scores = entropy_of_scores,
};

const struct lb_regulariser lb_regulariser_jacobian_norm = {
	.base = { .name = "jacobian_norm", .tasks = LB_EVERY_TASK, .title = "Squared slope of the scores by the features",
		  .cite = "Sokolic et al., Robust Large Margin Deep Neural Networks, IEEE Trans. Signal Processing 65, 2017; exact, without the random projection of "
			  "Hoffman, Roberts, Yaida, 2019",
		  .formula = "mean_i |dz_i/dx|^2, the sum of all squared entries",
		  .notes = "Of the batch, with the network's dropout left out. For linear models, of which it is |W|^2, and one hidden layer, on dense rows. The cost "
			   "grows with the square of the hidden layer.", .keywords = "input_gradient smoothness contractive" },
	.of_slope = jacobian_of_slope,
};
