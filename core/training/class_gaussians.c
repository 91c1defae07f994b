#include "core/training/class_gaussians.h"

#include "core/base/mem.h"
#include "core/numeric/rng.h"
#include "core/training/feature_whitening.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct far {
	double apart;
	uint32_t row;
};

/* What is estimated from. */
struct from {
	const struct lb_gaussians_how *how;
	const double *x;
	const int32_t *y;
	size_t n, most;          /* rows, and those of the largest class */
	size_t *rows;            /* (classes) rows of each */
	struct far *order;       /* (n) those of a class */
	double *column, *median; /* (n), (d) */
	double *own;             /* (classes, d), then (classes, d, d): means and covariances before some borrow */
};

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int by_distance(const void *a, const void *b)
{
	const struct far *x = a, *y = b;

	if (x->apart < y->apart || x->apart > y->apart)
		return x->apart < y->apart ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

static double squared_distance(const double *a, const double *b, size_t d)
{
	double sum = 0;

	for (size_t j = 0; j < d; j++)
		sum += (a[j] - b[j]) * (a[j] - b[j]);
	return sum;
}

/* t->order <- the rows of class k, nearest to its median first. */
static void order_rows(struct from *t, size_t k, size_t d)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if ((size_t)t->y[i] == k)
			t->order[n++].row = (uint32_t)i;
	for (size_t j = 0; j < d; j++) {
		for (size_t i = 0; i < n; i++)
			t->column[i] = t->x[t->order[i].row * d + j];
		qsort(t->column, n, sizeof *t->column, ascending);
		t->median[j] = 0.5 * t->column[(n - 1) / 2] + 0.5 * t->column[n / 2];
	}
	for (size_t i = 0; i < n; i++)
		t->order[i].apart = squared_distance(t->x + t->order[i].row * d, t->median, d);
	qsort(t->order, n, sizeof *t->order, by_distance);
}

/* mean (d), cov (d, d) <- those of the rows of class k that are not trimmed. */
static void estimate(struct from *t, size_t k, size_t d, double *mean, double *cov)
{
	const size_t n = t->rows[k], left = n - (size_t)(t->how->trim * (double)n + 1e-9), kept = left ? left : 1;

	if (!n)
		return;
	order_rows(t, k, d);
	for (size_t i = 0; i < kept; i++)
		for (size_t j = 0; j < d; j++)
			mean[j] += t->x[t->order[i].row * d + j] / (double)kept;
	for (size_t i = 0; i < kept; i++) {
		const double *x = t->x + t->order[i].row * d;
		for (size_t j = 0; j < d; j++)
			for (size_t h = 0; h <= j; h++)
				cov[j * d + h] += (x[j] - mean[j]) * (x[h] - mean[h]) / (double)kept;
	}
}

static bool borrows(const struct from *t, size_t k)
{
	return (double)t->rows[k] < t->how->tail * (double)t->most;
}

/* Adds `share` times what class c has to what class k has. */
static void add_class(const struct from *t, struct lb_class_gaussians *g, size_t k, size_t c, double share)
{
	const size_t d = g->d;
	const double *mean = t->own + c * d, *cov = t->own + g->classes * d + c * d * d;

	for (size_t j = 0; j < d; j++)
		g->mean[k * d + j] += share * mean[j];
	for (size_t j = 0; j < d * d; j++)
		g->lower[k * d * d + j] += share * cov[j];
}

/* Class k is made of itself and, where it borrows, of the nearest classes that do not. */
static void blend(struct from *t, struct lb_class_gaussians *g, size_t k)
{
	size_t n = 0;

	for (size_t c = 0; borrows(t, k) && c < g->classes; c++)
		if (t->rows[c] && !borrows(t, c))
			t->order[n++] = (struct far){ squared_distance(t->own + k * g->d, t->own + c * g->d, g->d), (uint32_t)c };
	qsort(t->order, n, sizeof *t->order, by_distance);
	n = n < t->how->neighbours ? n : t->how->neighbours;
	add_class(t, g, k, k, n ? 1 - t->how->borrow : 1);
	for (size_t i = 0; i < n; i++)
		add_class(t, g, k, t->order[i].row, t->how->borrow / (double)n);
}

/* The covariances of class k become their lower triangle. Returns false where they are none. */
static bool factor(struct lb_class_gaussians *g, size_t k, double ridge)
{
	const size_t d = g->d;
	double *a = g->lower + k * d * d;

	for (size_t j = 0; j < d; j++)
		a[j * d + j] += ridge;
	if (!lb_cholesky(d, a))
		return false;
	bool finite = true;
	for (size_t j = 0; j < d; j++) {
		finite = finite && isfinite(a[j * d + j]);
		memset(a + j * d + j + 1, 0, (d - j - 1) * sizeof *a);
	}
	return finite;
}

static void from_free(struct from *t)
{
	free(t->rows);
	free(t->order);
	free(t->column);
	free(t->median);
	free(t->own);
}

int lb_class_gaussians_make(const struct lb_gaussians_how *how, size_t classes, const double *x, const int32_t *y, size_t n, size_t d,
			    struct lb_class_gaussians *out, struct lb_err *err)
{
	struct from t = { .how = how, .x = x, .y = y, .n = n };
	const size_t room = n > classes ? n : classes;
	int rc = -1;

	*out = (struct lb_class_gaussians){ .classes = classes, .d = d };
	if (!(out->mean = lb_alloc(classes * d, sizeof *out->mean, err)) || !(out->lower = lb_alloc(classes * d * d, sizeof *out->lower, err)) ||
	    !(t.rows = lb_alloc(classes, sizeof *t.rows, err)) || !(t.order = lb_alloc(room, sizeof *t.order, err)) ||
	    !(t.column = lb_alloc(n, sizeof *t.column, err)) || !(t.median = lb_alloc(d, sizeof *t.median, err)) ||
	    !(t.own = lb_alloc(classes * d * (d + 1), sizeof *t.own, err)))
		goto end;
	for (size_t i = 0; i < n; i++)
		t.rows[y[i]]++;
	for (size_t k = 0; k < classes; k++)
		t.most = t.rows[k] > t.most ? t.rows[k] : t.most;
	for (size_t k = 0; k < classes; k++)
		estimate(&t, k, d, t.own + k * d, t.own + classes * d + k * d * d);
	rc = 0;
	for (size_t k = 0; !rc && k < classes; k++) {
		if (!t.rows[k])
			continue;
		blend(&t, out, k);
		if (!factor(out, k, how->ridge))
			rc = lb_fail(err, LB_DATA, "the features of class %zu are too large for their covariances; standardise them", k);
	}
end:
	from_free(&t);
	return rc;
}

void lb_class_gaussians_free(struct lb_class_gaussians *g)
{
	free(g->mean);
	free(g->lower);
	*g = (struct lb_class_gaussians){ 0 };
}

void lb_class_gaussians_draw(const struct lb_class_gaussians *g, size_t k, struct lb_rng *rng, double *room, double *x)
{
	const double *lower = g->lower + k * g->d * g->d;

	for (size_t j = 0; j < g->d; j++) {
		room[j] = lb_rng_normal(rng);
		x[j] = g->mean[k * g->d + j];
		for (size_t h = 0; h <= j; h++)
			x[j] += lower[j * g->d + h] * room[h];
	}
}
