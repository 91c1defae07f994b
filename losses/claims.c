/* Every claim of a descriptor, looked at numerically: one that is made must hold at every setting,
 * and one that holds but is not made is told where that is cheap to decide. */
#include "losses/check.h"
#include "losses/drawn_batch.h"
#include "losses/expected_loss.h"

#include <math.h>

enum { TRIES = 300 };

/* One claim at one setting. */
struct trial {
	struct lb_subject *s;
	const struct lb_arg *par;
	struct lb_rng *rng;
	struct lb_buf *why;      /* what speaks against it, without the end of the line */
};

/* How often a property is tried: a loss of many outputs takes longer. */
static int tries(const struct trial *t)
{
	return lb_loss_outputs(t->s->info, t->par) > 12 ? TRIES / 10 : TRIES;
}

/* At least so many rows that there are pairs and triplets, or queries of several rows. */
static size_t rows_of(const struct trial *t, size_t b)
{
	const struct lb_loss_info *info = t->s->info;
	const bool together = info->params_for == LB_ALL_TOGETHER && !(info->needs & (LB_NEEDS_VIEWS | LB_NEEDS_GUIDE));

	return ((info->kind == LB_EMBEDDING && (!info->params || together)) || info->kind == LB_RANKING) && b < 6 ? 6 : b;
}

/* Draws a batch; false where it cannot go on. */
static bool drawn(const struct trial *t, struct lb_drawn *d, size_t b, size_t c, double scale)
{
	lb_draw_batch(d, t->s, t->par, b, c, scale, t->rng);
	return !t->s->failed;
}

static void tell_scores(struct lb_buf *why, const struct lb_drawn *d)
{
	const size_t n = d->in.b * d->in.c;

	lb_buf_puts(why, ", at scores [");
	for (size_t k = 0; k < n && k < 6; k++)
		lb_buf_printf(why, "%s%.6g", k ? ", " : "", d->z[k]);
	lb_buf_puts(why, n > 6 ? ", ...]" : "]");
}

/* ---- each function looks for a counter-example ---- */

static bool is_below_zero(const struct trial *t, const struct lb_drawn *d)
{
	const double value = lb_subject_eval(t->s, 64, d, NULL);

	if (!(value < 0))
		return false;
	lb_buf_printf(t->why, "the value is %.6g", value);
	tell_scores(t->why, d);
	return true;
}

static bool nonnegative(const struct trial *t)
{
	const struct lb_loss_info *info = t->s->info;
	struct lb_drawn d;

	for (int n = 0; n < tries(t); n++)
		if (!drawn(t, &d, 1 + (size_t)n % 4, 2 + (size_t)n % 5, pow(10, n % 4 - 1)) || is_below_zero(t, &d))
			return false;
	/* what compares rows by their inputs, or has a scale of its own, may fall below 0 near its
	 * targets alone */
	for (int n = 0; (info->needs & LB_NEEDS_INPUTS || info->params_for == LB_EACH_TARGET) && n < 5000; n++) {
		if (!drawn(t, &d, 8, 2, 1))
			return false;
		for (size_t k = 0; k < d.in.b * d.in.c; k++)
			d.z[k] = d.t[k] + 0.05 * d.z[k];
		if (is_below_zero(t, &d))
			return false;
	}
	return true;
}

/* The middle of a segment lies under its chord, and the gradient turns along it. */
static bool convex(const struct trial *t)
{
	struct lb_drawn d, far_end;
	double middle[LB_DRAWN_CELLS], g[2][LB_DRAWN_CELLS];

	for (int n = 0; n < 4 * tries(t); n++) {
		double turn = 0;
		if (!drawn(t, &d, rows_of(t, 2), 2 + (size_t)n % 3, 4))
			return false;
		lb_drawn_copy(&far_end, &d);
		for (size_t k = 0; k < d.in.b * d.in.c; k++) {
			far_end.z[k] += 2 * lb_rng_normal(t->rng);
			middle[k] = (d.z[k] + far_end.z[k]) / 2;
		}
		const double a = lb_subject_eval(t->s, 64, &d, g[0]), b = lb_subject_eval(t->s, 64, &far_end, g[1]), size = fmax(1, fmax(fabs(a), fabs(b)));
		for (size_t k = 0; k < d.in.b * d.in.c; k++)
			turn += (g[1][k] - g[0][k]) * (far_end.z[k] - d.z[k]);
		const double excess = lb_subject_value(t->s, &d, middle) - (a + b) / 2;
		if (!(excess > 1e-12 * size) && !(turn < -1e-10 * size)) /* also where the value overflows */
			continue;
		lb_buf_printf(t->why, excess > 1e-12 * size ? "between two points the value is above their mean by %.6g" : "along a line the gradient turns back by %.6g",
			      excess > 1e-12 * size ? excess : -turn);
		tell_scores(t->why, &d);
		return false;
	}
	return true;
}

/* The loss says that it jumps where a row is 0, and one is. */
static bool jumps(const struct lb_loss_info *info, const struct lb_drawn *d)
{
	for (size_t i = 0; info->exceptions & LB_JUMPS_AT_ZERO && i < d->in.b; i++) {
		double most = 0;
		for (size_t k = 0; k < d->in.c; k++)
			most = fmax(most, fabs(d->z[i * d->in.c + k]));
		if (!(most > 0))
			return true;
	}
	return false;
}

/* The slopes of both sides agree, also where scores tie or lie on the kinks that hinges have. */
static bool smooth(const struct trial *t)
{
	const double h = 1e-7;
	struct lb_drawn d;

	for (int n = 0; n < tries(t); n++) {
		if (!drawn(t, &d, rows_of(t, 2), 3, 1))
			return false;
		for (size_t k = 0; k < d.in.b * d.in.c; k++) {
			d.z[k] = round(2 * d.z[k]) / 2;
			d.t[k] = round(2 * d.t[k]) / 2;
		}
		const size_t k = lb_rng_below(t->rng, d.in.b * d.in.c);
		if (jumps(t->s->info, &d))
			continue;
		const double z = d.z[k], here = lb_subject_value(t->s, &d, d.z);
		d.z[k] = z + h;
		const double up = lb_subject_value(t->s, &d, d.z);
		d.z[k] = z - h;
		const double bend = fabs(up - 2 * here + lb_subject_value(t->s, &d, d.z)) / h;
		d.z[k] = z;
		if (!(bend > 2e-3 * fmax(1, fabs(here))))
			continue;
		lb_buf_printf(t->why, "the slopes of both sides of score %zu differ by %.6g", k + 1, bend);
		tell_scores(t->why, &d);
		return false;
	}
	return true;
}

static bool shift_invariant(const struct trial *t)
{
	struct lb_drawn d;

	for (int n = 0; n < tries(t); n++) {
		if (!drawn(t, &d, rows_of(t, 4), 3, 2))
			return false;
		const size_t i = lb_rng_below(t->rng, 4);
		const double by = 5 * lb_rng_normal(t->rng), before = lb_subject_value(t->s, &d, d.z);
		for (size_t k = 0; k < d.in.c; k++)
			d.z[i * d.in.c + k] += by;
		const double after = lb_subject_value(t->s, &d, d.z);
		if (!(lb_far(before, after) > 1e-12))
			continue;
		lb_buf_printf(t->why, "row %zu less %.6g changes the value from %.6g to %.6g", i + 1, by, after, before);
		tell_scores(t->why, &d);
		return false;
	}
	return true;
}

/* The sum over all labels is the same at any two rows of scores. */
static bool symmetric(const struct trial *t)
{
	const struct lb_loss_info *info = t->s->info;
	struct lb_drawn d;
	double first = 0;

	if (lb_kind_of_columns(info->kind) || !lb_loss_separable(info))
		return false;
	for (int n = 0; n < tries(t); n++) {
		double sum = 0;
		if (!drawn(t, &d, rows_of(t, 1), 3, 2))
			return false;
		for (d.y[0] = 0; d.y[0] < (info->kind == LB_BINARY ? 2 : 3); d.y[0]++)
			sum += lb_subject_value(t->s, &d, d.z);
		first = n ? first : sum;
		if (!(lb_far(first, sum) > 1e-12))
			continue;
		lb_buf_printf(t->why, "the sum over the labels is %.6g, elsewhere %.6g", sum, first);
		tell_scores(t->why, &d);
		return false;
	}
	return true;
}

/* The largest value of many draws is that of scores a hundred times as large, nearly. */
static bool bounded(const struct trial *t)
{
	double most[2] = { 0 };
	struct lb_drawn d;

	for (int n = 0; n < tries(t); n++) {
		if (!drawn(t, &d, rows_of(t, 1), 3, 1e3))
			return false;
		for (int k = 0; k < 2; k++) {
			most[k] = fmax(most[k], lb_subject_eval(t->s, 64, &d, NULL));
			for (size_t i = 0; i < d.in.views * d.in.b * d.in.c; i++)
				d.z[i] *= 100;
		}
	}
	if (most[1] <= most[0] * 1.1)
		return true;
	lb_buf_printf(t->why, "the value is up to %.6g at scores about 1e3, and up to %.6g at scores about 1e5", most[0], most[1]);
	return false;
}

/* Of one row by what is expected of it: losses/expected_loss.h. */
static bool expected(const struct trial *t, int holds, const char *why)
{
	t->s->failed |= holds < 0;
	if (!holds)
		lb_buf_puts(t->why, why);
	return holds == 1;
}

static bool proper(const struct trial *t)
{
	return expected(t, lb_loss_is_proper(t->s->info, t->par, t->s->err), "at known probabilities of the labels the expected loss is not smallest where softmax (sigmoid) of the "
									    "scores gives these");
}

static bool calibrated(const struct trial *t)
{
	return expected(t, lb_loss_is_calibrated(t->s->info, t->par, t->s->err), "at known probabilities of the labels the expected loss comes as low as its minimum while a class that "
										"is not the likeliest has the largest score");
}

static const struct {
	unsigned bit;
	enum lb_checked part;
	bool (*holds)(const struct trial *t);
	bool cheap;              /* decided well enough to say that a claim is forgotten */
} claims[] = {
	{ LB_NONNEGATIVE, LB_PART_NONNEGATIVE, nonnegative, true }, { LB_CONVEX, LB_PART_CONVEX, convex, true },
	{ LB_SMOOTH, LB_PART_SMOOTH, smooth, false }, { LB_SHIFT_INVARIANT, LB_PART_SHIFT_INVARIANT, shift_invariant, true },
	{ LB_SYMMETRIC, LB_PART_SYMMETRIC, symmetric, true }, { LB_BOUNDED, LB_PART_BOUNDED, bounded, false },
	{ LB_PROPER, LB_PART_PROPER, proper, false }, { LB_CALIBRATED, LB_PART_CALIBRATED, calibrated, false },
};

/* ---- all of them ---- */

/* Whether claim k holds at every setting; the first setting where it does not is told in why. */
static bool holds_everywhere(struct lb_subject *s, size_t k, int *n_checks, struct lb_buf *why)
{
	struct lb_rng rng;

	lb_rng_init(&rng, LB_SUBJECT_SEED, LB_RNG_TEST, 2 + k);
	for (size_t n = 0; n < s->n; n++) {
		const struct trial t = { s, s->settings[n], &rng, why };
		lb_buf_printf(why, "(%s): ", s->text[n]);
		++*n_checks;
		if (!claims[k].holds(&t) || s->failed)
			return false;
		why->n = 0;
	}
	return true;
}

/* What is claimed must hold. */
static void judge_claim(struct lb_findings *f, size_t k, bool holds, int n, const struct lb_buf *why)
{
	if (!lb_judge(f, claims[k].part, n, holds))
		lb_buf_printf(&f->lines[claims[k].part], "%s\n", why->s);
}

/* What holds and is not claimed is a fault of the program's own losses; to the author of another it
 * is a hint. Of a formula it goes without saying that what is not claimed is not asked for. */
static void judge_unclaimed(struct lb_findings *f, const struct lb_loss_info *info, size_t k, bool holds)
{
	if (lb_loss_is_ours(info) && !lb_judge(f, LB_PART_UNCLAIMED, 1, !holds))
		lb_buf_printf(&f->lines[LB_PART_UNCLAIMED], "it is %s at all settings\n", lb_property_name(claims[k].bit));
	if (!lb_loss_is_ours(info) && holds)
		lb_buf_printf(&f->remarks, "remark: %s holds at all settings and is not claimed\n", lb_property_name(claims[k].bit));
}

int lb_check_claims(const struct lb_loss_info *info, struct lb_findings *f, struct lb_err *err)
{
	struct lb_subject s;

	if (lb_subject_open(&s, info, err))
		return -1;
	for (size_t k = 0; k < sizeof claims / sizeof *claims && !s.failed; k++) {
		const bool made = info->properties & claims[k].bit;
		struct lb_buf why = { 0 };
		int n = 0;
		const bool holds = (made || claims[k].cheap) && holds_everywhere(&s, k, &n, &why);
		if (made)
			judge_claim(f, k, holds, n, &why);
		else if (claims[k].cheap)
			judge_unclaimed(f, info, k, holds);
		lb_buf_free(&why);
	}
	return s.failed ? -1 : 0;
}
