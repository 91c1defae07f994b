#include "core/engine/model/head/factored.h"

#include "core/base/mem.h"
#include "core/engine/kernels/kernels.h"
#include "core/engine/kernels/small_matrices.h"
#include "core/engine/kernels/squares.h"
#include "core/engine/model/head/head.h"

#include <stdlib.h>
#include <string.h>

const struct lb_head LB_HEAD(factored) = {
	.base = {
		.name = "factored",
		.tasks = 1u << LB_MULTICLASS,
		.title = "Linear head whose training step costs the same for any number of classes, for losses of the spherical family",
		.cite = "P. Vincent, A. de Brebisson, X. Bouthillier, Efficient exact gradient update for training deep networks with very large sparse targets, "
			"NIPS 2015",
		.formula = "z = W h + b, with W = V U + 1 c' kept as its factors",
		.notes = "Exact: the same training as head linear but for rounding. For mse_scores, log_spherical, log_taylor and z_loss, plain sgd and an mlp. With d features and b "
			 "rows a step takes time b d^2; an evaluation makes all scores. Where steps are large, so that factors would lose digits, the weights are made from them on the way, which takes time classes d^2.",
		.keywords = "large_output extreme_classification many_classes sparse_targets vocabulary",
	},
	.factored = true,
};

/* How far the largest and the smallest singular value of U may be apart, which so many steps of the
 * power method tell: V is rounded to `real`, and an error of it grows as that. */
enum { POWER_STEPS = 4 };
#define MOST_APART (REAL_BITS == 32 ? 8.0 : 100.0)
#define LONGEST_SHIFT (REAL_BITS == 32 ? 2.0 : 100.0)
/* Of a row's scores, the variance over the mean square below which sums that were carried along for
 * many updates do not tell it. */
#define LEAST_SPREAD (REAL_BITS == 32 ? 1e-4 : 1e-8)
/* What weight decay leaves below which the step's factor of U counts as without inverse. */
#define LEAST_KEPT 1e-6

/* ---- rows of V ---- */

/* row (d) <- the row of class k. */
static void read_row(const struct lb_factored *f, const real *w, size_t k, double *row)
{
	const struct lb_layer *l = f->layer;
	const real *from = w + lb_weight_at(l, k, 0);

	for (size_t i = 0; i < l->in; i++)
		row[i] = (double)from[i * LB_PANEL];
	if (f->biased)
		row[l->in] = (double)w[l->b + k];
}

/* The row of class k += factor * row (d). */
static void add_row(const struct lb_factored *f, real *w, size_t k, double factor, const double *row)
{
	const struct lb_layer *l = f->layer;
	real *to = w + lb_weight_at(l, k, 0);

	for (size_t i = 0; i < l->in; i++)
		to[i * LB_PANEL] = (real)((double)to[i * LB_PANEL] + factor * row[i]);
	if (f->biased)
		w[l->b + k] = (real)((double)w[l->b + k] + factor * row[l->in]);
}

/* ---- open, begin ---- */

int lb_factored_open(struct lb_factored *f, const struct lb_net *net, size_t rows, struct lb_persisted *state, struct lb_err *err)
{
	const struct lb_layer *layer = &net->layer[net->spec.n_layers - 1];
	const bool biased = net->spec.bias_init != LB_BIAS_NONE;
	const size_t d = layer->in + biased, square = d * d * sizeof(double), cells = rows * d;
	double **const batch[] = { &f->h, &f->by_gram, &f->by_u, &f->back, &f->rest, &f->moved };
	double **const vector[] = { &f->total, &f->shift };
	double **const matrix[] = { &f->u, &f->inverse, &f->gram };

	*f = (struct lb_factored){ .layer = layer, .d = d, .biased = biased, .on = true, .most = rows };
	for (size_t i = 0; i < sizeof batch / sizeof *batch; i++)
		if (!(*batch[i] = lb_alloc(cells, sizeof(double), err)))
			return -1;
	for (size_t i = 0; i < sizeof vector / sizeof *vector; i++)
		if (!(*vector[i] = lb_alloc(d, sizeof(double), err)))
			return -1;
	for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++)
		if (!(*matrix[i] = lb_alloc(d, d * sizeof(double), err)))
			return -1;
	f->room = lb_alloc(d + LB_SQUARES, d * sizeof *f->room, err);
	f->at = lb_alloc(rows, sizeof *f->at, err);
	f->slope = lb_alloc(rows, sizeof *f->slope, err);
	f->small = lb_alloc(rows, rows * sizeof *f->small, err);
	f->real_u = lb_alloc_aligned(d * d, sizeof(real), err);
	f->panel = lb_alloc_aligned(2 * d * LB_PANEL, sizeof(real), err);
	if (!f->room || !f->at || !f->slope || !f->small || !f->real_u || !f->panel)
		return -1;
	return lb_persist(state, "factor of the output layer", f->u, square, err) || lb_persist(state, "its inverse", f->inverse, square, err) ||
	       lb_persist(state, "products of the output weights", f->gram, square, err) || lb_persist(state, "sum of the output weights", f->total, d * sizeof(double), err) ||
	       lb_persist(state, "shift of the output weights", f->shift, d * sizeof(double), err) || lb_persist(state, "updates of the factor", &f->updates, sizeof f->updates, err)
	       ? -1 : 0;
}

void lb_factored_close(struct lb_factored *f)
{
	double *const all[] = { f->u, f->inverse, f->gram, f->total, f->shift, f->h, f->by_gram, f->by_u, f->back, f->rest, f->moved, f->room, f->small };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		free(all[i]);
	free(f->at);
	free(f->slope);
	free(f->real_u);
	free(f->panel);
	*f = (struct lb_factored){ 0 };
}

/* U <- 1, shift <- 0: V is W. */
static void reset(struct lb_factored *f)
{
	const size_t d = f->d;

	memset(f->u, 0, d * d * sizeof *f->u);
	memset(f->inverse, 0, d * d * sizeof *f->inverse);
	memset(f->shift, 0, d * sizeof *f->shift);
	for (size_t i = 0; i < d; i++)
		f->u[i * d + i] = f->inverse[i * d + i] = 1;
	f->updates = 0;
}

/* gram <- W'W and total <- W'1 of weights that are settled. */
static void sum_rows(struct lb_factored *f, const real *w)
{
	const size_t d = f->d;

	memset(f->gram, 0, d * d * sizeof *f->gram);
	memset(f->total, 0, d * sizeof *f->total);
	for (size_t k = 0; k < f->layer->out; k += LB_SQUARES) {
		memset(f->room, 0, LB_SQUARES * d * sizeof *f->room);
		for (size_t i = 0; i < LB_SQUARES && k + i < f->layer->out; i++) {
			read_row(f, w, k + i, f->room + i * d);
			lb_small_add(d, 1, f->room + i * d, f->total);
		}
		lb_add_squares(d, f->room, f->gram);
	}
	for (size_t i = 0; i < d; i++)
		for (size_t j = 0; j < i; j++)
			f->gram[j * d + i] = f->gram[i * d + j];
}

void lb_factored_begin(struct lb_factored *f, const real *w)
{
	reset(f);
	sum_rows(f, w);
}

/* ---- settling ---- */

/* The panel of LB_PANEL classes from k on <- itself times U, plus the shift. */
static void settle_panel(struct lb_factored *f, real *w, size_t k)
{
	const struct lb_layer *l = f->layer;
	const size_t d = f->d, n = l->out - k < LB_PANEL ? l->out - k : LB_PANEL;
	real *at = w + lb_weight_at(l, k, 0), *from = f->panel, *to = from + d * LB_PANEL;
	const struct lb_panels left = { .x = from, .panel = d * LB_PANEL, .row = LB_PANEL }, right = { .x = to, .panel = d * LB_PANEL, .row = LB_PANEL };

	memcpy(from, at, l->in * LB_PANEL * sizeof *from);
	if (f->biased)
		memcpy(from + l->in * LB_PANEL, w + l->b + k, LB_PANEL * sizeof *from);
	for (size_t i = 0; i < d; i++)
		for (size_t c = 0; c < LB_PANEL; c++)
			to[i * LB_PANEL + c] = c < n ? (real)f->shift[i] : 0;
	lb_kernel()->product(d, LB_PANEL, d, (struct lb_left){ f->real_u, 1, d }, left, to, right);
	memcpy(at, to, l->in * LB_PANEL * sizeof *to);
	if (f->biased)
		memcpy(w + l->b + k, to + l->in * LB_PANEL, LB_PANEL * sizeof *to);
}

/* V <- W. */
static void settle_rows(struct lb_factored *f, real *w)
{
	for (size_t i = 0; i < f->d * f->d; i++)
		f->real_u[i] = (real)f->u[i];
	for (size_t k = 0; k < f->layer->out; k += LB_PANEL)
		settle_panel(f, w, k);
	reset(f);
}

void lb_factored_settle(struct lb_factored *f, real *w)
{
	if (!f->on || !f->updates)
		return;
	settle_rows(f, w);
	sum_rows(f, w);
}

/* ---- the loss ---- */

static void take_rows(struct lb_factored *f, const struct lb_factored_batch *in)
{
	const size_t n = f->layer->in;

	f->b = in->b;
	f->y = in->y;
	for (size_t i = 0; i < in->b; i++) {
		double *h = f->h + i * f->d;
		for (size_t j = 0; j < n; j++)
			h[j] = (double)in->h[i * in->stride + j];
		if (f->biased)
			h[n] = 1;
	}
}

/* What the loss reads of the scores W h of all rows, and its slopes. */
static double apply_loss(struct lb_factored *f, const real *w, const struct lb_factored_batch *in)
{
	const size_t d = f->d, b = in->b;
	double value = 0;

	lb_small_multiply(b, d, d, f->h, f->gram, f->by_gram);
	lb_small_transpose(d, f->u, f->room);
	lb_small_multiply(b, d, d, f->h, f->room, f->by_u);
	for (size_t i = 0; i < b; i++) {
		const double *h = f->h + i * d, weight = (in->weight ? (double)in->weight[i] : 1) / (double)b;
		struct lb_spherical *slope = &f->slope[i];
		read_row(f, w, (size_t)in->y[i], f->room);
		f->at[i] = (struct lb_spherical){ .own = lb_small_dot(d, f->room, f->by_u + i * d) + lb_small_dot(d, h, f->shift),
						  .sum = lb_small_dot(d, h, f->total), .squares = lb_small_dot(d, h, f->by_gram + i * d) };
		value += weight * in->loss->spherical(in->par, (double)f->layer->out, &f->at[i], slope);
		slope->own *= weight;
		slope->sum *= weight;
		slope->squares *= weight;
		memset(f->moved + i * d, 0, d * sizeof *f->moved);
		lb_small_add(d, slope->own, f->room, f->moved + i * d);
	}
	return value;
}

/* Whether the sums tell how far the scores of each row are apart. */
static bool told_apart(const struct lb_factored *f)
{
	const double classes = (double)f->layer->out;

	for (size_t i = 0; i < f->b; i++)
		if (f->at[i].squares * classes * (1 - LEAST_SPREAD) < f->at[i].sum * f->at[i].sum)
			return false;
	return true;
}

double lb_factored_loss(struct lb_factored *f, real *w, const struct lb_factored_batch *in, real *dh)
{
	const size_t d = f->d, b = in->b, n = f->layer->in;

	take_rows(f, in);
	double value = apply_loss(f, w, in);
	if (f->updates && !told_apart(f)) {
		lb_factored_settle(f, w);
		value = apply_loss(f, w, in);
	}
	lb_small_multiply(b, d, d, f->moved, f->u, f->back); /* then the parts of W'1 and of the squares */
	for (size_t i = 0; i < b; i++) {
		const struct lb_spherical *slope = &f->slope[i];
		double *back = f->back + i * d;
		lb_small_add(d, slope->own, f->shift, back);
		lb_small_add(d, slope->sum, f->total, back);
		memcpy(f->rest + i * d, back, d * sizeof *back); /* all but the squares, for the update */
		lb_small_add(d, 2 * slope->squares, f->by_gram + i * d, back);
		for (size_t j = 0; j < n; j++)
			dh[i * in->stride + j] = (real)back[j];
		for (size_t j = n; j < in->stride; j++)
			dh[i * in->stride + j] = 0;
	}
	return value;
}

/* ---- the step ---- */

/* What weight decay makes of input i's weights. */
static double kept(const struct lb_factored *f, size_t i, double lr, double decay, double bias_decay)
{
	return 1 - lr * (i < f->layer->in ? decay : bias_decay);
}

/* small (b, b) <- products of the derivatives by the scores, of all rows with all. */
static void products_of_slopes(struct lb_factored *f)
{
	const size_t d = f->d, b = f->b;
	const double outputs = (double)f->layer->out, *rest = f->rest;

	for (size_t i = 0; i < b; i++)
		for (size_t j = 0; j <= i; j++) {
			const struct lb_spherical *p = &f->slope[i], *q = &f->slope[j];
			const double *hi = f->h + i * d, *hj = f->h + j * d;
			f->small[i * b + j] = f->small[j * b + i] =
				4 * p->squares * q->squares * lb_small_dot(d, hi, f->by_gram + j * d) + outputs * p->sum * q->sum +
				(f->y[i] == f->y[j] ? p->own * q->own : 0) + p->sum * q->own + q->sum * p->own +
				2 * p->squares * lb_small_dot(d, hi, rest + j * d) + 2 * q->squares * lb_small_dot(d, hj, rest + i * d);
		}
}

/* gram, total and shift after the step; keep (d): what weight decay leaves. */
static void step_sums(struct lb_factored *f, double lr, const double *keep)
{
	const size_t d = f->d, b = f->b;
	double *t = f->moved;            /* rows keep back - lr / 2 (products h) */

	products_of_slopes(f);
	memset(t, 0, b * d * sizeof *t);
	lb_small_product(b, d, b, -lr / 2, f->small, b, 1, f->h, t);
	for (size_t i = 0; i < b * d; i++)
		t[i] += keep[i % d] * f->back[i];
	for (size_t i = 0; i < d * d; i++)
		f->gram[i] *= keep[i / d] * keep[i % d];
	lb_small_product(d, d, b, -lr, t, 1, d, f->h, f->gram);
	lb_small_product(d, d, b, -lr, f->h, 1, d, t, f->gram);
	for (size_t i = 0; i < b; i++)   /* of the old shift and total */
		f->small[i] = 2 * f->slope[i].squares * lb_small_dot(d, f->h + i * d, f->shift) + f->slope[i].sum;
	for (size_t j = 0; j < d; j++) {
		f->total[j] *= keep[j];
		f->shift[j] *= keep[j];
	}
	for (size_t i = 0; i < b; i++) {
		const struct lb_spherical *s = &f->slope[i];
		lb_small_add(d, -lr * f->small[i], f->h + i * d, f->shift);
		lb_small_add(d, -lr * (2 * s->squares * f->at[i].sum + (double)f->layer->out * s->sum + s->own), f->h + i * d, f->total);
	}
}

/* U <- U (keep - lr h'p), p = 2 slope.squares h. */
static void step_factor(struct lb_factored *f, double lr, const double *keep)
{
	const size_t d = f->d, b = f->b;

	for (size_t i = 0; i < b * d; i++)
		f->rest[i] = 2 * f->slope[i / d].squares * f->h[i];
	for (size_t i = 0; i < d * d; i++)
		f->u[i] *= keep[i % d];
	lb_small_product(d, d, b, -lr, f->by_u, 1, d, f->rest, f->u);
}

/* The same of its inverse, by Woodbury's formula. Returns false where it has none, or nearly. */
static bool step_inverse(struct lb_factored *f, double lr, const double *keep)
{
	const size_t d = f->d, b = f->b;
	double *kept_h = f->by_gram, *x = f->moved; /* (b, d) h / keep; p times the inverse */

	for (size_t j = 0; j < d; j++)
		if (!(keep[j] >= LEAST_KEPT))
			return false;
	for (size_t i = 0; i < b * d; i++)
		kept_h[i] = f->h[i] / keep[i % d];
	for (size_t i = 0; i < d * d; i++)
		f->inverse[i] /= keep[i / d];
	lb_small_multiply(b, d, d, f->rest, f->inverse, x);
	for (size_t i = 0; i < b; i++)
		for (size_t j = 0; j < b; j++)
			f->small[i * b + j] = (i == j) - lr * lb_small_dot(d, f->rest + i * d, kept_h + j * d);
	if (!lb_small_solve(b, f->small, d, x))
		return false;
	lb_small_product(d, d, b, lr, kept_h, 1, d, x, f->inverse);
	return true;
}

/* Whether V is to be settled, as its rounding would be seen in W: where the shift, which the rows
 * of V make up for, is far longer than a row of W, or by U. */
static bool far_apart(struct lb_factored *f)
{
	double squares = 0;

	for (size_t j = 0; j < f->d; j++)
		squares += f->gram[j * f->d + j];
	if (!(lb_small_dot(f->d, f->shift, f->shift) * (double)f->layer->out <= LONGEST_SHIFT * LONGEST_SHIFT * squares))
		return true;
	return !(lb_largest_singular(f->d, f->u, POWER_STEPS, f->room) * lb_largest_singular(f->d, f->inverse, POWER_STEPS, f->room) < MOST_APART);
}

void lb_factored_update(struct lb_factored *f, real *w, double lr, double decay, double bias_decay)
{
	const size_t d = f->d;
	double *keep = f->room;

	for (size_t j = 0; j < d; j++)
		keep[j] = kept(f, j, lr, decay, bias_decay);
	step_sums(f, lr, keep);
	step_factor(f, lr, keep);
	f->updates++;
	const bool invertible = step_inverse(f, lr, keep);
	if (!invertible)
		settle_rows(f, w);
	lb_small_multiply(f->b, d, d, f->h, f->inverse, f->moved);
	for (size_t i = 0; i < f->b; i++)
		add_row(f, w, (size_t)f->y[i], -lr * f->slope[i].own, f->moved + i * d);
	if (!invertible)
		sum_rows(f, w);
	else if (far_apart(f))
		lb_factored_settle(f, w);
}
