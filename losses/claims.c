#include "losses/claims.h"

#include "core/base/text.h"
#include "core/numeric/rng.h"
#include "losses/eval.h"
#include "losses/expected_loss.h"

#include <math.h>

enum { DRAWS = 400, MOST_CLASSES = 6, MOST_PARAMS = 32 };

/* One row: its scores, its label, its targets or labels. */
struct drawn {
	double z[MOST_CLASSES], t[MOST_CLASSES];
	int32_t y;
	size_t c;
};

struct claims {
	const struct lb_loss_info *info;
	const struct lb_arg *par;
	struct lb_rng rng;
	struct lb_err *err;
	bool failed;             /* for want of memory */
};

static double value_at(struct claims *c, const struct drawn *d, const double *z)
{
	static const double counts[MOST_CLASSES] = { 40, 3, 12, 700, 1, 90 };
	const struct lb_loss_input in = { .b = 1, .c = d->c, .z = z, .y = lb_kind_of_labels(c->info->kind) ? &d->y : NULL,
					  .t = lb_kind_of_columns(c->info->kind) ? d->t : NULL, .par = c->par,
					  .counts = lb_kind_of_labels(c->info->kind) ? counts : NULL };
	double value = 0;

	c->failed |= lb_loss_eval(c->info, 64, &in, &value, NULL, c->err) != 0;
	return value;
}

static void draw(struct claims *c, struct drawn *d)
{
	const bool classes = c->info->kind == LB_MULTICLASS;

	d->c = c->info->kind == LB_BINARY ? 1 : 2 + lb_rng_below(&c->rng, MOST_CLASSES - 1);
	d->y = (int32_t)lb_rng_below(&c->rng, classes ? d->c : 2);
	for (size_t k = 0; k < d->c; k++) {
		d->z[k] = 3 * lb_rng_normal(&c->rng);
		d->t[k] = c->info->kind == LB_MULTILABEL ? (double)lb_rng_below(&c->rng, 2) : lb_rng_normal(&c->rng);
	}
}

/* How far a claim is from being kept at one draw, beyond what rounding does; 0: it is. */

static double below_zero(struct claims *c, const struct drawn *d)
{
	const double v = value_at(c, d, d->z);

	return v < -1e-12 ? -v : 0;
}

static double above_chord(struct claims *c, const struct drawn *d)
{
	double other[MOST_CLASSES], middle[MOST_CLASSES];

	for (size_t k = 0; k < d->c; k++) {
		other[k] = d->z[k] + 2 * lb_rng_normal(&c->rng);
		middle[k] = (d->z[k] + other[k]) / 2;
	}
	const double a = value_at(c, d, d->z), b = value_at(c, d, other), excess = value_at(c, d, middle) - (a + b) / 2;
	return excess > 1e-9 * (1 + fabs(a) + fabs(b)) ? excess : 0;
}

static double changed_by_shift(struct claims *c, const struct drawn *d)
{
	const double by = 2 * lb_rng_normal(&c->rng), v = value_at(c, d, d->z);
	double shifted[MOST_CLASSES];

	for (size_t k = 0; k < d->c; k++)
		shifted[k] = d->z[k] + by;
	const double off = fabs(value_at(c, d, shifted) - v);
	return off > 1e-9 * (1 + fabs(v)) ? off : 0;
}

static double unlike_over_labels(struct claims *c, const struct drawn *d)
{
	static const double zeros[MOST_CLASSES];
	const size_t labels = c->info->kind == LB_MULTICLASS ? d->c : 2;
	struct drawn at = *d;
	double here = 0, there = 0;

	for (size_t y = 0; y < labels; y++) {
		at.y = (int32_t)y;
		here += value_at(c, &at, d->z);
		there += value_at(c, &at, zeros);
	}
	return fabs(here - there) > 1e-9 * (1 + fabs(there)) ? fabs(here - there) : 0;
}

static const struct {
	unsigned property;
	double (*broken)(struct claims *c, const struct drawn *d);
	const char *says;
	bool of_labels;          /* of tasks in which a row has one label */
} claims[] = {
	{ LB_NONNEGATIVE, below_zero, "the value is below 0 by", false },
	{ LB_CONVEX, above_chord, "between two points the value is above their mean by", false },
	{ LB_SHIFT_INVARIANT, changed_by_shift, "a shift of all scores changes the value by", false },
	{ LB_SYMMETRIC, unlike_over_labels, "the sum over the labels is not that at scores 0, but off by", true },
};

static void tell(struct lb_buf *report, const char *property, const char *says, double worst, const struct drawn *d)
{
	lb_buf_printf(report, "failed: claim %s: %s %g, at scores [", property, says, worst);
	for (size_t k = 0; k < d->c; k++)
		lb_buf_printf(report, "%s%.6g", k ? ", " : "", d->z[k]);
	lb_buf_puts(report, "]\n");
}

static int check_drawn(struct claims *c, size_t i, struct lb_buf *report)
{
	struct drawn d, at = { 0 };
	double worst = 0;

	for (int k = 0; k < DRAWS && !c->failed; k++) {
		draw(c, &d);
		const double off = claims[i].broken(c, &d);
		if (off > worst) {
			worst = off;
			at = d;
		}
	}
	if (worst > 0)
		tell(report, lb_property_name(claims[i].property), claims[i].says, worst, &at);
	return worst > 0;
}

/* The largest value of many draws is that of scores a hundred times as large, nearly. */
static int check_bounded(struct claims *c, struct lb_buf *report)
{
	double most[2] = { 0 };
	struct drawn d;

	for (int k = 0; k < DRAWS && !c->failed; k++) {
		draw(c, &d);
		for (int far = 0; far < 2; far++) {
			for (size_t i = 0; i < d.c; i++)
				d.z[i] *= far ? 100 : 300;
			most[far] = fmax(most[far], value_at(c, &d, d.z));
		}
	}
	if (most[1] <= most[0] * 1.1)
		return 0;
	lb_buf_printf(report, "failed: claim bounded: the value is up to %.6g at scores about 1e3, and up to %.6g at scores about 1e5\n", most[0], most[1]);
	return 1;
}

/* Of the expected loss; -1 for want of memory. */
static int check_expected(struct claims *c, unsigned property, struct lb_buf *report)
{
	const int holds = (property == LB_PROPER ? lb_loss_is_proper : lb_loss_is_calibrated)(c->info, c->par, c->err);

	c->failed |= holds < 0;
	if (holds)
		return 0;
	lb_buf_printf(report, "failed: claim %s: at known probabilities of the labels the expected loss %s\n", lb_property_name(property), property == LB_PROPER ?
		      "is not smallest where softmax (sigmoid) of the scores gives these" :
		      "comes as low as its minimum while a class that is not the likeliest has the largest score");
	return 1;
}

int lb_loss_check_claims(const struct lb_loss_info *info, const struct lb_arg *par, struct lb_buf *report, int *n_checks, struct lb_err *err)
{
	static const unsigned expected[] = { LB_PROPER, LB_CALIBRATED };
	struct claims c = { .info = info, .par = par, .err = err };
	const bool classes = info->kind == LB_MULTICLASS || info->kind == LB_BINARY;
	int broken = 0;

	lb_rng_init(&c.rng, 1, LB_RNG_TEST, 7);
	for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
		if (!(info->properties & claims[i].property) || (claims[i].of_labels && !lb_kind_of_labels(info->kind)))
			continue;
		broken += check_drawn(&c, i, report);
		*n_checks += DRAWS;
	}
	if (info->properties & LB_BOUNDED) {
		broken += check_bounded(&c, report);
		++*n_checks;
	}
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		if (classes && info->properties & expected[i]) {
			broken += check_expected(&c, expected[i], report);
			++*n_checks;
		}
	return c.failed ? -1 : broken;
}

bool lb_loss_claims_testable(const struct lb_loss_info *info)
{
	const bool kind = info->kind == LB_MULTICLASS || info->kind == LB_BINARY || info->kind == LB_REGRESSION || info->kind == LB_MULTILABEL;

	return kind && lb_loss_separable(info) && !(info->needs & ~(unsigned)LB_NEEDS_CLASS_COUNTS) && !info->params && !info->output && !info->targets &&
	       !info->scores_for;
}

/* ---- examples ---- */

int lb_loss_example_value(const struct lb_loss_info *info, const struct lb_example *e, double *value, struct lb_err *err)
{
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	int32_t y[LB_EXAMPLE_ROWS];

	for (int i = 0; i < LB_EXAMPLE_ROWS; i++)
		y[i] = e->y[i];
	const struct lb_loss_input in = { .b = (size_t)e->b, .c = (size_t)e->c, .z = e->z, .par = par, .y = lb_kind_of_labels(info->kind) ? y : NULL, .t = e->t,
					  .hidden = e->n_h ? e->h : NULL, .n_hidden = (size_t)e->n_h, .inputs = e->n_x ? e->x : NULL,
					  .n_inputs = (size_t)e->n_x, .params = e->params, .n_classes = (size_t)e->classes,
					  .teacher = info->needs & LB_NEEDS_TEACHER ? e->teacher : NULL, .views = (size_t)e->views, .scale = e->scale };
	if (info->base.n_params > MOST_PARAMS)
		return lb_fail(err, LB_CONFIG, "%s: found %d parameters, allowed: at most %d", info->base.name, info->base.n_params, MOST_PARAMS);
	const int rc = lb_args_from_text(&info->base, e->set, par, &store, err) || lb_loss_eval(info, 64, &in, value, NULL, err) ? -1 : 0;
	lb_args_free(&store);
	return rc;
}

int lb_loss_check_examples(const struct lb_loss_info *info, struct lb_buf *report, struct lb_err *err)
{
	int failed = 0;

	for (int k = 0; k < info->n_examples; k++) {
		const struct lb_example *e = &info->examples[k];
		double value;
		if (lb_loss_example_value(info, e, &value, err))
			return -1;
		if (fabs(value - e->value) <= 1e-9 * fabs(e->value))
			continue;
		failed++;
		lb_buf_printf(report, "failed: example %d (%s): the loss is %.12g, the descriptor says %.12g\n", k + 1, e->set, value, e->value);
	}
	return failed;
}
