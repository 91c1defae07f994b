#include "losses/support/prototypes.h"

#include "core/numeric/rng.h"

#include <string.h>

/* Vectors no longer than this have no direction. */
static const double SHORTEST = 1e-12;

/* What the places of the workspace hold together. */
static size_t doubles(size_t b, size_t k, size_t d)
{
	return 2 * (b * d + k * d + b + k + b * k) + k * d;
}

size_t lb_prototypes_workspace(const struct lb_loss_shape *shape, size_t per_class, size_t own)
{
	return (doubles(shape->b, shape->n_classes * per_class, shape->c) + own) * sizeof(double);
}

/* Takes n doubles from the room. */
static double *take(double **room, size_t n)
{
	double *at = *room;

	*room += n;
	return at;
}

static double length_of(const real *z, size_t n)
{
	double sum = 0;

	for (size_t j = 0; j < n; j++)
		sum += (double)z[j] * (double)z[j];
	return sqrt(sum);
}

/* u (n) <- the row divided by its length, which is returned; 0 where it has no direction. */
static double direction(const real *z, size_t n, double *u)
{
	const double length = length_of(z, n), inverse = length <= SHORTEST ? 0 : 1 / length;

	for (size_t j = 0; j < n; j++)
		u[j] = (double)z[j] * inverse;
	return length <= SHORTEST ? 0 : length;
}

/* c (k) <- the inner products of u and k vectors, which are stored column by column. */
LB_CLONES static void lb_prototype_products(size_t k, size_t d, const double *u, const double *across, double *c)
{
	for (size_t i = 0; i < k; i++)
		c[i] = 0;
	for (size_t j = 0; j < d; j++)
		for (size_t i = 0; i < k; i++)
			c[i] += u[j] * across[j * k + i];
}

/* to (d) += a from. */
LB_CLONES static void lb_prototype_add(size_t d, double a, const double *from, double *to)
{
	for (size_t j = 0; j < d; j++)
		to[j] += a * from[j];
}

struct lb_prototypes lb_prototypes_look(const struct lb_batch *in)
{
	const size_t b = in->b, k = in->params.cols ? in->params.rows * in->params.cols / in->c : 0, d = in->c;
	double *room = in->workspace;
	struct lb_prototypes at = { .b = b, .k = k, .d = d };

	at.u = take(&room, b * d);
	at.p = take(&room, k * d);
	double *across = take(&room, k * d);
	at.length = take(&room, b);
	at.p_length = take(&room, k);
	at.cosine = take(&room, b * k);
	at.slope = take(&room, b * k);
	at.by_length = take(&room, b);
	at.by_p_length = take(&room, k);
	at.by_u = take(&room, b * d);
	at.by_p = take(&room, k * d);
	at.own = room;
	memset(at.slope, 0, (b * k + b + k + b * d + k * d) * sizeof *room);
	for (size_t i = 0; i < b; i++)
		at.length[i] = direction(in->output.value + i * in->output.stride, d, at.u + i * d);
	for (size_t i = 0; i < k; i++)
		at.p_length[i] = direction(in->params.value + i * d, d, at.p + i * d);
	for (size_t i = 0; i < k * d; i++)
		across[i % d * k + i / d] = at.p[i];
	for (size_t i = 0; i < b; i++)
		lb_prototype_products(k, d, at.u + i * d, across, at.cosine + i * k);
	return at;
}

/* Adds to the derivatives by u and p what those by the cosines say of them. */
static void pull(const struct lb_prototypes *at)
{
	for (size_t i = 0; i < at->b; i++)
		for (size_t k = 0; k < at->k; k++) {
			const double slope = at->slope[i * at->k + k];
			if (slope == 0)
				continue;
			lb_prototype_add(at->d, slope, at->p + k * at->d, at->by_u + i * at->d);
			lb_prototype_add(at->d, slope, at->u + i * at->d, at->by_p + k * at->d);
		}
}

/* g (d) <- the derivative by a vector, from those by its direction and its length. */
static void pull_back(size_t d, const double *u, double length, const double *by_u, double by_length, real *g)
{
	double along = 0;

	for (size_t j = 0; j < d; j++)
		along += by_u[j] * u[j];
	for (size_t j = 0; j < d; j++)
		g[j] = (real)(length > 0 ? (by_u[j] - along * u[j]) / length + by_length * u[j] : 0);
}

static void fill(struct lb_io io, double v)
{
	for (size_t i = 0; io.grad && i < io.rows; i++)
		for (size_t j = 0; j < io.cols; j++)
			io.grad[i * io.stride + j] = (real)v;
}

static bool any_nan(size_t n, const double *v)
{
	for (size_t i = 0; i < n; i++)
		if (isnan(v[i]))
			return true;
	return false;
}

double lb_prototypes_apply(const struct lb_batch *in, lb_prototypes_fn *loss)
{
	const struct lb_prototypes at = lb_prototypes_look(in);

	if (any_nan(at.b * at.d, at.u) || any_nan(at.k * at.d, at.p)) {
		fill(in->output, (double)NAN);
		fill(in->params, (double)NAN);
		return (double)NAN;
	}
	const double value = loss(in, &at);
	if (!in->output.grad && !in->params.grad)
		return value;
	pull(&at);
	for (size_t i = 0; in->output.grad && i < at.b; i++)
		pull_back(at.d, at.u + i * at.d, at.length[i], at.by_u + i * at.d, at.by_length[i], in->output.grad + i * in->output.stride);
	for (size_t k = 0; in->params.grad && k < at.k; k++)
		pull_back(at.d, at.p + k * at.d, at.p_length[k], at.by_p + k * at.d, at.by_p_length[k], in->params.grad + k * at.d);
	return value;
}

double lb_cosine(const real *a, const real *b, size_t n)
{
	const double lengths = length_of(a, n) * length_of(b, n);
	double dot = 0;

	for (size_t j = 0; j < n; j++)
		dot += (double)a[j] * (double)b[j];
	return lengths <= SHORTEST * SHORTEST ? 0 : dot / lengths;
}

const double *lb_prototypes_held(const struct lb_batch *in, const struct lb_prototypes *at, double *room)
{
	if (!in->held)
		return at->cosine;
	for (size_t i = 0; i < at->b; i++)
		for (size_t k = 0; k < at->k; k++)
			room[i * at->k + k] = lb_cosine(in->held + i * at->d, (in->held_params ? in->held_params : in->params.value) + k * at->d, at->d);
	return room;
}

void lb_prototypes_draw(size_t n, double scale, uint64_t seed, real *to)
{
	struct lb_rng rng;

	lb_rng_init(&rng, seed, LB_RNG_PROTOTYPES, 0);
	for (size_t j = 0; j < n; j++)
		to[j] = (real)(scale * lb_rng_normal(&rng));
}
