/* The noise model of forward_ce and backward_ce: T, C x C, T_ij = P(label j is seen | the true
 * class is i). */
#ifndef LB_TRANSITION_H
#define LB_TRANSITION_H

#include "losses/support/softmax.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { LB_NOISE_KIND, LB_NOISE_RATE, LB_NOISE_MATRIX };
enum { LB_NOISE_UNIFORM, LB_NOISE_PAIR };

static const char *const lb_noise_kinds[] = { [LB_NOISE_UNIFORM] = "uniform", [LB_NOISE_PAIR] = "pair", NULL };

static const struct lb_param lb_noise_params[] = {
	[LB_NOISE_KIND] = { .name = "kind", .type = LB_CHOICE_PARAM, .def = LB_NOISE_UNIFORM, .choices = lb_noise_kinds,
			    .help = "a wrong label is any other class with equal chance, or the next class (the last: the first)" },
	[LB_NOISE_RATE] = { .name = "rate", .symbol = "r", .def = 0.2, .min = 0, .max = 1, .grid = { 0, 0.1, 0.2, 0.4, 0.6 }, .n_grid = 5,
			    .help = "chance that a label is wrong; 0 is cross-entropy" },
	[LB_NOISE_MATRIX] = { .name = "matrix", .symbol = "T", .type = LB_REALS_PARAM, .min = 0, .max = 1,
			      .help = "in place of kind and rate: C x C chances, row by row; entry (i, j) is P(label j | class i)" },
};

/* Rows that sum to 1 within 1e-6 are divided by their sum. */
static inline int lb_noise_rows(double *t, size_t c, const char *loss, struct lb_err *err)
{
	for (size_t i = 0; i < c; i++) {
		double sum = 0;
		for (size_t j = 0; j < c; j++)
			sum += t[i * c + j];
		if (!(fabs(sum - 1) <= 1e-6))
			return lb_fail(err, LB_CONFIG, "%s: matrix: row %zu sums to %.9g, allowed: 1", loss, i + 1, sum);
		for (size_t j = 0; j < c; j++)
			t[i * c + j] /= sum;
	}
	return 0;
}

/* T as new memory, checked; NULL with a message that begins with the name of the loss. */
static inline double *lb_noise_matrix(const struct lb_arg *par, const struct lb_loss_stats *stats, const char *loss,
				      struct lb_err *err)
{
	const struct lb_arg *given = &par[LB_NOISE_MATRIX];
	const size_t c = stats->n_classes;
	const double rate = par[LB_NOISE_RATE].v;
	const bool pair = par[LB_NOISE_KIND].v > LB_NOISE_UNIFORM;

	if (given->n && given->n != c * c) {
		lb_fail(err, LB_CONFIG, "%s: matrix: found %zu entr%s, expected %zu x %zu: the data have %zu classes", loss, given->n,
			given->n == 1 ? "y" : "ies", c, c, c);
		return NULL;
	}
	double *t = lb_alloc(c * c, sizeof *t, err);
	for (size_t i = 0; t && i < c; i++)
		for (size_t j = 0; j < c; j++) {
			const double wrong = !pair ? rate / (double)(c - 1) : j == (i + 1) % c ? rate : 0;
			t[i * c + j] = given->n ? given->list[i * c + j] : i == j ? 1 - rate : wrong;
		}
	if (t && given->n && lb_noise_rows(t, c, loss, err)) {
		free(t);
		return NULL;
	}
	return t;
}

/* 0, or -1 when a is singular in double; b, the unit matrix at first, becomes the inverse of a
 * (c,c), which is used up. Gauss and Jordan with the largest pivot of each column. */
static inline int lb_invert(double *a, double *b, size_t c)
{
	for (size_t k = 0; k < c; k++) {
		size_t best = k;
		for (size_t i = k + 1; i < c; i++)
			best = fabs(a[i * c + k]) > fabs(a[best * c + k]) ? i : best;
		const double pivot = a[best * c + k];
		if (!(fabs(pivot) > 1e-12))
			return -1;
		for (size_t j = 0; j < c; j++) {
			const double x = a[best * c + j], y = b[best * c + j];
			a[best * c + j] = a[k * c + j], b[best * c + j] = b[k * c + j];
			a[k * c + j] = x / pivot, b[k * c + j] = y / pivot;
		}
		for (size_t i = 0; i < c; i++) {
			const double times = i == k ? 0 : a[i * c + k];
			for (size_t j = 0; times != 0 && j < c; j++) {
				a[i * c + j] -= times * a[k * c + j];
				b[i * c + j] -= times * b[k * c + j];
			}
		}
	}
	return 0;
}

#endif
