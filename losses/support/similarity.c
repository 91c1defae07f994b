#include "losses/support/similarity.h"

#include "core/engine/kernels/kernels.h"

#include <string.h>

/* Rows no longer than this have no direction. */
static const double SHORTEST = 1e-12;

/* Doubles in 64 bytes, which kernels want rows and matrices to be multiples of; columns that are
 * measured at once, in registers. */
enum { STEP = 8, AT_ONCE = 4 * STEP };

static size_t padded(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/* The parts of the room. */
struct view {
	struct lb_measured of;
	size_t b, c, row, column; /* between rows of u and of across */
	double *u;               /* (b,row) rows as they are measured, behind their c entries 0 */
	double *across;          /* (c,column) the same, column by column */
	double *inverse;         /* (b) 1 / length, 0 of a row without direction; 1 where rows are taken as they are */
	double *noise;           /* (b) LB_NOISE_TO_SIGNAL: 1 / sum of squares of a row less its mean, 0 of a row without variance */
	double *pulled;          /* (b,row) */
	double *d, *slope;       /* (b,b), in room for rows of `column` */
	double *room;
	uint32_t *index;
	double *held;            /* as d; the last, as most losses have none */
};

static size_t doubles(size_t b, size_t c, bool holds)
{
	const size_t row = padded(c, STEP), column = padded(b, AT_ONCE);

	return 2 * b * row + c * column + (2 + LB_PAIR_ROOM + 1) * column + (holds ? 3 : 2) * b * column;
}

size_t lb_similarity_bytes(size_t b, size_t c, bool holds)
{
	return doubles(b, c, holds) * sizeof(double);
}

static struct view view_of(const struct lb_measured of, const struct lb_batch *in, double *room)
{
	struct view v = { .of = of, .b = in->b, .c = in->c, .row = padded(in->c, STEP), .column = padded(in->b, AT_ONCE), .u = room };

	v.across = v.u + v.b * v.row;
	v.inverse = v.across + v.c * v.column;
	v.noise = v.inverse + v.column;
	v.pulled = v.noise + v.column;
	v.d = v.pulled + v.b * v.row;
	v.slope = v.d + v.b * v.column;
	v.room = v.slope + v.b * v.column;
	void *behind = v.room + LB_PAIR_ROOM * v.column;
	v.index = behind;
	v.held = v.room + (LB_PAIR_ROOM + 1) * v.column;
	return v;
}

static double inverse_length(const real *z, size_t c)
{
	double sum = 0;

	for (size_t j = 0; j < c; j++)
		sum += (double)z[j] * (double)z[j];
	return isnan(sum) ? sum : sum > SHORTEST * SHORTEST ? 1 / sqrt(sum) : 0;
}

/* u (c) <- u less its mean. Returns 1 / the sum of squares of what is left; 0 where it is
 * rounding. */
static double take_mean_out(double *u, size_t c)
{
	double sum = 0, size = 0, left = 0;

	for (size_t j = 0; j < c; j++)
		sum += u[j];
	for (size_t j = 0; j < c; j++) {
		size += u[j] * u[j];
		u[j] -= sum / (double)c;
		left += u[j] * u[j];
	}
	return left > SHORTEST * SHORTEST * size ? 1 / left : 0;
}

/* The rows as they are measured, of values (b,c) whose rows are ld apart. */
static void read_rows(const struct view *v, const real *z, size_t ld)
{
	for (size_t i = 0; i < v->b; i++) {
		double *u = v->u + i * v->row;
		v->inverse[i] = v->of.normalize ? inverse_length(z + i * ld, v->c) : 1;
		for (size_t j = 0; j < v->c; j++)
			u[j] = (double)z[i * ld + j] * v->inverse[i];
		for (size_t j = v->c; j < v->row; j++)
			u[j] = 0;
		if (v->of.measure == LB_NOISE_TO_SIGNAL)
			v->noise[i] = take_mean_out(u, v->c);
	}
	for (size_t i = 0; i < v->column; i += STEP) /* a cache line of each column at a time */
		for (size_t j = 0; j < v->c; j++)
			for (size_t k = i; k < i + STEP; k++)
				v->across[j * v->column + k] = k < v->b ? v->u[k * v->row + j] : 0;
}

/* d (b) <- the squared distances of the row u from each of b rows, which are stored column by
 * column up to whole parts of AT_ONCE; from the part on that holds row `from`. */
LB_CLONES static void lb_similarity_row(size_t from, size_t b, size_t c, size_t column, const double *u, const double *across, double *d)
{
	for (size_t k = from / AT_ONCE * AT_ONCE; k < b; k += AT_ONCE) {
		double sum[AT_ONCE] = { 0 };
		for (size_t j = 0; j < c; j++)
			for (size_t q = 0; q < AT_ONCE; q++)
				sum[q] += (u[j] - across[j * column + k + q]) * (u[j] - across[j * column + k + q]);
		memcpy(d + k, sum, (b - k < AT_ONCE ? b - k : AT_ONCE) * sizeof *d);
	}
}

/* What is done with an entry above the diagonal of a matrix and the one across. */
enum across { COPY_UP, ADD_UP };

/* Visits both halves of s (b,b) by blocks that lie in the first cache together: the lower entry is
 * that of the upper half, or both are their sum; then the diagonal is doubled. */
LB_CLONES static void lb_similarity_mirror(size_t b, enum across how, double *s)
{
	for (size_t i = 0; i < b; i += STEP)
		for (size_t k = 0; k <= i; k += STEP)
			for (size_t r = i; r < b && r < i + STEP; r++)
				for (size_t q = k; q < k + STEP && q <= r; q++) {
					const double upper = s[q * b + r];
					if (how == COPY_UP)
						s[r * b + q] = upper;
					else
						s[r * b + q] = s[q * b + r] = s[r * b + q] + upper;
				}
}

/* d (b,b) <- inner products; made with padded rows, which then move together. */
static void multiply(const struct view *v, double *d)
{
	lb_product_f64(v->b, v->b, v->c, v->u, v->row, v->across, v->column, d, v->column);
	for (size_t i = 1; v->column > v->b && i < v->b; i++)
		memmove(d + i * v->b, d + i * v->column, v->b * sizeof *d);
}

/* d (b,b) <- what values (b,c), which were read and whose rows are ld apart, measure to each
 * other. */
static void measure_read(const struct view *v, const real *z, size_t ld, double *d)
{
	const size_t b = v->b;

	if (v->of.measure == LB_INNER_PRODUCT) {
		multiply(v, d);
		return;
	}
	for (size_t i = 0; i < b; i++)
		lb_similarity_row(i, b, v->c, v->column, v->u + i * v->row, v->across, d + i * b);
	for (size_t i = 0; v->of.measure == LB_EUCLIDEAN && i < b; i++)
		for (size_t k = i; k < b; k++)
			d[i * b + k] = sqrt(d[i * b + k]);
	lb_similarity_mirror(b, COPY_UP, d);
	for (size_t i = 0; v->of.measure == LB_NOISE_TO_SIGNAL && i < b; i++) {
		for (size_t k = 0; k < b; k++)
			d[i * b + k] *= v->noise[i];
		for (size_t j = 0; j < v->c; j++)
			d[i * b + i] += (double)z[i * ld + j] * v->inverse[i];
	}
}

static void measure(const struct view *v, const real *z, size_t ld, double *d)
{
	read_rows(v, z, ld);
	measure_read(v, z, ld, d);
}

/* pulled (c) += w times the difference of two rows. */
LB_CLONES static void lb_similarity_pull(size_t c, double w, const double *u, const double *other, double *pulled)
{
	for (size_t j = 0; j < c; j++)
		pulled[j] += w * (u[j] - other[j]);
}

/* pulled (c) <- the derivative by u_i, from those by its distances from the others. */
static void pull_apart(const struct view *v, size_t i, double *pulled)
{
	const bool euclidean = v->of.measure == LB_EUCLIDEAN;
	const double *u = v->u + i * v->row;

	memset(pulled, 0, v->row * sizeof *pulled);
	for (size_t k = 0; k < v->b; k++) {
		const double both = v->slope[i * v->b + k] + v->slope[k * v->b + i], d = v->d[i * v->b + k];
		if (k != i && both != 0 && !(euclidean && d == 0))
			lb_similarity_pull(v->c, euclidean ? both / d : 2 * both, u, v->u + k * v->row, pulled);
	}
}

/* The same by noise-to-signal ratios: the noise pulls the rows apart, the signal lengthens the row
 * it is of; the sum of its coordinates is measured from the row to itself. */
static void pull_noise(const struct view *v, size_t i, double *pulled)
{
	const double *u = v->u + i * v->row;
	double longer = 0;

	memset(pulled, 0, v->row * sizeof *pulled);
	for (size_t k = 0; k < v->b; k++) {
		const double to = v->slope[i * v->b + k], from = v->slope[k * v->b + i];
		if (k == i || (to == 0 && from == 0))
			continue;
		lb_similarity_pull(v->c, 2 * (to * v->noise[i] + from * v->noise[k]), u, v->u + k * v->row, pulled);
		longer += to * v->d[i * v->b + k];
	}
	for (size_t j = 0; j < v->c; j++)
		pulled[j] += v->slope[i * v->b + i] - 2 * longer * v->noise[i] * u[j];
}

/* pulled (b,c) <- the derivative by all rows, from those by their inner products. */
static void pull_together(const struct view *v)
{
	lb_similarity_mirror(v->b, ADD_UP, v->slope);
	lb_product_f64(v->b, v->c, v->b, v->slope, v->b, v->u, v->row, v->pulled, v->row);
}

/* g (c) <- the derivative by z_i: what is along the row changes only a length that was divided
 * out. */
static void pull_back(const struct view *v, const double *pulled, const real *z, double inverse, real *g)
{
	double along = 0;

	for (size_t j = 0; v->of.normalize && j < v->c; j++)
		along += pulled[j] * ((double)z[j] * inverse);
	for (size_t j = 0; j < v->c; j++)
		g[j] = (real)((pulled[j] - along * ((double)z[j] * inverse)) * inverse);
}

static bool any_nan(const struct view *v)
{
	for (size_t i = 0; i < v->b; i++)
		for (size_t j = 0; j < v->c; j++)
			if (isnan(v->u[i * v->row + j]))
				return true;
	return false;
}

const double *lb_similarity_measure(const struct lb_form *form, const struct lb_batch *in, double *room)
{
	const struct view v = view_of(form->measure(in->par), in, room);

	measure(&v, in->output.value, in->output.stride, v.d);
	return v.d;
}

const double *lb_similarity_between_directions(const struct lb_batch *in, double *room)
{
	const struct lb_measured directions = { .measure = LB_EUCLIDEAN, .normalize = true };
	const struct view v = view_of(directions, in, room);

	measure(&v, in->output.value, in->output.stride, v.d);
	return v.d;
}

static void nan_everywhere(const struct lb_io *io)
{
	for (size_t i = 0; io->grad && i < io->rows * io->cols; i++)
		io->grad[i / io->cols * io->stride + i % io->cols] = (real)NAN;
}

/* The gradient, from that by what the rows measure. */
static void take_back(const struct view *v, const struct lb_io *io)
{
	if (v->of.measure == LB_INNER_PRODUCT)
		pull_together(v);
	for (size_t i = 0; i < v->b; i++) {
		double *pulled = v->pulled + i * v->row;
		if (v->of.measure == LB_NOISE_TO_SIGNAL)
			pull_noise(v, i, pulled);
		else if (v->of.measure != LB_INNER_PRODUCT)
			pull_apart(v, i, pulled);
		pull_back(v, pulled, io->value + i * io->stride, v->inverse[i], io->grad + i * io->stride);
	}
}

/* What rows of that cosine measure to each other. */
static double of_cosine(enum lb_measure measure, double s)
{
	const double squared = s < 1 ? 2 - 2 * s : 0;

	return measure == LB_INNER_PRODUCT ? s : measure == LB_EUCLIDEAN ? sqrt(squared) : squared;
}

void lb_similarity_by_cosines(const struct lb_form *form, const struct lb_batch *in, const double *cosine, double *slope, double *room)
{
	const struct view v = view_of(form->measure(in->par), in, room);
	const enum lb_measure measure = v.of.measure;
	const size_t n = v.b * v.b;

	for (size_t k = 0; k < n; k++) {
		v.d[k] = k % (v.b + 1) ? of_cosine(measure, cosine[k]) : measure == LB_INNER_PRODUCT;
		slope[k] = 0;
	}
	form->similarity(&(struct lb_row_pairs){ .in = in, .b = v.b, .d = v.d, .held = v.d, .slope = slope, .room = v.room, .index = v.index });
	for (size_t k = 0; measure != LB_INNER_PRODUCT && k < n; k++)
		slope[k] *= measure != LB_EUCLIDEAN ? -2 : v.d[k] > 0 ? -1 / v.d[k] : 0;
}

double lb_similarity_apply(const struct lb_form *form, const struct lb_batch *in, double *room)
{
	const struct view v = view_of(form->measure(in->par), in, room);
	const struct lb_io *io = &in->output;

	if (in->held)
		measure(&v, in->held, in->c, v.held);
	read_rows(&v, io->value, io->stride);
	if (in->measured)
		memcpy(v.d, in->measured, v.b * v.b * sizeof *v.d);
	else
		measure_read(&v, io->value, io->stride, v.d);
	if (any_nan(&v)) {
		nan_everywhere(io);
		return (double)NAN;
	}
	memset(v.slope, 0, v.b * v.b * sizeof *v.slope);
	const double value = form->similarity(&(struct lb_row_pairs){ .in = in, .b = v.b, .d = v.d, .held = in->held ? v.held : v.d,
								   .slope = io->grad ? v.slope : NULL, .room = v.room, .index = v.index });
	if (io->grad)
		take_back(&v, io);
	return value;
}
