/* Every claim of a descriptor, looked at numerically: one that is made must hold at every setting,
 * and one that holds but is not made is reported where that is cheap to decide. */
#include "tests/unit/losses/loss_fixture.h"

#include "losses/expected_loss.h"

/* ---- each function looks for a counter-example at one setting ---- */

static bool nonnegative(const struct subject *s, const struct lb_arg *par, struct lb_rng *rng)
{
	struct data d;

	for (int n = 0; n < tries(s, par); n++) {
		draw(&d, s, par, 1 + (size_t)n % 4, 2 + (size_t)n % 5, pow(10, n % 4 - 1), rng);
		if (eval(s, 64, &d, NULL) < 0)
			return false;
	}
	/* what compares rows by their inputs, or has a scale of its own, may fall below 0 near its
	 * targets alone */
	for (int n = 0; (s->info->needs & LB_NEEDS_INPUTS || s->info->params_for == LB_EACH_TARGET) && n < 5000; n++) {
		draw(&d, s, par, 8, 2, 1, rng);
		for (size_t k = 0; k < d.in.b * d.in.c; k++)
			d.z[k] = d.t[k] + 0.05 * d.z[k];
		if (eval(s, 64, &d, NULL) < 0)
			return false;
	}
	return true;
}

/* The middle of a segment lies under its chord, and the gradient turns along it. */
/* At least so many rows that there are pairs and triplets, or queries of several rows. */
static size_t rows_of(const struct subject *s, size_t b)
{
	const bool together = s->info->params_for == LB_ALL_TOGETHER && !(s->info->needs & (LB_NEEDS_VIEWS | LB_NEEDS_GUIDE));

	return ((s->info->kind == LB_EMBEDDING && (!s->info->params || together)) || s->info->kind == LB_RANKING) && b < 6 ? 6 : b;
}

static bool convex(const struct subject *s, const struct lb_arg *par, struct lb_rng *rng)
{
	struct data d, far_end;
	double middle[MOST_CELLS], g[2][MOST_CELLS];

	for (int n = 0; n < 4 * tries(s, par); n++) {
		double turn = 0;
		draw(&d, s, par, rows_of(s, 2), 2 + (size_t)n % 3, 4, rng);
		far_end = d;
		for (size_t k = 0; k < d.in.b * d.in.c; k++) {
			far_end.z[k] += 2 * lb_rng_normal(rng);
			middle[k] = (d.z[k] + far_end.z[k]) / 2;
		}
		d.in.z = d.z;
		far_end.in.z = far_end.z;
		const double a = eval(s, 64, &d, g[0]), b = eval(s, 64, &far_end, g[1]), size = fmax(1, fmax(fabs(a), fabs(b)));
		for (size_t k = 0; k < d.in.b * d.in.c; k++)
			turn += (g[1][k] - g[0][k]) * (far_end.z[k] - d.z[k]);
		if (value_at(s, &d, middle) > (a + b) / 2 + 1e-12 * size || turn < -1e-10 * size)
			return false;
	}
	return true;
}

/* The loss says that it jumps where a row is 0, and one is. */
static bool jumps(const struct subject *s, const struct data *d)
{
	for (size_t i = 0; s->info->exceptions & LB_JUMPS_AT_ZERO && i < d->in.b; i++) {
		double most = 0;
		for (size_t k = 0; k < d->in.c; k++)
			most = fmax(most, fabs(d->z[i * d->in.c + k]));
		if (most == 0)
			return true;
	}
	return false;
}

/* The slopes of both sides agree, also where scores tie or lie on the kinks that hinges have. */
static bool smooth(const struct subject *s, const struct lb_arg *par, struct lb_rng *rng)
{
	const double h = 1e-7;
	struct data d;

	for (int n = 0; n < tries(s, par); n++) {
		draw(&d, s, par, rows_of(s, 2), 3, 1, rng);
		for (size_t k = 0; k < d.in.b * d.in.c; k++) {
			d.z[k] = round(2 * d.z[k]) / 2;
			d.t[k] = round(2 * d.t[k]) / 2;
		}
		const size_t k = lb_rng_below(rng, d.in.b * d.in.c);
		if (jumps(s, &d))
			continue;
		const double z = d.z[k], here = value_at(s, &d, d.z);
		d.z[k] = z + h;
		const double up = value_at(s, &d, d.z);
		d.z[k] = z - h;
		if (fabs(up - 2 * here + value_at(s, &d, d.z)) / h > 2e-3 * fmax(1, fabs(here)))
			return false;
	}
	return true;
}

static bool shift_invariant(const struct subject *s, const struct lb_arg *par, struct lb_rng *rng)
{
	struct data d;

	for (int n = 0; n < tries(s, par); n++) {
		draw(&d, s, par, rows_of(s, 4), 3, 2, rng);
		const size_t i = lb_rng_below(rng, 4);
		const double by = 5 * lb_rng_normal(rng), before = value_at(s, &d, d.z);
		for (size_t k = 0; k < d.in.c; k++)
			d.z[i * d.in.c + k] += by;
		if (far(before, value_at(s, &d, d.z)) > 1e-12)
			return false;
	}
	return true;
}

/* The sum over all labels is the same at any two rows of scores. */
static bool symmetric(const struct subject *s, const struct lb_arg *par, struct lb_rng *rng)
{
	struct data d;
	double first = 0;

	if (lb_kind_of_columns(s->info->kind) || !lb_loss_separable(s->info))
		return false;
	for (int n = 0; n < tries(s, par); n++) {
		double sum = 0;
		draw(&d, s, par, rows_of(s, 1), 3, 2, rng);
		for (d.y[0] = 0; d.y[0] < (s->info->kind == LB_BINARY ? 2 : 3); d.y[0]++)
			sum += value_at(s, &d, d.z);
		first = n ? first : sum;
		if (far(first, sum) > 1e-12)
			return false;
	}
	return true;
}

/* The largest value of many draws is that of scores a hundred times as large, nearly. */
static bool bounded(const struct subject *s, const struct lb_arg *par, struct lb_rng *rng)
{
	double most[2] = { 0 };
	struct data d;

	for (int n = 0; n < tries(s, par); n++) {
		draw(&d, s, par, rows_of(s, 1), 3, 1e3, rng);
		for (int k = 0; k < 2; k++) {
			most[k] = fmax(most[k], eval(s, 64, &d, NULL));
			for (size_t i = 0; i < MOST_CELLS; i++)
				d.z[i] *= 100;
		}
	}
	return most[1] <= most[0] * 1.1;
}

/* ---- proper and calibrated: losses/expected_loss.h ---- */

static bool proper(const struct subject *s, const struct lb_arg *par, struct lb_rng *rng)
{
	(void)rng;
	return lb_loss_is_proper(s->info, par, NULL) == 1;
}

static bool calibrated(const struct subject *s, const struct lb_arg *par, struct lb_rng *rng)
{
	(void)rng;
	return lb_loss_is_calibrated(s->info, par, NULL) == 1;
}

static const struct {
	unsigned bit;
	bool (*holds)(const struct subject *s, const struct lb_arg *par, struct lb_rng *rng);
	bool cheap;              /* decided well enough to say that a claim is forgotten */
} claims[] = {
	{ LB_NONNEGATIVE, nonnegative, true }, { LB_CONVEX, convex, true },   { LB_SMOOTH, smooth, false },
	{ LB_SHIFT_INVARIANT, shift_invariant, true }, { LB_SYMMETRIC, symmetric, true }, { LB_BOUNDED, bounded, false },
	{ LB_PROPER, proper, false },          { LB_CALIBRATED, calibrated, false },
};

START_TEST(claims_hold)
{
	struct subject s;
	struct lb_rng rng;

	set_up(&s, _i);
	for (size_t k = 0; k < sizeof claims / sizeof *claims; k++) {
		const bool made = s.info->properties & claims[k].bit;
		bool holds = true;
		lb_rng_init(&rng, SEED, LB_RNG_TEST, 2 + k);
		for (size_t n = 0; holds && n < s.n && (made || claims[k].cheap); n++)
			holds = claims[k].holds(&s, s.settings[n], &rng);
		ck_assert_msg(!made || holds, "%s/%s claims to be %s and is not", lb_kind_name(s.info->kind), s.info->base.name,
			      lb_property_name(claims[k].bit));
		ck_assert_msg(made || !claims[k].cheap || !holds, "%s/%s is %s and does not claim it", lb_kind_name(s.info->kind),
			      s.info->base.name, lb_property_name(claims[k].bit));
	}
}
END_TEST

/* The tests of claims would notice: hinges are neither smooth nor (multi-class) calibrated, focal
 * is not proper. */
START_TEST(false_claims_would_be_seen)
{
	static const struct {
		enum lb_kind kind;
		const char *name;
		bool (*holds)(const struct subject *s, const struct lb_arg *par, struct lb_rng *rng);
	} cases[] = {
		{ LB_MULTICLASS, "cs", smooth },     { LB_MULTICLASS, "ww", smooth },  { LB_BINARY, "hinge", smooth },
		{ LB_MULTICLASS, "cs", calibrated }, { LB_MULTICLASS, "ww", calibrated }, { LB_MULTICLASS, "focal", proper },
		{ LB_MULTICLASS, "mae", proper },    { LB_BINARY, "hinge", proper },   { LB_MULTICLASS, "ce", bounded },
	};
	struct subject s;
	struct lb_rng rng;

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 20);
	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		int i = 0;
		while (lb_loss_at((size_t)i) != lb_loss_find(cases[k].kind, cases[k].name))
			i++;
		set_up(&s, i);
		ck_assert_msg(!cases[k].holds(&s, s.settings[0], &rng), "case %zu, %s", k, cases[k].name);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("loss_properties");
	TCase *t = tcase_create("claims");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, claims_hold, 0, (int)lb_loss_count());
	tcase_add_test(t, false_claims_would_be_seen);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("loss_properties")
