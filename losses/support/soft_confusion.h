/* The losses 1 - M of a metric M of the confusion matrix. Row i counts as predicted positive with
 * the weight a = A(p), p = sigmoid(z), so that the four counts are soft; the amplifier A is a
 * parameter. Everything is held in double, and 1 - a beside a: neither p nor a is rounded to 1,
 * whatever the amplifier. */
#ifndef LB_SOFT_CONFUSION_H
#define LB_SOFT_CONFUSION_H

#include "losses/support/degenerate_batch.h"

struct lb_counts {
	double tp, fp, fn, tn;
	double p, n, b;          /* positives, negatives, all rows */
};

/* A loss of the counts; by_tp at a fixed number of positives (fn falls as tp grows), by_fp at a
 * fixed number of negatives. */
struct lb_soft {
	double loss, by_tp, by_fp;
};

enum lb_amp_kind { LB_AMP_ANY, LB_AMP_IDENTITY, LB_AMP_COSINE };

struct lb_amp {
	enum lb_amp_kind kind;
	double steepness, centre, width;
};

/* The first parameters of every such loss. */
enum { LB_AMP, LB_AMP_STEEPNESS, LB_AMP_CENTRE, LB_AMP_WIDTH, LB_AMP_N };

#define LB_AMP_CHOICES \
	static const char *const amps[] = { [LB_AMP_ANY] = "any", [LB_AMP_IDENTITY] = "identity", [LB_AMP_COSINE] = "cosine", NULL }

#define LB_AMP_PARAMS \
	[LB_AMP] = { .name = "amp", .symbol = "A", .type = LB_CHOICE_PARAM, .def = LB_AMP_ANY, .choices = amps, \
		     .help = "amplifier: any is 1 / (1 + exp(-L (p - 1/2))), identity is p, cosine is 0 below mu - d and 1 above " \
			     "mu + d" }, \
	[LB_AMP_STEEPNESS] = { .name = "steepness", .symbol = "L", .def = 73, .min = 0, .max = 1000, .min_open = true, \
			       .log_scale = true, .grid = { 5, 10, 30, 73 }, .n_grid = 4, .help = "of amp any" }, \
	[LB_AMP_CENTRE] = { .name = "centre", .symbol = "mu", .def = 0.5, .min = 0, .max = 1, .min_open = true, .max_open = true, \
			    .help = "of amp cosine: the mean threshold" }, \
	[LB_AMP_WIDTH] = { .name = "width", .symbol = "d", .def = 0.1, .min = 0.001, .max = 1, .grid = { 0.1, 0.25, 0.5 }, \
			   .n_grid = 3, .help = "of amp cosine: thresholds reach from mu - d to mu + d" }

static inline struct lb_amp lb_amp_of(const struct lb_arg *par)
{
	return (struct lb_amp){ .kind = (enum lb_amp_kind)par[LB_AMP].v, .steepness = par[LB_AMP_STEEPNESS].v,
				.centre = par[LB_AMP_CENTRE].v, .width = par[LB_AMP_WIDTH].v };
}

struct lb_amplified {
	double a, rest, slope;   /* a, 1 - a, the derivative of a by z */
};

/* v - sin(pi v) / pi over 2, which loses its digits where v is small */
static inline double lb_cosine_tail(double v)
{
	const double x = 3.14159265358979323846 * v, xx = x * x;

	return v < 0.01 ? v * xx / 12 * (1 - xx / 20 * (1 - xx / 42)) : (v - sin(x) / 3.14159265358979323846) / 2;
}

static inline struct lb_amplified lb_cosine(double p, double slope, const struct lb_amp *amp)
{
	const double v = (p - amp->centre) / amp->width + 1, wave = sin(1.57079632679489661923 * v);

	if (v <= 0)
		return (struct lb_amplified){ .rest = 1 };
	if (v >= 2)
		return (struct lb_amplified){ .a = 1 };
	return (struct lb_amplified){ .a = v < 1 ? lb_cosine_tail(v) : 1 - lb_cosine_tail(2 - v),
				      .rest = v < 1 ? 1 - lb_cosine_tail(v) : lb_cosine_tail(2 - v),
				      .slope = wave * wave / amp->width * slope };
}

static inline struct lb_amplified lb_amplify(double z, const struct lb_amp *amp)
{
	const double u = exp(-fabs(z)), over = 1 / (1 + u), small = u / (1 + u), slope = over * small;
	const double p = z >= 0 ? over : small, rest = z >= 0 ? small : over;

	if (amp->kind == LB_AMP_COSINE)
		return lb_cosine(p, slope, amp);
	if (amp->kind == LB_AMP_IDENTITY)
		return (struct lb_amplified){ .a = p, .rest = rest, .slope = slope };
	const double x = amp->steepness * (p - rest) / 2, e = exp(-fabs(x)), near = 1 / (1 + e), far = e / (1 + e);
	return (struct lb_amplified){ .a = x >= 0 ? near : far, .rest = x >= 0 ? far : near,
				      .slope = amp->steepness * near * far * slope };
}

static inline struct lb_counts lb_counts_of(const struct lb_batch *in, const struct lb_amp *amp)
{
	struct lb_counts c = { .p = (double)lb_positives(in), .b = (double)in->b };

	c.n = c.b - c.p;
	for (size_t i = 0; i < in->b; i++) {
		const struct lb_amplified a = lb_amplify((double)in->output.value[i], amp);
		*(in->y[i] ? &c.tp : &c.fp) += a.a;
		*(in->y[i] ? &c.fn : &c.tn) += a.rest;
	}
	return c;
}

/* The whole batch: value, and gradient by the chain from counts to scores. */
static inline double lb_soft_batch(const struct lb_batch *in, real *g, const struct lb_amp *amp,
				   struct lb_soft (*metric)(const struct lb_counts *c, const struct lb_arg *par))
{
	const struct lb_counts c = lb_counts_of(in, amp);
	const struct lb_soft m = metric(&c, in->par);

	for (size_t i = 0; g && i < in->b; i++)
		g[i] = (real)((in->y[i] ? m.by_tp : m.by_fp) * lb_amplify((double)in->output.value[i], amp).slope);
	return m.loss + lb_nothing(in);
}

/* What a metric that cannot be taken gives: it counts as 0. */
static inline struct lb_soft lb_undefined(void)
{
	return (struct lb_soft){ .loss = 1 };
}

/* 1 - F_beta: b = beta^2 */
static inline struct lb_soft lb_soft_fbeta(const struct lb_counts *c, double b, double eps)
{
	const double wrong = c->fp + b * c->fn + eps, den = c->tp + b * c->p + c->fp + eps;

	if (!(den > 0))
		return lb_undefined();
	return (struct lb_soft){ .loss = wrong / den, .by_tp = -(b + wrong / den) / den, .by_fp = (1 + b) * c->tp / den / den };
}

/* The form of 1 - M: struct lb_soft metric(const struct lb_counts *c, const struct lb_arg *par).
 * Rows count with a = p. */
#define LB_CONFUSION(name, metric) LB_CONFUSION_(name, metric, (struct lb_amp){ .kind = LB_AMP_IDENTITY })
/* The same with the amplifier that LB_AMP_PARAMS, the loss's first parameters, choose. */
#define LB_AMPLIFIED_CONFUSION(name, metric) LB_CONFUSION_(name, metric, lb_amp_of(in->par))

#define LB_CONFUSION_(name, metric, amplifier)                                                                                  \
	static double name##_batch(const struct lb_batch *in, real *g)                                                          \
	{                                                                                                                       \
		const struct lb_amp amp = amplifier;                                                                            \
                                                                                                                                \
		return lb_soft_batch(in, g, &amp, metric);                                                                      \
	}                                                                                                                       \
	LB_BATCH(name, name##_batch)

#endif
