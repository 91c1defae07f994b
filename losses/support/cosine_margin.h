/* Margins on the label's cosine: arcface, cosface and what is made of them. */
#ifndef LB_COSINE_MARGIN_H
#define LB_COSINE_MARGIN_H

#include "losses/support/prototypes.h"

/* What the label's cosine becomes, less the cosine; its derivatives by cosine and margin. */
struct lb_cosine_target {
	double offset, slope, by_margin;
};
typedef struct lb_cosine_target lb_cosine_target_fn(double c, double m);

/* The smallest squared sine: with it the slope is finite where the cosine is 1. */
#define LB_SMALLEST_SQUARED_SINE 1e-12

/* cos(t + m) while t + m < pi, then c - m sin m, which goes on falling. */
static inline struct lb_cosine_target lb_arc_target(double c, double m)
{
	const double squared = 1 - c * c, sine = sqrt(squared > LB_SMALLEST_SQUARED_SINE ? squared : LB_SMALLEST_SQUARED_SINE);

	if (c <= -cos(m))
		return (struct lb_cosine_target){ .offset = -m * sin(m), .slope = 1, .by_margin = -sin(m) - m * cos(m) };
	return (struct lb_cosine_target){ .offset = c * (cos(m) - 1) - sine * sin(m),
					  .slope = cos(m) + (squared > LB_SMALLEST_SQUARED_SINE ? c * sin(m) / sine : 0),
					  .by_margin = -c * sin(m) - sine * cos(m) };
}

/* cos(t + m) where the cosine is above 0, else the cosine. */
static inline struct lb_cosine_target lb_easy_arc_target(double c, double m)
{
	return c > 0 ? lb_arc_target(c, m) : (struct lb_cosine_target){ .slope = 1 };
}

/* c - m */
static inline struct lb_cosine_target lb_lower_target(double c, double m)
{
	(void)c;
	return (struct lb_cosine_target){ .offset = -m, .slope = 1, .by_margin = -1 };
}

/* A row's cross-entropy of scaled cosines, the label's with a margin. */
struct lb_cosine_row {
	const double *cosine;    /* (n) to the classes */
	size_t n, y;
	double scale, margin;
	lb_cosine_target_fn *target;
	const double *other;     /* a logit that belongs to no class, or NULL */
	double *logit, *q;       /* (n + 1) room; q gets the derivatives by the logits */
	double *slope;           /* (n) gets those by the cosines */
	double by_margin;        /* gets that by the margin */
};

static inline double lb_cosine_row(struct lb_cosine_row *r)
{
	const struct lb_cosine_target target = r->target(r->cosine[r->y], r->margin);

	for (size_t k = 0; k < r->n; k++)
		r->logit[k] = r->scale * r->cosine[k];
	r->logit[r->y] += r->scale * target.offset;
	if (r->other)
		r->logit[r->n] = *r->other;
	const double loss = lb_logits_loss(r->n + (r->other ? 1 : 0), r->logit, r->y, r->q);
	for (size_t k = 0; k < r->n; k++)
		r->slope[k] = r->scale * r->q[k] * (k == r->y ? target.slope : 1);
	r->by_margin = r->scale * r->q[r->y] * target.by_margin;
	return loss;
}

/* The norm of an embedding as magface reads it, and what follows from it. */
struct lb_magnitude {
	double margin, by_norm;  /* of the label's angle; its derivative by the norm */
	double regularizer, slope; /* a/u^2 + 1/a, and its derivative by the norm */
};

/* Returns them of a norm that is kept within lower..upper, with margins from least to most. */
static inline struct lb_magnitude lb_magnitude(double norm, double lower, double upper, double least, double most)
{
	const double a = norm < lower ? lower : norm > upper ? upper : norm, steep = (most - least) / (upper - lower);
	const bool inside = norm > lower && norm < upper;

	return (struct lb_magnitude){ .margin = least + steep * (a - lower), .by_norm = inside ? steep : 0, .regularizer = a / (upper * upper) + 1 / a,
				      .slope = inside ? 1 / (upper * upper) - 1 / (a * a) : 0 };
}

#endif
