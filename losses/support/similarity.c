#include "losses/support/similarity.h"

#include <string.h>

/* Rows no longer than this have no direction. */
static const double SHORTEST = 1e-12;

/* The parts of the room. */
struct view {
	struct lb_measured of;
	size_t b, c;
	double *u;               /* (b,c) rows, divided by their lengths if so measured */
	double *across;          /* (c,b) the same, column by column */
	double *inverse;         /* (b) 1 / length, 0 of a row without direction; 1 where rows are taken as they are */
	double *pulled;          /* (c) */
	double *d, *slope;       /* (b,b) */
};

size_t lb_similarity_room(size_t b, size_t c)
{
	return 2 * b * b + 2 * b * c + b + c;
}

static double inverse_length(const real *z, size_t c)
{
	double sum = 0;

	for (size_t j = 0; j < c; j++)
		sum += (double)z[j] * (double)z[j];
	return isnan(sum) ? sum : sum > SHORTEST * SHORTEST ? 1 / sqrt(sum) : 0;
}

static struct view view_of(const struct lb_form *form, const struct lb_batch *in, double *room)
{
	const size_t b = in->b, c = in->c, ld = in->output.stride;
	struct view v = { .of = form->measure(in->par), .b = b, .c = c, .u = room };

	v.across = v.u + b * c;
	v.inverse = v.across + b * c;
	v.pulled = v.inverse + b;
	v.d = v.pulled + c;
	v.slope = v.d + b * b;
	for (size_t i = 0; i < b; i++) {
		v.inverse[i] = v.of.normalize ? inverse_length(in->output.value + i * ld, c) : 1;
		for (size_t j = 0; j < c; j++)
			v.across[j * b + i] = v.u[i * c + j] = (double)in->output.value[i * ld + j] * v.inverse[i];
	}
	return v;
}

/* d (b) <- what the row u measures to each of b rows, which are stored column by column. */
LB_CLONES static void lb_similarity_row(size_t b, size_t c, const double *u, const double *across, bool product, double *d)
{
	for (size_t k = 0; k < b; k++)
		d[k] = 0;
	for (size_t j = 0; j < c; j++) {
		const double a = u[j], *column = across + j * b;
		for (size_t k = 0; k < b && product; k++)
			d[k] += a * column[k];
		for (size_t k = 0; k < b && !product; k++)
			d[k] += (a - column[k]) * (a - column[k]);
	}
}

static void measure(const struct view *v)
{
	for (size_t i = 0; i < v->b; i++)
		lb_similarity_row(v->b, v->c, v->u + i * v->c, v->across, v->of.measure == LB_INNER_PRODUCT, v->d + i * v->b);
	for (size_t k = 0; v->of.measure == LB_EUCLIDEAN && k < v->b * v->b; k++)
		v->d[k] = sqrt(v->d[k]);
}

/* pulled (c) <- the derivative by u_i, from those by what it measures to the others. */
static void pull(const struct view *v, size_t i)
{
	const double *u = v->u + i * v->c;

	memset(v->pulled, 0, v->c * sizeof *v->pulled);
	for (size_t k = 0; k < v->b; k++) {
		const double both = v->slope[i * v->b + k] + v->slope[k * v->b + i], d = v->d[i * v->b + k], *other = v->u + k * v->c;
		if (k == i || both == 0 || (v->of.measure == LB_EUCLIDEAN && d == 0))
			continue;
		const double w = v->of.measure == LB_EUCLIDEAN ? both / d : v->of.measure == LB_INNER_PRODUCT ? both : 2 * both;
		for (size_t j = 0; j < v->c; j++)
			v->pulled[j] += w * (v->of.measure == LB_INNER_PRODUCT ? other[j] : u[j] - other[j]);
	}
}

/* g (c) <- the derivative by z_i: what is along u_i changes only a length that was divided out. */
static void pull_back(const struct view *v, size_t i, real *g)
{
	const double *u = v->u + i * v->c;
	double along = 0;

	pull(v, i);
	for (size_t j = 0; v->of.normalize && j < v->c; j++)
		along += v->pulled[j] * u[j];
	for (size_t j = 0; j < v->c; j++)
		g[j] = (real)((v->pulled[j] - along * u[j]) * v->inverse[i]);
}

static bool any_nan(const struct view *v)
{
	for (size_t k = 0; k < v->b * v->c; k++)
		if (isnan(v->u[k]))
			return true;
	return false;
}

const double *lb_similarity_measure(const struct lb_form *form, const struct lb_batch *in, double *room)
{
	const struct view v = view_of(form, in, room);

	measure(&v);
	return v.d;
}

double lb_similarity_apply(const struct lb_form *form, const struct lb_batch *in, double *room)
{
	const struct view v = view_of(form, in, room);
	const size_t ld = in->output.stride;
	real *g = in->output.grad;

	if (any_nan(&v)) {
		for (size_t i = 0; g && i < v.b * v.c; i++)
			g[i / v.c * ld + i % v.c] = (real)NAN;
		return (double)NAN;
	}
	measure(&v);
	memset(v.slope, 0, v.b * v.b * sizeof *v.slope);
	const double value = form->similarity(in, v.d, g ? v.slope : NULL);
	for (size_t i = 0; g && i < v.b; i++)
		pull_back(&v, i, g + i * ld);
	return value;
}
