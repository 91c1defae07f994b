/* What the losses of a matrix of labels share: in->label_matrix holds 1 (there), 0 (not there) or
 * -1 (not known), and all of it is computed in double, so that float32 scores lose nothing. A row
 * or column of scores is a strided vector. */
#ifndef LB_LABEL_MATRIX_H
#define LB_LABEL_MATRIX_H

#include "losses/loss.h"

/* A loss of one score and its derivative. */
struct lb_cell {
	double loss, slope;
};

struct lb_logit {
	double p, q;             /* sigmoid(z), sigmoid(-z) */
	double log_p, log_q;     /* their logarithms */
};

static inline struct lb_logit lb_logit_of(double z)
{
	const double u = exp(-fabs(z)), big = 1 / (1 + u), small = u / (1 + u), l = log1p(u);

	return z >= 0 ? (struct lb_logit){ .p = big, .q = small, .log_p = -l, .log_q = -z - l } :
			(struct lb_logit){ .p = small, .q = big, .log_p = z - l, .log_q = -l };
}

/* .row of a loss that is a sum over the labels: of(score, label, column), called for known labels
 * only unless `all`. NaN stays NaN where the label is not known. */
static inline real lb_cells_row(const struct lb_batch *in, size_t i, const real *z, real *g, bool all,
				struct lb_cell (*of)(const struct lb_batch *in, double z, real label, size_t k))
{
	const real *t = in->label_matrix + i * in->c;
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		const bool seen = all || t[k] >= 0;
		const struct lb_cell cell = seen ? of(in, (double)z[k], t[k], k) : (struct lb_cell){ .loss = isnan(z[k]) ? (double)z[k] : 0 };
		sum += cell.loss;
		if (g)
			g[k] = (real)cell.slope;
	}
	return (real)sum;
}

/* Scores z[k * step], labels t[k * step], k < n. */
struct lb_strip {
	const real *z, *t;
	size_t n, step;
};

static inline double lb_strip_z(const struct lb_strip *s, size_t k)
{
	return (double)s->z[k * s->step];
}

/* sum over the entries with that label of exp(scale z) = exp(top) sum; top = -inf and sum = 0 where
 * there is none. */
struct lb_lse {
	double scale, top, sum;
	size_t n;                /* entries */
};

static inline struct lb_lse lb_lse_of(const struct lb_strip *s, real label, double scale)
{
	struct lb_lse l = { .scale = scale, .top = -HUGE_VAL };

	for (size_t k = 0; k < s->n; k++)
		if (s->t[k * s->step] == label) {
			const double x = scale * lb_strip_z(s, k);
			l.top = l.n == 0 || x > l.top ? x : l.top;
			l.n++;
		}
	for (size_t k = 0; k < s->n; k++)
		l.sum += s->t[k * s->step] == label ? exp(scale * lb_strip_z(s, k) - l.top) : 0;
	return l;
}

static inline double lb_lse_log(const struct lb_lse *l)
{
	return l->n ? l->top + log(l->sum) : -HUGE_VAL;
}

/* The share of an entry with score z. */
static inline double lb_lse_share(const struct lb_lse *l, double z)
{
	return exp(l->scale * z - l->top) / l->sum;
}

/* The sum of the scores times 0: NaN if one of them is, else 0. */
static inline double lb_strip_nan(const struct lb_strip *s)
{
	double sum = 0;

	for (size_t k = 0; k < s->n; k++)
		sum += isnan(s->z[k * s->step]) ? lb_strip_z(s, k) : 0;
	return sum;
}

static inline struct lb_strip lb_row_of(const struct lb_batch *in, size_t i, const real *z)
{
	return (struct lb_strip){ .z = z, .t = in->label_matrix + i * in->c, .n = in->c, .step = 1 };
}

/* log(1 + e^x), also for -inf; *p is its derivative. */
static inline double lb_softplus_and_slope(double x, double *p)
{
	const struct lb_logit l = lb_logit_of(x);

	*p = l.p;
	return x == -HUGE_VAL ? 0 : -l.log_q;
}

#endif
