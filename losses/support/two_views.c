#include "losses/support/two_views.h"

#include <string.h>

/* Rows no longer than this have no direction. */
static const double SHORTEST = 1e-12;

size_t lb_two_views_bytes(const struct lb_loss_shape *shape, size_t more)
{
	return (LB_VIEWS_READ * (3 * shape->b * shape->c + shape->b) + more) * sizeof(double);
}

static double inverse_length(const real *z, size_t c)
{
	double sum = 0;

	for (size_t j = 0; j < c; j++)
		sum += (double)z[j] * (double)z[j];
	return isnan(sum) ? sum : sum > SHORTEST * SHORTEST ? 1 / sqrt(sum) : 0;
}

/* u (b, c), inverse (b) <- the rows of z. */
static void read_rows(size_t b, size_t c, const real *z, bool unit, double *u, double *inverse)
{
	for (size_t i = 0; i < b; i++) {
		inverse[i] = unit ? inverse_length(z + i * c, c) : 1;
		for (size_t j = 0; j < c; j++)
			u[i * c + j] = (double)z[i * c + j] * inverse[i];
	}
}

/* Two, and where there is one the third. */
static size_t views_read(const struct lb_batch *in)
{
	return in->views < 2 ? 2 : in->views < LB_VIEWS_READ ? in->views : LB_VIEWS_READ;
}

static struct lb_two_views views_of(const struct lb_batch *in, bool unit, bool slopes)
{
	const size_t b = in->b, c = in->c, cells = b * c;
	double *room = in->workspace, *inverse = room + 3 * LB_VIEWS_READ * cells;
	struct lb_two_views v = { .in = in, .b = b, .c = c, .room = inverse + LB_VIEWS_READ * b };

	for (size_t k = 0; k < views_read(in); k++) {
		const size_t at = k < in->views ? k * cells : 0;
		v.u[k] = room + 3 * k * cells;
		v.by[k] = slopes ? v.u[k] + cells : NULL;
		v.held[k] = v.u[k] + 2 * cells;
		v.inverse[k] = inverse + k * b;
		read_rows(b, c, (in->held ? in->held : in->output.value) + at, unit, v.held[k], v.inverse[k]);
		read_rows(b, c, in->output.value + at, unit, v.u[k], v.inverse[k]);
		if (slopes)
			memset(v.by[k], 0, cells * sizeof *v.by[k]);
	}
	return v;
}

/* g (c) += the derivative by z_i: what is along u_i changes only a length that was divided out. */
static void pull_back(const struct lb_two_views *v, size_t k, size_t i, bool unit, real *g)
{
	const double *u = v->u[k] + i * v->c, *by = v->by[k] + i * v->c;
	double along = 0;

	for (size_t j = 0; unit && j < v->c; j++)
		along += by[j] * u[j];
	for (size_t j = 0; j < v->c; j++)
		g[j] += (real)((by[j] - along * u[j]) * v->inverse[k][i]);
}

static double value_of(const struct lb_batch *in, real *g, bool unit, double (*value)(const struct lb_two_views *v), const void *arg)
{
	struct lb_two_views v = views_of(in, unit, g);
	const size_t cells = in->views * in->b * in->c;
	double sum = 0;

	for (size_t j = 0; j < cells; j++)
		sum += 0 * (double)in->output.value[j];
	for (size_t j = 0; g && j < cells; j++)
		g[j] = isnan(sum) ? (real)sum : 0;
	if (isnan(sum))
		return sum;
	v.arg = arg;
	const double got = value(&v);
	for (size_t k = 0; g && k < views_read(in); k++)
		for (size_t i = 0; i < in->b; i++)
			pull_back(&v, k, i, unit, g + ((k < in->views ? k * in->b : 0) + i) * in->c);
	return got;
}

double lb_of_views(const struct lb_batch *in, real *g, bool unit, double (*value)(const struct lb_two_views *v))
{
	return value_of(in, g, unit, value, NULL);
}

/* s (b) <- the inner products of the row u and b rows, which are stored column by column. */
LB_CLONES static void lb_view_product_row(size_t b, size_t c, const double *u, const double *across, double *s)
{
	for (size_t k = 0; k < b; k++)
		s[k] = 0;
	for (size_t j = 0; j < c; j++)
		for (size_t k = 0; k < b; k++)
			s[k] += u[j] * across[j * b + k];
}

void lb_view_products(size_t b, size_t c, const double *x, const double *y, double *across, double *s)
{
	for (size_t i = 0; i < b; i++)
		for (size_t j = 0; j < c; j++)
			across[j * b + i] = y[i * c + j];
	for (size_t i = 0; i < b; i++)
		lb_view_product_row(b, c, x + i * c, across, s + i * b);
}

/* to (c) += the sum over j of m[j * step] times row j of y. */
LB_CLONES static void lb_view_weighted_rows(size_t b, size_t c, const double *m, size_t step, const double *y, double *to)
{
	for (size_t j = 0; j < b; j++)
		for (size_t k = 0; k < c; k++)
			to[k] += m[j * step] * y[j * c + k];
}

void lb_view_add_product(size_t b, size_t c, const double *m, bool turned, const double *y, double *to)
{
	for (size_t i = 0; i < b; i++)
		lb_view_weighted_rows(b, c, turned ? m + i : m + i * b, turned ? b : 1, y, to + i * c);
}

/* ---- anchors ---- */

/* The matrices of cosines: of the two views, and of each to itself, with their derivatives; those
 * at the held point where it is another. */
struct cosines {
	double *across[2], *within[2]; /* across[1], rows of the second view first, where candidates are held; else NULL */
	double *by_across[2], *by_within[2];
	double *held_across, *held_within[2];
	double *list;            /* (4, 2 b) an anchor's lists */
	double *held_own;        /* (b) the diagonal of held_across */
};

static size_t cosines_room(size_t b, size_t c, enum lb_candidates from)
{
	return (from == LB_OTHER_VIEW ? 3 : 11) * b * b + b * c + 9 * b;
}

size_t lb_anchors_bytes(const struct lb_loss_shape *shape, enum lb_candidates from)
{
	return lb_two_views_bytes(shape, cosines_room(shape->b, shape->c, from));
}

static struct cosines cosines_of(const struct lb_two_views *v, enum lb_candidates from)
{
	const size_t b = v->b, c = v->c, n = b * b;
	const bool hold = from == LB_BOTH_VIEWS_HELD;
	double *room = v->room, *across = room + (from == LB_OTHER_VIEW ? 3 : 11) * n;
	struct cosines s = { .across = { room }, .by_across = { room + n }, .held_across = room + 2 * n, .list = across + b * c, .held_own = across + b * c + 8 * b };

	lb_view_products(b, c, v->u[0], hold ? v->held[1] : v->u[1], across, s.across[0]);
	lb_view_products(b, c, v->held[0], v->held[1], across, s.held_across);
	memset(s.by_across[0], 0, n * sizeof *s.by_across[0]);
	if (hold) {
		s.across[1] = room + 9 * n;
		s.by_across[1] = room + 10 * n;
		lb_view_products(b, c, v->u[1], v->held[0], across, s.across[1]);
		memset(s.by_across[1], 0, n * sizeof *s.by_across[1]);
	}
	for (size_t i = 0; i < b; i++)
		s.held_own[i] = s.held_across[i * b + i];
	for (size_t k = 0; k < 2 && from != LB_OTHER_VIEW; k++) {
		s.within[k] = room + (3 + k) * n;
		s.by_within[k] = room + (5 + k) * n;
		s.held_within[k] = room + (7 + k) * n;
		lb_view_products(b, c, v->u[k], hold ? v->held[k] : v->u[k], across, s.within[k]);
		lb_view_products(b, c, v->held[k], v->held[k], across, s.held_within[k]);
		memset(s.by_within[k], 0, n * sizeof *s.by_within[k]);
	}
	return s;
}

/* list <- the anchor's candidates in the matrices, of which the first may have the other view's
 * rows as its rows. Returns how many. */
static size_t gather(const struct lb_anchor *a, const double *across, bool turned, const double *within, double *list)
{
	const size_t b = a->in->b, i = a->row;
	size_t n = b;

	for (size_t j = 0; j < b; j++)
		list[j] = turned ? across[j * b + i] : across[i * b + j];
	for (size_t j = 0; within && j < b; j++)
		if (j != i)
			list[n++] = within[i * b + j];
	return n;
}

/* The matrices of derivatives += share times the anchor's. */
static void scatter(const struct lb_anchor *a, double share, double *across, bool turned, double *within)
{
	const size_t b = a->in->b, i = a->row;

	for (size_t j = 0; j < b; j++)
		across[turned ? j * b + i : i * b + j] += share * a->slope[j];
	for (size_t k = b; k < a->n; k++)
		within[i * b + lb_candidate_row(a, k)] += share * a->slope[k];
}

static struct lb_anchor anchor_at(const struct lb_batch *in, const struct cosines *s, size_t view, size_t i, bool slopes)
{
	struct lb_anchor a = { .in = in, .view = view, .row = i, .own = i, .s = s->list, .held = s->list + 2 * in->b,
			       .slope = slopes ? s->list + 4 * in->b : NULL, .room = s->list + 6 * in->b, .held_own = s->held_own };

	const bool turned = view && !s->across[1];
	gather(&a, s->held_across, view, s->held_within[view], s->list + 2 * in->b);
	a.n = gather(&a, s->across[view && !turned], turned, s->within[view], s->list);
	if (slopes)
		memset(a.slope, 0, a.n * sizeof *a.slope);
	return a;
}

/* A loss of anchors. */
struct of_anchors {
	enum lb_candidates from;
	bool both;
	double (*anchor)(const struct lb_anchor *a);
};

static double anchors_value(const struct lb_two_views *v)
{
	const struct of_anchors *of = v->arg;
	const struct cosines s = cosines_of(v, of->from);
	const size_t b = v->b, views = of->both ? 2 : 1;
	const double share = 1 / (double)(views * b);
	double sum = 0;

	for (size_t k = 0; k < views; k++)
		for (size_t i = 0; i < b; i++) {
			const struct lb_anchor a = anchor_at(v->in, &s, k, i, v->by[0]);
			sum += of->anchor(&a);
			if (a.slope)
				scatter(&a, share, s.by_across[k && s.across[1]], k && !s.across[1], s.by_within[k]);
		}
	for (size_t k = 0; k < 2 && v->by[0] && s.across[1]; k++) {
		lb_view_add_product(b, v->c, s.by_across[k], false, v->held[!k], v->by[k]);
		lb_view_add_product(b, v->c, s.by_within[k], false, v->held[k], v->by[k]);
	}
	for (size_t k = 0; k < 2 && v->by[0] && !s.across[1]; k++) {
		lb_view_add_product(b, v->c, s.by_across[0], k, v->u[!k], v->by[k]);
		for (int turned = 0; turned < 2 && of->from == LB_BOTH_VIEWS; turned++)
			lb_view_add_product(b, v->c, s.by_within[k], turned, v->u[k], v->by[k]);
	}
	return share * sum;
}

double lb_of_anchors(const struct lb_batch *in, real *g, enum lb_candidates from, bool both, double (*anchor)(const struct lb_anchor *a))
{
	const struct of_anchors of = { .from = from, .both = both, .anchor = anchor };

	return value_of(in, g, true, anchors_value, &of);
}

void lb_visit_anchors(const struct lb_batch *in, enum lb_candidates from, void (*visit)(void *arg, const struct lb_anchor *a), void *arg)
{
	const struct lb_two_views v = views_of(in, true, false);
	const struct cosines s = cosines_of(&v, from);

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < in->b; i++) {
			const struct lb_anchor a = anchor_at(in, &s, k, i, false);
			visit(arg, &a);
		}
}

/* ---- sums of exponentials ---- */

double lb_soft_maximum(size_t n, const double *s, const double *take, double t, double *p)
{
	double most = -(double)INFINITY, sum = 0;

	for (size_t k = 0; k < n; k++)
		most = (!take || take[k] > 0) && s[k] > most ? s[k] : most;
	for (size_t k = 0; k < n; k++) {
		const double e = (!take || take[k] > 0) && most > -(double)INFINITY ? exp((s[k] - most) / t) : 0;
		sum += e;
		if (p)
			p[k] = e;
	}
	for (size_t k = 0; p && sum > 0 && k < n; k++)
		p[k] /= sum;
	return sum > 0 ? most + t * log(sum) : most;
}

double lb_softmax_loss(size_t n, const double *s, size_t k, double t, double *slope)
{
	double most = s[k], rest = 0;

	for (size_t j = 0; j < n; j++)
		most = s[j] > most ? s[j] : most;
	const double own = exp((s[k] - most) / t);
	for (size_t j = 0; j < n; j++)
		rest += j == k ? 0 : exp((s[j] - most) / t);
	for (size_t j = 0; slope && j < n; j++)
		slope[j] = (j == k ? -rest : exp((s[j] - most) / t)) / ((own + rest) * t);
	return own >= 1 ? log1p(rest) : log(own + rest) - (s[k] - most) / t;
}
